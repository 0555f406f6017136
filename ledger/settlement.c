/*
 * settlement.c - cycles of settlement: set, closed, and what becomes of their statements.
 *
 * Here is decided only when a cycle ends, on what terms, and which state follows which.  What a
 * statement says follows from the records: nothing of a closed cycle can change, as no record
 * carries its dates any more.
 */
#include <string.h>

#include "ledger/calendar.h"
#include "ledger/plan.h"

/* Closings in a slice; besides them there is the sweep's own record. */
#define CLOSES_PER_SLICE 16
/* Days that a cycle's end moves on at most, were all of a calendar holidays. */
#define REST_DAYS_MAX 366

static_assert(CLOSES_PER_SLICE < DECISION_RECORDS_MAX, "records of a slice");

/* 1 Monday .. 7 Sunday: day 0 was a Thursday. */
static uint32_t
weekday(int32_t day)
{
	return (uint32_t)((day % 7 + 7 + 3) % 7) + 1;
}

static bool
is_rest(const struct ledger *l, const struct cycle_config *c, int32_t day)
{
	const uint32_t of_week = weekday(day);
	uint32_t row;

	if ((of_week == 6 && (c->flags & CYCLE_SATURDAY_RESTS) != 0) ||
	    (of_week == 7 && (c->flags & CYCLE_SUNDAY_RESTS) != 0))
		return true;
	if (c->calendar == 0)
		return false;
	row = state_find_holiday(l, c->calendar, day);
	return row != TABLE_NONE && ledger_holiday_row(l, row)->is_rest != 0;
}

static bool
ends_on(const struct cycle_config *c, int32_t day)
{
	const struct civil_date date = calendar_date(day);
	const int32_t month_days = calendar_month_days(date.year, date.month);

	switch ((enum cycle_period)c->period) {
	case CYCLE_DAILY:
		return true;
	case CYCLE_WEEKLY:
		return weekday(day) == c->ends_on;
	case CYCLE_MONTHLY:
		return date.day == (int32_t)c->ends_on ||
		       (date.day == month_days && month_days < (int32_t)c->ends_on);
	}
	return true;
}

/* Last day of a cycle of which this is the first one. */
static int32_t
last_day(const struct ledger *l, const struct cycle_config *c, int32_t first)
{
	int32_t day = first;
	uint32_t rested = 0;

	while (!ends_on(c, day))
		day++;
	while (rested++ < REST_DAYS_MAX && is_rest(l, c, day))
		day++;
	return day;
}

static bool
is_sound(const struct cycle_config *c)
{
	switch ((enum cycle_period)c->period) {
	case CYCLE_DAILY:
		return c->ends_on == 0;
	case CYCLE_WEEKLY:
		return c->ends_on >= 1 && c->ends_on <= 7;
	case CYCLE_MONTHLY:
		return c->ends_on >= 1 && c->ends_on <= 31;
	}
	return false;
}

/* The business date, or today's before the first one. */
static int32_t
present_date(const struct plan *p)
{
	const int32_t date = ledger_business_date(p->ledger);

	return date != DAY_NONE ? date : p->now->day;
}

static void
add_cycle(struct record *r, uint32_t row, const struct cycle_config *config,
	  const struct cycle *open)
{
	r->sections |= RECORD_HAS_BIT(CYCLE);
	r->cycle_row = row;
	r->cycle_image = *config;
	r->cycle_image.pad = 0;
	r->cycle_open = *open;
}

static enum tg_status
set_cycle(struct plan *p)
{
	const struct cycle_config *c = &p->request->cycle_image;
	const uint32_t partner = state_find_partner(p->ledger, c->partner);
	uint32_t row = state_find_cycle(p->ledger, c->partner);
	struct cycle open = { .partner = c->partner, .number = 1, .first_day = DAY_NONE };

	if (partner == TABLE_NONE)
		return TG_UNKNOWN_PARTNER;
	/* Tests are kept out of statements. */
	if ((ledger_partner_row(p->ledger, partner)->config.flags & PARTNER_TEST) != 0)
		return TG_TEST_MISMATCH;
	if (!is_sound(c) || c->minimum_amount < 0 || c->minimum_amount > TG_AMOUNT_MAX)
		return TG_BAD_FIELD;
	if (row != TABLE_NONE) {
		open = ledger_cycle_row(p->ledger, row)->open;
	} else {
		row = table_free_peek(&p->ledger->cycles, 0);
		open.last_day = last_day(p->ledger, c, present_date(p));
	}
	if (row == TABLE_NONE)
		return TG_TABLE_FULL;
	add_cycle(plan_begin_order(p, RECORD_CYCLE), row, c, &open);
	return plan_finish(p);
}

