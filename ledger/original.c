/*
 * original.c - the transaction that a request is about, in the window or out of the archive.
 */
#include <string.h>

#include "ledger/apply.h"
#include "ledger/plan.h"

static_assert(ARCHIVED_PORTIONS_MAX >= MEMBER_LOTS_MAX, "a burn takes from each lot once");

/* Do these two take each other's refunds? */
static bool
is_of_one_group(const struct plan *p, const struct partner_config *other)
{
	return p->partner->group != 0 && other->group == p->partner->group;
}

/* The member's transaction of this id at another partner of the group: of the lowest number. */
static uint32_t
find_in_group(const struct plan *p, const uint8_t *id)
{
	const struct ledger *l = p->ledger;
	uint32_t found = TABLE_NONE;
	uint32_t lowest = UINT32_MAX;

	for (uint32_t at = 1; p->partner->group != 0 && at <= l->partners.rows_used; at++) {
		const struct partner_config *other = &ledger_partner_row(l, at)->config;
		uint32_t row;

		if (!table_is_live(&l->partners, at) || !is_of_one_group(p, other) ||
		    other->number >= lowest)
			continue;
		row = state_find_transaction(l, other->number, id);
		if (row == TABLE_NONE ||
		    ledger_transaction_row(l, row)->member_row != p->view.member_row)
			continue;
		found = row;
		lowest = other->number;
	}
	return found;
}

/* Is the evidence about a transaction that the asking partner may see? */
static bool
is_in_reach(const struct plan *p, const struct archived_transaction *a)
{
	uint32_t row = state_find_partner(p->ledger, a->partner);

	if (a->partner == p->partner->number)
		return true;
	return p->request->kind == REQUEST_REFUND && row != TABLE_NONE &&
	       is_of_one_group(p, &ledger_partner_row(p->ledger, row)->config);
}

static bool
is_amount(int64_t amount)
{
	return amount >= 0 && amount <= TG_AMOUNT_MAX;
}

/* Points that came from limited lots; -1: the evidence contradicts itself. */
static int64_t
portioned_points(const struct archived_transaction *a)
{
	bool is_burn = a->kind == RECORD_BURN || a->kind == RECORD_CAPTURE;
	int64_t points = 0;

	if (a->portion_count > (is_burn ? ARCHIVED_PORTIONS_MAX : 0))
		return -1;
	for (uint32_t i = 0; i < a->portion_count; i++) {
		if (a->portions[i].points == 0 || !is_amount(a->portions[i].points))
			return -1;
		points += a->portions[i].points;
	}
	return points <= a->points ? points : -1;
}

/* Evidence is what somebody may have changed by hand: it must at least not contradict itself. */
static bool
is_sound(const struct archived_transaction *a)
{
	return is_amount(a->amount) && is_amount(a->covered) && is_amount(a->points) &&
	       is_amount(a->returned_money) && is_amount(a->returned_covered) &&
	       is_amount(a->taken_points) && is_amount(a->restored_points) &&
	       is_amount(a->lost_points) && a->absorbed_points >= 0 &&
	       a->absorbed_points <= a->taken_points &&
	       (a->kind == RECORD_EARN || a->restored_points + a->lost_points <= a->points) &&
	       portioned_points(a) >= 0;
}

/*
 * What limited lots gave and has not gone back hangs on the row again.  Regular points go back
 * first, then what was taken last (plan_give_back()).
 */
static enum tg_status
reopen_portions(struct plan *p, const struct archived_transaction *a, uint32_t *ret_first)
{
	int64_t regular = a->points - portioned_points(a);
	int64_t undone = points_max(a->restored_points + a->lost_points - regular, 0);
	int64_t kept = portioned_points(a) - undone;

	*ret_first = TABLE_NONE;
	for (uint32_t i = 0; i < a->portion_count && kept > 0; i++) {
		const struct archived_portion *from = &a->portions[i];
		const struct view_lot lot = {
			.serial = from->serial,
			.last_day = from->last_day,
			.usable_at = from->usable_at,
			.issuer = from->issuer,
			.lot_flags = from->lot_flags,
			.campaign = from->campaign,
		};
		uint32_t nth = p->reopened_portion_count++;
		int64_t points = points_min(from->points, kept);

		TG_ASSERT(nth < ARCHIVED_PORTIONS_MAX);
		if (plan_keep_portion(p, &lot, points, 0) != TG_OK)
			return TG_TABLE_FULL;
		kept -= points;
		p->reopened_portions[nth] = (struct portion_row){
			.serial = lot.serial,
			.points = points,
			.last_day = lot.last_day,
			.usable_at = lot.usable_at,
			.issuer = lot.issuer,
			.lot_flags = lot.lot_flags,
			.campaign = lot.campaign,
			.next = *ret_first,
		};
		*ret_first = p->record->moves[p->record->move_count - 1].row;
		p->reopened_portion_rows[nth] = *ret_first;
	}
	return TG_OK;
}

