/*
 * rows.c - reads and writes fields that are arrays: lines, expiries, entries, totals, history,
 * items.
 *
 * What the decoder has checked is not checked again: a value that is not as the table says stops
 * the process, because it would be a bug of ours.
 */
#include "protocol/rows.h"

#include <string.h>

#include "protocol/assert.h"

void
tg_rows_start(const struct tg_value *value, struct tg_rows *ret_rows)
{
	struct tg_head head;

	ret_rows->cursor.at = value->data;
	ret_rows->cursor.end = value->data + value->bytes;
	TG_ASSERT(tg_cursor_head(&ret_rows->cursor, &head) && head.kind == TG_HEAD_ARRAY);
	ret_rows->left = head.length;
}

/* Enter the next row; false at the end. */
static bool
next_row(struct tg_rows *rows)
{
	struct tg_head head;

	if (rows->left == 0)
		return false;
	rows->left--;
	TG_ASSERT(tg_cursor_head(&rows->cursor, &head) && head.kind == TG_HEAD_ARRAY);
	return true;
}

/* Read an integer or a boolean. */
static int64_t
next_integer(struct tg_rows *rows)
{
	struct tg_head head;

	TG_ASSERT(tg_cursor_head(&rows->cursor, &head) &&
		  (head.kind == TG_HEAD_INT || head.kind == TG_HEAD_BOOL));
	return head.integer;
}

/* Read bytes or text; *ret_bytes: how many. */
static const uint8_t *
next_bytes(struct tg_rows *rows, uint32_t *ret_bytes)
{
	struct tg_head head;
	const uint8_t *bytes;

	TG_ASSERT(tg_cursor_head(&rows->cursor, &head) &&
		  (head.kind == TG_HEAD_BIN || head.kind == TG_HEAD_STR));
	bytes = rows->cursor.at;
	*ret_bytes = head.length;
	rows->cursor.at += head.length;
	return bytes;
}

bool
tg_rows_next_line(struct tg_rows *rows, struct tg_line *ret_line)
{
	if (!next_row(rows))
		return false;
	ret_line->item = (const char *)next_bytes(rows, &ret_line->item_bytes);
	ret_line->category = (uint32_t)next_integer(rows);
	ret_line->quantity = (uint32_t)next_integer(rows);
	ret_line->amount = next_integer(rows);
	return true;
}

bool
tg_rows_next_expiry(struct tg_rows *rows, struct tg_expiry *ret_expiry)
{
	if (!next_row(rows))
		return false;
	ret_expiry->day = (int32_t)next_integer(rows);
	ret_expiry->points = next_integer(rows);
	return true;
}

bool
tg_rows_next_entry(struct tg_rows *rows, struct tg_entry *ret_entry)
{
	if (!next_row(rows))
		return false;
	ret_entry->sequence = next_integer(rows);
	ret_entry->kind = (uint32_t)next_integer(rows);
	ret_entry->status = (uint32_t)next_integer(rows);
	ret_entry->booked_at_utc_ms = next_integer(rows);
	ret_entry->partner = (uint32_t)next_integer(rows);
	ret_entry->store = (uint32_t)next_integer(rows);
	ret_entry->points = next_integer(rows);
	return true;
}

bool
tg_rows_next_total(struct tg_rows *rows, struct tg_total *ret_total)
{
	if (!next_row(rows))
		return false;
	ret_total->kind = (uint32_t)next_integer(rows);
	ret_total->is_declined = next_integer(rows) != 0;
	ret_total->count = next_integer(rows);
	ret_total->points = next_integer(rows);
	ret_total->amount = next_integer(rows);
	return true;
}

