/*
 * test_journal_archive.c - archive and segments read as one, also from outside the process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/storage/journal_fixture.h"

static int
setup(void **state)
{
	struct journal_fixture *f = journal_fixture_new(11);

	assert_int_equal(journal_fixture_open(f), TG_OK);
	while (journal_facts(f->journal).segments < 6) {
		assert_int_equal(journal_fixture_append(f, 25), TG_OK);
		if (f->acknowledged % 75 == 0)
			assert_int_equal(journal_fixture_mark(f), TG_OK);
	}
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	journal_fixture_free(*state);
	return 0;
}

static void
assert_holds(struct journal_fixture *f, uint64_t first_sequence)
{
	if (!journal_fixture_holds(f, first_sequence))
		fail_msg("%s", f->why);
}

static size_t
count_files(struct journal_fixture *f, const char *prefix)
{
	size_t count = 0;

	while (sim_disk_path(f->disk, prefix, count) != NULL)
		count++;
	return count;
}

static uint32_t
archive(struct journal_fixture *f, uint64_t below_sequence)
{
	uint32_t count;

	if (journal_archive(f->journal, below_sequence, &count, &f->error) != TG_OK)
		fail_msg("%s", f->error.text);
	return count;
}

/* The first sequence of the index-th segment on the disk. */
static uint64_t
segment_sequence(struct journal_fixture *f, const char *prefix, size_t index)
{
	const char *path = sim_disk_path(f->disk, prefix, index);
	struct segment_name name;

	assert_non_null(path);
	assert_true(segment_name_parse(strrchr(path, '/') + 1, &name));
	return name.first_sequence;
}

/* What: only segments that end below the sequence go, and the newest never. */
static void
only_full_segments_below_the_sequence_are_moved(void **state)
{
	struct journal_fixture *f = *state;
	uint64_t third = segment_sequence(f, FIXTURE_DIRECTORY "/0", 2);

	assert_int_equal(archive(f, third - 1), 1);
	assert_int_equal(archive(f, third), 1);
	assert_int_equal(archive(f, third), 0);
	assert_holds(f, 1);
	assert_int_equal(archive(f, UINT64_MAX), 3);
	assert_int_equal(count_files(f, FIXTURE_DIRECTORY "/0"), 1);
	assert_int_equal(count_files(f, FIXTURE_ARCHIVE "/"), 5);
	for (uint64_t sequence = 1; sequence <= f->acknowledged; sequence += 17)
		assert_holds(f, sequence);
}

/* What: recovery needs no archive, but records before the segments are read from it. */
static void
restart_reads_on_from_the_archive(void **state)
{
	struct journal_fixture *f = *state;

	(void)archive(f, UINT64_MAX);
	journal_fixture_abandon(f, true);
	assert_int_equal(journal_fixture_open(f), TG_OK);
	assert_int_equal(journal_fixture_append(f, 25), TG_OK);
	assert_holds(f, 1);
}

/*
 * What: a segment in both places (a crash before the original was removed) is read once, moved
 * again.
 */
static void
segment_in_both_places_counts_once(void **state)
{
	struct journal_fixture *f = *state;
	const char *path = sim_disk_path(f->disk, FIXTURE_DIRECTORY "/0", 0);
	char saved_path[STORAGE_PATH_BYTES_MAX];
	uint8_t saved[64 * JOURNAL_BLOCK_BYTES];
	size_t saved_bytes;
	const uint8_t *bytes = sim_disk_get(f->disk, path, &saved_bytes);

	assert_in_range(saved_bytes, 1, sizeof saved);
	memcpy(saved, bytes, saved_bytes);
	memcpy(saved_path, path, strlen(path) + 1);
	assert_int_equal(archive(f, segment_sequence(f, FIXTURE_DIRECTORY "/0", 1)), 1);
	sim_disk_put(f->disk, saved_path, saved, saved_bytes);
	assert_holds(f, 1);
	assert_int_equal(archive(f, UINT64_MAX), 5);
	assert_int_equal(count_files(f, FIXTURE_ARCHIVE "/"), 5);
	assert_holds(f, 1);
}

