/*
 * model_return.c - what becomes of a purchase when goods come back or tills undo.
 */
#include <inttypes.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/message.h"
#include "protocol/status.h"
#include "tests/sim/model_private.h"

#define DAY_MS INT64_C(86400000)

/* ---- earned points are taken back ---- */

static int64_t
take_pending(struct member *who, uint64_t origin, int64_t left)
{
	int64_t taken = 0;
	int kept = 0;

	/* What came last goes first: the bonus before the base. */
	for (int i = who->pending_count - 1; i >= 0; i--) {
		struct pending *pending = &who->pendings[i];

		if (pending->origin == origin) {
			int64_t part = model_least(left - taken, pending->points);

			pending->points -= part;
			taken += part;
		}
	}
	for (int i = 0; i < who->pending_count; i++) {
		if (who->pendings[i].points > 0)
			who->pendings[kept++] = who->pendings[i];
	}
	who->pending_count = kept;
	return taken;
}

static int64_t
take_own_lots(struct member *who, uint64_t origin, int64_t left)
{
	int64_t taken = 0;
	int kept = 0;

	/* As above, what came last first. */
	for (int i = who->lot_count - 1; i >= 0; i--) {
		struct lot *lot = &who->lots[i];

		if (lot->origin == origin && lot->part != 3) {
			int64_t part = model_least(left - taken, lot->points);

			lot->points -= part;
			taken += part;
		}
	}
	for (int i = 0; i < who->lot_count; i++) {
		if (who->lots[i].points > 0)
			who->lots[kept++] = who->lots[i];
	}
	who->lot_count = kept;
	return taken;
}

static void
owe(struct model *m, int64_t points)
{
	struct member *who = m->member;

	m->owed += points;
	for (int i = 0; i < who->debt_count; i++) {
		if (who->debts[i].partner == m->event->partner) {
			who->debts[i].points += points;
			return;
		}
	}
	TG_ASSERT(who->debt_count < MODEL_DEBTS);
	who->debts[who->debt_count++] =
		(struct debt){ m->event->partner, m->event->date, points };
}

/* Who issued the bonus and what campaigns gave has it back, but for what expired meanwhile. */
static void
return_bonus(struct model *m, const struct deal *earn, struct parts taken, int64_t absorbed)
{
	int64_t gone = model_least(absorbed, taken.bonus);

	if (earn->rule != NULL)
		model_issue(m, earn->rule->sponsor != 0 ? earn->rule->sponsor : earn->partner,
			    gone - taken.bonus);
	model_return_parts(m, earn, absorbed - gone);
}

/* From its pending points, its own lots, regular points, unbound lots; the rest is owed. */
static bool
take_back(struct model *m, struct deal *earn, struct parts taken)
{
	struct member *who = m->member;
	int64_t total = taken.base + taken.bonus + taken.campaigns;
	int64_t left = total;
	int64_t absorbed, regular;

	left -= take_pending(who, earn->sequence, left);
	left -= take_own_lots(who, earn->sequence, left);
	absorbed = model_least(left, model_least(earn->expired, taken.bonus + taken.campaigns));
	earn->expired -= absorbed;
	model_issue(m, earn->partner, -taken.base);
	left -= absorbed;
	return_bonus(m, earn, taken, absorbed);
	regular = model_least(left, who->regular);
	who->regular -= regular;
	left -= regular;
	left -= model_take_unbound(m, left, m->event->day);
	if (left > 0)
		owe(m, left);
	return model_same(m, "points taken", m->event->outcome.taken, total);
}

/* ---- burned points are given back ---- */

/* The day points may have when they come back.  False: they are lost. */
static bool
redate(const struct model *m, struct lot *lot, bool is_void)
{
	int32_t today = m->event->day;

	if (is_void) {
		if (lot->last_day <= today)
			lot->last_day = today + 1;
		return true;
	}
	if (lot->last_day >= today)
		return true;
	if (m->partner->loses_expired || lot->is_redated)
		return false;
	lot->last_day = today + m->partner->restored_days;
	lot->is_redated = true;
	return true;
}

