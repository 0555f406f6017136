/*
 * text_table.h - columns of text, aligned.
 *
 * Rows collect in a page of fixed size; a full page is printed and the next one begins, so that a
 * list of any length is printed in bounded memory.  Widths only grow from page to page.
 */
#ifndef TG_ADMIN_TEXT_TABLE_H
#define TG_ADMIN_TEXT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "admin/output.h"

#define TEXT_TABLE_COLUMNS_MAX 16
#define TEXT_TABLE_PAGE_BYTES 16384
#define TEXT_TABLE_CELL_BYTES 256	/* of a cell's text with its final zero; the rest is cut */

/* Invariants: page[0..used_bytes) holds whole cells, each ended by a zero byte, row after row. */
struct text_table {
	struct output *out;		/* borrowed */
	const char *const *titles;	/* borrowed; a leading '>' aligns the column to the right */
	uint32_t column_count;		/* 1..TEXT_TABLE_COLUMNS_MAX */
	uint32_t cell_count;		/* on the page */
	uint32_t row_count;		/* begun since init */
	size_t	 used_bytes;		/* of page */
	size_t	 widths[TEXT_TABLE_COLUMNS_MAX]; /* on a terminal, of what was seen so far */
	char	 page[TEXT_TABLE_PAGE_BYTES];
};

/* titles: column_count texts, borrowed while the table lives. */
void text_table_init(struct text_table *table, struct output *out, const char *const *titles,
		     uint32_t column_count);

/* The next cell of the row, or the first one of the next row. */
void text_table_cell(struct text_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Print whole rows that wait, to go on later. */
void text_table_flush(struct text_table *table);

/* Print what is left.  An empty table prints its titles. */
void text_table_end(struct text_table *table);

#endif
