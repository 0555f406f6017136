/*
 * journal_recover.h - what the segments on disk amount to when the journal is opened.
 *
 * Reads every segment of the journal's directory once, in order, and gives the verdict: sound, torn
 * tail (cut here), or damage (refused, nothing changed).  The caller has the instance's lock.
 */
#ifndef TG_STORAGE_JOURNAL_RECOVER_H
#define TG_STORAGE_JOURNAL_RECOVER_H

#include "storage/journal.h"

/* Where the next segment takes up. */
struct journal_end {
	uint64_t next_sequence;	   /* of the first record to come */
	uint64_t chain;		   /* checksum of the last batch or segment header, 0: none */
	uint64_t incarnation;	   /* highest found, 0: none */
};

/*
 * Recover.  config: as of journal_file_open(), its directory is there.  ret_opened: all but
 * incarnation and mirror is set.  On TG_OK everything up to ret_end is on disk to stay.
 * Results as journal_file_open().
 */
TG_MUST_CHECK enum tg_status journal_recover(const struct journal_config *config,
					     struct journal_end *ret_end,
					     struct journal_opened *ret_opened,
					     struct storage_error *error);

#endif
