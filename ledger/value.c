/*
 * value.c - stored value: money that a member has topped up, and pays with.
 *
 * A unit of its own, in minor units of the programme's currency: no operation moves between it and
 * points, and nothing of it expires.  Who took a top-up owes the money, where it was paid is owed
 * it; the operator stands between them.  What is undone goes to where it came from.
 *
 * Of two members that are merged each keeps its own, and its caps and limits.  What one lacks for a
 * payment the other pays; what of that is undone goes to the one that paid.
 */
#include "ledger/apply.h"
#include "ledger/plan.h"

bool
value_is_kind(uint8_t kind)
{
	return kind == RECORD_TOP_UP || kind == RECORD_PAY;
}

bool
value_is_transaction(const struct transaction_row *t)
{
	return value_is_kind(t->kind) ||
	       (t->kind == RECORD_CAPTURE && (t->flags & RECORD_OF_VALUE) != 0);
}

/* The member's row of it; one of zeros where there never was any. */
static const struct value_row *
value_of(const struct plan *p)
{
	uint32_t row = state_find_value(p->ledger, p->view.member_row);

	return (const struct value_row *)table_bytes(&p->ledger->values, row);
}

/* What the member has of it, after the records of this decision so far. */
static int64_t
amount_of(const struct plan *p)
{
	return value_of(p)->amount + p->view.value_moved;
}

/* The most that the member may have: known by name, or just whoever holds the card. */
static int64_t
cap(const struct plan *p)
{
	return (value_of(p)->flags & VALUE_REGISTERED) != 0 ? p->programme->value_registered_max :
							      p->programme->value_bearer_max;
}

/* What the member has that this one is merged with; a row of zeros where there is none. */
static const struct value_row *
value_of_other(const struct plan *p)
{
	uint32_t row = TABLE_NONE;

	if ((p->view.flags & MEMBER_MERGED) != 0)
		row = state_find_value(p->ledger,
				       state_merged_with(p->ledger, p->view.member_row));
	return (const struct value_row *)table_bytes(&p->ledger->values, row);
}

/* What the open record makes of the member's stored value.  TG_OK; TG_TABLE_FULL. */
static enum tg_status
set_value(struct plan *p, int64_t change, uint8_t flags)
{
	uint32_t row = state_find_value(p->ledger, p->view.member_row);
	struct record *r = p->record;

	r->sections |= RECORD_HAS_BIT(VALUE);
	r->value = (struct record_value){
		.row = row,
		.is_new = row == TABLE_NONE,
		.flags = flags,
		.change = change,
		.after = amount_of(p) + change,
		.shared = value_of_other(p)->amount,
	};
	p->view.value_moved += change;
	if (row == TABLE_NONE)
		r->value.row = table_free_peek(&p->ledger->values, 0);
	TG_ASSERT(r->value.after >= 0);
	TG_ASSERT(record_posting_sum(r, UNIT_VALUE) == 0);
	return r->value.row == TABLE_NONE ? TG_TABLE_FULL : TG_OK;
}

/* Money that a partner took of the member, > 0, or gave back to it, < 0. */
static enum tg_status
move_topped_up(struct plan *p, uint32_t partner, int64_t amount)
{
	plan_post(p, ACCOUNT_VALUE_TAKEN, partner, -amount);
	plan_post(p, ACCOUNT_VALUE, 0, amount);
	return set_value(p, amount, (uint8_t)value_of(p)->flags);
}

enum tg_status
plan_top_up(struct plan *p)
{
	const int64_t amount = p->request->amount;
	enum tg_status status;

	if (p->programme->value_registered_max == 0)
		return TG_VALUE_OFF;
	if (amount_of(p) + amount > cap(p))
		return TG_VALUE_CAP;
	plan_begin(p, RECORD_TOP_UP);
	plan_add_request(p);
	status = move_topped_up(p, p->partner->number, amount);
	return status == TG_OK ? plan_finish(p) : status;
}

/* Would it be more than the member may pay with on a business date?  What is held counts, too. */
static bool
is_over_day(const struct plan *p, int64_t amount)
{
	const int64_t most = p->programme->value_day_max;
	const int32_t day = ledger_state(p->ledger)->business_date;

	return most != LIMIT_NONE &&
	       state_member_paid_value(p->ledger, p->view.member_row, day) + p->view.held_value >
		       most - amount;
}

