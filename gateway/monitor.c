/*
 * monitor.c - what those who watch the gateway are told: health, readiness, metrics over HTTP.
 *
 * The lock is held while a page is made.  Nothing on a terminal's path takes it: only the control
 * thread does, when the gateway goes from one phase to the next.
 */
#include "gateway/monitor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "admin/http.h"
#include "gateway/address.h"
#include "gateway/clock.h"
#include "gateway/load.h"
#include "gateway/log.h"
#include "gateway/meter.h"
#include "gateway/metrics.h"
#include "gateway/network.h"
#include "gateway/partner_rates.h"
#include "gateway/pipeline.h"
#include "gateway/sockets.h"
#include "protocol/assert.h"
#include "storage/journal.h"

#define BACKLOG 16
#define FAULTS_MAX 4
#define STUCK_US 15000000 /* the control thread beats each second */

struct monitor {
	const struct config *config;	/* of the start */
	int64_t	 started_mono_us;
	struct http *http;		/* owned */
	pthread_mutex_t lock;		/* over all that follows */
	enum gateway_phase phase;
	bool	 has_parts;
	struct monitor_parts parts;
	int64_t	 disk_bytes;		/* size of the journal's disk; 0: not known */
	struct load load;		/* a sample each second */
	struct partner_rates *partners;	/* owned */
	_Atomic int64_t beat_us;	/* last sign of the control thread; 0: not watched */
};

static const char *const unready[GATEWAY_PHASE_COUNT] = {
#define PHASE_UNREADY(name, word, unready) [GATEWAY_##name] = unready,
	GATEWAY_PHASE_LIST(PHASE_UNREADY)
#undef PHASE_UNREADY
};

/* Why it is not ready: so many reasons, each a line without its end.  The lock is held. */
static uint32_t
find_faults(const struct monitor *monitor, const char *faults[FAULTS_MAX])
{
	const struct monitor_parts *parts = &monitor->parts;
	struct journal_facts journal;
	uint32_t count = 0;

	if (!monitor->has_parts || unready[monitor->phase] != NULL) {
		faults[count++] = unready[monitor->phase] != NULL ? unready[monitor->phase] :
								    unready[GATEWAY_STARTING];
		if (!monitor->has_parts)
			return count;
	}
	journal = journal_facts(parts->journal);
	if (journal.is_dead)
		faults[count++] = "journal: lost";
	else if (!journal.has_room)
		faults[count++] = "journal: disk nearly full";
	if (!clock_may_record(parts->clock))
		faults[count++] = "clock: waits for the console's `clock accept`";
	if (network_figures(parts->network).connections >=
	    (uint64_t)monitor->config->limits_connections)
		faults[count++] = "connections: no room for another one";
	return count;
}

/* Write which thread has stood still for too long.  The lock is held.  True: none. */
static bool
print_stuck(struct monitor *monitor, FILE *page)
{
	uint32_t stuck[NETWORK_THREADS_MAX], count = 0;
	int64_t beat_us = atomic_load(&monitor->beat_us);
	bool is_control_stuck = beat_us != 0 && clock_mono_us() - beat_us >= STUCK_US;

	if (monitor->has_parts)
		count = network_stuck(monitor->parts.network, stuck);
	for (uint32_t i = 0; i < count; i++)
		fprintf(page, "thread io%u stands still\n", stuck[i]);
	if (is_control_stuck)
		fprintf(page, "the control thread stands still\n");
	return count == 0 && !is_control_stuck;
}

static bool
on_alive(void *context, FILE *page)
{
	struct monitor *monitor = context;
	bool is_fine;

	pthread_mutex_lock(&monitor->lock);
	is_fine = print_stuck(monitor, page);
	pthread_mutex_unlock(&monitor->lock);
	if (is_fine)
		fputs("alive\n", page);
	return is_fine;
}

static bool
on_ready(void *context, FILE *page)
{
	struct monitor *monitor = context;
	const char *faults[FAULTS_MAX];
	uint32_t count;

	pthread_mutex_lock(&monitor->lock);
	count = find_faults(monitor, faults);
	pthread_mutex_unlock(&monitor->lock);
	if (count == 0)
		fputs("ready\n", page);
	for (uint32_t i = 0; i < count; i++)
		fprintf(page, "%s\n", faults[i]);
	return count == 0;
}

/* Count what partners did since the last look.  The lock is held.  False: out of memory. */
static bool
look_at_partners(struct monitor *monitor)
{
	return partner_rates_look(monitor->partners, network_census(monitor->parts.network),
				  clock_mono_us()) == TG_OK;
}

/* What is known now.  The lock is held. */
static void
fill(struct monitor *monitor, struct metrics_view *view)
{
	const char *faults[FAULTS_MAX];

	view->instance = monitor->config->gateway_instance;
	view->phase = monitor->phase;
	view->is_ready = find_faults(monitor, faults) == 0;
	view->uptime_us = clock_mono_us() - monitor->started_mono_us;
	view->reachable_rate = -1;
	metrics_view_process(view);
	view->connections_max = monitor->config->limits_connections;
	view->low_water_bytes = monitor->config->journal_low_water_bytes;
	view->batch_bytes_max = monitor->config->journal_batch_bytes;
	view->disk_bytes = monitor->disk_bytes;
	view->partners = monitor->partners;
	view->software_named = (uint32_t)monitor->config->http_software_named;
	if (monitor->has_parts && look_at_partners(monitor)) {
		metrics_view_parts(view, &monitor->parts, &monitor->load);
		metrics_view_fleet(view, network_fleet(monitor->parts.network),
				   monitor->config->programme_burn_clock_s * 1000);
	}
}

