/*
 * tally_journal.c - the program tally-journal: its command line.
 *
 * The commands are in tally_journal_*.c.
 */
#include "storage/tally_journal.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/database_arguments.h"

#define DATA_DIRECTORY "/var/lib/tallygate" /* as the gateway has it by default */
#define SKIP_DEFAULT 10000
#define HELP_WIDTH 26

/* Commands.  Columns: name, argument, help. */
/* clang-format off */
#define COMMAND_LIST(X) \
	X(list, NULL, "segments: sequences, batches, bytes, where they are") \
	X(dump, NULL, "records as lines of JSON") \
	X(follow, NULL, "records as lines of JSON, as they become durable") \
	X(member, "REFERENCE", "all that happened to a member, as lines of JSON or as CSV") \
	X(verify, NULL, "checksums, chain, continuity, conservation, state hash") \
	X(statistics, NULL, "records by kind and status, sizes of records and batches") \
	X(statement, "PARTNER", "what a closed cycle of a partner comes to") \
	X(netting, "DATE", "who pays whom for the cycles that ended on a date") \
	X(shadow, NULL, "a period once more under another programme: points, liability, bills") \
	X(backup, "DIRECTORY", "copy what a gateway has made durable, and verify the copy") \
	X(restore, "DIRECTORY", "a data directory from a backup; or the word to use it") \
	X(rebuild, NULL, "fill an empty MariaDB from journal and archive")

/* Options.  Columns: name, letter or 0, argument or NULL, help. */
#define TOOL_OPTION_LIST(X) \
	X("data", 'd', "DIR", "journal and snapshots (" DATA_DIRECTORY ")") \
	X("archive", 'a', "DIR", "compressed segments (DATA/" TOOL_ARCHIVE_NAME ")") \
	X("instance", 'i', "NAME", "refuse files of another instance") \
	X("json", 'J', NULL, "JSON in place of text") \
	X("csv", 0, NULL, "member, statement: CSV") \
	X("html", 0, NULL, "statement: a page to print") \
	X("cycle", 0, "N", "statement: number of the cycle (the last that is closed)") \
	X("entries", 0, NULL, "statement: the records behind its lines, CSV") \
	X("in-database", 0, NULL, "statement, netting: as MariaDB has them") \
	X("programme", 0, "FILE", "shadow: the programme that is tried, from --since on") \
	X("zone", 0, "NAME", "shadow: the programme's time zone (UTC)") \
	X("all", 'A', NULL, "also a last batch that nothing confirms") \
	X("from", 0, "N", "first sequence; restore: directory of the backup") \
	X("to", 0, "N", "last sequence") \
	X("since", 0, "TIME", "booked then or later: 2026-03-02, 2026-03-02T10:00:00Z, UTC") \
	X("until", 0, "TIME", "booked before then") \
	X("kind", 0, "KIND", "EARN, BURN ...") \
	X("status", 0, "STATUS", "OK, NO_POINTS ...") \
	X("member", 0, "N", "member reference") \
	X("partner", 0, "N", "number of a partner") \
	X("store", 0, "N", "number of a store") \
	X("terminal", 0, "N", "number of a terminal") \
	X("marks", 0, NULL, "marks, too") \
	X("no-verify", 0, NULL, "backup: do not verify the copy") \
	X("mirror", 0, "DIR", "restore: the journal's mirror") \
	X("skip", 0, "N", "restore: sequences left unused behind the last one known (10000)") \
	X("accept", 0, NULL, "restore: the report was read, a gateway may start") \
	X("no-database", 0, NULL, "restore: do not ask MariaDB") \
	X("resume", 0, NULL, "rebuild: go on in a database that holds the beginning")
/* clang-format on */

static const struct {
	const char *name;
	enum tool_exit (*run)(const struct tool_options *options);
	const char *argument; /* NULL: none */
	const char *help;
} commands[] = {
#define COMMAND(name, argument, help) { #name, run_##name, argument, help },
	COMMAND_LIST(COMMAND)
#undef COMMAND
};

