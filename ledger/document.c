/*
 * document.c - statements for the partners they are of: who may read which, and who says that one
 * is right.
 *
 * What a statement says is in the archive; the ledger knows what has become of it.
 */
#include <string.h>

#include "ledger/plan.h"

/* A statement that the archive lacks: it may not have come there yet, or there is none. */
static enum tg_status
missing(const struct plan *p)
{
	const uint32_t row = state_find_statement(p->ledger, p->partner->number,
						  p->request->document_cycle);

	return row == TABLE_NONE ? TG_UNKNOWN_STATEMENT : TG_DATABASE;
}

enum tg_status
answer_document(struct plan *p)
{
	const struct ledger_request *q = p->request;

	/* What a partner owes is for its system, not for a till. */
	if (p->terminal->config.store != 0)
		return TG_FORBIDDEN;
	if (q->document_cycle != 0 && q->archived_statement != NULL &&
	    !q->archived_statement->is_found)
		return missing(p);
	return answer_page(p);
}

enum tg_status
plan_acknowledge(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const uint32_t row =
		state_find_statement(p->ledger, p->partner->number, q->document_cycle);
	enum statement_state state;
	struct record *r;

	if (p->terminal->config.store != 0)
		return TG_FORBIDDEN;
	if (q->archived_statement == NULL) {
		p->decision->answer.wants_archive = true;
		return TG_DATABASE;
	}
	if (!q->archived_statement->is_found)
		return missing(p);
	if (memcmp(q->archived_statement->chain, q->digest, sizeof(q->digest)) != 0)
		return TG_OUT_OF_BALANCE;
	if (row == TABLE_NONE)
		return TG_UNKNOWN_STATEMENT;
	state = (enum statement_state)ledger_statement_row(p->ledger, row)->state;
	if (state == STATEMENT_ACKNOWLEDGED) {
		p->decision->answer.is_replay = true;
		return TG_OK;
	}
	if (state == STATEMENT_PAID)
		return TG_STATEMENT_STATE;
	r = plan_begin(p, RECORD_STATEMENT);
	r->sections |= RECORD_HAS_BIT(PRINCIPAL) | RECORD_HAS_BIT(STATEMENT);
	r->partner = p->partner->number;
	r->store = p->store;
	r->terminal = p->terminal->config.number;
	r->statement_row = row;
	r->statement_partner = p->partner->number;
	r->statement_cycle = q->document_cycle;
	r->statement_state = STATEMENT_ACKNOWLEDGED;
	return plan_finish(p);
}
