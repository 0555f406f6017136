/*
 * run_runoff.c - points outstanding by issuer and month of issue, and what each partner would owe.
 *
 * Read from the journal and its archive, as the views run_off and wind_down read MariaDB's tables:
 * the ledger keeps no issuer of regular points.  It takes as long as reading does, and memory for
 * each issue; past a bound it is left to MariaDB.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "admin/ask.h"
#include "admin/handlers.h"
#include "admin/text_table.h"
#include "ledger/calendar.h"
#include "ledger/request.h"
#include "storage/runoff.h"

/* Some 250 MB in the gateway, while the command runs. */
#define ISSUES_MAX UINT64_C(4000000)

static enum tg_status
add_record(void *context, const struct record *record)
{
	return runoff_add(context, record);
}

/* "2024-04"; "-" for what was issued before the first business date. */
static void
print_month(struct text_table *table, int32_t month_day)
{
	struct civil_date date;

	if (month_day == DAY_NONE) {
		text_table_cell(table, "-");
		return;
	}
	date = calendar_date(month_day);
	text_table_cell(table, "%04d-%02d", (int)date.year, (int)date.month);
}

static void
print_issuer(struct text_table *table, uint32_t issuer)
{
	if (issuer == 0)
		text_table_cell(table, "operator");
	else
		text_table_cell(table, "%" PRIu32, issuer);
}

/* partner: 0 for all. */
static void
print_runoff(struct command_call *call, const struct runoff_row *rows, uint32_t count,
	     uint64_t partner, uint64_t last)
{
	static const char *const titles[] = { ">issuer", "month", ">issued", ">outstanding",
					      ">members" };
	struct text_table table;
	int64_t outstanding = 0;

	text_table_init(&table, call->out, titles, 5);
	for (uint32_t i = 0; i < count; i++) {
		if (partner != 0 && rows[i].issuer != partner)
			continue;
		print_issuer(&table, rows[i].issuer);
		print_month(&table, rows[i].month_day);
		text_table_cell(&table, "%" PRId64, rows[i].issued_points);
		text_table_cell(&table, "%" PRId64, rows[i].outstanding_points);
		text_table_cell(&table, "%" PRIu64, rows[i].members);
		outstanding += rows[i].outstanding_points;
	}
	text_table_end(&table);
	command_done(call, "outstanding=%" PRId64 " record=%" PRIu64, outstanding, last);
}

/* Whole minor units of money, rounded down. */
static void
print_money(struct text_table *table, __int128 micro)
{
	text_table_cell(table, "%" PRId64, (int64_t)(micro / 1000000));
}

static void
print_winddown(struct command_call *call, const struct winddown_row *rows, uint32_t count,
	       uint64_t last)
{
	static const char *const titles[] = { ">issuer", ">outstanding", ">worth", ">owes",
					      ">unused cover" };
	struct text_table table;
	int64_t outstanding = 0;
	int64_t owed = 0;

	text_table_init(&table, call->out, titles, 5);
	for (uint32_t i = 0; i < count; i++) {
		print_issuer(&table, rows[i].issuer);
		text_table_cell(&table, "%" PRId64, rows[i].outstanding_points);
		print_money(&table, rows[i].worth_micro);
		text_table_cell(&table, "%" PRId64, rows[i].owes_amount);
		text_table_cell(&table, "%" PRId64, rows[i].cover_points);
		outstanding += rows[i].outstanding_points;
		owed += rows[i].owes_amount;
	}
	text_table_end(&table);
	command_done(call, "outstanding=%" PRId64 " owed=%" PRId64 " record=%" PRIu64, outstanding,
		     owed, last);
}

static enum tg_status
print_all(struct command_call *call, const struct runoff *runoff, bool is_winddown,
	  uint64_t partner, uint64_t last)
{
	struct runoff_row *rows;
	struct winddown_row *owing = NULL;
	uint32_t count, owing_count = 0;
	enum tg_status status = runoff_list(runoff, &rows, &count);

	if (status != TG_OK)
		return status;
	if (is_winddown)
		status = runoff_wind_down(runoff, rows, count, &owing, &owing_count);
	if (status == TG_OK && is_winddown)
		print_winddown(call, owing, owing_count, last);
	else if (status == TG_OK)
		print_runoff(call, rows, count, partner, last);
	free(owing);
	free(rows);
	return status;
}

static void
show(struct command_call *call, bool is_winddown, uint64_t partner)
{
	const uint64_t last = call->host->durable_sequence(call->host->context);
	struct runoff *runoff = runoff_new(ISSUES_MAX);
	enum tg_status status = TG_NO_MEMORY;

	if (runoff != NULL)
		status = ask_records(call, last, add_record, runoff);
	if (status == TG_OK)
		status = print_all(call, runoff, is_winddown, partner, last);
	if (status == TG_NO_MEMORY)
		command_fail(call, "too many issues for the gateway's memory: "
				   "MariaDB has the views run_off and wind_down");
	else if (status != TG_OK)
		ask_fail(call, status);
	runoff_free(runoff);
}

void
run_show_runoff(struct command_call *call)
{
	uint64_t partner = 0;

	if (call->argument_count > 0 &&
	    !ask_number(call, call->arguments[0], 1, INT32_MAX, &partner))
		return;
	show(call, false, partner);
}

void
run_show_winddown(struct command_call *call)
{
	show(call, true, 0);
}