bool
tg_rows_next_history(struct tg_rows *rows, struct tg_history *ret_history)
{
	if (!next_row(rows))
		return false;
	ret_history->sequence = next_integer(rows);
	ret_history->business_date = (int32_t)next_integer(rows);
	ret_history->booked_at_utc_ms = next_integer(rows);
	ret_history->kind = (uint32_t)next_integer(rows);
	ret_history->status = (uint32_t)next_integer(rows);
	ret_history->member = next_integer(rows);
	ret_history->store = (uint32_t)next_integer(rows);
	ret_history->terminal = (uint32_t)next_integer(rows);
	ret_history->id = next_bytes(rows, &ret_history->id_bytes);
	ret_history->business_time_utc_ms = next_integer(rows);
	ret_history->original = next_bytes(rows, &ret_history->original_bytes);
	ret_history->till = (uint32_t)next_integer(rows);
	ret_history->till_day = (int32_t)next_integer(rows);
	ret_history->receipt = (const char *)next_bytes(rows, &ret_history->receipt_bytes);
	ret_history->amount = next_integer(rows);
	ret_history->covered = next_integer(rows);
	ret_history->points = next_integer(rows);
	ret_history->change = next_integer(rows);
	ret_history->is_test = next_integer(rows) != 0;
	return true;
}

bool
tg_rows_next_component(struct tg_rows *rows, struct tg_component *ret_component)
{
	if (!next_row(rows))
		return false;
	ret_component->campaign = (uint32_t)next_integer(rows);
	ret_component->sponsor = (uint32_t)next_integer(rows);
	ret_component->amount = next_integer(rows);
	ret_component->points = next_integer(rows);
	ret_component->refusal = (uint32_t)next_integer(rows);
	ret_component->rate = (uint32_t)next_integer(rows);
	return true;
}

bool
tg_rows_next_bucket(struct tg_rows *rows, struct tg_bucket *ret_bucket)
{
	uint32_t bytes;
	const uint8_t *digest;

	if (!next_row(rows))
		return false;
	ret_bucket->hour = (uint32_t)next_integer(rows);
	ret_bucket->kind = (uint32_t)next_integer(rows);
	ret_bucket->part = (uint32_t)next_integer(rows);
	ret_bucket->count = next_integer(rows);
	ret_bucket->points = next_integer(rows);
	ret_bucket->amount = next_integer(rows);
	digest = next_bytes(rows, &bytes);
	TG_ASSERT(bytes == sizeof(ret_bucket->digest));
	memcpy(ret_bucket->digest, digest, sizeof(ret_bucket->digest));
	return true;
}

bool
tg_rows_next_item(struct tg_rows *rows, struct tg_cursor *ret_item)
{
	if (rows->left == 0)
		return false;
	rows->left--;
	ret_item->at = rows->cursor.at;
	TG_ASSERT(tg_cursor_skip(&rows->cursor));
	ret_item->end = rows->cursor.at;
	return true;
}

/* Set the field to what was written since start_bytes. */
static bool
finish(const struct tg_writer *writer, size_t start_bytes, enum tg_field field, uint32_t count,
       struct tg_message *message)
{
	if (writer->is_full)
		return false;
	tg_message_set_bytes(message, field, writer->base + start_bytes,
			     writer->used_bytes - start_bytes);
	message->values[field].count = count;
	return true;
}

bool
tg_lines_write(struct tg_writer *writer, const struct tg_line *lines, uint32_t count,
	       struct tg_message *message)
{
	size_t start_bytes = writer->used_bytes;

	tg_write_array(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		tg_write_array(writer, 4);
		tg_write_str(writer, lines[i].item, lines[i].item_bytes);
		tg_write_integer(writer, lines[i].category);
		tg_write_integer(writer, lines[i].quantity);
		tg_write_integer(writer, lines[i].amount);
	}
	return finish(writer, start_bytes, TG_FIELD_LINES, count, message);
}

bool
tg_expiries_write(struct tg_writer *writer, const struct tg_expiry *expiries, uint32_t count,
		  struct tg_message *message)
{
	size_t start_bytes = writer->used_bytes;

	tg_write_array(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		tg_write_array(writer, 2);
		tg_write_integer(writer, expiries[i].day);
		tg_write_integer(writer, expiries[i].points);
	}
	return finish(writer, start_bytes, TG_FIELD_EXPIRIES, count, message);
}

bool
tg_entries_write(struct tg_writer *writer, const struct tg_entry *entries, uint32_t count,
		 struct tg_message *message)
{
	size_t start_bytes = writer->used_bytes;

