/*
 * ticket.c - derivation of ticket keys.
 */
#include "gateway/ticket.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

#include "protocol/assert.h"

/* HKDF-SHA-256 of key with salt and info; false when OpenSSL fails. */
static bool
derive(const uint8_t *key, size_t key_bytes, const void *salt, size_t salt_bytes, const void *info,
       size_t info_bytes, uint8_t *ret_out, size_t out_bytes)
{
	/* OSSL_PARAM takes pointers without const; it only reads. */
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){ "SHA256" }, 6),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, key_bytes),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, salt_bytes),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, info_bytes),
		OSSL_PARAM_END,
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	bool is_derived =
		context != NULL && EVP_KDF_derive(context, ret_out, out_bytes, parameters) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return is_derived;
}

enum tg_status
ticket_init(struct ticket *ticket, const uint8_t *secret, size_t secret_bytes,
	    const uint8_t trusted[32], int64_t period_ms)
{
	static const char label[] = "tallygate ticket root v1";

	TG_ASSERT(period_ms > 0);
	memset(ticket, 0, sizeof(*ticket));
	ticket->period_ms = period_ms;
	for (size_t i = 0; i < 3; i++)
		ticket->cached[i].period = -1;
	if (pthread_mutex_init(&ticket->lock, NULL) != 0)
		return TG_NO_MEMORY;
	if (!derive(secret, secret_bytes, label, sizeof(label) - 1, trusted, 32, ticket->root,
		    sizeof(ticket->root))) {
		ticket_deinit(ticket);
		return TG_NO_MEMORY;
	}
	return TG_OK;
}

void
ticket_deinit(struct ticket *ticket)
{
	pthread_mutex_destroy(&ticket->lock);
	OPENSSL_cleanse(ticket, sizeof(*ticket));
}

/* Copy out the keys of a period.  False when OpenSSL fails. */
static bool
period_keys(struct ticket *ticket, int64_t period, struct ticket_keys *ret_keys)
{
	static const char label[] = "tallygate ticket keys v1";
	struct ticket_keys *cached;
	uint8_t material[TICKET_NAME_BYTES + 2 * TICKET_KEY_BYTES], info[16];
	bool has_keys = true;

	if (period < 0)
		return false;
	for (int i = 0; i < 8; i++) {
		info[i] = (uint8_t)((uint64_t)period >> (56 - 8 * i));
		info[8 + i] = (uint8_t)((uint64_t)ticket->period_ms >> (56 - 8 * i));
	}
	pthread_mutex_lock(&ticket->lock);
	cached = &ticket->cached[period % 3];
	if (cached->period != period) {
		has_keys = derive(ticket->root, sizeof(ticket->root), label, sizeof(label) - 1,
				  info, sizeof(info), material, sizeof(material));
		if (has_keys) {
			memcpy(cached->name, material, TICKET_NAME_BYTES);
			memcpy(cached->cipher, material + TICKET_NAME_BYTES, TICKET_KEY_BYTES);
			memcpy(cached->mac, material + TICKET_NAME_BYTES + TICKET_KEY_BYTES,
			       TICKET_KEY_BYTES);
			cached->period = period;
		}
		OPENSSL_cleanse(material, sizeof(material));
	}
	if (has_keys)
		*ret_keys = *cached;
	pthread_mutex_unlock(&ticket->lock);
	return has_keys;
}

bool
ticket_seal_keys(struct ticket *ticket, int64_t utc_ms, struct ticket_keys *ret_keys)
{
	return period_keys(ticket, utc_ms / ticket->period_ms, ret_keys);
}

bool
ticket_open_keys(struct ticket *ticket, int64_t utc_ms, const uint8_t name[TICKET_NAME_BYTES],
		 struct ticket_keys *ret_keys, bool *ret_is_old)
{
	int64_t now = utc_ms / ticket->period_ms;

	/* The period after: another gateway's clock may be a little ahead of ours. */
	for (int64_t period = now + 1; period >= now - 1; period--) {
		struct ticket_keys keys;

		if (period_keys(ticket, period, &keys) &&
		    memcmp(keys.name, name, TICKET_NAME_BYTES) == 0) {
			*ret_keys = keys;
			*ret_is_old = period < now;
			OPENSSL_cleanse(&keys, sizeof(keys));
			return true;
		}
		OPENSSL_cleanse(&keys, sizeof(keys));
	}
	return false;
}
