/*
 * sink_clearing.h - statements in MariaDB, made by SQL out of what the sink wrote.
 *
 * A step within the sink's transaction: days that have ended are summed into `clearing`, once each,
 * and every closed cycle gets its statement, once.  It asks the tables what is missing, so it may
 * be run again at any time.  No statement takes longer than the postings of so many records as
 * CLEARING_CHUNK says, whatever a day holds.
 */
#ifndef TG_STORAGE_SINK_CLEARING_H
#define TG_STORAGE_SINK_CLEARING_H

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"

#define CLEARING_CHUNK 250000	/* sequences that one SQL statement looks through */

/*
 * Make what is missing.  The caller has a transaction open.
 * TG_OK; results as database_run(); TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status sink_clearing_run(struct database *database,
					       struct storage_error *error);

#endif
