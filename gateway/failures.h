/*
 * failures.h - failed attempts by address within a minute.
 *
 * A table of fixed size for one thread.  Addresses that share an entry push each other out: the
 * limit slows guessing down, it does not count exactly.  Nothing is locked out: who is over the
 * limit is answered BUSY and may try again, so that a till with a wrong key cannot shut out the
 * others behind its router.
 */
#ifndef TG_GATEWAY_FAILURES_H
#define TG_GATEWAY_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/address.h"

#define FAILURES_ENTRIES 1024
#define FAILURES_WINDOW_MS 60000

struct failures {
	uint64_t seed; /* random; which addresses share an entry is not to be guessed */
	struct {
		uint64_t address;      /* hash of the address, without its port */
		int64_t since_mono_ms; /* first failure of the window */
		uint32_t count;
	} entries[FAILURES_ENTRIES];
};

void failures_init(struct failures *failures, uint64_t seed);

/* Has the address failed limit times or more within the window? */
bool failures_is_over(const struct failures *failures, const struct address *address,
		      int64_t now_mono_ms, uint32_t limit);

/* Note a failure. */
void failures_add(struct failures *failures, const struct address *address, int64_t now_mono_ms);

#endif
