/*
 * output.c - appending frames and writing them.
 */
#include "gateway/output.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/census.h"
#include "gateway/io.h"
#include "gateway/log.h"
#include "protocol/assert.h"
#include "protocol/encode.h"

#define OUTPUT_BYTES_FIRST 1008 /* of the first buffer: small enough for malloc's quick lists */

/* May anything still be told to the peer? */
static bool
is_telling(const struct session *session)
{
	return session->state >= SESSION_HELLO && session->state <= SESSION_DRAINING;
}

uint8_t *
output_reserve(struct session *session, size_t bytes)
{
	size_t waiting = output_bytes(session);
	size_t wanted = waiting + bytes;
	size_t capacity = session->out_capacity;
	uint8_t *out;

	if (session->out_end + bytes <= capacity)
		return session->out + session->out_end;
	if (wanted <= capacity / 2) {
		memmove(session->out, session->out + session->out_start, waiting);
	} else {
		if (capacity == 0)
			capacity = OUTPUT_BYTES_FIRST;
		while (capacity < wanted)
			capacity *= 2;
		out = malloc(capacity);
		if (out == NULL) {
			session_close(session, "out of memory");
			return NULL;
		}
		if (waiting > 0)
			memcpy(out, session->out + session->out_start, waiting);
		free(session->out);
		session->out = out;
		session->out_capacity = capacity;
	}
	session->out_start = 0;
	session->out_end = waiting;
	return session->out + session->out_end;
}

void
output_commit(struct session *session, size_t bytes)
{
	TG_ASSERT(session->out_end + bytes <= session->out_capacity);
	if (output_bytes(session) == 0)
		session->output_since_ms = io_now_ms(session->io);
	session->out_end += bytes;
	session_want_flush(session);
}

/* Count an answer among the partner's. */
static void
count_of_partner(const struct session *session, uint32_t status)
{
	struct census_partner *share = session->share;

	if (share == NULL)
		return;
	atomic_fetch_add_explicit(&share->answers, 1, memory_order_relaxed);
	if (status != TG_OK)
		atomic_fetch_add_explicit(&share->refusals, 1, memory_order_relaxed);
}

void
output_count(struct session *session, uint32_t operation, uint32_t status)
{
	count_of_partner(session, status);
	meter_count(&session->io->meter, operation, status);
}

/* Count a message that was appended. */
static void
note(struct session *session, const struct tg_message *message)
{
	struct io *io = session->io;

	if (message->request_id != 0) {
		count_of_partner(session, message->code);
		meter_note(&io->meter, io->answering.operation, message->code,
			   io->answering.since_us);
	} else {
		figure_add(&io->meter.notices[tg_message_integer(message, TG_FIELD_OUTCOME, 0)], 1);
	}
}

void
output_mark(const struct session *session, struct tg_message *message)
{
	if (session->principal.marks != 0 || session->io->config->programme_sandbox)
		tg_message_set_integer(message, TG_FIELD_SANDBOX, 1);
}

void
output_message(struct session *session, struct tg_message *message)
{
	struct io *io = session->io;
	struct tg_writer writer;
	uint8_t *room;
	bool is_encoded;

	if (!is_telling(session))
		return;
	output_mark(session, message);
	tg_writer_init(&writer, io->reply_scratch, sizeof(io->reply_scratch));
	is_encoded = tg_encode(&writer, message);
	TG_ASSERT(is_encoded);
	room = output_reserve(session, writer.used_bytes);
	if (room == NULL)
		return;
	memcpy(room, io->reply_scratch, writer.used_bytes);
	output_commit(session, writer.used_bytes);
	note(session, message);
}

uint32_t
output_retry_after_ms(struct io *io, enum tg_status status)
{
	const struct config *config = io->config;
	uint32_t base, spread;

	if (status == TG_BUSY) {
		base = (uint32_t)config->queue_retry_after_ms;
		spread = base;
	} else if (status == TG_SHUTTING_DOWN) {
		base = (uint32_t)config->gateway_reconnect_after_ms;
		spread = (uint32_t)config->gateway_reconnect_spread_ms;
	} else if (status == TG_ORIGINAL_ARCHIVED) {
		base = (uint32_t)config->originals_retry_after_ms;
		spread = base;
	} else if (status == TG_DATABASE) {
		base = (uint32_t)config->history_retry_after_ms;
		spread = base;
	} else {
		return 0;
	}
	return base + io_random(io, spread + 1);
}

void
output_status(struct session *session, uint32_t request_id, enum tg_status status, uint32_t field)
{
	struct tg_message *reply = &session->io->reply;
	uint32_t wait_ms = output_retry_after_ms(session->io, status);

	if (status == TG_BUSY)
		figure_add(&session->io->meter.busy, 1);
	if (request_id == 0) {
		output_notice(session, status, wait_ms);
		return;
	}
	tg_message_init(reply, request_id, (uint32_t)status);
	if (field != 0)
		tg_message_set_integer(reply, TG_FIELD_FIELD, field);
	if (wait_ms != 0)
		tg_message_set_integer(reply, TG_FIELD_RETRY_AFTER, wait_ms);
	output_message(session, reply);
}

void
output_notice(struct session *session, enum tg_status outcome, uint32_t wait_ms)
{
	struct tg_message *reply = &session->io->reply;

	tg_message_init(reply, 0, TG_OP_NOTICE);
	tg_message_set_integer(reply, TG_FIELD_OUTCOME, (int64_t)outcome);
	if (wait_ms != 0)
		tg_message_set_integer(reply, TG_FIELD_RETRY_AFTER, wait_ms);
	output_message(session, reply);
}

/* Nothing waits any more: give the memory back. */
static void
release(struct session *session)
{
	free(session->out);
	session->out = NULL;
	session->out_start = session->out_end = session->out_capacity = 0;
	session->output_since_ms = 0;
}

void
output_flush(struct session *session)
{
	bool was_taking = session_is_taking(session);
	enum stream_result result = STREAM_DONE;

	session->write_wants_read = false;
	for (int i = 0; i < IO_WRITES_PER_FLUSH && output_bytes(session) > 0; i++) {
		size_t taken;

		result = stream_write(&session->stream, session->out + session->out_start,
				      output_bytes(session), &taken);
		if (result != STREAM_DONE)
			break;
		session->out_start += taken;
		session->output_since_ms = io_now_ms(session->io);
	}
	if (result == STREAM_FAILED || result == STREAM_CLOSED) {
		session_close(session, stream_error(&session->stream));
		return;
	}
	if (output_bytes(session) == 0) {
		release(session);
		session_flushed(session);
	} else if (result == STREAM_DONE) {
		session_want_flush(session);
	} else {
		session->write_wants_read = result == STREAM_WANT_READ;
	}
	if (!was_taking && session_is_taking(session))
		session_resume(session);
}
