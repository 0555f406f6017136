/*
 * test_histogram.c - latencies are told back within one per cent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "contrib/load/histogram.h"
#include "contrib/load/prng.h"

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct histogram));
	return *state == NULL;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

/* Is told at most one per cent away from exact? */
static bool
is_near(uint64_t told, uint64_t exact)
{
	uint64_t off = told > exact ? told - exact : exact - told;

	return off <= exact / 100;
}

/* What: any value between 1 ns and an hour is told back within one per cent.
 * How:  each alone with a larger one, so that the median is its bucket's middle. */
static void
values_are_told_within_one_per_cent(void **state)
{
	struct histogram *histogram = *state;
	struct prng prng;

	prng_init(&prng, 1);
	for (int i = 0; i < 2000; i++) {
		uint64_t value = prng_next(&prng) >> (22 + prng_below(&prng, 42));

		histogram_clear(histogram);
		histogram_add(histogram, value);
		histogram_add(histogram, UINT64_MAX);
		assert_true(is_near(histogram_quantile_ns(histogram, 0.5), value));
	}
}

static int
compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* What: percentiles up to p99.99 are those of the sorted values, within one per cent.
 * How:  100,000 values of a skewed shape against a sort. */
static void
quantiles_are_those_of_the_sorted_values(void **state)
{
	static const double shares[] = { 0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1 };
	enum { COUNT = 100000 };
	struct histogram *histogram = *state;
	uint64_t *values = calloc(COUNT, sizeof(*values));
	struct prng prng;

	assert_non_null(values);
	prng_init(&prng, 2);
	for (size_t i = 0; i < COUNT; i++) {
		values[i] = 20000 + prng_below(&prng, UINT64_C(1) << (10 + prng_below(&prng, 20)));
		histogram_add(histogram, values[i]);
	}
	qsort(values, COUNT, sizeof(*values), compare);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		size_t rank = (size_t)(shares[i] * COUNT + 0.5);

		assert_true(is_near(histogram_quantile_ns(histogram, shares[i]),
				    values[rank > 0 ? rank - 1 : 0]));
	}
	assert_true(histogram_quantile_ns(histogram, 1) == values[COUNT - 1]);
	free(values);
}

/* What: merging two histograms is the same as adding all values to one. */
static void
merging_is_adding(void **state)
{
	struct histogram *all = *state;
	struct histogram *part = calloc(2, sizeof(*part));
	struct prng prng;

	assert_non_null(part);
	prng_init(&prng, 3);
	for (int i = 0; i < 1000; i++) {
		uint64_t value = prng_below(&prng, 1000000000);

		histogram_add(all, value);
		histogram_add(&part[i % 2], value);
	}
	histogram_merge(&part[0], &part[1]);
	assert_int_equal(part[0].count, all->count);
	assert_int_equal(part[0].max_ns, all->max_ns);
	assert_memory_equal(part[0].buckets, all->buckets, sizeof(all->buckets));
	assert_int_equal(histogram_mean_ns(&part[0]), histogram_mean_ns(all));
	free(part);
}

/* What: an empty histogram tells zeroes, and a value past the end is kept as the largest. */
static void
ends_are_told(void **state)
{
	struct histogram *histogram = *state;

	assert_int_equal(histogram_quantile_ns(histogram, 0.99), 0);
	assert_int_equal(histogram_mean_ns(histogram), 0);
	histogram_add(histogram, UINT64_MAX);
	assert_true(histogram_quantile_ns(histogram, 0.5) == UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_are_told_within_one_per_cent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(quantiles_are_those_of_the_sorted_values, setup,
						teardown),
		cmocka_unit_test_setup_teardown(merging_is_adding, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_are_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
