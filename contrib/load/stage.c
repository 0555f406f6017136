/*
 * stage.c - everything a run needs, set up from the command line.
 */
#include "contrib/load/stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "contrib/load/enroller.h"
#include "protocol/assert.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define SEED_MAX UINT32_MAX /* of a drawn seed: short enough to be typed */

/* Read terminals and the master key. */
static bool
read_terminals(struct stage *stage, struct failure *failure)
{
	const struct load_options *options = stage->options;
	FILE *file;
	bool is_ok;

	file = fopen(options->terminals_file, "re");
	if (file == NULL)
		return failure_set_errno(failure, errno, "%s", options->terminals_file);
	is_ok = terminals_read(file, options->terminals_file, &stage->terminals, failure);
	fclose(file);
	if (!is_ok)
		return false;
	stage->terminals.use_certificate = options->certificate_file != NULL;
	return options->master_file == NULL ||
	       terminals_read_master(&stage->terminals, options->master_file, failure);
}

bool
stage_init(struct stage *stage, const struct load_options *options, struct failure *failure)
{
	struct endpoint_options endpoint = { .host = options->host,
					     .port = options->port,
					     .is_plain = options->is_plain,
					     .ca_file = options->ca_file,
					     .server_name = options->server_name,
					     .certificate_file = options->certificate_file,
					     .key_file = options->key_file };

	memset(stage, 0, sizeof(*stage));
	stage->options = options;
	progress_init(&stage->progress, options->is_quiet ? NULL : stderr);
	stage->seed = options->seed;
	if (!transaction_ids_init(&stage->ids) ||
	    (stage->seed == 0 &&
	     getrandom(&stage->seed, sizeof(stage->seed), 0) != (ssize_t)sizeof(stage->seed)))
		return failure_set(failure, "the system gives no random bytes");
	if (options->seed == 0)
		stage->seed = stage->seed % SEED_MAX + 1;
	if (!read_terminals(stage, failure) || !endpoint_init(&stage->endpoint, &endpoint, failure))
		return false;
	if (options->log_file != NULL) {
		stage->trace = trace_writer_open(options->log_file, load_wall_us(), failure);
		return stage->trace != NULL;
	}
	return true;
}

void
stage_deinit(struct stage *stage)
{
	engine_free(stage->engine);
	trace_writer_close(stage->trace);
	meter_deinit(&stage->meter);
	members_deinit(&stage->members);
	terminals_deinit(&stage->terminals);
	endpoint_deinit(&stage->endpoint);
	memset(stage, 0, sizeof(*stage));
}

static void
on_progress(void *context, const struct load *load)
{
	struct stage *stage = context;

	progress_tick(&stage->progress, load);
}

bool
stage_connect(struct stage *stage, uint32_t depth_min, struct failure *failure)
{
	const struct load_options *options = stage->options;
	uint32_t depth = (uint32_t)options->depth;
	struct engine_setup setup = {
		.options = { .depth = depth > depth_min ? depth : depth_min,
			     .batch_items = (uint32_t)options->batch,
			     .timeout_ns = options->timeout_ms * NS_PER_MS,
			     .connect_ns = options->connect_seconds * NS_PER_S,
			     .ping_ns = options->ping_seconds * NS_PER_S,
			     .reconnect_ns = options->reconnect_ms * NS_PER_MS,
			     .drop_ppm = options->drop_ppm,
			     .abandon_ppm = options->abandon_ppm },
		.connection_count = (uint32_t)options->connections,
		.connect_rate = options->connect_rate,
		.connect_all_ns = options->connect_seconds * NS_PER_S,
		.drain_ns = options->drain_seconds * NS_PER_S,
		.give_up_ns = options->give_up_seconds * NS_PER_S,
		.seed = stage->seed,
		.endpoint = &stage->endpoint,
		.terminals = &stage->terminals,
		.members = &stage->members,
		.meter = &stage->meter,
		.trace = stage->trace,
		.progress = on_progress,
		.progress_context = stage
	};

	stage->engine = engine_new(&setup, failure);
	return stage->engine != NULL && engine_connect(stage->engine, failure);
}

bool
stage_run(struct stage *stage, const char *label, const struct source *source,
	  const struct engine_bounds *bounds, double *ret_seconds, struct failure *failure)
{
	const struct load *load = engine_load(stage->engine);
	uint64_t unknown_before = stage->meter.unknown_count;
	uint64_t start_ns = load->now_ns;
	enum engine_end end;

	progress_label(&stage->progress, label);
	end = engine_run(stage->engine, source, bounds, failure);
	*ret_seconds = (double)(load->now_ns - start_ns) / 1e9;
	if (end == ENGINE_LEFT)
		return failure_set(
			failure, "%s: %llu requests were given up; last trouble: %s", label,
			(unsigned long long)(stage->meter.unknown_count - unknown_before),
			stage->meter.last_reason[0] != '\0' ? stage->meter.last_reason
							    : "no answer in time");
	return end != ENGINE_FAILED;
}

bool
stage_enroll(struct stage *stage, struct failure *failure)
{
	struct enroller enroller = { .load = engine_load(stage->engine), .ids = &stage->ids };
	struct source source = enroller_source(&enroller);
	struct engine_bounds bounds = { .count_max = 0 };
	double seconds;
	bool is_ok;

	progress_begin(&stage->progress, engine_load(stage->engine)->now_ns);
	/* Those whose outcome stayed unknown are tried again: enrolled ones are told to be so. */
	do {
		enroller.lost_count = 0;
		enroller.next = 0;
		is_ok = stage_run(stage, "enrolling", &source, &bounds, &seconds, failure);
	} while (is_ok && enroller.lost_count > 0 && enroller.refused_count == 0 &&
		 !engine_is_stopped(stage->engine));
	progress_end(&stage->progress);
	if (!is_ok)
		return false;
	if (enroller.refused_count > 0)
		return failure_set(failure, "%llu of %u members could not be enrolled",
				   (unsigned long long)enroller.refused_count,
				   stage->members.count);
	if (!stage->options->is_quiet)
		fprintf(stderr, "%llu members enrolled in %.1f s\n",
			(unsigned long long)stage->meter.outcomes[TG_OP_ENROLL][TG_OK], seconds);
	meter_begin(&stage->meter);
	return true;
}

void
stage_report(const struct stage *stage, const char *title, double seconds, uint64_t never_sent)
{
	const struct load_options *options = stage->options;
	struct report report = { .title = title,
				 .meter = &stage->meter,
				 .seconds = seconds,
				 .connections = engine_load(stage->engine)->slot_count,
				 .depth = (uint32_t)options->depth,
				 .batch = (uint32_t)options->batch,
				 .rate = options->rate,
				 .is_tls = !options->is_plain,
				 .seed = stage->seed,
				 .never_sent = never_sent };

	if (options->is_json)
		report_print_json(&report, stdout);
	else
		report_print(&report, stdout);
}
