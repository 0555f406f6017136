/*
 * csv_reader.c - lines to libcsv, cells to clean text.
 */
#include "admin/csv_reader.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

struct csv_reader {
	struct csv_parser parser;
	char delimiter;
	struct csv_row *row;			/* of the line being read, borrowed */
	uint32_t row_count;			/* rows that the line has ended */
	char cells[CSV_CELLS_MAX][CSV_CELL_BYTES_MAX + 1];
};

static bool
start(struct csv_reader *reader)
{
	if (csv_init(&reader->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
		return false;
	csv_set_delim(&reader->parser, (unsigned char)reader->delimiter);
	return true;
}

struct csv_reader *
csv_reader_new(char delimiter)
{
	struct csv_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return NULL;
	reader->delimiter = delimiter;
	if (!start(reader)) {
		free(reader);
		return NULL;
	}
	return reader;
}

void
csv_reader_free(struct csv_reader *reader)
{
	if (reader == NULL)
		return;
	csv_free(&reader->parser);
	free(reader);
}

/* Note what is wrong first. */
static void
complain(struct csv_row *row, uint32_t cell, const char *why)
{
	if (row->why != NULL)
		return;
	row->bad_cell = cell;
	row->why = why;
}

static bool
is_clean(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return u8_check((const uint8_t *)text, bytes) == NULL;
}

/* libcsv: a cell has ended. */
static void
on_cell(void *cell, size_t bytes, void *argument)
{
	struct csv_reader *reader = argument;
	struct csv_row *row = reader->row;
	const uint32_t at = row->count;

	if (at == CSV_CELLS_MAX) {
		complain(row, CSV_WHOLE_LINE, "has too many cells");
		return;
	}
	row->cells[at] = reader->cells[at];
	row->count++;
	reader->cells[at][0] = '\0';
	if (bytes > CSV_CELL_BYTES_MAX) {
		complain(row, at, "is too long");
	} else if (bytes > 0 && !is_clean(cell, bytes)) {
		complain(row, at, "is no clean UTF-8");
	} else if (bytes > 0) {
		memcpy(reader->cells[at], cell, bytes);
		reader->cells[at][bytes] = '\0';
	}
}

/* libcsv: a row has ended. */
static void
on_row(int end, void *argument)
{
	struct csv_reader *reader = argument;

	(void)end;
	reader->row_count++;
}

enum csv_found
csv_reader_line(struct csv_reader *reader, const char *text, size_t bytes, bool is_first,
		struct csv_row *ret_row)
{
	static const char mark[] = "\xef\xbb\xbf";

	memset(ret_row, 0, offsetof(struct csv_row, cells));
	ret_row->bad_cell = CSV_WHOLE_LINE;
	ret_row->why = NULL;
	reader->row = ret_row;
	reader->row_count = 0;
	if (is_first && bytes >= 3 && memcmp(text, mark, 3) == 0) {
		text += 3;
		bytes -= 3;
	}
	if (bytes > 0 && text[bytes - 1] == '\n')
		bytes--;
	while (bytes > 0 && text[bytes - 1] == '\r')
		bytes--;
	if (bytes == 0 || text[0] == '#')
		return CSV_NOTHING;
	if (bytes > CSV_LINE_BYTES_MAX) {
		complain(ret_row, CSV_WHOLE_LINE, "is too long");
		return CSV_BAD;
	}
	if (csv_parse(&reader->parser, text, bytes, on_cell, on_row, reader) != bytes ||
	    csv_fini(&reader->parser, on_cell, on_row, reader) != 0) {
		csv_free(&reader->parser);
		ret_row->why = NULL;
		complain(ret_row, CSV_WHOLE_LINE,
			 start(reader) ? "has a quote that is out of place or not closed"
				       : "cannot be read: out of memory");
		return CSV_BAD;
	}
	if (reader->row_count > 1)
		complain(ret_row, CSV_WHOLE_LINE, "has a line end in it");
	if (ret_row->why != NULL)
		return CSV_BAD;
	return ret_row->count > 0 ? CSV_ROW : CSV_NOTHING;
}
