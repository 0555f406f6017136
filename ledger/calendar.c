/*
 * calendar.c - days of the Gregorian calendar.
 *
 * The two conversions count in eras of 400 years of 146,097 days, with years that begin in March so
 * that the leap day comes last (method of E. G. Richards and of H. Hinnant's chrono notes).
 */
#include "ledger/calendar.h"

#define DAYS_PER_ERA 146097
#define LEAP_YEAR 2000
#define DAYS_TO_EPOCH 719468 /* from 0000-03-01 to 1970-01-01 */

static int32_t
floor_div(int32_t value, int32_t by)
{
	return value / by - (value % by < 0 ? 1 : 0);
}

int32_t
calendar_day(struct civil_date date)
{
	int32_t year = date.month <= 2 ? date.year - 1 : date.year;
	int32_t era = floor_div(year, 400);
	int32_t year_of_era = year - era * 400;
	int32_t month = (date.month + 9) % 12;
	int32_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
	int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

struct civil_date
calendar_date(int32_t day)
{
	int32_t shifted = day + DAYS_TO_EPOCH;
	int32_t era = floor_div(shifted, DAYS_PER_ERA);
	int32_t day_of_era = shifted - era * DAYS_PER_ERA;
	int32_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int32_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int32_t month = (5 * day_of_year + 2) / 153;
	struct civil_date date;

	date.day = day_of_year - (153 * month + 2) / 5 + 1;
	date.month = month < 10 ? month + 3 : month - 9;
	date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
	return date;
}

int32_t
calendar_month_days(int32_t year, int32_t month)
{
	struct civil_date first = { year, month, 1 };
	struct civil_date next = { month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1 };

	return calendar_day(next) - calendar_day(first);
}

bool
calendar_is_month_day(uint32_t month_day)
{
	const uint32_t month = month_day >> 5;
	const uint32_t day = month_day & 31;

	return month >= 1 && month <= 12 && day >= 1 &&
	       day <= (uint32_t)calendar_month_days(LEAP_YEAR, (int32_t)month);
}

bool
calendar_is_anniversary(int32_t day, uint32_t month_day)
{
	const struct civil_date date = calendar_date(day);
	const uint32_t found = CALENDAR_MONTH_DAY((uint32_t)date.month, (uint32_t)date.day);

	return found == month_day ||
	       (month_day == CALENDAR_MONTH_DAY(2u, 29u) &&
		found == CALENDAR_MONTH_DAY(2u, 28u) && calendar_month_days(date.year, 2) == 28);
}

int32_t
calendar_last_day(int32_t day, int32_t months, bool is_anniversary)
{
	struct civil_date date = calendar_date(day);
	int32_t month_index = date.year * 12 + date.month - 1 + months;
	int32_t month_days;

	date.year = floor_div(month_index, 12);
	date.month = month_index - date.year * 12 + 1;
	month_days = calendar_month_days(date.year, date.month);
	if (date.day > month_days) {
		date.day = month_days;
		return calendar_day(date);
	}
	return calendar_day(date) - (is_anniversary ? 0 : 1);
}

int32_t
calendar_vintage_last_day(int32_t day, int32_t period_months, int32_t months, int32_t sweep_month,
			  int32_t sweep_day)
{
	struct civil_date date = calendar_date(day);
	int32_t month_index = date.year * 12 + date.month - 1;
	int32_t end, sweep = 0;

	month_index += period_months - 1 - month_index % period_months + months;
	date.year = floor_div(month_index, 12);
	date.month = month_index - date.year * 12 + 1;
	date.day = calendar_month_days(date.year, date.month);
	end = calendar_day(date);
	if (sweep_month == 0)
		return end;
	date.month = sweep_month;
	for (; sweep < end; date.year++) {
		int32_t month_days = calendar_month_days(date.year, sweep_month);

		date.day = sweep_day < month_days ? sweep_day : month_days;
		sweep = calendar_day(date);
	}
	return sweep;
}
