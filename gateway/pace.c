/*
 * pace.c - so many requests a second and no more.
 */
#include "gateway/pace.h"

#include "protocol/assert.h"

bool
pace_admit(struct pace *pace, int64_t now_us, int64_t per_second)
{
	int64_t now_ns = now_us * 1000;
	int64_t before = atomic_load_explicit(&pace->due_ns, memory_order_relaxed), due_ns;

	TG_ASSERT(per_second >= 0);
	if (per_second == 0)
		return true;
	do {
		due_ns = before > now_ns ? before : now_ns;
		if (due_ns - now_ns > PACE_BURST_NS)
			return false;
		due_ns += 1000000000 / per_second;
	} while (!atomic_compare_exchange_weak_explicit(&pace->due_ns, &before, due_ns,
							memory_order_relaxed,
							memory_order_relaxed));
	return true;
}
