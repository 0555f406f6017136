/*
 * when.c - ISO 8601, in UTC.
 */
#include "admin/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/calendar.h"
#include "ledger/request.h"
#include "protocol/message.h"

#define DAY_MS INT64_C(86400000)

const char *
when_day(int32_t day, char *text)
{
	struct civil_date date;

	if (day == DAY_NONE || day == INT32_MAX) {
		snprintf(text, WHEN_BYTES, "%s", day == DAY_NONE ? "none" : "never");
		return text;
	}
	date = calendar_date(day);
	snprintf(text, WHEN_BYTES, "%04d-%02d-%02d", (int)date.year, (int)date.month,
		 (int)date.day);
	return text;
}

const char *
when_utc(int64_t utc_ms, char *text)
{
	const int64_t day = utc_ms / DAY_MS - (utc_ms % DAY_MS < 0 ? 1 : 0);
	const int64_t ms = utc_ms - day * DAY_MS;
	char date[WHEN_BYTES];

	if (day < INT32_MIN / 2 || day > INT32_MAX / 2) {
		snprintf(text, WHEN_BYTES, "none");
		return text;
	}
	snprintf(text, WHEN_BYTES, "%.10sT%02d:%02d:%02d.%03dZ", when_day((int32_t)day, date),
		 (int)(ms / 3600000), (int)(ms / 60000 % 60), (int)(ms / 1000 % 60),
		 (int)(ms % 1000));
	return text;
}

/* Exactly `digits` digits at *at, which moves behind them. */
static bool
take_digits(const char **at, int digits, int32_t *ret_value)
{
	int32_t value = 0;

	for (int i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		value = value * 10 + (**at - '0');
	}
	*ret_value = value;
	return true;
}

static bool
take_char(const char **at, char wanted)
{
	if (**at != wanted)
		return false;
	(*at)++;
	return true;
}

static bool
take_date(const char **at, int32_t *ret_day)
{
	struct civil_date date;

	if (!take_digits(at, 4, &date.year) || !take_char(at, '-') ||
	    !take_digits(at, 2, &date.month) || !take_char(at, '-') ||
	    !take_digits(at, 2, &date.day))
		return false;
	if (date.month < 1 || date.month > 12 || date.day < 1 ||
	    date.day > calendar_month_days(date.year, date.month))
		return false;
	*ret_day = calendar_day(date);
	return true;
}

/* "08:15:00", a fraction, "Z", and the end. */
static bool
take_time(const char *at, int64_t *ret_ms)
{
	int32_t hour, minute, second, digit;
	int64_t ms = 0;

	if (!take_digits(&at, 2, &hour) || !take_char(&at, ':') || !take_digits(&at, 2, &minute) ||
	    !take_char(&at, ':') || !take_digits(&at, 2, &second) || hour > 23 || minute > 59 ||
	    second > 59)
		return false;
	if (take_char(&at, '.')) {
		for (int64_t unit = 100; unit > 0 && take_digits(&at, 1, &digit); unit /= 10)
			ms += digit * unit;
	}
	(void)take_char(&at, 'Z');
	*ret_ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + ms;
	return *at == '\0';
}

bool
when_parse_utc(const char *text, int64_t *ret_utc_ms)
{
	const char *at = text;
	int64_t ms = 0;
	int32_t day;

	if (strlen(text) <= 15 && text[strspn(text, "0123456789")] == '\0' && text[0] != '\0') {
		*ret_utc_ms = strtoll(text, NULL, 10);
		return *ret_utc_ms <= TG_TIME_MS_MAX;
	}
	if (!take_date(&at, &day))
		return false;
	if (*at != '\0' && !((take_char(&at, 'T') || take_char(&at, ' ')) && take_time(at, &ms)))
		return false;
	*ret_utc_ms = day * DAY_MS + ms;
	return true;
}
