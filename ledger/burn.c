/*
 * burn.c - pay with points, at once or from a hold.
 *
 * A hold names the lots it reserves; what it captures was reserved first, what it gives back goes
 * into the lots it came from, or expires there and then when their day has passed (decision 8).
 */
#include "ledger/plan.h"

enum tg_status
plan_may_burn(const struct plan *p)
{
	const struct partner_config *partner = p->partner;

	return (partner->flags & PARTNER_BURN_OFF) != 0 ||
			       (p->programme->flags & PROGRAMME_BURN_OFF) != 0 ||
			       !plan_is_alive(p, partner->joined_day, partner->last_burn_day) ?
		       TG_BURN_OFF :
		       TG_OK;
}

/* Limits and balance; held points count as burned for the member's day. */
enum tg_status
plan_check_burn_limits(struct plan *p, int64_t points)
{
	const struct partner_config *partner = p->partner;
	struct view_place place = plan_place(p);
	int32_t day = plan_counted_day(p);
	int64_t member_burned = state_member_burned(p->ledger, p->view.member_row, day);
	int64_t terminal_burned = state_terminal_burned(p->terminal, day);
	int64_t usable;

	if (points > partner->burn_transaction_points)
		return TG_LIMIT_TRANSACTION;
	if (member_burned + p->view.held + points > p->programme->member_day_burn_points)
		return TG_LIMIT_MEMBER_DAY;
	if (terminal_burned + points > partner->terminal_day_burn_points)
		return TG_LIMIT_TERMINAL_DAY;
	usable = view_usable(&p->view, &place, p->now->day);
	p->lacking_points = points_max(points - usable, 0);
	return usable < points ? TG_NO_POINTS : TG_OK;
}

static enum tg_status
check_burn(struct plan *p, int64_t points)
{
	const struct partner_config *partner = p->partner;

	if (plan_may_burn(p) != TG_OK)
		return TG_BURN_OFF;
	if (points < partner->burn_minimum_points ||
	    (partner->burn_step_points > 1 && points % partner->burn_step_points != 0))
		return TG_BURN_STEP;
	return plan_check_burn_limits(p, points);
}

enum tg_status
plan_burn(struct plan *p)
{
	int64_t points = p->request->points;
	enum tg_status status = check_burn(p, points);

	if (status != TG_OK)
		return status;
	plan_begin(p, RECORD_BURN);
	plan_add_request(p);
	status = plan_take(p, points, 0);
	if (status != TG_OK)
		return status;
	plan_post(p, ACCOUNT_AVAILABLE, 0, -points);
	plan_post(p, ACCOUNT_REDEEMED, p->partner->number, points);
	plan_activity(p);
	return plan_finish(p);
}

enum tg_status
plan_hold(struct plan *p)
{
	int64_t points = p->request->points;
	int32_t seconds = p->request->hold_seconds;
	const bool is_of_value = p->request->is_of_value;
	enum tg_status status = is_of_value ? value_check_spending(p) : check_burn(p, points);
	struct record *r;

	if (seconds == 0)
		seconds = p->programme->hold_seconds_default;
	if (seconds > p->programme->hold_seconds_max) {
		p->decision->answer.field = TG_FIELD_HOLD_SECONDS;
		return TG_BAD_FIELD;
	}
	if (status != TG_OK)
		return status;
	/* A hold may outlive its transaction: its id is still taken. */
	if (state_find_hold(p->ledger, p->partner->number, p->request->transaction_id) !=
	    TABLE_NONE)
		return TG_CONFLICT;
	if (p->view.hold_count == MEMBER_HOLDS_MAX || table_free_count(&p->ledger->holds) == 0)
		return TG_HOLDS_FULL;
	r = plan_begin(p, RECORD_HOLD);
	plan_add_request(p);
	r->sections |= RECORD_HAS_BIT(HOLD);
	r->hold_row = table_free_peek(&p->ledger->holds, 0);
	r->hold_deadline_utc_ms = r->booked_at_utc_ms + (int64_t)seconds * 1000;
	r->captured_points = 0;
	if (is_of_value) {
		status = value_spend(p, ACCOUNT_VALUE_HELD, 0);
		return status == TG_OK ? plan_finish(p) : status;
	}
	status = plan_take(p, points, MOVE_OF_HOLD);
	if (status != TG_OK)
		return status;
	plan_post(p, ACCOUNT_AVAILABLE, 0, -points);
	plan_post(p, ACCOUNT_HELD, 0, points);
	p->view.held += points;
	return plan_finish(p);
}

