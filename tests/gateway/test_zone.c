/*
 * test_zone.c - days and cut-off times in time zones, against instants known from the tz data base.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gateway/zone.h"

#define HOUR_S 3600
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)

/* Days since 1970-01-01. */
#define DAY_2024_02_29 19782
#define DAY_2024_03_31 19813 /* Berlin: 02:00 -> 03:00 */
#define DAY_2024_10_27 20023 /* Berlin: 03:00 -> 02:00 */
#define DAY_2100_03_31 47571

static struct zone *
load(const char *name)
{
	struct zone *zone;

	assert_int_equal(zone_new(name, &zone), TG_OK);
	return zone;
}

/* What: in UTC a day has 24 hours, before 1970 too. */
static void
utc_days_are_plain(void **state)
{
	struct zone *zone = load("UTC");

	(void)state;
	assert_int_equal(zone_day(zone, 0), 0);
	assert_int_equal(zone_day(zone, DAY_MS - 1), 0);
	assert_int_equal(zone_day(zone, DAY_MS), 1);
	assert_int_equal(zone_day(zone, -1), -1);
	assert_int_equal(zone_minute(zone, -1), 1439);
	assert_int_equal(zone_minute(zone, 60000 * 61 + 59999), 61);
	assert_int_equal(zone_utc_ms(zone, 10, 0), 10 * DAY_MS);
	assert_int_equal(zone_utc_ms(zone, -1, 60), -DAY_MS + 60000);
	zone_free(zone);
}

/* What: the day in which clocks are put forward begins with winter time and has 23 hours. */
static void
the_day_of_the_change_to_summer_time_has_23_hours(void **state)
{
	struct zone *zone = load("Europe/Berlin");
	int64_t begins = DAY_2024_03_31 * DAY_MS - HOUR_MS;

	(void)state;
	assert_int_equal(zone_utc_ms(zone, DAY_2024_03_31, 0), begins);
	assert_int_equal(zone_day(zone, begins - 1), DAY_2024_03_31 - 1);
	assert_int_equal(zone_day(zone, begins), DAY_2024_03_31);
	assert_int_equal(zone_utc_ms(zone, DAY_2024_03_31 + 1, 0), begins + 23 * HOUR_MS);
	assert_int_equal(zone_day(zone, begins + 23 * HOUR_MS - 1), DAY_2024_03_31);
	assert_int_equal(zone_day(zone, begins + 23 * HOUR_MS), DAY_2024_03_31 + 1);
	zone_free(zone);
}

/* What: 02:30 that day does not exist; it stands for the moment of the change. */
static void
a_time_left_out_is_the_moment_of_the_change(void **state)
{
	struct zone *zone = load("Europe/Berlin");
	int64_t change = DAY_2024_03_31 * DAY_MS + HOUR_MS;

	(void)state;
	assert_int_equal(zone_utc_ms(zone, DAY_2024_03_31, 2 * HOUR_S + 1800), change);
	assert_int_equal(zone_utc_ms(zone, DAY_2024_03_31, 2 * HOUR_S), change);
	assert_int_equal(zone_utc_ms(zone, DAY_2024_03_31, 3 * HOUR_S), change);
	assert_int_equal(zone_utc_ms(zone, DAY_2024_03_31, 4 * HOUR_S), change + HOUR_MS);
	zone_free(zone);
}

/* What: 02:30 on the day clocks are put back comes twice; the first counts. */
static void
of_a_time_that_comes_twice_the_first_counts(void **state)
{
	struct zone *zone = load("Europe/Berlin");
	int64_t begins = DAY_2024_10_27 * DAY_MS - 2 * HOUR_MS;

	(void)state;
	assert_int_equal(zone_utc_ms(zone, DAY_2024_10_27, 0), begins);
	assert_int_equal(zone_utc_ms(zone, DAY_2024_10_27, 2 * HOUR_S + 1800),
			 begins + 2 * HOUR_MS + HOUR_MS / 2);
	assert_int_equal(zone_utc_ms(zone, DAY_2024_10_27 + 1, 0), begins + 25 * HOUR_MS);
	assert_int_equal(zone_day(zone, begins + 25 * HOUR_MS - 1), DAY_2024_10_27);
	zone_free(zone);
}

