/*
 * test_wheel.c - deadlines, shared counts, rates, failures by address, numeric addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/address.h"
#include "gateway/census.h"
#include "gateway/failures.h"
#include "gateway/pace.h"
#include "gateway/wheel.h"

#define ENTRIES 2000

/* Deadlines and when they came. */
struct fixture {
	struct wheel wheel;
	struct wheel_entry entries[ENTRIES];
	int64_t came_ms[ENTRIES]; /* 0: not yet */
	int64_t now_ms;
	uint32_t came_count;
	int64_t again_ms; /* set anew after so long; 0: not */
};

static void
on_deadline(void *context, struct wheel_entry *entry)
{
	struct fixture *f = context;

	f->came_ms[entry - f->entries] = f->now_ms;
	f->came_count++;
	if (f->again_ms != 0)
		wheel_set(&f->wheel, entry, f->now_ms + f->again_ms);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->now_ms = 123456;
	wheel_init(&f->wheel, f->now_ms);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static void
advance(struct fixture *f, int64_t ms)
{
	f->now_ms += ms;
	wheel_advance(&f->wheel, f->now_ms, on_deadline, f);
}

/* What: every deadline comes, none early, none later than a tick after its time, whether near, a
 *       lap away or further.
 * How:  2,000 deadlines over 200 s, time in steps of 1 to 400 ms. */
static void
deadlines_come_when_due(void **state)
{
	struct fixture *f = *state;
	int64_t start_ms = f->now_ms, step_ms = 1;

	for (int i = 0; i < ENTRIES; i++)
		wheel_set(&f->wheel, &f->entries[i], start_ms + i * INT64_C(100));
	while (f->came_count < ENTRIES) {
		advance(f, step_ms);
		for (int i = 0; i < ENTRIES; i++) {
			int64_t due_ms = start_ms + i * INT64_C(100);

			if (f->came_ms[i] == 0)
				assert_true(f->now_ms < due_ms + WHEEL_TICK_MS);
			else
				assert_true(f->came_ms[i] >= due_ms);
		}
		step_ms = step_ms % 400 + 7;
	}
}

/* What: a deadline that is moved or removed counts as it is now. */
static void
a_deadline_can_be_moved_and_removed(void **state)
{
	struct fixture *f = *state;
	int64_t start_ms = f->now_ms;

	for (int i = 0; i < 3; i++)
		wheel_set(&f->wheel, &f->entries[i], start_ms + 1000);
	wheel_set(&f->wheel, &f->entries[0], start_ms + 3000);
	wheel_set(&f->wheel, &f->entries[1], start_ms);
	wheel_remove(&f->entries[2]);
	wheel_remove(&f->entries[2]);
	assert_false(wheel_is_set(&f->entries[2]));
	advance(f, 60);
	assert_int_equal(f->came_count, 1);
	assert_true(f->came_ms[1] != 0);
	advance(f, 2000);
	assert_int_equal(f->came_count, 1);
	advance(f, 1000);
	assert_int_equal(f->came_count, 2);
	advance(f, 1000000);
	assert_int_equal(f->came_count, 2);
}

/* What: a deadline that is set again while it comes does not come twice in one step, and a step
 *       longer than a lap misses none. */
static void
a_deadline_may_be_set_again_as_it_comes(void **state)
{
	struct fixture *f = *state;

	f->again_ms = 10;
	wheel_set(&f->wheel, &f->entries[0], f->now_ms + 10);
	advance(f, 100);
	assert_int_equal(f->came_count, 1);
	advance(f, 100);
	assert_int_equal(f->came_count, 2);
	advance(f, INT64_C(10) * WHEEL_SLOTS * WHEEL_TICK_MS);
	assert_int_equal(f->came_count, 3);
}

/* What: a count does not pass its limit; partners have entries of their own, and no more than
 *       there is room for. */
static void
counts_keep_their_limits(void **state)
{
	struct census census;
	struct census_partner *first;

	(void)state;
	assert_int_equal(census_init(&census, 8), TG_OK);
	for (int i = 0; i < 3; i++)
		assert_true(census_enter(&census.connections, 3));
	assert_false(census_enter(&census.connections, 3));
	assert_false(census_enter(&census.connections, 2));
	census_leave(&census.connections, 2);
	assert_true(census_enter(&census.connections, 3));
	first = census_find(&census, 1);
	for (uint32_t i = 1; i <= census.mask + 1; i++)
		assert_non_null(census_find(&census, i));
	assert_ptr_equal(census_find(&census, 1), first);
	assert_null(census_find(&census, census.mask + 2));
	census_deinit(&census);
}

/* What: failures count by address without its port, and for a minute. */
static void
failures_count_by_address(void **state)
{
	struct failures *failures = calloc(1, sizeof(*failures));
	struct address one, same, other, six, same_site;

	(void)state;
	failures_init(failures, 42);
	assert_int_equal(address_parse("192.0.2.1:1", &one), TG_OK);
	assert_int_equal(address_parse("192.0.2.1:2", &same), TG_OK);
	assert_int_equal(address_parse("192.0.2.2:1", &other), TG_OK);
	assert_int_equal(address_parse("[2001:db8::1]:1", &six), TG_OK);
	assert_int_equal(address_parse("[2001:db8::2]:1", &same_site), TG_OK);
	for (int i = 0; i < 3; i++) {
		failures_add(failures, &one, 1000);
		failures_add(failures, &six, 1000);
	}
	assert_true(failures_is_over(failures, &same, 1000, 3));
	assert_false(failures_is_over(failures, &same, 1000, 4));
	assert_false(failures_is_over(failures, &other, 1000, 1));
	assert_true(failures_is_over(failures, &same_site, 1000 + FAILURES_WINDOW_MS - 1, 3));
	assert_false(failures_is_over(failures, &six, 1000 + FAILURES_WINDOW_MS, 3));
	failures_add(failures, &six, 1000 + FAILURES_WINDOW_MS);
	assert_false(failures_is_over(failures, &six, 1000 + FAILURES_WINDOW_MS, 2));
	free(failures);
}

/* What: numeric addresses are read and printed, all else is refused; loopback is told from the
 *       rest. */
static void
addresses_are_numeric(void **state)
{
	static const struct {
		const char *text;
		const char *printed; /* NULL: refused */
		bool is_loopback;
	} cases[] = {
		{ "127.0.0.1:7411", "127.0.0.1:7411", true },
		{ "127.255.0.9:0", "127.255.0.9:0", true },
		{ "[::1]:65535", "[::1]:65535", true },
		{ "0.0.0.0:7411", "0.0.0.0:7411", false },
		{ "[::]:7411", "[::]:7411", false },
		{ "[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1", false },
		{ "[2001:db8::1]:7", "[2001:db8::1]:7", false },
		{ "localhost:7411", NULL, false },
		{ "127.0.0.1", NULL, false },
		{ "127.0.0.1:", NULL, false },
		{ "127.0.0.1:65536", NULL, false },
		{ "127.0.0.1:+1", NULL, false },
		{ "::1:7411", NULL, false },
		{ "[::1:7411", NULL, false },
		{ "[127.0.0.1]:7411", NULL, false },
		{ "", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address address;
		char text[ADDRESS_TEXT_BYTES];

		assert_int_equal(address_parse(cases[i].text, &address),
				 cases[i].printed != NULL ? TG_OK : TG_CONFIG);
		if (cases[i].printed == NULL)
			continue;
		address_print(&address, text);
		assert_string_equal(text, cases[i].printed);
		assert_int_equal(address_is_loopback(&address), cases[i].is_loopback);
	}
}

/* What: over any time no more is admitted than the rate gives, plus one burst; none is lost to
 *       uneven asking; a rate of 0 bounds nothing.
 * How:  ten seconds at 1,000 a second, asked 100 times each 50 ms, then a rest. */
static void
rates_are_kept(void **state)
{
	struct pace pace = { 0 };
	uint32_t admitted = 0, burst = 0;

	(void)state;
	for (int64_t us = 1; us < 10000000; us += 50000) {
		for (int i = 0; i < 100; i++)
			admitted += pace_admit(&pace, us, 1000);
	}
	assert_in_range(admitted, 9950 + 100, 10000 + 101);
	for (int i = 0; i < 1000; i++)
		burst += pace_admit(&pace, 20000000, 1000);
	assert_int_equal(burst, 101);
	for (int i = 0; i < 1000; i++)
		assert_true(pace_admit(&pace, 20000000, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(deadlines_come_when_due, setup, teardown),
		cmocka_unit_test_setup_teardown(a_deadline_can_be_moved_and_removed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_deadline_may_be_set_again_as_it_comes, setup,
						teardown),
		cmocka_unit_test(counts_keep_their_limits),
		cmocka_unit_test(rates_are_kept),
		cmocka_unit_test(failures_count_by_address),
		cmocka_unit_test(addresses_are_numeric),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
