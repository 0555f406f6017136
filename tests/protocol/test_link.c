/*
 * test_link.c - one connection under an event loop, and the small helpers of the client library.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "protocol/tallygate.h"
#include "tests/protocol/client_fixture.h"

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Make a link for the fixture's server and begin to open it. */
static struct tg_link *
open_link(struct client_fixture *f)
{
	struct tg_link *link;

	assert_int_equal(tg_link_new(&f->options, NULL, 0, &link), TG_OK);
	assert_int_equal(tg_link_open(link, now_ms()), TG_OK);
	return link;
}

/* Wait for the link's socket and step. */
static enum tg_status
step(struct tg_link *link)
{
	struct pollfd waiting = { .fd = tg_link_fd(link), .events = tg_link_events(link) };

	poll(&waiting, 1, 10000);
	return tg_link_step(link, now_ms());
}

/* What: many requests go out and come back without blocking.  How: 2,000 over TLS, 32 at a time. */
static void
requests_stream_through_a_link(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;
	uint32_t sent = 0, received = 0, id;
	struct tg_link *link;

	client_fixture_start(f, true);
	link = open_link(f);
	assert_int_equal(tg_link_send(link, &request, &id), TG_OUT_OF_TURN);
	while (received < 2000) {
		assert_int_equal(step(link), TG_OK);
		while (tg_link_receive(link, &answer)) {
			assert_int_equal(answer.code, TG_OK);
			received++;
		}
		while (tg_link_is_ready(link) && sent < 2000) {
			enum tg_status status;

			client_fixture_earn(f, sent, &request);
			status = tg_link_send(link, &request, &id);
			if (status == TG_BUSY)
				break;
			assert_int_equal(status, TG_OK);
			sent++;
		}
		assert_true(tg_link_in_flight(link) <= 32);
	}
	assert_int_equal(sent, 2000);
	assert_int_equal(tg_link_in_flight(link), 0);
	assert_int_equal(tg_link_deadline_ms(link), INT64_MAX);
	tg_link_free(link);
}

/* What: a session that does not open in time is given up.  How: the clock is past the deadline. */
static void
session_that_does_not_open_is_given_up(void **state)
{
	struct client_fixture *f = *state;
	struct tg_link *link;

	client_fixture_start(f, false);
	link = open_link(f);
	assert_true(tg_link_is_open(link));
	assert_true(tg_link_deadline_ms(link) < INT64_MAX);
	assert_int_equal(tg_link_step(link, tg_link_deadline_ms(link)), TG_TIMEOUT);
	assert_false(tg_link_is_open(link));
	assert_int_equal(tg_link_fd(link), -1);
	assert_non_null(strstr(tg_link_error(link), "did not open within 10000 ms"));
	assert_int_equal(tg_link_step(link, now_ms()), TG_CLOSED);
	tg_link_free(link);
}

/* What: an answer that came before the connection broke is not lost.  How: last words. */
static void
answer_before_the_end_is_received(void **state)
{
	static const struct fake_step steps[] = { { .move = FAKE_LAST_WORDS } };
	struct client_fixture *f = *state;
	struct tg_message request, answer;
	struct tg_link *link;
	uint32_t id;

	f->server.steps = steps;
	f->server.step_count = 1;
	client_fixture_start(f, true);
	link = open_link(f);
	while (!tg_link_is_ready(link))
		assert_int_equal(step(link), TG_OK);
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_link_send(link, &request, &id), TG_OK);
	while (step(link) == TG_OK)
		continue;
	assert_false(tg_link_is_open(link));
	assert_true(tg_link_receive(link, &answer));
	assert_int_equal(answer.request_id, id);
	assert_false(tg_link_receive(link, &answer));
	tg_link_free(link);
}

