/*
 * console_figures.c - what the console tells of the gateway in numbers, topic by topic.
 *
 * Called by any console thread: reads counters, or asks the ledger's thread.
 */
#include "gateway/console_figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/when.h"
#include "gateway/census.h"
#include "gateway/control.h"
#include "gateway/gateway.h"
#include "gateway/meter.h"
#include "gateway/network.h"
#include "gateway/originals.h"
#include "gateway/pipeline.h"
#include "gateway/process.h"
#include "gateway/sink_thread.h"
#include "gateway/snapshot_driver.h"
#include "ledger/table.h"

/* Figures as they are filled. */
struct figures {
	struct host_figure *figures;	/* HOST_FIGURES_MAX of them */
	uint32_t count;
};

static void
add_number(struct figures *f, const char *name, const char *unit, int64_t number)
{
	if (f->count == HOST_FIGURES_MAX)
		return;
	f->figures[f->count++] =
		(struct host_figure){ .name = name, .unit = unit, .number = number };
}

static void
add_count(struct figures *f, const char *name, const char *unit, uint64_t count)
{
	add_number(f, name, unit, count <= INT64_MAX ? (int64_t)count : INT64_MAX);
}

static void
add_text(struct figures *f, const char *name, const char *text)
{
	struct host_figure *figure;

	if (f->count == HOST_FIGURES_MAX)
		return;
	figure = &f->figures[f->count++];
	*figure = (struct host_figure){ .name = name, .unit = "", .is_text = true };
	for (size_t i = 0; text[i] != '\0' && i < sizeof(figure->text) - 1; i++)
		figure->text[i] = text[i] >= ' ' && text[i] != 0x7f ? text[i] : ' ';
}

/* Bound below which so many of 1000 appends lie, us. */
static int64_t
append_us(const struct pipeline_figures *figures, uint32_t per_mille)
{
	return histogram_bound(&figures->append_us, histogram_us, per_mille);
}

/* How full the tables are, read on the ledger's thread. */
struct table_figures {
	uint32_t count;
	struct {
		const char *name;
		uint32_t live, rows_max;
	} tables[TABLE_SET_MAX];
};

static void
read_tables(const struct ledger *ledger, void *argument)
{
	/* Tables are only read here; the ledger gives them to snapshots, which need more. */
	const struct table_set *set = ledger_tables((struct ledger *)(uintptr_t)ledger);
	struct table_figures *figures = argument;

	for (uint32_t id = 0; id < TABLE_SET_MAX; id++) {
		const struct table *table = set->tables[id];

		if (table == NULL)
			continue;
		figures->tables[figures->count].name = table->config.name;
		figures->tables[figures->count].live = table->live_count;
		figures->tables[figures->count].rows_max = table->config.rows_max;
		figures->count++;
	}
}

static void
add_tables(struct gateway *gateway, struct figures *f)
{
	struct table_figures tables = { .count = 0 };

	if (control_read(gateway->control, read_tables, &tables) != TG_OK)
		return;
	for (uint32_t i = 0; i < tables.count; i++) {
		struct host_figure *figure;

		if (f->count == HOST_FIGURES_MAX)
			return;
		figure = &f->figures[f->count++];
		*figure = (struct host_figure){ .name = tables.tables[i].name,
						.unit = "",
						.is_text = true };
		(void)snprintf(figure->text, sizeof(figure->text), "%u of %u rows",
			       tables.tables[i].live, tables.tables[i].rows_max);
	}
}

/* Three bounds of a distribution since the start, below which most of it lies. */
static void
add_bounds(struct figures *f, const char *const names[3], const char *unit,
	   const struct histogram_view *view, const int64_t bounds[HISTOGRAM_BOUNDS])
{
	static const uint32_t per_mille[3] = { 500, 990, 999 };

	for (int i = 0; i < 3; i++)
		add_number(f, names[i], unit, histogram_bound(view, bounds, per_mille[i]));
}

