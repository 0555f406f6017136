/*
 * case_file.h - money cases as they stand in text files.
 */
#ifndef TG_TESTS_LEDGER_CASE_FILE_H
#define TG_TESTS_LEDGER_CASE_FILE_H

#include <limits.h>
#include <stdbool.h>

#define CASE_LINES_MAX 160

struct money_case {
	char	 name[800];		/* file and claim */
	char	 file[NAME_MAX + 1];
	unsigned first_line;		/* of the file, for messages */
	bool	 has_reason;		/* a `because` line names the decision */
	unsigned line_count;
	char	*lines[CASE_LINES_MAX];	/* owned */
};

/* Read every .txt file of a folder in the order of names; returns how many cases there are. */
unsigned case_files_read(const char *folder, struct money_case *cases, unsigned cases_max);
void case_files_free(struct money_case *cases, unsigned count);

#endif
