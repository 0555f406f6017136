/*
 * ledger_double.h - a ledger that knows no rules, for tests of what is around it.
 *
 * Stands in for the ledger and the record codec: EARN, RELEASE, REVERSE, SET_TERMINAL, SET_PARTNER,
 * SET_PROGRAMME, CLOCK, CUTOVER and a TICK that finds something make a record each, everything else
 * is answered without one.
 */
#ifndef TG_TESTS_GATEWAY_LEDGER_DOUBLE_H
#define TG_TESTS_GATEWAY_LEDGER_DOUBLE_H

#include <stdint.h>

#include "ledger/ledger.h"

/* A REVERSE of this original wants the archive; so does every HISTORY. */
#define DOUBLE_ARCHIVED_ID 0xaa

/* A terminal of partner 8; all others are of partner 7. */
#define DOUBLE_OTHER 800

struct ledger *ledger_double_new(uint64_t sequence);
void ledger_double_free(struct ledger *ledger);

/* The business date, DAY_NONE at first; programmes set so far. */
void ledger_double_set_date(struct ledger *ledger, int32_t business_date);
uint32_t ledger_double_programmes(const struct ledger *ledger);

/* So many TICKs find something, and say that there is more. */
void ledger_double_set_due(struct ledger *ledger, uint32_t count);
uint32_t ledger_double_due(const struct ledger *ledger);

/* Every record from now on takes so many bytes in the journal; a multiple of 8, at least 32. */
void ledger_double_set_record_bytes(struct ledger *ledger, uint32_t bytes);

#endif
