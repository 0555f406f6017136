/*
 * upkeep.c - the slow work on journal and snapshots, on a thread of its own.
 */
#include "gateway/upkeep.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/waker.h"

#define LOOK_MS 200		/* between two looks */
#define LOOK_BUSY_MS 2		/* ... while a snapshot is made: the ledger's thread is poked */
#define TEND_MS 1000		/* between two looks at the disk */
#define ARCHIVE_MS 10000	/* between two tries to archive */
#define SNAPSHOT_RETRY_MS 30000	/* after a snapshot that failed */

struct upkeep {
	struct upkeep_config config;
	struct waker waker;
	pthread_t thread;
	_Atomic bool is_stopping;
	_Atomic int64_t snapshot_ms;
	_Atomic uint32_t snapshots_kept;
	/* The thread's own. */
	int64_t	 tended_us, archived_us;	/* when it was last done */
	int64_t	 snapshot_due_us;	/* when the next one is; INT64_MAX: not by time */
	int64_t	 snapshot_ms_seen;	/* interval that snapshot_due_us was computed with */
	uint64_t ended_count;		/* snapshots that had ended when last looked */
	uint64_t sequence;		/* of the last snapshot that was made */
	bool	 had_room;		/* of the journal, when last looked */
	bool	 had_lost_mirror;	/* the journal, when last looked */
};

/* The journal goes on without its mirror: somebody must know. */
static void
notice_mirror(struct upkeep *upkeep)
{
	struct journal_facts facts = journal_facts(upkeep->config.journal);

	if (!facts.is_mirror_lost || upkeep->had_lost_mirror)
		return;
	upkeep->had_lost_mirror = true;
	log_event(upkeep->config.log, LEVEL_ERROR, "journal_mirror_lost",
		  "error=%s going on alone: one disk holds all, until the next start",
		  facts.mirror_trouble);
}

/* Have the next segment made, and notice when the disk is nearly full. */
static void
tend(struct upkeep *upkeep, int64_t now_us)
{
	struct journal *journal = upkeep->config.journal;
	struct journal_facts facts = journal_facts(journal);
	struct storage_error error = { 0 };
	bool has_room;

	if (facts.has_spare && now_us - upkeep->tended_us < TEND_MS * 1000)
		return;
	upkeep->tended_us = now_us;
	if (journal_tend(journal, &error) != TG_OK)
		log_event(upkeep->config.log, LEVEL_WARN, "journal_tend", "error=%s", error.text);
	has_room = journal_has_room(journal);
	if (has_room == upkeep->had_room)
		return;
	upkeep->had_room = has_room;
	facts = journal_facts(journal);
	if (has_room)
		log_event(upkeep->config.log, LEVEL_INFO, "journal_room", "free_bytes=%" PRIu64,
			  facts.free_bytes);
	else
		log_event(upkeep->config.log, LEVEL_ERROR, "journal_full",
			  "free_bytes=%" PRIu64 " new records are refused", facts.free_bytes);
}

/* Move segments to the archive that neither a kept snapshot nor the sink needs. */
static void
archive(struct upkeep *upkeep)
{
	const struct upkeep_config *config = &upkeep->config;
	struct storage_error error = { 0 };
	struct snapshot_list list;
	uint64_t below;
	uint32_t count = 0;

	if (snapshot_list(config->io, config->directory, &list, &error) != TG_OK) {
		log_event(config->log, LEVEL_WARN, "snapshot_list", "error=%s", error.text);
		return;
	}
	if (list.count < SNAPSHOT_KEEP_MIN)
		return;
	below = list.sequences[list.count - 1] + 1;
	if (config->confirmed != NULL) {
		uint64_t confirmed = config->confirmed(config->context);

		if (confirmed + 1 < below)
			below = confirmed + 1;
	}
	if (journal_archive(config->journal, below, &count, &error) != TG_OK)
		log_event(config->log, LEVEL_WARN, "journal_archive", "error=%s", error.text);
	if (count > 0)
		log_event(config->log, LEVEL_INFO, "journal_archived",
			  "segments=%u below_sequence=%" PRIu64, count, below);
}

static void
prune(struct upkeep *upkeep)
{
	struct storage_error error = { 0 };

	if (snapshot_prune(upkeep->config.io, upkeep->config.directory,
			   atomic_load(&upkeep->snapshots_kept), &error) != TG_OK)
		log_event(upkeep->config.log, LEVEL_WARN, "snapshot_prune", "error=%s", error.text);
}

