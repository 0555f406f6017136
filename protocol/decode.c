/*
 * decode.c - the bytes of a frame into a message, checked against the message table.
 *
 * The pre-scan has read every head once and vouches for lengths and nesting.  So the bytes are
 * walked a second time with the same cursor instead of being unpacked into a tree of objects: no
 * memory is needed, and array fields stay as they are until somebody reads their rows.
 */
#include "protocol/decode.h"

#include <unistr.h>

#include "protocol/prescan.h"

/* UTF-8 without control characters (U+0000-001F, 007F-009F)? */
static bool
is_clean_text(const uint8_t *text, uint32_t bytes)
{
	bool is_ascii = true;

	for (uint32_t i = 0; i < bytes; i++) {
		if (text[i] < 0x20 || text[i] == 0x7f)
			return false;
		if (text[i] >= 0x80)
			is_ascii = false;
	}
	if (is_ascii)
		return true;
	if (u8_check(text, bytes) != NULL)
		return false;
	for (uint32_t i = 0; i + 1 < bytes; i++)
		if (text[i] == 0xc2 && text[i + 1] < 0xa0)
			return false;
	return true;
}

static bool decode_value(struct tg_cursor *cursor, const struct tg_field_info *info,
			 bool is_bounded, struct tg_value *ret_value);

/* Check an array field's rows, each an array of exactly the type's columns. */
static bool
check_rows(struct tg_cursor *cursor, enum tg_type type, uint32_t row_count, bool is_bounded)
{
	uint32_t column_count;
	const struct tg_field_info *columns = tg_type_columns(type, &column_count);
	struct tg_value value;
	struct tg_head head;

	for (uint32_t row = 0; row < row_count; row++) {
		if (!tg_cursor_head(cursor, &head) || head.kind != TG_HEAD_ARRAY ||
		    head.length != column_count)
			return false;
		for (uint32_t i = 0; i < column_count; i++)
			if (!decode_value(cursor, &columns[i], is_bounded, &value))
				return false;
	}
	return true;
}

/* Read an array field: its bytes as they are, its rows checked; items are checked later. */
static bool
decode_array(struct tg_cursor *cursor, const struct tg_field_info *info, bool is_bounded,
	     struct tg_value *ret_value)
{
	const uint8_t *start = cursor->at;
	struct tg_head head;

	if (!tg_cursor_head(cursor, &head) || head.kind != TG_HEAD_ARRAY)
		return false;
	if (is_bounded && (head.length < info->low || head.length > info->high))
		return false;
	if (info->type == TG_TYPE_ITEMS) {
		for (uint32_t i = 0; i < head.length; i++)
			if (!tg_cursor_skip(cursor))
				return false;
	} else if (!check_rows(cursor, info->type, head.length, is_bounded)) {
		return false;
	}
	ret_value->data = start;
	ret_value->bytes = (uint32_t)(cursor->at - start);
	ret_value->count = head.length;
	return true;
}

/* Read bytes or text. */
static bool
decode_bytes(struct tg_cursor *cursor, const struct tg_field_info *info, bool is_bounded,
	     struct tg_value *ret_value)
{
	bool is_text = info->type == TG_TYPE_STR;
	struct tg_head head;

	if (!tg_cursor_head(cursor, &head) || head.kind != (is_text ? TG_HEAD_STR : TG_HEAD_BIN))
		return false;
	if (head.length > tg_cursor_left(cursor))
		return false;
	if ((is_bounded || !is_text) && (head.length < info->low || head.length > info->high))
		return false;
	if (is_text && !is_clean_text(cursor->at, head.length))
		return false;
	ret_value->data = cursor->at;
	ret_value->bytes = head.length;
	ret_value->count = 0;
	cursor->at += head.length;
	return true;
}

/* Read one value; false when it is not of the type in the table, or out of bounds. */
static bool
decode_value(struct tg_cursor *cursor, const struct tg_field_info *info, bool is_bounded,
	     struct tg_value *ret_value)
{
	struct tg_head head;

	switch (info->type) {
	case TG_TYPE_INT:
		if (!tg_cursor_head(cursor, &head) || head.kind != TG_HEAD_INT)
			return false;
		if (is_bounded && (head.integer < info->low || head.integer > info->high))
			return false;
		ret_value->integer = head.integer;
		return true;
	case TG_TYPE_BOOL:
		if (!tg_cursor_head(cursor, &head) || head.kind != TG_HEAD_BOOL)
			return false;
		ret_value->integer = head.integer;
		return true;
	case TG_TYPE_BIN:
	case TG_TYPE_STR:
		return decode_bytes(cursor, info, is_bounded, ret_value);
	case TG_TYPE_LINES:
	case TG_TYPE_ITEMS:
	case TG_TYPE_EXPIRIES:
	case TG_TYPE_ENTRIES:
	case TG_TYPE_TOTALS:
	case TG_TYPE_HISTORY:
	case TG_TYPE_BUCKETS:
	case TG_TYPE_COMPONENTS:
		return decode_array(cursor, info, is_bounded, ret_value);
	}
	return false;
}

