/*
 * sink_batch.h - records as rows of MariaDB's tables, in memory.
 *
 * A batch is filled record by record and written whole.  Its memory is taken once, for the largest
 * batch.  Knows no connection.
 */
#ifndef TG_STORAGE_SINK_BATCH_H
#define TG_STORAGE_SINK_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/record.h"
#include "protocol/status.h"
#include "storage/io.h"
#include "storage/sink_table.h"

struct sink_index;

struct sink_batch {
	struct sink_rows tables[SINK_TABLE_COUNT];
	struct sink_index *partner_totals; /* owned */
	struct sink_index *account_totals; /* owned */
	uint32_t records_max;
	uint32_t record_count;
	int64_t	 first_booked_at_utc_ms; /* of the records in it */
	int64_t	 last_booked_at_utc_ms;
	int32_t	 last_business_date;
};

/* TG_OK; TG_NO_MEMORY, then deinit, too.  records_max: >= 1. */
TG_MUST_CHECK enum tg_status sink_batch_init(struct sink_batch *batch, uint32_t records_max);
void sink_batch_deinit(struct sink_batch *batch);

/* Empty it. */
void sink_batch_clear(struct sink_batch *batch);

/* Has it room for any record, whatever rows that makes? */
bool sink_batch_has_room(const struct sink_batch *batch);

/*
 * Add the rows of a record.  There must be room.
 * TG_OK; TG_CORRUPT: the record is not sound (postings that do not sum to zero, dates that no table
 * can hold, lines that are none); the batch is as before.
 */
TG_MUST_CHECK enum tg_status sink_batch_add(struct sink_batch *batch, const struct record *record,
					    struct storage_error *error);

/* Most bytes that the rows of one table can take in a packet. */
size_t sink_batch_packet_bytes_max(const struct sink_batch *batch);

#endif
