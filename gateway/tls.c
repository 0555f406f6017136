/*
 * tls.c - making and replacing the OpenSSL context.
 */
#include "gateway/tls.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/secret.h"
#include "gateway/ticket.h"
#include "protocol/assert.h"

#define TLS_CIPHERS_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"
#define TLS_CIPHERS_1_2 \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
#define TLS_GROUPS "X25519:P-256:P-384"
#define TLS_CHAIN_DEPTH_MAX 4
#define TLS_TICKET_LIFE_S_MAX 604800 /* RFC 8446, 4.6.1 */

/* One context and its ticket keys; freed with the last connection that uses it. */
struct tls_context {
	_Atomic uint32_t references; /* of struct tls, and of each connection */
	SSL_CTX *ssl;
	bool has_ticket; /* ticket is initialised */
	struct ticket ticket;
	struct tls_options options;
};

struct tls {
	pthread_mutex_t lock;	     /* over context */
	struct tls_context *context; /* one reference */
	struct tls_options options;
	struct secret random_ticket; /* where no ticket file is configured; kept over reloads */
};

/* Fill error with what OpenSSL says. */
static enum tg_status
fail(struct config_error *error, const char *what, const char *path)
{
	char reason[160] = "";
	unsigned long code = ERR_peek_last_error();

	if (code != 0)
		ERR_error_string_n(code, reason, sizeof(reason));
	snprintf(error->text, sizeof(error->text), "%s: %s%s%s", path, what, code != 0 ? ": " : "",
		 reason);
	ERR_clear_error();
	return TG_CONFIG;
}

static int64_t
now_utc_ms(const struct tls_options *options)
{
	struct timespec now;

	if (options->utc_ms != NULL)
		return options->utc_ms(options->context);
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Set up cipher and MAC with a period's keys; 0 when OpenSSL fails. */
static int
use_ticket_keys(const struct ticket_keys *keys, const unsigned char *iv, EVP_CIPHER_CTX *cipher,
		EVP_MAC_CTX *mac, int is_sealing)
{
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA256" }, 6),
		OSSL_PARAM_END,
	};

	return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, keys->cipher, iv, is_sealing) ==
		       1 &&
	       EVP_MAC_init(mac, keys->mac, sizeof(keys->mac), parameters) == 1;
}

/* OpenSSL asks for keys: 1 sealed or opened, 2 opened but to be renewed, 0 no ticket. */
static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
	  EVP_MAC_CTX *mac, int is_sealing)
{
	struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	int64_t utc_ms = now_utc_ms(&context->options);
	struct ticket_keys keys;
	bool is_old = false;
	int result;

	/* A 1.2 session resumed by ticket has no fresh key exchange; so there are none. */
	if (SSL_version(ssl) != TLS1_3_VERSION)
		return 0;
	if (is_sealing) {
		if (!ticket_seal_keys(&context->ticket, utc_ms, &keys))
			return 0;
		memcpy(name, keys.name, TICKET_NAME_BYTES);
		if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
			return -1;
	} else if (!ticket_open_keys(&context->ticket, utc_ms, name, &keys, &is_old)) {
		return 0;
	}
	result = use_ticket_keys(&keys, iv, cipher, mac, is_sealing);
	OPENSSL_cleanse(&keys, sizeof(keys));
	if (result != 1)
		return -1;
	return is_old ? 2 : 1;
}

/* Let go of a context; the last one frees it. */
static void
context_unref(struct tls_context *context)
{
	if (context == NULL ||
	    atomic_fetch_sub_explicit(&context->references, 1, memory_order_acq_rel) != 1)
		return;
	SSL_CTX_free(context->ssl);
	if (context->has_ticket)
		ticket_deinit(&context->ticket);
	free(context);
}

