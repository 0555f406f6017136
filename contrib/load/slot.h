/*
 * slot.h - one connection's share of the work: what it has in flight, must send again, may send
 * next.
 *
 * A slot keeps its terminal for life and opens its session again whenever it is lost.
 */
#ifndef TG_CONTRIB_LOAD_SLOT_H
#define TG_CONTRIB_LOAD_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "contrib/load/flight.h"
#include "contrib/load/load.h"
#include "contrib/load/request.h"
#include "contrib/load/session.h"

struct slot {
	struct load	    *load;
	uint32_t	     index; /* in load->slots */
	struct session	     session;
	uint32_t	     session_number; /* in the trace */
	struct event	    *timer;	     /* opens the session, or ends a pause */
	struct flights	     flights;	     /* frames without their answer */
	struct request_queue retries;	     /* to be sent again, before all else */
	struct request_queue copies;	     /* repetitions to be sent */
	uint64_t	     resume_ns;	     /* nothing is sent before this: the server was busy */
	uint64_t	     heard_ns;	     /* when the last frame came */
	uint64_t	     reopen_ns;	     /* wait before the opening that follows draining */
	uint32_t	     failure_count;  /* openings in a row that failed */
	bool		     is_ready;	     /* the session is ready */
	bool		     is_draining;    /* to be reopened when nothing is in flight */
	bool		     is_cut;	     /* to be closed behind what is being sent */
	bool		     is_dirty, is_idle; /* is in that list */
	struct slot	    *next_dirty, *next_idle;
};

/* Make a slot without a session; session_setup->hooks and ->context are set here. */
void slot_init(struct slot *slot, struct load *load, uint32_t index,
	       struct session_setup *session_setup);

/* Close, and give back what it has; its requests are forgotten. */
void slot_deinit(struct slot *slot);

/* Open the session after a wait. */
void slot_open(struct slot *slot, uint64_t wait_ns);

/* Send as much as may be sent now. */
void slot_fill(struct slot *slot);

/* Give up all that has no answer: the outcome is unknown. */
void slot_abandon(struct slot *slot);

/* Give up what has taken too long; keep a silent session alive. */
void slot_check(struct slot *slot);

/* Send a PING, whose answer tells the server's time; nothing when nothing may be sent. */
void slot_ping(struct slot *slot);

/*
 * Write what is to be sent to the log, then hand it to the sockets, of all dirty slots.
 * False with the reason when the log cannot be written; nothing is sent then.
 */
TG_MUST_CHECK bool slots_flush(struct load *load, struct failure *failure);

/* Let slots that had nothing to send ask the source again, as long as something is due. */
void slots_wake(struct load *load);

#endif
