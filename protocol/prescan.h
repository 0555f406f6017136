/*
 * prescan.h - proves a frame harmless before anything else reads it.
 *
 * One pass without recursion and without memory of its own.  What it accepts is: an array of
 * [unsigned 32 bits, unsigned 16 bits, map], nothing after it, nested at most TG_DEPTH_MAX deep,
 * every length covered by the bytes at hand and by the limits here, no float, no extension, maps
 * only where a body can be, their keys integers from 0 to TG_FIELD_NUMBER_MAX, none twice.  Types,
 * bounds and text are the decoder's business.
 */
#ifndef TG_PROTOCOL_PRESCAN_H
#define TG_PROTOCOL_PRESCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/cursor.h"
#include "protocol/message.h"
#include "protocol/status.h"

/* Containers within containers: frame, body, ITEMS, item, its body, LINES, a line; one to spare. */
#define TG_DEPTH_MAX 8

/* Elements of one array: the longest that a field may have. */
#define TG_ARRAY_LENGTH_MAX TG_BATCH_ITEMS_MAX

/* What the pre-scan tells of a frame. */
struct tg_scan {
	uint32_t request_id;   /* 0 for the server's own messages */
	uint32_t code;	       /* operation or status, <= 65535 */
	uint32_t field_count;  /* fields in the body */
	struct tg_cursor body; /* from the first key of the body to the end of the frame */
};

/*
 * Scan one frame without its length header.
 *
 * payload: borrowed; ret_scan->body points into it.
 * TG_OK: *ret_scan is set.  TG_BAD_FRAME: request_id of ret_scan is the id where the frame begins
 * as one should, else 0, so that the answer can name it; nothing else of it is set.
 */
TG_MUST_CHECK enum tg_status tg_prescan(const uint8_t *payload, size_t bytes,
					struct tg_scan *ret_scan);

#endif
