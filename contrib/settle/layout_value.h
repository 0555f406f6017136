/*
 * layout_value.h - numbers, days and times as partners write them.
 */
#ifndef TG_CONTRIB_SETTLE_LAYOUT_VALUE_H
#define TG_CONTRIB_SETTLE_LAYOUT_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "contrib/common/failure.h"
#include "contrib/settle/layout.h"

/*
 * Rewrite what stands in a cell, which has no blanks around it and is not empty, as rows.h wants
 * it.  text: CSV_CELL_BYTES_MAX + 1 bytes.  zone: of times that tell none; empty: UTC.  False with
 * the reason.
 */
bool layout_value(const struct layout_column *column, const char *zone, char *text,
		  struct failure *failure);

/* Is that a form of a day or time?  False with the reason. */
bool layout_format_check(const char *format, struct failure *failure);

/* Is that an offset as +09:00, or a zone that this machine knows?  Empty: UTC. */
bool layout_zone_check(const char *zone, struct failure *failure);

#endif
