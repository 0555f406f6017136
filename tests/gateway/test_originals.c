/*
 * test_originals.c - originals that have left the window, and pages of entries: waiting for
 * MariaDB, but never for long.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/clock.h"
#include "gateway/originals.h"
#include "tests/storage/sink_fixture.h"

#define ID 0xa1
/*
 * A busy machine takes its time for a question that is answered, so that no time-out may be short;
 * where one is waited for, it is waited for once.
 */
#define TIMEOUT_MS 10000	/* of the originals, unless a test says otherwise */
#define WAITED_MS 3000		/* where it is waited for */
#define SOON_US 40000000	/* without waiting for a time-out of LONG_MS */
#define LONG_MS 60000

struct fixture {
	struct sink_fixture *sink;
	struct log *log;
	int log_fd;
	struct sink_status told;	/* what stands for a sink's status, unless one is asked */
	struct originals *originals;
	/* Another thread's question. */
	pthread_t thread;
	uint64_t through;
	enum tg_status status;
	struct archived_transaction found;
};

static struct sink_status
tell_status(void *context)
{
	return ((struct fixture *)context)->told;
}

static struct sink_status
ask_status(void *context)
{
	return sink_status(((struct fixture *)context)->sink->sink);
}

/* One earn in MariaDB, and originals with a time-out; no sink runs. */
static void
start(struct fixture *f, void **state, int64_t timeout_ms)
{
	struct originals_config config = {
		.timeout_ms = timeout_ms,
		.sink_status = tell_status,
		.context = f,
	};

	memset(f, 0, sizeof *f);
	f->sink = *state;
	config.database = *mariadb_config(f->sink->server);
	f->log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	f->log = log_new(&(struct log_options){ .fd = f->log_fd });
	assert_non_null(f->log);
	config.log = f->log;
	record_maker_earn(&f->sink->maker, f->sink->record);
	memset(f->sink->record->transaction_id, ID, TG_TRANSACTION_ID_BYTES);
	f->sink->record->partner = 1;
	sink_fixture_add_record(f->sink, f->sink->record);
	sink_fixture_run(f->sink);
	f->told = (struct sink_status){ .state = SINK_FOLLOWING,
					.has_position = true,
					.next_sequence = 2 };
	f->originals = originals_new(&config);
	assert_non_null(f->originals);
}

static void
end(struct fixture *f)
{
	originals_free(f->originals);
	log_free(f->log);
	close(f->log_fd);
}

/* Ask for the earn.  waited_us: in the queue before. */
static enum tg_status
ask(struct fixture *f, uint64_t through, int64_t waited_us)
{
	struct pipeline_question question = {
		.original = { .partner = 1, .through_sequence = through },
		.asked_mono_us = clock_mono_us() - waited_us,
	};

	memset(question.original.transaction_id, ID, TG_TRANSACTION_ID_BYTES);
	memset(&f->found, 0, sizeof f->found);
	return originals_fetch(f->originals, &question, &f->found);
}

/* Ask until there is an answer: a machine that stands still is no time-out of MariaDB. */
static void
ask_at_last(struct fixture *f)
{
	enum tg_status status = TG_TIMEOUT;

	for (int tries = 0; tries < 20 && status != TG_OK; tries++)
		status = ask(f, 1, 0);
	assert_int_equal(status, TG_OK);
}

static void *
ask_in_thread(void *argument)
{
	struct fixture *f = argument;

	f->status = ask(f, f->through, 0);
	return NULL;
}

/* What: what is there is found, what is not is unknown, and both are counted. */
static void
originals_are_found_or_unknown(void **state)
{
	struct fixture f;
	struct pipeline_question other = { .original = { .partner = 1 } };

	start(&f, state, TIMEOUT_MS);
	assert_int_equal(ask(&f, 1, 0), TG_OK);
	assert_true(f.found.is_found);
	assert_int_equal(f.found.sequence, 1);
	other.asked_mono_us = clock_mono_us();
	assert_int_equal(originals_fetch(f.originals, &other, &f.found), TG_OK);
	assert_false(f.found.is_found);
	assert_int_equal(originals_figures(f.originals).asked, 2);
	assert_int_equal(originals_figures(f.originals).found, 1);
	assert_int_equal(originals_figures(f.originals).unknown, 1);
	assert_true(originals_figures(f.originals).longest_us > 0);
	end(&f);
}

