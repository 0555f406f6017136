/*
 * test_tally_load.c - the harness against a gateway that loses answers, refuses, or lies.
 *
 * Runs the built program.  Every lie must be found by --verify, and an honest gateway must pass,
 * whatever the network did.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/contrib/load_fixture.h"

/* What: a mix of all operations is done, and the gateway holds what was acknowledged. */
static void
an_honest_gateway_passes(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };
	const char *const run[] = { "--members",    "50",      "--requests",
				    "4000",	    "--depth", "4",
				    "--duplicates", "20",      "--log",
				    fixture->log,   NULL };

	load_fixture_start(fixture, &options);
	assert_int_equal(load_fixture_run(fixture, run), 0);
	assert_int_equal(load_fixture_told(fixture, "answered"), 4000);
	assert_true(load_fixture_told(fixture, "repeated") > 400);
	assert_int_equal(load_fixture_told(fixture, "stray"), 0);
	assert_int_equal(load_fixture_told(fixture, "unknown"), 0);
	assert_int_equal(load_fixture_verify(fixture), 0);
	assert_int_equal(load_fixture_told(fixture, "differences"), 0);
	assert_int_equal(load_fixture_told(fixture, "unknown"), 0);
	assert_true(load_fixture_told(fixture, "acknowledged") > 2500);
	assert_true(load_fixture_told(fixture, "found_points") > 0);
	assert_int_equal(load_fixture_told(fixture, "acknowledged_points"),
			 load_fixture_told(fixture, "found_points"));
}

/* What: lost answers, lost requests, refusals and cut connections leave nothing unexplained.
 * How:  a third of what is lost is never sent again, so that its outcome stays unknown. */
static void
trouble_on_the_way_is_explained(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .lose_every = 97,
					      .ignore_every = 89,
					      .busy_every = 31 };
	const char *const run[] = { "--members",
				    "50",
				    "--requests",
				    "4000",
				    "--depth",
				    "4",
				    "--duplicates",
				    "20",
				    "--drops",
				    "1",
				    "--abandon",
				    "33",
				    "--log",
				    fixture->log,
				    "--mix",
				    "earn=50,burn=20,capture=10,release=5,refund=5,reverse=5,"
				    "inquiry=5",
				    NULL };

	load_fixture_start(fixture, &options);
	assert_int_equal(load_fixture_run(fixture, run), 0);
	assert_true(load_fixture_told(fixture, "lost") > 50);
	assert_true(load_fixture_told(fixture, "busy") > 50);
	assert_true(load_fixture_told(fixture, "unknown") > 10);
	/* The questions of the proof are lost and refused, too. */
	assert_int_equal(load_fixture_verify(fixture), 0);
	assert_true(load_fixture_told(fixture, "unknown") > 10);
	assert_true(load_fixture_told(fixture, "unknown_done") > 0);
	assert_true(load_fixture_told(fixture, "unknown_not_done") > 0);
}

/* What: the same in batches. */
static void
batches_are_proved_item_by_item(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .lose_every = 397, .busy_every = 31 };
	const char *const run[] = {
		"--members", "50",	     "--requests", "6000",  "--batch",	  "40", "--abandon",
		"50",	     "--duplicates", "20",	   "--log", fixture->log, NULL
	};

	load_fixture_start(fixture, &options);
	assert_int_equal(load_fixture_run(fixture, run), 0);
	assert_int_equal(load_fixture_verify(fixture), 0);
	assert_true(load_fixture_told(fixture, "unknown") > 0);
}

/* What: every lie is found. */
static void
every_lie_is_found(void **state)
{
	const enum fake_lie lies[] = { FAKE_FORGETS, FAKE_DOUBLES, FAKE_RENUMBERS, FAKE_REBALANCES,
				       FAKE_SKIMS,   FAKE_REFUSES, FAKE_OVERDRAWS, FAKE_DENIES };
	struct load_fixture *fixture = *state;
	const char *const run[] = { "--members", "20",	  "--requests", "1500", "--duplicates",
				    "20",	 "--log", fixture->log, NULL };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const struct fake_options options = { .lie = lies[i],
						      .lie_every =
							      lies[i] == FAKE_OVERDRAWS ? 5 : 50 };

		unlink(fixture->log);
		load_fixture_start(fixture, &options);
		assert_int_equal(load_fixture_run(fixture, run), 0);
		assert_int_equal(load_fixture_verify(fixture), 1);
		assert_true(load_fixture_told(fixture, "differences") > 0);
		fake_gateway_stop(fixture->gateway);
		fixture->gateway = NULL;
	}
}

