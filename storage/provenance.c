/*
 * provenance.c - the members' queues, found by a hash table that grows.
 */
#include "storage/provenance.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ledger/record.h"
#include "protocol/assert.h"

#define SLOTS_FIRST 1024

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
};

struct provenance {
	struct queue *slots;		/* owned; a power of two of them, at most half in use */
	uint32_t slot_count;
	uint32_t used;
};

/* One record at work. */
struct change {
	struct queue *queue;
	provenance_owe_fn *owe;
	void	*context;
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
	}
	free(p->slots);
	free(p);
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
is_same(const struct provenance_run *run, uint32_t issuer, uint32_t redeemer)
{
	return run->issuer == issuer && run->redeemer == redeemer;
}

static enum tg_status
push_back(struct runs *r, uint32_t issuer, uint32_t redeemer, int64_t points)
{
	if (r->count > r->first && is_same(&r->runs[r->count - 1], issuer, redeemer)) {
		r->runs[r->count - 1].points += points;
		return TG_OK;
	}
	if (make_room(r, false) != TG_OK)
		return TG_NO_MEMORY;
	r->runs[r->count++] = (struct provenance_run){ issuer, redeemer, points };
	return TG_OK;
}

static enum tg_status
push_front(struct runs *r, uint32_t issuer, int64_t points)
{
	if (r->count > r->first && r->runs[r->first].issuer == issuer) {
		r->runs[r->first].points += points;
		return TG_OK;
	}
	if (make_room(r, true) != TG_OK)
		return TG_NO_MEMORY;
	r->runs[--r->first] = (struct provenance_run){ issuer, 0, points };
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
	    !is_same(&r->runs[at - 1], r->runs[at].issuer, r->runs[at].redeemer))
		return;
	r->runs[at - 1].points += r->runs[at].points;
	cut_out(r, at);
}

static enum tg_status
owe(const struct change *c, uint32_t issuer, uint32_t redeemer, int64_t points)
{
	/* Nobody owes itself, and what expired is owed to nobody; but it is told, for the lines. */
	return c->owe(c->context, issuer, redeemer, points);
}

/* Points leave at the front, for a redeemer. */
static enum tg_status
spend(const struct change *c, uint32_t redeemer, int64_t points)
{
	struct runs *held = &c->queue->held;
	enum tg_status status = TG_OK;

	while (status == TG_OK && points > 0) {
		struct provenance_run *front = &held->runs[held->first];
		int64_t part;

		if (held->first == held->count)
			return TG_CORRUPT;
		part = front->points < points ? front->points : points;
		status = push_back(&c->queue->spent, front->issuer, redeemer, part);
		if (status == TG_OK)
			status = owe(c, front->issuer, redeemer, part);
		front->points -= part;
		points -= part;
		held->first += front->points == 0 ? 1 : 0;
	}
	return status;
}

/* Points come back from a redeemer, last taken first. */
static enum tg_status
restore(const struct change *c, uint32_t redeemer, int64_t points)
{
	struct runs *spent = &c->queue->spent;
	uint32_t at = spent->count;
	enum tg_status status = TG_OK;

	while (status == TG_OK && points > 0) {
		struct provenance_run *run;
		int64_t part;

		if (at == spent->first)
			return TG_CORRUPT;
		run = &spent->runs[--at];
		if (run->redeemer != redeemer)
			continue;
		part = run->points < points ? run->points : points;
		status = push_front(&c->queue->held, run->issuer, part);
		if (status == TG_OK)
			status = owe(c, run->issuer, redeemer, -part);
		run->points -= part;
		points -= part;
		if (run->points == 0)
			drop(spent, at);
	}
	return status;
}

/* An issuer takes its points back, its youngest first; then others', which it owes for. */
static enum tg_status
take_back(const struct change *c, uint32_t issuer, int64_t points)
{
	struct runs *held = &c->queue->held;

	for (uint32_t at = held->count; at > held->first && points > 0; at--) {
		struct provenance_run *run = &held->runs[at - 1];
		int64_t part;

		if (run->issuer != issuer)
			continue;
		part = run->points < points ? run->points : points;
		run->points -= part;
		points -= part;
		if (run->points == 0)
			drop(held, at - 1);
	}
	return spend(c, issuer, points);
}

