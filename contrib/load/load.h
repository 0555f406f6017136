/*
 * load.h - what all connections of a run share: clock, options, source, meter, log, spare
 * requests.
 */
#ifndef TG_CONTRIB_LOAD_LOAD_H
#define TG_CONTRIB_LOAD_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/load/members.h"
#include "contrib/load/meter.h"
#include "contrib/load/prng.h"
#include "contrib/load/request.h"
#include "contrib/load/source.h"
#include "contrib/load/trace.h"

struct slot;

/* How slots behave; fixed for a run. */
struct slot_options {
	uint32_t depth;		  /* frames in flight at most, >= 1 */
	uint32_t batch_items;	  /* transactions in a BATCH frame; 1: no batches */
	uint64_t timeout_ns;	  /* an answer that takes longer is given up with its connection */
	uint64_t connect_ns;	  /* the same for connecting and authenticating */
	uint64_t ping_ns;	  /* silence after which a PING is sent; 0: never */
	uint64_t reconnect_ns;	  /* mean wait before the first new attempt; doubles, to 32 times */
	uint32_t drop_ppm;	  /* share of sendings behind which the connection is cut */
	uint32_t abandon_ppm;	  /* share of lost requests that are not sent again */
};

/* What all slots share.  Owned by engine.c; slots write to it. */
struct load {
	const struct slot_options *options;
	struct members	    *members;
	struct meter	    *meter;
	struct trace_writer *trace;	     /* NULL: nothing is logged */
	const struct source *source;	     /* of this phase; NULL: no new requests */
	struct prng	     prng;	     /* for shares and jitter */
	uint64_t	     now_ns;	     /* monotonic; read at the beginning of each callback */
	uint64_t	     pace_ns;	     /* from one due request to the next; 0: closed loop */
	uint64_t	     next_due_ns;    /* open loop: when the next new request is due */
	uint64_t	     end_ns;	     /* no new request is due then or later */
	uint64_t	     new_left;	     /* new requests still to be made */
	uint64_t	     alive_count;    /* requests that have no final answer yet */
	uint32_t	     ready_count;    /* slots whose session is ready */
	uint32_t	     session_count;  /* sessions there were; numbers them in the trace */
	struct request	    *free_requests;  /* owned, for use again */
	struct slot	    *slots;	     /* all of them */
	uint32_t	     slot_count;
	struct slot	    *first_dirty, *last_dirty; /* slots with something to flush */
	struct slot	    *first_idle, *last_idle; /* slots that could send but had nothing */
	bool		     is_source_done; /* the source said so */
	int64_t		     clock_offset_ms; /* server's clock less ours */
	int64_t		     stepped_ms;     /* server's time while its clock is stepped; else 0 */
};

/* Read the clock into load->now_ns. */
void load_tick(struct load *load);

/* The server's time, ms UTC, as far as it has told it. */
int64_t load_server_time_ms(const struct load *load);

/* Take over what the server tells of its time; 0: it told nothing. */
void load_learn_time(struct load *load, int64_t server_time_ms, bool is_stepped);

/* The system's time, microseconds UTC. */
int64_t load_wall_us(void);

/* Is a new request due, or is there no pace? */
bool load_is_due(const struct load *load);

/* A time around mean, so that slots do not march in step. */
uint64_t load_jitter_ns(struct load *load, uint64_t mean_ns);

/* The partner that a slot's terminal belongs to; 0 as long as its session never was ready. */
uint32_t load_slot_partner(const struct load *load, uint32_t slot);

/* Does some slot's terminal belong to the partner? */
bool load_has_partner(const struct load *load, uint32_t partner);

/* A request with undefined contents; counts as alive until it is released. */
struct request *load_new_request(struct load *load);

/* The request has its final answer, or was given up. */
void load_release(struct load *load, struct request *request);

/* Release all requests of a queue. */
void load_release_all(struct load *load, struct request_queue *queue);

/* Free the requests kept for use again. */
void load_free_requests(struct load *load);

#endif
