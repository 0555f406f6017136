/*
 * test_settlement.c - cycles of partners, their ends, and what becomes of their statements.  The
 * fixture replays every record on a twin, and decides all again on other rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/calendar.h"
#include "tests/ledger/fixture.h"

#define DAY_MS INT64_C(86400000)
#define CALENDAR 7

static int
setup(void **state)
{
	static struct ledger_fixture fixture;

	fixture_init(&fixture); /* Monday 2024-04-01 */
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	fixture_audit(*state);
	fixture_deinit(*state);
	return 0;
}

static int32_t
day(int32_t year, int32_t month, int32_t of_month)
{
	return calendar_day((struct civil_date){ year, month, of_month });
}

static struct ledger_request
order(const struct ledger_fixture *f, uint8_t kind)
{
	struct ledger_request q = fixture_request(f, kind, "");

	q.principal = 0;
	q.text_bytes = 3;
	memcpy(q.text, "why", 3);
	return q;
}

static enum tg_status
set_cycle(struct ledger_fixture *f, const struct cycle_config *config)
{
	struct ledger_request q = order(f, REQUEST_SET_CYCLE);

	q.cycle_image = *config;
	return (enum tg_status)fixture_ask(f, &q)->status;
}

static enum tg_status
close_cycle(struct ledger_fixture *f, uint32_t partner)
{
	struct ledger_request q = order(f, REQUEST_CLOSE_CYCLE);

	q.cycle_image.partner = partner;
	return (enum tg_status)fixture_ask(f, &q)->status;
}

static enum tg_status
set_statement(struct ledger_fixture *f, uint32_t partner, uint32_t cycle, uint8_t state)
{
	struct ledger_request q = order(f, REQUEST_SET_STATEMENT);

	q.partner = partner;
	q.statement_cycle = cycle;
	q.statement_state = state;
	return (enum tg_status)fixture_ask(f, &q)->status;
}

static void
set_holiday(struct ledger_fixture *f, int32_t holiday, uint32_t is_rest)
{
	struct ledger_request q = order(f, REQUEST_SET_HOLIDAY);

	q.holiday = (struct holiday){ .calendar = CALENDAR, .day = holiday, .is_rest = is_rest };
	assert_int_equal(fixture_ask(f, &q)->status, TG_OK);
}

/* End so many business dates, each at its end. */
static void
end_days(struct ledger_fixture *f, int32_t count)
{
	for (int32_t i = 0; i < count; i++) {
		struct ledger_request q = { .kind = REQUEST_CUTOVER };

		fixture_set_time(f, f->now.utc_ms + DAY_MS);
		assert_int_equal(fixture_ask(f, &q)->status, TG_OK);
		fixture_tick(f);
	}
}

static void
expect_open(struct ledger_fixture *f, uint32_t partner, uint32_t number, int32_t first,
	    int32_t last)
{
	struct cycle open;

	assert_non_null(ledger_cycle_find(f->ledger, partner, &open));
	assert_int_equal(open.number, number);
	assert_int_equal(open.first_day, first);
	assert_int_equal(open.last_day, last);
}

/* What: a weekly cycle ends on its day, a monthly one on its day or the month's last, and the next
 *       one begins with the day after.
 * How:  two partners over two months, day by day. */
static void
cycles_end_on_their_days(void **state)
{
	struct ledger_fixture *f = *state;
	const struct cycle_config weekly = { .partner = 1, .period = CYCLE_WEEKLY, .ends_on = 7 };
	const struct cycle_config monthly = { .partner = 2, .period = CYCLE_MONTHLY,
					      .ends_on = 31 };

	assert_int_equal(set_cycle(f, &monthly), TG_OK);
	assert_int_equal(set_cycle(f, &weekly), TG_OK);
	expect_open(f, 1, 1, DAY_NONE, day(2024, 4, 7));
	expect_open(f, 2, 1, DAY_NONE, day(2024, 4, 30));
	end_days(f, 6);
	expect_open(f, 1, 1, DAY_NONE, day(2024, 4, 7));
	end_days(f, 1);
	expect_open(f, 1, 2, day(2024, 4, 8), day(2024, 4, 14));
	assert_int_equal(ledger_statement_state(f->ledger, 1, 1), STATEMENT_CLOSED);
	assert_int_equal(ledger_statement_state(f->ledger, 1, 2), 0);
	end_days(f, 23);
	expect_open(f, 1, 5, day(2024, 4, 29), day(2024, 5, 5));
	expect_open(f, 2, 2, day(2024, 5, 1), day(2024, 5, 31));
	assert_int_equal(ledger_statement_state(f->ledger, 2, 1), STATEMENT_CLOSED);
}

