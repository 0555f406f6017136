/*
 * test_message.c - the message table: rules that its rows keep.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/message.h"

#define FOR_EACH_OPERATION(number) \
	for (uint32_t number = tg_operation_next(0); number != 0; \
	     number = tg_operation_next(number))

/* What: a field is found by its number, and there is room for it.  How: every field, gaps. */
static void
field_is_found_by_its_number(void **state)
{
	(void)state;
	for (uint32_t f = tg_field_next(0); f != 0; f = tg_field_next(f)) {
		assert_true(f < TG_FIELD_COUNT);
		assert_int_equal(tg_field_info(f)->number, f);
		assert_string_equal(tg_field_name(f), tg_field_info(f)->name);
	}
	assert_int_equal(tg_field_next(63), 64);
	assert_int_equal(tg_field_next(TG_FIELD_COUNT), 0);
	assert_null(tg_field_info(0));
	assert_null(tg_field_info(63));
	assert_null(tg_field_info(TG_FIELD_COUNT));
	assert_null(tg_field_info(UINT64_MAX));
	assert_string_equal(tg_field_name(63), "?");
}

/* What: bounds are in order, and rows of array types have columns.  How: every field. */
static void
bounds_are_in_order(void **state)
{
	(void)state;
	for (uint32_t f = tg_field_next(0); f != 0; f = tg_field_next(f)) {
		const struct tg_field_info *info = tg_field_info(f);
		uint32_t count;
		const struct tg_field_info *columns = tg_type_columns(info->type, &count);

		assert_true(info->low <= info->high);
		assert_true((columns == NULL) == (count == 0));
		assert_true(strlen(tg_type_name(info->type)) >= 3);
		assert_true(strlen(tg_type_text(info->type)) >= 3);
		for (uint32_t i = 0; i < count; i++)
			assert_true(columns[i].low <= columns[i].high);
	}
}

/* What: what must be there may be there, and nothing else is printed.  How: every operation. */
static void
sets_of_an_operation_agree(void **state)
{
	(void)state;
	FOR_EACH_OPERATION(number)
	{
		const struct tg_operation_info *info = tg_operation_info(number);

		for (int i = 0; i < TG_FIELD_WORDS; i++) {
			assert_int_equal(info->required.words[i] & ~info->requested.words[i], 0);
			assert_int_equal(info->printed.words[i] & ~info->requested.words[i], 0);
		}
	}
}

/* What: every transaction has its id, its time, its member, and room for a repeat.  How: all. */
static void
transaction_carries_what_makes_it_one(void **state)
{
	(void)state;
	FOR_EACH_OPERATION(number)
	{
		const struct tg_operation_info *info = tg_operation_info(number);
		bool is_one = info->has_transaction_id;

		assert_int_equal(tg_field_set_has(&info->requested, TG_FIELD_TRANSACTION_ID),
				 is_one);
		assert_int_equal(tg_field_set_has(&info->required, TG_FIELD_TRANSACTION_ID),
				 is_one);
		assert_int_equal(tg_field_set_has(&info->required, TG_FIELD_BUSINESS_TIME), is_one);
		assert_int_equal(tg_field_set_has(&info->requested, TG_FIELD_REPEAT), is_one);
		assert_int_equal(tg_field_set_has(&info->requested, TG_FIELD_LATE), is_one);
		assert_true(tg_field_set_has(&info->requested, TG_FIELD_IDENTIFIER) || !is_one);
		assert_true(tg_field_set_has(&info->replied, TG_FIELD_SEQUENCE) || !is_one);
		assert_true(tg_field_set_has(&info->replied, TG_FIELD_REPLAY) || !is_one);
	}
}

/* What: a second sending under the same id has the same fingerprint.  How: what may change then. */
static void
what_may_change_on_a_repeat_is_not_printed(void **state)
{
	static const enum tg_field unprinted[] = {
		TG_FIELD_TRANSACTION_ID, TG_FIELD_TERMINAL, TG_FIELD_STORE,    TG_FIELD_REPEAT,
		TG_FIELD_LATE,		 TG_FIELD_ATTEMPT,  TG_FIELD_SOFTWARE,
	};

	(void)state;
	FOR_EACH_OPERATION(number)
	{
		const struct tg_operation_info *info = tg_operation_info(number);
		struct tg_field_set rest = info->requested;

		if (!info->has_transaction_id)
			continue;
		for (size_t i = 0; i < sizeof(unprinted) / sizeof(unprinted[0]); i++) {
			assert_false(tg_field_set_has(&info->printed, unprinted[i]));
			rest.words[unprinted[i] / 64] &= ~(UINT64_C(1) << (unprinted[i] % 64));
		}
		assert_memory_equal(&rest, &info->printed, sizeof(rest));
	}
}

/* What: gaps in the numbers are no operations.  How: a gap, the end, a huge number. */
static void
gap_is_no_operation(void **state)
{
	(void)state;
	assert_null(tg_operation_info(0));
	assert_null(tg_operation_info(6));
	assert_null(tg_operation_info(44));
	assert_null(tg_operation_info(UINT64_MAX));
	assert_int_equal(tg_operation_next(5), 10);
	assert_int_equal(tg_operation_next(43), 50);
	assert_int_equal(tg_operation_next(51), 0);
	assert_string_equal(tg_operation_name(6), "?");
	assert_string_equal(tg_operation_name(TG_OP_EARN), "EARN");
}

/* What: rights go to words and back.  How: every bit. */
static void
right_goes_to_word_and_back(void **state)
{
	(void)state;
	for (uint32_t bit = 1; bit <= TG_RIGHT_VALUE; bit <<= 1)
		assert_int_equal(tg_right_by_name(tg_right_name(bit)), bit);
	assert_int_equal(tg_right_by_name("Act_For"), TG_RIGHT_ACT_FOR);
	assert_int_equal(tg_right_by_name("everything"), 0);
	assert_string_equal(tg_right_name(3), "?");
}

/* What: walking a set gives its members in order.  How: all words, both ends. */
static void
set_is_walked_in_order(void **state)
{
	struct tg_field_set set = { { 0 } };

	(void)state;
	assert_int_equal(tg_field_set_next(&set, 0), TG_FIELD_COUNT);
	tg_field_set_add(&set, (enum tg_field)0);
	tg_field_set_add(&set, (enum tg_field)63);
	tg_field_set_add(&set, (enum tg_field)64);
	assert_int_equal(tg_field_set_next(&set, 0), 0);
	assert_int_equal(tg_field_set_next(&set, 1), 63);
	assert_int_equal(tg_field_set_next(&set, 64), 64);
	tg_field_set_add(&set, (enum tg_field)(TG_FIELD_COUNT - 1));
	assert_int_equal(tg_field_set_next(&set, 65), TG_FIELD_COUNT - 1);
	assert_int_equal(tg_field_set_next(&set, TG_FIELD_COUNT - 1), TG_FIELD_COUNT - 1);
	assert_int_equal(tg_field_set_next(&set, TG_FIELD_COUNT), TG_FIELD_COUNT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(field_is_found_by_its_number),
		cmocka_unit_test(bounds_are_in_order),
		cmocka_unit_test(sets_of_an_operation_agree),
		cmocka_unit_test(transaction_carries_what_makes_it_one),
		cmocka_unit_test(what_may_change_on_a_repeat_is_not_printed),
		cmocka_unit_test(gap_is_no_operation),
		cmocka_unit_test(right_goes_to_word_and_back),
		cmocka_unit_test(set_is_walked_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
