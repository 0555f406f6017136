/*
 * encode.h - a message into the bytes of a whole frame.
 *
 * Integers take the fewest bytes and fields stand in number order, so equal messages give equal
 * bytes.  What is in the message is the caller's business: values are not checked against the
 * table.
 */
#ifndef TG_PROTOCOL_ENCODE_H
#define TG_PROTOCOL_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"
#include "protocol/value.h"
#include "protocol/writer.h"

/*
 * Append the message as a frame, header included, to what the writer holds: a request, an answer
 * or a message of the server's own, as its request id and code say.  False when it does not fit.
 */
TG_MUST_CHECK bool tg_encode(struct tg_writer *writer, const struct tg_message *message);

/* A frame that holds a batch of requests or of answers, being written. */
struct tg_batch_writer {
	struct tg_writer *writer; /* borrowed */
	size_t header_at_bytes;	  /* where its frame begins in the writer */
	uint32_t left;		  /* items still to add */
};

/*
 * Begin a frame with a batch of exactly item_count items.  code: TG_OP_BATCH, or the status that
 * answers it.  Write nothing else to the writer until tg_batch_end().
 */
void tg_batch_begin(struct tg_batch_writer *batch, struct tg_writer *writer, uint32_t request_id,
		    uint32_t code, uint32_t item_count);

/* Add one item: its operation or status, and its fields; its request id is not used. */
void tg_batch_add(struct tg_batch_writer *batch, const struct tg_message *message);

/*
 * Append one item, [operation or status, body], without a frame: to keep it until its batch is
 * begun.  False when it does not fit.
 */
TG_MUST_CHECK bool tg_encode_item(struct tg_writer *writer, const struct tg_message *message);

/* Add one item that tg_encode_item() wrote. */
void tg_batch_add_encoded(struct tg_batch_writer *batch, const uint8_t *item, size_t bytes);

/* Finish the frame; all items must have been added.  False when it did not fit. */
TG_MUST_CHECK bool tg_batch_end(struct tg_batch_writer *batch);

#endif
