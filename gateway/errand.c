/*
 * errand.c - a list under a lock, and an event that is made active when it grows.
 */
#include "gateway/errand.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* One errand, on the stack of who waits.  Members are guarded by the lock. */
struct errand {
	struct errand *next;
	errand_fn *fn;
	void	*argument;
	bool	 is_over;		/* done, or never will be */
	bool	 is_done;
};

struct errands {
	struct event *event;		/* owned */
	pthread_mutex_t lock;		/* over the rest */
	pthread_cond_t changed;
	struct errand *first;
	bool	 is_ending;
};

/* The next one off the list, NULL: none. */
static struct errand *
take(struct errands *errands)
{
	struct errand *errand;

	pthread_mutex_lock(&errands->lock);
	errand = errands->first;
	if (errand != NULL)
		errands->first = errand->next;
	pthread_mutex_unlock(&errands->lock);
	return errand;
}

static void
finish(struct errands *errands, struct errand *errand, bool is_done)
{
	pthread_mutex_lock(&errands->lock);
	errand->is_done = is_done;
	errand->is_over = true;
	pthread_cond_broadcast(&errands->changed);
	pthread_mutex_unlock(&errands->lock);
}

static void
on_errand(evutil_socket_t fd, short what, void *context)
{
	struct errands *errands = context;
	struct errand *errand;

	(void)fd;
	(void)what;
	while ((errand = take(errands)) != NULL) {
		errand->fn(errand->argument);
		finish(errands, errand, true);
	}
}

struct errands *
errands_new(struct event_base *base)
{
	struct errands *errands = calloc(1, sizeof(*errands));

	if (errands == NULL)
		return NULL;
	errands->event = event_new(base, -1, EV_PERSIST, on_errand, errands);
	if (errands->event == NULL) {
		free(errands);
		return NULL;
	}
	pthread_mutex_init(&errands->lock, NULL);
	pthread_cond_init(&errands->changed, NULL);
	return errands;
}

void
errands_free(struct errands *errands)
{
	if (errands == NULL)
		return;
	event_free(errands->event);
	pthread_cond_destroy(&errands->changed);
	pthread_mutex_destroy(&errands->lock);
	free(errands);
}

enum tg_status
errands_run(struct errands *errands, errand_fn *fn, void *argument)
{
	struct errand errand = { .fn = fn, .argument = argument };

	pthread_mutex_lock(&errands->lock);
	if (!errands->is_ending) {
		errand.next = errands->first;
		errands->first = &errand;
		event_active(errands->event, EV_READ, 0);
		while (!errand.is_over)
			pthread_cond_wait(&errands->changed, &errands->lock);
	}
	pthread_mutex_unlock(&errands->lock);
	return errand.is_done ? TG_OK : TG_SHUTTING_DOWN;
}

void
errands_end(struct errands *errands)
{
	struct errand *errand;

	if (errands == NULL)
		return;
	pthread_mutex_lock(&errands->lock);
	errands->is_ending = true;
	pthread_mutex_unlock(&errands->lock);
	while ((errand = take(errands)) != NULL)
		finish(errands, errand, false);
}
