/*
 * client_buffer.c - bytes on their way in or out, in one piece of memory that grows to a maximum.
 */
#include "protocol/client_buffer.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

#define FIRST_BYTES 4096

void
client_buffer_deinit(struct client_buffer *buffer)
{
	free(buffer->base);
	memset(buffer, 0, sizeof(*buffer));
}

enum tg_status
client_buffer_reserve(struct client_buffer *buffer, size_t more_bytes, size_t bytes_max)
{
	size_t used_bytes = client_buffer_used(buffer);
	size_t capacity_bytes = buffer->capacity_bytes;
	uint8_t *base;

	if (more_bytes > bytes_max || used_bytes > bytes_max - more_bytes)
		return TG_FRAME_TOO_LARGE;
	if (more_bytes <= capacity_bytes - buffer->end_bytes)
		return TG_OK;
	if (used_bytes > 0 && buffer->start_bytes > 0)
		memmove(buffer->base, client_buffer_front(buffer), used_bytes);
	buffer->start_bytes = 0;
	buffer->end_bytes = used_bytes;
	if (used_bytes + more_bytes <= capacity_bytes)
		return TG_OK;
	if (capacity_bytes == 0)
		capacity_bytes = FIRST_BYTES;
	while (capacity_bytes < used_bytes + more_bytes)
		capacity_bytes *= 2;
	base = realloc(buffer->base, capacity_bytes);
	if (base == NULL)
		return TG_NO_MEMORY;
	buffer->base = base;
	buffer->capacity_bytes = capacity_bytes;
	return TG_OK;
}

void
client_buffer_consume(struct client_buffer *buffer, size_t bytes)
{
	TG_ASSERT(bytes <= client_buffer_used(buffer));
	buffer->start_bytes += bytes;
	if (buffer->start_bytes == buffer->end_bytes)
		buffer->start_bytes = buffer->end_bytes = 0;
}
