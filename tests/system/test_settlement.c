/*
 * test_settlement.c - tills, tallygated and MariaDB as they are: whatever MariaDB goes through, its
 * rows equal the journal in the end.
 *
 * tally-load plays the tills and keeps a log of what it was told.  In the end it finds every
 * account as its log says, and the journal is read from its files and compared with MariaDB row by
 * row, column by column.
 *
 * test_settlement [CASE]: a pattern of names, as of files.
 * TG_KILLS in the environment: how often MariaDB is killed; TG_AWAY: how many requests it misses;
 * TG_SEED: the draws of an earlier run.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/record.h"
#include "storage/journal_file.h"
#include "tests/gateway/pki.h"
#include "tests/mariadb.h"
#include "tests/storage/sink_compare.h"
#include "tests/storage/sink_fixture.h"
#include "tests/system/daemon.h"

#define KILLS_DEFAULT 20
#define PARTNERS 3
#define RATE "200" /* requests a second: MariaDB catches up although it is down half of the time */
#define WAIT_MS 240000
#define LOOK_MS 50
#define ARGUMENTS_MAX 40
#define PATH_BYTES 256
#define ABSENCE_MS 4000
#define SMALL_BATCHES "batch_records = 200; pause_ms = 5;"
#define RECORDS_MIN 300 /* of a run that is worth its name */
#define AWAY_DEFAULT 3000
#define AWAY_COMPARED_MAX 20000 /* requests whose rows are compared one by one */
#define AWAY_MS_MAX 1800000

/* Of a journal, or of what MariaDB made of it. */
struct sums {
	int64_t records, postings;
	int64_t points;			/* of all postings, each weighted by account and record */
};

struct settlement {
	struct mariadb *server;
	struct daemon *daemon;
	pid_t	 load;			/* of tally-load; 0: none runs */
	struct made_records made;	/* what the journal holds */
	struct sums sums;		/* the same in short */
	struct record *record;		/* room for one */
	uint64_t draws;			/* state of below() */
};

static uint64_t
number_in_environment(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);
	uint64_t number = text != NULL ? strtoull(text, NULL, 10) : 0;

	return number > 0 ? number : fallback;
}

/* A random number below bound. */
static int
below(struct settlement *s, uint32_t bound)
{
	s->draws = s->draws * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int)((s->draws >> 33) % bound);
}

static void
pause_ms(int ms)
{
	(void)poll(NULL, 0, ms);
}

/* Path of a file in the daemon's folder. */
static const char *
path_of(const struct settlement *s, const char *name, char path[PATH_BYTES])
{
	(void)snprintf(path, PATH_BYTES, "%s/%s", s->daemon->directory, name);
	return path;
}

