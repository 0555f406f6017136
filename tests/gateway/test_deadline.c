/*
 * test_deadline.c - time and slow peers: every wait of a session ends.
 *
 * The I/O thread's clock is the test's; nothing here waits for real time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "tests/gateway/io_fixture.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, io_setup, io_teardown)

/* What: a handshake ends at its deadline, and bytes that trickle in do not put it off.
 * How:  the client's first flight is sent one byte a second. */
static void
a_handshake_ends_at_its_deadline(void **state)
{
	struct io_fixture *f = *state;
	struct peer *silent = fixture_connect(f, NULL), *trickling = fixture_connect(f, NULL);

	silent->is_deaf = true;
	/* A TLS record that promises 512 bytes. */
	silent->is_open = trickling->is_open = true; /* peers shake no hands by themselves */
	assert_int_equal(send(trickling->fd, "\x16\x03\x01\x02\x00", 5, 0), 5);
	trickling->is_deaf = true;
	fixture_settle(f);
	for (int second = 1; second < 10; second++) {
		assert_int_equal(send(trickling->fd, "\1", 1, 0), 1);
		fixture_advance(f, 1000);
		assert_int_equal(fixture_session(f, 0)->state, SESSION_HANDSHAKE);
		assert_int_equal(fixture_session(f, 1)->state, SESSION_HANDSHAKE);
	}
	fixture_advance(f, 1000);
	assert_null(fixture_session(f, 0));
	assert_null(fixture_session(f, 1));
	assert_non_null(strstr(fixture_log(f), "reason=\"no handshake in time\""));
}

/* What: while there are too many handshakes, the slow ones make room; without pressure not. */
static void
slow_handshakes_make_room_under_pressure(void **state)
{
	struct io_fixture *f = *state;

	f->config->limits_handshakes = 3;
	for (int i = 0; i < 3; i++)
		fixture_connect(f, NULL)->is_closed = true; /* does nothing */
	fixture_settle(f);
	assert_int_equal(f->census.handshakes, 3);
	fixture_advance(f, SESSION_PRESSED_MS - 500);
	assert_int_equal(f->census.handshakes, 3);
	fixture_advance(f, 600);
	assert_int_equal(f->census.handshakes, 2);
	fixture_advance(f, 5000);
	assert_int_equal(f->census.handshakes, 2);
}

/* What: HELLO and AUTH together have one deadline after the handshake, whatever is sent. */
static void
authentication_ends_at_its_deadline(void **state)
{
	struct io_fixture *f = *state;
	struct peer *silent = fixture_connect(f, NULL), *chatty = fixture_connect(f, NULL);
	struct tg_message answer, ping;

	fixture_settle(f);
	fixture_advance(f, 3000);
	fixture_hello(f, chatty, &answer);
	for (int second = 3; second < 9; second++) {
		fixture_request(f, TG_OP_PING, &ping);
		peer_put_message(chatty, &ping);
		fixture_advance(f, 1000);
		fixture_expect(chatty, ping.request_id, TG_OK);
	}
	assert_int_equal(fixture_session(f, 0)->state, SESSION_HELLO);
	assert_int_equal(fixture_session(f, 1)->state, SESSION_CHALLENGE);
	fixture_advance(f, 1100);
	assert_null(fixture_session(f, 0));
	assert_null(fixture_session(f, 1));
	assert_true(silent->is_closed && chatty->is_closed);
}

/* What: a frame ends at its deadline though it trickles; the clock begins with its first byte and
 *       ends with its last, and a whole frame gives the next one all its time. */
static void
a_frame_ends_at_its_deadline(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 123);
	static const uint8_t ping[] = { 0, 0, 0, 4, 0x93, 5, 3, 0x80 };

	fixture_advance(f, 60000);
	for (size_t i = 0; i < 2 * sizeof(ping); i++) {
		peer_put(peer, ping + i % sizeof(ping), 1);
		fixture_advance(f, 600);
	}
	fixture_expect(peer, 5, TG_OK);
	fixture_expect(peer, 5, TG_OK);
	assert_false(peer->is_closed);
	assert_int_equal(fixture_session(f, 0)->frame_since_ms, 0);
	for (size_t i = 0; i < 4; i++) {
		peer_put(peer, ping + i, 1);
		fixture_advance(f, 1200);
	}
	assert_false(peer->is_closed);
	peer_put(peer, ping + 4, 1);
	fixture_advance(f, 1300);
	assert_false(peer->is_closed);
	fixture_advance(f, 200);
	assert_true(peer->is_closed);
	assert_non_null(strstr(fixture_log(f), "reason=\"frame not whole in time\""));
}

