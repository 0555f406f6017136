/*
 * report.c - shows what a run sees: a live line, then a table or JSON.
 */
#include "contrib/load/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "protocol/assert.h"

#define LINE_BYTES_MAX 200
#define PROGRESS_NS UINT64_C(1000000000) /* from one line to the next */

/* The shares of the latency columns, and their names. */
static const struct {
	double share;
	const char *name;
} quantiles[] = {
	{ 0.5, "p50" }, { 0.9, "p90" }, { 0.99, "p99" }, { 0.999, "p99.9" }, { 0.9999, "p99.99" },
};

#define QUANTILE_COUNT (sizeof(quantiles) / sizeof(quantiles[0]))

static double
to_ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

/* Decimals that leave about three digits. */
static int
places(double number)
{
	return number < 1 ? 3 : number < 10 ? 2 : number < 100 ? 1 : 0;
}

void
progress_init(struct progress *progress, FILE *file)
{
	memset(progress, 0, sizeof(*progress));
	progress->file = file;
	progress->is_terminal = file != NULL && isatty(fileno(file)) == 1;
}

void
progress_begin(struct progress *progress, uint64_t now_ns)
{
	progress->start_ns = now_ns;
	progress->shown_ns = now_ns;
}

void
progress_label(struct progress *progress, const char *label)
{
	snprintf(progress->label, sizeof(progress->label), "%s", label);
}

static void
show(struct progress *progress, const struct load *load)
{
	struct meter *meter = load->meter;
	uint64_t span_ns = load->now_ns - progress->shown_ns;
	double rate = span_ns > 0 ? (double)meter->recent_count * 1e9 / (double)span_ns : 0;
	double p50 = to_ms(histogram_quantile_ns(&meter->recent, 0.5));
	double p99 = to_ms(histogram_quantile_ns(&meter->recent, 0.99));
	double max = to_ms(meter->recent.max_ns);
	char line[LINE_BYTES_MAX];
	int used;

	used = snprintf(line, sizeof(line),
			"%-22s %5.0f s %9.0f/s  p50 %.*f  p99 %.*f  max %.*f ms  "
			"%" PRIu64 " done  %u/%u connected",
			progress->label, (double)(load->now_ns - progress->start_ns) / 1e9, rate,
			places(p50), p50, places(p99), p99, places(max), max, meter->answered_count,
			load->ready_count, load->slot_count);
	if (used < LINE_BYTES_MAX && meter->busy_count + meter->lost_count > 0)
		used += snprintf(line + used, sizeof(line) - (size_t)used,
				 "  busy %" PRIu64 " lost %" PRIu64, meter->busy_count,
				 meter->lost_count);
	if (used < LINE_BYTES_MAX && load->pace_ns > 0 &&
	    load->next_due_ns + 100000000u < load->now_ns)
		used += snprintf(line + used, sizeof(line) - (size_t)used, "  behind %.1f s",
				 (double)(load->now_ns - load->next_due_ns) / 1e9);
	if (progress->is_terminal)
		fprintf(progress->file, "\r%s\033[K", line);
	else
		fprintf(progress->file, "%s\n", line);
	fflush(progress->file);
	progress->width = used;
	progress->shown_ns = load->now_ns;
	meter->recent_count = 0;
	histogram_clear(&meter->recent);
}

void
progress_tick(struct progress *progress, const struct load *load)
{
	if (progress->file != NULL && load->now_ns - progress->shown_ns >= PROGRESS_NS)
		show(progress, load);
}

void
progress_end(struct progress *progress)
{
	if (progress->file != NULL && progress->is_terminal && progress->width > 0)
		fputc('\n', progress->file);
	progress->width = 0;
}

/* Answers of one operation, by what they mean. */
struct outcome_sums {
	uint64_t all, ok, declined, refused;
};

static struct outcome_sums
sum_outcomes(const struct meter *meter, uint32_t operation)
{
	struct outcome_sums sums = { 0, 0, 0, 0 };

	for (uint32_t status = 0; status < METER_STATUSES; status++) {
		uint64_t count = meter->outcomes[operation][status];

		sums.all += count;
		if (status == TG_OK || status == TG_ORIGINAL_UNKNOWN)
			sums.ok += count;
		else if (tg_status_is_recorded((enum tg_status)status))
			sums.declined += count;
		else
			sums.refused += count;
	}
	return sums;
}

