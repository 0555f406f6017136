/*
 * sink_session.c - the sink's time on one connection: from the first check to the last commit.
 */
#include "storage/sink_session.h"

#include <inttypes.h>

#include "protocol/assert.h"
#include "storage/database_check.h"
#include "storage/migrate.h"
#include "storage/sink_clearing.h"
#include "storage/sink_partition.h"

static enum tg_status
check_server(struct sink_session *session, const struct sink_config *config,
	     const struct sink_batch *batch, struct storage_error *error)
{
	const char *tables[SINK_TABLE_COUNT + 2];
	const struct database_needs needs = {
		.tables = tables,
		.table_count = SINK_TABLE_COUNT + 2,
		.packet_bytes = sink_batch_packet_bytes_max(batch),
		.may_lose_commits = config->may_lose_commits,
	};

	for (int i = 0; i < SINK_TABLE_COUNT; i++)
		tables[i] = sink_tables[i].name;
	tables[SINK_TABLE_COUNT] = "sink_cursor";
	tables[SINK_TABLE_COUNT + 1] = "entry_ahead";
	return database_check(session->database, &needs, error);
}

static enum tg_status
prepare(struct sink_session *session, struct storage_error *error)
{
	enum tg_status status = TG_OK;

	for (int i = 0; status == TG_OK && i < SINK_TABLE_COUNT; i++)
		status = sink_insert_open(&session->inserts[i], session->database, &sink_tables[i],
					  error);
	return status;
}

enum tg_status
sink_session_open(struct sink_session *session, const struct sink_config *config,
		  const struct sink_batch *batch, struct storage_error *error)
{
	const struct migration_list migrations = migrate_builtin();
	enum tg_status status;

	*session = (struct sink_session){ .partition_month = -1 };
	status = database_open(&config->database, &session->database, error);
	if (status == TG_OK)
		status = migrate_run(session->database, &migrations, config->is_schema_foreign,
				     NULL, error);
	if (status == TG_OK)
		status = check_server(session, config, batch, error);
	if (status == TG_OK)
		status = sink_cursor_take(session->database, config->shard, config->epoch,
					  &session->cursor, error);
	if (status == TG_OK)
		status = prepare(session, error);
	if (status != TG_OK)
		sink_session_close(session);
	/* No record was looked at, so nothing here is the fault of one. */
	return status == TG_CORRUPT ? TG_DATABASE : status;
}

void
sink_session_close(struct sink_session *session)
{
	/* The connection first: its statements then are freed without a word to the server. */
	database_close(session->database);
	session->database = NULL;
	for (int i = 0; i < SINK_TABLE_COUNT; i++)
		sink_insert_close(&session->inserts[i]);
}

enum tg_status
sink_session_partition(struct sink_session *session, int32_t day, uint32_t months_ahead,
		       struct storage_error *error)
{
	const int32_t month = sink_partition_month(day);
	enum tg_status status;

	error->status = TG_OK;
	if (month <= session->partition_month)
		return TG_OK;
	status = sink_partition_ahead(session->database, day, months_ahead, error);
	if (status != TG_OK && database_failure(session->database) == DATABASE_FAILURE_LOST)
		return status;
	session->partition_month = month;
	return TG_OK;
}

/* Does the batch end a run of records that are summed for settlement together? */
static bool
ends_sums(const struct sink_session *session, const struct sink_config *config,
	  const struct sink_cursor *after)
{
	return session->cursor.next_sequence / config->clearing_records !=
	       after->next_sequence / config->clearing_records;
}

/* Has a day ended, or was a cycle closed? */
static bool
ends_days(const struct sink_batch *batch)
{
	return batch->tables[SINK_TABLE_business_day].count > 0 ||
	       batch->tables[SINK_TABLE_closed_cycle].count > 0;
}

/*
 * A day has ended, or a cycle is closed: statements come with the record that says so.  Until then
 * sums are kept up with.
 */
static enum tg_status
settle(struct sink_session *session, const struct sink_config *config,
       const struct sink_batch *batch, const struct sink_cursor *after,
       struct storage_error *error)
{
	const uint32_t records = config->clearing_records;

	if (ends_sums(session, config, after))
		return sink_clearing_follow(session->database, records, after->business_date,
					    after->next_sequence, error);
	return ends_days(batch) ? sink_clearing_run(session->database, records, error) : TG_OK;
}

/*
 * Do the entries go by their own connection?  Not where their sums are read in this transaction,
 * nor the very first: where there are rows and the cursor stands at 1, someone else made them.
 */
static bool
is_split(const struct sink_session *session, const struct sink_config *config,
	 struct sink_entries *entries, const struct sink_batch *batch,
	 const struct sink_cursor *after)
{
	return batch->record_count >= config->split_records && session->cursor.next_sequence > 1 &&
	       !ends_sums(session, config, after) && !ends_days(batch) &&
	       sink_entries_are_ready(entries);
}

/* Write the rows of all tables, those of entry as well or not. */
static enum tg_status
write_tables(struct sink_session *session, const struct sink_batch *batch, bool with_entries,
	     struct storage_error *error)
{
	enum tg_status status = TG_OK;

	for (int i = 0; status == TG_OK && i < SINK_TABLE_COUNT; i++) {
		if (batch->tables[i].count > 0 && (with_entries || i != SINK_TABLE_entry))
			status = sink_insert_run(&session->inserts[i], &batch->tables[i], error);
	}
	session->failure = database_failure(session->database);
	return status;
}

/* The same, the entries at the same time by their own connection, and committed. */
static enum tg_status
write_split(struct sink_session *session, struct sink_entries *entries,
	    const struct sink_batch *batch, const struct sink_cursor *after,
	    struct storage_error *error)
{
	enum tg_status status;

	sink_entries_begin(entries, &batch->tables[SINK_TABLE_entry],
			   session->cursor.next_sequence, after->next_sequence);
	status = write_tables(session, batch, false, error);
	if (status != TG_OK) {
		sink_entries_drop(entries);
		return status;
	}
	status = sink_entries_commit(entries, error);
	if (status != TG_OK)
		session->failure = database_failure(entries->database);
	return status;
}

enum tg_status
sink_session_write(struct sink_session *session, const struct sink_config *config,
		   struct sink_entries *entries, const struct sink_batch *batch,
		   const struct sink_cursor *after, struct storage_error *error)
{
	const bool splits = is_split(session, config, entries, batch, after);
	enum tg_status status = database_run(session->database, "START TRANSACTION", NULL, error);

	TG_ASSERT(after->next_sequence > session->cursor.next_sequence);
	session->failure = DATABASE_FAILURE_NONE;
	if (status == TG_OK)
		status = sink_cursor_lock(session->database, config->shard, &session->cursor,
					  error);
	if (status == TG_OK)
		status = splits ? write_split(session, entries, batch, after, error)
				: write_tables(session, batch, true, error);
	if (status == TG_OK)
		status = settle(session, config, batch, after, error);
	if (status == TG_OK)
		status = sink_cursor_move(session->database, config->shard, &session->cursor,
					  after, error);
	if (status == TG_OK)
		status = database_run(session->database, "COMMIT", NULL, error);
	if (status == TG_OK)
		session->cursor = *after;
	return status;
}
