/*
 * test_load_figures.c - the figures that tally-load shows while it runs, and at its end.
 *
 * Runs the built program against a gateway that can stand still for a while.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/contrib/load_fixture.h"

#define STALL_MS 400

/* How often word stands in text. */
static int
count_of(const char *text, const char *word)
{
	int count = 0;

	while ((text = strstr(text, word)) != NULL) {
		text += strlen(word);
		count++;
	}
	return count;
}

/* What: once a second a line tells time, rate, latency, what was done, and connections. */
static void
a_live_line_tells_rate_and_latency(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };
	const char *const run[] = { "--members", "20", "--rate", "300", "--seconds", "2", NULL };
	double seconds, rate, p50, p99, max;
	unsigned done, ready, all;
	char *text;

	load_fixture_start(fixture, &options);
	fixture->is_shown = true;
	assert_int_equal(load_fixture_run(fixture, run), 0);
	text = load_fixture_read(fixture->errors);
	assert_non_null(strstr(text, "20 members enrolled in "));
	assert_in_range(count_of(text, "\nmix "), 1, 9);
	assert_int_equal(
		sscanf(strstr(text, "\nmix "),
		       " mix %lf s %lf/s p50 %lf p99 %lf max %lf ms %u done %u/%u connected",
		       &seconds, &rate, &p50, &p99, &max, &done, &ready, &all),
		8);
	assert_true(seconds >= 1 && seconds <= 9);
	assert_true(rate > 30 && rate < 600);
	assert_true(0 < p50 && p50 <= p99 && p99 <= max);
	assert_in_range(done, 30, 600);
	assert_int_equal(ready, 8);
	assert_int_equal(all, 8);
	free(text);
}

/* What: no line is written with --quiet. */
static void
quiet_is_quiet(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };
	const char *const run[] = { "--members", "20",	"--requests", "400",
				    "--rate",	 "300", "--quiet",    NULL };
	char *text;

	load_fixture_start(fixture, &options);
	fixture->is_shown = true;
	assert_int_equal(load_fixture_run(fixture, run), 0);
	text = load_fixture_read(fixture->errors);
	assert_string_equal(text, "");
	free(text);
}

/* What: percentiles to p99.99 are told, of all requests and of each operation, and are in order.
 * How:  of 3000 requests of 8 connections one stands still, and keeps up to 7 others. */
static void
percentiles_are_told_to_the_last_of_ten_thousand(void **state)
{
	static const char *const names[] = { "p50_ms",	 "p90_ms",    "p99_ms",
					     "p99.9_ms", "p99.99_ms", "max_ms" };
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .stall_turn = 1000, .stall_ms = STALL_MS };
	const char *const run[] = { "--members", "20", "--requests", "3000", NULL };
	double before = 0;

	load_fixture_start(fixture, &options);
	assert_int_equal(load_fixture_run(fixture, run), 0);
	assert_true(load_fixture_told_ms(fixture, "latency", "count") == 3000);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		double ms = load_fixture_told_ms(fixture, "latency", names[i]);

		assert_true(before <= ms);
		before = ms;
	}
	assert_true(load_fixture_told_ms(fixture, "latency", "p50_ms") > 0);
	assert_true(load_fixture_told_ms(fixture, "latency", "p99_ms") < STALL_MS * 0.9);
	assert_true(load_fixture_told_ms(fixture, "latency", "p99.99_ms") > STALL_MS * 0.9);
	assert_true(load_fixture_told_ms(fixture, "latency", "mean_ms") > 0);
}

/* What: in the open loop a stall is seen by every request that was due in it, not only by those
 *       that had been sent: there is no coordinated omission.
 * How:  500 requests a second are due for 2 s, and the gateway stands still for 0.4 s of them.
 *       A tenth of all were due in the first half of that, and were late by 0.2 s at least.
 *       From their sending, hardly any took long. */
static void
a_stall_is_seen_by_all_that_it_delays(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .stall_turn = 320, .stall_ms = STALL_MS };
	const char *const open[] = { "--members", "20", "--rate", "500", "--seconds", "2", NULL };
	const char *const closed[] = {
		"--members", "20", "--no-enroll", "--requests", "1000", NULL
	};

	load_fixture_start(fixture, &options);
	assert_int_equal(load_fixture_run(fixture, open), 0);
	assert_in_range(load_fixture_told(fixture, "answered") +
				load_fixture_told(fixture, "never_sent"),
			999, 1001);
	assert_true(load_fixture_told_ms(fixture, "latency", "p90_ms") > STALL_MS * 0.4);
	assert_true(load_fixture_told_ms(fixture, "latency", "max_ms") > STALL_MS * 0.9);
	assert_true(load_fixture_told_ms(fixture, "service", "p90_ms") < STALL_MS * 0.4);
	assert_true(load_fixture_told_ms(fixture, "service", "max_ms") > STALL_MS * 0.9);
	fake_gateway_stop(fixture->gateway);
	/* The closed loop hides it from all but the few that were under way. */
	load_fixture_start(fixture, &options);
	assert_int_equal(load_fixture_run(fixture, closed), 0);
	assert_true(load_fixture_told_ms(fixture, "latency", "p90_ms") < STALL_MS * 0.4);
}

/* What: a request that was due, but for which no connection was free before the end, is counted.
 * How:  one connection in a standstill that lasts beyond the end. */
static void
what_was_due_and_never_sent_is_counted(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .stall_turn = 120, .stall_ms = 1500 };
	const char *const run[] = { "--members",     "20", "--rate", "100", "--seconds", "2",
				    "--connections", "1",  NULL };

	load_fixture_start(fixture, &options);
	assert_int_equal(load_fixture_run(fixture, run), 0);
	assert_true(load_fixture_told(fixture, "never_sent") > 0);
	assert_in_range(load_fixture_told(fixture, "answered") +
				load_fixture_told(fixture, "never_sent"),
			199, 201);
}

/* What: the table for people has a row for each operation, and partners in their order. */
static void
people_are_told_the_same(void **state)
{
	struct load_fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };
	const char *const run[] = { "--members",     "20", "--requests", "500", "--mix",
				    "earn=8,burn=2", NULL };
	const char *first, *second;
	char *text;

	load_fixture_start(fixture, &options);
	fixture->is_shown = true;
	assert_int_equal(load_fixture_run(fixture, run), 0);
	text = load_fixture_read(fixture->output);
	assert_non_null(strstr(text, " closed loop, seed "));
	assert_non_null(strstr(text, "p50      p90      p99    p99.9   p99.99      max  (ms)"));
	assert_non_null(strstr(text, "\nEARN "));
	assert_non_null(strstr(text, "\nBURN "));
	assert_non_null(strstr(text, "\nall                500 "));
	first = strstr(text, "\n1   ");
	second = strstr(text, "\n2   ");
	assert_non_null(first);
	assert_true(first < second);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_live_line_tells_rate_and_latency,
						load_fixture_setup, load_fixture_teardown),
		cmocka_unit_test_setup_teardown(quiet_is_quiet, load_fixture_setup,
						load_fixture_teardown),
		cmocka_unit_test_setup_teardown(percentiles_are_told_to_the_last_of_ten_thousand,
						load_fixture_setup, load_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_stall_is_seen_by_all_that_it_delays,
						load_fixture_setup, load_fixture_teardown),
		cmocka_unit_test_setup_teardown(what_was_due_and_never_sent_is_counted,
						load_fixture_setup, load_fixture_teardown),
		cmocka_unit_test_setup_teardown(people_are_told_the_same, load_fixture_setup,
						load_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
