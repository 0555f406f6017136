/*
 * pipeline.c - requests on their way to the ledger, answers on their way back.
 *
 * Joins the parts: ports (port.h), the ledger step, the open batch, the journal thread and the
 * archive. Each of them names its own thread; here stands who wakes whom.
 */
#include "gateway/pipeline.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/evidence.h"
#include "gateway/journal_thread.h"
#include "gateway/ledger_step.h"
#include "gateway/open_batch.h"
#include "gateway/port.h"
#include "gateway/waker.h"
#include "protocol/assert.h"
#include "storage/journal.h"

#define DONE_AHEAD_JOBS 3	/* look so far ahead for answers */
#define CONTROL_JOBS 512	/* console and timers */
#define INLINE_RUN_US 1000	/* of one pipeline_flush(), so that sockets have their turn */
#define LEDGER_IDLE_MS 1000

struct pipeline {
	struct pipeline_config config;
	struct pipeline_port *ports;	/* owned; of each I/O thread, then the control thread */
	uint32_t port_count;		/* of those that are initialised */
	struct open_batch open;
	struct ledger_step step;
	struct journal_thread journal_thread;
	struct evidence evidence;
	struct waker ledger_waker;	/* of the ledger's own thread */
	pthread_t ledger_thread;
	bool	 has_ledger_thread;
	_Atomic bool is_draining;
	_Atomic bool is_stopping;	/* the ledger's thread ends when the lanes are empty */
};

/* Any thread: have the ledger step look for work. */
static void
wake_ledger(struct pipeline *pipeline)
{
	if (pipeline->config.is_inline)
		port_signal(&pipeline->ports[0]);
	else
		waker_wake(&pipeline->ledger_waker);
}

static void
on_taken(void *context)
{
	struct pipeline *pipeline = context;

	if (atomic_exchange(&pipeline->step.wants_room, false))
		wake_ledger(pipeline);
}

static void
on_idle(void *context)
{
	struct pipeline *pipeline = context;

	atomic_store(&pipeline->step.wants_mark, true);
	wake_ledger(pipeline);
}

static void
on_fetched(void *context)
{
	wake_ledger(context);
}

static void
on_dead(void *context, const struct storage_error *error)
{
	struct pipeline *pipeline = context;

	if (pipeline->config.on_dead != NULL)
		pipeline->config.on_dead(pipeline->config.context, error);
	wake_ledger(pipeline);
}

static bool
has_journal_room(const struct pipeline *pipeline)
{
	return !atomic_load(&pipeline->journal_thread.is_dead) &&
	       journal_has_room(pipeline->config.journal);
}

static bool
step_has_room(void *context)
{
	return has_journal_room(context);
}

static uint64_t
step_durable_sequence(void *context)
{
	struct pipeline *pipeline = context;

	return journal_thread_durable_sequence(&pipeline->journal_thread);
}

static enum tg_status
init_ports(struct pipeline *pipeline)
{
	const struct pipeline_config *config = &pipeline->config;
	/* So that a terminal always finds a job. */
	const uint32_t half = (config->requests_max + 1) / 2;
	const struct port_config io = {
		.jobs = config->requests_max,
		.reserve = config->requests_reserved,
		.batch_jobs = config->batch_items_max < half ? config->batch_items_max : half,
		.queue_delay_us_max = config->queue_delay_ms_max * 1000,
	};
	const struct port_config control = { .jobs = CONTROL_JOBS,
					     .batch_jobs = CONTROL_JOBS / 2,
					     .is_control = true };

	pipeline->ports = aligned_alloc(CACHE_LINE_BYTES,
					(config->io_threads + 1) * sizeof(*pipeline->ports));
	if (pipeline->ports == NULL)
		return TG_NO_MEMORY;
	for (uint32_t i = 0; i <= config->io_threads; i++) {
		struct pipeline_port *port = &pipeline->ports[i];
		enum tg_status status =
			port_init(port, pipeline, i < config->io_threads ? &io : &control);

		pipeline->port_count++;
		if (status != TG_OK)
			return status;
	}
	return TG_OK;
}

