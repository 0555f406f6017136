/*
 * load_fixture.c - runs the built tally-load against a gateway that exists only in tests.
 */
#include "tests/contrib/load_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#define ARGUMENTS_MAX 48

static void
write_file(const char *path, const void *data, size_t bytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, bytes, file), bytes);
	fclose(file);
}

int
load_fixture_setup(void **state)
{
	struct load_fixture *fixture = calloc(1, sizeof(*fixture));
	struct {
		char *path;
		const char *name;
	} files[] = { { fixture->terminals, "terminals.csv" },
		      { fixture->master, "master.key" },
		      { fixture->log, "log" },
		      { fixture->output, "output" },
		      { fixture->errors, "errors" } };

	assert_non_null(fixture);
	snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/test_tally_load.XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		snprintf(files[i].path, LOAD_FIXTURE_PATH_BYTES, "%.60s/%s", fixture->directory,
			 files[i].name);
	write_file(fixture->terminals, fake_terminals, strlen(fake_terminals));
	write_file(fixture->master, fake_master, FAKE_MASTER_BYTES);
	*state = fixture;
	return 0;
}

int
load_fixture_teardown(void **state)
{
	struct load_fixture *fixture = *state;
	const char *const paths[] = { fixture->terminals, fixture->master, fixture->log,
				      fixture->output, fixture->errors };

	if (fixture->gateway != NULL)
		fake_gateway_stop(fixture->gateway);
	json_decref(fixture->json);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		unlink(paths[i]);
	rmdir(fixture->directory);
	free(fixture);
	return 0;
}

void
load_fixture_start(struct load_fixture *fixture, const struct fake_options *options)
{
	fixture->gateway = fake_gateway_start(options, fixture->port);
}

/* In the child: become tally-load, with its output in files. */
static void
become(const struct load_fixture *fixture, const char *const arguments[])
{
	const char *build = getenv("top_builddir");
	char program[LOAD_FIXTURE_PATH_BYTES];

	snprintf(program, sizeof(program), "%s/contrib/load/tally-load",
		 build != NULL ? build : ".");
	if (freopen(fixture->output, "w", stdout) != NULL &&
	    (!fixture->is_shown || freopen(fixture->errors, "w", stderr) != NULL))
		execv(program, (char *const *)(uintptr_t)arguments);
	_exit(127);
}

int
load_fixture_run(struct load_fixture *fixture, const char *const more[])
{
	const char *const common[] = { "tally-load",	 "--plain",
				       "--port",	 fixture->port,
				       "--terminals",	 fixture->terminals,
				       "--master-key",	 fixture->master,
				       "--connections",	 "8",
				       "--reconnect-ms", "1" };
	const char *arguments[ARGUMENTS_MAX];
	size_t count = sizeof(common) / sizeof(common[0]);
	int status;
	pid_t pid;

	memcpy(arguments, common, sizeof(common));
	if (!fixture->is_shown) {
		arguments[count++] = "--quiet";
		arguments[count++] = "--json";
	}
	while (*more != NULL && count < ARGUMENTS_MAX - 1)
		arguments[count++] = *more++;
	arguments[count] = NULL;
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		become(fixture, arguments);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	json_decref(fixture->json);
	fixture->json = json_load_file(fixture->output, 0, NULL);
	return WEXITSTATUS(status);
}

int
load_fixture_verify(struct load_fixture *fixture)
{
	const char *const options[] = { "--verify", fixture->log, NULL };

	return load_fixture_run(fixture, options);
}

int64_t
load_fixture_told(const struct load_fixture *fixture, const char *name)
{
	const json_t *value = json_object_get(fixture->json, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

double
load_fixture_told_ms(const struct load_fixture *fixture, const char *histogram, const char *name)
{
	const json_t *value = json_object_get(json_object_get(fixture->json, histogram), name);

	assert_true(json_is_number(value));
	return json_number_value(value);
}

char *
load_fixture_read(const char *path)
{
	FILE *file = fopen(path, "r");
	struct stat status;
	char *text;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &status), 0);
	text = calloc(1, (size_t)status.st_size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)status.st_size, file), status.st_size);
	fclose(file);
	return text;
}
