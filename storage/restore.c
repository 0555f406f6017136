/*
 * restore.c - a data directory from a backup, with a report of what is missing.
 *
 * The file JOURNAL_RESTORED_NAME is made first, and a gateway refuses the directory while it is
 * there; so a restoring that was cut short is never taken for one that was accepted.
 */
#include "storage/restore.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "storage/journal_copy.h"
#include "storage/journal_survey.h"
#include "storage/rebuild.h"
#include "storage/restore_database.h"
#include "storage/restore_report.h"
#include "storage/segment_list.h"
#include "storage/snapshot.h"

#define LOCK_NAME "lock"
#define SHARD 0 /* while there is one ledger */

/* One restoring under way. */
struct restoring {
	const struct restore_config *config;
	struct restore_report report;
	struct journal_survey survey;	/* of what was restored */
	struct report_lines lines;	/* the list being written */
	uint64_t listed_sequence;	/* the last one in the list */
};

static struct journal_source
restored_source(const struct restore_config *config)
{
	return (struct journal_source){ .io = config->io,
					.directory = config->directory,
					.archive_directory = config->archive,
					.instance = config->instance,
					.is_unconfirmed_wanted = true };
}

/* Nothing of a journal may be there. */
static enum tg_status
check_empty(const struct restore_config *config, struct storage_error *error)
{
	const struct storage_io *io = config->io;
	char marker[STORAGE_PATH_BYTES_MAX];
	struct snapshot_list snapshots = { .count = 0 };
	struct segment_list segments;
	struct storage_stat facts = { .exists = false };
	enum tg_status status =
		segment_list_read(io, config->directory, config->archive, &segments, error);

	if (status != TG_OK)
		return status;
	segment_list_deinit(&segments);
	status = snapshot_list(io, config->directory, &snapshots, error);
	if (status == TG_OK)
		status = storage_path(marker, config->directory, JOURNAL_RESTORED_NAME, error);
	if (status == TG_OK)
		status = io->stat(io->context, marker, &facts, error);
	if (status == TG_OK && (segments.count > 0 || snapshots.count > 0 || facts.exists))
		return storage_fail(error, TG_CONFIG, "%s is not empty", config->directory);
	return status;
}

static enum tg_status
copy_snapshots(struct restoring *r, const char *from, struct storage_error *error)
{
	const struct restore_config *config = r->config;
	struct snapshot_list list = { .count = 0 };
	uint64_t bytes;
	enum tg_status status = snapshot_list(config->io, from, &list, error);

	for (uint32_t i = 0; i < list.count && i < SNAPSHOT_KEEP_MIN && status == TG_OK; i++) {
		status = journal_copy_snapshot(config->io, from, config->directory,
					       list.sequences[i], &bytes, error);
		if (r->report.snapshot_sequence < list.sequences[i])
			r->report.snapshot_sequence = list.sequences[i];
	}
	return status;
}

static enum tg_status
copy_from(struct restoring *r, const char *directory, const char *archive, uint64_t *ret_last,
	  struct storage_error *error)
{
	const struct restore_config *config = r->config;
	const struct journal_copy copy = { .from = { .io = config->io,
						     .directory = directory,
						     .archive_directory = archive,
						     .instance = config->instance,
						     .is_unconfirmed_wanted = true },
					   .directory = config->directory,
					   .archive_directory = config->archive,
					   .may_be_longer = true };
	struct journal_copied copied;
	enum tg_status status = copy_snapshots(r, directory, error);

	if (status == TG_OK)
		status = journal_copy_run(&copy, &copied, error);
	if (status == TG_OK && copied.segments + copied.segments_there == 0)
		return storage_fail(error, TG_CONFIG, "%s holds no journal", directory);
	if (status == TG_OK)
		*ret_last = copied.last_sequence;
	return status;
}

/* Is what came of it sound, and does it lead to a state? */
static enum tg_status
verify_restored(struct restoring *r, struct storage_error *error)
{
	const struct verify_config config = { .source = restored_source(r->config),
					      .snapshot_directory = r->config->directory };
	struct verify_report verified;
	enum tg_status status = journal_verify(&config, &verified, error);

	if (status == TG_OK && !verified.is_state_verified && verified.records > 0)
		return storage_fail(error, TG_CORRUPT,
				    "%s: the records begin with %" PRIu64
				    ", and no snapshot stands for those before",
				    r->config->directory, verified.first_sequence);
	if (status == TG_OK)
		status = journal_survey(&config.source, &r->survey, error);
	if (status != TG_OK)
		return status;
	r->report.last_sequence = r->survey.last_sequence;
	r->report.epoch = r->survey.epoch;
	r->report.segment_bytes = r->survey.segment_bytes;
	return TG_OK;
}

