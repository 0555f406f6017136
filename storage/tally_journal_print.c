/*
 * tally_journal_print.c - what the commands of tally-journal print, as text or as JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "storage/tally_journal.h"

#define COLUMN_WIDTH_MAX 48
#define COLUMNS_MAX 24

enum tool_exit
tool_complain(const struct storage_error *error)
{
	(void)fprintf(stderr, "tally-journal: %s\n", error->text);
	return error->status == TG_CORRUPT ? TOOL_DAMAGED : TOOL_FAILED;
}

/* Write value as one word or text to text. */
static void
format_value(const json_t *value, char *text, size_t text_bytes)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		(void)snprintf(text, text_bytes, "%s", json_string_value(value));
		break;
	case JSON_INTEGER:
		(void)snprintf(text, text_bytes, "%" JSON_INTEGER_FORMAT,
			       json_integer_value(value));
		break;
	case JSON_REAL:
		(void)snprintf(text, text_bytes, "%.2f", json_real_value(value));
		break;
	case JSON_TRUE:
		(void)snprintf(text, text_bytes, "yes");
		break;
	case JSON_FALSE:
		(void)snprintf(text, text_bytes, "no");
		break;
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		(void)snprintf(text, text_bytes, "-");
		break;
	}
}

/* An array of flat objects with the same names, as columns. */
static void
print_table(json_t *rows)
{
	int widths[COLUMNS_MAX] = { 0 };
	char text[COLUMN_WIDTH_MAX + 1];
	const char *name;
	json_t *value;
	json_t *row;
	size_t index;
	int column;

	json_array_foreach(rows, index, row)
	{
		column = 0;
		json_object_foreach(row, name, value)
		{
			int length = (int)strlen(name);

			format_value(value, text, sizeof text);
			if (length < (int)strlen(text))
				length = (int)strlen(text);
			if (column < COLUMNS_MAX && widths[column] < length)
				widths[column] = length;
			column++;
		}
	}
	if (json_array_size(rows) == 0)
		return;
	column = 0;
	json_object_foreach(json_array_get(rows, 0), name, value)(void)
		printf("%-*s  ", widths[column++ % COLUMNS_MAX], name);
	(void)printf("\n");
	json_array_foreach(rows, index, row)
	{
		column = 0;
		json_object_foreach(row, name, value)
		{
			format_value(value, text, sizeof text);
			(void)printf("%*s  ",
				     json_is_string(value) ? -widths[column] : widths[column],
				     text);
			column = (column + 1) % COLUMNS_MAX;
		}
		(void)printf("\n");
	}
}

enum tool_exit
tool_print(const struct tool_options *options, json_t *result)
{
	char text[STORAGE_PATH_BYTES_MAX];
	const char *name;
	json_t *value;
	int printed = 0;

	if (result == NULL) {
		(void)fprintf(stderr, "tally-journal: out of memory\n");
		return TOOL_FAILED;
	}
	if (options->is_json) {
		printed = json_dumpf(result, stdout, JSON_COMPACT);
		(void)printf("\n");
	} else {
		json_object_foreach(result, name, value)
		{
			if (json_is_array(value)) {
				(void)printf("\n%s\n", name);
				print_table(value);
				continue;
			}
			format_value(value, text, sizeof text);
			(void)printf("%s: %s\n", name, text);
		}
	}
	json_decref(result);
	return printed == 0 && fflush(stdout) == 0 ? TOOL_OK : TOOL_FAILED;
}
