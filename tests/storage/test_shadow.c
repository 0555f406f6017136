/*
 * test_shadow.c - a period once more under another programme.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/calendar.h"
#include "storage/shadow.h"
#include "tests/ledger/fixture.h"

#define DAY_MS INT64_C(86400000)
#define RECORDS_MAX 200

/* A journal in memory: what a ledger decided, from its first record on. */
struct past {
	struct ledger_fixture fixture;	/* its time only */
	struct ledger *ledger;		/* owned */
	struct decision *decision;	/* owned */
	uint32_t count;
	struct record records[RECORDS_MAX];
};

static void
calendar(int64_t utc_ms, int32_t *ret_day, uint16_t *ret_minute)
{
	*ret_day = (int32_t)(utc_ms / DAY_MS);
	*ret_minute = (uint16_t)(utc_ms % DAY_MS / 60000);
}

static const struct ledger_answer *
ask(struct past *past, const struct ledger_request *q)
{
	ledger_decide(past->ledger, q, &past->fixture.now, past->decision);
	for (uint32_t i = 0; i < past->decision->record_count; i++) {
		assert_true(past->count < RECORDS_MAX);
		past->records[past->count] = past->decision->records[i];
		ledger_apply(past->ledger, &past->records[past->count++]);
	}
	return &past->decision->answer;
}

static struct past *
past_new(const struct programme_config *programme)
{
	struct past *past = calloc(1, sizeof(*past));
	struct ledger_request q = { .kind = REQUEST_SET_PROGRAMME, .operator_name = "test" };
	const struct ledger_limits limits = fixture_limits();

	assert_non_null(past);
	past->ledger = ledger_new(&limits);
	past->decision = decision_new();
	assert_non_null(past->ledger);
	assert_non_null(past->decision);
	fixture_set_time(&past->fixture, 19814 * DAY_MS + DAY_MS / 2);
	q.programme = *programme;
	assert_int_equal(ask(past, &q)->status, TG_OK);
	q.kind = REQUEST_CUTOVER;
	assert_int_equal(ask(past, &q)->status, TG_OK);
	for (uint32_t partner = 1; partner <= 2; partner++) {
		q.kind = REQUEST_SET_PARTNER;
		q.partner_image = fixture_partner(partner);
		assert_int_equal(ask(past, &q)->status, TG_OK);
		q.kind = REQUEST_ADD_RULE;
		q.rule = fixture_rule(partner);
		assert_int_equal(ask(past, &q)->status, TG_OK);
		q.kind = REQUEST_SET_STORE;
		q.store_image = (struct store_config){ .number = partner * 10 + 1,
						       .partner = partner };
		assert_int_equal(ask(past, &q)->status, TG_OK);
		q.kind = REQUEST_SET_TERMINAL;
		q.terminal_image = (struct terminal_config){ .number = partner * 100 + 1,
							     .partner = partner,
							     .store = partner * 10 + 1,
							     .key_generation = 1,
							     .rights = 0xffff };
		assert_int_equal(ask(past, &q)->status, TG_OK);
	}
	q = fixture_request(&past->fixture, REQUEST_ENROLL, "enrol");
	q.identifier = fixture_identifier("ann");
	assert_int_equal(ask(past, &q)->status, TG_OK);
	return past;
}

/* Under the fixture's programme. */
static struct past *
past_new_plain(void)
{
	const struct programme_config programme = fixture_programme();

	return past_new(&programme);
}

static void
past_free(struct past *past)
{
	ledger_free(past->ledger);
	decision_free(past->decision);
	free(past);
}

/* A till's request of ann; returns its status. */
static enum tg_status
till(struct past *past, uint8_t kind, const char *id, int64_t amount, int64_t points,
     const char *original)
{
	struct ledger_request q = fixture_request(&past->fixture, kind, id);

	q.identifier = fixture_identifier("ann");
	q.amount = amount;
	q.points = points;
	if (original != NULL) {
		q.has_original = true;
		fixture_id(q.original_id, original);
	}
	return (enum tg_status)ask(past, &q)->status;
}

