/*
 * coalition.c - who takes part in a run.
 */
#include "tests/sim/coalition.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"

#define RIGHTS_ALL 0x3ffu
#define RIGHTS_TILL 0x33fu

/* A limit that now and then is reached, or none. */
static int64_t
draw_limit(struct chance *chance, int64_t about)
{
	return chance_once_in(chance, 4) ? chance_between(chance, about, 3 * about) : LIMIT_NONE;
}

static uint32_t
draw_flags(struct chance *chance)
{
	static const uint32_t flags[] = { PARTNER_BASE_GROSS, PARTNER_REFUND_PRO_RATA,
					  PARTNER_RETURN_NO_BURN, PARTNER_RETURN_LOSES_EXPIRED };
	uint32_t drawn = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		drawn |= chance_once_in(chance, 4) ? flags[i] : 0;
	drawn |= chance_once_in(chance, 25) ? PARTNER_EARN_OFF : 0;
	drawn |= chance_once_in(chance, 25) ? PARTNER_BURN_OFF : 0;
	return drawn;
}

void
coalition_draw_partner(struct chance *chance, uint32_t number, struct partner_config *partner)
{
	*partner = (struct partner_config){
		.number = number,
		.group = chance_once_in(chance, 2) ? 1 : 0,
		.flags = draw_flags(chance),
		.pending_days = chance_once_in(chance, 4)
					? (int32_t)chance_between(chance, 1, 4)
					: 0,
		.return_days = chance_once_in(chance, 4)
				       ? (int32_t)chance_between(chance, 0, 2)
				       : INT32_MAX,
		.restored_days = (int32_t)chance_between(chance, 0, 30),
		.burn_minimum_points = chance_once_in(chance, 4) ? 5 : 0,
		.burn_step_points = chance_once_in(chance, 6) ? 5 : 0,
		.earn_transaction_points = draw_limit(chance, 500),
		.burn_transaction_points = draw_limit(chance, 200),
		.terminal_day_earn_points = draw_limit(chance, 3000),
		.terminal_day_burn_points = draw_limit(chance, 1000),
		.bonus_member_day_points = draw_limit(chance, 100),
		.name = "partner",
	};
	if (chance_once_in(chance, 12))
		partner->joined_day = SIM_START_DAY + (int32_t)chance_below(chance, 4);
	if (chance_once_in(chance, 12))
		partner->last_earn_day = SIM_START_DAY + 4 + (int32_t)chance_below(chance, 30);
	if (partner->last_earn_day != 0 && chance_once_in(chance, 2))
		partner->last_burn_day =
			partner->last_earn_day + (int32_t)chance_below(chance, 10);
	if (chance_once_in(chance, 8))
		partner->pending_days = PENDING_UNTIL_CONFIRMED;
	/* The last one is for trying out. */
	if (number == COALITION_PARTNERS)
		partner->flags |= PARTNER_TEST;
}

void
coalition_draw_rule(struct chance *chance, uint32_t partner, struct rule_config *rule)
{
	*rule = (struct rule_config){
		.partner = partner,
		.base_num = 1,
		.base_den = chance_between(chance, 1, 3) * 50,
		.bonus_den = 100,
	};
	if (chance_once_in(chance, 3))
		return;
	rule->bonus_num = chance_between(chance, 0, 3);
	rule->bonus_fixed_points = chance_between(chance, 0, 20);
	rule->bonus_threshold_amount = chance_below(chance, 20000);
	rule->bonus_days = (int32_t)chance_between(chance, 0, 14);
	/* The last partner's points are for trying out, and nobody else's. */
	if (partner != COALITION_PARTNERS)
		rule->bonus_sponsor = (uint32_t)chance_below(chance, COALITION_PARTNERS);
	if (chance_once_in(chance, 3))
		rule->bonus_usable_at = chance_once_in(chance, 2)
						? partner
						: USABLE_AT_STORE | (10 * partner + 1);
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

/* Of every few coalitions one has too little room in a table. */
static void
draw_limits(struct coalition *c, struct chance *chance)
{
	c->limits = ledger_limits_small();
	c->limits.members_max = 64;
	c->limits.identifiers_max = 128;
	c->limits.lots_max = 1024;
	c->limits.pendings_max = 1024;
	c->limits.debts_max = 128;
	c->limits.holds_max = 256;
	c->limits.portions_max = 2048;
	c->limits.transactions_max = 4096;
	c->limits.partners_max = 16;
	c->limits.rules_max = 128;
	c->limits.stores_max = 32;
	c->limits.terminals_max = 32;
	c->limits.totals_max = 4096;
	switch (chance_below(chance, 20)) {
	case 0:
		c->limits.members_max = 12;
		break;
	case 1:
		c->limits.identifiers_max = 14;
		break;
	case 2:
		c->limits.lots_max = 24;
		break;
	case 3:
		c->limits.holds_max = 6;
		break;
	case 4:
		c->limits.transactions_max = 80;
		break;
	case 5:
		c->limits.totals_max = 60;
		break;
	case 6:
		c->limits.pendings_max = 24;
		break;
	default:
		break;
	}
}

void
coalition_draw(struct coalition *c, struct chance *chance)
{
	memset(c, 0, sizeof(*c));
	draw_limits(c, chance);
	c->programme = (struct programme_config){
		.window_ms = chance_between(chance, 1, 3) * SIM_DAY_MS,
		.clock_ahead_ms = 600000,
		.burn_clock_ms = 300000,
		.point_value_num = 1,
		.point_value_den = 1,
		.flags = (chance_once_in(chance, 3) ? PROGRAMME_EXPIRES_ON_ANNIVERSARY : 0) |
			 (chance_once_in(chance, 2) ? PROGRAMME_TRACED : 0),
		.expiry_months = chance_once_in(chance, 2) ? 1 : 12,
		.debt_days = chance_once_in(chance, 2) ? (int32_t)chance_between(chance, 1, 20) : 0,
		.debt_cycles =
			chance_once_in(chance, 3) ? (int32_t)chance_between(chance, 1, 3) : 0,
		.expiry_shape = chance_once_in(chance, 6) ? EXPIRY_NEVER : EXPIRY_ROLLING,
		.hold_seconds_default = 300,
		.hold_seconds_max = 35 * 86400,
		.declines_per_terminal_day = chance_once_in(chance, 6) ? 4 : 1000,
		.member_day_earn_points = chance_once_in(chance, 4) ? 1500 : LIMIT_NONE / 2,
		.member_day_burn_points = chance_once_in(chance, 4) ? 400 : LIMIT_NONE / 2,
	};
	if (!chance_once_in(chance, 6)) {
		c->programme.value_registered_max = 5000;
		c->programme.value_bearer_max = 1000;
		c->programme.value_day_max = chance_once_in(chance, 4) ? 300 : LIMIT_NONE;
	}
	for (uint32_t i = 0; i < COALITION_PARTNERS; i++) {
		coalition_draw_partner(chance, i + 1, &c->partners[i]);
		coalition_draw_rule(chance, i + 1, &c->rules[i]);
		c->stores[i] = (struct store_config){ .number = 10 * (i + 1) + 1,
						      .partner = i + 1 };
	}
	draw_terminals(c);
}
