/*
 * sim_recovery.c - tills and a ledger through thousands of crashes on a disk that forgets.
 *
 * Each seed is a disk and several lives on it: requests, a fifth of them sent again under the same
 * id, batches, marks, snapshots and archive, until the power fails in the middle of any call, or
 * the process is killed.  Every recovery must give a state that there was, with everything that was
 * acknowledged; what a till was told once it is told again; and in the end everything is sent once
 * more, and has happened once.
 *
 * TG_SEEDS in the environment asks for so many seeds, TG_SEED for those from there on (one, if
 * TG_SEEDS does not say more).
 */
#include <inttypes.h>
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
#define TOLD_AGAIN_MIN 20 /* of each seed, on average: else the tills are not worth the name */

static uint64_t
number_in_environment(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);
	uint64_t number = text != NULL ? strtoull(text, NULL, 10) : 0;

	return number > 0 ? number : fallback;
}

/* One thing that the gateway does.  False: the journal is dead, or something is wrong. */
static bool
take_step(struct world *world, bool *ret_is_wrong)
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
		for (uint64_t n = sim_disk_chance(world->disk, 30); n > 0; n--) {
			*ret_is_wrong = !world_ask(world);
			if (*ret_is_wrong)
				return false;
		}
	return true;
}

/* False: the recovery, or an answer, was not right. */
static bool
live(struct world *world)
{
	uint64_t steps = sim_disk_chance(world->disk, STEPS_MAX);
	bool is_wrong = false;

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
	while (steps-- > 0 && take_step(world, &is_wrong))
		continue;
	return !is_wrong;
}

/* All lives of one seed.  told_again: counts what was told more than once. */
static bool
survives(uint64_t seed, bool is_sync_ignored, uint64_t *told_again)
{
	struct world *world = world_new(seed);
	bool is_right = true;

	sim_disk_ignore_sync(world->disk, is_sync_ignored);
	for (int life = 0; life < LIVES && is_right; life++) {
		is_right = live(world);
		if (is_right)
			world_end(world, sim_disk_chance(world->disk, 5) != 0);
	}
	is_right = is_right && world_begin(world) && world_ask_again(world);
	if (!is_right && !is_sync_ignored)
		print_error("seed %" PRIu64 ": %s\n", seed, world->why);
	*told_again += world->told_again;
	world_free(world);
	return is_right;
}

/* What: after every crash the ledger is one that there was, with all that was acknowledged; nobody
 * is told another outcome than before. */
static void
the_ledger_survives_every_crash(void **state)
{
	uint64_t first = number_in_environment("TG_SEED", 0);
	uint64_t seeds = number_in_environment("TG_SEEDS", first != 0 ? 1 : SEEDS_DEFAULT);
	uint64_t told_again = 0;

	(void)state;
	first += first == 0;
	for (uint64_t seed = first; seed < first + seeds; seed++)
		assert_true(survives(seed, false, &told_again));
	assert_true(told_again > seeds * TOLD_AGAIN_MIN);
}

/* What: the test above can fail.  How: the same without fdatasync, which must lose records. */
static void
without_fdatasync_the_ledger_is_lost(void **state)
{
	uint64_t lost_count = 0;
	uint64_t told_again = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS_WITHOUT_SYNC; seed++)
		lost_count += !survives(seed, true, &told_again);
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
