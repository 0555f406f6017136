/*
 * cut_off.h - which business date a moment belongs to.
 *
 * The date moves at the cut-off time of day in the programme's zone.  A cut-off before noon
 * begins the date of that same day (04:00: what is booked at 02:00 still counts to the day
 * before); one from noon on begins the date of the following day (22:00: the evening counts to
 * tomorrow).
 */
#ifndef TG_GATEWAY_CUT_OFF_H
#define TG_GATEWAY_CUT_OFF_H

#include <stdint.h>

#include "gateway/zone.h"

/* cut_off_minutes: after midnight, 0..1439.  Returns days since 1970-01-01. */
int32_t cut_off_date(const struct zone *zone, int32_t cut_off_minutes, int64_t utc_ms);

#endif