/* How long answers take, and where they wait. */
static void
add_delays(struct gateway *gateway, const struct pipeline_figures *pipeline, struct figures *f)
{
	static const char *const answers[] = { "answer p50 below", "answer p99 below",
					       "answer p99.9 below" };
	static const char *const waits[] = { "wait in queue p50 below", "wait in queue p99 below",
					     "wait in queue p99.9 below" };
	static const char *const batches[] = { "journal batch p50 below", "journal batch p99 below",
					       "journal batch p99.9 below" };
	static const char *const turns[] = { "turn of i/o p50 below", "turn of i/o p99 below",
					     "turn of i/o p99.9 below" };
	const struct meter *meters[NETWORK_THREADS_MAX];
	const uint32_t count = network_meters(gateway->network, meters);
	struct histogram_view times = { .sum = 0 }, delays = { .sum = 0 };

	for (uint32_t i = 0; i < count; i++) {
		for (int operation = 0; operation < METER_OPERATIONS; operation++)
			histogram_collect(&meters[i]->times[operation], &times);
		histogram_collect(&meters[i]->turns, &delays);
	}
	add_bounds(f, answers, "us", &times, histogram_us);
	add_bounds(f, waits, "us", &pipeline->delays, histogram_us);
	add_bounds(f, batches, "records", &pipeline->batch_records, histogram_counts);
	add_bounds(f, turns, "us", &delays, histogram_us);
}

static void
add_stats(struct gateway *gateway, struct figures *f)
{
	struct pipeline_figures pipeline = pipeline_figures(gateway->pipeline);
	struct network_figures network = network_figures(gateway->network);
	const struct census *census = network_census(gateway->network);
	char when[WHEN_BYTES];

	add_text(f, "service", atomic_load(&census->is_drained) ? "drained" : "serving");
	add_count(f, "partners drained", "partners", census_drained_count(census));
	add_number(f, "connections", "connections", network.connections);
	add_number(f, "handshakes", "connections", network.handshakes);
	add_count(f, "connections accepted", "connections", network.accepted);
	add_count(f, "connections refused", "connections", network.refused);
	add_count(f, "handshakes failed", "connections", network.handshake_failures);
	add_count(f, "authentications failed", "requests", network.auth_failures);
	add_count(f, "activations", "requests", network.activations);
	add_count(f, "activations failed", "requests", network.activation_failures);
	add_count(f, "requests received", "requests", network.requests);
	add_count(f, "batch items received", "items", network.items);
	add_count(f, "answered busy", "requests", network.busy);
	add_count(f, "requests decided", "requests", pipeline.requests);
	add_count(f, "records made", "records", pipeline.records);
	add_count(f, "requests waiting", "requests", pipeline.waiting);
	add_number(f, "longest wait in queue", "us", pipeline_take_delay_us_max(gateway->pipeline));
	add_delays(gateway, &pipeline, f);
	add_count(f, "refused for a full disk", "requests", pipeline.refused_full);
	add_count(f, "refused for the clock", "requests", pipeline.refused_clock);
	add_text(f, "clock source", gateway->clock.is_stepped ? "stepped" : "system");
	add_text(f, "clock alarm", clock_alarm_name(clock_alarm(&gateway->clock)));
	add_text(f, "clock", when_utc(pipeline_utc_ms(gateway->pipeline), when));
	add_text(f, "business date", when_day(pipeline_business_date(gateway->pipeline), when));
	add_tables(gateway, f);
}

static void
add_snapshots(struct gateway *gateway, struct figures *f)
{
	struct snapshot_result result;
	uint64_t ended_count;

	if (gateway->snapshots == NULL)
		return;
	result = snapshot_driver_result(gateway->snapshots, &ended_count);
	add_count(f, "snapshots since start", "snapshots", ended_count);
	add_number(f, "longest pause for one", "us",
		   snapshot_driver_pause_us_max(gateway->snapshots));
	add_text(f, "snapshot", snapshot_driver_is_busy(gateway->snapshots) ? "being made" :
									      "none being made");
	add_count(f, "recovered from snapshot", "sequence",
		  gateway->recovery.snapshot_sequence);
	if (ended_count == 0)
		return;
	add_text(f, "last snapshot", result.status == TG_OK ? "ok" : result.error.text);
	add_count(f, "last snapshot sequence", "sequence", result.sequence);
	add_count(f, "last snapshot bytes", "bytes", result.bytes);
}

