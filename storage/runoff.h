/*
 * runoff.h - points outstanding by issuer and month of issue, and what each partner would owe.
 *
 * Out of records, as the views run_off and wind_down do it by SQL.  Where issuers pay redeemers
 * what is outstanding is what provenance, of which statements are made, has of each issuer: limited
 * points by their issuer, others in their order, and a refund takes its issuer's youngest.  What a
 * partner owes is what its statement would say if all of it were burned elsewhere.
 *
 * Where all pay a pool no statement says whose points are burned: the issuer has paid, and owes
 * nothing.  There of each member's issues, less what refunds of them took back, the newest count as
 * outstanding, as many as the member has points: an account of age, not of debts.
 *
 * Test members are left out.  Pure.
 */
#ifndef TG_STORAGE_RUNOFF_H
#define TG_STORAGE_RUNOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/record.h"
#include "protocol/status.h"

struct runoff;

struct runoff_row {
	uint32_t issuer;		/* partner; 0: the operator, by adjustments */
	/* first day of the month; DAY_NONE: before the first business date */
	int32_t	 month_day;
	int64_t	 issued_points;		/* less those that refunds of them took back */
	int64_t	 outstanding_points;
	uint64_t members;		/* that have any of them */
	uint64_t last_member;		/* of these; 0: there is none */
};

/* What a partner owes if all outstanding points were burned. */
struct winddown_row {
	uint32_t issuer;
	int64_t	 outstanding_points;
	int64_t	 cover_points;		/* not used: to be released */
	bool	 is_traced;		/* issuers pay redeemers; else the pool, which was paid */
	__int128 worth_micro;		/* by the programme's value, millionths of a minor unit */
	int64_t	 owes_amount;		/* minor units, rounded down; by its own terms */
};

/*
 * issues_max: postings of issues kept, about 56 bytes each; where issuers pay redeemers up to 24
 * more for each, and again for what was burned.  NULL: out of memory.
 */
struct runoff *runoff_new(uint64_t issues_max);
void runoff_free(struct runoff *runoff);

/*
 * Records come in their order, from the first one on.  TG_OK; TG_NO_MEMORY, or past issues_max;
 * TG_CORRUPT: it does not follow from the records before it.
 */
TG_MUST_CHECK enum tg_status runoff_add(struct runoff *runoff, const struct record *record);

/* By issuer and month; rows are freed by the caller.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status runoff_list(const struct runoff *runoff, struct runoff_row **ret_rows,
					 uint32_t *ret_count);

/* By issuer, of the rows above; freed by the caller.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status runoff_wind_down(const struct runoff *runoff,
					      const struct runoff_row *rows, uint32_t row_count,
					      struct winddown_row **ret_rows, uint32_t *ret_count);

#endif
