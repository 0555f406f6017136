/*
 * daemon.c - a tallygated of the test's own: directory, keys, process, console, clients.
 */
#include "tests/system/daemon.h"

#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/auth.h"
#include "tests/gateway/pki.h"

#define WAIT_MS 60000
#define LOOK_MS 5
#define LINES_SHOWN 40 /* of a log, after a failure */
#define MASTER_BYTE 0x5a
#define INSTANCE "tallygate" /* the default */

/* The log's text from offset on, zero-terminated; the caller frees it. */
static char *
read_log(const char *directory, long offset)
{
	char path[128];
	char *text;
	long bytes;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/log", directory);
	file = fopen(path, "r");
	if (file == NULL)
		return strdup("");
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	bytes = ftell(file) - offset;
	assert_true(bytes >= 0);
	text = calloc(1, (size_t)bytes + 1);
	assert_non_null(text);
	assert_int_equal(fseek(file, offset, SEEK_SET), 0);
	assert_int_equal(fread(text, 1, (size_t)bytes, file), (size_t)bytes);
	fclose(file);
	return text;
}

void
daemon_show_log(const char *directory)
{
	char *text = read_log(directory, 0);
	const char *line = text + strlen(text);

	for (int lines = 0; line > text && lines <= LINES_SHOWN; line--)
		lines += line[-1] == '\n' ? 1 : 0;
	while (*line != '\0') {
		int length = (int)strcspn(line, "\n");

		if (length > 0)
			print_message("# log: %.*s\n", length, line);
		line += length + (line[length] == '\n' ? 1 : 0);
	}
	free(text);
}

/* A test that failed has left its directory: what did the gateway say last? */
static void
show_at_exit(int status, void *directory)
{
	if (status != 0)
		daemon_show_log(directory);
	free(directory);
}

struct daemon *
daemon_new(const char *settings)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));

	assert_non_null(daemon);
	daemon->pki = pki_new();
	pki_write_secret(daemon->pki, "master", MASTER_BYTE, TG_KEY_BYTES);
	pki_write_secret(daemon->pki, "identifier", 0x33, 32);
	(void)snprintf(daemon->directory, sizeof(daemon->directory), "/tmp/tg_daemon_XXXXXX");
	assert_non_null(mkdtemp(daemon->directory));
	assert_int_equal(on_exit(show_at_exit, strdup(daemon->directory)), 0);
	daemon_configure(daemon, settings);
	return daemon;
}

static int
remove_one(const char *path, const struct stat *stat, int type, struct FTW *place)
{
	(void)stat;
	(void)type;
	(void)place;
	return remove(path);
}

