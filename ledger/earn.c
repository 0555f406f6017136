/*
 * earn.c - points for a purchase, and pending points confirmed.
 *
 * Each component is its own floor, issued by its own sponsor (domain decision 2).  Debt is paid
 * before anything is given.
 */
#include "ledger/plan.h"

struct components
earn_components(const struct rule_config *rule, int64_t base_amount, bool is_capped)
{
	struct components c = { 0, 0 };

	c.base_points = points_mul_div_floor(base_amount, rule->base_num, rule->base_den);
	if (!is_capped && base_amount >= rule->bonus_threshold_amount && base_amount > 0) {
		c.bonus_points =
			points_mul_div_floor(base_amount, rule->bonus_num, rule->bonus_den) +
			rule->bonus_fixed_points;
	}
	return c;
}

/* The partner's rule at a time: the newest that was valid then, else the first ever. */
static const struct rule_config *
find_rule(const struct plan *p)
{
	uint32_t partner = state_find_partner(p->ledger, p->partner->number);
	uint32_t at = ledger_partner_row(p->ledger, partner)->newest_rule;
	const struct rule_config *found = NULL;

	while (at != TABLE_NONE) {
		const struct rule_row *row = ledger_rule_row(p->ledger, at);

		found = &row->config;
		if (row->valid_from_utc_ms <= p->judged_utc_ms)
			break;
		at = row->older_rule;
	}
	return found;
}

/* What the member earned so far on the day that the request counts for. */
static int64_t
member_earned(const struct plan *p)
{
	return state_member_earned(p->ledger, p->view.member_row, plan_counted_day(p));
}

/* ... and of that how much as a bonus of this partner. */
static int64_t
member_bonus(const struct plan *p)
{
	return state_member_bonus(p->ledger, p->view.member_row, p->partner->number,
				  plan_counted_day(p));
}

static enum tg_status
check_earn_limits(const struct plan *p, int64_t points)
{
	int64_t terminal_earned = state_terminal_earned(p->terminal, plan_counted_day(p));

	if (points > TG_AMOUNT_MAX || points > p->partner->earn_transaction_points)
		return TG_LIMIT_TRANSACTION;
	if (points > 0 && member_earned(p) + points > p->programme->member_day_earn_points)
		return TG_LIMIT_MEMBER_DAY;
	if (points > 0 && terminal_earned + points > p->partner->terminal_day_earn_points)
		return TG_LIMIT_TERMINAL_DAY;
	return TG_OK;
}

/* One component's points: at once or pending, regular or a limited lot. */
static enum tg_status
give_component(struct plan *p, int64_t points, const struct rule_config *rule, bool is_bonus,
	       uint32_t issuer)
{
	struct view *v = &p->view;
	int32_t life_days = is_bonus ? rule->bonus_days : 0;
	uint32_t usable_at = is_bonus && life_days > 0 ? rule->bonus_usable_at : USABLE_ANYWHERE;
	uint64_t serial = p->record->sequence << 8 | (is_bonus ? 2 : 1);

	if (points == 0)
		return TG_OK;
	if (p->partner->pending_days != 0) {
		int32_t days = p->partner->pending_days;

		plan_post(p, ACCOUNT_PENDING, 0, points);
		if (life_days > 0 && !view_has_room_for_lot(v))
			return TG_LOTS_FULL;
		return view_give_pending(v,
					 &(struct view_pending){
						 .serial = serial,
						 .matures_day = days == PENDING_UNTIL_CONFIRMED
									? days
									: p->judged_day + days,
						 .life_days = life_days,
						 .usable_at = usable_at,
						 .issuer = issuer,
					 },
					 points)
			       ? TG_OK
			       : TG_LOTS_FULL;
	}
	plan_post(p, ACCOUNT_AVAILABLE, 0, points);
	if (life_days == 0) {
		v->regular += points;
		return TG_OK;
	}
	if (!view_has_room_for_lot(v) || !plan_has_room(p, &p->ledger->lots, p->lots_planned))
		return TG_LOTS_FULL;
	return view_give_lot(v,
			     &(struct view_lot){
				     .serial = serial,
				     .usable_at = usable_at,
				     .issuer = issuer,
				     .last_day = p->judged_day + life_days,
			     },
			     points)
		       ? TG_OK
		       : TG_LOTS_FULL;
}

