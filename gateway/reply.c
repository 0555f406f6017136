/*
 * reply.c - which member of the answer is told in which field.
 */
#include "gateway/reply.h"

#include "protocol/assert.h"
#include "protocol/rows.h"
#include "protocol/writer.h"
#include "storage/archive_page.h"

/* An answer being made, and what its operation may tell. */
struct making {
	const struct ledger_answer *answer;
	const struct tg_field_set *told;
	struct tg_message *message;
	struct tg_writer *rows;
};

/* Tell an integer, zero too. */
static void
tell(const struct making *making, enum tg_field field, int64_t value)
{
	if (tg_field_set_has(making->told, field))
		tg_message_set_integer(making->message, field, value);
}

/* Tell an integer, unless it is zero: absent means the same. */
static void
tell_some(const struct making *making, enum tg_field field, int64_t value)
{
	if (value != 0)
		tell(making, field, value);
}

/* The member as it stands. */
static void
tell_member(const struct making *making)
{
	const struct ledger_answer *a = making->answer;

	if (!a->has_member)
		return;
	tell(making, TG_FIELD_MEMBER, (int64_t)a->member);
	tell(making, TG_FIELD_AVAILABLE, a->available_points);
	tell(making, TG_FIELD_USABLE, a->usable_points);
	if (a->has_value)
		tell(making, TG_FIELD_VALUE, a->value_after);
	tell_some(making, TG_FIELD_PENDING, a->pending_points);
	tell_some(making, TG_FIELD_HELD, a->held_points);
	tell_some(making, TG_FIELD_DEBT, a->debt_points);
	if (a->next_expiry_day != INT32_MAX && a->next_expiry_points != 0) {
		tell(making, TG_FIELD_EXPIRES_DAY, a->next_expiry_day);
		tell(making, TG_FIELD_EXPIRES_POINTS, a->next_expiry_points);
	}
}

/* The record it became, or was. */
static void
tell_record(const struct making *making)
{
	const struct ledger_answer *a = making->answer;

	if (a->sequence != 0) {
		tell(making, TG_FIELD_SEQUENCE, (int64_t)a->sequence);
		tell(making, TG_FIELD_BOOKED_AT, a->booked_at_utc_ms);
	}
	if ((a->sequence != 0 || a->has_member || a->kind == REQUEST_TOTALS ||
	     a->kind == REQUEST_ENTRIES || a->kind == REQUEST_DAY_END ||
	     a->kind == REQUEST_BUCKETS || a->kind == REQUEST_PART) &&
	    a->business_date != DAY_NONE)
		tell(making, TG_FIELD_BUSINESS_DATE, a->business_date);
	tell_some(making, TG_FIELD_REPLAY, a->is_replay);
}

/* What it did. */
static void
tell_effect(const struct making *making)
{
	const struct ledger_answer *a = making->answer;

	if (a->status == TG_OK && a->kind != REQUEST_STATUS)
		tell(making, TG_FIELD_POINTS, a->points);
	else
		tell_some(making, TG_FIELD_POINTS, a->points);
	tell_some(making, TG_FIELD_BASE_POINTS, a->base_points);
	tell_some(making, TG_FIELD_BONUS_POINTS, a->bonus_points);
	tell_some(making, TG_FIELD_CAPPED, a->is_capped);
	tell_some(making, TG_FIELD_TAKEN_POINTS, a->taken_points);
	tell_some(making, TG_FIELD_RESTORED_POINTS, a->restored_points);
	tell_some(making, TG_FIELD_LOST_POINTS, a->lost_points);
	tell_some(making, TG_FIELD_PAID_DEBT, a->paid_debt_points);
	tell_some(making, TG_FIELD_MONEY_RETURNED, a->money_returned);
	tell_some(making, TG_FIELD_DEADLINE, a->deadline_utc_ms);
	if (a->value_change != 0) {
		tell(making, TG_FIELD_VALUE, a->value_after);
		tell(making, TG_FIELD_VALUE_CHANGE, a->value_change);
	}
	if (a->own_units == 0)
		return;
	tell(making, TG_FIELD_OWN_UNITS, a->own_units);
	tell_some(making, TG_FIELD_DIRECTION, a->direction);
	tell_some(making, TG_FIELD_RATE_NUM, a->rate_num);
	tell_some(making, TG_FIELD_RATE_DEN, a->rate_den);
}

/* What became of the transaction asked for. */
static void
tell_outcome(const struct making *making)
{
	const struct ledger_answer *a = making->answer;

	if (a->outcome_kind == 0)
		return;
	tell(making, TG_FIELD_OUTCOME, a->outcome);
	tell(making, TG_FIELD_KIND, a->outcome_kind);
	tell(making, TG_FIELD_STATE, a->outcome_state);
}

static void
tell_expiries(const struct making *making)
{
	struct tg_expiry rows[ANSWER_EXPIRIES_MAX];
	const struct ledger_answer *a = making->answer;
	bool is_written;

	if (a->expiry_count == 0 || !tg_field_set_has(making->told, TG_FIELD_EXPIRIES))
		return;
	for (uint32_t i = 0; i < a->expiry_count; i++)
		rows[i] = (struct tg_expiry){ a->expiries[i].last_day, a->expiries[i].points };
	is_written = tg_expiries_write(making->rows, rows, a->expiry_count, making->message);
	TG_ASSERT(is_written);
}

