/*
 * test_frame.c - frames in a stream of bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/frame.h"

#define LIMIT 100

/* Put a header with this length and say what the reader makes of it and of the bytes after it. */
static enum tg_frame_state
peek_length(uint32_t length, size_t bytes_there, struct tg_frame *ret_frame)
{
	static uint8_t data[4 * LIMIT];

	memset(data, 0xc0, sizeof(data));
	data[0] = (uint8_t)(length >> 24);
	data[1] = (uint8_t)(length >> 16);
	data[2] = (uint8_t)(length >> 8);
	data[3] = (uint8_t)length;
	return tg_frame_peek(data, bytes_there, LIMIT, ret_frame);
}

/* What: each length at an edge is judged by the header alone.  How: a table. */
static void
length_at_the_edges_is_judged(void **state)
{
	static const struct {
		uint32_t length;
		size_t bytes_there;
		enum tg_frame_state expected;
	} cases[] = {
		{ 0, 4, TG_FRAME_EMPTY },
		{ 0, 50, TG_FRAME_EMPTY },
		{ 1, 4, TG_FRAME_MORE },
		{ 1, 5, TG_FRAME_WHOLE },
		{ LIMIT - 1, 4 + LIMIT - 1, TG_FRAME_WHOLE },
		{ LIMIT, 4 + LIMIT - 1, TG_FRAME_MORE },
		{ LIMIT, 4 + LIMIT, TG_FRAME_WHOLE },
		{ LIMIT, 4 + LIMIT + 1, TG_FRAME_WHOLE },
		{ LIMIT + 1, 4, TG_FRAME_OVERSIZE },
		{ LIMIT + 1, 4 + LIMIT + 1, TG_FRAME_OVERSIZE },
		{ UINT32_C(1) << 31, 4, TG_FRAME_OVERSIZE },
		{ UINT32_MAX, 4, TG_FRAME_OVERSIZE },
		{ UINT32_MAX, 3, TG_FRAME_MORE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tg_frame frame;

		assert_int_equal(peek_length(cases[i].length, cases[i].bytes_there, &frame),
				 cases[i].expected);
		assert_true((frame.payload != NULL) == (cases[i].expected == TG_FRAME_WHOLE));
	}
}

/* What: a frame that comes byte by byte is whole with its last byte.  How: each prefix. */
static void
split_frame_is_whole_with_its_last_byte(void **state)
{
	uint8_t data[TG_FRAME_HEADER_BYTES + 10] = { 0 };
	struct tg_frame frame;

	(void)state;
	tg_frame_put_header(data, 10);
	for (size_t n = 0; n < sizeof(data); n++) {
		assert_int_equal(tg_frame_peek(data, n, LIMIT, &frame), TG_FRAME_MORE);
		assert_int_equal(frame.frame_bytes,
				 n < TG_FRAME_HEADER_BYTES ? TG_FRAME_HEADER_BYTES : sizeof(data));
	}
	assert_int_equal(tg_frame_peek(data, sizeof(data), LIMIT, &frame), TG_FRAME_WHOLE);
	assert_ptr_equal(frame.payload, data + TG_FRAME_HEADER_BYTES);
	assert_int_equal(frame.payload_bytes, 10);
	assert_int_equal(frame.frame_bytes, sizeof(data));
}

/* What: frames of one read are found one after the other.  How: lengths 1 to 30 in a row. */
static void
many_frames_in_one_read_are_found(void **state)
{
	uint8_t data[1024];
	size_t used = 0, at = 0;
	struct tg_frame frame;

	(void)state;
	for (size_t length = 1; length <= 30; length++) {
		tg_frame_put_header(data + used, length);
		memset(data + used + TG_FRAME_HEADER_BYTES, (int)length, length);
		used += TG_FRAME_HEADER_BYTES + length;
	}
	for (size_t length = 1; length <= 30; length++) {
		assert_int_equal(tg_frame_peek(data + at, used - at, LIMIT, &frame),
				 TG_FRAME_WHOLE);
		assert_int_equal(frame.payload_bytes, length);
		assert_int_equal(frame.payload[0], length);
		at += frame.frame_bytes;
	}
	assert_int_equal(at, used);
	assert_int_equal(tg_frame_peek(data + at, 0, LIMIT, &frame), TG_FRAME_MORE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(length_at_the_edges_is_judged),
		cmocka_unit_test(split_frame_is_whole_with_its_last_byte),
		cmocka_unit_test(many_frames_in_one_read_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
