/*
 * test_sink_kill.c - MariaDB and the sink killed while records flow: rows equal records in the
 * end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/storage/sink_fixture.h"

#define KILLS 20

/* Kill -9 the server at random moments while records come in, sometimes while it recovers. */
static void
kill_again_and_again(struct sink_fixture *f, uint32_t batch_records)
{
	f->config.batch_records = batch_records;
	sink_fixture_start(f);
	for (int i = 0; i < KILLS; i++) {
		for (int j = 0; j < 5; j++) {
			sink_fixture_add(f, batch_records);
			sink_fixture_pause_ms((uint32_t)record_maker_random(&f->maker, 40));
		}
		mariadb_kill(f->server);
		sink_fixture_add(f, batch_records);
		if (record_maker_random(&f->maker, 4) == 0)
			mariadb_spawn(f->server);
		else
			mariadb_start(f->server);
	}
	mariadb_start(f->server);
	sink_fixture_await_all(f);
	assert_true(sink_status(f->sink).failures > 0);
	sink_fixture_stop(f);
	assert_int_equal(f->result, TG_OK);
	sink_fixture_assert_equal(f);
}

/* What: kill -9 of the server at any moment loses nothing and writes nothing twice.
 * How:  20 kills, the first of them while the tables are made. */
static void
killed_server_loses_nothing(void **state)
{
	kill_again_and_again(*state, 100);
}

/* What: a server killed while months get their partitions has its tables afterwards.
 * How:  20 kills with a month of business dates in every few batches. */
static void
server_killed_while_partitioning_loses_nothing(void **state)
{
	struct sink_fixture *f = *state;

	f->maker.records_per_day = 3;
	f->config.split_records = 20;
	kill_again_and_again(f, 30);
}

/* What: a server that is down for the whole run is caught up with exactly.
 * How:  the sink starts without a server; the server comes when all is made. */
static void
absent_server_is_caught_up_with(void **state)
{
	struct sink_fixture *f = *state;

	mariadb_stop(f->server);
	sink_fixture_start(f);
	for (int i = 0; i < 20; i++) {
		sink_fixture_add(f, 1000);
		sink_fixture_pause_ms(5);
	}
	sink_fixture_await_state(f, SINK_WAITING);
	assert_false(sink_status(f->sink).has_position);
	mariadb_start(f->server);
	sink_fixture_await_all(f);
	sink_fixture_stop(f);
	sink_fixture_assert_equal(f);
}

/* What: a server restarted in order is no trouble, idle or busy.
 * How:  stops and starts between and during batches. */
static void
restarted_server_is_no_trouble(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_start(f);
	for (int i = 0; i < 4; i++) {
		sink_fixture_add(f, 2000);
		if (i % 2 == 0)
			sink_fixture_await_all(f);
		mariadb_stop(f->server);
		mariadb_start(f->server);
	}
	sink_fixture_await_all(f);
	sink_fixture_stop(f);
	sink_fixture_assert_equal(f);
}

/* What: a sink that dies at any moment is followed by one that goes on exactly.
 * How:  its connection is cut at random moments, and a new sink with a higher epoch started. */
static void
killed_sink_is_followed_exactly(void **state)
{
	struct sink_fixture *f = *state;

	f->config.batch_records = 50;
	f->config.split_records = 1;
	for (uint64_t i = 0; i < 3 * KILLS; i++) {
		f->config.epoch = 1 + i;
		sink_fixture_add(f, 200);
		sink_fixture_start(f);
		sink_fixture_pause_ms((uint32_t)record_maker_random(&f->maker, 60));
		sink_cut(f->sink);
		sink_fixture_join(f);
		assert_int_equal(f->result, TG_OK);
	}
	sink_fixture_run(f);
	sink_fixture_assert_equal(f);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, sink_fixture_setup, sink_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(killed_server_loses_nothing),
		TEST(server_killed_while_partitioning_loses_nothing),
		TEST(absent_server_is_caught_up_with),
		TEST(restarted_server_is_no_trouble),
		TEST(killed_sink_is_followed_exactly),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("sink and kills", tests, sink_fixture_group_setup,
					   sink_fixture_group_teardown);
}
