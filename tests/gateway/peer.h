/*
 * peer.h - the client's end of a connection, for tests: TLS or plain, never blocking.
 *
 * A test steps server and peer in turn, in one thread, until what it waits for has happened.
 */
#ifndef TG_TESTS_GATEWAY_PEER_H
#define TG_TESTS_GATEWAY_PEER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/message.h"
#include "protocol/value.h"

struct auth_keys;

struct peer_options {
	const char *ca_path;	      /* NULL: plain */
	const char *certificate_path; /* client certificate, with key_path; NULL: none */
	const char *key_path;
	int version_max;      /* TLS1_2_VERSION; 0: the newest */
	int version_min;      /* TLS1_VERSION; 0: 1.2 */
	const char *ciphers;  /* of TLS 1.2, with security level 0; NULL: the usual */
	SSL_SESSION *session; /* to resume; NULL: none */
};

struct peer {
	int fd;
	SSL_CTX *context;
	SSL *ssl;	      /* NULL: plain */
	bool is_open;	      /* handshake done */
	bool is_closed;	      /* the server has closed, or the connection is broken */
	bool is_deaf;	      /* reads nothing */
	unsigned long error;  /* OpenSSL's, of a failed handshake */
	SSL_SESSION *session; /* owned: the last ticket; NULL: none came */
	uint8_t *out;
	size_t out_bytes, out_capacity;
	size_t write_bytes_max; /* of one write; 0: no bound */
	uint8_t *in;
	size_t in_start, in_bytes; /* bytes not taken yet: in[in_start..in_start + in_bytes) */
	size_t in_capacity;
};

/* fd is owned from here on. */
void peer_open(struct peer *peer, int fd, const struct peer_options *options);
void peer_close(struct peer *peer);

/* Shake hands, write and read as far as it goes.  True: something moved. */
bool peer_step(struct peer *peer);

/* Put bytes, or a message as a frame, in line to be written. */
void peer_put(struct peer *peer, const void *bytes, size_t count);
void peer_put_message(struct peer *peer, const struct tg_message *message);

/* Put a HELLO in line. */
void peer_put_hello(struct peer *peer, uint32_t request_id);

/* What AUTH by key is made of. */
struct peer_auth {
	const struct auth_keys *keys;	/* the server's */
	const struct tg_message *hello; /* the answer to HELLO */
	uint32_t request_id;
	uint32_t terminal;
	uint16_t generation;
	bool is_spoilt; /* the proof is wrong */
};

/* Put an AUTH in line. */
void peer_put_auth(struct peer *peer, const struct peer_auth *auth);

/* Make an EARN whose transaction id and amount are made from number, below 4096. */
void peer_make_earn(uint32_t request_id, uint32_t number, int64_t utc_ms,
		    struct tg_message *ret_message);

/* Take the next whole frame that came and decode it.  False: there is none.  Bytes of the message
 * live until the next call. */
bool peer_take(struct peer *peer, struct tg_message *message);

#endif
