/*
 * timers.h - what the gateway asks of the ledger by itself as time passes.
 *
 * Each second a TICK, again at once while more is due; CUTOVER whenever the business date is
 * behind; at the start the programme, if the configuration's differs.  One request at a time.
 * Owns a timer of the control thread's event loop.  Knows no rule: what is due is the ledger's
 * business.
 */
#ifndef TG_GATEWAY_TIMERS_H
#define TG_GATEWAY_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/control.h"
#include "gateway/log.h"
#include "gateway/pipeline.h"
#include "gateway/zone.h"
#include "ledger/config_rows.h"

struct event_base;
struct timers;

/* Everything borrowed, and outliving the timers. */
struct timers_config {
	struct pipeline *pipeline;
	struct control *control;
	struct log *log;
	const struct zone *zone;
	int32_t	 cut_off_minutes;
	/* Of the configuration, to be set before anything else; NULL: the ledger has the same. */
	const struct programme_config *programme;
};

/* NULL: out of memory. */
struct timers *timers_new(const struct timers_config *config, struct event_base *base);
void timers_free(struct timers *timers);

/*
 * Before the I/O threads run: set the programme and bring the business date up to now.  Blocks for
 * the disk.  Returns, too, when the ledger refuses (the clock waits for the operator, the journal's
 * disk is full); timers_start() then tries again each second.
 */
void timers_catch_up(struct timers *timers);

/* Begin the beat of a second.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status timers_start(struct timers *timers);

/* Control thread: no more requests; what is on its way comes back as usual. */
void timers_stop(struct timers *timers);

/*
 * Any other thread, after a step of the clock: have all missed business dates cut over, and wait;
 * with a stepped clock also until all that is due by then has been done.
 * TG_OK: the date is that of now; TG_BUSY: the ledger refused, it is tried again each second;
 * TG_SHUTTING_DOWN.
 */
TG_MUST_CHECK enum tg_status timers_await_date(struct timers *timers);

/* Control thread: let go who waits; from now on they get TG_SHUTTING_DOWN. */
void timers_end(struct timers *timers);

#endif
