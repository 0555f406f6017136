/*
 * test_session.c - the life of a session: states, HELLO and AUTH, who is let in, who is put out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/gateway/io_fixture.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, io_setup, io_teardown)

/* What: the allowed moves are these and no others.
 * How:  every pair of states against a picture: row from, column to, x allowed. */
static void
a_session_moves_as_pictured(void **state)
{
	static const char *const picture[] = {
		/*          FHECAODLX */
		/* free */ ".x.......",
		/* hand */ "..x.....x",
		/* hell */ "...x..xxx",
		/* chal */ "....x.xxx",
		/* auth */ "...x.xxxx",
		/* open */ "......xxx",
		/* drai */ ".......xx",
		/* ling */ "........x",
		/* clos */ "x........",
	};

	(void)state;
	assert_int_equal(sizeof(picture) / sizeof(picture[0]), SESSION_STATE_COUNT);
	for (int from = 0; from < SESSION_STATE_COUNT; from++) {
		for (int to = 0; to < SESSION_STATE_COUNT; to++)
			assert_int_equal(
				session_may_move((enum session_state)from, (enum session_state)to),
				picture[from][to] == 'x');
	}
}

/* What: a terminal says HELLO, proves itself, and the server proves itself back. */
static void
a_terminal_opens_a_session_by_key(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_connect(f, NULL);
	struct tg_auth_input input = {
		.version = 1, .terminal = 123, .generation = 1, .client_nonce = "client nonce 16"
	};
	struct tg_message answer;
	uint8_t key[TG_KEY_BYTES];

	fixture_hello(f, peer, &answer);
	assert_int_equal(fixture_session(f, 0)->state, SESSION_CHALLENGE);
	assert_int_equal(answer.values[TG_FIELD_VERSION].integer, 1);
	assert_int_equal(answer.values[TG_FIELD_FRAME_BYTES_MAX].integer, 16384);
	assert_int_equal(answer.values[TG_FIELD_BATCH_BYTES_MAX].integer, 2097152);
	assert_int_equal(answer.values[TG_FIELD_IN_FLIGHT_MAX].integer, 32);
	assert_int_equal(answer.values[TG_FIELD_SERVER_TIME].integer, f->pipeline->utc_ms);
	assert_int_equal(answer.values[TG_FIELD_BUSINESS_DATE].integer, 19675);
	assert_int_equal(answer.values[TG_FIELD_INSTANCE].bytes, 9);
	assert_memory_equal(answer.values[TG_FIELD_INSTANCE].data, "tallygate", 9);
	assert_false(tg_message_has(&answer, TG_FIELD_STEPPED_CLOCK));
	memcpy(input.server_nonce, answer.values[TG_FIELD_SERVER_NONCE].data, TG_NONCE_BYTES);

	fixture_send_auth(f, peer, &answer, 123, 1, false);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_OK);
	assert_int_equal(answer.values[TG_FIELD_TERMINAL].integer, 123);
	assert_int_equal(answer.values[TG_FIELD_PARTNER].integer, 1);
	assert_int_equal(answer.values[TG_FIELD_STORE].integer, 12);
	assert_int_equal(answer.values[TG_FIELD_RIGHTS].integer, DOUBLE_RIGHTS);
	assert_int_equal(answer.values[TG_FIELD_FRAME_BYTES_MAX].integer, 16384);
	assert_int_equal(SSL_export_keying_material(peer->ssl, input.exporter, TG_EXPORTER_BYTES,
						    TG_EXPORTER_LABEL, strlen(TG_EXPORTER_LABEL),
						    NULL, 0, 0),
			 1);
	assert_int_equal(tg_auth_derive_key(f->auth_keys.master.base, 32, "tallygate", 123, 1, key),
			 TG_OK);
	assert_true(tg_auth_check_proof(TG_AUTH_SERVER, key, &input,
					answer.values[TG_FIELD_PROOF].data));
	assert_int_equal(fixture_session(f, 0)->state, SESSION_OPEN);
	assert_null(fixture_session(f, 0)->hello);
	assert_non_null(strstr(fixture_log(f), "event=auth_ok conn=1 partner=1 terminal=123 "
					       "peer=192.0.2.1:4711 by=key tls=TLSv1.3"));
}

