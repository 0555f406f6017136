/*
 * fuzz_tables.c - seeds and words for whatever reads frames, made from the message table.
 */
#include "tests/protocol/fuzz_tables.h"

#include <string.h>

#include "protocol/assert.h"
#include "protocol/encode.h"
#include "tests/protocol/samples.h"

#define SEED_BYTES_MAX (64 * 1024)

static void
seed_message(const struct fuzz_sink *sink, const struct fuzz_form *form, struct tg_message *message)
{
	static uint8_t bytes[1 + SEED_BYTES_MAX];
	const size_t skipped = form->has_length ? 0 : TG_FRAME_HEADER_BYTES;
	const uint32_t seeds = form->head_count > 0 ? form->head_count : 1;
	struct tg_writer writer;
	uint8_t *from = bytes + skipped;

	message->request_id = form->request_id;
	tg_writer_init(&writer, bytes + 1, SEED_BYTES_MAX);
	TG_ASSERT(tg_encode(&writer, message));
	for (uint32_t i = 0; i < seeds; i++) {
		if (form->head_count > 0)
			from[0] = form->heads[i];
		sink->seed(sink->context, form->head_count > 0 ? from : from + 1,
			   writer.used_bytes - skipped + (form->head_count > 0));
	}
}

void
fuzz_seed_requests(const struct fuzz_sink *sink, const struct fuzz_form *form)
{
	static struct sample sample;

	for (uint32_t number = tg_operation_next(0); number != 0;
	     number = tg_operation_next(number)) {
		for (int is_high = 0; is_high <= 1; is_high++) {
			sample_request(&sample, number, is_high != 0 ? SAMPLE_HIGH : SAMPLE_LOW,
				       is_high != 0);
			seed_message(sink, form, &sample.message);
		}
	}
}

void
fuzz_seed_answers(const struct fuzz_sink *sink, const struct fuzz_form *form)
{
	static struct sample sample;

	for (uint32_t number = tg_operation_next(0); number != 0;
	     number = tg_operation_next(number)) {
		for (int is_high = 0; is_high <= 1; is_high++) {
			sample_answer(&sample, number, TG_OK,
				      is_high != 0 ? SAMPLE_HIGH : SAMPLE_LOW);
			seed_message(sink, form, &sample.message);
		}
	}
}

/* A word of a few msgpack values. */
static void
word_of(const struct fuzz_sink *sink, int64_t key, const int64_t *value)
{
	uint8_t bytes[32];
	struct tg_writer writer;

	tg_writer_init(&writer, bytes, sizeof(bytes));
	tg_write_integer(&writer, key);
	if (value != NULL)
		tg_write_integer(&writer, *value);
	sink->word(sink->context, bytes, writer.used_bytes);
}

void
fuzz_word_frames(const struct fuzz_sink *sink)
{
	for (uint32_t number = tg_field_next(0); number != 0; number = tg_field_next(number)) {
		const struct tg_field_info *info = tg_field_info(number);

		word_of(sink, number, NULL);
		if (info->type == TG_TYPE_INT) {
			word_of(sink, number, &info->low);
			word_of(sink, number, &info->high);
		}
	}
	for (uint32_t number = tg_operation_next(0); number != 0;
	     number = tg_operation_next(number))
		word_of(sink, number, NULL);
	for (int first = 0xc0; first <= 0xdf; first++) {
		const uint8_t head[] = { (uint8_t)first, 0, 0, 0, 1 };

		sink->word(sink->context, head, 1);
		sink->word(sink->context, head, sizeof(head));
	}
}
