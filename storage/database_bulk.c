/*
 * database_bulk.c - many rows in one statement: cells, rows of cells, prepared array binding.
 *
 * Row-wise binding: Connector/C steps from row to row by STMT_ATTR_ROW_SIZE, for values, lengths
 * and indicators alike, and finds texts in the row itself.
 */
#include "storage/database_bulk.h"

#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "protocol/assert.h"
#include "storage/civil.h"
#include "storage/database_internal.h"

#define LENGTH_NONE SIZE_MAX
#define WIRE_OVERHEAD_BYTES 10	/* of a value: indicator and length */

/* How a type of cell is bound. */
struct cell_shape {
	enum enum_field_types wire;
	bool	 is_unsigned;
	size_t	 bytes;			/* of the value */
	size_t	 length_offset;		/* LENGTH_NONE: the type says it */
	size_t	 indicator_offset;
};

/* The value is the first member of every cell. */
static const struct cell_shape cell_shapes[CELL_TYPE_COUNT] = {
#define CELL_PLAIN_SHAPE(name, type, wire, is_unsigned)                                            \
	[CELL_##name] = { wire, is_unsigned, sizeof(type), LENGTH_NONE,                            \
			  offsetof(struct cell_##name, indicator) },
	CELL_PLAIN_LIST(CELL_PLAIN_SHAPE)
#undef CELL_PLAIN_SHAPE
	[CELL_id] = { MYSQL_TYPE_BLOB, false, CELL_ID_BYTES, offsetof(struct cell_id, length),
		      offsetof(struct cell_id, indicator) },
	[CELL_text] = { MYSQL_TYPE_STRING, false, CELL_TEXT_BYTES_MAX,
			offsetof(struct cell_text, length),
			offsetof(struct cell_text, indicator) },
};

bool
cell_set_day(struct cell_day *cell, int32_t day)
{
	struct civil_date date;

	if (!civil_from_day(day, &date))
		return false;
	cell->value = (MYSQL_TIME){
		.year = (unsigned int)date.year,
		.month = (unsigned int)date.month,
		.day = (unsigned int)date.day,
		.time_type = MYSQL_TIMESTAMP_DATE,
	};
	cell->indicator = STMT_INDICATOR_NONE;
	return true;
}

bool
cell_set_time(struct cell_time *cell, int64_t utc_ms)
{
	struct civil_date date;
	int32_t day;
	int32_t ms_of_day;

	if (!civil_split_ms(utc_ms, &day, &ms_of_day) || !civil_from_day(day, &date))
		return false;
	cell->value = (MYSQL_TIME){
		.year = (unsigned int)date.year,
		.month = (unsigned int)date.month,
		.day = (unsigned int)date.day,
		.hour = (unsigned int)ms_of_day / 3600000,
		.minute = (unsigned int)ms_of_day / 60000 % 60,
		.second = (unsigned int)ms_of_day / 1000 % 60,
		.second_part = (unsigned long)ms_of_day % 1000 * 1000,
		.time_type = MYSQL_TIMESTAMP_DATETIME,
	};
	cell->indicator = STMT_INDICATOR_NONE;
	return true;
}

void
cell_set_id(struct cell_id *cell, const uint8_t *bytes)
{
	memcpy(cell->value, bytes, CELL_ID_BYTES);
	cell->length = CELL_ID_BYTES;
	cell->indicator = STMT_INDICATOR_NONE;
}

void
cell_set_text(struct cell_text *cell, const uint8_t *bytes, size_t bytes_count)
{
	size_t length = strnlen((const char *)bytes, bytes_count);
	const uint8_t *bad;

	if (length > CELL_TEXT_BYTES_MAX)
		length = CELL_TEXT_BYTES_MAX;
	memcpy(cell->value, bytes, length);
	while ((bad = u8_check((const uint8_t *)cell->value, length)) != NULL)
		cell->value[bad - (const uint8_t *)cell->value] = '?';
	cell->length = length;
	cell->indicator = STMT_INDICATOR_NONE;
}

void
bulk_clear_row(void *row, const struct bulk_column *columns, uint32_t column_count)
{
	for (uint32_t i = 0; i < column_count; i++) {
		const struct cell_shape *shape = &cell_shapes[columns[i].type];

		((char *)row)[columns[i].offset + shape->indicator_offset] = STMT_INDICATOR_NULL;
	}
}

uint64_t
bulk_row_columns(const void *row, const struct bulk_column *columns, uint32_t column_count)
{
	uint64_t set = 0;

	TG_ASSERT(column_count <= 64);
	for (uint32_t i = 0; i < column_count; i++) {
		const struct cell_shape *shape = &cell_shapes[columns[i].type];
		const char *cell = (const char *)row + columns[i].offset;

		if (cell[shape->indicator_offset] != STMT_INDICATOR_NULL)
			set |= (uint64_t)1 << i;
	}
	return set;
}

size_t
bulk_row_wire_bytes_max(const struct bulk_column *columns, uint32_t column_count)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < column_count; i++)
		sum += WIRE_OVERHEAD_BYTES + cell_shapes[columns[i].type].bytes;
	return sum;
}