/* What: a frame that waits because the session has too much in flight is not late. */
static void
a_frame_that_must_wait_is_not_late(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 123);
	struct tg_message earn;

	f->config->limits_in_flight = 1;
	f->pipeline->is_holding = true;
	for (uint32_t i = 1; i <= 3; i++) {
		fixture_earn(f, i, &earn);
		peer_put_message(peer, &earn);
	}
	peer->out_bytes -= 10; /* the third is not whole */
	fixture_settle(f);
	assert_int_equal(f->port->held_count, 1);
	fixture_advance(f, 60000);
	assert_false(peer->is_closed);
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_advance(f, 4000);
	assert_false(peer->is_closed);
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_advance(f, 4000);
	assert_false(peer->is_closed);
	fixture_advance(f, 1100);
	assert_true(peer->is_closed);
}

/* What: a connection that is silent for long is closed in an orderly way; one that waits for an
 *       answer is not silent; PING keeps it open. */
static void
a_silent_connection_is_closed(void **state)
{
	struct io_fixture *f = *state;
	struct peer *silent = fixture_open(f, 123), *waiting = fixture_open(f, 124);
	struct peer *pinging = fixture_open(f, 125);
	struct tg_message message;

	f->config->deadlines_idle_ms = 10000;
	f->pipeline->is_holding = true;
	fixture_earn(f, 1, &message);
	peer_put_message(waiting, &message);
	for (int i = 0; i < 3; i++) {
		fixture_request(f, TG_OP_PING, &message);
		peer_put_message(pinging, &message);
		fixture_advance(f, 5000);
	}
	assert_true(silent->is_closed);
	assert_int_equal(silent->error, 0);
	assert_false(waiting->is_closed);
	assert_false(pinging->is_closed);
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_advance(f, 9000);
	assert_false(waiting->is_closed);
	fixture_advance(f, 2000);
	assert_true(waiting->is_closed);
}

/* What: a peer that pipelines and never reads: its answers are capped, nothing more is read from
 *       it, and at the deadline it is closed; meanwhile another is served.
 * How:  plain, so that little is buffered in between. */
static void
a_peer_that_never_reads_is_closed(void **state)
{
	struct io_fixture *f = *state;
	struct peer *deaf = fixture_connect_plain(f), *other = fixture_open(f, 124);
	struct tg_message message;
	struct session *session;

	f->config->limits_output_bytes = 4096;
	fixture_hello(f, deaf, &message);
	fixture_send_auth(f, deaf, &message, 123, 1, false);
	fixture_take(deaf, &message);
	deaf->is_deaf = true;
	for (uint32_t i = 0; i < 40000; i++) {
		fixture_request(f, TG_OP_PING, &message);
		peer_put_message(deaf, &message);
	}
	fixture_settle(f);
	session = fixture_session(f, 0);
	assert_true(session->out_end - session->out_start >= 4096);
	assert_true(session->out_end - session->out_start < 8192);
	assert_true(deaf->out_bytes > 0);
	fixture_advance(f, 9000);
	assert_false(session->state == SESSION_FREE);
	fixture_request(f, TG_OP_PING, &message);
	peer_put_message(other, &message);
	fixture_settle(f);
	fixture_expect(other, message.request_id, TG_OK);
	fixture_advance(f, 1100);
	assert_null(fixture_session(f, 0));
	assert_non_null(strstr(fixture_log(f), "reason=\"answers not taken in time\""));
}

/* What: a slow peer that does read now and then goes on. */
static void
a_slow_peer_that_reads_goes_on(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_connect_plain(f);
	struct tg_message message;
	uint32_t answers = 0;

	f->config->limits_output_bytes = 4096;
	fixture_hello(f, peer, &message);
	fixture_send_auth(f, peer, &message, 123, 1, false);
	fixture_take(peer, &message);
	peer->is_deaf = true;
	for (uint32_t i = 0; i < 40000; i++) {
		fixture_request(f, TG_OP_PING, &message);
		peer_put_message(peer, &message);
	}
	for (int i = 0; i < 5; i++) {
		fixture_advance(f, 8000);
		peer->is_deaf = false;
		peer_step(peer);
		peer->is_deaf = true;
	}
	peer->is_deaf = false;
	fixture_settle(f);
	while (peer_take(peer, &message))
		answers++;
	assert_int_equal(answers, 40000);
}

