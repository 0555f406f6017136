/*
 * snapshot_fixture.c - tables that change at random, and a directory for their snapshots.
 */
#include "tests/storage/snapshot_fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct table_config configs[FIXTURE_TABLES] = {
	{ .name = "small", .id = 1, .row_bytes = 24, .hashed_bytes = 16 },
	{ .name = "middle", .id = 2, .row_bytes = 72, .hashed_bytes = 64 },
	{ .name = "large", .id = 31, .row_bytes = 328, .hashed_bytes = 320 },
};

void
fixture_tables_init(struct fixture_tables *f, uint32_t rows_max, uint32_t version)
{
	*f = (struct fixture_tables){ .random = rows_max + version };
	assert_int_equal(table_set_init(&f->set), TG_OK);
	for (size_t i = 0; i < FIXTURE_TABLES; i++) {
		struct table_config config = configs[i];

		config.rows_max = rows_max;
		config.version = version;
		assert_int_equal(table_init(&f->set, &f->tables[i], &config), TG_OK);
	}
}

void
fixture_tables_deinit(struct fixture_tables *f)
{
	for (size_t i = 0; i < FIXTURE_TABLES; i++)
		table_deinit(&f->tables[i]);
	table_set_deinit(&f->set);
}

uint32_t
fixture_random(struct fixture_tables *f, uint32_t bound)
{
	f->random = f->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((f->random >> 33) % bound);
}

/* Write a row's fields, all but the key of a live one. */
static void
fill_row(struct fixture_tables *f, const struct table *table, uint8_t *row)
{
	for (uint32_t at = 8; at + 4 <= table->config.row_bytes; at += 4) {
		uint32_t value = fixture_random(f, UINT32_MAX);

		memcpy(row + at, &value, sizeof(value));
	}
}

static void
change_one(struct fixture_tables *f)
{
	struct table *table = &f->tables[fixture_random(f, FIXTURE_TABLES)];
	uint32_t next = table_free_peek(table, 0);
	uint32_t row = table->rows_used == 0 ? 0 : 1 + fixture_random(f, table->rows_used);

	if (next != TABLE_NONE && fixture_random(f, 4) == 0) {
		uint64_t key = 1 + fixture_random(f, UINT32_MAX);
		uint8_t *claimed = table_claim(table, next);

		memcpy(claimed, &key, sizeof(key));
		fill_row(f, table, claimed);
	} else if (!table_is_live(table, row)) {
		return;
	} else if (fixture_random(f, 4) == 0) {
		table_release(table, row);
	} else {
		fill_row(f, table, table_edit(table, row));
	}
}

void
fixture_change(struct fixture_tables *f, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		change_one(f);
}

void
fixture_keep(struct fixture_tables *f, struct fixture_image *ret_image)
{
	ret_image->hash = table_set_hash(&f->set);
	for (size_t i = 0; i < FIXTURE_TABLES; i++) {
		const struct table *table = &f->tables[i];
		size_t bytes = ((size_t)table->rows_used + 1) * table->config.row_bytes;

		ret_image->rows_used[i] = table->rows_used;
		ret_image->rows[i] = malloc(bytes);
		assert_non_null(ret_image->rows[i]);
		memcpy(ret_image->rows[i], table_bytes(table, 0), bytes);
	}
}

void
fixture_image_free(struct fixture_image *image)
{
	for (size_t i = 0; i < FIXTURE_TABLES; i++)
		free(image->rows[i]);
}

void
fixture_assert_equal(struct fixture_tables *f, const struct fixture_image *image)
{
	struct state_hash hash = table_set_hash(&f->set);

	for (size_t i = 0; i < FIXTURE_TABLES; i++) {
		const struct table *table = &f->tables[i];
		uint32_t row_bytes = table->config.row_bytes;
		uint32_t live_count = 0;

		assert_int_equal(table->rows_used, image->rows_used[i]);
		for (uint32_t row = 1; row <= table->rows_used; row++) {
			const uint8_t *kept = image->rows[i] + (size_t)row * row_bytes;
			uint64_t key;

			memcpy(&key, kept, sizeof(key));
			live_count += key != 0;
			if (table_key(table, row) != key ||
			    (key != 0 && memcmp(table_bytes(table, row), kept, row_bytes) != 0))
				fail_msg("%s row %u differs", table->config.name, (unsigned)row);
		}
		assert_int_equal(table->live_count, live_count);
		for (uint32_t nth = 0; nth < table->rows_used - live_count && nth < 1000; nth++)
			assert_false(table_is_live(table, table_free_peek(table, nth)));
	}
	assert_true(state_hash_equal(hash, image->hash));
	assert_true(state_hash_equal(hash, table_set_hash_recompute(&f->set)));
}

void
fixture_assert_empty(struct fixture_tables *f)
{
	for (size_t i = 0; i < FIXTURE_TABLES; i++) {
		assert_int_equal(f->tables[i].live_count, 0);
		assert_int_equal(f->tables[i].rows_used, 0);
		assert_int_equal(table_key(&f->tables[i], 1), 0);
		assert_false(table_has_pre_image(&f->tables[i], 1));
	}
	assert_true(state_hash_equal(table_set_hash(&f->set), (struct state_hash){ 0, 0 }));
}

void
fixture_directory_new(char *ret_path)
{
	const char *parent = getenv("TMPDIR");

	(void)snprintf(ret_path, STORAGE_PATH_BYTES_MAX, "%s/tally-snapshot-XXXXXX",
		       parent == NULL ? "/tmp" : parent);
	assert_non_null(mkdtemp(ret_path));
}

void
fixture_directory_free(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		char file[STORAGE_PATH_BYTES_MAX + 256];

		(void)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		(void)unlink(file);
	}
	(void)closedir(directory);
	assert_int_equal(rmdir(path), 0);
}

struct snapshot_load_config
fixture_load_config(struct fixture_tables *f, const struct storage_io *io, const char *directory)
{
	return (struct snapshot_load_config){
		.io = io,
		.directory = directory,
		.instance = FIXTURE_INSTANCE,
		.set = &f->set,
	};
}

void
fixture_assert_loads(const struct storage_io *io, const char *directory, uint64_t sequence,
		     uint32_t rows_max, const struct fixture_image *image)
{
	struct fixture_tables loaded;
	struct snapshot_load_config config = fixture_load_config(&loaded, io, directory);
	struct storage_error error = { .status = TG_OK };
	struct snapshot_info info;

	fixture_tables_init(&loaded, rows_max, 1);
	if (snapshot_load(&config, sequence, &info, &error) != TG_OK)
		fail_msg("%s", error.text);
	assert_int_equal(info.sequence, sequence);
	assert_true(state_hash_equal(info.hash, image->hash));
	fixture_assert_equal(&loaded, image);
	/* It is a working set of tables. */
	fixture_change(&loaded, 200);
	assert_true(state_hash_equal(table_set_hash(&loaded.set),
				     table_set_hash_recompute(&loaded.set)));
	fixture_tables_deinit(&loaded);
}
