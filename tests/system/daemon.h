/*
 * daemon.h - a tallygated of the test's own: directory, keys, process, console, clients.
 *
 * Everything fails the test by itself when it does not work.  No fixed port: the gateway's log
 * tells where it listens.
 */
#ifndef TG_TESTS_SYSTEM_DAEMON_H
#define TG_TESTS_SYSTEM_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol/tallygate.h"

struct pki;

#define DAEMON_TEXT_BYTES 65536
#define DAEMON_TERMINAL 101

struct daemon {
	struct pki *pki;
	char	 directory[64];		/* of data, configuration and log; removed at the end */
	pid_t	 pid;			/* 0: not running */
	char	 tls_port[8];		/* where it listens; "" while it does not */
	char	 plain_port[8];
	char	 http_port[8];		/* "" unless settings say http.listen */
	char	 answer[DAEMON_TEXT_BYTES]; /* of the last console command */
};

/*
 * Make directory, certificates and keys.  settings: more of the configuration, in its language.
 * The gateway is not started yet.
 */
struct daemon *daemon_new(const char *settings);

/* Kill it if it runs, and remove all. */
void daemon_free(struct daemon *daemon);

/* Write the configuration anew, with other settings. */
void daemon_configure(struct daemon *daemon, const char *settings);

/* Start it and return when it is ready. */
void daemon_start(struct daemon *daemon);

/* Start it, and return its exit code: it must end by itself. */
int daemon_fail(struct daemon *daemon);

/* Send a signal. */
void daemon_signal(struct daemon *daemon, int number);

/* Return when it has ended: its exit code, 128 + signal if it was killed. */
int daemon_wait(struct daemon *daemon);

/* Does its log, of this start or an earlier one, hold the text? */
bool daemon_has_logged(struct daemon *daemon, const char *text);

/* Print the last lines of the log in the directory of a daemon, if there is one. */
void daemon_show_log(const char *directory);

/* Return when the log holds the text so many times. */
void daemon_await_log(struct daemon *daemon, const char *text, uint32_t times);

/* GET a path over HTTP.  The body is left in daemon->answer; returns the status. */
int daemon_get(struct daemon *daemon, const char *path);

/* Run a console command.  True: "ok"; daemon->answer has all that was printed. */
bool daemon_command(struct daemon *daemon, const char *command);

/* Return when a console command is answered "ok", and with the text in what was printed. */
void daemon_await_answer(struct daemon *daemon, const char *command, const char *text);

/* Partner 1 with 1 point per 100, store 11, terminal 101. */
void daemon_set_up_partner(struct daemon *daemon);

/* A client of DAEMON_TERMINAL with its key. */
struct tg_client *daemon_client(struct daemon *daemon, bool is_plain);

/* The same for several gateways, HOST:PORT,HOST:PORT, without TLS. */
struct tg_client *daemon_client_of(const char *hosts);

#endif
