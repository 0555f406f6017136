/*
 * snapshot_load.c - from a snapshot file back into tables.
 *
 * One pass.  Every byte is covered by a checksum that is checked before the byte is used; slices
 * must cover each table without gap, and a pre-image must stand before the slice that has its row,
 * as the writing side cannot do otherwise.  At last the state hash is computed from the tables and
 * compared with that of S0.  Tables whose rows are lifted from an older layout cannot be compared
 * so: for them the sum is taken over the old rows as they pass.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "protocol/assert.h"
#include "storage/snapshot.h"
#include "storage/snapshot_format.h"

/*
 * What the system reads ahead by itself keeps a disk half busy while rows are checked: a snapshot
 * of 1.8 GB was loaded in 5.0 s, with this much asked for in advance in 2.2 s.
 */
#define AHEAD_BYTES (64 * 1024 * 1024)

/* One table while it is loaded. */
struct load_table {
	struct table *table;			/* borrowed; NULL: the file has none of this id */
	const struct snapshot_table *described; /* borrowed: as the file has it */
	snapshot_lift_fn *lift;			/* NULL: the layout is the present one */
	uint32_t next;				/* row that the next slice must begin with */
	struct state_hash old_part;		/* of old rows that passed, when lift is set */
};

/* One load. */
struct loader {
	const struct snapshot_load_config *config; /* borrowed */
	struct storage_error *error;		   /* borrowed */
	char name[STORAGE_NAME_BYTES_MAX];	   /* of the file */
	int file;
	uint64_t offset; /* of the next byte to be read */
	uint64_t ahead;	 /* the system knows that what is before it will be read */
	struct snapshot_head head;
	struct load_table tables[TABLE_SET_MAX]; /* by id */
	uint8_t *payload;	  /* owned: of the present block */
	size_t payload_bytes_max; /* room in payload, at most SNAPSHOT_BLOCK_BYTES_MAX */
	uint8_t *lifted;	  /* owned: one row of the present layout */
	struct snapshot_end seen; /* what was read; its checksum is not used */
	XXH3_state_t *whole;	  /* owned: of all bytes read */
};

static enum tg_status
corrupt(struct loader *l, uint64_t offset, const char *what)
{
	return snapshot_fail_at(l->error, TG_CORRUPT, l->name, offset, what);
}

/* Read exactly length bytes. */
static enum tg_status
read_next(struct loader *l, void *bytes, size_t length)
{
	const struct storage_io *io = l->config->io;
	size_t have_bytes;
	enum tg_status status;

	if (l->ahead < l->offset + AHEAD_BYTES / 2) {
		io->will_read(io->context, l->file, l->ahead, AHEAD_BYTES);
		l->ahead += AHEAD_BYTES;
	}
	status = storage_read(io, l->file, bytes, length, l->offset, &have_bytes, l->error);
	if (status != TG_OK)
		return status;
	if (have_bytes < length)
		return corrupt(l, l->offset + have_bytes, "the file ends here");
	l->offset += length;
	return TG_OK;
}

/* The function that lifts a table's rows; NULL: there is none. */
static snapshot_lift_fn *
find_lift(const struct snapshot_load_config *config, const struct snapshot_table *described)
{
	for (size_t i = 0; i < config->lift_count; i++)
		if (config->lifts[i].table_id == described->id &&
		    config->lifts[i].version == described->version)
			return config->lifts[i].lift;
	return NULL;
}

/* Find the place for a table of the file. */
static enum tg_status
accept_table(struct loader *l, const struct snapshot_table *described)
{
	struct table *table =
		described->id < TABLE_SET_MAX ? l->config->set->tables[described->id] : NULL;
	struct load_table *place;

	if (table == NULL)
		return storage_fail(l->error, TG_TOO_NEW, "%s: table %s (%" PRIu32 ") is not known",
				    l->name, described->name, described->id);
	place = &l->tables[described->id];
	if (place->table != NULL)
		return corrupt(l, 0, "a table is described twice");
	*place = (struct load_table){ .table = table, .described = described, .next = 1 };
	if (described->version > table->config.version)
		return storage_fail(l->error, TG_TOO_NEW,
				    "%s: rows of table %s are of version %" PRIu32
				    ", this program reads %" PRIu32,
				    l->name, described->name, described->version,
				    table->config.version);
	if (described->rows_used > table->config.rows_max)
		return storage_fail(
			l->error, TG_CONFIG,
			"%s: table %s has used %" PRIu32 " rows, configured are %" PRIu32, l->name,
			described->name, described->rows_used, table->config.rows_max);
	if (described->version < table->config.version) {
		place->lift = find_lift(l->config, described);
		if (place->lift == NULL)
			return storage_fail(l->error, TG_CONFIG,
					    "%s: rows of table %s are of version %" PRIu32
					    ", which this program does not lift to %" PRIu32,
					    l->name, described->name, described->version,
					    table->config.version);
	} else if (described->row_bytes != table->config.row_bytes ||
		   described->hashed_bytes != table->config.hashed_bytes) {
		return corrupt(l, 0, "a row's size is not that of its version");
	}
	return TG_OK;
}

