/*
 * load.h - how busy threads were in the last minute, and what that leaves room for.
 *
 * A sample a second says how much processor time each thread has used and how many requests were
 * answered since the start.  A thread of the loop kind is busy with its processor or waits, so that
 * its share of the time is its load; at load 1 it is the limit of what can be reached.  The journal
 * thread waits for the disk instead, and what arrives meanwhile is the next batch: that it writes
 * all the time is no limit before its batches are full as well.
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
	uint64_t writing_us;		/* that batches took to be durable */
	uint64_t batches, batch_bytes;	/* made durable */
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

/* Share of the time in which a batch was being written, in millionths; -1: not known yet. */
int64_t load_writing(const struct load *load);

/*
 * How much of the journal is used, in millionths: that share, times how full batches of at most
 * batch_bytes_max were.  -1: not known yet.
 */
int64_t load_journal(const struct load *load, uint64_t batch_bytes_max);

/*
 * Requests a second if what is used most, the busiest of the first thread_count threads or the
 * journal, were used wholly; -1: that is not enough to say.
 */
int64_t load_reachable_rate(const struct load *load, uint32_t thread_count,
			    uint64_t batch_bytes_max);

#endif
