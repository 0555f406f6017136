/*
 * world.h - a ledger with journal, snapshots and archive on a simulated disk, through its lives.
 *
 * A life begins with recovery and goes on with random requests, decided, journalled in batches
 * and applied as the gateway does it, until the power fails or the process is killed.  The world
 * remembers the state hash after every record, what was acknowledged, and what tills were told.
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
#define WORLD_ASKED_MAX 8000 /* over all lives */
#define WORLD_LATE 32	      /* the last transactions, which new requests may name */
#define WORLD_UNANSWERED_MAX 4000
#define WORLD_DIRECTORY "/data"

/* A request of a till, and what the till was told. */
struct world_asked {
	struct ledger_request request;
	bool	 is_told;		/* the members below are its outcome for ever */
	uint16_t status;
	int64_t	 points;
	uint64_t sequence;
};

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
	struct world_asked *asked;	/* owned; in the order in which tills first sent them */
	uint32_t asked_count;
	struct world_asked *unanswered[WORLD_UNANSWERED_MAX]; /* decided, not appended yet */
	uint32_t unanswered_count;
	uint64_t told_again;		/* outcomes that a till was told more than once */
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
 * Decide and apply a random request, a fifth of them one that was sent before, or what has fallen
 * due; its records wait for world_append().  False: a till gets another answer than before (why).
 */
bool world_ask(struct world *world);

/*
 * Send every request again and append it: each happens once, as its till was told.  False: one does
 * not (why).
 */
bool world_ask_again(struct world *world);

/* Journal what waits, and tell the tills.  False: the journal is dead. */
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
