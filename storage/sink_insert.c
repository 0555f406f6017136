/*
 * sink_insert.c - the INSERTs of one table: which columns a batch has no value for is left out.
 *
 * One statement for all rows of a batch, not one for each kind of record: rows go in the order of
 * their sequences, so that pages fill from left to right.
 */
#include "storage/sink_insert.h"

#include <inttypes.h>
#include <string.h>

#include "protocol/assert.h"

#define ROWS_TO_PREPARE_FOR 100 /* preparing costs as much as some ten rows */
#define SPARE_COLUMNS_MAX 4	/* without values, in a statement that is used instead */

static enum tg_status
prepare(struct sink_insert *insert, uint64_t columns, struct sink_insert_shape *shape,
	struct storage_error *error)
{
	const struct sink_table *table = insert->table;
	char sql[SINK_SQL_BYTES_MAX];
	struct bulk_column cells[SINK_COLUMNS_MAX];
	const struct bulk_statement statement = {
		.sql = sql,
		.columns = cells,
		.column_count = sink_table_cells(table, columns, cells),
		.row_bytes = table->row_bytes,
	};
	struct database_bulk *bulk;
	enum tg_status status;

	sink_table_sql(table, columns, sql);
	status = database_bulk_prepare(insert->database, &statement, &bulk, error);
	if (status != TG_OK)
		return status;
	database_bulk_free(shape->bulk);
	*shape = (struct sink_insert_shape){ .columns = columns, .bulk = bulk };
	return TG_OK;
}

enum tg_status
sink_insert_open(struct sink_insert *insert, struct database *database,
		 const struct sink_table *table, struct storage_error *error)
{
	*insert = (struct sink_insert){ .database = database, .table = table };
	return prepare(insert, SINK_COLUMNS_ALL, &insert->whole, error);
}

void
sink_insert_close(struct sink_insert *insert)
{
	database_bulk_free(insert->whole.bulk);
	for (int i = 0; i < SINK_INSERT_SHAPES_MAX; i++)
		database_bulk_free(insert->shapes[i].bulk);
	*insert = (struct sink_insert){ .database = NULL };
}

/* The statement with the fewest columns among those that have all of these. */
static const struct sink_insert_shape *
find_shape(const struct sink_insert *insert, uint64_t columns)
{
	const struct sink_insert_shape *best = &insert->whole;

	for (int i = 0; i < SINK_INSERT_SHAPES_MAX; i++) {
		const struct sink_insert_shape *shape = &insert->shapes[i];

		if (shape->bulk != NULL && (columns & ~shape->columns) == 0 &&
		    __builtin_popcountll(shape->columns) < __builtin_popcountll(best->columns))
			best = shape;
	}
	return best;
}

/* How many columns a statement has beyond those that are needed. */
static int
count_spare(const struct sink_table *table, uint64_t columns, uint64_t needed)
{
	const uint64_t all = UINT64_MAX >> (SINK_COLUMNS_MAX - table->column_count);

	return __builtin_popcountll(columns & all & ~needed);
}

enum tg_status
sink_insert_run(struct sink_insert *insert, const struct sink_rows *rows,
		struct storage_error *error)
{
	const struct sink_insert_shape *shape = &insert->whole;
	const bool is_plain = sink_table_is_plain(insert->table);
	uint64_t affected = 0;
	enum tg_status status;

	/* An update must say of each column what becomes of it. */
	if (is_plain) {
		const uint64_t columns = sink_rows_columns(rows);

		shape = find_shape(insert, columns);
		if (rows->count >= ROWS_TO_PREPARE_FOR &&
		    count_spare(insert->table, shape->columns, columns) > SPARE_COLUMNS_MAX) {
			struct sink_insert_shape *made = &insert->shapes[insert->next_shape];

			status = prepare(insert, columns, made, error);
			if (status != TG_OK)
				return status;
			insert->next_shape = (insert->next_shape + 1) % SINK_INSERT_SHAPES_MAX;
			shape = made;
		}
	}
	status = database_bulk_run(shape->bulk, rows->rows, rows->count, &affected, error);
	if (status == TG_OK && is_plain && affected != rows->count)
		return storage_fail(error, TG_CORRUPT,
				    "MariaDB took %" PRIu64 " of %" PRIu32 " rows of %s",
				    affected, rows->count, rows->table->name);
	return status;
}
