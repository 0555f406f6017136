/*
 * endpoint.h - where the gateway is and how to be sure that it is the gateway.
 *
 * Owns the address and the TLS context that all sessions of a run share.
 */
#ifndef TG_CONTRIB_LOAD_ENDPOINT_H
#define TG_CONTRIB_LOAD_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "contrib/common/failure.h"

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

/* What the command line says.  Texts are borrowed; NULL where nothing was said. */
struct endpoint_options {
	const char *host;	      /* name or address */
	const char *port;	      /* number or service name */
	bool	    is_plain;	      /* no TLS */
	const char *ca_file;	      /* PEM; NULL: what the system trusts */
	const char *server_name;      /* in the certificate; NULL: the host */
	const char *certificate_file; /* PEM chain of the client, for partners' systems */
	const char *key_file;	      /* PEM key of that certificate */
};

struct endpoint {
	struct sockaddr_storage address;
	socklen_t		address_bytes;
	SSL_CTX		       *tls;		 /* owned; NULL on plain TCP */
	char			server_name[256]; /* what the certificate must be for */
};

/* Look up the address and prepare TLS.  Blocks.  False with the reason in failure. */
bool endpoint_init(struct endpoint *endpoint, const struct endpoint_options *options,
		   struct failure *failure);

void endpoint_deinit(struct endpoint *endpoint);

/* Open a socket that does not block and begin to connect it.  -1, with errno set, on failure. */
int endpoint_connect(const struct endpoint *endpoint);

/*
 * A TLS connection over the socket, ready for its handshake, that takes no certificate but the
 * server's.  The caller owns it.  NULL when out of memory.
 */
SSL *endpoint_start_tls(const struct endpoint *endpoint, int socket);

/* Why the last TLS call failed, cut to the caller's memory; clears OpenSSL's queue of errors. */
void endpoint_tls_reason(const SSL *tls, char *text, size_t bytes);

#endif
