/*
 * fixture.c - a ledger under test, its twin and its mirror.
 */
#include "tests/ledger/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/calendar.h"
#include "ledger/state.h"

#define MS_PER_DAY INT64_C(86400000)
#define SHUFFLED_ROWS 8

struct programme_config
fixture_programme(void)
{
	return (struct programme_config){
		.window_ms = 3 * MS_PER_DAY,
		.clock_ahead_ms = 600000,
		.burn_clock_ms = 300000,
		.point_value_num = 1,
		.point_value_den = 1,
		.expiry_months = 12,
		.hold_seconds_default = 300,
		.hold_seconds_max = 35 * 86400,
		.declines_per_terminal_day = 1000,
		.member_day_earn_points = LIMIT_NONE / 2,
		.member_day_burn_points = LIMIT_NONE / 2,
		.value_registered_max = 500000,
		.value_bearer_max = 100000,
		.value_day_max = LIMIT_NONE,
	};
}

struct partner_config
fixture_partner(uint32_t number)
{
	return (struct partner_config){
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
}

struct rule_config
fixture_rule(uint32_t partner)
{
	return (struct rule_config){
		.partner = partner,
		.base_num = 1,
		.base_den = 100,
		.bonus_den = 1,
	};
}

/* Make the first rows of a table free again, to be claimed in this order. */
static void
lay_free_rows(struct table *table, const uint32_t order[SHUFFLED_ROWS])
{
	uint32_t count = table->config.rows_max < SHUFFLED_ROWS ? table->config.rows_max
								: SHUFFLED_ROWS;

	for (uint32_t row = 1; row <= count; row++)
		*(uint64_t *)table_claim(table, row) = row;
	for (uint32_t i = SHUFFLED_ROWS; i > 0; i--) {
		if (order[i - 1] <= count)
			table_release(table, order[i - 1]);
	}
}

/* All tables but members, whose references tell their rows. */
static void
lay_rows(struct ledger *l, const uint32_t order[SHUFFLED_ROWS])
{
#define LAY_TABLE(name, id, version, row, rows_max) \
	if (&l->name != &l->state && &l->name != &l->members) \
		lay_free_rows(&l->name, order);
	LEDGER_TABLE_LIST(LAY_TABLE)
#undef LAY_TABLE
}

static void
make_ledgers(struct ledger_fixture *f, const struct ledger_limits *limits)
{
	static const uint32_t straight[SHUFFLED_ROWS] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint32_t shuffled[SHUFFLED_ROWS] = { 3, 1, 4, 8, 5, 7, 2, 6 };

	f->ledger = ledger_new(limits);
	f->twin = ledger_new(limits);
	f->blind = ledger_new(limits);
	f->mirror.ledger = ledger_new(limits);
	f->decision = decision_new();
	f->mirror.decision = decision_new();
	f->decoded = calloc(1, sizeof(*f->decoded));
	assert_non_null(f->ledger);
	assert_non_null(f->twin);
	assert_non_null(f->blind);
	assert_non_null(f->mirror.ledger);
	assert_non_null(f->decision);
	assert_non_null(f->mirror.decision);
	assert_non_null(f->decoded);
	/* As many rows were used before, so that slices of the sweep end at the same ones. */
	lay_rows(f->ledger, straight);
	lay_rows(f->twin, straight);
	lay_rows(f->blind, straight);
	lay_rows(f->mirror.ledger, shuffled);
}

/* The record without the numbers of its rows. */
static void
forget_rows(struct record *r)
{
	r->transaction_row = r->original_row = r->original_burn_row = 0;
	r->cycle_row = r->holiday_row = r->statement_row = 0;
	r->proof_row = r->proposal_row = r->dispute_row = 0;
	r->hold_row = r->config_row = r->blocked_row = r->activation_row = 0;
	r->cover_row = r->cover_row != 0;
	/* How far a slice of the sweep reaches is a row, too. */
	r->sweep_row = 0;
	for (uint32_t i = 0; i < r->move_count; i++)
		r->moves[i].row = 0;
	for (uint32_t i = 0; i < r->identifier_count; i++)
		r->identifiers[i].row = 0;
	for (uint32_t i = 0; i < r->component_count; i++) {
		struct record_component *c = &r->components[i];

		c->row = c->rate_row = c->campaign_row = c->budget_row = c->counter_row = 0;
	}
	r->carried.row = r->value.row = r->value.other_row = 0;
	memset(r->extension_rows, 0, sizeof(r->extension_rows));
	memset(r->budget_rows, 0, sizeof(r->budget_rows));
}

static size_t
print(const struct record *record, bool are_rows_compared, uint8_t *bytes)
{
	struct record *r = malloc(sizeof(*r));
	size_t length;

	assert_non_null(r);
	*r = *record;
	if (!are_rows_compared)
		forget_rows(r);
	length = record_encode(r, bytes, RECORD_BYTES_MAX);
	assert_int_not_equal(length, 0);
	free(r);
	return length;
}

static void
compare_records(const struct record *a, const struct record *b, bool are_rows_compared)
{
	uint8_t *bytes = malloc((size_t)2 * RECORD_BYTES_MAX);
	size_t length;

	assert_non_null(bytes);
	length = print(a, are_rows_compared, bytes);
	assert_int_equal(print(b, are_rows_compared, bytes + RECORD_BYTES_MAX), length);
	assert_memory_equal(bytes, bytes + RECORD_BYTES_MAX, length);
	free(bytes);
}

/* Member by member: there is padding between them. */
static void
compare_lists(const struct ledger_answer *x, const struct ledger_answer *y)
{
	for (uint32_t i = 0; i < x->expiry_count; i++) {
		assert_int_equal(x->expiries[i].last_day, y->expiries[i].last_day);
		assert_true(x->expiries[i].points == y->expiries[i].points);
	}
	for (uint32_t i = 0; i < x->entry_count; i++) {
		assert_true(x->entries[i].sequence == y->entries[i].sequence);
		assert_int_equal(x->entries[i].kind, y->entries[i].kind);
		assert_true(x->entries[i].points == y->entries[i].points);
	}
	for (uint32_t i = 0; i < x->total_count; i++) {
		assert_int_equal(x->totals[i].kind, y->totals[i].kind);
		assert_int_equal(x->totals[i].is_declined, y->totals[i].is_declined);
		assert_true(x->totals[i].count == y->totals[i].count);
		assert_true(x->totals[i].points == y->totals[i].points);
		assert_true(x->totals[i].amount == y->totals[i].amount);
	}
}

void
fixture_compare(const struct decision *a, const struct decision *b, bool are_rows_compared)
{
	const struct ledger_answer *x = &a->answer;
	const struct ledger_answer *y = &b->answer;

	assert_memory_equal(x, y, offsetof(struct ledger_answer, expiries));
	for (uint32_t i = 0; i < x->component_count; i++) {
		assert_int_equal(x->components[i].campaign, y->components[i].campaign);
		assert_int_equal(x->components[i].sponsor, y->components[i].sponsor);
		assert_int_equal(x->components[i].refusal, y->components[i].refusal);
		assert_true(x->components[i].amount == y->components[i].amount);
		assert_true(x->components[i].points == y->components[i].points);
	}
	compare_lists(x, y);
	assert_int_equal(a->record_count, b->record_count);
	for (uint32_t i = 0; i < a->record_count; i++)
		compare_records(&a->records[i], &b->records[i], are_rows_compared);
}

/* Look ahead, decide, compare with what the first ledger decided without, apply. */
static void
mirror_ask(struct mirror *m, const struct ledger_request *q, const struct ledger_now *now,
	   const struct decision *expected)
{
	for (unsigned stage = 0; stage < LEDGER_PREFETCH_STAGES; stage++)
		ledger_prefetch(m->ledger, q, stage);
	ledger_decide(m->ledger, q, now, m->decision);
	fixture_compare(expected, m->decision, false);
	for (uint32_t i = 0; i < m->decision->record_count; i++)
		ledger_apply(m->ledger, &m->decision->records[i]);
}

static void
set_up(struct ledger_fixture *f, struct ledger_request *q)
{
	const struct ledger_answer *a = fixture_ask(f, q);

	assert_int_equal(a->status, TG_OK);
}

static void
add_partner(struct ledger_fixture *f, uint32_t number)
{
	struct ledger_request q = { .kind = REQUEST_SET_PARTNER, .operator_name = "test" };

	q.partner_image = fixture_partner(number);
	set_up(f, &q);
	q.kind = REQUEST_ADD_RULE;
	q.rule = fixture_rule(number);
	set_up(f, &q);
	q.kind = REQUEST_SET_STORE;
	q.store_image = (struct store_config){ .number = number * 10 + 1, .partner = number };
	set_up(f, &q);
	q.kind = REQUEST_SET_TERMINAL;
	q.terminal_image = (struct terminal_config){
		.number = number * 100 + 1,
		.partner = number,
		.store = number * 10 + 1,
		.key_generation = 1,
		.rights = 0xffff,
	};
	set_up(f, &q);
}

struct ledger_limits
fixture_limits(void)
{
	struct ledger_limits limits = ledger_limits_small();

	limits.members_max = 1000;
	limits.transactions_max = 2000;
	limits.totals_max = 4000;
	return limits;
}

void
fixture_init(struct ledger_fixture *f)
{
	struct ledger_limits limits = fixture_limits();

	fixture_init_limits(f, &limits);
}

void
fixture_init_limits(struct ledger_fixture *f, const struct ledger_limits *limits)
{
	struct ledger_request q = { .kind = REQUEST_SET_PROGRAMME, .operator_name = "test" };
	struct civil_date first = { 2024, 4, 1 };

	memset(f, 0, sizeof(*f));
	make_ledgers(f, limits);
	fixture_set_time(f, (int64_t)calendar_day(first) * MS_PER_DAY + MS_PER_DAY / 2);
	q.programme = fixture_programme();
	set_up(f, &q);
	q.kind = REQUEST_CUTOVER;
	set_up(f, &q);
	add_partner(f, 1);
	add_partner(f, 2);
}

void
fixture_deinit(struct ledger_fixture *f)
{
	ledger_free(f->ledger);
	ledger_free(f->twin);
	ledger_free(f->blind);
	ledger_free(f->mirror.ledger);
	decision_free(f->mirror.decision);
	decision_free(f->decision);
	free(f->decoded);
}

void
fixture_set_time(struct ledger_fixture *f, int64_t utc_ms)
{
	f->now.utc_ms = utc_ms;
	f->now.day = (int32_t)(utc_ms / MS_PER_DAY);
	f->now.minute = (uint16_t)(utc_ms % MS_PER_DAY / 60000);
}

/* Leave of programme, partner and rule only what names them. */
static void
blind(struct record *r)
{
	if (RECORD_HAS(r, PROGRAMME))
		r->programme = (struct programme_config){ .version = r->programme.version };
	if (RECORD_HAS(r, PARTNER))
		r->partner_image = (struct partner_config){ .number = r->partner_image.number };
	if (RECORD_HAS(r, RULE))
		r->rule = (struct rule_config){ .partner = r->rule.partner,
						.version = r->rule.version };
	if (RECORD_HAS(r, EARN_RULE))
		r->earn_rule = (struct earn_rule){ .version = r->earn_rule.version,
						   .position = r->earn_rule.position };
	if (RECORD_HAS(r, RULEBOOK))
		r->rulebook.starts_at_utc_ms = 0;
	for (uint32_t i = 0; RECORD_HAS(r, BUDGET) && i < r->budget_count; i++)
		r->budgets[i] = (struct budget){ .number = r->budgets[i].number };
	if (RECORD_HAS(r, FUNDING))
		r->funding = (struct funding_config){ .partner = r->funding.partner,
						      .version = r->funding.version };
}

static struct state_hash
hash_of(const struct table *table, uint32_t row)
{
	return state_hash_of_row(table->config.id, table_bytes(table, row),
				 table->config.hashed_bytes);
}

/* All rows but those that hold the rules themselves. */
static struct state_hash
hash_without_rules(const struct ledger *l)
{
	struct state_hash sum = { 0, 0 };

#define ADD_TABLE(name, id, version, row_type, rows_max) \
	for (uint32_t row = 1; row <= l->name.rows_used; row++) { \
		if (&l->name != &l->state && &l->name != &l->partners && &l->name != &l->rules && \
		    &l->name != &l->rulebooks && &l->name != &l->earn_rules && \
		    &l->name != &l->budgets && \
		    &l->name != &l->fundings && \
		    table_is_live(&l->name, row)) \
			sum = state_hash_sum(sum, hash_of(&l->name, row)); \
	}
	LEDGER_TABLE_LIST(ADD_TABLE)
#undef ADD_TABLE
	return sum;
}

static void
journal_and_apply(struct ledger_fixture *f, const struct record *r)
{
	static _Thread_local uint8_t bytes[RECORD_BYTES_MAX];
	size_t length = record_encode(r, bytes, sizeof(bytes));
	size_t decoded_bytes;

	assert_int_not_equal(length, 0);
	/* What decoding leaves alone must not matter: recovery decodes into any memory. */
	memset(f->decoded, 0xa5, sizeof(*f->decoded));
	assert_int_equal(record_decode(bytes, length, f->decoded, &decoded_bytes), TG_OK);
	assert_int_equal(decoded_bytes, length);
	assert_true(record_posting_sum(f->decoded, UNIT_POINTS) == 0);
	assert_true(record_posting_sum(f->decoded, UNIT_COVER) == 0);
	assert_true(record_posting_sum(f->decoded, UNIT_OWN) == 0);
	assert_true(record_posting_sum(f->decoded, UNIT_VALUE) == 0);
	ledger_apply(f->ledger, r);
	for (unsigned stage = 0; stage < LEDGER_PREFETCH_RECORD_STAGES; stage++)
		ledger_prefetch_record(f->twin, f->decoded, stage);
	ledger_apply(f->twin, f->decoded);
	if (f->blind != NULL) {
		blind(f->decoded);
		ledger_apply(f->blind, f->decoded);
	}
	f->last_bytes = length;
	f->record_count++;
}

/* Fail, and say which row it is. */
static void
fail_different(const struct ledger_fixture *f)
{
	const struct table_set *a = ledger_tables(f->ledger), *b = ledger_tables(f->twin);

	for (uint32_t id = 0; id < TABLE_SET_MAX; id++) {
		const struct table *table = a->tables[id];

		for (uint32_t row = 1; table != NULL && row <= table->rows_used; row++) {
			const uint8_t *x = table_bytes(table, row);
			const uint8_t *y = table_bytes(b->tables[id], row);
			uint32_t at = 0;

			while (at < table->config.hashed_bytes && x[at] == y[at])
				at++;
			if (at < table->config.hashed_bytes)
				fail_msg("%s row %u comes back different at byte %u",
					 table->config.name, row, at);
		}
	}
	fail_msg("the state comes back different");
}

const struct ledger_answer *
fixture_ask(struct ledger_fixture *f, const struct ledger_request *q)
{
	struct state_hash mine, twins;

	ledger_decide(f->ledger, q, &f->now, f->decision);
	if (f->mirror.ledger != NULL)
		mirror_ask(&f->mirror, q, &f->now, f->decision);
	for (uint32_t i = 0; i < f->decision->record_count; i++)
		journal_and_apply(f, &f->decision->records[i]);
	mine = ledger_state_hash(f->ledger);
	twins = ledger_state_hash(f->twin);
	if (!state_hash_equal(mine, twins))
		fail_different(f);
	assert_true(ledger_conservation(f->ledger, UNIT_POINTS) == 0);
	return &f->decision->answer;
}

void
fixture_tick(struct ledger_fixture *f)
{
	struct ledger_request q = { .kind = REQUEST_TICK };
	int rounds = 0;

	do {
		assert_int_equal(fixture_ask(f, &q)->status, TG_OK);
		assert_true(++rounds < 10000);
	} while (f->decision->answer.has_more);
}

void
fixture_id(uint8_t ret_id[16], const char *text)
{
	size_t length = strnlen(text, 16);

	memset(ret_id, 0, 16);
	memcpy(ret_id, text, length);
}

struct ledger_request
fixture_request(const struct ledger_fixture *f, uint8_t kind, const char *id)
{
	struct ledger_request q = {
		.kind = kind,
		.principal = 101,
		.business_time_utc_ms = f->now.utc_ms,
		.business_day = f->now.day,
		.till_day = DAY_NONE,
	};

	fixture_id(q.transaction_id, id);
	return q;
}

struct identifier_hash
fixture_identifier(const char *text)
{
	struct identifier_hash identifier = { .type = 1, .key = 1 };

	fixture_id(identifier.hash, text);
	return identifier;
}

void
fixture_audit(struct ledger_fixture *f)
{
	char why[200] = "";

	if (!ledger_audit(f->ledger, why, sizeof(why)) ||
	    !ledger_audit(f->twin, why, sizeof(why)) ||
	    (f->mirror.ledger != NULL && !ledger_audit(f->mirror.ledger, why, sizeof(why))))
		fail_msg("%s", why);
	if (f->blind != NULL && !state_hash_equal(hash_without_rules(f->ledger),
						  hash_without_rules(f->blind)))
		fail_msg("without the rules the same records come to something else");
}
