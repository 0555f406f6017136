/*
 * listener.h - a listening socket: accepting a few connections a turn, and none when that is wiser.
 *
 * Lives on the first I/O thread and shares its connections out over all of them.  Pauses while too
 * many handshakes are under way, and for a moment when descriptors have run out, so that it neither
 * spins nor starves those who are connected.
 */
#ifndef TG_GATEWAY_LISTENER_H
#define TG_GATEWAY_LISTENER_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/address.h"
#include "protocol/status.h"

#define LISTENER_ACCEPTS_PER_TURN 16
#define LISTENER_PAUSE_MS 100 /* after descriptors have run out */

struct io;

struct listener {
	struct io *io;
	struct event event;
	int fd;	      /* owned; -1: closed */
	int spare_fd; /* owned; given up to accept and refuse one when there are no others */
	bool is_tls;
	bool is_paused;
	int64_t resume_ms; /* monotonic; not before this */
};

/*
 * Open a listening socket.  ret_fd: non-blocking.
 * TG_OK; TG_IO: see errno's text in why, why_bytes long.
 */
TG_MUST_CHECK enum tg_status listener_open(const struct address *address, int backlog, char *why,
					   size_t why_bytes, int *ret_fd);

/* Begin to accept.  fd: owned from here on. */
void listener_start(struct listener *listener, struct io *io, int fd, bool is_tls);

/* Accept again after a pause, if it is over; each turn. */
void listener_resume(struct listener *listener);

/* Stop accepting and close.  Closed already is fine. */
void listener_stop(struct listener *listener);

#endif
