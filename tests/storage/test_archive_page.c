/*
 * test_archive_page.c - entries of MariaDB page by page: all of them, in order, each once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/archive_page.h"
#include "tests/storage/sink_fixture.h"

#define RECORDS 600
#define PARTNER 2
#define TIMEOUT_MS 20000

/* What is asked, and what of it came. */
struct paging {
	struct archive_query *query;
	struct archive_page_question question;
	struct archived_page *page;
	uint64_t sequences[RECORDS];
	uint32_t count;
};

static void
paging_init(struct paging *p, struct sink_fixture *f)
{
	memset(p, 0, sizeof *p);
	p->query = archive_query_new(mariadb_config(f->server), 0);
	p->page = calloc(1, sizeof *p->page);
	assert_non_null(p->query);
	assert_non_null(p->page);
	p->question.partner = PARTNER;
	p->question.rows_max = TG_HISTORY_MAX;
	p->question.timeout_ms = TIMEOUT_MS;
}

static void
paging_deinit(struct paging *p)
{
	archive_query_free(p->query);
	free(p->page);
}

static void
ask(struct paging *p)
{
	struct storage_error error = { .text = "" };

	if (archive_query_page(p->query, &p->question, p->page, &error) != TG_OK)
		fail_msg("%s", error.text);
}

/* The record with that sequence, as it was made. */
static void
made(struct sink_fixture *f, uint64_t sequence, struct record *ret_record)
{
	size_t used;

	assert_int_equal(record_decode(f->made.bytes[sequence - 1],
				       f->made.bytes_counts[sequence - 1], ret_record, &used),
			 TG_OK);
}

/* Is the record one that the question asks for? */
static bool
is_asked(const struct paging *p, const struct record *r)
{
	if (!RECORD_HAS(r, PRINCIPAL) || r->partner != p->question.partner ||
	    r->kind == RECORD_REOPEN)
		return false;
	if (p->question.member != 0)
		return RECORD_HAS(r, MEMBER) && r->member == p->question.member;
	return r->business_date == p->question.business_date;
}

/* Is it text that a table keeps as it is?  Records made up have other bytes, too. */
static bool
is_plain(const uint8_t *text, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	}
	return bytes > 0;
}

/* A row says what its record does. */
static void
assert_row(const struct tg_history *row, const struct record *r)
{
	bool has_amount = RECORD_HAS(r, AMOUNT);
	bool has_till = RECORD_HAS(r, TILL);

	assert_int_equal(row->kind, r->kind);
	assert_int_equal(row->status, r->status);
	assert_int_equal(row->booked_at_utc_ms, r->booked_at_utc_ms);
	assert_int_equal(row->store, r->store);
	assert_int_equal(row->terminal, r->terminal);
	assert_int_equal(row->member, RECORD_HAS(r, MEMBER) ? (int64_t)r->member : 0);
	assert_int_equal(row->amount, has_amount ? r->amount : 0);
	assert_int_equal(row->covered, RECORD_HAS(r, DETAILS) ? r->covered : 0);
	assert_int_equal(row->till, has_till ? r->till : 0);
	if (has_till && is_plain(r->receipt, r->receipt_bytes)) {
		assert_int_equal(row->receipt_bytes, r->receipt_bytes);
		assert_memory_equal(row->receipt, r->receipt, row->receipt_bytes);
	}
	assert_int_equal(row->id_bytes, RECORD_HAS(r, TRANSACTION) ? sizeof r->transaction_id : 0);
	if (row->id_bytes > 0)
		assert_memory_equal(row->id, r->transaction_id, row->id_bytes);
	assert_int_equal(row->is_test, (r->flags & RECORD_TEST) != 0);
	if (r->kind == RECORD_EARN && has_amount) {
		assert_int_equal(row->points, r->points);
		assert_int_equal(row->change, r->status == TG_OK ? r->points : 0);
	}
	if (r->kind == RECORD_BURN && has_amount)
		assert_int_equal(row->change, r->status == TG_OK ? -r->points : 0);
}

/* Take all pages. */
static void
page_through(struct paging *p, struct sink_fixture *f)
{
	p->question.before = p->question.after = 0;
	p->count = 0;
	do {
		ask(p);
		for (uint32_t i = 0; i < p->page->row_count; i++) {
			uint64_t sequence = (uint64_t)p->page->rows[i].sequence;

			made(f, sequence, f->record);
			assert_true(is_asked(p, f->record));
			assert_row(&p->page->rows[i], f->record);
			assert_true(p->count < RECORDS);
			p->sequences[p->count++] = sequence;
		}
		if (p->page->has_more)
			assert_int_equal(p->page->row_count, p->question.rows_max);
		if (p->count > 0)
			p->question.before = p->question.after = p->sequences[p->count - 1];
	} while (p->page->has_more);
}

/* All that was made and is asked for came, in the order of the question. */
static void
assert_all(struct paging *p, struct sink_fixture *f)
{
	uint32_t seen = 0;

	for (uint64_t sequence = 1; sequence <= f->made.count; sequence++) {
		made(f, sequence, f->record);
		if (!is_asked(p, f->record))
			continue;
		assert_true(seen < p->count);
		assert_int_equal(p->sequences[p->question.member != 0 ? p->count - 1 - seen : seen],
				 sequence);
		seen++;
	}
	assert_int_equal(seen, p->count);
}

