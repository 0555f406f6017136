/*
 * plan.c - records in the making: sections, postings, moves out of the view.
 */
#include "ledger/plan.h"

#include <string.h>
#include <xxhash.h>

#include "ledger/calendar.h"

#define MS_PER_DAY INT64_C(86400000)

bool
plan_may_decline(const struct plan *p)
{
	const struct terminal_row *till = p->terminal;
	uint32_t declines =
	    till->declines_day == ledger_business_date(p->ledger) ? till->declines_today : 0;

	return declines < (uint32_t)p->programme->declines_per_terminal_day;
}

bool
plan_has_room(const struct plan *p, const struct table *table, uint32_t planned)
{
	uint32_t reserve = p->may_use_reserve ? 0 : table->config.rows_max / RESERVE_PART;

	return table_free_count(table) > planned + reserve;
}

int64_t
plan_window_start(const struct plan *p)
{
	return points_max(p->now->utc_ms - p->programme->window_ms,
			  ledger_state(p->ledger)->window_floor_utc_ms);
}

int32_t
plan_sweep_day(const struct plan *p)
{
	/* A late request may still find the points alive on its own day; one more for the zones. */
	int64_t window_days = (p->programme->window_ms + MS_PER_DAY - 1) / MS_PER_DAY + 1;

	return p->now->day - 1 - (int32_t)window_days;
}

int32_t
plan_regular_last_day(const struct plan *p, int32_t day)
{
	const struct programme_config *c = p->programme;

	if (c->expiry_shape == EXPIRY_NEVER)
		return INT32_MAX;
	if (c->expiry_shape == EXPIRY_VINTAGE)
		return calendar_vintage_last_day(day, c->vintage_months, c->expiry_months,
						 c->sweep_month, c->sweep_day);
	return calendar_last_day(day, c->expiry_months,
				 (c->flags & PROGRAMME_EXPIRES_ON_ANNIVERSARY) != 0);
}

static struct view_lot
vintage_lot(const struct plan *p)
{
	return (struct view_lot){
		.serial = VINTAGE_SERIAL,
		.last_day = p->view.regular_last_day,
	};
}

/* The regular points of an older vintage become a lot that ends on their day. */
static enum tg_status
close_vintage(struct plan *p)
{
	const struct view_lot lot = vintage_lot(p);
	struct view *v = &p->view;
	int64_t points = v->regular;

	if (points == 0)
		return TG_OK;
	v->regular = 0;
	if (!plan_has_room(p, &p->ledger->lots, p->lots_planned))
		return TG_TABLE_FULL;
	return view_restore_lot(v, &lot, points) ? TG_OK : TG_LOTS_FULL;
}

enum tg_status
plan_renew_regular(struct plan *p, int32_t day)
{
	struct view *v = &p->view;
	int32_t last_day = plan_regular_last_day(p, day);
	enum tg_status status = TG_OK;

	if (v->regular_last_day != 0 && v->regular_last_day < day)
		v->regular_life++;
	if (last_day <= v->regular_last_day)
		return TG_OK;
	if (p->programme->expiry_shape == EXPIRY_VINTAGE)
		status = close_vintage(p);
	v->regular_last_day = last_day;
	return status;
}

void
plan_activity(struct plan *p)
{
	enum tg_status status;

	/* Only a rolling day moves when points are taken; that makes no lots, so it cannot fail. */
	if (p->programme->expiry_shape == EXPIRY_VINTAGE)
		return;
	status = plan_renew_regular(p, p->judged_day);
	TG_ASSERT(status == TG_OK);
}

int32_t
plan_counted_day(const struct plan *p)
{
	int32_t date = ledger_business_date(p->ledger);

	return p->is_judged_late && p->request->business_day < date ? p->request->business_day
								     : date;
}

