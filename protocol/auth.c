/*
 * auth.c - a terminal's key, and the proofs by which terminal and server show that they know it.
 */
#include "protocol/auth.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#define KEY_SALT "tallygate terminal key v1"
#define TERMINAL_LABEL "tallygate terminal proof v1"
#define SERVER_LABEL "tallygate server proof v1"
#define LABEL_BYTES_MAX (sizeof(TERMINAL_LABEL) - 1)
#define INPUT_BYTES (1 + 4 + 2 + 2 * TG_NONCE_BYTES + TG_EXPORTER_BYTES)

/* Write an integer in so many bytes, big endian; returns where it ends. */
static uint8_t *
put_integer(uint8_t *at, uint32_t integer, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(integer >> (8 * (bytes - 1 - i)));
	return at + bytes;
}

/* Write bytes; returns where they end. */
static uint8_t *
put_bytes(uint8_t *at, const void *data, size_t bytes)
{
	memcpy(at, data, bytes);
	return at + bytes;
}

/* HKDF-SHA-256 into a key; false when OpenSSL fails. */
static bool
hkdf(const uint8_t *secret, size_t secret_bytes, uint8_t *info, size_t info_bytes,
     uint8_t ret_key[TG_KEY_BYTES])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
	EVP_KDF_CTX *context = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	char digest[] = "SHA256";
	char salt[] = KEY_SALT;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret,
						  secret_bytes),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof(salt) - 1),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, info_bytes),
		OSSL_PARAM_construct_end(),
	};
	bool is_ok = context != NULL && EVP_KDF_derive(context, ret_key, TG_KEY_BYTES, params) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return is_ok;
}

enum tg_status
tg_auth_derive_key(const uint8_t *master, size_t master_bytes, const char *instance,
		   uint32_t terminal, uint16_t generation, uint8_t ret_key[TG_KEY_BYTES])
{
	size_t instance_bytes = strlen(instance);
	uint8_t info[TG_INSTANCE_BYTES_MAX + 6];
	uint8_t *at = info;

	if (master_bytes < TG_MASTER_KEY_BYTES_MIN || instance_bytes == 0 ||
	    instance_bytes > TG_INSTANCE_BYTES_MAX)
		return TG_BAD_FIELD;
	at = put_bytes(at, instance, instance_bytes);
	at = put_integer(at, terminal, 4);
	at = put_integer(at, generation, 2);
	if (!hkdf(master, master_bytes, info, (size_t)(at - info), ret_key))
		return TG_NO_MEMORY;
	return TG_OK;
}

enum tg_status
tg_auth_make_proof(enum tg_auth_side side, const uint8_t key[TG_KEY_BYTES],
		   const struct tg_auth_input *input, uint8_t ret_proof[TG_PROOF_BYTES])
{
	const char *label = side == TG_AUTH_TERMINAL ? TERMINAL_LABEL : SERVER_LABEL;
	uint8_t text[LABEL_BYTES_MAX + INPUT_BYTES];
	uint8_t proof[TG_PROOF_BYTES];
	uint8_t *at = text;
	size_t proof_bytes = 0;

	at = put_bytes(at, label, strlen(label));
	at = put_integer(at, input->version, 1);
	at = put_integer(at, input->terminal, 4);
	at = put_integer(at, input->generation, 2);
	at = put_bytes(at, input->client_nonce, sizeof(input->client_nonce));
	at = put_bytes(at, input->server_nonce, sizeof(input->server_nonce));
	at = put_bytes(at, input->exporter, sizeof(input->exporter));
	if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, TG_KEY_BYTES, text,
		      (size_t)(at - text), proof, sizeof(proof), &proof_bytes) == NULL ||
	    proof_bytes != sizeof(proof))
		return TG_NO_MEMORY;
	memcpy(ret_proof, proof, sizeof(proof));
	return TG_OK;
}

bool
tg_auth_check_proof(enum tg_auth_side side, const uint8_t key[TG_KEY_BYTES],
		    const struct tg_auth_input *input, const uint8_t *proof)
{
	uint8_t expected[TG_PROOF_BYTES];
	bool is_equal;

	if (tg_auth_make_proof(side, key, input, expected) != TG_OK)
		return false;
	is_equal = CRYPTO_memcmp(expected, proof, sizeof(expected)) == 0;
	tg_auth_clear(expected, sizeof(expected));
	return is_equal;
}

void
tg_auth_clear(void *secret, size_t bytes)
{
	OPENSSL_cleanse(secret, bytes);
}