/* Read the last record: what comes after it is not booked before it. */
static enum tg_status
read_last(struct restoring *r, struct record *record, struct storage_error *error)
{
	const struct journal_source source = restored_source(r->config);
	struct journal_reader *reader;
	struct journal_item item;
	size_t bytes_count;
	enum tg_status status =
		journal_file_read_from(&source, r->report.last_sequence, &reader, error);

	if (status != TG_OK)
		return status;
	/* A mark may stand before it: the journal was idle. */
	do
		status = journal_reader_next(reader, &item, error);
	while (status == TG_OK && item.kind == JOURNAL_MARK);
	if (status == TG_OK && item.kind != JOURNAL_RECORD)
		status = storage_fail(error, TG_CORRUPT, "record %" PRIu64 " is missing",
				      r->report.last_sequence);
	if (status == TG_OK && record_decode(item.bytes, item.bytes_count, record, &bytes_count) !=
				       TG_OK)
		status = storage_fail(error, TG_CORRUPT, "record %" PRIu64 " cannot be decoded",
				      r->report.last_sequence);
	journal_reader_close(reader);
	if (status != TG_OK)
		return status;
	r->report.booked_at_utc_ms = record->booked_at_utc_ms;
	r->report.business_date =
		RECORD_HAS(record, DATE) ? record->next_business_date : record->business_date;
	return TG_OK;
}

/* A line for each sequence up to below that nobody knows anything of. */
static enum tg_status
list_unknown(struct restoring *r, uint64_t below, struct storage_error *error)
{
	enum tg_status status = TG_OK;

	while (status == TG_OK && r->listed_sequence + 1 < below)
		status = report_lines_put(&r->lines,
					  json_pack("{s:I, s:b}", "sequence",
						    (json_int_t)++r->listed_sequence,
						    "is_in_mariadb", 0),
					  error);
	return status;
}

static enum tg_status
list_entry(void *context, const struct lost_entry *entry, struct storage_error *error)
{
	struct restoring *r = context;
	enum tg_status status = list_unknown(r, entry->sequence, error);

	if (status != TG_OK)
		return status;
	r->listed_sequence = entry->sequence;
	return report_lines_put(
		&r->lines,
		json_pack("{s:I, s:b, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}",
			  "sequence", (json_int_t)entry->sequence, "is_in_mariadb", 1, "kind",
			  entry->kind, "status", entry->status, "booked_at", entry->booked_at,
			  "partner", entry->partner, "terminal", entry->terminal, "transaction_id",
			  entry->transaction_id, "member", entry->member, "amount", entry->amount,
			  "points", entry->points),
		error);
}

static enum tg_status
list_member(void *context, const struct lost_points *points, struct storage_error *error)
{
	struct restoring *r = context;

	r->report.lost_members++;
	return report_lines_put(&r->lines,
				json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "member",
					  (json_int_t)points->member, "lost_available",
					  (json_int_t)points->available, "lost_pending",
					  (json_int_t)points->pending, "lost_held",
					  (json_int_t)points->held, "lost_debt",
					  (json_int_t)points->debt, "records",
					  (json_int_t)points->records),
				error);
}

/* Write what MariaDB knows of the records after the last one restored. */
static enum tg_status
list_lost(struct restoring *r, struct database *database, struct storage_error *error)
{
	const struct restore_config *config = r->config;
	const uint64_t last = r->report.last_sequence;
	const uint64_t to = r->report.database_sequence;
	enum tg_status status = report_lines_open(&r->lines, config->io, config->directory,
						  RESTORE_MISSING_NAME, error);

	r->listed_sequence = last;
	if (status == TG_OK && to > last)
		status = restore_database_entries(database, last + 1, to, list_entry, r, error);
	if (status == TG_OK)
		status = list_unknown(r, to + 1, error);
	status = report_lines_close(&r->lines, status, error);
	if (status != TG_OK)
		return status;
	r->report.lost_count = to > last ? to - last : 0;
	status = report_lines_open(&r->lines, config->io, config->directory, RESTORE_MEMBERS_NAME,
				   error);
	if (status == TG_OK && to > last)
		status = restore_database_members(database, last + 1, to, list_member, r,
						  error);
	return report_lines_close(&r->lines, status, error);
}

