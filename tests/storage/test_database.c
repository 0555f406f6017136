/*
 * test_database.c - the connection to MariaDB: what fails, how soon, and how it is told.
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

#include "storage/database.h"
#include "tests/mariadb.h"

static struct database *
open_database(const struct database_config *config)
{
	struct storage_error error;
	struct database *database;

	if (database_open(config, &database, &error) != TG_OK)
		fail_msg("%s", error.text);
	return database;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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

/* What: a server that is not there is an answer that can be tried again, with its reason.
 * How:  a socket that nobody listens on. */
static void
absent_server_is_told_at_once(void **state)
{
	struct database_config config = *mariadb_config(*state);
	struct storage_error error;
	struct database *database;

	config.socket_path = "/nonexistent/socket";
	assert_int_equal(database_open(&config, &database, &error), TG_DATABASE);
	assert_non_null(strstr(error.text, "/nonexistent/socket"));
}

/* Run sql, which must fail, and return why. */
static enum database_failure
failure_of(struct database *database, const char *sql, enum tg_status expected)
{
	struct storage_error error;

	assert_int_equal(database_run(database, sql, NULL, &error), expected);
	assert_int_equal(error.status, expected);
	return database_failure(database);
}

/* What: what the server refuses is sorted by what can help.
 * How:  a statement for each, on a table of one row. */
static void
failures_are_told_apart(void **state)
{
	struct database *database = open_database(mariadb_config(*state));

	mariadb_run(*state, "CREATE TABLE t (a TINYINT UNSIGNED NOT NULL PRIMARY KEY,"
			    " b VARCHAR(3) CHARACTER SET utf8mb4) ENGINE=InnoDB");
	mariadb_run(*state, "INSERT INTO t VALUES (1, 'x')");
	assert_int_equal(failure_of(database, "INSERT INTO t VALUES (1, 'y')", TG_CORRUPT),
			 DATABASE_FAILURE_DUPLICATE);
	assert_int_equal(failure_of(database, "INSERT INTO t VALUES (256, 'y')", TG_CORRUPT),
			 DATABASE_FAILURE_DATA);
	assert_int_equal(failure_of(database, "INSERT INTO t VALUES (2, 'long')", TG_CORRUPT),
			 DATABASE_FAILURE_DATA);
	assert_int_equal(failure_of(database, "INSERT INTO t VALUES (2, X'ff')", TG_CORRUPT),
			 DATABASE_FAILURE_DATA);
	assert_int_equal(failure_of(database, "INSERT INTO t VALUES (NULL, 'y')", TG_CORRUPT),
			 DATABASE_FAILURE_DATA);
	assert_int_equal(failure_of(database, "SELECT * FROM missing", TG_DATABASE),
			 DATABASE_FAILURE_SCHEMA);
	assert_int_equal(failure_of(database, "SELECT missing FROM t", TG_DATABASE),
			 DATABASE_FAILURE_SCHEMA);
	assert_int_equal(failure_of(database, "SIGNAL SQLSTATE '45000'", TG_DATABASE),
			 DATABASE_FAILURE_REFUSED);
	assert_int_equal(failure_of(database, "KILL CONNECTION_ID()", TG_DATABASE),
			 DATABASE_FAILURE_REFUSED);
	assert_int_equal(failure_of(database, "SELECT 1", TG_DATABASE), DATABASE_FAILURE_LOST);
	database_close(database);
}

/* What: a row that another transaction holds is refused, before the connection counts as lost.
 * How:  two connections and one row; a time-out of six seconds. */
static void
held_row_is_refused_in_time(void **state)
{
	struct database_config config = *mariadb_config(*state);
	struct database *holder = open_database(&config);
	struct database *waiter;
	struct storage_error error;

	mariadb_run(*state, "CREATE TABLE held (a INT PRIMARY KEY) ENGINE=InnoDB");
	mariadb_run(*state, "INSERT INTO held VALUES (1)");
	assert_int_equal(database_run(holder, "START TRANSACTION", NULL, &error), TG_OK);
	assert_int_equal(database_run(holder, "UPDATE held SET a = 2", NULL, &error), TG_OK);
	config.io_timeout_s = 6;
	waiter = open_database(&config);
	assert_int_equal(failure_of(waiter, "DELETE FROM held", TG_DATABASE),
			 DATABASE_FAILURE_REFUSED);
	database_close(waiter);
	database_close(holder);
}

/* What: a server cannot read the client's files.
 * How:  LOAD DATA LOCAL of a file that is there. */
static void
local_files_are_not_given(void **state)
{
	struct database *database = open_database(mariadb_config(*state));

	mariadb_run(*state, "CREATE TABLE loaded (a VARCHAR(200)) ENGINE=InnoDB");
	(void)failure_of(database, "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE loaded",
			 TG_DATABASE);
	database_close(database);
	assert_int_equal(mariadb_number(*state, "SELECT COUNT(*) FROM loaded"), 0);
}

static void *
cut_soon(void *context)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };

	nanosleep(&pause, NULL);
	database_cutter_cut(context);
	return NULL;
}

/* What: the cutter ends a call that waits for the server, and no later one is begun.
 * How:  SLEEP(30) and a thread that cuts. */
static void
cutter_ends_a_waiting_call(void **state)
{
	struct database_config config = *mariadb_config(*state);
	struct database_cutter cutter;
	struct storage_error error;
	struct database *database;
	pthread_t thread;
	int64_t begun_ms = now_ms();

	assert_int_equal(database_cutter_init(&cutter), TG_OK);
	config.cutter = &cutter;
	database = open_database(&config);
	assert_int_equal(pthread_create(&thread, NULL, cut_soon, &cutter), 0);
	assert_int_equal(failure_of(database, "SELECT SLEEP(30)", TG_DATABASE),
			 DATABASE_FAILURE_LOST);
	assert_int_equal(pthread_join(thread, NULL), 0);
	database_close(database);
	assert_true(now_ms() - begun_ms < 25000);
	assert_int_equal(database_open(&config, &database, &error), TG_CLOSED);
	database_cutter_deinit(&cutter);
}

/* What: a server that stands still is given up after the time-out, in a call and at connecting.
 * How:  SIGSTOP; time-outs of three seconds. */
static void
frozen_server_is_given_up(void **state)
{
	struct database_config config = *mariadb_config(*state);
	struct storage_error error;
	struct database *database;
	int64_t begun_ms;

	config.connect_timeout_s = 3;
	config.io_timeout_s = 3;
	database = open_database(&config);
	mariadb_freeze(*state);
	begun_ms = now_ms();
	assert_int_equal(failure_of(database, "SELECT 1", TG_DATABASE), DATABASE_FAILURE_LOST);
	database_close(database);
	assert_int_equal(database_open(&config, &database, &error), TG_DATABASE);
	assert_true(now_ms() - begun_ms < 60000);
	mariadb_thaw(*state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_server_is_told_at_once),
		cmocka_unit_test(failures_are_told_apart),
		cmocka_unit_test(held_row_is_refused_in_time),
		cmocka_unit_test(local_files_are_not_given),
		cmocka_unit_test(cutter_ends_a_waiting_call),
		cmocka_unit_test(frozen_server_is_given_up),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("database", tests, group_setup, group_teardown);
}