/* Versions, ciphers and modes: what does not depend on files. */
static enum tg_status
set_rules(SSL_CTX *ssl, const struct config *config, struct config_error *error)
{
	static const unsigned char session_context[] = "tallygate";
	long life_s = (long)(2 * config->tls_ticket_ms / 1000);
	int version = config->tls_version_min == CONFIG_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;

	if (SSL_CTX_set_min_proto_version(ssl, version) != 1 ||
	    SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_ciphersuites(ssl, TLS_CIPHERS_1_3) != 1 ||
	    SSL_CTX_set_cipher_list(ssl, TLS_CIPHERS_1_2) != 1 ||
	    SSL_CTX_set1_groups_list(ssl, TLS_GROUPS) != 1 ||
	    SSL_CTX_set_num_tickets(ssl, 1) != 1 || SSL_CTX_set_max_early_data(ssl, 0) != 1 ||
	    SSL_CTX_set_session_id_context(ssl, session_context, sizeof(session_context) - 1) != 1)
		return fail(error, "OpenSSL lacks what is needed", "tls");
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* Partial writes stay off: a stream writes one record's worth at a time. */
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(ssl, life_s < TLS_TICKET_LIFE_S_MAX ? life_s : TLS_TICKET_LIFE_S_MAX);
	SSL_CTX_set_read_ahead(ssl, 1);
	return TG_OK;
}

/* The server's own certificate and key. */
static enum tg_status
set_certificate(SSL_CTX *ssl, const struct config *config, struct config_error *error)
{
	if (SSL_CTX_use_certificate_chain_file(ssl, config->tls_certificate_file) != 1)
		return fail(error, "no usable certificate chain", config->tls_certificate_file);
	if (SSL_CTX_use_PrivateKey_file(ssl, config->tls_key_file, SSL_FILETYPE_PEM) != 1)
		return fail(error, "no usable private key", config->tls_key_file);
	if (SSL_CTX_check_private_key(ssl) != 1)
		return fail(error, "key does not belong to the certificate", config->tls_key_file);
	return TG_OK;
}

/* Authorities and revocation lists for client certificates. */
static enum tg_status
set_authorities(SSL_CTX *ssl, const struct config *config, struct config_error *error)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ssl);
	X509_LOOKUP *lookup;
	STACK_OF(X509_NAME) * names;

	if (config->tls_ca_file[0] == '\0')
		return TG_OK;
	names = SSL_load_client_CA_file(config->tls_ca_file);
	if (names == NULL || SSL_CTX_load_verify_file(ssl, config->tls_ca_file) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return fail(error, "no usable authorities", config->tls_ca_file);
	}
	SSL_CTX_set_client_CA_list(ssl, names);
	if (config->tls_crl_file[0] != '\0') {
		lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
		if (lookup == NULL ||
		    X509_load_crl_file(lookup, config->tls_crl_file, X509_FILETYPE_PEM) < 1)
			return fail(error, "no usable revocation list", config->tls_crl_file);
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	}
	/* A terminal without a certificate proves itself by its key; a wrong one is refused. */
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_verify_depth(ssl, TLS_CHAIN_DEPTH_MAX);
	return TG_OK;
}

/* Add a file's bytes to a digest; an empty path adds its absence. */
static bool
digest_file(EVP_MD_CTX *digest, const char *path)
{
	uint8_t bytes[4096], mark = path[0] != '\0';
	FILE *file;
	size_t got;
	bool is_fine;

	if (EVP_DigestUpdate(digest, &mark, 1) != 1)
		return false;
	if (path[0] == '\0')
		return true;
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	do {
		got = fread(bytes, 1, sizeof(bytes), file);
		is_fine = EVP_DigestUpdate(digest, bytes, got) == 1;
	} while (got > 0 && is_fine);
	is_fine = is_fine && ferror(file) == 0;
	fclose(file);
	return is_fine;
}

/* Digest of what clients are trusted by. */
static enum tg_status
digest_trusted(const struct config *config, struct config_error *error, uint8_t ret_digest[32])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool is_fine = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
		       digest_file(digest, config->tls_ca_file) &&
		       digest_file(digest, config->tls_crl_file) &&
		       EVP_DigestFinal_ex(digest, ret_digest, NULL) == 1;

	EVP_MD_CTX_free(digest);
	return is_fine ? TG_OK : fail(error, "cannot be read", config->tls_ca_file);
}

