/*
 * slot.c - one connection's share of the work.
 *
 * Order of sending: what was lost or refused for now, then repetitions, then new requests.  So
 * what a terminal asked first also arrives first again, and a repetition follows its original.
 */
#include "contrib/load/slot.h"

#include <event2/event.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/rows.h"

#define ITEM_BYTES_MAX 256	      /* of one transaction of ours within a batch */
#define BACKOFF_NS UINT64_C(20000000) /* first wait after BUSY that names none */
#define BACKOFF_DOUBLINGS 5
#define SIBLING_TRIES 256

static void on_ready(void *context);
static void on_answer(void *context, const struct tg_message *message, const uint8_t *payload,
		      size_t payload_bytes);
static void on_lost(void *context, const char *reason);

static const struct session_hooks hooks = { on_ready, on_answer, on_lost };

/* Set the slot's timer. */
static void
set_timer(struct slot *slot, uint64_t wait_ns)
{
	struct timeval wait = { .tv_sec = (time_t)(wait_ns / 1000000000u),
				.tv_usec = (suseconds_t)(wait_ns % 1000000000u / 1000) };

	event_add(slot->timer, &wait);
}

static void
on_timer(evutil_socket_t fd, short what, void *context)
{
	struct slot *slot = context;

	(void)fd;
	(void)what;
	load_tick(slot->load);
	if (slot->session.state == SESSION_CLOSED)
		session_open(&slot->session, slot->load->now_ns);
	else if (slot->resume_ns > slot->load->now_ns)
		set_timer(slot, slot->resume_ns - slot->load->now_ns); /* it counts coarsely */
	else
		slot_fill(slot);
}

void
slot_init(struct slot *slot, struct load *load, uint32_t index, struct session_setup *session_setup)
{
	memset(slot, 0, sizeof(*slot));
	slot->load = load;
	slot->index = index;
	flights_init(&slot->flights, load->options->depth);
	slot->timer = event_new(session_setup->base, -1, 0, on_timer, slot);
	TG_ASSERT(slot->timer != NULL);
	session_setup->hooks = &hooks;
	session_setup->context = slot;
	session_init(&slot->session, session_setup);
}

void
slot_deinit(struct slot *slot)
{
	struct flight *flight;

	if (slot->load == NULL)
		return;
	session_deinit(&slot->session);
	event_free(slot->timer);
	while ((flight = flights_oldest(&slot->flights)) != NULL) {
		load_release_all(slot->load, &flight->requests);
		flights_end(&slot->flights, flight);
	}
	load_release_all(slot->load, &slot->retries);
	load_release_all(slot->load, &slot->copies);
	flights_deinit(&slot->flights);
	memset(slot, 0, sizeof(*slot));
}

void
slot_open(struct slot *slot, uint64_t wait_ns)
{
	TG_ASSERT(slot->session.state == SESSION_CLOSED);
	set_timer(slot, wait_ns);
}

static void
mark_dirty(struct slot *slot)
{
	struct load *load = slot->load;

	if (slot->is_dirty)
		return;
	slot->is_dirty = true;
	slot->next_dirty = NULL;
	if (load->last_dirty != NULL)
		load->last_dirty->next_dirty = slot;
	else
		load->first_dirty = slot;
	load->last_dirty = slot;
}

static void
mark_idle(struct slot *slot)
{
	struct load *load = slot->load;

	if (slot->is_idle)
		return;
	slot->is_idle = true;
	slot->next_idle = NULL;
	if (load->last_idle != NULL)
		load->last_idle->next_idle = slot;
	else
		load->first_idle = slot;
	load->last_idle = slot;
}

/* How many frames may be in flight. */
static uint32_t
flights_max(const struct slot *slot)
{
	if (slot->load->options->batch_items > 1)
		return 1;
	if (slot->load->options->depth > slot->session.told.in_flight_max)
		return slot->session.told.in_flight_max;
	return slot->load->options->depth;
}

static bool
may_send(const struct slot *slot)
{
	return slot->is_ready && !slot->is_draining && !slot->is_cut &&
	       slot->resume_ns <= slot->load->now_ns && slot->flights.count < flights_max(slot);
}

