/*
 * adjust.c - what operators do to members: points given or taken, blocks; and their notes.
 *
 * Every record here names its operator and says what for.
 */
#include <string.h>

#include "ledger/plan.h"

enum tg_status
plan_note(struct plan *p)
{
	plan_begin_order(p, RECORD_NOTE);
	return plan_finish(p);
}

/* Points leave in the order of a burn, for good: no portion is kept. */
static void
take_points(struct plan *p, int64_t points)
{
	struct view *v = &p->view;
	const struct view_place place = plan_place(p);
	uint32_t order[MEMBER_LOTS_MAX];
	const uint32_t count = view_burn_order(v, &place, p->now->day, order);
	int64_t left = points;

	for (uint32_t i = 0; i < count && left > 0; i++) {
		left -= plan_drain_lot(p, order[i], left);
	}
	TG_ASSERT(left <= v->regular);
	v->regular -= left;
	plan_post(p, ACCOUNT_AVAILABLE, 0, -points);
	plan_post(p, ACCOUNT_ADJUSTMENTS, p->request->partner, points);
}

/* Points come as regular ones, after debts; only where the regular points have ended they live
 * anew, as an adjustment is no activity of the member. */
static enum tg_status
give_points(struct plan *p, int64_t points)
{
	struct view *v = &p->view;
	const int64_t paid = plan_pay_debt(p, points);

	enum tg_status status = TG_OK;

	if (v->regular_last_day < p->now->day)
		status = plan_renew_regular(p, p->now->day);
	v->regular += points - paid;
	plan_post(p, ACCOUNT_AVAILABLE, 0, points - paid);
	plan_post(p, ACCOUNT_ADJUSTMENTS, p->request->partner, -points);
	return status;
}

/* Whose the points are: the operator's own, or those of a partner that the member may meet. */
static enum tg_status
check_bearer(const struct plan *p)
{
	const uint32_t partner = p->request->partner;
	const uint32_t row = partner == 0 ? TABLE_NONE : state_find_partner(p->ledger, partner);
	const struct partner_row *bearer;

	if (partner == 0)
		return TG_OK;
	if (row == TABLE_NONE)
		return TG_UNKNOWN_PARTNER;
	bearer = ledger_partner_row(p->ledger, row);
	if (((p->view.flags & MEMBER_TEST) != 0) != ((bearer->config.flags & PARTNER_TEST) != 0))
		return TG_TEST_MISMATCH;
	return p->request->is_debit ? TG_OK : plan_may_bear(p, bearer, p->request->points);
}

enum tg_status
plan_adjust(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const struct view_place place = plan_place(p);
	enum tg_status status = check_bearer(p);
	struct record *r;

	if (status != TG_OK)
		return status;
	if (q->points < 1 || q->points > TG_AMOUNT_MAX) {
		p->decision->answer.field = TG_FIELD_POINTS;
		return TG_BAD_FIELD;
	}
	if (q->text_bytes == 0)
		return TG_MISSING_FIELD;
	if (q->is_debit && view_usable(&p->view, &place, p->now->day) < q->points)
		return TG_NO_POINTS;
	r = plan_begin_order(p, RECORD_ADJUST);
	r->sections |= RECORD_HAS_BIT(AMOUNT);
	r->amount = 0;
	r->points = q->points;
	r->rule_version = 0;
	if (q->is_debit)
		take_points(p, q->points);
	else
		status = give_points(p, q->points);
	return status == TG_OK ? plan_finish(p) : status;
}

enum tg_status
plan_set_birthday(struct plan *p)
{
	const uint16_t birthday = p->request->birthday;
	struct record *r;

	if (birthday != 0 && !calendar_is_month_day(birthday))
		return TG_BAD_FIELD;
	r = plan_begin_order(p, RECORD_BIRTHDAY);
	r->sections |= RECORD_HAS_BIT(BIRTHDAY);
	r->birthday = birthday;
	return plan_finish(p);
}

enum tg_status
plan_block(struct plan *p)
{
	const struct ledger_request *q = p->request;
	struct record *r;

	if (q->block_target != BLOCK_MEMBER &&
	    (q->block_target != BLOCK_IDENTIFIER || q->member != 0))
		return TG_BAD_FIELD;
	r = plan_begin_order(p, RECORD_BLOCK);
	r->sections |= RECORD_HAS_BIT(BLOCK);
	r->block_target = q->block_target;
	r->is_blocked = q->is_blocked ? 1 : 0;
	r->blocked_row = q->block_target == BLOCK_IDENTIFIER ? p->identifier_row : 0;
	return plan_finish(p);
}
