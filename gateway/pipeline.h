/*
 * pipeline.h - requests on their way to the ledger, answers on their way back.
 *
 * Joins I/O threads, control thread, ledger step and journal thread by bounded queues.  An answer
 * comes back when every record applied before it was formed is durable, never earlier.  Owns the
 * jobs, the queues, the open journal batch, the ledger thread and the journal thread.  Knows
 * nothing of sockets, sessions or frames: a session is a number to it.
 *
 * A port is one thread's end of the pipeline: one for each I/O thread and one for the control
 * thread (console, timers).  All functions that take a port belong to the thread of that port.
 *
 *	wake-up of an I/O thread		when pipeline_port_fd() is readable
 *	  for each frame read:			  pipeline_port_wake(port)
 *	    job = pipeline_job_take(port, kind)	  while ((job = pipeline_job_done(port)))
 *	    fill job->request and its head	    answer it; pipeline_job_give(port, job)
 *	    pipeline_submit(port, job)		  while (pipeline_notice_next(port, &notice))
 *	  pipeline_flush(port)			    close or change sessions
 *						  pipeline_flush(port)
 */
#ifndef TG_GATEWAY_PIPELINE_H
#define TG_GATEWAY_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/figure.h"
#include "ledger/ledger.h"
#include "ledger/request.h"
#include "protocol/status.h"
#include "storage/archive_page.h"
#include "storage/archive_query.h"

struct clock;
struct journal;
struct pipeline;
struct pipeline_port;
struct storage_error;
struct zone;

/* Queues of a port.  Order is kept within a lane of a port, not between lanes. */
enum pipeline_lane {
	PIPELINE_TERMINAL, /* requests of sessions, AUTH too; control: console */
	PIPELINE_BATCH,	   /* items of BATCH frames; control: timers.  After the other lane */
	PIPELINE_LANE_COUNT,
};

/* What waits for the archive.  Originals go before pages, which can be many. */
enum pipeline_archive_lane {
	PIPELINE_ORIGINALS, /* refunds and reversals of what has left the window, and questions */
	PIPELINE_PAGES,	    /* HISTORY and ENTRIES, and proofs of a day */
	PIPELINE_ARCHIVE_LANE_COUNT,
};

/* Bytes of the lines of one request, at most. */
#define PIPELINE_LINES_BYTES_MAX (TG_LINES_MAX * LINE_BYTES_MAX)

/* Looks at the ledger on its thread, between requests, for at most a millisecond. */
typedef void pipeline_read_fn(const struct ledger *ledger, void *argument);

/* One request and its answer.  Owned by the pipeline; lent from take to give. */
struct pipeline_job {
	/* By the submitter.  take() sets request to zero and the rest of this part too. */
	uint64_t session;	 /* given back as it is: slot and generation, say */
	uint32_t request_id;	 /* given back as it is */
	uint32_t item_index;	 /* given back as it is: place in a BATCH */
	uint8_t	 lane;		 /* enum pipeline_lane */
	int64_t	 received_mono_us; /* given back as it is: when its frame was complete */
	pipeline_read_fn *read;	 /* not NULL: run this on the ledger instead of request */
	void	*read_argument;	 /* ... with this */

	/* The pipeline's own.  Parts that every request touches lie side by side. */
	struct pipeline_port *port;	 /* takes the answer */
	uint64_t wait_sequence;		 /* durable before the answer is given */
	int64_t	 queued_mono_us;	 /* when submitted */
	struct archived_transaction *archived; /* owned; evidence for original and burn, or NULL */
	struct archived_page *page;	 /* owned; entries that were asked for, or NULL */
	bool	 has_archive;		 /* the archive was asked already */
	uint32_t archive_partner;	 /* asked: whose originals or entries, ... */
	uint64_t archive_member;	 /* ... of which member, 0: of all, ... */
	struct archive_proof_question archive_proof; /* ... how divided, ... */
	uint64_t archive_sequence;	 /* ... knowing records up to this, ... */
	int64_t	 archive_utc_ms;	 /* ... ledger's time then, ... */
	int64_t	 archive_mono_us;	 /* ... and clock_mono_us() */

