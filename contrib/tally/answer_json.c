/*
 * answer_json.c - shows the gateway's answer as JSON.
 *
 * Fields have their names in lower case; numbers stay numbers, days are texts, times are
 * milliseconds of UTC as on the wire.
 */
#include "contrib/tally/answer.h"

#include <jansson.h>

#include "contrib/common/transaction_id.h"
#include "contrib/tally/look.h"
#include "protocol/assert.h"
#include "protocol/rows.h"

static json_t *
day_json(int64_t day)
{
	char text[LOOK_TEXT_BYTES];

	look_day(day, text);
	return json_string(text);
}

static json_t *
expiries_json(const struct tg_value *value)
{
	json_t *array = json_array();
	struct tg_expiry expiry;
	struct tg_rows rows;

	tg_rows_start(value, &rows);
	while (tg_rows_next_expiry(&rows, &expiry))
		json_array_append_new(array, json_pack("{s:o, s:I}", "day", day_json(expiry.day),
						       "points", (json_int_t)expiry.points));
	return array;
}

static json_t *
entries_json(const struct tg_value *value)
{
	json_t *array = json_array();
	struct tg_entry entry;
	struct tg_rows rows;

	tg_rows_start(value, &rows);
	while (tg_rows_next_entry(&rows, &entry))
		json_array_append_new(
			array,
			json_pack("{s:I, s:s, s:s, s:I, s:I, s:I, s:I}", "sequence",
				  (json_int_t)entry.sequence, "kind", look_kind(entry.kind),
				  "status", tg_status_name((enum tg_status)entry.status),
				  "booked_at", (json_int_t)entry.booked_at_utc_ms, "partner",
				  (json_int_t)entry.partner, "store", (json_int_t)entry.store,
				  "points", (json_int_t)entry.points));
	return array;
}

static json_t *
totals_json(const struct tg_value *value)
{
	json_t *array = json_array();
	struct tg_total total;
	struct tg_rows rows;

	tg_rows_start(value, &rows);
	while (tg_rows_next_total(&rows, &total))
		json_array_append_new(array, json_pack("{s:s, s:b, s:I, s:I, s:I}", "kind",
						       look_kind(total.kind), "is_declined",
						       (int)total.is_declined, "count",
						       (json_int_t)total.count, "points",
						       (json_int_t)total.points, "amount",
						       (json_int_t)total.amount));
	return array;
}

static json_t *
components_json(const struct tg_value *value)
{
	json_t *array = json_array();
	struct tg_component part;
	struct tg_rows rows;

	tg_rows_start(value, &rows);
	while (tg_rows_next_component(&rows, &part))
		json_array_append_new(array, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "campaign",
						       (json_int_t)part.campaign, "rate",
						       (json_int_t)part.rate, "sponsor",
						       (json_int_t)part.sponsor, "amount",
						       (json_int_t)part.amount, "points",
						       (json_int_t)part.points, "refusal",
						       (json_int_t)part.refusal));
	return array;
}

/* An id as people read it; null for none. */
static json_t *
id_json(const uint8_t *id, uint32_t bytes)
{
	char text[TRANSACTION_ID_TEXT_BYTES];

	if (bytes != TG_TRANSACTION_ID_BYTES)
		return json_null();
	transaction_id_format(id, text);
	return json_string(text);
}

static json_t *
history_row_json(const struct tg_history *row)
{
	return json_pack(
		"{s:I, s:o, s:I, s:s, s:s, s:I, s:I, s:I, s:o, s:I, s:o, s:I, s:o, s:s%, "
		"s:I, s:I, s:I, s:I, s:b}",
		"sequence", (json_int_t)row->sequence, "date", day_json(row->business_date),
		"booked_at", (json_int_t)row->booked_at_utc_ms, "kind", look_kind(row->kind),
		"status", tg_status_name((enum tg_status)row->status), "member",
		(json_int_t)row->member, "store", (json_int_t)row->store, "terminal",
		(json_int_t)row->terminal, "id", id_json(row->id, row->id_bytes), "time",
		(json_int_t)row->business_time_utc_ms, "original",
		id_json(row->original, row->original_bytes), "till", (json_int_t)row->till,
		"till_day", row->till_day == 0 ? json_null() : day_json(row->till_day), "receipt",
		row->receipt, (size_t)row->receipt_bytes, "amount", (json_int_t)row->amount,
		"covered", (json_int_t)row->covered, "points", (json_int_t)row->points, "change",
		(json_int_t)row->change, "is_test", (int)row->is_test);
}

