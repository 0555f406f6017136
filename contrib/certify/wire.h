/*
 * wire.h - one connection of the terminal under test, TLS or plain, and how it can be broken.
 *
 * Waits for nothing but where it says so.
 */
#ifndef TG_CONTRIB_CERTIFY_WIRE_H
#define TG_CONTRIB_CERTIFY_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/auth.h"
#include "protocol/frame.h"

#define WIRE_INPUT_BYTES (64 * 1024)

struct wire {
	int fd;		 /* -1: there is no connection */
	SSL *ssl;	 /* owned; NULL: plain */
	uint32_t number; /* of the connection in its case, from 1 */
	uint32_t named;	 /* terminal that its certificate names, 0: it showed none */
	size_t in_bytes; /* read and not taken yet */
	uint8_t in[WIRE_INPUT_BYTES];
};

/* A clock that never falls, ms. */
int64_t wire_now_ms(void);

/* Wait. */
void wire_sleep_ms(int64_t ms);

/* Listen on loopback.  port: 0 for any; ret_port: which.  The socket, or -1 with errno. */
int wire_listen(uint16_t port, uint16_t *ret_port);

/*
 * Take a connection; context NULL: plain.  Waits for the handshake, some seconds at most.  False:
 * the peer broke it off, or does not speak TLS; the connection is closed.
 */
bool wire_accept(struct wire *wire, int fd, SSL_CTX *context);

/* Is there something to read that poll(2) does not know of? */
bool wire_is_pending(const struct wire *wire);

/* Read what has come.  False: the peer has closed, and there is nothing more. */
bool wire_read(struct wire *wire);

/* Look at the frame at the front of what was read, and take it off. */
enum tg_frame_state wire_peek(const struct wire *wire, size_t payload_bytes_max,
			      struct tg_frame *ret_frame);
void wire_take(struct wire *wire, size_t bytes);

/* Write; waits some seconds at most for a peer that does not read.  False: it is gone. */
bool wire_write(struct wire *wire, const void *bytes, size_t count);

/* Close in good order, or so that the peer sees it broken. */
void wire_close(struct wire *wire);
void wire_cut(struct wire *wire);

/* The exporter value of the connection, zero on a plain one.  False: OpenSSL failed. */
bool wire_exporter(const struct wire *wire, uint8_t ret_exporter[TG_EXPORTER_BYTES]);

#endif
