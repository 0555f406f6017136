/*
 * session.c - the read and write side of one connection.
 */
#include "admin/session.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "admin/line_reader.h"
#include "admin/link.h"
#include "protocol/assert.h"

#define READ_BYTES 512
#define MARK_WAIT_MS 50			/* for what telnet sends with an interrupt */
#define LOGIN_TRIES 3			/* of one connection */
#define ROLE_LOOK_MS 1000		/* between two looks at the operator's role in a command */

_Static_assert(LINE_READER_BYTES_MAX <= COMMAND_LINE_BYTES_MAX, "a line fits the log's text");

/* What the next line is. */
enum session_state { SESSION_NAME, SESSION_PASSWORD, SESSION_COMMAND };

struct session {
	const struct session_config *config; /* borrowed */
	struct link link;
	struct command_call call;
	struct output out;
	struct line_reader reader;
	enum session_state state;
	uint32_t tries;			/* logins refused */
	int64_t	 looked_ms;		/* monotonic; when the operator's role was last looked up */
	int64_t	 deadline_ms;		/* monotonic; of the login, then moved by every command */
	bool	 is_over;
	bool	 drops_line;		/* the line under way only ended a repetition */
	char	 name[OPERATOR_BYTES + 1]; /* that logs in */
	/* Read and not yet taken: input[input_at..input_bytes). */
	size_t	 input_at;
	size_t	 input_bytes;
	uint8_t	 input[READ_BYTES];
};

/* output_write_fn: all of a buffer before its deadline, or never again anything. */
static bool
write_all(void *context, const char *bytes, size_t count)
{
	struct session *session = context;

	return link_write(&session->link, bytes, count, link_now_ms() + session->config->write_ms);
}

/* Write down something other than a command. */
static void
note(struct session *session, const char *name, const char *what, const char *result)
{
	const struct host_audit audit = {
		.operator_name = name,
		.origin = session->config->origin,
		.command = what,
		.result = result,
	};

	session->config->host->audit(session->config->host->context, &audit);
}

/* The next byte, read before the deadline if none waits. */
static enum link_result
next_byte(struct session *session, int64_t deadline_ms, uint8_t *ret_byte)
{
	enum link_result result;

	*ret_byte = 0;
	if (session->input_at == session->input_bytes) {
		session->input_at = session->input_bytes = 0;
		result = link_read(&session->link, session->input, sizeof(session->input),
				   deadline_ms, &session->input_bytes);
		if (result != LINK_BYTES)
			return result;
	}
	*ret_byte = session->input[session->input_at++];
	return LINK_BYTES;
}

/* Say something to a telnet client, not to the person in front of it. */
static void
send_telnet(struct session *session, const uint8_t bytes[LINE_READER_REPLY_BYTES])
{
	if (session->config->is_telnet &&
	    !write_all(session, (const char *)bytes, LINE_READER_REPLY_BYTES))
		session->is_over = true;
}

/*
 * May who has logged in go on, and as what?  The operators' file is asked anew: a role that was
 * changed holds at once, and who was removed is out.  False: why (OPERATORS_WHY_BYTES) is set.
 */
static bool
is_operator_still(struct session *session, char *why)
{
	const struct session_config *config = session->config;
	enum command_right right = RIGHT_VIEWER;
	enum login_verdict verdict;

	session->looked_ms = link_now_ms();
	if (!config->needs_login)
		return true;
	verdict = login_role(config->login, session->name, why, &right);
	if (verdict == LOGIN_NO_FILE)
		return false;
	if (verdict != LOGIN_TAKEN) {
		snprintf(why, OPERATORS_WHY_BYTES, "you are no operator any more, closing");
		note(session, session->name, "(role)", login_verdict_text(verdict));
		session->is_over = true;
		return false;
	}
	if (right == session->call.right)
		return true;
	session->call.right = right;
	roster_name(&config->shared->roster, config->place, session->name,
		    command_right_name(right));
	note(session, session->name, "(role)", command_right_name(right));
	return true;
}

/* The same during a command that pauses, once a second. */
static bool
may_go_on(struct session *session)
{
	char why[OPERATORS_WHY_BYTES];

	return link_now_ms() - session->looked_ms < ROLE_LOOK_MS ||
	       is_operator_still(session, why);
}

/*
 * A telnet client throws away what it hears between its interrupt and the answer to a question that
 * follows at once (timing mark, RFC 860): answer, before anything else is said.
 */
