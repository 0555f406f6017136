/*
 * test_network.c - the network side as a whole: threads, listening sockets, reload, drain.
 *
 * Real connections on loopback with ports that the kernel chooses; the test polls for what it waits
 * for and gives up after ten seconds.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/host.h"
#include "gateway/address.h"
#include "gateway/log.h"
#include "gateway/network.h"
#include "ledger/request.h"
#include "protocol/message.h"
#include "tests/gateway/peer.h"
#include "tests/gateway/pipeline_double.h"
#include "tests/gateway/pki.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define PEERS 12
#define WAIT_STEPS 10000 /* of a millisecond or so */

struct fixture {
	struct pki *pki;
	struct config *config;
	struct pipeline *pipeline;
	struct log *log;
	struct network *network;
	struct peer peers[PEERS];
	uint32_t peer_count;
	struct rlimit limit; /* of descriptors, as it was */
	int log_fds[2];
	char ca_path[PKI_PATH_BYTES];
	char text[65536]; /* of the log */
};

static void
set_path(struct fixture *f, char **key, const char *file)
{
	char path[PKI_PATH_BYTES];

	free(*key);
	*key = strdup(pki_path(f->pki, file, path));
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &f->limit), 0);
	f->pki = pki_new();
	f->config = config_new();
	set_path(f, &f->config->tls_certificate_file, "server.pem");
	set_path(f, &f->config->tls_key_file, "server.key");
	pki_write_secret(f->pki, "master.key", 'm', 32);
	pki_write_secret(f->pki, "identifier.key", 'i', 32);
	set_path(f, &f->config->keys_master_file, "master.key");
	set_path(f, &f->config->keys_identifier_file, "identifier.key");
	pki_path(f->pki, "ca.pem", f->ca_path);
	f->config->gateway_io_threads = 2;
	f->config->limits_connections = 100;
	free(f->config->listen_tls.entries[0]);
	f->config->listen_tls.entries[0] = strdup("127.0.0.1:0");
	f->config->listen_plain.entries[0] = strdup("127.0.0.1:0");
	f->config->listen_plain.count = 1;
	assert_int_equal(pipe2(f->log_fds, O_NONBLOCK | O_CLOEXEC), 0);
	f->log = log_new(&(struct log_options){ .fd = f->log_fds[1], .level = LEVEL_INFO });
	f->pipeline = double_new();
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	setrlimit(RLIMIT_NOFILE, &f->limit);
	for (uint32_t i = 0; i < f->peer_count; i++)
		peer_close(&f->peers[i]);
	if (f->network != NULL)
		network_stop(f->network);
	network_free(f->network);
	double_free(f->pipeline);
	log_free(f->log);
	close(f->log_fds[0]);
	close(f->log_fds[1]);
	config_free(f->config);
	pki_free(f->pki);
	free(f);
	return 0;
}

static void
make(struct fixture *f)
{
	const struct network_options options = { .config = f->config,
						 .pipeline = f->pipeline,
						 .log = f->log };
	struct config_error error;

	if (network_new(&options, &error, &f->network) != TG_OK)
		fail_msg("%s", error.text);
}

static void
start(struct fixture *f)
{
	if (f->network == NULL)
		make(f);
	assert_int_equal(network_start(f->network), TG_OK);
}

static int
make_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	return fd;
}

/* Connect a socket to the TLS or the plain listener. */
static struct peer *
connect_socket(struct fixture *f, int fd, bool is_tls)
{
	struct peer *peer = &f->peers[f->peer_count++];
	struct address address;
	char text[ADDRESS_TEXT_BYTES];
	bool is_tls_listener;

	assert_true(f->peer_count <= PEERS);
	assert_true(
		network_address(f->network, is_tls ? 0 : 1, text, sizeof(text), &is_tls_listener));
	assert_int_equal(is_tls_listener, is_tls);
	assert_int_equal(address_parse(text, &address), TG_OK);
	assert_int_equal(connect(fd, &address.storage.any, address.bytes), 0);
	peer_open(peer, fd, &(struct peer_options){ .ca_path = is_tls ? f->ca_path : NULL });
	return peer;
}