static struct view_lot
lot_of_portion(const struct portion_row *portion)
{
	return (struct view_lot){
		.serial = portion->serial,
		.last_day = portion->last_day,
		.usable_at = portion->usable_at,
		.issuer = portion->issuer,
		.lot_flags = portion->lot_flags,
		.campaign = portion->campaign,
	};
}

/* A hold's portions in the order in which they were taken; returns how many. */
static uint32_t
portions_as_taken(const struct ledger *l, const struct hold_row *hold,
		  uint32_t rows[MEMBER_PORTIONS_MAX])
{
	uint32_t count = 0;

	for (uint32_t at = hold->first_portion; at != TABLE_NONE;
	     at = ledger_portion_row(l, at)->next) {
		TG_ASSERT(count < MEMBER_PORTIONS_MAX);
		rows[count++] = at;
	}
	for (uint32_t i = 0; i < count / 2; i++) {
		uint32_t other = rows[i];

		rows[i] = rows[count - 1 - i];
		rows[count - 1 - i] = other;
	}
	return count;
}

/* One portion of a hold: `captured` of it stays with the capture, the rest goes to its lot. */
static enum tg_status
resolve_portion(struct plan *p, uint32_t row, int64_t captured, int32_t day, int64_t *expired)
{
	const struct portion_row *portion = ledger_portion_row(p->ledger, row);
	struct view_lot lot = lot_of_portion(portion);
	int64_t rest = portion->points - captured;
	struct move *m = plan_move(p, MOVE_PORTION);

	m->flags = MOVE_GONE | MOVE_OF_HOLD;
	m->row = row;
	m->points = -portion->points;
	m->partner = portion->issuer;
	if (captured > 0 && plan_keep_portion(p, &lot, captured, 0) != TG_OK)
		return TG_TABLE_FULL;
	if (rest == 0)
		return TG_OK;
	if (lot.last_day < day) {
		*expired += rest;
		view_note_expired(&p->view, lot.serial, rest);
		return TG_OK;
	}
	return view_give_lot(&p->view, &lot, rest) ? TG_OK : TG_LOTS_FULL;
}

enum tg_status
plan_resolve_hold(struct plan *p, uint32_t hold_row, int64_t captured, int32_t day)
{
	const struct hold_row *hold = ledger_hold_row(p->ledger, hold_row);
	struct view *v = &p->view;
	struct record *r = p->record;
	uint32_t rows[MEMBER_PORTIONS_MAX];
	uint32_t count = portions_as_taken(p->ledger, hold, rows);
	int64_t left = captured;
	int64_t expired = 0;
	int64_t regular_rest;

	if (hold->amount > 0)
		return value_resolve_hold(p, hold_row, captured);
	r->sections |= RECORD_HAS_BIT(HOLD);
	r->hold_row = hold_row;
	r->hold_deadline_utc_ms = hold->deadline_utc_ms;
	r->captured_points = captured;
	for (uint32_t i = 0; i < count;) {
		int64_t parts[SPONSORS_MAX];
		uint32_t group = sponsors_share_portions(p, rows + i, count - i, left, parts);

		for (uint32_t k = 0; k < group; k++) {
			enum tg_status status =
				resolve_portion(p, rows[i + k], parts[k], day, &expired);

			if (status != TG_OK)
				return status;
			left -= parts[k];
		}
		i += group;
	}
	TG_ASSERT(left <= hold->regular_points);
	regular_rest = hold->regular_points - left;
	/* The member's regular points may have ended and begun anew while these were held. */
	if (v->regular_last_day < day || v->regular_life != hold->regular_life)
		expired += regular_rest;
	else
		v->regular += regular_rest;
	v->held -= hold->points;
	v->held_portions -= count;
	v->hold_count--;
	plan_post(p, ACCOUNT_HELD, 0, -hold->points);
	plan_post(p, ACCOUNT_AVAILABLE, 0, hold->points - captured - expired);
	plan_post(p, ACCOUNT_REDEEMED, hold->partner, captured);
	plan_post(p, ACCOUNT_BREAKAGE, 0, expired);
	return TG_OK;
}

