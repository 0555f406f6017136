/*
 * fault_mirror.c - a journal and its mirror: either alone holds all that was told durable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/journal_mirror.h"
#include "tests/storage/sim_disk.h"

#define MAIN "/disk/main"
#define MIRROR "/other/mirror"
#define CAPACITY_BYTES (UINT64_C(64) << 20)
#define RECORD_BYTES 64
#define BATCHES 40

struct test {
	struct sim_disk *disk;
	struct storage_io io;
	struct journal_config config;
	struct journal *journal;
	struct journal_opened opened;
	struct storage_error error;
	uint64_t told; /* highest sequence that an append called durable */
};

static void
init(struct test *test, struct sim_disk *disk)
{
	memset(test, 0, sizeof *test);
	test->disk = disk;
	sim_disk_io(disk, &test->io);
	test->config = (struct journal_config){ .io = &test->io,
						.directory = MAIN,
						.archive_directory = MAIN "/archive",
						.mirror_directory = MIRROR,
						.mirror_is_inline = true,
						.instance = "mirrored",
						.segment_bytes = 8 * JOURNAL_BLOCK_BYTES,
						.salt = 7 };
	(void)test->io.make_directory(test->io.context, MIRROR, &test->error);
	(void)test->io.sync_directory(test->io.context, "/other", &test->error);
}

static enum tg_status
open_journal(struct test *test)
{
	test->config.salt++;
	memset(&test->error, 0, sizeof test->error);
	return journal_file_open(&test->config, &test->journal, &test->opened, &test->error);
}

static void
must_open(struct test *test)
{
	if (open_journal(test) != TG_OK)
		fail_msg("%s", test->error.text);
}

static void
close_journal(struct test *test)
{
	journal_close(test->journal);
	test->journal = NULL;
}

/* Append a batch of one record. */
static enum tg_status
append(struct test *test)
{
	uint8_t bytes[RECORD_BYTES] = { RECORD_BYTES };
	uint64_t sequence = journal_durable_sequence(test->journal) + 1;
	struct journal_batch batch = { .records = bytes,
				       .records_bytes = sizeof bytes,
				       .first_sequence = sequence,
				       .count = 1,
				       .written_at_utc_ms = 1 };
	enum tg_status status;

	memcpy(bytes + 8, &sequence, sizeof sequence);
	status = journal_append(test->journal, &batch, &test->error);
	if (status == TG_OK)
		test->told = sequence;
	return status;
}

/* Some life: batches, a segment now and then to the archive.  Ends at the first error. */
static enum tg_status
live(struct test *test)
{
	enum tg_status status = TG_OK;
	uint32_t archived;

	for (uint32_t i = 0; i < BATCHES && status == TG_OK; i++) {
		status = append(test);
		if (status == TG_OK && i % 16 == 15)
			status = journal_archive(test->journal, test->told - 8, &archived,
						 &test->error);
	}
	return status;
}

static void
remove_all(struct sim_disk *disk, const char *prefix)
{
	const char *path;
	size_t index = 0;

	while ((path = sim_disk_path(disk, prefix, index)) != NULL) {
		if (strcmp(path, MAIN "/archive") == 0 || strcmp(path, MIRROR "/archive") == 0)
			index++;
		else
			sim_disk_remove(disk, path);
	}
}

static int
setup(void **state)
{
	struct test *test = calloc(1, sizeof *test);

	assert_non_null(test);
	init(test, sim_disk_new(1, CAPACITY_BYTES));
	*state = test;
	return 0;
}

static int
teardown(void **state)
{
	struct test *test = *state;

	if (test->journal != NULL)
		close_journal(test);
	sim_disk_free(test->disk);
	free(test);
	return 0;
}

/* What: with either directory gone, the other brings all records back, and both are equal again.
 * How:  all files of one are removed, in turns, between lives of the journal. */
