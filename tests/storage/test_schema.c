/*
 * test_schema.c - migrations, and that schema, sink and documentation agree.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "protocol/message.h"
#include "storage/database_check.h"
#include "storage/migrate.h"
#include "storage/schema_page.h"
#include "storage/sink_table.h"
#include "tests/mariadb.h"
#include "tests/packet_proxy.h"

#define KILLS 20

static struct database *
open_database(const struct database_config *config)
{
	struct storage_error error;
	struct database *database;

	if (database_open(config, &database, &error) != TG_OK)
		fail_msg("%s", error.text);
	return database;
}

static void
migrate(const struct mariadb *server)
{
	const struct migration_list list = migrate_builtin();
	struct database *database = open_database(mariadb_config(server));
	struct storage_error error;

	if (migrate_run(database, &list, false, NULL, &error) != TG_OK)
		fail_msg("%s", error.text);
	database_close(database);
}

static int
group_setup(void **state)
{
	*state = mariadb_new(NULL);
	return 0;
}

static int
group_teardown(void **state)
{
	mariadb_free(*state);
	return 0;
}

/* What: all migrations are applied to an empty database, and a second run applies none.
 * How:  counts, and the dry run before and after. */
static void
migrations_are_applied_once(void **state)
{
	const struct migration_list list = migrate_builtin();
	struct storage_error error;
	struct database *database;
	uint32_t applied;

	mariadb_reset(*state);
	database = open_database(mariadb_config(*state));
	assert_int_equal(migrate_run(database, &list, true, NULL, &error), TG_CONFIG);
	assert_non_null(strstr(error.text, "0001_tables.sql"));
	assert_int_equal(migrate_run(database, &list, false, &applied, &error), TG_OK);
	assert_int_equal(applied, list.count);
	assert_int_equal(migrate_run(database, &list, false, &applied, &error), TG_OK);
	assert_int_equal(applied, 0);
	assert_int_equal(migrate_run(database, &list, true, NULL, &error), TG_OK);
	database_close(database);
	assert_int_equal(mariadb_number(*state, "SELECT COUNT(*) FROM schema_migration"),
			 list.count);
	assert_true(mariadb_number(*state, "SELECT COUNT(*) FROM record_kind") > 20);
	assert_int_equal(mariadb_number(*state, "SELECT number FROM account"
						" WHERE name = 'REDEEMED'"), 6);
}

/* What: every statement of every migration may be run again, as after a server that died.
 * How:  each is run twice. */
static void
every_statement_may_run_again(void **state)
{
	const struct migration_list list = migrate_builtin();

	mariadb_reset(*state);
	for (uint32_t i = 0; i < list.count; i++) {
		const char *statement;
		size_t offset = 0;
		size_t bytes;

		while ((statement = migrate_next_statement(list.rows[i].text, &offset,
							   &bytes)) != NULL) {
			char *sql = strndup(statement, bytes);

			mariadb_run(*state, sql);
			mariadb_run(*state, sql);
			free(sql);
		}
	}
}

/* What: a file that was changed after it was applied is refused by its name.
 * How:  a list whose second file has one blank more. */
static void
changed_migration_is_refused(void **state)
{
	const struct migration_list list = migrate_builtin();
	struct migration changed[2] = { list.rows[0], list.rows[1] };
	const struct migration_list changed_list = { changed, 2 };
	char *text = malloc(strlen(list.rows[1].text) + 2);
	struct storage_error error;
	struct database *database;

	mariadb_reset(*state);
	migrate(*state);
	assert_non_null(text);
	(void)snprintf(text, strlen(list.rows[1].text) + 2, "%s ", list.rows[1].text);
	changed[1].text = text;
	database = open_database(mariadb_config(*state));
	assert_int_equal(migrate_run(database, &changed_list, false, NULL, &error), TG_CONFIG);
	assert_non_null(strstr(error.text, list.rows[1].name));
	database_close(database);
	free(text);
}

