/*
 * guard_stages.c - each stage of an earn by itself, on fixed input, to have its instructions
 * counted: contrib/bench/guard runs this under callgrind, which counts inside guard_stage() only.
 *
 *   guard_stages STAGE ROUNDS [campaigns]   prints the rounds that were run
 *
 * campaigns: with CAMPAIGNS of them active, of which one gives points to each earn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/reply.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "storage/journal.h"
#include "tests/ledger/fixture.h"

#define MEMBERS 1000
#define ROUNDS_MAX 5000
#define BATCH_RECORDS 100
#define CARD "4902530000012345"
#define CAMPAIGNS 20

/* All rounds of all stages: made before anything is counted. */
struct guard {
	struct ledger_fixture ledger;
	struct ledger_request requests[ROUNDS_MAX];
	struct record *records; /* owned; what each request came to */
	struct ledger_answer answer;
	uint8_t *encoded;	/* owned; the records, one after the other */
	size_t ends[ROUNDS_MAX]; /* of each in encoded */
	uint8_t scratch[2 * RECORD_BYTES_MAX];
	uint8_t frame[TG_FRAME_BYTES_MAX];
	size_t frame_bytes;
	struct journal *journal; /* owned */
	uint32_t rounds;
};

typedef void stage_fn(struct guard *guard);

/* The one function that callgrind counts in. */
__attribute__((noinline)) static void
guard_stage(stage_fn *stage, struct guard *guard)
{
	stage(guard);
}

static void
stage_decode(struct guard *guard)
{
	static struct tg_message message;
	uint32_t field;

	for (uint32_t i = 0; i < guard->rounds; i++) {
		enum tg_status status = tg_decode_request(
			guard->frame + TG_FRAME_HEADER_BYTES,
			guard->frame_bytes - TG_FRAME_HEADER_BYTES, &message, &field);

		assert_int_equal(status, TG_OK);
	}
}

static void
stage_decide(struct guard *guard)
{
	struct ledger_fixture *f = &guard->ledger;

	for (uint32_t i = 0; i < guard->rounds; i++) {
		ledger_decide(f->twin, &guard->requests[i], &f->now, f->decision);
		assert_int_equal(f->decision->record_count, 1);
	}
}

static void
stage_record(struct guard *guard)
{
	for (uint32_t i = 0; i < guard->rounds; i++) {
		size_t bytes = record_encode(&guard->records[i], guard->scratch,
					     sizeof(guard->scratch));

		assert_int_not_equal(bytes, 0);
	}
}

static void
stage_apply(struct guard *guard)
{
	for (uint32_t i = 0; i < guard->rounds; i++)
		ledger_apply(guard->ledger.twin, &guard->records[i]);
}

static void
stage_append(struct guard *guard)
{
	for (uint32_t i = 0; i < guard->rounds; i += BATCH_RECORDS) {
		uint32_t end = i + BATCH_RECORDS < guard->rounds ? i + BATCH_RECORDS
								 : guard->rounds;
		size_t from = i == 0 ? 0 : guard->ends[i - 1];
		const struct journal_batch batch = {
			.records = guard->encoded + from,
			.records_bytes = guard->ends[end - 1] - from,
			.first_sequence = guard->records[i].sequence,
			.count = end - i,
		};
		struct storage_error error;

		assert_int_equal(journal_append(guard->journal, &batch, &error), TG_OK);
	}
}

static void
stage_answer(struct guard *guard)
{
	static uint8_t rows[TG_FRAME_BYTES_MAX];
	static struct tg_message message;
	struct tg_writer writer;

	for (uint32_t i = 0; i < guard->rounds; i++) {
		bool is_written;

		reply_make(&guard->answer, REQUEST_EARN, i + 1, rows, sizeof(rows), &message);
		tg_writer_init(&writer, guard->scratch, sizeof(guard->scratch));
		is_written = tg_encode(&writer, &message);
		assert_true(is_written);
	}
}

static const struct {
	const char *name;
	stage_fn *run;
} stages[] = {
	{ "decode", stage_decode }, { "decide", stage_decide }, { "record", stage_record },
	{ "apply", stage_apply },   { "append", stage_append }, { "answer", stage_answer },
};

static void
make_members(struct guard *guard)
{
	for (uint32_t i = 0; i < MEMBERS; i++) {
		struct ledger_request enroll;
		char name[16];

		(void)snprintf(name, sizeof(name), "m%u", i);
		enroll = fixture_request(&guard->ledger, REQUEST_ENROLL, name);
		enroll.identifier = fixture_identifier(name);
		assert_int_equal(fixture_ask(&guard->ledger, &enroll)->status, TG_OK);
	}
}

/*
 * A rulebook as a coalition has it in a busy week: campaigns of other partners, of other stores and
 * means of payment, of other days and hours, over a threshold; the last one is for everybody.
 */
