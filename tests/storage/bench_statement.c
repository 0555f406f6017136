/*
 * bench_statement.c - how long MariaDB takes to close cycles over many entries.
 *
 * `bench_statement [entries] [partners] [pooled|traced]`: fills a server of its own with a day of
 * earns and burns by SQL, then makes what the sink makes when the partners' cycles are closed: once
 * with the day summed as its records came, as the sink does, and once all of it at the end, as
 * when cycles are set up later.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/calendar.h"
#include "ledger/record.h"
#include "storage/migrate.h"
#include "storage/sink_clearing.h"
#include "tests/mariadb.h"

#define SQL_BYTES_MAX 1024
#define ENTRIES_DEFAULT 10000000
#define PARTNERS_DEFAULT 100
#define MEMBERS 1000000

static void
must(enum tg_status status, const struct storage_error *error)
{
	if (status == TG_OK)
		return;
	fprintf(stderr, "bench_statement: %s\n", error->text);
	exit(1);
}

static void __attribute__((format(printf, 2, 3)))
run(struct database *database, const char *format, ...)
{
	struct storage_error error = { 0 };
	char sql[SQL_BYTES_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(sql, sizeof sql, format, arguments);
	va_end(arguments);
	must(database_run(database, sql, NULL, &error), &error);
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/*
 * Four earns of 10 to 59 points by members far apart, then the first of them burns 10 at the next
 * partner.
 */
static void
fill(struct database *database, uint64_t entries, uint32_t partners)
{
	for (uint64_t first = 1; first <= entries; first += 500000) {
		const uint64_t last = first + 499999 < entries ? first + 499999 : entries;

		run(database,
		    "INSERT INTO entry (business_date, sequence, line, kind, status, flags,"
		    " booked_at, partner, member, posting_count, move_count, line_count,"
		    " component_count)"
		    " SELECT '2026-11-20', seq, 0, IF(seq %% 5 = 0, %d, %d), 0, '',"
		    " '2026-11-20 12:00:00', 1 + (seq %% %" PRIu32 "),"
		    " 1 + (((seq - 1) DIV 5 * 7919 + (seq - 1) %% 5 %% 4 * 123457) %% %d),"
		    " 2, 0, 0, 0 FROM seq_%" PRIu64 "_to_%" PRIu64,
		    RECORD_BURN, RECORD_EARN, partners, MEMBERS, first, last);
		run(database,
		    "INSERT INTO posting SELECT '2026-11-20', seq, 1, IF(seq %% 5 = 0, %d, %d), 1,"
		    " 1 + (seq %% %" PRIu32 "),"
		    " IF(seq %% 5 = 0, 10, -10 - CAST(seq %% 50 AS SIGNED)), 0"
		    " FROM seq_%" PRIu64 "_to_%" PRIu64,
		    ACCOUNT_REDEEMED, ACCOUNT_ISSUED, partners, first, last);
		run(database,
		    "INSERT INTO posting SELECT '2026-11-20', seq, 2, %d, 1, 0,"
		    " IF(seq %% 5 = 0, -10, 10 + seq %% 50), 0 FROM seq_%" PRIu64 "_to_%" PRIu64,
		    ACCOUNT_AVAILABLE, first, last);
	}
}

/* The day goes on, nothing is summed yet, and every partner has a cycle. */
static void
open_day(struct database *database, uint32_t partners, bool is_traced)
{
	static const char *const tables[] = { "programme", "settlement_cycle", "business_day",
					      "closed_cycle", "clearing_day", "clearing",
					      "provenance", "statement", "statement_line" };

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		run(database, "TRUNCATE TABLE %s", tables[i]);
	/* Whatever else a programme has does not matter here. */
	run(database, "INSERT IGNORE INTO programme (version, flags) VALUES (1, '%s')",
	    is_traced ? "traced" : "");
	run(database,
	    "INSERT INTO settlement_cycle SELECT seq, 1, 'daily', 0, NULL, '', 0, 1, NULL,"
	    " '2026-11-20' FROM seq_1_to_%" PRIu32, partners);
}

