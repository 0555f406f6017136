/*
 * wire.c - sockets and TLS of the harness's side.
 */
#include "contrib/certify/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 10000
#define TERMINAL_PREFIX "terminal:"

int64_t
wire_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
wire_sleep_ms(int64_t ms)
{
	(void)poll(NULL, 0, (int)ms);
}

int
wire_listen(uint16_t port, uint16_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, 64) != 0 || getsockname(fd, (struct sockaddr *)&address, &bytes) != 0) {
		close(fd);
		return -1;
	}
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* Wait until TLS can go on after what a call has returned.  False: it cannot, or not in time. */
static bool
await_tls(const struct wire *wire, int returned, int64_t until_ms)
{
	int error = SSL_get_error(wire->ssl, returned);
	struct pollfd waiting = { .fd = wire->fd };
	int64_t left_ms = until_ms - wire_now_ms();

	if (error == SSL_ERROR_WANT_READ)
		waiting.events = POLLIN;
	else if (error == SSL_ERROR_WANT_WRITE)
		waiting.events = POLLOUT;
	else
		return false;
	return left_ms > 0 && poll(&waiting, 1, (int)left_ms) == 1;
}

/* The number in the certificate that the peer has shown; 0: none, or of no terminal. */
static uint32_t
named_terminal(const struct wire *wire)
{
	X509 *certificate = SSL_get0_peer_certificate(wire->ssl);
	char name[64];

	if (certificate == NULL ||
	    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
				      sizeof(name)) < 0 ||
	    strncmp(name, TERMINAL_PREFIX, sizeof(TERMINAL_PREFIX) - 1) != 0)
		return 0;
	return (uint32_t)strtoul(name + sizeof(TERMINAL_PREFIX) - 1, NULL, 10);
}

bool
wire_accept(struct wire *wire, int fd, SSL_CTX *context)
{
	int64_t until_ms = wire_now_ms() + PATIENCE_MS;
	int on = 1, returned;

	wire->fd = fd;
	wire->ssl = NULL;
	wire->named = 0;
	wire->in_bytes = 0;
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (context == NULL)
		return true;
	wire->ssl = SSL_new(context);
	if (wire->ssl == NULL || SSL_set_fd(wire->ssl, fd) != 1) {
		wire_cut(wire);
		return false;
	}
	do {
		ERR_clear_error();
		returned = SSL_accept(wire->ssl);
	} while (returned != 1 && await_tls(wire, returned, until_ms));
	if (returned != 1) {
		wire_cut(wire);
		return false;
	}
	wire->named = named_terminal(wire);
	return true;
}

bool
wire_is_pending(const struct wire *wire)
{
	return wire->ssl != NULL && SSL_pending(wire->ssl) > 0;
}

/* Bytes read, 0: none have come, -1: none will come. */
static ssize_t
read_tls(struct wire *wire, size_t room)
{
	int returned, error;

	ERR_clear_error();
	returned = SSL_read(wire->ssl, wire->in + wire->in_bytes, (int)room);
	if (returned > 0)
		return returned;
	error = SSL_get_error(wire->ssl, returned);
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

bool
wire_read(struct wire *wire)
{
	while (wire->in_bytes < sizeof(wire->in)) {
		size_t room = sizeof(wire->in) - wire->in_bytes;
		ssize_t got;

		if (wire->ssl != NULL) {
			got = read_tls(wire, room);
			if (got <= 0)
				return got == 0;
		} else {
			got = recv(wire->fd, wire->in + wire->in_bytes, room, 0);
			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0)
				return errno == EAGAIN;
			if (got == 0)
				return false;
		}
		wire->in_bytes += (size_t)got;
	}
	return true;
}

enum tg_frame_state
wire_peek(const struct wire *wire, size_t payload_bytes_max, struct tg_frame *ret_frame)
{
	if (wire->in_bytes == 0)
		return TG_FRAME_MORE;
	return tg_frame_peek(wire->in, wire->in_bytes, payload_bytes_max, ret_frame);
}

void
wire_take(struct wire *wire, size_t bytes)
{
	wire->in_bytes -= bytes;
	memmove(wire->in, wire->in + bytes, wire->in_bytes);
}

/* One attempt; bytes written, 0: wait, -1: the peer is gone. */
static ssize_t
write_some(struct wire *wire, const uint8_t *bytes, size_t count, int64_t until_ms)
{
	struct pollfd waiting = { .fd = wire->fd, .events = POLLOUT };
	ssize_t put;

	if (wire->ssl != NULL) {
		int returned;

		ERR_clear_error();
		returned = SSL_write(wire->ssl, bytes, (int)count);
		if (returned > 0)
			return returned;
		return await_tls(wire, returned, until_ms) ? 0 : -1;
	}
	put = send(wire->fd, bytes, count, MSG_NOSIGNAL);
	if (put >= 0)
		return put;
	if (errno != EAGAIN || wire_now_ms() >= until_ms)
		return -1;
	return poll(&waiting, 1, (int)(until_ms - wire_now_ms())) == 1 ? 0 : -1;
}

bool
wire_write(struct wire *wire, const void *bytes, size_t count)
{
	int64_t until_ms = wire_now_ms() + PATIENCE_MS;
	const uint8_t *at = bytes;

	while (count > 0 && wire->fd >= 0) {
		ssize_t put = write_some(wire, at, count, until_ms);

		if (put < 0)
			return false;
		at += put;
		count -= (size_t)put;
	}
	return count == 0;
}

static void
end(struct wire *wire)
{
	SSL_free(wire->ssl);
	wire->ssl = NULL;
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
	wire->in_bytes = 0;
}

void
wire_close(struct wire *wire)
{
	if (wire->ssl != NULL)
		(void)SSL_shutdown(wire->ssl);
	end(wire);
}

void
wire_cut(struct wire *wire)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (wire->fd >= 0)
		(void)setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	end(wire);
}

bool
wire_exporter(const struct wire *wire, uint8_t ret_exporter[TG_EXPORTER_BYTES])
{
	memset(ret_exporter, 0, TG_EXPORTER_BYTES);
	return wire->ssl == NULL ||
	       SSL_export_keying_material(wire->ssl, ret_exporter, TG_EXPORTER_BYTES,
					  TG_EXPORTER_LABEL, sizeof(TG_EXPORTER_LABEL) - 1, NULL,
					  0, 0) == 1;
}
