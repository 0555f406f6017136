/*
 * histogram.c - how often which latency was seen.
 */
#include "contrib/load/histogram.h"

#include <string.h>

#include "protocol/assert.h"

#define SUB_BUCKETS (UINT64_C(1) << HISTOGRAM_SUB_BITS)
#define VALUE_MAX_NS ((UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1)

/* The bucket of a value: its leading bit picks the power of two, the next seven the part of it. */
static uint32_t
bucket_of(uint64_t value_ns)
{
	unsigned exponent;

	if (value_ns > VALUE_MAX_NS)
		value_ns = VALUE_MAX_NS;
	if (value_ns < SUB_BUCKETS)
		return (uint32_t)value_ns;
	exponent = 63 - (unsigned)__builtin_clzll(value_ns) - HISTOGRAM_SUB_BITS;
	return (uint32_t)(((uint64_t)exponent << HISTOGRAM_SUB_BITS) + (value_ns >> exponent));
}

/* The middle of a bucket. */
static uint64_t
middle_of(uint32_t bucket)
{
	unsigned exponent;
	uint64_t low;

	if (bucket < SUB_BUCKETS)
		return bucket;
	exponent = (unsigned)(bucket >> HISTOGRAM_SUB_BITS) - 1;
	low = (SUB_BUCKETS + (bucket & (SUB_BUCKETS - 1))) << exponent;
	return low + (UINT64_C(1) << exponent) / 2;
}

void
histogram_clear(struct histogram *histogram)
{
	memset(histogram, 0, sizeof(*histogram));
}

void
histogram_add(struct histogram *histogram, uint64_t value_ns)
{
	uint32_t bucket = bucket_of(value_ns);

	TG_ASSERT(bucket < HISTOGRAM_BUCKETS);
	histogram->buckets[bucket]++;
	histogram->count++;
	histogram->sum_ns += (double)value_ns;
	if (value_ns > histogram->max_ns)
		histogram->max_ns = value_ns;
}

void
histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		histogram->buckets[i] += other->buckets[i];
	histogram->count += other->count;
	histogram->sum_ns += other->sum_ns;
	if (other->max_ns > histogram->max_ns)
		histogram->max_ns = other->max_ns;
}

uint64_t
histogram_quantile_ns(const struct histogram *histogram, double share)
{
	uint64_t rank, seen = 0;

	TG_ASSERT(share >= 0 && share <= 1);
	if (histogram->count == 0)
		return 0;
	rank = (uint64_t)(share * (double)histogram->count);
	if (rank < 1 || (double)rank < share * (double)histogram->count)
		rank++;
	if (rank >= histogram->count)
		return histogram->max_ns;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen >= rank) {
			uint64_t middle = middle_of(i);

			return middle < histogram->max_ns ? middle : histogram->max_ns;
		}
	}
	return histogram->max_ns;
}

uint64_t
histogram_mean_ns(const struct histogram *histogram)
{
	if (histogram->count == 0)
		return 0;
	return (uint64_t)(histogram->sum_ns / (double)histogram->count);
}
