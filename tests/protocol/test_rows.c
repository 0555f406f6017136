/*
 * test_rows.c - array fields: lines, expiries, entries, totals, and the items of a batch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/frame.h"
#include "protocol/rows.h"
#include "tests/protocol/samples.h"

static struct sample sample;
static struct tg_message decoded;
static struct tg_message item_message;
static uint8_t frame[TG_FRAME_HEADER_BYTES + TG_FRAME_BYTES_MAX_BATCH];
static uint8_t scratch[16 * 1024];

/* Encode a message, decode it as an answer. */
static void
pass_answer(const struct tg_message *message)
{
	struct tg_writer writer;
	uint32_t field;

	tg_writer_init(&writer, frame, sizeof(frame));
	assert_true(tg_encode(&writer, message));
	assert_int_equal(tg_decode_answer(frame + TG_FRAME_HEADER_BYTES,
					  writer.used_bytes - TG_FRAME_HEADER_BYTES, &decoded,
					  &field),
			 TG_OK);
}

/* What: lines come back as written, empty item and discount included.  How: three lines. */
static void
lines_round_trip(void **state)
{
	static const struct tg_line lines[] = {
		{ "4006381333931", 13, 17, 2000, 398 },
		{ NULL, 0, 0, 0, -50 },
		{ "caf\xc3\xa9", 5, UINT32_MAX, UINT32_MAX, TG_AMOUNT_MAX },
	};
	struct tg_writer writer;
	struct tg_message message;
	struct tg_rows rows;
	struct tg_line line;

	(void)state;
	tg_message_init(&message, 1, 0);
	tg_writer_init(&writer, scratch, sizeof(scratch));
	assert_true(tg_lines_write(&writer, lines, 3, &message));
	pass_answer(&message);
	assert_int_equal(decoded.values[TG_FIELD_LINES].count, 3);
	tg_rows_start(&decoded.values[TG_FIELD_LINES], &rows);
	for (size_t i = 0; i < 3; i++) {
		assert_true(tg_rows_next_line(&rows, &line));
		assert_int_equal(line.item_bytes, lines[i].item_bytes);
		if (line.item_bytes > 0)
			assert_memory_equal(line.item, lines[i].item, line.item_bytes);
		assert_int_equal(line.category, lines[i].category);
		assert_int_equal(line.quantity, lines[i].quantity);
		assert_int_equal(line.amount, lines[i].amount);
	}
	assert_false(tg_rows_next_line(&rows, &line));
}

/* What: what answers list comes back as written.  How: two rows of each kind, none of one. */
static void
lists_of_answers_round_trip(void **state)
{
	static const struct tg_expiry expiries[] = { { 19800, 100 }, { 20000, TG_BALANCE_MAX } };
	static const struct tg_entry entries[] = {
		{ INT64_MAX, 20, 0, 1700000000000, 7, 9, 120 },
		{ 1, 30, 60, 0, 0, 0, -TG_BALANCE_MAX },
	};
	static const struct tg_total totals[] = { { 20, false, 5, 100, 9999 },
						  { 21, true, 1, -100, -5 } };
	struct tg_writer writer;
	struct tg_message message;
	struct tg_rows rows;
	struct tg_expiry expiry;
	struct tg_entry entry;
	struct tg_total total;

	(void)state;
	tg_message_init(&message, 1, 0);
	tg_writer_init(&writer, scratch, sizeof(scratch));
	assert_true(tg_expiries_write(&writer, expiries, 2, &message));
	assert_true(tg_entries_write(&writer, entries, 2, &message));
	assert_true(tg_totals_write(&writer, totals, 2, &message));
	pass_answer(&message);
	tg_rows_start(&decoded.values[TG_FIELD_EXPIRIES], &rows);
	for (size_t i = 0; i < 2; i++) {
		assert_true(tg_rows_next_expiry(&rows, &expiry));
		assert_int_equal(expiry.day, expiries[i].day);
		assert_int_equal(expiry.points, expiries[i].points);
	}
	assert_false(tg_rows_next_expiry(&rows, &expiry));
	tg_rows_start(&decoded.values[TG_FIELD_ENTRIES], &rows);
	for (size_t i = 0; i < 2; i++) {
		assert_true(tg_rows_next_entry(&rows, &entry));
		assert_int_equal(entry.sequence, entries[i].sequence);
		assert_int_equal(entry.kind, entries[i].kind);
		assert_int_equal(entry.status, entries[i].status);
		assert_int_equal(entry.booked_at_utc_ms, entries[i].booked_at_utc_ms);
		assert_int_equal(entry.partner, entries[i].partner);
		assert_int_equal(entry.store, entries[i].store);
		assert_int_equal(entry.points, entries[i].points);
	}
	assert_false(tg_rows_next_entry(&rows, &entry));
	tg_rows_start(&decoded.values[TG_FIELD_TOTALS], &rows);
	for (size_t i = 0; i < 2; i++) {
		assert_true(tg_rows_next_total(&rows, &total));
		assert_int_equal(total.kind, totals[i].kind);
		assert_int_equal(total.is_declined, totals[i].is_declined);
		assert_int_equal(total.count, totals[i].count);
		assert_int_equal(total.points, totals[i].points);
		assert_int_equal(total.amount, totals[i].amount);
	}
	assert_false(tg_rows_next_total(&rows, &total));
	tg_message_init(&message, 1, 0);
	assert_true(tg_totals_write(&writer, NULL, 0, &message));
	pass_answer(&message);
	tg_rows_start(&decoded.values[TG_FIELD_TOTALS], &rows);
	assert_false(tg_rows_next_total(&rows, &total));
}

