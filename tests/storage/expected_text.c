/*
 * expected_text.c - lists of lines that rows of tables should be, one text for each row.
 */
#include "tests/storage/expected_text.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void __attribute__((format(printf, 2, 3)))
append(struct expected_line *line, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line->text + line->bytes, sizeof line->text - line->bytes, format,
			   arguments);
	va_end(arguments);
	assert_true(length >= 0 && (size_t)length < sizeof line->text - line->bytes);
	line->bytes += (size_t)length;
}

void
line_null(struct expected_line *line)
{
	append(line, "NULL\t");
}

void
line_u64(struct expected_line *line, uint64_t value)
{
	append(line, "%" PRIu64 "\t", value);
}

void
line_i64(struct expected_line *line, int64_t value)
{
	append(line, "%" PRId64 "\t", value);
}

/* Seconds since 1970 in the C library's calendar. */
static struct tm
broken_down(int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm parts;

	assert_non_null(gmtime_r(&when, &parts));
	return parts;
}

void
line_day(struct expected_line *line, int32_t day)
{
	struct tm parts = broken_down((int64_t)day * 86400);

	append(line, "%04d-%02d-%02d\t", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

void
line_ms(struct expected_line *line, int64_t utc_ms)
{
	struct tm parts = broken_down(utc_ms / 1000);

	append(line, "%04d-%02d-%02d %02d:%02d:%02d.%03d\t", parts.tm_year + 1900,
	       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
	       (int)(utc_ms % 1000));
}

void
line_hex(struct expected_line *line, const uint8_t *bytes)
{
	for (int i = 0; i < 16; i++)
		append(line, "%02X", bytes[i]);
	append(line, "\t");
}

/* Of the texts that records are made with, two are not UTF-8. */
void
line_text(struct expected_line *line, const uint8_t *bytes, size_t bytes_max)
{
	size_t length = strnlen((const char *)bytes, bytes_max);

	if (length == 6 && memcmp(bytes, "cut \xe2\x82", 6) == 0)
		append(line, "cut ??\t");
	else if (length == 2 && memcmp(bytes, "\xff\xfe", 2) == 0)
		append(line, "??\t");
	else
		append(line, "%.*s\t", (int)length, (const char *)bytes);
}

void
line_i64_if(struct expected_line *line, bool has, int64_t value)
{
	if (has)
		line_i64(line, value);
	else
		line_null(line);
}

void
line_u64_unless_0(struct expected_line *line, bool has, uint64_t value)
{
	if (has && value != 0)
		line_u64(line, value);
	else
		line_null(line);
}

void
line_hex_unless_0(struct expected_line *line, bool has, const uint8_t *bytes)
{
	static const uint8_t zeros[16];

	if (has && memcmp(bytes, zeros, sizeof zeros) != 0)
		line_hex(line, bytes);
	else
		line_null(line);
}

void
line_text_unless_empty(struct expected_line *line, bool has, const uint8_t *bytes,
		       size_t bytes_max)
{
	if (has && bytes_max > 0 && bytes[0] != 0)
		line_text(line, bytes, bytes_max);
	else
		line_null(line);
}

/* Make place for line number index. */
static void
reserve(struct expected_table *table, size_t index)
{
	size_t capacity = table->capacity == 0 ? 256 : table->capacity;

	while (capacity <= index)
		capacity *= 2;
	if (capacity == table->capacity)
		return;
	table->lines = realloc(table->lines, capacity * sizeof *table->lines);
	assert_non_null(table->lines);
	memset(table->lines + table->capacity, 0,
	       (capacity - table->capacity) * sizeof *table->lines);
	table->capacity = capacity;
}

void
expected_set(struct expected_table *table, uint64_t key, const struct expected_line *line)
{
	reserve(table, key);
	free(table->lines[key]);
	table->lines[key] = strdup(line->text);
	assert_non_null(table->lines[key]);
	if (key >= table->count)
		table->count = key + 1;
}

void
expected_add(struct expected_table *table, const struct expected_line *line)
{
	expected_set(table, table->count, line);
}

/* A table being compared. */
struct comparison {
	struct expected_table *table;
	size_t	 column_count;
	size_t	 next;			/* line to be met next */
};

static void
on_row(void *context, const struct database_cell *cells)
{
	struct comparison *comparison = context;
	struct expected_table *table = comparison->table;
	struct expected_line found = { .bytes = 0 };

	found.text[0] = '\0';
	for (size_t i = 0; i < comparison->column_count; i++)
		append(&found, "%s\t", cells[i].text == NULL ? "NULL" : cells[i].text);
	while (comparison->next < table->count && table->lines[comparison->next] == NULL)
		comparison->next++;
	if (comparison->next == table->count)
		fail_msg("%s: a row too many: %s", table->name, found.text);
	if (strcmp(table->lines[comparison->next], found.text) != 0)
		fail_msg("%s: row %zu\n is not %s\n but    %s", table->name, comparison->next,
			 table->lines[comparison->next], found.text);
	comparison->next++;
}

static void
free_lines(struct expected_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->lines[i]);
	free(table->lines);
}

void
expected_compare(struct expected_table *table, struct database *database, const char *name,
		 const char *sql)
{
	struct comparison comparison = { .table = table };
	struct storage_error error;

	table->name = name;
	for (size_t i = 0; comparison.column_count == 0 && i < table->count; i++) {
		for (const char *at = table->lines[i]; at != NULL && *at != '\0'; at++)
			comparison.column_count += *at == '\t';
	}
	if (database_query(database, sql, on_row, &comparison, &error) != TG_OK)
		fail_msg("%s", error.text);
	while (comparison.next < table->count && table->lines[comparison.next] == NULL)
		comparison.next++;
	if (comparison.next != table->count)
		fail_msg("%s: no row for %s", table->name, table->lines[comparison.next]);
	free_lines(table);
}
