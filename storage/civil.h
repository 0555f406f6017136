/*
 * civil.h - days and UTC milliseconds as the dates that a column of MariaDB can hold.
 *
 * The calendar itself is the ledger's.
 */
#ifndef TG_STORAGE_CIVIL_H
#define TG_STORAGE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/calendar.h"

/* The days that a DATE column holds: 1000-01-01 to 9999-12-31. */
#define CIVIL_DAY_MIN INT32_C(-354285)
#define CIVIL_DAY_MAX INT32_C(2932896)

#define CIVIL_DAY_MS INT64_C(86400000)

/* The date of a day.  False, and nothing written, when it lies outside of the bounds above. */
bool civil_from_day(int32_t day, struct civil_date *ret_date);

/* The first day of the month that lies months (>= 0) after the month of date. */
struct civil_date civil_month_after(struct civil_date date, int32_t months);

/*
 * Split UTC ms into a day and the ms of that day, 0..86399999.  False when outside of the bounds.
 */
bool civil_split_ms(int64_t utc_ms, int32_t *ret_day, int32_t *ret_ms_of_day);

#endif
