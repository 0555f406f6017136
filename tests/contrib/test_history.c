/*
 * test_history.c - a purchase history is read, made and written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "contrib/load/history.h"

/* Read a history from text. */
static bool
read_text(const char *text, struct history *ret_history, struct failure *failure)
{
	FILE *file = tmpfile();
	bool is_ok;

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	rewind(file);
	is_ok = history_read(file, "sample", ret_history, failure);
	fclose(file);
	return is_ok;
}

/* What: lines of either end are purchases, sorted by day, members numbered in order.
 * How:  four lines, of which three share a day; CR LF, blank lines, one and two decimals. */
static void
purchases_are_read_in_order_of_day(void **state)
{
	struct history history = { .purchases = NULL };
	struct failure failure = { "" };

	(void)state;
	assert_true(read_text(" 00007 19970112  1   12.00\r\n\n 00002 19970101 5   77.1\n"
			      "00007 19970101 2 0\n \t\n 00009 19970101 2 0.05",
			      &history, &failure));
	assert_int_equal(history.purchase_count, 4);
	assert_int_equal(history.member_count, 3);
	assert_int_equal(history.customers[0], 2);
	assert_int_equal(history.customers[1], 7);
	assert_int_equal(history.customers[2], 9);
	assert_int_equal(history.purchases[0].customer, 2);
	assert_int_equal(history.purchases[0].amount_cents, 7710);
	assert_int_equal(history.purchases[0].item_count, 5);
	assert_int_equal(history.purchases[1].customer, 7);
	assert_int_equal(history.purchases[1].amount_cents, 0);
	assert_int_equal(history.purchases[2].amount_cents, 5);
	assert_int_equal(history.purchases[3].member, 1);
	assert_int_equal(history.purchases[3].amount_cents, 1200);
	assert_int_equal(history.purchases[3].day - history.purchases[0].day, 11);
	history_deinit(&history);
}

/* What: what is no purchase is refused, and the line is named. */
static void
what_is_no_purchase_is_refused(void **state)
{
	static const char *const bad[] = {
		"00001 19970101 1",
		"00001 19970101 1 1.2.3",
		"00001 19970101 1 1.234",
		"00001 19970101 1 -1.00",
		"00001 19970230 1 1.00",
		"00001 199701011 1 1.00",
		"x 19970101 1 1.00",
		"00001 19970101 1 1.00 more",
		"00001 19970101 1 99999999999999999999",
		"4294967296 19970101 1 1.00",
		"00001,19970101,1,1.00",
		"00001 19970101 1 1.",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct history history = { .purchases = NULL };
		struct failure failure = { "" };
		char text[128];

		snprintf(text, sizeof(text), "00001 19970101 1 1.00\n%s\n", bad[i]);
		assert_false(read_text(text, &history, &failure));
		assert_non_null(strstr(failure.text, "sample:2:"));
	}
}

/* What: a file without purchases is refused, and so is a line without end. */
static void
an_empty_file_is_refused(void **state)
{
	struct history history = { .purchases = NULL };
	struct failure failure = { "" };
	char endless[1000];

	(void)state;
	assert_false(read_text("\n \n", &history, &failure));
	assert_non_null(strstr(failure.text, "no purchases"));
	memset(endless, ' ', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	assert_false(read_text(endless, &history, &failure));
}

/* What: a generated history has the shape of a real one, and the same seed repeats it.
 * How:  20,000 customers over 546 days: everybody buys, first within a quarter; about half buy
 * once;
 *       about three purchases each; about 36 units of money each. */
static void
a_generated_history_has_the_real_shape(void **state)
{
	struct history_shape shape = { 20000, 9862, 546, 5 };
	struct history history = { .purchases = NULL }, again = { .purchases = NULL };
	uint32_t *counts = calloc(shape.customer_count, sizeof(*counts));
	uint32_t once_count = 0;
	int64_t cents = 0;

	(void)state;
	assert_non_null(counts);
	history_generate(&shape, &history);
	history_generate(&shape, &again);
	assert_int_equal(history.member_count, shape.customer_count);
	assert_int_equal(history.purchase_count, again.purchase_count);
	assert_memory_equal(history.purchases, again.purchases,
			    history.purchase_count * sizeof(*history.purchases));
	for (size_t i = 0; i < history.purchase_count; i++) {
		const struct purchase *purchase = &history.purchases[i];

		if (counts[purchase->member]++ == 0)
			assert_in_range(purchase->day - shape.first_day, 0, 89);
		assert_in_range(purchase->day - shape.first_day, 0, 545);
		assert_true(i == 0 || purchase->day >= history.purchases[i - 1].day);
		cents += purchase->amount_cents;
	}
	for (uint32_t i = 0; i < shape.customer_count; i++)
		once_count += counts[i] == 1;
	assert_in_range(once_count, shape.customer_count * 45 / 100,
			shape.customer_count * 60 / 100);
	assert_in_range(history.purchase_count, shape.customer_count * 26 / 10,
			shape.customer_count * 34 / 10);
	assert_in_range(cents / (int64_t)history.purchase_count, 3200, 4100);
	free(counts);
	history_deinit(&history);
	history_deinit(&again);
}

/* What: what is written is read back the same. */
static void
a_written_history_is_read_back(void **state)
{
	struct history_shape shape = { 300, 9862, 546, 9 };
	struct history written = { .purchases = NULL }, back = { .purchases = NULL };
	struct failure failure = { "" };
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	history_generate(&shape, &written);
	assert_true(history_write(&written, file));
	rewind(file);
	assert_true(history_read(file, "written", &back, &failure));
	fclose(file);
	assert_int_equal(back.purchase_count, written.purchase_count);
	assert_memory_equal(back.purchases, written.purchases,
			    back.purchase_count * sizeof(*back.purchases));
	history_deinit(&written);
	history_deinit(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(purchases_are_read_in_order_of_day),
		cmocka_unit_test(what_is_no_purchase_is_refused),
		cmocka_unit_test(an_empty_file_is_refused),
		cmocka_unit_test(a_generated_history_has_the_real_shape),
		cmocka_unit_test(a_written_history_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
