/*
 * sink_cursor.c - how far MariaDB is: one row, changed in the transaction that writes the records.
 */
#include "storage/sink_cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/civil.h"

#define SQL_BYTES_MAX 768
#define HASH_DIGITS 32
#define DATE_BYTES 16

XXH128_hash_t
sink_cursor_chain(XXH128_hash_t before, const uint8_t *bytes, size_t bytes_count)
{
	XXH128_canonical_t link[2];

	XXH128_canonicalFromHash(&link[0], before);
	XXH128_canonicalFromHash(&link[1], XXH3_128bits(bytes, bytes_count));
	return XXH3_128bits(link, sizeof link);
}

/* The hash in a cell of 32 hexadecimal digits. */
static XXH128_hash_t
cell_hash(const struct database_cell *cell)
{
	XXH128_hash_t hash = { 0, 0 };
	char digits[HASH_DIGITS + 1] = "";

	if (cell->text == NULL || cell->bytes != HASH_DIGITS)
		return hash;
	memcpy(digits, cell->text, HASH_DIGITS);
	hash.low64 = strtoull(digits + HASH_DIGITS / 2, NULL, 16);
	digits[HASH_DIGITS / 2] = '\0';
	hash.high64 = strtoull(digits, NULL, 16);
	return hash;
}

static void
on_cursor(void *context, const struct database_cell *cells)
{
	struct sink_cursor *cursor = context;

	cursor->is_there = true;
	cursor->epoch = database_cell_u64(&cells[0]);
	cursor->next_sequence = database_cell_u64(&cells[1]);
	cursor->hash = cell_hash(&cells[2]);
	cursor->last_hash = cell_hash(&cells[3]);
	cursor->booked_at_utc_ms = database_cell_i64(&cells[4]);
}

/* Read the row; lock: "" or " FOR UPDATE". */
static enum tg_status
select_cursor(struct database *database, uint16_t shard, const char *lock,
	      struct sink_cursor *ret_cursor, struct storage_error *error)
{
	struct sink_cursor cursor = { .next_sequence = 1 };
	char sql[SQL_BYTES_MAX];
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "SELECT epoch, next_sequence, HEX(hash), HEX(last_hash),"
		       " TIMESTAMPDIFF(MICROSECOND, '1970-01-01', booked_at) DIV 1000"
		       " FROM sink_cursor WHERE shard = %u%s",
		       shard, lock);
	status = database_query(database, sql, on_cursor, &cursor, error);
	if (status == TG_OK)
		*ret_cursor = cursor;
	return status;
}

enum tg_status
sink_cursor_read(struct database *database, uint16_t shard, struct sink_cursor *ret_cursor,
		 struct storage_error *error)
{
	enum tg_status status = select_cursor(database, shard, "", ret_cursor, error);

	if (status == TG_DATABASE && database_failure(database) == DATABASE_FAILURE_SCHEMA) {
		*ret_cursor = (struct sink_cursor){ .next_sequence = 1 };
		return TG_OK;
	}
	return status;
}

/* Refuse a row that a writer with a higher epoch has taken. */
static enum tg_status
fenced(uint64_t found, uint64_t ours, struct storage_error *error)
{
	return storage_fail(error, TG_FENCED,
			    "MariaDB belongs to epoch %" PRIu64 ", ours is %" PRIu64
			    ": another gateway writes there",
			    found, ours);
}

/* Entries that were committed before the rest of their batch. */
struct ahead {
	uint64_t first_sequence;	/* equals the cursor: the rest never was */
	uint64_t next_sequence;
	char	 date[DATE_BYTES];	/* of the record before them, or an earlier one */
};

static void
on_ahead(void *context, const struct database_cell *cells)
{
	struct ahead *ahead = context;

	ahead->first_sequence = database_cell_u64(&cells[0]);
	ahead->next_sequence = database_cell_u64(&cells[1]);
	(void)snprintf(ahead->date, sizeof ahead->date, "%s", cells[2].text);
}

/*
 * Take away entries beyond the cursor, and claim the row for the epoch.  The row's lock waits for
 * one who still writes entries; afterwards he finds that the row is not his.
 */
