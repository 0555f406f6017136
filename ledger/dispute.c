/*
 * dispute.c - a partner says that one of its entries is wrong; an operator decides.
 *
 * The entry stays as it is.  What a decision is worth in money is an item of the partner's open
 * cycle, in the record of the decision.
 */
#include <string.h>

#include "ledger/plan.h"

/* The open dispute about an entry; TABLE_NONE: there is none. */
static uint32_t
find_open(const struct ledger *l, uint64_t about)
{
	for (uint32_t row = 1; row <= l->disputes.rows_used; row++) {
		if (table_is_live(&l->disputes, row) &&
		    ledger_dispute_row(l, row)->dispute.about == about)
			return row;
	}
	return TABLE_NONE;
}

/* The entry that the request names: of the window, or of the archive. */
static enum tg_status
find_entry(struct plan *p, struct dispute *dispute)
{
	const struct ledger_request *q = p->request;
	const struct archived_transaction *archived = q->archived;
	const uint32_t row =
		state_find_transaction(p->ledger, p->partner->number, q->original_id);

	if (row != TABLE_NONE) {
		const struct transaction_row *t = ledger_transaction_row(p->ledger, row);

		if (t->kind == TRANSACTION_TOMBSTONE)
			return TG_UNKNOWN_TRANSACTION;
		dispute->about = t->sequence;
		if (t->member_row != TABLE_NONE)
			dispute->member = state_member_reference(p->ledger, t->member_row);
		return TG_OK;
	}
	if (q->original_time_utc_ms >= plan_window_start(p))
		return TG_UNKNOWN_TRANSACTION;
	if (archived == NULL) {
		p->decision->answer.wants_archive = true;
		return TG_ORIGINAL_ARCHIVED;
	}
	if (!archived->is_found || archived->partner != p->partner->number)
		return TG_UNKNOWN_TRANSACTION;
	dispute->about = archived->sequence;
	dispute->member = archived->member;
	return TG_OK;
}

enum tg_status
plan_dispute(struct plan *p)
{
	const struct ledger_request *q = p->request;
	struct ledger_answer *a = &p->decision->answer;
	struct dispute dispute = { .partner = p->partner->number,
				   .reason = q->dispute_reason,
				   .state = DISPUTE_OPEN,
				   .amount = q->amount };
	uint32_t row = table_free_peek(&p->ledger->disputes, 0), open;
	enum tg_status status = find_entry(p, &dispute);
	struct record *r;

	if (status != TG_OK)
		return status;
	open = find_open(p->ledger, dispute.about);
	if (open != TABLE_NONE) {
		a->is_replay = true;
		a->sequence = ledger_dispute_row(p->ledger, open)->key;
		return TG_OK;
	}
	if (row == TABLE_NONE)
		return TG_TABLE_FULL;
	memcpy(dispute.original_id, q->original_id, sizeof(dispute.original_id));
	r = plan_begin(p, RECORD_DISPUTE);
	r->sections |= RECORD_HAS_BIT(PRINCIPAL) | RECORD_HAS_BIT(DISPUTE);
	r->partner = p->partner->number;
	r->store = p->store;
	r->terminal = p->terminal->config.number;
	r->dispute_row = row;
	r->dispute = dispute;
	r->dispute.number = r->sequence;
	return plan_finish(p);
}

enum tg_status
plan_end_dispute(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const uint32_t row = state_find_dispute(p->ledger, q->matter);
	const struct dispute *dispute;
	struct record *r;

	if (row == TABLE_NONE)
		return TG_UNKNOWN_MATTER;
	dispute = &ledger_dispute_row(p->ledger, row)->dispute;
	if (q->text_bytes == 0)
		return TG_MISSING_FIELD;
	if (q->amount < -TG_AMOUNT_MAX || q->amount > TG_AMOUNT_MAX ||
	    (q->amount != 0 && !q->is_upheld))
		return TG_BAD_FIELD;
	if (q->amount != 0 && state_find_cycle(p->ledger, dispute->partner) == TABLE_NONE)
		return TG_NO_CYCLE;
	r = plan_begin_order(p, RECORD_DISPUTE_END);
	r->sections |= RECORD_HAS_BIT(DISPUTE);
	r->dispute_row = row;
	r->dispute = *dispute;
	r->dispute.state = q->is_upheld ? DISPUTE_UPHELD : DISPUTE_REJECTED;
	if (q->amount != 0) {
		/* What the partner gets, it owes less. */
		r->sections |= RECORD_HAS_BIT(ITEM);
		r->item = (struct settlement_item){ .partner = dispute->partner,
						    .amount = -q->amount,
						    .about = dispute->about };
	}
	return plan_finish(p);
}

uint64_t
ledger_dispute_after(const struct ledger *l, uint64_t number, struct dispute *ret_dispute)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t row = 1; row <= l->disputes.rows_used; row++) {
		if (!table_is_live(&l->disputes, row) ||
		    ledger_dispute_row(l, row)->key <= number ||
		    ledger_dispute_row(l, row)->key >= next)
			continue;
		next = ledger_dispute_row(l, row)->key;
		*ret_dispute = ledger_dispute_row(l, row)->dispute;
	}
	return next == UINT64_MAX ? 0 : next;
}
