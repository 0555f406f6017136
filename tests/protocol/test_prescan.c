/*
 * test_prescan.c - what the pre-scan lets through and what it stops.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/prescan.h"
#include "tests/protocol/samples.h"

/* A frame as hex and what the pre-scan says. */
struct scan_case {
	const char *claim; /* what the frame shows */
	const char *hex;   /* see sample_hex() */
	bool is_accepted;
};

static const struct scan_case cases[] = {
	{ "empty body", "93 01 14 80", true },
	{ "server's own message", "93 00 04 80", true },
	{ "largest request id and code", "93 ceffffffff cdffff 80", true },
	{ "integers of every width", "93 d30000000000000001 d200000014 de0000", true },
	{ "every scalar",
	  "93 01 14 86 01c0 02c2 03c3 04cfffffffffffffffff 05ff 06d38000000000000000", true },
	{ "text and bytes of every width",
	  "93 01 14 87 01a161 02d90161 03da000161 04db0000000161 05c40100 06c5000100 "
	  "07c60000000100",
	  true },
	{ "keys of every width", "93 01 14 85 0101 cc0201 cd000301 ce0000000401 d00501", true },
	{ "array of arrays", "93 01 14 81 18 91 94 a0 00 00 00", true },
	{ "item with a body", "93 01 28 81 24 91 92 14 81 0101", true },
	{ "same key in two bodies", "93 01 28 81 24 92 92 14 81 0101 92 14 81 0101", true },
	{ "deepest nesting", "93 01 28 81 01 91 91 91 91 91 90", true },

	{ "nothing", "", false },
	{ "the byte that is never used", "c1", false },
	{ "no array", "01", false },
	{ "array of two", "92 01 14", false },
	{ "array of four", "94 01 14 80 80", false },
	{ "request id below 0", "93 ff 14 80", false },
	{ "request id above 32 bits", "93 cf0000000100000000 14 80", false },
	{ "request id is text", "93 a131 14 80", false },
	{ "code above 16 bits", "93 01 ce00010000 80", false },
	{ "code below 0", "93 01 ff 80", false },
	{ "body is an array", "93 01 14 90", false },
	{ "body is nil", "93 01 14 c0", false },
	{ "cut off in the body", "93 01 14 81 01", false },
	{ "cut off in an integer", "93 01 14 81 01 ce0000", false },
	{ "cut off in text", "93 01 14 81 01 a36161", false },
	{ "trailing byte", "93 01 14 80 00", false },
	{ "trailing frame", "93 01 14 80 93 01 14 80", false },
	{ "key twice", "93 01 14 82 01 00 01 00", false },
	{ "key twice in different widths", "93 01 14 82 01 00 cd0001 00", false },
	{ "key twice, the largest", "93 01 14 82 ccff 00 ccff 00", false },
	{ "key twice in an item", "93 01 28 81 24 91 92 14 82 0101 0101", false },
	{ "key is text", "93 01 14 81 a141 00", false },
	{ "key below 0", "93 01 14 81 ff 00", false },
	{ "key above 255", "93 01 14 81 cd0100 00", false },
	{ "key is nil", "93 01 14 81 c0 00", false },
	{ "float", "93 01 14 81 01 ca00000000", false },
	{ "double", "93 01 14 81 01 cb0000000000000000", false },
	{ "not a number", "93 01 14 81 01 cb7ff8000000000000", false },
	{ "extension of one byte", "93 01 14 81 01 d40000", false },
	{ "extension with length", "93 01 14 81 01 c7000a", false },
	{ "time stamp", "93 01 14 81 01 d6ff00000000", false },
	{ "unused byte in a value", "93 01 14 81 01 c1", false },
	{ "unused byte in an array", "93 01 14 81 01 91 c1", false },
	{ "map as a value", "93 01 14 81 01 80", false },
	{ "map in an array", "93 01 14 81 01 91 80", false },
	{ "map in a line", "93 01 14 81 01 91 91 91 80", false },
	{ "map in an item's body", "93 01 28 81 24 91 92 14 81 01 80", false },
	{ "one level too deep", "93 01 28 81 01 91 91 91 91 91 91 90", false },
	{ "nested ten thousand deep", "93 01 14 81 01 91*10000 c0", false },
	{ "nested from the first byte", "91*10000", false },
	{ "array of 2^32 - 1", "93 01 14 81 01 ddffffffff", false },
	{ "array of 2^32 - 1 as the frame", "ddffffffff", false },
	{ "array of 2^24 and nothing", "dd01000000", false },
	{ "map of 2^32 - 1", "93 01 14 dfffffffff", false },
	{ "map of 2^31, twice which is 0", "93 01 14 df80000000", false },
	{ "map of 2^32 - 1 in an item", "93 01 28 81 24 91 92 14 dfffffffff", false },
	{ "map of more pairs than keys", "93 01 14 de0101 00*514", false },
	{ "text longer than the frame", "93 01 14 81 01 dbffffffff", false },
	{ "bytes longer than the frame", "93 01 14 81 01 c6ffffffff 00*100", false },
	{ "array longer than the frame", "93 01 14 81 01 dc0100 00*255", false },
	{ "array longer than any field", "93 01 14 81 01 dc1fff 00*8191", false },
};

