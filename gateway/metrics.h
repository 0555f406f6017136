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
#include "gateway/metric_table.h"
#include "gateway/network.h"
#include "gateway/phase.h"
#include "gateway/pipeline.h"

/* What is known at the moment of a scrape. */
struct metrics_view {
	const char *instance;
	enum gateway_phase phase;
	bool	 is_ready;
	int64_t	 uptime_us;
	bool	 has_parts;		/* what follows is set */
	int64_t	 connections_max;
	struct network_figures network;
	struct pipeline_figures pipeline;
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

/* Print all that is known. */
void metrics_print(const struct metrics_view *view, FILE *file);

/* "serving". */
const char *gateway_phase_word(enum gateway_phase phase);

#endif