	tg_write_array(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		tg_write_array(writer, 7);
		tg_write_integer(writer, entries[i].sequence);
		tg_write_integer(writer, entries[i].kind);
		tg_write_integer(writer, entries[i].status);
		tg_write_integer(writer, entries[i].booked_at_utc_ms);
		tg_write_integer(writer, entries[i].partner);
		tg_write_integer(writer, entries[i].store);
		tg_write_integer(writer, entries[i].points);
	}
	return finish(writer, start_bytes, TG_FIELD_ENTRIES, count, message);
}

static bool
write_totals(struct tg_writer *writer, const struct tg_total *totals, uint32_t count,
	     enum tg_field field, struct tg_message *message)
{
	size_t start_bytes = writer->used_bytes;

	tg_write_array(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		tg_write_array(writer, 5);
		tg_write_integer(writer, totals[i].kind);
		tg_write_bool(writer, totals[i].is_declined);
		tg_write_integer(writer, totals[i].count);
		tg_write_integer(writer, totals[i].points);
		tg_write_integer(writer, totals[i].amount);
	}
	return finish(writer, start_bytes, field, count, message);
}

bool
tg_totals_write(struct tg_writer *writer, const struct tg_total *totals, uint32_t count,
		struct tg_message *message)
{
	return write_totals(writer, totals, count, TG_FIELD_TOTALS, message);
}

bool
tg_claimed_write(struct tg_writer *writer, const struct tg_total *totals, uint32_t count,
		 struct tg_message *message)
{
	return write_totals(writer, totals, count, TG_FIELD_CLAIMED, message);
}

bool
tg_components_write(struct tg_writer *writer, const struct tg_component *components, uint32_t count,
		    struct tg_message *message)
{
	size_t start_bytes = writer->used_bytes;

	tg_write_array(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		tg_write_array(writer, 6);
		tg_write_integer(writer, components[i].campaign);
		tg_write_integer(writer, components[i].sponsor);
		tg_write_integer(writer, components[i].amount);
		tg_write_integer(writer, components[i].points);
		tg_write_integer(writer, components[i].refusal);
		tg_write_integer(writer, components[i].rate);
	}
	return finish(writer, start_bytes, TG_FIELD_COMPONENTS, count, message);
}

bool
tg_buckets_write(struct tg_writer *writer, const struct tg_bucket *buckets, uint32_t count,
		 struct tg_message *message)
{
	size_t start_bytes = writer->used_bytes;

	tg_write_array(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		tg_write_array(writer, 7);
		tg_write_integer(writer, buckets[i].hour);
		tg_write_integer(writer, buckets[i].kind);
		tg_write_integer(writer, buckets[i].part);
		tg_write_integer(writer, buckets[i].count);
		tg_write_integer(writer, buckets[i].points);
		tg_write_integer(writer, buckets[i].amount);
		tg_write_bin(writer, buckets[i].digest, sizeof(buckets[i].digest));
	}
	return finish(writer, start_bytes, TG_FIELD_BUCKETS, count, message);
}

static void
write_history(struct tg_writer *writer, const struct tg_history *row)
{
	tg_write_array(writer, 19);
	tg_write_integer(writer, row->sequence);
	tg_write_integer(writer, row->business_date);
	tg_write_integer(writer, row->booked_at_utc_ms);
	tg_write_integer(writer, row->kind);
	tg_write_integer(writer, row->status);
	tg_write_integer(writer, row->member);
	tg_write_integer(writer, row->store);
	tg_write_integer(writer, row->terminal);
	tg_write_bin(writer, row->id, row->id_bytes);
	tg_write_integer(writer, row->business_time_utc_ms);
	tg_write_bin(writer, row->original, row->original_bytes);
	tg_write_integer(writer, row->till);
	tg_write_integer(writer, row->till_day);
	tg_write_str(writer, row->receipt, row->receipt_bytes);
	tg_write_integer(writer, row->amount);
	tg_write_integer(writer, row->covered);
	tg_write_integer(writer, row->points);
	tg_write_integer(writer, row->change);
	tg_write_bool(writer, row->is_test);
}

bool
tg_history_write(struct tg_writer *writer, const struct tg_history *history, uint32_t count,
		 struct tg_message *message)
{
	size_t start_bytes = writer->used_bytes;

	tg_write_array(writer, count);
	for (uint32_t i = 0; i < count; i++)
		write_history(writer, &history[i]);
	return finish(writer, start_bytes, TG_FIELD_HISTORY, count, message);
}
