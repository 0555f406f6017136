/*
 * samples.c - messages made from the message table, for tests of whatever reads or writes them.
 */
#include "tests/protocol/samples.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

static const char letters[] =
	"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789"
	"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789"
	"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789";

/* Write a value at one of its bounds. */
static void
write_bound(struct tg_writer *writer, const struct tg_field_info *info, enum sample_at at)
{
	int64_t bound = at == SAMPLE_LOW ? info->low : info->high;

	if (info->type == TG_TYPE_STR)
		tg_write_str(writer, letters, (uint32_t)bound);
	else if (info->type == TG_TYPE_BIN)
		tg_write_bin(writer, letters, (uint32_t)bound);
	else if (info->type == TG_TYPE_BOOL)
		tg_write_bool(writer, bound != 0);
	else
		tg_write_integer(writer, bound);
}

/* Write so many rows of an array type. */
static void
write_rows(struct tg_writer *writer, enum tg_type type, uint32_t count, enum sample_at at)
{
	uint32_t column_count;
	const struct tg_field_info *columns = tg_type_columns(type, &column_count);

	tg_write_array(writer, count);
	for (uint32_t row = 0; row < count; row++) {
		if (type == TG_TYPE_ITEMS) {
			tg_write_array(writer, 2);
			tg_write_integer(writer, TG_OP_EARN);
			tg_write_map(writer, 0);
			continue;
		}
		tg_write_array(writer, column_count);
		for (uint32_t i = 0; i < column_count; i++)
			write_bound(writer, &columns[i], at);
	}
}

void
sample_set(struct sample *sample, enum tg_field field, enum sample_at at)
{
	const struct tg_field_info *info = tg_field_info(field);
	int64_t bound = at == SAMPLE_LOW ? info->low : info->high;
	size_t start = sample->writer.used_bytes;

	switch (info->type) {
	case TG_TYPE_INT:
	case TG_TYPE_BOOL:
		tg_message_set_integer(&sample->message, field, bound);
		return;
	case TG_TYPE_BIN:
	case TG_TYPE_STR:
		/* A small integer's one byte is itself. */
		for (int64_t i = 0; i < bound; i++)
			tg_write_integer(&sample->writer, 'a' + i % 26);
		TG_ASSERT(!sample->writer.is_full);
		tg_message_set_bytes(&sample->message, field, sample->bytes + start, (size_t)bound);
		return;
	case TG_TYPE_ITEMS:
		bound = at == SAMPLE_LOW ? 1 : 3;
		break;
	case TG_TYPE_LINES:
	case TG_TYPE_EXPIRIES:
	case TG_TYPE_ENTRIES:
	case TG_TYPE_TOTALS:
	case TG_TYPE_HISTORY:
	case TG_TYPE_BUCKETS:
	case TG_TYPE_COMPONENTS:
		break;
	}
	write_rows(&sample->writer, info->type, (uint32_t)bound, at);
	TG_ASSERT(!sample->writer.is_full);
	tg_message_set_bytes(&sample->message, field, sample->bytes + start,
			     sample->writer.used_bytes - start);
	sample->message.values[field].count = (uint32_t)bound;
}

void
sample_remove(struct tg_message *message, enum tg_field field)
{
	message->present.words[field / 64] &= ~(UINT64_C(1) << (field % 64));
}

/* Begin a message and set the fields. */
static void
fill(struct sample *sample, uint32_t code, const struct tg_field_set *fields, enum sample_at at)
{
	tg_writer_init(&sample->writer, sample->bytes, sizeof(sample->bytes));
	tg_message_init(&sample->message, at == SAMPLE_LOW ? 1 : UINT32_MAX, code);
	for (enum tg_field f = tg_field_set_next(fields, 0); f < TG_FIELD_COUNT;
	     f = tg_field_set_next(fields, f + 1))
		sample_set(sample, f, at);
}

void
sample_request(struct sample *sample, uint32_t operation, enum sample_at at, bool by_identifier)
{
	const struct tg_operation_info *info = tg_operation_info(operation);

	fill(sample, operation, &info->requested, at);
	if (tg_field_set_has(&info->requested, TG_FIELD_MEMBER)) {
		if (by_identifier) {
			sample_remove(&sample->message, TG_FIELD_MEMBER);
		} else {
			sample_remove(&sample->message, TG_FIELD_IDENTIFIER);
			sample_remove(&sample->message, TG_FIELD_IDENTIFIER_TYPE);
		}
	}
}

void
sample_answer(struct sample *sample, uint32_t operation, uint32_t status, enum sample_at at)
{
	fill(sample, status, &tg_operation_info(operation)->replied, at);
}

bool
sample_is_equal(const struct tg_message *a, const struct tg_message *b)
{
	if (a->request_id != b->request_id || a->code != b->code ||
	    memcmp(&a->present, &b->present, sizeof(a->present)) != 0)
		return false;
	for (enum tg_field f = tg_field_set_next(&a->present, 0); f < TG_FIELD_COUNT;
	     f = tg_field_set_next(&a->present, f + 1)) {
		const struct tg_value *x = &a->values[f], *y = &b->values[f];
		enum tg_type type = tg_field_info(f)->type;

		if (type == TG_TYPE_INT || type == TG_TYPE_BOOL) {
			if (x->integer != y->integer)
				return false;
		} else if (x->bytes != y->bytes || x->count != y->count ||
			   (x->bytes > 0 && memcmp(x->data, y->data, x->bytes) != 0)) {
			return false;
		}
	}
	return true;
}

size_t
sample_hex(const char *text, uint8_t *bytes, size_t capacity)
{
	size_t used = 0;

	while (*text != '\0') {
		char digits[3] = { 0 };
		unsigned long repeats = 1;
		uint8_t byte;

		if (*text == ' ') {
			text++;
			continue;
		}
		TG_ASSERT(text[1] != '\0');
		memcpy(digits, text, 2);
		text += 2;
		byte = (uint8_t)strtoul(digits, NULL, 16);
		if (*text == '*')
			repeats = strtoul(text + 1, (char **)(uintptr_t)&text, 10);
		TG_ASSERT(repeats <= capacity - used);
		memset(bytes + used, byte, repeats);
		used += repeats;
	}
	return used;
}
