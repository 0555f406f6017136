/*
 * sink_session.h - the sink's time on one connection: from the first check to the last commit.
 *
 * Knows no waiting and no states: every call does one thing and tells how it went.
 */
#ifndef TG_STORAGE_SINK_SESSION_H
#define TG_STORAGE_SINK_SESSION_H

#include "storage/database.h"
#include "storage/sink.h"
#include "storage/sink_batch.h"
#include "storage/sink_cursor.h"
#include "storage/sink_entries.h"
#include "storage/sink_insert.h"

struct sink_session {
	struct database *database;	/* owned; NULL: closed */
	struct sink_insert inserts[SINK_TABLE_COUNT];
	struct sink_cursor cursor;	/* as committed */
	int32_t	 partition_month;	/* last one that partitions were looked after for */
	enum database_failure failure;	/* why rows of the last batch were refused, if they were */
};

/*
 * Connect, check, migrate, become the writer, prepare.  On failure the session is closed.
 * TG_OK; TG_FENCED; all others: not now.
 */
TG_MUST_CHECK enum tg_status sink_session_open(struct sink_session *session,
					       const struct sink_config *config,
					       const struct sink_batch *batch,
					       struct storage_error *error);

/* A closed one is fine. */
void sink_session_close(struct sink_session *session);

/*
 * See that the months around day have partitions.  Failures that leave the connection usable are
 * told in error with TG_OK, and the error's status is not TG_OK.
 * TG_OK; TG_DATABASE: the connection is lost.
 */
TG_MUST_CHECK enum tg_status sink_session_partition(struct sink_session *session, int32_t day,
						    uint32_t months_ahead,
						    struct storage_error *error);

/*
 * Write the batch and move the cursor to after, in one transaction; of a large batch the entries go
 * at the same time in one of their own, see sink_entries.h.
 *
 * TG_OK: committed, session->cursor is after.  Otherwise session and entries must be closed: it is
 * not known here whether the commit happened, the next session's cursor tells.
 * TG_FENCED; TG_CORRUPT: a row was refused for what it is (session->failure DATA or DUPLICATE);
 * TG_DATABASE.
 */
TG_MUST_CHECK enum tg_status sink_session_write(struct sink_session *session,
						const struct sink_config *config,
						struct sink_entries *entries,
						const struct sink_batch *batch,
						const struct sink_cursor *after,
						struct storage_error *error);

#endif
