/*
 * evidence.c - originals that have left the window, fetched from the archive for the ledger.
 */
#include "gateway/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

#define IDLE_MS 1000

enum tg_status
evidence_init(struct evidence *evidence, const struct evidence_config *config)
{
	memset(evidence, 0, sizeof(*evidence));
	evidence->config = *config;
	return waker_init(&evidence->waker);
}

void
evidence_deinit(struct evidence *evidence)
{
	waker_deinit(&evidence->waker);
}

/* Ask for one original.  False: the archive cannot be read. */
static bool
fetch_one(struct evidence *evidence, const struct pipeline_job *job, const uint8_t *id,
	  struct archived_transaction *ret_found)
{
	struct pipeline_question question = {
		.original = {
			.partner = job->archive_partner,
			.through_sequence = job->archive_sequence,
		},
		.asked_mono_us = job->archive_mono_us,
	};

	memcpy(question.original.transaction_id, id, sizeof(question.original.transaction_id));
	if (evidence->config.archive(evidence->config.archive_context, &question, ret_found) !=
	    TG_OK)
		return false;
	ret_found->as_of_utc_ms = job->archive_utc_ms;
	return true;
}

/* Give the job what the archive has; without it the ledger says that it could not be read. */
static void
fetch(struct evidence *evidence, struct pipeline_job *job)
{
	struct ledger_request *request = &job->request;
	struct archived_transaction *found = calloc(2, sizeof(*found));
	bool has_original = request->kind != REQUEST_REFUND || request->has_original;

	job->has_archive = true;
	if (found == NULL)
		return;
	if (has_original && !fetch_one(evidence, job, request->original_id, &found[0]))
		goto fail;
	if (request->has_original_burn &&
	    !fetch_one(evidence, job, request->original_burn_id, &found[1]))
		goto fail;
	job->archived = found;
	if (has_original)
		request->archived = &found[0];
	if (request->has_original_burn)
		request->archived_burn = &found[1];
	return;
fail:
	free(found);
}

static void *
run(void *argument)
{
	struct evidence *evidence = argument;

	while (!atomic_load(&evidence->is_stopping)) {
		struct pipeline_job *job;
		bool is_pushed;

		waker_clear(&evidence->waker);
		job = queue_pop(evidence->config.in);
		if (job == NULL) {
			(void)waker_sleep(&evidence->waker, IDLE_MS);
			continue;
		}
		fetch(evidence, job);
		is_pushed = queue_push(evidence->config.out, job);
		TG_ASSERT(is_pushed);
		evidence->config.on_fetched(evidence->config.context);
	}
	return NULL;
}

enum tg_status
evidence_start(struct evidence *evidence)
{
	if (pthread_create(&evidence->thread, NULL, run, evidence) != 0)
		return TG_NO_MEMORY;
	evidence->is_started = true;
	return TG_OK;
}

void
evidence_stop(struct evidence *evidence)
{
	if (!evidence->is_started)
		return;
	atomic_store(&evidence->is_stopping, true);
	waker_wake(&evidence->waker);
	pthread_join(evidence->thread, NULL);
	evidence->is_started = false;
}
