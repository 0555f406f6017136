/*
 * meter.h - what one I/O thread counts of its work.
 *
 * The thread writes, any thread reads (figure.h).  An answer's time is taken from the moment its
 * frame was complete to the end of the turn's writes: answers of a turn are noted one by one and
 * timed together, with one look at the clock.
 */
#ifndef TG_GATEWAY_METER_H
#define TG_GATEWAY_METER_H

#include <stdint.h>

#include "gateway/figure.h"
#include "gateway/session.h"
#include "protocol/message.h"
#include "protocol/status.h"

/* Above every wire number of an operation and of a status; 0 stands for operations not known. */
#define METER_OPERATIONS 64
#define METER_STATUSES 144
#define METER_NOTES_MAX 1024 /* more answers of a turn are timed in between */

/* An answer whose time is not taken yet. */
struct meter_note {
	int64_t since_us; /* CLOCK_MONOTONIC; its frame was complete */
	uint32_t operation;
};

struct meter {
	_Atomic uint64_t requests; /* frames with a request, BATCH as one */
	_Atomic uint64_t items;	   /* items of BATCH frames */
	_Atomic uint64_t busy;	   /* answered BUSY, items too */
	_Atomic uint64_t answers[METER_OPERATIONS][METER_STATUSES]; /* items too */
	_Atomic uint64_t notices[METER_STATUSES]; /* NOTICE, by outcome */
	_Atomic uint64_t sessions[SESSION_STATE_COUNT]; /* in each state now; not of FREE */
	struct histogram times[METER_OPERATIONS];	/* us; of frames, not of items */
	struct histogram turns;				/* us from events to the end of a turn */
	_Atomic int64_t turned_at_us;			/* end of the last turn; 0: none yet */
	/* The thread's. */
	struct meter_note notes[METER_NOTES_MAX];
	uint32_t note_count;
};

/* Count an answer.  operation: any number off the wire. */
void meter_count(struct meter *meter, uint32_t operation, uint32_t status);

/* Count an answer to a frame that was complete since then, and note it for meter_settle(). */
void meter_note(struct meter *meter, uint32_t operation, uint32_t status, int64_t since_us);

/* The answers noted are written: take their times. */
void meter_settle(struct meter *meter);

/* A session goes from one state to another. */
void meter_move(struct meter *meter, enum session_state from, enum session_state to);

/* What all I/O threads together have counted, as of some moment. */
struct meter_view {
	uint64_t requests, items, busy;
	uint64_t answers[METER_OPERATIONS][METER_STATUSES];
	uint64_t notices[METER_STATUSES];
	uint64_t sessions[SESSION_STATE_COUNT];
	struct histogram_view times[METER_OPERATIONS];
};

/* Any thread: add what a meter holds to a view. */
void meter_collect(const struct meter *meter, struct meter_view *view);

#endif