/* What the member has too little of it for the request. */
static int64_t
lacking(const struct plan *p)
{
	return points_max(p->request->amount - amount_of(p), 0);
}

/* May the member that this one is merged with give so much of it? */
static bool
may_lend(const struct plan *p, int64_t amount)
{
	const struct value_row *value = value_of_other(p);

	return value->amount >= amount && (value->flags & VALUE_FROZEN) == 0 &&
	       (ledger_member_row(p->ledger, (uint32_t)value->key)->flags & MEMBER_BLOCKED) == 0;
}

/* The other member gives a part of what the open record takes from this one. */
static void
add_lent(struct plan *p, int64_t amount)
{
	const uint32_t other = state_merged_with(p->ledger, p->view.member_row);
	struct record *r = p->record;

	r->sections |= RECORD_HAS_BIT(OTHER);
	r->other_member = state_member_reference(p->ledger, other);
	r->extension_rows[0] = r->extension_rows[1] = 0;
	r->value.other_row = state_find_value(p->ledger, other);
	r->value.other_flags = (uint8_t)value_of_other(p)->flags;
	r->value.lent = amount;
	r->value.shared -= amount;
}

enum tg_status
value_check_spending(const struct plan *p)
{
	if ((p->terminal->config.rights & TG_RIGHT_VALUE) == 0)
		return TG_FORBIDDEN;
	if ((value_of(p)->flags & VALUE_FROZEN) != 0)
		return TG_VALUE_FROZEN;
	if (lacking(p) > 0 && !may_lend(p, lacking(p)))
		return TG_NO_VALUE;
	return is_over_day(p, p->request->amount) ? TG_LIMIT_MEMBER_DAY : TG_OK;
}

enum tg_status
value_spend(struct plan *p, enum account account, uint32_t partner)
{
	const int64_t amount = p->request->amount, lent = lacking(p);
	enum tg_status status;

	plan_post(p, ACCOUNT_VALUE, 0, -amount);
	plan_post(p, account, partner, amount);
	status = set_value(p, lent - amount, (uint8_t)value_of(p)->flags);
	if (status == TG_OK && lent > 0)
		add_lent(p, lent);
	return status;
}

enum tg_status
plan_pay(struct plan *p)
{
	enum tg_status status = value_check_spending(p);

	if (status != TG_OK)
		return status;
	plan_begin(p, RECORD_PAY);
	plan_add_request(p);
	status = value_spend(p, ACCOUNT_VALUE_PAID, p->partner->number);
	return status == TG_OK ? plan_finish(p) : status;
}

/* The open record is about a hold. */
static void
add_hold(struct plan *p, uint32_t hold_row)
{
	struct record *r = p->record;

	r->sections |= RECORD_HAS_BIT(HOLD);
	r->hold_row = hold_row;
	r->hold_deadline_utc_ms = ledger_hold_row(p->ledger, hold_row)->deadline_utc_ms;
	r->captured_points = 0;
}

enum tg_status
value_resolve_hold(struct plan *p, uint32_t hold_row, int64_t captured)
{
	const struct hold_row *hold = ledger_hold_row(p->ledger, hold_row);

	add_hold(p, hold_row);
	p->view.held_value -= hold->amount;
	p->view.hold_count--;
	plan_post(p, ACCOUNT_VALUE_HELD, 0, -hold->amount);
	plan_post(p, ACCOUNT_VALUE, 0, hold->amount - captured);
	plan_post(p, ACCOUNT_VALUE_PAID, hold->partner, captured);
	return set_value(p, hold->amount - captured, (uint8_t)value_of(p)->flags);
}

/* What was held has gone back: it is paid with what the member has now of its own. */
enum tg_status
value_capture_expired(struct plan *p, uint32_t hold_row)
{
	const struct hold_row *hold = ledger_hold_row(p->ledger, hold_row);
	enum tg_status status;

	if (p->request->amount > hold->amount)
		return TG_HOLD_EXCEEDED;
	if (lacking(p) > 0)
		return TG_HOLD_EXPIRED;
	plan_begin(p, RECORD_CAPTURE);
	plan_add_request(p);
	add_hold(p, hold_row);
	status = value_spend(p, ACCOUNT_VALUE_PAID, hold->partner);
	return status == TG_OK ? plan_finish(p) : status;
}

