/*
 * provenance.c - the members' queues, found by a hash table that grows.
 */
#include "storage/provenance.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ledger/calendar.h"
#include "ledger/record.h"
#include "ledger/request.h"
#include "protocol/assert.h"

#define SLOTS_FIRST 1024
#define SPENT_KEPT 64

/* Runs from first to count: the front is given up as it is spent, and gets room again. */
struct runs {
	struct provenance_run *runs;	/* owned */
	uint32_t first;
	uint32_t count;			/* first <= count <= capacity */
	uint32_t capacity;
};

struct queue {
	uint64_t member;		/* 0: the slot is free */
	struct runs held;
	struct runs spent;
	struct runs limited;		/* one for each issuer and month, as they came */
};

struct provenance {
	struct queue *slots;		/* owned; a power of two of them, at most half in use */
	uint32_t slot_count;
	uint32_t used;
};

/* Whose limited points a record moved, each issuer once. */
struct limited_change {
	uint32_t issuer;
	int64_t	 points;		/* signed: what is still to be placed */
};

/* One record at work. */
struct change {
	struct queue *queue;
	uint32_t month;			/* of what it issues */
	provenance_owe_fn *owe;
	void	*context;
	const struct provenance_leg *legs; /* borrowed */
	uint32_t leg_count;
	int64_t	 needs[PROVENANCE_LEGS_MAX]; /* of each leg: points that still must leave for it */
	int64_t	 queued_points;		/* of all needs, what leaves the queue */
	uint32_t limited_count;
	struct limited_change limited[PROVENANCE_LEGS_MAX];
};

struct provenance *
provenance_new(void)
{
	struct provenance *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->slot_count = SLOTS_FIRST;
	p->slots = calloc(p->slot_count, sizeof *p->slots);
	if (p->slots != NULL)
		return p;
	free(p);
	return NULL;
}

void
provenance_free(struct provenance *p)
{
	if (p == NULL)
		return;
	for (uint32_t i = 0; i < p->slot_count; i++) {
		free(p->slots[i].held.runs);
		free(p->slots[i].spent.runs);
		free(p->slots[i].limited.runs);
	}
	free(p->slots);
	free(p);
}

uint32_t
provenance_month(int32_t business_date)
{
	struct civil_date date;

	if (business_date == DAY_NONE)
		return PROVENANCE_MONTH_NONE;
	date = calendar_date(business_date);
	return (uint32_t)date.year * 100 + (uint32_t)date.month;
}

static struct queue *
find_slot(struct queue *slots, uint32_t slot_count, uint64_t member)
{
	uint32_t at = (uint32_t)XXH3_64bits(&member, sizeof member) & (slot_count - 1);

	while (slots[at].member != 0 && slots[at].member != member)
		at = (at + 1) & (slot_count - 1);
	return &slots[at];
}

static enum tg_status
grow_slots(struct provenance *p)
{
	const uint32_t wider = p->slot_count * 2;
	struct queue *slots = calloc(wider, sizeof *slots);

	if (slots == NULL)
		return TG_NO_MEMORY;
	for (uint32_t i = 0; i < p->slot_count; i++) {
		if (p->slots[i].member != 0)
			*find_slot(slots, wider, p->slots[i].member) = p->slots[i];
	}
	free(p->slots);
	p->slots = slots;
	p->slot_count = wider;
	return TG_OK;
}

/* The member's queue, made at first use.  NULL: out of memory. */
static struct queue *
queue_of(struct provenance *p, uint64_t member)
{
	struct queue *queue;

	if (p->used * 2 >= p->slot_count && grow_slots(p) != TG_OK)
		return NULL;
	queue = find_slot(p->slots, p->slot_count, member);
	if (queue->member == 0) {
		queue->member = member;
		p->used++;
	}
	return queue;
}

/* Room for one more run at the end; at the front, too, where wants_front. */
static enum tg_status
make_room(struct runs *r, bool wants_front)
{
	const uint32_t used = r->count - r->first;
	const uint32_t capacity = used * 2 + 4;
	struct provenance_run *runs;

	if (r->count < r->capacity && (!wants_front || r->first > 0))
		return TG_OK;
	runs = malloc(capacity * sizeof *runs);
	if (runs == NULL)
		return TG_NO_MEMORY;
	if (used > 0)
		memcpy(runs + 2, r->runs + r->first, used * sizeof *runs);
	free(r->runs);
	*r = (struct runs){ .runs = runs, .first = 2, .count = used + 2, .capacity = capacity };
	return TG_OK;
}

