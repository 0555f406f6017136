/*
 * metrics_view.c - gathering what is known at the moment of a scrape.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/metrics.h"
#include "gateway/sink_thread.h"
#include "gateway/snapshot_driver.h"
#include "ledger/ledger.h"

#define DAY_US INT64_C(86400000000)

static void
add_thread(struct metrics_thread *threads, uint32_t *count, const char *name, int64_t cpu_us)
{
	threads[*count].cpu_us = cpu_us;
	(void)snprintf(threads[*count].name, sizeof(threads[*count].name), "%s", name);
	(*count)++;
}

uint32_t
metrics_threads(const struct monitor_parts *parts, struct metrics_thread threads[LOAD_THREADS_MAX],
		uint32_t *ret_limiting_count)
{
	const struct meter *meters[NETWORK_THREADS_MAX];
	uint32_t io_count = network_meters(parts->network, meters), count = 0;
	char name[METRICS_THREAD_NAME_BYTES];

	for (uint32_t i = 0; i < io_count; i++) {
		(void)snprintf(name, sizeof(name), "io%" PRIu32, i);
		add_thread(threads, &count, name, network_cpu_us(parts->network, i));
	}
	if (pipeline_ledger_cpu_us(parts->pipeline) >= 0)
		add_thread(threads, &count, "ledger", pipeline_ledger_cpu_us(parts->pipeline));
	*ret_limiting_count = count;
	add_thread(threads, &count, "journal", pipeline_journal_cpu_us(parts->pipeline));
	if (parts->sink != NULL)
		add_thread(threads, &count, "sink", sink_thread_cpu_us(parts->sink));
	return count;
}

static void
view_threads(struct metrics_view *v, const struct monitor_parts *parts, const struct load *load)
{
	uint32_t limiting_count;

	v->thread_count = metrics_threads(parts, v->threads, &limiting_count);
	v->busiest = -1;
	for (uint32_t i = 0; i < v->thread_count; i++) {
		v->threads[i].busy = load_busy(load, i);
		if (i < limiting_count && v->threads[i].busy > v->busiest)
			v->busiest = v->threads[i].busy;
	}
	v->request_rate = load_rate(load);
	v->writing = load_writing(load);
	v->journal_use = load_journal(load, (uint64_t)v->batch_bytes_max);
	v->reachable_rate =
		load_reachable_rate(load, limiting_count, (uint64_t)v->batch_bytes_max);
}

static void
view_sink(struct metrics_view *v, struct sink_thread *sink)
{
	v->has_sink = sink != NULL;
	if (!v->has_sink)
		return;
	v->sink = sink_thread_status(sink);
	if (v->sink.lag_records > 0 && v->sink.oldest_waiting_utc_ms != 0 &&
	    v->clock_utc_ms > v->sink.oldest_waiting_utc_ms)
		v->sink_lag_us = (v->clock_utc_ms - v->sink.oldest_waiting_utc_ms) * 1000;
}

static void
view_snapshots(struct metrics_view *v, struct snapshot_driver *snapshots)
{
	struct snapshot_result result;

	v->has_snapshots = snapshots != NULL;
	if (!v->has_snapshots)
		return;
	result = snapshot_driver_result(snapshots, &v->snapshots_ended);
	v->is_snapshot_ok = result.status == TG_OK;
	v->snapshot_sequence = result.sequence;
	v->snapshot_bytes = result.bytes;
	v->snapshot_pause_us = snapshot_driver_pause_us_max(snapshots);
}

void
metrics_view_parts(struct metrics_view *v, const struct monitor_parts *parts,
		   const struct load *load)
{
	int32_t date = pipeline_business_date(parts->pipeline);

	v->has_parts = true;
	v->network = network_figures(parts->network);
	v->pipeline = pipeline_figures(parts->pipeline);
	v->journal = journal_facts(parts->journal);
	v->io_count = network_meters(parts->network, v->meters);
	for (uint32_t i = 0; i < v->io_count; i++)
		meter_collect(v->meters[i], &v->sum);
	for (uint32_t i = 0; i <= v->io_count; i++) {
		for (int lane = 0; lane < PIPELINE_LANE_COUNT; lane++)
			v->waiting[i][lane] = pipeline_waiting(parts->pipeline, i,
							       (enum pipeline_lane)lane);
	}
	v->census = network_census(parts->network);
	v->table_count = pipeline_tables(parts->pipeline, v->tables);
	v->partners_low = pipeline_fundings(parts->pipeline, FUNDING_LOW);
	v->partners_stopped = pipeline_fundings(parts->pipeline, FUNDING_STOPPED);
	v->is_clock_alarmed = clock_alarm(parts->clock) != CLOCK_FINE;
	v->clock_utc_ms = clock_peek_utc_ms(parts->clock);
	v->has_business_date = date != DAY_NONE;
	if (v->has_business_date)
		v->business_date_us = date * DAY_US;
	view_threads(v, parts, load);
	view_sink(v, parts->sink);
	v->has_originals = parts->originals != NULL;
	if (v->has_originals)
		v->originals = originals_figures(parts->originals);
	view_snapshots(v, parts->snapshots);
}

void
metrics_view_fleet(struct metrics_view *v, struct fleet *fleet, int64_t burn_clock_ms)
{
	struct partner_rate rate;
	uint32_t count = 0;

	while (partner_rates_at(v->partners, v->census, count, &rate))
		count++;
	v->fleet.differences = calloc(count, sizeof(*v->fleet.differences));
	if (v->fleet.differences == NULL)
		return;
	v->fleet.difference_count = count;
	for (uint32_t i = 0; i < count; i++) {
		(void)partner_rates_at(v->partners, v->census, i, &rate);
		v->fleet.differences[i].partner = rate.number;
	}
	v->has_fleet = fleet_sum(fleet, burn_clock_ms, &v->fleet) == TG_OK;
	v->has_settled_day = v->has_fleet && v->fleet.settled_day_min != DAY_NONE;
	if (v->has_settled_day)
		v->settled_day_us = v->fleet.settled_day_min * DAY_US;
	fleet_skews(fleet, &v->skews);
}

void
metrics_view_deinit(struct metrics_view *v)
{
	free(v->fleet.differences);
}

void
metrics_view_process(struct metrics_view *v)
{
	FILE *statm = fopen("/proc/self/statm", "re");
	struct timespec used;
	int64_t pages;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
		v->process_cpu_us = (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
	if (statm == NULL)
		return;
	if (fscanf(statm, "%*d %" SCNd64, &pages) == 1)
		v->resident_bytes = pages * sysconf(_SC_PAGESIZE);
	fclose(statm);
}