/* What a leg does in which step; steps go by what must be there for the next. */
enum step {
	STEP_RESTORE,
	STEP_ISSUE,
	STEP_TAKE_BACK,
	STEP_PAY_DEBT,
	STEP_SPEND,
	STEP_COUNT,
};

/* Debt that a record makes, and its partner: that of the refund. */
struct new_debt {
	uint32_t partner;
	int64_t	 points;		/* not yet met */
};

/*
 * What became debt was spent before: nothing leaves for it now, and its issuer has paid for it.
 * The partner that let the issue be undone bears it.
 */
static enum tg_status
undo_issue(const struct change *c, const struct provenance_leg *leg, struct new_debt *debt)
{
	const int64_t spent = leg->points < debt->points ? leg->points : debt->points;
	enum tg_status status = TG_OK;

	debt->points -= spent;
	if (spent > 0 && leg->partner != debt->partner)
		status = owe(c, debt->partner, leg->partner, spent);
	return status == TG_OK ? take_back(c, leg->partner, leg->points - spent) : status;
}

static enum tg_status
run_step(const struct change *c, const struct provenance_leg *leg, enum step step,
	 struct new_debt *debt)
{
	const int64_t points = leg->points;
	const bool is_issue = leg->account == ACCOUNT_ISSUED || leg->account == ACCOUNT_ADJUSTMENTS;

	if (step == STEP_RESTORE && leg->account == ACCOUNT_REDEEMED && points < 0)
		return restore(c, leg->partner, -points);
	if (step == STEP_ISSUE && is_issue && points < 0)
		return push_back(&c->queue->held, leg->partner, 0, -points);
	if (step == STEP_TAKE_BACK && leg->account == ACCOUNT_ISSUED && points > 0)
		return undo_issue(c, leg, debt);
	if (step == STEP_PAY_DEBT && leg->account == ACCOUNT_DEBT && points > 0)
		return spend(c, leg->partner, points);
	if (step == STEP_SPEND && points > 0) {
		if (leg->account == ACCOUNT_REDEEMED)
			return spend(c, leg->partner, points);
		if (leg->account == ACCOUNT_BREAKAGE)
			return spend(c, PROVENANCE_EXPIRED, points);
		if (leg->account == ACCOUNT_ADJUSTMENTS)
			return spend(c, PROVENANCE_OPERATOR, points);
	}
	return TG_OK;
}

static struct new_debt
debt_made(const struct provenance_leg *legs, uint32_t count)
{
	struct new_debt debt = { .points = 0 };

	for (uint32_t i = 0; i < count; i++) {
		if (legs[i].account == ACCOUNT_DEBT && legs[i].points < 0) {
			debt.partner = legs[i].partner;
			debt.points -= legs[i].points;
		}
	}
	return debt;
}

enum tg_status
provenance_apply(struct provenance *p, uint64_t member, const struct provenance_leg *legs,
		 uint32_t count, provenance_owe_fn *owe_fn, void *context)
{
	struct change c = { .queue = queue_of(p, member), .owe = owe_fn, .context = context };
	struct new_debt debt = debt_made(legs, count);
	bool is_write_off = false;
	enum tg_status status = TG_OK;

	TG_ASSERT(member != 0);
	if (c.queue == NULL)
		return TG_NO_MEMORY;
	for (uint32_t i = 0; i < count; i++)
		is_write_off |= legs[i].account == ACCOUNT_WRITTEN_OFF;
	for (int step = 0; step < STEP_COUNT; step++) {
		/* Debt that is given up is paid by no points. */
		if (step == STEP_PAY_DEBT && is_write_off)
			continue;
		for (uint32_t i = 0; status == TG_OK && i < count; i++)
			status = run_step(&c, &legs[i], (enum step)step, &debt);
	}
	return status;
}

enum tg_status
provenance_put(struct provenance *p, uint64_t member, enum provenance_place place,
	       const struct provenance_run *run)
{
	struct queue *queue = queue_of(p, member);

	if (queue == NULL)
		return TG_NO_MEMORY;
	return push_back(place == PROVENANCE_HELD ? &queue->held : &queue->spent, run->issuer,
			 run->redeemer, run->points);
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
	return status == TG_OK ? each_run(&queue->spent, PROVENANCE_SPENT, each, context) : status;
}
