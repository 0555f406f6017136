/*
 * peer.c - a client made of OpenSSL and two buffers, for tests.
 */
#include "tests/gateway/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/auth.h"
#include "protocol/auth.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/frame.h"

/* Keep the newest ticket. */
static int
on_ticket(SSL *ssl, SSL_SESSION *session)
{
	struct peer *peer = SSL_get_app_data(ssl);

	SSL_SESSION_free(peer->session);
	peer->session = session;
	return 1;
}

void
peer_open(struct peer *peer, int fd, const struct peer_options *options)
{
	memset(peer, 0, sizeof(*peer));
	peer->fd = fd;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (options->ca_path == NULL) {
		peer->is_open = true;
		return;
	}
	peer->context = SSL_CTX_new(TLS_client_method());
	assert_non_null(peer->context);
	if (options->ciphers != NULL || options->version_min != 0)
		SSL_CTX_set_security_level(peer->context, 0);
	if (options->ciphers != NULL)
		assert_int_equal(SSL_CTX_set_cipher_list(peer->context, options->ciphers), 1);
	SSL_CTX_set_min_proto_version(
		peer->context, options->version_min != 0 ? options->version_min : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(peer->context, options->version_max);
	assert_int_equal(SSL_CTX_load_verify_file(peer->context, options->ca_path), 1);
	SSL_CTX_set_verify(peer->context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(peer->context,
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE);
	SSL_CTX_set_session_cache_mode(peer->context,
				       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(peer->context, on_ticket);
	if (options->certificate_path != NULL) {
		assert_int_equal(SSL_CTX_use_certificate_chain_file(peer->context,
								    options->certificate_path),
				 1);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(peer->context, options->key_path,
							     SSL_FILETYPE_PEM),
				 1);
	}
	peer->ssl = SSL_new(peer->context);
	assert_non_null(peer->ssl);
	SSL_set_app_data(peer->ssl, peer);
	assert_int_equal(SSL_set_fd(peer->ssl, fd), 1);
	if (options->session != NULL)
		assert_int_equal(SSL_set_session(peer->ssl, options->session), 1);
	SSL_set_connect_state(peer->ssl);
}

void
peer_close(struct peer *peer)
{
	/* Else OpenSSL takes its session for a broken one, which cannot be resumed. */
	if (peer->ssl != NULL)
		SSL_set_shutdown(peer->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->context);
	SSL_SESSION_free(peer->session);
	ERR_clear_error();
	if (peer->fd >= 0)
		close(peer->fd);
	free(peer->out);
	free(peer->in);
	memset(peer, 0, sizeof(*peer));
	peer->fd = -1;
}

/* Did a call of OpenSSL get somewhere?  Notes the end of the connection. */
static bool
has_moved(struct peer *peer, int returned)
{
	int why;

	if (returned > 0)
		return true;
	why = SSL_get_error(peer->ssl, returned);
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return false;
	peer->error = ERR_peek_error();
	peer->is_closed = true;
	ERR_clear_error();
	return true;
}

/* The same for the system's calls. */
static bool
has_moved_plain(struct peer *peer, ssize_t returned)
{
	if (returned > 0)
		return true;
	if (returned < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	peer->is_closed = true;
	return true;
}

static bool
step_write(struct peer *peer)
{
	size_t bytes = peer->out_bytes, written = 0;
	bool has_progress;

	if (peer->write_bytes_max != 0 && bytes > peer->write_bytes_max)
		bytes = peer->write_bytes_max;
	if (bytes == 0)
		return false;
	if (peer->ssl != NULL) {
		has_progress = has_moved(peer, SSL_write_ex(peer->ssl, peer->out, bytes, &written));
	} else {
		ssize_t returned = send(peer->fd, peer->out, bytes, MSG_NOSIGNAL);

		has_progress = has_moved_plain(peer, returned);
		written = returned > 0 ? (size_t)returned : 0;
	}
	peer->out_bytes -= written;
	memmove(peer->out, peer->out + written, peer->out_bytes);
	return has_progress;
}

static bool
step_read(struct peer *peer)
{
	size_t got = 0;
	bool has_progress;

	if (peer->in_start > 0)
		memmove(peer->in, peer->in + peer->in_start, peer->in_bytes);
	peer->in_start = 0;
	if (peer->in_capacity - peer->in_bytes < 4096) {
		peer->in_capacity += 65536;
		peer->in = realloc(peer->in, peer->in_capacity);
		assert_non_null(peer->in);
	}
	if (peer->ssl != NULL) {
		has_progress =
			has_moved(peer, SSL_read_ex(peer->ssl, peer->in + peer->in_bytes,
						    peer->in_capacity - peer->in_bytes, &got));
	} else {
		ssize_t returned = read(peer->fd, peer->in + peer->in_bytes,
					peer->in_capacity - peer->in_bytes);

		has_progress = has_moved_plain(peer, returned);
		got = returned > 0 ? (size_t)returned : 0;
	}
	peer->in_bytes += got;
	return has_progress;
}

bool
peer_step(struct peer *peer)
{
	bool has_progress = false;

	if (peer->is_closed)
		return false;
	ERR_clear_error();
	if (!peer->is_open) {
		has_progress = has_moved(peer, SSL_do_handshake(peer->ssl));
		peer->is_open = has_progress && !peer->is_closed;
		return has_progress;
	}
	has_progress = step_write(peer);
	while (!peer->is_deaf && !peer->is_closed && step_read(peer))
		has_progress = true;
	return has_progress;
}

void
peer_put(struct peer *peer, const void *bytes, size_t count)
{
	if (count == 0)
		return;
	if (peer->out_bytes + count > peer->out_capacity) {
		peer->out_capacity = 2 * (peer->out_bytes + count);
		peer->out = realloc(peer->out, peer->out_capacity);
		assert_non_null(peer->out);
	}
	memcpy(peer->out + peer->out_bytes, bytes, count);
	peer->out_bytes += count;
}

void
peer_put_message(struct peer *peer, const struct tg_message *message)
{
	uint8_t frame[TG_FRAME_BYTES_MAX];
	struct tg_writer writer;

	tg_writer_init(&writer, frame, sizeof(frame));
	assert_true(tg_encode(&writer, message));
	peer_put(peer, frame, writer.used_bytes);
}

static const uint8_t client_nonce[TG_NONCE_BYTES] = "client nonce 16";

void
peer_put_hello(struct peer *peer, uint32_t request_id)
{
	struct tg_message hello;

	tg_message_init(&hello, request_id, TG_OP_HELLO);
	tg_message_set_integer(&hello, TG_FIELD_VERSION, 1);
	tg_message_set_bytes(&hello, TG_FIELD_CLIENT_NONCE, client_nonce, sizeof(client_nonce));
	peer_put_message(peer, &hello);
}

/* What both sides make proofs over, as the client sees it. */
static struct tg_auth_input
auth_input(const struct peer *peer, const struct peer_auth *auth)
{
	const struct tg_value *server_nonce = &auth->hello->values[TG_FIELD_SERVER_NONCE];
	struct tg_auth_input input = { .version = 1,
				       .terminal = auth->terminal,
				       .generation = auth->generation };

	memcpy(input.client_nonce, client_nonce, TG_NONCE_BYTES);
	memcpy(input.server_nonce, server_nonce->data, TG_NONCE_BYTES);
	if (peer->ssl != NULL)
		assert_int_equal(SSL_export_keying_material(
					 peer->ssl, input.exporter, sizeof(input.exporter),
					 TG_EXPORTER_LABEL, strlen(TG_EXPORTER_LABEL), NULL, 0, 0),
				 1);
	return input;
}

void
peer_put_auth(struct peer *peer, const struct peer_auth *auth)
{
	struct tg_auth_input input = auth_input(peer, auth);
	uint8_t key[TG_KEY_BYTES], proof[TG_PROOF_BYTES];
	struct tg_message request;

	assert_int_equal(tg_auth_derive_key(auth->keys->master.base, auth->keys->master.bytes,
					    auth->keys->instance, auth->terminal,
					    auth->generation, key),
			 TG_OK);
	assert_int_equal(tg_auth_make_proof(TG_AUTH_TERMINAL, key, &input, proof), TG_OK);
	if (auth->is_spoilt)
		proof[31] ^= 1;
	tg_message_init(&request, auth->request_id, TG_OP_AUTH);
	tg_message_set_integer(&request, TG_FIELD_TERMINAL, auth->terminal);
	tg_message_set_integer(&request, TG_FIELD_KEY_GENERATION, auth->generation);
	tg_message_set_bytes(&request, TG_FIELD_PROOF, proof, sizeof(proof));
	peer_put_message(peer, &request);
}

void
peer_make_earn(uint32_t request_id, uint32_t number, int64_t utc_ms, struct tg_message *ret_message)
{
	static uint8_t ids[4096][TG_TRANSACTION_ID_BYTES];

	assert_true(number < 4096);
	memset(ids[number], 0, sizeof(ids[number]));
	memcpy(ids[number], &number, sizeof(number));
	ids[number][15] = 1;
	tg_message_init(ret_message, request_id, TG_OP_EARN);
	tg_message_set_bytes(ret_message, TG_FIELD_TRANSACTION_ID, ids[number],
			     TG_TRANSACTION_ID_BYTES);
	tg_message_set_integer(ret_message, TG_FIELD_BUSINESS_TIME, utc_ms);
	tg_message_set_integer(ret_message, TG_FIELD_IDENTIFIER_TYPE, 1);
	tg_message_set_text(ret_message, TG_FIELD_IDENTIFIER, "4902530000012345");
	tg_message_set_integer(ret_message, TG_FIELD_AMOUNT, number * INT64_C(100));
}

bool
peer_take(struct peer *peer, struct tg_message *message)
{
	static uint8_t kept[4 + TG_FRAME_BYTES_MAX_BATCH];
	struct tg_frame frame;
	uint32_t field;

	if (tg_frame_peek(peer->in + peer->in_start, peer->in_bytes, TG_FRAME_BYTES_MAX_BATCH,
			  &frame) != TG_FRAME_WHOLE)
		return false;
	memcpy(kept, peer->in + peer->in_start, frame.frame_bytes);
	peer->in_bytes -= frame.frame_bytes;
	peer->in_start = peer->in_bytes == 0 ? 0 : peer->in_start + frame.frame_bytes;
	assert_int_equal(tg_decode_answer(kept + TG_FRAME_HEADER_BYTES, frame.payload_bytes,
					  message, &field),
			 TG_OK);
	return true;
}
