/*
 * listener.c - accept, count, share out.
 */
#include "gateway/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/census.h"
#include "gateway/io.h"
#include "gateway/log.h"
#include "protocol/assert.h"

enum tg_status
listener_open(const struct address *address, int backlog, char *why, size_t why_bytes, int *ret_fd)
{
	const struct sockaddr *any = &address->storage.any;
	int fd = socket(any->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    (any->sa_family != AF_INET6 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0) &&
	    bind(fd, any, address->bytes) == 0 && listen(fd, backlog) == 0) {
		*ret_fd = fd;
		return TG_OK;
	}
	snprintf(why, why_bytes, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return TG_IO;
}

static void
pause_listener(struct listener *listener, int64_t pause_ms)
{
	if (listener->is_paused)
		return;
	event_del(&listener->event);
	listener->is_paused = true;
	listener->resume_ms = io_now_ms(listener->io) + pause_ms;
}

/* Hand a connection to an I/O thread, each in turn. */
static void
share_out(struct listener *listener, int fd, const struct address *peer)
{
	const struct io_options *options = &listener->io->options;
	struct io *io = options->all[listener->io->next_io];

	listener->io->next_io = (listener->io->next_io + 1) % options->count;
	if (io == listener->io) {
		session_open(io, fd, peer, listener->is_tls);
		return;
	}
	if (io_adopt(io, fd, peer, listener->is_tls) != TG_OK)
		census_leave(&options->census->connections, 1);
}

/* Keep a descriptor in reserve, for refuse_one(). */
static void
spare_one(struct listener *listener)
{
	if (listener->spare_fd < 0)
		listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/*
 * No descriptor is left.  Accept one on the spare and close it, so that at least somebody is told;
 * then leave those who wait alone for a moment.
 */
static void
refuse_one(struct listener *listener)
{
	struct log *log = listener->io->options.log;
	int fd;

	log_event(log, LEVEL_ERROR, "accept_failed", "reason=%s", strerror(errno));
	if (listener->spare_fd >= 0) {
		close(listener->spare_fd);
		listener->spare_fd = -1;
		fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			listener->io->options.census->refused_count++;
			close(fd);
		}
		spare_one(listener);
	}
	pause_listener(listener, LISTENER_PAUSE_MS);
}

/* Accept one.  False: nothing more for now. */
static bool
accept_one(struct listener *listener)
{
	struct io *io = listener->io;
	struct census *census = io->options.census;
	struct address peer = { .bytes = sizeof(peer.storage) };
	int fd =
		accept4(listener->fd, &peer.storage.any, &peer.bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		/* A connection that broke while it waited is no reason to stop. */
		if (errno == ECONNABORTED || errno == EINTR)
			return true;
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			refuse_one(listener);
		return false;
	}
	census->accepted_count++;
	if (!census_enter(&census->connections, (uint32_t)io->config->limits_connections)) {
		census->refused_count++;
		log_event(io->options.log, LEVEL_WARN, "connections_full", "limit=%lld",
			  (long long)io->config->limits_connections);
		close(fd);
		return true;
	}
	share_out(listener, fd, &peer);
	return true;
}

static bool
is_crowded(const struct io *io)
{
	return atomic_load_explicit(&io->options.census->handshakes, memory_order_relaxed) >=
	       (uint32_t)io->config->limits_handshakes;
}

static void
on_connection(evutil_socket_t fd, short what, void *argument)
{
	struct listener *listener = argument;

	(void)fd, (void)what;
	for (int i = 0; i < LISTENER_ACCEPTS_PER_TURN && !listener->is_paused; i++) {
		if (is_crowded(listener->io))
			pause_listener(listener, 0);
		else if (!accept_one(listener))
			return;
	}
}

void
listener_start(struct listener *listener, struct io *io, int fd, bool is_tls)
{
	int result;

	memset(listener, 0, sizeof(*listener));
	listener->io = io;
	listener->fd = fd;
	listener->is_tls = is_tls;
	listener->spare_fd = -1;
	spare_one(listener);
	event_assign(&listener->event, io->base, fd, EV_READ | EV_PERSIST, on_connection, listener);
	result = event_add(&listener->event, NULL);
	TG_ASSERT(result == 0);
}

void
listener_resume(struct listener *listener)
{
	if (listener->fd < 0 || !listener->is_paused ||
	    io_now_ms(listener->io) < listener->resume_ms || is_crowded(listener->io))
		return;
	/* Another may have taken the descriptor when it was free for a moment. */
	spare_one(listener);
	if (event_add(&listener->event, NULL) == 0)
		listener->is_paused = false;
}

void
listener_stop(struct listener *listener)
{
	if (listener->fd < 0)
		return;
	event_del(&listener->event);
	close(listener->fd);
	if (listener->spare_fd >= 0)
		close(listener->spare_fd);
	listener->fd = listener->spare_fd = -1;
}
