/*
 * client_link.c - one connection to the gateway, under somebody's event loop.
 *
 * A link goes CLOSED -> CONNECTING -> GREETING -> PROVING -> READY -> LEAVING -> CLOSED; from every
 * state it may fall to CLOSED.  What has arrived before it was closed can still be received.
 */
#include "protocol/client_link.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/assert.h"
#include "protocol/client_internal.h"
#include "protocol/client_options.h"
#include "protocol/frame.h"

/* Bytes read in one step, so that one busy link does not keep an event loop from the others. */
#define READ_BYTES_PER_STEP (256 * 1024)
#define READ_BYTES 16384

/* The longest that the other side can make this one wait. */
#define RETRY_AFTER_MOST_MS (10 * 60 * 1000)

/* Clients that have lost one gateway do not all go to the next in the same instant. */
#define NEXT_ENDPOINT_MS 200

/* The one place where the state changes. */
static void
enter(struct tg_link *link, enum link_state next)
{
	static const unsigned allowed[] = {
		[LINK_CLOSED] = 1u << LINK_CONNECTING | 1u << LINK_CLOSED,
		[LINK_CONNECTING] = 1u << LINK_GREETING | 1u << LINK_CLOSED,
		[LINK_GREETING] = 1u << LINK_PROVING | 1u << LINK_CLOSED,
		[LINK_PROVING] = 1u << LINK_READY | 1u << LINK_CLOSED,
		[LINK_READY] = 1u << LINK_LEAVING | 1u << LINK_CLOSED,
		[LINK_LEAVING] = 1u << LINK_LEAVING | 1u << LINK_CLOSED,
	};

	TG_ASSERT(allowed[link->state] >> next & 1);
	link->state = next;
}

enum tg_status
tg_link_new(const struct tg_options *options, char *error_text, size_t error_bytes,
	    struct tg_link **ret_link)
{
	struct tg_link *link = calloc(1, sizeof(*link));
	struct client_error error = { "out of memory" };
	enum tg_status status = TG_NO_MEMORY;

	if (link != NULL) {
		link->stream.fd = -1;
		status = client_options_copy(options, &error, &link->options);
	}
	if (status == TG_OK)
		status = client_endpoints_parse(link->options.host, link->options.port, &error,
						&link->endpoints);
	if (status == TG_OK)
		status = client_stream_init(&link->stream, &link->options, &error);
	if (status != TG_OK) {
		if (error_text != NULL && error_bytes > 0)
			snprintf(error_text, error_bytes, "%s", error.text);
		tg_link_free(link);
		return status;
	}
	*ret_link = link;
	return TG_OK;
}

void
tg_link_free(struct tg_link *link)
{
	if (link == NULL)
		return;
	client_stream_deinit(&link->stream);
	client_endpoints_deinit(&link->endpoints);
	client_options_deinit(&link->options);
	client_buffer_deinit(&link->input);
	client_buffer_deinit(&link->output);
	tg_auth_clear(&link->opening, sizeof(link->opening));
	free(link);
}

/* Does the session still open? */
static bool
is_opening(const struct tg_link *link)
{
	return link->state == LINK_CONNECTING || link->state == LINK_GREETING ||
	       link->state == LINK_PROVING;
}

/* The present gateway is of no use for a while; the connection may still be there. */
static void
leave(struct tg_link *link)
{
	client_endpoints_leave(&link->endpoints,
			       link->retry_after_ms == 0 ? 0 : link->now_ms + link->retry_after_ms);
}

/* Close, without a judgement of the gateway. */
static void
shut(struct tg_link *link)
{
	client_stream_close(&link->stream);
	client_buffer_consume(&link->output, client_buffer_used(&link->output));
	enter(link, LINK_CLOSED);
}

void
tg_link_close(struct tg_link *link)
{
	if (is_opening(link) || (link->state == LINK_READY && link->in_flight > 0))
		leave(link); /* the caller has waited long enough */
	shut(link);
}

/* Close because of a failure; the error is set.  Answers to HELLO and AUTH are not the caller's. */
static enum tg_status
fail(struct tg_link *link, enum tg_status status)
{
	if (link->state < LINK_READY) {
		client_buffer_consume(&link->input, client_buffer_used(&link->input));
		leave(link);
	}
	shut(link);
	return status;
}