static void
on_metrics(void *context, FILE *page)
{
	struct monitor *monitor = context;
	struct metrics_view *view = calloc(1, sizeof(*view));

	if (view == NULL)
		return;
	pthread_mutex_lock(&monitor->lock);
	fill(monitor, view);
	metrics_print(view, page);
	pthread_mutex_unlock(&monitor->lock);
	metrics_view_deinit(view);
	free(view);
}

/* Each second: a sample of how busy the threads are. */
static void
on_tick(void *context)
{
	struct monitor *monitor = context;
	struct metrics_thread threads[LOAD_THREADS_MAX];
	struct load_sample sample = { .mono_us = clock_mono_us() };
	struct pipeline_figures pipeline;
	uint32_t count, limiting_count;

	pthread_mutex_lock(&monitor->lock);
	if (monitor->has_parts && look_at_partners(monitor)) {
		count = metrics_threads(&monitor->parts, threads, &limiting_count);
		for (uint32_t i = 0; i < LOAD_THREADS_MAX; i++)
			sample.cpu_us[i] = i < count ? threads[i].cpu_us : -1;
		pipeline = pipeline_figures(monitor->parts.pipeline);
		sample.requests = pipeline.requests;
		sample.writing_us = pipeline.append_us.sum;
		sample.batches = pipeline.batches;
		sample.batch_bytes = pipeline.batch_bytes;
		load_add(&monitor->load, &sample);
	}
	pthread_mutex_unlock(&monitor->lock);
}

/* Listen.  Sockets are handed to http_start(), which owns them. */
static enum tg_status
open_sockets(const struct config *config, struct supervisor *supervisor, struct log *log,
	     struct config_error *error, struct sockets *ret_sockets)
{
	const struct sockets_wish wish = {
		.key = "http.listen",
		.name = "http",
		.addresses = &config->http_listen,
		.supervisor = supervisor,
		.is_loopback = true,
		.backlog = BACKLOG,
	};
	enum tg_status status = sockets_open(&wish, error, ret_sockets);

	for (uint32_t i = 0; i < ret_sockets->count; i++) {
		char text[ADDRESS_TEXT_BYTES];

		address_print(&ret_sockets->addresses[i], text);
		log_event(log, LEVEL_INFO, "http_listening", "address=%s", text);
	}
	return status;
}

enum tg_status
monitor_start(const struct config *config, struct supervisor *supervisor, struct log *log,
	      struct config_error *error, struct monitor **ret_monitor)
{
	struct monitor *monitor;
	struct sockets sockets;
	enum tg_status status;

	*ret_monitor = NULL;
	error->text[0] = '\0';
	if (config->http_listen.count == 0)
		return TG_OK;
	monitor = calloc(1, sizeof(*monitor));
	if (monitor == NULL)
		return TG_NO_MEMORY;
	monitor->config = config;
	monitor->started_mono_us = clock_mono_us();
	pthread_mutex_init(&monitor->lock, NULL);
	status = partner_rates_new((uint32_t)config->http_partners_named, &monitor->partners);
	if (status == TG_OK)
		status = open_sockets(config, supervisor, log, error, &sockets);
	if (status == TG_OK) {
		const struct http_host host = { .context = monitor,
						.alive = on_alive,
						.ready = on_ready,
						.metrics = on_metrics,
						.tick = on_tick };

		status = http_start(&host, sockets.fds, sockets.count, &monitor->http);
	}
	if (status != TG_OK) {
		monitor_stop(monitor);
		return status;
	}
	*ret_monitor = monitor;
	return TG_OK;
}

void
monitor_enter(struct monitor *monitor, enum gateway_phase phase)
{
	if (monitor == NULL)
		return;
	pthread_mutex_lock(&monitor->lock);
	monitor->phase = phase;
	atomic_store(&monitor->beat_us, gateway_phase_is_steady(phase) ? clock_mono_us() : 0);
	pthread_mutex_unlock(&monitor->lock);
}

void
monitor_beat(struct monitor *monitor)
{
	if (monitor != NULL)
		atomic_store(&monitor->beat_us, clock_mono_us());
}

void
monitor_attach(struct monitor *monitor, const struct monitor_parts *parts)
{
	struct statvfs disk;
	bool is_known;

	if (monitor == NULL)
		return;
	is_known = statvfs(monitor->config->data_directory, &disk) == 0;
	pthread_mutex_lock(&monitor->lock);
	TG_ASSERT(!monitor->has_parts);
	monitor->disk_bytes = is_known ? (int64_t)(disk.f_blocks * disk.f_frsize) : 0;
	monitor->parts = *parts;
	monitor->has_parts = true;
	pthread_mutex_unlock(&monitor->lock);
}

void
monitor_detach(struct monitor *monitor)
{
	if (monitor == NULL)
		return;
	pthread_mutex_lock(&monitor->lock);
	monitor->has_parts = false;
	pthread_mutex_unlock(&monitor->lock);
}

void
monitor_stop(struct monitor *monitor)
{
	if (monitor == NULL)
		return;
	http_stop(monitor->http);
	partner_rates_free(monitor->partners);
	pthread_mutex_destroy(&monitor->lock);
	free(monitor);
}
