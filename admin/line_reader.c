/*
 * line_reader.c - a small state machine over bytes.
 *
 * Knows nothing of sockets or commands.
 */
#include "admin/line_reader.h"

#include <string.h>
#include <strings.h>
#include <unistr.h>

#include "protocol/assert.h"

/* Telnet, RFC 854. */
enum {
	TELNET_SE = 240,
	TELNET_BREAK = 243,
	TELNET_INTERRUPT = 244,
	TELNET_SB = 250,
	TELNET_WILL = 251,
	TELNET_WONT = 252,
	TELNET_DO = 253,
	TELNET_DONT = 254,
	TELNET_IAC = 255,
};

#define TELNET_OPTION_ECHO 1
#define BYTE_INTERRUPT 0x03		/* Ctrl-C */
#define BYTE_ESCAPE 0x1b
#define BYTE_DELETE 0x7f
#define TLS_HANDSHAKE 0x16		/* first byte of a TLS client */

void
line_reader_init(struct line_reader *reader)
{
	memset(reader, 0, sizeof(*reader));
	reader->state = LINE_TEXT;
}

/*
 * Does the line come from an HTTP client?  A browser can be made to send a form to a local port;
 * none of its lines may run as a command (CVE-2016-10517).
 */
static bool
is_http(const char *line)
{
	static const char *const methods[] = { "GET ", "POST ", "PUT ", "HEAD ", "DELETE ",
					       "OPTIONS ", "CONNECT ", "TRACE ", "PATCH ", "PRI " };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strncmp(line, methods[i], strlen(methods[i])) == 0)
			return true;
	}
	return strncasecmp(line, "host:", strlen("host:")) == 0;
}

/* Take out the control characters that UTF-8 spells with two bytes, U+0080 to U+009F. */
static void
drop_wide_controls(struct line_reader *reader)
{
	size_t kept = 0;

	for (size_t i = 0; i < reader->bytes; i++) {
		const uint8_t byte = (uint8_t)reader->line[i];
		const uint8_t next = (uint8_t)reader->line[i + 1]; /* the final zero at the end */

		if (byte == 0xc2 && next >= 0x80 && next <= 0x9f)
			i++;
		else
			reader->line[kept++] = reader->line[i];
	}
	reader->bytes = kept;
	reader->line[kept] = '\0';
}

/* The line is whole: what is it?  The reader is ready for the next one, which overwrites it. */
static enum line_event
end_line(struct line_reader *reader)
{
	const bool is_too_long = reader->is_too_long;
	const size_t bytes = reader->bytes;

	reader->line[bytes] = '\0';
	if (u8_check((const uint8_t *)reader->line, bytes) == NULL)
		drop_wide_controls(reader);
	reader->bytes = 0;
	reader->is_too_long = false;
	if (is_http(reader->line))
		return LINE_STRANGER;
	if (is_too_long)
		return LINE_TOO_LONG;
	if (u8_check((const uint8_t *)reader->line, strlen(reader->line)) != NULL)
		return LINE_NOT_TEXT;
	return LINE_READY;
}

/* Begin a new line; what was typed is forgotten. */
static enum line_event
drop_line(struct line_reader *reader)
{
	reader->bytes = 0;
	reader->is_too_long = false;
	return LINE_INTERRUPT;
}

static enum line_event
take_text(struct line_reader *reader, uint8_t byte)
{
	const bool is_after_cr = reader->is_after_cr;

	reader->is_after_cr = byte == '\r';
	if (byte == '\n' || (byte == '\0' && is_after_cr))
		return end_line(reader);
	if (byte == TELNET_IAC) {
		reader->state = LINE_TELNET;
		return LINE_MORE;
	}
	if (byte == BYTE_ESCAPE) {
		reader->state = LINE_ESCAPE;
		return LINE_MORE;
	}
	if (byte == BYTE_INTERRUPT)
		return drop_line(reader);
	if (byte == '\t')
		byte = ' ';
	if (byte < ' ' || byte == BYTE_DELETE)
		return LINE_MORE;
	if (reader->bytes == LINE_READER_BYTES_MAX) {
		reader->is_too_long = true;
		return LINE_MORE;
	}
	reader->line[reader->bytes++] = (char)byte;
	return LINE_MORE;
}

