/*
 * echo.c - bench-echo: frames come back as they are, over plain events, with or without TLS.
 *
 * What is left of a gateway when it does nothing: the limit of the network path.  One thread.
 * Prints the port that it listens on.
 */
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/assert.h"

#define BUFFER_BYTES 65536
#define BACKLOG 4096

struct server {
	struct event_base *base;
	SSL_CTX		  *tls; /* NULL: plain */
	uint8_t		   buffer[BUFFER_BYTES];
};

struct peer {
	struct server *server;
	struct event  *event;
	SSL	      *tls;
	int	       fd;
	bool	       is_shaking;
};

static void
leave(struct peer *peer)
{
	event_free(peer->event);
	SSL_free(peer->tls);
	close(peer->fd);
	free(peer);
}

/* Whatever has come goes back.  A peer that does not read is none of this program's business. */
static bool
echo(struct peer *peer)
{
	uint8_t *buffer = peer->server->buffer;
	size_t got = 0, gone = 0;
	ssize_t result;

	if (peer->tls == NULL) {
		result = read(peer->fd, buffer, BUFFER_BYTES);
		if (result <= 0)
			return result < 0 && errno == EAGAIN;
		return send(peer->fd, buffer, (size_t)result, MSG_NOSIGNAL) == result;
	}
	do {
		ERR_clear_error();
		if (SSL_read_ex(peer->tls, buffer, BUFFER_BYTES, &got) != 1)
			return SSL_get_error(peer->tls, 0) == SSL_ERROR_WANT_READ;
		if (SSL_write_ex(peer->tls, buffer, got, &gone) != 1 || gone != got)
			return false;
	} while (SSL_has_pending(peer->tls) != 0);
	return true;
}

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
	struct peer *peer = context;

	(void)fd, (void)what;
	if (peer->is_shaking) {
		int result;

		ERR_clear_error();
		result = SSL_accept(peer->tls);
		if (result != 1 && SSL_get_error(peer->tls, result) != SSL_ERROR_WANT_READ) {
			leave(peer);
			return;
		}
		peer->is_shaking = result != 1;
		if (result != 1 || SSL_has_pending(peer->tls) == 0)
			return;
	}
	if (!echo(peer))
		leave(peer);
}

static void
on_peer(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int bytes,
	void *context)
{
	struct server *server = context;
	struct peer *peer = calloc(1, sizeof(*peer));
	int one = 1;

	(void)listener, (void)address, (void)bytes;
	TG_ASSERT(peer != NULL);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	peer->server = server;
	peer->fd = fd;
	if (server->tls != NULL) {
		peer->tls = SSL_new(server->tls);
		TG_ASSERT(peer->tls != NULL && SSL_set_fd(peer->tls, fd) == 1);
		SSL_set_accept_state(peer->tls);
		SSL_set_read_ahead(peer->tls, 1);
		peer->is_shaking = true;
	}
	peer->event = event_new(server->base, fd, EV_READ | EV_PERSIST, on_readable, peer);
	TG_ASSERT(peer->event != NULL && event_add(peer->event, NULL) == 0);
}

static SSL_CTX *
load_tls(const char *certificate, const char *key)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
		ERR_print_errors_fp(stderr);
		exit(EXIT_FAILURE);
	}
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return tls;
}

int
main(int argc, char *argv[])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct event_config *config = event_config_new();
	struct server *server = calloc(1, sizeof(*server));
	struct evconnlistener *listener;
	socklen_t bytes = sizeof(address);

	if (argc != 1 && argc != 3) {
		fprintf(stderr, "usage: bench-echo [CERTIFICATE KEY]\n");
		return EXIT_FAILURE;
	}
	TG_ASSERT(server != NULL && config != NULL);
	signal(SIGPIPE, SIG_IGN);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	server->base = event_base_new_with_config(config);
	event_config_free(config);
	if (argc == 3)
		server->tls = load_tls(argv[1], argv[2]);
	listener = evconnlistener_new_bind(server->base, on_peer, server,
					   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, BACKLOG,
					   (struct sockaddr *)&address, sizeof(address));
	if (listener == NULL || getsockname(evconnlistener_get_fd(listener),
					    (struct sockaddr *)&address, &bytes) != 0) {
		perror("bench-echo");
		return EXIT_FAILURE;
	}
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	event_base_dispatch(server->base);
	return EXIT_SUCCESS;
}