static enum tg_status
init_parts(struct pipeline *pipeline)
{
	const struct pipeline_config *config = &pipeline->config;
	const struct ledger_step_config step = {
		.ledger = config->ledger,
		.clock = config->clock,
		.zone = config->zone,
		.open = &pipeline->open,
		.journal_waker = &pipeline->journal_thread.waker,
		.ports = pipeline->ports,
		.port_count = pipeline->port_count,
		.has_room = step_has_room,
		.durable_sequence = step_durable_sequence,
		.context = pipeline,
		.between = config->between,
		.between_context = config->context,
		.evidence_waker = &pipeline->evidence.waker,
		.evidence_max = { config->archive != NULL ? config->archive_max : 0,
				  config->archive != NULL ? config->pages_max : 0 },
	};
	const struct journal_thread_config journal_thread = {
		.journal = config->journal,
		.open = &pipeline->open,
		.ports = pipeline->ports,
		.port_count = pipeline->port_count,
		.idle_mark_ms = config->idle_mark_ms,
		.start_sequence = ledger_sequence(config->ledger),
		.business_date = ledger_business_date(config->ledger),
		.on_taken = on_taken,
		.on_idle = on_idle,
		.on_dead = on_dead,
		.context = pipeline,
	};
	const struct evidence_config evidence = {
		.archive = config->archive,
		.page = config->page,
		.archive_context = config->archive_context,
		.in = pipeline->step.evidence_out,
		.out = &pipeline->step.evidence_in,
		.on_fetched = on_fetched,
		.context = pipeline,
	};

	if (open_batch_init(&pipeline->open, journal_batch_bytes_max(config->journal)) != TG_OK ||
	    waker_init(&pipeline->ledger_waker) != TG_OK ||
	    journal_thread_init(&pipeline->journal_thread, &journal_thread) != TG_OK ||
	    evidence_init(&pipeline->evidence, &evidence) != TG_OK)
		return TG_NO_MEMORY;
	return ledger_step_init(&pipeline->step, &step);
}

enum tg_status
pipeline_new(const struct pipeline_config *config, struct pipeline **ret_pipeline)
{
	struct pipeline *pipeline;
	enum tg_status status;

	TG_ASSERT(config->io_threads >= 1);
	TG_ASSERT(ledger_sequence(config->ledger) == journal_durable_sequence(config->journal));
	if (journal_batch_bytes_max(config->journal) <
		    LEDGER_STEP_DECISIONS_MAX * LEDGER_STEP_ROOM_BYTES ||
	    config->requests_reserved >= config->requests_max)
		return TG_CONFIG;
	pipeline = aligned_alloc(CACHE_LINE_BYTES, sizeof(*pipeline));
	if (pipeline == NULL)
		return TG_NO_MEMORY;
	memset(pipeline, 0, sizeof(*pipeline)); /* half-built it can be freed, too */
	pipeline->config = *config;
	status = init_ports(pipeline);
	if (status == TG_OK)
		status = init_parts(pipeline);
	if (status != TG_OK) {
		pipeline_free(pipeline);
		return status;
	}
	*ret_pipeline = pipeline;
	return TG_OK;
}

void
pipeline_free(struct pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	ledger_step_deinit(&pipeline->step);
	evidence_deinit(&pipeline->evidence);
	journal_thread_deinit(&pipeline->journal_thread);
	waker_deinit(&pipeline->ledger_waker);
	open_batch_deinit(&pipeline->open);
	for (uint32_t i = 0; i < pipeline->port_count; i++)
		port_deinit(&pipeline->ports[i]);
	free(pipeline->ports);
	free(pipeline);
}

/* Run the step until the lanes are empty, or nothing can be done any more. */
static void
run_until_drained(struct pipeline *pipeline)
{
	while (!ledger_step_is_drained(&pipeline->step) &&
	       !atomic_load(&pipeline->journal_thread.is_dead)) {
		waker_clear(&pipeline->ledger_waker);
		if (!ledger_step_run(&pipeline->step, 0) &&
		    !ledger_step_is_drained(&pipeline->step))
			(void)waker_sleep(&pipeline->ledger_waker, 1);
	}
}

static void *
run_ledger(void *argument)
{
	struct pipeline *pipeline = argument;

	(void)pthread_setname_np(pthread_self(), "ledger");
	for (;;) {
		waker_clear(&pipeline->ledger_waker);
		if (atomic_load(&pipeline->is_stopping))
			return NULL;
		if (!ledger_step_run(&pipeline->step, 0))
			(void)waker_sleep(&pipeline->ledger_waker, LEDGER_IDLE_MS);
	}
}

enum tg_status
pipeline_start(struct pipeline *pipeline)
{
	enum tg_status status = journal_thread_start(&pipeline->journal_thread);

	if (status == TG_OK && pipeline->config.archive != NULL)
		status = evidence_start(&pipeline->evidence);
	if (status != TG_OK || pipeline->config.is_inline)
		return status;
	if (pthread_create(&pipeline->ledger_thread, NULL, run_ledger, pipeline) != 0)
		return TG_NO_MEMORY;
	pipeline->has_ledger_thread = true;
	return TG_OK;
}

