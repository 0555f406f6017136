/*
 * state.c - making and finding: tables and indexes of a ledger.
 *
 * The indexes hash their keys with XXH3; transaction ids and identifier hashes come from outside,
 * so the hash is not the id itself.
 */
#include "ledger/state.h"

#include <string.h>
#define XXH_INLINE_ALL /* short keys of known length: a call costs more than the hash */
#include <xxhash.h>

#include "ledger/reserve.h"

static uint64_t
read_key(const void *row)
{
	uint64_t key;

	memcpy(&key, row, sizeof(key));
	return key;
}

uint64_t
state_hash_u64(uint64_t key)
{
	return XXH3_64bits(&key, sizeof(key));
}

uint64_t
state_hash_16(const uint8_t key[16])
{
	return XXH3_64bits(key, 16);
}

uint64_t
state_hash_transaction(uint32_t partner, const uint8_t *id)
{
	return XXH3_64bits_withSeed(id, TG_TRANSACTION_ID_BYTES, partner);
}

bool
state_is_zero16(const uint8_t bytes[16])
{
	static const uint8_t zero[16];

	return memcmp(bytes, zero, sizeof(zero)) == 0;
}

static uint64_t
hash_key_row(const void *row)
{
	return state_hash_u64(read_key(row));
}

static bool
match_key_row(const void *row, const void *key)
{
	return read_key(row) == *(const uint64_t *)key;
}

static uint64_t
hash_identifier_row(const void *row)
{
	return state_hash_16(((const struct identifier_row *)row)->hash);
}

static bool
match_identifier_row(const void *row, const void *key)
{
	return memcmp(((const struct identifier_row *)row)->hash, key, 16) == 0;
}

static uint64_t
hash_hold_row(const void *row)
{
	const struct hold_row *hold = row;

	return state_hash_transaction(hold->partner, hold->id);
}

static bool
match_hold_row(const void *row, const void *key)
{
	const struct hold_row *hold = row;
	const struct transaction_key *wanted = key;

	return hold->partner == wanted->partner &&
	       memcmp(hold->id, wanted->id, sizeof(hold->id)) == 0;
}

static uint64_t
hash_transaction_row(const void *row)
{
	const struct transaction_row *t = row;

	return state_hash_transaction(t->partner, t->id);
}

static bool
match_transaction_row(const void *row, const void *key)
{
	const struct transaction_row *t = row;
	const struct transaction_key *wanted = key;

	return t->partner == wanted->partner && memcmp(t->id, wanted->id, sizeof(t->id)) == 0;
}

static uint64_t
hash_receipt_row(const void *row)
{
	return state_hash_16(((const struct transaction_row *)row)->receipt_key);
}

static bool
match_receipt_row(const void *row, const void *key)
{
	return memcmp(((const struct transaction_row *)row)->receipt_key, key, 16) == 0;
}

static bool
has_receipt_row(const void *row)
{
	return !state_is_zero16(((const struct transaction_row *)row)->receipt_key);
}

/* One row per index: where it lies, whose rows it enters, how. */
static void
index_configs(struct ledger *l, struct index *indexes[], struct index_config configs[],
	      size_t *ret_count)
{
	size_t n = 0;
#define ADD_INDEX(index_name, table_name, hash_fn, has_fn) \
	do { \
		indexes[n] = &l->index_name; \
		configs[n++] = (struct index_config){ &l->table_name, hash_fn, has_fn }; \
	} while (0)

	ADD_INDEX(partners_by_number, partners, hash_key_row, NULL);
	ADD_INDEX(rules_by_key, rules, hash_key_row, NULL);
	ADD_INDEX(stores_by_number, stores, hash_key_row, NULL);
	ADD_INDEX(terminals_by_number, terminals, hash_key_row, NULL);
	ADD_INDEX(identifiers_by_hash, identifiers, hash_identifier_row, NULL);
	ADD_INDEX(holds_by_id, holds, hash_hold_row, NULL);
	ADD_INDEX(transactions_by_id, transactions, hash_transaction_row, NULL);
	ADD_INDEX(transactions_by_receipt, transactions, hash_receipt_row, has_receipt_row);
	ADD_INDEX(totals_by_key, totals, hash_key_row, NULL);
	ADD_INDEX(accounts_by_key, accounts, hash_key_row, NULL);
	ADD_INDEX(activations_by_terminal, activations, hash_key_row, NULL);
	ADD_INDEX(rulebooks_by_version, rulebooks, hash_key_row, NULL);
	ADD_INDEX(earn_rules_by_key, earn_rules, hash_key_row, NULL);
	ADD_INDEX(budgets_by_number, budgets, hash_key_row, NULL);
	ADD_INDEX(counters_by_key, counters, hash_key_row, NULL);
	ADD_INDEX(cycles_by_partner, cycles, hash_key_row, NULL);
	ADD_INDEX(holidays_by_day, holidays, hash_key_row, NULL);
	ADD_INDEX(statements_by_cycle, statements, hash_key_row, NULL);
	ADD_INDEX(proofs_by_owner, proofs, hash_key_row, NULL);
	ADD_INDEX(proposals_by_number, proposals, hash_key_row, NULL);
	ADD_INDEX(disputes_by_number, disputes, hash_key_row, NULL);
	ADD_INDEX(extensions_by_key, extensions, hash_key_row, NULL);
	ADD_INDEX(values_by_member, values, hash_key_row, NULL);
#undef ADD_INDEX
	*ret_count = n;
}

