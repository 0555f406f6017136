/*
 * snapshot.c - the ledger's side of making a snapshot: slices and pre-images.
 *
 * Runs on the ledger's thread.  What is copied goes into chunks, which snapshot_writer.c takes to
 * the disk.  A pre-image must never wait: it may take chunks beyond those that slices may, up to a
 * bound; when that is reached the whole snapshot is given up, which costs nothing but its time.
 */
#include "storage/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "storage/snapshot_format.h"
#include "storage/snapshot_writer.h"

/* The smallest block takes a slice of one row and its entry. */
static_assert(SNAPSHOT_BLOCK_BYTES_MIN >=
		      SNAPSHOT_BLOCK_HEAD_BYTES + SNAPSHOT_ENTRY_BYTES + SNAPSHOT_ROW_BYTES_MAX,
	      "a row fits into a block");

struct snapshot {
	struct snapshot_config config;	/* sizes settled; texts are those below */
	char *texts;			/* owned: directory and instance, one after the other */
	struct snapshot_writer *writer; /* owned */
	struct snapshot_chunk *chunk;	/* being filled, in phase COPYING; NULL: none */
	enum snapshot_phase phase;
	enum tg_status given_up;       /* why we gave up, TG_OK: we did not */
	uint32_t table_id;	       /* whose rows are copied next */
	uint64_t sequence;	       /* S0 */
	uint64_t durable_sequence;     /* highest told */
	struct snapshot_counts counts; /* of what was copied */
	struct snapshot_result result; /* of the last one */
};

/* The sizes of a configuration, defaults filled in. */
static void
settle_sizes(struct snapshot_config *config)
{
	if (config->block_bytes == 0)
		config->block_bytes = SNAPSHOT_BLOCK_BYTES_DEFAULT;
	if (config->buffer_bytes == 0)
		config->buffer_bytes = SNAPSHOT_BUFFER_BYTES_DEFAULT;
	if (config->buffer_bytes_max == 0)
		config->buffer_bytes_max = SNAPSHOT_BUFFER_BYTES_MAX_DEFAULT;
	TG_ASSERT(config->block_bytes >= SNAPSHOT_BLOCK_BYTES_MIN &&
		  config->block_bytes <= SNAPSHOT_BLOCK_BYTES_MAX);
	TG_ASSERT(config->buffer_bytes >= config->block_bytes &&
		  config->buffer_bytes <= config->buffer_bytes_max);
}

struct snapshot *
snapshot_new(const struct snapshot_config *config)
{
	size_t directory_bytes = strlen(config->directory) + 1;
	size_t instance_bytes = strlen(config->instance) + 1;
	struct snapshot *s = calloc(1, sizeof(*s));

	TG_ASSERT(instance_bytes <= SNAPSHOT_INSTANCE_BYTES_MAX + 1);
	if (s == NULL)
		return NULL;
	s->config = *config;
	settle_sizes(&s->config);
	s->texts = malloc(directory_bytes + instance_bytes);
	if (s->texts != NULL) {
		s->config.directory = memcpy(s->texts, config->directory, directory_bytes);
		s->config.instance =
			memcpy(s->texts + directory_bytes, config->instance, instance_bytes);
		s->writer = snapshot_writer_new(&s->config);
	}
	if (s->writer == NULL) {
		free(s->texts);
		free(s);
		return NULL;
	}
	return s;
}

/* Give up: no more pre-images, and the writer stops.  status: why. */
static void
give_up(struct snapshot *s, enum tg_status status)
{
	s->given_up = status;
	if (s->phase == SNAPSHOT_COPYING)
		table_set_snapshot_end(s->config.set);
	snapshot_writer_cancel(s->writer, s->chunk);
	s->chunk = NULL;
	s->phase = SNAPSHOT_ENDING;
}

void
snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	snapshot_abort(s);
	snapshot_writer_free(s->writer);
	free(s->texts);
	free(s);
}

void
snapshot_abort(struct snapshot *s)
{
	if (s->phase == SNAPSHOT_COPYING || s->phase == SNAPSHOT_WRITING)
		give_up(s, TG_CLOSED);
}

enum snapshot_phase
snapshot_phase(const struct snapshot *s)
{
	return s->phase;
}

