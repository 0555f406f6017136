/*
 * fault_journal.c - the journal when the disk fails at the k-th call, or is full.
 *
 * The same script is run over and over, each time with the next call failing, until a run gets
 * through.  After each the power fails, the disk works again, and the journal must hold what it
 * acknowledged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/storage/journal_fixture.h"

#define SCRIPT_BATCHES 14
#define CALLS_MAX 2000

/* After an error the journal takes nothing any more. */
static void
assert_dead(struct journal_fixture *f)
{
	uint64_t acknowledged = f->acknowledged;

	assert_true(journal_facts(f->journal).is_dead);
	assert_false(journal_has_room(f->journal));
	for (int again = 0; again < 3; again++)
		assert_int_equal(journal_fixture_append(f, 1), TG_IO);
	assert_int_equal(journal_fixture_mark(f), TG_IO);
	assert_int_equal(journal_durable_sequence(f->journal), acknowledged);
}

/* Append; a full disk is waited for, once.  False: the journal is dead. */
static bool
append(struct journal_fixture *f, uint32_t count)
{
	enum tg_status status = journal_fixture_append(f, count);

	if (status == TG_JOURNAL_FULL && !journal_facts(f->journal).is_dead) {
		assert_false(journal_has_room(f->journal));
		status = journal_fixture_append(f, count);
		if (status == TG_JOURNAL_FULL)
			return false;
	}
	if (status == TG_OK)
		return true;
	assert_int_equal(status, TG_IO);
	assert_int_equal(f->error.sequence, f->acknowledged + 1);
	assert_dead(f);
	return false;
}

/* What the gateway does in a short life, over several segments. */
static void
run_script(struct journal_fixture *f)
{
	enum tg_status status;
	uint32_t count;

	if (journal_fixture_open(f) != TG_OK)
		return;
	for (uint32_t batch = 1; batch <= SCRIPT_BATCHES; batch++) {
		if (!append(f, batch * 7))
			return;
		if (batch % 5 == 0 && journal_fixture_mark(f) != TG_OK)
			return;
		if (batch % 4 == 0) {
			status = journal_tend(f->journal, &f->error);
			assert_true(status == TG_OK || status == TG_IO);
		}
		if (batch % 6 == 0) {
			status = journal_archive(f->journal, f->acknowledged, &count, &f->error);
			assert_true(status == TG_OK || status == TG_IO ||
				    status == TG_JOURNAL_FULL);
		}
	}
}

/* Run the script with call after call failing. */
static void
fail_each_call(enum sim_failure failure, enum tg_status status, bool is_power_failure)
{
	for (uint64_t nth = 1;; nth++) {
		struct journal_fixture *f = journal_fixture_new(nth);
		bool has_failed;

		assert_true(nth < CALLS_MAX);
		sim_disk_make_short(f->disk, nth % 2 == 0);
		f->config.reserve_bytes = nth % 3 * JOURNAL_BLOCK_BYTES;
		assert_int_equal(journal_fixture_open(f), TG_OK);
		assert_int_equal(journal_fixture_append(f, 20), TG_OK);
		journal_fixture_close(f);

		sim_disk_fail_call(f->disk, nth, failure, status);
		run_script(f);
		has_failed = sim_disk_has_failed(f->disk);
		assert_false(sim_disk_is_misused(f->disk));
		journal_fixture_abandon(f, is_power_failure);

		assert_int_equal(journal_fixture_open(f), TG_OK);
		if (!journal_fixture_holds(f, 1))
			fail_msg("call %llu: %s", (unsigned long long)nth, f->why);
		assert_int_equal(journal_fixture_append(f, 3), TG_OK);
		assert_false(sim_disk_is_misused(f->disk));
		journal_fixture_free(f);
		if (!has_failed)
			break;
	}
}

/* What: an error at any call, once, stops the journal for good or does nothing; no retry (R7). */
static void
error_once_stops_and_loses_nothing(void **state)
{
	(void)state;
	fail_each_call(SIM_ONCE, TG_IO, true);
	fail_each_call(SIM_ONCE, TG_IO, false);
}

/* What: the same when the disk stays broken until the power fails (R7, R8, R12). */
static void
error_for_good_stops_and_loses_nothing(void **state)
{
	(void)state;
	fail_each_call(SIM_STICKY, TG_IO, true);
	fail_each_call(SIM_STICKY, TG_IO, false);
}

