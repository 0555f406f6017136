/*
 * enroller.h - a source that enrols members, each once.
 */
#ifndef TG_CONTRIB_LOAD_ENROLLER_H
#define TG_CONTRIB_LOAD_ENROLLER_H

#include <stdint.h>

#include "contrib/common/transaction_id.h"
#include "contrib/load/load.h"
#include "contrib/load/source.h"

struct enroller {
	const struct load      *load; /* for the time and the members */
	struct transaction_ids *ids;
	uint32_t		next; /* index of the member to look at next */
	uint64_t		refused_count; /* not enrolled, and not there before either */
	uint64_t		lost_count;    /* given up: perhaps enrolled */
};

/* A source that enrols all members that are not.  enroller must live as long as it is used. */
struct source enroller_source(struct enroller *enroller);

#endif
