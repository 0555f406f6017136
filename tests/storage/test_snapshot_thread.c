/*
 * test_snapshot_thread.c - snapshots written by their thread while the tables change.
 */
#include <pthread.h>
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

/* A disk that does not write until it is opened. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool is_open;
	struct storage_io posix;
};

struct fixture {
	struct fixture_tables tables;
	struct storage_io io;
	struct gate gate; /* io's own, when a test sets it */
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

static enum tg_status
gate_pwrite(void *context, int file, const void *bytes, size_t bytes_count, uint64_t offset,
	    size_t *ret_bytes, struct storage_error *error)
{
	struct fixture *f = context;

	(void)pthread_mutex_lock(&f->gate.lock);
	while (!f->gate.is_open)
		(void)pthread_cond_wait(&f->gate.opened, &f->gate.lock);
	(void)pthread_mutex_unlock(&f->gate.lock);
	return f->gate.posix.pwrite(f->gate.posix.context, file, bytes, bytes_count, offset,
				    ret_bytes, error);
}

/* Let the fixture's disk stand still; the context of its other functions is not looked at. */
static void
gate_init(struct fixture *f)
{
	assert_int_equal(pthread_mutex_init(&f->gate.lock, NULL), 0);
	assert_int_equal(pthread_cond_init(&f->gate.opened, NULL), 0);
	f->gate.posix = f->io;
	f->io.context = f;
	f->io.pwrite = gate_pwrite;
}

static void
gate_open(struct fixture *f)
{
	(void)pthread_mutex_lock(&f->gate.lock);
	f->gate.is_open = true;
	(void)pthread_cond_signal(&f->gate.opened);
	(void)pthread_mutex_unlock(&f->gate.lock);
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

/* What: while the disk stands still slices wait, and only pre-images fill the buffer further.
 * How:  a disk that writes nothing for a while. */
static void
slices_wait_for_the_disk(void **state)
{
	struct fixture *f = *state;
	struct fixture_image image;
	const struct snapshot_result *result;

	snapshot_free(f->snapshot);
	gate_init(f);
	f->snapshot = make_snapshot(f, 0);
	result = snapshot_result(f->snapshot);
	fixture_keep(&f->tables, &image);
	assert_int_equal(snapshot_begin(f->snapshot, 1, NULL, 0), TG_OK);
	for (uint32_t i = 0; i < 1000; i++) {
		fixture_change(&f->tables, 1);
		assert_int_equal(snapshot_step(f->snapshot, SIZE_MAX), SNAPSHOT_COPYING);
	}
	gate_open(f);
	snapshot_finish(f->snapshot, 1);
	while (snapshot_step(f->snapshot, SIZE_MAX) != SNAPSHOT_IDLE)
		;
	assert_int_equal(result->status, TG_OK);
	/* Rows are at most 344 bytes with their entry; a block's end may stay free. */
	assert_true(result->buffer_bytes_peak <=
		    (size_t)5 * SNAPSHOT_BLOCK_BYTES_MIN + result->pre_images * 344 * 2);
	assert_true(result->pre_images * 344 < (size_t)50 * SNAPSHOT_BLOCK_BYTES_MIN);
	fixture_assert_loads(&f->io, f->directory, 1, ROWS_MAX, &image);
	fixture_image_free(&image);
	(void)pthread_cond_destroy(&f->gate.opened);
	(void)pthread_mutex_destroy(&f->gate.lock);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(snapshot_under_load_is_the_state_at_its_begin,
						setup, teardown),
		cmocka_unit_test_setup_teardown(abort_at_any_moment_is_clean, setup, teardown),
		cmocka_unit_test_setup_teardown(slices_wait_for_the_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(small_buffer_gives_up_or_is_right, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
