/*
 * run_import.c - import: validated whole, then set in slices.
 *
 * The ledger itself judges the rows beforehand: each is decided without being recorded, so that no
 * rule stands here twice.  Then slices of rows are compared with the ledger again and set under the
 * change lock, which is given up in between: who blocks a terminal meanwhile does not wait for the
 * end of a long file, and what he did is not undone by it.  What depends on rows of the same file
 * (the last free place of a table) can still stop an import half way; it is said how far it came,
 * and the same file again does the rest.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/ask.h"
#include "admin/handlers.h"
#include "admin/import.h"

#define JUDGED_SLICE 512		/* rows looked at on the ledger's thread at once, at most */
#define JUDGED_US 500			/* ... and for so long */
#define JUDGED_ROWS 16			/* between two looks at the clock */
#define PROGRESS_MS 1000
#define DAY_MS INT64_C(86400000)

static int64_t
mono_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* One import on its way. */
struct importing {
	struct command_call *call;
	struct import import;
	int64_t	 told_us;		/* when something was last said */
	uint32_t counts[IMPORT_SAME + 1]; /* rows done, by verdict */
	char	 origin[ORIGIN_BYTES + 1]; /* of its records: names the note, then whence it came */
};

/* How far it has come: at most a line a second, so that a long file is not a silent one. */
static void
tell_progress(struct importing *i, const char *what, uint32_t done)
{
	const int64_t now_us = mono_us();

	if (now_us - i->told_us < PROGRESS_MS * 1000)
		return;
	i->told_us = now_us;
	output_print(i->call->out, "%s %" PRIu32 " of %" PRIu32 "\n", what, done,
		     i->import.row_count);
	output_write_out(i->call->out);
}

static void
show_error(void *context, uint32_t line, const char *column, const char *why)
{
	struct command_call *call = context;

	if (column != NULL)
		output_print(call->out, "line %" PRIu32 ", column %s: %s\n", line, column, why);
	else
		output_print(call->out, "line %" PRIu32 ": %s\n", line, why);
}

/* Rows [first, until) on the ledger's thread; first moves on. */
struct judging {
	struct import *import;
	uint32_t first, until;
	bool	 is_deciding;		/* ask what the ledger would say of each */
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
			row->missing = (uint8_t)i;
	}
}

/* Nothing is printed here: the ledger's thread waits for no reader. */
static void
judge_slice(const struct ledger *ledger, void *argument)
{
	struct judging *j = argument;
	struct import *import = j->import;
	const int64_t until_us = mono_us() + JUDGED_US;

	for (; j->first < j->until; j->first++) {
		struct import_row row;

		if (j->first % JUDGED_ROWS == JUDGED_ROWS - 1 && mono_us() >= until_us)
			return;
		import_row(import, j->first, &row);
		complete_row(ledger, import->noun, &row);
		if (j->is_deciding && row.missing == 0 && row.verdict != IMPORT_SAME) {
			config_noun_fill(import->noun, &row.image, &j->request);
			ledger_decide(ledger, &j->request, &j->now, j->decision);
			row.refusal = j->decision->answer.status;
		}
		import_set_row(import, j->first, &row);
	}
}

static void
tell_refusals(struct import *import)
{
	for (uint32_t i = 0; i < import->row_count; i++) {
		struct import_row row;

		import_row(import, i, &row);
		if (row.missing != 0)
			import_complain(import, row.line,
					import->noun->fields->fields[row.missing].name,
					"must be said");
		else if (row.refusal != TG_OK)
			import_complain(import, row.line, NULL,
					tg_status_text((enum tg_status)row.refusal));
	}
}

/* Compare every row with the ledger. */
static bool
judge(struct importing *i)
{
	struct command_call *call = i->call;
	const int64_t utc_ms = call->host->utc_ms(call->host->context);
	struct judging j = {
		.import = &i->import,
		.is_deciding = true,
		.now = { .utc_ms = utc_ms, .day = (int32_t)(utc_ms / DAY_MS) },
		.decision = decision_new(),
	};
	bool is_good = j.decision != NULL;

	if (!is_good)
		command_fail(call, "out of memory");
	ask_init(call, &j.request, i->import.noun->request_kind);
	while (is_good && j.first < i->import.row_count) {
		j.until = j.first + JUDGED_SLICE < i->import.row_count ? j.first + JUDGED_SLICE :
									 i->import.row_count;
		is_good = ask_look(call, judge_slice, &j);
		tell_progress(i, "checked", j.first);
	}
	decision_free(j.decision);
	if (is_good)
		tell_refusals(&i->import);
	return is_good;
}

/* A slice of rows as the ledger is asked to set them. */
struct setting {
	uint32_t count;
	uint32_t lines[HOST_BULK_MAX];
	enum import_verdict verdicts[HOST_BULK_MAX];
	struct ledger_request requests[HOST_BULK_MAX];
	struct ledger_answer answers[HOST_BULK_MAX];
};