/* To noon of a day in 2024 and after, with a cut-off, and all that has fallen due by then. */
static int64_t
go_to(struct past *past, int year, int month, int day)
{
	const struct civil_date date = { year, month, day };
	struct ledger_request q = { .kind = REQUEST_CUTOVER, .operator_name = "test" };

	fixture_set_time(&past->fixture, calendar_day(date) * DAY_MS + DAY_MS / 2);
	assert_int_equal(ask(past, &q)->status, TG_OK);
	q.kind = REQUEST_TICK;
	while (ask(past, &q)->has_more)
		continue;
	return past->fixture.now.utc_ms;
}

/* A day before the period, and the period: earns, a burn, one declined, a refund, a cut-off. */
static int64_t
play(struct past *past)
{
	struct ledger_request q = { .kind = REQUEST_CUTOVER, .operator_name = "test" };
	int64_t from;

	assert_int_equal(till(past, REQUEST_EARN, "before", 10000, 0, NULL), TG_OK);
	fixture_set_time(&past->fixture, past->fixture.now.utc_ms + DAY_MS);
	from = past->fixture.now.utc_ms;
	assert_int_equal(ask(past, &q)->status, TG_OK);
	assert_int_equal(till(past, REQUEST_EARN, "a", 10000, 0, NULL), TG_OK);
	assert_int_equal(till(past, REQUEST_EARN, "b", 20000, 0, NULL), TG_OK);
	assert_int_equal(till(past, REQUEST_BURN, "c", 0, 350, NULL), TG_OK);
	assert_int_equal(till(past, REQUEST_BURN, "d", 0, 80, NULL), TG_NO_POINTS);
	assert_int_equal(till(past, REQUEST_REFUND, "e", 5000, 0, "a"), TG_OK);
	return from;
}

static struct shadow *
replay(const struct past *past, const struct programme_file *programme, int64_t from)
{
	struct shadow *shadow = shadow_new(programme, from, calendar);
	unsigned line;

	assert_non_null(shadow);
	for (uint32_t i = 0; i < past->count; i++)
		assert_int_equal(shadow_take(shadow, &past->records[i], &line), TG_OK);
	return shadow;
}

/* A campaign that gives points for each purchase, issued by partner 2. */
static struct programme_rule
bonus(uint32_t number, int64_t points)
{
	return (struct programme_rule){ .rule = { .position = number - 1,
						  .number = number,
						  .sponsor = 2,
						  .until_day = INT32_MAX,
						  .until_minute = MINUTES_PER_DAY,
						  .weekdays = WEEKDAYS_ALL,
						  .member_points = LIMIT_NONE,
						  .member_day_points = LIMIT_NONE,
						  .rate_den = 1,
						  .fixed_points = points } };
}

/* Points of the period, and held at its end, as recorded and as tried; no record is left out. */
static void
expect_points(const struct shadow *shadow, const struct shadow_sums wanted[2])
{
	struct shadow_sums sums[2];

	shadow_result(shadow, sums);
	for (int side = 0; side < 2; side++) {
		assert_int_equal(sums[side].issued_points, wanted[side].issued_points);
		assert_int_equal(sums[side].redeemed_points, wanted[side].redeemed_points);
		assert_int_equal(sums[side].held_by_members, wanted[side].held_by_members);
		assert_int_equal(sums[side].debt_points, wanted[side].debt_points);
	}
	for (unsigned kind = 0; kind < 256; kind++)
		assert_int_equal(shadow_left_out(shadow, (uint8_t)kind), 0);
}

/* What: under a programme that changes nothing, nothing differs, and nothing is left out. */
static void
the_same_rules_give_the_same(void **state)
{
	struct programme_file none = { 0 };
	struct past *past = past_new_plain();
	struct shadow *shadow = replay(past, &none, play(past));
	struct shadow_sums sums[2];
	struct shadow_partner row;

	(void)state;
	shadow_result(shadow, sums);
	assert_memory_equal(&sums[0], &sums[1], sizeof(sums[0]));
	assert_int_equal(sums[0].earns, 2);
	assert_int_equal(sums[0].declines, 1);
	assert_int_equal(sums[0].issued_points, 250);
	assert_int_equal(sums[0].redeemed_points, 350);
	assert_int_equal(sums[0].held_by_members, 0);
	assert_true(shadow_partner_at(shadow, 0, &row));
	assert_int_equal(row.pays[0], -100);
	assert_int_equal(row.pays[1], -100);
	for (unsigned kind = 0; kind < 256; kind++)
		assert_int_equal(shadow_left_out(shadow, (uint8_t)kind), 0);
	shadow_free(shadow);
	past_free(past);
}

