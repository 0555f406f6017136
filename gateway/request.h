/*
 * request.h - what happens with a frame, and with the answer that comes back for it.
 *
 * One request is decoded, checked against the state of its session and the rights of its
 * principal, translated and submitted to the pipeline.  Order and BUSY: a session's requests enter
 * the ledger in the order sent, and once one is refused for want of room everything read so far is
 * refused in the same way.
 */
#ifndef TG_GATEWAY_REQUEST_H
#define TG_GATEWAY_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/pipeline.h"
#include "gateway/session.h"

/* Handle one frame's payload; borrowed for the call. */
void request_handle(struct session *session, const uint8_t *payload, size_t bytes);

/* An answer came from the pipeline.  The job is given back by the caller. */
void request_answered(struct io *io, const struct pipeline_job *job);

#endif