	/* By the submitter; holds all it needs: lines point to lines_storage. */
	struct ledger_request request;

	/* By the ledger step; for the submitter after pipeline_job_done(). */
	struct ledger_answer answer; /* lists hold as many elements as their counts say */

	/* The submitter's; not set to zero by take(). */
	uint8_t	 lines_storage[PIPELINE_LINES_BYTES_MAX];
	struct answer_total claimed_storage[TG_PROOF_KINDS];
	struct archived_day day_storage; /* the evidence thread's */
	struct archived_statement statement_storage; /* ... too */
};

/* A record that concerns open sessions, durable by now. */
struct pipeline_notice {
	uint8_t	 kind;		/* RECORD_PARTNER, RECORD_STORE or RECORD_TERMINAL */
	bool	 is_blocked;	/* by the row's own flag */
	bool	 is_test;	/* PARTNER, TERMINAL: by the row's own flag */
	uint32_t number;	/* of partner, store or terminal */
	uint32_t partner;	/* STORE, TERMINAL: belongs to this partner */
	uint32_t store;		/* TERMINAL: stands in this store, 0: a partner's system */
	uint32_t rights;	/* TERMINAL: bits of enum tg_right */
	uint16_t key_generation;     /* TERMINAL: sessions of other generations end */
	uint16_t key_generation_old; /* TERMINAL: accepted besides, 0: none */
	uint64_t sequence;	/* of the record */
};

/*
 * A free job for a request of that kind (enum ledger_request_kind), request.kind set.
 * NULL: all are in use, or only those kept for RELEASE, REVERSE and the console are left: BUSY.
 */
struct pipeline_job *pipeline_job_take(struct pipeline_port *port, uint8_t kind);

/* Give a job back that was not submitted, or whose answer has been used. */
void pipeline_job_give(struct pipeline_port *port, struct pipeline_job *job);

/*
 * Put a job into its lane.  Does not block.
 *
 * TG_OK: the job comes back by pipeline_job_done(), always.  Else the job is still the caller's,
 * and the connection must answer everything it has read already in the same way, so that no
 * CAPTURE overtakes its HOLD: TG_BUSY: the lane is full or has been waiting beyond its bound;
 * TG_SHUTTING_DOWN: the gateway drains.
 */
TG_MUST_CHECK enum tg_status pipeline_submit(struct pipeline_port *port, struct pipeline_job *job);

/* How many more jobs the lane PIPELINE_BATCH of the port takes now. */
uint32_t pipeline_batch_room(const struct pipeline_port *port);

/*
 * After the last submit of a wake-up: see to it that the ledger step runs.  With its own thread
 * it is woken; inline it runs here, for at most a millisecond or so, and the port's fd becomes
 * readable again if there is more to do.  Cheap when nothing was submitted.
 */
void pipeline_flush(struct pipeline_port *port);

/*
 * Becomes readable when answers, notices or inline work wait for the port.  Owned by the
 * pipeline.
 */
int pipeline_port_fd(const struct pipeline_port *port);

/* Make the fd unreadable; before looking for answers. */
void pipeline_port_wake(struct pipeline_port *port);

/* The next answer that may be told, NULL when there is none.  Bound the number per wake-up. */
struct pipeline_job *pipeline_job_done(struct pipeline_port *port);

/* The next notice.  False: none. */
bool pipeline_notice_next(struct pipeline_port *port, struct pipeline_notice *ret_notice);

/* Jobs submitted by this port and not yet given back. */
uint32_t pipeline_port_in_flight(const struct pipeline_port *port);

/*
 * For any thread.
 */

/* The ledger's time now, ms UTC: for HELLO and for deadlines told to clients. */
int64_t pipeline_utc_ms(const struct pipeline *pipeline);

/* Present business date as of the last durable record; DAY_NONE before the first CUTOVER. */
int32_t pipeline_business_date(const struct pipeline *pipeline);

/* Day of a time in the programme's zone, days since 1970-01-01. */
int32_t pipeline_day(const struct pipeline *pipeline, int64_t utc_ms);

