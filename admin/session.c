/*
 * session.c - the read and write side of one connection.
 */
#include "admin/session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "admin/line_reader.h"
#include "protocol/assert.h"

#define READ_BYTES 512

_Static_assert(LINE_READER_BYTES_MAX <= COMMAND_LINE_BYTES_MAX, "a line fits the log's text");

struct session {
	const struct session_config *config; /* borrowed */
	struct command_call call;
	struct output out;
	struct line_reader reader;
	int64_t idle_deadline_ms;	/* monotonic; moved by every command */
	bool	 is_over;
};

static int64_t
mono_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait for events on the socket until a moment.  False: it has passed. */
static bool
wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	for (;;) {
		const int64_t rest_ms = deadline_ms - mono_ms();
		const int ready = poll(&poll_fd, 1, rest_ms > 0 ? (int)rest_ms : 0);

		if (ready > 0)
			return true;
		if (ready == 0 || errno != EINTR)
			return false;
	}
}

/* output_write_fn: all of a buffer before its deadline, or never again anything. */
static bool
write_all(void *context, const char *bytes, size_t count)
{
	const struct session *session = context;
	const int64_t deadline_ms = mono_ms() + session->config->write_ms;

	while (count > 0) {
		const ssize_t sent =
			send(session->config->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			bytes += sent;
			count -= (size_t)sent;
		} else if (sent < 0 && errno != EINTR && errno != EAGAIN) {
			return false;
		} else if (!wait_for(session->config->fd, POLLOUT, deadline_ms)) {
			return false;
		}
	}
	return true;
}

/* Somebody who speaks another protocol gets no answer, and is written down. */
static void
note_stranger(struct session *session)
{
	const struct host_audit audit = {
		.operator_name = session->config->operator_name,
		.origin = session->config->origin,
		.command = "(another protocol)",
		.result = "closed",
	};

	session->config->host->audit(session->config->host->context, &audit);
	session->is_over = true;
}

static void
handle(struct session *session, enum line_event event)
{
	if (event == LINE_MORE)
		return;
	if (event == LINE_STRANGER) {
		note_stranger(session);
		return;
	}
	if (event == LINE_READY)
		command_run(&session->call, session->reader.line);
	else
		output_end(&session->out, "error", event == LINE_TOO_LONG ?
			   "the line is too long" : "the line is no UTF-8");
	session->idle_deadline_ms = mono_ms() + session->config->idle_ms;
	session->is_over = session->out.is_broken ||
			   (event == LINE_READY && session->call.wants_close);
}

/* Take what has come.  False: the peer is gone. */
static bool
read_some(struct session *session)
{
	uint8_t bytes[READ_BYTES];
	const ssize_t count = recv(session->config->fd, bytes, sizeof(bytes), 0);

	if (count <= 0)
		return count < 0 && (errno == EINTR || errno == EAGAIN);
	for (ssize_t i = 0; i < count && !session->is_over; i++)
		handle(session, line_reader_take(&session->reader, bytes[i]));
	return true;
}

void
session_serve(const struct session_config *config)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL) {
		session_refuse(config->fd, "out of memory");
		return;
	}
	session->config = config;
	session->call.host = config->host;
	session->call.shared = config->shared;
	session->call.out = &session->out;
	session->call.operator_name = config->operator_name;
	session->call.origin = config->origin;
	session->call.right = config->right;
	line_reader_init(&session->reader);
	output_init(&session->out, write_all, session);
	output_text(&session->out, "Tallygate console; \"help\" lists the commands.\n");
	output_end(&session->out, "ok", "");
	session->idle_deadline_ms = mono_ms() + config->idle_ms;
	while (!session->is_over) {
		if (!wait_for(config->fd, POLLIN, session->idle_deadline_ms)) {
			output_end(&session->out, "error", "nothing said for too long, closing");
			break;
		}
		if (!read_some(session))
			break;
	}
	free(session);
}

void
session_refuse(int fd, const char *why)
{
	char text[128];
	const int bytes = snprintf(text, sizeof(text), "error %s\n", why);

	TG_ASSERT(bytes > 0 && (size_t)bytes < sizeof(text));
	/* Best effort: the connection is closed either way. */
	if (send(fd, text, (size_t)bytes, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}
