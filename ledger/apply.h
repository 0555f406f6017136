/*
 * apply.h - the parts of ledger_apply(): each brings one side of a record about.
 *
 * For the files of this folder only.  None can fail and none decides: what they do is said by the
 * record, row by row.
 */
#ifndef TG_LEDGER_APPLY_H
#define TG_LEDGER_APPLY_H

#include <stdbool.h>

#include "ledger/state.h"

/* Programme, partner, rule, store or terminal, set whole. */
void apply_config(struct ledger *l, const struct record *r);

/* Rulebook and budgets. */
void apply_rulebook(struct ledger *l, const struct record *r);

/* Components of an earn: made with it, returned by refund and reversal. */
void apply_components(struct ledger *l, const struct record *r);

/* Member row, identifiers. */
void apply_member(struct ledger *l, const struct record *r);

/* What rules know of a member. */
void apply_birthday(struct ledger *l, const struct record *r);

/* What a REOPEN record makes of empty rows; all but their places among others. */
void fill_reopened(struct transaction_row *t, struct detail_row *d, const struct record *r);

/* The rest of a transaction, to be changed; made where there is none.  t: just edited or made. */
struct detail_row *edit_detail(struct ledger *l, struct transaction_row *t);

/* What an EARN or REOPEN record makes of an empty row for its nth part; all but its place. */
void fill_component(struct component_row *row, const struct record *r, uint32_t nth);

/* Transaction row, tombstone or reopened row; before the moves that hang portions on it. */
void apply_transaction(struct ledger *l, const struct record *r);

/* Hold row of a HOLD, before the moves; and what a later record makes of it, after them. */
void apply_hold_made(struct ledger *l, const struct record *r);
void apply_hold_resolved(struct ledger *l, const struct record *r);

/* What a refund or reversal adds to its originals. */
void apply_originals(struct ledger *l, const struct record *r);

/* Regular points, lots, pending points, debts, portions. */
void apply_moves(struct ledger *l, const struct record *r);

/* Sweep and window: rows dropped. */
void apply_sweep(struct ledger *l, const struct record *r);
void apply_forget(struct ledger *l, const struct record *r);

/* What a member has of stored value (value.c). */
void apply_value(struct ledger *l, const struct record *r);

/* Cycles, holidays and statements as the record sets them (apply_settlement.c). */
void apply_settlement(struct ledger *l, const struct record *r);

/* Members joined and parted (apply_matters.c). */
void apply_merge(struct ledger *l, const struct record *r);

/* Countersigned days, proposals and disputes (apply_matters.c). */
void apply_matters(struct ledger *l, const struct record *r);

/* What a record that resolves a hold gave back; a capture of one given back before takes anew. */
static inline int64_t
hold_restored_points(const struct record *r)
{
	int64_t available = record_posted_points(r, ACCOUNT_AVAILABLE);

	return available > 0 ? available : 0;
}

/* Did the request succeed (also as a tombstone)? */
static inline bool
record_is_done(const struct record *r)
{
	return r->status == TG_OK || r->status == TG_ORIGINAL_UNKNOWN;
}

#endif