/* What: parts of an earn and of a day come back as written.  How: two rows of each. */
static void
components_and_buckets_round_trip(void **state)
{
	static const struct tg_component components[] = {
		{ 7, 2, TG_AMOUNT_MAX, TG_BALANCE_MAX, 0, UINT16_MAX },
		{ UINT32_MAX, 0, 0, 0, 5, 0 },
	};
	static const struct tg_bucket buckets[] = {
		{ 23, 20, 0, 5, -7, TG_BALANCE_MAX, "0123456789abcde" },
		{ 0, 0, 255, INT64_MAX, 0, -1, "fedcba987654321" },
	};
	struct tg_writer writer;
	struct tg_message message;
	struct tg_component component;
	struct tg_bucket bucket;
	struct tg_rows rows;

	(void)state;
	tg_message_init(&message, 1, 0);
	tg_writer_init(&writer, scratch, sizeof(scratch));
	assert_true(tg_components_write(&writer, components, 2, &message));
	assert_true(tg_buckets_write(&writer, buckets, 2, &message));
	pass_answer(&message);
	tg_rows_start(&decoded.values[TG_FIELD_COMPONENTS], &rows);
	for (size_t i = 0; i < 2; i++) {
		assert_true(tg_rows_next_component(&rows, &component));
		assert_int_equal(component.campaign, components[i].campaign);
		assert_int_equal(component.sponsor, components[i].sponsor);
		assert_int_equal(component.amount, components[i].amount);
		assert_int_equal(component.points, components[i].points);
		assert_int_equal(component.refusal, components[i].refusal);
		assert_int_equal(component.rate, components[i].rate);
	}
	assert_false(tg_rows_next_component(&rows, &component));
	tg_rows_start(&decoded.values[TG_FIELD_BUCKETS], &rows);
	for (size_t i = 0; i < 2; i++) {
		assert_true(tg_rows_next_bucket(&rows, &bucket));
		assert_int_equal(bucket.hour, buckets[i].hour);
		assert_int_equal(bucket.kind, buckets[i].kind);
		assert_int_equal(bucket.part, buckets[i].part);
		assert_int_equal(bucket.count, buckets[i].count);
		assert_int_equal(bucket.points, buckets[i].points);
		assert_int_equal(bucket.amount, buckets[i].amount);
		assert_memory_equal(bucket.digest, buckets[i].digest, TG_DIGEST_BYTES);
	}
	assert_false(tg_rows_next_bucket(&rows, &bucket));
}

