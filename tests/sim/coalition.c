/*
 * coalition.c - who takes part in a run.
 */
#include "tests/sim/coalition.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"

#define RIGHTS_ALL 0xffu
#define RIGHTS_TILL 0x3fu

void
coalition_draw_partner(struct chance *chance, uint32_t number, struct partner_config *partner)
{
	*partner = (struct partner_config){
		.number = number,
		.return_days = INT32_MAX,
		.restored_days = 30,
		.earn_transaction_points = LIMIT_NONE,
		.burn_transaction_points = LIMIT_NONE,
		.terminal_day_earn_points = LIMIT_NONE,
		.terminal_day_burn_points = LIMIT_NONE,
		.bonus_member_day_points = LIMIT_NONE,
		.name = "partner",
	};
	(void)chance;
}

void
coalition_draw_rule(struct chance *chance, uint32_t partner, struct rule_config *rule)
{
	*rule = (struct rule_config){
		.partner = partner,
		.base_num = 1,
		.base_den = chance_between(chance, 1, 3) * 50,
		.bonus_den = 1,
	};
}

static void
draw_terminals(struct coalition *c)
{
	for (uint32_t i = 0; i < COALITION_TILLS; i++) {
		uint32_t partner = 1 + i % COALITION_PARTNERS;
		bool is_system = i == COALITION_TILLS - 1;

		c->terminals[i] = (struct terminal_config){
			.number = 100 * partner + i,
			.partner = partner,
			.store = is_system ? 0 : 10 * partner + 1,
			.key_generation = 1,
			.rights = is_system ? RIGHTS_ALL : RIGHTS_TILL,
		};
	}
}

void
coalition_draw(struct coalition *c, struct chance *chance)
{
	memset(c, 0, sizeof(*c));
	c->programme = (struct programme_config){
		.window_ms = 3 * SIM_DAY_MS,
		.clock_ahead_ms = 600000,
		.burn_clock_ms = 300000,
		.point_value_num = 1,
		.point_value_den = 1,
		.expiry_months = 12,
		.hold_seconds_default = 300,
		.hold_seconds_max = 35 * 86400,
		.declines_per_terminal_day = 1000,
		.member_day_earn_points = LIMIT_NONE,
		.member_day_burn_points = LIMIT_NONE,
	};
	for (uint32_t i = 0; i < COALITION_PARTNERS; i++) {
		coalition_draw_partner(chance, i + 1, &c->partners[i]);
		coalition_draw_rule(chance, i + 1, &c->rules[i]);
		c->stores[i] = (struct store_config){ .number = 10 * (i + 1) + 1,
						      .partner = i + 1 };
	}
	draw_terminals(c);
}
