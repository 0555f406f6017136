/*
 * sponsors.c - a component's points divided over the partners that pay for it together.
 */
#include "ledger/plan.h"

void
sponsors_divide(int64_t points, const uint32_t *weights, uint32_t count,
		int64_t ret_points[SPONSORS_MAX])
{
	int64_t sum = 0, left = points;

	TG_ASSERT(count >= 1 && count <= SPONSORS_MAX && points >= 0);
	for (uint32_t i = 0; i < count; i++) {
		TG_ASSERT(weights[i] > 0);
		sum += weights[i];
	}
	for (uint32_t i = 0; i < count; i++) {
		ret_points[i] = points_mul_div_floor(points, weights[i], sum);
		left -= ret_points[i];
	}
	/* Fewer than count are left.  Furthest behind: the most weight for a point more. */
	for (; left > 0; left--) {
		uint32_t next = 0;

		for (uint32_t i = 1; i < count; i++) {
			if ((__int128)weights[i] * (ret_points[next] + 1) >
			    (__int128)weights[next] * (ret_points[i] + 1))
				next = i;
		}
		ret_points[next]++;
	}
}

void
sponsors_post(struct plan *p, const struct sponsor_share *shares, uint32_t count,
	      int64_t kept_before_points, int64_t kept_now_points)
{
	uint32_t weights[SPONSORS_MAX] = { 0 };
	int64_t before[SPONSORS_MAX], now[SPONSORS_MAX];

	TG_ASSERT(count <= SPONSORS_MAX);
	for (uint32_t i = 0; i < count; i++)
		weights[i] = shares[i].weight;
	sponsors_divide(kept_before_points, weights, count, before);
	sponsors_divide(kept_now_points, weights, count, now);
	for (uint32_t i = 0; i < count; i++)
		plan_post(p, ACCOUNT_ISSUED, shares[i].partner, before[i] - now[i]);
}
