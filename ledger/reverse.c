/*
 * reverse.c - undo a transaction whole: its outcome is unknown, or the till voids it (decision 9).
 *
 * An original that never came, and still could, leaves a tombstone: it will be refused when it
 * does.
 */
#include "ledger/plan.h"

#define REASON_TIMEOUT 1

bool
plan_is_burial(const struct plan *p)
{
	const struct ledger_request *q = p->request;

	return (q->reason == REASON_TIMEOUT || q->reason == 0) &&
	       q->original_time_utc_ms >= plan_window_start(p) &&
	       state_find_transaction(p->ledger, p->partner->number, q->original_id) == TABLE_NONE;
}

static enum tg_status
bury(struct plan *p)
{
	struct record *r;

	/* An original of a later day could come when the tombstone is gone. */
	if (p->request->original_time_utc_ms > p->now->utc_ms + p->programme->clock_ahead_ms) {
		p->decision->answer.field = TG_FIELD_ORIGINAL_TIME;
		return TG_CLOCK_AHEAD;
	}
	if (!plan_may_decline(p))
		return TG_LIMITED;
	r = plan_begin(p, RECORD_REVERSE);
	plan_add_request(p);
	r->status = TG_ORIGINAL_UNKNOWN;
	r->flags |= RECORD_TOMBSTONE;
	r->original_row = table_free_peek(&p->ledger->transactions, p->transactions_planned++);
	if (r->original_row == TABLE_NONE)
		return TG_WINDOW_FULL;
	return plan_finish(p);
}

/* A reversal that finds nothing left to do, or nothing ever done. */
static enum tg_status
nothing_to_undo(struct plan *p, enum tg_status status)
{
	struct record *r = plan_begin(p, RECORD_REVERSE);

	plan_add_request(p);
	r->status = (uint16_t)status;
	r->points = 0;
	return plan_finish(p);
}

static enum tg_status
reverse_earn(struct plan *p, uint32_t row)
{
	const struct transaction_row *earn = plan_original(p, row);
	const struct detail_row *detail = plan_detail(p, earn);
	uint32_t rule_row = state_find_rule(p->ledger, earn->partner, earn->rule_version);
	const struct rule_config *rule;
	struct components all;
	struct record *r;
	int64_t base;
	enum tg_status status;

	if (rule_row == TABLE_NONE || !plan_has_parts(earn) ||
	    detail->returned_money != 0 || detail->returned_covered != 0)
		return TG_NOT_REVERSIBLE;
	rule = &ledger_rule_row(p->ledger, rule_row)->config;
	base = earn_kept_base(p, earn, 0, 0);
	all = earn_components(rule, base, (earn->flags & RECORD_CAPPED) != 0);
	r = plan_begin(p, RECORD_REVERSE);
	plan_add_request(p);
	r->original_row = row;
	r->points = earn->points;
	if (earn->first_component != TABLE_NONE)
		rulebook_take_back(p, earn, rule, base, 0, &all);
	status = plan_take_back(p, earn, all,
				rule->bonus_sponsor != 0 ? rule->bonus_sponsor : earn->partner);
	return status == TG_OK ? plan_finish(p) : status;
}

static enum tg_status
reverse_burn(struct plan *p, uint32_t row)
{
	const struct transaction_row *burn = plan_original(p, row);
	const struct detail_row *detail = plan_detail(p, burn);
	struct record *r;
	enum tg_status status;

	if (detail->restored_points != 0 || detail->lost_points != 0)
		return TG_NOT_REVERSIBLE;
	r = plan_begin(p, RECORD_REVERSE);
	plan_add_request(p);
	r->original_burn_row = row;
	r->points = burn->points;
	status = plan_give_back(p, burn, burn->points, true);
	return status == TG_OK ? plan_finish(p) : status;
}

/* Of what came in the points are taken back, of what went out given back; so are the units. */
static enum tg_status
reverse_exchange(struct plan *p, uint32_t row)
{
	const struct transaction_row *exchange = plan_original(p, row);
	const struct components all = { .base_points = exchange->points };
	const bool is_out = (exchange->flags & RECORD_OUT) != 0;
	struct record *r = plan_begin(p, RECORD_REVERSE);
	enum tg_status status;

	plan_add_request(p);
	r->points = exchange->points;
	if (is_out) {
		r->original_burn_row = row;
		status = plan_give_back(p, exchange, exchange->points, true);
	} else {
		r->original_row = row;
		status = plan_take_back(p, exchange, all, exchange->partner);
	}
	plan_return_own_units(p, exchange);
	return status == TG_OK ? plan_finish(p) : status;
}

static enum tg_status
reverse_hold(struct plan *p, const struct transaction_row *original)
{
	uint32_t row = state_find_hold(p->ledger, original->partner, original->id);
	const struct hold_row *hold;
	struct record *r;
	enum tg_status status;

	if (row == TABLE_NONE)
		return TG_HOLD_EXPIRED;
	hold = ledger_hold_row(p->ledger, row);
	if (hold->state == STATE_CAPTURED)
		return TG_HOLD_CAPTURED;
	/* One past its deadline has just been given back, by a record before this one. */
	if (hold->state != STATE_OPEN || hold->deadline_utc_ms <= p->now->utc_ms)
		return nothing_to_undo(p, TG_OK);
	r = plan_begin(p, RECORD_REVERSE);
	plan_add_request(p);
	r->points = hold->points;
	status = plan_resolve_hold(p, row, 0, p->now->day);
	return status == TG_OK ? plan_finish(p) : status;
}

enum tg_status
plan_reverse(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const struct transaction_row *original;
	uint32_t row;
	enum tg_status status = plan_find_original(p, q->original_id, q->archived, &row);

	if (status == TG_UNKNOWN_ORIGINAL && plan_is_burial(p))
		return bury(p);
	if (status != TG_OK)
		return status;
	original = plan_original(p, row);
	if (original->kind == TRANSACTION_TOMBSTONE)
		return nothing_to_undo(p, TG_ORIGINAL_UNKNOWN);
	if (original->member_row != p->view.member_row)
		return TG_OTHER_MEMBER;
	if (original->status != TG_OK)
		return nothing_to_undo(p, TG_OK);
	if (original->state == STATE_REVERSED)
		return TG_ALREADY_REVERSED;
	if (value_is_transaction(original))
		return plan_reverse_value(p, row);
	switch (original->kind) {
	case RECORD_EARN:
		return reverse_earn(p, row);
	case RECORD_BURN:
	case RECORD_CAPTURE:
		return reverse_burn(p, row);
	case RECORD_HOLD:
		return reverse_hold(p, original);
	case RECORD_EXCHANGE:
		return reverse_exchange(p, row);
	default:
		return TG_NOT_REVERSIBLE;
	}
}
