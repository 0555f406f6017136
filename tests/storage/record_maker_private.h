/*
 * record_maker_private.h - what the files of the maker of records share.
 */
#ifndef TG_TESTS_STORAGE_RECORD_MAKER_PRIVATE_H
#define TG_TESTS_STORAGE_RECORD_MAKER_PRIVATE_H

#include <stdbool.h>

#include "tests/storage/record_maker.h"

static inline bool
one_in(struct record_maker *maker, uint32_t n)
{
	return record_maker_random(maker, n) == 0;
}

static inline uint32_t
pick(struct record_maker *maker, uint32_t bound)
{
	return (uint32_t)record_maker_random(maker, bound);
}

/* A block of cover that may have been sold by now: none is used before. */
static inline uint64_t
sold_block(struct record_maker *maker)
{
	return 1 + pick(maker, maker->sequence < 20 ? (uint32_t)maker->sequence : 20);
}

/* Points or money: mostly small, at times 0 or the most there is. */
static inline int64_t
quantity(struct record_maker *maker)
{
	if (one_in(maker, 30))
		return 0;
	if (one_in(maker, 30))
		return TG_AMOUNT_MAX;
	return (int64_t)record_maker_random(maker, 100000);
}

static inline int64_t
limit(struct record_maker *maker)
{
	return one_in(maker, 2) ? LIMIT_NONE : quantity(maker);
}

static inline void
add(struct record *record, uint64_t section)
{
	record->sections |= section;
}

/* Rules, versions of the rulebook, budgets; parts of an earn, or of its refund. */
void record_maker_rulebook(struct record_maker *maker, struct record *record);
void record_maker_components(struct record_maker *maker, struct record *record);

/* Funding terms; cover sold or released (record_maker_funding.c). */
void record_maker_funding(struct record_maker *maker, struct record *record);
void record_maker_funds(struct record_maker *maker, struct record *record);

/* What became of the member's stored value, if it is a record that may say so. */
void record_maker_value(struct record_maker *maker, struct record *record);

/* What an exchange, or its reversal, exchanged. */
void record_maker_exchange(struct record_maker *maker, struct record *record);

#endif
