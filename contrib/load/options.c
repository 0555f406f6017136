/*
 * options.c - the command line of tally-load.
 */
#include "contrib/load/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/load/mix.h"
#include "contrib/load/request.h"
#include "protocol/assert.h"

enum option_kind { KIND_HEADING, KIND_TEXT, KIND_FLAG, KIND_COUNT, KIND_SHARE, KIND_REAL };

#define HELP_COLUMN 28
#define OPTION_BASE 256 /* above what getopt_long() returns for itself: '?' and ':' */

/* A row of the table. */
struct option_row {
	const char *name;
	enum option_kind kind;
	size_t offset; /* of the member */
	uint64_t low, high;
	const char *word;
	const char *help;
};

static const struct option_row rows[] = {
#define OPTION_ROW(member, name, kind, value, low, high, word, help) \
	{ name, KIND_##kind, offsetof(struct load_options, member), low, high, word, help },
	LOAD_OPTION_LIST(OPTION_ROW)
#undef OPTION_ROW
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* Read a decimal number that is not negative. */
static bool
parse_decimal(const char *text, double *ret_number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*ret_number = strtod(text, &end);
	return errno == 0 && *end == '\0' && *ret_number >= 0;
}

static bool
parse_count(const struct option_row *row, const char *text, uint64_t *ret_count)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*ret_count = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret_count >= row->low && *ret_count <= row->high;
}

/* Set the row's member from its argument. */
static bool
set_member(const struct option_row *row, const char *text, struct load_options *options,
	   struct failure *failure)
{
	void *member = (char *)options + row->offset;
	uint64_t count;
	double real;

	switch (row->kind) {
	case KIND_TEXT:
		memcpy(member, &text, sizeof(text));
		return true;
	case KIND_FLAG:
		*(bool *)member = true;
		return true;
	case KIND_COUNT:
		if (!parse_count(row, text, &count))
			return failure_set(failure,
					   "--%s: \"%s\" is no whole number from %llu to %llu",
					   row->name, text, (unsigned long long)row->low,
					   (unsigned long long)row->high);
		memcpy(member, &count, sizeof(count));
		return true;
	case KIND_SHARE:
		if (!parse_decimal(text, &real) || real > 100)
			return failure_set(failure, "--%s: \"%s\" is no percentage", row->name,
					   text);
		*(uint32_t *)member = (uint32_t)(real * 10000 + 0.5);
		return true;
	case KIND_REAL:
		if (!parse_decimal(text, &real))
			return failure_set(failure, "--%s: \"%s\" is no number", row->name, text);
		memcpy(member, &real, sizeof(real));
		return true;
	case KIND_HEADING:
		break;
	}
	return true;
}

/* All values as they are when nothing is given. */
static void
set_defaults(struct load_options *options)
{
#define OPTION_DEFAULT(member, name, kind, value, low, high, word, help) options->member = value;
	LOAD_OPTION_LIST(OPTION_DEFAULT)
#undef OPTION_DEFAULT
}

bool
load_options_parse(int argc, char *const argv[], struct load_options *ret_options,
		   struct failure *failure)
{
	struct option longs[ROW_COUNT + 1];
	struct load_options options;
	size_t count = 0;
	int found;

	memset(longs, 0, sizeof(longs));
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].kind == KIND_HEADING)
			continue;
		longs[count].name = rows[i].name;
		longs[count].has_arg = rows[i].kind == KIND_FLAG ? no_argument : required_argument;
		longs[count++].val = OPTION_BASE + (int)i;
	}
	set_defaults(&options);
	optind = 0;
	while ((found = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		if (found == '?' || found == ':')
			return failure_set(failure, "%s: %s", argv[optind - 1],
					   found == ':' ? "needs an argument"
							: "no such option, or not clear which");
		TG_ASSERT(found >= OPTION_BASE && (size_t)(found - OPTION_BASE) < ROW_COUNT);
		if (!set_member(&rows[found - OPTION_BASE], optarg, &options, failure))
			return false;
	}
	if (optind < argc)
		return failure_set(failure, "\"%s\" is no option", argv[optind]);
	*ret_options = options;
	return true;
}

void
load_options_help(FILE *file)
{
	fputs("usage: tally-load --terminals FILE [OPTION...]\n"
	      "       tally-load --terminals FILE --history FILE [OPTION...]\n"
	      "       tally-load --terminals FILE --verify LOG [OPTION...]\n"
	      "       tally-load --generate N [--from DAY] [--days N] [--seed N]\n"
	      "\nPuts load on a Tallygate, replays a purchase history, and proves that nothing was "
	      "lost.\n",
	      file);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct option_row *row = &rows[i];
		int used;

		if (row->kind == KIND_HEADING) {
			fprintf(file, "\n%s:\n", row->help);
			continue;
		}
		used = fprintf(file, "  --%s%s%s", row->name, row->word[0] != '\0' ? " " : "",
			       row->word);
		fprintf(file, "%*s%s\n", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "",
			row->help);
	}
	fputs("\nKinds of work, with their weights when --mix is not given:\n", file);
	for (int i = 0; i < MIX_COUNT; i++)
		fprintf(file, "  %-10s%4u   %s\n", mix_word((enum mix_kind)i),
			mix_weight((enum mix_kind)i), mix_text((enum mix_kind)i));
}

bool
load_options_duplicate_kinds(const char *text, uint32_t ret_weights[4], struct failure *failure)
{
	static const char *const words[] = {
		[REPEAT_NOW] = "now", [REPEAT_OTHER] = "other", [REPEAT_RECONNECT] = "reconnect"
	};

	memset(ret_weights, 0, 4 * sizeof(ret_weights[0]));
	while (*text != '\0') {
		size_t bytes = strcspn(text, "=,");
		bool is_found = false;
		char *end;

		for (int i = REPEAT_NOW; i <= REPEAT_RECONNECT && !is_found; i++) {
			if (strlen(words[i]) != bytes || memcmp(words[i], text, bytes) != 0 ||
			    text[bytes] != '=')
				continue;
			ret_weights[i] = (uint32_t)strtoul(text + bytes + 1, &end, 10);
			is_found = end > text + bytes + 1 && (*end == ',' || *end == '\0') &&
				   ret_weights[i] <= 1000000;
		}
		if (!is_found)
			return failure_set(failure,
					   "--duplicate-kinds: \"%s\" is not as in now=1,other=1,"
					   "reconnect=1",
					   text);
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}
