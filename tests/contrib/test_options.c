/*
 * test_options.c - the command line of tally-load takes what its table has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "contrib/load/options.h"

/* Kinds of rows, as texts. */
struct row {
	const char *name, *kind;
};

static const struct row rows[] = {
#define ROW(member, name, kind, value, low, high, word, help) { name, #kind },
	LOAD_OPTION_LIST(ROW)
#undef ROW
};

static bool
parse(const char *first, const char *second, struct load_options *ret_options,
      struct failure *failure)
{
	char *arguments[] = { (char *)(uintptr_t) "tally-load", (char *)(uintptr_t)first,
			      (char *)(uintptr_t)second, NULL };

	return load_options_parse(second != NULL ? 3 : 2, arguments, ret_options, failure);
}

/* What: every option of the table can be given, and one with an argument must have it. */
static void
every_option_can_be_given(void **state)
{
	struct load_options options;
	struct failure failure;
	char option[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		if (strcmp(row->kind, "HEADING") == 0)
			continue;
		snprintf(option, sizeof(option), "--%s", row->name);
		if (strcmp(row->kind, "FLAG") == 0) {
			assert_true(parse(option, NULL, &options, &failure));
			continue;
		}
		/* 90 is within the bounds of all. */
		assert_true(parse(option, "90", &options, &failure));
		assert_false(parse(option, NULL, &options, &failure));
		assert_string_equal(failure.text + strlen(option), ": needs an argument");
	}
}

/* What: an argument sets its own member, in the kind's form; what is not given is the default. */
static void
arguments_set_their_members(void **state)
{
	struct load_options options;
	struct failure failure;

	(void)state;
	assert_true(parse("--differences", "7", &options, &failure));
	assert_int_equal(options.differences, 7);
	assert_int_equal(options.connections, 100);
	assert_string_equal(options.host, "127.0.0.1");
	assert_true(parse("--drops", "0.5", &options, &failure));
	assert_int_equal(options.drop_ppm, 5000);
	assert_true(parse("--rate", "2.5", &options, &failure));
	assert_true(options.rate == 2.5);
	assert_true(parse("--version", NULL, &options, &failure));
	assert_true(options.is_version);
	assert_false(options.is_help);
}

/* What: what makes no sense is refused, and the reason names it. */
static void
nonsense_is_refused(void **state)
{
	static const char *const wrong[][2] = {
		{ "--depth", "0" },	 { "--depth", "-1" },	{ "--depth", "1x" },
		{ "--drops", "100.01" }, { "--rate", "often" }, { "--no-such", NULL },
		{ "--re", "1" },	 { "word", NULL },
	};
	struct load_options options;
	struct failure failure;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		failure.text[0] = '\0';
		assert_false(parse(wrong[i][0], wrong[i][1], &options, &failure));
		assert_true(strlen(failure.text) > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_can_be_given),
		cmocka_unit_test(arguments_set_their_members),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