struct record *
plan_begin(struct plan *p, enum record_kind kind)
{
	struct decision *d = p->decision;
	const struct state_row *state = ledger_state(p->ledger);
	struct record *r = &d->records[d->record_count];

	TG_ASSERT(p->record == NULL && d->record_count < DECISION_RECORDS_MAX);
	record_init(r);
	r->sequence = state->sequence + d->record_count + 1;
	r->booked_at_utc_ms = points_max(p->now->utc_ms, state->booked_at_utc_ms);
	r->business_date = state->business_date;
	r->kind = (uint8_t)kind;
	r->status = TG_OK;
	if (p->view.member_row != TABLE_NONE) {
		r->sections |= RECORD_HAS_BIT(MEMBER);
		r->member = p->view.reference;
	}
	if ((p->partner != NULL && (p->partner->flags & PARTNER_TEST) != 0) ||
	    (p->terminal != NULL && (p->terminal->config.flags & TERMINAL_TEST) != 0) ||
	    (p->view.member_row != TABLE_NONE && (p->view.flags & MEMBER_TEST) != 0))
		r->flags |= RECORD_TEST;
	memset(&r->returned_money, 0,
	       offsetof(struct record, regular_last_day) - offsetof(struct record, returned_money));
	p->record = r;
	return r;
}

void
plan_add_operator(struct plan *p)
{
	const struct ledger_request *q = p->request;
	struct record *r = p->record;

	if (q->text_bytes > 0) {
		r->sections |= RECORD_HAS_BIT(TEXT);
		r->text_bytes = q->text_bytes;
		memcpy(r->text, q->text, q->text_bytes);
	}
	if (q->operator_name[0] == 0)
		return;
	r->sections |= RECORD_HAS_BIT(OPERATOR);
	memcpy(r->operator_name, q->operator_name, OPERATOR_BYTES);
	memcpy(r->origin, q->origin, ORIGIN_BYTES);
	if (q->approves != 0)
		plan_add_approval(p);
}

struct record *
plan_begin_order(struct plan *p, enum record_kind kind)
{
	struct record *r = plan_begin(p, kind);

	plan_add_operator(p);
	return r;
}

static void
add_principal(struct plan *p, struct record *r)
{
	r->sections |= RECORD_HAS_BIT(PRINCIPAL);
	r->partner = p->partner->number;
	r->store = p->store;
	r->terminal = p->terminal->config.number;
}

static void
add_transaction(struct plan *p, struct record *r)
{
	const struct ledger_request *q = p->request;

	r->sections |= RECORD_HAS_BIT(TRANSACTION);
	memcpy(r->transaction_id, q->transaction_id, sizeof(r->transaction_id));
	memcpy(r->fingerprint, q->fingerprint, sizeof(r->fingerprint));
	r->business_time_utc_ms = q->business_time_utc_ms;
	r->transaction_row = table_free_peek(&p->ledger->transactions, p->transactions_planned++);
	r->flags |= q->is_late ? RECORD_LATE : 0;
	r->flags |= q->is_repeat ? RECORD_REPEAT : 0;
	r->flags |= q->skip_limited ? RECORD_SKIP_LIMITED : 0;
	r->flags |= q->is_of_value ? RECORD_OF_VALUE : 0;
	if (plan_counted_day(p) != r->business_date) {
		r->sections |= RECORD_HAS_BIT(COUNTED);
		r->counted_day = plan_counted_day(p);
	}
}

void
plan_receipt_key(const struct plan *p, uint8_t ret_key[16])
{
	const struct ledger_request *q = p->request;
	int32_t day = q->till_day != DAY_NONE ? q->till_day : q->business_day;
	uint32_t head[4] = {p->partner->number, p->store, q->till, (uint32_t)day};
	uint8_t bytes[sizeof(head) + TG_RECEIPT_BYTES_MAX];
	XXH128_canonical_t key;

	memcpy(bytes, head, sizeof(head));
	memcpy(bytes + sizeof(head), q->receipt, q->receipt_bytes);
	XXH128_canonicalFromHash(&key, XXH3_128bits(bytes, sizeof(head) + q->receipt_bytes));
	memcpy(ret_key, &key, sizeof(key));
}

static void
add_till(struct plan *p, struct record *r)
{
	const struct ledger_request *q = p->request;

	if (q->till_day == DAY_NONE && q->till == 0 && q->receipt_bytes == 0)
		return;
	r->sections |= RECORD_HAS_BIT(TILL);
	r->till_day = q->till_day;
	r->till = q->till;
	r->receipt_bytes = q->receipt_bytes;
	memset(r->receipt_key, 0, sizeof(r->receipt_key));
	if (q->receipt_bytes > 0) {
		memcpy(r->receipt, q->receipt, q->receipt_bytes);
		plan_receipt_key(p, r->receipt_key);
	}
}

