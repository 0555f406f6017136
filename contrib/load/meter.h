/*
 * meter.h - what a run has seen: outcomes, latencies, points by partner.
 *
 * Only counts; what is shown of it, and how, is report.h's.
 */
#ifndef TG_CONTRIB_LOAD_METER_H
#define TG_CONTRIB_LOAD_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/load/histogram.h"
#include "protocol/value.h"

#define METER_OPERATIONS 64 /* above every operation's number */
#define METER_STATUSES 128  /* above every status; a larger one is counted as the last */

/* Points of one partner, as acknowledged. */
struct meter_partner {
	uint32_t number;
	int64_t	 issued_points;	  /* by earns, and own currency that came in */
	int64_t	 burned_points;	  /* by burns, captures, and for own currency */
	int64_t	 taken_points;	  /* earned points taken back */
	int64_t	 restored_points; /* burned points given back */
};

/* All zero is an empty one. */
struct meter {
	/* Requests with their final answer, repetitions not counted. */
	uint64_t outcomes[METER_OPERATIONS][METER_STATUSES];
	uint64_t answered_count; /* sum of outcomes */
	/* Sendings and what became of them. */
	uint64_t sent_count;	 /* all */
	uint64_t repeat_count;	 /* of them: the same request again although it was not lost */
	uint64_t retry_count;	 /* of them: again after it was refused for now, or lost */
	uint64_t busy_count;	 /* answered BUSY or the like */
	uint64_t replay_count;	 /* answers marked as a replay */
	uint64_t lost_count;	 /* without an answer when the connection ended */
	uint64_t unknown_count;	 /* requests given up: nobody knows what became of them */
	uint64_t stray_count;	 /* answers to nothing that was asked */
	uint64_t mismatch_count; /* repetitions answered otherwise than the original */
	/* Connections. */
	uint64_t ready_count;	 /* sessions that got ready */
	uint64_t failed_count;	 /* connections that did not get so far */
	uint64_t ended_count;	 /* sessions that ended afterwards, not by us */
	/* Latencies. */
	struct histogram  all;	       /* from due or first sending to the final answer */
	struct histogram  service;     /* from each sending to its answer */
	struct histogram  connect;     /* from connect to the answer to AUTH */
	struct histogram  recent;      /* as all, since the last progress line */
	struct histogram *operations[METER_OPERATIONS]; /* as all; owned, NULL: none */
	uint64_t	  recent_count; /* final answers since the last progress line */
	/* By partner, in the order of their numbers. */
	struct meter_partner *partners; /* owned */
	uint32_t	      partner_count;
	char		      last_reason[128]; /* why a connection ended or failed last */
};

void meter_deinit(struct meter *meter);

/* Begin anew, but for what is told of connections. */
void meter_begin(struct meter *meter);

/*
 * Count the final answer to a request of a partner's terminal.
 *
 * operation: of the request.  latency_ns: from its due time.  is_copy: a repetition; counts no
 * outcome and no points.
 */
void meter_answer(struct meter *meter, uint32_t operation, uint32_t partner,
		  const struct tg_message *answer, uint64_t latency_ns, bool is_copy);

/* The partner's points; made when it is new, and valid until another is. */
struct meter_partner *meter_partner(struct meter *meter, uint32_t number);

/* Answers with this status, over all operations. */
uint64_t meter_status_count(const struct meter *meter, uint32_t status);

#endif
