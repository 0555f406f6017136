/*
 * main.c - tally-certify: the protocol's cases, played to the software of a terminal.
 *
 * A gateway that answers well, but for one fault in each case, on a port of loopback, with keys and
 * certificates of its own; the terminal is started anew for each case, or worked by hand.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contrib/certify/authority.h"
#include "contrib/certify/command.h"
#include "contrib/certify/judge.h"
#include "contrib/certify/options.h"
#include "contrib/certify/report.h"
#include "contrib/certify/serve.h"

/* How the program ends; scripts go by these. */
enum certify_exit {
	CERTIFY_RIGHT = 0,	   /* nothing failed */
	CERTIFY_WRONG = 1,	   /* something failed */
	CERTIFY_USAGE = 2,	   /* the command line is wrong, or a file; nothing was played */
	CERTIFY_NOT_EXERCISED = 3, /* nothing could be judged */
};

#define PAUSES_MAX (ROUND_HANG_UPS + 1)

/* A run. */
struct run {
	const struct options *options;
	struct authority authority;
	int listener;
	uint16_t port;
	struct breaches breaches;
	struct plain_round plain;
	struct report report;
	struct round *round; /* owned; too large for a stack */
};

static enum certify_exit
complain(const char *text)
{
	fprintf(stderr, "tally-certify: %s\ntally-certify --help tells more\n", text);
	return CERTIFY_USAGE;
}

static const struct judge_case *
find_case(const char *name)
{
	for (uint32_t i = 0; i < judge_case_count; i++) {
		if (strcmp(judge_cases[i].name, name) == 0)
			return &judge_cases[i];
	}
	return NULL;
}

/* Is the case to be played? */
static bool
is_wanted(const struct options *options, const struct judge_case *judge_case)
{
	for (uint32_t i = 0; i < options->case_count; i++) {
		if (strcmp(options->cases[i], judge_case->name) == 0)
			return true;
	}
	return options->case_count == 0;
}

/* Play a round.  False: the command is too long. */
static bool
play(struct run *run, const struct judge_case *judge_case)
{
	const struct command_words words = { .authority = &run->authority,
					     .port = run->port,
					     .round = judge_case->name };
	char command[COMMAND_BYTES];
	struct round_options options = {
		.authority = &run->authority,
		.listener = run->listener,
		.is_plain = run->options->is_plain,
		.at_most_ms = (int64_t)run->options->seconds * 1000,
		.fault = judge_case->fault,
	};

	if (run->options->run != NULL) {
		if (!command_fill(run->options->run, &words, command))
			return false;
		options.command = command;
	} else {
		fprintf(stderr, "%s: send a transaction now (%u s at most)\n", judge_case->name,
			run->options->seconds);
	}
	run->breaches.present = judge_case->name;
	round_run(run->round, &options, &run->breaches);
	run->round->options.command = NULL; /* it is gone when this returns */
	return true;
}

/* Play and judge a case. */
static bool
try_case(struct run *run, const struct judge_case *judge_case)
{
	struct judgement judgement = { .verdict = VERDICT_PASSED };
	int64_t pauses_ms[2][PAUSES_MAX];
	const int64_t *pauses[2] = { pauses_ms[0], pauses_ms[1] };
	uint32_t counts[2] = { 0, 0 };

	if (judge_case->needs_tls && run->options->is_plain) {
		judgement = (struct judgement){ VERDICT_NOT_EXERCISED, "there is no TLS" };
		memset(&run->round->trace, 0, sizeof(run->round->trace));
		report_case(&run->report, judge_case, &judgement, run->round);
		return true;
	}
	for (uint32_t i = 0; i < judge_case->rounds && judgement.verdict == VERDICT_PASSED; i++) {
		if (!play(run, judge_case))
			return false;
		judge_case->judge(run->round, &run->plain, &judgement);
		if (i < 2)
			counts[i] = judge_pauses_of(run->round, pauses_ms[i], PAUSES_MAX);
	}
	if (judge_case->rounds == 2)
		judge_pauses(pauses, counts, &judgement);
	if (judge_case->fault == FAULT_NONE && judgement.verdict == VERDICT_PASSED)
		run->plain = (struct plain_round){ .is_known = true,
						   .exit_status = run->round->exit_status };
	report_case(&run->report, judge_case, &judgement, run->round);
	return true;
}

