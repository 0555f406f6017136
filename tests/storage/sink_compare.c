/*
 * sink_compare.c - are the tables what the records say?  Row by row, column by column.
 */
#include "tests/storage/sink_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/record.h"
#include "ledger/request.h"
#include "tests/storage/expected_text.h"
#include "tests/storage/sink_fixture.h"

#define NO_DATE (-354285)	/* 1000-01-01 */
#define LAST_DATE 2932896	/* 9999-12-31 */

/* Columns that are compared as they are, or as the number or digits behind them. */
static const char entry_sql[] =
	"SELECT business_date, sequence, line, kind, status, flags + 0, booked_at, partner,"
	" store, terminal, operator, origin, note, is_blocked, blocked_slot,"
	" HEX(transaction_id), HEX(fingerprint), business_time, member, other_member, amount,"
	" covered, points, base_points, bonus_points, bonus_sponsor, rule_version,"
	" rulebook_version, campaign, tender, channel, reason, till, till_day, receipt,"
	" HEX(original_id), original_time, HEX(original_burn_id), hold_deadline,"
	" captured_points, returned_money,"
	" returned_covered, taken_points, absorbed_points, debt_points, restored_points,"
	" restored_regular_points, lost_points, paid_debt_points, regular_last_day,"
	" available_after, reopened_sequence, config_number, next_business_date, clock,"
	" sweep_day, forget_count, posting_count, move_count, line_count, component_count FROM"
	" entry ORDER BY sequence, line";
static const char posting_sql[] =
	"SELECT business_date, sequence, line, account, unit, partner, points, is_test"
	" FROM posting ORDER BY sequence, line";
static const char move_sql[] =
	"SELECT business_date, sequence, line, kind + 0, flags + 0, member, slot, points, lot,"
	" last_day, matures_day, life_days, partner, usable_partner, usable_store, lot_flags,"
	" campaign"
	" FROM lot_move ORDER BY sequence, line";
static const char purchase_sql[] =
	"SELECT business_date, sequence, kind, is_test, partner, store, terminal, member,"
	" business_time, till, till_day, receipt, amount, covered, points, tender, channel,"
	" campaign, line_count, lines_amount FROM purchase ORDER BY sequence";
static const char line_sql[] =
	"SELECT business_date, sequence, line, item, category, quantity, amount"
	" FROM purchase_line ORDER BY sequence, line";
static const char day_sql[] =
	"SELECT business_date, next_business_date, closed_sequence, closed_at"
	" FROM business_day ORDER BY closed_sequence";

/* What the tables of history should hold. */
struct expectation {
	struct expected_table entries, postings, moves, purchases, lines, days;
};

static void
put_date(struct expected_line *line, int32_t business_date)
{
	line_day(line, business_date == DAY_NONE ? NO_DATE : business_date);
}

static void
put_last_day(struct expected_line *line, bool has, int32_t day)
{
	if (has)
		line_day(line, day == INT32_MAX ? LAST_DATE : day);
	else
		line_null(line);
}

static void
put_ms(struct expected_line *line, bool has, int64_t utc_ms)
{
	if (has && utc_ms != 0)
		line_ms(line, utc_ms);
	else
		line_null(line);
}

static void
put_day(struct expected_line *line, bool has, int32_t day)
{
	if (has)
		line_day(line, day);
	else
		line_null(line);
}

static bool
has_lines(const struct record *r)
{
	return RECORD_HAS(r, LINES) && r->status == TG_OK;
}

static bool
has_parts(const struct record *r)
{
	return RECORD_HAS(r, COMPONENTS) && r->status == TG_OK && r->kind != RECORD_REOPEN;
}

static uint32_t
number_set(const struct record *r)
{
	switch (r->kind) {
	case RECORD_PROGRAMME:
		return r->programme.version;
	case RECORD_PARTNER:
		return r->partner_image.number;
	case RECORD_RULE:
		return r->rule.version;
	case RECORD_STORE:
		return r->store_image.number;
	case RECORD_TERMINAL:
		return r->terminal_image.number;
	case RECORD_CYCLE:
	case RECORD_CYCLE_CLOSED:
		return r->cycle_image.partner;
	case RECORD_STATEMENT:
		return r->statement_partner;
	case RECORD_FUNDING:
		return r->funding.partner;
	case RECORD_FUND:
	case RECORD_UNFUND:
		return r->funded_partner;
	default:
		return 0;
	}
}

