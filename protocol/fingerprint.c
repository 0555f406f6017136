/*
 * fingerprint.c - tells whether two requests with one transaction id ask the same thing.
 */
#include "protocol/fingerprint.h"

#include <assert.h>
#include <xxhash.h>

#include "protocol/assert.h"
#include "protocol/rows.h"

/* Everything printed of the longest request: lines, and less than this of all other fields. */
#define LINE_PRINT_BYTES (4 + TG_ITEM_BYTES_MAX + 3 * 8)
#define OTHER_PRINT_BYTES 2048
#define PRINT_BYTES_MAX (TG_LINES_MAX * LINE_PRINT_BYTES + OTHER_PRINT_BYTES)

static_assert(OTHER_PRINT_BYTES > 37 * (8 + 8) + 4 * (12 + TG_IDENTIFIER_BYTES_MAX),
	      "fields below 64, of which few are text, fit");

/* The text that is hashed. */
struct print {
	size_t used_bytes; /* <= PRINT_BYTES_MAX */
	uint8_t bytes[PRINT_BYTES_MAX];
};

/* Add an integer, little endian, in so many bytes. */
static void
print_integer(struct print *print, int64_t integer, unsigned bytes)
{
	uint64_t raw = (uint64_t)integer;

	TG_ASSERT(print->used_bytes + bytes <= sizeof(print->bytes));
	for (unsigned i = 0; i < bytes; i++)
		print->bytes[print->used_bytes++] = (uint8_t)(raw >> (8 * i));
}

/* Add a length and the bytes. */
static void
print_bytes(struct print *print, const void *data, uint32_t bytes)
{
	print_integer(print, bytes, 4);
	TG_ASSERT(print->used_bytes + bytes <= sizeof(print->bytes));
	if (bytes > 0)
		memcpy(print->bytes + print->used_bytes, data, bytes);
	print->used_bytes += bytes;
}

/* Add the lines of a receipt by value. */
static void
print_lines(struct print *print, const struct tg_value *value)
{
	struct tg_rows rows;
	struct tg_line line;

	print_integer(print, value->count, 4);
	tg_rows_start(value, &rows);
	while (tg_rows_next_line(&rows, &line)) {
		print_bytes(print, line.item, line.item_bytes);
		print_integer(print, line.category, 8);
		print_integer(print, line.quantity, 8);
		print_integer(print, line.amount, 8);
	}
}

/* Add a field: its number, then its value. */
static void
print_field(struct print *print, enum tg_field field, const struct tg_value *value)
{
	const struct tg_field_info *info = tg_field_info(field);

	print_integer(print, info->number, 4);
	switch (info->type) {
	case TG_TYPE_INT:
	case TG_TYPE_BOOL:
		print_integer(print, value->integer, 8);
		break;
	case TG_TYPE_BIN:
	case TG_TYPE_STR:
		print_bytes(print, value->data, value->bytes);
		break;
	case TG_TYPE_LINES:
		print_lines(print, value);
		break;
	case TG_TYPE_ITEMS:
	case TG_TYPE_EXPIRIES:
	case TG_TYPE_ENTRIES:
	case TG_TYPE_TOTALS:
	case TG_TYPE_HISTORY:
	case TG_TYPE_BUCKETS:
	case TG_TYPE_COMPONENTS:
		TG_ASSERT(false && "no printed field is of this type");
		break;
	}
}

void
tg_fingerprint(const struct tg_message *request, uint8_t ret_fingerprint[TG_FINGERPRINT_BYTES])
{
	const struct tg_operation_info *operation = tg_operation_info(request->code);
	XXH128_canonical_t canonical;
	struct tg_field_set printed;
	struct print print;

	TG_ASSERT(operation != NULL);
	print.used_bytes = 0;
	print_integer(&print, operation->number, 4);
	print_integer(&print, TG_TABLE_VERSION, 4);
	for (int i = 0; i < TG_FIELD_WORDS; i++)
		printed.words[i] = operation->printed.words[i] & request->present.words[i];
	for (enum tg_field f = tg_field_set_next(&printed, 0); f < TG_FIELD_COUNT;
	     f = tg_field_set_next(&printed, f + 1))
		print_field(&print, f, &request->values[f]);
	XXH128_canonicalFromHash(&canonical, XXH3_128bits(print.bytes, print.used_bytes));
	static_assert(sizeof(canonical.digest) == TG_FINGERPRINT_BYTES, "128 bits");
	memcpy(ret_fingerprint, canonical.digest, TG_FINGERPRINT_BYTES);
}
