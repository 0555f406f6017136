/*
 * layout.c - how a partner's file says what a line is.
 */
#include "contrib/settle/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "contrib/settle/layout_value.h"
#include "protocol/assert.h"

/* A column of CSV that has our form under another name. */
static bool
add_mapped(struct layout *layout, const char *name, size_t name_bytes, const char *column,
	   struct failure *failure)
{
	struct layout_column *added;

	if (name_bytes == 0 || name_bytes >= LAYOUT_TEXT_BYTES || column[0] == '\0' ||
	    strlen(column) >= LAYOUT_TEXT_BYTES)
		return failure_set(failure, "--columns: \"%.60s\" is not NAME=COLUMN,...", name);
	for (uint32_t i = 0; i < layout->column_count; i++)
		if (strncasecmp(layout->columns[i].name, name, name_bytes) == 0 &&
		    layout->columns[i].name[name_bytes] == '\0')
			return failure_set(failure, "--columns: %.*s stands twice",
					   (int)name_bytes, name);
	if (layout->column_count == CSV_CELLS_MAX)
		return failure_set(failure, "--columns: more than %d columns", CSV_CELLS_MAX);
	added = &layout->columns[layout->column_count++];
	snprintf(added->name, sizeof(added->name), "%.*s", (int)name_bytes, name);
	snprintf(added->place.column, sizeof(added->place.column), "%s", column);
	snprintf(added->source, sizeof(added->source), "%s", column);
	added->decimals = -1;
	return true;
}

bool
layout_init(struct layout *layout, char delimiter, const char *map, struct failure *failure)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char *copy, *rest = NULL;
	bool is_ok = true;

	memset(layout, 0, sizeof(*layout));
	layout->delimiter = delimiter;
	layout->columns = calloc(CSV_CELLS_MAX, sizeof(*layout->columns));
	TG_ASSERT(layout->columns != NULL);
	if (map == NULL)
		return true;
	if (EVP_Digest(map, strlen(map), digest, NULL, EVP_sha256(), NULL) != 1)
		return failure_set(failure, "SHA-256 fails");
	memcpy(layout->digest, digest, sizeof(layout->digest));
	layout->is_loose = true;
	copy = strdup(map);
	TG_ASSERT(copy != NULL);
	for (char *pair = strtok_r(copy, ",", &rest); is_ok && pair != NULL;
	     pair = strtok_r(NULL, ",", &rest)) {
		char *equals = strchr(pair, '=');

		is_ok = add_mapped(layout, pair, equals == NULL ? 0 : (size_t)(equals - pair),
				   equals == NULL ? "" : equals + 1, failure);
	}
	free(copy);
	return is_ok;
}

void
layout_deinit(struct layout *layout)
{
	for (uint32_t i = 0; i < layout->column_count; i++)
		free(layout->columns[i].words);
	free(layout->columns);
	memset(layout, 0, sizeof(*layout));
}

/* The bytes of a line without its end. */
static size_t
line_bytes(const char *line, size_t bytes)
{
	if (bytes > 0 && line[bytes - 1] == '\n')
		bytes--;
	while (bytes > 0 && line[bytes - 1] == '\r')
		bytes--;
	return bytes;
}

/* What stands at a place of a line of fixed columns, without blanks around. */
static void
cut(const struct layout_place *place, const char *line, size_t bytes, const char **ret_text,
    size_t *ret_bytes)
{
	size_t from = place->from - 1, end = from + place->bytes;

	if (end > bytes)
		end = bytes;
	while (from < end && (line[from] == ' ' || line[from] == '\t'))
		from++;
	while (end > from && (line[end - 1] == ' ' || line[end - 1] == '\t'))
		end--;
	*ret_text = line + from;
	*ret_bytes = end > from ? end - from : 0;
}

static bool
is_record(void *context, const char *line, size_t bytes)
{
	const struct layout *layout = context;
	const char *text;
	size_t count;

	bytes = line_bytes(line, bytes);
	if (bytes == 0)
		return false;
	if (layout->record.bytes == 0)
		return true;
	cut(&layout->record, line, bytes, &text, &count);
	return count == strlen(layout->record_text) &&
	       memcmp(text, layout->record_text, count) == 0;
}

static bool
find_cell(const struct table *table, struct layout_place *place, struct failure *failure)
{
	place->cell = table_column(table, place->column);
	return place->column[0] == '\0' || place->cell < table->column_count ||
	       failure_set(failure, "%s:%u: there is no column \"%s\"", table->path,
			   table->header.number, place->column);
}

/* Is that cell of the table one of a layout's column already? */
static bool
is_taken(const struct layout *layout, uint32_t mapped_count, uint32_t cell)
{
	for (uint32_t i = 0; i < mapped_count; i++)
		if (layout->columns[i].place.column[0] != '\0' &&
		    layout->columns[i].place.cell == cell)
			return true;
	return false;
}

