/*
 * test_client_batch.c - many transactions in batches: each gets exactly one final answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/tallygate.h"
#include "tests/protocol/client_fixture.h"

#define REQUESTS 3000

/* What came back for each request. */
struct outcomes {
	uint32_t answers[REQUESTS]; /* how many */
	uint32_t status[REQUESTS];  /* of the last; UINT32_MAX: unknown */
	uint32_t replays;
};

static struct tg_message messages[REQUESTS];
static const struct tg_message *requests[REQUESTS];
static struct outcomes outcomes;

static void
on_answer(void *context, uint32_t index, const struct tg_message *answer)
{
	struct outcomes *o = context;

	o->answers[index]++;
	o->status[index] = answer != NULL ? answer->code : UINT32_MAX;
	if (answer != NULL)
		o->replays += tg_message_integer(answer, TG_FIELD_REPLAY, 0) != 0;
}

/* Send so many earns; each has one answer, of the status given. */
static enum tg_status
run_batch(struct client_fixture *f, uint32_t count, uint32_t timeout_ms, uint32_t expected)
{
	enum tg_status status;

	memset(&outcomes, 0, sizeof(outcomes));
	for (uint32_t i = 0; i < count; i++) {
		client_fixture_earn(f, i, &messages[i]);
		requests[i] = &messages[i];
	}
	status = tg_client_batch(f->client, requests, count, timeout_ms, on_answer, &outcomes);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(outcomes.answers[i], 1);
		assert_int_equal(outcomes.status[i], expected);
	}
	return status;
}

/* How many items were booked, each for the first time. */
static uint32_t
count_booked(struct client_fixture *f)
{
	const struct fake_seen *seen;
	uint32_t booked = 0;
	size_t count;

	fake_gateway_stop(f->gateway);
	count = fake_gateway_seen(f->gateway, &seen);
	for (size_t i = 0; i < count; i++)
		booked += seen[i].is_booked && seen[i].operation == TG_OP_EARN;
	return booked;
}

/* What: each gets its answer, in frames as large as may be sent.  How: many frames, then one. */
static void
each_gets_its_answer(void **state)
{
	struct client_fixture *f = *state;

	f->server.rights = TG_RIGHT_BATCH;
	f->server.frame_bytes_max = 4096;
	client_fixture_start(f, false);
	assert_int_equal(run_batch(f, REQUESTS, 20000, TG_OK), TG_OK);
	assert_int_equal(count_booked(f), REQUESTS);
}

static void
each_gets_its_answer_in_one_frame_over_tls(void **state)
{
	struct client_fixture *f = *state;

	f->server.rights = TG_RIGHT_BATCH;
	f->server.frame_bytes_max = TG_FRAME_BYTES_MAX_BATCH;
	client_fixture_start(f, true);
	assert_int_equal(run_batch(f, REQUESTS, 20000, TG_OK), TG_OK);
	assert_int_equal(count_booked(f), REQUESTS);
}

/* What: items that were BUSY are sent again, the others are not.  How: every seventh is. */
static void
busy_items_are_sent_again(void **state)
{
	struct client_fixture *f = *state;

	f->server.rights = TG_RIGHT_BATCH;
	f->server.frame_bytes_max = TG_FRAME_BYTES_MAX_BATCH;
	f->server.busy_every = 7;
	client_fixture_start(f, false);
	assert_int_equal(run_batch(f, 100, 20000, TG_OK), TG_OK);
	assert_int_equal(outcomes.replays, 0);
	assert_int_equal(count_booked(f), 100);
}

/* What: a batch without an answer is sent again, whole.  How: closed at the first. */
static void
batch_without_answer_is_sent_again(void **state)
{
	static const struct fake_step steps[] = { { .move = FAKE_CLOSE } };
	struct client_fixture *f = *state;

	f->server.rights = TG_RIGHT_BATCH;
	f->server.steps = steps;
	f->server.step_count = 1;
	client_fixture_start(f, false);
	assert_int_equal(run_batch(f, 50, 20000, TG_OK), TG_OK);
	assert_int_equal(count_booked(f), 50);
	assert_int_equal(fake_gateway_connections(f->gateway), 2);
}

/* What: a refused batch is refused for all.  How: FORBIDDEN. */
static void
refused_batch_has_no_outcomes(void **state)
{
	static const struct fake_step steps[] = { { FAKE_REFUSE, TG_FORBIDDEN, 0 } };
	struct client_fixture *f = *state;

	f->server.steps = steps;
	f->server.step_count = 1;
	client_fixture_start(f, false);
	assert_int_equal(run_batch(f, 5, 5000, UINT32_MAX), TG_FORBIDDEN);
	assert_non_null(strstr(tg_client_error(f->client), "BATCH with FORBIDDEN"));
}

/* What: an item that is wrong in itself stops all before anything is sent.  How: the third. */
static void
wrong_item_is_named(void **state)
{
	struct client_fixture *f = *state;
	const struct fake_seen *seen;

	client_fixture_start(f, false);
	for (uint32_t i = 0; i < 5; i++) {
		client_fixture_earn(f, i, &messages[i]);
		requests[i] = &messages[i];
	}
	tg_message_set_integer(&messages[2], TG_FIELD_TILL, 0);
	memset(&outcomes, 0, sizeof(outcomes));
	assert_int_equal(tg_client_batch(f->client, requests, 5, 5000, on_answer, &outcomes),
			 TG_BAD_FIELD);
	assert_non_null(strstr(tg_client_error(f->client), "TILL"));
	assert_int_equal(outcomes.status[0], UINT32_MAX);
	fake_gateway_stop(f->gateway);
	assert_int_equal(fake_gateway_seen(f->gateway, &seen), 0);
}

/* What: when the time is up, what is unknown is told so.  How: never answered. */
static void
end_of_time_is_unknown(void **state)
{
	static const struct fake_step steps[] = { { .move = FAKE_SILENCE } };
	struct client_fixture *f = *state;

	f->server.steps = steps;
	f->server.step_count = 1;
	client_fixture_start(f, false);
	assert_int_equal(tg_client_open(f->client, 30000), TG_OK);
	assert_int_equal(run_batch(f, 5, 50, UINT32_MAX), TG_TIMEOUT);
}

/* What: nothing to do is done.  How: no requests. */
static void
empty_batch_is_done(void **state)
{
	struct client_fixture *f = *state;

	client_fixture_start(f, false);
	assert_int_equal(run_batch(f, 0, 1000, 0), TG_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		client_test(each_gets_its_answer),
		client_test(each_gets_its_answer_in_one_frame_over_tls),
		client_test(busy_items_are_sent_again),
		client_test(batch_without_answer_is_sent_again),
		client_test(refused_batch_has_no_outcomes),
		client_test(wrong_item_is_named),
		client_test(end_of_time_is_unknown),
		client_test(empty_batch_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
