/*
 * journal_thread.c - makes batches durable, one after the other, and says so.
 *
 * After an error of the journal it is not known what is on disk.  Nothing is tried again on it, and
 * nothing that waits for it is ever answered.
 */
#include "gateway/journal_thread.h"

#include <string.h>

#include "gateway/clock.h"
#include "protocol/assert.h"

#define FULL_RETRY_MS 100	/* between two tries to append while the disk has no room */
#define FULL_TRIES_AT_STOP 20	/* then what waits is given up, never answered */

enum tg_status
journal_thread_init(struct journal_thread *thread, const struct journal_thread_config *config)
{
	memset(thread, 0, sizeof(*thread));
	thread->config = *config;
	atomic_init(&thread->durable_sequence, config->start_sequence);
	atomic_init(&thread->business_date, config->business_date);
	thread->marked_sequence = config->start_sequence == 0 ? 0 : UINT64_MAX;
	return waker_init(&thread->waker);
}

void
journal_thread_deinit(struct journal_thread *thread)
{
	waker_deinit(&thread->waker);
}

uint64_t
journal_thread_durable_sequence(struct journal_thread *thread)
{
	return atomic_fetch_add(&thread->durable_sequence, 0);
}

static void
die(struct journal_thread *thread)
{
	atomic_store(&thread->is_dead, true);
	thread->config.on_dead(thread->config.context, &thread->error);
}

/* Count an append by the time it took. */
static void
count_append(struct journal_thread *thread, int64_t took_us, const struct batch *batch)
{
	histogram_add(&thread->append_us, histogram_us, took_us);
	histogram_add(&thread->batch_records, histogram_counts, batch->count);
	figure_add(&thread->batches, 1);
	figure_add(&thread->batch_bytes, batch->used_bytes);
}

/* Everything up to sequence is durable: let go the answers that wait for it. */
static void
publish(struct journal_thread *thread, uint64_t sequence, int32_t business_date)
{
	atomic_store(&thread->business_date, business_date);
	/*
	 * An exchange, as journal_thread_durable_sequence() is: either the ledger step sees
	 * sequence and wakes the port itself, or what it has pushed is seen here.
	 */
	(void)atomic_exchange(&thread->durable_sequence, sequence);
	for (uint32_t i = 0; i < thread->config.port_count; i++) {
		if (port_is_waiting(&thread->config.ports[i]))
			port_signal(&thread->config.ports[i]);
	}
}

/* Append the batch in hand.  It stays in hand while the disk has no room for it. */
static enum journal_turn
write_batch(struct journal_thread *thread)
{
	const struct batch *batch = thread->batch;
	const struct journal_batch bytes = {
		.records = batch->bytes,
		.records_bytes = batch->used_bytes,
		.first_sequence = batch->first_sequence,
		.count = batch->count,
		.written_at_utc_ms = batch->opened_at_utc_ms,
	};
	int64_t began_us = clock_mono_us();
	enum tg_status status = journal_append(thread->config.journal, &bytes, &thread->error);

	if (status == TG_JOURNAL_FULL) {
		journal_free_reserve(thread->config.journal);
		return JOURNAL_TURN_FULL;
	}
	if (status != TG_OK) {
		die(thread);
		return JOURNAL_TURN_DEAD;
	}
	thread->batch = NULL;
	count_append(thread, clock_mono_us() - began_us, batch);
	publish(thread, batch->first_sequence + batch->count - 1, batch->business_date);
	return JOURNAL_TURN_WORKED;
}

/* False: the journal is dead.  A mark that finds no room is left out. */
static bool
write_mark(struct journal_thread *thread, const struct batch_mark *mark)
{
	enum tg_status status;

	TG_ASSERT(mark->sequence == atomic_load(&thread->durable_sequence));
	if (mark->sequence == thread->marked_sequence)
		return true;
	status = journal_mark(thread->config.journal, mark->sequence, mark->hash, mark->utc_ms,
			      &thread->error);
	if (status == TG_JOURNAL_FULL) {
		journal_free_reserve(thread->config.journal);
		return true;
	}
	if (status != TG_OK) {
		die(thread);
		return false;
	}
	thread->marked_sequence = mark->sequence;
	figure_add(&thread->marks, 1);
	return true;
}

/* Sleep until there is work; ask for a mark when the journal has fallen idle. */
static void
wait_for_work(struct journal_thread *thread)
{
	bool is_marked =
		thread->marked_sequence == atomic_load(&thread->durable_sequence);

	if (!waker_sleep(&thread->waker, is_marked ? 1000 : thread->config.idle_mark_ms) &&
	    !is_marked)
		thread->config.on_idle(thread->config.context);
}

enum journal_turn
journal_thread_turn(struct journal_thread *thread)
{
	struct batch_mark mark;

	if (atomic_load(&thread->is_dead))
		return JOURNAL_TURN_DEAD;
	if (thread->batch == NULL) {
		thread->batch = open_batch_take(thread->config.open);
		if (thread->batch != NULL)
			thread->config.on_taken(thread->config.context);
	}
	if (thread->batch != NULL)
		return write_batch(thread);
	if (!open_batch_take_mark(thread->config.open, &mark))
		return JOURNAL_TURN_IDLE;
	return write_mark(thread, &mark) ? JOURNAL_TURN_WORKED : JOURNAL_TURN_DEAD;
}

static void *
run(void *argument)
{
	struct journal_thread *thread = argument;
	uint32_t tries_at_stop = 0;

	(void)pthread_setname_np(pthread_self(), "journal");
	for (;;) {
		bool is_last;

		/*
		 * Cleared, then read, then looked for work: who stops sets the flag and wakes, so
		 * either the flag is seen, or the wake is not lost; what was left before stopping
		 * is seen, too.
		 */
		waker_clear(&thread->waker);
		is_last = atomic_load(&thread->is_stopping);
		switch (journal_thread_turn(thread)) {
		case JOURNAL_TURN_WORKED:
			break;
		case JOURNAL_TURN_FULL:
			if (is_last && ++tries_at_stop > FULL_TRIES_AT_STOP) {
				die(thread);
				return NULL;
			}
			(void)waker_sleep(&thread->waker, FULL_RETRY_MS);
			break;
		case JOURNAL_TURN_DEAD:
			return NULL;
		case JOURNAL_TURN_IDLE:
			if (is_last)
				return NULL;
			wait_for_work(thread);
			break;
		}
	}
}

enum tg_status
journal_thread_start(struct journal_thread *thread)
{
	if (pthread_create(&thread->thread, NULL, run, thread) != 0)
		return TG_NO_MEMORY;
	thread->is_started = true;
	return TG_OK;
}

void
journal_thread_stop(struct journal_thread *thread)
{
	if (!thread->is_started)
		return;
	atomic_store(&thread->is_stopping, true);
	waker_wake(&thread->waker);
	pthread_join(thread->thread, NULL);
	thread->is_started = false;
}

enum tg_status
journal_thread_write_mark(struct journal_thread *thread)
{
	struct batch_mark mark;

	TG_ASSERT(!thread->is_started);
	if (!open_batch_take_mark(thread->config.open, &mark) || write_mark(thread, &mark))
		return TG_OK;
	return TG_IO;
}
