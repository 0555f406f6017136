/*
 * sink_table.c - the tables as the sink sees them: columns, INSERT statements, rows in memory.
 */
#include "storage/sink_table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

#define COLUMN(role, type, name) { #name, SINK_##role },
#define TABLE_COLUMNS(name, list, most, mean)                                                      \
	static const struct sink_column name##_columns[] = { list(COLUMN) };
SINK_TABLE_LIST(TABLE_COLUMNS)
#undef TABLE_COLUMNS
#undef COLUMN

/* ROW is the struct of the list that is being unfolded. */
#define CELL(role, type, name) { CELL_##type, offsetof(struct ROW, name) },
#define ROW sink_entry_row
static const struct bulk_column entry_cells[] = { SINK_ENTRY_COLUMNS(CELL) };
#undef ROW
#define ROW sink_posting_row
static const struct bulk_column posting_cells[] = { SINK_POSTING_COLUMNS(CELL) };
#undef ROW
#define ROW sink_lot_move_row
static const struct bulk_column lot_move_cells[] = { SINK_LOT_MOVE_COLUMNS(CELL) };
#undef ROW
#define ROW sink_purchase_row
static const struct bulk_column purchase_cells[] = { SINK_PURCHASE_COLUMNS(CELL) };
#undef ROW
#define ROW sink_purchase_line_row
static const struct bulk_column purchase_line_cells[] = { SINK_PURCHASE_LINE_COLUMNS(CELL) };
#undef ROW
#define ROW sink_partner_total_row
static const struct bulk_column partner_total_cells[] = { SINK_PARTNER_TOTAL_COLUMNS(CELL) };
#undef ROW
#define ROW sink_account_total_row
static const struct bulk_column account_total_cells[] = { SINK_ACCOUNT_TOTAL_COLUMNS(CELL) };
#undef ROW
#define ROW sink_member_row
static const struct bulk_column member_cells[] = { SINK_MEMBER_COLUMNS(CELL) };
#undef ROW
#define ROW sink_identifier_row
static const struct bulk_column identifier_cells[] = { SINK_IDENTIFIER_COLUMNS(CELL) };
#undef ROW
#define ROW sink_programme_row
static const struct bulk_column programme_cells[] = { SINK_PROGRAMME_COLUMNS(CELL) };
#undef ROW
#define ROW sink_partner_row
static const struct bulk_column partner_cells[] = { SINK_PARTNER_COLUMNS(CELL) };
#undef ROW
#define ROW sink_rule_row
static const struct bulk_column rule_cells[] = { SINK_RULE_COLUMNS(CELL) };
#undef ROW
#define ROW sink_store_row
static const struct bulk_column store_cells[] = { SINK_STORE_COLUMNS(CELL) };
#undef ROW
#define ROW sink_terminal_row
static const struct bulk_column terminal_cells[] = { SINK_TERMINAL_COLUMNS(CELL) };
#undef ROW
#define ROW sink_partner_terms_row
static const struct bulk_column partner_terms_cells[] = { SINK_PARTNER_TERMS_COLUMNS(CELL) };
#undef ROW
#define ROW sink_partner_block_row
static const struct bulk_column partner_block_cells[] = { SINK_PARTNER_BLOCK_COLUMNS(CELL) };
#undef ROW
#define ROW sink_business_day_row
static const struct bulk_column business_day_cells[] = { SINK_BUSINESS_DAY_COLUMNS(CELL) };
#undef ROW
#define ROW sink_settlement_cycle_row
static const struct bulk_column settlement_cycle_cells[] = { SINK_SETTLEMENT_CYCLE_COLUMNS(CELL) };
#undef ROW
#define ROW sink_holiday_row
static const struct bulk_column holiday_cells[] = { SINK_HOLIDAY_COLUMNS(CELL) };
#undef ROW
#define ROW sink_closed_cycle_row
static const struct bulk_column closed_cycle_cells[] = { SINK_CLOSED_CYCLE_COLUMNS(CELL) };
#undef ROW
#define ROW sink_statement_state_row
static const struct bulk_column statement_state_cells[] = { SINK_STATEMENT_STATE_COLUMNS(CELL) };
#undef ROW
#define ROW sink_settlement_item_row
static const struct bulk_column settlement_item_cells[] = { SINK_SETTLEMENT_ITEM_COLUMNS(CELL) };
#undef ROW
#define ROW sink_day_proof_row
static const struct bulk_column day_proof_cells[] = { SINK_DAY_PROOF_COLUMNS(CELL) };
#undef ROW
#define ROW sink_proposal_row
static const struct bulk_column proposal_cells[] = { SINK_PROPOSAL_COLUMNS(CELL) };
#undef ROW
#define ROW sink_dispute_row
static const struct bulk_column dispute_cells[] = { SINK_DISPUTE_COLUMNS(CELL) };
#undef ROW
#define ROW sink_component_row
static const struct bulk_column component_cells[] = { SINK_COMPONENT_COLUMNS(CELL) };
#undef ROW
#define ROW sink_rulebook_row
static const struct bulk_column rulebook_cells[] = { SINK_RULEBOOK_COLUMNS(CELL) };
#undef ROW
#define ROW sink_earn_rule_row
static const struct bulk_column earn_rule_cells[] = { SINK_EARN_RULE_COLUMNS(CELL) };
#undef ROW
#define ROW sink_earn_rule_sponsor_row
static const struct bulk_column earn_rule_sponsor_cells[] = {
	SINK_EARN_RULE_SPONSOR_COLUMNS(CELL)
};
#undef ROW
#define ROW sink_budget_row
static const struct bulk_column budget_cells[] = { SINK_BUDGET_COLUMNS(CELL) };
#undef ROW
#define ROW sink_stored_value_row
static const struct bulk_column stored_value_cells[] = { SINK_STORED_VALUE_COLUMNS(CELL) };
#undef ROW
#undef CELL

