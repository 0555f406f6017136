/*
 * answer.c - what a requester is told: out of the record just made, out of the row that keeps an
 * earlier outcome, or out of the present state.
 */
#include <assert.h>
#include <string.h>

#include "ledger/apply.h"
#include "ledger/plan.h"

/* As a programme file counts its rates, which come first in it. */
static uint16_t
place_of(uint16_t position)
{
	return position == EARN_RULE_NONE ? 0 : (uint16_t)(position + 1);
}

static void
tell_components(struct ledger_answer *a, const struct record *r)
{
	a->component_count = r->component_count;
	for (uint32_t i = 0; i < r->component_count; i++) {
		const struct record_component *c = &r->components[i];

		a->components[i] = (struct answer_component){
			.campaign = c->campaign,
			.sponsor = c->sponsor,
			.refusal = c->refusal,
			.rate = place_of(c->rate_position),
			.amount = c->amount,
			.points = c->points,
		};
	}
}

/* The same out of the rows that the earn keeps. */
static void
tell_kept_components(struct ledger_answer *a, const struct ledger *l,
		     const struct transaction_row *t)
{
	for (uint32_t at = t->first_component; at != TABLE_NONE;
	     at = ledger_component_row(l, at)->next) {
		const struct component_row *c = ledger_component_row(l, at);

		a->components[a->component_count++] = (struct answer_component){
			.campaign = c->campaign,
			.sponsor = c->sponsor,
			.refusal = (uint8_t)c->refusal,
			.rate = place_of(rulebook_position(l, c->rate_row)),
			.amount = c->amount,
			.points = c->points,
		};
	}
}

static void
tell_sums(struct ledger_answer *a, struct member_sums sums)
{
	a->available_points = sums.available_points;
	a->pending_points = sums.pending_points;
	a->held_points = sums.held_points;
	a->debt_points = sums.debt_points;
	a->next_expiry_day = sums.next_expiry_day;
	a->next_expiry_points = sums.next_expiry_points;
}

/* What goes back to stored value is not given to the customer in money, too. */
static void
tell_value(struct ledger_answer *a, int64_t change, int64_t after)
{
	a->has_value = change != 0 || after != 0;
	a->value_change = change;
	a->value_after = after;
	if (change > 0)
		a->money_returned = 0;
}

void
answer_from_record(struct ledger_answer *a, const struct record *r)
{
	a->status = r->status;
	a->sequence = r->sequence;
	a->booked_at_utc_ms = r->booked_at_utc_ms;
	a->business_date = r->business_date;
	a->is_capped = (r->flags & (RECORD_CAPPED | RECORD_CAMPAIGN_CAPPED)) != 0;
	if (RECORD_HAS(r, COMPONENTS) && r->kind == RECORD_EARN)
		tell_components(a, r);
	if (RECORD_HAS(r, AMOUNT) && r->status == TG_OK)
		a->points = r->points;
	if (r->kind == RECORD_EARN && r->status == TG_OK) {
		a->base_points = r->base_points;
		a->bonus_points = r->bonus_points;
	}
	if (RECORD_HAS(r, REFUNDED)) {
		a->taken_points = r->taken_points;
		a->restored_points = r->restored_points;
		a->lost_points = r->lost_points;
		a->paid_debt_points = r->paid_debt_points;
		a->money_returned = r->returned_money;
	}
	if (RECORD_HAS(r, EXCHANGE) && r->status == TG_OK) {
		a->direction = r->kind == RECORD_EXCHANGE ? r->exchange.direction : 0;
		a->own_units = r->exchange.own_units;
		a->rate_num = r->exchange.rate_num;
		a->rate_den = r->exchange.rate_den;
	}
	if (RECORD_HAS(r, VALUE) && r->status == TG_OK)
		tell_value(a, r->value.change - r->value.lent,
			   r->value.after + r->value.shared);
	if (RECORD_HAS(r, HOLD) && r->kind == RECORD_HOLD)
		a->deadline_utc_ms = r->hold_deadline_utc_ms;
	else if (RECORD_HAS(r, HOLD)) {
		a->restored_points = hold_restored_points(r);
		a->lost_points = record_posted_points(r, ACCOUNT_BREAKAGE);
	}
	if (!RECORD_HAS(r, MEMBER) || !RECORD_HAS(r, AFTER))
		return;
	a->has_member = true;
	a->member = r->member;
	a->available_points = r->available_points;
	a->next_expiry_day = r->next_expiry_day;
	a->next_expiry_points = r->next_expiry_points;
	if (RECORD_HAS(r, AFTER_OTHER)) {
		a->pending_points = r->pending_points;
		a->held_points = r->held_points;
		a->debt_points = r->debt_after_points;
	}
	if (RECORD_HAS(r, SHARED))
		tell_sums(a, record_shown(r));
}

