/*
 * sink_worker.c - a thread that does one job at a time for another thread.
 */
#include "storage/sink_worker.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "protocol/assert.h"

struct sink_worker {
	pthread_t thread;
	pthread_mutex_t lock;		/* guards the members below */
	pthread_cond_t changed;		/* one of them has changed */
	sink_job_fn *job;		/* in hand; NULL: none */
	void	*context;
	bool	 is_ending;
};

static void *
run(void *context)
{
	struct sink_worker *worker = context;

	(void)pthread_setname_np(pthread_self(), "sink worker");
	pthread_mutex_lock(&worker->lock);
	for (;;) {
		while (worker->job == NULL && !worker->is_ending)
			pthread_cond_wait(&worker->changed, &worker->lock);
		if (worker->job == NULL)
			break;
		pthread_mutex_unlock(&worker->lock);
		worker->job(worker->context);
		pthread_mutex_lock(&worker->lock);
		worker->job = NULL;
		pthread_cond_broadcast(&worker->changed);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

enum tg_status
sink_worker_new(struct sink_worker **ret_worker)
{
	struct sink_worker *worker = calloc(1, sizeof *worker);

	if (worker == NULL)
		return TG_NO_MEMORY;
	if (pthread_mutex_init(&worker->lock, NULL) != 0)
		goto no_lock;
	if (pthread_cond_init(&worker->changed, NULL) != 0)
		goto no_condition;
	if (pthread_create(&worker->thread, NULL, run, worker) != 0)
		goto no_thread;
	*ret_worker = worker;
	return TG_OK;
no_thread:
	pthread_cond_destroy(&worker->changed);
no_condition:
	pthread_mutex_destroy(&worker->lock);
no_lock:
	free(worker);
	return TG_NO_MEMORY;
}

void
sink_worker_free(struct sink_worker *worker)
{
	if (worker == NULL)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->is_ending = true;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	(void)pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

void
sink_worker_give(struct sink_worker *worker, sink_job_fn *job, void *context)
{
	pthread_mutex_lock(&worker->lock);
	TG_ASSERT(worker->job == NULL && !worker->is_ending);
	worker->job = job;
	worker->context = context;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

void
sink_worker_wait(struct sink_worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	while (worker->job != NULL)
		pthread_cond_wait(&worker->changed, &worker->lock);
	pthread_mutex_unlock(&worker->lock);
}
