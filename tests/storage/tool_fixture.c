/*
 * tool_fixture.c - from requests to a journal, as the gateway does it, in one thread.
 */
#include "tests/storage/tool_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEMBERS 40
#define INSTANCE "tool"
#define BATCH_REQUESTS 7
#define HOUR_MS 3600000
#define FIRST_UTC_MS INT64_C(1711972800000) /* 2024-04-01 12:00 */

static void
add_record(struct tool_fixture *t, const struct record *record)
{
	size_t length =
		record_encode(record, t->batch + t->batch_bytes, sizeof t->batch - t->batch_bytes);

	assert_int_not_equal(length, 0);
	t->batch_bytes += length;
	t->batch_count++;
}

void
tool_fixture_request(struct tool_fixture *t, const struct ledger_request *q)
{
	(void)fixture_ask(&t->f, q);
	for (uint32_t i = 0; i < t->f.decision->record_count; i++)
		add_record(t, &t->f.decision->records[i]);
}

static void
add_partner(struct tool_fixture *t, uint32_t number)
{
	struct ledger_request q = { .kind = REQUEST_SET_PARTNER, .operator_name = "tool" };

	q.partner_image = fixture_partner(number);
	tool_fixture_request(t, &q);
	q.kind = REQUEST_ADD_RULE;
	q.rule = fixture_rule(number);
	tool_fixture_request(t, &q);
	q.kind = REQUEST_SET_STORE;
	q.store_image = (struct store_config){ .number = number * 10 + 1, .partner = number };
	tool_fixture_request(t, &q);
	q.kind = REQUEST_SET_TERMINAL;
	q.terminal_image = (struct terminal_config){ .number = number * 100 + 1,
						     .partner = number,
						     .store = number * 10 + 1,
						     .key_generation = 1,
						     .rights = 0xffff };
	tool_fixture_request(t, &q);
}

static void
make_ledger(struct ledger_fixture *f)
{
	struct ledger_limits limits = ledger_limits_small();

	limits.members_max = 1000;
	limits.transactions_max = 5000;
	limits.totals_max = 4000;
	f->ledger = ledger_new(&limits);
	f->twin = ledger_new(&limits);
	f->decision = decision_new();
	f->decoded = calloc(1, sizeof *f->decoded);
	assert_non_null(f->decoded);
}

void
tool_fixture_init(struct tool_fixture *t, const struct storage_io *io, const char *directory)
{
	struct ledger_request q = { .kind = REQUEST_SET_PROGRAMME, .operator_name = "tool" };
	struct snapshot_config snapshots = { .io = io, .instance = INSTANCE, .is_inline = true };
	struct journal_opened opened;

	memset(t, 0, sizeof *t);
	t->io = io;
	t->random = 5;
	make_ledger(&t->f);
	assert_int_equal(storage_path_copy(t->directory, directory, &t->error), TG_OK);
	assert_int_equal(storage_path(t->archive, directory, "archive", &t->error), TG_OK);
	t->config = (struct journal_config){ .io = io,
					     .directory = t->directory,
					     .archive_directory = t->archive,
					     .instance = INSTANCE,
					     .segment_bytes = 16 * JOURNAL_BLOCK_BYTES,
					     .salt = 77 };
	snapshots.directory = t->directory;
	snapshots.set = ledger_tables(t->f.ledger);
	t->snapshot = snapshot_new(&snapshots);
	assert_non_null(t->snapshot);
	if (journal_file_open(&t->config, &t->journal, &opened, &t->error) != TG_OK)
		fail_msg("%s", t->error.text);

	fixture_set_time(&t->f, FIRST_UTC_MS);
	q.programme = fixture_programme();
	tool_fixture_request(t, &q);
	q.kind = REQUEST_CUTOVER;
	tool_fixture_request(t, &q);
	add_partner(t, 1);
	add_partner(t, 2);
	tool_fixture_commit(t);
}

void
tool_fixture_deinit(struct tool_fixture *t)
{
	journal_close(t->journal);
	snapshot_free(t->snapshot);
	fixture_deinit(&t->f);
}

