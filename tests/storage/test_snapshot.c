/*
 * test_snapshot.c - a snapshot is the state at its sequence, whatever happens while it is made.
 *
 * All of this is without a thread: the writer works inside snapshot_step().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/snapshot.h"
#include "tests/storage/snapshot_fixture.h"

#define ROWS_MAX 3000
#define BLOB "what stands outside the tables"

struct fixture {
	struct fixture_tables tables;
	struct storage_io io;
	char directory[STORAGE_PATH_BYTES_MAX];
	struct snapshot *snapshot;
};

static struct snapshot *
make_snapshot(struct fixture *f, uint32_t block_bytes, size_t buffer_bytes_max)
{
	struct snapshot_config config = {
		.io = &f->io,
		.directory = f->directory,
		.instance = FIXTURE_INSTANCE,
		.set = &f->tables.set,
		.block_bytes = block_bytes,
		.buffer_bytes = block_bytes * 2,
		.buffer_bytes_max = buffer_bytes_max,
		.is_inline = true,
	};

	return snapshot_new(&config);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_tables_init(&f->tables, ROWS_MAX, 1);
	fixture_change(&f->tables, 12000);
	storage_io_posix(&f->io);
	fixture_directory_new(f->directory);
	f->snapshot = make_snapshot(f, SNAPSHOT_BLOCK_BYTES_MIN, 4 << 20);
	assert_non_null(f->snapshot);
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

static void
begin(struct fixture *f, uint64_t sequence)
{
	assert_int_equal(snapshot_begin(f->snapshot, sequence, BLOB, sizeof(BLOB)), TG_OK);
}

static uint32_t
count_snapshots(struct fixture *f)
{
	struct snapshot_list list;
	struct storage_error error;

	assert_int_equal(snapshot_list(&f->io, f->directory, &list, &error), TG_OK);
	return list.count;
}

/* A whole snapshot of the present state, without changes meanwhile. */
static void
take(struct fixture *f, uint64_t sequence)
{
	begin(f, sequence);
	snapshot_finish(f->snapshot, sequence);
	while (snapshot_step(f->snapshot, SIZE_MAX) != SNAPSHOT_IDLE)
		;
	assert_int_equal(snapshot_result(f->snapshot)->status, TG_OK);
}

/* What: changes while a snapshot is made do not show in it.
 * How:  random changes between steps of random size, loaded into other tables and compared. */
static void
snapshot_under_changes_is_the_state_at_its_begin(void **state)
{
	struct fixture *f = *state;

	for (uint64_t round = 1; round <= 40; round++) {
		struct fixture_image image;
		uint32_t changes = fixture_random(&f->tables, 400);
		enum snapshot_phase phase;

		fixture_change(&f->tables, 500);
		fixture_keep(&f->tables, &image);
		begin(f, round);
		do {
			fixture_change(&f->tables, fixture_random(&f->tables, changes + 1));
			phase = snapshot_step(f->snapshot, fixture_random(&f->tables, 40000));
			if (fixture_random(&f->tables, 20) == 0)
				snapshot_finish(f->snapshot, round);
		} while (phase != SNAPSHOT_IDLE);
		assert_int_equal(snapshot_result(f->snapshot)->status, TG_OK);
		assert_int_equal(snapshot_result(f->snapshot)->sequence, round);
		assert_true(snapshot_result(f->snapshot)->pre_images > 0 || changes < 10);
		fixture_assert_loads(&f->io, f->directory, round, ROWS_MAX, &image);
		assert_true(state_hash_equal(table_set_hash(&f->tables.set),
					     table_set_hash_recompute(&f->tables.set)));
		fixture_image_free(&image);
	}
}

