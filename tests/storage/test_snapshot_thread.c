/*
 * test_snapshot_thread.c - snapshots written by their thread while the tables change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/snapshot.h"
#include "tests/storage/snapshot_fixture.h"

#define ROWS_MAX 6000
#define ROUNDS 50

struct fixture {
	struct fixture_tables tables;
	struct storage_io io;
	char directory[STORAGE_PATH_BYTES_MAX];
	struct snapshot *snapshot;
};

static struct snapshot *
make_snapshot(struct fixture *f, size_t buffer_bytes_max)
{
	struct snapshot_config config = {
		.io = &f->io,
		.directory = f->directory,
		.instance = FIXTURE_INSTANCE,
		.set = &f->tables.set,
		.block_bytes = SNAPSHOT_BLOCK_BYTES_MIN,
		.buffer_bytes = 4 * SNAPSHOT_BLOCK_BYTES_MIN,
		.buffer_bytes_max = buffer_bytes_max,
	};

	return snapshot_new(&config);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_tables_init(&f->tables, ROWS_MAX, 1);
	fixture_change(&f->tables, 60000);
	storage_io_posix(&f->io);
	fixture_directory_new(f->directory);
	f->snapshot = make_snapshot(f, 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	snapshot_free(f->snapshot);
	fixture_directory_free(f->directory);
	fixture_tables_deinit(&f->tables);
	free(f);
	return 0;
}

/* Change rows and step until the snapshot has ended. */
static void
run_to_end(struct fixture *f, uint64_t sequence)
{
	uint64_t durable_sequence = sequence - 3;

	do {
		fixture_change(&f->tables, 1 + fixture_random(&f->tables, 60));
		if (fixture_random(&f->tables, 4) == 0)
			snapshot_finish(f->snapshot, ++durable_sequence);
	} while (snapshot_step(f->snapshot, 20000) != SNAPSHOT_IDLE);
}

/* What: under load every snapshot is the state at its sequence.
 * How:  changes without a pause, loaded into other tables and compared, many times. */
static void
snapshot_under_load_is_the_state_at_its_begin(void **state)
{
	struct fixture *f = *state;
	uint64_t pre_images = 0;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		struct fixture_image image;
		struct storage_error error;

		fixture_keep(&f->tables, &image);
		assert_int_equal(snapshot_begin(f->snapshot, round * 10, NULL, 0), TG_OK);
		run_to_end(f, round * 10);
		if (snapshot_result(f->snapshot)->status != TG_OK)
			fail_msg("%s", snapshot_result(f->snapshot)->error.text);
		pre_images += snapshot_result(f->snapshot)->pre_images;
		fixture_assert_loads(&f->io, f->directory, round * 10, ROWS_MAX, &image);
		fixture_image_free(&image);
		assert_int_equal(snapshot_prune(&f->io, f->directory, SNAPSHOT_KEEP_MIN, &error),
				 TG_OK);
	}
	assert_true(pre_images > 0);
	assert_true(state_hash_equal(table_set_hash(&f->tables.set),
				     table_set_hash_recompute(&f->tables.set)));
}

/* What: giving up at any moment, and freeing, ends thread and file. */
static void
abort_at_any_moment_is_clean(void **state)
{
	struct fixture *f = *state;
	struct snapshot_list list;
	struct storage_error error;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		assert_int_equal(snapshot_begin(f->snapshot, round, NULL, 0), TG_OK);
		for (uint32_t i = fixture_random(&f->tables, 200); i > 0; i--) {
			fixture_change(&f->tables, 20);
			(void)snapshot_step(f->snapshot, 0);
		}
		snapshot_abort(f->snapshot);
		if (round % 2 == 0) {
			snapshot_free(f->snapshot);
			f->snapshot = make_snapshot(f, 0);
			continue;
		}
		while (snapshot_step(f->snapshot, 0) != SNAPSHOT_IDLE)
			fixture_change(&f->tables, 20);
		assert_int_equal(snapshot_result(f->snapshot)->status, TG_CLOSED);
	}
	assert_int_equal(snapshot_list(&f->io, f->directory, &list, &error), TG_OK);
	assert_int_equal(list.count, 0);
}

/* What: changes that outrun the disk give the snapshot up, and the next one is whole. */
static void
small_buffer_gives_up_or_is_right(void **state)
{
	struct fixture *f = *state;
	uint32_t given_up_count = 0;

	snapshot_free(f->snapshot);
	f->snapshot = make_snapshot(f, 6 * SNAPSHOT_BLOCK_BYTES_MIN);
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		struct fixture_image image;

		fixture_keep(&f->tables, &image);
		assert_int_equal(snapshot_begin(f->snapshot, round, NULL, 0), TG_OK);
		if (round % 2 == 0)
			fixture_change(&f->tables, 4000);
		snapshot_finish(f->snapshot, round);
		run_to_end(f, round);
		if (snapshot_result(f->snapshot)->status == TG_OK) {
			fixture_assert_loads(&f->io, f->directory, round, ROWS_MAX, &image);
		} else {
			assert_int_equal(snapshot_result(f->snapshot)->status, TG_BUSY);
			given_up_count++;
		}
		fixture_image_free(&image);
	}
	assert_true(given_up_count >= 1);
	assert_true(state_hash_equal(table_set_hash(&f->tables.set),
				     table_set_hash_recompute(&f->tables.set)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(snapshot_under_load_is_the_state_at_its_begin,
						setup, teardown),
		cmocka_unit_test_setup_teardown(abort_at_any_moment_is_clean, setup, teardown),
		cmocka_unit_test_setup_teardown(small_buffer_gives_up_or_is_right, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
