/*
 * restore_database.c - what MariaDB has of records that the journal has lost, and setting it aside.
 */
#include "storage/restore_database.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "storage/sink_cursor.h"
#include "storage/sink_table.h"

#define SQL_BYTES_MAX 1024
#define PAGE_SEQUENCES 10000 /* asked for at once: an answer is held in memory */

/* Rows on their way to a caller who may end it. */
struct entries {
	lost_entry_fn *each;
	void *context;
	struct storage_error *error;
	enum tg_status status;
};

static void
on_entry(void *context, const struct database_cell *cells)
{
	struct entries *entries = context;
	const struct lost_entry entry = { .sequence = database_cell_u64(&cells[0]),
					  .kind = cells[1].text,
					  .status = cells[2].text,
					  .booked_at = cells[3].text,
					  .partner = cells[4].text,
					  .terminal = cells[5].text,
					  .transaction_id = cells[6].text,
					  .member = cells[7].text,
					  .amount = cells[8].text,
					  .points = cells[9].text };

	if (entries->status == TG_OK)
		entries->status = entries->each(entries->context, &entry, entries->error);
}

enum tg_status
restore_database_entries(struct database *database, uint64_t from, uint64_t to, lost_entry_fn *each,
			 void *context, struct storage_error *error)
{
	struct entries entries = { .each = each, .context = context, .error = error };

	while (from <= to && entries.status == TG_OK) {
		uint64_t last = to - from < PAGE_SEQUENCES ? to : from + PAGE_SEQUENCES - 1;
		char sql[SQL_BYTES_MAX];
		enum tg_status status;

		(void)snprintf(sql, sizeof sql,
			       "SELECT e.sequence, k.name, s.name, e.booked_at, e.partner,"
			       " e.terminal, LOWER(HEX(e.transaction_id)), e.member, e.amount,"
			       " e.points"
			       " FROM entry e LEFT JOIN record_kind k ON k.number = e.kind"
			       " LEFT JOIN record_status s ON s.number = e.status"
			       " WHERE e.line = 0 AND e.sequence BETWEEN %" PRIu64 " AND %" PRIu64
			       " ORDER BY e.sequence",
			       from, last);
		status = database_query(database, sql, on_entry, &entries, error);
		if (status != TG_OK)
			return status;
		from = last + 1;
	}
	return entries.status;
}

struct members {
	lost_points_fn *each;
	void *context;
	struct storage_error *error;
	enum tg_status status;
};

static void
on_member(void *context, const struct database_cell *cells)
{
	struct members *members = context;
	const struct lost_points points = { .member = database_cell_u64(&cells[0]),
					    .available = database_cell_i64(&cells[1]),
					    .pending = database_cell_i64(&cells[2]),
					    .held = database_cell_i64(&cells[3]),
					    .debt = database_cell_i64(&cells[4]),
					    .records = database_cell_u64(&cells[5]) };

	if (members->status == TG_OK)
		members->status = members->each(members->context, &points, members->error);
}

enum tg_status
restore_database_members(struct database *database, uint64_t from, uint64_t to,
			 lost_points_fn *each, void *context, struct storage_error *error)
{
	struct members members = { .each = each, .context = context, .error = error };
	char sql[SQL_BYTES_MAX];
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "SELECT e.member,"
		       " COALESCE(SUM(IF(o.account = %d, o.points, 0)), 0),"
		       " COALESCE(SUM(IF(o.account = %d, o.points, 0)), 0),"
		       " COALESCE(SUM(IF(o.account = %d, o.points, 0)), 0),"
		       " COALESCE(SUM(IF(o.account = %d, o.points, 0)), 0),"
		       " COUNT(DISTINCT e.sequence)"
		       " FROM entry e LEFT JOIN posting o ON o.business_date = e.business_date"
		       " AND o.sequence = e.sequence WHERE e.line = 0"
		       " AND e.sequence BETWEEN %" PRIu64 " AND %" PRIu64
		       " AND e.member IS NOT NULL GROUP BY e.member ORDER BY e.member",
		       ACCOUNT_AVAILABLE, ACCOUNT_PENDING, ACCOUNT_HELD, ACCOUNT_DEBT, from, to);
	status = database_query(database, sql, on_member, &members, error);
	return status == TG_OK ? members.status : status;
}