static bool
is_same_pair(const struct provenance_run *a, const struct provenance_run *b)
{
	return a->issuer == b->issuer && a->redeemer == b->redeemer;
}

static bool
is_same(const struct provenance_run *a, const struct provenance_run *b)
{
	return is_same_pair(a, b) && a->month == b->month;
}

static enum tg_status
push_back(struct runs *r, const struct provenance_run *more)
{
	if (r->count > r->first && is_same(&r->runs[r->count - 1], more)) {
		r->runs[r->count - 1].points += more->points;
		return TG_OK;
	}
	if (make_room(r, false) != TG_OK)
		return TG_NO_MEMORY;
	r->runs[r->count++] = *more;
	return TG_OK;
}

static enum tg_status
push_front(struct runs *r, const struct provenance_run *more)
{
	if (r->count > r->first && is_same(&r->runs[r->first], more)) {
		r->runs[r->first].points += more->points;
		return TG_OK;
	}
	if (make_room(r, true) != TG_OK)
		return TG_NO_MEMORY;
	r->runs[--r->first] = *more;
	return TG_OK;
}

static void
cut_out(struct runs *r, uint32_t at)
{
	memmove(r->runs + at, r->runs + at + 1, (r->count - at - 1) * sizeof *r->runs);
	r->count--;
}

/*
 * Take a run out of the middle.  Like ones that meet become one: so queues that were kept and put
 * together again are those that never were.
 */
static void
drop(struct runs *r, uint32_t at)
{
	cut_out(r, at);
	if (at == r->first || at == r->count ||
	    !is_same(&r->runs[at - 1], &r->runs[at]))
		return;
	r->runs[at - 1].points += r->runs[at].points;
	cut_out(r, at);
}

/*
 * What was spent, behind the others.  Of those older than the last SPENT_KEPT runs one is left for
 * each issuer and redeemer, of the oldest one's month: so a queue does not grow for ever.
 */
static enum tg_status
push_spent(struct runs *spent, const struct provenance_run *run)
{
	enum tg_status status = push_back(spent, run);
	uint32_t at;

	if (status != TG_OK || spent->count - spent->first <= SPENT_KEPT)
		return status;
	/* Only this one has become old now; no two of those before it are alike. */
	at = spent->count - SPENT_KEPT - 1;
	for (uint32_t i = spent->first; i < at; i++) {
		if (is_same_pair(&spent->runs[i], &spent->runs[at])) {
			spent->runs[i].points += spent->runs[at].points;
			drop(spent, at);
			return TG_OK;
		}
	}
	return TG_OK;
}

static enum tg_status
owe(const struct change *c, uint32_t issuer, uint32_t redeemer, uint32_t month, int64_t points)
{
	/* Nobody owes itself, and what expired is owed to nobody; but it is told, for the lines. */
	return c->owe(c->context, issuer, redeemer, month, points);
}