static void
add_journal(struct gateway *gateway, struct figures *f)
{
	struct pipeline_figures pipeline = pipeline_figures(gateway->pipeline);
	struct journal_facts facts = journal_facts(gateway->recovery.journal);

	add_count(f, "durable sequence", "sequence", facts.durable_sequence);
	add_text(f, "state", facts.is_dead ? "lost" : facts.has_room ? "ok" : "disk nearly full");
	add_count(f, "incarnation", "", facts.incarnation);
	add_count(f, "epoch", "", facts.epoch);
	add_count(f, "batches", "batches", facts.batches);
	add_count(f, "marks", "marks", facts.marks);
	add_count(f, "records bytes", "bytes", pipeline.batch_bytes);
	add_count(f, "written bytes", "bytes", facts.bytes);
	add_number(f, "append p50 below", "us", append_us(&pipeline, 500));
	add_number(f, "append p99 below", "us", append_us(&pipeline, 990));
	add_number(f, "append p99.9 below", "us", append_us(&pipeline, 999));
	add_count(f, "segments begun", "segments", facts.segments);
	add_count(f, "segment first sequence", "sequence", facts.segment_sequence);
	add_count(f, "segment used", "bytes", facts.segment_used_bytes);
	add_count(f, "segment size", "bytes", facts.segment_bytes);
	add_count(f, "disk free", "bytes", facts.free_bytes);
	add_text(f, "next segment", facts.has_spare ? "ready" : "not ready");
	add_text(f, "reserve", facts.has_reserve ? "there" : "none");
	add_text(f, "mirror",
		 facts.is_mirror_lost ? "lost" : facts.has_mirror ? "synced" : "none");
	add_snapshots(gateway, f);
}

/* Requests about transactions that have left the window. */
static void
add_originals(struct gateway *gateway, struct figures *f)
{
	struct pipeline_figures pipeline = pipeline_figures(gateway->pipeline);
	struct originals_figures originals;

	if (gateway->originals == NULL || !gateway->config->originals_enabled) {
		add_text(f, "originals", "off: originals.enabled is false");
		return;
	}
	originals = originals_figures(gateway->originals);
	add_count(f, "originals asked", "questions", originals.asked);
	add_count(f, "originals found", "questions", originals.found);
	add_count(f, "originals unknown", "questions", originals.unknown);
	add_count(f, "originals refused for lag", "questions", originals.lagging);
	add_count(f, "originals refused for time", "questions", originals.late);
	add_count(f, "originals refused for a full queue", "requests",
		  pipeline.archive_full[PIPELINE_ORIGINALS]);
	add_count(f, "originals failed", "questions", originals.failed);
	add_count(f, "originals waiting", "requests", pipeline.archive_waiting[PIPELINE_ORIGINALS]);
	add_number(f, "originals longest wait", "us", originals.longest_us);
	if (originals.error[0] != '\0')
		add_text(f, "originals last error", originals.error);
}

/* Requests for pages of entries. */
static void
add_pages(struct gateway *gateway, struct figures *f)
{
	struct pipeline_figures pipeline = pipeline_figures(gateway->pipeline);
	struct originals_figures pages;

	if (gateway->originals == NULL || !gateway->config->history_enabled) {
		add_text(f, "pages", "off: history.enabled is false");
		return;
	}
	pages = originals_figures(gateway->originals);
	add_count(f, "pages told", "pages", pages.pages_told);
	add_count(f, "pages refused for time", "pages", pages.pages_late);
	add_count(f, "pages refused for a full queue", "pages",
		  pipeline.archive_full[PIPELINE_PAGES]);
	add_count(f, "pages failed", "pages", pages.pages_failed);
	add_count(f, "pages waiting", "pages", pipeline.archive_waiting[PIPELINE_PAGES]);
	add_number(f, "pages longest wait", "us", pages.pages_longest_us);
}

static void
add_sink(struct gateway *gateway, struct figures *f)
{
	struct sink_status status;

	if (gateway->sink == NULL) {
		add_text(f, "state", "off: sink.enabled is false");
		return;
	}
	status = sink_thread_status(gateway->sink);
	add_text(f, "state", sink_state_text(status.state));
	if (status.has_position) {
		add_count(f, "next sequence", "sequence", status.next_sequence);
		add_count(f, "lag", "records", status.lag_records);
	}
	add_count(f, "durable sequence", "sequence", status.durable_sequence);
	if (status.oldest_waiting_utc_ms != 0)
		add_number(f, "lag in time", "ms",
			   pipeline_utc_ms(gateway->pipeline) - status.oldest_waiting_utc_ms);
	add_count(f, "records written", "records", status.records);
	add_count(f, "transactions", "transactions", status.batches);
	add_count(f, "connects", "connections", status.connects);
	add_count(f, "failures", "failures", status.failures);
	if (status.error[0] != '\0')
		add_text(f, "last error", status.error);
	add_originals(gateway, f);
	add_pages(gateway, f);
}