/* Read a body of so many fields. */
static enum tg_status
decode_fields(struct tg_cursor *cursor, uint32_t field_count,
	      const struct tg_operation_info *operation, struct tg_message *message,
	      uint32_t *ret_field)
{
	struct tg_head key;

	for (uint32_t i = 0; i < field_count; i++) {
		const struct tg_field_info *info;
		enum tg_field field;

		if (!tg_cursor_head(cursor, &key) || key.kind != TG_HEAD_INT)
			return TG_BAD_FRAME;
		info = tg_field_info((uint64_t)key.integer);
		field = (enum tg_field)key.integer;
		if (info == NULL ||
		    (operation != NULL && !tg_field_set_has(&operation->requested, field))) {
			if (operation != NULL && key.integer < TG_FIELD_NUMBER_IGNORABLE) {
				*ret_field = (uint32_t)key.integer;
				return TG_UNKNOWN_FIELD;
			}
			if (!tg_cursor_skip(cursor))
				return TG_BAD_FRAME;
			continue;
		}
		if (!decode_value(cursor, info, operation != NULL, &message->values[field])) {
			*ret_field = (uint32_t)key.integer;
			return TG_BAD_FIELD;
		}
		tg_field_set_add(&message->present, field);
	}
	return TG_OK;
}

/* Say that a field is missing. */
static enum tg_status
missing(enum tg_field field, uint32_t *ret_field)
{
	*ret_field = (uint32_t)field;
	return TG_MISSING_FIELD;
}

/* Check fields that mean nothing without each other. */
static enum tg_status
check_pairs(const struct tg_message *message, uint32_t *ret_field)
{
	static const struct {
		enum tg_field one, other; /* both or neither */
	} pairs[] = {
		{ TG_FIELD_IDENTIFIER_TYPE, TG_FIELD_IDENTIFIER },
		{ TG_FIELD_NEW_TYPE, TG_FIELD_NEW_IDENTIFIER },
		{ TG_FIELD_KEY_GENERATION, TG_FIELD_PROOF },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		bool has_one = tg_message_has(message, pairs[i].one);
		bool has_other = tg_message_has(message, pairs[i].other);

		if (has_one != has_other)
			return missing(has_one ? pairs[i].other : pairs[i].one, ret_field);
	}
	return TG_OK;
}

/* Check what must be there, in number order, and that the member is named exactly once. */
static enum tg_status
check_presence(const struct tg_operation_info *operation, const struct tg_message *message,
	       uint32_t *ret_field)
{
	struct tg_field_set absent;
	enum tg_field first;

	for (int i = 0; i < TG_FIELD_WORDS; i++)
		absent.words[i] = operation->required.words[i] & ~message->present.words[i];
	first = tg_field_set_next(&absent, 0);
	if (first < TG_FIELD_COUNT)
		return missing(first, ret_field);
	if (tg_field_set_has(&operation->requested, TG_FIELD_MEMBER)) {
		bool has_reference = tg_message_has(message, TG_FIELD_MEMBER);
		bool has_identifier = tg_message_has(message, TG_FIELD_IDENTIFIER) ||
				      tg_message_has(message, TG_FIELD_IDENTIFIER_TYPE);

		if (!has_reference && !has_identifier)
			return missing(TG_FIELD_MEMBER, ret_field);
		if (has_reference && has_identifier) {
			*ret_field = TG_FIELD_IDENTIFIER;
			return TG_BAD_FIELD;
		}
	}
	return check_pairs(message, ret_field);
}

/* An exchange says what is given: own units in, points out. */
static enum tg_status
check_exchange(const struct tg_message *message, uint32_t *ret_field)
{
	enum tg_field given = TG_FIELD_OWN_UNITS;

	if (!tg_message_has(message, TG_FIELD_DIRECTION))
		return missing(TG_FIELD_DIRECTION, ret_field);
	if (message->values[TG_FIELD_DIRECTION].integer == TG_DIRECTION_OUT)
		given = TG_FIELD_POINTS;
	return tg_message_has(message, given) ? TG_OK : missing(given, ret_field);
}

