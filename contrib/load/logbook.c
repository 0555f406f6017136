/*
 * logbook.c - what a log says.
 */
#include "contrib/load/logbook.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "contrib/common/transaction_id.h"
#include "protocol/assert.h"
#include "protocol/decode.h"
#include "protocol/rows.h"

#define TEXT_BYTES_MAX 8192 /* of contradictions that are described */

/* A log being read. */
struct reading {
	struct logbook *logbook;
	struct map
		flights; /* session and request id to the request's payload: where and how long */
	struct map partners; /* session to partner */
	const uint8_t *base; /* lowest payload address; offsets count from here */
	struct failure *failure;
};

void
logbook_deinit(struct logbook *logbook)
{
	free(logbook->transactions);
	map_deinit(&logbook->by_id);
	map_deinit(&logbook->by_text);
	map_deinit(&logbook->by_reference);
	free(logbook->contradictions);
	memset(logbook, 0, sizeof(*logbook));
}

static uint64_t
key_of(uint32_t partner, const uint8_t id[TG_TRANSACTION_ID_BYTES])
{
	return XXH3_64bits_withSeed(id, TG_TRANSACTION_ID_BYTES, partner);
}

void
logbook_index(struct logbook *logbook, uint32_t index)
{
	struct transaction *transaction = &logbook->transactions[index];
	uint64_t key = key_of(transaction->partner, transaction->id), first;

	transaction->next_alike =
		map_get(&logbook->by_id, key, &first) ? (uint32_t)first : LOGBOOK_NONE;
	map_put(&logbook->by_id, key, index);
}

uint32_t
logbook_find(const struct logbook *logbook, uint32_t partner,
	     const uint8_t id[TG_TRANSACTION_ID_BYTES])
{
	uint64_t found;
	uint32_t index;

	if (!map_get(&logbook->by_id, key_of(partner, id), &found))
		return LOGBOOK_NONE;
	for (index = (uint32_t)found; index != LOGBOOK_NONE;
	     index = logbook->transactions[index].next_alike) {
		const struct transaction *transaction = &logbook->transactions[index];

		if (transaction->partner == partner &&
		    memcmp(transaction->id, id, TG_TRANSACTION_ID_BYTES) == 0)
			break;
	}
	return index;
}

bool
logbook_has_record(const struct transaction *transaction)
{
	return (transaction->certainty == CERTAIN_ACKNOWLEDGED ||
		transaction->certainty == CERTAIN_FOUND) &&
	       transaction->outcome.status != TG_REVERSED_BEFORE;
}

void
logbook_contradict(struct logbook *logbook, const struct transaction *transaction, const char *text)
{
	char id[TRANSACTION_ID_TEXT_BYTES];
	int used;

	logbook->contradiction_count++;
	if (logbook->contradictions == NULL) {
		logbook->contradictions = calloc(1, TEXT_BYTES_MAX);
		TG_ASSERT(logbook->contradictions != NULL);
	}
	transaction_id_format(transaction->id, id);
	used = snprintf(logbook->contradictions + logbook->contradictions_bytes,
			TEXT_BYTES_MAX - logbook->contradictions_bytes, "%s %s of partner %u: %s\n",
			tg_operation_name(transaction->operation), id, transaction->partner, text);
	if (logbook->contradictions_bytes + (size_t)used < TEXT_BYTES_MAX)
		logbook->contradictions_bytes += (size_t)used;
	else
		logbook->contradictions[logbook->contradictions_bytes] = '\0';
}

void
logbook_read_outcome(const struct tg_message *answer, uint32_t status, struct outcome *ret_outcome)
{
	ret_outcome->status = (uint16_t)status;
	ret_outcome->sequence = tg_message_integer(answer, TG_FIELD_SEQUENCE, -1);
	ret_outcome->booked_at_ms = tg_message_integer(answer, TG_FIELD_BOOKED_AT, -1);
	ret_outcome->business_date =
		(int32_t)tg_message_integer(answer, TG_FIELD_BUSINESS_DATE, -1);
	ret_outcome->points = tg_message_integer(answer, TG_FIELD_POINTS, -1);
	ret_outcome->base_points = tg_message_integer(answer, TG_FIELD_BASE_POINTS, -1);
	ret_outcome->bonus_points = tg_message_integer(answer, TG_FIELD_BONUS_POINTS, -1);
	ret_outcome->own_units = tg_message_integer(answer, TG_FIELD_OWN_UNITS, -1);
	ret_outcome->taken_points = tg_message_integer(answer, TG_FIELD_TAKEN_POINTS, -1);
	ret_outcome->restored_points = tg_message_integer(answer, TG_FIELD_RESTORED_POINTS, -1);
	ret_outcome->lost_points = tg_message_integer(answer, TG_FIELD_LOST_POINTS, -1);
	ret_outcome->paid_points = tg_message_integer(answer, TG_FIELD_PAID_DEBT, -1);
	ret_outcome->deadline_ms = tg_message_integer(answer, TG_FIELD_DEADLINE, -1);
	ret_outcome->has_after = tg_message_has(answer, TG_FIELD_AVAILABLE);
	ret_outcome->available = tg_message_integer(answer, TG_FIELD_AVAILABLE, 0);
	ret_outcome->pending = tg_message_integer(answer, TG_FIELD_PENDING, 0);
	ret_outcome->held = tg_message_integer(answer, TG_FIELD_HELD, 0);
	ret_outcome->debt = tg_message_integer(answer, TG_FIELD_DEBT, 0);
	ret_outcome->expires_day = (int32_t)tg_message_integer(answer, TG_FIELD_EXPIRES_DAY, -1);
}