static void
print_row(FILE *file, const char *name, const struct outcome_sums *sums,
	  const struct histogram *histogram, double seconds)
{
	fprintf(file, "%-10s %11" PRIu64 " %10.0f %11" PRIu64 " %9" PRIu64 " %8" PRIu64, name,
		sums->all, seconds > 0 ? (double)sums->all / seconds : 0, sums->ok, sums->declined,
		sums->refused);
	for (size_t i = 0; i < QUANTILE_COUNT; i++) {
		double ms = to_ms(histogram_quantile_ns(histogram, quantiles[i].share));

		fprintf(file, " %8.*f", places(ms), ms);
	}
	fprintf(file, " %8.*f\n", places(to_ms(histogram->max_ns)), to_ms(histogram->max_ns));
}

/* The table of operations. */
static void
print_operations(const struct report *report, FILE *file)
{
	const struct meter *meter = report->meter;
	struct outcome_sums total = { 0, 0, 0, 0 };

	fprintf(file, "\n%-10s %11s %10s %11s %9s %8s", "operation", "requests", "a second", "done",
		"declined", "refused");
	for (size_t i = 0; i < QUANTILE_COUNT; i++)
		fprintf(file, " %8s", quantiles[i].name);
	fprintf(file, " %8s  (ms)\n", "max");
	for (uint32_t i = 0; i < METER_OPERATIONS; i++) {
		struct outcome_sums sums = sum_outcomes(meter, i);

		if (sums.all == 0)
			continue;
		print_row(file, tg_operation_name(i), &sums, meter->operations[i], report->seconds);
		total.all += sums.all;
		total.ok += sums.ok;
		total.declined += sums.declined;
		total.refused += sums.refused;
	}
	print_row(file, "all", &total, &meter->all, report->seconds);
}

/* Every status but OK, by operation. */
static void
print_statuses(const struct meter *meter, FILE *file)
{
	bool has_any = false;

	for (uint32_t operation = 0; operation < METER_OPERATIONS; operation++) {
		for (uint32_t status = 1; status < METER_STATUSES; status++) {
			uint64_t count = meter->outcomes[operation][status];

			if (count == 0)
				continue;
			fprintf(file, "%s%-10s %11" PRIu64 "  %s: %s\n", has_any ? "" : "\n",
				tg_operation_name(operation), count,
				tg_status_name((enum tg_status)status),
				tg_status_text((enum tg_status)status));
			has_any = true;
		}
	}
}

static void
print_partners(const struct meter *meter, FILE *file)
{
	if (meter->partner_count == 0)
		return;
	fprintf(file, "\n%-10s %15s %15s %15s %15s   (points, as acknowledged)\n", "partner",
		"issued", "burned", "taken back", "given back");
	for (uint32_t i = 0; i < meter->partner_count; i++) {
		const struct meter_partner *partner = &meter->partners[i];

		fprintf(file, "%-10u %15" PRId64 " %15" PRId64 " %15" PRId64 " %15" PRId64 "\n",
			partner->number, partner->issued_points, partner->burned_points,
			partner->taken_points, partner->restored_points);
	}
}

void
report_print(const struct report *report, FILE *file)
{
	const struct meter *meter = report->meter;

	fprintf(file, "%s: %.1f s, %u connections%s, %u in flight each", report->title,
		report->seconds, report->connections, report->is_tls ? " over TLS" : "",
		report->depth);
	if (report->batch > 1)
		fprintf(file, ", batches of %u", report->batch);
	if (report->rate > 0)
		fprintf(file, ", open loop at %.0f a second", report->rate);
	else
		fprintf(file, ", closed loop");
	fprintf(file, ", seed %" PRIu64 "\n", report->seed);
	print_operations(report, file);
	print_statuses(meter, file);
	print_partners(meter, file);
	fprintf(file,
		"\nsent %" PRIu64 ", of them repeated %" PRIu64 ", retried %" PRIu64
		"; answered as a replay %" PRIu64 ", busy %" PRIu64 ", lost %" PRIu64
		", outcome unknown %" PRIu64 ", stray answers %" PRIu64 "\n",
		meter->sent_count, meter->repeat_count, meter->retry_count, meter->replay_count,
		meter->busy_count, meter->lost_count, meter->unknown_count, meter->stray_count);
	fprintf(file,
		"connections: %" PRIu64 " made, %" PRIu64 " failed, %" PRIu64
		" ended; connect to AUTH p50 %.2f, p99 %.2f, max %.2f ms\n",
		meter->ready_count, meter->failed_count, meter->ended_count,
		to_ms(histogram_quantile_ns(&meter->connect, 0.5)),
		to_ms(histogram_quantile_ns(&meter->connect, 0.99)), to_ms(meter->connect.max_ns));
	if (meter->last_reason[0] != '\0')
		fprintf(file, "last trouble: %s\n", meter->last_reason);
	if (report->rate > 0)
		fprintf(file,
			"latency counts from the due time; from sending p50 %.2f, p99 %.2f, "
			"max %.2f ms; not sent although due %" PRIu64 "\n",
			to_ms(histogram_quantile_ns(&meter->service, 0.5)),
			to_ms(histogram_quantile_ns(&meter->service, 0.99)),
			to_ms(meter->service.max_ns), report->never_sent);
}