static enum tg_status
set_holiday(struct plan *p)
{
	const struct holiday *holiday = &p->request->holiday;
	uint32_t row = state_find_holiday(p->ledger, holiday->calendar, holiday->day);
	struct record *r;

	if (holiday->calendar == 0 || holiday->day < 0 || holiday->is_rest > 1)
		return TG_BAD_FIELD;
	if (row == TABLE_NONE)
		row = table_free_peek(&p->ledger->holidays, 0);
	if (row == TABLE_NONE)
		return TG_TABLE_FULL;
	r = plan_begin_order(p, RECORD_HOLIDAY);
	r->sections |= RECORD_HAS_BIT(HOLIDAY);
	r->holiday_row = row;
	r->holiday = *holiday;
	r->holiday.pad = 0;
	return plan_finish(p);
}

/* What a point costs: as the programme values it. */
static struct settlement_terms
terms(const struct plan *p, const struct cycle_config *c)
{
	const struct programme_config *programme = p->programme;
	const struct funding_config *funding = ledger_funding_find(p->ledger, c->partner);
	struct settlement_terms t = {
		.is_traced = (programme->flags & PROGRAMME_TRACED) != 0 ? 1 : 0,
		.issued_num = programme->point_value_num,
		.issued_den = programme->point_value_den,
		.redeemed_num = programme->point_value_num,
		.redeemed_den = programme->point_value_den,
		.minimum_amount = c->minimum_amount,
	};

	/* Between issuers and redeemers a point is worth the same to both. */
	if (funding == NULL || t.is_traced != 0)
		return t;
	/* What is prepaid was paid when its block was bought. */
	t.issued_num = (funding->flags & FUNDING_PREPAID) != 0 ? 0 : funding->issue_price_micro;
	t.issued_den = MICRO_PER_MINOR;
	t.redeemed_num = funding->redeem_price_micro;
	t.redeemed_den = MICRO_PER_MINOR;
	return t;
}

/*
 * Close the open cycle of a row; *open becomes the next one.  statements_planned: closings before
 * it in this decision.
 */
static enum tg_status
close_cycle(struct plan *p, uint32_t row, struct cycle *open, uint32_t statements_planned)
{
	const struct cycle_config *config = &ledger_cycle_row(p->ledger, row)->config;
	const uint32_t statement = table_free_peek(&p->ledger->statements, statements_planned);
	struct record *r;

	if (statement == TABLE_NONE)
		return TG_TABLE_FULL;
	r = plan_begin_order(p, RECORD_CYCLE_CLOSED);
	r->sections |= RECORD_HAS_BIT(CLOSED);
	r->statement_row = statement;
	r->closed = *open;
	r->terms = terms(p, config);
	open->number++;
	open->first_day = open->last_day + 1;
	open->last_day = last_day(p->ledger, config, open->first_day);
	add_cycle(r, row, config, open);
	return plan_finish(p);
}

uint32_t
plan_due_cycle(const struct ledger *l, uint32_t from, int32_t date)
{
	uint32_t found = TABLE_NONE;

	for (uint32_t row = 1; row <= l->cycles.rows_used; row++) {
		const struct cycle *open;

		if (!table_is_live(&l->cycles, row))
			continue;
		open = &ledger_cycle_row(l, row)->open;
		if (open->last_day < date && open->partner >= from &&
		    (found == TABLE_NONE ||
		     open->partner < ledger_cycle_row(l, found)->open.partner))
			found = row;
	}
	return found;
}

