/*
 * database_check.c - is this server, as it is set, fit to hold the settlement?
 */
#include "storage/database_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocol/assert.h"

#define SQL_BYTES_MAX 4096

static const char settings_sql[] =
	"SELECT @@session.sql_mode, @@session.time_zone, @@session.tx_isolation,"
	" @@session.character_set_client, @@global.innodb_flush_log_at_trx_commit,"
	" @@session.max_allowed_packet";

struct settings {
	bool	 is_strict;
	bool	 is_utc;
	bool	 is_read_committed;
	bool	 is_utf8mb4;
	uint64_t flush_at_commit;
	uint64_t packet_bytes;
};

static void
on_settings(void *context, const struct database_cell *cells)
{
	struct settings *settings = context;

	settings->is_strict = strstr(cells[0].text, "STRICT_ALL_TABLES") != NULL;
	settings->is_utc = strcmp(cells[1].text, "+00:00") == 0;
	settings->is_read_committed = strcmp(cells[2].text, "READ-COMMITTED") == 0;
	settings->is_utf8mb4 = strcmp(cells[3].text, "utf8mb4") == 0;
	settings->flush_at_commit = database_cell_u64(&cells[4]);
	settings->packet_bytes = database_cell_u64(&cells[5]);
}

static enum tg_status
check_settings(struct database *database, const struct database_needs *needs,
	       struct storage_error *error)
{
	struct settings settings = { .is_strict = false };
	enum tg_status status = database_query(database, settings_sql, on_settings, &settings,
					       error);

	if (status != TG_OK)
		return status;
	if (!settings.is_strict || !settings.is_utc || !settings.is_read_committed ||
	    !settings.is_utf8mb4)
		return storage_fail(error, TG_CONFIG,
				    "MariaDB: the session is not strict, UTC, READ COMMITTED and "
				    "utf8mb4 although it was told to be");
	if (settings.flush_at_commit != 1 && !needs->may_lose_commits)
		return storage_fail(error, TG_CONFIG,
				    "MariaDB: innodb_flush_log_at_trx_commit is %" PRIu64
				    ", must be 1: commits would not outlive a power cut",
				    settings.flush_at_commit);
	if (settings.packet_bytes < 2 * needs->packet_bytes)
		return storage_fail(error, TG_CONFIG,
				    "MariaDB: max_allowed_packet is %" PRIu64 ", must be %zu",
				    settings.packet_bytes, 2 * needs->packet_bytes);
	return TG_OK;
}

/* What came of looking at the tables. */
struct tables_seen {
	size_t	 found;			/* rows that the query gave */
	char	 culprit[65];		/* the first table that is not as it must be; empty: none */
};

static void
on_engine(void *context, const struct database_cell *cells)
{
	struct tables_seen *seen = context;

	seen->found++;
	if (seen->culprit[0] == '\0' && strcmp(cells[1].text, "InnoDB") != 0)
		(void)snprintf(seen->culprit, sizeof seen->culprit, "%s", cells[0].text);
}

static void
on_foreign_text(void *context, const struct database_cell *cells)
{
	struct tables_seen *seen = context;

	seen->found++;
	(void)snprintf(seen->culprit, sizeof seen->culprit, "%s", cells[0].text);
}

/* Ask what about the tables, in their list. */
static enum tg_status
query_tables(struct database *database, const struct database_needs *needs, const char *what,
	     database_row_fn *on_row, struct tables_seen *seen, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	int length = snprintf(sql, sizeof sql, "%s AND table_name IN (''", what);

	for (size_t i = 0; i < needs->table_count; i++)
		length += snprintf(sql + length, sizeof sql - (size_t)length, ", '%s'",
				   needs->tables[i]);
	length += snprintf(sql + length, sizeof sql - (size_t)length, ")");
	TG_ASSERT((size_t)length < sizeof sql);
	return database_query(database, sql, on_row, seen, error);
}

/* Two queries: one that joins both catalogues reads each of them over and over. */
static enum tg_status
check_tables(struct database *database, const struct database_needs *needs,
	     struct storage_error *error)
{
	struct tables_seen engines = { .found = 0 };
	struct tables_seen texts = { .found = 0 };
	enum tg_status status = query_tables(
		database, needs,
		"SELECT table_name, COALESCE(engine, '') FROM information_schema.tables"
		" WHERE table_schema = DATABASE()",
		on_engine, &engines, error);

	if (status == TG_OK)
		status = query_tables(database, needs,
				      "SELECT table_name FROM information_schema.columns"
				      " WHERE table_schema = DATABASE()"
				      " AND character_set_name <> 'utf8mb4'",
				      on_foreign_text, &texts, error);
	if (status != TG_OK)
		return status;
	if (engines.culprit[0] != '\0')
		return storage_fail(error, TG_CONFIG, "MariaDB: table %s is not in InnoDB",
				    engines.culprit);
	if (texts.culprit[0] != '\0')
		return storage_fail(error, TG_CONFIG, "MariaDB: table %s has a text not in utf8mb4",
				    texts.culprit);
	if (engines.found != needs->table_count)
		return storage_fail(error, TG_CONFIG,
				    "MariaDB: %zu tables of %zu are there; migrate the schema",
				    engines.found, needs->table_count);
	return TG_OK;
}

enum tg_status
database_check(struct database *database, const struct database_needs *needs,
	       struct storage_error *error)
{
	enum tg_status status = check_settings(database, needs, error);

	return status == TG_OK ? check_tables(database, needs, error) : status;
}
