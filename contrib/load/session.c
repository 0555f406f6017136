/*
 * session.c - one connection of a terminal to the gateway.
 *
 * Reading is done in rounds of at most READS_PER_WAKEUP, so that one connection that has much to
 * say does not hold up the others.  The owner may close the session in any hook; after each the
 * state tells whether to go on.
 */
#include "contrib/load/session.h"

#include <errno.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/assert.h"
#include "protocol/auth.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/frame.h"

#define BUFFER_BYTES_FIRST 4096
#define BUFFER_BYTES_MAX (8 * 1024 * 1024)
#define READS_PER_WAKEUP 4
#define ENCODED_BYTES_MAX 2048 /* of a request without array fields */
#define SOFTWARE "tally-load/" PACKAGE_VERSION

static void on_readable(evutil_socket_t fd, short what, void *context);
static void on_writable(evutil_socket_t fd, short what, void *context);

/* Make room for so many bytes behind to_bytes. */
static uint8_t *
buffer_room(struct session_buffer *buffer, size_t bytes)
{
	size_t waiting = buffer->to_bytes - buffer->from_bytes;

	if (buffer->from_bytes > 0 &&
	    (waiting == 0 || buffer->to_bytes + bytes > buffer->capacity_bytes)) {
		memmove(buffer->base, buffer->base + buffer->from_bytes, waiting);
		buffer->from_bytes = 0;
		buffer->to_bytes = waiting;
	}
	if (buffer->to_bytes + bytes > buffer->capacity_bytes) {
		size_t capacity =
			buffer->capacity_bytes > 0 ? buffer->capacity_bytes : BUFFER_BYTES_FIRST;

		while (capacity < buffer->to_bytes + bytes)
			capacity *= 2;
		TG_ASSERT(capacity <= BUFFER_BYTES_MAX);
		buffer->base = realloc(buffer->base, capacity);
		TG_ASSERT(buffer->base != NULL);
		buffer->capacity_bytes = capacity;
	}
	return buffer->base + buffer->to_bytes;
}

void
session_init(struct session *session, const struct session_setup *setup)
{
	memset(session, 0, sizeof(*session));
	session->base = setup->base;
	session->endpoint = setup->endpoint;
	session->terminals = setup->terminals;
	session->terminal = setup->terminal;
	session->hooks = setup->hooks;
	session->context = setup->context;
	session->fd = -1;
}

void
session_close(struct session *session)
{
	if (session->state == SESSION_CLOSED)
		return;
	event_free(session->read_event);
	event_free(session->write_event);
	session->read_event = NULL;
	session->write_event = NULL;
	session->is_write_wanted = false;
	SSL_free(session->tls);
	session->tls = NULL;
	close(session->fd);
	session->fd = -1;
	session->in.from_bytes = session->in.to_bytes = 0;
	session->out.from_bytes = session->out.to_bytes = 0;
	session->state = SESSION_CLOSED;
}

void
session_deinit(struct session *session)
{
	session_close(session);
	free(session->in.base);
	free(session->out.base);
	tg_auth_clear(session->key, sizeof(session->key));
	session->in.base = NULL;
	session->out.base = NULL;
}

/* Close and tell the owner why. */
static void
lose(struct session *session, const char *reason)
{
	if (reason != session->reason)
		snprintf(session->reason, sizeof(session->reason), "%s", reason);
	session_close(session);
	session->hooks->on_lost(session->context, session->reason);
}

void
session_open(struct session *session, uint64_t now_ns)
{
	TG_ASSERT(session->state == SESSION_CLOSED);
	session->opened_ns = now_ns;
	session->fd = endpoint_connect(session->endpoint);
	if (session->fd < 0) {
		session->hooks->on_lost(session->context, strerrordesc_np(errno));
		return;
	}
	session->read_event =
		event_new(session->base, session->fd, EV_READ | EV_PERSIST, on_readable, session);
	session->write_event =
		event_new(session->base, session->fd, EV_WRITE | EV_PERSIST, on_writable, session);
	TG_ASSERT(session->read_event != NULL && session->write_event != NULL);
	event_add(session->write_event, NULL);
	session->is_write_wanted = true;
	session->state = SESSION_CONNECTING;
}

/* Watch for room in the socket, or no longer. */
static void
want_write(struct session *session, bool is_wanted)
{
	if (session->is_write_wanted == is_wanted)
		return;
	if (is_wanted)
		event_add(session->write_event, NULL);
	else
		event_del(session->write_event);
	session->is_write_wanted = is_wanted;
}

