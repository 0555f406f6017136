/*
 * ledger_double.c - a ledger that knows no rules, for tests of what is around it.
 */
#include "tests/gateway/ledger_double.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

struct ledger {
	struct table_set set;
	uint64_t sequence;
	int64_t booked_at_utc_ms;
	int64_t points; /* earned: what the state hash is made of */
	int32_t business_date;
	uint32_t record_bytes;
	uint32_t programmes;		 /* set so far */
	uint32_t due;			 /* TICKs that will find something */
	bool is_reopened;		 /* a REOPEN was applied */
	struct terminal_config terminal; /* the one that almost everybody is */
	struct terminal_config other;	 /* DOUBLE_OTHER */
};

struct ledger *
ledger_double_new(uint64_t sequence)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	TG_ASSERT(ledger != NULL && table_set_init(&ledger->set) == TG_OK);
	ledger->sequence = sequence;
	ledger->booked_at_utc_ms = INT64_MIN;
	ledger->business_date = DAY_NONE;
	ledger->record_bytes = 64;
	ledger->terminal.number = 1;
	ledger->terminal.partner = 7;
	ledger->other.number = DOUBLE_OTHER;
	ledger->other.partner = 8;
	return ledger;
}

void
ledger_double_free(struct ledger *ledger)
{
	table_set_deinit(&ledger->set);
	free(ledger);
}

void
ledger_double_set_record_bytes(struct ledger *ledger, uint32_t bytes)
{
	ledger->record_bytes = bytes;
}

void
ledger_double_set_date(struct ledger *ledger, int32_t business_date)
{
	ledger->business_date = business_date;
}

uint32_t
ledger_double_programmes(const struct ledger *ledger)
{
	return ledger->programmes;
}

void
ledger_double_set_due(struct ledger *ledger, uint32_t count)
{
	ledger->due = count;
}

uint32_t
ledger_double_due(const struct ledger *ledger)
{
	return ledger->due;
}

/* Nothing is far away here. */
void
ledger_prefetch(const struct ledger *ledger, const struct ledger_request *request, unsigned stage)
{
	TG_ASSERT(ledger != NULL && request != NULL && stage < LEDGER_PREFETCH_STAGES);
}

uint64_t
ledger_sequence(const struct ledger *ledger)
{
	return ledger->sequence;
}

int32_t
ledger_business_date(const struct ledger *ledger)
{
	return ledger->business_date;
}

struct state_hash
ledger_state_hash(struct ledger *ledger)
{
	return (struct state_hash){ ledger->sequence, (uint64_t)ledger->points };
}

struct table_set *
ledger_tables(struct ledger *ledger)
{
	return &ledger->set;
}

const struct terminal_config *
ledger_terminal_find(const struct ledger *ledger, uint32_t number)
{
	return number == DOUBLE_OTHER ? &ledger->other : &ledger->terminal;
}

void
ledger_funding_counts(const struct ledger *ledger, uint32_t ret_counts[FUNDING_LEVEL_COUNT])
{
	(void)ledger;
	memset(ret_counts, 0, FUNDING_LEVEL_COUNT * sizeof(ret_counts[0]));
}

struct decision *
decision_new(void)
{
	struct decision *decision = calloc(1, sizeof(*decision));

	TG_ASSERT(decision != NULL);
	decision->records = calloc(DECISION_RECORDS_MAX, sizeof(*decision->records));
	TG_ASSERT(decision->records != NULL);
	return decision;
}

void
decision_free(struct decision *decision)
{
	if (decision != NULL)
		free(decision->records);
	free(decision);
}

