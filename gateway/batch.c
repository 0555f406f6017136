/*
 * batch.c - items in, outcomes out.
 */
#include "gateway/batch.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "gateway/census.h"
#include "gateway/io.h"
#include "gateway/output.h"
#include "gateway/reply.h"
#include "protocol/assert.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/rows.h"

/* An outcome, encoded, in the outcomes' memory. */
struct outcome {
	uint32_t at_bytes;
	uint32_t bytes; /* 0: not there yet */
};

struct batch {
	struct session *session;	/* whose it is */
	TAILQ_ENTRY(batch) link;	/* of the thread's list of batches that wait for room */
	bool is_waiting;		/* on it */
	uint32_t request_id;
	int64_t since_us; /* the frame was complete */
	uint32_t item_count;
	uint32_t next_item;	  /* to be submitted */
	uint32_t in_flight;	  /* with the ledger, see may_submit() */
	uint32_t done_count;	  /* outcomes that are there */
	uint8_t *items;		  /* owned; the field's bytes */
	struct tg_rows rows;	  /* at next_item */
	struct outcome *outcomes; /* owned; item_count of them */
	uint8_t *encoded;	  /* owned; outcomes one after the other */
	size_t encoded_bytes, encoded_capacity;
	/* Ids of refused items: a set, made with the first of them. */
	uint8_t (*refused)[TG_TRANSACTION_ID_BYTES]; /* owned; refused_mask + 1 */
	uint8_t *is_used;			     /* owned; of each entry of refused */
	uint32_t refused_mask;
};

void
batch_free(struct batch *batch)
{
	if (batch == NULL)
		return;
	if (batch->is_waiting)
		TAILQ_REMOVE(&batch->session->io->batches, batch, link);
	free(batch->items);
	free(batch->outcomes);
	free(batch->encoded);
	free(batch->refused);
	free(batch->is_used);
	free(batch);
}

static struct batch *
batch_new(struct session *session, const struct tg_message *request)
{
	const struct tg_value *items = &request->values[TG_FIELD_ITEMS];
	struct batch *batch = calloc(1, sizeof(*batch));
	struct tg_value copy = *items;

	if (batch == NULL)
		return NULL;
	batch->session = session;
	batch->request_id = request->request_id;
	batch->item_count = items->count;
	batch->items = malloc(items->bytes);
	batch->outcomes = calloc(items->count, sizeof(*batch->outcomes));
	batch->encoded_capacity = items->count * (size_t)48;
	batch->encoded = malloc(batch->encoded_capacity);
	if (batch->items == NULL || batch->outcomes == NULL || batch->encoded == NULL) {
		batch_free(batch);
		return NULL;
	}
	memcpy(batch->items, items->data, items->bytes);
	copy.data = batch->items;
	tg_rows_start(&copy, &batch->rows);
	return batch;
}

/* Where an id is, or would be, in the set of those refused. */
static uint32_t
refused_slot(const struct batch *batch, const uint8_t *id)
{
	uint32_t at = (uint32_t)XXH3_64bits_withSeed(id, TG_TRANSACTION_ID_BYTES,
						     (uint64_t)(uintptr_t)batch);

	while (batch->is_used[at & batch->refused_mask] &&
	       memcmp(batch->refused[at & batch->refused_mask], id, TG_TRANSACTION_ID_BYTES) != 0)
		at++;
	return at & batch->refused_mask;
}

/* Remember the id of an item that was refused for want of room.  False: out of memory. */
static bool
note_refused(struct batch *batch, const uint8_t *id)
{
	uint32_t entries = 16, at;

	if (batch->refused == NULL) {
		while (entries < batch->item_count * 2)
			entries *= 2;
		batch->refused = calloc(entries, sizeof(*batch->refused));
		batch->is_used = calloc(entries, sizeof(*batch->is_used));
		batch->refused_mask = entries - 1;
		if (batch->refused == NULL || batch->is_used == NULL)
			return false;
	}
	at = refused_slot(batch, id);
	batch->is_used[at] = 1;
	memcpy(batch->refused[at], id, TG_TRANSACTION_ID_BYTES);
	return true;
}

