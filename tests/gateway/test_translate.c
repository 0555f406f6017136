/*
 * test_translate.c - from the wire to the ledger's request, and from its answer back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "gateway/identifier.h"
#include "gateway/io.h"
#include "gateway/reply.h"
#include "gateway/translate.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/fingerprint.h"
#include "protocol/rows.h"
#include "tests/gateway/pipeline_double.h"
#include "tests/gateway/pki.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

struct fixture {
	struct pki *pki;
	struct pipeline *pipeline;
	struct identifier_keys keys;
	struct translator translator;
	struct pipeline_job *job;
	struct tg_message message;
	uint32_t field;
};

static const struct principal till = {
	.terminal = 123, .partner = 1, .store = 12, .rights = DOUBLE_RIGHTS
};
static const struct principal head_office = {
	.terminal = 150, .partner = 1, .store = 0, .rights = DOUBLE_RIGHTS | TG_RIGHT_ACT_FOR
};

/* Read the identifier keys: the older one too, or not. */
static void
read_keys(struct fixture *f, bool has_older)
{
	struct config *config = config_new();
	struct config_error error;
	char path[PKI_PATH_BYTES];

	free(config->keys_identifier_file);
	config->keys_identifier_file = strdup(pki_path(f->pki, "new.key", path));
	config->keys_identifier_number = 7;
	if (has_older) {
		free(config->keys_identifier_old_file);
		config->keys_identifier_old_file = strdup(pki_path(f->pki, "old.key", path));
		config->keys_identifier_old_number = 6;
	}
	assert_int_equal(identifier_keys_init(&f->keys, config, &error), TG_OK);
	assert_int_equal(identifier_hasher_init(&f->translator.hasher, &f->keys), TG_OK);
	config_free(config);
}

static void
drop_keys(struct fixture *f)
{
	identifier_hasher_deinit(&f->translator.hasher);
	identifier_keys_deinit(&f->keys);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->pki = pki_new();
	pki_write_secret(f->pki, "new.key", 'n', 32);
	pki_write_secret(f->pki, "old.key", 'o', 64);
	f->pipeline = double_new();
	f->translator.pipeline = f->pipeline;
	read_keys(f, true);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	drop_keys(f);
	double_free(f->pipeline);
	pki_free(f->pki);
	free(f);
	return 0;
}

/* Translate f->message into a job of its own. */
static enum tg_status
translate(struct fixture *f, const struct principal *principal)
{
	struct pipeline_port *port = &f->pipeline->ports[0];

	if (f->job != NULL)
		pipeline_job_give(port, f->job);
	f->job = pipeline_job_take(port, (uint8_t)f->message.code);
	f->field = 0;
	return translate_request(&f->translator, principal, &f->message, f->job, &f->field);
}

/* The first 16 bytes of HMAC-SHA-256(key, type || text), made another way. */
static void
expected_hash(int key_byte, size_t key_bytes, uint8_t type, const char *text, uint8_t hash[16])
{
	uint8_t key[64], data[65], digest[32];
	unsigned digest_bytes;

	memset(key, key_byte, key_bytes);
	data[0] = type;
	memcpy(data + 1, text, strlen(text));
	assert_non_null(HMAC(EVP_sha256(), key, (int)key_bytes, data, strlen(text) + 1, digest,
			     &digest_bytes));
	memcpy(hash, digest, 16);
}

/* What: an identifier becomes its keyed hash under the newer and the older key, of the type that
 *       the request says, and is nowhere in the request in clear; without an older key there is
 *       one. */
