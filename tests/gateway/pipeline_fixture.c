/*
 * pipeline_fixture.c - a pipeline over a ledger double and a file journal behind a gate.
 */
#include "tests/gateway/pipeline_fixture.h"

#include <ftw.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t
fixture_ms(void *context)
{
	return ((struct pipeline_fixture *)context)->wall_ms;
}

static void
fixture_on_dead(void *context, const struct storage_error *error)
{
	struct pipeline_fixture *fixture = context;

	assert_int_not_equal(error->status, TG_OK);
	atomic_store(&fixture->is_dead, true);
}

static enum tg_status
fixture_archive(void *context, const struct pipeline_question *question,
		struct archived_transaction *ret_found)
{
	struct pipeline_fixture *fixture = context;

	atomic_fetch_add(&fixture->archive_calls, 1);
	assert_int_equal(question->original.partner, 7);
	assert_int_equal(question->original.transaction_id[0], DOUBLE_ARCHIVED_ID);
	assert_true(question->asked_mono_us <= clock_mono_us());
	atomic_store(&fixture->archive_through, question->original.through_sequence);
	while (atomic_load(&fixture->is_archive_shut))
		(void)sched_yield();
	ret_found->is_found = true;
	return fixture->archive_status;
}

static enum tg_status
fixture_page(void *context, const struct pipeline_page_question *question,
	     struct archived_page *ret_page)
{
	struct pipeline_fixture *fixture = context;

	atomic_fetch_add(&fixture->page_calls, 1);
	assert_int_equal(question->page.member, FIXTURE_MEMBER);
	assert_true(question->asked_mono_us <= clock_mono_us());
	atomic_store(&fixture->archive_through, question->booked_sequence);
	while (atomic_load(&fixture->is_archive_shut))
		(void)sched_yield();
	memset(ret_page, 0, sizeof(*ret_page));
	ret_page->held_sequence = question->page.before;
	return fixture->archive_status;
}

static void
open_journal(struct pipeline_fixture *fixture)
{
	struct journal_opened opened;
	struct storage_error error = { 0 };
	const struct journal_config config = {
		.io = &fixture->gate.io,
		.directory = fixture->directory,
		.archive_directory = fixture->archive_directory,
		.instance = "test",
		.salt = 42,
		.segment_bytes = 8 * 1024 * 1024,
		.low_water_bytes = 1024 * 1024,
	};

	assert_int_equal(journal_file_open(&config, &fixture->journal, &opened, &error), TG_OK);
}

struct pipeline_fixture *
fixture_new(bool is_inline)
{
	struct pipeline_fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	gate_io_init(&fixture->gate);
	snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/tg_pipeline_XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	snprintf(fixture->archive_directory, sizeof(fixture->archive_directory), "%s/archive",
		 fixture->directory);
	open_journal(fixture);
	fixture->ledger = ledger_double_new(0);
	assert_int_equal(zone_new("UTC", &fixture->zone), TG_OK);
	fixture->wall_ms = FIXTURE_NOW;
	clock_start(&fixture->clock, (struct clock_source){ fixture_ms, fixture_ms, fixture },
		    false, INT64_MIN, INT64_MIN);
	fixture->config = (struct pipeline_config){
		.ledger = fixture->ledger,
		.journal = fixture->journal,
		.clock = &fixture->clock,
		.zone = fixture->zone,
		.io_threads = 1,
		.is_inline = is_inline,
		.requests_max = 1024,
		.requests_reserved = 16,
		.batch_items_max = UINT32_MAX,
		.idle_mark_ms = 3600000,
		.archive = fixture_archive,
		.page = fixture_page,
		.archive_context = fixture,
		.archive_max = 3,
		.pages_max = 4,
		.on_dead = fixture_on_dead,
		.context = fixture,
	};
	return fixture;
}

void
fixture_start(struct pipeline_fixture *fixture)
{
	assert_int_equal(pipeline_new(&fixture->config, &fixture->pipeline), TG_OK);
	assert_int_equal(pipeline_start(fixture->pipeline), TG_OK);
	fixture->port = pipeline_io_port(fixture->pipeline, 0);
	fixture->control = pipeline_control_port(fixture->pipeline);
}

static int
remove_one(const char *path, const struct stat *stat, int type, struct FTW *place)
{
	(void)stat;
	(void)type;
	(void)place;
	return remove(path);
}

void
fixture_end(struct pipeline_fixture *fixture, enum tg_status status)
{
	assert_int_equal(pipeline_stop(fixture->pipeline), status);
	pipeline_free(fixture->pipeline);
	journal_close(fixture->journal);
	ledger_double_free(fixture->ledger);
	zone_free(fixture->zone);
	gate_io_deinit(&fixture->gate);
	assert_int_equal(nftw(fixture->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(fixture);
}

struct pipeline_job *
fixture_submit(struct pipeline_port *port, uint8_t kind, uint32_t request_id)
{
	struct pipeline_job *job = pipeline_job_take(port, kind);

	assert_non_null(job);
	job->request_id = request_id;
	job->request.principal = 1;
	job->request.points = 1;
	assert_int_equal(pipeline_submit(port, job), TG_OK);
	return job;
}

struct pipeline_job *
fixture_await(struct pipeline_fixture *fixture, struct pipeline_port *port)
{
	for (;;) {
		struct pollfd readable[] = {
			{ pipeline_port_fd(port), POLLIN, 0 },
			{ pipeline_port_fd(fixture->port), POLLIN, 0 },
		};
		struct pipeline_job *job;

		pipeline_port_wake(port);
		pipeline_flush(port);
		pipeline_port_wake(fixture->port);
		pipeline_flush(fixture->port);
		job = pipeline_job_done(port);
		if (job != NULL)
			return job;
		assert_true(poll(readable, 2, FIXTURE_TIMEOUT_MS) > 0);
	}
}

struct ledger_answer
fixture_call(struct pipeline_fixture *fixture, struct pipeline_port *port, uint8_t kind)
{
	struct pipeline_job *job;
	struct ledger_answer answer;

	(void)fixture_submit(port, kind, 1);
	pipeline_flush(port);
	job = fixture_await(fixture, port);
	answer = job->answer;
	pipeline_job_give(port, job);
	return answer;
}

void
fixture_expect_none(struct pipeline_port *port)
{
	pipeline_port_wake(port);
	pipeline_flush(port);
	assert_null(pipeline_job_done(port));
}
