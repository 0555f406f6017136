/*
 * run.h - what tally-import does: check a file, import its members, compare balances.
 */
#ifndef TG_CONTRIB_IMPORT_RUN_H
#define TG_CONTRIB_IMPORT_RUN_H

#include "contrib/common/failure.h"
#include "contrib/import/people.h"
#include "contrib/import/settings.h"
#include "protocol/tallygate.h"

/* How the program ends; in the manual page. */
enum import_exit {
	IMPORT_DONE = 0,       /* all is well */
	IMPORT_REFUSED = 1,    /* rows were refused, or balances or sums differ */
	IMPORT_USAGE = 2,      /* the command line is wrong */
	IMPORT_BAD_FILE = 3,   /* the file cannot be used; nothing was sent */
	IMPORT_UNFINISHED = 5, /* not all rows have an outcome: run it again */
	IMPORT_UNREACHED = 6,  /* no session, or it may not do this; nothing was sent */
};

/* A file, checked, and the session. */
struct import_run {
	const struct import_settings *settings;
	const char *path;
	struct table table;
	struct people people;
	uint32_t timeout_ms;
	struct tg_client *client; /* NULL: check only */
	struct failure *failure;
};

/* Do the command of the words.  failure: why not, with other ends than DONE and REFUSED. */
enum import_exit import_run(const struct import_settings *settings, int word_count,
			    char *const words[], struct failure *failure);

/* Enrol the members, link their further identifiers, give them their balances; count and sum. */
enum import_exit import_members(struct import_run *run);

/* Ask for each member's balance, and list what differs from the file. */
enum import_exit import_compare(struct import_run *run);

/* A file named like the run's, with a suffix; ret_path: MISTAKES_PATH_BYTES. */
void import_path(const struct import_run *run, const char *suffix, char *ret_path);

#endif
