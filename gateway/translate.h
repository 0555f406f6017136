/*
 * translate.h - a decoded request into what the ledger is asked.
 *
 * Wire to plain struct: nothing is decided here but what the wire can say wrong, and who may speak
 * for whom.  Identifiers leave this file as keyed hashes only.
 */
#ifndef TG_GATEWAY_TRANSLATE_H
#define TG_GATEWAY_TRANSLATE_H

#include <stdint.h>

#include "gateway/identifier.h"
#include "protocol/status.h"
#include "protocol/value.h"

struct pipeline;
struct pipeline_job;

/* Who speaks, as the ledger told in AUTH. */
struct principal {
	uint32_t terminal; /* number; 0: nobody yet */
	uint32_t partner;
	uint32_t store;	 /* 0: a partner's system, in no store */
	uint32_t rights; /* bits of enum tg_right */
	uint8_t marks;	 /* MARK_* of ledger/request.h: nothing it does counts */
};

/* What a thread needs to translate. */
struct translator {
	const struct pipeline *pipeline; /* borrowed; for days and the time */
	struct identifier_hasher hasher; /* owned */
};

/*
 * Fill job->request, whose kind is set, from a request or an item of a batch.  request: decoded, of
 * an operation that goes to the ledger, its right checked.
 *
 * TG_OK; TG_FORBIDDEN: it names a terminal or store it may not act for, and *ret_field is set;
 * TG_NO_MEMORY: hashing failed.
 */
TG_MUST_CHECK enum tg_status translate_request(struct translator *translator,
					       const struct principal *principal,
					       const struct tg_message *request,
					       struct pipeline_job *job, uint32_t *ret_field);

#endif
