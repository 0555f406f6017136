/*
 * test_day_command.c - the command between days gets its day, and its failure is seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "contrib/load/day_command.h"

#define DAY 10000 /* 1997-05-19 */

/* What: marks become the day and its noon, other signs stay. */
static void
marks_become_the_day(void **state)
{
	struct failure failure;
	char text[64];

	(void)state;
	assert_true(day_command_expand("step %t '%d' 5%%", DAY, text, sizeof(text), &failure));
	assert_string_equal(text, "step 864043200000 '1997-05-19' 5%");
}

/* What: unknown marks, an empty command and one that does not fit are refused. */
static void
what_cannot_be_run_is_refused(void **state)
{
	struct failure failure;
	char text[16];

	(void)state;
	assert_false(day_command_expand("a %x", DAY, text, sizeof(text), &failure));
	assert_non_null(strstr(failure.text, "%x"));
	assert_false(day_command_expand("a %", DAY, text, sizeof(text), &failure));
	assert_false(day_command_expand("", DAY, text, sizeof(text), &failure));
	assert_false(day_command_expand("more than fifteen", DAY, text, sizeof(text), &failure));
}

/* What: the command is run with its day, and its bad end is told. */
static void
a_failure_is_told(void **state)
{
	struct failure failure;

	(void)state;
	assert_true(day_command_run("test %d = 1997-05-19", DAY, &failure));
	assert_false(day_command_run("exit 3", DAY, &failure));
	assert_non_null(strstr(failure.text, "status 3"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_become_the_day),
		cmocka_unit_test(what_cannot_be_run_is_refused),
		cmocka_unit_test(a_failure_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