static void
put_request(struct expected_line *line, const struct record *r)
{
	const bool is_asked = RECORD_HAS(r, PRINCIPAL);
	const bool is_operator = RECORD_HAS(r, OPERATOR);
	const bool has_id = RECORD_HAS(r, TRANSACTION);
	const bool has_block = RECORD_HAS(r, BLOCK);

	line_u64_unless_0(line, is_asked, r->partner);
	line_u64_unless_0(line, is_asked, r->store);
	line_u64_unless_0(line, is_asked, r->terminal);
	line_text_unless_empty(line, is_operator, r->operator_name, OPERATOR_BYTES);
	line_text_unless_empty(line, is_operator, r->origin, ORIGIN_BYTES);
	line_text_unless_empty(line, RECORD_HAS(r, TEXT), r->text, r->text_bytes);
	line_i64_if(line, has_block, r->is_blocked);
	line_i64_if(line, has_block && r->block_target == BLOCK_IDENTIFIER, r->blocked_row);
	line_hex_unless_0(line, has_id, r->transaction_id);
	line_hex_unless_0(line, has_id, r->fingerprint);
	put_ms(line, has_id, r->business_time_utc_ms);
	line_u64_unless_0(line, RECORD_HAS(r, MEMBER), r->member);
	line_u64_unless_0(line, RECORD_HAS(r, OTHER), r->other_member);
}

static void
put_figures(struct expected_line *line, const struct record *r)
{
	const bool has_amount = RECORD_HAS(r, AMOUNT);
	const bool has_details = RECORD_HAS(r, DETAILS);
	const bool has_till = RECORD_HAS(r, TILL);
	const bool has_original = RECORD_HAS(r, ORIGINAL);

	line_i64_if(line, has_amount, r->amount);
	line_i64_if(line, has_details, r->covered);
	line_i64_if(line, has_amount, r->points);
	line_i64_if(line, has_details, r->base_points);
	line_i64_if(line, has_details, r->bonus_points);
	line_u64_unless_0(line, has_details, r->bonus_sponsor);
	line_u64_unless_0(line, has_amount, r->rule_version);
	line_u64_unless_0(line, RECORD_HAS(r, COMPONENTS), r->rulebook_version);
	line_u64_unless_0(line, has_details, r->campaign);
	line_u64_unless_0(line, has_details, r->tender);
	line_u64_unless_0(line, has_details, r->channel);
	line_u64_unless_0(line, has_details, r->reason);
	line_u64_unless_0(line, has_till, r->till);
	put_day(line, has_till && r->till_day != DAY_NONE, r->till_day);
	line_text_unless_empty(line, has_till, r->receipt, r->receipt_bytes);
	line_hex_unless_0(line, has_original, r->original_id);
	put_ms(line, has_original, r->original_time_utc_ms);
	line_hex_unless_0(line, has_original, r->original_burn_id);
}

static void
put_outcome(struct expected_line *line, const struct record *r)
{
	const bool has_hold = RECORD_HAS(r, HOLD);
	const bool has_refunded = RECORD_HAS(r, REFUNDED);
	const int64_t *figures[] = {
		&r->returned_money, &r->returned_covered, &r->taken_points, &r->absorbed_points,
		&r->debt_points, &r->restored_points, &r->restored_regular_points,
		&r->lost_points, &r->paid_debt_points,
	};

	put_ms(line, has_hold, r->hold_deadline_utc_ms);
	line_i64_if(line, has_hold, r->captured_points);
	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
		line_i64_if(line, has_refunded, *figures[i]);
	put_last_day(line, RECORD_HAS(r, REGULAR_DAY), r->regular_last_day);
	line_i64_if(line, RECORD_HAS(r, AFTER), r->available_points);
	line_u64_unless_0(line, RECORD_HAS(r, REOPENED), r->reopened_sequence);
	line_u64_unless_0(line, true, number_set(r));
	put_day(line, r->kind == RECORD_CUTOVER, r->next_business_date);
	put_ms(line, r->kind == RECORD_CLOCK, r->clock_utc_ms);
	put_day(line, r->kind == RECORD_SWEEP, r->sweep_day);
	line_i64_if(line, r->kind == RECORD_FORGET, r->forget_count);
}

