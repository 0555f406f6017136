/*
 * census.c - shared counts.
 */
#include "gateway/census.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

enum tg_status
census_init(struct census *census, uint32_t partners_max)
{
	uint32_t entries = 16;

	memset(census, 0, sizeof(*census));
	while (entries < partners_max * UINT64_C(2))
		entries *= 2;
	census->partners = calloc(entries, sizeof(*census->partners));
	if (census->partners == NULL)
		return TG_NO_MEMORY;
	census->mask = entries - 1;
	return TG_OK;
}

void
census_deinit(struct census *census)
{
	free(census->partners);
	census->partners = NULL;
}

struct census_partner *
census_find(struct census *census, uint32_t number)
{
	uint32_t at = number * UINT32_C(2654435761) >> 7;

	TG_ASSERT(number != 0);
	for (uint32_t tries = 0; tries <= census->mask; tries++, at++) {
		struct census_partner *partner = &census->partners[at & census->mask];
		uint32_t found = atomic_load(&partner->number);

		if (found == 0 && atomic_compare_exchange_strong(&partner->number, &found, number))
			return partner;
		if (found == number)
			return partner;
	}
	return NULL;
}

const struct census_partner *
census_look(const struct census *census, uint32_t number)
{
	uint32_t at = number * UINT32_C(2654435761) >> 7;

	for (uint32_t tries = 0; tries <= census->mask; tries++, at++) {
		const struct census_partner *partner = &census->partners[at & census->mask];
		uint32_t found = atomic_load(&partner->number);

		if (found == 0)
			return NULL;
		if (found == number)
			return partner;
	}
	return NULL;
}

bool
census_is_drained(const struct census *census, uint32_t number)
{
	const struct census_partner *partner = census_look(census, number);

	return atomic_load(&census->is_drained) ||
	       (partner != NULL && atomic_load(&partner->is_drained));
}

uint32_t
census_drained_count(const struct census *census)
{
	uint32_t count = 0;

	for (uint32_t at = 0; at <= census->mask; at++)
		count += atomic_load(&census->partners[at].is_drained) ? 1 : 0;
	return count;
}

bool
census_enter(_Atomic uint32_t *count, uint32_t limit)
{
	uint32_t before = atomic_load_explicit(count, memory_order_relaxed);

	do {
		if (before >= limit)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		count, &before, before + 1, memory_order_relaxed, memory_order_relaxed));
	return true;
}

void
census_leave(_Atomic uint32_t *count, uint32_t fewer)
{
	uint32_t before = atomic_fetch_sub_explicit(count, fewer, memory_order_relaxed);

	TG_ASSERT(before >= fewer);
}