static void
add_details(struct plan *p, struct record *r)
{
	const struct ledger_request *q = p->request;

	r->covered = q->covered;
	r->base_points = 0;
	r->bonus_points = 0;
	r->bonus_sponsor = 0;
	r->campaign = q->campaign;
	r->tender = q->tender;
	r->channel = q->channel;
	r->reason = q->reason;
	if (q->covered != 0 || q->campaign != 0 || q->tender != 0 || q->channel != 0 ||
	    q->reason != 0)
		r->sections |= RECORD_HAS_BIT(DETAILS);
}

static void
add_original(struct plan *p, struct record *r)
{
	const struct ledger_request *q = p->request;

	if (!q->has_original && !q->has_original_burn)
		return;
	r->sections |= RECORD_HAS_BIT(ORIGINAL);
	memset(r->original_id, 0, sizeof(r->original_id));
	memset(r->original_burn_id, 0, sizeof(r->original_burn_id));
	if (q->has_original)
		memcpy(r->original_id, q->original_id, sizeof(r->original_id));
	if (q->has_original_burn)
		memcpy(r->original_burn_id, q->original_burn_id, sizeof(r->original_burn_id));
	r->original_time_utc_ms = q->original_time_utc_ms;
	r->original_row = TABLE_NONE;
	r->original_burn_row = TABLE_NONE;
}

void
plan_add_request(struct plan *p)
{
	const struct ledger_request *q = p->request;
	struct record *r = p->record;

	add_principal(p, r);
	add_transaction(p, r);
	add_till(p, r);
	add_details(p, r);
	add_original(p, r);
	r->sections |= RECORD_HAS_BIT(AMOUNT);
	r->amount = q->amount;
	r->points = q->points;
	r->rule_version = 0;
	if (q->line_count > 0) {
		r->sections |= RECORD_HAS_BIT(LINES);
		r->line_count = q->line_count;
		r->lines_bytes = q->lines_bytes;
		r->lines = q->lines;
	}
}

void
plan_post(struct plan *p, enum account account, uint32_t partner, int64_t points)
{
	struct record *r = p->record;
	struct posting *posting;

	if (points == 0)
		return;
	r->sections |= RECORD_HAS_BIT(POSTINGS);
	for (uint32_t i = 0; i < r->posting_count; i++) {
		posting = &r->postings[i];
		if (posting->account == (uint8_t)account && posting->partner == partner) {
			posting->points += points;
			return;
		}
	}
	TG_ASSERT(r->posting_count < RECORD_POSTINGS_MAX);
	posting = &r->postings[r->posting_count++];
	posting->account = (uint8_t)account;
	posting->unit = (uint8_t)account_unit(account);
	posting->partner = partner;
	posting->points = points;
}

struct move *
plan_move(struct plan *p, enum move_kind kind)
{
	struct record *r = p->record;
	struct move *m;

	TG_ASSERT(r->move_count < RECORD_MOVES_MAX);
	r->sections |= RECORD_HAS_BIT(MOVES);
	m = &r->moves[r->move_count++];
	memset(m, 0, sizeof(*m));
	m->kind = (uint8_t)kind;
	return m;
}

/*
 * The move that brings a row from `before` to `now` points; NULL when nothing changed.  A new row
 * takes the planned-th next free one.
 */
static struct move *
move_row(struct plan *p, enum move_kind kind, const struct table *table, uint32_t *row,
	 uint32_t *planned, int64_t before, int64_t now)
{
	struct move *m;

	if (before == now)
		return NULL;
	m = plan_move(p, kind);
	m->points = now - before;
	if (before == 0) {
		*row = table_free_peek(table, (*planned)++);
		m->flags = MOVE_NEW;
	} else if (now == 0) {
		m->flags = MOVE_GONE;
	}
	m->row = *row;
	return m;
}

/* Drop entries that have become empty, so that later records of the decision do not see them. */
#define COMPACT(entries, count)                                                                    \
	do {                                                                                       \
		uint32_t kept_ = 0;                                                                \
		for (uint32_t i_ = 0; i_ < (count); i_++) {                                        \
			if ((entries)[i_].now != 0) {                                              \
				(entries)[kept_] = (entries)[i_];                                  \
				(entries)[kept_++].before = (entries)[i_].now;                     \
			}                                                                          \
		}                                                                                  \
		(count) = kept_;                                                                   \
	} while (0)