static void
start_campaigns(struct guard *guard)
{
	struct ledger_request q = { .kind = REQUEST_SET_EARN_RULE, .operator_name = "test" };
	uint32_t i;

	for (i = 0; i < CAMPAIGNS; i++) {
		q.earn_rule = (struct earn_rule){
			.position = i,
			.number = i + 1,
			.partner = i % 4 == 0 ? 2 : 0,
			.tender = i % 4 == 1 ? 3 : 0,
			.store = i % 4 == 2 ? 21 : 0,
			.threshold_amount = i % 4 == 3 ? 1000000 : 0,
			.from_day = guard->ledger.now.day - 3,
			.until_day = guard->ledger.now.day + 3,
			.until_minute = MINUTES_PER_DAY,
			.weekdays = WEEKDAYS_ALL,
			.member_points = LIMIT_NONE,
			.member_day_points = LIMIT_NONE,
			.rate_num = 1,
			.rate_den = 50,
		};
		if (i == CAMPAIGNS - 1)
			q.earn_rule.threshold_amount = 0;
		assert_int_equal(fixture_ask(&guard->ledger, &q)->status, TG_OK);
	}
	q.kind = REQUEST_START_RULEBOOK;
	q.rulebook.rule_count = i;
	assert_int_equal(fixture_ask(&guard->ledger, &q)->status, TG_OK);
}

/* Earns of 1.00 to 60.00, each in the ledger; the twin has not seen them. */
static void
make_earns(struct guard *guard)
{
	struct ledger_fixture *f = &guard->ledger;
	size_t used = 0;

	for (uint32_t i = 0; i < ROUNDS_MAX; i++) {
		struct ledger_request *earn = &guard->requests[i];
		char name[16], member[16];

		(void)snprintf(name, sizeof(name), "earn %u", i);
		(void)snprintf(member, sizeof(member), "m%u", i * 617 % MEMBERS);
		*earn = fixture_request(f, REQUEST_EARN, name);
		earn->identifier = fixture_identifier(member);
		earn->amount = 100 + i % 60 * 100;
		ledger_decide(f->ledger, earn, &f->now, f->decision);
		assert_int_equal(f->decision->record_count, 1);
		guard->records[i] = f->decision->records[0];
		guard->answer = f->decision->answer;
		ledger_apply(f->ledger, &guard->records[i]);
		used += record_encode(&guard->records[i], guard->encoded + used,
				      RECORD_BYTES_MAX);
		guard->ends[i] = used;
	}
}

/* The same on the wire. */
static void
make_frame(struct guard *guard)
{
	const struct ledger_request *earn = &guard->requests[0];
	static struct tg_message message;
	struct tg_writer writer;
	bool is_written;

	tg_message_init(&message, 1, TG_OP_EARN);
	tg_message_set_bytes(&message, TG_FIELD_TRANSACTION_ID, earn->transaction_id,
			     TG_TRANSACTION_ID_BYTES);
	tg_message_set_integer(&message, TG_FIELD_BUSINESS_TIME, earn->business_time_utc_ms);
	tg_message_set_integer(&message, TG_FIELD_IDENTIFIER_TYPE, 1);
	tg_message_set_text(&message, TG_FIELD_IDENTIFIER, CARD);
	tg_message_set_integer(&message, TG_FIELD_AMOUNT, earn->amount);
	tg_writer_init(&writer, guard->frame, sizeof(guard->frame));
	is_written = tg_encode(&writer, &message);
	assert_true(is_written);
	guard->frame_bytes = writer.used_bytes;
}

static struct guard *
guard_new(uint32_t rounds, bool has_campaigns)
{
	struct ledger_limits limits = fixture_limits();
	struct guard *guard = calloc(1, sizeof(*guard));

	assert_non_null(guard);
	guard->records = calloc(ROUNDS_MAX, sizeof(*guard->records));
	guard->encoded = malloc((size_t)ROUNDS_MAX * RECORD_BYTES_MAX);
	assert_non_null(guard->records);
	assert_non_null(guard->encoded);
	guard->rounds = rounds;
	limits.members_max = limits.identifiers_max = 2 * MEMBERS;
	limits.transactions_max = 2 * (MEMBERS + ROUNDS_MAX);
	fixture_init_limits(&guard->ledger, &limits);
	make_members(guard);
	if (has_campaigns)
		start_campaigns(guard);
	make_earns(guard);
	make_frame(guard);
	guard->journal = journal_memory_open(guard->records[0].sequence);
	assert_non_null(guard->journal);
	return guard;
}

static void
guard_free(struct guard *guard)
{
	journal_close(guard->journal);
	fixture_deinit(&guard->ledger);
	free(guard->records);
	free(guard->encoded);
	free(guard);
}

int
main(int argc, char *argv[])
{
	const bool has_campaigns = argc == 4 && strcmp(argv[3], "campaigns") == 0;
	unsigned long rounds = argc == 3 || has_campaigns ? strtoul(argv[2], NULL, 10) : 0;
	stage_fn *run = NULL;
	struct guard *guard;

	for (size_t i = 0; argc >= 3 && i < sizeof(stages) / sizeof(stages[0]); i++) {
		if (strcmp(stages[i].name, argv[1]) == 0)
			run = stages[i].run;
	}
	if (run == NULL || rounds == 0 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: guard_stages decode|decide|record|apply|append|answer "
				"ROUNDS (1 to %d) [campaigns]\n",
			ROUNDS_MAX);
		return EXIT_FAILURE;
	}
	guard = guard_new((uint32_t)rounds, has_campaigns);
	guard_stage(run, guard);
	guard_free(guard);
	printf("%lu\n", rounds);
	return EXIT_SUCCESS;
}