/* What: a campaign of partner 2 gives its points to the purchases of the period, so that the burn
 * that was declined would have been done; what was before the period stays.
 * How:  60 points from 200.00 on (one purchase), 30 for each (two, one of them half returned). */
static void
a_campaign_changes_points_and_bills(void **state)
{
	static struct programme_rule rules[2];
	struct programme_file programme = { .rule_count = 2, .rules = rules };
	struct past *past = past_new_plain();
	struct shadow *shadow;
	struct shadow_sums sums[2];
	struct shadow_partner first, second;

	(void)state;
	rules[0] = bonus(1, 60);
	rules[0].rule.threshold_amount = 20000;
	rules[1] = bonus(2, 30);
	shadow = replay(past, &programme, play(past));
	shadow_result(shadow, sums);
	assert_int_equal(sums[0].issued_points, 250);
	assert_int_equal(sums[1].issued_points, 370);
	assert_int_equal(sums[0].redeemed_points, 350);
	assert_int_equal(sums[1].redeemed_points, 430);
	assert_int_equal(sums[1].declines, 0);
	assert_int_equal(sums[1].held_by_members - sums[0].held_by_members, 120 - 80);
	assert_true(shadow_partner_at(shadow, 0, &first));
	assert_true(shadow_partner_at(shadow, 1, &second));
	assert_int_equal(first.partner, 1);
	assert_int_equal(first.pays[1] - first.pays[0], -80);
	assert_int_equal(second.partner, 2);
	assert_int_equal(second.pays[0], 0);
	assert_int_equal(second.pays[1], 120);
	shadow_free(shadow);
	past_free(past);
}

/* What: a rule that the ledger of that time cannot take is named by its line. */
static void
a_rule_that_does_not_fit_is_named(void **state)
{
	static struct programme_rule rule;
	struct programme_file programme = { .rule_count = 1, .rules = &rule };
	struct past *past = past_new_plain();
	int64_t from = play(past);
	struct shadow *shadow = shadow_new(&programme, from, calendar);
	enum tg_status status = TG_OK;
	unsigned line = 0;

	(void)state;
	rule = bonus(1, 1);
	rule.line = 17;
	rule.rule.sponsor = 0;
	rule.rule.partner = 9;
	for (uint32_t i = 0; status == TG_OK && i < past->count; i++)
		status = shadow_take(shadow, &past->records[i], &line);
	assert_int_equal(status, TG_UNKNOWN_PARTNER);
	assert_int_equal(line, 17);
	shadow_free(shadow);
	past_free(past);
}

/* What: vintages end in the period as they did, and those of points that a programme gives more.
 * How:  100 of 2024 and 200 of 2025, 30 burned of 2024's, so 70 end with 2025; 60 more are given in
 *       2025 and in 2026 each. */
static void
vintages_go_by_in_the_period(void **state)
{
	static struct programme_rule rule;
	struct programme_file none = { 0 };
	struct programme_file programme = { .rule_count = 1, .rules = &rule };
	struct programme_config vintages = fixture_programme();
	struct past *past;
	struct shadow *shadow;
	int64_t from;

	(void)state;
	vintages.expiry_shape = EXPIRY_VINTAGE;
	vintages.vintage_months = 12;
	past = past_new(&vintages);
	assert_int_equal(till(past, REQUEST_EARN, "a", 10000, 0, NULL), TG_OK);
	from = go_to(past, 2025, 2, 1);
	assert_int_equal(till(past, REQUEST_EARN, "b", 20000, 0, NULL), TG_OK);
	assert_int_equal(till(past, REQUEST_BURN, "c", 0, 30, NULL), TG_OK);
	(void)go_to(past, 2026, 1, 10);
	assert_int_equal(till(past, REQUEST_EARN, "d", 5000, 0, NULL), TG_OK);
	shadow = replay(past, &none, from);
	expect_points(shadow, (struct shadow_sums[2]){
				      { .issued_points = 250,
					.redeemed_points = 30,
					.held_by_members = 250 },
				      { .issued_points = 250,
					.redeemed_points = 30,
					.held_by_members = 250 } });
	shadow_free(shadow);
	rule = bonus(1, 60);
	shadow = replay(past, &programme, from);
	expect_points(shadow, (struct shadow_sums[2]){
				      { .issued_points = 250,
					.redeemed_points = 30,
					.held_by_members = 250 },
				      { .issued_points = 370,
					.redeemed_points = 30,
					.held_by_members = 370 } });
	shadow_free(shadow);
	past_free(past);
}

