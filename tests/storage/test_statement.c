/*
 * test_statement.c - statements: out of the journal's records, out of MariaDB's tables, and the
 * ledger's own accounts, all the same.
 *
 * `test_statement full` does a million records, under the seed TG_SEED; else some thousands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/ledger.h"
#include "storage/statement.h"
#include "tests/ledger/fixture.h"
#include "tests/storage/sink_fixture.h"

#define PARTNERS 5
#define MEMBERS_SHORT 11
#define MEMBERS_FULL 5000
#define DAY_MS INT64_C(86400000)
#define FIRST_UTC_MS INT64_C(1711929600000) /* 2024-04-01 */
#define RECORDS_SHORT 6000u
#define RECORDS_FULL 1000000u
#define STATEMENTS_MAX 4096
#define STAGES 3
/* So that days are summed in several goes, open ones, too. */
#define CLEARING_RECORDS_SHORT 97
#define CLEARING_RECORDS_FULL 997
#define DAYS_SHORT 40
#define DAYS_FULL 400

static bool is_full;

/* A coalition with everything in it that moves points. */
struct town {
	struct sink_fixture *f;
	struct ledger *ledger;		/* owned */
	struct decision *decision;	/* owned */
	struct clearing *clearing;	/* owned */
	bool	 is_traced;
	struct ledger_now now;
	uint64_t random;
	uint32_t asked;
	uint32_t member_count;
	uint64_t *members;		/* owned */
	int64_t	 posted[PARTNERS + 1][CLEARING_ITEMS + 1]; /* postings, as records have them */
	struct statement *statements;	/* owned; as made of records, in order */
	uint32_t statement_count;
	int64_t	 carried[PARTNERS + 1];	/* by partner, of its last statement */
	struct database *database;
};

static uint32_t
below(struct town *t, uint32_t bound)
{
	t->random = t->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((t->random >> 33) % bound);
}

static void
close_statement(struct town *t, const struct record *r)
{
	assert_true(t->statement_count < STATEMENTS_MAX);
	assert_int_equal(statement_make(t->clearing, r, t->carried[r->closed.partner],
					&t->statements[t->statement_count]), TG_OK);
	t->carried[r->closed.partner] = t->statements[t->statement_count++].carried_amount;
}

/* Postings that statements tell one by one. */
static void
count_postings(struct town *t, const struct record *r)
{
	for (uint32_t i = 0; RECORD_HAS(r, POSTINGS) && i < r->posting_count; i++) {
		const struct posting *p = &r->postings[i];

		if (p->unit != UNIT_POINTS || p->points == 0)
			continue;
		if (p->account == ACCOUNT_ISSUED)
			t->posted[p->partner][p->points < 0 ? CLEARING_ISSUED : CLEARING_TAKEN]++;
		if (p->account == ACCOUNT_REDEEMED)
			t->posted[p->partner]
				 [p->points > 0 ? CLEARING_REDEEMED : CLEARING_RESTORED]++;
	}
}

/* Decide, journal, apply; and sum for the statements as tally-journal does. */
static const struct ledger_answer *
ask(struct town *t, const struct ledger_request *q)
{
	ledger_decide(t->ledger, q, &t->now, t->decision);
	for (uint32_t i = 0; i < t->decision->record_count; i++) {
		const struct record *r = &t->decision->records[i];
		struct storage_error error;

		sink_fixture_add_record(t->f, r);
		if (clearing_add(t->clearing, r, t->is_traced, &error) != TG_OK)
			fail_msg("%s", error.text);
		if (RECORD_HAS(r, CLOSED))
			close_statement(t, r);
		count_postings(t, r);
		ledger_apply(t->ledger, r);
	}
	return &t->decision->answer;
}

static void
must(struct town *t, const struct ledger_request *q)
{
	const struct ledger_answer *answer = ask(t, q);

	if (answer->status != TG_OK)
		fail_msg("request %u: %s", q->kind, tg_status_name((enum tg_status)answer->status));
}

static void
tick(struct town *t)
{
	const struct ledger_request q = { .kind = REQUEST_TICK };

	while (ask(t, &q)->has_more)
		;
}

