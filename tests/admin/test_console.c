/*
 * test_console.c - the socket: sessions, their bounds, and strangers.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/console.h"
#include "tests/admin/fake_host.h"

#define WAIT_MS 20000

struct console_fixture {
	struct fake_host fake;
	struct console *console;
	char folder[64];
	char path[96];
};

static void
start(struct console_fixture *f, int32_t idle_ms, int32_t write_ms)
{
	const struct console_config config = {
		.socket_path = f->path, .mode = 0660, .idle_ms = idle_ms, .write_ms = write_ms,
	};

	assert_int_equal(console_start(&config, &f->fake.host, &f->console), TG_OK);
}

static int
setup(void **state)
{
	struct console_fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	snprintf(f->folder, sizeof(f->folder), "/tmp/test_console.XXXXXX");
	if (mkdtemp(f->folder) == NULL)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/console.sock", f->folder);
	fake_host_init(&f->fake);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct console_fixture *f = *state;

	console_stop(f->console);
	(void)rmdir(f->folder);
	fake_host_deinit(&f->fake);
	free(f);
	return 0;
}

static int
dial(const struct console_fixture *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The next line, without its end; "" when the peer closed. */
static const char *
hear_line(int fd, char *line, size_t bytes)
{
	size_t used = 0;

	while (used + 1 < bytes) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

		assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
		if (recv(fd, line + used, 1, 0) <= 0 || line[used] == '\n')
			break;
		used++;
	}
	line[used] = '\0';
	return line;
}

/* Read until a line that is not indented: the end of an answer. */
static const char *
hear_end(int fd, char *line, size_t bytes)
{
	do {
		hear_line(fd, line, bytes);
	} while (line[0] == ' ');
	return line;
}

/* Read until the peer closes. */
static void
hear_close(int fd)
{
	char bytes[4096];
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	do {
		assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
	} while (recv(fd, bytes, sizeof(bytes), 0) > 0);
	close(fd);
}

