/*
 * tally_journal.c - the program tally-journal: looks at a journal, and changes nothing.
 *
 * Here: the command line and the printing.  The commands are in tally_journal_commands.c.
 */
#include "storage/tally_journal.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/record.h"

#define DATA_DIRECTORY "/var/lib/tallygate" /* as the gateway has it by default */
#define ARCHIVE_NAME "archive"
#define COLUMN_WIDTH_MAX 48
#define COLUMNS_MAX 24

static const struct {
	const char *name;
	enum tool_exit (*run)(const struct tool_options *options);
	const char *help;
} commands[] = {
	{ "list", run_list, "segments: sequences, batches, bytes, where they are" },
	{ "dump", run_dump, "records as lines of JSON" },
	{ "verify", run_verify, "checksums, chain, continuity, conservation, state hash" },
	{ "statistics", run_statistics,
	  "records by kind and status, sizes of records and batches" },
};

/* Long options without a letter of their own. */
enum { OPTION_FROM = 256, OPTION_TO, OPTION_KIND, OPTION_MEMBER, OPTION_MARKS };

static const struct option long_options[] = {
	{ "data", required_argument, NULL, 'd' },
	{ "archive", required_argument, NULL, 'a' },
	{ "instance", required_argument, NULL, 'i' },
	{ "json", no_argument, NULL, 'J' },
	{ "all", no_argument, NULL, 'A' },
	{ "follow", no_argument, NULL, 'f' },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "kind", required_argument, NULL, OPTION_KIND },
	{ "member", required_argument, NULL, OPTION_MEMBER },
	{ "marks", no_argument, NULL, OPTION_MARKS },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void
print_usage(FILE *stream)
{
	(void)fprintf(stream, "usage: tally-journal [options] command\n\ncommands:\n");
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		(void)fprintf(stream, "  %-12s %s\n", commands[i].name, commands[i].help);
	(void)fprintf(stream,
		      "\noptions:\n"
		      "  -d, --data DIR        journal and snapshots (" DATA_DIRECTORY ")\n"
		      "  -a, --archive DIR     compressed segments (DATA/" ARCHIVE_NAME ")\n"
		      "  -i, --instance NAME   refuse files of another instance\n"
		      "  -J, --json            JSON in place of text\n"
		      "  -A, --all             dump: also a last batch that nothing confirms\n"
		      "  -f, --follow          dump: go on as records become durable\n"
		      "      --from N, --to N  dump, statistics: sequences, inclusive\n"
		      "      --kind KIND       dump: EARN, BURN ...\n"
		      "      --member N        dump: member reference\n"
		      "      --marks           dump: marks, too\n"
		      "  -h, --help            this text\n"
		      "  -V, --version         the version\n");
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
parse_kind(const char *text, uint8_t *ret_kind)
{
	for (unsigned kind = 1; kind <= UINT8_MAX; kind++) {
		if (strcmp(record_kind_name((uint8_t)kind), text) == 0) {
			*ret_kind = (uint8_t)kind;
			return strcmp(text, "?") != 0;
		}
	}
	return false;
}

static bool
take_option(struct tool_options *options, const char **ret_data, const char **ret_archive,
	    int option)
{
	switch (option) {
	case 'd':
		*ret_data = optarg;
		return true;
	case 'a':
		*ret_archive = optarg;
		return true;
	case 'i':
		options->instance = optarg;
		return true;
	case 'J':
		options->is_json = true;
		return true;
	case 'A':
		options->is_all = true;
		return true;
	case 'f':
		options->is_following = true;
		return true;
	case OPTION_FROM:
		return parse_number(optarg, &options->from_sequence);
	case OPTION_TO:
		return parse_number(optarg, &options->to_sequence);
	case OPTION_KIND:
		return parse_kind(optarg, &options->kind);
	case OPTION_MEMBER:
		return parse_number(optarg, &options->member);
	case OPTION_MARKS:
		options->has_marks = true;
		return true;
	default:
		return false;
	}
}

/* Where things lie; archive: NULL for its place within data.  False: a path is too long. */
static bool
take_directories(struct tool_options *options, const char *data, const char *archive)
{
	struct storage_error error;
	enum tg_status status = storage_path_copy(options->directory, data, &error);

	if (status == TG_OK && archive != NULL)
		status = storage_path_copy(options->archive, archive, &error);
	else if (status == TG_OK)
		status = storage_path(options->archive, data, ARCHIVE_NAME, &error);
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

int
main(int argc, char **argv)
{
	struct tool_options options = { .to_sequence = UINT64_MAX };
	const char *data = DATA_DIRECTORY;
	const char *archive = NULL;
	int option;

	storage_io_posix(&options.io);
	while ((option = getopt_long(argc, argv, "d:a:i:JAfhV", long_options, NULL)) != -1) {
		if (option == 'h' || option == 'V') {
			if (option == 'h')
				print_usage(stdout);
			else
				(void)printf("tally-journal %s\n", PACKAGE_VERSION);
			return TOOL_OK;
		}
		if (!take_option(&options, &data, &archive, option)) {
			print_usage(stderr);
			return TOOL_FAILED;
		}
	}
	if (!take_directories(&options, data, archive)) {
		(void)fprintf(stderr, "tally-journal: a path is too long\n");
		return TOOL_FAILED;
	}
	for (size_t i = 0; i < sizeof commands / sizeof commands[0] && optind + 1 == argc; i++) {
		if (strcmp(commands[i].name, argv[optind]) == 0)
			return (int)commands[i].run(&options);
	}
	print_usage(stderr);
	return TOOL_FAILED;
}
