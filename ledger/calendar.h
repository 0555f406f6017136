/*
 * calendar.h - days of the Gregorian calendar, without zones and clocks.
 *
 * A day is an int32: days since 1970-01-01.
 */
#ifndef TG_LEDGER_CALENDAR_H
#define TG_LEDGER_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

struct civil_date {
	int32_t year;
	int32_t month;	/* 1..12 */
	int32_t day;	/* 1..31 */
};

int32_t calendar_day(struct civil_date date);
struct civil_date calendar_date(int32_t day);

/* Days in a month, leap years seen. */
int32_t calendar_month_days(int32_t year, int32_t month);

/* A day of every year in one number that is never 0: month 1..12, day 1..31. */
#define CALENDAR_MONTH_DAY(month, day) ((uint16_t)((month) << 5 | (day)))
#define CALENDAR_MONTH_DAY_BITS 9

/* Is a number such a day?  29 February is one. */
bool calendar_is_month_day(uint32_t month_day);

/* Is a day that day of its year?  29 February is the 28th in years without it. */
bool calendar_is_anniversary(int32_t day, uint32_t month_day);

/*
 * Last day, inclusive, of points whose last activity was on day and that live for months.
 *
 * It is the day before the anniversary, or the anniversary itself with is_anniversary.  Where the
 * target month lacks the day (29 February, 31st) it is the month's last day either way: 2024-04-01
 * and 12 months give 2025-03-31, 2024-02-29 gives 2025-02-28 (domain decision 3).
 */
int32_t calendar_last_day(int32_t day, int32_t months, bool is_anniversary);

/*
 * Last day, inclusive, of points given on day that end by periods of the year.
 *
 * period_months: 1..12, divides 12; months: >= 0, counted from the end of the period.  Where that
 * leads, always the last day of a month, they end, or on the next sweep day from then on; that is a
 * day of the year (sweep_month 0: there is none), in a month without it the month's last.
 */
int32_t calendar_vintage_last_day(int32_t day, int32_t period_months, int32_t months,
				  int32_t sweep_month, int32_t sweep_day);

#endif