/* What: the blocks may be of any size, and tables empty or all changed at once. */
static void
block_size_does_not_matter(void **state)
{
	struct fixture *f = *state;
	const uint32_t sizes[] = { 8192, 8192 + 8, 30000, 0 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct fixture_image image;

		snapshot_free(f->snapshot);
		f->snapshot = make_snapshot(f, sizes[i], 0);
		fixture_keep(&f->tables, &image);
		begin(f, i);
		(void)snapshot_step(f->snapshot, 0);
		fixture_change(&f->tables, 50000);
		snapshot_finish(f->snapshot, i);
		while (snapshot_step(f->snapshot, 0) != SNAPSHOT_IDLE)
			;
		fixture_assert_loads(&f->io, f->directory, i, ROWS_MAX, &image);
		fixture_image_free(&image);
	}
	table_set_clear(&f->tables.set);
	take(f, 77);
	assert_int_equal(snapshot_result(f->snapshot)->rows, 0);
}

/* What: what the ledger keeps beside its tables comes back, also by reading the head alone. */
static void
blob_and_hash_stand_at_the_head(void **state)
{
	struct fixture *f = *state;
	struct snapshot_info info;
	struct storage_error error = { .status = TG_OK };

	take(f, 5);
	assert_int_equal(
		snapshot_read_info(&f->io, f->directory, FIXTURE_INSTANCE, 5, &info, &error),
		TG_OK);
	assert_int_equal(info.sequence, 5);
	assert_int_equal(info.file_bytes, snapshot_result(f->snapshot)->bytes);
	assert_int_equal(info.blob_bytes, sizeof(BLOB));
	assert_memory_equal(info.blob, BLOB, sizeof(BLOB));
	assert_true(state_hash_equal(info.hash, table_set_hash(&f->tables.set)));
	assert_int_equal(snapshot_read_info(&f->io, f->directory, "other", 5, &info, &error),
			 TG_CONFIG);
}

/* What: the file has no name before its sequence is durable. */
static void
name_waits_for_the_sequence_to_be_durable(void **state)
{
	struct fixture *f = *state;

	begin(f, 100);
	for (uint32_t i = 0; i < 200; i++) {
		snapshot_finish(f->snapshot, i / 2);
		(void)snapshot_step(f->snapshot, 10000);
	}
	assert_int_equal(snapshot_phase(f->snapshot), SNAPSHOT_WRITING);
	assert_int_equal(count_snapshots(f), 0);
	snapshot_finish(f->snapshot, 100);
	assert_int_equal(snapshot_step(f->snapshot, 0), SNAPSHOT_IDLE);
	assert_int_equal(count_snapshots(f), 1);

	/* Told before it begins is as good. */
	snapshot_finish(f->snapshot, 200);
	begin(f, 150);
	while (snapshot_step(f->snapshot, SIZE_MAX) != SNAPSHOT_IDLE)
		;
	assert_int_equal(count_snapshots(f), 2);
}

/* What: a snapshot given up in any phase leaves nothing, and another one can be made. */
static void
abort_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	struct storage_stat stat;
	struct storage_error error;
	char path[STORAGE_PATH_BYTES_MAX];

	assert_int_equal(storage_path(path, f->directory, "snapshot.tmp", &error), TG_OK);
	for (uint32_t steps = 0; steps < 130; steps++) {
		begin(f, 100 + steps);
		for (uint32_t i = 0; i < steps; i++) {
			fixture_change(&f->tables, 30);
			(void)snapshot_step(f->snapshot, 0);
		}
		snapshot_abort(f->snapshot);
		fixture_change(&f->tables, 30);
		assert_int_equal(snapshot_step(f->snapshot, 0), SNAPSHOT_IDLE);
		assert_int_equal(snapshot_result(f->snapshot)->status, TG_CLOSED);
		assert_int_equal(f->io.stat(f->io.context, path, &stat, &error), TG_OK);
		assert_false(stat.exists);
		assert_int_equal(count_snapshots(f), 0);
	}
	take(f, 1000);
	assert_int_equal(count_snapshots(f), 1);
	snapshot_abort(f->snapshot);
	assert_int_equal(snapshot_phase(f->snapshot), SNAPSHOT_IDLE);

	/* Freed while one is being made. */
	begin(f, 1001);
	(void)snapshot_step(f->snapshot, 0);
	snapshot_free(f->snapshot);
	f->snapshot = NULL;
	fixture_change(&f->tables, 300);
	assert_int_equal(count_snapshots(f), 1);
}

