/*
 * test_sink_batch.c - records as rows in memory: statements, totals, room, what is not sound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/civil.h"
#include "storage/sink_batch.h"
#include "storage/sink_index.h"
#include "tests/storage/record_maker.h"

struct batch_fixture {
	struct sink_batch batch;
	struct record_maker maker;
	struct record record;
};

static int
setup(void **state)
{
	struct batch_fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(sink_batch_init(&f->batch, 100), TG_OK);
	record_maker_init(&f->maker, 1);
	record_maker_make(&f->maker, RECORD_CUTOVER, &f->record);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct batch_fixture *f = *state;

	sink_batch_deinit(&f->batch);
	free(f);
	return 0;
}

static uint32_t
rows(const struct batch_fixture *f, enum sink_table_index table)
{
	return f->batch.tables[table].count;
}

/* What: a table of history is only inserted into; images and totals say how they are updated.
 * How:  the statements of one of each kind. */
static void
statements_say_what_a_second_row_does(void **state)
{
	char sql[SINK_SQL_BYTES_MAX];

	(void)state;
	sink_table_sql(&sink_tables[SINK_TABLE_posting], SINK_COLUMNS_ALL, sql);
	assert_string_equal(sql, "INSERT INTO posting (business_date, sequence, line, account,"
				 " unit, partner, points, is_test)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
	sink_table_sql(&sink_tables[SINK_TABLE_account_total], SINK_COLUMNS_ALL, sql);
	assert_non_null(strstr(sql, " ON DUPLICATE KEY UPDATE postings = postings +"
				    " VALUES(postings), points = points + VALUES(points)"));
	sink_table_sql(&sink_tables[SINK_TABLE_store], SINK_COLUMNS_ALL, sql);
	assert_non_null(strstr(sql, "name = IF(VALUES(last_sequence) > last_sequence, VALUES(name),"
				    " name)"));
	assert_non_null(strstr(sql, ", last_sequence = IF(VALUES(last_sequence) > last_sequence,"
				    " VALUES(last_sequence), last_sequence)"));
	assert_int_equal(strlen(strstr(sql, ", last_sequence = IF(")),
			 strlen(", last_sequence = IF(VALUES(last_sequence) > last_sequence,"
				" VALUES(last_sequence), last_sequence)"));
}

/* What: a statement has the columns that the rows have values in, and no other.
 * How:  one earn's entry. */
static void
statement_has_the_columns_with_values(void **state)
{
	struct batch_fixture *f = *state;
	const struct sink_rows *entries = &f->batch.tables[SINK_TABLE_entry];
	struct bulk_column cells[SINK_COLUMNS_MAX];
	struct storage_error error;
	char sql[SINK_SQL_BYTES_MAX];
	uint64_t columns;
	uint32_t marks = 0;

	record_maker_earn(&f->maker, &f->record);
	assert_int_equal(sink_batch_add(&f->batch, &f->record, &error), TG_OK);
	columns = sink_rows_columns(entries);
	sink_table_sql(entries->table, columns, sql);
	for (const char *at = sql; (at = strchr(at, '?')) != NULL; at++)
		marks++;
	assert_int_equal(sink_table_cells(entries->table, columns, cells), marks);
	assert_int_equal(marks, __builtin_popcountll(columns));
	assert_true(marks < entries->table->column_count / 2);
	assert_non_null(strstr(sql, "transaction_id, fingerprint, business_time, member, amount,"));
	assert_null(strstr(sql, "original_id"));
	assert_int_equal(sink_table_cells(entries->table, SINK_COLUMNS_ALL, cells),
			 entries->table->column_count);
}

/* What: rows of a total are one for each key in a batch, and a sum that is full begins another.
 * How:  equal earns, then points at the edge of 64 bits. */
static void
totals_are_summed_in_the_batch(void **state)
{
	struct batch_fixture *f = *state;
	struct storage_error error;
	const struct sink_account_total_row *total;

	for (int i = 0; i < 10; i++) {
		record_maker_earn(&f->maker, &f->record);
		f->record.partner = 3;
		f->record.postings[0].partner = 3;
		assert_int_equal(sink_batch_add(&f->batch, &f->record, &error), TG_OK);
	}
	assert_int_equal(rows(f, SINK_TABLE_entry), 10);
	assert_int_equal(rows(f, SINK_TABLE_posting), 20);
	assert_int_equal(rows(f, SINK_TABLE_partner_total), 1);
	assert_int_equal(rows(f, SINK_TABLE_account_total), 2);
	total = sink_rows_at(&f->batch.tables[SINK_TABLE_account_total], 0);
	assert_int_equal(total->postings.value, 10);
	for (int i = 0; i < 2; i++) {
		f->record.sequence++;
		f->record.postings[0].points = -INT64_MAX;
		f->record.postings[1].points = INT64_MAX;
		f->record.points = INT64_MAX;
		assert_int_equal(sink_batch_add(&f->batch, &f->record, &error), TG_OK);
	}
	assert_true(rows(f, SINK_TABLE_account_total) > 2);
	assert_true(rows(f, SINK_TABLE_partner_total) > 1);
	sink_batch_clear(&f->batch);
	assert_int_equal(rows(f, SINK_TABLE_account_total), 0);
	assert_int_equal(sink_batch_add(&f->batch, &f->record, &error), TG_OK);
	assert_int_equal(rows(f, SINK_TABLE_account_total), 2);
}

/* What: a record that cannot be written leaves the batch as it was.
 * How:  one of each unsoundness after a sound one. */
static void
unsound_record_leaves_the_batch_as_it_was(void **state)
{
	struct batch_fixture *f = *state;
	struct storage_error error;

	for (int i = 0; i < 5; i++) {
		uint32_t counts[SINK_TABLE_COUNT];

		do {
			record_maker_make(&f->maker, RECORD_EARN, &f->record);
		} while (f->record.status != TG_OK || !RECORD_HAS(&f->record, LINES));
		assert_int_equal(sink_batch_add(&f->batch, &f->record, &error), TG_OK);
		for (int j = 0; j < SINK_TABLE_COUNT; j++)
			counts[j] = f->batch.tables[j].count;
		f->record.sequence++;
		f->record.postings[0].points += i == 0;
		f->record.business_time_utc_ms = i == 1 ? INT64_MIN :
							  f->record.business_time_utc_ms;
		f->record.business_date = i == 2 ? CIVIL_DAY_MAX + 1 : f->record.business_date;
		f->record.line_count = (uint8_t)(f->record.line_count + (i == 3));
		f->record.lines_bytes = (uint16_t)(f->record.lines_bytes - (i == 4));
		assert_int_equal(sink_batch_add(&f->batch, &f->record, &error), TG_CORRUPT);
		assert_int_equal(error.sequence, f->record.sequence);
		for (int j = 0; j < SINK_TABLE_COUNT; j++)
			assert_int_equal(f->batch.tables[j].count, counts[j]);
	}
}

/* What: as long as a batch says that it has room, the largest record finds it.
 * How:  records with all the postings, moves and lines there can be. */
static void
largest_records_find_room(void **state)
{
	struct batch_fixture *f = *state;
	struct storage_error error;
	uint32_t count = 0;

	do {
		record_maker_make(&f->maker, RECORD_EARN, &f->record);
	} while (f->record.posting_count != RECORD_POSTINGS_MAX || f->record.status != TG_OK ||
		 f->record.line_count != TG_LINES_MAX);
	f->record.sections |= RECORD_HAS_BIT(MOVES);
	f->record.move_count = RECORD_MOVES_MAX;
	for (uint32_t i = 0; i < RECORD_MOVES_MAX; i++)
		f->record.moves[i] = (struct move){ .kind = MOVE_LOT, .row = 1, .points = 1 };
	while (sink_batch_has_room(&f->batch)) {
		for (uint32_t i = 0; i < f->record.posting_count; i++)
			f->record.postings[i].partner = count * RECORD_POSTINGS_MAX + i;
		assert_int_equal(sink_batch_add(&f->batch, &f->record, &error), TG_OK);
		f->record.sequence++;
		count++;
	}
	assert_in_range(count, 1, 100);
	assert_true(sink_batch_packet_bytes_max(&f->batch) < 1 << 20);
}

/* What: an index keeps keys apart through many clears.
 * How:  the same keys with other rows, up to its limit. */
static void
index_keeps_keys_apart(void **state)
{
	struct sink_index *index = sink_index_new(50);

	(void)state;
	assert_non_null(index);
	for (uint32_t round = 0; round < 100; round++) {
		for (uint64_t i = 0; i < 50; i++) {
			uint32_t *row = sink_index_row(index, (struct sink_key){ i % 7, i });

			assert_int_equal(*row, SINK_INDEX_NEW);
			*row = (uint32_t)i + round;
		}
		for (uint64_t i = 0; i < 50; i++)
			assert_int_equal(*sink_index_row(index, (struct sink_key){ i % 7, i }),
					 i + round);
		sink_index_clear(index);
	}
	sink_index_free(index);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(statements_say_what_a_second_row_does),
		TEST(statement_has_the_columns_with_values),
		TEST(totals_are_summed_in_the_batch),
		TEST(unsound_record_leaves_the_batch_as_it_was),
		TEST(largest_records_find_room),
		TEST(index_keeps_keys_apart),
	};

	return cmocka_run_group_tests_name("sink batch", tests, NULL, NULL);
}
