/*
 * text_table.c - measures cells by what they take on a terminal, then prints them.
 */
#include "admin/text_table.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uniwidth.h>

#include "protocol/assert.h"

static const char gap[] = "  ";

static size_t
width_of(const char *text)
{
	const int width = u8_strwidth((const uint8_t *)text, "UTF-8");

	return width > 0 ? (size_t)width : 0;
}

static bool
is_right(const struct text_table *table, uint32_t column)
{
	return table->titles[column][0] == '>';
}

static const char *
title_of(const struct text_table *table, uint32_t column)
{
	return table->titles[column] + (is_right(table, column) ? 1 : 0);
}

void
text_table_init(struct text_table *table, struct output *out, const char *const *titles,
		uint32_t column_count)
{
	TG_ASSERT(column_count >= 1 && column_count <= TEXT_TABLE_COLUMNS_MAX);
	memset(table, 0, offsetof(struct text_table, page));
	table->out = out;
	table->titles = titles;
	table->column_count = column_count;
	for (uint32_t i = 0; i < column_count; i++)
		table->widths[i] = width_of(title_of(table, i));
}

static void
print_cell(struct text_table *table, uint32_t column, const char *text)
{
	const bool is_last = column + 1 == table->column_count;
	const size_t width = width_of(text);
	const size_t rest = table->widths[column] > width ? table->widths[column] - width : 0;

	if (is_right(table, column))
		output_blanks(table->out, rest);
	output_text(table->out, text);
	if (is_last) {
		output_text(table->out, "\n");
		return;
	}
	if (!is_right(table, column))
		output_blanks(table->out, rest);
	output_text(table->out, gap);
}

static void
print_page(struct text_table *table, bool has_titles)
{
	const char *cell = table->page;

	if (has_titles) {
		for (uint32_t i = 0; i < table->column_count; i++)
			print_cell(table, i, title_of(table, i));
	}
	for (uint32_t i = 0; i < table->cell_count; i++) {
		print_cell(table, i % table->column_count, cell);
		cell += strlen(cell) + 1;
	}
}

/* Print the page, which holds whole rows, and begin an empty one. */
static void
turn_page(struct text_table *table)
{
	const uint32_t rows_on_page = table->cell_count / table->column_count;

	TG_ASSERT(table->cell_count % table->column_count == 0);
	print_page(table, rows_on_page == table->row_count);
	table->cell_count = 0;
	table->used_bytes = 0;
}

void
text_table_flush(struct text_table *table)
{
	/* Rows of JSON never wait. */
	if (table->cell_count > 0)
		turn_page(table);
}

/* A cell's text as a JSON value: a whole number where the column is one. */
static json_t *
value_of(const struct text_table *table, uint32_t column, const char *text)
{
	char *end;
	long long number;

	if (is_right(table, column) && text[0] != '\0') {
		errno = 0;
		number = strtoll(text, &end, 10);
		if (*end == '\0' && errno == 0)
			return json_integer(number);
	}
	return json_string(text);
}

/* The page holds one row: print it as an object. */
static void
print_object(struct text_table *table)
{
	json_t *object = json_object();
	const char *cell = table->page;
	char *text;

	for (uint32_t i = 0; i < table->column_count; i++) {
		const char *title = title_of(table, i);

		(void)json_object_set_new(object, title[0] != '\0' ? title : "about",
					  value_of(table, i, cell));
		cell += strlen(cell) + 1;
	}
	text = json_dumps(object, JSON_COMPACT);
	if (text != NULL)
		output_json(table->out, text);
	free(text);
	json_decref(object);
	table->cell_count = 0;
	table->used_bytes = 0;
}

void
text_table_cell(struct text_table *table, const char *format, ...)
{
	const uint32_t column = table->cell_count % table->column_count;
	char *cell;
	size_t width;
	va_list arguments;

	if (column == 0 && TEXT_TABLE_PAGE_BYTES - table->used_bytes <
				   (size_t)table->column_count * TEXT_TABLE_CELL_BYTES)
		turn_page(table);
	if (column == 0)
		table->row_count++;
	cell = table->page + table->used_bytes;
	va_start(arguments, format);
	if (vsnprintf(cell, TEXT_TABLE_CELL_BYTES, format, arguments) < 0)
		cell[0] = '\0';
	va_end(arguments);
	width = width_of(cell);
	if (width > table->widths[column])
		table->widths[column] = width;
	table->used_bytes += strlen(cell) + 1;
	table->cell_count++;
	if (table->out->is_json && table->cell_count == table->column_count)
		print_object(table);
}

void
text_table_end(struct text_table *table)
{
	if (table->out->is_json)
		return;
	print_page(table, table->cell_count / table->column_count == table->row_count);
	table->cell_count = 0;
	table->used_bytes = 0;
}
