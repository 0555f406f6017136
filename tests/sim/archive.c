/*
 * archive.c - what a run's database tells of the past.
 */
#include "tests/sim/archive.h"

#include <string.h>

#include "ledger/calendar.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "storage/archive_internal.h"
#include "tests/sim/node.h"
#include "tests/sim/settle.h"
#include "tests/sim/settle_database.h"
#include "tests/sim/sim.h"

#define FAULT_ONCE_IN 15 /* questions */
#define DAY_MS INT64_C(86400000)
#define TILL_DATES_BEFORE 2
#define TILL_DATES_AFTER 8
#define SLOTS_MAX 256
#define TEXT_BYTES 8

static const struct sink_entry_row *
entry_at(const struct settle_database *store, uint64_t nth)
{
	return settle_database_row(store, SINK_TABLE_entry, nth);
}

static int32_t
day_of(const MYSQL_TIME *time)
{
	return calendar_day((struct civil_date){ .year = (int32_t)time->year,
						 .month = (int32_t)time->month,
						 .day = (int32_t)time->day });
}

static int64_t
ms_of(const MYSQL_TIME *time)
{
	return day_of(time) * DAY_MS + (int64_t)time->hour * 3600000 +
	       (int64_t)time->minute * 60000 + (int64_t)time->second * 1000 +
	       (int64_t)time->second_part / 1000;
}

static int64_t
cell_ms(const struct cell_time *cell)
{
	return cell->indicator == STMT_INDICATOR_NULL ? 0 : ms_of(&cell->value);
}

/* Of a cell of whatever integer; NULL counts nothing. */
#define VALUE(cell) ((cell).indicator == STMT_INDICATOR_NULL ? 0 : (cell).value)

static bool
is_id(const struct cell_id *cell, const uint8_t *id)
{
	return cell->indicator != STMT_INDICATOR_NULL &&
	       memcmp(cell->value, id, TG_TRANSACTION_ID_BYTES) == 0;
}

/* 0: none, which is no group. */
static uint32_t
group_of(const struct settle_database *store, uint32_t partner)
{
	uint64_t count = settle_database_rows(store, SINK_TABLE_partner);

	for (uint64_t i = 0; i < count; i++) {
		const struct sink_partner_row *row =
			settle_database_row(store, SINK_TABLE_partner, i);

		if (row->partner.value == partner)
			return VALUE(row->group_number);
	}
	return 0;
}

/* The partner's own before one of its group, the later before the earlier. */
static const struct sink_entry_row *
find_entry(const struct settle_database *store, const struct archive_question *question)
{
	uint32_t group = group_of(store, question->partner);
	const struct sink_entry_row *found = NULL;

	for (uint64_t i = settle_database_rows(store, SINK_TABLE_entry); i > 0; i--) {
		const struct sink_entry_row *row = entry_at(store, i - 1);
		bool is_own = row->partner.value == question->partner;

		if (!is_id(&row->transaction_id, question->transaction_id) ||
		    row->kind.value == RECORD_REOPEN)
			continue;
		if (is_own)
			return row;
		if (found == NULL && group != 0 && group_of(store, row->partner.value) == group)
			found = row;
	}
	return found;
}

/* What was done to it since, by the member's refunds and reversals that name it. */
static void
add_undone(const struct settle_database *store, const uint8_t *id,
	   struct archived_transaction *found)
{
	uint64_t count = settle_database_rows(store, SINK_TABLE_entry);

	for (uint64_t i = 0; i < count; i++) {
		const struct sink_entry_row *row = entry_at(store, i);
		bool is_earn = is_id(&row->original_id, id);
		bool is_burn = is_id(&row->original_burn_id, id) ||
			       (row->kind.value == RECORD_REVERSE && is_earn);

		if (VALUE(row->member) != found->member ||
		    row->sequence.value <= found->sequence ||
		    (row->kind.value != RECORD_REFUND && row->kind.value != RECORD_REVERSE) ||
		    row->status.value != TG_OK)
			continue;
		found->returned_money += is_earn ? VALUE(row->returned_money) : 0;
		found->returned_covered +=
			is_earn || is_burn ? VALUE(row->returned_covered) : 0;
		found->taken_points += is_earn ? VALUE(row->taken_points) : 0;
		found->absorbed_points += is_earn ? VALUE(row->absorbed_points) : 0;
		found->restored_points += is_burn ? VALUE(row->restored_points) : 0;
		found->lost_points += is_burn ? VALUE(row->lost_points) : 0;
		found->is_reversed |=
			(is_earn || is_burn) && row->kind.value == RECORD_REVERSE;
	}
}

