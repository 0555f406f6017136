/*
 * test_shadow.c - a period once more under another programme.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
past_new(void)
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
	q.programme = fixture_programme();
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

/* What: under a programme that changes nothing, nothing differs, and nothing is left out. */
static void
the_same_rules_give_the_same(void **state)
{
	struct programme_file none = { 0 };
	struct past *past = past_new();
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
	struct past *past = past_new();
	struct shadow *shadow;
	struct shadow_sums sums[2];
	struct shadow_partner first, second;

	(void)state;
	for (uint32_t i = 0; i < 2; i++)
		rules[i].rule = (struct earn_rule){ .position = i,
						    .number = i + 1,
						    .sponsor = 2,
						    .until_day = INT32_MAX,
						    .until_minute = MINUTES_PER_DAY,
						    .weekdays = WEEKDAYS_ALL,
						    .member_points = LIMIT_NONE,
						    .member_day_points = LIMIT_NONE,
						    .rate_den = 1 };
	rules[0].rule.threshold_amount = 20000;
	rules[0].rule.fixed_points = 60;
	rules[1].rule.fixed_points = 30;
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
	struct past *past = past_new();
	int64_t from = play(past);
	struct shadow *shadow = shadow_new(&programme, from, calendar);
	enum tg_status status = TG_OK;
	unsigned line = 0;

	(void)state;
	rule.line = 17;
	rule.rule = (struct earn_rule){ .number = 1,
					.partner = 9,
					.fixed_points = 1,
					.until_day = INT32_MAX,
					.until_minute = MINUTES_PER_DAY,
					.weekdays = WEEKDAYS_ALL,
					.member_points = LIMIT_NONE,
					.member_day_points = LIMIT_NONE,
					.rate_den = 1 };
	for (uint32_t i = 0; status == TG_OK && i < past->count; i++)
		status = shadow_take(shadow, &past->records[i], &line);
	assert_int_equal(status, TG_UNKNOWN_PARTNER);
	assert_int_equal(line, 17);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