static void
either_alone_brings_all_back(void **state)
{
	struct test *test = *state;

	must_open(test);
	assert_int_equal(test->opened.mirror.verdict, JOURNAL_MIRROR_EQUAL);
	for (int turn = 0; turn < 4; turn++) {
		assert_int_equal(live(test), TG_OK);
		assert_true(journal_facts(test->journal).has_mirror);
		close_journal(test);
		remove_all(test->disk, turn % 2 == 0 ? MAIN "/" : MIRROR "/");
		must_open(test);
		assert_int_equal(test->opened.mirror.verdict,
				 turn % 2 == 0 ? JOURNAL_MIRROR_AHEAD : JOURNAL_MIRROR_BEHIND);
		assert_int_equal(test->opened.last_sequence, test->told);
		close_journal(test);
		must_open(test);
		assert_int_equal(test->opened.mirror.verdict, JOURNAL_MIRROR_EQUAL);
	}
}

/* What: what was told durable is in both, whatever call fails and whatever a crash leaves.
 * How:  the nth call of a life fails; power fails; one of the two is lost; the other starts. */
static void
what_was_told_is_in_both(void **state)
{
	struct test *first = *state;
	uint64_t count = 0;

	must_open(first);
	assert_int_equal(live(first), TG_OK);
	close_journal(first);
	for (uint64_t nth = 1;; nth++) {
		struct test test;
		bool has_failed;

		init(&test, sim_disk_copy(first->disk, nth));
		test.told = first->told;
		sim_disk_fail_call(test.disk, nth, nth % 2 == 0 ? SIM_ONCE : SIM_STICKY, TG_IO);
		if (open_journal(&test) == TG_OK) {
			(void)live(&test);
			close_journal(&test);
		}
		has_failed = sim_disk_has_failed(test.disk);
		assert_false(sim_disk_is_misused(test.disk));
		sim_disk_crash(test.disk);
		sim_disk_fail_call(test.disk, 0, SIM_ONCE, TG_OK);
		if (nth % 3 != 0)
			remove_all(test.disk, nth % 3 == 1 ? MAIN "/" : MIRROR "/");
		if (open_journal(&test) != TG_OK)
			fail_msg("after call %u: %s", (unsigned)nth, test.error.text);
		assert_true(test.opened.last_sequence >= test.told);
		assert_int_equal(live(&test), TG_OK);
		close_journal(&test);
		must_open(&test);
		assert_int_equal(test.opened.mirror.verdict, JOURNAL_MIRROR_EQUAL);
		close_journal(&test);
		sim_disk_free(test.disk);
		if (!has_failed)
			break;
		count++;
	}
	assert_true(count > 100);
}

/* What: with mirror_goes_on_alone nothing stops when the mirror fails, and the next start makes it
 * whole.
 * How:  the nth call fails for ever, until one is the mirror's. */
static void
it_goes_on_alone_if_told_to(void **state)
{
	struct test *test = *state;
	uint32_t alone = 0;

	must_open(test);
	close_journal(test);
	for (uint64_t nth = 1; nth < 60; nth++) {
		struct test other;

		init(&other, sim_disk_copy(test->disk, nth));
		other.config.mirror_goes_on_alone = true;
		must_open(&other);
		sim_disk_fail_call(other.disk, nth, SIM_ONCE, TG_IO);
		if (live(&other) == TG_OK && sim_disk_has_failed(other.disk)) {
			struct journal_facts facts = journal_facts(other.journal);

			if (facts.is_mirror_lost) {
				alone++;
				assert_true(facts.mirror_trouble[0] != '\0');
				assert_int_equal(other.told, BATCHES);
			}
		}
		close_journal(&other);
		sim_disk_crash(other.disk);
		must_open(&other);
		assert_true(other.opened.last_sequence >= other.told);
		assert_false(journal_facts(other.journal).is_mirror_lost);
		close_journal(&other);
		remove_all(other.disk, MAIN "/");
		must_open(&other);
		assert_true(other.opened.last_sequence >= other.told);
		close_journal(&other);
		sim_disk_free(other.disk);
	}
	assert_true(alone > 10);
}

/* What: a mirror that is not there is noticed at the start: refused, or gone on without.
 * How:  a directory that is not there; then the nth call of a start fails. */
