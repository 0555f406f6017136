/*
 * io_fixture.h - an I/O thread without the thread: turns, clock and pipeline are the test's.
 *
 * Connections are socket pairs, over TLS unless said otherwise; a test steps the server's turns and
 * the peers in one thread, and moves the clock by hand.
 */
#ifndef TG_TESTS_GATEWAY_IO_FIXTURE_H
#define TG_TESTS_GATEWAY_IO_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/auth.h"
#include "gateway/census.h"
#include "gateway/config.h"
#include "gateway/fleet.h"
#include "gateway/identifier.h"
#include "gateway/io.h"
#include "gateway/log.h"
#include "gateway/tls.h"
#include "tests/gateway/peer.h"
#include "tests/gateway/pipeline_double.h"
#include "tests/gateway/pki.h"

#define FIXTURE_PEERS 32
#define FIXTURE_LOG_BYTES 65536

struct io_fixture {
	struct pki *pki;
	struct config *config; /* in force; may be changed by the test */
	struct tls *tls;
	struct auth_keys auth_keys;
	struct identifier_keys identifier_keys;
	struct census census;
	struct fleet *fleet;
	struct log *log;
	int log_fds[2]; /* of a pipe: what was logged is read from the first */
	struct pipeline *pipeline;
	struct pipeline_port *port;
	struct io *io;
	struct io *all[1];
	int64_t now_ms; /* the I/O thread's clock */
	struct peer peers[FIXTURE_PEERS];
	uint32_t peer_count;
	char ca_path[PKI_PATH_BYTES];
	uint32_t next_id; /* of the next request */
};

/* cmocka's setup and teardown; *state is a struct io_fixture. */
int io_setup(void **state);
int io_teardown(void **state);

/* A new connection, TLS or plain; nothing has been stepped yet. */
struct peer *fixture_connect(struct io_fixture *fixture, const struct peer_options *options);
struct peer *fixture_connect_plain(struct io_fixture *fixture);

/* Step server and peers until nothing moves any more. */
void fixture_settle(struct io_fixture *fixture);

/* Move the clock and step. */
void fixture_advance(struct io_fixture *fixture, int64_t ms);

/* The session of the newest or a later connection, in order of opening; NULL: gone. */
struct session *fixture_session(struct io_fixture *fixture, uint32_t slot);

/* A request with the next id; its fields are the caller's to add. */
void fixture_request(struct io_fixture *fixture, enum tg_operation operation,
		     struct tg_message *message);

/* HELLO, and its answer. */
void fixture_hello(struct io_fixture *fixture, struct peer *peer, struct tg_message *answer);

/* Send AUTH by key for a HELLO's answer, with the proof spoilt or not. */
void fixture_send_auth(struct io_fixture *fixture, struct peer *peer,
		       const struct tg_message *hello, uint32_t terminal, uint16_t generation,
		       bool is_spoilt);

/* A session of that terminal, opened by key (generation 1, or 3 for DOUBLE_OLD_KEY). */
struct peer *fixture_open(struct io_fixture *fixture, uint32_t terminal);

/* An EARN with its own transaction id, made from number. */
void fixture_earn(struct io_fixture *fixture, uint32_t number, struct tg_message *message);

/* The next answer; fails when there is none. */
void fixture_take(struct peer *peer, struct tg_message *answer);

/* Fails unless the next answer is to that request and has that status. */
void fixture_expect(struct peer *peer, uint32_t request_id, enum tg_status status);

/* Fails unless the next message is a NOTICE with that outcome. */
void fixture_expect_notice(struct peer *peer, enum tg_status outcome);

/* All that was logged since the last call; lives until the next one. */
const char *fixture_log(struct io_fixture *fixture);

#endif
