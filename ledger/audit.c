/*
 * audit.c - does the ledger add up?  And its configuration rows, for listing.
 *
 * Walks whole tables: for tests, tools and the console, never between two requests.
 */
#include <inttypes.h>
#include <stdio.h>

#include "ledger/points.h"
#include "ledger/state.h"

int64_t
ledger_conservation(const struct ledger *l, enum unit unit)
{
	int64_t sum = 0;

	for (uint32_t row = 1; row <= l->accounts.rows_used; row++) {
		const struct account_row *account = ledger_account_row(l, row);

		if (account->key != 0 && (uint8_t)(account->key >> 32) == (uint8_t)unit)
			sum += account->balance_points;
	}
	return sum;
}

/* What the rows of members say that the accounts should hold. */
struct audit_sums {
	int64_t available;
	int64_t pending;
	int64_t held;
	int64_t debt;
	int64_t value;
	int64_t value_held;
};

static struct audit_sums
sum_rows(const struct ledger *l)
{
	struct audit_sums s = { 0, 0, 0, 0, 0, 0 };

	for (uint32_t row = 1; row <= l->members.rows_used; row++)
		s.available += ledger_member_row(l, row)->key != 0
				       ? ledger_member_row(l, row)->regular_points
				       : 0;
	for (uint32_t row = 1; row <= l->lots.rows_used; row++)
		s.available += table_is_live(&l->lots, row) ? ledger_lot_row(l, row)->points : 0;
	for (uint32_t row = 1; row <= l->pendings.rows_used; row++)
		s.pending +=
			table_is_live(&l->pendings, row) ? ledger_pending_row(l, row)->points : 0;
	for (uint32_t row = 1; row <= l->debts.rows_used; row++)
		s.debt += table_is_live(&l->debts, row) ? ledger_debt_row(l, row)->points : 0;
	for (uint32_t row = 1; row <= l->holds.rows_used; row++) {
		if (!table_is_live(&l->holds, row) || ledger_hold_row(l, row)->state != STATE_OPEN)
			continue;
		s.held += ledger_hold_row(l, row)->points;
		s.value_held += ledger_hold_row(l, row)->amount;
	}
	for (uint32_t row = 1; row <= l->values.rows_used; row++)
		s.value += table_is_live(&l->values, row) ? ledger_value_row(l, row)->amount : 0;
	return s;
}

static int64_t
account_total(const struct ledger *l, uint8_t account)
{
	int64_t sum = 0;

	for (uint32_t row = 1; row <= l->accounts.rows_used; row++) {
		const struct account_row *a = ledger_account_row(l, row);

		if (a->key != 0 && (uint8_t)(a->key >> 40) == account)
			sum += a->balance_points;
	}
	return sum;
}

static bool
is_equal(const char *what, int64_t accounts, int64_t rows, char *why, size_t why_bytes)
{
	if (accounts == rows)
		return true;
	snprintf(why, why_bytes, "%s: accounts say %" PRId64 ", rows %" PRId64, what, accounts,
		 rows);
	return false;
}

bool
ledger_audit(struct ledger *l, char *why, size_t why_bytes)
{
	struct audit_sums s = sum_rows(l);
	struct state_hash kept = table_set_hash(&l->set);
	struct state_hash fresh = table_set_hash_recompute(&l->set);

	if (!is_equal("member.available", account_total(l, ACCOUNT_AVAILABLE), s.available, why,
		      why_bytes) ||
	    !is_equal("member.pending", account_total(l, ACCOUNT_PENDING), s.pending, why,
		      why_bytes) ||
	    !is_equal("member.held", account_total(l, ACCOUNT_HELD), s.held, why, why_bytes) ||
	    !is_equal("member.debt", account_total(l, ACCOUNT_DEBT), -s.debt, why, why_bytes) ||
	    !is_equal("member.value", account_total(l, ACCOUNT_VALUE), s.value, why, why_bytes) ||
	    !is_equal("member.value_held", account_total(l, ACCOUNT_VALUE_HELD), s.value_held, why,
		      why_bytes) ||
	    !is_equal("sum of all accounts", ledger_conservation(l, UNIT_POINTS), 0, why,
		      why_bytes) ||
	    !is_equal("sum of all cover", ledger_conservation(l, UNIT_COVER), 0, why, why_bytes) ||
	    !is_equal("sum of partners' own units", ledger_conservation(l, UNIT_OWN), 0, why,
		      why_bytes) ||
	    !is_equal("sum of stored value", ledger_conservation(l, UNIT_VALUE), 0, why,
		      why_bytes))
		return false;
	if (!state_hash_equal(kept, fresh)) {
		snprintf(why, why_bytes, "state hash differs from the rows");
		return false;
	}
	return true;
}