/* What: an old connection is asked to reconnect, gets its answers, and is closed. */
static void
an_old_connection_is_asked_to_reconnect(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer;
	struct tg_message earn, ping;

	f->config->deadlines_session_ms = 3600000;
	f->config->deadlines_idle_ms = 86400000;
	peer = fixture_open(f, 123);
	f->pipeline->is_holding = true;
	fixture_earn(f, 1, &earn);
	peer_put_message(peer, &earn);
	fixture_advance(f, 3600000);
	fixture_take(peer, &ping);
	assert_int_equal(ping.code, TG_OP_NOTICE);
	assert_int_equal(ping.values[TG_FIELD_OUTCOME].integer, TG_SHUTTING_DOWN);
	assert_true(ping.values[TG_FIELD_RETRY_AFTER].integer >= 500);
	assert_true(ping.values[TG_FIELD_RETRY_AFTER].integer <= 4500);
	assert_int_equal(fixture_session(f, 0)->state, SESSION_DRAINING);
	fixture_advance(f, 5000);
	assert_false(peer->is_closed);
	double_answer(f->port, 1);
	fixture_advance(f, 100);
	fixture_expect(peer, earn.request_id, TG_OK);
	assert_true(peer->is_closed);
	assert_int_equal(peer->error, 0);
}

/* What: a drain tells every peer, refuses what crosses the notice, answers what is in flight,
 *       closes all, and takes no new connection. */
static void
a_drain_answers_all_and_closes(void **state)
{
	struct io_fixture *f = *state;
	struct peer *working = fixture_open(f, 123), *idle = fixture_open(f, 124);
	struct peer *early = fixture_connect(f, NULL), *late;
	struct tg_message earn, second;

	fixture_settle(f);
	f->pipeline->is_holding = true;
	fixture_earn(f, 1, &earn);
	peer_put_message(working, &earn);
	fixture_settle(f);
	io_drain(f->io);
	late = fixture_connect(f, NULL);
	fixture_settle(f);
	fixture_expect_notice(working, TG_SHUTTING_DOWN);
	fixture_expect_notice(idle, TG_SHUTTING_DOWN);
	fixture_expect_notice(early, TG_SHUTTING_DOWN);
	assert_true(late->is_closed);
	fixture_earn(f, 2, &second);
	peer_put_message(working, &second);
	fixture_settle(f);
	fixture_expect(working, second.request_id, TG_SHUTTING_DOWN);
	fixture_advance(f, 300);
	assert_true(idle->is_closed && early->is_closed);
	assert_false(working->is_closed);
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_expect(working, earn.request_id, TG_OK);
	assert_true(working->is_closed);
	for (uint32_t i = 0; i < f->peer_count; i++)
		peer_close(&f->peers[i]);
	fixture_settle(f);
	assert_int_equal(f->census.connections, 0);
}

/* Take a partner (0: everybody) out of service or back in, and let the thread see it. */
static void
serve(struct io_fixture *f, uint32_t partner, bool is_served)
{
	if (partner == 0)
		atomic_store(&f->census.is_drained, !is_served);
	else
		atomic_store(&census_find(&f->census, partner)->is_drained, !is_served);
	io_review(f->io);
	fixture_settle(f);
}

/* What: an operator's drain of everybody tells peers to go, answers what is in flight, and whoever
 *       comes is told the same, whether he was there in a handshake or comes anew; until served
 *       again. */
static void
a_gateway_out_of_service_sends_all_away(void **state)
{
	struct io_fixture *f = *state;
	struct peer *working = fixture_open(f, 123), *early = fixture_connect(f, NULL), *late;
	struct tg_message earn;

	f->pipeline->is_holding = true;
	fixture_earn(f, 1, &earn);
	peer_put_message(working, &earn);
	fixture_settle(f);
	serve(f, 0, false);
	late = fixture_connect(f, NULL);
	fixture_settle(f);
	fixture_expect_notice(working, TG_SHUTTING_DOWN);
	fixture_expect_notice(early, TG_SHUTTING_DOWN);
	fixture_expect_notice(late, TG_SHUTTING_DOWN);
	fixture_advance(f, 300);
	assert_true(early->is_closed && late->is_closed);
	assert_false(working->is_closed);
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_expect(working, earn.request_id, TG_OK);
	assert_true(working->is_closed);
	f->pipeline->is_holding = false;
	serve(f, 0, true);
	fixture_open(f, 123);
}

/* What: a partner out of service has no session, old or new; those of others go on. */
static void
a_partner_out_of_service_is_alone_in_it(void **state)
{
	struct io_fixture *f = *state;
	struct peer *gone = fixture_open(f, 123), *other = fixture_open(f, 223);
	struct peer *back;
	struct tg_message hello, ping;

	serve(f, 1, false);
	fixture_expect_notice(gone, TG_SHUTTING_DOWN);
	fixture_advance(f, 300);
	assert_true(gone->is_closed);
	back = fixture_connect(f, NULL);
	fixture_hello(f, back, &hello);
	fixture_send_auth(f, back, &hello, 123, 1, false);
	fixture_settle(f);
	fixture_expect(back, f->next_id - 1, TG_SHUTTING_DOWN);
	assert_true(back->is_closed);
	fixture_request(f, TG_OP_PING, &ping);
	peer_put_message(other, &ping);
	fixture_settle(f);
	fixture_expect(other, ping.request_id, TG_OK);
	assert_false(other->is_closed);
	serve(f, 1, true);
	fixture_open(f, 123);
}

