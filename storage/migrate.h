/*
 * migrate.h - bring the schema in MariaDB up to what this program knows.
 *
 * Migrations are the numbered files storage/migrations/NNNN_name.sql, built into the library.  What
 * was applied is noted in table schema_migration with a checksum.  A file that was changed after it
 * was applied is refused by name, and so is a schema newer than the program.
 *
 * Every statement may be run again, so a server that dies half-way does no harm; of two programs
 * that migrate at once one waits.
 */
#ifndef TG_STORAGE_MIGRATE_H
#define TG_STORAGE_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"

struct migration {
	uint32_t number;		/* from 1, without gaps */
	const char *name;		/* of the file */
	const char *text;		/* SQL; a statement ends with ; at the end of a line */
};

struct migration_list {
	const struct migration *rows;	/* by number, ascending */
	uint32_t count;
};

/* The migrations of this program. */
struct migration_list migrate_builtin(void);

/*
 * Apply what is missing, in order, and fill the tables of names (kinds, statuses, accounts).
 * is_dry: apply nothing, but refuse a schema that lacks something.
 * ret_applied: migrations applied now; may be NULL.
 *
 * TG_OK; TG_TOO_NEW: the schema has a migration that this program lacks; TG_CONFIG: an applied file
 * differs, or is_dry and one is missing; TG_DATABASE, TG_CORRUPT: the server refused, what it said
 * is in error.
 */
TG_MUST_CHECK enum tg_status migrate_run(struct database *database,
					 const struct migration_list *list, bool is_dry,
					 uint32_t *ret_applied, struct storage_error *error);

/*
 * Find the next statement in text from *offset on, comments before it left out; moves *offset
 * behind it.  ret_bytes: length without the semicolon.  NULL at the end.
 */
const char *migrate_next_statement(const char *text, size_t *offset, size_t *ret_bytes);

/* XXH3-128 over a migration's text, as 32 hexadecimal digits and a zero byte. */
#define MIGRATION_CHECKSUM_BYTES 33
void migrate_checksum(const struct migration *migration, char *ret_text);

#endif