static void
assert_history_equal(const struct tg_history *a, const struct tg_history *b)
{
	assert_int_equal(a->sequence, b->sequence);
	assert_int_equal(a->business_date, b->business_date);
	assert_int_equal(a->booked_at_utc_ms, b->booked_at_utc_ms);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->member, b->member);
	assert_int_equal(a->store, b->store);
	assert_int_equal(a->terminal, b->terminal);
	assert_int_equal(a->id_bytes, b->id_bytes);
	if (a->id_bytes > 0)
		assert_memory_equal(a->id, b->id, a->id_bytes);
	assert_int_equal(a->business_time_utc_ms, b->business_time_utc_ms);
	assert_int_equal(a->original_bytes, b->original_bytes);
	if (a->original_bytes > 0)
		assert_memory_equal(a->original, b->original, a->original_bytes);
	assert_int_equal(a->till, b->till);
	assert_int_equal(a->till_day, b->till_day);
	assert_int_equal(a->receipt_bytes, b->receipt_bytes);
	if (a->receipt_bytes > 0)
		assert_memory_equal(a->receipt, b->receipt, a->receipt_bytes);
	assert_int_equal(a->amount, b->amount);
	assert_int_equal(a->covered, b->covered);
	assert_int_equal(a->points, b->points);
	assert_int_equal(a->change, b->change);
	assert_int_equal(a->is_test, b->is_test);
}

/* What: entries of the archive come back as written, with and without what may lack.
 * How:  two rows, and one more that does not fit. */
static void
history_round_trips(void **state)
{
	static const uint8_t id[TG_TRANSACTION_ID_BYTES] = { 1, 2, 3 };
	static const uint8_t original[TG_TRANSACTION_ID_BYTES] = { 4, 5, 6 };
	static const struct tg_history history[] = {
		{ .sequence = INT64_MAX,
		  .business_date = 20454,
		  .booked_at_utc_ms = 1767225605150,
		  .kind = TG_OP_REFUND,
		  .status = TG_OVER_REFUND,
		  .member = 42,
		  .store = 17,
		  .terminal = 1001,
		  .id = id,
		  .id_bytes = sizeof(id),
		  .business_time_utc_ms = 1767225605123,
		  .original = original,
		  .original_bytes = sizeof(original),
		  .till = 4,
		  .till_day = 20453,
		  .receipt = "000123",
		  .receipt_bytes = 6,
		  .amount = TG_AMOUNT_MAX,
		  .covered = 7,
		  .points = -TG_BALANCE_MAX,
		  .change = TG_BALANCE_MAX,
		  .is_test = true },
		{ .sequence = 1, .kind = TG_OP_ENROLL },
	};
	struct tg_writer writer;
	struct tg_message message;
	struct tg_rows rows;
	struct tg_history row;

	(void)state;
	tg_message_init(&message, 1, 0);
	tg_writer_init(&writer, scratch, sizeof(scratch));
	assert_true(tg_history_write(&writer, history, 2, &message));
	pass_answer(&message);
	tg_rows_start(&decoded.values[TG_FIELD_HISTORY], &rows);
	for (size_t i = 0; i < 2; i++) {
		assert_true(tg_rows_next_history(&rows, &row));
		assert_history_equal(&row, &history[i]);
	}
	assert_false(tg_rows_next_history(&rows, &row));
	tg_message_init(&message, 1, 0);
	tg_writer_init(&writer, scratch, 100);
	assert_false(tg_history_write(&writer, history, 2, &message));
	assert_false(tg_message_has(&message, TG_FIELD_HISTORY));
}

/* What: rows that do not fit leave the message alone.  How: each capacity up to enough. */
static void
rows_that_do_not_fit_are_refused(void **state)
{
	static const struct tg_line lines[] = { { "item", 4, 1, 1, 1 } };
	struct tg_writer writer;
	struct tg_message message;

	(void)state;
	tg_message_init(&message, 1, 0);
	for (size_t capacity = 0; capacity <= 10; capacity++) {
		tg_writer_init(&writer, scratch, capacity);
		assert_int_equal(tg_lines_write(&writer, lines, 1, &message), capacity == 10);
		assert_int_equal(tg_message_has(&message, TG_FIELD_LINES), capacity == 10);
	}
}

