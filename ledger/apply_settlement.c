/*
 * apply_settlement.c - cycles, holidays and statements as records set them.
 */
#include "ledger/apply.h"

static void
set_cycle(struct ledger *l, const struct record *r)
{
	const bool is_new = !table_is_live(&l->cycles, r->cycle_row);
	struct cycle_row *row = is_new ? table_claim(&l->cycles, r->cycle_row) :
					 table_edit(&l->cycles, r->cycle_row);

	row->key = r->cycle_image.partner;
	row->config = r->cycle_image;
	row->open = r->cycle_open;
	if (is_new)
		index_insert(&l->cycles_by_partner, state_hash_u64(row->key), r->cycle_row);
}

static void
set_holiday(struct ledger *l, const struct record *r)
{
	const bool is_new = !table_is_live(&l->holidays, r->holiday_row);
	struct holiday_row *row = is_new ? table_claim(&l->holidays, r->holiday_row) :
					   table_edit(&l->holidays, r->holiday_row);

	row->key = (uint64_t)r->holiday.calendar << 32 | (uint32_t)r->holiday.day;
	row->is_rest = r->holiday.is_rest;
	if (is_new)
		index_insert(&l->holidays_by_day, state_hash_u64(row->key), r->holiday_row);
}

/* A statement begins; one of long ago is remembered no more. */
static void
close_cycle(struct ledger *l, const struct record *r)
{
	struct statement_row *row = table_claim(&l->statements, r->statement_row);
	uint32_t old = TABLE_NONE;

	row->key = (uint64_t)r->closed.partner << 32 | r->closed.number;
	row->first_day = r->closed.first_day;
	row->last_day = r->closed.last_day;
	row->state = STATEMENT_CLOSED;
	row->closed_sequence = r->sequence;
	index_insert(&l->statements_by_cycle, state_hash_u64(row->key), r->statement_row);
	if (r->closed.number > STATEMENTS_KEPT)
		old = state_find_statement(l, r->closed.partner,
					   r->closed.number - STATEMENTS_KEPT);
	if (old == TABLE_NONE)
		return;
	index_remove(&l->statements_by_cycle, state_hash_u64(ledger_statement_row(l, old)->key),
		     old);
	table_release(&l->statements, old);
}

void
apply_settlement(struct ledger *l, const struct record *r)
{
	if (RECORD_HAS(r, CYCLE))
		set_cycle(l, r);
	if (RECORD_HAS(r, HOLIDAY))
		set_holiday(l, r);
	if (RECORD_HAS(r, CLOSED))
		close_cycle(l, r);
	if (RECORD_HAS(r, STATEMENT)) {
		struct statement_row *row = table_edit(&l->statements, r->statement_row);

		row->state = r->statement_state;
	}
}
