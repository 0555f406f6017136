/*
 * settle_database.c - a database in memory that does what the sink asks of MariaDB.
 */
#include "tests/sim/settle_database.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "storage/database.h"
#include "storage/database_check.h"
#include "storage/migrate.h"
#include "storage/sink_partition.h"
#include "tests/sim/sim.h"

#define HASH_DIGITS 32
#define FAULT_ONCE_IN 25 /* statements */

/* The row of the cursor. */
struct cursor_row {
	bool	 is_there;
	uint64_t epoch, next_sequence;
	char	 hash[HASH_DIGITS + 1], last_hash[HASH_DIGITS + 1];
};

/* Rows of a table; the last ones may not be committed yet. */
struct rows {
	uint8_t *rows; /* owned */
	uint64_t count, capacity;
};

struct settle_database {
	struct sim *sim;
	struct cursor_row cursor, staged_cursor;
	struct rows tables[SINK_TABLE_COUNT];
	struct rows staged[SINK_TABLE_COUNT]; /* of the open transaction */
	int64_t	 away_until_us;
};

/* A connection. */
struct database {
	struct settle_database *store;
	bool	 is_lost;
	enum database_failure failure;
};

struct database_bulk {
	struct database *database;
	enum sink_table_index table;
};

/* Whom new connections lead to: a process has one simulation. */
static struct settle_database *the_store;

struct settle_database *
settle_database_new(struct sim *sim)
{
	struct settle_database *store = calloc(1, sizeof(*store));

	TG_ASSERT(store != NULL);
	store->sim = sim;
	the_store = store;
	return store;
}

void
settle_database_free(struct settle_database *store)
{
	for (int i = 0; i < SINK_TABLE_COUNT; i++) {
		free(store->tables[i].rows);
		free(store->staged[i].rows);
	}
	free(store);
	the_store = NULL;
}

void
settle_database_leave(struct settle_database *store, int64_t until_us)
{
	store->away_until_us = until_us;
}

bool
settle_database_is_away(const struct settle_database *store)
{
	return store->away_until_us > store->sim->now_us;
}

/* ---- rows ---- */

static void
append_row(struct rows *rows, const struct sink_table *table, const void *row)
{
	if (rows->count == rows->capacity) {
		rows->capacity = 2 * rows->capacity + 64;
		rows->rows = realloc(rows->rows, rows->capacity * table->row_bytes);
		TG_ASSERT(rows->rows != NULL);
	}
	memcpy(rows->rows + rows->count++ * table->row_bytes, row, table->row_bytes);
}

static uint8_t *
row_at(const struct rows *rows, const struct sink_table *table, uint64_t index)
{
	return rows->rows + index * table->row_bytes;
}

static size_t
value_bytes(enum cell_type type)
{
	switch (type) {
#define CELL_CASE(name, c_type, wire, is_unsigned) \
	case CELL_##name: \
		return sizeof(c_type);
		CELL_PLAIN_LIST(CELL_CASE)
#undef CELL_CASE
	case CELL_id:
		return sizeof(struct cell_id);
	case CELL_text:
		return sizeof(struct cell_text);
	case CELL_TYPE_COUNT:
		break;
	}
	return 0;
}

static bool
has_sequence(const struct sink_table *table)
{
	for (uint32_t i = 0; i < table->column_count; i++) {
		if (strcmp(table->columns[i].name, "sequence") == 0)
			return true;
	}
	return false;
}

/* Is a column part of what makes a row one of its kind? */
static bool
is_key(const struct sink_table *table, uint32_t column)
{
	const char *name = table->columns[column].name;

	if (!sink_table_is_plain(table))
		return table->columns[column].role == SINK_KEY;
	/* Rows that are of no one record are different as a whole. */
	return !has_sequence(table) || strcmp(name, "sequence") == 0 || strcmp(name, "line") == 0;
}

static bool
has_same_key(const struct sink_table *table, const uint8_t *a, const uint8_t *b)
{
	for (uint32_t i = 0; i < table->column_count; i++) {
		if (is_key(table, i) &&
		    memcmp(a + table->cells[i].offset, b + table->cells[i].offset,
			   value_bytes(table->cells[i].type)) != 0)
			return false;
	}
	return true;
}

static uint8_t *
find_row(const struct rows *rows, const struct sink_table *table, const uint8_t *like)
{
	for (uint64_t i = rows->count; i > 0; i--) {
		if (has_same_key(table, row_at(rows, table, i - 1), like))
			return row_at(rows, table, i - 1);
	}
	return NULL;
}

