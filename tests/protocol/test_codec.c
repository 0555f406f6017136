/*
 * test_codec.c - messages to frames and back, and every way in which a request can be wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/frame.h"
#include "protocol/rows.h"
#include "tests/protocol/samples.h"

static struct sample sample;
static struct tg_message decoded;
static uint8_t frame[TG_FRAME_BYTES_MAX_BATCH];

#define FOR_EACH_OPERATION(number) \
	for (uint32_t number = tg_operation_next(0); number != 0; \
	     number = tg_operation_next(number))

/* Encode a message and decode it as a request. */
static enum tg_status
pass_request(const struct tg_message *message, uint32_t *ret_field)
{
	struct tg_writer writer;

	tg_writer_init(&writer, frame, sizeof(frame));
	assert_true(tg_encode(&writer, message));
	return tg_decode_request(frame + TG_FRAME_HEADER_BYTES,
				 writer.used_bytes - TG_FRAME_HEADER_BYTES, &decoded, ret_field);
}

/* The sample with one field changed is refused with this status, and the field is named. */
static void
assert_refused(enum tg_status expected, enum tg_field at_fault)
{
	uint32_t field;
	enum tg_status status = pass_request(&sample.message, &field);

	if (status != expected || field != at_fault)
		fail_msg("%s with %s: %s at %s", tg_operation_name(sample.message.code),
			 tg_field_info(at_fault)->name, tg_status_name(status),
			 tg_field_name(field));
	assert_int_equal(decoded.request_id, sample.message.request_id);
}

/* Decode a request from hex; the request id must come back even when it is refused. */
static enum tg_status
decode_hex(const char *hex, uint32_t *ret_field)
{
	size_t bytes = sample_hex(hex, frame, sizeof(frame));

	return tg_decode_request(frame, bytes, &decoded, ret_field);
}

/* What: every operation passes with all its fields.  How: both bounds, both names of a member. */
static void
every_request_round_trips(void **state)
{
	(void)state;
	FOR_EACH_OPERATION(number)
	for (int i = 0; number != TG_OP_NOTICE && i < 4; i++) {
		uint32_t field;

		sample_request(&sample, number, i & 1 ? SAMPLE_HIGH : SAMPLE_LOW, i & 2);
		if (number == TG_OP_QUOTE)
			sample_set(&sample, TG_FIELD_QUOTED_OPERATION, SAMPLE_LOW);
		assert_int_equal(pass_request(&sample.message, &field), TG_OK);
		assert_int_equal(field, 0);
		assert_true(sample_is_equal(&decoded, &sample.message));
	}
}

/* What: every answer passes with all its fields.  How: both bounds, unknown status too. */
static void
every_answer_round_trips(void **state)
{
	(void)state;
	FOR_EACH_OPERATION(number)
	for (int i = 0; i < 4; i++) {
		struct tg_writer writer;
		uint32_t field;

		sample_answer(&sample, number, i & 2 ? 999 : TG_OK,
			      i & 1 ? SAMPLE_HIGH : SAMPLE_LOW);
		tg_writer_init(&writer, frame, sizeof(frame));
		assert_true(tg_encode(&writer, &sample.message));
		assert_int_equal(tg_decode_answer(frame + TG_FRAME_HEADER_BYTES,
						  writer.used_bytes - TG_FRAME_HEADER_BYTES,
						  &decoded, &field),
				 TG_OK);
		assert_true(sample_is_equal(&decoded, &sample.message));
	}
}

/* What: the longest request and the longest answer fit a frame.  How: all fields at their most. */
static void
longest_message_fits_a_frame(void **state)
{
	(void)state;
	FOR_EACH_OPERATION(number)
	if (number != TG_OP_BATCH) {
		struct tg_writer writer;

		sample_request(&sample, number, SAMPLE_HIGH, true);
		tg_writer_init(&writer, frame, TG_FRAME_HEADER_BYTES + TG_FRAME_BYTES_MAX);
		assert_true(tg_encode(&writer, &sample.message));
		sample_answer(&sample, number, TG_OK, SAMPLE_HIGH);
		tg_writer_init(&writer, frame, TG_FRAME_HEADER_BYTES + TG_FRAME_BYTES_MAX);
		assert_true(tg_encode(&writer, &sample.message));
	}
}

