/*
 * upload.h - many transactions, in batches, with a gauge.
 *
 * What is sent is made when its turn comes, and what became of it is told at once, so that a run
 * needs room for one batch only, however long it is.
 */
#ifndef TG_CONTRIB_COMMON_UPLOAD_H
#define TG_CONTRIB_COMMON_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "contrib/common/gauge.h"
#include "protocol/tallygate.h"

#define UPLOAD_BATCH_MAX 4096

/* A transaction with the memory that it points into. */
struct upload_item {
	struct tg_message request;
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	uint8_t original[TG_TRANSACTION_ID_BYTES];
	uint8_t original_burn[TG_TRANSACTION_ID_BYTES];
	char identifier[TG_IDENTIFIER_BYTES_MAX + 1];
	char new_identifier[TG_IDENTIFIER_BYTES_MAX + 1];
	char receipt[TG_RECEIPT_BYTES_MAX + 1];
};

/* What to send, and what is done with answers.  context comes first. */
struct upload_source {
	void *context;
	/* Make the transaction of an index, whole.  False: there is nothing to send for it. */
	bool (*make)(void *context, uint32_t index, struct upload_item *item);
	/* It has a final answer, borrowed for the call. */
	void (*took)(void *context, uint32_t index, const struct upload_item *item,
		     const struct tg_message *answer);
	/* A batch has been answered, as far as it was.  False, with the reason: stop. */
	bool (*kept)(void *context, struct failure *failure);
};

/* How a run ended. */
struct upload_end {
	enum tg_status status; /* TG_OK, or why not all have an answer, as of tg_client_batch() */
	uint32_t sent_count;
	uint32_t answered_count;
};

/*
 * Send the transactions of indexes from 0 to count - 1, in order.
 *
 * timeout_ms: how long to try without getting any further.  False with the reason when some have no
 * answer; ret_end is set in either case.
 */
bool upload_run(struct tg_client *client, const struct upload_source *source, uint32_t count,
		uint32_t timeout_ms, struct gauge *gauge, struct upload_end *ret_end,
		struct failure *failure);

#endif