/* What: a stepped clock is told, a larger version comes down to ours. */
static void
hello_tells_the_stepped_clock_and_the_version(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_connect_plain(f);
	struct tg_message hello, answer;
	uint8_t nonce[TG_NONCE_BYTES] = { 1 };

	f->pipeline->is_stepped = true;
	fixture_request(f, TG_OP_HELLO, &hello);
	tg_message_set_integer(&hello, TG_FIELD_VERSION, 255);
	tg_message_set_bytes(&hello, TG_FIELD_CLIENT_NONCE, nonce, sizeof(nonce));
	peer_put_message(peer, &hello);
	fixture_settle(f);
	fixture_take(peer, &answer);
	assert_int_equal(answer.values[TG_FIELD_VERSION].integer, 1);
	assert_int_equal(answer.values[TG_FIELD_STEPPED_CLOCK].integer, 1);
}

/* What: the same on a plain connection, where the exporter is zero. */
static void
a_terminal_opens_a_plain_session(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_connect_plain(f);
	struct tg_message answer;

	fixture_hello(f, peer, &answer);
	fixture_send_auth(f, peer, &answer, 123, 1, false);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_OK);
}

/* Send AUTH without a proof. */
static void
send_plain_auth(struct io_fixture *f, struct peer *peer, uint32_t terminal)
{
	struct tg_message auth;

	fixture_request(f, TG_OP_AUTH, &auth);
	tg_message_set_integer(&auth, TG_FIELD_TERMINAL, terminal);
	peer_put_message(peer, &auth);
	fixture_settle(f);
}

/* What: a client certificate stands for the proof, for the terminal that it names and no other; a
 *       terminal without certificate and proof is nobody. */
static void
a_certificate_stands_for_the_proof(void **state)
{
	static const struct {
		const char *name;  /* in the certificate; NULL: no certificate */
		uint32_t terminal; /* in AUTH */
		enum tg_status status;
	} cases[] = {
		{ "terminal:123", 123, TG_OK },
		{ "terminal:123", 124, TG_AUTH_FAILED },
		{ "till:123", 123, TG_AUTH_FAILED },
		{ NULL, 123, TG_AUTH_FAILED },
		{ "terminal:9001", 9001, TG_AUTH_FAILED },
		{ "terminal:160", 160, TG_BLOCKED },
	};
	struct io_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char certificate[PKI_PATH_BYTES], key[PKI_PATH_BYTES];
		struct peer_options options = { 0 };
		struct tg_message answer;
		struct peer *peer;

		if (cases[i].name != NULL) {
			pki_issue(f->pki, &(struct pki_request){ .file = "till",
								 .common_name = cases[i].name,
								 .from_s = -60,
								 .until_s = 3600,
								 .purpose = "clientAuth" });
			options.certificate_path = pki_path(f->pki, "till.pem", certificate);
			options.key_path = pki_path(f->pki, "till.key", key);
		}
		peer = fixture_connect(f, &options);
		fixture_hello(f, peer, &answer);
		send_plain_auth(f, peer, cases[i].terminal);
		fixture_take(peer, &answer);
		assert_int_equal(answer.code, cases[i].status);
		assert_false(tg_message_has(&answer, TG_FIELD_PROOF));
		assert_int_equal(peer->is_closed, cases[i].status != TG_OK);
	}
}

/* What: a certificate of another terminal spoils a good proof, too. */
static void
a_proof_does_not_outweigh_a_certificate(void **state)
{
	struct io_fixture *f = *state;
	char certificate[PKI_PATH_BYTES], key[PKI_PATH_BYTES];
	struct peer_options options = {
		.certificate_path = pki_path(f->pki, "till.pem", certificate),
		.key_path = pki_path(f->pki, "till.key", key),
	};
	struct tg_message answer;
	struct peer *peer;

	pki_issue(f->pki, &(struct pki_request){ .file = "till",
						 .common_name = "terminal:124",
						 .from_s = -60,
						 .until_s = 3600 });
	peer = fixture_connect(f, &options);
	fixture_hello(f, peer, &answer);
	fixture_send_auth(f, peer, &answer, 123, 1, false);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_AUTH_FAILED);
}

