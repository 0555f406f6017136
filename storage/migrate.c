/*
 * migrate.c - bring the schema in MariaDB up to what this program knows.
 *
 * Statements of a migration are run one by one: DDL commits by itself, so there is no transaction
 * to put them in, and the row in schema_migration comes last.
 */
#include "storage/migrate.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "protocol/assert.h"
#include "storage/vocabulary.h"

#define APPLIED_MAX 9999	/* numbers have four digits */
#define NAME_BYTES_MAX 65	/* of a migration's file name, with its final zero */

static const struct migration builtin[] = {
#include "storage/migrations.inc"
};

struct migration_list
migrate_builtin(void)
{
	return (struct migration_list){ builtin, sizeof builtin / sizeof builtin[0] };
}

void
migrate_checksum(const struct migration *migration, char *ret_text)
{
	XXH128_hash_t hash = XXH3_128bits(migration->text, strlen(migration->text));

	(void)snprintf(ret_text, MIGRATION_CHECKSUM_BYTES, "%016llx%016llx",
		       (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

/* Skip what is empty or comment, line by line. */
static size_t
skip_comments(const char *text, size_t offset)
{
	for (;;) {
		size_t begin = offset + strspn(text + offset, " \t\n");

		if (strncmp(text + begin, "--", 2) != 0)
			return begin;
		offset = begin + strcspn(text + begin, "\n");
	}
}

const char *
migrate_next_statement(const char *text, size_t *offset, size_t *ret_bytes)
{
	size_t begin = skip_comments(text, *offset);
	const char *end;

	if (text[begin] == '\0')
		return NULL;
	end = strstr(text + begin, ";\n");
	TG_ASSERT(end != NULL);
	*ret_bytes = (size_t)(end - (text + begin));
	*offset = begin + *ret_bytes + 2;
	return text + begin;
}

/* What schema_migration says of one number. */
struct applied {
	uint32_t number;
	char	 name[NAME_BYTES_MAX];
	char	 checksum[MIGRATION_CHECKSUM_BYTES];
};

/* Compares what was applied with the list, row by row. */
struct comparison {
	const struct migration_list *list;
	bool	 is_applied[APPLIED_MAX + 1];	/* by number */
	bool	 has_newer;
	bool	 has_changed;
	struct applied culprit;			/* the first that is newer or changed */
};

static void
on_applied_row(void *context, const struct database_cell *cells)
{
	struct comparison *comparison = context;
	struct applied applied = { .number = (uint32_t)database_cell_u64(&cells[0]) };
	char checksum[MIGRATION_CHECKSUM_BYTES];

	if (comparison->has_newer || comparison->has_changed)
		return;
	(void)snprintf(applied.name, sizeof applied.name, "%s", cells[1].text);
	(void)snprintf(applied.checksum, sizeof applied.checksum, "%s", cells[2].text);
	if (applied.number == 0 || applied.number > comparison->list->count) {
		comparison->has_newer = true;
		comparison->culprit = applied;
		return;
	}
	migrate_checksum(&comparison->list->rows[applied.number - 1], checksum);
	if (strcmp(checksum, applied.checksum) != 0) {
		comparison->has_changed = true;
		comparison->culprit = applied;
		return;
	}
	comparison->is_applied[applied.number] = true;
}

/* Read what was applied and refuse what does not fit. */
static enum tg_status
compare(struct database *database, struct comparison *comparison, struct storage_error *error)
{
	enum tg_status status = database_query(
		database,
		"SELECT number, name, LOWER(HEX(checksum)) FROM schema_migration ORDER BY number",
		on_applied_row, comparison, error);

	if (status == TG_DATABASE && database_failure(database) == DATABASE_FAILURE_SCHEMA)
		return TG_OK; /* no such table: nothing was applied */
	if (status != TG_OK)
		return status;
	if (comparison->has_newer)
		return storage_fail(error, TG_TOO_NEW,
				    "schema has migration %s, which this program does not know",
				    comparison->culprit.name);
	if (comparison->has_changed)
		return storage_fail(error, TG_CONFIG,
				    "migration %s was changed after it was applied",
				    comparison->culprit.name);
	return TG_OK;
}

/* Run one statement that is not terminated. */
static enum tg_status
run_part(struct database *database, const char *statement, size_t bytes,
	 struct storage_error *error)
{
	char *sql = strndup(statement, bytes);
	enum tg_status status;

	if (sql == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a migration");
	status = database_run(database, sql, NULL, error);
	free(sql);
	return status;
}

static void
on_count(void *context, const struct database_cell *cells)
{
	*(uint64_t *)context = database_cell_u64(&cells[0]);
}

/*
 * MariaDB does not make partitioned tables atomically: a server that dies meanwhile leaves the file
 * of partition p_rest behind, which belongs to no table but stands in the way of the next CREATE.
 * Drop it under its raw name, if statement makes a table and that table is not there.
 * ret_is_dropped: the statement is worth another try.
 */
static enum tg_status
drop_orphan(struct database *database, const char *statement, bool *ret_is_dropped,
	    struct storage_error *error)
{
	static const char create[] = "CREATE TABLE IF NOT EXISTS ";
	char table[NAME_BYTES_MAX];
	char sql[512];
	uint64_t found = 1;
	enum tg_status status;

	*ret_is_dropped = false;
	if (strncmp(statement, create, sizeof create - 1) != 0)
		return TG_OK;
	statement += sizeof create - 1;
	(void)snprintf(table, sizeof table, "%.*s", (int)strcspn(statement, " ("), statement);
	(void)snprintf(sql, sizeof sql,
		       "SELECT COUNT(*) FROM information_schema.tables"
		       " WHERE table_schema = DATABASE() AND table_name = '%s'", table);
	status = database_query(database, sql, on_count, &found, error);
	if (status != TG_OK || found != 0)
		return status;
	(void)snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS `#mysql50#%s#P#p_rest`", table);
	status = database_run(database, sql, NULL, error);
	*ret_is_dropped = status == TG_OK;
	return status;
}

/* Run one statement, over what a server that died may have left. */
static enum tg_status
run_statement(struct database *database, const char *statement, size_t bytes,
	      struct storage_error *error)
{
	struct storage_error orphan_error;
	bool is_dropped = false;
	enum tg_status status = run_part(database, statement, bytes, error);

	if (status == TG_OK || database_failure(database) != DATABASE_FAILURE_SCHEMA)
		return status;
	if (drop_orphan(database, statement, &is_dropped, &orphan_error) != TG_OK || !is_dropped)
		return status;
	return run_part(database, statement, bytes, error);
}

/*
 * One program at a time: dropping an orphan would harm a table that another is just making.  The
 * lock is the connection's and goes with it.  (On a Galera cluster it holds on one node only.)
 */
static enum tg_status
lock_schema(struct database *database, struct storage_error *error)
{
	uint64_t is_locked = 0;
	enum tg_status status = database_query(
		database, "SELECT GET_LOCK('tallygate.schema_migration', @@lock_wait_timeout)",
		on_count, &is_locked, error);

	if (status == TG_OK && is_locked == 0)
		return storage_fail(error, TG_DATABASE, "another program is migrating the schema");
	return status;
}

/* Run a migration's statements and note that it was applied. */
static enum tg_status
apply(struct database *database, const struct migration *migration, struct storage_error *error)
{
	char checksum[MIGRATION_CHECKSUM_BYTES];
	char sql[512];
	const char *statement;
	size_t offset = 0;
	size_t bytes;
	enum tg_status status;

	while ((statement = migrate_next_statement(migration->text, &offset, &bytes)) != NULL) {
		status = run_statement(database, statement, bytes, error);
		if (status != TG_OK)
			return status;
	}
	migrate_checksum(migration, checksum);
	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO schema_migration (number, name, checksum, program) "
		       "VALUES (%u, '%s', X'%s', '%s')",
		       migration->number, migration->name, checksum, PACKAGE_STRING);
	status = database_run(database, sql, NULL, error);
	/* Another program was faster: with the same file, or the next comparison refuses it. */
	if (status == TG_CORRUPT && database_failure(database) == DATABASE_FAILURE_DUPLICATE)
		status = TG_OK;
	return status;
}

/* Apply what the comparison says is missing. */
static enum tg_status
apply_missing(struct database *database, const struct comparison *comparison,
	      uint32_t *ret_applied, struct storage_error *error)
{
	const struct migration_list *list = comparison->list;
	enum tg_status status = TG_OK;

	*ret_applied = 0;
	for (uint32_t i = 0; status == TG_OK && i < list->count; i++) {
		TG_ASSERT(list->rows[i].number == i + 1);
		if (comparison->is_applied[i + 1])
			continue;
		status = apply(database, &list->rows[i], error);
		(*ret_applied)++;
	}
	return status;
}

/* The first migration that is missing; NULL: none. */
static const struct migration *
first_missing(const struct comparison *comparison)
{
	for (uint32_t i = 0; i < comparison->list->count; i++) {
		if (!comparison->is_applied[i + 1])
			return &comparison->list->rows[i];
	}
	return NULL;
}

/* Apply under the lock, by what is applied then: another program may have done it all. */
static enum tg_status
migrate_locked(struct database *database, const struct migration_list *list,
	       struct comparison *comparison, uint32_t *ret_applied, struct storage_error *error)
{
	enum tg_status status = lock_schema(database, error);

	if (status != TG_OK)
		return status;
	*comparison = (struct comparison){ .list = list };
	status = compare(database, comparison, error);
	if (status == TG_OK)
		status = apply_missing(database, comparison, ret_applied, error);
	if (status == TG_OK)
		status = database_run(database,
				      "DO RELEASE_LOCK('tallygate.schema_migration')",
				      NULL, error);
	return status;
}

enum tg_status
migrate_run(struct database *database, const struct migration_list *list, bool is_dry,
	    uint32_t *ret_applied, struct storage_error *error)
{
	struct comparison *comparison = calloc(1, sizeof *comparison);
	const struct migration *missing;
	uint32_t applied_count = 0;
	enum tg_status status;

	TG_ASSERT(list->count <= APPLIED_MAX);
	if (comparison == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for migrations");
	comparison->list = list;
	status = compare(database, comparison, error);
	missing = first_missing(comparison);
	if (status == TG_OK && missing != NULL && is_dry)
		status = storage_fail(error, TG_CONFIG, "schema lacks migration %s; apply it first",
				      missing->name);
	else if (status == TG_OK && missing != NULL)
		status = migrate_locked(database, list, comparison, &applied_count, error);
	free(comparison);
	if (status == TG_OK && !is_dry)
		status = vocabulary_fill(database, error);
	if (status == TG_OK && ret_applied != NULL)
		*ret_applied = applied_count;
	return status;
}
