/*
 * due.c - what has fallen due for a member: holds past their deadline, pending points that mature,
 * points past their last day.
 *
 * Points past their day are out of reach from the next day on, whatever is recorded; they become
 * breakage when no late request can reach them any more (domain decision 4), or earlier when an
 * activity is about to give the regular points a new day.
 */
#include "ledger/plan.h"

static enum tg_status
expire_holds(struct plan *p)
{
	const struct ledger *l = p->ledger;
	uint32_t holds[MEMBER_HOLDS_MAX];
	uint32_t count = 0;

	for (uint32_t at = ledger_member_row(l, p->view.member_row)->first_hold; at != TABLE_NONE;
	     at = ledger_hold_row(l, at)->next) {
		TG_ASSERT(count < MEMBER_HOLDS_MAX);
		if (ledger_hold_row(l, at)->deadline_utc_ms <= p->now->utc_ms &&
		    at != p->kept_hold)
			holds[count++] = at;
	}
	/* The chain is newest first; the oldest hold expires first. */
	while (count > 0) {
		enum tg_status status;

		plan_begin(p, RECORD_HOLD_EXPIRE);
		status = plan_resolve_hold(p, holds[--count], 0, p->now->day);
		if (status == TG_OK)
			status = plan_finish(p);
		if (status != TG_OK)
			return status;
	}
	return TG_OK;
}

enum tg_status
plan_mature(struct plan *p, struct view_pending *pending, int32_t day)
{
	struct view *v = &p->view;
	int64_t points = pending->now;
	int64_t paid = plan_pay_debt(p, points);
	int64_t rest = points - paid;

	pending->now = 0;
	plan_post(p, ACCOUNT_PENDING, 0, -points);
	plan_post(p, ACCOUNT_AVAILABLE, 0, rest);
	if (paid > 0) {
		p->record->sections |= RECORD_HAS_BIT(REFUNDED);
		p->record->paid_debt_points += paid;
	}
	if (rest == 0)
		return TG_OK;
	if (pending->life_days == 0) {
		enum tg_status status = plan_renew_regular(p, day);

		v->regular += rest;
		return status;
	}
	return view_give_lot(v,
			     &(struct view_lot){
				     .serial = pending->serial,
				     .usable_at = pending->usable_at,
				     .issuer = pending->issuer,
				     .campaign = pending->campaign,
				     .last_day = day + pending->life_days,
			     },
			     rest)
		       ? TG_OK
		       : TG_LOTS_FULL;
}

/* The pending points that matured first of those that have by today; NULL: none. */
static struct view_pending *
first_matured(struct plan *p)
{
	struct view_pending *first = NULL;

	for (uint32_t i = 0; i < p->view.pending_count; i++) {
		struct view_pending *pending = &p->view.pendings[i];

		if (pending->now > 0 && pending->matures_day <= p->now->day &&
		    (first == NULL || pending->matures_day < first->matures_day))
			first = pending;
	}
	return first;
}

/*
 * Mature in the order of days, however late this is noticed.  up_to_end: stop at those that came
 * when the regular points had ended already, which have to expire before.
 */
static enum tg_status
mature(struct plan *p, bool up_to_end)
{
	struct view_pending *pending = first_matured(p);
	enum tg_status status = TG_OK;

	if (pending != NULL && !(up_to_end && pending->matures_day > p->view.regular_last_day))
		plan_begin(p, RECORD_MATURE);
	while (pending != NULL && status == TG_OK &&
	       !(up_to_end && pending->matures_day > p->view.regular_last_day)) {
		status = plan_mature(p, pending, pending->matures_day);
		pending = first_matured(p);
	}
	if (p->record == NULL || status != TG_OK)
		return status;
	return plan_finish(p);
}

/*
 * Do regular points that ended on their day have to go now?  Those that mature later than that day
 * give a new one, too.
 */
static bool
regular_is_due(struct plan *p, bool is_activity)
{
	const struct view *v = &p->view;

	if (v->regular == 0)
		return false;
	if (first_matured(p) != NULL)
		return true;
	return v->regular_last_day < p->judged_day &&
	       (is_activity || v->regular_last_day <= plan_sweep_day(p));
}

static enum tg_status
expire(struct plan *p, bool is_activity)
{
	struct view *v = &p->view;
	int32_t sweep_day = plan_sweep_day(p);
	bool regular_goes = regular_is_due(p, is_activity);
	int64_t points = regular_goes ? v->regular : 0;

	for (uint32_t i = 0; i < v->lot_count; i++) {
		if (v->lots[i].last_day <= sweep_day)
			points += v->lots[i].now;
	}
	if (points == 0)
		return TG_OK;
	plan_begin(p, RECORD_EXPIRE);
	if (regular_goes)
		v->regular = 0;
	for (uint32_t i = 0; i < v->lot_count; i++) {
		struct view_lot *lot = &v->lots[i];

		if (lot->last_day > sweep_day)
			continue;
		view_note_expired(v, lot->serial, lot->now);
		lot->now = 0;
	}
	plan_post(p, ACCOUNT_AVAILABLE, 0, -points);
	plan_post(p, ACCOUNT_BREAKAGE, 0, points);
	return plan_finish(p);
}

/* Have so many cycles of the debt's partner closed since it arose, its own included? */
static bool
has_seen_cycles(const struct plan *p, const struct view_debt *debt)
{
	const uint32_t cycles = (uint32_t)p->programme->debt_cycles;
	const uint32_t cycle = state_find_cycle(p->ledger, debt->partner);
	uint32_t open, row;

	if (cycles == 0 || cycle == TABLE_NONE)
		return false;
	open = ledger_cycle_row(p->ledger, cycle)->open.number;
	if (open <= cycles)
		return false;
	row = state_find_statement(p->ledger, debt->partner, open - cycles);
	return row != TABLE_NONE &&
	       ledger_statement_row(p->ledger, row)->last_day >= debt->since_day;
}

/* Is the debt old enough to be given up, by either measure of the programme? */
static bool
is_given_up(const struct plan *p, const struct view_debt *debt)
{
	const int32_t days = p->programme->debt_days;

	if (days != 0 && debt->since_day <= (int64_t)ledger_business_date(p->ledger) - days)
		return true;
	return has_seen_cycles(p, debt);
}

/*
 * Debt older than the programme says is given up (domain decision 6).  It stays the business of the
 * partner that caused it: its posting names that one.
 */
static enum tg_status
write_off(struct plan *p)
{
	struct view *v = &p->view;
	int64_t points = 0;

	for (uint32_t i = 0; i < v->debt_count; i++) {
		struct view_debt *debt = &v->debts[i];

		if (debt->now == 0 || !is_given_up(p, debt))
			continue;
		if (points == 0)
			plan_begin(p, RECORD_WRITE_OFF);
		points += debt->now;
		plan_post(p, ACCOUNT_DEBT, debt->partner, debt->now);
		debt->now = 0;
	}
	if (points == 0)
		return TG_OK;
	plan_post(p, ACCOUNT_WRITTEN_OFF, 0, -points);
	return plan_finish(p);
}

enum tg_status
plan_due(struct plan *p, bool is_activity)
{
	enum tg_status status;

	if (p->view.member_row == TABLE_NONE)
		return TG_OK;
	status = mature(p, true);
	if (status == TG_OK)
		status = expire_holds(p);
	if (status == TG_OK)
		status = expire(p, is_activity);
	if (status == TG_OK)
		status = mature(p, false);
	return status == TG_OK ? write_off(p) : status;
}
