/*
 * talk.h - the client's side of a console connection: lines go out, lines and questions come in.
 *
 * Takes telnet's bytes and the port's prompts away, so that the Unix socket and the port read the
 * same.  Knows how the console speaks, not what its commands are.
 */
#ifndef TG_ADMIN_TALK_H
#define TG_ADMIN_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/link.h"

#define TALK_LINE_BYTES 65536		/* of a line with its final zero; the rest is cut */
#define TALK_WHY_BYTES 256

/* Invariants: at <= bytes <= sizeof(input); line_bytes < TALK_LINE_BYTES. */
struct talk {
	struct link link;
	int	 fd;			/* owned; -1: not open */
	bool	 is_private;		/* nobody listens in: Unix socket, loopback or TLS */
	uint32_t telnet_bytes;		/* still to come of a telnet command */
	size_t	 at, bytes;		/* read and not yet looked at: input[at..bytes) */
	size_t	 line_bytes;		/* of line */
	uint8_t	 input[4096];
	char	 line[TALK_LINE_BYTES];	/* after TALK_LINE: it, without its end */
	char	 why[TALK_WHY_BYTES];	/* after a failure to open: what failed */
};

void talk_init(struct talk *talk);

/* Connect.  False: why tells. */
bool talk_open_socket(struct talk *talk, const char *path);
bool talk_open_port(struct talk *talk, const char *host, const char *port);

/* Go on in TLS; as link_join_tls().  False: why tells. */
bool talk_join_tls(struct talk *talk, const char *ca_file, const char *name);

/* For a talk that was never opened, too. */
void talk_close(struct talk *talk);

/* What was heard. */
enum talk_event {
	TALK_LINE,
	TALK_NAME,			/* a name is asked for */
	TALK_PASSWORD,
	TALK_NOTHING,			/* within wait_ms */
	TALK_LOST,			/* the connection has ended */
};

/* Wait so long for a line or a question. */
enum talk_event talk_hear(struct talk *talk, int32_t wait_ms);

/* Send a line, given without its end.  False: the connection is lost, or does not take it. */
bool talk_say(struct talk *talk, const char *line);

/* End what repeats: Ctrl-C.  False: as above. */
bool talk_interrupt(struct talk *talk);

#endif
