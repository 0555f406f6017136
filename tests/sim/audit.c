/*
 * audit.c - reads the journal as it becomes durable, and holds everything against everything else.
 */
#include "tests/sim/audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/pipeline.h"
#include "ledger/ledger.h"
#include "protocol/assert.h"
#include "storage/journal.h"
#include "tests/sim/event.h"
#include "tests/sim/model.h"
#include "tests/sim/node.h"
#include "tests/sim/settle.h"
#include "tests/sim/sim.h"
#include "tests/sim/till.h"

struct audit {
	struct ledger *shadow; /* owned; applies what the journal says and nothing else */
	struct record *record; /* owned; room for one */
	struct record *lent;   /* owned; by which a member borrows for what the next one says */
	bool	 has_lent;
	struct journal_reader *reader; /* owned, while the gateway lives */
	uint64_t sequence;	       /* last record that was durable */
	int64_t	 booked_at_utc_ms;     /* of it */
	int32_t	 business_date;
	struct state_hash *hashes;     /* owned; after each record */
	uint64_t hash_capacity;
};

struct audit *
audit_new(struct sim *sim)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	TG_ASSERT(audit != NULL);
	audit->shadow = ledger_new(&sim->node->recovery_config.limits);
	audit->record = calloc(1, sizeof(*audit->record));
	audit->lent = calloc(1, sizeof(*audit->lent));
	TG_ASSERT(audit->shadow != NULL && audit->record != NULL && audit->lent != NULL);
	audit->booked_at_utc_ms = INT64_MIN;
	audit->business_date = INT32_MIN;
	return audit;
}

void
audit_free(struct audit *audit)
{
	ledger_free(audit->shadow);
	free(audit->record);
	free(audit->lent);
	free(audit->hashes);
	free(audit);
}

/* The request that a record was made of.  NULL: nobody sent it. */
static struct asked *
find_asked(struct sim *sim, const struct record *r)
{
	uint32_t index;

	memcpy(&index, r->transaction_id, sizeof(index));
	if (index >= sim->asked_count)
		return NULL;
	for (; index < sim->asked_count; index++) {
		struct asked *asked = sim->asked[index];

		if (asked->has_id && memcmp(asked->id, r->transaction_id, sizeof(asked->id)) == 0 &&
		    memcmp(asked->fingerprint, r->fingerprint, sizeof(asked->fingerprint)) == 0 &&
		    sim->tills[asked->till].partner == r->partner)
			return asked;
	}
	return NULL;
}

/* The original of a reversal that came first: it is not to happen any more. */
static void
note_buried(struct sim *sim, const struct record *r)
{
	for (uint32_t i = 0; i < sim->asked_count; i++) {
		struct asked *asked = sim->asked[i];

		if (!asked->has_id || sim->tills[asked->till].partner != r->partner ||
		    memcmp(asked->id, r->original_id, sizeof(asked->id)) != 0)
			continue;
		asked->buried_by = r->sequence;
		/* Another of the same id may have been meant, long after. */
		if (asked->is_booked &&
		    asked->message.values[TG_FIELD_BUSINESS_TIME].integer ==
			    r->original_time_utc_ms)
			sim_fail(sim, "#%u is booked, and was buried by %" PRIu64, i, r->sequence);
	}
}

/* Note that a request has its record, for the first and only time. */
static struct asked *
note_booked(struct sim *sim, const struct record *r)
{
	struct asked *asked = find_asked(sim, r);
	const struct tg_operation_info *info = tg_operation_info(r->kind);

	if (asked == NULL) {
		sim_fail(sim, "record %" PRIu64 " (%s) is of no request that was sent", r->sequence,
			 record_kind_name(r->kind));
		return NULL;
	}
	if (asked->is_booked) {
		sim_fail(sim, "request #%u is booked twice, as %" PRIu64 " and %" PRIu64,
			 asked->index, asked->booked.sequence, r->sequence);
		return NULL;
	}
	if (asked->message.code != r->kind) {
		sim_fail(sim, "request #%u became a %s", asked->index, record_kind_name(r->kind));
		return NULL;
	}
	if ((r->flags & RECORD_TOMBSTONE) != 0)
		note_buried(sim, r);
	asked->is_booked = true;
	asked->booked = (struct outcome){ .status = r->status, .sequence = r->sequence };
	if (r->status == TG_OK && tg_field_set_has(&info->replied, TG_FIELD_POINTS))
		asked->booked.points = r->points;
	if (RECORD_HAS(r, AFTER))
		asked->booked.available = record_shown(r).available_points;
	return asked;
}

static void
check_order(struct sim *sim, const struct record *r)
{
	struct audit *audit = sim->audit;

	if (r->sequence != audit->sequence + 1)
		sim_fail(sim, "record %" PRIu64 " follows %" PRIu64, r->sequence, audit->sequence);
	if (r->booked_at_utc_ms < audit->booked_at_utc_ms)
		sim_fail(sim, "record %" PRIu64 " is booked before the one before it",
			 r->sequence);
	if (r->business_date < audit->business_date)
		sim_fail(sim, "record %" PRIu64 " carries a date that was closed", r->sequence);
	if (record_posting_sum(r, UNIT_POINTS) != 0)
		sim_fail(sim, "record %" PRIu64 " makes points out of nothing", r->sequence);
	audit->sequence = r->sequence;
	audit->booked_at_utc_ms = r->booked_at_utc_ms;
	audit->business_date = r->business_date;
}

