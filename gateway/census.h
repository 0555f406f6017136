/*
 * census.h - how many there are: connections, handshakes, and each partner's share.
 *
 * Shared by all I/O threads; counts are atomic and the table of partners has entries for life.
 * Limits are given with each question, because a reload may change them.
 */
#ifndef TG_GATEWAY_CENSUS_H
#define TG_GATEWAY_CENSUS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/pace.h"
#include "protocol/status.h"

/* One partner that has had a session, or was taken out of service. */
struct census_partner {
	_Atomic uint32_t number; /* 0: entry free */
	_Atomic uint32_t connections;
	_Atomic uint32_t in_flight;
	_Atomic uint64_t answers;  /* since the start; items of BATCH too */
	_Atomic uint64_t refusals; /* of these, with another status than OK */
	struct pace pace;	   /* of its requests into the ledger */
	atomic_bool is_drained;	   /* an operator has taken it out of service */
};

struct census {
	_Atomic uint32_t connections;	     /* open now */
	_Atomic uint32_t handshakes;	     /* of these, without a finished TLS handshake */
	_Atomic uint64_t accepted_count;     /* since the start, as all that follow */
	_Atomic uint64_t refused_count;	     /* closed at once: too many */
	_Atomic uint64_t handshake_failures; /* TLS did not come about */
	_Atomic uint64_t auth_failures;	     /* AUTH_FAILED */
	_Atomic uint64_t activations;	     /* keys told for one-time codes, again too */
	_Atomic uint64_t activation_failures; /* codes that were wrong, expired or used */
	struct pace pace;		     /* of requests into the ledger */
	atomic_bool is_drained;		     /* an operator has taken everybody out of service */
	struct census_partner *partners;     /* owned; mask + 1 of them */
	uint32_t mask;
};

/* partners_max: different partners ever.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status census_init(struct census *census, uint32_t partners_max);
void census_deinit(struct census *census);

/* The entry of a partner, made at its first session.  NULL: more partners than partners_max. */
struct census_partner *census_find(struct census *census, uint32_t number);

/* The same, of one that has had a session or was drained; NULL: it has not. */
const struct census_partner *census_look(const struct census *census, uint32_t number);

/* Is a partner out of service, alone or with everybody? */
bool census_is_drained(const struct census *census, uint32_t number);

/* How many partners are out of service, each for itself. */
uint32_t census_drained_count(const struct census *census);

/* Count one more, unless there are limit already.  False: there are. */
TG_MUST_CHECK bool census_enter(_Atomic uint32_t *count, uint32_t limit);

/* Count fewer. */
void census_leave(_Atomic uint32_t *count, uint32_t fewer);

#endif