const struct snapshot_result *
snapshot_result(const struct snapshot *s)
{
	return &s->result;
}

/*
 * Room for an entry and its rows, in one chunk.  buffer_bytes: how much may wait at most.
 * NULL: no room now.
 */
static uint8_t *
make_room(struct snapshot *s, size_t length, size_t buffer_bytes)
{
	uint8_t *room;

	if (s->chunk != NULL && s->chunk->used_bytes + length > s->config.block_bytes) {
		snapshot_writer_push(s->writer, s->chunk);
		s->chunk = NULL;
	}
	if (s->chunk == NULL)
		s->chunk = snapshot_writer_take(s->writer, buffer_bytes);
	if (s->chunk == NULL)
		return NULL;
	room = s->chunk->bytes + s->chunk->used_bytes;
	s->chunk->used_bytes += length;
	return room;
}

/* Copy rows behind an entry that tells of them.  False: no room now. */
static bool
copy_rows(struct snapshot *s, const struct table *table, const struct snapshot_entry *entry,
	  size_t buffer_bytes)
{
	size_t rows_bytes = (size_t)entry->count * table->config.row_bytes;
	uint8_t *room = make_room(s, SNAPSHOT_ENTRY_BYTES + rows_bytes, buffer_bytes);

	if (room == NULL)
		return false;
	snapshot_encode_entry(entry, room);
	memcpy(room + SNAPSHOT_ENTRY_BYTES, table_bytes(table, entry->first), rows_bytes);
	return true;
}

/* A row is about to change whose slice was not copied yet. */
static void
on_pre_image(void *context, const struct table *table, uint32_t row)
{
	struct snapshot *s = context;
	struct snapshot_entry entry = {
		.kind = SNAPSHOT_ENTRY_PRE_IMAGE,
		.table_id = (uint16_t)table->config.id,
		.first = row,
		.count = 1,
	};

	if (copy_rows(s, table, &entry, s->config.buffer_bytes_max))
		s->counts.pre_images++;
	else
		give_up(s, TG_BUSY);
}

/* The next slice of a table; count 0: all its rows are copied. */
static struct snapshot_entry
next_slice(const struct snapshot *s, const struct table *table)
{
	uint32_t block_room =
		s->config.block_bytes - SNAPSHOT_BLOCK_HEAD_BYTES - SNAPSHOT_ENTRY_BYTES;
	uint32_t slice_bytes =
		block_room < SNAPSHOT_SLICE_BYTES ? block_room : SNAPSHOT_SLICE_BYTES;
	uint32_t left_count = table->snapshot_last + 1 - table->snapshot_next;
	uint32_t count = slice_bytes / table->config.row_bytes;

	return (struct snapshot_entry){
		.kind = SNAPSHOT_ENTRY_SLICE,
		.table_id = (uint16_t)table->config.id,
		.first = table->snapshot_next,
		.count = count < left_count ? count : left_count,
	};
}

/* Copy the next slice.  False: no room now, or all tables are copied (phase WRITING). */
static bool
copy_slice(struct snapshot *s, size_t *ret_bytes)
{
	while (s->table_id < TABLE_SET_MAX) {
		struct table *table = s->config.set->tables[s->table_id];
		struct snapshot_entry slice;

		if (table == NULL) {
			s->table_id++;
			continue;
		}
		slice = next_slice(s, table);
		if (slice.count == 0) {
			s->table_id++;
			continue;
		}
		/* Also when there is room in a chunk that a pre-image has begun. */
		if (snapshot_writer_waiting_bytes(s->writer) > s->config.buffer_bytes ||
		    !copy_rows(s, table, &slice, s->config.buffer_bytes))
			return false;
		table_snapshot_copied(table, slice.first + slice.count - 1);
		s->counts.rows += slice.count;
		*ret_bytes = (size_t)slice.count * table->config.row_bytes;
		return true;
	}
	if (s->chunk != NULL)
		snapshot_writer_push(s->writer, s->chunk);
	s->chunk = NULL;
	table_set_snapshot_end(s->config.set);
	snapshot_writer_close(s->writer, &s->counts);
	s->phase = SNAPSHOT_WRITING;
	return false;
}

