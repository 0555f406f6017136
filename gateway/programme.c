/*
 * programme.c - the programme's rules, from the configuration's words to the ledger's.
 */
#include "gateway/programme.h"

/* 0 in the configuration means no limit. */
static int64_t
limit_of(int64_t configured)
{
	return configured > 0 ? configured : LIMIT_NONE;
}

struct programme_config
programme_of(const struct config *config)
{
	return (struct programme_config){
		.flags = (config->programme_expires_on_anniversary ?
				  PROGRAMME_EXPIRES_ON_ANNIVERSARY :
				  0) |
			 (config->programme_sandbox ? PROGRAMME_SANDBOX : 0) |
			 (config->programme_traced ? PROGRAMME_TRACED : 0),
		.window_ms = config->programme_window_s * 1000,
		.clock_ahead_ms = config->programme_clock_ahead_s * 1000,
		.burn_clock_ms = config->programme_burn_clock_s * 1000,
		.point_value_num = config->programme_point_value_num,
		.point_value_den = config->programme_point_value_den,
		.expiry_months = (int32_t)config->programme_expiry_months,
		.expiry_shape = (uint8_t)config->programme_expiry_shape,
		.vintage_months = (uint8_t)config->programme_vintage_months,
		.sweep_month = (uint8_t)config->programme_sweep_month,
		.sweep_day = (uint8_t)config->programme_sweep_day,
		.hold_seconds_default = (int32_t)config->programme_hold_s,
		.hold_seconds_max = (int32_t)config->programme_hold_max_s,
		.declines_per_terminal_day =
			(int32_t)config->programme_declines_per_terminal_day,
		.debt_days = (int32_t)config->programme_debt_days,
		.debt_cycles = (int32_t)config->programme_debt_cycles,
		.member_day_earn_points = limit_of(config->programme_member_day_earn_points),
		.member_day_burn_points = limit_of(config->programme_member_day_burn_points),
		.value_registered_max = config->programme_value_registered_max,
		.value_bearer_max = config->programme_value_bearer_max,
		.value_day_max = limit_of(config->programme_value_day_max),
	};
}

bool
programme_fits_members(const struct config *config, const struct ledger *ledger)
{
	return ledger_member_count(ledger) == 0 ||
	       ledger_programme(ledger)->expiry_shape == config->programme_expiry_shape;
}

struct ledger_limits
ledger_limits_of(const struct config *config)
{
	return (struct ledger_limits){
		.members_max = (uint32_t)config->ledger_members_max,
		.identifiers_max = (uint32_t)config->ledger_identifiers_max,
		.lots_max = (uint32_t)config->ledger_lots_max,
		.pendings_max = (uint32_t)config->ledger_pendings_max,
		.debts_max = (uint32_t)config->ledger_debts_max,
		.holds_max = (uint32_t)config->ledger_holds_max,
		.portions_max = (uint32_t)config->ledger_portions_max,
		.transactions_max = (uint32_t)config->ledger_transactions_max,
		.partners_max = (uint32_t)config->ledger_partners_max,
		.rules_max = (uint32_t)config->ledger_rules_max,
		.stores_max = (uint32_t)config->ledger_stores_max,
		.terminals_max = (uint32_t)config->ledger_terminals_max,
		.totals_max = (uint32_t)config->ledger_totals_max,
		.shard = (uint16_t)config->ledger_shard,
	};
}
