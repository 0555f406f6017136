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

/* Answers that never come from the ledger: of the gateway and its sessions. */
static const enum tg_status gateway_statuses[] = {
	TG_BAD_FRAME,	TG_FRAME_TOO_LARGE, TG_UNKNOWN_OPERATION, TG_UNKNOWN_FIELD,
	TG_BAD_VERSION, TG_AUTH_REQUIRED,   TG_AUTH_FAILED,	  TG_OUT_OF_TURN,
	TG_BUSY,	TG_SHUTTING_DOWN,   TG_JOURNAL_FULL,
};

/* From here on: never an answer, but for TG_DATABASE of what is read from there. */
#define STATUS_INSIDE 90

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

static bool
is_of_gateway(enum tg_status status)
{
	for (size_t i = 0; i < sizeof(gateway_statuses) / sizeof(gateway_statuses[0]); i++) {
		if (gateway_statuses[i] == status)
			return true;
	}
	return false;
}

/* What: each status that the ledger can give is given in some case.
 * How:  statuses of the list against those that the cases before this one have seen. */
static void
every_status_is_given_by_some_case(void **state)
{
	static const enum tg_status statuses[] = {
#define STATUS_NUMBER(name, number, retry, recorded, text) name,
		TG_STATUS_LIST(STATUS_NUMBER)
#undef STATUS_NUMBER
	};
	const struct all_cases *all = *state;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		bool is_answer = statuses[i] < STATUS_INSIDE || statuses[i] == TG_DATABASE ||
				 (statuses[i] >= TG_UNKNOWN_BUDGET &&
				  statuses[i] <= TG_RATE_DIFFERS) ||
				 statuses[i] == TG_MERGED || statuses[i] == TG_NOT_MERGED ||
				 (statuses[i] >= TG_NO_VALUE && statuses[i] <= TG_VALUE_FROZEN);
		bool is_expected = is_answer && !is_of_gateway(statuses[i]);

		if (all->is_status_seen[statuses[i]] != is_expected)
			fail_msg("%s is %s", tg_status_name(statuses[i]),
				 is_expected ? "given by no case" : "not the ledger's to give");
	}
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
	tests[count] = (struct CMUnitTest)cmocka_unit_test_prestate(
	    every_status_is_given_by_some_case, all);
	failed = _cmocka_run_group_tests("money cases", tests, count + 1, NULL, NULL);
	case_files_free(all->cases, count);
	free(all);
	free(ones);
	free(tests);
	return failed;
}