/* Partners earn at several rates, some with a bonus that another one pays. */
static void
add_partner(struct town *t, uint32_t number)
{
	struct ledger_request q = { .kind = REQUEST_SET_PARTNER, .operator_name = "test" };

	q.partner_image = fixture_partner(number);
	q.partner_image.group = number <= 2 ? 1 : 0;
	must(t, &q);
	q.kind = REQUEST_SET_STORE;
	q.store_image = (struct store_config){ .number = number * 10 + 1, .partner = number };
	must(t, &q);
	q.kind = REQUEST_SET_TERMINAL;
	q.terminal_image = (struct terminal_config){ .number = number * 100 + 1, .partner = number,
						     .store = number * 10 + 1, .key_generation = 1,
						     .rights = 0xff };
	must(t, &q);
}

static void
add_rule(struct town *t, uint32_t number)
{
	struct ledger_request q = { .kind = REQUEST_ADD_RULE, .operator_name = "test" };

	q.rule = fixture_rule(number);
	q.rule.base_den = 50;
	q.rule.bonus_num = number % 2;
	q.rule.bonus_den = 200;
	q.rule.bonus_days = number == 3 ? 4 : 0;
	q.rule.bonus_sponsor = number == 1 ? 2 : 0;
	must(t, &q);
}

/* Partners exchange their own currency, each at rates of its own. */
static void
add_exchanges(struct town *t)
{
	struct ledger_request q = { .kind = REQUEST_SET_EARN_RULE, .operator_name = "test" };

	for (uint32_t position = 0; position < 2 * PARTNERS; position++) {
		q.earn_rule = (struct earn_rule){
			.position = position,
			.flags = position % 2 == 0 ? EARN_RULE_EXCHANGE_IN : EARN_RULE_EXCHANGE_OUT,
			.partner = position / 2 + 1,
			.from_day = INT32_MIN,
			.until_day = INT32_MAX,
			.until_minute = MINUTES_PER_DAY,
			.weekdays = WEEKDAYS_ALL,
			.member_points = LIMIT_NONE,
			.member_day_points = LIMIT_NONE,
			.rate_num = 1 + position,
			.rate_den = 3,
		};
		must(t, &q);
	}
	q.kind = REQUEST_START_RULEBOOK;
	q.rulebook.rule_count = 2 * PARTNERS;
	must(t, &q);
}

/* Daily, weekly and monthly cycles; the last partner is settled only later. */
static void
add_cycle(struct town *t, uint32_t number)
{
	struct ledger_request q = { .kind = REQUEST_SET_CYCLE, .operator_name = "test" };

	q.cycle_image = (struct cycle_config){
		.partner = number,
		.period = number == 1 ? CYCLE_DAILY : number == 2 ? CYCLE_MONTHLY : CYCLE_WEEKLY,
		.ends_on = number == 1 ? 0 : number == 2 ? 31 : number,
		.minimum_amount = number * 40,
	};
	must(t, &q);
}

static void
enroll(struct town *t, uint32_t nth)
{
	struct ledger_request q = { .kind = REQUEST_ENROLL, .principal = 101,
				    .business_time_utc_ms = t->now.utc_ms,
				    .business_day = t->now.day, .till_day = DAY_NONE };
	char name[16];

	(void)snprintf(name, sizeof name, "m%u", nth);
	fixture_id(q.transaction_id, name);
	memcpy(q.fingerprint, q.transaction_id, sizeof q.fingerprint);
	q.identifier = fixture_identifier(name);
	must(t, &q);
	t->members[nth] = t->decision->answer.member;
}

static void
set_time(struct town *t, int64_t utc_ms)
{
	t->now = (struct ledger_now){ .utc_ms = utc_ms, .day = (int32_t)(utc_ms / DAY_MS) };
}

/* TG_SEED, or always the same. */
static uint64_t
seed(void)
{
	const char *text = getenv("TG_SEED");

	return text == NULL ? 11 : strtoull(text, NULL, 10);
}

