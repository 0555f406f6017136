/*
 * control.c - what asks the ledger besides terminals: console, timers, the start.
 *
 * A call is shared by the thread that waits and by the control thread, and freed by the last of the
 * two: one that waits may leave when the gateway ends, while its request is still on its way.
 */
#include "gateway/control.h"

#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "protocol/assert.h"

/* How far a call has come: WAITING, perhaps RUNNING and RAN, then DONE; or LEFT before DONE. */
enum call_state {
	CALL_WAITING,	/* on the list, or on its way */
	CALL_RUNNING,	/* its read function runs: who waits must stay */
	CALL_RAN,	/* ... has run, but what it saw is not durable yet */
	CALL_DONE,	/* status and answer are set */
	CALL_LEFT,	/* nobody waits any more */
};

/* One call of another thread.  Members are guarded by control.lock. */
struct call {
	struct call *next;		/* on the list */
	struct ledger_request request;
	pipeline_read_fn *read;		/* or NULL */
	void	*argument;
	struct ledger_answer answer;
	enum tg_status status;
	enum call_state state;
	uint32_t owners;		/* 1 or 2; freed by the last */
	bool	 is_bulk;		/* goes behind the requests of terminals */
	struct control *control;
};

struct control {
	struct pipeline *pipeline;	/* borrowed */
	struct pipeline_port *port;	/* borrowed from the pipeline */
	struct event *port_event;	/* owned; answers wait */
	struct event *calls_event;	/* owned; calls wait on the list */
	int	 calls_fd;		/* owned; eventfd */
	pthread_mutex_t lock;		/* over the rest, and over every call */
	pthread_cond_t changed;		/* a call is DONE, or is_ending */
	struct call *first_call;	/* calls not yet submitted, oldest first */
	struct call **last_call;	/* where the next one is hung */
	bool	 is_ending;
};

/* A job of the control thread's own or of a call: which, stands in job.item_index. */
enum { JOB_OF_REQUEST, JOB_OF_CALL };

/* control.lock is held. */
static void
drop_call(struct call *call)
{
	if (--call->owners == 0)
		free(call);
}

/* Tell who waits, if anybody does.  control.lock is held; drops the control thread's share. */
static void
finish_call(struct call *call, enum tg_status status, const struct ledger_answer *answer)
{
	if (call->state != CALL_LEFT) {
		call->status = status;
		if (answer != NULL)
			call->answer = *answer;
		call->state = CALL_DONE;
		pthread_cond_broadcast(&call->control->changed);
	}
	drop_call(call);
}

/* The ledger's thread: run a call's function, unless who wanted it has left. */
static void
run_call(const struct ledger *ledger, void *argument)
{
	struct call *call = argument;
	struct control *control = call->control;
	bool is_wanted;

	pthread_mutex_lock(&control->lock);
	is_wanted = call->state == CALL_WAITING;
	if (is_wanted)
		call->state = CALL_RUNNING;
	pthread_mutex_unlock(&control->lock);
	if (!is_wanted)
		return;
	call->read(ledger, call->argument);
	pthread_mutex_lock(&control->lock);
	call->state = CALL_RAN;
	pthread_cond_broadcast(&control->changed);
	pthread_mutex_unlock(&control->lock);
}

/* Put a call into the pipeline.  control.lock is held. */
static void
submit_call(struct control *control, struct call *call)
{
	struct pipeline_job *job = pipeline_job_take(control->port, call->request.kind);
	enum tg_status status = TG_BUSY;

	if (job != NULL) {
		job->request = call->request;
		job->session = (uint64_t)(uintptr_t)call;
		job->item_index = JOB_OF_CALL;
		job->lane = call->is_bulk ? PIPELINE_BATCH : PIPELINE_TERMINAL;
		if (call->read != NULL) {
			job->read = run_call;
			job->read_argument = call;
		}
		status = pipeline_submit(control->port, job);
		if (status == TG_OK)
			return;
		pipeline_job_give(control->port, job);
	}
	finish_call(call, status, NULL);
}

