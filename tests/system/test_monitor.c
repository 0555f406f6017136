/*
 * test_monitor.c - metrics are read while every thread is at work, from the start to the end.
 *
 * Under ThreadSanitizer this shows that whatever is told is read without a race.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/system/daemon.h"

#define SETTINGS "sink: { enabled = false; };\nhttp: { listen = [\"127.0.0.1:0\"]; };\n"
#define OWN_THREAD SETTINGS "gateway: { ledger_thread = \"own\"; io_threads = 2; };\n"
#define EARNED "tallygate_answers_total{operation=\"EARN\",status=\"OK\"}"
#define TILLS 3
#define EARNS 60
#define CALL_MS 60000

/* A terminal at work on a thread of its own. */
struct till {
	struct tg_client *client;
	pthread_t thread;
	uint32_t number;
	enum tg_status status;		/* of the first call that failed, or TG_OK */
	char	 error[256];
};

static void
transact(struct till *till, enum tg_operation operation, int64_t amount)
{
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	struct tg_message request, answer;
	char card[32];

	if (till->status != TG_OK)
		return;
	(void)snprintf(card, sizeof(card), "card %u", till->number);
	tg_message_init(&request, 0, operation);
	till->status = tg_transaction_id_new(id);
	tg_message_set_bytes(&request, TG_FIELD_TRANSACTION_ID, id, sizeof(id));
	tg_message_set_integer(&request, TG_FIELD_BUSINESS_TIME, tg_utc_ms());
	tg_message_set_integer(&request, TG_FIELD_IDENTIFIER_TYPE, 1);
	tg_message_set_text(&request, TG_FIELD_IDENTIFIER, card);
	if (operation == TG_OP_EARN)
		tg_message_set_integer(&request, TG_FIELD_AMOUNT, amount);
	if (till->status == TG_OK)
		till->status = tg_client_transact(till->client, &request, CALL_MS, &answer);
	if (till->status != TG_OK)
		(void)snprintf(till->error, sizeof(till->error), "%s",
			       tg_client_error(till->client));
}

static void *
run_till(void *argument)
{
	struct till *till = argument;

	transact(till, TG_OP_ENROLL, 0);
	for (int i = 0; i < EARNS; i++)
		transact(till, TG_OP_EARN, 100);
	return NULL;
}

/* The value of the sample that begins with name; -1: there is none. */
static long
value_of(const struct daemon *daemon, const char *name)
{
	const char *at = strstr(daemon->answer, name);

	if (at == NULL || at[strlen(name)] != ' ')
		return -1;
	return strtol(at + strlen(name), NULL, 10);
}

/* What: three terminals earn, an operator looks and makes a snapshot, and all the while metrics are
 * read; in the end they have counted each answer. */
static void
metrics_are_read_while_all_threads_work(void **state)
{
	struct daemon *daemon = daemon_new(*state);
	struct till tills[TILLS];
	int reads = 0;

	daemon_start(daemon);
	daemon_set_up_partner(daemon);
	for (uint32_t i = 0; i < TILLS; i++) {
		tills[i] = (struct till){ .number = i, .status = TG_OK };
		tills[i].client = daemon_client(daemon, i > 0);
		assert_int_equal(pthread_create(&tills[i].thread, NULL, run_till, &tills[i]), 0);
	}
	do {
		assert_int_equal(daemon_get(daemon, "/healthz"), 200);
		assert_int_equal(daemon_get(daemon, "/readyz"), 200);
		assert_int_equal(daemon_get(daemon, "/metrics"), 200);
		if (reads++ == 0)
			assert_true(daemon_command(daemon, "snapshot"));
		assert_true(daemon_command(daemon, "show stats"));
		assert_int_equal(daemon_get(daemon, "/metrics"), 200);
	} while ((value_of(daemon, EARNED) < TILLS * EARNS ||
		  value_of(daemon, "tallygate_snapshot_ok") != 1) &&
		 reads < 10000);
	for (uint32_t i = 0; i < TILLS; i++) {
		pthread_join(tills[i].thread, NULL);
		if (tills[i].status != TG_OK)
			fail_msg("%s: %s", tg_status_name(tills[i].status), tills[i].error);
		tg_client_free(tills[i].client);
	}
	assert_int_equal(daemon_get(daemon, "/metrics"), 200);
	assert_int_equal(value_of(daemon, EARNED), TILLS * EARNS);
	assert_int_equal(value_of(daemon, "tallygate_partner_answers_total{partner=\"other\"}"), 0);
	assert_int_equal(value_of(daemon, "tallygate_snapshot_ok"), 1);
	daemon_signal(daemon, SIGTERM);
	assert_int_equal(daemon_wait(daemon), 0);
	daemon_free(daemon);
}

int
main(void)
{
	static char inline_step[] = SETTINGS, own_thread[] = OWN_THREAD;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(metrics_are_read_while_all_threads_work, inline_step),
		cmocka_unit_test_prestate(metrics_are_read_while_all_threads_work, own_thread),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
