/*
 * fault_backup.c - copies of a journal at work: whole, and whole again after any call has failed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/backup.h"
#include "storage/journal_verify.h"
#include "tests/storage/sim_disk.h"
#include "tests/storage/tool_fixture.h"

#define DATA "/disk/data"
#define COPY "/disk/copy"
#define CAPACITY_BYTES (UINT64_C(256) << 20)
#define REQUESTS 150

struct test {
	struct sim_disk *disk;
	struct storage_io io;
	struct tool_fixture t;
	struct backup_report report; /* of the last backup */
	struct storage_error error;
};

static int
setup(void **state)
{
	struct test *test = calloc(1, sizeof *test);

	assert_non_null(test);
	test->disk = sim_disk_new(1, CAPACITY_BYTES);
	sim_disk_io(test->disk, &test->io);
	tool_fixture_init(&test->t, &test->io, DATA);
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
back_up(const struct storage_io *io, struct backup_report *ret_report, struct storage_error *error)
{
	const struct backup_config config = { .source = { .io = io,
							  .directory = DATA,
							  .archive_directory = DATA "/archive",
							  .instance = "tool" },
					      .directory = COPY,
					      .archive_directory = COPY "/archive" };

	memset(error, 0, sizeof *error);
	return backup_run(&config, ret_report, error);
}

/* The copy is sound and holds the state after sequence. */
static void
assert_sound(const struct storage_io *io, uint64_t sequence, struct state_hash hash)
{
	const struct verify_config config = { .source = { .io = io,
							  .directory = COPY,
							  .archive_directory = COPY "/archive",
							  .is_unconfirmed_wanted = true },
					      .snapshot_directory = COPY };
	struct storage_error error = { 0 };
	struct verify_report report;

	if (journal_verify(&config, &report, &error) != TG_OK)
		fail_msg("%s", error.text);
	assert_true(report.is_state_verified);
	assert_int_equal(report.last_sequence, sequence);
	assert_true(state_hash_equal(report.hash, hash));
}

/* A while of the gateway's life: requests, snapshots, segments that go to the archive. */
static void
live(struct test *test, uint32_t round)
{
	uint32_t archived;

	tool_fixture_ask(&test->t, REQUESTS);
	if (round % 2 == 1)
		tool_fixture_snapshot(&test->t);
	if (round % 3 == 2)
		assert_int_equal(journal_archive(test->t.journal, test->t.records - REQUESTS,
						 &archived, &test->error),
				 TG_OK);
	tool_fixture_mark(&test->t, false);
}

/* What: a backup has all that is durable, each time, and copies again only what has changed.
 * How:  eight rounds of requests, with snapshots and segments moving to the archive between. */
static void
a_backup_grows_with_the_journal(void **state)
{
	struct test *test = *state;

	for (uint32_t round = 0; round < 8; round++) {
		live(test, round);
		if (back_up(&test->io, &test->report, &test->error) != TG_OK)
			fail_msg("%s", test->error.text);
		assert_int_equal(test->report.journal.last_sequence, test->t.records);
		assert_sound(&test->io, test->t.records, ledger_state_hash(test->t.f.ledger));
		assert_int_equal(back_up(&test->io, &test->report, &test->error), TG_OK);
		assert_int_equal(test->report.journal.segments, 0);
		assert_int_equal(test->report.journal.bytes, 0);
		assert_int_equal(test->report.snapshot_bytes, 0);
	}
	assert_true(test->report.journal.segments_there > 10);
	assert_true(test->report.snapshot_sequence > 0);
}

/* What: what nothing confirms yet is left out, unless a snapshot says that it is durable.
 * How:  a batch without a mark; then a snapshot of its last sequence. */
static void
only_what_is_durable_is_copied(void **state)
{
	struct test *test = *state;
	uint64_t before;

	live(test, 0);
	before = test->t.records;
	while (test->t.records == before)
		tool_fixture_ask(&test->t, 1);
	assert_int_equal(back_up(&test->io, &test->report, &test->error), TG_OK);
	assert_int_equal(test->report.journal.last_sequence, before);
	tool_fixture_snapshot(&test->t);
	assert_int_equal(back_up(&test->io, &test->report, &test->error), TG_OK);
	assert_int_equal(test->report.journal.last_sequence, test->t.records);
	assert_sound(&test->io, test->t.records, ledger_state_hash(test->t.f.ledger));
}

/* What: a backup that was cut short at any call is made whole by the next one.
 * How:  the nth call fails, once or for ever, or finds no room; then power fails. */
static void
a_backup_cut_short_is_made_whole(void **state)
{
	struct test *test = *state;
	uint64_t count = 0;

	live(test, 0);
	live(test, 1);
	assert_int_equal(back_up(&test->io, &test->report, &test->error), TG_OK);
	live(test, 3);
	live(test, 5);
	for (uint64_t nth = 1;; nth++) {
		struct sim_disk *disk = sim_disk_copy(test->disk, nth);
		struct backup_report report;
		struct storage_error error;
		struct storage_io io;
		bool has_failed;

		sim_disk_io(disk, &io);
		sim_disk_fail_call(disk, nth, nth % 2 == 0 ? SIM_ONCE : SIM_STICKY,
				   nth % 3 == 0 ? TG_JOURNAL_FULL : TG_IO);
		(void)back_up(&io, &report, &error);
		has_failed = sim_disk_has_failed(disk);
		assert_false(sim_disk_is_misused(disk));
		sim_disk_crash(disk);
		sim_disk_fail_call(disk, 0, SIM_ONCE, TG_OK);
		if (back_up(&io, &report, &error) != TG_OK)
			fail_msg("after call %u: %s", (unsigned)nth, error.text);
		assert_sound(&io, test->t.records, ledger_state_hash(test->t.f.ledger));
		sim_disk_free(disk);
		if (!has_failed)
			break;
		count++;
	}
	assert_true(count > 20);
}

/* Remove every file under prefix. */
static void
remove_all(struct sim_disk *disk, const char *prefix)
{
	const char *path;

	while ((path = sim_disk_path(disk, prefix, 0)) != NULL)
		sim_disk_remove(disk, path);
}

/* What: a backup that has records which the journal lacks is left as it is.
 * How:  the journal is an older copy of itself; then another one, begun by another start. */
static void
another_history_is_refused(void **state)
{
	struct test *test = *state;
	struct sim_disk *old;
	struct sim_disk *other = sim_disk_new(3, CAPACITY_BYTES);
	struct tool_fixture *t = malloc(sizeof *t);
	struct storage_io io;
	const char *path;

	assert_non_null(t);
	live(test, 0);
	old = sim_disk_copy(test->disk, 2);
	tool_fixture_ask(&test->t, 5);
	tool_fixture_mark(&test->t, false);
	assert_int_equal(back_up(&test->io, &test->report, &test->error), TG_OK);
	sim_disk_io(other, &io);
	tool_fixture_init(t, &io, DATA); /* of other requests: none */
	tool_fixture_ask(t, 1);
	tool_fixture_mark(t, false);
	for (size_t i = 0; (path = sim_disk_path(test->disk, COPY "/0", i)) != NULL; i++) {
		size_t bytes_count;
		const uint8_t *bytes = sim_disk_get(test->disk, path, &bytes_count);

		sim_disk_put(old, path, bytes, bytes_count);
		sim_disk_put(other, path, bytes, bytes_count);
	}
	assert_int_equal(back_up(&io, &test->report, &test->error), TG_CONFIG);
	assert_non_null(strstr(test->error.text, "another history"));
	tool_fixture_deinit(t);
	sim_disk_io(old, &io);
	sim_disk_kill(old);
	assert_int_equal(back_up(&io, &test->report, &test->error), TG_CONFIG);
	assert_non_null(strstr(test->error.text, "another history"));
	remove_all(old, COPY);
	assert_int_equal(back_up(&io, &test->report, &test->error), TG_OK);
	sim_disk_free(old);
	sim_disk_free(other);
	free(t);
}

/* What: damage in the source is named, and does not reach the backup.
 * How:  a bit of a batch in the middle is flipped. */
static void
damage_is_named_not_copied(void **state)
{
	struct test *test = *state;
	const char *path = sim_disk_path(test->disk, DATA "/0", 0);

	live(test, 0);
	live(test, 3);
	sim_disk_flip(test->disk, path, 3 * JOURNAL_BLOCK_BYTES + 300, 4);
	assert_int_equal(back_up(&test->io, &test->report, &test->error), TG_CORRUPT);
	assert_non_null(strstr(test->error.text, path));
	assert_int_equal(test->error.offset, 3 * JOURNAL_BLOCK_BYTES);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_backup_grows_with_the_journal), TEST(only_what_is_durable_is_copied),
		TEST(a_backup_cut_short_is_made_whole), TEST(another_history_is_refused),
		TEST(damage_is_named_not_copied),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
