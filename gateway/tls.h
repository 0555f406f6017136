/*
 * tls.h - what TLS connections are made with: certificate, authorities, versions, ticket keys.
 *
 * Owns the OpenSSL context, which a reload replaces while connections made with the old one go on.
 * Knows nothing of sessions.  Versions 1.3 and 1.2; AES-GCM with ephemeral keys only; no
 * renegotiation, no early data, no session cache; one stateless ticket for a connection of 1.3,
 * none for 1.2.
 *
 * tls_connection() and tls_connection_free() are for any thread; the rest belongs to one.
 */
#ifndef TG_GATEWAY_TLS_H
#define TG_GATEWAY_TLS_H

#include <stdint.h>

#include "gateway/config.h"
#include "protocol/status.h"

struct ssl_st; /* OpenSSL's SSL */
struct tls;

struct tls_options {
	int64_t (*utc_ms)(void *context); /* wall clock for ticket keys; NULL: the machine's */
	void *context;			  /* for utc_ms */
};

/*
 * Load everything that config names.  config: borrowed for the call.  Blocks.
 * TG_OK; TG_CONFIG with *error filled; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status tls_new(const struct config *config, const struct tls_options *options,
				     struct config_error *error, struct tls **ret_tls);

/* Connections made with it may live on. */
void tls_free(struct tls *tls);

/* Load everything again; on failure the old stays in force.  Statuses as tls_new(). */
TG_MUST_CHECK enum tg_status tls_reload(struct tls *tls, const struct config *config,
					struct config_error *error);

/* A new server side, freed by tls_connection_free().  NULL when out of memory.  Any thread. */
struct ssl_st *tls_connection(struct tls *tls);
void tls_connection_free(struct ssl_st *ssl);

#endif