/* What resolving a hold gave back stands in the hold, which is kept longer than the transaction. */
static void
answer_from_hold(struct ledger_answer *a, const struct ledger *l, const struct transaction_row *t)
{
	uint32_t row = state_detail(l, t)->hold_row;
	const struct hold_row *hold;

	if (t->status != TG_OK || row == TABLE_NONE)
		return;
	hold = ledger_hold_row(l, row);
	if (hold->resolved_at_utc_ms != t->booked_at_utc_ms)
		return;
	a->restored_points = hold->restored_points;
	a->lost_points = hold->lost_points;
}

/* The rate stands in the rulebook, of which no version goes before its transactions. */
static void
answer_from_exchange(struct ledger_answer *a, const struct ledger *l,
		     const struct transaction_row *t)
{
	const struct detail_row *detail = state_detail(l, t);
	const struct earn_rule *rate;
	uint32_t row;

	if (t->status != TG_OK)
		return;
	row = state_find_earn_rule(l, t->rule_version, detail->rate_position);
	TG_ASSERT(row != TABLE_NONE);
	rate = &ledger_earn_rule_row(l, row)->rule;
	a->direction = (t->flags & RECORD_OUT) != 0 ? TG_DIRECTION_OUT : TG_DIRECTION_IN;
	a->own_units = detail->own_units;
	a->rate_num = rate->rate_num;
	a->rate_den = rate->rate_den;
}

void
answer_from_row(struct ledger_answer *a, const struct ledger *l, uint32_t row)
{
	const struct transaction_row *t = ledger_transaction_row(l, row);
	const struct detail_row *detail = state_detail(l, t);
	bool is_undoing = t->kind == RECORD_REFUND || t->kind == RECORD_REVERSE;

	a->status = t->status;
	a->is_replay = true;
	a->sequence = t->sequence & ~(UINT64_C(1) << 63);
	a->booked_at_utc_ms = t->booked_at_utc_ms;
	a->business_date = t->business_date;
	a->is_capped = (t->flags & (RECORD_CAPPED | RECORD_CAMPAIGN_CAPPED)) != 0;
	tell_kept_components(a, l, t);
	if (t->status == TG_OK)
		a->points = t->points;
	if (t->kind == RECORD_EARN && t->status == TG_OK) {
		a->base_points = t->base_points;
		a->bonus_points = t->bonus_points;
	}
	a->paid_debt_points = detail->paid_debt_points;
	if (is_undoing) {
		a->taken_points = detail->taken_points;
		a->restored_points = detail->restored_points;
		a->lost_points = detail->lost_points;
		a->money_returned = detail->returned_money;
		a->own_units = detail->own_units;
	}
	tell_value(a, detail->value_change, detail->value_after);
	if (t->kind == RECORD_EXCHANGE)
		answer_from_exchange(a, l, t);
	else if (t->kind == RECORD_HOLD)
		a->deadline_utc_ms = detail->deadline_utc_ms;
	else
		answer_from_hold(a, l, t);
	if (t->member_row == TABLE_NONE || t->kind == TRANSACTION_TOMBSTONE)
		return;
	a->has_member = true;
	a->member = state_member_reference(l, t->member_row);
	a->available_points = t->available_points;
	a->pending_points = detail->pending_points;
	a->held_points = detail->held_points;
	a->debt_points = detail->debt_points;
	a->next_expiry_day = t->next_expiry_day;
	a->next_expiry_points = t->next_expiry_points;
}