/* What: 29 February is a day like any other, and offsets need not be whole hours. */
static void
leap_day_in_a_zone_with_a_broken_offset(void **state)
{
	struct zone *zone = load("Asia/Kathmandu"); /* UTC+05:45 */
	int64_t begins = DAY_2024_02_29 * DAY_MS - 5 * HOUR_MS - 45 * 60000;

	(void)state;
	assert_int_equal(zone_utc_ms(zone, DAY_2024_02_29, 0), begins);
	assert_int_equal(zone_day(zone, begins - 1), DAY_2024_02_29 - 1);
	assert_int_equal(zone_day(zone, begins), DAY_2024_02_29);
	assert_int_equal(zone_day(zone, begins + DAY_MS), DAY_2024_02_29 + 1);
	zone_free(zone);
}

/* What: the rules of summer time hold for years to come; far away the nearest offset does. */
static void
later_years_follow_the_rules(void **state)
{
	struct zone *zone = load("Europe/Berlin");

	(void)state;
	/* 2100-03-31 is a Wednesday: summer time began on the 28th. */
	assert_int_equal(zone_utc_ms(zone, DAY_2100_03_31, 0),
			 DAY_2100_03_31 * DAY_MS - 2 * HOUR_MS);
	assert_int_equal(zone_day(zone, INT64_C(253402300799999)), 2932896 + 1);
	zone_free(zone);
}

/* What: every day's begin belongs to that day, and the millisecond before it to the day before. */
static void
every_day_begins_where_the_last_one_ends(void **state)
{
	static const char *const names[] = { "UTC",
					     "Europe/Berlin",
					     "America/Sao_Paulo",
					     "Australia/Lord_Howe",
					     "America/New_York",
					     "Asia/Tokyo",
					     "Africa/Casablanca",
					     "Pacific/Chatham" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct zone *zone = load(names[i]);

		for (int32_t day = 1; day < 40000; day++) {
			int64_t begins = zone_utc_ms(zone, day, 0);

			assert_int_equal(zone_day(zone, begins), day);
			assert_int_equal(zone_day(zone, begins - 1), day - 1);
		}
		zone_free(zone);
	}
}

/* What: a name that is no zone is refused, and the environment is left as it was. */
static void
an_unknown_name_is_refused(void **state)
{
	struct zone *zone;

	(void)state;
	setenv("TZ", "Asia/Tokyo", 1);
	assert_int_equal(zone_new("Middle/Earth", &zone), TG_CONFIG);
	assert_int_equal(zone_new("", &zone), TG_CONFIG);
	assert_int_equal(zone_new("../zoneinfo/UTC", &zone), TG_CONFIG);
	assert_int_equal(zone_new("Europe", &zone), TG_CONFIG);
	assert_int_equal(zone_new("zone.tab", &zone), TG_CONFIG);
	assert_int_equal(zone_new("/usr/share/zoneinfo/UTC", &zone), TG_CONFIG);
	zone = load("Europe/Berlin");
	assert_string_equal(getenv("TZ"), "Asia/Tokyo");
	zone_free(zone);
	unsetenv("TZ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utc_days_are_plain),
		cmocka_unit_test(the_day_of_the_change_to_summer_time_has_23_hours),
		cmocka_unit_test(a_time_left_out_is_the_moment_of_the_change),
		cmocka_unit_test(of_a_time_that_comes_twice_the_first_counts),
		cmocka_unit_test(leap_day_in_a_zone_with_a_broken_offset),
		cmocka_unit_test(later_years_follow_the_rules),
		cmocka_unit_test(every_day_begins_where_the_last_one_ends),
		cmocka_unit_test(an_unknown_name_is_refused),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
