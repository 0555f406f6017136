/*
 * setup_rulebook.c - rules of the rulebook, its start, and points budgets, as operators set them.
 *
 * A version is made rule by rule and holds only once it is started, so that a load that breaks off
 * changes nothing.  Bounds are checked here, so that no later decision has to.
 */
#include <string.h>

#include "ledger/plan.h"

#define RATIO_MAX INT64_C(1000000000000)
/* amount * rate * multiplier: 2^40 * 2^40 * 2^20 in 128 bits, and so below the line. */
#define MULTIPLIER_MAX INT64_C(1000000)
#define DAYS_MAX 36525
#define SPONSOR_WEIGHT_MAX 1000000

/* Is the rate a rate, or the multiplier one that gives something? */
static bool
is_rate_sound(const struct earn_rule *c)
{
	if ((c->flags & EARN_RULE_MULTIPLIER) != 0)
		return points_within(c->rate_den, 1, MULTIPLIER_MAX) &&
		       points_within(c->rate_num, c->rate_den + 1, MULTIPLIER_MAX) &&
		       c->fixed_points == 0 && (c->flags & EARN_RULE_RATE) == 0;
	return points_within(c->rate_num, 0, RATIO_MAX) &&
	       points_within(c->rate_den, 1, RATIO_MAX) &&
	       points_within(c->fixed_points, 0, TG_AMOUNT_MAX);
}

/* A rate gives the base: it is issued by the partner, regular, and for every member. */
static bool
is_plain_rate(const struct earn_rule *c)
{
	return c->number == 0 && c->partner != 0 && c->fixed_points == 0 &&
	       c->threshold_amount == 0 && c->sponsor == 0 &&
	       c->sponsor_count == 0 && c->days == 0 && c->budget == 0 &&
	       c->usable_at == USABLE_ANYWHERE && c->member_times == 0 &&
	       c->member_points == LIMIT_NONE && c->member_day_points == LIMIT_NONE &&
	       (c->flags & ~EARN_RULE_RATE) == 0;
}

/* Two sponsors or more, each once and with a weight; or none. */
static bool
are_sponsors_sound(const struct earn_rule *c)
{
	if (c->sponsor_count == 0)
		return true;
	if (c->sponsor_count < 2 || c->sponsor_count > SPONSORS_MAX || c->sponsor != 0)
		return false;
	for (uint32_t i = 0; i < c->sponsor_count; i++) {
		if (!points_within(c->sponsors[i].weight, 1, SPONSOR_WEIGHT_MAX))
			return false;
		for (uint32_t k = 0; k < i; k++) {
			if (c->sponsors[k].partner == c->sponsors[i].partner)
				return false;
		}
	}
	return true;
}

/* An exchange rate gives something for something, and has nothing of a purchase. */
static bool
is_exchange_sound(const struct earn_rule *c)
{
	const uint32_t direction = c->flags;

	return (direction == EARN_RULE_EXCHANGE_IN || direction == EARN_RULE_EXCHANGE_OUT) &&
	       c->number == 0 && c->partner != 0 && c->store == 0 && c->store_group == 0 &&
	       c->category_to == 0 && c->tender == 0 && c->fixed_points == 0 && c->sponsor == 0 &&
	       c->sponsor_count == 0 && c->days == 0 && c->budget == 0 &&
	       c->usable_at == USABLE_ANYWHERE && c->member_times == 0 &&
	       c->member_points == LIMIT_NONE && c->member_day_points == LIMIT_NONE &&
	       c->weekdays == WEEKDAYS_ALL && c->from_minute == 0 &&
	       c->until_minute == MINUTES_PER_DAY &&
	       points_within(c->rate_num, 1, RATIO_MAX) &&
	       points_within(c->rate_den, 1, RATIO_MAX) && c->from_day <= c->until_day &&
	       points_within(c->threshold_amount, 0, TG_AMOUNT_MAX);
}

static bool
is_sound(const struct earn_rule *c)
{
	const bool is_rate = (c->flags & EARN_RULE_RATE) != 0;

	if ((c->flags & EARN_RULE_EXCHANGE) != 0)
		return is_exchange_sound(c);
	if (c->step != 0)
		return false;
	return (c->flags & ~EARN_RULE_MONEY_FLAGS) == 0 && is_rate_sound(c) &&
	       are_sponsors_sound(c) && c->position < EARN_RULE_NONE &&
	       (is_rate ? is_plain_rate(c) : points_within(c->number, 1, INT32_MAX)) &&
	       c->store_group <= STORE_GROUP_MAX && c->category_from <= c->category_to &&
	       c->from_day <= c->until_day && c->from_minute < MINUTES_PER_DAY &&
	       c->until_minute <= MINUTES_PER_DAY && c->from_minute != c->until_minute &&
	       points_within(c->weekdays, 1, WEEKDAYS_ALL) && points_within(c->days, 0, DAYS_MAX) &&
	       c->member_points >= 0 && c->member_day_points >= 0 &&
	       points_within(c->threshold_amount, 0, TG_AMOUNT_MAX);
}