/* What: fractions that a purchase before the period left go on in it.
 * How:  150 fen before it; in it 150 and 99, the first of these back, and 51: what stands is 300
 *       fen, 3 points. */
static void
fractions_from_before_the_period_count_in_it(void **state)
{
	static struct programme_rule rule;
	struct programme_file programme = { .rule_count = 1, .rules = &rule };
	struct past *past = past_new_plain();
	struct ledger_request q = { .kind = REQUEST_SET_PARTNER, .operator_name = "test" };
	struct shadow *shadow;
	int64_t from;

	(void)state;
	q.partner_image = fixture_partner(1);
	q.partner_image.flags |= PARTNER_CARRY_DAY;
	assert_int_equal(ask(past, &q)->status, TG_OK);
	assert_int_equal(till(past, REQUEST_EARN, "a", 150, 0, NULL), TG_OK);
	fixture_set_time(&past->fixture, past->fixture.now.utc_ms + DAY_MS / 24);
	from = past->fixture.now.utc_ms;
	assert_int_equal(till(past, REQUEST_EARN, "b", 150, 0, NULL), TG_OK);
	assert_int_equal(till(past, REQUEST_EARN, "c", 99, 0, NULL), TG_OK);
	assert_int_equal(till(past, REQUEST_REFUND, "d", 150, 0, "b"), TG_OK);
	assert_int_equal(till(past, REQUEST_EARN, "e", 51, 0, NULL), TG_OK);
	rule = bonus(1, 7);
	shadow = replay(past, &programme, from);
	/* 2 + 0 - 2 + 2; and 7 more with each purchase that stands. */
	expect_points(shadow, (struct shadow_sums[2]){
				      { .issued_points = 2, .held_by_members = 3 },
				      { .issued_points = 16, .held_by_members = 17 } });
	shadow_free(shadow);
	past_free(past);
}

/* What: what falls due by itself in the period, and what operators do to members, is not left out.
 * How:  a debt of 40 is given up after 10 days; a blocked member earns nothing. */
static void
what_falls_due_and_blocks_are_part_of_it(void **state)
{
	struct programme_file none = { 0 };
	struct programme_config programme = fixture_programme();
	struct ledger_request q = { .operator_name = "test" };
	struct past *past;
	struct shadow *shadow;
	struct shadow_sums sums[2];
	int64_t from;

	(void)state;
	programme.debt_days = 10;
	past = past_new(&programme);
	assert_int_equal(till(past, REQUEST_EARN, "a", 10000, 0, NULL), TG_OK);
	assert_int_equal(till(past, REQUEST_BURN, "b", 0, 40, NULL), TG_OK);
	assert_int_equal(till(past, REQUEST_REFUND, "c", 10000, 0, "a"), TG_OK);
	q.kind = REQUEST_CUTOVER;
	from = past->fixture.now.utc_ms + 1;
	fixture_set_time(&past->fixture, from);
	for (int day = 0; day < 10; day++)
		assert_int_equal(ask(past, &q)->status, TG_OK);
	(void)go_to(past, 2024, 4, 12);
	q.kind = REQUEST_BLOCK;
	for (uint32_t i = 0; i < past->count; i++) {
		if (RECORD_HAS(&past->records[i], MEMBER))
			q.member = past->records[i].member;
	}
	q.block_target = BLOCK_MEMBER;
	q.is_blocked = true;
	assert_int_equal(ask(past, &q)->status, TG_OK);
	assert_int_equal(till(past, REQUEST_EARN, "d", 10000, 0, NULL), TG_MEMBER_BLOCKED);
	q.is_blocked = false;
	assert_int_equal(ask(past, &q)->status, TG_OK);
	assert_int_equal(till(past, REQUEST_EARN, "e", 10000, 0, NULL), TG_OK);
	shadow = replay(past, &none, from);
	expect_points(shadow, (struct shadow_sums[2]){
				      { .issued_points = 100, .held_by_members = 100 },
				      { .issued_points = 100, .held_by_members = 100 } });
	shadow_result(shadow, sums);
	assert_int_equal(sums[0].declines, 1);
	assert_int_equal(sums[1].declines, 1);
	shadow_free(shadow);
	past_free(past);
}

