/*
 * test_client_endpoints.c - a client with several gateways to go to, of which some are gone.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/client_endpoints.h"
#include "tests/protocol/client_fixture.h"

#define HOSTS_BYTES 200

#define STEPS(...) \
	(const struct fake_step[]){ __VA_ARGS__ }, \
		sizeof((struct fake_step[]){ __VA_ARGS__ }) / sizeof(struct fake_step)

/* Two servers, and the list of both; the fixture's client goes to them in this order. */
struct pair {
	struct client_fixture *f;
	struct fake_gateway *second; /* the first is the fixture's */
	char hosts[HOSTS_BYTES];
};

/* Make the fixture's client anew, for other gateways. */
static void
go_to(struct client_fixture *f, const char *hosts)
{
	char error[200] = "";

	tg_client_free(f->client);
	f->client = NULL;
	f->options.host = hosts;
	if (tg_client_new(&f->options, error, sizeof(error), &f->client) != TG_OK)
		fail_msg("%s", error);
}

/* Start both, the first with a script, and a client for both. */
static void
start_pair(struct pair *pair, struct client_fixture *f, const struct fake_step *steps,
	   size_t step_count)
{
	struct fake_options plain = { .key = f->options.key };

	pair->f = f;
	f->server.steps = steps;
	f->server.step_count = step_count;
	client_fixture_start(f, false);
	pair->second = fake_gateway_start(&plain);
	snprintf(pair->hosts, sizeof(pair->hosts), "127.0.0.1:%s, 127.0.0.1:%s", f->options.port,
		 fake_gateway_port(pair->second));
	go_to(f, pair->hosts);
}

/* A socket that takes connections and says nothing; hosts gets its name before the rest. */
static int
listen_mutely(char hosts[HOSTS_BYTES], const char *rest)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
	snprintf(hosts, HOSTS_BYTES, "127.0.0.1:%u,127.0.0.1:%s", ntohs(address.sin_port), rest);
	return fd;
}

/* Send an earn; it must be booked. */
static void
earn(struct client_fixture *f, uint32_t number)
{
	struct tg_message request, answer;

	client_fixture_earn(f, number, &request);
	if (tg_client_transact(f->client, &request, 60000, &answer) != TG_OK)
		fail_msg("%s", tg_client_error(f->client));
}

/* What: entries have a port or take the common one.  How: all the forms that are allowed. */
static void
list_is_read(void **state)
{
	struct client_endpoints list;
	struct client_error error;
	const char *const wanted[][2] = {
		{ "gate.example", "7411" }, { "10.0.0.7", "80" }, { "::1", "7411" },
		{ "fe80::2", "7412" },	    { "::2", "7411" },
	};

	(void)state;
	assert_int_equal(client_endpoints_parse("gate.example, 10.0.0.7:80 ,::1,[fe80::2]:7412,"
						"[::2]",
						"7411", &error, &list),
			 TG_OK);
	assert_int_equal(list.count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(list.rows[i].host, wanted[i][0]);
		assert_string_equal(list.rows[i].port, wanted[i][1]);
	}
	client_endpoints_deinit(&list);
}

/* What: an entry that is none is named when the client is made.  How: each kind of mistake. */
static void
bad_entry_is_named(void **state)
{
	static const char *const bad[] = { "a,,b", "a,", ":80", "a:", "[::1", "[::1]x", "[]:80" };
	struct client_fixture *f = *state;
	char error[200];

	f->options.is_plain = true;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f->options.host = bad[i];
		assert_int_equal(tg_client_new(&f->options, error, sizeof(error), &f->client),
				 TG_CONFIG);
		assert_non_null(strstr(error, "is not HOST or HOST:PORT"));
	}
	f->options.host = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17";
	assert_int_equal(tg_client_new(&f->options, error, sizeof(error), &f->client), TG_CONFIG);
	assert_string_equal(error, "option host: more than 16 endpoints");
}

/* What: one that asked to stay away loses its turn until then.  How: the list by itself. */
static void
turns_go_round_and_pass_over_the_absent(void **state)
{
	struct client_endpoints list;
	struct client_error error;

	(void)state;
	assert_int_equal(client_endpoints_parse("a,b,c", "1", &error, &list), TG_OK);
	assert_string_equal(client_endpoints_choose(&list, 0)->host, "a");
	assert_string_equal(client_endpoints_choose(&list, 0)->host, "a");
	assert_int_equal(client_endpoints_in_round(&list), 3);
	client_endpoints_leave(&list, 50);
	assert_true(client_endpoints_has_next(&list));
	assert_string_equal(client_endpoints_choose(&list, 0)->host, "b");
	client_endpoints_leave(&list, 0);
	assert_string_equal(client_endpoints_choose(&list, 0)->host, "c");
	client_endpoints_leave(&list, 0);
	assert_false(client_endpoints_has_next(&list));
	assert_string_equal(client_endpoints_choose(&list, 49)->host, "b");
	client_endpoints_leave(&list, 70);
	assert_string_equal(client_endpoints_choose(&list, 50)->host, "c");
	client_endpoints_leave(&list, 60);
	list.rows[0].not_before_ms = 80;
	assert_string_equal(client_endpoints_choose(&list, 55)->host, "c");
	client_endpoints_settle(&list);
	assert_int_equal(client_endpoints_in_round(&list), 3);
	client_endpoints_deinit(&list);
}

