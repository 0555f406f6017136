/*
 * test_sink.c - the sink against a real server: every record once, in every table.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/storage/sink_fixture.h"

/* What: every kind of record has its rows, and the rows are the record.
 * How:  one record of each kind, twice, compared column by column. */
static void
every_kind_of_record_has_its_rows(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add_all_kinds(f);
	sink_fixture_add_all_kinds(f);
	sink_fixture_run(f);
	sink_fixture_assert_equal(f);
}

/* What: rows equal the records, many batches long, over several days.
 * How:  20,000 random records. */
static void
rows_equal_records(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add(f, 20000);
	sink_fixture_run(f);
	sink_fixture_assert_equal(f);
}

/* What: the size of the batches changes nothing.
 * How:  one record a batch, then seven, then more than there are. */
static void
batch_size_changes_nothing(void **state)
{
	static const uint32_t sizes[] = { 1, 7, SINK_BATCH_RECORDS_MAX };

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct sink_fixture *f = *state;

			f->config.batch_records = sizes[i];
		sink_fixture_add(f, 150);
		sink_fixture_run(f);
		sink_fixture_assert_equal(f);
	}
}

/* What: columns for which a batch has no value are left out, and are NULL.
 * How:  batches of one kind each, more of them than statements are kept, twice. */
static void
columns_without_values_are_null(void **state)
{
	static const enum record_kind kinds[] = {
		RECORD_EARN,	RECORD_BURN,	RECORD_HOLD, RECORD_CAPTURE, RECORD_RELEASE,
		RECORD_REVERSE, RECORD_REFUND,	RECORD_LINK, RECORD_BLOCK,   RECORD_NOTE,
	};
	const size_t kinds_count = sizeof kinds / sizeof kinds[0];
	struct sink_fixture *f = *state;

	f->config.batch_records = 130;
	for (size_t i = 0; i < 2 * kinds_count * 130; i++) {
		record_maker_make(&f->maker, kinds[i / 130 % kinds_count], f->record);
		sink_fixture_add_record(f, f->record);
	}
	sink_fixture_run(f);
	sink_fixture_assert_equal(f);
}

/* What: a new sink goes on where the last one stopped, under the same or a higher epoch.
 * How:  five sinks one after the other. */
static void
restart_goes_on_at_the_cursor(void **state)
{
	struct sink_fixture *f = *state;

	for (uint64_t i = 0; i < 5; i++) {
		struct sink_cursor cursor;

		f->config.epoch = 1 + i / 2;
		sink_fixture_add(f, 700);
		sink_fixture_run(f);
		assert_int_equal(sink_read_cursor(&f->config.database, 0, &cursor, &f->error),
				 TG_OK);
		assert_true(cursor.is_there);
		assert_int_equal(cursor.next_sequence, f->made.count + 1);
		assert_int_equal(cursor.epoch, f->config.epoch);
		assert_int_equal(cursor.booked_at_utc_ms, f->maker.booked_at_utc_ms);
	}
	sink_fixture_assert_equal(f);
}

/* What: the cursor of a database that was never written to is at the first record.
 * How:  read it from an empty database, and from no server. */
static void
cursor_is_read_before_anything_is_there(void **state)
{
	struct sink_cursor cursor = { .next_sequence = 77 };
	struct sink_fixture *f = *state;
	struct database_config absent;

	assert_int_equal(sink_read_cursor(&f->config.database, 0, &cursor, &f->error), TG_OK);
	assert_false(cursor.is_there);
	assert_int_equal(cursor.next_sequence, 1);
	absent = f->config.database;
	absent.socket_path = "/nonexistent/socket";
	assert_int_equal(sink_read_cursor(&absent, 0, &cursor, &f->error), TG_DATABASE);
}

/* What: records that come while the sink runs are written soon, in small batches or grown ones.
 * How:  trickles with and without a pause after a batch. */