static void
add_version(struct gateway *gateway, struct figures *f)
{
	char when[WHEN_BYTES];

	add_text(f, "program", PACKAGE_STRING);
	add_text(f, "instance", gateway->config->gateway_instance);
	add_text(f, "kind",
		 gateway->config->programme_sandbox ? "sandbox: nothing here counts" : "live");
	add_count(f, "incarnation", "", gateway->recovery.opened.incarnation);
	add_number(f, "process", "", getpid());
	add_text(f, "started", when_utc(gateway->started_utc_ms, when));
	add_text(f, "configuration", gateway->config->path);
	add_text(f, "data", gateway->config->data_directory);
}

static void
add_memory(struct gateway *gateway, struct figures *f)
{
	const struct process_memory memory = process_memory();

	add_number(f, "resident", "bytes", memory.resident_bytes);
	add_number(f, "resident at most", "bytes", memory.resident_max_bytes);
	add_number(f, "reserved", "bytes", memory.virtual_bytes);
	add_number(f, "heap in use", "bytes", memory.heap_bytes);
	add_number(f, "swapped out", "bytes", memory.swapped_bytes);
	add_tables(gateway, f);
}

static void
add_threads(struct figures *f)
{
	struct process_thread threads[PROCESS_THREADS_MAX];
	const uint32_t count = process_threads(threads);
	char text[HOST_FIGURE_TEXT_BYTES];

	for (uint32_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%d %s %c cpu=%" PRId64 "ms", (int)threads[i].id,
			 threads[i].name, threads[i].state, threads[i].cpu_ms);
		add_text(f, "thread", text);
	}
}

static void
add_limits(struct gateway *gateway, struct figures *f)
{
	const struct config *config = gateway->config;
	const struct network_figures network = network_figures(gateway->network);
	const struct pipeline_figures pipeline = pipeline_figures(gateway->pipeline);

	add_number(f, "connections", "connections", network.connections);
	add_number(f, "connections at most", "connections", config->limits_connections);
	add_number(f, "handshakes", "connections", network.handshakes);
	add_number(f, "handshakes at most", "connections", config->limits_handshakes);
	add_count(f, "requests waiting", "requests", pipeline.waiting);
	add_number(f, "requests waiting at most", "requests",
		   config->queue_requests * config->gateway_io_threads);
	add_number(f, "wait in queue at most", "ms", config->queue_delay_ms);
	add_number(f, "unanswered of a connection at most", "requests", config->limits_in_flight);
	add_number(f, "unanswered of a partner at most", "requests",
		   config->limits_partner_in_flight);
	add_number(f, "admitted at most, 0: no limit", "requests/s",
		   config->limits_requests_per_second);
	add_number(f, "of a partner at most, 0: no limit", "requests/s",
		   config->limits_partner_requests_per_second);
	add_tables(gateway, f);
}

static void
add_snapshot_files(struct gateway *gateway, struct figures *f)
{
	struct snapshot_list list;
	struct storage_error error;

	add_snapshots(gateway, f);
	if (snapshot_list(&gateway->io, gateway->config->data_directory, &list, &error) != TG_OK) {
		add_text(f, "files", error.text);
		return;
	}
	for (uint32_t i = 0; i < list.count; i++)
		add_count(f, "file", "sequence", list.sequences[i]);
}

uint32_t
console_figures(struct gateway *gateway, enum host_topic topic, struct host_figure *figures)
{
	struct figures f = { .figures = figures };

	switch (topic) {
	case HOST_STATS:
		add_stats(gateway, &f);
		break;
	case HOST_JOURNAL:
		add_journal(gateway, &f);
		break;
	case HOST_SINK:
		add_sink(gateway, &f);
		break;
	case HOST_VERSION:
		add_version(gateway, &f);
		break;
	case HOST_MEMORY:
		add_memory(gateway, &f);
		break;
	case HOST_THREADS:
		add_threads(&f);
		break;
	case HOST_LIMITS:
		add_limits(gateway, &f);
		break;
	case HOST_SNAPSHOTS:
		add_snapshot_files(gateway, &f);
		break;
	}
	return f.count;
}
