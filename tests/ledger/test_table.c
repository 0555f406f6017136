/*
 * test_table.c - rows, free rows and the state hash, against a naive model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/table.h"

#define ROWS_MAX 700
#define TABLES 2

/* The row of these tests: all but the last field count in the hash. */
struct test_row {
	uint64_t key;
	int64_t amount;
	uint64_t link;
};

struct fixture {
	struct table_set set;
	struct table tables[TABLES];
	struct test_row model[TABLES][ROWS_MAX + 1]; /* key 0: free */
	uint64_t random;
};

static uint32_t
random_below(struct fixture *f, uint32_t bound)
{
	f->random = f->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((f->random >> 33) % bound);
}

static void
tables_init(struct table_set *set, struct table *tables, uint32_t rows_max)
{
	assert_int_equal(table_set_init(set), TG_OK);
	for (uint32_t i = 0; i < TABLES; i++) {
		struct table_config config = {
			.name = "test",
			.id = 3 + i,
			.version = 1,
			.row_bytes = sizeof(struct test_row),
			.hashed_bytes = offsetof(struct test_row, link),
			.rows_max = rows_max,
		};

		assert_int_equal(table_init(set, &tables[i], &config), TG_OK);
	}
}

static void
tables_deinit(struct table_set *set, struct table *tables)
{
	for (uint32_t i = 0; i < TABLES; i++)
		table_deinit(&tables[i]);
	table_set_deinit(set);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	tables_init(&f->set, f->tables, ROWS_MAX);
	f->random = 42;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	tables_deinit(&f->set, f->tables);
	free(f);
	return 0;
}

static void
claim(struct fixture *f, uint32_t t, uint32_t row, uint64_t key, int64_t amount)
{
	struct test_row *claimed = table_claim(&f->tables[t], row);

	assert_int_equal(claimed->key, 0);
	assert_int_equal(claimed->amount, 0);
	assert_int_equal(claimed->link, 0);
	*claimed = (struct test_row){ .key = key, .amount = amount, .link = row };
	f->model[t][row] = *claimed;
}

static void
edit(struct fixture *f, uint32_t t, uint32_t row, int64_t amount)
{
	struct test_row *edited = table_edit(&f->tables[t], row);

	edited->amount = amount;
	edited->link++;
	f->model[t][row] = *edited;
}

static void
release(struct fixture *f, uint32_t t, uint32_t row)
{
	table_release(&f->tables[t], row);
	f->model[t][row] = (struct test_row){ 0 };
}

static void
assert_hash_equal(struct state_hash a, struct state_hash b)
{
	assert_int_equal(a.low, b.low);
	assert_int_equal(a.high, b.high);
}

/* Every row, count and the free list are as in the model, and the hash is that from scratch. */
static void
assert_like_model(struct fixture *f)
{
	for (uint32_t t = 0; t < TABLES; t++) {
		struct table *table = &f->tables[t];
		bool seen[ROWS_MAX + 1] = { false };
		uint32_t live = 0;

		for (uint32_t row = 1; row <= ROWS_MAX; row++) {
			bool is_live = f->model[t][row].key != 0;

			live += is_live;
			assert_int_equal(table_is_live(table, row), is_live);
			if (is_live)
				assert_memory_equal(table_row(table, row), &f->model[t][row],
						    sizeof(struct test_row));
		}
		assert_int_equal(table->live_count, live);
		assert_int_equal(table_free_count(table), ROWS_MAX - live);
		for (uint32_t nth = 0; nth < ROWS_MAX - live; nth++) {
			uint32_t row = table_free_peek(table, nth);

			assert_in_range(row, 1, ROWS_MAX);
			assert_int_equal(f->model[t][row].key, 0);
			assert_false(seen[row]);
			seen[row] = true;
		}
		assert_int_equal(table_free_peek(table, ROWS_MAX - live), TABLE_NONE);
	}
	assert_hash_equal(table_set_hash(&f->set), table_set_hash_recompute(&f->set));
}

/* One random change of a random table. */
static void
random_change(struct fixture *f)
{
	uint32_t t = random_below(f, TABLES);
	uint32_t row = 1 + random_below(f, ROWS_MAX);
	uint64_t key = 1 + random_below(f, 1000000);

	if (f->model[t][row].key == 0) {
		uint32_t next = table_free_peek(&f->tables[t], random_below(f, 3));

		/* Mostly as decide does it, sometimes any free row, as a record may. */
		if (next != TABLE_NONE && random_below(f, 8) != 0)
			row = next;
		claim(f, t, row, key, random_below(f, 1000));
	} else if (random_below(f, 3) == 0) {
		release(f, t, row);
	} else {
		edit(f, t, row, random_below(f, 1000));
	}
}

