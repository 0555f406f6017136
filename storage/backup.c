/*
 * backup.c - a second data directory, from which a gateway could start.
 *
 * The snapshot goes first: what it stands on is durable in the journal, and is copied after it.
 */
#include "storage/backup.h"

#include "storage/snapshot.h"

#define LOCK_NAME "lock"
#define ATTEMPTS_MAX 5 /* a snapshot may be removed between listing and copying */

/* Copy the newest snapshot of the source, if there is one, and forget all but two. */
static enum tg_status
copy_snapshot(const struct backup_config *config, struct backup_report *report,
	      struct storage_error *error)
{
	const struct storage_io *io = config->source.io;
	enum tg_status status = TG_IO;

	for (int attempt = 0; attempt < ATTEMPTS_MAX && status == TG_IO; attempt++) {
		struct snapshot_list list = { .count = 0 };

		status = snapshot_list(io, config->source.directory, &list, error);
		if (status != TG_OK || list.count == 0)
			return status;
		report->snapshot_sequence = list.sequences[0];
		status = journal_copy_snapshot(io, config->source.directory, config->directory,
					       report->snapshot_sequence, &report->snapshot_bytes,
					       error);
	}
	if (status == TG_OK)
		status = snapshot_prune(io, config->directory, SNAPSHOT_KEEP_MIN, error);
	return status;
}

static enum tg_status
copy_all(const struct backup_config *config, struct backup_report *report,
	 struct storage_error *error)
{
	struct journal_copy copy = { .from = config->source,
				     .directory = config->directory,
				     .archive_directory = config->archive_directory };
	enum tg_status status = copy_snapshot(config, report, error);

	copy.durable_sequence = report->snapshot_sequence;
	if (status == TG_OK)
		status = journal_copy_run(&copy, &report->journal, error);
	if (status == TG_OK && report->journal.segments + report->journal.segments_there == 0)
		return storage_fail(error, TG_CORRUPT, "%s holds no journal",
				    config->source.directory);
	return status;
}

enum tg_status
backup_run(const struct backup_config *config, struct backup_report *ret_report,
	   struct storage_error *error)
{
	const struct storage_io *io = config->source.io;
	struct backup_report report = { .snapshot_sequence = 0 };
	char lock_path[STORAGE_PATH_BYTES_MAX];
	int lock = -1;
	enum tg_status status = storage_make_directory(io, config->directory, error);

	if (status == TG_OK)
		status = storage_make_directory(io, config->archive_directory, error);
	if (status == TG_OK)
		status = storage_path(lock_path, config->directory, LOCK_NAME, error);
	if (status == TG_OK)
		status = io->lock(io->context, lock_path, &lock, error);
	if (status == TG_OK)
		status = copy_all(config, &report, error);
	if (lock >= 0)
		io->close(io->context, lock);
	if (status == TG_OK)
		*ret_report = report;
	return status;
}
