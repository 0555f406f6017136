/*
 * test_snapshot_damage.c - a snapshot file that is not right is refused, by name and place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <xxhash.h>

#include "storage/bytes.h"
#include "storage/snapshot.h"
#include "storage/snapshot_format.h"
#include "tests/storage/snapshot_fixture.h"

#define ROWS_MAX 40
#define SEQUENCE 12
#define FILE_NAME "snapshot-00000000000000000012"
#define FILE_BYTES_MAX (64 * 1024)

struct fixture {
	struct fixture_tables tables; /* what was snapshot */
	struct fixture_image image;   /* of it at SEQUENCE */
	struct fixture_tables loaded;
	struct storage_io io;
	char directory[STORAGE_PATH_BYTES_MAX];
	char path[STORAGE_PATH_BYTES_MAX]; /* of the snapshot */
	uint8_t bytes[FILE_BYTES_MAX];	   /* of the snapshot */
	size_t bytes_count;
};

static int
open_file(struct fixture *f, enum storage_open_mode mode)
{
	struct storage_error error;
	int file;

	assert_int_equal(f->io.open(f->io.context, f->path, mode, &file, &error), TG_OK);
	return file;
}

static void
write_file(struct fixture *f, const uint8_t *bytes, size_t bytes_count)
{
	struct storage_error error;
	int file = open_file(f, STORAGE_CREATE);

	assert_int_equal(storage_write(&f->io, file, bytes, bytes_count, 0, &error), TG_OK);
	f->io.close(f->io.context, file);
}

