/*
 * import.c - lines to libcsv, cells to fields.
 *
 * The parser is fed line by line, so that the line of every cell is known.
 */
#include "admin/import.h"

#include <csv.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "protocol/assert.h"

#define CELL_BYTES_MAX 255

/* A file being read. */
struct reading {
	struct import *import;		/* borrowed */
	struct csv_parser parser;
	uint32_t line;			/* being fed */
	bool	 has_columns;		/* the first line is read */
	uint32_t columns[FIELDS_MAX];	/* field of each column; the number of fields: unknown */
	uint32_t column_count;
	uint32_t cell_count;		/* of the present row */
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

static void
take_column(struct reading *r, const char *name)
{
	const struct field_set *fields = r->import->noun->fields;
	const uint32_t index = field_find(fields, name);

	if (r->column_count == FIELDS_MAX) {
		complain(r, name, "is one column too many");
		return;
	}
	if (index == fields->count)
		complain(r, name, "is no field; see help import");
	for (uint32_t i = 0; index < fields->count && i < r->column_count; i++) {
		if (r->columns[i] == index)
			complain(r, name, "stands twice");
	}
	r->columns[r->column_count++] = index;
}

static void
take_cell(struct reading *r, const char *cell)
{
	const struct field_set *fields = r->import->noun->fields;
	const uint32_t column = r->cell_count++;
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

/* libcsv: a cell has ended. */
static void
on_cell(void *cell, size_t bytes, void *argument)
{
	struct reading *r = argument;
	char text[CELL_BYTES_MAX + 1];
	bool is_clean = bytes <= CELL_BYTES_MAX;

	bytes = is_clean ? bytes : CELL_BYTES_MAX;
	if (bytes > 0)
		memcpy(text, cell, bytes);
	text[bytes] = '\0';
	for (size_t i = 0; i < bytes; i++)
		is_clean = is_clean && (unsigned char)text[i] >= ' ' && text[i] != 0x7f;
	if (!is_clean || u8_check((const uint8_t *)text, bytes) != NULL) {
		complain(r, NULL, "has a cell that is too long or no clean UTF-8");
		text[0] = '\0';
	}
	if (r->has_columns)
		take_cell(r, text);
	else
		take_column(r, text);
}

/* Room for one more row. */
static bool
grow(struct import *import)
{
	uint32_t capacity = import->rows_capacity == 0 ? 256 : import->rows_capacity * 2;
	struct import_row *rows;

	if (import->row_count < import->rows_capacity)
		return true;
	rows = reallocarray(import->rows, capacity, sizeof(*rows));
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
	r->cell_count = 0;
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

/* libcsv: a line has ended. */
static void
on_row(int end, void *argument)
{
	struct reading *r = argument;
	struct import *import = r->import;

	(void)end;
	if (!r->has_columns) {
		end_columns(r);
		begin_row(r);
		return;
	}
	if (!r->is_row_bad && (r->row.given & 1u) == 0)
		complain(r, import->noun->fields->fields[0].name, "is missing");
	if (!r->is_row_bad && import->row_count == IMPORT_ROWS_MAX)
		complain(r, NULL, "is one too many for one file");
	if (!r->is_row_bad) {
		r->is_out_of_memory = !grow(import);
		if (!r->is_out_of_memory) {
			r->row.line = r->line;
			import->rows[import->row_count++] = r->row;
		}
	}
	begin_row(r);
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
		lines[i].key = config_noun_key(import->noun, &import->rows[i].image);
		lines[i].line = import->rows[i].line;
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

/* Is there nothing to read in the line?  Its end is not part of it. */
static bool
is_passed_over(const char *line, size_t bytes)
{
	return bytes == 0 || line[0] == '#';
}

static void
feed(struct reading *r, const char *line, size_t bytes)
{
	static const char mark[] = "\xef\xbb\xbf"; /* that some programs put before UTF-8 */

	r->line++;
	if (r->line == 1 && bytes >= 3 && memcmp(line, mark, 3) == 0) {
		line += 3;
		bytes -= 3;
	}
	while (bytes > 0 && (line[bytes - 1] == '\n' || line[bytes - 1] == '\r'))
		bytes--;
	if (is_passed_over(line, bytes))
		return;
	if (csv_parse(&r->parser, line, bytes, on_cell, on_row, r) != bytes ||
	    csv_fini(&r->parser, on_cell, on_row, r) != 0) {
		complain(r, NULL, "has a quote that is out of place or not closed");
		csv_free(&r->parser);
		(void)csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI);
		begin_row(r);
	}
}

enum tg_status
import_read(struct import *import, FILE *file)
{
	struct reading *r = calloc(1, sizeof(*r));
	char *line = NULL;
	size_t line_capacity = 0;
	ssize_t bytes;
	enum tg_status status = TG_NO_MEMORY;

	if (r == NULL || csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
		goto out;
	r->import = import;
	begin_row(r);
	while (!r->is_out_of_memory && (bytes = getline(&line, &line_capacity, file)) >= 0)
		feed(r, line, (size_t)bytes);
	csv_free(&r->parser);
	if (!r->is_out_of_memory && !ferror(file)) {
		if (!r->has_columns)
			import_complain(import, 1, NULL, "should name the columns");
		status = find_doubles(import) ? TG_OK : TG_NO_MEMORY;
	} else if (!r->is_out_of_memory) {
		status = TG_IO;
	}
out:
	free(line);
	free(r);
	return status;
}
