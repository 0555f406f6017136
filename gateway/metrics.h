/*
 * metrics.h - the gateway's figures, printed for Prometheus from the metric table.
 *
 * What is told where it comes from stands in metric_table.h.  Nothing here waits for any other
 * thread: it reads counters.
 */
#ifndef TG_GATEWAY_METRICS_H
#define TG_GATEWAY_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "admin/exposition.h"
#include "gateway/fleet_sums.h"
#include "gateway/load.h"
#include "gateway/meter.h"
#include "gateway/metric_table.h"
#include "gateway/monitor.h"
#include "gateway/network.h"
#include "gateway/originals.h"
#include "gateway/partner_rates.h"
#include "gateway/phase.h"
#include "gateway/pipeline.h"
#include "storage/journal.h"
#include "storage/sink.h"

#define METRICS_THREAD_NAME_BYTES 16

/* A thread of the gateway. */
struct metrics_thread {
	char	 name[METRICS_THREAD_NAME_BYTES];
	int64_t	 cpu_us;		/* since its start; -1: not known */
	int64_t	 busy;			/* share of the last minute, millionths; -1: not known */
};

/* What is known at the moment of a scrape. */
struct metrics_view {
	const char *instance;
	enum gateway_phase phase;
	bool	 is_ready;
	int64_t	 uptime_us;
	int64_t	 process_cpu_us;
	int64_t	 resident_bytes;	/* 0: not known */

	bool	 has_parts;		/* all that follows is set, else zero but for these two: */
	bool	 has_sink, has_originals, has_snapshots;
	int64_t	 connections_max, low_water_bytes, disk_bytes;
	int64_t	 batch_bytes_max;	/* of the journal */
	struct network_figures network;
	struct pipeline_figures pipeline;
	struct journal_facts journal;
	uint32_t io_count;		/* I/O threads */
	const struct meter *meters[NETWORK_THREADS_MAX]; /* borrowed; of each I/O thread */
	struct meter_view sum;		/* of all meters */
	uint32_t waiting[NETWORK_THREADS_MAX + 1][PIPELINE_LANE_COUNT]; /* the last: control */
	uint32_t thread_count;
	struct metrics_thread threads[LOAD_THREADS_MAX]; /* I/O threads first, then the ledger's */
	const struct partner_rates *partners; /* borrowed */
	const struct census *census;	/* borrowed */
	bool	 has_fleet, has_settled_day;
	uint32_t software_named;	/* versions told by name */
	struct fleet_sums fleet;
	struct histogram_view skews;
	int64_t	 settled_day_us;	/* midnight of fleet.settled_day_min, since 1970 */
	uint32_t table_count;
	struct pipeline_table tables[TABLE_SET_MAX];
	uint32_t partners_low, partners_stopped; /* with funding terms */
	uint64_t snapshots_ended, snapshot_sequence, snapshot_bytes;
	int64_t	 snapshot_pause_us;
	bool	 is_snapshot_ok;
	bool	 is_clock_alarmed, has_business_date;
	int64_t	 clock_utc_ms;
	int64_t	 business_date_us;	/* its midnight, since 1970 */
	struct sink_status sink;
	int64_t	 sink_lag_us;
	struct originals_figures originals;
	uint64_t request_rate;
	int64_t	 reachable_rate;	/* -1: not known */
	int64_t	 busiest;		/* of I/O threads and the ledger's, millionths; -1 */
	int64_t	 writing, journal_use;	/* load_writing(), load_journal() */
};

/* Indexes of the metrics, dense from 0. */
enum metric_index {
#define METRIC_INDEX(name, type, unit, labels, source, help) METRIC_INDEX_##name,
	METRIC_LIST(METRIC_INDEX)
#undef METRIC_INDEX
		METRIC_INDEX_COUNT,
};

/* The row of an index. */
const struct metric *metrics_row(enum metric_index index);

/* The threads, those that limit the rate first: sets name and cpu_us, returns how many. */
uint32_t metrics_threads(const struct monitor_parts *parts,
			 struct metrics_thread threads[LOAD_THREADS_MAX],
			 uint32_t *ret_limiting_count);

/* Fill in what the parts tell.  parts and load: borrowed for the call. */
void metrics_view_parts(struct metrics_view *view, const struct monitor_parts *parts,
			const struct load *load);

/* Fill in the fleet.  view: after metrics_view_parts(); owns memory until metrics_view_deinit(). */
void metrics_view_fleet(struct metrics_view *view, struct fleet *fleet, int64_t burn_clock_ms);
void metrics_view_deinit(struct metrics_view *view);

/* Fill in what the system tells of the process. */
void metrics_view_process(struct metrics_view *view);

/* Print all that is known. */
void metrics_print(const struct metrics_view *view, FILE *file);

#endif
