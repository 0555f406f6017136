/*
 * auth.h - a terminal's key, and the proofs by which terminal and server show that they know it.
 *
 * Pure but for OpenSSL: keys, nonces and the TLS exporter's bytes come in as arguments.  Keys are
 * the caller's to store and to clear (tg_auth_clear()).  All integers in what is hashed are big
 * endian.
 *
 *   key    = HKDF-SHA-256(secret = master key, salt = "tallygate terminal key v1",
 *                         info = instance, terminal (4 bytes), generation (2 bytes)), 32 bytes
 *   proof  = HMAC-SHA-256(key, label, version (1), terminal (4), generation (2), client nonce (16),
 *                         server nonce (16), exporter (32))
 *   label  = "tallygate terminal proof v1" in AUTH, "tallygate server proof v1" in its answer
 *   exporter = RFC 5705 keying material of the TLS connection, label "EXPORTER-tallygate-auth-v1",
 *              no context, 32 bytes; on a connection without TLS, 32 bytes of 0
 *
 * Texts are ASCII without a NUL at their end.
 */
#ifndef TG_PROTOCOL_AUTH_H
#define TG_PROTOCOL_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/message.h"
#include "protocol/status.h"

#define TG_KEY_BYTES 32
#define TG_EXPORTER_BYTES 32
#define TG_EXPORTER_LABEL "EXPORTER-tallygate-auth-v1"

/* Shortest master key that is accepted. */
#define TG_MASTER_KEY_BYTES_MIN 32

/* Longest instance name. */
#define TG_INSTANCE_BYTES_MAX 64

/* Whose proof; they use different labels, so that one cannot be sent back as the other. */
enum tg_auth_side {
	TG_AUTH_TERMINAL,
	TG_AUTH_SERVER,
};

/* What a proof is made over. */
struct tg_auth_input {
	uint8_t version;		      /* protocol version agreed in HELLO */
	uint32_t terminal;		      /* number of the principal */
	uint16_t generation;		      /* of its key */
	uint8_t client_nonce[TG_NONCE_BYTES]; /* from HELLO */
	uint8_t server_nonce[TG_NONCE_BYTES]; /* from its answer */
	uint8_t exporter[TG_EXPORTER_BYTES];  /* zero on a connection without TLS */
};

/*
 * Derive a terminal's key from the master key.
 *
 * master_bytes: at least TG_MASTER_KEY_BYTES_MIN.  instance: 1 to TG_INSTANCE_BYTES_MAX and a NUL.
 *
 * TG_OK; TG_BAD_FIELD: master key too short, or instance empty or too long; TG_NO_MEMORY: OpenSSL
 * failed.
 */
TG_MUST_CHECK enum tg_status tg_auth_derive_key(const uint8_t *master, size_t master_bytes,
						const char *instance, uint32_t terminal,
						uint16_t generation, uint8_t ret_key[TG_KEY_BYTES]);

/* Make the proof of one side.  TG_OK; TG_NO_MEMORY: OpenSSL failed. */
TG_MUST_CHECK enum tg_status tg_auth_make_proof(enum tg_auth_side side,
						const uint8_t key[TG_KEY_BYTES],
						const struct tg_auth_input *input,
						uint8_t ret_proof[TG_PROOF_BYTES]);

/*
 * Is this the proof of the side?  Takes the same time whatever proof, TG_PROOF_BYTES, holds; false
 * when OpenSSL fails.
 */
TG_MUST_CHECK bool tg_auth_check_proof(enum tg_auth_side side, const uint8_t key[TG_KEY_BYTES],
				       const struct tg_auth_input *input, const uint8_t *proof);

/* Overwrite a key or other secret so that the compiler cannot leave it out. */
void tg_auth_clear(void *secret, size_t bytes);

#endif
