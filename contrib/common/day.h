/*
 * day.h - calendar days as numbers: days since 1970-01-01 in the Gregorian calendar.
 */
#ifndef TG_CONTRIB_COMMON_DAY_H
#define TG_CONTRIB_COMMON_DAY_H

#include <stdbool.h>
#include <stdint.h>

#define DAY_MS INT64_C(86400000)
#define DAY_TEXT_BYTES 16 /* "9999-12-31" with its final zero, and room */

/* A day as people write it. */
struct civil_day {
	int year;  /* 1 to 9999 */
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
};

/* The number of a day that exists. */
int32_t day_from_civil(struct civil_day civil);

/* The day of a number. */
struct civil_day day_to_civil(int32_t day);

/* Does the day exist? */
bool day_is_civil(struct civil_day civil);

/* The same day of the month some months later, or the month's last day where it has no such day. */
int32_t day_add_months(int32_t day, int months);

/* Write "1997-01-31". */
void day_format(int32_t day, char ret_text[DAY_TEXT_BYTES]);

/* Read "1997-01-31" or "19970131".  False when it is neither or the day does not exist. */
bool day_parse(const char *text, int32_t *ret_day);

/* The day in UTC of a time, rounded down. */
int32_t day_of_utc_ms(int64_t utc_ms);

#endif
