/*
 * segment.c - encoding and decoding of what is in a segment besides records.
 *
 * Magic, version and checksum of the segment header stand at the same place in every version of the
 * format, so that an older program can tell a newer file from a damaged one.
 */
#include "storage/segment.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "protocol/assert.h"
#include "storage/bytes.h"

#define SEGMENT_MAGIC UINT64_C(0x544e454d47455354) /* "TSEGMENT" */
#define BATCH_MAGIC UINT32_C(0x48435442)	   /* "BTCH" */
#define BATCH_FLAG_MARK 0x1u

#define SEQUENCE_DIGITS 20
#define INCARNATION_DIGITS 10
#define NAME_END ".journal"
#define ARCHIVE_END ".zst"

/* Where the fields of a segment header lie in its block. */
enum segment_offset {
	SEGMENT_AT_MAGIC = 0,
	SEGMENT_AT_VERSION = 8,
	SEGMENT_AT_INCARNATION = 16,
	SEGMENT_AT_EPOCH = 24,
	SEGMENT_AT_FIRST_SEQUENCE = 32,
	SEGMENT_AT_SALT = 40,
	SEGMENT_AT_CHAIN = 48,
	SEGMENT_AT_SEGMENT_BYTES = 56,
	SEGMENT_AT_INSTANCE = 64,
	SEGMENT_AT_CHECKSUM = SEGMENT_HEADER_BYTES - 8,
};

/* Where the fields of a batch header lie. */
enum batch_offset {
	BATCH_AT_MAGIC = 0,
	BATCH_AT_FLAGS = 4,
	BATCH_AT_BATCH_BYTES = 8,
	BATCH_AT_RECORDS_BYTES = 12,
	BATCH_AT_FIRST_SEQUENCE = 16,
	BATCH_AT_COUNT = 24,
	BATCH_AT_DURABLE_SEQUENCE = 32,
	BATCH_AT_SALT = 40,
	BATCH_AT_INCARNATION = 48,
	BATCH_AT_EPOCH = 56,
	BATCH_AT_CHAIN = 64,
	BATCH_AT_PAYLOAD_CHECKSUM = 72,
	BATCH_AT_WRITTEN_AT = 80,
	BATCH_AT_HASH_LOW = 88,
	BATCH_AT_HASH_HIGH = 96,
	BATCH_AT_CHECKSUM = SEGMENT_BATCH_HEADER_BYTES - 8,
};

static_assert(SEGMENT_AT_INSTANCE + JOURNAL_INSTANCE_BYTES_MAX < SEGMENT_AT_CHECKSUM,
	      "the instance's name fits the segment header");
static_assert(BATCH_AT_HASH_HIGH + 8 <= BATCH_AT_CHECKSUM, "fields fit the batch header");

uint64_t
segment_checksum(const uint8_t *bytes, size_t bytes_count)
{
	return XXH3_64bits(bytes, bytes_count);
}

void
segment_name_format(const struct segment_name *name, char *ret_name)
{
	int length = snprintf(ret_name, SEGMENT_NAME_BYTES, "%0*" PRIu64 "-%0*" PRIu64 "%s%s",
			      SEQUENCE_DIGITS, name->first_sequence, INCARNATION_DIGITS,
			      name->incarnation, NAME_END, name->is_archived ? ARCHIVE_END : "");

	TG_ASSERT(length > 0 && length < SEGMENT_NAME_BYTES);
}

