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
	struct components c = { 0, 0, 0 };

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
	uint32_t at = p->partner_row->newest_rule;
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

/* What the partner's cap leaves to bonuses on this day. */
static int64_t
bonus_left(const struct plan *p)
{
	if (p->partner->bonus_member_day_points == LIMIT_NONE)
		return LIMIT_NONE;
	return p->partner->bonus_member_day_points - member_bonus(p);
}

enum tg_status
plan_check_earn_limits(const struct plan *p, int64_t points)
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

/* What one component gives: how much, who issues it, how it lives. */
struct gift {
	int64_t	 points;
	uint64_t serial;
	uint32_t issuer;
	uint32_t campaign;		/* 0: none */
	int32_t	 life_days;		/* 0: regular points */
	uint32_t usable_at;		/* of limited points */
};

/* One component's points: at once or pending, regular or a limited lot. */
static enum tg_status
give_component(struct plan *p, const struct gift *gift)
{
	struct view *v = &p->view;
	uint32_t usable_at = gift->life_days > 0 ? gift->usable_at : USABLE_ANYWHERE;

	if (gift->points == 0)
		return TG_OK;
	if (p->partner->pending_days != 0) {
		int32_t days = p->partner->pending_days;

		plan_post(p, ACCOUNT_PENDING, 0, gift->points);
		if (gift->life_days > 0 && !view_has_room_for_lot(v))
			return TG_LOTS_FULL;
		return view_give_pending(v,
					 &(struct view_pending){
						 .serial = gift->serial,
						 .matures_day = days == PENDING_UNTIL_CONFIRMED
									? days
									: p->judged_day + days,
						 .life_days = gift->life_days,
						 .usable_at = usable_at,
						 .issuer = gift->issuer,
						 .campaign = gift->campaign,
					 },
					 gift->points)
			       ? TG_OK
			       : TG_LOTS_FULL;
	}
	plan_post(p, ACCOUNT_AVAILABLE, 0, gift->points);
	if (gift->life_days == 0) {
		v->regular += gift->points;
		return TG_OK;
	}
	if (!view_has_room_for_lot(v) || !plan_has_room(p, &p->ledger->lots, p->lots_planned))
		return TG_LOTS_FULL;
	return view_give_lot(v,
			     &(struct view_lot){
				     .serial = gift->serial,
				     .usable_at = usable_at,
				     .issuer = gift->issuer,
				     .campaign = gift->campaign,
				     .last_day = p->judged_day + gift->life_days,
			     },
			     gift->points)
		       ? TG_OK
		       : TG_LOTS_FULL;
}

/* Take from a gift what goes to pay debt first. */
static void
pay_from(struct gift *gift, int64_t *paid)
{
	int64_t part = points_min(*paid, gift->points);

	gift->points -= part;
	*paid -= part;
}

/*
 * Serials of lots made by an earn: 1 base, 2 the rule's bonus, from here on the parts; those of a
 * joint promotion have one for each sponsor.
 */
#define PART_SERIAL 16
#define SHARE_SERIAL (PART_SERIAL + RECORD_COMPONENTS_MAX)
static_assert(SHARE_SERIAL + RECORD_COMPONENTS_MAX * SPONSORS_MAX <= 256, "fits the serial's byte");

/*
 * A joint promotion's part.  Its sponsors issue it by their shares; what pays debt is theirs by
 * what each gave.  Regular points are one gift, limited ones a lot for each.
 */
static enum tg_status
give_shares(struct plan *p, uint32_t nth, const struct earn_rule *rule, int64_t *paid)
{
	int64_t points = p->parts[nth].points;
	int64_t weights[SPONSORS_MAX], given[SPONSORS_MAX], to_debt[SPONSORS_MAX];
	struct gift gift = {
		.points = points,
		.life_days = rule->days,
		.usable_at = rule->usable_at,
		.campaign = rule->number,
		.serial = p->record->sequence << 8 | (PART_SERIAL + nth),
	};
	enum tg_status status = TG_OK;

	sponsors_post(p, rule->sponsors, rule->sponsor_count, 0, points);
	pay_from(&gift, paid);
	if (rule->days == 0)
		return give_component(p, &gift);
	for (uint32_t i = 0; i < rule->sponsor_count; i++)
		weights[i] = rule->sponsors[i].weight;
	sponsors_divide(points, weights, rule->sponsor_count, given);
	sponsors_divide(points - gift.points, given, rule->sponsor_count, to_debt);
	for (uint32_t i = 0; status == TG_OK && i < rule->sponsor_count; i++) {
		gift.points = given[i] - to_debt[i];
		gift.issuer = rule->sponsors[i].partner;
		gift.serial = p->record->sequence << 8 | (SHARE_SERIAL + nth * SPONSORS_MAX + i);
		status = give_component(p, &gift);
	}
	return status;
}