/* Where and for what a member borrows is said by the record behind it. */
static void
tell_model(struct sim *sim, const struct record *r, const struct asked *asked)
{
	struct audit *audit = sim->audit;

	if (audit->has_lent)
		event_take_lent(sim, audit->lent, r, asked);
	audit->has_lent = r->kind == RECORD_TRANSFER;
	if (audit->has_lent)
		*audit->lent = *r;
	else if (!sim->is_failed)
		event_take(sim, r, asked);
}

static void
take_record(struct sim *sim, const struct journal_item *item)
{
	struct audit *audit = sim->audit;
	struct record *r = audit->record;
	struct asked *asked = NULL;
	size_t bytes;

	if (record_decode(item->bytes, item->bytes_count, r, &bytes) != TG_OK) {
		sim_fail(sim, "record %" PRIu64 " cannot be decoded", item->sequence);
		return;
	}
	check_order(sim, r);
	sim->figures->records++;
	sim->figures->kinds[r->kind]++;
	sim_digest(sim, r->sequence ^ (uint64_t)r->booked_at_utc_ms << 16 ^ r->status);
	if (RECORD_HAS(r, TRANSACTION) && r->kind != RECORD_REOPEN)
		asked = note_booked(sim, r);
	if (!sim->is_failed)
		tell_model(sim, r, asked);
	settle_expect(sim, r);
	ledger_apply(audit->shadow, r);
	if (r->sequence >= audit->hash_capacity) {
		audit->hash_capacity = 2 * r->sequence + 256;
		audit->hashes =
			realloc(audit->hashes, audit->hash_capacity * sizeof(*audit->hashes));
		TG_ASSERT(audit->hashes != NULL);
	}
	audit->hashes[r->sequence] = ledger_state_hash(audit->shadow);
}

void
audit_follow(struct sim *sim)
{
	struct audit *audit = sim->audit;
	struct storage_error error = { .status = TG_OK };
	struct journal_item item;
	enum tg_status status = TG_OK;

	if (audit->reader == NULL)
		return;
	sim_disk_hold_failures(sim->disk, true);
	do {
		status = journal_reader_next(audit->reader, &item, &error);
		if (status == TG_OK && item.kind == JOURNAL_RECORD)
			take_record(sim, &item);
		if (status == TG_OK && item.kind == JOURNAL_MARK &&
		    !state_hash_equal(item.hash, ledger_state_hash(audit->shadow)))
			sim_fail(sim, "the mark after %" PRIu64 " has another state",
				 item.sequence);
	} while (status == TG_OK && item.kind != JOURNAL_NOTHING && !sim->is_failed);
	if (status != TG_OK)
		sim_fail(sim, "the journal cannot be read: %s", error.text);
	sim_disk_hold_failures(sim->disk, false);
}

/* Where two ledgers differ that should be one. */
static void
tell_difference(struct sim *sim, struct ledger *one, struct ledger *other)
{
	const struct table_set *a = ledger_tables(one), *b = ledger_tables(other);

	for (uint32_t id = 0; id < TABLE_SET_MAX; id++) {
		const struct table *table = a->tables[id];

		for (uint32_t row = 1; table != NULL && row <= table->rows_used; row++) {
			const uint8_t *x = table_bytes(table, row), *y = NULL;
			uint32_t at = 0;

			if (row <= b->tables[id]->rows_used)
				y = table_bytes(b->tables[id], row);
			while (y != NULL && at < table->config.hashed_bytes && x[at] == y[at])
				at++;
			if (at < table->config.hashed_bytes)
				sim_tell(sim, "%s row %u differs at byte %u", table->config.name,
					 row, at);
		}
	}
}

void
audit_begin(struct sim *sim)
{
	struct audit *audit = sim->audit;
	struct ledger *ledger = sim->node->recovery.ledger;
	struct storage_error error = { .status = TG_OK };

	if (ledger_sequence(ledger) < audit->sequence) {
		sim_fail(sim, "recovered up to %" PRIu64 ", but %" PRIu64 " was durable",
			 ledger_sequence(ledger), audit->sequence);
		return;
	}
	sim_disk_hold_failures(sim->disk, true);
	if (journal_read_from(sim->node->recovery.journal, audit->sequence + 1, &audit->reader,
			      &error) != TG_OK) {
		audit->reader = NULL;
		sim_fail(sim, "the journal cannot be read: %s", error.text);
		return;
	}
	audit_follow(sim);
	if (sim->is_failed)
		return;
	if (audit->sequence != ledger_sequence(ledger))
		sim_fail(sim, "the ledger is at %" PRIu64 ", its journal at %" PRIu64,
			 ledger_sequence(ledger), audit->sequence);
	else if (!state_hash_equal(ledger_state_hash(ledger), ledger_state_hash(audit->shadow))) {
		sim_fail(sim, "the state after %" PRIu64 " was recovered as another",
			 audit->sequence);
		tell_difference(sim, ledger, audit->shadow);
	}
	audit_rest(sim);
}

