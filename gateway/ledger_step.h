/*
 * ledger_step.h - the one place where requests meet the ledger.
 *
 * Takes jobs from the ports' lanes, decides, encodes the records into the open batch, applies
 * them and hands the answer back with the sequence it must wait for.  Owns the decision, the time
 * of the open batch and its figures.  Runs on its own thread or on the first I/O thread, never on
 * two at once; only it touches the ledger.  Knows nothing of sockets, nor how records become
 * durable.
 */
#ifndef TG_GATEWAY_LEDGER_STEP_H
#define TG_GATEWAY_LEDGER_STEP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "gateway/figure.h"
#include "gateway/open_batch.h"
#include "gateway/pipeline.h"
#include "gateway/port.h"
#include "gateway/queue.h"
#include "gateway/waker.h"
#include "gateway/zone.h"
#include "ledger/ledger.h"

/* Any decision fits into so much room of the open batch; without it nothing is decided. */
#define LEDGER_STEP_ROOM_BYTES ((size_t)DECISION_RECORDS_MAX * RECORD_BYTES_MAX)

/* Decisions for one request: with evidence two originals may be opened again first. */
#define LEDGER_STEP_DECISIONS_MAX 3

/* Everything borrowed, and outliving the step. */
struct ledger_step_config {
	struct ledger *ledger;
	struct clock *clock;
	const struct zone *zone;
	struct open_batch *open;
	struct waker *journal_waker;	/* woken when a batch opens or a mark is left */
	struct pipeline_port *ports;	/* port_count of them */
	uint32_t port_count;
	/* May new records be made? */
	bool (*has_room)(void *context);
	/* Up to where are records durable?  See journal_thread_durable_sequence(). */
	uint64_t (*durable_sequence)(void *context);
	void	*context;		/* of the two above */
	/* Work of the ledger's thread between requests; NULL: none. */
	pipeline_between_fn *between;
	void	*between_context;
	/* Requests that want the archive. */
	struct waker *evidence_waker;
	uint32_t evidence_max[PIPELINE_ARCHIVE_LANE_COUNT]; /* jobs there at once; 0: none */
};

/* Written by the ledger's thread, read by any. */
struct ledger_step_figures {
	_Atomic uint64_t requests;	/* decided */
	_Atomic uint64_t records;	/* made */
	_Atomic uint64_t refused_full;	/* for want of journal room */
	_Atomic uint64_t refused_clock;	/* because the clock is not accepted */
	/* jobs at the archive now */
	_Atomic uint64_t evidence_waiting[PIPELINE_ARCHIVE_LANE_COUNT];
	/* refused because too many were there */
	_Atomic uint64_t evidence_full[PIPELINE_ARCHIVE_LANE_COUNT];
	_Atomic int64_t delay_us_max;	/* longest wait in a lane since last read */
	struct histogram delays;	/* us in a lane, of the first job of each turn of a lane */
	/* Partners by enum funding_level, as of the same moment as the tables. */
	_Atomic uint64_t fundings[FUNDING_LEVEL_COUNT];
	/* Of each table by its id, as of the last tenth of a second with work. */
	struct {
		_Atomic uint64_t live;	/* rows */
		_Atomic uint64_t used;	/* rows that were live at some time */
	} tables[TABLE_SET_MAX];
};

struct ledger_step {
	struct ledger_step_config config;
	struct decision *decision;	/* owned; used over and over */
	struct ledger_now now;		/* of the open batch */
	uint64_t now_batch;		/* number of the batch that now belongs to */
	uint64_t filled_batch;		/* number of the batch last appended to */
	size_t	 filled_bytes;		/* used in it then */
	/* jobs on their way to the archive, and back */
	struct queue evidence_out[PIPELINE_ARCHIVE_LANE_COUNT];
	struct queue evidence_in;
	uint32_t *page_partners;	/* owned; who waits for each page at the archive */
	_Atomic bool wants_mark;	/* set by the journal thread: idle */
	_Atomic bool wants_room;	/* stopped for want of room in the batch or for notices */
	int32_t	 business_date;		/* for the batch: after the last record */
	int64_t	 told_tables_us;	/* when figures.tables was last written */
	struct ledger_step_figures figures;
};

/* TG_OK; TG_NO_MEMORY.  ledger_step_deinit() is fine after both. */
TG_MUST_CHECK enum tg_status ledger_step_init(struct ledger_step *step,
					      const struct ledger_step_config *config);
void ledger_step_deinit(struct ledger_step *step);

/*
 * Do what there is, for about so long.  True: there is more to do now.  False: nothing to do, or
 * the open batch is full and waits for the journal.
 */
bool ledger_step_run(struct ledger_step *step, int64_t until_mono_us);

/* Is every lane empty, and nothing at the archive? */
bool ledger_step_is_drained(const struct ledger_step *step);

/* Leave a mark for the journal thread, if everything applied is durable. */
void ledger_step_leave_mark(struct ledger_step *step);

#endif
