/*
 * session.c - states, table, deadlines and ends of sessions.
 */
#include "gateway/session.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/auth.h"
#include "gateway/batch.h"
#include "gateway/census.h"
#include "gateway/input.h"
#include "gateway/io.h"
#include "gateway/log.h"
#include "gateway/output.h"
#include "protocol/assert.h"

static const struct {
	const char *word;
	unsigned next; /* states that may follow, as bits */
} states[] = {
#define SESSION_STATE_ROW(name, next_states, word) [SESSION_##name] = { word, next_states },
	SESSION_STATE_LIST(SESSION_STATE_ROW)
#undef SESSION_STATE_ROW
};

const char *
session_state_name(enum session_state state)
{
	TG_ASSERT((unsigned)state < SESSION_STATE_COUNT);
	return states[state].word;
}

bool
session_may_move(enum session_state from, enum session_state to)
{
	TG_ASSERT((unsigned)from < SESSION_STATE_COUNT && (unsigned)to < SESSION_STATE_COUNT);
	return (states[from].next >> to & 1) != 0;
}

void
session_enter(struct session *session, enum session_state next)
{
	enum session_state from = (enum session_state)session->state;

	TG_ASSERT(session_may_move(from, next));
	if (log_wants(session->io->options.log, LEVEL_DEBUG))
		session_log(session, LEVEL_DEBUG, "session", "from=%s to=%s",
			    session_state_name(from), session_state_name(next));
	session->state = (uint8_t)next;
	meter_move(&session->io->meter, from, next);
	/* HELLO, CHALLENGE and AUTH share one deadline. */
	if (next != SESSION_CHALLENGE && next != SESSION_AUTH)
		session->state_since_ms = io_now_ms(session->io);
	if (from == SESSION_HANDSHAKE && session->has_handshake) {
		census_leave(&session->io->options.census->handshakes, 1);
		session->has_handshake = false;
	}
}

void
session_log(const struct session *session, int level, const char *event, const char *format, ...)
{
	struct log *log = session->io->options.log;
	char peer[ADDRESS_TEXT_BYTES], prefix[192];
	va_list arguments;

	if (!log_wants(log, (enum log_level)level))
		return;
	address_print(&session->peer, peer);
	log_format(prefix, sizeof(prefix), "conn=%llu partner=%u terminal=%u peer=%s",
		   (unsigned long long)session->number, session->principal.partner,
		   session->principal.terminal, peer);
	va_start(arguments, format);
	log_event_of(log, (enum log_level)level, event, prefix, format, arguments);
	va_end(arguments);
}

void
session_want_run(struct session *session)
{
	session->wants_run = true;
	if (session->list == SESSION_ON_NONE)
		io_list(session->io, session, SESSION_ON_WORK);
}

void
session_want_flush(struct session *session)
{
	session->wants_flush = true;
	if (session->list == SESSION_ON_NONE)
		io_list(session->io, session, SESSION_ON_WORK);
}

bool
session_is_taking(const struct session *session)
{
	const struct config *config = session->io->config;

	if (session->is_mute || output_bytes(session) >= (size_t)config->limits_output_bytes)
		return false;
	switch ((enum session_state)session->state) {
	case SESSION_HELLO:
	case SESSION_CHALLENGE:
		return true;
	case SESSION_OPEN:
	case SESSION_DRAINING:
		return session->batch == NULL && session->in_flight < config->limits_in_flight;
	case SESSION_FREE:
	case SESSION_HANDSHAKE:
	case SESSION_AUTH:
	case SESSION_LINGER:
	case SESSION_CLOSED:
	case SESSION_STATE_COUNT:
		break;
	}
	return false;
}

bool
session_admits(struct session *session, uint32_t operation)
{
	const struct io *io = session->io;
	const struct config *config = io->config;

	/* They free something, as where the pipeline has little room left. */
	if (operation == TG_OP_RELEASE || operation == TG_OP_REVERSE)
		return true;
	return pace_admit(&session->share->pace, io->turn_us,
			  config->limits_partner_requests_per_second) &&
	       pace_admit(&io->options.census->pace, io->turn_us,
			  config->limits_requests_per_second);
}

void
session_answered(struct session *session)
{
	bool was_taking = session_is_taking(session);

	TG_ASSERT(session->in_flight > 0);
	session->in_flight--;
	if (session->state == SESSION_CLOSED)
		return;
	session->active_ms = io_now_ms(session->io);
	session_want_flush(session);
	if (!was_taking && session_is_taking(session))
		session_resume(session);
	else if (session->batch != NULL && session->in_flight == 1)
		session_want_run(session); /* the batch waited for what was before it */
}

