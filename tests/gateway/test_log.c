/*
 * test_log.c - log lines: form, escaping, limit of repeats, a reader that does not read.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/log.h"

/* A log that writes to a pipe, under a clock of the test's own. */
struct fixture {
	struct log *log;
	int64_t utc_ms;
	int read_fd, write_fd;
	char text[65536];
};

static int64_t
fixture_utc_ms(void *context)
{
	return ((struct fixture *)context)->utc_ms;
}

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int fds[2];

	assert_non_null(fixture);
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	fixture->read_fd = fds[0];
	fixture->write_fd = fds[1];
	fixture->utc_ms = INT64_C(1709251199999); /* 2024-02-29T23:59:59.999Z */
	fixture->log = log_new(&(struct log_options){
		.fd = fds[1], .level = LEVEL_INFO, .utc_ms = fixture_utc_ms, .context = fixture });
	assert_non_null(fixture->log);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	log_free(fixture->log);
	close(fixture->read_fd);
	close(fixture->write_fd);
	free(fixture);
	return 0;
}

/* All that was written since the last call. */
static const char *
written(struct fixture *fixture)
{
	ssize_t bytes = read(fixture->read_fd, fixture->text, sizeof(fixture->text) - 1);

	fixture->text[bytes > 0 ? bytes : 0] = '\0';
	return fixture->text;
}

static size_t
count_lines(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

/* What: a line has time, level, event and fields, in this order. */
static void
a_line_is_key_and_value(void **state)
{
	struct fixture *f = *state;

	log_event(f->log, LEVEL_WARN, "sample",
		  "a=%s b=%d c=%u d=%x e=%" PRId64 " f=%zu g=%% h=%.*s", "word", -1, UINT32_MAX,
		  255u, INT64_MIN, (size_t)7, 2, "abc");
	assert_string_equal(written(f), "time=2024-02-29T23:59:59.999Z level=warn event=sample "
					"a=word b=-1 c=4294967295 d=ff e=-9223372036854775808 "
					"f=7 g=% h=ab\n");
}

/* What: no value can end its line, begin another key, or move the terminal's cursor. */
static void
a_value_cannot_forge_anything(void **state)
{
	struct fixture *f = *state;
	const char *volatile nothing = NULL;

	log_event(f->log, LEVEL_INFO, "e", "v=%s",
		  "x level=error\r\nevent=\"forged\" \\ \x1b[2J \x9b \xc3\xa9 \x7f");
	assert_string_equal(written(f),
			    "time=2024-02-29T23:59:59.999Z level=info event=e "
			    "v=\"x level=error\\x0d\\x0aevent=\\\"forged\\\" \\\\ \\x1b[2J \\x9b "
			    "\\xc3\\xa9 \\x7f\"\n");
	log_event(f->log, LEVEL_INFO, "e", "v=%s w=%s", "", nothing);
	assert_non_null(strstr(written(f), " v=\"\" w=-\n"));
	log_event(f->log, LEVEL_INFO, "e", "v=%s", "a=b");
	assert_non_null(strstr(written(f), " v=\"a=b\"\n"));
}

/* What: a line that is too long is cut, and says so. */
static void
a_long_line_is_cut(void **state)
{
	struct fixture *f = *state;
	char *value = calloc(1, 3000);
	const char *text;

	memset(value, 'x', 2999);
	log_event(f->log, LEVEL_INFO, "e", "v=%s", value);
	text = written(f);
	assert_int_equal(strlen(text), LOG_LINE_BYTES_MAX);
	assert_string_equal(text + LOG_LINE_BYTES_MAX - 5, "...x\n");
	free(value);
}

/* What: lines below the level are not written, and the level can be moved. */
static void
the_level_decides_what_is_written(void **state)
{
	struct fixture *f = *state;

	log_event(f->log, LEVEL_DEBUG, "e", "n=%d", 1);
	assert_string_equal(written(f), "");
	assert_false(log_wants(f->log, LEVEL_DEBUG));
	log_set_level(f->log, LEVEL_DEBUG);
	log_event(f->log, LEVEL_DEBUG, "e", "n=%d", 2);
	assert_non_null(strstr(written(f), "level=debug event=e n=2\n"));
}

/* What: repeats of one event are limited, told afterwards with their number, other events go on.
 * How:  100 lines in one window, then the next window. */
static void
repeats_are_limited_and_counted(void **state)
{
	struct fixture *f = *state;
	const char *text;

	for (int i = 0; i < 100; i++)
		log_event(f->log, LEVEL_WARN, "often", "n=%d", i);
	log_event(f->log, LEVEL_WARN, "other", "n=%d", 1);
	text = written(f);
	assert_int_equal(count_lines(text), LOG_REPEATS_MAX + 1);
	assert_non_null(strstr(text, "event=other"));

	log_tick(f->log);
	assert_string_equal(written(f), "");
	f->utc_ms += LOG_WINDOW_MS;
	log_tick(f->log);
	assert_non_null(strstr(written(f), "event=log_dropped of=often count=80\n"));
	log_tick(f->log);
	assert_string_equal(written(f), "");

	f->utc_ms += LOG_WINDOW_MS;
	log_event(f->log, LEVEL_WARN, "often", "n=%d", 7);
	assert_int_equal(count_lines(written(f)), 1);
}

/* What: what operators do is written, however often and whatever the level. */
static void
no_operators_line_is_left_out(void **state)
{
	struct fixture *f = *state;

	log_set_level(f->log, LEVEL_ERROR);
	for (int i = 0; i < 100; i++)
		log_event(f->log, LEVEL_INFO, LOG_OPERATOR_EVENT, "n=%d", i);
	assert_int_equal(count_lines(written(f)), 100);
}

/* What: a reader that does not read costs lines, never time; they are counted.
 * How:  debug lines, which have no limit, until the pipe is full; then it is emptied. */
static void
a_slow_reader_costs_lines_not_time(void **state)
{
	struct fixture *f = *state;
	char part[64];
	size_t line_count = 0;
	unsigned dropped = 0;
	char *at;

	log_set_level(f->log, LEVEL_DEBUG);
	for (int i = 0; i < 3000; i++)
		log_event(f->log, LEVEL_DEBUG, "flood", "n=%d", i);
	while (written(f)[0] != '\0')
		line_count += count_lines(f->text);
	assert_true(line_count > 100 && line_count < 3000);
	f->utc_ms += LOG_WINDOW_MS;
	log_tick(f->log);
	at = strstr(written(f), "of=flood count=");
	assert_non_null(at);
	snprintf(part, sizeof(part), "%s", at + strlen("of=flood count="));
	dropped = (unsigned)strtoul(part, NULL, 10);
	assert_int_equal(line_count + dropped, 3000);
}

/* What: of an identifier the last four characters are seen, and of a short one nothing. */
static void
an_identifier_is_masked(void **state)
{
	char masked[LOG_MASKED_BYTES];

	(void)state;
	assert_string_equal(log_mask("4902530000012345", 16, masked), "****2345");
	assert_string_equal(log_mask("12345", 5, masked), "****2345");
	assert_string_equal(log_mask("1234", 4, masked), "****");
	assert_string_equal(log_mask("", 0, masked), "****");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_is_key_and_value, setup, teardown),
		cmocka_unit_test_setup_teardown(a_value_cannot_forge_anything, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_line_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(the_level_decides_what_is_written, setup, teardown),
		cmocka_unit_test_setup_teardown(repeats_are_limited_and_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(no_operators_line_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(a_slow_reader_costs_lines_not_time, setup,
						teardown),
		cmocka_unit_test(an_identifier_is_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
