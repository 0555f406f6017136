/*
 * programme_value.h - values of a programme file: days, hours, weekdays, ratios.  Pure.
 */
#ifndef TG_PROGRAMME_PROGRAMME_VALUE_H
#define TG_PROGRAMME_PROGRAMME_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* "3/100" or "2"; num >= 0, den >= 1, both at most 10^12. */
bool programme_ratio(const char *text, int64_t *ret_num, int64_t *ret_den);

/* "2024-04-01": days since 1970-01-01. */
bool programme_day(const char *text, int32_t *ret_day);

/* "10:00-14:00", "22:00-02:00" over midnight, "18:00-24:00": minutes of the day. */
bool programme_hours(const char *text, uint16_t *ret_from, uint16_t *ret_until);

/* "mon" ... "sun": its bit. */
bool programme_weekday(const char *text, uint8_t *ret_bit);

/* "partner 7" or "store 11": as USABLE_*. */
bool programme_place(const char *text, uint32_t *ret_place);

#endif
