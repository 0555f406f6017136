/*
 * test_journal.c - what every backend of the journal does, and what the file does besides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/bytes.h"
#include "tests/storage/journal_fixture.h"

static int
setup(void **state)
{
	*state = journal_fixture_new(1);
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

/* The same calls for any backend: append, mark, read, follow. */
static void
check_backend(struct journal_fixture *f)
{
	struct journal_reader *reader;
	uint64_t last_sequence;

	assert_int_equal(journal_durable_sequence(f->journal), 0);
	assert_true(journal_has_room(f->journal));
	assert_int_equal(journal_read_from(f->journal, 1, &reader, &f->error), TG_OK);
	assert_true(journal_fixture_matches(f, reader, 1, &last_sequence));
	assert_int_equal(last_sequence, 0);

	for (uint32_t batch = 1; batch <= 40; batch++) {
		assert_int_equal(journal_fixture_append(f, batch), TG_OK);
		assert_int_equal(journal_durable_sequence(f->journal), f->acknowledged);
		if (batch % 7 == 0)
			assert_int_equal(journal_fixture_mark(f), TG_OK);
		if (batch % 3 == 0) {
			uint64_t first_sequence = last_sequence + 1;

			if (!journal_fixture_matches(f, reader, first_sequence, &last_sequence))
				fail_msg("%s", f->why);
			assert_int_equal(last_sequence, f->acknowledged);
		}
	}
	journal_reader_close(reader);
	for (uint64_t sequence = 1; sequence <= f->acknowledged + 1; sequence += 13)
		assert_holds(f, sequence);
	assert_int_equal(journal_read_from(f->journal, f->acknowledged + 2, &reader, &f->error),
			 TG_CORRUPT);
	assert_int_equal(f->error.sequence, f->acknowledged + 1);
	assert_int_equal(journal_facts(f->journal).batches, 40);
	assert_int_equal(journal_facts(f->journal).marks, 5);
}

/* What: the memory backend gives back what was appended, to late and to following readers. */
static void
memory_journal_gives_back_what_was_appended(void **state)
{
	struct journal_fixture *f = *state;

	f->journal = journal_memory_open(1);
	assert_non_null(f->journal);
	check_backend(f);
}

/* What: the same of the file backend, over many small segments. */
static void
file_journal_gives_back_what_was_appended(void **state)
{
	struct journal_fixture *f = *state;

	assert_int_equal(journal_fixture_open(f), TG_OK);
	check_backend(f);
	assert_true(journal_facts(f->journal).segments > 3);
}

/* What: short reads and writes are finished.  How: the disk does a random part of each call. */
static void
short_reads_and_writes_are_finished(void **state)
{
	struct journal_fixture *f = *state;

	sim_disk_make_short(f->disk, true);
	assert_int_equal(journal_fixture_open(f), TG_OK);
	check_backend(f);
	journal_fixture_close(f);
	assert_int_equal(journal_fixture_open(f), TG_OK);
	assert_holds(f, 1);
}

/* What: each start is an incarnation and a segment of its own, and all of them read as one. */
static void
starts_are_incarnations_that_read_as_one(void **state)
{
	struct journal_fixture *f = *state;

	for (uint64_t start = 1; start <= 12; start++) {
		assert_int_equal(journal_fixture_open(f), TG_OK);
		assert_int_equal(f->opened.incarnation, start);
		assert_int_equal(f->opened.last_sequence, f->acknowledged);
		assert_int_equal(f->opened.cut_bytes, 0);
		if (start % 4 != 0) /* some starts see no record */
			assert_int_equal(journal_fixture_append(f, 5), TG_OK);
		if (start % 2 == 0)
			assert_int_equal(journal_fixture_mark(f), TG_OK);
		assert_holds(f, 1);
		journal_fixture_close(f);
	}
	assert_int_equal(journal_fixture_open(f), TG_OK);
	assert_true(f->opened.has_mark);
	assert_memory_equal(&f->opened.mark_hash, &f->hashes[f->acknowledged],
			    sizeof f->opened.mark_hash);
	assert_holds(f, 1);
}

/* What: a segment of a run that ended is no longer than what it holds. */
static void
left_segments_are_cut_to_their_content(void **state)
{
	struct journal_fixture *f = *state;

	for (int start = 0; start < 30; start++) {
		assert_int_equal(journal_fixture_open(f), TG_OK);
		assert_int_equal(journal_fixture_append(f, 1), TG_OK);
		journal_fixture_abandon(f, false);
	}
	/* 30 of two blocks, of which one is full size, and the next one made ahead. */
	assert_true(sim_disk_used_bytes(f->disk) <=
		    29 * 2 * JOURNAL_BLOCK_BYTES + 2 * f->config.segment_bytes);
}

