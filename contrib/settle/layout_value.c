/*
 * layout_value.c - numbers, days and times as partners write them.
 */
#include "contrib/settle/layout_value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "contrib/common/day.h"
#include "contrib/common/when.h"

#define ZONES "/usr/share/zoneinfo/"

/* What a day or time has, in the order of the parts below. */
enum part { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, MS, PART_COUNT };

/* How a format says them: the longer first. */
static const struct {
	const char *text;
	enum part part;
	int max;
} parts[] = {
	{ "YYYY", YEAR, 9999 },	 { "YY", YEAR, 99 },   { "MM", MONTH, 12 }, { "DD", DAY, 31 },
	{ "hh", HOUR, 23 },	 { "mm", MINUTE, 59 }, { "ss", SECOND, 59 }, { "SSS", MS, 999 },
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* The part that a format says at a place; PARTS: that is a character of its own. */
static size_t
part_at(const char *format)
{
	size_t i = 0;

	while (i < PARTS && strncmp(format, parts[i].text, strlen(parts[i].text)) != 0)
		i++;
	return i;
}

bool
layout_format_check(const char *format, struct failure *failure)
{
	bool has[PART_COUNT] = { false };

	for (const char *at = format; *at != '\0';) {
		const size_t i = part_at(at);

		if (i == PARTS) {
			at++;
			continue;
		}
		if (has[parts[i].part])
			return failure_set(failure, "\"%s\" says %s twice", format, parts[i].text);
		has[parts[i].part] = true;
		at += strlen(parts[i].text);
	}
	if (!has[YEAR] || !has[MONTH] || !has[DAY])
		return failure_set(failure, "\"%s\" is no form of a day, as in \"DD.MM.YYYY\"",
				   format);
	if ((has[MINUTE] && !has[HOUR]) || (has[SECOND] && !has[MINUTE]) ||
	    (has[MS] && !has[SECOND]))
		return failure_set(failure, "\"%s\" is no form of a time, as in \"YYYYMMDDhhmmss\"",
				   format);
	return true;
}

/* Of the form that tzfile(5) describes?  The C library takes anything else for UTC. */
static bool
is_zone_file(const char *path)
{
	FILE *file = fopen(path, "rbe");
	char magic[4];
	bool is_zone;

	if (file == NULL)
		return false;
	is_zone = fread(magic, 1, sizeof(magic), file) == sizeof(magic) &&
		  memcmp(magic, "TZif", sizeof(magic)) == 0;
	fclose(file);
	return is_zone;
}

bool
layout_zone_check(const char *zone, struct failure *failure)
{
	char path[sizeof(ZONES) + LAYOUT_TEXT_BYTES], probe[64];
	int64_t ignored;

	if (zone[0] == '\0')
		return true;
	if (zone[0] == '+' || zone[0] == '-') {
		snprintf(probe, sizeof(probe), "2026-01-01T00:00:00%.20s", zone);
		if (when_parse(probe, &ignored))
			return true;
		return failure_set(failure, "\"%s\" is no zone as in \"+09:00\"", zone);
	}
	snprintf(path, sizeof(path), ZONES "%s", zone);
	if (strstr(zone, "..") != NULL || !is_zone_file(path))
		return failure_set(failure, "this machine knows no zone \"%s\"", zone);
	return true;
}

/* When the clocks of a zone show that; of two such moments the first. */
static bool
in_named_zone(const char *zone, const int *values, int64_t *ret_utc_ms)
{
	char path[sizeof(ZONES) + LAYOUT_TEXT_BYTES + 1];

	snprintf(path, sizeof(path), ":" ZONES "%s", zone);
	setenv("TZ", path, 1);
	tzset();
	for (int is_summer = 1; is_summer >= 0; is_summer--) {
		struct tm tm = { .tm_year = values[YEAR] - 1900,
				 .tm_mon = values[MONTH] - 1,
				 .tm_mday = values[DAY],
				 .tm_hour = values[HOUR],
				 .tm_min = values[MINUTE],
				 .tm_sec = values[SECOND],
				 .tm_isdst = is_summer };
		const time_t seconds = mktime(&tm);

		if (seconds >= 0 && tm.tm_hour == values[HOUR] && tm.tm_min == values[MINUTE] &&
		    tm.tm_mday == values[DAY]) {
			*ret_utc_ms = (int64_t)seconds * 1000 + values[MS];
			return true;
		}
	}
	return false;
}

/* Read the parts that a format says; those it does not say are 0. */
static bool
read_parts(const char *format, const char *text, int values[PART_COUNT])
{
	memset(values, 0, PART_COUNT * sizeof(values[0]));
	while (*format != '\0') {
		const size_t i = part_at(format);
		size_t digits;

		if (i == PARTS) {
			if (*text++ != *format++)
				return false;
			continue;
		}
		digits = strlen(parts[i].text);
		for (size_t d = 0; d < digits; d++, text++) {
			if (!isdigit((unsigned char)*text))
				return false;
			values[parts[i].part] = values[parts[i].part] * 10 + *text - '0';
		}
		if (values[parts[i].part] > parts[i].max)
			return false;
		if (digits == 2 && parts[i].part == YEAR)
			values[YEAR] += 2000;
		format += digits;
	}
	return *text == '\0';
}

/* A day as 1997-01-31, a time as 1997-01-31T09:30:00.000+09:00. */
static bool
rewrite_time(const struct layout_column *column, const char *zone, char *text,
	     struct failure *failure)
{
	int values[PART_COUNT];
	int64_t utc_ms;

	if (!read_parts(column->format, text, values) ||
	    !day_is_civil((struct civil_day){ values[YEAR], values[MONTH], values[DAY] }))
		return failure_set(failure, "\"%.40s\" is not written as \"%s\"", text,
				   column->format);
	if (strcasecmp(column->name, "till_day") == 0) {
		snprintf(text, CSV_CELL_BYTES_MAX + 1, "%04d-%02d-%02d", values[YEAR],
			 values[MONTH], values[DAY]);
		return true;
	}
	if (zone[0] == '\0' || zone[0] == '+' || zone[0] == '-') {
		snprintf(text, CSV_CELL_BYTES_MAX + 1, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%s",
			 values[YEAR], values[MONTH], values[DAY], values[HOUR], values[MINUTE],
			 values[SECOND], values[MS], zone[0] == '\0' ? "Z" : zone);
		return true;
	}
	if (!in_named_zone(zone, values, &utc_ms))
		return failure_set(failure, "\"%.40s\": the clocks of %s do not show that", text,
				   zone);
	when_format(utc_ms, text);
	return true;
}

/* The whole part of a number, without what parts its thousands. */
static bool
read_whole(const struct layout_column *column, const char **at, char *ret_digits, size_t *used)
{
	uint32_t group = 0;
	bool is_grouped = false;

	for (; isdigit((unsigned char)**at) ||
	       (column->group_sign != '\0' && **at == column->group_sign);
	     ++*at) {
		if (**at == column->group_sign) {
			if (*used == 0 || (is_grouped ? group != 3 : group > 3))
				return false;
			is_grouped = true;
			group = 0;
			continue;
		}
		group++;
		ret_digits[(*used)++] = **at;
	}
	return *used > 0 && (!is_grouped || group == 3);
}

/* Money in minor units: "1.234,50" with two decimals is 123450. */
static bool
rewrite_decimal(const struct layout_column *column, char *text, struct failure *failure)
{
	char digits[CSV_CELL_BYTES_MAX + 8];
	const char *at = text;
	size_t used = 0;
	int32_t behind = 0;
	bool is_negative = *at == '-';

	at += *at == '-' || *at == '+';
	if (!read_whole(column, &at, digits, &used))
		goto fail;
	if (*at == column->decimal_sign && column->decimals > 0) {
		for (at++; isdigit((unsigned char)*at) && behind < column->decimals; at++, behind++)
			digits[used++] = *at;
		if (behind == 0)
			goto fail;
	}
	if (*at == '-' && at[1] == '\0' && !is_negative) { /* as some write it */
		is_negative = true;
		at++;
	}
	if (*at != '\0')
		goto fail;
	for (; behind < column->decimals; behind++)
		digits[used++] = '0';
	digits[used] = '\0';
	at = digits;
	while (*at == '0' && at[1] != '\0')
		at++;
	snprintf(text, CSV_CELL_BYTES_MAX + 1, "%s%.*s",
		 is_negative && !column->is_sign_lost ? "-" : "", CSV_CELL_BYTES_MAX - 1, at);
	return true;
fail:
	return failure_set(failure, "\"%.40s\" is no number with at most %d decimals behind \"%c\"",
			   text, column->decimals, column->decimal_sign);
}

static bool
rewrite_word(const struct layout_column *column, char *text, struct failure *failure)
{
	for (uint32_t i = 0; i < column->word_count; i++) {
		if (strcmp(column->words[i].theirs, text) == 0) {
			snprintf(text, CSV_CELL_BYTES_MAX + 1, "%s", column->words[i].ours);
			return true;
		}
	}
	return failure_set(failure, "the layout has no word for \"%.40s\"", text);
}

bool
layout_value(const struct layout_column *column, const char *zone, char *text,
	     struct failure *failure)
{
	char plain[CSV_CELL_BYTES_MAX + 1];

	if (column->is_unpadded) {
		const size_t zeros = strspn(text, "0");

		memmove(text, text + zeros, strlen(text + zeros) + 1);
	}
	if (column->word_count > 0 && !rewrite_word(column, text, failure))
		return false;
	if (text[0] == '\0')
		return true;
	if (column->format[0] != '\0' && !rewrite_time(column, zone, text, failure))
		return false;
	if (column->decimals >= 0 && !rewrite_decimal(column, text, failure))
		return false;
	if (column->prefix[0] == '\0')
		return true;
	memcpy(plain, text, sizeof(plain));
	if (strlen(plain) + strlen(column->prefix) > CSV_CELL_BYTES_MAX)
		return failure_set(failure, "is too long");
	snprintf(text, CSV_CELL_BYTES_MAX + 1, "%s%.*s", column->prefix,
		 (int)(CSV_CELL_BYTES_MAX - strlen(column->prefix)), plain);
	return true;
}