static uint64_t
expect_moves(struct expectation *e, const struct record *r)
{
	uint64_t count = 0;

	for (uint32_t i = 0; RECORD_HAS(r, MOVES) && i < r->move_count; i++) {
		const struct move *m = &r->moves[i];
		const bool is_new = (m->flags & MOVE_NEW) != 0;
		const bool is_store = (m->usable_at & USABLE_AT_STORE) != 0;
		const bool is_cover = m->kind == MOVE_COVER;
		struct expected_line line = { .bytes = 0 };

		if (m->kind == MOVE_REGULAR || m->kind == MOVE_STOPPED)
			continue;
		put_date(&line, r->business_date);
		line_u64(&line, r->sequence);
		line_u64(&line, ++count);
		line_u64(&line, m->kind);
		line_u64(&line, m->flags);
		line_u64_unless_0(&line, RECORD_HAS(r, MEMBER),
				  (m->flags & MOVE_OF_OTHER) != 0 ? r->other_member : r->member);
		line_u64(&line, m->row);
		line_i64(&line, m->points);
		line_u64_unless_0(&line, is_new || is_cover, m->serial);
		put_last_day(&line, is_new && (m->kind == MOVE_LOT || m->kind == MOVE_PORTION),
			     m->last_day);
		put_last_day(&line, is_new && (m->kind == MOVE_PENDING || m->kind == MOVE_DEBT),
			     m->matures_day);
		line_i64_if(&line, is_new && m->kind == MOVE_PENDING, m->life_days);
		line_u64_unless_0(&line, is_new || m->kind != MOVE_DEBT, m->partner);
		line_u64_unless_0(&line, is_new && !is_store, m->usable_at);
		line_i64_if(&line, is_new && is_store, m->usable_at & 0x7fffffff);
		line_i64_if(&line, is_new, m->lot_flags);
		line_u64_unless_0(&line, is_new, m->campaign);
		expected_add(&e->moves, &line);
	}
	return count;
}

static void
expect_postings(struct expectation *e, const struct record *r)
{
	for (uint32_t i = 0; RECORD_HAS(r, POSTINGS) && i < r->posting_count; i++) {
		const struct posting *p = &r->postings[i];
		struct expected_line line = { .bytes = 0 };

		put_date(&line, r->business_date);
		line_u64(&line, r->sequence);
		line_u64(&line, i + 1);
		line_u64(&line, p->account);
		line_u64(&line, p->unit);
		line_u64(&line, p->partner);
		line_i64(&line, p->points);
		line_u64(&line, (r->flags & RECORD_TEST) != 0);
		expected_add(&e->postings, &line);
	}
}

/* The lines of the receipt; returns the sum of their amounts. */
static int64_t
expect_lines(struct expectation *e, const struct record *r)
{
	struct purchase_line one;
	size_t offset = 0;
	uint64_t count = 0;
	int64_t sum = 0;

	while (record_line_next(r, &offset, &one)) {
		struct expected_line line = { .bytes = 0 };

		put_date(&line, r->business_date);
		line_u64(&line, r->sequence);
		line_u64(&line, ++count);
		line_text(&line, one.item, one.item_bytes);
		line_u64(&line, one.category);
		line_u64(&line, one.quantity);
		line_i64(&line, one.amount);
		expected_add(&e->lines, &line);
		sum += one.amount;
	}
	return sum;
}