/* A row comes where one is: replaced as a whole, but for an older one and for what is added. */
static void
merge_row(enum sink_table_index which, uint8_t *there, const uint8_t *row)
{
	const struct sink_table *table = &sink_tables[which];
	const struct sink_member_row *member = (const void *)row;
	struct sink_member_row *before = (void *)there;

	if (which == SINK_TABLE_member &&
	    member->last_sequence.value <= before->last_sequence.value)
		return;
	for (uint32_t i = 0; i < table->column_count; i++) {
		size_t at = table->cells[i].offset, bytes = value_bytes(table->cells[i].type);
		int64_t sum, more;

		if (table->columns[i].role == SINK_ADD && bytes == sizeof(sum)) {
			memcpy(&sum, there + at, sizeof(sum));
			memcpy(&more, row + at, sizeof(more));
			sum += more;
			memcpy(there + at, &sum, sizeof(sum));
		} else if (table->columns[i].role == SINK_SET)
			memcpy(there + at, row + at, bytes);
	}
}

/* What was staged is there for good. */
static void
commit(struct settle_database *store)
{
	store->cursor = store->staged_cursor;
	for (int which = 0; which < SINK_TABLE_COUNT; which++) {
		const struct sink_table *table = &sink_tables[which];
		struct rows *staged = &store->staged[which];

		for (uint64_t i = 0; i < staged->count; i++) {
			const uint8_t *row = row_at(staged, table, i);
			uint8_t *there = sink_table_is_plain(table)
						 ? NULL
						 : find_row(&store->tables[which], table, row);

			if (there != NULL)
				merge_row((enum sink_table_index)which, there, row);
			else
				append_row(&store->tables[which], table, row);
		}
		staged->count = 0;
	}
}

static void
roll_back(struct settle_database *store)
{
	store->staged_cursor = store->cursor;
	for (int which = 0; which < SINK_TABLE_COUNT; which++)
		store->staged[which].count = 0;
}

/* ---- trouble ---- */

static enum tg_status
fail(struct database *database, enum database_failure failure, const char *what,
     struct storage_error *error)
{
	database->failure = failure;
	database->is_lost |= failure == DATABASE_FAILURE_LOST;
	roll_back(database->store);
	return storage_fail(error,
			    failure == DATABASE_FAILURE_DUPLICATE ? TG_CORRUPT : TG_DATABASE,
			    "simulated: %s", what);
}

/* Before a statement: is it the one that something happens to? */
static bool
is_struck(struct database *database, const char *what, struct storage_error *error)
{
	struct sim *sim = database->store->sim;

	database->failure = DATABASE_FAILURE_NONE;
	if (database->is_lost || database->store->away_until_us > sim->now_us) {
		(void)fail(database, DATABASE_FAILURE_LOST, what, error);
		return true;
	}
	if (sim->is_calm || !chance_once_in(&sim->chance, FAULT_ONCE_IN))
		return false;
	sim->figures->database_faults++;
	(void)fail(database,
		   chance_once_in(&sim->chance, 2) ? DATABASE_FAILURE_LOST :
						     DATABASE_FAILURE_REFUSED,
		   what, error);
	return true;
}

/* After a statement: its answer may be lost. */
static enum tg_status
answer(struct database *database, const char *what, struct storage_error *error)
{
	struct sim *sim = database->store->sim;

	if (sim->is_calm || !chance_once_in(&sim->chance, FAULT_ONCE_IN))
		return TG_OK;
	sim->figures->database_faults++;
	return fail(database, DATABASE_FAILURE_LOST, what, error);
}

/* ---- in place of storage/database.c ---- */

enum tg_status __wrap_database_open(const struct database_config *config,
				    struct database **ret_database, struct storage_error *error);
void __wrap_database_close(struct database *database);
enum database_failure __wrap_database_failure(const struct database *database);
enum tg_status __wrap_database_run(struct database *database, const char *sql,
				   uint64_t *ret_affected, struct storage_error *error);
enum tg_status __wrap_database_query(struct database *database, const char *sql,
				     database_row_fn *on_row, void *context,
				     struct storage_error *error);
enum tg_status __wrap_database_bulk_prepare(struct database *database,
					    const struct bulk_statement *statement,
					    struct database_bulk **ret_bulk,
					    struct storage_error *error);
