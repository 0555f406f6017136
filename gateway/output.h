/*
 * output.h - bytes on their way to a peer: one flat buffer a session, while there are any.
 *
 * Answers are appended during a turn and written at its end, so that many answers are one TLS
 * record.  How much may wait is bounded by not reading more requests, see session_is_taking().
 */
#ifndef TG_GATEWAY_OUTPUT_H
#define TG_GATEWAY_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/session.h"
#include "protocol/status.h"
#include "protocol/value.h"

/* Bytes that wait. */
static inline size_t
output_bytes(const struct session *session)
{
	return session->out_end - session->out_start;
}

/*
 * Room for so many bytes at the end of the buffer; output_commit() what was written there.  NULL:
 * out of memory, and the session is closed.
 */
uint8_t *output_reserve(struct session *session, size_t bytes);
void output_commit(struct session *session, size_t bytes);

/*
 * Append a message as a frame, marked as below.  Of a session that is past telling anything it is
 * dropped.  An answer is counted as one to io->answering.
 */
void output_message(struct session *session, struct tg_message *message);

/* Say SANDBOX in a message to a test terminal, or to any of an instance that is a sandbox. */
void output_mark(const struct session *session, struct tg_message *message);

/* How long to ask a peer to wait before it sends again what got this status; 0: nothing to say. */
uint32_t output_retry_after_ms(struct io *io, enum tg_status status);

/*
 * Answer a request by a status alone.  field: the field at fault by its wire number, 0 for none.
 * What can be tried again later says when.  request_id 0: a NOTICE, as there is nothing to answer.
 */
void output_status(struct session *session, uint32_t request_id, enum tg_status status,
		   uint32_t field);

/* Append a NOTICE.  retry_after_ms: 0 for none. */
void output_notice(struct session *session, enum tg_status outcome, uint32_t retry_after_ms);

/* Count an answer told as part of another: an item of a BATCH. */
void output_count(struct session *session, uint32_t operation, uint32_t status);

/* Write what waits, as far as the socket takes it, a bounded amount. */
void output_flush(struct session *session);

#endif