enum tg_status
answer_auth(struct plan *p)
{
	struct ledger_answer *a = &p->decision->answer;
	const struct terminal_config *c = &p->terminal->config;

	a->partner = c->partner;
	a->store = c->store;
	a->rights = c->rights;
	a->key_generation = c->key_generation;
	if (c->old_key_until_utc_ms == 0 || p->now->utc_ms < c->old_key_until_utc_ms)
		a->key_generation_old = c->key_generation_old;
	return TG_OK;
}

static void
add_expiry(struct ledger_answer *a, int32_t last_day, int64_t points)
{
	uint32_t at;

	for (at = 0; at < a->expiry_count && a->expiries[at].last_day <= last_day; at++) {
		if (a->expiries[at].last_day == last_day) {
			a->expiries[at].points += points;
			return;
		}
	}
	if (a->expiry_count == ANSWER_EXPIRIES_MAX)
		return;
	memmove(&a->expiries[at + 1], &a->expiries[at],
		(a->expiry_count - at) * sizeof(a->expiries[0]));
	a->expiries[at] = (struct answer_expiry){ last_day, points };
	a->expiry_count++;
}

static void
list_expiries(const struct plan *p, const struct view *v, struct ledger_answer *a)
{
	if (v->regular > 0 && v->regular_last_day >= p->now->day)
		add_expiry(a, v->regular_last_day, v->regular);
	for (uint32_t i = 0; i < v->lot_count; i++) {
		if (v->lots[i].now > 0 && v->lots[i].last_day >= p->now->day)
			add_expiry(a, v->lots[i].last_day, v->lots[i].now);
	}
}

/* Signed change of what the member has; a hold only sets aside. */
static int64_t
entry_points(const struct ledger *l, const struct transaction_row *t)
{
	if (t->status != TG_OK)
		return 0;
	switch (t->kind) {
	case RECORD_EARN:
		return t->points;
	case RECORD_BURN:
	case RECORD_CAPTURE:
		return -t->points;
	case RECORD_EXCHANGE:
		return (t->flags & RECORD_OUT) != 0 ? -t->points : t->points;
	case RECORD_REFUND:
	case RECORD_REVERSE:
		return state_detail(l, t)->restored_points - state_detail(l, t)->taken_points;
	default:
		return 0;
	}
}

/* Newest first; a partner sees its own entries only, an operator all. */
static void
list_entries(const struct plan *p, struct ledger_answer *a)
{
	const struct ledger *l = p->ledger;
	uint32_t wanted = p->request->entries_wanted, row;

	for (const struct transaction_row *t =
		     state_newest_of_member(l, p->view.member_row, &row);
	     t != NULL && a->entry_count < wanted && a->entry_count < ANSWER_ENTRIES_MAX;
	     t = state_older_of_member(l, t, &row)) {
		if (p->partner != NULL && t->partner != p->partner->number)
			continue;
		a->entries[a->entry_count++] = (struct answer_entry){
			.sequence = t->sequence,
			.kind = t->kind,
			.status = t->status,
			.booked_at_utc_ms = t->booked_at_utc_ms,
			.partner = t->partner,
			.store = t->store,
			.points = entry_points(l, t),
		};
	}
}

/* What the member has that this one is merged with; entries stay those of the one that is named. */
static __attribute__((noinline)) void
add_other(const struct plan *p, struct ledger_answer *a)
{
	const struct view_place place = plan_place(p);
	struct view other;

	view_load(&other, p->ledger, state_merged_with(p->ledger, p->view.member_row));
	a->merged_with = other.reference;
	a->usable_points += view_usable(&other, &place, p->now->day);
	list_expiries(p, &other, a);
	tell_sums(a, member_sums_add(
			     (struct member_sums){
				     .available_points = a->available_points,
				     .pending_points = a->pending_points,
				     .held_points = a->held_points,
				     .debt_points = a->debt_points,
				     .next_expiry_points = a->next_expiry_points,
				     .next_expiry_day = a->next_expiry_day,
			     },
			     plan_shared(p)));
}

