/*
 * model_spend.c - burns and holds.
 */
#include <inttypes.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/message.h"
#include "protocol/status.h"
#include "tests/sim/model_private.h"

void
model_check_spending(struct model *m, int64_t points)
{
	const int64_t lacking = points - model_usable(m, m->event->day);

	m->reasons[TG_BURN_OFF] = !model_may_burn(m);
	m->reasons[TG_LIMIT_TRANSACTION] = points > m->partner->burn_limit;
	m->reasons[TG_NO_POINTS] = lacking > 0 && (m->event->outcome.status != TG_NO_POINTS ||
						   !model_may_borrow(m, lacking));
	model_check_days(m, 0, points);
}

/* What speaks against paying with so many points here and now. */
static void
check_burn(struct model *m, int64_t points)
{
	const struct model_partner *partner = m->partner;

	m->reasons[TG_BURN_STEP] = points < partner->burn_minimum ||
				   (partner->burn_step > 1 && points % partner->burn_step != 0);
	model_check_spending(m, points);
}

bool
model_burn(struct model *m)
{
	const struct model_event *e = m->event;
	struct deal *deal = model_remember(m);

	check_burn(m, e->points);
	if (e->outcome.status != TG_OK)
		return true;
	m->books[e->partner].redeemed += e->points;
	model_take_points(m, e->points, e->day, deal);
	model_renew(m, e->day);
	model_count_day(m, 0, e->points);
	return model_same(m, "points", e->outcome.points, e->points);
}

bool
model_hold(struct model *m)
{
	const struct model_event *e = m->event;
	struct deal *deal = model_remember(m);
	int32_t seconds = e->hold_seconds != 0 ? e->hold_seconds : m->programme.hold_seconds;

	deal->deadline_ms = e->utc_ms + (int64_t)seconds * 1000;
	if (e->is_of_value)
		return model_hold_value(m, deal);
	check_burn(m, e->points);
	if (e->outcome.status != TG_OK)
		return true;
	deal->state = DEAL_OPEN;
	deal->regular_life = m->member->regular_life;
	model_take_points(m, e->points, e->day, deal);
	m->member->held += e->points;
	return model_same(m, "the deadline", e->outcome.deadline_ms, deal->deadline_ms);
}

int64_t
model_resolve(struct model *m, struct deal *hold, struct deal *capture, int64_t captured,
	      int32_t day)
{
	struct member *who = m->member;
	int64_t left = captured, expired = 0, rest;

	for (int i = 0; i < hold->portion_count; i++) {
		const struct lot *portion = &hold->portions[i];
		int64_t part = model_least(left, portion->points);

		left -= part;
		if (part > 0 && capture != NULL) {
			capture->portions[capture->portion_count] = *portion;
			capture->portions[capture->portion_count++].points = part;
		}
		rest = portion->points - part;
		if (portion->last_day >= day) {
			model_give_lot(m, portion, rest);
			continue;
		}
		expired += rest;
		model_note_expired(m, portion->origin, rest);
	}
	rest = hold->regular - left;
	if (capture != NULL)
		capture->regular = left;
	/* The regular points that these were of may have ended, and others begun since. */
	if (who->regular_last_day < day || who->regular_life != hold->regular_life)
		expired += rest;
	else
		who->regular += rest;
	who->held -= hold->points;
	return expired;
}

/* What speaks against doing something to a hold. */
static struct deal *
name_hold(struct model *m)
{
	struct deal *hold = model_find_deal(m, m->event->original, false);
	bool is_open;

	if (hold == NULL || hold->kind != TG_OP_HOLD || hold->status != TG_OK) {
		model_object(m, "something was done to a hold that never was");
		return NULL;
	}
	is_open = hold->state == DEAL_OPEN;
	m->reasons[TG_OTHER_MEMBER] = hold->member != m->event->member;
	m->reasons[TG_HOLD_CAPTURED] = hold->state == DEAL_CAPTURED;
	m->reasons[TG_HOLD_RELEASED] =
		hold->state == DEAL_RELEASED || hold->state == DEAL_REVERSED;
	m->reasons[TG_HOLD_EXPIRED] = hold->state == DEAL_EXPIRED ||
				      (is_open && hold->deadline_ms <= m->judged_ms);
	return hold;
}

/* It happened before the deadline, and is told after: from what the member has now. */
static bool
capture_late(struct model *m, struct deal *hold, struct deal *capture)
{
	const struct model_event *e = m->event;

	m->reasons[TG_HOLD_EXPIRED] = model_usable(m, m->judged_day) < e->points;
	m->reasons[TG_HOLD_EXCEEDED] = e->points > hold->points;
	if (e->outcome.status != TG_OK)
		return true;
	m->books[e->partner].redeemed += e->points;
	model_take_points(m, e->points, m->judged_day, capture);
	hold->state = DEAL_CAPTURED;
	model_renew(m, m->judged_day);
	model_count_day(m, 0, e->points);
	return true;
}

bool
model_capture(struct model *m)
{
	const struct model_event *e = m->event;
	struct deal *capture = model_remember(m);
	struct deal *hold = name_hold(m);
	int64_t expired, freed;

	if (hold == NULL)
		return false;
	if (hold->is_of_value)
		return model_capture_value(m, hold);
	model_blur_day(m);
	if (hold->state == DEAL_EXPIRED && e->is_late && e->till_ms < hold->deadline_ms)
		return capture_late(m, hold, capture);
	m->reasons[TG_HOLD_EXCEEDED] = e->points > hold->points;
	if (e->outcome.status != TG_OK)
		return true;
	m->books[e->partner].redeemed += e->points;
	freed = hold->points - e->points;
	expired = model_resolve(m, hold, capture, e->points, m->judged_day);
	hold->state = DEAL_CAPTURED;
	model_renew(m, m->judged_day);
	model_count_day(m, 0, e->points);
	return model_same(m, "what went back", e->outcome.moved_available, freed - expired) &&
	       model_same(m, "what expired", e->outcome.moved_breakage, expired);
}

bool
model_release(struct model *m)
{
	struct deal *deal = model_remember(m);
	struct deal *hold = name_hold(m);

	(void)deal;
	if (hold == NULL)
		return false;
	if (m->event->outcome.status != TG_OK)
		return true;
	hold->state = DEAL_RELEASED;
	if (hold->is_of_value)
		return model_free_value(m, hold);
	(void)model_resolve(m, hold, NULL, 0, m->event->day);
	return true;
}

bool
model_hold_expire(struct model *m)
{
	const struct model_event *e = m->event;

	for (int i = 0; i < m->deal_count; i++) {
		struct deal *hold = &m->deals[i];

		if (hold->kind != TG_OP_HOLD || hold->state != DEAL_OPEN ||
		    hold->member != e->member || hold->deadline_ms > e->utc_ms ||
		    hold->deadline_ms != e->outcome.deadline_ms ||
		    hold->points != -e->outcome.moved_held ||
		    (hold->is_of_value && hold->amount != e->outcome.value_change))
			continue;
		hold->state = DEAL_EXPIRED;
		if (hold->is_of_value)
			return model_free_value(m, hold);
		(void)model_resolve(m, hold, NULL, 0, e->day);
		return true;
	}
	return model_object(m, "a hold expired that was not due");
}
