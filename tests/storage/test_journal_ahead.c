/*
 * test_journal_ahead.c - what is read ahead is what the reader itself gives, errors included.
 *
 * Meant for ThreadSanitizer, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "storage/journal_ahead.h"
#include "tests/storage/journal_fixture.h"

#define BATCHES 240
#define BATCH_RECORDS 60 /* in all some chunks of records */
#define MARK_EVERY 50

static int
setup(void **state)
{
	struct journal_fixture *f = journal_fixture_new(1);

	*state = f;
	assert_int_equal(journal_fixture_open(f), TG_OK);
	for (uint32_t batch = 1; batch <= BATCHES; batch++) {
		assert_int_equal(journal_fixture_append(f, BATCH_RECORDS), TG_OK);
		if (batch % MARK_EVERY == 0)
			assert_int_equal(journal_fixture_mark(f), TG_OK);
	}
	return 0;
}

static int
teardown(void **state)
{
	journal_fixture_free(*state);
	return 0;
}

static struct journal_reader *
read_from(struct journal_fixture *f, uint64_t sequence, bool is_ahead)
{
	struct journal_reader *reader;

	assert_int_equal(journal_read_from(f->journal, sequence, &reader, &f->error), TG_OK);
	if (is_ahead)
		assert_int_equal(journal_ahead_open(reader, &reader, &f->error), TG_OK);
	return reader;
}

/* What: every record and mark comes, from wherever it begins; the end stays the end. */
static void
all_comes_in_order(void **state)
{
	struct journal_fixture *f = *state;

	for (uint64_t first = 1; first <= f->acknowledged + 1; first += f->acknowledged / 3) {
		struct journal_reader *reader = read_from(f, first, true);
		struct journal_item item;
		uint64_t last;

		if (!journal_fixture_matches(f, reader, first, &last))
			fail_msg("%s", f->why);
		assert_int_equal(last, f->acknowledged);
		assert_int_equal(journal_reader_next(reader, &item, &f->error), TG_OK);
		assert_int_equal(item.kind, JOURNAL_NOTHING);
		journal_reader_close(reader);
	}
}

/* Read up to the error that there must be; records before it. */
static uint32_t
read_to_error(struct journal_fixture *f, bool is_ahead, struct storage_error *ret_error)
{
	struct journal_reader *reader = read_from(f, 1, is_ahead);
	uint32_t records = 0;

	for (;;) {
		struct journal_item item;
		enum tg_status status = journal_reader_next(reader, &item, ret_error);

		if (status != TG_OK) {
			assert_int_equal(status, ret_error->status);
			break;
		}
		assert_int_not_equal(item.kind, JOURNAL_NOTHING);
		if (item.kind == JOURNAL_RECORD)
			assert_int_equal(item.sequence, ++records);
	}
	journal_reader_close(reader);
	return records;
}

/* What: damage is told in the same words, after the same records.  How: a byte in a segment. */
static void
damage_comes_where_the_reader_gives_it(void **state)
{
	struct journal_fixture *f = *state;
	struct storage_error plain, ahead;
	const char *late = NULL;
	const char *path;
	uint32_t records;

	for (size_t i = 0; (path = sim_disk_path(f->disk, FIXTURE_DIRECTORY "/0", i)) != NULL; i++)
		late = i % 2 == 0 ? path : late;
	assert_non_null(late);
	sim_disk_flip(f->disk, late, 8192 + 100, 1);
	records = read_to_error(f, false, &plain);
	assert_true(records > 0 && records < f->acknowledged);
	assert_int_equal(read_to_error(f, true, &ahead), records);
	assert_int_equal(ahead.status, plain.status);
	assert_int_equal(ahead.sequence, plain.sequence);
	assert_int_equal(ahead.offset, plain.offset);
	assert_string_equal(ahead.text, plain.text);
}

/* What: it may be closed at any time: at once, after some items, with its ring full. */
static void
it_may_be_closed_early(void **state)
{
	struct journal_fixture *f = *state;

	for (uint32_t wanted = 0; wanted <= 9000; wanted += 4500) {
		struct journal_reader *reader = read_from(f, 1, true);

		for (uint32_t i = 0; i < wanted; i++) {
			struct journal_item item;

			assert_int_equal(journal_reader_next(reader, &item, &f->error), TG_OK);
		}
		journal_reader_close(reader);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_comes_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_comes_where_the_reader_gives_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(it_may_be_closed_early, setup, teardown),
	};

	return cmocka_run_group_tests_name("journal_ahead", tests, NULL, NULL);
}
