/*
 * test_fingerprint.c - equal requests have one fingerprint, different ones have two.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/decode.h"
#include "protocol/fingerprint.h"
#include "tests/protocol/samples.h"

static struct sample sample;
static struct tg_message decoded;
static uint8_t frame[16 * 1024];

#define FOR_EACH_TRANSACTION(number) \
	for (uint32_t number = tg_operation_next(0); number != 0; \
	     number = tg_operation_next(number)) \
		if (tg_operation_info(number)->has_transaction_id)

/* The fingerprint of a request that is written in hex. */
static void
print_hex(const char *hex, uint8_t ret_print[TG_FINGERPRINT_BYTES])
{
	size_t bytes = sample_hex(hex, frame, sizeof(frame));
	uint32_t field;

	assert_int_equal(tg_decode_request(frame, bytes, &decoded, &field), TG_OK);
	tg_fingerprint(&decoded, ret_print);
}

/* What: the encoder of a terminal does not matter.  How: one earn, as short and long as can be. */
static void
width_and_order_do_not_change_it(void **state)
{
	uint8_t narrow[TG_FINGERPRINT_BYTES], wide[TG_FINGERPRINT_BYTES];

	(void)state;
	print_hex("93 01 14 86 07 c410 01*16 08 05 0a 01 0b a3313233 0e 64"
		  "18 91 94 a161 01 02 03",
		  narrow);
	print_hex("dd00000003 cf0000000000000009 cd0014 df00000006 "
		  "d30000000000000018 dd00000001 dd00000004 db0000000161 d200000001 "
		  "cf0000000000000002 d003 "
		  "ce0000000e d10064 cc0b db00000003313233 d10008 ce00000005 0a cd0001 "
		  "cf0000000000000007 c600000010 01*16",
		  wide);
	assert_memory_equal(narrow, wide, sizeof(narrow));
}

/* What: one printed field changed is another request.  How: every field of every transaction. */
static void
change_of_any_printed_field_changes_it(void **state)
{
	(void)state;
	FOR_EACH_TRANSACTION(number)
	{
		const struct tg_field_set *printed = &tg_operation_info(number)->printed;

		for (enum tg_field f = tg_field_set_next(printed, 0); f < TG_FIELD_COUNT;
		     f = tg_field_set_next(printed, f + 1)) {
			uint8_t before[TG_FINGERPRINT_BYTES], after[TG_FINGERPRINT_BYTES];

			sample_request(&sample, number, SAMPLE_LOW, f != TG_FIELD_MEMBER);
			tg_fingerprint(&sample.message, before);
			if (tg_field_info(f)->type == TG_TYPE_BIN)
				tg_message_set_bytes(&sample.message, f, "ABCDEFGHIJKLMNOP", 16);
			else
				sample_set(&sample, f, SAMPLE_HIGH);
			tg_fingerprint(&sample.message, after);
			assert_memory_not_equal(before, after, sizeof(before));
			sample_remove(&sample.message, f);
			tg_fingerprint(&sample.message, after);
			assert_memory_not_equal(before, after, sizeof(before));
		}
	}
}

/* What: a repeat, late, from another terminal, is the same request.  How: those fields changed. */
static void
change_of_an_unprinted_field_does_not(void **state)
{
	(void)state;
	FOR_EACH_TRANSACTION(number)
	{
		const struct tg_operation_info *info = tg_operation_info(number);

		for (uint32_t f = tg_field_next(0); f != 0; f = tg_field_next(f)) {
			uint8_t before[TG_FINGERPRINT_BYTES], after[TG_FINGERPRINT_BYTES];

			if (!tg_field_set_has(&info->requested, f) ||
			    tg_field_set_has(&info->printed, f))
				continue;
			sample_request(&sample, number, SAMPLE_LOW, true);
			tg_fingerprint(&sample.message, before);
			sample_remove(&sample.message, f);
			tg_fingerprint(&sample.message, after);
			assert_memory_equal(before, after, sizeof(before));
		}
	}
}

/* What: the operation counts.  How: LINK and UNLINK have the same fields. */
static void
operation_changes_it(void **state)
{
	uint8_t link[TG_FINGERPRINT_BYTES], unlink[TG_FINGERPRINT_BYTES];

	(void)state;
	sample_request(&sample, TG_OP_LINK, SAMPLE_LOW, true);
	tg_fingerprint(&sample.message, link);
	sample.message.code = TG_OP_UNLINK;
	tg_fingerprint(&sample.message, unlink);
	assert_memory_not_equal(link, unlink, sizeof(link));
}

/* What: the longest request has one, too.  How: all fields at their most. */
static void
longest_request_has_one(void **state)
{
	uint8_t print[TG_FINGERPRINT_BYTES];

	(void)state;
	FOR_EACH_TRANSACTION(number)
	{
		sample_request(&sample, number, SAMPLE_HIGH, true);
		tg_fingerprint(&sample.message, print);
	}
}

/* What: fingerprints are kept for days, so they must not change.  How: one, by value. */
static void
fingerprint_of_an_earn_is_pinned(void **state)
{
	uint8_t print[TG_FINGERPRINT_BYTES];
	char text[2 * TG_FINGERPRINT_BYTES + 1];

	(void)state;
	print_hex("93 01 14 85 07 c410 01*16 08 05 0a 01 0b a3313233 0e 64", print);
	for (size_t i = 0; i < sizeof(print); i++)
		snprintf(text + 2 * i, 3, "%02x", print[i]);
	assert_string_equal(text, "9d8daacc9cca97b8bcde91c5df7dde47");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(width_and_order_do_not_change_it),
		cmocka_unit_test(change_of_any_printed_field_changes_it),
		cmocka_unit_test(change_of_an_unprinted_field_does_not),
		cmocka_unit_test(operation_changes_it),
		cmocka_unit_test(longest_request_has_one),
		cmocka_unit_test(fingerprint_of_an_earn_is_pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