static uint8_t frame[16 * 1024];

/* What: frames are judged by their shape.  How: a table of frames, each with its claim. */
static void
frames_are_judged_by_their_shape(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t bytes = sample_hex(cases[i].hex, frame, sizeof(frame));
		struct tg_scan scan;
		bool is_accepted = tg_prescan(frame, bytes, &scan) == TG_OK;

		if (is_accepted != cases[i].is_accepted)
			fail_msg("%s", cases[i].claim);
	}
}

/* What: no prefix of a frame is taken for a frame.  How: each accepted case, cut at each byte. */
static void
cut_frame_is_refused_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t bytes = sample_hex(cases[i].hex, frame, sizeof(frame));
		struct tg_scan scan;

		for (size_t n = 0; cases[i].is_accepted && n < bytes; n++)
			assert_int_equal(tg_prescan(frame, n, &scan), TG_BAD_FRAME);
	}
}

/* What: the longest array of a field passes.  How: 8,190 elements. */
static void
longest_array_passes(void **state)
{
	size_t bytes = sample_hex("93 01 28 81 24 dc1ffe 00*8190", frame, sizeof(frame));
	struct tg_scan scan;

	(void)state;
	assert_int_equal(tg_prescan(frame, bytes, &scan), TG_OK);
}

/* What: the scan tells id, code, fields and where they begin.  How: a frame with two fields. */
static void
scan_tells_what_it_found(void **state)
{
	size_t bytes = sample_hex("93 cd1234 14 82 0107 0208", frame, sizeof(frame));
	struct tg_scan scan;

	(void)state;
	assert_int_equal(tg_prescan(frame, bytes, &scan), TG_OK);
	assert_int_equal(scan.request_id, 0x1234);
	assert_int_equal(scan.code, 20);
	assert_int_equal(scan.field_count, 2);
	assert_ptr_equal(scan.body.at, frame + 6);
	assert_ptr_equal(scan.body.end, frame + bytes);
}

/* What: a bad frame can still be answered.  How: the id is told when it could be read. */
static void
bad_frame_tells_its_request_id(void **state)
{
	size_t bytes = sample_hex("93 07 14 81 01 c1", frame, sizeof(frame));
	struct tg_scan scan;

	(void)state;
	assert_int_equal(tg_prescan(frame, bytes, &scan), TG_BAD_FRAME);
	assert_int_equal(scan.request_id, 7);
	bytes = sample_hex("93 c1 14 80", frame, sizeof(frame));
	assert_int_equal(tg_prescan(frame, bytes, &scan), TG_BAD_FRAME);
	assert_int_equal(scan.request_id, 0);
}

/* What: a value is passed over whole, and only whole.  How: values with a byte after, and cut. */
static void
value_is_skipped_whole(void **state)
{
	static const char *const values[] = { "c0",
					      "cd0102",
					      "a3616263",
					      "c40101",
					      "92 01 91 02",
					      "82 01 91 02 03 a161",
					      "dc0003 01 02 03" };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		size_t bytes = sample_hex(values[i], frame, sizeof(frame));
		struct tg_cursor cursor = { frame, frame + bytes + 1 };

		assert_true(tg_cursor_skip(&cursor));
		assert_ptr_equal(cursor.at, frame + bytes);
		for (size_t n = 0; n < bytes; n++) {
			cursor = (struct tg_cursor){ frame, frame + n };
			assert_false(tg_cursor_skip(&cursor));
		}
	}
	for (int refused = 0; refused < 2; refused++) {
		struct tg_cursor cursor = { frame, frame + 8 };

		sample_hex(refused ? "c1 00*7" : "ddffffffff 00*3", frame, sizeof(frame));
		assert_false(tg_cursor_skip(&cursor));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_judged_by_their_shape),
		cmocka_unit_test(cut_frame_is_refused_at_every_byte),
		cmocka_unit_test(longest_array_passes),
		cmocka_unit_test(scan_tells_what_it_found),
		cmocka_unit_test(bad_frame_tells_its_request_id),
		cmocka_unit_test(value_is_skipped_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