/* ... and the minute of that day. */
uint16_t pipeline_minute(const struct pipeline *pipeline, int64_t utc_ms);

/* Is the clock moved by the console (clock.source = stepped)? */
bool pipeline_is_stepped(const struct pipeline *pipeline);

/* May records be made: the clock is accepted, and the journal has room? */
bool pipeline_may_record(const struct pipeline *pipeline);

/* The port of I/O thread io_index, 0 <= io_index < pipeline_config.io_threads. */
struct pipeline_port *pipeline_io_port(struct pipeline *pipeline, uint32_t io_index);

/* The port of the control thread. */
struct pipeline_port *pipeline_control_port(struct pipeline *pipeline);

/*
 * The owner's side: the gateway makes one pipeline, starts it before the I/O threads and stops it
 * after them.
 */

/* Work of the ledger's thread between requests, a slice of it.  True: there is more to do now. */
typedef bool pipeline_between_fn(void *context, struct ledger *ledger);

/* What the archive is asked. */
struct pipeline_question {
	struct archive_question original; /* through_sequence: applied when it was asked */
	int64_t	 asked_mono_us;		/* by clock_mono_us(); it has waited its turn since */
};

/*
 * Look up an original in the archive, on a thread of its own; may block for seconds. ret_found:
 * is_found false when there is none.  TG_OK; others: the archive cannot be read now.
 */
typedef enum tg_status pipeline_archive_fn(void *context, const struct pipeline_question *question,
					   struct archived_transaction *ret_found);

/* What a page is asked for. */
struct pipeline_page_question {
	struct archive_page_question page; /* but its timeout_ms */
	bool	 waits;			/* a proof: first wait for what was booked, for a while */
	uint64_t booked_sequence;	/* applied when it was asked, ... */
	int64_t	 utc_ms;		/* ... at this time of the ledger's ... */
	int64_t	 asked_mono_us;		/* ... and of clock_mono_us(); it has waited since */
};

/*
 * Fetch a page of entries, or a slice of a proof, on the same thread; may block for seconds.
 * TG_OK; others: the archive cannot be read now.
 */
typedef enum tg_status pipeline_page_fn(void *context,
					const struct pipeline_page_question *question,
					struct archived_page *ret_page);

/* Pointers are borrowed and outlive the pipeline. */
struct pipeline_config {
	struct ledger *ledger;		/* recovered; its sequence is the journal's durable one */
	struct journal *journal;
	struct clock *clock;		/* started */
	const struct zone *zone;
	uint32_t io_threads;		/* ports for them, >= 1 */
	bool	 is_inline;		/* ledger step on I/O thread 0, in pipeline_flush() */
	uint32_t requests_max;		/* of one I/O thread on their way at once */
	uint32_t requests_reserved;	/* ... of which for RELEASE and REVERSE alone */
	uint32_t batch_items_max;	/* ... of which items of batches, >= 1; at most half */
	int64_t	 queue_delay_ms_max;	/* beyond it BUSY; 0: no bound */
	int64_t	 idle_mark_ms;		/* idle for so long, the journal gets a mark */
	pipeline_between_fn *between;	/* NULL: none */
	pipeline_archive_fn *archive;	/* NULL: there is no archive, of pages neither */
	pipeline_page_fn *page;
	void	*archive_context;	/* for both */
	uint32_t archive_max;		/* jobs at the archive at once; further ones are refused */
	/* pages asked of it at once, half of them of one partner; more are BUSY; 0: none */
	uint32_t pages_max;
	/* On the journal thread: the journal is lost, and with it the process. */
	void (*on_dead)(void *context, const struct storage_error *error);
	void	*context;		/* of between and on_dead */
};

/*
 * Make the ports and buffers; no thread runs yet.  ret_pipeline: freed by the caller.
 * TG_OK; TG_CONFIG: the journal's batches are too small for a decision; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status pipeline_new(const struct pipeline_config *config,
					  struct pipeline **ret_pipeline);
void pipeline_free(struct pipeline *pipeline);

/* Start the threads.  TG_OK; TG_NO_MEMORY: pipeline_stop() what runs. */
TG_MUST_CHECK enum tg_status pipeline_start(struct pipeline *pipeline);

