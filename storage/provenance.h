/*
 * provenance.h - whose points a member spends: first in, first out.
 *
 * A member's regular points stand in a queue of runs, each with the partner that issued them, in
 * the order of issue.  What is burned leaves at the front, and its issuers owe the partner where it
 * was burned.  The same function runs over the journal and, for MariaDB, over its entries, so that
 * both come to the same obligations.
 *
 * Limited points stand apart, by issuer: a record's moves say whose of them came or left (an issuer
 * has a lot for itself), and that much of what the record spends is theirs.  The rest is the
 * queue's.
 *
 * What a refund takes leaves from the youngest run of that issuer; where that does not suffice,
 * from the front, and its issuers owe the partner that took it; or the operator, where the partner
 * had bought its points ahead and has them in its block again.  For what became debt, as it was
 * spent before, the partner where the refund was made owes the issuer, who has paid for it.  Points
 * that pay a debt leave at the front for the partner to whom it was owed: that one let its issue be
 * undone after the points were spent.  What a reversal gives back returns to the front, last taken
 * first, and is owed no more.  The last 64 runs that were spent are kept as they were, of older
 * ones a sum for each issuer and redeemer, the oldest of which comes back last.  Points that an
 * operator gave have issuer 0.
 *
 * Runs have the month in which their points were issued, for who asks how old they are; it says
 * nothing of who owes.  Of an issuer's limited points the oldest leave first.  What was spent so
 * long ago that it is a sum comes back with the month of the oldest in it.
 *
 * Pure: no I/O, no clock.
 */
#ifndef TG_STORAGE_PROVENANCE_H
#define TG_STORAGE_PROVENANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/status.h"

struct provenance;

/* Who stands for partner in what an operator gave or took. */
#define PROVENANCE_OPERATOR UINT32_C(0)
/* Who redeems points that expired. */
#define PROVENANCE_EXPIRED UINT32_MAX
/* ... that another member was lent: nobody's, they do not come back */
#define PROVENANCE_LENT (UINT32_MAX - 1)

/* Issued before the first business date, which MariaDB has as 1000-01-01. */
#define PROVENANCE_MONTH_NONE UINT32_C(100001)

/*
 * One leg of a record, as in struct posting; or what its moves say of limited points: whose came
 * (> 0) or left (< 0), held ones being the member's.
 */
#define PROVENANCE_LIMITED_LEG 255
#define PROVENANCE_LEGS_MAX (64 + 255) /* postings and moves of a record */

struct provenance_leg {
	uint8_t	 account;		/* enum account, or PROVENANCE_LIMITED_LEG */
	uint32_t partner;
	int64_t	 points;		/* signed as the account */
	bool	 is_prepaid;		/* ISSUED: the partner buys what it issues ahead */
};

/* Where a run is. */
enum provenance_place {
	PROVENANCE_HELD = 1,		/* with the member, from the front on */
	PROVENANCE_SPENT = 2,		/* left, the oldest first */
	PROVENANCE_LIMITED = 3,		/* limited ones with the member, a run for each issuer */
};

struct provenance_run {
	uint32_t issuer;		/* partner, or PROVENANCE_OPERATOR */
	/* SPENT: where; partner, PROVENANCE_OPERATOR or PROVENANCE_EXPIRED; else 0 */
	uint32_t redeemer;
	uint32_t month;			/* of issue: 202404, or PROVENANCE_MONTH_NONE */
	int64_t	 points;		/* > 0 */
};

/* NULL: out of memory. */
struct provenance *provenance_new(void);
void provenance_free(struct provenance *provenance);

/* Issuer owes redeemer for points of a month more; negative: for so many less. */
typedef enum tg_status provenance_owe_fn(void *context, uint32_t issuer, uint32_t redeemer,
					 uint32_t month, int64_t points);

/* The month of a run that is issued on a business date; DAY_NONE: PROVENANCE_MONTH_NONE. */
uint32_t provenance_month(int32_t business_date);

/*
 * What one record of a member did in a month.  TG_OK; TG_NO_MEMORY; TG_CORRUPT: more left than was
 * there; and what owe returns.
 */
TG_MUST_CHECK enum tg_status provenance_apply(struct provenance *provenance, uint64_t member,
					      uint32_t month, const struct provenance_leg *legs,
					      uint32_t count, provenance_owe_fn *owe,
					      void *context);

/*
 * Points that one member lends another, by the record's legs (provenance_lend.c): limited ones of
 * an issuer as the legs below 0 say, the rest leaves at the front.  They stand behind those that
 * the other has, with the months they had, and nobody owes anything for it.  Results as of
 * provenance_apply().
 */
TG_MUST_CHECK enum tg_status provenance_lend(struct provenance *provenance, uint64_t from,
					     uint64_t to, int64_t points,
					     const struct provenance_leg *legs, uint32_t count);

/* Put a run behind the others of a member, as provenance_each() told it.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status provenance_put(struct provenance *provenance, uint64_t member,
					    enum provenance_place place,
					    const struct provenance_run *run);

/* A member's runs in their order, first those it has. */
typedef enum tg_status provenance_run_fn(void *context, enum provenance_place place,
					 const struct provenance_run *run);
TG_MUST_CHECK enum tg_status provenance_each(const struct provenance *provenance, uint64_t member,
					     provenance_run_fn *each, void *context);

#endif
