/*
 * identifier.c - keyed hashes of identifiers.
 */
#include "gateway/identifier.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "protocol/assert.h"

enum tg_status
identifier_keys_init(struct identifier_keys *keys, const struct config *config,
		     struct config_error *error)
{
	enum tg_status status;

	memset(keys, 0, sizeof(*keys));
	status = secret_read(config->keys_identifier_file, error, &keys->newer);
	if (status == TG_OK && config->keys_identifier_old_file[0] != '\0')
		status = secret_read(config->keys_identifier_old_file, error, &keys->older);
	if (status != TG_OK) {
		identifier_keys_deinit(keys);
		return status;
	}
	keys->newer_number = (uint8_t)config->keys_identifier_number;
	if (keys->older.base != NULL)
		keys->older_number = (uint8_t)config->keys_identifier_old_number;
	return TG_OK;
}

void
identifier_keys_deinit(struct identifier_keys *keys)
{
	secret_deinit(&keys->newer);
	secret_deinit(&keys->older);
}

/* A context with its key set; NULL when OpenSSL fails. */
static EVP_MAC_CTX *
make_context(const struct secret *key)
{
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA256" }, 6),
		OSSL_PARAM_END,
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);

	EVP_MAC_free(mac);
	if (context != NULL && EVP_MAC_init(context, key->base, key->bytes, parameters) == 1)
		return context;
	EVP_MAC_CTX_free(context);
	ERR_clear_error();
	return NULL;
}

enum tg_status
identifier_hasher_init(struct identifier_hasher *hasher, const struct identifier_keys *keys)
{
	memset(hasher, 0, sizeof(*hasher));
	hasher->keys = keys;
	hasher->newer = make_context(&keys->newer);
	if (keys->older_number != 0)
		hasher->older = make_context(&keys->older);
	if (hasher->newer == NULL || (keys->older_number != 0 && hasher->older == NULL))
		return TG_NO_MEMORY;
	return TG_OK;
}

void
identifier_hasher_deinit(struct identifier_hasher *hasher)
{
	EVP_MAC_CTX_free(hasher->newer);
	EVP_MAC_CTX_free(hasher->older);
	hasher->newer = hasher->older = NULL;
}

/* Hash under one key. */
static bool
hash_under(EVP_MAC_CTX *context, uint8_t type, const uint8_t *text, size_t bytes,
	   uint8_t ret_hash[16])
{
	static const uint8_t nothing[8];
	uint8_t digest[32];
	size_t digest_bytes = 0;

	/* No key: begin anew under the one that is set. */
	if (EVP_MAC_init(context, NULL, 0, NULL) != 1 || EVP_MAC_update(context, &type, 1) != 1 ||
	    EVP_MAC_update(context, text, bytes) != 1 ||
	    EVP_MAC_final(context, digest, &digest_bytes, sizeof(digest)) != 1 ||
	    digest_bytes != sizeof(digest)) {
		ERR_clear_error();
		return false;
	}
	memcpy(ret_hash, digest, 16);
	/* The ledger's rows are keyed by the first eight bytes, where zero means free. */
	if (memcmp(ret_hash, nothing, sizeof(nothing)) == 0)
		ret_hash[0] = 1;
	return true;
}

enum tg_status
identifier_hash(struct identifier_hasher *hasher, uint8_t type, const uint8_t *text, size_t bytes,
		struct identifier_hash *ret_hash)
{
	struct identifier_hash hash = { .type = type, .key = hasher->keys->newer_number };

	TG_ASSERT(type != 0);
	if (!hash_under(hasher->newer, type, text, bytes, hash.hash))
		return TG_NO_MEMORY;
	if (hasher->older != NULL) {
		hash.key_old = hasher->keys->older_number;
		if (!hash_under(hasher->older, type, text, bytes, hash.hash_old))
			return TG_NO_MEMORY;
	}
	*ret_hash = hash;
	return TG_OK;
}