#define LEDGER_INDEXES 23

static bool
open_tables(struct ledger *l, const struct ledger_limits *limits)
{
#define OPEN_TABLE(name, number, layout, row, rows) \
	if (table_init(&l->set, &l->name, \
		       &(struct table_config){ #name, number, layout, sizeof(struct row), \
					       offsetof(struct row, links), rows }) != TG_OK) \
		return false;
	LEDGER_TABLE_LIST(OPEN_TABLE)
#undef OPEN_TABLE
	return true;
}

static bool
open_indexes(struct ledger *l)
{
	struct index *indexes[LEDGER_INDEXES];
	struct index_config configs[LEDGER_INDEXES];
	size_t count;

	index_configs(l, indexes, configs, &count);
	TG_ASSERT(count == LEDGER_INDEXES);
	for (size_t i = 0; i < count; i++) {
		if (index_init(indexes[i], &configs[i]) != TG_OK)
			return false;
	}
	return true;
}

/* The one state row exists from birth; it is the same in every new ledger. */
static void
make_state_row(struct ledger *l)
{
	struct state_row *state = table_claim(&l->state, STATE_ROW);

	state->key = 1;
	state->booked_at_utc_ms = INT64_MIN;
	state->business_date = DAY_NONE;
}

struct ledger *
ledger_new(const struct ledger_limits *limits)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->shard = limits->shard;
	if (table_set_init(&l->set) != TG_OK) {
		free(l);
		return NULL;
	}
	if (open_tables(l, limits) && open_indexes(l)) {
		l->deadline_heap = calloc((size_t)limits->holds_max + 1, sizeof(uint32_t));
		if (l->deadline_heap != NULL) {
			make_state_row(l);
			return l;
		}
	}
	ledger_free(l);
	return NULL;
}

void
ledger_free(struct ledger *l)
{
	struct index *indexes[LEDGER_INDEXES];
	struct index_config configs[LEDGER_INDEXES];
	size_t count;

	if (l == NULL)
		return;
	index_configs(l, indexes, configs, &count);
	for (size_t i = 0; i < count; i++) {
		if (indexes[i]->slots != NULL)
			index_deinit(indexes[i]);
	}
#define CLOSE_TABLE(name, number, layout, row, rows) \
	if (l->name.base != NULL) \
		table_deinit(&l->name);
	LEDGER_TABLE_LIST(CLOSE_TABLE)
#undef CLOSE_TABLE
	table_set_deinit(&l->set);
	free(l->deadline_heap);
	free(l);
}

struct ledger_limits
ledger_limits_small(void)
{
	return (struct ledger_limits){
		.members_max = 100000,
		.identifiers_max = 200000,
		.lots_max = 200000,
		.pendings_max = 100000,
		.debts_max = 50000,
		.holds_max = 50000,
		.portions_max = 100000,
		.transactions_max = 500000,
		.partners_max = 1000,
		.rules_max = 4000,
		.stores_max = 10000,
		.terminals_max = 50000,
		.totals_max = 500000,
	};
}

static uint32_t
find_u64(const struct index *index, uint64_t key)
{
	return index_find(index, state_hash_u64(key), match_key_row, &key);
}

uint32_t
state_find_partner(const struct ledger *l, uint32_t number)
{
	return find_u64(&l->partners_by_number, number);
}

uint32_t
state_find_rule(const struct ledger *l, uint32_t partner, uint32_t version)
{
	return find_u64(&l->rules_by_key, (uint64_t)partner << 32 | version);
}

uint32_t
state_find_store(const struct ledger *l, uint32_t number)
{
	return find_u64(&l->stores_by_number, number);
}

uint32_t
state_find_terminal(const struct ledger *l, uint32_t number)
{
	return find_u64(&l->terminals_by_number, number);
}

uint32_t
state_find_identifier(const struct ledger *l, const uint8_t hash[16])
{
	return index_find(&l->identifiers_by_hash, state_hash_16(hash), match_identifier_row, hash);
}