/* What: no room at any call leaves a journal that recovers (R8). */
static void
no_room_at_any_call_loses_nothing(void **state)
{
	(void)state;
	fail_each_call(SIM_ONCE, TG_JOURNAL_FULL, true);
	fail_each_call(SIM_STICKY, TG_JOURNAL_FULL, true);
	fail_each_call(SIM_STICKY, TG_JOURNAL_FULL, false);
}

/* Append as the gateway does, working ahead after each batch, until there is no room. */
static void
fill(struct journal_fixture *f)
{
	int batches = 0;

	while (journal_has_room(f->journal)) {
		assert_int_equal(journal_fixture_append(f, 30), TG_OK);
		assert_int_equal(journal_tend(f->journal, &f->error), TG_OK);
		assert_true(++batches < 10000);
	}
}

/* What: with the disk nearly full new records are refused, those in flight are still taken, nothing
 * is lost, and all goes on when there is room (R9). */
static void
full_disk_refuses_and_resumes(void **state)
{
	struct journal_fixture *f = journal_fixture_new(3);

	(void)state;
	f->config.low_water_bytes = 2 * f->config.segment_bytes;
	f->config.reserve_bytes = f->config.segment_bytes;
	sim_disk_set_capacity(f->disk, 12 * f->config.segment_bytes);
	assert_int_equal(journal_fixture_open(f), TG_OK);
	assert_true(journal_facts(f->journal).has_reserve);
	fill(f);
	assert_true(journal_facts(f->journal).free_bytes < 3 * f->config.segment_bytes);
	for (int in_flight = 0; in_flight < 8; in_flight++)
		assert_int_equal(journal_fixture_append(f, 30), TG_OK);
	assert_int_equal(journal_fixture_mark(f), TG_OK);

	sim_disk_set_capacity(f->disk, 40 * f->config.segment_bytes);
	assert_false(journal_has_room(f->journal));
	assert_int_equal(journal_tend(f->journal, &f->error), TG_OK);
	assert_true(journal_has_room(f->journal));
	assert_true(journal_facts(f->journal).has_spare);
	assert_int_equal(journal_fixture_append(f, 30), TG_OK);
	journal_fixture_abandon(f, true);
	assert_int_equal(journal_fixture_open(f), TG_OK);
	assert_true(journal_fixture_holds(f, 1));
	journal_fixture_free(f);
}

/*
 * What: what is in flight gets the reserve's room; then the same batch waits until there is some.
 */
static void
reserve_is_given_up_for_what_is_in_flight(void **state)
{
	struct journal_fixture *f = journal_fixture_new(4);
	enum tg_status status = TG_OK;

	(void)state;
	f->config.reserve_bytes = f->config.segment_bytes;
	assert_int_equal(journal_fixture_open(f), TG_OK);
	sim_disk_set_capacity(f->disk, sim_disk_used_bytes(f->disk));
	while (status == TG_OK)
		status = journal_fixture_append(f, 30);
	assert_int_equal(status, TG_JOURNAL_FULL);
	assert_false(journal_has_room(f->journal));
	assert_false(journal_facts(f->journal).is_dead);
	assert_false(journal_facts(f->journal).has_reserve);
	assert_int_equal(journal_facts(f->journal).segments, 3); /* at hand, spare, reserve */
	assert_int_equal(journal_fixture_append(f, 30), TG_JOURNAL_FULL);

	sim_disk_set_capacity(f->disk, FIXTURE_DISK_BYTES);
	assert_int_equal(journal_fixture_append(f, 30), TG_OK);
	assert_int_equal(journal_tend(f->journal, &f->error), TG_OK);
	assert_true(journal_has_room(f->journal));
	assert_true(journal_facts(f->journal).has_reserve);
	journal_free_reserve(f->journal);
	assert_false(journal_facts(f->journal).has_reserve);
	assert_true(journal_fixture_holds(f, 1));
	journal_fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_once_stops_and_loses_nothing),
		cmocka_unit_test(error_for_good_stops_and_loses_nothing),
		cmocka_unit_test(no_room_at_any_call_loses_nothing),
		cmocka_unit_test(full_disk_refuses_and_resumes),
		cmocka_unit_test(reserve_is_given_up_for_what_is_in_flight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
