/*
 * figure.h - counts and distributions that one thread writes and any thread reads.
 *
 * The writer neither locks nor takes the memory bus: relaxed loads and stores.  A reader sees each
 * figure as it was at some moment, together they may be a moment apart.
 */
#ifndef TG_GATEWAY_FIGURE_H
#define TG_GATEWAY_FIGURE_H

#include <stdatomic.h>
#include <stdint.h>

/* The writer: add to a figure. */
static inline void
figure_add(_Atomic uint64_t *figure, uint64_t by)
{
	atomic_store_explicit(figure, atomic_load_explicit(figure, memory_order_relaxed) + by,
			      memory_order_relaxed);
}

/* Any thread. */
static inline uint64_t
figure_read(const _Atomic uint64_t *figure)
{
	return atomic_load_explicit(figure, memory_order_relaxed);
}

#define HISTOGRAM_BOUNDS 19

/* Bounds of buckets, each inclusive: 10 us to 10 s in steps of 1, 2, 5; and 1 to 2^18, doubling. */
extern const int64_t histogram_us[HISTOGRAM_BOUNDS];
extern const int64_t histogram_counts[HISTOGRAM_BOUNDS];

/* How many values lie in each bucket, the last above all bounds.  Begins with zeros. */
struct histogram {
	_Atomic uint64_t counts[HISTOGRAM_BOUNDS + 1];
	_Atomic uint64_t sum;	/* of the values */
};

/* The writer.  bounds: always the same for one histogram.  value: >= 0. */
void histogram_add(struct histogram *histogram, const int64_t bounds[HISTOGRAM_BOUNDS],
		   int64_t value);

/* A histogram as it was, or several together. */
struct histogram_view {
	uint64_t counts[HISTOGRAM_BOUNDS + 1];
	uint64_t sum;
};

/* Any thread: add what a histogram holds to a view. */
void histogram_collect(const struct histogram *histogram, struct histogram_view *view);

/* Values in a view. */
uint64_t histogram_count(const struct histogram_view *view);

/* The bound below which so many of 1000 values lie; 0 without values, INT64_MAX above all. */
int64_t histogram_bound(const struct histogram_view *view, const int64_t bounds[HISTOGRAM_BOUNDS],
			uint32_t per_mille);

#endif
