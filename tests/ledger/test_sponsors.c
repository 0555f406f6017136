/*
 * test_sponsors.c - points divided over the sponsors of a joint promotion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/plan.h"

/* Points, weights ended by 0, and who gets what. */
struct division {
	int64_t	 points;
	int64_t weights[SPONSORS_MAX + 1];
	int64_t	 expected[SPONSORS_MAX];
};

static const struct division divisions[] = {
	{ 0, { 1, 1 }, { 0, 0 } },
	{ 100, { 1 }, { 100 } },
	{ 100, { 60, 40 }, { 60, 40 } },
	/* a tie goes to the first stated */
	{ 1, { 50, 50 }, { 1, 0 } },
	{ 3, { 50, 50 }, { 2, 1 } },
	/* the larger share is further behind */
	{ 1, { 40, 60 }, { 0, 1 } },
	{ 10, { 1, 1, 1 }, { 4, 3, 3 } },
	{ 11, { 1, 1, 1 }, { 4, 4, 3 } },
	{ 7, { 70, 20, 10 }, { 6, 1, 0 } },
	{ 1000000000001, { 1, 1, 2 }, { 250000000000, 250000000000, 500000000001 } },
};

static uint32_t
count_weights(const int64_t *weights)
{
	uint32_t count = 0;

	while (weights[count] != 0)
		count++;
	return count;
}

/* What: each has the floor of its share, and what is left goes to who is furthest behind.
 * How:  the table above. */
static void
points_are_divided_as_stated(void **state)
{
	int64_t points[SPONSORS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(divisions) / sizeof(divisions[0]); i++) {
		const struct division *d = &divisions[i];
		uint32_t count = count_weights(d->weights);

		sponsors_divide(d->points, d->weights, count, points);
		for (uint32_t k = 0; k < count; k++)
			assert_int_equal(points[k], d->expected[k]);
	}
}

static uint64_t
draw(uint64_t *seed, uint64_t bound)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(2685821657736338717) % bound;
}

/* What: shares sum to the points, are within a point of exact or above the floor, and never shrink
 *       when there is a point more: a refund takes from nobody less than nothing.
 * How:  random weights, points counted up one by one. */
static void
a_point_more_is_one_sponsors(void **state)
{
	uint64_t seed = 4711;

	(void)state;
	for (int round = 0; round < 300; round++) {
		int64_t weights[SPONSORS_MAX];
		uint32_t count = 1 + (uint32_t)draw(&seed, SPONSORS_MAX);
		int64_t before[SPONSORS_MAX] = { 0 }, now[SPONSORS_MAX];
		int64_t sum = 0;

		for (uint32_t i = 0; i < count; i++)
			sum += weights[i] = 1 + (uint32_t)draw(&seed, round % 2 ? 100 : 7);
		for (int64_t points = 1; points < 400; points++) {
			int64_t total = 0, grown = 0;

			sponsors_divide(points, weights, count, now);
			for (uint32_t i = 0; i < count; i++) {
				assert_true(now[i] >= before[i]);
				assert_true(now[i] >= points * weights[i] / sum);
				grown += now[i] - before[i];
				total += now[i];
			}
			assert_int_equal(total, points);
			assert_int_equal(grown, 1);
			memcpy(before, now, sizeof(before));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_are_divided_as_stated),
		cmocka_unit_test(a_point_more_is_one_sponsors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