/* The same balances, or not told by both. */
static bool
has_same_after(const struct outcome *one, const struct outcome *other)
{
	return !one->has_after || !other->has_after ||
	       (one->available == other->available && one->pending == other->pending &&
		one->held == other->held && one->debt == other->debt);
}

/* Equal, or one of them not told. */
static bool
is_alike(int64_t one, int64_t other)
{
	return one == -1 || other == -1 || one == other;
}

bool
logbook_agrees(const struct outcome *one, const struct outcome *other)
{
	return one->status == other->status && is_alike(one->sequence, other->sequence) &&
	       is_alike(one->booked_at_ms, other->booked_at_ms) &&
	       is_alike(one->points, other->points) &&
	       is_alike(one->own_units, other->own_units) &&
	       is_alike(one->taken_points, other->taken_points) &&
	       is_alike(one->restored_points, other->restored_points) && has_same_after(one, other);
}

/* The account of an identifier; made when it is new. */
static uint32_t
account_by_text(struct logbook *logbook, uint8_t type, const uint8_t *text, size_t bytes)
{
	uint64_t key = XXH3_64bits_withSeed(text, bytes, type);
	uint64_t found;

	/* Two of a million million identifiers may share a key; the second would be seen below. */
	if (map_get(&logbook->by_text, key, &found)) {
		TG_ASSERT(logbook->accounts->items[found].text_bytes == bytes &&
			  memcmp(members_text(logbook->accounts, (uint32_t)found), text, bytes) ==
				  0);
		return (uint32_t)found;
	}
	found = members_add(logbook->accounts, type, (const char *)text, bytes);
	map_put(&logbook->by_text, key, found);
	return (uint32_t)found;
}

/* The account that a request names; LOGBOOK_NONE when it names none that is known. */
static uint32_t
account_of(struct logbook *logbook, const struct tg_message *request)
{
	uint64_t found;

	if (tg_message_has(request, TG_FIELD_IDENTIFIER)) {
		const struct tg_value *text = &request->values[TG_FIELD_IDENTIFIER];

		return account_by_text(
			logbook, (uint8_t)tg_message_integer(request, TG_FIELD_IDENTIFIER_TYPE, 0),
			text->data, text->bytes);
	}
	if (tg_message_has(request, TG_FIELD_MEMBER) &&
	    map_get(&logbook->by_reference, (uint64_t)request->values[TG_FIELD_MEMBER].integer,
		    &found))
		return (uint32_t)found;
	return LOGBOOK_NONE;
}

/* Add the transaction of a request that was not seen before. */
static struct transaction *
add_transaction(struct logbook *logbook, const struct tg_message *request, uint32_t partner,
		uint32_t account, int64_t sent_us)
{
	const uint8_t *id = request->values[TG_FIELD_TRANSACTION_ID].data;
	struct transaction *transaction;

	if (logbook->count == logbook->capacity) {
		logbook->capacity = logbook->capacity > 0 ? logbook->capacity * 2 : 4096;
		logbook->transactions = reallocarray(logbook->transactions, logbook->capacity,
						     sizeof(*logbook->transactions));
		TG_ASSERT(logbook->transactions != NULL);
	}
	transaction = &logbook->transactions[logbook->count];
	memset(transaction, 0, sizeof(*transaction));
	memcpy(transaction->id, id, TG_TRANSACTION_ID_BYTES);
	transaction->operation = (uint8_t)request->code;
	transaction->reason = (uint8_t)tg_message_integer(request, TG_FIELD_REASON, 0);
	transaction->direction = (uint8_t)tg_message_integer(request, TG_FIELD_DIRECTION, 0);
	transaction->partner = partner;
	transaction->account = account;
	transaction->business_time_ms = tg_message_integer(request, TG_FIELD_BUSINESS_TIME, 0);
	transaction->original_time_ms = tg_message_integer(request, TG_FIELD_ORIGINAL_TIME, 0);
	transaction->amount = tg_message_integer(request, TG_FIELD_AMOUNT, -1);
	transaction->covered = tg_message_integer(request, TG_FIELD_COVERED, -1);
	transaction->points = tg_message_integer(request, TG_FIELD_POINTS, -1);
	transaction->sent_us = sent_us;
	transaction->has_original = tg_message_has(request, TG_FIELD_ORIGINAL);
	if (transaction->has_original)
		memcpy(transaction->original, request->values[TG_FIELD_ORIGINAL].data,
		       TG_TRANSACTION_ID_BYTES);
	logbook_index(logbook, logbook->count++);
	return transaction;
}