/* How many commands were written down, and that the last one holds all of part. */
static uint32_t
count_audits(struct console_fixture *f, const char *part)
{
	uint32_t count;

	pthread_mutex_lock(&f->fake.lock);
	count = f->fake.audit_count;
	if (strstr(f->fake.audit, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", f->fake.audit, part);
	pthread_mutex_unlock(&f->fake.lock);
	return count;
}

/* Wait until so many commands were written down, which each is after its answer. */
static void
await_audits(struct console_fixture *f, uint32_t wanted)
{
	uint32_t count = 0;

	for (int tries = 0; tries < WAIT_MS / 10 && count < wanted; tries++) {
		(void)poll(NULL, 0, 10);
		pthread_mutex_lock(&f->fake.lock);
		count = f->fake.audit_count;
		pthread_mutex_unlock(&f->fake.lock);
	}
	assert_true(count >= wanted);
}

/* What: a session greets, runs lines in order, and names the operator by the peer's user.
 * How:  three commands in one write; the audit's operator and origin. */
static void
a_session_runs_commands(void **state)
{
	struct console_fixture *f = *state;
	char line[256], pid[32];
	struct stat facts;
	int fd;

	start(f, 0, 0);
	assert_int_equal(stat(f->path, &facts), 0);
	assert_int_equal(facts.st_mode & 0777, 0660);
	fd = dial(f);
	assert_string_equal(hear_end(fd, line, sizeof(line)), "ok");
	say(fd, "show stats\r\npartner add 7\nquit\n");
	assert_string_equal(hear_end(fd, line, sizeof(line)), "ok");
	assert_string_equal(hear_end(fd, line, sizeof(line)), "ok record=11");
	assert_string_equal(hear_end(fd, line, sizeof(line)), "ok bye");
	hear_close(fd);
	snprintf(pid, sizeof(pid), "uid=%d pid=%d|quit", (int)getuid(), (int)getpid());
	assert_int_equal(count_audits(f, pid), 3);
}

/* What: the ninth session is told that there is no place, and gets one when another ends. */
static void
the_ninth_session_is_refused(void **state)
{
	struct console_fixture *f = *state;
	int fds[CONSOLE_SESSIONS_MAX], ninth;
	char line[256];

	start(f, 0, 0);
	for (size_t i = 0; i < CONSOLE_SESSIONS_MAX; i++) {
		fds[i] = dial(f);
		assert_string_equal(hear_end(fds[i], line, sizeof(line)), "ok");
	}
	ninth = dial(f);
	assert_string_equal(hear_line(ninth, line, sizeof(line)),
			    "error too many console sessions");
	hear_close(ninth);
	say(fds[3], "quit\n");
	hear_close(fds[3]);
	do {
		/* The place is free a moment after the close is seen. */
		fds[3] = dial(f);
		hear_line(fds[3], line, sizeof(line));
		if (line[0] == 'e')
			hear_close(fds[3]);
	} while (line[0] == 'e');
	for (size_t i = 0; i < CONSOLE_SESSIONS_MAX; i++)
		close(fds[i]);
}

/* What: a browser gets nothing but a closed connection, and is written down. */
static void
a_browser_is_sent_away(void **state)
{
	struct console_fixture *f = *state;
	char line[256];
	int fd;

	start(f, 0, 0);
	fd = dial(f);
	hear_end(fd, line, sizeof(line));
	say(fd, "POST / HTTP/1.1\r\nHost: x\r\n\r\nshutdown yes\r\n");
	hear_close(fd);
	assert_false(f->fake.was_shut_down);
	assert_int_equal(count_audits(f, "|(another protocol)|closed|"), 1);
}

/* What: lines that are too long are refused, and the session goes on. */
static void
a_long_line_is_refused(void **state)
{
	struct console_fixture *f = *state;
	char line[2048];
	int fd;

	start(f, 0, 0);
	fd = dial(f);
	hear_end(fd, line, sizeof(line));
	memset(line, 'a', sizeof(line) - 2);
	line[sizeof(line) - 2] = '\n';
	line[sizeof(line) - 1] = '\0';
	say(fd, line);
	assert_string_equal(hear_end(fd, line, sizeof(line)), "error the line is too long");
	say(fd, "\xff\xfd\x03quit\r\n");
	assert_string_equal(hear_end(fd, line, sizeof(line)), "ok bye");
	hear_close(fd);
}

/* What: an interrupt ends what repeats, is no command itself, and is nothing where nothing repeats:
 *       each line has one answer.
 * How:  a repetition of an hour, ended; then an interrupt with nothing to end, and a command. */
static void
an_interrupt_ends_what_repeats(void **state)
{
	struct console_fixture *f = *state;
	char line[256];
	int fd;

	start(f, 0, 0);
	fd = dial(f);
	assert_string_equal(hear_end(fd, line, sizeof(line)), "ok");
	say(fd, "every 60m show version\n");
	assert_memory_equal(hear_line(fd, line, sizeof(line)), "  what ", 7);
	say(fd, "\x03");
	assert_string_equal(hear_end(fd, line, sizeof(line)), "ok runs=1");
	say(fd, "\x03show\x03partner add 7\n");
	assert_string_equal(hear_end(fd, line, sizeof(line)), "ok record=11");
	close(fd);
}

/* What: a session that says nothing ends. */
static void
an_idle_session_is_closed(void **state)
{
	struct console_fixture *f = *state;
	char line[256];
	int fd;

	start(f, 50, 0);
	fd = dial(f);
	assert_string_equal(hear_end(fd, line, sizeof(line)), "ok");
	assert_string_equal(hear_end(fd, line, sizeof(line)),
			    "error nothing said for too long, closing");
	hear_close(fd);
}

/* What: who does not read is cut off, and meanwhile others are served.
 * How:  a session asks for more than socket buffers hold and never reads. */
static void
a_slow_reader_is_cut_off(void **state)
{
	struct console_fixture *f = *state;
	char line[256];
	int slow, other;

	f->fake.session_count = 100000;
	start(f, 0, 200);
	slow = dial(f);
	say(slow, "show sessions\n");
	other = dial(f);
	assert_string_equal(hear_end(other, line, sizeof(line)), "ok");
	say(other, "show version\n");
	assert_string_equal(hear_end(other, line, sizeof(line)), "ok");
	close(other);
	await_audits(f, 2);
	hear_close(slow);
}

/* What: stopping ends open sessions and removes the socket; a left-over one is replaced, one in
 *       use is not. */
static void
stopping_leaves_nothing(void **state)
{
	struct console_fixture *f = *state;
	const struct console_config config = { .socket_path = f->path, .mode = 0600 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct console *second = NULL;
	char line[256];
	int fd, left_over;

	start(f, 0, 0);
	assert_int_equal(console_start(&config, &f->fake.host, &second), TG_IO);
	fd = dial(f);
	assert_string_equal(hear_end(fd, line, sizeof(line)), "ok");
	console_stop(f->console);
	f->console = NULL;
	hear_close(fd);
	assert_int_equal(access(f->path, F_OK), -1);
	left_over = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	assert_int_equal(bind(left_over, (struct sockaddr *)&address, sizeof(address)), 0);
	close(left_over);
	start(f, 0, 0);
}

/* Run the client with these arguments and standard input; its output comes back, and its status. */
static int
run_client(struct console_fixture *f, const char *arguments, char *printed, size_t bytes)
{
	const char *folder = getenv("top_builddir");
	char command[512];
	FILE *client;
	size_t count;

	snprintf(command, sizeof(command), "exec 2>&1; %s/admin/tally-console -s %s %s",
		 folder != NULL ? folder : ".", f->path, arguments);
	client = popen(command, "r");
	assert_non_null(client);
	count = fread(printed, 1, bytes - 1, client);
	printed[count] = '\0';
	return pclose(client);
}

/* Does the ledger, which sessions change meanwhile, have this partner by this name (NULL: any)? */
static bool
has_partner(struct console_fixture *f, uint32_t number, const char *name)
{
	const struct partner_config *partner;
	bool is_there;

	pthread_mutex_lock(&f->fake.lock);
	partner = ledger_partner_find(f->fake.ledger.ledger, number);
	is_there = partner != NULL &&
		   (name == NULL || strcmp((const char *)partner->name, name) == 0);
	pthread_mutex_unlock(&f->fake.lock);
	return is_there;
}

/* What: tally-console runs one command or the lines of its input, and its status tells refusals. */
static void
the_client_runs_commands(void **state)
{
	struct console_fixture *f = *state;
	char printed[4096];

	start(f, 0, 0);
	assert_int_equal(run_client(f, "show version", printed, sizeof(printed)), 0);
	assert_memory_equal(printed, "what ", 5);
	assert_int_equal(run_client(f, "partner add 7 name='Book \"shop\"'", printed,
				    sizeof(printed)), 0);
	assert_memory_equal(printed, "record=", 7);
	assert_true(has_partner(f, 7, "Book \"shop\""));
	assert_int_not_equal(run_client(f, "nonsense", printed, sizeof(printed)), 0);
	assert_memory_equal(printed, "error no command", 16);
	assert_int_equal(run_client(f, "</dev/null", printed, sizeof(printed)), 0);
	assert_int_not_equal(run_client(f, "<<'END'\npartner add 8\nnonsense\npartner add 9\nEND\n",
					printed, sizeof(printed)), 0);
	assert_true(has_partner(f, 9, NULL));
}

#define WITH_CONSOLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CONSOLE(a_session_runs_commands),
		WITH_CONSOLE(the_ninth_session_is_refused),
		WITH_CONSOLE(a_browser_is_sent_away),
		WITH_CONSOLE(a_long_line_is_refused),
		WITH_CONSOLE(an_interrupt_ends_what_repeats),
		WITH_CONSOLE(an_idle_session_is_closed),
		WITH_CONSOLE(a_slow_reader_is_cut_off),
		WITH_CONSOLE(stopping_leaves_nothing),
		WITH_CONSOLE(the_client_runs_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
