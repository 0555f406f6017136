/*
 * test_completion.c - what a word at a prompt may become, by what the console told of its commands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/completion.h"
#include "tests/admin/fake_host.h"

struct completion_fixture {
	struct fake_host fake;
	struct completion completion;
	struct completion_answer answer;
	char joined[8192];
};

/* Let it learn from the console's own help. */
static int
setup(void **state)
{
	struct completion_fixture *f = calloc(1, sizeof(*f));
	char *text, *line;

	if (f == NULL)
		return -1;
	fake_host_init(&f->fake);
	assert_true(completion_init(&f->completion));
	fake_host_expect(&f->fake, "format json", "ok", "");
	fake_host_expect(&f->fake, "help", "ok", "");
	text = f->fake.printed;
	while ((line = strsep(&text, "\n")) != NULL)
		completion_take(&f->completion, line);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct completion_fixture *f = *state;

	completion_deinit(&f->completion);
	fake_host_deinit(&f->fake);
	free(f);
	return 0;
}

/* What the end of a line may become, joined by blanks; then the hint and "FILE". */
static const char *
complete(struct completion_fixture *f, const char *line)
{
	size_t used = 0;

	f->joined[0] = '\0';
	completion_find(&f->completion, line, strlen(line), &f->answer);
	for (uint32_t i = 0; i < f->answer.count; i++)
		used += (size_t)snprintf(f->joined + used, sizeof(f->joined) - used, "%s%s",
					 i > 0 ? " " : "", f->answer.words[i]);
	snprintf(f->joined + used, sizeof(f->joined) - used, "%s%s%s",
		 used > 0 && f->answer.hint[0] != '\0' ? " " : "", f->answer.hint,
		 f->answer.is_file ? " FILE" : "");
	return f->joined;
}

/* What: commands, literals, fields, filters and keys are completed; what must be known is named. */
static void
words_are_completed(void **state)
{
	static const struct {
		const char *line;
		const char *choices;
	} rows[] = {
		{ "sho", "show" },
		{ "SHO", "show" },
		{ "clock ", "accept step" },
		{ "clo s", "step" },
		{ "format ", "text json" },
		{ "format t", "text" },
		{ "format text ", "" },
		{ "burn off ", "all <partner>" },
		{ "partner change 7 na", "name=" },
		{ "partner change 7 name=x test", "test=" },
		{ "tail kind=earn st", "store= status=" },
		{ "set k", "key.0" },
		{ "set key.0 ", "<value>" },
		{ "every ", "<interval>" },
		{ "every 2s clo s", "step" },
		{ "help clock a", "accept" },
		{ "help every 2s", "<interval>" },
		{ "import stores ", "<file> FILE" },
		{ "cutover ", "yes" },
		{ "  clock   st", "step" },
		{ "sh st", "" },
		{ "nonsense ", "" },
		{ "partner add 7 name=\"Book", "" },
	};
	struct completion_fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(complete(f, rows[i].line), rows[i].choices);
}

/* What: an empty line may become any command, each named once. */
static void
an_empty_line_may_be_any_command(void **state)
{
	struct completion_fixture *f = *state;

	assert_memory_equal(complete(f, ""), "help format every show tail ", 28);
	assert_int_equal(f->answer.typed_bytes, 0);
	complete(f, "every 2s show st");
	assert_int_equal(f->answer.typed_bytes, 2);
}

/* What: lines that are no commands, and very long ones, do no harm. */
static void
what_is_no_command_is_passed_over(void **state)
{
	static const char *const lines[] = {
		"", "nonsense", "[]", "{\"command\":7}", "{\"command\":\"odd\",\"choices\":7}",
		"{\"command\":\"even\",\"choices\":[[7],8],\"has_more\":true}",
		"{\"command\":\"\"}", "{\"command\":\"none\",\"choices\":[],\"has_more\":true}",
	};
	struct completion_fixture *f = *state;
	char line[256];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		completion_take(&f->completion, lines[i]);
	assert_string_equal(complete(f, "odd "), "");
	assert_string_equal(complete(f, "even a b c "), "");
	assert_string_equal(complete(f, "none a"), "");
	for (size_t i = 0; i + 1 < sizeof(line); i++)
		line[i] = i % 2 == 0 ? 'a' : ' ';
	line[sizeof(line) - 1] = '\0';
	assert_string_equal(complete(f, line), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(words_are_completed, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_line_may_be_any_command, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_command_is_passed_over, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