static void
records_are_followed_as_they_come(void **state)
{
	struct sink_fixture *f = *state;
	struct sink_status status;

	f->config.pause_ms = 50;
	sink_fixture_start(f);
	for (int i = 0; i < 100; i++) {
		sink_fixture_add(f, 5);
		sink_fixture_pause_ms(1);
	}
	sink_fixture_await_all(f);
	status = sink_status(f->sink);
	assert_int_equal(status.state, SINK_FOLLOWING);
	assert_int_equal(status.lag_records, 0);
	assert_int_equal(status.oldest_waiting_utc_ms, 0);
	assert_int_equal(status.written_utc_ms, f->maker.booked_at_utc_ms);
	assert_int_equal(status.records, 500);
	assert_true(status.batches < 60);
	assert_int_equal(status.failures, 0);
	sink_fixture_stop(f);
	sink_fixture_assert_equal(f);
}

/* Rows of entry that have no month's partition. */
static int64_t
entries_in_rest(struct sink_fixture *f)
{
	return mariadb_number(f->server,
		"SELECT COUNT(*) FROM entry WHERE business_date >="
		" (SELECT IFNULL(MAX(REPLACE(partition_description, '\\'', '')), '0001-01-01')"
		" FROM information_schema.partitions WHERE table_schema = DATABASE()"
		" AND table_name = 'entry' AND partition_description <> 'MAXVALUE')");
}

/* What: months of business dates get partitions of their own, before they are needed.
 * How:  cut-offs over a year; then the names and bounds in information_schema. */
static void
months_get_partitions_ahead(void **state)
{
	struct sink_fixture *f = *state;

	f->maker.records_per_day = 2;
	f->config.batch_records = 20;
	sink_fixture_add(f, 800);
	sink_fixture_run(f);
	assert_true(f->maker.business_date > 20779 + 300);
	assert_int_equal(entries_in_rest(f), 0);
	assert_true(mariadb_number(f->server,
		"SELECT COUNT(*) FROM entry PARTITION (p_2027_01)") > 0);
	assert_int_equal(mariadb_number(f->server,
		"SELECT COUNT(*) FROM posting PARTITION (p_2027_02)"
		" WHERE business_date < '2027-02-01' OR business_date >= '2027-03-01'"), 0);
	assert_int_equal(mariadb_number(f->server,
		"SELECT COUNT(DISTINCT n) FROM (SELECT COUNT(*) AS n"
		" FROM information_schema.partitions WHERE table_schema = DATABASE()"
		" AND partition_name IS NOT NULL GROUP BY table_name) t"), 1);
	assert_int_equal(mariadb_number(f->server,
		"SELECT PERIOD_DIFF(EXTRACT(YEAR_MONTH FROM LEAST(REPLACE("
		"MAX(IF(partition_description = 'MAXVALUE', '', partition_description)), '\\'',"
		" ''), '9999-12-31')), (SELECT EXTRACT(YEAR_MONTH FROM MAX(business_date))"
		" FROM entry))"
		" FROM information_schema.partitions WHERE table_schema = DATABASE()"
		" AND table_name = 'entry'"), 3);
	sink_fixture_assert_equal(f);
}

/* What: a sink that may not alter tables writes all the same; everything is found.
 * How:  a user with rights to read and write only, a schema migrated by another. */
static void
sink_without_rights_to_alter_writes(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add(f, 10);
	f->config.months_ahead = 0;
	sink_fixture_run(f);
	mariadb_run(f->server, "CREATE OR REPLACE USER plain@localhost");
	mariadb_run(f->server, "GRANT SELECT, INSERT, UPDATE ON tallygate.* TO plain@localhost");
	f->config.database.user = "plain";
	f->config.is_schema_foreign = true;
	f->maker.records_per_day = 2;
	sink_fixture_add(f, 200);
	sink_fixture_run(f);
	assert_true(entries_in_rest(f) > 100);
	sink_fixture_assert_equal(f);
}

