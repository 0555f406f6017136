/*
 * archive_query.h - a transaction that has left the window, as MariaDB knows it.
 *
 * Evidence for a refund or reversal of an old original.  Off the hot path: one thread asks at a
 * time, on a connection of its own, which is opened when it is needed and kept.
 */
#ifndef TG_STORAGE_ARCHIVE_QUERY_H
#define TG_STORAGE_ARCHIVE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/request.h"
#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"

struct archive_query;

/*
 * config: borrowed as long as the query lives.  Does not connect.  shard: whose cursor tells how
 * far MariaDB is.  NULL: out of memory.
 */
struct archive_query *archive_query_new(const struct database_config *config, uint16_t shard);

/* NULL is fine. */
void archive_query_free(struct archive_query *query);

/* What is asked for. */
struct archive_question {
	uint32_t partner;		/* who asks; originals of its group are found, too */
	uint8_t	 transaction_id[TG_TRANSACTION_ID_BYTES];
	uint64_t through_sequence;	/* records up to this must be in MariaDB; 0: any */
};

/*
 * Is there a connection from the question before?  The server may have closed it since: if a
 * question then fails with TG_DATABASE, asking once more opens another.
 */
bool archive_query_is_open(const struct archive_query *query);

/*
 * Fetch the transaction, what it took from limited lots, and what refunds and reversals have done
 * to it since.  One try.
 *
 * ret_transaction: is_found false when MariaDB has none.  If an id was used twice, beyond the
 * window, the later use is meant.  as_of_utc_ms is not set: there is no clock here.  Blocks, for at
 * most the time-outs of the connection.
 * TG_OK; TG_ORIGINAL_ARCHIVED: MariaDB is not as far as through_sequence, ask again later;
 * TG_DATABASE: not to be had now; TG_CLOSED: the cutter cut; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status archive_query_transaction(struct archive_query *query,
						       const struct archive_question *question,
						       struct archived_transaction *ret_transaction,
						       struct storage_error *error);

#endif
