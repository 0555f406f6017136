/*
 * sink.h - writes every durable record to MariaDB, exactly once and in order.
 *
 * One thread writes a batch while another makes the rows of the next.  Records are read from a
 * source (the journal, never memory), turned into rows, and written in batches: rows, totals and
 * the cursor in one transaction.  While there is much to write, entries go by a second connection
 * and are committed just before the rest, see sink_entries.h.  After anything that goes wrong the
 * sink connects anew and goes on where the cursor in MariaDB stands, so that an unknown COMMIT is
 * no question.  While MariaDB is away, nothing else notices.
 */
#ifndef TG_STORAGE_SINK_H
#define TG_STORAGE_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"
#include "storage/sink_cursor.h"
#include "storage/sink_source.h"

struct sink;

#define SINK_BATCH_RECORDS_MAX 4500 /* their rows fit into packets of half 16 MiB, with some room */

/* Borrowed as long as the sink lives, but for database.cutter, which is the sink's own. */
struct sink_config {
	struct database_config database;
	uint16_t shard;			/* of the ledger; 0 */
	uint64_t epoch;			/* of the journal: ownership, never lower than before */
	uint32_t batch_records;		/* in one transaction at most; 0: 2000 */
	uint32_t split_records;		/* batches of so many go by two connections; 0: 1000 */
	uint32_t pause_ms;		/* after a batch that was not full: the next is larger */
	uint32_t idle_ms;		/* between two looks at an empty source; 0: 20 */
	uint32_t retry_min_ms;		/* wait after a failure, doubled each time; 0: 100 */
	uint32_t retry_max_ms;		/* ... up to this; 0: 5000 */
	uint32_t months_ahead;		/* partitions made ahead, 0..24 */
	uint32_t clearing_records;	/* summed for settlement at a time; 0: 100000 */
	bool	 is_schema_foreign;	/* do not migrate: refuse a schema that lacks something */
	bool	 may_lose_commits;	/* take a server that does not flush at each commit */
};

/* Columns: name, text. */
/* clang-format off */
#define SINK_STATE_LIST(X) \
	X(NEW,        "not started") \
	X(CONNECTING, "connecting to MariaDB") \
	X(FOLLOWING,  "writing what becomes durable") \
	X(WAITING,    "MariaDB cannot be written now; trying again") \
	X(STOPPED,    "stopped") \
	X(FENCED,     "stopped: another gateway owns these tables") \
	X(ALARM,      "stopped: someone must look, no record may be skipped")
/* clang-format on */

enum sink_state {
#define SINK_STATE_ENUM(name, text) SINK_##name,
	SINK_STATE_LIST(SINK_STATE_ENUM)
#undef SINK_STATE_ENUM
};

/* "FOLLOWING" and its text. */
const char *sink_state_name(enum sink_state state);
const char *sink_state_text(enum sink_state state);

/* What the console shows.  Each figure is right, together they may be a batch apart. */
struct sink_status {
	enum sink_state state;
	bool	 has_position;		/* the cursor was read: next_sequence and lag are known */
	uint64_t next_sequence;		/* first record not in MariaDB */
	uint64_t durable_sequence;	/* last record that could be there */
	uint64_t lag_records;		/* durable but not in MariaDB */
	int64_t	 written_utc_ms;	/* booked_at of the last record written; 0: none yet */
	int64_t	 oldest_waiting_utc_ms;	/* booked_at of the first record that waits; 0: none seen */
	uint64_t records;		/* written since the start */
	uint64_t batches;		/* transactions committed since the start */
	uint64_t connects;		/* connections made */
	uint64_t failures;		/* batches or connections that had to be tried again */
	char	 error[STORAGE_ERROR_TEXT_BYTES]; /* the last one; empty: none */
};

/*
 * Make a sink; takes all memory it will need.  Does not connect.  source: borrowed.  Call
 * database_setup() before.  TG_OK; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status sink_new(const struct sink_config *config,
				      const struct sink_source *source, struct sink **ret_sink,
				      struct storage_error *error);

/* After sink_run() has returned, or instead of it.  NULL is fine. */
void sink_free(struct sink *sink);

/*
 * Write until told to stop: the body of the sink's thread.  Retries for ever what can pass, also a
 * server that is not there yet.  Must run with SIGPIPE ignored.
 *
 * TG_OK: told to stop.  TG_FENCED: a higher epoch owns the tables.  TG_CORRUPT: a record that
 * cannot be written, a key that was there already, a journal that is not the one MariaDB was
 * written from; error names the sequence.  After these two the cursor stands before the first
 * record not written.
 */
TG_MUST_CHECK enum tg_status sink_run(struct sink *sink, struct storage_error *error);

/*
 * What sink_run() does over and over: connect, or write a batch.  ret_wait_ms: before the next
 * turn; 0: none.  For a caller without a thread.  Results as sink_run(), but that TG_OK is the
 * usual one, whatever passes.
 */
TG_MUST_CHECK enum tg_status sink_turn(struct sink *sink, uint32_t *ret_wait_ms,
				       struct storage_error *error);

/* Stop after the transaction in hand.  Returns at once; any thread. */
void sink_stop(struct sink *sink);

/* Stop, and cut the connection: for a server that does not answer.  Returns at once; any thread. */
void sink_cut(struct sink *sink);

/* Any thread; does not block on MariaDB. */
struct sink_status sink_status(struct sink *sink);

/*
 * Read the cursor before the gateway starts: records before its next_sequence have been durable, so
 * a journal that lacks them is damaged.  Own connection.
 * TG_OK; TG_DATABASE: not to be had now; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status sink_read_cursor(const struct database_config *config, uint16_t shard,
					      struct sink_cursor *ret_cursor,
					      struct storage_error *error);

#endif