static void
an_identifier_becomes_two_hashes(void **state)
{
	struct fixture *f = *state;
	const struct identifier_hash *hash;
	uint8_t expected[16];

	tg_message_init(&f->message, 1, TG_OP_LINK);
	tg_message_set_integer(&f->message, TG_FIELD_IDENTIFIER_TYPE, 1);
	tg_message_set_text(&f->message, TG_FIELD_IDENTIFIER, "4902530000012345");
	tg_message_set_integer(&f->message, TG_FIELD_NEW_TYPE, 2);
	tg_message_set_text(&f->message, TG_FIELD_NEW_IDENTIFIER, "4902530000012345");
	for (int round = 0; round < 2; round++) {
		assert_int_equal(translate(f, &till), TG_OK);
		hash = &f->job->request.identifier;
		assert_int_equal(hash->type, 1);
		assert_int_equal(hash->key, 7);
		expected_hash('n', 32, 1, "4902530000012345", expected);
		assert_memory_equal(hash->hash, expected, 16);
		assert_int_equal(hash->key_old, round == 0 ? 6 : 0);
		expected_hash('o', 64, 1, "4902530000012345", expected);
		if (round == 0)
			assert_memory_equal(hash->hash_old, expected, 16);
		hash = &f->job->request.new_identifier;
		assert_int_equal(hash->type, 2);
		expected_hash('n', 32, 2, "4902530000012345", expected);
		assert_memory_equal(hash->hash, expected, 16);
		assert_null(memmem(&f->job->request, sizeof(f->job->request), "4902530", 7));
		drop_keys(f);
		read_keys(f, false);
	}
}

/* What: every field of a purchase comes to its place. */
static void
every_field_comes_to_its_place(void **state)
{
	static const uint8_t id[TG_TRANSACTION_ID_BYTES] = "0123456789abcdef";
	struct tg_line lines[2] = {
		{ .item = "milk", .item_bytes = 4, .category = 5, .quantity = 2000, .amount = 398 },
		{ .item = NULL, .item_bytes = 0, .quantity = 1000, .amount = -50 },
	};
	struct fixture *f = *state;
	const struct ledger_request *q;
	uint8_t rows[256], fingerprint[16];
	struct tg_writer writer;
	struct purchase_line line;
	struct record record;
	size_t offset = 0;

	tg_message_init(&f->message, 1, TG_OP_EARN);
	tg_message_set_bytes(&f->message, TG_FIELD_TRANSACTION_ID, id, sizeof(id));
	tg_message_set_integer(&f->message, TG_FIELD_BUSINESS_TIME, INT64_C(86400000) * 19000 + 1);
	tg_message_set_integer(&f->message, TG_FIELD_MEMBER, 77);
	tg_message_set_integer(&f->message, TG_FIELD_AMOUNT, 348);
	tg_message_set_integer(&f->message, TG_FIELD_COVERED, 48);
	tg_message_set_text(&f->message, TG_FIELD_RECEIPT, "R-1");
	tg_message_set_integer(&f->message, TG_FIELD_TILL, 3);
	tg_message_set_integer(&f->message, TG_FIELD_TILL_DAY, 18999);
	tg_message_set_integer(&f->message, TG_FIELD_TENDER, 2);
	tg_message_set_integer(&f->message, TG_FIELD_CHANNEL, 1);
	tg_message_set_integer(&f->message, TG_FIELD_CAMPAIGN, 9);
	tg_message_set_integer(&f->message, TG_FIELD_LATE, 1);
	tg_message_set_integer(&f->message, TG_FIELD_REPEAT, 1);
	tg_writer_init(&writer, rows, sizeof(rows));
	assert_true(tg_lines_write(&writer, lines, 2, &f->message));
	assert_int_equal(translate(f, &till), TG_OK);
	q = &f->job->request;
	assert_int_equal(q->kind, REQUEST_EARN);
	assert_int_equal(q->principal, 123);
	assert_int_equal(q->terminal, 0);
	assert_int_equal(q->store, 0);
	assert_memory_equal(q->transaction_id, id, sizeof(id));
	tg_fingerprint(&f->message, fingerprint);
	assert_memory_equal(q->fingerprint, fingerprint, sizeof(fingerprint));
	assert_int_equal(q->business_time_utc_ms, INT64_C(86400000) * 19000 + 1);
	assert_int_equal(q->business_day, 19000);
	assert_true(q->is_late && q->is_repeat);
	assert_int_equal(q->member, 77);
	assert_int_equal(q->identifier.type, 0);
	assert_int_equal(q->amount, 348);
	assert_int_equal(q->covered, 48);
	assert_false(q->has_points || q->skip_limited || q->has_original || q->has_original_burn);
	assert_int_equal(q->receipt_bytes, 3);
	assert_memory_equal(q->receipt, "R-1", 3);
	assert_int_equal(q->till, 3);
	assert_int_equal(q->till_day, 18999);
	assert_int_equal(q->tender, 2);
	assert_int_equal(q->channel, 1);
	assert_int_equal(q->campaign, 9);
	assert_int_equal(q->line_count, 2);
	record_init(&record);
	record.lines = q->lines;
	record.lines_bytes = q->lines_bytes;
	record.line_count = q->line_count;
	assert_true(record_line_next(&record, &offset, &line));
	assert_memory_equal(line.item, "milk", 4);
	assert_int_equal(line.quantity, 2000);
	assert_int_equal(line.amount, 398);
	assert_true(record_line_next(&record, &offset, &line));
	assert_int_equal(line.item_bytes, 0);
	assert_int_equal(line.amount, -50);
	assert_false(record_line_next(&record, &offset, &line));
}

