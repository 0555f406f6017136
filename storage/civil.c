/*
 * civil.c - days and UTC milliseconds as the dates that a column of MariaDB can hold.
 */
#include "storage/civil.h"

bool
civil_from_day(int32_t day, struct civil_date *ret_date)
{
	if (day < CIVIL_DAY_MIN || day > CIVIL_DAY_MAX)
		return false;
	*ret_date = calendar_date(day);
	return true;
}

struct civil_date
civil_month_after(struct civil_date date, int32_t months)
{
	int32_t month_index = date.month - 1 + months;

	return (struct civil_date){
		.year = date.year + month_index / 12,
		.month = month_index % 12 + 1,
		.day = 1,
	};
}

bool
civil_split_ms(int64_t utc_ms, int32_t *ret_day, int32_t *ret_ms_of_day)
{
	if (utc_ms < (int64_t)CIVIL_DAY_MIN * CIVIL_DAY_MS ||
	    utc_ms >= ((int64_t)CIVIL_DAY_MAX + 1) * CIVIL_DAY_MS)
		return false;

	int64_t ms_of_day = utc_ms % CIVIL_DAY_MS;

	if (ms_of_day < 0)
		ms_of_day += CIVIL_DAY_MS;
	*ret_day = (int32_t)((utc_ms - ms_of_day) / CIVIL_DAY_MS);
	*ret_ms_of_day = (int32_t)ms_of_day;
	return true;
}
