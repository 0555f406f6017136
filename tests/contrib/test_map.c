/*
 * test_map.c - a map finds what was put, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "contrib/load/map.h"
#include "contrib/load/prng.h"

/* What: a map agrees with an array, whatever is put and taken.
 * How:  200,000 random steps over 3,000 keys, then a look at each. */
static void
a_map_agrees_with_an_array(void **state)
{
	enum { KEYS = 3000, STEPS = 200000 };
	uint64_t *expected = calloc(KEYS, sizeof(*expected));
	struct map map = { .places = NULL };
	struct prng prng;
	uint64_t value;

	(void)state;
	assert_non_null(expected);
	prng_init(&prng, 11);
	for (uint64_t i = 1; i <= STEPS; i++) {
		uint64_t key = prng_below(&prng, KEYS);

		if (prng_chance(&prng, 500000)) {
			map_put(&map, key << 32, i);
			expected[key] = i;
		} else {
			assert_int_equal(map_take(&map, key << 32, &value), expected[key] != 0);
			assert_true(expected[key] == 0 || value == expected[key]);
			expected[key] = 0;
		}
	}
	for (uint64_t key = 0; key < KEYS; key++) {
		assert_int_equal(map_get(&map, key << 32, &value), expected[key] != 0);
		assert_true(expected[key] == 0 || value == expected[key]);
		assert_false(map_get(&map, (key << 32) + 1, &value));
	}
	map_clear(&map);
	assert_false(map_get(&map, 0, &value));
	assert_int_equal(map.count, 0);
	map_deinit(&map);
	free(expected);
}

/* What: an empty map finds nothing, and zero is a value like others. */
static void
zero_is_a_value(void **state)
{
	struct map map = { .places = NULL };
	uint64_t value = 9;

	(void)state;
	assert_false(map_get(&map, 5, &value));
	assert_false(map_take(&map, 5, &value));
	map_put(&map, 5, 0);
	assert_true(map_get(&map, 5, &value));
	assert_int_equal(value, 0);
	map_deinit(&map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_agrees_with_an_array),
		cmocka_unit_test(zero_is_a_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
