/*
 * control.h - what asks the ledger besides terminals: console, timers, the start.
 *
 * Owns the pipeline's control port and the calls of console threads that wait for an answer.
 * Runs in the event loop of the control thread; console threads reach it by a list and an
 * eventfd.  Knows nothing of what is asked.
 */
#ifndef TG_GATEWAY_CONTROL_H
#define TG_GATEWAY_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/pipeline.h"
#include "protocol/status.h"

struct event_base;
struct control;

/* A request of the control thread itself.  Filled and owned by who submits it, until done. */
struct control_request {
	void (*done)(void *context, const struct ledger_answer *answer);
	void *context;
};

/* base: of the control thread.  Both borrowed.  NULL: out of memory or file descriptors. */
struct control *control_new(struct pipeline *pipeline, struct event_base *base);

/* After control_end() and the end of the pipeline's threads.  Requests not done are forgotten. */
void control_free(struct control *control);

/*
 * Control thread: ask; request->done is called later, on this thread.  Low priority: after the
 * console and terminals.  request and ledger_request: the latter is copied.
 * TG_OK; TG_BUSY: too many are on their way, nothing will be called.
 */
TG_MUST_CHECK enum tg_status control_submit(struct control *control,
					    const struct control_request *request,
					    const struct ledger_request *ledger_request);

/*
 * Control thread, before the I/O threads run: wait for something to be done, up to timeout_ms, and
 * do what an I/O thread would do for the ledger.
 */
void control_turn_alone(struct control *control, int timeout_ms);

/*
 * Any other thread: ask the ledger and wait.  request: copied; its lines stay the caller's and must
 * be none.  TG_OK: *ret_answer is set; TG_BUSY: not asked; TG_SHUTTING_DOWN: the gateway ends, the
 * outcome is unknown if it was asked before.
 */
TG_MUST_CHECK enum tg_status control_ask(struct control *control,
					 const struct ledger_request *request,
					 struct ledger_answer *ret_answer);

/*
 * The same for count requests at once, 1 to CONTROL_BULK_MAX, decided in order, behind those of
 * terminals.  TG_OK: all ret_answers are set; else the outcome of any of them is unknown.
 */
#define CONTROL_BULK_MAX 128
TG_MUST_CHECK enum tg_status control_ask_bulk(struct control *control,
					      const struct ledger_request *requests, uint32_t count,
					      struct ledger_answer *ret_answers);

/*
 * Any other thread: run read on the ledger's thread, and wait until what it saw is durable.
 * TG_OK; TG_BUSY, TG_SHUTTING_DOWN: it did not run, and will not.
 */
TG_MUST_CHECK enum tg_status control_read(struct control *control, pipeline_read_fn *read,
					  void *argument);

/* Any thread: all that wait and all that will ask get TG_SHUTTING_DOWN.  The event loop goes on. */
void control_end(struct control *control);

#endif
