/*
 * snapshot_format.c - encoding and decoding what is not rows.
 */
#include "storage/snapshot_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "protocol/assert.h"
#include "storage/bytes.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows are stored as they lie in memory");

void
snapshot_file_name(uint64_t sequence, char *ret_name)
{
	(void)snprintf(ret_name, STORAGE_NAME_BYTES_MAX, "snapshot-%020" PRIu64, sequence);
}

enum tg_status
snapshot_fail_at(struct storage_error *error, enum tg_status status, const char *name,
		 uint64_t offset, const char *what)
{
	(void)storage_fail(error, status, "%s, offset %" PRIu64 ": %s", name, offset, what);
	error->offset = offset;
	return status;
}

/* Append length bytes and return what follows them. */
static uint8_t *
append(uint8_t *to, const void *bytes, size_t length)
{
	memcpy(to, bytes, length);
	return to + length;
}

static uint8_t *
append_table(uint8_t *to, const struct snapshot_table *table)
{
	size_t name_bytes = strlen(table->name);

	bytes_put_u32(to, table->id);
	bytes_put_u32(to + 4, table->version);
	bytes_put_u32(to + 8, table->row_bytes);
	bytes_put_u32(to + 12, table->hashed_bytes);
	bytes_put_u32(to + 16, table->rows_used);
	bytes_put_u32(to + 20, (uint32_t)name_bytes);
	return append(to + SNAPSHOT_DESCRIPTOR_BYTES, table->name, name_bytes);
}

size_t
snapshot_encode_head(const struct snapshot_head *head, uint8_t *ret_bytes)
{
	uint8_t *rest = ret_bytes + SNAPSHOT_HEAD_BYTES;
	uint8_t *end = rest + SNAPSHOT_REST_BYTES;
	size_t instance_bytes = strlen(head->instance);
	size_t rest_bytes;

	bytes_put_u64(rest, head->info.sequence);
	bytes_put_u64(rest + 8, head->info.hash.low);
	bytes_put_u64(rest + 16, head->info.hash.high);
	bytes_put_u32(rest + 24, head->table_count);
	bytes_put_u32(rest + 28, head->info.blob_bytes);
	bytes_put_u32(rest + 32, (uint32_t)instance_bytes);
	bytes_put_u32(rest + 36, 0);
	end = append(end, head->instance, instance_bytes);
	end = append(end, head->info.blob, head->info.blob_bytes);
	for (uint32_t i = 0; i < head->table_count; i++)
		end = append_table(end, &head->tables[i]);
	rest_bytes = (size_t)(end - rest);
	TG_ASSERT(rest_bytes <= SNAPSHOT_REST_BYTES_MAX);

	bytes_put_u64(ret_bytes, SNAPSHOT_MAGIC);
	bytes_put_u32(ret_bytes + 8, SNAPSHOT_FORMAT_VERSION);
	bytes_put_u32(ret_bytes + 12, (uint32_t)rest_bytes);
	bytes_put_u64(ret_bytes + 16, XXH3_64bits(rest, rest_bytes));
	bytes_put_u64(ret_bytes + 24, XXH3_64bits(ret_bytes, 24));
	return SNAPSHOT_HEAD_BYTES + rest_bytes;
}

/* Bytes of a head still to be decoded. */
struct cursor {
	const uint8_t *next;
	size_t left_bytes;
};

/* Take length bytes, or NULL when there are not so many. */
static const uint8_t *
take(struct cursor *cursor, size_t length)
{
	const uint8_t *bytes = cursor->next;

	if (length > cursor->left_bytes)
		return NULL;
	cursor->next += length;
	cursor->left_bytes -= length;
	return bytes;
}

/* Take a text of at most text_bytes_max bytes into ret_text, which has room for a zero more. */
static bool
take_text(struct cursor *cursor, size_t length, size_t text_bytes_max, char *ret_text)
{
	const uint8_t *bytes;

	if (length > text_bytes_max)
		return false;
	bytes = take(cursor, length);
	if (bytes == NULL || memchr(bytes, '\0', length) != NULL)
		return false;
	memcpy(ret_text, bytes, length);
	ret_text[length] = '\0';
	return true;
}