/* Check that a head is of this instance. */
static enum tg_status
check_instance(const struct snapshot_head *head, const char *name, const char *instance,
	       struct storage_error *error)
{
	if (instance == NULL || strcmp(head->instance, instance) == 0)
		return TG_OK;
	return storage_fail(error, TG_CONFIG, "%s: belongs to instance %s, this is %s", name,
			    head->instance, instance);
}

/* Open a file and read its head.  ret_file: the caller closes it; -1 on failure. */
static enum tg_status
open_file(const struct storage_io *io, const char *directory, const char *instance,
	  uint64_t sequence, int *ret_file, struct snapshot_head *ret_head,
	  struct storage_error *error)
{
	char name[STORAGE_NAME_BYTES_MAX];
	char path[STORAGE_PATH_BYTES_MAX];
	struct storage_stat stat;
	int file;
	enum tg_status status;

	*ret_file = -1;
	snapshot_file_name(sequence, name);
	status = storage_path(path, directory, name, error);
	if (status == TG_OK)
		status = io->stat(io->context, path, &stat, error);
	if (status == TG_OK)
		status = io->open(io->context, path, STORAGE_READ, &file, error);
	if (status != TG_OK)
		return status;
	status = snapshot_read_head(io, file, name, stat.bytes, ret_head, error);
	if (status == TG_OK && ret_head->info.sequence != sequence)
		status = snapshot_fail_at(error, TG_CORRUPT, name, SNAPSHOT_HEAD_BYTES,
					  "holds another sequence than its name says");
	if (status == TG_OK)
		status = check_instance(ret_head, name, instance, error);
	if (status != TG_OK) {
		io->close(io->context, file);
		return status;
	}
	*ret_file = file;
	return TG_OK;
}

enum tg_status
snapshot_read_info(const struct storage_io *io, const char *directory, const char *instance,
		   uint64_t sequence, struct snapshot_info *ret_info, struct storage_error *error)
{
	struct snapshot_head head;
	int file;
	enum tg_status status = open_file(io, directory, instance, sequence, &file, &head, error);

	if (status != TG_OK)
		return status;
	io->close(io->context, file);
	*ret_info = head.info;
	return TG_OK;
}

static uint64_t
key_of(const uint8_t *row)
{
	uint64_t key;

	memcpy(&key, row, sizeof(key));
	return key;
}

/* The row as the present layout has it.  Valid until the next call. */
static const uint8_t *
lift_row(struct loader *l, struct load_table *t, const uint8_t *old)
{
	if (t->lift == NULL)
		return old;
	memset(l->lifted, 0, t->table->config.row_bytes);
	if (key_of(old) == 0)
		return l->lifted;
	t->lift(old, l->lifted);
	t->old_part = state_hash_sum(
		t->old_part, state_hash_of_row(t->described->id, old, t->described->hashed_bytes));
	return l->lifted;
}

/* Put the rows of a slice into their table. */
static enum tg_status
load_slice(struct loader *l, struct load_table *t, const struct snapshot_entry *entry,
	   const uint8_t *rows, uint64_t offset)
{
	if (entry->first != t->next)
		return corrupt(l, offset, "a slice does not begin where the one before ended");
	if (t->lift == NULL)
		table_load_rows(t->table, entry->first, entry->count, rows);
	for (uint32_t i = 0; t->lift != NULL && i < entry->count; i++)
		if (!table_has_pre_image(t->table, entry->first + i))
			table_load_rows(t->table, entry->first + i, 1,
					lift_row(l, t, rows + (size_t)i * t->described->row_bytes));
	t->next += entry->count;
	l->seen.rows += entry->count;
	return TG_OK;
}

/* Put a pre-image into its table. */
static enum tg_status
load_pre_image(struct loader *l, struct load_table *t, const struct snapshot_entry *entry,
	       const uint8_t *row, uint64_t offset)
{
	if (entry->count != 1)
		return corrupt(l, offset, "a pre-image is of one row");
	if (entry->first < t->next)
		return corrupt(l, offset, "a pre-image stands behind its slice");
	if (table_has_pre_image(t->table, entry->first))
		return corrupt(l, offset, "a row has two pre-images");
	if (!table_load_pre_image(t->table, entry->first, lift_row(l, t, row)))
		TG_ASSERT(false);
	l->seen.pre_images++;
	return TG_OK;
}