uint32_t
state_find_member(const struct ledger *l, uint64_t reference)
{
	uint32_t row = (uint32_t)reference;

	if (!table_is_live(&l->members, row) || ledger_member_row(l, row)->key != reference)
		return TABLE_NONE;
	return row;
}

uint32_t
state_find_hold(const struct ledger *l, uint32_t partner, const uint8_t *id)
{
	struct transaction_key key = { partner, id };

	return index_find(&l->holds_by_id, state_hash_transaction(partner, id), match_hold_row,
			  &key);
}

uint32_t
state_find_transaction(const struct ledger *l, uint32_t partner, const uint8_t *id)
{
	struct transaction_key key = { partner, id };

	return index_find(&l->transactions_by_id, state_hash_transaction(partner, id),
			  match_transaction_row, &key);
}

uint32_t
state_find_receipt(const struct ledger *l, const uint8_t key[16])
{
	return index_find(&l->transactions_by_receipt, state_hash_16(key), match_receipt_row, key);
}

uint32_t
state_find_total(const struct ledger *l, uint64_t key)
{
	return find_u64(&l->totals_by_key, key);
}

uint32_t
state_find_activation(const struct ledger *l, uint32_t terminal)
{
	return find_u64(&l->activations_by_terminal, terminal);
}

uint32_t
state_find_cycle(const struct ledger *l, uint32_t partner)
{
	return find_u64(&l->cycles_by_partner, partner);
}

uint32_t
state_find_holiday(const struct ledger *l, uint32_t calendar, int32_t day)
{
	return find_u64(&l->holidays_by_day, (uint64_t)calendar << 32 | (uint32_t)day);
}

uint32_t
state_find_statement(const struct ledger *l, uint32_t partner, uint32_t cycle)
{
	return find_u64(&l->statements_by_cycle, (uint64_t)partner << 32 | cycle);
}

uint32_t
state_find_proof(const struct ledger *l, uint64_t key)
{
	return find_u64(&l->proofs_by_owner, key);
}

uint32_t
state_find_proposal(const struct ledger *l, uint64_t number)
{
	return find_u64(&l->proposals_by_number, number);
}

uint32_t
state_find_dispute(const struct ledger *l, uint64_t number)
{
	return find_u64(&l->disputes_by_number, number);
}

uint32_t
state_find_value(const struct ledger *l, uint32_t member_row)
{
	return find_u64(&l->values_by_member, member_row);
}

uint32_t
state_find_account(const struct ledger *l, uint64_t key)
{
	return find_u64(&l->accounts_by_key, key);
}

uint32_t
state_find_rulebook(const struct ledger *l, uint32_t version)
{
	return find_u64(&l->rulebooks_by_version, version);
}

uint32_t
state_find_earn_rule(const struct ledger *l, uint32_t version, uint32_t position)
{
	return find_u64(&l->earn_rules_by_key, (uint64_t)version << 32 | position);
}

uint32_t
state_find_budget(const struct ledger *l, uint32_t number)
{
	return find_u64(&l->budgets_by_number, number);
}

static bool
runs_campaign(const struct ledger *l, const struct rulebook_row *rulebook, uint32_t campaign,
	      int32_t day)
{
	for (uint32_t at = rulebook->first_rule; at != TABLE_NONE;
	     at = ledger_earn_rule_row(l, at)->next) {
		const struct earn_rule *rule = &ledger_earn_rule_row(l, at)->rule;

		if (rule->number == campaign && rule->until_day >= day)
			return true;
	}
	return false;
}

bool
state_is_campaign_alive(const struct ledger *l, uint32_t campaign, int32_t day)
{
	uint32_t at = ledger_state(l)->newest_rulebook;

	while (at != TABLE_NONE) {
		const struct rulebook_row *row = ledger_rulebook_row(l, at);

		if (runs_campaign(l, row, campaign, day))
			return true;
		if (row->rulebook.starts_at_utc_ms <= ledger_state(l)->booked_at_utc_ms)
			break;
		at = row->older_rulebook;
	}
	return false;
}

uint64_t
ledger_groups_in_use(const struct ledger *l)
{
	uint32_t at = ledger_state(l)->newest_rulebook;
	uint64_t groups = 0;

	while (at != TABLE_NONE) {
		const struct rulebook_row *row = ledger_rulebook_row(l, at);

		for (uint32_t of = row->first_rule; of != TABLE_NONE;
		     of = ledger_earn_rule_row(l, of)->next) {
			const uint32_t group = ledger_earn_rule_row(l, of)->rule.store_group;

			groups |= group != 0 ? UINT64_C(1) << (group - 1) : 0;
		}
		if (row->rulebook.starts_at_utc_ms <= ledger_state(l)->booked_at_utc_ms)
			break;
		at = row->older_rulebook;
	}
	return groups;
}