static bool
move_lots(struct plan *p)
{
	struct view *v = &p->view;

	for (uint32_t i = 0; i < v->lot_count; i++) {
		struct view_lot *lot = &v->lots[i];
		struct move *m = move_row(p, MOVE_LOT, &p->ledger->lots, &lot->row,
					  &p->lots_planned, lot->before, lot->now);

		if (m == NULL)
			continue;
		m->serial = lot->serial;
		m->last_day = lot->last_day;
		m->usable_at = lot->usable_at;
		m->partner = lot->issuer;
		m->lot_flags = lot->lot_flags;
		m->campaign = lot->campaign;
		if (m->row == TABLE_NONE)
			return false;
	}
	COMPACT(v->lots, v->lot_count);
	return true;
}

static bool
move_pendings(struct plan *p)
{
	struct view *v = &p->view;

	for (uint32_t i = 0; i < v->pending_count; i++) {
		struct view_pending *pending = &v->pendings[i];
		struct move *m = move_row(p, MOVE_PENDING, &p->ledger->pendings, &pending->row,
					  &p->pendings_planned, pending->before, pending->now);

		if (m == NULL)
			continue;
		m->serial = pending->serial;
		m->matures_day = pending->matures_day;
		m->life_days = pending->life_days;
		m->usable_at = pending->usable_at;
		/* Pending points that become regular ones are whose the member's queue says. */
		m->partner = (m->flags & MOVE_NEW) != 0 || pending->life_days > 0 ?
				     pending->issuer : 0;
		m->campaign = pending->campaign;
		if (m->row == TABLE_NONE)
			return false;
	}
	COMPACT(v->pendings, v->pending_count);
	return true;
}

static bool
move_debts(struct plan *p)
{
	struct view *v = &p->view;

	for (uint32_t i = 0; i < v->debt_count; i++) {
		struct view_debt *debt = &v->debts[i];
		struct move *m = move_row(p, MOVE_DEBT, &p->ledger->debts, &debt->row,
					  &p->debts_planned, debt->before, debt->now);

		if (m == NULL)
			continue;
		m->points = -m->points;
		m->partner = debt->partner;
		m->matures_day = debt->since_day;
		if (m->row == TABLE_NONE)
			return false;
	}
	COMPACT(v->debts, v->debt_count);
	return true;
}

static void
add_after(struct plan *p, struct record *r)
{
	struct view *v = &p->view;

	r->sections |= RECORD_HAS_BIT(AFTER);
	r->available_points = view_available(v, p->now->day);
	r->regular_points = v->regular;
	r->next_expiry_day = view_next_expiry(v, p->now->day, &r->next_expiry_points);
	r->pending_points = view_pending_points(v);
	r->held_points = v->held;
	r->debt_after_points = view_debt_points(v);
	if (r->pending_points != 0 || r->held_points != 0 || r->debt_after_points != 0)
		r->sections |= RECORD_HAS_BIT(AFTER_OTHER);
	/* Who asked is told of both. */
	if ((v->flags & MEMBER_MERGED) != 0 &&
	    (RECORD_HAS(r, TRANSACTION) || RECORD_HAS(r, OPERATOR))) {
		r->sections |= RECORD_HAS_BIT(SHARED);
		r->shared = plan_shared(p);
	}
}

/* Would every account stay within its bounds after all records so far? */
static bool
accounts_hold(const struct plan *p)
{
	const struct record *r = p->record;

	for (uint32_t i = 0; i < r->posting_count; i++) {
		const struct posting *a = &r->postings[i];
		int64_t balance = ledger_account_points(p->ledger, (enum account)a->account,
							(enum unit)a->unit, a->partner);

		for (const struct record *at = p->decision->records; at <= r; at++) {
			for (uint32_t j = 0; j < at->posting_count; j++) {
				const struct posting *b = &at->postings[j];

				if (b->account == a->account && b->partner == a->partner)
					balance += b->points;
			}
		}
		if (!points_is_balance(balance))
			return false;
	}
	return true;
}

