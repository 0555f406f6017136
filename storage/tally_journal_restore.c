/*
 * tally_journal_restore.c - the command restore: both halves of it.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>

#include "storage/restore.h"
#include "storage/restore_report.h"
#include "storage/tally_journal.h"

static const struct database_config *
wanted_database(const struct tool_options *options)
{
	return options->is_without_database ? NULL : &options->database;
}

/* Where compressed segments of the restored directory go. */
static enum tg_status
restored_archive(const struct tool_options *options, char *ret_archive, struct storage_error *error)
{
	return options->has_archive
		       ? storage_path_copy(ret_archive, options->archive, error)
		       : storage_path(ret_archive, options->argument, TOOL_ARCHIVE_NAME, error);
}

static enum tg_status
restore(const struct tool_options *options, struct restore_report *ret_report,
	struct storage_error *error)
{
	char archive[STORAGE_PATH_BYTES_MAX];
	char backup_archive[STORAGE_PATH_BYTES_MAX];
	char mirror_archive[STORAGE_PATH_BYTES_MAX];
	const struct restore_config config = { .io = &options->io,
					       .instance = options->instance,
					       .backup = options->from,
					       .backup_archive = backup_archive,
					       .mirror = options->mirror,
					       .mirror_archive = mirror_archive,
					       .directory = options->argument,
					       .archive = archive,
					       .database = wanted_database(options),
					       .skip_count = options->skip_count };
	enum tg_status status = restored_archive(options, archive, error);

	if (status == TG_OK)
		status = storage_path(backup_archive, options->from, TOOL_ARCHIVE_NAME, error);
	if (status == TG_OK && options->mirror != NULL)
		status = storage_path(mirror_archive, options->mirror, TOOL_ARCHIVE_NAME, error);
	return status == TG_OK ? restore_run(&config, ret_report, error) : status;
}

static enum tg_status
accept_restored(const struct tool_options *options, struct restore_report *ret_report,
		struct storage_error *error)
{
	char archive[STORAGE_PATH_BYTES_MAX];
	uint64_t salt;
	enum tg_status status = restored_archive(options, archive, error);

	if (status == TG_OK && getrandom(&salt, sizeof salt, 0) != (ssize_t)sizeof salt)
		status = storage_fail(error, TG_IO, "no random numbers from the system");
	if (status != TG_OK)
		return status;
	return restore_accept(&options->io, options->argument, archive, wanted_database(options),
			      salt, ret_report, error);
}

enum tool_exit
run_restore(const struct tool_options *options)
{
	struct storage_error error = { 0 };
	struct restore_report report;
	enum tool_exit result;
	enum tg_status status;

	if (options->is_accepting == (options->from != NULL)) {
		(void)fprintf(stderr, "tally-journal: restore --from BACKUP DIRECTORY, then "
				      "restore --accept DIRECTORY\n");
		return TOOL_FAILED;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (database_setup() != TG_OK)
		return TOOL_FAILED;
	if (options->is_accepting)
		status = accept_restored(options, &report, &error);
	else
		status = restore(options, &report, &error);
	if (status != TG_OK)
		return tool_complain(&error);
	result = tool_print(options, restore_report_json(&report));
	if (!options->is_json && !options->is_accepting)
		(void)printf("\nmissing records: %s/" RESTORE_MISSING_NAME "\n"
			     "their members:   %s/" RESTORE_MEMBERS_NAME "\n"
			     "No gateway starts on %s before: tally-journal restore --accept %s\n",
			     options->argument, options->argument, options->argument,
			     options->argument);
	return result;
}
