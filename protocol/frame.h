/*
 * frame.h - where a frame begins and ends in a stream of bytes.
 *
 * A frame is a header, the big-endian length of what follows, and that many bytes of payload.
 * Pure: bytes come in as arguments, nothing is kept between calls.
 */
#ifndef TG_PROTOCOL_FRAME_H
#define TG_PROTOCOL_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/message.h"

/* What stands at the front of the bytes read so far. */
enum tg_frame_state {
	TG_FRAME_WHOLE,	   /* a frame; ret_frame is set */
	TG_FRAME_MORE,	   /* its beginning; read on, ret_frame->frame_bytes tells how far */
	TG_FRAME_EMPTY,	   /* a header of length 0: answer BAD_FRAME and close */
	TG_FRAME_OVERSIZE, /* a header over the limit: answer FRAME_TOO_LARGE and close */
};

struct tg_frame {
	const uint8_t *payload; /* points into the bytes given; NULL until the frame is whole */
	size_t payload_bytes;	/* as the header says */
	size_t frame_bytes; /* header and payload; TG_FRAME_HEADER_BYTES while that is not there */
};

/*
 * Look at the front of data.
 *
 * payload_bytes_max: what the other side may send, FRAME_BYTES_MAX on the wire.  ret_frame is set
 * for WHOLE and MORE.  To go on after a WHOLE frame, call again frame_bytes further.  A header
 * that is refused is refused as soon as its four bytes are there, whatever follows.
 */
enum tg_frame_state tg_frame_peek(const uint8_t *data, size_t bytes, size_t payload_bytes_max,
				  struct tg_frame *ret_frame);

/* Write the header of a frame with so many bytes of payload, 1 to UINT32_MAX. */
void tg_frame_put_header(uint8_t header[TG_FRAME_HEADER_BYTES], size_t payload_bytes);

#endif