enum tg_status
answer_inquiry(struct plan *p)
{
	struct ledger_answer *a = &p->decision->answer;
	const struct view *v = &p->view;
	struct view_place place = plan_place(p);

	a->has_member = true;
	a->member = v->reference;
	a->business_date = ledger_business_date(p->ledger);
	a->available_points = view_available(v, p->now->day);
	a->usable_points = view_usable(v, &place, p->now->day);
	a->pending_points = view_pending_points(v);
	a->held_points = v->held;
	a->debt_points = view_debt_points(v);
	a->next_expiry_day = view_next_expiry(v, p->now->day, &a->next_expiry_points);
	answer_value(p);
	list_expiries(p, v, a);
	list_entries(p, a);
	if ((v->flags & MEMBER_MERGED) != 0)
		add_other(p, a);
	return TG_OK;
}

enum tg_status
answer_show_member(struct plan *p)
{
	struct ledger_answer *a = &p->decision->answer;
	const struct member_row *member = ledger_member_row(p->ledger, p->view.member_row);

	a->is_member_blocked = (member->flags & MEMBER_BLOCKED) != 0;
	a->identifier_count = member->identifier_count;
	if (p->request->member == 0) {
		const struct identifier_row *identifier =
			ledger_identifier_row(p->ledger, p->identifier_row);

		a->identifier_key = identifier->key;
		a->is_identifier_blocked = (identifier->flags & IDENTIFIER_BLOCKED) != 0;
	}
	return answer_inquiry(p);
}

/* State of a hold now, as if what has fallen due had happened; that of its record when unknown. */
static uint8_t
hold_state_now(const struct plan *p, uint32_t partner, const uint8_t *id, uint8_t otherwise)
{
	uint32_t row = state_find_hold(p->ledger, partner, id);
	const struct hold_row *hold;

	if (row == TABLE_NONE)
		return otherwise;
	hold = ledger_hold_row(p->ledger, row);
	if (hold->state == STATE_OPEN && hold->deadline_utc_ms <= p->now->utc_ms)
		return STATE_EXPIRED;
	return hold->state;
}

static uint8_t
state_now(const struct plan *p, const struct transaction_row *t)
{
	if (t->kind != RECORD_HOLD || t->status != TG_OK)
		return t->state;
	return hold_state_now(p, t->partner, t->id, t->state);
}

static enum tg_status
answer_archived_status(struct plan *p, uint32_t partner)
{
	struct ledger_answer *a = &p->decision->answer;
	const struct archived_transaction *archived = p->request->archived;

	if (p->request->original_time_utc_ms >= plan_window_start(p) ||
	    p->request->original_time_utc_ms == 0)
		return TG_UNKNOWN_TRANSACTION;
	if (archived == NULL) {
		a->wants_archive = true;
		return TG_ORIGINAL_ARCHIVED;
	}
	if (!archived->is_found || archived->partner != partner)
		return TG_UNKNOWN_TRANSACTION;
	a->outcome = archived->status;
	a->outcome_kind = archived->kind;
	a->outcome_state = archived->is_reversed ? STATE_REVERSED : STATE_STANDING;
	if (archived->kind == RECORD_HOLD)
		a->outcome_state = hold_state_now(p, partner, p->request->original_id,
						  a->outcome_state);
	a->sequence = archived->sequence;
	a->booked_at_utc_ms = archived->booked_at_utc_ms;
	a->points = archived->points;
	a->taken_points = archived->taken_points;
	a->restored_points = archived->restored_points;
	a->lost_points = archived->lost_points;
	return TG_OK;
}

