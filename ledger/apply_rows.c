/*
 * apply_rows.c - transactions and holds: made, changed by later records, dropped.
 */
#include <string.h>

#include "ledger/apply.h"

/* Enter a row into the index and the queue of the window. */
static void
enter_window(struct ledger *l, uint32_t row, const struct transaction_row *t)
{
	struct state_row *state = table_edit(&l->state, STATE_ROW);

	index_insert(&l->transactions_by_id, state_hash_transaction(t->partner, t->id), row);
	if (!state_is_zero16(t->receipt_key))
		index_insert(&l->transactions_by_receipt, state_hash_16(t->receipt_key), row);
	if (state->newest_transaction == TABLE_NONE) {
		state->oldest_transaction = row;
	} else {
		struct transaction_row *newest =
		    table_edit(&l->transactions, state->newest_transaction);

		newest->next_entered = row;
	}
	state->newest_transaction = row;
}

/* ... and the member's chain, newest first; what is opened again or buried is not of it. */
static void
enter_transaction(struct ledger *l, uint32_t row, struct transaction_row *t)
{
	enter_window(l, row, t);
	if (t->member_row != 0) {
		struct member_row *member = table_edit(&l->members, t->member_row);

		t->older_of_member = member->newest_transaction;
		member->newest_transaction = row;
	}
}

/* What every row takes from its record. */
static void
fill_transaction(struct transaction_row *t, const struct record *r, const uint8_t *id)
{
	t->sequence = r->sequence;
	memcpy(t->id, id, sizeof(t->id));
	t->partner = r->partner;
	t->store = r->store;
	t->terminal = r->terminal;
	t->member_row = RECORD_HAS(r, MEMBER) ? (uint32_t)r->member : 0;
	t->booked_at_utc_ms = r->booked_at_utc_ms;
	t->kept_from_utc_ms = r->booked_at_utc_ms;
	t->business_date = r->business_date;
	t->status = r->status;
	t->flags = r->flags;
	t->kind = r->kind;
	if (RECORD_HAS(r, COUNTED))
		t->days_late = (uint16_t)(r->business_date - r->counted_day);
}

static void
fill_outcome(struct transaction_row *t, const struct record *r)
{
	if (RECORD_HAS(r, AMOUNT)) {
		t->amount = r->amount;
		t->points = r->points;
		t->rule_version = r->rule_version;
	}
	if (RECORD_HAS(r, EXCHANGE))
		t->rule_version = r->exchange.version;
	if (RECORD_HAS(r, DETAILS)) {
		t->base_points = r->base_points;
		t->bonus_points = r->bonus_points;
	} else if (r->kind == RECORD_EARN) {
		t->base_points = t->points;
	}
	if (RECORD_HAS(r, AFTER)) {
		t->available_points = r->available_points;
		t->next_expiry_day = r->next_expiry_day;
		t->next_expiry_points = r->next_expiry_points;
	}
	if (RECORD_HAS(r, SHARED)) {
		const struct member_sums shown = record_shown(r);

		t->available_points = shown.available_points;
		t->next_expiry_day = shown.next_expiry_day;
		t->next_expiry_points = shown.next_expiry_points;
	}
	if (RECORD_HAS(r, TILL) && r->kind == RECORD_EARN && r->status == TG_OK)
		memcpy(t->receipt_key, r->receipt_key, sizeof(t->receipt_key));
}

/*
 * A refund or reversal keeps what it did; a reopened original what had been done to it; a burn or
 * capture where its points came from.
 */
static bool
has_detail(const struct record *r)
{
	return RECORD_HAS(r, AFTER_OTHER) || RECORD_HAS(r, HOLD) || RECORD_HAS(r, REFUNDED) ||
	       (RECORD_HAS(r, DETAILS) && r->covered != 0) || r->kind == RECORD_BURN ||
	       r->kind == RECORD_CAPTURE || RECORD_HAS(r, EXCHANGE) || RECORD_HAS(r, SHARED) ||
	       RECORD_HAS(r, VALUE);
}

struct detail_row *
edit_detail(struct ledger *l, struct transaction_row *t)
{
	struct detail_row *d;

	if (t->detail != TABLE_NONE)
		return table_edit(&l->details, t->detail);
	t->detail = table_free_peek(&l->details, 0);
	d = table_claim(&l->details, t->detail);
	d->sequence = t->sequence;
	return d;
}

/* Of what a burn or capture took, the part that came from regular points.  Opened again: the part
 * that did not come from portions that are still to be given back. */