/* What: the pages of a member, and of a date, are all there is of the partner, whatever their size.
 * How:  random records of all kinds over several dates; the member and date of each 40th. */
static void
pages_together_are_all_entries(void **state)
{
	struct sink_fixture *f = *state;
	struct paging p;

	f->maker.members = 5;
	f->maker.records_per_day = 150;
	sink_fixture_add(f, RECORDS);
	sink_fixture_run(f);
	paging_init(&p, f);
	for (uint64_t at = 1; at <= RECORDS; at += 40) {
		made(f, at, f->record);
		p.question.rows_max = at % 3 == 0 ? 1 : at % 3 == 1 ? 7 : TG_HISTORY_MAX;
		p.question.member = RECORD_HAS(f->record, MEMBER) ? f->record->member : 1;
		p.question.business_date = f->record->business_date;
		page_through(&p, f);
		assert_all(&p, f);
		p.question.member = 0;
		if (p.question.business_date < 0)
			continue;
		page_through(&p, f);
		assert_all(&p, f);
	}
	assert_int_equal(p.page->held_sequence, f->made.count);
	paging_deinit(&p);
}

/* What: a date is complete when its cut-off is in MariaDB, not before; a member never is. */
static void
a_date_is_complete_after_its_cut_off(void **state)
{
	struct sink_fixture *f = *state;
	struct paging p;

	f->maker.records_per_day = 0;
	record_maker_make(&f->maker, RECORD_CUTOVER, f->record);
	sink_fixture_add_record(f, f->record);
	sink_fixture_add_earns(f, 50);
	sink_fixture_run(f);
	paging_init(&p, f);
	p.question.business_date = f->maker.business_date;
	ask(&p);
	assert_false(p.page->is_complete);
	record_maker_make(&f->maker, RECORD_CUTOVER, f->record);
	sink_fixture_add_record(f, f->record);
	sink_fixture_run(f);
	ask(&p);
	assert_true(p.page->is_complete);
	p.question.business_date = f->maker.business_date;
	ask(&p);
	assert_false(p.page->is_complete);
	assert_int_equal(p.page->row_count, 0);
	paging_deinit(&p);
}

/* What: without tables there is no page, and afterwards there is. */
static void
a_page_needs_tables(void **state)
{
	struct sink_fixture *f = *state;
	struct storage_error error = { .text = "" };
	struct paging p;

	paging_init(&p, f);
	p.question.member = 1;
	assert_int_equal(archive_query_page(p.query, &p.question, p.page, &error), TG_DATABASE);
	assert_string_not_equal(error.text, "");
	sink_fixture_add_earns(f, 1);
	sink_fixture_run(f);
	ask(&p);
	assert_int_equal(p.page->held_sequence, 1);
	paging_deinit(&p);
}

/* What: a statement that takes longer than it may is ended by the server.
 * How:  a lock on the table that the page is read from. */
static void
a_page_that_takes_too_long_is_given_up(void **state)
{
	struct sink_fixture *f = *state;
	struct storage_error error = { .text = "" };
	struct database *other;
	struct paging p;

	sink_fixture_add_earns(f, 1);
	sink_fixture_run(f);
	assert_int_equal(database_open(mariadb_config(f->server), &other, &error), TG_OK);
	assert_int_equal(database_run(other, "LOCK TABLES entry WRITE", NULL, &error), TG_OK);
	paging_init(&p, f);
	p.question.member = 1;
	p.question.timeout_ms = 200;
	assert_int_equal(archive_query_page(p.query, &p.question, p.page, &error), TG_DATABASE);
	database_close(other);
	ask(&p);
	paging_deinit(&p);
}

/* What: what somebody else wrote into MariaDB is told of, and is no page.
 * How:  a receipt of as many characters as the column takes, and twice as many bytes. */
static void
a_receipt_that_is_too_long_is_told(void **state)
{
	struct sink_fixture *f = *state;
	struct storage_error error = { .text = "" };
	struct paging p;

	f->maker.records_per_day = 0;
	record_maker_make(&f->maker, RECORD_CUTOVER, f->record);
	sink_fixture_add_record(f, f->record);
	sink_fixture_add_earns(f, 5);
	sink_fixture_run(f);
	mariadb_run(f->server, "UPDATE entry SET receipt = REPEAT('\xC3\xA9', 32), partner = 2");
	paging_init(&p, f);
	p.question.business_date = f->maker.business_date;
	assert_int_equal(archive_query_page(p.query, &p.question, p.page, &error), TG_DATABASE);
	assert_non_null(strstr(error.text, "receipt"));
	paging_deinit(&p);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, sink_fixture_setup, sink_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_together_are_all_entries),
		TEST(a_date_is_complete_after_its_cut_off),
		TEST(a_page_needs_tables),
		TEST(a_page_that_takes_too_long_is_given_up),
		TEST(a_receipt_that_is_too_long_is_told),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("archive_page", tests, sink_fixture_group_setup,
					   sink_fixture_group_teardown);
}