/* A snapshot of a few rows, with pre-images, in several blocks. */
static void
take(struct fixture *f)
{
	struct snapshot_config config = {
		.io = &f->io,
		.directory = f->directory,
		.instance = FIXTURE_INSTANCE,
		.set = &f->tables.set,
		.block_bytes = SNAPSHOT_BLOCK_BYTES_MIN,
		.is_inline = true,
	};
	struct snapshot *snapshot = snapshot_new(&config);
	struct storage_error error;
	int file;

	fixture_keep(&f->tables, &f->image);
	assert_int_equal(snapshot_begin(snapshot, SEQUENCE, "blob", 4), TG_OK);
	fixture_change(&f->tables, 60);
	snapshot_finish(snapshot, SEQUENCE);
	while (snapshot_step(snapshot, 0) != SNAPSHOT_IDLE)
		fixture_change(&f->tables, 10);
	assert_int_equal(snapshot_result(snapshot)->status, TG_OK);
	assert_true(snapshot_result(snapshot)->pre_images > 20);
	snapshot_free(snapshot);
	file = open_file(f, STORAGE_READ);
	assert_int_equal(
		storage_read(&f->io, file, f->bytes, sizeof(f->bytes), 0, &f->bytes_count, &error),
		TG_OK);
	assert_in_range(f->bytes_count, 2 * SNAPSHOT_BLOCK_BYTES_MIN, FILE_BYTES_MAX - 1);
	f->io.close(f->io.context, file);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct storage_error error;

	fixture_tables_init(&f->tables, ROWS_MAX, 1);
	fixture_tables_init(&f->loaded, ROWS_MAX, 1);
	fixture_change(&f->tables, 1000);
	storage_io_posix(&f->io);
	fixture_directory_new(f->directory);
	assert_int_equal(storage_path(f->path, f->directory, FILE_NAME, &error), TG_OK);
	take(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	fixture_directory_free(f->directory);
	fixture_image_free(&f->image);
	fixture_tables_deinit(&f->loaded);
	fixture_tables_deinit(&f->tables);
	free(f);
	return 0;
}

/* Load the file as it is now; an error must name the file. */
static enum tg_status
load(struct fixture *f, struct storage_error *ret_error)
{
	struct snapshot_load_config config = fixture_load_config(&f->loaded, &f->io, f->directory);
	struct snapshot_info info = { .sequence = 99 };
	enum tg_status status = snapshot_load(&config, SEQUENCE, &info, ret_error);

	if (status == TG_OK) {
		assert_int_equal(info.sequence, SEQUENCE);
		return status;
	}
	assert_int_equal(info.sequence, 99);
	assert_int_equal(ret_error->status, status);
	assert_non_null(strstr(ret_error->text, FILE_NAME));
	assert_true(ret_error->offset <= FILE_BYTES_MAX);
	fixture_assert_empty(&f->loaded);
	return status;
}

static void
assert_load(struct fixture *f, enum tg_status expected, const char *text)
{
	struct storage_error error = { .status = TG_OK };
	enum tg_status status = load(f, &error);

	if (status != expected || strstr(error.text, text) == NULL)
		fail_msg("expected %d with \"%s\", got %d: %s", expected, text, status, error.text);
}

/* What: no bit of a snapshot can change unseen. */
static void
every_flipped_bit_is_refused(void **state)
{
	struct fixture *f = *state;
	struct storage_error error = { .status = TG_OK };
	int file = open_file(f, STORAGE_WRITE);

	assert_load(f, TG_OK, "");
	fixture_assert_equal(&f->loaded, &f->image);
	for (size_t at = 0; at < f->bytes_count; at++) {
		/* All bits where the structure is, one in each byte of the rows. */
		uint32_t step = at < 1024 || at + 256 > f->bytes_count ? 1 : 8;

		for (uint32_t bit = (uint32_t)at % step; bit < 8; bit += step) {
			uint8_t flipped = (uint8_t)(f->bytes[at] ^ (1u << bit));

			assert_int_equal(storage_write(&f->io, file, &flipped, 1, at, &error),
					 TG_OK);
			if (load(f, &error) != TG_CORRUPT)
				fail_msg("bit %u of byte %zu", (unsigned)bit, at);
		}
		assert_int_equal(storage_write(&f->io, file, &f->bytes[at], 1, at, &error), TG_OK);
	}
	f->io.close(f->io.context, file);
	assert_load(f, TG_OK, "");
}

/* What: a file that ends early, or goes on, is refused. */
static void
every_truncation_is_refused(void **state)
{
	struct fixture *f = *state;
	struct storage_error error = { .status = TG_OK };
	int file = open_file(f, STORAGE_WRITE);

	assert_int_equal(storage_write(&f->io, file, "", 1, f->bytes_count, &error), TG_OK);
	assert_load(f, TG_CORRUPT, "goes on behind its last block");
	for (size_t length = f->bytes_count; length-- > 0;) {
		assert_int_equal(f->io.truncate(f->io.context, file, length, &error), TG_OK);
		if (load(f, &error) != TG_CORRUPT || strstr(error.text, "ends here") == NULL)
			fail_msg("length %zu: %s", length, error.text);
		assert_int_equal(error.offset, length);
	}
	f->io.close(f->io.context, file);
}

/* A file made by hand, with all checksums right. */
struct craft {
	uint8_t bytes[FILE_BYTES_MAX];
	size_t used_bytes;
	size_t block_start; /* of the block being made */
	struct snapshot_end end;
	struct snapshot_head head;
};

static struct craft *
craft_new(const struct snapshot_head *head)
{
	struct craft *c = calloc(1, sizeof(*c));

	c->head = *head;
	c->used_bytes = snapshot_encode_head(&c->head, c->bytes);
	c->block_start = c->used_bytes;
	c->used_bytes += SNAPSHOT_BLOCK_HEAD_BYTES;
	return c;
}

/* Add an entry to the block being made; its rows are zeros. */
static void
craft_entry(struct craft *c, uint16_t kind, uint16_t table_id, uint32_t first, uint32_t count,
	    uint32_t row_bytes)
{
	struct snapshot_entry entry = { kind, table_id, first, count };

	snapshot_encode_entry(&entry, c->bytes + c->used_bytes);
	c->used_bytes += SNAPSHOT_ENTRY_BYTES + (size_t)count * row_bytes;
	if (kind == SNAPSHOT_ENTRY_SLICE)
		c->end.rows += count;
	else
		c->end.pre_images += count;
}

/* End the block being made, and begin the next. */
static void
craft_block(struct craft *c, uint32_t kind)
{
	const uint8_t *payload = c->bytes + c->block_start + SNAPSHOT_BLOCK_HEAD_BYTES;
	size_t payload_bytes = (size_t)(c->bytes + c->used_bytes - payload);
	struct snapshot_block_head block = {
		.kind = kind,
		.payload_bytes = (uint32_t)payload_bytes,
		.number = c->end.blocks + 1,
		.payload_checksum = XXH3_64bits(payload, payload_bytes),
	};

	snapshot_encode_block_head(&block, c->head.info.sequence, c->bytes + c->block_start);
	c->end.blocks++;
	c->block_start = c->used_bytes;
	c->used_bytes += SNAPSHOT_BLOCK_HEAD_BYTES;
}

/* End the file, put it in place of the fixture's and free it. */
static void
craft_finish(struct fixture *f, struct craft *c)
{
	XXH128_hash_t whole;

	craft_block(c, SNAPSHOT_BLOCK_ROWS);
	whole = XXH3_128bits(c->bytes, c->block_start);
	c->end.bytes = c->block_start;
	c->end.whole = (struct state_hash){ .low = whole.low64, .high = whole.high64 };
	snapshot_encode_end(&c->end, c->bytes + c->used_bytes);
	c->used_bytes += SNAPSHOT_END_BYTES;
	craft_block(c, SNAPSHOT_BLOCK_END);
	write_file(f, c->bytes, c->block_start);
	free(c);
}

/* The head of a snapshot of table 1 with three free rows. */
static struct snapshot_head
plain_head(void)
{
	return (struct snapshot_head){
		.info.sequence = SEQUENCE,
		.instance = FIXTURE_INSTANCE,
		.table_count = 1,
		.tables = { { .id = 1,
			      .version = 1,
			      .row_bytes = 24,
			      .hashed_bytes = 16,
			      .rows_used = 3,
			      .name = "small" } },
	};
}

/* A file of a head and one slice of all rows of its one table. */
static void
put_file(struct fixture *f, const struct snapshot_head *head)
{
	struct craft *c = craft_new(head);

	craft_entry(c, SNAPSHOT_ENTRY_SLICE, (uint16_t)head->tables[0].id, 1,
		    head->tables[0].rows_used, head->tables[0].row_bytes);
	craft_finish(f, c);
}

/* What: a head with right checksums is refused when it does not fit this program. */
static void
head_that_does_not_fit_is_refused(void **state)
{
	struct fixture *f = *state;
	struct snapshot_head head = plain_head();
	uint8_t newer[SNAPSHOT_HEAD_BYTES + SNAPSHOT_REST_BYTES_MAX];
	size_t head_bytes;

	put_file(f, &head);
	assert_load(f, TG_OK, "");
	assert_int_equal(f->loaded.tables[0].rows_used, 3);
	assert_int_equal(f->loaded.tables[0].live_count, 0);

	head_bytes = snapshot_encode_head(&head, newer);
	bytes_put_u32(newer + 8, SNAPSHOT_FORMAT_VERSION + 1);
	bytes_put_u64(newer + 24, XXH3_64bits(newer, 24));
	write_file(f, newer, head_bytes);
	assert_load(f, TG_TOO_NEW, "format version 2");

	head.info.sequence = SEQUENCE + 1;
	put_file(f, &head);
	assert_load(f, TG_CORRUPT, "another sequence than its name");

	head = plain_head();
	head.instance[0] = 'C';
	put_file(f, &head);
	assert_load(f, TG_CONFIG, "instance Coalition, this is coalition");

	head = plain_head();
	head.info.hash.high = 1;
	put_file(f, &head);
	assert_load(f, TG_CORRUPT, "state hash");
}

/* What: a table that does not fit this program is refused. */
static void
table_that_does_not_fit_is_refused(void **state)
{
	struct fixture *f = *state;
	struct snapshot_head head = plain_head();

	head.tables[0].id = 7;
	put_file(f, &head);
	assert_load(f, TG_TOO_NEW, "table small (7) is not known");
	head.tables[0].id = TABLE_SET_MAX + 1;
	put_file(f, &head);
	assert_load(f, TG_TOO_NEW, "is not known");

	head = plain_head();
	head.tables[0].version = 2;
	put_file(f, &head);
	assert_load(f, TG_TOO_NEW, "small are of version 2, this program reads 1");
	head.tables[0].version = 0;
	put_file(f, &head);
	assert_load(f, TG_CONFIG, "version 0, which this program does not lift to 1");

	head = plain_head();
	head.tables[0].rows_used = ROWS_MAX + 1;
	put_file(f, &head);
	assert_load(f, TG_CONFIG, "table small has used 41 rows, configured are 40");

	head = plain_head();
	head.tables[0].row_bytes = 32;
	put_file(f, &head);
	assert_load(f, TG_CORRUPT, "row's size");

	head = plain_head();
	head.tables[1] = head.tables[0];
	head.table_count = 2;
	put_file(f, &head);
	assert_load(f, TG_CORRUPT, "described twice");
}

/* What: blocks with right checksums are refused when they do not make a snapshot. */
static void
rows_that_do_not_fit_are_refused(void **state)
{
	const struct {
		struct snapshot_entry entries[3]; /* up to the first of kind 0 */
		const char *text;
	} cases[] = {
		{ { { 1, 1, 1, 2 } }, "rows are missing" },
		{ { { 1, 1, 2, 2 } }, "does not begin where" },
		{ { { 1, 1, 1, 2 }, { 1, 1, 2, 2 } }, "does not begin where" },
		{ { { 1, 1, 1, 4 } }, "rows that the table does not have" },
		{ { { 1, 1, 0, 3 } }, "rows that the table does not have" },
		{ { { 1, 1, 1, 3 }, { 2, 1, 4, 1 } }, "rows that the table does not have" },
		{ { { 1, 1, 1, 3 }, { 2, 1, 3, 1 } }, "behind its slice" },
		{ { { 2, 1, 3, 1 }, { 2, 1, 3, 1 }, { 1, 1, 1, 3 } }, "two pre-images" },
		{ { { 2, 1, 2, 2 }, { 1, 1, 1, 3 } }, "of one row" },
		{ { { 1, 2, 1, 1 } }, "the head does not describe" },
		{ { { 1, 300, 1, 1 } }, "the head does not describe" },
		{ { { 3, 1, 1, 1 } }, "no known kind" },
	};
	struct fixture *f = *state;
	struct snapshot_head head = plain_head();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct craft *c = craft_new(&head);

		for (size_t k = 0; k < 3 && cases[i].entries[k].kind != 0; k++)
			craft_entry(c, cases[i].entries[k].kind, cases[i].entries[k].table_id,
				    cases[i].entries[k].first, cases[i].entries[k].count, 24);
		craft_finish(f, c);
		assert_load(f, TG_CORRUPT, cases[i].text);
	}
}

