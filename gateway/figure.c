/*
 * figure.c - counts and distributions that one thread writes and any thread reads.
 */
#include "gateway/figure.h"

#include "protocol/assert.h"

const int64_t histogram_us[HISTOGRAM_BOUNDS] = {
	10,	20,	50,	100,	200,	 500,	  1000,	   2000,    5000,    10000,
	20000,	50000,	100000, 200000, 500000,	 1000000, 2000000, 5000000, 10000000,
};

const int64_t histogram_counts[HISTOGRAM_BOUNDS] = {
	1,    2,    4,	  8,	16,   32,    64,    128,   256,	   512,
	1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144,
};

void
histogram_add(struct histogram *histogram, const int64_t bounds[HISTOGRAM_BOUNDS], int64_t value)
{
	uint32_t bucket = 0;

	TG_ASSERT(value >= 0);
	while (bucket < HISTOGRAM_BOUNDS && value > bounds[bucket])
		bucket++;
	figure_add(&histogram->counts[bucket], 1);
	figure_add(&histogram->sum, (uint64_t)value);
}

void
histogram_collect(const struct histogram *histogram, struct histogram_view *view)
{
	for (uint32_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		view->counts[i] += figure_read(&histogram->counts[i]);
	view->sum += figure_read(&histogram->sum);
}

uint64_t
histogram_count(const struct histogram_view *view)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		count += view->counts[i];
	return count;
}

int64_t
histogram_bound(const struct histogram_view *view, const int64_t bounds[HISTOGRAM_BOUNDS],
		uint32_t per_mille)
{
	uint64_t total = histogram_count(view), seen = 0;

	for (uint32_t i = 0; total > 0 && i < HISTOGRAM_BOUNDS; i++) {
		seen += view->counts[i];
		if (seen * 1000 >= total * per_mille)
			return bounds[i];
	}
	return total > 0 ? INT64_MAX : 0;
}
