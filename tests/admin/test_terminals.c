/*
 * test_terminals.c - `show terminals`: what terminals tell, filtered and sorted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/admin/fake_host.h"

#define DAY 20514 /* 2026-03-02 */

/* Terminals 101 to 104 of partner 1 and 201 of partner 2; 104 and 201 have told nothing. */
static int
setup(void **state)
{
	static const struct host_terminal fleet[] = {
		{ .terminal = 101, .partner = 1, .store = 11, .session_count = 1,
		  .heard_utc_ms = INT64_C(1772445600000), .software = "till 2.1",
		  .has_queue = true, .queue_depth = 5, .queue_age_s = 60, .has_skew = true,
		  .skew_ms = -70000, .settled_day = DAY - 1, .counted_day = DAY,
		  .compared_day = DAY },
		{ .terminal = 102, .partner = 1, .store = 11,
		  .heard_utc_ms = INT64_C(1772442000000), .software = "till 2.0",
		  .has_queue = true, .queue_depth = 40, .queue_age_s = 20, .has_skew = true,
		  .skew_ms = 200, .settled_day = DAY, .counted_day = DAY, .compared_day = DAY,
		  .difference_transactions = -1, .difference_points = -120 },
		{ .terminal = 103, .partner = 1, .store = 11, .session_count = 2,
		  .heard_utc_ms = INT64_C(1772445601000), .software = "other",
		  .settled_day = INT32_MIN, .counted_day = INT32_MIN,
		  .compared_day = INT32_MIN },
	};
	struct fake_host *fake;

	if (fake_host_setup(state) != 0)
		return -1;
	fake = *state;
	fake_host_expect(fake, "terminal add 102 partner=1 store=11", "ok", "");
	fake_host_expect(fake, "terminal add 103 partner=1 store=11", "ok", "");
	fake_host_expect(fake, "terminal add 104 partner=1 store=11", "ok", "");
	memcpy(fake->fleet, fleet, sizeof(fleet));
	return 0;
}

/* Run a command; fail unless it lists these terminals, in this order. */
static void
expect_order(struct fake_host *fake, const char *line, const char *wanted)
{
	char found[128] = "";

	for (const char *row = fake_host_run(fake, line); row != NULL; row = strchr(row, '\n')) {
		long number;

		row += *row == '\n';
		number = strtol(row, NULL, 10);
		if (number > 100 && number < 1000)
			snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%ld",
				 found[0] != '\0' ? " " : "", number);
	}
	if (strcmp(found, wanted) != 0)
		fail_msg("%s: %s, not %s\n%s", line, found, wanted, fake->printed);
}

/* What: a row has what the terminal told, and dashes where it told nothing. */
static void
a_row_has_what_the_terminal_told(void **state)
{
	struct fake_host *fake = *state;

	expect_order(fake, "show terminals", "101 201 102 103 104");
	expect_order(fake, "show terminals 2", "201");
	expect_order(fake, "show terminals partner=1", "101 102 103 104");
	fake_host_expect(fake, "show terminals queue=5 age=60", "ok", "till 2.1");
	fake_host_expect(fake, "show terminals queue=5 age=60", "ok", "-70000");
	fake_host_expect(fake, "show terminals queue=5 age=60", "ok", "2026-03-01");
	fake_host_expect(fake, "show terminals queue=5 age=60", "ok", "2026-03-02T10:00:00.000Z");
	fake_host_expect(fake, "show terminals queue=5 age=60", "ok", "connected");
	fake_host_expect(fake, "show terminals queue=5 age=60", "ok", "ok 1 terminals");
	fake_host_expect(fake, "show terminals differs=yes", "ok", "-120");
}

/* What: each filter takes its part; together they must all hold. */
static void
terminals_are_filtered(void **state)
{
	struct fake_host *fake = *state;

	expect_order(fake, "show terminals connected=yes", "101 103");
	expect_order(fake, "show terminals connected=no", "201 102 104");
	expect_order(fake, "show terminals software=till", "101 102");
	expect_order(fake, "show terminals \"software=till 2.0\"", "102");
	expect_order(fake, "show terminals skew=201", "101");
	expect_order(fake, "show terminals skew=200", "101 102");
	expect_order(fake, "show terminals settled=2026-03-01", "101 201 103 104");
	expect_order(fake, "show terminals differs=yes", "102");
	expect_order(fake, "show terminals differs=no 1", "101 103 104");
	expect_order(fake, "show terminals store=11 queue=1 age=30", "101");
	expect_order(fake, "show terminals queue=41", "");
}

/* What: the worst come first; equals by number. */
static void
terminals_are_sorted(void **state)
{
	struct fake_host *fake = *state;

	expect_order(fake, "show terminals sort=queue", "102 101 103 104 201");
	expect_order(fake, "show terminals sort=age", "101 102 103 104 201");
	expect_order(fake, "show terminals sort=skew connected=no", "102 104 201");
	expect_order(fake, "show terminals sort=settled", "103 104 201 101 102");
	expect_order(fake, "show terminals sort=differs", "102 101 103 104 201");
	expect_order(fake, "show terminals sort=heard software=till", "102 101");
	expect_order(fake, "show terminals sort=software 1", "104 103 102 101");
	expect_order(fake, "show terminals sort=number", "101 102 103 104 201");
}

/* What: many terminals are listed whole, in any order. */
static void
many_terminals_are_listed(void **state)
{
	struct fake_host *fake = *state;
	char line[64];

	for (int i = 0; i < 150; i++) {
		snprintf(line, sizeof(line), "terminal add %d partner=2 store=21", 1001 + i);
		fake_host_expect(fake, line, "ok", "");
	}
	fake_host_expect(fake, "show terminals", "ok", "ok 155 terminals");
	fake_host_expect(fake, "show terminals sort=queue", "ok", "ok 155 terminals");
}

/* What: what is no filter is refused by name. */
static void
what_is_no_filter_is_refused(void **state)
{
	struct fake_host *fake = *state;

	fake_host_expect(fake, "show terminals colour=red", "error", "colour");
	fake_host_expect(fake, "show terminals sort=colour", "error", "no order");
	fake_host_expect(fake, "show terminals connected=maybe", "error", "neither yes nor no");
	fake_host_expect(fake, "show terminals settled=yesterday", "error", "no day");
	fake_host_expect(fake, "show terminals queue=many", "error", "many");
	fake_host_expect(fake, "show terminals one", "error", "one");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, fake_host_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_row_has_what_the_terminal_told),
		CASE(terminals_are_filtered),
		CASE(terminals_are_sorted),
		CASE(many_terminals_are_listed),
		CASE(what_is_no_filter_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
