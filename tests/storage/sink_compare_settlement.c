/*
 * sink_compare_settlement.c - are the tables of settlement what the records said?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/record.h"
#include "ledger/request.h"
#include "tests/storage/expected_text.h"
#include "tests/storage/sink_compare.h"
#include "tests/storage/sink_fixture.h"

#define NO_DATE (-354285)	/* 1000-01-01 */
#define STATEMENTS_EACH 1000000 /* cycles of a partner are numbered below this */
#define DAYS_EACH 1000000

static const char cycle_sql[] =
	"SELECT partner, last_sequence, period + 0, ends_on, calendar, flags + 0, minimum_amount,"
	" open_cycle, open_first_date, open_last_date FROM settlement_cycle ORDER BY partner";
static const char holiday_sql[] = "SELECT calendar, holiday_date, last_sequence, is_rest"
				  " FROM holiday ORDER BY calendar, holiday_date";
static const char closed_sql[] =
	"SELECT partner, cycle, first_date, last_date, closed_sequence, closed_at, is_traced,"
	" issued_num, issued_den, redeemed_num, redeemed_den, minimum_amount FROM closed_cycle"
	" ORDER BY closed_sequence";
static const char state_sql[] = "SELECT partner, cycle, last_sequence, state + 0, changed_at"
				" FROM statement_state ORDER BY partner, cycle";
static const char item_sql[] = "SELECT business_date, sequence, partner, other, amount, about,"
			       " points FROM settlement_item ORDER BY sequence";

struct settlement {
	struct expected_table cycles, holidays, closed, states, items;
};

static void
put_first_day(struct expected_line *line, int32_t day)
{
	if (day == DAY_NONE)
		line_null(line);
	else
		line_day(line, day);
}

static void
expect_cycle(struct settlement *s, const struct record *r)
{
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, r->cycle_image.partner);
	line_u64(&line, r->sequence);
	line_u64(&line, r->cycle_image.period);
	line_u64(&line, r->cycle_image.ends_on);
	line_u64_unless_0(&line, true, r->cycle_image.calendar);
	line_u64(&line, r->cycle_image.flags);
	line_i64(&line, r->cycle_image.minimum_amount);
	line_u64(&line, r->cycle_open.number);
	put_first_day(&line, r->cycle_open.first_day);
	line_day(&line, r->cycle_open.last_day);
	expected_set(&s->cycles, r->cycle_image.partner, &line);
}

static void
expect_holiday(struct settlement *s, const struct record *r)
{
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, r->holiday.calendar);
	line_day(&line, r->holiday.day);
	line_u64(&line, r->sequence);
	line_u64(&line, r->holiday.is_rest);
	expected_set(&s->holidays,
		     (uint64_t)r->holiday.calendar * DAYS_EACH + (uint64_t)r->holiday.day, &line);
}

static void
expect_state(struct settlement *s, const struct record *r, uint32_t partner, uint32_t cycle,
	     uint32_t state)
{
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, partner);
	line_u64(&line, cycle);
	line_u64(&line, r->sequence);
	line_u64(&line, state);
	line_ms(&line, r->booked_at_utc_ms);
	expected_set(&s->states, (uint64_t)partner * STATEMENTS_EACH + cycle, &line);
}

static void
expect_closed(struct settlement *s, const struct record *r)
{
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, r->closed.partner);
	line_u64(&line, r->closed.number);
	put_first_day(&line, r->closed.first_day);
	line_day(&line, r->closed.last_day);
	line_u64(&line, r->sequence);
	line_ms(&line, r->booked_at_utc_ms);
	line_u64(&line, r->terms.is_traced);
	line_i64(&line, r->terms.issued_num);
	line_i64(&line, r->terms.issued_den);
	line_i64(&line, r->terms.redeemed_num);
	line_i64(&line, r->terms.redeemed_den);
	line_i64(&line, r->terms.minimum_amount);
	expected_add(&s->closed, &line);
	expect_state(s, r, r->closed.partner, r->closed.number, 1);
}

static void
expect_item(struct settlement *s, const struct record *r)
{
	struct expected_line line = { .bytes = 0 };

	line_day(&line, r->business_date == DAY_NONE ? NO_DATE : r->business_date);
	line_u64(&line, r->sequence);
	line_u64(&line, r->item.partner);
	line_u64(&line, r->item.other);
	line_i64(&line, r->item.amount);
	line_u64_unless_0(&line, true, r->item.about);
	line_i64_if(&line, RECORD_HAS(r, FUNDED),
		    r->kind == RECORD_FUND ? r->funded_points : -r->funded_points);
	expected_add(&s->items, &line);
}

static void
expect(void *context, const struct record *r)
{
	struct settlement *s = context;

	if (r->kind == RECORD_CYCLE || r->kind == RECORD_CYCLE_CLOSED)
		expect_cycle(s, r);
	if (r->kind == RECORD_HOLIDAY)
		expect_holiday(s, r);
	if (r->kind == RECORD_CYCLE_CLOSED)
		expect_closed(s, r);
	if (r->kind == RECORD_STATEMENT)
		expect_state(s, r, r->statement_partner, r->statement_cycle, r->statement_state);
	if (RECORD_HAS(r, ITEM))
		expect_item(s, r);
}

void
sink_compare_settlement(struct database *database, const struct made_records *made)
{
	struct settlement s = { 0 };

	sink_compare_each(made, expect, &s);
	expected_compare(&s.cycles, database, "settlement_cycle", cycle_sql);
	expected_compare(&s.holidays, database, "holiday", holiday_sql);
	expected_compare(&s.closed, database, "closed_cycle", closed_sql);
	expected_compare(&s.states, database, "statement_state", state_sql);
	expected_compare(&s.items, database, "settlement_item", item_sql);
}
