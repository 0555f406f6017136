/*
 * journal_ahead.h - a journal read by a thread of its own, ahead of who works on what it gives.
 *
 * While records are applied those behind them are read and checked: on a second processor a
 * recovery does not wait for it.  Items come in the reader's order, and its error comes where the
 * reader itself would give it, after everything before it.
 */
#ifndef TG_STORAGE_JOURNAL_AHEAD_H
#define TG_STORAGE_JOURNAL_AHEAD_H

#include "storage/journal.h"

/*
 * Read reader ahead, up to the end that it finds: after the first JOURNAL_NOTHING there is nothing
 * more.  reader: from now on the answer's, which closes it, or closed already on failure.
 * ret_ahead: closed by the caller, before the journal, at any time.
 * TG_OK; TG_NO_MEMORY: no memory, or no thread.
 */
TG_MUST_CHECK enum tg_status journal_ahead_open(struct journal_reader *reader,
						struct journal_reader **ret_ahead,
						struct storage_error *error);

#endif
