/*
 * test_csv_reader.c - lines of CSV: what is taken apart, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/csv_reader.h"

/* A line of a literal, which may hold NULs. */
#define LINE(text) text, sizeof(text) - 1

/* Lines that are rows, and their cells with | between them. */
static const struct {
	const char *text;
	size_t bytes;
	const char *cells;
} rows[] = {
	{ LINE("a,b,c\n"), "a|b|c" },
	{ LINE("a,b,c\r\n"), "a|b|c" },
	{ LINE("a,b,c\r\r\n"), "a|b|c" },
	{ LINE("a,b,c"), "a|b|c" },
	{ LINE(",,"), "||" },
	{ LINE("\"a,b\",\"say \"\"no\"\"\"\n"), "a,b|say \"no\"" },
	{ LINE(" a , b\n"), "a|b" },
	{ LINE("\"\"\n"), "" },
	{ LINE("\xef\xbb\xbf\"a\",b\n"), "a|b" },
	{ LINE("a;b\n"), "a;b" },
	{ LINE("a,#b\n"), "a|#b" },
};

/* Lines that are not: the cell at fault, and why; no why: nothing to be read. */
static const struct {
	const char *text;
	size_t bytes;
	uint32_t cell;
	const char *why;
} others[] = {
	{ LINE(""), 0, NULL },
	{ LINE("\n"), 0, NULL },
	{ LINE("\r\n"), 0, NULL },
	{ LINE("   \n"), 0, NULL },
	{ LINE("# a,\"b\n"), 0, NULL },
	{ LINE("a,\"b\n"), CSV_WHOLE_LINE, "has a quote that is out of place or not closed" },
	{ LINE("a,b\"c\"\n"), CSV_WHOLE_LINE, "has a quote that is out of place or not closed" },
	{ LINE("a,\"b\"c\n"), CSV_WHOLE_LINE, "has a quote that is out of place or not closed" },
	{ LINE("a,b\0c\n"), 1, "is no clean UTF-8" },
	{ LINE("\0\n"), 0, "is no clean UTF-8" },
	{ LINE("a,caf\xe9,b\n"), 1, "is no clean UTF-8" },
	{ LINE("a\x7f\n"), 0, "is no clean UTF-8" },
	{ LINE("a,b\rc,d\n"), CSV_WHOLE_LINE, "has a line end in it" },
};

static void
expect_row(struct csv_reader *reader, const char *text, size_t bytes, const char *cells)
{
	struct csv_row row;
	char found[1024] = "";

	assert_int_equal(csv_reader_line(reader, text, bytes, true, &row), CSV_ROW);
	for (uint32_t i = 0; i < row.count; i++)
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s",
			 i > 0 ? "|" : "", row.cells[i]);
	assert_string_equal(found, cells);
}

/* What: cells come apart as people and programs write them. */
static void
lines_are_taken_apart(void **state)
{
	struct csv_reader *reader = csv_reader_new(',');

	(void)state;
	assert_non_null(reader);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_row(reader, rows[i].text, rows[i].bytes, rows[i].cells);
	csv_reader_free(reader);
}

/* What: a line that is wrong is refused with its cell and reason, and the next one is read.
 * How:  a good line after each bad one. */
static void
bad_lines_are_refused_one_by_one(void **state)
{
	struct csv_reader *reader = csv_reader_new(',');
	struct csv_row row;

	(void)state;
	assert_non_null(reader);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		enum csv_found found = csv_reader_line(reader, others[i].text, others[i].bytes,
						       false, &row);

		assert_int_equal(found, others[i].why != NULL ? CSV_BAD : CSV_NOTHING);
		if (others[i].why != NULL) {
			assert_string_equal(row.why, others[i].why);
			assert_int_equal(row.bad_cell, others[i].cell);
		}
		expect_row(reader, "x,y", 3, "x|y");
	}
	csv_reader_free(reader);
}

/* What: a cell, a line and the number of cells have their bounds, and may reach them.
 * How:  one byte or cell more each time. */
static void
lines_have_bounds(void **state)
{
	struct csv_reader *reader = csv_reader_new(',');
	const size_t bytes = CSV_LINE_BYTES_MAX + 1;
	char *text = malloc(bytes);
	struct csv_row row;

	(void)state;
	assert_non_null(reader);
	assert_non_null(text);
	memset(text, 'a', bytes);
	assert_int_equal(csv_reader_line(reader, text, CSV_CELL_BYTES_MAX, false, &row), CSV_ROW);
	assert_int_equal(strlen(row.cells[0]), CSV_CELL_BYTES_MAX);
	assert_int_equal(csv_reader_line(reader, text, CSV_CELL_BYTES_MAX + 1, false, &row),
			 CSV_BAD);
	assert_string_equal(row.why, "is too long");
	assert_int_equal(row.bad_cell, 0);
	assert_int_equal(csv_reader_line(reader, text, bytes, false, &row), CSV_BAD);
	assert_int_equal(row.bad_cell, CSV_WHOLE_LINE);
	memset(text, ',', bytes);
	assert_int_equal(csv_reader_line(reader, text, CSV_CELLS_MAX - 1, false, &row), CSV_ROW);
	assert_int_equal(row.count, CSV_CELLS_MAX);
	assert_int_equal(csv_reader_line(reader, text, CSV_CELLS_MAX, false, &row), CSV_BAD);
	assert_string_equal(row.why, "has too many cells");
	free(text);
	csv_reader_free(reader);
}

/* What: cells may be parted by something else. */
static void
another_delimiter_parts_cells(void **state)
{
	struct csv_reader *reader = csv_reader_new(';');

	(void)state;
	assert_non_null(reader);
	expect_row(reader, "a;b,c;\"d;e\"", 11, "a|b,c|d;e");
	expect_row(reader, "a;", 2, "a|");
	csv_reader_free(reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_taken_apart),
		cmocka_unit_test(bad_lines_are_refused_one_by_one),
		cmocka_unit_test(lines_have_bounds),
		cmocka_unit_test(another_delimiter_parts_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
