/*
 * when.c - times as files of partners have them.
 */
#include "contrib/common/when.h"

#include <stdio.h>
#include <string.h>

#include "contrib/common/day.h"
#include "contrib/common/word.h"
#include "protocol/message.h"

#define DATE_BYTES 10 /* of 2026-03-02 */
#define DIGITS_MIN 10 /* of milliseconds; what is shorter is a day, or a mistake */

/* Two digits and what follows them, if anything must. */
static bool
take_two(const char **at, char follows, int max, int *ret_number)
{
	const char *digits = *at;

	if (strspn(digits, "0123456789") < 2 || (follows != '\0' && digits[2] != follows))
		return false;
	*ret_number = (digits[0] - '0') * 10 + digits[1] - '0';
	*at += follows != '\0' ? 3 : 2;
	return *ret_number <= max;
}

/* Z, or how far the zone is from it. */
static bool
take_zone(const char *at, int64_t *ret_offset_ms)
{
	const int sign = at[0] == '-' ? -1 : 1;
	int hours = 0, minutes = 0;

	*ret_offset_ms = 0;
	if (strcmp(at, "Z") == 0 || strcmp(at, "z") == 0)
		return true;
	if (at[0] != '+' && at[0] != '-')
		return false;
	at++;
	if (!take_two(&at, at[0] != '\0' && at[1] != '\0' && at[2] == ':' ? ':' : '\0', 15,
		      &hours) ||
	    !take_two(&at, '\0', 59, &minutes) || at[0] != '\0')
		return false;
	*ret_offset_ms = sign * (hours * 60 + minutes) * INT64_C(60000);
	return true;
}

bool
when_parse(const char *text, int64_t *ret_utc_ms)
{
	char date[DATE_BYTES + 1];
	int hour, minute, second;
	int64_t ms = 0, offset_ms;
	int32_t day;

	if (word_number(text, 0, TG_TIME_MS_MAX, &ms)) {
		if (strlen(text) >= DIGITS_MIN)
			*ret_utc_ms = ms;
		return strlen(text) >= DIGITS_MIN;
	}
	ms = 0;
	snprintf(date, sizeof(date), "%s", text);
	if (strlen(date) < DATE_BYTES || !day_parse(date, &day))
		return false;
	text += DATE_BYTES;
	if (text[0] != 'T' && text[0] != 't' && text[0] != ' ')
		return false;
	text++;
	if (!take_two(&text, ':', 23, &hour) || !take_two(&text, ':', 59, &minute) ||
	    !take_two(&text, '\0', 59, &second))
		return false;
	if (text[0] == '.') {
		text++;
		if (strspn(text, "0123456789") == 0)
			return false;
		for (int64_t unit = 100; *text >= '0' && *text <= '9'; text++, unit /= 10)
			ms += (*text - '0') * unit;
	}
	if (!take_zone(text, &offset_ms))
		return false;
	ms += day * DAY_MS + ((hour * 60 + minute) * 60 + second) * INT64_C(1000) - offset_ms;
	if (ms < 0 || ms > TG_TIME_MS_MAX)
		return false;
	*ret_utc_ms = ms;
	return true;
}

void
when_format(int64_t utc_ms, char ret_text[WHEN_TEXT_BYTES])
{
	const int64_t rest = utc_ms % DAY_MS;
	char day[DAY_TEXT_BYTES];

	day_format((int32_t)(utc_ms / DAY_MS), day);
	snprintf(ret_text, WHEN_TEXT_BYTES, "%.10sT%02d:%02d:%02d.%03dZ", day,
		 (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
		 (int)(rest % 1000));
}
