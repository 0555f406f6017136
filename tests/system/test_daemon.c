/*
 * test_daemon.c - tallygated as it is: started, asked over TLS, killed, started again, stopped.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/system/daemon.h"

#define CARD "4900000012345"
#define NO_SINK "sink: { enabled = false; };\n"
#define OWN_THREAD NO_SINK "gateway: { ledger_thread = \"own\"; io_threads = 2; };\n"
#define CALL_MS 60000

/* A transaction: its id and request. */
struct transaction {
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	int64_t time_utc_ms;
	struct tg_message request;
};

static void
transaction_init(struct transaction *t, enum tg_operation operation)
{
	assert_int_equal(tg_transaction_id_new(t->id), TG_OK);
	t->time_utc_ms = tg_utc_ms();
	tg_message_init(&t->request, 0, operation);
	tg_message_set_bytes(&t->request, TG_FIELD_TRANSACTION_ID, t->id, sizeof(t->id));
	tg_message_set_integer(&t->request, TG_FIELD_BUSINESS_TIME, t->time_utc_ms);
	tg_message_set_integer(&t->request, TG_FIELD_IDENTIFIER_TYPE, 1);
	tg_message_set_text(&t->request, TG_FIELD_IDENTIFIER, CARD);
}

/* Send, and tell the answer; the status must be TG_OK. */
static void
transact(struct tg_client *client, struct transaction *t, struct tg_message *ret_answer)
{
	enum tg_status status = tg_client_transact(client, &t->request, CALL_MS, ret_answer);

	if (status != TG_OK)
		fail_msg("%s: %s", tg_status_name(status), tg_client_error(client));
}

static void
enroll(struct tg_client *client)
{
	struct transaction t;
	struct tg_message answer;

	transaction_init(&t, TG_OP_ENROLL);
	transact(client, &t, &answer);
}

/* Points available after an EARN of amount. */
static int64_t
earn(struct tg_client *client, struct transaction *t, int64_t amount)
{
	struct tg_message answer;

	transaction_init(t, TG_OP_EARN);
	tg_message_set_integer(&t->request, TG_FIELD_AMOUNT, amount);
	transact(client, t, &answer);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_POINTS, -1), amount / 100);
	return tg_message_integer(&answer, TG_FIELD_AVAILABLE, -1);
}

/* The state of a transaction that the gateway is asked for: it must be seen, and done. */
static void
expect_done(struct tg_client *client, const struct transaction *t)
{
	struct tg_message request, answer;

	tg_status_request_of(&t->request, &request);
	assert_int_equal(tg_client_call(client, &request, CALL_MS, &answer), TG_OK);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_OUTCOME, -1), TG_OK);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_KIND, -1), TG_OP_EARN);
}

/* What: a terminal earns over TLS; after kill -9 the new process knows it, and a duplicate gets the
 * first outcome; SIGTERM ends it with code 0. */
static void
an_earn_over_tls_survives_kill_9(void **state)
{
	struct daemon *daemon = daemon_new(*state);
	struct transaction first, second;
	struct tg_message answer;
	struct tg_client *client;

	daemon_start(daemon);
	daemon_set_up_partner(daemon);
	client = daemon_client(daemon, false);
	enroll(client);
	assert_int_equal(earn(client, &first, 1980), 19);
	expect_done(client, &first);
	daemon_signal(daemon, SIGKILL);
	assert_int_equal(daemon_wait(daemon), 128 + SIGKILL);
	tg_client_free(client);

	daemon_start(daemon);
	client = daemon_client(daemon, true);
	expect_done(client, &first);
	transact(client, &first, &answer);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_REPLAY, 0), 1);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_AVAILABLE, -1), 19);
	assert_int_equal(earn(client, &second, 500), 24);
	tg_client_free(client);
	daemon_signal(daemon, SIGTERM);
	assert_int_equal(daemon_wait(daemon), 0);
	assert_true(daemon_has_logged(daemon, "event=stopped"));
	daemon_free(daemon);
}

/* What: a snapshot on the console's word; the next start begins from it. */
static void
a_start_begins_from_the_snapshot(void **state)
{
	struct daemon *daemon = daemon_new(*state);
	struct transaction before, after;
	struct tg_client *client;

	daemon_start(daemon);
	daemon_set_up_partner(daemon);
	client = daemon_client(daemon, true);
	enroll(client);
	assert_int_equal(earn(client, &before, 1000), 10);
	if (!daemon_command(daemon, "snapshot"))
		fail_msg("%s", daemon->answer);
	assert_int_equal(earn(client, &after, 1000), 20);
	daemon_signal(daemon, SIGKILL);
	assert_int_equal(daemon_wait(daemon), 128 + SIGKILL);
	tg_client_free(client);
	daemon_start(daemon);
	assert_true(daemon_has_logged(daemon, " snapshot=9 records=1 "));
	client = daemon_client(daemon, true);
	expect_done(client, &before);
	expect_done(client, &after);
	tg_client_free(client);
	daemon_free(daemon);
}

