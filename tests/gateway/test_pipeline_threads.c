/*
 * test_pipeline_threads.c - several I/O threads, console and blocks at once, for ThreadSanitizer.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gateway/pipeline.h"
#include "tests/gateway/pipeline_fixture.h"

#define IO_THREADS 3
#define REQUESTS 4000
#define CHANGES 300

/* Threads that have seen everything.  The first one serves the others until they have, too. */
struct finish {
	_Atomic uint32_t count;
};

/* What one I/O thread did and saw.  Each answer is checked in the thread, failures counted. */
struct io_thread {
	struct pipeline_fixture *fixture;
	struct pipeline_port *port;
	struct finish *finish;
	bool is_finished;
	bool is_first;
	pthread_t thread;
	unsigned seed;
	uint32_t sent, answered, busy, notices;
	uint32_t failures;
	uint64_t records; /* answers with a record */
};

/* Kinds in some mixture, the same for the same seed. */
static uint8_t
next_kind(struct io_thread *io)
{
	static const uint8_t kinds[] = { REQUEST_EARN, REQUEST_EARN, REQUEST_INQUIRY,
					 REQUEST_RELEASE };

	io->seed = io->seed * 1103515245 + 12345;
	return kinds[io->seed >> 16 & 3];
}

/* Send up to 20 requests. */
static void
send_some(struct io_thread *io)
{
	for (uint32_t i = 0; i < 20 && io->sent < REQUESTS; i++) {
		struct pipeline_job *job = pipeline_job_take(io->port, next_kind(io));

		if (job == NULL) {
			io->busy++;
			return;
		}
		job->request_id = io->sent;
		job->request.points = 1;
		if (pipeline_submit(io->port, job) != TG_OK) {
			pipeline_job_give(io->port, job);
			io->busy++;
			return;
		}
		io->sent++;
	}
}

static void
take_answers(struct io_thread *io)
{
	struct pipeline_notice notice;
	struct pipeline_job *job;

	while ((job = pipeline_job_done(io->port)) != NULL) {
		io->failures += job->request_id != io->answered;
		io->failures +=
			job->answer.sequence > journal_durable_sequence(io->fixture->journal);
		io->failures += job->answer.status != TG_OK;
		io->records += job->answer.sequence != 0;
		io->answered++;
		pipeline_job_give(io->port, job);
	}
	while (pipeline_notice_next(io->port, &notice)) {
		io->failures += notice.number != io->notices;
		io->notices++;
	}
}

/* May the thread end? */
static bool
is_done(struct io_thread *io)
{
	if (!io->is_finished && io->answered == REQUESTS && io->notices == CHANGES) {
		io->is_finished = true;
		atomic_fetch_add(&io->finish->count, 1);
	}
	return io->is_finished && (!io->is_first || atomic_load(&io->finish->count) == IO_THREADS);
}

static void *
run_io(void *argument)
{
	struct io_thread *io = argument;

	while (!is_done(io)) {
		struct pollfd readable = { pipeline_port_fd(io->port), POLLIN, 0 };

		pipeline_port_wake(io->port);
		take_answers(io);
		send_some(io);
		pipeline_flush(io->port);
		if (is_done(io) || io->is_finished || io->sent < REQUESTS)
			continue;
		if (poll(&readable, 1, FIXTURE_TIMEOUT_MS) != 1) {
			io->failures++;
			return NULL;
		}
	}
	return NULL;
}

/* Change CHANGES terminals from the control thread, a few at a time. */
static uint32_t
change_terminals(struct pipeline_fixture *fixture)
{
	struct pipeline_notice notice;
	uint32_t changed = 0;

	for (uint32_t i = 0; i < CHANGES; i++) {
		struct pipeline_job *job =
			pipeline_job_take(fixture->control, REQUEST_SET_TERMINAL);

		job->request.terminal_image.number = i;
		assert_int_equal(pipeline_submit(fixture->control, job), TG_OK);
		pipeline_flush(fixture->control);
	}
	while (changed < CHANGES) {
		struct pollfd readable = { pipeline_port_fd(fixture->control), POLLIN, 0 };
		struct pipeline_job *job;

		assert_int_equal(poll(&readable, 1, FIXTURE_TIMEOUT_MS), 1);
		pipeline_port_wake(fixture->control);
		while ((job = pipeline_job_done(fixture->control)) != NULL) {
			changed += job->answer.status == TG_OK;
			pipeline_job_give(fixture->control, job);
		}
		while (pipeline_notice_next(fixture->control, &notice))
			continue;
	}
	return changed;
}

/* What: with many threads at once every request is answered once, in its thread's order, durably;
 * every change reaches every thread.  How: inline the first thread does the ledger's work. */
static void
every_request_is_answered_once(void **state)
{
	struct pipeline_fixture *fixture = fixture_new(*(bool *)*state);
	struct io_thread io[IO_THREADS] = { 0 };
	struct finish finish = { 0 };
	uint64_t records = CHANGES;

	fixture->config.io_threads = IO_THREADS;
	fixture->config.requests_max = 100;
	fixture->config.requests_reserved = 10;
	fixture->config.queue_delay_ms_max = 600000;
	fixture->config.idle_mark_ms = 1;
	fixture_start(fixture);
	for (uint32_t i = 0; i < IO_THREADS; i++) {
		io[i].fixture = fixture;
		io[i].port = pipeline_io_port(fixture->pipeline, i);
		io[i].finish = &finish;
		io[i].is_first = i == 0;
		io[i].seed = i;
		assert_int_equal(pthread_create(&io[i].thread, NULL, run_io, &io[i]), 0);
	}
	assert_int_equal(change_terminals(fixture), CHANGES);
	for (uint32_t i = 0; i < IO_THREADS; i++) {
		pthread_join(io[i].thread, NULL);
		assert_int_equal(io[i].failures, 0);
		assert_int_equal(io[i].answered, REQUESTS);
		assert_int_equal(io[i].notices, CHANGES);
		records += io[i].records;
	}
	assert_int_equal(journal_durable_sequence(fixture->journal), records);
	fixture_end(fixture, TG_OK);
}

int
main(void)
{
	static bool is_own_thread;
	static bool is_inline = true;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(every_request_is_answered_once, &is_own_thread),
		{ "every_request_is_answered_once_inline", every_request_is_answered_once, NULL,
		  NULL, &is_inline },
	};

	return cmocka_run_group_tests_name("pipeline threads", tests, NULL, NULL);
}