/* What: what is not said has the value that means so. */
static void
what_is_absent_says_so(void **state)
{
	struct fixture *f = *state;

	tg_message_init(&f->message, 1, TG_OP_QUOTE);
	tg_message_set_integer(&f->message, TG_FIELD_MEMBER, 77);
	tg_message_set_integer(&f->message, TG_FIELD_QUOTED_OPERATION, TG_OP_BURN);
	tg_message_set_integer(&f->message, TG_FIELD_POINTS, 0);
	assert_int_equal(translate(f, &till), TG_OK);
	assert_int_equal(f->job->request.till_day, DAY_NONE);
	assert_int_equal(f->job->request.business_time_utc_ms, f->pipeline->utc_ms);
	assert_int_equal(f->job->request.business_day, 19675);
	assert_int_equal(f->job->request.quoted_kind, REQUEST_BURN);
	assert_true(f->job->request.has_points);
	assert_null(f->job->request.lines);
}

/* What: the largest receipt fits the job. */
static void
the_largest_receipt_fits(void **state)
{
	struct fixture *f = *state;
	struct tg_line lines[TG_LINES_MAX];
	static uint8_t rows[16384];
	struct tg_writer writer;

	for (int i = 0; i < TG_LINES_MAX; i++)
		lines[i] = (struct tg_line){ .item = "12345678901234567890123456789012",
					     .item_bytes = 32,
					     .category = UINT32_MAX,
					     .quantity = UINT32_MAX,
					     .amount = -TG_AMOUNT_MAX };
	tg_message_init(&f->message, 1, TG_OP_EARN);
	tg_writer_init(&writer, rows, sizeof(rows));
	assert_true(tg_lines_write(&writer, lines, TG_LINES_MAX, &f->message));
	assert_int_equal(translate(f, &till), TG_OK);
	assert_int_equal(f->job->request.line_count, TG_LINES_MAX);
	assert_true(f->job->request.lines_bytes <= PIPELINE_LINES_BYTES_MAX);
}

/* What: a terminal speaks for itself: it may name itself and its store, and no other; a partner's
 *       system may name terminals and stores, which the ledger then checks. */
