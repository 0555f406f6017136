/*
 * zone.h - days and times of day in one IANA time zone.
 *
 * Owns a table of the zone's offsets, made once at start-up and never changed, so that any thread
 * may ask.  The rest of the program knows no zone.
 *
 * The table is made by stepping the C library's localtime_r() through the years under TZ, which
 * needs the environment and is thus not for a process that has threads.  Lookups touch no
 * library.
 */
#ifndef TG_GATEWAY_ZONE_H
#define TG_GATEWAY_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/status.h"

struct zone;

/*
 * Load the zone of that name ("Europe/Berlin", "UTC").  Before any thread is started: it sets TZ
 * for a while.  ret_zone: freed by the caller. TG_OK; TG_CONFIG: no such zone on this machine;
 * TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status zone_new(const char *name, struct zone **ret_zone);
void zone_free(struct zone *zone);

/*
 * Day of utc_ms, days since 1970-01-01 in the zone.  Beyond 1970..2149 the nearest offset counts.
 */
int32_t zone_day(const struct zone *zone, int64_t utc_ms);

/* What the clocks of the zone show at utc_ms: the minute of that day, 0..1439. */
uint16_t zone_minute(const struct zone *zone, int64_t utc_ms);

/*
 * When the clocks of the zone show second_of_day (0..86399) on day.  Of two such moments the first;
 * a time that the clocks leave out stands for the moment at which they are put forward.
 */
int64_t zone_utc_ms(const struct zone *zone, int32_t day, int32_t second_of_day);

#endif
