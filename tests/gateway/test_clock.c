/*
 * test_clock.c - the time that the ledger decides by: slewed, never back, stopped by alarms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/clock.h"

#define START INT64_C(1700000000000)
#define DAY_MS INT64_C(86400000)
#define NONE INT64_MIN

/* Two clocks moved by the test. */
struct hands {
	int64_t wall_ms;
	int64_t boot_ms;
};

static int64_t
hands_wall_ms(void *context)
{
	return ((struct hands *)context)->wall_ms;
}

static int64_t
hands_boot_ms(void *context)
{
	return ((struct hands *)context)->boot_ms;
}

static void
start(struct clock *clock, struct hands *hands, int64_t last_utc_ms)
{
	const struct clock_source source = { hands_wall_ms, hands_boot_ms, hands };

	*hands = (struct hands){ START, 5000 };
	clock_start(clock, source, false, last_utc_ms, NONE);
}

static void
pass(struct hands *hands, int64_t wall_ms, int64_t boot_ms)
{
	hands->wall_ms += wall_ms;
	hands->boot_ms += boot_ms;
}

/* What: at birth the time is wall time, and then runs with it. */
static void
a_new_clock_follows_the_wall(void **state)
{
	struct hands hands;
	struct clock clock;

	(void)state;
	start(&clock, &hands, NONE);
	assert_int_equal(clock_now_utc_ms(&clock), START);
	pass(&hands, 1234, 1234);
	assert_int_equal(clock_peek_utc_ms(&clock), START + 1234);
	assert_int_equal(clock_now_utc_ms(&clock), START + 1234);
	assert_int_equal(clock_alarm(&clock), CLOCK_FINE);
}

/*
 * What: a wall clock that is a little off is approached by 1 in 200, from both sides, never back.
 */
static void
a_small_difference_is_slewed_away(void **state)
{
	struct hands hands;
	struct clock clock;
	int64_t last;

	(void)state;
	start(&clock, &hands, NONE);
	pass(&hands, 1000 + 20, 1000);
	assert_int_equal(clock_now_utc_ms(&clock), START + 1000 + 5);
	for (int i = 0; i < 10; i++) {
		pass(&hands, 1000, 1000);
		(void)clock_now_utc_ms(&clock);
	}
	assert_int_equal(clock_now_utc_ms(&clock), hands.wall_ms);

	pass(&hands, -1000, 0);
	last = clock_now_utc_ms(&clock);
	for (int i = 0; i < 300; i++) {
		int64_t now;

		pass(&hands, 1000, 1000);
		now = clock_now_utc_ms(&clock);
		assert_int_equal(now - last, i < 200 ? 995 : 1000);
		last = now;
	}
	assert_int_equal(last, hands.wall_ms);
	assert_int_equal(clock_alarm(&clock), CLOCK_FINE);
}

/*
 * What: a step of the wall clock by more than a minute is not followed until the operator says
 * so.
 */
static void
a_wall_step_raises_an_alarm_and_is_not_followed(void **state)
{
	struct hands hands;
	struct clock clock;

	(void)state;
	start(&clock, &hands, NONE);
	pass(&hands, 1000 + DAY_MS, 1000);
	assert_int_equal(clock_now_utc_ms(&clock), START + 1000);
	assert_int_equal(clock_alarm(&clock), CLOCK_WALL_STEPPED);
	assert_true(clock_may_record(&clock));
	pass(&hands, 1000, 1000);
	assert_int_equal(clock_now_utc_ms(&clock), START + 2000);

	assert_int_equal(clock_accept(&clock), TG_OK);
	assert_int_equal(clock_alarm(&clock), CLOCK_FINE);
	assert_int_equal(clock_now_utc_ms(&clock), START + 2000 + DAY_MS);
}