enum pipeline_turn
pipeline_turn(struct pipeline *pipeline)
{
	bool has_fetched = evidence_turn(&pipeline->evidence);

	switch (journal_thread_turn(&pipeline->journal_thread)) {
	case JOURNAL_TURN_WORKED:
		return PIPELINE_TURN_WORKED;
	case JOURNAL_TURN_FULL:
		return PIPELINE_TURN_FULL;
	case JOURNAL_TURN_DEAD:
		return PIPELINE_TURN_DEAD;
	case JOURNAL_TURN_IDLE:
		break;
	}
	return has_fetched ? PIPELINE_TURN_WORKED : PIPELINE_TURN_IDLE;
}

void
pipeline_rest(struct pipeline *pipeline)
{
	on_idle(pipeline);
}

void
pipeline_drain(struct pipeline *pipeline)
{
	atomic_store(&pipeline->is_draining, true);
}

enum tg_status
pipeline_stop(struct pipeline *pipeline)
{
	struct journal_thread *journal_thread = &pipeline->journal_thread;

	pipeline_drain(pipeline);
	if (pipeline->has_ledger_thread) {
		atomic_store(&pipeline->is_stopping, true);
		waker_wake(&pipeline->ledger_waker);
		pthread_join(pipeline->ledger_thread, NULL);
		pipeline->has_ledger_thread = false;
	}
	if (journal_thread->is_started)
		run_until_drained(pipeline);
	evidence_stop(&pipeline->evidence);
	journal_thread_stop(journal_thread);
	if (atomic_load(&journal_thread->is_dead))
		return TG_IO;
	ledger_step_leave_mark(&pipeline->step);
	return journal_thread_write_mark(journal_thread);
}

void
pipeline_set_queue_delay(struct pipeline *pipeline, int64_t queue_delay_ms_max)
{
	for (uint32_t i = 0; i < pipeline->config.io_threads; i++)
		atomic_store(&pipeline->ports[i].queue_delay_us_max, queue_delay_ms_max * 1000);
}

void
pipeline_poke(struct pipeline *pipeline)
{
	wake_ledger(pipeline);
}

struct pipeline_job *
pipeline_job_take(struct pipeline_port *port, uint8_t kind)
{
	return port_take(port, kind);
}

void
pipeline_job_give(struct pipeline_port *port, struct pipeline_job *job)
{
	port_give(port, job);
}

uint32_t
pipeline_batch_room(const struct pipeline_port *port)
{
	return port_batch_room(port);
}

enum tg_status
pipeline_submit(struct pipeline_port *port, struct pipeline_job *job)
{
	if (!port->config.is_control && atomic_load(&port->pipeline->is_draining))
		return TG_SHUTTING_DOWN;
	return port_submit(port, job);
}

void
pipeline_flush(struct pipeline_port *port)
{
	struct pipeline *pipeline = port->pipeline;
	bool has_submitted = port->has_submitted;

	port->has_submitted = false;
	if (pipeline->config.is_inline && port == &pipeline->ports[0]) {
		if (ledger_step_run(&pipeline->step, clock_mono_us() + INLINE_RUN_US))
			port_signal(port);
	} else if (has_submitted)
		wake_ledger(pipeline);
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

	(void)got; /* nothing there: woken for nothing */
	(void)atomic_exchange(&port->is_signalled, false);
}

struct pipeline_job *
pipeline_job_done(struct pipeline_port *port)
{
	struct pipeline_job *job = queue_front(&port->done), *later;

	if (job == NULL || job->wait_sequence > pipeline_durable_sequence(port->pipeline))
		return NULL;
	/* The ledger step wrote these lines: have them brought over in time. */
	later = queue_peek(&port->done, DONE_AHEAD_JOBS);
	if (later != NULL) {
		__builtin_prefetch(later);
		__builtin_prefetch(&later->port);
		for (size_t at = 0; at < offsetof(struct ledger_answer, expiries);
		     at += CACHE_LINE_BYTES)
			__builtin_prefetch((const uint8_t *)&later->answer + at);
	}
	return queue_pop(&port->done);
}

bool
pipeline_notice_next(struct pipeline_port *port, struct pipeline_notice *ret_notice)
{
	const struct pipeline_notice *notice = queue_front(&port->notices);

	if (notice == NULL || notice->sequence > pipeline_durable_sequence(port->pipeline))
		return false;
	*ret_notice = *notice;
	(void)queue_pop(&port->notices);
	if (atomic_exchange(&port->pipeline->step.wants_room, false))
		wake_ledger(port->pipeline);
	return true;
}

uint32_t
pipeline_port_in_flight(const struct pipeline_port *port)
{
	return port->in_flight;
}

int64_t
pipeline_utc_ms(const struct pipeline *pipeline)
{
	return clock_peek_utc_ms(pipeline->config.clock);
}

