/*
 * transaction_id.h - ids that a terminal makes and keeps before the first sending, and their text.
 */
#ifndef TG_CONTRIB_COMMON_TRANSACTION_ID_H
#define TG_CONTRIB_COMMON_TRANSACTION_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/message.h"

#define TRANSACTION_ID_TEXT_BYTES (2 * TG_TRANSACTION_ID_BYTES + 1)

/* Makes ids that differ from each other and from those of every other maker. */
struct transaction_ids {
	uint8_t	 run[8]; /* random, of this maker */
	uint64_t count;	 /* made so far */
};

/* Draw the random part.  False when the system gives no random bytes. */
bool transaction_ids_init(struct transaction_ids *ids);

/* The next id: the random part and a count. */
void transaction_ids_next(struct transaction_ids *ids, uint8_t ret_id[TG_TRANSACTION_ID_BYTES]);

/* Write an id as 32 hexadecimal digits. */
void transaction_id_format(const uint8_t id[TG_TRANSACTION_ID_BYTES],
			   char ret_text[TRANSACTION_ID_TEXT_BYTES]);

/* Read 32 hexadecimal digits.  False when text is anything else. */
bool transaction_id_parse(const char *text, uint8_t ret_id[TG_TRANSACTION_ID_BYTES]);

#endif
