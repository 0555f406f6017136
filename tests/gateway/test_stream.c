/*
 * test_stream.c - TLS as the gateway speaks it: who gets in, what they are, what they may not do.
 *
 * Server and client shake hands over a socket pair in one thread.
 */
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
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

#include "gateway/stream.h"
#include "gateway/tls.h"
#include "tests/gateway/peer.h"
#include "tests/gateway/pki.h"

struct fixture {
	struct pki *pki;
	struct config *config;
	struct tls *tls;
	int64_t utc_ms; /* the ticket keys' clock */
	char ca_path[PKI_PATH_BYTES], certificate_path[PKI_PATH_BYTES], key_path[PKI_PATH_BYTES];
};

/* Both ends of a connection. */
struct pair {
	struct stream stream;
	struct peer peer;
	enum stream_result handshake; /* the server's result */
};

static int64_t
fixture_utc_ms(void *context)
{
	return ((struct fixture *)context)->utc_ms;
}

/* Set a text of the configuration to the path of a file. */
static void
set_path(struct fixture *f, char **key, const char *file)
{
	char path[PKI_PATH_BYTES];

	free(*key);
	*key = strdup(file[0] == '\0' ? "" : pki_path(f->pki, file, path));
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct config_error error;

	signal(SIGPIPE, SIG_IGN);
	f->pki = pki_new();
	f->config = config_new();
	f->utc_ms = INT64_C(1700000000000);
	set_path(f, &f->config->tls_certificate_file, "server.pem");
	set_path(f, &f->config->tls_key_file, "server.key");
	set_path(f, &f->config->tls_ca_file, "ca.pem");
	pki_path(f->pki, "ca.pem", f->ca_path);
	if (tls_new(f->config, &(struct tls_options){ fixture_utc_ms, f }, &error, &f->tls) !=
	    TG_OK)
		fail_msg("%s", error.text);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	tls_free(f->tls);
	config_free(f->config);
	pki_free(f->pki);
	free(f);
	return 0;
}

/* Let both ends shake hands until nothing moves any more. */
static void
shake(struct fixture *f, const struct peer_options *options, struct pair *pair)
{
	int fds[2];
	bool is_done = false;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
			 0);
	assert_int_equal(stream_open(&pair->stream, fds[0], tls_connection(f->tls)), TG_OK);
	peer_open(&pair->peer, fds[1], options);
	for (int idle = 0; idle < 3; idle++) {
		if (peer_step(&pair->peer))
			idle = 0;
		if (!is_done) {
			pair->handshake = stream_handshake(&pair->stream);
			is_done =
				pair->handshake == STREAM_DONE || pair->handshake == STREAM_FAILED;
			idle = is_done ? 0 : idle;
		}
		if (pair->handshake == STREAM_FAILED)
			stream_shut(&pair->stream);
	}
}

static void
pair_close(struct pair *pair)
{
	stream_close(&pair->stream);
	peer_close(&pair->peer);
}

/* Issue a certificate and make the options of a client that shows it. */
static struct peer_options
client_with(struct fixture *f, const struct pki_request *request)
{
	char name[64];

	pki_issue(f->pki, request);
	snprintf(name, sizeof(name), "%s.pem", request->file);
	pki_path(f->pki, name, f->certificate_path);
	snprintf(name, sizeof(name), "%s.key", request->file);
	pki_path(f->pki, name, f->key_path);
	return (struct peer_options){ .ca_path = f->ca_path,
				      .certificate_path = f->certificate_path,
				      .key_path = f->key_path };
}

/* What: bytes written at one end are read at the other, over TLS 1.3 and 1.2, and both ends have
 *       the same exporter value. */