enum tg_status
tg_link_open(struct tg_link *link, int64_t now_ms)
{
	const struct client_endpoint *endpoint;

	tg_link_close(link);
	endpoint = client_endpoints_choose(&link->endpoints, now_ms);
	client_buffer_consume(&link->input, client_buffer_used(&link->input));
	link->now_ms = now_ms;
	link->in_flight = 0;
	link->retry_after_ms = 0;
	link->is_read_wanting_write = false;
	link->error.text[0] = '\0';
	memset(&link->session, 0, sizeof(link->session));
	link->session.frame_bytes_max = TG_FRAME_BYTES_MAX;
	if (client_stream_open(&link->stream, endpoint, link->options.server_name, &link->error) !=
	    TG_OK) {
		leave(link);
		return TG_IO;
	}
	enter(link, LINK_CONNECTING);
	link->open_until_ms = now_ms + link->options.open_timeout_ms;
	return TG_OK;
}

int
tg_link_fd(const struct tg_link *link)
{
	return link->stream.fd;
}

short
tg_link_events(const struct tg_link *link)
{
	short events = POLLIN;

	if (link->state == LINK_CLOSED)
		return 0;
	if (link->state == LINK_CONNECTING)
		return link->stream.events;
	if (client_buffer_used(&link->output) > 0 || link->is_read_wanting_write)
		events |= POLLOUT;
	return events;
}

int64_t
tg_link_deadline_ms(const struct tg_link *link)
{
	return is_opening(link) ? link->open_until_ms : INT64_MAX;
}

/* What the end of a stream means for the caller. */
static enum tg_status
status_of(const struct tg_link *link, enum client_progress progress)
{
	if (progress == CLIENT_UNTRUSTED)
		return TG_AUTH_FAILED;
	return link->state == LINK_CONNECTING ? TG_IO : TG_CLOSED;
}

/* Write what waits.  TG_OK also when not all could be written. */
static enum tg_status
write_output(struct tg_link *link)
{
	while (client_buffer_used(&link->output) > 0) {
		size_t bytes;
		enum client_progress progress = client_stream_write(
			&link->stream, client_buffer_front(&link->output),
			client_buffer_used(&link->output), &bytes, &link->error);

		if (progress == CLIENT_WANT_READ || progress == CLIENT_WANT_WRITE)
			return TG_OK;
		if (progress != CLIENT_DONE)
			return status_of(link, progress);
		client_buffer_consume(&link->output, bytes);
	}
	return TG_OK;
}

/* Longest answer that is accepted: a batch's with the right to it. */
static size_t
answer_bytes_max(const struct tg_link *link)
{
	return link->session.rights & TG_RIGHT_BATCH ? TG_FRAME_BYTES_MAX_BATCH
						     : TG_FRAME_BYTES_MAX;
}

/* Read what there is, up to a bound.  TG_OK also when there is nothing. */
static enum tg_status
read_input(struct tg_link *link)
{
	size_t bytes_max = READ_BYTES + 2 * (TG_FRAME_HEADER_BYTES + answer_bytes_max(link));

	link->is_read_wanting_write = false;
	for (size_t total_bytes = 0; total_bytes < READ_BYTES_PER_STEP;) {
		size_t bytes;
		enum client_progress progress;
		enum tg_status status = client_buffer_reserve(&link->input, READ_BYTES, bytes_max);

		if (status == TG_FRAME_TOO_LARGE)
			return TG_OK; /* the caller receives first */
		if (status != TG_OK) {
			client_error_set(&link->error, "out of memory");
			return status;
		}
		progress =
			client_stream_read(&link->stream, link->input.base + link->input.end_bytes,
					   READ_BYTES, &bytes, &link->error);
		link->is_read_wanting_write = progress == CLIENT_WANT_WRITE;
		if (progress == CLIENT_WANT_READ || progress == CLIENT_WANT_WRITE)
			return TG_OK;
		if (progress != CLIENT_DONE)
			return status_of(link, progress);
		link->input.end_bytes += bytes;
		total_bytes += bytes;
	}
	return TG_OK;
}

