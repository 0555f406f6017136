/*
 * proposal.c - commands that need a second operator: proposed, approved, rejected, expired.
 *
 * A proposal is the command in words.  Approved, it is run again as a command of the second
 * operator, whose record then names both; what the command does is decided then, not before.
 */
#include <string.h>

#include "ledger/plan.h"

static struct record *
begin_proposal(struct plan *p, enum record_kind kind, uint32_t row)
{
	struct record *r = plan_begin(p, kind);

	r->sections |= RECORD_HAS_BIT(PROPOSAL);
	r->proposal_row = row;
	return r;
}

enum tg_status
plan_propose(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const uint32_t row = table_free_peek(&p->ledger->proposals, 0);
	struct record *r;

	if (q->operator_name[0] == 0 || q->proposal_bytes == 0 ||
	    q->proposal_bytes > PROPOSAL_TEXT_BYTES || q->expires_in_ms < 1)
		return TG_BAD_FIELD;
	if (row == TABLE_NONE)
		return TG_TABLE_FULL;
	r = begin_proposal(p, RECORD_PROPOSAL, row);
	plan_add_operator(p);
	memset(&r->proposal, 0, sizeof(r->proposal));
	r->proposal.number = r->sequence;
	r->proposal.expires_utc_ms = p->now->utc_ms + q->expires_in_ms;
	r->proposal.state = PROPOSAL_OPEN;
	memcpy(r->proposal.proposer, q->operator_name, sizeof(r->proposal.proposer));
	r->proposal.text_bytes = q->proposal_bytes;
	memcpy(r->proposal.text, q->proposal, q->proposal_bytes);
	return plan_finish(p);
}

enum tg_status
plan_check_approval(const struct plan *p)
{
	const struct ledger_request *q = p->request;
	const uint32_t row = state_find_proposal(p->ledger, q->approves);
	const struct proposal *proposal;

	if (row == TABLE_NONE)
		return TG_UNKNOWN_MATTER;
	proposal = &ledger_proposal_row(p->ledger, row)->proposal;
	if (p->now->utc_ms >= proposal->expires_utc_ms)
		return TG_PROPOSAL_EXPIRED;
	if (q->operator_name[0] == 0 ||
	    memcmp(proposal->proposer, q->operator_name, sizeof(proposal->proposer)) == 0)
		return TG_SAME_OPERATOR;
	return TG_OK;
}

void
plan_add_approval(struct plan *p)
{
	struct record *r = p->record;

	r->sections |= RECORD_HAS_BIT(PROPOSAL);
	r->proposal_row = state_find_proposal(p->ledger, p->request->approves);
	r->proposal = ledger_proposal_row(p->ledger, r->proposal_row)->proposal;
	r->proposal.state = PROPOSAL_APPROVED;
}

/* The proposer may take it back, and anybody may reject it. */
enum tg_status
plan_end_proposal(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const uint32_t row = state_find_proposal(p->ledger, q->matter);
	struct record *r;

	if (row == TABLE_NONE)
		return TG_UNKNOWN_MATTER;
	r = begin_proposal(p, RECORD_PROPOSAL_END, row);
	plan_add_operator(p);
	r->proposal = ledger_proposal_row(p->ledger, row)->proposal;
	r->proposal.state = PROPOSAL_REJECTED;
	return plan_finish(p);
}

bool
plan_expire_proposal(struct plan *p)
{
	const struct table *table = &p->ledger->proposals;
	uint64_t oldest = UINT64_MAX;
	uint32_t found = TABLE_NONE;
	struct record *r;

	/* The lowest number: where rows lie decides nothing. */
	for (uint32_t row = 1; row <= table->rows_used; row++) {
		const struct proposal_row *proposal;

		if (!table_is_live(table, row))
			continue;
		proposal = ledger_proposal_row(p->ledger, row);
		if (p->now->utc_ms < proposal->proposal.expires_utc_ms || proposal->key >= oldest)
			continue;
		oldest = proposal->key;
		found = row;
	}
	if (found == TABLE_NONE)
		return false;
	r = begin_proposal(p, RECORD_PROPOSAL_END, found);
	r->proposal = ledger_proposal_row(p->ledger, found)->proposal;
	r->proposal.state = PROPOSAL_EXPIRED;
	return true;
}

uint64_t
ledger_proposal_after(const struct ledger *l, uint64_t number, struct proposal *ret_proposal)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t row = 1; row <= l->proposals.rows_used; row++) {
		const struct proposal_row *proposal;

		if (!table_is_live(&l->proposals, row))
			continue;
		proposal = ledger_proposal_row(l, row);
		if (proposal->key <= number || proposal->key >= next)
			continue;
		next = proposal->key;
		*ret_proposal = proposal->proposal;
	}
	return next == UINT64_MAX ? 0 : next;
}
