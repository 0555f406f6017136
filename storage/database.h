/*
 * database.h - one connection to MariaDB: options, session, statements, errors.
 *
 * Owns everything that is particular to MariaDB Connector/C; its error numbers are translated here
 * and in database_bulk.c, and nowhere else.  Knows nothing of records or tables.  Every call
 * blocks, each for at most the configured time-outs; a database_cutter ends it sooner.
 */
#ifndef TG_STORAGE_DATABASE_H
#define TG_STORAGE_DATABASE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"
#include "storage/io.h"

struct database;

/*
 * Cuts the connection that is in use, from another thread, so that a blocking call returns with an
 * error soon.  Connecting itself is not cut: it ends with its own time-out.
 */
struct database_cutter {
	pthread_mutex_t lock;		/* guards the members below */
	int	 socket;		/* of the connection in use; -1: none */
	bool	 is_cut;		/* from now on no connection is opened */
};

/* TG_NO_MEMORY: no lock could be made. */
TG_MUST_CHECK enum tg_status database_cutter_init(struct database_cutter *cutter);
void database_cutter_deinit(struct database_cutter *cutter);

/* Cut now and for good.  Returns at once.  Any thread. */
void database_cutter_cut(struct database_cutter *cutter);

/* How to reach the server.  Texts are borrowed as long as the struct is in use; NULL: not set. */
struct database_config {
	const char *socket_path;	/* Unix socket; NULL: TCP to host and port */
	const char *host;
	uint16_t port;			/* 0: 3306 */
	const char *user;		/* NULL: the name of the process's owner */
	const char *password;
	const char *database;		/* not NULL */
	bool	 use_tls;		/* TLS is required, and the server's certificate verified */
	const char *tls_ca_path;	/* who signed it, PEM; NULL: whom the system trusts */
	const char *tls_certificate_path; /* of this client, with tls_key_path */
	const char *tls_key_path;
	const char *defaults_path;	/* option file, groups [client] and [tallygate] */
	uint32_t connect_timeout_s;	/* also of every step of logging in; 0: 5 */
	uint32_t io_timeout_s;		/* of one read or write; 0: 30 */
	struct database_cutter *cutter;	/* may be NULL */
};

/*
 * Make Connector/C ready.  Call once from the first thread, before another one opens a connection.
 * TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status database_setup(void);

/*
 * Connect and set the session: autocommit, READ COMMITTED, strict mode, time zone UTC, utf8mb4,
 * bounded waits for locks.  No reconnect behind our back, no LOCAL INFILE.
 *
 * ret_database: closed by the caller.
 * TG_OK; TG_CLOSED: the cutter cut; TG_DATABASE: not now, or not under this configuration;
 * TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status database_open(const struct database_config *config,
					   struct database **ret_database,
					   struct storage_error *error);

/* NULL is fine. */
void database_close(struct database *database);

/* Why the last call failed, which decides what can help. */
enum database_failure {
	DATABASE_FAILURE_NONE,
	DATABASE_FAILURE_LOST,		/* the connection: the outcome is unknown, use a new one */
	DATABASE_FAILURE_REFUSED,	/* not now: deadlock, lock, read only, disk, rights */
	DATABASE_FAILURE_SCHEMA,	/* a table, view or column is missing or in the way */
	DATABASE_FAILURE_DATA,		/* a value does not fit: it would fail again */
	DATABASE_FAILURE_DUPLICATE,	/* a key is there already */
};
enum database_failure database_failure(const struct database *database);

/*
 * Run a statement without rows.  ret_affected: rows changed; may be NULL.
 * TG_OK; TG_CORRUPT: failure DATA or DUPLICATE; TG_DATABASE: any other failure.
 */
TG_MUST_CHECK enum tg_status database_run(struct database *database, const char *sql,
					  uint64_t *ret_affected, struct storage_error *error);

#define DATABASE_COLUMNS_MAX 64	/* of a query's result */

/* One value of a row as text; text is NULL for NULL, and ends with a zero byte. */
struct database_cell {
	const char *text;
	size_t	 bytes;
};

/* Called for each row; cells live for the call only. */
typedef void database_row_fn(void *context, const struct database_cell *cells);

/* Run a statement and hand each row to on_row.  Results as database_run(). */
TG_MUST_CHECK enum tg_status database_query(struct database *database, const char *sql,
					    database_row_fn *on_row, void *context,
					    struct storage_error *error);

/*
 * Write text as an SQL literal with its quotes into ret_literal, which has 2 * bytes + 3 bytes.
 * Returns its length.
 */
size_t database_quote(struct database *database, const char *text, size_t bytes,
		      char *ret_literal);

/* The whole number in a cell; 0 for NULL or what is none. */
uint64_t database_cell_u64(const struct database_cell *cell);
int64_t database_cell_i64(const struct database_cell *cell);

#endif
