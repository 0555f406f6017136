/*
 * recovery.c - from the files of a data directory to the ledger as it was.
 */
#include "gateway/recovery.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "ledger/record.h"
#include "protocol/assert.h"
#include "storage/journal_ahead.h"
#include "storage/snapshot.h"

#define SETTLE_EVERY_RECORDS 1024	/* rows stay few that a mark has to settle */
#define SETTLED_ROWS (64 * SETTLE_EVERY_RECORDS)

/* So many records wait while their memory comes; the first stage has the first half of the wait. */
#define WINDOW_RECORDS 16

/* Records on their way to the ledger, in their order. */
struct window {
	uint64_t taken;			/* records that came in */
	uint64_t applied;		/* ... and went out: at most WINDOW_RECORDS fewer */
	struct record records[WINDOW_RECORDS]; /* by number modulo WINDOW_RECORDS; without lines */
};

/* Snapshots of the directory, none if it is not there yet. */
static enum tg_status
list_snapshots(const struct recovery_config *config, struct snapshot_list *ret_list,
	       struct storage_error *error)
{
	const struct storage_io *io = config->journal.io;
	struct storage_stat stat;
	enum tg_status status;

	ret_list->count = 0;
	status = io->stat(io->context, config->journal.directory, &stat, error);
	if (status != TG_OK || !stat.exists)
		return status;
	return snapshot_list(io, config->journal.directory, ret_list, error);
}

/* A ledger with nothing in it, instead of what is there. */
static enum tg_status
begin_anew(const struct recovery_config *config, struct recovery *recovery,
	   struct storage_error *error)
{
	ledger_free(recovery->ledger);
	recovery->ledger = ledger_new(&config->limits);
	if (recovery->ledger == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no room for the ledger's tables");
	return TG_OK;
}

/* May an older snapshot help where this one did not? */
static bool
is_passed_over(enum tg_status status)
{
	return status == TG_CORRUPT || status == TG_IO;
}

/* Load the newest snapshot that can be read into a new ledger; none is fine, too. */
static enum tg_status
load_snapshot(const struct recovery_config *config, const struct snapshot_list *list,
	      struct recovery *recovery, struct storage_error *error)
{
	enum tg_status status = begin_anew(config, recovery, error);

	for (uint32_t i = 0; status == TG_OK && i < list->count; i++) {
		const struct snapshot_load_config load = {
			.io = config->journal.io,
			.directory = config->journal.directory,
			.instance = config->journal.instance,
			.set = ledger_tables(recovery->ledger),
		};
		struct snapshot_info info;

		status = snapshot_load(&load, list->sequences[i], &info, error);
		if (status == TG_OK) {
			ledger_rebuild(recovery->ledger);
			recovery->snapshot_sequence = info.sequence;
			if (ledger_sequence(recovery->ledger) == info.sequence)
				return TG_OK;
			return storage_fail(error, TG_CORRUPT,
					    "snapshot %" PRIu64 " holds the state after %" PRIu64,
					    info.sequence, ledger_sequence(recovery->ledger));
		}
		if (!is_passed_over(status))
			return status;
		recovery->snapshots_skipped++;
		recovery->skipped = *error;
		status = begin_anew(config, recovery, error);
	}
	return status;
}

static struct record *
window_at(struct window *window, uint64_t number)
{
	return &window->records[number % WINDOW_RECORDS];
}

/* Bring records about again until only so many of the window are left. */
static void
apply_down_to(struct recovery *recovery, struct window *window, uint32_t left)
{
	while (window->taken - window->applied > left) {
		const struct record *record = window_at(window, window->applied++);

		TG_ASSERT(record->sequence == ledger_sequence(recovery->ledger) + 1);
		ledger_apply(recovery->ledger, record);
		if (++recovery->records % SETTLE_EVERY_RECORDS == 0)
			table_set_settle(ledger_tables(recovery->ledger), SETTLED_ROWS);
	}
}

/* Take one record in. */
static enum tg_status
take_record(struct recovery *recovery, struct window *window, const struct journal_item *item,
	    struct storage_error *error)
{
	struct record *record = window_at(window, window->taken);
	size_t bytes;
	enum tg_status status;

	apply_down_to(recovery, window, WINDOW_RECORDS - 1);
	status = record_decode(item->bytes, item->bytes_count, record, &bytes);
	if (status == TG_OK && bytes != item->bytes_count)
		status = TG_CORRUPT;
	if (status != TG_OK) {
		(void)storage_fail(error, status, "record %" PRIu64 ": %s", item->sequence,
				   tg_status_text(status));
		error->sequence = item->sequence;
		return status;
	}
	record->lines = NULL; /* they are not applied, and the item's bytes go */
	ledger_prefetch_record(recovery->ledger, record, 0);
	if (window->taken >= WINDOW_RECORDS / 2)
		ledger_prefetch_record(recovery->ledger,
				       window_at(window, window->taken - WINDOW_RECORDS / 2), 1);
	window->taken++;
	return TG_OK;
}

/* At a mark the state must be what it was when the mark was written. */
static enum tg_status
compare_mark(struct recovery *recovery, const struct journal_item *item,
	     struct storage_error *error)
{
	struct state_hash hash;