static struct peer *
connect_to(struct fixture *f, bool is_tls)
{
	return connect_socket(f, make_socket(), is_tls);
}

/* Let a millisecond or so pass for all peers. */
static void
step(struct fixture *f)
{
	bool has_progress = false;

	for (uint32_t i = 0; i < f->peer_count; i++) {
		if (f->peers[i].fd >= 0 && peer_step(&f->peers[i]))
			has_progress = true;
	}
	if (!has_progress)
		poll(NULL, 0, 1);
}

/* Wait for the next message of a peer. */
static void
await(struct fixture *f, struct peer *peer, struct tg_message *answer)
{
	for (int i = 0; i < WAIT_STEPS && !peer_take(peer, answer); i++) {
		step(f);
		if (i + 1 == WAIT_STEPS)
			fail_msg("no answer");
	}
}

/* Wait until the server has closed a connection. */
static void
await_close(struct fixture *f, struct peer *peer)
{
	for (int i = 0; i < WAIT_STEPS && !peer->is_closed; i++)
		step(f);
	assert_true(peer->is_closed);
}

/* HELLO, and its answer. */
static void
hello(struct fixture *f, struct peer *peer, struct tg_message *answer)
{
	static const uint8_t nonce[TG_NONCE_BYTES] = { 1 };
	struct tg_message request;

	tg_message_init(&request, 1, TG_OP_HELLO);
	tg_message_set_integer(&request, TG_FIELD_VERSION, 1);
	tg_message_set_bytes(&request, TG_FIELD_CLIENT_NONCE, nonce, sizeof(nonce));
	peer_put_message(peer, &request);
	await(f, peer, answer);
	assert_int_equal(answer->code, TG_OK);
}

static const char *
log_text(struct fixture *f)
{
	ssize_t got = read(f->log_fds[0], f->text, sizeof(f->text) - 1);

	f->text[got > 0 ? got : 0] = '\0';
	return f->text;
}

/* What: connections are shared out over the threads, listed for the console in the order of their
 *       numbers, a page at a time. */
static void
connections_are_shared_out_and_listed(void **state)
{
	struct fixture *f = *state;
	struct host_session rows[4];
	struct tg_message answer;
	uint64_t last = 0;
	uint32_t total = 0, count, of_first = 0;

	start(f);
	for (int i = 0; i < 10; i++)
		hello(f, connect_to(f, i % 2 == 0), &answer);
	do {
		count = network_sessions(f->network, last, rows, 4);
		for (uint32_t i = 0; i < count; i++) {
			assert_true(rows[i].id > last);
			last = rows[i].id;
			of_first += rows[i].id % 2;
			assert_string_equal(rows[i].state, "challenge");
			assert_non_null(strstr(rows[i].peer, "127.0.0.1:"));
			assert_true(strcmp(rows[i].tls, "TLSv1.3") == 0 ||
				    strcmp(rows[i].tls, "plain") == 0);
			assert_int_equal(rows[i].requests, 1);
		}
		total += count;
	} while (count == 4);
	assert_int_equal(total, 10);
	assert_int_equal(of_first, 5);
	assert_int_equal(network_figures(f->network).connections, 10);
	assert_int_equal(network_figures(f->network).accepted, 10);
}

/* What: a reload changes limits and certificate for what comes after it, and nothing for those
 *       who are connected; with a bad file the old stays. */
