/*
 * sim_journal.c - the journal through thousands of crashes on a disk that forgets.
 *
 * Each seed is a disk and several lives on it.  A life opens the journal, checks what it holds
 * against the model, then appends, marks, works ahead and archives, until the power fails (in the
 * middle of any call) or the process is killed.  TG_SEEDS in the environment asks for more seeds,
 * TG_SEED for those from there on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/storage/journal_fixture.h"

#define SEEDS_DEFAULT 3000
#define SEEDS_WITHOUT_SYNC 200
#define LIVES 6
#define STEPS_MAX 40
#define CALLS_MAX 150 /* before the scripted end of a life, at most */

static uint64_t
number_in_environment(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);
	uint64_t number = text != NULL ? strtoull(text, NULL, 10) : 0;

	return number > 0 ? number : fallback;
}

/* One thing that the gateway does.  False: the journal is dead. */
static bool
take_step(struct journal_fixture *f)
{
	enum tg_status status = TG_OK;
	enum tg_status ahead; /* the helper's work may fail and is tried again */
	uint32_t count;

	switch (sim_disk_chance(f->disk, 12)) {
	case 0:
	case 1:
		status = journal_fixture_mark(f);
		break;
	case 2:
		ahead = journal_tend(f->journal, &f->error);
		(void)ahead;
		break;
	case 3:
		ahead = journal_archive(f->journal, sim_disk_chance(f->disk, f->acknowledged + 2),
					&count, &f->error);
		(void)ahead;
		break;
	case 4:
		status = journal_fixture_append(f, 150);
		break;
	default:
		count = 1 + (uint32_t)sim_disk_chance(f->disk, 30);
		status = journal_fixture_append(f, count);
		break;
	}
	return status == TG_OK;
}

/* Live until the end that chance sets.  False: the journal does not hold what it should. */
static bool
live(struct journal_fixture *f)
{
	uint64_t steps = sim_disk_chance(f->disk, STEPS_MAX);
	uint64_t first_sequence = 1 + sim_disk_chance(f->disk, f->acknowledged + 1);

	if (sim_disk_chance(f->disk, 8) == 0) /* the end may come while opening */
		sim_disk_fail_call(f->disk, 1 + sim_disk_chance(f->disk, CALLS_MAX), SIM_STICKY,
				   TG_IO);
	if (journal_fixture_open(f) != TG_OK) {
		if (sim_disk_has_failed(f->disk))
			return true;
		(void)snprintf(f->why, sizeof f->why, "open: %.400s", f->error.text);
		return false;
	}
	sim_disk_fail_call(f->disk, 0, SIM_ONCE, TG_IO);
	if (!journal_fixture_holds(f, 1) || !journal_fixture_holds(f, first_sequence))
		return false;
	if (sim_disk_chance(f->disk, 2) == 0)
		sim_disk_fail_call(f->disk, 1 + sim_disk_chance(f->disk, CALLS_MAX), SIM_STICKY,
				   TG_IO);
	for (uint64_t step = 0; step < steps; step++) {
		if (!take_step(f))
			break;
	}
	return true;
}

/* All lives of one seed. */
static bool
survives(uint64_t seed, bool is_sync_ignored)
{
	struct journal_fixture *f = journal_fixture_new(seed);
	bool is_right = true;

	sim_disk_ignore_sync(f->disk, is_sync_ignored);
	f->config.reserve_bytes = seed % 2 * f->config.segment_bytes;
	for (int life = 0; life < LIVES && is_right; life++) {
		is_right = live(f);
		if (is_right)
			journal_fixture_abandon(f, sim_disk_chance(f->disk, 5) != 0);
	}
	if (sim_disk_is_misused(f->disk)) {
		(void)snprintf(f->why, sizeof f->why, "a file was used after its sync had failed");
		is_right = false;
	}
	if (!is_right && !is_sync_ignored)
		print_error("seed %llu: %s\n", (unsigned long long)seed, f->why);
	journal_fixture_free(f);
	return is_right;
}

/*
 * What: whatever the disk makes of a crash, what was acknowledged is there and nothing else (R4).
 */
static void
acknowledged_records_survive_every_crash(void **state)
{
	uint64_t first = number_in_environment("TG_SEED", 1);
	uint64_t seeds = number_in_environment("TG_SEEDS", SEEDS_DEFAULT);

	(void)state;
	for (uint64_t seed = first; seed < first + seeds; seed++)
		assert_true(survives(seed, false));
}

/* What: the test above can fail.  How: the same without fdatasync, which must lose records. */
static void
without_fdatasync_records_are_lost(void **state)
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
		cmocka_unit_test(acknowledged_records_survive_every_crash),
		cmocka_unit_test(without_fdatasync_records_are_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