static enum tg_status
check_sponsor(const struct ledger *l, uint32_t sponsor, uint32_t partner_flags)
{
	const uint32_t row = state_find_partner(l, sponsor);

	if (row == TABLE_NONE)
		return TG_UNKNOWN_PARTNER;
	return (ledger_partner_row(l, row)->config.flags & PARTNER_TEST) == partner_flags ?
		       TG_OK :
		       TG_TEST_MISMATCH;
}

/* Partners and stores that a rule names must be there, and no test partner pays for live points. */
static enum tg_status
check_names(const struct ledger *l, const struct earn_rule *c)
{
	uint32_t partner = state_find_partner(l, c->partner);
	uint32_t store = state_find_store(l, c->store);
	uint32_t place = USABLE_NUMBER(c->usable_at);
	uint32_t partner_flags;

	if (c->partner != 0 && partner == TABLE_NONE)
		return TG_UNKNOWN_PARTNER;
	if (c->store != 0 && (store == TABLE_NONE ||
			      (c->partner != 0 &&
			       ledger_store_row(l, store)->config.partner != c->partner)))
		return TG_UNKNOWN_STORE;
	if (c->usable_at != USABLE_ANYWHERE) {
		if ((c->usable_at & USABLE_AT_STORE) != 0 &&
		    state_find_store(l, place) == TABLE_NONE)
			return TG_UNKNOWN_STORE;
		if ((c->usable_at & USABLE_AT_STORE) == 0 &&
		    state_find_partner(l, place) == TABLE_NONE)
			return TG_UNKNOWN_PARTNER;
	}
	if (c->budget != 0 && state_find_budget(l, c->budget) == TABLE_NONE)
		return TG_UNKNOWN_BUDGET;
	partner_flags = partner != TABLE_NONE ?
				ledger_partner_row(l, partner)->config.flags & PARTNER_TEST :
				0;
	if (c->sponsor != 0)
		return check_sponsor(l, c->sponsor, partner_flags);
	for (uint32_t i = 0; i < c->sponsor_count && i < SPONSORS_MAX; i++) {
		enum tg_status status = check_sponsor(l, c->sponsors[i].partner, partner_flags);

		if (status != TG_OK)
			return status;
	}
	return TG_OK;
}

enum tg_status
plan_set_earn_rule(struct plan *p)
{
	const struct earn_rule *c = &p->request->earn_rule;
	uint32_t version = state_next_rulebook(p->ledger);
	uint32_t row = state_find_earn_rule(p->ledger, version, c->position);
	enum tg_status status = check_names(p->ledger, c);
	struct record *r;

	if (!is_sound(c))
		return TG_BAD_FIELD;
	if (status != TG_OK)
		return status;
	if (row == TABLE_NONE)
		row = table_free_peek(&p->ledger->earn_rules, 0);
	if (row == TABLE_NONE)
		return TG_TABLE_FULL;
	r = plan_begin_order(p, RECORD_EARN_RULE);
	r->sections |= RECORD_HAS_BIT(EARN_RULE);
	r->config_row = row;
	r->earn_rule = *c;
	r->earn_rule.version = version;
	memset(r->earn_rule.sponsors + c->sponsor_count, 0,
	       (SPONSORS_MAX - c->sponsor_count) * sizeof(r->earn_rule.sponsors[0]));
	return plan_finish(p);
}

enum tg_status
plan_start_rulebook(struct plan *p)
{
	const struct rulebook *c = &p->request->rulebook;
	uint32_t version = state_next_rulebook(p->ledger);
	uint32_t row = table_free_peek(&p->ledger->rulebooks, 0);
	struct record *r;

	for (uint32_t i = 0; i < c->rule_count; i++) {
		if (state_find_earn_rule(p->ledger, version, i) == TABLE_NONE)
			return TG_BAD_FIELD;
	}
	if (row == TABLE_NONE)
		return TG_TABLE_FULL;
	r = plan_begin_order(p, RECORD_RULEBOOK);
	r->sections |= RECORD_HAS_BIT(RULEBOOK);
	r->config_row = row;
	r->rulebook = (struct rulebook){
		.version = version,
		.rule_count = c->rule_count,
		/* What was decided already was decided by the rules of its time. */
		.starts_at_utc_ms = points_max(c->starts_at_utc_ms, r->booked_at_utc_ms),
	};
	return plan_finish(p);
}

/* The budgets of a request as they will be; rows are filled in when they are new. */
struct budgeting {
	uint32_t rows[2];
	struct budget budgets[2];
	int64_t	 used_points[2];
	uint32_t count;
};

static int64_t
free_points(const struct budgeting *b, uint32_t nth)
{
	return b->budgets[nth].granted_points - b->budgets[nth].passed_points - b->used_points[nth];
}

/* Take a budget's row in; false: there is none. */
static bool
add_budget(const struct plan *p, struct budgeting *b, uint32_t number)
{
	uint32_t row = state_find_budget(p->ledger, number);
	const struct budget_row *budget;

	if (row == TABLE_NONE)
		return false;
	budget = ledger_budget_row(p->ledger, row);
	b->rows[b->count] = row;
	b->used_points[b->count] = budget->used_points;
	b->budgets[b->count++] = budget->budget;
	return true;
}

