/*
 * batch.h - a BATCH under way: its items one by one, its outcomes in one answer.
 *
 * Owns a copy of the items and the encoded outcomes.  Items are decoded and submitted a slice a
 * turn, as long as the port has room for items; then batches wait in line for a slice of what comes
 * back.  So one by itself is not kept waiting for the disk after each slice, and many share alike.
 * A batch begins when all that its session sent before it is answered, and while it is under way
 * its session takes no other frame: so a session's order is kept.  An item that names a transaction
 * whose item was refused for want of room is refused like it.
 */
#ifndef TG_GATEWAY_BATCH_H
#define TG_GATEWAY_BATCH_H

#include <stdint.h>

#include "gateway/pipeline.h"
#include "gateway/session.h"
#include "protocol/value.h"

#define BATCH_SLICE_ITEMS 128 /* in a turn */

struct batch;

/* Begin a BATCH; its items are copied.  The session has none under way. */
void batch_begin(struct session *session, const struct tg_message *request);

/* Submit a slice of the items that are left, or get in line for room; at the end of a turn. */
void batch_run(struct session *session);

/* Jobs have been given back: let those at the head of the line run. */
void batch_room_came(struct io *io);

/* The ledger has answered an item. */
void batch_answered(struct session *session, const struct pipeline_job *job);

/* NULL is fine. */
void batch_free(struct batch *batch);

#endif
