/*
 * archive_internal.h - what the files that ask the archive share: the connection, a snapshot of it,
 * values as they come out.
 *
 * For archive_query.c and archive_page.c only.
 */
#ifndef TG_STORAGE_ARCHIVE_INTERNAL_H
#define TG_STORAGE_ARCHIVE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/archive_query.h"
#include "storage/database.h"
#include "storage/sink_cursor.h"

struct archive_query {
	struct database_config config;
	uint16_t shard;
	struct database *database;	/* owned; NULL: not connected */
};

/* Milliseconds of a DATETIME column, as a number. */
#define SQL_MS(column) "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', " column ") DIV 1000"

/*
 * Connect if need be, and open a snapshot: everything before the cursor is seen, nothing else.
 * archive_end() follows, whatever this returns.  TG_OK; as database_open() and database_query().
 */
TG_MUST_CHECK enum tg_status archive_begin(struct archive_query *query,
					   struct sink_cursor *ret_cursor,
					   struct storage_error *error);

/*
 * Close the snapshot, and after a failure the connection.  status: of what was asked.  Returns it;
 * TG_CORRUPT becomes TG_DATABASE.
 */
TG_MUST_CHECK enum tg_status archive_end(struct archive_query *query, enum tg_status status);

/*
 * The bytes of a cell in hexadecimal capitals.  False, and bytes of 0: it is NULL or has another
 * length.
 */
bool archive_cell_bytes(const struct database_cell *cell, uint8_t *ret_bytes, size_t bytes_count);

#endif