/* What: required fields suffice; each one missing is named.  How: take out one after the other. */
static void
missing_field_is_named(void **state)
{
	(void)state;
	FOR_EACH_OPERATION(number)
	{
		const struct tg_field_set *required = &tg_operation_info(number)->required;

		for (enum tg_field f = tg_field_set_next(required, 0); f < TG_FIELD_COUNT;
		     f = tg_field_set_next(required, f + 1)) {
			sample_request(&sample, number, SAMPLE_LOW, false);
			sample_remove(&sample.message, f);
			assert_refused(TG_MISSING_FIELD, f);
		}
	}
}

/* What: optional fields may be left out.  How: the required ones and the member alone. */
static void
required_fields_suffice(void **state)
{
	(void)state;
	FOR_EACH_OPERATION(number)
	if (number != TG_OP_NOTICE) {
		const struct tg_operation_info *info = tg_operation_info(number);
		uint32_t field;

		sample_request(&sample, number, SAMPLE_LOW, false);
		for (uint32_t f = tg_field_next(0); f != 0; f = tg_field_next(f))
			if (!tg_field_set_has(&info->required, f) && f != TG_FIELD_MEMBER)
				sample_remove(&sample.message, f);
		if (number == TG_OP_QUOTE)
			sample_set(&sample, TG_FIELD_AMOUNT, SAMPLE_LOW);
		if (number == TG_OP_EXCHANGE)
			sample_set(&sample, TG_FIELD_OWN_UNITS, SAMPLE_LOW);
		if (number == TG_OP_REFUND)
			sample_set(&sample, TG_FIELD_ORIGINAL, SAMPLE_LOW);
		if (!tg_field_set_has(&info->requested, TG_FIELD_MEMBER))
			sample_remove(&sample.message, TG_FIELD_MEMBER);
		assert_int_equal(pass_request(&sample.message, &field), TG_OK);
	}
}

/* Set the field one beyond a bound; false when its type has nothing there. */
static bool
set_beyond(enum tg_field field, int direction)
{
	static uint8_t bytes[256] = "";
	const struct tg_field_info *info = tg_field_info(field);
	int64_t bound = direction < 0 ? info->low : info->high;

	memset(bytes, 'a', sizeof(bytes));
	if (info->type == TG_TYPE_INT) {
		if (bound == (direction < 0 ? INT64_MIN : INT64_MAX))
			return false;
		tg_message_set_integer(&sample.message, field, bound + direction);
		return true;
	}
	if (info->type == TG_TYPE_BIN || info->type == TG_TYPE_STR) {
		if (bound + direction < 0)
			return false;
		tg_message_set_bytes(&sample.message, field, bytes, (size_t)(bound + direction));
		return true;
	}
	return false;
}

/* What: one beyond each bound is refused and named.  How: every integer, text and bytes field. */
static void
value_beyond_its_bound_is_refused(void **state)
{
	(void)state;
	FOR_EACH_OPERATION(number)
	{
		const struct tg_field_set *fields = &tg_operation_info(number)->requested;

		for (enum tg_field f = tg_field_set_next(fields, 0); f < TG_FIELD_COUNT;
		     f = tg_field_set_next(fields, f + 1))
			for (int direction = -1; direction <= 1; direction += 2) {
				sample_request(&sample, number, SAMPLE_LOW, false);
				if (set_beyond(f, direction))
					assert_refused(TG_BAD_FIELD, f);
			}
	}
}

/* A body of PING that is only this field, with this value, as hex. */
struct value_case {
	const char *hex;       /* the frame */
	enum tg_status status; /* expected */
	enum tg_field field;   /* at fault */
	const char *claim;     /* what it shows */
};

