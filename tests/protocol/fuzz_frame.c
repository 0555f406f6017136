/*
 * fuzz_frame.c - any bytes to the decoders; what they accept must be sound.
 *
 * What the pre-scan accepts, msgpack-c unpacks to its last byte.  A request that is decoded and
 * encoded again is the same request, with the same fingerprint.
 */
#include "tests/fuzz.h"

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/fingerprint.h"
#include "protocol/frame.h"
#include "protocol/prescan.h"
#include "protocol/rows.h"
#include "tests/protocol/fuzz_tables.h"

/* The whole of data is one value to msgpack-c, too. */
static void
check_unpacks(const uint8_t *data, size_t data_bytes)
{
	msgpack_unpacked result;
	size_t offset = 0;

	msgpack_unpacked_init(&result);
	TG_ASSERT(msgpack_unpack_next(&result, (const char *)data, data_bytes, &offset) ==
			  MSGPACK_UNPACK_SUCCESS &&
		  offset == data_bytes);
	msgpack_unpacked_destroy(&result);
}

/* Encoding and decoding again changes nothing that counts. */
static void
check_round_trip(const struct tg_message *message, size_t data_bytes)
{
	size_t capacity = TG_FRAME_HEADER_BYTES + data_bytes;
	uint8_t before[TG_FINGERPRINT_BYTES], after[TG_FINGERPRINT_BYTES];
	uint8_t *frame = malloc(capacity);
	struct tg_message again;
	struct tg_writer writer;
	struct tg_frame found;
	uint32_t field;

	TG_ASSERT(frame != NULL);
	tg_writer_init(&writer, frame, capacity);
	TG_ASSERT(tg_encode(&writer, message)); /* never longer than what came */
	TG_ASSERT(tg_frame_peek(frame, writer.used_bytes, data_bytes, &found) == TG_FRAME_WHOLE);
	TG_ASSERT(tg_decode_request(found.payload, found.payload_bytes, &again, &field) == TG_OK);
	tg_fingerprint(message, before);
	tg_fingerprint(&again, after);
	TG_ASSERT(memcmp(before, after, sizeof(before)) == 0);
	free(frame);
}

/* Each item is decoded or refused. */
static void
check_items(const struct tg_message *message)
{
	struct tg_message item_message;
	struct tg_cursor item;
	struct tg_rows rows;
	uint32_t field;

	if (!tg_message_has(message, TG_FIELD_ITEMS))
		return;
	tg_rows_start(&message->values[TG_FIELD_ITEMS], &rows);
	while (tg_rows_next_item(&rows, &item))
		if (tg_decode_item_request(item, &item_message, &field) == TG_OK ||
		    tg_decode_item_answer(item, &item_message, &field) == TG_OK)
			TG_ASSERT(item_message.request_id == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	struct tg_message message;
	struct tg_frame frame;
	struct tg_scan scan;
	uint32_t field;
	bool is_scanned = tg_prescan(data, data_bytes, &scan) == TG_OK;

	(void)tg_frame_peek(data, data_bytes, TG_FRAME_BYTES_MAX, &frame);
	if (is_scanned)
		check_unpacks(data, data_bytes);
	if (tg_decode_answer(data, data_bytes, &message, &field) == TG_OK)
		check_items(&message);
	if (tg_decode_request(data, data_bytes, &message, &field) == TG_OK) {
		TG_ASSERT(is_scanned);
		check_items(&message);
		check_round_trip(&message, data_bytes);
	}
	return 0;
}

void
fuzz_seeds(const struct fuzz_sink *sink)
{
	const struct fuzz_form form = { .request_id = 7 };

	fuzz_seed_requests(sink, &form);
	fuzz_seed_answers(sink, &form);
	fuzz_word_frames(sink);
}
