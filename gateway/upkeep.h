/*
 * upkeep.h - the slow work on journal and snapshots, on a thread of its own.
 *
 * Makes the next segment ahead, watches the disk, wants a snapshot when its time has come, and
 * after each one prunes old snapshots and moves segments that nobody needs any more to the
 * archive.  Nothing here is on a terminal's path, and no failure here stops the gateway: it is
 * logged and tried again.
 */
#ifndef TG_GATEWAY_UPKEEP_H
#define TG_GATEWAY_UPKEEP_H

#include <stdint.h>

#include "gateway/log.h"
#include "gateway/pipeline.h"
#include "gateway/snapshot_driver.h"
#include "protocol/status.h"
#include "storage/io.h"
#include "storage/journal.h"

struct upkeep;

/* Everything borrowed, and outliving the thread, but for the figures. */
struct upkeep_config {
	struct log *log;
	struct pipeline *pipeline;
	struct journal *journal;
	struct snapshot_driver *driver;
	const struct storage_io *io;
	const char *directory;		/* of the snapshots */
	int64_t	 snapshot_ms;		/* from one to the next; 0: only when wanted */
	uint32_t snapshots_kept;
	uint64_t snapshot_sequence;	/* of the newest snapshot there is, 0: none */
	/* Last sequence that MariaDB has for sure; 0: not known.  NULL: there is no sink. */
	uint64_t (*confirmed)(void *context);
	void	*context;
};

/* Start the thread.  NULL: out of memory. */
struct upkeep *upkeep_start(const struct upkeep_config *config);

/* Any thread: from now on keep to these. */
void upkeep_reload(struct upkeep *upkeep, int64_t snapshot_ms, uint32_t snapshots_kept);

/* Any thread: look at once whether something is to be done. */
void upkeep_hurry(struct upkeep *upkeep);

/* End the thread, after what it is doing now.  NULL is fine. */
void upkeep_stop(struct upkeep *upkeep);

#endif
