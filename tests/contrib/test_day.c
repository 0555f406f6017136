/*
 * test_day.c - calendar days as numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contrib/common/day.h"

/* The number of a day written as text. */
static int32_t
day(const char *text)
{
	int32_t number = INT32_MIN;

	assert_true(day_parse(text, &number));
	return number;
}

/* What: numbers and days agree, both ways, with no day left out.
 * How:  known days; then every day of 800 years in order. */
static void
days_and_numbers_agree(void **state)
{
	int32_t expected = day("1600-01-01");

	(void)state;
	assert_int_equal(day("1970-01-01"), 0);
	assert_int_equal(day("19691231"), -1);
	assert_int_equal(day("2000-02-29"), 11016);
	assert_int_equal(day("9999-12-31"), 2932896);
	for (struct civil_day civil = { 1600, 1, 1 }; civil.year < 2400;) {
		struct civil_day back = day_to_civil(expected);

		assert_true(day_is_civil(civil));
		assert_int_equal(day_from_civil(civil), expected);
		assert_int_equal(back.year, civil.year);
		assert_int_equal(back.month, civil.month);
		assert_int_equal(back.day, civil.day);
		expected++;
		civil.day++;
		if (day_is_civil(civil))
			continue;
		civil.day = 1;
		if (++civil.month > 12) {
			civil.month = 1;
			civil.year++;
		}
	}
}

/* What: what is no day is refused, and what is one is written as it was read. */
static void
only_days_are_read(void **state)
{
	static const char *const bad[] = { "",		 "1997",	"1997-1-1",
					   "1997-13-01", "1997-02-29",	"19970229",
					   "1997-01-00", "1997-01-011", "1997-01-01 ",
					   "0000-01-01", "1997/01/01" };
	char text[DAY_TEXT_BYTES];
	int32_t number;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(day_parse(bad[i], &number));
	day_format(day("19970131"), text);
	assert_string_equal(text, "1997-01-31");
}

/* What: months are added by the calendar; a day that the month lacks becomes its last. */
static void
months_end_on_their_last_day(void **state)
{
	(void)state;
	assert_int_equal(day_add_months(day("2024-04-01"), 12), day("2025-04-01"));
	assert_int_equal(day_add_months(day("2024-02-29"), 12), day("2025-02-28"));
	assert_int_equal(day_add_months(day("2024-01-31"), 1), day("2024-02-29"));
	assert_int_equal(day_add_months(day("2023-12-15"), 1), day("2024-01-15"));
	assert_int_equal(day_add_months(day("2024-12-31"), 14), day("2026-02-28"));
}

/* What: a time before 1970 belongs to the day it lies in, too. */
static void
times_round_down_to_days(void **state)
{
	(void)state;
	assert_int_equal(day_of_utc_ms(0), 0);
	assert_int_equal(day_of_utc_ms(DAY_MS - 1), 0);
	assert_int_equal(day_of_utc_ms(DAY_MS), 1);
	assert_int_equal(day_of_utc_ms(-1), -1);
	assert_int_equal(day_of_utc_ms(-DAY_MS), -1);
	assert_int_equal(day_of_utc_ms(-DAY_MS - 1), -2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_and_numbers_agree),
		cmocka_unit_test(only_days_are_read),
		cmocka_unit_test(months_end_on_their_last_day),
		cmocka_unit_test(times_round_down_to_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
