/*
 * encode.c - a message into the bytes of a whole frame.
 */
#include "protocol/encode.h"

#include "protocol/assert.h"
#include "protocol/frame.h"

/* Leave room for a frame's header; returns where it is. */
static size_t
begin_frame(struct tg_writer *writer)
{
	static const uint8_t room[TG_FRAME_HEADER_BYTES];
	size_t at_bytes = writer->used_bytes;

	tg_write_raw(writer, room, sizeof(room));
	return at_bytes;
}

/* Write the header now that the length is known; false when the frame did not fit. */
static bool
end_frame(struct tg_writer *writer, size_t at_bytes)
{
	if (writer->is_full)
		return false;
	tg_frame_put_header(writer->base + at_bytes,
			    writer->used_bytes - at_bytes - TG_FRAME_HEADER_BYTES);
	return true;
}

/* Write one value by the type that the table gives its field. */
static void
write_value(struct tg_writer *writer, enum tg_type type, const struct tg_value *value)
{
	switch (type) {
	case TG_TYPE_INT:
		tg_write_integer(writer, value->integer);
		break;
	case TG_TYPE_BOOL:
		tg_write_bool(writer, value->integer != 0);
		break;
	case TG_TYPE_BIN:
		tg_write_bin(writer, value->data, value->bytes);
		break;
	case TG_TYPE_STR:
		tg_write_str(writer, value->data, value->bytes);
		break;
	case TG_TYPE_LINES:
	case TG_TYPE_ITEMS:
	case TG_TYPE_EXPIRIES:
	case TG_TYPE_ENTRIES:
	case TG_TYPE_TOTALS:
	case TG_TYPE_HISTORY:
	case TG_TYPE_BUCKETS:
	case TG_TYPE_COMPONENTS:
		tg_write_raw(writer, value->data, value->bytes);
		break;
	}
}

/* Write the body: the fields that are present, in number order. */
static void
write_body(struct tg_writer *writer, const struct tg_message *message)
{
	const struct tg_field_set *present = &message->present;
	int count = 0;

	for (int i = 0; i < TG_FIELD_WORDS; i++)
		count += __builtin_popcountll(present->words[i]);
	tg_write_map(writer, (uint32_t)count);
	for (enum tg_field f = tg_field_set_next(present, 0); f < TG_FIELD_COUNT;
	     f = tg_field_set_next(present, f + 1)) {
		const struct tg_field_info *info = tg_field_info(f);

		TG_ASSERT(info != NULL);
		tg_write_integer(writer, info->number);
		write_value(writer, info->type, &message->values[f]);
	}
}

/* Write an item of a batch. */
static void
write_item(struct tg_writer *writer, const struct tg_message *message)
{
	tg_write_array(writer, 2);
	tg_write_integer(writer, message->code);
	write_body(writer, message);
}

bool
tg_encode(struct tg_writer *writer, const struct tg_message *message)
{
	size_t at_bytes = begin_frame(writer);

	tg_write_array(writer, 3);
	tg_write_integer(writer, message->request_id);
	tg_write_integer(writer, message->code);
	write_body(writer, message);
	return end_frame(writer, at_bytes);
}

void
tg_batch_begin(struct tg_batch_writer *batch, struct tg_writer *writer, uint32_t request_id,
	       uint32_t code, uint32_t item_count)
{
	batch->writer = writer;
	batch->header_at_bytes = begin_frame(writer);
	batch->left = item_count;
	tg_write_array(writer, 3);
	tg_write_integer(writer, request_id);
	tg_write_integer(writer, code);
	tg_write_map(writer, 1);
	tg_write_integer(writer, TG_FIELD_ITEMS);
	tg_write_array(writer, item_count);
}

void
tg_batch_add(struct tg_batch_writer *batch, const struct tg_message *message)
{
	TG_ASSERT(batch->left > 0);
	batch->left--;
	write_item(batch->writer, message);
}

bool
tg_encode_item(struct tg_writer *writer, const struct tg_message *message)
{
	write_item(writer, message);
	return !writer->is_full;
}

void
tg_batch_add_encoded(struct tg_batch_writer *batch, const uint8_t *item, size_t bytes)
{
	TG_ASSERT(batch->left > 0 && bytes > 0);
	batch->left--;
	tg_write_raw(batch->writer, item, bytes);
}

bool
tg_batch_end(struct tg_batch_writer *batch)
{
	TG_ASSERT(batch->left == 0);
	return end_frame(batch->writer, batch->header_at_bytes);
}