/* What: a question waits until the sink has written all that was booked when it was asked.
 * How:  a sink that runs; the record asked for comes after the question. */
static void
a_question_waits_for_the_sink(void **state)
{
	struct fixture f;

	start(&f, state, LONG_MS);
	originals_free(f.originals);
	sink_fixture_start(f.sink);
	f.originals = originals_new(&(struct originals_config){
		.database = *mariadb_config(f.sink->server),
		.timeout_ms = LONG_MS,
		.sink_status = ask_status,
		.context = &f,
		.log = f.log,
	});
	assert_non_null(f.originals);
	f.through = 2;
	assert_int_equal(pthread_create(&f.thread, NULL, ask_in_thread, &f), 0);
	sink_fixture_add_earns(f.sink, 1);
	pthread_join(f.thread, NULL);
	assert_int_equal(f.status, TG_OK);
	assert_true(f.found.is_found);
	sink_fixture_stop(f.sink);
	end(&f);
}

/* What: a sink that stays behind gives no evidence when the time is over; one that waits for
 * MariaDB, or has stopped, at once. */
static void
a_sink_that_is_behind_gives_no_evidence(void **state)
{
	static const enum sink_state standing[] = { SINK_WAITING, SINK_STOPPED, SINK_FENCED,
						    SINK_ALARM };
	struct fixture f;
	int64_t begin_us;

	start(&f, state, WAITED_MS);
	begin_us = clock_mono_us();
	assert_int_equal(ask(&f, 2, 0), TG_ORIGINAL_ARCHIVED);
	assert_true(clock_mono_us() - begin_us >= WAITED_MS * 1000);
	for (size_t i = 0; i < sizeof standing / sizeof standing[0]; i++) {
		f.told.state = standing[i];
		begin_us = clock_mono_us();
		assert_int_equal(ask(&f, 2, -1000 * LONG_MS), TG_ORIGINAL_ARCHIVED);
		assert_true(clock_mono_us() - begin_us < SOON_US);
	}
	assert_int_equal(originals_figures(f.originals).lagging, 5);
	/* What MariaDB has it still tells. */
	ask_at_last(&f);
	/* The sink may be wrong about a server that was set back: the cursor there counts. */
	f.told.next_sequence = 50;
	assert_int_equal(ask(&f, 40, 0), TG_ORIGINAL_ARCHIVED);
	end(&f);
}

/* What: a question whose time went by before its turn is not asked any more. */
static void
a_question_that_waited_too_long_is_dropped(void **state)
{
	struct fixture f;

	start(&f, state, TIMEOUT_MS);
	mariadb_freeze(f.sink->server);
	assert_int_equal(ask(&f, 1, TIMEOUT_MS * 1000), TG_TIMEOUT);
	mariadb_thaw(f.sink->server);
	assert_int_equal(originals_figures(f.originals).late, 1);
	end(&f);
}

/* What: MariaDB away is told; a connection that a restart closed is opened again without a word. */
static void
mariadb_may_come_and_go(void **state)
{
	struct fixture f;

	start(&f, state, TIMEOUT_MS);
	assert_int_equal(ask(&f, 1, 0), TG_OK);
	mariadb_stop(f.sink->server);
	mariadb_start(f.sink->server);
	assert_int_equal(ask(&f, 1, 0), TG_OK);
	assert_int_equal(originals_figures(f.originals).failed, 0);
	mariadb_kill(f.sink->server);
	assert_int_equal(ask(&f, 1, 0), TG_DATABASE);
	assert_int_equal(ask(&f, 1, 0), TG_DATABASE);
	mariadb_start(f.sink->server);
	assert_int_equal(ask(&f, 1, 0), TG_OK);
	assert_int_equal(originals_figures(f.originals).failed, 2);
	assert_string_not_equal(originals_figures(f.originals).error, "");
	end(&f);
}

