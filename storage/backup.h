/*
 * backup.h - a second data directory, from which a gateway could start.
 *
 * Newest snapshot, journal segments, archive: what a gateway that runs has made durable.  Nothing
 * of the gateway's is locked or changed.  Run again into the same directory it copies what is new.
 */
#ifndef TG_STORAGE_BACKUP_H
#define TG_STORAGE_BACKUP_H

#include "storage/journal_copy.h"

/* Borrowed for the call. */
struct backup_config {
	struct journal_source source;	/* the gateway's; archive_directory not NULL */
	const char *directory;		/* of the backup; made if need be */
	const char *archive_directory;	/* within it */
};

struct backup_report {
	struct journal_copied journal;
	uint64_t snapshot_sequence;	/* of the newest snapshot; 0: there is none */
	uint64_t snapshot_bytes;	/* written for it; 0: it was there */
};

/*
 * Copy.  Locks the directory of the backup, not the source.  Does not verify: journal_verify()
 * does.  TG_OK.  TG_FENCED: another backup, or a gateway, works in that directory.  TG_CONFIG: it
 * holds another history.  TG_CORRUPT: the source is damaged or there is no journal.  Others as
 * journal_copy_run().
 */
TG_MUST_CHECK enum tg_status backup_run(const struct backup_config *config,
					struct backup_report *ret_report,
					struct storage_error *error);

#endif