static void
add_portions(const struct settle_database *store, struct archived_transaction *found)
{
	uint64_t count = settle_database_rows(store, SINK_TABLE_lot_move);

	for (uint64_t i = 0; i < count; i++) {
		const struct sink_lot_move_row *row =
			settle_database_row(store, SINK_TABLE_lot_move, i);

		if (row->sequence.value != found->sequence || row->kind.value != MOVE_PORTION ||
		    row->flags.value != MOVE_NEW)
			continue;
		found->portions[found->portion_count++] = (struct archived_portion){
			.serial = row->lot.value,
			.points = row->points.value,
			.last_day = day_of(&row->last_day.value),
			.usable_at = VALUE(row->usable_store) != 0 ?
					     row->usable_store.value | USABLE_AT_STORE :
					     VALUE(row->usable_partner),
			.issuer = VALUE(row->partner),
			.lot_flags = VALUE(row->lot_flags),
			.campaign = VALUE(row->campaign),
		};
	}
}

/* Does the entry return something of the original? */
static bool
is_return_of(const struct settle_database *store, uint64_t sequence, const uint8_t *id,
	     const struct archived_transaction *found)
{
	uint64_t count = settle_database_rows(store, SINK_TABLE_entry);

	for (uint64_t i = 0; i < count; i++) {
		const struct sink_entry_row *row = entry_at(store, i);

		if (row->sequence.value == sequence)
			return sequence > found->sequence && VALUE(row->member) == found->member &&
			       (row->kind.value == RECORD_REFUND ||
				row->kind.value == RECORD_REVERSE) &&
			       row->status.value == TG_OK && is_id(&row->original_id, id);
	}
	return false;
}

static void
add_components(const struct settle_database *store, const uint8_t *id,
	       struct archived_transaction *found)
{
	uint64_t count = settle_database_rows(store, SINK_TABLE_component);

	for (uint64_t i = 0; i < count; i++) {
		const struct sink_component_row *row =
			settle_database_row(store, SINK_TABLE_component, i);

		if (row->sequence.value != found->sequence)
			continue;
		found->rulebook_version = VALUE(row->rulebook_version);
		found->components[found->component_count++] = (struct archived_component){
			.campaign = VALUE(row->campaign),
			.campaign_position = row->position.indicator == STMT_INDICATOR_NULL ?
						     EARN_RULE_NONE :
						     row->position.value,
			.rate_position = row->rate_position.indicator == STMT_INDICATOR_NULL ?
						 EARN_RULE_NONE :
						 row->rate_position.value,
			.sponsor = VALUE(row->sponsor),
			.refusal = VALUE(row->refusal),
			.amount = VALUE(row->amount),
			.points = VALUE(row->points),
		};
	}
	for (uint64_t i = 0; i < count; i++) {
		const struct sink_component_row *row =
			settle_database_row(store, SINK_TABLE_component, i);
		uint32_t line = row->line.value;

		if (line == 0 || line > found->component_count ||
		    !is_return_of(store, row->sequence.value, id, found))
			continue;
		found->components[line - 1].undone.amount += VALUE(row->amount);
		found->components[line - 1].undone.points += VALUE(row->points);
	}
}

/* Rows of lots, or portions, that hold points of the original just now. */
struct slots {
	uint32_t slots[SLOTS_MAX];
	uint32_t count;
};

static bool
take_slot(struct slots *slots, uint32_t slot, bool is_dropped)
{
	for (uint32_t i = 0; i < slots->count; i++) {
		if (slots->slots[i] != slot)
			continue;
		if (is_dropped)
			slots->slots[i] = slots->slots[--slots->count];
		return true;
	}
	return false;
}

