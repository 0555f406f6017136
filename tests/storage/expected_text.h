/*
 * expected_text.h - lists of lines that rows of tables should be, one text for each row.
 */
#ifndef TG_TESTS_STORAGE_EXPECTED_TEXT_H
#define TG_TESTS_STORAGE_EXPECTED_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/database.h"

#define EXPECTED_LINE_BYTES_MAX 4096

/* A row as values with tabs between. */
struct expected_line {
	char	 text[EXPECTED_LINE_BYTES_MAX];
	size_t	 bytes;
};

/* Append a value: a NULL, numbers, a date, UTC ms, bytes in hexadecimal, a text. */
void line_null(struct expected_line *line);
void line_u64(struct expected_line *line, uint64_t value);
void line_i64(struct expected_line *line, int64_t value);
void line_day(struct expected_line *line, int32_t day);
void line_ms(struct expected_line *line, int64_t utc_ms);
void line_hex(struct expected_line *line, const uint8_t *bytes);
void line_text(struct expected_line *line, const uint8_t *bytes, size_t bytes_max);

/* The same, or NULL: unless has; for 0; for 16 zero bytes. */
void line_i64_if(struct expected_line *line, bool has, int64_t value);
void line_u64_unless_0(struct expected_line *line, bool has, uint64_t value);
void line_hex_unless_0(struct expected_line *line, bool has, const uint8_t *bytes);
void line_text_unless_empty(struct expected_line *line, bool has, const uint8_t *bytes,
			    size_t bytes_max);

/* The lines of a table in the order of its rows. */
struct expected_table {
	const char *name;
	char	**lines;		/* owned, each too; NULL: a row that was replaced since */
	size_t	 count;
	size_t	 capacity;
};

void expected_add(struct expected_table *table, const struct expected_line *line);

/* Keep the line under a key of the row: replaces an earlier line of that key. */
void expected_set(struct expected_table *table, uint64_t key, const struct expected_line *line);

/*
 * Fail the test, naming the table, unless the rows of sql, which must come in the order of the
 * lines, are these.  Frees the lines.
 */
void expected_compare(struct expected_table *table, struct database *database, const char *name,
		      const char *sql);

#endif