void
audit_end(struct sim *sim)
{
	journal_reader_close(sim->audit->reader);
	sim->audit->reader = NULL;
}

static bool
is_same(const struct outcome *a, const struct outcome *b)
{
	return a->status == b->status && a->sequence == b->sequence && a->points == b->points &&
	       a->available == b->available;
}

/* An outcome that has a record: what was told must be what it says. */
static bool
check_booked(struct sim *sim, struct asked *asked, const struct outcome *told)
{
	if (!asked->is_booked && asked->buried_by == 0) {
		sim_fail(sim, "#%u was told %s at %" PRIu64 ", but no durable record says so",
			 asked->index, tg_status_name((enum tg_status)told->status),
			 told->sequence);
		return true;
	}
	if (asked->is_booked && !is_same(told, &asked->booked))
		sim_fail(sim,
			 "#%u was told %s %" PRId64 " at %" PRIu64 " leaving %" PRId64
			 ", its record says %s %" PRId64 " at %" PRIu64 " leaving %" PRId64,
			 asked->index, tg_status_name((enum tg_status)told->status), told->points,
			 told->sequence, told->available,
			 tg_status_name((enum tg_status)asked->booked.status),
			 asked->booked.points, asked->booked.sequence, asked->booked.available);
	return true;
}

/* Has another request of the same id been booked, when the window of the first had passed? */
static bool
is_shared(const struct sim *sim, const struct asked *asked)
{
	for (uint32_t i = 0; i < sim->asked_count; i++) {
		const struct asked *other = sim->asked[i];

		if (other != asked && other->is_booked &&
		    memcmp(other->id, asked->id, sizeof(asked->id)) == 0)
			return true;
	}
	return false;
}

bool
audit_answer(struct sim *sim, struct asked *asked, const struct tg_message *answer)
{
	const struct outcome told = {
		.status = (uint16_t)answer->code,
		.sequence = (uint64_t)tg_message_integer(answer, TG_FIELD_SEQUENCE, 0),
		.points = tg_message_integer(answer, TG_FIELD_POINTS, 0),
		.available = tg_message_integer(answer, TG_FIELD_AVAILABLE, 0),
	};
	enum tg_status status = (enum tg_status)answer->code;

	sim_digest(sim, (uint64_t)asked->index << 32 ^ told.status ^ (uint64_t)sim->now_us);
	if (asked->has_id && tg_status_is_recorded(status)) {
		if (asked->is_told) {
			sim->figures->replays++;
			if (!is_same(&asked->told, &told))
				sim_fail(sim, "#%u was told %s, and now %s", asked->index,
					 tg_status_name((enum tg_status)asked->told.status),
					 tg_status_name(status));
		}
		asked->is_told = true;
		asked->told = told;
		return check_booked(sim, asked, &told);
	}
	if (tg_status_is_retryable(status))
		return false;
	/* A refusal for good: nothing may have happened, unless the window has passed. */
	if (asked->is_booked && status != TG_TOO_OLD && status != TG_BLOCKED &&
	    status != TG_FORBIDDEN && !(status == TG_CONFLICT && is_shared(sim, asked)))
		sim_fail(sim, "#%u is booked at %" PRIu64 ", and was refused %s", asked->index,
			 asked->booked.sequence, tg_status_name(status));
	return true;
}

void
audit_judge(struct sim *sim, struct ledger *ledger, uint64_t least_sequence)
{
	const struct audit *audit = sim->audit;
	uint64_t sequence = ledger_sequence(ledger);

	if (sequence < least_sequence)
		sim_fail(sim,
			 "damage went unnoticed: recovered up to %" PRIu64 " of %" PRIu64
			 ", the last batch began after %" PRIu64,
			 sequence, audit->sequence, least_sequence);
	else if (sequence > 0 && sequence <= audit->sequence &&
		 !state_hash_equal(ledger_state_hash(ledger), audit->hashes[sequence]))
		sim_fail(sim, "damage made another state after %" PRIu64, sequence);
}

void
audit_rest(struct sim *sim)
{
	struct ledger *ledger = sim->node->recovery.ledger;
	char text[200];

	if (!ledger_audit(ledger, text, sizeof(text)))
		sim_fail(sim, "audit: %s", text);
	if (ledger_conservation(ledger, UNIT_POINTS) != 0 ||
	    ledger_conservation(ledger, UNIT_COVER) != 0 ||
	    ledger_conservation(ledger, UNIT_OWN) != 0 ||
	    ledger_conservation(ledger, UNIT_VALUE) != 0)
		sim_fail(sim, "balances do not sum to zero");
	if (sim->audit->sequence == ledger_sequence(ledger) &&
	    !state_hash_equal(ledger_state_hash(ledger), ledger_state_hash(sim->audit->shadow)))
		sim_fail(sim, "the state after %" PRIu64 " is not what the journal says",
			 sim->audit->sequence);
	event_compare(sim);
}
