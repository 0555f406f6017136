/*
 * snapshot_driver.h - when the ledger's thread works on a snapshot, and how much at a time.
 *
 * Joins storage's snapshot with the pipeline: begins one when somebody wants it, copies slices
 * between requests at a bounded pace, lets it be named when its sequence is durable, and keeps
 * the result for those who wait.  Knows nothing of files.
 */
#ifndef TG_GATEWAY_SNAPSHOT_DRIVER_H
#define TG_GATEWAY_SNAPSHOT_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "protocol/status.h"
#include "storage/snapshot.h"

struct snapshot_driver;

/* config: as for snapshot_new(), its set that of the ledger.  NULL: out of memory. */
struct snapshot_driver *snapshot_driver_new(const struct snapshot_config *config);

/* After the ledger's thread has ended.  One being made is given up. */
void snapshot_driver_free(struct snapshot_driver *driver);

/*
 * The ledger's thread, between requests: do a slice of what there is to do.  Never waits for a
 * disk. durable_sequence: records up to it are durable.  True: there is more to do at once.
 */
bool snapshot_driver_run(struct snapshot_driver *driver, const struct ledger *ledger,
			 uint64_t durable_sequence);

/* Any thread: have one made, if none is on its way.  The ledger's thread must be poked. */
void snapshot_driver_want(struct snapshot_driver *driver);

/* Any thread: is one wanted or being made?  Then the ledger's thread wants to run often. */
bool snapshot_driver_is_busy(const struct snapshot_driver *driver);

/* Any thread: the longest that requests waited for a slice since the start, us. */
int64_t snapshot_driver_pause_us_max(const struct snapshot_driver *driver);

/* Any thread: what became of the last one, and how many have ended since the start. */
struct snapshot_result snapshot_driver_result(struct snapshot_driver *driver,
					      uint64_t *ret_ended_count);

/*
 * Any other thread: wait for the one wanted or being made to end.  Its status, and the sequence it
 * holds.  TG_SHUTTING_DOWN: snapshot_driver_end() was called.
 */
TG_MUST_CHECK enum tg_status snapshot_driver_await(struct snapshot_driver *driver,
						   uint64_t *ret_sequence);

/* Any thread: let go who waits. */
void snapshot_driver_end(struct snapshot_driver *driver);

#endif
