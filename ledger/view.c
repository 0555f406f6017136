/*
 * view.c - a working copy of one member's points.
 */
#include "ledger/view.h"

static void
load_lots(struct view *v, uint32_t first)
{
	for (uint32_t at = first; at != TABLE_NONE; at = ledger_lot_row(v->ledger, at)->next) {
		const struct lot_row *row = ledger_lot_row(v->ledger, at);

		TG_ASSERT(v->lot_count < MEMBER_LOTS_MAX);
		v->lots[v->lot_count++] = (struct view_lot){
			.row = at,
			.usable_at = row->usable_at,
			.issuer = row->issuer,
			.last_day = row->last_day,
			.serial = row->serial,
			.before = row->points,
			.now = row->points,
			.lot_flags = LOT_FLAGS(row->origin),
			.campaign = LOT_CAMPAIGN(row->origin),
		};
	}
}

static void
load_pendings(struct view *v, uint32_t first)
{
	for (uint32_t at = first; at != TABLE_NONE; at = ledger_pending_row(v->ledger, at)->next) {
		const struct pending_row *row = ledger_pending_row(v->ledger, at);

		TG_ASSERT(v->pending_count < MEMBER_PENDINGS_MAX);
		v->pendings[v->pending_count++] = (struct view_pending){
			.row = at,
			.usable_at = row->usable_at,
			.issuer = row->issuer,
			.campaign = row->campaign,
			.matures_day = row->matures_day,
			.life_days = row->life_days,
			.serial = row->serial,
			.before = row->points,
			.now = row->points,
		};
	}
}

static void
load_debts(struct view *v, uint32_t first)
{
	for (uint32_t at = first; at != TABLE_NONE; at = ledger_debt_row(v->ledger, at)->next) {
		const struct debt_row *row = ledger_debt_row(v->ledger, at);

		TG_ASSERT(v->debt_count < MEMBER_DEBTS_MAX);
		v->debts[v->debt_count++] = (struct view_debt){
			.row = at,
			.partner = (uint32_t)row->key,
			.since_day = row->since_day,
			.before = row->points,
			.now = row->points,
		};
	}
}

void
view_load(struct view *v, const struct ledger *l, uint32_t member_row)
{
	const struct member_row *member = ledger_member_row(l, member_row);

	v->ledger = l;
	v->member_row = member_row;
	v->reference = member->key;
	v->flags = member->flags;
	v->regular = v->regular_before = member->regular_points;
	v->regular_last_day = v->regular_last_day_before = member->regular_last_day;
	v->regular_life = v->regular_life_before = member->regular_life;
	v->held = v->held_value = v->value_moved = 0;
	v->held_portions = 0;
	v->expired_count = 0;
	v->lot_count = v->pending_count = v->debt_count = v->hold_count = 0;
	load_lots(v, member->first_lot);
	load_pendings(v, member->first_pending);
	load_debts(v, member->first_debt);
	for (uint32_t at = member->first_hold; at != TABLE_NONE;
	     at = ledger_hold_row(l, at)->next) {
		const struct hold_row *hold = ledger_hold_row(l, at);

		v->held += hold->points;
		v->held_value += hold->amount;
		v->hold_count++;
		for (uint32_t row = hold->first_portion; row != TABLE_NONE;
		     row = ledger_portion_row(l, row)->next)
			v->held_portions++;
	}
}

/* Lots there are, and those that what is held or pending may yet become. */
static uint32_t
count_lots(const struct view *v)
{
	uint32_t count = v->lot_count + v->held_portions;

	for (uint32_t i = 0; i < v->pending_count; i++)
		count += v->pendings[i].life_days > 0 ? 1 : 0;
	return count;
}

bool
view_has_room_for_lot(const struct view *v)
{
	return count_lots(v) < MEMBER_LOTS_NEW;
}

int64_t
view_pending_points(const struct view *v)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < v->pending_count; i++)
		sum += v->pendings[i].now;
	return sum;
}

int64_t
view_debt_points(const struct view *v)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < v->debt_count; i++)
		sum += v->debts[i].now;
	return sum;
}

int64_t
view_available(const struct view *v, int32_t today)
{
	const struct view_place anywhere = { .is_anywhere = true };

	return view_usable(v, &anywhere, today);
}

bool
view_lot_is_usable(const struct view_lot *lot, const struct view_place *place, int32_t today)
{
	/* A lot without issuer holds regular points of an older vintage. */
	if (lot->now <= 0 || lot->last_day < today || (place->skip_limited && lot->issuer != 0))
		return false;
	if (lot->usable_at == USABLE_ANYWHERE || place->is_anywhere)
		return true;
	if ((lot->usable_at & USABLE_AT_STORE) != 0)
		return USABLE_NUMBER(lot->usable_at) == place->store;
	return lot->usable_at == place->partner;
}