/* What: an unknown terminal, a wrong proof, a retired key and a key not yet made get the same
 *       bytes, and the connection is closed.
 * How:  the frames are compared byte by byte. */
static void
failures_of_auth_look_the_same(void **state)
{
	static const struct {
		uint32_t terminal;
		uint16_t generation;
		bool is_spoilt;
	} cases[] = {
		{ 123, 1, true },
		{ 9001, 1, true },
		{ 9001, 1, false },
		{ DOUBLE_OLD_KEY, 1, false },
		{ 123, 2, false },
		{ DOUBLE_OLD_KEY, 4, false },
		{ DOUBLE_BLOCKED, 1, true },
		{ 1, 65535, true },
	};
	struct io_fixture *f = *state;
	uint8_t first[64];
	size_t first_bytes = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer *peer = fixture_connect(f, NULL);
		struct tg_message answer;

		f->next_id = 1;
		fixture_hello(f, peer, &answer);
		fixture_send_auth(f, peer, &answer, cases[i].terminal, cases[i].generation,
				  cases[i].is_spoilt);
		assert_true(peer->is_closed);
		assert_true(peer->in_bytes > 0 && peer->in_bytes <= sizeof(first));
		if (i == 0) {
			first_bytes = peer->in_bytes;
			memcpy(first, peer->in, first_bytes);
		}
		assert_int_equal(peer->in_bytes, first_bytes);
		assert_memory_equal(peer->in, first, first_bytes);
		fixture_expect(peer, 2, TG_AUTH_FAILED);
	}
	assert_int_equal(f->census.auth_failures, sizeof(cases) / sizeof(cases[0]));
	assert_non_null(strstr(fixture_log(f), "event=auth_failed conn=1 partner=0 terminal=0 "
					       "peer=192.0.2.1:4711 claimed=123 "
					       "reason=\"wrong proof\""));
}

/* What: the older of two key generations is accepted. */
static void
two_generations_of_a_key_are_accepted(void **state)
{
	struct io_fixture *f = *state;

	for (uint16_t generation = 2; generation <= 3; generation++) {
		struct peer *peer = fixture_connect(f, NULL);
		struct tg_message answer;

		fixture_hello(f, peer, &answer);
		fixture_send_auth(f, peer, &answer, DOUBLE_OLD_KEY, generation, false);
		fixture_take(peer, &answer);
		assert_int_equal(answer.code, TG_OK);
	}
}

/* What: frames recorded on one connection are worth nothing on another: the nonce is new.
 * How:  AUTH made for one connection's nonce, sent on the next. */
static void
a_replayed_proof_fails(void **state)
{
	struct io_fixture *f = *state;
	struct tg_message first, second;
	struct peer *peer = fixture_connect_plain(f);
	uint8_t nonce[TG_NONCE_BYTES];

	fixture_hello(f, peer, &first);
	memcpy(nonce, first.values[TG_FIELD_SERVER_NONCE].data, sizeof(nonce));
	peer = fixture_connect_plain(f);
	fixture_hello(f, peer, &second);
	assert_memory_not_equal(second.values[TG_FIELD_SERVER_NONCE].data, nonce, sizeof(nonce));
	second.values[TG_FIELD_SERVER_NONCE].data = nonce;
	fixture_send_auth(f, peer, &second, 123, 1, false);
	fixture_take(peer, &second);
	assert_int_equal(second.code, TG_AUTH_FAILED);
}

/* What: before HELLO nothing is answered but that, before AUTH nothing but PING; twice is out of
 *       turn; what an operation needs of rights is asked of the principal. */
