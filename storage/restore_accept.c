/*
 * restore_accept.c - the operator's word: lost sequences are passed over, MariaDB's rows set aside.
 *
 * Each step can be done again, and the file that keeps a gateway from starting goes last.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/record.h"
#include "storage/journal_survey.h"
#include "storage/restore.h"
#include "storage/restore_database.h"
#include "storage/restore_report.h"
#include "storage/sink_cursor.h"

#define SHARD 0 /* while there is one ledger */
#define OPERATOR "restore"
#define NOTE "lost: no record of this sequence was restored"
#define BATCH_BYTES (64 * 1024)
#define RESERVE_BYTES 0

/* What is needed to write the notes. */
struct noting {
	const struct storage_io *io;
	const char *directory;
	const char *archive;
	const struct restore_report *report;
	uint64_t salt;
	struct record *record;	/* room for one */
	uint8_t *bytes;		/* room for a batch */
};

/* The record that stands where a lost one was. */
static void
make_note(const struct noting *n, uint64_t sequence)
{
	struct record *record = n->record;

	record_init(record);
	record->sequence = sequence;
	record->booked_at_utc_ms = n->report->booked_at_utc_ms;
	record->business_date = n->report->business_date;
	record->kind = RECORD_NOTE;
	record->status = TG_OK;
	record->sections = RECORD_HAS_BIT(OPERATOR) | RECORD_HAS_BIT(TEXT);
	memset(record->operator_name, 0, sizeof record->operator_name);
	memset(record->origin, 0, sizeof record->origin);
	memcpy(record->operator_name, OPERATOR, strlen(OPERATOR));
	record->text_bytes = (uint8_t)strlen(NOTE);
	memcpy(record->text, NOTE, record->text_bytes);
}

/* Append notes from sequence first on, as many as fit; *ret_count of them. */
static enum tg_status
append_notes(const struct noting *n, struct journal *journal, uint64_t first, uint32_t *ret_count,
	     struct storage_error *error)
{
	struct journal_batch batch = { .records = n->bytes,
				       .first_sequence = first,
				       .written_at_utc_ms = n->report->booked_at_utc_ms };

	while (first + batch.count < n->report->next_sequence) {
		size_t length;

		make_note(n, first + batch.count);
		length = record_encode(n->record, n->bytes + batch.records_bytes,
				       BATCH_BYTES - batch.records_bytes);
		if (length == 0)
			break;
		batch.records_bytes += length;
		batch.count++;
	}
	*ret_count = batch.count;
	return journal_append(journal, &batch, error);
}

/* Begin the new incarnation, with a note for each sequence that is passed over. */
static enum tg_status
begin_incarnation(const struct noting *n, struct storage_error *error)
{
	const struct restore_report *report = n->report;
	const struct journal_source source = { .io = n->io,
					       .directory = n->directory,
					       .archive_directory = n->archive,
					       .is_unconfirmed_wanted = true };
	struct journal_config config = { .io = n->io,
					 .directory = n->directory,
					 .archive_directory = n->archive,
					 .epoch = report->epoch,
					 .salt = n->salt,
					 .segment_bytes = report->segment_bytes,
					 .reserve_bytes = RESERVE_BYTES,
					 .is_restoring = true };
	struct journal_opened opened;
	struct journal_survey survey;
	struct journal *journal;
	enum tg_status status = journal_survey(&source, &survey, error);

	if (status != TG_OK)
		return status;
	config.instance = survey.instance;
	status = journal_file_open(&config, &journal, &opened, error);
	if (status != TG_OK)
		return status;
	for (uint64_t next = opened.last_sequence + 1;
	     next < report->next_sequence && status == TG_OK;) {
		uint32_t count;

		status = append_notes(n, journal, next, &count, error);
		next += count;
	}
	journal_close(journal);
	return status;
}

/* Is MariaDB as the report says, or being set aside already? */
static enum tg_status
check_cursor(const struct restore_report *report, const struct sink_cursor *cursor,
	     struct storage_error *error)
{
	uint64_t found = cursor->next_sequence - 1;

	if (found == report->database_sequence || (!cursor->is_there && report->lost_count > 0))
		return TG_OK;
	return storage_fail(error, TG_CONFIG,
			    "the database had records up to %" PRIu64 " when the report was made, "
			    "and has records up to %" PRIu64 " now",
			    report->database_sequence, found);
}

/* MariaDB has records that are lost: their rows leave the tables. */
static enum tg_status
see_to_database(const struct noting *n, const struct database_config *config,
		struct storage_error *error)
{
	const struct restore_report *report = n->report;
	const struct journal_source source = { .io = n->io,
					       .directory = n->directory,
					       .archive_directory = n->archive };
	struct journal_survey survey;
	struct sink_cursor cursor;
	struct database *database;
	enum tg_status status = database_open(config, &database, error);

	if (status != TG_OK)
		return status;
	status = sink_cursor_read(database, SHARD, &cursor, error);
	if (status == TG_OK)
		status = check_cursor(report, &cursor, error);
	if (status == TG_OK)
		status = journal_survey(&source, &survey, error);
	if (status == TG_OK && report->lost_count > 0 && survey.first_sequence > 1)
		status = storage_fail(error, TG_CORRUPT,
				      "the database has %" PRIu64 " records that are lost, and "
				      "could not be filled anew: records 1 to %" PRIu64
				      " are gone from the archive.  Restore a backup of the "
				      "database of record %" PRIu64 " or before, and restore again",
				      report->lost_count, survey.first_sequence - 1,
				      report->last_sequence);
	if (status == TG_OK && report->lost_count > 0)
		status = restore_database_set_aside(database, SHARD, report->last_sequence, error);
	database_close(database);
	return status;
}

enum tg_status
restore_accept(const struct storage_io *io, const char *directory, const char *archive,
	       const struct database_config *database, uint64_t salt,
	       struct restore_report *ret_report, struct storage_error *error)
{
	struct restore_report report;
	struct noting n = { .io = io,
			    .directory = directory,
			    .archive = archive,
			    .report = &report,
			    .salt = salt };
	enum tg_status status = restore_report_read(io, directory, &report, error);

	if (status != TG_OK)
		return status;
	if (report.is_database_asked != (database != NULL))
		return storage_fail(error, TG_CONFIG,
				    "%s: the database was %sasked when this was restored",
				    directory, report.is_database_asked ? "" : "not ");
	n.record = malloc(sizeof *n.record);
	n.bytes = malloc(BATCH_BYTES);
	if (n.record == NULL || n.bytes == NULL)
		status = storage_fail(error, TG_NO_MEMORY, "no memory for notes");
	/* First what can be refused. */
	if (status == TG_OK && database != NULL)
		status = see_to_database(&n, database, error);
	if (status == TG_OK)
		status = begin_incarnation(&n, error);
	if (status == TG_OK)
		status = restore_report_accept(io, directory, error);
	free(n.record);
	free(n.bytes);
	if (status == TG_OK)
		*ret_report = report;
	return status;
}