void
tool_fixture_commit(struct tool_fixture *t)
{
	struct journal_batch batch = { .records = t->batch,
				       .records_bytes = t->batch_bytes,
				       .first_sequence = t->records + 1,
				       .count = t->batch_count,
				       .written_at_utc_ms = t->f.now.utc_ms };

	if (t->batch_count == 0)
		return;
	if (journal_append(t->journal, &batch, &t->error) != TG_OK)
		fail_msg("%s", t->error.text);
	t->records += t->batch_count;
	t->batch_bytes = 0;
	t->batch_count = 0;
}

static uint32_t
random_below(struct tool_fixture *t, uint32_t bound)
{
	t->random = t->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((t->random >> 33) % bound);
}

/* The name of an earlier or of the present request. */
static void
name_request(uint8_t ret_id[16], uint32_t number)
{
	char text[16];

	(void)snprintf(text, sizeof text, "t%u", (unsigned)number);
	fixture_id(ret_id, text);
}

static void
ask_something(struct tool_fixture *t)
{
	const uint8_t kinds[] = { REQUEST_ENROLL, REQUEST_EARN,	   REQUEST_EARN,
				  REQUEST_EARN,	  REQUEST_BURN,	   REQUEST_HOLD,
				  REQUEST_REFUND, REQUEST_CAPTURE, REQUEST_REVERSE };
	struct ledger_request q = fixture_request(&t->f, kinds[random_below(t, sizeof kinds)], "");
	char text[16];

	name_request(q.transaction_id, ++t->asked);
	memcpy(q.fingerprint, q.transaction_id, sizeof q.fingerprint);
	q.principal = random_below(t, 2) == 0 ? 101 : 201;
	(void)snprintf(text, sizeof text, "member %u", (unsigned)random_below(t, MEMBERS));
	q.identifier = fixture_identifier(text);
	if (q.kind == REQUEST_EARN || q.kind == REQUEST_REFUND)
		q.amount = random_below(t, 100000);
	if (q.kind == REQUEST_BURN || q.kind == REQUEST_HOLD || q.kind == REQUEST_CAPTURE)
		q.points = 1 + random_below(t, 300);
	if (q.kind == REQUEST_REFUND || q.kind == REQUEST_CAPTURE || q.kind == REQUEST_REVERSE) {
		name_request(q.original_id,
			     t->asked - random_below(t, t->asked < 20 ? t->asked : 20));
		q.has_original = true;
		q.original_time_utc_ms = t->f.now.utc_ms;
	}
	tool_fixture_request(t, &q);
}

void
tool_fixture_ask(struct tool_fixture *t, uint32_t count)
{
	for (uint32_t i = 1; i <= count; i++) {
		struct ledger_request due = { .kind = REQUEST_CUTOVER };

		fixture_set_time(&t->f, t->f.now.utc_ms + random_below(t, HOUR_MS));
		if (ledger_business_date(t->f.ledger) < t->f.now.day)
			tool_fixture_request(t, &due);
		due.kind = REQUEST_TICK;
		tool_fixture_request(t, &due);
		ask_something(t);
		if (i % BATCH_REQUESTS == 0)
			tool_fixture_commit(t);
	}
	tool_fixture_commit(t);
}

void
tool_fixture_mark(struct tool_fixture *t, bool is_wrong)
{
	struct state_hash hash = ledger_state_hash(t->f.ledger);

	hash.low ^= is_wrong;
	if (journal_mark(t->journal, t->records, hash, t->f.now.utc_ms, &t->error) != TG_OK)
		fail_msg("%s", t->error.text);
}

void
tool_fixture_snapshot(struct tool_fixture *t)
{
	assert_int_equal(snapshot_begin(t->snapshot, t->records, NULL, 0), TG_OK);
	snapshot_finish(t->snapshot, t->records);
	while (snapshot_step(t->snapshot, 0) != SNAPSHOT_IDLE)
		;
	assert_int_equal(snapshot_result(t->snapshot)->status, TG_OK);
}

void
tool_fixture_forge(struct tool_fixture *t, const struct record *record)
{
	add_record(t, record);
}
