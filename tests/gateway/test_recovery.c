/*
 * test_recovery.c - from the files to the ledger as it was, and what is refused instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/gateway/world.h"

/* A world that recovers as the gateway does, with a thread that reads ahead. */
static struct world *
threaded_world(void)
{
	struct world *world = world_new(1);

	world->config.is_inline = false;
	return world;
}

/* Requests in batches of a few, all acknowledged. */
static void
go_on(struct world *world, uint32_t batches)
{
	for (uint32_t i = 0; i < batches; i++) {
		for (uint32_t n = 0; n < 10; n++)
			assert_true(world_ask(world));
		assert_true(world_append(world));
	}
}

static struct world *
start(void)
{
	struct world *world = threaded_world();

	if (!world_begin(world))
		fail_msg("%s", world->why);
	return world;
}

static void
again(struct world *world, bool is_power_failure)
{
	world_end(world, is_power_failure);
	if (!world_begin(world))
		fail_msg("%s", world->why);
}

/* The newest snapshot's path. */
static const char *
newest_snapshot(const struct world *world)
{
	const char *newest = NULL;
	const char *path;

	for (size_t i = 0;
	     (path = sim_disk_path(world->disk, WORLD_DIRECTORY "/snapshot-", i)) != NULL; i++)
		newest = path;
	assert_non_null(newest);
	return newest;
}

/* What: an empty directory gives an empty ledger, and is made. */
static void
nothing_gives_an_empty_ledger(void **state)
{
	struct world *world = threaded_world();

	(void)state;
	assert_int_equal(recovery_run(&world->config, &world->recovery, &world->error), TG_OK);
	assert_int_equal(ledger_sequence(world->recovery.ledger), 0);
	assert_int_equal(world->recovery.opened.incarnation, 1);
	assert_int_equal(world->recovery.snapshot_sequence, 0);
	world_free(world);
}

/* What: without a snapshot every record is applied again, marks compared. */
static void
a_journal_alone_is_replayed(void **state)
{
	struct world *world = start();

	(void)state;
	go_on(world, 20);
	assert_true(world_mark(world));
	go_on(world, 20);
	again(world, false);
	assert_int_equal(world->recovery.snapshot_sequence, 0);
	assert_int_equal(world->recovery.records, world->acknowledged);
	assert_int_equal(world->recovery.marks, 1);
	world_free(world);
}

/* What: with a snapshot only the records after it are applied. */
static void
a_snapshot_shortens_the_replay(void **state)
{
	struct world *world = start();
	uint64_t sequence;

	(void)state;
	go_on(world, 20);
	sequence = world_snapshot_now(world);
	go_on(world, 20);
	assert_true(world_mark(world));
	again(world, false);
	assert_int_equal(world->recovery.snapshot_sequence, sequence);
	assert_int_equal(world->recovery.records, world->acknowledged - sequence);
	assert_int_equal(world->recovery.marks, 1);
	world_free(world);
}

/* What: what nobody was told of may be cut off; everything else is there. */
static void
a_torn_tail_is_cut(void **state)
{
	struct world *world = start();

	(void)state;
	go_on(world, 20);
	for (int i = 0; i < 10; i++)
		assert_true(world_ask(world));
	sim_disk_fail_call(world->disk, 2, SIM_STICKY, TG_IO);
	assert_false(world_append(world));
	again(world, true);
	go_on(world, 5);
	again(world, true);
	world_free(world);
}

/* What: a newest snapshot that is damaged is passed over, and named. */
static void
a_damaged_snapshot_is_passed_over_for_an_older_one(void **state)
{
	struct world *world = start();
	uint64_t older;

	(void)state;
	go_on(world, 20);
	older = world_snapshot_now(world);
	go_on(world, 20);
	assert_true(world_snapshot_now(world) > older);
	world_clear_away(world);
	go_on(world, 20);
	sim_disk_flip(world->disk, newest_snapshot(world), 9000, 1);
	again(world, false);
	assert_int_equal(world->recovery.snapshot_sequence, older);
	assert_int_equal(world->recovery.snapshots_skipped, 1);
	assert_non_null(strstr(world->recovery.skipped.text, "snapshot-"));
	world_free(world);
}

/* What: with every snapshot damaged the journal is replayed from the first record, archive too. */
static void
without_a_readable_snapshot_the_archive_is_replayed(void **state)
{
	struct world *world = start();
	const char *path;

	(void)state;
	for (int i = 0; i < 4; i++) {
		go_on(world, 60);
		(void)world_snapshot_now(world);
		world_clear_away(world);
	}
	assert_non_null(sim_disk_path(world->disk, WORLD_DIRECTORY "/archive/", 0));
	for (size_t i = 0;
	     (path = sim_disk_path(world->disk, WORLD_DIRECTORY "/snapshot-", i)) != NULL; i++)
		sim_disk_flip(world->disk, path, 9000, 1);
	again(world, false);
	assert_int_equal(world->recovery.snapshots_skipped, 2);
	assert_int_equal(world->recovery.records, world->acknowledged);
	world_free(world);
}

/* What: a state that is not the one of the journal's mark stops the start, sequence named. */
static void
another_state_than_the_marks_is_refused(void **state)
{
	struct world *world = start();
	struct state_hash *hash;

	(void)state;
	go_on(world, 5);
	hash = &world->hashes[world->last_sequence];
	hash->low++;
	assert_true(world_mark(world));
	world_end(world, false);
	assert_int_equal(recovery_run(&world->config, &world->recovery, &world->error), TG_CORRUPT);
	assert_int_equal(world->error.sequence, world->acknowledged);
	assert_non_null(strstr(world->error.text, "hash"));
	world_free(world);
}

/* What: a snapshot that is ahead of the journal stops the start. */
static void
a_snapshot_ahead_of_the_journal_is_refused(void **state)
{
	struct world *world = start();
	const char *path;

	(void)state;
	go_on(world, 20);
	(void)world_snapshot_now(world);
	world_end(world, false);
	while ((path = sim_disk_path(world->disk, WORLD_DIRECTORY "/0", 0)) != NULL)
		sim_disk_remove(world->disk, path);
	assert_int_equal(recovery_run(&world->config, &world->recovery, &world->error), TG_CORRUPT);
	world_free(world);
}

/* What: what the sink knows to have been durable must be there. */
static void
records_that_mariadb_has_must_be_there(void **state)
{
	struct world *world = start();

	(void)state;
	go_on(world, 5);
	world_end(world, false);
	world->config.journal.sink_sequence = world->acknowledged + 1;
	assert_int_equal(recovery_run(&world->config, &world->recovery, &world->error), TG_CORRUPT);
	world->config.journal.sink_sequence = world->acknowledged;
	assert_int_equal(recovery_run(&world->config, &world->recovery, &world->error), TG_OK);
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_gives_an_empty_ledger),
		cmocka_unit_test(a_journal_alone_is_replayed),
		cmocka_unit_test(a_snapshot_shortens_the_replay),
		cmocka_unit_test(a_torn_tail_is_cut),
		cmocka_unit_test(a_damaged_snapshot_is_passed_over_for_an_older_one),
		cmocka_unit_test(without_a_readable_snapshot_the_archive_is_replayed),
		cmocka_unit_test(another_state_than_the_marks_is_refused),
		cmocka_unit_test(a_snapshot_ahead_of_the_journal_is_refused),
		cmocka_unit_test(records_that_mariadb_has_must_be_there),
	};

	return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
