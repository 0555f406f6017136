/*
 * fault_restore.c - a restoring cut short at any call is never taken for one that was accepted.
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
#include "storage/restore.h"
#include "tests/storage/sim_disk.h"
#include "tests/storage/tool_fixture.h"

#define DATA "/disk/data"
#define COPY "/disk/copy"
#define NEW "/disk/new"
#define CAPACITY_BYTES (UINT64_C(256) << 20)
#define REQUESTS 100
#define SKIP 300

struct test {
	struct sim_disk *disk;
	struct storage_io io;
	struct tool_fixture t;
	struct storage_error error;
};

/* A journal, its backup, and some records that came after it. */
static int
setup(void **state)
{
	struct test *test = calloc(1, sizeof *test);
	struct backup_config config = { .source = { .directory = DATA,
						    .archive_directory = DATA "/archive" },
					.directory = COPY,
					.archive_directory = COPY "/archive" };
	struct backup_report report;
	uint64_t records;

	assert_non_null(test);
	test->disk = sim_disk_new(1, CAPACITY_BYTES);
	sim_disk_io(test->disk, &test->io);
	config.source.io = &test->io;
	tool_fixture_init(&test->t, &test->io, DATA);
	tool_fixture_ask(&test->t, REQUESTS);
	tool_fixture_snapshot(&test->t);
	tool_fixture_ask(&test->t, REQUESTS);
	/* Marks stand right before the last records, in the same segment. */
	for (uint32_t singles = 0; singles < 3;) {
		records = test->t.records;
		tool_fixture_mark(&test->t, false);
		tool_fixture_ask(&test->t, 1);
		singles = test->t.records == records + 1 ? singles + 1 : 0;
	}
	tool_fixture_mark(&test->t, false);
	assert_int_equal(backup_run(&config, &report, &test->error), TG_OK);
	assert_int_equal(report.journal.last_sequence, test->t.records);
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
restore(const struct storage_io *io, struct restore_report *ret_report, struct storage_error *error)
{
	const struct restore_config config = { .io = io,
					       .backup = COPY,
					       .backup_archive = COPY "/archive",
					       .directory = NEW,
					       .archive = NEW "/archive",
					       .skip_count = SKIP };

	memset(error, 0, sizeof *error);
	return restore_run(&config, ret_report, error);
}

/* Open the restored directory as a gateway does; closed again if that was possible. */
static enum tg_status
open_restored(const struct storage_io *io, struct journal_opened *ret_opened,
	      struct storage_error *error)
{
	const struct journal_config config = { .io = io,
					       .directory = NEW,
					       .archive_directory = NEW "/archive",
					       .instance = "tool",
					       .salt = 5,
					       .segment_bytes = 16 * JOURNAL_BLOCK_BYTES };
	struct journal *journal;
	enum tg_status status = journal_file_open(&config, &journal, ret_opened, error);

	if (status == TG_OK)
		journal_close(journal);
	return status;
}

/* Remove the files of the restored directory. */
static void
remove_restored(struct sim_disk *disk)
{
	const char *path;
	size_t index = 0;

	while ((path = sim_disk_path(disk, NEW "/", index)) != NULL) {
		if (strcmp(path, NEW "/archive") == 0)
			index++;
		else
			sim_disk_remove(disk, path);
	}
}

/* What: whatever call fails, what is left is refused or empty, and restoring anew works.
 * How:  the nth call fails, once or for ever; then power fails. */
static void
a_restoring_cut_short_is_refused(void **state)
{
	struct test *test = *state;
	uint64_t refused = 0;

	for (uint64_t nth = 1;; nth++) {
		struct sim_disk *disk = sim_disk_copy(test->disk, nth);
		struct journal_opened opened;
		struct restore_report report;
		struct storage_error error;
		struct storage_io io;
		enum tg_status status;

		sim_disk_io(disk, &io);
		sim_disk_fail_call(disk, nth, nth % 2 == 0 ? SIM_ONCE : SIM_STICKY, TG_IO);
		status = restore(&io, &report, &error);
		if (status == TG_OK) {
			assert_int_equal(open_restored(&io, &opened, &error), TG_CONFIG);
			assert_int_equal(report.last_sequence, test->t.records);
			assert_int_equal(report.next_sequence, test->t.records + 1 + SKIP);
			sim_disk_free(disk);
			break;
		}
		sim_disk_crash(disk);
		sim_disk_fail_call(disk, 0, SIM_ONCE, TG_OK);
		assert_int_not_equal(restore_accept(&io, NEW, NEW "/archive", NULL, 9, &report,
						    &error),
				     TG_OK);
		status = open_restored(&io, &opened, &error);
		if (status == TG_OK)
			assert_int_equal(opened.last_sequence, 0); /* nothing had been copied */
		else
			refused++;
		remove_restored(disk);
		if (restore(&io, &report, &error) != TG_OK)
			fail_msg("after call %u: %s", (unsigned)nth, error.text);
		sim_disk_free(disk);
	}
	assert_true(refused > 10);
}

/* What: the word given again after any failure ends in the same: every sequence passed over.
 * How:  the nth call of accepting fails; then power fails. */
static void
a_word_cut_short_is_given_again(void **state)
{
	struct test *test = *state;
	struct verify_config verify = { .source = { .directory = NEW,
						    .archive_directory = NEW "/archive",
						    .is_unconfirmed_wanted = true },
					.snapshot_directory = NEW };
	struct restore_report report;
	uint64_t count = 0;

	assert_int_equal(restore(&test->io, &report, &test->error), TG_OK);
	for (uint64_t nth = 1;; nth++) {
		struct sim_disk *disk = sim_disk_copy(test->disk, nth);
		struct journal_opened opened;
		struct verify_report verified;
		struct storage_error error = { 0 };
		struct storage_io io;
		bool has_failed;
		enum tg_status status;

		sim_disk_io(disk, &io);
		sim_disk_fail_call(disk, nth, nth % 2 == 0 ? SIM_ONCE : SIM_STICKY, TG_IO);
		status = restore_accept(&io, NEW, NEW "/archive", NULL, nth, &report, &error);
		has_failed = sim_disk_has_failed(disk);
		assert_false(sim_disk_is_misused(disk));
		sim_disk_crash(disk);
		sim_disk_fail_call(disk, 0, SIM_ONCE, TG_OK);
		if (status != TG_OK) {
			status = restore_accept(&io, NEW, NEW "/archive", NULL, nth + 1000,
						&report, &error);
			/* It may have been done, all but the last sync. */
			if (status != TG_OK && strstr(error.text, "nothing waits") == NULL)
				fail_msg("after call %u: %s", (unsigned)nth, error.text);
		}
		if (open_restored(&io, &opened, &error) != TG_OK)
			fail_msg("after call %u: %s", (unsigned)nth, error.text);
		assert_int_equal(opened.last_sequence, test->t.records + SKIP);
		assert_true(opened.incarnation >= 3);
		verify.source.io = &io;
		if (journal_verify(&verify, &verified, &error) != TG_OK)
			fail_msg("after call %u: %s", (unsigned)nth, error.text);
		assert_true(verified.is_state_verified);
		sim_disk_free(disk);
		if (!has_failed)
			break;
		count++;
	}
	assert_true(count > 10);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_restoring_cut_short_is_refused),
		TEST(a_word_cut_short_is_given_again),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
