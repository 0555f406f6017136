/*
 * pace.h - so many requests a second and no more, asked by any thread.
 *
 * The generic cell rate algorithm (ITU-T I.371): one time, by which all that was admitted would
 * have come at exactly the rate.  Who is ahead of it by more than the burst waits.
 */
#ifndef TG_GATEWAY_PACE_H
#define TG_GATEWAY_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What may come at once after a rest, in time of the rate; a turn of a busy thread takes less. */
#define PACE_BURST_NS INT64_C(100000000)

/* Begins with zeros. */
struct pace {
	_Atomic int64_t due_ns; /* when the next one would come at the rate */
};

/* One more at now_us, CLOCK_MONOTONIC?  per_second 0: always.  False: it would be too many. */
bool pace_admit(struct pace *pace, int64_t now_us, int64_t per_second);

#endif
