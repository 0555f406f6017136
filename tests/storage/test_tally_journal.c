/*
 * test_tally_journal.c - the program tally-journal, run beside a journal that is being written.
 */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/storage/tool_fixture.h"

#define OUTPUT_BYTES (4 * 1024 * 1024)
#define REQUESTS 500

struct test {
	struct storage_io io;
	struct tool_fixture t;
	char directory[32];
	char output[OUTPUT_BYTES]; /* of the last run, standard error included */
	int exit_status;	   /* of the last run */
};

static int
setup(void **state)
{
	struct test *test = calloc(1, sizeof *test);

	assert_non_null(test);
	storage_io_posix(&test->io);
	memcpy(test->directory, "/tmp/tg_tool_XXXXXX", sizeof "/tmp/tg_tool_XXXXXX");
	assert_non_null(mkdtemp(test->directory));
	tool_fixture_init(&test->t, &test->io, test->directory);
	tool_fixture_ask(&test->t, REQUESTS);
	tool_fixture_mark(&test->t, false);
	tool_fixture_snapshot(&test->t);
	*state = test;
	return 0;
}

static void
remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		char file[600];

		(void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		if (entry->d_name[0] == '.')
			continue;
		if (unlink(file) != 0)
			remove_directory(file);
	}
	if (directory != NULL)
		(void)closedir(directory);
	(void)rmdir(path);
}

static int
teardown(void **state)
{
	struct test *test = *state;

	tool_fixture_deinit(&test->t);
	remove_directory(test->directory);
	free(test);
	return 0;
}

/* Run the program on the test's data directory. */
static void
run(struct test *test, const char *arguments)
{
	const char *build = getenv("top_builddir");
	char command[400];
	size_t length;
	FILE *pipe;

	(void)snprintf(command, sizeof command, "%s/storage/tally-journal -d %s %s 2>&1",
		       build != NULL ? build : ".", test->directory, arguments);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	length = fread(test->output, 1, sizeof test->output - 1, pipe);
	test->output[length] = '\0';
	test->exit_status = WEXITSTATUS(pclose(pipe));
}

static json_t *
run_json(struct test *test, const char *arguments)
{
	json_t *json;

	run(test, arguments);
	json = json_loads(test->output, 0, NULL);
	if (json == NULL)
		fail_msg("%s", test->output);
	return json;
}

static json_int_t
get_int(const json_t *json, const char *name)
{
	assert_true(json_is_integer(json_object_get(json, name)));
	return json_integer_value(json_object_get(json, name));
}

