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
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocol/assert.h"
#include "protocol/auth.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/frame.h"

#define READ_BYTES 2048
#define BUFFER_BYTES_MAX (8 * 1024 * 1024)
#define READS_PER_WAKEUP 4
#define ENCODED_BYTES_MAX 2048 /* of a request without array fields */
#define SOFTWARE "tally-load/" PACKAGE_VERSION

static void on_readable(evutil_socket_t fd, short what, void *context);
static void on_writable(evutil_socket_t fd, short what, void *context);

/* Make room for so many bytes behind those that wait. */
static uint8_t *
buffer_room(struct client_buffer *buffer, size_t bytes)
{
	enum tg_status status = client_buffer_reserve(buffer, bytes, BUFFER_BYTES_MAX);

	TG_ASSERT(status == TG_OK);
	return buffer->base + buffer->end_bytes;
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
	client_buffer_consume(&session->in, client_buffer_used(&session->in));
	client_buffer_consume(&session->out, client_buffer_used(&session->out));
	session->state = SESSION_CLOSED;
}

void
session_deinit(struct session *session)
{
	session_close(session);
	client_buffer_deinit(&session->in);
	client_buffer_deinit(&session->out);
	tg_auth_clear(session->key, sizeof(session->key));
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
	TG_ASSERT(session->out.end_bytes + bytes <= session->out.capacity_bytes);
	session->out.end_bytes += bytes;
}

size_t
session_waiting_bytes(const struct session *session)
{
	return client_buffer_used(&session->out);
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
	struct client_buffer *out = &session->out;

	if (session->state < SESSION_HELLO)
		return;
	while (client_buffer_used(out) > 0) {
		ssize_t moved = transfer(session, false, client_buffer_front(out),
					 client_buffer_used(out));

		if (moved < 0) {
			lose(session, session->reason);
			return;
		}
		if (moved == 0)
			break;
		client_buffer_consume(out, (size_t)moved);
	}
	want_write(session, client_buffer_used(out) > 0);
}

/* As whom the session speaks; the key is known once the instance is. */
static void
name_speaker(const struct session *session, struct tg_options *ret_options)
{
	memset(ret_options, 0, sizeof(*ret_options));
	ret_options->terminal = session->terminal->number;
	ret_options->software = SOFTWARE;
	if (session->terminals->use_certificate)
		return;
	ret_options->key_generation = session->terminal->generation;
	memcpy(ret_options->key, session->key, sizeof(ret_options->key));
}

/* The session does not open. */
static void
fail_opening(struct session *session, const struct client_error *error)
{
	tg_auth_clear(session->key, sizeof(session->key));
	lose(session, error->text);
}

/* Begin the session's first exchange. */
static void
send_hello(struct session *session)
{
	struct client_error error;
	struct tg_options options;
	struct tg_message hello;

	session->state = SESSION_HELLO;
	event_add(session->read_event, NULL);
	name_speaker(session, &options);
	if (client_opening_hello(&session->opening, &options, &error, &hello) != TG_OK) {
		fail_opening(session, &error);
		return;
	}
	hello.request_id = 1;
	session_send(session, &hello, NULL, NULL);
	session_flush(session);
}

/* What ties proofs to this connection; false when TLS has no exporter. */
static bool
export_key(struct session *session)
{
	return session->tls == NULL ||
	       SSL_export_keying_material(session->tls, session->opening.input.exporter,
					  TG_EXPORTER_BYTES, TG_EXPORTER_LABEL,
					  strlen(TG_EXPORTER_LABEL), NULL, 0, 0) == 1;
}

/* The answer to HELLO: prove who speaks. */
static void
take_hello(struct session *session, const struct tg_message *answer)
{
	struct client_error error;
	struct tg_options options;
	struct failure failure;
	struct tg_message auth;

	name_speaker(session, &options);
	if (client_opening_greeted(&session->opening, &options, answer, &error, &session->told) !=
	    TG_OK) {
		fail_opening(session, &error);
		return;
	}
	if (!session->terminals->use_certificate) {
		if (!export_key(session)) {
			lose(session, "TLS exports no keying material");
			return;
		}
		if (!terminals_key(session->terminals, session->terminal, session->told.instance,
				   session->key, &failure)) {
			lose(session, failure.text);
			return;
		}
	}
	name_speaker(session, &options);
	if (client_opening_auth(&session->opening, &options, &error, &auth) != TG_OK) {
		fail_opening(session, &error);
		return;
	}
	session->state = SESSION_AUTH;
	auth.request_id = 2;
	session_send(session, &auth, NULL, NULL);
	session_flush(session);
}

/* The answer to AUTH: the server must know the key, too. */
static void
take_auth(struct session *session, const struct tg_message *answer)
{
	struct client_error error;
	struct tg_options options;

	name_speaker(session, &options);
	if (client_opening_proved(&session->opening, &options, answer, &error, &session->told) !=
	    TG_OK) {
		fail_opening(session, &error);
		return;
	}
	tg_auth_clear(session->key, sizeof(session->key));
	session->server_time_ms = tg_message_integer(answer, TG_FIELD_SERVER_TIME, 0);
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
	struct client_buffer *in = &session->in;

	while (client_buffer_used(in) > 0) {
		struct tg_frame frame;

		switch (tg_frame_peek(client_buffer_front(in), client_buffer_used(in),
				      TG_FRAME_BYTES_MAX_BATCH, &frame)) {
		case TG_FRAME_WHOLE:
			break;
		case TG_FRAME_MORE:
			buffer_room(in, frame.frame_bytes - client_buffer_used(in));
			return true;
		case TG_FRAME_EMPTY:
		case TG_FRAME_OVERSIZE:
			lose(session, "the server sent a frame of impossible length");
			return false;
		}
		client_buffer_consume(in, frame.frame_bytes);
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
	struct client_buffer *in = &session->in;

	(void)fd;
	(void)what;
	if (session->state == SESSION_HANDSHAKE) {
		shake_hands(session);
		return;
	}
	for (int i = 0; i < READS_PER_WAKEUP || (session->tls && SSL_pending(session->tls) > 0);
	     i++) {
		uint8_t *room = buffer_room(in, READ_BYTES);
		size_t room_bytes = in->capacity_bytes - in->end_bytes;
		ssize_t moved = transfer(session, true, room, room_bytes);

		if (moved < 0) {
			lose(session, session->reason);
			return;
		}
		if (moved == 0)
			return;
		in->end_bytes += (size_t)moved;
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
