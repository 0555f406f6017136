/*
 * day.c - calendar days as numbers.
 *
 * Years are counted from March, so that the leap day is the last of its year and months have the
 * lengths of a simple line (days from March = (153 * month + 2) / 5).
 */
#include "contrib/common/day.h"

#include <stdio.h>
#include <string.h>

#include "protocol/assert.h"

#define ERA_DAYS 146097	     /* days in 400 years */
#define EPOCH_ERA_DAY 719468 /* 1970-01-01, counted from 0000-03-01 */

int32_t
day_from_civil(struct civil_day civil)
{
	int year = civil.month <= 2 ? civil.year - 1 : civil.year;
	int era = year / 400;
	int year_of_era = year - era * 400;
	int month = (civil.month + 9) % 12;
	int day_of_year = (153 * month + 2) / 5 + civil.day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	TG_ASSERT(day_is_civil(civil));
	return era * ERA_DAYS + day_of_era - EPOCH_ERA_DAY;
}

struct civil_day
day_to_civil(int32_t day)
{
	int shifted = day + EPOCH_ERA_DAY;
	int era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
	int day_of_era = shifted - era * ERA_DAYS;
	int year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month = (5 * day_of_year + 2) / 153;
	struct civil_day civil;

	civil.day = day_of_year - (153 * month + 2) / 5 + 1;
	civil.month = month < 10 ? month + 3 : month - 9;
	civil.year = era * 400 + year_of_era + (civil.month <= 2 ? 1 : 0);
	return civil;
}

/* Days in the month. */
static int
month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && is_leap ? 29 : days[month - 1];
}

bool
day_is_civil(struct civil_day civil)
{
	return civil.year >= 1 && civil.year <= 9999 && civil.month >= 1 && civil.month <= 12 &&
	       civil.day >= 1 && civil.day <= month_days(civil.year, civil.month);
}

int32_t
day_add_months(int32_t day, int months)
{
	struct civil_day civil = day_to_civil(day);
	int month = civil.year * 12 + civil.month - 1 + months;
	int last;

	civil.year = month / 12;
	civil.month = month % 12 + 1;
	last = month_days(civil.year, civil.month);
	if (civil.day > last)
		civil.day = last;
	return day_from_civil(civil);
}

void
day_format(int32_t day, char ret_text[DAY_TEXT_BYTES])
{
	struct civil_day civil = day_to_civil(day);

	snprintf(ret_text, DAY_TEXT_BYTES, "%04d-%02d-%02d", civil.year % 10000, civil.month % 100,
		 civil.day % 100);
}

bool
day_parse(const char *text, int32_t *ret_day)
{
	struct civil_day civil;
	int used = 0;

	if (strlen(text) != strspn(text, "0123456789-"))
		return false;
	if (sscanf(text, "%4d-%2d-%2d%n", &civil.year, &civil.month, &civil.day, &used) != 3 ||
	    used != 10) {
		used = 0;
		if (sscanf(text, "%4d%2d%2d%n", &civil.year, &civil.month, &civil.day, &used) !=
			    3 ||
		    used != 8)
			return false;
	}
	if (text[used] != '\0' || !day_is_civil(civil))
		return false;
	*ret_day = day_from_civil(civil);
	return true;
}

int32_t
day_of_utc_ms(int64_t utc_ms)
{
	int64_t day = utc_ms / DAY_MS;

	return (int32_t)(utc_ms % DAY_MS < 0 ? day - 1 : day);
}
