/*
 * world.c - a ledger with journal, snapshots and archive on a simulated disk, through its lives.
 */
#include "tests/gateway/world.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY_MS INT64_C(86400000)
#define START_MS (INT64_C(19814) * DAY_MS) /* 2024-04-01 */
#define BATCH_BYTES (512 * 1024)
#define DISK_BYTES (64 * 1024 * 1024)

static uint32_t
below(struct world *w, uint32_t bound)
{
	return (uint32_t)sim_disk_chance(w->disk, bound);
}

struct world *
world_new(uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->disk = sim_disk_new(seed, DISK_BYTES);
	sim_disk_io(w->disk, &w->io);
	w->config.journal = (struct journal_config){
		.io = &w->io,
		.directory = WORLD_DIRECTORY,
		.archive_directory = WORLD_DIRECTORY "/archive",
		.instance = "world",
		.segment_bytes = 64 * 1024,
	};
	w->config.is_inline = true;
	w->config.limits = ledger_limits_small();
	w->config.limits.members_max = 200;
	w->config.limits.transactions_max = 2000;
	w->config.limits.totals_max = 2000;
	w->asked = calloc(WORLD_ASKED_MAX, sizeof(*w->asked));
	w->batch = malloc(BATCH_BYTES);
	w->hashes = calloc(WORLD_RECORDS_MAX, sizeof(*w->hashes));
	w->f.decision = decision_new();
	assert_non_null(w->asked);
	assert_non_null(w->batch);
	assert_non_null(w->hashes);
	assert_non_null(w->f.decision);
	fixture_set_time(&w->f, START_MS);
	return w;
}

void
world_free(struct world *w)
{
	world_end(w, false);
	decision_free(w->f.decision);
	free(w->hashes);
	free(w->batch);
	free(w->asked);
	sim_disk_free(w->disk);
	free(w);
}

/* Decide, and carry out into the batch. */
static const struct ledger_answer *
ask(struct world *w, const struct ledger_request *request)
{
	struct ledger *ledger = w->recovery.ledger;

	ledger_decide(ledger, request, &w->f.now, w->f.decision);
	for (uint32_t i = 0; i < w->f.decision->record_count; i++) {
		const struct record *record = &w->f.decision->records[i];
		size_t bytes = record_encode(record, w->batch + w->batch_bytes,
					     BATCH_BYTES - w->batch_bytes);

		assert_int_not_equal(bytes, 0);
		assert_true(record->sequence < WORLD_RECORDS_MAX);
		w->batch_bytes += bytes;
		w->batch_count++;
		ledger_apply(ledger, record);
		w->hashes[record->sequence] = ledger_state_hash(ledger);
		w->last_sequence = record->sequence;
	}
	return &w->f.decision->answer;
}

static void
set_up(struct world *w, struct ledger_request *request)
{
	assert_int_equal(ask(w, request)->status, TG_OK);
}

/* The programme of the ledger's fixture, and its first partner. */
static void
found_programme(struct world *w)
{
	struct ledger_request request = { .kind = REQUEST_SET_PROGRAMME };

	request.programme = fixture_programme();
	set_up(w, &request);
	request.kind = REQUEST_CUTOVER;
	set_up(w, &request);
	request.kind = REQUEST_SET_PARTNER;
	request.partner_image = fixture_partner(1);
	set_up(w, &request);
	request.kind = REQUEST_ADD_RULE;
	request.rule = fixture_rule(1);
	request.rule.bonus_num = 1;
	request.rule.bonus_den = 300;
	request.rule.bonus_days = 1; /* points that are pending, and fall due */
	set_up(w, &request);
	request.kind = REQUEST_SET_STORE;
	request.store_image = (struct store_config){ .number = 11, .partner = 1 };
	set_up(w, &request);
	request.kind = REQUEST_SET_TERMINAL;
	request.terminal_image = (struct terminal_config){
		.number = 101, .partner = 1, .store = 11, .key_generation = 1, .rights = 0xffff
	};
	set_up(w, &request);
}

/* Does the recovered ledger hold what was acknowledged, and is it a state that there was? */
static bool
holds(struct world *w)
{
	struct ledger *ledger = w->recovery.ledger;
	uint64_t sequence = ledger_sequence(ledger);
	char text[200];

	if (sequence < w->acknowledged || sequence > w->last_sequence) {
		(void)snprintf(w->why, sizeof(w->why),
			       "recovered up to %" PRIu64 ", acknowledged %" PRIu64
			       ", made %" PRIu64,
			       sequence, w->acknowledged, w->last_sequence);
		return false;
	}
	if (sequence > 0 && !state_hash_equal(ledger_state_hash(ledger), w->hashes[sequence])) {
		(void)snprintf(w->why, sizeof(w->why), "state after %" PRIu64 " is another",
			       sequence);
		return false;
	}
	if (!ledger_audit(ledger, text, sizeof(text))) {
		(void)snprintf(w->why, sizeof(w->why), "audit: %s", text);
		return false;
	}
	return true;
}