/* What: a server that does not answer is given up after one time-out of the connection.
 * How:  it is frozen with an idle connection to it. */
static void
a_server_that_stands_still_is_given_up(void **state)
{
	struct fixture f;
	int64_t begin_us;

	start(&f, state, WAITED_MS);
	ask_at_last(&f);
	mariadb_freeze(f.sink->server);
	begin_us = clock_mono_us();
	assert_int_equal(ask(&f, 1, 0), TG_DATABASE);
	assert_true(clock_mono_us() - begin_us < SOON_US);
	mariadb_thaw(f.sink->server);
	ask_at_last(&f);
	end(&f);
}

/* What: the end does not wait for MariaDB.
 * How:  one question to a frozen server, one that waits for the sink; both are cut. */
static void
a_cut_ends_the_question_in_hand(void **state)
{
	struct fixture f;
	int64_t begin_us;

	for (uint64_t through = 1; through <= 2; through++) {
		start(&f, state, LONG_MS);
		f.through = through;
		assert_int_equal(ask(&f, 1, 0), TG_OK);
		mariadb_freeze(f.sink->server);
		assert_int_equal(pthread_create(&f.thread, NULL, ask_in_thread, &f), 0);
		sink_fixture_pause_ms(20);
		begin_us = clock_mono_us();
		originals_cut(f.originals);
		pthread_join(f.thread, NULL);
		assert_true(clock_mono_us() - begin_us < SOON_US);
		assert_int_equal(f.status, TG_CLOSED);
		assert_int_equal(ask(&f, 1, 0), TG_CLOSED);
		mariadb_thaw(f.sink->server);
		end(&f);
		sink_fixture_reset(f.sink, 2);
	}
}

/* Ask for the page of the earn's member. */
static enum tg_status
ask_page(struct fixture *f, uint64_t booked, int64_t waited_us, struct archived_page *page)
{
	const struct pipeline_page_question question = {
		.page = {
			.partner = 1,
			.member = f->sink->record->member,
			.rows_max = TG_HISTORY_MAX,
		},
		.booked_sequence = booked,
		.utc_ms = 5000,
		.asked_mono_us = clock_mono_us() - waited_us,
	};

	return originals_page(f->originals, &question, page);
}

/* The same for its page. */
static void
ask_page_at_last(struct fixture *f, struct archived_page *page)
{
	enum tg_status status = TG_TIMEOUT;

	for (int tries = 0; tries < 20 && status != TG_OK; tries++)
		status = ask_page(f, 1, 0, page);
	assert_int_equal(status, TG_OK);
}

/* What: a page does not wait for a sink that is behind; it tells how far.
 * How:  nothing booked since, three records more, the oldest of them seen by the sink or not. */
static void
a_page_tells_the_lag(void **state)
{
	struct archived_page *page = calloc(1, sizeof *page);
	struct fixture f;

	start(&f, state, TIMEOUT_MS);
	assert_int_equal(ask_page(&f, 1, 0, page), TG_OK);
	assert_int_equal(page->row_count, 1);
	assert_int_equal(page->held_sequence, 1);
	assert_int_equal(page->lag_records, 0);
	assert_int_equal(page->lag_ms, 0);
	f.told.oldest_waiting_utc_ms = 2000;
	assert_int_equal(ask_page(&f, 4, 0, page), TG_OK);
	assert_int_equal(page->lag_records, 3);
	assert_int_equal(page->lag_ms, 3000);
	f.told.oldest_waiting_utc_ms = 6000;
	f.told.state = SINK_ALARM;
	assert_int_equal(ask_page(&f, 4, 0, page), TG_OK);
	assert_int_equal(page->lag_ms, 0);
	assert_int_equal(originals_figures(f.originals).pages_told, 3);
	assert_int_equal(originals_figures(f.originals).asked, 0);
	end(&f);
	free(page);
}

/* What: one who signs a day waits for the sink, in turns, until it has what was booked when that
 * was asked, though more is booked by then; no longer than its time, nor for a sink that stands.
 * How:  the sink lacks a record, gets it, and lacks another one all along. */