static const struct value_case value_cases[] = {
	{ "93 01 03 81 08 00", TG_OK, 0, "integer" },
	{ "93 01 03 81 08 cf0000000000000005", TG_OK, 0, "integer, wide" },
	{ "93 01 03 81 08 a130", TG_BAD_FIELD, TG_FIELD_BUSINESS_TIME, "text for integer" },
	{ "93 01 03 81 08 c0", TG_BAD_FIELD, TG_FIELD_BUSINESS_TIME, "nil for integer" },
	{ "93 01 03 81 08 c3", TG_BAD_FIELD, TG_FIELD_BUSINESS_TIME, "true for integer" },
	{ "93 01 03 81 08 cfffffffffffffffff", TG_BAD_FIELD, TG_FIELD_BUSINESS_TIME,
	  "integer above 63 bits" },
	{ "93 01 03 81 cc40 a141", TG_OK, 0, "text" },
	{ "93 01 03 81 cc40 a3e282ac", TG_OK, 0, "text of three bytes a letter" },
	{ "93 01 03 81 cc40 a4f09f9880", TG_OK, 0, "text of four bytes a letter" },
	{ "93 01 03 81 cc40 c40141", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "bytes for text" },
	{ "93 01 03 81 40 05", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "integer for text" },
	{ "93 01 03 81 40 a0", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "empty text" },
	{ "93 01 03 81 40 a10a", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "line feed" },
	{ "93 01 03 81 40 a100", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "zero byte" },
	{ "93 01 03 81 40 a17f", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "delete" },
	{ "93 01 03 81 40 a2c280", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "C1 control" },
	{ "93 01 03 81 40 a2c29f", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "last C1 control" },
	{ "93 01 03 81 40 a2c2a0", TG_OK, 0, "no-break space" },
	{ "93 01 03 81 40 a1c3", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "cut off UTF-8" },
	{ "93 01 03 81 40 a2c0af", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "overlong UTF-8" },
	{ "93 01 03 81 40 a3eda080", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "surrogate" },
	{ "93 01 03 81 40 a4f4908080", TG_BAD_FIELD, TG_FIELD_SOFTWARE, "above U+10FFFF" },
	{ "93 01 03 81 0e 00", TG_UNKNOWN_FIELD, TG_FIELD_AMOUNT, "field of another operation" },
	{ "93 01 03 81 1c c3", TG_UNKNOWN_FIELD, TG_FIELD_LATE, "flag of another operation" },
};

/* What: type and text of a value are judged.  How: a table of PINGs. */
static void
values_are_judged_by_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(value_cases) / sizeof(value_cases[0]); i++) {
		const struct value_case *c = &value_cases[i];
		uint32_t field;
		enum tg_status status = decode_hex(c->hex, &field);

		if (status != c->status || field != (status == TG_OK ? 0 : c->field))
			fail_msg("%s: %s at %s", c->claim, tg_status_name(status),
				 tg_field_name(field));
		assert_int_equal(decoded.request_id, 1);
	}
}

/* What: a flag is true or false, nothing else.  How: LATE of an earn as 1, as nil. */
static void
flag_is_true_or_false(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct tg_writer writer;
		uint32_t field;
		uint8_t *flag;

		sample_request(&sample, TG_OP_EARN, SAMPLE_LOW, false);
		tg_writer_init(&writer, frame, sizeof(frame));
		assert_true(tg_encode(&writer, &sample.message));
		flag = memmem(frame, writer.used_bytes, "\x1c\xc2\x1d\xc2", 4);
		assert_non_null(flag);
		flag[1] = i == 0 ? 0x01 : 0xc0;
		assert_int_equal(tg_decode_request(frame + TG_FRAME_HEADER_BYTES,
						   writer.used_bytes - TG_FRAME_HEADER_BYTES,
						   &decoded, &field),
				 TG_BAD_FIELD);
		assert_int_equal(field, TG_FIELD_LATE);
	}
}

/* What: a field below 64 that nobody knows is refused, from 64 it is passed over.  How: PING. */
static void
unknown_field_is_refused_below_64_only(void **state)
{
	uint32_t field;

	(void)state;
	assert_int_equal(decode_hex("93 01 03 81 3f 00", &field), TG_UNKNOWN_FIELD);
	assert_int_equal(field, 63);
	assert_int_equal(decode_hex("93 01 03 81 00 00", &field), TG_UNKNOWN_FIELD);
	assert_int_equal(decode_hex("93 01 03 82 ccfe 9201a0 08 05", &field), TG_OK);
	assert_int_equal(tg_message_integer(&decoded, TG_FIELD_BUSINESS_TIME, -1), 5);
	assert_int_equal(decode_hex("93 01 03 81 50 00", &field), TG_OK);
	assert_false(tg_message_has(&decoded, TG_FIELD_SERVER_NONCE));
}

