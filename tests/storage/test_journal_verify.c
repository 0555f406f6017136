/*
 * test_journal_verify.c - the auditor finds a sound journal sound, and each kind of lie in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/journal_verify.h"
#include "storage/record_json.h"
#include "tests/storage/sim_disk.h"
#include "tests/storage/tool_fixture.h"

#define REQUESTS 300
#define DATA "/data"

struct test {
	struct sim_disk *disk;
	struct storage_io io;
	struct tool_fixture t;
	struct verify_report report;
	struct storage_error error;
};

static int
setup(void **state)
{
	struct test *test = calloc(1, sizeof *test);

	assert_non_null(test);
	test->disk = sim_disk_new(1, 64 * 1024 * 1024);
	sim_disk_io(test->disk, &test->io);
	tool_fixture_init(&test->t, &test->io, DATA);
	tool_fixture_ask(&test->t, REQUESTS);
	*state = test;
	return 0;
}

static int
teardown(void **state)
{
	struct test *test = *state;

	tool_fixture_deinit(&test->t);
	sim_disk_free(test->disk);
	free(test);
	return 0;
}

static enum tg_status
verify(struct test *test)
{
	const struct verify_config config = {
		.source = { .io = &test->io,
			    .directory = DATA,
			    .archive_directory = DATA "/archive",
			    .is_unconfirmed_wanted = true },
		.snapshot_directory = DATA,
	};

	memset(&test->error, 0, sizeof test->error);
	return journal_verify(&config, &test->report, &test->error);
}

static void
assert_sound(struct test *test)
{
	if (verify(test) != TG_OK)
		fail_msg("%s", test->error.text);
	assert_true(test->report.is_state_verified);
	assert_int_equal(test->report.last_sequence, test->t.records);
	assert_true(state_hash_equal(test->report.hash, ledger_state_hash(test->t.f.ledger)));
}

/* What: an empty journal is sound. */
static void
empty_journal_is_sound(void **state)
{
	struct sim_disk *disk = sim_disk_new(2, 1 << 20);
	struct verify_config config = { .source = { .directory = DATA } };
	struct storage_error error;
	struct verify_report report;
	struct storage_io io;

	(void)state;
	sim_disk_io(disk, &io);
	config.source.io = &io;
	assert_int_equal(journal_verify(&config, &report, &error), TG_OK);
	assert_int_equal(report.records, 0);
	sim_disk_free(disk);
}

/*
 * What: the replay has the state hash of every mark and every snapshot, and of the ledger itself.
 */
static void
sound_journal_is_found_sound(void **state)
{
	struct test *test = *state;

	tool_fixture_mark(&test->t, false);
	tool_fixture_ask(&test->t, REQUESTS);
	tool_fixture_snapshot(&test->t);
	tool_fixture_ask(&test->t, REQUESTS);
	tool_fixture_mark(&test->t, false);
	tool_fixture_snapshot(&test->t);
	assert_sound(test);
	assert_int_equal(test->report.first_sequence, 1);
	assert_int_equal(test->report.records, test->t.records);
	assert_int_equal(test->report.marks_compared, 2);
	assert_int_equal(test->report.snapshots_compared, 2);
	assert_true(test->report.issued_points > 0);
}

/*
 * What: rows of rates, campaigns, what members had of them and parts of earns are made as needed.
 * How:  six campaigns with a share for each member, where else two rules and few lots are.
 */
static void
rulebook_is_replayed(void **state)
{
	struct test *test = *state;
	struct ledger_request q = { .kind = REQUEST_SET_EARN_RULE, .operator_name = "tool" };

	for (uint32_t i = 0; i < 6; i++) {
		q.earn_rule = (struct earn_rule){ .position = i,
						  .number = i + 1,
						  .until_day = INT32_MAX,
						  .until_minute = MINUTES_PER_DAY,
						  .weekdays = WEEKDAYS_ALL,
						  .member_times = 1000,
						  .member_points = LIMIT_NONE,
						  .member_day_points = LIMIT_NONE,
						  .rate_den = 1,
						  .fixed_points = 1 };
		tool_fixture_request(&test->t, &q);
		assert_int_equal(test->t.f.decision->answer.status, TG_OK);
	}
	q.kind = REQUEST_START_RULEBOOK;
	q.rulebook.rule_count = 6;
	tool_fixture_request(&test->t, &q);
	assert_int_equal(test->t.f.decision->answer.status, TG_OK);
	tool_fixture_ask(&test->t, REQUESTS);
	tool_fixture_mark(&test->t, false);
	assert_sound(test);
}