/* Read decimal digits at *text and move on.  False when there are none or they overflow. */
static bool
parse_number(const char **text, uint64_t *ret_number)
{
	uint64_t number = 0;
	const char *next = *text;

	while (*next >= '0' && *next <= '9') {
		uint64_t digit = (uint64_t)(*next - '0');

		if (number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
		next++;
	}
	if (next == *text)
		return false;
	*text = next;
	*ret_number = number;
	return true;
}

bool
segment_name_parse(const char *text, struct segment_name *ret_name)
{
	struct segment_name name = { 0 };
	char again[SEGMENT_NAME_BYTES];
	const char *next = text;

	if (!parse_number(&next, &name.first_sequence) || *next++ != '-')
		return false;
	if (!parse_number(&next, &name.incarnation))
		return false;
	name.is_archived = strcmp(next, NAME_END ARCHIVE_END) == 0;
	segment_name_format(&name, again);
	if (strcmp(text, again) != 0) /* one name for one segment */
		return false;
	*ret_name = name;
	return true;
}

int
segment_name_compare(const struct segment_name *a, const struct segment_name *b)
{
	if (a->first_sequence != b->first_sequence)
		return a->first_sequence < b->first_sequence ? -1 : 1;
	if (a->incarnation != b->incarnation)
		return a->incarnation < b->incarnation ? -1 : 1;
	return 0;
}

void
segment_header_encode(struct segment_header *header, uint8_t *block)
{
	size_t instance_bytes = strlen(header->instance);

	TG_ASSERT(instance_bytes <= JOURNAL_INSTANCE_BYTES_MAX);
	header->version = SEGMENT_VERSION;
	memset(block, 0, SEGMENT_HEADER_BYTES);
	bytes_put_u64(block + SEGMENT_AT_MAGIC, SEGMENT_MAGIC);
	bytes_put_u32(block + SEGMENT_AT_VERSION, header->version);
	bytes_put_u64(block + SEGMENT_AT_INCARNATION, header->incarnation);
	bytes_put_u64(block + SEGMENT_AT_EPOCH, header->epoch);
	bytes_put_u64(block + SEGMENT_AT_FIRST_SEQUENCE, header->first_sequence);
	bytes_put_u64(block + SEGMENT_AT_SALT, header->salt);
	bytes_put_u64(block + SEGMENT_AT_CHAIN, header->chain);
	bytes_put_u64(block + SEGMENT_AT_SEGMENT_BYTES, header->segment_bytes);
	memcpy(block + SEGMENT_AT_INSTANCE, header->instance, instance_bytes);
	header->checksum = segment_checksum(block, SEGMENT_AT_CHECKSUM);
	bytes_put_u64(block + SEGMENT_AT_CHECKSUM, header->checksum);
}

enum tg_status
segment_header_decode(const uint8_t *block, struct segment_header *ret_header)
{
	struct segment_header header = { 0 };

	if (bytes_get_u64(block + SEGMENT_AT_MAGIC) != SEGMENT_MAGIC)
		return TG_CORRUPT;
	header.checksum = bytes_get_u64(block + SEGMENT_AT_CHECKSUM);
	if (header.checksum != segment_checksum(block, SEGMENT_AT_CHECKSUM))
		return TG_CORRUPT;
	header.version = bytes_get_u32(block + SEGMENT_AT_VERSION);
	if (header.version > SEGMENT_VERSION) {
		ret_header->version = header.version;
		return TG_TOO_NEW;
	}
	header.incarnation = bytes_get_u64(block + SEGMENT_AT_INCARNATION);
	header.epoch = bytes_get_u64(block + SEGMENT_AT_EPOCH);
	header.first_sequence = bytes_get_u64(block + SEGMENT_AT_FIRST_SEQUENCE);
	header.salt = bytes_get_u64(block + SEGMENT_AT_SALT);
	header.chain = bytes_get_u64(block + SEGMENT_AT_CHAIN);
	header.segment_bytes = bytes_get_u64(block + SEGMENT_AT_SEGMENT_BYTES);
	memcpy(header.instance, block + SEGMENT_AT_INSTANCE, JOURNAL_INSTANCE_BYTES_MAX);
	*ret_header = header;
	return TG_OK;
}

void
batch_header_encode(struct batch_header *header, uint8_t *bytes)
{
	memset(bytes, 0, SEGMENT_BATCH_HEADER_BYTES);
	bytes_put_u32(bytes + BATCH_AT_MAGIC, BATCH_MAGIC);
	bytes_put_u32(bytes + BATCH_AT_FLAGS, header->is_mark ? BATCH_FLAG_MARK : 0);
	bytes_put_u32(bytes + BATCH_AT_BATCH_BYTES, header->batch_bytes);
	bytes_put_u32(bytes + BATCH_AT_RECORDS_BYTES, header->records_bytes);
	bytes_put_u64(bytes + BATCH_AT_FIRST_SEQUENCE, header->first_sequence);
	bytes_put_u32(bytes + BATCH_AT_COUNT, header->count);
	bytes_put_u64(bytes + BATCH_AT_DURABLE_SEQUENCE, header->durable_sequence);
	bytes_put_u64(bytes + BATCH_AT_SALT, header->salt);
	bytes_put_u64(bytes + BATCH_AT_INCARNATION, header->incarnation);
	bytes_put_u64(bytes + BATCH_AT_EPOCH, header->epoch);
	bytes_put_u64(bytes + BATCH_AT_CHAIN, header->chain);
	bytes_put_u64(bytes + BATCH_AT_PAYLOAD_CHECKSUM, header->payload_checksum);
	bytes_put_u64(bytes + BATCH_AT_WRITTEN_AT, (uint64_t)header->written_at_utc_ms);
	bytes_put_u64(bytes + BATCH_AT_HASH_LOW, header->hash.low);
	bytes_put_u64(bytes + BATCH_AT_HASH_HIGH, header->hash.high);
	header->checksum = segment_checksum(bytes, BATCH_AT_CHECKSUM);
	bytes_put_u64(bytes + BATCH_AT_CHECKSUM, header->checksum);
}

bool
batch_header_decode(const uint8_t *bytes, struct batch_header *ret_header)
{
	struct batch_header header = { 0 };

	if (bytes_get_u32(bytes + BATCH_AT_MAGIC) != BATCH_MAGIC)
		return false;
	header.checksum = bytes_get_u64(bytes + BATCH_AT_CHECKSUM);
	if (header.checksum != segment_checksum(bytes, BATCH_AT_CHECKSUM))
		return false;
	header.is_mark = (bytes_get_u32(bytes + BATCH_AT_FLAGS) & BATCH_FLAG_MARK) != 0;
	header.batch_bytes = bytes_get_u32(bytes + BATCH_AT_BATCH_BYTES);
	header.records_bytes = bytes_get_u32(bytes + BATCH_AT_RECORDS_BYTES);
	header.first_sequence = bytes_get_u64(bytes + BATCH_AT_FIRST_SEQUENCE);
	header.count = bytes_get_u32(bytes + BATCH_AT_COUNT);
	header.durable_sequence = bytes_get_u64(bytes + BATCH_AT_DURABLE_SEQUENCE);
	header.salt = bytes_get_u64(bytes + BATCH_AT_SALT);
	header.incarnation = bytes_get_u64(bytes + BATCH_AT_INCARNATION);
	header.epoch = bytes_get_u64(bytes + BATCH_AT_EPOCH);
	header.chain = bytes_get_u64(bytes + BATCH_AT_CHAIN);
	header.payload_checksum = bytes_get_u64(bytes + BATCH_AT_PAYLOAD_CHECKSUM);
	header.written_at_utc_ms = (int64_t)bytes_get_u64(bytes + BATCH_AT_WRITTEN_AT);
	header.hash.low = bytes_get_u64(bytes + BATCH_AT_HASH_LOW);
	header.hash.high = bytes_get_u64(bytes + BATCH_AT_HASH_HIGH);
	if (header.records_bytes > JOURNAL_BATCH_BYTES_MAX ||
	    header.batch_bytes != segment_batch_bytes(header.records_bytes))
		return false;
	if (header.is_mark ? header.count != 0 || header.records_bytes != 0 : header.count == 0)
		return false;
	*ret_header = header;
	return true;
}
