/*
 * translate.c - field by field, from the message to the ledger's request.
 */
#include "gateway/translate.h"

#include <string.h>

#include "gateway/pipeline.h"
#include "ledger/record.h"
#include "ledger/request.h"
#include "protocol/assert.h"
#include "protocol/fingerprint.h"
#include "protocol/rows.h"

/* For whom the request is: itself, or with ACT_FOR whom it names. */
static enum tg_status
set_asker(const struct principal *principal, const struct tg_message *m, struct ledger_request *q,
	  uint32_t *ret_field)
{
	uint32_t terminal = (uint32_t)tg_message_integer(m, TG_FIELD_TERMINAL, 0);
	uint32_t store = (uint32_t)tg_message_integer(m, TG_FIELD_STORE, 0);
	bool may_act_for = (principal->rights & TG_RIGHT_ACT_FOR) != 0;

	q->principal = principal->terminal;
	if (terminal != 0 && terminal != principal->terminal) {
		if (!may_act_for) {
			*ret_field = TG_FIELD_TERMINAL;
			return TG_FORBIDDEN;
		}
		q->terminal = terminal;
	}
	if (store != 0 && store != principal->store) {
		if (!may_act_for) {
			*ret_field = TG_FIELD_STORE;
			return TG_FORBIDDEN;
		}
		q->store = store;
	}
	return TG_OK;
}

/* Copy a field of fixed length, if it is there. */
static bool
copy_bytes(const struct tg_message *m, enum tg_field field, uint8_t *target, size_t bytes)
{
	if (!tg_message_has(m, field))
		return false;
	TG_ASSERT(m->values[field].bytes == bytes);
	memcpy(target, m->values[field].data, bytes);
	return true;
}

/* Its id and time, and what tells it from another with the same id. */
static void
set_transaction(const struct translator *translator, const struct tg_message *m,
		struct ledger_request *q)
{
	if (copy_bytes(m, TG_FIELD_TRANSACTION_ID, q->transaction_id, sizeof(q->transaction_id)))
		tg_fingerprint(m, q->fingerprint);
	q->business_time_utc_ms = tg_message_has(m, TG_FIELD_BUSINESS_TIME)
					  ? m->values[TG_FIELD_BUSINESS_TIME].integer
					  : pipeline_utc_ms(translator->pipeline);
	q->business_day = pipeline_day(translator->pipeline, q->business_time_utc_ms);
	q->is_late = tg_message_integer(m, TG_FIELD_LATE, 0) != 0;
	/* Only what comes late is judged by it. */
	if (q->is_late)
		q->business_minute =
			pipeline_minute(translator->pipeline, q->business_time_utc_ms);
	q->is_repeat = tg_message_integer(m, TG_FIELD_REPEAT, 0) != 0;
}

/* Hash an identifier, if there is one. */
static enum tg_status
set_identifier(struct translator *translator, const struct tg_message *m, enum tg_field type,
	       enum tg_field text, struct identifier_hash *identifier)
{
	if (!tg_message_has(m, text))
		return TG_OK;
	return identifier_hash(&translator->hasher, (uint8_t)m->values[type].integer,
			       m->values[text].data, m->values[text].bytes, identifier);
}

static enum tg_status
set_member(struct translator *translator, const struct tg_message *m, struct ledger_request *q)
{
	enum tg_status status;

	q->member = (uint64_t)tg_message_integer(m, TG_FIELD_MEMBER, 0);
	status = set_identifier(translator, m, TG_FIELD_IDENTIFIER_TYPE, TG_FIELD_IDENTIFIER,
				&q->identifier);
	if (status == TG_OK)
		status = set_identifier(translator, m, TG_FIELD_NEW_TYPE, TG_FIELD_NEW_IDENTIFIER,
					&q->new_identifier);
	return status;
}

static void
set_original(const struct tg_message *m, struct ledger_request *q)
{
	q->has_original = copy_bytes(m, TG_FIELD_ORIGINAL, q->original_id, sizeof(q->original_id));
	q->has_original_burn = copy_bytes(m, TG_FIELD_ORIGINAL_BURN, q->original_burn_id,
					  sizeof(q->original_burn_id));
	q->original_time_utc_ms = tg_message_integer(m, TG_FIELD_ORIGINAL_TIME, 0);
	q->reason = (uint8_t)tg_message_integer(m, TG_FIELD_REASON, 0);
}

