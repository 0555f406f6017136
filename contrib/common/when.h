/*
 * when.h - times as files of partners have them.
 */
#ifndef TG_CONTRIB_COMMON_WHEN_H
#define TG_CONTRIB_COMMON_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Read 2026-03-02T10:00:00Z, with a blank for T, a fraction of a second, an offset such as
 * +09:00 for Z; or milliseconds of UTC since 1970.  A time without a zone is none: false.
 */
bool when_parse(const char *text, int64_t *ret_utc_ms);

#define WHEN_TEXT_BYTES 32 /* "9999-12-31T23:59:59.999Z" with its final zero, and room */

/* Write such a time, 0 to TG_TIME_MS_MAX, in UTC with milliseconds. */
void when_format(int64_t utc_ms, char ret_text[WHEN_TEXT_BYTES]);

#endif