uint32_t
state_oldest_rulebook(const struct ledger *l)
{
	uint32_t at = ledger_state(l)->newest_rulebook;

	while (at != TABLE_NONE && ledger_rulebook_row(l, at)->older_rulebook != TABLE_NONE)
		at = ledger_rulebook_row(l, at)->older_rulebook;
	return at;
}

uint32_t
state_next_version(const struct ledger *l, uint32_t rulebook_row)
{
	uint32_t at = ledger_state(l)->newest_rulebook;

	if (at == rulebook_row)
		return TABLE_NONE;
	while (at != TABLE_NONE && ledger_rulebook_row(l, at)->older_rulebook != rulebook_row)
		at = ledger_rulebook_row(l, at)->older_rulebook;
	return at;
}

bool
state_is_rulebook_kept(const struct ledger *l, uint32_t rulebook_row, int64_t utc_ms)
{
	uint32_t next = state_next_version(l, rulebook_row);

	return next == TABLE_NONE ||
	       ledger_rulebook_row(l, next)->rulebook.starts_at_utc_ms >
		       utc_ms - RULEBOOK_KEPT_DAYS * INT64_C(86400000);
}

uint32_t
state_find_counter(const struct ledger *l, uint32_t member_row, uint32_t campaign)
{
	return find_u64(&l->counters_by_key, (uint64_t)member_row << 32 | campaign);
}

uint32_t
state_find_extension(const struct ledger *l, uint32_t member, enum extension_kind kind)
{
	return find_u64(&l->extensions_by_key, state_extension_key(member, kind));
}

uint32_t
state_merged_with(const struct ledger *l, uint32_t member)
{
	uint32_t row = state_find_extension(l, member, EXTENSION_MERGED);

	TG_ASSERT(row != TABLE_NONE);
	return ledger_extension_row(l, row)->other_row;
}

uint32_t
state_next_rulebook(const struct ledger *l)
{
	uint32_t newest = ledger_state(l)->newest_rulebook;

	return newest == TABLE_NONE ? 1 : ledger_rulebook_row(l, newest)->rulebook.version + 1;
}

void
ledger_rebuild(struct ledger *l)
{
	struct index *indexes[LEDGER_INDEXES];
	struct index_config configs[LEDGER_INDEXES];
	size_t count;

	index_configs(l, indexes, configs, &count);
	for (size_t i = 0; i < count; i++)
		index_rebuild(indexes[i]);
	l->deadline_count = 0;
	for (uint32_t row = 1; row <= l->holds.rows_used; row++) {
		if (table_is_live(&l->holds, row) && ledger_hold_row(l, row)->state == STATE_OPEN)
			state_heap_insert(l, row);
	}
}

uint64_t
ledger_sequence(const struct ledger *l)
{
	return ledger_state(l)->sequence;
}

int64_t
ledger_booked_at_utc_ms(const struct ledger *l)
{
	return ledger_state(l)->booked_at_utc_ms;
}

int32_t
ledger_business_date(const struct ledger *l)
{
	return ledger_state(l)->business_date;
}

uint32_t
ledger_member_count(const struct ledger *l)
{
	return l->members.live_count;
}

const struct programme_config *
ledger_programme(const struct ledger *l)
{
	return &ledger_state(l)->programme;
}

struct state_hash
ledger_state_hash(struct ledger *l)
{
	return table_set_hash(&l->set);
}

struct table_set *
ledger_tables(struct ledger *l)
{
	return &l->set;
}

int64_t
ledger_account_points(const struct ledger *l, enum account account, enum unit unit,
		      uint32_t partner)
{
	uint32_t row =
		state_find_account(l, state_account_key((uint8_t)account, (uint8_t)unit, partner));

	return row == TABLE_NONE ? 0 : ledger_account_row(l, row)->balance_points;
}

/*
 * The row, if it is of the member's chain and older than a sequence.  Where a row was left and
 * taken again, it is newer, or of a transaction opened again, which is of no chain.
 */
static const struct transaction_row *
chained(const struct ledger *l, uint32_t row, uint32_t member, uint64_t before_sequence)
{
	const struct transaction_row *t;

	if (!table_is_live(&l->transactions, row))
		return NULL;
	t = ledger_transaction_row(l, row);
	return t->member_row == member && t->sequence < before_sequence &&
			       t->kept_from_utc_ms == t->booked_at_utc_ms ?
		       t :
		       NULL;
}

const struct transaction_row *
state_newest_of_member(const struct ledger *l, uint32_t member, uint32_t *ret_row)
{
	*ret_row = ledger_member_row(l, member)->newest_transaction;
	return chained(l, *ret_row, member, UINT64_MAX);
}

const struct transaction_row *
state_older_of_member(const struct ledger *l, const struct transaction_row *t, uint32_t *ret_row)
{
	*ret_row = t->older_of_member;
	return chained(l, *ret_row, t->member_row, t->sequence);
}
