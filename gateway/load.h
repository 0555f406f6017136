/*
 * load.h - how busy threads were in the last minute, and what that leaves room for.
 *
 * A sample a second says how much processor time each thread has used and how many requests were
 * answered since the start.  A thread of the loop kind is busy with its processor or waits, so that
 * its share of the time is its load; at load 1 it is the limit of what can be reached.
 */
#ifndef TG_GATEWAY_LOAD_H
#define TG_GATEWAY_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#define LOAD_THREADS_MAX 72
#define LOAD_SAMPLES 61			/* a minute */
#define LOAD_MILLIONTHS_MIN 10000	/* below it nothing is said of what can be reached */

struct load_sample {
	int64_t	 mono_us;
	uint64_t requests;
	int64_t	 cpu_us[LOAD_THREADS_MAX]; /* of each thread since its start; -1: none */
};

/* A ring of samples.  Begins with zeros. */
struct load {
	struct load_sample samples[LOAD_SAMPLES];
	uint32_t count;			/* of samples in use */
	uint32_t newest;		/* index of the last one */
};

void load_add(struct load *load, const struct load_sample *sample);

/* Share of the time that a thread was busy, in millionths; -1: not known yet. */
int64_t load_busy(const struct load *load, uint32_t thread);

/* Requests a second; 0 before the second sample. */
uint64_t load_rate(const struct load *load);

/*
 * Requests a second if the busiest of the first thread_count threads were always busy; -1: they are
 * not busy enough to say.
 */
int64_t load_reachable_rate(const struct load *load, uint32_t thread_count);

#endif