static void
answer_mark(struct session *session)
{
	const int64_t until_ms = link_now_ms() + MARK_WAIT_MS;
	uint8_t byte;

	while (session->config->is_telnet && !session->is_over) {
		if (next_byte(session, until_ms, &byte) != LINK_BYTES)
			return;
		if (!line_reader_is_telnet(&session->reader, byte)) {
			session->input_at--;
			return;
		}
		if (line_reader_take(&session->reader, byte) == LINE_REPLY)
			send_telnet(session, session->reader.reply);
	}
}

/* After an interrupt, which telnet shows in the middle of a line. */
static void
begin_line(struct session *session)
{
	answer_mark(session);
	if (session->config->is_telnet)
		output_raw(&session->out, "\n");
}

/*
 * command_pause_fn: wait so long, or until something is said, which ends a repetition and is no
 * command.  A telnet client's answers are nothing said.
 */
static bool
on_pause(void *context, int32_t ms)
{
	struct session *session = context;
	const int64_t until_ms = link_now_ms() + ms;
	enum link_result result;
	enum line_event event = LINE_MORE;
	uint8_t byte;

	while (event == LINE_MORE && session->reader.bytes == 0) {
		result = next_byte(session, until_ms, &byte);
		if (result == LINK_NOTHING) {
			session->deadline_ms = until_ms + session->config->idle_ms;
			return !session->out.is_broken && may_go_on(session);
		}
		if (result == LINK_CLOSED) {
			session->is_over = true;
			return false;
		}
		event = line_reader_take(&session->reader, byte);
		if (event == LINE_REPLY) {
			send_telnet(session, session->reader.reply);
			event = LINE_MORE;
		}
	}
	session->drops_line = event == LINE_MORE;
	session->is_over = session->is_over || event == LINE_STRANGER;
	if (event == LINE_INTERRUPT) /* which leaves nothing behind but what telnet shows */
		begin_line(session);
	return false;
}

static void
begin_commands(struct session *session)
{
	const struct session_config *config = session->config;

	session->state = SESSION_COMMAND;
	session->deadline_ms = link_now_ms() + config->idle_ms;
	roster_name(&config->shared->roster, config->place, session->call.operator_name,
		    command_right_name(session->call.right));
	output_text(&session->out, "Tallygate console; \"help\" lists the commands.\n");
	if (session->call.host->is_sandbox)
		output_text(&session->out, "This is a sandbox: nothing here counts.\n");
	output_end(&session->out, "ok", "");
}

/* Let a telnet client hide or show what is typed. */
static void
set_echo(struct session *session, bool is_hidden)
{
	output_write_out(&session->out);
	send_telnet(session, line_reader_echo(&session->reader, is_hidden));
}

static void
take_name(struct session *session, const char *line)
{
	snprintf(session->name, sizeof(session->name), "%.*s", OPERATOR_BYTES, line);
	session->state = SESSION_PASSWORD;
	set_echo(session, true);
}

static void
take_password(struct session *session, char *line)
{
	const struct session_config *config = session->config;
	enum command_right right = RIGHT_VIEWER;
	char why[OPERATORS_WHY_BYTES];
	const bool is_name = operators_is_name(session->name);
	enum login_verdict verdict = login_check(config->login, is_name ? session->name : "", line,
						 link_now_ms(), why, &right);

	OPENSSL_cleanse(line, strlen(line));
	set_echo(session, false);
	output_raw(&session->out, config->is_telnet ? "\n" : "");
	/* What was typed for a name may have been a password: only what looks like one is kept. */
	note(session, is_name ? session->name : "?", "login",
	     verdict == LOGIN_NO_FILE ? why : login_verdict_text(verdict));
	if (verdict == LOGIN_TAKEN) {
		session->call.operator_name = session->name;
		session->call.right = right;
		begin_commands(session);
		return;
	}
	session->state = SESSION_NAME;
	output_end(&session->out, "error", "login refused");
	session->is_over = ++session->tries == LOGIN_TRIES;
}

