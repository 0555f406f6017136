/*
 * test_tls.c - tallygated and peers that abuse TLS in ways that no ordinary client offers.
 *
 * The peers are OpenSSL's, on real sockets.  Somebody who is in asks before and after.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/gateway/peer.h"
#include "tests/gateway/pki.h"
#include "tests/system/daemon.h"

#define NO_SINK "sink: { enabled = false; };\n"
#define CALL_MS 60000
#define LOOK_MS 5
/* More than any buffers on the way hold. */
#define FLOOD 1000000

struct abuse {
	struct daemon *daemon;
	struct tg_client *client; /* who is in */
	char ca_path[PKI_PATH_BYTES];
};

/* A peer whose handshake has begun. */
static void
connect_peer(struct abuse *a, struct peer *peer, const struct peer_options *options)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons((uint16_t)strtol(a->daemon->tls_port, NULL, 10));
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	peer_open(peer, fd, options);
}

/* Wait until the socket may be used again. */
static void
await_socket(const struct peer *peer, short events)
{
	struct pollfd wanted = { peer->fd, events, 0 };

	assert_true(poll(&wanted, 1, CALL_MS) > 0);
}

/* The next message that the gateway sends. */
static void
await_message(struct peer *peer, struct tg_message *ret_message)
{
	while (!peer_take(peer, ret_message)) {
		assert_false(peer->is_closed);
		if (!peer_step(peer))
			await_socket(peer, POLLIN);
	}
}

/* A session that has said HELLO and was answered. */
static void
greet(struct abuse *a, struct peer *peer, const struct peer_options *options)
{
	struct tg_message answer;

	connect_peer(a, peer, options);
	peer_put_hello(peer, 1);
	await_message(peer, &answer);
	assert_int_equal(answer.code, TG_OK);
}

/* Who is in is served. */
static void
expect_served(struct abuse *a)
{
	struct tg_message ping, answer;

	tg_message_init(&ping, 0, TG_OP_PING);
	assert_int_equal(tg_client_call(a->client, &ping, CALL_MS, &answer), TG_OK);
}

/* KeyUpdates that want one back, which is never read, until the connection is broken.  True: the
 * gateway broke it. */
static bool
flood(struct peer *peer, int update)
{
	for (int i = 0; i < FLOOD; i++) {
		int returned;

		assert_int_equal(SSL_key_update(peer->ssl, update), 1);
		while ((returned = SSL_do_handshake(peer->ssl)) != 1) {
			if (SSL_get_error(peer->ssl, returned) != SSL_ERROR_WANT_WRITE)
				return true;
			await_socket(peer, POLLOUT);
		}
	}
	return false;
}

/* What: who sends one KeyUpdate after the other is cut off, whether it asks for answers or not;
 * others are served as before. */
static void
a_flood_of_key_updates_is_cut_off(void **state)
{
	static const int updates[] = { SSL_KEY_UPDATE_REQUESTED, SSL_KEY_UPDATE_NOT_REQUESTED };
	struct abuse *a = *state;

	for (uint32_t i = 0; i < 2; i++) {
		struct peer peer;

		greet(a, &peer, &(struct peer_options){ .ca_path = a->ca_path });
		assert_true(flood(&peer, updates[i]));
		expect_served(a);
		peer_close(&peer);
		daemon_await_log(a->daemon, "too many key updates", i + 1);
	}
}

/* What: early data is not taken, not even of who sends it although the ticket forbids it: the
 * session goes on as if it had never been sent.
 * How:  the ticket's bound is raised at the client; a HELLO goes early, another one after. */
static void
forced_early_data_is_passed_over(void **state)
{
	struct abuse *a = *state;
	struct peer_options options = { .ca_path = a->ca_path };
	struct tg_message answer;
	struct peer peer;
	size_t written;
	int returned;

	greet(a, &peer, &options);
	while (peer.session == NULL) {
		await_socket(&peer, POLLIN);
		(void)peer_step(&peer);
	}
	assert_int_equal(SSL_SESSION_get_max_early_data(peer.session), 0);
	options.session = SSL_SESSION_dup(peer.session);
	assert_non_null(options.session);
	assert_int_equal(SSL_SESSION_set_max_early_data(options.session, 16384), 1);
	peer_close(&peer);

	connect_peer(a, &peer, &options);
	peer_put_hello(&peer, 7);
	while ((returned = SSL_write_early_data(peer.ssl, peer.out, peer.out_bytes, &written)) != 1)
		await_socket(&peer, SSL_get_error(peer.ssl, returned) == SSL_ERROR_WANT_READ
					    ? POLLIN
					    : POLLOUT);
	assert_int_equal(written, peer.out_bytes);
	peer.out_bytes = 0;
	peer_put_hello(&peer, 8);
	await_message(&peer, &answer);
	assert_int_equal(answer.request_id, 8);
	assert_int_equal(answer.code, TG_OK);
	assert_int_equal(SSL_get_early_data_status(peer.ssl), SSL_EARLY_DATA_REJECTED);
	assert_int_equal(SSL_session_reused(peer.ssl), 1);
	peer_close(&peer);
	SSL_SESSION_free(options.session);
	expect_served(a);
}

/* What: the smallest TLS records, one after the other, are taken as what they are. */
static void
a_frame_in_records_of_one_byte_is_answered(void **state)
{
	struct abuse *a = *state;
	struct tg_message answer;
	struct peer peer;

	for (uint32_t id = 1; id <= 5; id++) {
		connect_peer(a, &peer, &(struct peer_options){ .ca_path = a->ca_path });
		peer.write_bytes_max = 1;
		peer_put_hello(&peer, id);
		await_message(&peer, &answer);
		assert_int_equal(answer.request_id, id);
		peer_close(&peer);
	}
	expect_served(a);
}

static int
setup(void **state)
{
	struct abuse *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	signal(SIGPIPE, SIG_IGN);
	a->daemon = daemon_new(NO_SINK);
	daemon_start(a->daemon);
	daemon_set_up_partner(a->daemon);
	(void)pki_path(a->daemon->pki, "ca.pem", a->ca_path);
	a->client = daemon_client(a->daemon, false);
	expect_served(a);
	*state = a;
	return 0;
}

static int
teardown(void **state)
{
	struct abuse *a = *state;

	tg_client_free(a->client);
	daemon_free(a->daemon);
	free(a);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_flood_of_key_updates_is_cut_off),
		CASE(forced_early_data_is_passed_over),
		CASE(a_frame_in_records_of_one_byte_is_answered),
	};

	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
