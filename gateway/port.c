/*
 * port.c - one thread's end of the pipeline, from the inside.
 */
#include "gateway/port.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "ledger/reserve.h"
#include "protocol/assert.h"

enum tg_status
port_init(struct pipeline_port *port, struct pipeline *pipeline, const struct port_config *config)
{
	TG_ASSERT(config->jobs > config->reserve && config->jobs >= config->batch_jobs);
	memset(port, 0, sizeof(*port));
	port->config = *config;
	port->pipeline = pipeline;
	port->signal_at = PORT_NO_SIGNAL;
	atomic_init(&port->queue_delay_us_max, config->queue_delay_us_max);
	port->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (port->fd < 0)
		return TG_IO;
	/* In huge pages, for a job lies in two of the small ones; last given back, first used. */
	port->jobs = reserve_new(config->jobs * sizeof(*port->jobs));
	port->free_jobs = calloc(config->jobs, sizeof(struct pipeline_job *));
	if (port->jobs == NULL || port->free_jobs == NULL ||
	    queue_init(&port->done, config->jobs) != TG_OK ||
	    queue_init(&port->notices, PORT_NOTICES_MAX) != TG_OK)
		return TG_NO_MEMORY;
	for (uint32_t lane = 0; lane < PIPELINE_LANE_COUNT; lane++) {
		if (queue_init(&port->lanes[lane], config->jobs) != TG_OK)
			return TG_NO_MEMORY;
	}
	while (port->free_count < config->jobs) {
		port->free_jobs[port->free_count] =
			&port->jobs[config->jobs - 1 - port->free_count];
		port->free_count++;
	}
	return TG_OK;
}

void
port_deinit(struct pipeline_port *port)
{
	for (uint32_t i = 0; port->jobs != NULL && i < port->config.jobs; i++) {
		free(port->jobs[i].archived);
		free(port->jobs[i].page);
	}
	for (uint32_t lane = 0; lane < PIPELINE_LANE_COUNT; lane++)
		queue_deinit(&port->lanes[lane]);
	queue_deinit(&port->done);
	queue_deinit(&port->notices);
	reserve_free(port->jobs, port->config.jobs * sizeof(*port->jobs));
	free(port->free_jobs);
	if (port->fd >= 0)
		close(port->fd);
}

void
port_signal(struct pipeline_port *port)
{
	uint64_t one = 1;
	ssize_t written;

	if (atomic_exchange(&port->is_signalled, true))
		return;
	written = write(port->fd, &one, sizeof(one));
	TG_ASSERT(written == (ssize_t)sizeof(one));
}

/* The ledger step: something was pushed that waits for sequence. */
static void
note_signal(struct pipeline_port *port, uint64_t sequence)
{
	if (sequence < port->signal_at)
		port->signal_at = sequence;
}

/* Push into a queue that has room for all there is. */
static void
push(struct queue *queue, void *item)
{
	bool is_pushed = queue_push(queue, item);

	TG_ASSERT(is_pushed);
}

/* Requests that free something, or that an operator needs to get out of trouble. */
static bool
is_privileged(const struct pipeline_port *port, uint8_t kind)
{
	return port->config.is_control || kind == REQUEST_RELEASE || kind == REQUEST_REVERSE;
}

struct pipeline_job *
port_take(struct pipeline_port *port, uint8_t kind)
{
	struct pipeline_job *job;

	if (port->free_count == 0 ||
	    (port->free_count <= port->config.reserve && !is_privileged(port, kind))) {
		atomic_fetch_add_explicit(&port->busy_count, 1, memory_order_relaxed);
		return NULL;
	}
	job = port->free_jobs[--port->free_count];
	job->session = 0;
	job->request_id = 0;
	job->item_index = 0;
	job->lane = PIPELINE_TERMINAL;
	job->received_mono_us = 0;
	job->read = NULL;
	/* The rest of a terminal's stays zero, for nothing is ever written there. */
	memset(&job->request, 0, port->config.is_control ? sizeof(job->request) :
							   LEDGER_REQUEST_TERMINAL_BYTES);
	job->request.kind = kind;
	job->port = port;
	job->wait_sequence = 0;
	job->queued_mono_us = 0;
	job->has_archive = false;
	return job;
}

