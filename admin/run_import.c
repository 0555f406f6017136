/*
 * run_import.c - import: validated whole, then set row by row.
 *
 * The ledger itself judges the rows beforehand: each is decided without being recorded, so that no
 * rule stands here twice.  What depends on rows of the same file (the last free place of a table)
 * can still stop an import half way; it is said how far it came, and the same file again does the
 * rest.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/ask.h"
#include "admin/handlers.h"
#include "admin/import.h"

#define JUDGED_SLICE 64
#define DAY_MS INT64_C(86400000)

static void
show_error(void *context, uint32_t line, const char *column, const char *why)
{
	struct command_call *call = context;

	if (column != NULL)
		output_print(call->out, "line %" PRIu32 ", column %s: %s\n", line, column, why);
	else
		output_print(call->out, "line %" PRIu32 ": %s\n", line, why);
}

/* Rows [first, first + JUDGED_SLICE) on the ledger's thread. */
struct judging {
	struct import *import;
	uint32_t first;
	struct ledger_now now;
	struct ledger_request request;	/* operator and origin are set */
	struct decision *decision;	/* owned */
};

/* Make the row whole from what the ledger has; or say which field a new row lacks. */
static void
complete_row(const struct ledger *ledger, const struct config_noun *noun, struct import_row *row)
{
	const struct field_set *fields = noun->fields;
	const void *present = noun->find(ledger, config_noun_key(noun, &row->image));
	union config_image whole, before;

	if (present != NULL) {
		memcpy(&before, present, fields->image_bytes);
		memcpy(&whole, present, fields->image_bytes);
		field_copy(fields, row->given, &row->image, &whole);
		memcpy(&row->image, &whole, fields->image_bytes);
		row->verdict = config_noun_is_same(noun, &whole, &before) ? IMPORT_SAME :
									    IMPORT_CHANGE;
		return;
	}
	row->verdict = IMPORT_ADD;
	for (uint32_t i = 1; i < fields->count && row->missing == 0; i++) {
		if (fields->fields[i].fallback == NULL && (row->given & (UINT32_C(1) << i)) == 0)
			row->missing = i;
	}
}

/* Nothing is printed here: the ledger's thread waits for no reader. */
static void
judge_slice(const struct ledger *ledger, void *argument)
{
	struct judging *j = argument;
	struct import *import = j->import;

	for (uint32_t i = j->first; i < j->first + JUDGED_SLICE && i < import->row_count; i++) {
		struct import_row *row = &import->rows[i];

		complete_row(ledger, import->noun, row);
		if (row->missing != 0 || row->verdict == IMPORT_SAME)
			continue;
		config_noun_fill(import->noun, &row->image, &j->request);
		ledger_decide(ledger, &j->request, &j->now, j->decision);
		row->refusal = (enum tg_status)j->decision->answer.status;
	}
}

static void
tell_refusals(struct import *import)
{
	for (uint32_t i = 0; i < import->row_count; i++) {
		const struct import_row *row = &import->rows[i];
		const struct field *missing = &import->noun->fields->fields[row->missing];

		if (row->missing != 0)
			import_complain(import, row->line, missing->name, "must be said");
		else if (row->refusal != TG_OK)
			import_complain(import, row->line, NULL, tg_status_text(row->refusal));
	}
}

/* Compare every row with the ledger. */
static bool
judge(struct command_call *call, struct import *import)
{
	const int64_t utc_ms = call->host->utc_ms(call->host->context);
	struct judging j = {
		.import = import,
		.now = { .utc_ms = utc_ms, .day = (int32_t)(utc_ms / DAY_MS) },
		.decision = decision_new(),
	};
	bool is_good = j.decision != NULL;

	if (!is_good)
		command_fail(call, "out of memory");
	ask_init(call, &j.request, import->noun->request_kind);
	for (; is_good && j.first < import->row_count; j.first += JUDGED_SLICE)
		is_good = ask_look(call, judge_slice, &j);
	decision_free(j.decision);
	if (is_good)
		tell_refusals(import);
	return is_good;
}

