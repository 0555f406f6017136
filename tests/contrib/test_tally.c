/*
 * test_tally.c - the terminal on the command line against a gateway in the test.
 *
 * Runs the built program, and looks at what it prints and how it ends.
 */
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

#include "contrib/tally/answer.h"
#include "tests/contrib/fake_gateway.h"

#define PATH_BYTES 128
#define WORDS_MAX 32
#define TOKEN_BYTES 64

struct fixture {
	char directory[PATH_BYTES];
	char key[PATH_BYTES], output[PATH_BYTES], config[PATH_BYTES];
	char port[8];
	struct fake_gateway *gateway; /* NULL: not started */
	json_t *json;		      /* what the last run printed; NULL: no JSON */
};

static void
write_text(const char *path, const char *text, size_t bytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	fclose(file);
}

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/test_tally.XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	snprintf(fixture->key, PATH_BYTES, "%.60s/master.key", fixture->directory);
	snprintf(fixture->output, PATH_BYTES, "%.60s/output", fixture->directory);
	snprintf(fixture->config, PATH_BYTES, "%.60s/.tally", fixture->directory);
	write_text(fixture->key, (const char *)fake_master, FAKE_MASTER_BYTES);
	setenv("HOME", fixture->directory, 1);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->gateway != NULL)
		fake_gateway_stop(fixture->gateway);
	json_decref(fixture->json);
	unlink(fixture->key);
	unlink(fixture->output);
	unlink(fixture->config);
	rmdir(fixture->directory);
	free(fixture);
	return 0;
}

/* Start the gateway, and write ~/.tally for it. */
static void
start(struct fixture *fixture, const struct fake_options *options)
{
	char text[512];
	int bytes;

	fixture->gateway = fake_gateway_start(options, fixture->port);
	bytes = snprintf(text, sizeof(text),
			 "port = \"%s\";\nplain = true;\nterminal = 101;\ntimeout = 60;\n"
			 "instance = \"" FAKE_INSTANCE "\";\nmaster_key = \"%s\";\n",
			 fixture->port, fixture->key);
	write_text(fixture->config, text, (size_t)bytes);
}