/*
 * Instead of pipeline_start(), for one thread that does everything (is_inline): a turn of what the
 * threads would do, and what it came to.  Blocks for the disk and the archive.
 */
enum pipeline_turn {
	PIPELINE_TURN_IDLE,	/* nothing to do: the journal may be told so, pipeline_rest() */
	PIPELINE_TURN_WORKED,	/* do it again; ports may have answers */
	PIPELINE_TURN_FULL,	/* a batch waits for room on the disk */
	PIPELINE_TURN_DEAD,	/* the journal is lost */
};
enum pipeline_turn pipeline_turn(struct pipeline *pipeline);

/* The journal has been idle for a while: it is to get a mark, in the next turn but one. */
void pipeline_rest(struct pipeline *pipeline);

/* Any thread: from now on I/O ports get TG_SHUTTING_DOWN; what was submitted is answered. */
void pipeline_drain(struct pipeline *pipeline);

/*
 * After the I/O threads have ended: do what is in the lanes, make it durable, write a mark, end the
 * threads.  Waits for the disk.  TG_OK; TG_IO: the journal is dead.
 */
TG_MUST_CHECK enum tg_status pipeline_stop(struct pipeline *pipeline);

/* Any thread: another bound for the wait in a queue, as queue_delay_ms_max. */
void pipeline_set_queue_delay(struct pipeline *pipeline, int64_t queue_delay_ms_max);

/* Any thread: have the ledger step look for work, between() too. */
void pipeline_poke(struct pipeline *pipeline);

/* Any thread: records up to here are durable. */
uint64_t pipeline_durable_sequence(const struct pipeline *pipeline);

/* Figures since the start.  Each is right, together they may be a moment apart. */
struct pipeline_figures {
	uint64_t requests;		/* decided */
	uint64_t records;
	uint64_t busy;			/* refused before the ledger: queue full or too slow */
	uint64_t refused_full;		/* for want of journal room */
	uint64_t refused_clock;		/* while the clock waits for `clock accept` */
	uint64_t waiting;		/* in the lanes now */
	/* For originals and for pages: at the archive now; refused because too many were there. */
	uint64_t archive_waiting[PIPELINE_ARCHIVE_LANE_COUNT];
	uint64_t archive_full[PIPELINE_ARCHIVE_LANE_COUNT];
	uint64_t durable_sequence;
	uint64_t batches;
	uint64_t batch_bytes;
	uint64_t marks;
	bool	 is_dead;		/* the journal is lost */
	struct histogram_view delays;	/* us in a lane, of the first job of each turn of one */
	struct histogram_view append_us; /* how long batches took to be durable */
	struct histogram_view batch_records;
};

/* Any thread. */
struct pipeline_figures pipeline_figures(const struct pipeline *pipeline);

/* Any thread: longest wait in a lane since the last call of this, us.  For the console. */
int64_t pipeline_take_delay_us_max(struct pipeline *pipeline);

/* How full a table of the ledger is. */
struct pipeline_table {
	const char *name;		/* static */
	uint64_t live;			/* rows */
	uint64_t rows_max;
	uint64_t bytes;			/* of rows that were live at some time: memory in use */
};

/* Any thread: fill tables, TABLE_SET_MAX of them; returns how many.  About 100 ms old. */
uint32_t pipeline_tables(const struct pipeline *pipeline, struct pipeline_table *tables);

/* Any thread: partners at a level of funding.  About 100 ms old. */
uint32_t pipeline_fundings(const struct pipeline *pipeline, enum funding_level level);

/* Any thread: jobs of a lane that wait.  io_index: of the I/O thread; above them: control. */
uint32_t pipeline_waiting(const struct pipeline *pipeline, uint32_t io_index,
			  enum pipeline_lane lane);

/* Processor time of a thread since its start, us; -1: there is no such thread (any more). */
int64_t pipeline_ledger_cpu_us(const struct pipeline *pipeline);
int64_t pipeline_journal_cpu_us(const struct pipeline *pipeline);

#endif
