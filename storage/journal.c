/*
 * journal.c - the journal's interface: checks what is common to all backends and passes it on.
 */
#include "storage/journal.h"

#include <inttypes.h>

#include "protocol/assert.h"
#include "storage/bytes.h"
#include "storage/journal_backend.h"

#define RECORD_SEQUENCE_OFFSET 8

bool
journal_records_are_sound(const uint8_t *bytes, size_t bytes_count, uint64_t first_sequence,
			  uint32_t count, size_t *ret_fault_bytes)
{
	size_t offset = 0;

	for (uint32_t index = 0; index < count; index++) {
		size_t left_bytes = bytes_count - offset;
		size_t length;

		if (left_bytes < JOURNAL_RECORD_HEADER_BYTES)
			goto unsound;
		length = bytes_get_u16(bytes + offset);
		if (length < JOURNAL_RECORD_HEADER_BYTES || length > left_bytes)
			goto unsound;
		if (bytes_get_u64(bytes + offset + RECORD_SEQUENCE_OFFSET) !=
		    first_sequence + index)
			goto unsound;
		offset += length;
	}
	if (offset == bytes_count)
		return true;
unsound:
	*ret_fault_bytes = offset;
	return false;
}

void
journal_close(struct journal *journal)
{
	if (journal != NULL)
		journal->backend->close(journal);
}

size_t
journal_batch_bytes_max(const struct journal *journal)
{
	return journal->batch_bytes_max;
}

static enum tg_status
fail_dead(struct storage_error *error)
{
	return storage_fail(error, TG_IO, "journal is closed for writing after an earlier error");
}

enum tg_status
journal_append(struct journal *journal, const struct journal_batch *batch,
	       struct storage_error *error)
{
	size_t fault_bytes;
	enum tg_status status;

	TG_ASSERT(batch->count >= 1);
	TG_ASSERT(batch->records_bytes <= journal->batch_bytes_max);
	TG_ASSERT(batch->first_sequence == atomic_load(&journal->durable_sequence) + 1);
	TG_ASSERT(journal_records_are_sound(batch->records, batch->records_bytes,
					    batch->first_sequence, batch->count, &fault_bytes));
	if (atomic_load(&journal->is_dead))
		return fail_dead(error);
	status = journal->backend->append(journal, batch, error);
	if (status != TG_OK) {
		error->sequence = batch->first_sequence;
		return status;
	}
	journal->is_marked = false;
	atomic_store(&journal->durable_sequence, batch->first_sequence + batch->count - 1);
	return TG_OK;
}

enum tg_status
journal_mark(struct journal *journal, uint64_t sequence, struct state_hash hash,
	     int64_t written_at_utc_ms, struct storage_error *error)
{
	enum tg_status status;

	TG_ASSERT(sequence == journal_durable_sequence(journal));
	if (atomic_load(&journal->is_dead))
		return fail_dead(error);
	/* One is enough; and a segment full of marks would leave the next one the same name. */
	if (journal->is_marked)
		return TG_OK;
	status = journal->backend->mark(journal, hash, written_at_utc_ms, error);
	journal->is_marked = status == TG_OK;
	if (status != TG_OK)
		error->sequence = sequence + 1;
	return status;
}

uint64_t
journal_durable_sequence(const struct journal *journal)
{
	return atomic_load(&journal->durable_sequence);
}

bool
journal_has_room(const struct journal *journal)
{
	return atomic_load(&journal->has_room) && !atomic_load(&journal->is_dead);
}

enum tg_status
journal_tend(struct journal *journal, struct storage_error *error)
{
	if (journal->backend->tend == NULL)
		return TG_OK;
	return journal->backend->tend(journal, error);
}

void
journal_free_reserve(struct journal *journal)
{
	if (journal->backend->free_reserve != NULL)
		journal->backend->free_reserve(journal);
}

enum tg_status
journal_archive(struct journal *journal, uint64_t below_sequence, uint32_t *ret_count,
		struct storage_error *error)
{
	*ret_count = 0;
	if (journal->backend->archive == NULL)
		return TG_OK;
	return journal->backend->archive(journal, below_sequence, ret_count, error);
}

struct journal_facts
journal_facts(const struct journal *journal)
{
	struct journal_facts facts = { 0 };

	journal->backend->facts(journal, &facts);
	facts.durable_sequence = journal_durable_sequence(journal);
	facts.has_room = journal_has_room(journal);
	facts.is_dead = atomic_load(&journal->is_dead);
	return facts;
}

const struct storage_io *
journal_io(const struct journal *journal)
{
	return journal->io;
}

enum tg_status
journal_read_from(struct journal *journal, uint64_t sequence, struct journal_reader **ret_reader,
		  struct storage_error *error)
{
	uint64_t durable_sequence = journal_durable_sequence(journal);

	TG_ASSERT(sequence >= 1);
	if (sequence > durable_sequence + 1) {
		(void)storage_fail(error, TG_CORRUPT,
				   "record %" PRIu64 " is wanted, the journal ends at %" PRIu64,
				   sequence, durable_sequence);
		error->sequence = durable_sequence + 1;
		return TG_CORRUPT;
	}
	return journal->backend->read_from(journal, sequence, ret_reader, error);
}

enum tg_status
journal_reader_next(struct journal_reader *reader, struct journal_item *ret_item,
		    struct storage_error *error)
{
	return reader->next(reader, ret_item, error);
}

void
journal_reader_close(struct journal_reader *reader)
{
	if (reader != NULL)
		reader->close(reader);
}
