/*
 * tally_journal_member.c - all that happened to one member.
 */
#include <csv.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/record.h"
#include "storage/record_json.h"
#include "storage/tally_journal.h"

#define NUMBER_BYTES 32

/*
 * Columns of the CSV: values of a record's JSON by these names, empty where it has none; then
 * what it posted.
 */
static const char *const columns[] = {
	"sequence",	 "booked_at",	     "business_date",	 "kind",
	"status",	 "partner",	     "store",		 "terminal",
	"operator",	 "text",	     "transaction_id",	 "business_time",
	"amount",	 "points",	     "receipt",		 "original_id",
	"available_points", "regular_points", "pending_points",	 "held_points",
	"debt_after_points",
};
static const struct {
	const char *name;
	enum account account;
} posted[] = {
	{ "posted_available", ACCOUNT_AVAILABLE },
	{ "posted_pending", ACCOUNT_PENDING },
	{ "posted_held", ACCOUNT_HELD },
	{ "posted_debt", ACCOUNT_DEBT },
};

static void
put_cell(const char *text, bool is_last)
{
	(void)csv_fwrite(stdout, text, strlen(text));
	(void)putchar(is_last ? '\n' : ',');
}

static void
put_head(void)
{
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		put_cell(columns[i], false);
	for (size_t i = 0; i < sizeof posted / sizeof posted[0]; i++)
		put_cell(posted[i].name, i + 1 == sizeof posted / sizeof posted[0]);
}

static void
put_row(const json_t *json, const struct record *record)
{
	char number[NUMBER_BYTES];

	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		const json_t *value = json_object_get(json, columns[i]);

		if (json_is_string(value)) {
			put_cell(json_string_value(value), false);
			continue;
		}
		(void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT,
			       json_integer_value(value));
		put_cell(json_is_integer(value) ? number : "", false);
	}
	for (size_t i = 0; i < sizeof posted / sizeof posted[0]; i++) {
		(void)snprintf(number, sizeof number, "%" PRId64,
			       record_posted_points(record, posted[i].account));
		put_cell(number, i + 1 == sizeof posted / sizeof posted[0]);
	}
}

/* An export under way. */
struct export {
	const struct tool_options *options;
	struct record *record; /* owned */
};

static enum tg_status
export_each(void *context, const struct journal_reader *reader, const struct journal_item *item,
	    struct storage_error *error)
{
	const struct export *export = context;
	struct record *record = export->record;
	size_t bytes_count;
	enum tg_status status;
	json_t *json;

	(void)reader;
	if (item->kind != JOURNAL_RECORD)
		return TG_OK;
	status = record_decode(item->bytes, item->bytes_count, record, &bytes_count);
	if (status != TG_OK)
		return storage_fail(error, status, "record %" PRIu64 ": %s", item->sequence,
				    tg_status_text(status));
	if (!record_filter_takes(&export->options->filter, record))
		return TG_OK;
	json = record_json(record);
	if (json == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a record's text");
	if (export->options->is_csv) {
		put_row(json, record);
	} else {
		(void)json_dumpf(json, stdout, JSON_COMPACT);
		(void)putchar('\n');
	}
	json_decref(json);
	return ferror(stdout) ? storage_fail(error, TG_IO, "cannot print") : TG_OK;
}

enum tool_exit
run_member(const struct tool_options *options)
{
	struct tool_options wanted = *options;
	struct export export = { .options = &wanted, .record = malloc(sizeof *export.record) };
	struct storage_error error = { 0 };
	enum tg_status status;
	char *end;

	wanted.filter.member = strtoull(options->argument, &end, 10);
	if (wanted.filter.member == 0 || *end != '\0')
		status = storage_fail(&error, TG_CONFIG, "%s is no member reference",
				      options->argument);
	else if (export.record == NULL)
		status = storage_fail(&error, TG_NO_MEMORY, "no memory for a record");
	else {
		if (options->is_csv)
			put_head();
		status = tool_walk(&wanted, export_each, &export, &error);
	}
	free(export.record);
	if (fflush(stdout) != 0 && status == TG_OK)
		status = storage_fail(&error, TG_IO, "cannot print");
	return status == TG_OK ? TOOL_OK : tool_complain(&error);
}