static void
bytes_go_both_ways(void **state)
{
	static const int versions[] = { TLS1_3_VERSION, TLS1_2_VERSION };
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		struct peer_options options = { .ca_path = f->ca_path, .version_max = versions[i] };
		struct pair pair;
		uint8_t bytes[64], ours[TG_EXPORTER_BYTES], theirs[TG_EXPORTER_BYTES];
		size_t count;

		shake(f, &options, &pair);
		assert_int_equal(pair.handshake, STREAM_DONE);
		assert_true(pair.peer.is_open && !pair.peer.is_closed);
		assert_string_equal(stream_version(&pair.stream), i == 0 ? "TLSv1.3" : "TLSv1.2");
		peer_put(&pair.peer, "ping", 4);
		peer_step(&pair.peer);
		assert_int_equal(stream_read(&pair.stream, bytes, sizeof(bytes), &count),
				 STREAM_DONE);
		assert_int_equal(count, 4);
		assert_memory_equal(bytes, "ping", 4);
		assert_int_equal(stream_read(&pair.stream, bytes, sizeof(bytes), &count),
				 STREAM_WANT_READ);
		assert_int_equal(stream_write(&pair.stream, (const uint8_t *)"pong", 4, &count),
				 STREAM_DONE);
		peer_step(&pair.peer);
		assert_int_equal(pair.peer.in_bytes, 4);

		assert_true(stream_exporter(&pair.stream, ours));
		assert_int_equal(SSL_export_keying_material(pair.peer.ssl, theirs, sizeof(theirs),
							    TG_EXPORTER_LABEL,
							    strlen(TG_EXPORTER_LABEL), NULL, 0, 0),
				 1);
		assert_memory_equal(ours, theirs, sizeof(ours));
		stream_shut(&pair.stream);
		peer_step(&pair.peer);
		assert_true(pair.peer.is_closed);
		assert_int_equal(pair.peer.error, 0); /* close_notify came */
		assert_int_equal(stream_read(&pair.stream, bytes, sizeof(bytes), &count),
				 STREAM_WANT_READ);
		pair_close(&pair);
	}
}

/* What: each certificate is taken for what it is: the matrix of R42. */
static void
a_certificate_says_who_speaks(void **state)
{
	static const struct {
		struct pki_request request;
		bool is_refused;
		uint32_t terminal; /* 0: nobody */
	} cases[] = {
		{ { "good", "terminal:4711", NULL, -60, 3600, "clientAuth", 0, 0, 0 }, 0, 4711 },
		{ { "rsa", "terminal:1", NULL, -60, 3600, "clientAuth", 1, 0, 0 }, 0, 1 },
		{ { "any", "terminal:4294967295", NULL, -60, 3600, NULL, 0, 0, 0 }, 0, UINT32_MAX },
		{ { "expired", "terminal:1", NULL, -3600, -60, "clientAuth", 0, 0, 0 }, 1, 0 },
		{ { "early", "terminal:1", NULL, 3600, 7200, "clientAuth", 0, 0, 0 }, 1, 0 },
		{ { "purpose", "terminal:1", NULL, -60, 3600, "serverAuth", 0, 0, 0 }, 1, 0 },
		{ { "stranger", "terminal:1", NULL, -60, 3600, "clientAuth", 0, 1, 0 }, 1, 0 },
		{ { "revoked", "terminal:1", NULL, -60, 3600, "clientAuth", 0, 0, 1 }, 1, 0 },
		{ { "two", "terminal:1", "terminal:2", -60, 3600, "clientAuth", 0, 0, 0 }, 0, 0 },
		{ { "none", NULL, NULL, -60, 3600, "clientAuth", 0, 0, 0 }, 0, 0 },
		{ { "word", "till:1", NULL, -60, 3600, "clientAuth", 0, 0, 0 }, 0, 0 },
		{ { "zero", "terminal:0", NULL, -60, 3600, "clientAuth", 0, 0, 0 }, 0, 0 },
		{ { "lead", "terminal:01", NULL, -60, 3600, "clientAuth", 0, 0, 0 }, 0, 0 },
		{ { "large", "terminal:4294967296", NULL, -60, 3600, NULL, 0, 0, 0 }, 0, 0 },
		{ { "tail", "terminal:1 ", NULL, -60, 3600, "clientAuth", 0, 0, 0 }, 0, 0 },
		{ { "sign", "terminal:-1", NULL, -60, 3600, "clientAuth", 0, 0, 0 }, 0, 0 },
		{ { "empty", "terminal:", NULL, -60, 3600, "clientAuth", 0, 0, 0 }, 0, 0 },
	};
	static const int versions[] = { TLS1_3_VERSION, TLS1_2_VERSION };
	struct fixture *f = *state;
	struct config_error error;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (cases[i].request.is_revoked)
			pki_issue(f->pki, &cases[i].request);
	pki_write_crl(f->pki);
	set_path(f, &f->config->tls_crl_file, "crl.pem");
	assert_int_equal(tls_reload(f->tls, f->config, &error), TG_OK);

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pki_request *request = &cases[i / 2].request;
		struct peer_options options;
		struct pair pair;
		uint32_t terminal = 0;

		if (request->is_revoked) {
			char name[64];

			snprintf(name, sizeof(name), "%s.pem", request->file);
			options = (struct peer_options){ .ca_path = f->ca_path };
			options.certificate_path = pki_path(f->pki, name, f->certificate_path);
			snprintf(name, sizeof(name), "%s.key", request->file);
			options.key_path = pki_path(f->pki, name, f->key_path);
		} else {
			options = client_with(f, request);
		}
		options.version_max = versions[i % 2];
		shake(f, &options, &pair);
		if (cases[i / 2].is_refused) {
			assert_int_equal(pair.handshake, STREAM_FAILED);
			assert_true(pair.peer.is_closed);
			assert_string_not_equal(stream_error(&pair.stream), "none");
		} else {
			assert_int_equal(pair.handshake, STREAM_DONE);
			assert_int_equal(stream_identity(&pair.stream, &terminal),
					 cases[i / 2].terminal != 0 ? STREAM_TERMINAL
								    : STREAM_ANONYMOUS);
			assert_int_equal(terminal, cases[i / 2].terminal);
		}
		pair_close(&pair);
	}
}