enum tg_status
answer_status(struct plan *p)
{
	struct ledger_answer *a = &p->decision->answer;
	uint32_t partner = p->partner != NULL ? p->partner->number : p->request->partner;
	uint32_t row = state_find_transaction(p->ledger, partner, p->request->original_id);
	const struct transaction_row *t;

	if (row == TABLE_NONE)
		return answer_archived_status(p, partner);
	t = ledger_transaction_row(p->ledger, row);
	answer_from_row(a, p->ledger, row);
	a->is_replay = false;
	if (t->kind != RECORD_RELEASE && t->kind != RECORD_REVERSE) {
		const struct detail_row *detail = state_detail(p->ledger, t);

		/* What was undone of it since. */
		a->taken_points = detail->taken_points;
		a->restored_points = detail->restored_points;
		a->lost_points = detail->lost_points;
	}
	a->outcome = t->status;
	a->outcome_kind = t->kind;
	a->outcome_state = state_now(p, t);
	return TG_OK;
}

void
answer_read_total(const struct ledger *l, uint64_t key, struct answer_total *total)
{
	uint32_t row = state_find_total(l, key);

	total->count = total->points = total->amount = 0;
	if (row == TABLE_NONE)
		return;
	total->count = ledger_total_row(l, row)->count;
	total->points = ledger_total_row(l, row)->points;
	total->amount = ledger_total_row(l, row)->amount;
}

bool
ledger_partner_total(const struct ledger *l, int32_t day, uint32_t partner,
		     struct answer_total *total)
{
	uint32_t bits = TOTAL_SCOPE_PARTNER | (total->is_declined ? TOTAL_DECLINED : 0);

	answer_read_total(l, state_total_key(day, bits, total->kind, partner), total);
	return total->count > 0;
}

enum tg_status
answer_find_owner(struct plan *p, uint32_t *ret_bits, uint32_t *ret_owner)
{
	switch (p->request->total_scope) {
	case 3:
		*ret_bits = TOTAL_SCOPE_PARTNER;
		*ret_owner = p->partner->number;
		return TG_OK;
	case 2:
		*ret_bits = TOTAL_SCOPE_STORE;
		*ret_owner = p->store;
		p->decision->answer.field = p->store == 0 ? TG_FIELD_STORE : 0;
		return p->store == 0 ? TG_MISSING_FIELD : TG_OK;
	default:
		*ret_bits = 0;
		*ret_owner = p->terminal->config.number;
		return TG_OK;
	}
}

enum tg_status
answer_totals(struct plan *p)
{
	static_assert(TG_PROOF_KINDS * 2 <= ANSWER_TOTALS_MAX, "room for all lines");
	struct ledger_answer *a = &p->decision->answer;
	uint32_t basis = p->request->total_basis == 2 ? TOTAL_BASIS_TILL : 0;
	uint32_t scope, owner;
	enum tg_status status = answer_find_owner(p, &scope, &owner);

	a->business_date = ledger_business_date(p->ledger);
	for (uint32_t i = 0; status == TG_OK && i < TG_PROOF_KINDS * 2; i++) {
		struct answer_total total = {
			.kind = tg_proof_kinds[i / 2],
			.is_declined = i % 2 != 0,
		};
		uint32_t bits = basis | scope | (total.is_declined ? TOTAL_DECLINED : 0);

		answer_read_total(p->ledger,
			   state_total_key(p->request->total_day, bits, total.kind, owner), &total);
		if (total.count > 0)
			a->totals[a->total_count++] = total;
	}
	return status;
}

enum tg_status
answer_page(struct plan *p)
{
	struct ledger_answer *a = &p->decision->answer;

	a->business_date = ledger_business_date(p->ledger);
	a->page = p->request->page;
	if (a->page != NULL)
		return TG_OK;
	a->wants_archive = true;
	return TG_DATABASE;
}

enum tg_status
answer_history(struct plan *p)
{
	struct ledger_answer *a = &p->decision->answer;

	a->has_member = true;
	a->member = p->view.reference;
	return answer_page(p);
}

enum tg_status
answer_entries(struct plan *p)
{
	/* What all of a partner's stores did is for its system, not for a till. */
	if (p->terminal->config.store != 0)
		return TG_FORBIDDEN;
	return answer_page(p);
}