static void
a_reload_goes_on_without_a_pause(void **state)
{
	struct fixture *f = *state;
	struct config *first = f->config, *next = config_new();
	struct peer *old, *fresh;
	struct config_error error;
	struct tg_message answer, ping;
	X509 *certificates[2];

	start(f);
	old = connect_to(f, true);
	hello(f, old, &answer);
	assert_int_equal(answer.values[TG_FIELD_IN_FLIGHT_MAX].integer, 32);

	f->config = next;
	pki_issue(f->pki, &(struct pki_request){ .file = "renewed",
						 .common_name = "127.0.0.1",
						 .from_s = -60,
						 .until_s = 3600,
						 .purpose = "serverAuth" });
	set_path(f, &next->tls_certificate_file, "renewed.pem");
	set_path(f, &next->tls_key_file, "server.key");
	assert_int_equal(network_reload(f->network, next, &error), TG_CONFIG);
	set_path(f, &next->tls_key_file, "renewed.key");
	next->limits_in_flight = 5;
	assert_int_equal(network_reload(f->network, next, &error), TG_OK);

	fresh = connect_to(f, true);
	hello(f, fresh, &answer);
	assert_int_equal(answer.values[TG_FIELD_IN_FLIGHT_MAX].integer, 5);
	certificates[0] = SSL_get1_peer_certificate(old->ssl);
	certificates[1] = SSL_get1_peer_certificate(fresh->ssl);
	assert_int_not_equal(X509_cmp(certificates[0], certificates[1]), 0);
	X509_free(certificates[0]);
	X509_free(certificates[1]);
	tg_message_init(&ping, 2, TG_OP_PING);
	peer_put_message(old, &ping);
	await(f, old, &answer);
	assert_int_equal(answer.code, TG_OK);
	network_stop(f->network);
	network_free(f->network);
	f->network = NULL;
	config_free(first);
}

/* What: a drain reaches the sessions of all threads, and then there is no connection left and
 *       none is accepted. */
static void
a_drain_reaches_all_threads(void **state)
{
	struct fixture *f = *state;
	struct tg_message answer;
	struct address address;
	char text[ADDRESS_TEXT_BYTES];
	bool is_tls;
	int fd;

	start(f);
	for (int i = 0; i < 6; i++)
		hello(f, connect_to(f, i % 2 == 0), &answer);
	assert_false(network_is_drained(f->network));
	network_drain(f->network);
	for (int i = 0; i < 6; i++) {
		await(f, &f->peers[i], &answer);
		assert_int_equal(answer.code, TG_OP_NOTICE);
		assert_int_equal(answer.values[TG_FIELD_OUTCOME].integer, TG_SHUTTING_DOWN);
		await_close(f, &f->peers[i]);
		peer_close(&f->peers[i]);
	}
	for (int i = 0; i < WAIT_STEPS && !network_is_drained(f->network); i++)
		step(f);
	assert_true(network_is_drained(f->network));
	network_address(f->network, 0, text, sizeof(text), &is_tls);
	assert_int_equal(address_parse(text, &address), TG_OK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, &address.storage.any, address.bytes), -1);
	close(fd);
}

/* What: more connections than there may be are closed at once, and those who are in stay. */
static void
too_many_connections_are_refused(void **state)
{
	struct fixture *f = *state;
	struct tg_message answer, ping;
	struct peer *in[2], *out;

	f->config->limits_connections = 2;
	start(f);
	for (int i = 0; i < 2; i++) {
		in[i] = connect_to(f, true);
		hello(f, in[i], &answer);
	}
	out = connect_to(f, true);
	await_close(f, out);
	assert_int_equal(network_figures(f->network).refused, 1);
	tg_message_init(&ping, 2, TG_OP_PING);
	peer_put_message(in[0], &ping);
	await(f, in[0], &answer);
	assert_int_equal(answer.code, TG_OK);
	assert_non_null(strstr(log_text(f), "event=connections_full"));
	peer_close(in[1]);
	for (int i = 0; i < WAIT_STEPS && network_figures(f->network).connections > 1; i++)
		step(f);
	hello(f, connect_to(f, true), &answer);
}

/* What: when descriptors run out, who is connected is served, a few waiters are refused, nothing
 *       spins, and when there are descriptors again the others get in.
 * How:  the process's own limit is lowered while connections wait to be accepted. */