/* Ticket keys of a context, from the file or the random secret. */
static enum tg_status
set_ticket(struct tls *tls, struct tls_context *context, const struct config *config,
	   struct config_error *error)
{
	struct secret read = { NULL, 0 };
	const struct secret *secret = &tls->random_ticket;
	uint8_t trusted[32];
	enum tg_status status = digest_trusted(config, error, trusted);

	if (status == TG_OK && config->tls_ticket_file[0] != '\0') {
		status = secret_read(config->tls_ticket_file, error, &read);
		secret = &read;
	}
	if (status == TG_OK)
		status = ticket_init(&context->ticket, secret->base, secret->bytes, trusted,
				     config->tls_ticket_ms);
	context->has_ticket = status == TG_OK;
	secret_deinit(&read);
	return status;
}

/* Make a context with everything that config says. */
static enum tg_status
make_context(struct tls *tls, const struct config *config, struct config_error *error,
	     struct tls_context **ret_context)
{
	struct tls_context *context = calloc(1, sizeof(*context));
	enum tg_status status;

	if (context == NULL)
		return TG_NO_MEMORY;
	atomic_init(&context->references, 1);
	context->options = tls->options;
	context->ssl = SSL_CTX_new(TLS_server_method());
	if (context->ssl == NULL) {
		context_unref(context);
		return TG_NO_MEMORY;
	}
	SSL_CTX_set_app_data(context->ssl, context);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(context->ssl, on_ticket);
	status = set_ticket(tls, context, config, error);
	if (status == TG_OK)
		status = set_rules(context->ssl, config, error);
	if (status == TG_OK)
		status = set_certificate(context->ssl, config, error);
	if (status == TG_OK)
		status = set_authorities(context->ssl, config, error);
	if (status != TG_OK) {
		context_unref(context);
		return status;
	}
	*ret_context = context;
	return TG_OK;
}

enum tg_status
tls_new(const struct config *config, const struct tls_options *options, struct config_error *error,
	struct tls **ret_tls)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	enum tg_status status;

	if (tls == NULL)
		return TG_NO_MEMORY;
	if (pthread_mutex_init(&tls->lock, NULL) != 0) {
		free(tls);
		return TG_NO_MEMORY;
	}
	if (options != NULL)
		tls->options = *options;
	status = secret_make(&tls->random_ticket);
	if (status == TG_OK)
		status = make_context(tls, config, error, &tls->context);
	if (status != TG_OK) {
		tls_free(tls);
		return status;
	}
	*ret_tls = tls;
	return TG_OK;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	context_unref(tls->context);
	secret_deinit(&tls->random_ticket);
	pthread_mutex_destroy(&tls->lock);
	free(tls);
}

enum tg_status
tls_reload(struct tls *tls, const struct config *config, struct config_error *error)
{
	struct tls_context *next = NULL, *old;
	enum tg_status status = make_context(tls, config, error, &next);

	if (status != TG_OK)
		return status;
	pthread_mutex_lock(&tls->lock);
	old = tls->context;
	tls->context = next;
	pthread_mutex_unlock(&tls->lock);
	context_unref(old);
	return TG_OK;
}

struct ssl_st *
tls_connection(struct tls *tls)
{
	struct tls_context *context;
	SSL *ssl;

	pthread_mutex_lock(&tls->lock);
	context = tls->context;
	atomic_fetch_add_explicit(&context->references, 1, memory_order_relaxed);
	pthread_mutex_unlock(&tls->lock);
	ERR_clear_error();
	ssl = SSL_new(context->ssl);
	if (ssl == NULL) {
		context_unref(context);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}

void
tls_connection_free(struct ssl_st *ssl)
{
	struct tls_context *context;

	if (ssl == NULL)
		return;
	context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	SSL_free(ssl);
	ERR_clear_error();
	context_unref(context);
}