static json_t *
histogram_json(const struct histogram *histogram)
{
	json_t *object = json_object();

	json_object_set_new(object, "count", json_integer((json_int_t)histogram->count));
	json_object_set_new(object, "mean_ms", json_real(to_ms(histogram_mean_ns(histogram))));
	for (size_t i = 0; i < QUANTILE_COUNT; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%s_ms", quantiles[i].name);
		json_object_set_new(
			object, name,
			json_real(to_ms(histogram_quantile_ns(histogram, quantiles[i].share))));
	}
	json_object_set_new(object, "max_ms", json_real(to_ms(histogram->max_ns)));
	return object;
}

/* Operations by name, each with its statuses by name. */
static json_t *
operations_json(const struct meter *meter)
{
	json_t *operations = json_object();

	for (uint32_t operation = 0; operation < METER_OPERATIONS; operation++) {
		json_t *object, *statuses;

		if (meter->operations[operation] == NULL)
			continue;
		object = json_object();
		statuses = json_object();
		for (uint32_t status = 0; status < METER_STATUSES; status++)
			if (meter->outcomes[operation][status] > 0)
				json_object_set_new(
					statuses, tg_status_name((enum tg_status)status),
					json_integer(
						(json_int_t)meter->outcomes[operation][status]));
		json_object_set_new(object, "statuses", statuses);
		json_object_set_new(object, "latency",
				    histogram_json(meter->operations[operation]));
		json_object_set_new(operations, tg_operation_name(operation), object);
	}
	return operations;
}

static json_t *
partners_json(const struct meter *meter)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < meter->partner_count; i++) {
		const struct meter_partner *partner = &meter->partners[i];

		json_array_append_new(
			array, json_pack("{s:I, s:I, s:I, s:I, s:I}", "partner",
					 (json_int_t)partner->number, "issued_points",
					 (json_int_t)partner->issued_points, "burned_points",
					 (json_int_t)partner->burned_points, "taken_points",
					 (json_int_t)partner->taken_points, "restored_points",
					 (json_int_t)partner->restored_points));
	}
	return array;
}

void
report_print_json(const struct report *report, FILE *file)
{
	const struct meter *meter = report->meter;
	json_t *root = json_object();
	const struct {
		const char *name;
		uint64_t count;
	} counts[] = {
		{ "answered", meter->answered_count }, { "sent", meter->sent_count },
		{ "repeated", meter->repeat_count },   { "retried", meter->retry_count },
		{ "replays", meter->replay_count },    { "busy", meter->busy_count },
		{ "lost", meter->lost_count },	       { "unknown", meter->unknown_count },
		{ "stray", meter->stray_count },       { "connected", meter->ready_count },
		{ "failed", meter->failed_count },     { "ended", meter->ended_count },
		{ "never_sent", report->never_sent },
	};

	TG_ASSERT(root != NULL);
	json_object_set_new(root, "run", json_string(report->title));
	json_object_set_new(root, "seconds", json_real(report->seconds));
	json_object_set_new(root, "connections", json_integer(report->connections));
	json_object_set_new(root, "tls", json_boolean(report->is_tls));
	json_object_set_new(root, "depth", json_integer(report->depth));
	json_object_set_new(root, "batch", json_integer(report->batch));
	json_object_set_new(root, "rate", json_real(report->rate));
	json_object_set_new(root, "seed", json_integer((json_int_t)report->seed));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(root, counts[i].name,
				    json_integer((json_int_t)counts[i].count));
	json_object_set_new(root, "latency", histogram_json(&meter->all));
	json_object_set_new(root, "service", histogram_json(&meter->service));
	json_object_set_new(root, "connect", histogram_json(&meter->connect));
	json_object_set_new(root, "operations", operations_json(meter));
	json_object_set_new(root, "partners", partners_json(meter));
	json_dumpf(root, file, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	fputc('\n', file);
	json_decref(root);
}