/* Write one of the maker's earns, with other figures. */
static void
add_posting_record(struct sink_fixture *f, enum record_kind kind, uint32_t partner, int64_t points)
{
	struct record *r = f->record;

	record_maker_earn(&f->maker, r);
	r->kind = (uint8_t)kind;
	r->partner = partner;
	r->points = points;
	r->amount = 1000;
	if (kind == RECORD_EARN)
		r->postings[0] = (struct posting){ ACCOUNT_ISSUED, UNIT_POINTS, partner, -points };
	else
		r->postings[0] = (struct posting){ ACCOUNT_REDEEMED, UNIT_POINTS, partner, points };
	r->postings[1] = (struct posting){ ACCOUNT_AVAILABLE, UNIT_POINTS, 0,
					   kind == RECORD_EARN ? points : -points };
	sink_fixture_add_record(f, r);
}

/* What: settlement says who owes what, by day and in all, without test members.
 * How:  a handful of earns and burns at two partners, a test one, a cut-off. */
static void
settlement_is_right(void **state)
{
	struct sink_fixture *f = *state;

	record_maker_make(&f->maker, RECORD_CUTOVER, f->record);
	sink_fixture_add_record(f, f->record);
	add_posting_record(f, RECORD_EARN, 1, 300);
	add_posting_record(f, RECORD_EARN, 1, 50);
	add_posting_record(f, RECORD_BURN, 2, 120);
	record_maker_make(&f->maker, RECORD_CUTOVER, f->record);
	sink_fixture_add_record(f, f->record);
	add_posting_record(f, RECORD_BURN, 1, 30);
	record_maker_earn(&f->maker, f->record);
	f->record->flags |= RECORD_TEST;
	sink_fixture_add_record(f, f->record);
	sink_fixture_run(f);
	assert_int_equal(mariadb_number(f->server,
		"SELECT issued_points * 1000000 + redeemed_points * 1000 + net_points"
		" FROM settlement WHERE partner = 1"), 350030320);
	assert_int_equal(mariadb_number(f->server,
		"SELECT net_points FROM settlement WHERE partner = 2"), -120);
	assert_int_equal(mariadb_number(f->server,
		"SELECT net_points FROM settlement_day"
		" WHERE partner = 1 AND business_date = '2026-11-22' AND is_final"), 350);
	assert_int_equal(mariadb_number(f->server,
		"SELECT net_points FROM settlement_day"
		" WHERE partner = 1 AND business_date = '2026-11-23' AND NOT is_final"), -30);
	assert_int_equal(mariadb_number(f->server,
		"SELECT SUM(points) FROM account_balance WHERE is_test = 0"), 0);
	assert_int_equal(mariadb_number(f->server,
		"SELECT points FROM account_balance"
		" WHERE name = 'AVAILABLE' AND is_test = 0"), 200);
	assert_int_equal(mariadb_number(f->server,
		"SELECT records * 1000000 + points * 1000 + amount / 1000 FROM partner_day"
		" WHERE partner = 1 AND kind = 'EARN' AND outcome = 'done'"), 2350002);
	assert_int_equal(mariadb_number(f->server,
		"SELECT SUM(available_change) FROM member_history"
		" WHERE sequence BETWEEN 2 AND 4"), 230);
	sink_fixture_assert_equal(f);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, sink_fixture_setup, sink_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_kind_of_record_has_its_rows),
		TEST(rows_equal_records),
		TEST(batch_size_changes_nothing),
		TEST(columns_without_values_are_null),
		TEST(restart_goes_on_at_the_cursor),
		TEST(cursor_is_read_before_anything_is_there),
		TEST(records_are_followed_as_they_come),
		TEST(months_get_partitions_ahead),
		TEST(sink_without_rights_to_alter_writes),
		TEST(settlement_is_right),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("sink", tests, sink_fixture_group_setup,
					   sink_fixture_group_teardown);
}