void
session_resume(struct session *session)
{
	/* What it has of a frame is not late because it had to wait. */
	session->frame_since_ms = 0;
	session_want_run(session);
}

/* How long a session that drains goes on answering what crossed the NOTICE on its way. */
#define DRAIN_GRACE_MS 250

void
session_flushed(struct session *session)
{
	int64_t now_ms = io_now_ms(session->io);

	if (session->state != SESSION_DRAINING)
		return;
	if (session->in_flight > 0 && !session->is_forgetful)
		return;
	if (!session->is_mute && now_ms - session->state_since_ms < DRAIN_GRACE_MS)
		return;
	session->is_mute = true;
	input_release(session);
	if (session->is_eof) {
		session_close(session, session->end_reason);
		return;
	}
	stream_shut(&session->stream);
	session_enter(session, SESSION_LINGER);
}

void
session_finish(struct session *session, const char *reason)
{
	if (session->state == SESSION_HANDSHAKE) {
		session_close(session, reason);
		return;
	}
	if (session->state >= SESSION_LINGER)
		return;
	if (session->state != SESSION_DRAINING)
		session_enter(session, SESSION_DRAINING);
	session->is_mute = true;
	session->end_reason = reason;
	input_release(session);
	session_want_run(session); /* to throw away what still comes */
	session_want_flush(session);
}

void
session_expel(struct session *session, enum tg_status outcome)
{
	session_log(session, LEVEL_WARN, "session_expelled", "reason=%s", tg_status_name(outcome));
	output_notice(session, outcome, 0);
	session->is_forgetful = true;
	batch_free(session->batch);
	session->batch = NULL;
	session_finish(session, tg_status_text(outcome));
}

void
session_drain(struct session *session)
{
	if (session->state == SESSION_HANDSHAKE)
		session_close(session, NULL);
	if (session->state >= SESSION_DRAINING || session->state == SESSION_FREE)
		return;
	output_status(session, 0, TG_SHUTTING_DOWN, 0);
	if (session->state < SESSION_DRAINING)
		session_enter(session, SESSION_DRAINING);
	session_want_flush(session);
}

void
session_greet(struct session *session)
{
	session_enter(session, SESSION_HELLO);
	if (atomic_load(&session->io->options.census->is_drained))
		session_drain(session);
}

void
session_close(struct session *session, const char *reason)
{
	bool was_open = session->state >= SESSION_OPEN;

	if (session->state == SESSION_CLOSED)
		return;
	if (reason != NULL)
		session_log(session, LEVEL_INFO, "session_broken", "state=%s reason=%s",
			    session_state_name((enum session_state)session->state), reason);
	else if (was_open)
		session_log(session, LEVEL_DEBUG, "session_closed", "requests=%llu",
			    (unsigned long long)session->requests_count);
	if (session->watched != 0)
		event_del(&session->event);
	session->watched = 0;
	wheel_remove(&session->deadline);
	session_unindex(session);
	session_enter(session, SESSION_CLOSED);
	io_list(session->io, session, SESSION_ON_CLOSED);
}

/* How often a handshake looks whether it must make room. */
#define PRESSURE_LOOK_MS 1000

/* A deadline: when, and what it is about. */
struct due {
	int64_t at_ms;
	const char *what; /* static text; NULL: not an error */
};

static void
sooner(struct due *due, int64_t at_ms, const char *what)
{
	if (at_ms < due->at_ms)
		*due = (struct due){ at_ms, what };
}

static const char due_idle[] = "idle";
static const char due_age[] = "age";
static const char due_grace[] = "grace";

/* A connection that is asked to renew its keys; spread, as many may be equally old. */
static int64_t
renewal_ms(const struct session *session)
{
	int64_t life_ms = session->io->config->deadlines_session_ms;

	return session->opened_ms + life_ms - (int64_t)(session->number % 256) * (life_ms / 2048);
}

/* A frame that has begun, while the session would take it. */
static void
add_frame(const struct session *session, struct due *due)
{
	const struct config *config = session->io->config;

	if (session->in_bytes == 0 || session->frame_since_ms == 0 || !session_is_taking(session))
		return;
	if (session->in_wanted > TG_FRAME_BYTES_MAX + TG_FRAME_HEADER_BYTES)
		sooner(due, session->frame_since_ms + config->deadlines_large_frame_ms,
		       "large frame not whole in time");
	else
		sooner(due, session->frame_since_ms + config->deadlines_frame_ms,
		       "frame not whole in time");
}

/* Are there too many handshakes, so that slow ones must go? */
static bool
is_pressed(const struct session *session)
{
	const struct io *io = session->io;

	return atomic_load_explicit(&io->options.census->handshakes, memory_order_relaxed) >=
	       (uint32_t)io->config->limits_handshakes;
}