static const struct option long_options[] = {
#define TOOL_OPTION(name, letter, argument, help) \
	{ name, (argument) != NULL ? required_argument : no_argument, NULL, letter },
	TOOL_OPTION_LIST(TOOL_OPTION)
#undef TOOL_OPTION
#define DATABASE_OPTION(name, argument, help) { name, required_argument, NULL, 0 },
	DATABASE_OPTION_LIST(DATABASE_OPTION)
#undef DATABASE_OPTION
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void
print_option(FILE *stream, const char *name, char letter, const char *argument, const char *help)
{
	char text[HELP_WIDTH + 1];

	(void)snprintf(text, sizeof text, "--%s%s%s", name, argument != NULL ? " " : "",
		       argument != NULL ? argument : "");
	if (letter != 0)
		(void)fprintf(stream, "  -%c, %-*s %s\n", letter, HELP_WIDTH - 4, text, help);
	else
		(void)fprintf(stream, "  %-*s %s\n", HELP_WIDTH, text, help);
}

static void
print_usage(FILE *stream)
{
	(void)fprintf(stream, "usage: tally-journal [options] command [argument]\n\ncommands:\n");
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		const char *argument = commands[i].argument != NULL ? commands[i].argument : "";

		(void)fprintf(stream, "  %-10s %-*s %s\n", commands[i].name, HELP_WIDTH - 11,
			      argument, commands[i].help);
	}
	(void)fprintf(stream, "\noptions:\n");
#define HELP_TOOL(name, letter, argument, help) print_option(stream, name, letter, argument, help);
	TOOL_OPTION_LIST(HELP_TOOL)
#undef HELP_TOOL
	print_option(stream, "help", 'h', NULL, "this text");
	print_option(stream, "version", 'V', NULL, "the version");
	(void)fprintf(stream, "\noptions for MariaDB:\n");
#define HELP_DATABASE(name, argument, help) print_option(stream, name, 0, argument, help);
	DATABASE_OPTION_LIST(HELP_DATABASE)
#undef HELP_DATABASE
}

/* A whole number, decimal.  False: it is none. */
static bool
parse_number(const char *text, uint64_t *ret_number)
{
	char *end;
	uint64_t number;

	if (text[0] < '0' || text[0] > '9')
		return false;
	number = strtoull(text, &end, 10);
	if (*end != '\0')
		return false;
	*ret_number = number;
	return true;
}

