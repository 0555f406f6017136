/*
 * auth.h - HELLO and AUTH: who speaks on a session, and which server it speaks to.
 *
 * A principal proves itself by its key (an HMAC over both nonces and the TLS exporter value) or by
 * a client certificate that names it.  Then AUTH goes to the ledger like any request, which tells
 * partner, store and rights, and whether it is blocked.
 *
 * A terminal's key is derived from the master key, known terminal or not; so an unknown terminal
 * costs the same work and gets the same answer as a wrong key.
 */
#ifndef TG_GATEWAY_AUTH_H
#define TG_GATEWAY_AUTH_H

#include <stdint.h>

#include "admin/host.h"
#include "gateway/config.h"
#include "gateway/pipeline.h"
#include "gateway/secret.h"
#include "gateway/session.h"
#include "protocol/auth.h"
#include "protocol/value.h"

/* What all I/O threads authenticate with; never changed. */
struct auth_keys {
	struct secret master;
	char instance[TG_INSTANCE_BYTES_MAX + 1];
};

/* Read the master key that config names.  TG_OK; TG_CONFIG with *error filled. */
TG_MUST_CHECK enum tg_status auth_keys_init(struct auth_keys *keys, const struct config *config,
					    struct config_error *error);
void auth_keys_deinit(struct auth_keys *keys);

/* What a session keeps from HELLO to the end of AUTH. */
struct hello {
	struct tg_auth_input input; /* what proofs are made over; terminal and generation in AUTH */
	bool has_proof;		    /* AUTH came with one, and it was good */
	bool is_stale;		    /* what the ledger says was overtaken by a notice */
	uint8_t server_proof[TG_PROOF_BYTES]; /* for the answer, if it did */
	uint8_t software[HOST_SOFTWARE_BYTES]; /* as HELLO told */
	size_t software_bytes;		       /* 0: not told */
};

/* Answer HELLO.  The session is in HELLO. */
void auth_hello(struct session *session, const struct tg_message *request);

/*
 * Answer AUTH_FAILED, note it against the address, and end the session.  why: for the log.
 * message: for the peer; NULL: not a word.
 */
void auth_fail(struct session *session, uint32_t request_id, const char *why, const char *message);

/* Has the peer's address failed too often?  Then the request is answered BUSY. */
bool auth_is_limited(struct session *session, uint32_t request_id);

/*
 * Ask the ledger about hello->input.terminal, and wait in AUTH.  job: of the caller's kind.
 * False: it could not be asked, the job is given back and the request answered.
 */
bool auth_submit(struct session *session, struct pipeline_job *job, uint32_t request_id);

/* Check AUTH and ask the ledger.  The session is in CHALLENGE. */
void auth_request(struct session *session, const struct tg_message *request);

/* The ledger has answered AUTH. */
void auth_answered(struct session *session, const struct pipeline_job *job);

/*
 * A partner, store or terminal was set: end the sessions that may not go on, and give the others
 * their new rights.
 */
void auth_noticed(struct io *io, const struct pipeline_notice *notice);

#endif