static void
a_missing_mirror_is_noticed(void **state)
{
	struct test *test = *state;
	struct journal_facts facts;

	test->config.mirror_directory = "/other/unmounted";
	assert_int_equal(open_journal(test), TG_IO);
	assert_non_null(strstr(test->error.text, "mounted?"));
	test->config.mirror_goes_on_alone = true;
	must_open(test);
	facts = journal_facts(test->journal);
	assert_true(facts.has_mirror && facts.is_mirror_lost);
	assert_int_equal(test->opened.mirror.verdict, JOURNAL_MIRROR_LOST);
	assert_int_equal(live(test), TG_OK);
	close_journal(test);
	test->config.mirror_directory = MIRROR;
	for (uint64_t nth = 1; nth < 200; nth++) {
		struct test other;

		init(&other, sim_disk_copy(test->disk, nth));
		other.config.mirror_goes_on_alone = true;
		sim_disk_fail_call(other.disk, nth, SIM_ONCE, TG_IO);
		if (open_journal(&other) == TG_OK) {
			assert_int_equal(other.opened.last_sequence, test->told);
			other.told = test->told;
			assert_int_equal(append(&other), TG_OK);
			close_journal(&other);
		}
		sim_disk_fail_call(other.disk, 0, SIM_ONCE, TG_OK);
		must_open(&other);
		assert_true(other.opened.last_sequence >= other.told);
		close_journal(&other);
		sim_disk_free(other.disk);
	}
	must_open(test);
	assert_int_equal(test->opened.mirror.verdict, JOURNAL_MIRROR_BEHIND);
}

/* What: damage in one is mended from the other, whose file is kept aside; in both it is refused.
 * How:  a bit in the middle of a segment, of the one, then of both. */
static void
damage_is_mended_from_the_other(void **state)
{
	struct test *test = *state;
	const char *const places[] = { MAIN "/0", MIRROR "/0" };
	const size_t offset = 2 * JOURNAL_BLOCK_BYTES + 150;

	must_open(test);
	assert_int_equal(live(test), TG_OK);
	close_journal(test);
	for (size_t i = 0; i < 2; i++) {
		const char *path = sim_disk_path(test->disk, places[i], 0);

		sim_disk_flip(test->disk, path, offset, 1);
		must_open(test);
		assert_int_equal(test->opened.mirror.verdict,
				 i == 0 ? JOURNAL_MIRROR_AHEAD : JOURNAL_MIRROR_BEHIND);
		assert_int_equal(test->opened.mirror.damage.status, TG_CORRUPT);
		assert_int_equal(test->opened.last_sequence, test->told);
		close_journal(test);
	}
	for (size_t i = 0; i < 2; i++)
		sim_disk_flip(test->disk, sim_disk_path(test->disk, places[i], 0), offset, 1);
	assert_int_equal(open_journal(test), TG_CORRUPT);
	test->journal = NULL;
}

/* What: two that went on differently are refused, and so is a mirror that another process has.
 * How:  each is opened by itself; then both together. */
static void
two_histories_are_refused(void **state)
{
	struct test *test = *state;
	struct journal_config config = test->config;
	struct journal *alone;
	struct journal_opened opened;

	must_open(test);
	assert_int_equal(live(test), TG_OK);
	config.directory = MIRROR;
	config.archive_directory = MIRROR "/archive";
	config.mirror_directory = NULL;
	assert_int_equal(journal_file_open(&config, &alone, &opened, &test->error), TG_FENCED);
	close_journal(test);
	config.salt = 1000;
	assert_int_equal(journal_file_open(&config, &alone, &opened, &test->error), TG_OK);
	assert_int_equal(open_journal(test), TG_FENCED);
	assert_int_equal(opened.last_sequence, test->told);
	test->journal = alone;
	assert_int_equal(append(test), TG_OK);
	close_journal(test);
	test->config.mirror_directory = NULL;
	must_open(test);
	assert_int_equal(append(test), TG_OK);
	close_journal(test);
	test->config.mirror_directory = MIRROR;
	assert_int_equal(open_journal(test), TG_CONFIG);
	test->journal = NULL;
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(either_alone_brings_all_back),    TEST(what_was_told_is_in_both),
		TEST(it_goes_on_alone_if_told_to),     TEST(damage_is_mended_from_the_other),
		TEST(two_histories_are_refused),       TEST(a_missing_mirror_is_noticed),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
