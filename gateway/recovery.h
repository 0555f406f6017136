/*
 * recovery.h - from the files of a data directory to the ledger as it was.
 *
 * The order: names of the snapshots, instance lock and journal, newest readable snapshot, the
 * records after it, which a thread reads ahead.  Nothing is decided here: records are decoded and
 * applied, and at each mark passed the state hash must be the one that was written there.  Damage
 * is refused, named by file, offset and sequence; a snapshot that cannot be read is passed over for
 * an older one, and named.  Does not log.
 */
#ifndef TG_GATEWAY_RECOVERY_H
#define TG_GATEWAY_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "protocol/status.h"
#include "storage/io.h"
#include "storage/journal.h"

/* Borrowed for the call, but for journal.io, which outlives the journal. */
struct recovery_config {
	/* As for journal_file_open(), but for snapshot_sequence, which is found here. */
	struct journal_config journal;
	bool	 is_memory;		/* a journal that forgets: nothing is read, for tests */
	bool	 is_inline;		/* no thread reads the journal ahead: for simulations */
	struct ledger_limits limits;
};

/* What came out of it. */
struct recovery {
	struct ledger *ledger;		/* the caller's: ledger_free() */
	struct journal *journal;	/* the caller's: journal_close() before the ledger */
	struct journal_opened opened;
	uint64_t snapshot_sequence;	/* that was loaded; 0: none */
	uint32_t snapshots_skipped;	/* newer ones that could not be read */
	struct storage_error skipped;	/* why the last of those could not */
	uint64_t records;		/* applied after the snapshot */
	uint64_t marks;			/* passed, state hash equal */
	/* How long it took: to check the journal, to load a snapshot, to apply the records. */
	uint32_t journal_ms;
	uint32_t snapshot_ms;
	uint32_t records_ms;
};

/*
 * Recover.  Blocks for as long as it takes.  ret_recovery: untouched on failure.
 * TG_OK; TG_FENCED: another process has the data; TG_CORRUPT: file, offset and sequence in error;
 * TG_TOO_NEW; TG_CONFIG: another instance's data, or a table too small for it; TG_JOURNAL_FULL;
 * TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status recovery_run(const struct recovery_config *config,
					  struct recovery *ret_recovery,
					  struct storage_error *error);

#endif
