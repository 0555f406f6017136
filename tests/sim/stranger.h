/*
 * stranger.h - somebody who connects and does not speak as one should.
 */
#ifndef TG_TESTS_SIM_STRANGER_H
#define TG_TESTS_SIM_STRANGER_H

#include "tests/sim/wire.h"

struct sim;

struct stranger {
	struct wire wire;
	int64_t	 leaves_us;
};

/* Come, and say something improper. */
void stranger_call(struct sim *sim, struct stranger *stranger);

/* Listen to what comes back, and leave in time. */
void stranger_run(struct sim *sim, struct stranger *stranger);

int64_t stranger_next_us(const struct stranger *stranger);

#endif
