/*
 * rebuild.h - fills MariaDB from the files of a journal, by the sink.
 *
 * The rows are made by the sink's own code, in batches of its own, with its cursor: what was
 * rebuilt in part is gone on with, here or by a gateway.
 */
#ifndef TG_STORAGE_REBUILD_H
#define TG_STORAGE_REBUILD_H

#include "storage/journal_file.h"
#include "storage/sink.h"

/* How far it is. */
struct rebuild_progress {
	uint64_t next_sequence;	 /* of the first record not in MariaDB */
	uint64_t last_sequence;	 /* of the last one to be written */
	uint64_t records;	 /* written by this call */
	const char *trouble;	 /* why MariaDB cannot be written now; NULL: it can */
};

/* Called a few times a second by the thread that called rebuild_run(). */
typedef void rebuild_progress_fn(void *context, const struct rebuild_progress *progress);

/* Borrowed for the call. */
struct rebuild_config {
	struct journal_source source;
	struct sink_config sink;	/* epoch: taken from the journal */
	bool	 may_resume;		/* of a database that holds the beginning */
	uint32_t patience_ms;		/* without progress: give up */
	rebuild_progress_fn *on_progress;
	void	*context;		/* of on_progress */
};

struct rebuild_report {
	uint64_t first_sequence;	/* written by this call; above last_sequence: none */
	uint64_t last_sequence;		/* in MariaDB now */
	uint64_t findings;		/* of the schema's own checks, 0 when all is well */
};

/*
 * Write all durable records there are, then run the schema's checks.  Call database_setup() before,
 * with SIGPIPE ignored.  Blocks.
 *
 * TG_OK.  TG_CONFIG: the database is not empty, or with may_resume not written from this journal.
 * TG_CORRUPT: the records that MariaDB needs next are gone from journal and archive, or damaged, or
 * cannot be written: first one in error.  TG_FENCED: another writer.  TG_DATABASE: not to be had,
 * now or for patience_ms.  TG_TOO_NEW; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status rebuild_run(const struct rebuild_config *config,
					 struct rebuild_report *ret_report,
					 struct storage_error *error);

/*
 * Was MariaDB written from this journal?  The cursor's chain over all records is computed anew from
 * the first one on; where the beginning is gone, its hash of the last one is compared.
 *
 * TG_OK; TG_CONFIG: another journal, or the journal ends before the cursor; TG_CORRUPT and others
 * as journal_file_read_from().
 */
TG_MUST_CHECK enum tg_status rebuild_compare_cursor(const struct journal_source *source,
						    uint64_t first_sequence,
						    const struct sink_cursor *cursor,
						    struct storage_error *error);

#endif
