/*
 * test_earn_rule.c - what a rule of the rulebook must not say.
 *
 * The programme file refuses most of it before the ledger sees it; whoever sends a rule by another
 * way is refused here.  Each row changes one thing of a sound rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ledger/fixture.h"

enum shape { RATE, CAMPAIGN, MULTIPLIER, EXCHANGE, JOINT, SHAPES };

/* A member of the rule, and what is put there. */
struct change {
	enum shape shape;
	enum tg_status status;
	size_t at, bytes;
	int64_t value;
	const char *claim;
};

#define CHANGE(shape, status, member, value) \
	{ shape, status, offsetof(struct earn_rule, member), \
	  sizeof(((struct earn_rule *)NULL)->member), value, #shape " " #member " " #value }

/* clang-format off */
static const struct change changes[] = {
	CHANGE(RATE, TG_OK, store_group, 64),
	CHANGE(RATE, TG_BAD_FIELD, store_group, 65),
	CHANGE(RATE, TG_BAD_FIELD, number, 1),
	CHANGE(RATE, TG_BAD_FIELD, partner, 0),
	CHANGE(RATE, TG_BAD_FIELD, fixed_points, 1),
	CHANGE(RATE, TG_BAD_FIELD, threshold_amount, 1),
	CHANGE(RATE, TG_BAD_FIELD, sponsor, 2),
	CHANGE(RATE, TG_BAD_FIELD, days, 1),
	CHANGE(RATE, TG_BAD_FIELD, member_times, 1),
	CHANGE(RATE, TG_BAD_FIELD, member_points, 1),
	CHANGE(RATE, TG_BAD_FIELD, member_day_points, 1),
	CHANGE(RATE, TG_BAD_FIELD, usable_at, 1),
	CHANGE(RATE, TG_BAD_FIELD, flags, EARN_RULE_RATE | EARN_RULE_FIRST),
	CHANGE(RATE, TG_BAD_FIELD, flags, EARN_RULE_RATE | 0x80000000),
	CHANGE(RATE, TG_BAD_FIELD, rate_num, -1),
	CHANGE(RATE, TG_BAD_FIELD, rate_den, 0),
	CHANGE(RATE, TG_BAD_FIELD, step, 1),
	CHANGE(RATE, TG_UNKNOWN_PARTNER, partner, 9),
	CHANGE(RATE, TG_UNKNOWN_STORE, store, 9),
	CHANGE(RATE, TG_UNKNOWN_STORE, store, 21),
	CHANGE(RATE, TG_OK, store, 11),
	CHANGE(CAMPAIGN, TG_OK, partner, 0),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, number, 0),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, number, (int64_t)INT32_MAX + 1),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, position, UINT32_MAX),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, category_from, 2),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, from_day, INT32_MAX),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, from_minute, MINUTES_PER_DAY),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, until_minute, MINUTES_PER_DAY + 1),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, until_minute, 0),
	CHANGE(CAMPAIGN, TG_OK, from_minute, 1),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, weekdays, 0),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, weekdays, 0x80),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, days, -1),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, member_points, -2),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, member_day_points, -2),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, threshold_amount, -1),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, threshold_amount, TG_AMOUNT_MAX + 1),
	CHANGE(CAMPAIGN, TG_BAD_FIELD, fixed_points, -1),
	CHANGE(CAMPAIGN, TG_OK, sponsor, 2),
	CHANGE(CAMPAIGN, TG_UNKNOWN_PARTNER, sponsor, 9),
	CHANGE(CAMPAIGN, TG_UNKNOWN_BUDGET, budget, 9),
	CHANGE(CAMPAIGN, TG_OK, usable_at, 2),
	CHANGE(CAMPAIGN, TG_UNKNOWN_PARTNER, usable_at, 9),
	CHANGE(CAMPAIGN, TG_OK, usable_at, USABLE_AT_STORE | 21),
	CHANGE(CAMPAIGN, TG_UNKNOWN_STORE, usable_at, USABLE_AT_STORE | 9),
	CHANGE(MULTIPLIER, TG_OK, rate_num, 3),
	CHANGE(MULTIPLIER, TG_BAD_FIELD, rate_num, 1),
	CHANGE(MULTIPLIER, TG_BAD_FIELD, rate_num, 1000001),
	CHANGE(MULTIPLIER, TG_BAD_FIELD, rate_den, 0),
	CHANGE(MULTIPLIER, TG_BAD_FIELD, fixed_points, 1),
	CHANGE(MULTIPLIER, TG_BAD_FIELD, flags, EARN_RULE_MULTIPLIER | EARN_RULE_RATE),
	CHANGE(EXCHANGE, TG_OK, flags, EARN_RULE_EXCHANGE_OUT),
	CHANGE(EXCHANGE, TG_BAD_FIELD, flags, EARN_RULE_EXCHANGE),
	CHANGE(EXCHANGE, TG_BAD_FIELD, flags, EARN_RULE_EXCHANGE_IN | EARN_RULE_EXCLUSIVE),
	CHANGE(EXCHANGE, TG_BAD_FIELD, number, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, partner, 0),
	CHANGE(EXCHANGE, TG_BAD_FIELD, store, 11),
	CHANGE(EXCHANGE, TG_BAD_FIELD, store_group, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, category_to, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, tender, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, fixed_points, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, sponsor, 2),
	CHANGE(EXCHANGE, TG_BAD_FIELD, sponsor_count, 2),
	CHANGE(EXCHANGE, TG_BAD_FIELD, days, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, usable_at, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, member_times, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, member_points, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, member_day_points, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, weekdays, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, from_minute, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, until_minute, 1),
	CHANGE(EXCHANGE, TG_BAD_FIELD, rate_num, 0),
	CHANGE(EXCHANGE, TG_BAD_FIELD, rate_den, 0),
	CHANGE(EXCHANGE, TG_BAD_FIELD, from_day, INT32_MAX),
	CHANGE(EXCHANGE, TG_BAD_FIELD, threshold_amount, -1),
	CHANGE(EXCHANGE, TG_OK, step, 100),
	CHANGE(JOINT, TG_BAD_FIELD, sponsor_count, 1),
	CHANGE(JOINT, TG_BAD_FIELD, sponsor_count, SPONSORS_MAX + 1),
	CHANGE(JOINT, TG_BAD_FIELD, sponsor, 1),
	CHANGE(JOINT, TG_BAD_FIELD, sponsors[0].weight, 0),
	CHANGE(JOINT, TG_BAD_FIELD, sponsors[1].weight, 1000001),
	CHANGE(JOINT, TG_BAD_FIELD, sponsors[1].partner, 1),
	CHANGE(JOINT, TG_UNKNOWN_PARTNER, sponsors[1].partner, 9),
};
/* clang-format on */

