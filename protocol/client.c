/*
 * client.c - the client that blocks: a link, a clock and poll(2).
 */
#include "protocol/tallygate.h"

#include <limits.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/client_internal.h"

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MOST_MS 60000
#define BUSY_FIRST_MS 200

uint32_t
client_random_ms(uint32_t bound_ms)
{
	uint32_t random;

	if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
		return bound_ms;
	return random % (bound_ms + 1);
}

enum tg_status
tg_transaction_id_new(uint8_t ret_id[TG_TRANSACTION_ID_BYTES])
{
	return RAND_bytes(ret_id, TG_TRANSACTION_ID_BYTES) == 1 ? TG_OK : TG_IO;
}

/* first_ms doubled with each step after the first, at most BACKOFF_MOST_MS. */
static uint32_t
doubled_ms(uint32_t first_ms, uint32_t steps)
{
	while (--steps > 0 && first_ms < BACKOFF_MOST_MS)
		first_ms *= 2;
	return first_ms < BACKOFF_MOST_MS ? first_ms : BACKOFF_MOST_MS;
}

uint32_t
tg_backoff_ms(uint32_t failures)
{
	return failures == 0 ? 0 : client_random_ms(doubled_ms(BACKOFF_FIRST_MS, failures));
}

enum tg_status
tg_client_new(const struct tg_options *options, char *error_text, size_t error_bytes,
	      struct tg_client **ret_client)
{
	struct tg_client *client = calloc(1, sizeof(*client));
	enum tg_status status;

	if (client == NULL) {
		if (error_text != NULL && error_bytes > 0)
			snprintf(error_text, error_bytes, "out of memory");
		return TG_NO_MEMORY;
	}
	status = tg_link_new(options, error_text, error_bytes, &client->link);
	if (status != TG_OK) {
		tg_client_free(client);
		return status;
	}
	client->answer_timeout_ms = options->answer_timeout_ms;
	*ret_client = client;
	return TG_OK;
}

void
tg_client_free(struct tg_client *client)
{
	if (client == NULL)
		return;
	tg_link_free(client->link);
	free(client);
}

const char *
tg_client_error(const struct tg_client *client)
{
	return client->error.text;
}

const struct tg_session *
tg_client_session(const struct tg_client *client)
{
	return tg_link_is_ready(client->link) ? tg_link_session(client->link) : NULL;
}

