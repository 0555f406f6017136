/*
 * console.h - the operators' console on a Unix socket.
 *
 * Owns the socket, the thread that accepts, and a thread for each session.  Lines come in, each is
 * a command (admin/CONSOLE.md), and what it prints goes out, ended by a line that begins with "ok"
 * or "error".  Knows the gateway by struct console_host only.
 */
#ifndef TG_ADMIN_CONSOLE_H
#define TG_ADMIN_CONSOLE_H

#include <stdint.h>
#include <sys/types.h>

#include "admin/host.h"
#include "protocol/status.h"

#define CONSOLE_SESSIONS_MAX 8
#define CONSOLE_IDLE_MS_DEFAULT 900000
#define CONSOLE_WRITE_MS_DEFAULT 10000

struct console;

struct console_config {
	const char *socket_path;	/* borrowed; a left-over socket there is replaced */
	mode_t	 mode;			/* of the socket, 0660 by default */
	int32_t	 idle_ms;		/* without a command so long, closed; 0: default */
	int32_t	 write_ms;		/* reader too slow for so long, closed; 0: default */
};

/*
 * Listen, and start the thread that accepts.  host is borrowed until console_stop().
 * TG_OK; TG_IO: errno says why there is no socket; TG_CONFIG: path too long; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status console_start(const struct console_config *config,
					   const struct console_host *host,
					   struct console **ret_console);

/*
 * Close the socket and all sessions, and wait for their threads.  By then the host's functions no
 * longer wait, see host.h.  NULL is fine.
 */
void console_stop(struct console *console);

#endif