/*
 * What: without its beginning a journal is verified from a snapshot; without that, its bytes only.
 */
static void
snapshot_stands_for_a_lost_beginning(void **state)
{
	struct test *test = *state;
	uint64_t snapshot_sequence;
	uint32_t count;

	tool_fixture_snapshot(&test->t);
	snapshot_sequence = test->t.records;
	tool_fixture_ask(&test->t, 3 * REQUESTS);
	tool_fixture_mark(&test->t, false);
	assert_int_equal(journal_archive(test->t.journal, snapshot_sequence, &count, &test->error),
			 TG_OK);
	assert_true(count > 0);
	assert_sound(test);
	for (; count > 0; count--)
		sim_disk_remove(test->disk, sim_disk_path(test->disk, DATA "/archive/", 0));
	assert_sound(test);
	assert_int_equal(test->report.start_sequence, snapshot_sequence);
	assert_true(test->report.first_sequence > 1);

	sim_disk_remove(test->disk, sim_disk_path(test->disk, DATA "/snapshot-", 0));
	assert_int_equal(verify(test), TG_OK);
	assert_false(test->report.is_state_verified);
	assert_int_equal(test->report.last_sequence, test->t.records);
}

/* What: a mark with another state hash is named. */
static void
wrong_mark_is_named(void **state)
{
	struct test *test = *state;

	tool_fixture_mark(&test->t, true);
	assert_int_equal(verify(test), TG_CORRUPT);
	assert_int_equal(test->error.sequence, test->t.records);
	assert_non_null(strstr(test->error.text, "the mark has another state hash"));
}

/* What: a snapshot of another state is named.
 * How:  the snapshot's ledger has a record that the journal lacks under that number. */
static void
wrong_snapshot_is_named(void **state)
{
	struct test *test = *state;
	struct record *record = calloc(1, sizeof *record);

	tool_fixture_snapshot(&test->t);
	sim_disk_remove(test->disk, sim_disk_path(test->disk, DATA "/snapshot-", 0));
	record_init(record);
	record->sequence = test->t.records + 1;
	record->kind = RECORD_NOTE;
	record->booked_at_utc_ms = test->t.f.now.utc_ms;
	record->business_date = test->t.f.now.day;
	ledger_apply(test->t.f.ledger, record);
	tool_fixture_forge(&test->t, record);
	tool_fixture_commit(&test->t);
	assert_sound(test);
	record->sequence++;
	ledger_apply(test->t.f.ledger, record);
	record->booked_at_utc_ms++; /* what the journal gets is not what was applied */
	tool_fixture_forge(&test->t, record);
	tool_fixture_commit(&test->t);
	tool_fixture_snapshot(&test->t);
	assert_int_equal(verify(test), TG_CORRUPT);
	assert_int_equal(test->error.sequence, test->t.records);
	assert_non_null(strstr(test->error.text, "snapshot of sequence"));
	free(record);
}

/* Forge an empty record after the last, changed by hand. */
static void
forge(struct test *test, int64_t later_ms, int64_t points)
{
	struct record *record = calloc(1, sizeof *record);

	record_init(record);
	record->sequence = test->t.records + 1;
	record->kind = RECORD_NOTE;
	record->booked_at_utc_ms = test->t.f.now.utc_ms + later_ms;
	record->business_date = test->t.f.now.day;
	if (points != 0) {
		record->sections |= RECORD_HAS_BIT(POSTINGS);
		record->posting_count = 1;
		record->postings[0] = (struct posting){ .account = ACCOUNT_ADJUSTMENTS,
							.unit = UNIT_POINTS,
							.points = points };
	}
	tool_fixture_forge(&test->t, record);
	tool_fixture_commit(&test->t);
	free(record);
}