/* Sleep until a time. */
static void
sleep_until(int64_t until_ms)
{
	for (int64_t left_ms = until_ms - client_now_ms(); left_ms > 0;
	     left_ms = until_ms - client_now_ms())
		(void)poll(NULL, 0, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
}

/* Wait for the link's socket, at most until a time, and let the link go on. */
static enum tg_status
pump(struct tg_client *client, int64_t until_ms)
{
	struct pollfd waiting = { .fd = tg_link_fd(client->link),
				  .events = tg_link_events(client->link) };
	int64_t deadline_ms = tg_link_deadline_ms(client->link);
	int64_t left_ms = (deadline_ms < until_ms ? deadline_ms : until_ms) - client_now_ms();
	enum tg_status status;

	if (left_ms < 0)
		left_ms = 0;
	(void)poll(&waiting, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
	status = tg_link_step(client->link, client_now_ms());
	if (status != TG_OK)
		client_error_set(&client->error, "%s", tg_link_error(client->link));
	return status;
}

void
client_give_up(struct tg_client *client)
{
	tg_client_close(client);
	client->failures++;
	client->not_before_ms = client_now_ms() + tg_link_pause_ms(client->link, client->failures);
}

void
client_settle(struct tg_client *client)
{
	client->failures = 0;
	client->refusals = 0;
	client->not_before_ms = 0;
}

/*
 * See what has happened to an idle connection: closed by the other side, or about to be.  Answers
 * that nobody waits for are dropped.
 */
static void
refresh(struct tg_client *client)
{
	struct tg_message late;

	if (!tg_link_is_open(client->link) || tg_client_in_flight(client) > 0)
		return;
	if (tg_link_step(client->link, client_now_ms()) != TG_OK)
		return; /* closed, and opened again when needed */
	while (tg_link_receive(client->link, &late))
		continue;
	if (tg_link_is_open(client->link) && !tg_link_is_ready(client->link)) {
		client->not_before_ms = client_now_ms() + tg_link_pause_ms(client->link, 1);
		tg_link_close(client->link);
	}
}

/* Open the connection at the endpoint whose turn it is, or find it open. */
static enum tg_status
open_endpoint(struct tg_client *client, int64_t until_ms)
{
	enum tg_status status = TG_OK;

	if (!tg_link_is_open(client->link))
		status = tg_link_open(client->link, client_now_ms());
	if (status != TG_OK)
		client_error_set(&client->error, "%s", tg_link_error(client->link));
	while (status == TG_OK && !tg_link_is_ready(client->link)) {
		if (client_now_ms() >= until_ms) {
			client_error_set(&client->error, "the session did not open in time");
			status = TG_TIMEOUT;
		} else {
			status = pump(client, until_ms);
		}
	}
	if (status == TG_OK)
		return TG_OK;
	tg_client_close(client);
	return status == TG_TIMEOUT || status == TG_CLOSED ? TG_IO : status;
}

/* Will the session not open, however often it is tried? */
static bool
is_hopeless(enum tg_status status)
{
	return status != TG_IO && !tg_status_is_retryable(status);
}

enum tg_status
client_open_once(struct tg_client *client, int64_t until_ms)
{
	enum tg_status hope = TG_OK;

	refresh(client);
	for (uint32_t untried = tg_link_untried(client->link);; untried--) {
		int64_t now_ms = client_now_ms();
		/* One that does not answer leaves time for the others. */
		int64_t share_ms = (until_ms - now_ms) / untried;
		enum tg_status status = open_endpoint(client, now_ms + share_ms);

		client->is_loss_told = false;
		if (status == TG_OK)
			return TG_OK;
		if (hope == TG_OK || !is_hopeless(status))
			hope = status;
		if (untried == 1 || client_now_ms() >= until_ms) {
			client_give_up(client);
			return hope;
		}
		now_ms = client_now_ms() + tg_link_pause_ms(client->link, 1);
		sleep_until(now_ms < until_ms ? now_ms : until_ms);
	}
}

enum tg_status
client_open_until(struct tg_client *client, int64_t until_ms)
{
	enum tg_status status = TG_IO;

	for (;;) {
		refresh(client);
		if (!tg_link_is_ready(client->link)) {
			if (client->not_before_ms >= until_ms) {
				sleep_until(until_ms);
				return status;
			}
			sleep_until(client->not_before_ms);
		}
		status = client_open_once(client, until_ms);
		if (status == TG_OK || is_hopeless(status))
			return status;
	}
}

enum tg_status
tg_client_open(struct tg_client *client, uint32_t timeout_ms)
{
	return client_open_once(client, client_now_ms() + timeout_ms);
}

void
tg_client_close(struct tg_client *client)
{
	tg_link_close(client->link);
	client->is_loss_told = true;
}

enum tg_status
client_wait_answer(struct tg_client *client, uint32_t request_id, int64_t until_ms,
		   struct tg_message *ret_answer)
{
	enum tg_status status = TG_OK;

	for (;;) {
		while (tg_link_receive(client->link, ret_answer))
			if (ret_answer->request_id == request_id)
				return TG_OK;
		if (status != TG_OK)
			return status;
		if (!tg_link_is_open(client->link)) {
			client_error_set(&client->error, "%s", tg_link_error(client->link));
			return TG_CLOSED;
		}
		if (client_now_ms() >= until_ms) {
			client_error_set(&client->error, "no answer in time");
			return TG_TIMEOUT;
		}
		status = pump(client, until_ms);
	}
}

enum tg_status
client_note_answer(struct tg_client *client, const struct tg_message *request,
		   const struct tg_message *answer)
{
	enum tg_status status = (enum tg_status)answer->code;
	const struct tg_value *text = &answer->values[TG_FIELD_MESSAGE];
	bool has_text = tg_message_has(answer, TG_FIELD_MESSAGE);
	int64_t field = tg_message_integer(answer, TG_FIELD_FIELD, 0);

	if (status == TG_OK) {
		client->error.text[0] = '\0';
		return TG_OK;
	}
	client_error_set(&client->error, "the gateway answered %s with %s (%s)%s%s%s%.*s",
			 tg_operation_name(request->code), tg_status_name(status),
			 tg_status_text(status), field > 0 ? ", field " : "",
			 field > 0 ? tg_field_name((uint64_t)field) : "", has_text ? ": " : "",
			 has_text ? (int)text->bytes : 0, has_text ? (const char *)text->data : "");
	return status;
}

/*
 * Put a request into the link; what is wrong with it goes into the client's error.  A PING tells of
 * the attached queue, unless it tells of one itself.
 */
static enum tg_status
put(struct tg_client *client, const struct tg_message *request, uint32_t *ret_request_id)
{
	struct tg_message copy;
	enum tg_status status;

	if (client->queue != NULL && request->code == TG_OP_PING &&
	    !tg_message_has(request, TG_FIELD_QUEUE_DEPTH)) {
		copy = *request;
		tg_queue_tell(client->queue, &copy);
		request = &copy;
	}
	status = tg_link_send(client->link, request, ret_request_id);
	if (status != TG_OK)
		client_error_set(&client->error, "%s", tg_link_error(client->link));
	return status;
}

enum tg_status
tg_client_call(struct tg_client *client, const struct tg_message *request, uint32_t timeout_ms,
	       struct tg_message *ret_answer)
{
	int64_t until_ms = client_now_ms() + timeout_ms;
	uint32_t request_id;
	enum tg_status status;

	if (tg_client_in_flight(client) > 0) {
		client_error_set(&client->error, "answers to earlier requests are still to come");
		return TG_OUT_OF_TURN;
	}
	status = client_open_once(client, until_ms);
	if (status == TG_OK) {
		client_tend_queue(client, until_ms);
		status = client_open_once(client, until_ms);
	}
	if (status == TG_OK)
		status = put(client, request, &request_id);
	if (status != TG_OK)
		return status;
	status = client_wait_answer(client, request_id, until_ms, ret_answer);
	if (status == TG_OK) {
		if (!client_is_passing(ret_answer->code))
			client_settle(client);
		return client_note_answer(client, request, ret_answer);
	}
	client_give_up(client);
	return status == TG_TIMEOUT ? TG_TIMEOUT : TG_CLOSED;
}

enum tg_status
tg_client_send(struct tg_client *client, const struct tg_message *request, uint32_t *ret_request_id)
{
	enum tg_status status = TG_OK;

	if (tg_client_in_flight(client) == 0)
		status = client_open_once(client, INT64_MAX);
	else if (!tg_link_is_open(client->link))
		status = TG_CLOSED;
	if (status == TG_OK)
		status = put(client, request, ret_request_id);
	if (status == TG_OK && tg_link_step(client->link, client_now_ms()) != TG_OK)
		client_error_set(&client->error, "%s", tg_link_error(client->link));
	return status; /* a loss is told by tg_client_receive() */
}

enum tg_status
tg_client_receive(struct tg_client *client, uint32_t timeout_ms, struct tg_message *ret_answer)
{
	int64_t until_ms = client_now_ms() + timeout_ms;

	if (tg_client_in_flight(client) == 0) {
		client_error_set(&client->error, "no request is unanswered");
		return TG_OUT_OF_TURN;
	}
	for (;;) {
		if (tg_link_receive(client->link, ret_answer)) {
			client_settle(client);
			return TG_OK;
		}
		if (!tg_link_is_open(client->link)) {
			client_error_set(&client->error, "%s", tg_link_error(client->link));
			client_give_up(client);
			return TG_CLOSED;
		}
		if (client_now_ms() >= until_ms) {
			client_error_set(&client->error, "no answer in time");
			return TG_TIMEOUT;
		}
		(void)pump(client, until_ms); /* what has arrived comes first, then the loss */
	}
}

const char *
tg_client_host(const struct tg_client *client)
{
	return tg_link_host(client->link);
}

const char *
tg_client_port(const struct tg_client *client)
{
	return tg_link_port(client->link);
}

uint32_t
tg_client_in_flight(const struct tg_client *client)
{
	return client->is_loss_told ? 0 : tg_link_in_flight(client->link);
}

bool
client_is_passing(uint32_t status)
{
	switch (status) {
	case TG_BUSY:
	case TG_SHUTTING_DOWN:
	case TG_WINDOW_FULL:
	case TG_MEMBERS_FULL:
	case TG_IDENTIFIERS_FULL:
	case TG_LOTS_FULL:
	case TG_HOLDS_FULL:
	case TG_TABLE_FULL:
	case TG_JOURNAL_FULL:
		return true;
	default:
		return false;
	}
}

bool
client_wait_out(struct tg_client *client, const struct tg_message *answer, int64_t until_ms)
{
	int64_t asked_ms = tg_message_integer(answer, TG_FIELD_RETRY_AFTER, BUSY_FIRST_MS);
	uint32_t bound_ms = asked_ms < 1		 ? 1
			    : asked_ms > BACKOFF_MOST_MS ? BACKOFF_MOST_MS
							 : (uint32_t)asked_ms;
	int64_t again_ms;

	bound_ms = doubled_ms(bound_ms, ++client->refusals);
	again_ms = client_now_ms() + bound_ms + client_random_ms(bound_ms);
	if (answer->code == TG_SHUTTING_DOWN)
		client_give_up(client);
	sleep_until(again_ms < until_ms ? again_ms : until_ms);
	return again_ms < until_ms;
}
