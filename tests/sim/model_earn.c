/*
 * model_earn.c - purchases.
 */
#include <inttypes.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/message.h"
#include "protocol/status.h"
#include "tests/sim/model_private.h"

/* The rule that was in force then: the newest of those, or the first there ever was. */
static const struct model_rule *
rule_at(const struct model *m)
{
	const struct model_rule *found = NULL;

	for (int i = m->rule_count - 1; i >= 0; i--) {
		if (m->rules[i].partner != m->partner->number)
			continue;
		found = &m->rules[i];
		if (found->from_ms <= m->judged_ms)
			break;
	}
	return found;
}

struct parts
model_parts(const struct model_rule *rule, int64_t base_amount, bool is_capped)
{
	struct parts parts = { model_share(base_amount, rule->base_num, rule->base_den), 0, 0 };

	if (base_amount > 0 && base_amount >= rule->threshold && !is_capped)
		parts.bonus =
			model_share(base_amount, rule->bonus_num, rule->bonus_den) + rule->fixed;
	return parts;
}

void
model_give(struct model *m, const struct gift *gift, int64_t points)
{
	struct member *who = m->member;
	const struct lot lot = {
		.origin = m->event->sequence,
		.part = gift->part,
		.last_day = m->judged_day + gift->days,
		.usable_at = gift->days > 0 ? gift->usable_at : 0,
		.is_at_store = gift->days > 0 && gift->is_at_store,
	};

	if (points == 0)
		return;
	if (m->partner->pending_days != 0) {
		TG_ASSERT(who->pending_count < MODEL_PENDINGS);
		who->pendings[who->pending_count++] = (struct pending){
			.origin = lot.origin,
			.part = lot.part,
			.from_day = m->partner->pending_days == MODEL_NEVER ?
					    MODEL_NEVER :
					    m->judged_day + m->partner->pending_days,
			.life_days = gift->days,
			.usable_at = lot.usable_at,
			.is_at_store = lot.is_at_store,
			.points = points,
		};
	} else if (gift->days > 0)
		model_give_lot(m, &lot, points);
	else
		who->regular += points;
}

/* A receipt is of a partner's store, till and day. */
static void
name_receipt(const struct model_event *e, int32_t judged_day, struct deal *deal)
{
	int32_t day = e->till_day != INT32_MIN ? e->till_day : judged_day;

	if (e->receipt == NULL)
		return;
	memcpy(deal->receipt, &e->partner, 4);
	memcpy(deal->receipt + 4, &e->store, 4);
	memcpy(deal->receipt + 8, &e->till, 4);
	memcpy(deal->receipt + 12, &day, 4);
	memcpy(deal->receipt + 16, e->receipt, e->receipt_bytes);
	deal->receipt_bytes = 16 + e->receipt_bytes;
}

static void
check_receipt(struct model *m, const struct deal *deal)
{
	for (int i = 0; deal->receipt_bytes > 0 && i < m->deal_count - 1; i++) {
		const struct deal *other = &m->deals[i];

		if (other->kind != TG_OP_EARN || other->status != TG_OK ||
		    other->state == DEAL_REVERSED ||
		    other->receipt_bytes != deal->receipt_bytes ||
		    memcmp(other->receipt, deal->receipt, deal->receipt_bytes) != 0)
			continue;
		if (other->booked_ms > m->event->utc_ms - m->programme.window_ms)
			m->reasons[TG_RECEIPT_USED] = true;
		else
			m->excuses[TG_RECEIPT_USED] = true; /* forgotten, or about to be */
	}
}

static uint32_t
sponsor_of(const struct model *m, const struct model_rule *rule)
{
	return rule->sponsor != 0 ? rule->sponsor : m->partner->number;
}

/* Has the bonus's sponsor the cover for it, and, if it is the partner itself, for the base? */
static bool
may_sponsor(const struct model *m, const struct model_rule *rule, struct parts parts)
{
	uint32_t sponsor = sponsor_of(m, rule);

	return parts.bonus == 0 ||
	       model_may_issue(m, sponsor,
			       parts.bonus + (sponsor == m->partner->number ? parts.base : 0));
}

