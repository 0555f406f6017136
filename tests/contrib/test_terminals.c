/*
 * test_terminals.c - terminals are read from a file, with their keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "contrib/load/terminals.h"

#define KEY_TEXT "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

static bool
read_text(const char *text, struct terminals *ret_terminals, struct failure *failure)
{
	FILE *file = tmpfile();
	bool is_ok;

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	rewind(file);
	is_ok = terminals_read(file, "sample", ret_terminals, failure);
	fclose(file);
	return is_ok;
}

/* What: columns are found by their names, in any order; others are passed over. */
static void
columns_have_names(void **state)
{
	struct terminals terminals = { .items = NULL };
	struct failure failure = { "" };

	(void)state;
	assert_true(read_text("# of the shop\r\nname,Partner,terminal,key_generation,store,key\r\n"
			      "\"till, left\",3,17,2,9,\r\n\r\n"
			      "right,3,18,,,\"" KEY_TEXT "\"\r\n",
			      &terminals, &failure));
	assert_int_equal(terminals.count, 2);
	assert_int_equal(terminals.items[0].number, 17);
	assert_int_equal(terminals.items[0].partner, 3);
	assert_int_equal(terminals.items[0].store, 9);
	assert_int_equal(terminals.items[0].generation, 2);
	assert_false(terminals.items[0].has_key);
	assert_int_equal(terminals.items[1].generation, 1);
	assert_true(terminals.items[1].has_key);
	assert_int_equal(terminals.items[1].key[31], 0x1f);
	terminals_deinit(&terminals);
}

/* What: without names the columns are number, store, partner, generation, key. */
static void
columns_have_an_order(void **state)
{
	struct terminals terminals = { .items = NULL };
	struct failure failure = { "" };

	(void)state;
	assert_true(read_text("101,11,1\n102,11,1,3," KEY_TEXT, &terminals, &failure));
	assert_int_equal(terminals.count, 2);
	assert_int_equal(terminals.items[0].store, 11);
	assert_int_equal(terminals.items[1].partner, 1);
	assert_int_equal(terminals.items[1].generation, 3);
	assert_int_equal(terminals.items[1].key[1], 1);
	terminals_deinit(&terminals);
}

/* What: partners take turns, so that a few connections play them all. */
static void
partners_take_turns(void **state)
{
	static const uint32_t expected[] = { 1, 4, 6, 2, 5, 3 };
	struct terminals terminals = { .items = NULL };
	struct failure failure = { "" };

	(void)state;
	assert_true(read_text("1,11,1\n2,11,1\n3,11,1\n4,21,2\n5,21,2\n6,31,3\n", &terminals,
			      &failure));
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(terminals.items[i].number, expected[i]);
	terminals_deinit(&terminals);
}

/* What: a file that is wrong is refused, and the row is named. */
static void
a_wrong_row_is_named(void **state)
{
	static const struct {
		const char *text, *named;
	} bad[] = {
		{ "", "no terminals" },
		{ "number,store\n", "no terminals" },
		{ "101,11,1\n0,11,1\n", "row 2" },
		{ "101,x,1\n", "row 1" },
		{ "101,11,1,65536\n", "generation" },
		{ "101,11,1,1,abcd\n", "64" },
		{ "store,partner\n11,1\n", "row 2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct terminals terminals = { .items = NULL };
		struct failure failure = { "" };

		assert_false(read_text(bad[i].text, &terminals, &failure));
		assert_non_null(strstr(failure.text, bad[i].named));
	}
}

/* What: a key that is not given is derived from the master key, or missed by name. */
static void
a_key_is_derived_or_missed(void **state)
{
	struct terminals terminals = { .items = NULL };
	struct failure failure = { "" };
	uint8_t key[TG_KEY_BYTES], expected[TG_KEY_BYTES];

	(void)state;
	assert_true(read_text("101,11,1,5\n", &terminals, &failure));
	assert_false(terminals_key(&terminals, &terminals.items[0], "here", key, &failure));
	assert_non_null(strstr(failure.text, "101"));
	terminals.master_bytes = 40;
	memset(terminals.master, 9, terminals.master_bytes);
	assert_true(terminals_key(&terminals, &terminals.items[0], "here", key, &failure));
	assert_int_equal(tg_auth_derive_key(terminals.master, 40, "here", 101, 5, expected), TG_OK);
	assert_memory_equal(key, expected, TG_KEY_BYTES);
	terminals_deinit(&terminals);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_have_names),
		cmocka_unit_test(columns_have_an_order),
		cmocka_unit_test(partners_take_turns),
		cmocka_unit_test(a_wrong_row_is_named),
		cmocka_unit_test(a_key_is_derived_or_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
