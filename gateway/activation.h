/*
 * activation.h - a terminal's one-time code: made for an operator, used by a till that has no key.
 *
 * A code is 12 signs of 5 bits, read aloud and typed in by people: no I, L, O or U, case and
 * hyphens do not matter.  Only a hash of it is kept, keyed by the master key, so that journal,
 * snapshot and MariaDB are of no use to who guesses.  What it gives is the key that every terminal
 * has, derived from the master key: nothing secret is stored that was not before.
 */
#ifndef TG_GATEWAY_ACTIVATION_H
#define TG_GATEWAY_ACTIVATION_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/auth.h"

/* "7K3M-9QXT-2B4C", with its final zero. */
#define ACTIVATION_CODE_BYTES 15
#define ACTIVATION_HASH_BYTES 16

/* Make a code and its hash.  TG_OK; TG_NO_MEMORY: no random numbers, or hashing failed. */
TG_MUST_CHECK enum tg_status activation_make_code(const struct auth_keys *keys, uint32_t terminal,
						  char ret_code[ACTIVATION_CODE_BYTES],
						  uint8_t ret_hash[ACTIVATION_HASH_BYTES]);

/*
 * Hash what somebody typed in.  TG_OK, whatever that was: what cannot be a code has the hash of
 * none; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status activation_hash_code(const struct auth_keys *keys, uint32_t terminal,
						  const uint8_t *text, size_t bytes,
						  uint8_t ret_hash[ACTIVATION_HASH_BYTES]);

/* Ask the ledger whether the code is good.  The session is in CHALLENGE. */
void activation_request(struct session *session, const struct tg_message *request);

/* The ledger has answered; the session is in CHALLENGE again, or ends. */
void activation_answered(struct session *session, const struct pipeline_job *job);

#endif
