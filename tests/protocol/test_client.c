/*
 * test_client.c - the blocking client against a scripted server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/tallygate.h"
#include "tests/protocol/client_fixture.h"
#include "tests/protocol/fake_gateway.h"

/* For what comes in the end: a machine may stand still for a while. */
#define ENOUGH_MS 60000

#define STEPS(...) \
	(const struct fake_step[]){ __VA_ARGS__ }, \
		sizeof((struct fake_step[]){ __VA_ARGS__ }) / sizeof(struct fake_step)

/* Start a server with this script, without TLS, and make a client for it. */
static void
start(struct client_fixture *f, const struct fake_step *steps, size_t step_count)
{
	f->server.steps = steps;
	f->server.step_count = step_count;
	client_fixture_start(f, false);
}

/* What: an earn is answered, and its figures are there.  How: one call. */
static void
call_is_answered(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;

	start(f, NULL, 0);
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer), TG_OK);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_POINTS, 0), 100);
	assert_false(tg_message_has(&answer, TG_FIELD_REPLAY));
	assert_string_equal(tg_client_error(f->client), "");
	assert_int_equal(tg_client_session(f->client)->partner, 3);
	assert_int_equal(tg_client_session(f->client)->store, FAKE_STORE + 1);
	assert_int_equal(tg_client_session(f->client)->in_flight_max, 32);
	assert_string_equal(tg_client_session(f->client)->instance, "fake");
}

/* What: a refusal is told with its name and meaning.  How: NO_POINTS, once. */
static void
refusal_is_told_in_words(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;

	start(f, STEPS({ FAKE_REFUSE, TG_NO_POINTS, 0 }));
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer), TG_NO_POINTS);
	assert_int_equal(answer.code, TG_NO_POINTS);
	assert_string_equal(tg_client_error(f->client),
			    "the gateway answered EARN with NO_POINTS (available points too low)");
}

/* What: a request that is wrong in itself is not sent, and the field is named.  How: three. */
static void
wrong_request_is_named_and_not_sent(void **state)
{
	struct client_fixture *f = *state;
	const struct fake_seen *seen;
	struct tg_message request, answer;

	start(f, NULL, 0);
	client_fixture_earn(f, 1, &request);
	tg_message_set_integer(&request, TG_FIELD_AMOUNT, -1);
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer), TG_BAD_FIELD);
	assert_string_equal(tg_client_error(f->client), "EARN: field AMOUNT (14): a field has the "
							"wrong type or is out of bounds");
	tg_message_init(&request, 0, TG_OP_PING);
	tg_message_set_integer(&request, TG_FIELD_POINTS, 1);
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer), TG_UNKNOWN_FIELD);
	tg_message_init(&request, 0, 99);
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer),
			 TG_UNKNOWN_OPERATION);
	fake_gateway_stop(f->gateway);
	assert_int_equal(fake_gateway_seen(f->gateway, &seen), 0);
}

/* What: silence and a lost connection are told apart, both as unknown.  How: a call each. */
static void
no_answer_is_unknown(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;

	start(f, STEPS({ .move = FAKE_SILENCE }, { .move = FAKE_CLOSE }));
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_open(f->client, ENOUGH_MS), TG_OK);
	assert_int_equal(tg_client_call(f->client, &request, 50, &answer), TG_TIMEOUT);
	assert_string_equal(tg_client_error(f->client), "no answer in time");
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer), TG_CLOSED);
	assert_non_null(strstr(tg_client_error(f->client), "closed"));
}

/* What: where nobody listens, it says so at once.  How: the port of a server that has gone. */
static void
unreachable_gateway_is_named(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;

	start(f, NULL, 0);
	fake_gateway_stop(f->gateway);
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_call(f->client, &request, 5000, &answer), TG_IO);
	assert_non_null(strstr(tg_client_error(f->client), "connect to 127.0.0.1 port "));
	assert_non_null(strstr(tg_client_error(f->client), "Connection refused"));
	assert_int_equal(tg_client_transact(f->client, &request, 100, &answer), TG_IO);
}

/* What: a lost answer is asked for again under the same id.  How: closed at the first attempt. */
static void
lost_answer_is_asked_for_again(void **state)
{
	struct client_fixture *f = *state;
	const struct fake_seen *seen;
	struct tg_message request, answer;

	start(f, STEPS({ .move = FAKE_CLOSE }));
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_transact(f->client, &request, ENOUGH_MS, &answer), TG_OK);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_REPLAY, 0), 1);
	fake_gateway_stop(f->gateway);
	assert_int_equal(fake_gateway_seen(f->gateway, &seen), 2);
	assert_memory_equal(seen[0].id, seen[1].id, sizeof(seen[0].id));
	assert_true(seen[0].is_booked && !seen[1].is_booked);
	assert_false(seen[0].is_repeat);
	assert_int_equal(seen[0].attempt, -1);
	assert_true(seen[1].is_repeat);
	assert_int_equal(seen[1].attempt, 1);
	assert_int_equal(seen[1].connection, 2);
}