/* What: a missing archived segment is named by the first record that is missing. */
static void
missing_archived_segment_is_named(void **state)
{
	struct journal_fixture *f = *state;
	uint64_t second = segment_sequence(f, FIXTURE_DIRECTORY "/0", 1);

	(void)archive(f, UINT64_MAX);
	sim_disk_remove(f->disk, sim_disk_path(f->disk, FIXTURE_ARCHIVE "/", 1));
	assert_false(journal_fixture_holds(f, 1));
	assert_int_equal(f->error.status, TG_CORRUPT);
	assert_int_equal(f->error.sequence, second);
	sim_disk_remove(f->disk, sim_disk_path(f->disk, FIXTURE_ARCHIVE "/", 0));
	assert_false(journal_fixture_holds(f, 1));
	assert_int_equal(f->error.status, TG_CORRUPT);
	assert_int_equal(f->error.sequence, 1);
	assert_holds(f, segment_sequence(f, FIXTURE_ARCHIVE "/", 0));
}

/* What: a flipped bit in an archived segment is noticed, or changes nothing of what is read.
 * How:  every seventh byte; compressed data have a few bits without meaning. */
static void
damage_in_the_archive_is_named(void **state)
{
	struct journal_fixture *f = *state;
	size_t noticed_count = 0;
	size_t flipped_count = 0;
	size_t bytes_count;
	const char *path;

	(void)archive(f, UINT64_MAX);
	path = sim_disk_path(f->disk, FIXTURE_ARCHIVE "/", 2);
	assert_non_null(sim_disk_get(f->disk, path, &bytes_count));
	for (size_t offset = 0; offset < bytes_count; offset += 7) {
		sim_disk_flip(f->disk, path, offset, 0x10);
		if (!journal_fixture_holds(f, 1)) {
			assert_int_equal(f->error.status, TG_CORRUPT);
			noticed_count++;
		}
		flipped_count++;
		sim_disk_flip(f->disk, path, offset, 0x10);
	}
	assert_true(noticed_count * 100 >= flipped_count * 98);
	assert_holds(f, 1);
}

/* What: a damaged segment is not archived, and stays. */
static void
damaged_segment_stays(void **state)
{
	struct journal_fixture *f = *state;
	uint32_t count;

	sim_disk_flip(f->disk, sim_disk_path(f->disk, FIXTURE_DIRECTORY "/0", 1), 3 * 4096, 1);
	assert_int_equal(journal_archive(f->journal, UINT64_MAX, &count, &f->error), TG_CORRUPT);
	assert_int_equal(count, 1);
	assert_int_equal(count_files(f, FIXTURE_DIRECTORY "/0"), 5);
	assert_int_equal(count_files(f, FIXTURE_ARCHIVE "/"), 1);
}

/* What: an archive without its journal is refused, not taken for a first start. */
static void
archive_without_journal_is_refused(void **state)
{
	struct journal_fixture *f = *state;

	(void)archive(f, UINT64_MAX);
	journal_fixture_close(f);
	sim_disk_remove(f->disk, sim_disk_path(f->disk, FIXTURE_DIRECTORY "/0", 0));
	assert_int_equal(journal_fixture_open(f), TG_CORRUPT);
}