/* What the sink does for records as they come.  Returns the longest time it took at once. */
static double
follow_day(struct database *database, uint64_t entries)
{
	const int32_t day = calendar_day((struct civil_date){ 2026, 11, 20 });
	struct storage_error error = { 0 };
	double longest = 0;

	for (uint64_t next = CLEARING_RECORDS_DEFAULT; next <= entries;
	     next += CLEARING_RECORDS_DEFAULT) {
		const double begun = seconds();

		run(database, "START TRANSACTION");
		must(sink_clearing_follow(database, CLEARING_RECORDS_DEFAULT, day, next, &error),
		     &error);
		run(database, "COMMIT");
		longest = seconds() - begun > longest ? seconds() - begun : longest;
	}
	return longest;
}

/* The day ends, and so do all cycles.  Returns how long it took. */
static double
close_cycles(struct database *database, uint64_t entries, uint32_t partners, bool is_traced)
{
	struct storage_error error = { 0 };
	const double begun = seconds();

	run(database, "START TRANSACTION");
	run(database, "INSERT INTO business_day VALUES ('2026-11-20', '2026-11-21', %" PRIu64
		      ", '2026-11-21 00:00:00')", entries + 1);
	run(database,
	    "INSERT INTO closed_cycle SELECT seq, 1, NULL, '2026-11-20', %" PRIu64
	    " + seq, '2026-11-21 00:00:00', %d, 1, 1, 1, 1, 0 FROM seq_1_to_%" PRIu32,
	    entries + 1, is_traced ? 1 : 0, partners);
	must(sink_clearing_run(database, CLEARING_RECORDS_DEFAULT, &error), &error);
	run(database, "COMMIT");
	return seconds() - begun;
}

static void
measure(struct database *database, uint64_t entries, uint32_t partners, bool is_traced)
{
	const char *model = is_traced ? "traced" : "pooled";
	const double begun = seconds();
	double longest;
	double followed;

	open_day(database, partners, is_traced);
	longest = follow_day(database, entries);
	followed = seconds() - begun;
	printf("%s: closed in %.1f s; before, summed as records came in %.1f s, "
	       "at most %.2f s at once\n", model,
	       close_cycles(database, entries, partners, is_traced), followed, longest);
	(void)fflush(stdout);
	open_day(database, partners, is_traced);
	printf("%s: closed in %.1f s with nothing summed before\n", model,
	       close_cycles(database, entries, partners, is_traced));
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	const uint64_t entries = argc > 1 ? strtoull(argv[1], NULL, 10) : ENTRIES_DEFAULT;
	const uint32_t partners = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) :
					     PARTNERS_DEFAULT;
	const char *model = argc > 3 ? argv[3] : "";
	static const char *const options[] = { "--innodb-buffer-pool-size=2G",
					       "--innodb-log-file-size=512M", NULL };
	const struct migration_list migrations = migrate_builtin();
	struct storage_error error = { 0 };
	struct mariadb *server;
	struct database *database;
	double begun;

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	server = mariadb_new(options);
	mariadb_reset(server);
	must(database_open(mariadb_config(server), &database, &error), &error);
	must(migrate_run(database, &migrations, false, NULL, &error), &error);
	begun = seconds();
	fill(database, entries, partners);
	printf("%" PRIu64 " entries of %d members, %" PRIu32 " partners: filled in %.1f s\n",
	       entries, MEMBERS, partners, seconds() - begun);
	(void)fflush(stdout);
	if (strcmp(model, "traced") != 0)
		measure(database, entries, partners, false);
	if (strcmp(model, "pooled") != 0)
		measure(database, entries, partners, true);
	database_close(database);
	mariadb_free(server);
	return 0;
}