/* Does an item name, or have, an id that was refused before? */
static bool
names_refused(const struct batch *batch, const struct tg_message *item)
{
	static const enum tg_field fields[] = { TG_FIELD_TRANSACTION_ID, TG_FIELD_ORIGINAL,
						TG_FIELD_ORIGINAL_BURN };

	if (batch->refused == NULL)
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (tg_message_has(item, fields[i]) &&
		    batch->is_used[refused_slot(batch, item->values[fields[i]].data)])
			return true;
	}
	return false;
}

/* Encode the outcome of an item.  False: out of memory, and the session is closed. */
static bool
put_outcome(struct session *session, uint32_t index, uint32_t operation, struct tg_message *reply)
{
	struct io *io = session->io;
	struct batch *batch = session->batch;
	struct tg_writer writer;
	bool is_encoded;

	output_mark(session, reply);
	tg_writer_init(&writer, io->reply_scratch, sizeof(io->reply_scratch));
	is_encoded = tg_encode_item(&writer, reply);
	TG_ASSERT(is_encoded && batch->outcomes[index].bytes == 0);
	if (batch->encoded_bytes + writer.used_bytes > batch->encoded_capacity) {
		size_t capacity = 2 * (batch->encoded_capacity + writer.used_bytes);
		uint8_t *encoded = realloc(batch->encoded, capacity);

		if (encoded == NULL) {
			session_close(session, "out of memory");
			return false;
		}
		batch->encoded = encoded;
		batch->encoded_capacity = capacity;
	}
	memcpy(batch->encoded + batch->encoded_bytes, io->reply_scratch, writer.used_bytes);
	batch->outcomes[index] = (struct outcome){ .at_bytes = (uint32_t)batch->encoded_bytes,
						   .bytes = (uint32_t)writer.used_bytes };
	batch->encoded_bytes += writer.used_bytes;
	batch->done_count++;
	output_count(session, operation, reply->code);
	return true;
}

/* The outcome of an item that did not get to the ledger. */
static bool
put_status(struct session *session, uint32_t index, enum tg_status status, uint32_t field)
{
	struct tg_message *reply = &session->io->reply;

	tg_message_init(reply, 0, (uint32_t)status);
	if (field != 0)
		tg_message_set_integer(reply, TG_FIELD_FIELD, field);
	/* The item stands decoded, as far as it went. */
	return put_outcome(session, index, session->io->request.code, reply);
}

/* Hand a decoded item to the ledger.  Statuses as of translate_request() and pipeline_submit(). */
static enum tg_status
submit_item(struct session *session, uint32_t index, const struct tg_message *item,
	    uint32_t *ret_field)
{
	struct io *io = session->io;
	struct pipeline_job *job = NULL;
	enum tg_status status;

	if (session_admits(session, item->code))
		job = pipeline_job_take(io->options.port, (uint8_t)item->code);
	if (job == NULL)
		return TG_BUSY;
	status = translate_request(&io->translator, &session->principal, item, job, ret_field);
	if (status == TG_OK) {
		job->session = session_id(session);
		job->request_id = session->batch->request_id;
		job->item_index = index;
		job->lane = PIPELINE_BATCH;
		status = pipeline_submit(io->options.port, job);
	}
	if (status == TG_OK)
		session->batch->in_flight++;
	else
		pipeline_job_give(io->options.port, job);
	return status;
}

/* Decode, check and submit the next item.  False: the session is closed. */
static bool
run_item(struct session *session)
{
	struct batch *batch = session->batch;
	struct tg_message *item = &session->io->request;
	uint32_t index = batch->next_item++, field = 0;
	struct tg_cursor cursor;
	enum tg_status status;
	bool is_there = tg_rows_next_item(&batch->rows, &cursor);

	TG_ASSERT(is_there);
	figure_add(&session->io->meter.items, 1);
	status = tg_decode_item_request(cursor, item, &field);
	if (status == TG_OK) {
		uint32_t right = tg_operation_info(item->code)->right;

		if ((session->principal.rights & right) != right)
			status = TG_FORBIDDEN;
		else if (names_refused(batch, item))
			status = TG_BUSY;
		else
			status = submit_item(session, index, item, &field);
	}
	if (status == TG_OK)
		return true;
	if (status == TG_BUSY || status == TG_SHUTTING_DOWN) {
		session->shed = status;
		figure_add(&session->io->meter.busy, status == TG_BUSY);
		if (status == TG_BUSY &&
		    !note_refused(batch, item->values[TG_FIELD_TRANSACTION_ID].data)) {
			session_close(session, "out of memory");
			return false;
		}
	}
	return put_status(session, index, status, field);
}