/* The nth live row of a table, TABLE_NONE at the end; at once where no row was ever given up. */
static uint32_t
nth_live(const struct table *table, uint32_t nth)
{
	if (table->free_head == TABLE_NONE)
		return nth < table->rows_used ? nth + 1 : TABLE_NONE;
	for (uint32_t row = 1; row <= table->rows_used; row++) {
		if (table_is_live(table, row) && nth-- == 0)
			return row;
	}
	return TABLE_NONE;
}

const struct partner_config *
ledger_partner_at(const struct ledger *l, uint32_t nth)
{
	uint32_t row = nth_live(&l->partners, nth);

	return row == TABLE_NONE ? NULL : &ledger_partner_row(l, row)->config;
}

const struct store_config *
ledger_store_at(const struct ledger *l, uint32_t nth)
{
	uint32_t row = nth_live(&l->stores, nth);

	return row == TABLE_NONE ? NULL : &ledger_store_row(l, row)->config;
}

const struct terminal_config *
ledger_terminal_at(const struct ledger *l, uint32_t nth)
{
	uint32_t row = nth_live(&l->terminals, nth);

	return row == TABLE_NONE ? NULL : &ledger_terminal_row(l, row)->config;
}

const struct activation *
ledger_activation_find(const struct ledger *l, uint32_t terminal)
{
	uint32_t row = state_find_activation(l, terminal);

	return row == TABLE_NONE ? NULL : &ledger_activation_row(l, row)->activation;
}

const struct partner_config *
ledger_partner_find(const struct ledger *l, uint32_t number)
{
	uint32_t row = state_find_partner(l, number);

	return row == TABLE_NONE ? NULL : &ledger_partner_row(l, row)->config;
}

const struct store_config *
ledger_store_find(const struct ledger *l, uint32_t number)
{
	uint32_t row = state_find_store(l, number);

	return row == TABLE_NONE ? NULL : &ledger_store_row(l, row)->config;
}

const struct terminal_config *
ledger_terminal_find(const struct ledger *l, uint32_t number)
{
	uint32_t row = state_find_terminal(l, number);

	return row == TABLE_NONE ? NULL : &ledger_terminal_row(l, row)->config;
}

const struct rule_config *
ledger_rule_newest(const struct ledger *l, uint32_t partner)
{
	uint32_t row = state_find_partner(l, partner);
	uint32_t rule = row == TABLE_NONE ? TABLE_NONE : ledger_partner_row(l, row)->newest_rule;

	return rule == TABLE_NONE ? NULL : &ledger_rule_row(l, rule)->config;
}

const struct rule_config *
ledger_rule_find(const struct ledger *l, uint32_t partner, uint32_t version)
{
	uint32_t row = state_find_rule(l, partner, version);

	return row == TABLE_NONE ? NULL : &ledger_rule_row(l, row)->config;
}

const struct cycle_config *
ledger_cycle_find(const struct ledger *l, uint32_t partner, struct cycle *ret_open)
{
	uint32_t row = state_find_cycle(l, partner);

	if (row == TABLE_NONE)
		return NULL;
	if (ret_open != NULL)
		*ret_open = ledger_cycle_row(l, row)->open;
	return &ledger_cycle_row(l, row)->config;
}