enum tg_status
plan_close_cycles(struct plan *p, uint32_t from, uint32_t *ret_from)
{
	const struct ledger *l = p->ledger;
	const int32_t date = ledger_business_date(l);
	uint32_t row = plan_due_cycle(l, from, date);
	uint32_t count = 0;

	p->view.member_row = TABLE_NONE;
	while (row != TABLE_NONE && count < CLOSES_PER_SLICE) {
		struct cycle open = ledger_cycle_row(l, row)->open;

		while (open.last_day < date && count < CLOSES_PER_SLICE) {
			enum tg_status status = close_cycle(p, row, &open, count++);

			if (status != TG_OK)
				return status;
		}
		/* Not all of its cycles may have had room: the next slice goes on with it. */
		from = open.last_day < date ? open.partner : open.partner + 1;
		row = open.last_day < date ? row : plan_due_cycle(l, from, date);
	}
	*ret_from = row == TABLE_NONE ? 0 : from;
	return TG_OK;
}

static enum tg_status
close_now(struct plan *p)
{
	const uint32_t partner = p->request->cycle_image.partner;
	const uint32_t row = state_find_cycle(p->ledger, partner);
	const int32_t date = ledger_business_date(p->ledger);
	struct cycle open;

	if (row == TABLE_NONE)
		return TG_NO_CYCLE;
	open = ledger_cycle_row(p->ledger, row)->open;
	if (date == DAY_NONE || open.first_day >= date)
		return TG_CYCLE_EMPTY;
	if (open.last_day >= date)
		open.last_day = date - 1;
	return close_cycle(p, row, &open, 0);
}

/* States from which each is entered, as bits. */
#define FROM(state) (1u << STATEMENT_##state)
static const uint32_t state_from[] = {
	[STATEMENT_ACKNOWLEDGED] = FROM(CLOSED) | FROM(DISPUTED),
	[STATEMENT_DISPUTED] = FROM(CLOSED) | FROM(ACKNOWLEDGED),
	[STATEMENT_PAID] = FROM(CLOSED) | FROM(ACKNOWLEDGED) | FROM(DISPUTED),
};

static enum tg_status
set_statement(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const uint32_t row = state_find_statement(p->ledger, q->partner, q->statement_cycle);
	struct record *r;

	if (q->statement_state <= STATEMENT_CLOSED || q->statement_state > STATEMENT_PAID)
		return TG_BAD_FIELD;
	if (row == TABLE_NONE)
		return TG_UNKNOWN_STATEMENT;
	if ((state_from[q->statement_state] >> ledger_statement_row(p->ledger, row)->state & 1u) ==
	    0)
		return TG_STATEMENT_STATE;
	r = plan_begin_order(p, RECORD_STATEMENT);
	r->sections |= RECORD_HAS_BIT(STATEMENT);
	r->statement_row = row;
	r->statement_partner = q->partner;
	r->statement_cycle = q->statement_cycle;
	r->statement_state = q->statement_state;
	return plan_finish(p);
}

/* A partner that is settled, or the operator. */
static bool
is_party(const struct ledger *l, uint32_t partner)
{
	return partner == 0 || state_find_cycle(l, partner) != TABLE_NONE;
}

static enum tg_status
add_item(struct plan *p)
{
	const struct settlement_item *item = &p->request->item;
	struct record *r;

	if (item->partner == 0 || item->partner == item->other || item->amount == 0 ||
	    item->amount > TG_AMOUNT_MAX || item->amount < -TG_AMOUNT_MAX)
		return TG_BAD_FIELD;
	if (p->request->text_bytes == 0)
		return TG_MISSING_FIELD;
	if (!is_party(p->ledger, item->partner) || !is_party(p->ledger, item->other))
		return TG_NO_CYCLE;
	r = plan_begin_order(p, RECORD_ITEM);
	r->sections |= RECORD_HAS_BIT(ITEM);
	r->item = *item;
	return plan_finish(p);
}

enum tg_status
plan_settlement(struct plan *p)
{
	switch (p->request->kind) {
	case REQUEST_SET_CYCLE:
		return set_cycle(p);
	case REQUEST_SET_HOLIDAY:
		return set_holiday(p);
	case REQUEST_CLOSE_CYCLE:
		return close_now(p);
	case REQUEST_SET_STATEMENT:
		return set_statement(p);
	case REQUEST_ADD_ITEM:
		return add_item(p);
	default:
		return TG_UNKNOWN_OPERATION;
	}
}