/* Take the next message from the input.  False: none is whole, or *ret_status tells what is bad. */
static bool
take_message(struct tg_link *link, struct tg_message *ret_message, enum tg_status *ret_status)
{
	struct tg_frame frame;
	enum tg_frame_state state;
	uint32_t field;

	*ret_status = TG_OK;
	if (client_buffer_used(&link->input) == 0)
		return false;
	state = tg_frame_peek(client_buffer_front(&link->input), client_buffer_used(&link->input),
			      answer_bytes_max(link), &frame);
	if (state == TG_FRAME_MORE)
		return false;
	if (state != TG_FRAME_WHOLE ||
	    tg_decode_answer(frame.payload, frame.payload_bytes, ret_message, &field) != TG_OK) {
		client_error_set(&link->error,
				 "the other side does not speak the protocol: malformed frame");
		*ret_status = TG_BAD_FRAME;
		return false;
	}
	client_buffer_consume(&link->input, frame.frame_bytes);
	return true;
}

/* How long a message asks to stay away; whoever sends it, not for ever. */
static uint32_t
asked_retry_after_ms(const struct tg_message *message)
{
	int64_t asked_ms = tg_message_integer(message, TG_FIELD_RETRY_AFTER, 0);

	if (asked_ms < 0)
		return 0;
	return asked_ms < RETRY_AFTER_MOST_MS ? (uint32_t)asked_ms : RETRY_AFTER_MOST_MS;
}

/* The gateway says that it will close. */
static void
take_notice(struct tg_link *link, const struct tg_message *notice)
{
	const struct tg_value *text = &notice->values[TG_FIELD_MESSAGE];
	bool has_text = tg_message_has(notice, TG_FIELD_MESSAGE);
	enum tg_status reason =
		(enum tg_status)tg_message_integer(notice, TG_FIELD_OUTCOME, TG_SHUTTING_DOWN);

	if (notice->code != TG_OP_NOTICE)
		return; /* of a newer protocol */
	link->retry_after_ms = asked_retry_after_ms(notice);
	client_error_set(&link->error, "the gateway asked to go: %s%s%.*s", tg_status_name(reason),
			 has_text ? ": " : "", has_text ? (int)text->bytes : 0,
			 has_text ? (const char *)text->data : "");
	if (link->state == LINK_READY)
		enter(link, LINK_LEAVING);
	leave(link);
}

/* Send AUTH, or ACTIVATE, after the answer to HELLO. */
static enum tg_status
prove(struct tg_link *link, const struct tg_message *answer)
{
	struct tg_message request;
	uint32_t request_id;
	enum tg_status status = client_opening_greeted(&link->opening, &link->options, answer,
						       &link->error, &link->session);

	if (status == TG_OK &&
	    !client_stream_export(&link->stream, link->opening.input.exporter, &link->error))
		status = TG_IO;
	if (status == TG_OK && link->activation != NULL)
		client_opening_activate(link->activation, &link->options, &request);
	else if (status == TG_OK)
		status =
			client_opening_auth(&link->opening, &link->options, &link->error, &request);
	if (status == TG_OK)
		status = client_link_put(link, &request, &request_id);
	if (status == TG_OK)
		enter(link, LINK_PROVING);
	return status;
}

/*
 * Read after writing has failed: what the other side said before it closed is worth more than that
 * it has closed, be it an answer or a refusal of the certificate.
 */
static enum tg_status
read_last_words(struct tg_link *link, enum tg_status status)
{
	struct client_error error = link->error;

	if (read_input(link) == TG_AUTH_FAILED)
		return TG_AUTH_FAILED;
	link->error = error;
	return status;
}

/* Judge the answer to AUTH, or to ACTIVATE in its place. */
static enum tg_status
take_proof(struct tg_link *link, const struct tg_message *answer)
{
	if (link->activation != NULL)
		return client_opening_activated(link->activation, &link->options, answer,
						&link->error);
	return client_opening_proved(&link->opening, &link->options, answer, &link->error,
				     &link->session);
}

/* Go on with opening the session as far as answers have come. */
static enum tg_status
open_session(struct tg_link *link)
{
	struct tg_message answer;
	enum tg_status status = TG_OK;

	while (status == TG_OK && (link->state == LINK_GREETING || link->state == LINK_PROVING) &&
	       take_message(link, &answer, &status)) {
		if (answer.request_id == 0 ? answer.code != TG_OP_NOTICE
					   : answer.request_id != link->last_request_id)
			continue; /* of a newer protocol, or to nothing that is still asked */
		link->retry_after_ms = asked_retry_after_ms(&answer);
		if (answer.request_id == 0) {
			take_notice(link, &answer);
			status = TG_CLOSED;
		} else if (link->state == LINK_GREETING) {
			status = prove(link, &answer);
		} else {
			status = take_proof(link, &answer);
			if (status == TG_OK) {
				client_endpoints_settle(&link->endpoints);
				enter(link, LINK_READY);
			}
		}
	}
	return status;
}