/* Lines of the last output. */
static uint64_t
count_lines(const struct test *test)
{
	uint64_t count = 0;

	for (const char *at = test->output; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	return count;
}

/* What: list shows every segment, with sequences that join. */
static void
list_shows_segments_that_join(void **state)
{
	struct test *test = *state;
	json_int_t next = 1;
	uint32_t archived;
	json_t *segment;
	json_t *json;
	size_t index;

	assert_int_equal(journal_archive(test->t.journal, UINT64_MAX, &archived, &test->t.error),
			 TG_OK);
	assert_true(archived > 1);
	json = run_json(test, "--json list");
	assert_int_equal(test->exit_status, 0);
	json_array_foreach(json_object_get(json, "segments"), index, segment)
	{
		const char *where = json_string_value(json_object_get(segment, "place"));

		assert_int_equal(get_int(segment, "first"), next);
		next += get_int(segment, "records");
		assert_int_equal(get_int(segment, "last"), next - 1);
		assert_string_equal(where, index < archived ? "archive" : "journal");
	}
	assert_int_equal(next - 1, test->t.records);
	json_decref(json);
	run(test, "list");
	assert_int_equal(count_lines(test), 5 + archived + 1);
}

/* What: dump prints every record as a line, or those that are asked for. */
static void
dump_prints_what_is_asked_for(void **state)
{
	struct test *test = *state;
	char arguments[64];
	json_t *json;

	run(test, "dump");
	assert_int_equal(test->exit_status, 0);
	assert_int_equal(count_lines(test), test->t.records);
	run(test, "--marks dump");
	assert_int_equal(count_lines(test), test->t.records + 1);
	run(test, "--from 5 --to 9 dump");
	assert_int_equal(count_lines(test), 5);
	assert_non_null(strstr(test->output, "{\"sequence\":5,\"kind\":"));
	run(test, "--kind PARTNER dump");
	assert_int_equal(count_lines(test), 2);
	run(test, "--kind EARN --to 30 dump");
	assert_null(strstr(test->output, "ENROLL"));

	json = run_json(test, "--kind ENROLL --to 20 dump | head -n 1");
	(void)snprintf(arguments, sizeof arguments, "--member %lld dump",
		       (long long)get_int(json, "member"));
	run(test, arguments);
	assert_true(count_lines(test) >= 1);
	assert_true(count_lines(test) < test->t.records / 4);
	json_decref(json);
}

/* Records that a dump with these options shows. */
static uint64_t
count_dumped(struct test *test, const char *options)
{
	char arguments[200];

	(void)snprintf(arguments, sizeof arguments, "%s dump", options);
	run(test, arguments);
	assert_int_equal(test->exit_status, 0);
	return count_lines(test);
}

/* What: what is asked for by partner, store, terminal, status and time adds up to the whole. */
static void
filters_part_the_records(void **state)
{
	struct test *test = *state;
	uint64_t done = count_dumped(test, "--kind BURN --status OK");
	uint64_t declined = count_dumped(test, "--kind BURN --status NO_POINTS");
	uint64_t before = count_dumped(test, "--until 2024-04-05T06:00");
	uint64_t after = count_dumped(test, "--since 2024-04-05T06:00:00.000Z");

	assert_true(done > 0 && declined > 0);
	assert_true(done + declined <= count_dumped(test, "--kind BURN"));
	assert_true(before > 0 && after > 0);
	assert_int_equal(before + after, test->t.records);
	assert_int_equal(before, count_dumped(test, "--until 1712296800000"));
	assert_int_equal(count_dumped(test, "--kind EARN --partner 1") +
				 count_dumped(test, "--kind EARN --partner 2"),
			 count_dumped(test, "--kind EARN"));
	assert_int_equal(count_dumped(test, "--partner 1 --kind BURN"),
			 count_dumped(test, "--terminal 101 --kind BURN"));
	assert_int_equal(count_dumped(test, "--store 21 --kind BURN"),
			 count_dumped(test, "--terminal 201 --kind BURN"));
	assert_int_equal(count_dumped(test, "--kind TERMINAL --terminal 201"), 1);
	run(test, "--json --from 200 --to 210 list");
	assert_null(strstr(test->output, "\"first\":1,"));
}

/* What: a member's history is the same as lines of JSON and as CSV, and as a dump gives it. */
static void
a_member_is_exported(void **state)
{
	struct test *test = *state;
	json_t *json = run_json(test, "--kind ENROLL dump | head -n 1");
	json_int_t member = get_int(json, "member");
	char arguments[100];
	uint64_t count;

	json_decref(json);
	(void)snprintf(arguments, sizeof arguments, "--member %lld", (long long)member);
	count = count_dumped(test, arguments);
	(void)snprintf(arguments, sizeof arguments, "member %lld", (long long)member);
	run(test, arguments);
	assert_int_equal(test->exit_status, 0);
	assert_int_equal(count_lines(test), count);
	(void)snprintf(arguments, sizeof arguments, "--csv member %lld", (long long)member);
	run(test, arguments);
	assert_int_equal(count_lines(test), count + 1);
	assert_ptr_equal(strstr(test->output, "\"sequence\",\"booked_at\","), test->output);
	assert_non_null(strstr(test->output, "\"ENROLL\",\"OK\""));
	run(test, "member nobody");
	assert_int_equal(test->exit_status, 2);
}

/* What: follow shows what becomes durable from its beginning on, and nothing from before. */
static void
follow_shows_what_comes(void **state)
{
	struct test *test = *state;
	const char *build = getenv("top_builddir");
	char command[400];
	char line[64];
	char wanted[64];
	FILE *pipe;

	(void)snprintf(command, sizeof command,
		       "timeout 0.5 %s/storage/tally-journal -d %s follow; echo end",
		       build != NULL ? build : ".", test->directory);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(line, sizeof line, pipe));
	assert_string_equal(line, "end\n");
	(void)pclose(pipe);

	(void)snprintf(command, sizeof command,
		       "%s/storage/tally-journal -d %s --from %llu follow | head -n 1",
		       build != NULL ? build : ".", test->directory,
		       (unsigned long long)test->t.records + 1);
	(void)snprintf(wanted, sizeof wanted, "{\"sequence\":%llu,",
		       (unsigned long long)test->t.records + 1);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	tool_fixture_ask(&test->t, 10);
	tool_fixture_mark(&test->t, false);
	assert_non_null(fgets(line, sizeof line, pipe));
	assert_ptr_equal(strstr(line, wanted), line);
	tool_fixture_ask(&test->t, 10); /* nobody reads: it ends */
	tool_fixture_mark(&test->t, false);
	(void)pclose(pipe);
}