void
daemon_free(struct daemon *daemon)
{
	if (daemon->pid != 0) {
		/* A process that is killed tells nobody what it ran: contrib/coverage. */
		(void)kill(daemon->pid, getenv("TG_END_IN_ORDER") != NULL ? SIGTERM : SIGKILL);
		(void)waitpid(daemon->pid, NULL, 0);
	}
	assert_int_equal(nftw(daemon->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	pki_free(daemon->pki);
	free(daemon);
}

void
daemon_configure(struct daemon *daemon, const char *settings)
{
	char path[128], certificate[PKI_PATH_BYTES], key[PKI_PATH_BYTES], ca[PKI_PATH_BYTES];
	char master[PKI_PATH_BYTES], identifier[PKI_PATH_BYTES];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/conf", daemon->directory);
	file = fopen(path, "w");
	assert_non_null(file);
	/* A machine that stands still for a moment is no reason to be told BUSY. */
	if (strstr(settings, "queue:") == NULL)
		fprintf(file, "queue: { delay_ms = 60000; };\n");
	fprintf(file,
		"listen: { tls = [\"127.0.0.1:0\"]; plain = [\"127.0.0.1:0\"]; };\n"
		"tls: { certificate_file = \"%s\"; key_file = \"%s\"; ca_file = \"%s\"; };\n"
		"keys: { master_file = \"%s\"; identifier_file = \"%s\"; };\n"
		"data: { directory = \"%s/data\"; };\n"
		"journal: { segment_bytes = 4194304; batch_bytes = 2097152;"
		" reserve_bytes = 1048576; };\n"
		"%s\n",
		pki_path(daemon->pki, "server.pem", certificate),
		pki_path(daemon->pki, "server.key", key), pki_path(daemon->pki, "ca.pem", ca),
		pki_path(daemon->pki, "master", master),
		pki_path(daemon->pki, "identifier", identifier), daemon->directory, settings);
	assert_int_equal(fclose(file), 0);
}

/* Fork and execute, standard error appended to the log. */
static void
spawn(struct daemon *daemon)
{
	const char *top = getenv("top_builddir");
	char program[256], conf[128], log[128];
	int fd;

	(void)snprintf(program, sizeof(program), "%s/gateway/tallygated", top != NULL ? top : ".");
	(void)snprintf(conf, sizeof(conf), "%s/conf", daemon->directory);
	(void)snprintf(log, sizeof(log), "%s/log", daemon->directory);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	daemon->pid = fork();
	assert_true(daemon->pid >= 0);
	if (daemon->pid == 0) {
		/* A test that fails half-way leaves nothing running. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(fd, STDERR_FILENO);
		(void)execl(program, program, "--config", conf, (char *)NULL);
		_exit(127);
	}
	close(fd);
}

static void
pause_a_moment(void)
{
	(void)poll(NULL, 0, LOOK_MS);
}

/* Copy the port of the address after a listening line's key. */
static void
find_port(const char *log, const char *tls, char port[8])
{
	const char *line = strstr(log, "event=listening");

	port[0] = '\0';
	for (; line != NULL; line = strstr(line + 1, "event=listening")) {
		const char *address = strstr(line, "address=127.0.0.1:");
		const char *is_tls = strstr(line, "tls=");

		if (address != NULL && is_tls != NULL && strncmp(is_tls + 4, tls, 2) == 0)
			(void)sscanf(address, "address=127.0.0.1:%7[0-9]", port);
	}
}

void
daemon_start(struct daemon *daemon)
{
	char *log = read_log(daemon->directory, 0), *http;
	long offset = (long)strlen(log);

	free(log);
	spawn(daemon);
	for (int ms = 0;; ms += LOOK_MS) {
		int status;

		log = read_log(daemon->directory, offset);
		if (strstr(log, "event=ready") != NULL)
			break;
		if (ms >= WAIT_MS || waitpid(daemon->pid, &status, WNOHANG) == daemon->pid)
			fail_msg("it does not start:\n%s", log);
		free(log);
		pause_a_moment();
	}
	find_port(log, "ye", daemon->tls_port);
	find_port(log, "no", daemon->plain_port);
	daemon->http_port[0] = '\0';
	http = strstr(log, "event=http_listening address=127.0.0.1:");
	if (http != NULL)
		(void)sscanf(http, "event=http_listening address=127.0.0.1:%7[0-9]",
			     daemon->http_port);
	free(log);
	assert_int_not_equal(daemon->tls_port[0], '\0');
}

int
daemon_fail(struct daemon *daemon)
{
	spawn(daemon);
	return daemon_wait(daemon);
}

void
daemon_signal(struct daemon *daemon, int number)
{
	assert_int_equal(kill(daemon->pid, number), 0);
}

int
daemon_wait(struct daemon *daemon)
{
	int status;

	for (int ms = 0; waitpid(daemon->pid, &status, WNOHANG) != daemon->pid; ms += LOOK_MS) {
		if (ms >= WAIT_MS) {
			fail_msg("it does not end");
		}
		pause_a_moment();
	}
	daemon->pid = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* How often the log holds the text. */
static uint32_t
count_logged(struct daemon *daemon, const char *text)
{
	char *log = read_log(daemon->directory, 0);
	uint32_t count = 0;

	for (const char *at = strstr(log, text); at != NULL; at = strstr(at + 1, text))
		count++;
	free(log);
	return count;
}

bool
daemon_has_logged(struct daemon *daemon, const char *text)
{
	return count_logged(daemon, text) > 0;
}

void
daemon_await_answer(struct daemon *daemon, const char *command, const char *text)
{
	for (int ms = 0; !daemon_command(daemon, command) || strstr(daemon->answer, text) == NULL;
	     ms += LOOK_MS) {
		if (ms >= WAIT_MS)
			fail_msg("%s: no %s in:\n%s", command, text, daemon->answer);
		pause_a_moment();
	}
}

void
daemon_await_log(struct daemon *daemon, const char *text, uint32_t times)
{
	for (int ms = 0; count_logged(daemon, text) < times; ms += LOOK_MS) {
		if (ms >= WAIT_MS) {
			fail_msg("the log does not tell %s", text);
		}
		pause_a_moment();
	}
}

/* Read up to the line that ends an answer; its first byte is 'o' or 'e'. */
static char
read_answer(int fd, char *text)
{
	size_t used = 0, line = 0;

	for (;;) {
		ssize_t got = read(fd, text + used, 1);

		assert_int_equal(got, 1);
		used++;
		assert_true(used < DAEMON_TEXT_BYTES);
		if (text[used - 1] != '\n')
			continue;
		text[used] = '\0';
		if (strncmp(text + line, "ok", 2) == 0 || strncmp(text + line, "error", 5) == 0)
			return text[line];
		line = used;
	}
}

int
daemon_get(struct daemon *daemon, const char *path)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) },
				       .sin_port = htons((uint16_t)strtol(daemon->http_port, NULL,
									  10)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 0;
	size_t used = 0;
	char request[128], *body;
	ssize_t got;

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nConnection: close\r\n\r\n",
		       path);
	assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	while ((got = read(fd, daemon->answer + used, DAEMON_TEXT_BYTES - 1 - used)) > 0)
		used += (size_t)got;
	assert_int_equal(got, 0);
	assert_true(used < DAEMON_TEXT_BYTES - 1);
	close(fd);
	daemon->answer[used] = '\0';
	assert_int_equal(sscanf(daemon->answer, "HTTP/1.1 %d", &status), 1);
	body = strstr(daemon->answer, "\r\n\r\n");
	assert_non_null(body);
	memmove(daemon->answer, body + 4, strlen(body + 4) + 1);
	return status;
}

bool
daemon_command(struct daemon *daemon, const char *command)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t length = strlen(command);
	char result;

	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/data/console.sock",
		       daemon->directory);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)read_answer(fd, daemon->answer); /* the banner */
	assert_int_equal(write(fd, command, length), (ssize_t)length);
	assert_int_equal(write(fd, "\n", 1), 1);
	result = read_answer(fd, daemon->answer);
	close(fd);
	return result == 'o';
}