static struct ledger_request
sound_rule(const struct ledger_fixture *f, enum shape shape)
{
	static const uint32_t flags[SHAPES] = {
		[RATE] = EARN_RULE_RATE,
		[MULTIPLIER] = EARN_RULE_MULTIPLIER,
		[EXCHANGE] = EARN_RULE_EXCHANGE_IN,
	};
	struct ledger_request q = fixture_request(f, REQUEST_SET_EARN_RULE, "");

	q.principal = 0;
	q.earn_rule = (struct earn_rule){
		.number = shape == RATE || shape == EXCHANGE ? 0 : 7,
		.flags = flags[shape],
		.partner = 1,
		.from_day = INT32_MIN,
		.until_day = INT32_MAX - 1,
		.until_minute = MINUTES_PER_DAY,
		.weekdays = WEEKDAYS_ALL,
		.member_points = LIMIT_NONE,
		.member_day_points = LIMIT_NONE,
		.rate_num = 2,
		.rate_den = 1,
	};
	if (shape == JOINT) {
		q.earn_rule.sponsor_count = 2;
		q.earn_rule.sponsors[0] = (struct sponsor_share){ 1, 2 };
		q.earn_rule.sponsors[1] = (struct sponsor_share){ 2, 1 };
	}
	return q;
}

/* What: one thing that is wrong with a rule refuses it, with the status that says what.
 * How:  sound rules of each shape are taken; then each row's change. */
static void
one_wrong_thing_refuses_a_rule(void **state)
{
	struct ledger_fixture f;

	(void)state;
	fixture_init(&f);
	for (enum shape shape = RATE; shape < SHAPES; shape++) {
		struct ledger_request q = sound_rule(&f, shape);

		if (fixture_ask(&f, &q)->status != TG_OK)
			fail_msg("shape %d is not sound", (int)shape);
	}
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct ledger_request q = sound_rule(&f, changes[i].shape);
		uint32_t status;

		/* Little endian, as the whole of storage. */
		memcpy((uint8_t *)&q.earn_rule + changes[i].at, &changes[i].value,
		       changes[i].bytes);
		status = fixture_ask(&f, &q)->status;
		if (status != (uint32_t)changes[i].status)
			fail_msg("%s: %s", changes[i].claim,
				 tg_status_name((enum tg_status)status));
	}
	fixture_deinit(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_wrong_thing_refuses_a_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