static enum tg_status
take_entries(struct database *database, uint16_t shard, uint64_t epoch,
	     const struct sink_cursor *cursor, struct storage_error *error)
{
	struct ahead ahead = { .first_sequence = 0 };
	char sql[SQL_BYTES_MAX];
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "SELECT a.first_sequence, a.next_sequence,"
		       " COALESCE(c.business_date, '1000-01-01') FROM entry_ahead a"
		       " JOIN sink_cursor c ON c.shard = a.shard WHERE a.shard = %u FOR UPDATE",
		       shard);
	status = database_query(database, sql, on_ahead, &ahead, error);
	if (status == TG_OK && cursor->is_there && ahead.first_sequence == cursor->next_sequence) {
		/* Two ranges of the key: what is later in the same day, and later days. */
		(void)snprintf(sql, sizeof sql,
			       "DELETE FROM entry WHERE sequence < %" PRIu64
			       " AND ((business_date = '%s' AND sequence >= %" PRIu64 ")"
			       " OR (business_date > '%s' AND sequence >= %" PRIu64 "))",
			       ahead.next_sequence, ahead.date, ahead.first_sequence, ahead.date,
			       ahead.first_sequence);
		status = database_run(database, sql, NULL, error);
	}
	if (status != TG_OK)
		return status;
	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO entry_ahead (shard, epoch, first_sequence, next_sequence)"
		       " VALUES (%u, %" PRIu64 ", 0, 0) ON DUPLICATE KEY UPDATE"
		       " epoch = VALUES(epoch), first_sequence = 0, next_sequence = 0",
		       shard, epoch);
	return database_run(database, sql, NULL, error);
}

/* Within a transaction that holds the row, or none if there is none. */
static enum tg_status
take_locked(struct database *database, uint16_t shard, uint64_t epoch,
	    const struct sink_cursor *cursor, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	if (cursor->is_there && cursor->epoch > epoch)
		return fenced(cursor->epoch, epoch, error);
	if (!cursor->is_there)
		(void)snprintf(sql, sizeof sql,
			       "INSERT INTO sink_cursor (shard, epoch, next_sequence, hash,"
			       " last_hash) VALUES (%u, %" PRIu64 ", 1, REPEAT(X'00', 16),"
			       " REPEAT(X'00', 16))",
			       shard, epoch);
	else
		(void)snprintf(sql, sizeof sql,
			       "UPDATE sink_cursor SET epoch = %" PRIu64 " WHERE shard = %u",
			       epoch, shard);
	return database_run(database, sql, NULL, error);
}

enum tg_status
sink_cursor_take(struct database *database, uint16_t shard, uint64_t epoch,
		 struct sink_cursor *ret_cursor, struct storage_error *error)
{
	struct sink_cursor cursor;
	enum tg_status status = database_run(database, "START TRANSACTION", NULL, error);

	if (status == TG_OK)
		status = select_cursor(database, shard, " FOR UPDATE", &cursor, error);
	if (status == TG_OK)
		status = take_locked(database, shard, epoch, &cursor, error);
	if (status == TG_OK)
		status = take_entries(database, shard, epoch, &cursor, error);
	if (status == TG_OK)
		status = database_run(database, "COMMIT", NULL, error);
	/* Two that make the row at once: the slower one comes again and finds it. */
	if (status == TG_CORRUPT)
		status = TG_DATABASE;
	if (status != TG_OK)
		return status;
	cursor.is_there = true;
	cursor.epoch = epoch;
	*ret_cursor = cursor;
	return TG_OK;
}

enum tg_status
sink_cursor_lock(struct database *database, uint16_t shard, const struct sink_cursor *expected,
		 struct storage_error *error)
{
	struct sink_cursor found;
	enum tg_status status = select_cursor(database, shard, " FOR UPDATE", &found, error);

	if (status != TG_OK)
		return status;
	if (found.epoch != expected->epoch)
		return fenced(found.epoch, expected->epoch, error);
	if (!found.is_there || found.next_sequence != expected->next_sequence)
		return storage_fail(error, TG_FENCED,
				    "MariaDB's cursor is at %" PRIu64 ", was left at %" PRIu64
				    ": another writer moved it",
				    found.next_sequence, expected->next_sequence);
	return TG_OK;
}

enum tg_status
sink_cursor_move(struct database *database, uint16_t shard, const struct sink_cursor *before,
		 const struct sink_cursor *after, struct storage_error *error)
{
	struct civil_date date;
	char date_text[40] = "NULL";
	char sql[SQL_BYTES_MAX];
	uint64_t affected = 0;
	enum tg_status status;

	if (civil_from_day(after->business_date, &date))
		(void)snprintf(date_text, sizeof date_text, "'%d-%d-%d'", date.year, date.month,
			       date.day);
	(void)snprintf(sql, sizeof sql,
		       "UPDATE sink_cursor SET next_sequence = %" PRIu64
		       ", hash = X'%016" PRIx64 "%016" PRIx64 "', last_hash = X'%016" PRIx64
		       "%016" PRIx64 "', booked_at = TIMESTAMPADD(MICROSECOND, %" PRId64
		       ", '1970-01-01'), business_date = %s WHERE shard = %u AND epoch = %" PRIu64
		       " AND next_sequence = %" PRIu64,
		       after->next_sequence, after->hash.high64, after->hash.low64,
		       after->last_hash.high64, after->last_hash.low64,
		       after->booked_at_utc_ms * 1000, date_text, shard, before->epoch,
		       before->next_sequence);
	status = database_run(database, sql, &affected, error);
	if (status == TG_OK && affected != 1)
		return storage_fail(error, TG_FENCED,
				    "MariaDB's cursor left %" PRIu64 " under our lock",
				    before->next_sequence);
	return status;
}