/* What: a schema newer than the program is refused by the name of what is newer.
 * How:  a program that knows the first migration only. */
static void
newer_schema_is_refused(void **state)
{
	const struct migration_list list = migrate_builtin();
	const struct migration_list older = { list.rows, 1 };
	struct storage_error error;
	struct database *database;

	mariadb_reset(*state);
	migrate(*state);
	database = open_database(mariadb_config(*state));
	assert_int_equal(migrate_run(database, &older, false, NULL, &error), TG_TOO_NEW);
	assert_non_null(strstr(error.text, list.rows[1].name));
	database_close(database);
}

/* What: a migration that was broken off at any place is finished by the next run.
 * How:  the connection is cut at the n-th packet, for every n until a run is whole. */
static void
interrupted_migration_is_finished(void **state)
{
	const struct migration_list list = migrate_builtin();
	struct database_config config = *mariadb_config(*state);
	struct packet_proxy *proxy;
	char path[108];
	bool was_cut = true;

	(void)snprintf(path, sizeof path, "%s/proxy", mariadb_folder(*state));
	proxy = packet_proxy_new(path, mariadb_socket(*state));
	config.socket_path = path;
	for (uint32_t n = 1; was_cut; n++) {
		struct storage_error error;
		struct database *database;

		mariadb_reset(*state);
		packet_proxy_cut_at(proxy, n, n % 2 == 0 ? CUT_REQUEST : CUT_ANSWER);
		if (database_open(&config, &database, &error) == TG_OK) {
			(void)!migrate_run(database, &list, false, NULL, &error);
			database_close(database);
		}
		was_cut = packet_proxy_has_cut(proxy);
		packet_proxy_cut_at(proxy, 0, CUT_REQUEST);
		migrate(*state);
		assert_int_equal(mariadb_number(*state, "SELECT COUNT(*) FROM schema_migration"),
				 list.count);
		assert_true(n < 1000);
	}
	packet_proxy_free(proxy);
}

/* A program that migrates, on a thread of its own. */
struct program {
	struct database_config config;
	pthread_t thread;
	enum tg_status status;		/* of its end */
	struct storage_error error;
};

static void *
run_program(void *context)
{
	const struct migration_list list = migrate_builtin();
	struct program *program = context;
	struct database *database;

	program->status = database_open(&program->config, &database, &program->error);
	if (program->status != TG_OK)
		return NULL;
	program->status = migrate_run(database, &list, false, NULL, &program->error);
	database_close(database);
	return NULL;
}

static void
start_program(struct program *program, const struct mariadb *server)
{
	program->config = *mariadb_config(server);
	assert_int_equal(pthread_create(&program->thread, NULL, run_program, program), 0);
}

/* What: a server killed in the middle of a migration, and started again, is migrated to the end.
 * How:  20 kills at random moments.  MariaDB leaves files of half-made tables behind. */
static void
killed_server_is_migrated(void **state)
{
	for (long i = 0; i < KILLS; i++) {
		const struct timespec pause = { .tv_nsec = i * 7 % KILLS * 10000000 };
		struct program program;

		mariadb_reset(*state);
		start_program(&program, *state);
		nanosleep(&pause, NULL);
		mariadb_kill(*state);
		assert_int_equal(pthread_join(program.thread, NULL), 0);
		mariadb_start(*state);
		migrate(*state);
		mariadb_run(*state, "INSERT INTO purchase_line VALUES"
				    " ('2026-11-22', 1, 1, '', 1, 1, 1)");
		assert_int_equal(mariadb_number(*state, "SELECT SUM(findings) FROM check_all"), 0);
	}
}

/* What: programs that migrate at once wait for one another, and all go on.
 * How:  three threads on an empty database. */
static void
programs_may_migrate_at_once(void **state)
{
	struct program programs[3];

	mariadb_reset(*state);
	for (int i = 0; i < 3; i++)
		start_program(&programs[i], *state);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(programs[i].thread, NULL), 0);
		if (programs[i].status != TG_OK)
			fail_msg("%s", programs[i].error.text);
	}
	assert_int_equal(mariadb_number(*state, "SELECT COUNT(*) FROM schema_migration"),
			 migrate_builtin().count);
}

