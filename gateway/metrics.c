/*
 * metrics.c - the gateway's figures, printed for Prometheus from the metric table.
 */
#include "gateway/metrics.h"

#include <string.h>

#include "gateway/census.h"
#include "protocol/assert.h"
#include "protocol/message.h"

static const struct metric rows[METRIC_INDEX_COUNT] = {
#define METRIC_ROW(name_, type_, unit_, labels_, source, help_) \
	{ \
		.name = #name_, \
		.type = METRIC_##type_, \
		.unit = METRIC_##unit_, \
		.labels = labels_, \
		.help = help_, \
	},
	METRIC_LIST(METRIC_ROW)
#undef METRIC_ROW
};

const struct metric *
metrics_row(enum metric_index index)
{
	TG_ASSERT(index < METRIC_INDEX_COUNT);
	return &rows[index];
}

static const char *const phase_words[GATEWAY_PHASE_COUNT] = {
#define PHASE_WORD(name, word, unready) [GATEWAY_##name] = word,
	GATEWAY_PHASE_LIST(PHASE_WORD)
#undef PHASE_WORD
};

static const char *const lane_words[PIPELINE_LANE_COUNT] = {
	[PIPELINE_TERMINAL] = "terminal",
	[PIPELINE_BATCH] = "batch",
};

/* A count as a sample has it. */
static int64_t
value_of(uint64_t count)
{
	return count <= INT64_MAX ? (int64_t)count : INT64_MAX;
}

/* Families.  Each tells samples of the metric that e stands at. */

static void
tell_build(const struct metrics_view *v, struct exposition *e)
{
	exposition_sample(e, 1, PACKAGE_VERSION, v->instance);
}

static void
tell_phase(const struct metrics_view *v, struct exposition *e)
{
	for (int phase = 0; phase < GATEWAY_PHASE_COUNT; phase++)
		exposition_sample(e, v->phase == (enum gateway_phase)phase, phase_words[phase],
				  NULL);
}

static void
tell_sessions(const struct metrics_view *v, struct exposition *e)
{
	for (int state = SESSION_FREE + 1; v->has_parts && state < SESSION_STATE_COUNT; state++)
		exposition_sample(e, value_of(v->sum.sessions[state]),
				  session_state_name((enum session_state)state), NULL);
}

static void
tell_notices(const struct metrics_view *v, struct exposition *e)
{
	for (uint32_t status = 0; status < METER_STATUSES; status++) {
		if (v->sum.notices[status] > 0)
			exposition_sample(e, value_of(v->sum.notices[status]),
					  tg_status_name((enum tg_status)status), NULL);
	}
}

/* "EARN"; "other" for numbers that are no operation's. */
static const char *
operation_word(uint32_t operation)
{
	return operation != 0 ? tg_operation_name(operation) : "other";
}

static void
tell_answers(const struct metrics_view *v, struct exposition *e)
{
	for (uint32_t operation = 0; operation < METER_OPERATIONS; operation++) {
		for (uint32_t status = 0; status < METER_STATUSES; status++) {
			if (v->sum.answers[operation][status] > 0)
				exposition_sample(e, value_of(v->sum.answers[operation][status]),
						  operation_word(operation),
						  tg_status_name((enum tg_status)status));
		}
	}
}

static void
tell_buckets(struct exposition *e, const struct histogram_view *view, const int64_t *bounds,
	     const char *label)
{
	const struct exposition_buckets buckets = { .bounds = bounds,
						    .counts = view->counts,
						    .bound_count = HISTOGRAM_BOUNDS,
						    .sum = view->sum };

	exposition_histogram(e, &buckets, label, NULL);
}

static void
tell_times(const struct metrics_view *v, struct exposition *e)
{
	for (uint32_t operation = 0; operation < METER_OPERATIONS; operation++) {
		if (histogram_count(&v->sum.times[operation]) > 0)
			tell_buckets(e, &v->sum.times[operation], histogram_us,
				     operation_word(operation));
	}
}

static void
tell_refused(const struct metrics_view *v, struct exposition *e)
{
	if (!v->has_parts)
		return;
	exposition_sample(e, value_of(v->pipeline.busy), "queue", NULL);
	exposition_sample(e, value_of(v->pipeline.refused_full), "disk", NULL);
	exposition_sample(e, value_of(v->pipeline.refused_clock), "clock", NULL);
}

