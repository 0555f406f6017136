/*
 * writer.h - msgpack values into a buffer of the caller's, never past its end.
 *
 * Owns nothing.  Once a value does not fit, the writer is full and stays so: nothing more is
 * written, and one look at is_full at the end is enough.
 */
#ifndef TG_PROTOCOL_WRITER_H
#define TG_PROTOCOL_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A buffer being filled.  Invariant: used_bytes <= capacity_bytes. */
struct tg_writer {
	uint8_t *base;	       /* the caller's */
	size_t capacity_bytes; /* of base */
	size_t used_bytes;     /* written so far, from the front */
	bool is_full;	       /* something did not fit; what is written is of no use */
};

/* Begin to fill a buffer. */
void tg_writer_init(struct tg_writer *writer, void *base, size_t capacity_bytes);

/* Write bytes as they are. */
void tg_write_raw(struct tg_writer *writer, const void *data, size_t bytes);

/* Write an integer in the fewest bytes. */
void tg_write_integer(struct tg_writer *writer, int64_t integer);

/* Write a boolean. */
void tg_write_bool(struct tg_writer *writer, bool is_true);

/* Write bytes, or UTF-8 text; data may be NULL when bytes is 0. */
void tg_write_bin(struct tg_writer *writer, const void *data, uint32_t bytes);
void tg_write_str(struct tg_writer *writer, const void *data, uint32_t bytes);

/* Write the head of an array of so many values, or of a map of so many pairs. */
void tg_write_array(struct tg_writer *writer, uint32_t count);
void tg_write_map(struct tg_writer *writer, uint32_t count);

#endif
