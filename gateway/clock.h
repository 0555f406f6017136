/*
 * clock.h - the one time that the ledger decides by.
 *
 * Owns the present time and the alarm about it.  The time runs with CLOCK_BOOTTIME, is slewed to
 * wall time by at most 1 in 200, and never goes back.  Knows nothing of zones (zone.h) or of the
 * ledger.
 *
 * A wall clock that is suddenly more than a minute off is not followed: the time runs on as
 * before and an alarm waits for the operator's `clock accept`.  At a start more than a day after
 * the last record the time stands still at that record until accepted, and nothing may be
 * recorded: points that expired by mistake would be gone.  A stepped clock moves only when the
 * operator says so.
 *
 * Threads: one thread, that of the ledger step, moves the clock; clock_peek_utc_ms() and
 * clock_alarm() are for any.
 */
#ifndef TG_GATEWAY_CLOCK_H
#define TG_GATEWAY_CLOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/status.h"

#define CLOCK_STEP_MS_MAX INT64_C(60000)	/* a wall clock further off is not followed */
#define CLOCK_START_GAP_MS_MAX INT64_C(86400000) /* since the last record */
#define CLOCK_SLEW_DIVISOR 200			/* 1 ms of correction in so many ms */

/* Where time comes from; tests bring their own. */
struct clock_source {
	int64_t (*wall_ms)(void *context);	/* since 1970, UTC; may jump */
	int64_t (*boot_ms)(void *context);	/* since boot, sleep included; steady */
	void	*context;			/* borrowed */
};

/* The machine's clocks. */
struct clock_source clock_source_system(void);

enum clock_alarm {
	CLOCK_FINE,
	CLOCK_WALL_STEPPED,	/* the wall clock is or was over a minute off; time runs on */
	CLOCK_START_GAP,	/* started over a day after the last record; time stands still */
};

struct clock {
	struct clock_source source;
	bool	 is_stepped;		/* moved by clock_step() only */
	int64_t	 slewed_at_boot_ms;	/* when offset was last looked at */
	_Atomic int64_t offset_ms;	/* time = boot_ms + offset */
	_Atomic int64_t floor_utc_ms;	/* time last told: never below it */
	_Atomic int alarm;		/* enum clock_alarm */
};

/*
 * Set the clock going.  last_utc_ms: time of the last record, INT64_MIN for none.  is_stepped:
 * begin there, or at first_utc_ms if that is later (with INT64_MIN for both, at wall time).
 */
void clock_start(struct clock *clock, struct clock_source source, bool is_stepped,
		 int64_t last_utc_ms, int64_t first_utc_ms);

/* The time now, ms UTC.  Owner's thread; call at least each second. */
int64_t clock_now_utc_ms(struct clock *clock);

/* The time now for showing; any thread. */
int64_t clock_peek_utc_ms(const struct clock *clock);

/* Any thread. */
enum clock_alarm clock_alarm(const struct clock *clock);

/* May records be made?  Not while time stands still for CLOCK_START_GAP. */
bool clock_may_record(const struct clock *clock);

/*
 * The operator trusts the wall clock: follow it from now on and end the alarm.  Should it be
 * behind, time stands still until it has caught up. TG_OK; TG_FORBIDDEN: the clock is a stepped
 * one.
 */
TG_MUST_CHECK enum tg_status clock_accept(struct clock *clock);

/*
 * Move a stepped clock.  TG_OK; TG_FORBIDDEN: it is not stepped; TG_BAD_FIELD: utc_ms is in its
 * past.
 */
TG_MUST_CHECK enum tg_status clock_step(struct clock *clock, int64_t utc_ms);

/* Microseconds of CLOCK_MONOTONIC, for intervals and time-outs. */
int64_t clock_mono_us(void);

/* Processor time that a thread, not joined yet, has used, us; -1: not known. */
int64_t clock_cpu_us(pthread_t thread);

/* "fine", "wall-stepped", "start-gap". */
const char *clock_alarm_name(enum clock_alarm alarm);

#endif
