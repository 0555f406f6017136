/*
 * waker.h - a thread that sleeps until there is work, and those who wake it.
 *
 * Owns a flag, a mutex and a condition.  Knows nothing of the work.  The sleeper's loop:
 *
 *	for (;;) {
 *		waker_clear(&waker);
 *		look for work and do it;
 *		if (there was none)
 *			waker_sleep(&waker, timeout_ms);
 *	}
 *
 * Who makes work calls waker_wake() after it: the sleeper then looks again, whether it was
 * looking or sleeping.  waker_wake() is cheap for a thread that is awake.
 */
#ifndef TG_GATEWAY_WAKER_H
#define TG_GATEWAY_WAKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/status.h"

struct waker {
	pthread_mutex_t lock;
	pthread_cond_t condition;	/* waits by CLOCK_MONOTONIC */
	_Atomic bool is_woken;		/* since the last waker_clear() */
};

/* TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status waker_init(struct waker *waker);
void waker_deinit(struct waker *waker);

/* Sleeper: what was made before this call will be seen by looking after it. */
void waker_clear(struct waker *waker);

/* Sleeper: return when woken since waker_clear(), or after timeout_ms >= 0.  False: timed out. */
bool waker_sleep(struct waker *waker, int64_t timeout_ms);

/* Any thread. */
void waker_wake(struct waker *waker);

#endif
