/*
 * wide_writer.h - msgpack values in any of the encodings that mean the same.
 *
 * width: 0 the narrowest that holds it, 1 to 3 the next wider ones, as far as there are any; what
 * is too large for a width gets the next that holds it.
 */
#ifndef TG_TESTS_PROTOCOL_WIDE_WRITER_H
#define TG_TESTS_PROTOCOL_WIDE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A buffer of the caller's; what does not fit is a failed assertion. */
struct wide_writer {
	uint8_t *base;
	size_t capacity_bytes;
	size_t used_bytes;
};

void wide_integer(struct wide_writer *writer, int64_t integer, unsigned width);
void wide_bool(struct wide_writer *writer, bool is_true);
/* text: NULL for so many letters. */
void wide_str(struct wide_writer *writer, const char *text, uint32_t bytes, unsigned width);
void wide_bin(struct wide_writer *writer, const void *data, uint32_t bytes, unsigned width);
void wide_array(struct wide_writer *writer, uint32_t count, unsigned width);
void wide_map(struct wide_writer *writer, uint32_t count, unsigned width);

#endif