static void
on_count(void *context, const struct database_cell *cells)
{
	*(uint64_t *)context = database_cell_u64(&cells[0]);
}

enum tg_status
restore_database_has(struct database *database, const struct record *record, bool *ret_is,
		     struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	uint64_t count = 0;
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "SELECT COUNT(*) FROM entry WHERE line = 0 AND sequence = %" PRIu64
		       " AND kind = %u AND booked_at = TIMESTAMPADD(MICROSECOND, %" PRId64
		       ", '1970-01-01')",
		       record->sequence, record->kind, record->booked_at_utc_ms * 1000);
	status = database_query(database, sql, on_count, &count, error);
	if (status == TG_OK)
		*ret_is = count == 1;
	return status;
}

/* The column of a table by which its rows are of a record; NULL: they are of many. */
static const char *
sequence_column(const struct sink_table *table)
{
	for (uint32_t i = 0; i < table->column_count; i++) {
		const char *name = table->columns[i].name;

		if (strcmp(name, "sequence") == 0 || strcmp(name, "last_sequence") == 0)
			return name;
	}
	return NULL;
}

/* What is done to every table. */
enum aside_step { ASIDE_CREATE, ASIDE_COPY, ASIDE_EMPTY };

static enum tg_status
run_step(struct database *database, enum aside_step step, const struct sink_table *table,
	 uint64_t sequence, struct storage_error *error)
{
	const char *column = sequence_column(table);
	char sql[SQL_BYTES_MAX];

	if (column == NULL && step != ASIDE_EMPTY)
		return TG_OK;
	if (step == ASIDE_CREATE)
		(void)snprintf(sql, sizeof sql, "CREATE TABLE IF NOT EXISTS lost_%s LIKE %s",
			       table->name, table->name);
	else if (step == ASIDE_COPY)
		(void)snprintf(sql, sizeof sql,
			       "REPLACE INTO lost_%s SELECT * FROM %s WHERE %s > %" PRIu64,
			       table->name, table->name, column, sequence);
	else
		(void)snprintf(sql, sizeof sql, "TRUNCATE TABLE %s", table->name);
	return database_run(database, sql, NULL, error);
}

static enum tg_status
run_steps(struct database *database, enum aside_step step, uint64_t sequence,
	  struct storage_error *error)
{
	enum tg_status status = TG_OK;

	for (int i = 0; i < SINK_TABLE_COUNT && status == TG_OK; i++)
		status = run_step(database, step, &sink_tables[i], sequence, error);
	return status;
}

/* Copy the rows and remove the cursor, at once. */
static enum tg_status
copy_rows(struct database *database, uint16_t shard, uint64_t sequence, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	enum tg_status status = run_steps(database, ASIDE_CREATE, sequence, error);

	(void)snprintf(sql, sizeof sql, "DELETE FROM sink_cursor WHERE shard = %u", shard);
	if (status == TG_OK)
		status = database_run(database, "START TRANSACTION", NULL, error);
	if (status == TG_OK)
		status = run_steps(database, ASIDE_COPY, sequence, error);
	if (status == TG_OK)
		status = database_run(database, sql, NULL, error);
	if (status == TG_OK)
		status = database_run(database, "COMMIT", NULL, error);
	return status;
}

enum tg_status
restore_database_set_aside(struct database *database, uint16_t shard, uint64_t sequence,
			   struct storage_error *error)
{
	struct sink_cursor cursor;
	enum tg_status status = sink_cursor_read(database, shard, &cursor, error);

	if (status == TG_OK && cursor.is_there)
		status = copy_rows(database, shard, sequence, error);
	if (status == TG_OK)
		status = run_steps(database, ASIDE_EMPTY, sequence, error);
	return status;
}
