/*
 * test_funding_views.c - what MariaDB's views say of funding is what the ledger says.
 *
 * The history of the golden files is played through a ledger and the sink.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/ledger.h"
#include "storage/database.h"
#include "storage/runoff.h"
#include "tests/golden/golden_history.h"
#include "tests/mariadb.h"
#include "tests/storage/runoff_compare.h"
#include "tests/storage/sink_fixture.h"

struct views {
	struct sink_fixture *fixture;
	struct ledger *ledger;
	struct runoff *runoff;
	struct database *database;
	struct storage_error error;
};

/* A record is journalled, then applied, as the gateway does. */
static void
keep_record(void *context, const struct record *record)
{
	struct views *v = context;

	sink_fixture_add_record(v->fixture, record);
	assert_int_equal(runoff_add(v->runoff, record), TG_OK);
}

static void
take_cell(void *context, const struct database_cell *cells)
{
	*(int64_t *)context = database_cell_i64(&cells[0]);
}

static void __attribute__((format(printf, 3, 4)))
expect_number(struct views *v, int64_t expected, const char *format, ...)
{
	char sql[1000];
	int64_t found = INT64_MIN;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(sql, sizeof sql, format, arguments);
	va_end(arguments);
	if (database_query(v->database, sql, take_cell, &found, &v->error) != TG_OK)
		fail_msg("%s: %s", sql, v->error.text);
	if (found != expected)
		fail_msg("%s: %" PRId64 ", not %" PRId64, sql, found, expected);
}

static int64_t
account(const struct views *v, enum account account, uint32_t partner)
{
	return ledger_account_points(v->ledger, account, UNIT_POINTS, partner);
}

static void
expect_funding(struct views *v, uint32_t partner)
{
	const struct funding_state s = ledger_funding_state(v->ledger, partner);

	expect_number(v, s.cover_points,
		      "SELECT cover_points FROM partner_funding WHERE partner = %" PRIu32, partner);
	expect_number(v, s.used_points,
		      "SELECT used_points FROM partner_funding WHERE partner = %" PRIu32, partner);
	expect_number(v, s.left_points == LIMIT_NONE ? -1 : s.left_points,
		      "SELECT COALESCE(left_points, -1) FROM partner_funding"
		      " WHERE partner = %" PRIu32, partner);
}

/* What: the views of funding, run-off and the operator's accounts add up to the ledger's accounts.
 * How:  the golden history, with terms, blocks, stops, refunds, expiry and a debt written off. */
static void
views_add_up_to_the_ledger(void **state)
{
	struct views v = { .fixture = *state };
	struct ledger_limits limits = golden_limits();
	struct winddown_row *owing;
	uint32_t owing_count;
	int64_t members;

	v.ledger = ledger_new(&limits);
	v.runoff = runoff_new(1000000);
	assert_true(v.ledger != NULL && v.runoff != NULL);
	golden_play(v.ledger, keep_record, &v);
	sink_fixture_run(v.fixture);
	assert_int_equal(database_open(mariadb_config(v.fixture->server), &v.database, &v.error),
			 TG_OK);
	members = account(&v, ACCOUNT_AVAILABLE, 0) + account(&v, ACCOUNT_PENDING, 0) +
		  account(&v, ACCOUNT_HELD, 0);
	assert_true(members > 0 && account(&v, ACCOUNT_WRITTEN_OFF, 0) < 0);
	expect_funding(&v, 1);
	expect_funding(&v, 2);
	expect_number(&v, members, "SELECT SUM(outstanding_points) FROM run_off");
	expect_number(&v, 0, "SELECT COUNT(*) FROM point_outstanding"
			     " WHERE outstanding_points < 0 OR outstanding_points > points");
	expect_number(&v, members, "SELECT points FROM operator_account WHERE name = 'liability'");
	expect_number(&v, account(&v, ACCOUNT_BREAKAGE, 0),
		      "SELECT points FROM operator_account WHERE name = 'breakage'");
	expect_number(&v, -account(&v, ACCOUNT_WRITTEN_OFF, 0),
		      "SELECT points FROM operator_account WHERE name = 'written off'");
	expect_number(&v, -account(&v, ACCOUNT_WRITTEN_OFF, 0),
		      "SELECT SUM(points) FROM debt_written_off");
	expect_number(&v, members, "SELECT SUM(outstanding_points) FROM wind_down");
	expect_number(&v, 0, "SELECT SUM(owes_amount) FROM wind_down");
	/* What the console shows of them, out of records. */
	runoff_compare(v.runoff, v.database, &owing, &owing_count);
	free(owing);
	/* One price all the time, so the sums of a record's prices are the price of the sum. */
	expect_number(&v, 0, "SELECT COUNT(*) FROM partner_fee_day WHERE"
			     " issue_price_micro <> issued_points * 1000000 OR"
			     " fee_micro <> issued_points * 20000");
	database_close(v.database);
	runoff_free(v.runoff);
	ledger_free(v.ledger);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(views_add_up_to_the_ledger, sink_fixture_setup,
						sink_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, sink_fixture_group_setup, sink_fixture_group_teardown);
}
