/*
 * settle.c - the sink of a run, and the database that it writes to.
 */
#include "tests/sim/settle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"
#include "protocol/assert.h"
#include "storage/journal.h"
#include "storage/sink.h"
#include "storage/sink_table.h"
#include "tests/sim/node.h"
#include "tests/sim/settle_database.h"
#include "tests/sim/sim.h"

#define BATCH_RECORDS 40
#define MEMBERS 512

/* What a member's row is to show. */
struct image {
	uint64_t member, sequence;
	int64_t	 available, pending, held, debt;
};

struct settle {
	struct settle_database *database; /* owned; for the whole run */
	struct sink *sink;		  /* owned; of a life */
	struct sink_journal journal;
	struct sink_source source;
	int64_t	 due_us;
	uint64_t entries, postings; /* that records say there are */
	struct image images[MEMBERS];
	uint32_t image_count;
};

struct settle *
settle_new(struct sim *sim)
{
	struct settle *settle = calloc(1, sizeof(*settle));

	TG_ASSERT(settle != NULL);
	settle->database = settle_database_new(sim);
	return settle;
}

void
settle_free(struct settle *settle)
{
	settle_database_free(settle->database);
	free(settle);
}

const struct settle_database *
settle_database_of(const struct sim *sim)
{
	return sim->settle->database;
}

void
settle_begin(struct sim *sim)
{
	struct settle *settle = sim->settle;
	const struct sink_config config = {
		.database = { .database = "sim" },
		.batch_records = BATCH_RECORDS,
		.pause_ms = 200,
		.idle_ms = 1000,
		.retry_min_ms = 500,
		.retry_max_ms = 20000,
	};
	struct storage_error error;
	enum tg_status status;

	sink_journal_init(&settle->journal, sim->node->recovery.journal, &settle->source);
	status = sink_new(&config, &settle->source, &settle->sink, &error);
	TG_ASSERT(status == TG_OK);
	settle->due_us = sim->now_us;
}

void
settle_end(struct sim *sim)
{
	struct settle *settle = sim->settle;

	sink_free(settle->sink);
	settle->sink = NULL;
	sink_journal_deinit(&settle->journal);
}

void
settle_run(struct sim *sim)
{
	struct settle *settle = sim->settle;
	struct storage_error error = { .status = TG_OK };
	uint32_t wait_ms;
	enum tg_status status;

	if (settle->sink == NULL || settle->due_us > sim->now_us)
		return;
	/* Its reading of the journal is not what a failing disk is tried on here. */
	sim_disk_hold_failures(sim->disk, true);
	status = sink_turn(settle->sink, &wait_ms, &error);
	sim_disk_hold_failures(sim->disk, false);
	settle->due_us = sim->now_us + (int64_t)(wait_ms == 0 ? 5 : wait_ms) * 1000 *
					      (sim->is_leaping ? 500 : 1);
	if (status != TG_OK)
		sim_fail(sim, "the sink gives up: %s, %s", tg_status_name(status), error.text);
}

int64_t
settle_next_us(const struct sim *sim)
{
	return sim->settle->sink == NULL ? INT64_MAX : sim->settle->due_us;
}

void
settle_hurry(struct sim *sim)
{
	sim->settle->due_us = sim->now_us;
}

void
settle_fail_over(struct sim *sim)
{
	settle_database_leave(sim->settle->database,
			      sim->now_us + chance_between(&sim->chance, 1, 120) * 1000000);
	sim_tell(sim, "the database is away");
}

/* What the row of a member is to show from now on. */
static void
expect_member(struct settle *settle, const struct image *shown)
{
	struct image *image = settle->images;

	while (image < settle->images + settle->image_count && image->member != shown->member)
		image++;
	if (image == settle->images + settle->image_count) {
		TG_ASSERT(settle->image_count < MEMBERS);
		settle->image_count++;
	}
	*image = *shown;
}

