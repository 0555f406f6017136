/*
 * client_stream.c - a byte stream to the gateway: TCP, with TLS on it or without, never blocking.
 */
#include "protocol/client_stream.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/client_endpoints.h"

#define ADDRESS_TEXT_BYTES 128

enum tg_status
client_stream_init(struct client_stream *stream, const struct tg_options *options,
		   struct client_error *error)
{
	memset(stream, 0, sizeof(*stream));
	stream->fd = -1;
	if (options->is_plain)
		return TG_OK;
	return client_tls_new(options, error, &stream->tls);
}

void
client_stream_deinit(struct client_stream *stream)
{
	client_stream_close(stream);
	client_tls_free(stream->tls);
	if (stream->addresses != NULL)
		freeaddrinfo(stream->addresses);
}

/* An address as "127.0.0.1 port 7411". */
static void
set_address_error(const struct addrinfo *address, int code, struct client_error *error)
{
	char host[ADDRESS_TEXT_BYTES] = "?", port[ADDRESS_TEXT_BYTES] = "?";

	(void)getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof(host), port,
			  sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	client_error_set(error, "connect to %s port %s: %s", host, port, strerror(code));
}

/* Begin to connect to the next address that takes it; false when none is left, with error set. */
static bool
connect_next(struct client_stream *stream, struct client_error *error)
{
	static const int on = 1;

	while (stream->next != NULL) {
		const struct addrinfo *address = stream->next;

		stream->next = address->ai_next;
		if (stream->fd >= 0)
			close(stream->fd);
		stream->fd = socket(address->ai_family,
				    address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
				    address->ai_protocol);
		if (stream->fd >= 0) {
			setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
			setsockopt(stream->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
			if (connect(stream->fd, address->ai_addr, address->ai_addrlen) == 0 ||
			    errno == EINPROGRESS || errno == EINTR) {
				stream->state = CLIENT_STREAM_CONNECTING;
				stream->events = POLLOUT;
				return true;
			}
		}
		set_address_error(address, errno, error);
	}
	client_stream_close(stream);
	return false;
}

enum tg_status
client_stream_open(struct client_stream *stream, const struct client_endpoint *endpoint,
		   const char *server_name, struct client_error *error)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	int result;

	client_stream_close(stream);
	if (stream->addresses != NULL)
		freeaddrinfo(stream->addresses);
	stream->addresses = NULL;
	stream->name = server_name != NULL ? server_name : endpoint->host;
	result = getaddrinfo(endpoint->host, endpoint->port, &hints, &stream->addresses);
	if (result != 0) {
		stream->addresses = NULL;
		client_error_set(error, "host %s port %s: %s", endpoint->host, endpoint->port,
				 gai_strerror(result));
		return TG_IO;
	}
	stream->next = stream->addresses;
	return connect_next(stream, error) ? TG_OK : TG_IO;
}

/* The address that is being connected to: the one before next. */
static const struct addrinfo *
present_address(const struct client_stream *stream)
{
	const struct addrinfo *address = stream->addresses;

	while (address->ai_next != stream->next)
		address = address->ai_next;
	return address;
}

/* Find out whether TCP is connected; on failure try the next address. */
static enum client_progress
advance_connect(struct client_stream *stream, struct client_error *error)
{
	struct pollfd waiting = { .fd = stream->fd, .events = POLLOUT };
	socklen_t bytes = sizeof(int);
	int code = 0;

	if (poll(&waiting, 1, 0) <= 0)
		return CLIENT_WANT_WRITE;
	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &code, &bytes) != 0)
		code = errno;
	if (code == 0)
		return CLIENT_DONE;
	set_address_error(present_address(stream), code, error);
	return connect_next(stream, error) ? CLIENT_WANT_WRITE : CLIENT_FAILED;
}

/* Remember what to wait for. */
static enum client_progress
waiting_for(struct client_stream *stream, enum client_progress progress)
{
	if (progress == CLIENT_WANT_READ)
		stream->events = POLLIN;
	else if (progress == CLIENT_WANT_WRITE)
		stream->events = POLLOUT;
	return progress;
}

enum client_progress
client_stream_advance(struct client_stream *stream, struct client_error *error)
{
	enum client_progress progress;

	if (stream->state == CLIENT_STREAM_CONNECTING) {
		progress = advance_connect(stream, error);
		if (progress != CLIENT_DONE)
			return waiting_for(stream, progress);
		stream->state = CLIENT_STREAM_SECURING;
		if (stream->tls != NULL &&
		    !client_tls_start(stream->tls, stream->fd, stream->name, error))
			return CLIENT_FAILED;
	}
	if (stream->state == CLIENT_STREAM_SECURING) {
		progress = stream->tls != NULL ? client_tls_handshake(stream->tls, error)
					       : CLIENT_DONE;
		if (progress != CLIENT_DONE)
			return waiting_for(stream, progress);
		stream->state = CLIENT_STREAM_OPEN;
		stream->events = POLLIN;
	}
	return CLIENT_DONE;
}

/* What a plain read or write that failed means. */
static enum client_progress
progress_of_errno(enum client_progress want, struct client_error *error)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return want;
	client_error_set(error, "connection lost: %s", strerror(errno));
	return CLIENT_ENDED;
}

enum client_progress
client_stream_read(struct client_stream *stream, void *data, size_t bytes, size_t *ret_bytes,
		   struct client_error *error)
{
	ssize_t count;

	if (stream->tls != NULL)
		return client_tls_read(stream->tls, data, bytes, ret_bytes, error);
	count = recv(stream->fd, data, bytes, 0);
	if (count < 0)
		return progress_of_errno(CLIENT_WANT_READ, error);
	if (count == 0) {
		client_error_set(error, "the gateway closed the connection");
		return CLIENT_ENDED;
	}
	*ret_bytes = (size_t)count;
	return CLIENT_DONE;
}

enum client_progress
client_stream_write(struct client_stream *stream, const void *data, size_t bytes, size_t *ret_bytes,
		    struct client_error *error)
{
	ssize_t count;

	if (stream->tls != NULL)
		return client_tls_write(stream->tls, data, bytes, ret_bytes, error);
	count = send(stream->fd, data, bytes, MSG_NOSIGNAL);
	if (count < 0)
		return progress_of_errno(CLIENT_WANT_WRITE, error);
	*ret_bytes = (size_t)count;
	return CLIENT_DONE;
}

bool
client_stream_export(struct client_stream *stream, uint8_t ret_exporter[TG_EXPORTER_BYTES],
		     struct client_error *error)
{
	if (stream->tls != NULL)
		return client_tls_export(stream->tls, ret_exporter, error);
	memset(ret_exporter, 0, TG_EXPORTER_BYTES);
	return true;
}

void
client_stream_close(struct client_stream *stream)
{
	if (stream->tls != NULL)
		client_tls_stop(stream->tls);
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
	stream->events = 0;
	stream->state = CLIENT_STREAM_OFF;
}
