/*
 * test_command.c - the grammar: splitting, prefixes, rights, arguments, the log, help.
 */
#include <ctype.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/grammar.h"
#include "tests/admin/fake_host.h"

static uint32_t
split(char *line, const char **words)
{
	uint32_t count = 0;
	const char *why = NULL;

	return command_split(line, words, &count, &why) ? count : UINT32_MAX;
}

/* What: words end at blanks; quotes hold them together, also behind an equals sign.
 * How:  a table of lines and their words, joined by bars. */
static void
lines_are_split_into_words(void **state)
{
	static const struct {
		const char *line;
		const char *words;
	} rows[] = {
		{ "", "" },
		{ "   ", "" },
		{ "a", "a" },
		{ "  show   stats ", "show|stats" },
		{ "name=\"Book shop\" x", "name=Book shop|x" },
		{ "\"a\\\"b\\\\\" \"\"", "a\"b\\|" },
		{ "a\"\"b", "ab" },
		{ "a\\b", "a\\b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *words[COMMAND_WORDS_MAX];
		char line[64], joined[64] = "";
		uint32_t count;

		snprintf(line, sizeof(line), "%s", rows[i].line);
		count = split(line, words);
		for (uint32_t k = 0; k < count; k++)
			snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s%s",
				 k > 0 ? "|" : "", words[k]);
		assert_string_equal(joined, rows[i].words);
	}
}

/* What: an open quote and a line of too many words are refused. */
static void
broken_lines_are_refused(void **state)
{
	const char *words[COMMAND_WORDS_MAX];
	char open[] = "partner add 7 name=\"Book", many[2 * COMMAND_WORDS_MAX + 2];

	(void)state;
	assert_int_equal(split(open, words), UINT32_MAX);
	for (uint32_t count = COMMAND_WORDS_MAX; count <= COMMAND_WORDS_MAX + 1; count++) {
		for (size_t i = 0; i < 2 * (size_t)count; i++)
			many[i] = i % 2 == 0 ? 'a' : ' ';
		many[2 * count - 1] = '\0';
		assert_int_equal(split(many, words),
				 count <= COMMAND_WORDS_MAX ? count : UINT32_MAX);
	}
}

/* The words of the command that a line means, or why it means none. */
static const char *
find(const char *line, struct command_search *search)
{
	const char *words[COMMAND_WORDS_MAX];
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", line);
	command_find(words, split(copy, words), search);
	return search->command != NULL ? search->command->words : search->why;
}

/* What: commands are found by unique prefixes, in any case; others list what they could be. */
static void
prefixes_are_enough_while_unique(void **state)
{
	static const struct {
		const char *line;
		const char *found;
	} rows[] = {
		{ "show stats", "show stats" },
		{ "sho stat", "show stats" },
		{ "SHOW SES", "show sessions" },
		{ "mem 7", "member" },
		{ "tr 1 00", "transaction" },
		{ "term r 5", "terminal rotate" },
		{ "h", "help" },
		{ "clock s 1", "clock step" },
		{ "show st", "no command yet, \"st\" may be stats stores" },
		{ "t", "no command yet, \"t\" may be tail transaction terminal" },
		{ "sh", "no command yet, \"sh\" may be show shutdown" },
		{ "clock", "no command yet, more is needed: accept step" },
		{ "show nothing", "no command \"nothing\" here; try help" },
		{ "helpme", "no command \"helpme\" here; try help" },
		{ "\"\"", "no command \"\" here; try help" },
	};
	struct command_search search;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(find(rows[i].line, &search), rows[i].found);
}

/* What: every row can be found by its own words alone, and rows of a first word stand together.
 * How:  the words of each row; the first words in order. */
static void
every_row_can_be_reached(void **state)
{
	struct command_search search;
	char first[16], before[16] = "";

	(void)state;
	for (uint32_t i = 0; i < command_row_count; i++) {
		assert_string_equal(find(command_rows[i].words, &search), command_rows[i].words);
		snprintf(first, sizeof(first), "%.*s",
			 (int)strcspn(command_rows[i].words, " "), command_rows[i].words);
		for (uint32_t k = i + 1; k < command_row_count && strcmp(first, before) != 0; k++) {
			const bool is_same = strncmp(command_rows[k].words, first,
						     strcspn(command_rows[k].words, " ") + 1) == 0;

			if (is_same && k > i + 1)
				assert_memory_equal(command_rows[k - 1].words, first,
						    strlen(first));
		}
		snprintf(before, sizeof(before), "%s", first);
	}
}

