/*
 * journal_verify.h - is a journal what it says?  The auditor's question.
 *
 * Reads archive and segments twice.  First as bytes and records: checksums, chain, continuity,
 * whole records, postings that sum to zero.  Then it applies the records to a ledger of its own
 * and compares the state hash at every mark and every snapshot, and the accounts with the rows
 * behind them.  Changes nothing, and may run beside the gateway.
 */
#ifndef TG_STORAGE_JOURNAL_VERIFY_H
#define TG_STORAGE_JOURNAL_VERIFY_H

#include "storage/journal_file.h"

/* What to verify.  Borrowed for the call. */
struct verify_config {
	struct journal_source source;
	const char *snapshot_directory; /* NULL, or not there: no snapshots */
};

struct verify_report {
	/* First pass. */
	uint64_t first_sequence;      /* of the records there are; 0: none */
	uint64_t last_sequence;
	uint64_t records;
	uint64_t marks;
	uint64_t torn_bytes;	      /* behind the end: of a crash, or of a writer at work */
	/* Second pass. */
	/* false: the beginning is missing, and no snapshot stands for it */
	bool	 is_state_verified;
	uint64_t start_sequence;      /* of the snapshot that it began with; 0: from nothing */
	uint64_t marks_compared;      /* with the state hash */
	uint64_t snapshots_compared;
	struct state_hash hash;	      /* at last_sequence */
	int64_t	 issued_points;	      /* over all partners, less what was taken back */
	int64_t	 redeemed_points;
};

/*
 * Verify.  ret_report: as far as it got, also on failure.
 * TG_OK: all holds.  TG_CORRUPT: bytes, records or state are wrong: the first place in error.
 * TG_TOO_NEW; TG_CONFIG; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status journal_verify(const struct verify_config *config,
					    struct verify_report *ret_report,
					    struct storage_error *error);

#endif
