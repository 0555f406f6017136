/*
 * import.c - cells of a file to fields.
 */
#include "admin/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/csv_reader.h"
#include "protocol/assert.h"

/* A file being read. */
struct reading {
	struct import *import;		/* borrowed */
	uint32_t line;			/* being read */
	bool	 has_columns;		/* the first line is read */
	uint32_t columns[FIELDS_MAX];	/* field of each column; the number of fields: unknown */
	uint32_t column_count;
	bool	 is_row_bad;		/* it has been complained about */
	bool	 is_out_of_memory;
	struct import_row row;		/* being filled */
};

void
import_init(struct import *import, const struct config_noun *noun, import_error_fn *on_error,
	    void *context)
{
	memset(import, 0, sizeof(*import));
	import->noun = noun;
	import->row_bytes = offsetof(struct import_row, image) + noun->fields->image_bytes;
	import->on_error = on_error;
	import->context = context;
}

void
import_deinit(struct import *import)
{
	free(import->rows);
	import->rows = NULL;
}

void
import_row(const struct import *import, uint32_t i, struct import_row *ret_row)
{
	TG_ASSERT(i < import->row_count);
	memcpy(ret_row, import->rows + i * import->row_bytes, import->row_bytes);
}

void
import_set_row(struct import *import, uint32_t i, const struct import_row *row)
{
	TG_ASSERT(i < import->row_count);
	memcpy(import->rows + i * import->row_bytes, row, import->row_bytes);
}

void
import_complain(struct import *import, uint32_t line, const char *column, const char *why)
{
	if (import->error_count < IMPORT_ERRORS_SHOWN)
		import->on_error(import->context, line, column, why);
	import->error_count++;
}

static void
complain(struct reading *r, const char *column, const char *why)
{
	r->is_row_bad = true;
	import_complain(r->import, r->line, column, why);
}

/*
 * One name of the first line.  What is no field is told by its place, not quoted: whoever may
 * import could else read the first line of any file that the gateway may read, a password's, say.
 */
static void
take_column(struct reading *r, const char *name)
{
	const struct field_set *fields = r->import->noun->fields;
	const uint32_t index = field_find(fields, name);
	char place[16];

	snprintf(place, sizeof(place), "%u", (unsigned)r->column_count + 1);
	if (r->column_count == FIELDS_MAX) {
		complain(r, place, "is one column too many");
		return;
	}
	if (index == fields->count)
		complain(r, place, "is no field; see help import");
	for (uint32_t i = 0; index < fields->count && i < r->column_count; i++) {
		if (r->columns[i] == index)
			complain(r, name, "stands twice");
	}
	r->columns[r->column_count++] = index;
}

static void
take_cell(struct reading *r, uint32_t column, const char *cell)
{
	const struct field_set *fields = r->import->noun->fields;
	char why[FIELD_TEXT_BYTES];
	uint32_t index;

	if (column >= r->column_count) {
		if (column == r->column_count)
			complain(r, NULL, "has more cells than the first line has columns");
		return;
	}
	index = r->columns[column];
	if (cell[0] == '\0' || index == fields->count)
		return;
	r->row.given |= UINT32_C(1) << index;
	if (!field_assign(&fields->fields[index], &r->row.image, cell, why))
		complain(r, fields->fields[index].name, why);
}

/* Room for one more row. */
static bool
grow(struct import *import)
{
	uint32_t capacity = import->rows_capacity == 0 ? 256 : import->rows_capacity * 2;
	uint8_t *rows;

	if (import->row_count < import->rows_capacity)
		return true;
	rows = reallocarray(import->rows, capacity, import->row_bytes);
	if (rows == NULL)
		return false;
	import->rows = rows;
	import->rows_capacity = capacity;
	return true;
}

static void
begin_row(struct reading *r)
{
	memset(&r->row, 0, sizeof(r->row));
	field_set_defaults(r->import->noun->fields, &r->row.image);
	r->is_row_bad = false;
}

