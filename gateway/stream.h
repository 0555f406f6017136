/*
 * stream.h - bytes to and from one peer, over TLS or plain TCP.
 *
 * Owns the socket and OpenSSL's part of the connection, and is the only file that reads and writes
 * them.  Never blocks.  Errors of OpenSSL and of sockets end here: the session sees five results.
 * Knows nothing of frames.
 */
#ifndef TG_GATEWAY_STREAM_H
#define TG_GATEWAY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/auth.h"
#include "protocol/status.h"

/* KeyUpdates and renegotiations asked for, over the life of a connection; more are a flood. */
#define STREAM_REKEYS_MAX 64

/* One write is at most a TLS record. */
#define STREAM_WRITE_BYTES_MAX 16384

enum stream_result {
	STREAM_DONE,	   /* what was asked for is done, as far as it says */
	STREAM_WANT_READ,  /* try again when the socket is readable */
	STREAM_WANT_WRITE, /* try again when the socket is writable */
	STREAM_CLOSED,	   /* the peer has closed its side */
	STREAM_FAILED,	   /* broken; stream_error() says why */
};

struct ssl_st;

struct stream {
	struct ssl_st *ssl;	    /* owned; NULL: plain */
	int fd;			    /* owned; -1: closed */
	uint16_t rekeys_count;	    /* KeyUpdates of the peer and renegotiations refused so far */
	bool is_shut;		    /* our side is closed */
	bool is_drained;	    /* the last read took all that had come by then */
	const char *error;	    /* static text; NULL: none so far */
};

/*
 * Begin.  fd: a non-blocking socket, owned from here on.  ssl: by tls_connection(), owned from here
 * on; NULL for plain.  stream stays where it is until stream_close().
 * TG_OK; TG_NO_MEMORY: fd and ssl are gone.
 */
TG_MUST_CHECK enum tg_status stream_open(struct stream *stream, int fd, struct ssl_st *ssl);

/* Close the socket and free all.  A stream with fd -1 is fine. */
void stream_close(struct stream *stream);

/* Go on with the TLS handshake; of a plain stream it is done. */
TG_MUST_CHECK enum stream_result stream_handshake(struct stream *stream);

/*
 * Read what is there, at most capacity > 0.  DONE: *ret_bytes > 0 of them, and is_drained says
 * whether there is no use in asking again before the socket is readable.
 */
TG_MUST_CHECK enum stream_result stream_read(struct stream *stream, uint8_t *base, size_t capacity,
					     size_t *ret_bytes);

/*
 * Write the first of bytes > 0, a record's worth at most.  DONE: *ret_bytes were taken.  After a
 * WANT_ the next call begins with the same bytes, and has no fewer of them.
 */
TG_MUST_CHECK enum stream_result stream_write(struct stream *stream, const uint8_t *base,
					      size_t bytes, size_t *ret_bytes);

/* Say that nothing more will be written (close_notify, then FIN).  Best effort; once. */
void stream_shut(struct stream *stream);

/* Why the last result was FAILED; static text, never NULL. */
const char *stream_error(const struct stream *stream);

/* Keying material that both ends share by TLS; all zero for plain.  False: OpenSSL failed. */
TG_MUST_CHECK bool stream_exporter(const struct stream *stream,
				   uint8_t ret_exporter[TG_EXPORTER_BYTES]);

/* What a client certificate says. */
enum stream_identity {
	STREAM_ANONYMOUS, /* there is none, or it names no terminal */
	STREAM_TERMINAL,  /* it names a terminal, and is good now */
	STREAM_EXPIRED,	  /* it came with a resumed session and has expired since */
};

/* After the handshake.  The name is "terminal:<number>" in the subject's one CN. */
enum stream_identity stream_identity(const struct stream *stream, uint32_t *ret_terminal);

/* "TLSv1.3", "TLSv1.2", "plain"; static text. */
const char *stream_version(const struct stream *stream);

#endif