/* After ESC: a sequence ends with its final byte, or where a line ends in the middle of it. */
static enum line_event
take_escape(struct line_reader *reader, uint8_t byte)
{
	const bool is_sequence = reader->state == LINE_ESCAPE_SEQUENCE;

	if (byte < ' ') {
		reader->state = LINE_TEXT;
		return take_text(reader, byte);
	}
	if (is_sequence)
		reader->state = byte >= 0x40 ? LINE_TEXT : LINE_ESCAPE_SEQUENCE;
	else
		reader->state = byte == '[' ? LINE_ESCAPE_SEQUENCE : LINE_TEXT;
	return LINE_MORE;
}

/* After IAC: which telnet command is it, and what follows? */
static enum line_state
after_telnet(struct line_reader *reader, uint8_t byte)
{
	if (byte == TELNET_SB)
		return LINE_TELNET_SUB;
	reader->verb = byte;
	if (byte >= TELNET_WILL && byte <= TELNET_DONT)
		return LINE_TELNET_OPTION;
	return LINE_TEXT;
}

static void
make_reply(struct line_reader *reader, uint8_t verb, uint8_t option)
{
	reader->reply[0] = TELNET_IAC;
	reader->reply[1] = verb;
	reader->reply[2] = option;
}

/* Refusals and what was asked for need no answer, so that two sides never answer for ever. */
static enum line_event
answer_option(struct line_reader *reader, uint8_t option)
{
	if (reader->verb == TELNET_WILL)
		make_reply(reader, TELNET_DONT, option);
	else if (reader->verb == TELNET_DO &&
		 !(option == TELNET_OPTION_ECHO && reader->is_echo_ours))
		make_reply(reader, TELNET_WONT, option);
	else
		return LINE_MORE;
	return LINE_REPLY;
}

const uint8_t *
line_reader_echo(struct line_reader *reader, bool is_hidden)
{
	static const uint8_t hide[] = { TELNET_IAC, TELNET_WILL, TELNET_OPTION_ECHO };
	static const uint8_t show[] = { TELNET_IAC, TELNET_WONT, TELNET_OPTION_ECHO };

	reader->is_echo_ours = is_hidden;
	return is_hidden ? hide : show;
}

bool
line_reader_is_telnet(const struct line_reader *reader, uint8_t byte)
{
	return reader->state == LINE_TEXT ? byte == TELNET_IAC :
					    reader->state != LINE_ESCAPE &&
						    reader->state != LINE_ESCAPE_SEQUENCE;
}

enum line_event
line_reader_take(struct line_reader *reader, uint8_t byte)
{
	const bool is_first = !reader->has_begun;

	TG_ASSERT(reader->bytes <= LINE_READER_BYTES_MAX);
	reader->has_begun = true;
	if (is_first && byte == TLS_HANDSHAKE)
		return LINE_STRANGER;
	switch (reader->state) {
	case LINE_TEXT:
		return take_text(reader, byte);
	case LINE_TELNET:
		reader->state = after_telnet(reader, byte);
		if (byte == TELNET_INTERRUPT || byte == TELNET_BREAK)
			return drop_line(reader);
		break;
	case LINE_TELNET_OPTION:
		reader->state = LINE_TEXT;
		return answer_option(reader, byte);
	case LINE_TELNET_SUB:
		if (byte == TELNET_IAC)
			reader->state = LINE_TELNET_SUB_IAC;
		break;
	case LINE_TELNET_SUB_IAC:
		reader->state = byte == TELNET_SE ? LINE_TEXT : LINE_TELNET_SUB;
		break;
	case LINE_ESCAPE:
	case LINE_ESCAPE_SEQUENCE:
		return take_escape(reader, byte);
	}
	return LINE_MORE;
}
