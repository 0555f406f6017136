/*
 * runoff.c - each member's issues in their order, found by a hash table that grows; and, where
 * issuers pay redeemers, the queues that statements are made of.
 */
#include "storage/runoff.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ledger/calendar.h"
#include "ledger/request.h"
#include "protocol/assert.h"
#include "storage/clearing.h"
#include "storage/provenance.h"

#define SLOTS_FIRST 1024

struct issue {
	uint8_t	 id[TG_TRANSACTION_ID_BYTES]; /* zero: it has none */
	int64_t	 points;		/* less what refunds took back */
	int32_t	 month_day;
	uint32_t issuer;
};

struct holder {
	uint64_t member;		/* 0: the slot is free */
	int64_t	 points;		/* available, pending and held */
	struct issue *issues;		/* owned; oldest first */
	uint32_t count;
	uint32_t capacity;
};

struct cover {
	uint32_t partner;
	int64_t	 points;
};

struct runoff {
	uint64_t issues_left;
	struct holder *slots;		/* owned; a power of two, at most half in use */
	uint32_t slot_count;
	uint32_t used;
	struct cover *covers;		/* owned */
	uint32_t cover_count;
	struct clearing *clearing;	/* owned; told of records only where is_traced */
	bool	 is_traced;
	int64_t	 value_num, value_den;	/* of a point, minor units */
};

struct runoff *
runoff_new(uint64_t issues_max)
{
	struct runoff *o = calloc(1, sizeof *o);

	if (o == NULL)
		return NULL;
	o->issues_left = issues_max;
	o->value_den = 1;
	o->slot_count = SLOTS_FIRST;
	o->slots = calloc(o->slot_count, sizeof *o->slots);
	o->clearing = clearing_new();
	if (o->slots != NULL && o->clearing != NULL)
		return o;
	runoff_free(o);
	return NULL;
}

void
runoff_free(struct runoff *o)
{
	if (o == NULL)
		return;
	for (uint32_t i = 0; o->slots != NULL && i < o->slot_count; i++)
		free(o->slots[i].issues);
	clearing_free(o->clearing);
	free(o->slots);
	free(o->covers);
	free(o);
}

static struct holder *
find_slot(struct holder *slots, uint32_t slot_count, uint64_t member)
{
	uint32_t at = (uint32_t)XXH3_64bits(&member, sizeof member) & (slot_count - 1);

	while (slots[at].member != 0 && slots[at].member != member)
		at = (at + 1) & (slot_count - 1);
	return &slots[at];
}

/* NULL: out of memory. */
static struct holder *
holder_of(struct runoff *o, uint64_t member)
{
	struct holder *holder;

	if (o->used * 2 >= o->slot_count) {
		const uint32_t wider = o->slot_count * 2;
		struct holder *slots = calloc(wider, sizeof *slots);

		if (slots == NULL)
			return NULL;
		for (uint32_t i = 0; i < o->slot_count; i++) {
			if (o->slots[i].member != 0)
				*find_slot(slots, wider, o->slots[i].member) = o->slots[i];
		}
		free(o->slots);
		o->slots = slots;
		o->slot_count = wider;
	}
	holder = find_slot(o->slots, o->slot_count, member);
	if (holder->member == 0) {
		holder->member = member;
		o->used++;
	}
	return holder;
}

static int32_t
month_of(int32_t day)
{
	return day == DAY_NONE ? DAY_NONE : day - calendar_date(day).day + 1;
}

static enum tg_status
add_issue(struct runoff *o, struct holder *holder, const struct record *r,
	  const struct posting *posting)
{
	struct issue *issue;

	if (o->issues_left == 0)
		return TG_NO_MEMORY;
	if (holder->count == holder->capacity) {
		const uint32_t capacity = holder->capacity * 2 + 4;
		struct issue *issues = realloc(holder->issues, capacity * sizeof *issues);

		if (issues == NULL)
			return TG_NO_MEMORY;
		holder->issues = issues;
		holder->capacity = capacity;
	}
	o->issues_left--;
	issue = &holder->issues[holder->count++];
	*issue = (struct issue){ .points = -posting->points,
				 .month_day = month_of(r->business_date),
				 .issuer = posting->partner };
	if (RECORD_HAS(r, TRANSACTION))
		memcpy(issue->id, r->transaction_id, sizeof issue->id);
	return TG_OK;
}

static bool
is_issue(const struct posting *posting)
{
	return posting->account == ACCOUNT_ISSUED || posting->account == ACCOUNT_ADJUSTMENTS;
}

