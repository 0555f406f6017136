/*
 * test_control.c - what console and timers ask of the ledger: answers, waiting, and the end of it.
 */
#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/control.h"
#include "gateway/cut_off.h"
#include "gateway/log.h"
#include "gateway/timers.h"
#include "tests/gateway/pipeline_fixture.h"

#define DAY_MS INT64_C(86400000)
#define TODAY ((int32_t)(FIXTURE_NOW / DAY_MS))

/* A control thread's loop around the fixture.  The test's thread runs it. */
struct control_fixture {
	struct pipeline_fixture *pipe;
	struct event_base *base;
	struct control *control;
	struct timers *timers;
	struct log *log;
	int log_fd;
	struct programme_config programme;
	/* Another thread that asks something of the control thread. */
	pthread_t thread;
	enum tg_status status;
	struct ledger_answer answer;
	struct ledger_request request;
	uint64_t seen;
};

static struct control_fixture *
start_at(bool is_inline, bool is_stepped, int32_t business_date)
{
	struct control_fixture *fixture = calloc(1, sizeof(*fixture));
	struct timers_config timers;

	assert_non_null(fixture);
	fixture->pipe = fixture_new(is_inline);
	ledger_double_set_date(fixture->pipe->ledger, business_date);
	clock_start(&fixture->pipe->clock, fixture->pipe->clock.source, is_stepped, INT64_MIN,
		    INT64_MIN);
	fixture_start(fixture->pipe);
	fixture->base = event_base_new();
	fixture->control = control_new(fixture->pipe->pipeline, fixture->base);
	assert_non_null(fixture->control);
	fixture->log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	fixture->log = log_new(&(struct log_options){ .fd = fixture->log_fd });
	timers = (struct timers_config){
		.pipeline = fixture->pipe->pipeline,
		.control = fixture->control,
		.log = fixture->log,
		.zone = fixture->pipe->zone,
		.programme = &fixture->programme,
	};
	fixture->timers = timers_new(&timers, fixture->base);
	assert_non_null(fixture->timers);
	return fixture;
}

static void
end(struct control_fixture *fixture)
{
	assert_int_equal(pipeline_stop(fixture->pipe->pipeline), TG_OK);
	control_free(fixture->control);
	timers_free(fixture->timers);
	event_base_free(fixture->base);
	log_free(fixture->log);
	close(fixture->log_fd);
	fixture_end(fixture->pipe, TG_OK);
	free(fixture);
}

/* What: at a first start the programme is set and the business date begins, before any terminal. */
static void
a_first_start_sets_programme_and_date(void **state)
{
	struct control_fixture *fixture = start_at(*(bool *)*state, false, DAY_NONE);

	assert_int_equal(pipeline_business_date(fixture->pipe->pipeline), DAY_NONE);
	timers_catch_up(fixture->timers);
	assert_int_equal(ledger_double_programmes(fixture->pipe->ledger), 1);
	assert_int_equal(pipeline_business_date(fixture->pipe->pipeline), TODAY);
	assert_int_equal(ledger_sequence(fixture->pipe->ledger), 2);
	timers_catch_up(fixture->timers);
	assert_int_equal(ledger_sequence(fixture->pipe->ledger), 2);
	end(fixture);
}

/* What: every business date missed while the gateway was down is cut over, one by one. */
static void
missed_dates_are_cut_over_at_the_start(void **state)
{
	struct control_fixture *fixture = start_at(*(bool *)*state, false, TODAY - 5);

	timers_catch_up(fixture->timers);
	assert_int_equal(pipeline_business_date(fixture->pipe->pipeline), TODAY);
	assert_int_equal(ledger_sequence(fixture->pipe->ledger), 1 + 5);
	end(fixture);
}

/* What: while the disk is full the start goes on without; the next second tries again. */
static void
a_refusal_does_not_hold_up_the_start(void **state)
{
	struct control_fixture *fixture = start_at(*(bool *)*state, false, TODAY - 1);
	struct storage_error error = { 0 };

	gate_io_set_free_bytes(&fixture->pipe->gate, 0);
	assert_int_equal(journal_tend(fixture->pipe->journal, &error), TG_OK);
	timers_catch_up(fixture->timers);
	assert_int_equal(ledger_sequence(fixture->pipe->ledger), 0);
	gate_io_set_free_bytes(&fixture->pipe->gate, UINT64_MAX);
	assert_int_equal(journal_tend(fixture->pipe->journal, &error), TG_OK);
	end(fixture);
}

/* What: a TICK that finds something is followed by the next at once, until nothing is due. */
static void
ticks_follow_each_other_while_more_is_due(void **state)
{
	struct control_fixture *fixture = start_at(false, false, TODAY);

	(void)state;
	timers_catch_up(fixture->timers);
	ledger_double_set_due(fixture->pipe->ledger, 50);
	assert_int_equal(timers_start(fixture->timers), TG_OK);
	while (pipeline_figures(fixture->pipe->pipeline).records < 1 + 50)
		event_base_loop(fixture->base, EVLOOP_ONCE);
	assert_int_equal(ledger_double_due(fixture->pipe->ledger), 0);
	timers_stop(fixture->timers);
	end(fixture);
}

