/*
 * points.h - arithmetic on points and money that cannot overflow unseen.
 *
 * Amounts are whole numbers; ratios multiply before the one division, in 128 bits.
 */
#ifndef TG_LEDGER_POINTS_H
#define TG_LEDGER_POINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/assert.h"
#include "protocol/message.h"

/* Is this a balance that the ledger may hold? */
static inline bool
points_is_balance(int64_t points)
{
	return points >= -TG_BALANCE_MAX && points <= TG_BALANCE_MAX;
}

static inline bool
points_within(int64_t value, int64_t low, int64_t high)
{
	return value >= low && value <= high;
}

static inline int64_t
points_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t
points_max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * floor(amount * num / den), for 0 <= amount, num and 0 < den.  A result above TG_BALANCE_MAX comes
 * out as TG_BALANCE_MAX + 1, which no balance check lets pass.
 */
static inline int64_t
points_mul_div_floor(int64_t amount, int64_t num, int64_t den)
{
	unsigned __int128 result;

	TG_ASSERT(amount >= 0 && num >= 0 && den > 0);
	result = (unsigned __int128)amount * (unsigned __int128)num / (unsigned __int128)den;
	return result > TG_BALANCE_MAX ? TG_BALANCE_MAX + 1 : (int64_t)result;
}

#endif