/* The names of a table's columns, one after the other. */
struct names {
	char	 text[4096];
};

static void
on_name(void *context, const struct database_cell *cells)
{
	struct names *names = context;
	size_t length = strlen(names->text);

	(void)snprintf(names->text + length, sizeof names->text - length, "%s ", cells[0].text);
}

/* What: the sink writes every column of its tables, in their order.
 * How:  the sink's lists against information_schema. */
static void
sink_writes_every_column(void **state)
{
	struct database *database;

	mariadb_reset(*state);
	migrate(*state);
	database = open_database(mariadb_config(*state));
	for (int i = 0; i < SINK_TABLE_COUNT; i++) {
		const struct sink_table *table = &sink_tables[i];
		struct names found = { .text = "" };
		struct names written = { .text = "" };
		struct storage_error error;
		char sql[512];

		for (uint32_t j = 0; j < table->column_count; j++) {
			const struct database_cell cell = { .text = table->columns[j].name };

			on_name(&written, &cell);
		}
		(void)snprintf(sql, sizeof sql,
			       "SELECT column_name FROM information_schema.columns"
			       " WHERE table_schema = DATABASE() AND table_name = '%s'"
			       " ORDER BY ordinal_position", table->name);
		assert_int_equal(database_query(database, sql, on_name, &found, &error), TG_OK);
		assert_string_equal(found.text, written.text);
	}
	database_close(database);
}

/* What: a terminal's rights have the names and the order of the protocol's list.
 * How:  the column's SET against the list. */
static void
rights_are_those_of_the_protocol(void **state)
{
	static const char *const rights[] = {
#define RIGHT_NAME(name, word, bit, text) #word,
		TG_RIGHT_LIST(RIGHT_NAME)
#undef RIGHT_NAME
	};
	char sql[512];

	mariadb_reset(*state);
	migrate(*state);
	for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
		mariadb_run(*state, "DELETE FROM terminal");
		(void)snprintf(sql, sizeof sql,
			       "INSERT INTO terminal VALUES (1, 1, 1, NULL, '', '', 1, NULL, NULL,"
			       " %u)",
			       1u << i);
		mariadb_run(*state, sql);
		(void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM terminal WHERE rights = '%s'",
			       rights[i]);
		assert_int_equal(mariadb_number(*state, sql), 1);
	}
}

/* What: every table, view and column says what it means.
 * How:  comments counted in information_schema and view_comment. */
static void
everything_is_documented(void **state)
{
	mariadb_reset(*state);
	migrate(*state);
	assert_int_equal(mariadb_number(*state,
		"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
		" AND table_type = 'BASE TABLE' AND table_comment = ''"), 0);
	assert_int_equal(mariadb_number(*state,
		"SELECT COUNT(*) FROM information_schema.columns c"
		" JOIN information_schema.tables t USING (table_schema, table_name)"
		" WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'"
		" AND c.column_comment = ''"), 0);
	assert_int_equal(mariadb_number(*state,
		"SELECT COUNT(*) FROM information_schema.columns c"
		" JOIN information_schema.views v USING (table_schema, table_name)"
		" LEFT JOIN view_comment n ON n.view_name = c.table_name"
		" AND n.column_name = c.column_name"
		" WHERE c.table_schema = DATABASE() AND n.text IS NULL"), 0);
	assert_int_equal(mariadb_number(*state,
		"SELECT COUNT(*) FROM view_comment n LEFT JOIN information_schema.columns c"
		" ON c.table_schema = DATABASE() AND c.table_name = n.view_name"
		" AND (c.column_name = n.column_name OR n.column_name = '')"
		" WHERE c.table_name IS NULL"), 0);
	assert_int_equal(mariadb_number(*state,
		"SELECT COUNT(*) FROM information_schema.views v LEFT JOIN view_comment n"
		" ON n.view_name = v.table_name AND n.column_name = ''"
		" WHERE v.table_schema = DATABASE() AND n.text IS NULL"), 0);
}

