/*
 * sink_table.h - the tables as the sink sees them: columns, INSERT statements, rows in memory.
 */
#ifndef TG_STORAGE_SINK_TABLE_H
#define TG_STORAGE_SINK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"
#include "storage/sink_columns.h"

struct sink_column {
	const char *name;
	enum sink_role role;
};

/* What is fixed about a table. */
struct sink_table {
	const char *name;
	const struct sink_column *columns;
	const struct bulk_column *cells; /* parallel to columns */
	uint32_t column_count;
	size_t	 row_bytes;
	uint32_t rows_per_record_max;
	uint32_t rows_per_record_mean;
};

extern const struct sink_table sink_tables[SINK_TABLE_COUNT];

#define SINK_SQL_BYTES_MAX 8192
#define SINK_COLUMNS_MAX 64	/* of a table: sets of them are bits */
#define SINK_COLUMNS_ALL UINT64_MAX

/*
 * The INSERT of a table with a ? for each of the columns, and the update where its columns have
 * roles for that.  columns: bits by their places; those beyond the last do not count.  ret_sql:
 * SINK_SQL_BYTES_MAX bytes.
 */
void sink_table_sql(const struct sink_table *table, uint64_t columns, char *ret_sql);

/* How many of the columns there are, and their cells.  ret_cells: room for SINK_COLUMNS_MAX. */
uint32_t sink_table_cells(const struct sink_table *table, uint64_t columns,
			  struct bulk_column *ret_cells);

/* Is a second row with the same key an error? */
bool sink_table_is_plain(const struct sink_table *table);

/* Rows of one table. */
struct sink_rows {
	const struct sink_table *table;
	uint8_t	*rows;			/* owned; capacity rows of table->row_bytes */
	uint32_t count;
	uint32_t capacity;
};

/* Room for what records_max records make on average and one more at its largest. */
TG_MUST_CHECK enum tg_status sink_rows_init(struct sink_rows *rows, const struct sink_table *table,
					    uint32_t records_max);
void sink_rows_deinit(struct sink_rows *rows);

/* Is there room for all that one record can make? */
bool sink_rows_has_room(const struct sink_rows *rows);

/* The next row, every cell NULL.  There must be room. */
void *sink_rows_claim(struct sink_rows *rows);

/* The columns in which any row has a value. */
uint64_t sink_rows_columns(const struct sink_rows *rows);

/* The row at index < count. */
void *sink_rows_at(const struct sink_rows *rows, uint32_t index);

#endif
