/*
 * client_queue.c - a queue: its file in memory, requests added and taken out.
 */
#include "protocol/client_queue.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/client_internal.h"
#include "protocol/encode.h"
#include "protocol/tallygate.h"

#define BYTES_MAX_DEFAULT (4 * 1024 * 1024)
#define STORED_AT_BYTES 8

/* What is of no more use in the file is left there up to this, or as much as there is of use. */
#define WASTE_BYTES (128 * 1024)

bool
tg_queue_takes(uint32_t operation)
{
	switch (operation) {
	case TG_OP_EARN:
	case TG_OP_CAPTURE:
	case TG_OP_RELEASE:
	case TG_OP_REFUND:
	case TG_OP_REVERSE:
		return true;
	default:
		return false;
	}
}

/* Bytes of a row's entry in the file. */
static uint64_t
entry_bytes(const struct client_queue_row *row)
{
	return CLIENT_QUEUE_HEAD_BYTES + (uint64_t)row->payload_bytes;
}

struct client_queue_row *
client_queue_row_of(struct tg_queue *queue, uint64_t number)
{
	uint32_t low = 0, high = queue->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (queue->rows[middle].told.number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < queue->count && queue->rows[low].told.number == number ? &queue->rows[low]
									    : NULL;
}

/* Room for one more row. */
static bool
reserve_row(struct tg_queue *queue)
{
	uint32_t capacity = queue->capacity == 0 ? 64 : 2 * queue->capacity;
	struct client_queue_row *rows;

	if (queue->count < queue->capacity)
		return true;
	rows = realloc(queue->rows, capacity * sizeof(*rows));
	if (rows == NULL) {
		client_error_set(&queue->error, "out of memory");
		return false;
	}
	queue->rows = rows;
	queue->capacity = capacity;
	return true;
}

/* Copy an id of 16 bytes if it is there. */
static bool
copy_id(const struct tg_message *request, enum tg_field field, uint8_t *ret_id)
{
	if (!tg_message_has(request, field))
		return false;
	memcpy(ret_id, request->values[field].data, TG_TRANSACTION_ID_BYTES);
	return true;
}

/* Put a row behind the others; there is room. */
static void
push_row(struct tg_queue *queue, const struct tg_message *request,
	 const struct client_queue_entry *entry, int64_t stored_at)
{
	struct client_queue_row *row = &queue->rows[queue->count++];

	memset(row, 0, sizeof(*row));
	row->told.number = entry->number;
	row->told.operation = (enum tg_operation)request->code;
	row->told.business_time = tg_message_integer(request, TG_FIELD_BUSINESS_TIME, 0);
	row->told.stored_at = stored_at;
	row->told.lane = TG_QUEUE_WAITING;
	row->told.status = TG_OK;
	(void)copy_id(request, TG_FIELD_TRANSACTION_ID, row->told.id);
	row->has_original = copy_id(request, TG_FIELD_ORIGINAL, row->original);
	row->has_burn = copy_id(request, TG_FIELD_ORIGINAL_BURN, row->burn);
	row->payload_at = entry->payload_at;
	row->payload_bytes = (uint32_t)entry->payload_bytes;
	queue->live_bytes += entry_bytes(row);
	queue->last_number = entry->number;
}

static void
remove_row(struct tg_queue *queue, struct client_queue_row *row)
{
	uint32_t index = (uint32_t)(row - queue->rows);

	queue->live_bytes -= entry_bytes(row);
	queue->count--;
	memmove(row, row + 1, (queue->count - index) * sizeof(*row));
}

/* Decode a payload: when it was stored, and the request. */
static enum tg_status
decode_payload(const uint8_t *payload, size_t bytes, int64_t *ret_stored_at,
	       struct tg_message *ret_request)
{
	struct tg_cursor item = { payload + STORED_AT_BYTES, payload + bytes };
	uint64_t stored_at;
	uint32_t field;

	if (bytes < STORED_AT_BYTES)
		return TG_CORRUPT;
	memcpy(&stored_at, payload, sizeof(stored_at));
	*ret_stored_at = (int64_t)le64toh(stored_at);
	return tg_decode_item_request(item, ret_request, &field);
}

/* An entry of the file, found when it is opened. */
static enum tg_status
on_entry(void *context, const struct client_queue_entry *entry, struct client_error *error)
{
	struct tg_queue *queue = context;
	struct client_queue_row *row = client_queue_row_of(queue, entry->number);
	struct tg_message request;
	int64_t stored_at;
	uint32_t status = TG_OK;

	switch (entry->kind) {
	case CLIENT_QUEUE_REQUEST:
		if (entry->number <= queue->last_number ||
		    decode_payload(entry->payload, entry->payload_bytes, &stored_at, &request) !=
			    TG_OK ||
		    !tg_message_has(&request, TG_FIELD_TRANSACTION_ID))
			break;
		if (!reserve_row(queue))
			return TG_NO_MEMORY;
		push_row(queue, &request, entry, stored_at);
		queue->rows[queue->count - 1].is_old = true;
		return TG_OK;
	case CLIENT_QUEUE_DONE:
		if (row != NULL)
			remove_row(queue, row);
		return TG_OK;
	case CLIENT_QUEUE_ASIDE:
		if (entry->payload_bytes == sizeof(status))
			memcpy(&status, entry->payload, sizeof(status));
		if (row != NULL) {
			row->told.lane = TG_QUEUE_ASIDE;
			row->told.status = (enum tg_status)le32toh(status);
		}
		return TG_OK;
	case CLIENT_QUEUE_LOST:
		if (row != NULL)
			row->told.losses++;
		return TG_OK;
	case CLIENT_QUEUE_AGAIN:
		if (row != NULL) {
			row->told.lane = TG_QUEUE_WAITING;
			row->told.losses = 0;
		}
		return TG_OK;
	}
	client_error_set(error, "queue: entry %llu at byte %lld is not of this version",
			 (unsigned long long)entry->number,
			 (long long)entry->payload_at - CLIENT_QUEUE_HEAD_BYTES);
	return TG_CORRUPT;
}

enum tg_status
tg_queue_open(const char *path, uint64_t bytes_max, char *error_text, size_t error_bytes,
	      struct tg_queue **ret_queue)
{
	struct tg_queue *queue = calloc(1, sizeof(*queue));
	struct client_error error = { "out of memory" };
	enum tg_status status = TG_NO_MEMORY;

	if (queue != NULL) {
		queue->bytes_max = bytes_max == 0 ? BYTES_MAX_DEFAULT : bytes_max;
		status = client_queue_file_open(&queue->file, path, on_entry, queue, &error);
	}
	if (status != TG_OK) {
		if (error_text != NULL && error_bytes > 0)
			snprintf(error_text, error_bytes, "%s", error.text);
		tg_queue_close(queue);
		return status;
	}
	*ret_queue = queue;
	return TG_OK;
}

void
tg_queue_close(struct tg_queue *queue)
{
	if (queue == NULL)
		return;
	client_queue_file_close(&queue->file);
	free(queue->rows);
	free(queue);
}

const char *
tg_queue_error(const struct tg_queue *queue)
{
	return queue->error.text;
}

/* Append a mark about a request.  status: of CLIENT_QUEUE_ASIDE. */
static enum tg_status
append_mark(struct client_queue_file *file, enum client_queue_kind kind, uint64_t number,
	    enum tg_status status, struct client_error *error)
{
	uint32_t wire = htole32((uint32_t)status);
	struct client_queue_entry mark = { .kind = kind, .number = number };

	if (kind == CLIENT_QUEUE_ASIDE) {
		mark.payload = (const uint8_t *)&wire;
		mark.payload_bytes = sizeof(wire);
	}
	return client_queue_file_append(file, &mark, error);
}

/* Copy a row to a fresh file, with its marks; ret_payload_at: where its request is there. */
static enum tg_status
copy_row(struct tg_queue *queue, const struct client_queue_row *row,
	 struct client_queue_file *fresh, int64_t *ret_payload_at)
{
	uint8_t payload[CLIENT_QUEUE_PAYLOAD_MAX];
	struct client_queue_entry entry = { .kind = CLIENT_QUEUE_REQUEST,
					    .number = row->told.number,
					    .payload = payload,
					    .payload_bytes = row->payload_bytes };
	enum tg_status status = client_queue_file_read(&queue->file, row->payload_at, payload,
						       row->payload_bytes, &queue->error);

	if (status == TG_OK)
		status = client_queue_file_append(fresh, &entry, &queue->error);
	*ret_payload_at = entry.payload_at;
	for (uint32_t i = 0; status == TG_OK && i < row->told.losses; i++)
		status = append_mark(fresh, CLIENT_QUEUE_LOST, row->told.number, TG_OK,
				     &queue->error);
	if (status == TG_OK && row->told.lane == TG_QUEUE_ASIDE)
		status = append_mark(fresh, CLIENT_QUEUE_ASIDE, row->told.number, row->told.status,
				     &queue->error);
	return status;
}

/* Write the file anew without what is of no more use. */
static enum tg_status
compact(struct tg_queue *queue)
{
	int64_t *places = malloc((queue->count + 1) * sizeof(*places));
	struct client_queue_file fresh;
	enum tg_status status = TG_NO_MEMORY;

	if (places == NULL)
		return status;
	status = client_queue_file_begin(&fresh, &queue->file, &queue->error);
	for (uint32_t i = 0; status == TG_OK && i < queue->count; i++)
		status = copy_row(queue, &queue->rows[i], &fresh, &places[i]);
	if (status == TG_OK)
		status = client_queue_file_replace(&fresh, &queue->file, &queue->error);
	for (uint32_t i = 0; status == TG_OK && i < queue->count; i++)
		queue->rows[i].payload_at = places[i];
	if (status != TG_OK)
		client_queue_file_close(&fresh);
	free(places);
	return status;
}

/* Write the file anew if that is worth it.  If it fails, the old file does as well as before. */
static void
compact_if_due(struct tg_queue *queue)
{
	uint64_t waste = (uint64_t)queue->file.end_bytes - queue->live_bytes;

	if (waste > WASTE_BYTES && waste > queue->live_bytes)
		(void)compact(queue);
}

/* A request without the fields that differ from one sending to the next. */
static void
leave_marks_out(const struct tg_message *request, struct tg_message *ret_plain)
{
	tg_message_init(ret_plain, 0, request->code);
	for (unsigned f = tg_field_set_next(&request->present, 0); f < TG_FIELD_COUNT;
	     f = tg_field_set_next(&request->present, f + 1)) {
		if (f == TG_FIELD_LATE || f == TG_FIELD_REPEAT || f == TG_FIELD_ATTEMPT)
			continue;
		ret_plain->values[f] = request->values[f];
		tg_field_set_add(&ret_plain->present, (enum tg_field)f);
	}
}

/* Write a request's payload.  TG_OK, or what is wrong with it. */
static enum tg_status
encode_payload(struct tg_queue *queue, const struct tg_message *request, int64_t stored_at,
	       uint8_t room[CLIENT_QUEUE_PAYLOAD_MAX], size_t *ret_bytes)
{
	struct tg_message plain, check;
	uint64_t wire = htole64((uint64_t)stored_at);
	struct tg_writer writer;
	enum tg_status status;
	struct tg_cursor item;
	uint32_t field = 0;

	leave_marks_out(request, &plain);
	memcpy(room, &wire, sizeof(wire));
	tg_writer_init(&writer, room + STORED_AT_BYTES, TG_FRAME_BYTES_MAX);
	if (!tg_encode_item(&writer, &plain)) {
		client_error_set(&queue->error, "%s: too long for a frame",
				 tg_operation_name(request->code));
		return TG_FRAME_TOO_LARGE;
	}
	item.at = writer.base;
	item.end = writer.base + writer.used_bytes;
	status = tg_decode_item_request(item, &check, &field);
	if (status != TG_OK)
		client_error_set(&queue->error, "%s: %s%s%s", tg_operation_name(request->code),
				 field != 0 ? tg_field_name(field) : "", field != 0 ? ": " : "",
				 tg_status_text(status));
	*ret_bytes = STORED_AT_BYTES + writer.used_bytes;
	return status;
}

/* Is the id in the queue already?  TG_OK: no, or *ret_is_same; TG_CONFLICT; TG_IO. */
static enum tg_status
check_id(struct tg_queue *queue, const struct tg_message *request, const uint8_t *payload,
	 size_t bytes, bool *ret_is_same)
{
	const uint8_t *id = request->values[TG_FIELD_TRANSACTION_ID].data;
	uint8_t stored[CLIENT_QUEUE_PAYLOAD_MAX];
	enum tg_status status;

	*ret_is_same = false;
	for (uint32_t i = 0; i < queue->count; i++) {
		const struct client_queue_row *row = &queue->rows[i];

		if (memcmp(row->told.id, id, TG_TRANSACTION_ID_BYTES) != 0)
			continue;
		status = client_queue_file_read(&queue->file, row->payload_at, stored,
						row->payload_bytes, &queue->error);
		*ret_is_same = status == TG_OK && row->payload_bytes == bytes &&
			       memcmp(stored + STORED_AT_BYTES, payload + STORED_AT_BYTES,
				      bytes - STORED_AT_BYTES) == 0;
		if (status != TG_OK || *ret_is_same)
			return status;
		client_error_set(&queue->error, "another request in the queue has this id");
		return TG_CONFLICT;
	}
	return TG_OK;
}

enum tg_status
tg_queue_add(struct tg_queue *queue, const struct tg_message *request)
{
	uint8_t payload[CLIENT_QUEUE_PAYLOAD_MAX];
	struct client_queue_entry entry = { .kind = CLIENT_QUEUE_REQUEST,
					    .payload = payload,
					    .is_synced = true };
	int64_t stored_at = tg_utc_ms();
	enum tg_status status;
	bool is_same;

	if (!tg_queue_takes(request->code)) {
		client_error_set(&queue->error, "%s needs the gateway and cannot be queued",
				 tg_operation_name(request->code));
		return TG_OUT_OF_TURN;
	}
	status = encode_payload(queue, request, stored_at, payload, &entry.payload_bytes);
	if (status == TG_OK)
		status = check_id(queue, request, payload, entry.payload_bytes, &is_same);
	if (status != TG_OK || is_same)
		return status;
	if (queue->live_bytes + CLIENT_QUEUE_HEAD_BYTES + entry.payload_bytes > queue->bytes_max) {
		client_error_set(
			&queue->error, "queue %s is full: %u requests in %llu of %llu bytes",
			queue->file.path, queue->count, (unsigned long long)queue->live_bytes,
			(unsigned long long)queue->bytes_max);
		return TG_TABLE_FULL;
	}
	if (!reserve_row(queue))
		return TG_NO_MEMORY;
	entry.number = queue->last_number + 1;
	status = client_queue_file_append(&queue->file, &entry, &queue->error);
	if (status == TG_OK) {
		push_row(queue, request, &entry, stored_at);
		queue->error.text[0] = '\0';
	}
	return status;
}

uint32_t
tg_queue_depth(const struct tg_queue *queue)
{
	uint32_t depth = 0;

	for (uint32_t i = 0; i < queue->count; i++)
		depth += queue->rows[i].told.lane == TG_QUEUE_WAITING;
	return depth;
}

uint32_t
tg_queue_age_s(const struct tg_queue *queue)
{
	for (uint32_t i = 0; i < queue->count; i++)
		if (queue->rows[i].told.lane == TG_QUEUE_WAITING) {
			int64_t age_s = (tg_utc_ms() - queue->rows[i].told.stored_at) / 1000;

			return age_s < 0 ? 0 : age_s < UINT32_MAX ? (uint32_t)age_s : UINT32_MAX;
		}
	return 0;
}

void
tg_queue_tell(const struct tg_queue *queue, struct tg_message *ping)
{
	tg_message_set_integer(ping, TG_FIELD_QUEUE_DEPTH, tg_queue_depth(queue));
	tg_message_set_integer(ping, TG_FIELD_QUEUE_AGE, tg_queue_age_s(queue));
}

bool
tg_queue_next(const struct tg_queue *queue, uint64_t after, struct tg_queue_row *ret_row)
{
	for (uint32_t i = 0; i < queue->count; i++)
		if (queue->rows[i].told.number > after) {
			*ret_row = queue->rows[i].told;
			return true;
		}
	return false;
}

bool
tg_queue_find(const struct tg_queue *queue, const uint8_t id[TG_TRANSACTION_ID_BYTES],
	      struct tg_queue_row *ret_row)
{
	for (uint32_t i = 0; i < queue->count; i++)
		if (memcmp(queue->rows[i].told.id, id, TG_TRANSACTION_ID_BYTES) == 0) {
			*ret_row = queue->rows[i].told;
			return true;
		}
	return false;
}

enum tg_status
client_queue_request(struct tg_queue *queue, const struct client_queue_row *row,
		     uint8_t room[CLIENT_QUEUE_PAYLOAD_MAX], struct tg_message *ret_request)
{
	int64_t stored_at;
	enum tg_status status = client_queue_file_read(&queue->file, row->payload_at, room,
						       row->payload_bytes, &queue->error);

	if (status != TG_OK)
		return status;
	status = decode_payload(room, row->payload_bytes, &stored_at, ret_request);
	if (status != TG_OK)
		client_error_set(&queue->error, "queue %s: request %llu has changed on the disk",
				 queue->file.path, (unsigned long long)row->told.number);
	return status == TG_OK ? TG_OK : TG_CORRUPT;
}

enum tg_status
tg_queue_read(struct tg_queue *queue, uint64_t number, uint8_t room[TG_QUEUE_ROOM_BYTES],
	      struct tg_message *ret_request)
{
	const struct client_queue_row *row = client_queue_row_of(queue, number);

	if (row != NULL)
		return client_queue_request(queue, row, room, ret_request);
	client_error_set(&queue->error, "no request has number %llu", (unsigned long long)number);
	return TG_UNKNOWN_TRANSACTION;
}

enum tg_status
client_queue_mark_lost(struct tg_queue *queue, uint64_t number)
{
	struct client_queue_row *row = client_queue_row_of(queue, number);

	row->told.losses++;
	return append_mark(&queue->file, CLIENT_QUEUE_LOST, number, TG_OK, &queue->error);
}

enum tg_status
client_queue_mark_aside(struct tg_queue *queue, uint64_t number, enum tg_status status)
{
	struct client_queue_row *row = client_queue_row_of(queue, number);

	row->told.lane = TG_QUEUE_ASIDE;
	row->told.status = status;
	return append_mark(&queue->file, CLIENT_QUEUE_ASIDE, number, status, &queue->error);
}

enum tg_status
client_queue_mark_done(struct tg_queue *queue, uint64_t number, bool is_synced)
{
	struct client_queue_entry mark = { .kind = CLIENT_QUEUE_DONE,
					   .number = number,
					   .is_synced = is_synced };
	enum tg_status status = client_queue_file_append(&queue->file, &mark, &queue->error);

	remove_row(queue, client_queue_row_of(queue, number));
	compact_if_due(queue);
	return status;
}

/* A row that is aside; NULL with error set. */
static struct client_queue_row *
row_aside(struct tg_queue *queue, uint64_t number)
{
	struct client_queue_row *row = client_queue_row_of(queue, number);

	if (row != NULL && row->told.lane == TG_QUEUE_ASIDE)
		return row;
	client_error_set(&queue->error, "no request with number %llu is aside",
			 (unsigned long long)number);
	return NULL;
}

enum tg_status
tg_queue_retry(struct tg_queue *queue, uint64_t number)
{
	struct client_queue_row *row = row_aside(queue, number);

	if (row == NULL)
		return TG_UNKNOWN_TRANSACTION;
	row->told.lane = TG_QUEUE_WAITING;
	row->told.losses = 0;
	return append_mark(&queue->file, CLIENT_QUEUE_AGAIN, number, TG_OK, &queue->error);
}

enum tg_status
tg_queue_drop(struct tg_queue *queue, uint64_t number)
{
	return row_aside(queue, number) == NULL ? TG_UNKNOWN_TRANSACTION
						: client_queue_mark_done(queue, number, true);
}