enum tg_status __wrap_database_bulk_run(struct database_bulk *bulk, void *rows, uint32_t row_count,
					uint64_t *ret_affected, struct storage_error *error);
void __wrap_database_bulk_free(struct database_bulk *bulk);
enum tg_status __wrap_database_check(struct database *database, const struct database_needs *needs,
				     struct storage_error *error);
enum tg_status __wrap_migrate_run(struct database *database, const struct migration_list *list,
				  bool is_dry, uint32_t *ret_applied, struct storage_error *error);
enum tg_status __wrap_sink_partition_ahead(struct database *database, int32_t day,
					   uint32_t months_ahead, struct storage_error *error);

enum tg_status
__wrap_database_open(const struct database_config *config, struct database **ret_database,
		     struct storage_error *error)
{
	struct database *database = calloc(1, sizeof(*database));

	(void)config;
	TG_ASSERT(database != NULL);
	database->store = the_store;
	if (is_struck(database, "connect", error)) {
		free(database);
		return TG_DATABASE;
	}
	*ret_database = database;
	return TG_OK;
}

void
__wrap_database_close(struct database *database)
{
	if (database != NULL)
		roll_back(database->store);
	free(database);
}

enum database_failure
__wrap_database_failure(const struct database *database)
{
	return database->failure;
}

/* The statement that moves the cursor.  False: it is another one. */
static bool
move_cursor(struct settle_database *store, const char *sql, uint64_t *affected)
{
	struct cursor_row after = { .is_there = true };
	const char *where = strstr(sql, "AND epoch = ");
	uint64_t next;

	if (sscanf(sql,
		   "UPDATE sink_cursor SET next_sequence = %" SCNu64
		   ", hash = X'%32[0-9a-f]', last_hash = X'%32[0-9a-f]'",
		   &after.next_sequence, after.hash, after.last_hash) != 3 ||
	    where == NULL ||
	    sscanf(where, "AND epoch = %" SCNu64 " AND next_sequence = %" SCNu64, &after.epoch,
		   &next) != 2)
		return false;
	*affected = store->staged_cursor.next_sequence == next &&
		    store->staged_cursor.epoch == after.epoch;
	if (*affected == 1)
		store->staged_cursor = after;
	return true;
}

enum tg_status
__wrap_database_run(struct database *database, const char *sql, uint64_t *ret_affected,
		    struct storage_error *error)
{
	struct settle_database *store = database->store;
	uint64_t affected = 1;

	if (is_struck(database, sql, error))
		return TG_DATABASE;
	if (strcmp(sql, "COMMIT") == 0) {
		commit(store);
	} else if (strcmp(sql, "START TRANSACTION") == 0) {
		roll_back(store);
	} else if (strncmp(sql, "INSERT INTO sink_cursor", 23) == 0) {
		store->staged_cursor = (struct cursor_row){ .is_there = true, .next_sequence = 1 };
		memset(store->staged_cursor.hash, '0', HASH_DIGITS);
		memset(store->staged_cursor.last_hash, '0', HASH_DIGITS);
	} else if (strncmp(sql, "INSERT INTO entry_ahead", 23) != 0 &&
		   sscanf(sql, "UPDATE sink_cursor SET epoch = %" SCNu64,
			  &store->staged_cursor.epoch) != 1 &&
		   !move_cursor(store, sql, &affected)) {
		sim_fail(store->sim, "the database does not know: %s", sql);
	}
	if (ret_affected != NULL)
		*ret_affected = affected;
	return answer(database, sql, error);
}

enum tg_status
__wrap_database_query(struct database *database, const char *sql, database_row_fn *on_row,
		      void *context, struct storage_error *error)
{
	const struct cursor_row *cursor = &database->store->staged_cursor;
	char epoch[24], next[24];
	struct database_cell cells[5];

	if (is_struck(database, sql, error))
		return TG_DATABASE;
	/* What is worked out of the tables is not simulated: there is nothing to work out. */
	if (strstr(sql, " FROM sink_cursor ") == NULL)
		return answer(database, sql, error);
	(void)snprintf(epoch, sizeof(epoch), "%" PRIu64, cursor->epoch);
	(void)snprintf(next, sizeof(next), "%" PRIu64, cursor->next_sequence);
	cells[0] = (struct database_cell){ epoch, strlen(epoch) };
	cells[1] = (struct database_cell){ next, strlen(next) };
	cells[2] = (struct database_cell){ cursor->hash, HASH_DIGITS };
	cells[3] = (struct database_cell){ cursor->last_hash, HASH_DIGITS };
	cells[4] = (struct database_cell){ "0", 1 };
	if (cursor->is_there)
		on_row(context, cells);
	return answer(database, sql, error);
}

