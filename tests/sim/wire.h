/*
 * wire.h - one connection of a till, over a network that delays, loses, doubles and cuts.
 *
 * The gateway's end is a real socket.  What the till sends lies on the wire for a while before it
 * is written there, what the gateway sends lies on it before the till may have it.  Order is kept,
 * as TCP does; what is lost, doubled or swapped are whole frames, as by a till that is broken.
 */
#ifndef TG_TESTS_SIM_WIRE_H
#define TG_TESTS_SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/chance.h"

struct sim;
struct chunk;

struct wire {
	int	 fd;		/* owned; -1: there is no connection */
	bool	 is_silent;	/* half-open: nothing passes any more, and neither side knows */
	bool	 is_cut;	/* closes when what is on it was delivered */
	bool	 has_input;	/* as wire_look() found: the gateway has sent or closed */
	bool	 has_moved;	/* something went through, for who looks and clears it */
	struct chance chance;
	struct chunk *out, *in; /* owned; what is on its way, oldest first */
	uint8_t *got;		/* owned; bytes that have come and were not taken */
	size_t	 got_bytes, got_capacity;
};

/* Connect from an address.  False: nobody listens. */
bool wire_open(struct sim *sim, struct wire *wire, const char *address);

/* Close at once; fine if closed. */
void wire_close(struct wire *wire);

/* Put a frame on the wire; the network may do to it what it does. */
void wire_send(struct sim *sim, struct wire *wire, const uint8_t *frame, size_t bytes);

/* Find out for all of them at once what the gateway has sent; before wire_run(). */
void wire_look(struct wire *const *wires, size_t count);

/* Deliver what is due, both ways.  False: the connection has come to its end. */
bool wire_run(struct sim *sim, struct wire *wire);

/* The front frame that has come; valid until the next call here.  NULL: none is whole. */
const uint8_t *wire_take(struct wire *wire, size_t *ret_payload_bytes);

/* When the next delivery is due; INT64_MAX: none. */
int64_t wire_next_us(const struct wire *wire);

#endif
