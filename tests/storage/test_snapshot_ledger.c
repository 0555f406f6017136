/*
 * test_snapshot_ledger.c - a real ledger, restored from a snapshot and the records behind it.
 *
 * Requests are random, also wrong ones; the snapshot is made between them, slice by slice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/ledger.h"
#include "storage/snapshot.h"
#include "tests/ledger/fixture.h"
#include "tests/storage/snapshot_fixture.h"

#define MEMBERS 150
#define REMEMBERED 60
#define LOG_BYTES_MAX (4 * 1024 * 1024)

/* A transaction that later requests may name. */
struct sent {
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	int64_t business_time_utc_ms;
};

struct test {
	struct ledger_fixture f;
	struct storage_io io;
	char directory[STORAGE_PATH_BYTES_MAX];
	struct snapshot *snapshot;
	struct sent sent[REMEMBERED];
	uint32_t sent_count;
	uint32_t granted_count; /* requests answered TG_OK */
	uint64_t random;
	uint8_t *log; /* owned: records since the snapshot began, encoded */
	size_t log_bytes;
	bool is_logging;
};

static uint32_t
random_below(struct test *t, uint32_t bound)
{
	t->random = t->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((t->random >> 33) % bound);
}

static int
setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	struct snapshot_config config = {
		.io = &t->io,
		.directory = t->directory,
		.instance = FIXTURE_INSTANCE,
		.block_bytes = SNAPSHOT_BLOCK_BYTES_MIN,
		.is_inline = true,
	};

	fixture_init(&t->f);
	storage_io_posix(&t->io);
	fixture_directory_new(t->directory);
	config.set = ledger_tables(t->f.ledger);
	t->snapshot = snapshot_new(&config);
	t->log = malloc(LOG_BYTES_MAX);
	t->random = 7;
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	snapshot_free(t->snapshot);
	fixture_directory_free(t->directory);
	fixture_deinit(&t->f);
	free(t->log);
	free(t);
	return 0;
}

/* Ask, and keep the records when they are behind the snapshot's sequence. */
static void
ask(struct test *t, const struct ledger_request *q)
{
	t->granted_count += fixture_ask(&t->f, q)->status == TG_OK;
	for (uint32_t i = 0; t->is_logging && i < t->f.decision->record_count; i++) {
		size_t length = record_encode(&t->f.decision->records[i], t->log + t->log_bytes,
					      LOG_BYTES_MAX - t->log_bytes);

		assert_int_not_equal(length, 0);
		t->log_bytes += length;
	}
}

/* Any request of a terminal, about any member and any earlier transaction. */
static void
ask_something(struct test *t)
{
	const uint8_t kinds[] = { REQUEST_ENROLL, REQUEST_EARN,	  REQUEST_EARN,	   REQUEST_EARN,
				  REQUEST_BURN,	  REQUEST_HOLD,	  REQUEST_CAPTURE, REQUEST_RELEASE,
				  REQUEST_REFUND, REQUEST_REVERSE };
	struct sent *sent = &t->sent[t->sent_count % REMEMBERED];
	const struct sent *original = &t->sent[random_below(t, REMEMBERED)];
	char text[16];
	struct ledger_request q;

	(void)snprintf(text, sizeof(text), "t%u", (unsigned)++t->sent_count);
	q = fixture_request(&t->f, kinds[random_below(t, sizeof(kinds))], text);
	q.principal = random_below(t, 2) == 0 ? 101 : 201;
	memcpy(q.fingerprint, q.transaction_id, sizeof(q.fingerprint));
	(void)snprintf(text, sizeof(text), "member %u", (unsigned)random_below(t, MEMBERS));
	q.identifier = fixture_identifier(text);
	if (q.kind == REQUEST_EARN || q.kind == REQUEST_REFUND)
		q.amount = random_below(t, 100000);
	if (q.kind == REQUEST_BURN || q.kind == REQUEST_HOLD || q.kind == REQUEST_CAPTURE)
		q.points = 1 + random_below(t, 300);
	if (q.kind >= REQUEST_CAPTURE && q.kind <= REQUEST_REVERSE) {
		memcpy(q.original_id, original->id, sizeof(q.original_id));
		q.has_original = true;
		q.original_time_utc_ms = original->business_time_utc_ms;
	}
	memcpy(sent->id, q.transaction_id, sizeof(sent->id));
	sent->business_time_utc_ms = q.business_time_utc_ms;
	ask(t, &q);
}