	if (item->sequence != ledger_sequence(recovery->ledger))
		return TG_OK; /* of the state before the snapshot */
	hash = ledger_state_hash(recovery->ledger);
	if (!state_hash_equal(hash, item->hash)) {
		(void)storage_fail(error, TG_CORRUPT,
				   "state after record %" PRIu64 " has hash %016" PRIx64
				   "%016" PRIx64 ", the journal's mark says %016" PRIx64
				   "%016" PRIx64,
				   item->sequence, hash.high, hash.low, item->hash.high,
				   item->hash.low);
		error->sequence = item->sequence;
		return TG_CORRUPT;
	}
	recovery->marks++;
	return TG_OK;
}

/* Apply what a reader gives, up to the journal's end. */
static enum tg_status
replay_all(struct recovery *recovery, struct journal_reader *reader, struct window *window,
	   struct storage_error *error)
{
	struct journal_item item;
	enum tg_status status;

	do {
		status = journal_reader_next(reader, &item, error);
		if (status != TG_OK)
			break;
		if (item.kind == JOURNAL_RECORD) {
			status = take_record(recovery, window, &item, error);
		} else {
			apply_down_to(recovery, window, 0);
			if (item.kind == JOURNAL_MARK)
				status = compare_mark(recovery, &item, error);
		}
	} while (status == TG_OK && item.kind != JOURNAL_NOTHING);
	return status;
}

/* Apply what the journal has after the ledger's last record. */
static enum tg_status
replay(const struct recovery_config *config, struct recovery *recovery,
       struct storage_error *error)
{
	struct window *window = malloc(sizeof(*window));
	struct journal_reader *reader;
	enum tg_status status;

	if (window == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for records to be applied");
	window->taken = window->applied = 0;
	status = journal_read_from(recovery->journal, ledger_sequence(recovery->ledger) + 1,
				   &reader, error);
	if (status == TG_OK && !config->is_inline)
		status = journal_ahead_open(reader, &reader, error);
	if (status == TG_OK) {
		status = replay_all(recovery, reader, window, error);
		journal_reader_close(reader);
	}
	free(window);
	return status;
}

/* What must hold after every recovery. */
static enum tg_status
check(const struct recovery *recovery, struct storage_error *error)
{
	uint64_t sequence = ledger_sequence(recovery->ledger);

	if (sequence != recovery->opened.last_sequence)
		return storage_fail(error, TG_CORRUPT,
				    "ledger ends with record %" PRIu64 ", journal with %" PRIu64,
				    sequence, recovery->opened.last_sequence);
	if (ledger_conservation(recovery->ledger, UNIT_POINTS) != 0 ||
	    ledger_conservation(recovery->ledger, UNIT_COVER) != 0 ||
	    ledger_conservation(recovery->ledger, UNIT_OWN) != 0 ||
	    ledger_conservation(recovery->ledger, UNIT_VALUE) != 0)
		return storage_fail(error, TG_CORRUPT,
				    "balances do not sum to zero after record %" PRIu64, sequence);
	return TG_OK;
}

/* Time since *begun_us, which is now from now on. */
static uint32_t
lap_ms(int64_t *begun_us)
{
	int64_t before_us = *begun_us;

	*begun_us = clock_mono_us();
	return (uint32_t)((*begun_us - before_us) / 1000);
}

enum tg_status
recovery_run(const struct recovery_config *config, struct recovery *ret_recovery,
	     struct storage_error *error)
{
	struct journal_config journal = config->journal;
	struct snapshot_list list = { .count = 0 };
	struct recovery recovery;
	enum tg_status status;
	int64_t begun_us = clock_mono_us();

	memset(&recovery, 0, sizeof(recovery));
	if (config->is_memory) {
		recovery.journal = journal_memory_open(1);
		status = recovery.journal != NULL ?
				 TG_OK :
				 storage_fail(error, TG_NO_MEMORY, "no memory for a journal");
	} else {
		status = list_snapshots(config, &list, error);
		journal.snapshot_sequence = list.count > 0 ? list.sequences[0] : 0;
		if (status == TG_OK)
			status = journal_file_open(&journal, &recovery.journal, &recovery.opened,
						   error);
		/* What was lost may have come back from the mirror. */
		if (status == TG_OK)
			status = list_snapshots(config, &list, error);
	}
	recovery.journal_ms = lap_ms(&begun_us);
	if (status == TG_OK)
		status = load_snapshot(config, &list, &recovery, error);
	recovery.snapshot_ms = lap_ms(&begun_us);
	if (status == TG_OK)
		status = replay(config, &recovery, error);
	recovery.records_ms = lap_ms(&begun_us);
	if (status == TG_OK)
		status = check(&recovery, error);
	if (status != TG_OK) {
		if (recovery.journal != NULL)
			journal_close(recovery.journal);
		ledger_free(recovery.ledger);
		return status;
	}
	*ret_recovery = recovery;
	return TG_OK;
}
