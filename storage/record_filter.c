/*
 * record_filter.c - which records are wanted.
 */
#include "storage/record_filter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/calendar.h"
#include "protocol/status.h"

#define DAY_MS INT64_C(86400000)
#define STATUSES_MAX 1024

struct record_filter
record_filter_all(void)
{
	return (struct record_filter){ .to_sequence = UINT64_MAX,
				       .from_utc_ms = INT64_MIN,
				       .to_utc_ms = INT64_MAX };
}

/* Is the record by this one, or does it set it? */
static bool
is_of(const struct record *record, uint32_t wanted, uint32_t asked, bool is_set, uint32_t set)
{
	return wanted == 0 || (RECORD_HAS(record, PRINCIPAL) && asked == wanted) ||
	       (is_set && set == wanted);
}

bool
record_filter_takes(const struct record_filter *filter, const struct record *r)
{
	if (r->sequence < filter->from_sequence || r->sequence > filter->to_sequence)
		return false;
	if (r->booked_at_utc_ms < filter->from_utc_ms || r->booked_at_utc_ms >= filter->to_utc_ms)
		return false;
	if (filter->kind != 0 && r->kind != filter->kind)
		return false;
	if (filter->has_status && r->status != filter->status)
		return false;
	if (filter->member != 0 && (!RECORD_HAS(r, MEMBER) || r->member != filter->member))
		return false;
	if (filter->partner != 0 && RECORD_HAS(r, FUNDING))
		return filter->partner == r->funding.partner;
	if (filter->partner != 0 && RECORD_HAS(r, FUNDED))
		return filter->partner == r->funded_partner;
	return is_of(r, filter->partner, r->partner, RECORD_HAS(r, PARTNER),
		     r->partner_image.number) &&
	       is_of(r, filter->store, r->store, RECORD_HAS(r, STORE), r->store_image.number) &&
	       is_of(r, filter->terminal, r->terminal, RECORD_HAS(r, TERMINAL),
		     r->terminal_image.number);
}

bool
record_filter_parse_kind(const char *text, uint8_t *ret_kind)
{
	for (unsigned kind = 1; kind <= UINT8_MAX; kind++) {
		if (strcmp(record_kind_name((uint8_t)kind), text) == 0) {
			*ret_kind = (uint8_t)kind;
			return strcmp(text, "?") != 0;
		}
	}
	return false;
}

bool
record_filter_parse_status(const char *text, uint16_t *ret_status)
{
	for (unsigned number = 0; number < STATUSES_MAX; number++) {
		if (tg_status_is_known(number) &&
		    strcmp(tg_status_name((enum tg_status)number), text) == 0) {
			*ret_status = (uint16_t)number;
			return true;
		}
	}
	return false;
}

/* The digits after the seconds, "" to ".999", as ms.  False: something else is there. */
static bool
parse_rest(const char *text, int *ret_ms)
{
	int ms = 0;
	int used = 0;

	if (text[0] == '.' && (sscanf(text, ".%3d%n", &ms, &used) != 1 || used != 4 || ms < 0))
		return false;
	*ret_ms = ms;
	return text[used] == '\0' || strcmp(text + used, "Z") == 0;
}

bool
record_filter_parse_time(const char *text, int64_t *ret_utc_ms)
{
	struct civil_date date;
	int hours = 0;
	int minutes = 0;
	int seconds = 0;
	int ms = 0;
	int used = 0;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	*ret_utc_ms = strtoll(text, &end, 10);
	if (*end == '\0')
		return true;
	if (sscanf(text, "%4" SCNd32 "-%2" SCNd32 "-%2" SCNd32 "%n", &date.year, &date.month,
		   &date.day, &used) != 3 ||
	    used != 10 || date.month < 1 || date.month > 12 || date.day < 1 ||
	    date.day > calendar_month_days(date.year, date.month))
		return false;
	text += used;
	if (text[0] == 'T' && sscanf(text, "T%2d:%2d%n", &hours, &minutes, &used) == 2) {
		text += used;
		if (text[0] == ':' && sscanf(text, ":%2d%n", &seconds, &used) == 1)
			text += used;
	}
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59 ||
	    !parse_rest(text, &ms))
		return false;
	*ret_utc_ms = calendar_day(date) * DAY_MS + hours * INT64_C(3600000) +
		      minutes * INT64_C(60000) + seconds * INT64_C(1000) + ms;
	return true;
}