/* Ask requests while time goes on, and everything falls due that does. */
static void
go_on(struct test *t, uint32_t request_count)
{
	for (uint32_t i = 0; i < request_count; i++) {
		struct ledger_request tick = { .kind = REQUEST_TICK };
		struct ledger_request cutover = { .kind = REQUEST_CUTOVER };

		fixture_set_time(&t->f, t->f.now.utc_ms + random_below(t, 1200000));
		if (ledger_business_date(t->f.ledger) < t->f.now.day)
			ask(t, &cutover);
		ask(t, &tick);
		ask_something(t);
		if (snapshot_phase(t->snapshot) != SNAPSHOT_IDLE)
			(void)snapshot_step(t->snapshot, 0);
	}
}

/* Load the snapshot into a new ledger and apply the records behind it. */
static struct ledger *
restore(struct test *t, uint64_t sequence)
{
	struct ledger_limits limits = ledger_limits_small();
	struct ledger *ledger;
	struct snapshot_load_config config = {
		.io = &t->io,
		.directory = t->directory,
		.instance = FIXTURE_INSTANCE,
	};
	struct snapshot_info info;
	struct storage_error error;

	limits.members_max = 1000;
	limits.transactions_max = 2000;
	limits.totals_max = 4000;
	ledger = ledger_new(&limits);
	config.set = ledger_tables(ledger);
	if (snapshot_load(&config, sequence, &info, &error) != TG_OK)
		fail_msg("%s", error.text);
	ledger_rebuild(ledger);
	assert_int_equal(ledger_sequence(ledger), sequence);
	for (size_t at = 0; at < t->log_bytes;) {
		size_t length;

		assert_int_equal(record_decode(t->log + at, t->log_bytes - at, t->f.decoded,
					       &length),
				 TG_OK);
		ledger_apply(ledger, t->f.decoded);
		at += length;
	}
	return ledger;
}

/* What: snapshot and the records behind it give the same ledger as all records from the first.
 * How:  random requests before, during and after; then the restored one replays along. */
static void
snapshot_and_records_give_the_same_ledger(void **state)
{
	struct test *t = *state;

	for (uint32_t round = 0; round < 6; round++) {
		uint64_t sequence;
		struct ledger *restored;

		go_on(t, 400);
		sequence = ledger_sequence(t->f.ledger);
		assert_int_equal(snapshot_begin(t->snapshot, sequence, NULL, 0), TG_OK);
		t->log_bytes = 0;
		t->is_logging = true;
		snapshot_finish(t->snapshot, sequence);
		go_on(t, random_below(t, 400));
		while (snapshot_step(t->snapshot, 0) != SNAPSHOT_IDLE)
			go_on(t, 1);
		assert_int_equal(snapshot_result(t->snapshot)->status, TG_OK);
		assert_true(snapshot_result(t->snapshot)->pre_images > 0);

		restored = restore(t, sequence);
		assert_int_equal(ledger_sequence(restored), ledger_sequence(t->f.ledger));
		assert_true(state_hash_equal(ledger_state_hash(restored),
					     ledger_state_hash(t->f.ledger)));
		ledger_free(t->f.twin);
		t->f.twin = restored;
		fixture_audit(&t->f);
	}
	go_on(t, 400);
	fixture_audit(&t->f);
	assert_true(t->granted_count > 1500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(snapshot_and_records_give_the_same_ledger, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