static void
on_calls(evutil_socket_t fd, short what, void *context)
{
	struct control *control = context;
	uint64_t count;
	ssize_t got = read(fd, &count, sizeof(count));

	(void)got;
	(void)what;
	pthread_mutex_lock(&control->lock);
	while (control->first_call != NULL) {
		struct call *call = control->first_call;

		control->first_call = call->next;
		submit_call(control, call);
	}
	control->last_call = &control->first_call;
	pthread_mutex_unlock(&control->lock);
	pipeline_flush(control->port);
}

static void
finish_job(struct control *control, struct pipeline_job *job)
{
	void *owner = (void *)(uintptr_t)job->session;

	if (job->item_index == JOB_OF_CALL) {
		pthread_mutex_lock(&control->lock);
		finish_call(owner, TG_OK, &job->answer);
		pthread_mutex_unlock(&control->lock);
	} else {
		const struct control_request *request = owner;

		request->done(request->context, &job->answer);
	}
	pipeline_job_give(control->port, job);
}

static void
on_port(evutil_socket_t fd, short what, void *context)
{
	struct control *control = context;
	struct pipeline_notice notice;
	struct pipeline_job *job;

	(void)fd;
	(void)what;
	pipeline_port_wake(control->port);
	while ((job = pipeline_job_done(control->port)) != NULL)
		finish_job(control, job);
	while (pipeline_notice_next(control->port, &notice))
		continue; /* no sessions here */
	pipeline_flush(control->port);
}

struct control *
control_new(struct pipeline *pipeline, struct event_base *base)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		return NULL;
	control->pipeline = pipeline;
	control->port = pipeline_control_port(pipeline);
	control->last_call = &control->first_call;
	control->calls_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&control->lock, NULL);
	pthread_cond_init(&control->changed, NULL);
	control->port_event = event_new(base, pipeline_port_fd(control->port), EV_READ | EV_PERSIST,
					on_port, control);
	control->calls_event =
		event_new(base, control->calls_fd, EV_READ | EV_PERSIST, on_calls, control);
	if (control->calls_fd >= 0 && control->port_event != NULL &&
	    control->calls_event != NULL && event_add(control->port_event, NULL) == 0 &&
	    event_add(control->calls_event, NULL) == 0)
		return control;
	control_free(control);
	return NULL;
}

/* Calls whose threads have left. */
static void
drop_rest(struct control *control)
{
	struct pipeline_job *job;

	pthread_mutex_lock(&control->lock);
	while (control->first_call != NULL) {
		struct call *call = control->first_call;

		control->first_call = call->next;
		finish_call(call, TG_SHUTTING_DOWN, NULL);
	}
	while ((job = pipeline_job_done(control->port)) != NULL) {
		if (job->item_index == JOB_OF_CALL)
			finish_call((void *)(uintptr_t)job->session, TG_OK, &job->answer);
		pipeline_job_give(control->port, job);
	}
	pthread_mutex_unlock(&control->lock);
}

void
control_free(struct control *control)
{
	if (control == NULL)
		return;
	drop_rest(control);
	if (control->port_event != NULL)
		event_free(control->port_event);
	if (control->calls_event != NULL)
		event_free(control->calls_event);
	if (control->calls_fd >= 0)
		close(control->calls_fd);
	pthread_cond_destroy(&control->changed);
	pthread_mutex_destroy(&control->lock);
	free(control);
}

enum tg_status
control_submit(struct control *control, const struct control_request *request,
	       const struct ledger_request *ledger_request)
{
	struct pipeline_job *job = pipeline_job_take(control->port, ledger_request->kind);
	enum tg_status status;

	if (job == NULL)
		return TG_BUSY;
	job->request = *ledger_request;
	job->session = (uint64_t)(uintptr_t)request;
	job->item_index = JOB_OF_REQUEST;
	job->lane = PIPELINE_BATCH;
	status = pipeline_submit(control->port, job);
	if (status != TG_OK)
		pipeline_job_give(control->port, job);
	pipeline_flush(control->port);
	return status;
}

void
control_turn_alone(struct control *control, int timeout_ms)
{
	struct pipeline_port *io = pipeline_io_port(control->pipeline, 0);
	struct pollfd readable[] = {
		{ pipeline_port_fd(control->port), POLLIN, 0 },
		{ pipeline_port_fd(io), POLLIN, 0 },
	};
	struct pipeline_notice notice;

	(void)poll(readable, 2, timeout_ms);
	pipeline_port_wake(io);
	while (pipeline_notice_next(io, &notice))
		continue;
	pipeline_flush(io);
	on_port(-1, 0, control);
}

