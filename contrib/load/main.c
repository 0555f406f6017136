/*
 * main.c - tally-load: load on a Tallygate, replay of a history, proof that nothing was lost.
 *
 * Exit status: 0 all well; 1 something is not as it should be; 2 the command line is wrong; 3
 * files or gateway cannot be used.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "contrib/common/day.h"
#include "contrib/load/day_command.h"
#include "contrib/load/history.h"
#include "contrib/load/mixer.h"
#include "contrib/load/replay.h"
#include "contrib/load/stage.h"
#include "contrib/load/verify.h"

enum exit_status { EXIT_WELL = 0, EXIT_WRONG = 1, EXIT_USAGE = 2, EXIT_UNUSABLE = 3 };

/* Say why, and go. */
static enum exit_status
give_up(enum exit_status status, const struct failure *failure)
{
	fprintf(stderr, "tally-load: %s\n", failure->text);
	if (status == EXIT_USAGE)
		fprintf(stderr, "tally-load --help tells more\n");
	return status;
}

/* Print a history. */
static enum exit_status
run_generate(const struct load_options *options)
{
	struct history_shape shape = { .customer_count = (uint32_t)options->generate,
				       .day_count = (int32_t)options->days,
				       .seed = options->seed };
	struct history history = { .purchases = NULL };
	struct failure failure;
	bool is_ok;

	if (!day_parse(options->from, &shape.first_day)) {
		failure_set(&failure, "--from: \"%s\" is no day", options->from);
		return give_up(EXIT_USAGE, &failure);
	}
	history_generate(&shape, &history);
	is_ok = history_write(&history, stdout) && fflush(stdout) == 0;
	history_deinit(&history);
	if (is_ok)
		return EXIT_WELL;
	failure_set_errno(&failure, errno, "the history cannot be written");
	return give_up(EXIT_UNUSABLE, &failure);
}

/* Requests that were due in an open loop, but not made before its end. */
static uint64_t
never_sent(const struct stage *stage, const struct engine_bounds *bounds)
{
	const struct load *load = engine_load(stage->engine);
	uint64_t made = (bounds->count_max > 0 ? bounds->count_max : UINT64_MAX) - load->new_left;
	double due = bounds->rate * (double)bounds->run_ns / 1e9;

	if (bounds->count_max > 0 && (due == 0 || due > (double)bounds->count_max))
		due = (double)bounds->count_max;
	return due > (double)made ? (uint64_t)(due - (double)made) : 0;
}

/* Connect, and stay. */
static enum exit_status
run_idle(struct stage *stage)
{
	engine_idle(stage->engine, stage->options->idle_seconds * UINT64_C(1000000000));
	stage_report(stage, "idle", (double)stage->options->idle_seconds, 0);
	return engine_load(stage->engine)->ready_count == engine_load(stage->engine)->slot_count
		       ? EXIT_WELL
		       : EXIT_WRONG;
}

