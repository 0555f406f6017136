/*
 * test_model.c - the model keeps accounts by the written rules, and sees what breaks them.
 *
 * Cases are tables of transactions with what the gateway is said to have answered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "contrib/common/day.h"
#include "contrib/load/model.h"

#define STEPS_MAX 16
#define MINUTE_MS INT64_C(60000)

/* One transaction: what was asked, and the outcome.  Its id is its number. */
struct step {
	int day;	   /* from 2024-04-01 */
	uint8_t operation; /* 0: end of the case */
	int64_t number;	   /* amount of EARN and REFUND, points of the others */
	int original;	   /* step it is about, from 1 */
	uint16_t status;
	/* points of EARN, and of EXCHANGE, < 0: out; taken or given back of REFUND, REVERSE */
	int64_t told;
};

struct case_result {
	int difference_count;
	char first[256];
	struct model_account account;
};

static void
on_difference(void *context, uint32_t account, const struct transaction *transaction,
	      const char *text)
{
	struct case_result *result = context;

	(void)account;
	(void)transaction;
	if (result->difference_count++ == 0)
		snprintf(result->first, sizeof(result->first), "%s", text);
}

/* Play steps, and settle at noon of a day. */
static void
play(const struct step *steps, int end_day, struct case_result *ret_result)
{
	struct transaction transactions[STEPS_MAX];
	struct logbook logbook = { .transactions = transactions };
	struct model_rules rules = { .rates = { { 0, 1, 100 } },
				     .rate_count = 1,
				     .expiry_months = 12 };
	struct model model = { &rules, &logbook, on_difference, ret_result };
	int32_t first;

	assert_true(day_parse("2024-04-01", &first));
	memset(ret_result, 0, sizeof(*ret_result));
	memset(transactions, 0, sizeof(transactions));
	for (uint32_t i = 0; steps[i].operation != 0; i++) {
		struct transaction *transaction = &transactions[i];
		struct outcome *outcome = &transaction->outcome;
		const struct step *step = &steps[i];
		bool is_money = step->operation == TG_OP_EARN || step->operation == TG_OP_REFUND;

		transaction->id[0] = (uint8_t)(i + 1);
		transaction->partner = 1;
		transaction->operation = step->operation;
		transaction->certainty = CERTAIN_ACKNOWLEDGED;
		transaction->amount = is_money ? step->number : -1;
		transaction->points = is_money ? -1 : step->number;
		transaction->covered = -1;
		transaction->has_original = step->original != 0;
		transaction->original[0] = (uint8_t)step->original;
		transaction->next_alike = LOGBOOK_NONE;
		outcome->status = step->status;
		outcome->sequence = (int64_t)i + 1;
		outcome->booked_at_ms =
			(first + step->day) * DAY_MS + DAY_MS / 2 + (int64_t)i * MINUTE_MS;
		outcome->points = step->operation == TG_OP_EARN ? step->told : -1;
		if (step->operation == TG_OP_EXCHANGE) {
			transaction->direction =
				step->told < 0 ? TG_DIRECTION_OUT : TG_DIRECTION_IN;
			outcome->points = step->told < 0 ? -step->told : step->told;
		}
		outcome->taken_points = outcome->restored_points = outcome->paid_points = -1;
		outcome->bonus_points = outcome->base_points = -1;
		outcome->deadline_ms = outcome->booked_at_ms + 5 * MINUTE_MS;
		if (step->operation == TG_OP_REFUND || step->operation == TG_OP_REVERSE) {
			outcome->taken_points = step->told;
			if (step->operation == TG_OP_REVERSE)
				outcome->restored_points = step->told;
		}
		logbook.count = i + 1;
		logbook_index(&logbook, i);
	}
	for (uint32_t i = 0; i < logbook.count; i++)
		model_play(&model, &ret_result->account, &transactions[i]);
	model_settle(&model, &ret_result->account, (first + end_day) * DAY_MS + DAY_MS - 1);
	model_account_deinit(&ret_result->account);
	map_deinit(&logbook.by_id);
}

/* Play steps that break no rule, and compare the account. */
static void
expect(const struct step *steps, int end_day, int64_t available, int64_t held, int64_t debt)
{
	struct case_result result;

	play(steps, end_day, &result);
	if (result.difference_count != 0)
		fail_msg("%s", result.first);
	assert_int_equal(result.account.available, available);
	assert_int_equal(result.account.held, held);
	assert_int_equal(result.account.debt, debt);
}