/* The deadline that comes first. */
static struct due
next_due(const struct session *session)
{
	const struct config *config = session->io->config;
	struct due due = { INT64_MAX, NULL };

	switch ((enum session_state)session->state) {
	case SESSION_HANDSHAKE:
		sooner(&due, session->opened_ms + config->deadlines_handshake_ms,
		       "no handshake in time");
		if (is_pressed(session))
			sooner(&due, session->opened_ms + SESSION_PRESSED_MS,
			       "handshake made room for others");
		break;
	case SESSION_HELLO:
	case SESSION_CHALLENGE:
	case SESSION_AUTH:
		sooner(&due, session->state_since_ms + config->deadlines_auth_ms,
		       "not authenticated in time");
		add_frame(session, &due);
		break;
	case SESSION_OPEN:
		add_frame(session, &due);
		if (session->in_flight == 0 && output_bytes(session) == 0)
			sooner(&due, session->active_ms + config->deadlines_idle_ms, due_idle);
		if (config->deadlines_session_ms > 0)
			sooner(&due, renewal_ms(session), due_age);
		break;
	case SESSION_DRAINING:
		sooner(&due, session->state_since_ms + config->gateway_drain_ms + DRAIN_GRACE_MS,
		       "not drained in time");
		if (session->in_flight == 0 && !session->is_mute && output_bytes(session) == 0)
			sooner(&due, session->state_since_ms + DRAIN_GRACE_MS, due_grace);
		break;
	case SESSION_LINGER:
		sooner(&due, session->state_since_ms + SESSION_LINGER_MS, NULL);
		break;
	case SESSION_FREE:
	case SESSION_CLOSED:
	case SESSION_STATE_COUNT:
		break;
	}
	if (output_bytes(session) > 0 && session->state < SESSION_LINGER)
		sooner(&due, session->output_since_ms + config->deadlines_output_ms,
		       "answers not taken in time");
	return due;
}

/* Events that the session waits for. */
static short
wanted_events(const struct session *session)
{
	short wanted = 0;

	if (session->state == SESSION_HANDSHAKE) {
		if (session->list == SESSION_ON_HANDSHAKE)
			return 0;
		return session->read_wants_write ? EV_WRITE : EV_READ;
	}
	if (!session->is_eof && (session->is_mute || session_is_taking(session)))
		wanted |= session->read_wants_write ? EV_WRITE : EV_READ;
	if (output_bytes(session) > 0 && !session->wants_flush)
		wanted |= session->write_wants_read ? EV_READ : EV_WRITE;
	return wanted;
}

/* The socket is ready: see to it at the end of the turn. */
static void
on_event(evutil_socket_t fd, short what, void *argument)
{
	struct session *session = argument;

	(void)fd;
	if (session->state == SESSION_HANDSHAKE) {
		io_list(session->io, session, SESSION_ON_HANDSHAKE);
		session_settle(session);
		return;
	}
	if ((what & EV_WRITE) != 0 || session->write_wants_read)
		session_want_flush(session);
	if ((what & EV_READ) != 0 || session->read_wants_write)
		session_want_run(session);
}

void
session_settle(struct session *session)
{
	struct due due;
	short wanted;

	if (session->state == SESSION_CLOSED || session->state == SESSION_FREE)
		return;
	wanted = wanted_events(session);
	if (wanted != session->watched) {
		if (session->watched != 0)
			event_del(&session->event);
		session->watched = 0;
		if (wanted != 0) {
			event_assign(&session->event, session->io->base, session->stream.fd,
				     (short)(wanted | EV_PERSIST), on_event, session);
			if (event_add(&session->event, NULL) != 0) {
				session_close(session, "out of memory");
				return;
			}
			session->watched = wanted;
		}
	}
	due = next_due(session);
	/* Pressure comes and goes. */
	if (session->state == SESSION_HANDSHAKE)
		sooner(&due, io_now_ms(session->io) + PRESSURE_LOOK_MS, NULL);
	if (due.at_ms != INT64_MAX &&
	    (!wheel_is_set(&session->deadline) || due.at_ms < session->deadline.due_mono_ms))
		wheel_set(&session->io->wheel, &session->deadline, due.at_ms);
}

void
session_expire(struct session *session)
{
	struct due due = next_due(session);

	if (session->state == SESSION_CLOSED || session->state == SESSION_FREE)
		return;
	if (due.at_ms <= io_now_ms(session->io)) {
		if (due.what == due_age)
			session_drain(session);
		else if (due.what == due_idle)
			session_finish(session, NULL);
		else if (due.what == due_grace)
			session_flushed(session);
		else
			session_close(session, due.what);
	}
	session_settle(session);
}