/* Run tally with words; returns its exit status. */
static int
run_tally(struct fixture *fixture, const char *const words[])
{
	const char *arguments[WORDS_MAX] = { "tally", "--json" };
	const char *build = getenv("top_builddir");
	char program[PATH_BYTES];
	size_t count = 2;
	int status;
	pid_t pid;

	while (*words != NULL && count < WORDS_MAX - 1)
		arguments[count++] = *words++;
	arguments[count] = NULL;
	snprintf(program, sizeof(program), "%s/contrib/tally/tally", build != NULL ? build : ".");
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (freopen(fixture->output, "w", stdout) != NULL)
			execv(program, (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	json_decref(fixture->json);
	fixture->json = json_load_file(fixture->output, 0, NULL);
	return WEXITSTATUS(status);
}

#define RUN(fixture, ...) run_tally(fixture, (const char *const[]){ __VA_ARGS__, NULL })

static int64_t
number(const struct fixture *fixture, const char *name)
{
	const json_t *value = json_object_get(fixture->json, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static const char *
text(const struct fixture *fixture, const char *name)
{
	const json_t *value = json_object_get(fixture->json, name);

	assert_true(json_is_string(value));
	return json_string_value(value);
}

/* The transaction of the last run, kept. */
static void
keep_transaction(const struct fixture *fixture, char ret_token[TOKEN_BYTES])
{
	snprintf(ret_token, TOKEN_BYTES, "%s", text(fixture, "transaction"));
}

/* What: a member is enrolled, earns, burns, holds, captures, returns, and is asked about. */
static void
a_member_earns_and_burns(void **state)
{
	struct fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };
	char earn[TOKEN_BYTES], hold[TOKEN_BYTES], burn[TOKEN_BYTES], member[TOKEN_BYTES];

	start(fixture, &options);
	assert_int_equal(RUN(fixture, "enroll", "4900000012345"), TALLY_DONE);
	snprintf(member, sizeof(member), "member:%lld", (long long)number(fixture, "member"));
	assert_int_equal(RUN(fixture, "earn", "card:4900000012345", "10000", "--receipt", "R1",
			     "--till", "3", "--till-day", "2024-04-01", "--line", "Book:7:2:10000"),
			 TALLY_DONE);
	assert_int_equal(number(fixture, "points"), 100);
	keep_transaction(fixture, earn);
	assert_int_equal(RUN(fixture, "burn", member, "30"), TALLY_DONE);
	assert_int_equal(number(fixture, "available"), 70);
	keep_transaction(fixture, burn);
	assert_int_equal(RUN(fixture, "burn", member, "71"), TALLY_DECLINED);
	assert_string_equal(text(fixture, "status"), "NO_POINTS");
	assert_int_equal(RUN(fixture, "hold", member, "50", "--seconds", "60"), TALLY_DONE);
	assert_int_equal(number(fixture, "held"), 50);
	keep_transaction(fixture, hold);
	assert_int_equal(RUN(fixture, "capture", member, hold, "20"), TALLY_DONE);
	assert_int_equal(number(fixture, "available"), 50);
	assert_int_equal(RUN(fixture, "release", member, hold), TALLY_DECLINED);
	assert_int_equal(RUN(fixture, "reverse", member, burn), TALLY_DONE);
	assert_int_equal(number(fixture, "available"), 80);
	assert_int_equal(RUN(fixture, "refund", member, earn, "5000"), TALLY_DONE);
	assert_int_equal(number(fixture, "taken_points"), 50);
	assert_int_equal(RUN(fixture, "status", member, earn), TALLY_DONE);
	assert_string_equal(text(fixture, "outcome"), "OK");
	assert_int_equal(RUN(fixture, "inquiry", member), TALLY_DONE);
	assert_int_equal(number(fixture, "available"), 30);
	assert_int_equal(RUN(fixture, "quote", member, "earn", "500"), TALLY_DONE);
	assert_int_equal(RUN(fixture, "ping"), TALLY_DONE);
	assert_int_equal(RUN(fixture, "totals", "--scope", "partner"), TALLY_DONE);
}

/* What: the same id does nothing twice, though the command is given twice. */
static void
a_repeated_transaction_is_done_once(void **state)
{
	struct fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };
	char earn[TOKEN_BYTES];

	start(fixture, &options);
	assert_int_equal(RUN(fixture, "enroll", "1"), TALLY_DONE);
	assert_int_equal(RUN(fixture, "earn", "1", "10000"), TALLY_DONE);
	keep_transaction(fixture, earn);
	assert_int_equal(RUN(fixture, "earn", "1", "10000", "--id", earn), TALLY_DONE);
	assert_true(json_is_true(json_object_get(fixture->json, "replay")));
	assert_string_equal(text(fixture, "transaction"), earn);
	assert_int_equal(RUN(fixture, "inquiry", "1"), TALLY_DONE);
	assert_int_equal(number(fixture, "available"), 100);
}

/* What: an answer that is lost is asked for again under the same id. */
static void
a_lost_answer_is_asked_for_again(void **state)
{
	struct fixture *fixture = *state;
	const struct fake_options options = { .lose_every = 2 };

	start(fixture, &options);
	assert_int_equal(RUN(fixture, "enroll", "1"), TALLY_DONE);
	assert_int_equal(RUN(fixture, "earn", "1", "10000"), TALLY_DONE);
	assert_int_equal(fake_ledger_issued_points(fake_gateway_ledger(fixture->gateway)), 100);
}

/* What: when no answer comes in time, the outcome is said to be unknown, and how to learn it. */
static void
an_unknown_outcome_is_said_to_be_so(void **state)
{
	struct fixture *fixture = *state;
	const struct fake_options options = { .lose_every = 1 };

	start(fixture, &options);
	assert_int_equal(RUN(fixture, "enroll", "1", "--timeout", "1"), TALLY_UNKNOWN);
	assert_true(json_is_false(json_object_get(fixture->json, "is_known")));
	assert_non_null(strchr(text(fixture, "transaction"), '@'));
}

/* What: refusals end with their own status. */
static void
refusals_have_their_exit_status(void **state)
{
	struct fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };

	start(fixture, &options);
	assert_int_equal(RUN(fixture, "inquiry", "nobody"), TALLY_LATER);
	assert_int_equal(RUN(fixture, "enroll", "1"), TALLY_DONE);
	assert_int_equal(RUN(fixture, "enroll", "1"), TALLY_REFUSED);
	assert_int_equal(RUN(fixture, "ping", "--port", "1"), TALLY_UNREACHED);
	assert_string_equal(text(fixture, "status"), "IO");
	assert_int_equal(RUN(fixture, "ping", "--instance", "another"), TALLY_UNREACHED);
}

/* What: what makes no sense is refused before anything is sent. */
static void
a_wrong_command_line_is_refused(void **state)
{
	static const char *const wrong[][6] = {
		{ NULL },
		{ "steal", "1", "10", NULL },
		{ "earn", "1", NULL },
		{ "earn", "1", "19.80", NULL },
		{ "earn", "1", "10", "20", NULL },
		{ "earn", "fax:1", "10", NULL },
		{ "earn", "member:x", "10", NULL },
		{ "release", "1", "0123", NULL },
		{ "release", "1", "0123456789abcdef0123456789abcdef", NULL },
		{ "earn", "1", "10", "--id", "abc", NULL },
		{ "inquiry", "1", "--receipt", "R1", NULL },
		{ "inquiry", "1", "--entries", "21", NULL },
		{ "earn", "1", "10", "--line", "Book", NULL },
		{ "reverse", "1", "0123456789abcdef0123456789abcdef@1", "--reason", "mood", NULL },
		{ "quote", "1", "hold", "10", NULL },
		{ "totals", "1997-02-30", NULL },
		{ "ping", "--terminal", "0", NULL },
		{ "ping", "--no-such-option", NULL },
		{ "ping", "--config", "/nonexistent/file", NULL },
	};
	struct fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };

	start(fixture, &options);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(run_tally(fixture, wrong[i]), TALLY_USAGE);
	assert_int_equal(fake_ledger_done_count(fake_gateway_ledger(fixture->gateway)), 0);
}

