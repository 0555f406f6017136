/*
 * sink_entries.h - entries by a connection of their own, while there is much to write.
 *
 * Entries with their three indexes are more than half of MariaDB's work, and one connection is one
 * thread there.  So a large batch goes in two transactions at once: its entries in one, all other
 * rows and the cursor in another.  The entries are committed just before the rest.  When the rest
 * is not, entry_ahead names the entries that lie beyond the cursor, and the next session takes them
 * away before it writes: sink_cursor_take().
 */
#ifndef TG_STORAGE_SINK_ENTRIES_H
#define TG_STORAGE_SINK_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"
#include "storage/sink_insert.h"
#include "storage/sink_worker.h"

/* One thread's, but for what the job writes while it runs, and the cutter. */
struct sink_entries {
	struct database_config config;	/* with the cutter below */
	struct database_cutter cutter;
	uint16_t shard;
	uint64_t epoch;
	struct sink_worker *worker;	/* owned; NULL: entries go with the rest */
	struct database *database;	/* owned; NULL: closed */
	struct sink_insert insert;
	bool	 is_refused;		/* there is no second connection for this session */

	/* What the job in hand is, and what came of it. */
	const struct sink_rows *rows;	/* borrowed while the job is in hand; else NULL */
	uint64_t first_sequence;
	uint64_t next_sequence;
	enum tg_status status;
	struct storage_error error;
};

/* config: borrowed, but for its cutter.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status sink_entries_init(struct sink_entries *entries,
					       const struct database_config *config,
					       uint16_t shard, uint64_t epoch);
void sink_entries_deinit(struct sink_entries *entries);

/* A thread to write them from now on; without memory for one there is none, and nothing is lost. */
void sink_entries_start(struct sink_entries *entries);
void sink_entries_stop(struct sink_entries *entries);

/*
 * Is there a connection to write by?  Opens it, blocking, if there was none; when that fails, there
 * is none until the next sink_entries_close().
 */
bool sink_entries_are_ready(struct sink_entries *entries);

/*
 * When they are ready: begin to write the entries of the records from first_sequence to before
 * next_sequence, in a transaction.  Does not block.  One of the next two must follow.
 */
void sink_entries_begin(struct sink_entries *entries, const struct sink_rows *rows,
			uint64_t first_sequence, uint64_t next_sequence);

/*
 * Wait until they are written, and commit them.
 * TG_OK; others as sink_session_write(), then sink_entries_close() must follow.
 */
TG_MUST_CHECK enum tg_status sink_entries_commit(struct sink_entries *entries,
						 struct storage_error *error);

/* Wait until they are written, for nothing: sink_entries_close() must follow, and rolls back. */
void sink_entries_drop(struct sink_entries *entries);

/* With no job in hand.  A closed one is fine. */
void sink_entries_close(struct sink_entries *entries);

#endif