void
daemon_set_up_partner(struct daemon *daemon)
{
	static const char *const commands[] = {
		"partner add 1 name=\"Book shop\"",
		"rule add 1 base=1/100",
		"store add 11 partner=1",
		"terminal add 101 partner=1 store=11 rights=all",
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!daemon_command(daemon, commands[i]))
			fail_msg("%s: %s", commands[i], daemon->answer);
	}
}

/* Make a client of DAEMON_TERMINAL; options say where to go. */
static struct tg_client *
make_client(struct tg_options *options)
{
	uint8_t master[TG_KEY_BYTES];
	struct tg_client *client;
	char error[256];

	memset(master, MASTER_BYTE, sizeof(master));
	options->terminal = DAEMON_TERMINAL;
	options->key_generation = 1;
	assert_int_equal(tg_auth_derive_key(master, sizeof(master), INSTANCE, DAEMON_TERMINAL, 1,
					    options->key),
			 TG_OK);
	if (tg_client_new(options, error, sizeof(error), &client) != TG_OK)
		fail_msg("%s", error);
	return client;
}

struct tg_client *
daemon_client(struct daemon *daemon, bool is_plain)
{
	char ca[PKI_PATH_BYTES];
	struct tg_options options;

	tg_options_init(&options);
	options.host = "127.0.0.1";
	options.port = is_plain ? daemon->plain_port : daemon->tls_port;
	options.is_plain = is_plain;
	if (!is_plain)
		options.ca_file = pki_path(daemon->pki, "ca.pem", ca);
	return make_client(&options);
}

struct tg_client *
daemon_client_of(const char *hosts)
{
	struct tg_options options;

	tg_options_init(&options);
	options.answer_timeout_ms = 8000; /* a machine that stands still is no dead gateway */
	options.host = hosts;
	options.is_plain = true;
	return make_client(&options);
}
