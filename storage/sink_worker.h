/*
 * sink_worker.h - a thread that does one job at a time for another thread.
 *
 * So the sink waits for the server with one batch while it makes the rows of the next.
 */
#ifndef TG_STORAGE_SINK_WORKER_H
#define TG_STORAGE_SINK_WORKER_H

#include "protocol/status.h"

struct sink_worker;

typedef void sink_job_fn(void *context);

/* TG_NO_MEMORY: no thread could be started. */
TG_MUST_CHECK enum tg_status sink_worker_new(struct sink_worker **ret_worker);

/* Waits for the job in hand.  NULL is fine. */
void sink_worker_free(struct sink_worker *worker);

/* Let the worker call job once.  It must have none in hand.  Does not block. */
void sink_worker_give(struct sink_worker *worker, sink_job_fn *job, void *context);

/* Wait until the job is done: what it wrote is seen.  Returns at once when there is none. */
void sink_worker_wait(struct sink_worker *worker);

#endif
