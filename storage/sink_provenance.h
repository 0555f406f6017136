/*
 * sink_provenance.h - obligations between partners, matched out of MariaDB's entries.
 *
 * The matching is clearing.h's, which tally-journal runs over the journal; here it is fed from the
 * tables, and members' queues are kept in `provenance` from one time to the next.
 */
#ifndef TG_STORAGE_SINK_PROVENANCE_H
#define TG_STORAGE_SINK_PROVENANCE_H

#include <stdint.h>

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"

/*
 * Match the records first..last of a business date ("2026-11-22"), which come behind all that were
 * matched before, and add to `clearing` and `provenance`, within the caller's transaction.
 * TG_OK; TG_CORRUPT: more leaves a member than came; results as database_run(); TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status sink_provenance_run(struct database *database, const char *date,
						 uint64_t first, uint64_t last,
						 struct storage_error *error);

#endif