static void
no_descriptors_is_survived(void **state)
{
	struct fixture *f = *state;
	struct rlimit low = f->limit;
	struct tg_message answer, ping;
	struct peer *in;
	uint32_t served = 0;
	int fds[6];

	f->config->gateway_io_threads = 1;
	start(f);
	in = connect_to(f, false);
	hello(f, in, &answer);
	for (int i = 0; i < 6; i++)
		fds[i] = make_socket();
	low.rlim_cur = (rlim_t)fds[5] + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	for (int i = 0; i < 5; i++)
		connect_socket(f, fds[i], false);
	for (int i = 0; i < 350; i++)
		poll(NULL, 0, 1);
	tg_message_init(&ping, 2, TG_OP_PING);
	peer_put_message(in, &ping);
	await(f, in, &answer);
	assert_int_equal(answer.code, TG_OK);
	assert_true(network_figures(f->network).refused >= 1);
	assert_true(network_figures(f->network).refused <= 5);
	assert_non_null(strstr(log_text(f), "event=accept_failed"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &f->limit), 0);
	hello(f, connect_socket(f, fds[5], true), &answer);
	for (uint32_t i = 1; i < 6; i++) {
		step(f);
		if (!f->peers[i].is_closed) {
			hello(f, &f->peers[i], &answer);
			served++;
		}
	}
	assert_int_equal(served + network_figures(f->network).refused, 5);
}

/* What: the console's hash of an identifier is the one that requests get; what is none is
 *       refused. */
static void
the_console_hashes_like_a_request(void **state)
{
	struct fixture *f = *state;
	struct identifier_hash hash, other;
	char text[TG_IDENTIFIER_BYTES_MAX + 2];

	make(f);
	assert_int_equal(network_hash_identifier(f->network, 1, "4902530", &hash), TG_OK);
	assert_int_equal(network_hash_identifier(f->network, 2, "4902530", &other), TG_OK);
	assert_int_equal(hash.type, 1);
	assert_int_equal(hash.key, 1);
	assert_memory_not_equal(hash.hash, other.hash, sizeof(hash.hash));
	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(network_hash_identifier(f->network, 1, text, &hash), TG_BAD_FIELD);
	assert_int_equal(network_hash_identifier(f->network, 1, "", &hash), TG_BAD_FIELD);
	assert_int_equal(network_hash_identifier(f->network, 0, "1", &hash), TG_BAD_FIELD);
}

/* What: keys that others may read, or that are too short, and addresses in use are refused by
 *       name. */
static void
a_start_that_cannot_be_is_refused(void **state)
{
	struct fixture *f = *state;
	const struct network_options options = { .config = f->config,
						 .pipeline = f->pipeline,
						 .log = f->log };
	struct network *second = NULL;
	struct config_error error;
	char path[PKI_PATH_BYTES], text[ADDRESS_TEXT_BYTES];
	bool is_tls;

	pki_path(f->pki, "master.key", path);
	chmod(path, 0644);
	assert_int_equal(network_new(&options, &error, &second), TG_CONFIG);
	assert_non_null(strstr(error.text, "master.key: a key file must not be open to others"));
	pki_write_secret(f->pki, "master.key", 'm', 31);
	chmod(path, 0600);
	assert_int_equal(network_new(&options, &error, &second), TG_CONFIG);
	assert_non_null(strstr(error.text, "at least 32 bytes"));
	pki_write_secret(f->pki, "master.key", 'm', 32);
	make(f);
	network_address(f->network, 0, text, sizeof(text), &is_tls);
	free(f->config->listen_tls.entries[0]);
	f->config->listen_tls.entries[0] = strdup(text);
	assert_int_equal(network_new(&options, &error, &second), TG_CONFIG);
	assert_non_null(strstr(error.text, "in use"));
	assert_null(second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(connections_are_shared_out_and_listed),
		CASE(a_reload_goes_on_without_a_pause),
		CASE(a_drain_reaches_all_threads),
		CASE(too_many_connections_are_refused),
		CASE(no_descriptors_is_survived),
		CASE(the_console_hashes_like_a_request),
		CASE(a_start_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