static bool
parse_u32(const char *text, uint32_t *ret_number)
{
	uint64_t number;

	if (!parse_number(text, &number) || number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

/* An option with an argument, of those that say which records.  False: not one, or not sound. */
static bool
take_filter(struct record_filter *filter, const char *name, const char *value)
{
	if (strcmp(name, "to") == 0)
		return parse_number(value, &filter->to_sequence);
	if (strcmp(name, "since") == 0)
		return record_filter_parse_time(value, &filter->from_utc_ms);
	if (strcmp(name, "until") == 0)
		return record_filter_parse_time(value, &filter->to_utc_ms);
	if (strcmp(name, "kind") == 0)
		return record_filter_parse_kind(value, &filter->kind);
	if (strcmp(name, "status") == 0)
		return filter->has_status = record_filter_parse_status(value, &filter->status);
	if (strcmp(name, "member") == 0)
		return parse_number(value, &filter->member);
	if (strcmp(name, "partner") == 0)
		return parse_u32(value, &filter->partner);
	if (strcmp(name, "store") == 0)
		return parse_u32(value, &filter->store);
	return strcmp(name, "terminal") == 0 && parse_u32(value, &filter->terminal);
}

/* An option without an argument.  False: not one. */
static bool
take_switch(struct tool_options *options, const char *name)
{
	const struct {
		const char *name;
		bool *flag;
	} switches[] = {
		{ "json", &options->is_json },	{ "csv", &options->is_csv },
		{ "html", &options->is_html },	{ "in-database", &options->is_in_database },
		{ "entries", &options->has_entries },
		{ "all", &options->is_all },	{ "marks", &options->has_marks },
		{ "resume", &options->may_resume }, { "no-verify", &options->is_unverified },
		{ "accept", &options->is_accepting },
		{ "no-database", &options->is_without_database },
	};

	for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
		if (strcmp(switches[i].name, name) == 0)
			return *switches[i].flag = true;
	}
	return false;
}

/* What of the command line is not in the options yet. */
struct places {
	const char *data;
	const char *archive; /* NULL: its place within data */
};

static bool
take_option(struct tool_options *options, struct places *places, const char *name,
	    const char *value)
{
	if (value == NULL)
		return take_switch(options, name);
	if (strcmp(name, "data") == 0)
		places->data = value;
	else if (strcmp(name, "archive") == 0)
		places->archive = value;
	else if (strcmp(name, "instance") == 0)
		options->instance = value;
	else if (strcmp(name, "from") == 0)
		options->from = value;
	else if (strcmp(name, "mirror") == 0)
		options->mirror = value;
	else if (strcmp(name, "programme") == 0)
		options->programme = value;
	else if (strcmp(name, "zone") == 0)
		options->zone = value;
	else if (strcmp(name, "cycle") == 0)
		return parse_u32(value, &options->cycle) && options->cycle > 0;
	else if (strcmp(name, "skip") == 0)
		return parse_number(value, &options->skip_count);
	else
		return database_argument(&options->database, name, value) ||
		       take_filter(&options->filter, name, value);
	return true;
}

/* The long name of an option that getopt found by its letter. */
static const char *
name_of(int letter)
{
	for (size_t i = 0; long_options[i].name != NULL; i++) {
		if (long_options[i].val == letter)
			return long_options[i].name;
	}
	return "?";
}

/* False: a path is too long. */
static bool
take_places(struct tool_options *options, const struct places *places)
{
	struct storage_error error;
	enum tg_status status = storage_path_copy(options->directory, places->data, &error);

	options->has_archive = places->archive != NULL;
	if (status == TG_OK && places->archive != NULL)
		status = storage_path_copy(options->archive, places->archive, &error);
	else if (status == TG_OK)
		status = storage_path(options->archive, places->data, TOOL_ARCHIVE_NAME, &error);
	return status == TG_OK;
}

struct journal_source
tool_source(const struct tool_options *options)
{
	return (struct journal_source){ .io = &options->io,
					.directory = options->directory,
					.archive_directory = options->archive,
					.instance = options->instance,
					.is_unconfirmed_wanted = options->is_all };
}

/* Run the command that the rest of the command line names. */
static enum tool_exit
run_command(struct tool_options *options, int count, char **words)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0] && count > 0; i++) {
		const int wanted = commands[i].argument != NULL ? 2 : 1;

		if (strcmp(commands[i].name, words[0]) != 0 || count != wanted)
			continue;
		options->argument = words[wanted - 1];
		if (options->from != NULL && strcmp(words[0], "restore") != 0 &&
		    !parse_number(options->from, &options->filter.from_sequence))
			break;
		return commands[i].run(options);
	}
	print_usage(stderr);
	return TOOL_FAILED;
}

int
main(int argc, char **argv)
{
	struct tool_options options = { .filter = record_filter_all(),
					.database = { .database = DATABASE_NAME_DEFAULT },
					.skip_count = SKIP_DEFAULT };
	struct places places = { .data = DATA_DIRECTORY };
	int index = 0;
	int found;

	storage_io_posix(&options.io);
	while ((found = getopt_long(argc, argv, "d:a:i:JAhV", long_options, &index)) != -1) {
		if (found == 'h' || found == 'V') {
			if (found == 'h')
				print_usage(stdout);
			else
				(void)printf("tally-journal %s\n", PACKAGE_VERSION);
			return TOOL_OK;
		}
		if (found == '?' ||
		    !take_option(&options, &places,
				 found == 0 ? long_options[index].name : name_of(found), optarg)) {
			print_usage(stderr);
			return TOOL_FAILED;
		}
	}
	if (!take_places(&options, &places)) {
		(void)fprintf(stderr, "tally-journal: a path is too long\n");
		return TOOL_FAILED;
	}
	return (int)run_command(&options, argc - optind, argv + optind);
}