void
settle_expect(struct sim *sim, const struct record *r)
{
	struct settle *settle = sim->settle;
	struct image image = { .sequence = r->sequence };

	settle->entries++;
	settle->postings += RECORD_HAS(r, POSTINGS) ? r->posting_count : 0;
	if (!RECORD_HAS(r, MEMBER) || !RECORD_HAS(r, AFTER))
		return;
	image.member = r->member;
	image.available = r->available_points;
	if (RECORD_HAS(r, AFTER_OTHER)) {
		image.pending = r->pending_points;
		image.held = r->held_points;
		image.debt = r->debt_after_points;
	}
	expect_member(settle, &image);
	if (!RECORD_HAS(r, OTHER))
		return;
	image.member = r->other_member;
	image.available = r->shared.available_points;
	image.pending = r->shared.pending_points;
	image.held = r->shared.held_points;
	image.debt = r->shared.debt_points;
	expect_member(settle, &image);
}

static enum unit
unit_of(uint8_t account)
{
	switch (account) {
	case ACCOUNT_COVER:
	case ACCOUNT_COVER_USED:
	case ACCOUNT_COVER_SOLD:
		return UNIT_COVER;
	case ACCOUNT_OWN:
	case ACCOUNT_OWN_TAKEN:
		return UNIT_OWN;
	case ACCOUNT_VALUE:
	case ACCOUNT_VALUE_TAKEN:
	case ACCOUNT_VALUE_PAID:
	case ACCOUNT_VALUE_HELD:
		return UNIT_VALUE;
	default:
		return UNIT_POINTS;
	}
}

/* Postings of the database against the accounts of the ledger. */
static void
compare_accounts(struct sim *sim)
{
	const struct ledger *ledger = sim->node->recovery.ledger;
	static const uint8_t accounts[] = {
#define ACCOUNT_NUMBER(name, number, sign, per_partner, text) number,
		ACCOUNT_LIST(ACCOUNT_NUMBER)
#undef ACCOUNT_NUMBER
	};

	for (size_t i = 0; i < sizeof(accounts); i++) {
		for (uint32_t partner = 0; partner <= 8; partner++) {
			int64_t right = ledger_account_points(ledger, (enum account)accounts[i],
							      unit_of(accounts[i]), partner);
			int64_t there = settle_database_posted(sim->settle->database, accounts[i],
							       partner);

			if (there != right)
				sim_fail(sim,
					 "the database has %" PRId64 " points of account %u of"
					 " partner %u, the ledger %" PRId64,
					 there, accounts[i], partner, right);
		}
	}
}

static void
compare_members(struct sim *sim)
{
	const struct settle *settle = sim->settle;

	for (uint32_t i = 0; i < settle->image_count; i++) {
		const struct image *image = &settle->images[i];
		const struct sink_member_row *row =
			settle_database_member(settle->database, image->member);

		if (row == NULL || row->last_sequence.value < image->sequence ||
		    row->available_points.value != image->available ||
		    row->pending_points.value != image->pending ||
		    row->held_points.value != image->held ||
		    row->debt_points.value != image->debt)
			sim_fail(sim, "the database shows another member %" PRIu64,
				 image->member);
	}
}

void
settle_compare(struct sim *sim)
{
	const struct settle *settle = sim->settle;
	uint64_t entries = settle_database_rows(settle->database, SINK_TABLE_entry);
	uint64_t postings = settle_database_rows(settle->database, SINK_TABLE_posting);
	uint64_t next = settle_database_next_sequence(settle->database);

	if (next != ledger_sequence(sim->node->recovery.ledger) + 1)
		sim_fail(sim, "the database's cursor is at %" PRIu64 " after %" PRIu64 " records",
			 next, ledger_sequence(sim->node->recovery.ledger));
	else if (entries != settle->entries)
		sim_fail(sim, "the database has %" PRIu64 " entries of %" PRIu64 " records",
			 entries, settle->entries);
	else if (postings != settle->postings)
		sim_fail(sim, "the database has %" PRIu64 " postings of %" PRIu64, postings,
			 settle->postings);
	if (sim->is_failed)
		return;
	compare_accounts(sim);
	compare_members(sim);
}
