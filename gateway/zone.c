/*
 * zone.c - days and times of day in one IANA time zone.
 *
 * Each entry of the table tells the offset from one moment to the next entry's.
 */
#include "gateway/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/assert.h"

#define DAY_SECONDS INT64_C(86400)
#define ZONE_FIRST_S INT64_C(0)
#define ZONE_LAST_S (INT64_C(65744) * DAY_SECONDS) /* 2150-01-01 */
#define ZONE_SPANS_MAX 1024 /* four changes a year would be 720 */
#define ZONE_NAME_BYTES_MAX 64

struct zone_span {
	int64_t from_utc_s;		/* offset holds from this moment on */
	int32_t offset_s;		/* local time less UTC */
};

/* Invariant: span_count >= 1, from_utc_s strictly rising. */
struct zone {
	uint32_t span_count;
	struct zone_span spans[ZONE_SPANS_MAX];
};

/* Is it a file of the form that tzfile(5) describes?  A folder of zones is not. */
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

/* Is it the name of a zone on this machine?  The C library takes anything and calls it UTC. */
static bool
zone_exists(const char *name)
{
	const char *directory = getenv("TZDIR");
	char path[512];
	size_t length = strlen(name);
	int written;

	if (strcmp(name, "UTC") == 0)
		return true;
	if (length == 0 || length > ZONE_NAME_BYTES_MAX || name[0] == '/' ||
	    strstr(name, "..") != NULL)
		return false;
	written = snprintf(path, sizeof(path), "%s/%s",
			   directory != NULL ? directory : "/usr/share/zoneinfo", name);
	return written > 0 && (size_t)written < sizeof(path) && is_zone_file(path);
}

/* Offset that the C library has for utc_s under the present TZ. */
static int32_t
offset_at(int64_t utc_s)
{
	time_t time = (time_t)utc_s;
	struct tm local;

	const struct tm *result = localtime_r(&time, &local);

	TG_ASSERT(result != NULL);
	return (int32_t)local.tm_gmtoff;
}

/* Fill the table under the present TZ.  False: more changes than it can hold. */
static bool
find_spans(struct zone *zone)
{
	int32_t offset_s = offset_at(ZONE_FIRST_S);

	zone->spans[0] = (struct zone_span){ ZONE_FIRST_S, offset_s };
	zone->span_count = 1;
	for (int64_t day_s = ZONE_FIRST_S; day_s < ZONE_LAST_S; day_s += DAY_SECONDS) {
		int64_t before_s = day_s, after_s = day_s + DAY_SECONDS;
		int32_t next_s = offset_at(after_s);

		if (next_s == offset_s)
			continue;
		if (zone->span_count == ZONE_SPANS_MAX)
			return false;
		while (after_s - before_s > 1) {
			int64_t middle_s = before_s + (after_s - before_s) / 2;

			if (offset_at(middle_s) == offset_s)
				before_s = middle_s;
			else
				after_s = middle_s;
		}
		zone->spans[zone->span_count++] = (struct zone_span){ after_s, next_s };
		offset_s = next_s;
	}
	return true;
}

enum tg_status
zone_new(const char *name, struct zone **ret_zone)
{
	const char *present = getenv("TZ");
	char *kept = present != NULL ? strdup(present) : NULL;
	struct zone *zone = calloc(1, sizeof(*zone));
	enum tg_status status = TG_CONFIG;

	if (zone == NULL || (present != NULL && kept == NULL))
		status = TG_NO_MEMORY;
	else if (zone_exists(name) && setenv("TZ", name, 1) == 0) {
		tzset();
		if (find_spans(zone))
			status = TG_OK;
		if (kept != NULL)
			(void)setenv("TZ", kept, 1);
		else
			(void)unsetenv("TZ");
		tzset();
	}
	free(kept);
	if (status != TG_OK) {
		free(zone);
		return status;
	}
	*ret_zone = zone;
	return TG_OK;
}

void
zone_free(struct zone *zone)
{
	free(zone);
}

/* Index of the span that holds utc_s; the first also for what lies before it. */
static uint32_t
span_at(const struct zone *zone, int64_t utc_s)
{
	uint32_t low = 0, high = zone->span_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (zone->spans[middle].from_utc_s <= utc_s)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Rounds down, for times before 1970 too. */
static int64_t
divide_floor(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int32_t
zone_day(const struct zone *zone, int64_t utc_ms)
{
	int64_t utc_s = divide_floor(utc_ms, 1000);
	int64_t local_s = utc_s + zone->spans[span_at(zone, utc_s)].offset_s;

	return (int32_t)divide_floor(local_s, DAY_SECONDS);
}

uint16_t
zone_minute(const struct zone *zone, int64_t utc_ms)
{
	int64_t utc_s = divide_floor(utc_ms, 1000);
	int64_t local_s = utc_s + zone->spans[span_at(zone, utc_s)].offset_s;

	return (uint16_t)((local_s - divide_floor(local_s, DAY_SECONDS) * DAY_SECONDS) / 60);
}

int64_t
zone_utc_ms(const struct zone *zone, int32_t day, int32_t second_of_day)
{
	int64_t local_s = day * DAY_SECONDS + second_of_day;
	/* No offset is a day or more, so the span in force then is among those around that day. */
	uint32_t index = span_at(zone, local_s - DAY_SECONDS);

	TG_ASSERT(second_of_day >= 0 && second_of_day < DAY_SECONDS);
	for (;; index++) {
		const struct zone_span *span = &zone->spans[index];
		int64_t utc_s = local_s - span->offset_s;

		if (index > 0 && utc_s < span->from_utc_s)
			return span->from_utc_s * 1000; /* left out by the clocks */
		if (index + 1 == zone->span_count || utc_s < zone->spans[index + 1].from_utc_s)
			return utc_s * 1000;
	}
}