/* A request was sent. */
static bool
take_request(struct reading *reading, const struct tg_message *request, uint32_t partner,
	     int64_t sent_us)
{
	struct logbook *logbook = reading->logbook;
	uint32_t account, index;

	if (!tg_operation_info(request->code)->has_transaction_id)
		return true;
	logbook->sending_count++;
	account = account_of(logbook, request);
	if (account == LOGBOOK_NONE)
		return failure_set(reading->failure,
				   "the log has a request for a member that it never named");
	index = logbook_find(logbook, partner, request->values[TG_FIELD_TRANSACTION_ID].data);
	if (index == LOGBOOK_NONE)
		add_transaction(logbook, request, partner, account, sent_us)->sending_count = 1;
	else
		logbook->transactions[index].sending_count++;
	return true;
}

/* The outcome of a transaction was answered. */
static void
take_outcome(struct logbook *logbook, struct transaction *transaction,
	     const struct tg_message *answer)
{
	struct outcome outcome;

	if (!tg_status_is_recorded((enum tg_status)answer->code)) {
		transaction->refusal_count++;
		return;
	}
	logbook_read_outcome(answer, answer->code, &outcome);
	transaction->answer_count++;
	if (transaction->answer_count == 1) {
		transaction->outcome = outcome;
		return;
	}
	if (!logbook_agrees(&transaction->outcome, &outcome)) {
		const struct outcome *first = &transaction->outcome;
		char text[200];

		snprintf(text, sizeof(text),
			 "answered %s as record %" PRId64 " with %" PRId64
			 " points left, then %s as record %" PRId64 " with %" PRId64,
			 tg_status_name((enum tg_status)first->status), first->sequence,
			 first->available, tg_status_name((enum tg_status)answer->code),
			 outcome.sequence, outcome.available);
		logbook_contradict(logbook, transaction, text);
	}
}

/* An answer to one request, or one item of a batch. */
static void
take_answer(struct reading *reading, const struct tg_message *request, uint32_t partner,
	    const struct tg_message *answer)
{
	struct logbook *logbook = reading->logbook;
	uint32_t index;

	if (tg_message_has(answer, TG_FIELD_MEMBER)) {
		uint32_t account = account_of(logbook, request);

		if (account != LOGBOOK_NONE)
			map_put(&logbook->by_reference,
				(uint64_t)answer->values[TG_FIELD_MEMBER].integer, account);
	}
	if (!tg_operation_info(request->code)->has_transaction_id)
		return;
	logbook->answer_count++;
	index = logbook_find(logbook, partner, request->values[TG_FIELD_TRANSACTION_ID].data);
	TG_ASSERT(index != LOGBOOK_NONE);
	take_outcome(logbook, &logbook->transactions[index], answer);
}

/* Walk a request's items; answer: NULL when it was only sent. */
static bool
take_items(struct reading *reading, const struct tg_message *batch, uint32_t partner,
	   int64_t sent_us, const struct tg_message *answer)
{
	struct tg_rows asked, answered = { .left = 0 };
	struct tg_message request, outcome;
	struct tg_cursor item, answered_item;
	uint32_t field;

	tg_rows_start(&batch->values[TG_FIELD_ITEMS], &asked);
	if (answer != NULL && answer->code == TG_OK && tg_message_has(answer, TG_FIELD_ITEMS))
		tg_rows_start(&answer->values[TG_FIELD_ITEMS], &answered);
	while (tg_rows_next_item(&asked, &item)) {
		if (tg_decode_item_request(item, &request, &field) != TG_OK)
			return failure_set(reading->failure, "the log has an item of no form");
		if (answer == NULL) {
			if (!take_request(reading, &request, partner, sent_us))
				return false;
		} else if (answer->code != TG_OK) {
			take_answer(reading, &request, partner, answer);
		} else if (tg_rows_next_item(&answered, &answered_item) &&
			   tg_decode_item_answer(answered_item, &outcome, &field) == TG_OK) {
			take_answer(reading, &request, partner, &outcome);
		}
	}
	return true;
}