/* What: a client without a certificate gets in as nobody: it will prove itself by its key. */
static void
without_a_certificate_one_is_nobody(void **state)
{
	struct fixture *f = *state;
	struct pair pair;
	uint32_t terminal;

	shake(f, &(struct peer_options){ .ca_path = f->ca_path }, &pair);
	assert_int_equal(pair.handshake, STREAM_DONE);
	assert_int_equal(stream_identity(&pair.stream, &terminal), STREAM_ANONYMOUS);
	pair_close(&pair);
}

/* What: TLS 1.1 and before, ciphers without forward secrecy or without AEAD, and bytes that are no
 *       TLS are refused; 1.2 too where 1.3 is asked for. */
static void
what_is_old_or_weak_is_refused(void **state)
{
	static const struct peer_options cases[] = {
		{ .version_min = TLS1_VERSION, .version_max = TLS1_VERSION },
		{ .version_min = TLS1_VERSION, .version_max = TLS1_1_VERSION },
		{ .version_max = TLS1_2_VERSION, .ciphers = "AES128-GCM-SHA256" },
		{ .version_max = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA" },
		{ .version_max = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA256" },
		{ .version_max = TLS1_2_VERSION, .ciphers = "aNULL" },
		{ .version_max = TLS1_2_VERSION },
	};
	struct fixture *f = *state;
	struct config_error error;
	struct pair pair;
	int fds[2];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer_options options = cases[i];

		options.ca_path = f->ca_path;
		if (i == sizeof(cases) / sizeof(cases[0]) - 1) {
			f->config->tls_version_min = CONFIG_TLS_1_3;
			assert_int_equal(tls_reload(f->tls, f->config, &error), TG_OK);
		}
		shake(f, &options, &pair);
		assert_int_equal(pair.handshake, STREAM_FAILED);
		assert_false(pair.peer.is_open);
		pair_close(&pair);
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(stream_open(&pair.stream, fds[0], tls_connection(f->tls)), TG_OK);
	assert_int_equal(write(fds[1], "GET / HTTP/1.0\r\n\r\n", 18), 18);
	assert_int_equal(stream_handshake(&pair.stream), STREAM_FAILED);
	stream_close(&pair.stream);
	close(fds[1]);
}

/* What: a ticket resumes a session with its certificate, over a reload of the certificate too; it
 *       is worth nothing after two periods or a change of the authorities, and 1.2 gives none. */
static void
a_ticket_resumes_while_it_may(void **state)
{
	struct fixture *f = *state;
	struct peer_options options =
		client_with(f, &(struct pki_request){ "t", "terminal:9", NULL, -60, 3600,
						      "clientAuth", 0, 0, 0 });
	SSL_SESSION *session;
	struct config_error error;
	struct pair pair;
	uint32_t terminal = 0;

	shake(f, &options, &pair);
	assert_int_equal(SSL_session_reused(pair.peer.ssl), 0);
	assert_non_null(pair.peer.session);
	session = pair.peer.session;
	pair.peer.session = NULL;
	pair_close(&pair);

	for (int step = 0; step < 4; step++) {
		bool is_resumed = step < 2;

		/* A ticket is used once: OpenSSL notes that in the session. */
		options.session = SSL_SESSION_dup(session);

		if (step == 1) {
			f->utc_ms += f->config->tls_ticket_ms;
			assert_int_equal(tls_reload(f->tls, f->config, &error), TG_OK);
		} else if (step == 2) {
			f->utc_ms += f->config->tls_ticket_ms;
		} else if (step == 3) {
			f->utc_ms -= 2 * f->config->tls_ticket_ms;
			pki_write_crl(f->pki);
			set_path(f, &f->config->tls_crl_file, "crl.pem");
			assert_int_equal(tls_reload(f->tls, f->config, &error), TG_OK);
		}
		shake(f, &options, &pair);
		assert_int_equal(pair.handshake, STREAM_DONE);
		assert_int_equal(SSL_session_reused(pair.peer.ssl), is_resumed);
		assert_int_equal(stream_identity(&pair.stream, &terminal), STREAM_TERMINAL);
		assert_int_equal(terminal, 9);
		pair_close(&pair);
		SSL_SESSION_free(options.session);
	}
	SSL_SESSION_free(session);

	options.session = NULL;
	options.version_max = TLS1_2_VERSION;
	shake(f, &options, &pair);
	assert_int_equal(pair.handshake, STREAM_DONE);
	assert_true(pair.peer.session == NULL || !SSL_SESSION_has_ticket(pair.peer.session));
	pair_close(&pair);
}

/* What: a client is told to keep a ticket for two periods of the ticket keys, and never for more
 *       than the week that RFC 8446 allows. */
static void
a_ticket_lives_a_week_at_most(void **state)
{
	static const struct {
		int64_t ticket_ms;
		unsigned long life_s;
	} cases[] = {
		{ 60000, 120 }, { 43200000, 86400 }, { 302400000, 604800 }, { 604800000, 604800 },
	};
	struct fixture *f = *state;
	struct peer_options options = { .ca_path = f->ca_path };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_error error;
		struct pair pair;

		f->config->tls_ticket_ms = cases[i].ticket_ms;
		assert_int_equal(tls_reload(f->tls, f->config, &error), TG_OK);
		shake(f, &options, &pair);
		assert_non_null(pair.peer.session);
		assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(pair.peer.session),
				 cases[i].life_s);
		pair_close(&pair);
	}
}

