/*
 * csv_reader.h - one line of a CSV file, taken apart into clean cells.
 *
 * A row is one line: quotes hold commas and quotes, but no line end, so that what is wrong can be
 * told by its line.  Lines that begin with # and lines with nothing in them are passed over.  Used
 * by the console's import and by clients that upload files; knows neither columns nor files.
 */
#ifndef TG_ADMIN_CSV_READER_H
#define TG_ADMIN_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CSV_CELLS_MAX 64
#define CSV_CELL_BYTES_MAX 255
#define CSV_LINE_BYTES_MAX 65536
#define CSV_WHOLE_LINE UINT32_MAX

enum csv_found {
	CSV_ROW,	/* cells are set */
	CSV_NOTHING,	/* a comment, or empty */
	CSV_BAD,	/* why and bad_cell are set */
};

/* A line's cells; they live until the next line. */
struct csv_row {
	uint32_t    count;			/* of cells */
	const char *cells[CSV_CELLS_MAX];	/* clean UTF-8 that ends in NUL */
	uint32_t    bad_cell;			/* from 0, or CSV_WHOLE_LINE */
	const char *why;			/* what is wrong with it, as "is too long" */
};

struct csv_reader;

/* delimiter: between cells, as ','.  NULL: out of memory. */
struct csv_reader *csv_reader_new(char delimiter);

/* NULL is fine. */
void csv_reader_free(struct csv_reader *reader);

/*
 * Take a line apart.  text: with or without its end, which is LF, CR LF or nothing; may hold NULs,
 * which are wrong.  The byte order mark that some programs put before UTF-8 is cut off the first
 * line (is_first).
 */
enum csv_found csv_reader_line(struct csv_reader *reader, const char *text, size_t bytes,
			       bool is_first, struct csv_row *ret_row);

#endif