static struct town *
town_new(struct sink_fixture *f, bool is_traced)
{
	struct ledger_limits limits = ledger_limits_small();
	struct ledger_request q = { .kind = REQUEST_SET_PROGRAMME, .operator_name = "test" };
	struct storage_error error;
	struct town *t = calloc(1, sizeof *t);

	assert_non_null(t);
	*t = (struct town){ .f = f, .is_traced = is_traced, .random = seed(),
			    .member_count = is_full ? MEMBERS_FULL : MEMBERS_SHORT };
	t->members = calloc(t->member_count, sizeof *t->members);
	f->config.clearing_records = is_full ? CLEARING_RECORDS_FULL : CLEARING_RECORDS_SHORT;
	t->ledger = ledger_new(&limits);
	t->decision = decision_new();
	t->clearing = clearing_new();
	t->statements = calloc(STATEMENTS_MAX, sizeof *t->statements);
	assert_true(t->ledger != NULL && t->decision != NULL && t->clearing != NULL &&
		    t->statements != NULL && t->members != NULL);
	assert_int_equal(database_open(&f->config.database, &t->database, &error), TG_OK);
	set_time(t, FIRST_UTC_MS);
	q.programme = fixture_programme();
	q.programme.flags |= is_traced ? PROGRAMME_TRACED : 0;
	q.programme.point_value_num = 7;
	q.programme.point_value_den = 3;
	q.programme.debt_days = 1;
	must(t, &q);
	for (uint32_t number = 1; number <= PARTNERS; number++)
		add_partner(t, number);
	for (uint32_t number = 1; number <= PARTNERS; number++)
		add_rule(t, number);
	add_exchanges(t);
	for (uint32_t nth = 0; nth < t->member_count; nth++)
		enroll(t, nth);
	return t;
}

static void
town_free(struct town *t)
{
	for (uint32_t i = 0; i < t->statement_count; i++)
		statement_deinit(&t->statements[i]);
	free(t->statements);
	free(t->members);
	database_close(t->database);
	clearing_free(t->clearing);
	decision_free(t->decision);
	ledger_free(t->ledger);
	free(t);
}

static const uint8_t kinds[] = {
	REQUEST_EARN, REQUEST_EARN, REQUEST_EARN, REQUEST_BURN,	 REQUEST_BURN,
	REQUEST_HOLD, REQUEST_CAPTURE, REQUEST_REFUND, REQUEST_REFUND, REQUEST_REVERSE,
	REQUEST_EXCHANGE,
};

/* One request of a till; most of those that name an original name one of the last sixty. */
static void
trade(struct town *t)
{
	const uint8_t kind = kinds[below(t, sizeof kinds)];
	const uint32_t number = ++t->asked;
	const uint32_t original = number - 1 - below(t, 60);
	const bool is_new = kind == REQUEST_EARN || kind == REQUEST_BURN ||
			    kind == REQUEST_HOLD || kind == REQUEST_EXCHANGE;
	struct ledger_request q = { .kind = kind, .till_day = DAY_NONE };
	char id[16];

	/* Who and where follow from the number, so that originals can be met again. */
	q.member = t->members[(is_new ? number : original) * 7 % t->member_count];
	q.principal = ((is_new ? number : original) * 13 % PARTNERS + 1) * 100 + 1;
	if (kind == REQUEST_REFUND && q.principal <= 201 && below(t, 3) == 0)
		q.principal = q.principal == 101 ? 201 : 101;
	q.business_time_utc_ms = t->now.utc_ms;
	q.business_day = t->now.day;
	(void)snprintf(id, sizeof id, "t%u", number);
	fixture_id(q.transaction_id, id);
	memcpy(q.fingerprint, q.transaction_id, sizeof q.fingerprint);
	q.amount = below(t, 6000);
	q.covered = is_new ? 0 : below(t, 40);
	q.points = 1 + below(t, 700);
	q.has_points = below(t, 3) == 0;
	if (kind == REQUEST_EXCHANGE) {
		q.direction = (uint8_t)(1 + number % 2);
		q.has_points = q.direction == TG_DIRECTION_OUT;
		q.has_own_units = !q.has_points;
		q.own_units = q.has_own_units ? q.points : 0;
	}
	q.hold_seconds = (int32_t)(1 + below(t, 4000));
	q.reason = (uint8_t)(1 + below(t, 3));
	(void)snprintf(id, sizeof id, "t%u", original);
	fixture_id(q.original_id, id);
	q.has_original = !is_new;
	if (kind == REQUEST_REFUND && below(t, 2) == 0) {
		memcpy(q.original_burn_id, q.original_id, sizeof q.original_burn_id);
		q.has_original_burn = true;
		q.has_original = below(t, 2) == 0;
	}
	q.original_time_utc_ms = t->now.utc_ms;
	(void)ask(t, &q);
}