/* What: storage/SCHEMA.md is what the schema says of itself.
 * How:  printed again and compared. */
static void
schema_page_is_up_to_date(void **state)
{
	const char *root = getenv("top_srcdir");
	struct storage_error error;
	struct database *database;
	char path[4096];
	char *printed = NULL;
	size_t printed_bytes = 0;
	char *kept = calloc(1, 1 << 20);
	FILE *file;

	mariadb_reset(*state);
	migrate(*state);
	(void)snprintf(path, sizeof path, "%s/storage/SCHEMA.md", root != NULL ? root : ".");
	file = fopen(path, "r");
	assert_true(file != NULL && kept != NULL);
	assert_true(fread(kept, 1, (1 << 20) - 1, file) > 0);
	(void)fclose(file);
	file = open_memstream(&printed, &printed_bytes);
	assert_non_null(file);
	database = open_database(mariadb_config(*state));
	assert_int_equal(schema_page_print(database, file, &error), TG_OK);
	database_close(database);
	(void)fclose(file);
	if (strcmp(printed, kept) != 0)
		fail_msg("%s differs; tally-schema document >storage/SCHEMA.md", path);
	free(printed);
	free(kept);
}

static enum tg_status
check(const struct mariadb *server, size_t packet_bytes, bool may_lose_commits,
      struct storage_error *error)
{
	static const char *const tables[] = { "entry", "sink_cursor" };
	const struct database_needs needs = { tables, 2, packet_bytes, may_lose_commits };
	struct database *database = open_database(mariadb_config(server));
	enum tg_status status = database_check(database, &needs, error);

	database_close(database);
	return status;
}

/* What: a server that is not fit is refused, and the text says what to change.
 * How:  an engine, commits that are not flushed, small packets, a missing table. */
static void
unfit_server_is_refused(void **state)
{
	struct storage_error error;

	mariadb_reset(*state);
	migrate(*state);
	assert_int_equal(check(*state, 1000, false, &error), TG_OK);
	assert_int_equal(check(*state, 100000000, false, &error), TG_CONFIG);
	assert_non_null(strstr(error.text, "max_allowed_packet"));
	mariadb_run(*state, "SET GLOBAL innodb_flush_log_at_trx_commit = 2");
	assert_int_equal(check(*state, 1000, false, &error), TG_CONFIG);
	assert_non_null(strstr(error.text, "innodb_flush_log_at_trx_commit"));
	assert_int_equal(check(*state, 1000, true, &error), TG_OK);
	mariadb_run(*state, "SET GLOBAL innodb_flush_log_at_trx_commit = 1");
	mariadb_run(*state, "ALTER TABLE sink_cursor ENGINE=MyISAM");
	assert_int_equal(check(*state, 1000, false, &error), TG_CONFIG);
	assert_non_null(strstr(error.text, "sink_cursor"));
	mariadb_run(*state, "DROP TABLE sink_cursor");
	assert_int_equal(check(*state, 1000, false, &error), TG_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migrations_are_applied_once),
		cmocka_unit_test(every_statement_may_run_again),
		cmocka_unit_test(changed_migration_is_refused),
		cmocka_unit_test(newer_schema_is_refused),
		cmocka_unit_test(interrupted_migration_is_finished),
		cmocka_unit_test(killed_server_is_migrated),
		cmocka_unit_test(programs_may_migrate_at_once),
		cmocka_unit_test(sink_writes_every_column),
		cmocka_unit_test(rights_are_those_of_the_protocol),
		cmocka_unit_test(everything_is_documented),
		cmocka_unit_test(schema_page_is_up_to_date),
		cmocka_unit_test(unfit_server_is_refused),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("schema", tests, group_setup, group_teardown);
}