/* Ask for a slice and judge the answers.  False: the call says why. */
static bool
ask_slice(struct importing *i, struct setting *setting)
{
	struct command_call *call = i->call;
	bool is_good = true;
	enum tg_status status;

	if (setting->count == 0)
		return true;
	status = call->host->submit_bulk(call->host->context, setting->requests, setting->count,
					 setting->answers);
	if (status != TG_OK) {
		ask_fail(call, status);
		output_print(call->out, "stopped at line %" PRIu32 "\n", setting->lines[0]);
		return false;
	}
	for (uint32_t k = 0; k < setting->count; k++) {
		if (setting->answers[k].status == TG_OK)
			i->counts[setting->verdicts[k]]++;
		else if (is_good) {
			is_good = ask_judge(call, TG_OK, &setting->answers[k]);
			output_print(call->out, "stopped at line %" PRIu32 "\n",
				     setting->lines[k]);
		}
	}
	return is_good;
}

/* Set rows [*at, *at + HOST_BULK_MAX); *at moves on.  The change lock is held. */
static bool
set_slice(struct importing *i, struct setting *setting, uint32_t *at)
{
	struct import *import = &i->import;
	const uint32_t left = import->row_count - *at;
	struct judging j = {
		.import = import,
		.first = *at,
		.until = *at + (left < HOST_BULK_MAX ? left : HOST_BULK_MAX),
	};

	/* What has been changed since it was checked stays, but for what the file says. */
	while (j.first < j.until) {
		if (!ask_look(i->call, judge_slice, &j))
			return false;
	}
	setting->count = 0;
	for (; *at < j.until; (*at)++) {
		struct ledger_request *request = &setting->requests[setting->count];
		struct import_row row;

		import_row(import, *at, &row);
		if (row.verdict == IMPORT_SAME) {
			i->counts[IMPORT_SAME]++;
			continue;
		}
		ask_init(i->call, request, import->noun->request_kind);
		memcpy(request->origin, i->origin, sizeof(request->origin));
		config_noun_fill(import->noun, &row.image, request);
		setting->lines[setting->count] = row.line;
		setting->verdicts[setting->count++] = (enum import_verdict)row.verdict;
	}
	return ask_slice(i, setting);
}

/* Let those go first who want to change one thing. */
static void
give_way(const struct command_shared *shared)
{
	const struct timespec moment = { 0, 1000000 };

	while (atomic_load(&shared->change_waiters) > 0)
		nanosleep(&moment, NULL);
}

/* Set every row that is new or different. */
static bool
set_rows(struct importing *i)
{
	struct setting *setting = malloc(sizeof(*setting));
	bool is_good = setting != NULL;
	uint32_t at = 0;

	if (!is_good)
		command_fail(i->call, "out of memory");
	while (is_good && at < i->import.row_count) {
		give_way(i->call->shared);
		is_good = command_change_begin(i->call);
		if (is_good) {
			is_good = set_slice(i, setting, &at);
			command_change_end(i->call);
		}
		tell_progress(i, "set", at);
	}
	free(setting);
	return is_good;
}

/* The one record for the audit, before anything is set; none where there is nothing to do. */
static bool
note_import(struct importing *i, const char *path)
{
	uint32_t news = 0;

	for (uint32_t k = 0; k < i->import.row_count; k++) {
		struct import_row row;

		import_row(&i->import, k, &row);
		news += row.verdict != IMPORT_SAME ? 1 : 0;
	}
	if (news > 0 && !ask_note(i->call, "import %ss, %" PRIu32 " to set, %s",
				  i->import.noun->fields->noun, news, path))
		return false;
	/* One record approves a proposal: the note names both operators, the rows name the note. */
	i->call->approves = 0;
	snprintf(i->origin, sizeof(i->origin), ORIGIN_OF_IMPORT "%" PRIu64 " %s",
		 i->call->sequence, i->call->origin);
	return true;
}

static void
import_file(struct importing *i, const char *path, FILE *file)
{
	struct command_call *call = i->call;
	struct import *import = &i->import;
	const enum tg_status status = import_read(import, file);

	if (status != TG_OK) {
		ask_fail(call, status);
		return;
	}
	if (import->error_count == 0 && !judge(i))
		return;
	if (import->error_count > IMPORT_ERRORS_SHOWN)
		output_print(call->out, "... and %" PRIu32 " more\n",
			     import->error_count - IMPORT_ERRORS_SHOWN);
	if (import->error_count > 0) {
		command_fail(call, "nothing imported, errors: %" PRIu32, import->error_count);
		return;
	}
	if (note_import(i, path) && set_rows(i))
		command_done(call, "added=%" PRIu32 " changed=%" PRIu32 " same=%" PRIu32,
			     i->counts[IMPORT_ADD], i->counts[IMPORT_CHANGE],
			     i->counts[IMPORT_SAME]);
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
	struct importing i = { .call = call, .told_us = mono_us() };
	FILE *file = open_file(call, call->arguments[0]);

	if (file == NULL)
		return;
	if (pthread_mutex_trylock(&call->shared->import_lock) != 0) {
		command_fail(call, "another session is importing");
		fclose(file);
		return;
	}
	import_init(&i.import, noun, show_error, call);
	import_file(&i, call->arguments[0], file);
	import_deinit(&i.import);
	pthread_mutex_unlock(&call->shared->import_lock);
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