/*
 * New terms between two records of a day.  Where issuers pay redeemers all get the same price and
 * no fees, so that nothing is left for the operator.
 */
static void
set_terms(struct town *t)
{
	struct ledger_request q = { .kind = REQUEST_SET_FUNDING, .operator_name = "test" };
	const uint32_t first = t->is_traced ? 1 : 1 + below(t, PARTNERS);
	const uint32_t last = t->is_traced ? PARTNERS : first;
	const int64_t price = 1 + below(t, 3000000);

	for (uint32_t partner = first; partner <= last; partner++) {
		q.funding = (struct funding_config){ .partner = partner,
						     .issue_price_micro = price,
						     .redeem_price_micro = price,
						     .overdraft_points = LIMIT_NONE };
		if (!t->is_traced) {
			q.funding.flags = below(t, 4) == 0 ? FUNDING_PREPAID : 0;
			q.funding.redeem_price_micro = below(t, 2000000);
			q.funding.issue_fee_micro = below(t, 2) * 30000;
			q.funding.redeem_fee_micro = below(t, 2) * 20000;
			q.funding.transaction_fee_micro = below(t, 2) * 1500000;
			q.funding.month_fee_micro = below(t, 2) * INT64_C(900000000);
		}
		must(t, &q);
	}
}

/* What an operator does now and then. */
static void
operate(struct town *t)
{
	struct ledger_request q = { .kind = REQUEST_ADD_ITEM, .operator_name = "test",
				    .text_bytes = 3, .text = "why" };

	q.item = (struct settlement_item){ .partner = 1 + below(t, PARTNERS),
					   .other = 1 + below(t, PARTNERS),
					   .amount = 500 - (int64_t)below(t, 1000) };
	(void)ask(t, &q);
	if (below(t, 6) == 0)
		set_terms(t);
	q.kind = REQUEST_CLOSE_CYCLE;
	q.cycle_image.partner = 1 + below(t, PARTNERS);
	if (below(t, 3) == 0)
		(void)ask(t, &q);
}

/* Trade until so many records are there, with days of some hundred requests. */
static void
live(struct town *t, uint32_t records)
{
	const uint32_t per_day = is_full ? RECORDS_FULL / DAYS_FULL : RECORDS_SHORT / DAYS_SHORT;

	while (t->f->made.count < records) {
		trade(t);
		if (below(t, per_day * 8) == 0)
			set_terms(t);
		set_time(t, t->now.utc_ms + DAY_MS / per_day);
		if (ledger_business_date(t->ledger) < t->now.day) {
			const struct ledger_request q = { .kind = REQUEST_CUTOVER };

			must(t, &q);
			tick(t);
			operate(t);
		}
	}
}

static void
compare_lines(const struct statement *made, const struct statement *read)
{
	assert_int_equal(read->line_count, made->line_count);
	for (uint32_t i = 0; i < made->line_count; i++) {
		const struct clearing_line *a = &made->lines[i];
		const struct clearing_line *b = &read->lines[i];

		assert_int_equal(b->business_date, a->business_date);
		assert_int_equal(b->item, a->item);
		assert_int_equal(b->other, a->other);
		assert_int_equal(b->terms.version, a->terms.version);
		assert_true(b->records == a->records);
		assert_true(b->points == a->points);
		assert_true(b->amount == a->amount);
	}
}

/* Every statement ever made is in MariaDB as it was made, signed behind those before it. */
static void
compare_statements(struct town *t)
{
	uint8_t chain[PARTNERS + 1][STATEMENT_DIGEST_BYTES] = { { 0 } };

	for (uint32_t i = 0; i < t->statement_count; i++) {
		const struct statement *made = &t->statements[i];
		uint8_t *before = chain[made->cycle.partner];
		uint8_t digests[2][STATEMENT_DIGEST_BYTES];
		struct storage_error error;
		struct statement read;

		if (statement_read(t->database, made->cycle.partner, made->cycle.number, &read,
				   &error) != TG_OK)
			fail_msg("%s", error.text);
		compare_lines(made, &read);
		assert_int_equal(read.cycle.first_day, made->cycle.first_day);
		assert_int_equal(read.cycle.last_day, made->cycle.last_day);
		assert_true(read.opening_amount == made->opening_amount);
		assert_true(read.net_amount == made->net_amount);
		assert_true(read.carried_amount == made->carried_amount);
		assert_true(read.payable_amount == made->payable_amount);
		assert_memory_equal(read.points, made->points, sizeof made->points);
		assert_memory_equal(read.amounts, made->amounts, sizeof made->amounts);
		assert_memory_equal(read.digest_before, before, sizeof digests[0]);
		statement_digest(made, before, digests[0]);
		statement_digest(&read, before, digests[1]);
		assert_memory_equal(digests[0], digests[1], sizeof digests[0]);
		memcpy(before, digests[0], sizeof digests[0]);
		statement_deinit(&read);
	}
}

