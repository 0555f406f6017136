/*
 * engine.c - sends what a source gives over many connections.
 */
#include "contrib/load/engine.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "protocol/assert.h"

#define CHECK_MS 100   /* slots are checked for what took too long */
#define SPARE_FILES 32 /* file descriptors besides those of connections */

struct engine {
	struct engine_setup setup;
	struct load load;
	struct event_base *base;
	struct event *check_event, *pace_event;
	struct event *int_event, *term_event;
	uint64_t alone_ns;     /* since when no session is ready; 0: some is */
	uint64_t drain_end_ns; /* then the rest is given up; 0: not yet draining */
	bool is_stopped;       /* by a signal */
	bool is_killed;	       /* by a second signal */
};

/* Have room for a file descriptor per connection. */
static bool
raise_file_limit(uint32_t connection_count, struct failure *failure)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)connection_count + SPARE_FILES;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return failure_set_errno(failure, errno, "file descriptors");
	if (limit.rlim_cur >= wanted)
		return true;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return failure_set_errno(failure, errno,
					 "%u connections need %llu file descriptors",
					 connection_count, (unsigned long long)wanted);
	return true;
}

static void
on_check(evutil_socket_t fd, short what, void *context)
{
	struct engine *engine = context;
	struct load *load = &engine->load;

	(void)fd;
	(void)what;
	load_tick(load);
	for (uint32_t i = 0; i < load->slot_count; i++)
		slot_check(&load->slots[i]);
	if (load->ready_count > 0)
		engine->alone_ns = 0;
	else if (engine->alone_ns == 0)
		engine->alone_ns = load->now_ns;
}

/* The loop wakes for what is due; the work is done behind it. */
static void
on_pace(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
}

static void
on_signal(evutil_socket_t fd, short what, void *context)
{
	struct engine *engine = context;

	(void)fd;
	(void)what;
	engine->is_killed = engine->is_stopped;
	engine->is_stopped = true;
}

static void
add_timer(struct event *event, uint64_t wait_ns)
{
	struct timeval wait = { .tv_sec = (time_t)(wait_ns / 1000000000u),
				.tv_usec = (suseconds_t)(wait_ns % 1000000000u / 1000) };

	event_add(event, &wait);
}

/* The event base, with timers finer than a millisecond, and the events of the engine itself. */
static void
make_events(struct engine *engine)
{
	struct event_config *config = event_config_new();

	TG_ASSERT(config != NULL);
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	engine->base = event_base_new_with_config(config);
	event_config_free(config);
	TG_ASSERT(engine->base != NULL);
	engine->check_event = event_new(engine->base, -1, EV_PERSIST, on_check, engine);
	engine->pace_event = event_new(engine->base, -1, 0, on_pace, engine);
	engine->int_event =
		event_new(engine->base, SIGINT, EV_SIGNAL | EV_PERSIST, on_signal, engine);
	engine->term_event =
		event_new(engine->base, SIGTERM, EV_SIGNAL | EV_PERSIST, on_signal, engine);
	add_timer(engine->check_event, CHECK_MS * UINT64_C(1000000));
	event_add(engine->int_event, NULL);
	event_add(engine->term_event, NULL);
}

struct engine *
engine_new(const struct engine_setup *setup, struct failure *failure)
{
	struct engine *engine;
	struct session_setup session = { .endpoint = setup->endpoint,
					 .terminals = setup->terminals };

	TG_ASSERT(setup->connection_count >= 1 && setup->options.depth >= 1);
	if (!raise_file_limit(setup->connection_count, failure))
		return NULL;
	engine = calloc(1, sizeof(*engine));
	TG_ASSERT(engine != NULL);
	engine->setup = *setup;
	make_events(engine);
	engine->load.options = &engine->setup.options;
	engine->load.members = setup->members;
	engine->load.meter = setup->meter;
	engine->load.trace = setup->trace;
	prng_init(&engine->load.prng, setup->seed);
	engine->load.slots = calloc(setup->connection_count, sizeof(*engine->load.slots));
	TG_ASSERT(engine->load.slots != NULL);
	engine->load.slot_count = setup->connection_count;
	session.base = engine->base;
	for (uint32_t i = 0; i < setup->connection_count; i++) {
		session.terminal = &setup->terminals->items[i % setup->terminals->count];
		slot_init(&engine->load.slots[i], &engine->load, i, &session);
	}
	return engine;
}

void
engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	for (uint32_t i = 0; i < engine->load.slot_count; i++)
		slot_deinit(&engine->load.slots[i]);
	free(engine->load.slots);
	load_free_requests(&engine->load);
	event_free(engine->check_event);
	event_free(engine->pace_event);
	event_free(engine->int_event);
	event_free(engine->term_event);
	event_base_free(engine->base);
	free(engine);
}

/* One turn of the loop: what has come, what is due, what goes out. */
static bool
turn(struct engine *engine, struct failure *failure)
{
	event_base_loop(engine->base, EVLOOP_ONCE);
	load_tick(&engine->load);
	slots_wake(&engine->load);
	return slots_flush(&engine->load, failure);
}