/* What: the last batch is left out until something follows it, unless all is asked for. */
static void
dump_waits_for_durability(void **state)
{
	struct test *test = *state;
	uint64_t before = test->t.records;

	while (test->t.records == before)
		tool_fixture_ask(&test->t, 1);
	run(test, "dump");
	assert_int_equal(count_lines(test), before);
	run(test, "--all dump");
	assert_int_equal(count_lines(test), test->t.records);
	tool_fixture_mark(&test->t, false);
	run(test, "dump");
	assert_int_equal(count_lines(test), test->t.records);
}

/* What: verify says that a sound journal is sound, while it is open for writing. */
static void
verify_finds_a_sound_journal_sound(void **state)
{
	struct test *test = *state;
	char hash[40];
	json_t *json = run_json(test, "--json --instance tool verify");
	struct state_hash expected = ledger_state_hash(test->t.f.ledger);

	assert_int_equal(test->exit_status, 0);
	assert_string_equal(json_string_value(json_object_get(json, "verdict")), "sound");
	assert_int_equal(get_int(json, "last_sequence"), test->t.records);
	assert_int_equal(get_int(json, "marks_compared"), 1);
	assert_int_equal(get_int(json, "snapshots_compared"), 1);
	(void)snprintf(hash, sizeof hash, "%016llx%016llx", (unsigned long long)expected.high,
		       (unsigned long long)expected.low);
	assert_string_equal(json_string_value(json_object_get(json, "state_hash")), hash);
	json_decref(json);
}

/* What: a damaged byte is told with file, offset and sequence, and exit status 1. */
static void
verify_names_damage(void **state)
{
	struct test *test = *state;
	char path[400];
	uint8_t byte;
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/00000000000000000001-0000000001.journal",
		       test->t.config.directory);
	file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, 3 * JOURNAL_BLOCK_BYTES + 300, SEEK_SET), 0);
	assert_int_equal(fread(&byte, 1, 1, file), 1);
	byte ^= 4;
	assert_int_equal(fseek(file, -1, SEEK_CUR), 0);
	assert_int_equal(fwrite(&byte, 1, 1, file), 1);
	assert_int_equal(fclose(file), 0);
	run(test, "verify");
	assert_int_equal(test->exit_status, 1);
	assert_non_null(strstr(test->output, "verdict: damaged"));
	assert_non_null(strstr(test->output, path));
	assert_non_null(strstr(test->output, "offset 12288"));
	run(test, "dump");
	assert_int_equal(test->exit_status, 1);
}

/* What: statistics count every record once. */
static void
statistics_count_every_record(void **state)
{
	struct test *test = *state;
	json_t *json = run_json(test, "--json statistics");
	json_int_t sum = 0;
	json_t *row;
	size_t index;

	assert_int_equal(get_int(json, "records"), test->t.records);
	assert_int_equal(get_int(json, "marks"), 1);
	json_array_foreach(json_object_get(json, "kinds"), index, row) sum +=
		get_int(row, "records");
	assert_int_equal(sum, test->t.records);
	json_decref(json);
}

