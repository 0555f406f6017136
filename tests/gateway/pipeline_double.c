/*
 * pipeline_double.c - jobs, queues and plausible answers for tests of the network side.
 */
#include "tests/gateway/pipeline_double.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/batch.h"

struct pipeline *
double_new(void)
{
	struct pipeline *pipeline = calloc(1, sizeof(*pipeline));

	assert_non_null(pipeline);
	pipeline->utc_ms = INT64_C(1700000000000);
	pipeline->jobs_left = DOUBLE_JOBS;
	pipeline->batch_jobs = BATCH_SLICE_ITEMS;
	for (int i = 0; i < DOUBLE_PORTS; i++) {
		struct pipeline_port *port = &pipeline->ports[i];

		port->pipeline = pipeline;
		port->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_true(port->fd >= 0);
		port->jobs = calloc(DOUBLE_JOBS, sizeof(*port->jobs));
		assert_non_null(port->jobs);
		while (port->free_count < DOUBLE_JOBS) {
			port->free_jobs[port->free_count] = &port->jobs[port->free_count];
			port->free_count++;
		}
	}
	return pipeline;
}

void
double_free(struct pipeline *pipeline)
{
	for (int i = 0; i < DOUBLE_PORTS; i++) {
		close(pipeline->ports[i].fd);
		free(pipeline->ports[i].jobs);
	}
	free(pipeline);
}

struct pipeline_job *
pipeline_job_take(struct pipeline_port *port, uint8_t kind)
{
	struct pipeline_job *job;

	if (port->free_count <= DOUBLE_JOBS - port->pipeline->jobs_left)
		return NULL;
	job = port->free_jobs[--port->free_count];
	job->session = 0;
	job->request_id = 0;
	job->item_index = 0;
	job->lane = PIPELINE_TERMINAL;
	memset(&job->request, 0, sizeof(job->request));
	job->request.kind = kind;
	return job;
}

void
pipeline_job_give(struct pipeline_port *port, struct pipeline_job *job)
{
	assert_true(port->free_count < DOUBLE_JOBS);
	port->free_jobs[port->free_count++] = job;
}

/* What the ledger would say of a terminal. */
static void
answer_auth(const struct ledger_request *request, struct ledger_answer *answer)
{
	uint32_t terminal = request->principal;

	if (terminal >= DOUBLE_UNKNOWN) {
		answer->status = TG_UNKNOWN_TERMINAL;
		return;
	}
	if (terminal == DOUBLE_BLOCKED) {
		answer->status = TG_BLOCKED;
		return;
	}
	answer->partner = terminal / 100 == 0 ? 1 : terminal / 100;
	answer->store =
		terminal == DOUBLE_SYSTEM || terminal == DOUBLE_SYSTEM_2 ? 0 : terminal / 10;
	answer->rights = DOUBLE_RIGHTS;
	if (terminal == DOUBLE_SYSTEM || terminal == DOUBLE_SYSTEM_2)
		answer->rights |= TG_RIGHT_BATCH | TG_RIGHT_ACT_FOR;
	if (terminal == DOUBLE_POOR)
		answer->rights = TG_RIGHT_INQUIRY;
	answer->key_generation = terminal == DOUBLE_OLD_KEY ? 3 : 1;
	answer->key_generation_old = terminal == DOUBLE_OLD_KEY ? 2 : 0;
}

static void
form_answer(struct pipeline *pipeline, struct pipeline_job *job)
{
	struct ledger_answer *answer = &job->answer;

	memset(answer, 0, sizeof(*answer));
	answer->kind = job->request.kind;
	answer->next_expiry_day = INT32_MAX;
	answer->business_date = pipeline_business_date(pipeline);
	if (job->request.kind == REQUEST_AUTH) {
		answer_auth(&job->request, answer);
	} else {
		answer->sequence = ++pipeline->sequence;
		answer->booked_at_utc_ms = pipeline->utc_ms;
		answer->has_member = true;
		answer->member = 77;
		answer->points = job->request.amount / 100;
		answer->available_points = 1000;
	}
	if (pipeline->on_answer != NULL)
		pipeline->on_answer(pipeline->context, job);
}

