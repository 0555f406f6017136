/*
 * waker.c - a thread that sleeps until there is work, and those who wake it.
 *
 * Flag and work are ordered by exchanging the flag on both sides: either the sleeper's exchange
 * reads the waker's, and with it sees the work, or the flag stays up and the sleeper does not
 * sleep.
 */
#include "gateway/waker.h"

#include <time.h>

enum tg_status
waker_init(struct waker *waker)
{
	pthread_condattr_t attributes;
	bool is_ready;

	atomic_init(&waker->is_woken, false);
	if (pthread_mutex_init(&waker->lock, NULL) != 0)
		return TG_NO_MEMORY;
	is_ready = pthread_condattr_init(&attributes) == 0;
	if (is_ready) {
		is_ready = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
			   pthread_cond_init(&waker->condition, &attributes) == 0;
		pthread_condattr_destroy(&attributes);
	}
	if (is_ready)
		return TG_OK;
	pthread_mutex_destroy(&waker->lock);
	return TG_NO_MEMORY;
}

void
waker_deinit(struct waker *waker)
{
	pthread_cond_destroy(&waker->condition);
	pthread_mutex_destroy(&waker->lock);
}

void
waker_clear(struct waker *waker)
{
	(void)atomic_exchange(&waker->is_woken, false);
}

bool
waker_sleep(struct waker *waker, int64_t timeout_ms)
{
	struct timespec until;
	int result = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(timeout_ms / 1000);
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&waker->lock);
	while (!atomic_load(&waker->is_woken) && result == 0)
		result = pthread_cond_timedwait(&waker->condition, &waker->lock, &until);
	pthread_mutex_unlock(&waker->lock);
	return atomic_load(&waker->is_woken);
}

void
waker_wake(struct waker *waker)
{
	if (atomic_exchange(&waker->is_woken, true))
		return;
	pthread_mutex_lock(&waker->lock);
	pthread_cond_signal(&waker->condition);
	pthread_mutex_unlock(&waker->lock);
}