/* Make room for the payload of a block. */
static enum tg_status
make_room(struct loader *l, size_t payload_bytes)
{
	uint8_t *payload;

	if (payload_bytes <= l->payload_bytes_max)
		return TG_OK;
	payload = realloc(l->payload, payload_bytes);
	if (payload == NULL)
		return storage_fail(l->error, TG_NO_MEMORY, "%s: out of memory", l->name);
	l->payload = payload;
	l->payload_bytes_max = payload_bytes;
	return TG_OK;
}

/* Load one entry of a block.  ret_bytes: its length with its rows. */
static enum tg_status
load_entry(struct loader *l, const uint8_t *bytes, size_t left_bytes, uint64_t offset,
	   size_t *ret_bytes)
{
	struct snapshot_entry entry;
	struct load_table *t;
	size_t rows_bytes;

	if (left_bytes < SNAPSHOT_ENTRY_BYTES || !snapshot_decode_entry(bytes, &entry))
		return corrupt(l, offset, "no entry here");
	t = entry.table_id < TABLE_SET_MAX ? &l->tables[entry.table_id] : NULL;
	if (t == NULL || t->table == NULL)
		return corrupt(l, offset, "an entry of a table that the head does not describe");
	if (entry.count == 0 || entry.first == 0 || entry.count > t->described->rows_used ||
	    entry.first - 1 > t->described->rows_used - entry.count)
		return corrupt(l, offset, "an entry of rows that the table does not have");
	rows_bytes = (size_t)entry.count * t->described->row_bytes;
	if (rows_bytes > left_bytes - SNAPSHOT_ENTRY_BYTES)
		return corrupt(l, offset, "an entry is longer than its block");
	*ret_bytes = SNAPSHOT_ENTRY_BYTES + rows_bytes;
	bytes += SNAPSHOT_ENTRY_BYTES;
	switch (entry.kind) {
	case SNAPSHOT_ENTRY_SLICE:
		return load_slice(l, t, &entry, bytes, offset);
	case SNAPSHOT_ENTRY_PRE_IMAGE:
		return load_pre_image(l, t, &entry, bytes, offset);
	default:
		return corrupt(l, offset, "an entry of no known kind");
	}
}

/* Load the entries of a block of rows. */
static enum tg_status
load_entries(struct loader *l, size_t payload_bytes, uint64_t offset)
{
	size_t done_bytes = 0;

	while (done_bytes < payload_bytes) {
		size_t entry_bytes = 0;
		enum tg_status status =
			load_entry(l, l->payload + done_bytes, payload_bytes - done_bytes,
				   offset + done_bytes, &entry_bytes);

		if (status != TG_OK)
			return status;
		done_bytes += entry_bytes;
	}
	return TG_OK;
}

/* Compare the last block with what was read. */
static enum tg_status
check_end(struct loader *l, size_t payload_bytes, uint64_t offset)
{
	XXH128_hash_t whole = XXH3_128bits_digest(l->whole);
	struct snapshot_end end;

	if (payload_bytes != SNAPSHOT_END_BYTES)
		return corrupt(l, offset, "the last block has another length");
	snapshot_decode_end(l->payload, &end);
	if (end.blocks != l->seen.blocks || end.rows != l->seen.rows ||
	    end.pre_images != l->seen.pre_images || end.bytes != l->seen.bytes)
		return corrupt(l, offset, "counts in the last block are not those of the file");
	if (end.whole.low != whole.low64 || end.whole.high != whole.high64)
		return corrupt(l, offset, "checksum of the whole file is wrong");
	if (l->offset != l->head.info.file_bytes)
		return corrupt(l, l->offset, "the file goes on behind its last block");
	for (size_t i = 0; i < TABLE_SET_MAX; i++)
		if (l->tables[i].table != NULL &&
		    l->tables[i].next != l->tables[i].described->rows_used + 1)
			return corrupt(l, offset, "rows are missing");
	return TG_OK;
}

