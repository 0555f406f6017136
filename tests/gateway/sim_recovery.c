/*
 * sim_recovery.c - a ledger through hundreds of crashes on a disk that forgets.
 *
 * Each seed is a disk and several lives on it: requests, batches, marks, snapshots and archive,
 * until the power fails in the middle of any call, or the process is killed.  Every recovery must
 * give a state that there was, with everything that was acknowledged.  TG_SEEDS in the
 * environment asks for more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/gateway/world.h"

#define SEEDS_DEFAULT 1000
#define SEEDS_WITHOUT_SYNC 60
#define LIVES 5
#define STEPS_MAX 200
#define CALLS_MAX 600 /* before the scripted end of a life, at most */

static uint64_t
seeds_wanted(void)
{
	const char *text = getenv("TG_SEEDS");
	uint64_t seeds = text != NULL ? strtoull(text, NULL, 10) : 0;

	return seeds > 0 ? seeds : SEEDS_DEFAULT;
}

/* One thing that the gateway does.  False: the journal is dead. */
static bool
take_step(struct world *world)
{
	uint64_t choice = sim_disk_chance(world->disk, 16);

	if (choice == 0)
		return world_append(world) && world_mark(world);
	if (choice < 4)
		world_snapshot(world);
	else if (choice == 4)
		world_clear_away(world);
	else if (choice == 5)
		(void)!journal_tend(world->recovery.journal, &world->error);
	else if (choice < 11)
		return world_append(world);
	else
		for (uint64_t n = sim_disk_chance(world->disk, 30); n > 0; n--)
			world_ask(world);
	return true;
}

/* False: the recovery was not right. */
static bool
live(struct world *world)
{
	uint64_t steps = sim_disk_chance(world->disk, STEPS_MAX);

	if (sim_disk_chance(world->disk, 8) == 0) /* the end may come while recovering */
		sim_disk_fail_call(world->disk, 1 + sim_disk_chance(world->disk, CALLS_MAX),
				   SIM_STICKY, TG_IO);
	if (!world_begin(world))
		return false;
	if (world->recovery.ledger == NULL)
		return true;
	sim_disk_fail_call(world->disk, 0, SIM_ONCE, TG_IO);
	if (sim_disk_chance(world->disk, 2) == 0)
		sim_disk_fail_call(world->disk, 1 + sim_disk_chance(world->disk, CALLS_MAX),
				   SIM_STICKY, TG_IO);
	while (steps-- > 0 && take_step(world))
		continue;
	return true;
}

/* All lives of one seed. */
static bool
survives(uint64_t seed, bool is_sync_ignored)
{
	struct world *world = world_new(seed);
	bool is_right = true;

	sim_disk_ignore_sync(world->disk, is_sync_ignored);
	for (int life = 0; life < LIVES && is_right; life++) {
		is_right = live(world);
		if (is_right)
			world_end(world, sim_disk_chance(world->disk, 5) != 0);
	}
	if (!is_right && !is_sync_ignored)
		print_error("seed %llu: %s\n", (unsigned long long)seed, world->why);
	world_free(world);
	return is_right;
}

/* What: after every crash the ledger is one that there was, with all that was acknowledged. */
static void
the_ledger_survives_every_crash(void **state)
{
	uint64_t seeds = seeds_wanted();

	(void)state;
	for (uint64_t seed = 1; seed <= seeds; seed++)
		assert_true(survives(seed, false));
}

/* What: the test above can fail.  How: the same without fdatasync, which must lose records. */
static void
without_fdatasync_the_ledger_is_lost(void **state)
{
	uint64_t lost_count = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS_WITHOUT_SYNC; seed++)
		lost_count += !survives(seed, true);
	assert_in_range(lost_count, SEEDS_WITHOUT_SYNC / 2, SEEDS_WITHOUT_SYNC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ledger_survives_every_crash),
		cmocka_unit_test(without_fdatasync_the_ledger_is_lost),
	};

	return cmocka_run_group_tests_name("recovery simulation", tests, NULL, NULL);
}
