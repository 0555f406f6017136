/*
 * network_fixture.h - the network side as it runs: threads, listening sockets, the machine's clock.
 *
 * Real connections on loopback, with ports that the kernel chooses, over a pipeline without a
 * ledger.  The test polls for what it waits for and gives up after ten seconds or so.
 */
#ifndef TG_TESTS_GATEWAY_NETWORK_FIXTURE_H
#define TG_TESTS_GATEWAY_NETWORK_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "gateway/auth.h"
#include "gateway/config.h"
#include "gateway/log.h"
#include "gateway/network.h"
#include "protocol/message.h"
#include "tests/gateway/peer.h"
#include "tests/gateway/pipeline_double.h"
#include "tests/gateway/pki.h"

#define NETWORK_PEERS 64
#define NETWORK_LOG_BYTES 65536
#define NETWORK_WAIT_STEPS 10000 /* of a millisecond or so */

struct network_fixture {
	struct pki *pki;
	struct config *config; /* owned; two I/O threads, a TLS and a plain listener */
	struct auth_keys auth_keys;
	struct pipeline *pipeline;
	struct log *log;
	struct network *network; /* owned; NULL before fixture_make() */
	struct peer peers[NETWORK_PEERS];
	uint32_t peer_count;
	uint32_t next_id;    /* of the next request */
	struct rlimit limit; /* of descriptors, as it was; put back at the end */
	int log_fds[2];	     /* of a pipe: what was logged is read from the first */
	char ca_path[PKI_PATH_BYTES];
	char text[NETWORK_LOG_BYTES]; /* of the log */
};

/* cmocka's setup and teardown; *state is a struct network_fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Set a text of a configuration to the path of a file of the test's directory. */
void fixture_set_path(struct network_fixture *fixture, char **key, const char *file);

/* Make the network of the configuration; start it, made or not. */
void fixture_make(struct network_fixture *fixture);
void fixture_start(struct network_fixture *fixture);

/* Wait for the end of all threads, and free the network. */
void fixture_stop(struct network_fixture *fixture);

/* A socket for fixture_connect_socket(): made while there are descriptors. */
int fixture_socket(void);

/* Connect a socket, or a new one, to the TLS or the plain listener. */
struct peer *fixture_connect_socket(struct network_fixture *fixture, int fd, bool is_tls);
struct peer *fixture_connect(struct network_fixture *fixture, bool is_tls);

/* Let a millisecond or so pass for all peers. */
void fixture_step(struct network_fixture *fixture);

/* Wait until a condition holds; fails when it never does. */
#define fixture_until(fixture, condition) \
	do { \
		int steps_ = 0; \
		while (!(condition)) { \
			if (++steps_ > NETWORK_WAIT_STEPS) \
				fail_msg("never: %s", #condition); \
			fixture_step(fixture); \
		} \
	} while (0)

/* Wait for the next message of a peer. */
void fixture_await(struct network_fixture *fixture, struct peer *peer, struct tg_message *answer);

/* HELLO, and its answer; then AUTH by key as that terminal, and its answer. */
void fixture_hello(struct network_fixture *fixture, struct peer *peer, struct tg_message *answer);
void fixture_auth(struct network_fixture *fixture, struct peer *peer, uint32_t terminal,
		  struct tg_message *answer);

/* PING, and its answer. */
void fixture_ping(struct network_fixture *fixture, struct peer *peer);

/* What was logged since the last call; lives until the next one. */
const char *fixture_log(struct network_fixture *fixture);

#endif
