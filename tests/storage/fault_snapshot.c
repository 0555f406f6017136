/*
 * fault_snapshot.c - snapshots when the disk fails at the k-th call, is full, or power fails.
 *
 * The same script is run over and over, each time with the next call failing, until a run gets
 * through.  After each the process or the power ends; then every file that has a snapshot's name
 * must be that snapshot, and what was told to be done must be there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/snapshot.h"
#include "tests/storage/sim_disk.h"
#include "tests/storage/snapshot_fixture.h"

#define DIRECTORY "data"
#define ROWS_MAX 60
#define SNAPSHOTS 5
#define CALLS_MAX 500
#define CAPACITY_BYTES (8 * 1024 * 1024)

struct test {
	struct fixture_tables tables;
	struct sim_disk *disk;
	struct storage_io io;
	struct snapshot *snapshot;
	struct fixture_image images[SNAPSHOTS]; /* of sequences 10, 20, ... */
	uint32_t begun_count;			/* of them */
	uint64_t done[SNAPSHOTS];		/* sequences told to be done, in order */
	uint32_t done_count;
};

static void
test_init(struct test *t, uint64_t seed)
{
	struct snapshot_config config = {
		.io = &t->io,
		.directory = DIRECTORY,
		.instance = FIXTURE_INSTANCE,
		.set = &t->tables.set,
		.block_bytes = SNAPSHOT_BLOCK_BYTES_MIN,
		.is_inline = true,
	};
	struct storage_error error;

	*t = (struct test){ .done_count = 0 };
	t->disk = sim_disk_new(seed, CAPACITY_BYTES);
	sim_disk_io(t->disk, &t->io);
	assert_int_equal(t->io.make_directory(t->io.context, DIRECTORY, &error), TG_OK);
	assert_int_equal(t->io.sync_directory(t->io.context, ".", &error), TG_OK);
	sim_disk_make_short(t->disk, seed % 2 == 0);
	fixture_tables_init(&t->tables, ROWS_MAX, 1);
	fixture_change(&t->tables, 1500);
	t->snapshot = snapshot_new(&config);
	assert_non_null(t->snapshot);
}

static void
test_deinit(struct test *t)
{
	for (uint32_t i = 0; i < t->begun_count; i++)
		fixture_image_free(&t->images[i]);
	snapshot_free(t->snapshot);
	fixture_tables_deinit(&t->tables);
	sim_disk_free(t->disk);
}

/* What the gateway does: a snapshot now and then, and pruning when one is done. */
static void
run_script(struct test *t)
{
	for (uint32_t i = 0; i < SNAPSHOTS; i++) {
		uint64_t sequence = 10 * (i + 1);
		struct storage_error error;

		fixture_change(&t->tables, 100);
		fixture_keep(&t->tables, &t->images[i]);
		t->begun_count++;
		assert_int_equal(snapshot_begin(t->snapshot, sequence, NULL, 0), TG_OK);
		snapshot_finish(t->snapshot, sequence);
		while (snapshot_step(t->snapshot, 0) != SNAPSHOT_IDLE)
			fixture_change(&t->tables, 5);
		if (snapshot_result(t->snapshot)->status != TG_OK) {
			assert_true(sim_disk_has_failed(t->disk));
			assert_int_not_equal(snapshot_result(t->snapshot)->error.text[0], '\0');
			continue;
		}
		t->done[t->done_count++] = sequence;
		if (snapshot_prune(&t->io, DIRECTORY, SNAPSHOT_KEEP_MIN, &error) != TG_OK)
			assert_true(sim_disk_has_failed(t->disk));
	}
	assert_true(state_hash_equal(table_set_hash(&t->tables.set),
				     table_set_hash_recompute(&t->tables.set)));
}

static bool
is_listed(const struct snapshot_list *list, uint64_t sequence)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->sequences[i] == sequence)
			return true;
	return false;
}

/* Every name is what it says, and the newest two that were done are there. */
static void
assert_right(struct test *t)
{
	struct snapshot_list list;
	struct storage_error error;

	assert_int_equal(snapshot_list(&t->io, DIRECTORY, &list, &error), TG_OK);
	for (uint32_t i = 0; i < list.count; i++) {
		uint64_t sequence = list.sequences[i];

		assert_int_equal(sequence % 10, 0);
		assert_in_range(sequence / 10, 1, t->begun_count);
		fixture_assert_loads(&t->io, DIRECTORY, sequence, ROWS_MAX,
				     &t->images[sequence / 10 - 1]);
	}
	for (uint32_t i = t->done_count < 2 ? 0 : t->done_count - 2; i < t->done_count; i++)
		assert_true(is_listed(&list, t->done[i]));
	assert_false(sim_disk_is_misused(t->disk));
}

