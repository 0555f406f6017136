/*
 * settle.h - what tally-settle does: check a file, upload it, compare totals, fetch entries.
 */
#ifndef TG_CONTRIB_SETTLE_SETTLE_H
#define TG_CONTRIB_SETTLE_SETTLE_H

#include "contrib/common/failure.h"
#include "contrib/settle/settings.h"

/* How the program ends; in the manual page. */
enum settle_exit {
	SETTLE_DONE = 0,       /* all is well */
	SETTLE_REFUSED = 1,    /* lines were refused, or totals differ */
	SETTLE_USAGE = 2,      /* the command line is wrong */
	SETTLE_BAD_FILE = 3,   /* the file cannot be used; nothing was sent */
	SETTLE_UNFINISHED = 5, /* lines have no outcome, or entries lack: run it again */
	SETTLE_UNREACHED = 6,  /* no session with the gateway; nothing was sent */
};

/* Do the command of the words.  failure: why not, with other ends than DONE and REFUSED. */
enum settle_exit settle_run(const struct settle_settings *settings, int word_count,
			    char *const words[], struct failure *failure);

#endif
