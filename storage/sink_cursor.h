/*
 * sink_cursor.h - how far MariaDB is: one row, changed in the transaction that writes the records.
 */
#ifndef TG_STORAGE_SINK_CURSOR_H
#define TG_STORAGE_SINK_CURSOR_H

#include <stdbool.h>
#include <stdint.h>
#include <xxhash.h>

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"

struct sink_cursor {
	bool	 is_there;		/* false: nothing was ever written */
	uint64_t epoch;			/* of the writer that moved it last */
	uint64_t next_sequence;		/* of the first record not in the tables, >= 1 */
	XXH128_hash_t hash;		/* chained over the bytes of all records written */
	XXH128_hash_t last_hash;	/* of the last one's bytes */
	int64_t	 booked_at_utc_ms;	/* of the last one; 0: none */
	int32_t	 business_date;		/* of the last one; not kept by sink_cursor_read() */
};

/* The hash over a record's bytes, chained to the one before. */
XXH128_hash_t sink_cursor_chain(XXH128_hash_t before, const uint8_t *bytes, size_t bytes_count);

/*
 * Read the cursor of a shard as it is committed; takes no lock.
 * TG_OK, also where the table is not there yet; TG_DATABASE.
 */
TG_MUST_CHECK enum tg_status sink_cursor_read(struct database *database, uint16_t shard,
					      struct sink_cursor *ret_cursor,
					      struct storage_error *error);

/*
 * Become the writer: make the row, or raise its epoch to ours.  Entries that a split batch left
 * beyond the cursor are taken away, see sink_entries.h.
 * TG_OK; TG_FENCED: the row has a higher epoch; TG_DATABASE.
 */
TG_MUST_CHECK enum tg_status sink_cursor_take(struct database *database, uint16_t shard,
					      uint64_t epoch, struct sink_cursor *ret_cursor,
					      struct storage_error *error);

/*
 * Within a transaction: lock the row and see that it still is what is expected.
 * TG_OK; TG_FENCED: another writer moved it; TG_DATABASE.
 */
TG_MUST_CHECK enum tg_status sink_cursor_lock(struct database *database, uint16_t shard,
					      const struct sink_cursor *expected,
					      struct storage_error *error);

/* In the same transaction, at its end: move the row from before to after.  Results as lock. */
TG_MUST_CHECK enum tg_status sink_cursor_move(struct database *database, uint16_t shard,
					      const struct sink_cursor *before,
					      const struct sink_cursor *after,
					      struct storage_error *error);

#endif
