/*
 * replay.h - a source that plays a purchase history, one day at a time.
 *
 * Every purchase earns, at a till that depends on nothing but customer, purchase and seed: four of
 * five at the customer's own.  A share of receipts, drawn from the purchase's number and the seed,
 * goes on: half of the points are burned; some are held and captured in part, or held and
 * released; half of the purchase is refunded; the earn is sent again under its id.  The steps of
 * one member keep their order over all connections: the next is sent when the one before is
 * answered.
 */
#ifndef TG_CONTRIB_LOAD_REPLAY_H
#define TG_CONTRIB_LOAD_REPLAY_H

#include <stdint.h>

#include "contrib/common/transaction_id.h"
#include "contrib/load/history.h"
#include "contrib/load/load.h"
#include "contrib/load/source.h"

struct replay_options {
	uint32_t burn_ppm;    /* receipts that also burn */
	uint32_t capture_ppm; /* ... hold and capture */
	uint32_t release_ppm; /* ... hold and release */
	uint32_t refund_ppm;  /* ... come back in part */
	uint32_t repeat_ppm;  /* ... are sent again under the same id */
	uint64_t seed;
};

struct replay;

/* All must outlive the replay.  load->members are the history's, in its order. */
struct replay *replay_new(const struct replay_options *options, const struct history *history,
			  const struct load *load, struct transaction_ids *ids);

void replay_free(struct replay *replay);

/*
 * Prepare the purchases of one day; the days come in order.  Returns how many there are.
 * They begin spread over day_ns from begin_ns, the load's clock, on; day_ns 0: all at once.
 */
uint32_t replay_begin_day(struct replay *replay, int32_t day, uint64_t begin_ns, uint64_t day_ns);

/* A source that ends when all steps of the day are done. */
struct source replay_source(struct replay *replay);

/* Receipts so far whose earn was not done. */
uint64_t replay_failed_count(const struct replay *replay);

#endif
