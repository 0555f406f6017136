/*
 * restore.h - a data directory from a backup, and what it takes until a gateway may start on it.
 *
 * What was answered after the backup is lost, unless a mirror has it.  So a restored directory is
 * first told about in a report and waits for the operator's word; a gateway refuses it until then.
 * With that word
 *
 * - a new incarnation begins, with a salt of its own, behind every sequence that is known to have
 *   been in use, and some more: each sequence in between becomes a NOTE that says so.  No lost
 *   sequence is ever another record.
 * - if MariaDB has records that are lost, their rows are set aside in tables lost_..., and the
 *   others are emptied: the sink fills them anew from the journal.  So MariaDB is again what the
 *   journal says, and what is to be put right is put right by records.
 */
#ifndef TG_STORAGE_RESTORE_H
#define TG_STORAGE_RESTORE_H

#include "storage/database.h"
#include "storage/journal_verify.h"

#define RESTORE_MISSING_NAME "restore-missing.jsonl"
#define RESTORE_MEMBERS_NAME "restore-members.jsonl"
#define RESTORE_ACCEPTED_NAME "restore-accepted.json"

/* Borrowed for the call. */
struct restore_config {
	const struct storage_io *io;
	const char *instance;		/* NULL: of any */
	const char *backup;		/* its data directory */
	const char *backup_archive;
	const char *mirror;		/* of the journal; NULL: none */
	const char *mirror_archive;
	const char *directory;		/* to be made, or empty */
	const char *archive;		/* within it */
	const struct database_config *database; /* NULL: MariaDB is not asked */
	uint64_t skip_count;		/* sequences left unused behind the last one known */
};

/* What was found; also what the file JOURNAL_RESTORED_NAME says. */
struct restore_report {
	uint64_t backup_sequence;	/* last record of the backup */
	uint64_t mirror_sequence;	/* last record of the mirror; 0: none */
	uint64_t last_sequence;		/* last record restored */
	uint64_t snapshot_sequence;	/* newest snapshot restored; 0: none */
	bool	 is_database_asked;
	uint64_t database_sequence;	/* last record in MariaDB; 0: none */
	uint64_t lost_count;		/* records known to be lost */
	uint64_t lost_members;		/* members whose points these changed */
	uint64_t next_sequence;		/* the new incarnation's first record */
	int64_t	 booked_at_utc_ms;	/* of the last record restored */
	int32_t	 business_date;		/* of the last record restored */
	uint64_t epoch;
	uint64_t segment_bytes;
};

/*
 * Copy backup and mirror, verify what came of it, compare with MariaDB, write the reports.  Call
 * database_setup() before, with SIGPIPE ignored.  Blocks.
 *
 * TG_OK.  TG_CONFIG: the directory is not empty, or MariaDB was written from another journal.
 * TG_CORRUPT: backup or mirror is damaged, or no snapshot leads to its journal.  TG_FENCED: another
 * process has the directory.  TG_DATABASE: MariaDB cannot be asked.  TG_JOURNAL_FULL; TG_TOO_NEW;
 * TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status restore_run(const struct restore_config *config,
					 struct restore_report *ret_report,
					 struct storage_error *error);

/*
 * The operator's word: skip the lost sequences, set MariaDB's rows aside, let a gateway start.
 * database: NULL only where restore_run() had none.  salt: 64 random bits.  May be called again
 * after a failure.
 *
 * TG_OK.  TG_CONFIG: nothing waits here, or MariaDB was not asked then and is now, or the other way
 * round, or its cursor has moved since.  TG_CORRUPT: rows must be set aside, but the journal's
 * beginning is gone, so that MariaDB could not be filled anew.  Others as restore_run().
 */
TG_MUST_CHECK enum tg_status restore_accept(const struct storage_io *io, const char *directory,
					    const char *archive,
					    const struct database_config *database, uint64_t salt,
					    struct restore_report *ret_report,
					    struct storage_error *error);

#endif
