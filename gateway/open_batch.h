/*
 * open_batch.h - the journal batch being filled, and the one being written.
 *
 * Owns two buffers.  The ledger step fills one; the journal thread swaps them when it has written
 * the other.  So a batch is whatever came while the last one was synced.  Knows nothing of the
 * ledger or of the journal.
 */
#ifndef TG_GATEWAY_OPEN_BATCH_H
#define TG_GATEWAY_OPEN_BATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/table.h"
#include "protocol/status.h"

/* Records of one batch, whole, one after the other. */
struct batch {
	uint8_t	*bytes;			/* owned; capacity_bytes of the pair */
	size_t	 used_bytes;
	uint32_t count;			/* of records; 0: empty */
	uint64_t first_sequence;	/* of the first record */
	int64_t	 opened_at_utc_ms;	/* the time of its decisions */
	int32_t	 business_date;		/* after its last record */
};

/* The state of everything applied, when all of it is durable: for a mark. */
struct batch_mark {
	uint64_t sequence;
	struct state_hash hash;
	int64_t	 utc_ms;
};

struct open_batch {
	pthread_mutex_t lock;		/* over what follows, but for number */
	struct batch pair[2];
	uint8_t	 open;			/* index of the one being filled */
	bool	 has_mark;		/* mark waits for the journal thread */
	struct batch_mark mark;
	size_t	 capacity_bytes;	/* of each, fixed for life */
	_Atomic uint64_t number;	/* of the batch being filled; counts swaps */
};

/* TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status open_batch_init(struct open_batch *open, size_t capacity_bytes);
void open_batch_deinit(struct open_batch *open);

/*
 * Ledger step: lock the batch being filled for the records of one decision.
 * NULL: it has less than room_bytes left (nothing is locked).  Else end with open_batch_commit().
 */
struct batch *open_batch_lock(struct open_batch *open, size_t room_bytes);

/* Ledger step: unlock.  A mark that waits is void once a record was added. */
void open_batch_commit(struct open_batch *open);

/* Ledger step: leave a mark, if the batch being filled is empty; else nothing happens. */
void open_batch_set_mark(struct open_batch *open, const struct batch_mark *mark);

/*
 * Journal thread: swap and give the batch to be written; NULL: none.  Only after the last one taken
 * is done with: its buffer is the one being filled next.
 */
const struct batch *open_batch_take(struct open_batch *open);

/* Journal thread: take the mark.  False: none, or records came since. */
bool open_batch_take_mark(struct open_batch *open, struct batch_mark *ret_mark);

#endif