/* Was MariaDB written from this journal, as far as both go? */
static enum tg_status
compare_database(struct restoring *r, struct database *database, const struct sink_cursor *cursor,
		 const struct record *last, struct storage_error *error)
{
	const struct journal_source source = restored_source(r->config);
	bool is_same = true;
	enum tg_status status;

	if (r->report.database_sequence <= r->report.last_sequence)
		return rebuild_compare_cursor(&source, r->survey.first_sequence, cursor, error);
	if (r->report.last_sequence == 0)
		return TG_OK;
	status = restore_database_has(database, last, &is_same, error);
	if (status == TG_OK && !is_same)
		return storage_fail(error, TG_CONFIG,
				    "record %" PRIu64 " is another in the database: it was not "
				    "written from this journal",
				    last->sequence);
	return status;
}

static enum tg_status
ask_database(struct restoring *r, const struct record *last, struct storage_error *error)
{
	struct sink_cursor cursor;
	struct database *database;
	enum tg_status status = database_open(r->config->database, &database, error);

	if (status != TG_OK)
		return status;
	status = sink_cursor_read(database, SHARD, &cursor, error);
	if (status == TG_OK) {
		r->report.is_database_asked = true;
		r->report.database_sequence = cursor.next_sequence - 1;
		status = compare_database(r, database, &cursor, last, error);
	}
	if (status == TG_OK)
		status = list_lost(r, database, error);
	database_close(database);
	return status;
}

/*
 * Behind which sequence does the new incarnation begin?  Of a journal whose mirror goes as far as
 * anybody knows nothing is missing; else more may have been answered than MariaDB was told.
 */
static void
choose_next(struct restoring *r)
{
	struct restore_report *report = &r->report;
	uint64_t known = report->last_sequence;
	bool is_whole = report->mirror_sequence > 0 && report->lost_count == 0;

	if (report->database_sequence > known)
		known = report->database_sequence;
	report->next_sequence = known + 1 + (is_whole ? 0 : r->config->skip_count);
}

/* All that is done under the directory's lock. */
static enum tg_status
restore_locked(struct restoring *r, struct record *last, struct storage_error *error)
{
	const struct restore_config *config = r->config;
	struct restore_report *report = &r->report;
	enum tg_status status = check_empty(config, error);

	if (status == TG_OK)
		status = restore_report_write(config->io, config->directory, NULL, error);
	if (status == TG_OK)
		status = copy_from(r, config->backup, config->backup_archive,
				   &report->backup_sequence, error);
	if (status == TG_OK && config->mirror != NULL)
		status = copy_from(r, config->mirror, config->mirror_archive,
				   &report->mirror_sequence, error);
	if (status == TG_OK)
		status = verify_restored(r, error);
	if (status == TG_OK && report->last_sequence > 0)
		status = read_last(r, last, error);
	if (status == TG_OK && config->database != NULL)
		status = ask_database(r, last, error);
	if (status != TG_OK)
		return status;
	choose_next(r);
	return restore_report_write(config->io, config->directory, report, error);
}

enum tg_status
restore_run(const struct restore_config *config, struct restore_report *ret_report,
	    struct storage_error *error)
{
	const struct storage_io *io = config->io;
	struct restoring r = { .config = config };
	struct record *last = malloc(sizeof *last);
	char lock_path[STORAGE_PATH_BYTES_MAX];
	int lock = -1;
	enum tg_status status;

	if (last == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a record");
	status = storage_make_directory(io, config->directory, error);
	if (status == TG_OK)
		status = storage_make_directory(io, config->archive, error);
	if (status == TG_OK)
		status = storage_path(lock_path, config->directory, LOCK_NAME, error);
	if (status == TG_OK)
		status = io->lock(io->context, lock_path, &lock, error);
	if (status == TG_OK)
		status = restore_locked(&r, last, error);
	if (lock >= 0)
		io->close(io->context, lock);
	free(last);
	if (status == TG_OK)
		*ret_report = r.report;
	return status;
}
