/*
 * when.h - days and times as operators read and write them.  Pure.
 */
#ifndef TG_ADMIN_WHEN_H
#define TG_ADMIN_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define WHEN_BYTES 32

/* "1997-01-31"; "never" for INT32_MAX, "none" for DAY_NONE.  text: WHEN_BYTES. */
const char *when_day(int32_t day, char *text);

/* "1997-01-31T08:15:00.000Z".  text: WHEN_BYTES. */
const char *when_utc(int64_t utc_ms, char *text);

/*
 * Read milliseconds since 1970 (digits only), a date (its first moment in UTC), or a date and time
 * "1997-01-31T08:15:00Z", with or without fractions of a second and the Z.  False: it is none.
 */
bool when_parse_utc(const char *text, int64_t *ret_utc_ms);

#endif