static json_t *
history_json(const struct tg_value *value)
{
	json_t *array = json_array();
	struct tg_history row;
	struct tg_rows rows;

	tg_rows_start(value, &rows);
	while (tg_rows_next_history(&rows, &row))
		json_array_append_new(array, history_row_json(&row));
	return array;
}

/* A number as it looks. */
static json_t *
integer_json(enum tg_field field, int64_t integer)
{
	char text[LOOK_TEXT_BYTES];

	switch (look_of(field)) {
	case LOOK_FLAG:
		return json_boolean(integer != 0);
	case LOOK_STATUS:
		return json_string(tg_status_name((enum tg_status)integer));
	case LOOK_DAY:
	case LOOK_KIND:
	case LOOK_STATE:
	case LOOK_RIGHTS:
		look_integer(field, integer, text);
		return json_string(text);
	case LOOK_FIELD:
		return json_string(tg_field_name((uint64_t)integer));
	case LOOK_TIME:
	case LOOK_NUMBER:
		break;
	}
	return json_integer(integer);
}

/* A field's value; NULL for what is not shown. */
static json_t *
value_json(enum tg_field field, const struct tg_value *value)
{
	switch (tg_field_info(field)->type) {
	case TG_TYPE_EXPIRIES:
		return expiries_json(value);
	case TG_TYPE_ENTRIES:
		return entries_json(value);
	case TG_TYPE_TOTALS:
		return totals_json(value);
	case TG_TYPE_HISTORY:
		return history_json(value);
	case TG_TYPE_COMPONENTS:
		return components_json(value);
	case TG_TYPE_STR:
		return json_stringn((const char *)value->data, value->bytes);
	case TG_TYPE_INT:
	case TG_TYPE_BOOL:
		return integer_json(field, value->integer);
	case TG_TYPE_BIN:
	case TG_TYPE_LINES:
	case TG_TYPE_ITEMS:
	case TG_TYPE_BUCKETS:
		break;
	}
	return NULL;
}

void
answer_print_json(const struct result *result, FILE *file)
{
	const struct tg_message *answer = result->answer;
	json_t *root = json_object();
	char token[ORDER_TOKEN_BYTES], name[40];

	TG_ASSERT(root != NULL);
	json_object_set_new(root, "operation",
			    json_string(tg_operation_name((uint64_t)result->order->operation)));
	json_object_set_new(
		root, "status",
		json_string(result->is_stored ? "STORED" : tg_status_name(result->status)));
	json_object_set_new(root, "text",
			    json_string(result->is_stored ? "stored, to be sent later"
					: answer != NULL || result->error[0] == '\0'
						? tg_status_text(result->status)
						: result->error));
	json_object_set_new(
		root, "is_known",
		json_boolean(answer_exit(result) != TALLY_UNKNOWN && !result->is_stored));
	if (result->order->is_transaction && answer_exit(result) != TALLY_UNREACHED) {
		order_token(result->order, token);
		json_object_set_new(root, "transaction", json_string(token));
	}
	if (answer != NULL) {
		for (enum tg_field field = tg_field_set_next(&answer->present, 0);
		     field < TG_FIELD_COUNT;
		     field = tg_field_set_next(&answer->present, (unsigned)field + 1)) {
			json_t *value = value_json(field, &answer->values[field]);

			look_name(field, name, sizeof(name));
			if (value != NULL)
				json_object_set_new(root, name, value);
		}
	}
	json_dumpf(root, file, JSON_INDENT(2));
	fputc('\n', file);
	json_decref(root);
}
