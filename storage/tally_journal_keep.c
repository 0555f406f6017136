/*
 * tally_journal_keep.c - the commands that write: backup and rebuild.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "storage/backup.h"
#include "storage/journal_verify.h"
#include "storage/rebuild.h"
#include "storage/tally_journal.h"

#define PATIENCE_MS 60000
#define PROGRESS_S 1
#define REBUILD_BATCH_RECORDS SINK_BATCH_RECORDS_MAX

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

/* Are both paths the same directory? */
static bool
is_same_place(const char *one, const char *other)
{
	char *first = realpath(one, NULL);
	char *second = realpath(other, NULL);
	bool is_same = first != NULL && second != NULL && strcmp(first, second) == 0;

	free(first);
	free(second);
	return is_same;
}

enum tg_status
tool_verify_copy(const struct tool_options *options, const char *directory, const char *archive,
		 struct verify_report *ret_report, struct storage_error *error)
{
	const struct verify_config config = {
		.source = { .io = &options->io,
			    .directory = directory,
			    .archive_directory = archive,
			    .instance = options->instance,
			    .is_unconfirmed_wanted = true },
		.snapshot_directory = directory,
	};

	return journal_verify(&config, ret_report, error);
}

enum tool_exit
run_backup(const struct tool_options *options)
{
	char archive[STORAGE_PATH_BYTES_MAX];
	struct backup_config config = { .source = tool_source(options),
					.directory = options->argument,
					.archive_directory = archive };
	struct verify_report verified = { .records = 0 };
	struct storage_error error = { 0 };
	struct backup_report report;
	enum tg_status status;

	status = storage_path(archive, options->argument, TOOL_ARCHIVE_NAME, &error);
	if (status == TG_OK && is_same_place(options->directory, options->argument))
		status = storage_fail(&error, TG_CONFIG, "%s is the data directory itself",
				      options->argument);
	if (status == TG_OK)
		status = backup_run(&config, &report, &error);
	if (status == TG_OK && !options->is_unverified)
		status = tool_verify_copy(options, config.directory, archive, &verified, &error);
	if (status == TG_OK && !options->is_unverified &&
	    verified.last_sequence != report.journal.last_sequence)
		status = storage_fail(&error, TG_CORRUPT, "%s ends before what was copied",
				      config.directory);
	if (status != TG_OK)
		return tool_complain(&error);
	return tool_print(
		options,
		json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:s}", "backup", config.directory,
			  "last_sequence", (json_int_t)report.journal.last_sequence, "snapshot",
			  (json_int_t)report.snapshot_sequence, "segments_copied",
			  (json_int_t)report.journal.segments, "segments_there",
			  (json_int_t)report.journal.segments_there, "bytes_copied",
			  (json_int_t)(report.journal.bytes + report.snapshot_bytes), "verdict",
			  options->is_unverified	? "not verified"
			  : verified.is_state_verified	? "sound"
			  : verified.records == 0	? "empty"
							: "sound, state not verified: no "
							  "snapshot leads to what is there"));
}