/* What: tickets made under a ticket file are good at another gateway with the same file, and no
 *       other. */
static void
gateways_with_one_secret_share_tickets(void **state)
{
	struct fixture *f = *state;
	struct peer_options options = { .ca_path = f->ca_path };
	struct config_error error;
	struct tls *first = f->tls;
	SSL_SESSION *session;
	struct pair pair;

	pki_write_secret(f->pki, "ticket.key", 'a', 32);
	pki_write_secret(f->pki, "other.key", 'b', 32);
	set_path(f, &f->config->tls_ticket_file, "ticket.key");
	assert_int_equal(tls_reload(f->tls, f->config, &error), TG_OK);
	shake(f, &options, &pair);
	session = pair.peer.session;
	pair.peer.session = NULL;
	pair_close(&pair);

	for (int i = 0; i < 2; i++) {
		options.session = SSL_SESSION_dup(session);
		set_path(f, &f->config->tls_ticket_file, i == 0 ? "ticket.key" : "other.key");
		assert_int_equal(tls_new(f->config, &(struct tls_options){ fixture_utc_ms, f },
					 &error, &f->tls),
				 TG_OK);
		shake(f, &options, &pair);
		assert_int_equal(SSL_session_reused(pair.peer.ssl), i == 0);
		pair_close(&pair);
		SSL_SESSION_free(options.session);
		tls_free(f->tls);
	}
	f->tls = first;
	SSL_SESSION_free(session);
}

