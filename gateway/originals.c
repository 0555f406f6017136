/*
 * originals.c - what MariaDB is asked: originals that have left the window, and pages of entries.
 */
#include "gateway/originals.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/waker.h"
#include "storage/archive_query.h"

#define SINK_LOOK_MS 5
#define PROOF_TURNS_MAX 10 /* times timeout_ms: what all slices of a proof may take */

struct originals {
	struct originals_config config;
	struct database_cutter cutter;
	struct archive_query *query;	/* owned; the asking thread's */
	struct waker cut;		/* woken by originals_cut() */
	_Atomic bool is_cut;
	pthread_mutex_t lock;		/* guards figures */
	struct originals_figures figures;
	bool	 is_failing;		/* MariaDB did not answer last time; asking thread's */
};

struct originals *
originals_new(const struct originals_config *config)
{
	struct originals *originals = calloc(1, sizeof(*originals));
	uint32_t timeout_s = (uint32_t)((config->timeout_ms + 999) / 1000);

	if (originals == NULL)
		return NULL;
	originals->config = *config;
	originals->config.database.cutter = &originals->cutter;
	originals->config.database.connect_timeout_s = timeout_s;
	originals->config.database.io_timeout_s = timeout_s;
	if (pthread_mutex_init(&originals->lock, NULL) != 0)
		goto fail;
	if (waker_init(&originals->cut) != TG_OK)
		goto fail_lock;
	if (database_cutter_init(&originals->cutter) != TG_OK)
		goto fail_waker;
	originals->query = archive_query_new(&originals->config.database, config->shard);
	if (originals->query != NULL)
		return originals;
	database_cutter_deinit(&originals->cutter);
fail_waker:
	waker_deinit(&originals->cut);
fail_lock:
	pthread_mutex_destroy(&originals->lock);
fail:
	free(originals);
	return NULL;
}

void
originals_free(struct originals *originals)
{
	if (originals == NULL)
		return;
	archive_query_free(originals->query);
	database_cutter_deinit(&originals->cutter);
	waker_deinit(&originals->cut);
	pthread_mutex_destroy(&originals->lock);
	free(originals);
}

/* May the sink come further without anybody's help? */
static bool
is_moving(enum sink_state state)
{
	return state == SINK_NEW || state == SINK_CONNECTING || state == SINK_FOLLOWING;
}

/* Wait until MariaDB has the records up to through. */
static enum tg_status
await_sink(struct originals *originals, uint64_t through, int64_t until_us)
{
	for (;;) {
		struct sink_status sink = originals->config.sink_status(originals->config.context);
		bool is_there = sink.has_position && sink.next_sequence > through;
		bool is_over = clock_mono_us() >= until_us;

		if (atomic_load(&originals->is_cut))
			return TG_CLOSED;
		if (is_there)
			return is_over ? TG_TIMEOUT : TG_OK;
		if (is_over || !is_moving(sink.state))
			return TG_ORIGINAL_ARCHIVED;
		(void)waker_sleep(&originals->cut, SINK_LOOK_MS);
	}
}

/* Once more if the server may have closed a connection that was long idle. */
static enum tg_status
ask(struct originals *originals, const struct archive_question *question, int64_t until_us,
    struct archived_transaction *ret_found, struct storage_error *error)
{
	bool was_open = archive_query_is_open(originals->query);
	enum tg_status status =
		archive_query_transaction(originals->query, question, ret_found, error);

	if (status == TG_DATABASE && was_open && clock_mono_us() < until_us)
		status = archive_query_transaction(originals->query, question, ret_found, error);
	return status;
}

/* The figure that a question with this end counts for. */
static uint64_t *
figure_of(struct originals_figures *figures, enum tg_status status, bool is_found)
{
	if (status == TG_OK)
		return is_found ? &figures->found : &figures->unknown;
	if (status == TG_ORIGINAL_ARCHIVED)
		return &figures->lagging;
	if (status == TG_TIMEOUT)
		return &figures->late;
	return &figures->failed;
}

static void
note(struct originals *originals, enum tg_status status, bool is_found, int64_t took_us,
     const struct storage_error *error)
{
	struct originals_figures *figures = &originals->figures;

	pthread_mutex_lock(&originals->lock);
	figures->asked++;
	++*figure_of(figures, status, is_found);
	if (took_us > figures->longest_us)
		figures->longest_us = took_us;
	if (status == TG_DATABASE)
		memcpy(figures->error, error->text, sizeof(figures->error));
	pthread_mutex_unlock(&originals->lock);
}

/* Log when MariaDB begins to fail, and when it answers again. */
static void
watch(struct originals *originals, enum tg_status status, const struct storage_error *error)
{
	if (status == TG_DATABASE && !originals->is_failing)
		log_event(originals->config.log, LEVEL_WARN, "originals",
			  "state=failing error=%s, asking those who want them to come again",
			  error->text);
	else if (status == TG_OK && originals->is_failing)
		log_event(originals->config.log, LEVEL_INFO, "originals", "state=answering");
	if (status == TG_DATABASE || status == TG_OK)
		originals->is_failing = status == TG_DATABASE;
}

