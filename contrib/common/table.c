/*
 * table.c - a CSV file in memory.
 */
#include "contrib/common/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <openssl/evp.h>

#include "protocol/assert.h"

/* Read the whole file. */
static bool
load(struct table *table, FILE *file, struct failure *failure)
{
	struct stat facts;
	size_t room;

	if (fstat(fileno(file), &facts) != 0)
		return failure_set_errno(failure, errno, "%s", table->path);
	if (!S_ISREG(facts.st_mode))
		return failure_set(failure, "%s: not a file", table->path);
	if (facts.st_size > TABLE_BYTES_MAX)
		return failure_set(failure, "%s: larger than %lld bytes", table->path,
				   (long long)TABLE_BYTES_MAX);
	room = (size_t)facts.st_size + 1;
	table->bytes = malloc(room);
	TG_ASSERT(table->bytes != NULL);
	table->byte_count = fread(table->bytes, 1, room, file);
	if (ferror(file) != 0)
		return failure_set_errno(failure, errno, "%s", table->path);
	if (table->byte_count == room)
		return failure_set(failure, "%s: is being written to", table->path);
	if (EVP_Digest(table->bytes, table->byte_count, table->digest, NULL, EVP_sha256(), NULL) !=
	    1)
		return failure_set(failure, "%s: SHA-256 fails", table->path);
	return true;
}

/* The line that begins at a place. */
static struct table_line
line_at(const struct table *table, uint64_t at, uint32_t number)
{
	const char *start = table->bytes + at;
	const char *end = memchr(start, '\n', table->byte_count - at);
	uint64_t bytes = end != NULL ? (uint64_t)(end - start) + 1 : table->byte_count - at;

	/* A line this long is refused in any case; what is over is passed over. */
	if (bytes > UINT32_MAX / 2)
		bytes = UINT32_MAX / 2;
	return (struct table_line){ .at = at, .bytes = (uint32_t)bytes, .number = number };
}

static enum csv_found
read_line(const struct table *table, const struct table_line *line, struct csv_row *ret_row)
{
	return csv_reader_line(table->reader, table->bytes + line->at, line->bytes,
			       line->number == 1, ret_row);
}

/* Keep the names of the columns. */
static bool
take_header(struct table *table, const struct table_line *line, enum csv_found found,
	    const struct csv_row *row, struct failure *failure)
{
	if (found == CSV_BAD)
		return failure_set(failure, "%s:%u: the line of column names %s", table->path,
				   line->number, row->why);
	for (uint32_t i = 0; i < row->count; i++) {
		const char *name = row->cells[i];

		if (name[0] == '\0' || strlen(name) >= TABLE_NAME_BYTES)
			return failure_set(failure, "%s:%u: column %u has no name, or a long one",
					   table->path, line->number, i + 1);
		if (table_column(table, name) < table->column_count)
			return failure_set(failure, "%s:%u: column %s stands twice", table->path,
					   line->number, name);
		snprintf(table->columns[i], TABLE_NAME_BYTES, "%s", name);
		table->column_count++;
	}
	table->header = *line;
	return true;
}

/* Columns that have no names have numbers. */
static void
number_columns(struct table *table, const struct csv_row *row)
{
	for (uint32_t i = 0; i < row->count; i++)
		snprintf(table->columns[i], TABLE_NAME_BYTES, "%u", i + 1);
	table->column_count = row->count;
}

/* What a line is: CSV_ROW and CSV_BAD are kept as rows. */
static bool
take_line(struct table *table, const struct table_form *form, const struct table_line *line,
	  bool *ret_is_row, struct failure *failure)
{
	enum csv_found found;
	struct csv_row row;

	*ret_is_row = false;
	if (form->is_line != NULL) {
		*ret_is_row = form->is_line(form->context, table->bytes + line->at, line->bytes);
		return true;
	}
	found = read_line(table, line, &row);
	if (found == CSV_NOTHING)
		return true;
	if (table->column_count == 0 && !form->has_no_names)
		return take_header(table, line, found, &row, failure);
	if (table->column_count == 0 && found == CSV_ROW)
		number_columns(table, &row);
	*ret_is_row = true;
	return true;
}

