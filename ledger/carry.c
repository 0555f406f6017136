/*
 * carry.c - fractions of base points that add up within a day or a month, where a partner wants it.
 *
 * The rule: base is floor((fraction so far + amount * num) / den), and what that leaves is the
 * fraction from now on.  It counts the partner's own rule only, each version for itself; rates and
 * campaigns of the rulebook are rounded on their own.  A refund applies the same to what is kept,
 * with the fraction that the purchase began with: so any refunds of it take what it gave, to the
 * point.  What a refund takes less, or more, than the goods were worth goes to the fraction, which
 * may be below 0 then: the next purchase of the period pays for it.  With the period it is gone.
 */
#include "ledger/calendar.h"
#include "ledger/plan.h"

/* First day of the period that the purchase counts for. */
static int32_t
period_day(const struct plan *p)
{
	struct civil_date date;

	if ((p->partner->flags & PARTNER_CARRY_DAY) != 0)
		return p->judged_day;
	date = calendar_date(p->judged_day);
	date.day = 1;
	return calendar_day(date);
}

static __int128
worth(int64_t amount, const struct rule_config *rule)
{
	return (__int128)amount * rule->base_num;
}

int64_t
carry_points(int64_t carried, int64_t amount, const struct rule_config *rule)
{
	__int128 points = (carried + worth(amount, rule)) / rule->base_den;

	/* Fractions that refunds left may come to a point; nothing kept has none of it. */
	if (points < 0 || amount <= 0)
		return 0;
	return points > TG_BALANCE_MAX ? TG_BALANCE_MAX + 1 : (int64_t)points;
}

/* The part that is base by the partner's own rule; NULL: there is none, or no room for it. */
static struct record_component *
own_part(struct plan *p, int64_t base_amount)
{
	struct record_component *part;
	bool has_base = false;

	for (uint32_t i = 0; i < p->part_count; i++) {
		part = &p->parts[i];
		if (part->campaign == 0 && part->rate_row == TABLE_NONE)
			return part;
		has_base |= part->campaign == 0;
	}
	part = has_base ? NULL : rulebook_add_part(p);
	if (part == NULL)
		return NULL;
	part->sponsor = p->partner->number;
	part->amount = base_amount;
	return part;
}

void
carry_judge(struct plan *p, const struct rule_config *rule, int64_t base_amount,
	    struct components *c)
{
	uint32_t row = state_find_counter(p->ledger, p->view.member_row,
					  COUNTER_CARRY | p->partner->number);
	const int32_t day = period_day(p);
	int64_t before = 0;
	struct record_component *part;

	if (base_amount <= 0)
		return;
	if (row == TABLE_NONE) {
		uint32_t planned = rulebook_planned_counters(p);

		if (!plan_has_room(p, &p->ledger->counters, planned))
			return;
		row = table_free_peek(&p->ledger->counters, planned);
	} else {
		const struct counter_row *counter = ledger_counter_row(p->ledger, row);

		/* A purchase that comes late, when another period has begun, is on its own. */
		if (counter->day > day)
			return;
		if (counter->day == day && counter->times == rule->version)
			before = counter->points;
	}
	part = own_part(p, base_amount);
	if (part == NULL)
		return;
	c->base_points -= rulebook_points(NULL, NULL, rule, part->amount);
	part->points = carry_points(before, part->amount, rule);
	c->base_points += part->points;
	p->has_carried = true;
	p->carried = (struct carried){
		.partner = p->partner->number,
		.row = row,
		.day = day,
		.rule_version = rule->version,
		.before = before,
		.after = (int64_t)(before + worth(part->amount, rule) -
				   (__int128)part->points * rule->base_den),
	};
}

void
carry_take_back(struct plan *p, const struct transaction_row *earn,
		const struct component_row *part, const struct rule_config *rule,
		const struct record_component *taken)
{
	uint32_t row = state_find_counter(p->ledger, p->view.member_row,
					  COUNTER_CARRY | earn->partner);
	const struct counter_row *counter;

	if (part->carried_day == 0 || row == TABLE_NONE)
		return;
	counter = ledger_counter_row(p->ledger, row);
	if (counter->day != part->carried_day || counter->times != rule->version)
		return;
	p->record->sections |= RECORD_HAS_BIT(CARRIED);
	p->record->carried = (struct carried){
		.partner = earn->partner,
		.row = row,
		.day = counter->day,
		.rule_version = rule->version,
		.after = (int64_t)(counter->points - worth(taken->amount, rule) +
				   (__int128)taken->points * rule->base_den),
	};
}