static void
operations_have_their_turn(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_connect(f, NULL);
	struct tg_message message, answer;
	uint32_t ping;

	fixture_request(f, TG_OP_PING, &message);
	ping = message.request_id;
	peer_put_message(peer, &message);
	fixture_earn(f, 1, &message);
	peer_put_message(peer, &message);
	fixture_settle(f);
	fixture_expect(peer, ping, TG_AUTH_REQUIRED);
	fixture_expect(peer, ping + 1, TG_AUTH_REQUIRED);

	fixture_hello(f, peer, &answer);
	fixture_request(f, TG_OP_PING, &message);
	ping = message.request_id;
	peer_put_message(peer, &message);
	fixture_earn(f, 1, &message);
	peer_put_message(peer, &message);
	fixture_settle(f);
	fixture_expect(peer, ping, TG_OK);
	fixture_expect(peer, ping + 1, TG_AUTH_REQUIRED);

	peer = fixture_open(f, DOUBLE_POOR);
	fixture_earn(f, 1, &message);
	peer_put_message(peer, &message);
	tg_message_init(&message, 500, TG_OP_AUTH);
	tg_message_set_integer(&message, TG_FIELD_TERMINAL, 1);
	peer_put_message(peer, &message);
	fixture_settle(f);
	fixture_expect(peer, f->next_id - 1, TG_FORBIDDEN);
	fixture_expect(peer, 500, TG_OUT_OF_TURN);
	assert_int_equal(f->port->held_count, 0);
}

/* What: requests sent right behind AUTH wait until it is answered, and are then served. */
static void
requests_behind_auth_wait_for_it(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_connect(f, NULL);
	struct tg_message answer, earn;

	fixture_hello(f, peer, &answer);
	f->pipeline->is_holding = true;
	fixture_send_auth(f, peer, &answer, 123, 1, false);
	fixture_earn(f, 1, &earn);
	peer_put_message(peer, &earn);
	fixture_settle(f);
	assert_int_equal(fixture_session(f, 0)->state, SESSION_AUTH);
	assert_int_equal(f->port->held_count, 1);
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_OK);
	assert_int_equal(f->port->held_count, 1);
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_expect(peer, earn.request_id, TG_OK);
}

/* What: AUTH that meets a full queue is BUSY, and may be sent again on the same connection. */
static void
auth_can_be_busy_and_tried_again(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_connect(f, NULL);
	struct tg_message hello, answer;
	uint8_t nonce[TG_NONCE_BYTES];

	fixture_hello(f, peer, &hello);
	memcpy(nonce, hello.values[TG_FIELD_SERVER_NONCE].data, sizeof(nonce));
	hello.values[TG_FIELD_SERVER_NONCE].data = nonce;
	f->pipeline->submit = TG_BUSY;
	fixture_send_auth(f, peer, &hello, 123, 1, false);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_BUSY);
	assert_true(answer.values[TG_FIELD_RETRY_AFTER].integer >= 200);
	f->pipeline->submit = TG_OK;
	fixture_send_auth(f, peer, &hello, 123, 1, false);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_OK);
}

/* What: an address that fails often is slowed down, its good terminals can still get in later. */
static void
an_address_that_fails_often_is_slowed_down(void **state)
{
	struct io_fixture *f = *state;
	struct tg_message answer;
	struct peer *peer;

	f->config->limits_auth_failures = 3;
	for (int i = 0; i < 3; i++) {
		peer = fixture_connect_plain(f);
		fixture_hello(f, peer, &answer);
		fixture_send_auth(f, peer, &answer, 123, 1, true);
		fixture_take(peer, &answer);
		assert_int_equal(answer.code, TG_AUTH_FAILED);
	}
	peer = fixture_connect_plain(f);
	fixture_hello(f, peer, &answer);
	fixture_send_auth(f, peer, &answer, 123, 1, false);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_BUSY);
	assert_false(peer->is_closed);
	fixture_advance(f, FAILURES_WINDOW_MS);
	peer = fixture_connect_plain(f);
	fixture_hello(f, peer, &answer);
	fixture_send_auth(f, peer, &answer, 123, 1, false);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_OK);
}

/* What: a notice ends the sessions that it concerns, at once, and no others; new rights hold from
 *       then on. */