/* What a cap of the day, or the sponsor's stop, may have taken: the whole bonus. */
static bool
check_cap(struct model *m, const struct model_rule *rule, struct parts uncapped)
{
	const struct model_event *e = m->event;
	int64_t sum = 0;

	if (!e->is_capped)
		return may_sponsor(m, rule, uncapped) ||
		       model_object(m, "a bonus was given past its sponsor's stop");
	if (!may_sponsor(m, rule, uncapped))
		return true;
	for (int i = 0; i < m->deal_count - 1; i++) {
		const struct deal *other = &m->deals[i];

		if (other->kind == TG_OP_EARN && other->status == TG_OK &&
		    other->member == e->member && other->partner == e->partner)
			sum += other->bonus;
	}
	if (uncapped.bonus > 0 && sum > m->partner->bonus_day_limit - uncapped.bonus)
		return true;
	return model_object(m, "a bonus was refused that is within the cap");
}

/* Points are given, debt first. */
static bool
give(struct model *m, const struct model_rule *rule, const struct deal *deal, struct parts parts)
{
	const struct model_event *e = m->event;
	const struct gift base = { .part = 1 };
	const struct gift bonus = { 2, rule->bonus_days, rule->usable_at, rule->is_at_store };
	int64_t paid = model_pay_debt(m, deal->points);
	int64_t of_base = model_least(paid, parts.base);
	int64_t of_bonus = model_least(paid - of_base, parts.bonus);

	model_issue(m, e->partner, parts.base);
	model_issue(m, sponsor_of(m, rule), parts.bonus);
	model_give(m, &base, parts.base - of_base);
	model_give(m, &bonus, parts.bonus - of_bonus);
	model_give_parts(m, deal, paid - of_base - of_bonus);
	if (deal->points > 0)
		model_renew(m, m->judged_day);
	model_count_day(m, deal->points, 0);
	return model_same(m, "points", e->outcome.points, deal->points) &&
	       model_same(m, "the debt paid", e->outcome.paid_debt, paid);
}

/* What limits say; most: were all campaigns to give something. */
static void
check_limits(struct model *m, int64_t points, int64_t most)
{
	bool before[MODEL_STATUSES];

	memcpy(before, m->reasons, sizeof(before));
	m->reasons[TG_LIMIT_TRANSACTION] = most > TG_AMOUNT_MAX || most > m->partner->earn_limit;
	model_check_days(m, most, 0);
	for (int i = 0; i < MODEL_STATUSES; i++)
		m->excuses[i] |= m->reasons[i] && !before[i];
	memcpy(m->reasons, before, sizeof(before));
	m->reasons[TG_LIMIT_TRANSACTION] =
		points > TG_AMOUNT_MAX || points > m->partner->earn_limit;
	model_check_days(m, points, 0);
}

bool
model_earn(struct model *m)
{
	const struct model_event *e = m->event;
	const struct model_rule *rule = rule_at(m);
	struct deal *deal = model_remember(m);
	int64_t amount = m->partner->is_gross ? e->amount :
						model_most(e->amount - e->covered, 0);
	bool is_done = e->outcome.status == TG_OK;
	struct judged judged;
	struct parts parts;

	name_receipt(e, model_day(e->till_ms), deal);
	check_receipt(m, deal);
	m->reasons[TG_EARN_OFF] = m->partner->is_earn_off || rule == NULL;
	if (rule == NULL)
		return true;
	parts = model_parts(rule, amount, false);
	if (!model_judge(m, deal, rule, amount, &judged))
		return false;
	parts.base = judged.base;
	if (is_done && !check_cap(m, rule, parts))
		return false;
	if (!model_may_issue(m, e->partner, parts.base))
		m->reasons[model_refuse_issue(m, e->partner, parts.base)] = true;
	if (e->is_capped || (!is_done && !may_sponsor(m, rule, parts)))
		parts.bonus = 0;
	deal->points = parts.base + parts.bonus + judged.campaigns;
	check_limits(m, deal->points, deal->points - judged.campaigns + judged.campaigns_most);
	if (!is_done) {
		/* Whether the cap would have helped does not show in a refusal. */
		m->excuses[e->outcome.status] |= parts.bonus > 0 &&
						 m->partner->bonus_day_limit != INT64_MAX &&
						 m->reasons[e->outcome.status];
		return true;
	}
	deal->rule = rule;
	deal->bonus = parts.bonus + judged.campaigns;
	deal->is_gross = m->partner->is_gross;
	deal->is_capped = e->is_capped;
	return give(m, rule, deal, parts);
}