/* A console command that must be carried out. */
static void __attribute__((format(printf, 2, 3)))
command(struct settlement *s, const char *format, ...)
{
	char line[PATH_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (!daemon_command(s->daemon, line))
		fail_msg("%s: %s", line, s->daemon->answer);
}

/* Partners with a store and a terminal each, and a list of the terminals for tally-load. */
static void
found_coalition(struct settlement *s)
{
	char path[PATH_BYTES];
	FILE *file = fopen(path_of(s, "terminals.csv", path), "w");

	assert_non_null(file);
	fprintf(file, "number,store,partner\n");
	for (int i = 1; i <= PARTNERS; i++) {
		command(s, "partner add %d name=\"Shop %d\"", i, i);
		command(s, "rule add %d base=1/100", i);
		command(s, "store add 1%d partner=%d", i, i);
		command(s, "terminal add 10%d partner=%d store=1%d rights=all", i, i, i);
		fprintf(file, "10%d,1%d,%d\n", i, i, i);
	}
	assert_int_equal(fclose(file), 0);
}

/* Run tally-load with more arguments (NULL-terminated), its output in load.out. */
static pid_t
run_load(struct settlement *s, const char *const *more)
{
	const char *top = getenv("top_builddir");
	char program[PATH_BYTES], terminals[PATH_BYTES], output[PATH_BYTES], key[PKI_PATH_BYTES];
	const char *arguments[ARGUMENTS_MAX] = {
		program, "--plain", "--quiet", "--port", s->daemon->plain_port, "--terminals",
		path_of(s, "terminals.csv", terminals), "--master-key",
		pki_path(s->daemon->pki, "master", key),
	};
	pid_t pid;
	int count = 9, fd;

	(void)snprintf(program, sizeof(program), "%s/contrib/load/tally-load",
		       top != NULL ? top : ".");
	for (; *more != NULL; more++)
		arguments[count++] = *more;
	assert_true(count < ARGUMENTS_MAX);
	fd = open(path_of(s, "load.out", output), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(fd, STDOUT_FILENO);
		(void)dup2(fd, STDERR_FILENO);
		(void)execv(program, (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	close(fd);
	return pid;
}

/* Wait for the end of tally-load, which must find all well. */
static void
await_load(struct settlement *s)
{
	char path[PATH_BYTES], line[512];
	FILE *file;
	int status;

	assert_int_equal(waitpid(s->load, &status, 0), s->load);
	s->load = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	file = fopen(path_of(s, "load.out", path), "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		print_error("%s", line);
	fail_msg("tally-load ends with status %#x", (unsigned)status);
}

/* A gateway over MariaDB's socket; sink: its settings. */
static void
open_gateway(struct settlement *s, const char *sink)
{
	char settings[512];

	(void)snprintf(settings, sizeof(settings),
		       "mariadb: { socket = \"%s\"; user = \"root\"; };\n"
		       "sink: { %s };\n"
		       "programme: { declines_per_terminal_day = 1000000; };\n",
		       mariadb_socket(s->server), sink);
	s->daemon = daemon_new(settings);
	daemon_start(s->daemon);
	found_coalition(s);
}

/* Tills begin to send, some of it twice, and go on until they are told to end. */
static void
begin_load(struct settlement *s)
{
	char log[PATH_BYTES];
	const char *const more[] = {
		"--connections", "12",
		"--members", "150",
		"--rate", RATE,
		"--seconds", "1000000",
		"--log", path_of(s, "load.log", log),
		"--duplicates", "10",
		NULL,
	};

	s->load = run_load(s, more);
}

/* The value of a figure that the console shows, or a negative number. */
static int64_t
shown(const struct settlement *s, const char *name)
{
	const char *line = strstr(s->daemon->answer, name);

	return line == NULL ? -1 : strtoll(line + strlen(name), NULL, 10);
}

/* Wait until a figure of `show sink` is above least. */
static void
await_above(struct settlement *s, const char *name, int64_t least)
{
	for (int ms = 0; ms < WAIT_MS; ms += LOOK_MS) {
		command(s, "show sink");
		if (shown(s, name) > least)
			return;
		pause_ms(LOOK_MS);
	}
	fail_msg("not above %" PRId64 ": %s", least, s->daemon->answer);
}

/* Tills end when they have done enough, and find every account as their log says. */
static void
end_load(struct settlement *s)
{
	char log[PATH_BYTES];
	const char *const verify[] = { "--verify", path_of(s, "load.log", log), NULL };

	await_above(s, "\n  durable sequence ", RECORDS_MIN);
	assert_int_equal(kill(s->load, SIGTERM), 0);
	await_load(s);
	s->load = run_load(s, verify);
	await_load(s);
}

/* Wait until MariaDB has all that is durable. */
static void
await_sink(struct settlement *s, int ms_max)
{
	for (int ms = 0; ms < ms_max; ms += LOOK_MS) {
		command(s, "show sink");
		if (shown(s, "\n  next sequence ") == shown(s, "\n  durable sequence ") + 1)
			return;
		pause_ms(LOOK_MS);
	}
	fail_msg("MariaDB does not catch up: %s", s->daemon->answer);
}

static void
keep(struct settlement *s, const struct journal_item *item)
{
	struct made_records *made = &s->made;

	if (made->count == made->capacity) {
		made->capacity = made->capacity == 0 ? 1024 : 2 * made->capacity;
		made->bytes = realloc(made->bytes, made->capacity * sizeof(*made->bytes));
		made->bytes_counts =
			realloc(made->bytes_counts, made->capacity * sizeof(*made->bytes_counts));
		assert_true(made->bytes != NULL && made->bytes_counts != NULL);
	}
	made->bytes[made->count] = malloc(item->bytes_count);
	assert_non_null(made->bytes[made->count]);
	memcpy(made->bytes[made->count], item->bytes, item->bytes_count);
	made->bytes_counts[made->count++] = item->bytes_count;
	assert_int_equal(item->sequence, made->count);
}

/* Where an account or a record is mixed up with another one, the sum differs. */
#define WEIGHT "CAST((account * 1000 + partner) * (sequence % 1009 + 1) AS SIGNED)"

static void
add_up(struct settlement *s, const struct journal_item *item)
{
	struct record *r = s->record;
	size_t length;

	assert_int_equal(record_decode(item->bytes, item->bytes_count, r, &length), TG_OK);
	s->sums.records++;
	for (uint32_t i = 0; RECORD_HAS(r, POSTINGS) && i < r->posting_count; i++) {
		const struct posting *p = &r->postings[i];

		s->sums.postings++;
		s->sums.points += p->points * ((int64_t)p->account * 1000 + p->partner) *
				  ((int64_t)(item->sequence % 1009) + 1);
	}
}

/* Hand on every record from the journal's files, archive included. */
static void
read_journal(struct settlement *s,
	     void (*take)(struct settlement *s, const struct journal_item *item))
{
	char data[PATH_BYTES], archive[PATH_BYTES];
	struct storage_io io;
	const struct journal_source source = {
		.io = &io,
		.directory = path_of(s, "data", data),
		.archive_directory = path_of(s, "data/archive", archive),
		.is_unconfirmed_wanted = true,
	};
	struct journal_item item = { .kind = JOURNAL_MARK };
	struct journal_reader *reader;
	struct storage_error error;

	storage_io_posix(&io);
	if (journal_file_read_from(&source, 1, &reader, &error) != TG_OK)
		fail_msg("%s", error.text);
	while (item.kind != JOURNAL_NOTHING) {
		if (journal_reader_next(reader, &item, &error) != TG_OK)
			fail_msg("%s", error.text);
		if (item.kind == JOURNAL_RECORD)
			take(s, &item);
	}
	journal_reader_close(reader);
}

/* MariaDB is what the journal says, in sums. */
static void
compare_sums(struct settlement *s)
{
	read_journal(s, add_up);
	print_message("# %" PRId64 " records, %" PRId64 " postings, weighted sum %" PRId64 "\n",
		      s->sums.records, s->sums.postings, s->sums.points);
	assert_int_equal(mariadb_number(s->server, "SELECT next_sequence - 1 FROM sink_cursor"),
			 s->sums.records);
	assert_int_equal(mariadb_number(s->server, "SELECT COUNT(*) FROM entry"),
			 s->sums.records);
	assert_int_equal(mariadb_number(s->server, "SELECT COUNT(*) FROM posting"),
			 s->sums.postings);
	assert_int_equal(mariadb_number(s->server, "SELECT SUM(points * " WEIGHT ") FROM posting"),
			 s->sums.points);
}

/* MariaDB catches up, and the gateway ends in order. */
static void
end_gateway(struct settlement *s, int ms_max)
{
	await_sink(s, ms_max);
	daemon_signal(s->daemon, SIGTERM);
	assert_int_equal(daemon_wait(s->daemon), 0);
}

/* The rows must equal the journal. */
static void
compare_rows(struct settlement *s)
{
	read_journal(s, keep);
	print_message("%zu records, %" PRId64 " rows of postings\n", s->made.count,
		      mariadb_number(s->server, "SELECT COUNT(*) FROM posting"));
	assert_true(s->made.count > RECORDS_MIN);
	assert_int_equal(mariadb_number(s->server, "SELECT next_sequence - 1 FROM sink_cursor"),
			 s->made.count);
	sink_compare(mariadb_config(s->server), &s->made);
}

static void
end_and_compare(struct settlement *s)
{
	end_gateway(s, WAIT_MS);
	compare_rows(s);
}

/* What: MariaDB killed again and again, the tables half made at first, loses nothing.
 * How:  20 kills at random moments under load, a quarter of them while it recovers. */
static void
killed_mariadb_equals_the_journal(void **state)
{
	struct settlement *s = *state;
	uint64_t kills = number_in_environment("TG_KILLS", KILLS_DEFAULT);

	open_gateway(s, SMALL_BATCHES);
	begin_load(s);
	for (uint64_t i = 0; i < kills; i++) {
		pause_ms(below(s, 500));
		mariadb_kill(s->server);
		pause_ms(below(s, 200));
		if (below(s, 4) == 0)
			mariadb_spawn(s->server);
		else
			mariadb_start(s->server);
	}
	mariadb_start(s->server);
	await_above(s, "\n  failures ", 0);
	end_load(s);
	end_and_compare(s);
}

/* What: with MariaDB down for the whole run stores notice nothing, and all of it is caught up with.
 * How:  it is stopped before the gateway starts, and comes back when the tills have ended. */
static void
absent_mariadb_equals_the_journal(void **state)
{
	struct settlement *s = *state;

	mariadb_stop(s->server);
	open_gateway(s, SMALL_BATCHES);
	begin_load(s);
	pause_ms(ABSENCE_MS);
	end_load(s);
	command(s, "show sink");
	assert_int_equal(shown(s, "\n  next sequence "), -1);
	mariadb_start(s->server);
	end_and_compare(s);
}

/* Tills that send so many requests as fast as they are answered, to the end. */
static void
run_full_load(struct settlement *s, uint64_t requests, bool is_enrolled)
{
	char count[24];
	const char *const more[] = {
		"--connections", "64",
		"--depth", "4",
		"--members", "1000",
		"--duplicates", "5",
		"--mix", "earn=80,burn=10,inquiry=10",
		"--requests", count,
		is_enrolled ? "--no-enroll" : NULL,
		NULL,
	};

	(void)snprintf(count, sizeof(count), "%" PRIu64, requests);
	s->load = run_load(s, more);
	await_load(s);
}

/* What: MariaDB misses what comes in an hour: stores that send as fast as they are answered notice
 * nothing, and go on while it is caught up with; no record is missed, none is written twice.
 * How:  it is killed when it had written something, and comes back when the load has ended, to
 * another tenth of it.  An hour of 1,000/s is TG_AWAY=3600000. */
static void
an_hour_without_mariadb_is_caught_up_with(void **state)
{
	struct settlement *s = *state;
	uint64_t requests = number_in_environment("TG_AWAY", AWAY_DEFAULT);

	open_gateway(s, "batch_records = 4500;");
	run_full_load(s, RECORDS_MIN, false);
	await_above(s, "\n  next sequence ", 1);
	mariadb_kill(s->server);
	run_full_load(s, requests, true);
	await_above(s, "\n  durable sequence ", (int64_t)(requests / 2));
	mariadb_start(s->server);
	run_full_load(s, requests / 10, true);
	end_gateway(s, AWAY_MS_MAX);
	compare_sums(s);
	if (requests <= AWAY_COMPARED_MAX)
		compare_rows(s);
}

static int
setup(void **state)
{
	struct settlement *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->server = *state;
	s->record = malloc(sizeof(*s->record));
	assert_non_null(s->record);
	s->draws = number_in_environment("TG_SEED", (uint64_t)time(NULL));
	print_message("TG_SEED=%" PRIu64 "\n", s->draws);
	mariadb_reset(s->server);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct settlement *s = *state;

	if (s->load != 0) {
		(void)kill(s->load, SIGKILL);
		(void)waitpid(s->load, NULL, 0);
	}
	if (s->daemon != NULL && s->daemon->pid != 0)
		daemon_show_log(s->daemon->directory);	/* it should have ended in order */
	if (s->daemon != NULL)
		daemon_free(s->daemon);
	for (size_t i = 0; i < s->made.count; i++)
		free(s->made.bytes[i]);
	free(s->made.bytes);
	free(s->made.bytes_counts);
	free(s->record);
	free(s);
	return 0;
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		TEST(killed_mariadb_equals_the_journal),
		TEST(absent_mariadb_equals_the_journal),
		TEST(an_hour_without_mariadb_is_caught_up_with),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	if (count > 1)
		cmocka_set_test_filter(arguments[1]);
	return cmocka_run_group_tests_name("settlement", tests, group_setup, group_teardown);
}
