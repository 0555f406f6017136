/*
 * state.h - the inside of struct ledger: its tables, indexes and how to find a row.
 *
 * For the files of this folder only.  Finders read; nothing here decides.
 */
#ifndef TG_LEDGER_STATE_H
#define TG_LEDGER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/index.h"
#include "ledger/ledger.h"
#include "ledger/rows.h"
#include "ledger/table.h"

/* What the transaction and hold indexes look for. */
struct transaction_key {
	uint32_t partner;
	const uint8_t *id;		/* TG_TRANSACTION_ID_BYTES, borrowed */
};

struct ledger {
	struct table_set set;
#define LEDGER_TABLE_MEMBER(name, id, version, row, rows_max) struct table name;
	LEDGER_TABLE_LIST(LEDGER_TABLE_MEMBER)
#undef LEDGER_TABLE_MEMBER
	struct index partners_by_number;
	struct index rules_by_key;
	struct index stores_by_number;
	struct index terminals_by_number;
	struct index identifiers_by_hash;
	struct index holds_by_id;
	struct index transactions_by_id;
	struct index transactions_by_receipt;
	struct index totals_by_key;
	struct index accounts_by_key;
	struct index activations_by_terminal;
	struct index rulebooks_by_version;
	struct index earn_rules_by_key;
	struct index budgets_by_number;
	struct index counters_by_key;
	struct index cycles_by_partner;
	struct index holidays_by_day;
	struct index statements_by_cycle;
	struct index proofs_by_owner;
	struct index proposals_by_number;
	struct index disputes_by_number;
	struct index extensions_by_key;
	struct index values_by_member;
	/* Open holds as a binary heap by (deadline, sequence); [0] is not used.  Derived state. */
	uint32_t *deadline_heap;	/* owned; holds_max + 1 entries of hold rows */
	uint32_t deadline_count;
	uint16_t shard;
};

#define STATE_ROW 1

static inline const struct state_row *
ledger_state(const struct ledger *l)
{
	return table_row(&l->state, STATE_ROW);
}

/* Typed reading of rows: 1 <= row <= rows_used. */
#define LEDGER_ROW_READER(table_name, row_type)                                              \
	static inline const struct row_type *ledger_##row_type(const struct ledger *l,         \
							       uint32_t row)                   \
	{                                                                                      \
		return table_row(&l->table_name, row);                                         \
	}
LEDGER_ROW_READER(partners, partner_row)
LEDGER_ROW_READER(rules, rule_row)
LEDGER_ROW_READER(stores, store_row)
LEDGER_ROW_READER(terminals, terminal_row)
LEDGER_ROW_READER(members, member_row)
LEDGER_ROW_READER(identifiers, identifier_row)
LEDGER_ROW_READER(lots, lot_row)
LEDGER_ROW_READER(pendings, pending_row)
LEDGER_ROW_READER(debts, debt_row)
LEDGER_ROW_READER(holds, hold_row)
LEDGER_ROW_READER(portions, portion_row)
LEDGER_ROW_READER(transactions, transaction_row)
LEDGER_ROW_READER(details, detail_row)
LEDGER_ROW_READER(totals, total_row)
LEDGER_ROW_READER(accounts, account_row)
LEDGER_ROW_READER(activations, activation_row)
LEDGER_ROW_READER(rulebooks, rulebook_row)
LEDGER_ROW_READER(earn_rules, earn_rule_row)
LEDGER_ROW_READER(budgets, budget_row)
LEDGER_ROW_READER(components, component_row)
LEDGER_ROW_READER(counters, counter_row)
LEDGER_ROW_READER(cycles, cycle_row)
LEDGER_ROW_READER(holidays, holiday_row)
LEDGER_ROW_READER(statements, statement_row)
LEDGER_ROW_READER(fundings, funding_row)
LEDGER_ROW_READER(covers, cover_row)
LEDGER_ROW_READER(proofs, proof_row)
LEDGER_ROW_READER(proposals, proposal_row)
LEDGER_ROW_READER(disputes, dispute_row)
LEDGER_ROW_READER(extensions, extension_row)
LEDGER_ROW_READER(values, value_row)
#undef LEDGER_ROW_READER

/* Rows by their keys; TABLE_NONE when there is none. */
uint32_t state_find_partner(const struct ledger *l, uint32_t number);
uint32_t state_find_rule(const struct ledger *l, uint32_t partner, uint32_t version);
uint32_t state_find_store(const struct ledger *l, uint32_t number);
uint32_t state_find_terminal(const struct ledger *l, uint32_t number);
uint32_t state_find_identifier(const struct ledger *l, const uint8_t hash[16]);
uint32_t state_find_member(const struct ledger *l, uint64_t reference);
uint32_t state_find_hold(const struct ledger *l, uint32_t partner, const uint8_t *id);
uint32_t state_find_transaction(const struct ledger *l, uint32_t partner, const uint8_t *id);
uint32_t state_find_receipt(const struct ledger *l, const uint8_t key[16]);
uint32_t state_find_total(const struct ledger *l, uint64_t key);
uint32_t state_find_activation(const struct ledger *l, uint32_t terminal);
uint32_t state_find_cycle(const struct ledger *l, uint32_t partner);
uint32_t state_find_holiday(const struct ledger *l, uint32_t calendar, int32_t day);
uint32_t state_find_statement(const struct ledger *l, uint32_t partner, uint32_t cycle);
uint32_t state_find_proof(const struct ledger *l, uint64_t key);
uint32_t state_find_proposal(const struct ledger *l, uint64_t number);
uint32_t state_find_dispute(const struct ledger *l, uint64_t number);
uint32_t state_find_extension(const struct ledger *l, uint32_t member, enum extension_kind kind);
uint32_t state_find_value(const struct ledger *l, uint32_t member_row);
uint32_t state_find_account(const struct ledger *l, uint64_t key);
uint32_t state_find_rulebook(const struct ledger *l, uint32_t version);

