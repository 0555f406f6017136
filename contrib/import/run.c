/*
 * run.c - what tally-import does: the commands, the file, the session.
 */
#include "contrib/import/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "contrib/common/gauge.h"
#include "protocol/auth.h"

static const struct command {
	const char *word;
	enum import_exit (*run)(struct import_run *run); /* NULL: check only */
	uint32_t rights;
} commands[] = {
	{ "check", NULL, 0 },
	{ "import", import_members,
	  TG_RIGHT_BATCH | TG_RIGHT_ENROLL | TG_RIGHT_EARN | TG_RIGHT_INQUIRY },
	{ "compare", import_compare, TG_RIGHT_INQUIRY },
};

void
import_path(const struct import_run *run, const char *suffix, char *ret_path)
{
	snprintf(ret_path, MISTAKES_PATH_BYTES, "%s.%s.csv", run->path, suffix);
}

/* Balances with a last day are imported by a terminal whose rule gives it: see the manual page. */
static bool
check_days(struct import_run *run, bool is_import)
{
	if (!is_import || run->people.with_day_count == 0 || run->settings->expires != -1)
		return true;
	fprintf(stderr,
		"tally-import: %" PRIu64 " balances have a last day; they are left for runs with "
		"--expires DAY\n",
		run->people.with_day_count);
	return true;
}

/* Read and check the whole file, and say what is in it. */
static enum import_exit
read_file(struct import_run *run, bool is_import)
{
	const char *delimiter = run->settings->delimiter;
	struct mistakes mistakes;
	struct failure list;
	const struct people *people = &run->people;

	if (strcasecmp(delimiter, "tab") == 0)
		delimiter = "\t";
	if (strlen(delimiter) != 1 || strchr("\"#\r\n", delimiter[0]) != NULL) {
		failure_set(run->failure, "--delimiter: \"%s\" is not one character, or tab",
			    delimiter);
		return IMPORT_USAGE;
	}
	if (strlen(run->path) > MISTAKES_PATH_BYTES - 32) {
		failure_set(run->failure, "%.100s...: the path is too long", run->path);
		return IMPORT_USAGE;
	}
	if (!table_read(&run->table, run->path, delimiter[0], run->failure))
		return IMPORT_BAD_FILE;
	mistakes_init(&mistakes, run->path, stderr);
	if (!people_check(&run->people, &run->table, run->settings->map, &mistakes, run->failure))
		return IMPORT_BAD_FILE;
	if (!mistakes_close(&mistakes, &list))
		fprintf(stderr, "tally-import: %s\n", list.text);
	printf("file: lines %" PRIu32 ", bad %" PRIu64 ", left out %" PRIu64
	       ", identifiers %" PRIu64 ", points %" PRId64 "\n",
	       run->table.line_count, mistakes.count, people->skipped_count,
	       people->identifier_count, people->sum);
	fflush(stdout);
	if (mistakes.count > 0) {
		failure_set(run->failure, "%s: %" PRIu64 " mistakes; nothing is sent", run->path,
			    mistakes.count);
		return IMPORT_BAD_FILE;
	}
	check_days(run, is_import);
	return IMPORT_DONE;
}

static bool
make_client(struct import_run *run)
{
	struct failure *failure = run->failure;
	struct tg_options options;
	enum tg_status status;

	if (!identity_options(&run->settings->identity, "tally-import/" PACKAGE_VERSION, &options,
			      failure))
		return false;
	status = tg_client_new(&options, failure->text, sizeof(failure->text), &run->client);
	tg_auth_clear(options.key, sizeof(options.key));
	if (status != TG_OK && status != TG_CONFIG)
		failure_set(failure, "%s", tg_status_text(status));
	return status == TG_OK;
}

static bool
open_session(struct import_run *run, uint32_t rights)
{
	uint32_t missing;

	if (tg_client_open(run->client, run->timeout_ms) != TG_OK)
		return failure_set(run->failure, "%s", tg_client_error(run->client));
	missing = rights & ~tg_client_session(run->client)->rights;
	return missing == 0 || failure_set(run->failure, "this terminal lacks the right \"%s\"",
					   tg_right_name(missing & (~missing + 1)));
}

enum import_exit
import_run(const struct import_settings *settings, int word_count, char *const words[],
	   struct failure *failure)
{
	struct import_run run = { .settings = settings, .failure = failure };
	const struct command *command = NULL;
	enum import_exit exit = IMPORT_DONE;

	for (size_t i = 0; word_count == 2 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcasecmp(commands[i].word, words[0]) == 0)
			command = &commands[i];
	if (command == NULL) {
		failure_set(failure, "say check FILE, import FILE or compare FILE");
		return IMPORT_USAGE;
	}
	run.path = words[1];
	run.timeout_ms = (uint32_t)settings->identity.timeout * 1000;
	if (command->run != NULL && !make_client(&run))
		return IMPORT_USAGE;
	exit = read_file(&run, command->run == import_members);
	if (exit == IMPORT_DONE && command->run != NULL)
		exit = open_session(&run, command->rights) ? command->run(&run) : IMPORT_UNREACHED;
	tg_client_free(run.client);
	table_deinit(&run.table);
	return exit;
}
