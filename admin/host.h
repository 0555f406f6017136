/*
 * host.h - what the console asks of the gateway around it.
 *
 * The gateway fills a struct console_host and hands it to console_start(); a test fills it with a
 * fake.  The console never touches sessions, queues, clock or ledger by other ways.
 *
 * Threads: each console session runs on a thread of its own (at most CONSOLE_SESSIONS_MAX), so
 * every function here is called by any of them, several at once, and may block.  Before
 * console_stop() the gateway makes all of them return TG_SHUTTING_DOWN, those that wait at that
 * moment too.
 */
#ifndef TG_ADMIN_HOST_H
#define TG_ADMIN_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "ledger/request.h"
#include "protocol/status.h"

/* What figures() is asked for; each is a command `show ...`. */
enum host_topic {
	HOST_STATS,		/* requests, delays, tables, connections, clock, alarms */
	HOST_JOURNAL,		/* durable sequence, batches, segments, disk, archive, snapshots */
	HOST_SINK,		/* cursor, lag, state of MariaDB, last error */
	HOST_VERSION,		/* program, build, instance, incarnation, start time */
	HOST_MEMORY,		/* of the process, and the tables' */
	HOST_THREADS,		/* name, processor time */
	HOST_LIMITS,		/* how near the bounds are: tables, connections, queues */
	HOST_SNAPSHOTS,		/* made since the start, and there */
};

#define HOST_FIGURES_MAX 128
#define HOST_BULK_MAX 128
#define HOST_FIGURE_TEXT_BYTES 96

/* One line of figures.  Strings other than text are static. */
struct host_figure {
	const char *name;	/* "durable sequence" */
	const char *unit;	/* "records", "ms", "bytes"; "" for none and for texts */
	bool	 is_text;	/* text counts, not number */
	int64_t	 number;
	char	 text[HOST_FIGURE_TEXT_BYTES]; /* ends with a NUL; control bytes are taken out */
};

/* A key of the configuration in force.  Strings but value are static. */
struct host_setting {
	char	 name[64];		/* "limits.in_flight" */
	char	 value[192];		/* as it stands in the file; cut where longer */
	const char *unit;
	bool	 is_reloadable;
};

#define HOST_WHY_BYTES 512
#define HOST_CODE_BYTES 15 /* "7K3M-9QXT-2B4C" */

/* One connection of a terminal or of a partner's system. */
struct host_session {
	uint64_t id;		/* as in the log */
	char	 peer[64];	/* address and port */
	char	 state[24];	/* "open", "handshake", "hello" ... */
	char	 tls[16];	/* "TLSv1.3"; "plain" */
	uint32_t partner, store, terminal; /* 0 before authentication */
	uint32_t in_flight;	/* requests without an answer */
	uint64_t requests;	/* since it opened */
	int64_t	 open_ms;	/* since it opened */
	int64_t	 idle_ms;	/* since its last request */
};

/* How a partner, or everybody, is served. */
struct host_service {
	bool	 is_drained;		/* taken out of service by an operator */
	uint32_t connections;		/* open now */
	int64_t	 drain_ms;		/* after so long those that are left are cut */
};

#define HOST_SOFTWARE_BYTES 65

/* What a terminal has told of itself since the start of the gateway. */
struct host_terminal {
	uint32_t terminal, partner, store;
	uint32_t session_count;	/* open now */
	uint16_t key_generation; /* that its last session was opened with; 0: by certificate */
	int64_t	 heard_utc_ms;	/* last opening or PING */
	char	 software[HOST_SOFTWARE_BYTES]; /* "" until told; UTF-8, ends with a NUL */
	bool	 has_queue, has_skew; /* what follows of each is told */
	uint32_t queue_depth;	/* requests in store and forward */
	uint32_t queue_age_s;	/* of the oldest of them */
	int64_t	 skew_ms;	/* how far its clock is ahead of the gateway's */
	int32_t	 settled_day;	/* last day settled, DAY_NONE: not told */
	int32_t	 counted_day;	/* of its own counts, DAY_NONE: not told */
	int64_t	 counted_transactions, counted_points;
	int32_t	 compared_day;	/* day of the differences, DAY_NONE: none */
	int64_t	 difference_transactions; /* what it counted more than the ledger */
	int64_t	 difference_points;
};

/* What an operator did, for the log: every command, refused ones too. */
struct host_audit {
	const char *operator_name;
	const char *origin;	/* "console uid=1000 pid=4711" */
	const char *command;	/* printable UTF-8; identifiers masked to the last four */
	const char *result;	/* "ok", or the reason of the refusal */
	uint64_t sequence;	/* of the record it became, 0: none */
};

/* Runs on the ledger's thread between requests: reads, takes at most about a millisecond. */
typedef void host_ledger_fn(const struct ledger *ledger, void *argument);

struct console_host {
	void *context;		/* borrowed; first argument of every function */
	bool is_sandbox;	/* nothing of this instance counts: tell whoever logs in */
	int64_t second_points;	/* adjustments of more need a second operator; 0: none does */
	bool needs_second_for_rates; /* so do commands whose row says RIGHT_SECOND */
	int64_t proposal_ms;	/* how long a proposal waits for its second operator */

	/*
	 * Ask the ledger and wait until the answer may be told: until everything it rests on is
	 * durable.  request is borrowed for the call.
	 * TG_OK: *ret_answer is set, and may hold a refusal.  TG_BUSY, TG_SHUTTING_DOWN: not asked.
	 * TG_TIMEOUT: the outcome is unknown.
	 */
	enum tg_status (*submit)(void *context, const struct ledger_request *request,
				 struct ledger_answer *ret_answer);

