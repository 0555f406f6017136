/*
 * line_reader.h - from the bytes of a console connection to clean lines.
 *
 * Pure: bytes come in, lines and answers to telnet's questions come out.  Telnet commands, terminal
 * escape sequences and control bytes are dropped, a line is at most LINE_READER_BYTES_MAX bytes of
 * UTF-8, and a browser is told from a person.
 */
#ifndef TG_ADMIN_LINE_READER_H
#define TG_ADMIN_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_READER_BYTES_MAX 1024
#define LINE_READER_REPLY_BYTES 3

/* What the next byte made of the line. */
enum line_event {
	LINE_MORE,		/* nothing yet */
	LINE_READY,		/* line_reader.line holds one, terminated by a zero byte */
	LINE_TOO_LONG,		/* a line that was longer than the bound has ended */
	LINE_NOT_TEXT,		/* a line that was not UTF-8 has ended */
	LINE_STRANGER,		/* another protocol speaks (HTTP, TLS): close the connection */
	LINE_REPLY,		/* line_reader.reply is to be sent: telnet asked something */
	LINE_INTERRUPT,		/* Ctrl-C: what was typed of the line is gone */
};

/* Where in a sequence of several bytes the reader is. */
enum line_state {
	LINE_TEXT,
	LINE_TELNET,		/* after IAC */
	LINE_TELNET_OPTION,	/* after IAC WILL, WONT, DO or DONT */
	LINE_TELNET_SUB,	/* between IAC SB and IAC SE */
	LINE_TELNET_SUB_IAC,	/* ... after an IAC there */
	LINE_ESCAPE,		/* after ESC */
	LINE_ESCAPE_SEQUENCE,	/* after ESC [ */
};

/* Invariant: bytes <= LINE_READER_BYTES_MAX. */
struct line_reader {
	char	 line[LINE_READER_BYTES_MAX + 1]; /* collected so far */
	size_t	 bytes;			/* of line */
	enum line_state state;
	bool	 is_too_long;		/* the present line passed the bound; the rest is dropped */
	bool	 has_begun;		/* a byte has come since the connection opened */
	bool	 is_after_cr;		/* the last byte was CR: CR NUL ends a line, too */
	bool	 is_echo_ours;		/* the echo was offered by line_reader_echo() */
	uint8_t	 verb;			/* WILL, WONT, DO or DONT, whose option comes next */
	uint8_t	 reply[LINE_READER_REPLY_BYTES]; /* after LINE_REPLY */
};

void line_reader_init(struct line_reader *reader);

/* Take one byte.  After LINE_READY the line stays until the next call. */
enum line_event line_reader_take(struct line_reader *reader, uint8_t byte);

/* Would this byte be telnet's own, not part of a line? */
bool line_reader_is_telnet(const struct line_reader *reader, uint8_t byte);

/*
 * What to send to a telnet client so that it does not show what is typed (a password), or shows it
 * again.  The bytes, LINE_READER_REPLY_BYTES of them, are static.
 */
const uint8_t *line_reader_echo(struct line_reader *reader, bool is_hidden);

#endif