/* Some of a run leave for a redeemer. */
static enum tg_status
leave(const struct change *c, struct runs *from, uint32_t at, uint32_t redeemer, int64_t points)
{
	struct provenance_run *run = &from->runs[at];
	const struct provenance_run part = { run->issuer, redeemer, run->month, points };
	enum tg_status status = push_spent(&c->queue->spent, &part);

	if (status == TG_OK)
		status = owe(c, run->issuer, redeemer, run->month, points);
	run->points -= points;
	return status;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The issuer's oldest limited points; limited.count: it has none. */
static uint32_t
find_limited(const struct change *c, uint32_t issuer)
{
	const struct runs *limited = &c->queue->limited;
	uint32_t found = limited->count;

	for (uint32_t at = limited->first; at < limited->count; at++) {
		if (limited->runs[at].issuer == issuer &&
		    (found == limited->count ||
		     limited->runs[at].month < limited->runs[found].month))
			found = at;
	}
	return found;
}

static enum tg_status
add_limited(const struct change *c, const struct provenance_run *more)
{
	struct runs *limited = &c->queue->limited;

	if (more->points == 0)
		return TG_OK;
	for (uint32_t at = limited->first; at < limited->count; at++) {
		if (is_same(&limited->runs[at], more)) {
			limited->runs[at].points += more->points;
			return TG_OK;
		}
	}
	return push_back(limited, more);
}

/*
 * Up to points of an issuer's limited ones leave for a redeemer; *ret_left: what it has not.
 * is_back: they go back to the issuer, and nobody owes anything.
 */
static enum tg_status
spend_limited(const struct change *c, uint32_t issuer, uint32_t redeemer, bool is_back,
	      int64_t points, int64_t *ret_left)
{
	struct runs *limited = &c->queue->limited;
	enum tg_status status = TG_OK;

	while (status == TG_OK && points > 0) {
		const uint32_t at = find_limited(c, issuer);
		int64_t part;

		if (at == limited->count)
			break;
		part = least(points, limited->runs[at].points);
		points -= part;
		if (is_back)
			limited->runs[at].points -= part;
		else
			status = leave(c, limited, at, redeemer, part);
		if (limited->runs[at].points == 0)
			cut_out(limited, at);
	}
	*ret_left = points;
	return status;
}

/* Points leave at the front of the queue, for a redeemer. */
static enum tg_status
spend(const struct change *c, uint32_t redeemer, int64_t points)
{
	struct runs *held = &c->queue->held;
	struct runs *limited = &c->queue->limited;
	enum tg_status status = TG_OK;

	while (status == TG_OK && points > 0 && held->first < held->count) {
		const int64_t part = least(held->runs[held->first].points, points);

		status = leave(c, held, held->first, redeemer, part);
		points -= part;
		held->first += held->runs[held->first].points == 0 ? 1 : 0;
	}
	/* Only where limited points came before anybody told whose: what there is must do. */
	while (status == TG_OK && points > 0) {
		if (limited->first == limited->count)
			return TG_CORRUPT;
		status = spend_limited(c, limited->runs[limited->first].issuer, redeemer, false,
				       points, &points);
	}
	return status;
}

/* Points come back from a redeemer, last taken first: an issuer's, or anybody's to the queue. */
static enum tg_status
restore(const struct change *c, uint32_t redeemer, const uint32_t *issuer, int64_t points,
	int64_t *ret_left)
{
	struct runs *spent = &c->queue->spent;
	enum tg_status status = TG_OK;

	for (uint32_t at = spent->count; status == TG_OK && points > 0 && at > spent->first; at--) {
		struct provenance_run *run = &spent->runs[at - 1];
		const struct provenance_run part = { run->issuer, 0, run->month,
						     least(run->points, points) };

		if (run->redeemer != redeemer || (issuer != NULL && run->issuer != *issuer))
			continue;
		status = issuer != NULL ? add_limited(c, &part) :
					  push_front(&c->queue->held, &part);
		if (status == TG_OK)
			status = owe(c, part.issuer, redeemer, part.month, -part.points);
		run->points -= part.points;
		points -= part.points;
		if (run->points == 0)
			drop(spent, at - 1);
	}
	*ret_left = points;
	return status;
}

/* What a redeemer gives back: to limited points as the moves say, the rest to the queue. */
static enum tg_status
give_back(struct change *c, uint32_t redeemer, int64_t points)
{
	enum tg_status status = TG_OK;
	int64_t left = points;

	for (uint32_t i = 0; status == TG_OK && i < c->limited_count && left > 0; i++) {
		struct limited_change *l = &c->limited[i];
		const int64_t part = least(l->points, left);
		int64_t not_found;

		if (part <= 0)
			continue;
		status = restore(c, redeemer, &l->issuer, part, &not_found);
		l->points -= part - not_found;
		left -= part - not_found;
	}
	if (status == TG_OK)
		status = restore(c, redeemer, NULL, left, &left);
	return status == TG_OK && left > 0 ? TG_CORRUPT : status;
}

/* New points: limited ones as the moves say, the rest at the queue's end. */
static enum tg_status
issue(struct change *c, uint32_t issuer, int64_t points)
{
	struct provenance_run run = { issuer, 0, c->month, 0 };

	for (uint32_t i = 0; i < c->limited_count; i++) {
		struct limited_change *l = &c->limited[i];

		run.points = l->issuer == issuer ? least(l->points, points) : 0;
		if (run.points <= 0)
			continue;
		if (add_limited(c, &run) != TG_OK)
			return TG_NO_MEMORY;
		l->points -= run.points;
		points -= run.points;
	}
	run.points = points;
	return points == 0 ? TG_OK : push_back(&c->queue->held, &run);
}

/* An issuer takes its points back, its youngest first; then others', which are owed to redeemer. */
static enum tg_status
take_back(const struct change *c, uint32_t issuer, uint32_t redeemer, int64_t points)
{
	struct runs *held = &c->queue->held;

	for (uint32_t at = held->count; at > held->first && points > 0; at--) {
		struct provenance_run *run = &held->runs[at - 1];
		int64_t part;

		if (run->issuer != issuer)
			continue;
		part = least(run->points, points);
		run->points -= part;
		points -= part;
		if (run->points == 0)
			drop(held, at - 1);
	}
	return spend(c, redeemer, points);
}

/* For whom points leave by a leg; false: none do. */
static bool
is_sink(const struct provenance_leg *leg, uint32_t *ret_redeemer)
{
	*ret_redeemer = leg->partner;
	if (leg->points <= 0)
		return false;
	switch (leg->account) {
	case ACCOUNT_ISSUED:
		/* The operator has paid for what the block has again. */
		*ret_redeemer = leg->is_prepaid ? PROVENANCE_OPERATOR : leg->partner;
		return true;
	case ACCOUNT_DEBT:
	case ACCOUNT_REDEEMED:
	case ACCOUNT_ADJUSTMENTS: /* of PROVENANCE_OPERATOR, or of the partner for which it is */
		return true;
	case ACCOUNT_BREAKAGE:
		*ret_redeemer = PROVENANCE_EXPIRED;
		return true;
	default:
		return false;
	}
}

/*
 * What has to leave for each leg, and how much of it out of the queue.  What became debt was spent
 * before: nothing leaves for it now, but who has the debt owes the issuer, which paid for it.  Debt
 * that is given up is paid by no points.
 */
static enum tg_status
measure(struct change *c)
{
	int64_t new_debt = 0;
	uint32_t debtor = PROVENANCE_OPERATOR;
	bool is_write_off = false;
	enum tg_status status = TG_OK;

	for (uint32_t i = 0; i < c->leg_count; i++) {
		const struct provenance_leg *leg = &c->legs[i];

		is_write_off |= leg->account == ACCOUNT_WRITTEN_OFF;
		if (leg->account == ACCOUNT_DEBT && leg->points < 0) {
			new_debt -= leg->points;
			debtor = leg->partner;
		}
	}
	for (uint32_t i = 0; status == TG_OK && i < c->leg_count; i++) {
		const struct provenance_leg *leg = &c->legs[i];
		uint32_t redeemer;
		int64_t kept = 0;

		c->needs[i] = 0;
		if (!is_sink(leg, &redeemer) || (leg->account == ACCOUNT_DEBT && is_write_off))
			continue;
		if (leg->account == ACCOUNT_ISSUED) {
			kept = least(leg->points, new_debt);
			new_debt -= kept;
			if (kept > 0 && debtor != leg->partner)
				status = owe(c, debtor, leg->partner, c->month, kept);
		}
		c->needs[i] = leg->points - kept;
		c->queued_points += c->needs[i];
	}
	for (uint32_t i = 0; i < c->limited_count; i++)
		c->queued_points += c->limited[i].points < 0 ? c->limited[i].points : 0;
	return status;
}

/* An issuer that takes back takes its own limited points that left, before all others. */
static enum tg_status
take_own(struct change *c)
{
	enum tg_status status = TG_OK;

	for (uint32_t i = 0; status == TG_OK && i < c->leg_count; i++) {
		const uint32_t issuer = c->legs[i].partner;

		for (uint32_t k = 0; c->legs[i].account == ACCOUNT_ISSUED && k < c->limited_count;
		     k++) {
			const int64_t part = least(c->needs[i], -c->limited[k].points);
			int64_t left;

			if (c->limited[k].issuer != issuer || part <= 0)
				continue;
			status = spend_limited(c, issuer, issuer, true, part, &left);
			c->limited[k].points += part;
			c->needs[i] -= part - left;
			c->queued_points += left;
		}
	}
	return status;
}

/* What a leg needs: out of the queue while its part lasts, then the limited points that left. */
static enum tg_status
fill_need(struct change *c, uint32_t nth)
{
	const struct provenance_leg *leg = &c->legs[nth];
	const int64_t queued = c->queued_points > 0 ? least(c->needs[nth], c->queued_points) : 0;
	int64_t rest = c->needs[nth] - queued;
	uint32_t redeemer;
	enum tg_status status;

	if (c->needs[nth] == 0 || !is_sink(leg, &redeemer))
		return TG_OK;
	c->queued_points -= queued;
	status = leg->account == ACCOUNT_ISSUED ? take_back(c, leg->partner, redeemer, queued) :
						  spend(c, redeemer, queued);
	for (uint32_t i = 0; status == TG_OK && i < c->limited_count && rest > 0; i++) {
		const int64_t part = least(rest, -c->limited[i].points);
		int64_t left;

		if (part <= 0)
			continue;
		status = spend_limited(c, c->limited[i].issuer, redeemer, false, part, &left);
		c->limited[i].points += part;
		rest -= part - left;
	}
	return status == TG_OK ? spend(c, redeemer, rest) : status;
}

/* Whose limited points moved, on balance. */
static void
sum_limited(struct change *c)
{
	for (uint32_t i = 0; i < c->leg_count; i++) {
		uint32_t at = 0;

		if (c->legs[i].account != PROVENANCE_LIMITED_LEG)
			continue;
		while (at < c->limited_count && c->limited[at].issuer != c->legs[i].partner)
			at++;
		if (at == c->limited_count)
			c->limited[c->limited_count++] =
				(struct limited_change){ c->legs[i].partner, 0 };
		c->limited[at].points += c->legs[i].points;
	}
}

/* Steps go by what must be there for the next: what comes, then what leaves. */
static enum tg_status
run(struct change *c)
{
	static const uint8_t order[] = { ACCOUNT_ISSUED, ACCOUNT_DEBT, ACCOUNT_REDEEMED,
					 ACCOUNT_BREAKAGE, ACCOUNT_ADJUSTMENTS };
	enum tg_status status = TG_OK;

	for (uint32_t i = 0; status == TG_OK && i < c->leg_count; i++) {
		if (c->legs[i].account == ACCOUNT_REDEEMED && c->legs[i].points < 0)
			status = give_back(c, c->legs[i].partner, -c->legs[i].points);
	}
	for (uint32_t i = 0; status == TG_OK && i < c->leg_count; i++) {
		if ((c->legs[i].account == ACCOUNT_ISSUED ||
		     c->legs[i].account == ACCOUNT_ADJUSTMENTS) &&
		    c->legs[i].points < 0)
			status = issue(c, c->legs[i].partner, -c->legs[i].points);
	}
	if (status == TG_OK)
		status = measure(c);
	if (status == TG_OK)
		status = take_own(c);
	for (size_t step = 0; step < sizeof order; step++) {
		for (uint32_t i = 0; status == TG_OK && i < c->leg_count; i++) {
			if (c->legs[i].account == order[step])
				status = fill_need(c, i);
		}
	}
	return status;
}

enum tg_status
provenance_apply(struct provenance *p, uint64_t member, uint32_t month,
		 const struct provenance_leg *legs, uint32_t count, provenance_owe_fn *owe_fn,
		 void *context)
{
	struct change c;

	TG_ASSERT(member != 0 && count <= PROVENANCE_LEGS_MAX);
	c.queue = queue_of(p, member);
	c.month = month;
	c.owe = owe_fn;
	c.context = context;
	c.legs = legs;
	c.leg_count = count;
	c.queued_points = 0;
	c.limited_count = 0;
	if (c.queue == NULL)
		return TG_NO_MEMORY;
	sum_limited(&c);
	return run(&c);
}

static struct runs *
runs_at(struct queue *queue, enum provenance_place place)
{
	switch (place) {
	case PROVENANCE_HELD:
		return &queue->held;
	case PROVENANCE_SPENT:
		return &queue->spent;
	case PROVENANCE_LIMITED:
		break;
	}
	return &queue->limited;
}

enum tg_status
provenance_put(struct provenance *p, uint64_t member, enum provenance_place place,
	       const struct provenance_run *run)
{
	struct queue *queue = queue_of(p, member);

	if (queue == NULL)
		return TG_NO_MEMORY;
	return place == PROVENANCE_SPENT ? push_spent(&queue->spent, run) :
					   push_back(runs_at(queue, place), run);
}

static enum tg_status
each_run(const struct runs *r, enum provenance_place place, provenance_run_fn *each, void *context)
{
	enum tg_status status = TG_OK;

	for (uint32_t i = r->first; status == TG_OK && i < r->count; i++)
		status = each(context, place, &r->runs[i]);
	return status;
}

enum tg_status
provenance_each(const struct provenance *p, uint64_t member, provenance_run_fn *each,
		void *context)
{
	const struct queue *queue = find_slot(p->slots, p->slot_count, member);
	enum tg_status status;

	status = each_run(&queue->held, PROVENANCE_HELD, each, context);
	if (status == TG_OK)
		status = each_run(&queue->limited, PROVENANCE_LIMITED, each, context);
	return status == TG_OK ? each_run(&queue->spent, PROVENANCE_SPENT, each, context) : status;
}
