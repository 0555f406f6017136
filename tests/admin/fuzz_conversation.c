/*
 * fuzz_conversation.c - all that a connection to the console may say, from its first byte to the
 * commands it runs: telnet, lines, the login, the grammar, handlers that look.
 *
 * The first byte of an input says who is there: at the port or at the socket, known or to log in.
 * The rest is said at once, and then the peer closes its side, so that nothing ever waits.  Nobody
 * is let in by a password here, which takes its time by design; see test_login.c for that.
 */
#include "tests/fuzz.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unistr.h>

#include "admin/login.h"
#include "admin/session.h"
#include "protocol/assert.h"
#include "tests/admin/fake_host.h"

/* Bits of the first byte. */
enum {
	AT_THE_PORT = 1,
	TO_LOG_IN = 2,
};

#define LOOK_MS 60000

/* What all inputs share: viewers change nothing. */
struct desk {
	struct fake_host fake;
	struct login login;
};

/* No byte of a peer may forge a line of the log. */
static void
check_audit(void *context, const struct host_audit *audit)
{
	const char *const texts[] = { audit->operator_name, audit->origin, audit->command,
				      audit->result };

	(void)context;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const uint8_t *text = (const uint8_t *)texts[i];

		TG_ASSERT(strlen(texts[i]) <= COMMAND_LINE_BYTES_MAX);
		for (size_t k = 0; text[k] != '\0'; k++)
			TG_ASSERT(text[k] >= ' ' && text[k] != 0x7f);
	}
}

static struct desk *
shared_desk(void)
{
	static struct desk *desk;

	if (desk == NULL) {
		desk = calloc(1, sizeof(*desk));
		TG_ASSERT(desk != NULL);
		fake_host_init(&desk->fake);
		desk->fake.host.audit = check_audit;
		login_init(&desk->login, NULL, 1000, 1);
	}
	return desk;
}

/* What came back has no control bytes but the ends of lines; telnet has its own. */
static void
check_output(int fd, bool is_telnet)
{
	uint8_t bytes[4096];
	ssize_t count;

	while ((count = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		for (ssize_t i = 0; i < count && !is_telnet; i++)
			TG_ASSERT(bytes[i] == '\n' || (bytes[i] >= ' ' && bytes[i] != 0x7f));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	struct desk *desk = shared_desk();
	const uint8_t who = data_bytes > 0 ? data[0] : 0;
	struct session_config config = {
		.is_telnet = (who & AT_THE_PORT) != 0,
		.needs_login = (who & TO_LOG_IN) != 0,
		.operator_name = "ann",
		.origin = "console",
		.right = RIGHT_VIEWER,
		.idle_ms = LOOK_MS,
		.login_ms = LOOK_MS,
		.login = &desk->login,
		.host = &desk->fake.host,
		.shared = &desk->fake.shared,
	};
	int fds[2];

	TG_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	TG_ASSERT(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
	if (data_bytes > 1)
		(void)send(fds[1], data + 1, data_bytes - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	TG_ASSERT(shutdown(fds[1], SHUT_WR) == 0);
	config.fd = fds[0];
	session_serve(&config);
	check_output(fds[1], config.is_telnet);
	close(fds[0]);
	close(fds[1]);
	return 0;
}

/* Each command at the socket and at the port, without and with arguments. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	char input[1 + COMMAND_LINE_BYTES_MAX];

	for (uint32_t i = 0; i < command_row_count; i++) {
		const struct command *row = &command_rows[i];

		for (int who = 0; who <= AT_THE_PORT; who++) {
			const int bytes = snprintf(input, sizeof(input), "%c%s\r\n%s %s\r\n", who,
						   row->words, row->words, row->arguments);

			sink->seed(sink->context, input, (size_t)bytes);
		}
		fuzz_word_text(sink, row->words);
	}
}
