/*
 * test_failover.c - a till with two gateways, of which one is stopped or killed.
 *
 * Each has a ledger of its own, which serves to see where a request went; those of a coalition
 * would have one between them.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/system/daemon.h"

#define NO_SINK "sink: { enabled = false; };\n"
#define CARD "4900000012345"
#define CALL_MS 60000

/* Two gateways, each with the card, and a client of both. */
struct pair {
	struct daemon *first, *second;
	struct tg_client *client;
	uint8_t id[TG_TRANSACTION_ID_BYTES];
};

static void
make(struct pair *pair, enum tg_operation operation, struct tg_message *ret_request)
{
	assert_int_equal(tg_transaction_id_new(pair->id), TG_OK);
	tg_message_init(ret_request, 0, operation);
	tg_message_set_bytes(ret_request, TG_FIELD_TRANSACTION_ID, pair->id, sizeof(pair->id));
	tg_message_set_integer(ret_request, TG_FIELD_BUSINESS_TIME, tg_utc_ms());
	tg_message_set_integer(ret_request, TG_FIELD_IDENTIFIER_TYPE, 1);
	tg_message_set_text(ret_request, TG_FIELD_IDENTIFIER, CARD);
}

/* Start a gateway with the coalition and the card. */
static struct daemon *
start(struct pair *pair)
{
	struct daemon *daemon = daemon_new(NO_SINK);
	struct tg_message request, answer;
	struct tg_client *client;

	daemon_start(daemon);
	daemon_set_up_partner(daemon);
	client = daemon_client(daemon, true);
	make(pair, TG_OP_ENROLL, &request);
	assert_int_equal(tg_client_transact(client, &request, CALL_MS, &answer), TG_OK);
	tg_client_free(client);
	return daemon;
}

static void
set_up(struct pair *pair)
{
	char hosts[64];

	pair->first = start(pair);
	pair->second = start(pair);
	snprintf(hosts, sizeof(hosts), "127.0.0.1:%s,127.0.0.1:%s", pair->first->plain_port,
		 pair->second->plain_port);
	pair->client = daemon_client_of(hosts);
}

static void
tear_down(struct pair *pair)
{
	tg_client_free(pair->client);
	daemon_free(pair->first);
	daemon_free(pair->second);
}

/* Earn a point; it must be booked there, and be the nth. */
static void
earn_at(struct pair *pair, const struct daemon *daemon, int64_t nth)
{
	struct tg_message request, answer;

	make(pair, TG_OP_EARN, &request);
	tg_message_set_integer(&request, TG_FIELD_AMOUNT, 100);
	if (tg_client_transact(pair->client, &request, CALL_MS, &answer) != TG_OK)
		fail_msg("%s", tg_client_error(pair->client));
	assert_string_equal(tg_client_port(pair->client), daemon->plain_port);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_AVAILABLE, -1), nth);
}

/* What: a gateway that is stopped sends its till to the other, which keeps it.  How: SIGTERM. */
static void
stopped_gateway_hands_its_till_over(void **state)
{
	struct pair pair;

	(void)state;
	set_up(&pair);
	earn_at(&pair, pair.first, 1);
	earn_at(&pair, pair.first, 2);
	daemon_signal(pair.first, SIGTERM);
	assert_int_equal(daemon_wait(pair.first), 0);
	earn_at(&pair, pair.second, 1);
	earn_at(&pair, pair.second, 2);
	tear_down(&pair);
}

/* What: so does one that dies, and the next session begins at the other.  How: kill -9. */
static void
killed_gateway_loses_its_till_to_the_other(void **state)
{
	struct pair pair;

	(void)state;
	set_up(&pair);
	earn_at(&pair, pair.first, 1);
	daemon_signal(pair.first, SIGKILL);
	assert_int_equal(daemon_wait(pair.first), 128 + SIGKILL);
	earn_at(&pair, pair.second, 1);
	tg_client_close(pair.client);
	earn_at(&pair, pair.second, 2);
	tear_down(&pair);
}

/* What: one that stands still costs a till its patience once.  How: SIGSTOP under a session. */
static void
silent_gateway_is_left_after_a_while(void **state)
{
	struct pair pair;

	(void)state;
	set_up(&pair);
	earn_at(&pair, pair.first, 1);
	daemon_signal(pair.first, SIGSTOP);
	earn_at(&pair, pair.second, 1);
	daemon_signal(pair.first, SIGCONT);
	earn_at(&pair, pair.second, 2);
	tear_down(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stopped_gateway_hands_its_till_over),
		cmocka_unit_test(killed_gateway_loses_its_till_to_the_other),
		cmocka_unit_test(silent_gateway_is_left_after_a_while),
	};

	return cmocka_run_group_tests_name("failover", tests, NULL, NULL);
}