/* Another ready slot of the same partner; the slot itself when there is none near. */
static struct slot *
sibling_of(struct slot *slot)
{
	struct load *load = slot->load;

	for (uint32_t i = 1; i < load->slot_count && i <= SIBLING_TRIES; i++) {
		struct slot *other = &load->slots[(slot->index + i) % load->slot_count];

		if (other->is_ready && other->session.told.partner == slot->session.told.partner)
			return other;
	}
	return slot;
}

/* Have the same request sent once more by the slot. */
static void
add_copy(struct slot *slot, const struct request *request)
{
	struct request *copy = load_new_request(slot->load);

	*copy = *request;
	copy->is_copy = true;
	copy->repeat = REPEAT_NONE;
	copy->attempt++;
	request_queue_push(&slot->copies, copy);
	mark_dirty(slot);
}

/* Count one sending, and see to what goes with a first one. */
static void
note_sending(struct slot *slot, struct request *request)
{
	struct load *load = slot->load;

	request->sent_ns = load->now_ns;
	load->meter->sent_count++;
	if (request->is_copy)
		load->meter->repeat_count++;
	else if (request->attempt > 0)
		load->meter->retry_count++;
	else if (request->repeat == REPEAT_NOW)
		add_copy(slot, request);
	else if (request->repeat == REPEAT_OTHER)
		add_copy(sibling_of(slot), request);
	if (prng_chance(&load->prng, load->options->drop_ppm))
		slot->is_cut = true;
}

/* Log a frame that will be sent. */
static void
trace_frame(struct slot *slot, const uint8_t *frame, size_t bytes)
{
	if (slot->load->trace != NULL)
		trace_write(slot->load->trace, TRACE_REQUEST, slot->session_number, load_wall_us(),
			    frame + TG_FRAME_HEADER_BYTES, bytes - TG_FRAME_HEADER_BYTES);
}

static void
send_one(struct slot *slot, struct request *request)
{
	struct flight *flight = flights_begin(&slot->flights, false, slot->load->now_ns);
	struct request_room room;
	struct tg_message message;
	const uint8_t *frame;
	size_t bytes;

	request_to_message(request, slot->load->members, flight->request_id, &room, &message);
	session_send(&slot->session, &message, &frame, &bytes);
	trace_frame(slot, frame, bytes);
	request_queue_push(&flight->requests, request);
	note_sending(slot, request);
	mark_dirty(slot);
}

/* A new request from the source, if one is due; NULL if not. */
static struct request *
take_new(struct slot *slot)
{
	struct load *load = slot->load;
	struct request *request;

	if (load->source == NULL || load->is_source_done || load->new_left == 0)
		return NULL;
	if (!load_is_due(load))
		return NULL;
	request = load_new_request(load);
	switch (load->source->next(load->source->context, slot->index, request)) {
	case SOURCE_REQUEST:
		break;
	case SOURCE_END:
		load->is_source_done = true;
		load_release(load, request);
		return NULL;
	case SOURCE_NOTHING:
		load_release(load, request);
		return NULL;
	}
	request->due_ns = load->pace_ns != 0 ? load->next_due_ns : load->now_ns;
	load->next_due_ns += load->pace_ns;
	load->new_left--;
	return request;
}

static struct request *
take_next(struct slot *slot)
{
	struct request *request = request_queue_pop(&slot->retries);

	if (request == NULL)
		request = request_queue_pop(&slot->copies);
	if (request == NULL)
		request = take_new(slot);
	return request;
}

/* How many transactions a frame of this slot may hold. */
static uint32_t
batch_items_max(const struct slot *slot)
{
	uint32_t items = slot->load->options->batch_items;

	if ((slot->session.told.rights & TG_RIGHT_BATCH) == 0)
		return 1;
	if (items > slot->session.told.frame_bytes_max / ITEM_BYTES_MAX - 1)
		items = slot->session.told.frame_bytes_max / ITEM_BYTES_MAX - 1;
	return items;
}

