/*
 * case_archive.c - evidence made from the records of a case.
 */
#include "tests/ledger/case_archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct archive_note {
	uint8_t	 id[TG_TRANSACTION_ID_BYTES];
	uint8_t	 original_id[TG_TRANSACTION_ID_BYTES];
	uint8_t	 original_burn_id[TG_TRANSACTION_ID_BYTES];
	/* what it says of itself; its sums are what it did to others */
	struct archived_transaction said;
	uint32_t lot; /* row of the limited points that it gave; 0: none */
};

void
case_archive_deinit(struct case_archive *archive)
{
	free(archive->notes);
}

/* What a burn or capture keeps of a lot. */
static void
add_portion(struct archived_transaction *t, const struct move *m)
{
	if (m->kind != MOVE_PORTION || m->flags != MOVE_NEW)
		return;
	assert_true(t->portion_count < ARCHIVED_PORTIONS_MAX);
	t->portions[t->portion_count++] = (struct archived_portion){
		.serial = m->serial,
		.points = m->points,
		.last_day = m->last_day,
		.usable_at = m->usable_at,
		.issuer = m->partner,
		.lot_flags = m->lot_flags,
		.campaign = m->campaign,
	};
}

/* An earn's parts; of a refund or reversal what it took of each. */
static void
add_components(struct archived_transaction *t, const struct record *r)
{
	if (!RECORD_HAS(r, COMPONENTS))
		return;
	t->rulebook_version = r->rulebook_version;
	t->component_count = r->component_count;
	for (uint32_t i = 0; i < r->component_count; i++) {
		const struct record_component *c = &r->components[i];

		t->components[i] = (struct archived_component){
			.campaign = c->campaign,
			.campaign_position = c->campaign_position,
			.rate_position = c->rate_position,
			.sponsor = c->sponsor,
			.refusal = c->refusal,
			.amount = c->amount,
			.points = c->points,
		};
		if (RECORD_HAS(r, CARRIED) && c->campaign == 0 && c->rate_row == TABLE_NONE) {
			t->components[i].carried = r->carried.before;
			t->components[i].carried_day = r->carried.day;
		}
	}
}

/* Of the limited points of an earn, what has expired. */
static void
note_expired(struct case_archive *archive, const struct record *r)
{
	for (uint32_t i = 0; RECORD_HAS(r, MOVES) && i < r->move_count; i++) {
		const struct move *m = &r->moves[i];
		uint32_t at = archive->count;

		while (m->kind == MOVE_LOT && at > 0 && archive->notes[at - 1].lot != m->row)
			at--;
		if (m->kind == MOVE_LOT && at > 0)
			archive->notes[at - 1].said.expired_points -= m->points;
	}
}

void
case_archive_add(struct case_archive *archive, const struct record *r)
{
	struct archive_note *note;

	if (r->kind == RECORD_EXPIRE)
		note_expired(archive, r);
	if (!RECORD_HAS(r, TRANSACTION) || r->kind == RECORD_REOPEN)
		return;
	if (archive->count == archive->capacity) {
		archive->capacity = archive->capacity == 0 ? 64 : 2 * archive->capacity;
		archive->notes =
			realloc(archive->notes, archive->capacity * sizeof(*archive->notes));
		assert_non_null(archive->notes);
	}
	note = &archive->notes[archive->count++];
	memset(note, 0, sizeof(*note));
	memcpy(note->id, r->transaction_id, sizeof(note->id));
	note->said = (struct archived_transaction){
		.is_found = true,
		.sequence = r->sequence,
		.kind = r->kind,
		.status = r->status,
		.partner = r->partner,
		.store = r->store,
		.terminal = r->terminal,
		.member = RECORD_HAS(r, MEMBER) ? r->member : 0,
		.booked_at_utc_ms = r->booked_at_utc_ms,
		.business_time_utc_ms = r->business_time_utc_ms,
		.amount = r->amount,
		.covered = RECORD_HAS(r, DETAILS) ? r->covered : 0,
		.points = r->points,
		.rule_version = r->rule_version,
		.flags = r->flags,
	};
	memcpy(note->said.fingerprint, r->fingerprint, sizeof(note->said.fingerprint));
	if (RECORD_HAS(r, ORIGINAL) && r->status == TG_OK) {
		memcpy(note->original_id, r->original_id, sizeof(note->original_id));
		memcpy(note->original_burn_id, r->original_burn_id, sizeof(note->original_burn_id));
	}
	for (uint32_t i = 0; RECORD_HAS(r, MOVES) && i < r->move_count; i++) {
		add_portion(&note->said, &r->moves[i]);
		if (r->moves[i].kind == MOVE_LOT && r->moves[i].flags == MOVE_NEW)
			note->lot = r->moves[i].row;
	}
	add_components(&note->said, r);
	if (RECORD_HAS(r, REFUNDED)) {
		note->said.returned_money = r->returned_money;
		note->said.returned_covered = r->returned_covered;
		note->said.taken_points = r->taken_points;
		note->said.absorbed_points = r->absorbed_points;
		note->said.restored_points = r->restored_points;
		note->said.lost_points = r->lost_points;
	}
}

static void
add_undone(struct archived_transaction *t, const struct archive_note *note)
{
	const struct archived_transaction *undoing = &note->said;

	if (undoing->kind != RECORD_REFUND && undoing->kind != RECORD_REVERSE)
		return;
	t->returned_covered += undoing->returned_covered;
	if (t->kind == RECORD_EARN || t->kind == RECORD_TOP_UP || t->kind == RECORD_PAY ||
	    (t->flags & RECORD_OF_VALUE) != 0) {
		t->returned_money += undoing->returned_money;
		t->taken_points += undoing->taken_points;
		t->absorbed_points += undoing->absorbed_points;
		for (uint32_t i = 0; i < undoing->component_count; i++) {
			t->components[i].undone.amount += undoing->components[i].amount;
			t->components[i].undone.points += undoing->components[i].points;
		}
	} else {
		t->restored_points += undoing->restored_points;
		t->lost_points += undoing->lost_points;
	}
	t->is_reversed = t->is_reversed || undoing->kind == RECORD_REVERSE;
}

struct archived_transaction
case_archive_find(const struct case_archive *archive, const uint8_t id[TG_TRANSACTION_ID_BYTES])
{
	struct archived_transaction found = { .is_found = false };

	for (uint32_t i = 0; i < archive->count; i++) {
		const struct archive_note *note = &archive->notes[i];

		if (memcmp(note->id, id, sizeof(note->id)) == 0) {
			found = note->said;
			found.returned_money = found.returned_covered = 0;
			found.taken_points = found.absorbed_points = 0;
			found.restored_points = found.lost_points = 0;
		} else if (found.is_found &&
			   (memcmp(note->original_id, id, sizeof(note->id)) == 0 ||
			    memcmp(note->original_burn_id, id, sizeof(note->id)) == 0)) {
			add_undone(&found, note);
		}
	}
	return found;
}