	/*
	 * As submit(), for count requests in order, HOST_BULK_MAX at most, behind those of
	 * terminals: for rows by the hundred thousand.  TG_OK: each answer is set, and may hold a
	 * refusal.  Others: some may have been asked, and the outcome is unknown.
	 */
	enum tg_status (*submit_bulk)(void *context, const struct ledger_request *requests,
				      uint32_t count, struct ledger_answer *ret_answers);

	/*
	 * As submit(), for a request of kind CLOCK: clock_utc_ms 0 accepts the wall clock, else it
	 * moves the stepped clock there.  Returns when cut-offs that became due are recorded, too.
	 * Besides submit()'s: TG_FORBIDDEN: not for this kind of clock; TG_BAD_FIELD: in the past.
	 */
	enum tg_status (*set_clock)(void *context, const struct ledger_request *request,
				    struct ledger_answer *ret_answer);

	/*
	 * Run fn on the ledger's thread, and wait until what it may have seen is durable.
	 * TG_OK; TG_BUSY; TG_SHUTTING_DOWN: fn did not run.
	 */
	enum tg_status (*run_on_ledger)(void *context, host_ledger_fn *fn, void *argument);

	/*
	 * Hash an identifier under the gateway's keys.  text: UTF-8 as read at a till.
	 * TG_OK; TG_BAD_FIELD: not a possible identifier of that type.
	 */
	enum tg_status (*hash_identifier)(void *context, uint8_t type, const char *text,
					  struct identifier_hash *ret_hash);

	/*
	 * Make a one-time code for a terminal, and the hash of it that the ledger keeps.
	 * ret_code: HOST_CODE_BYTES, with its NUL.  ret_hash: 16 bytes.
	 * TG_OK; TG_NO_MEMORY: there are no random numbers.
	 */
	enum tg_status (*make_code)(void *context, uint32_t terminal, char *ret_code,
				    uint8_t *ret_hash);

	/*
	 * Read one durable record from journal or archive, as record_encode() made it, into
	 * bytes[0..capacity).  Blocks for as long as reading a segment takes.
	 * TG_OK; TG_UNKNOWN_TRANSACTION: there is none with that sequence (any more); TG_IO,
	 * TG_CORRUPT.
	 */
	enum tg_status (*read_record)(void *context, uint64_t sequence, uint8_t *bytes,
				      uint32_t capacity, uint32_t *ret_bytes);

	/*
	 * Read durable records in order, from sequence on (at most the durable one + 1), following
	 * the journal as it grows.  A reader belongs to the thread that opened it; ret_reader is
	 * given back by close_records().  Block for reading only.
	 *
	 * next_record(): *ret_bytes lives until the next call; *ret_count 0: nothing more for now.
	 * TG_OK; TG_UNKNOWN_TRANSACTION: neither journal nor archive has it any more; TG_IO,
	 * TG_CORRUPT.
	 */
	uint64_t (*durable_sequence)(void *context);
	enum tg_status (*open_records)(void *context, uint64_t sequence, void **ret_reader);
	enum tg_status (*next_record)(void *context, void *reader, const uint8_t **ret_bytes,
				      uint32_t *ret_count);
	void (*close_records)(void *context, void *reader);

	/* Fill figures[0..HOST_FIGURES_MAX); returns how many. */
	uint32_t (*figures)(void *context, enum host_topic topic, struct host_figure *figures);

	/*
	 * Fill rows with open sessions, in order of id, from the first with an id above after_id
	 * (0: from the beginning).  Returns how many, rows_max at most; fewer: those were the last.
	 */
	uint32_t (*sessions)(void *context, uint64_t after_id, struct host_session *rows,
			     uint32_t rows_max);

	/* Close a session once its answers in flight are told.  Returns at once. */
	void (*kill_session)(void *context, uint64_t id);

	/* Fill rows with keys from the first-th on.  Returns how many, rows_max at most. */
	uint32_t (*settings)(void *context, uint32_t first, struct host_setting *rows,
			     uint32_t rows_max);

	/*
	 * Read the configuration again; or set a reloadable key of it until then.  Wait until it is
	 * in force.  why: HOST_WHY_BYTES, set unless TG_OK where there is more to say.
	 * TG_OK; TG_CONFIG: refused, nothing has changed; TG_SHUTTING_DOWN; TG_NO_MEMORY.
	 */
	enum tg_status (*reload)(void *context, char *why);
	enum tg_status (*set)(void *context, const char *key, const char *value, char *why);

	/* What a terminal has told of itself.  False: it has had no session since the start. */
	bool (*terminal)(void *context, uint32_t number, struct host_terminal *ret_row);

	/*
	 * Make a snapshot now and wait for it.  ret_sequence: of the last record in it.
	 * TG_OK; TG_OUT_OF_TURN: one is being made already; TG_IO and others: it was not made.
	 */
	enum tg_status (*snapshot)(void *context, uint64_t *ret_sequence);

	/*
	 * Take a partner's terminals and systems, or everybody (partner 0), out of service or back
	 * in.  Returns at once; service() tells how far it has come.  TG_OK; TG_SHUTTING_DOWN;
	 * TG_TABLE_FULL.
	 */
	enum tg_status (*serve)(void *context, uint32_t partner, bool is_served);
	struct host_service (*service)(void *context, uint32_t partner);

	/* Begin to drain and stop.  Returns at once. */
	void (*shutdown)(void *context);

	/* The ledger's time, ms UTC, and business date (DAY_NONE: none yet). */
	int64_t (*utc_ms)(void *context);
	int32_t (*business_date)(void *context);

	/* Write down what an operator did. */
	void (*audit)(void *context, const struct host_audit *audit);
};

#endif