/* A snapshot has ended: log it, and clear away what it made unneeded. */
static void
note_snapshot(struct upkeep *upkeep, const struct snapshot_result *result, int64_t now_us)
{
	struct log *log = upkeep->config.log;

	if (result->status != TG_OK) {
		log_event(log, LEVEL_ERROR, "snapshot_failed",
			  "sequence=%" PRIu64 " status=%s error=%s", result->sequence,
			  tg_status_name(result->status), result->error.text);
		if (upkeep->snapshot_due_us != INT64_MAX)
			upkeep->snapshot_due_us = now_us + SNAPSHOT_RETRY_MS * 1000;
		return;
	}
	upkeep->sequence = result->sequence;
	log_event(log, LEVEL_INFO, "snapshot",
		  "sequence=%" PRIu64 " bytes=%" PRIu64 " rows=%" PRIu64 " pre_images=%" PRIu64,
		  result->sequence, result->bytes, result->rows, result->pre_images);
	prune(upkeep);
	archive(upkeep);
}

/* When the next snapshot is due, if the interval is a new one. */
static void
plan_snapshot(struct upkeep *upkeep, int64_t now_us)
{
	int64_t interval_ms = atomic_load(&upkeep->snapshot_ms);

	if (interval_ms == upkeep->snapshot_ms_seen)
		return;
	upkeep->snapshot_ms_seen = interval_ms;
	upkeep->snapshot_due_us = interval_ms > 0 ? now_us + interval_ms * 1000 : INT64_MAX;
}

/* Snapshots: notice one that has ended, want the next, give the ledger's thread its turns. */
static void
see_to_snapshots(struct upkeep *upkeep, int64_t now_us)
{
	struct snapshot_driver *driver = upkeep->config.driver;
	uint64_t ended_count;
	struct snapshot_result result = snapshot_driver_result(driver, &ended_count);

	plan_snapshot(upkeep, now_us);
	if (ended_count != upkeep->ended_count) {
		upkeep->ended_count = ended_count;
		note_snapshot(upkeep, &result, now_us);
	}
	if (now_us >= upkeep->snapshot_due_us) {
		upkeep->snapshot_due_us = now_us + upkeep->snapshot_ms_seen * 1000;
		if (pipeline_durable_sequence(upkeep->config.pipeline) > upkeep->sequence)
			snapshot_driver_want(driver);
	}
	if (snapshot_driver_is_busy(driver))
		pipeline_poke(upkeep->config.pipeline);
}

static void *
run(void *argument)
{
	struct upkeep *upkeep = argument;

	(void)pthread_setname_np(pthread_self(), "upkeep");
	for (;;) {
		int64_t now_us = clock_mono_us();
		bool is_busy;

		waker_clear(&upkeep->waker);
		if (atomic_load(&upkeep->is_stopping))
			return NULL;
		notice_mirror(upkeep);
		tend(upkeep, now_us);
		see_to_snapshots(upkeep, now_us);
		if (now_us - upkeep->archived_us >= ARCHIVE_MS * 1000) {
			upkeep->archived_us = now_us;
			archive(upkeep);
		}
		is_busy = snapshot_driver_is_busy(upkeep->config.driver);
		(void)waker_sleep(&upkeep->waker, is_busy ? LOOK_BUSY_MS : LOOK_MS);
	}
}

struct upkeep *
upkeep_start(const struct upkeep_config *config)
{
	struct upkeep *upkeep = calloc(1, sizeof(*upkeep));

	if (upkeep == NULL)
		return NULL;
	upkeep->config = *config;
	upkeep->had_room = true;
	upkeep->sequence = config->snapshot_sequence;
	upkeep->archived_us = clock_mono_us();
	upkeep->snapshot_ms_seen = -1;
	atomic_init(&upkeep->snapshot_ms, config->snapshot_ms);
	atomic_init(&upkeep->snapshots_kept, config->snapshots_kept);
	if (waker_init(&upkeep->waker) == TG_OK) {
		if (pthread_create(&upkeep->thread, NULL, run, upkeep) == 0)
			return upkeep;
		waker_deinit(&upkeep->waker);
	}
	free(upkeep);
	return NULL;
}

void
upkeep_reload(struct upkeep *upkeep, int64_t snapshot_ms, uint32_t snapshots_kept)
{
	atomic_store(&upkeep->snapshot_ms, snapshot_ms);
	atomic_store(&upkeep->snapshots_kept, snapshots_kept);
}

void
upkeep_hurry(struct upkeep *upkeep)
{
	waker_wake(&upkeep->waker);
}

void
upkeep_stop(struct upkeep *upkeep)
{
	if (upkeep == NULL)
		return;
	atomic_store(&upkeep->is_stopping, true);
	waker_wake(&upkeep->waker);
	pthread_join(upkeep->thread, NULL);
	waker_deinit(&upkeep->waker);
	free(upkeep);
}