/* Does the newest version of the rulebook, or one that it may end yet, run a campaign on a day? */
bool state_is_campaign_alive(const struct ledger *l, uint32_t campaign, int32_t day);

/*
 * Row of the version after one, and of the oldest; TABLE_NONE: there is none.  What a version is
 * kept for ends RULEBOOK_KEPT_DAYS after the next one began.
 */
uint32_t state_next_version(const struct ledger *l, uint32_t rulebook_row);
uint32_t state_oldest_rulebook(const struct ledger *l);
bool state_is_rulebook_kept(const struct ledger *l, uint32_t rulebook_row, int64_t utc_ms);
uint32_t state_find_earn_rule(const struct ledger *l, uint32_t version, uint32_t position);
uint32_t state_find_budget(const struct ledger *l, uint32_t number);
uint32_t state_find_counter(const struct ledger *l, uint32_t member_row, uint32_t campaign);

/* The rest of a transaction; where it has none, row 0, which is all zeros.  Never NULL. */
static inline const struct detail_row *
state_detail(const struct ledger *l, const struct transaction_row *t)
{
	return (const struct detail_row *)table_bytes(&l->details, t->detail);
}

/* The version of the rulebook that the next records make. */
uint32_t state_next_rulebook(const struct ledger *l);

/* A terminal's counters of a day; the place where they are or would be. */
static inline uint32_t
state_terminal_day(int32_t day)
{
	return (uint32_t)day % TERMINAL_DAYS;
}

/*
 * The member's transactions that are still remembered, newest first, and the number of their rows;
 * NULL: no more.  Rows that were forgotten, and perhaps taken by others since, end the chain.
 */
const struct transaction_row *state_newest_of_member(const struct ledger *l, uint32_t member,
						     uint32_t *ret_row);
const struct transaction_row *
state_older_of_member(const struct ledger *l, const struct transaction_row *t, uint32_t *ret_row);

/* What a member earned or burned by its transactions that count for a day still in the window. */
int64_t state_member_earned(const struct ledger *l, uint32_t member, int32_t day);
int64_t state_member_burned(const struct ledger *l, uint32_t member, int32_t day);

/*
 * Bonus points that a member got at a partner for a day: summed over its transactions, so of a day
 * at the window's edge only what is still remembered.
 */
int64_t state_member_bonus(const struct ledger *l, uint32_t member, uint32_t partner, int32_t day);

/* What a member paid with stored value, where that was not undone whole: summed as above. */
int64_t state_member_paid_value(const struct ledger *l, uint32_t member, int32_t day);

/* What a terminal earned or burned on a day; 0 when that is not known any more. */
int64_t state_terminal_earned(const struct terminal_row *terminal, int32_t day);
int64_t state_terminal_burned(const struct terminal_row *terminal, int32_t day);

/* Is this 16-byte key or id all zero? */
bool state_is_zero16(const uint8_t bytes[16]);

/* Hash of a key as the indexes want it. */
uint64_t state_hash_u64(uint64_t key);
uint64_t state_hash_16(const uint8_t key[16]);
uint64_t state_hash_transaction(uint32_t partner, const uint8_t *id);

static inline uint64_t
state_member_reference(const struct ledger *l, uint32_t row)
{
	return (uint64_t)l->shard << 48 | row;
}

static inline uint64_t
state_extension_key(uint32_t member, enum extension_kind kind)
{
	return (uint64_t)member << 8 | (uint64_t)kind;
}

static inline uint64_t
state_account_key(uint8_t account, uint8_t unit, uint32_t partner)
{
	return (uint64_t)account << 40 | (uint64_t)unit << 32 | partner;
}

/* bits: TOTAL_* */
static inline uint64_t
state_total_key(int32_t day, uint32_t bits, uint8_t kind, uint32_t owner)
{
	return (uint64_t)(uint32_t)day << 42 | (uint64_t)bits << 38 | (uint64_t)kind << 32 | owner;
}

static inline uint64_t
state_proof_key(uint8_t scope, uint8_t basis, uint32_t owner)
{
	return (uint64_t)scope << 34 | (uint64_t)basis << 32 | owner;
}

static inline int32_t
state_total_day(uint64_t key)
{
	return (int32_t)(key >> 42);
}

/* The member that one is merged with, by its row; it has MEMBER_MERGED. */
uint32_t state_merged_with(const struct ledger *l, uint32_t member);

/* Deadline heap: enter an open hold, take one out, look at the earliest (TABLE_NONE when empty). */
void state_heap_insert(struct ledger *l, uint32_t hold);
void state_heap_remove(struct ledger *l, uint32_t hold);
uint32_t state_heap_first(const struct ledger *l);

#endif
