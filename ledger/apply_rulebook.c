/*
 * apply_rulebook.c - the rulebook, budgets and the components of earns as records set them.
 */
#include "ledger/apply.h"

/*
 * A rule of the version that is being made.  The same position can be set again: a load that was
 * broken off is begun anew.
 */
static void
set_earn_rule(struct ledger *l, const struct record *r)
{
	uint32_t row = r->config_row;
	bool is_new = !table_is_live(&l->earn_rules, row);
	struct earn_rule_row *rule =
		is_new ? table_claim(&l->earn_rules, row) : table_edit(&l->earn_rules, row);

	rule->key = (uint64_t)r->earn_rule.version << 32 | r->earn_rule.position;
	rule->rule = r->earn_rule;
	if (is_new)
		index_insert(&l->earn_rules_by_key, state_hash_u64(rule->key), row);
}

/* Rules of a load that was broken off, behind the last one of the version that holds. */
static void
drop_surplus_rules(struct ledger *l, uint32_t version, uint32_t position)
{
	uint32_t row;

	while ((row = state_find_earn_rule(l, version, position)) != TABLE_NONE) {
		index_remove(&l->earn_rules_by_key,
			     state_hash_u64(ledger_earn_rule_row(l, row)->key), row);
		table_release(&l->earn_rules, row);
		position++;
	}
}

/* The version's rules become a chain in their order, and the version the newest. */
static void
start_rulebook(struct ledger *l, const struct record *r)
{
	struct state_row *state = table_edit(&l->state, STATE_ROW);
	struct rulebook_row *rulebook = table_claim(&l->rulebooks, r->config_row);

	rulebook->key = r->rulebook.version;
	rulebook->rulebook = r->rulebook;
	rulebook->older_rulebook = state->newest_rulebook;
	index_insert(&l->rulebooks_by_version, state_hash_u64(rulebook->key), r->config_row);
	state->newest_rulebook = r->config_row;
	drop_surplus_rules(l, r->rulebook.version, r->rulebook.rule_count);
	for (uint32_t left = r->rulebook.rule_count; left > 0; left--) {
		uint32_t row = state_find_earn_rule(l, r->rulebook.version, left - 1);
		struct earn_rule_row *rule = table_edit(&l->earn_rules, row);
		uint32_t *first = (rule->rule.flags & EARN_RULE_EXCHANGE) != 0 ?
					  &rulebook->first_exchange :
					  &rulebook->first_rule;

		rule->next = *first;
		*first = row;
	}
}

static void
set_budgets(struct ledger *l, const struct record *r)
{
	for (uint32_t i = 0; i < r->budget_count; i++) {
		uint32_t row = r->budget_rows[i];
		bool is_new = !table_is_live(&l->budgets, row);
		struct budget_row *budget =
			is_new ? table_claim(&l->budgets, row) : table_edit(&l->budgets, row);

		budget->key = r->budgets[i].number;
		budget->budget = r->budgets[i];
		if (is_new)
			index_insert(&l->budgets_by_number, state_hash_u64(budget->key), row);
	}
}

void
apply_rulebook(struct ledger *l, const struct record *r)
{
	if (RECORD_HAS(r, EARN_RULE))
		set_earn_rule(l, r);
	if (RECORD_HAS(r, RULEBOOK))
		start_rulebook(l, r);
	if (RECORD_HAS(r, BUDGET))
		set_budgets(l, r);
}

static int32_t
counted_day(const struct record *r)
{
	return RECORD_HAS(r, COUNTED) ? r->counted_day : r->business_date;
}

static void
spend(struct ledger *l, uint32_t row, int64_t points)
{
	struct budget_row *budget;

	if (row == TABLE_NONE)
		return;
	budget = table_edit(&l->budgets, row);
	budget->used_points += points;
}

/* Is it the campaign's first part in the record?  They stand side by side. */
static bool
is_first_part(const struct record *r, uint32_t nth)
{
	return nth == 0 || r->components[nth - 1].campaign != r->components[nth].campaign;
}

/* A member's share of a campaign grows; the row is made at the first time. */
static void
count_up(struct ledger *l, const struct record *r, uint32_t nth)
{
	const struct record_component *c = &r->components[nth];
	int32_t day = counted_day(r);
	struct counter_row *counter;

	if (table_is_live(&l->counters, c->counter_row)) {
		counter = table_edit(&l->counters, c->counter_row);
	} else {
		counter = table_claim(&l->counters, c->counter_row);
		counter->key = r->member << 32 | c->campaign;
		counter->day = day;
		index_insert(&l->counters_by_key, state_hash_u64(counter->key), c->counter_row);
	}
	counter->points += c->points;
	counter->times += is_first_part(r, nth) ? 1 : 0;
	if (counter->day < day) {
		counter->day = day;
		counter->day_points = 0;
	}
	if (counter->day == day)
		counter->day_points += c->points;
}

