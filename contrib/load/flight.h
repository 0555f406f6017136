/*
 * flight.h - frames of one session that wait for their answers, found by request id.
 */
#ifndef TG_CONTRIB_LOAD_FLIGHT_H
#define TG_CONTRIB_LOAD_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/load/request.h"

#define FLIGHTS_MAX 65535 /* a place is half of a request id */

/* One frame without its answer. */
struct flight {
	uint32_t	     request_id; /* 0: this place is free */
	uint64_t	     sent_ns;
	uint64_t	     order;	/* counts sendings of the slot */
	bool		     is_batch;
	struct request_queue requests; /* one, or the items of a batch; none for a PING */
};

/* Invariant: count places of items have a request id, and it names the place. */
struct flights {
	struct flight *items;	 /* owned */
	uint32_t       capacity; /* of items, 1 to FLIGHTS_MAX */
	uint32_t       count;	 /* in use */
	uint32_t       round;	 /* makes request ids of one place differ */
	uint64_t       order;	 /* frames sent so far */
};

void flights_init(struct flights *flights, uint32_t capacity);

/* Free the places; the requests in them are the caller's. */
void flights_deinit(struct flights *flights);

/* Take a place for what is about to be sent; there is one. */
struct flight *flights_begin(struct flights *flights, bool is_batch, uint64_t now_ns);

/* Free the place and forget its requests. */
void flights_end(struct flights *flights, struct flight *flight);

/* The flight with this request id, NULL when there is none. */
struct flight *flights_find(struct flights *flights, uint32_t request_id);

/* The flight that was sent first, NULL when there is none. */
struct flight *flights_oldest(struct flights *flights);

#endif
