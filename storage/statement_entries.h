/*
 * statement_entries.h - the records behind a statement's lines.
 *
 * Every line is a sum over records; here are its parts, one by one, as they were added while the
 * journal was read.  Pure, but for statement_entries_print().
 */
#ifndef TG_STORAGE_STATEMENT_ENTRIES_H
#define TG_STORAGE_STATEMENT_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/status.h"
#include "storage/clearing.h"
#include "storage/statement.h"

/* What one record added to one line. */
struct statement_entry {
	uint64_t sequence;		/* of the record */
	int32_t	 business_date;
	uint8_t	 item;			/* enum clearing_item */
	uint32_t other;
	uint32_t terms;			/* version */
	int64_t	 points;
	int64_t	 amount;		/* CORRECTION: minor units; else 0: lines are priced */
};

/* Parts of one partner's lines.  All zero but for the partner: none yet. */
struct statement_entries {
	uint32_t partner;		/* whose are kept */
	struct statement_entry *entries; /* owned; those of the wanted cycle first */
	uint32_t closed_count;		/* of the wanted cycle, in the order of its lines */
	uint32_t count;
	uint32_t capacity;
};

void statement_entries_deinit(struct statement_entries *entries);

/* A clearing_part_fn; context: the entries.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status statement_entries_add(void *context, uint64_t sequence,
						   const struct clearing_line *part);

/* The partner's cycle closed: keep its parts in place of those kept before, or forget them. */
void statement_entries_close(struct statement_entries *entries, int32_t last_day, bool is_wanted);

/* The closed cycle's parts on standard output: CSV with a line of names. */
void statement_entries_print(const struct statement_entries *entries, uint32_t cycle);

#endif
