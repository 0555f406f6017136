/*
 * talk.c - connects, and takes lines apart from questions.
 */
#include "admin/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/session.h"

#define HANDSHAKE_MS 10000
#define WRITE_MS 10000
#define TELNET_IAC 255			/* begins a command, here always of three bytes */
#define INTERRUPT "\x03"

void
talk_init(struct talk *talk)
{
	memset(talk, 0, sizeof(*talk));
	talk->fd = -1;
	link_init(&talk->link, -1);
}

void
talk_close(struct talk *talk)
{
	link_deinit(&talk->link);
	if (talk->fd >= 0)
		close(talk->fd);
	talk->fd = -1;
}

/* Take over a connected socket; -1: errno says why there is none. */
static bool
take_socket(struct talk *talk, int fd, const char *where)
{
	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		snprintf(talk->why, sizeof(talk->why), "%s: %s", where, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	talk->fd = fd;
	link_init(&talk->link, fd);
	return true;
}

/* A socket connected to address; -1 with errno. */
static int
dial(const struct sockaddr *address, socklen_t bytes)
{
	const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, address, bytes) != 0) {
		const int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

bool
talk_open_socket(struct talk *talk, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(talk->why, sizeof(talk->why), "%.128s...: path too long", path);
		return false;
	}
	memcpy(address.sun_path, path, strlen(path));
	talk->is_private = true;
	return take_socket(talk, dial((const struct sockaddr *)&address, sizeof(address)), path);
}

static bool
is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)
						    ->sin6_addr);
	return address->sa_family == AF_INET &&
	       ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 ==
		       IN_LOOPBACKNET;
}

bool
talk_open_port(struct talk *talk, const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	char where[128];
	int fd = -1;
	const int failure = getaddrinfo(host, port, &hints, &list);

	snprintf(where, sizeof(where), "%.80s port %.8s", host, port);
	if (failure != 0) {
		snprintf(talk->why, sizeof(talk->why), "%s: %s", where, gai_strerror(failure));
		return false;
	}
	for (const struct addrinfo *one = list; one != NULL && fd < 0; one = one->ai_next) {
		fd = dial(one->ai_addr, one->ai_addrlen);
		talk->is_private = is_loopback(one->ai_addr);
	}
	freeaddrinfo(list);
	return take_socket(talk, fd, where);
}

bool
talk_join_tls(struct talk *talk, const char *ca_file, const char *name)
{
	const char *why = "";

	if (link_join_tls(&talk->link, ca_file, name, link_now_ms() + HANDSHAKE_MS, &why) !=
	    TG_OK) {
		snprintf(talk->why, sizeof(talk->why), "TLS with %.80s: %s", name, why);
		return false;
	}
	talk->is_private = true;
	return true;
}

/* Has the line come to text, and nothing more? */
static bool
is_line(const struct talk *talk, const char *text)
{
	return talk->line_bytes == strlen(text) &&
	       memcmp(talk->line, text, talk->line_bytes) == 0;
}

static enum talk_event
take_byte(struct talk *talk, uint8_t byte)
{
	if (talk->telnet_bytes > 0) {
		talk->telnet_bytes--;
		return TALK_NOTHING;
	}
	if (byte == TELNET_IAC) {
		talk->telnet_bytes = 2;
		return TALK_NOTHING;
	}
	if (byte == '\n') {
		talk->line[talk->line_bytes] = '\0';
		talk->line_bytes = 0;
		return TALK_LINE;
	}
	if (byte == '\r' || talk->line_bytes == TALK_LINE_BYTES - 1)
		return TALK_NOTHING;
	talk->line[talk->line_bytes++] = (char)byte;
	if (byte != ' ')
		return TALK_NOTHING;
	/* What a person is asked has no line end, and begins where a line would. */
	if (is_line(talk, SESSION_PROMPT_COMMAND)) {
		talk->line_bytes = 0;
	} else if (is_line(talk, SESSION_PROMPT_NAME)) {
		talk->line_bytes = 0;
		return TALK_NAME;
	} else if (is_line(talk, SESSION_PROMPT_PASSWORD)) {
		talk->line_bytes = 0;
		return TALK_PASSWORD;
	}
	return TALK_NOTHING;
}

enum talk_event
talk_hear(struct talk *talk, int32_t wait_ms)
{
	const int64_t deadline_ms = link_now_ms() + wait_ms;

	for (;;) {
		enum link_result result;

		while (talk->at < talk->bytes) {
			const enum talk_event event = take_byte(talk, talk->input[talk->at++]);

			if (event != TALK_NOTHING)
				return event;
		}
		talk->at = talk->bytes = 0;
		result = link_read(&talk->link, talk->input, sizeof(talk->input), deadline_ms,
				   &talk->bytes);
		if (result != LINK_BYTES)
			return result == LINK_CLOSED ? TALK_LOST : TALK_NOTHING;
	}
}

bool
talk_say(struct talk *talk, const char *line)
{
	const int64_t deadline_ms = link_now_ms() + WRITE_MS;

	return link_write(&talk->link, line, strlen(line), deadline_ms) &&
	       link_write(&talk->link, "\n", 1, deadline_ms);
}

bool
talk_interrupt(struct talk *talk)
{
	return link_write(&talk->link, INTERRUPT, strlen(INTERRUPT), link_now_ms() + WRITE_MS);
}
