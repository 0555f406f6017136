/*
 * serve.h - requests after the opening: noted, looked at, answered, or met with the round's fault.
 */
#ifndef TG_CONTRIB_CERTIFY_SERVE_H
#define TG_CONTRIB_CERTIFY_SERVE_H

#include "contrib/certify/round.h"
#include "protocol/frame.h"

#define SERVE_IN_FLIGHT_MAX 8

/* Send an answer, as the round's fault has it. */
void serve_send(struct round *round, const struct tg_message *answer);

/* Refuse a request that could not be decoded.  field: at fault, 0 for none. */
void serve_refusal(struct round *round, const struct tg_message *request, enum tg_status status,
		   uint32_t field);

/* A request of a terminal that has proved itself, or PING. */
void serve_request(struct round *round, const struct tg_frame *frame,
		   const struct tg_message *request);

/* Bytes have come: are more requests unanswered than may be? */
void serve_count_waiting(struct round *round);

/* Has the transaction of a sighting, by its index, got its final answer, or been undone? */
bool serve_is_resolved(const struct round *round, uint32_t index);

/* Is a sighting a later one of the same transaction, or one that undoes it? */
bool serve_is_same(const struct sighting *one, const struct sighting *other);
bool serve_undoes(const struct sighting *reversal, const struct sighting *original);

#endif