/* What has expired of an earn's own lots: by themselves, or in coming back of a hold. */
static void
add_expired(const struct settle_database *store, struct archived_transaction *found)
{
	uint64_t entries = settle_database_rows(store, SINK_TABLE_entry);
	uint64_t moves = settle_database_rows(store, SINK_TABLE_lot_move), at = 0;
	struct slots lots = { .count = 0 }, portions = { .count = 0 };

	for (uint64_t i = 0; i < entries; i++) {
		const struct sink_entry_row *entry = entry_at(store, i);
		bool is_resolving = entry->hold_deadline.indicator != STMT_INDICATOR_NULL &&
				    entry->kind.value != RECORD_HOLD;

		for (; at < moves; at++) {
			const struct sink_lot_move_row *row =
				settle_database_row(store, SINK_TABLE_lot_move, at);
			bool is_lot = row->kind.value == MOVE_LOT;
			struct slots *slots = is_lot ? &lots : &portions;

			if (row->sequence.value > entry->sequence.value)
				break;
			if (!is_lot && row->kind.value != MOVE_PORTION)
				continue;
			if ((row->flags.value & MOVE_NEW) != 0) {
				(void)take_slot(slots, row->slot.value, true);
				if (row->lot.value >> 8 == found->sequence &&
				    slots->count < SLOTS_MAX)
					slots->slots[slots->count++] = row->slot.value;
			}
			if (!take_slot(slots, row->slot.value,
				       (row->flags.value & MOVE_GONE) != 0))
				continue;
			if ((is_lot && entry->kind.value == RECORD_EXPIRE) || is_resolving)
				found->expired_points -= row->points.value;
		}
	}
}

/* Is the database to be had, this time? */
static bool
is_there(struct sim *sim)
{
	if (settle_database_is_away(settle_database_of(sim)))
		return false;
	if (sim->is_calm || !chance_once_in(&sim->chance, FAULT_ONCE_IN))
		return true;
	sim->figures->database_faults++;
	return false;
}

enum tg_status
archive_original(void *context, const struct pipeline_question *question,
		 struct archived_transaction *ret_found)
{
	struct sim *sim = context;
	const struct settle_database *store = settle_database_of(sim);
	const struct archive_question *asked = &question->original;
	const struct sink_entry_row *row;
	struct archived_transaction *found = ret_found;

	if (!is_there(sim))
		return TG_DATABASE;
	if (settle_database_next_sequence(store) <= asked->through_sequence)
		return TG_ORIGINAL_ARCHIVED;
	row = find_entry(store, asked);
	memset(found, 0, sizeof(*found));
	if (row == NULL)
		return TG_OK;
	*found = (struct archived_transaction){
		.is_found = true,
		.sequence = row->sequence.value,
		.kind = row->kind.value,
		.status = row->status.value,
		.partner = VALUE(row->partner),
		.store = VALUE(row->store),
		.terminal = VALUE(row->terminal),
		.member = VALUE(row->member),
		.booked_at_utc_ms = cell_ms(&row->booked_at),
		.business_time_utc_ms = cell_ms(&row->business_time),
		.amount = VALUE(row->amount),
		.covered = VALUE(row->covered),
		.points = VALUE(row->points),
		.rule_version = VALUE(row->rule_version),
		.flags = VALUE(row->flags),
	};
	memcpy(found->fingerprint, row->fingerprint.value, sizeof(found->fingerprint));
	add_undone(store, asked->transaction_id, found);
	if (found->kind == RECORD_BURN || found->kind == RECORD_CAPTURE)
		add_portions(store, found);
	if (found->kind == RECORD_EARN)
		add_expired(store, found);
	if (found->kind == RECORD_EARN && (found->flags & RECORD_PARTS) != 0)
		add_components(store, asked->transaction_id, found);
	sim->figures->originals++;
	return TG_OK;
}

/* ---- pages ---- */