/* What: no cycle ends on a holiday or a weekend that rests: it goes on to the next day.
 * How:  a daily cycle over a weekend and a holiday, which ends to be one for the cycle after. */
static void
cycles_go_on_over_holidays(void **state)
{
	struct ledger_fixture *f = *state;
	const struct cycle_config daily = { .partner = 1, .period = CYCLE_DAILY,
					    .calendar = CALENDAR,
					    .flags = CYCLE_SATURDAY_RESTS | CYCLE_SUNDAY_RESTS };

	set_holiday(f, day(2024, 4, 8), 1);
	set_holiday(f, day(2024, 4, 10), 1);
	assert_int_equal(set_cycle(f, &daily), TG_OK);
	end_days(f, 5); /* Monday to Friday, each its own */
	expect_open(f, 1, 6, day(2024, 4, 6), day(2024, 4, 9));
	set_holiday(f, day(2024, 4, 10), 0);
	end_days(f, 4);
	expect_open(f, 1, 7, day(2024, 4, 10), day(2024, 4, 10));
}

/* What: a changed setting counts from the next cycle on; an order closes the open one at once, with
 *       whole business dates only; both name what is wrong.
 * How:  a monthly cycle made daily, closed in its middle, and closed again at once. */
static void
cycle_is_changed_and_closed_by_order(void **state)
{
	struct ledger_fixture *f = *state;
	struct cycle_config config = { .partner = 1, .period = CYCLE_MONTHLY, .ends_on = 31 };
	struct cycle_config wrong = { .partner = 1, .period = CYCLE_WEEKLY, .ends_on = 8 };

	assert_int_equal(close_cycle(f, 1), TG_NO_CYCLE);
	assert_int_equal(set_cycle(f, &wrong), TG_BAD_FIELD);
	wrong.partner = 99;
	assert_int_equal(set_cycle(f, &wrong), TG_UNKNOWN_PARTNER);
	assert_int_equal(set_cycle(f, &config), TG_OK);
	config.period = CYCLE_DAILY;
	config.ends_on = 0;
	assert_int_equal(set_cycle(f, &config), TG_OK);
	expect_open(f, 1, 1, DAY_NONE, day(2024, 4, 30));
	end_days(f, 3);
	assert_int_equal(close_cycle(f, 1), TG_OK);
	expect_open(f, 1, 2, day(2024, 4, 4), day(2024, 4, 4));
	assert_int_equal(close_cycle(f, 1), TG_CYCLE_EMPTY);
}

/* What: a gateway that was down over many cut-offs closes every cycle that ended meanwhile.
 * How:  forty cut-offs without a tick between, then ticks. */
static void
missed_cycles_are_closed_one_by_one(void **state)
{
	struct ledger_fixture *f = *state;
	const struct cycle_config daily = { .partner = 1, .period = CYCLE_DAILY };
	const struct cycle_config weekly = { .partner = 2, .period = CYCLE_WEEKLY, .ends_on = 7 };

	assert_int_equal(set_cycle(f, &daily), TG_OK);
	assert_int_equal(set_cycle(f, &weekly), TG_OK);
	for (int i = 0; i < 40; i++) {
		struct ledger_request q = { .kind = REQUEST_CUTOVER };

		fixture_set_time(f, f->now.utc_ms + DAY_MS);
		assert_int_equal(fixture_ask(f, &q)->status, TG_OK);
	}
	fixture_tick(f);
	expect_open(f, 1, 41, day(2024, 5, 11), day(2024, 5, 11));
	expect_open(f, 2, 6, day(2024, 5, 6), day(2024, 5, 12));
}