/* What is quoted says how much of it. */
static enum tg_status
check_quote(const struct tg_message *message, uint32_t *ret_field)
{
	switch (message->values[TG_FIELD_QUOTED_OPERATION].integer) {
	case TG_OP_EARN:
		return tg_message_has(message, TG_FIELD_AMOUNT) ?
			       TG_OK :
			       missing(TG_FIELD_AMOUNT, ret_field);
	case TG_OP_BURN:
		return tg_message_has(message, TG_FIELD_POINTS) ?
			       TG_OK :
			       missing(TG_FIELD_POINTS, ret_field);
	case TG_OP_EXCHANGE:
		return check_exchange(message, ret_field);
	default:
		*ret_field = TG_FIELD_QUOTED_OPERATION;
		return TG_BAD_FIELD;
	}
}

/* Check what single operations ask beyond their rows. */
static enum tg_status
check_operation(const struct tg_message *message, uint32_t *ret_field)
{
	if (message->code == TG_OP_REFUND && !tg_message_has(message, TG_FIELD_ORIGINAL) &&
	    !tg_message_has(message, TG_FIELD_ORIGINAL_BURN))
		return missing(TG_FIELD_ORIGINAL, ret_field);
	if (message->code == TG_OP_QUOTE)
		return check_quote(message, ret_field);
	return message->code == TG_OP_EXCHANGE ? check_exchange(message, ret_field) : TG_OK;
}

/* Decode the body of a request whose operation stands in message->code. */
static enum tg_status
decode_request_body(struct tg_cursor *cursor, uint32_t field_count, struct tg_message *message,
		    uint32_t *ret_field)
{
	const struct tg_operation_info *operation = tg_operation_info(message->code);
	enum tg_status status;

	if (operation == NULL || message->code == TG_OP_NOTICE)
		return TG_UNKNOWN_OPERATION;
	status = decode_fields(cursor, field_count, operation, message, ret_field);
	if (status == TG_OK)
		status = check_presence(operation, message, ret_field);
	if (status == TG_OK)
		status = check_operation(message, ret_field);
	return status;
}

enum tg_status
tg_decode_request(const uint8_t *payload, size_t bytes, struct tg_message *message,
		  uint32_t *ret_field)
{
	struct tg_scan scan;
	enum tg_status status = tg_prescan(payload, bytes, &scan);

	*ret_field = 0;
	tg_message_init(message, scan.request_id, 0);
	if (status != TG_OK)
		return status;
	message->code = scan.code;
	if (scan.request_id == 0)
		return TG_BAD_FRAME;
	return decode_request_body(&scan.body, scan.field_count, message, ret_field);
}

enum tg_status
tg_decode_answer(const uint8_t *payload, size_t bytes, struct tg_message *message,
		 uint32_t *ret_field)
{
	struct tg_scan scan;
	enum tg_status status = tg_prescan(payload, bytes, &scan);

	*ret_field = 0;
	tg_message_init(message, scan.request_id, 0);
	if (status != TG_OK)
		return status;
	message->code = scan.code;
	return decode_fields(&scan.body, scan.field_count, NULL, message, ret_field);
}

/* Read what stands before an item's fields: an array of two, a code, the head of a map. */
static enum tg_status
decode_item_start(struct tg_cursor *item, struct tg_message *message, uint32_t *ret_field_count)
{
	struct tg_head head;

	tg_message_init(message, 0, 0);
	if (!tg_cursor_head(item, &head) || head.kind != TG_HEAD_ARRAY || head.length != 2)
		return TG_BAD_FRAME;
	if (!tg_cursor_head(item, &head) || head.kind != TG_HEAD_INT || head.integer < 0 ||
	    head.integer > UINT16_MAX)
		return TG_BAD_FRAME;
	message->code = (uint32_t)head.integer;
	if (!tg_cursor_head(item, &head) || head.kind != TG_HEAD_MAP)
		return TG_BAD_FRAME;
	*ret_field_count = head.length;
	return TG_OK;
}

enum tg_status
tg_decode_item_request(struct tg_cursor item, struct tg_message *message, uint32_t *ret_field)
{
	const struct tg_operation_info *operation;
	uint32_t field_count;
	enum tg_status status = decode_item_start(&item, message, &field_count);

	*ret_field = 0;
	if (status != TG_OK)
		return status;
	operation = tg_operation_info(message->code);
	if (operation == NULL || !operation->has_transaction_id)
		return TG_UNKNOWN_OPERATION;
	return decode_request_body(&item, field_count, message, ret_field);
}

enum tg_status
tg_decode_item_answer(struct tg_cursor item, struct tg_message *message, uint32_t *ret_field)
{
	uint32_t field_count;
	enum tg_status status = decode_item_start(&item, message, &field_count);

	*ret_field = 0;
	if (status != TG_OK)
		return status;
	return decode_fields(&item, field_count, NULL, message, ret_field);
}
