/*
 * record_maker_rulebook.c - random rules, versions of the rulebook, budgets and parts of earns.
 */
#include <string.h>

#include "tests/storage/record_maker_private.h"

#define VERSIONS 3
#define POSITIONS 8
#define BUDGETS 6

static uint16_t
position(struct record_maker *maker)
{
	return one_in(maker, 2) ? EARN_RULE_NONE : (uint16_t)pick(maker, POSITIONS);
}

static void
make_carried(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(CARRIED));
	record->carried = (struct carried){
		.partner = 1 + pick(maker, MAKER_PARTNERS),
		.row = 1,
		.day = 20000 + (int32_t)pick(maker, 100),
		.rule_version = 1,
		.before = 50 - (int64_t)pick(maker, 100),
		.after = (int64_t)pick(maker, 100),
	};
}

void
record_maker_components(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(COMPONENTS));
	record->rulebook_version = pick(maker, VERSIONS + 1);
	if (one_in(maker, 2))
		make_carried(maker, record);
	record->component_count = (uint8_t)pick(maker, one_in(maker, 9) ? RECORD_COMPONENTS_MAX + 1
									: 4);
	for (uint8_t i = 0; i < record->component_count; i++) {
		record->components[i] = (struct record_component){
			.row = 1 + i,
			.campaign = pick(maker, 3),
			.sponsor = pick(maker, MAKER_PARTNERS),
			.budget = pick(maker, BUDGETS),
			.refusal = (uint8_t)pick(maker, 6),
			.amount = quantity(maker),
			.points = (int64_t)pick(maker, 1000),
			.campaign_position = position(maker),
			.rate_position = position(maker),
		};
	}
}

static void
make_rule(struct record_maker *maker, struct record *record)
{
	struct earn_rule *rule = &record->earn_rule;

	add(record, RECORD_HAS_BIT(EARN_RULE));
	record->config_row = 1;
	*rule = (struct earn_rule){
		.version = 1 + pick(maker, VERSIONS),
		.position = pick(maker, POSITIONS),
		.number = pick(maker, 3),
		.flags = pick(maker, 32),
		.partner = pick(maker, 3),
		.store = pick(maker, 3),
		.store_group = pick(maker, 3),
		.category_from = pick(maker, 2),
		.category_to = pick(maker, 2) * 7,
		.from_day = one_in(maker, 2) ? 0 : 20000 + (int32_t)pick(maker, 100),
		.until_day = one_in(maker, 2) ? INT32_MAX : 21000 + (int32_t)pick(maker, 100),
		.from_minute = (uint16_t)pick(maker, MINUTES_PER_DAY),
		.until_minute = (uint16_t)pick(maker, MINUTES_PER_DAY + 1),
		.weekdays = (uint8_t)(1 + pick(maker, WEEKDAYS_ALL)),
		.tender = (uint8_t)pick(maker, 3),
		.tier = (uint8_t)pick(maker, 3),
		.tag = pick(maker, 3),
		.sponsor = pick(maker, 3),
		.days = (int32_t)pick(maker, 90),
		.usable_at = one_in(maker, 2) ? pick(maker, 3) : USABLE_AT_STORE | 11,
		.budget = pick(maker, BUDGETS),
		.member_times = pick(maker, 3),
		.member_points = limit(maker),
		.member_day_points = limit(maker),
		.threshold_amount = quantity(maker),
		.rate_num = quantity(maker),
		.rate_den = 1 + quantity(maker),
		.fixed_points = quantity(maker),
		.step = pick(maker, 9),
	};
	rule->sponsor_count = (uint8_t)(one_in(maker, 2) ? 0 : pick(maker, SPONSORS_MAX + 1));
	for (uint8_t i = 0; i < rule->sponsor_count; i++)
		rule->sponsors[i] = (struct sponsor_share){ .partner = 1 + i,
							    .weight = 1 + pick(maker, 9) };
	memset(rule->name, 'a' + (int)pick(maker, 26), pick(maker, EARN_RULE_NAME_BYTES + 1));
}

static void
make_budgets(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(BUDGET));
	record->budget_action = BUDGET_ASK;
	record->budget_count = (uint8_t)(1 + pick(maker, 2));
	for (uint8_t i = 0; i < record->budget_count; i++) {
		struct budget *budget = &record->budgets[i];

		record->budget_rows[i] = 1;
		*budget = (struct budget){
			.number = 1 + (i == 0 ? 0 : BUDGETS / 2u) + pick(maker, BUDGETS / 2),
			.parent = pick(maker, 3),
			.flags = pick(maker, 2),
			.asked_from = pick(maker, 3),
			.granted_points = quantity(maker),
			.passed_points = quantity(maker),
			.asked_points = quantity(maker),
		};
		memset(budget->asked_by, 'A', pick(maker, OPERATOR_BYTES + 1));
		memset(budget->name, 'b', pick(maker, EARN_RULE_NAME_BYTES + 1));
	}
}

void
record_maker_rulebook(struct record_maker *maker, struct record *record)
{
	if (record->kind == RECORD_EARN_RULE) {
		make_rule(maker, record);
	} else if (record->kind == RECORD_RULEBOOK) {
		add(record, RECORD_HAS_BIT(RULEBOOK));
		record->config_row = 1;
		record->rulebook = (struct rulebook){
			.version = 1 + pick(maker, VERSIONS),
			.rule_count = pick(maker, POSITIONS),
			.starts_at_utc_ms = record->booked_at_utc_ms + pick(maker, 100000),
		};
	} else if (record->kind == RECORD_BIRTHDAY) {
		add(record, RECORD_HAS_BIT(MEMBER) | RECORD_HAS_BIT(BIRTHDAY));
		record->member = 1 + pick(maker, maker->members);
		record->birthday = (uint16_t)(1 + pick(maker, 366));
	} else {
		make_budgets(maker, record);
	}
}