uint8_t *
session_room(struct session *session, size_t bytes)
{
	return buffer_room(&session->out, bytes);
}

void
session_sent(struct session *session, size_t bytes)
{
	TG_ASSERT(session->out.to_bytes + bytes <= session->out.capacity_bytes);
	session->out.to_bytes += bytes;
}

size_t
session_waiting_bytes(const struct session *session)
{
	return session->out.to_bytes - session->out.from_bytes;
}

void
session_send(struct session *session, const struct tg_message *message, const uint8_t **ret_frame,
	     size_t *ret_frame_bytes)
{
	uint8_t *room = session_room(session, ENCODED_BYTES_MAX);
	struct tg_writer writer;
	bool is_encoded;

	tg_writer_init(&writer, room, ENCODED_BYTES_MAX);
	is_encoded = tg_encode(&writer, message);
	TG_ASSERT(is_encoded);
	session_sent(session, writer.used_bytes);
	if (ret_frame != NULL) {
		*ret_frame = room;
		*ret_frame_bytes = writer.used_bytes;
	}
}

/* Read or write through TLS or not: > 0 bytes moved, 0 not now, -1 the end, reason is set. */
static ssize_t
transfer(struct session *session, bool is_read, uint8_t *data, size_t bytes)
{
	size_t moved = 0;
	ssize_t result;
	int error;

	if (session->tls == NULL) {
		result = is_read ? read(session->fd, data, bytes) : write(session->fd, data, bytes);
		if (result > 0)
			return result;
		if (result < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		snprintf(session->reason, sizeof(session->reason), "%s",
			 result == 0 ? "the server closed the connection" : strerrordesc_np(errno));
		return -1;
	}
	ERR_clear_error();
	result = is_read ? SSL_read_ex(session->tls, data, bytes, &moved)
			 : SSL_write_ex(session->tls, data, bytes, &moved);
	if (result == 1)
		return (ssize_t)moved;
	error = SSL_get_error(session->tls, (int)result);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return 0;
	if (error == SSL_ERROR_ZERO_RETURN)
		snprintf(session->reason, sizeof(session->reason),
			 "the server closed the connection");
	else if (error == SSL_ERROR_SYSCALL && errno != 0)
		snprintf(session->reason, sizeof(session->reason), "%s", strerrordesc_np(errno));
	else
		endpoint_tls_reason(session->tls, session->reason, sizeof(session->reason));
	return -1;
}

void
session_flush(struct session *session)
{
	struct session_buffer *out = &session->out;

	if (session->state < SESSION_HELLO)
		return;
	while (out->from_bytes < out->to_bytes) {
		ssize_t moved = transfer(session, false, out->base + out->from_bytes,
					 out->to_bytes - out->from_bytes);

		if (moved < 0) {
			lose(session, session->reason);
			return;
		}
		if (moved == 0)
			break;
		out->from_bytes += (size_t)moved;
	}
	want_write(session, out->from_bytes < out->to_bytes);
}

/* Begin the session's first exchange. */
static void
send_hello(struct session *session)
{
	struct tg_message hello;

	session->state = SESSION_HELLO;
	event_add(session->read_event, NULL);
	if (RAND_bytes(session->client_nonce, sizeof(session->client_nonce)) != 1) {
		lose(session, "no random bytes");
		return;
	}
	tg_message_init(&hello, 1, TG_OP_HELLO);
	tg_message_set_integer(&hello, TG_FIELD_VERSION, TG_PROTOCOL_VERSION);
	tg_message_set_bytes(&hello, TG_FIELD_CLIENT_NONCE, session->client_nonce,
			     sizeof(session->client_nonce));
	tg_message_set_text(&hello, TG_FIELD_SOFTWARE, SOFTWARE);
	session_send(session, &hello, NULL, NULL);
	session_flush(session);
}

/* What both proofs are made over; false when TLS has no exporter. */
static bool
proof_input(struct session *session, struct tg_auth_input *ret_input)
{
	memset(ret_input, 0, sizeof(*ret_input));
	ret_input->version = session->version;
	ret_input->terminal = session->terminal->number;
	ret_input->generation = session->generation;
	memcpy(ret_input->client_nonce, session->client_nonce, TG_NONCE_BYTES);
	memcpy(ret_input->server_nonce, session->server_nonce, TG_NONCE_BYTES);
	return session->tls == NULL ||
	       SSL_export_keying_material(session->tls, ret_input->exporter, TG_EXPORTER_BYTES,
					  TG_EXPORTER_LABEL, strlen(TG_EXPORTER_LABEL), NULL, 0,
					  0) == 1;
}

static void
send_auth(struct session *session)
{
	struct tg_auth_input input;
	struct tg_message auth;
	struct failure failure;
	uint8_t proof[TG_PROOF_BYTES];

	session->state = SESSION_AUTH;
	tg_message_init(&auth, 2, TG_OP_AUTH);
	tg_message_set_integer(&auth, TG_FIELD_TERMINAL, session->terminal->number);
	if (!session->terminals->use_certificate) {
		session->generation = session->terminal->generation;
		if (!terminals_key(session->terminals, session->terminal, session->instance,
				   session->key, &failure)) {
			lose(session, failure.text);
			return;
		}
		if (!proof_input(session, &input) ||
		    tg_auth_make_proof(TG_AUTH_TERMINAL, session->key, &input, proof) != TG_OK) {
			lose(session, "the proof cannot be made");
			return;
		}
		tg_message_set_integer(&auth, TG_FIELD_KEY_GENERATION, session->generation);
		tg_message_set_bytes(&auth, TG_FIELD_PROOF, proof, sizeof(proof));
	}
	session_send(session, &auth, NULL, NULL);
	session_flush(session);
}

/* A refusal of HELLO or AUTH ends the session. */
static void
refuse(struct session *session, const char *operation, const struct tg_message *answer)
{
	snprintf(session->reason, sizeof(session->reason), "%s refused: %s: %s", operation,
		 tg_status_name((enum tg_status)answer->code),
		 tg_status_text((enum tg_status)answer->code));
	lose(session, session->reason);
}

/* The answer to HELLO. */
static void
take_hello(struct session *session, const struct tg_message *answer)
{
	const struct tg_value *instance = &answer->values[TG_FIELD_INSTANCE];

	if (answer->code != TG_OK) {
		refuse(session, "HELLO", answer);
		return;
	}
	if (!tg_message_has(answer, TG_FIELD_SERVER_NONCE) ||
	    !tg_message_has(answer, TG_FIELD_INSTANCE) || instance->bytes > TG_INSTANCE_BYTES_MAX) {
		lose(session, "HELLO answered without nonce or instance");
		return;
	}
	session->version =
		(uint8_t)tg_message_integer(answer, TG_FIELD_VERSION, TG_PROTOCOL_VERSION);
	memcpy(session->server_nonce, answer->values[TG_FIELD_SERVER_NONCE].data, TG_NONCE_BYTES);
	memcpy(session->instance, instance->data, instance->bytes);
	session->instance[instance->bytes] = '\0';
	session->in_flight_max =
		(uint32_t)tg_message_integer(answer, TG_FIELD_IN_FLIGHT_MAX, UINT16_MAX);
	session->frame_bytes_max =
		(uint32_t)tg_message_integer(answer, TG_FIELD_FRAME_BYTES_MAX, TG_FRAME_BYTES_MAX);
	session->is_stepped = tg_message_integer(answer, TG_FIELD_STEPPED_CLOCK, 0) != 0;
	send_auth(session);
}

/* The answer to AUTH: the server must know the key, too. */
static void
take_auth(struct session *session, const struct tg_message *answer)
{
	struct tg_auth_input input;

	if (answer->code != TG_OK) {
		refuse(session, "AUTH", answer);
		return;
	}
	if (!session->terminals->use_certificate &&
	    (!tg_message_has(answer, TG_FIELD_PROOF) || !proof_input(session, &input) ||
	     !tg_auth_check_proof(TG_AUTH_SERVER, session->key, &input,
				  answer->values[TG_FIELD_PROOF].data))) {
		lose(session, "the server does not know the terminal's key");
		return;
	}
	tg_auth_clear(session->key, sizeof(session->key));
	session->partner = (uint32_t)tg_message_integer(answer, TG_FIELD_PARTNER, 0);
	session->store = (uint32_t)tg_message_integer(answer, TG_FIELD_STORE, 0);
	session->rights = (uint32_t)tg_message_integer(answer, TG_FIELD_RIGHTS, 0);
	session->server_time_ms = tg_message_integer(answer, TG_FIELD_SERVER_TIME, 0);
	session->in_flight_max = (uint32_t)tg_message_integer(answer, TG_FIELD_IN_FLIGHT_MAX,
							      session->in_flight_max);
	session->frame_bytes_max = (uint32_t)tg_message_integer(answer, TG_FIELD_FRAME_BYTES_MAX,
								session->frame_bytes_max);
	session->state = SESSION_READY;
	session->hooks->on_ready(session->context);
}

/* One frame has come. */
static void
take_frame(struct session *session, const struct tg_frame *frame)
{
	struct tg_message message;
	uint32_t field;
	enum tg_status status =
		tg_decode_answer(frame->payload, frame->payload_bytes, &message, &field);

	if (status != TG_OK) {
		snprintf(session->reason, sizeof(session->reason),
			 "answer not understood: %s, field %u", tg_status_name(status), field);
		lose(session, session->reason);
	} else if (session->state == SESSION_HELLO && message.request_id != 0) {
		take_hello(session, &message);
	} else if (session->state == SESSION_AUTH && message.request_id != 0) {
		take_auth(session, &message);
	} else if (session->state == SESSION_READY) {
		session->hooks->on_answer(session->context, &message, frame->payload,
					  frame->payload_bytes);
	}
}

/* Hand up the frames that are whole.  False when the session is closed. */
static bool
take_frames(struct session *session)
{
	struct session_buffer *in = &session->in;

	while (in->from_bytes < in->to_bytes) {
		struct tg_frame frame;

		switch (tg_frame_peek(in->base + in->from_bytes, in->to_bytes - in->from_bytes,
				      TG_FRAME_BYTES_MAX_BATCH, &frame)) {
		case TG_FRAME_WHOLE:
			break;
		case TG_FRAME_MORE:
			buffer_room(in, frame.frame_bytes - (in->to_bytes - in->from_bytes));
			return true;
		case TG_FRAME_EMPTY:
		case TG_FRAME_OVERSIZE:
			lose(session, "the server sent a frame of impossible length");
			return false;
		}
		in->from_bytes += frame.frame_bytes;
		take_frame(session, &frame);
		if (session->state == SESSION_CLOSED)
			return false;
	}
	return true;
}

/* Go on with the TLS handshake. */
static void
shake_hands(struct session *session)
{
	int result, error;

	session->state = SESSION_HANDSHAKE;
	ERR_clear_error();
	result = SSL_do_handshake(session->tls);
	if (result == 1) {
		send_hello(session);
		return;
	}
	error = SSL_get_error(session->tls, result);
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
		endpoint_tls_reason(session->tls, session->reason, sizeof(session->reason));
		lose(session, session->reason);
		return;
	}
	event_add(session->read_event, NULL);
	want_write(session, error == SSL_ERROR_WANT_WRITE);
}

