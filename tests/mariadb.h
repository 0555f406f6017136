/*
 * mariadb.h - a private MariaDB server for tests: a folder and a socket of its own.
 *
 * Small buffers, no network, no grants but root's.  The server dies with the test.  Start and kill
 * it from the thread that made it, which lives as long as the server.
 */
#ifndef TG_TESTS_MARIADB_H
#define TG_TESTS_MARIADB_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/database.h"

#define MARIADB_OPTIONS_MAX 8

struct mariadb;

/* NULL, or why there is no server on this machine. */
const char *mariadb_missing(void);

/*
 * Say in TAP that a whole program is skipped, because there is no server.  The exit code to end
 * main() with.
 */
int mariadb_skip_all(void);

/*
 * Make the folder, its system tables and the database "tallygate"; start the server.  options: more
 * arguments for it, NULL-terminated; NULL for none.  Aborts when that fails.
 */
struct mariadb *mariadb_new(const char *const *options);

/* Kill the server and remove the folder. */
void mariadb_free(struct mariadb *server);

/* Start it again after stop or kill; returns when it answers. */
void mariadb_start(struct mariadb *server);

/* Start it again, without waiting for it to answer. */
void mariadb_spawn(struct mariadb *server);

/* End it in order. */
void mariadb_stop(struct mariadb *server);

/* kill -9, and wait until it is gone. */
void mariadb_kill(struct mariadb *server);

/* Let it stand still, which it does at the return, and go on. */
void mariadb_freeze(struct mariadb *server);
void mariadb_thaw(struct mariadb *server);

/* How to reach it: root, database "tallygate".  Lives as long as the server. */
const struct database_config *mariadb_config(const struct mariadb *server);

/* Path of its folder, and of its socket. */
const char *mariadb_folder(const struct mariadb *server);
const char *mariadb_socket(const struct mariadb *server);

/* CPU seconds that the running server has used. */
double mariadb_cpu_seconds(const struct mariadb *server);

/* Run a statement on a connection of its own; aborts when that fails. */
void mariadb_run(const struct mariadb *server, const char *sql);

/* The first value of the first row of a query, as a number; aborts when that fails. */
int64_t mariadb_number(const struct mariadb *server, const char *sql);

/* Drop the database and make it anew, empty. */
void mariadb_reset(const struct mariadb *server);

#endif