/* Regular points first, then what was taken last.  Returns what is lost. */
static int64_t
give_back(struct model *m, struct deal *burn, int64_t points, bool is_void)
{
	struct member *who = m->member;
	int64_t regular = model_least(points, burn->regular);
	int64_t left = points - regular, lost = 0;
	struct lot anew = {
		.origin = m->event->sequence,
		.part = 3,
		.last_day = who->regular_last_day,
	};

	m->books[burn->partner].redeemed -= points;
	burn->regular -= regular;
	burn->undone += points;
	if (regular > 0 && who->regular_last_day >= m->event->day)
		who->regular += regular - model_pay_debt(m, regular);
	else if (regular > 0 && redate(m, &anew, is_void))
		model_give_lot(m, &anew, regular - model_pay_debt(m, regular));
	else
		lost += regular;
	while (left > 0 && burn->portion_count > 0) {
		struct lot *portion = &burn->portions[burn->portion_count - 1];
		struct lot lot = *portion;
		int64_t part = model_least(left, portion->points);

		portion->points -= part;
		left -= part;
		if (portion->points == 0)
			burn->portion_count--;
		if (redate(m, &lot, is_void))
			model_give_lot(m, &lot, part - model_pay_debt(m, part));
		else
			lost += part;
	}
	return lost;
}

static bool
check_given(struct model *m, int64_t points, int64_t lost)
{
	return model_same(m, "points lost", m->event->outcome.lost, lost) &&
	       model_same(m, "points given back", m->event->outcome.restored, points - lost);
}

/* ---- refunds ---- */

struct purchase {
	struct deal *earn, *burn; /* NULL: not named */
	int64_t money, money_before, money_now;
	int64_t covered, covered_before, covered_now;
	int64_t points_before, points_now;
};

static void
check_original(struct model *m, const struct deal *deal, bool is_burn)
{
	const bool is_value = model_is_value(deal);
	bool fits = is_burn ? !is_value &&
				      (deal->kind == TG_OP_BURN || deal->kind == TG_OP_CAPTURE) :
			      is_value || deal->kind == TG_OP_EARN;

	if (deal->is_tombstone || deal->state == DEAL_REVERSED)
		m->reasons[TG_ALREADY_REVERSED] = true;
	if (!fits || deal->status != TG_OK || deal->is_tombstone)
		m->reasons[TG_NOT_REVERSIBLE] = true;
	if (deal->member != m->event->member)
		m->reasons[TG_OTHER_MEMBER] = true;
}

bool
model_has_reason(const struct model *m)
{
	for (int i = 0; i < MODEL_STATUSES; i++) {
		if (m->reasons[i])
			return true;
	}
	return false;
}

static void
measure(const struct model *m, struct purchase *p)
{
	if (p->earn != NULL) {
		p->money = model_most(p->earn->amount - p->earn->covered, 0);
		p->money_before = p->earn->returned_money;
		p->covered = model_least(p->earn->covered, p->earn->amount);
		p->covered_before = p->earn->returned_covered;
	}
	if (p->burn != NULL) {
		p->covered = p->burn->covered;
		if (p->covered == 0)
			p->covered = model_share(p->burn->points, m->programme.point_num,
						 m->programme.point_den);
		p->covered_before = p->burn->returned_covered;
		p->points_before = p->burn->undone;
	}
	p->covered = model_most(p->covered, p->covered_before);
}

/* The till states the points: they stand for their share of what all of them covered. */
static bool
split_stated(const struct model_event *e, struct purchase *p)
{
	int64_t burned = p->burn != NULL ? p->burn->points : 0;
	int64_t after = p->points_before + e->points;

	if (after > burned)
		return false;
	p->points_now = e->points;
	if (burned > 0)
		p->covered_now = model_most(
			model_share(p->covered, after, burned) - p->covered_before, 0);
	p->money_now = e->amount - p->covered_now;
	return p->money_now >= 0;
}

