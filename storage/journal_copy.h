/*
 * journal_copy.h - copies of a journal's files: what one place lacks is copied from another.
 *
 * Every batch is checked as it is copied, and only what is durable is: the journal may be written,
 * and its segments archived, meanwhile.  A file gets its name when it is whole and synced, so that
 * a copy that was cut short is gone on with by the next.
 */
#ifndef TG_STORAGE_JOURNAL_COPY_H
#define TG_STORAGE_JOURNAL_COPY_H

#include "storage/journal_file.h"

/* Borrowed for the call. */
struct journal_copy {
	struct journal_source from;
	const char *directory;		/* exists; nobody else writes there */
	const char *archive_directory;	/* exists */
	uint64_t durable_sequence;	/* records up to it are durable for sure; 0: unknown */
	bool	 may_be_longer;		/* what is there may go on after the source; it stays */
};

struct journal_copied {
	uint64_t segments;	/* copied or copied anew */
	uint64_t segments_there; /* were the same already */
	uint64_t bytes;		/* written */
	uint64_t last_sequence;	/* of the records of the source that are there now; 0: none */
};

/*
 * Copy segments, journal and archive, in order.
 *
 * ret_copied: untouched on failure.  TG_OK.  TG_CONFIG: what is there is of another instance, or
 * has records that the source lacks: another history.  TG_CORRUPT: the source is damaged: file,
 * offset and sequence in error.  TG_JOURNAL_FULL: no room; TG_TOO_NEW; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status journal_copy_run(const struct journal_copy *copy,
					      struct journal_copied *ret_copied,
					      struct storage_error *error);

/*
 * Copy the snapshot of a sequence as it is, unless it is there.  ret_bytes: written.
 * TG_OK; TG_JOURNAL_FULL; TG_NO_MEMORY; TG_IO: also when it is gone.
 */
TG_MUST_CHECK enum tg_status journal_copy_snapshot(const struct storage_io *io, const char *from,
						   const char *to, uint64_t sequence,
						   uint64_t *ret_bytes,
						   struct storage_error *error);

#endif