/* What: operations that nobody can ask for are refused with their request id.  How: three. */
static void
unknown_operation_is_refused(void **state)
{
	uint32_t field;

	(void)state;
	assert_int_equal(decode_hex("93 05 18 80", &field), TG_MISSING_FIELD);
	assert_int_equal(decode_hex("93 05 0f 80", &field), TG_UNKNOWN_OPERATION);
	assert_int_equal(decoded.request_id, 5);
	assert_int_equal(decode_hex("93 05 cdffff 80", &field), TG_UNKNOWN_OPERATION);
	assert_int_equal(decode_hex("93 05 04 80", &field), TG_UNKNOWN_OPERATION);
	assert_int_equal(decode_hex("93 00 03 80", &field), TG_BAD_FRAME);
}

/* What: a member is named once.  How: both ways, neither, half of one. */
static void
member_is_named_exactly_once(void **state)
{
	(void)state;
	FOR_EACH_OPERATION(number)
	if (tg_field_set_has(&tg_operation_info(number)->requested, TG_FIELD_MEMBER)) {
		sample_request(&sample, number, SAMPLE_LOW, true);
		sample_set(&sample, TG_FIELD_MEMBER, SAMPLE_LOW);
		assert_refused(TG_BAD_FIELD, TG_FIELD_IDENTIFIER);
		sample_request(&sample, number, SAMPLE_LOW, false);
		sample_remove(&sample.message, TG_FIELD_MEMBER);
		assert_refused(TG_MISSING_FIELD, TG_FIELD_MEMBER);
		sample_request(&sample, number, SAMPLE_LOW, true);
		sample_remove(&sample.message, TG_FIELD_IDENTIFIER);
		assert_refused(TG_MISSING_FIELD, TG_FIELD_IDENTIFIER);
		sample_request(&sample, number, SAMPLE_LOW, true);
		sample_remove(&sample.message, TG_FIELD_IDENTIFIER_TYPE);
		assert_refused(TG_MISSING_FIELD, TG_FIELD_IDENTIFIER_TYPE);
	}
}

/* What: what single operations ask beyond their rows.  How: the field left out, one by one. */
static void
fields_that_need_each_other_are_asked_for(void **state)
{
	(void)state;
	sample_request(&sample, TG_OP_AUTH, SAMPLE_LOW, false);
	sample_remove(&sample.message, TG_FIELD_PROOF);
	assert_refused(TG_MISSING_FIELD, TG_FIELD_PROOF);
	sample_request(&sample, TG_OP_ENROLL, SAMPLE_LOW, true);
	sample_remove(&sample.message, TG_FIELD_NEW_TYPE);
	assert_refused(TG_MISSING_FIELD, TG_FIELD_NEW_TYPE);
	sample_request(&sample, TG_OP_REFUND, SAMPLE_LOW, false);
	sample_remove(&sample.message, TG_FIELD_ORIGINAL);
	sample_remove(&sample.message, TG_FIELD_ORIGINAL_BURN);
	assert_refused(TG_MISSING_FIELD, TG_FIELD_ORIGINAL);
	sample_request(&sample, TG_OP_QUOTE, SAMPLE_LOW, false);
	sample_remove(&sample.message, TG_FIELD_AMOUNT);
	assert_refused(TG_MISSING_FIELD, TG_FIELD_AMOUNT);
	sample_request(&sample, TG_OP_QUOTE, SAMPLE_LOW, false);
	tg_message_set_integer(&sample.message, TG_FIELD_QUOTED_OPERATION, TG_OP_BURN);
	sample_remove(&sample.message, TG_FIELD_POINTS);
	assert_refused(TG_MISSING_FIELD, TG_FIELD_POINTS);
	tg_message_set_integer(&sample.message, TG_FIELD_QUOTED_OPERATION, TG_OP_HOLD);
	assert_refused(TG_BAD_FIELD, TG_FIELD_QUOTED_OPERATION);
	sample_request(&sample, TG_OP_QUOTE, SAMPLE_HIGH, false);
	sample_remove(&sample.message, TG_FIELD_DIRECTION);
	assert_refused(TG_MISSING_FIELD, TG_FIELD_DIRECTION);
	sample_request(&sample, TG_OP_EXCHANGE, SAMPLE_LOW, false);
	sample_remove(&sample.message, TG_FIELD_OWN_UNITS);
	assert_refused(TG_MISSING_FIELD, TG_FIELD_OWN_UNITS);
	sample_request(&sample, TG_OP_EXCHANGE, SAMPLE_HIGH, false);
	sample_remove(&sample.message, TG_FIELD_POINTS);
	assert_refused(TG_MISSING_FIELD, TG_FIELD_POINTS);
}

