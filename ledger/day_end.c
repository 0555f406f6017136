/*
 * day_end.c - does a till have the same of a day as the ledger?
 *
 * Totals are compared here, out of memory.  What differs is looked for in the archive, part by
 * part: here only who may ask for which is decided.
 */
#include <string.h>

#include "ledger/plan.h"

/* What the asker has of a kind; zeros: nothing. */
static struct answer_total
claimed_of(const struct ledger_request *q, uint8_t kind)
{
	for (uint32_t i = 0; i < q->claimed_count; i++) {
		if (q->claimed[i].kind == kind)
			return q->claimed[i];
	}
	return (struct answer_total){ .kind = kind };
}

enum tg_status
answer_day_end(struct plan *p)
{
	struct ledger_answer *a = &p->decision->answer;
	const struct ledger_request *q = p->request;
	uint32_t basis = q->total_basis == TG_BASIS_TILL_DAY ? TOTAL_BASIS_TILL : 0;
	uint32_t scope, owner;
	enum tg_status status = answer_find_owner(p, &scope, &owner);
	bool is_agreed = true;

	a->business_date = ledger_business_date(p->ledger);
	if (status != TG_OK)
		return status;
	if (q->total_day <= ledger_state(p->ledger)->sweep_day)
		return TG_TOO_OLD;
	for (uint32_t i = 0; i < TG_PROOF_KINDS; i++) {
		struct answer_total own = { .kind = tg_proof_kinds[i] };
		const struct answer_total claimed = claimed_of(q, own.kind);

		answer_read_total(p->ledger,
				  state_total_key(q->total_day, basis | scope, own.kind, owner),
				  &own);
		is_agreed = is_agreed && own.count == claimed.count &&
			    own.points == claimed.points && own.amount == claimed.amount;
		if (own.count > 0)
			a->totals[a->total_count++] = own;
	}
	if (!is_agreed) {
		a->result = TG_RESULT_OUT_OF_BALANCE;
		return TG_OK;
	}
	a->result = a->total_count > 0 ? TG_RESULT_AGREED : TG_RESULT_NOTHING;
	a->total_count = 0;
	return TG_OK;
}

/* A till in a store proves its own day; its store's and partner's are for the partner's system. */
static enum tg_status
check_scope(const struct plan *p)
{
	if (p->request->total_scope != TG_SCOPE_TERMINAL && p->terminal->config.store != 0)
		return TG_FORBIDDEN;
	return TG_OK;
}

enum tg_status
answer_buckets(struct plan *p)
{
	struct ledger_answer *a = &p->decision->answer;
	const struct ledger_request *q = p->request;
	uint32_t bits;
	enum tg_status status = check_scope(p);

	/* The last byte of a place has no next one to divide by. */
	if (status == TG_OK && q->divide == TG_DIVIDE_PARTS &&
	    q->selection.prefix_bytes == TG_PREFIX_BYTES_MAX) {
		a->field = TG_FIELD_PREFIX;
		status = TG_BAD_FIELD;
	}
	if (status == TG_OK)
		status = answer_find_owner(p, &bits, &a->proof_owner);
	return status == TG_OK ? answer_page(p) : status;
}
