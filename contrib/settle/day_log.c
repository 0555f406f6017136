/*
 * day_log.c - a till's own log of a day, from a CSV file.
 */
#include "contrib/settle/day_log.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/common/day.h"
#include "contrib/common/outcome.h"
#include "contrib/common/word.h"
#include "protocol/assert.h"

/* What is read, and whether it must be there. */
enum { TRANSACTION, OPERATION, POINTS, AMOUNT, OUTCOME, DATE, CELL_COUNT };

struct reading {
	const struct day_log_options *options;
	struct table table;
	uint32_t columns[CELL_COUNT]; /* the table's column_count: not there */
};

/* The name that a column has in the file. */
static void
mapped_name(const char *map, const char *name, char ret_name[TABLE_NAME_BYTES])
{
	const size_t bytes = strlen(name);

	snprintf(ret_name, TABLE_NAME_BYTES, "%s", name);
	for (const char *at = map; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, bytes) == 0 && at[bytes] == '=') {
			at += bytes + 1;
			snprintf(ret_name, TABLE_NAME_BYTES, "%.*s", (int)strcspn(at, ","), at);
			return;
		}
	}
}

static bool
find_columns(struct reading *reading, struct failure *failure)
{
	const char *const names[CELL_COUNT] = {
		[TRANSACTION] = "transaction", [OPERATION] = "operation", [POINTS] = "points",
		[AMOUNT] = "amount",	       [OUTCOME] = "outcome",
		[DATE] = reading->options->is_till_day ? "till_day" : "business_date",
	};

	for (uint32_t i = 0; i < CELL_COUNT; i++) {
		char name[TABLE_NAME_BYTES];

		mapped_name(reading->options->map, names[i], name);
		reading->columns[i] = table_column(&reading->table, name);
		if (i <= POINTS && reading->columns[i] == reading->table.column_count)
			return failure_set(failure, "%s: there is no column %s",
					   reading->options->path, name);
	}
	return true;
}

/* The cell of a line; "" where there is no such column. */
static const char *
cell(const struct reading *reading, const struct csv_row *row, uint32_t which)
{
	const uint32_t column = reading->columns[which];

	return column < reading->table.column_count ? row->cells[column] : "";
}

/* A number, 0 where nothing stands. */
static bool
read_number(const char *text, int64_t *ret_number)
{
	*ret_number = 0;
	return text[0] == '\0' ||
	       word_number(text, -TG_BALANCE_MAX, TG_BALANCE_MAX, ret_number);
}

/* Is the line of the day, and did it succeed?  What cannot be read is. */
static bool
is_meant(const struct reading *reading, const struct csv_row *row)
{
	const char *outcome = cell(reading, row, OUTCOME), *date = cell(reading, row, DATE);
	const uint32_t status = outcome_read(outcome);
	int32_t day;

	if (outcome[0] != '\0' && status != OUTCOME_NONE && !outcome_is_done(status))
		return false;
	return !day_parse(date, &day) || day == reading->options->day;
}

/* An operation by its name in any case of letters. */
static uint32_t
read_operation(const char *text)
{
	char name[16] = "";

	for (size_t i = 0; i < sizeof(name) - 1 && text[i] != '\0'; i++)
		name[i] = (char)toupper((unsigned char)text[i]);
	return outcome_operation(name);
}

static bool
read_item(const struct reading *reading, const struct csv_row *row, struct tg_proof_item *item)
{
	struct failure ignored;

	memset(item, 0, sizeof(*item));
	item->kind = read_operation(cell(reading, row, OPERATION));
	return tg_proof_has_kind(item->kind) &&
	       word_transaction(cell(reading, row, TRANSACTION), item->id,
				&item->business_time_utc_ms, &ignored) &&
	       read_number(cell(reading, row, POINTS), &item->points) &&
	       read_number(cell(reading, row, AMOUNT), &item->amount);
}

static int
compare_ids(const void *a, const void *b)
{
	const struct tg_proof_item *x = a, *y = b;

	return memcmp(x->id, y->id, sizeof(x->id));
}

/* A line that was sent again may stand twice. */
static void
drop_repetitions(struct day_log *log)
{
	uint32_t kept = 0;

	qsort(log->items, log->item_count, sizeof(*log->items), compare_ids);
	for (uint32_t i = 0; i < log->item_count; i++) {
		if (kept == 0 || compare_ids(&log->items[kept - 1], &log->items[i]) != 0)
			log->items[kept++] = log->items[i];
	}
	log->item_count = kept;
}

bool
day_log_read(struct day_log *log, const struct day_log_options *options, struct failure *failure)
{
	struct reading reading = { .options = options };
	struct csv_row row;
	bool is_ok;

	memset(log, 0, sizeof(*log));
	is_ok = table_read(&reading.table, options->path, options->delimiter, failure) &&
		find_columns(&reading, failure);
	if (is_ok) {
		log->items = calloc((size_t)reading.table.line_count + 1, sizeof(*log->items));
		TG_ASSERT(log->items != NULL);
	}
	for (uint32_t i = 0; is_ok && i < reading.table.line_count; i++) {
		if (table_row(&reading.table, i, &row) != CSV_ROW)
			is_ok = false;
		else if (!is_meant(&reading, &row))
			continue;
		else
			is_ok = read_item(&reading, &row, &log->items[log->item_count]);
		log->item_count += is_ok;
		if (!is_ok)
			failure_set(failure, "%s:%u: not a line of a log", options->path,
				    reading.table.lines[i].number);
	}
	if (is_ok)
		drop_repetitions(log);
	table_deinit(&reading.table);
	return is_ok;
}

void
day_log_deinit(struct day_log *log)
{
	free(log->items);
	log->items = NULL;
}
