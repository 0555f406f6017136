/*
 * load.c - how busy threads were in the last minute, and what that leaves room for.
 */
#include "gateway/load.h"

#include "protocol/assert.h"

void
load_add(struct load *load, const struct load_sample *sample)
{
	load->newest = load->count == 0 ? 0 : (load->newest + 1) % LOAD_SAMPLES;
	load->samples[load->newest] = *sample;
	if (load->count < LOAD_SAMPLES)
		load->count++;
}

static const struct load_sample *
newest_of(const struct load *load)
{
	return &load->samples[load->newest];
}

static const struct load_sample *
oldest_of(const struct load *load)
{
	return &load->samples[(load->newest + LOAD_SAMPLES + 1 - load->count) % LOAD_SAMPLES];
}

/* Time between the oldest and the newest sample; 0: there are not two. */
static int64_t
span_us(const struct load *load)
{
	return load->count < 2 ? 0 : newest_of(load)->mono_us - oldest_of(load)->mono_us;
}

int64_t
load_busy(const struct load *load, uint32_t thread)
{
	int64_t span = span_us(load), from, to, busy;

	TG_ASSERT(thread < LOAD_THREADS_MAX);
	if (span <= 0)
		return -1;
	from = oldest_of(load)->cpu_us[thread];
	to = newest_of(load)->cpu_us[thread];
	if (from < 0 || to < from)
		return -1;
	busy = (to - from) * 1000000 / span;
	return busy < 1000000 ? busy : 1000000;
}

uint64_t
load_rate(const struct load *load)
{
	int64_t span = span_us(load);

	if (span <= 0)
		return 0;
	return (newest_of(load)->requests - oldest_of(load)->requests) * 1000000 / (uint64_t)span;
}

int64_t
load_writing(const struct load *load)
{
	int64_t span = span_us(load), share;

	if (span <= 0)
		return -1;
	share = (int64_t)(newest_of(load)->writing_us - oldest_of(load)->writing_us) * 1000000 /
		span;
	return share < 1000000 ? share : 1000000;
}

int64_t
load_journal(const struct load *load, uint64_t batch_bytes_max)
{
	int64_t writing = load_writing(load);
	uint64_t batches, bytes;

	TG_ASSERT(batch_bytes_max > 0);
	if (writing < 0)
		return -1;
	batches = newest_of(load)->batches - oldest_of(load)->batches;
	bytes = newest_of(load)->batch_bytes - oldest_of(load)->batch_bytes;
	if (batches == 0)
		return 0;
	return (int64_t)((uint64_t)writing * (bytes / batches) / batch_bytes_max);
}

int64_t
load_reachable_rate(const struct load *load, uint32_t thread_count, uint64_t batch_bytes_max)
{
	int64_t busiest = load_journal(load, batch_bytes_max);

	for (uint32_t i = 0; i < thread_count; i++) {
		int64_t busy = load_busy(load, i);

		if (busy > busiest)
			busiest = busy;
	}
	if (busiest < LOAD_MILLIONTHS_MIN)
		return -1;
	return (int64_t)(load_rate(load) * 1000000 / (uint64_t)busiest);
}