enum tg_status
plan_finish(struct plan *p)
{
	struct view *v = &p->view;
	struct record *r = p->record;

	plan_cover_issued(p);
	TG_ASSERT(record_posting_sum(r, UNIT_POINTS) == 0);
	if (v->member_row != TABLE_NONE) {
		if (v->regular != v->regular_before)
			plan_move(p, MOVE_REGULAR)->points = v->regular - v->regular_before;
		v->regular_before = v->regular;
		if (v->regular_last_day != v->regular_last_day_before) {
			r->sections |= RECORD_HAS_BIT(REGULAR_DAY);
			r->regular_last_day = v->regular_last_day;
			v->regular_last_day_before = v->regular_last_day;
		}
		if (v->regular_life != v->regular_life_before) {
			r->sections |= RECORD_HAS_BIT(LIFE);
			r->regular_life = v->regular_life;
			v->regular_life_before = v->regular_life;
		}
		if (!move_lots(p) || !move_pendings(p) || !move_debts(p))
			return TG_LOTS_FULL;
		add_after(p, r);
	}
	if (!accounts_hold(p))
		return TG_LIMIT_BALANCE;
	p->decision->record_count++;
	p->record = NULL;
	return TG_OK;
}

struct view_place
plan_place(const struct plan *p)
{
	return (struct view_place){
		.partner = p->partner != NULL ? p->partner->number : 0,
		.store = p->store,
		.skip_limited = p->request->skip_limited,
		.is_anywhere = p->partner == NULL,
	};
}

int64_t
plan_pay_debt(struct plan *p, int64_t points)
{
	struct view *v = &p->view;
	int64_t left = points;

	for (uint32_t i = 0; i < v->debt_count && left > 0; i++) {
		int64_t paid = points_min(left, v->debts[i].now);

		v->debts[i].now -= paid;
		left -= paid;
		plan_post(p, ACCOUNT_DEBT, v->debts[i].partner, paid);
	}
	return points - left;
}

enum tg_status
plan_keep_portion(struct plan *p, const struct view_lot *lot, int64_t points, uint8_t flags)
{
	struct move *m = plan_move(p, MOVE_PORTION);

	m->flags = (uint8_t)(MOVE_NEW | flags);
	if (plan_has_room(p, &p->ledger->portions, p->portions_planned))
		m->row = table_free_peek(&p->ledger->portions, p->portions_planned++);
	m->points = points;
	m->serial = lot->serial;
	m->last_day = lot->last_day;
	m->usable_at = lot->usable_at;
	m->partner = lot->issuer;
	m->lot_flags = lot->lot_flags;
	m->campaign = lot->campaign;
	return m->row == TABLE_NONE ? TG_TABLE_FULL : TG_OK;
}

enum tg_status
plan_take(struct plan *p, int64_t points, uint8_t portion_flags)
{
	struct view *v = &p->view;
	struct view_place place = plan_place(p);
	uint32_t order[MEMBER_LOTS_MAX];
	uint32_t count = view_burn_order(v, &place, p->judged_day, order);
	int64_t left = points;

	for (uint32_t i = 0; i < count && left > 0; i++) {
		struct lot_share shares[SPONSORS_MAX];
		uint32_t share_count = sponsors_share_lots(v, order[i], left, shares);

		for (uint32_t k = 0; k < share_count; k++) {
			struct view_lot *lot = &v->lots[shares[k].lot];

			if (shares[k].points == 0)
				continue;
			if (plan_keep_portion(p, lot, shares[k].points, portion_flags) != TG_OK)
				return TG_TABLE_FULL;
			lot->now -= shares[k].points;
			left -= shares[k].points;
		}
	}
	TG_ASSERT(left <= v->regular);
	v->regular -= left;
	if (left > 0 && p->programme->expiry_shape == EXPIRY_VINTAGE) {
		/* They may be given back when another vintage is under way. */
		const struct view_lot lot = vintage_lot(p);

		return plan_keep_portion(p, &lot, left, portion_flags);
	}
	return TG_OK;
}

int64_t
plan_drain_lot(struct plan *p, uint32_t at, int64_t left)
{
	struct lot_share shares[SPONSORS_MAX];
	uint32_t count = sponsors_share_lots(&p->view, at, left, shares);
	int64_t taken = 0;

	for (uint32_t i = 0; i < count; i++) {
		p->view.lots[shares[i].lot].now -= shares[i].points;
		taken += shares[i].points;
	}
	return taken;
}
