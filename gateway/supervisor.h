/*
 * supervisor.h - the service manager that started the process, as systemd is one.
 *
 * Owns what it handed over: listening sockets under names (LISTEN_FDS), and the wish to be told
 * that the process lives (WATCHDOG_USEC).  Tells it how far the gateway has come (NOTIFY_SOCKET).
 * Without one, or built without libsystemd, nothing is handed over and nobody is told.
 *
 * All functions are the control thread's.
 */
#ifndef TG_GATEWAY_SUPERVISOR_H
#define TG_GATEWAY_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/config.h"
#include "gateway/phase.h"
#include "protocol/status.h"

#define SUPERVISOR_SOCKETS_MAX 64

/* One listening stream socket that was handed over. */
struct supervisor_socket {
	int fd;		/* owned, non-blocking; -1: taken */
	char *name;	/* owned */
};

struct supervisor {
	struct supervisor_socket sockets[SUPERVISOR_SOCKETS_MAX];
	uint32_t socket_count;
	int64_t watchdog_us;	/* a sign of life is due at least so often; 0: is not wanted */
};

/*
 * Take over what the environment names, and forget that part of the environment.
 * TG_OK; TG_CONFIG with *error filled: what was handed over are not listening stream sockets, or
 * too many.  supervisor_deinit() is for both cases.
 */
TG_MUST_CHECK enum tg_status supervisor_init(struct supervisor *supervisor,
					     struct config_error *error);

/* Close what was not taken.  Zeroes are fine. */
void supervisor_deinit(struct supervisor *supervisor);

/* The next socket of that name, which is the caller's from here on; -1: there is no more. */
int supervisor_take(struct supervisor *supervisor, const char *name);

/* The name of a socket that nobody took; NULL: all were taken. */
const char *supervisor_left_over(const struct supervisor *supervisor);

/* The start has come to this step: "recover". */
void supervisor_step(const char *step);

/* The start has failed, for this reason. */
void supervisor_failed(const char *reason);

/*
 * The gateway has come so far: ready when it is SERVING, stopping from DRAINING on.
 * end_ms_max: DRAINING: longest time until the process has ended, which it asks to be given.
 */
void supervisor_enter(enum gateway_phase phase, int64_t end_ms_max);

/* The configuration is about to be read again ... */
void supervisor_reloading(void);

/* ... and that is over, with this result. */
void supervisor_reloaded(enum gateway_phase phase, bool is_done);

/* The process lives; each second while it does. */
void supervisor_beat(const struct supervisor *supervisor);

#endif
