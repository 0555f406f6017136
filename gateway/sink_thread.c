/*
 * sink_thread.c - the thread that brings durable records to MariaDB, from start to stop.
 */
#include "gateway/sink_thread.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/waker.h"
#include "storage/sink_source.h"

#define FLUSH_LOOK_MS 5
#define CUT_AFTER_MS 2000 /* told to stop; then the connection is cut */

struct sink_thread {
	struct log *log;		/* borrowed */
	struct sink_journal journal;	/* owned; reads for the sink */
	struct sink_source source;
	struct sink *sink;		/* owned */
	pthread_t thread;
	struct waker ended;		/* woken when the thread has */
	_Atomic bool has_ended;
	enum sink_state watched;	/* state when last looked, the control thread's */
};

static void *
run(void *argument)
{
	struct sink_thread *thread = argument;
	struct storage_error error = { 0 };
	enum tg_status status;

	(void)pthread_setname_np(pthread_self(), "sink");
	status = sink_run(thread->sink, &error);
	if (status != TG_OK)
		log_event(thread->log, LEVEL_ERROR, "sink_stopped",
			  "status=%s sequence=%" PRIu64 " error=%s", tg_status_name(status),
			  error.sequence, error.text);
	atomic_store(&thread->has_ended, true);
	waker_wake(&thread->ended);
	return NULL;
}

enum tg_status
sink_thread_start(const struct sink_config *config, struct journal *journal, struct log *log,
		  struct sink_thread **ret_thread)
{
	struct sink_thread *thread = calloc(1, sizeof(*thread));
	struct storage_error error;

	if (thread == NULL)
		return TG_NO_MEMORY;
	thread->log = log;
	sink_journal_init(&thread->journal, journal, &thread->source);
	if (waker_init(&thread->ended) == TG_OK) {
		if (sink_new(config, &thread->source, &thread->sink, &error) == TG_OK) {
			if (pthread_create(&thread->thread, NULL, run, thread) == 0) {
				*ret_thread = thread;
				return TG_OK;
			}
			sink_free(thread->sink);
		}
		waker_deinit(&thread->ended);
	}
	free(thread);
	return TG_NO_MEMORY;
}

uint64_t
sink_thread_confirmed(void *context)
{
	struct sink_thread *thread = context;
	struct sink_status status = sink_status(thread->sink);

	return status.has_position ? status.next_sequence - 1 : 0;
}

struct sink_status
sink_thread_status(struct sink_thread *thread)
{
	return sink_status(thread->sink);
}

int64_t
sink_thread_cpu_us(const struct sink_thread *thread)
{
	return clock_cpu_us(thread->thread);
}

void
sink_thread_watch(struct sink_thread *thread)
{
	struct sink_status status = sink_status(thread->sink);

	if (status.state == thread->watched)
		return;
	thread->watched = status.state;
	log_event(thread->log, status.state == SINK_FOLLOWING ? LEVEL_INFO : LEVEL_WARN,
		  "sink_state", "state=%s lag_records=%" PRIu64 " error=%s",
		  sink_state_name(status.state), status.lag_records, status.error);
}

/* Wait until all that is durable is in MariaDB, or cannot get there in time. */
static void
flush(struct sink_thread *thread, int64_t flush_ms)
{
	int64_t until_us = clock_mono_us() + flush_ms * 1000;

	while (!atomic_load(&thread->has_ended) && clock_mono_us() < until_us) {
		struct sink_status status = sink_status(thread->sink);

		if (status.has_position && status.lag_records == 0)
			return;
		(void)waker_sleep(&thread->ended, FLUSH_LOOK_MS);
	}
}

void
sink_thread_stop(struct sink_thread *thread, int64_t flush_ms)
{
	struct sink_status status;

	if (thread == NULL)
		return;
	flush(thread, flush_ms);
	sink_stop(thread->sink);
	if (!atomic_load(&thread->has_ended))
		(void)waker_sleep(&thread->ended, CUT_AFTER_MS);
	if (!atomic_load(&thread->has_ended))
		sink_cut(thread->sink);
	pthread_join(thread->thread, NULL);
	status = sink_status(thread->sink);
	log_event(thread->log, LEVEL_INFO, "sink_end",
		  "records=%" PRIu64 " lag_records=%" PRIu64, status.records, status.lag_records);
	sink_free(thread->sink);
	sink_journal_deinit(&thread->journal);
	waker_deinit(&thread->ended);
	free(thread);
}