/* A mix of work. */
static enum exit_status
run_mix(struct stage *stage, struct failure *failure)
{
	const struct load_options *options = stage->options;
	struct mixer_options mixer_options = { .duplicates_ppm = options->duplicates_ppm,
					       .hot_ppm = options->hot_ppm,
					       .amount_max = (int64_t)options->amount_max,
					       .hold_seconds = (int32_t)options->hold_seconds,
					       .card_prefix = options->card_prefix,
					       .seed = stage->seed };
	struct engine_bounds bounds = { .count_max = options->requests,
					.run_ns = options->seconds * UINT64_C(1000000000),
					.rate = options->rate };
	struct mixer *mixer;
	struct source source;
	double seconds = 0;
	bool is_ok;

	mix_init(&mixer_options.mix);
	if ((options->mix != NULL && !mix_parse(options->mix, &mixer_options.mix, failure)) ||
	    !load_options_duplicate_kinds(options->duplicate_kinds, mixer_options.duplicate_weights,
					  failure))
		return give_up(EXIT_USAGE, failure);
	if (bounds.count_max == 0 && bounds.run_ns == 0)
		bounds.run_ns = UINT64_C(10000000000);
	for (uint64_t i = 1; i <= options->members; i++)
		members_add_card(&stage->members, options->card_prefix, i, 10);
	if (!stage_connect(stage, 1, failure))
		return give_up(EXIT_UNUSABLE, failure);
	if (options->idle_seconds > 0)
		return run_idle(stage);
	if (!options->is_enrolled && !stage_enroll(stage, failure))
		return give_up(EXIT_WRONG, failure);
	progress_begin(&stage->progress, engine_load(stage->engine)->now_ns);
	mixer = mixer_new(&mixer_options, engine_load(stage->engine), &stage->ids);
	source = mixer_source(mixer);
	is_ok = stage_run(stage, "mix", &source, &bounds, &seconds, failure);
	progress_end(&stage->progress);
	stage_report(stage, "mix", seconds, bounds.rate > 0 ? never_sent(stage, &bounds) : 0);
	mixer_free(mixer);
	return is_ok ? EXIT_WELL : give_up(EXIT_WRONG, failure);
}

/* Move to a day: the command, then the server's word for it. */
static bool
begin_day(struct stage *stage, int32_t day, struct failure *failure)
{
	const struct load *load = engine_load(stage->engine);
	char text[DAY_TEXT_BYTES];

	if (stage->options->day_command == NULL)
		return true;
	if (!day_command_run(stage->options->day_command, day, failure) ||
	    !engine_ask_time(stage->engine, failure))
		return false;
	day_format(day, text);
	if (day_of_utc_ms(load_server_time_ms(load)) - day > 1 ||
	    day - day_of_utc_ms(load_server_time_ms(load)) > 1)
		return failure_set(failure, "the gateway's clock did not move to %s", text);
	return true;
}

#define DAY_NS UINT64_C(86400000000000)

/* Wait for the end of a day; *behind_ns: how far behind its end one was done so far, at most. */
static void
end_day(struct stage *stage, uint64_t end_ns, uint64_t *behind_ns)
{
	const struct load *load = engine_load(stage->engine);

	if (load->now_ns < end_ns)
		engine_idle(stage->engine, end_ns - load->now_ns);
	else if (load->now_ns - end_ns > *behind_ns)
		*behind_ns = load->now_ns - end_ns;
}

static void
tell_pace(const struct stage *stage, int32_t days, double seconds, uint64_t behind_ns)
{
	if (stage->options->speed > 0 && !stage->options->is_quiet)
		fprintf(stderr,
			"%d days in %.1f s: %.0f times their own pace, %.1f s behind at most\n",
			(int)days, seconds, days * 86400.0 / seconds, (double)behind_ns / 1e9);
}

/* Play all days. */
static bool
play_days(struct stage *stage, const struct history *history, struct replay *replay,
	  double *seconds, struct failure *failure)
{
	const struct source source = replay_source(replay);
	const struct engine_bounds bounds = { .rate = stage->options->rate };
	int32_t first = history->purchases[0].day;
	int32_t last = history->purchases[history->purchase_count - 1].day;
	const double speed = stage->options->speed;
	const uint64_t day_ns = speed > 0 ? (uint64_t)((double)DAY_NS / speed) : 0;
	uint64_t begin_ns = engine_load(stage->engine)->now_ns;
	uint64_t behind_ns = 0;

	progress_begin(&stage->progress, begin_ns);
	for (int32_t day = first; day <= last && !engine_is_stopped(stage->engine); day++) {
		char label[64], text[DAY_TEXT_BYTES];
		double day_seconds;

		if (!begin_day(stage, day, failure))
			return false;
		day_format(day, text);
		snprintf(label, sizeof(label), "%s (%d/%d)", text, day - first + 1,
			 last - first + 1);
		if (replay_begin_day(replay, day, begin_ns, day_ns) > 0 &&
		    !stage_run(stage, label, &source, &bounds, &day_seconds, failure))
			return false;
		begin_ns += day_ns;
		if (day_ns > 0)
			end_day(stage, begin_ns, &behind_ns);
	}
	progress_end(&stage->progress);
	*seconds = (double)engine_load(stage->engine)->now_ns / 1e9 - *seconds;
	tell_pace(stage, last - first + 1, *seconds, behind_ns);
	return true;
}