/* What: counts of the last block, and the kinds and lengths of blocks, are checked. */
static void
blocks_that_do_not_fit_are_refused(void **state)
{
	struct fixture *f = *state;
	struct snapshot_head head = plain_head();
	struct craft *c = craft_new(&head);

	craft_entry(c, SNAPSHOT_ENTRY_SLICE, 1, 1, 3, 24);
	c->end.pre_images++;
	craft_finish(f, c);
	assert_load(f, TG_CORRUPT, "counts in the last block");

	c = craft_new(&head);
	craft_entry(c, SNAPSHOT_ENTRY_SLICE, 1, 1, 3, 24);
	c->used_bytes--;
	craft_finish(f, c);
	assert_load(f, TG_CORRUPT, "longer than its block");

	c = craft_new(&head);
	craft_entry(c, SNAPSHOT_ENTRY_SLICE, 1, 1, 3, 24);
	c->used_bytes += 8;
	craft_finish(f, c);
	assert_load(f, TG_CORRUPT, "no entry here");

	c = craft_new(&head);
	craft_entry(c, SNAPSHOT_ENTRY_SLICE, 1, 1, 3, 24);
	craft_block(c, 3);
	craft_finish(f, c);
	assert_load(f, TG_CORRUPT, "a block of no known kind");

	c = craft_new(&head);
	craft_entry(c, SNAPSHOT_ENTRY_SLICE, 1, 1, 3, 24);
	c->end.blocks++;
	craft_finish(f, c);
	assert_load(f, TG_CORRUPT, "missing or out of order");
}

