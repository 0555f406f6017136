/*
 * decode.h - the bytes of a frame into a message, checked against the message table.
 *
 * The frame is pre-scanned first, so a caller hands over bytes straight from the network.  Pure: no
 * allocation, no state.  Bytes and text of the message point into the payload.
 */
#ifndef TG_PROTOCOL_DECODE_H
#define TG_PROTOCOL_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/cursor.h"
#include "protocol/status.h"
#include "protocol/value.h"

/*
 * Decode a request.
 *
 * payload: the frame without its length header; message points into it.  ret_field: wire number of
 * the field at fault, 0 when it is none; for the field FIELD of the answer.
 *
 * TG_OK: every field is of its type and within bounds, required ones are there, the member is named
 * in exactly one way, nothing below TG_FIELD_NUMBER_IGNORABLE is unknown to the operation.
 * TG_BAD_FRAME, TG_UNKNOWN_OPERATION, TG_UNKNOWN_FIELD, TG_BAD_FIELD, TG_MISSING_FIELD: request_id
 * is that of the frame, or 0 where it could not be read; code is the operation but for BAD_FRAME;
 * the fields are of no use.
 */
TG_MUST_CHECK enum tg_status tg_decode_request(const uint8_t *payload, size_t bytes,
					       struct tg_message *message, uint32_t *ret_field);

/*
 * Decode an answer, or a message of the server's own (its request id is 0, its code an operation).
 *
 * Fields that are not in the table are passed over, so that a newer server is understood.  Types
 * are checked, and the length of bytes; bounds of integers and text are the server's business.
 * TG_OK, TG_BAD_FRAME, TG_BAD_FIELD: as above.
 */
TG_MUST_CHECK enum tg_status tg_decode_answer(const uint8_t *payload, size_t bytes,
					      struct tg_message *message, uint32_t *ret_field);

/*
 * Decode one item of a batch, found with tg_rows_next_item(); message->request_id is 0.
 *
 * An item is decoded like a request or an answer of its own.  An item that is not [operation, body]
 * is TG_BAD_FRAME; an operation without a transaction id is TG_UNKNOWN_OPERATION.
 */
TG_MUST_CHECK enum tg_status
tg_decode_item_request(struct tg_cursor item, struct tg_message *message, uint32_t *ret_field);
TG_MUST_CHECK enum tg_status tg_decode_item_answer(struct tg_cursor item,
						   struct tg_message *message, uint32_t *ret_field);

#endif