/* The next snapshot works, in the same process or a later one. */
static void
assert_goes_on(struct test *t)
{
	struct fixture_image image;

	fixture_keep(&t->tables, &image);
	assert_int_equal(snapshot_begin(t->snapshot, 1000, NULL, 0), TG_OK);
	snapshot_finish(t->snapshot, 1000);
	while (snapshot_step(t->snapshot, SIZE_MAX) != SNAPSHOT_IDLE)
		;
	assert_int_equal(snapshot_result(t->snapshot)->status, TG_OK);
	fixture_assert_loads(&t->io, DIRECTORY, 1000, ROWS_MAX, &image);
	fixture_image_free(&image);
}

/* Run with every call failing in turn. */
static void
fail_each_call(enum sim_failure failure, enum tg_status status, bool is_crash)
{
	for (uint64_t nth = 1; nth < CALLS_MAX; nth++) {
		struct test t;
		bool has_failed;

		test_init(&t, nth);
		sim_disk_fail_call(t.disk, nth, failure, status);
		run_script(&t);
		has_failed = sim_disk_has_failed(t.disk);
		if (is_crash)
			sim_disk_crash(t.disk);
		sim_disk_fail_call(t.disk, 0, SIM_ONCE, TG_OK);
		assert_right(&t);
		assert_goes_on(&t);
		test_deinit(&t);
		if (!has_failed) {
			assert_true(nth > 20);
			return;
		}
	}
	fail_msg("the script does not come to its end");
}

/* What: whichever call fails, no name stands for anything but its snapshot. */
static void
failing_call_never_names_a_wrong_file(void **state)
{
	(void)state;
	fail_each_call(SIM_ONCE, TG_IO, false);
	fail_each_call(SIM_STICKY, TG_IO, false);
	fail_each_call(SIM_ONCE, TG_JOURNAL_FULL, false);
	fail_each_call(SIM_STICKY, TG_JOURNAL_FULL, false);
}

/* What: the same when power fails afterwards: what was told to be done is durable. */
static void
power_failure_keeps_what_was_done(void **state)
{
	(void)state;
	fail_each_call(SIM_ONCE, TG_IO, true);
	fail_each_call(SIM_STICKY, TG_IO, true);
	fail_each_call(SIM_STICKY, TG_JOURNAL_FULL, true);
}

/* What: on a disk that does not sync, what a power failure leaves under a name is refused if it is
 * not whole.
 * How:  fdatasync taken out; some of the files must be found damaged, so this suite can see it. */
static void
without_sync_damage_is_seen(void **state)
{
	uint32_t refused_count = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct test t;
		struct snapshot_list list;
		struct storage_error error;

		test_init(&t, seed);
		sim_disk_ignore_sync(t.disk, true);
		run_script(&t);
		sim_disk_crash(t.disk);
		sim_disk_ignore_sync(t.disk, false);
		assert_int_equal(snapshot_list(&t.io, DIRECTORY, &list, &error), TG_OK);
		for (uint32_t i = 0; i < list.count; i++) {
			struct fixture_tables loaded;
			struct snapshot_load_config config =
				fixture_load_config(&loaded, &t.io, DIRECTORY);
			struct snapshot_info info;

			fixture_tables_init(&loaded, ROWS_MAX, 1);
			if (snapshot_load(&config, list.sequences[i], &info, &error) == TG_OK)
				fixture_assert_equal(&loaded,
						     &t.images[list.sequences[i] / 10 - 1]);
			else
				refused_count++;
			fixture_tables_deinit(&loaded);
		}
		assert_goes_on(&t);
		test_deinit(&t);
	}
	assert_true(refused_count > 10);
}

/* What: a read that fails leaves the tables empty, and the next try works. */
static void
failing_read_leaves_the_tables_empty(void **state)
{
	struct test t;
	struct fixture_tables loaded;
	struct snapshot_load_config config;
	struct snapshot_info info;
	struct storage_error error;
	bool has_failed = true;

	(void)state;
	test_init(&t, 1);
	config = fixture_load_config(&loaded, &t.io, DIRECTORY);
	run_script(&t);
	fixture_tables_init(&loaded, ROWS_MAX, 1);
	for (uint64_t nth = 1; has_failed; nth++) {
		enum tg_status status;

		assert_true(nth < CALLS_MAX);
		sim_disk_fail_call(t.disk, nth, SIM_ONCE, TG_IO);
		status = snapshot_load(&config, 10 * SNAPSHOTS, &info, &error);
		has_failed = status != TG_OK;
		if (has_failed) {
			assert_int_equal(status, TG_IO);
			fixture_assert_empty(&loaded);
			assert_int_equal(snapshot_load(&config, 10 * SNAPSHOTS, &info, &error),
					 TG_OK);
		}
		fixture_assert_equal(&loaded, &t.images[SNAPSHOTS - 1]);
	}
	sim_disk_fail_call(t.disk, 0, SIM_ONCE, TG_OK);
	fixture_tables_deinit(&loaded);
	test_deinit(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failing_call_never_names_a_wrong_file),
		cmocka_unit_test(power_failure_keeps_what_was_done),
		cmocka_unit_test(without_sync_damage_is_seen),
		cmocka_unit_test(failing_read_leaves_the_tables_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
