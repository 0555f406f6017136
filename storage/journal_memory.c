/*
 * journal_memory.c - a journal that lasts as long as its process, for tests.
 *
 * Owns a list of batches, only ever added to, so that readers need no lock.  Knows no files.
 */
#include "storage/journal.h"

#include <stdlib.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/journal_backend.h"

/* One batch or mark.  Complete before it is linked, never changed afterwards but for next. */
struct node {
	_Atomic(struct node *) next; /* owned; NULL: the last one */
	struct journal_item item;    /* what a mark gives; of records only the time is used */
	uint64_t first_sequence;     /* of the records; of a mark: that of the next record */
	size_t bytes_count;	     /* 0: a mark */
	uint8_t bytes[];
};

struct memory_journal {
	struct journal journal;
	struct node *first; /* owned; an empty node, so that a reader always has one */
	struct node *last;  /* borrowed; the journal thread's */
	_Atomic uint64_t batches;
	_Atomic uint64_t marks;
	_Atomic uint64_t bytes;
};

struct memory_reader {
	struct journal_reader reader;
	const struct journal *journal; /* borrowed; tells how far to read */
	const struct node *node;       /* borrowed; the one read last */
	size_t offset_bytes;	       /* in node: what was read of it */
	uint64_t next_sequence;	       /* records before it are passed over */
};

static struct node *
new_node(size_t bytes_count)
{
	struct node *node = calloc(1, sizeof *node + bytes_count);

	if (node != NULL)
		node->bytes_count = bytes_count;
	return node;
}

static void
link_node(struct memory_journal *memory, struct node *node)
{
	atomic_store(&memory->last->next, node);
	memory->last = node;
}

static enum tg_status
memory_append(struct journal *journal, const struct journal_batch *batch,
	      struct storage_error *error)
{
	struct memory_journal *memory = (struct memory_journal *)journal;
	struct node *node = new_node(batch->records_bytes);

	if (node == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a batch");
	memcpy(node->bytes, batch->records, batch->records_bytes);
	node->first_sequence = batch->first_sequence;
	node->item.written_at_utc_ms = batch->written_at_utc_ms;
	link_node(memory, node);
	atomic_fetch_add(&memory->batches, 1);
	atomic_fetch_add(&memory->bytes, batch->records_bytes);
	return TG_OK;
}

static enum tg_status
memory_mark(struct journal *journal, struct state_hash hash, int64_t written_at_utc_ms,
	    struct storage_error *error)
{
	struct memory_journal *memory = (struct memory_journal *)journal;
	struct node *node = new_node(0);

	if (node == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a mark");
	node->first_sequence = journal_durable_sequence(journal) + 1;
	node->item = (struct journal_item){ .kind = JOURNAL_MARK,
					    .sequence = node->first_sequence - 1,
					    .hash = hash,
					    .written_at_utc_ms = written_at_utc_ms };
	link_node(memory, node);
	atomic_fetch_add(&memory->marks, 1);
	return TG_OK;
}

static void
memory_facts(const struct journal *journal, struct journal_facts *ret_facts)
{
	const struct memory_journal *memory = (const struct memory_journal *)journal;

	*ret_facts = (struct journal_facts){ .incarnation = 1,
					     .batches = atomic_load(&memory->batches),
					     .marks = atomic_load(&memory->marks),
					     .bytes = atomic_load(&memory->bytes) };
}

/* The node after the reader's, or NULL when there is none or its records are not durable yet. */
static const struct node *
next_node(const struct memory_reader *reader)
{
	uint64_t durable_sequence = journal_durable_sequence(reader->journal);
	const struct node *node = atomic_load(&reader->node->next);

	if (node == NULL || (node->bytes_count > 0 && node->first_sequence > durable_sequence))
		return NULL;
	return node;
}

static enum tg_status
memory_next(struct journal_reader *base, struct journal_item *ret_item, struct storage_error *error)
{
	struct memory_reader *reader = (struct memory_reader *)base;

	(void)error;
	*ret_item = (struct journal_item){ .kind = JOURNAL_NOTHING };
	for (;;) {
		const uint8_t *record = reader->node->bytes + reader->offset_bytes;
		uint64_t sequence;

		if (reader->offset_bytes == reader->node->bytes_count) {
			const struct node *node = next_node(reader);

			if (node == NULL)
				return TG_OK;
			reader->node = node;
			reader->offset_bytes = 0;
			if (node->bytes_count > 0 || node->first_sequence < reader->next_sequence)
				continue;
			*ret_item = node->item;
			return TG_OK;
		}
		sequence = bytes_get_u64(record + 8);
		reader->offset_bytes += bytes_get_u16(record);
		if (sequence < reader->next_sequence)
			continue;
		reader->next_sequence = sequence + 1;
		*ret_item = (struct journal_item){
			.kind = JOURNAL_RECORD,
			.sequence = sequence,
			.bytes = record,
			.bytes_count = bytes_get_u16(record),
			.written_at_utc_ms = reader->node->item.written_at_utc_ms,
		};
		return TG_OK;
	}
}

static void
memory_reader_close(struct journal_reader *reader)
{
	free(reader);
}

static enum tg_status
memory_read_from(struct journal *journal, uint64_t sequence, struct journal_reader **ret_reader,
		 struct storage_error *error)
{
	struct memory_journal *memory = (struct memory_journal *)journal;
	struct memory_reader *reader;

	if (sequence < memory->first->first_sequence)
		return storage_fail(error, TG_CORRUPT, "record %llu lies before the journal",
				    (unsigned long long)sequence);
	reader = calloc(1, sizeof *reader);
	if (reader == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a reader");
	reader->reader.next = memory_next;
	reader->reader.close = memory_reader_close;
	reader->journal = journal;
	reader->node = memory->first;
	reader->next_sequence = sequence;
	*ret_reader = &reader->reader;
	return TG_OK;
}

static void
memory_close(struct journal *journal)
{
	struct memory_journal *memory = (struct memory_journal *)journal;
	struct node *node = memory->first;

	while (node != NULL) {
		struct node *next = atomic_load(&node->next);

		free(node);
		node = next;
	}
	free(memory);
}

static const struct journal_backend memory_backend = {
	.close = memory_close,
	.append = memory_append,
	.mark = memory_mark,
	.read_from = memory_read_from,
	.facts = memory_facts,
};

struct journal *
journal_memory_open(uint64_t first_sequence)
{
	struct memory_journal *memory = calloc(1, sizeof *memory);

	if (memory == NULL)
		return NULL;
	memory->first = calloc(1, sizeof *memory->first);
	if (memory->first == NULL) {
		free(memory);
		return NULL;
	}
	memory->first->first_sequence = first_sequence;
	memory->last = memory->first;
	memory->journal.backend = &memory_backend;
	memory->journal.batch_bytes_max = JOURNAL_BATCH_BYTES_MAX;
	atomic_init(&memory->journal.durable_sequence, first_sequence - 1);
	atomic_init(&memory->journal.has_room, true);
	return &memory->journal;
}