/* The lines of the receipt, in the record's form. */
static void
set_lines(const struct tg_message *m, struct pipeline_job *job)
{
	struct tg_rows rows;
	struct tg_line line;

	if (!tg_message_has(m, TG_FIELD_LINES))
		return;
	tg_rows_start(&m->values[TG_FIELD_LINES], &rows);
	while (tg_rows_next_line(&rows, &line)) {
		struct purchase_line purchase = {
			.item = (const uint8_t *)line.item,
			.item_bytes = (uint8_t)line.item_bytes,
			.category = line.category,
			.quantity = line.quantity,
			.amount = line.amount,
		};
		size_t used = job->request.lines_bytes;
		size_t bytes = record_line_append(job->lines_storage + used,
						  sizeof(job->lines_storage) - used, &purchase);

		TG_ASSERT(bytes > 0);
		job->request.lines_bytes = (uint16_t)(used + bytes);
		job->request.line_count++;
	}
	job->request.lines = job->lines_storage;
}

static void
set_receipt(const struct tg_message *m, struct ledger_request *q)
{
	q->till = (uint32_t)tg_message_integer(m, TG_FIELD_TILL, 0);
	q->till_day = (int32_t)tg_message_integer(m, TG_FIELD_TILL_DAY, DAY_NONE);
	if (tg_message_has(m, TG_FIELD_RECEIPT)) {
		q->receipt_bytes = (uint8_t)m->values[TG_FIELD_RECEIPT].bytes;
		TG_ASSERT(q->receipt_bytes <= sizeof(q->receipt));
		memcpy(q->receipt, m->values[TG_FIELD_RECEIPT].data, q->receipt_bytes);
	}
	q->tender = (uint8_t)tg_message_integer(m, TG_FIELD_TENDER, 0);
	q->channel = (uint8_t)tg_message_integer(m, TG_FIELD_CHANNEL, 0);
	q->campaign = (uint32_t)tg_message_integer(m, TG_FIELD_CAMPAIGN, 0);
}

static void
set_amounts(const struct tg_message *m, struct ledger_request *q)
{
	q->amount = tg_message_integer(m, TG_FIELD_AMOUNT, 0);
	q->covered = tg_message_integer(m, TG_FIELD_COVERED, 0);
	q->points = tg_message_integer(m, TG_FIELD_POINTS, 0);
	q->has_points = tg_message_has(m, TG_FIELD_POINTS);
	q->skip_limited = tg_message_integer(m, TG_FIELD_SKIP_LIMITED, 0) != 0;
	q->hold_seconds = (int32_t)tg_message_integer(m, TG_FIELD_HOLD_SECONDS, 0);
	q->is_of_value = tg_message_has(m, TG_FIELD_VALUE_HELD);
	if (q->is_of_value)
		q->amount = tg_message_integer(m, TG_FIELD_VALUE_HELD, 0);
}

/* What is exchanged: what is given, and perhaps what is to be got for it. */
static void
set_exchange(const struct tg_message *m, struct ledger_request *q)
{
	q->direction = (uint8_t)tg_message_integer(m, TG_FIELD_DIRECTION, 0);
	q->own_units = tg_message_integer(m, TG_FIELD_OWN_UNITS, 0);
	q->has_own_units = tg_message_has(m, TG_FIELD_OWN_UNITS);
}

/* The asker's own totals, a row for each kind that it has; those declined are not compared. */
static enum tg_status
set_claimed(const struct tg_message *m, struct pipeline_job *job, uint32_t *ret_field)
{
	struct answer_total *claimed = job->claimed_storage;
	struct ledger_request *q = &job->request;
	struct tg_rows rows;
	struct tg_total row;

	q->claimed = claimed;
	if (!tg_message_has(m, TG_FIELD_CLAIMED))
		return TG_OK;
	*ret_field = TG_FIELD_CLAIMED;
	tg_rows_start(&m->values[TG_FIELD_CLAIMED], &rows);
	while (tg_rows_next_total(&rows, &row)) {
		if (row.is_declined)
			continue;
		if (!tg_proof_has_kind(row.kind))
			return TG_BAD_FIELD;
		for (uint32_t i = 0; i < q->claimed_count; i++) {
			if (claimed[i].kind == row.kind)
				return TG_BAD_FIELD;
		}
		claimed[q->claimed_count++] = (struct answer_total){ .kind = (uint8_t)row.kind,
								     .count = row.count,
								     .points = row.points,
								     .amount = row.amount };
	}
	*ret_field = 0;
	return TG_OK;
}