/* The client's key and the fixed part of its nonces, of TLS 1.2 with AES-128-GCM (RFC 5288). */
static void
derive_client_key(SSL *ssl, uint8_t ret_key[16], uint8_t ret_salt[4])
{
	static char label[] = "key expansion", digest[] = "SHA256";
	uint8_t master[SSL_MAX_MASTER_KEY_LENGTH], seed[64], block[40];
	size_t count = SSL_SESSION_get_master_key(SSL_get_session(ssl), master, sizeof(master));
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master, count),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, label, strlen(label)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof(seed)),
		OSSL_PARAM_construct_end(),
	};

	assert_int_equal(SSL_get_server_random(ssl, seed, 32), 32);
	assert_int_equal(SSL_get_client_random(ssl, seed + 32, 32), 32);
	assert_int_equal(EVP_KDF_derive(context, block, sizeof(block), parameters), 1);
	memcpy(ret_key, block, 16);
	memcpy(ret_salt, block + 32, 4);
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}

/* The begin of a ClientHello as the client's record of this number (0 was its Finished), past
 * OpenSSL, whose clients wait for an answer after each. */
static void
send_client_hello(struct peer *peer, uint64_t number)
{
	static const uint8_t hello[4] = { SSL3_MT_CLIENT_HELLO };
	uint8_t record[5 + 8 + 4 + 16] = { SSL3_RT_HANDSHAKE, 3, 3, 0, 28 };
	uint8_t key[16], nonce[12], bound[13] = { [8] = SSL3_RT_HANDSHAKE, 3, 3, 0, 4 };
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int count;

	derive_client_key(peer->ssl, key, nonce);
	for (int i = 0; i < 8; i++)
		bound[i] = nonce[4 + i] = record[5 + i] = (uint8_t)(number >> (56 - 8 * i));
	assert_int_equal(EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, key, nonce), 1);
	assert_int_equal(EVP_EncryptUpdate(cipher, NULL, &count, bound, sizeof(bound)), 1);
	assert_int_equal(EVP_EncryptUpdate(cipher, record + 13, &count, hello, sizeof(hello)), 1);
	assert_int_equal(EVP_EncryptFinal_ex(cipher, record + 17, &count), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, record + 17), 1);
	EVP_CIPHER_CTX_free(cipher);
	assert_int_equal(write(peer->fd, record, sizeof(record)), sizeof(record));
}

