/*
 * layout.h - how a partner's file says what a line is: its columns, and how they are written.
 *
 * A layout turns a line into cells as rows.h wants them, whatever the file looks like: CSV under
 * other names, or lines of fixed columns; money with decimals, days and times in another form.
 * Knows no protocol.
 */
#ifndef TG_CONTRIB_SETTLE_LAYOUT_H
#define TG_CONTRIB_SETTLE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "contrib/common/table.h"

#define LAYOUT_TEXT_BYTES 64
#define LAYOUT_WORDS_MAX 32

/* A word of the partner's for one of ours. */
struct layout_word {
	char theirs[LAYOUT_TEXT_BYTES];
	char ours[LAYOUT_TEXT_BYTES];
};

/* Where a cell comes from. */
struct layout_place {
	char column[LAYOUT_TEXT_BYTES]; /* CSV: name of the column; empty: none */
	uint32_t cell;			/* CSV: its place, from 0; found with the table */
	uint32_t from, bytes;		/* fixed: from this byte of the line, from 1; 0: none */
};

/* A column as rows.h has it. */
struct layout_column {
	char name[LAYOUT_TEXT_BYTES];
	char source[LAYOUT_TEXT_BYTES + 24]; /* what errors call it */
	struct layout_place place, second; /* the second follows the first behind a blank */
	char constant[LAYOUT_TEXT_BYTES];  /* instead of a place */
	char format[LAYOUT_TEXT_BYTES];	   /* of a day or time, as "DD.MM.YYYY hh:mm"; or empty */
	char prefix[LAYOUT_TEXT_BYTES];	   /* put before what is not empty */
	int32_t decimals;		   /* 0 to 6 digits behind the sign; -1: a plain number */
	char decimal_sign;
	char group_sign;    /* between thousands; 0: none */
	bool is_sign_lost;  /* "-" before a number means nothing */
	bool is_unpadded;   /* zeros before it mean nothing */
	uint32_t word_count;
	struct layout_word *words; /* owned; what is none of them is wrong */
};

struct layout {
	const char *path; /* of its file; NULL: the lines are CSV as we want them */
	bool is_fixed;
	bool has_no_names;	/* CSV: no line names the columns, they are "1", "2", ... */
	bool is_loose;		/* columns of no meaning are passed over */
	char delimiter;		/* CSV */
	char zone[LAYOUT_TEXT_BYTES]; /* of times that tell none; empty: UTC */
	uint32_t skipped_lines; /* at the beginning */
	struct layout_place record; /* lines are those that have record_text there; fixed only */
	char record_text[LAYOUT_TEXT_BYTES];
	struct layout_column *columns; /* owned */
	uint32_t column_count;
	uint8_t digest[8]; /* of what it says; all zero: CSV as we want it */
};

/* CSV with columns of our names.  map: NAME=COLUMN,... for those of other names; NULL: none. */
bool layout_init(struct layout *layout, char delimiter, const char *map, struct failure *failure);

/* Read a layout's file.  False with the reason, by line; deinit in either case. */
bool layout_read(struct layout *layout, const char *path, struct failure *failure);

void layout_deinit(struct layout *layout);

/* Read a file that has the layout, and find its columns.  As table_read(). */
bool layout_open(struct layout *layout, struct table *table, const char *path,
		 struct failure *failure);

/* A line's cells, one for each column of the layout. */
struct layout_row {
	char cells[CSV_CELLS_MAX][CSV_CELL_BYTES_MAX + 1];
	const char *column; /* at fault, as errors call it; NULL: the whole line */
	struct failure why;
};

/* False: column and why tell what is wrong with the line. */
bool layout_row(const struct layout *layout, const struct table *table, uint32_t index,
		struct layout_row *ret_row);

#endif