/* What: a drain does not wait longer than it may, for answers that never come or peers that
 *       never close. */
static void
a_drain_has_its_deadline(void **state)
{
	struct io_fixture *f = *state;
	struct peer *working = fixture_open(f, 123), *stuck = fixture_open(f, 124);
	struct tg_message earn;

	f->pipeline->is_holding = true;
	fixture_earn(f, 1, &earn);
	peer_put_message(working, &earn);
	fixture_settle(f);
	stuck->is_closed = true; /* steps no more: neither reads nor closes */
	io_drain(f->io);
	fixture_settle(f);
	fixture_advance(f, 1000);
	assert_int_equal(fixture_session(f, 1)->state, SESSION_LINGER);
	fixture_advance(f, SESSION_LINGER_MS);
	assert_null(fixture_session(f, 1));
	assert_int_equal(fixture_session(f, 0)->state, SESSION_DRAINING);
	fixture_advance(f, f->config->gateway_drain_ms);
	assert_null(fixture_session(f, 0));
	assert_int_equal(f->census.connections, 0);
}

/* What: a peer that closes its writing side still gets the answers in flight. */
static void
a_half_closed_peer_gets_its_answers(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peers[2] = { fixture_open(f, 123), fixture_connect_plain(f) };
	struct tg_message answer, earns[2];

	fixture_hello(f, peers[1], &answer);
	fixture_send_auth(f, peers[1], &answer, 124, 1, false);
	fixture_take(peers[1], &answer);
	f->pipeline->is_holding = true;
	for (int i = 0; i < 2; i++) {
		fixture_earn(f, 1, &earns[i]);
		peer_put_message(peers[i], &earns[i]);
	}
	fixture_settle(f);
	SSL_shutdown(peers[0]->ssl);
	shutdown(peers[0]->fd, SHUT_WR);
	shutdown(peers[1]->fd, SHUT_WR);
	fixture_settle(f);
	assert_int_equal(f->census.connections, 2);
	double_answer(f->port, 2);
	fixture_settle(f);
	for (int i = 0; i < 2; i++) {
		fixture_expect(peers[i], earns[i].request_id, TG_OK);
		assert_true(peers[i]->is_closed);
	}
	assert_int_equal(f->census.connections, 0);
}

/* What: a peer that vanishes with requests in flight costs nothing that stays. */
static void
a_peer_that_vanishes_leaves_nothing(void **state)
{
	struct io_fixture *f = *state;
	struct tg_message earn;

	f->pipeline->is_holding = true;
	for (int i = 0; i < 10; i++) {
		struct peer *peer;

		f->pipeline->is_holding = false;
		peer = fixture_open(f, 123);
		f->pipeline->is_holding = true;
		fixture_earn(f, 1, &earn);
		peer_put_message(peer, &earn);
		fixture_settle(f);
		peer_put(peer, "\0\0\0", 3);
		peer_step(peer);
		peer_close(peer);
		fixture_settle(f);
		if (i % 2 == 0)
			double_answer(f->port, 1);
		fixture_settle(f);
		double_answer(f->port, 1);
		fixture_settle(f);
		assert_null(fixture_session(f, 0));
	}
	assert_int_equal(f->census.connections, 0);
	assert_int_equal(census_find(&f->census, 1)->in_flight, 0);
	assert_int_equal(f->port->free_count, DOUBLE_JOBS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_handshake_ends_at_its_deadline),
		CASE(slow_handshakes_make_room_under_pressure),
		CASE(authentication_ends_at_its_deadline),
		CASE(a_frame_ends_at_its_deadline),
		CASE(a_frame_that_must_wait_is_not_late),
		CASE(a_silent_connection_is_closed),
		CASE(a_peer_that_never_reads_is_closed),
		CASE(a_slow_peer_that_reads_goes_on),
		CASE(an_old_connection_is_asked_to_reconnect),
		CASE(a_drain_answers_all_and_closes),
		CASE(a_gateway_out_of_service_sends_all_away),
		CASE(a_partner_out_of_service_is_alone_in_it),
		CASE(a_drain_has_its_deadline),
		CASE(a_half_closed_peer_gets_its_answers),
		CASE(a_peer_that_vanishes_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