/* What: a statement goes through its states one way only, and old ones are let go.
 * How:  every state from every other; more cycles than are kept. */
static void
statements_have_states(void **state)
{
	struct ledger_fixture *f = *state;
	const struct cycle_config daily = { .partner = 1, .period = CYCLE_DAILY };

	assert_int_equal(set_cycle(f, &daily), TG_OK);
	end_days(f, 3);
	assert_int_equal(set_statement(f, 1, 4, STATEMENT_PAID), TG_UNKNOWN_STATEMENT);
	assert_int_equal(set_statement(f, 1, 1, STATEMENT_CLOSED), TG_BAD_FIELD);
	assert_int_equal(set_statement(f, 1, 1, STATEMENT_ACKNOWLEDGED), TG_OK);
	assert_int_equal(set_statement(f, 1, 1, STATEMENT_ACKNOWLEDGED), TG_STATEMENT_STATE);
	assert_int_equal(set_statement(f, 1, 1, STATEMENT_DISPUTED), TG_OK);
	assert_int_equal(set_statement(f, 1, 1, STATEMENT_PAID), TG_OK);
	assert_int_equal(set_statement(f, 1, 1, STATEMENT_DISPUTED), TG_STATEMENT_STATE);
	assert_int_equal(set_statement(f, 1, 2, STATEMENT_PAID), TG_OK);
	assert_int_equal(ledger_statement_state(f->ledger, 1, 1), STATEMENT_PAID);
	end_days(f, 62);
	assert_int_equal(ledger_statement_state(f->ledger, 1, 1), 0);
	assert_int_equal(ledger_statement_state(f->ledger, 1, 2), STATEMENT_PAID);
	assert_int_equal(set_statement(f, 1, 1, STATEMENT_PAID), TG_UNKNOWN_STATEMENT);
}

/* What: an item is between partners that are settled, or one of them and the operator, with a
 *       reason.
 * How:  each that is not is refused. */
static void
items_need_parties_and_a_reason(void **state)
{
	struct ledger_fixture *f = *state;
	const struct cycle_config daily = { .partner = 1, .period = CYCLE_DAILY };
	struct ledger_request q = order(f, REQUEST_ADD_ITEM);

	q.item = (struct settlement_item){ .partner = 1, .other = 0, .amount = 500 };
	assert_int_equal(fixture_ask(f, &q)->status, TG_NO_CYCLE);
	assert_int_equal(set_cycle(f, &daily), TG_OK);
	assert_int_equal(fixture_ask(f, &q)->status, TG_OK);
	q.item.other = 2;
	assert_int_equal(fixture_ask(f, &q)->status, TG_NO_CYCLE);
	q.item.other = 1;
	assert_int_equal(fixture_ask(f, &q)->status, TG_BAD_FIELD);
	q.item = (struct settlement_item){ .partner = 1, .other = 0, .amount = 0 };
	assert_int_equal(fixture_ask(f, &q)->status, TG_BAD_FIELD);
	q.item.amount = -1;
	q.text_bytes = 0;
	assert_int_equal(fixture_ask(f, &q)->status, TG_MISSING_FIELD);
}

/* What: who pays for a point is decided once: else one would be paid for twice.
 * How:  the flag of the programme, set later. */
static void
model_of_funding_stays(void **state)
{
	struct ledger_fixture *f = *state;
	struct ledger_request q = order(f, REQUEST_SET_PROGRAMME);

	q.programme = fixture_programme();
	q.programme.flags |= PROGRAMME_TRACED;
	assert_int_equal(fixture_ask(f, &q)->status, TG_BAD_FIELD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cycles_end_on_their_days, setup, teardown),
		cmocka_unit_test_setup_teardown(cycles_go_on_over_holidays, setup, teardown),
		cmocka_unit_test_setup_teardown(cycle_is_changed_and_closed_by_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(missed_cycles_are_closed_one_by_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(statements_have_states, setup, teardown),
		cmocka_unit_test_setup_teardown(items_need_parties_and_a_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(model_of_funding_stays, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
