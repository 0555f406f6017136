/*
 * io_thread.c - the loop of an I/O thread and the order of work in a turn.
 */
#include "gateway/io_thread.h"

#include <event2/event.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/auth.h"
#include "gateway/batch.h"
#include "gateway/census.h"
#include "gateway/clock.h"
#include "gateway/input.h"
#include "gateway/io.h"
#include "gateway/log.h"
#include "gateway/output.h"
#include "gateway/pipeline.h"
#include "gateway/request.h"
#include "gateway/roll_call.h"
#include "protocol/assert.h"

#define ROLL_CALL_WAIT_MS 1000

int64_t
io_now_ms(struct io *io)
{
	struct timespec now;

	if (io->is_now_fresh)
		return io->now_ms;
	if (io->options.mono_ms != NULL) {
		io->now_ms = io->options.mono_ms(io->options.context);
	} else {
		clock_gettime(CLOCK_MONOTONIC, &now);
		io->now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	}
	io->is_now_fresh = true;
	return io->now_ms;
}

uint32_t
io_random(struct io *io, uint32_t bound)
{
	/* splitmix64 */
	uint64_t mixed = io->random += UINT64_C(0x9e3779b97f4a7c15);

	TG_ASSERT(bound > 0);
	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((mixed ^ mixed >> 31) % bound);
}

/* The queue of a list. */
static struct session_queue *
queue_of(struct io *io, enum session_list list)
{
	switch (list) {
	case SESSION_ON_WORK:
		return &io->work;
	case SESSION_ON_HANDSHAKE:
		return &io->handshake;
	case SESSION_ON_CLOSED:
		return &io->closed;
	case SESSION_ON_NONE:
		break;
	}
	return NULL;
}

void
io_list(struct io *io, struct session *session, enum session_list list)
{
	struct session_queue *from = queue_of(io, (enum session_list)session->list);
	struct session_queue *to = queue_of(io, list);

	if (from != NULL)
		TAILQ_REMOVE(from, session, link);
	if (to != NULL)
		TAILQ_INSERT_TAIL(to, session, link);
	session->list = (uint8_t)list;
}

/* Tell every peer to go, and let no other come. */
static void
drain(struct io *io)
{
	io->is_draining = true;
	for (uint32_t i = 0; i < io->listener_count; i++)
		listener_stop(&io->listeners[i]);
	for (uint32_t slot = 0; slot < io->table.used_slots; slot++) {
		struct session *session = &io->table.sessions[slot];

		if (session->state == SESSION_FREE)
			continue;
		session_drain(session);
		session_settle(session);
	}
}

/* Tell those peers to go whom an operator has taken out of service. */
static void
drain_some(struct io *io)
{
	const bool is_all = atomic_load(&io->options.census->is_drained);

	for (uint32_t slot = 0; slot < io->table.used_slots; slot++) {
		struct session *session = &io->table.sessions[slot];
		const struct census_partner *share = session->share;

		/* One whose handshake goes on is told when it is done. */
		if (session->state == SESSION_FREE || session->state == SESSION_HANDSHAKE ||
		    (!is_all && (share == NULL || !atomic_load(&share->is_drained))))
			continue;
		session_drain(session);
		session_settle(session);
	}
}

/* A connection that another thread has accepted. */
static void
adopt(struct io *io, const struct mail *mail)
{
	if (!io->is_draining) {
		session_open(io, mail->fd, &mail->peer, mail->is_tls);
		return;
	}
	evutil_closesocket(mail->fd);
	census_leave(&io->options.census->connections, 1);
}

/* End the session of that number, if this thread has it. */
static void
end_session(struct io *io, uint64_t number)
{
	for (uint32_t slot = 0; slot < io->table.used_slots; slot++) {
		struct session *session = &io->table.sessions[slot];

		if (session->state == SESSION_FREE || session->number != number)
			continue;
		session_finish(session, "ended by an operator");
		session_settle(session);
	}
}

static void
on_mail(evutil_socket_t fd, short what, void *argument)
{
	struct io *io = argument;
	struct mail mail;

	(void)fd, (void)what;
	mailbox_clear(&io->mailbox);
	io->config = atomic_load(&io->next_config);
	while (mailbox_take(&io->mailbox, &mail)) {
		switch (mail.kind) {
		case MAIL_CONNECTION:
			adopt(io, &mail);
			break;
		case MAIL_KILL:
			end_session(io, mail.session);
			break;
		case MAIL_ROLL_CALL:
			roll_call_answer(mail.roll_call, io);
			break;
		}
	}
	if (atomic_exchange(&io->wants_review, false))
		drain_some(io);
	if (atomic_load(&io->wants_drain) && !io->is_draining)
		drain(io);
	io->is_stopping = atomic_load(&io->wants_stop);
}

static void
on_port(evutil_socket_t fd, short what, void *argument)
{
	struct io *io = argument;

	(void)fd, (void)what;
	pipeline_port_wake(io->options.port);
}

