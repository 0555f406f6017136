/*
 * evidence.c - what the archive has, fetched for the ledger: originals that have left the window,
 * and pages of entries.
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

static void
give_back(struct evidence *evidence, struct pipeline_job *job)
{
	bool is_pushed;

	job->has_archive = true;
	is_pushed = queue_push(evidence->config.out, job);
	TG_ASSERT(is_pushed);
	evidence->config.on_fetched(evidence->config.context);
}

/* The next job that wants an original has its try.  False: there is none. */
static bool
serve_original(struct evidence *evidence)
{
	struct pipeline_job *job = queue_pop(&evidence->config.in[PIPELINE_ORIGINALS]);

	if (job == NULL)
		return false;
	fetch(evidence, job);
	give_back(evidence, job);
	return true;
}

/* Fetch a page; a proof slice by slice, and originals have their turn between two. */
static enum tg_status
ask_page(struct evidence *evidence, const struct pipeline_page_question *question,
	 struct archived_page *page)
{
	enum tg_status status;

	memset(&page->progress, 0, sizeof(page->progress));
	page->is_unfinished = false;
	for (;;) {
		status = evidence->config.page(evidence->config.archive_context, question, page);
		if (status != TG_OK || !page->is_unfinished ||
		    atomic_load(&evidence->is_stopping))
			break;
		while (serve_original(evidence))
			;
	}
	return status == TG_OK && page->is_unfinished ? TG_CLOSED : status;
}

/* What the archive has of the day that the job wants to sign. */
static void
take_day(const struct archived_page *page, struct pipeline_job *job)
{
	struct archived_day *day = &job->day_storage;

	memset(day, 0, sizeof(*day));
	day->is_complete = page->is_complete;
	day->is_behind = page->lag_records > 0;
	memcpy(day->digest, page->division.digest, sizeof(day->digest));
	for (uint32_t i = 0; i < TG_PROOF_KINDS; i++) {
		struct answer_total *total = &day->totals[i];

		total->kind = tg_proof_kinds[i];
		for (uint32_t b = 0; b < page->division.bucket_count; b++) {
			const struct tg_bucket *bucket = &page->division.buckets[b];

			if (bucket->kind != total->kind)
				continue;
			total->count += bucket->count;
			total->points += bucket->points;
			total->amount += bucket->amount;
		}
	}
	job->request.archived_day = day;
}

/* Which text the job is about; kind 0: about none. */
static struct archive_document_question
document_of(const struct ledger_request *request)
{
	struct archive_document_question question = { .cycle = request->document_cycle,
						      .form = TG_FORM_CSV,
						      .from_byte = request->page_after };

	if (request->kind == REQUEST_ACKNOWLEDGE) {
		question.kind = ARCHIVE_STATEMENT;
	} else if (request->kind == REQUEST_STATEMENT) {
		question.kind = request->document_cycle != 0 ? ARCHIVE_STATEMENT :
							       ARCHIVE_STATEMENTS;
		question.form = request->document_form;
	} else if (request->kind == REQUEST_DISPUTES) {
		question.kind = ARCHIVE_DISPUTES;
	}
	return question;
}

/* What the archive has of the statement that the job names. */
static void
take_statement(const struct archived_page *page, struct pipeline_job *job)
{
	struct archived_statement *statement = &job->statement_storage;

	statement->is_found = page->document.is_found;
	memcpy(statement->chain, page->document.chain, sizeof(statement->chain));
	job->request.archived_statement = statement;
}

/* Give the job its page; without it the ledger says that there is none now. */
static void
fetch_page(struct evidence *evidence, struct pipeline_job *job)
{
	struct ledger_request *request = &job->request;
	struct pipeline_page_question question = {
		.page = {
			.partner = job->archive_partner,
			.member = job->archive_member,
			.business_date = request->total_day,
			.before = request->page_before,
			.after = request->page_after,
			.rows_max = request->page_rows,
			.proof = job->archive_proof,
			.document = document_of(request),
		},
		.waits = request->kind == REQUEST_COUNTERSIGN,
		.booked_sequence = job->archive_sequence,
		.utc_ms = job->archive_utc_ms,
		.asked_mono_us = job->archive_mono_us,
	};
	struct archived_page *page = malloc(sizeof(*page));

	if (page == NULL)
		return;
	if (ask_page(evidence, &question, page) != TG_OK) {
		free(page);
		return;
	}
	job->page = page;
	if (request->kind == REQUEST_COUNTERSIGN)
		take_day(page, job);
	else
		request->page = page;
	if (question.page.document.kind == ARCHIVE_STATEMENT)
		take_statement(page, job);
}

bool
evidence_turn(struct evidence *evidence)
{
	struct pipeline_job *job;

	if (serve_original(evidence))
		return true;
	job = queue_pop(&evidence->config.in[PIPELINE_PAGES]);
	if (job == NULL)
		return false;
	fetch_page(evidence, job);
	give_back(evidence, job);
	return true;
}

static void *
run(void *argument)
{
	struct evidence *evidence = argument;

	(void)pthread_setname_np(pthread_self(), "evidence");
	for (;;) {
		waker_clear(&evidence->waker);
		if (atomic_load(&evidence->is_stopping))
			return NULL;
		if (!evidence_turn(evidence))
			(void)waker_sleep(&evidence->waker, IDLE_MS);
	}
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
