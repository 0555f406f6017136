/*
 * merge.c - two members that are one person: joined, and parted again.
 *
 * A merge joins and mixes nothing.  Each member keeps its row, identifiers, points, holds, debts
 * and limits; a request moves those of the member that it names.  What is shown is the sum of both.
 * Where one of them lacks points for what it spends or holds, the other lends them before, as lots
 * with the last day, issuer and origin that they had; what a reversal gives back stays with the one
 * that spent it.  A request about something that the other one began is decided on the other.
 *
 * So to part them is to forget the bond: each is what it would have been, but for what was lent.
 */
#include "ledger/plan.h"

/* The other member that a MERGE names. */
static uint32_t
find_other(const struct ledger *l, const struct ledger_request *q)
{
	const struct identifier_hash *identifier = &q->new_identifier;
	uint32_t row;

	if (q->other_member != 0)
		return state_find_member(l, q->other_member);
	row = state_find_identifier(l, identifier->hash);
	if (row == TABLE_NONE && identifier->key_old != 0)
		row = state_find_identifier(l, identifier->hash_old);
	return row == TABLE_NONE ? TABLE_NONE : ledger_identifier_row(l, row)->member_row;
}

static struct member_sums
sums_of(const struct view *v, int32_t today)
{
	struct member_sums sums = {
		.available_points = view_available(v, today),
		.regular_points = v->regular,
		.pending_points = view_pending_points(v),
		.held_points = v->held,
		.debt_points = view_debt_points(v),
	};

	sums.next_expiry_day = view_next_expiry(v, today, &sums.next_expiry_points);
	return sums;
}

/* The record names the other, and says what that one has. */
static void
add_other(struct record *r, const struct view *other, int32_t today)
{
	r->sections |= RECORD_HAS_BIT(OTHER) | RECORD_HAS_BIT(SHARED);
	r->other_member = other->reference;
	r->extension_rows[0] = r->extension_rows[1] = 0;
	r->shared = sums_of(other, today);
}

static struct record *
begin(struct plan *p, enum record_kind kind, uint32_t other_row)
{
	struct record *r = plan_begin_order(p, kind);
	struct view other;

	view_load(&other, p->ledger, other_row);
	add_other(r, &other, p->now->day);
	return r;
}

enum tg_status
plan_merge(struct plan *p)
{
	const struct ledger *l = p->ledger;
	const uint32_t other = find_other(l, p->request);
	const struct member_row *row;
	struct record *r;

	p->decision->answer.field = TG_FIELD_NEW_IDENTIFIER;
	if (p->request->other_member == 0 && p->request->new_identifier.type == 0)
		return TG_MISSING_FIELD;
	if (other == p->view.member_row)
		return TG_BAD_FIELD;
	p->decision->answer.field = 0;
	if (other == TABLE_NONE)
		return TG_UNKNOWN_MEMBER;
	row = ledger_member_row(l, other);
	if (((row->flags | p->view.flags) & MEMBER_MERGED) != 0)
		return TG_MERGED;
	if (((row->flags ^ p->view.flags) & MEMBER_TEST) != 0)
		return TG_TEST_MISMATCH;
	if (table_free_count(&l->extensions) < 2)
		return TG_TABLE_FULL;
	r = begin(p, RECORD_MERGE, other);
	r->extension_rows[0] = table_free_peek(&l->extensions, 0);
	r->extension_rows[1] = table_free_peek(&l->extensions, 1);
	return plan_finish(p);
}

enum tg_status
plan_unmerge(struct plan *p)
{
	const struct ledger *l = p->ledger;
	struct record *r;
	uint32_t other;

	if ((p->view.flags & MEMBER_MERGED) == 0)
		return TG_NOT_MERGED;
	other = state_merged_with(l, p->view.member_row);
	r = begin(p, RECORD_UNMERGE, other);
	r->extension_rows[0] = state_find_extension(l, p->view.member_row, EXTENSION_MERGED);
	r->extension_rows[1] = state_find_extension(l, other, EXTENSION_MERGED);
	return plan_finish(p);
}

__attribute__((noinline)) struct member_sums
plan_shared(const struct plan *p)
{
	struct view other;

	if (p->has_shared)
		return p->shared;
	view_load(&other, p->ledger, state_merged_with(p->ledger, p->view.member_row));
	return sums_of(&other, p->now->day);
}

/* Points of one lot of the other member become the member's. */
static enum tg_status
lend(struct plan *p, struct view_lot *lot, int64_t points)
{
	struct move *m;

	if (points == 0)
		return TG_OK;
	if (!view_restore_lot(&p->view, lot, points))
		return TG_LOTS_FULL;
	lot->now -= points;
	m = plan_move(p, MOVE_LOT);
	m->flags = MOVE_OF_OTHER | (lot->now == 0 ? MOVE_GONE : 0);
	m->row = lot->row;
	m->points = -points;
	m->partner = lot->issuer;
	return TG_OK;
}

/*
 * In the order in which the other would have burned them; regular ones at last, as a lot that ends
 * on the day on which they end.
 */
static enum tg_status
lend_all(struct plan *p, struct view *other, const struct view_place *place, int64_t points)
{
	uint32_t order[MEMBER_LOTS_MAX];
	const uint32_t count = view_burn_order(other, place, p->now->day, order);
	const struct view_lot regular = {
		.serial = VINTAGE_SERIAL,
		.last_day = other->regular_last_day,
	};
	struct move *m;

	for (uint32_t i = 0; i < count && points > 0; i++) {
		struct lot_share shares[SPONSORS_MAX];
		uint32_t share_count = sponsors_share_lots(other, order[i], points, shares);

		for (uint32_t k = 0; k < share_count; k++) {
			enum tg_status status =
				lend(p, &other->lots[shares[k].lot], shares[k].points);

			if (status != TG_OK)
				return status;
			points -= shares[k].points;
		}
	}
	if (points == 0)
		return TG_OK;
	TG_ASSERT(points <= other->regular);
	if (!view_restore_lot(&p->view, &regular, points))
		return TG_LOTS_FULL;
	other->regular -= points;
	m = plan_move(p, MOVE_REGULAR);
	m->flags = MOVE_OF_OTHER;
	m->points = -points;
	return TG_OK;
}

/* What has fallen due for the other is done when it is asked for itself, or by the sweep. */
__attribute__((noinline)) enum tg_status
plan_borrow(struct plan *p)
{
	const uint32_t row = state_merged_with(p->ledger, p->view.member_row);
	const struct view_place place = plan_place(p);
	const int64_t points = p->lacking_points;
	struct view other;
	struct record *r;
	enum tg_status status;

	view_load(&other, p->ledger, row);
	if (points == 0 || (other.flags & MEMBER_BLOCKED) != 0 ||
	    view_usable(&other, &place, p->now->day) < points)
		return TG_NO_POINTS;
	r = plan_begin(p, RECORD_TRANSFER);
	r->sections |= RECORD_HAS_BIT(AMOUNT);
	r->amount = 0;
	r->points = points;
	r->rule_version = 0;
	status = lend_all(p, &other, &place, points);
	if (status == TG_OK &&
	    !plan_has_room(p, &p->ledger->lots, p->lots_planned + other.lot_count))
		status = TG_TABLE_FULL;
	if (status != TG_OK)
		return status;
	add_other(r, &other, p->now->day);
	p->shared = r->shared;
	p->has_shared = true;
	return plan_finish(p);
}
