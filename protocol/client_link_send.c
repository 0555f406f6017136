/*
 * client_link_send.c - requests and batches, checked and put into a link's output.
 */
#include "protocol/client_link.h"

#include "protocol/assert.h"
#include "protocol/encode.h"
#include "protocol/frame.h"

/* Bytes that wait to be written before tg_link_send() says TG_BUSY; one frame may go beyond. */
#define OUTPUT_BYTES_BUSY (256 * 1024)

/* Note what is wrong with a request, by the field at fault. */
static enum tg_status
blame(struct tg_link *link, const struct tg_message *request, enum tg_status status, uint32_t field)
{
	if (field == 0)
		client_error_set(&link->error, "%s: %s", tg_operation_name(request->code),
				 tg_status_text(status));
	else
		client_error_set(&link->error, "%s: field %s (%u): %s",
				 tg_operation_name(request->code), tg_field_name(field), field,
				 tg_status_text(status));
	return status;
}

/* The next request id, never 0. */
static uint32_t
next_request_id(struct tg_link *link)
{
	if (++link->last_request_id == 0)
		link->last_request_id = 1;
	return link->last_request_id;
}

/* Begin to write a frame with a payload of at most so many bytes at the end of the output. */
static enum tg_status
begin_output(struct tg_link *link, size_t payload_bytes_max, struct tg_writer *ret_writer)
{
	size_t frame_bytes = TG_FRAME_HEADER_BYTES + payload_bytes_max;
	enum tg_status status = client_buffer_reserve(&link->output, frame_bytes, SIZE_MAX / 2);

	if (status != TG_OK) {
		client_error_set(&link->error, "out of memory");
		return status;
	}
	tg_writer_init(ret_writer, link->output.base + link->output.end_bytes, frame_bytes);
	return TG_OK;
}

enum tg_status
client_link_put(struct tg_link *link, const struct tg_message *request, uint32_t *ret_request_id)
{
	struct tg_message message = *request, check;
	struct tg_writer writer;
	size_t bytes_max = link->session.frame_bytes_max < TG_FRAME_BYTES_MAX
				   ? link->session.frame_bytes_max
				   : TG_FRAME_BYTES_MAX;
	enum tg_status status = begin_output(link, bytes_max, &writer);
	uint32_t field;

	if (status != TG_OK)
		return status;
	message.request_id = next_request_id(link);
	if (!tg_encode(&writer, &message))
		return blame(link, request, TG_FRAME_TOO_LARGE, 0);
	status = tg_decode_request(writer.base + TG_FRAME_HEADER_BYTES,
				   writer.used_bytes - TG_FRAME_HEADER_BYTES, &check, &field);
	if (status != TG_OK)
		return blame(link, request, status, field);
	link->output.end_bytes += writer.used_bytes;
	*ret_request_id = message.request_id;
	return TG_OK;
}

/* May a request be sent now? */
static enum tg_status
check_sendable(struct tg_link *link)
{
	if (link->state == LINK_LEAVING) {
		client_error_set(&link->error, "the gateway is about to close the connection");
		return TG_SHUTTING_DOWN;
	}
	if (link->state != LINK_READY) {
		client_error_set(&link->error, "the session is not open");
		return TG_OUT_OF_TURN;
	}
	if (link->in_flight >= link->session.in_flight_max ||
	    client_buffer_used(&link->output) >= OUTPUT_BYTES_BUSY) {
		client_error_set(&link->error, "%u requests are unanswered", link->in_flight);
		return TG_BUSY;
	}
	return TG_OK;
}

enum tg_status
tg_link_send(struct tg_link *link, const struct tg_message *request, uint32_t *ret_request_id)
{
	enum tg_status status = check_sendable(link);

	if (status == TG_OK)
		status = client_link_put(link, request, ret_request_id);
	if (status == TG_OK)
		link->in_flight++;
	return status;
}

/*
 * Write a batch frame behind the output, each item checked by the decoder that the gateway uses.
 * ret_fitting: how many of the items fit; the frame is whole if that is count.
 */
static enum tg_status
write_batch(struct tg_link *link, const struct tg_message *const *requests, uint32_t count,
	    struct tg_writer *ret_writer, uint32_t *ret_fitting)
{
	struct tg_batch_writer batch;
	struct tg_message check;
	struct tg_cursor item;
	enum tg_status status = begin_output(link, link->session.frame_bytes_max, ret_writer);
	uint32_t field, i;

	if (status != TG_OK)
		return status;
	tg_batch_begin(&batch, ret_writer, link->last_request_id, TG_OP_BATCH, count);
	for (i = 0; i < count; i++) {
		item.at = ret_writer->base + ret_writer->used_bytes;
		tg_batch_add(&batch, requests[i]);
		if (ret_writer->is_full)
			break;
		item.end = ret_writer->base + ret_writer->used_bytes;
		status = tg_decode_item_request(item, &check, &field);
		if (status != TG_OK)
			return blame(link, requests[i], status, field);
	}
	if (i == 0 || (i == count && !tg_batch_end(&batch)))
		return blame(link, requests[0], TG_FRAME_TOO_LARGE, 0);
	*ret_fitting = i;
	return TG_OK;
}

enum tg_status
tg_link_send_batch(struct tg_link *link, const struct tg_message *const *requests, uint32_t count,
		   uint32_t *ret_taken, uint32_t *ret_request_id)
{
	struct tg_writer writer;
	enum tg_status status = check_sendable(link);
	uint32_t wanted = count < TG_BATCH_ITEMS_MAX ? count : TG_BATCH_ITEMS_MAX;
	uint32_t fitting = 0;

	TG_ASSERT(count > 0);
	if (status != TG_OK)
		return status;
	(void)next_request_id(link);
	status = write_batch(link, requests, wanted, &writer, &fitting);
	if (status == TG_OK && fitting < wanted)
		status = write_batch(link, requests, fitting, &writer, &fitting);
	if (status != TG_OK)
		return status;
	link->output.end_bytes += writer.used_bytes;
	link->in_flight++;
	*ret_taken = fitting;
	*ret_request_id = link->last_request_id;
	return TG_OK;
}