/* Write a programme file into the test's directory, and try it on what was booked since. */
static void
run_shadow(struct test *test, const char *programme, int64_t since_utc_ms)
{
	char path[64], arguments[160];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/programme", test->directory);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(programme, file) >= 0);
	assert_int_equal(fclose(file), 0);
	(void)snprintf(arguments, sizeof arguments,
		       "--json --all shadow --programme %s --since %" PRId64, path, since_utc_ms);
	run(test, arguments);
}

/* What: a programme is tried on the last day: each earn gets its 5 points more, and no other. */
static void
shadow_tries_a_programme(void **state)
{
	struct test *test = *state;
	const int64_t since_utc_ms = test->t.f.now.utc_ms - 86400000;
	json_t *json, *recorded, *tried;

	run_shadow(test, "campaigns = ( { number = 1; points = 5; } );\n", since_utc_ms);
	assert_int_equal(test->exit_status, 0);
	json = json_loads(test->output, 0, NULL);
	assert_non_null(json);
	recorded = json_object_get(json, "recorded");
	tried = json_object_get(json, "new");
	assert_true(get_int(recorded, "earns") > 0);
	assert_int_equal(get_int(tried, "earns"), get_int(recorded, "earns"));
	assert_true(get_int(tried, "issued_points") > get_int(recorded, "issued_points"));
	assert_true(get_int(tried, "issued_points") <=
		    get_int(recorded, "issued_points") + 5 * get_int(recorded, "earns"));
	json_decref(json);
}

/* What: what keeps a programme from being tried is told, with its line. */
static void
shadow_tells_what_is_wrong(void **state)
{
	struct test *test = *state;
	const int64_t since_utc_ms = test->t.f.now.utc_ms - 86400000;

	run(test, "shadow");
	assert_int_equal(test->exit_status, 2);
	assert_non_null(strstr(test->output, "shadow needs --programme FILE and --since"));
	run(test, "shadow --programme /nowhere/at/all --since 2024-04-01");
	assert_int_equal(test->exit_status, 2);
	run_shadow(test, "campaigns = (\n  { number = 1; }\n);\n", since_utc_ms);
	assert_int_equal(test->exit_status, 2);
	assert_non_null(strstr(test->output, "programme:2: say what it gives"));
	run_shadow(test, "campaigns = (\n\n  { number = 1; points = 5; partner = 9; }\n);\n",
		   since_utc_ms);
	assert_int_not_equal(test->exit_status, 0);
	assert_non_null(strstr(test->output, "programme:3: "));
}

/* What: wrong use and foreign files end with exit status 2. */
static void
wrong_use_is_told(void **state)
{
	struct test *test = *state;
	const char *const wrong[] = {
		"",	     "nonsense",	"--from x dump", "--kind X dump",
		"dump list", "--nonsense dump", "--kind ? dump", "-i another verify",
		"member", "--status X dump", "--since 2024-13-01 dump", "--until 2024-1-1 dump",
		"--since 2024-02-30 dump", "--until 2024-01-01T25:00 dump", "--store x dump"
	};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		run(test, wrong[i]);
		assert_int_equal(test->exit_status, 2);
	}
	run(test, "--help");
	assert_int_equal(test->exit_status, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(list_shows_segments_that_join),
		TEST(dump_prints_what_is_asked_for),
		TEST(filters_part_the_records),
		TEST(a_member_is_exported),
		TEST(follow_shows_what_comes),
		TEST(dump_waits_for_durability),
		TEST(verify_finds_a_sound_journal_sound),
		TEST(verify_names_damage),
		TEST(statistics_count_every_record),
		TEST(shadow_tries_a_programme),
		TEST(shadow_tells_what_is_wrong),
		TEST(wrong_use_is_told),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