/* What: after a NOTICE nothing is sent, but answers still come.  How: one request, then another. */
static void
notice_stops_sending(void **state)
{
	static const struct fake_step steps[] = { { FAKE_NOTICE, TG_OK, 1234 } };
	struct client_fixture *f = *state;
	struct tg_message request, answer;
	struct tg_link *link;
	uint32_t id;

	f->server.steps = steps;
	f->server.step_count = 1;
	client_fixture_start(f, false);
	link = open_link(f);
	while (!tg_link_is_ready(link))
		assert_int_equal(step(link), TG_OK);
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_link_send(link, &request, &id), TG_OK);
	while (!tg_link_receive(link, &answer))
		assert_int_equal(step(link), TG_OK);
	assert_int_equal(answer.code, TG_OK);
	assert_false(tg_link_is_ready(link));
	assert_true(tg_link_is_open(link));
	assert_int_equal(tg_link_retry_after_ms(link), 1234);
	assert_int_equal(tg_link_send(link, &request, &id), TG_SHUTTING_DOWN);
	tg_link_free(link);
}

/* What: a host that does not exist is named.  How: a name that cannot be one. */
static void
unknown_host_is_named(void **state)
{
	struct client_fixture *f = *state;
	struct tg_link *link;

	f->options.host = "no.such.host.invalid.";
	assert_int_equal(tg_link_new(&f->options, NULL, 0, &link), TG_OK);
	assert_int_equal(tg_link_open(link, 0), TG_IO);
	assert_non_null(strstr(tg_link_error(link), "host no.such.host.invalid. port 7411: "));
	tg_link_free(link);
	tg_link_free(NULL);
	tg_client_free(NULL);
}

/* What: a reversal and a question name their original as the table asks.  How: decoded. */
static void
requests_about_another_are_whole(void **state)
{
	struct client_fixture *f = *state;
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	struct tg_message request, about;

	client_fixture_earn(f, 7, &request);
	assert_int_equal(tg_transaction_id_new(id), TG_OK);
	tg_reversal_of(&request, id, TG_REASON_TIME_OUT, &about);
	assert_int_equal(about.code, TG_OP_REVERSE);
	assert_int_equal(tg_message_integer(&about, TG_FIELD_REASON, 0), 1);
	assert_int_equal(tg_message_integer(&about, TG_FIELD_MEMBER, 0), 42);
	assert_memory_equal(about.values[TG_FIELD_ORIGINAL].data,
			    request.values[TG_FIELD_TRANSACTION_ID].data, 16);
	tg_status_request_of(&request, &about);
	assert_int_equal(about.code, TG_OP_STATUS);
	assert_int_equal(tg_message_integer(&about, TG_FIELD_ORIGINAL_TIME, 0),
			 INT64_C(1700000000000));
	assert_false(tg_message_has(&about, TG_FIELD_TRANSACTION_ID));
}

/* What: pauses grow to a minute, and are random.  How: bounds, and that two differ in the end. */
static void
pauses_grow_and_differ(void **state)
{
	uint32_t first, differing = 0;

	(void)state;
	assert_int_equal(tg_backoff_ms(0), 0);
	for (int i = 0; i < 100; i++) {
		assert_true(tg_backoff_ms(1) <= 1000);
		assert_true(tg_backoff_ms(3) <= 4000);
		assert_true(tg_backoff_ms(UINT32_MAX) <= 60000);
	}
	first = tg_backoff_ms(20);
	for (int i = 0; i < 20; i++)
		differing += tg_backoff_ms(20) != first;
	assert_true(differing > 0);
}

/* What: transaction ids differ.  How: two. */
static void
transaction_ids_differ(void **state)
{
	uint8_t one[TG_TRANSACTION_ID_BYTES], two[TG_TRANSACTION_ID_BYTES];

	(void)state;
	assert_int_equal(tg_transaction_id_new(one), TG_OK);
	assert_int_equal(tg_transaction_id_new(two), TG_OK);
	assert_memory_not_equal(one, two, sizeof(one));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		client_test(requests_stream_through_a_link),
		client_test(session_that_does_not_open_is_given_up),
		client_test(answer_before_the_end_is_received),
		client_test(notice_stops_sending),
		client_test(unknown_host_is_named),
		client_test(requests_about_another_are_whole),
		cmocka_unit_test(pauses_grow_and_differ),
		cmocka_unit_test(transaction_ids_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