static int64_t
regular_part(const struct record *r)
{
	int64_t points = r->points;

	for (uint32_t i = 0; i < r->move_count; i++) {
		const struct move *m = &r->moves[i];

		if (m->kind == MOVE_PORTION && m->flags == MOVE_NEW)
			points -= m->points;
	}
	return points;
}

static void
fill_detail(struct detail_row *d, const struct record *r)
{
	if (RECORD_HAS(r, DETAILS))
		d->covered = r->covered;
	if (RECORD_HAS(r, AFTER_OTHER)) {
		d->pending_points = r->pending_points;
		d->held_points = r->held_points;
		d->debt_points = r->debt_after_points;
	}
	if (RECORD_HAS(r, SHARED)) {
		const struct member_sums shown = record_shown(r);

		d->pending_points = shown.pending_points;
		d->held_points = shown.held_points;
		d->debt_points = shown.debt_points;
	}
	if (RECORD_HAS(r, HOLD)) {
		d->deadline_utc_ms = r->hold_deadline_utc_ms;
		d->hold_row = r->hold_row;
	}
	if (RECORD_HAS(r, REFUNDED)) {
		d->returned_money = r->returned_money;
		d->returned_covered = r->returned_covered;
		d->taken_points = r->taken_points;
		d->absorbed_points = r->absorbed_points;
		d->restored_points = r->restored_points;
		d->lost_points = r->lost_points;
		d->paid_debt_points = r->paid_debt_points;
	}
	if (RECORD_HAS(r, EXCHANGE)) {
		d->own_units = r->exchange.own_units;
		d->rate_position = r->exchange.position;
	}
	if (RECORD_HAS(r, VALUE)) {
		d->value_change = r->value.change - r->value.lent;
		d->value_after = r->value.after + r->value.shared;
	}
	if (record_is_done(r) && (r->kind == RECORD_BURN || r->kind == RECORD_CAPTURE ||
				  (r->flags & RECORD_OUT) != 0))
		d->regular_points = regular_part(r);
}

void
fill_reopened(struct transaction_row *t, struct detail_row *d, const struct record *r)
{
	fill_transaction(t, r, r->transaction_id);
	memcpy(t->fingerprint, r->fingerprint, sizeof(t->fingerprint));
	t->business_time_utc_ms = r->business_time_utc_ms;
	fill_outcome(t, r);
	t->sequence = r->reopened_sequence;
	t->kind = r->reopened_kind;
	t->booked_at_utc_ms = r->reopened_booked_at_utc_ms;
	fill_detail(d, r);
	d->sequence = t->sequence;
	if (t->kind == RECORD_EARN) {
		d->expired_points = r->lost_points;
		d->lost_points = 0;
	}
	d->regular_points = regular_part(r) - d->restored_points - d->lost_points;
}

void
apply_transaction(struct ledger *l, const struct record *r)
{
	struct transaction_row *t;

	if (!RECORD_HAS(r, TRANSACTION))
		return;
	t = table_claim(&l->transactions, r->transaction_row);
	if (r->kind == RECORD_REOPEN) {
		t->sequence = r->reopened_sequence;
		fill_reopened(t, edit_detail(l, t), r);
		enter_window(l, r->transaction_row, t);
		return;
	}
	fill_transaction(t, r, r->transaction_id);
	memcpy(t->fingerprint, r->fingerprint, sizeof(t->fingerprint));
	t->business_time_utc_ms = r->business_time_utc_ms;
	fill_outcome(t, r);
	if (has_detail(r))
		fill_detail(edit_detail(l, t), r);
	enter_transaction(l, r->transaction_row, t);
	if ((r->flags & RECORD_TOMBSTONE) != 0) {
		t = table_claim(&l->transactions, r->original_row);
		fill_transaction(t, r, r->original_id);
		t->sequence |= UINT64_C(1) << 63;
		t->business_time_utc_ms = r->original_time_utc_ms;
		t->kind = TRANSACTION_TOMBSTONE;
		t->status = TG_REVERSED_BEFORE;
		enter_window(l, r->original_row, t);
	}
}