/* What: postings that do not sum to zero are named. */
static void
points_out_of_nothing_are_named(void **state)
{
	struct test *test = *state;

	forge(test, 0, 1000);
	assert_int_equal(verify(test), TG_CORRUPT);
	assert_int_equal(test->error.sequence, test->t.records);
	assert_non_null(strstr(test->error.text, "do not sum to zero"));
}

/* What: a booking time that falls is named. */
static void
falling_time_is_named(void **state)
{
	struct test *test = *state;

	forge(test, -10 * 86400000, 0);
	assert_int_equal(verify(test), TG_CORRUPT);
	assert_non_null(strstr(test->error.text, "booked before"));
}

/* What: a damaged batch is named, a torn tail measured. */
static void
damage_is_told_from_a_torn_tail(void **state)
{
	struct test *test = *state;
	struct journal_facts facts = journal_facts(test->t.journal);
	const char *path;

	tool_fixture_ask(&test->t, 1);
	path = sim_disk_path(test->disk, DATA "/0", (size_t)facts.segments - 1);
	assert_non_null(path);
	assert_int_equal(journal_facts(test->t.journal).segment_sequence, facts.segment_sequence);
	sim_disk_flip(test->disk, path, facts.segment_used_bytes + 150, 1);
	assert_int_equal(verify(test), TG_OK);
	assert_true(test->report.torn_bytes > 0);
	assert_true(test->report.last_sequence < test->t.records);
	tool_fixture_mark(&test->t, false);
	assert_int_equal(verify(test), TG_CORRUPT);
	assert_int_equal(test->error.offset, facts.segment_used_bytes);
}

/* What: every record has a form in JSON, in which its postings sum to zero. */
static void
records_are_shown_in_json(void **state)
{
	struct test *test = *state;
	struct journal_reader *reader;
	struct journal_item item;
	uint64_t shown = 0;

	assert_int_equal(journal_read_from(test->t.journal, 1, &reader, &test->error), TG_OK);
	while (journal_reader_next(reader, &item, &test->error) == TG_OK &&
	       item.kind == JOURNAL_RECORD) {
		struct record *record = test->t.f.decoded;
		json_t *posting;
		json_int_t sum = 0;
		size_t index;
		size_t length;
		json_t *json;

		assert_int_equal(record_decode(item.bytes, item.bytes_count, record, &length),
				 TG_OK);
		json = record_json(record);
		assert_non_null(json);
		assert_int_equal(json_integer_value(json_object_get(json, "sequence")), ++shown);
		assert_string_equal(json_string_value(json_object_get(json, "kind")),
				    record_kind_name(record->kind));
		json_array_foreach(json_object_get(json, "postings"), index, posting) sum +=
			json_integer_value(json_object_get(posting, "points"));
		assert_true(sum == 0);
		json_decref(json);
	}
	assert_int_equal(shown, test->t.records);
	journal_reader_close(reader);
}

/* What: times and hashes in JSON read as people write them. */
static void
times_and_hashes_read_as_written(void **state)
{
	json_t *text = record_json_time(INT64_C(1709210096789));

	(void)state;
	assert_string_equal(json_string_value(text), "2024-02-29T12:34:56.789Z");
	json_decref(text);
	text = record_json_time(-1);
	assert_string_equal(json_string_value(text), "1969-12-31T23:59:59.999Z");
	json_decref(text);
	text = record_json_hash((struct state_hash){ .low = 0xab, .high = 1 });
	assert_string_equal(json_string_value(text), "000000000000000100000000000000ab");
	json_decref(text);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_journal_is_sound),
		TEST(sound_journal_is_found_sound),
		TEST(rulebook_is_replayed),
		TEST(snapshot_stands_for_a_lost_beginning),
		TEST(wrong_mark_is_named),
		TEST(wrong_snapshot_is_named),
		TEST(points_out_of_nothing_are_named),
		TEST(falling_time_is_named),
		TEST(damage_is_told_from_a_torn_tail),
		TEST(records_are_shown_in_json),
		cmocka_unit_test(times_and_hashes_read_as_written),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