/* What: a flood of KeyUpdates ends the connection, a few do not. */
static void
a_flood_of_key_updates_ends_the_connection(void **state)
{
	struct fixture *f = *state;
	struct pair pair;
	uint8_t bytes[256];
	size_t count;

	shake(f, &(struct peer_options){ .ca_path = f->ca_path }, &pair);
	for (int i = 1; i <= STREAM_REKEYS_MAX + 1; i++) {
		enum stream_result result;

		assert_int_equal(SSL_key_update(pair.peer.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		peer_put(&pair.peer, "x", 1);
		peer_step(&pair.peer);
		result = stream_read(&pair.stream, bytes, sizeof(bytes), &count);
		assert_int_equal(result, i <= STREAM_REKEYS_MAX ? STREAM_DONE : STREAM_FAILED);
	}
	assert_string_equal(stream_error(&pair.stream), "too many key updates or renegotiations");
	pair_close(&pair);
}

/* What: a flood that has come by the time of a read does not keep it: it looks at no more of them
 *       than are allowed, and one. */
static void
a_read_takes_a_bounded_part_of_a_flood(void **state)
{
	struct fixture *f = *state;
	struct pair pair;
	uint8_t bytes[256];
	size_t count;

	shake(f, &(struct peer_options){ .ca_path = f->ca_path }, &pair);
	for (int i = 0; i < 2 * STREAM_REKEYS_MAX; i++) {
		assert_int_equal(SSL_key_update(pair.peer.ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(pair.peer.ssl), 1);
	}
	assert_int_equal(stream_read(&pair.stream, bytes, sizeof(bytes), &count), STREAM_FAILED);
	assert_int_equal(pair.stream.rekeys_count, STREAM_REKEYS_MAX + 1);
	pair_close(&pair);

	shake(f,
	      &(struct peer_options){ .ca_path = f->ca_path,
				      .version_max = TLS1_2_VERSION,
				      .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" },
	      &pair);
	for (uint64_t i = 1; i <= 2 * STREAM_REKEYS_MAX; i++)
		send_client_hello(&pair.peer, i);
	assert_int_equal(stream_read(&pair.stream, bytes, sizeof(bytes), &count), STREAM_FAILED);
	assert_int_equal(pair.stream.rekeys_count, STREAM_REKEYS_MAX + 1);
	pair_close(&pair);
}

/* What: renegotiation is refused: the connection goes on or ends, but no new handshake is made. */
static void
renegotiation_is_refused(void **state)
{
	struct fixture *f = *state;
	struct pair pair;
	uint8_t bytes[256];
	size_t count;

	shake(f, &(struct peer_options){ .ca_path = f->ca_path, .version_max = TLS1_2_VERSION },
	      &pair);
	assert_int_equal(SSL_renegotiate(pair.peer.ssl), 1);
	(void)SSL_do_handshake(pair.peer.ssl);
	assert_int_equal(stream_read(&pair.stream, bytes, sizeof(bytes), &count), STREAM_WANT_READ);
	assert_int_not_equal(SSL_do_handshake(pair.peer.ssl), 1);
	pair_close(&pair);
}

/* What: a slow reader gets the bytes that were written, in order, though each try begins with a
 *       longer and moved buffer.
 * How:  the server writes until the socket is full, moves its buffer, and goes on while the client
 *       reads a little. */
static void
a_write_can_wait_and_move(void **state)
{
	struct fixture *f = *state;
	struct pair pair;
	const size_t total = 3000000;
	uint8_t *source = malloc(total), *copy = NULL;
	size_t at = 0, offered = 1000;

	for (size_t i = 0; i < total; i++)
		source[i] = (uint8_t)(i * 2654435761u >> 13);
	shake(f, &(struct peer_options){ .ca_path = f->ca_path }, &pair);
	while (at < total) {
		size_t bytes = offered < total - at ? offered : total - at, count;
		enum stream_result result;

		free(copy);
		copy = malloc(bytes);
		memcpy(copy, source + at, bytes);
		result = stream_write(&pair.stream, copy, bytes, &count);
		if (result == STREAM_DONE) {
			at += count;
			offered = 1000 + at % 7000;
		} else {
			assert_int_equal(result, STREAM_WANT_WRITE);
			offered += 500;
			peer_step(&pair.peer);
		}
	}
	while (peer_step(&pair.peer))
		;
	assert_int_equal(pair.peer.in_bytes, total);
	assert_memory_equal(pair.peer.in, source, total);
	free(copy);
	free(source);
	pair_close(&pair);
}

/* What: files that are missing, wrong or do not fit each other are refused by name, and the context
 *       in force stays. */
static void
a_bad_file_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct config_error error;
	struct pair pair;

	pki_write_secret(f->pki, "short.key", 'x', 31);
	pki_issue(f->pki, &(struct pki_request){ .file = "other", .until_s = 3600 });
	for (int i = 0; i < 6; i++) {
		static const char *const named[] = { "missing.pem", "missing.key", "other.key",
						     "missing.ca",  "missing.crl", "short.key" };
		struct config *config = f->config;
		char **keys[] = { &config->tls_certificate_file, &config->tls_key_file,
				  &config->tls_key_file,	 &config->tls_ca_file,
				  &config->tls_crl_file,	 &config->tls_ticket_file };
		char *saved = strdup(*keys[i]);

		set_path(f, keys[i], named[i]);
		assert_int_equal(tls_reload(f->tls, f->config, &error), TG_CONFIG);
		assert_non_null(strstr(error.text, i == 3 || i == 4 ? "ca" : named[i]));
		free(*keys[i]);
		*keys[i] = saved;
	}
	shake(f, &(struct peer_options){ .ca_path = f->ca_path }, &pair);
	assert_int_equal(pair.handshake, STREAM_DONE);
	pair_close(&pair);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(bytes_go_both_ways),
		CASE(a_certificate_says_who_speaks),
		CASE(without_a_certificate_one_is_nobody),
		CASE(what_is_old_or_weak_is_refused),
		CASE(a_ticket_resumes_while_it_may),
		CASE(a_ticket_lives_a_week_at_most),
		CASE(gateways_with_one_secret_share_tickets),
		CASE(a_flood_of_key_updates_ends_the_connection),
		CASE(a_read_takes_a_bounded_part_of_a_flood),
		CASE(renegotiation_is_refused),
		CASE(a_write_can_wait_and_move),
		CASE(a_bad_file_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
