/*
 * packet_proxy.c - a Unix socket before that of MariaDB, which cuts the connection on demand.
 *
 * A packet of the protocol is three bytes of length, one of number, and the payload.
 */
#include "tests/packet_proxy.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEADER_BYTES 4
#define CHUNK_BYTES 65536
#define PASSAGES_MAX 4

struct packet_proxy {
	pthread_t thread;
	int	 listener;
	int	 end[2];		/* a pipe: closed to end the thread */
	char	 path[108];
	char	 server_path[108];
	pthread_mutex_t lock;		/* guards the members below */
	uint32_t packets;
	uint32_t cut_at;
	enum packet_cut cut;
	bool	 has_cut;
};

/* One connection through the proxy. */
struct passage {
	int	 client;		/* -1: there is none */
	int	 server;
	uint8_t	 header[HEADER_BYTES];	/* of the client's packet at hand */
	uint32_t header_bytes;
	uint32_t payload_left_bytes;
	bool	 is_answer_awaited;	/* cut when the server speaks */
};

static void
must(bool is_done, const char *what)
{
	if (!is_done) {
		perror(what);
		abort();
	}
}

static struct sockaddr_un
address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return address;
}

static bool
send_all(int socket, const uint8_t *bytes, size_t count)
{
	while (count > 0) {
		ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		bytes += sent;
		count -= (size_t)sent;
	}
	return true;
}

/* Count a packet that begins.  True: the cut is here. */
static bool
count_packet(struct packet_proxy *proxy, enum packet_cut *ret_cut)
{
	bool is_here;

	pthread_mutex_lock(&proxy->lock);
	proxy->packets++;
	is_here = proxy->cut_at != 0 && proxy->packets == proxy->cut_at;
	if (is_here)
		proxy->has_cut = true;
	*ret_cut = proxy->cut;
	pthread_mutex_unlock(&proxy->lock);
	return is_here;
}

/* One byte of the client's stream.  False: cut before it. */
static bool
take_byte(struct packet_proxy *proxy, struct passage *passage, uint8_t byte)
{
	enum packet_cut cut;

	if (passage->payload_left_bytes > 0) {
		passage->payload_left_bytes--;
		return true;
	}
	if (passage->header_bytes == 0 && count_packet(proxy, &cut)) {
		if (cut == CUT_REQUEST)
			return false;
		passage->is_answer_awaited = true;
	}
	passage->header[passage->header_bytes++] = byte;
	if (passage->header_bytes == HEADER_BYTES) {
		passage->payload_left_bytes = (uint32_t)passage->header[0] |
					      (uint32_t)passage->header[1] << 8 |
					      (uint32_t)passage->header[2] << 16;
		passage->header_bytes = 0;
	}
	return true;
}

/* Pass on what the client says.  False: the passage ends. */
static bool
pass_client(struct packet_proxy *proxy, struct passage *passage)
{
	uint8_t bytes[CHUNK_BYTES];
	ssize_t count = recv(passage->client, bytes, sizeof bytes, 0);

	if (count <= 0)
		return false;
	for (ssize_t i = 0; i < count; i++) {
		if (!take_byte(proxy, passage, bytes[i])) {
			(void)send_all(passage->server, bytes, (size_t)i);
			return false;
		}
	}
	return send_all(passage->server, bytes, (size_t)count);
}

/* Pass on what the server says.  False: the passage ends. */
static bool
pass_server(struct passage *passage)
{
	uint8_t bytes[CHUNK_BYTES];
	ssize_t count = recv(passage->server, bytes, sizeof bytes, 0);

	if (count <= 0 || passage->is_answer_awaited)
		return false;
	return send_all(passage->client, bytes, (size_t)count);
}

static void
close_passage(struct passage *passage)
{
	close(passage->client);
	close(passage->server);
	passage->client = -1;
}

/* Let one in, or close it at once when there are too many, or no server. */
static void
open_passage(struct packet_proxy *proxy, struct passage *passages)
{
	struct sockaddr_un address = address_of(proxy->server_path);
	struct passage passage = { .client = accept(proxy->listener, NULL, NULL) };
	int i = 0;

	passage.server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(passage.client >= 0 && passage.server >= 0, "proxy");
	while (i < PASSAGES_MAX && passages[i].client >= 0)
		i++;
	if (i < PASSAGES_MAX &&
	    connect(passage.server, (struct sockaddr *)&address, sizeof address) == 0)
		passages[i] = passage;
	else
		close_passage(&passage);
}

