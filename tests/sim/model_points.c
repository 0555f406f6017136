/*
 * model_points.c - regular points, lots, pending points, debts, and what falls due.
 */
#include <inttypes.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/message.h"
#include "protocol/status.h"
#include "tests/sim/model_private.h"

#define DAY_MS INT64_C(86400000)

int32_t
model_day(int64_t utc_ms)
{
	return (int32_t)(utc_ms / DAY_MS);
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month] + (month == 1 && is_leap(year) ? 1 : 0);
}

/* Walked month by month: plain, and slow enough for a model. */
int32_t
model_last_day(const struct model *m, int32_t day)
{
	int year = 1970, month = 0;
	int32_t first = 0;
	int32_t of_month;

	if (m->programme.is_endless)
		return MODEL_NEVER;
	while (first + days_of_month(year, month) <= day) {
		first += days_of_month(year, month);
		year += month == 11;
		month = (month + 1) % 12;
	}
	of_month = day - first;
	for (int i = 0; i < m->programme.months; i++) {
		first += days_of_month(year, month);
		year += month == 11;
		month = (month + 1) % 12;
	}
	/* 31 January and a month: the month's last day, whichever way it is counted. */
	if (of_month >= days_of_month(year, month))
		return first + days_of_month(year, month) - 1;
	return first + of_month - (m->programme.on_anniversary ? 0 : 1);
}

void
model_renew(struct model *m, int32_t day)
{
	struct member *who = m->member;
	int32_t last_day = model_last_day(m, day);

	if (who->regular_last_day != 0 && who->regular_last_day < day)
		who->regular_life++;
	if (last_day > who->regular_last_day)
		who->regular_last_day = last_day;
}

int64_t
model_available(const struct member *who, int32_t day)
{
	int64_t sum = who->regular_last_day >= day ? who->regular : 0;

	for (int i = 0; i < who->lot_count; i++)
		sum += who->lots[i].last_day >= day ? who->lots[i].points : 0;
	return sum;
}

/* Can a lot be spent where the event is? */
static bool
is_usable(const struct model *m, const struct lot *lot, int32_t day)
{
	const struct model_event *e = m->event;

	/* Regular points that came back with a day of their own are regular all the same. */
	if (lot->last_day < day || (e->skip_limited && lot->part != 3))
		return false;
	if (lot->usable_at == 0 || m->partner == NULL)
		return true;
	return lot->usable_at == (lot->is_at_store ? e->store : e->partner);
}

int64_t
model_usable(const struct model *m, int32_t day)
{
	const struct member *who = m->member;
	int64_t sum = who->regular_last_day >= day ? who->regular : 0;

	for (int i = 0; i < who->lot_count; i++)
		sum += is_usable(m, &who->lots[i], day) ? who->lots[i].points : 0;
	return sum;
}

int64_t
model_pending(const struct member *who)
{
	int64_t sum = 0;

	for (int i = 0; i < who->pending_count; i++)
		sum += who->pendings[i].points;
	return sum;
}

int64_t
model_debt(const struct member *who)
{
	int64_t sum = 0;

	for (int i = 0; i < who->debt_count; i++)
		sum += who->debts[i].points;
	return sum;
}

int32_t
model_next_expiry(const struct member *who, int32_t day, int64_t *ret_points)
{
	int32_t next = MODEL_NEVER;

	*ret_points = 0;
	if (who->regular > 0 && who->regular_last_day >= day)
		next = who->regular_last_day;
	for (int i = 0; i < who->lot_count; i++) {
		if (who->lots[i].last_day >= day && who->lots[i].last_day < next)
			next = who->lots[i].last_day;
	}
	if (next != MODEL_NEVER && who->regular_last_day == next)
		*ret_points += who->regular;
	for (int i = 0; i < who->lot_count; i++)
		*ret_points += who->lots[i].last_day == next ? who->lots[i].points : 0;
	return next;
}

int64_t
model_pay_debt(struct model *m, int64_t points)
{
	struct member *who = m->member;
	int64_t left = points;

	while (left > 0 && who->debt_count > 0) {
		int64_t paid = model_least(left, who->debts[0].points);

		who->debts[0].points -= paid;
		left -= paid;
		if (who->debts[0].points == 0) {
			who->debt_count--;
			memmove(&who->debts[0], &who->debts[1],
				(size_t)who->debt_count * sizeof(who->debts[0]));
		}
	}
	return points - left;
}

void
model_give_lot(struct model *m, const struct lot *like, int64_t points)
{
	struct member *who = m->member;

	if (points == 0)
		return;
	for (int i = 0; i < who->lot_count; i++) {
		struct lot *lot = &who->lots[i];

		if (lot->origin == like->origin && lot->part == like->part &&
		    lot->last_day == like->last_day) {
			lot->points += points;
			return;
		}
	}
	TG_ASSERT(who->lot_count < MODEL_LOTS);
	who->lots[who->lot_count] = *like;
	who->lots[who->lot_count++].points = points;
}

static void
drop_empty_lots(struct member *who)
{
	int kept = 0;

	for (int i = 0; i < who->lot_count; i++) {
		if (who->lots[i].points != 0)
			who->lots[kept++] = who->lots[i];
	}
	who->lot_count = kept;
}

/* Is a spent before b?  By last day, then the one bound to this place, then the older one. */
static bool
comes_before(const struct lot *a, const struct lot *b)
{
	if (a->last_day != b->last_day)
		return a->last_day < b->last_day;
	if ((a->usable_at == 0) != (b->usable_at == 0))
		return a->usable_at != 0;
	if (a->origin != b->origin)
		return a->origin < b->origin;
	return a->part < b->part;
}

