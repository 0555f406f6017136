/*
 * journal_thread.h - makes batches durable, one after the other, and says so.
 *
 * Owns the thread that alone writes to the journal, the durable sequence as the pipeline knows
 * it, and the figures of batches.  Takes the open batch as soon as the last one is durable: no
 * timer, no linger. An idle journal gets a mark.  Knows nothing of requests.
 */
#ifndef TG_GATEWAY_JOURNAL_THREAD_H
#define TG_GATEWAY_JOURNAL_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/figure.h"
#include "gateway/open_batch.h"
#include "gateway/pipeline.h"
#include "gateway/port.h"
#include "gateway/waker.h"
#include "storage/journal.h"

/* Everything borrowed, and outliving the thread. */
struct journal_thread_config {
	struct journal *journal;
	struct open_batch *open;
	struct pipeline_port *ports;	/* port_count of them, told when answers may go */
	uint32_t port_count;
	int64_t	 idle_mark_ms;		/* without a batch for so long, a mark is asked for */
	uint64_t start_sequence;	/* durable at the start */
	int32_t	 business_date;		/* at the start */
	/*
	 * Any thread: the open batch was taken (room), or the journal is idle (a mark is wanted).
	 */
	void (*on_taken)(void *context);
	void (*on_idle)(void *context);
	/* The journal is lost.  Nothing is answered after it.  The daemon ends the process here. */
	void (*on_dead)(void *context, const struct storage_error *error);
	void	*context;
};

struct journal_thread {
	struct journal_thread_config config;
	struct waker waker;
	pthread_t thread;
	bool	 is_started;
	_Atomic bool is_stopping;	/* end when there is nothing left to write */
	_Atomic bool is_dead;
	_Atomic uint64_t durable_sequence;
	_Atomic int32_t business_date;	/* as of durable_sequence */
	uint64_t marked_sequence;	/* the thread's: of the last mark; UINT64_MAX: none */
	const struct batch *batch;	/* the thread's: taken and not durable yet; NULL: none */
	struct storage_error error;	/* the thread's */
	/* Figures, written by the thread, read by any. */
	_Atomic uint64_t batches, batch_bytes, marks;
	struct histogram append_us;	/* how long each batch took to be durable */
	struct histogram batch_records;	/* records in each */
};

/* TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status journal_thread_init(struct journal_thread *thread,
						 const struct journal_thread_config *config);
void journal_thread_deinit(struct journal_thread *thread);

/*
 * Ledger step, after pushing answers: those that wait for more than this will be signalled by the
 * journal thread, the others it must signal itself.
 */
uint64_t journal_thread_durable_sequence(struct journal_thread *thread);

/* TG_OK; TG_NO_MEMORY: no thread. */
TG_MUST_CHECK enum tg_status journal_thread_start(struct journal_thread *thread);

/* What a turn came to. */
enum journal_turn {
	JOURNAL_TURN_IDLE,	/* there was nothing to write */
	JOURNAL_TURN_WORKED,	/* a batch or a mark is durable, or a mark was left out */
	JOURNAL_TURN_FULL,	/* the disk has no room for the batch: try again later */
	JOURNAL_TURN_DEAD,	/* the journal is lost */
};

/*
 * What the thread does over and over: write the batch or the mark that waits, if any, and tell.
 * Blocks for the disk.  For a caller who runs a pipeline without threads.
 */
enum journal_turn journal_thread_turn(struct journal_thread *thread);

/* Write what is in the open batch and the mark, if any, and end.  Waits for the thread. */
void journal_thread_stop(struct journal_thread *thread);

/* After the end of the thread: write the mark that waits.  TG_OK, also without one; TG_IO. */
TG_MUST_CHECK enum tg_status journal_thread_write_mark(struct journal_thread *thread);

#endif