static void
send_batch(struct slot *slot, struct request_queue *items)
{
	struct flight *flight = flights_begin(&slot->flights, true, slot->load->now_ns);
	size_t room_bytes = ((size_t)items->count + 1) * ITEM_BYTES_MAX;
	uint8_t *base = session_room(&slot->session, room_bytes);
	struct request_room room;
	struct tg_batch_writer batch;
	struct tg_message message;
	struct tg_writer writer;
	struct request *request;
	bool is_encoded;

	tg_writer_init(&writer, base, room_bytes);
	tg_batch_begin(&batch, &writer, flight->request_id, TG_OP_BATCH, items->count);
	while ((request = request_queue_pop(items)) != NULL) {
		request_to_message(request, slot->load->members, 0, &room, &message);
		tg_batch_add(&batch, &message);
		request_queue_push(&flight->requests, request);
		note_sending(slot, request);
	}
	is_encoded = tg_batch_end(&batch);
	TG_ASSERT(is_encoded);
	trace_frame(slot, base, writer.used_bytes);
	session_sent(&slot->session, writer.used_bytes);
	mark_dirty(slot);
}

/* Send a batch of what there is.  False when there is nothing. */
static bool
fill_batch(struct slot *slot)
{
	uint32_t items_max = batch_items_max(slot);
	struct request_queue items = { .count = 0 };
	struct request *request = NULL;

	while (items.count < items_max && (request = take_next(slot)) != NULL) {
		if (!request->is_transaction)
			break;
		request_queue_push(&items, request);
		request = NULL;
	}
	if (items.count > 0) {
		struct request_queue left_over = { .count = 0 };

		if (request != NULL)
			request_queue_push(&left_over, request);
		request_queue_prepend(&slot->retries, &left_over);
		send_batch(slot, &items);
		return true;
	}
	if (request == NULL)
		return false;
	send_one(slot, request);
	return true;
}

void
slot_fill(struct slot *slot)
{
	while (may_send(slot)) {
		struct request *request;

		if (slot->load->options->batch_items > 1) {
			if (!fill_batch(slot))
				break;
			continue;
		}
		request = take_next(slot);
		if (request == NULL)
			break;
		send_one(slot, request);
	}
	if (may_send(slot))
		mark_idle(slot);
}

void
slots_wake(struct load *load)
{
	const struct slot *last = load->last_idle;
	struct slot *slot;

	while ((slot = load->first_idle) != NULL && load_is_due(load)) {
		load->first_idle = slot->next_idle;
		if (load->first_idle == NULL)
			load->last_idle = NULL;
		slot->is_idle = false;
		slot_fill(slot);
		if (slot == last)
			break;
	}
}

void
slot_abandon(struct slot *slot)
{
	struct load *load = slot->load;
	struct request_queue left = { .count = 0 };
	struct request *request;
	struct flight *flight;

	while ((flight = flights_oldest(&slot->flights)) != NULL) {
		request_queue_prepend(&flight->requests, &left);
		left = flight->requests;
		flights_end(&slot->flights, flight);
	}
	request_queue_prepend(&slot->retries, &left);
	while ((request = request_queue_pop(&slot->retries)) != NULL) {
		if (!request->is_copy) {
			load->meter->unknown_count++;
			load->source->lost(load->source->context, slot->index, request);
		}
		load_release(load, request);
	}
	load_release_all(load, &slot->copies);
}

/* Forget the session; what it had in flight is lost. */
static void
forget_session(struct slot *slot)
{
	if (slot->is_ready) {
		slot->is_ready = false;
		slot->load->ready_count--;
		if (slot->load->trace != NULL)
			trace_write(slot->load->trace, TRACE_CLOSED, slot->session_number,
				    load_wall_us(), NULL, 0);
	}
	slot->is_cut = false;
	slot->is_draining = false;
	slot->resume_ns = 0;
}

/* What becomes of one request whose answer will not come. */
static void
lose_request(struct slot *slot, struct request *request, struct request_queue *retries)
{
	struct load *load = slot->load;

	load->meter->lost_count++;
	if (request->is_copy) {
		load_release(load, request);
	} else if (prng_chance(&load->prng, load->options->abandon_ppm)) {
		load->meter->unknown_count++;
		load->source->lost(load->source->context, slot->index, request);
		load_release(load, request);
	} else {
		request->attempt++;
		request_queue_push(retries, request);
	}
}