static void
a_notice_ends_the_sessions_it_concerns(void **state)
{
	static const struct {
		struct pipeline_notice notice;
		enum tg_status outcome; /* TG_OK: the session goes on */
	} cases[] = {
		{ { .kind = RECORD_TERMINAL,
		    .number = 245,
		    .partner = 2,
		    .store = 24,
		    .key_generation = 1,
		    .is_blocked = true },
		  TG_BLOCKED },
		{ { .kind = RECORD_TERMINAL,
		    .number = 245,
		    .partner = 2,
		    .store = 24,
		    .key_generation = 2 },
		  TG_AUTH_FAILED },
		{ { .kind = RECORD_TERMINAL,
		    .number = 245,
		    .partner = 2,
		    .store = 24,
		    .key_generation = 2,
		    .key_generation_old = 1 },
		  TG_OK },
		{ { .kind = RECORD_TERMINAL,
		    .number = 245,
		    .partner = 3,
		    .store = 24,
		    .key_generation = 1 },
		  TG_AUTH_FAILED },
		{ { .kind = RECORD_TERMINAL,
		    .number = 246,
		    .partner = 2,
		    .store = 24,
		    .key_generation = 1,
		    .is_blocked = true },
		  TG_OK },
		{ { .kind = RECORD_STORE, .number = 24, .partner = 2, .is_blocked = true },
		  TG_BLOCKED },
		{ { .kind = RECORD_STORE, .number = 24, .partner = 2 }, TG_OK },
		{ { .kind = RECORD_STORE, .number = 25, .partner = 2, .is_blocked = true }, TG_OK },
		{ { .kind = RECORD_PARTNER, .number = 2, .is_blocked = true }, TG_BLOCKED },
		{ { .kind = RECORD_PARTNER, .number = 24, .is_blocked = true }, TG_OK },
	};
	struct io_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer *peer = fixture_open(f, 245);

		double_notify(f->port, &cases[i].notice);
		fixture_settle(f);
		if (cases[i].outcome != TG_OK)
			fixture_expect_notice(peer, cases[i].outcome);
		assert_int_equal(peer->is_closed, cases[i].outcome != TG_OK);
		peer_close(peer);
		fixture_settle(f);
	}
}

/* What: rights that a notice brings count for the next request. */
static void
new_rights_hold_at_once(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 245);
	struct tg_message earn;

	double_notify(f->port, &(struct pipeline_notice){ .kind = RECORD_TERMINAL,
							  .number = 245,
							  .partner = 2,
							  .store = 24,
							  .key_generation = 1,
							  .rights = TG_RIGHT_INQUIRY });
	fixture_settle(f);
	fixture_earn(f, 1, &earn);
	peer_put_message(peer, &earn);
	fixture_settle(f);
	fixture_expect(peer, earn.request_id, TG_FORBIDDEN);
}

/* What: a notice that comes while AUTH is with the ledger makes its answer stale: the terminal
 *       must ask again, and nobody slips through between decision and notice. */
static void
a_notice_overtakes_auth(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_connect(f, NULL);
	struct tg_message answer;

	fixture_hello(f, peer, &answer);
	f->pipeline->is_holding = true;
	fixture_send_auth(f, peer, &answer, 245, 1, false);
	double_notify(f->port, &(struct pipeline_notice){ .kind = RECORD_TERMINAL,
							  .number = 245,
							  .is_blocked = true });
	fixture_settle(f);
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_BUSY);
	assert_int_equal(fixture_session(f, 0)->state, SESSION_CHALLENGE);
}

/* What: a blocked session's answers in flight are dropped, and its place is free again. */
static void
an_expelled_session_is_forgotten(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 245);
	struct tg_message earn;

	f->pipeline->is_holding = true;
	fixture_earn(f, 1, &earn);
	peer_put_message(peer, &earn);
	fixture_settle(f);
	assert_int_equal(f->port->held_count, 1);
	double_notify(f->port, &(struct pipeline_notice){
				       .kind = RECORD_PARTNER, .number = 2, .is_blocked = true });
	fixture_settle(f);
	fixture_expect_notice(peer, TG_BLOCKED);
	assert_true(peer->is_closed);
	peer_close(peer);
	fixture_settle(f);
	assert_null(fixture_session(f, 0));
	assert_int_equal(census_find(&f->census, 2)->in_flight, 0);
	assert_int_equal(census_find(&f->census, 2)->connections, 0);
	peer = fixture_connect(f, NULL); /* takes the same slot */
	double_answer(f->port, 1);
	fixture_settle(f);
	assert_int_equal(peer->in_bytes, 0);
	assert_int_equal(fixture_session(f, 0)->state, SESSION_HELLO);
}

