/*
 * clearing.c - lines by partner, in the order of their dates.
 */
#include "storage/clearing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ledger/calendar.h"
#include "ledger/request.h"
#include "protocol/assert.h"
#include "storage/provenance.h"

#define SLOTS_FIRST 256

/* A partner's lines, by date; those of one date in the order in which they came up. */
struct partner_lines {
	uint32_t partner;		/* 0: the slot is free */
	uint32_t count;
	uint32_t capacity;
	struct clearing_line *lines;	/* owned */
	struct funding_config terms;	/* in force; version 0: none */
};

struct clearing {
	struct partner_lines *slots;	/* owned; a power of two, at most half in use */
	uint32_t slot_count;
	uint32_t used;
	struct provenance *provenance;	/* owned */
	int32_t	 business_date;		/* of the record at work */
	uint64_t sequence;		/* of it */
	clearing_part_fn *on_part;	/* NULL: nobody watches */
	void	*on_part_context;
};

static const struct item_row {
	const char *word;
	int	 pooled_sign;
	int	 traced_sign;
	enum clearing_by by;
} items[] = {
#define ITEM_ROW(name, number, word, pooled, traced, by, text)                                     \
	[number] = { #word, pooled, traced, CLEARING_BY_##by },
	CLEARING_ITEM_LIST(ITEM_ROW)
#undef ITEM_ROW
};

static_assert(sizeof items / sizeof items[0] == CLEARING_ITEMS + 1, "items are counted");
static_assert(PROVENANCE_LEGS_MAX >= RECORD_POSTINGS_MAX + RECORD_MOVES_MAX, "a record's legs");

struct clearing *
clearing_new(void)
{
	struct clearing *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->slot_count = SLOTS_FIRST;
	c->slots = calloc(c->slot_count, sizeof *c->slots);
	c->provenance = provenance_new();
	if (c->slots != NULL && c->provenance != NULL)
		return c;
	clearing_free(c);
	return NULL;
}

void
clearing_free(struct clearing *c)
{
	if (c == NULL)
		return;
	provenance_free(c->provenance);
	for (uint32_t i = 0; c->slots != NULL && i < c->slot_count; i++)
		free(c->slots[i].lines);
	free(c->slots);
	free(c);
}

static struct partner_lines *
find_slot(struct partner_lines *slots, uint32_t slot_count, uint32_t partner)
{
	uint32_t at = (uint32_t)XXH3_64bits(&partner, sizeof partner) & (slot_count - 1);

	while (slots[at].partner != 0 && slots[at].partner != partner)
		at = (at + 1) & (slot_count - 1);
	return &slots[at];
}

static enum tg_status
grow_slots(struct clearing *c)
{
	const uint32_t wider = c->slot_count * 2;
	struct partner_lines *slots = calloc(wider, sizeof *slots);

	if (slots == NULL)
		return TG_NO_MEMORY;
	for (uint32_t i = 0; i < c->slot_count; i++) {
		if (c->slots[i].partner != 0)
			*find_slot(slots, wider, c->slots[i].partner) = c->slots[i];
	}
	free(c->slots);
	c->slots = slots;
	c->slot_count = wider;
	return TG_OK;
}

/* The slot of a partner, made at first use.  NULL: out of memory. */
static struct partner_lines *
slot_of(struct clearing *c, uint32_t partner)
{
	struct partner_lines *of;

	if (c->used * 2 >= c->slot_count && grow_slots(c) != TG_OK)
		return NULL;
	of = find_slot(c->slots, c->slot_count, partner);
	if (of->partner == 0) {
		of->partner = partner;
		c->used++;
	}
	return of;
}

/* The partner's line of the key's date, item, other party and present terms.  NULL: no memory. */
static struct clearing_line *
line_of(struct clearing *c, const struct clearing_line *key)
{
	struct partner_lines *of = slot_of(c, key->partner);

	if (of == NULL)
		return NULL;
	/* Dates never fall, so the line is among the last ones. */
	for (uint32_t i = of->count; i > 0; i--) {
		struct clearing_line *line = &of->lines[i - 1];

		if (line->business_date != key->business_date)
			break;
		if (line->item == key->item && line->other == key->other &&
		    line->terms.version == of->terms.version)
			return line;
	}
	if (of->count == of->capacity) {
		const uint32_t capacity = of->capacity * 2 + 16;
		struct clearing_line *lines = realloc(of->lines, capacity * sizeof *lines);

		if (lines == NULL)
			return NULL;
		of->lines = lines;
		of->capacity = capacity;
	}
	of->lines[of->count] = (struct clearing_line){ .business_date = key->business_date,
						       .partner = key->partner,
						       .item = key->item,
						       .other = key->other,
						       .terms = of->terms };
	return &of->lines[of->count++];
}

/* Add one more record to the line of its key. */
static enum tg_status
add_line(struct clearing *c, const struct clearing_line *more)
{
	struct clearing_line *line;
	struct clearing_line part;

	line = line_of(c, more);
	if (line == NULL)
		return TG_NO_MEMORY;
	line->records++;
	if (__builtin_add_overflow(line->points, more->points, &line->points) ||
	    __builtin_add_overflow(line->amount, more->amount, &line->amount))
		return TG_CORRUPT;
	if (c->on_part == NULL)
		return TG_OK;
	part = *more;
	part.terms = line->terms;
	part.records = 1;
	return c->on_part(c->on_part_context, c->sequence, &part);
}

void
clearing_watch(struct clearing *c, clearing_part_fn *each, void *context)
{
	c->on_part = each;
	c->on_part_context = context;
}

uint8_t
clearing_item_of(uint8_t account, int64_t points)
{
	if (points == 0)
		return 0;
	switch (account) {
	case ACCOUNT_ISSUED:
		return points < 0 ? CLEARING_ISSUED : CLEARING_TAKEN;
	case ACCOUNT_REDEEMED:
		return points > 0 ? CLEARING_REDEEMED : CLEARING_RESTORED;
	case ACCOUNT_DEBT:
		return points < 0 ? CLEARING_DEBT : CLEARING_DEBT_PAID;
	case ACCOUNT_ADJUSTMENTS:
		return CLEARING_ADJUSTED;
	case ACCOUNT_VALUE_TAKEN:
		return CLEARING_TOPPED_UP;
	case ACCOUNT_VALUE_PAID:
		return CLEARING_PAID_VALUE;
	default:
		return 0;
	}
}

/* Both sides of an obligation; or points that expired. */
static enum tg_status
on_owed(void *context, uint32_t issuer, uint32_t redeemer, uint32_t month, int64_t points)
{
	struct clearing *c = context;
	struct clearing_line line = { .business_date = c->business_date, .partner = issuer,
				      .item = CLEARING_OWES, .other = redeemer, .points = points };
	enum tg_status status = TG_OK;

	(void)month;
	if (redeemer == PROVENANCE_EXPIRED) {
		line.item = CLEARING_EXPIRED;
		line.other = 0;
		return add_line(c, &line);
	}
	if (issuer == redeemer)
		return TG_OK;
	if (issuer != PROVENANCE_OPERATOR)
		status = add_line(c, &line);
	line = (struct clearing_line){ .business_date = c->business_date, .partner = redeemer,
				       .item = CLEARING_DUE, .other = issuer, .points = points };
	if (status == TG_OK && redeemer != PROVENANCE_OPERATOR)
		status = add_line(c, &line);
	return status;
}

enum tg_status
clearing_set_terms(struct clearing *c, const struct funding_config *terms)
{
	struct partner_lines *of = slot_of(c, terms->partner);

	if (of == NULL)
		return TG_NO_MEMORY;
	of->terms = *terms;
	return TG_OK;
}

const struct funding_config *
clearing_terms(const struct clearing *c, uint32_t partner)
{
	return &find_slot(c->slots, c->slot_count, partner)->terms;
}

static bool
is_prepaid(const struct clearing *c, uint32_t partner)
{
	return (clearing_terms(c, partner)->flags & FUNDING_PREPAID) != 0;
}

enum tg_status
clearing_trace(struct clearing *c, int32_t business_date, uint64_t member,
	       struct provenance_leg *legs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		legs[i].is_prepaid = legs[i].account == ACCOUNT_ISSUED && legs[i].points > 0 &&
				     is_prepaid(c, legs[i].partner);
	c->business_date = business_date;
	return provenance_apply(c->provenance, member, provenance_month(business_date), legs, count,
				on_owed, c);
}

enum tg_status
clearing_lend(struct clearing *c, uint64_t from, uint64_t to, int64_t points,
	      const struct provenance_leg *legs, uint32_t count)
{
	return provenance_lend(c->provenance, from, to, points, legs, count);
}

struct provenance *
clearing_provenance(struct clearing *c)
{
	return c->provenance;
}

enum tg_status
clearing_each(const struct clearing *c, clearing_line_fn *each, void *context)
{
	enum tg_status status = TG_OK;

	for (uint32_t i = 0; i < c->slot_count; i++) {
		for (uint32_t k = 0; status == TG_OK && k < c->slots[i].count; k++)
			status = each(context, &c->slots[i].lines[k]);
	}
	return status;
}

static enum tg_status
trace(struct clearing *c, const struct record *r)
{
	struct provenance_leg legs[PROVENANCE_LEGS_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < r->posting_count; i++) {
		if (r->postings[i].unit == UNIT_POINTS)
			legs[count++] = (struct provenance_leg){
				.account = r->postings[i].account,
				.partner = r->postings[i].partner,
				.points = r->postings[i].points,
			};
	}
	for (uint32_t i = 0; RECORD_HAS(r, MOVES) && i < r->move_count; i++) {
		const uint32_t issuer = MOVE_LIMITED_ISSUER(&r->moves[i]);

		if (issuer != 0)
			legs[count++] = (struct provenance_leg){
				.account = PROVENANCE_LIMITED_LEG,
				.partner = issuer,
				.points = r->moves[i].points,
			};
	}
	if (r->kind == RECORD_TRANSFER)
		return clearing_lend(c, r->other_member, r->member, r->points, legs, count);
	return clearing_trace(c, r->business_date, r->member, legs, count);
}

/*
 * What an exchange issued or redeemed is a line of that, too, without money; what its reversal
 * takes back is taken off it.
 */
static enum tg_status
add_exchanged(struct clearing *c, const struct record *r)
{
	enum tg_status status = TG_OK;

	for (uint32_t i = 0; status == TG_OK && i < r->posting_count; i++) {
		const struct posting *p = &r->postings[i];
		const bool is_in = p->account == ACCOUNT_ISSUED;
		const struct clearing_line line = {
			.business_date = r->business_date, .partner = p->partner,
			.item = is_in ? CLEARING_EXCHANGED_IN : CLEARING_EXCHANGED_OUT,
			.points = is_in ? -p->points : p->points,
		};

		if (is_in || p->account == ACCOUNT_REDEEMED)
			status = add_line(c, &line);
	}
	return status;
}

static enum tg_status
add_postings(struct clearing *c, const struct record *r)
{
	const bool is_write_off = record_posted_points(r, ACCOUNT_WRITTEN_OFF) != 0;
	enum tg_status status = TG_OK;

	for (uint32_t i = 0; status == TG_OK && i < r->posting_count; i++) {
		const struct posting *p = &r->postings[i];
		struct clearing_line line = {
			.business_date = r->business_date, .partner = p->partner,
			.item = clearing_item_of(p->account, p->points),
			.points = p->points < 0 ? -p->points : p->points,
		};

		if (line.item == CLEARING_DEBT_PAID && is_write_off)
			line.item = CLEARING_WRITTEN_OFF;
		if (line.item == CLEARING_ADJUSTED)
			line.points = -p->points;
		/* What the operator gives or takes for itself is in nobody's statement. */
		if (line.item == CLEARING_ADJUSTED && line.partner == 0)
			continue;
		if (line.item == CLEARING_TOPPED_UP || line.item == CLEARING_PAID_VALUE)
			line.points = line.item == CLEARING_TOPPED_UP ? -p->points : p->points;
		if (line.item != 0)
			status = add_line(c, &line);
	}
	if (status == TG_OK && RECORD_HAS(r, EXCHANGE))
		status = add_exchanged(c, r);
	return status;
}

/* A correction is an item of both parties; a block is bought from the operator. */
static enum tg_status
add_item(struct clearing *c, const struct record *r)
{
	struct clearing_line line = { .business_date = r->business_date, .partner = r->item.partner,
				      .item = CLEARING_CORRECTION, .other = r->item.other,
				      .amount = r->item.amount };
	enum tg_status status;

	if (RECORD_HAS(r, FUNDED)) {
		line.item = CLEARING_BLOCK;
		line.points = r->kind == RECORD_FUND ? r->funded_points : -r->funded_points;
	}
	status = add_line(c, &line);
	line.partner = r->item.other;
	line.other = r->item.partner;
	line.amount = -r->item.amount;
	return status == TG_OK && line.partner != 0 ? add_line(c, &line) : status;
}

/* What costs a fee by itself: a transaction of a till, and the end of a month. */
static enum tg_status
add_fees(struct clearing *c, const struct record *r)
{
	struct clearing_line line = { .business_date = r->business_date,
				      .item = CLEARING_TRANSACTION, .partner = r->partner };
	struct civil_date date;
	enum tg_status status = TG_OK;

	if ((r->kind == RECORD_EARN || r->kind == RECORD_BURN || r->kind == RECORD_CAPTURE) &&
	    r->status == TG_OK && RECORD_HAS(r, PRINCIPAL) &&
	    (r->flags & (RECORD_TEST | RECORD_OF_VALUE)) == 0 &&
	    find_slot(c->slots, c->slot_count, r->partner)->terms.transaction_fee_micro > 0)
		return add_line(c, &line);
	if (r->kind != RECORD_CUTOVER || r->business_date == DAY_NONE)
		return TG_OK;
	date = calendar_date(r->business_date);
	if (date.day != calendar_month_days(date.year, date.month))
		return TG_OK;
	line.item = CLEARING_MONTH;
	for (uint32_t i = 0; status == TG_OK && i < c->slot_count; i++) {
		line.partner = c->slots[i].partner;
		if (line.partner != 0 && c->slots[i].terms.month_fee_micro > 0)
			status = add_line(c, &line);
	}
	return status;
}

enum tg_status
clearing_add(struct clearing *c, const struct record *r, bool is_traced,
	     struct storage_error *error)
{
	enum tg_status status = TG_OK;

	c->business_date = r->business_date;
	c->sequence = r->sequence;
	if (RECORD_HAS(r, ITEM))
		status = add_item(c, r);
	if (status == TG_OK && RECORD_HAS(r, POSTINGS) && (r->flags & RECORD_TEST) == 0) {
		status = add_postings(c, r);
		if (status == TG_OK && is_traced && RECORD_HAS(r, MEMBER))
			status = trace(c, r);
	}
	/* It posts nothing: what it moves is a member's before and after. */
	if (status == TG_OK && is_traced && r->kind == RECORD_TRANSFER &&
	    (r->flags & RECORD_TEST) == 0)
		status = trace(c, r);
	if (status == TG_OK)
		status = add_fees(c, r);
	if (status == TG_OK && RECORD_HAS(r, FUNDING))
		status = clearing_set_terms(c, &r->funding);
	if (status != TG_OK)
		return storage_fail(error, status,
				    "record %" PRIu64 " cannot be settled: %s", r->sequence,
				    status == TG_CORRUPT ? "more leaves a member than came" :
							   tg_status_text(status));
	return TG_OK;
}

static int
compare_lines(const void *left, const void *right)
{
	const struct clearing_line *a = left;
	const struct clearing_line *b = right;

	if (a->business_date != b->business_date)
		return a->business_date < b->business_date ? -1 : 1;
	if (a->item != b->item)
		return a->item < b->item ? -1 : 1;
	if (a->other != b->other)
		return a->other < b->other ? -1 : 1;
	return a->terms.version < b->terms.version   ? -1 :
	       a->terms.version > b->terms.version ? 1 :
							  0;
}

/* The item of a line's fee; 0: it costs none. */
static uint8_t
fee_item(const struct clearing_line *line)
{
	if (line->terms.version == 0)
		return 0;
	if (line->item == CLEARING_ISSUED && line->terms.issue_fee_micro > 0)
		return CLEARING_ISSUE_FEE;
	if (line->item == CLEARING_REDEEMED && line->terms.redeem_fee_micro > 0)
		return CLEARING_REDEEM_FEE;
	return 0;
}

/* Points that cost a fee are a line of that fee, too.  lines: room for twice as many. */
static uint32_t
add_fee_lines(struct clearing_line *lines, uint32_t count)
{
	uint32_t all = count;

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t item = fee_item(&lines[i]);

		if (item == 0)
			continue;
		lines[all] = lines[i];
		lines[all++].item = item;
	}
	return all;
}

