/*
 * prefetch.c - ask for the memory that a decision will read.
 *
 * The links of the chain: terminal and identifier by their indexes, the transaction id under the
 * terminal's partner, the member's row, its first lot.  Rows are taken by their tag in the index: a
 * wrong guess costs a line of cache and nothing else.
 */
#include "ledger/ledger.h"
#include "ledger/state.h"

static void
prefetch_row(const struct table *table, uint32_t row)
{
	if (row != TABLE_NONE)
		__builtin_prefetch(table_bytes(table, row));
}

/* The member that the request names; TABLE_NONE: it is not known yet. */
static uint32_t
find_member(const struct ledger *l, const struct ledger_request *q)
{
	uint32_t row;

	if (q->member != 0)
		return state_find_member(l, q->member);
	if (q->identifier.type == 0)
		return TABLE_NONE;
	row = state_find_identifier(l, q->identifier.hash);
	return row == TABLE_NONE ? TABLE_NONE : ledger_identifier_row(l, row)->member_row;
}

static void
prefetch_indexes(const struct ledger *l, const struct ledger_request *q)
{
	index_prefetch(&l->terminals_by_number, state_hash_u64(q->principal));
	if (q->identifier.type != 0)
		index_prefetch(&l->identifiers_by_hash, state_hash_16(q->identifier.hash));
}

static void
prefetch_found(const struct ledger *l, const struct ledger_request *q)
{
	prefetch_row(&l->terminals,
		     index_candidate(&l->terminals_by_number, state_hash_u64(q->principal)));
	if (q->identifier.type != 0)
		prefetch_row(&l->identifiers,
			     index_candidate(&l->identifiers_by_hash,
					     state_hash_16(q->identifier.hash)));
}

static void
prefetch_member(const struct ledger *l, const struct ledger_request *q)
{
	uint32_t terminal = state_find_terminal(l, q->principal);

	if (terminal != TABLE_NONE) {
		uint32_t partner = ledger_terminal_row(l, terminal)->config.partner;

		index_prefetch(&l->transactions_by_id,
			       state_hash_transaction(partner, q->transaction_id));
	}
	prefetch_row(&l->members, find_member(l, q));
}

static void
prefetch_lot(const struct ledger *l, const struct ledger_request *q)
{
	uint32_t member = find_member(l, q);

	if (member != TABLE_NONE)
		prefetch_row(&l->lots, ledger_member_row(l, member)->first_lot);
}

void
ledger_prefetch(const struct ledger *l, const struct ledger_request *q, unsigned stage)
{
	static void (*const stages[LEDGER_PREFETCH_STAGES])(const struct ledger *,
							    const struct ledger_request *) = {
		prefetch_indexes, prefetch_found, prefetch_member, prefetch_lot,
	};

	TG_ASSERT(stage < LEDGER_PREFETCH_STAGES);
	if (q->principal != 0)
		stages[stage](l, q);
}