static bool
take_table(struct cursor *cursor, struct snapshot_table *ret_table)
{
	const uint8_t *bytes = take(cursor, SNAPSHOT_DESCRIPTOR_BYTES);

	if (bytes == NULL)
		return false;
	ret_table->id = bytes_get_u32(bytes);
	ret_table->version = bytes_get_u32(bytes + 4);
	ret_table->row_bytes = bytes_get_u32(bytes + 8);
	ret_table->hashed_bytes = bytes_get_u32(bytes + 12);
	ret_table->rows_used = bytes_get_u32(bytes + 16);
	if (ret_table->row_bytes < 16 || ret_table->row_bytes > SNAPSHOT_ROW_BYTES_MAX ||
	    ret_table->hashed_bytes > ret_table->row_bytes)
		return false;
	return take_text(cursor, bytes_get_u32(bytes + 20), SNAPSHOT_TABLE_NAME_BYTES_MAX,
			 ret_table->name);
}

/* Decode the rest of a head.  False: it does not hold what a head holds. */
static bool
decode_rest(const uint8_t *rest, size_t rest_bytes, struct snapshot_head *ret_head)
{
	struct cursor cursor = { rest, rest_bytes };
	const uint8_t *fixed = take(&cursor, SNAPSHOT_REST_BYTES);
	const uint8_t *blob;

	if (fixed == NULL || bytes_get_u32(fixed + 36) != 0)
		return false;
	ret_head->info.sequence = bytes_get_u64(fixed);
	ret_head->info.hash.low = bytes_get_u64(fixed + 8);
	ret_head->info.hash.high = bytes_get_u64(fixed + 16);
	ret_head->table_count = bytes_get_u32(fixed + 24);
	ret_head->info.blob_bytes = bytes_get_u32(fixed + 28);
	if (!take_text(&cursor, bytes_get_u32(fixed + 32), SNAPSHOT_INSTANCE_BYTES_MAX,
		       ret_head->instance))
		return false;
	if (ret_head->info.blob_bytes > SNAPSHOT_BLOB_BYTES_MAX ||
	    ret_head->table_count > TABLE_SET_MAX)
		return false;
	blob = take(&cursor, ret_head->info.blob_bytes);
	if (blob == NULL)
		return false;
	memcpy(ret_head->info.blob, blob, ret_head->info.blob_bytes);
	for (uint32_t i = 0; i < ret_head->table_count; i++)
		if (!take_table(&cursor, &ret_head->tables[i]))
			return false;
	return cursor.left_bytes == 0;
}

enum tg_status
snapshot_read_head(const struct storage_io *io, int file, const char *name, uint64_t file_bytes,
		   struct snapshot_head *ret_head, struct storage_error *error)
{
	uint8_t bytes[SNAPSHOT_HEAD_BYTES + SNAPSHOT_REST_BYTES_MAX];
	const uint8_t *rest = bytes + SNAPSHOT_HEAD_BYTES;
	size_t have_bytes;
	size_t rest_bytes;
	enum tg_status status;

