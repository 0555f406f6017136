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
		status = run_part(database, statement, bytes, error);
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

enum tg_status
migrate_run(struct database *database, const struct migration_list *list, bool is_dry,
	    uint32_t *ret_applied, struct storage_error *error)
{
	struct comparison *comparison = calloc(1, sizeof *comparison);
	uint32_t applied_count = 0;
	enum tg_status status;

	TG_ASSERT(list->count <= APPLIED_MAX);
	if (comparison == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for migrations");
	comparison->list = list;
	status = compare(database, comparison, error);
	for (uint32_t i = 0; status == TG_OK && i < list->count; i++) {
		const struct migration *migration = &list->rows[i];

		TG_ASSERT(migration->number == i + 1);
		if (comparison->is_applied[migration->number])
			continue;
		if (is_dry)
			status = storage_fail(error, TG_CONFIG,
					      "schema lacks migration %s; apply it first",
					      migration->name);
		else
			status = apply(database, migration, error);
		applied_count++;
	}
	free(comparison);
	if (status == TG_OK && !is_dry)
		status = vocabulary_fill(database, error);
	if (status == TG_OK && ret_applied != NULL)
		*ret_applied = applied_count;
	return status;
}
