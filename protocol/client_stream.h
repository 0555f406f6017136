/*
 * client_stream.h - a byte stream to the gateway: TCP, with TLS on it or without, never blocking.
 *
 * Owns the socket and the addresses that a host name stands for.  Knows nothing of frames.
 */
#ifndef TG_PROTOCOL_CLIENT_STREAM_H
#define TG_PROTOCOL_CLIENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/client_error.h"
#include "protocol/client_tls.h"
#include "protocol/status.h"
#include "protocol/tallygate.h"

struct addrinfo;
struct client_endpoint;

enum client_stream_state {
	CLIENT_STREAM_OFF,
	CLIENT_STREAM_CONNECTING, /* TCP */
	CLIENT_STREAM_SECURING,	  /* TLS handshake */
	CLIENT_STREAM_OPEN,
};

struct client_stream {
	enum client_stream_state state;
	int fd;			    /* owned, -1: none */
	short events;		    /* POLLIN, POLLOUT: what the last call waits for */
	struct client_tls *tls;	    /* owned; NULL: without TLS */
	struct addrinfo *addresses; /* owned; what the host name stood for at the last open */
	struct addrinfo *next;	    /* to try after the present one fails */
	const char *name;	    /* borrowed; that the certificate must carry */
};

/* Prepare a stream, closed.  As client_tls_new(); in any case client_stream_deinit() may follow. */
TG_MUST_CHECK enum tg_status client_stream_init(struct client_stream *stream,
						const struct tg_options *options,
						struct client_error *error);

/* Close and free. */
void client_stream_deinit(struct client_stream *stream);

/*
 * Resolve the name, which may block, and begin to connect.
 *
 * endpoint, server_name: borrowed until the stream is open or closed.  server_name: that the
 * certificate must carry; NULL: the endpoint's host.  TG_OK; TG_IO with error set.
 */
TG_MUST_CHECK enum tg_status client_stream_open(struct client_stream *stream,
						const struct client_endpoint *endpoint,
						const char *server_name,
						struct client_error *error);

/* Go on with connecting and the handshake; DONE when the stream is open. */
TG_MUST_CHECK enum client_progress client_stream_advance(struct client_stream *stream,
							 struct client_error *error);

/* Read or write some bytes, at least 1.  As client_tls_read(). */
TG_MUST_CHECK enum client_progress client_stream_read(struct client_stream *stream, void *data,
						      size_t bytes, size_t *ret_bytes,
						      struct client_error *error);
TG_MUST_CHECK enum client_progress client_stream_write(struct client_stream *stream,
						       const void *data, size_t bytes,
						       size_t *ret_bytes,
						       struct client_error *error);

/* The bytes that tie a proof to this connection; zeros without TLS.  False: error set. */
TG_MUST_CHECK bool client_stream_export(struct client_stream *stream,
					uint8_t ret_exporter[TG_EXPORTER_BYTES],
					struct client_error *error);

/* Close the socket.  May be closed already. */
void client_stream_close(struct client_stream *stream);

#endif
