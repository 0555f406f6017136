/*
 * prefetch.c - ask for the memory that a decision will read, or a record change.
 *
 * The links of a decision's chain: terminal and identifier by their indexes, the transaction id
 * under the terminal's partner, the member's row, its first lot.  A record names its rows but for
 * the terminal's and the totals'.  Rows are taken by their tag in the index: a wrong guess costs a
 * line of cache and nothing else.
 */
#include "ledger/apply.h"
#include "ledger/ledger.h"

#define LINE_BYTES 64 /* of cache */

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

/* All of a row that will be changed: every line of it is hashed before and after. */
static void
prefetch_changed(const struct table *table, uint32_t row)
{
	if (row == TABLE_NONE)
		return;
	for (uint32_t at = 0; at < table->config.row_bytes; at += LINE_BYTES)
		__builtin_prefetch(table_bytes(table, row) + at, 1);
}

/* Of those rows that a record names, what its moves change. */
static void
prefetch_moved(const struct ledger *l, const struct record *r)
{
	for (uint32_t i = 0; i < r->move_count; i++) {
		const struct move *m = &r->moves[i];

		if (m->kind == MOVE_LOT)
			prefetch_changed(&l->lots, m->row);
		else if (m->kind == MOVE_PENDING)
			prefetch_changed(&l->pendings, m->row);
		else if (m->kind == MOVE_PORTION)
			prefetch_changed(&l->portions, m->row);
	}
}

/* Hash of the key under which the record is counted for one of its owners (see apply.c). */
static uint64_t
total_hash(const struct record *r, uint32_t scope, uint32_t owner)
{
	uint32_t bits = scope | (record_is_done(r) ? 0 : TOTAL_DECLINED);

	return state_hash_u64(state_total_key(r->business_date, bits, r->kind, owner));
}

static void
prefetch_named(const struct ledger *l, const struct record *r)
{
	index_prefetch(&l->transactions_by_id,
		       state_hash_transaction(r->partner, r->transaction_id));
	if (RECORD_HAS(r, TILL) && r->receipt_bytes > 0)
		index_prefetch(&l->transactions_by_receipt, state_hash_16(r->receipt_key));
	index_prefetch(&l->terminals_by_number, state_hash_u64(r->terminal));
	index_prefetch(&l->totals_by_key, total_hash(r, 0, r->terminal));
	index_prefetch(&l->totals_by_key, total_hash(r, TOTAL_SCOPE_STORE, r->store));
	if (RECORD_HAS(r, MEMBER))
		prefetch_changed(&l->members, (uint32_t)r->member);
	if (RECORD_HAS(r, MOVES))
		prefetch_moved(l, r);
	if (RECORD_HAS(r, HOLD))
		prefetch_changed(&l->holds, r->hold_row);
	if (RECORD_HAS(r, ORIGINAL)) {
		prefetch_changed(&l->transactions, r->original_row);
		prefetch_changed(&l->transactions, r->original_burn_row);
	}
}

static void
prefetch_looked_up(const struct ledger *l, const struct record *r)
{
	prefetch_changed(&l->terminals,
			 index_candidate(&l->terminals_by_number, state_hash_u64(r->terminal)));
	prefetch_changed(&l->totals,
			 index_candidate(&l->totals_by_key, total_hash(r, 0, r->terminal)));
	prefetch_changed(&l->totals,
			 index_candidate(&l->totals_by_key,
					 total_hash(r, TOTAL_SCOPE_STORE, r->store)));
}

void
ledger_prefetch_record(const struct ledger *l, const struct record *r, unsigned stage)
{
	TG_ASSERT(stage < LEDGER_PREFETCH_RECORD_STAGES);
	if (!RECORD_HAS(r, TRANSACTION) || !RECORD_HAS(r, PRINCIPAL))
		return;
	if (stage == 0)
		prefetch_named(l, r);
	else
		prefetch_looked_up(l, r);
}