int64_t
view_usable(const struct view *v, const struct view_place *place, int32_t today)
{
	int64_t sum = v->regular_last_day >= today ? v->regular : 0;

	for (uint32_t i = 0; i < v->lot_count; i++) {
		if (view_lot_is_usable(&v->lots[i], place, today))
			sum += v->lots[i].now;
	}
	return sum;
}

static bool
burns_before(const struct view_lot *a, const struct view_lot *b)
{
	bool a_is_free = a->usable_at == USABLE_ANYWHERE;
	bool b_is_free = b->usable_at == USABLE_ANYWHERE;

	if (a->last_day != b->last_day)
		return a->last_day < b->last_day;
	if (a_is_free != b_is_free)
		return b_is_free;
	return a->serial < b->serial;
}

uint32_t
view_burn_order(const struct view *v, const struct view_place *place, int32_t today,
		uint32_t *ret_order)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < v->lot_count; i++) {
		uint32_t at;

		if (!view_lot_is_usable(&v->lots[i], place, today))
			continue;
		for (at = count; at > 0; at--) {
			if (!burns_before(&v->lots[i], &v->lots[ret_order[at - 1]]))
				break;
			ret_order[at] = ret_order[at - 1];
		}
		ret_order[at] = i;
		count++;
	}
	return count;
}

/* Its index; lot_count when there is none of that serial and last day. */
static uint32_t
find_lot(const struct view *v, const struct view_lot *like)
{
	uint32_t at = 0;

	while (at < v->lot_count &&
	       (v->lots[at].serial != like->serial || v->lots[at].last_day != like->last_day))
		at++;
	return at;
}

bool
view_give_lot(struct view *v, const struct view_lot *like, int64_t points)
{
	uint32_t at = find_lot(v, like);
	struct view_lot *lot;

	if (at < v->lot_count) {
		v->lots[at].now += points;
		return true;
	}
	if (v->lot_count == MEMBER_LOTS_MAX)
		return false;
	lot = &v->lots[v->lot_count++];
	*lot = *like;
	lot->row = TABLE_NONE;
	lot->before = 0;
	lot->now = points;
	return true;
}

bool
view_restore_lot(struct view *v, const struct view_lot *like, int64_t points)
{
	if (find_lot(v, like) == v->lot_count && count_lots(v) >= MEMBER_LOTS_MAX)
		return false;
	return view_give_lot(v, like, points);
}

bool
view_give_pending(struct view *v, const struct view_pending *like, int64_t points)
{
	struct view_pending *pending;

	if (v->pending_count == MEMBER_PENDINGS_MAX)
		return false;
	pending = &v->pendings[v->pending_count++];
	*pending = *like;
	pending->row = TABLE_NONE;
	pending->before = 0;
	pending->now = points;
	return true;
}

bool
view_owe(struct view *v, uint32_t partner, int32_t since_day, int64_t points)
{
	for (uint32_t i = 0; i < v->debt_count; i++) {
		if (v->debts[i].partner == partner) {
			v->debts[i].now += points;
			return true;
		}
	}
	if (v->debt_count == MEMBER_DEBTS_MAX)
		return false;
	v->debts[v->debt_count++] = (struct view_debt){
		.row = TABLE_NONE,
		.partner = partner,
		.since_day = since_day,
		.now = points,
	};
	return true;
}

void
view_note_expired(struct view *v, uint64_t serial, int64_t points)
{
	for (uint32_t i = 0; i < v->expired_count; i++) {
		if (v->expired[i].serial == serial) {
			v->expired[i].points += points;
			return;
		}
	}
	TG_ASSERT(v->expired_count < MEMBER_LOTS_MAX);
	v->expired[v->expired_count++] = (struct view_expired){ serial, points };
}

int32_t
view_next_expiry(const struct view *v, int32_t today, int64_t *ret_points)
{
	int32_t day = INT32_MAX;
	int64_t points = 0;

	if (v->regular > 0 && v->regular_last_day >= today) {
		day = v->regular_last_day;
		points = v->regular;
	}
	for (uint32_t i = 0; i < v->lot_count; i++) {
		const struct view_lot *lot = &v->lots[i];

		if (lot->now <= 0 || lot->last_day < today || lot->last_day > day)
			continue;
		points = lot->last_day == day ? points + lot->now : lot->now;
		day = lot->last_day;
	}
	*ret_points = points;
	return day;
}