/* What: a silent connection is given up for another.  How: silence at the first attempt. */
static void
silent_connection_is_given_up(void **state)
{
	struct client_fixture *f = *state;
	const struct fake_seen *seen;
	struct tg_message request, answer;

	f->options.answer_timeout_ms = 8000;
	start(f, STEPS({ .move = FAKE_SILENCE }));
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_transact(f->client, &request, ENOUGH_MS, &answer), TG_OK);
	fake_gateway_stop(f->gateway);
	assert_int_equal(fake_gateway_seen(f->gateway, &seen), 2);
	assert_int_equal(seen[1].connection, 2);
}

/* What: BUSY is waited out on the same connection.  How: twice, then OK. */
static void
busy_is_waited_out(void **state)
{
	struct client_fixture *f = *state;
	const struct fake_seen *seen;
	struct tg_message request, answer;

	start(f, STEPS({ FAKE_REFUSE, TG_BUSY, 5 }, { FAKE_REFUSE, TG_WINDOW_FULL, 5 }));
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_transact(f->client, &request, ENOUGH_MS, &answer), TG_OK);
	fake_gateway_stop(f->gateway);
	assert_int_equal(fake_gateway_seen(f->gateway, &seen), 3);
	assert_int_equal(seen[2].connection, 1);
	assert_int_equal(seen[2].attempt, 2);
	assert_true(seen[2].is_booked);
}

/* What: a final answer ends it, and so does one that waiting will not change.  How: two of them. */
static void
final_answer_is_not_asked_for_again(void **state)
{
	struct client_fixture *f = *state;
	const struct fake_seen *seen;
	struct tg_message request, answer;

	start(f, STEPS({ FAKE_REFUSE, TG_NO_POINTS, 0 }, { FAKE_REFUSE, TG_UNKNOWN_MEMBER, 0 }));
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_transact(f->client, &request, ENOUGH_MS, &answer), TG_NO_POINTS);
	assert_int_equal(tg_client_transact(f->client, &request, ENOUGH_MS, &answer),
			 TG_UNKNOWN_MEMBER);
	fake_gateway_stop(f->gateway);
	assert_int_equal(fake_gateway_seen(f->gateway, &seen), 2);
}

/* What: when the time is up, what is known is told.  How: never answered; always BUSY; both. */
static void
end_of_time_tells_what_is_known(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;

	start(f, STEPS({ .move = FAKE_SILENCE }, { FAKE_REFUSE, TG_BUSY, 60000 }));
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_open(f->client, ENOUGH_MS), TG_OK);
	assert_int_equal(tg_client_transact(f->client, &request, 50, &answer), TG_TIMEOUT);
	assert_int_equal(tg_client_transact(f->client, &request, 10000, &answer), TG_BUSY);
}

/* What: only transactions are sent again.  How: a PING. */
static void
what_has_no_id_is_not_transacted(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;

	start(f, NULL, 0);
	tg_message_init(&request, 0, TG_OP_PING);
	assert_int_equal(tg_client_transact(f->client, &request, 1000, &answer), TG_OUT_OF_TURN);
	assert_string_equal(tg_client_error(f->client), "not a transaction");
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer), TG_OK);
}

/* What: a connection closed while idle is opened again unnoticed.  How: closed after an answer. */
static void
connection_closed_while_idle_is_opened_again(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;

	start(f, STEPS({ .move = FAKE_LAST_WORDS }));
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer), TG_OK);
	while (tg_client_session(f->client) == NULL ||
	       tg_client_session(f->client)->store == FAKE_STORE + 1)
		assert_int_equal(tg_client_open(f->client, ENOUGH_MS), TG_OK);
	client_fixture_earn(f, 2, &request);
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer), TG_OK);
	assert_int_equal(tg_client_session(f->client)->store, FAKE_STORE + 2);
}

/* What: after a NOTICE the last answer comes, and the next request goes elsewhere.  How: one. */
static void
notice_is_heeded(void **state)
{
	struct client_fixture *f = *state;
	const struct fake_seen *seen;
	struct tg_message request, answer;

	start(f, STEPS({ FAKE_NOTICE, TG_OK, 10 }));
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_transact(f->client, &request, ENOUGH_MS, &answer), TG_OK);
	client_fixture_earn(f, 2, &request);
	assert_int_equal(tg_client_transact(f->client, &request, ENOUGH_MS, &answer), TG_OK);
	fake_gateway_stop(f->gateway);
	assert_int_equal(fake_gateway_seen(f->gateway, &seen), 2);
	assert_int_equal(seen[0].connection, 1);
	assert_int_equal(seen[1].connection, 2);
}

