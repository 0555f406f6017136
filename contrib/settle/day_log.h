/*
 * day_log.h - a till's own log of a day, from a CSV file.
 *
 * Columns, in any order and under other names where a map says so: transaction (ID@TIME), operation
 * and points, amount where it is known, outcome (only what succeeded is taken), and business_date
 * or till_day, by which lines of other days are left out.  Files of results and of entries are such
 * logs.
 */
#ifndef TG_CONTRIB_SETTLE_DAY_LOG_H
#define TG_CONTRIB_SETTLE_DAY_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "contrib/common/table.h"
#include "protocol/proof.h"

struct day_log {
	struct tg_proof_item *items; /* owned */
	uint32_t item_count;
};

/* How a file is read. */
struct day_log_options {
	const char *path;
	char delimiter;
	const char *map; /* NAME=COLUMN,...; NULL: columns have their own names */
	int32_t day;
	bool is_till_day; /* of till_day, else of business_date */
};

/* False with the reason, by line; deinit in either case. */
bool day_log_read(struct day_log *log, const struct day_log_options *options,
		  struct failure *failure);

void day_log_deinit(struct day_log *log);

#endif