/* What refers to an issue changes it, whatever it does: refunds and reversals. */
static void
change_issues(struct holder *holder, const struct record *r, const struct posting *posting)
{
	static const uint8_t none[TG_TRANSACTION_ID_BYTES];

	if (!RECORD_HAS(r, ORIGINAL) || r->status != TG_OK ||
	    memcmp(r->original_id, none, sizeof none) == 0)
		return;
	for (uint32_t i = 0; i < holder->count; i++) {
		struct issue *issue = &holder->issues[i];

		if (issue->issuer == posting->partner &&
		    memcmp(issue->id, r->original_id, sizeof issue->id) == 0)
			issue->points -= posting->points;
	}
}

static enum tg_status
add_member(struct runoff *o, const struct record *r)
{
	struct holder *holder = holder_of(o, r->member);
	enum tg_status status = TG_OK;

	if (holder == NULL)
		return TG_NO_MEMORY;
	for (uint32_t i = 0; status == TG_OK && i < r->posting_count; i++) {
		const struct posting *posting = &r->postings[i];

		if (posting->account == ACCOUNT_AVAILABLE || posting->account == ACCOUNT_PENDING ||
		    posting->account == ACCOUNT_HELD)
			holder->points += posting->points;
		if (!is_issue(posting))
			continue;
		change_issues(holder, r, posting);
		if (posting->points < 0)
			status = add_issue(o, holder, r, posting);
	}
	return status;
}

/* What one member lends another has left it; whose issue it was is not followed so far. */
static enum tg_status
lend(struct runoff *o, const struct record *r)
{
	struct holder *holder = holder_of(o, r->other_member);

	if (holder == NULL)
		return TG_NO_MEMORY;
	holder->points -= r->points;
	holder = holder_of(o, r->member);
	if (holder == NULL)
		return TG_NO_MEMORY;
	holder->points += r->points;
	return TG_OK;
}

static enum tg_status
add_cover(struct runoff *o, const struct posting *posting)
{
	struct cover *covers;
	uint32_t at = 0;

	while (at < o->cover_count && o->covers[at].partner != posting->partner)
		at++;
	if (at == o->cover_count) {
		covers = realloc(o->covers, (at + 1) * sizeof *covers);
		if (covers == NULL)
			return TG_NO_MEMORY;
		o->covers = covers;
		o->covers[o->cover_count++] = (struct cover){ posting->partner, 0 };
	}
	o->covers[at].points += posting->points;
	return TG_OK;
}

enum tg_status
runoff_add(struct runoff *o, const struct record *r)
{
	struct storage_error error;
	enum tg_status status = TG_OK;

	if (RECORD_HAS(r, PROGRAMME)) {
		o->is_traced = (r->programme.flags & PROGRAMME_TRACED) != 0;
		o->value_num = r->programme.point_value_num;
		o->value_den = r->programme.point_value_den;
	}
	if (o->is_traced)
		status = clearing_add(o->clearing, r, true, &error);
	if (status == TG_OK && r->kind == RECORD_TRANSFER && (r->flags & RECORD_TEST) == 0)
		return lend(o, r);
	if (!RECORD_HAS(r, POSTINGS) || (r->flags & RECORD_TEST) != 0)
		return status;
	for (uint32_t i = 0; status == TG_OK && i < r->posting_count; i++) {
		if (r->postings[i].account == ACCOUNT_COVER)
			status = add_cover(o, &r->postings[i]);
	}
	return status == TG_OK && RECORD_HAS(r, MEMBER) ? add_member(o, r) : status;
}

/* Rows as they are put together, ordered. */
struct rows {
	struct runoff_row *rows;
	uint32_t count;
	uint32_t capacity;
};

static struct runoff_row *
row_of(struct rows *rows, uint32_t issuer, int32_t month_day)
{
	uint32_t low = 0, high = rows->count;

	while (low < high) {
		const uint32_t middle = (low + high) / 2;
		const struct runoff_row *row = &rows->rows[middle];

		if (row->issuer < issuer ||
		    (row->issuer == issuer && row->month_day < month_day))
			low = middle + 1;
		else
			high = middle;
	}
	if (low < rows->count && rows->rows[low].issuer == issuer &&
	    rows->rows[low].month_day == month_day)
		return &rows->rows[low];
	if (rows->count == rows->capacity) {
		const uint32_t capacity = rows->capacity * 2 + 64;
		struct runoff_row *wider = realloc(rows->rows, capacity * sizeof *wider);

		if (wider == NULL)
			return NULL;
		rows->rows = wider;
		rows->capacity = capacity;
	}
	memmove(rows->rows + low + 1, rows->rows + low, (rows->count - low) * sizeof *rows->rows);
	rows->count++;
	rows->rows[low] = (struct runoff_row){ .issuer = issuer, .month_day = month_day };
	return &rows->rows[low];
}

