/*
 * io_thread.h - a thread that serves connections: its loop, its turns, how others talk to it.
 *
 * A turn waits for events, lets every ready session read a bounded amount, gives the requests to
 * the pipeline, takes answers that are durable, writes, and frees what was closed.  The time is
 * read once a turn.  Nothing in a turn blocks but the wait.
 */
#ifndef TG_GATEWAY_IO_THREAD_H
#define TG_GATEWAY_IO_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/address.h"
#include "gateway/config.h"
#include "protocol/status.h"

#define IO_LISTENERS_MAX (2 * CONFIG_LIST_ENTRIES_MAX)

struct auth_keys;
struct census;
struct fleet;
struct host_session;
struct identifier_keys;
struct io;
struct log;
struct meter;
struct pipeline;
struct pipeline_port;
struct tls;

/* All borrowed, and outliving the thread. */
struct io_options {
	uint32_t index; /* of this thread, from 0 */
	uint32_t count; /* of all I/O threads */
	const struct config *config;
	struct pipeline *pipeline;
	struct pipeline_port *port;
	struct tls *tls; /* NULL: plain only */
	const struct auth_keys *auth_keys;
	const struct identifier_keys *identifier_keys;
	struct census *census;
	struct fleet *fleet;
	struct log *log;
	struct io *const *all; /* every I/O thread, by index: connections are shared out */
	int64_t (*mono_ms)(void *context); /* NULL: the machine's clock */
	void *context;			   /* for mono_ms */
};

/* TG_OK; TG_NO_MEMORY; TG_IO: no descriptors left. */
TG_MUST_CHECK enum tg_status io_new(const struct io_options *options, struct io **ret_io);

/* Closes all its connections.  The thread has ended. */
void io_free(struct io *io);

/*
 * Accept connections on a listening socket and share them out.  fd: owned from here on.  Before the
 * thread runs.
 */
void io_listen(struct io *io, int fd, bool is_tls);

/* One turn.  may_block: wait for events if there is nothing to do. */
void io_turn(struct io *io, bool may_block);

/* Turns until io_stop().  The body of the thread. */
void io_run(struct io *io);

/*
 * For any thread; these return at once, and the thread acts upon them in its next turn.
 */

/* A connection to serve.  fd: owned from here on, on failure too.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status io_adopt(struct io *io, int fd, const struct address *peer,
				      bool is_tls);

/* End the session of that number, if there is one: its answers in flight are told before. */
TG_MUST_CHECK enum tg_status io_kill(struct io *io, uint64_t session);

/*
 * Another configuration is in force.  It cannot fail, so that no reload ends with some threads on
 * one configuration and some on another.  config: outlives the thread, as does the one before.
 */
void io_configure(struct io *io, const struct config *config);

/* Stop accepting, tell every peer to reconnect, answer what is in flight, close. */
void io_drain(struct io *io);

/* The census says that some or all are out of service: drain their sessions. */
void io_review(struct io *io);

/* End after the turn. */
void io_stop(struct io *io);

/* What the thread has counted; any thread may look, as long as io lives. */
const struct meter *io_meter(const struct io *io);

/*
 * Fill rows with the sessions whose id is above after_id, lowest first, and wait for it.  Returns
 * how many; 0 also when the thread does not answer within a second.
 */
uint32_t io_sessions(struct io *io, uint64_t after_id, struct host_session *rows,
		     uint32_t rows_max);

#endif