static bool
is_named(const struct layout *layout, uint32_t mapped_count, const char *name)
{
	for (uint32_t i = 0; i < mapped_count; i++)
		if (strcasecmp(layout->columns[i].name, name) == 0)
			return true;
	return false;
}

/* Columns of the table that have our names are what these say. */
static void
add_own(struct layout *layout, const struct table *table)
{
	const uint32_t mapped_count = layout->column_count;

	for (uint32_t i = 0; i < table->column_count && layout->column_count < CSV_CELLS_MAX; i++) {
		struct layout_column *own = &layout->columns[layout->column_count];

		if (is_taken(layout, mapped_count, i) ||
		    is_named(layout, mapped_count, table->columns[i]))
			continue;
		memset(own, 0, sizeof(*own));
		snprintf(own->name, sizeof(own->name), "%s", table->columns[i]);
		snprintf(own->source, sizeof(own->source), "%s", table->columns[i]);
		snprintf(own->place.column, sizeof(own->place.column), "%s", table->columns[i]);
		own->place.cell = i;
		own->decimals = -1;
		layout->column_count++;
	}
}

bool
layout_open(struct layout *layout, struct table *table, const char *path, struct failure *failure)
{
	const struct table_form form = { .delimiter = layout->delimiter,
					 .skipped_lines = layout->skipped_lines,
					 .has_no_names = layout->has_no_names,
					 .is_line = layout->is_fixed ? is_record : NULL,
					 .context = layout };

	if (!table_read_form(table, path, &form, failure))
		return false;
	if (layout->is_fixed)
		return true;
	for (uint32_t i = 0; i < layout->column_count; i++)
		if (!find_cell(table, &layout->columns[i].place, failure) ||
		    !find_cell(table, &layout->columns[i].second, failure))
			return false;
	if (layout->path == NULL)
		add_own(layout, table);
	return true;
}

/* A line, however it is parted. */
struct line {
	const char *text; /* fixed */
	size_t bytes;
	struct csv_row row; /* CSV */
};

static bool
is_clean(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] >= 0x7f)
			return false;
	return true;
}

/* Put what stands at a place behind what the cell has; used: bytes of it. */
static bool
append_place(const struct layout *layout, const struct layout_place *place,
	     const struct line *line, char *cell, size_t *used, struct failure *why)
{
	const char *text;
	size_t bytes;

	if (layout->is_fixed) {
		cut(place, line->text, line->bytes, &text, &bytes);
		if (!is_clean(text, bytes))
			return failure_set(why, "has other characters than ASCII has");
	} else {
		text = line->row.cells[place->cell];
		bytes = strlen(text);
	}
	if (*used + bytes + 1 > CSV_CELL_BYTES_MAX)
		return failure_set(why, "is too long");
	if (*used > 0 && bytes > 0)
		cell[(*used)++] = ' ';
	memcpy(cell + *used, text, bytes);
	*used += bytes;
	cell[*used] = '\0';
	return true;
}

static bool
read_cell(const struct layout *layout, const struct layout_column *column,
	  const struct line *line, char *cell, struct failure *why)
{
	size_t used = 0;

	cell[0] = '\0';
	if (column->constant[0] != '\0') {
		snprintf(cell, CSV_CELL_BYTES_MAX + 1, "%s", column->constant);
		return true;
	}
	if (!append_place(layout, &column->place, line, cell, &used, why))
		return false;
	if ((column->second.bytes > 0 || column->second.column[0] != '\0') &&
	    !append_place(layout, &column->second, line, cell, &used, why))
		return false;
	return used == 0 || layout_value(column, layout->zone, cell, why);
}

/* Take the line apart. */
static bool
read_line(const struct layout *layout, const struct table *table, uint32_t index,
	  struct line *line, struct layout_row *ret_row)
{
	const struct table_line *at = &table->lines[index];

	ret_row->column = NULL;
	if (layout->is_fixed) {
		line->text = table->bytes + at->at;
		line->bytes = line_bytes(line->text, at->bytes);
		return line->bytes <= CSV_LINE_BYTES_MAX ||
		       failure_set(&ret_row->why, "is too long");
	}
	if (table_row(table, index, &line->row) == CSV_ROW)
		return true;
	if (line->row.bad_cell < table->column_count)
		ret_row->column = table->columns[line->row.bad_cell];
	return failure_set(&ret_row->why, "%s", line->row.why);
}

bool
layout_row(const struct layout *layout, const struct table *table, uint32_t index,
	   struct layout_row *ret_row)
{
	struct line line;

	if (!read_line(layout, table, index, &line, ret_row))
		return false;
	for (uint32_t i = 0; i < layout->column_count; i++) {
		const struct layout_column *column = &layout->columns[i];

		ret_row->column = column->source;
		if (!read_cell(layout, column, &line, ret_row->cells[i], &ret_row->why))
			return false;
	}
	ret_row->column = NULL;
	return true;
}
