/*
 * apply.c - bring a record about.
 *
 * Postings move the accounts, the other parts move rows; totals and day counters are sums over the
 * records.  Rows of accounts and totals are found by key, so their numbers need no naming.
 */
#include "ledger/apply.h"

#include "ledger/points.h"

static void
post(struct ledger *l, const struct posting *p)
{
	uint64_t key = state_account_key(p->account, p->unit, p->partner);
	uint32_t row = state_find_account(l, key);
	struct account_row *account;

	if (row == TABLE_NONE) {
		row = table_free_peek(&l->accounts, 0);
		account = table_claim(&l->accounts, row);
		account->key = key;
		index_insert(&l->accounts_by_key, state_hash_u64(key), row);
	} else {
		account = table_edit(&l->accounts, row);
	}
	account->balance_points += p->points;
	TG_ASSERT(points_is_balance(account->balance_points));
}

/* Points that the day's totals show: granted, burned, reserved; signed for refund and reversal. */
static int64_t
total_points(const struct record *r)
{
	if (r->kind == RECORD_REFUND || r->kind == RECORD_REVERSE)
		return RECORD_HAS(r, REFUNDED) ? r->restored_points - r->taken_points : 0;
	return RECORD_HAS(r, AMOUNT) ? r->points : 0;
}

static void
add_total(struct ledger *l, const struct record *r, int32_t day, uint32_t bits, uint32_t owner)
{
	uint64_t key = state_total_key(day, bits, r->kind, owner);
	uint32_t row = state_find_total(l, key);
	struct total_row *total;

	if (row == TABLE_NONE) {
		row = table_free_peek(&l->totals, 0);
		total = table_claim(&l->totals, row);
		total->key = key;
		index_insert(&l->totals_by_key, state_hash_u64(key), row);
	} else {
		total = table_edit(&l->totals, row);
	}
	total->count++;
	total->points += total_points(r);
	total->amount += RECORD_HAS(r, AMOUNT) ? r->amount : 0;
}

static void
add_totals(struct ledger *l, const struct record *r)
{
	uint32_t bits = record_is_done(r) ? 0 : TOTAL_DECLINED;

	add_total(l, r, r->business_date, bits, r->terminal);
	add_total(l, r, r->business_date, bits | TOTAL_SCOPE_PARTNER, r->partner);
	if (RECORD_HAS(r, TILL) && r->till_day != DAY_NONE) {
		bits |= TOTAL_BASIS_TILL;
		add_total(l, r, r->till_day, bits, r->terminal);
		add_total(l, r, r->till_day, bits | TOTAL_SCOPE_PARTNER, r->partner);
	}
}

/* The day whose limits a record counts for. */
static int32_t
counted_day(const struct record *r)
{
	return RECORD_HAS(r, COUNTED) ? r->counted_day : r->business_date;
}

static bool
is_burn(const struct record *r)
{
	return r->kind == RECORD_BURN || r->kind == RECORD_CAPTURE;
}

static void
count_decline(struct terminal_row *terminal, const struct record *r)
{
	if (terminal->declines_day != r->business_date)
		terminal->declines_today = 0;
	terminal->declines_day = r->business_date;
	terminal->declines_today++;
}

static void
count_terminal_day(struct ledger *l, const struct record *r)
{
	uint32_t row = state_find_terminal(l, r->terminal);
	bool is_decline = !record_is_done(r) || (r->flags & RECORD_TOMBSTONE) != 0;
	int32_t day = counted_day(r);
	struct terminal_row *terminal;
	struct terminal_day *counters;

	if (row == TABLE_NONE || (!is_decline && r->kind != RECORD_EARN && !is_burn(r)))
		return;
	terminal = table_edit(&l->terminals, row);
	if (is_decline) {
		count_decline(terminal, r);
		return;
	}
	counters = &terminal->days[state_terminal_day(day)];
	if (counters->day > day)
		return;
	if (counters->day < day)
		*counters = (struct terminal_day){ .day = day };
	if (r->kind == RECORD_EARN)
		counters->earned_points += r->points;
	else
		counters->burned_points += r->points;
}

static void
count_member_day(struct ledger *l, const struct record *r)
{
	int32_t day = counted_day(r);
	struct member_row *member;

	if (!record_is_done(r) || (r->kind != RECORD_EARN && !is_burn(r)) ||
	    ledger_member_row(l, (uint32_t)r->member)->counters_day > day)
		return;
	member = table_edit(&l->members, (uint32_t)r->member);
	if (member->counters_day != day) {
		member->counters_day = day;
		member->earned_today_points = 0;
		member->burned_today_points = 0;
	}
	if (r->kind == RECORD_EARN)
		member->earned_today_points += r->points;
	else
		member->burned_today_points += r->points;
}

void
ledger_apply(struct ledger *l, const struct record *r)
{
	struct state_row *state = table_edit(&l->state, STATE_ROW);

	TG_ASSERT(r->sequence == state->sequence + 1);
	state->sequence = r->sequence;
	state->booked_at_utc_ms = r->booked_at_utc_ms;
	if (RECORD_HAS(r, DATE))
		state->business_date = r->next_business_date;
	apply_config(l, r);
	apply_member(l, r);
	apply_transaction(l, r);
	apply_hold_made(l, r);
	apply_moves(l, r);
	apply_hold_resolved(l, r);
	apply_originals(l, r);
	apply_sweep(l, r);
	apply_forget(l, r);
	if (RECORD_HAS(r, POSTINGS)) {
		for (uint32_t i = 0; i < r->posting_count; i++)
			post(l, &r->postings[i]);
	}
	if (RECORD_HAS(r, TRANSACTION) && RECORD_HAS(r, PRINCIPAL) && r->kind != RECORD_REOPEN) {
		if ((r->flags & RECORD_TEST) == 0)
			add_totals(l, r);
		count_terminal_day(l, r);
		if (RECORD_HAS(r, MEMBER))
			count_member_day(l, r);
	}
}