static void
signal_port(struct pipeline_port *port)
{
	uint64_t one = 1;

	assert_int_equal(write(port->fd, &one, sizeof(one)), sizeof(one));
}

void
double_answer_nth(struct pipeline_port *port, uint32_t nth)
{
	struct pipeline_job *job;

	assert_true(nth < port->held_count);
	job = port->held[nth];
	port->held_count--;
	memmove(&port->held[nth], &port->held[nth + 1],
		(port->held_count - nth) * sizeof(port->held[0]));
	form_answer(port->pipeline, job);
	port->done[port->done_count++] = job;
	signal_port(port);
}

void
double_answer(struct pipeline_port *port, uint32_t count)
{
	while (count-- > 0 && port->held_count > 0)
		double_answer_nth(port, 0);
}

void
double_notify(struct pipeline_port *port, const struct pipeline_notice *notice)
{
	assert_true(port->notice_count < DOUBLE_NOTICES);
	port->notices[port->notice_count++] = *notice;
	signal_port(port);
}

uint32_t
pipeline_batch_room(const struct pipeline_port *port)
{
	uint32_t used = DOUBLE_JOBS - port->free_count;

	return used < port->pipeline->batch_jobs ? port->pipeline->batch_jobs - used : 0;
}

enum tg_status
pipeline_submit(struct pipeline_port *port, struct pipeline_job *job)
{
	struct pipeline *pipeline = port->pipeline;
	uint32_t number = atomic_fetch_add(&pipeline->submits, 1) + 1;

	if (pipeline->submit != TG_OK && number >= pipeline->refuse_from &&
	    (pipeline->refuse_until == 0 || number <= pipeline->refuse_until))
		return pipeline->submit;
	port->held[port->held_count++] = job;
	return TG_OK;
}

void
pipeline_flush(struct pipeline_port *port)
{
	if (!port->pipeline->is_holding)
		double_answer(port, DOUBLE_JOBS);
}

int
pipeline_port_fd(const struct pipeline_port *port)
{
	return port->fd;
}

void
pipeline_port_wake(struct pipeline_port *port)
{
	uint64_t count;
	ssize_t got = read(port->fd, &count, sizeof(count));

	(void)got;
}

struct pipeline_job *
pipeline_job_done(struct pipeline_port *port)
{
	struct pipeline_job *job = port->done[0];

	if (port->done_count == 0)
		return NULL;
	port->done_count--;
	memmove(&port->done[0], &port->done[1], port->done_count * sizeof(port->done[0]));
	return job;
}

bool
pipeline_notice_next(struct pipeline_port *port, struct pipeline_notice *ret_notice)
{
	if (port->notice_count == 0)
		return false;
	*ret_notice = port->notices[0];
	port->notice_count--;
	memmove(&port->notices[0], &port->notices[1],
		port->notice_count * sizeof(port->notices[0]));
	return true;
}

int64_t
pipeline_utc_ms(const struct pipeline *pipeline)
{
	return pipeline->utc_ms;
}

int32_t
pipeline_business_date(const struct pipeline *pipeline)
{
	return pipeline_day(pipeline, pipeline->utc_ms);
}

int32_t
pipeline_day(const struct pipeline *pipeline, int64_t utc_ms)
{
	(void)pipeline;
	return (int32_t)(utc_ms / 86400000);
}

uint16_t
pipeline_minute(const struct pipeline *pipeline, int64_t utc_ms)
{
	(void)pipeline;
	return (uint16_t)(utc_ms % 86400000 / 60000);
}

bool
pipeline_is_stepped(const struct pipeline *pipeline)
{
	return pipeline->is_stepped;
}

struct pipeline_port *
pipeline_io_port(struct pipeline *pipeline, uint32_t io_index)
{
	assert_true(io_index < DOUBLE_PORTS);
	return &pipeline->ports[io_index];
}