static void
on_lost(void *context, const char *reason)
{
	struct slot *slot = context;
	struct load *load = slot->load;
	struct request_queue retries = { .count = 0 };
	uint64_t mean_ns = load->options->reconnect_ns;
	struct flight *flight;

	load_tick(load);
	strncpy(load->meter->last_reason, reason, sizeof(load->meter->last_reason) - 1);
	if (slot->is_ready) {
		load->meter->ended_count++;
	} else {
		load->meter->failed_count++;
		slot->failure_count++;
		mean_ns <<= slot->failure_count < BACKOFF_DOUBLINGS ? slot->failure_count
								    : BACKOFF_DOUBLINGS;
	}
	forget_session(slot);
	while ((flight = flights_oldest(&slot->flights)) != NULL) {
		struct request *request;

		while ((request = request_queue_pop(&flight->requests)) != NULL)
			lose_request(slot, request, &retries);
		flights_end(&slot->flights, flight);
	}
	request_queue_prepend(&slot->retries, &retries);
	slot_open(slot, load_jitter_ns(load, mean_ns));
}

/* Close the session ourselves, and go on as if it had been lost. */
static void
cut(struct slot *slot, const char *reason)
{
	session_close(&slot->session);
	on_lost(slot, reason);
}

/* Close a session that has nothing in flight, and open it again. */
static void
reopen(struct slot *slot)
{
	session_close(&slot->session);
	forget_session(slot);
	slot_open(slot, slot->reopen_ns);
	slot->reopen_ns = 0;
}

static void
on_ready(void *context)
{
	struct slot *slot = context;
	struct load *load = slot->load;
	const struct session *session = &slot->session;

	load_tick(load);
	slot->is_ready = true;
	slot->failure_count = 0;
	slot->heard_ns = load->now_ns;
	slot->session_number = ++load->session_count;
	load->ready_count++;
	load->meter->ready_count++;
	histogram_add(&load->meter->connect, load->now_ns - session->opened_ns);
	load_learn_time(load, session->server_time_ms, session->told.is_clock_stepped);
	if (load->trace != NULL)
		trace_write_session(load->trace, slot->session_number, load_wall_us(),
				    session->terminal->number, session->told.partner,
				    session->told.store);
	slot_fill(slot);
}

/* Is this answer no outcome but "not now"? */
static bool
is_refused_for_now(uint32_t status)
{
	return status == TG_BUSY || status == TG_SHUTTING_DOWN || status == TG_JOURNAL_FULL ||
	       status == TG_WINDOW_FULL;
}

/* Send it again later, and leave the server alone for as long as it asks. */
static void
refuse_for_now(struct slot *slot, struct request *request, const struct tg_message *answer)
{
	struct load *load = slot->load;
	unsigned doublings =
		request->attempt < BACKOFF_DOUBLINGS ? request->attempt : BACKOFF_DOUBLINGS;
	int64_t after_ms = tg_message_integer(answer, TG_FIELD_RETRY_AFTER, 0);
	uint64_t wait_ns = after_ms > 0 ? (uint64_t)after_ms * 1000000u
					: load_jitter_ns(load, BACKOFF_NS << doublings);

	load->meter->busy_count++;
	if (request->attempt < UINT16_MAX)
		request->attempt++;
	request_queue_push(&slot->retries, request);
	if (slot->resume_ns < load->now_ns + wait_ns) {
		slot->resume_ns = load->now_ns + wait_ns;
		set_timer(slot, wait_ns);
	}
}

static void
take_answer(struct slot *slot, struct request *request, const struct tg_message *answer)
{
	struct load *load = slot->load;

	if (is_refused_for_now(answer->code)) {
		refuse_for_now(slot, request, answer);
		return;
	}
	meter_answer(load->meter, request->operation, slot->session.told.partner, answer,
		     load->now_ns - request->due_ns, request->is_copy);
	if (!request->is_copy) {
		if (request->member != MEMBER_NONE && request->operation != TG_OP_QUOTE)
			members_learn(load->members, request->member, answer);
		if (request->repeat == REPEAT_RECONNECT) {
			add_copy(slot, request);
			slot->is_draining = true;
		}
		load->source->answered(load->source->context, slot->index, request, answer);
	}
	load_release(load, request);
}

