/*
 * ask.h - one question to the gateway, asked again as long as that may help.
 */
#ifndef TG_CONTRIB_SETTLE_ASK_H
#define TG_CONTRIB_SETTLE_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "protocol/tallygate.h"

/*
 * Ask until there is an answer with TG_OK, or the gateway says that asking again is of no use, or
 * timeout_ms is up.  request: one that changes nothing, or changes it once however often it is
 * sent.  ret_answer: its bytes live until the next question.  False with the reason.
 */
bool ask_gateway(struct tg_client *client, const struct tg_message *request, uint32_t timeout_ms,
		 struct tg_message *ret_answer, struct failure *failure);

#endif
