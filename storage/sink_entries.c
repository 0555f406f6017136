/*
 * sink_entries.c - entries by a connection of their own, while there is much to write.
 */
#include "storage/sink_entries.h"

#include <inttypes.h>
#include <stdio.h>

#include "protocol/assert.h"

#define SQL_BYTES_MAX 256

enum tg_status
sink_entries_init(struct sink_entries *entries, const struct database_config *config,
		  uint16_t shard, uint64_t epoch)
{
	*entries = (struct sink_entries){ .config = *config, .shard = shard, .epoch = epoch };
	entries->config.cutter = &entries->cutter;
	return database_cutter_init(&entries->cutter);
}

void
sink_entries_deinit(struct sink_entries *entries)
{
	sink_entries_close(entries);
	database_cutter_deinit(&entries->cutter);
}

void
sink_entries_start(struct sink_entries *entries)
{
	if (sink_worker_new(&entries->worker) != TG_OK)
		entries->worker = NULL;
}

void
sink_entries_stop(struct sink_entries *entries)
{
	sink_worker_free(entries->worker);
	entries->worker = NULL;
}

bool
sink_entries_are_ready(struct sink_entries *entries)
{
	struct storage_error error;

	if (entries->worker == NULL || entries->is_refused)
		return false;
	if (entries->database != NULL)
		return true;
	if (database_open(&entries->config, &entries->database, &error) == TG_OK &&
	    sink_insert_open(&entries->insert, entries->database, &sink_tables[SINK_TABLE_entry],
			     &error) == TG_OK)
		return true;
	sink_entries_close(entries);
	entries->is_refused = true;
	return false;
}

/* The row says whose the entries are: it is the first that is locked, and only its owner's. */
static enum tg_status
claim(struct sink_entries *entries, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	uint64_t affected = 0;
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "UPDATE entry_ahead SET first_sequence = %" PRIu64
		       ", next_sequence = %" PRIu64 " WHERE shard = %u AND epoch = %" PRIu64,
		       entries->first_sequence, entries->next_sequence, entries->shard,
		       entries->epoch);
	status = database_run(entries->database, sql, &affected, error);
	if (status == TG_OK && affected != 1)
		return storage_fail(error, TG_FENCED,
				    "MariaDB's entries belong to another epoch than %" PRIu64
				    ": another gateway writes there",
				    entries->epoch);
	return status;
}

/* A job: write them, all but the commit. */
static void
run_write(void *context)
{
	struct sink_entries *entries = context;
	struct storage_error *error = &entries->error;
	enum tg_status status = database_run(entries->database, "START TRANSACTION", NULL, error);

	if (status == TG_OK)
		status = claim(entries, error);
	if (status == TG_OK)
		status = sink_insert_run(&entries->insert, entries->rows, error);
	entries->status = status;
}

void
sink_entries_begin(struct sink_entries *entries, const struct sink_rows *rows,
		   uint64_t first_sequence, uint64_t next_sequence)
{
	TG_ASSERT(entries->worker != NULL && entries->database != NULL && entries->rows == NULL);
	TG_ASSERT(rows->count > 0);
	entries->rows = rows;
	entries->first_sequence = first_sequence;
	entries->next_sequence = next_sequence;
	sink_worker_give(entries->worker, run_write, entries);
}

void
sink_entries_drop(struct sink_entries *entries)
{
	TG_ASSERT(entries->rows != NULL);
	sink_worker_wait(entries->worker);
	entries->rows = NULL;
}

enum tg_status
sink_entries_commit(struct sink_entries *entries, struct storage_error *error)
{
	sink_entries_drop(entries);
	if (entries->status == TG_OK)
		entries->status = database_run(entries->database, "COMMIT", NULL,
					       &entries->error);
	if (entries->status != TG_OK)
		*error = entries->error;
	return entries->status;
}

void
sink_entries_close(struct sink_entries *entries)
{
	TG_ASSERT(entries->rows == NULL);
	database_close(entries->database);
	entries->database = NULL;
	sink_insert_close(&entries->insert);
	entries->is_refused = false;
}
