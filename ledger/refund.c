/*
 * refund.c - goods come back: burned points are given back, earned ones taken (decisions 6 and 7).
 *
 * All amounts are worked out as what is undone in total after this refund, less what was undone
 * before: so any sequence of partial refunds ends exactly.
 */
#include "ledger/plan.h"

/* Take up to left points out of the earn's own pending points; what it took. */
static int64_t
take_pending(struct plan *p, uint64_t sequence, int64_t left)
{
	struct view *v = &p->view;
	int64_t taken = 0;

	for (uint32_t i = 0; i < v->pending_count && taken < left; i++) {
		struct view_pending *pending = &v->pendings[i];
		int64_t part = points_min(left - taken, pending->now);

		if (pending->serial >> 8 != sequence)
			continue;
		pending->now -= part;
		taken += part;
	}
	plan_post(p, ACCOUNT_PENDING, 0, -taken);
	return taken;
}

/* ... out of its own limited lots that are still alive, whatever their restrictions. */
static int64_t
take_own_lots(struct plan *p, uint64_t sequence, int64_t left)
{
	struct view *v = &p->view;
	int64_t taken = 0;

	for (uint32_t i = 0; i < v->lot_count && taken < left; i++) {
		if (v->lots[i].serial >> 8 == sequence)
			taken += plan_drain_lot(p, i, left - taken);
	}
	return taken;
}

/* ... out of other lots that are not bound to a partner or store, soonest last day first. */
static int64_t
take_unbound_lots(struct plan *p, int64_t left)
{
	struct view *v = &p->view;
	struct view_place place = { .is_anywhere = true };
	uint32_t order[MEMBER_LOTS_MAX];
	uint32_t count = view_burn_order(v, &place, p->now->day, order);
	int64_t taken = 0;

	for (uint32_t i = 0; i < count && taken < left; i++) {
		if (v->lots[order[i]].usable_at == USABLE_ANYWHERE)
			taken += plan_drain_lot(p, order[i], left - taken);
	}
	return taken;
}

/* Points of the earn that have expired and that no refund has met yet. */
static int64_t
expired_points(const struct plan *p, const struct transaction_row *earn)
{
	const struct view *v = &p->view;
	const struct archived_transaction *archived = p->request->archived;
	const struct detail_row *detail = plan_detail(p, earn);
	int64_t points = detail->expired_points;

	/* Opened again before: the archive knows what has expired since. */
	if (archived != NULL && archived->is_found && archived->sequence == earn->sequence)
		points = points_max(points, archived->expired_points);
	points -= detail->absorbed_points;
	for (uint32_t i = 0; i < v->expired_count; i++) {
		if (v->expired[i].serial >> 8 == earn->sequence)
			points += v->expired[i].points;
	}
	return points;
}

/*
 * What expires of an earn that was opened again is not counted in its row, as the member's chain
 * does not have it: only the archive knows.  Has it not been asked, or too long ago?
 */
static bool
must_ask_archive(const struct plan *p, const struct transaction_row *earn)
{
	const struct archived_transaction *archived = p->request->archived;

	return earn->kept_from_utc_ms != earn->booked_at_utc_ms &&
	       (archived == NULL || archived->as_of_utc_ms < plan_window_start(p));
}

/* Each sponsor gets its part back; what had expired is breakage already, the first ones' first. */
static void
return_to_sponsors(struct plan *p, int64_t bonus_points, uint32_t sponsor, int64_t absorbed)
{
	const struct record *r = p->record;
	struct sponsor_share shares[SPONSORS_MAX];
	int64_t gone = points_min(absorbed, bonus_points);

	plan_post(p, ACCOUNT_ISSUED, sponsor, bonus_points - gone);
	absorbed -= gone;
	for (uint32_t i = 0; i < r->component_count; i++) {
		const struct record_component *part = &r->components[i];
		const struct component_row *component;
		int64_t kept;
		uint32_t count;

		if (part->campaign == 0)
			continue;
		component = plan_part(p, part->row);
		kept = component->points - component->taken_points;
		gone = points_min(absorbed, part->points);
		count = sponsors_of(p->ledger, part->sponsor, part->campaign_row, shares);
		sponsors_return(p, shares, count, kept, kept - part->points, gone);
		absorbed -= gone;
	}
}

