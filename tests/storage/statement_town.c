/*
 * statement_town.c - random trade, operators' work and the calendar, for test_statement.
 */
#include "tests/storage/statement_town.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ledger/fixture.h"

#define MEMBERS_SHORT 11
#define MEMBERS_FULL 5000
#define DAY_MS INT64_C(86400000)
#define FIRST_UTC_MS INT64_C(1711929600000) /* 2024-04-01 */
#define RECORDS_SHORT 6000u
#define RECORDS_FULL 1000000u
#define STATEMENTS_MAX 4096
/* So that days are summed in several goes, open ones, too. */
#define CLEARING_RECORDS_SHORT 97
#define CLEARING_RECORDS_FULL 997
#define DAYS_SHORT 40
#define DAYS_FULL 400

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
		if (!t->is_full)
			assert_int_equal(runoff_add(t->runoff, r), TG_OK);
		if (RECORD_HAS(r, CLOSED))
			close_statement(t, r);
		count_postings(t, r);
		t->lent += r->kind == RECORD_TRANSFER;
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

/*
 * Partners exchange their own currency, each at rates of its own.  And a joint promotion: limited
 * points of partners 1 and 3, whoever sells.
 */
static void
add_rulebook(struct town *t)
{
	struct ledger_request q = { .kind = REQUEST_SET_EARN_RULE, .operator_name = "test" };

	for (uint32_t position = 0; position < 2 * TOWN_PARTNERS; position++) {
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
	q.earn_rule = (struct earn_rule){
		.number = 7,
		.position = 2 * TOWN_PARTNERS,
		.until_day = INT32_MAX,
		.until_minute = MINUTES_PER_DAY,
		.weekdays = WEEKDAYS_ALL,
		.member_points = LIMIT_NONE,
		.member_day_points = LIMIT_NONE,
		.threshold_amount = 5000,
		.rate_num = 1,
		.rate_den = 300,
		.days = 6,
		.sponsor_count = 2,
		.sponsors = { { 1, 2 }, { 3, 1 } },
	};
	must(t, &q);
	q.kind = REQUEST_START_RULEBOOK;
	q.rulebook.rule_count = 2 * TOWN_PARTNERS + 1;
	must(t, &q);
}

/* Daily, weekly and monthly cycles; the last partner is settled only later. */
void
town_add_cycle(struct town *t, uint32_t number)
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

/* Some are one person: each spends what the other has. */
static void
merge(struct town *t, uint32_t nth, uint32_t other)
{
	struct ledger_request q = { .kind = REQUEST_MERGE, .operator_name = "test" };

	q.member = t->members[nth];
	q.other_member = t->members[other];
	must(t, &q);
}

static void
set_time(struct town *t, int64_t utc_ms)
{
	t->now = (struct ledger_now){ .utc_ms = utc_ms, .day = (int32_t)(utc_ms / DAY_MS) };
}

/*
 * New terms between two records of a day.  Where issuers pay redeemers all get the same price and
 * no fees, so that nothing is left for the operator.
 */
static void
set_terms(struct town *t)
{
	struct ledger_request q = { .kind = REQUEST_SET_FUNDING, .operator_name = "test" };
	const uint32_t first = t->is_traced ? 1 : 1 + below(t, TOWN_PARTNERS);
	const uint32_t last = t->is_traced ? TOWN_PARTNERS : first;
	const int64_t price = 1 + below(t, 3000000);

	for (uint32_t partner = first; partner <= last; partner++) {
		q.funding = (struct funding_config){ .partner = partner,
						     .issue_price_micro = price,
						     .redeem_price_micro = price,
						     .overdraft_points = LIMIT_NONE };
		if (t->is_traced && TOWN_IS_PREPAID(partner))
			q.funding.flags = FUNDING_PREPAID;
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

/* TG_SEED, or always the same. */
static uint64_t
seed(void)
{
	const char *text = getenv("TG_SEED");

	return text == NULL ? 11 : strtoull(text, NULL, 10);
}

struct town *
town_new(struct sink_fixture *f, bool is_traced, bool is_full)
{
	struct ledger_limits limits = ledger_limits_small();
	struct ledger_request q = { .kind = REQUEST_SET_PROGRAMME, .operator_name = "test" };
	struct database_config database;
	struct storage_error error;
	struct town *t = calloc(1, sizeof *t);

	assert_non_null(t);
	*t = (struct town){ .f = f, .is_traced = is_traced, .is_full = is_full, .random = seed(),
			    .member_count = is_full ? MEMBERS_FULL : MEMBERS_SHORT };
	t->members = calloc(t->member_count + 1, sizeof *t->members);
	f->config.clearing_records = t->is_full ? CLEARING_RECORDS_FULL : CLEARING_RECORDS_SHORT;
	t->ledger = ledger_new(&limits);
	t->decision = decision_new();
	t->clearing = clearing_new();
	t->runoff = runoff_new(RECORDS_SHORT);
	t->statements = calloc(STATEMENTS_MAX, sizeof *t->statements);
	assert_true(t->runoff != NULL && t->ledger != NULL && t->decision != NULL &&
		    t->clearing != NULL && t->statements != NULL && t->members != NULL);
	database = f->config.database;
	/* Where much else runs, the checks of a million records take longer than a till waits. */
	database.io_timeout_s = is_full ? 600 : 0;
	assert_int_equal(database_open(&database, &t->database, &error), TG_OK);
	set_time(t, FIRST_UTC_MS);
	q.programme = fixture_programme();
	q.programme.flags |= is_traced ? PROGRAMME_TRACED : 0;
	q.programme.point_value_num = 7;
	q.programme.point_value_den = 3;
	q.programme.debt_days = 1;
	must(t, &q);
	for (uint32_t number = 1; number <= TOWN_PARTNERS; number++)
		add_partner(t, number);
	for (uint32_t number = 1; number <= TOWN_PARTNERS; number++)
		add_rule(t, number);
	add_rulebook(t);
	if (is_traced)
		set_terms(t);
	for (uint32_t nth = 0; nth <= t->member_count; nth++)
		enroll(t, nth);
	for (uint32_t nth = 0; nth + 1 < t->member_count; nth += 4)
		merge(t, nth, nth + 1);
	return t;
}

void
town_free(struct town *t)
{
	for (uint32_t i = 0; i < t->statement_count; i++)
		statement_deinit(&t->statements[i]);
	free(t->statements);
	free(t->members);
	database_close(t->database);
	runoff_free(t->runoff);
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
	q.principal = ((is_new ? number : original) * 13 % TOWN_PARTNERS + 1) * 100 + 1;
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

/* A request of the debtor's, points: to burn, or a small earn; what it has then. */
static int64_t
ask_debtor(struct town *t, uint8_t kind, const char *id, const char *original, int64_t points)
{
	struct ledger_request q = { .kind = kind, .till_day = DAY_NONE,
				    .principal = below(t, TOWN_PARTNERS) * 100 + 101,
				    .member = t->members[t->member_count],
				    .business_time_utc_ms = t->now.utc_ms,
				    .business_day = t->now.day, .amount = 4000, .points = points,
				    .reason = 3, .has_original = original != NULL,
				    .original_time_utc_ms = t->now.utc_ms };

	if (kind == REQUEST_EARN || kind == REQUEST_REFUND)
		q.principal = 301;
	if (kind == REQUEST_EARN && points > 0)
		q.amount = 1000;
	if (original != NULL)
		fixture_id(q.original_id, original);
	fixture_id(q.transaction_id, id);
	memcpy(q.fingerprint, q.transaction_id, sizeof q.fingerprint);
	return ask(t, &q)->available_points;
}

/* A debt that is paid in part and no more: its member comes back when the rest was given up. */
static void
leave_debt(struct town *t)
{
	char earned[16], burned[16], refunded[16], paid[16];
	int64_t points;

	(void)snprintf(earned, sizeof earned, "e%d", t->now.day);
	(void)snprintf(burned, sizeof burned, "b%d", t->now.day);
	(void)snprintf(refunded, sizeof refunded, "r%d", t->now.day);
	(void)snprintf(paid, sizeof paid, "p%d", t->now.day);
	points = ask_debtor(t, REQUEST_EARN, earned, NULL, 0);
	(void)ask_debtor(t, REQUEST_BURN, burned, NULL, points);
	(void)ask_debtor(t, REQUEST_REFUND, refunded, earned, 0);
	(void)ask_debtor(t, REQUEST_EARN, paid, NULL, 1);
}

/* Points given and taken, for a partner; given by the operator, too. */
static void
adjust(struct town *t)
{
	struct ledger_request q = { .kind = REQUEST_ADJUST, .operator_name = "test",
				    .text_bytes = 3, .text = "why" };

	for (int i = 0; i < 3; i++) {
		q.member = t->members[below(t, t->member_count)];
		q.points = 1 + below(t, 60);
		q.is_debit = below(t, 2) == 0;
		q.partner = below(t, TOWN_PARTNERS + 1);
		if (!q.is_debit || q.partner != 0)
			(void)ask(t, &q);
	}
}

/* What an operator does now and then. */
static void
operate(struct town *t)
{
	struct ledger_request q = { .kind = REQUEST_ADD_ITEM, .operator_name = "test",
				    .text_bytes = 3, .text = "why" };

	q.item = (struct settlement_item){ .partner = 1 + below(t, TOWN_PARTNERS),
					   .other = 1 + below(t, TOWN_PARTNERS),
					   .amount = 500 - (int64_t)below(t, 1000) };
	(void)ask(t, &q);
	if (t->now.day % 4 == 0)
		leave_debt(t);
	if (below(t, 6) == 0)
		set_terms(t);
	/* Points bought ahead and paid back, where a partner is prepaid; else it pays a bill. */
	q.kind = REQUEST_FUND;
	q.partner = 1 + below(t, TOWN_PARTNERS);
	q.points = 1 + below(t, 5000);
	q.price_micro = below(t, 2) == 0 ? -1 : (int64_t)below(t, 2000000);
	q.is_debit = below(t, 3) == 0;
	(void)ask(t, &q);
	adjust(t);
	q.kind = REQUEST_CLOSE_CYCLE;
	q.cycle_image.partner = 1 + below(t, TOWN_PARTNERS);
	if (below(t, 3) == 0)
		(void)ask(t, &q);
}

/* With days of some hundred requests. */
void
town_live(struct town *t, uint32_t part, uint32_t parts)
{
	const uint32_t records = (t->is_full ? RECORDS_FULL : RECORDS_SHORT) / parts * part;
	const uint32_t per_day =
		t->is_full ? RECORDS_FULL / DAYS_FULL : RECORDS_SHORT / DAYS_SHORT;

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

void
town_close_all(struct town *t)
{
	struct ledger_request q = { .kind = REQUEST_CUTOVER };

	set_time(t, t->now.utc_ms + DAY_MS);
	must(t, &q);
	q.kind = REQUEST_CLOSE_CYCLE;
	for (uint32_t partner = 1; partner <= TOWN_PARTNERS; partner++) {
		q.cycle_image.partner = partner;
		(void)ask(t, &q);
	}
	tick(t);
	set_time(t, t->now.utc_ms + DAY_MS);
}