/* Sums over all statements and what is open. */
struct sums {
	int64_t records[PARTNERS + 1][CLEARING_ITEMS + 1];
	int64_t points[PARTNERS + 1][CLEARING_ITEMS + 1];
	int64_t owed[PARTNERS + 1][PARTNERS + 1]; /* issuer, redeemer: owes less due */
};

static enum tg_status
add_line(void *context, const struct clearing_line *line)
{
	struct sums *sums = context;

	sums->points[line->partner][line->item] += line->points;
	sums->records[line->partner][line->item] += (int64_t)line->records;
	if (line->item == CLEARING_OWES)
		sums->owed[line->partner][line->other] += line->points;
	if (line->item == CLEARING_DUE)
		sums->owed[line->other][line->partner] -= line->points;
	return TG_OK;
}

/*
 * Every posting is in one statement or the open cycle: together they are the ledger's accounts, and
 * as many as there were.
 */
static void
compare_accounts(struct town *t)
{
	struct sums *sums = calloc(1, sizeof *sums);

	assert_non_null(sums);
	for (uint32_t i = 0; i < t->statement_count; i++) {
		for (uint32_t k = 0; k < t->statements[i].line_count; k++)
			(void)add_line(sums, &t->statements[i].lines[k]);
	}
	assert_int_equal(clearing_each(t->clearing, add_line, sums), TG_OK);
	for (uint32_t partner = 1; partner <= PARTNERS; partner++) {
		const int64_t *points = sums->points[partner];

		assert_true(points[CLEARING_TAKEN] - points[CLEARING_ISSUED] ==
			    ledger_account_points(t->ledger, ACCOUNT_ISSUED, UNIT_POINTS, partner));
		assert_true(points[CLEARING_REDEEMED] - points[CLEARING_RESTORED] ==
			    ledger_account_points(t->ledger, ACCOUNT_REDEEMED, UNIT_POINTS,
						  partner));
		assert_true(points[CLEARING_DEBT_PAID] + points[CLEARING_WRITTEN_OFF] -
				    points[CLEARING_DEBT] ==
			    ledger_account_points(t->ledger, ACCOUNT_DEBT, UNIT_POINTS, partner));
		for (int item = CLEARING_ISSUED; item <= CLEARING_RESTORED; item++)
			assert_true(sums->records[partner][item] == t->posted[partner][item]);
		for (uint32_t other = 0; other <= PARTNERS; other++)
			assert_true(sums->owed[partner][other] == 0);
	}
	free(sums);
}

/* All cycles closed, what issuers pay redeemers leaves nothing over. */
static void
compare_nets(struct town *t)
{
	int64_t net = 0;

	for (uint32_t i = 0; i < t->statement_count; i++)
		net += t->statements[i].payable_amount;
	for (uint32_t partner = 1; partner <= PARTNERS; partner++)
		net += t->carried[partner];
	assert_true(net == 0);
}

static void
close_all(struct town *t)
{
	struct ledger_request q = { .kind = REQUEST_CUTOVER };

	set_time(t, t->now.utc_ms + DAY_MS);
	must(t, &q);
	q.kind = REQUEST_CLOSE_CYCLE;
	for (uint32_t partner = 1; partner <= PARTNERS; partner++) {
		q.cycle_image.partner = partner;
		(void)ask(t, &q);
	}
	tick(t);
	set_time(t, t->now.utc_ms + DAY_MS);
}

static void
on_check(void *context, const struct database_cell *cells)
{
	(void)context;
	if (strcmp(cells[1].text, "0") != 0)
		fail_msg("%s has %s findings", cells[0].text, cells[1].text);
}

static void
on_count(void *context, const struct database_cell *cells)
{
	*(uint64_t *)context = database_cell_u64(&cells[0]);
}