static int64_t
mono_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Set every row that is new or different; how many of each were done comes back. */
static bool
set_rows(struct command_call *call, const struct import *import, uint32_t *counts)
{
	struct ledger_request request;
	struct ledger_answer answer;
	int64_t told_ms = mono_ms();

	ask_init(call, &request, import->noun->request_kind);
	for (uint32_t i = 0; i < import->row_count; i++) {
		const struct import_row *row = &import->rows[i];

		if (row->verdict != IMPORT_SAME) {
			config_noun_fill(import->noun, &row->image, &request);
			if (!ask_ledger(call, &request, &answer)) {
				output_print(call->out, "stopped at line %" PRIu32 "\n", row->line);
				return false;
			}
		}
		counts[row->verdict]++;
		if (mono_ms() - told_ms < 1000)
			continue;
		told_ms = mono_ms();
		output_print(call->out, "%" PRIu32 " of %" PRIu32 "\n", i + 1, import->row_count);
		output_write_out(call->out);
	}
	return true;
}

static void
import_file(struct command_call *call, struct import *import, FILE *file)
{
	uint32_t counts[IMPORT_SAME + 1] = { 0 };
	const enum tg_status status = import_read(import, file);

	if (status != TG_OK) {
		ask_fail(call, status);
		return;
	}
	if (import->error_count == 0 && !judge(call, import))
		return;
	if (import->error_count > IMPORT_ERRORS_SHOWN)
		output_print(call->out, "... and %" PRIu32 " more\n",
			     import->error_count - IMPORT_ERRORS_SHOWN);
	if (import->error_count > 0) {
		command_fail(call, "nothing imported, errors: %" PRIu32, import->error_count);
		return;
	}
	if (set_rows(call, import, counts))
		command_done(call, "added=%" PRIu32 " changed=%" PRIu32 " same=%" PRIu32,
			     counts[IMPORT_ADD], counts[IMPORT_CHANGE], counts[IMPORT_SAME]);
}

/* A regular file of a bearable size; nothing that could make the thread wait. */
static FILE *
open_file(struct command_call *call, const char *path)
{
	struct stat facts;
	FILE *file = NULL;
	int fd;

	if (path[0] != '/') {
		command_fail(call, "the file's path must begin with / (it is read by the gateway)");
		return NULL;
	}
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &facts) != 0)
		command_fail(call, "%.150s: %m", path);
	else if (!S_ISREG(facts.st_mode) || facts.st_size > IMPORT_FILE_BYTES_MAX)
		command_fail(call, "%.150s: not a file of at most %d bytes", path,
			     IMPORT_FILE_BYTES_MAX);
	else if ((file = fdopen(fd, "r")) == NULL)
		command_fail(call, "out of memory");
	if (file == NULL && fd >= 0)
		close(fd);
	return file;
}

static void
run_import(struct command_call *call, const struct config_noun *noun)
{
	struct import import;
	FILE *file = open_file(call, call->arguments[0]);

	if (file == NULL)
		return;
	if (pthread_mutex_trylock(&call->shared->change_lock) != 0) {
		command_fail(call, "another session is changing the configuration");
		fclose(file);
		return;
	}
	import_init(&import, noun, show_error, call);
	import_file(call, &import, file);
	import_deinit(&import);
	pthread_mutex_unlock(&call->shared->change_lock);
	fclose(file);
}

void
run_import_partners(struct command_call *call)
{
	run_import(call, &partner_noun);
}

void
run_import_rules(struct command_call *call)
{
	run_import(call, &rule_noun);
}

void
run_import_stores(struct command_call *call)
{
	run_import(call, &store_noun);
}

void
run_import_terminals(struct command_call *call)
{
	run_import(call, &terminal_noun);
}
