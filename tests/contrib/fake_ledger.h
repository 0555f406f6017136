/*
 * fake_ledger.h - points in memory, for a gateway that exists only in tests.
 *
 * Just enough of the rules to answer what clients ask, one point for 100 minor units everywhere,
 * and lies on demand, so that a test can show that they are found.
 */
#ifndef TG_TESTS_CONTRIB_FAKE_LEDGER_H
#define TG_TESTS_CONTRIB_FAKE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/rows.h"
#include "protocol/value.h"

/* How the ledger lies; each about one time in fake_ledger.lie_every. */
enum fake_lie {
	FAKE_HONEST,
	FAKE_FORGETS,	/* an earn is acknowledged and forgotten */
	FAKE_DOUBLES,	/* a repeated earn is done a second time, under the first record's number */
	FAKE_RENUMBERS, /* a repeated request is answered as another record */
	FAKE_REBALANCES, /* a repeated request is answered with other balances */
	FAKE_SKIMS,	/* an earn gives one point less than it should */
	FAKE_REFUSES,	/* a burn is refused although there is enough */
	FAKE_OVERDRAWS, /* a burn is done although there is not enough */
	FAKE_DENIES,	/* STATUS does not know what was done */
};

struct fake_ledger;

/* lie_every: 1 lies each time. */
struct fake_ledger *fake_ledger_new(enum fake_lie lie, uint32_t lie_every);
void fake_ledger_free(struct fake_ledger *ledger);

/* Room for the rows of an answer. */
struct fake_room {
	uint8_t totals[1024];
};

/*
 * Answer a request of a partner's terminal that was decoded; not HELLO, AUTH, BATCH.
 * answer: its request id is set by the caller; it points into room.
 */
void fake_ledger_answer(struct fake_ledger *ledger, uint32_t partner,
			const struct tg_message *request, int64_t now_ms, struct fake_room *room,
			struct tg_message *answer);

/* Transactions done so far, and points issued by earns. */
uint64_t fake_ledger_done_count(const struct fake_ledger *ledger);
int64_t fake_ledger_issued_points(const struct fake_ledger *ledger);

#endif
