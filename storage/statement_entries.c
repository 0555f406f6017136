/*
 * statement_entries.c - parts of lines, kept until their cycle is known.
 */
#include "storage/statement_entries.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/calendar.h"
#include "ledger/request.h"

void
statement_entries_deinit(struct statement_entries *e)
{
	free(e->entries);
	*e = (struct statement_entries){ .partner = 0 };
}

enum tg_status
statement_entries_add(void *context, uint64_t sequence, const struct clearing_line *part)
{
	struct statement_entries *e = context;

	if (part->partner != e->partner)
		return TG_OK;
	if (e->count == e->capacity) {
		const uint32_t capacity = e->capacity * 2 + 1024;
		struct statement_entry *entries =
			realloc(e->entries, capacity * sizeof *entries);

		if (entries == NULL)
			return TG_NO_MEMORY;
		e->entries = entries;
		e->capacity = capacity;
	}
	e->entries[e->count++] = (struct statement_entry){
		.sequence = sequence,
		.business_date = part->business_date,
		.item = part->item,
		.other = part->other,
		.terms = part->terms.version,
		.points = part->points,
		.amount = part->amount,
	};
	return TG_OK;
}

/* As the lines are, and within one by sequence. */
static int
compare_entries(const void *left, const void *right)
{
	const struct statement_entry *a = left;
	const struct statement_entry *b = right;

	if (a->business_date != b->business_date)
		return a->business_date < b->business_date ? -1 : 1;
	if (a->item != b->item)
		return a->item < b->item ? -1 : 1;
	if (a->other != b->other)
		return a->other < b->other ? -1 : 1;
	if (a->terms != b->terms)
		return a->terms < b->terms ? -1 : 1;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence ? 1 : 0;
}

void
statement_entries_close(struct statement_entries *e, int32_t last_day, bool is_wanted)
{
	uint32_t end = e->closed_count;
	uint32_t from, to;

	/* Dates never fall from one record to the next. */
	while (end < e->count && e->entries[end].business_date <= last_day)
		end++;
	/* Wanted: what was kept goes; else what was closed. */
	to = is_wanted ? 0 : e->closed_count;
	from = is_wanted ? e->closed_count : end;
	if (from > to)
		memmove(e->entries + to, e->entries + from,
			(e->count - from) * sizeof *e->entries);
	e->count -= from - to;
	if (!is_wanted)
		return;
	e->closed_count = end - from;
	if (e->closed_count > 0)
		qsort(e->entries, e->closed_count, sizeof *e->entries, compare_entries);
}

void
statement_entries_print(const struct statement_entries *e, uint32_t cycle)
{
	(void)printf("partner,cycle,business_date,item,other,terms,sequence,points,amount\n");
	for (uint32_t i = 0; i < e->closed_count; i++) {
		const struct statement_entry *entry = &e->entries[i];
		char text[16] = "";

		if (entry->business_date != DAY_NONE) {
			const struct civil_date date = calendar_date(entry->business_date);

			(void)snprintf(text, sizeof text, "%04d-%02d-%02d", (int)date.year,
				       (int)date.month, (int)date.day);
		}
		(void)printf("%" PRIu32 ",%" PRIu32 ",%s,%s,%" PRIu32 ",%" PRIu32 ",%" PRIu64
			     ",%" PRId64 ",%" PRId64 "\n",
			     e->partner, cycle, text, clearing_item_word(entry->item), entry->other,
			     entry->terms, entry->sequence, entry->points, entry->amount);
	}
}
