/*
 * engine.h - sends what a source gives over many connections, at a rate or as fast as answers
 * come.
 *
 * One thread.  Owns the slots and the event loop; borrows everything else.  In an open loop
 * requests are due at fixed times whatever the server does, and latency counts from the due time,
 * so that a stall is seen by every request that it delayed.
 */
#ifndef TG_CONTRIB_LOAD_ENGINE_H
#define TG_CONTRIB_LOAD_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "contrib/load/endpoint.h"
#include "contrib/load/members.h"
#include "contrib/load/meter.h"
#include "contrib/load/slot.h"
#include "contrib/load/source.h"
#include "contrib/load/terminals.h"
#include "contrib/load/trace.h"

struct engine;

/* All but options and progress must outlive the engine. */
struct engine_setup {
	struct slot_options	options;
	uint32_t		connection_count; /* >= 1; terminals take turns */
	uint64_t		connect_rate;	  /* new connections a second; 0: all at once */
	uint64_t		connect_all_ns;	  /* wait for all to be ready */
	uint64_t		drain_ns;	  /* wait for answers when nothing new is sent */
	uint64_t		give_up_ns;	  /* without any connection, end the run */
	uint64_t		seed;		  /* of jitter and shares */
	const struct endpoint  *endpoint;
	const struct terminals *terminals;
	struct members	       *members;
	struct meter	       *meter;
	struct trace_writer    *trace; /* NULL: nothing is logged */
	/* Called in each turn of a run, several times a second; NULL: not called. */
	void (*progress)(void *context, const struct load *load);
	void *progress_context;
};

/* How long a run lasts; a bound of 0 is none. */
struct engine_bounds {
	uint64_t count_max; /* new requests */
	uint64_t run_ns;    /* time in which new requests are made */
	double	 rate;	    /* new requests a second; 0: closed loop */
};

/* How a run ended. */
enum engine_end {
	ENGINE_DONE,	/* every request has its final answer */
	ENGINE_STOPPED, /* the same, but a signal ended it early */
	ENGINE_LEFT,	/* some were given up: their outcome is unknown */
	ENGINE_FAILED,	/* the log could not be written; see failure */
};

/* NULL with the reason when there are not enough file descriptors. */
struct engine *engine_new(const struct engine_setup *setup, struct failure *failure);

void engine_free(struct engine *engine);

/*
 * Connect and authenticate all slots.  False with the reason when none is ready in time; when only
 * some are, the others go on trying.
 */
bool engine_connect(struct engine *engine, struct failure *failure);

/*
 * Run one source to its end, to a bound or to a signal (SIGINT, SIGTERM); then wait for what is
 * not answered.  Connections stay open.  May be called again with another source.
 */
enum engine_end engine_run(struct engine *engine, const struct source *source,
			   const struct engine_bounds *bounds, struct failure *failure);

/*
 * Ask the server for its time, on one connection: after its clock was stepped.
 * False when no answer came in time.
 */
bool engine_ask_time(struct engine *engine, struct failure *failure);

/* Serve connections for a while without sending anything new but PINGs. */
void engine_idle(struct engine *engine, uint64_t idle_ns);

/* Let slots whose source had nothing for them ask again. */
void engine_wake(struct engine *engine);

/* The state that all slots share; to read. */
const struct load *engine_load(const struct engine *engine);

/* Was a signal caught? */
bool engine_is_stopped(const struct engine *engine);

#endif
