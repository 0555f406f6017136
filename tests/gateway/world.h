/*
 * world.h - a ledger with journal, snapshots and archive on a simulated disk, through its lives.
 *
 * A life begins with recovery and goes on with random requests, decided, journalled in batches
 * and applied as the gateway does it, until the power fails or the process is killed.  The world
 * remembers the state hash after every record and what was acknowledged.
 */
#ifndef TG_TESTS_GATEWAY_WORLD_H
#define TG_TESTS_GATEWAY_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/recovery.h"
#include "storage/snapshot.h"
#include "tests/ledger/fixture.h"
#include "tests/storage/sim_disk.h"

#define WORLD_RECORDS_MAX 60000 /* over all lives */
#define WORLD_MEMBERS 40
#define WORLD_SENT 32		/* transactions that later requests may name */
#define WORLD_DIRECTORY "/data"

struct world {
	struct sim_disk *disk;
	struct storage_io io;
	struct recovery_config config;
	struct recovery recovery;	/* of this life; its ledger and journal while alive */
	struct ledger_fixture f;	/* now, and the decision; its ledger is the recovery's */
	struct snapshot *snapshot;	/* of this life */
	uint8_t *batch;			/* owned; records not journalled yet */
	size_t	 batch_bytes;
	uint32_t batch_count;
	uint64_t acknowledged;		/* records that somebody was told of */
	uint64_t last_sequence;		/* of the last record applied in any life */
	struct state_hash *hashes;	/* owned; after each sequence, WORLD_RECORDS_MAX */
	uint8_t	 sent[WORLD_SENT][TG_TRANSACTION_ID_BYTES];
	int64_t	 sent_at[WORLD_SENT];
	uint32_t sent_count;
	struct storage_error error;
	char	 why[600];		/* what did not hold */
};

struct world *world_new(uint64_t seed);
void world_free(struct world *world);

/*
 * Begin a life: recover.  False: it failed, or does not hold what it should (why); a scripted
 * failure that has struck is no reason.
 */
bool world_begin(struct world *world);

/* The life ends: kill -9, or a power failure.  Fine if none has begun. */
void world_end(struct world *world, bool is_power_failure);

/*
 * Decide and apply a random request, or what has fallen due; its records wait for world_append().
 */
void world_ask(struct world *world);

/* Journal what waits, and acknowledge it.  False: the journal is dead. */
bool world_append(struct world *world);

/* Write a mark; everything must be appended.  False: the journal is dead. */
bool world_mark(struct world *world);

/* Bring a snapshot a step further, beginning one if none is made. */
void world_snapshot(struct world *world);

/* Make a whole snapshot now; the test fails if that is not possible. */
uint64_t world_snapshot_now(struct world *world);

/* Prune snapshots and archive segments as the gateway does. */
void world_clear_away(struct world *world);

#endif