/* What: what is no frame ends the connection.  How: three bytes that msgpack never uses. */
static void
garbage_ends_the_connection(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;

	start(f, STEPS({ .move = FAKE_GARBAGE }));
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer), TG_CLOSED);
	assert_non_null(strstr(tg_client_error(f->client), "does not speak the protocol"));
}

/* What: an answer in crumbs is put together.  How: three bytes a time. */
static void
answer_in_crumbs_is_put_together(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;

	start(f, STEPS({ .move = FAKE_CRUMBS }));
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer), TG_OK);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_POINTS, 0), 100);
}

/* What: answers are matched whatever their order.  How: three sent, the first held back. */
static void
pipelined_answers_come_in_any_order(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;
	uint32_t ids[3], got[3];

	f->server.in_flight_max = 3;
	start(f, STEPS({ .move = FAKE_HOLD_BACK }));
	for (size_t i = 0; i < 3; i++) {
		client_fixture_earn(f, (uint32_t)i, &request);
		assert_int_equal(tg_client_send(f->client, &request, &ids[i]), TG_OK);
	}
	assert_int_equal(tg_client_send(f->client, &request, &ids[0]), TG_BUSY);
	assert_int_equal(tg_client_call(f->client, &request, 1000, &answer), TG_OUT_OF_TURN);
	assert_int_equal(tg_client_in_flight(f->client), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(tg_client_receive(f->client, ENOUGH_MS, &answer), TG_OK);
		got[i] = answer.request_id;
	}
	assert_int_equal(got[0], ids[1]);
	assert_int_equal(got[1], ids[0]);
	assert_int_equal(got[2], ids[2]);
	assert_int_equal(tg_client_receive(f->client, 0, &answer), TG_OUT_OF_TURN);
}

/* What: what was pipelined on a lost connection is told as lost, once.  How: closed at the 2nd. */
static void
pipelined_requests_are_told_as_lost(void **state)
{
	struct client_fixture *f = *state;
	enum tg_status status = TG_OK;
	struct tg_message request, answer;
	uint32_t id;

	start(f, STEPS({ .move = FAKE_ANSWER }, { .move = FAKE_CLOSE }));
	for (uint32_t i = 0; i < 30 && status == TG_OK; i++) {
		client_fixture_earn(f, i, &request);
		status = tg_client_send(f->client, &request, &id);
	}
	assert_true(status == TG_OK || status == TG_CLOSED);
	assert_int_equal(tg_client_receive(f->client, ENOUGH_MS, &answer), TG_OK);
	assert_int_equal(tg_client_receive(f->client, ENOUGH_MS, &answer), TG_CLOSED);
	assert_int_equal(tg_client_in_flight(f->client), 0);
	assert_int_equal(tg_client_receive(f->client, ENOUGH_MS, &answer), TG_OUT_OF_TURN);
	assert_int_equal(tg_client_call(f->client, &request, ENOUGH_MS, &answer), TG_OK);
}

/* What: a code is never sent without TLS, and what is in the way of using one is named. */
static void
code_is_used_over_tls_only(void **state)
{
	static const uint8_t nonce[TG_ACTIVATION_NONCE_BYTES] = { 1 };
	struct tg_activation activation = { .terminal = 7 };
	struct tg_options options;
	char why[200];

	(void)state;
	tg_options_init(&options);
	options.host = "127.0.0.1";
	options.port = "1";
	options.terminal = 7;
	options.is_plain = true;
	assert_int_equal(tg_activate(&options, "7K3M-9QXT-2B4C", nonce, 1000, &activation, why,
				     sizeof(why)),
			 TG_CONFIG);
	assert_non_null(strstr(why, "TLS only"));
	options.is_plain = false;
	assert_int_equal(tg_activate(&options, "7K3M-9QXT-2B4C", nonce, 1000, &activation, why,
				     sizeof(why)),
			 TG_IO);
	assert_non_null(strstr(why, "127.0.0.1"));
	options.terminal = 0;
	assert_int_equal(tg_activate(&options, "7K3M-9QXT-2B4C", nonce, 100, &activation, NULL, 0),
			 TG_CONFIG);
	assert_int_equal(activation.terminal, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		client_test(call_is_answered),
		client_test(refusal_is_told_in_words),
		client_test(wrong_request_is_named_and_not_sent),
		client_test(no_answer_is_unknown),
		client_test(unreachable_gateway_is_named),
		client_test(lost_answer_is_asked_for_again),
		client_test(silent_connection_is_given_up),
		client_test(busy_is_waited_out),
		client_test(final_answer_is_not_asked_for_again),
		client_test(end_of_time_tells_what_is_known),
		client_test(what_has_no_id_is_not_transacted),
		client_test(connection_closed_while_idle_is_opened_again),
		client_test(notice_is_heeded),
		client_test(garbage_ends_the_connection),
		client_test(answer_in_crumbs_is_put_together),
		client_test(pipelined_answers_come_in_any_order),
		client_test(pipelined_requests_are_told_as_lost),
		cmocka_unit_test(code_is_used_over_tls_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
