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
#define OPENING_PACKETS 50 /* fewer than a session's opening takes */

/*
 * For every n: a sink writes three batches, and loses its connection at its n-th packet, until it
 * is done before.  Which of the packets is the COMMIT does not matter: each of them is hit.  Of
 * batches that are split, entries have a connection of their own, which the sink can do without.
 */
static void
cut_at_every_packet(struct sink_fixture *f, enum packet_cut cut, uint32_t split_records)
{
	char path[108];
	struct packet_proxy *proxy;
	bool was_cut = true;
	uint32_t n;

	(void)snprintf(path, sizeof path, "%s/proxy", mariadb_folder(f->server));
	proxy = packet_proxy_new(path, mariadb_socket(f->server));
	f->config.database.socket_path = path;
	f->config.batch_records = BATCH_RECORDS;
	f->config.split_records = split_records;
	f->config.retry_min_ms = 1;
	/* Opening is the same with and without splitting. */
	for (n = split_records > BATCH_RECORDS ? 1 : OPENING_PACKETS; was_cut; n++) {
		assert_true(n < PACKETS_MAX);
		sink_fixture_add(f, RECORDS);
		packet_proxy_cut_at(proxy, n, cut);
		sink_fixture_start(f);
		sink_fixture_await_all(f);
		was_cut = packet_proxy_has_cut(proxy);
		if (split_records > BATCH_RECORDS || !was_cut)
			assert_int_equal(sink_status(f->sink).failures, was_cut ? 1 : 0);
		sink_fixture_stop(f);
		assert_int_equal(f->result, TG_OK);
		if (n % 20 == 0)
			sink_fixture_assert_equal(f);
	}
	assert_true(n > OPENING_PACKETS + 10);
	packet_proxy_free(proxy);
	sink_fixture_assert_equal(f);
}

/* What: a request that never reaches the server is made again.
 * How:  the packet is swallowed. */
static void
lost_request_is_made_again(void **state)
{
	cut_at_every_packet(*state, CUT_REQUEST, BATCH_RECORDS + 1);
}

/* What: an answer that never comes back, also that of COMMIT, leads to nothing twice.
 * How:  the packet is delivered, the answer swallowed. */
static void
lost_answer_leads_to_nothing_twice(void **state)
{
	cut_at_every_packet(*state, CUT_ANSWER, BATCH_RECORDS + 1);
}

/* What: the same where entries go by a connection of their own: none is there twice, or alone.
 * How:  both cuts, over all packets of both connections in the order they come. */
static void
split_batches_are_written_once(void **state)
{
	cut_at_every_packet(*state, CUT_REQUEST, 1);
	sink_fixture_reset(*state, 2);
	cut_at_every_packet(*state, CUT_ANSWER, 1);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, sink_fixture_setup, sink_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lost_request_is_made_again),
		TEST(lost_answer_leads_to_nothing_twice),
		TEST(split_batches_are_written_once),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("sink and cuts", tests, sink_fixture_group_setup,
					   sink_fixture_group_teardown);
}
