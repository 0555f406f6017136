/*
 * session.h - one connection to the console, for as long as it lasts.
 *
 * Shakes hands, logs in, reads lines, runs commands, writes answers, all on the thread that calls
 * it.  The socket is the caller's to close.
 */
#ifndef TG_ADMIN_SESSION_H
#define TG_ADMIN_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/command.h"
#include "admin/login.h"

/* What a peer is asked.  No line that answers a command begins so. */
#define SESSION_PROMPT_NAME "login: "
#define SESSION_PROMPT_PASSWORD "password: "
#define SESSION_PROMPT_COMMAND "tallygate> "

/* Pointers are borrowed. */
struct session_config {
	int	 fd;			/* a connected socket that does not block */
	uint32_t place;			/* row of the roster */
	bool	 is_telnet;		/* a person at the other end: prompt, CR LF */
	bool	 needs_login;		/* else operator_name and right hold */
	const char *certificate_file;	/* for TLS; NULL: plain */
	const char *key_file;
	const char *operator_name;
	const char *origin;
	enum command_right right;
	int32_t	 idle_ms;		/* without a command for so long the session ends */
	int32_t	 login_ms;		/* from the connection to the end of the login */
	int32_t	 write_ms;		/* a full buffer waits so long for the reader */
	struct login *login;
	const struct console_host *host;
	struct command_shared *shared;
};

/* Serve until the peer or a command ends it, or a bound is passed. */
void session_serve(const struct session_config *config);

/* Tell a peer that there is no place for it.  Does not wait for it. */
void session_refuse(int fd, const char *why);

#endif
