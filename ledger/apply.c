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

/*
 * Points that the day's totals show: granted, burned, reserved; signed for refund, reversal and
 * exchange, whose two directions are of one kind.
 */
static int64_t
total_points(const struct record *r)
{
	if (r->kind == RECORD_REFUND || r->kind == RECORD_REVERSE)
		return RECORD_HAS(r, REFUNDED) ? r->restored_points - r->taken_points : 0;
	if ((r->flags & RECORD_OUT) != 0)
		return -r->points;
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

/* For the terminal, its store and its partner. */
static void
add_totals_of_day(struct ledger *l, const struct record *r, int32_t day, uint32_t bits)
{
	add_total(l, r, day, bits, r->terminal);
	add_total(l, r, day, bits | TOTAL_SCOPE_PARTNER, r->partner);
	if (r->store != 0)
		add_total(l, r, day, bits | TOTAL_SCOPE_STORE, r->store);
}

static void
add_totals(struct ledger *l, const struct record *r)
{
	uint32_t bits = record_is_done(r) ? 0 : TOTAL_DECLINED;

	add_totals_of_day(l, r, r->business_date, bits);
	if (RECORD_HAS(r, TILL) && r->till_day != DAY_NONE)
		add_totals_of_day(l, r, r->till_day, bits | TOTAL_BASIS_TILL);
}

/* The day whose limits a record counts for. */
static int32_t
counted_day(const struct record *r)
{
	return RECORD_HAS(r, COUNTED) ? r->counted_day : r->business_date;
}

/* Does a record or row of this kind count as points earned, or as points burned? */
static bool
counts_as_earned(uint8_t kind, uint16_t flags)
{
	return kind == RECORD_EARN || (kind == RECORD_EXCHANGE && (flags & RECORD_OUT) == 0);
}

static bool
counts_as_burned(uint8_t kind, uint16_t flags)
{
	return kind == RECORD_BURN || kind == RECORD_CAPTURE ||
	       (kind == RECORD_EXCHANGE && (flags & RECORD_OUT) != 0);
}

static void
count_decline(struct ledger *l, const struct record *r)
{
	struct terminal_row *terminal =
		table_edit(&l->terminals, state_find_terminal(l, r->terminal));

	if (terminal->declines_day != r->business_date)
		terminal->declines_today = 0;
	terminal->declines_day = r->business_date;
	terminal->declines_today++;
}

/* Add to what a terminal did on a day, if that day is still kept. */
static void
add_terminal_day(struct ledger *l, uint32_t number, int32_t day, bool is_earned, int64_t points)
{
	struct terminal_row *terminal = table_edit(&l->terminals, state_find_terminal(l, number));
	struct terminal_day *counters = &terminal->days[state_terminal_day(day)];

	if (counters->day > day)
		return;
	if (counters->day < day)
		*counters = (struct terminal_day){ .day = day };
	if (is_earned)
		counters->earned_points += points;
	else
		counters->burned_points += points;
}

/* ... and a member, of whom one day is kept. */
static void
add_member_day(struct ledger *l, uint32_t row, int32_t day, bool is_earned, int64_t points)
{
	struct member_row *member;

	if (ledger_member_row(l, row)->counters_day > day)
		return;
	member = table_edit(&l->members, row);
	if (member->counters_day != day) {
		member->counters_day = day;
		member->earned_today_points = 0;
		member->burned_today_points = 0;
	}
	if (is_earned)
		member->earned_today_points += points;
	else
		member->burned_today_points += points;
}

static void
count_day(struct ledger *l, const struct record *r)
{
	const bool is_earned = counts_as_earned(r->kind, r->flags);
	int32_t day = counted_day(r);

	if (state_find_terminal(l, r->terminal) == TABLE_NONE)
		return;
	if (!record_is_done(r) || (r->flags & RECORD_TOMBSTONE) != 0) {
		count_decline(l, r);
	} else if (is_earned || counts_as_burned(r->kind, r->flags)) {
		add_terminal_day(l, r->terminal, day, is_earned, r->points);
		add_member_day(l, (uint32_t)r->member, day, is_earned, r->points);
	}
}

/* What is undone whole counts for no limit any more. */
static void
uncount_original(struct ledger *l, const struct record *r)
{
	uint32_t row = r->original_row != TABLE_NONE ? r->original_row : r->original_burn_row;
	const struct transaction_row *t = row == TABLE_NONE ? NULL : ledger_transaction_row(l, row);
	bool is_earned;
	int32_t day;

	/* One opened again is of a day long gone. */
	if (t == NULL || t->kept_from_utc_ms != t->booked_at_utc_ms)
		return;
	day = t->business_date - t->days_late;
	is_earned = counts_as_earned(t->kind, t->flags);
	add_terminal_day(l, t->terminal, day, is_earned, -t->points);
	add_member_day(l, t->member_row, day, is_earned, -t->points);
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
	apply_settlement(l, r);
	apply_matters(l, r);
	apply_member(l, r);
	apply_transaction(l, r);
	if (r->sections > UINT32_MAX) {
		apply_merge(l, r);
		apply_rulebook(l, r);
		apply_components(l, r);
		apply_value(l, r);
		apply_birthday(l, r);
	}
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
		count_day(l, r);
		if (r->kind == RECORD_REVERSE && r->status == TG_OK && RECORD_HAS(r, ORIGINAL))
			uncount_original(l, r);
	}
}