bool
world_begin(struct world *w)
{
	struct snapshot_config snapshot = {
		.io = &w->io,
		.directory = WORLD_DIRECTORY,
		.instance = "world",
		.block_bytes = SNAPSHOT_BLOCK_BYTES_MIN,
		.is_inline = true,
	};
	enum tg_status status;

	w->config.journal.salt = sim_disk_chance(w->disk, UINT64_MAX);
	memset(&w->error, 0, sizeof(w->error));
	status = recovery_run(&w->config, &w->recovery, &w->error);
	if (status != TG_OK) {
		(void)snprintf(w->why, sizeof(w->why), "recovery: %.500s", w->error.text);
		return sim_disk_has_failed(w->disk);
	}
	w->f.ledger = w->recovery.ledger;
	snapshot.set = ledger_tables(w->f.ledger);
	w->snapshot = snapshot_new(&snapshot);
	assert_non_null(w->snapshot);
	if (!holds(w))
		return false;
	w->last_sequence = ledger_sequence(w->f.ledger);
	if (w->last_sequence == 0)
		found_programme(w);
	return true;
}

void
world_end(struct world *w, bool is_power_failure)
{
	if (w->recovery.ledger != NULL) {
		/* A process that dies does not tidy up: what these still write is to fail. */
		sim_disk_fail_call(w->disk, 1, SIM_STICKY, TG_IO);
		snapshot_free(w->snapshot);
		journal_close(w->recovery.journal);
		ledger_free(w->recovery.ledger);
	}
	sim_disk_fail_call(w->disk, 0, SIM_ONCE, TG_IO);
	if (is_power_failure)
		sim_disk_crash(w->disk);
	else
		sim_disk_kill(w->disk);
	memset(&w->recovery, 0, sizeof(w->recovery));
	w->f.ledger = NULL;
	w->snapshot = NULL;
	w->batch_bytes = 0;
	w->batch_count = 0;
	w->unanswered_count = 0;
}

/* A request of the terminal about any member and any late transaction, sensible or not. */
static struct world_asked *
new_request(struct world *w)
{
	static const uint8_t kinds[] = { REQUEST_ENROLL,  REQUEST_EARN,	   REQUEST_EARN,
					 REQUEST_EARN,	  REQUEST_BURN,	   REQUEST_HOLD,
					 REQUEST_CAPTURE, REQUEST_RELEASE, REQUEST_REFUND,
					 REQUEST_REVERSE };
	uint32_t late_count = w->asked_count < WORLD_LATE ? w->asked_count : WORLD_LATE;
	struct world_asked *asked = &w->asked[w->asked_count];
	struct ledger_request *q = &asked->request;
	char text[16];

	assert_true(w->asked_count < WORLD_ASKED_MAX);
	(void)snprintf(text, sizeof(text), "t%u", (unsigned)w->asked_count);
	*q = fixture_request(&w->f, kinds[below(w, sizeof(kinds))], text);
	memcpy(q->fingerprint, q->transaction_id, sizeof(q->fingerprint));
	(void)snprintf(text, sizeof(text), "member %u", (unsigned)below(w, WORLD_MEMBERS));
	q->identifier = fixture_identifier(text);
	if (q->kind == REQUEST_EARN || q->kind == REQUEST_REFUND)
		q->amount = below(w, 100000);
	if (q->kind == REQUEST_BURN || q->kind == REQUEST_HOLD || q->kind == REQUEST_CAPTURE)
		q->points = 1 + below(w, 300);
	if (late_count > 0 && q->kind >= REQUEST_CAPTURE && q->kind <= REQUEST_REVERSE) {
		const struct ledger_request *original =
			&w->asked[w->asked_count - 1 - below(w, late_count)].request;

		memcpy(q->original_id, original->transaction_id, sizeof(q->original_id));
		q->has_original = true;
		q->original_time_utc_ms = original->business_time_utc_ms;
	}
	w->asked_count++;
	return asked;
}

/* Is the answer what the till was told before?  When the window has passed, TOO_OLD will do. */
static bool
is_as_told(struct world *w, const struct world_asked *asked, const struct ledger_answer *answer)
{
	const struct ledger_request *q = &asked->request;
	bool is_too_old = answer->status == TG_TOO_OLD &&
			  q->business_time_utc_ms <
				  w->f.now.utc_ms - fixture_programme().window_ms;

	if (!asked->is_told || is_too_old ||
	    (answer->is_replay && answer->status == asked->status &&
	     answer->points == asked->points && answer->sequence == asked->sequence))
		return true;
	(void)snprintf(w->why, sizeof(w->why),
		       "%.16s: told %s %" PRId64 " at %" PRIu64 ", now %s %" PRId64 " at %" PRIu64
		       "%s",
		       (const char *)q->transaction_id,
		       tg_status_name((enum tg_status)asked->status), asked->points,
		       asked->sequence, tg_status_name((enum tg_status)answer->status),
		       answer->points, answer->sequence, answer->is_replay ? "" : ", as new");
	return false;
}