/* What: a newer server is understood.  How: unknown fields, values beyond a request's bounds. */
static void
answer_of_a_newer_server_is_understood(void **state)
{
	size_t bytes = sample_hex("93 01 cd0800 83 3f 00 10 cf001fffffffffffff ccfa 9101", frame,
				  sizeof(frame));
	uint32_t field;

	(void)state;
	assert_int_equal(tg_decode_answer(frame, bytes, &decoded, &field), TG_OK);
	assert_int_equal(decoded.code, 0x800);
	assert_int_equal(tg_message_integer(&decoded, TG_FIELD_POINTS, 0), TG_BALANCE_MAX);
	bytes = sample_hex("93 01 00 81 50 c40100", frame, sizeof(frame));
	assert_int_equal(tg_decode_answer(frame, bytes, &decoded, &field), TG_BAD_FIELD);
	assert_int_equal(field, TG_FIELD_SERVER_NONCE);
	bytes = sample_hex("93 01 00", frame, sizeof(frame));
	assert_int_equal(tg_decode_answer(frame, bytes, &decoded, &field), TG_BAD_FRAME);
}

/* What: what does not fit is not half written.  How: each capacity below the frame's length. */
static void
frame_that_does_not_fit_is_refused(void **state)
{
	struct tg_writer writer;
	size_t bytes;

	(void)state;
	sample_request(&sample, TG_OP_EARN, SAMPLE_LOW, true);
	tg_writer_init(&writer, frame, sizeof(frame));
	assert_true(tg_encode(&writer, &sample.message));
	bytes = writer.used_bytes;
	for (size_t capacity = 0; capacity < bytes; capacity++) {
		frame[capacity] = 0x5a;
		tg_writer_init(&writer, frame, capacity);
		assert_false(tg_encode(&writer, &sample.message));
		assert_int_equal(frame[capacity], 0x5a);
	}
}

/* What: equal messages give equal bytes, integers in the fewest.  How: one frame, by hand. */
static void
encoding_is_minimal_and_in_order(void **state)
{
	static const uint8_t expected[] = { 0, 0, 0,	12,   0x93, 7,	  3,	0x83,
					    8, 5, 0x40, 0xa1, 'x',  0x42, 0xcc, 200 };
	struct tg_message message;
	struct tg_writer writer;

	(void)state;
	tg_message_init(&message, 7, TG_OP_PING);
	tg_message_set_integer(&message, TG_FIELD_QUEUE_DEPTH, 200);
	tg_message_set_text(&message, TG_FIELD_SOFTWARE, "x");
	tg_message_set_integer(&message, TG_FIELD_BUSINESS_TIME, 5);
	tg_writer_init(&writer, frame, sizeof(frame));
	assert_true(tg_encode(&writer, &message));
	assert_int_equal(writer.used_bytes, sizeof(expected));
	assert_memory_equal(frame, expected, sizeof(expected));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_round_trips),
		cmocka_unit_test(every_answer_round_trips),
		cmocka_unit_test(longest_message_fits_a_frame),
		cmocka_unit_test(missing_field_is_named),
		cmocka_unit_test(required_fields_suffice),
		cmocka_unit_test(value_beyond_its_bound_is_refused),
		cmocka_unit_test(values_are_judged_by_type),
		cmocka_unit_test(flag_is_true_or_false),
		cmocka_unit_test(unknown_field_is_refused_below_64_only),
		cmocka_unit_test(unknown_operation_is_refused),
		cmocka_unit_test(member_is_named_exactly_once),
		cmocka_unit_test(fields_that_need_each_other_are_asked_for),
		cmocka_unit_test(answer_of_a_newer_server_is_understood),
		cmocka_unit_test(frame_that_does_not_fit_is_refused),
		cmocka_unit_test(encoding_is_minimal_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