/* Send HELLO once the stream is open. */
static enum tg_status
greet(struct tg_link *link)
{
	struct tg_message request;
	uint32_t request_id;
	enum client_progress progress = client_stream_advance(&link->stream, &link->error);
	enum tg_status status;

	if (progress == CLIENT_WANT_READ || progress == CLIENT_WANT_WRITE)
		return TG_OK;
	if (progress != CLIENT_DONE)
		return status_of(link, progress);
	status = client_opening_hello(&link->opening, &link->options, &link->error, &request);
	if (status == TG_OK)
		status = client_link_put(link, &request, &request_id);
	if (status == TG_OK)
		enter(link, LINK_GREETING);
	return status;
}

/* Write what waits, read what has come. */
static enum tg_status
exchange(struct tg_link *link)
{
	enum tg_status status = write_output(link);

	return status == TG_OK ? read_input(link) : read_last_words(link, status);
}

enum tg_status
tg_link_step(struct tg_link *link, int64_t now_ms)
{
	enum tg_status status = TG_OK;

	link->now_ms = now_ms;
	if (link->state == LINK_CLOSED)
		return TG_CLOSED;
	if (link->state == LINK_CONNECTING)
		status = greet(link);
	if (status == TG_OK && link->state > LINK_CONNECTING)
		status = exchange(link);
	if (link->state == LINK_GREETING || link->state == LINK_PROVING) {
		enum tg_status opened = open_session(link);

		status = opened != TG_OK ? opened : status;
		if (status == TG_OK)
			status = write_output(link); /* AUTH, without waiting for the next step */
	}
	if (status == TG_OK && now_ms >= tg_link_deadline_ms(link)) {
		client_error_set(&link->error, "the session did not open within %u ms",
				 link->options.open_timeout_ms);
		status = TG_TIMEOUT;
	}
	return status == TG_OK ? TG_OK : fail(link, status);
}

bool
tg_link_receive(struct tg_link *link, struct tg_message *ret_answer)
{
	enum tg_status status;

	if (link->state != LINK_READY && link->state != LINK_LEAVING && link->state != LINK_CLOSED)
		return false;
	while (take_message(link, ret_answer, &status)) {
		if (ret_answer->request_id != 0) {
			if (link->in_flight > 0)
				link->in_flight--;
			if (ret_answer->code == TG_SHUTTING_DOWN) {
				link->retry_after_ms = asked_retry_after_ms(ret_answer);
				leave(link);
			}
			return true;
		}
		take_notice(link, ret_answer);
	}
	if (status != TG_OK) {
		client_buffer_consume(&link->input, client_buffer_used(&link->input));
		shut(link);
	}
	return false;
}

bool
tg_link_is_ready(const struct tg_link *link)
{
	return link->state == LINK_READY;
}

bool
tg_link_is_open(const struct tg_link *link)
{
	return link->state != LINK_CLOSED;
}

uint32_t
tg_link_retry_after_ms(const struct tg_link *link)
{
	return link->retry_after_ms;
}

uint32_t
tg_link_pause_ms(const struct tg_link *link, uint32_t failures)
{
	if (client_endpoints_has_next(&link->endpoints))
		return client_random_ms(NEXT_ENDPOINT_MS);
	return link->retry_after_ms + tg_backoff_ms(failures);
}

uint32_t
tg_link_untried(const struct tg_link *link)
{
	return client_endpoints_in_round(&link->endpoints);
}

const char *
tg_link_host(const struct tg_link *link)
{
	return link->endpoints.rows[link->endpoints.at].host;
}

const char *
tg_link_port(const struct tg_link *link)
{
	return link->endpoints.rows[link->endpoints.at].port;
}

const struct tg_session *
tg_link_session(const struct tg_link *link)
{
	return &link->session;
}

const char *
tg_link_error(const struct tg_link *link)
{
	return link->error.text;
}

uint32_t
tg_link_in_flight(const struct tg_link *link)
{
	return link->in_flight;
}