/* What of a row a member has; members are listed one after the other. */
static void
add_outstanding(struct runoff_row *row, uint64_t member, int64_t points)
{
	if (points <= 0)
		return;
	row->outstanding_points += points;
	row->members += row->last_member != member ? 1 : 0;
	row->last_member = member;
}

/* Where all pay a pool: the newest issues. */
static enum tg_status
list_holder(struct rows *rows, const struct holder *holder, bool is_traced)
{
	int64_t left = holder->points;

	for (uint32_t i = holder->count; i > 0; i--) {
		const struct issue *issue = &holder->issues[i - 1];
		struct runoff_row *row = row_of(rows, issue->issuer, issue->month_day);

		if (row == NULL)
			return TG_NO_MEMORY;
		row->issued_points += issue->points;
		if (!is_traced)
			add_outstanding(row, holder->member,
					issue->points < left ? issue->points : left);
		left -= issue->points;
	}
	return TG_OK;
}

struct held {
	struct rows *rows;
	uint64_t member;
};

static enum tg_status
list_run(void *context, enum provenance_place place, const struct provenance_run *run)
{
	const struct held *held = context;
	const struct civil_date date = { (int32_t)run->month / 100, (int32_t)run->month % 100, 1 };
	struct runoff_row *row;

	if (place == PROVENANCE_SPENT)
		return TG_OK;
	row = row_of(held->rows, run->issuer,
		     run->month == PROVENANCE_MONTH_NONE ? DAY_NONE : calendar_day(date));
	if (row == NULL)
		return TG_NO_MEMORY;
	add_outstanding(row, held->member, run->points);
	return TG_OK;
}

enum tg_status
runoff_list(const struct runoff *o, struct runoff_row **ret_rows, uint32_t *ret_count)
{
	struct rows rows = { .count = 0 };
	enum tg_status status = TG_OK;

	for (uint32_t i = 0; status == TG_OK && i < o->slot_count; i++) {
		struct held held = { &rows, o->slots[i].member };

		status = list_holder(&rows, &o->slots[i], o->is_traced);
		if (status == TG_OK && o->is_traced && held.member != 0)
			status = provenance_each(clearing_provenance(o->clearing), held.member,
						 list_run, &held);
	}
	if (status != TG_OK) {
		free(rows.rows);
		return status;
	}
	*ret_rows = rows.rows;
	*ret_count = rows.count;
	return TG_OK;
}

/* Rounded to the nearest, as a cast of MariaDB does. */
static __int128
worth_of(const struct runoff *o, int64_t points)
{
	const __int128 product = (__int128)points * 1000000 * o->value_num;

	return (2 * product + o->value_den) / (2 * (__int128)o->value_den);
}

/* As a statement would say of a line of so many points that others redeemed. */
static int64_t
owed_amount(const struct runoff *o, uint32_t issuer, int64_t points)
{
	const struct settlement_terms terms = { .is_traced = o->is_traced ? 1 : 0,
						.issued_num = o->value_num,
						.issued_den = o->value_den };
	const struct clearing_line line = { .partner = issuer, .item = CLEARING_OWES,
					    .terms = *clearing_terms(o->clearing, issuer),
					    .points = points };

	return clearing_amount(&line, &terms);
}

enum tg_status
runoff_wind_down(const struct runoff *o, const struct runoff_row *rows, uint32_t row_count,
		 struct winddown_row **ret_rows, uint32_t *ret_count)
{
	struct winddown_row *found = calloc(row_count + 1, sizeof *found);
	uint32_t count = 0;

	if (found == NULL)
		return TG_NO_MEMORY;
	for (uint32_t i = 0; i < row_count; i++) {
		if (i == 0 || rows[i - 1].issuer != rows[i].issuer)
			found[count++] = (struct winddown_row){ .issuer = rows[i].issuer,
								.is_traced = o->is_traced };
		found[count - 1].outstanding_points += rows[i].outstanding_points;
	}
	for (uint32_t i = 0; i < count; i++) {
		found[i].worth_micro = worth_of(o, found[i].outstanding_points);
		found[i].owes_amount =
			owed_amount(o, found[i].issuer, found[i].outstanding_points);
		for (uint32_t k = 0; k < o->cover_count; k++) {
			if (o->covers[k].partner == found[i].issuer)
				found[i].cover_points = o->covers[k].points;
		}
	}
	*ret_rows = found;
	*ret_count = count;
	return TG_OK;
}
