/*
 * quarantine.h - the lines that were refused, as a file that can be corrected and sent.
 */
#ifndef TG_CONTRIB_SETTLE_QUARANTINE_H
#define TG_CONTRIB_SETTLE_QUARANTINE_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "contrib/settle/results.h"
#include "contrib/settle/rows.h"

/*
 * Write the lines that were refused or are bad, with the same columns, in their order.  They stand
 * as they came, but that line:N, which would mean another line there, has become ID@TIME.  If there
 * are none, an older file is removed.  ret_count: how many.  False with the reason.
 */
bool quarantine_write(const char *path, const struct rows *rows, const struct results *results,
		      char delimiter, uint32_t *ret_count, struct failure *failure);

#endif
