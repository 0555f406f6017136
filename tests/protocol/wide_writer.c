/*
 * wide_writer.c - msgpack values in any of the encodings that mean the same.
 */
#include "tests/protocol/wide_writer.h"

#include <string.h>

#include "protocol/assert.h"

static void
put(struct wide_writer *writer, const void *data, size_t bytes)
{
	TG_ASSERT(bytes <= writer->capacity_bytes - writer->used_bytes);
	memcpy(writer->base + writer->used_bytes, data, bytes);
	writer->used_bytes += bytes;
}

/* A first byte, and the low bytes of a number, high byte first. */
static void
put_head(struct wide_writer *writer, uint8_t first, uint64_t number, unsigned number_bytes)
{
	uint8_t head[9] = { first };

	for (unsigned i = 0; i < number_bytes; i++)
		head[1 + i] = (uint8_t)(number >> 8 * (number_bytes - 1 - i));
	put(writer, head, 1 + number_bytes);
}

void
wide_integer(struct wide_writer *writer, int64_t integer, unsigned width)
{
	static const unsigned powers[] = { 0, 0, 1, 3 };

	/* Widths 0 and 1 are unsigned where they can be, the others are signed. */
	TG_ASSERT(width <= 3);
	for (unsigned power = powers[width]; power <= 3; power++) {
		const unsigned bits = 8u << power;
		const int64_t half = power == 3 ? INT64_MAX : (INT64_C(1) << (bits - 1)) - 1;

		if (width == 0 && integer >= -32 && integer <= 127) {
			put_head(writer, (uint8_t)integer, 0, 0);
			return;
		}
		if (integer >= 0 && width <= 1 &&
		    (power == 3 || (uint64_t)integer >> bits == 0)) {
			put_head(writer, (uint8_t)(0xcc + power), (uint64_t)integer, bits / 8);
			return;
		}
		if (integer <= half && integer >= -half - 1 && (width > 1 || integer < 0)) {
			put_head(writer, (uint8_t)(0xd0 + power), (uint64_t)integer, bits / 8);
			return;
		}
	}
	TG_ASSERT(false);
}

void
wide_bool(struct wide_writer *writer, bool is_true)
{
	put_head(writer, is_true ? 0xc3 : 0xc2, 0, 0);
}

/* A head with a length of 8 (where first8 is not 0), 16 or 32 bits. */
static void
put_length(struct wide_writer *writer, uint8_t first8, uint8_t first16, uint32_t length,
	   unsigned width)
{
	if (first8 != 0 && width <= 1 && length <= UINT8_MAX)
		put_head(writer, first8, length, 1);
	else if (width <= 2 && length <= UINT16_MAX)
		put_head(writer, first16, length, 2);
	else
		put_head(writer, (uint8_t)(first16 + 1), length, 4);
}

void
wide_str(struct wide_writer *writer, const char *text, uint32_t bytes, unsigned width)
{
	if (width == 0 && bytes <= 31)
		put_head(writer, (uint8_t)(0xa0 | bytes), 0, 0);
	else
		put_length(writer, 0xd9, 0xda, bytes, width);
	for (uint32_t i = 0; i < bytes; i++)
		put(writer, text != NULL ? text + i : "x", 1);
}

void
wide_bin(struct wide_writer *writer, const void *data, uint32_t bytes, unsigned width)
{
	put_length(writer, 0xc4, 0xc5, bytes, width);
	put(writer, data, bytes);
}

void
wide_array(struct wide_writer *writer, uint32_t count, unsigned width)
{
	if (width == 0 && count <= 15)
		put_head(writer, (uint8_t)(0x90 | count), 0, 0);
	else
		put_length(writer, 0, 0xdc, count, width);
}

void
wide_map(struct wide_writer *writer, uint32_t count, unsigned width)
{
	if (width == 0 && count <= 15)
		put_head(writer, (uint8_t)(0x80 | count), 0, 0);
	else
		put_length(writer, 0, 0xde, count, width);
}