void
apply_hold_made(struct ledger *l, const struct record *r)
{
	struct hold_row *hold;
	struct member_row *member;

	if (r->kind != RECORD_HOLD || r->status != TG_OK)
		return;
	hold = table_claim(&l->holds, r->hold_row);
	hold->sequence = r->sequence;
	memcpy(hold->id, r->transaction_id, sizeof(hold->id));
	hold->partner = r->partner;
	hold->store = r->store;
	hold->terminal = r->terminal;
	hold->member_row = (uint32_t)r->member;
	hold->points = r->points;
	hold->regular_points = r->points;
	hold->amount = (r->flags & RECORD_OF_VALUE) != 0 ? r->amount : 0;
	for (uint32_t i = 0; i < r->move_count; i++) {
		if (r->moves[i].kind == MOVE_PORTION)
			hold->regular_points -= r->moves[i].points;
	}
	hold->deadline_utc_ms = r->hold_deadline_utc_ms;
	hold->state = STATE_OPEN;
	member = table_edit(&l->members, hold->member_row);
	hold->regular_life = member->regular_life;
	hold->next = member->first_hold;
	member->first_hold = r->hold_row;
	index_insert(&l->holds_by_id, state_hash_transaction(hold->partner, hold->id), r->hold_row);
	state_heap_insert(l, r->hold_row);
}

static void
unlink_hold(struct ledger *l, uint32_t row)
{
	const struct hold_row *hold = ledger_hold_row(l, row);
	struct member_row *member = table_edit(&l->members, hold->member_row);
	uint32_t at = member->first_hold;

	if (at == row) {
		member->first_hold = hold->next;
		return;
	}
	while (ledger_hold_row(l, at)->next != row)
		at = ledger_hold_row(l, at)->next;
	((struct hold_row *)table_edit(&l->holds, at))->next = hold->next;
}

/* State that a record leaves its hold in; OPEN: it leaves it alone. */
static enum transaction_state
state_of_hold_after(uint8_t kind)
{
	switch (kind) {
	case RECORD_CAPTURE:
		return STATE_CAPTURED;
	case RECORD_RELEASE:
	case RECORD_REVERSE:
		return STATE_RELEASED;
	case RECORD_HOLD_EXPIRE:
		return STATE_EXPIRED;
	default:
		return STATE_OPEN;
	}
}

void
apply_hold_resolved(struct ledger *l, const struct record *r)
{
	enum transaction_state next = state_of_hold_after(r->kind);
	struct hold_row *hold;

	if (!RECORD_HAS(r, HOLD) || r->status != TG_OK || next == STATE_OPEN)
		return;
	if (ledger_hold_row(l, r->hold_row)->state == STATE_OPEN) {
		state_heap_remove(l, r->hold_row);
		unlink_hold(l, r->hold_row);
	}
	hold = table_edit(&l->holds, r->hold_row);
	hold->state = (uint8_t)next;
	hold->captured_points = r->captured_points;
	hold->restored_points = hold_restored_points(r);
	hold->lost_points = record_posted_points(r, ACCOUNT_BREAKAGE);
	hold->resolved_at_utc_ms = r->booked_at_utc_ms;
	hold->next = TABLE_NONE;
}

void
apply_originals(struct ledger *l, const struct record *r)
{
	bool is_reversal = r->kind == RECORD_REVERSE;

	if (!RECORD_HAS(r, ORIGINAL) || r->status != TG_OK)
		return;
	if (r->original_row != TABLE_NONE) {
		struct transaction_row *earn = table_edit(&l->transactions, r->original_row);

		if (RECORD_HAS(r, REFUNDED)) {
			struct detail_row *d = edit_detail(l, earn);

			d->returned_money += r->returned_money;
			d->returned_covered += r->returned_covered;
			d->taken_points += r->taken_points;
			d->absorbed_points += r->absorbed_points;
		}
		if (is_reversal)
			earn->state = STATE_REVERSED;
		if (is_reversal && !state_is_zero16(earn->receipt_key)) {
			index_remove(&l->transactions_by_receipt, state_hash_16(earn->receipt_key),
				     r->original_row);
			memset(earn->receipt_key, 0, sizeof(earn->receipt_key));
		}
	}
	if (r->original_burn_row != TABLE_NONE) {
		struct transaction_row *burn = table_edit(&l->transactions, r->original_burn_row);

		if (RECORD_HAS(r, REFUNDED)) {
			struct detail_row *d = edit_detail(l, burn);

			d->returned_covered += r->returned_covered;
			d->restored_points += r->restored_points;
			d->lost_points += r->lost_points;
			d->regular_points -= r->restored_regular_points;
		}
		if (is_reversal)
			burn->state = STATE_REVERSED;
	}
}

