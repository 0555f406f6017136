/*
 * roll_call.c - telling the sessions of an I/O thread.
 */
#include "gateway/roll_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/io.h"
#include "protocol/assert.h"

struct roll_call *
roll_call_new(uint64_t after_id, uint32_t rows_max)
{
	struct roll_call *call = calloc(1, sizeof(*call) + rows_max * sizeof(struct host_session));
	pthread_condattr_t attributes;

	if (call == NULL)
		return NULL;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&call->lock, NULL);
	pthread_cond_init(&call->answered, &attributes);
	pthread_condattr_destroy(&attributes);
	call->references = 2;
	call->after_id = after_id;
	call->rows_max = rows_max;
	return call;
}

void
roll_call_unref(struct roll_call *call)
{
	bool is_last;

	pthread_mutex_lock(&call->lock);
	is_last = --call->references == 0;
	pthread_mutex_unlock(&call->lock);
	if (!is_last)
		return;
	pthread_cond_destroy(&call->answered);
	pthread_mutex_destroy(&call->lock);
	free(call);
}

bool
roll_call_wait(struct roll_call *call, int64_t timeout_ms)
{
	struct timespec until;
	bool is_answered;
	int result = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(timeout_ms / 1000);
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&call->lock);
	while (!call->is_answered && result == 0)
		result = pthread_cond_timedwait(&call->answered, &call->lock, &until);
	is_answered = call->is_answered;
	pthread_mutex_unlock(&call->lock);
	return is_answered;
}

/* Fill one row. */
static void
describe(struct io *io, const struct session *session, struct host_session *row)
{
	int64_t now_ms = io_now_ms(io);

	memset(row, 0, sizeof(*row));
	row->id = session->number;
	address_print(&session->peer, row->peer);
	snprintf(row->state, sizeof(row->state), "%s",
		 session_state_name((enum session_state)session->state));
	snprintf(row->tls, sizeof(row->tls), "%s", stream_version(&session->stream));
	row->partner = session->principal.partner;
	row->store = session->principal.store;
	row->terminal = session->principal.terminal;
	row->in_flight = session->in_flight;
	row->requests = session->requests_count;
	row->open_ms = now_ms - session->opened_ms;
	row->idle_ms = now_ms - session->active_ms;
}

_Static_assert(ADDRESS_TEXT_BYTES <= sizeof(((struct host_session *)0)->peer),
	       "a row has room for the longest address");

/* Put a session among the rows, if its number is among the lowest so far. */
static void
add(struct roll_call *call, struct io *io, const struct session *session)
{
	uint32_t at = call->row_count;

	while (at > 0 && call->rows[at - 1].id > session->number)
		at--;
	if (at == call->rows_max)
		return;
	if (call->row_count < call->rows_max)
		call->row_count++;
	memmove(&call->rows[at + 1], &call->rows[at],
		(call->row_count - 1 - at) * sizeof(call->rows[0]));
	describe(io, session, &call->rows[at]);
}

void
roll_call_answer(struct roll_call *call, struct io *io)
{
	for (uint32_t slot = 0; slot < io->table.used_slots; slot++) {
		const struct session *session = &io->table.sessions[slot];

		if (session->state != SESSION_FREE && session->state != SESSION_CLOSED &&
		    session->number > call->after_id)
			add(call, io, session);
	}
	pthread_mutex_lock(&call->lock);
	call->is_answered = true;
	pthread_cond_signal(&call->answered);
	pthread_mutex_unlock(&call->lock);
	roll_call_unref(call);
}