int32_t
pipeline_business_date(const struct pipeline *pipeline)
{
	return atomic_load(&pipeline->journal_thread.business_date);
}

int32_t
pipeline_day(const struct pipeline *pipeline, int64_t utc_ms)
{
	return zone_day(pipeline->config.zone, utc_ms);
}

uint16_t
pipeline_minute(const struct pipeline *pipeline, int64_t utc_ms)
{
	return zone_minute(pipeline->config.zone, utc_ms);
}

bool
pipeline_is_stepped(const struct pipeline *pipeline)
{
	return pipeline->config.clock->is_stepped;
}

bool
pipeline_may_record(const struct pipeline *pipeline)
{
	return clock_may_record(pipeline->config.clock) && has_journal_room(pipeline);
}

struct pipeline_port *
pipeline_io_port(struct pipeline *pipeline, uint32_t io_index)
{
	TG_ASSERT(io_index < pipeline->config.io_threads);
	return &pipeline->ports[io_index];
}

struct pipeline_port *
pipeline_control_port(struct pipeline *pipeline)
{
	return &pipeline->ports[pipeline->config.io_threads];
}

uint64_t
pipeline_durable_sequence(const struct pipeline *pipeline)
{
	return atomic_load(&pipeline->journal_thread.durable_sequence);
}

struct pipeline_figures
pipeline_figures(const struct pipeline *pipeline)
{
	const struct ledger_step_figures *step = &pipeline->step.figures;
	const struct journal_thread *journal_thread = &pipeline->journal_thread;
	struct pipeline_figures figures = {
		.requests = atomic_load(&step->requests),
		.records = atomic_load(&step->records),
		.refused_full = atomic_load(&step->refused_full),
		.refused_clock = atomic_load(&step->refused_clock),
		.durable_sequence = pipeline_durable_sequence(pipeline),
		.batches = atomic_load(&journal_thread->batches),
		.batch_bytes = atomic_load(&journal_thread->batch_bytes),
		.marks = atomic_load(&journal_thread->marks),
		.is_dead = atomic_load(&journal_thread->is_dead),
	};

	for (uint32_t i = 0; i < PIPELINE_ARCHIVE_LANE_COUNT; i++) {
		figures.archive_waiting[i] = atomic_load(&step->evidence_waiting[i]);
		figures.archive_full[i] = atomic_load(&step->evidence_full[i]);
	}
	for (uint32_t i = 0; i < pipeline->port_count; i++) {
		figures.busy += atomic_load(&pipeline->ports[i].busy_count);
		for (uint32_t lane = 0; lane < PIPELINE_LANE_COUNT; lane++)
			figures.waiting += queue_count(&pipeline->ports[i].lanes[lane]);
	}
	histogram_collect(&step->delays, &figures.delays);
	histogram_collect(&journal_thread->append_us, &figures.append_us);
	histogram_collect(&journal_thread->batch_records, &figures.batch_records);
	return figures;
}

int64_t
pipeline_take_delay_us_max(struct pipeline *pipeline)
{
	return atomic_exchange(&pipeline->step.figures.delay_us_max, 0);
}

uint32_t
pipeline_tables(const struct pipeline *pipeline, struct pipeline_table *tables)
{
	/* Which tables there are, and how large they may be, never changes. */
	const struct table_set *set = ledger_tables(pipeline->config.ledger);
	uint32_t count = 0;

	for (uint32_t id = 0; id < TABLE_SET_MAX; id++) {
		const struct table *table = set->tables[id];

		if (table == NULL)
			continue;
		tables[count++] = (struct pipeline_table){
			.name = table->config.name,
			.live = figure_read(&pipeline->step.figures.tables[id].live),
			.rows_max = table->config.rows_max,
			.bytes = figure_read(&pipeline->step.figures.tables[id].used) *
				 table->config.row_bytes,
		};
	}
	return count;
}

uint32_t
pipeline_fundings(const struct pipeline *pipeline, enum funding_level level)
{
	return (uint32_t)figure_read(&pipeline->step.figures.fundings[level]);
}

uint32_t
pipeline_waiting(const struct pipeline *pipeline, uint32_t io_index, enum pipeline_lane lane)
{
	TG_ASSERT(io_index < pipeline->port_count);
	return queue_count(&pipeline->ports[io_index].lanes[lane]);
}

int64_t
pipeline_ledger_cpu_us(const struct pipeline *pipeline)
{
	return pipeline->has_ledger_thread ? clock_cpu_us(pipeline->ledger_thread) : -1;
}

int64_t
pipeline_journal_cpu_us(const struct pipeline *pipeline)
{
	const struct journal_thread *journal_thread = &pipeline->journal_thread;

	return journal_thread->is_started ? clock_cpu_us(journal_thread->thread) : -1;
}
