/*
 * case_run.h - one money case, line by line, against the real ledger.
 */
#ifndef TG_TESTS_LEDGER_CASE_RUN_H
#define TG_TESTS_LEDGER_CASE_RUN_H

#include "tests/ledger/case_archive.h"
#include "tests/ledger/case_file.h"
#include "tests/ledger/fixture.h"

#define CASE_MEMBERS_MAX 40
#define CASE_PARTNERS_MAX 10
#define CASE_WORDS_MAX 40

struct case_run {
	struct ledger_fixture ledger;
	struct case_archive archive;
	struct decision *again;		/* of the same request, decided once more */
	const struct money_case *money_case;
	unsigned line;			/* of the file */
	unsigned request_count;		/* for ids of their own */
	bool	*is_status_seen;	/* borrowed; by number */
	char	 members[CASE_MEMBERS_MAX][24]; /* names in order of enrolment */
	uint64_t references[CASE_MEMBERS_MAX];
	unsigned member_count;
	struct programme_config programme;
	struct partner_config partners[CASE_PARTNERS_MAX]; /* by number */
	uint8_t	 lines[2048];		/* receipt lines of the request */
};

/* Run a case; fails the test at the first line that does not hold.  is_status_seen: 256 of them. */
void case_run(const struct money_case *money_case, bool *is_status_seen);

/* Fail the test, naming file and line. */
_Noreturn void case_complain(const struct case_run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* As words_number() and words_time(), or complain. */
int64_t case_number(const struct case_run *run, const char *text);
int64_t case_time(const struct case_run *run, const char *text);

/* Lines that change the configuration (case_config.c): true when words[0] is one of them. */
bool case_config_line(struct case_run *run, char *words[], unsigned count);

/* Rulebook and budgets (case_rulebook.c): lines of the configuration, and a receipt's goods. */
void case_read_earn_rule(struct case_run *run, struct ledger_request *q, char *words[],
			 unsigned count);
void case_read_rulebook(struct case_run *run, struct ledger_request *q, char *words[],
			unsigned count);
void case_read_budget(struct case_run *run, struct ledger_request *q, char *words[],
		      unsigned count);
void case_read_goods(struct case_run *run, struct ledger_request *q, const char *text);

/* Lines that look at accounts, rows and the last decision (case_look.c): the same. */
bool case_look_line(struct case_run *run, char *words[], unsigned count);

/* "= status figure=value ...": complain where the answer differs. */
void case_check_answer(struct case_run *run, const struct ledger_answer *a, char *words[],
		       unsigned count);

#endif
