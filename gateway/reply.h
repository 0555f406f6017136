/*
 * reply.h - the ledger's answer into an answer on the wire.
 */
#ifndef TG_GATEWAY_REPLY_H
#define TG_GATEWAY_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/request.h"
#include "protocol/value.h"

/*
 * Make the answer to a request of that kind.  Fields that the operation does not answer, and those
 * that have nothing to tell, are left out.
 *
 * rows: memory for array fields, to live until message is encoded; IO_REPLY_BYTES_MAX is enough.
 */
void reply_make(const struct ledger_answer *answer, uint8_t kind, uint32_t request_id,
		uint8_t *rows, size_t rows_bytes, struct tg_message *message);

#endif