/* Deadlines are looked at after every turn; this only sees to it that there is one. */
static void
on_timer(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what, (void)argument;
}

/* Make the loop and its standing events.  False: out of memory or descriptors. */
static bool
make_loop(struct io *io)
{
	const struct timeval period = { .tv_usec = IO_TIMER_MS * 1000 };
	struct event_config *config = event_config_new();

	if (config == NULL)
		return false;
	/* Only this thread touches the loop; the others write to eventfds. */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	io->base = event_base_new_with_config(config);
	event_config_free(config);
	if (io->base == NULL)
		return false;
	event_assign(&io->port_event, io->base, pipeline_port_fd(io->options.port),
		     EV_READ | EV_PERSIST, on_port, io);
	event_assign(&io->mailbox_event, io->base, io->mailbox.fd, EV_READ | EV_PERSIST, on_mail,
		     io);
	event_assign(&io->timer_event, io->base, -1, EV_PERSIST, on_timer, io);
	return event_add(&io->port_event, NULL) == 0 && event_add(&io->mailbox_event, NULL) == 0 &&
	       event_add(&io->timer_event, &period) == 0;
}

enum tg_status
io_new(const struct io_options *options, struct io **ret_io)
{
	struct io *io = calloc(1, sizeof(*io));
	uint64_t seeds[2];
	enum tg_status status;

	if (io == NULL)
		return TG_NO_MEMORY;
	io->options = *options;
	io->config = options->config;
	atomic_init(&io->next_config, options->config);
	TAILQ_INIT(&io->work);
	TAILQ_INIT(&io->handshake);
	TAILQ_INIT(&io->closed);
	TAILQ_INIT(&io->batches);
	status = mailbox_init(&io->mailbox);
	if (status != TG_OK) {
		free(io);
		return status;
	}
	if (RAND_bytes((unsigned char *)seeds, sizeof(seeds)) != 1)
		status = TG_NO_MEMORY;
	io->random = seeds[0];
	failures_init(&io->failures, seeds[1]);
	wheel_init(&io->wheel, io_now_ms(io));
	io->translator.pipeline = options->pipeline;
	if (status == TG_OK)
		status = identifier_hasher_init(&io->translator.hasher, options->identifier_keys);
	if (status == TG_OK)
		status = session_table_init(&io->table, (uint32_t)io->config->limits_connections);
	if (status == TG_OK && !make_loop(io))
		status = TG_IO;
	if (status != TG_OK) {
		io_free(io);
		return status;
	}
	*ret_io = io;
	return TG_OK;
}

/* Free what was closed. */
static void
free_closed(struct io *io)
{
	struct session *session;

	while ((session = TAILQ_FIRST(&io->closed)) != NULL) {
		io_list(io, session, SESSION_ON_NONE);
		session_free(session);
	}
}

void
io_free(struct io *io)
{
	if (io == NULL)
		return;
	for (uint32_t i = 0; i < io->listener_count; i++)
		listener_stop(&io->listeners[i]);
	for (uint32_t slot = 0; slot < io->table.used_slots; slot++) {
		if (io->table.sessions[slot].state != SESSION_FREE)
			session_close(&io->table.sessions[slot], NULL);
	}
	free_closed(io);
	if (io->base != NULL) {
		event_del(&io->port_event);
		event_del(&io->mailbox_event);
		event_del(&io->timer_event);
		event_base_free(io->base);
	}
	identifier_hasher_deinit(&io->translator.hasher);
	session_table_deinit(&io->table);
	mailbox_deinit(&io->mailbox);
	free(io);
}

void
io_listen(struct io *io, int fd, bool is_tls)
{
	TG_ASSERT(io->listener_count < IO_LISTENERS_MAX && (!is_tls || io->options.tls != NULL));
	listener_start(&io->listeners[io->listener_count++], io, fd, is_tls);
}

/* Let every session on the work list do its bounded share. */
static void
run_work(struct io *io)
{
	struct session *session, *last = TAILQ_LAST(&io->work, session_queue);
	bool is_last = last == NULL;

	/* Who is put to work again meanwhile comes after the last one, in the next turn. */
	while (!is_last && (session = TAILQ_FIRST(&io->work)) != NULL) {
		is_last = session == last;
		io_list(io, session, SESSION_ON_NONE);
		if (session->wants_run) {
			session->wants_run = false;
			if (session->batch != NULL)
				batch_run(session);
			if (session->state != SESSION_CLOSED)
				input_run(session);
		}
		if (session->wants_flush && session->state != SESSION_CLOSED) {
			session->wants_flush = false;
			if (output_bytes(session) > 0)
				output_flush(session);
			else
				session_flushed(session);
		}
		session_settle(session);
	}
}