/* What: after any sequence of changes rows, free rows, counts and hash are right.
 * How:  random changes against an array; the list settled in random portions. */
static void
any_sequence_of_changes_is_like_the_model(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 40000; i++) {
		random_change(f);
		if (random_below(f, 10) == 0)
			table_set_settle(&f->set, random_below(f, 20));
		if (i % 400 == 0)
			assert_like_model(f);
	}
	assert_like_model(f);
}

/* What: the hash tells states apart, and depends on nothing but the rows' canonical fields.
 * How:  the same rows in other places, in another order, by way of other values. */
static void
hash_depends_on_the_live_rows_alone(void **state)
{
	struct fixture *f = *state;
	struct table_set other;
	struct table tables[TABLES];
	struct state_hash hash;

	tables_init(&other, tables, 50);
	for (uint32_t i = 1; i <= 40; i++)
		claim(f, 0, i, 1000 + i, i);
	for (uint32_t i = 40; i >= 1; i--) {
		struct test_row *row = table_claim(&tables[0], 51 - i);

		*row = (struct test_row){ .key = 1000 + i, .amount = 7, .link = 99 };
	}
	hash = table_set_hash(&f->set);
	assert_false(state_hash_equal(hash, table_set_hash(&other)));
	for (uint32_t i = 1; i <= 40; i++)
		((struct test_row *)table_edit(&tables[0], 51 - i))->amount = i;
	assert_hash_equal(hash, table_set_hash(&other));
	table_release(&tables[0], 11);
	assert_false(state_hash_equal(hash, table_set_hash(&other)));

	/* The same row in a table of another number counts differently. */
	*(struct test_row *)table_claim(&tables[1], 1) = (struct test_row){ 1040, 40, 0 };
	assert_false(state_hash_equal(hash, table_set_hash(&other)));
	table_release(&tables[1], 1);
	*(struct test_row *)table_claim(&tables[0], 3) = (struct test_row){ 1040, 40, 0 };
	assert_hash_equal(hash, table_set_hash(&other));
	tables_deinit(&other, tables);
}

/* What: an empty set hashes to zero, also after everything was released. */
static void
hash_of_nothing_is_zero(void **state)
{
	struct fixture *f = *state;
	struct state_hash zero = { 0, 0 };

	assert_hash_equal(table_set_hash(&f->set), zero);
	for (uint32_t row = 1; row <= 100; row++)
		claim(f, 0, row, row, 5);
	(void)table_set_hash(&f->set);
	for (uint32_t row = 1; row <= 100; row++)
		release(f, 0, row);
	assert_hash_equal(table_set_hash(&f->set), zero);
}

/* What: records may name any free row, and all rows stay usable.
 * How:  claim a far row first, then from the middle of the list, then all that peek plans. */
static void
any_free_row_can_be_claimed_by_name(void **state)
{
	struct fixture *f = *state;

	claim(f, 0, ROWS_MAX, 1, 1);
	assert_int_equal(f->tables[0].rows_used, ROWS_MAX);
	assert_int_equal(table_free_peek(&f->tables[0], 0), 1);
	claim(f, 0, ROWS_MAX / 2, 2, 2);
	assert_like_model(f);
	while (table_free_count(&f->tables[0]) > 0)
		claim(f, 0, table_free_peek(&f->tables[0], 0), 3, 3);
	assert_like_model(f);
	assert_int_equal(table_free_peek(&f->tables[0], 0), TABLE_NONE);
	release(f, 0, 77);
	assert_int_equal(table_free_peek(&f->tables[0], 0), 77);
	assert_int_equal(table_free_peek(&f->tables[0], 1), TABLE_NONE);
}

/* What: the nth planned row is the one the nth claim takes. */
static void
peek_plans_the_next_claims(void **state)
{
	struct fixture *f = *state;
	uint32_t planned[10];

	for (uint32_t row = 1; row <= 20; row++)
		claim(f, 0, row, row, 0);
	for (uint32_t row = 3; row <= 18; row += 5)
		release(f, 0, row);
	for (uint32_t nth = 0; nth < 10; nth++)
		planned[nth] = table_free_peek(&f->tables[0], nth);
	for (uint32_t nth = 0; nth < 10; nth++) {
		assert_int_equal(table_free_peek(&f->tables[0], 0), planned[nth]);
		claim(f, 0, planned[nth], 100 + nth, 0);
	}
	assert_int_equal(planned[9], 26);
}