void
model_take_points(struct model *m, int64_t points, int32_t day, struct deal *deal)
{
	struct member *who = m->member;
	int64_t left = points;

	while (left > 0) {
		struct lot *first = NULL;
		int64_t taken;

		for (int i = 0; i < who->lot_count; i++) {
			struct lot *lot = &who->lots[i];

			if (is_usable(m, lot, day) && lot->points > 0 &&
			    (first == NULL || comes_before(lot, first)))
				first = lot;
		}
		if (first == NULL)
			break;
		taken = model_least(left, first->points);
		first->points -= taken;
		left -= taken;
		if (deal != NULL) {
			deal->portions[deal->portion_count] = *first;
			deal->portions[deal->portion_count++].points = taken;
		}
	}
	drop_empty_lots(who);
	who->regular -= left;
	if (deal != NULL)
		deal->regular = left;
}

int64_t
model_take_unbound(struct model *m, int64_t points, int32_t day)
{
	struct member *who = m->member;
	int64_t left = points;

	while (left > 0) {
		struct lot *first = NULL;
		int64_t taken;

		for (int i = 0; i < who->lot_count; i++) {
			struct lot *lot = &who->lots[i];

			if (lot->usable_at == 0 && lot->last_day >= day && lot->points > 0 &&
			    (first == NULL || comes_before(lot, first)))
				first = lot;
		}
		if (first == NULL)
			break;
		taken = model_least(left, first->points);
		first->points -= taken;
		left -= taken;
	}
	drop_empty_lots(who);
	return points - left;
}

void
model_note_expired(struct model *m, uint64_t origin, int64_t points)
{
	for (int i = 0; i < m->deal_count; i++) {
		if (m->deals[i].sequence == origin)
			m->deals[i].expired += points;
	}
}

/*
 * The last day of points that become breakage by themselves: no late request, from a zone a day
 * off, can reach them any more.
 */
static int32_t
sweep_day(const struct model *m)
{
	int64_t window_days = (m->programme.window_ms + DAY_MS - 1) / DAY_MS + 1;

	return m->event->day - 1 - (int32_t)window_days;
}

bool
model_expire(struct model *m)
{
	struct member *who = m->member;
	int64_t told = -m->event->outcome.moved_available;
	int64_t lots = 0;

	for (int i = 0; i < who->lot_count; i++)
		lots += who->lots[i].last_day <= sweep_day(m) ? who->lots[i].points : 0;
	if (told == lots + who->regular && who->regular > 0) {
		if (who->regular_last_day >= m->event->day)
			return model_object(m, "regular points expired that live to day %d",
					    who->regular_last_day);
		who->regular = 0;
	} else if (told != lots)
		return model_same(m, "what expires", told, lots);
	for (int i = 0; i < who->lot_count; i++) {
		struct lot *lot = &who->lots[i];

		if (lot->last_day > sweep_day(m))
			continue;
		model_note_expired(m, lot->origin, lot->points);
		lot->points = 0;
	}
	drop_empty_lots(who);
	return true;
}

/* Pending points become available on day. */
static void
mature_one(struct model *m, int index, int32_t day)
{
	struct member *who = m->member;
	struct pending pending = who->pendings[index];
	int64_t paid = model_pay_debt(m, pending.points);
	const struct lot lot = {
		.origin = pending.origin,
		.part = pending.part,
		.last_day = day + pending.life_days,
		.usable_at = pending.usable_at,
		.is_at_store = pending.is_at_store,
	};

	who->pending_count--;
	memmove(&who->pendings[index], &who->pendings[index + 1],
		(size_t)(who->pending_count - index) * sizeof(who->pendings[0]));
	if (pending.points == paid)
		return;
	if (pending.life_days > 0) {
		model_give_lot(m, &lot, pending.points - paid);
		return;
	}
	model_renew(m, day);
	who->regular += pending.points - paid;
}

bool
model_mature(struct model *m)
{
	struct member *who = m->member;
	int64_t left = -m->event->outcome.moved_pending;

	while (left > 0) {
		int first = -1;

		for (int i = 0; i < who->pending_count; i++) {
			if (who->pendings[i].from_day <= m->event->day &&
			    (first < 0 ||
			     who->pendings[i].from_day <= who->pendings[first].from_day))
				first = i;
		}
		if (first < 0)
			return model_object(m, "%" PRId64 " points matured too soon", left);
		left -= who->pendings[first].points;
		mature_one(m, first, who->pendings[first].from_day);
	}
	return model_same(m, "what was left to mature", left, 0);
}

bool
model_confirm(struct model *m)
{
	const struct model_event *e = m->event;
	const struct deal *earn;
	struct member *who = m->member;
	int64_t points = 0;
	uint64_t sequence;

	(void)model_remember(m);
	earn = model_find_deal(m, e->original, false);
	if (earn == NULL)
		return model_object(m, "an earn was confirmed that never was");
	sequence = earn->sequence;
	m->reasons[TG_NOT_REVERSIBLE] = earn->kind != TG_OP_EARN || earn->status != TG_OK ||
					earn->is_tombstone || earn->state == DEAL_REVERSED;
	m->reasons[TG_OTHER_MEMBER] = earn->member != e->member;
	/* So it is called where it comes out of the database. */
	m->excuses[TG_ALREADY_REVERSED] = earn->state == DEAL_REVERSED;
	if (e->outcome.status != TG_OK)
		return true;
	for (int i = who->pending_count - 1; i >= 0; i--) {
		if (who->pendings[i].origin != sequence)
			continue;
		points += who->pendings[i].points;
		mature_one(m, i, m->judged_day);
	}
	return model_same(m, "points", e->outcome.points, points);
}