/* What: from outside a batch is read once something follows it, and all of a journal at rest. */
static void
outside_reader_waits_for_confirmation(void **state)
{
	struct journal_fixture *f = *state;
	struct journal_source source = { .io = &f->io,
					 .directory = FIXTURE_DIRECTORY,
					 .archive_directory = FIXTURE_ARCHIVE };
	struct journal_reader *reader;
	uint64_t last_sequence;
	uint64_t before = f->acknowledged;

	assert_int_equal(journal_fixture_mark(f), TG_OK);
	(void)archive(f, before / 2);
	assert_int_equal(journal_file_read_from(&source, 0, &reader, &f->error), TG_OK);
	assert_true(journal_fixture_matches(f, reader, 1, &last_sequence));
	assert_int_equal(last_sequence, before);
	assert_int_equal(journal_fixture_append(f, 10), TG_OK);
	assert_true(journal_fixture_matches(f, reader, before + 1, &last_sequence));
	assert_int_equal(last_sequence, before);
	assert_int_equal(journal_fixture_append(f, 10), TG_OK);
	assert_true(journal_fixture_matches(f, reader, before + 1, &last_sequence));
	assert_int_equal(last_sequence, before + 10);
	assert_int_equal(journal_fixture_mark(f), TG_OK);
	assert_true(journal_fixture_matches(f, reader, before + 11, &last_sequence));
	assert_int_equal(last_sequence, before + 20);
	assert_int_equal(journal_fixture_append(f, 10), TG_OK);
	journal_reader_close(reader);

	source.is_unconfirmed_wanted = true;
	assert_int_equal(journal_file_read_from(&source, before, &reader, &f->error), TG_OK);
	assert_true(journal_fixture_matches(f, reader, before, &last_sequence));
	assert_int_equal(last_sequence, before + 30);
	journal_reader_close(reader);
}

/* What: from outside, an end with sound batches behind it is damage, one with rubbish is not. */
static void
outside_reader_tells_torn_from_damaged(void **state)
{
	struct journal_fixture *f = *state;
	struct journal_source source = { .io = &f->io,
					 .directory = FIXTURE_DIRECTORY,
					 .is_unconfirmed_wanted = true };
	const char *path = sim_disk_path(f->disk, FIXTURE_DIRECTORY "/0", 5);
	struct journal_reader *reader;
	uint64_t first_offset;
	uint64_t last_sequence;
	uint64_t torn_bytes;

	assert_int_equal(journal_fixture_append(f, 10), TG_OK);
	first_offset = journal_facts(f->journal).segment_used_bytes;
	assert_int_equal(journal_fixture_append(f, 10), TG_OK);
	sim_disk_flip(f->disk, path, first_offset + 200, 1);
	assert_int_equal(journal_file_read_from(&source, 1, &reader, &f->error), TG_OK);
	assert_true(journal_fixture_matches(f, reader, 1, &last_sequence));
	assert_int_equal(last_sequence, f->acknowledged - 10);
	assert_int_equal(journal_file_reader_check_end(reader, &torn_bytes, &f->error), TG_OK);
	assert_true(torn_bytes > 0);
	journal_reader_close(reader);

	assert_int_equal(journal_fixture_append(f, 10), TG_OK);
	assert_int_equal(journal_file_read_from(&source, 1, &reader, &f->error), TG_OK);
	assert_true(journal_fixture_matches(f, reader, 1, &last_sequence));
	assert_int_equal(journal_file_reader_check_end(reader, &torn_bytes, &f->error), TG_CORRUPT);
	assert_int_equal(f->error.offset, first_offset);
	journal_reader_close(reader);
}

/* What: damage to what the writer called durable is an error for its own readers. */
static void
inside_reader_names_damage(void **state)
{
	struct journal_fixture *f = *state;
	const char *path = sim_disk_path(f->disk, FIXTURE_DIRECTORY "/0", 5);
	uint64_t first_offset = journal_facts(f->journal).segment_used_bytes;
	uint64_t first_sequence = f->acknowledged + 1;

	assert_int_equal(journal_fixture_append(f, 10), TG_OK);
	sim_disk_flip(f->disk, path, first_offset + 200, 1);
	assert_false(journal_fixture_holds(f, 1));
	assert_int_equal(f->error.status, TG_CORRUPT);
	assert_int_equal(f->error.sequence, first_sequence);
	assert_int_equal(f->error.offset, first_offset);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(only_full_segments_below_the_sequence_are_moved),
		TEST(restart_reads_on_from_the_archive),
		TEST(segment_in_both_places_counts_once),
		TEST(missing_archived_segment_is_named),
		TEST(damage_in_the_archive_is_named),
		TEST(damaged_segment_stays),
		TEST(archive_without_journal_is_refused),
		TEST(outside_reader_waits_for_confirmation),
		TEST(outside_reader_tells_torn_from_damaged),
		TEST(inside_reader_names_damage),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