/* A frame's address and length in one number. */
static uint64_t
pack_frame(const struct reading *reading, const struct trace_entry *entry)
{
	uint64_t offset = (uint64_t)(entry->payload - reading->base);

	TG_ASSERT(offset < UINT64_C(1) << 40 && entry->payload_bytes < 1u << 24);
	return offset << 24 | entry->payload_bytes;
}

static bool
take_request_entry(struct reading *reading, const struct trace_entry *entry, uint32_t partner)
{
	struct tg_message request;
	uint32_t field;

	if (tg_decode_request(entry->payload, entry->payload_bytes, &request, &field) != TG_OK)
		return failure_set(reading->failure, "the log has a request of no form");
	map_put(&reading->flights, (uint64_t)entry->session << 32 | request.request_id,
		pack_frame(reading, entry));
	if (request.code == TG_OP_BATCH)
		return take_items(reading, &request, partner, entry->at_utc_us, NULL);
	return take_request(reading, &request, partner, entry->at_utc_us);
}

static bool
take_answer_entry(struct reading *reading, const struct trace_entry *entry, uint32_t partner)
{
	struct tg_message request, answer;
	uint64_t frame;
	uint32_t field;

	if (tg_decode_answer(entry->payload, entry->payload_bytes, &answer, &field) != TG_OK)
		return failure_set(reading->failure, "the log has an answer of no form");
	if (!map_take(&reading->flights, (uint64_t)entry->session << 32 | answer.request_id,
		      &frame))
		return failure_set(reading->failure, "the log has an answer without its request");
	if (tg_decode_request(reading->base + (frame >> 24), frame & 0xffffff, &request, &field) !=
	    TG_OK)
		return failure_set(reading->failure, "the log has a request of no form");
	if (request.code == TG_OP_BATCH)
		return take_items(reading, &request, partner, 0, &answer);
	take_answer(reading, &request, partner, &answer);
	return true;
}

static bool
take_entry(struct reading *reading, const struct trace_entry *entry)
{
	uint64_t partner = 0;

	if (entry->kind == TRACE_RUN) {
		map_clear(&reading->flights);
		map_clear(&reading->partners);
		reading->logbook->run_count = entry->run;
		return true;
	}
	if (entry->kind == TRACE_SESSION) {
		uint32_t terminal, store, number;

		if (!trace_read_session(entry, &terminal, &number, &store))
			return failure_set(reading->failure, "the log has a session of no form");
		map_put(&reading->partners, entry->session, number);
		return true;
	}
	if (entry->kind == TRACE_CLOSED)
		return true;
	if (!map_get(&reading->partners, entry->session, &partner))
		return failure_set(reading->failure, "the log has a frame without its session");
	if (entry->kind == TRACE_REQUEST)
		return take_request_entry(reading, entry, (uint32_t)partner);
	return take_answer_entry(reading, entry, (uint32_t)partner);
}

/* How sure each transaction is, from what was answered. */
static void
settle(struct logbook *logbook)
{
	for (uint32_t i = 0; i < logbook->count; i++) {
		struct transaction *transaction = &logbook->transactions[i];

		if (transaction->answer_count > 0)
			transaction->certainty = CERTAIN_ACKNOWLEDGED;
		else if (transaction->refusal_count == transaction->sending_count)
			transaction->certainty = CERTAIN_REFUSED;
		else
			transaction->certainty = CERTAIN_UNKNOWN;
	}
}

bool
logbook_read(struct logbook *logbook, const char *path, struct members *accounts,
	     struct failure *failure)
{
	struct reading reading = { .logbook = logbook, .failure = failure };
	struct trace_reader *reader = trace_reader_open(path, failure);
	struct trace_entry entry;
	bool is_ok = true;

	memset(logbook, 0, sizeof(*logbook));
	logbook->accounts = accounts;
	if (reader == NULL)
		return false;
	reading.base = trace_reader_base(reader);
	while (is_ok && trace_read(reader, &entry))
		is_ok = take_entry(&reading, &entry);
	logbook->skipped_bytes = trace_skipped_bytes(reader);
	if (is_ok && logbook->run_count == 0)
		is_ok = failure_set(failure, "%s: no log of tally-load", path);
	settle(logbook);
	map_deinit(&reading.flights);
	map_deinit(&reading.partners);
	trace_reader_close(reader);
	return is_ok;
}