bool
engine_connect(struct engine *engine, struct failure *failure)
{
	struct load *load = &engine->load;
	uint64_t step_ns =
		engine->setup.connect_rate > 0 ? 1000000000u / engine->setup.connect_rate : 0;
	uint64_t end_ns;

	load_tick(load);
	end_ns = load->now_ns + engine->setup.connect_all_ns + step_ns * load->slot_count;
	for (uint32_t i = 0; i < load->slot_count; i++)
		slot_open(&load->slots[i], step_ns * i);
	while (load->ready_count < load->slot_count && load->now_ns < end_ns && !engine->is_stopped)
		if (!turn(engine, failure))
			return false;
	if (load->ready_count > 0)
		return true;
	return failure_set(failure, "no connection: %s",
			   load->meter->last_reason[0] != '\0' ? load->meter->last_reason
							       : "no answer in time");
}

/* Wake when the next request is due, if a slot waits for it. */
static void
set_pace(struct engine *engine)
{
	const struct load *load = &engine->load;

	if (load->pace_ns == 0 || load->first_idle == NULL || load->is_source_done ||
	    load->new_left == 0 || event_pending(engine->pace_event, EV_TIMEOUT, NULL))
		return;
	add_timer(engine->pace_event,
		  load->next_due_ns > load->now_ns ? load->next_due_ns - load->now_ns : 0);
}

/* Is the run at its end, one way or another? */
static bool
is_over(struct engine *engine, enum engine_end *ret_end)
{
	struct load *load = &engine->load;

	if (load->now_ns >= load->end_ns || engine->is_stopped)
		load->is_source_done = true;
	if (load->is_source_done || load->new_left == 0) {
		if (load->alive_count == 0) {
			*ret_end = engine->is_stopped ? ENGINE_STOPPED : ENGINE_DONE;
			return true;
		}
		if (engine->drain_end_ns == 0)
			engine->drain_end_ns = load->now_ns + engine->setup.drain_ns;
	}
	if (engine->is_killed ||
	    (engine->drain_end_ns != 0 && load->now_ns >= engine->drain_end_ns) ||
	    (engine->alone_ns != 0 && load->now_ns - engine->alone_ns > engine->setup.give_up_ns)) {
		*ret_end = ENGINE_LEFT;
		return true;
	}
	return false;
}

enum engine_end
engine_run(struct engine *engine, const struct source *source, const struct engine_bounds *bounds,
	   struct failure *failure)
{
	struct load *load = &engine->load;
	enum engine_end end = ENGINE_FAILED;

	load_tick(load);
	load->source = source;
	load->is_source_done = false;
	load->new_left = bounds->count_max > 0 ? bounds->count_max : UINT64_MAX;
	load->pace_ns = bounds->rate > 0 ? (uint64_t)(1e9 / bounds->rate) : 0;
	load->next_due_ns = load->now_ns;
	load->end_ns = bounds->run_ns > 0 ? load->now_ns + bounds->run_ns : UINT64_MAX;
	engine->drain_end_ns = 0;
	for (uint32_t i = 0; i < load->slot_count; i++)
		slot_fill(&load->slots[i]);
	while (slots_flush(load, failure)) {
		if (is_over(engine, &end))
			break;
		set_pace(engine);
		if (engine->setup.progress != NULL)
			engine->setup.progress(engine->setup.progress_context, load);
		if (!turn(engine, failure))
			break;
	}
	for (uint32_t i = 0; i < load->slot_count; i++)
		slot_abandon(&load->slots[i]);
	load->source = NULL;
	return end;
}

bool
engine_ask_time(struct engine *engine, struct failure *failure)
{
	struct load *load = &engine->load;
	struct slot *slot = NULL;
	uint64_t end_ns;

	load_tick(load);
	end_ns = load->now_ns + engine->setup.options.timeout_ns;
	for (uint32_t i = 0; i < load->slot_count && slot == NULL; i++)
		if (load->slots[i].is_ready && load->slots[i].flights.count == 0)
			slot = &load->slots[i];
	if (slot == NULL)
		return failure_set(failure, "no connection to ask for the time: %s",
				   load->meter->last_reason);
	slot_ping(slot);
	if (!slots_flush(load, failure))
		return false;
	while (slot->flights.count > 0 && load->now_ns < end_ns)
		if (!turn(engine, failure))
			return false;
	if (!slot->is_ready || slot->flights.count > 0)
		return failure_set(failure, "the server did not tell its time");
	return true;
}

void
engine_idle(struct engine *engine, uint64_t idle_ns)
{
	struct load *load = &engine->load;
	struct failure ignored;
	uint64_t end_ns;

	load_tick(load);
	end_ns = load->now_ns + idle_ns;
	while (load->now_ns < end_ns && !engine->is_stopped)
		if (!turn(engine, &ignored))
			break;
}

void
engine_wake(struct engine *engine)
{
	slots_wake(&engine->load);
}

const struct load *
engine_load(const struct engine *engine)
{
	return &engine->load;
}

bool
engine_is_stopped(const struct engine *engine)
{
	return engine->is_stopped;
}
