/*
 * test_calendar.c - days, dates and the last day of points.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "ledger/calendar.h"

static int32_t
day(int32_t year, int32_t month, int32_t day_of_month)
{
	return calendar_day((struct civil_date){ year, month, day_of_month });
}

/* What: the conversions agree with the C library and with each other.
 * How:  every day from 1900 to 2200. */
static void
dates_agree_with_the_c_library(void **state)
{
	(void)state;
	for (int32_t d = day(1900, 1, 1); d <= day(2200, 12, 31); d++) {
		struct civil_date date = calendar_date(d);
		time_t seconds = (time_t)d * 86400;
		struct tm tm;

		gmtime_r(&seconds, &tm);
		assert_int_equal(date.year, tm.tm_year + 1900);
		assert_int_equal(date.month, tm.tm_mon + 1);
		assert_int_equal(date.day, tm.tm_mday);
		assert_int_equal(calendar_day(date), d);
	}
}

/* What: the last day is the day before the anniversary, or the month's last where it lacks the day.
 * How:  the examples of the decision, month ends, both conventions. */
static void
last_day_is_before_the_anniversary(void **state)
{
	(void)state;
	assert_int_equal(calendar_last_day(day(2024, 4, 1), 12, false), day(2025, 3, 31));
	assert_int_equal(calendar_last_day(day(2024, 2, 29), 12, false), day(2025, 2, 28));
	assert_int_equal(calendar_last_day(day(2024, 2, 29), 48, false), day(2028, 2, 28));
	assert_int_equal(calendar_last_day(day(2024, 12, 31), 2, false), day(2025, 2, 28));
	assert_int_equal(calendar_last_day(day(2024, 1, 31), 1, false), day(2024, 2, 29));
	assert_int_equal(calendar_last_day(day(2024, 1, 1), 12, false), day(2024, 12, 31));
	assert_int_equal(calendar_last_day(day(2024, 4, 1), 12, true), day(2025, 4, 1));
	assert_int_equal(calendar_last_day(day(2024, 2, 29), 12, true), day(2025, 2, 28));
}

/* What: the last day never goes back when the activity is later.
 * How:  every day of nine years, lives of 1 to 36 months. */
static void
last_day_never_falls(void **state)
{
	(void)state;
	for (int32_t months = 1; months <= 36; months++) {
		int32_t before = INT32_MIN;

		for (int32_t d = day(2020, 1, 1); d <= day(2028, 12, 31); d++) {
			int32_t last = calendar_last_day(d, months, false);

			assert_true(last >= before);
			assert_true(last >= d);
			before = last;
		}
	}
}

/* What: points of a period end on the last day of a month, or on the sweep day after it.
 * How:  edges of periods, years and February, with and without a sweep day. */
static void
vintages_end_by_the_calendar(void **state)
{
	(void)state;
	assert_int_equal(calendar_vintage_last_day(day(2024, 4, 1), 12, 36, 9, 30),
			 day(2028, 9, 30));
	assert_int_equal(calendar_vintage_last_day(day(2024, 12, 31), 12, 0, 12, 31),
			 day(2024, 12, 31));
	assert_int_equal(calendar_vintage_last_day(day(2024, 12, 31), 12, 12, 2, 29),
			 day(2026, 2, 28));
	assert_int_equal(calendar_vintage_last_day(day(2026, 1, 1), 12, 12, 2, 29),
			 day(2028, 2, 29));
	assert_int_equal(calendar_vintage_last_day(day(2024, 3, 31), 3, 12, 0, 0),
			 day(2025, 3, 31));
	assert_int_equal(calendar_vintage_last_day(day(2024, 4, 1), 3, 12, 0, 0),
			 day(2025, 6, 30));
	assert_int_equal(calendar_vintage_last_day(day(2027, 2, 1), 1, 12, 0, 0),
			 day(2028, 2, 29));
}

/* What: a day of the year comes once in each, 29 February at the month's end where it lacks it.
 * How:  every such day in 400 years. */
static void
a_day_of_the_year_comes_once_in_each(void **state)
{
	unsigned days = 0;

	(void)state;
	for (uint32_t number = 0; number < 1u << CALENDAR_MONTH_DAY_BITS; number++) {
		unsigned found = 0;

		if (!calendar_is_month_day(number))
			continue;
		days++;
		for (int32_t d = day(1900, 1, 1); d < day(2300, 1, 1); d++)
			found += calendar_is_anniversary(d, number) ? 1 : 0;
		assert_int_equal(found, 400);
	}
	assert_int_equal(days, 366);
	assert_true(calendar_is_anniversary(day(2024, 2, 29), CALENDAR_MONTH_DAY(2, 29)));
	assert_true(calendar_is_anniversary(day(2023, 2, 28), CALENDAR_MONTH_DAY(2, 29)));
	assert_true(calendar_is_anniversary(day(2023, 12, 31), CALENDAR_MONTH_DAY(12, 31)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_agree_with_the_c_library),
		cmocka_unit_test(last_day_is_before_the_anniversary),
		cmocka_unit_test(last_day_never_falls),
		cmocka_unit_test(vintages_end_by_the_calendar),
		cmocka_unit_test(a_day_of_the_year_comes_once_in_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