static void
take_line(struct session *session, char *line)
{
	char why[OPERATORS_WHY_BYTES];

	switch (session->state) {
	case SESSION_NAME:
		if (line[0] != '\0')
			take_name(session, line);
		break;
	case SESSION_PASSWORD:
		take_password(session, line);
		break;
	case SESSION_COMMAND:
		roster_count(&session->config->shared->roster, session->config->place,
			     link_now_ms());
		if (is_operator_still(session, why))
			command_run(&session->call, line);
		else
			output_end(&session->out, "error", why);
		session->deadline_ms = link_now_ms() + session->config->idle_ms;
		session->is_over = session->is_over || session->call.wants_close;
		break;
	}
}

/* A question for a person; a program at a Unix socket hears one only when it must log in. */
static void
ask_next(struct session *session)
{
	if (session->is_over)
		return;
	if (session->state == SESSION_NAME)
		output_raw(&session->out, SESSION_PROMPT_NAME);
	else if (session->state == SESSION_PASSWORD)
		output_raw(&session->out, SESSION_PROMPT_PASSWORD);
	else if (session->config->is_telnet)
		output_raw(&session->out, SESSION_PROMPT_COMMAND);
	output_write_out(&session->out);
}

static void
handle(struct session *session, enum line_event event)
{
	char line[LINE_READER_BYTES_MAX + 1];

	if (event == LINE_MORE)
		return;
	if (event == LINE_REPLY) {
		send_telnet(session, session->reader.reply);
		return;
	}
	if (event == LINE_INTERRUPT) {
		session->drops_line = false;
		begin_line(session);
		if (session->config->is_telnet)
			ask_next(session);
		return;
	}
	if (event == LINE_STRANGER) {
		/* Who speaks another protocol gets no answer, and is written down. */
		note(session, session->call.operator_name, "(another protocol)", "closed");
		session->is_over = true;
		return;
	}
	if (session->drops_line) {
		session->drops_line = false;
	} else if (event == LINE_READY) {
		/* A copy: a command that pauses reads on. */
		memcpy(line, session->reader.line, sizeof(line));
		OPENSSL_cleanse(session->reader.line, sizeof(session->reader.line));
		take_line(session, line);
	} else {
		output_end(&session->out, "error", event == LINE_TOO_LONG ?
			   "the line is too long" : "the line is no UTF-8");
	}
	ask_next(session);
	session->is_over = session->is_over || session->out.is_broken;
}

/* Lines until the end. */
static void
converse(struct session *session)
{
	uint8_t byte;

	while (!session->is_over) {
		const enum link_result result = next_byte(session, session->deadline_ms, &byte);

		if (result == LINK_CLOSED)
			return;
		if (result == LINK_BYTES) {
			handle(session, line_reader_take(&session->reader, byte));
			continue;
		}
		if (session->config->is_telnet)
			output_raw(&session->out, "\n");
		output_end(&session->out, "error", session->state == SESSION_COMMAND ?
			   "nothing said for too long, closing" : "no login, closing");
		return;
	}
}

static void
begin(struct session *session)
{
	const struct session_config *config = session->config;

	session->call.host = config->host;
	session->call.shared = config->shared;
	session->call.out = &session->out;
	session->call.pause = on_pause;
	session->call.pause_context = session;
	session->call.operator_name = config->needs_login ? "?" : config->operator_name;
	session->call.origin = config->origin;
	session->call.right = config->needs_login ? RIGHT_VIEWER : config->right;
	session->deadline_ms = link_now_ms() + config->login_ms;
	line_reader_init(&session->reader);
	output_init(&session->out, write_all, session);
	session->out.is_crlf = config->is_telnet;
	roster_open(&config->shared->roster, config->place, config->origin, link_now_ms());
	link_init(&session->link, config->fd);
}

/* False: the peer does not speak TLS, or there is no certificate. */
static bool
shake_hands(struct session *session)
{
	const struct session_config *config = session->config;
	enum tg_status status;

	if (config->certificate_file == NULL)
		return true;
	status = link_start_tls(&session->link, config->certificate_file, config->key_file,
				session->deadline_ms);
	if (status != TG_OK)
		note(session, "?", "(TLS)", status == TG_CONFIG ?
		     "certificate or key are no good" : "handshake failed");
	return status == TG_OK;
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
	begin(session);
	if (shake_hands(session)) {
		session->state = SESSION_NAME;
		if (!config->needs_login)
			begin_commands(session);
		ask_next(session);
		converse(session);
	}
	link_deinit(&session->link);
	roster_close(&config->shared->roster, config->place);
	OPENSSL_cleanse(session, sizeof(*session));
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
