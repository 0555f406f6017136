/*
 * partner_rates.h - the partners that ask most, by name; all others together.
 *
 * There may be thousands of partners, and each told by name costs those who watch a series.  So
 * only the busiest few have a name.  Who has one keeps it until another is twice as busy; what is
 * counted for a partner while it has no name belongs to the others, so that no sum ever falls.
 *
 * One thread calls.
 */
#ifndef TG_GATEWAY_PARTNER_RATES_H
#define TG_GATEWAY_PARTNER_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/census.h"
#include "protocol/status.h"

struct partner_rates;

/* A partner with a name, or the others together (number 0). */
struct partner_rate {
	uint32_t number;
	uint64_t answers;	/* while it had a name, or of all that had none */
	uint64_t refusals;
	uint64_t connections;	/* now */
	uint64_t in_flight;	/* now */
};

/* names_max: partners told by name at once; 0: none.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status partner_rates_new(uint32_t names_max,
					       struct partner_rates **ret_rates);

/* NULL is fine. */
void partner_rates_free(struct partner_rates *rates);

/*
 * Look at the census, and at times at who is busiest.  now_us: CLOCK_MONOTONIC.  TG_OK;
 * TG_NO_MEMORY: at the first look only, nothing is counted.
 */
TG_MUST_CHECK enum tg_status partner_rates_look(struct partner_rates *rates,
						const struct census *census, int64_t now_us);

/*
 * The nth partner with a name, as of the last look; after them once the others together.  False:
 * there are no more.
 */
bool partner_rates_at(const struct partner_rates *rates, const struct census *census, uint32_t nth,
		      struct partner_rate *ret_rate);

#endif
