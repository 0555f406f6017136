/*
 * client_tls.h - TLS of the client library: one context, one connection at a time.
 *
 * Owns OpenSSL's objects and the last session for resumption.  Knows sockets by number only.
 */
#ifndef TG_PROTOCOL_CLIENT_TLS_H
#define TG_PROTOCOL_CLIENT_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/auth.h"
#include "protocol/client_error.h"
#include "protocol/status.h"
#include "protocol/tallygate.h"

/* How far a call came. */
enum client_progress {
	CLIENT_DONE,	   /* all of it */
	CLIENT_WANT_READ,  /* call again when the socket can be read */
	CLIENT_WANT_WRITE, /* ... written */
	CLIENT_ENDED,	   /* the other side has closed */
	CLIENT_FAILED,	   /* error set */
	CLIENT_UNTRUSTED,  /* the other side is not who it should be; error set */
};

struct client_tls;

/* Read certificates and keys.  TG_OK; TG_CONFIG, TG_NO_MEMORY with error set. */
TG_MUST_CHECK enum tg_status client_tls_new(const struct tg_options *options,
					    struct client_error *error,
					    struct client_tls **ret_tls);

/* NULL is allowed. */
void client_tls_free(struct client_tls *tls);

/*
 * Begin on a connected socket, which stays the caller's.
 *
 * name: that the certificate must carry, copied.  A session is resumed only with the name for which
 * its certificate was checked.  False: error set.
 */
TG_MUST_CHECK bool client_tls_start(struct client_tls *tls, int fd, const char *name,
				    struct client_error *error);

/* Go on with the handshake; the server's certificate is checked in it. */
TG_MUST_CHECK enum client_progress client_tls_handshake(struct client_tls *tls,
							struct client_error *error);

/* Read or write some bytes, at least 1.  ret_bytes: how many, on DONE. */
TG_MUST_CHECK enum client_progress client_tls_read(struct client_tls *tls, void *data, size_t bytes,
						   size_t *ret_bytes, struct client_error *error);
TG_MUST_CHECK enum client_progress client_tls_write(struct client_tls *tls, const void *data,
						    size_t bytes, size_t *ret_bytes,
						    struct client_error *error);

/* The bytes that tie a proof to this connection.  False: error set. */
TG_MUST_CHECK bool client_tls_export(struct client_tls *tls,
				     uint8_t ret_exporter[TG_EXPORTER_BYTES],
				     struct client_error *error);

/* End the connection, saying so to the other side if the socket takes it at once. */
void client_tls_stop(struct client_tls *tls);

#endif
