/*
 * request.c - one request from the first idea of it to its final answer.
 */
#include "contrib/load/request.h"

#include <stdio.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/rows.h"

void
request_init(struct request *request, enum tg_operation operation, uint32_t member)
{
	memset(request, 0, sizeof(*request));
	request->operation = (uint8_t)operation;
	request->member = member;
	request->till_day = -1;
	request->amount = -1;
	request->covered = -1;
	request->points = -1;
	request->own_units = -1;
}

void
request_set_transaction(struct request *request, struct transaction_ids *ids,
			int64_t business_time_ms)
{
	request->is_transaction = true;
	transaction_ids_next(ids, request->transaction_id);
	request->business_time_ms = business_time_ms;
}

void
request_set_original(struct request *request, const uint8_t id[TG_TRANSACTION_ID_BYTES],
		     int64_t business_time_ms)
{
	request->has_original = true;
	memcpy(request->original, id, TG_TRANSACTION_ID_BYTES);
	request->original_time_ms = business_time_ms;
}

/* Set a field whose value is at least the least that is sent. */
static void
set_from(struct tg_message *message, enum tg_field field, int64_t value, int64_t least)
{
	if (value >= least)
		tg_message_set_integer(message, field, value);
}

/* What makes it a transaction, and what tells sendings apart. */
static void
set_transaction(const struct request *request, struct tg_message *message)
{
	tg_message_set_bytes(message, TG_FIELD_TRANSACTION_ID, request->transaction_id,
			     TG_TRANSACTION_ID_BYTES);
	tg_message_set_integer(message, TG_FIELD_BUSINESS_TIME, request->business_time_ms);
	if (request->attempt > 0 || request->is_copy) {
		tg_message_set_integer(message, TG_FIELD_REPEAT, 1);
		set_from(message, TG_FIELD_ATTEMPT, request->attempt, 1);
	}
}

/* The earlier transactions it is about. */
static void
set_originals(const struct request *request, struct tg_message *message)
{
	if (request->has_original)
		tg_message_set_bytes(message, TG_FIELD_ORIGINAL, request->original,
				     TG_TRANSACTION_ID_BYTES);
	if (request->has_original_burn)
		tg_message_set_bytes(message, TG_FIELD_ORIGINAL_BURN, request->original_burn,
				     TG_TRANSACTION_ID_BYTES);
	if (request->has_original || request->has_original_burn)
		tg_message_set_integer(message, TG_FIELD_ORIGINAL_TIME, request->original_time_ms);
}

/* The receipt, and its one line. */
static void
set_receipt(const struct request *request, struct request_room *room, struct tg_message *message)
{
	struct tg_line line = { .item = "CD", .item_bytes = 2, .category = 1 };
	struct tg_writer writer;
	bool is_written;

	snprintf(room->receipt, sizeof(room->receipt), "%llu",
		 (unsigned long long)request->receipt);
	tg_message_set_text(message, TG_FIELD_RECEIPT, room->receipt);
	if (request->piece_count == 0 || request->piece_count > UINT32_MAX / 1000)
		return;
	line.quantity = request->piece_count * 1000;
	line.amount = request->amount;
	tg_writer_init(&writer, room->lines, sizeof(room->lines));
	is_written = tg_lines_write(&writer, &line, 1, message);
	TG_ASSERT(is_written);
}

void
request_to_message(const struct request *request, const struct members *members,
		   uint32_t request_id, struct request_room *room, struct tg_message *message)
{
	tg_message_init(message, request_id, request->operation);
	if (request->is_transaction)
		set_transaction(request, message);
	if (request->member != MEMBER_NONE)
		members_name(members, request->member, request->by_reference, message);
	set_originals(request, message);
	set_from(message, TG_FIELD_AMOUNT, request->amount, 0);
	set_from(message, TG_FIELD_COVERED, request->covered, 0);
	set_from(message, TG_FIELD_POINTS, request->points, 0);
	set_from(message, TG_FIELD_OWN_UNITS, request->own_units, 0);
	set_from(message, TG_FIELD_DIRECTION, request->direction, 1);
	set_from(message, TG_FIELD_REASON, request->reason, 1);
	set_from(message, TG_FIELD_QUOTED_OPERATION, request->quoted_operation, 1);
	set_from(message, TG_FIELD_HOLD_SECONDS, request->hold_seconds, 1);
	set_from(message, TG_FIELD_TILL, request->till, 1);
	set_from(message, TG_FIELD_TILL_DAY, request->till_day, 0);
	if (request->receipt != 0)
		set_receipt(request, room, message);
	if (request->operation == TG_OP_TOTALS) {
		tg_message_set_integer(message, TG_FIELD_DAY, request->total_day);
		tg_message_set_integer(message, TG_FIELD_BASIS, TG_BASIS_BUSINESS_DATE);
		tg_message_set_integer(message, TG_FIELD_SCOPE, TG_SCOPE_PARTNER);
	}
}

void
request_queue_push(struct request_queue *queue, struct request *request)
{
	request->next = NULL;
	if (queue->last != NULL)
		queue->last->next = request;
	else
		queue->first = request;
	queue->last = request;
	queue->count++;
}

struct request *
request_queue_pop(struct request_queue *queue)
{
	struct request *request = queue->first;

	if (request == NULL)
		return NULL;
	queue->first = request->next;
	if (queue->first == NULL)
		queue->last = NULL;
	queue->count--;
	request->next = NULL;
	return request;
}

void
request_queue_prepend(struct request_queue *queue, struct request_queue *front)
{
	if (front->first == NULL)
		return;
	front->last->next = queue->first;
	queue->first = front->first;
	if (queue->last == NULL)
		queue->last = front->last;
	queue->count += front->count;
	memset(front, 0, sizeof(*front));
}