/* A date of a partner is in one cycle: each begins where the one before ended. */
static void
compare_cycles(struct town *t)
{
	uint64_t count = UINT64_MAX;
	struct storage_error error;

	assert_int_equal(database_query(t->database,
					"SELECT COUNT(*) FROM closed_cycle c LEFT JOIN closed_cycle"
					" b ON b.partner = c.partner AND b.cycle + 1 = c.cycle"
					" WHERE NOT c.first_date <=> b.last_date + INTERVAL 1 DAY"
					" OR c.first_date > c.last_date"
					" OR (b.cycle IS NULL AND c.cycle <> 1)",
					on_count, &count, &error), TG_OK);
	assert_true(count == 0);
}

/* A statement that somebody has changed is not told. */
static void
change_a_statement(struct town *t)
{
	struct statement read;
	struct storage_error error;

	assert_int_equal(database_run(t->database,
				      "UPDATE statement_line SET records = records + 1"
				      " WHERE partner = 1 AND cycle = 2 ORDER BY item LIMIT 1",
				      NULL, &error), TG_OK);
	assert_int_equal(statement_read(t->database, 1, 2, &read, &error), TG_CORRUPT);
}

static void
live_and_compare(struct sink_fixture *f, bool is_traced)
{
	struct town *t = town_new(f, is_traced);
	struct storage_error error;
	int64_t points[CLEARING_ITEMS + 1] = { 0 };
	int64_t amounts[CLEARING_ITEMS + 1] = { 0 };

	for (uint32_t stage = 1; stage <= STAGES; stage++) {
		live(t, (is_full ? RECORDS_FULL : RECORDS_SHORT) / STAGES * stage);
		if (stage == 1) {
			for (uint32_t partner = 1; partner <= PARTNERS; partner++)
				add_cycle(t, partner);
		}
		if (stage == STAGES)
			close_all(t);
		sink_fixture_run(f);
		compare_statements(t);
		compare_accounts(t);
		compare_cycles(t);
	}
	if (is_traced)
		compare_nets(t);
	for (uint32_t i = 0; i < t->statement_count; i++) {
		for (int item = 1; item <= CLEARING_ITEMS; item++) {
			points[item] += t->statements[i].points[item];
			amounts[item] += t->statements[i].amounts[item];
		}
	}
	/* Everything has come up. */
	for (uint8_t item = CLEARING_ISSUED; item <= CLEARING_DEBT_PAID; item++) {
		if (points[item] == 0)
			fail_msg("nothing was %s", clearing_item_word(item));
	}
	if (points[CLEARING_WRITTEN_OFF] == 0)
		fail_msg("nothing was written off");
	assert_true((points[CLEARING_OWES] > 0) == is_traced);
	assert_true(points[CLEARING_EXPIRED] == 0 || is_traced);
	for (int item = CLEARING_TRANSACTION; item <= CLEARING_REDEEM_FEE; item++)
		assert_true((amounts[item] > 0) == !is_traced);
	assert_true(t->statement_count > 3 * PARTNERS);
	assert_int_equal(database_query(t->database, "SELECT * FROM check_all", on_check, NULL,
					&error), TG_OK);
	change_a_statement(t);
	print_message("# %u statements of %zu records\n", t->statement_count, f->made.count);
	town_free(t);
}

/* What: MariaDB's statements are those of the journal, stay as they were when more happens, and all
 *       postings are in one statement or the open cycle; with a pool that is paid when points are
 *       issued.
 * How:  random trade of five partners with daily, weekly and monthly cycles, closed at random. */
static void
pooled_statements_are_the_journals(void **state)
{
	live_and_compare(*state, false);
}

/* What: the same where issuers pay redeemers: each obligation stands on both sides, and all that is
 *       paid or carried over sums to zero.
 * How:  the same trade. */
static void
traced_statements_are_the_journals(void **state)
{
	live_and_compare(*state, true);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pooled_statements_are_the_journals,
						sink_fixture_setup, sink_fixture_teardown),
		cmocka_unit_test_setup_teardown(traced_statements_are_the_journals,
						sink_fixture_setup, sink_fixture_teardown),
	};

	is_full = argc > 1 && strcmp(argv[1], "full") == 0;
	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests(tests, sink_fixture_group_setup,
				      sink_fixture_group_teardown);
}