/* What: the environment wins over the file, an option over both; a wrong file is named. */
static void
settings_have_an_order(void **state)
{
	struct fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };
	static const char bad[] = "hots = \"somewhere\";\n";

	start(fixture, &options);
	setenv("TALLY_PORT", "1", 1);
	assert_int_equal(RUN(fixture, "ping"), TALLY_UNREACHED);
	assert_int_equal(RUN(fixture, "ping", "--port", fixture->port), TALLY_DONE);
	unsetenv("TALLY_PORT");
	assert_int_equal(RUN(fixture, "ping"), TALLY_DONE);
	write_text(fixture->config, bad, sizeof(bad) - 1);
	assert_int_equal(RUN(fixture, "ping"), TALLY_USAGE);
}

/* What: a client's own group wins over what is for all, others' are passed over, typos named. */
static void
a_file_serves_several_clients(void **state)
{
	struct fixture *fixture = *state;
	const struct fake_options options = { .lie = FAKE_HONEST };
	char text[512];

	start(fixture, &options);
	snprintf(text, sizeof(text),
		 "tally: { port = \"%s\"; };\nport = \"1\";\nplain = true;\nterminal = 101;\n"
		 "instance = \"" FAKE_INSTANCE "\";\nmaster_key = \"%s\";\n"
		 "tally_settle: { port = \"2\"; hots = \"theirs to read\"; };\n",
		 fixture->port, fixture->key);
	write_text(fixture->config, text, strlen(text));
	assert_int_equal(RUN(fixture, "ping"), TALLY_DONE);
	memcpy(strstr(text, "tally_s"), "tally_S", 7);
	write_text(fixture->config, text, strlen(text));
	assert_int_equal(RUN(fixture, "ping"), TALLY_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_member_earns_and_burns, setup, teardown),
		cmocka_unit_test_setup_teardown(a_repeated_transaction_is_done_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_lost_answer_is_asked_for_again, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unknown_outcome_is_said_to_be_so, setup,
						teardown),
		cmocka_unit_test_setup_teardown(refusals_have_their_exit_status, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wrong_command_line_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(settings_have_an_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_serves_several_clients, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