/* Make the archived original a row again, for another window. */
static enum tg_status
reopen(struct plan *p, const uint8_t *id, const struct archived_transaction *a, uint32_t *ret_row)
{
	uint32_t nth = p->reopened_count;
	uint32_t first_portion;
	struct record *r;
	enum tg_status status;

	if (state_find_member(p->ledger, a->member) != p->view.member_row)
		return TG_OTHER_MEMBER;
	r = plan_begin(p, RECORD_REOPEN);
	r->flags |= a->flags;
	r->status = a->status;
	r->sections |= RECORD_HAS_BIT(PRINCIPAL) | RECORD_HAS_BIT(TRANSACTION) |
		       RECORD_HAS_BIT(AMOUNT) | RECORD_HAS_BIT(DETAILS) | RECORD_HAS_BIT(REFUNDED) |
		       RECORD_HAS_BIT(REOPENED);
	r->partner = a->partner;
	r->store = a->store;
	r->terminal = a->terminal;
	memcpy(r->transaction_id, id, sizeof(r->transaction_id));
	memcpy(r->fingerprint, a->fingerprint, sizeof(r->fingerprint));
	r->business_time_utc_ms = a->business_time_utc_ms;
	r->transaction_row = table_free_peek(&p->ledger->transactions, p->transactions_planned++);
	r->amount = a->amount;
	r->points = a->points;
	r->rule_version = a->rule_version;
	memset(&r->covered, 0,
	       offsetof(struct record, original_id) - offsetof(struct record, covered));
	r->covered = a->covered;
	r->returned_money = a->returned_money;
	r->returned_covered = a->returned_covered;
	r->taken_points = a->taken_points;
	r->absorbed_points = a->absorbed_points;
	r->restored_points = a->restored_points;
	r->lost_points = a->lost_points;
	r->reopened_sequence = a->sequence;
	r->reopened_kind = a->kind;
	r->reopened_booked_at_utc_ms = a->booked_at_utc_ms;
	if (r->transaction_row == TABLE_NONE)
		return TG_WINDOW_FULL;
	status = reopen_portions(p, a, &first_portion);
	if (status == TG_OK)
		status = plan_finish(p);
	if (status != TG_OK)
		return status;
	TG_ASSERT(nth < sizeof(p->reopened) / sizeof(p->reopened[0]));
	memset(&p->reopened[nth], 0, sizeof(p->reopened[nth]));
	memset(&p->reopened_details[nth], 0, sizeof(p->reopened_details[nth]));
	fill_reopened(&p->reopened[nth], &p->reopened_details[nth], r);
	p->reopened[nth].first_portion = first_portion;
	p->reopened_rows[nth] = r->transaction_row;
	p->reopened_count++;
	*ret_row = r->transaction_row;
	return TG_OK;
}

const struct transaction_row *
plan_original(const struct plan *p, uint32_t row)
{
	for (uint32_t i = 0; i < p->reopened_count; i++) {
		if (p->reopened_rows[i] == row)
			return &p->reopened[i];
	}
	return ledger_transaction_row(p->ledger, row);
}

const struct detail_row *
plan_detail(const struct plan *p, const struct transaction_row *t)
{
	for (uint32_t i = 0; i < p->reopened_count; i++) {
		if (t == &p->reopened[i])
			return &p->reopened_details[i];
	}
	return state_detail(p->ledger, t);
}

const struct portion_row *
plan_portion(const struct plan *p, uint32_t row)
{
	for (uint32_t i = 0; i < p->reopened_portion_count; i++) {
		if (p->reopened_portion_rows[i] == row)
			return &p->reopened_portions[i];
	}
	return ledger_portion_row(p->ledger, row);
}

enum tg_status
plan_find_original(struct plan *p, const uint8_t *id, const struct archived_transaction *archived,
		   uint32_t *ret_row)
{
	uint32_t row = state_find_transaction(p->ledger, p->partner->number, id);

	if (row == TABLE_NONE && p->request->kind == REQUEST_REFUND)
		row = find_in_group(p, id);
	*ret_row = row;
	if (row != TABLE_NONE)
		return TG_OK;
	if (p->request->original_time_utc_ms >= plan_window_start(p))
		return TG_UNKNOWN_ORIGINAL;
	/* What was opened again since the evidence was made may have been forgotten since, too. */
	if (archived == NULL || archived->as_of_utc_ms < plan_window_start(p)) {
		p->decision->answer.wants_archive = true;
		return TG_ORIGINAL_ARCHIVED;
	}
	if (!archived->is_found || !is_in_reach(p, archived))
		return TG_UNKNOWN_ORIGINAL;
	if (!is_sound(archived))
		return TG_ORIGINAL_ARCHIVED;
	if (archived->is_reversed)
		return TG_ALREADY_REVERSED;
	return reopen(p, id, archived, ret_row);
}