/* What: what is in flight when SIGTERM comes is answered. */
static void
sigterm_answers_what_is_in_flight(void **state)
{
	struct daemon *daemon = daemon_new(*state);
	struct tg_client *client;
	struct transaction earns[30];
	uint32_t request_id, answered = 0;

	daemon_start(daemon);
	daemon_set_up_partner(daemon);
	client = daemon_client(daemon, true);
	enroll(client);
	for (int i = 0; i < 30; i++) {
		transaction_init(&earns[i], TG_OP_EARN);
		tg_message_set_integer(&earns[i].request, TG_FIELD_AMOUNT, 100);
		assert_int_equal(tg_client_send(client, &earns[i].request, &request_id), TG_OK);
	}
	daemon_signal(daemon, SIGTERM);
	while (tg_client_in_flight(client) > 0) {
		struct tg_message answer;
		enum tg_status status = tg_client_receive(client, CALL_MS, &answer);

		assert_int_equal(status, TG_OK);
		assert_true(answer.code == TG_OK || answer.code == TG_SHUTTING_DOWN);
		answered++;
	}
	assert_int_equal(answered, 30);
	tg_client_free(client);
	assert_int_equal(daemon_wait(daemon), 0);
	daemon_free(daemon);
}

/* What: a second process on the same data ends with code 75, and harms nothing. */
static void
a_second_process_is_refused(void **state)
{
	struct daemon *daemon = daemon_new(NO_SINK);
	pid_t first;

	(void)state;
	daemon_start(daemon);
	first = daemon->pid;
	assert_int_equal(daemon_fail(daemon), EX_TEMPFAIL);
	daemon->pid = first;
	assert_true(daemon_command(daemon, "show version"));
	daemon_free(daemon);
}

/* What: a configuration that cannot be used is refused with code 78. */
static void
an_unusable_configuration_is_refused(void **state)
{
	struct daemon *daemon = daemon_new(NO_SINK "programme: { zone = \"Middle/Earth\"; };\n");

	(void)state;
	assert_int_equal(daemon_fail(daemon), EX_CONFIG);
	assert_true(daemon_has_logged(daemon, "no time zone Middle/Earth"));
	daemon_configure(daemon, "nonsense: { x = 1; };\n");
	assert_int_equal(daemon_fail(daemon), EX_CONFIG);
	daemon_free(daemon);
}

/* What: a stepped clock stands still, is moved by the console, and brings its cut-offs along. */
static void
a_stepped_clock_is_moved_by_the_console(void **state)
{
	struct daemon *daemon = daemon_new(NO_SINK "clock: { source = \"stepped\"; };\n"
						   "programme: { window_s = 864000; };\n");
	char command[64];
	int64_t now = tg_utc_ms();

	(void)state;
	daemon_start(daemon);
	(void)snprintf(command, sizeof(command), "clock step %lld",
		       (long long)(now + 3 * INT64_C(86400000)));
	if (!daemon_command(daemon, command))
		fail_msg("%s", daemon->answer);
	daemon_await_log(daemon, "event=cutover", 4);
	assert_false(daemon_command(daemon, "clock accept yes"));
	daemon_signal(daemon, SIGTERM);
	assert_int_equal(daemon_wait(daemon), 0);
	daemon_free(daemon);
}

/* What: SIGHUP applies what can be applied, and says what needs a restart. */
static void
sighup_reads_the_configuration_again(void **state)
{
	struct daemon *daemon = daemon_new(NO_SINK);

	(void)state;
	daemon_start(daemon);
	daemon_configure(daemon, NO_SINK "queue: { delay_ms = 77; };\n"
					 "programme: { zone = \"Europe/Berlin\"; };\n");
	daemon_signal(daemon, SIGHUP);
	daemon_await_log(daemon, "event=reloaded", 1);
	assert_true(daemon_has_logged(daemon, "key=queue.delay_ms in_force=now"));
	assert_true(daemon_has_logged(daemon, "key=programme.zone in_force=\"after a restart\""));
	daemon_configure(daemon, "nonsense: { x = 1; };\n");
	daemon_signal(daemon, SIGHUP);
	daemon_await_log(daemon, "event=reload_failed", 1);
	assert_true(daemon_command(daemon, "show stats"));
	daemon_free(daemon);
}

/* What: without MariaDB everything works; the console tells that the sink waits. */
static void
without_mariadb_terminals_notice_nothing(void **state)
{
	struct daemon *daemon = daemon_new("mariadb: { socket = \"/nonexistent/socket\"; };\n"
					   "gateway: { sink_flush_ms = 100; };\n");
	struct transaction t;
	struct tg_client *client;

	(void)state;
	daemon_start(daemon);
	daemon_set_up_partner(daemon);
	client = daemon_client(daemon, true);
	enroll(client);
	assert_int_equal(earn(client, &t, 1000), 10);
	daemon_await_answer(daemon, "show sink", "cannot be written now");
	tg_client_free(client);
	daemon_signal(daemon, SIGTERM);
	assert_int_equal(daemon_wait(daemon), 0);
	daemon_free(daemon);
}

#define BOTH(test) \
	{ #test, test, NULL, NULL, inline_settings }, \
	{ \
#test "_own_thread", test, NULL, NULL, own_thread_settings \
	}

int
main(void)
{
	static char inline_settings[] = NO_SINK;
	static char own_thread_settings[] = OWN_THREAD;
	const struct CMUnitTest tests[] = {
		BOTH(an_earn_over_tls_survives_kill_9),
		BOTH(a_start_begins_from_the_snapshot),
		BOTH(sigterm_answers_what_is_in_flight),
		cmocka_unit_test(a_second_process_is_refused),
		cmocka_unit_test(an_unusable_configuration_is_refused),
		cmocka_unit_test(a_stepped_clock_is_moved_by_the_console),
		cmocka_unit_test(sighup_reads_the_configuration_again),
		cmocka_unit_test(without_mariadb_terminals_notice_nothing),
	};

	return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