/* What: more pre-images than the buffer takes give the snapshot up, not the ledger. */
static void
too_many_pre_images_give_the_snapshot_up(void **state)
{
	struct fixture *f = *state;
	struct fixture_image image;

	snapshot_free(f->snapshot);
	f->snapshot = make_snapshot(f, SNAPSHOT_BLOCK_BYTES_MIN, 5 * SNAPSHOT_BLOCK_BYTES_MIN);
	begin(f, 9);
	(void)snapshot_step(f->snapshot, 0);
	fixture_change(&f->tables, 5000);
	assert_int_equal(snapshot_phase(f->snapshot), SNAPSHOT_ENDING);
	assert_int_equal(snapshot_step(f->snapshot, 0), SNAPSHOT_IDLE);
	assert_int_equal(snapshot_result(f->snapshot)->status, TG_BUSY);
	assert_int_equal(snapshot_result(f->snapshot)->error.status, TG_BUSY);
	assert_int_equal(snapshot_result(f->snapshot)->buffer_bytes_peak,
			 5 * SNAPSHOT_BLOCK_BYTES_MIN);
	assert_int_equal(count_snapshots(f), 0);
	assert_true(state_hash_equal(table_set_hash(&f->tables.set),
				     table_set_hash_recompute(&f->tables.set)));
	fixture_keep(&f->tables, &image);
	take(f, 10);
	fixture_assert_loads(&f->io, f->directory, 10, ROWS_MAX, &image);
	fixture_image_free(&image);
}

/* What: the newest two stay, other files are left alone, and the list is newest first. */
static void
prune_keeps_the_newest_two(void **state)
{
	struct fixture *f = *state;
	const char *others[] = { "snapshot-1", "snapshot-00000000000000000001.old",
				 "snapshot-99999999999999999999", "journal-00000000000000000001" };
	struct snapshot_list list;
	struct storage_error error;
	struct storage_stat stat;
	char path[STORAGE_PATH_BYTES_MAX];

	table_set_clear(&f->tables.set);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		int file;

		assert_int_equal(storage_path(path, f->directory, others[i], &error), TG_OK);
		assert_int_equal(f->io.open(f->io.context, path, STORAGE_CREATE, &file, &error),
				 TG_OK);
		f->io.close(f->io.context, file);
	}
	assert_int_equal(snapshot_prune(&f->io, f->directory, 2, &error), TG_OK);
	for (uint64_t sequence = 1; sequence <= SNAPSHOT_LIST_MAX + 10; sequence++)
		take(f, sequence * 7);
	assert_int_equal(snapshot_list(&f->io, f->directory, &list, &error), TG_OK);
	assert_int_equal(list.count, SNAPSHOT_LIST_MAX);
	for (uint32_t i = 0; i < list.count; i++)
		assert_int_equal(list.sequences[i], (SNAPSHOT_LIST_MAX + 10 - i) * 7);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(snapshot_prune(&f->io, f->directory, 2, &error), TG_OK);
	assert_int_equal(snapshot_list(&f->io, f->directory, &list, &error), TG_OK);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.sequences[0], (SNAPSHOT_LIST_MAX + 10) * 7);
	assert_int_equal(list.sequences[1], (SNAPSHOT_LIST_MAX + 9) * 7);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(storage_path(path, f->directory, others[i], &error), TG_OK);
		assert_int_equal(f->io.stat(f->io.context, path, &stat, &error), TG_OK);
		assert_true(stat.exists);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(snapshot_under_changes_is_the_state_at_its_begin,
						setup, teardown),
		cmocka_unit_test_setup_teardown(block_size_does_not_matter, setup, teardown),
		cmocka_unit_test_setup_teardown(blob_and_hash_stand_at_the_head, setup, teardown),
		cmocka_unit_test_setup_teardown(name_waits_for_the_sequence_to_be_durable, setup,
						teardown),
		cmocka_unit_test_setup_teardown(abort_leaves_nothing_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_pre_images_give_the_snapshot_up, setup,
						teardown),
		cmocka_unit_test_setup_teardown(prune_keeps_the_newest_two, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
