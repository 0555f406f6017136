/*
 * ledger_double.h - a ledger that knows no rules, for tests of what is around it.
 *
 * Stands in for ledger.c and the record codec: EARN, RELEASE, REVERSE, SET_TERMINAL, SET_PARTNER,
 * CLOCK and CUTOVER make a record each, everything else is answered without one.
 */
#ifndef TG_TESTS_GATEWAY_LEDGER_DOUBLE_H
#define TG_TESTS_GATEWAY_LEDGER_DOUBLE_H

#include <stdint.h>

#include "ledger/ledger.h"

/* A REVERSE of this original wants the archive. */
#define DOUBLE_ARCHIVED_ID 0xaa

struct ledger *ledger_double_new(uint64_t sequence);
void ledger_double_free(struct ledger *ledger);

/* Every record from now on takes so many bytes in the journal; a multiple of 8, at least 32. */
void ledger_double_set_record_bytes(struct ledger *ledger, uint32_t bytes);

#endif
