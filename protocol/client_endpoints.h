/*
 * client_endpoints.h - the gateways that a client may go to, and whose turn it is.
 *
 * One is the present one.  It stays that until it is left: because no session opened there, or it
 * asked to go, or it fell silent.  Then the others have their turn, in the order of the list.
 */
#ifndef TG_PROTOCOL_CLIENT_ENDPOINTS_H
#define TG_PROTOCOL_CLIENT_ENDPOINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/client_error.h"
#include "protocol/status.h"

#define CLIENT_ENDPOINTS_MAX 16

struct client_endpoint {
	char *host;	       /* owned; name or address, without brackets */
	char *port;	       /* owned */
	int64_t not_before_ms; /* it asked to stay away until then; 0: it did not */
};

/* Invariant: at < count once parsed.  All zero is an empty list. */
struct client_endpoints {
	struct client_endpoint rows[CLIENT_ENDPOINTS_MAX];
	uint32_t count;
	uint32_t at;	  /* the present one */
	uint32_t untried; /* others that have their turn before the round is over */
	bool is_left;	  /* the next choice is another, if there is one */
};

/*
 * Read HOST[:PORT],HOST[:PORT]...; an IPv6 address with a port stands in brackets.
 *
 * port: of those that have none of their own.  ret_endpoints: client_endpoints_deinit() in any
 * case. TG_OK; TG_CONFIG, TG_NO_MEMORY with error set.
 */
TG_MUST_CHECK enum tg_status client_endpoints_parse(const char *hosts, const char *port,
						    struct client_error *error,
						    struct client_endpoints *ret_endpoints);

/* Free the texts.  All zero is allowed. */
void client_endpoints_deinit(struct client_endpoints *endpoints);

/* The one to connect to now: the present one, or, if that is left, the next that lets us. */
const struct client_endpoint *client_endpoints_choose(struct client_endpoints *endpoints,
						      int64_t now_ms);

/* The present one is of no use until then; 0: it did not say. */
void client_endpoints_leave(struct client_endpoints *endpoints, int64_t not_before_ms);

/* A session has opened at the present one: a new round begins with it. */
void client_endpoints_settle(struct client_endpoints *endpoints);

/* How many have their turn, the next choice included, before the round is over: 1 or more. */
uint32_t client_endpoints_in_round(const struct client_endpoints *endpoints);

/* Is the present one left, and is there another whose turn it is before the round is over? */
bool client_endpoints_has_next(const struct client_endpoints *endpoints);

#endif
