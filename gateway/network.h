/*
 * network.h - everything that faces terminals: keys, TLS, listeners, I/O threads.
 *
 * What main and the console see of the network side.  Made and started once, drained and stopped
 * once; a reload goes on without a pause.
 *
 * network_drain(), network_reload(), network_free() and those before network_start() are for the
 * control thread; what the console asks is for any thread.
 */
#ifndef TG_GATEWAY_NETWORK_H
#define TG_GATEWAY_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/config.h"
#include "protocol/status.h"

struct census;
struct fleet;
struct host_session;
struct identifier_hash;
struct log;
struct meter;
struct network;
struct pipeline;
struct supervisor;

/* All borrowed; pipeline and log outlive the network. */
struct network_options {
	const struct config
		*config;	   /* outlives the network, or until network_reload() and then on */
	struct pipeline *pipeline; /* has a port for each of config's I/O threads */
	struct log *log;
	struct supervisor *supervisor; /* for network_new(); NULL: nobody hands sockets over */
};

/*
 * Read keys and certificates, take over or open the listening sockets; nothing is accepted yet.
 * TG_OK; TG_CONFIG with *error filled; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status network_new(const struct network_options *options,
					 struct config_error *error, struct network **ret_network);

/* After network_stop(), or never started.  NULL is fine. */
void network_free(struct network *network);

/* Start the I/O threads: connections are accepted from now on.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status network_start(struct network *network);

/*
 * Stop accepting, tell every peer to reconnect, answer what is in flight, close.  Returns at once.
 * After at most gateway.drain_ms and a little network_is_drained().
 */
void network_drain(struct network *network);

/*
 * Take a partner's terminals and systems out of service, or everybody (partner 0): the peers are
 * told to reconnect later, get the answers in flight, and are closed; those that come back hear the
 * same, until they are served again.  Listening sockets stay open.  Returns at once.
 * TG_OK; TG_TABLE_FULL: more partners than ledger.partners_max.
 */
TG_MUST_CHECK enum tg_status network_serve(struct network *network, uint32_t partner,
					   bool is_served);

/*
 * Is a partner out of service by itself, or everybody (partner 0)?  ret_connections: how many of it
 * are open now.
 */
bool network_is_out(const struct network *network, uint32_t partner, uint32_t *ret_connections);

/* Is there no connection left? */
bool network_is_drained(const struct network *network);

/* End the I/O threads and wait for them; connections that are left are closed. */
void network_stop(struct network *network);

/*
 * Put another configuration in force, and read certificates again.  next: from config_reload();
 * outlives the network, as does the one before.  On failure the old one stays in force with all
 * threads, and nobody has seen next.  Statuses as network_new().
 */
TG_MUST_CHECK enum tg_status network_reload(struct network *network, const struct config *next,
					    struct config_error *error);

/* Where the nth listening socket is bound, "127.0.0.1:7411".  False: there are fewer. */
bool network_address(const struct network *network, uint32_t nth, char *text, size_t text_bytes,
		     bool *ret_is_tls);

/*
 * The console's questions; any thread.
 */

/* As console_host.sessions(): see admin/host.h. */
uint32_t network_sessions(struct network *network, uint64_t after_id, struct host_session *rows,
			  uint32_t rows_max);

/* End the session of that number, if there is one.  Returns at once. */
void network_kill(struct network *network, uint64_t session);

/* Hash an identifier under the gateway's keys.  TG_OK; TG_BAD_FIELD: empty, too long, or type 0. */
TG_MUST_CHECK enum tg_status network_hash_identifier(struct network *network, uint8_t type,
						     const char *text,
						     struct identifier_hash *ret_hash);

/* Make a one-time code of a terminal, and its hash, as activation_make_code(). */
TG_MUST_CHECK enum tg_status network_make_code(const struct network *network, uint32_t terminal,
					       char *ret_code, uint8_t *ret_hash);

/* Counts since the start, but for the first two, which are of now. */
struct network_figures {
	uint32_t connections;
	uint32_t handshakes;
	uint64_t accepted;
	uint64_t refused;
	uint64_t handshake_failures;
	uint64_t auth_failures;
	uint64_t activations;
	uint64_t activation_failures;
	uint64_t requests;
	uint64_t items; /* of batches */
	uint64_t busy;
};

struct network_figures network_figures(const struct network *network);

/* Connections and shares of partners; any thread may look. */
const struct census *network_census(const struct network *network);

/* What terminals have told of themselves; any thread may look. */
struct fleet *network_fleet(const struct network *network);

#define NETWORK_THREADS_MAX 64
#define NETWORK_STUCK_US 15000000 /* an I/O thread turns many times a second */

/*
 * Which I/O threads have stood still for NETWORK_STUCK_US: their indices go to ret_indices, which
 * has room for NETWORK_THREADS_MAX.  Returns how many.
 */
uint32_t network_stuck(const struct network *network, uint32_t *ret_indices);

/* Processor time of an I/O thread since its start, us; -1: there is no such thread (any more). */
int64_t network_cpu_us(const struct network *network, uint32_t io_index);

/* What each I/O thread counts, by its index, up to NETWORK_THREADS_MAX; returns how many. */
uint32_t network_meters(const struct network *network, const struct meter **ret_meters);

#endif