/* A purchase history. */
static enum exit_status
run_history(struct stage *stage, struct failure *failure)
{
	const struct load_options *options = stage->options;
	struct replay_options replay_options = { options->burn_ppm,    options->capture_ppm,
						 options->release_ppm, options->refund_ppm,
						 options->repeat_ppm,  options->seed };
	struct history history = { .purchases = NULL };
	enum exit_status status = EXIT_WRONG;
	struct replay *replay = NULL;
	FILE *file = fopen(options->history_file, "re");
	double seconds;

	if (file == NULL) {
		failure_set_errno(failure, errno, "%s", options->history_file);
		return give_up(EXIT_UNUSABLE, failure);
	}
	if (!history_read(file, options->history_file, &history, failure)) {
		fclose(file);
		return give_up(EXIT_UNUSABLE, failure);
	}
	fclose(file);
	for (uint32_t i = 0; i < history.member_count; i++)
		members_add_card(&stage->members, "", history.customers[i], 5);
	if (!stage_connect(stage, 1, failure)) {
		status = give_up(EXIT_UNUSABLE, failure);
		goto out;
	}
	if (!begin_day(stage, history.purchases[0].day, failure) ||
	    (!options->is_enrolled && !stage_enroll(stage, failure))) {
		give_up(status, failure);
		goto out;
	}
	replay = replay_new(&replay_options, &history, engine_load(stage->engine), &stage->ids);
	seconds = (double)engine_load(stage->engine)->now_ns / 1e9;
	if (!play_days(stage, &history, replay, &seconds, failure))
		give_up(status, failure);
	else if (replay_failed_count(replay) == 0)
		status = EXIT_WELL;
	stage_report(stage, "history", seconds, 0);
out:
	replay_free(replay);
	history_deinit(&history);
	return status;
}

/* A proof. */
static enum exit_status
run_verify(struct stage *stage, struct failure *failure)
{
	switch (verify_run(stage, failure)) {
	case VERIFY_PROVED:
		return EXIT_WELL;
	case VERIFY_DIFFERS:
		return EXIT_WRONG;
	case VERIFY_UNUSABLE:
		break;
	}
	return give_up(EXIT_UNUSABLE, failure);
}

int
main(int argc, char *argv[])
{
	struct load_options options;
	struct failure failure = { "" };
	enum exit_status status;
	struct stage stage;

	if (!load_options_parse(argc, argv, &options, &failure))
		return (int)give_up(EXIT_USAGE, &failure);
	if (options.is_help) {
		load_options_help(stdout);
		return EXIT_WELL;
	}
	if (options.is_version) {
		puts("tally-load " PACKAGE_VERSION);
		return EXIT_WELL;
	}
	signal(SIGPIPE, SIG_IGN);
	if (options.generate > 0)
		return (int)run_generate(&options);
	if (options.terminals_file == NULL) {
		failure_set(&failure, "--terminals FILE is needed");
		return (int)give_up(EXIT_USAGE, &failure);
	}
	if (!stage_init(&stage, &options, &failure))
		status = give_up(EXIT_UNUSABLE, &failure);
	else if (options.verify_file != NULL)
		status = run_verify(&stage, &failure);
	else if (options.history_file != NULL)
		status = run_history(&stage, &failure);
	else
		status = run_mix(&stage, &failure);
	stage_deinit(&stage);
	return (int)status;
}
