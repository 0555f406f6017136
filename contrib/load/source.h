/*
 * source.h - where requests come from: a mix, a history, the questions of a proof.
 *
 * An interface of three functions; the engine sends what a source gives it and tells it what came
 * back.
 */
#ifndef TG_CONTRIB_LOAD_SOURCE_H
#define TG_CONTRIB_LOAD_SOURCE_H

#include "contrib/load/request.h"
#include "protocol/value.h"

/* What a source says when asked for the next request of a slot. */
enum source_next {
	SOURCE_REQUEST, /* here it is */
	SOURCE_NOTHING, /* none for this slot until the engine is told (engine_wake()) */
	SOURCE_END,	/* none for any slot, ever, in this run */
};

struct source {
	void *context; /* first argument of the functions */
	/* Fill *ret_request, which request_init() has not seen. */
	enum source_next (*next)(void *context, uint32_t slot, struct request *ret_request);
	/* The final answer to a request; not called for repetitions. */
	void (*answered)(void *context, uint32_t slot, const struct request *request,
			 const struct tg_message *answer);
	/* A request was given up without an answer: its outcome is unknown. */
	void (*lost)(void *context, uint32_t slot, const struct request *request);
};

#endif