/* Undo so much of a top-up, or of what was paid, in the open record; to where it came from. */
static enum tg_status
give_back(struct plan *p, const struct transaction_row *original, uint32_t row, int64_t amount)
{
	struct record *r = p->record;

	r->original_row = row;
	r->sections |= RECORD_HAS_BIT(REFUNDED);
	r->returned_money = amount;
	if (original->kind == RECORD_TOP_UP)
		return move_topped_up(p, original->partner, -amount);
	plan_post(p, ACCOUNT_VALUE, 0, amount);
	plan_post(p, ACCOUNT_VALUE_PAID, original->partner, -amount);
	return set_value(p, amount, (uint8_t)value_of(p)->flags);
}

/* Can so much of it be undone?  Money that has been spent cannot be had back. */
static enum tg_status
check_back(const struct plan *p, const struct transaction_row *original, int64_t amount)
{
	if (amount > original->amount - plan_detail(p, original)->returned_money)
		return TG_OVER_REFUND;
	if (original->kind == RECORD_TOP_UP && (value_of(p)->flags & VALUE_FROZEN) != 0)
		return TG_VALUE_FROZEN;
	if (original->kind == RECORD_TOP_UP && amount_of(p) < amount)
		return TG_NO_VALUE;
	return TG_OK;
}

enum tg_status
plan_refund_value(struct plan *p, uint32_t row)
{
	const struct ledger_request *q = p->request;
	const struct transaction_row *original = plan_original(p, row);
	enum tg_status status;

	/* Points and stored value are two refunds: each goes back its own way. */
	if (q->has_original_burn || q->points != 0)
		return TG_NOT_REVERSIBLE;
	status = check_back(p, original, q->amount);
	if (status != TG_OK)
		return status;
	plan_begin(p, RECORD_REFUND);
	plan_add_request(p);
	status = give_back(p, original, row, q->amount);
	return status == TG_OK ? plan_finish(p) : status;
}

enum tg_status
plan_reverse_value(struct plan *p, uint32_t row)
{
	const struct transaction_row *original = plan_original(p, row);
	enum tg_status status;

	if (plan_detail(p, original)->returned_money != 0)
		return TG_NOT_REVERSIBLE;
	status = check_back(p, original, original->amount);
	if (status != TG_OK)
		return status;
	plan_begin(p, RECORD_REVERSE);
	plan_add_request(p);
	status = give_back(p, original, row, original->amount);
	return status == TG_OK ? plan_finish(p) : status;
}

enum tg_status
plan_set_value(struct plan *p)
{
	const uint32_t before = value_of(p)->flags;
	const uint32_t flags =
		(before | p->request->value_flags_on) & ~(uint32_t)p->request->value_flags_off;
	enum tg_status status;

	plan_begin_order(p, RECORD_SET_VALUE);
	status = set_value(p, 0, (uint8_t)flags);
	return status == TG_OK ? plan_finish(p) : status;
}

void
answer_value(struct plan *p)
{
	struct ledger_answer *a = &p->decision->answer;

	a->value_after = amount_of(p) + value_of_other(p)->amount;
	a->value_flags = (uint8_t)value_of(p)->flags;
	a->has_value = value_of(p)->key != 0 || value_of_other(p)->key != 0;
}

void
apply_value(struct ledger *l, const struct record *r)
{
	struct value_row *row;

	if (!RECORD_HAS(r, VALUE))
		return;
	if (r->value.is_new != 0) {
		row = table_claim(&l->values, r->value.row);
		row->key = (uint32_t)r->member;
		index_insert(&l->values_by_member, state_hash_u64(row->key), r->value.row);
	} else {
		row = table_edit(&l->values, r->value.row);
	}
	row->amount += r->value.change;
	row->flags = r->value.flags;
	if (r->value.lent == 0)
		return;
	row = table_edit(&l->values, r->value.other_row);
	row->amount -= r->value.lent;
}