enum tg_status
clearing_take(struct clearing *c, uint32_t partner, int32_t last, struct clearing_line **ret_lines,
	      uint32_t *ret_count)
{
	struct partner_lines *of = find_slot(c->slots, c->slot_count, partner);
	struct clearing_line *lines;
	uint32_t count = 0;

	while (count < of->count && of->lines[count].business_date <= last)
		count++;
	lines = calloc(2 * (size_t)count + 1, sizeof *lines);
	if (lines == NULL)
		return TG_NO_MEMORY;
	if (count > 0) {
		memcpy(lines, of->lines, count * sizeof *lines);
		of->count -= count;
		memmove(of->lines, of->lines + count, of->count * sizeof *lines);
		count = add_fee_lines(lines, count);
		qsort(lines, count, sizeof *lines, compare_lines);
	}
	*ret_lines = lines;
	*ret_count = count;
	return TG_OK;
}

const char *
clearing_item_word(uint8_t item)
{
	return item >= 1 && item <= CLEARING_ITEMS ? items[item].word : "?";
}

uint8_t
clearing_item_by_word(const char *word)
{
	for (uint8_t item = 1; item <= CLEARING_ITEMS; item++) {
		if (strcmp(items[item].word, word) == 0)
			return item;
	}
	return 0;
}

