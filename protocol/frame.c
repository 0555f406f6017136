/*
 * frame.c - where a frame begins and ends in a stream of bytes.
 */
#include "protocol/frame.h"

#include "protocol/assert.h"

enum tg_frame_state
tg_frame_peek(const uint8_t *data, size_t bytes, size_t payload_bytes_max,
	      struct tg_frame *ret_frame)
{
	uint32_t length;

	ret_frame->payload = NULL;
	ret_frame->payload_bytes = 0;
	ret_frame->frame_bytes = TG_FRAME_HEADER_BYTES;
	if (bytes < TG_FRAME_HEADER_BYTES)
		return TG_FRAME_MORE;
	length = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 |
		 data[3];
	if (length == 0)
		return TG_FRAME_EMPTY;
	if (length > payload_bytes_max)
		return TG_FRAME_OVERSIZE;
	ret_frame->payload_bytes = length;
	ret_frame->frame_bytes = TG_FRAME_HEADER_BYTES + (size_t)length;
	if (bytes < ret_frame->frame_bytes)
		return TG_FRAME_MORE;
	ret_frame->payload = data + TG_FRAME_HEADER_BYTES;
	return TG_FRAME_WHOLE;
}

void
tg_frame_put_header(uint8_t header[TG_FRAME_HEADER_BYTES], size_t payload_bytes)
{
	TG_ASSERT(payload_bytes >= 1 && payload_bytes <= UINT32_MAX);
	header[0] = (uint8_t)(payload_bytes >> 24);
	header[1] = (uint8_t)(payload_bytes >> 16);
	header[2] = (uint8_t)(payload_bytes >> 8);
	header[3] = (uint8_t)payload_bytes;
}