/* What: after an accepted step back the time stands still until the wall clock has caught up. */
static void
an_accepted_step_back_never_goes_back(void **state)
{
	struct hands hands;
	struct clock clock;

	(void)state;
	start(&clock, &hands, NONE);
	pass(&hands, -DAY_MS, 0);
	assert_int_equal(clock_now_utc_ms(&clock), START);
	assert_int_equal(clock_alarm(&clock), CLOCK_WALL_STEPPED);
	assert_int_equal(clock_accept(&clock), TG_OK);
	for (int hours = 0; hours < 24; hours++) {
		pass(&hands, DAY_MS / 24, DAY_MS / 24);
		assert_int_equal(clock_now_utc_ms(&clock), START);
		assert_int_equal(clock_peek_utc_ms(&clock), START);
	}
	pass(&hands, 10, 10);
	assert_int_equal(clock_now_utc_ms(&clock), START + 10);
	assert_int_equal(clock_alarm(&clock), CLOCK_FINE);
}

/* What: started over a day after the last record the time stands still there until accepted. */
static void
a_start_long_after_the_last_record_waits_for_the_operator(void **state)
{
	struct hands hands;
	struct clock clock;

	(void)state;
	start(&clock, &hands, START - DAY_MS - 1);
	assert_int_equal(clock_alarm(&clock), CLOCK_START_GAP);
	assert_false(clock_may_record(&clock));
	pass(&hands, 5000, 5000);
	assert_int_equal(clock_now_utc_ms(&clock), START - DAY_MS - 1);
	assert_int_equal(clock_peek_utc_ms(&clock), START - DAY_MS - 1);
	assert_int_equal(clock_accept(&clock), TG_OK);
	assert_true(clock_may_record(&clock));
	assert_int_equal(clock_now_utc_ms(&clock), START + 5000);

	start(&clock, &hands, START - DAY_MS);
	assert_int_equal(clock_alarm(&clock), CLOCK_FINE);
	assert_int_equal(clock_now_utc_ms(&clock), START);
}

/* What: a start before the last record goes on from that record, with an alarm if it is far. */
static void
a_start_before_the_last_record_goes_on_from_it(void **state)
{
	struct hands hands;
	struct clock clock;

	(void)state;
	start(&clock, &hands, START + 2000);
	assert_int_equal(clock_alarm(&clock), CLOCK_FINE);
	assert_int_equal(clock_now_utc_ms(&clock), START + 2000);

	start(&clock, &hands, START + 3600000);
	assert_int_equal(clock_alarm(&clock), CLOCK_WALL_STEPPED);
	pass(&hands, 1000, 1000);
	assert_int_equal(clock_now_utc_ms(&clock), START + 3600000 + 1000);
}

/* What: a stepped clock stands still between steps, and steps forward only. */
static void
a_stepped_clock_moves_by_hand_alone(void **state)
{
	struct hands hands = { START, 0 };
	const struct clock_source source = { hands_wall_ms, hands_boot_ms, &hands };
	struct clock clock;

	(void)state;
	clock_start(&clock, source, true, 500, NONE);
	pass(&hands, DAY_MS, DAY_MS);
	assert_int_equal(clock_now_utc_ms(&clock), 500);
	assert_int_equal(clock_alarm(&clock), CLOCK_FINE);
	assert_int_equal(clock_step(&clock, 499), TG_BAD_FIELD);
	assert_int_equal(clock_step(&clock, 500 + 30 * DAY_MS), TG_OK);
	assert_int_equal(clock_now_utc_ms(&clock), 500 + 30 * DAY_MS);
	assert_int_equal(clock_peek_utc_ms(&clock), 500 + 30 * DAY_MS);
	assert_int_equal(clock_accept(&clock), TG_FORBIDDEN);

	clock_start(&clock, source, true, 500, 700);
	assert_int_equal(clock_now_utc_ms(&clock), 700);
	clock_start(&clock, source, true, NONE, NONE);
	assert_int_equal(clock_now_utc_ms(&clock), START + DAY_MS);
	clock_start(&clock, source, false, NONE, NONE);
	assert_int_equal(clock_step(&clock, START * 2), TG_FORBIDDEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_clock_follows_the_wall),
		cmocka_unit_test(a_small_difference_is_slewed_away),
		cmocka_unit_test(a_wall_step_raises_an_alarm_and_is_not_followed),
		cmocka_unit_test(an_accepted_step_back_never_goes_back),
		cmocka_unit_test(a_start_long_after_the_last_record_waits_for_the_operator),
		cmocka_unit_test(a_start_before_the_last_record_goes_on_from_it),
		cmocka_unit_test(a_stepped_clock_moves_by_hand_alone),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
