/*
 * archive_internal.h - what the files that ask the archive share: the connection, a snapshot of it,
 * values as they come out.
 *
 * For the files archive_*.c only.
 */
#ifndef TG_STORAGE_ARCHIVE_INTERNAL_H
#define TG_STORAGE_ARCHIVE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/archive_page.h"
#include "storage/archive_query.h"
#include "storage/database.h"
#include "storage/sink_cursor.h"

struct archive_query {
	struct database_config config;
	uint16_t shard;
	struct database *database;	/* owned; NULL: not connected */
	uint64_t next_sequence;		/* MariaDB's cursor in the snapshot begun last */
	struct archive_text text;	/* the last one that was asked for */
};

/* Milliseconds of a DATETIME column, as a number. */
#define SQL_MS(column) "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', " column ") DIV 1000"

/* A statement of the archive's, its longest. */
#define ARCHIVE_SQL_BYTES_MAX 4096
#define ARCHIVE_DATE_BYTES 16

/* The date as MariaDB writes it. */
void archive_format_date(int32_t day, char ret_text[ARCHIVE_DATE_BYTES]);

/* Begin a statement that the server gives up after a time; 0: it does not.  Returns its length. */
int archive_format_timeout(uint32_t timeout_ms, char *ret_sql, size_t bytes);

/* Points as the ledger's totals count them. */
int64_t archive_counted_points(uint32_t kind, uint32_t flags, int64_t points,
			       int64_t restored_less_taken);

/* Read entries into the page, after those it has: at most rows_max in all, one more is told. */
TG_MUST_CHECK enum tg_status archive_read_entries(struct archive_query *query,
						  const struct archive_page_question *question,
						  const char *where, struct archived_page *page,
						  struct storage_error *error);

/*
 * A slice of a proof, in the snapshot that is open; see archived_page.  TG_OK; as
 * archive_query_page().
 */
TG_MUST_CHECK enum tg_status archive_read_proof(struct archive_query *query,
						const struct archive_page_question *question,
						struct archived_page *page,
						struct storage_error *error);

/* A piece of a text; as archive_query_page(). */
TG_MUST_CHECK enum tg_status archive_read_document(struct archive_query *query,
						   const struct archive_page_question *question,
						   struct archived_document *ret_document,
						   struct storage_error *error);

void archive_text_deinit(struct archive_text *text);

/*
 * Connect if need be, and open a snapshot: everything before the cursor is seen, nothing else but
 * perhaps some entries.
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