enum tg_status
originals_fetch(void *context, const struct pipeline_question *question,
		struct archived_transaction *ret_found)
{
	struct originals *originals = context;
	int64_t until_us = question->asked_mono_us + originals->config.timeout_ms * 1000;
	struct archived_transaction found = { .is_found = false };
	struct storage_error error = { .text = "" };
	enum tg_status status =
		await_sink(originals, question->original.through_sequence, until_us);

	if (status == TG_OK)
		status = ask(originals, &question->original, until_us, &found, &error);
	note(originals, status, found.is_found, clock_mono_us() - question->asked_mono_us, &error);
	watch(originals, status, &error);
	if (status == TG_OK)
		*ret_found = found;
	return status;
}

/* Tell how far MariaDB is behind what was booked when the page was asked for. */
static void
tell_lag(struct originals *originals, const struct pipeline_page_question *question,
	 struct archived_page *page)
{
	struct sink_status sink = originals->config.sink_status(originals->config.context);
	int64_t oldest_utc_ms = sink.oldest_waiting_utc_ms;

	page->lag_records = 0;
	page->lag_ms = 0;
	if (page->held_sequence >= question->booked_sequence)
		return;
	page->lag_records = question->booked_sequence - page->held_sequence;
	/* The sink may not have seen the oldest: it came after what is held, so is no older. */
	if (oldest_utc_ms == 0)
		oldest_utc_ms = page->held_booked_at_utc_ms;
	if (oldest_utc_ms != 0 && question->utc_ms > oldest_utc_ms)
		page->lag_ms = question->utc_ms - oldest_utc_ms;
}

static void
note_page(struct originals *originals, enum tg_status status, int64_t took_us,
	  const struct storage_error *error)
{
	struct originals_figures *figures = &originals->figures;

	pthread_mutex_lock(&originals->lock);
	if (status == TG_OK)
		figures->pages_told++;
	else if (status == TG_TIMEOUT)
		figures->pages_late++;
	else
		figures->pages_failed++;
	if (took_us > figures->pages_longest_us)
		figures->pages_longest_us = took_us;
	if (status == TG_DATABASE)
		memcpy(figures->error, error->text, sizeof(figures->error));
	pthread_mutex_unlock(&originals->lock);
}

/* Once more if the server may have closed a connection that was long idle. */
static enum tg_status
ask_page(struct originals *originals, const struct archive_page_question *question,
	 int64_t until_us, struct archived_page *ret_page, struct storage_error *error)
{
	bool was_open = archive_query_is_open(originals->query);
	int64_t begun_us = clock_mono_us();
	enum tg_status status;

	if (begun_us >= until_us)
		return TG_TIMEOUT;
	status = archive_query_page(originals->query, question, ret_page, error);
	if (status == TG_DATABASE && was_open &&
	    clock_mono_us() - begun_us < (int64_t)question->timeout_ms * 1000)
		status = archive_query_page(originals->query, question, ret_page, error);
	return status;
}

/* Does MariaDB lack what was booked when the page was asked for, and may it still get it? */
static bool
must_wait(struct originals *originals, const struct pipeline_page_question *question)
{
	struct sink_status sink = originals->config.sink_status(originals->config.context);
	int64_t until_us = question->asked_mono_us + originals->config.timeout_ms * 1000;

	return (!sink.has_position || sink.next_sequence <= question->booked_sequence) &&
	       is_moving(sink.state) && clock_mono_us() < until_us;
}

enum tg_status
originals_page(void *context, const struct pipeline_page_question *question,
	       struct archived_page *ret_page)
{
	struct originals *originals = context;
	/* Others have their turn between two slices of a proof, so it may take longer. */
	int64_t turns = ret_page->is_unfinished ? PROOF_TURNS_MAX : 1;
	int64_t until_us = question->asked_mono_us + turns * originals->config.timeout_ms * 1000;
	struct archive_page_question page = question->page;
	struct storage_error error = { .text = "" };
	enum tg_status status;

	if (question->waits && !ret_page->progress.is_begun && must_wait(originals, question)) {
		(void)waker_sleep(&originals->cut, SINK_LOOK_MS);
		ret_page->is_unfinished = true;
		return atomic_load(&originals->is_cut) ? TG_CLOSED : TG_OK;
	}
	page.timeout_ms = (uint32_t)originals->config.timeout_ms / 2;
	status = ask_page(originals, &page, until_us, ret_page, &error);
	if (status != TG_OK || !ret_page->is_unfinished)
		note_page(originals, status, clock_mono_us() - question->asked_mono_us, &error);
	watch(originals, status, &error);
	if (status == TG_OK)
		tell_lag(originals, question, ret_page);
	return status;
}

void
originals_cut(struct originals *originals)
{
	if (originals == NULL)
		return;
	atomic_store(&originals->is_cut, true);
	database_cutter_cut(&originals->cutter);
	waker_wake(&originals->cut);
}

struct originals_figures
originals_figures(struct originals *originals)
{
	struct originals_figures figures;

	pthread_mutex_lock(&originals->lock);
	figures = originals->figures;
	pthread_mutex_unlock(&originals->lock);
	return figures;
}
