/*
 * quarantine.c - the lines that were refused, as a file that can be corrected and sent.
 */
#include "contrib/settle/quarantine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "contrib/common/cell.h"
#include "contrib/common/transaction_id.h"

/* Copy a line, with an end even where it has none. */
static void
copy_line(const struct table *table, const struct table_line *line, FILE *file)
{
	fwrite(table->bytes + line->at, 1, line->bytes, file);
	if (table->bytes[line->at + line->bytes - 1] != '\n')
		fputc('\n', file);
}

/* What stands before the rows: lines that are passed over, and the names of the columns. */
static void
copy_head(const struct table *table, const struct layout *layout, FILE *file)
{
	const char *end = table->bytes;

	for (uint32_t i = 0; i < layout->skipped_lines && end != NULL; i++) {
		end = memchr(end, '\n', table->byte_count - (size_t)(end - table->bytes));
		end += end != NULL;
	}
	if (end != NULL)
		fwrite(table->bytes, 1, (size_t)(end - table->bytes), file);
	if (table->header.bytes > 0)
		copy_line(table, &table->header, file);
}

/* Write a row anew if it names other lines.  False: it names none. */
static bool
write_named(const struct rows *rows, uint32_t index, char delimiter, FILE *file)
{
	char id[TRANSACTION_ID_TEXT_BYTES];
	struct csv_row row;
	bool has_names = false;

	if (rows->layout->is_fixed || table_row(rows->table, index, &row) != CSV_ROW)
		return false;
	for (uint32_t i = 0; i < row.count; i++)
		has_names = has_names || rows_named(rows, i, row.cells[i]) != NULL;
	if (!has_names)
		return false;
	for (uint32_t i = 0; i < row.count; i++) {
		const struct row_facts *named = rows_named(rows, i, row.cells[i]);

		if (i > 0)
			fputc(delimiter, file);
		if (named == NULL) {
			cell_write(file, row.cells[i]);
			continue;
		}
		transaction_id_format(named->id, id);
		fprintf(file, "%s@%" PRId64, id, named->time_ms);
	}
	fputc('\n', file);
	return true;
}

bool
quarantine_write(const char *path, const struct rows *rows, const struct results *results,
		 char delimiter, uint32_t *ret_count, struct failure *failure)
{
	const struct table *table = rows->table;
	FILE *file = NULL;
	bool is_ok;

	*ret_count = 0;
	for (uint32_t i = 0; i < table->line_count; i++) {
		if (results->marks[i] != RESULT_REFUSED && rows->facts[i].is_good)
			continue;
		if (file == NULL) {
			file = fopen(path, "we");
			if (file == NULL)
				return failure_set_errno(failure, errno, "%s", path);
			copy_head(table, rows->layout, file);
		}
		if (!write_named(rows, i, delimiter, file))
			copy_line(table, &table->lines[i], file);
		++*ret_count;
	}
	if (file == NULL) {
		unlink(path);
		return true;
	}
	is_ok = fflush(file) == 0 && fsync(fileno(file)) == 0;
	is_ok = fclose(file) == 0 && is_ok;
	return is_ok || failure_set_errno(failure, errno, "%s", path);
}
