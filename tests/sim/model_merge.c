/*
 * model_merge.c - two members that are one person: each keeps what it has, and what one lacks for
 * what it spends comes from the other, to end as it would have ended there.
 */
#include <inttypes.h>
#include <string.h>

#include "protocol/message.h"
#include "protocol/status.h"
#include "tests/sim/model_private.h"

/* Regular points that were lent come behind everything else of their day. */
#define LENT_ORIGIN (UINT64_MAX / 2)
#define REGULAR_PART 3

bool
model_merge(struct model *m)
{
	struct member *who = m->member;
	struct member *other = model_find_member(m, m->event->other_member);

	if (other == NULL || other == who)
		return model_object(m, "a member was joined with nobody");
	if (who->other != NULL || other->other != NULL)
		return model_object(m, "a member was joined with two");
	if (who->is_test != other->is_test)
		return model_object(m, "a test member was joined with a live one");
	who->other = other;
	other->other = who;
	return true;
}

bool
model_unmerge(struct model *m)
{
	struct member *who = m->member, *other = who->other;

	if (other == NULL || other->reference != m->event->other_member)
		return model_object(m, "members were parted that were not joined");
	who->other = other->other = NULL;
	return true;
}

/* What the other could spend where the event is. */
static int64_t
usable_of_other(struct model *m)
{
	struct member *who = m->member;
	int64_t points;

	m->member = who->other;
	points = model_usable(m, m->event->day);
	m->member = who;
	return points;
}

bool
model_may_borrow(struct model *m, int64_t points)
{
	const struct member *other = m->member->other;

	return other != NULL && !other->is_blocked && usable_of_other(m) >= points;
}

/* So much more than it has is to be spent: the event's points are those of what comes next. */
bool
model_lend(struct model *m)
{
	const struct model_event *e = m->event;
	const int64_t lacking = e->points - model_usable(m, e->day);
	struct member *who = m->member, *other = who->other;
	struct deal taken = { .portion_count = 0 };
	struct lot regular = { .origin = LENT_ORIGIN, .part = REGULAR_PART };

	if (other == NULL || other->reference != e->other_member)
		return model_object(m, "points were lent to another");
	if (!model_may_borrow(m, lacking))
		return model_object(m, "points were lent by who could not");
	m->member = other;
	model_take_points(m, e->outcome.points, e->day, &taken);
	m->member = who;
	for (int i = 0; i < taken.portion_count; i++)
		model_give_lot(m, &taken.portions[i], taken.portions[i].points);
	regular.last_day = other->regular_last_day;
	model_give_lot(m, &regular, taken.regular);
	return model_same(m, "points lent", e->outcome.points, lacking);
}

bool
model_is_of_other(struct model *m, uint64_t named)
{
	const struct model_event *e = m->event;
	const struct member *who = m->member;
	const bool is_about = e->kind == TG_OP_CAPTURE || e->kind == TG_OP_RELEASE ||
			      e->kind == TG_OP_REFUND || e->kind == TG_OP_REVERSE ||
			      e->kind == TG_OP_CONFIRM;
	const struct deal *deal;

	if (who->other == NULL || who->other->reference != named || !is_about)
		return false;
	deal = model_find_deal(m, e->original, e->kind == TG_OP_REFUND);
	return deal != NULL && deal->member == e->member;
}

bool
model_check_other(struct model *m)
{
	const struct model_event *e = m->event;
	const struct model_outcome *out = &e->outcome;
	const struct member *other = m->member->other;

	if (e->other_member != 0)
		other = model_find_member(m, e->other_member);
	if (m->partner != NULL && e->kind != MODEL_IDLE && (other != NULL) != out->has_other)
		return model_object(m, "of two joined members one was told");
	if (!out->has_other)
		return true;
	return model_same(m, "available of the other", out->other_available,
			  model_available(other, e->day)) &&
	       model_same(m, "pending of the other", out->other_pending, model_pending(other)) &&
	       model_same(m, "held of the other", out->other_held, other->held) &&
	       model_same(m, "debt of the other", out->other_debt, model_debt(other));
}
