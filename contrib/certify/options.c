/*
 * options.c - the command line.
 */
#include "contrib/certify/options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define TERMINAL_DEFAULT 1001
#define SECONDS_DEFAULT 60

enum choice {
	CHOICE_RUN = 256,
	CHOICE_CASE,
	CHOICE_PLAIN,
	CHOICE_PORT,
	CHOICE_TERMINAL,
	CHOICE_FOLDER,
	CHOICE_SECONDS,
	CHOICE_WIRE,
	CHOICE_JSON,
	CHOICE_LIST,
	CHOICE_HELP,
	CHOICE_VERSION,
};

static const struct {
	struct option option;
	const char *word; /* of its argument; "" for none */
	const char *help;
} rows[] = {
	{ { "run", required_argument, NULL, CHOICE_RUN }, "COMMAND",
	  "starts the terminal for each case; else it is worked by hand" },
	{ { "case", required_argument, NULL, CHOICE_CASE }, "NAME",
	  "only this case; may be given again" },
	{ { "plain", no_argument, NULL, CHOICE_PLAIN }, "", "without TLS" },
	{ { "port", required_argument, NULL, CHOICE_PORT }, "N", "listen there; else on any port" },
	{ { "terminal", required_argument, NULL, CHOICE_TERMINAL }, "N",
	  "number of the terminal (1001)" },
	{ { "folder", required_argument, NULL, CHOICE_FOLDER }, "DIR",
	  "put key and certificates there, and leave them" },
	{ { "seconds", required_argument, NULL, CHOICE_SECONDS }, "N",
	  "a case takes no longer (60)" },
	{ { "wire", no_argument, NULL, CHOICE_WIRE }, "",
	  "show what went over the wire in cases that passed, too" },
	{ { "json", required_argument, NULL, CHOICE_JSON }, "FILE",
	  "the report as JSON; - for standard output" },
	{ { "list", no_argument, NULL, CHOICE_LIST }, "", "list the cases" },
	{ { "help", no_argument, NULL, CHOICE_HELP }, "", "this text" },
	{ { "version", no_argument, NULL, CHOICE_VERSION }, "", "the version" },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

void
options_print_help(FILE *file)
{
	char left[40];

	fputs("usage: tally-certify [OPTION...]\n\n"
	      "Plays the protocol's cases to the software of a terminal, and says what it gets "
	      "wrong.\n\n",
	      file);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		snprintf(left, sizeof(left), "--%s%s%s", rows[i].option.name,
			 rows[i].word[0] != '\0' ? " " : "", rows[i].word);
		fprintf(file, "  %-18s %s\n", left, rows[i].help);
	}
	fputs("\nIn COMMAND {host} {port} {terminal} {key} {generation} {instance} {ca} {cert}\n"
	      "{cert_key} and {case} stand for what the terminal needs to know.\n",
	      file);
}

/* A number within bounds. */
static bool
read_number(const char *text, unsigned long high, unsigned long *ret_number,
	    struct failure *failure)
{
	char *end = NULL;

	*ret_number = isdigit((unsigned char)text[0]) ? strtoul(text, &end, 10) : 0;
	if (end == NULL || *end != '\0' || *ret_number > high)
		return failure_set(failure, "\"%s\" is no number from 0 to %lu", text, high);
	return true;
}

/* One option. */
static bool
take(struct options *options, int choice, const char *argument, struct failure *failure)
{
	unsigned long number = 0;

	switch (choice) {
	case CHOICE_RUN:
		options->run = argument;
		return true;
	case CHOICE_CASE:
		if (options->case_count == OPTIONS_CASES_MAX)
			return failure_set(failure, "--case is given too often");
		options->cases[options->case_count++] = argument;
		return true;
	case CHOICE_PORT:
		if (!read_number(argument, UINT16_MAX, &number, failure))
			return false;
		options->port = (uint16_t)number;
		return true;
	case CHOICE_TERMINAL:
	case CHOICE_SECONDS:
		if (!read_number(argument, choice == CHOICE_SECONDS ? 3600 : UINT32_MAX, &number,
				 failure))
			return false;
		if (number == 0)
			return failure_set(failure, "0 is too small");
		*(choice == CHOICE_SECONDS ? &options->seconds : &options->terminal) =
			(uint32_t)number;
		return true;
	case CHOICE_FOLDER:
		options->folder = argument;
		return true;
	case CHOICE_JSON:
		options->json = argument;
		return true;
	default:
		options->is_plain |= choice == CHOICE_PLAIN;
		options->is_wire_shown |= choice == CHOICE_WIRE;
		options->is_list |= choice == CHOICE_LIST;
		options->is_help |= choice == CHOICE_HELP;
		options->is_version |= choice == CHOICE_VERSION;
		return true;
	}
}

bool
options_read(struct options *options, int argc, char *argv[], struct failure *failure)
{
	struct option table[ROW_COUNT + 1];
	int choice;

	*options =
		(struct options){ .terminal = TERMINAL_DEFAULT, .seconds = SECONDS_DEFAULT };
	for (size_t i = 0; i < ROW_COUNT; i++)
		table[i] = rows[i].option;
	memset(&table[ROW_COUNT], 0, sizeof(table[ROW_COUNT]));
	opterr = 0;
	while ((choice = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (choice == '?' || choice == ':')
			return failure_set(failure, choice == '?' ? "there is no option %s"
								  : "%s needs an argument",
					   argv[optind - 1]);
		if (!take(options, choice, optarg, failure))
			return false;
	}
	if (optind < argc)
		return failure_set(failure, "\"%s\" is no option", argv[optind]);
	return true;
}
