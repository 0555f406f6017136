/*
 * fleet_sums.h - the fleet in a few numbers: for metrics.
 *
 * Nothing here grows with what terminals say: versions beyond the commonest are told together, and
 * so are partners without a name.
 */
#ifndef TG_GATEWAY_FLEET_SUMS_H
#define TG_GATEWAY_FLEET_SUMS_H

#include <stdint.h>

#include "gateway/fleet.h"
#include "protocol/status.h"

#define FLEET_VERSIONS_MAX 256 /* different ones that are counted by themselves */

/* Terminals that run the same software. */
struct fleet_version {
	char	 text[HOST_SOFTWARE_BYTES]; /* "unknown" if they did not tell, never "other" */
	uint64_t terminals;
};

/* How far the terminals of a partner are off, added up without signs. */
struct fleet_difference {
	uint32_t partner;		/* 0: all others */
	uint64_t transactions;
	uint64_t points;
};

struct fleet_sums {
	uint64_t known;			/* terminals that had a session */
	uint64_t connected;
	uint64_t queueing;		/* have requests in store and forward */
	uint64_t queued;		/* these requests */
	uint64_t queue_max;		/* of one terminal */
	uint64_t queue_age_max_s;
	uint64_t clock_off;		/* whose clock is too far off for a burn */
	uint64_t differing;		/* whose counts differ from the ledger's */
	int32_t	 settled_day_min;	/* of terminals connected now; DAY_NONE: none told */
	uint32_t version_count;
	struct fleet_version versions[FLEET_VERSIONS_MAX]; /* commonest first */
	uint64_t versions_other;	/* terminals with none of them */
	uint32_t difference_count;
	struct fleet_difference *differences; /* the caller's; the last is for the others */
};

/*
 * Add up.  sums: differences and difference_count >= 1 set by the caller, with the numbers of the
 * partners that are told by name, in any order, and 0 in the last; all else is set here.
 * burn_clock_ms: how far off a clock may be.  TG_OK; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status fleet_sum(struct fleet *fleet, int64_t burn_clock_ms,
				       struct fleet_sums *sums);

#endif