/* What: a second run is appended behind an entry that was cut off, and both are proved. */
static void
a_log_is_continued_behind_a_cut(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };
	const char *const first[] = { "--members", "20",	 "--requests", "500",
				      "--log",	   fixture->log, NULL };
	const char *const second[] = { "--members", "20",	  "--requests",	 "500",
				       "--log",	    fixture->log, "--no-enroll", NULL };
	struct stat status;

	load_fixture_start(fixture, &options);
	assert_int_equal(load_fixture_run(fixture, first), 0);
	assert_int_equal(stat(fixture->log, &status), 0);
	assert_int_equal(truncate(fixture->log, status.st_size - 7), 0);
	assert_int_equal(load_fixture_run(fixture, second), 0);
	assert_int_equal(load_fixture_verify(fixture), 0);
	assert_int_equal(load_fixture_told(fixture, "runs"), 2);
	assert_true(load_fixture_told(fixture, "skipped_bytes") > 0);
}

/* What: a history earns its sum, and its members keep their order. */
static void
a_history_earns_its_sum(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .lose_every = 101 };
	char history[LOAD_FIXTURE_PATH_BYTES];
	const char *const generate[] = { "--generate", "200", "--seed", "4", NULL };
	const char *const run[] = { "--history", history, "--log", fixture->log, NULL };
	char line[128];
	int64_t points = 0;
	FILE *file;

	load_fixture_start(fixture, &options);
	assert_int_equal(load_fixture_run(fixture, generate), 0);
	snprintf(history, sizeof(history), "%.60s/history", fixture->directory);
	assert_int_equal(rename(fixture->output, history), 0);
	file = fopen(history, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		double money;

		assert_int_equal(sscanf(line, "%*u %*u %*u %lf", &money), 1);
		points += (int64_t)(money * 100 + 0.5) / 100;
	}
	fclose(file);
	assert_int_equal(load_fixture_run(fixture, run), 0);
	assert_true(fake_ledger_issued_points(fake_gateway_ledger(fixture->gateway)) == points);
	assert_int_equal(load_fixture_verify(fixture), 0);
	unlink(history);
}

/* What: at a multiple of its pace a history takes its time, however few purchases there are. */
static void
a_history_keeps_its_pace(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };
	char history[LOAD_FIXTURE_PATH_BYTES];
	/* 30 days at 20 ms: between its purchases there is nothing but time. */
	const char *const run[] = { "--history", history, "--speed", "4320000", NULL };
	struct timespec begin, end;
	FILE *file;

	load_fixture_start(fixture, &options);
	snprintf(history, sizeof(history), "%.60s/history", fixture->directory);
	file = fopen(history, "w");
	assert_non_null(file);
	fputs("1 19970101 1 11.77\n1 19970101 2 12.00\n2 19970130 1 9.50\n", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &begin), 0);
	assert_int_equal(load_fixture_run(fixture, run), 0);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &end), 0);
	assert_true((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000 >=
		    30 * 20);
	assert_int_equal(fake_ledger_issued_points(fake_gateway_ledger(fixture->gateway)), 32);
	unlink(history);
}

/* What: an open loop makes requests at its rate, whatever answers take. */
static void
an_open_loop_keeps_its_rate(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };
	const char *const run[] = { "--members", "20", "--rate", "500", "--seconds", "1", NULL };

	load_fixture_start(fixture, &options);
	assert_int_equal(load_fixture_run(fixture, run), 0);
	assert_in_range(load_fixture_told(fixture, "answered") +
				load_fixture_told(fixture, "never_sent"),
			499, 501);
}

/* What: who is not let in says so, and says nothing else. */
static void
a_refused_terminal_is_reported(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .refuses_auth = true };
	const char *const run[] = { "--requests", "1", "--connect-seconds", "1", NULL };

	load_fixture_start(fixture, &options);
	assert_int_equal(load_fixture_run(fixture, run), 3);
}

/* What: a command line that makes no sense is refused before anything is done. */
static void
a_wrong_command_line_is_refused(void **state)
{
	struct load_fixture *fixture = *state;
	static const char *const wrong[][3] = {
		{ "--no-such-option", NULL },	 { "--depth", "0", NULL },
		{ "--duplicates", "101", NULL }, { "word", NULL },
		{ "--requests", NULL },		 { "--requests", "x", NULL },
	};

	snprintf(fixture->port, sizeof(fixture->port), "1");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(load_fixture_run(fixture, wrong[i]), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_honest_gateway_passes, load_fixture_setup,
						load_fixture_teardown),
		cmocka_unit_test_setup_teardown(trouble_on_the_way_is_explained, load_fixture_setup,
						load_fixture_teardown),
		cmocka_unit_test_setup_teardown(batches_are_proved_item_by_item, load_fixture_setup,
						load_fixture_teardown),
		cmocka_unit_test_setup_teardown(every_lie_is_found, load_fixture_setup,
						load_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_log_is_continued_behind_a_cut, load_fixture_setup,
						load_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_history_keeps_its_pace, load_fixture_setup,
						load_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_history_earns_its_sum, load_fixture_setup,
						load_fixture_teardown),
		cmocka_unit_test_setup_teardown(an_open_loop_keeps_its_rate, load_fixture_setup,
						load_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_refused_terminal_is_reported, load_fixture_setup,
						load_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_wrong_command_line_is_refused, load_fixture_setup,
						load_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