static enum tg_status
ask_for_points(const struct plan *p, struct budgeting *b)
{
	const struct ledger_request *q = p->request;
	struct budget *budget = &b->budgets[0];
	uint32_t giver;

	if (b->count == 0) {
		if (q->budget.parent == q->budget.number)
			return TG_BAD_FIELD;
		if (q->budget.parent != 0 &&
		    state_find_budget(p->ledger, q->budget.parent) == TABLE_NONE)
			return TG_UNKNOWN_BUDGET;
		b->count = 1;
		*budget = (struct budget){ .number = q->budget.number, .parent = q->budget.parent };
		memcpy(budget->name, q->budget.name, sizeof(budget->name));
		b->rows[0] = table_free_peek(&p->ledger->budgets, 0);
		if (b->rows[0] == TABLE_NONE)
			return TG_TABLE_FULL;
	}
	giver = q->budget.asked_from != 0 ? q->budget.asked_from : budget->parent;
	/* From above, or from one beside it: else what is above would not add up. */
	if (giver != budget->parent) {
		uint32_t row = state_find_budget(p->ledger, giver);

		if (row == TABLE_NONE)
			return TG_UNKNOWN_BUDGET;
		if (giver == budget->number ||
		    ledger_budget_row(p->ledger, row)->budget.parent != budget->parent)
			return TG_BAD_FIELD;
	}
	if (q->points <= 0 || q->points > TG_AMOUNT_MAX ||
	    budget->granted_points + q->points > TG_BALANCE_MAX)
		return TG_BAD_FIELD;
	budget->asked_from = giver;
	budget->asked_points = q->points;
	memcpy(budget->asked_by, q->operator_name, sizeof(budget->asked_by));
	return TG_OK;
}

static void
forget_asking(struct budget *budget)
{
	budget->asked_from = 0;
	budget->asked_points = 0;
	memset(budget->asked_by, 0, sizeof(budget->asked_by));
}

/* Two operators: who asked cannot approve. */
static enum tg_status
approve_points(const struct plan *p, struct budgeting *b)
{
	struct budget *budget = &b->budgets[0];
	int64_t points = budget->asked_points;

	if (points == 0)
		return TG_NOT_ASKED;
	if (memcmp(budget->asked_by, p->request->operator_name, sizeof(budget->asked_by)) == 0)
		return TG_SAME_OPERATOR;
	if (budget->asked_from != 0) {
		if (!add_budget(p, b, budget->asked_from))
			return TG_UNKNOWN_BUDGET;
		if (free_points(b, 1) < points)
			return TG_BUDGET_SHORT;
		if (budget->asked_from == budget->parent)
			b->budgets[1].passed_points += points;
		else
			b->budgets[1].granted_points -= points;
	}
	budget->granted_points += points;
	forget_asking(budget);
	return TG_OK;
}

/* Points not used go back to where the budget's points come from. */
static enum tg_status
release_points(const struct plan *p, struct budgeting *b)
{
	struct budget *budget = &b->budgets[0];
	int64_t points = p->request->points;

	if (points <= 0)
		return TG_BAD_FIELD;
	if (points > free_points(b, 0))
		return TG_BUDGET_SHORT;
	if (budget->parent != 0) {
		if (!add_budget(p, b, budget->parent))
			return TG_UNKNOWN_BUDGET;
		b->budgets[1].passed_points -= points;
	}
	budget->granted_points -= points;
	return TG_OK;
}

static enum tg_status
change_budget(const struct plan *p, struct budgeting *b)
{
	struct budget *budget = &b->budgets[0];

	if (p->request->budget_action == BUDGET_ASK)
		return ask_for_points(p, b);
	if (b->count == 0)
		return TG_UNKNOWN_BUDGET;
	switch (p->request->budget_action) {
	case BUDGET_APPROVE:
		return approve_points(p, b);
	case BUDGET_REFUSE:
		if (budget->asked_points == 0)
			return TG_NOT_ASKED;
		forget_asking(budget);
		return TG_OK;
	case BUDGET_RELEASE:
		return release_points(p, b);
	case BUDGET_STOP:
		budget->flags |= BUDGET_STOPPED;
		return TG_OK;
	case BUDGET_RESUME:
		budget->flags &= ~BUDGET_STOPPED;
		return TG_OK;
	default:
		return TG_BAD_FIELD;
	}
}

enum tg_status
plan_budget(struct plan *p)
{
	const struct ledger_request *q = p->request;
	struct budgeting b = { .count = 0 };
	struct record *r;
	enum tg_status status;

	if (q->budget.number == 0)
		return TG_BAD_FIELD;
	(void)add_budget(p, &b, q->budget.number);
	status = change_budget(p, &b);
	if (status != TG_OK)
		return status;
	r = plan_begin_order(p, RECORD_BUDGET);
	r->sections |= RECORD_HAS_BIT(BUDGET);
	r->budget_action = q->budget_action;
	r->budget_count = (uint8_t)b.count;
	memcpy(r->budget_rows, b.rows, sizeof(b.rows));
	memcpy(r->budgets, b.budgets, sizeof(b.budgets));
	return plan_finish(p);
}