static void
who_acts_for_whom_is_checked(void **state)
{
	static const struct {
		const struct principal *principal;
		uint32_t terminal, store; /* named; 0: not */
		enum tg_status status;
		uint32_t field;
		uint32_t asked_terminal, asked_store;
	} cases[] = {
		{ &till, 0, 0, TG_OK, 0, 0, 0 },
		{ &till, 123, 12, TG_OK, 0, 0, 0 },
		{ &till, 124, 0, TG_FORBIDDEN, TG_FIELD_TERMINAL, 0, 0 },
		{ &till, 0, 13, TG_FORBIDDEN, TG_FIELD_STORE, 0, 0 },
		{ &head_office, 0, 0, TG_OK, 0, 0, 0 },
		{ &head_office, 124, 0, TG_OK, 0, 124, 0 },
		{ &head_office, 0, 13, TG_OK, 0, 0, 13 },
		{ &head_office, 124, 13, TG_OK, 0, 124, 13 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tg_message_init(&f->message, 1, TG_OP_INQUIRY);
		tg_message_set_integer(&f->message, TG_FIELD_MEMBER, 77);
		if (cases[i].terminal != 0)
			tg_message_set_integer(&f->message, TG_FIELD_TERMINAL, cases[i].terminal);
		if (cases[i].store != 0)
			tg_message_set_integer(&f->message, TG_FIELD_STORE, cases[i].store);
		assert_int_equal(translate(f, cases[i].principal), cases[i].status);
		assert_int_equal(f->field, cases[i].field);
		if (cases[i].status != TG_OK)
			continue;
		assert_int_equal(f->job->request.principal, cases[i].principal->terminal);
		assert_int_equal(f->job->request.terminal, cases[i].asked_terminal);
		assert_int_equal(f->job->request.store, cases[i].asked_store);
	}
}

/* What: an exchange says what is given; what is got may be said, too.
 * How:  each direction, asked and quoted, with and without. */
static void
an_exchange_says_what_is_given(void **state)
{
	static const struct {
		int64_t direction, own_units, points; /* -1: not said */
	} cases[] = {
		{ TG_DIRECTION_IN, 100, -1 },
		{ TG_DIRECTION_IN, 100, 33 },
		{ TG_DIRECTION_OUT, -1, 33 },
		{ TG_DIRECTION_OUT, 0, 33 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const bool is_quote = i % 2 != 0;

		tg_message_init(&f->message, 1, is_quote ? TG_OP_QUOTE : TG_OP_EXCHANGE);
		tg_message_set_integer(&f->message, TG_FIELD_MEMBER, 77);
		if (is_quote)
			tg_message_set_integer(&f->message, TG_FIELD_QUOTED_OPERATION,
					       TG_OP_EXCHANGE);
		tg_message_set_integer(&f->message, TG_FIELD_DIRECTION, cases[i / 2].direction);
		if (cases[i / 2].own_units != -1)
			tg_message_set_integer(&f->message, TG_FIELD_OWN_UNITS,
					       cases[i / 2].own_units);
		if (cases[i / 2].points != -1)
			tg_message_set_integer(&f->message, TG_FIELD_POINTS, cases[i / 2].points);
		assert_int_equal(translate(f, &till), TG_OK);
		assert_int_equal(f->job->request.direction, cases[i / 2].direction);
		assert_int_equal(f->job->request.has_own_units, cases[i / 2].own_units != -1);
		assert_int_equal(f->job->request.has_points, cases[i / 2].points != -1);
	}
}

/* An answer with everything in it. */
static void
fill_answer(struct ledger_answer *a, uint8_t kind)
{
	memset(a, 0, sizeof(*a));
	*a = (struct ledger_answer){ .status = TG_OK,
				     .kind = kind,
				     .is_replay = true,
				     .is_capped = true,
				     .marks = MARK_TEST_PARTNER,
				     .has_member = true,
				     .sequence = 1001,
				     .booked_at_utc_ms = 1002,
				     .business_date = 1003,
				     .member = 1004,
				     .points = 1005,
				     .base_points = 1006,
				     .bonus_points = 1007,
				     .taken_points = 1008,
				     .restored_points = 1009,
				     .lost_points = 1010,
				     .paid_debt_points = 1011,
				     .money_returned = 1012,
				     .available_points = 1013,
				     .pending_points = 1014,
				     .held_points = 1015,
				     .debt_points = 1016,
				     .usable_points = 1017,
				     .next_expiry_day = 1018,
				     .next_expiry_points = 1019,
				     .deadline_utc_ms = 1020,
				     .direction = TG_DIRECTION_OUT,
				     .own_units = 1021,
				     .has_value = true,
				     .value_change = 1024,
				     .value_after = 1025,
				     .rate_num = 1022,
				     .rate_den = 1023,
				     .outcome = 60,
				     .outcome_kind = REQUEST_BURN,
				     .outcome_state = STATE_REVERSED,
				     .expiry_count = ANSWER_EXPIRIES_MAX,
				     .entry_count = ANSWER_ENTRIES_MAX,
				     .total_count = ANSWER_TOTALS_MAX };
	a->component_count = RECORD_COMPONENTS_MAX;
	for (uint32_t k = 0; k < RECORD_COMPONENTS_MAX; k++)
		a->components[k] = (struct answer_component){
			UINT32_MAX,    UINT32_MAX,    UINT8_MAX,
			UINT16_MAX,    TG_AMOUNT_MAX, TG_BALANCE_MAX
		};
	for (int i = 0; i < ANSWER_EXPIRIES_MAX; i++)
		a->expiries[i] = (struct answer_expiry){ TG_DAY_MAX, TG_BALANCE_MAX };
	for (int i = 0; i < ANSWER_ENTRIES_MAX; i++)
		a->entries[i] =
			(struct answer_entry){ INT64_MAX,  255,	       65535,	       INT64_MAX,
					       UINT32_MAX, UINT32_MAX, -TG_BALANCE_MAX };
	for (int i = 0; i < ANSWER_TOTALS_MAX; i++)
		a->totals[i] = (struct answer_total){ 255, true, INT64_MAX, -TG_BALANCE_MAX,
						      -TG_BALANCE_MAX };
}

/* The longest page there can be. */
static void
fill_page(struct archived_page *page)
{
	page->has_more = page->is_complete = true;
	page->held_sequence = page->lag_records = INT64_MAX;
	page->lag_ms = INT64_MAX;
	page->row_count = TG_HISTORY_MAX;
	for (uint32_t i = 0; i < TG_HISTORY_MAX; i++) {
		memset(page->receipts[i], 'r', sizeof(page->receipts[i]));
		page->rows[i] = (struct tg_history){
			.sequence = INT64_MAX,
			.business_date = TG_DAY_MAX,
			.booked_at_utc_ms = INT64_MAX,
			.kind = 255,
			.status = 65535,
			.member = INT64_MAX,
			.store = UINT32_MAX,
			.terminal = UINT32_MAX,
			.id = page->ids[i][0],
			.id_bytes = TG_TRANSACTION_ID_BYTES,
			.business_time_utc_ms = TG_TIME_MS_MAX,
			.original = page->ids[i][1],
			.original_bytes = TG_TRANSACTION_ID_BYTES,
			.till = UINT32_MAX,
			.till_day = TG_DAY_MAX,
			.receipt = page->receipts[i],
			.receipt_bytes = TG_RECEIPT_BYTES_MAX,
			.amount = TG_AMOUNT_MAX,
			.covered = TG_AMOUNT_MAX,
			.points = -TG_BALANCE_MAX,
			.change = -TG_BALANCE_MAX,
			.is_test = true,
		};
	}
}

/* What: for every operation, an answer with everything in it tells the fields that the operation
 *       may answer and no others, fits the scratch memory, and can be decoded.
 * How:  MESSAGE, RETRY_AFTER and OFFERS are not the ledger's to tell. */
static void
every_operation_tells_what_it_may(void **state)
{
	static const uint8_t kinds[] = { REQUEST_ENROLL,  REQUEST_LINK,	  REQUEST_UNLINK,
					 REQUEST_INQUIRY, REQUEST_QUOTE,  REQUEST_EARN,
					 REQUEST_BURN,	  REQUEST_HOLD,	  REQUEST_CAPTURE,
					 REQUEST_RELEASE, REQUEST_REFUND, REQUEST_REVERSE,
					 REQUEST_CONFIRM, REQUEST_STATUS, REQUEST_TOTALS,
					 REQUEST_HISTORY, REQUEST_ENTRIES, REQUEST_EXCHANGE,
					 REQUEST_TOP_UP,  REQUEST_PAY };
	static uint8_t rows[IO_REPLY_BYTES_MAX], frame[IO_REPLY_BYTES_MAX];
	struct fixture *f = *state;
	struct ledger_answer *answer = calloc(1, sizeof(*answer));
	struct archived_page *page = calloc(1, sizeof(*page));

	fill_page(page);
	for (size_t i = 0; i < sizeof(kinds); i++) {
		struct tg_field_set told = tg_operation_info(kinds[i])->replied;
		struct tg_message decoded;
		struct tg_writer writer;
		uint32_t field;

		told.words[TG_FIELD_MESSAGE / 64] &= ~(UINT64_C(1) << TG_FIELD_MESSAGE % 64);
		told.words[TG_FIELD_RETRY_AFTER / 64] &=
			~(UINT64_C(1) << TG_FIELD_RETRY_AFTER % 64);
		told.words[TG_FIELD_OFFERS / 64] &= ~(UINT64_C(1) << TG_FIELD_OFFERS % 64);
		fill_answer(answer, kinds[i]);
		answer->field = TG_FIELD_AMOUNT;
		answer->page = page;
		reply_make(answer, kinds[i], 5, rows, sizeof(rows), &f->message);
		assert_memory_equal(&f->message.present, &told, sizeof(told));
		assert_int_equal(f->message.values[TG_FIELD_FIELD].integer, TG_FIELD_AMOUNT);
		tg_writer_init(&writer, frame, sizeof(frame));
		assert_true(tg_encode(&writer, &f->message));
		assert_int_equal(
			tg_decode_answer(frame + 4, writer.used_bytes - 4, &decoded, &field),
			TG_OK);
		assert_memory_equal(&decoded.present, &told, sizeof(told));
	}
	free(answer);
	free(page);
}

/* What: what there is nothing to tell of is left out; points of a success are told when zero,
 *       too. */
static void
nothing_is_told_by_leaving_it_out(void **state)
{
	static uint8_t rows[IO_REPLY_BYTES_MAX];
	struct fixture *f = *state;
	struct ledger_answer answer = { .kind = REQUEST_EARN,
					.status = TG_OK,
					.sequence = 1,
					.has_member = true,
					.next_expiry_day = INT32_MAX };

	reply_make(&answer, REQUEST_EARN, 5, rows, sizeof(rows), &f->message);
	assert_true(tg_message_has(&f->message, TG_FIELD_POINTS));
	assert_true(tg_message_has(&f->message, TG_FIELD_AVAILABLE));
	assert_true(tg_message_has(&f->message, TG_FIELD_SEQUENCE));
	assert_false(tg_message_has(&f->message, TG_FIELD_PENDING));
	assert_false(tg_message_has(&f->message, TG_FIELD_REPLAY));
	assert_false(tg_message_has(&f->message, TG_FIELD_EXPIRES_DAY));
	assert_false(tg_message_has(&f->message, TG_FIELD_FIELD));

	answer = (struct ledger_answer){ .kind = REQUEST_EARN, .status = TG_UNKNOWN_MEMBER };
	reply_make(&answer, REQUEST_EARN, 5, rows, sizeof(rows), &f->message);
	assert_int_equal(f->message.code, TG_UNKNOWN_MEMBER);
	assert_int_equal(tg_field_set_next(&f->message.present, 0), TG_FIELD_COUNT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_identifier_becomes_two_hashes),
		CASE(every_field_comes_to_its_place),
		CASE(what_is_absent_says_so),
		CASE(the_largest_receipt_fits),
		CASE(who_acts_for_whom_is_checked),
		CASE(an_exchange_says_what_is_given),
		CASE(every_operation_tells_what_it_may),
		CASE(nothing_is_told_by_leaving_it_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
