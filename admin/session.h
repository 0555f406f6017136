/*
 * session.h - one connection to the console, for as long as it lasts.
 *
 * Reads lines, runs commands, writes answers, all on the thread that calls it.  The socket is the
 * caller's to close.
 */
#ifndef TG_ADMIN_SESSION_H
#define TG_ADMIN_SESSION_H

#include <stdint.h>

#include "admin/command.h"

struct session_config {
	int	 fd;			/* a connected socket */
	const char *operator_name;	/* borrowed */
	const char *origin;		/* borrowed */
	enum command_right right;
	int32_t	 idle_ms;		/* without a command for so long the session ends */
	int32_t	 write_ms;		/* a full buffer waits so long for the reader */
	const struct console_host *host;
	struct command_shared *shared;
};

/* Serve until the peer or a command ends it, or a bound is passed. */
void session_serve(const struct session_config *config);

/* Tell a peer that there is no place for it.  Does not wait for it. */
void session_refuse(int fd, const char *why);

#endif
