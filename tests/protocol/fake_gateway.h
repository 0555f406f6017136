/*
 * fake_gateway.h - a small server for tests of the client library: real TLS, scripted answers.
 *
 * It runs in a thread of its own and serves one connection after the other.  HELLO and AUTH are
 * answered as the options say; every later request takes the next step of the script, and after the
 * last step each is answered with OK.  What it has seen can be read once it has stopped.
 */
#ifndef TG_TESTS_PROTOCOL_FAKE_GATEWAY_H
#define TG_TESTS_PROTOCOL_FAKE_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/message.h"
#include "protocol/status.h"
#include "tests/gateway/pki.h"

/* AUTH is answered with this store number plus the number of the connection, from 1. */
#define FAKE_STORE 100

/* What is done with a request.  It counts as booked in all cases but REFUSE and GARBAGE. */
enum fake_move {
	FAKE_ANSWER,	 /* OK, with REPLAY when its id was booked before */
	FAKE_REFUSE,	 /* the step's status */
	FAKE_CLOSE,	 /* close without an answer */
	FAKE_LAST_WORDS, /* answer, then close at once */
	FAKE_SILENCE,	 /* no answer, the connection stays */
	FAKE_NOTICE,	 /* say NOTICE, then answer; close when the client does */
	FAKE_GARBAGE,	 /* a frame that is none */
	FAKE_HOLD_BACK,	 /* answer after the next request's answer */
	FAKE_CRUMBS,	 /* answer in pieces of a few bytes */
};

struct fake_step {
	enum fake_move move;
	enum tg_status status;	 /* REFUSE */
	uint32_t retry_after_ms; /* REFUSE, NOTICE: told if not 0 */
};

struct fake_options {
	const struct pki *pki;	      /* server.pem is shown; NULL: without TLS */
	int tls_version_max;	      /* TLS1_2_VERSION; 0: the newest */
	const char *certificate_file; /* instead of server.pem */
	bool wants_certificate;	      /* of the client, with the name of its terminal */
	const uint8_t *key;	      /* of the terminal; NULL: no proof is looked at or made */
	bool is_liar;		      /* its proof is wrong */
	enum tg_status auth_status;   /* instead of OK */
	uint32_t rights;	      /* told in the answer to AUTH */
	uint32_t in_flight_max;	      /* 0: 32 */
	uint32_t frame_bytes_max;     /* 0: TG_FRAME_BYTES_MAX */
	uint32_t busy_every; /* each such item of a batch is BUSY the first time; 0: none */
	const struct fake_step *steps; /* borrowed until it has stopped */
	size_t step_count;
};

/* A request after AUTH, or an item of a batch. */
struct fake_seen {
	uint32_t operation;
	uint8_t id[TG_TRANSACTION_ID_BYTES]; /* zero when there was none */
	bool is_repeat;			     /* REPEAT */
	int64_t attempt;		     /* ATTEMPT, -1 when it was not there */
	uint32_t connection;		     /* number of its connection, from 1 */
	bool is_booked;			     /* first of its id to be booked */
};

struct fake_gateway;

/* Start to listen on 127.0.0.1; NULL options: all zero. */
struct fake_gateway *fake_gateway_start(const struct fake_options *options);

/* Where it listens, as text for tg_options. */
const char *fake_gateway_port(const struct fake_gateway *gateway);

/* Stop, whatever the clients do. */
void fake_gateway_stop(struct fake_gateway *gateway);

/* After it has stopped: what it saw. */
size_t fake_gateway_seen(const struct fake_gateway *gateway, const struct fake_seen **ret_seen);
uint32_t fake_gateway_connections(const struct fake_gateway *gateway);
uint32_t fake_gateway_resumed(const struct fake_gateway *gateway);

/* Free; stops it first if need be. */
void fake_gateway_free(struct fake_gateway *gateway);

#endif
