/*
 * table.h - a CSV file in memory: the names of its columns, its lines, its digest.
 *
 * The first line that is neither empty nor a comment names the columns.  Owns the bytes of the
 * file, so that what was checked is what is sent, whatever happens to the file meanwhile.
 */
#ifndef TG_CONTRIB_COMMON_TABLE_H
#define TG_CONTRIB_COMMON_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/csv_reader.h"
#include "contrib/common/failure.h"
#include "protocol/message.h"

#define TABLE_BYTES_MAX (INT64_C(4) << 30)
#define TABLE_DIGEST_BYTES 32
#define TABLE_NAME_BYTES 64

/* A line of the file. */
struct table_line {
	uint64_t at;	 /* of its first byte */
	uint32_t bytes;	 /* with its end */
	uint32_t number; /* in the file, from 1 */
};

/* All zero is an empty one. */
struct table {
	const char *path; /* borrowed */
	char *bytes;	  /* owned */
	size_t byte_count;
	uint8_t digest[TABLE_DIGEST_BYTES]; /* SHA-256 of the bytes */
	struct csv_reader *reader;	    /* owned */
	struct table_line *lines;	    /* owned; of rows, good and bad ones */
	uint32_t line_count;
	struct table_line header; /* the line that names the columns */
	char columns[CSV_CELLS_MAX][TABLE_NAME_BYTES];
	uint32_t column_count;
};

/* How a file is parted into lines and cells. */
struct table_form {
	char delimiter;		/* between cells */
	uint32_t skipped_lines; /* at the beginning, whatever they are */
	bool has_no_names;	/* columns are "1", "2", ..., as many as the first row has */
	/* Not NULL: no CSV; is that, with its end, a line?  There are no columns. */
	bool (*is_line)(void *context, const char *line, size_t bytes);
	void *context;
};

/* Read a file of that form; as table_read(). */
bool table_read_form(struct table *table, const char *path, const struct table_form *form,
		     struct failure *failure);

/*
 * Read a file.  delimiter: between its cells.  False with the reason, also when it is empty or does
 * not name its columns, each of them once; deinit in either case.
 */
bool table_read(struct table *table, const char *path, char delimiter, struct failure *failure);

void table_deinit(struct table *table);

/*
 * The cells of a line, which live until the next call.  CSV_ROW: as many as there are columns, in
 * their order; else CSV_BAD.
 */
enum csv_found table_row(const struct table *table, uint32_t index, struct csv_row *ret_row);

/*
 * Make a transaction id that is always the same for the same line: from label and step, and either
 * name, or, where that is NULL, the file's digest and the line's number.
 *
 * label: at most TABLE_NAME_BYTES - 1 bytes.  step: parts transactions of one line.  name: at most
 * CSV_CELL_BYTES_MAX bytes.
 */
void table_make_id(const struct table *table, uint32_t index, const char *label, uint8_t step,
		   const char *name, uint8_t ret_id[TG_TRANSACTION_ID_BYTES]);

/* The column of that name, in any case of letters; column_count: there is none. */
uint32_t table_column(const struct table *table, const char *name);

/* The index of the row at a line of the file; line_count: there is none. */
uint32_t table_index(const struct table *table, uint32_t number);

#endif