enum tg_status
__wrap_database_bulk_prepare(struct database *database, const struct bulk_statement *statement,
			     struct database_bulk **ret_bulk, struct storage_error *error)
{
	struct database_bulk *bulk;
	char name[64] = "";
	int which = 0;

	if (is_struck(database, statement->sql, error))
		return TG_DATABASE;
	(void)sscanf(statement->sql, "INSERT INTO %63s", name);
	while (which < SINK_TABLE_COUNT && strcmp(sink_tables[which].name, name) != 0)
		which++;
	TG_ASSERT(which < SINK_TABLE_COUNT);
	bulk = calloc(1, sizeof(*bulk));
	TG_ASSERT(bulk != NULL);
	*bulk = (struct database_bulk){ database, (enum sink_table_index)which };
	*ret_bulk = bulk;
	return TG_OK;
}

enum tg_status
__wrap_database_bulk_run(struct database_bulk *bulk, void *rows, uint32_t row_count,
			 uint64_t *ret_affected, struct storage_error *error)
{
	struct settle_database *store = bulk->database->store;
	const struct sink_table *table = &sink_tables[bulk->table];

	if (is_struck(bulk->database, table->name, error))
		return TG_DATABASE;
	for (uint32_t i = 0; i < row_count; i++) {
		const uint8_t *row = (const uint8_t *)rows + i * table->row_bytes;

		if (sink_table_is_plain(table) &&
		    (find_row(&store->tables[bulk->table], table, row) != NULL ||
		     find_row(&store->staged[bulk->table], table, row) != NULL)) {
			sim_fail(store->sim, "a row of %s was written twice", table->name);
			return fail(bulk->database, DATABASE_FAILURE_DUPLICATE, table->name,
				    error);
		}
		append_row(&store->staged[bulk->table], table, row);
	}
	*ret_affected = row_count;
	return answer(bulk->database, table->name, error);
}

void
__wrap_database_bulk_free(struct database_bulk *bulk)
{
	free(bulk);
}

enum tg_status
__wrap_database_check(struct database *database, const struct database_needs *needs,
		      struct storage_error *error)
{
	(void)database, (void)needs, (void)error;
	return TG_OK;
}

enum tg_status
__wrap_migrate_run(struct database *database, const struct migration_list *list, bool is_dry,
		   uint32_t *ret_applied, struct storage_error *error)
{
	(void)database, (void)list, (void)is_dry, (void)ret_applied, (void)error;
	return TG_OK;
}

enum tg_status
__wrap_sink_partition_ahead(struct database *database, int32_t day, uint32_t months_ahead,
			    struct storage_error *error)
{
	(void)database, (void)day, (void)months_ahead, (void)error;
	return TG_OK;
}

/* ---- what was committed ---- */

uint64_t
settle_database_next_sequence(const struct settle_database *store)
{
	return store->cursor.is_there ? store->cursor.next_sequence : 1;
}

uint64_t
settle_database_rows(const struct settle_database *store, enum sink_table_index table)
{
	return store->tables[table].count;
}

const void *
settle_database_row(const struct settle_database *store, enum sink_table_index table, uint64_t nth)
{
	return row_at(&store->tables[table], &sink_tables[table], nth);
}

int64_t
settle_database_posted(const struct settle_database *store, uint8_t account, uint32_t partner)
{
	const struct rows *rows = &store->tables[SINK_TABLE_posting];
	int64_t sum = 0;

	for (uint64_t i = 0; i < rows->count; i++) {
		const struct sink_posting_row *row =
			(const void *)row_at(rows, &sink_tables[SINK_TABLE_posting], i);

		if (row->account.value == account && row->partner.value == partner)
			sum += row->points.value;
	}
	return sum;
}

const struct sink_member_row *
settle_database_member(const struct settle_database *store, uint64_t member)
{
	const struct rows *rows = &store->tables[SINK_TABLE_member];

	for (uint64_t i = 0; i < rows->count; i++) {
		const struct sink_member_row *row =
			(const void *)row_at(rows, &sink_tables[SINK_TABLE_member], i);

		if (row->member.value == member)
			return row;
	}
	return NULL;
}
