/*
 * test_login.c - operators, their passwords, their roles, and the port where they log in.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/console.h"
#include "admin/login.h"
#include "admin/operators.h"
#include "tests/admin/fake_host.h"

#define WAIT_MS 60000
#define PASSWORD "correct horse"

struct login_fixture {
	struct fake_host fake;
	struct console *console;
	char folder[64];
	char socket_path[96];
	char path[96];			/* of the operators' file */
	char heard[65536];
};

/* ann admin, bob operator, eve viewer, all with one password; a cheap hash, for the tests' sake. */
static void
write_operators(struct login_fixture *f)
{
	static const char *const names[] = { "eve", "bob", "ann" };
	const struct operator_cost cost = { .n = 16384, .r = 1, .p = 1 };
	struct operators operators = { .count = 3 };

	for (uint32_t i = 0; i < 3; i++) {
		struct operator_entry *entry = &operators.entries[i];

		*entry = (struct operator_entry){ .right = (enum command_right)i };
		snprintf(entry->name, sizeof(entry->name), "%s", names[i]);
		assert_int_equal(operators_set_password(entry, PASSWORD, cost), TG_OK);
	}
	assert_int_equal(operators_write(f->path, &operators), TG_OK);
}

static int
setup(void **state)
{
	struct login_fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	snprintf(f->folder, sizeof(f->folder), "/tmp/test_login.XXXXXX");
	if (mkdtemp(f->folder) == NULL)
		return -1;
	snprintf(f->socket_path, sizeof(f->socket_path), "%s/console.sock", f->folder);
	snprintf(f->path, sizeof(f->path), "%s/operators", f->folder);
	fake_host_init(&f->fake);
	write_operators(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct login_fixture *f = *state;

	console_stop(f->console);
	(void)unlink(f->path);
	(void)rmdir(f->folder);
	fake_host_deinit(&f->fake);
	free(f);
	return 0;
}

static void
start(struct login_fixture *f, const struct console_config *more)
{
	const struct sockaddr_in loopback = { .sin_family = AF_INET,
					      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct console_config config = *more;

	config.socket_path = f->socket_path;
	config.mode = 0660;
	config.tcp_address = (const struct sockaddr *)&loopback;
	config.tcp_address_bytes = sizeof(loopback);
	config.operators_file = f->path;
	assert_int_equal(console_start(&config, &f->fake.host, &f->console), TG_OK);
}

static int
dial(struct login_fixture *f)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons(console_port(f->console)) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Read until what was heard since the last call ends with text; NULL: until the peer closes. */
static const char *
hear(struct login_fixture *f, int fd, const char *text)
{
	size_t used = 0;

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		ssize_t count;

		f->heard[used] = '\0';
		if (text != NULL && used >= strlen(text) &&
		    strcmp(f->heard + used - strlen(text), text) == 0)
			return f->heard;
		assert_true(used + 1 < sizeof(f->heard));
		assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
		count = recv(fd, f->heard + used, 1, 0);
		if (count <= 0) {
			if (text != NULL)
				fail_msg("closed after \"%s\", not \"%s\"", f->heard, text);
			close(fd);
			return f->heard;
		}
		used += (size_t)count;
	}
}

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* From "login: " to the answer. */
static void
log_in(struct login_fixture *f, int fd, const char *name, const char *password)
{
	hear(f, fd, "login: ");
	say(fd, name);
	say(fd, "\r\n");
	hear(f, fd, "password: ");
	say(fd, password);
	say(fd, "\r\n");
}

/* The last thing written down must hold all of part. */
static void
expect_audit(struct login_fixture *f, const char *part)
{
	pthread_mutex_lock(&f->fake.lock);
	if (strstr(f->fake.audit, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", f->fake.audit, part);
	pthread_mutex_unlock(&f->fake.lock);
}

/* What: a file says what it was given; bad lines, double names and files that others may change
 *       are refused with their place. */
static void
a_file_is_read_as_written(void **state)
{
	static const char *const bad[] = {
		"ann:admin:scrypt:16384:1:1:00:00\n",
		"ann:root:scrypt:16384:1:1:00112233445566778899aabbccddeeff:"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
		"ann:admin:scrypt:16385:1:1:00112233445566778899aabbccddeeff:"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
		"ann:admin:md5:16384:1:1:00112233445566778899aabbccddeeff:"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
		"Ann:admin:scrypt:16384:1:1:00112233445566778899aabbccddeeff:"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
		"nonsense\n",
	};
	struct login_fixture *f = *state;
	struct operators operators;
	char why[OPERATORS_WHY_BYTES];
	FILE *file;

	assert_int_equal(operators_read(f->path, &operators, why), TG_OK);
	assert_int_equal(operators.count, 3);
	assert_int_equal(operators_find(&operators, "bob")->right, RIGHT_OPERATOR);
	assert_null(operators_find(&operators, "zoe"));
	assert_int_equal(chmod(f->path, 0644), 0);
	assert_int_equal(operators_read(f->path, &operators, why), TG_CONFIG);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(unlink(f->path), 0);
		file = fopen(f->path, "w");
		assert_non_null(file);
		assert_int_equal(fchmod(fileno(file), 0600), 0);
		fprintf(file, "# head\n\n%s", bad[i]);
		fclose(file);
		assert_int_equal(operators_read(f->path, &operators, why), TG_CONFIG);
		assert_non_null(strstr(why, "line 3"));
	}
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(operators_read(f->path, &operators, why), TG_IO);
	write_operators(f);
}

/* What: only the password is right; nobody has none. */
static void
only_the_password_is_taken(void **state)
{
	struct login_fixture *f = *state;
	struct operators operators;
	char why[OPERATORS_WHY_BYTES];
	struct operator_entry *ann;

	assert_int_equal(operators_read(f->path, &operators, why), TG_OK);
	ann = operators_find(&operators, "ann");
	assert_true(operators_check(ann, PASSWORD));
	assert_false(operators_check(ann, PASSWORD "e"));
	assert_false(operators_check(ann, ""));
	assert_false(operators_check(NULL, PASSWORD));
	assert_int_equal(operators_set_password(ann, "short", operators_cost()), TG_BAD_FIELD);
}

/* What: so many wrong passwords lock a name, and only that one, until the time has passed. */
static void
wrong_passwords_lock_a_name(void **state)
{
	struct login_fixture *f = *state;
	enum command_right right = RIGHT_VIEWER;
	char why[OPERATORS_WHY_BYTES];
	struct login login;

	login_init(&login, f->path, 2, 1000);
	assert_int_equal(login_check(&login, "ann", "x", 1, why, &right), LOGIN_WRONG);
	assert_int_equal(login_check(&login, "ann", PASSWORD, 2, why, &right), LOGIN_TAKEN);
	assert_int_equal(right, RIGHT_ADMIN);
	assert_int_equal(login_check(&login, "ann", "x", 3, why, &right), LOGIN_WRONG);
	assert_int_equal(login_check(&login, "ann", "x", 4, why, &right), LOGIN_WRONG);
	assert_int_equal(login_check(&login, "ann", PASSWORD, 5, why, &right), LOGIN_LOCKED);
	assert_int_equal(login_check(&login, "bob", PASSWORD, 5, why, &right), LOGIN_TAKEN);
	assert_int_equal(login_check(&login, "zoe", "x", 5, why, &right), LOGIN_NO_NAME);
	assert_int_equal(login_check(&login, "ida", "x", 5, why, &right), LOGIN_NO_NAME);
	assert_int_equal(login_check(&login, "eva", "x", 5, why, &right), LOGIN_LOCKED);
	assert_int_equal(login_check(&login, "ann", PASSWORD, 1004, why, &right), LOGIN_TAKEN);
	login_deinit(&login);
	login_init(&login, NULL, 2, 1000);
	assert_int_equal(login_check(&login, "ann", PASSWORD, 1, why, &right), LOGIN_NO_FILE);
	login_deinit(&login);
}

/* What: at the port an operator logs in unseen, gets a prompt, and is named in what it does; what
 *       its role does not allow is refused. */
static void
a_role_is_enforced_at_the_port(void **state)
{
	struct login_fixture *f = *state;
	const struct console_config config = { .idle_ms = 0 };
	int fd;

	start(f, &config);
	fd = dial(f);
	hear(f, fd, "login: ");
	say(fd, "bob\r\n");
	assert_string_equal(hear(f, fd, "password: "), "\xff\xfb\x01password: ");
	say(fd, "\xff\xfd\x01\xff\xfb\x18" PASSWORD "\r\n");
	assert_memory_equal(hear(f, fd, "tallygate> "), "\xff\xfe\x18\xff\xfc\x01\r\n", 8);
	expect_audit(f, "bob|console 127.0.0.1 port=");
	expect_audit(f, "|login|ok|0");
	say(fd, "store add 12 partner=1\r\n");
	assert_non_null(strstr(hear(f, fd, "tallygate> "), "ok record=11\r\n"));
	say(fd, "partner add 9\r\n");
	assert_non_null(strstr(hear(f, fd, "tallygate> "),
			       "error this needs the right of admin\r\n"));
	expect_audit(f, "bob|console 127.0.0.1 port=");
	say(fd, "quit\r\n");
	assert_non_null(strstr(hear(f, fd, NULL), "ok bye\r\n"));
}

/* What: a viewer changes nothing, whatever the row. */
static void
a_viewer_changes_nothing(void **state)
{
	struct login_fixture *f = *state;
	const struct console_config config = { .idle_ms = 0 };
	char line[128];
	int fd;

	start(f, &config);
	fd = dial(f);
	log_in(f, fd, "eve", PASSWORD);
	hear(f, fd, "tallygate> ");
	for (uint32_t i = 0; i < command_row_count; i++) {
		if (COMMAND_RIGHT(&command_rows[i]) == RIGHT_VIEWER)
			continue;
		snprintf(line, sizeof(line), "%s\r\n", command_rows[i].words);
		say(fd, line);
		snprintf(line, sizeof(line), "error this needs the right of %s\r\ntallygate> ",
			 command_right_name(COMMAND_RIGHT(&command_rows[i])));
		assert_string_equal(hear(f, fd, "tallygate> "), line);
	}
	close(fd);
}

/* What: three wrong logins end the connection, nothing tells a name from a password, and the log
 *       does; a browser is sent away. */
static void
strangers_get_nothing(void **state)
{
	struct login_fixture *f = *state;
	const struct console_config config = { .login_ms = 0 };
	int fd;

	start(f, &config);
	fd = dial(f);
	log_in(f, fd, "ann", "x");
	hear(f, fd, "error login refused\r\n");
	expect_audit(f, "ann|console 127.0.0.1 port=");
	expect_audit(f, "|login|wrong password|0");
	log_in(f, fd, "zoe", PASSWORD);
	hear(f, fd, "error login refused\r\n");
	expect_audit(f, "|login|no such operator|0");
	log_in(f, fd, "My Secret", PASSWORD);
	hear(f, fd, NULL);
	expect_audit(f, "?|console 127.0.0.1 port=");
	fd = dial(f);
	hear(f, fd, "login: ");
	say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_string_equal(hear(f, fd, NULL), "");
	expect_audit(f, "|(another protocol)|closed|");
}

/* What: who does not log in is sent away after a while. */
static void
a_silent_stranger_is_sent_away(void **state)
{
	struct login_fixture *f = *state;
	const struct console_config config = { .login_ms = 100 };
	int fd;

	start(f, &config);
	fd = dial(f);
	assert_non_null(strstr(hear(f, fd, NULL), "no login, closing"));
}

/* What: the port never takes the last places, which are for the Unix socket. */
static void
places_are_kept_for_the_socket(void **state)
{
	struct login_fixture *f = *state;
	const struct console_config config = { .idle_ms = 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fds[CONSOLE_TCP_SESSIONS_MAX], fd;

	start(f, &config);
	for (size_t i = 0; i < CONSOLE_TCP_SESSIONS_MAX; i++) {
		fds[i] = dial(f);
		hear(f, fds[i], "login: ");
	}
	fd = dial(f);
	assert_string_equal(hear(f, fd, NULL), "error too many console sessions\n");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->socket_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	hear(f, fd, "ok\n");
	close(fd);
	for (size_t i = 0; i < CONSOLE_TCP_SESSIONS_MAX; i++)
		close(fds[i]);
}

/* What: at the Unix socket others than the gateway's user log in, without telnet's bytes. */
static void
others_log_in_at_the_socket(void **state)
{
	struct login_fixture *f = *state;
	const struct console_config config = { .is_known_to_nobody = true };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	start(f, &config);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->socket_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	log_in(f, fd, "ann", PASSWORD);
	assert_string_equal(hear(f, fd, "ok\n"),
			    "  Tallygate console; \"help\" lists the commands.\nok\n");
	say(fd, "partner add 9\n");
	assert_string_equal(hear(f, fd, "\n"), "ok record=11\n");
	close(fd);
}

#define WITH_CONSOLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* What: a new file is its writer's own, but where the folder gives files its group, that group
 *       reads it, as the gateway must.
 * How:  the same file written in a folder of either kind. */
static void
a_new_file_is_read_by_the_group_of_a_shared_folder(void **state)
{
	struct login_fixture *f = *state;
	struct stat facts;

	assert_int_equal(stat(f->path, &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0600);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(chmod(f->folder, 02700), 0);
	write_operators(f);
	assert_int_equal(stat(f->path, &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0640);
	/* One that is there stays as it is. */
	assert_int_equal(chmod(f->path, 0600), 0);
	write_operators(f);
	assert_int_equal(stat(f->path, &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0600);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CONSOLE(a_file_is_read_as_written),
		WITH_CONSOLE(a_new_file_is_read_by_the_group_of_a_shared_folder),
		WITH_CONSOLE(only_the_password_is_taken),
		WITH_CONSOLE(wrong_passwords_lock_a_name),
		WITH_CONSOLE(a_role_is_enforced_at_the_port),
		WITH_CONSOLE(a_viewer_changes_nothing),
		WITH_CONSOLE(strangers_get_nothing),
		WITH_CONSOLE(a_silent_stranger_is_sent_away),
		WITH_CONSOLE(places_are_kept_for_the_socket),
		WITH_CONSOLE(others_log_in_at_the_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