/* All outcomes are there: answer. */
static void
finish(struct session *session)
{
	struct batch *batch = session->batch;
	struct tg_batch_writer writer;
	struct tg_writer bytes;
	size_t room = batch->encoded_bytes + 64;
	uint8_t *base = output_reserve(session, room);
	bool is_written;

	if (base == NULL)
		return;
	tg_writer_init(&bytes, base, room);
	tg_batch_begin(&writer, &bytes, batch->request_id, TG_OK, batch->item_count);
	for (uint32_t i = 0; i < batch->item_count; i++)
		tg_batch_add_encoded(&writer, batch->encoded + batch->outcomes[i].at_bytes,
				     batch->outcomes[i].bytes);
	is_written = tg_batch_end(&writer);
	TG_ASSERT(is_written);
	output_commit(session, bytes.used_bytes);
	meter_note(&session->io->meter, TG_OP_BATCH, TG_OK, batch->since_us);
	session->batch = NULL;
	batch_free(batch);
	census_leave(&session->share->in_flight, 1);
	session_answered(session);
	session_resume(session);
}

void
batch_begin(struct session *session, const struct tg_message *request)
{
	TG_ASSERT(session->batch == NULL);
	if (!census_enter(&session->share->in_flight,
			  (uint32_t)session->io->config->limits_partner_in_flight)) {
		session->shed = TG_BUSY;
		output_status(session, request->request_id, TG_BUSY, 0);
		return;
	}
	session->in_flight++;
	session->batch = batch_new(session, request);
	if (session->batch == NULL) {
		session_close(session, "out of memory");
		return;
	}
	session->batch->since_us = session->io->turn_us;
	session_want_run(session);
}

/* Is there an item left that may go to the ledger, once there is room? */
static bool
has_next(const struct session *session)
{
	const struct batch *batch = session->batch;

	/* Items go by a lane of their own, and could overtake what was sent before the batch. */
	return session->in_flight == 1 && batch->next_item < batch->item_count;
}

/* The session runs again when other items, of whatever batch, have come back. */
static void
await_room(struct session *session)
{
	struct batch *batch = session->batch;

	if (batch->is_waiting)
		return;
	TAILQ_INSERT_TAIL(&session->io->batches, batch, link);
	batch->is_waiting = true;
}

void
batch_run(struct session *session)
{
	struct pipeline_port *port = session->io->options.port;

	for (uint32_t i = 0; i < BATCH_SLICE_ITEMS; i++) {
		if (!has_next(session) || pipeline_batch_room(port) == 0)
			break;
		if (!run_item(session))
			return;
	}
	if (session->batch->done_count == session->batch->item_count)
		finish(session);
	else if (!has_next(session))
		return;
	else if (pipeline_batch_room(port) > 0)
		session_want_run(session);
	else
		await_room(session);
}

void
batch_room_came(struct io *io)
{
	uint32_t room = pipeline_batch_room(io->options.port);
	struct batch *batch;

	/* Each takes a slice; more of them than find room would only queue up again. */
	for (uint32_t given = 0; given < room; given += BATCH_SLICE_ITEMS) {
		batch = TAILQ_FIRST(&io->batches);
		if (batch == NULL)
			return;
		TAILQ_REMOVE(&io->batches, batch, link);
		batch->is_waiting = false;
		if (batch->session->state != SESSION_CLOSED)
			session_want_run(batch->session);
	}
}

void
batch_answered(struct session *session, const struct pipeline_job *job)
{
	struct io *io = session->io;
	struct batch *batch = session->batch;

	if (batch == NULL)
		return;
	batch->in_flight--;
	reply_make(&job->answer, job->request.kind, 0, io->rows_scratch, sizeof(io->rows_scratch),
		   &io->reply);
	if (!put_outcome(session, job->item_index, job->request.kind, &io->reply))
		return;
	/* One that waits for room has its turn when it comes, not before the others. */
	if (!batch->is_waiting || batch->done_count == batch->item_count)
		session_want_run(session);
}
