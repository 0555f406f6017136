/*
 * identifier.h - identifiers as the ledger knows them: keyed hashes, never in clear.
 *
 * Owns the newer and, while identifiers move over, the older identifier key.  The hash of an
 * identifier is the first 16 bytes of HMAC-SHA-256(key, type || identifier), so that a card and a
 * phone with the same digits are two identifiers.
 *
 * struct identifier_keys is shared by all threads and never changed; each thread has a hasher of
 * its own.
 */
#ifndef TG_GATEWAY_IDENTIFIER_H
#define TG_GATEWAY_IDENTIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/config.h"
#include "gateway/secret.h"
#include "ledger/request.h"
#include "protocol/status.h"

struct evp_mac_ctx_st;

struct identifier_keys {
	struct secret newer;
	struct secret older;  /* empty: none */
	uint8_t newer_number; /* >= 1 */
	uint8_t older_number; /* 0: none */
};

/* Read the key files that config names.  TG_OK; TG_CONFIG with *error filled. */
TG_MUST_CHECK enum tg_status identifier_keys_init(struct identifier_keys *keys,
						  const struct config *config,
						  struct config_error *error);
void identifier_keys_deinit(struct identifier_keys *keys);

/* One thread's means to hash; set up once, used over and over. */
struct identifier_hasher {
	const struct identifier_keys *keys;   /* borrowed */
	struct evp_mac_ctx_st *newer, *older; /* owned; older NULL: none */
};

/* TG_OK; TG_NO_MEMORY: OpenSSL failed.  identifier_hasher_deinit() is fine after both. */
TG_MUST_CHECK enum tg_status identifier_hasher_init(struct identifier_hasher *hasher,
						    const struct identifier_keys *keys);
void identifier_hasher_deinit(struct identifier_hasher *hasher);

/*
 * Hash an identifier under both keys.  type: >= 1.  text: UTF-8, as read at the till.
 * TG_OK; TG_NO_MEMORY: OpenSSL failed.
 */
TG_MUST_CHECK enum tg_status identifier_hash(struct identifier_hasher *hasher, uint8_t type,
					     const uint8_t *text, size_t bytes,
					     struct identifier_hash *ret_hash);

#endif