enum tg_status
plan_take_back(struct plan *p, const struct transaction_row *earn, struct components taken,
	       uint32_t sponsor)
{
	struct view *v = &p->view;
	struct record *r = p->record;
	int64_t bonus = taken.bonus_points + taken.campaign_points;
	int64_t total = taken.base_points + bonus;
	int64_t left = total;
	int64_t available, absorbed;

	left -= take_pending(p, earn->sequence, left);
	available = take_own_lots(p, earn->sequence, left);
	left -= available;
	/* Only the bonus is a limited lot, so only bonus can have expired. */
	absorbed = points_min(left, points_min(expired_points(p, earn), bonus));
	if (absorbed < points_min(left, bonus) && must_ask_archive(p, earn)) {
		p->decision->answer.wants_archive = true;
		return TG_ORIGINAL_ARCHIVED;
	}
	left -= absorbed;
	if (left > 0) {
		int64_t regular = points_min(left, v->regular);

		v->regular -= regular;
		left -= regular;
		available += regular;
	}
	if (left > 0) {
		int64_t unbound = take_unbound_lots(p, left);

		left -= unbound;
		available += unbound;
	}
	plan_post(p, ACCOUNT_AVAILABLE, 0, -available);
	plan_post(p, ACCOUNT_DEBT, p->partner->number, -left);
	if (left > 0 && !view_owe(v, p->partner->number, r->business_date, left))
		return TG_LOTS_FULL;
	plan_post(p, ACCOUNT_ISSUED, earn->partner, taken.base_points);
	return_to_sponsors(p, taken.bonus_points, sponsor, absorbed);
	r->sections |= RECORD_HAS_BIT(REFUNDED);
	r->taken_points = total;
	r->absorbed_points = absorbed;
	r->debt_points = left;
	return TG_OK;
}

/*
 * The lot that points come back to, with the day they may have; false: they are lost.
 * Points that are voided live to the end of the next day at least.
 */
static bool
redate(const struct plan *p, struct view_lot *lot, bool is_void)
{
	int32_t today = p->now->day;

	if (is_void) {
		if (lot->last_day < today + 1)
			lot->last_day = today + 1;
		return true;
	}
	if (lot->last_day >= today)
		return true;
	if ((p->partner->flags & PARTNER_RETURN_LOSES_EXPIRED) != 0 ||
	    (lot->lot_flags & LOT_REDATED) != 0)
		return false;
	lot->last_day = today + p->partner->restored_days;
	lot->lot_flags |= LOT_REDATED;
	return true;
}

/* Points come back: debt first, the rest to the lot, or to the regular points (lot NULL). */
static enum tg_status
give(struct plan *p, const struct view_lot *lot, int64_t points)
{
	struct record *r = p->record;
	int64_t paid = plan_pay_debt(p, points);
	int64_t rest = points - paid;

	r->restored_points += points;
	r->paid_debt_points += paid;
	plan_post(p, ACCOUNT_AVAILABLE, 0, rest);
	if (rest == 0)
		return TG_OK;
	if (lot == NULL) {
		p->view.regular += rest;
		return TG_OK;
	}
	return view_restore_lot(&p->view, lot, rest) ? TG_OK : TG_LOTS_FULL;
}