void
fill_component(struct component_row *row, const struct record *r, uint32_t nth)
{
	const struct record_component *c = &r->components[nth];

	*row = (struct component_row){
		.serial = (r->kind == RECORD_REOPEN ? r->reopened_sequence : r->sequence) << 8 |
			  (nth + 1),
		.amount = c->amount,
		.kept_amount = c->amount,
		.points = c->points,
		.campaign = c->campaign,
		.sponsor = c->sponsor,
		.refusal = c->refusal,
		.rulebook_version = r->rulebook_version,
		.campaign_row = c->campaign_row,
		.rate_row = c->rate_row,
		.budget_row = c->budget_row,
		.counter_row = c->counter_row,
	};
	if (RECORD_HAS(r, CARRIED) && c->campaign == 0 && c->rate_row == TABLE_NONE) {
		row->carried = r->carried.before;
		row->carried_day = r->carried.day;
	}
	if (RECORD_HAS(r, UNDONE)) {
		row->kept_amount -= r->undone[nth].amount;
		row->taken_points = r->undone[nth].points;
	}
}

/* An earn's components are made from the last to the first, so that the chain has their order. */
static void
make_components(struct ledger *l, const struct record *r)
{
	struct transaction_row *earn = table_edit(&l->transactions, r->transaction_row);

	for (uint32_t i = r->component_count; i > 0; i--) {
		uint32_t number = r->components[i - 1].row;
		struct component_row *row = table_claim(&l->components, number);

		fill_component(row, r, i - 1);
		row->next = earn->first_component;
		earn->first_component = number;
	}
}

/* NULL: the counter's row was dropped, and perhaps taken since by another member or campaign. */
static struct counter_row *
counter_of(struct ledger *l, const struct record *r, const struct component_row *c)
{
	if (!table_is_live(&l->counters, c->counter_row) ||
	    ledger_counter_row(l, c->counter_row)->key != (r->member << 32 | c->campaign))
		return NULL;
	return table_edit(&l->counters, c->counter_row);
}

/* Part of a component goes back; a reversal takes it whole, and its time does not count. */
static void
return_component(struct ledger *l, const struct record *r, uint32_t nth)
{
	const struct record_component *c = &r->components[nth];
	struct component_row *row = table_edit(&l->components, c->row);
	struct counter_row *counter = counter_of(l, r, row);

	row->kept_amount -= c->amount;
	row->taken_points += c->points;
	spend(l, row->budget_row, -c->points);
	if (counter == NULL || row->refusal != COMPONENT_GIVEN)
		return;
	counter->points -= c->points;
	if (r->kind == RECORD_REVERSE && is_first_part(r, nth))
		counter->times--;
}

/* What the member's next purchase at the partner begins with. */
static void
carry(struct ledger *l, const struct record *r)
{
	const struct carried *c = &r->carried;
	struct counter_row *counter;

	if (table_is_live(&l->counters, c->row)) {
		counter = table_edit(&l->counters, c->row);
	} else {
		counter = table_claim(&l->counters, c->row);
		counter->key = r->member << 32 | COUNTER_CARRY | c->partner;
		index_insert(&l->counters_by_key, state_hash_u64(counter->key), c->row);
	}
	counter->points = c->after;
	counter->day = c->day;
	counter->times = c->rule_version;
}

void
apply_components(struct ledger *l, const struct record *r)
{
	if (!RECORD_HAS(r, COMPONENTS) || r->status != TG_OK)
		return;
	if (RECORD_HAS(r, CARRIED) && r->carried.row != TABLE_NONE)
		carry(l, r);
	if (r->kind != RECORD_EARN && r->kind != RECORD_REOPEN) {
		for (uint32_t i = 0; i < r->component_count; i++)
			return_component(l, r, i);
		return;
	}
	make_components(l, r);
	for (uint32_t i = 0; r->kind == RECORD_EARN && i < r->component_count; i++) {
		const struct record_component *c = &r->components[i];

		if (c->refusal != COMPONENT_GIVEN)
			continue;
		spend(l, c->budget_row, c->points);
		if (c->counter_row != TABLE_NONE)
			count_up(l, r, i);
	}
}