static void
set_selection(const struct tg_message *m, struct ledger_request *q)
{
	struct tg_selection *selection = &q->selection;

	q->divide = (uint8_t)tg_message_integer(m, TG_FIELD_DIVIDE, 0);
	selection->has_hour = tg_message_has(m, TG_FIELD_OF_HOUR);
	selection->hour = (uint32_t)tg_message_integer(m, TG_FIELD_OF_HOUR, 0);
	selection->kind = (uint32_t)tg_message_integer(m, TG_FIELD_OF_KIND, 0);
	if (!tg_message_has(m, TG_FIELD_PREFIX))
		return;
	selection->prefix_bytes = m->values[TG_FIELD_PREFIX].bytes;
	TG_ASSERT(selection->prefix_bytes <= sizeof(selection->prefix));
	memcpy(selection->prefix, m->values[TG_FIELD_PREFIX].data, selection->prefix_bytes);
}

static void
set_question(const struct tg_message *m, struct ledger_request *q)
{
	q->quoted_kind = (uint8_t)tg_message_integer(m, TG_FIELD_QUOTED_OPERATION, 0);
	q->entries_wanted = (uint8_t)tg_message_integer(m, TG_FIELD_ENTRIES_WANTED, 0);
	q->total_day = (int32_t)tg_message_integer(m, TG_FIELD_DAY, 0);
	q->total_basis = (uint8_t)tg_message_integer(m, TG_FIELD_BASIS, 0);
	q->total_scope = (uint8_t)tg_message_integer(m, TG_FIELD_SCOPE, 0);
	q->page_before = (uint64_t)tg_message_integer(m, TG_FIELD_BEFORE, 0);
	q->page_after = (uint64_t)tg_message_integer(m, TG_FIELD_AFTER, 0);
	q->page_rows = (uint8_t)tg_message_integer(m, TG_FIELD_ROWS_WANTED, TG_HISTORY_MAX);
}

static void
set_document(const struct tg_message *m, struct ledger_request *q)
{
	q->document_cycle = (uint32_t)tg_message_integer(m, TG_FIELD_CYCLE, 0);
	q->document_form = (uint8_t)tg_message_integer(m, TG_FIELD_FORM, TG_FORM_CSV);
	q->page_after = (uint64_t)tg_message_integer(m, TG_FIELD_OFFSET, 0);
	(void)copy_bytes(m, TG_FIELD_CHAIN, q->digest, sizeof(q->digest));
}

_Static_assert(PIPELINE_LINES_BYTES_MAX <= UINT16_MAX && TG_LINES_MAX <= UINT8_MAX,
	       "a job has room for the lines of every request");

enum tg_status
translate_request(struct translator *translator, const struct principal *principal,
		  const struct tg_message *request, struct pipeline_job *job, uint32_t *ret_field)
{
	struct ledger_request *q = &job->request;
	enum tg_status status;

	TG_ASSERT(q->kind == request->code);
	status = set_asker(principal, request, q, ret_field);
	if (status == TG_OK)
		status = set_member(translator, request, q);
	if (status != TG_OK)
		return status;
	set_transaction(translator, request, q);
	set_amounts(request, q);
	set_original(request, q);
	set_receipt(request, q);
	set_lines(request, job);
	set_question(request, q);
	if (q->kind == REQUEST_BUCKETS || q->kind == REQUEST_PART)
		set_selection(request, q);
	if (q->kind == REQUEST_COUNTERSIGN)
		(void)copy_bytes(request, TG_FIELD_DIGEST, q->digest, sizeof(q->digest));
	if (q->kind == REQUEST_EXCHANGE || q->kind == REQUEST_QUOTE)
		set_exchange(request, q);
	if (q->kind == REQUEST_STATEMENT || q->kind == REQUEST_ACKNOWLEDGE ||
	    q->kind == REQUEST_DISPUTES)
		set_document(request, q);
	q->dispute_reason = (uint8_t)tg_message_integer(request, TG_FIELD_DISPUTE_REASON, 0);
	return q->kind == REQUEST_DAY_END ? set_claimed(request, job, ret_field) : TG_OK;
}