const struct cycle_config *
ledger_cycle_at(const struct ledger *l, uint32_t nth, struct cycle *ret_open)
{
	uint32_t row = nth_live(&l->cycles, nth);

	if (row == TABLE_NONE)
		return NULL;
	return ledger_cycle_find(l, ledger_cycle_row(l, row)->config.partner, ret_open);
}

uint32_t
ledger_statement_state(const struct ledger *l, uint32_t partner, uint32_t cycle)
{
	uint32_t row = state_find_statement(l, partner, cycle);

	return row == TABLE_NONE ? 0 : ledger_statement_row(l, row)->state;
}

const struct rulebook *
ledger_rulebook_at(const struct ledger *l, uint32_t nth)
{
	uint32_t at = ledger_state(l)->newest_rulebook;

	while (at != TABLE_NONE && nth > 0) {
		at = ledger_rulebook_row(l, at)->older_rulebook;
		nth--;
	}
	return at != TABLE_NONE ? &ledger_rulebook_row(l, at)->rulebook : NULL;
}

const struct budget *
ledger_budget_at(const struct ledger *l, uint32_t nth, int64_t *ret_used_points)
{
	for (uint32_t row = 1; row <= l->budgets.rows_used; row++) {
		if (!table_is_live(&l->budgets, row) || nth-- > 0)
			continue;
		*ret_used_points = ledger_budget_row(l, row)->used_points;
		return &ledger_budget_row(l, row)->budget;
	}
	return NULL;
}

const struct funding_config *
ledger_funding_find(const struct ledger *l, uint32_t partner)
{
	uint32_t row = state_find_partner(l, partner);
	uint32_t funding = row == TABLE_NONE ? TABLE_NONE : ledger_partner_row(l, row)->funding;

	return funding == TABLE_NONE ? NULL : &ledger_funding_row(l, funding)->config;
}

static enum funding_level
funding_level(const struct funding_config *c, const struct funding_state *s)
{
	if (s->stopped_utc_ms != 0 || s->left_points == 0)
		return FUNDING_STOPPED;
	if (s->left_points == LIMIT_NONE)
		return FUNDING_FREE;
	return s->left_points <= c->alert_points ? FUNDING_LOW : FUNDING_GOOD;
}

struct funding_state
ledger_funding_state(const struct ledger *l, uint32_t partner)
{
	const struct funding_config *c = ledger_funding_find(l, partner);
	struct funding_state s = { .level = FUNDING_FREE };
	const struct funding_row *row;

	if (c == NULL)
		return s;
	row = ledger_funding_row(l, ledger_partner_row(l, state_find_partner(l, partner))->funding);
	s.cover_points = ledger_account_points(l, ACCOUNT_COVER, UNIT_COVER, partner);
	s.used_points = ledger_account_points(l, ACCOUNT_COVER_USED, UNIT_COVER, partner);
	s.left_points = c->overdraft_points == LIMIT_NONE ?
				LIMIT_NONE :
				points_max(s.cover_points + c->overdraft_points, 0);
	s.stopped_utc_ms = row->stopped_utc_ms;
	for (uint32_t at = row->oldest_cover; at != TABLE_NONE; at = ledger_cover_row(l, at)->next)
		s.block_count++;
	s.level = funding_level(c, &s);
	return s;
}

void
ledger_funding_counts(const struct ledger *l, uint32_t ret_counts[FUNDING_LEVEL_COUNT])
{
	for (uint32_t level = 0; level < FUNDING_LEVEL_COUNT; level++)
		ret_counts[level] = 0;
	for (uint32_t row = 1; row <= l->fundings.rows_used; row++) {
		if (table_is_live(&l->fundings, row))
			ret_counts[ledger_funding_state(
					   l, ledger_funding_row(l, row)->config.partner)
					   .level]++;
	}
}