/* The hold that a request names, if it may still be resolved. */
static enum tg_status
find_open_hold(const struct plan *p, uint32_t *ret_row)
{
	uint32_t row =
	    state_find_hold(p->ledger, p->partner->number, p->request->original_id);
	const struct hold_row *hold;

	if (row == TABLE_NONE)
		return TG_UNKNOWN_ORIGINAL;
	hold = ledger_hold_row(p->ledger, row);
	if (hold->member_row != p->view.member_row)
		return TG_OTHER_MEMBER;
	*ret_row = row;
	switch ((enum transaction_state)hold->state) {
	case STATE_CAPTURED:
		return TG_HOLD_CAPTURED;
	case STATE_RELEASED:
	case STATE_REVERSED:
		return TG_HOLD_RELEASED;
	case STATE_EXPIRED:
		return TG_HOLD_EXPIRED;
	case STATE_OPEN:
	case STATE_STANDING:
		break;
	}
	return hold->deadline_utc_ms <= p->judged_utc_ms ? TG_HOLD_EXPIRED : TG_OK;
}

/*
 * A capture from store and forward that happened before the deadline, but arrives after the hold
 * was given back: burned from what the member has now, if that suffices.
 */
static enum tg_status
capture_expired(struct plan *p, uint32_t hold_row)
{
	const struct hold_row *hold = ledger_hold_row(p->ledger, hold_row);
	int64_t points = p->request->points != 0 ? p->request->points : hold->points;
	struct view_place place = plan_place(p);
	struct record *r;
	enum tg_status status;

	if (points > hold->points)
		return TG_HOLD_EXCEEDED;
	if (view_usable(&p->view, &place, p->judged_day) < points)
		return TG_HOLD_EXPIRED;
	r = plan_begin(p, RECORD_CAPTURE);
	plan_add_request(p);
	r->points = points;
	r->sections |= RECORD_HAS_BIT(HOLD);
	r->hold_row = hold_row;
	r->hold_deadline_utc_ms = hold->deadline_utc_ms;
	r->captured_points = points;
	status = plan_take(p, points, 0);
	if (status != TG_OK)
		return status;
	plan_post(p, ACCOUNT_AVAILABLE, 0, -points);
	plan_post(p, ACCOUNT_REDEEMED, hold->partner, points);
	plan_activity(p);
	return plan_finish(p);
}

enum tg_status
plan_capture(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const struct hold_row *hold;
	uint32_t row = TABLE_NONE;
	enum tg_status status = find_open_hold(p, &row);
	int64_t wanted, held;
	struct record *r;

	if (row != TABLE_NONE &&
	    (ledger_hold_row(p->ledger, row)->amount > 0) != q->is_of_value) {
		p->decision->answer.field = q->is_of_value ? TG_FIELD_VALUE_HELD : TG_FIELD_POINTS;
		return TG_BAD_FIELD;
	}
	if (status == TG_HOLD_EXPIRED && q->is_late &&
	    q->business_time_utc_ms < ledger_hold_row(p->ledger, row)->deadline_utc_ms)
		return q->is_of_value ? value_capture_expired(p, row) : capture_expired(p, row);
	if (status != TG_OK)
		return status;
	hold = ledger_hold_row(p->ledger, row);
	held = q->is_of_value ? hold->amount : hold->points;
	wanted = q->is_of_value ? q->amount : q->points;
	if (wanted > held)
		return TG_HOLD_EXCEEDED;
	if (wanted == 0)
		wanted = held;
	r = plan_begin(p, RECORD_CAPTURE);
	plan_add_request(p);
	r->points = q->is_of_value ? 0 : wanted;
	status = plan_resolve_hold(p, row, wanted, p->judged_day);
	if (status != TG_OK)
		return status;
	if (!q->is_of_value)
		plan_activity(p);
	return plan_finish(p);
}

enum tg_status
plan_release(struct plan *p)
{
	uint32_t row = TABLE_NONE;
	enum tg_status status = find_open_hold(p, &row);
	struct record *r;

	if (status != TG_OK)
		return status;
	r = plan_begin(p, RECORD_RELEASE);
	plan_add_request(p);
	r->points = ledger_hold_row(p->ledger, row)->points;
	status = plan_resolve_hold(p, row, 0, p->now->day);
	return status == TG_OK ? plan_finish(p) : status;
}