/* Is the entry one that the proof is about? */
static bool
is_proved(const struct archive_page_question *question, const struct sink_entry_row *row)
{
	const struct archive_proof_question *proof = &question->proof;
	int32_t date = day_of(&row->business_date.value);

	if (VALUE(row->partner) != question->partner || row->kind.value == RECORD_REOPEN ||
	    (row->status.value != TG_OK && row->status.value != TG_ORIGINAL_UNKNOWN) ||
	    (VALUE(row->flags) & RECORD_TEST) != 0 ||
	    row->transaction_id.indicator == STMT_INDICATOR_NULL)
		return false;
	if ((proof->scope == TG_SCOPE_TERMINAL && VALUE(row->terminal) != proof->owner) ||
	    (proof->scope == TG_SCOPE_STORE && VALUE(row->store) != proof->owner))
		return false;
	if (proof->basis != TG_BASIS_TILL_DAY)
		return date == question->business_date;
	return date >= question->business_date - TILL_DATES_BEFORE &&
	       date <= question->business_date + TILL_DATES_AFTER &&
	       row->till_day.indicator != STMT_INDICATOR_NULL &&
	       day_of(&row->till_day.value) == question->business_date;
}

static void
divide(const struct settle_database *store, const struct archive_page_question *question,
       struct archived_page *page)
{
	uint64_t count = settle_database_rows(store, SINK_TABLE_entry);

	tg_division_init(&page->division, (enum tg_divide)question->proof.divide,
			 &question->proof.selection);
	for (uint64_t i = 0; i < count; i++) {
		const struct sink_entry_row *row = entry_at(store, i);
		struct tg_proof_item item = { .kind = row->kind.value };

		if (!is_proved(question, row))
			continue;
		memcpy(item.id, row->transaction_id.value, sizeof(item.id));
		item.business_time_utc_ms = cell_ms(&row->business_time);
		item.amount = VALUE(row->amount);
		item.points = archive_counted_points(
			item.kind, VALUE(row->flags), VALUE(row->points),
			VALUE(row->restored_points) - VALUE(row->taken_points));
		tg_division_add(&page->division, &item);
	}
	tg_division_compact(&page->division);
}

/* Is the date over, with all of it here? */
static bool
is_complete(const struct settle_database *store, int32_t date)
{
	uint64_t count = settle_database_rows(store, SINK_TABLE_entry);

	for (uint64_t i = 0; i < count; i++) {
		const struct sink_entry_row *row = entry_at(store, i);

		if (row->next_business_date.indicator != STMT_INDICATOR_NULL &&
		    day_of(&row->next_business_date.value) > date)
			return true;
	}
	return false;
}

/* A text of no meaning: what SQL makes of the tables is not simulated. */
static void
write_document(const struct sim *sim, const struct archive_page_question *question,
	       struct archived_document *document)
{
	const struct archive_document_question *asked = &question->document;
	uint32_t state = asked->cycle == 0
				 ? 0
				 : ledger_statement_state(sim->node->recovery.ledger,
							  question->partner, asked->cycle);

	document->is_found = asked->cycle == 0 || state != 0;
	document->state = (uint8_t)state;
	memset(document->chain, ARCHIVE_CHAIN, sizeof(document->chain));
	document->bytes = asked->from_byte < TEXT_BYTES ? TEXT_BYTES - (uint32_t)asked->from_byte
							: 0;
	memset(document->piece, 't', document->bytes);
}

/* Of entries only how many there are is told: what stands in them is for other tests. */
enum tg_status
archive_pages(void *context, const struct pipeline_page_question *question,
	      struct archived_page *page)
{
	struct sim *sim = context;
	const struct settle_database *store = settle_database_of(sim);

	if (!is_there(sim))
		return TG_DATABASE;
	memset(page, 0, sizeof(*page));
	page->held_sequence = settle_database_next_sequence(store) - 1;
	page->lag_records = question->booked_sequence > page->held_sequence ?
				    question->booked_sequence - page->held_sequence :
				    0;
	page->is_complete = is_complete(store, question->page.business_date);
	if (question->page.proof.is_asked && question->page.proof.divide != 0)
		divide(store, &question->page, page);
	if (question->page.document.kind != 0)
		write_document(sim, &question->page, &page->document);
	sim->figures->pages++;
	return TG_OK;
}
