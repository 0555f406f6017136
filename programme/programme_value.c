/*
 * programme_value.c - values of a programme file.
 */
#include "programme/programme_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/calendar.h"
#include "ledger/config_rows.h"

#define RATIO_MAX INT64_C(1000000000000)
#define MINUTES_PER_HOUR 60

/* Digits only, and what follows them. */
static bool
read_number(const char *text, int64_t most, const char **ret_rest, int64_t *ret_number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret_number = strtoll(text, &end, 10);
	*ret_rest = end;
	return errno == 0 && *ret_number <= most;
}

bool
programme_ratio(const char *text, int64_t *ret_num, int64_t *ret_den)
{
	const char *rest;

	*ret_den = 1;
	if (!read_number(text, RATIO_MAX, &rest, ret_num))
		return false;
	if (*rest == '\0')
		return true;
	return *rest == '/' && read_number(rest + 1, RATIO_MAX, &rest, ret_den) && *ret_den >= 1 &&
	       *rest == '\0';
}

/* So many digits. */
static int32_t
digits(const char *text, unsigned count)
{
	int32_t number = 0;

	for (unsigned i = 0; i < count; i++)
		number = number * 10 + (text[i] - '0');
	return number;
}

bool
programme_day(const char *text, int32_t *ret_day)
{
	static const char form[] = "dddd-dd-dd";
	struct civil_date date;

	for (size_t i = 0; i < sizeof(form); i++) {
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	date = (struct civil_date){ digits(text, 4), digits(text + 5, 2), digits(text + 8, 2) };
	if (date.month < 1 || date.month > 12 || date.day < 1 ||
	    date.day > calendar_month_days(date.year, date.month))
		return false;
	*ret_day = calendar_day(date);
	return true;
}

/* "hh:mm", at most 24:00. */
static bool
read_minute(const char *text, const char **ret_rest, uint16_t *ret_minute)
{
	int64_t hour, minute;

	if (!read_number(text, 24, ret_rest, &hour) || **ret_rest != ':' ||
	    !read_number(*ret_rest + 1, 59, ret_rest, &minute) || (hour == 24 && minute != 0))
		return false;
	*ret_minute = (uint16_t)(hour * MINUTES_PER_HOUR + minute);
	return true;
}

bool
programme_hours(const char *text, uint16_t *ret_from, uint16_t *ret_until)
{
	const char *rest;

	return read_minute(text, &rest, ret_from) && *rest == '-' &&
	       read_minute(rest + 1, &rest, ret_until) && *rest == '\0' &&
	       *ret_from < MINUTES_PER_DAY && *ret_from != *ret_until && *ret_until != 0;
}

bool
programme_weekday(const char *text, uint8_t *ret_bit)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret_bit = (uint8_t)(1u << i);
			return true;
		}
	}
	return false;
}

bool
programme_place(const char *text, uint32_t *ret_place)
{
	const bool is_store = strncmp(text, "store ", 6) == 0;
	const char *rest;
	int64_t number;

	if (!is_store && strncmp(text, "partner ", 8) != 0)
		return false;
	if (!read_number(text + (is_store ? 6 : 8), INT32_MAX, &rest, &number) || number == 0 ||
	    *rest != '\0')
		return false;
	*ret_place = (uint32_t)number | (is_store ? USABLE_AT_STORE : 0);
	return true;
}
