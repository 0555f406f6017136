/*
 * node.h - the gateway of a run: recovery, ledger, journal, snapshots, pipeline and sessions, all
 * real, on the disk, the clock and the network of the simulation.
 *
 * Owns what a process owns.  Knows nothing of tills, nor of what should come out.
 */
#ifndef TG_TESTS_SIM_NODE_H
#define TG_TESTS_SIM_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/auth.h"
#include "gateway/census.h"
#include "gateway/clock.h"
#include "gateway/identifier.h"
#include "gateway/io.h"
#include "gateway/recovery.h"
#include "storage/snapshot.h"

#define NODE_DIRECTORY "/data"

struct sim;

struct node {
	bool	 is_up;
	bool	 is_dead; /* the journal is lost: the process ends */
	/* For the whole run. */
	struct config *config;
	struct log *log;
	struct zone *zone;
	struct auth_keys auth_keys;
	struct identifier_keys identifier_keys;
	struct recovery_config recovery_config;
	/* Of a life. */
	struct recovery recovery;
	struct clock clock;
	struct census census;
	struct fleet *fleet;
	struct pipeline *pipeline;
	struct io *io;
	struct io *all[1];
	struct snapshot *snapshot;
	bool	 is_snapshot_wanted;
	bool	 is_asking;	  /* a TICK or CUTOVER is on its way */
	int64_t	 tick_us;	  /* when the next TICK is due */
	int64_t	 journal_us;	  /* when the disk will have done what it is given; 0: nothing */
	int64_t	 upkeep_us;	  /* when the helper's work is due */
	uint64_t batch_before;	  /* durable before the last batch: all of it damage must name */
	struct storage_error error;
};

struct node *node_new(struct sim *sim);
void node_free(struct node *node);

/*
 * Begin a life: recover, found the coalition as far as it is not there, serve.  False: not up; that
 * is a failure of the run unless the disk was told to fail.
 */
bool node_start(struct sim *sim);

/* The life ends: by a power failure, or killed.  Fine if there is none. */
void node_end(struct sim *sim, bool is_power_failure);

/* Everything that can happen at this moment does. */
void node_settle(struct sim *sim);

/* When something is to happen by itself; INT64_MAX: never. */
int64_t node_next_us(const struct sim *sim);

/* Ask the ledger as the console does, and wait.  -1: the node died meanwhile; else the status. */
int node_ask(struct sim *sim, struct ledger_request *request);

/* Connect from an address: the peer's end of a socket pair, or -1. */
int node_connect(struct sim *sim, const char *address);

/* Stop as an operator does it: drain, write what is left and a mark, end. */
void node_stop(struct sim *sim);

#endif