void
port_give(struct pipeline_port *port, struct pipeline_job *job)
{
	TG_ASSERT(job->port == port && port->free_count < port->config.jobs);
	if (job->queued_mono_us != 0) {
		port->in_flight--;
		if (job->lane == PIPELINE_BATCH)
			port->batch_in_flight--;
	}
	free(job->archived);
	job->archived = NULL;
	free(job->page);
	job->page = NULL;
	job->port = NULL;
	port->free_jobs[port->free_count++] = job;
}

/* Has the terminal lane's front waited beyond the bound? */
static bool
is_slow(struct pipeline_port *port, int64_t now_us)
{
	int64_t bound_us;

	if (queue_count(&port->lanes[PIPELINE_TERMINAL]) == 0) {
		atomic_store(&port->waiting_since_us, now_us);
		return false;
	}
	bound_us = atomic_load_explicit(&port->queue_delay_us_max, memory_order_relaxed);
	return bound_us > 0 && now_us - atomic_load(&port->waiting_since_us) > bound_us;
}

uint32_t
port_batch_room(const struct pipeline_port *port)
{
	uint32_t most = port->config.batch_jobs;

	return port->batch_in_flight < most ? most - port->batch_in_flight : 0;
}

enum tg_status
port_submit(struct pipeline_port *port, struct pipeline_job *job)
{
	int64_t now_us = clock_mono_us();
	bool is_refused = false;

	TG_ASSERT(job->port == port && job->lane < PIPELINE_LANE_COUNT);
	if (job->lane == PIPELINE_BATCH)
		is_refused = port_batch_room(port) == 0;
	else
		is_refused = is_slow(port, now_us);
	if (is_refused && !is_privileged(port, job->request.kind)) {
		atomic_fetch_add_explicit(&port->busy_count, 1, memory_order_relaxed);
		return TG_BUSY;
	}
	job->queued_mono_us = now_us;
	port->in_flight++;
	if (job->lane == PIPELINE_BATCH)
		port->batch_in_flight++;
	port->has_submitted = true;
	push(&port->lanes[job->lane], job);
	return TG_OK;
}

struct pipeline_job *
port_next(struct pipeline_port *port, enum pipeline_lane lane)
{
	struct pipeline_job *job = queue_front(&port->lanes[lane]);

	if (job == NULL)
		return NULL;
	/* Before the lane can be seen empty, so that a new front is never taken for an old one. */
	if (lane == PIPELINE_TERMINAL)
		atomic_store(&port->waiting_since_us, job->queued_mono_us);
	return queue_pop(&port->lanes[lane]);
}

void
port_answer(struct pipeline_job *job)
{
	note_signal(job->port, job->wait_sequence);
	push(&job->port->done, job);
}

void
port_notify(struct pipeline_port *port, const struct record *record)
{
	struct pipeline_notice *notice =
		&port->notice_slots[port->notices_pushed++ % PORT_NOTICES_MAX];

	memset(notice, 0, sizeof(*notice));
	notice->kind = record->kind;
	notice->sequence = record->sequence;
	if (record->kind == RECORD_PARTNER) {
		notice->number = record->partner_image.number;
		notice->is_blocked = (record->partner_image.flags & PARTNER_BLOCKED) != 0;
		notice->is_test = (record->partner_image.flags & PARTNER_TEST) != 0;
	} else if (record->kind == RECORD_STORE) {
		notice->number = record->store_image.number;
		notice->partner = record->store_image.partner;
		notice->is_blocked = (record->store_image.flags & STORE_BLOCKED) != 0;
	} else {
		const struct terminal_config *image = &record->terminal_image;

		TG_ASSERT(record->kind == RECORD_TERMINAL);
		notice->number = image->number;
		notice->partner = image->partner;
		notice->store = image->store;
		notice->rights = image->rights;
		notice->key_generation = image->key_generation;
		notice->key_generation_old = image->key_generation_old;
		notice->is_blocked = (image->flags & TERMINAL_BLOCKED) != 0;
		notice->is_test = (image->flags & TERMINAL_TEST) != 0;
	}
	note_signal(port, record->sequence);
	push(&port->notices, notice);
}

bool
port_is_waiting(const struct pipeline_port *port)
{
	return queue_count(&port->done) > 0 || queue_count(&port->notices) > 0;
}

bool
port_has_work(const struct pipeline_port *port)
{
	for (uint32_t lane = 0; lane < PIPELINE_LANE_COUNT; lane++) {
		if (queue_count(&port->lanes[lane]) > 0)
			return true;
	}
	return false;
}
