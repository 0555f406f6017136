/*
 * bench_sink.c - how many records and rows a second the sink writes, and what each costs.
 *
 * bench_sink [records [batch [members [split [option...]]]]] prints one line.  Batches of at least
 * split records go by two connections.  The server is a private one with a buffer pool that holds
 * what is written, and the options; commits are flushed.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "tests/storage/sink_fixture.h"

static uint32_t
argument(int count, char **values, int index, uint32_t fallback)
{
	return index < count ? (uint32_t)strtoul(values[index], NULL, 10) : fallback;
}

static double
seconds_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A counter of the server. */
static double
server_status(struct mariadb *server, const char *name)
{
	char sql[160];

	(void)snprintf(sql, sizeof sql,
		       "SELECT variable_value FROM information_schema.global_status"
		       " WHERE variable_name = '%s'",
		       name);
	return (double)mariadb_number(server, sql);
}

int
main(int argument_count, char **arguments)
{
	const char *options[MARIADB_OPTIONS_MAX + 1] = { "--innodb-buffer-pool-size=2G",
							 "--innodb-log-file-size=512M" };
	const uint32_t records = argument(argument_count, arguments, 1, 300000);
	struct mariadb *server;
	struct sink_fixture *f;
	void *state;
	double begun, own_begun, server_begun, seconds, own_seconds, server_seconds, redo_bytes;
	int64_t rows;

	for (int i = 5; i < argument_count && i - 3 < MARIADB_OPTIONS_MAX; i++)
		options[i - 3] = arguments[i];
	server = mariadb_new(options);
	state = server;
	(void)sink_fixture_setup(&state);
	f = state;
	f->config.batch_records = argument(argument_count, arguments, 2, SINK_BATCH_RECORDS_MAX);
	f->maker.members = argument(argument_count, arguments, 3, 100000);
	f->config.split_records = argument(argument_count, arguments, 4, 1000);
	f->maker.records_per_day = 0;
	record_maker_make(&f->maker, RECORD_CUTOVER, f->record);
	sink_fixture_add_record(f, f->record);
	sink_fixture_start(f);
	sink_fixture_await_all(f);
	sink_fixture_stop(f);
	sink_fixture_add_earns(f, records);
	redo_bytes = server_status(server, "Innodb_os_log_written");
	begun = seconds_now(CLOCK_MONOTONIC);
	own_begun = seconds_now(CLOCK_PROCESS_CPUTIME_ID);
	server_begun = mariadb_cpu_seconds(server);
	sink_fixture_start(f);
	sink_fixture_await_all(f);
	seconds = seconds_now(CLOCK_MONOTONIC) - begun;
	own_seconds = seconds_now(CLOCK_PROCESS_CPUTIME_ID) - own_begun;
	server_seconds = mariadb_cpu_seconds(server) - server_begun;
	sink_fixture_stop(f);
	redo_bytes = server_status(server, "Innodb_os_log_written") - redo_bytes;
	rows = mariadb_number(server, "SELECT (SELECT COUNT(*) FROM entry)"
				      " + (SELECT COUNT(*) FROM posting)") + records;
	printf("records=%" PRIu32 " batch=%" PRIu32 " members=%" PRIu32 " split=%" PRIu32
	       " seconds=%.2f "
	       "records_per_s=%.0f rows_per_s=%.0f own_cpu_s=%.2f "
	       "server_cpu_s=%.2f redo_bytes_each=%.0f file_bytes_each=%.0f\n",
	       records, f->config.batch_records, f->maker.members, f->config.split_records,
	       seconds, records / seconds,
	       (double)rows / seconds, own_seconds, server_seconds, redo_bytes / records,
	       (double)mariadb_number(server, "SELECT SUM(file_size) FROM"
					      " information_schema.innodb_sys_tablespaces"
					      " WHERE name LIKE 'tallygate/%'") / records);
	(void)sink_fixture_teardown(&state);
	mariadb_free(server);
	return 0;
}
