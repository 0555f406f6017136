/*
 * apply_moves.c - regular points, lots, pending points, debts and portions as a record moves them.
 *
 * Chains hang on the member (lots, pending points, debts) or on a hold or burn (portions).  They
 * are short, so a row is unlinked by walking from the head.
 */
#include "ledger/apply.h"

/* Walk from *head to where row stands and give the place that names it. */
#define UNLINK(l, table_name, row_type, head, row, next_member)                                    \
	do {                                                                                       \
		uint32_t at_ = *(head);                                                            \
		uint32_t after_ = ledger_##row_type(l, row)->next_member;                          \
		if (at_ == (row)) {                                                                \
			*(head) = after_;                                                          \
			break;                                                                     \
		}                                                                                  \
		while (ledger_##row_type(l, at_)->next_member != (row))                            \
			at_ = ledger_##row_type(l, at_)->next_member;                              \
		((struct row_type *)table_edit(&(l)->table_name, at_))->next_member = after_;      \
	} while (0)

static void
move_lot(struct ledger *l, uint32_t member, const struct move *m)
{
	struct member_row *owner = table_edit(&l->members, member);
	struct lot_row *lot;

	if ((m->flags & MOVE_GONE) != 0) {
		UNLINK(l, lots, lot_row, &owner->first_lot, m->row, next);
		table_release(&l->lots, m->row);
		return;
	}
	if ((m->flags & MOVE_NEW) != 0) {
		lot = table_claim(&l->lots, m->row);
		lot->serial = m->serial;
		lot->last_day = m->last_day;
		lot->usable_at = m->usable_at;
		lot->issuer = m->partner;
		lot->origin = LOT_ORIGIN(m->campaign, m->lot_flags);
		lot->member_row = member;
		lot->next = owner->first_lot;
		owner->first_lot = m->row;
	} else {
		lot = table_edit(&l->lots, m->row);
	}
	lot->points += m->points;
	TG_ASSERT(lot->points > 0);
}

static void
move_pending(struct ledger *l, uint32_t member, const struct move *m)
{
	struct member_row *owner = table_edit(&l->members, member);
	struct pending_row *pending;

	if ((m->flags & MOVE_GONE) != 0) {
		UNLINK(l, pendings, pending_row, &owner->first_pending, m->row, next);
		table_release(&l->pendings, m->row);
		return;
	}
	if ((m->flags & MOVE_NEW) != 0) {
		pending = table_claim(&l->pendings, m->row);
		pending->serial = m->serial;
		pending->matures_day = m->matures_day;
		pending->life_days = m->life_days;
		pending->usable_at = m->usable_at;
		pending->issuer = m->partner;
		pending->campaign = m->campaign;
		pending->member_row = member;
		pending->next = owner->first_pending;
		owner->first_pending = m->row;
	} else {
		pending = table_edit(&l->pendings, m->row);
	}
	pending->points += m->points;
	TG_ASSERT(pending->points > 0);
}

/* The chain of debts is kept oldest first, because they are paid in that order. */
static void
append_debt(struct ledger *l, struct member_row *owner, uint32_t row)
{
	uint32_t at = owner->first_debt;

	if (at == TABLE_NONE) {
		owner->first_debt = row;
		return;
	}
	while (ledger_debt_row(l, at)->next != TABLE_NONE)
		at = ledger_debt_row(l, at)->next;
	((struct debt_row *)table_edit(&l->debts, at))->next = row;
}

static void
move_debt(struct ledger *l, uint32_t member, const struct move *m)
{
	struct member_row *owner = table_edit(&l->members, member);
	struct debt_row *debt;

	if ((m->flags & MOVE_GONE) != 0) {
		UNLINK(l, debts, debt_row, &owner->first_debt, m->row, next);
		table_release(&l->debts, m->row);
		return;
	}
	if ((m->flags & MOVE_NEW) != 0) {
		debt = table_claim(&l->debts, m->row);
		debt->key = (uint64_t)member << 32 | m->partner;
		debt->since_day = m->matures_day;
		append_debt(l, owner, m->row);
	} else {
		debt = table_edit(&l->debts, m->row);
	}
	debt->points -= m->points;
	TG_ASSERT(debt->points > 0);
}

/* Where the head of the portion's chain stands: on a hold, a new burn, or the burn being undone. */
static uint32_t *
portion_head(struct ledger *l, const struct record *r, const struct move *m)
{
	uint32_t row;

	if ((m->flags & MOVE_OF_HOLD) != 0)
		return &((struct hold_row *)table_edit(&l->holds, r->hold_row))->first_portion;
	row = (m->flags & MOVE_NEW) != 0 ? r->transaction_row : r->original_burn_row;
	return &((struct transaction_row *)table_edit(&l->transactions, row))->first_portion;
}

static void
move_portion(struct ledger *l, const struct record *r, const struct move *m)
{
	struct portion_row *portion;

	if ((m->flags & MOVE_GONE) != 0) {
		uint32_t *head = portion_head(l, r, m);

		UNLINK(l, portions, portion_row, head, m->row, next);
		table_release(&l->portions, m->row);
		return;
	}
	if ((m->flags & MOVE_NEW) != 0) {
		uint32_t *head = portion_head(l, r, m);

		portion = table_claim(&l->portions, m->row);
		portion->serial = m->serial;
		portion->last_day = m->last_day;
		portion->usable_at = m->usable_at;
		portion->issuer = m->partner;
		portion->lot_flags = m->lot_flags;
		portion->campaign = m->campaign;
		portion->next = *head;
		*head = m->row;
	} else {
		portion = table_edit(&l->portions, m->row);
	}
	portion->points += m->points;
	TG_ASSERT(portion->points > 0);
}

/* What is left of a block changes: it was used, given back, released, or is dropped, used up. */
static void
move_cover(struct ledger *l, const struct record *r, const struct move *m)
{
	const uint32_t partner = state_find_partner(l, m->partner);
	struct cover_row *cover;

	if ((m->flags & MOVE_GONE) != 0) {
		struct funding_row *funding =
			table_edit(&l->fundings, ledger_partner_row(l, partner)->funding);

		UNLINK(l, covers, cover_row, &funding->oldest_cover, m->row, next);
		table_release(&l->covers, m->row);
		return;
	}
	cover = table_edit(&l->covers, m->row);
	if (r->kind == RECORD_UNFUND)
		cover->released_points -= m->points;
	else
		cover->used_points -= m->points;
	TG_ASSERT(cover->used_points >= 0 &&
		  cover->used_points + cover->released_points <= cover->bought_points);
}

static void
note_stopped(struct ledger *l, const struct record *r, const struct move *m)
{
	struct funding_row *funding = table_edit(&l->fundings, m->row);

	funding->stopped_utc_ms = r->booked_at_utc_ms;
}

/* An earn remembers what of its own points has expired: a refund does not take that again. */
static void
count_expired(struct ledger *l, uint32_t member, uint64_t serial, int64_t points)
{
	uint64_t sequence = serial >> 8;
	uint32_t row;

	for (const struct transaction_row *t = state_newest_of_member(l, member, &row);
	     t != NULL && t->sequence >= sequence; t = state_older_of_member(l, t, &row)) {
		if (t->sequence == sequence) {
			struct transaction_row *earn = table_edit(&l->transactions, row);

			edit_detail(l, earn)->expired_points += points;
			return;
		}
	}
}

/*
 * What left a hold, but neither was captured nor came back to a lot, has expired.
 */
static void
count_released(struct ledger *l, uint32_t member, const struct move *m)
{
	bool is_new = (m->flags & MOVE_NEW) != 0;

	if (m->kind == MOVE_LOT)
		count_expired(l, member,
			      is_new ? m->serial : ledger_lot_row(l, m->row)->serial, -m->points);
	else if (m->kind == MOVE_PORTION)
		count_expired(l, member,
			      is_new ? m->serial : ledger_portion_row(l, m->row)->serial,
			      -m->points);
}

void
apply_moves(struct ledger *l, const struct record *r)
{
	bool is_resolving = RECORD_HAS(r, HOLD) && r->kind != RECORD_HOLD;

	if (!RECORD_HAS(r, MOVES))
		return;
	for (uint32_t i = 0; i < r->move_count; i++) {
		const struct move *m = &r->moves[i];
		const uint32_t member = (uint32_t)(
			(m->flags & MOVE_OF_OTHER) != 0 ? r->other_member : r->member);

		if (is_resolving)
			count_released(l, member, m);
		switch ((enum move_kind)m->kind) {
		case MOVE_REGULAR: {
			struct member_row *row = table_edit(&l->members, member);

			row->regular_points += m->points;
			TG_ASSERT(row->regular_points >= 0);
			break;
		}
		case MOVE_LOT:
			if (r->kind == RECORD_EXPIRE)
				count_expired(l, member, ledger_lot_row(l, m->row)->serial,
					      -m->points);
			move_lot(l, member, m);
			break;
		case MOVE_PENDING:
			move_pending(l, member, m);
			break;
		case MOVE_DEBT:
			move_debt(l, member, m);
			break;
		case MOVE_PORTION:
			move_portion(l, r, m);
			break;
		case MOVE_COVER:
			move_cover(l, r, m);
			break;
		case MOVE_STOPPED:
			note_stopped(l, r, m);
			break;
		}
	}
}
