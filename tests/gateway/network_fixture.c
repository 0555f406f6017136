/*
 * network_fixture.c - setting up the network side in a test, and being its clients.
 */
#include "tests/gateway/network_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/address.h"

void
fixture_set_path(struct network_fixture *f, char **key, const char *file)
{
	char path[PKI_PATH_BYTES];

	free(*key);
	*key = strdup(pki_path(f->pki, file, path));
	assert_non_null(*key);
}

static void
make_config(struct network_fixture *f)
{
	f->config = config_new();
	assert_non_null(f->config);
	pki_write_secret(f->pki, "master.key", 'm', 32);
	pki_write_secret(f->pki, "identifier.key", 'i', 32);
	fixture_set_path(f, &f->config->tls_certificate_file, "server.pem");
	fixture_set_path(f, &f->config->tls_key_file, "server.key");
	fixture_set_path(f, &f->config->keys_master_file, "master.key");
	fixture_set_path(f, &f->config->keys_identifier_file, "identifier.key");
	f->config->gateway_io_threads = 2;
	f->config->gateway_ledger_thread = LEDGER_THREAD_OWN;
	f->config->limits_connections = 100;
	free(f->config->listen_tls.entries[0]);
	f->config->listen_tls.entries[0] = strdup("127.0.0.1:0");
	f->config->listen_plain.entries[0] = strdup("127.0.0.1:0");
	f->config->listen_plain.count = 1;
}

int
fixture_setup(void **state)
{
	struct network_fixture *f = calloc(1, sizeof(*f));
	struct config_error error;

	assert_non_null(f);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &f->limit), 0);
	f->pki = pki_new();
	pki_path(f->pki, "ca.pem", f->ca_path);
	make_config(f);
	assert_int_equal(auth_keys_init(&f->auth_keys, f->config, &error), TG_OK);
	assert_int_equal(pipe2(f->log_fds, O_NONBLOCK | O_CLOEXEC), 0);
	f->log = log_new(&(struct log_options){ .fd = f->log_fds[1], .level = LEVEL_INFO });
	f->pipeline = double_new();
	f->next_id = 1;
	*state = f;
	return 0;
}

void
fixture_stop(struct network_fixture *f)
{
	if (f->network != NULL)
		network_stop(f->network);
	network_free(f->network);
	f->network = NULL;
}

int
fixture_teardown(void **state)
{
	struct network_fixture *f = *state;

	setrlimit(RLIMIT_NOFILE, &f->limit);
	for (uint32_t i = 0; i < f->peer_count; i++)
		peer_close(&f->peers[i]);
	fixture_stop(f);
	double_free(f->pipeline);
	log_free(f->log);
	close(f->log_fds[0]);
	close(f->log_fds[1]);
	auth_keys_deinit(&f->auth_keys);
	config_free(f->config);
	pki_free(f->pki);
	free(f);
	return 0;
}

void
fixture_make(struct network_fixture *f)
{
	const struct network_options options = { .config = f->config,
						 .pipeline = f->pipeline,
						 .log = f->log };
	struct config_error error;

	if (network_new(&options, &error, &f->network) != TG_OK)
		fail_msg("%s", error.text);
}

void
fixture_start(struct network_fixture *f)
{
	if (f->network == NULL)
		fixture_make(f);
	assert_int_equal(network_start(f->network), TG_OK);
}

int
fixture_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	return fd;
}

struct peer *
fixture_connect_socket(struct network_fixture *f, int fd, bool is_tls)
{
	struct peer *peer = NULL;
	struct address address;
	char text[ADDRESS_TEXT_BYTES];
	bool is_tls_listener;

	for (uint32_t i = 0; i < f->peer_count && peer == NULL; i++) {
		if (f->peers[i].fd < 0)
			peer = &f->peers[i];
	}
	if (peer == NULL) {
		assert_true(f->peer_count < NETWORK_PEERS);
		peer = &f->peers[f->peer_count++];
	}
	assert_true(
		network_address(f->network, is_tls ? 0 : 1, text, sizeof(text), &is_tls_listener));
	assert_int_equal(is_tls_listener, is_tls);
	assert_int_equal(address_parse(text, &address), TG_OK);
	assert_int_equal(connect(fd, &address.storage.any, address.bytes), 0);
	peer_open(peer, fd, &(struct peer_options){ .ca_path = is_tls ? f->ca_path : NULL });
	return peer;
}

struct peer *
fixture_connect(struct network_fixture *f, bool is_tls)
{
	return fixture_connect_socket(f, fixture_socket(), is_tls);
}

void
fixture_step(struct network_fixture *f)
{
	bool has_progress = false;

	for (uint32_t i = 0; i < f->peer_count; i++) {
		if (f->peers[i].fd >= 0 && peer_step(&f->peers[i]))
			has_progress = true;
	}
	if (!has_progress)
		poll(NULL, 0, 1);
}

void
fixture_await(struct network_fixture *f, struct peer *peer, struct tg_message *answer)
{
	fixture_until(f, peer_take(peer, answer));
}

void
fixture_hello(struct network_fixture *f, struct peer *peer, struct tg_message *answer)
{
	peer_put_hello(peer, f->next_id++);
	fixture_await(f, peer, answer);
	assert_int_equal(answer->code, TG_OK);
}

void
fixture_auth(struct network_fixture *f, struct peer *peer, uint32_t terminal,
	     struct tg_message *answer)
{
	struct tg_message hello;

	fixture_hello(f, peer, &hello);
	peer_put_auth(peer, &(struct peer_auth){ .keys = &f->auth_keys,
						 .hello = &hello,
						 .request_id = f->next_id++,
						 .terminal = terminal,
						 .generation = 1 });
	fixture_await(f, peer, answer);
	assert_int_equal(answer->code, TG_OK);
}

void
fixture_ping(struct network_fixture *f, struct peer *peer)
{
	struct tg_message ping, answer;

	tg_message_init(&ping, f->next_id++, TG_OP_PING);
	peer_put_message(peer, &ping);
	fixture_await(f, peer, &answer);
	assert_int_equal(answer.request_id, ping.request_id);
	assert_int_equal(answer.code, TG_OK);
}

const char *
fixture_log(struct network_fixture *f)
{
	ssize_t got = read(f->log_fds[0], f->text, sizeof(f->text) - 1);

	f->text[got > 0 ? got : 0] = '\0';
	return f->text;
}
