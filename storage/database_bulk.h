/*
 * database_bulk.h - many rows in one statement: cells, rows of cells, prepared array binding.
 *
 * A row is a struct made of cells.  A cell holds a value where Connector/C picks it up, and says
 * whether it is NULL.  The whole array of rows goes to the server as one packet.
 */
#ifndef TG_STORAGE_DATABASE_BULK_H
#define TG_STORAGE_DATABASE_BULK_H

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"

#define CELL_ID_BYTES 16
#define CELL_TEXT_BYTES_MAX 96

/* Cells with a plain value.  Columns: name, type of the value, type on the wire, is it unsigned? */
#define CELL_PLAIN_LIST(X)                                                                         \
	X(u8, uint8_t, MYSQL_TYPE_TINY, true)                                                      \
	X(u16, uint16_t, MYSQL_TYPE_SHORT, true)                                                   \
	X(u32, uint32_t, MYSQL_TYPE_LONG, true)                                                    \
	X(i32, int32_t, MYSQL_TYPE_LONG, false)                                                    \
	X(u64, uint64_t, MYSQL_TYPE_LONGLONG, true)                                                \
	X(i64, int64_t, MYSQL_TYPE_LONGLONG, false)                                                \
	X(day, MYSQL_TIME, MYSQL_TYPE_DATE, false)                                                 \
	X(time, MYSQL_TIME, MYSQL_TYPE_DATETIME, false)

/* indicator: STMT_INDICATOR_NONE or STMT_INDICATOR_NULL. */
#define CELL_PLAIN_STRUCT(name, type, wire, is_unsigned)                                           \
	struct cell_##name {                                                                       \
		type value;                                                                        \
		char indicator;                                                                    \
	};
CELL_PLAIN_LIST(CELL_PLAIN_STRUCT)
#undef CELL_PLAIN_STRUCT

/* Sixteen bytes: an id or a hash. */
struct cell_id {
	uint8_t	 value[CELL_ID_BYTES];
	unsigned long length;
	char	 indicator;
};

/* A text in UTF-8. */
struct cell_text {
	char	 value[CELL_TEXT_BYTES_MAX];
	unsigned long length;
	char	 indicator;
};

enum cell_type {
#define CELL_PLAIN_ENUM(name, type, wire, is_unsigned) CELL_##name,
	CELL_PLAIN_LIST(CELL_PLAIN_ENUM)
#undef CELL_PLAIN_ENUM
	CELL_id,
	CELL_text,
	CELL_TYPE_COUNT,
};

/* Give a cell a value: cell_set_u8(&row.kind, 20). */
#define CELL_SET_INTEGER(name, type)                                                               \
	static inline void cell_set_##name(struct cell_##name *cell, type value)                   \
	{                                                                                          \
		cell->value = value;                                                               \
		cell->indicator = STMT_INDICATOR_NONE;                                             \
	}
CELL_SET_INTEGER(u8, uint8_t)
CELL_SET_INTEGER(u16, uint16_t)
CELL_SET_INTEGER(u32, uint32_t)
CELL_SET_INTEGER(i32, int32_t)
CELL_SET_INTEGER(u64, uint64_t)
CELL_SET_INTEGER(i64, int64_t)
#undef CELL_SET_INTEGER

/* Days since 1970-01-01.  False when the day has no date in MariaDB. */
TG_MUST_CHECK bool cell_set_day(struct cell_day *cell, int32_t day);

/* Milliseconds UTC.  False when they have no date in MariaDB. */
TG_MUST_CHECK bool cell_set_time(struct cell_time *cell, int64_t utc_ms);

void cell_set_id(struct cell_id *cell, const uint8_t *bytes);

/*
 * At most CELL_TEXT_BYTES_MAX bytes, up to the first zero byte.  What is not UTF-8 becomes '?':
 * a name that was cut in the middle of a character must not stop the tables.
 */
void cell_set_text(struct cell_text *cell, const uint8_t *bytes, size_t bytes_count);

/* A column of a row: where its cell lies. */
struct bulk_column {
	enum cell_type type;
	size_t	 offset;		/* of the cell in the row */
};

/* Make every cell of a row NULL. */
void bulk_clear_row(void *row, const struct bulk_column *columns, uint32_t column_count);

/* The columns that have a value in a row, as bits by their places; at most 64 columns. */
uint64_t bulk_row_columns(const void *row, const struct bulk_column *columns,
			  uint32_t column_count);

/* Bytes on the wire that one row takes at most. */
size_t bulk_row_wire_bytes_max(const struct bulk_column *columns, uint32_t column_count);

struct database_bulk;

/* A statement with a ? for each column, in their order. */
struct bulk_statement {
	const char *sql;
	const struct bulk_column *columns;
	uint32_t column_count;
	size_t	 row_bytes;		/* distance from one row to the next */
};

/*
 * Prepare.  statement: borrowed for the call.  ret_bulk: freed by the caller, best after the
 * database was closed: then nothing more is sent.  TG_OK; TG_DATABASE; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status database_bulk_prepare(struct database *database,
						   const struct bulk_statement *statement,
						   struct database_bulk **ret_bulk,
						   struct storage_error *error);

/*
 * Run the statement once for each of row_count (>= 1) rows.  ret_affected: rows changed, as the
 * server counts.  TG_OK; TG_CORRUPT, TG_DATABASE as database_run(), for some row of them.
 */
TG_MUST_CHECK enum tg_status database_bulk_run(struct database_bulk *bulk, void *rows,
					       uint32_t row_count, uint64_t *ret_affected,
					       struct storage_error *error);

/* NULL is fine. */
void database_bulk_free(struct database_bulk *bulk);

#endif
