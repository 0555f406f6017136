/*
 * console.h - the operators' console on a Unix socket and, where wanted, on a loopback port.
 *
 * Owns the sockets, the thread that accepts, and a thread for each session.  Lines come in, each is
 * a command (admin/CONSOLE.md), and what it prints goes out, ended by a line that begins with "ok"
 * or "error".  Knows the gateway by struct console_host only.
 *
 * At the Unix socket root and the gateway's own user are known by the kernel's word for it, and may
 * do everything; others log in, as all do at the port.
 */
#ifndef TG_ADMIN_CONSOLE_H
#define TG_ADMIN_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "admin/host.h"
#include "admin/roster.h"
#include "protocol/status.h"

#define CONSOLE_SESSIONS_MAX ROSTER_ROWS_MAX
#define CONSOLE_TCP_SESSIONS_MAX 6	/* of them: strangers at the port never take all places */
#define CONSOLE_IDLE_MS_DEFAULT 900000
#define CONSOLE_LOGIN_MS_DEFAULT 60000
#define CONSOLE_WRITE_MS_DEFAULT 10000
#define CONSOLE_FAILURES_DEFAULT 5
#define CONSOLE_LOCKOUT_MS_DEFAULT 300000

struct console;

struct console_config {
	const char *socket_path;	/* borrowed; a left-over socket there is replaced */
	int	 socket_fd;		/* owned from here on, listens there; <= 0: opened */
	mode_t	 mode;			/* of the socket that is opened, 0660 by default */
	int32_t	 idle_ms;		/* without a command so long, closed; 0: default */
	int32_t	 write_ms;		/* reader too slow for so long, closed; 0: default */
	int32_t	 login_ms;		/* not logged in after so long, closed; 0: default */
	/* The port.  Borrowed for the call; NULL: none.  Port 0: any, see console_port(). */
	const struct sockaddr *tcp_address; /* loopback, AF_INET or AF_INET6 */
	socklen_t tcp_address_bytes;
	/* Borrowed until console_stop(), read for each connection; NULL: no TLS. */
	const char *certificate_file;
	const char *key_file;
	const char *operators_file;	/* see operators.h; copied; NULL: nobody can log in */
	uint32_t failures_max;		/* wrong passwords in a row, then locked out; 0: default */
	int32_t	 lockout_ms;		/* for so long; 0: default */
	bool	 is_known_to_nobody;	/* the own user must log in, too: for tests */
};

/*
 * Listen, and start the thread that accepts.  host is borrowed until console_stop().
 * A socket that was handed over stays for the next who is given it; one that was opened is removed
 * by console_stop().
 * TG_OK; TG_IO: errno says why there is no socket; TG_CONFIG: path too long, the files are no
 * certificate with its key, or socket_fd is no Unix socket; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status console_start(const struct console_config *config,
					   const struct console_host *host,
					   struct console **ret_console);

/* The port in use, 0 for none. */
uint16_t console_port(const struct console *console);

/*
 * Close the sockets and all sessions, and wait for their threads.  By then the host's functions no
 * longer wait, see host.h.  NULL is fine.
 */
void console_stop(struct console *console);

#endif