static void *
ask_and_stop(void *argument)
{
	struct control_fixture *fixture = argument;

	fixture->status = control_ask(fixture->control, &fixture->request, &fixture->answer);
	event_base_loopbreak(fixture->base);
	return NULL;
}

/* What: a console thread gets its answer, durable, while the control thread runs its loop. */
static void
a_console_thread_waits_for_its_answer(void **state)
{
	struct control_fixture *fixture = start_at(false, false, TODAY);

	(void)state;
	fixture->request.kind = REQUEST_EARN;
	assert_int_equal(pthread_create(&fixture->thread, NULL, ask_and_stop, fixture), 0);
	event_base_loop(fixture->base, EVLOOP_NO_EXIT_ON_EMPTY);
	pthread_join(fixture->thread, NULL);
	assert_int_equal(fixture->status, TG_OK);
	assert_int_equal(fixture->answer.sequence, 1);
	assert_int_equal(journal_durable_sequence(fixture->pipe->journal), 1);
	end(fixture);
}

/* What: who waits when the gateway ends is let go; the answer that comes later finds nobody. */
static void
the_end_lets_go_who_waits(void **state)
{
	struct control_fixture *fixture = start_at(false, false, TODAY);

	(void)state;
	gate_io_shut(&fixture->pipe->gate);
	fixture->request.kind = REQUEST_EARN;
	assert_int_equal(pthread_create(&fixture->thread, NULL, ask_and_stop, fixture), 0);
	while (pipeline_figures(fixture->pipe->pipeline).requests < 1)
		event_base_loop(fixture->base, EVLOOP_NONBLOCK);
	control_end(fixture->control);
	pthread_join(fixture->thread, NULL);
	assert_int_equal(fixture->status, TG_SHUTTING_DOWN);
	assert_int_equal(control_ask(fixture->control, &fixture->request, &fixture->answer),
			 TG_SHUTTING_DOWN);
	gate_io_open(&fixture->pipe->gate);
	end(fixture);
}

/* Several requests of another thread at once. */
struct bulk {
	struct control_fixture *fixture;
	uint32_t count;
	struct ledger_request requests[CONTROL_BULK_MAX];
	struct ledger_answer answers[CONTROL_BULK_MAX];
};

static void *
ask_bulk_and_stop(void *argument)
{
	struct bulk *bulk = argument;
	struct control_fixture *fixture = bulk->fixture;

	fixture->status =
		control_ask_bulk(fixture->control, bulk->requests, bulk->count, bulk->answers);
	event_base_loopbreak(fixture->base);
	return NULL;
}

static struct bulk *
make_bulk(struct control_fixture *fixture)
{
	struct bulk *bulk = calloc(1, sizeof(*bulk));

	assert_non_null(bulk);
	bulk->fixture = fixture;
	bulk->count = CONTROL_BULK_MAX;
	for (uint32_t i = 0; i < bulk->count; i++)
		bulk->requests[i].kind = REQUEST_EARN;
	assert_int_equal(pthread_create(&fixture->thread, NULL, ask_bulk_and_stop, bulk), 0);
	return bulk;
}

/* What: requests in bulk are decided in their order, and all are durable when they are told. */
static void
a_console_thread_asks_in_bulk(void **state)
{
	struct control_fixture *fixture = start_at(false, false, TODAY);
	uint64_t before = ledger_sequence(fixture->pipe->ledger);
	struct bulk *bulk = make_bulk(fixture);

	(void)state;
	event_base_loop(fixture->base, EVLOOP_NO_EXIT_ON_EMPTY);
	pthread_join(fixture->thread, NULL);
	assert_int_equal(fixture->status, TG_OK);
	for (uint32_t i = 0; i < bulk->count; i++) {
		assert_int_equal(bulk->answers[i].status, TG_OK);
		assert_int_equal(bulk->answers[i].sequence, before + 1 + i);
	}
	assert_int_equal(pipeline_durable_sequence(fixture->pipe->pipeline),
			 before + CONTROL_BULK_MAX);
	free(bulk);
	end(fixture);
}

/* What: who asks in bulk when the gateway ends is let go, though the disk still writes. */
static void
the_end_lets_go_who_asks_in_bulk(void **state)
{
	struct control_fixture *fixture = start_at(false, false, TODAY);
	struct bulk *bulk;

	(void)state;
	gate_io_shut(&fixture->pipe->gate);
	bulk = make_bulk(fixture);
	while (pipeline_figures(fixture->pipe->pipeline).requests < CONTROL_BULK_MAX)
		event_base_loop(fixture->base, EVLOOP_NONBLOCK);
	control_end(fixture->control);
	pthread_join(fixture->thread, NULL);
	assert_int_equal(fixture->status, TG_SHUTTING_DOWN);
	assert_int_equal(control_ask_bulk(fixture->control, bulk->requests, 2, bulk->answers),
			 TG_SHUTTING_DOWN);
	gate_io_open(&fixture->pipe->gate);
	free(bulk);
	end(fixture);
}

