/*
 * test_meter.c - histograms, and what an I/O thread counts of its work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/census.h"
#include "gateway/figure.h"
#include "tests/gateway/io_fixture.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, io_setup, io_teardown)

/* What: a bound belongs to its bucket, the next value to the next one; nothing is lost above. */
static void
a_value_is_counted_in_the_bucket_of_its_bound(void **state)
{
	struct histogram histogram = { .sum = 0 };
	struct histogram_view view = { .sum = 0 };
	int64_t sum = 0;

	(void)state;
	for (uint32_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		assert_true(i == 0 || histogram_us[i] > histogram_us[i - 1]);
		assert_true(i == 0 || histogram_counts[i] > histogram_counts[i - 1]);
		histogram_add(&histogram, histogram_us, histogram_us[i]);
		histogram_add(&histogram, histogram_us, histogram_us[i] + 1);
		sum += 2 * histogram_us[i] + 1;
	}
	histogram_add(&histogram, histogram_us, 0);
	histogram_collect(&histogram, &view);
	assert_int_equal(view.sum, sum);
	assert_int_equal(view.counts[0], 2);
	for (uint32_t i = 1; i < HISTOGRAM_BOUNDS; i++)
		assert_int_equal(view.counts[i], 2);
	assert_int_equal(view.counts[HISTOGRAM_BOUNDS], 1);
	histogram_collect(&histogram, &view);
	assert_int_equal(histogram_count(&view), 2 * (2 * HISTOGRAM_BOUNDS + 1));
}

/* What: a share of the values lies below the bound told. */
static void
a_bound_holds_its_share(void **state)
{
	struct histogram histogram = { .sum = 0 };
	struct histogram_view view = { .sum = 0 };

	(void)state;
	assert_int_equal(histogram_bound(&view, histogram_us, 500), 0);
	for (int i = 0; i < 990; i++)
		histogram_add(&histogram, histogram_us, 7);
	for (int i = 0; i < 9; i++)
		histogram_add(&histogram, histogram_us, 1500);
	histogram_add(&histogram, histogram_us, INT64_C(1) << 40);
	histogram_collect(&histogram, &view);
	assert_int_equal(histogram_bound(&view, histogram_us, 500), 10);
	assert_int_equal(histogram_bound(&view, histogram_us, 990), 10);
	assert_int_equal(histogram_bound(&view, histogram_us, 991), 2000);
	assert_int_equal(histogram_bound(&view, histogram_us, 999), 2000);
	assert_int_equal(histogram_bound(&view, histogram_us, 1000), INT64_MAX);
}

/* Answers of an operation with a status so far. */
static uint64_t
answers(const struct io_fixture *f, uint32_t operation, uint32_t status)
{
	return figure_read(&f->io->meter.answers[operation][status]);
}

static uint64_t
times(const struct io_fixture *f, uint32_t operation)
{
	struct histogram_view view = { .sum = 0 };

	histogram_collect(&f->io->meter.times[operation], &view);
	return histogram_count(&view);
}

/* What: each answer counts once, by operation and status, for its partner too, and has a time. */
static void
an_answer_is_counted_and_timed(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 123);
	const struct census_partner *partner = census_find(&f->census, 1);
	struct tg_message earn, message;

	assert_int_equal(answers(f, TG_OP_HELLO, TG_OK), 1);
	assert_int_equal(answers(f, TG_OP_AUTH, TG_OK), 1);
	for (uint32_t i = 0; i < 3; i++) {
		fixture_earn(f, i, &earn);
		peer_put_message(peer, &earn);
	}
	earn.values[TG_FIELD_AMOUNT].integer = -1;
	peer_put_message(peer, &earn);
	fixture_request(f, TG_OP_PING, &message);
	peer_put_message(peer, &message);
	message.code = 4711;
	peer_put_message(peer, &message);
	fixture_settle(f);
	assert_int_equal(answers(f, TG_OP_EARN, TG_OK), 3);
	assert_int_equal(answers(f, TG_OP_EARN, TG_BAD_FIELD), 1);
	assert_int_equal(answers(f, TG_OP_PING, TG_OK), 1);
	assert_int_equal(answers(f, 0, TG_UNKNOWN_OPERATION), 1);
	assert_int_equal(times(f, TG_OP_EARN), 4);
	assert_int_equal(times(f, TG_OP_PING), 1);
	assert_int_equal(times(f, TG_OP_HELLO), 1);
	assert_int_equal(f->io->meter.note_count, 0);
	assert_int_equal(partner->answers, 1 + 6); /* AUTH is the first */
	assert_int_equal(partner->refusals, 2);
}

/* What: sessions are counted in the state they are in; one that is gone in none. */
static void
sessions_are_counted_by_state(void **state)
{
	struct io_fixture *f = *state;
	const struct meter *meter = &f->io->meter;
	struct peer *peer = fixture_open(f, 123);

	(void)fixture_connect_plain(f);
	fixture_settle(f);
	assert_int_equal(meter->sessions[SESSION_OPEN], 1);
	assert_int_equal(meter->sessions[SESSION_HELLO], 1);
	peer_close(peer);
	fixture_settle(f);
	assert_int_equal(meter->sessions[SESSION_OPEN], 0);
	for (int i = 0; i < SESSION_STATE_COUNT; i++)
		assert_int_equal(meter->sessions[i], i == SESSION_HELLO);
}

/* What: a NOTICE is no answer; it counts by its outcome. */
static void
a_notice_is_counted_by_its_outcome(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 123);

	peer_put(peer, "\xff\xff\xff\xff", 4);
	fixture_settle(f);
	fixture_expect_notice(peer, TG_FRAME_TOO_LARGE);
	assert_int_equal(f->io->meter.notices[TG_FRAME_TOO_LARGE], 1);
	assert_int_equal(answers(f, 0, TG_FRAME_TOO_LARGE), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_counted_in_the_bucket_of_its_bound),
		cmocka_unit_test(a_bound_holds_its_share),
		CASE(an_answer_is_counted_and_timed),
		CASE(sessions_are_counted_by_state),
		CASE(a_notice_is_counted_by_its_outcome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
