/*
 * mixer.h - a source that draws work by weight for members drawn at random.
 *
 * What must follow (a capture its hold, the late original its reversal) follows on the same slot
 * as soon as the first step is answered.  Refunds, reversals and questions are about what the slot
 * did last.
 */
#ifndef TG_CONTRIB_LOAD_MIXER_H
#define TG_CONTRIB_LOAD_MIXER_H

#include <stdint.h>

#include "contrib/common/transaction_id.h"
#include "contrib/load/load.h"
#include "contrib/load/mix.h"
#include "contrib/load/prng.h"
#include "contrib/load/source.h"

struct mixer_options {
	struct mix mix;
	uint32_t   duplicates_ppm;     /* share of transactions that are sent again */
	uint32_t   duplicate_weights[4]; /* by enum repeat_kind; how they are sent again */
	uint32_t   hot_ppm;	       /* share of requests that go to the first member */
	int64_t	   amount_max;	       /* a purchase is 1 to this, minor units */
	int32_t	   hold_seconds;       /* of holds; 0: the programme's default */
	const char *card_prefix;       /* of new members' cards, borrowed */
	uint64_t   seed;
};

struct mixer;

/* load: its members has at least one; it, ids and the mixer live as long as the source is used. */
struct mixer *mixer_new(const struct mixer_options *options, const struct load *load,
			struct transaction_ids *ids);

void mixer_free(struct mixer *mixer);

struct source mixer_source(struct mixer *mixer);

#endif
