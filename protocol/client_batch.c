/*
 * client_batch.c - many transactions in batches, sent until each has a final answer.
 */
#include <stdlib.h>

#include "protocol/client_internal.h"
#include "protocol/tallygate.h"

/* What an item adds to the time given for an answer. */
#define ITEM_MS 2

/* The transactions without a final answer, in order. */
struct batch_run {
	struct tg_client *client;
	const struct tg_message **requests; /* owned array of borrowed messages */
	uint32_t *indexes;		    /* owned; where each stands in the caller's array */
	uint32_t count;			    /* of both */
	tg_batch_answer on_answer;
	void *context;
	int64_t until_ms;
	bool is_unknown; /* something was sent that no answer came to */
};

/* Read the outcomes of the first taken transactions; those that must be sent again stay. */
static enum tg_status
take_outcomes(struct batch_run *run, const struct tg_message *answer, uint32_t taken)
{
	struct tg_message outcome;
	struct tg_rows rows;
	struct tg_cursor item;
	uint32_t kept = 0, read = 0, field;

	if (!tg_message_has(answer, TG_FIELD_ITEMS) ||
	    answer->values[TG_FIELD_ITEMS].count != taken) {
		client_error_set(&run->client->error, "a batch of %u was answered with other items",
				 taken);
		return TG_BAD_FRAME;
	}
	tg_rows_start(&answer->values[TG_FIELD_ITEMS], &rows);
	while (tg_rows_next_item(&rows, &item)) {
		bool is_read = tg_decode_item_answer(item, &outcome, &field) == TG_OK;

		if (is_read && !client_is_passing(outcome.code)) {
			run->on_answer(run->context, run->indexes[read], &outcome);
		} else {
			run->requests[kept] = run->requests[read];
			run->indexes[kept++] = run->indexes[read];
		}
		read++;
	}
	for (; read < run->count; read++) {
		run->requests[kept] = run->requests[read];
		run->indexes[kept++] = run->indexes[read];
	}
	if (kept < run->count)
		client_settle(run->client);
	run->count = kept;
	return TG_OK;
}

/* Send one batch and deal with its answer.  TG_OK: go on; else the end of it all. */
static enum tg_status
send_batch(struct batch_run *run)
{
	struct tg_client *client = run->client;
	struct tg_message answer;
	uint32_t taken, request_id, before = run->count;
	int64_t answer_ms;
	enum tg_status status = client_open_until(client, run->until_ms);

	if (status != TG_OK)
		return status;
	status = tg_link_send_batch(client->link, run->requests, run->count, &taken, &request_id);
	if (status == TG_SHUTTING_DOWN)
		return TG_OK;
	if (status != TG_OK) {
		client_error_set(&client->error, "%s", tg_link_error(client->link));
		return status;
	}
	answer_ms = client_now_ms() + client->answer_timeout_ms + taken * ITEM_MS;
	status = client_wait_answer(client, request_id,
				    answer_ms < run->until_ms ? answer_ms : run->until_ms, &answer);
	if (status != TG_OK) {
		run->is_unknown = true;
		client_give_up(client);
		return client_now_ms() < run->until_ms ? TG_OK : TG_TIMEOUT;
	}
	status = client_note_answer(client, &(struct tg_message){ .code = TG_OP_BATCH }, &answer);
	if (status == TG_OK) {
		status = take_outcomes(run, &answer, taken);
		if (status != TG_OK || run->count < before || run->count == 0)
			return status;
		answer.code = TG_BUSY; /* nothing moved: every item asked to come later */
	} else if (!client_is_passing(answer.code)) {
		return status;
	}
	return client_wait_out(client, &answer, run->until_ms) ? TG_OK
							       : (enum tg_status)answer.code;
}

/* Make the list of what is to be done.  TG_OK; else nothing can be sent. */
static enum tg_status
begin(struct batch_run *run, const struct tg_message *const *requests, uint32_t count)
{
	run->requests = calloc(count + 1, sizeof(run->requests[0]));
	run->indexes = calloc(count + 1, sizeof(run->indexes[0]));
	if (run->requests == NULL || run->indexes == NULL) {
		client_error_set(&run->client->error, "out of memory");
		return TG_NO_MEMORY;
	}
	if (tg_client_in_flight(run->client) > 0) {
		client_error_set(&run->client->error,
				 "answers to earlier requests are still to come");
		return TG_OUT_OF_TURN;
	}
	for (uint32_t i = 0; i < count; i++) {
		run->requests[i] = requests[i];
		run->indexes[i] = i;
	}
	run->count = count;
	return TG_OK;
}

enum tg_status
tg_client_batch(struct tg_client *client, const struct tg_message *const *requests, uint32_t count,
		uint32_t timeout_ms, tg_batch_answer on_answer, void *context)
{
	struct batch_run run = { .client = client,
				 .on_answer = on_answer,
				 .context = context,
				 .until_ms = client_now_ms() + timeout_ms };
	enum tg_status status = begin(&run, requests, count);

	if (status != TG_OK) {
		for (uint32_t i = 0; i < count; i++)
			on_answer(context, i, NULL);
	} else {
		while (status == TG_OK && run.count > 0)
			status = send_batch(&run);
		for (uint32_t i = 0; i < run.count; i++)
			on_answer(context, run.indexes[i], NULL);
	}
	free(run.requests);
	free(run.indexes);
	return status != TG_OK && run.is_unknown ? TG_TIMEOUT : status;
}
