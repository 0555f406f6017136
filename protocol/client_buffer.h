/*
 * client_buffer.h - bytes on their way in or out, in one piece of memory that grows to a maximum.
 */
#ifndef TG_PROTOCOL_CLIENT_BUFFER_H
#define TG_PROTOCOL_CLIENT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"

/* Invariant: start_bytes <= end_bytes <= capacity_bytes.  All zero is an empty buffer. */
struct client_buffer {
	uint8_t *base;	       /* owned */
	size_t capacity_bytes; /* of base */
	size_t start_bytes;    /* the first byte that is still of use */
	size_t end_bytes;      /* one past the last */
};

/* Bytes in use. */
static inline size_t
client_buffer_used(const struct client_buffer *buffer)
{
	return buffer->end_bytes - buffer->start_bytes;
}

/* Where the bytes in use begin. */
static inline uint8_t *
client_buffer_front(const struct client_buffer *buffer)
{
	return buffer->base + buffer->start_bytes;
}

/* Free the memory. */
void client_buffer_deinit(struct client_buffer *buffer);

/*
 * Make room for more bytes after those in use, which are moved to the front if need be.
 * TG_OK; TG_FRAME_TOO_LARGE: in use and more would be over bytes_max; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status client_buffer_reserve(struct client_buffer *buffer, size_t more_bytes,
						   size_t bytes_max);

/* Take bytes from the front; an empty buffer begins anew. */
void client_buffer_consume(struct client_buffer *buffer, size_t bytes);

#endif