struct database_bulk {
	struct database *database;	/* borrowed */
	MYSQL_STMT *statement;		/* owned */
	MYSQL_BIND *binds;		/* owned; buffers are set for each run */
	struct bulk_column *columns;	/* owned */
	uint32_t column_count;
	size_t	 row_bytes;
};

/* As database_fail(), with the error of the statement. */
static enum tg_status
fail(struct database_bulk *bulk, const char *what, struct storage_error *error)
{
	const struct database_trouble trouble = {
		.number = mysql_stmt_errno(bulk->statement),
		.state = mysql_stmt_sqlstate(bulk->statement),
		.text = mysql_stmt_error(bulk->statement),
	};

	return database_fail(bulk->database, &trouble, what, error);
}

enum tg_status
database_bulk_prepare(struct database *database, const struct bulk_statement *statement,
		      struct database_bulk **ret_bulk, struct storage_error *error)
{
	struct database_bulk *bulk = calloc(1, sizeof *bulk);
	const size_t columns_bytes = statement->column_count * sizeof *statement->columns;

	if (bulk == NULL)
		return storage_fail(error, TG_NO_MEMORY, "MariaDB: no memory for a statement");
	database->failure = DATABASE_FAILURE_NONE;
	bulk->database = database;
	bulk->column_count = statement->column_count;
	bulk->row_bytes = statement->row_bytes;
	bulk->binds = calloc(statement->column_count, sizeof *bulk->binds);
	bulk->columns = malloc(columns_bytes);
	bulk->statement = mysql_stmt_init(database->mysql);
	if (bulk->binds == NULL || bulk->columns == NULL || bulk->statement == NULL) {
		database_bulk_free(bulk);
		return storage_fail(error, TG_NO_MEMORY, "MariaDB: no memory for a statement");
	}
	memcpy(bulk->columns, statement->columns, columns_bytes);
	if (mysql_stmt_prepare(bulk->statement, statement->sql, strlen(statement->sql)) != 0) {
		enum tg_status status = fail(bulk, statement->sql, error);

		database_bulk_free(bulk);
		return status;
	}
	TG_ASSERT(mysql_stmt_param_count(bulk->statement) == statement->column_count);
	*ret_bulk = bulk;
	return TG_OK;
}

/* Point the binds into the first row. */
static void
bind_rows(struct database_bulk *bulk, char *rows)
{
	for (uint32_t i = 0; i < bulk->column_count; i++) {
		const struct cell_shape *shape = &cell_shapes[bulk->columns[i].type];
		char *cell = rows + bulk->columns[i].offset;

		bulk->binds[i] = (MYSQL_BIND){
			.buffer_type = shape->wire,
			.is_unsigned = shape->is_unsigned,
			.buffer = cell,
			.u.indicator = cell + shape->indicator_offset,
		};
		if (shape->length_offset != LENGTH_NONE)
			bulk->binds[i].length =
				(unsigned long *)(void *)(cell + shape->length_offset);
	}
}

enum tg_status
database_bulk_run(struct database_bulk *bulk, void *rows, uint32_t row_count,
		  uint64_t *ret_affected, struct storage_error *error)
{
	unsigned int array_size = row_count;

	TG_ASSERT(row_count >= 1);
	bulk->database->failure = DATABASE_FAILURE_NONE;
	bind_rows(bulk, rows);
	/* The row size must be known before binding. */
	if (mysql_stmt_attr_set(bulk->statement, STMT_ATTR_ROW_SIZE, &bulk->row_bytes) != 0 ||
	    mysql_stmt_attr_set(bulk->statement, STMT_ATTR_ARRAY_SIZE, &array_size) != 0 ||
	    mysql_stmt_bind_param(bulk->statement, bulk->binds) != 0 ||
	    mysql_stmt_execute(bulk->statement) != 0)
		return fail(bulk, "rows in bulk", error);
	*ret_affected = mysql_stmt_affected_rows(bulk->statement);
	return TG_OK;
}

void
database_bulk_free(struct database_bulk *bulk)
{
	if (bulk == NULL)
		return;
	if (bulk->statement != NULL)
		mysql_stmt_close(bulk->statement);
	free(bulk->columns);
	free(bulk->binds);
	free(bulk);
}