/* What: where nobody listens, the next gateway is taken, and kept.  How: three opens. */
static void
dead_gateway_is_passed_over_and_the_good_one_kept(void **state)
{
	struct client_fixture *f = *state;
	struct pair pair;

	start_pair(&pair, f, NULL, 0);
	fake_gateway_stop(f->gateway);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(tg_client_open(f->client, 30000), TG_OK);
		assert_string_equal(tg_client_port(f->client), fake_gateway_port(pair.second));
		assert_string_equal(tg_client_host(f->client), "127.0.0.1");
		assert_int_equal(tg_client_session(f->client)->store, FAKE_STORE + i);
		tg_client_close(f->client);
	}
	fake_gateway_free(pair.second);
}

/* What: a gateway that is killed hands its till over.  How: an earn, the kill, an earn. */
static void
till_goes_on_at_the_other_gateway(void **state)
{
	struct client_fixture *f = *state;
	struct pair pair;

	start_pair(&pair, f, NULL, 0);
	earn(f, 1);
	assert_string_equal(tg_client_port(f->client), f->options.port);
	fake_gateway_stop(f->gateway);
	earn(f, 2);
	assert_string_equal(tg_client_port(f->client), fake_gateway_port(pair.second));
	fake_gateway_free(pair.second);
}

/* What: NOTICE sends the till to the other at once.  How: it asks for an hour's absence. */
static void
notice_sends_to_the_other_gateway(void **state)
{
	struct client_fixture *f = *state;
	struct pair pair;
	int64_t start_ms = tg_utc_ms();

	start_pair(&pair, f,
		   STEPS({ .move = FAKE_NOTICE, .retry_after_ms = 3600 * 1000 },
			 { FAKE_REFUSE, TG_SHUTTING_DOWN, 3600 * 1000 }));
	earn(f, 1);
	earn(f, 2);
	assert_string_equal(tg_client_port(f->client), fake_gateway_port(pair.second));
	assert_true(tg_utc_ms() - start_ms < 600 * 1000);
	fake_gateway_free(pair.second);
}

/* What: silence after a request sends the same request to the other gateway.  How: one earn. */
static void
unanswered_request_is_repeated_at_the_other_gateway(void **state)
{
	struct client_fixture *f = *state;
	const struct fake_seen *seen;
	struct pair pair;

	f->options.answer_timeout_ms = 8000;
	start_pair(&pair, f, STEPS({ .move = FAKE_SILENCE }));
	earn(f, 1);
	fake_gateway_stop(pair.second);
	assert_int_equal(fake_gateway_seen(pair.second, &seen), 1);
	assert_true(seen[0].is_repeat);
	fake_gateway_free(pair.second);
}

/* What: a host that takes connections and says nothing leaves time for the next.  How: 20 s. */
static void
mute_gateway_leaves_time_for_the_next(void **state)
{
	struct client_fixture *f = *state;
	char hosts[HOSTS_BYTES];
	int fd;

	client_fixture_start(f, false);
	fd = listen_mutely(hosts, f->options.port);
	go_to(f, hosts);
	if (tg_client_open(f->client, 20000) != TG_OK)
		fail_msg("%s", tg_client_error(f->client));
	assert_string_equal(tg_client_port(f->client), f->options.port);
	close(fd);
}

/* What: one that refuses the terminal does not keep it from the other.  How: BLOCKED by one. */
static void
refusal_of_one_is_not_that_of_all(void **state)
{
	struct client_fixture *f = *state;
	struct pair pair;

	f->server.auth_status = TG_BLOCKED;
	start_pair(&pair, f, NULL, 0);
	assert_int_equal(tg_client_open(f->client, 30000), TG_OK);
	fake_gateway_stop(pair.second);
	tg_client_close(f->client);
	/* The other may come back: worth trying again. */
	assert_int_equal(tg_client_open(f->client, 30000), TG_IO);
	fake_gateway_free(pair.second);
}

/* What: the certificate must be the host's that is connected to.  How: names of one address. */
static void
each_host_has_its_own_certificate(void **state)
{
	struct client_fixture *f = *state;
	char hosts[HOSTS_BYTES];

	client_fixture_start(f, true);
	snprintf(hosts, sizeof(hosts), "localhost:%s,127.0.0.1:1", f->options.port);
	go_to(f, hosts);
	assert_int_equal(tg_client_open(f->client, 30000), TG_OK);
	assert_string_equal(tg_client_host(f->client), "localhost");
	f->options.server_name = "other.example";
	go_to(f, hosts);
	assert_int_equal(tg_client_open(f->client, 30000), TG_IO);
	snprintf(hosts, sizeof(hosts), "localhost:%s,127.0.0.1:%s", f->options.port,
		 f->options.port);
	f->options.server_name = NULL;
	go_to(f, hosts);
	assert_int_equal(tg_client_open(f->client, 30000), TG_OK);
	f->options.server_name = "other.example";
	go_to(f, hosts);
	assert_int_equal(tg_client_open(f->client, 30000), TG_AUTH_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_is_read),
		client_test(bad_entry_is_named),
		cmocka_unit_test(turns_go_round_and_pass_over_the_absent),
		client_test(dead_gateway_is_passed_over_and_the_good_one_kept),
		client_test(till_goes_on_at_the_other_gateway),
		client_test(notice_sends_to_the_other_gateway),
		client_test(unanswered_request_is_repeated_at_the_other_gateway),
		client_test(mute_gateway_leaves_time_for_the_next),
		client_test(refusal_of_one_is_not_that_of_all),
		client_test(each_host_has_its_own_certificate),
	};

	return cmocka_run_group_tests_name("client_endpoints", tests, NULL, NULL);
}
