/*
 * fuzz_record.c - any bytes as a record.
 *
 * The first byte of an input says whether the length in its header is made right, so that inputs
 * are not lost to that alone.  What is taken says the same when it is encoded and decoded again,
 * and nothing in it comes from the memory it was decoded into.
 */
#include "tests/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "tests/ledger/record_sample.h"

#define LARGE (2 * RECORD_BYTES_MAX)

enum { IS_MENDED = 1 };

/* Decode into memory full of a byte, and encode that. */
static size_t
round_trip(const uint8_t *bytes, size_t size, int memory, struct record *record, uint8_t *encoded)
{
	size_t decoded_bytes, encoded_bytes;

	memset(record, memory, sizeof(*record));
	if (record_decode(bytes, size, record, &decoded_bytes) != TG_OK)
		return 0;
	TG_ASSERT(decoded_bytes <= size && decoded_bytes == record_peek_bytes(bytes, size));
	encoded_bytes = record_encode(record, encoded, LARGE);
	TG_ASSERT(encoded_bytes > 0 && encoded_bytes <= RECORD_BYTES_MAX);
	return encoded_bytes;
}

static void
check_lines(const struct record *record)
{
	struct purchase_line line;
	size_t offset = 0;

	if ((record->sections & RECORD_HAS_BIT(LINES)) == 0)
		return;
	for (uint32_t i = 0; i < record->line_count; i++)
		if (!record_line_next(record, &offset, &line))
			return;
	TG_ASSERT(offset <= record->lines_bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	static uint8_t input[LARGE], first[LARGE], second[LARGE], third[LARGE];
	static struct record record;
	size_t bytes = data_bytes > 0 ? data_bytes - 1 : 0, length;

	if (bytes > RECORD_BYTES_MAX)
		return 0;
	memcpy(input, data + (data_bytes > 0), bytes);
	if (data_bytes > 0 && (data[0] & IS_MENDED) != 0) {
		bytes = (bytes + 7) / 8 * 8;
		memset(input + data_bytes - 1, 0, bytes - (data_bytes - 1));
		input[0] = (uint8_t)bytes;
		input[1] = (uint8_t)(bytes >> 8);
	}
	length = round_trip(input, bytes, 0x55, &record, first);
	TG_ASSERT(length == round_trip(input, bytes, 0xaa, &record, second));
	if (length == 0)
		return 0;
	TG_ASSERT(memcmp(first, second, length) == 0);
	check_lines(&record);
	TG_ASSERT(round_trip(first, length, 0x55, &record, third) == length);
	TG_ASSERT(memcmp(first, third, length) == 0);
	return 0;
}

/* Each section alone and all together. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	static uint8_t lines[RECORD_SAMPLE_LINES_BYTES], seed[1 + LARGE];
	static struct record record;

	for (uint32_t i = 0; i <= RECORD_INDEX_END; i++) {
		record_sample_fill(&record, lines,
				   i < RECORD_INDEX_END ? RECORD_SECTIONS_ALL & UINT64_C(1) << i :
							  RECORD_SECTIONS_ALL);
		for (seed[0] = 0; seed[0] <= IS_MENDED; seed[0]++)
			sink->seed(sink->context, seed,
				   1 + record_encode(&record, seed + 1, LARGE));
	}
}