/* The writer is done: keep what became of it. */
static void
collect(struct snapshot *s)
{
	s->result = (struct snapshot_result){
		.sequence = s->sequence,
		.rows = s->counts.rows,
		.pre_images = s->counts.pre_images,
	};
	snapshot_writer_collect(s->writer, &s->result);
	if (s->result.status == TG_CLOSED && s->given_up == TG_BUSY)
		s->result.status = storage_fail(
			&s->result.error, TG_BUSY,
			"snapshot given up: the disk is slower than the changes, %zu bytes wait",
			s->result.buffer_bytes_peak);
	s->phase = SNAPSHOT_IDLE;
}

enum snapshot_phase
snapshot_step(struct snapshot *s, size_t bytes_max)
{
	size_t copied_bytes = 0;

	if (s->phase == SNAPSHOT_IDLE)
		return s->phase;
	if (s->phase == SNAPSHOT_COPYING && snapshot_writer_is_done(s->writer))
		give_up(s, TG_OK); /* it failed, and tells why */
	while (s->phase == SNAPSHOT_COPYING) {
		size_t slice_bytes;

		if (!copy_slice(s, &slice_bytes))
			break;
		copied_bytes += slice_bytes;
		if (copied_bytes >= bytes_max)
			break;
	}
	if (s->config.is_inline)
		snapshot_writer_run(s->writer);
	if (s->phase != SNAPSHOT_COPYING && snapshot_writer_is_done(s->writer))
		collect(s);
	return s->phase;
}

void
snapshot_finish(struct snapshot *s, uint64_t durable_sequence)
{
	if (durable_sequence <= s->durable_sequence)
		return;
	s->durable_sequence = durable_sequence;
	if (s->phase != SNAPSHOT_IDLE)
		snapshot_writer_set_durable(s->writer, durable_sequence);
}

/* Describe the tables and the state at S0. */
static void
describe(struct snapshot *s, const void *blob, uint32_t blob_bytes, struct snapshot_head *ret_head)
{
	struct table_set *set = s->config.set;

	*ret_head = (struct snapshot_head){ 0 };
	ret_head->info.sequence = s->sequence;
	ret_head->info.hash = table_set_hash(set);
	ret_head->info.blob_bytes = blob_bytes;
	if (blob_bytes > 0)
		memcpy(ret_head->info.blob, blob, blob_bytes);
	memcpy(ret_head->instance, s->config.instance, strlen(s->config.instance));
	for (size_t i = 0; i < TABLE_SET_MAX; i++) {
		const struct table *table = set->tables[i];
		struct snapshot_table *described = &ret_head->tables[ret_head->table_count];

		if (table == NULL)
			continue;
		TG_ASSERT(table->config.row_bytes <= SNAPSHOT_ROW_BYTES_MAX);
		TG_ASSERT(strlen(table->config.name) <= SNAPSHOT_TABLE_NAME_BYTES_MAX);
		described->id = table->config.id;
		described->version = table->config.version;
		described->row_bytes = table->config.row_bytes;
		described->hashed_bytes = table->config.hashed_bytes;
		described->rows_used = table->rows_used;
		memcpy(described->name, table->config.name, strlen(table->config.name));
		ret_head->table_count++;
	}
}

enum tg_status
snapshot_begin(struct snapshot *s, uint64_t sequence, const void *blob, uint32_t blob_bytes)
{
	struct snapshot_head head;
	uint8_t bytes[SNAPSHOT_HEAD_BYTES + SNAPSHOT_REST_BYTES_MAX];
	enum tg_status status;

	TG_ASSERT(s->phase == SNAPSHOT_IDLE && blob_bytes <= SNAPSHOT_BLOB_BYTES_MAX);
	s->sequence = sequence;
	s->given_up = TG_OK;
	s->table_id = 0;
	s->counts = (struct snapshot_counts){ 0 };
	describe(s, blob, blob_bytes, &head);
	status = snapshot_writer_begin(s->writer, sequence, bytes,
				       snapshot_encode_head(&head, bytes));
	if (status != TG_OK)
		return status;
	snapshot_writer_set_durable(s->writer, s->durable_sequence);
	table_set_snapshot_begin(s->config.set, on_pre_image, s);
	s->phase = SNAPSHOT_COPYING;
	return TG_OK;
}