static void
drop_oldest_transaction(struct ledger *l)
{
	struct state_row *state = table_edit(&l->state, STATE_ROW);
	uint32_t row = state->oldest_transaction;
	const struct transaction_row *t = ledger_transaction_row(l, row);

	for (uint32_t at = t->first_portion; at != TABLE_NONE;) {
		uint32_t next = ledger_portion_row(l, at)->next;

		table_release(&l->portions, at);
		at = next;
	}
	for (uint32_t at = t->first_component; at != TABLE_NONE;) {
		uint32_t next = ledger_component_row(l, at)->next;

		table_release(&l->components, at);
		at = next;
	}
	index_remove(&l->transactions_by_id, state_hash_transaction(t->partner, t->id), row);
	if (!state_is_zero16(t->receipt_key))
		index_remove(&l->transactions_by_receipt, state_hash_16(t->receipt_key), row);
	state->oldest_transaction = t->next_entered;
	if (state->oldest_transaction == TABLE_NONE)
		state->newest_transaction = TABLE_NONE;
	if (t->detail != TABLE_NONE)
		table_release(&l->details, t->detail);
	table_release(&l->transactions, row);
}

void
apply_forget(struct ledger *l, const struct record *r)
{
	if (r->kind != RECORD_FORGET)
		return;
	for (uint32_t i = 0; i < r->forget_count; i++)
		drop_oldest_transaction(l);
}

/* What a member got from a campaign that is over, long ago. */
static void
sweep_counter(struct ledger *l, const struct record *r, uint32_t row)
{
	const struct counter_row *counter = ledger_counter_row(l, row);
	const int32_t day = (int32_t)(r->sweep_before_utc_ms / 86400000);

	if (counter->day >= day - RULEBOOK_KEPT_DAYS ||
	    state_is_campaign_alive(l, (uint32_t)counter->key, day))
		return;
	index_remove(&l->counters_by_key, state_hash_u64(counter->key), row);
	table_release(&l->counters, row);
}

/* A chain of a version's rules. */
static void
drop_rules(struct ledger *l, uint32_t at)
{
	while (at != TABLE_NONE) {
		const struct earn_rule_row *rule = ledger_earn_rule_row(l, at);
		uint32_t next = rule->next;

		index_remove(&l->earn_rules_by_key, state_hash_u64(rule->key), at);
		table_release(&l->earn_rules, at);
		at = next;
	}
}

/* The oldest version of the rulebook with its rules. */
static void
drop_oldest_rulebook(struct ledger *l)
{
	uint32_t row = state_oldest_rulebook(l);
	uint32_t newer = state_next_version(l, row);
	const struct rulebook_row *rulebook = ledger_rulebook_row(l, row);
	struct rulebook_row *last = table_edit(&l->rulebooks, newer);

	drop_rules(l, rulebook->first_rule);
	drop_rules(l, rulebook->first_exchange);
	last->older_rulebook = TABLE_NONE;
	index_remove(&l->rulebooks_by_version, state_hash_u64(rulebook->key), row);
	table_release(&l->rulebooks, row);
}

/* Drop what the slice from the sweep's old row up to the record's names by a plain comparison. */
static void
sweep_slice(struct ledger *l, const struct record *r, uint32_t from)
{
	for (uint32_t row = from; row < r->sweep_row; row++) {
		if (r->sweep_phase == SWEEP_HOLDS && table_is_live(&l->holds, row)) {
			const struct hold_row *hold = ledger_hold_row(l, row);

			if (hold->state == STATE_OPEN ||
			    hold->resolved_at_utc_ms >= r->sweep_before_utc_ms)
				continue;
			index_remove(&l->holds_by_id,
				     state_hash_transaction(hold->partner, hold->id), row);
			table_release(&l->holds, row);
		} else if (r->sweep_phase == SWEEP_TOTALS && table_is_live(&l->totals, row)) {
			uint64_t key = ledger_total_row(l, row)->key;

			if (state_total_day(key) > r->sweep_day)
				continue;
			index_remove(&l->totals_by_key, state_hash_u64(key), row);
			table_release(&l->totals, row);
		} else if (r->sweep_phase == SWEEP_COUNTERS && table_is_live(&l->counters, row)) {
			sweep_counter(l, r, row);
		} else if (r->sweep_phase == SWEEP_RULEBOOKS) {
			drop_oldest_rulebook(l);
		}
	}
}

void
apply_sweep(struct ledger *l, const struct record *r)
{
	struct state_row *state;

	if (r->kind != RECORD_SWEEP)
		return;
	state = table_edit(&l->state, STATE_ROW);
	if (state->sweep_phase == r->sweep_phase)
		sweep_slice(l, r, state->sweep_row);
	state->sweep_phase = r->sweep_phase;
	state->sweep_row = r->sweep_row;
	state->sweep_day = r->sweep_day;
}