/* What: every row is documented: a help line, and a place in help and in CONSOLE.md.
 * How:  help of each command; the committed page holds each row. */
static void
every_row_is_documented(void **state)
{
	struct fake_host *fake = *state;
	const char *folder = getenv("top_srcdir");
	char path[512], line[64], wanted[160];
	static char page[65536];
	FILE *file;

	snprintf(path, sizeof(path), "%s/admin/CONSOLE.md", folder != NULL ? folder : ".");
	file = fopen(path, "r");
	assert_non_null(file);
	page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
	fclose(file);
	for (uint32_t i = 0; i < command_row_count; i++) {
		const struct command *row = &command_rows[i];

		assert_true(strlen(row->help) > 0);
		for (const char *at = row->words; *at != '\0'; at++)
			assert_true(islower((unsigned char)*at) || *at == ' ');
		snprintf(line, sizeof(line), "help %s", row->words);
		fake_host_expect(fake, line, "ok", row->help);
		fake_host_expect(fake, "help", "ok", row->words);
		snprintf(wanted, sizeof(wanted), "| `%s` | ", row->words);
		assert_non_null(strstr(page, wanted));
	}
}

/* What: a grammar says how many arguments there may be. */
static void
grammars_are_counted(void **state)
{
	static const struct {
		const char *grammar;
		uint32_t least, most;
	} rows[] = {
		{ "", 0, 0 },
		{ "yes", 1, 1 },
		{ "<partner> <id>", 2, 2 },
		{ "[<partner>]", 0, 1 },
		{ "<number> <field=value>...", 2, COMMAND_WORDS_MAX },
		{ "<number> [<field=value>...]", 1, COMMAND_WORDS_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct command_arity arity = command_arity(rows[i].grammar);

		assert_int_equal(arity.least, rows[i].least);
		assert_int_equal(arity.most, rows[i].most);
	}
}

/* What: alternatives are found in a word of a grammar; what stands in <> is no literal.
 * How:  each as "text" or "<text>", joined by blanks; a flag for each of [] and "...". */
static void
grammars_are_read(void **state)
{
	static const struct {
		const char *grammar;
		const char *choices;
		bool is_optional, has_more;
	} rows[] = {
		{ "yes", "'yes'", false, false },
		{ "text|json", "'text' 'json'", false, false },
		{ "<partner>|all", "<partner> 'all'", false, false },
		{ "[end-old]", "'end-old'", true, false },
		{ "[<partner>|<word=a|b>...]", "<partner> <word=a|b>", true, true },
		{ "<reason>...", "<reason>", false, true },
		{ "<+N|-N>", "<+N|-N>", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = rows[i].grammar;
		struct grammar_word word;
		struct grammar_choice choice;
		char joined[64] = "";

		assert_true(grammar_next(&at, &word));
		assert_int_equal(word.is_optional, rows[i].is_optional);
		assert_int_equal(word.has_more, rows[i].has_more);
		for (size_t k = 0; grammar_choice(&word, k, &choice); k++)
			snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined),
				 "%s%s%.*s%s", k > 0 ? " " : "", choice.is_literal ? "'" : "",
				 (int)choice.bytes, choice.text, choice.is_literal ? "'" : "");
		assert_string_equal(joined, rows[i].choices);
		assert_false(grammar_next(&at, &word));
	}
}

/* What: literals of every row stand where the dispatcher spells them out, and are short enough. */
static void
literals_of_rows_have_a_place(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < command_row_count; i++) {
		const char *at = command_rows[i].arguments;
		struct grammar_word word;
		struct grammar_choice choice;

		for (size_t k = 0; grammar_next(&at, &word); k++) {
			for (size_t n = 0; grammar_choice(&word, n, &choice); n++) {
				assert_true(!choice.is_literal || k < COMMAND_LITERALS_MAX);
				assert_true(choice.bytes < COMMAND_LITERAL_BYTES ||
					    !choice.is_literal);
			}
		}
	}
}

/* What: what a second operator approves can be proposed without an identifier: members stand where
 *       the dispatcher puts their references, and nothing else names any. */
static void
proposed_rows_name_members_by_reference(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < command_row_count; i++) {
		const char *at = command_rows[i].arguments;
		struct grammar_word word;

		if ((command_rows[i].right & RIGHT_SECOND) == 0)
			continue;
		assert_null(strstr(at, "<type:"));
		for (size_t k = 0; grammar_next(&at, &word); k++)
			assert_true(strncmp(word.text, "<member>", word.bytes) != 0 ||
				    k < COMMAND_LITERALS_MAX);
	}
}

