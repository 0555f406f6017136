/*
 * sink_map_rulebook.c - what the rulebook, budgets and the parts of earns mean in their tables.
 */
#include <assert.h>

#include "ledger/request.h"
#include "storage/civil.h"
#include "storage/sink_map.h"

static_assert(EARN_RULE_RATE == 1 && EARN_RULE_MULTIPLIER == 2 && EARN_RULE_EXCLUSIVE == 4 &&
		      EARN_RULE_FIRST == 8 && EARN_RULE_BIRTHDAY == 16 &&
		      EARN_RULE_EXCHANGE_IN == 32 && EARN_RULE_EXCHANGE_OUT == 64,
	      "earn_rule.flags lists them in this order");
static_assert(COMPONENT_MEMBER_CAP == 1 && COMPONENT_PARTNER_CAP == 2 && COMPONENT_BUDGET == 3 &&
		      COMPONENT_NO_ROOM == 4 && COMPONENT_NO_COVER == 5,
	      "component.refusal lists them in this order");
static_assert(RECORD_COMPONENTS_MAX == 16, "SINK_TABLE_LIST says how many a record can have");

static void
set_position(struct cell_u16 *cell, uint16_t position)
{
	if (position != EARN_RULE_NONE)
		cell_set_u16(cell, position);
}

/* A bound that no day reaches is none. */
static bool
set_bound(struct cell_day *cell, int32_t day)
{
	return day <= CIVIL_DAY_MIN || day >= CIVIL_DAY_MAX || day == 0 || cell_set_day(cell, day);
}

static bool
map_earn_rule(struct sink_earn_rule_row *row, const struct record *record)
{
	const struct earn_rule *rule = &record->earn_rule;

	cell_set_u32(&row->version, rule->version);
	cell_set_u16(&row->position, (uint16_t)rule->position);
	cell_set_u64(&row->last_sequence, record->sequence);
	sink_map_u32_or_none(&row->number, rule->number);
	cell_set_text(&row->name, rule->name, sizeof rule->name);
	cell_set_u8(&row->flags, (uint8_t)rule->flags);
	sink_map_u32_or_none(&row->partner, rule->partner);
	sink_map_u32_or_none(&row->store, rule->store);
	sink_map_u32_or_none(&row->store_group, rule->store_group);
	if ((rule->category_from | rule->category_to) != 0) {
		cell_set_u32(&row->category_from, rule->category_from);
		cell_set_u32(&row->category_to, rule->category_to);
	}
	sink_map_u8_or_none(&row->tender, rule->tender);
	cell_set_u8(&row->weekdays, rule->weekdays);
	cell_set_u16(&row->from_minute, rule->from_minute);
	cell_set_u16(&row->until_minute, rule->until_minute);
	sink_map_u8_or_none(&row->tier, rule->tier);
	sink_map_u32_or_none(&row->tag, rule->tag);
	sink_map_u32_or_none(&row->sponsor, rule->sponsor);
	cell_set_u8(&row->sponsors, rule->sponsor_count);
	cell_set_i32(&row->life_days, rule->days);
	if ((rule->usable_at & USABLE_AT_STORE) != 0)
		cell_set_u32(&row->usable_store, USABLE_NUMBER(rule->usable_at));
	else
		sink_map_u32_or_none(&row->usable_partner, rule->usable_at);
	sink_map_u32_or_none(&row->budget, rule->budget);
	sink_map_u32_or_none(&row->member_times, rule->member_times);
	sink_map_limit(&row->member_points, rule->member_points);
	sink_map_limit(&row->member_day_points, rule->member_day_points);
	cell_set_i64(&row->threshold_amount, rule->threshold_amount);
	cell_set_i64(&row->rate_num, rule->rate_num);
	cell_set_i64(&row->rate_den, rule->rate_den);
	cell_set_i64(&row->fixed_points, rule->fixed_points);
	cell_set_u32(&row->step, rule->step);
	return set_bound(&row->from_date, rule->from_day) &&
	       set_bound(&row->until_date, rule->until_day);
}

/* Who pays a joint promotion. */
static void
map_sponsors(struct sink_batch *batch, const struct record *record)
{
	const struct earn_rule *rule = &record->earn_rule;

	for (uint8_t i = 0; i < rule->sponsor_count; i++) {
		struct sink_earn_rule_sponsor_row *row =
			sink_rows_claim(&batch->tables[SINK_TABLE_earn_rule_sponsor]);

		cell_set_u32(&row->version, rule->version);
		cell_set_u16(&row->position, (uint16_t)rule->position);
		cell_set_u8(&row->line, (uint8_t)(i + 1));
		cell_set_u64(&row->last_sequence, record->sequence);
		cell_set_u32(&row->partner, rule->sponsors[i].partner);
		cell_set_u32(&row->weight, rule->sponsors[i].weight);
	}
}