/* The part that came from regular points: to them, or, past their day, as points of a day given. */
static enum tg_status
give_regular(struct plan *p, int64_t points, bool is_void)
{
	struct record *r = p->record;
	struct view_lot lot = {
		.serial = r->sequence << 8 | 3,
		/* No issuer: they are whose they were as regular points. */
		.last_day = p->view.regular_last_day,
	};

	if (points == 0)
		return TG_OK;
	r->restored_regular_points += points;
	if (p->view.regular_last_day >= p->now->day)
		return give(p, NULL, points);
	if (redate(p, &lot, is_void))
		return give(p, &lot, points);
	r->lost_points += points;
	return TG_OK;
}

static enum tg_status
give_portion(struct plan *p, uint32_t row, int64_t points, bool is_void)
{
	const struct portion_row *portion = plan_portion(p, row);
	struct view_lot lot = {
		.serial = portion->serial,
		.last_day = portion->last_day,
		.usable_at = portion->usable_at,
		.issuer = portion->issuer,
		.lot_flags = portion->lot_flags,
		.campaign = portion->campaign,
	};
	struct move *m = plan_move(p, MOVE_PORTION);

	m->row = row;
	m->points = -points;
	m->flags = points == portion->points ? MOVE_GONE : 0;
	if (redate(p, &lot, is_void))
		return give(p, &lot, points);
	p->record->lost_points += points;
	return TG_OK;
}

enum tg_status
plan_give_back(struct plan *p, const struct transaction_row *burn, int64_t points, bool is_void)
{
	struct record *r = p->record;
	int64_t regular = points_min(points, plan_detail(p, burn)->regular_points);
	int64_t left = points - regular;
	uint32_t rows[MEMBER_PORTIONS_MAX];
	uint32_t count = 0;
	enum tg_status status;

	r->sections |= RECORD_HAS_BIT(REFUNDED);
	status = give_regular(p, regular, is_void);
	for (uint32_t at = burn->first_portion; at != TABLE_NONE; at = plan_portion(p, at)->next)
		rows[count++] = at;
	for (uint32_t i = 0; status == TG_OK && left > 0 && i < count;) {
		int64_t parts[SPONSORS_MAX];
		uint32_t group = sponsors_share_portions(p, rows + i, count - i, left, parts);

		for (uint32_t k = 0; status == TG_OK && k < group; k++) {
			if (parts[k] > 0)
				status = give_portion(p, rows[i + k], parts[k], is_void);
			left -= parts[k];
		}
		i += group;
	}
	TG_ASSERT(status != TG_OK || left == 0);
	/* What is lost has come back and expired: the goods are the partner's again. */
	plan_post(p, ACCOUNT_REDEEMED, burn->partner, -(r->restored_points + r->lost_points));
	plan_post(p, ACCOUNT_BREAKAGE, 0, r->lost_points);
	return status;
}

/* The two halves of a purchase and what this refund undoes of each. */
struct refund {
	const struct transaction_row *earn; /* NULL: not named */
	const struct transaction_row *burn; /* NULL: not named */
	uint32_t earn_row, burn_row;
	int64_t money, money_before, money_now;	      /* paid in money: all, returned, now */
	int64_t covered, covered_before, covered_now; /* paid with points, as money */
	int64_t points_before, points_now;	      /* burned points given back */
};

static enum tg_status
check_original(const struct plan *p, const struct transaction_row *t, bool is_burn)
{
	const bool is_value = value_is_transaction(t);
	const bool is_spent = t->kind == RECORD_BURN || t->kind == RECORD_CAPTURE;
	bool kind_fits = is_burn ? is_spent && !is_value : is_value || t->kind == RECORD_EARN;

	if (t->kind == TRANSACTION_TOMBSTONE || t->state == STATE_REVERSED)
		return TG_ALREADY_REVERSED;
	if (!kind_fits || t->status != TG_OK)
		return TG_NOT_REVERSIBLE;
	return t->member_row == p->view.member_row ? TG_OK : TG_OTHER_MEMBER;
}