static enum tg_status
build_earn(struct plan *p, const struct rule_config *rule, struct components c, bool is_capped)
{
	uint32_t sponsor = rule->bonus_sponsor != 0 ? rule->bonus_sponsor : p->partner->number;
	int64_t points = c.base_points + c.bonus_points;
	struct record *r = plan_begin(p, RECORD_EARN);
	int64_t paid, paid_base;
	enum tg_status status;

	plan_add_request(p);
	r->points = points;
	r->rule_version = rule->version;
	r->flags |= is_capped ? RECORD_CAPPED : 0;
	r->flags |= (p->partner->flags & PARTNER_BASE_GROSS) != 0 ? RECORD_GROSS : 0;
	r->base_points = c.base_points;
	r->bonus_points = c.bonus_points;
	r->bonus_sponsor = c.bonus_points > 0 ? sponsor : 0;
	if (c.bonus_points > 0)
		r->sections |= RECORD_HAS_BIT(DETAILS);
	plan_post(p, ACCOUNT_ISSUED, p->partner->number, -c.base_points);
	plan_post(p, ACCOUNT_ISSUED, sponsor, -c.bonus_points);
	paid = plan_pay_debt(p, points);
	if (paid > 0) {
		r->sections |= RECORD_HAS_BIT(REFUNDED);
		r->paid_debt_points = paid;
	}
	paid_base = points_min(paid, c.base_points);
	status = give_component(p, c.base_points - paid_base, rule, false, p->partner->number);
	if (status == TG_OK)
		status =
			give_component(p, c.bonus_points - (paid - paid_base), rule, true, sponsor);
	if (status != TG_OK)
		return status;
	if (points > 0)
		plan_activity(p);
	return plan_finish(p);
}

static bool
is_receipt_used(const struct plan *p)
{
	uint8_t key[16];

	if (p->request->receipt_bytes == 0)
		return false;
	plan_receipt_key(p, key);
	return state_find_receipt(p->ledger, key) != TABLE_NONE;
}

enum tg_status
plan_earn(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const struct rule_config *rule = find_rule(p);
	bool is_gross = (p->partner->flags & PARTNER_BASE_GROSS) != 0;
	int64_t base_amount = is_gross ? q->amount : points_max(q->amount - q->covered, 0);
	bool is_capped = false;
	struct components c;
	enum tg_status status;

	if ((p->partner->flags & PARTNER_EARN_OFF) != 0 || rule == NULL)
		return TG_EARN_OFF;
	if (is_receipt_used(p))
		return TG_RECEIPT_USED;
	c = earn_components(rule, base_amount, false);
	if (c.bonus_points > 0 &&
	    member_bonus(p) + c.bonus_points > p->partner->bonus_member_day_points) {
		c.bonus_points = 0;
		is_capped = true;
	}
	status = check_earn_limits(p, c.base_points + c.bonus_points);
	if (status != TG_OK)
		return status;
	return build_earn(p, rule, c, is_capped);
}

enum tg_status
plan_confirm(struct plan *p)
{
	struct view *v = &p->view;
	const struct ledger_request *q = p->request;
	const struct transaction_row *earn;
	struct record *r;
	uint32_t row;
	int64_t points = 0;
	enum tg_status status = plan_find_original(p, q->original_id, q->archived, &row);

	if (status != TG_OK)
		return status;
	earn = plan_original(p, row);
	if (earn->kind != RECORD_EARN || earn->status != TG_OK || earn->state == STATE_REVERSED)
		return TG_NOT_REVERSIBLE;
	if (earn->member_row != v->member_row)
		return TG_OTHER_MEMBER;
	r = plan_begin(p, RECORD_CONFIRM);
	plan_add_request(p);
	for (uint32_t i = 0; i < v->pending_count; i++) {
		struct view_pending *pending = &v->pendings[i];

		if (pending->serial >> 8 != earn->sequence)
			continue;
		points += pending->now;
		status = plan_mature(p, pending, p->judged_day);
		if (status != TG_OK)
			return status;
	}
	r->points = points;
	return plan_finish(p);
}
