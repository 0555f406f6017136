/*
 * cut_off.c - which business date a moment belongs to.
 */
#include "gateway/cut_off.h"

#include <stdbool.h>

#include "protocol/assert.h"

#define NOON_MINUTES 720

int32_t
cut_off_date(const struct zone *zone, int32_t cut_off_minutes, int64_t utc_ms)
{
	int32_t day = zone_day(zone, utc_ms);
	bool is_past;

	TG_ASSERT(cut_off_minutes >= 0 && cut_off_minutes < 2 * NOON_MINUTES);
	is_past = utc_ms >= zone_utc_ms(zone, day, cut_off_minutes * 60);
	if (cut_off_minutes < NOON_MINUTES)
		return is_past ? day : day - 1;
	return is_past ? day + 1 : day;
}