/* What: a segment holds a batch as large as allowed and a mark, and a mark is written once. */
static void
largest_batch_fills_a_segment(void **state)
{
	struct journal_fixture *f = *state;
	uint8_t records[8 * JOURNAL_BLOCK_BYTES] = { 0 };
	struct journal_batch batch = { .records = records, .count = 1 };
	struct state_hash hash = { 0 };

	assert_int_equal(journal_fixture_open(f), TG_OK);
	assert_int_equal(journal_batch_bytes_max(f->journal),
			 6 * JOURNAL_BLOCK_BYTES - SEGMENT_BATCH_HEADER_BYTES);
	batch.records_bytes = journal_batch_bytes_max(f->journal);
	for (uint64_t sequence = 1; sequence <= 3; sequence++) {
		bytes_put_u16(records, (uint16_t)batch.records_bytes);
		bytes_put_u64(records + 8, sequence);
		batch.first_sequence = sequence;
		assert_int_equal(journal_append(f->journal, &batch, &f->error), TG_OK);
		assert_int_equal(journal_mark(f->journal, sequence, hash, 0, &f->error), TG_OK);
		assert_int_equal(journal_mark(f->journal, sequence, hash, 0, &f->error), TG_OK);
	}
	assert_int_equal(journal_facts(f->journal).segments, 3);
	assert_int_equal(journal_facts(f->journal).marks, 3);
}

/* What: a second process is refused while the first has the journal, and let in afterwards. */
static void
second_process_is_refused(void **state)
{
	struct journal_fixture *f = *state;
	struct journal *second;
	struct journal_opened opened;

	assert_int_equal(journal_fixture_open(f), TG_OK);
	assert_int_equal(journal_file_open(&f->config, &second, &opened, &f->error), TG_FENCED);
	assert_non_null(strstr(f->error.text, "process 1"));
	assert_int_equal(journal_fixture_append(f, 1), TG_OK);
	journal_fixture_close(f);
	assert_int_equal(journal_fixture_open(f), TG_OK);
}

/* What: the same on a real disk, with the holder's number in the text. */
static void
lock_on_a_real_disk_names_its_holder(void **state)
{
	char path[] = "/tmp/tg_lock_XXXXXX";
	char pid[32];
	struct storage_error error;
	struct storage_io io;
	int first;
	int second;
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	(void)close(file);
	storage_io_posix(&io);
	assert_int_equal(io.lock(io.context, path, &first, &error), TG_OK);
	assert_int_equal(io.lock(io.context, path, &second, &error), TG_FENCED);
	(void)snprintf(pid, sizeof pid, "process %ld", (long)getpid());
	assert_non_null(strstr(error.text, pid));
	io.close(io.context, first);
	assert_int_equal(io.lock(io.context, path, &second, &error), TG_OK);
	io.close(io.context, second);
	(void)unlink(path);
}

/* What: an epoch below that of the files is fenced off, a higher one takes over. */
static void
lower_epoch_is_fenced(void **state)
{
	struct journal_fixture *f = *state;

	f->config.epoch = 5;
	assert_int_equal(journal_fixture_open(f), TG_OK);
	assert_int_equal(journal_fixture_append(f, 2), TG_OK);
	journal_fixture_close(f);
	f->config.epoch = 4;
	assert_int_equal(journal_fixture_open(f), TG_FENCED);
	f->config.epoch = 6;
	assert_int_equal(journal_fixture_open(f), TG_OK);
	assert_holds(f, 1);
}

/* What: sizes and names that cannot be are refused before anything is touched. */
static void
impossible_sizes_are_refused(void **state)
{
	struct journal_fixture *f = *state;

	f->config.segment_bytes = JOURNAL_SEGMENT_BYTES_MIN - JOURNAL_BLOCK_BYTES;
	assert_int_equal(journal_fixture_open(f), TG_CONFIG);
	f->config.segment_bytes = JOURNAL_SEGMENT_BYTES_MIN + 1;
	assert_int_equal(journal_fixture_open(f), TG_CONFIG);
	f->config.segment_bytes = JOURNAL_SEGMENT_BYTES_MIN;
	f->config.batch_bytes_max = JOURNAL_SEGMENT_BYTES_MIN;
	assert_int_equal(journal_fixture_open(f), TG_CONFIG);
	assert_null(sim_disk_path(f->disk, "", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(memory_journal_gives_back_what_was_appended, setup,
						teardown),
		cmocka_unit_test_setup_teardown(file_journal_gives_back_what_was_appended, setup,
						teardown),
		cmocka_unit_test_setup_teardown(short_reads_and_writes_are_finished, setup,
						teardown),
		cmocka_unit_test_setup_teardown(starts_are_incarnations_that_read_as_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(left_segments_are_cut_to_their_content, setup,
						teardown),
		cmocka_unit_test_setup_teardown(largest_batch_fills_a_segment, setup, teardown),
		cmocka_unit_test_setup_teardown(second_process_is_refused, setup, teardown),
		cmocka_unit_test(lock_on_a_real_disk_names_its_holder),
		cmocka_unit_test_setup_teardown(lower_epoch_is_fenced, setup, teardown),
		cmocka_unit_test_setup_teardown(impossible_sizes_are_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