/* Read and load one block.  ret_is_last: it was the last one, and all was right. */
static enum tg_status
load_block(struct loader *l, bool *ret_is_last)
{
	uint8_t bytes[SNAPSHOT_BLOCK_HEAD_BYTES];
	struct snapshot_block_head block;
	uint64_t start = l->offset;
	enum tg_status status;

	l->seen.bytes = start;
	status = read_next(l, bytes, sizeof(bytes));
	if (status != TG_OK)
		return status;
	if (!snapshot_decode_block_head(bytes, l->head.info.sequence, &block))
		return corrupt(l, start, "head of a block is damaged");
	if (block.number != l->seen.blocks + 1)
		return corrupt(l, start, "a block is missing or out of order");
	if (block.payload_bytes > SNAPSHOT_BLOCK_BYTES_MAX)
		return corrupt(l, start, "a block is too long");
	status = make_room(l, block.payload_bytes);
	if (status == TG_OK)
		status = read_next(l, l->payload, block.payload_bytes);
	if (status != TG_OK)
		return status;
	start += SNAPSHOT_BLOCK_HEAD_BYTES;
	if (block.payload_checksum != XXH3_64bits(l->payload, block.payload_bytes))
		return corrupt(l, start, "a block is damaged");
	*ret_is_last = block.kind == SNAPSHOT_BLOCK_END;
	if (block.kind == SNAPSHOT_BLOCK_END)
		return check_end(l, block.payload_bytes, start);
	if (block.kind != SNAPSHOT_BLOCK_ROWS)
		return corrupt(l, start, "a block of no known kind");
	(void)XXH3_128bits_update(l->whole, bytes, sizeof(bytes));
	(void)XXH3_128bits_update(l->whole, l->payload, block.payload_bytes);
	l->seen.blocks++;
	return load_entries(l, block.payload_bytes, start);
}

/* All rows are in: finish the tables and compare the state hash. */
static enum tg_status
finish_tables(struct loader *l)
{
	struct state_hash hash = { 0, 0 };

	for (size_t i = 0; i < TABLE_SET_MAX; i++) {
		struct load_table *t = &l->tables[i];
		struct state_hash part;

		if (t->table == NULL)
			continue;
		part = table_load_finish(t->table, t->described->rows_used);
		hash = state_hash_sum(hash, t->lift == NULL ? part : t->old_part);
	}
	if (!state_hash_equal(hash, l->head.info.hash))
		return corrupt(l, SNAPSHOT_HEAD_BYTES + 8,
			       "state hash of the rows is not that of the head");
	return TG_OK;
}

/* Load all that stands behind the head, which has been read. */
static enum tg_status
load_body(struct loader *l)
{
	uint8_t head[SNAPSHOT_HEAD_BYTES + SNAPSHOT_REST_BYTES_MAX];
	bool is_last = false;
	enum tg_status status = TG_OK;

	for (uint32_t i = 0; status == TG_OK && i < l->head.table_count; i++)
		status = accept_table(l, &l->head.tables[i]);
	/* Once more, for the checksum of the whole. */
	if (status == TG_OK)
		status = read_next(l, head, l->head.head_bytes);
	if (status == TG_OK)
		(void)XXH3_128bits_update(l->whole, head, l->head.head_bytes);
	while (status == TG_OK && !is_last)
		status = load_block(l, &is_last);
	return status == TG_OK ? finish_tables(l) : status;
}

/* Memory of a load, all or nothing. */
static struct loader *
loader_new(const struct snapshot_load_config *config, uint64_t sequence,
	   struct storage_error *error)
{
	struct loader *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->config = config;
	l->error = error;
	l->file = -1;
	snapshot_file_name(sequence, l->name);
	l->lifted = malloc(SNAPSHOT_ROW_BYTES_MAX);
	l->whole = XXH3_createState();
	if (l->whole != NULL)
		(void)XXH3_128bits_reset(l->whole);
	return l;
}

static void
loader_free(struct loader *l)
{
	if (l->file >= 0)
		l->config->io->close(l->config->io->context, l->file);
	(void)XXH3_freeState(l->whole);
	free(l->lifted);
	free(l->payload);
	free(l);
}

enum tg_status
snapshot_load(const struct snapshot_load_config *config, uint64_t sequence,
	      struct snapshot_info *ret_info, struct storage_error *error)
{
	struct loader *l = loader_new(config, sequence, error);
	enum tg_status status;

	if (l == NULL || l->lifted == NULL || l->whole == NULL) {
		status = storage_fail(error, TG_NO_MEMORY, "loading a snapshot: out of memory");
		goto out;
	}
	table_set_clear(config->set);
	status = open_file(config->io, config->directory, config->instance, sequence, &l->file,
			   &l->head, error);
	if (status != TG_OK)
		goto out;
	status = load_body(l);
	if (status == TG_OK)
		*ret_info = l->head.info;
	else
		table_set_clear(config->set);
out:
	if (l != NULL)
		loader_free(l);
	return status;
}
