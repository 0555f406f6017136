/*
 * fake_gateway.h - a gateway that exists only in tests: a thread that speaks the protocol on
 * loopback.
 *
 * Plain TCP on a port that the system chooses.  Terminals 101 and 102 belong to partner 1, 201 and
 * 202 to partner 2; their keys come from fake_master.  It can lose answers, refuse for now, and
 * lie.
 */
#ifndef TG_TESTS_CONTRIB_FAKE_GATEWAY_H
#define TG_TESTS_CONTRIB_FAKE_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/contrib/fake_ledger.h"

#define FAKE_INSTANCE "fake"
#define FAKE_MASTER_BYTES 32

/* Bytes of the master key. */
extern const uint8_t fake_master[FAKE_MASTER_BYTES];

/* The terminals as a CSV file. */
extern const char *const fake_terminals;

/* Everything off is an honest gateway. */
struct fake_options {
	enum fake_lie lie;
	uint32_t      lie_every;    /* one time in so many; 0 counts as 1 */
	uint32_t      lose_every;   /* one request in so many: do it, then hang up; 0: none */
	uint32_t      ignore_every; /* one request in so many: hang up without doing it; 0: none */
	uint32_t      busy_every;   /* one request in so many is refused for now; 0: none */
	uint32_t      stall_turn;   /* before this request, counted from 1, stand still; 0: never */
	uint32_t      stall_ms;	    /* for so long */
	bool	      refuses_auth; /* every AUTH is refused */
};

struct fake_gateway;

/* Start; ret_port: as text of at most 8 bytes. */
struct fake_gateway *fake_gateway_start(const struct fake_options *options, char ret_port[8]);

/* Stop, and free. */
void fake_gateway_stop(struct fake_gateway *gateway);

/* What it did; to be read while nobody asks it anything. */
const struct fake_ledger *fake_gateway_ledger(const struct fake_gateway *gateway);

#endif