/* Play steps of which the last breaks a rule. */
static void
expect_difference(const struct step *steps, const char *part)
{
	struct case_result result;

	play(steps, 0, &result);
	if (strstr(result.first, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, result.first);
}

/* What: points live for a year after the last activity, and end behind their last day. */
static void
points_end_a_year_after_the_last_activity(void **state)
{
	const struct step one[] = { { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 }, { .operation = 0 } };
	const struct step two[] = { { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
				    { 100, TG_OP_BURN, 30, 0, TG_OK, 0 },
				    { .operation = 0 } };
	const struct step late[] = { { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
				     { 365, TG_OP_BURN, 30, 0, TG_NO_POINTS, 0 },
				     { 365, TG_OP_EARN, 500, 0, TG_OK, 5 },
				     { .operation = 0 } };

	(void)state;
	expect(one, 364, 100, 0, 0);
	expect(one, 365, 0, 0, 0);
	expect(two, 365, 70, 0, 0);
	expect(two, 465, 0, 0, 0);
	expect(late, 365, 5, 0, 0);
}

/* What: a hold keeps its points until it is resolved, or past its deadline. */
static void
holds_end_once(void **state)
{
	const struct step captured[] = { { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
					 { 0, TG_OP_HOLD, 60, 0, TG_OK, 0 },
					 { 0, TG_OP_CAPTURE, 40, 2, TG_OK, 0 },
					 { 0, TG_OP_RELEASE, -1, 2, TG_HOLD_CAPTURED, 0 },
					 { .operation = 0 } };
	const struct step expired[] = { { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
					{ 0, TG_OP_HOLD, 60, 0, TG_OK, 0 },
					{ 1, TG_OP_CAPTURE, 60, 2, TG_HOLD_EXPIRED, 0 },
					{ .operation = 0 } };
	const struct step twice[] = { { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
				      { 0, TG_OP_HOLD, 60, 0, TG_OK, 0 },
				      { 0, TG_OP_RELEASE, -1, 2, TG_OK, 0 },
				      { 0, TG_OP_CAPTURE, 60, 2, TG_OK, 0 },
				      { .operation = 0 } };

	(void)state;
	expect(captured, 0, 60, 0, 0);
	expect(expired, 1, 100, 0, 0);
	expect_difference(twice, "hold was in state");
}

/* What: partial refunds end exactly, what is not there becomes debt, and an earn pays it. */
static void
refunds_end_exactly(void **state)
{
	const struct step parts[] = {
		{ 0, TG_OP_EARN, 999, 0, TG_OK, 9 },	      { 0, TG_OP_REFUND, 250, 1, TG_OK, 2 },
		{ 0, TG_OP_REFUND, 700, 1, TG_OK, 7 },	      { 0, TG_OP_REFUND, 49, 1, TG_OK, 0 },
		{ 0, TG_OP_REFUND, 1, 1, TG_OVER_REFUND, 0 }, { .operation = 0 }
	};
	const struct step debt[] = { { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
				     { 0, TG_OP_BURN, 80, 0, TG_OK, 0 },
				     { 0, TG_OP_REFUND, 10000, 1, TG_OK, 100 },
				     { 0, TG_OP_EARN, 3000, 0, TG_OK, 30 },
				     { .operation = 0 } };
	const struct step wrong[] = { { 0, TG_OP_EARN, 999, 0, TG_OK, 9 },
				      { 0, TG_OP_REFUND, 250, 1, TG_OK, 3 },
				      { .operation = 0 } };

	(void)state;
	expect(parts, 0, 0, 0, 0);
	expect(debt, 0, 0, 0, 50);
	expect_difference(wrong, "took 3 points back, not 2");
}

/* What: what is undone leaves nothing, once; what was buried never comes. */
static void
reversals_undo_once(void **state)
{
	const struct step burn[] = { { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
				     { 0, TG_OP_BURN, 80, 0, TG_OK, 0 },
				     { 0, TG_OP_REVERSE, -1, 2, TG_OK, 80 },
				     { 0, TG_OP_REVERSE, -1, 2, TG_ALREADY_REVERSED, 0 },
				     { 0, TG_OP_REVERSE, -1, 1, TG_OK, 100 },
				     { .operation = 0 } };
	const struct step twice[] = { { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
				      { 0, TG_OP_REVERSE, -1, 1, TG_OK, 100 },
				      { 0, TG_OP_REVERSE, -1, 1, TG_OK, 100 },
				      { .operation = 0 } };
	const struct step buried[] = { { 0, TG_OP_REVERSE, -1, 2, TG_ORIGINAL_UNKNOWN, 0 },
				       { 0, TG_OP_EARN, 10000, 0, TG_REVERSED_BEFORE, 0 },
				       { .operation = 0 } };
	const struct step risen[] = { { 0, TG_OP_REVERSE, -1, 2, TG_ORIGINAL_UNKNOWN, 0 },
				      { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
				      { .operation = 0 } };

	(void)state;
	expect(burn, 0, 0, 0, 0);
	expect_difference(twice, "second time");
	expect(buried, 0, 0, 0, 0);
	expect_difference(risen, "reversed before it arrived");
}

/* What: a burn is done when there is enough, and only then; a purchase earns its floor. */
static void
decisions_are_judged(void **state)
{
	const struct step refused[] = { { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
					{ 0, TG_OP_BURN, 100, 0, TG_NO_POINTS, 0 },
					{ .operation = 0 } };
	const struct step overdrawn[] = { { 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
					  { 0, TG_OP_BURN, 101, 0, TG_OK, 0 },
					  { .operation = 0 } };
	const struct step rounded[] = { { 0, TG_OP_EARN, 199, 0, TG_OK, 2 }, { .operation = 0 } };

	(void)state;
	expect_difference(refused, "while 100 were there");
	expect_difference(overdrawn, "where 100 were there");
	expect_difference(rounded, "2 points for 199, not 1");
}

/* What: exchanges bring and take what answers tell, at most what was offered, and are undone. */
static void
exchanges_bring_and_take_what_is_told(void **state)
{
	const struct step both[] = {
		{ 0, TG_OP_EXCHANGE, -1, 0, TG_OK, 80 },
		{ 0, TG_OP_EXCHANGE, 50, 0, TG_OK, -48 },
		{ 0, TG_OP_EXCHANGE, 33, 0, TG_NO_POINTS, -1 },
		{ .operation = 0 }
	};
	const struct step undone[] = {
		{ 0, TG_OP_EXCHANGE, -1, 0, TG_OK, 80 },
		{ 0, TG_OP_EXCHANGE, 50, 0, TG_OK, -48 },
		{ 0, TG_OP_REVERSE, -1, 1, TG_OK, 80 },
		{ 0, TG_OP_REVERSE, -1, 2, TG_OK, 48 },
		{ .operation = 0 }
	};
	const struct step greedy[] = {
		{ 0, TG_OP_EARN, 10000, 0, TG_OK, 100 },
		{ 0, TG_OP_EXCHANGE, 50, 0, TG_OK, -51 },
		{ .operation = 0 }
	};
	const struct step refused[] = {
		{ 0, TG_OP_EXCHANGE, -1, 0, TG_OK, 80 },
		{ 0, TG_OP_EXCHANGE, 80, 0, TG_NO_POINTS, -1 },
		{ .operation = 0 }
	};

	(void)state;
	expect(both, 0, 32, 0, 0);
	expect(undone, 0, 0, 0, 0);
	expect_difference(greedy, "took 51 points of 50 offered");
	expect_difference(refused, "while 80 were there");
}

/* What: rates are read as written. */
static void
rates_are_read(void **state)
{
	static const char *const bad[] = { "", "1", "1/0", "1/", "x/1", "1=1", "1/2,", "1/2;3/4" };
	struct model_rules rules = { .rate_count = 0 };
	struct failure failure;

	(void)state;
	assert_true(model_parse_rates("1/100,3=2/5", &rules, &failure));
	assert_int_equal(rules.rate_count, 2);
	assert_int_equal(rules.rates[0].partner, 0);
	assert_int_equal(rules.rates[1].partner, 3);
	assert_int_equal(rules.rates[1].num, 2);
	assert_int_equal(rules.rates[1].den, 5);
	assert_true(model_parse_rates("none", &rules, &failure));
	assert_int_equal(rules.rate_count, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(model_parse_rates(bad[i], &rules, &failure));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_end_a_year_after_the_last_activity),
		cmocka_unit_test(holds_end_once),
		cmocka_unit_test(refunds_end_exactly),
		cmocka_unit_test(reversals_undo_once),
		cmocka_unit_test(decisions_are_judged),
		cmocka_unit_test(exchanges_bring_and_take_what_is_told),
		cmocka_unit_test(rates_are_read),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
