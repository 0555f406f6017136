/*
 * histogram.h - how often which latency was seen, from nanoseconds to an hour.
 *
 * Log-linear: values below 128 ns have a bucket each, then every power of two is cut into 128
 * equal buckets, so a value read back is off by at most 1/256 (0.4 %).  36 KiB, no allocation.
 */
#ifndef TG_CONTRIB_LOAD_HISTOGRAM_H
#define TG_CONTRIB_LOAD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 7
#define HISTOGRAM_VALUE_BITS 42 /* 2^42 ns is 73 minutes; what is longer counts as that */
#define HISTOGRAM_BUCKETS                                                                          \
	((HISTOGRAM_VALUE_BITS - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

/* Invariant: count is the sum of buckets.  All zero is an empty histogram. */
struct histogram {
	uint64_t buckets[HISTOGRAM_BUCKETS];
	uint64_t count;	 /* values added */
	uint64_t max_ns; /* largest value added, exact */
	double	 sum_ns; /* of all values, for the mean */
};

/* Forget all values. */
void histogram_clear(struct histogram *histogram);

/* Add one value. */
void histogram_add(struct histogram *histogram, uint64_t value_ns);

/* Add all values of other. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/*
 * The value that at least share of all values do not exceed: the middle of its bucket; the largest
 * value is exact.  share: 0 to 1.  0 when the histogram is empty.
 */
uint64_t histogram_quantile_ns(const struct histogram *histogram, double share);

/* The mean, 0 when the histogram is empty. */
uint64_t histogram_mean_ns(const struct histogram *histogram);

#endif