static bool
take_lines(struct table *table, const struct table_form *form, struct failure *failure)
{
	uint32_t capacity = 0, number = 0;
	bool is_row;

	for (uint64_t at = 0; at < table->byte_count;) {
		const struct table_line line = line_at(table, at, ++number);

		at += line.bytes;
		if (number <= form->skipped_lines)
			continue;
		if (!take_line(table, form, &line, &is_row, failure))
			return false;
		if (!is_row)
			continue;
		if (table->line_count == capacity) {
			capacity = capacity * 2 + 1024;
			table->lines = reallocarray(table->lines, capacity, sizeof(*table->lines));
			TG_ASSERT(table->lines != NULL);
		}
		table->lines[table->line_count++] = line;
	}
	return true;
}

bool
table_read_form(struct table *table, const char *path, const struct table_form *form,
		struct failure *failure)
{
	FILE *file = fopen(path, "rbe");
	bool is_ok;

	memset(table, 0, sizeof(*table));
	table->path = path;
	if (file == NULL)
		return failure_set_errno(failure, errno, "%s", path);
	is_ok = load(table, file, failure);
	fclose(file);
	if (!is_ok)
		return false;
	table->reader = csv_reader_new(form->delimiter);
	TG_ASSERT(table->reader != NULL);
	if (!take_lines(table, form, failure))
		return false;
	if (form->is_line != NULL || table->column_count > 0)
		return true;
	return failure_set(failure, form->has_no_names ?
					    "%s: is empty" :
					    "%s: is empty; its first line names the columns",
			   path);
}

bool
table_read(struct table *table, const char *path, char delimiter, struct failure *failure)
{
	const struct table_form form = { .delimiter = delimiter };

	return table_read_form(table, path, &form, failure);
}

void
table_deinit(struct table *table)
{
	csv_reader_free(table->reader);
	free(table->lines);
	free(table->bytes);
	memset(table, 0, sizeof(*table));
}

enum csv_found
table_row(const struct table *table, uint32_t index, struct csv_row *ret_row)
{
	enum csv_found found = read_line(table, &table->lines[index], ret_row);

	if (found == CSV_ROW && ret_row->count != table->column_count) {
		ret_row->bad_cell = CSV_WHOLE_LINE;
		ret_row->why = ret_row->count < table->column_count
				       ? "has fewer cells than there are columns"
				       : "has more cells than there are columns";
		found = CSV_BAD;
	}
	return found;
}

void
table_make_id(const struct table *table, uint32_t index, const char *label, uint8_t step,
	      const char *name, uint8_t ret_id[TG_TRANSACTION_ID_BYTES])
{
	uint8_t text[TABLE_NAME_BYTES + 1 + TABLE_DIGEST_BYTES + 4 + CSV_CELL_BYTES_MAX];
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t used = strlen(label) + 1;
	int is_made;

	TG_ASSERT(used <= TABLE_NAME_BYTES);
	memcpy(text, label, used);
	text[used++] = step;
	if (name != NULL) {
		TG_ASSERT(strlen(name) <= CSV_CELL_BYTES_MAX);
		memcpy(text + used, name, strlen(name));
		used += strlen(name);
	} else {
		memcpy(text + used, table->digest, TABLE_DIGEST_BYTES);
		used += TABLE_DIGEST_BYTES;
		for (int shift = 24; shift >= 0; shift -= 8)
			text[used++] = (uint8_t)(table->lines[index].number >> shift);
	}
	is_made = EVP_Digest(text, used, digest, NULL, EVP_sha256(), NULL);
	TG_ASSERT(is_made == 1);
	memcpy(ret_id, digest, TG_TRANSACTION_ID_BYTES);
}

uint32_t
table_column(const struct table *table, const char *name)
{
	for (uint32_t i = 0; i < table->column_count; i++)
		if (strcasecmp(table->columns[i], name) == 0)
			return i;
	return table->column_count;
}

uint32_t
table_index(const struct table *table, uint32_t number)
{
	uint32_t low = 0, high = table->line_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (table->lines[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < table->line_count && table->lines[low].number == number ? low
									     : table->line_count;
}