static void
end_columns(struct reading *r)
{
	const struct field_set *fields = r->import->noun->fields;
	bool has_key = false;

	for (uint32_t i = 0; i < r->column_count; i++)
		has_key = has_key || r->columns[i] == 0;
	if (!has_key)
		complain(r, fields->fields[0].name, "must be one of the columns");
	r->has_columns = true;
}

static void
end_row(struct reading *r)
{
	struct import *import = r->import;

	if (!r->is_row_bad && (r->row.given & 1u) == 0)
		complain(r, import->noun->fields->fields[0].name, "is missing");
	if (!r->is_row_bad && import->row_count == IMPORT_ROWS_MAX)
		complain(r, NULL, "is one too many for one file");
	if (!r->is_row_bad) {
		r->is_out_of_memory = !grow(import);
		if (!r->is_out_of_memory) {
			r->row.line = r->line;
			import->row_count++;
			import_set_row(import, import->row_count - 1, &r->row);
		}
	}
}

/* A key and the line where it stands. */
struct keyed_line {
	uint32_t key;
	uint32_t line;
};

static int
compare_keys(const void *a, const void *b)
{
	const struct keyed_line *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->line < y->line ? -1 : 1;
}

/* A key that stands in two lines is a mistake, not a change of a change. */
static bool
find_doubles(struct import *import)
{
	struct keyed_line *lines = calloc(import->row_count + 1, sizeof(*lines));
	char why[64];

	if (lines == NULL)
		return false;
	for (uint32_t i = 0; i < import->row_count; i++) {
		struct import_row row;

		import_row(import, i, &row);
		lines[i].key = config_noun_key(import->noun, &row.image);
		lines[i].line = row.line;
	}
	qsort(lines, import->row_count, sizeof(*lines), compare_keys);
	for (uint32_t i = 1; i < import->row_count; i++) {
		if (lines[i].key != lines[i - 1].key)
			continue;
		snprintf(why, sizeof(why), "%" PRIu32 " stands in line %" PRIu32 " already",
			 lines[i].key, lines[i - 1].line);
		import_complain(import, lines[i].line, import->noun->fields->fields[0].name, why);
	}
	free(lines);
	return true;
}

/* The name of the column in which something is wrong; NULL: the whole line. */
static const char *
bad_column(const struct reading *r, const struct csv_row *cells)
{
	const struct field_set *fields = r->import->noun->fields;
	const uint32_t at = cells->bad_cell;

	if (!r->has_columns || at >= r->column_count || r->columns[at] == fields->count)
		return NULL;
	return fields->fields[r->columns[at]].name;
}

static void
take_line(struct reading *r, enum csv_found found, const struct csv_row *cells)
{
	begin_row(r);
	if (found == CSV_NOTHING)
		return;
	if (found == CSV_BAD) {
		complain(r, bad_column(r, cells), cells->why);
		return;
	}
	for (uint32_t i = 0; i < cells->count; i++) {
		if (r->has_columns)
			take_cell(r, i, cells->cells[i]);
		else
			take_column(r, cells->cells[i]);
	}
	if (r->has_columns)
		end_row(r);
	else
		end_columns(r);
}

enum tg_status
import_read(struct import *import, FILE *file)
{
	struct reading *r = calloc(1, sizeof(*r));
	struct csv_reader *reader = csv_reader_new(',');
	struct csv_row cells;
	char *line = NULL;
	size_t line_capacity = 0;
	ssize_t bytes;
	enum tg_status status = TG_NO_MEMORY;

	if (r == NULL || reader == NULL)
		goto out;
	r->import = import;
	while (!r->is_out_of_memory && (bytes = getline(&line, &line_capacity, file)) >= 0) {
		r->line++;
		take_line(r, csv_reader_line(reader, line, (size_t)bytes, r->line == 1, &cells),
			  &cells);
	}
	if (!r->is_out_of_memory && !ferror(file)) {
		if (!r->has_columns)
			import_complain(import, 1, NULL, "should name the columns");
		status = find_doubles(import) ? TG_OK : TG_NO_MEMORY;
	} else if (!r->is_out_of_memory) {
		status = TG_IO;
	}
out:
	free(line);
	csv_reader_free(reader);
	free(r);
	return status;
}
