/*
 * client_link.h - what the files of a link share: one connection and what is on its way.
 */
#ifndef TG_PROTOCOL_CLIENT_LINK_H
#define TG_PROTOCOL_CLIENT_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/client_buffer.h"
#include "protocol/client_endpoints.h"
#include "protocol/client_opening.h"
#include "protocol/client_stream.h"
#include "protocol/tallygate.h"

enum link_state {
	LINK_CLOSED,
	LINK_CONNECTING, /* TCP and TLS */
	LINK_GREETING,	 /* HELLO is sent */
	LINK_PROVING,	 /* AUTH is sent */
	LINK_READY,
	LINK_LEAVING, /* the gateway asked to go; answers may still come */
};

struct tg_link {
	struct tg_options options; /* owned copies */
	struct client_endpoints endpoints;
	struct client_stream stream;
	struct client_error error;
	struct client_opening opening;
	struct client_activation *activation; /* borrowed; NULL: sessions open with AUTH */
	struct client_buffer input;  /* frames not yet received by the caller */
	struct client_buffer output; /* frames not yet written */
	struct tg_session session;
	enum link_state state;
	bool is_read_wanting_write; /* TLS cannot read before it has written */
	uint32_t last_request_id;
	uint32_t in_flight;	 /* requests sent and not received an answer to */
	uint32_t retry_after_ms; /* from a NOTICE or a refusal, 0: none */
	int64_t now_ms;		 /* as the last call said */
	int64_t open_until_ms;	 /* the session must be open by then */
};

/*
 * Append a request to the output, checked by the decoder that the gateway uses.  As tg_link_send(),
 * whatever the state.
 */
TG_MUST_CHECK enum tg_status client_link_put(struct tg_link *link, const struct tg_message *request,
					     uint32_t *ret_request_id);

#endif