/* What: literals, fields and filters may be shortened like commands, but not what confirms. */
static void
literals_may_be_shortened(void **state)
{
	struct fake_host *fake = *state;

	fake_host_expect(fake, "format j", "ok json", "");
	fake_host_expect(fake, "format TEXT", "ok text", "");
	fake_host_expect(fake, "format xml", "error say: format text|json", "");
	fake_host_expect(fake, "log level w", "ok", "record=");
	assert_string_equal(fake->set, "log.level=warn");
	fake_host_expect(fake, "log level", "error say: log level error|warn|info|debug", "");
	fake_host_expect(fake, "shutdown ye", "error say: shutdown yes", "");
	fake_host_expect(fake, "terminal rotate 101 end", "error",
			 "\"end\" is no number from 1 to 720");
	assert_false(fake->was_shut_down);
	fake_host_expect(fake, "partner add 7 na=Books gr=2", "ok", "record=");
	fake_host_expect(fake, "partner show 7", "ok", "Books");
	fake_host_expect(fake, "partner change 7 b=yes", "error", "is no field=value of a partner");
	fake_host_expect(fake, "show terminals con=no so=number", "error", "\"so=number\": there");
	fake_host_expect(fake, "show terminals con=no sor=number", "ok", "terminals");
}

/* What: help of words that begin several commands lists these, also shortened. */
static void
help_lists_a_family(void **state)
{
	struct fake_host *fake = *state;

	for (uint32_t i = 0; i < command_row_count; i++) {
		const size_t bytes = strcspn(command_rows[i].words, " ");
		char line[64];

		snprintf(line, sizeof(line), "help %.*s", (int)bytes, command_rows[i].words);
		fake_host_expect(fake, line, "ok", command_rows[i].words);
	}
	fake_host_expect(fake, "help bl", "ok", "block identifier");
	assert_null(strstr(fake->printed, "unblock"));
	fake_host_expect(fake, "help sh", "error", "no command yet, \"sh\" may be show shutdown");
	fake_host_expect(fake, "help nonsense", "error", "no command \"nonsense\" here");
}

/* The help of a command for programs. */
static json_t *
json_help(struct fake_host *fake, const char *words)
{
	char line[64];
	json_t *object;

	fake_host_expect(fake, "format json", "ok json", "");
	snprintf(line, sizeof(line), "help %s", words);
	fake_host_expect(fake, line, "ok", words);
	object = json_loads(fake->printed, JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(object);
	return object;
}

/* Choice i of an argument; "" if there is none. */
static const char *
choice_at(const json_t *help, size_t argument, size_t i)
{
	const char *text = json_string_value(json_array_get(
		json_array_get(json_object_get(help, "choices"), argument), i));

	return text != NULL ? text : "";
}

/* What: help for programs says what each argument may begin with: literals, fields, filters, keys
 *       of the configuration, and what has to be known. */
static void
help_tells_programs_what_to_say(void **state)
{
	static const struct {
		const char *words;
		size_t argument, i;
		const char *choice;
		bool has_more;
	} rows[] = {
		{ "format", 0, 1, "json", false },
		{ "burn off", 0, 0, "<partner>", false },
		{ "burn off", 0, 1, "all", false },
		{ "partner add", 0, 0, "<number>", true },
		{ "partner add", 1, 0, "name=", true },
		{ "store change", 1, 0, "partner=", true },
		{ "tail", 0, 0, "partner=", true },
		{ "tail", 0, 5, "status=", true },
		{ "tail", 0, 6, "", true },
		{ "show terminals", 0, 1, "store=", true },
		{ "set", 0, 0, "key.0", false },
		{ "set", 0, 1, "", false },
		{ "help", 0, 0, "<command>", true },
	};
	struct fake_host *fake = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *help = json_help(fake, rows[i].words);

		assert_string_equal(json_string_value(json_object_get(help, "command")),
				    rows[i].words);
		assert_string_equal(choice_at(help, rows[i].argument, rows[i].i), rows[i].choice);
		assert_int_equal(json_is_true(json_object_get(help, "has_more")),
				 rows[i].has_more);
		json_decref(help);
	}
}

