/*
 * io_fixture.c - setting up an I/O thread in a test, and stepping it.
 */
#include "tests/gateway/io_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t
fixture_mono_ms(void *context)
{
	return ((struct io_fixture *)context)->now_ms;
}

/* Set a text of the configuration to the path of a file. */
static void
set_path(struct io_fixture *f, char **key, const char *file)
{
	char path[PKI_PATH_BYTES];

	free(*key);
	*key = strdup(pki_path(f->pki, file, path));
}

static void
make_config(struct io_fixture *f)
{
	f->config = config_new();
	assert_non_null(f->config);
	set_path(f, &f->config->tls_certificate_file, "server.pem");
	set_path(f, &f->config->tls_key_file, "server.key");
	set_path(f, &f->config->tls_ca_file, "ca.pem");
	pki_write_secret(f->pki, "master.key", 'm', 32);
	pki_write_secret(f->pki, "identifier.key", 'i', 32);
	set_path(f, &f->config->keys_master_file, "master.key");
	set_path(f, &f->config->keys_identifier_file, "identifier.key");
	f->config->limits_connections = 64;
}

int
io_setup(void **state)
{
	struct io_fixture *f = calloc(1, sizeof(*f));
	struct config_error error;
	struct io_options options;

	signal(SIGPIPE, SIG_IGN);
	f->pki = pki_new();
	make_config(f);
	pki_path(f->pki, "ca.pem", f->ca_path);
	assert_int_equal(pipe2(f->log_fds, O_NONBLOCK | O_CLOEXEC), 0);
	f->log = log_new(&(struct log_options){ .fd = f->log_fds[1], .level = LEVEL_INFO });
	assert_int_equal(tls_new(f->config, NULL, &error, &f->tls), TG_OK);
	assert_int_equal(auth_keys_init(&f->auth_keys, f->config, &error), TG_OK);
	assert_int_equal(identifier_keys_init(&f->identifier_keys, f->config, &error), TG_OK);
	assert_int_equal(census_init(&f->census, 100), TG_OK);
	assert_int_equal(fleet_new(100, &f->fleet), TG_OK);
	f->pipeline = double_new();
	f->port = &f->pipeline->ports[0];
	f->now_ms = 1000000;
	f->next_id = 1;
	options = (struct io_options){ .count = 1,
				       .config = f->config,
				       .pipeline = f->pipeline,
				       .port = f->port,
				       .tls = f->tls,
				       .auth_keys = &f->auth_keys,
				       .identifier_keys = &f->identifier_keys,
				       .census = &f->census,
				       .fleet = f->fleet,
				       .log = f->log,
				       .all = f->all,
				       .mono_ms = fixture_mono_ms,
				       .context = f };
	assert_int_equal(io_new(&options, &f->io), TG_OK);
	f->all[0] = f->io;
	*state = f;
	return 0;
}

int
io_teardown(void **state)
{
	struct io_fixture *f = *state;

	for (uint32_t i = 0; i < f->peer_count; i++)
		peer_close(&f->peers[i]);
	io_free(f->io);
	assert_int_equal(f->census.connections, 0);
	assert_int_equal(f->census.handshakes, 0);
	double_free(f->pipeline);
	census_deinit(&f->census);
	fleet_free(f->fleet);
	identifier_keys_deinit(&f->identifier_keys);
	auth_keys_deinit(&f->auth_keys);
	tls_free(f->tls);
	log_free(f->log);
	close(f->log_fds[0]);
	close(f->log_fds[1]);
	config_free(f->config);
	pki_free(f->pki);
	free(f);
	return 0;
}

/* A connection whose two ends are a socket pair. */
static struct peer *
connect_pair(struct io_fixture *f, const struct peer_options *options)
{
	struct peer *peer = &f->peers[f->peer_count++];
	struct address address;
	int fds[2];

	assert_true(f->peer_count <= FIXTURE_PEERS);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
			 0);
	assert_int_equal(address_parse("192.0.2.1:4711", &address), TG_OK);
	assert_true(census_enter(&f->census.connections, 1000));
	assert_int_equal(io_adopt(f->io, fds[0], &address, options->ca_path != NULL), TG_OK);
	peer_open(peer, fds[1], options);
	return peer;
}

