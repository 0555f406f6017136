/*
 * input.c - from bytes to frames.
 */
#include "gateway/input.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/io.h"
#include "gateway/output.h"
#include "gateway/request.h"
#include "protocol/assert.h"
#include "protocol/frame.h"

void
input_release(struct session *session)
{
	free(session->in);
	session->in = NULL;
	session->in_bytes = session->in_capacity = session->in_wanted = 0;
	session->frame_since_ms = 0;
}

/* Make room for the whole of the frame that the buffer begins with.  False: session closed. */
static bool
make_room(struct session *session, size_t capacity)
{
	uint8_t *in;

	if (capacity <= session->in_capacity)
		return true;
	in = realloc(session->in, capacity);
	if (in == NULL) {
		session_close(session, "out of memory");
		return false;
	}
	session->in = in;
	session->in_capacity = capacity;
	return true;
}

/* Answer a header that is refused, and end. */
static void
refuse(struct session *session, enum tg_status status)
{
	output_status(session, 0, status, 0);
	session_finish(session, tg_status_text(status));
}

/*
 * Take whole frames from the front of bytes, at most *budget of them.  Returns how many bytes are
 * used up.
 */
static size_t
take_frames(struct session *session, const uint8_t *bytes, size_t count, uint32_t *budget)
{
	size_t at = 0;

	session->in_wanted = TG_FRAME_HEADER_BYTES;
	while (*budget > 0 && at < count && session_is_taking(session)) {
		struct tg_frame frame;

		switch (tg_frame_peek(bytes + at, count - at, session->frame_bytes_max, &frame)) {
		case TG_FRAME_WHOLE:
			at += frame.frame_bytes;
			(*budget)--;
			session->active_ms = io_now_ms(session->io);
			request_handle(session, frame.payload, frame.payload_bytes);
			break;
		case TG_FRAME_MORE:
			session->in_wanted = frame.frame_bytes;
			return at;
		case TG_FRAME_EMPTY:
			refuse(session, TG_BAD_FRAME);
			return count;
		case TG_FRAME_OVERSIZE:
			refuse(session, TG_FRAME_TOO_LARGE);
			return count;
		}
	}
	return at;
}

/* Take frames out of the session's own buffer and close the gap. */
static void
take_kept(struct session *session, uint32_t *budget)
{
	size_t used = take_frames(session, session->in, session->in_bytes, budget);

	/* Ending the session has thrown the buffer away already. */
	if (session->in == NULL || used == 0)
		return;
	session->in_bytes -= used;
	session->frame_since_ms = 0;
	if (session->in_bytes == 0)
		input_release(session);
	else
		memmove(session->in, session->in + used, session->in_bytes);
}

/* Keep what is left of the scratch memory. */
static void
keep(struct session *session, const uint8_t *bytes, size_t count)
{
	size_t capacity = session->in_wanted > count ? session->in_wanted : count;

	TG_ASSERT(session->in_bytes == 0);
	if (count == 0 || !make_room(session, capacity))
		return;
	memcpy(session->in, bytes, count);
	session->in_bytes = count;
}

/* Read once, into the frame that has begun or into scratch memory, and take what is whole. */
static enum stream_result
read_once(struct session *session, uint32_t *budget)
{
	uint8_t *scratch = session->io->read_scratch;
	enum stream_result result;
	size_t got = 0;

	if (session->in_bytes > 0) {
		if (!make_room(session, session->in_wanted))
			return STREAM_FAILED;
		TG_ASSERT(session->in_capacity > session->in_bytes);
		result = stream_read(&session->stream, session->in + session->in_bytes,
				     session->in_capacity - session->in_bytes, &got);
		session->in_bytes += got;
		if (result == STREAM_DONE)
			take_kept(session, budget);
		return result;
	}
	result = stream_read(&session->stream, scratch, IO_READ_BYTES, &got);
	if (result == STREAM_DONE) {
		size_t used = take_frames(session, scratch, got, budget);

		if (session->state < SESSION_LINGER && !session->is_mute)
			keep(session, scratch + used, got - used);
	}
	return result;
}

/* Read and throw away. */
static enum stream_result
discard_once(struct session *session)
{
	size_t got;

	return stream_read(&session->stream, session->io->read_scratch, IO_READ_BYTES, &got);
}

/* The peer has closed its side: nothing more comes, but it may still read. */
static void
end_of_input(struct session *session)
{
	session->is_eof = true;
	if (session->state == SESSION_LINGER)
		session_close(session, NULL);
	else
		session_finish(session, NULL);
	if (session->state == SESSION_DRAINING)
		session_want_flush(session);
}

/*
 * What a read came to, for the session as a whole.  True: read on.  The read that would only be
 * told that there is nothing more is left out: it costs as much as one that brings something.
 */
static bool
note_result(struct session *session, enum stream_result result, const uint32_t *budget)
{
	if (result == STREAM_DONE && session->stream.is_drained && *budget > 0)
		result = STREAM_WANT_READ;
	switch (result) {
	case STREAM_DONE:
		return true;
	case STREAM_WANT_READ:
		/* All that had been sent when a request was refused is refused by now. */
		if (session->in_bytes == 0)
			session->shed = TG_OK;
		return false;
	case STREAM_WANT_WRITE:
		session->read_wants_write = true;
		return false;
	case STREAM_CLOSED:
		end_of_input(session);
		return false;
	case STREAM_FAILED:
		session_close(session, stream_error(&session->stream));
		return false;
	}
	return false;
}

void
input_run(struct session *session)
{
	uint32_t budget = (uint32_t)session->io->config->limits_requests_per_wakeup;
	bool may_have_more = true;

	session->read_wants_write = false;
	if (session->in_bytes > 0 && session_is_taking(session))
		take_kept(session, &budget);
	for (int reads = 0; may_have_more && reads < IO_READS_PER_RUN && budget > 0; reads++) {
		if (session->is_eof || session->state >= SESSION_CLOSED)
			may_have_more = false;
		else if (session->is_mute)
			may_have_more = note_result(session, discard_once(session), &budget);
		else if (session_is_taking(session))
			may_have_more = note_result(session, read_once(session, &budget), &budget);
		else
			may_have_more = false;
	}
	if (session->state >= SESSION_CLOSED)
		return;
	if (session->in_bytes > 0 && session->frame_since_ms == 0)
		session->frame_since_ms = io_now_ms(session->io);
	if (may_have_more)
		session_want_run(session);
}