static void
tell_entries(const struct making *making)
{
	struct tg_entry rows[ANSWER_ENTRIES_MAX];
	const struct ledger_answer *a = making->answer;
	bool is_written;

	if (a->entry_count == 0 || !tg_field_set_has(making->told, TG_FIELD_ENTRIES))
		return;
	for (uint32_t i = 0; i < a->entry_count; i++) {
		const struct answer_entry *entry = &a->entries[i];

		rows[i] = (struct tg_entry){ .sequence = (int64_t)entry->sequence,
					     .kind = entry->kind,
					     .status = entry->status,
					     .booked_at_utc_ms = entry->booked_at_utc_ms,
					     .partner = entry->partner,
					     .store = entry->store,
					     .points = entry->points };
	}
	is_written = tg_entries_write(making->rows, rows, a->entry_count, making->message);
	TG_ASSERT(is_written);
}

static void
tell_totals(const struct making *making)
{
	struct tg_total rows[ANSWER_TOTALS_MAX];
	const struct ledger_answer *a = making->answer;
	bool is_written;

	if (a->total_count == 0 || !tg_field_set_has(making->told, TG_FIELD_TOTALS))
		return;
	for (uint32_t i = 0; i < a->total_count; i++) {
		const struct answer_total *total = &a->totals[i];

		rows[i] = (struct tg_total){ .kind = total->kind,
					     .is_declined = total->is_declined,
					     .count = total->count,
					     .points = total->points,
					     .amount = total->amount };
	}
	is_written = tg_totals_write(making->rows, rows, a->total_count, making->message);
	TG_ASSERT(is_written);
}

/* Which rates and campaigns gave what. */
static void
tell_components(const struct making *making)
{
	struct tg_component rows[RECORD_COMPONENTS_MAX];
	const struct ledger_answer *a = making->answer;
	bool is_written;

	if (a->component_count == 0 || !tg_field_set_has(making->told, TG_FIELD_COMPONENTS))
		return;
	for (uint32_t i = 0; i < a->component_count; i++) {
		const struct answer_component *c = &a->components[i];

		rows[i] = (struct tg_component){ .campaign = c->campaign,
						 .sponsor = c->sponsor,
						 .amount = c->amount,
						 .points = c->points,
						 .refusal = c->refusal,
						 .rate = c->rate };
	}
	is_written = tg_components_write(making->rows, rows, a->component_count, making->message);
	TG_ASSERT(is_written);
}

/* The parts of a day's transactions. */
static void
tell_buckets(const struct making *making, const struct tg_division *division)
{
	bool is_written;

	if (!tg_field_set_has(making->told, TG_FIELD_BUCKETS) || division->bucket_count == 0)
		return;
	is_written = tg_buckets_write(making->rows, division->buckets, division->bucket_count,
				      making->message);
	TG_ASSERT(is_written);
}

/* What the digest just signed has become a link of. */
static void
tell_chain(const struct making *making)
{
	const struct ledger_answer *a = making->answer;

	if (a->kind == REQUEST_COUNTERSIGN && a->status == TG_OK)
		tg_message_set_bytes(making->message, TG_FIELD_CHAIN, a->chain, sizeof(a->chain));
}

/* A piece of a text, and what the whole is. */
static void
tell_document(const struct making *making, const struct archived_document *document)
{
	static const uint8_t none[TG_DIGEST_BYTES];

	if (!tg_field_set_has(making->told, TG_FIELD_DOCUMENT))
		return;
	tg_message_set_bytes(making->message, TG_FIELD_DOCUMENT, document->piece,
			     document->bytes);
	tg_message_set_bytes(making->message, TG_FIELD_DIGEST, document->digest,
			     sizeof(document->digest));
	tell_some(making, TG_FIELD_MORE, document->has_more);
	tell_some(making, TG_FIELD_STATEMENT_STATE, document->state);
	if (memcmp(document->chain, none, sizeof(none)) != 0)
		tg_message_set_bytes(making->message, TG_FIELD_CHAIN, document->chain,
				     sizeof(document->chain));
}

/* A page of entries, and how far the archive is that it comes from. */
static void
tell_page(const struct making *making)
{
	const struct archived_page *page = making->answer->page;

	if (page == NULL)
		return;
	if (page->row_count > 0 && tg_field_set_has(making->told, TG_FIELD_HISTORY)) {
		bool is_written = tg_history_write(making->rows, page->rows, page->row_count,
						   making->message);

		TG_ASSERT(is_written);
	}
	tell_buckets(making, &page->division);
	tell_document(making, &page->document);
	if (!tg_field_set_has(making->told, TG_FIELD_DOCUMENT))
		tell_some(making, TG_FIELD_MORE, page->has_more);
	tell_some(making, TG_FIELD_COMPLETE, page->is_complete);
	tell(making, TG_FIELD_HELD_SEQUENCE, (int64_t)page->held_sequence);
	tell(making, TG_FIELD_LAG_RECORDS, (int64_t)page->lag_records);
	tell(making, TG_FIELD_LAG, page->lag_ms);
}

void
reply_make(const struct ledger_answer *answer, uint8_t kind, uint32_t request_id, uint8_t *rows,
	   size_t rows_bytes, struct tg_message *message)
{
	const struct tg_operation_info *operation = tg_operation_info(kind);
	struct tg_writer writer;
	struct making making = { .answer = answer, .message = message, .rows = &writer };

	TG_ASSERT(operation != NULL);
	making.told = &operation->replied;
	tg_writer_init(&writer, rows, rows_bytes);
	tg_message_init(message, request_id, answer->status);
	tell_some(&making, TG_FIELD_FIELD, answer->field);
	tell_some(&making, TG_FIELD_SANDBOX, answer->marks != 0);
	tell_member(&making);
	tell_record(&making);
	tell_effect(&making);
	tell_outcome(&making);
	tell_expiries(&making);
	tell_entries(&making);
	tell_some(&making, TG_FIELD_RESULT, answer->result);
	tell_chain(&making);
	tell_totals(&making);
	tell_page(&making);
	tell_components(&making);
}
