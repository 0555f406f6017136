/*
 * runoff_compare.c - row by row, by what each says.
 */
#include "tests/storage/runoff_compare.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/request.h"

static void
take_cell(void *context, const struct database_cell *cells)
{
	*(uint64_t *)context = database_cell_u64(&cells[0]);
}

static void __attribute__((format(printf, 3, 4)))
expect_count(struct database *database, uint64_t expected, const char *format, ...)
{
	struct storage_error error;
	char sql[1000];
	uint64_t found = UINT64_MAX;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(sql, sizeof sql, format, arguments);
	va_end(arguments);
	if (database_query(database, sql, take_cell, &found, &error) != TG_OK)
		fail_msg("%s: %s", sql, error.text);
	if (found != expected)
		fail_msg("%s: %" PRIu64 ", not %" PRIu64, sql, found, expected);
}

/* Rows are asked for one by one, and the view reads every posting. */
static void
keep_view(struct database *database, const char *view)
{
	struct storage_error error;
	char sql[200];

	(void)snprintf(sql, sizeof sql, "CREATE TEMPORARY TABLE kept_%s AS SELECT * FROM %s", view,
		       view);
	if (database_run(database, sql, NULL, &error) != TG_OK)
		fail_msg("%s: %s", sql, error.text);
}

void
runoff_compare(const struct runoff *runoff, struct database *database,
	       struct winddown_row **ret_rows, uint32_t *ret_count)
{
	struct runoff_row *rows;
	uint32_t count;

	assert_int_equal(runoff_list(runoff, &rows, &count), TG_OK);
	assert_int_equal(runoff_wind_down(runoff, rows, count, ret_rows, ret_count), TG_OK);
	assert_true(count > 0 && *ret_count > 0);
	keep_view(database, "run_off");
	keep_view(database, "wind_down");
	expect_count(database, count, "SELECT COUNT(*) FROM kept_run_off");
	expect_count(database, *ret_count, "SELECT COUNT(*) FROM kept_wind_down");
	for (uint32_t i = 0; i < count; i++)
		expect_count(database, 1,
			     "SELECT COUNT(*) FROM kept_run_off WHERE issuer = %" PRIu32
			     " AND issued_month = IF(%d, '1000-01-01', DATE '1970-01-01'"
			     " + INTERVAL %" PRId32 " DAY) AND issued_points = %" PRId64
			     " AND outstanding_points = %" PRId64 " AND members = %" PRIu64,
			     rows[i].issuer, rows[i].month_day == DAY_NONE,
			     rows[i].month_day == DAY_NONE ? 0 : rows[i].month_day,
			     rows[i].issued_points, rows[i].outstanding_points, rows[i].members);
	for (uint32_t i = 0; i < *ret_count; i++) {
		const struct winddown_row *row = &(*ret_rows)[i];

		expect_count(database, 1,
			     "SELECT COUNT(*) FROM kept_wind_down WHERE issuer = %" PRIu32
			     " AND outstanding_points = %" PRId64 " AND cover_points = %" PRId64
			     " AND worth_micro = %" PRId64 " AND owes_amount = %" PRId64,
			     row->issuer, row->outstanding_points, row->cover_points,
			     (int64_t)row->worth_micro, row->owes_amount);
	}
	free(rows);
}
