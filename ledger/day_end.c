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

/* Does the archive have what the ledger's totals say, as long as these are kept? */
static bool
agrees_with_archive(const struct plan *p, uint32_t bits, uint32_t owner)
{
	const struct ledger_request *q = p->request;

	if (q->total_day <= ledger_state(p->ledger)->sweep_day)
		return true;
	for (uint32_t i = 0; i < TG_PROOF_KINDS; i++) {
		const struct answer_total *other = &q->archived_day->totals[i];
		struct answer_total own = { .kind = tg_proof_kinds[i] };

		answer_read_total(p->ledger,
				  state_total_key(q->total_day, bits, own.kind, owner), &own);
		if (own.count != other->count || own.points != other->points ||
		    own.amount != other->amount)
			return false;
	}
	return true;
}

/* Is what the asker has what the archive and the ledger have, and can it change no more? */
static enum tg_status
check_day(const struct plan *p, uint32_t bits, uint32_t owner)
{
	const struct ledger_request *q = p->request;
	const struct archived_day *day = q->archived_day;

	if (q->total_basis == TG_BASIS_BUSINESS_DATE && !day->is_complete)
		return day->is_behind ? TG_DATABASE : TG_DAY_OPEN;
	if (day->is_behind && !day->is_complete)
		return TG_DATABASE;
	if (memcmp(day->digest, q->digest, sizeof(day->digest)) != 0 ||
	    !agrees_with_archive(p, bits, owner))
		return TG_OUT_OF_BALANCE;
	return TG_OK;
}

/* What the owner signs now, linked to what it signed before.  False: it has signed just that. */
static bool
make_proof(const struct plan *p, uint32_t row, struct day_proof *proof)
{
	const struct ledger_request *q = p->request;
	struct tg_proof_link link = { .scope = (enum tg_scope)proof->scope,
				      .owner = proof->owner,
				      .basis = (enum tg_basis)proof->basis,
				      .day = proof->day };

	memcpy(link.digest, q->digest, sizeof(link.digest));
	if (row != TABLE_NONE) {
		const struct day_proof *last = &ledger_proof_row(p->ledger, row)->proof;

		if (last->day == proof->day &&
		    memcmp(last->digest, q->digest, sizeof(last->digest)) == 0)
			return false;
		memcpy(link.before, last->chain, sizeof(link.before));
	}
	memcpy(proof->digest, q->digest, sizeof(proof->digest));
	for (uint32_t i = 0; i < TG_PROOF_KINDS; i++)
		proof->count += q->archived_day->totals[i].count;
	tg_proof_chain(&link, proof->chain);
	return true;
}

/* It is signed already: the same answer as then. */
static enum tg_status
answer_signed(struct plan *p, uint32_t row)
{
	struct ledger_answer *a = &p->decision->answer;
	const struct proof_row *proof = ledger_proof_row(p->ledger, row);

	a->is_replay = true;
	a->sequence = proof->sequence;
	memcpy(a->chain, proof->proof.chain, sizeof(a->chain));
	return TG_OK;
}

enum tg_status
plan_countersign(struct plan *p)
{
	const struct ledger_request *q = p->request;
	struct ledger_answer *a = &p->decision->answer;
	struct day_proof proof = { .day = q->total_day,
				   .scope = q->total_scope,
				   .basis = q->total_basis };
	uint32_t basis = q->total_basis == TG_BASIS_TILL_DAY ? TOTAL_BASIS_TILL : 0;
	uint32_t bits, row;
	enum tg_status status = check_scope(p);
	struct record *r;

	if (status == TG_OK)
		status = answer_find_owner(p, &bits, &proof.owner);
	if (status != TG_OK)
		return status;
	a->proof_owner = proof.owner;
	a->wants_archive = q->archived_day == NULL;
	if (q->archived_day == NULL)
		return TG_DATABASE;
	status = check_day(p, basis | bits, proof.owner);
	if (status != TG_OK)
		return status;
	row = state_find_proof(p->ledger,
			       state_proof_key(proof.scope, proof.basis, proof.owner));
	if (!make_proof(p, row, &proof))
		return answer_signed(p, row);
	if (row == TABLE_NONE)
		row = table_free_peek(&p->ledger->proofs, 0);
	if (row == TABLE_NONE)
		return TG_TABLE_FULL;
	r = plan_begin(p, RECORD_DAY_PROOF);
	r->sections |= RECORD_HAS_BIT(PRINCIPAL) | RECORD_HAS_BIT(DAY_PROOF);
	r->partner = p->partner->number;
	r->store = p->store;
	r->terminal = p->terminal->config.number;
	r->proof_row = row;
	r->day_proof = proof;
	memcpy(a->chain, proof.chain, sizeof(a->chain));
	return plan_finish(p);
}
