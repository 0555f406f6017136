/*
 * partner_rates.c - the partners that ask most, by name; all others together.
 */
#include "gateway/partner_rates.h"

#include <stdlib.h>

#include "protocol/assert.h"

#define RANK_US 10000000	/* from one look at who is busiest to the next */
#define FORGET_DIVISOR 32	/* what was ranks by so much less at each: half in 4 minutes */

/* What is known of the partner at the same place of the census. */
struct entry {
	uint64_t answers_seen, refusals_seen; /* of the census, when last looked */
	uint64_t answers, refusals; /* while it had a name */
	uint64_t unranked;	/* answers since the last ranking */
	uint64_t activity;	/* answers, those of long ago count less */
	bool	 has_name;
};

struct partner_rates {
	struct entry *entries;	/* owned; entry_count, as many as the census has places */
	uint32_t entry_count;
	uint32_t *named;	/* owned; places of the name_count partners with a name */
	uint32_t name_count;
	uint32_t names_max;
	int64_t	 ranked_us;	/* when last looked at who is busiest */
	uint64_t other_answers, other_refusals;
};

enum tg_status
partner_rates_new(uint32_t names_max, struct partner_rates **ret_rates)
{
	struct partner_rates *rates = calloc(1, sizeof(*rates));

	if (rates == NULL)
		return TG_NO_MEMORY;
	rates->named = calloc(names_max + 1, sizeof(*rates->named));
	if (rates->named == NULL) {
		free(rates);
		return TG_NO_MEMORY;
	}
	rates->names_max = names_max;
	*ret_rates = rates;
	return TG_OK;
}

void
partner_rates_free(struct partner_rates *rates)
{
	if (rates == NULL)
		return;
	free(rates->entries);
	free(rates->named);
	free(rates);
}

/* Add what the census has counted since the last look. */
static void
count(struct partner_rates *rates, struct entry *entry, const struct census_partner *partner)
{
	uint64_t answers = atomic_load_explicit(&partner->answers, memory_order_relaxed);
	uint64_t refusals = atomic_load_explicit(&partner->refusals, memory_order_relaxed);

	*(entry->has_name ? &entry->answers : &rates->other_answers) +=
		answers - entry->answers_seen;
	*(entry->has_name ? &entry->refusals : &rates->other_refusals) +=
		refusals - entry->refusals_seen;
	entry->unranked += answers - entry->answers_seen;
	entry->answers_seen = answers;
	entry->refusals_seen = refusals;
}

/* The place of the busiest partner without a name; entry_count: there is none. */
static uint32_t
busiest_unnamed(const struct partner_rates *rates, const struct census *census)
{
	uint32_t found = rates->entry_count;

	for (uint32_t i = 0; i < rates->entry_count; i++) {
		if (atomic_load(&census->partners[i].number) == 0 || rates->entries[i].has_name)
			continue;
		if (found == rates->entry_count ||
		    rates->entries[i].activity > rates->entries[found].activity)
			found = i;
	}
	return found;
}

/* The index in named of the partner that is least busy. */
static uint32_t
idlest_named(const struct partner_rates *rates)
{
	uint32_t found = 0;

	for (uint32_t i = 1; i < rates->name_count; i++) {
		if (rates->entries[rates->named[i]].activity <
		    rates->entries[rates->named[found]].activity)
			found = i;
	}
	return found;
}

static void
name(struct partner_rates *rates, uint32_t at, uint32_t place)
{
	rates->named[at] = place;
	rates->entries[place].has_name = true;
}

/* Give names to the busiest. */
static void
give_names(struct partner_rates *rates, const struct census *census)
{
	while (rates->names_max > 0) {
		uint32_t busiest = busiest_unnamed(rates, census), at;

		if (busiest == rates->entry_count)
			return;
		if (rates->name_count < rates->names_max) {
			at = rates->name_count++;
		} else {
			at = idlest_named(rates);
			if (rates->entries[busiest].activity <=
			    2 * rates->entries[rates->named[at]].activity)
				return;
			rates->entries[rates->named[at]].has_name = false;
		}
		name(rates, at, busiest);
	}
}

enum tg_status
partner_rates_look(struct partner_rates *rates, const struct census *census, int64_t now_us)
{
	bool is_due = now_us - rates->ranked_us >= RANK_US;

	if (rates->entries == NULL) {
		rates->entries = calloc(census->mask + (size_t)1, sizeof(*rates->entries));
		if (rates->entries == NULL)
			return TG_NO_MEMORY;
		rates->entry_count = census->mask + 1;
	}
	TG_ASSERT(rates->entry_count == census->mask + 1);
	for (uint32_t i = 0; i < rates->entry_count; i++) {
		struct entry *entry = &rates->entries[i];

		if (atomic_load(&census->partners[i].number) == 0)
			continue;
		/* While there are names for all, what a new partner did before is told, too. */
		if (!entry->has_name && rates->name_count < rates->names_max)
			name(rates, rates->name_count++, i);
		count(rates, entry, &census->partners[i]);
		if (!is_due)
			continue;
		entry->activity -= entry->activity / FORGET_DIVISOR;
		entry->activity += entry->unranked;
		entry->unranked = 0;
	}
	if (is_due) {
		rates->ranked_us = now_us;
		give_names(rates, census);
	}
	return TG_OK;
}

bool
partner_rates_at(const struct partner_rates *rates, const struct census *census, uint32_t nth,
		 struct partner_rate *ret_rate)
{
	struct partner_rate rate = { .answers = rates->other_answers,
				     .refusals = rates->other_refusals };

	if (nth > rates->name_count)
		return false;
	for (uint32_t i = 0; nth == rates->name_count && i < rates->entry_count; i++) {
		const struct census_partner *partner = &census->partners[i];

		if (rates->entries[i].has_name)
			continue;
		rate.connections += atomic_load_explicit(&partner->connections,
							 memory_order_relaxed);
		rate.in_flight += atomic_load_explicit(&partner->in_flight, memory_order_relaxed);
	}
	if (nth < rates->name_count) {
		const struct entry *entry = &rates->entries[rates->named[nth]];
		const struct census_partner *partner = &census->partners[rates->named[nth]];

		rate.number = atomic_load(&partner->number);
		rate.answers = entry->answers;
		rate.refusals = entry->refusals;
		rate.connections = atomic_load_explicit(&partner->connections,
							memory_order_relaxed);
		rate.in_flight = atomic_load_explicit(&partner->in_flight, memory_order_relaxed);
	}
	*ret_rate = rate;
	return true;
}