/* The lines of an earn as hex, and whether they pass. */
static const struct {
	const char *hex;
	bool is_accepted;
	const char *claim;
} line_cases[] = {
	{ "91 94 a0 00 00 00", true, "least" },
	{ "91 94 a0 00 00 d3ffffff172b5af000", true, "lowest amount" },
	{ "91 94 a0 00 00 d3ffffff172b5aefff", false, "amount one lower" },
	{ "91 94 a0 00 00 cf000000e8d4a51001", false, "amount above the highest" },
	{ "91 94 a0 ceffffffff ceffffffff 00", true, "highest category and quantity" },
	{ "91 94 a0 cf0000000100000000 00 00", false, "category too high" },
	{ "91 94 a0 00 ff 00", false, "quantity below 0" },
	{ "90", false, "no line" },
	{ "91 93 a0 00 00", false, "a column too few" },
	{ "91 95 a0 00 00 00 00", false, "a column too many" },
	{ "91 94 00 00 00 00", false, "item is a number" },
	{ "91 94 a10a 00 00 00", false, "control character in the item" },
	{ "91 94 d921 61*33 00 00 00", false, "item too long" },
	{ "91 94 d920 61*32 00 00 00", true, "longest item" },
	{ "91 00", false, "a line is a number" },
	{ "dc0065 00*101", false, "too many lines" },
	{ "a0", false, "lines are text" },
};

/* What: each line is checked.  How: an earn with the lines of each case. */
static void
lines_are_checked_one_by_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(line_cases) / sizeof(line_cases[0]); i++) {
		size_t bytes = sample_hex(line_cases[i].hex, scratch, sizeof(scratch));
		struct tg_writer writer;
		enum tg_status status;
		uint32_t field;

		sample_request(&sample, TG_OP_EARN, SAMPLE_LOW, true);
		tg_message_set_bytes(&sample.message, TG_FIELD_LINES, scratch, bytes);
		tg_writer_init(&writer, frame, sizeof(frame));
		assert_true(tg_encode(&writer, &sample.message));
		status = tg_decode_request(frame + TG_FRAME_HEADER_BYTES,
					   writer.used_bytes - TG_FRAME_HEADER_BYTES, &decoded,
					   &field);
		if (status != (line_cases[i].is_accepted ? TG_OK : TG_BAD_FIELD) ||
		    (status == TG_BAD_FIELD && field != TG_FIELD_LINES))
			fail_msg("%s: %s", line_cases[i].claim, tg_status_name(status));
	}
}

/* What: a batch of the most items passes and each item comes back.  How: 8,190 earns. */
static void
largest_batch_round_trips(void **state)
{
	struct tg_batch_writer batch;
	struct tg_writer writer;
	struct tg_rows rows;
	struct tg_cursor item;
	uint32_t field, count = 0;

	(void)state;
	sample_request(&sample, TG_OP_EARN, SAMPLE_LOW, true);
	tg_writer_init(&writer, frame, sizeof(frame));
	tg_batch_begin(&batch, &writer, 9, TG_OP_BATCH, TG_BATCH_ITEMS_MAX);
	for (uint32_t i = 0; i < TG_BATCH_ITEMS_MAX; i++) {
		tg_message_set_integer(&sample.message, TG_FIELD_AMOUNT, i);
		tg_batch_add(&batch, &sample.message);
	}
	assert_true(tg_batch_end(&batch));
	assert_int_equal(tg_decode_request(frame + TG_FRAME_HEADER_BYTES,
					   writer.used_bytes - TG_FRAME_HEADER_BYTES, &decoded,
					   &field),
			 TG_OK);
	assert_int_equal(decoded.request_id, 9);
	sample.message.request_id = 0;
	tg_rows_start(&decoded.values[TG_FIELD_ITEMS], &rows);
	while (tg_rows_next_item(&rows, &item)) {
		assert_int_equal(tg_decode_item_request(item, &item_message, &field), TG_OK);
		tg_message_set_integer(&sample.message, TG_FIELD_AMOUNT, count++);
		assert_true(sample_is_equal(&item_message, &sample.message));
	}
	assert_int_equal(count, TG_BATCH_ITEMS_MAX);
}

