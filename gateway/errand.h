/*
 * errand.h - what other threads want done on the control thread.
 *
 * For what belongs to that thread and is asked for seldom: another configuration, say.  Who asks
 * waits until it is done.
 */
#ifndef TG_GATEWAY_ERRAND_H
#define TG_GATEWAY_ERRAND_H

#include "protocol/status.h"

struct errands;
struct event_base;

typedef void errand_fn(void *argument);

/* base: of the control thread; borrowed.  NULL: out of memory. */
struct errands *errands_new(struct event_base *base);

/* When nobody waits any more.  NULL is fine. */
void errands_free(struct errands *errands);

/*
 * Any other thread: run fn on the control thread and wait for it.
 * TG_OK; TG_SHUTTING_DOWN: it did not run, and will not.
 */
TG_MUST_CHECK enum tg_status errands_run(struct errands *errands, errand_fn *fn, void *argument);

/* Control thread: all that wait and all that will ask get TG_SHUTTING_DOWN.  NULL is fine. */
void errands_end(struct errands *errands);

#endif