static void
tell_queues(const struct metrics_view *v, struct exposition *e)
{
	for (uint32_t i = 0; v->has_parts && i <= v->io_count; i++) {
		for (int lane = 0; lane < PIPELINE_LANE_COUNT; lane++)
			exposition_sample(e, v->waiting[i][lane],
					  i < v->io_count ? v->threads[i].name : "control",
					  lane_words[lane]);
	}
}

#define PARTNER_LABEL_BYTES 16

/* A partner's number as text, "other" for 0.  Returns label. */
static const char *
partner_label(uint32_t number, char label[PARTNER_LABEL_BYTES])
{
	if (number != 0)
		(void)snprintf(label, PARTNER_LABEL_BYTES, "%u", number);
	else
		(void)snprintf(label, PARTNER_LABEL_BYTES, "other");
	return label;
}

/* Which figure of a partner. */
enum partner_figure { PARTNER_ANSWERS, PARTNER_REFUSALS, PARTNER_CONNECTIONS, PARTNER_IN_FLIGHT };

static void
tell_partners(const struct metrics_view *v, struct exposition *e, enum partner_figure figure)
{
	struct partner_rate rate;
	char label[PARTNER_LABEL_BYTES];

	for (uint32_t i = 0;
	     v->has_parts && partner_rates_at(v->partners, v->census, i, &rate); i++) {
		const uint64_t figures[] = { [PARTNER_ANSWERS] = rate.answers,
					     [PARTNER_REFUSALS] = rate.refusals,
					     [PARTNER_CONNECTIONS] = rate.connections,
					     [PARTNER_IN_FLIGHT] = rate.in_flight };

		exposition_sample(e, value_of(figures[figure]), partner_label(rate.number, label),
				  NULL);
	}
}

static void
tell_partner_answers(const struct metrics_view *v, struct exposition *e)
{
	tell_partners(v, e, PARTNER_ANSWERS);
}

static void
tell_partner_refusals(const struct metrics_view *v, struct exposition *e)
{
	tell_partners(v, e, PARTNER_REFUSALS);
}

static void
tell_partner_connections(const struct metrics_view *v, struct exposition *e)
{
	tell_partners(v, e, PARTNER_CONNECTIONS);
}

static void
tell_partner_in_flight(const struct metrics_view *v, struct exposition *e)
{
	tell_partners(v, e, PARTNER_IN_FLIGHT);
}

static void
tell_software(const struct metrics_view *v, struct exposition *e)
{
	uint64_t other = v->fleet.versions_other;

	for (uint32_t i = 0; v->has_fleet && i < v->fleet.version_count; i++) {
		const struct fleet_version *version = &v->fleet.versions[i];

		if (i < v->software_named)
			exposition_sample(e, value_of(version->terminals), version->text, NULL);
		else
			other += version->terminals;
	}
	if (v->has_fleet && other > 0)
		exposition_sample(e, value_of(other), "other", NULL);
}

/* Tell transactions or points by which the terminals of partners differ. */
static void
tell_differences(const struct metrics_view *v, struct exposition *e, bool is_points)
{
	char label[PARTNER_LABEL_BYTES];

	for (uint32_t i = 0; v->has_fleet && i < v->fleet.difference_count; i++) {
		const struct fleet_difference *difference = &v->fleet.differences[i];

		exposition_sample(e, value_of(is_points ? difference->points :
							  difference->transactions),
				  partner_label(difference->partner, label), NULL);
	}
}

static void
tell_difference_transactions(const struct metrics_view *v, struct exposition *e)
{
	tell_differences(v, e, false);
}

static void
tell_difference_points(const struct metrics_view *v, struct exposition *e)
{
	tell_differences(v, e, true);
}

static void
tell_turns(const struct metrics_view *v, struct exposition *e)
{
	for (uint32_t i = 0; i < v->io_count; i++) {
		struct histogram_view turns = { .sum = 0 };

		histogram_collect(&v->meters[i]->turns, &turns);
		tell_buckets(e, &turns, histogram_us, v->threads[i].name);
	}
}

static void
tell_cpu(const struct metrics_view *v, struct exposition *e)
{
	for (uint32_t i = 0; i < v->thread_count; i++) {
		if (v->threads[i].cpu_us >= 0)
			exposition_sample(e, v->threads[i].cpu_us, v->threads[i].name, NULL);
	}
}

static void
tell_busy(const struct metrics_view *v, struct exposition *e)
{
	for (uint32_t i = 0; i < v->thread_count; i++) {
		if (v->threads[i].busy >= 0)
			exposition_sample(e, v->threads[i].busy, v->threads[i].name, NULL);
	}
}