/* What: more edited rows than the dirty list holds are hashed all the same. */
static void
hash_survives_a_full_dirty_list(void **state)
{
	const uint32_t rows = TABLE_DIRTY_ROWS_MAX + 5000;
	struct table_set set;
	struct table tables[TABLES];

	(void)state;
	tables_init(&set, tables, rows);
	for (uint32_t row = 1; row <= rows; row++)
		*(struct test_row *)table_claim(&tables[0], row) = (struct test_row){ row, 1, 0 };
	assert_true(set.is_dirty_overflown);
	for (uint32_t row = rows; row >= 1; row -= 2)
		((struct test_row *)table_edit(&tables[0], row))->amount = 2;
	assert_hash_equal(table_set_hash(&set), table_set_hash_recompute(&set));
	assert_false(set.is_dirty_overflown);
	assert_int_equal(set.dirty_count, 0);
	for (uint32_t row = 1; row <= rows; row++)
		table_release(&tables[0], row);
	assert_hash_equal(table_set_hash(&set), (struct state_hash){ 0, 0 });
	tables_deinit(&set, tables);
}

/* What: a cleared set is like a new one. */
static void
clear_empties_every_table(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 5000; i++)
		random_change(f);
	table_set_clear(&f->set);
	memset(f->model, 0, sizeof(f->model));
	assert_like_model(f);
	assert_hash_equal(table_set_hash(&f->set), (struct state_hash){ 0, 0 });
	for (uint32_t i = 0; i < 5000; i++)
		random_change(f);
	assert_like_model(f);
}

/* A snapshot in memory: the rows that on_pre_image gave. */
struct pre_images {
	struct test_row rows[TABLES][ROWS_MAX + 1];
	bool given[TABLES][ROWS_MAX + 1];
};

static void
keep_pre_image(void *context, const struct table *table, uint32_t row)
{
	struct pre_images *images = context;
	uint32_t t = table->config.id - 3;

	assert_false(images->given[t][row]);
	images->given[t][row] = true;
	memcpy(&images->rows[t][row], table_bytes(table, row), sizeof(struct test_row));
}

/* What: slices copied under changes, with the pre-images over them, are the state at the beginning.
 * How:  copy random slices between random changes, then load into another set and compare. */
static void
slices_and_pre_images_give_the_beginning(void **state)
{
	struct fixture *f = *state;
	struct table_set other;
	struct table tables[TABLES];
	struct pre_images *images;
	struct test_row at_begin[TABLES][ROWS_MAX + 1];

	for (uint32_t round = 0; round < 30; round++) {
		struct state_hash hash;

		for (uint32_t i = 0; i < 200; i++)
			random_change(f);
		images = calloc(1, sizeof(*images));
		tables_init(&other, tables, ROWS_MAX);
		memcpy(at_begin, f->model, sizeof(at_begin));
		hash = table_set_hash(&f->set);
		table_set_snapshot_begin(&f->set, keep_pre_image, images);
		for (uint32_t t = 0; t < TABLES; t++) {
			struct table *from = &f->tables[t];
			uint32_t rows_used = from->snapshot_last;

			for (uint32_t row = 1; row <= rows_used;) {
				uint32_t count = 1 + random_below(f, 90);

				if (count > rows_used - row + 1)
					count = rows_used - row + 1;
				table_load_rows(&tables[t], row, count, table_bytes(from, row));
				row += count;
				table_snapshot_copied(from, row - 1);
				for (uint32_t i = random_below(f, 60); i > 0; i--)
					random_change(f);
			}
			for (uint32_t row = 1; row <= rows_used; row++)
				if (images->given[t][row])
					assert_true(table_load_pre_image(&tables[t], row,
									 &images->rows[t][row]));
			(void)table_load_finish(&tables[t], rows_used);
		}
		table_set_snapshot_end(&f->set);
		assert_hash_equal(table_set_hash(&other), hash);
		assert_hash_equal(table_set_hash_recompute(&other), hash);
		for (uint32_t t = 0; t < TABLES; t++)
			for (uint32_t row = 1; row <= ROWS_MAX; row++) {
				bool is_live = at_begin[t][row].key != 0;

				assert_int_equal(table_is_live(&tables[t], row), is_live);
				if (is_live)
					assert_memory_equal(table_row(&tables[t], row),
							    &at_begin[t][row],
							    sizeof(struct test_row));
			}
		tables_deinit(&other, tables);
		free(images);
		assert_like_model(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_sequence_of_changes_is_like_the_model, setup,
						teardown),
		cmocka_unit_test_setup_teardown(hash_depends_on_the_live_rows_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(hash_of_nothing_is_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(any_free_row_can_be_claimed_by_name, setup,
						teardown),
		cmocka_unit_test_setup_teardown(peek_plans_the_next_claims, setup, teardown),
		cmocka_unit_test(hash_survives_a_full_dirty_list),
		cmocka_unit_test_setup_teardown(clear_empties_every_table, setup, teardown),
		cmocka_unit_test_setup_teardown(slices_and_pre_images_give_the_beginning, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
