/*
 * test_cases.c - money cases, written as text, run against the real ledger.
 *
 * The cases stand in cases/NAME.txt; cases/README.md says how to read and write them.  Each case is
 * a test whose name is its file and claim.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/ledger/case_run.h"

#define CASES_MAX 1000
#define STATUSES_MAX 256

struct all_cases {
	bool is_status_seen[STATUSES_MAX];
	struct money_case cases[CASES_MAX];
};

/* What a test is given: its case, and where statuses are noted. */
struct one_case {
	struct all_cases *all;
	const struct money_case *money_case;
};

static void
run_one(void **state)
{
	const struct one_case *one = *state;

	case_run(one->money_case, one->all->is_status_seen);
}

int
main(void)
{
	const char *top = getenv("top_srcdir");
	struct all_cases *all = calloc(1, sizeof(*all));
	struct one_case *ones = calloc(CASES_MAX, sizeof(*ones));
	struct CMUnitTest *tests = calloc(CASES_MAX + 1, sizeof(*tests));
	char folder[4000];
	unsigned count;
	int failed;

	if (all == NULL || ones == NULL || tests == NULL)
		return 1;
	snprintf(folder, sizeof(folder), "%s/tests/ledger/cases", top != NULL ? top : ".");
	count = case_files_read(folder, all->cases, CASES_MAX);
	if (count == 0) {
		fprintf(stderr, "no cases in %s\n", folder);
		return 1;
	}
	for (unsigned i = 0; i < count; i++) {
		ones[i] = (struct one_case){ all, &all->cases[i] };
		tests[i] = (struct CMUnitTest){ all->cases[i].name, run_one, NULL, NULL, &ones[i] };
	}
	failed = _cmocka_run_group_tests("money cases", tests, count, NULL, NULL);
	case_files_free(all->cases, count);
	free(all);
	free(ones);
	free(tests);
	return failed;
}
