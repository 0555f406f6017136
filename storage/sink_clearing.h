/*
 * sink_clearing.h - statements in MariaDB, made by SQL out of what the sink wrote.
 *
 * A step within the sink's transaction: days that have ended are summed into `clearing`, once each,
 * and every closed cycle gets its statement, once.  It asks the tables what is missing, so it may
 * be run again at any time.  Where partners have cycles the day that goes on is summed as it goes,
 * so that closing it is no more work than that of its last records.
 */
#ifndef TG_STORAGE_SINK_CLEARING_H
#define TG_STORAGE_SINK_CLEARING_H

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"

#define CLEARING_RECORDS_DEFAULT 100000

/*
 * Make what is missing of days that have ended and cycles that are closed.  The caller has a
 * transaction open.  records: looked through by one SQL statement at most, whatever a day holds.
 * TG_OK; results as database_run(); TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status sink_clearing_run(struct database *database, uint32_t records,
					       struct storage_error *error);

/*
 * The same, and sum the day that goes on as far as there are that many records, and so many again,
 * where partners have cycles.  business_date: DAY_NONE or since 1970; of the record before
 * next_sequence, all before which are written.
 */
TG_MUST_CHECK enum tg_status sink_clearing_follow(struct database *database, uint32_t records,
						  int32_t business_date, uint64_t next_sequence,
						  struct storage_error *error);

#endif