struct peer *
fixture_connect(struct io_fixture *f, const struct peer_options *options)
{
	struct peer_options copy = options != NULL ? *options : (struct peer_options){ 0 };

	copy.ca_path = f->ca_path;
	return connect_pair(f, &copy);
}

struct peer *
fixture_connect_plain(struct io_fixture *f)
{
	return connect_pair(f, &(struct peer_options){ 0 });
}

void
fixture_settle(struct io_fixture *f)
{
	for (int quiet = 0; quiet < 4; quiet++) {
		for (uint32_t i = 0; i < f->peer_count; i++) {
			if (f->peers[i].fd >= 0 && peer_step(&f->peers[i]))
				quiet = 0;
		}
		io_turn(f->io, false);
		if (!TAILQ_EMPTY(&f->io->work) || !TAILQ_EMPTY(&f->io->handshake))
			quiet = 0;
	}
}

void
fixture_advance(struct io_fixture *f, int64_t ms)
{
	f->now_ms += ms;
	fixture_settle(f);
}

struct session *
fixture_session(struct io_fixture *f, uint32_t slot)
{
	struct session *session = &f->io->table.sessions[slot];

	return slot < f->io->table.used_slots && session->state != SESSION_FREE ? session : NULL;
}

void
fixture_request(struct io_fixture *f, enum tg_operation operation, struct tg_message *message)
{
	tg_message_init(message, f->next_id++, (uint32_t)operation);
}

void
fixture_hello(struct io_fixture *f, struct peer *peer, struct tg_message *answer)
{
	uint32_t request_id = f->next_id++;

	peer_put_hello(peer, request_id);
	fixture_settle(f);
	fixture_take(peer, answer);
	assert_int_equal(answer->request_id, request_id);
	assert_int_equal(answer->code, TG_OK);
}

void
fixture_send_auth(struct io_fixture *f, struct peer *peer, const struct tg_message *hello,
		  uint32_t terminal, uint16_t generation, bool is_spoilt)
{
	peer_put_auth(peer, &(struct peer_auth){ .keys = &f->auth_keys,
						 .hello = hello,
						 .request_id = f->next_id++,
						 .terminal = terminal,
						 .generation = generation,
						 .is_spoilt = is_spoilt });
	fixture_settle(f);
}

struct peer *
fixture_open(struct io_fixture *f, uint32_t terminal)
{
	struct peer *peer = fixture_connect(f, NULL);
	struct tg_message answer;

	fixture_hello(f, peer, &answer);
	fixture_send_auth(f, peer, &answer, terminal, terminal == DOUBLE_OLD_KEY ? 3 : 1, false);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_OK);
	return peer;
}

void
fixture_earn(struct io_fixture *f, uint32_t number, struct tg_message *message)
{
	peer_make_earn(f->next_id++, number, f->pipeline->utc_ms, message);
}

void
fixture_take(struct peer *peer, struct tg_message *answer)
{
	if (!peer_take(peer, answer))
		fail_msg("no answer (%zu bytes, closed: %d)", peer->in_bytes, peer->is_closed);
}

void
fixture_expect(struct peer *peer, uint32_t request_id, enum tg_status status)
{
	struct tg_message answer;

	fixture_take(peer, &answer);
	if (answer.request_id != request_id || answer.code != (uint32_t)status)
		fail_msg("answer %u %s instead of %u %s", answer.request_id,
			 tg_status_name((enum tg_status)answer.code), request_id,
			 tg_status_name(status));
}

void
fixture_expect_notice(struct peer *peer, enum tg_status outcome)
{
	struct tg_message notice;

	fixture_take(peer, &notice);
	assert_int_equal(notice.request_id, 0);
	assert_int_equal(notice.code, TG_OP_NOTICE);
	assert_int_equal(notice.values[TG_FIELD_OUTCOME].integer, outcome);
}

const char *
fixture_log(struct io_fixture *f)
{
	static char text[FIXTURE_LOG_BYTES];
	ssize_t got = read(f->log_fds[0], text, sizeof(text) - 1);

	text[got > 0 ? got : 0] = '\0';
	return text;
}