/* Send a request, new or again; its till is told the answer by world_append(). */
static bool
send_request(struct world *w, struct world_asked *asked)
{
	const struct ledger_answer *answer = ask(w, &asked->request);

	w->told_again += asked->is_told && answer->is_replay;
	if (!is_as_told(w, asked, answer))
		return false;
	/* A refusal that is not kept may be another answer next time. */
	if (asked->is_told || !tg_status_is_recorded((enum tg_status)answer->status))
		return true;
	assert_true(w->unanswered_count < WORLD_UNANSWERED_MAX);
	w->unanswered[w->unanswered_count++] = asked;
	asked->status = answer->status;
	asked->points = answer->points;
	asked->sequence = answer->sequence;
	return true;
}

bool
world_ask(struct world *w)
{
	struct ledger_request tick = { .kind = REQUEST_TICK };
	struct ledger_request cutover = { .kind = REQUEST_CUTOVER };

	fixture_set_time(&w->f, w->f.now.utc_ms + below(w, 1200000));
	if (ledger_business_date(w->recovery.ledger) < w->f.now.day)
		(void)ask(w, &cutover);
	else if (below(w, 3) == 0)
		(void)ask(w, &tick);
	else if (w->asked_count > 0 && below(w, 5) == 0)
		return send_request(w, &w->asked[below(w, w->asked_count)]);
	else
		return send_request(w, new_request(w));
	return true;
}

bool
world_ask_again(struct world *w)
{
	for (uint32_t i = 0; i < w->asked_count; i++) {
		uint64_t before = w->last_sequence;

		if (!send_request(w, &w->asked[i]))
			return false;
		if (w->asked[i].is_told && w->last_sequence != before) {
			(void)snprintf(w->why, sizeof(w->why), "a repeat of t%u made a record", i);
			return false;
		}
		if (!world_append(w))
			return true;
	}
	return true;
}

bool
world_append(struct world *w)
{
	const struct journal_batch batch = {
		.records = w->batch,
		.records_bytes = w->batch_bytes,
		.first_sequence = w->last_sequence + 1 - w->batch_count,
		.count = w->batch_count,
		.written_at_utc_ms = w->f.now.utc_ms,
	};

	if (w->batch_count == 0)
		return true;
	if (journal_append(w->recovery.journal, &batch, &w->error) != TG_OK)
		return false;
	w->acknowledged = w->last_sequence;
	for (uint32_t i = 0; i < w->unanswered_count; i++)
		w->unanswered[i]->is_told = true;
	w->unanswered_count = 0;
	w->batch_bytes = 0;
	w->batch_count = 0;
	snapshot_finish(w->snapshot, w->acknowledged);
	return true;
}

bool
world_mark(struct world *w)
{
	assert_int_equal(w->batch_count, 0);
	return journal_mark(w->recovery.journal, w->last_sequence, w->hashes[w->last_sequence],
			    w->f.now.utc_ms, &w->error) == TG_OK;
}

void
world_snapshot(struct world *w)
{
	if (snapshot_phase(w->snapshot) == SNAPSHOT_IDLE) {
		assert_int_equal(snapshot_begin(w->snapshot, w->last_sequence, NULL, 0), TG_OK);
		snapshot_finish(w->snapshot, w->acknowledged);
	}
	(void)snapshot_step(w->snapshot, 0);
}

uint64_t
world_snapshot_now(struct world *w)
{
	do {
		world_snapshot(w);
	} while (snapshot_phase(w->snapshot) != SNAPSHOT_IDLE);
	assert_int_equal(snapshot_result(w->snapshot)->status, TG_OK);
	return snapshot_result(w->snapshot)->sequence;
}

void
world_clear_away(struct world *w)
{
	struct snapshot_list list;
	uint32_t moved;
	enum tg_status status =
		snapshot_prune(&w->io, WORLD_DIRECTORY, SNAPSHOT_KEEP_MIN, &w->error);

	if (status == TG_OK)
		status = snapshot_list(&w->io, WORLD_DIRECTORY, &list, &w->error);
	if (status == TG_OK && list.count >= SNAPSHOT_KEEP_MIN)
		status = journal_archive(w->recovery.journal, list.sequences[list.count - 1] + 1,
					 &moved, &w->error);
	/* It may fail: then the next time does it. */
}