/* The small rows of version 1 to those of version 2: the second field counts from 100. */
static void
lift_small(const void *old_row, void *ret_row)
{
	uint64_t fields[3];

	memcpy(fields, old_row, sizeof(fields));
	fields[1] += 100;
	memcpy(ret_row, fields, sizeof(fields));
}

static void
lift_middle(const void *old_row, void *ret_row)
{
	memcpy(ret_row, old_row, 72);
}

static void
lift_large(const void *old_row, void *ret_row)
{
	memcpy(ret_row, old_row, 328);
}

/* What: rows of an older layout are lifted, and the old state hash is still checked. */
static void
older_rows_are_lifted(void **state)
{
	const struct snapshot_lift lifts[] = { { 1, 1, lift_small },
					       { 2, 1, lift_middle },
					       { 31, 1, lift_large } };
	struct fixture *f = *state;
	struct fixture_tables newer;
	struct snapshot_load_config config = fixture_load_config(&newer, &f->io, f->directory);
	struct storage_error error = { .status = TG_OK };
	struct snapshot_info info;

	fixture_tables_init(&newer, ROWS_MAX, 2);
	config.lifts = lifts;
	config.lift_count = 2;
	assert_int_equal(snapshot_load(&config, SEQUENCE, &info, &error), TG_CONFIG);
	config.lift_count = 3;
	if (snapshot_load(&config, SEQUENCE, &info, &error) != TG_OK)
		fail_msg("%s", error.text);
	assert_true(state_hash_equal(info.hash, f->image.hash));
	assert_true(
		state_hash_equal(table_set_hash(&newer.set), table_set_hash_recompute(&newer.set)));
	assert_load(f, TG_OK, "");
	for (uint32_t row = 1; row <= f->image.rows_used[0]; row++) {
		const uint64_t *old = (const void *)table_bytes(&f->loaded.tables[0], row);
		const uint64_t *lifted = (const void *)table_bytes(&newer.tables[0], row);

		assert_int_equal(old[0], lifted[0]);
		if (old[0] != 0)
			assert_int_equal(old[1] + 100, lifted[1]);
	}
	assert_int_equal(newer.tables[2].live_count, f->loaded.tables[2].live_count);
	fixture_tables_deinit(&newer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_flipped_bit_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(every_truncation_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(head_that_does_not_fit_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(table_that_does_not_fit_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rows_that_do_not_fit_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(blocks_that_do_not_fit_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(older_rows_are_lifted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
