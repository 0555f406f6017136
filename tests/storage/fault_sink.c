/*
 * fault_sink.c - the connection of the sink cut at every packet: nothing lost, nothing twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/packet_proxy.h"
#include "tests/storage/sink_fixture.h"

#define RECORDS 45
#define BATCH_RECORDS 20
#define PACKETS_MAX 300

/*
 * For every n: a sink writes three batches, and loses its connection at its n-th packet, until it
 * is done before.  Which of the packets is the COMMIT does not matter: each of them is hit.
 */
static void
cut_at_every_packet(struct sink_fixture *f, enum packet_cut cut)
{
	char path[108];
	struct packet_proxy *proxy;
	bool was_cut = true;
	uint32_t n;

	(void)snprintf(path, sizeof path, "%s/proxy", mariadb_folder(f->server));
	proxy = packet_proxy_new(path, mariadb_socket(f->server));
	f->config.database.socket_path = path;
	f->config.batch_records = BATCH_RECORDS;
	f->config.retry_min_ms = 1;
	for (n = 1; was_cut; n++) {
		assert_true(n < PACKETS_MAX);
		sink_fixture_add(f, RECORDS);
		packet_proxy_cut_at(proxy, n, cut);
		sink_fixture_start(f);
		sink_fixture_await_all(f);
		was_cut = packet_proxy_has_cut(proxy);
		assert_int_equal(sink_status(f->sink).failures, was_cut ? 1 : 0);
		sink_fixture_stop(f);
		assert_int_equal(f->result, TG_OK);
		if (n % 20 == 0)
			sink_fixture_assert_equal(f);
	}
	assert_true(n > 50);
	packet_proxy_free(proxy);
	sink_fixture_assert_equal(f);
}

/* What: a request that never reaches the server is made again.
 * How:  the packet is swallowed. */
static void
lost_request_is_made_again(void **state)
{
	cut_at_every_packet(*state, CUT_REQUEST);
}

/* What: an answer that never comes back, also that of COMMIT, leads to nothing twice.
 * How:  the packet is delivered, the answer swallowed. */
static void
lost_answer_leads_to_nothing_twice(void **state)
{
	cut_at_every_packet(*state, CUT_ANSWER);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, sink_fixture_setup, sink_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lost_request_is_made_again),
		TEST(lost_answer_leads_to_nothing_twice),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("sink and cuts", tests, sink_fixture_group_setup,
					   sink_fixture_group_teardown);
}