/* What: one bad item does not spoil its neighbours.  How: a batch of them, each with its status. */
static void
bad_item_is_judged_by_itself(void **state)
{
	static const struct {
		const char *hex;
		enum tg_status status;
		uint32_t field; /* at fault, 0: none */
	} items[] = {
		{ "00", TG_BAD_FRAME, 0 },
		{ "91 14", TG_BAD_FRAME, 0 },
		{ "93 14 80 80", TG_BAD_FRAME, 0 },
		{ "92 a0 80", TG_BAD_FRAME, 0 },
		{ "92 ff 80", TG_BAD_FRAME, 0 },
		{ "92 ce00010000 80", TG_BAD_FRAME, 0 },
		{ "92 14 90", TG_BAD_FRAME, 0 },
		{ "92 28 80", TG_UNKNOWN_OPERATION, 0 },
		{ "92 1f 80", TG_UNKNOWN_OPERATION, 0 },
		{ "92 63 80", TG_UNKNOWN_OPERATION, 0 },
		{ "92 14 80", TG_MISSING_FIELD, TG_FIELD_TRANSACTION_ID },
		{ "92 14 81 21 00", TG_UNKNOWN_FIELD, TG_FIELD_DAY },
		{ "92 14 81 0e c3", TG_BAD_FIELD, TG_FIELD_AMOUNT },
	};
	size_t bytes = sample_hex("93 01 28 81 24 9d", frame, sizeof(frame));
	struct tg_rows rows;
	struct tg_cursor item;
	uint32_t field;
	size_t i = 0;

	(void)state;
	for (i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		bytes += sample_hex(items[i].hex, frame + bytes, sizeof(frame) - bytes);
	assert_int_equal(tg_decode_request(frame, bytes, &decoded, &field), TG_OK);
	assert_int_equal(decoded.values[TG_FIELD_ITEMS].count, i);
	tg_rows_start(&decoded.values[TG_FIELD_ITEMS], &rows);
	for (i = 0; tg_rows_next_item(&rows, &item); i++) {
		bool is_shapeless = items[i].status == TG_BAD_FRAME;

		assert_int_equal(tg_decode_item_request(item, &item_message, &field),
				 items[i].status);
		assert_int_equal(field, items[i].field);
		assert_int_equal(tg_decode_item_answer(item, &item_message, &field) == TG_BAD_FRAME,
				 is_shapeless);
	}
	assert_int_equal(i, sizeof(items) / sizeof(items[0]));
}

/* What: outcomes of a batch come back in order, whether written at once or kept before.
 * How:  three answers with different statuses, one of them encoded by itself. */
static void
outcomes_of_a_batch_round_trip(void **state)
{
	static const uint32_t statuses[] = { TG_OK, TG_NO_POINTS, TG_BUSY };
	struct tg_batch_writer batch;
	struct tg_writer writer, keeper;
	uint8_t kept[64];
	struct tg_message answer;
	struct tg_rows rows;
	struct tg_cursor item;
	uint32_t field;

	(void)state;
	tg_writer_init(&writer, frame, sizeof(frame));
	tg_batch_begin(&batch, &writer, 3, TG_OK, 3);
	for (size_t i = 0; i < 3; i++) {
		tg_message_init(&answer, 0, statuses[i]);
		tg_message_set_integer(&answer, TG_FIELD_SEQUENCE, (int64_t)i + 100);
		if (i == 1) {
			tg_writer_init(&keeper, kept, sizeof(kept));
			assert_true(tg_encode_item(&keeper, &answer));
			tg_batch_add_encoded(&batch, kept, keeper.used_bytes);
		} else {
			tg_batch_add(&batch, &answer);
		}
	}
	assert_true(tg_batch_end(&batch));
	assert_int_equal(tg_decode_answer(frame + TG_FRAME_HEADER_BYTES,
					  writer.used_bytes - TG_FRAME_HEADER_BYTES, &decoded,
					  &field),
			 TG_OK);
	tg_rows_start(&decoded.values[TG_FIELD_ITEMS], &rows);
	for (size_t i = 0; i < 3; i++) {
		assert_true(tg_rows_next_item(&rows, &item));
		assert_int_equal(tg_decode_item_answer(item, &item_message, &field), TG_OK);
		assert_int_equal(item_message.code, statuses[i]);
		assert_int_equal(tg_message_integer(&item_message, TG_FIELD_SEQUENCE, 0), 100 + i);
	}
	assert_false(tg_rows_next_item(&rows, &item));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_round_trip),
		cmocka_unit_test(lists_of_answers_round_trip),
		cmocka_unit_test(components_and_buckets_round_trip),
		cmocka_unit_test(history_round_trips),
		cmocka_unit_test(rows_that_do_not_fit_are_refused),
		cmocka_unit_test(lines_are_checked_one_by_one),
		cmocka_unit_test(largest_batch_round_trips),
		cmocka_unit_test(bad_item_is_judged_by_itself),
		cmocka_unit_test(outcomes_of_a_batch_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