static bool
map_rulebook(struct sink_rulebook_row *row, const struct record *record)
{
	cell_set_u32(&row->version, record->rulebook.version);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u32(&row->rules, record->rulebook.rule_count);
	return cell_set_time(&row->starts_at, record->rulebook.starts_at_utc_ms);
}

/* As it is from now on; what campaigns gave out of it is added by their earns. */
static void
map_budget(struct sink_budget_row *row, const struct record *record, uint8_t nth)
{
	const struct budget *budget = &record->budgets[nth];

	cell_set_u32(&row->budget, budget->number);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_text(&row->name, budget->name, sizeof budget->name);
	cell_set_u32(&row->parent, budget->parent);
	cell_set_u8(&row->is_stopped, (budget->flags & BUDGET_STOPPED) != 0);
	cell_set_i64(&row->granted_points, budget->granted_points);
	cell_set_i64(&row->passed_points, budget->passed_points);
	cell_set_i64(&row->asked_points, budget->asked_points);
	cell_set_u32(&row->asked_from, budget->asked_from);
	cell_set_text(&row->asked_by, budget->asked_by, sizeof budget->asked_by);
	cell_set_i64(&row->used_points, 0);
}

/* Points that a component spends of its budget, or gives back. */
static void
map_spending(struct sink_budget_row *row, const struct record *record,
	     const struct record_component *component)
{
	cell_set_u32(&row->budget, component->budget);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_i64(&row->used_points,
		     record->kind == RECORD_EARN ? component->points : -component->points);
}

static bool
map_component(struct sink_component_row *row, const struct record *record, uint8_t nth)
{
	const struct record_component *c = &record->components[nth];

	cell_set_u64(&row->sequence, record->sequence);
	cell_set_u8(&row->line, (uint8_t)(nth + 1));
	cell_set_u8(&row->is_test, (record->flags & RECORD_TEST) != 0);
	sink_map_u32_or_none(&row->campaign, c->campaign);
	cell_set_u32(&row->rulebook_version, record->rulebook_version);
	set_position(&row->position, c->campaign_position);
	set_position(&row->rate_position, c->rate_position);
	sink_map_u32_or_none(&row->budget, c->budget);
	sink_map_u32_or_none(&row->sponsor, c->sponsor);
	sink_map_u8_or_none(&row->refusal, c->refusal);
	cell_set_i64(&row->amount, c->amount);
	cell_set_i64(&row->points, c->points);
	if (RECORD_HAS(record, CARRIED) && record->kind == RECORD_EARN && c->campaign == 0 &&
	    c->rate_position == EARN_RULE_NONE) {
		cell_set_i64(&row->carried, record->carried.before);
		if (!cell_set_day(&row->carried_date, record->carried.day))
			return false;
	}
	return sink_map_business_date(&row->business_date, record->business_date);
}

uint8_t
sink_map_component_count(const struct record *record)
{
	if (!RECORD_HAS(record, COMPONENTS) || record->kind == RECORD_REOPEN ||
	    record->status != TG_OK)
		return 0;
	return record->component_count;
}

static bool
map_components(struct sink_batch *batch, const struct record *record)
{
	struct sink_rows *components = &batch->tables[SINK_TABLE_component];
	struct sink_rows *budgets = &batch->tables[SINK_TABLE_budget];
	bool is_ok = true;

	for (uint8_t i = 0; i < sink_map_component_count(record); i++) {
		const struct record_component *c = &record->components[i];

		is_ok &= map_component(sink_rows_claim(components), record, i);
		if (c->budget != 0)
			map_spending(sink_rows_claim(budgets), record, c);
	}
	return is_ok;
}

bool
sink_map_rulebook(struct sink_batch *batch, const struct record *record)
{
	struct sink_rows *tables = batch->tables;
	bool is_ok = map_components(batch, record);

	if (RECORD_HAS(record, EARN_RULE)) {
		is_ok &= map_earn_rule(sink_rows_claim(&tables[SINK_TABLE_earn_rule]), record);
		map_sponsors(batch, record);
	}
	if (RECORD_HAS(record, RULEBOOK))
		is_ok &= map_rulebook(sink_rows_claim(&tables[SINK_TABLE_rulebook]), record);
	for (uint8_t i = 0; RECORD_HAS(record, BUDGET) && i < record->budget_count; i++)
		map_budget(sink_rows_claim(&tables[SINK_TABLE_budget]), record, i);
	return is_ok;
}