/* The report as JSON where it is wanted. */
static bool
write_json(const struct run *run, struct failure *failure)
{
	const char *path = run->options->json;
	FILE *file;
	bool is_written;

	if (path == NULL)
		return true;
	if (strcmp(path, "-") == 0)
		return report_write(&run->report, stdout);
	file = fopen(path, "we");
	is_written = file != NULL && report_write(&run->report, file);
	if (file != NULL && fclose(file) != 0)
		is_written = false;
	return is_written || failure_set_errno(failure, errno, "%s", path);
}

/* All cases that are wanted, and the rules that hold in each. */
static enum certify_exit
try_all(struct run *run)
{
	struct failure failure;

	fprintf(run->report.out, "listening on 127.0.0.1:%u%s; key and certificates are in %s\n",
		run->port, run->options->is_plain ? " without TLS" : "", run->authority.folder);
	fflush(run->report.out);
	for (uint32_t i = 0; i < judge_case_count; i++) {
		if (is_wanted(run->options, &judge_cases[i]) && !try_case(run, &judge_cases[i]))
			return complain("the command is too long");
	}
	for (int rule = 0; rule < RULE_COUNT; rule++)
		report_rule(&run->report, &run->breaches, (enum rule)rule);
	report_end(&run->report);
	if (!write_json(run, &failure))
		return complain(failure.text);
	if (run->report.counts[VERDICT_FAILED] > 0)
		return CERTIFY_WRONG;
	return run->report.counts[VERDICT_PASSED] > 0 ? CERTIFY_RIGHT : CERTIFY_NOT_EXERCISED;
}

static enum certify_exit
run_options(const struct options *options)
{
	struct run *run = calloc(1, sizeof(*run));
	struct round *round = calloc(1, sizeof(*round));
	struct failure failure = { "out of memory" };
	enum certify_exit exit;
	FILE *out;

	/* JSON on standard output stands there alone. */
	out = options->json != NULL && strcmp(options->json, "-") == 0 ? stderr : stdout;
	if (run == NULL || round == NULL || !report_init(&run->report, out)) {
		free(run);
		free(round);
		return complain(failure.text);
	}
	run->options = options;
	run->round = round;
	run->report.command = options->run;
	run->report.is_wire_shown = options->is_wire_shown;
	run->plain.exit_status = -1;
	run->listener = wire_listen(options->port, &run->port);
	if (run->listener < 0)
		(void)failure_set_errno(&failure, errno, "port %u", options->port);
	if (run->listener < 0 || !authority_make(&run->authority, options->folder,
						 options->terminal, &failure))
		exit = complain(failure.text);
	else
		exit = try_all(run);
	authority_free(&run->authority);
	if (run->listener >= 0)
		close(run->listener);
	report_deinit(&run->report);
	free(round);
	free(run);
	return exit;
}

static void
print_list(void)
{
	for (uint32_t i = 0; i < judge_case_count; i++)
		printf("%-20s %s\n", judge_cases[i].name, judge_cases[i].expected);
	printf("\nand, over all of them:\n");
	for (int rule = 0; rule < RULE_COUNT; rule++)
		printf("%-20s %s\n", breach_word((enum rule)rule), breach_text((enum rule)rule));
}

int
main(int argc, char *argv[])
{
	struct options options;
	struct failure failure;

	signal(SIGPIPE, SIG_IGN);
	if (!options_read(&options, argc, argv, &failure))
		return (int)complain(failure.text);
	for (uint32_t i = 0; i < options.case_count; i++) {
		if (find_case(options.cases[i]) == NULL)
			return (int)complain("there is no such case; --list lists them");
	}
	if (options.is_help)
		options_print_help(stdout);
	else if (options.is_version)
		puts("tally-certify " PACKAGE_VERSION);
	else if (options.is_list)
		print_list();
	else
		return (int)run_options(&options);
	return CERTIFY_RIGHT;
}