static void
a_day_to_be_signed_waits_for_the_sink(void **state)
{
	struct archived_page *page = calloc(1, sizeof *page);
	struct pipeline_page_question question = { .page = { .partner = 1,
							     .business_date = 1,
							     .rows_max = 1 },
						   .booked_sequence = 2,
						   .waits = true };
	struct fixture f;

	start(&f, state, LONG_MS);
	question.page.proof.is_asked = true;
	question.page.proof.divide = TG_DIVIDE_HOURS;
	question.page.proof.basis = TG_BASIS_TILL_DAY;
	question.asked_mono_us = clock_mono_us();
	for (int turn = 0; turn < 3; turn++) {
		assert_int_equal(originals_page(f.originals, &question, page), TG_OK);
		assert_true(page->is_unfinished);
		assert_false(page->progress.is_begun);
	}
	f.told.next_sequence = 3;
	assert_int_equal(originals_page(f.originals, &question, page), TG_OK);
	assert_true(page->progress.is_begun);
	memset(&page->progress, 0, sizeof page->progress);
	f.told.next_sequence = 2;
	f.told.state = SINK_ALARM;
	assert_int_equal(originals_page(f.originals, &question, page), TG_OK);
	assert_true(page->progress.is_begun);
	memset(&page->progress, 0, sizeof page->progress);
	f.told.state = SINK_FOLLOWING;
	question.asked_mono_us -= INT64_C(1000) * LONG_MS;
	assert_int_equal(originals_page(f.originals, &question, page), TG_OK);
	assert_true(page->progress.is_begun);
	originals_cut(f.originals);
	memset(&page->progress, 0, sizeof page->progress);
	question.asked_mono_us = clock_mono_us();
	assert_int_equal(originals_page(f.originals, &question, page), TG_CLOSED);
	end(&f);
	free(page);
}

/* What: MariaDB away or standing still is told in time, a page whose turn comes too late is not
 * asked for, and a connection that a restart closed is opened again without a word. */
static void
pages_are_given_up_in_time(void **state)
{
	struct archived_page *page = calloc(1, sizeof *page);
	struct fixture f;
	int64_t begin_us;

	start(&f, state, WAITED_MS);
	ask_page_at_last(&f, page);
	mariadb_stop(f.sink->server);
	mariadb_start(f.sink->server);
	ask_page_at_last(&f, page);
	assert_int_equal(ask_page(&f, 1, WAITED_MS * 1000, page), TG_TIMEOUT);
	mariadb_freeze(f.sink->server);
	begin_us = clock_mono_us();
	assert_int_equal(ask_page(&f, 1, 0, page), TG_DATABASE);
	assert_true(clock_mono_us() - begin_us < SOON_US);
	mariadb_thaw(f.sink->server);
	mariadb_kill(f.sink->server);
	assert_int_equal(ask_page(&f, 1, 0, page), TG_DATABASE);
	mariadb_start(f.sink->server);
	ask_page_at_last(&f, page);
	assert_in_range(originals_figures(f.originals).pages_failed, 2, 20);
	assert_in_range(originals_figures(f.originals).pages_late, 1, 20);
	assert_string_not_equal(originals_figures(f.originals).error, "");
	originals_cut(f.originals);
	assert_int_equal(ask_page(&f, 1, 0, page), TG_CLOSED);
	end(&f);
	free(page);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, sink_fixture_setup, sink_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(originals_are_found_or_unknown),
		TEST(a_question_waits_for_the_sink),
		TEST(a_sink_that_is_behind_gives_no_evidence),
		TEST(a_question_that_waited_too_long_is_dropped),
		TEST(mariadb_may_come_and_go),
		TEST(a_server_that_stands_still_is_given_up),
		TEST(a_cut_ends_the_question_in_hand),
		TEST(a_page_tells_the_lag),
		TEST(a_day_to_be_signed_waits_for_the_sink),
		TEST(pages_are_given_up_in_time),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("originals", tests, sink_fixture_group_setup,
					   sink_fixture_group_teardown);
}
