/*
 * client_opening.h - what is said while a session opens: HELLO and AUTH, and their answers.
 *
 * Makes requests and judges answers; sends and receives nothing.
 */
#ifndef TG_PROTOCOL_CLIENT_OPENING_H
#define TG_PROTOCOL_CLIENT_OPENING_H

#include "protocol/auth.h"
#include "protocol/client_error.h"
#include "protocol/status.h"
#include "protocol/tallygate.h"

/* What must be kept from one step to the next. */
struct client_opening {
	struct tg_auth_input input;    /* nonces, exporter: what proofs are made over */
	uint8_t proof[TG_PROOF_BYTES]; /* own; AUTH borrows it */
};

/* A one-time code to be used instead of AUTH, and what it gave. */
struct client_activation {
	const char *code;     /* borrowed */
	const uint8_t *nonce; /* borrowed; TG_ACTIVATION_NONCE_BYTES */
	struct tg_activation result;
};

/* Make HELLO with a new nonce.  TG_OK; TG_IO: there is no randomness. */
TG_MUST_CHECK enum tg_status client_opening_hello(struct client_opening *opening,
						  const struct tg_options *options,
						  struct client_error *error,
						  struct tg_message *ret_request);

/* Judge the answer to HELLO and note what it tells.  TG_OK, or why the session cannot open. */
TG_MUST_CHECK enum tg_status client_opening_greeted(struct client_opening *opening,
						    const struct tg_options *options,
						    const struct tg_message *answer,
						    struct client_error *error,
						    struct tg_session *session);

/* Make AUTH; opening->input.exporter is set by now.  TG_OK; TG_NO_MEMORY: OpenSSL failed. */
TG_MUST_CHECK enum tg_status client_opening_auth(struct client_opening *opening,
						 const struct tg_options *options,
						 struct client_error *error,
						 struct tg_message *ret_request);

/* Judge the answer to AUTH, with the server's proof.  TG_OK, or why the session cannot open. */
TG_MUST_CHECK enum tg_status client_opening_proved(struct client_opening *opening,
						   const struct tg_options *options,
						   const struct tg_message *answer,
						   struct client_error *error,
						   struct tg_session *session);

/* Make ACTIVATE, which borrows from activation. */
void client_opening_activate(const struct client_activation *activation,
			     const struct tg_options *options, struct tg_message *ret_request);

/* Judge the answer to ACTIVATE, and note the key.  TG_OK, or why there is none. */
TG_MUST_CHECK enum tg_status client_opening_activated(struct client_activation *activation,
						      const struct tg_options *options,
						      const struct tg_message *answer,
						      struct client_error *error);

#endif