	*ret_head = (struct snapshot_head){ .info.file_bytes = file_bytes };
	status = storage_read(io, file, bytes, sizeof(bytes), 0, &have_bytes, error);
	if (status != TG_OK)
		return status;
	if (have_bytes < SNAPSHOT_HEAD_BYTES)
		return snapshot_fail_at(error, TG_CORRUPT, name, have_bytes, "the file ends here");
	if (bytes_get_u64(bytes) != SNAPSHOT_MAGIC)
		return snapshot_fail_at(error, TG_CORRUPT, name, 0, "not a snapshot");
	if (bytes_get_u64(bytes + 24) != XXH3_64bits(bytes, 24))
		return snapshot_fail_at(error, TG_CORRUPT, name, 0, "head is damaged");
	if (bytes_get_u32(bytes + 8) > SNAPSHOT_FORMAT_VERSION) {
		(void)storage_fail(error, TG_TOO_NEW,
				   "%s: format version %" PRIu32 ", this program reads %d", name,
				   bytes_get_u32(bytes + 8), SNAPSHOT_FORMAT_VERSION);
		return TG_TOO_NEW;
	}
	rest_bytes = bytes_get_u32(bytes + 12);
	if (rest_bytes > SNAPSHOT_REST_BYTES_MAX)
		return snapshot_fail_at(error, TG_CORRUPT, name, 12, "head is too long");
	if (have_bytes - SNAPSHOT_HEAD_BYTES < rest_bytes)
		return snapshot_fail_at(error, TG_CORRUPT, name, have_bytes, "the file ends here");
	if (bytes_get_u64(bytes + 16) != XXH3_64bits(rest, rest_bytes))
		return snapshot_fail_at(error, TG_CORRUPT, name, SNAPSHOT_HEAD_BYTES,
					"head is damaged");
	if (!decode_rest(rest, rest_bytes, ret_head))
		return snapshot_fail_at(error, TG_CORRUPT, name, SNAPSHOT_HEAD_BYTES,
					"head makes no sense");
	ret_head->head_bytes = SNAPSHOT_HEAD_BYTES + rest_bytes;
	return TG_OK;
}

void
snapshot_encode_block_head(const struct snapshot_block_head *head, uint64_t sequence,
			   uint8_t *ret_bytes)
{
	bytes_put_u32(ret_bytes, head->kind);
	bytes_put_u32(ret_bytes + 4, head->payload_bytes);
	bytes_put_u64(ret_bytes + 8, head->number);
	bytes_put_u64(ret_bytes + 16, head->payload_checksum);
	bytes_put_u64(ret_bytes + 24, XXH3_64bits_withSeed(ret_bytes, 24, sequence));
}

bool
snapshot_decode_block_head(const uint8_t *bytes, uint64_t sequence,
			   struct snapshot_block_head *ret_head)
{
	ret_head->kind = bytes_get_u32(bytes);
	ret_head->payload_bytes = bytes_get_u32(bytes + 4);
	ret_head->number = bytes_get_u64(bytes + 8);
	ret_head->payload_checksum = bytes_get_u64(bytes + 16);
	return bytes_get_u64(bytes + 24) == XXH3_64bits_withSeed(bytes, 24, sequence);
}

void
snapshot_encode_entry(const struct snapshot_entry *entry, uint8_t *ret_bytes)
{
	bytes_put_u16(ret_bytes, entry->kind);
	bytes_put_u16(ret_bytes + 2, entry->table_id);
	bytes_put_u32(ret_bytes + 4, entry->first);
	bytes_put_u32(ret_bytes + 8, entry->count);
	bytes_put_u32(ret_bytes + 12, 0);
}

bool
snapshot_decode_entry(const uint8_t *bytes, struct snapshot_entry *ret_entry)
{
	ret_entry->kind = bytes_get_u16(bytes);
	ret_entry->table_id = bytes_get_u16(bytes + 2);
	ret_entry->first = bytes_get_u32(bytes + 4);
	ret_entry->count = bytes_get_u32(bytes + 8);
	return bytes_get_u32(bytes + 12) == 0;
}

void
snapshot_encode_end(const struct snapshot_end *end, uint8_t *ret_bytes)
{
	bytes_put_u64(ret_bytes, end->blocks);
	bytes_put_u64(ret_bytes + 8, end->rows);
	bytes_put_u64(ret_bytes + 16, end->pre_images);
	bytes_put_u64(ret_bytes + 24, end->bytes);
	bytes_put_u64(ret_bytes + 32, end->whole.low);
	bytes_put_u64(ret_bytes + 40, end->whole.high);
}

void
snapshot_decode_end(const uint8_t *bytes, struct snapshot_end *ret_end)
{
	ret_end->blocks = bytes_get_u64(bytes);
	ret_end->rows = bytes_get_u64(bytes + 8);
	ret_end->pre_images = bytes_get_u64(bytes + 16);
	ret_end->bytes = bytes_get_u64(bytes + 24);
	ret_end->whole.low = bytes_get_u64(bytes + 32);
	ret_end->whole.high = bytes_get_u64(bytes + 40);
}