/* The socket is connected, or could not be. */
static void
finish_connecting(struct session *session)
{
	socklen_t bytes = sizeof(int);
	int error = 0;

	if (getsockopt(session->fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0)
		error = errno;
	if (error != 0) {
		lose(session, strerrordesc_np(error));
		return;
	}
	want_write(session, false);
	if (session->endpoint->tls == NULL) {
		send_hello(session);
		return;
	}
	session->tls = endpoint_start_tls(session->endpoint, session->fd);
	TG_ASSERT(session->tls != NULL);
	shake_hands(session);
}

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
	struct session *session = context;
	struct session_buffer *in = &session->in;

	(void)fd;
	(void)what;
	if (session->state == SESSION_HANDSHAKE) {
		shake_hands(session);
		return;
	}
	for (int i = 0; i < READS_PER_WAKEUP || (session->tls && SSL_pending(session->tls) > 0);
	     i++) {
		uint8_t *room = buffer_room(in, BUFFER_BYTES_FIRST / 2);
		size_t room_bytes = in->capacity_bytes - in->to_bytes;
		ssize_t moved = transfer(session, true, room, room_bytes);

		if (moved < 0) {
			lose(session, session->reason);
			return;
		}
		if (moved == 0)
			return;
		in->to_bytes += (size_t)moved;
		if (!take_frames(session))
			return;
		if (session->tls == NULL && (size_t)moved < room_bytes)
			return;
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *context)
{
	struct session *session = context;

	(void)fd;
	(void)what;
	if (session->state == SESSION_CONNECTING)
		finish_connecting(session);
	else if (session->state == SESSION_HANDSHAKE)
		shake_hands(session);
	else
		session_flush(session);
}
