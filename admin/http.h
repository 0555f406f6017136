/*
 * http.h - a few read-only pages over HTTP: health, readiness, metrics.
 *
 * Owns a thread with a loop of its own, so that it answers whatever the rest of the gateway is
 * busy with, and what a page may be asked: GET and HEAD, nothing that changes anything.  Knows
 * nothing of what the pages say.  There is no authentication: the sockets are of loopback only.
 */
#ifndef TG_ADMIN_HTTP_H
#define TG_ADMIN_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "protocol/status.h"

#define HTTP_LISTENERS_MAX 16
#define HTTP_HEADER_BYTES_MAX 4096 /* of a request; more are refused, as are larger bodies */
#define HTTP_IDLE_S 10		   /* a connection that is silent for so long is closed */

struct http;

/*
 * What the pages say.  Called on the thread of http, one at a time; none may wait for anybody for
 * more than a moment.  page: the text goes there.
 */
struct http_host {
	void *context;		/* borrowed; first argument of every function */
	bool (*alive)(void *context, FILE *page); /* false: 503 */
	bool (*ready)(void *context, FILE *page); /* false: 503 */
	void (*metrics)(void *context, FILE *page);
	void (*tick)(void *context); /* about each second; NULL: not wanted */
};

/*
 * Start the thread.  host: copied.  fds: sockets that listen already, fd_count <=
 * HTTP_LISTENERS_MAX of them; owned from here on, on failure too.
 * TG_OK; TG_NO_MEMORY: of memory or descriptors.
 */
TG_MUST_CHECK enum tg_status http_start(const struct http_host *host, const int *fds,
					uint32_t fd_count, struct http **ret_http);

/* Close all connections and end the thread.  NULL is fine. */
void http_stop(struct http *http);

#endif