/* What: arguments are counted before a handler runs, and what cannot be undone wants its "yes". */
static void
arguments_are_checked_once(void **state)
{
	struct fake_host *fake = *state;

	fake_host_expect(fake, "shutdown", "error", "say: shutdown yes");
	fake_host_expect(fake, "shutdown now", "error", "say: shutdown yes");
	assert_false(fake->was_shut_down);
	fake_host_expect(fake, "quit now", "error", "say: quit");
	fake_host_expect(fake, "transaction 1", "error", "say: transaction <partner> <id>");
	fake_host_expect(fake, "shutdown yes", "ok", "stopping");
	assert_true(fake->was_shut_down);
	assert_true(fake->call.wants_close);
}

/* What: a row's right is checked before anything of it runs. */
static void
rights_are_checked_once(void **state)
{
	struct fake_host *fake = *state;

	fake->call.right = RIGHT_VIEWER;
	fake_host_expect(fake, "shutdown yes", "error", "needs the right of admin");
	fake_host_expect(fake, "snapshot", "error", "needs the right of operator");
	assert_false(fake->was_shut_down);
	fake_host_expect(fake, "show stats", "ok", "topic");
	fake->call.right = RIGHT_OPERATOR;
	fake_host_expect(fake, "snapshot", "ok", "sequence=");
	fake_host_expect(fake, "cutover yes", "error", "needs the right of admin");
}

/* What: the log gets who, where, what and how it ended; identifiers keep their last four. */
static void
commands_are_audited(void **state)
{
	struct fake_host *fake = *state;

	fake_host_run(fake, "sho sta");
	assert_string_equal(fake->audit, "ann|console uid=1000 pid=42|show stats|ok|0");
	fake_host_run(fake, "member card:4912345678901234");
	assert_non_null(strstr(fake->audit, "|member card:************1234|UNKNOWN_MEMBER: "));
	fake_host_run(fake, "identifier phone:+4912345678901234");
	assert_non_null(strstr(fake->audit, "|identifier phone:*************1234|"));
	fake_host_run(fake, "tail member=card:4912345678901234 kind=earn");
	assert_non_null(strstr(fake->audit, "|tail member=card:************1234 kind=earn|"));
	fake_host_run(fake, "shutdown");
	assert_non_null(strstr(fake->audit, "|shutdown|say: shutdown yes|0"));
	fake_host_run(fake, "store add 12 partner=1");
	assert_non_null(strstr(fake->audit, "|store add 12 partner=1|ok|"));
	assert_null(strstr(fake->audit, "|ok|0"));
}

/* What: output is indented, its end is not, and control characters of figures do no harm. */
static void
output_can_be_read_by_programs(void **state)
{
	struct fake_host *fake = *state;
	const char *printed = fake_host_run(fake, "show stats");
	const char *line = printed;

	assert_null(strchr(printed, '\x1b'));
	for (; strncmp(line, "ok", 2) != 0; line = strchr(line, '\n') + 1)
		assert_memory_equal(line, "  ", 2);
	assert_string_equal(line, "ok\n");
	assert_string_equal(fake_host_run(fake, ""), "ok\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_split_into_words),
		cmocka_unit_test(broken_lines_are_refused),
		cmocka_unit_test(prefixes_are_enough_while_unique),
		cmocka_unit_test(every_row_can_be_reached),
		cmocka_unit_test_setup_teardown(every_row_is_documented, fake_host_setup,
						fake_host_teardown),
		cmocka_unit_test(grammars_are_counted),
		cmocka_unit_test(grammars_are_read),
		cmocka_unit_test(literals_of_rows_have_a_place),
		cmocka_unit_test(proposed_rows_name_members_by_reference),
		cmocka_unit_test_setup_teardown(literals_may_be_shortened, fake_host_setup,
						fake_host_teardown),
		cmocka_unit_test_setup_teardown(help_lists_a_family, fake_host_setup,
						fake_host_teardown),
		cmocka_unit_test_setup_teardown(help_tells_programs_what_to_say, fake_host_setup,
						fake_host_teardown),
		cmocka_unit_test_setup_teardown(arguments_are_checked_once, fake_host_setup,
						fake_host_teardown),
		cmocka_unit_test_setup_teardown(rights_are_checked_once, fake_host_setup,
						fake_host_teardown),
		cmocka_unit_test_setup_teardown(commands_are_audited, fake_host_setup,
						fake_host_teardown),
		cmocka_unit_test_setup_teardown(output_can_be_read_by_programs, fake_host_setup,
						fake_host_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