/* Campaigns' components, behind base and bonus; paid: what of them goes to debt. */
static enum tg_status
give_parts(struct plan *p, int64_t paid)
{
	enum tg_status status = TG_OK;

	for (uint32_t i = 0; status == TG_OK && i < p->part_count; i++) {
		const struct record_component *part = &p->parts[i];
		const struct earn_rule *rule;
		struct gift gift;

		if (part->campaign_row == TABLE_NONE)
			continue;
		rule = &ledger_earn_rule_row(p->ledger, part->campaign_row)->rule;
		if (part->points == 0)
			continue;
		if (part->sponsor == 0) {
			status = give_shares(p, i, rule, &paid);
			continue;
		}
		gift = (struct gift){
			.points = part->points,
			.serial = p->record->sequence << 8 | (PART_SERIAL + i),
			.issuer = part->sponsor,
			.campaign = rule->number,
			.life_days = rule->days,
			.usable_at = rule->usable_at,
		};
		plan_post(p, ACCOUNT_ISSUED, part->sponsor, -gift.points);
		pay_from(&gift, &paid);
		status = give_component(p, &gift);
	}
	return status;
}

/* What the rulebook said of it: with the version even where none of its rules applied. */
static void
add_parts(struct plan *p, struct record *r)
{
	if (p->has_carried) {
		r->sections |= RECORD_HAS_BIT(CARRIED);
		r->carried = p->carried;
	}
	if (p->rulebook_version == 0 && p->part_count == 0)
		return;
	r->sections |= RECORD_HAS_BIT(COMPONENTS);
	r->flags |= p->part_count > 0 ? RECORD_PARTS : 0;
	r->flags |= p->is_campaign_capped ? RECORD_CAMPAIGN_CAPPED : 0;
	r->rulebook_version = p->rulebook_version;
	r->component_count = (uint8_t)p->part_count;
	for (uint32_t i = 0; i < p->part_count; i++)
		r->components[i] = p->parts[i];
}

static enum tg_status
build_earn(struct plan *p, const struct rule_config *rule, struct components c, bool is_capped)
{
	uint32_t sponsor = rule->bonus_sponsor != 0 ? rule->bonus_sponsor : p->partner->number;
	int64_t points = c.base_points + c.bonus_points + c.campaign_points;
	struct record *r = plan_begin(p, RECORD_EARN);
	struct gift base = { c.base_points, r->sequence << 8 | 1, p->partner->number, 0, 0, 0 };
	struct gift bonus = { c.bonus_points, r->sequence << 8 | 2, sponsor, 0, rule->bonus_days,
			      rule->bonus_usable_at };
	int64_t paid;
	enum tg_status status;

	plan_add_request(p);
	r->points = points;
	r->rule_version = rule->version;
	r->flags |= is_capped ? RECORD_CAPPED : 0;
	r->flags |= (p->partner->flags & PARTNER_BASE_GROSS) != 0 ? RECORD_GROSS : 0;
	r->base_points = c.base_points;
	r->bonus_points = c.bonus_points + c.campaign_points;
	r->bonus_sponsor = c.bonus_points > 0 ? sponsor : 0;
	if (r->bonus_points > 0)
		r->sections |= RECORD_HAS_BIT(DETAILS);
	add_parts(p, r);
	plan_post(p, ACCOUNT_ISSUED, p->partner->number, -c.base_points);
	plan_post(p, ACCOUNT_ISSUED, sponsor, -c.bonus_points);
	paid = plan_pay_debt(p, points);
	if (paid > 0) {
		r->sections |= RECORD_HAS_BIT(REFUNDED);
		r->paid_debt_points = paid;
	}
	pay_from(&base, &paid);
	pay_from(&bonus, &paid);
	status = points > 0 ? plan_renew_regular(p, p->judged_day) : TG_OK;
	if (status == TG_OK)
		status = give_component(p, &base);
	if (status == TG_OK)
		status = give_component(p, &bonus);
	if (status == TG_OK && p->part_count > 0)
		status = give_parts(p, paid);
	if (status != TG_OK)
		return status;
	return plan_finish(p);
}

/*
 * Has each issuer the cover, and the life, for its part?  Where the bonus goes past a stop it is
 * left out, as by a cap (domain decision 15); only the base's own refuses the earn.
 */
static enum tg_status
check_issuers(const struct plan *p, const struct rule_config *rule, struct components *c,
	      bool *is_capped)
{
	const bool is_own = rule->bonus_sponsor == 0 || rule->bonus_sponsor == p->partner->number;
	enum tg_status status;

	if (c->bonus_points > 0 && !is_own) {
		uint32_t sponsor = state_find_partner(p->ledger, rule->bonus_sponsor);

		status = plan_may_issue(p, ledger_partner_row(p->ledger, sponsor), c->bonus_points);
		if (status != TG_OK) {
			c->bonus_points = 0;
			*is_capped = true;
		}
	}
	status = plan_may_issue(p, p->partner_row,
				c->base_points + (is_own ? c->bonus_points : 0));
	if (status == TG_NO_COVER && is_own && c->bonus_points > 0) {
		c->bonus_points = 0;
		*is_capped = true;
		status = plan_may_issue(p, p->partner_row, c->base_points);
	}
	return status;
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
	if (ledger_state(p->ledger)->newest_rulebook != TABLE_NONE) {
		rulebook_judge(p, rule, base_amount, bonus_left(p) - c.bonus_points, &c);
		if (p->is_out_of_room)
			return TG_TABLE_FULL;
	}
	if ((p->partner->flags & (PARTNER_CARRY_DAY | PARTNER_CARRY_MONTH)) != 0)
		carry_judge(p, rule, base_amount, &c);
	status = check_issuers(p, rule, &c, &is_capped);
	if (status == TG_OK)
		status = plan_check_earn_limits(p, c.base_points + c.bonus_points +
							   c.campaign_points);
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
