/*
 * database_check.h - is this server, as it is set, fit to hold the settlement?
 */
#ifndef TG_STORAGE_DATABASE_CHECK_H
#define TG_STORAGE_DATABASE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"

struct database_needs {
	const char *const *tables;	/* that must be there, in InnoDB and utf8mb4 */
	size_t	 table_count;
	size_t	 packet_bytes;		/* that one statement may take */
	bool	 may_lose_commits;	/* innodb_flush_log_at_trx_commit may be other than 1 */
};

/*
 * Check the session (strict mode, UTC, READ COMMITTED), the server (commits flushed, room in
 * packets) and the tables.  Another storage engine would break exactly-once without a word.
 *
 * TG_OK; TG_CONFIG: text says what to change; TG_DATABASE, TG_CORRUPT as database_run().
 */
TG_MUST_CHECK enum tg_status database_check(struct database *database,
					    const struct database_needs *needs,
					    struct storage_error *error);

#endif