#define MICRO 1000000	/* fees and prices of terms are millionths */

static int64_t
price(__int128 count, int64_t num, int64_t den)
{
	return (int64_t)(count * num / den);
}

int64_t
clearing_amount(const struct clearing_line *line, const struct settlement_terms *settled)
{
	const struct item_row *item = &items[line->item];
	const int sign = settled->is_traced != 0 ? item->traced_sign : item->pooled_sign;
	const struct funding_config *terms = &line->terms;
	const __int128 records = (__int128)line->records;
	const bool has_terms = terms->version != 0;
	const bool is_prepaid = has_terms && (terms->flags & FUNDING_PREPAID) != 0;
	const int64_t issue_num = has_terms ? terms->issue_price_micro : settled->issued_num;
	const int64_t issue_den = has_terms ? MICRO : settled->issued_den;

	TG_ASSERT(line->item >= 1 && line->item <= CLEARING_ITEMS);
	switch (item->by) {
	case CLEARING_BY_SAID:
		return line->amount;
	case CLEARING_BY_ISSUED:
		return is_prepaid ? 0 : sign * price(line->points, issue_num, issue_den);
	case CLEARING_BY_DEBT:
		return sign * price(line->points, issue_num, issue_den);
	case CLEARING_BY_REDEEMED:
		return sign * price(line->points,
				    has_terms ? terms->redeem_price_micro : settled->redeemed_num,
				    has_terms ? MICRO : settled->redeemed_den);
	case CLEARING_BY_TRANSACTION:
		return price(records, terms->transaction_fee_micro, MICRO);
	case CLEARING_BY_MONTH:
		return price(records, terms->month_fee_micro, MICRO);
	case CLEARING_BY_ISSUE_FEE:
		return price(line->points, terms->issue_fee_micro, MICRO);
	case CLEARING_BY_REDEEM_FEE:
		return price(line->points, terms->redeem_fee_micro, MICRO);
	case CLEARING_BY_MONEY:
		return sign * line->points;
	}
	return 0;
}