static void
expect_purchase(struct expectation *e, const struct record *r)
{
	struct expected_line line = { .bytes = 0 };

	put_date(&line, r->business_date);
	line_u64(&line, r->sequence);
	line_u64(&line, r->kind);
	line_u64(&line, (r->flags & RECORD_TEST) != 0);
	line_u64_unless_0(&line, true, r->partner);
	line_u64_unless_0(&line, true, r->store);
	line_u64_unless_0(&line, true, r->terminal);
	line_u64(&line, r->member);
	line_ms(&line, r->business_time_utc_ms);
	line_u64_unless_0(&line, true, r->till);
	put_day(&line, r->till_day != DAY_NONE, r->till_day);
	line_text_unless_empty(&line, true, r->receipt, r->receipt_bytes);
	line_i64(&line, r->amount);
	line_i64(&line, r->covered);
	line_i64(&line, r->points);
	line_u64_unless_0(&line, true, r->tender);
	line_u64_unless_0(&line, true, r->channel);
	line_u64_unless_0(&line, true, r->campaign);
	line_u64(&line, r->line_count);
	line_i64(&line, expect_lines(e, r));
	expected_add(&e->purchases, &line);
}

static void
expect_day(struct expectation *e, const struct record *r)
{
	struct expected_line line = { .bytes = 0 };

	if (r->business_date == DAY_NONE)
		return;
	line_day(&line, r->business_date);
	line_day(&line, r->next_business_date);
	line_u64(&line, r->sequence);
	line_ms(&line, r->booked_at_utc_ms);
	expected_add(&e->days, &line);
}

static void
expect(void *context, const struct record *r)
{
	struct expectation *e = context;
	struct expected_line line = { .bytes = 0 };

	put_date(&line, r->business_date);
	line_u64(&line, r->sequence);
	line_u64(&line, 0);
	line_u64(&line, r->kind);
	line_u64(&line, r->status);
	line_u64(&line, r->flags);
	line_ms(&line, r->booked_at_utc_ms);
	put_request(&line, r);
	put_figures(&line, r);
	put_outcome(&line, r);
	line_u64(&line, RECORD_HAS(r, POSTINGS) ? r->posting_count : 0);
	line_u64(&line, expect_moves(e, r));
	line_u64(&line, has_lines(r) ? r->line_count : 0);
	line_u64(&line, has_parts(r) ? r->component_count : 0);
	expected_add(&e->entries, &line);
	expect_postings(e, r);
	if (has_lines(r))
		expect_purchase(e, r);
	if (r->kind == RECORD_CUTOVER)
		expect_day(e, r);
}

void
sink_compare_each(const struct made_records *made,
		  void (*expect_record)(void *context, const struct record *record), void *context)
{
	struct record *record = malloc(sizeof *record);
	size_t length;

	assert_non_null(record);
	for (size_t i = 0; i < made->count; i++) {
		assert_int_equal(record_decode(made->bytes[i], made->bytes_counts[i], record,
					       &length), TG_OK);
		expect_record(context, record);
	}
	free(record);
}

static void
on_check(void *context, const struct database_cell *cells)
{
	(void)context;
	if (strcmp(cells[1].text, "0") != 0)
		fail_msg("%s has %s findings", cells[0].text, cells[1].text);
}

static void
compare_history(struct database *database, const struct made_records *made)
{
	struct expectation *e = calloc(1, sizeof *e);

	assert_true(e != NULL);
	sink_compare_each(made, expect, e);
	expected_compare(&e->entries, database, "entry", entry_sql);
	expected_compare(&e->postings, database, "posting", posting_sql);
	expected_compare(&e->moves, database, "lot_move", move_sql);
	expected_compare(&e->purchases, database, "purchase", purchase_sql);
	expected_compare(&e->lines, database, "purchase_line", line_sql);
	expected_compare(&e->days, database, "business_day", day_sql);
	free(e);
}

void
sink_compare(const struct database_config *config, const struct made_records *made)
{
	struct database *database;
	struct storage_error error;

	if (database_open(config, &database, &error) != TG_OK)
		fail_msg("%s", error.text);
	compare_history(database, made);
	sink_compare_images(database, made);
	sink_compare_settlement(database, made);
	sink_compare_matters(database, made);
	sink_compare_rulebook(database, made);
	if (database_query(database, "SELECT * FROM check_all", on_check, NULL, &error) != TG_OK)
		fail_msg("%s", error.text);
	database_close(database);
}