#define FITS(name, list, most, mean)                                                               \
	static_assert(sizeof name##_columns / sizeof name##_columns[0] <= SINK_COLUMNS_MAX,        \
		      #name " has more columns than bits of a set");
SINK_TABLE_LIST(FITS)
#undef FITS

const struct sink_table sink_tables[SINK_TABLE_COUNT] = {
#define TABLE(name, list, most, mean)                                                              \
	[SINK_TABLE_##name] = { #name,                                                             \
				name##_columns,                                                    \
				name##_cells,                                                      \
				sizeof name##_columns / sizeof name##_columns[0],                  \
				sizeof(struct sink_##name##_row),                                  \
				most,                                                              \
				mean },
	SINK_TABLE_LIST(TABLE)
#undef TABLE
};

/* A statement being put together. */
struct sql_text {
	char	*text;
	size_t	 bytes;
};

static void __attribute__((format(printf, 2, 3)))
sql_append(struct sql_text *sql, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(sql->text + sql->bytes, SINK_SQL_BYTES_MAX - sql->bytes, format,
			   arguments);
	va_end(arguments);
	TG_ASSERT(length >= 0 && (size_t)length < SINK_SQL_BYTES_MAX - sql->bytes);
	sql->bytes += (size_t)length;
}

/*
 * The update of one column.  last_sequence guards the others, which the server assigns from left to
 * right, so it is assigned last.
 */
static void
append_update(struct sql_text *sql, const struct sink_column *column, const char *separator)
{
	const char *name = column->name;

	switch (column->role) {
	case SINK_ADD:
		sql_append(sql, "%s%s = %s + VALUES(%s)", separator, name, name, name);
		break;
	case SINK_SET:
		sql_append(sql, "%s%s = IF(VALUES(last_sequence) > last_sequence, VALUES(%s), %s)",
			   separator, name, name, name);
		break;
	case SINK_KEEP:
		sql_append(sql,
			   "%s%s = IF(VALUES(last_sequence) > last_sequence,"
			   " COALESCE(VALUES(%s), %s), %s)",
			   separator, name, name, name, name);
		break;
	case SINK_PLAIN:
	case SINK_KEY:
		break;
	}
}

bool
sink_table_is_plain(const struct sink_table *table)
{
	return table->columns[0].role == SINK_PLAIN;
}

/* Is the column at index one of these? */
static bool
has_column(uint64_t columns, uint32_t index)
{
	return (columns >> index & 1) != 0;
}

uint32_t
sink_table_cells(const struct sink_table *table, uint64_t columns, struct bulk_column *ret_cells)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->column_count; i++) {
		if (has_column(columns, i))
			ret_cells[count++] = table->cells[i];
	}
	return count;
}

void
sink_table_sql(const struct sink_table *table, uint64_t columns, char *ret_sql)
{
	struct sql_text sql = { .text = ret_sql };
	const struct sink_column *last = NULL;
	const char *separator = "";

	sql_append(&sql, "INSERT INTO %s (", table->name);
	for (uint32_t i = 0; i < table->column_count; i++) {
		if (has_column(columns, i)) {
			sql_append(&sql, "%s%s", separator, table->columns[i].name);
			separator = ", ";
		}
	}
	sql_append(&sql, ") VALUES (");
	separator = "?";
	for (uint32_t i = 0; i < table->column_count; i++) {
		if (has_column(columns, i)) {
			sql_append(&sql, "%s", separator);
			separator = ", ?";
		}
	}
	sql_append(&sql, ")");
	if (sink_table_is_plain(table))
		return;
	TG_ASSERT(columns == SINK_COLUMNS_ALL);
	separator = " ";
	sql_append(&sql, " ON DUPLICATE KEY UPDATE");
	for (uint32_t i = 0; i < table->column_count; i++) {
		const struct sink_column *column = &table->columns[i];

		if (strcmp(column->name, "last_sequence") == 0) {
			last = column;
		} else if (column->role != SINK_KEY) {
			append_update(&sql, column, separator);
			separator = ", ";
		}
	}
	if (last != NULL)
		append_update(&sql, last, separator);
}

enum tg_status
sink_rows_init(struct sink_rows *rows, const struct sink_table *table, uint32_t records_max)
{
	rows->table = table;
	rows->count = 0;
	rows->capacity = records_max * table->rows_per_record_mean + table->rows_per_record_max;
	rows->rows = calloc(rows->capacity, table->row_bytes);
	return rows->rows == NULL ? TG_NO_MEMORY : TG_OK;
}

void
sink_rows_deinit(struct sink_rows *rows)
{
	free(rows->rows);
	rows->rows = NULL;
}

bool
sink_rows_has_room(const struct sink_rows *rows)
{
	return rows->capacity - rows->count >= rows->table->rows_per_record_max;
}

void *
sink_rows_claim(struct sink_rows *rows)
{
	void *row;

	TG_ASSERT(rows->count < rows->capacity);
	row = rows->rows + rows->count * rows->table->row_bytes;
	bulk_clear_row(row, rows->table->cells, rows->table->column_count);
	rows->count++;
	return row;
}

uint64_t
sink_rows_columns(const struct sink_rows *rows)
{
	const struct sink_table *table = rows->table;
	uint64_t columns = 0;

	for (uint32_t i = 0; i < rows->count; i++)
		columns |= bulk_row_columns(rows->rows + i * table->row_bytes, table->cells,
					    table->column_count);
	return columns;
}

void *
sink_rows_at(const struct sink_rows *rows, uint32_t index)
{
	TG_ASSERT(index < rows->count);
	return rows->rows + index * rows->table->row_bytes;
}