static void
see_sequence(const struct ledger *ledger, void *argument)
{
	struct control_fixture *fixture = argument;

	fixture->seen = ledger_sequence(ledger) + 100;
}

static void *
read_and_stop(void *argument)
{
	struct control_fixture *fixture = argument;

	fixture->status = control_read(fixture->control, see_sequence, fixture);
	event_base_loopbreak(fixture->base);
	return NULL;
}

/* What: a console thread's function runs on the ledger. */
static void
a_console_thread_looks_at_the_ledger(void **state)
{
	struct control_fixture *fixture = start_at(false, false, TODAY);

	(void)state;
	assert_int_equal(pthread_create(&fixture->thread, NULL, read_and_stop, fixture), 0);
	event_base_loop(fixture->base, EVLOOP_NO_EXIT_ON_EMPTY);
	pthread_join(fixture->thread, NULL);
	assert_int_equal(fixture->status, TG_OK);
	assert_int_equal(fixture->seen, 100);
	end(fixture);
}

static void *
step_and_stop(void *argument)
{
	struct control_fixture *fixture = argument;

	fixture->status = control_ask(fixture->control, &fixture->request, &fixture->answer);
	if (fixture->status == TG_OK)
		fixture->status = timers_await_date(fixture->timers);
	event_base_loopbreak(fixture->base);
	return NULL;
}

/* What: after a step of the clock by days, who stepped it waits until the dates are cut over, and
 * all that is due is done. */
static void
a_stepped_clock_brings_its_cut_overs(void **state)
{
	struct control_fixture *fixture = start_at(false, true, TODAY);

	(void)state;
	timers_catch_up(fixture->timers);
	fixture->request.kind = REQUEST_CLOCK;
	fixture->request.clock_utc_ms = FIXTURE_NOW + 3 * DAY_MS;
	ledger_double_set_due(fixture->pipe->ledger, 50);
	assert_int_equal(timers_start(fixture->timers), TG_OK);
	assert_int_equal(pthread_create(&fixture->thread, NULL, step_and_stop, fixture), 0);
	event_base_loop(fixture->base, EVLOOP_NO_EXIT_ON_EMPTY);
	pthread_join(fixture->thread, NULL);
	assert_int_equal(fixture->status, TG_OK);
	assert_int_equal(ledger_double_due(fixture->pipe->ledger), 0);
	assert_int_equal(pipeline_business_date(fixture->pipe->pipeline), TODAY + 3);
	assert_int_equal(pipeline_utc_ms(fixture->pipe->pipeline), FIXTURE_NOW + 3 * DAY_MS);
	timers_end(fixture->timers);
	assert_int_equal(timers_await_date(fixture->timers), TG_SHUTTING_DOWN);
	timers_stop(fixture->timers);
	end(fixture);
}

/* What: a cut-off before noon begins the date of its day, one from noon on that of the next day. */
static void
the_cut_off_begins_the_nearer_date(void **state)
{
	struct zone *zone;
	const int64_t noon = TODAY * DAY_MS + DAY_MS / 2, hour = 3600000;

	(void)state;
	assert_int_equal(zone_new("UTC", &zone), TG_OK);
	assert_int_equal(cut_off_date(zone, 0, noon - 12 * hour), TODAY);
	assert_int_equal(cut_off_date(zone, 0, noon - 12 * hour - 1), TODAY - 1);
	assert_int_equal(cut_off_date(zone, 4 * 60, noon - 8 * hour - 1), TODAY - 1);
	assert_int_equal(cut_off_date(zone, 4 * 60, noon - 8 * hour), TODAY);
	assert_int_equal(cut_off_date(zone, 22 * 60, noon + 10 * hour - 1), TODAY);
	assert_int_equal(cut_off_date(zone, 22 * 60, noon + 10 * hour), TODAY + 1);
	assert_int_equal(cut_off_date(zone, 12 * 60, noon), TODAY + 1);
	zone_free(zone);
}

int
main(void)
{
	static bool is_own_thread;
	static bool is_inline = true;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(a_first_start_sets_programme_and_date, &is_own_thread),
		cmocka_unit_test_prestate(missed_dates_are_cut_over_at_the_start, &is_own_thread),
		cmocka_unit_test_prestate(missed_dates_are_cut_over_at_the_start, &is_inline),
		cmocka_unit_test_prestate(a_refusal_does_not_hold_up_the_start, &is_inline),
		cmocka_unit_test(ticks_follow_each_other_while_more_is_due),
		cmocka_unit_test(a_console_thread_waits_for_its_answer),
		cmocka_unit_test(the_end_lets_go_who_waits),
		cmocka_unit_test(a_console_thread_asks_in_bulk),
		cmocka_unit_test(the_end_lets_go_who_asks_in_bulk),
		cmocka_unit_test(a_console_thread_looks_at_the_ledger),
		cmocka_unit_test(a_stepped_clock_brings_its_cut_overs),
		cmocka_unit_test(the_cut_off_begins_the_nearer_date),
	};

	if (evthread_use_pthreads() != 0)
		return 1;
	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