/* What: a partner has so many connections and no more; when one ends there is room again. */
static void
a_partner_has_its_share_of_connections(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peers[2], *third;
	struct tg_message answer;

	f->config->limits_partner_connections = 2;
	peers[0] = fixture_open(f, 245);
	peers[1] = fixture_open(f, 246);
	third = fixture_connect(f, NULL);
	fixture_hello(f, third, &answer);
	fixture_send_auth(f, third, &answer, 247, 1, false);
	fixture_take(third, &answer);
	assert_int_equal(answer.code, TG_BUSY);
	assert_true(third->is_closed);
	fixture_open(f, 345); /* another partner's */
	peer_close(peers[0]);
	fixture_settle(f);
	fixture_open(f, 247);
}

/* What: PING tells time and date and is noted for the fleet view. */
static void
ping_is_answered_without_the_ledger(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 123);
	struct tg_message ping, answer;
	struct host_terminal row;

	f->pipeline->submit = TG_BUSY;
	fixture_request(f, TG_OP_PING, &ping);
	tg_message_set_integer(&ping, TG_FIELD_QUEUE_DEPTH, 5);
	tg_message_set_integer(&ping, TG_FIELD_QUEUE_AGE, 60);
	peer_put_message(peer, &ping);
	fixture_settle(f);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_OK);
	assert_int_equal(answer.values[TG_FIELD_SERVER_TIME].integer, f->pipeline->utc_ms);
	assert_int_equal(answer.values[TG_FIELD_BUSINESS_DATE].integer, 19675);
	assert_true(fleet_find(f->fleet, 123, &row));
	assert_int_equal(row.queue_depth, 5);
	assert_int_equal(row.queue_age_s, 60);
}

/* What: no secret and no identifier is in the log, whatever happens. */
static void
the_log_tells_no_secret(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer;
	struct tg_message earn;
	const char *text;

	log_set_level(f->log, LEVEL_DEBUG);
	peer = fixture_open(f, 123);
	fixture_earn(f, 1, &earn);
	peer_put_message(peer, &earn);
	peer_put(peer, "\0\0\0\1\xc1", 5);
	fixture_settle(f);
	text = fixture_log(f);
	assert_non_null(strstr(text, "from=challenge to=auth"));
	assert_non_null(strstr(text, "from=open to=draining"));
	assert_null(strstr(text, "4902530000012345"));
	assert_null(strstr(text, "mmmm"));
	assert_null(strstr(text, "iiii"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_moves_as_pictured),
		CASE(a_terminal_opens_a_session_by_key),
		CASE(hello_tells_the_stepped_clock_and_the_version),
		CASE(a_terminal_opens_a_plain_session),
		CASE(a_certificate_stands_for_the_proof),
		CASE(a_proof_does_not_outweigh_a_certificate),
		CASE(failures_of_auth_look_the_same),
		CASE(two_generations_of_a_key_are_accepted),
		CASE(a_replayed_proof_fails),
		CASE(operations_have_their_turn),
		CASE(requests_behind_auth_wait_for_it),
		CASE(auth_can_be_busy_and_tried_again),
		CASE(an_address_that_fails_often_is_slowed_down),
		CASE(a_notice_ends_the_sessions_it_concerns),
		CASE(new_rights_hold_at_once),
		CASE(a_notice_overtakes_auth),
		CASE(an_expelled_session_is_forgotten),
		CASE(a_partner_has_its_share_of_connections),
		CASE(ping_is_answered_without_the_ledger),
		CASE(the_log_tells_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
