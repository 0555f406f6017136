/*
 * journal_mirror.h - a data directory and its mirror, made equal before the journal is opened.
 *
 * Both were written by the same calls (io_mirror.h), so that one is the other's beginning, unless a
 * disk was lost, damaged or exchanged.  The longer sound one is right; the other is completed from
 * it.  Two that went on differently are refused: a person must say which is right.
 */
#ifndef TG_STORAGE_JOURNAL_MIRROR_H
#define TG_STORAGE_JOURNAL_MIRROR_H

#include "storage/journal.h"

/* Borrowed for the call. */
struct journal_mirror_config {
	const struct storage_io *io;
	const char *directory;		/* both are locked by the caller */
	const char *archive_directory;
	const char *mirror_directory;
	const char *mirror_archive_directory;
	const char *instance;
	bool	 goes_on_alone;		/* when the mirror cannot be read or completed */
};

/*
 * Compare and complete.  ret_report: untouched on failure.  Blocks: reads all segments of both that
 * are not archived, and copies what one lacks, archive and snapshots too.
 *
 * TG_OK, with goes_on_alone also when the mirror could not be had: verdict LOST.  TG_CONFIG: both
 * have records that the other lacks, or are of different instances.  TG_CORRUPT: both are damaged.
 * TG_TOO_NEW; TG_JOURNAL_FULL; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status journal_mirror_reconcile(const struct journal_mirror_config *config,
						      struct journal_mirror_report *ret_report,
						      struct storage_error *error);

#endif
