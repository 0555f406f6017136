/*
 * test_index.c - the index against a naive map.
 *
 * The hash of these tests is weak on purpose where the fixture says so: long runs of entries that
 * share few homes, also around the end of the slots.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <xxhash.h>

#include "ledger/index.h"

#define KEYS 300
#define ROWS_MAX_LARGEST 200

struct test_row {
	uint64_t key;
	uint64_t is_hidden; /* not in the index */
};

static uint64_t
strong_hash(uint64_t key)
{
	return XXH3_64bits(&key, sizeof(key));
}

/* Homes in the last three slots and the first: every run wraps around. */
static uint64_t
wrapping_hash(uint64_t key)
{
	return (UINT64_MAX - 2 + strong_hash(key) % 4) ^ (strong_hash(key) << 40);
}

static uint64_t
row_strong_hash(const void *row)
{
	return strong_hash(((const struct test_row *)row)->key);
}

static uint64_t
row_wrapping_hash(const void *row)
{
	return wrapping_hash(((const struct test_row *)row)->key);
}

static bool
is_shown(const void *row)
{
	return ((const struct test_row *)row)->is_hidden == 0;
}

static bool
has_key(const void *row, const void *key)
{
	return ((const struct test_row *)row)->key == *(const uint64_t *)key;
}

struct fixture {
	struct table_set set;
	struct table table;
	struct index index;
	uint64_t (*hash)(uint64_t key);
	uint32_t model[KEYS + 1]; /* row of a key; TABLE_NONE: not in the index */
	uint64_t random;
};

static uint32_t
random_below(struct fixture *f, uint32_t bound)
{
	f->random = f->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((f->random >> 33) % bound);
}

static void
fixture_init(struct fixture *f, uint32_t rows_max, uint64_t (*hash)(uint64_t key))
{
	struct table_config table = {
		.name = "test",
		.id = 1,
		.version = 1,
		.row_bytes = sizeof(struct test_row),
		.hashed_bytes = sizeof(struct test_row),
		.rows_max = rows_max,
	};
	struct index_config index = {
		.table = &f->table,
		.row_hash = hash == strong_hash ? row_strong_hash : row_wrapping_hash,
		.has_row = is_shown,
	};

	*f = (struct fixture){ .hash = hash, .random = rows_max };
	assert_int_equal(table_set_init(&f->set), TG_OK);
	assert_int_equal(table_init(&f->set, &f->table, &table), TG_OK);
	assert_int_equal(index_init(&f->index, &index), TG_OK);
}

static void
fixture_deinit(struct fixture *f)
{
	index_deinit(&f->index);
	table_deinit(&f->table);
	table_set_deinit(&f->set);
}

static uint32_t
find(struct fixture *f, uint64_t key)
{
	return index_find(&f->index, f->hash(key), has_key, &key);
}

static void
add(struct fixture *f, uint64_t key)
{
	uint32_t row = table_free_peek(&f->table, 0);

	if (row == TABLE_NONE)
		return;
	((struct test_row *)table_claim(&f->table, row))->key = key;
	index_insert(&f->index, f->hash(key), row);
	f->model[key] = row;
}

static void
drop(struct fixture *f, uint64_t key)
{
	index_remove(&f->index, f->hash(key), f->model[key]);
	table_release(&f->table, f->model[key]);
	f->model[key] = TABLE_NONE;
}

static void
assert_like_model(struct fixture *f)
{
	uint32_t count = 0;

	for (uint64_t key = 1; key <= KEYS; key++) {
		assert_int_equal(find(f, key), f->model[key]);
		count += f->model[key] != TABLE_NONE;
	}
	assert_int_equal(f->index.count, count);
}

/* Random lookups, entries and removals; occasionally all keys are compared. */
static void
run_random(uint32_t rows_max, uint64_t (*hash)(uint64_t key), uint32_t operations)
{
	struct fixture f;

	fixture_init(&f, rows_max, hash);
	for (uint32_t i = 0; i < operations; i++) {
		uint64_t key = 1 + random_below(&f, KEYS);

		if (find(&f, key) != f.model[key])
			fail_msg("key %u of %u rows", (unsigned)key, (unsigned)rows_max);
		if (random_below(&f, 4) == 0)
			continue;
		if (f.model[key] == TABLE_NONE)
			add(&f, key);
		else
			drop(&f, key);
		if (i % 10000 == 0)
			assert_like_model(&f);
	}
	assert_like_model(&f);
	fixture_deinit(&f);
}

/* What: lookups are right after millions of operations, in tables of many sizes, also full ones. */
static void
index_is_like_a_naive_map(void **state)
{
	const uint32_t sizes[] = { 1, 2, 3, 5, 10, 21, 42, 43, 100, ROWS_MAX_LARGEST };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		run_random(sizes[i], strong_hash, 300000);
}

/* What: removal moves entries up across the end of the slots. */
static void
removal_wraps_around_the_end(void **state)
{
	const uint32_t sizes[] = { 2, 5, 10, 43, 120 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		run_random(sizes[i], wrapping_hash, 60000);
}

/* What: rebuilding gives the same answers, and leaves out rows that do not belong in. */
static void
rebuild_enters_the_rows_that_belong_in(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, ROWS_MAX_LARGEST, strong_hash);
	for (uint64_t key = 1; key <= ROWS_MAX_LARGEST; key++)
		add(&f, key);
	for (uint64_t key = 1; key <= ROWS_MAX_LARGEST; key += 3)
		drop(&f, key);
	index_rebuild(&f.index);
	assert_like_model(&f);
	((struct test_row *)table_edit(&f.table, f.model[2]))->is_hidden = 1;
	index_rebuild(&f.index);
	f.model[2] = TABLE_NONE;
	assert_like_model(&f);
	index_clear(&f.index);
	for (uint64_t key = 1; key <= KEYS; key++)
		assert_int_equal(find(&f, key), TABLE_NONE);
	fixture_deinit(&f);
}

/* What: there are at least one and a half slots a row, four bytes each. */
static void
slots_are_at_least_one_and_a_half_a_row(void **state)
{
	(void)state;
	for (uint32_t rows_max = 1; rows_max < 5000; rows_max++) {
		struct fixture f;

		fixture_init(&f, rows_max, strong_hash);
		assert_true((f.index.slot_mask + 1) * 2 >= (size_t)rows_max * 3);
		assert_true(f.index.row_mask >= rows_max);
		assert_int_equal((f.index.slot_mask + 1) & f.index.slot_mask, 0);
		fixture_deinit(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_is_like_a_naive_map),
		cmocka_unit_test(removal_wraps_around_the_end),
		cmocka_unit_test(rebuild_enters_the_rows_that_belong_in),
		cmocka_unit_test(slots_are_at_least_one_and_a_half_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