/* Money first; or pro rata, and in money what the points' share cannot take. */
static void
split(const struct model *m, struct purchase *p)
{
	int64_t value = m->event->amount;
	int64_t money_left = p->money - p->money_before;
	int64_t covered_left = p->covered - p->covered_before;

	p->money_now = model_least(value, money_left);
	if (m->partner->is_pro_rata && p->money + p->covered > 0) {
		int64_t share = model_share(p->money_before + p->covered_before + value, p->money,
					    p->money + p->covered);

		p->money_now = model_least(model_most(share - p->money_before, 0), p->money_now);
		if (value - p->money_now > covered_left)
			p->money_now = model_least(value - covered_left, money_left);
	}
	p->covered_now = value - p->money_now;
	if (p->burn != NULL && p->covered_now > 0)
		p->points_now = model_most(model_share(p->burn->points,
						       p->covered_before + p->covered_now,
						       p->covered) -
						   p->points_before,
					   0);
}

static int64_t
kept_base(const struct deal *earn, int64_t money_back, int64_t covered_back)
{
	if (earn->is_gross)
		return model_most(earn->amount - money_back - covered_back, 0);
	return model_most(earn->amount - earn->covered, 0) - money_back;
}

/* The rules of then, applied to what was kept before and is kept now: the difference goes. */
static bool
take_kept(struct model *m, struct deal *earn, int64_t before, int64_t now)
{
	struct parts all = model_parts(earn->rule, before, earn->is_capped);
	struct parts rest = model_parts(earn->rule, now, earn->is_capped);
	struct parts taken = { all.base - rest.base, all.bonus - rest.bonus, 0 };

	return model_take_parts(m, earn, before, now, &taken) && take_back(m, earn, taken);
}

static bool
take_for_return(struct model *m, const struct purchase *p)
{
	struct deal *earn = p->earn;
	int64_t before = kept_base(earn, p->money_before, earn->returned_covered);
	int64_t now = kept_base(earn, p->money_before + p->money_now,
				earn->returned_covered + p->covered_now);

	earn->returned_money += p->money_now;
	earn->returned_covered += p->covered_now;
	return take_kept(m, earn, before, now);
}

static void
check_policy(struct model *m, const struct purchase *p)
{
	if (p->points_now == 0)
		return;
	m->reasons[TG_RETURN_FORBIDDEN] =
		m->partner->no_returned_burns ||
		(m->partner->return_days != MODEL_NEVER &&
		 m->judged_ms - p->burn->till_ms > m->partner->return_days * DAY_MS);
}

bool
model_refund(struct model *m)
{
	const struct model_event *e = m->event;
	struct purchase p = { 0 };
	int64_t lost;
	bool fits = true;

	(void)model_remember(m);
	if (e->has_original)
		p.earn = model_find_deal(m, e->original, true);
	if (e->has_burn)
		p.burn = model_find_deal(m, e->burn, true);
	if (p.earn != NULL)
		check_original(m, p.earn, false);
	if (p.burn != NULL)
		check_original(m, p.burn, true);
	if (model_has_reason(m))
		return true;
	if ((e->has_original && p.earn == NULL) || (e->has_burn && p.burn == NULL))
		return model_object(m, "a refund of what never was");
	if (p.earn != NULL && model_is_value(p.earn))
		return model_refund_value(m, p.earn);
	measure(m, &p);
	if (e->has_points)
		fits = split_stated(e, &p);
	else
		split(m, &p);
	if (!fits || p.money_now > p.money - p.money_before ||
	    p.covered_now > p.covered - p.covered_before)
		m->reasons[TG_OVER_REFUND] = true;
	else
		check_policy(m, &p);
	if (e->outcome.status != TG_OK || model_has_reason(m))
		return true;
	model_blur_day(m);
	lost = p.points_now > 0 ? give_back(m, p.burn, p.points_now, false) : 0;
	if (p.burn != NULL)
		p.burn->returned_covered += p.covered_now;
	if (p.earn != NULL && !take_for_return(m, &p))
		return false;
	return check_given(m, p.points_now, lost) &&
	       model_same(m, "money returned", e->outcome.money, p.money_now);
}

