/*
 * options.c - the command line of bench-load, from its table.
 */
#include "contrib/bench/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/common/word.h"

enum option_kind { OPTION_TEXT, OPTION_COUNT, OPTION_FLAG };

struct option_row {
	const char	*name;
	enum option_kind kind;
	size_t		 offset;
	uint64_t	 value, low, high;
	const char	*help;
};

static const struct option_row rows[] = {
#define ROW(member, name, kind, value, low, high, help)                                            \
	{ name, OPTION_##kind, offsetof(struct bench_options, member), value, low, high, help },
	BENCH_OPTION_LIST(ROW)
#undef ROW
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void
print_help(void)
{
	printf("usage: bench-load --system SYSTEM --port PORT [OPTION...]\n\n"
	       "Puts the same load on one of several systems and prints one line of JSON.\n\n");
	for (size_t i = 0; i < ROW_COUNT; i++)
		printf("  --%-12s %s%s\n", rows[i].name, rows[i].kind == OPTION_COUNT ? "N: " : "",
		       rows[i].help);
}

static bool
set(struct bench_options *options, const struct option_row *row, const char *text,
    struct failure *failure)
{
	void *member = (char *)options + row->offset;
	int64_t number;

	switch (row->kind) {
	case OPTION_TEXT:
		*(const char **)member = text;
		return true;
	case OPTION_FLAG:
		*(bool *)member = true;
		return true;
	case OPTION_COUNT:
		if (!word_number(text, (int64_t)row->low, (int64_t)row->high, &number))
			return failure_set(failure,
					   "--%s: \"%s\" is no whole number from %llu to %llu",
					   row->name, text, (unsigned long long)row->low,
					   (unsigned long long)row->high);
		*(uint64_t *)member = (uint64_t)number;
		return true;
	}
	return true;
}

bool
bench_options_read(struct bench_options *options, int argc, char *argv[], struct failure *failure)
{
	struct option known[ROW_COUNT + 2];
	int at, kind;

	memset(options, 0, sizeof(*options));
	memset(known, 0, sizeof(known));
	options->host = "127.0.0.1";
	for (size_t i = 0; i < ROW_COUNT; i++) {
		known[i].name = rows[i].name;
		known[i].has_arg = rows[i].kind == OPTION_FLAG ? no_argument : required_argument;
		if (rows[i].kind == OPTION_COUNT)
			*(uint64_t *)((char *)options + rows[i].offset) = rows[i].value;
	}
	known[ROW_COUNT].name = "help";
	while ((kind = getopt_long(argc, argv, "", known, &at)) != -1) {
		if (kind != 0)
			return failure_set(failure, "see --help");
		if (at == (int)ROW_COUNT) {
			print_help();
			exit(EXIT_SUCCESS);
		}
		if (!set(options, &rows[at], optarg, failure))
			return false;
	}
	if (optind < argc || options->system == NULL || options->port == NULL)
		return failure_set(failure, "--system and --port are needed, and no other words; "
					    "see --help");
	return true;
}
