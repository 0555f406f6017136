/*
 * model_value.c - stored value: topped up, paid with, given back to where it came from.
 *
 * Money, not points: nothing of it expires, and no limit of points has a say.
 */
#include "protocol/message.h"
#include "protocol/status.h"
#include "tests/sim/model_private.h"

bool
model_is_value(const struct deal *deal)
{
	return deal->kind == TG_OP_TOP_UP || deal->kind == TG_OP_PAY ||
	       (deal->kind == TG_OP_CAPTURE && deal->is_of_value);
}

/* Of what was accepted: the member has so much more of it, the one it is joined with less. */
static bool
change_both(struct model *m, int64_t amount, int64_t lent)
{
	const struct model_outcome *out = &m->event->outcome;
	struct member *other = m->member->other;

	m->member->value += amount;
	if (lent > 0)
		other->value -= lent;
	return model_same(m, "what changed of the stored value", out->value_change, amount) &&
	       model_same(m, "stored value", out->value_after, m->member->value) &&
	       model_same(m, "stored value lent", out->value_lent, lent) &&
	       model_same(m, "stored value of the other", out->value_shared,
			  other != NULL ? other->value : 0);
}

static bool
change(struct model *m, int64_t amount)
{
	return change_both(m, amount, 0);
}

/* What the event's member lacks for it, and the one that it is joined with would give. */
static int64_t
lacking(const struct model *m)
{
	return m->event->amount > m->member->value ? m->event->amount - m->member->value : 0;
}

static bool
may_lend(const struct member *other, int64_t amount)
{
	return amount == 0 || (other != NULL && !other->is_blocked && !other->is_frozen &&
			       other->value >= amount);
}

bool
model_top_up(struct model *m)
{
	const struct model_event *e = m->event;
	const int64_t cap = m->member->is_registered ? m->programme.value_registered_max :
						       m->programme.value_bearer_max;

	(void)model_remember(m);
	m->reasons[TG_VALUE_OFF] = m->programme.value_registered_max == 0;
	m->reasons[TG_VALUE_CAP] = m->member->value + e->amount > cap;
	if (e->outcome.status != TG_OK)
		return true;
	m->books[e->partner].value_taken -= e->amount;
	return change(m, e->amount);
}

/*
 * What the member paid on the business date, but for what was undone whole, and what is held; since
 * then, as what is older may be forgotten.  A late capture may count for an earlier day.
 */
static int64_t
paid_today(const struct model *m, int64_t since_ms, bool with_late)
{
	int64_t paid = 0;

	for (int i = 0; i < m->deal_count; i++) {
		const struct deal *deal = &m->deals[i];

		if (deal->member != m->event->member || deal->status != TG_OK)
			continue;
		if (deal->is_of_value && deal->kind == TG_OP_HOLD && deal->state == DEAL_OPEN)
			paid += deal->amount;
		if (deal->kind == TG_OP_TOP_UP || !model_is_value(deal) ||
		    deal->state == DEAL_REVERSED || deal->booked_ms < since_ms)
			continue;
		if (deal->is_late ? with_late : deal->date == m->event->date)
			paid += deal->amount;
	}
	return paid;
}

/* What speaks against paying with it, or holding it.  deal: the event's own, not open yet. */
static void
check_spending(struct model *m, const struct deal *deal)
{
	const struct model_event *e = m->event;
	/* The deal itself is among those that are summed, if it was accepted. */
	const int64_t own = deal->kind == TG_OP_PAY && deal->status == TG_OK ? deal->amount : 0;
	const int64_t most = m->programme.value_day_limit - e->amount;

	m->reasons[TG_LIMIT_MEMBER_DAY] =
		paid_today(m, e->utc_ms - m->programme.window_ms, false) - own > most;
	m->excuses[TG_LIMIT_MEMBER_DAY] = paid_today(m, INT64_MIN, true) - own > most;
	m->reasons[TG_VALUE_FROZEN] = m->member->is_frozen;
	m->reasons[TG_NO_VALUE] = !may_lend(m->member->other, lacking(m));
}

/* Unless something speaks against it. */
static bool
spend(struct model *m)
{
	const int64_t lent = lacking(m);

	return model_has_reason(m) || change_both(m, lent - m->event->amount, lent);
}

bool
model_pay(struct model *m)
{
	const struct model_event *e = m->event;

	check_spending(m, model_remember(m));
	if (e->outcome.status != TG_OK)
		return true;
	m->books[e->partner].value_paid += e->amount;
	return spend(m);
}

bool
model_hold_value(struct model *m, struct deal *hold)
{
	const struct model_event *e = m->event;

	check_spending(m, hold);
	if (e->outcome.status != TG_OK)
		return true;
	hold->state = DEAL_OPEN;
	return model_same(m, "the deadline", e->outcome.deadline_ms, hold->deadline_ms) && spend(m);
}

/* One that is told after the deadline is paid with what there is. */
bool
model_capture_value(struct model *m, struct deal *hold)
{
	const struct model_event *e = m->event;
	const bool is_after = hold->state == DEAL_EXPIRED && e->is_late &&
			      e->till_ms < hold->deadline_ms;

	m->reasons[TG_HOLD_EXCEEDED] = e->amount > hold->amount;
	if (is_after)
		m->reasons[TG_HOLD_EXPIRED] = m->member->value < e->amount;
	if (e->outcome.status != TG_OK)
		return true;
	hold->state = DEAL_CAPTURED;
	m->books[e->partner].value_paid += e->amount;
	return change(m, (is_after ? 0 : hold->amount) - e->amount);
}

bool
model_free_value(struct model *m, const struct deal *hold)
{
	return change(m, hold->amount);
}

/* The partner that took it gives it back; who was paid with it, too. */
static bool
give_back(struct model *m, struct deal *deal, int64_t amount)
{
	const bool is_top_up = deal->kind == TG_OP_TOP_UP;

	m->reasons[TG_OVER_REFUND] = amount > deal->amount - deal->returned_money;
	m->reasons[TG_VALUE_FROZEN] = is_top_up && m->member->is_frozen;
	m->reasons[TG_NO_VALUE] = is_top_up && m->member->value < amount;
	if (m->event->outcome.status != TG_OK || model_has_reason(m))
		return true;
	deal->returned_money += amount;
	if (is_top_up)
		m->books[deal->partner].value_taken += amount;
	else
		m->books[deal->partner].value_paid -= amount;
	return change(m, is_top_up ? -amount : amount) &&
	       model_same(m, "money returned", m->event->outcome.money, amount);
}

bool
model_refund_value(struct model *m, struct deal *deal)
{
	const struct model_event *e = m->event;

	m->reasons[TG_NOT_REVERSIBLE] = e->has_burn || e->points != 0;
	return give_back(m, deal, e->amount);
}

bool
model_reverse_value(struct model *m, struct deal *deal)
{
	m->reasons[TG_NOT_REVERSIBLE] = deal->returned_money != 0;
	if (!give_back(m, deal, deal->amount))
		return false;
	if (m->event->outcome.status == TG_OK)
		deal->state = DEAL_REVERSED;
	return true;
}

bool
model_set_value(struct model *m)
{
	m->member->is_registered = m->event->is_registered;
	m->member->is_frozen = m->event->is_frozen;
	return change(m, 0);
}