/* The answer to a batch: an outcome for each item, or one refusal for all. */
static void
take_batch(struct slot *slot, struct request_queue *items, const struct tg_message *answer)
{
	struct tg_message outcome;
	struct request *request;
	struct tg_rows rows = { .left = 0 };
	struct tg_cursor item;
	uint32_t field;

	if (tg_message_has(answer, TG_FIELD_ITEMS))
		tg_rows_start(&answer->values[TG_FIELD_ITEMS], &rows);
	while ((request = request_queue_pop(items)) != NULL) {
		if (answer->code != TG_OK)
			take_answer(slot, request, answer);
		else if (tg_rows_next_item(&rows, &item) &&
			 tg_decode_item_answer(item, &outcome, &field) == TG_OK)
			take_answer(slot, request, &outcome);
		else
			lose_request(slot, request, &slot->retries);
	}
}

/* The server says something of its own: it is going to stop. */
static void
take_notice(struct slot *slot, const struct tg_message *notice)
{
	int64_t after_ms = tg_message_integer(notice, TG_FIELD_RETRY_AFTER, 0);

	slot->reopen_ns = (uint64_t)after_ms * 1000000u +
			  load_jitter_ns(slot->load, slot->load->options->reconnect_ns);
	slot->is_draining = true;
	if (slot->flights.count == 0)
		reopen(slot);
}

static void
on_answer(void *context, const struct tg_message *message, const uint8_t *payload,
	  size_t payload_bytes)
{
	struct slot *slot = context;
	struct load *load = slot->load;
	struct request_queue requests;
	struct flight *flight;
	bool is_batch;

	load_tick(load);
	slot->heard_ns = load->now_ns;
	if (message->request_id == 0) {
		take_notice(slot, message);
		return;
	}
	flight = flights_find(&slot->flights, message->request_id);
	if (flight == NULL) {
		load->meter->stray_count++;
		return;
	}
	requests = flight->requests;
	is_batch = flight->is_batch;
	if (requests.count > 0) {
		histogram_add(&load->meter->service, load->now_ns - flight->sent_ns);
		if (load->trace != NULL)
			trace_write(load->trace, TRACE_ANSWER, slot->session_number, load_wall_us(),
				    payload, payload_bytes);
	} else {
		load_learn_time(load, tg_message_integer(message, TG_FIELD_SERVER_TIME, 0),
				slot->session.told.is_clock_stepped);
	}
	flights_end(&slot->flights, flight);
	if (is_batch)
		take_batch(slot, &requests, message);
	else if (requests.count > 0)
		take_answer(slot, requests.first, message);
	if (slot->is_draining && slot->flights.count == 0)
		reopen(slot);
	else
		slot_fill(slot);
}

void
slot_ping(struct slot *slot)
{
	struct tg_message ping;
	struct flight *flight;

	if (!may_send(slot))
		return;
	flight = flights_begin(&slot->flights, false, slot->load->now_ns);
	tg_message_init(&ping, flight->request_id, TG_OP_PING);
	session_send(&slot->session, &ping, NULL, NULL);
	mark_dirty(slot);
}

void
slot_check(struct slot *slot)
{
	struct load *load = slot->load;
	const struct flight *flight;

	if (!slot->is_ready) {
		if (slot->session.state != SESSION_CLOSED &&
		    load->now_ns - slot->session.opened_ns > load->options->connect_ns)
			cut(slot, "connecting took too long");
		return;
	}
	flight = flights_oldest(&slot->flights);
	if (flight != NULL && load->now_ns - flight->sent_ns > load->options->timeout_ns)
		cut(slot, "no answer in time");
	else if (flight == NULL && load->options->ping_ns != 0 &&
		 load->now_ns - slot->heard_ns > load->options->ping_ns)
		slot_ping(slot);
}

bool
slots_flush(struct load *load, struct failure *failure)
{
	struct slot *slot;
	bool is_ok = true;

	/* Repetitions that were put into a slot's queue while another was served. */
	for (slot = load->first_dirty; slot != NULL; slot = slot->next_dirty)
		if (slot->copies.count > 0)
			slot_fill(slot);
	/* Nothing leaves before it is in the log. */
	if (load->trace != NULL)
		is_ok = trace_flush(load->trace, failure);
	while ((slot = load->first_dirty) != NULL) {
		load->first_dirty = slot->next_dirty;
		if (load->first_dirty == NULL)
			load->last_dirty = NULL;
		slot->is_dirty = false;
		if (!slot->is_ready || !is_ok)
			continue;
		session_flush(&slot->session);
		if (slot->is_cut && slot->is_ready)
			cut(slot, "cut by the harness");
	}
	return is_ok;
}