static void
tell_table_rows(const struct metrics_view *v, struct exposition *e)
{
	for (uint32_t i = 0; i < v->table_count; i++)
		exposition_sample(e, value_of(v->tables[i].live), v->tables[i].name, NULL);
}

static void
tell_table_rows_max(const struct metrics_view *v, struct exposition *e)
{
	for (uint32_t i = 0; i < v->table_count; i++)
		exposition_sample(e, value_of(v->tables[i].rows_max), v->tables[i].name, NULL);
}

static void
tell_table_memory(const struct metrics_view *v, struct exposition *e)
{
	for (uint32_t i = 0; i < v->table_count; i++)
		exposition_sample(e, value_of(v->tables[i].bytes), v->tables[i].name, NULL);
}

static void
tell_sink_state(const struct metrics_view *v, struct exposition *e)
{
	for (int state = SINK_NEW; v->has_sink && state <= SINK_ALARM; state++)
		exposition_sample(e, v->sink.state == (enum sink_state)state,
				  sink_state_name((enum sink_state)state), NULL);
}

static void
tell_originals(const struct metrics_view *v, struct exposition *e)
{
	if (!v->has_originals)
		return;
	exposition_sample(e, value_of(v->originals.found), "found", NULL);
	exposition_sample(e, value_of(v->originals.unknown), "unknown", NULL);
	exposition_sample(e, value_of(v->originals.lagging), "lag", NULL);
	exposition_sample(e, value_of(v->originals.late), "time", NULL);
	exposition_sample(e, value_of(v->originals.failed), "failed", NULL);
	exposition_sample(e, value_of(v->pipeline.archive_full[PIPELINE_ORIGINALS]), "queue", NULL);
}

static void
tell_pages(const struct metrics_view *v, struct exposition *e)
{
	if (!v->has_originals)
		return;
	exposition_sample(e, value_of(v->originals.pages_told), "told", NULL);
	exposition_sample(e, value_of(v->originals.pages_late), "time", NULL);
	exposition_sample(e, value_of(v->originals.pages_failed), "failed", NULL);
	exposition_sample(e, value_of(v->pipeline.archive_full[PIPELINE_PAGES]), "queue", NULL);
}

/* Tell what is left of so much, in millionths. */
static void
tell_left(struct exposition *e, uint64_t left, uint64_t all, const char *resource)
{
	if (all > 0)
		exposition_sample(e, (int64_t)((unsigned __int128)left * 1000000 / all), resource,
				  NULL);
}

/* What is left between used and all. */
static uint64_t
left_of(uint64_t used, uint64_t all)
{
	return used < all ? all - used : 0;
}

static void
tell_headroom(const struct metrics_view *v, struct exposition *e)
{
	uint64_t low_water = (uint64_t)v->low_water_bytes;

	if (!v->has_parts)
		return;
	if (v->busiest >= 0)
		tell_left(e, left_of((uint64_t)v->busiest, 1000000), 1000000, "rate");
	if (v->journal_use >= 0)
		tell_left(e, left_of((uint64_t)v->journal_use, 1000000), 1000000, "journal");
	tell_left(e, left_of(v->network.connections, (uint64_t)v->connections_max),
		  (uint64_t)v->connections_max, "connections");
	tell_left(e, left_of(low_water, v->journal.free_bytes),
		  left_of(low_water, (uint64_t)v->disk_bytes), "disk");
	for (uint32_t i = 0; i < v->table_count; i++) {
		const struct pipeline_table *table = &v->tables[i];
		bool is_window = strcmp(table->name, "transactions") == 0;

		if (table->rows_max == 1)
			continue; /* always there, always full */
		tell_left(e, left_of(table->live, table->rows_max), table->rows_max,
			  is_window ? "window" : table->name);
	}
}

#define NUMBER(condition, value) \
	if (condition) \
		exposition_number(e, value_of((uint64_t)(value)))
#define BUCKETS(condition, view, bounds) \
	if (condition) \
		tell_buckets(e, &(view), bounds, NULL)
#define FAMILY(function) function(v, e)

void
metrics_print(const struct metrics_view *v, FILE *file)
{
	struct exposition exposition, *e = &exposition;

	exposition_init(e, file);
#define METRIC_TELL(name, type, unit, labels, source, help) \
	exposition_metric(e, &rows[METRIC_INDEX_##name]); \
	source;
	METRIC_LIST(METRIC_TELL)
#undef METRIC_TELL
}