/* Kind of the record that a request makes; 0: none. */
static uint8_t
record_kind_of(const struct ledger *ledger, const struct ledger_request *request)
{
	switch (request->kind) {
	case REQUEST_TICK:
		return ledger->due > 0 ? RECORD_SWEEP : 0;
	case REQUEST_SET_PROGRAMME:
		return RECORD_PROGRAMME;
	case REQUEST_EARN:
	case REQUEST_RELEASE:
	case REQUEST_REVERSE:
		return request->kind;
	case REQUEST_SET_TERMINAL:
		return RECORD_TERMINAL;
	case REQUEST_SET_PARTNER:
		return RECORD_PARTNER;
	case REQUEST_CLOCK:
		return RECORD_CLOCK;
	case REQUEST_CUTOVER:
		return RECORD_CUTOVER;
	default:
		return 0;
	}
}

void
ledger_decide(const struct ledger *ledger, const struct ledger_request *request,
	      const struct ledger_now *now, struct decision *decision)
{
	struct ledger_answer *answer = &decision->answer;
	struct record *record = &decision->records[0];

	memset(answer, 0, sizeof(*answer));
	answer->kind = request->kind;
	answer->business_date = ledger->business_date;
	answer->available_points = ledger->points;
	decision->record_count = 0;
	if (request->kind == REQUEST_REVERSE && request->original_id[0] == DOUBLE_ARCHIVED_ID &&
	    !ledger->is_reopened && request->archived == NULL) {
		answer->status = TG_ORIGINAL_ARCHIVED;
		answer->wants_archive = true;
		return;
	}
	if (request->kind == REQUEST_HISTORY && request->page == NULL) {
		answer->status = TG_DATABASE;
		answer->wants_archive = true;
		answer->member = request->member;
		return;
	}
	answer->page = request->page;
	answer->has_more = request->archived != NULL && !ledger->is_reopened;
	if (record_kind_of(ledger, request) == 0)
		return;
	answer->has_more |= request->kind == REQUEST_TICK;
	decision->record_count = 1;
	memset(record, 0, offsetof(struct record, postings));
	record->kind = request->archived != NULL && answer->has_more
			       ? RECORD_REOPEN
			       : record_kind_of(ledger, request);
	record->version = RECORD_VERSION;
	record->sequence = ledger->sequence + 1;
	record->booked_at_utc_ms = now->utc_ms;
	record->points = request->points;
	record->lines_bytes = (uint16_t)(ledger->record_bytes - RECORD_HEADER_BYTES);
	record->next_business_date =
		ledger->business_date == DAY_NONE ? now->day : ledger->business_date + 1;
	record->terminal_image = request->terminal_image;
	record->partner_image = request->partner_image;
	answer->sequence = record->sequence;
	answer->booked_at_utc_ms = now->utc_ms;
	answer->available_points += request->points;
}

void
ledger_apply(struct ledger *ledger, const struct record *record)
{
	TG_ASSERT(record->sequence == ledger->sequence + 1);
	TG_ASSERT(record->booked_at_utc_ms >= ledger->booked_at_utc_ms);
	ledger->sequence = record->sequence;
	ledger->booked_at_utc_ms = record->booked_at_utc_ms;
	ledger->points += record->points;
	ledger->programmes += record->kind == RECORD_PROGRAMME;
	ledger->due -= record->kind == RECORD_SWEEP;
	if (record->kind == RECORD_CUTOVER)
		ledger->business_date = record->next_business_date;
	ledger->is_reopened = record->kind == RECORD_REOPEN;
}

/* Only what the journal looks at: u16 length, u8 kind, u8 version, 4 bytes, u64 sequence. */
size_t
record_encode(const struct record *record, uint8_t *bytes, size_t capacity)
{
	size_t length = RECORD_HEADER_BYTES + (size_t)record->lines_bytes;

	if (length > capacity)
		return 0;
	memset(bytes, 0, length);
	bytes[0] = (uint8_t)length;
	bytes[1] = (uint8_t)(length >> 8);
	bytes[2] = record->kind;
	bytes[3] = record->version;
	for (int i = 0; i < 8; i++)
		bytes[8 + i] = (uint8_t)(record->sequence >> (8 * i));
	return length;
}