/* Hang a call on the list.  control.lock is held; wake_control() afterwards. */
static void
hang_call(struct control *control, struct call *call)
{
	call->control = control;
	call->owners = 2;
	*control->last_call = call;
	control->last_call = &call->next;
}

static void
wake_control(struct control *control)
{
	uint64_t one = 1;
	ssize_t written = write(control->calls_fd, &one, sizeof(one));

	TG_ASSERT(written == (ssize_t)sizeof(one));
}

/* Wait for the end of a call, and drop this side's share.  control.lock is held. */
static enum tg_status
await_call(struct control *control, struct call *call, struct ledger_answer *ret_answer)
{
	enum tg_status status = TG_SHUTTING_DOWN;

	while (call->state == CALL_RUNNING || (call->state != CALL_DONE && !control->is_ending))
		pthread_cond_wait(&control->changed, &control->lock);
	if (call->state == CALL_DONE) {
		status = call->status;
		if (status == TG_OK && ret_answer != NULL)
			*ret_answer = call->answer;
	} else
		call->state = CALL_LEFT;
	drop_call(call);
	return status;
}

/* Hang a call on the list and wait for its end.  Frees it. */
static enum tg_status
make_call(struct control *control, struct call *call, struct ledger_answer *ret_answer)
{
	enum tg_status status = TG_SHUTTING_DOWN;

	pthread_mutex_lock(&control->lock);
	if (!control->is_ending) {
		hang_call(control, call);
		wake_control(control);
		status = await_call(control, call, ret_answer);
	} else
		free(call);
	pthread_mutex_unlock(&control->lock);
	return status;
}

enum tg_status
control_ask(struct control *control, const struct ledger_request *request,
	    struct ledger_answer *ret_answer)
{
	struct call *call = calloc(1, sizeof(*call));

	TG_ASSERT(request->lines_bytes == 0);
	if (call == NULL)
		return TG_BUSY;
	call->request = *request;
	return make_call(control, call, ret_answer);
}

/* Calls for count requests.  False: out of memory, and there are none. */
static bool
make_bulk(const struct ledger_request *requests, uint32_t count, struct call **calls)
{
	for (uint32_t i = 0; i < count; i++) {
		calls[i] = calloc(1, sizeof(*calls[i]));
		if (calls[i] == NULL) {
			while (i-- > 0)
				free(calls[i]);
			return false;
		}
		TG_ASSERT(requests[i].lines_bytes == 0);
		calls[i]->request = requests[i];
		calls[i]->is_bulk = true;
	}
	return true;
}

enum tg_status
control_ask_bulk(struct control *control, const struct ledger_request *requests, uint32_t count,
		 struct ledger_answer *ret_answers)
{
	struct call *calls[CONTROL_BULK_MAX];
	enum tg_status status = TG_OK;

	TG_ASSERT(count >= 1 && count <= CONTROL_BULK_MAX);
	if (!make_bulk(requests, count, calls))
		return TG_BUSY;
	pthread_mutex_lock(&control->lock);
	if (control->is_ending) {
		for (uint32_t i = 0; i < count; i++)
			free(calls[i]);
		pthread_mutex_unlock(&control->lock);
		return TG_SHUTTING_DOWN;
	}
	for (uint32_t i = 0; i < count; i++)
		hang_call(control, calls[i]);
	wake_control(control);
	/* Each is waited for, or left: the control thread still has its share of them. */
	for (uint32_t i = 0; i < count; i++) {
		const enum tg_status one = await_call(control, calls[i], &ret_answers[i]);

		status = status == TG_OK ? one : status;
	}
	pthread_mutex_unlock(&control->lock);
	return status;
}

enum tg_status
control_read(struct control *control, pipeline_read_fn *read, void *argument)
{
	struct call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		return TG_BUSY;
	call->request.kind = REQUEST_TICK;
	call->read = read;
	call->argument = argument;
	return make_call(control, call, NULL);
}

void
control_end(struct control *control)
{
	pthread_mutex_lock(&control->lock);
	control->is_ending = true;
	pthread_cond_broadcast(&control->changed);
	pthread_mutex_unlock(&control->lock);
}