static enum tg_status
find_originals(struct plan *p, struct refund *f)
{
	const struct ledger_request *q = p->request;
	enum tg_status status = TG_OK;

	if (q->has_original) {
		status = plan_find_original(p, q->original_id, q->archived, &f->earn_row);
		if (status != TG_OK)
			return status;
		f->earn = plan_original(p, f->earn_row);
		status = check_original(p, f->earn, false);
	}
	if (status == TG_OK && q->has_original_burn) {
		status = plan_find_original(p, q->original_burn_id, q->archived_burn, &f->burn_row);
		if (status != TG_OK)
			return status;
		f->burn = plan_original(p, f->burn_row);
		status = check_original(p, f->burn, true);
	}
	return status;
}

/* What was paid, in money and in points' worth of money, and how much of each went back before. */
static void
measure_purchase(const struct plan *p, struct refund *f)
{
	const struct programme_config *programme = p->programme;

	if (f->earn != NULL) {
		const struct detail_row *detail = plan_detail(p, f->earn);

		f->money = points_max(f->earn->amount - detail->covered, 0);
		f->money_before = detail->returned_money;
		f->covered = points_min(detail->covered, f->earn->amount);
		f->covered_before = detail->returned_covered;
	}
	if (f->burn != NULL) {
		const struct detail_row *detail = plan_detail(p, f->burn);

		f->covered = detail->covered;
		if (f->covered == 0)
			f->covered =
				points_mul_div_floor(f->burn->points, programme->point_value_num,
						     programme->point_value_den);
		f->covered_before = detail->returned_covered;
		f->points_before = detail->restored_points + detail->lost_points;
	}
	/*
	 * More came back before when a burn was named that is not named now, or when a point was
	 * worth more: then nothing is left of what points covered, and the rest is money.
	 */
	f->covered = points_max(f->covered, f->covered_before);
}

/* Split the value returned into money and points' worth: money first, or pro rata. */
static void
split_value(const struct plan *p, struct refund *f)
{
	int64_t value = p->request->amount;
	int64_t money_left = f->money - f->money_before;
	int64_t covered_left = f->covered - f->covered_before;

	f->money_now = points_min(value, money_left);
	if ((p->partner->flags & PARTNER_REFUND_PRO_RATA) != 0 && f->money + f->covered > 0) {
		int64_t after = f->money_before + f->covered_before + value;
		int64_t money_after = points_mul_div_floor(after, f->money, f->money + f->covered);

		/* Less than its share may have come before: no more comes than the value. */
		f->money_now =
			points_min(points_max(money_after - f->money_before, 0), f->money_now);
		/* What the points' share cannot take comes in money. */
		if (value - f->money_now > covered_left)
			f->money_now = points_min(value - covered_left, money_left);
	}
	f->covered_now = value - f->money_now;
}

/* The request states the points: they stand for their share of what all of them covered. */
static enum tg_status
split_stated(const struct plan *p, struct refund *f)
{
	const struct ledger_request *q = p->request;
	int64_t burned = f->burn != NULL ? f->burn->points : 0;
	int64_t after = f->points_before + q->points;

	if (after > burned)
		return TG_OVER_REFUND;
	f->points_now = q->points;
	if (burned > 0) {
		int64_t covered_after = points_mul_div_floor(f->covered, after, burned);

		f->covered_now = points_max(covered_after - f->covered_before, 0);
	}
	f->money_now = q->amount - f->covered_now;
	return f->money_now < 0 ? TG_OVER_REFUND : TG_OK;
}

/* How much of the burned points goes with what is returned of the money they covered. */
static int64_t
points_for_covered(const struct refund *f)
{
	if (f->burn == NULL || f->covered == 0 || f->covered_now == 0)
		return 0;
	return points_max(points_mul_div_floor(f->burn->points, f->covered_before + f->covered_now,
					       f->covered) -
				  f->points_before,
			  0);
}

static enum tg_status
measure_return(const struct plan *p, struct refund *f)
{
	enum tg_status status = TG_OK;

	if (p->request->has_points) {
		status = split_stated(p, f);
	} else {
		split_value(p, f);
		f->points_now = points_for_covered(f);
	}
	if (status == TG_OK && (f->money_now > f->money - f->money_before ||
				f->covered_now > f->covered - f->covered_before))
		return TG_OVER_REFUND;
	return status;
}

