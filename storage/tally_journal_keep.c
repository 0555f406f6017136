/*
 * tally_journal_keep.c - the commands that write: rebuild.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "storage/rebuild.h"
#include "storage/tally_journal.h"

#define PATIENCE_MS 60000
#define PROGRESS_S 1
#define REBUILD_BATCH_RECORDS 5000

/* What is told of a rebuilding, once a second. */
struct telling {
	time_t	 told_s;	/* when it was last told; 0: never */
	uint64_t told_records;	/* what had been written then */
	bool	 is_terminal;	/* one line, written over */
};

static void
on_progress(void *context, const struct rebuild_progress *progress)
{
	struct telling *telling = context;
	struct timespec now;
	uint64_t done = progress->next_sequence - 1;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0 || now.tv_sec < telling->told_s + PROGRESS_S)
		return;
	(void)fprintf(stderr,
		      "%srecord %" PRIu64 " of %" PRIu64 " (%" PRIu64 " %%), %" PRIu64 "/s%s%s%s",
		      telling->is_terminal ? "\r\033[K" : "", done, progress->last_sequence,
		      progress->last_sequence > 0 ? 100 * done / progress->last_sequence : 100,
		      telling->told_s == 0 ? 0
					   : (progress->records - telling->told_records) /
						     (uint64_t)(now.tv_sec - telling->told_s),
		      progress->trouble != NULL ? ", trying again: " : "",
		      progress->trouble != NULL ? progress->trouble : "",
		      telling->is_terminal ? "" : "\n");
	telling->told_s = now.tv_sec;
	telling->told_records = progress->records;
}

enum tool_exit
run_rebuild(const struct tool_options *options)
{
	struct telling telling = { .is_terminal = isatty(STDERR_FILENO) == 1 };
	const struct rebuild_config config = {
		.source = tool_source(options),
		.sink = { .database = options->database,
			  .batch_records = REBUILD_BATCH_RECORDS,
			  .months_ahead = 1 },
		.may_resume = options->may_resume,
		.patience_ms = PATIENCE_MS,
		.on_progress = on_progress,
		.context = &telling,
	};
	struct storage_error error = { 0 };
	struct rebuild_report report;
	enum tool_exit result;
	enum tg_status status;

	(void)signal(SIGPIPE, SIG_IGN);
	status = database_setup();
	if (status != TG_OK)
		return TOOL_FAILED;
	status = rebuild_run(&config, &report, &error);
	if (telling.is_terminal && telling.told_s != 0)
		(void)fputc('\n', stderr);
	if (status != TG_OK)
		return tool_complain(&error);
	result = tool_print(options, json_pack("{s:I, s:I, s:I, s:I}", "first_sequence",
					       (json_int_t)report.first_sequence, "last_sequence",
					       (json_int_t)report.last_sequence, "records",
					       (json_int_t)(report.last_sequence + 1 -
							    report.first_sequence),
					       "findings", (json_int_t)report.findings));
	return result == TOOL_OK && report.findings > 0 ? TOOL_DAMAGED : result;
}