/* What came of waiting for a passage: its two files. */
static void
serve_passage(struct packet_proxy *proxy, struct passage *passage, const struct pollfd *files)
{
	if ((files[1].revents != 0 && !pass_server(passage)) ||
	    (files[0].revents != 0 && !pass_client(proxy, passage)))
		close_passage(passage);
}

static void *
run(void *context)
{
	struct packet_proxy *proxy = context;
	struct passage passages[PASSAGES_MAX];

	for (int i = 0; i < PASSAGES_MAX; i++)
		passages[i].client = -1;
	for (;;) {
		struct pollfd files[2 + 2 * PASSAGES_MAX] = {
			{ .fd = proxy->listener, .events = POLLIN },
			{ .fd = proxy->end[0], .events = POLLIN },
		};

		/* A file below zero is not looked at. */
		for (int i = 0; i < PASSAGES_MAX; i++) {
			const struct passage *passage = &passages[i];
			const bool is_open = passage->client >= 0;

			files[2 + 2 * i] = (struct pollfd){ .fd = passage->client,
							    .events = POLLIN };
			files[3 + 2 * i] = (struct pollfd){ .fd = is_open ? passage->server : -1,
							    .events = POLLIN };
		}
		must(poll(files, 2 + 2 * PASSAGES_MAX, -1) > 0, "poll");
		for (int i = 0; i < PASSAGES_MAX; i++)
			serve_passage(proxy, &passages[i], &files[2 + 2 * i]);
		if (files[1].revents != 0)
			break;
		if (files[0].revents != 0)
			open_passage(proxy, passages);
	}
	for (int i = 0; i < PASSAGES_MAX; i++) {
		if (passages[i].client >= 0)
			close_passage(&passages[i]);
	}
	return NULL;
}

struct packet_proxy *
packet_proxy_new(const char *path, const char *server_path)
{
	struct packet_proxy *proxy = calloc(1, sizeof *proxy);
	struct sockaddr_un address = address_of(path);

	must(proxy != NULL, "memory");
	(void)snprintf(proxy->path, sizeof proxy->path, "%s", path);
	(void)snprintf(proxy->server_path, sizeof proxy->server_path, "%s", server_path);
	(void)unlink(path);
	must(pthread_mutex_init(&proxy->lock, NULL) == 0, "lock");
	must(pipe(proxy->end) == 0, "pipe");
	proxy->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(proxy->listener >= 0, "socket");
	must(bind(proxy->listener, (struct sockaddr *)&address, sizeof address) == 0, "bind");
	must(listen(proxy->listener, 8) == 0, "listen");
	must(pthread_create(&proxy->thread, NULL, run, proxy) == 0, "thread");
	return proxy;
}

void
packet_proxy_free(struct packet_proxy *proxy)
{
	if (proxy == NULL)
		return;
	close(proxy->end[1]);
	must(pthread_join(proxy->thread, NULL) == 0, "join");
	close(proxy->end[0]);
	close(proxy->listener);
	(void)unlink(proxy->path);
	pthread_mutex_destroy(&proxy->lock);
	free(proxy);
}

void
packet_proxy_cut_at(struct packet_proxy *proxy, uint32_t n, enum packet_cut cut)
{
	pthread_mutex_lock(&proxy->lock);
	proxy->packets = 0;
	proxy->cut_at = n;
	proxy->cut = cut;
	proxy->has_cut = false;
	pthread_mutex_unlock(&proxy->lock);
}

uint32_t
packet_proxy_packets(struct packet_proxy *proxy)
{
	uint32_t packets;

	pthread_mutex_lock(&proxy->lock);
	packets = proxy->packets;
	pthread_mutex_unlock(&proxy->lock);
	return packets;
}

bool
packet_proxy_has_cut(struct packet_proxy *proxy)
{
	bool has_cut;

	pthread_mutex_lock(&proxy->lock);
	has_cut = proxy->has_cut;
	pthread_mutex_unlock(&proxy->lock);
	return has_cut;
}