/* Tell answers that are durable by now, then what was set about partners, stores and terminals. */
static void
take_answers(struct io *io)
{
	struct pipeline_port *port = io->options.port;
	struct pipeline_notice notice;
	struct pipeline_job *job = NULL;

	io->has_more_answers = false;
	for (int i = 0; i < IO_ANSWERS_PER_TURN; i++) {
		job = pipeline_job_done(port);
		if (job == NULL)
			break;
		request_answered(io, job);
		pipeline_job_give(port, job);
	}
	batch_room_came(io);
	if (job != NULL) {
		io->has_more_answers = true;
		return;
	}
	while (pipeline_notice_next(port, &notice))
		auth_noticed(io, &notice);
}

/* Go on with one handshake. */
static void
shake_hands(struct session *session)
{
	struct census *census = session->io->options.census;

	io_list(session->io, session, SESSION_ON_NONE);
	session->read_wants_write = false;
	switch (stream_handshake(&session->stream)) {
	case STREAM_DONE:
		session_greet(session);
		/* What came with the last flight lies in TLS's buffers, not in the socket. */
		session_want_run(session);
		break;
	case STREAM_WANT_READ:
		break;
	case STREAM_WANT_WRITE:
		session->read_wants_write = true;
		break;
	case STREAM_CLOSED:
		census->handshake_failures++;
		session_close(session, NULL);
		break;
	case STREAM_FAILED:
		census->handshake_failures++;
		session_close(session, stream_error(&session->stream));
		break;
	}
	session_settle(session);
}

static void
on_deadline(void *context, struct wheel_entry *entry)
{
	(void)context;
	session_expire((struct session *)entry);
}

_Static_assert(offsetof(struct session, deadline) == 0, "a wheel's entry is its session");

/* The turn is over: how long did it keep the others waiting? */
static void
note_turn(struct io *io)
{
	int64_t now_us = clock_mono_us();

	histogram_add(&io->meter.turns, histogram_us, now_us - io->turn_us);
	atomic_store_explicit(&io->meter.turned_at_us, now_us, memory_order_relaxed);
}

void
io_turn(struct io *io, bool may_block)
{
	bool has_work =
		io->has_more_answers || !TAILQ_EMPTY(&io->work) || !TAILQ_EMPTY(&io->handshake);
	struct session *session;

	io->is_now_fresh = false;
	event_base_loop(io->base, EVLOOP_ONCE | (has_work || !may_block ? EVLOOP_NONBLOCK : 0));
	io->turn_us = clock_mono_us();
	take_answers(io);
	run_work(io);
	meter_settle(&io->meter);
	pipeline_flush(io->options.port);
	/* One step, as it may cost most of a millisecond, for which all others wait. */
	session = TAILQ_FIRST(&io->handshake);
	if (session != NULL)
		shake_hands(session);
	wheel_advance(&io->wheel, io_now_ms(io), on_deadline, io);
	for (uint32_t i = 0; i < io->listener_count; i++)
		listener_resume(&io->listeners[i]);
	free_closed(io);
	note_turn(io);
}

void
io_run(struct io *io)
{
	while (!io->is_stopping)
		io_turn(io, true);
}

enum tg_status
io_kill(struct io *io, uint64_t session)
{
	return mailbox_send(&io->mailbox, &(struct mail){ .kind = MAIL_KILL, .session = session });
}

enum tg_status
io_adopt(struct io *io, int fd, const struct address *peer, bool is_tls)
{
	struct mail mail = { .kind = MAIL_CONNECTION, .fd = fd, .peer = *peer, .is_tls = is_tls };
	enum tg_status status = mailbox_send(&io->mailbox, &mail);

	if (status != TG_OK)
		evutil_closesocket(fd);
	return status;
}

void
io_configure(struct io *io, const struct config *config)
{
	atomic_store(&io->next_config, config);
	mailbox_wake(&io->mailbox);
}

void
io_drain(struct io *io)
{
	atomic_store(&io->wants_drain, true);
	mailbox_wake(&io->mailbox);
}

void
io_review(struct io *io)
{
	atomic_store(&io->wants_review, true);
	mailbox_wake(&io->mailbox);
}

void
io_stop(struct io *io)
{
	atomic_store(&io->wants_stop, true);
	mailbox_wake(&io->mailbox);
}

const struct meter *
io_meter(const struct io *io)
{
	return &io->meter;
}

uint32_t
io_sessions(struct io *io, uint64_t after_id, struct host_session *rows, uint32_t rows_max)
{
	struct roll_call *call = roll_call_new(after_id, rows_max);
	uint32_t count = 0;

	if (call == NULL)
		return 0;
	if (mailbox_send(&io->mailbox,
			 &(struct mail){ .kind = MAIL_ROLL_CALL, .roll_call = call }) != TG_OK) {
		roll_call_unref(call);
		roll_call_unref(call);
		return 0;
	}
	if (roll_call_wait(call, ROLL_CALL_WAIT_MS)) {
		count = call->row_count;
		memcpy(rows, call->rows, count * sizeof(*rows));
	}
	roll_call_unref(call);
	return count;
}