static enum tg_status
check_return_policy(const struct plan *p, const struct refund *f)
{
	int64_t age_ms;

	if (f->points_now == 0)
		return TG_OK;
	age_ms = p->judged_utc_ms - f->burn->business_time_utc_ms;
	if ((p->partner->flags & PARTNER_RETURN_NO_BURN) != 0)
		return TG_RETURN_FORBIDDEN;
	if (p->partner->return_days != INT32_MAX &&
	    age_ms > (int64_t)p->partner->return_days * 86400000)
		return TG_RETURN_FORBIDDEN;
	return TG_OK;
}

int64_t
earn_kept_base(const struct plan *p, const struct transaction_row *earn, int64_t money_back,
	       int64_t covered_back)
{
	if ((earn->flags & RECORD_GROSS) != 0)
		return points_max(earn->amount - money_back - covered_back, 0);
	return points_max(earn->amount - plan_detail(p, earn)->covered, 0) - money_back;
}

/* The original's own rule applied to what was kept before and is kept now: the difference goes. */
static enum tg_status
take_for_return(struct plan *p, const struct refund *f)
{
	const struct transaction_row *earn = f->earn;
	uint32_t rule_row = state_find_rule(p->ledger, earn->partner, earn->rule_version);
	bool is_capped = (earn->flags & RECORD_CAPPED) != 0;
	const struct rule_config *rule;
	struct components before, now, taken;
	int64_t covered_before = plan_detail(p, earn)->returned_covered;
	int64_t base_before = earn_kept_base(p, earn, f->money_before, covered_before);
	int64_t base_now = earn_kept_base(p, earn, f->money_before + f->money_now,
					  covered_before + f->covered_now);

	if (rule_row == TABLE_NONE || !plan_has_parts(earn))
		return TG_NOT_REVERSIBLE;
	rule = &ledger_rule_row(p->ledger, rule_row)->config;
	before = earn_components(rule, base_before, is_capped);
	now = earn_components(rule, base_now, is_capped);
	taken.base_points = before.base_points - now.base_points;
	taken.bonus_points = before.bonus_points - now.bonus_points;
	taken.campaign_points = 0;
	if (earn->first_component != TABLE_NONE)
		rulebook_take_back(p, earn, rule, base_before, base_now, &taken);
	return plan_take_back(p, earn, taken,
			      rule->bonus_sponsor != 0 ? rule->bonus_sponsor : earn->partner);
}

enum tg_status
plan_refund(struct plan *p)
{
	struct refund f = { 0 };
	struct record *r;
	enum tg_status status;

	if (!p->request->has_original && !p->request->has_original_burn) {
		p->decision->answer.field = TG_FIELD_ORIGINAL;
		return TG_MISSING_FIELD;
	}
	status = find_originals(p, &f);
	if (status != TG_OK)
		return status;
	if (f.earn != NULL && value_is_transaction(f.earn))
		return plan_refund_value(p, f.earn_row);
	measure_purchase(p, &f);
	status = measure_return(p, &f);
	if (status == TG_OK)
		status = check_return_policy(p, &f);
	if (status != TG_OK)
		return status;
	r = plan_begin(p, RECORD_REFUND);
	plan_add_request(p);
	r->original_row = f.earn_row;
	r->original_burn_row = f.burn_row;
	r->sections |= RECORD_HAS_BIT(REFUNDED);
	if (f.points_now > 0)
		status = plan_give_back(p, f.burn, f.points_now, false);
	if (status == TG_OK && f.earn != NULL)
		status = take_for_return(p, &f);
	if (status != TG_OK)
		return status;
	r->returned_money = f.money_now;
	r->returned_covered = f.covered_now;
	return plan_finish(p);
}
