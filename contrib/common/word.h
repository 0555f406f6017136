/*
 * word.h - numbers, members and transactions as people write them.
 */
#ifndef TG_CONTRIB_COMMON_WORD_H
#define TG_CONTRIB_COMMON_WORD_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "protocol/value.h"

/* Read a whole number from low to high.  False when it is none. */
bool word_number(const char *text, int64_t low, int64_t high, int64_t *ret_number);

/*
 * Read card:NUMBER, phone:NUMBER, app:ID, a type's number up to 255 with a colon and an
 * identifier, or the number of a card.  ret_identifier points into text.
 */
bool word_identifier(const char *text, int64_t *ret_type, const char **ret_identifier,
		     struct failure *failure);

/* Read member:REFERENCE or an identifier into a request, which borrows text. */
bool word_member(const char *text, struct tg_message *request, struct failure *failure);

/* Read ID@MILLISECONDS. */
bool word_transaction(const char *text, uint8_t ret_id[TG_TRANSACTION_ID_BYTES],
		      int64_t *ret_time_ms, struct failure *failure);

#endif