/* ---- reversals ---- */

static bool
bury(struct model *m, struct deal *tombstone)
{
	const struct model_event *e = m->event;

	if (e->outcome.status != TG_ORIGINAL_UNKNOWN)
		return model_object(m, "the reversal of what never was did something");
	tombstone->is_tombstone = true;
	memcpy(tombstone->id, e->original, sizeof(tombstone->id));
	tombstone->till_ms = e->original_ms;
	return true;
}

static bool
reverse_hold(struct model *m, struct deal *hold)
{
	m->reasons[TG_HOLD_CAPTURED] = hold->state == DEAL_CAPTURED;
	if (m->event->outcome.status == TG_HOLD_EXPIRED && hold->state != DEAL_OPEN)
		m->excuses[TG_HOLD_EXPIRED] = true; /* resolved long ago, and forgotten */
	if (hold->state != DEAL_OPEN || m->event->outcome.status != TG_OK)
		return true;
	hold->state = DEAL_REVERSED;
	if (hold->is_of_value)
		return model_free_value(m, hold);
	(void)model_resolve(m, hold, NULL, 0, m->event->day);
	return true;
}

/*
 * The id was used before, and that is forgotten: by its time the reversal means one that may still
 * come.
 */
static bool
is_another(const struct model *m, const struct deal *deal)
{
	const struct model_event *e = m->event;
	int64_t window_ms = e->utc_ms - m->programme.window_ms;

	return e->outcome.status == TG_ORIGINAL_UNKNOWN && !deal->is_tombstone &&
	       deal->booked_ms < window_ms && e->original_ms >= window_ms;
}

bool
model_reverse(struct model *m)
{
	const struct model_event *e = m->event;
	struct deal *deal;
	int64_t lost;

	(void)model_remember(m);
	deal = model_find_deal(m, e->original, false);
	if (deal == NULL || is_another(m, deal))
		return bury(m, model_remember(m));
	if (deal->is_tombstone)
		return model_same(m, "status", e->outcome.status, TG_ORIGINAL_UNKNOWN);
	m->reasons[TG_OTHER_MEMBER] = deal->member != e->member;
	if (deal->status != TG_OK || model_has_reason(m))
		return true;
	/* An exchange is in the partner's own books by then. */
	m->excuses[TG_NOT_REVERSIBLE] = deal->kind == TG_OP_EXCHANGE &&
					e->original_ms < e->utc_ms - m->programme.window_ms;
	/* A hold that was given back has nothing left to undo, and that is fine. */
	if (deal->kind == TG_OP_HOLD)
		return reverse_hold(m, deal);
	m->reasons[TG_ALREADY_REVERSED] = deal->state == DEAL_REVERSED;
	if (model_is_value(deal))
		return model_reverse_value(m, deal);
	if (deal->kind == TG_OP_EARN)
		m->reasons[TG_NOT_REVERSIBLE] =
			deal->returned_money != 0 || deal->returned_covered != 0;
	else if (deal->kind == TG_OP_BURN || deal->kind == TG_OP_CAPTURE)
		m->reasons[TG_NOT_REVERSIBLE] = deal->undone != 0;
	else if (deal->kind != TG_OP_EXCHANGE)
		m->reasons[TG_NOT_REVERSIBLE] = true;
	if (e->outcome.status != TG_OK || model_has_reason(m))
		return true;
	model_blur_day(m);
	deal->state = DEAL_REVERSED;
	if (deal->kind == TG_OP_EARN)
		return take_kept(m, deal, kept_base(deal, 0, 0), 0);
	if (deal->kind == TG_OP_EXCHANGE)
		m->books[deal->partner].own += deal->is_out ? -deal->own_units : deal->own_units;
	if (deal->kind == TG_OP_EXCHANGE && !deal->is_out)
		return take_back(m, deal, (struct parts){ deal->points, 0, 0 });
	lost = give_back(m, deal, deal->points, true);
	return check_given(m, deal->points, lost);
}