/* Give the ledger one rate at which partner 1's own units become points. */
static struct programme_rule
rate_in(int64_t num, int64_t den)
{
	struct programme_rule rule = bonus(1, 0);

	rule.rule.number = 0;
	rule.rule.partner = 1;
	rule.rule.sponsor = 0;
	rule.rule.flags = EARN_RULE_EXCHANGE_IN;
	rule.rule.rate_num = num;
	rule.rule.rate_den = den;
	return rule;
}

/* What: exchanges are struck again at the rates that are tried, and are none without.
 * How:  100 own units at 4/5 were 80 points, at 1/2 they would have been 50. */
static void
exchanges_are_struck_at_the_rates_tried(void **state)
{
	static struct programme_rule rule;
	struct programme_file programme = { .rule_count = 1, .rules = &rule };
	struct programme_file none = { 0 };
	struct past *past = past_new_plain();
	struct ledger_request q = { .kind = REQUEST_SET_EARN_RULE, .operator_name = "test" };
	struct shadow *shadow;
	int64_t from;

	(void)state;
	q.earn_rule = rate_in(4, 5).rule;
	assert_int_equal(ask(past, &q)->status, TG_OK);
	q.kind = REQUEST_START_RULEBOOK;
	q.rulebook.rule_count = 1;
	assert_int_equal(ask(past, &q)->status, TG_OK);
	from = go_to(past, 2024, 4, 2);
	q = fixture_request(&past->fixture, REQUEST_EXCHANGE, "x");
	q.identifier = fixture_identifier("ann");
	q.direction = TG_DIRECTION_IN;
	q.own_units = 100;
	q.has_own_units = true;
	assert_int_equal(ask(past, &q)->status, TG_OK);
	rule = rate_in(1, 2);
	shadow = replay(past, &programme, from);
	expect_points(shadow, (struct shadow_sums[2]){
				      { .issued_points = 80, .held_by_members = 80 },
				      { .issued_points = 50, .held_by_members = 50 } });
	shadow_free(shadow);
	shadow = replay(past, &none, from);
	expect_points(shadow, (struct shadow_sums[2]){
				      { .issued_points = 80, .held_by_members = 80 }, { 0 } });
	shadow_free(shadow);
	past_free(past);
}

/* What: members have their birthdays under the rules that are tried, from when they told them.
 * How:  one earn before and one after it is told, on that day. */
static void
birthdays_are_known_to_the_rules_tried(void **state)
{
	static struct programme_rule rule;
	struct programme_file programme = { .rule_count = 1, .rules = &rule };
	struct past *past = past_new_plain();
	struct ledger_request q = { .kind = REQUEST_SET_BIRTHDAY, .operator_name = "test",
				    .birthday = CALENDAR_MONTH_DAY(4, 2) };
	const int64_t from = go_to(past, 2024, 4, 2);
	struct shadow *shadow;

	(void)state;
	rule = bonus(1, 7);
	rule.rule.flags = EARN_RULE_BIRTHDAY;
	assert_int_equal(till(past, REQUEST_EARN, "a", 10000, 0, NULL), TG_OK);
	q.identifier = fixture_identifier("ann");
	assert_int_equal(ask(past, &q)->status, TG_OK);
	assert_int_equal(till(past, REQUEST_EARN, "b", 10000, 0, NULL), TG_OK);
	shadow = replay(past, &programme, from);
	expect_points(shadow, (struct shadow_sums[2]){
				      { .issued_points = 200, .held_by_members = 200 },
				      { .issued_points = 207, .held_by_members = 207 } });
	shadow_free(shadow);
	past_free(past);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_rules_give_the_same),
		cmocka_unit_test(a_campaign_changes_points_and_bills),
		cmocka_unit_test(a_rule_that_does_not_fit_is_named),
		cmocka_unit_test(vintages_go_by_in_the_period),
		cmocka_unit_test(fractions_from_before_the_period_count_in_it),
		cmocka_unit_test(what_falls_due_and_blocks_are_part_of_it),
		cmocka_unit_test(exchanges_are_struck_at_the_rates_tried),
		cmocka_unit_test(birthdays_are_known_to_the_rules_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
