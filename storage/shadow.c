/*
 * shadow.c - a period of the past once more, decided by another programme.
 */
#include "storage/shadow.h"

#include <stdlib.h>
#include <string.h>

#define PARTNERS_MAX 10000
#define KINDS 256
#define MICRO INT64_C(1000000)

enum { RECORDED, TRIED, SIDES };

struct shadow {
	const struct programme_file *programme; /* borrowed */
	int64_t	 from_utc_ms;
	shadow_calendar_fn *calendar;
	struct ledger *ledgers[SIDES];	/* owned */
	struct decision *decision;	/* owned */
	bool	 is_begun;
	struct shadow_sums sums[SIDES];
	uint32_t left_out[KINDS];
	uint32_t partner_count;
	struct shadow_partner partners[PARTNERS_MAX];
};

/* Address space only: rows take memory as they are used. */
static struct ledger_limits
limits(void)
{
	return (struct ledger_limits){
		.members_max = 1 << 22,
		.identifiers_max = 1 << 23,
		.lots_max = 1 << 23,
		.pendings_max = 1 << 22,
		.debts_max = 1 << 20,
		.holds_max = 1 << 20,
		.portions_max = 1 << 22,
		.transactions_max = 1 << 24,
		.partners_max = PARTNERS_MAX,
		.rules_max = 1 << 17,
		.stores_max = 1 << 17,
		.terminals_max = 1 << 20,
		.totals_max = 1 << 23,
	};
}

struct shadow *
shadow_new(const struct programme_file *programme, int64_t from_utc_ms,
	   shadow_calendar_fn *calendar)
{
	struct shadow *s = calloc(1, sizeof *s);
	const struct ledger_limits sizes = limits();

	if (s == NULL)
		return NULL;
	s->programme = programme;
	s->from_utc_ms = from_utc_ms;
	s->calendar = calendar;
	s->decision = decision_new();
	for (int side = 0; side < SIDES; side++)
		s->ledgers[side] = ledger_new(&sizes);
	if (s->decision != NULL && s->ledgers[RECORDED] != NULL && s->ledgers[TRIED] != NULL)
		return s;
	shadow_free(s);
	return NULL;
}

void
shadow_free(struct shadow *s)
{
	if (s == NULL)
		return;
	for (int side = 0; side < SIDES; side++)
		ledger_free(s->ledgers[side]);
	decision_free(s->decision);
	free(s);
}

/* The partner's row, made at its first points; NULL: there are too many. */
static struct shadow_partner *
partner_row(struct shadow *s, uint32_t partner)
{
	for (uint32_t i = 0; i < s->partner_count; i++) {
		if (s->partners[i].partner == partner)
			return &s->partners[i];
	}
	if (s->partner_count == PARTNERS_MAX)
		return NULL;
	s->partners[s->partner_count].partner = partner;
	return &s->partners[s->partner_count++];
}

/* A transaction that the partner's fee is for. */
static void
count_transaction(struct shadow *s, int side, const struct record *r)
{
	struct shadow_partner *row;

	if ((r->kind != RECORD_EARN && r->kind != RECORD_BURN && r->kind != RECORD_CAPTURE) ||
	    r->status != TG_OK || !RECORD_HAS(r, PRINCIPAL) ||
	    (r->flags & RECORD_OF_VALUE) != 0)
		return;
	row = partner_row(s, r->partner);
	if (row != NULL)
		row->transactions[side]++;
}

/* Add a record of the period to its side's sums. */
static void
sum_record(struct shadow *s, int side, const struct record *r)
{
	struct shadow_sums *sums = &s->sums[side];

	if ((r->flags & RECORD_TEST) != 0)
		return;
	sums->earns += r->kind == RECORD_EARN && r->status == TG_OK ? 1 : 0;
	sums->declines += RECORD_HAS(r, TRANSACTION) && r->status != TG_OK ? 1 : 0;
	count_transaction(s, side, r);
	for (uint32_t i = 0; RECORD_HAS(r, POSTINGS) && i < r->posting_count; i++) {
		const struct posting *p = &r->postings[i];
		struct shadow_partner *row;

		if (p->unit != UNIT_POINTS ||
		    (p->account != ACCOUNT_ISSUED && p->account != ACCOUNT_REDEEMED))
			continue;
		row = partner_row(s, p->partner);
		if (p->account == ACCOUNT_ISSUED) {
			sums->issued_points -= p->points;
			if (row != NULL)
				row->issued_points[side] -= p->points;
		} else {
			sums->redeemed_points += p->points;
			if (row != NULL)
				row->redeemed_points[side] += p->points;
		}
	}
}

/* Ask the ledger that is tried, and let it go on with what it decided. */
static enum tg_status
ask(struct shadow *s, const struct ledger_request *q, int64_t utc_ms)
{
	struct ledger_now now = { .utc_ms = utc_ms };

	s->calendar(utc_ms, &now.day, &now.minute);
	do {
		ledger_decide(s->ledgers[TRIED], q, &now, s->decision);
		for (uint32_t i = 0; i < s->decision->record_count; i++) {
			ledger_apply(s->ledgers[TRIED], &s->decision->records[i]);
			sum_record(s, TRIED, &s->decision->records[i]);
		}
	} while (q->kind == REQUEST_TICK && s->decision->answer.has_more &&
		 s->decision->record_count > 0);
	return (enum tg_status)s->decision->answer.status;
}

/* The programme that is tried begins with the period. */
static enum tg_status
begin(struct shadow *s, int64_t utc_ms, unsigned *ret_line)
{
	struct ledger_request q = { .operator_name = "shadow", .till_day = DAY_NONE };
	const struct store_config *store;
	enum tg_status status = TG_OK;

	s->is_begun = true;
	for (uint32_t i = 0; status == TG_OK && i < s->programme->rule_count; i++) {
		q.kind = REQUEST_SET_EARN_RULE;
		q.earn_rule = s->programme->rules[i].rule;
		*ret_line = s->programme->rules[i].line;
		status = ask(s, &q, utc_ms);
	}
	for (uint32_t i = 0; status == TG_OK &&
			     (store = ledger_store_at(s->ledgers[TRIED], i)) != NULL;
	     i++) {
		q.kind = REQUEST_SET_STORE;
		q.store_image = *store;
		q.store_image.groups = programme_store_groups(s->programme, store->number);
		*ret_line = 0;
		status = ask(s, &q, utc_ms);
	}
	if (status != TG_OK)
		return status;
	*ret_line = 0;
	q.kind = REQUEST_START_RULEBOOK;
	q.rulebook.rule_count = s->programme->rule_count;
	return ask(s, &q, utc_ms);
}

/* A store keeps the groups of the programme that is tried. */
static void
keep_groups(const struct shadow *s, struct ledger_request *q)
{
	if (q->kind == REQUEST_SET_STORE)
		q->store_image.groups =
			programme_store_groups(s->programme, q->store_image.number);
}

/* What a request brings with it comes with it again; the others change no points of anybody. */
static bool
needs_no_asking(uint8_t kind)
{
	switch (kind) {
	case RECORD_RELINK:
	case RECORD_TRANSFER:
	case RECORD_REOPEN:
	case RECORD_CLOCK:
	case RECORD_NOTE:
	case RECORD_CYCLE:
	case RECORD_HOLIDAY:
	case RECORD_STATEMENT:
	case RECORD_ITEM:
	case RECORD_DAY_PROOF:
	case RECORD_PROPOSAL:
	case RECORD_PROPOSAL_END:
	case RECORD_DISPUTE:
	case RECORD_DISPUTE_END:
		return true;
	default:
		return false;
	}
}

static void
ask_again(struct shadow *s, const struct record *r)
{
	struct ledger_request q;

	if (needs_no_asking(r->kind))
		return;
	if (!shadow_request(r, &q)) {
		s->left_out[r->kind]++;
		return;
	}
	keep_groups(s, &q);
	if (RECORD_HAS(r, TRANSACTION))
		s->calendar(q.business_time_utc_ms, &q.business_day, &q.business_minute);
	(void)ask(s, &q, r->booked_at_utc_ms);
	if (s->decision->answer.wants_archive)
		s->left_out[r->kind]++;
}

enum tg_status
shadow_take(struct shadow *s, const struct record *r, unsigned *ret_line)
{
	enum tg_status status = TG_OK;

	*ret_line = 0;
	if (r->booked_at_utc_ms < s->from_utc_ms && !s->is_begun) {
		ledger_apply(s->ledgers[RECORDED], r);
		ledger_apply(s->ledgers[TRIED], r);
		return TG_OK;
	}
	if (!s->is_begun)
		status = begin(s, r->booked_at_utc_ms, ret_line);
	if (status != TG_OK)
		return status;
	ledger_apply(s->ledgers[RECORDED], r);
	sum_record(s, RECORDED, r);
	ask_again(s, r);
	return TG_OK;
}

void
shadow_result(const struct shadow *s, struct shadow_sums ret_sums[2])
{
	for (int side = 0; side < SIDES; side++) {
		const struct ledger *l = s->ledgers[side];

		ret_sums[side] = s->sums[side];
		ret_sums[side].held_by_members =
			ledger_account_points(l, ACCOUNT_AVAILABLE, UNIT_POINTS, 0) +
			ledger_account_points(l, ACCOUNT_PENDING, UNIT_POINTS, 0) +
			ledger_account_points(l, ACCOUNT_HELD, UNIT_POINTS, 0);
		ret_sums[side].debt_points = 0;
		for (uint32_t i = 0; i < s->partner_count; i++)
			ret_sums[side].debt_points -= ledger_account_points(
				l, ACCOUNT_DEBT, UNIT_POINTS, s->partners[i].partner);
	}
}

/* What a partner pays for what it issued less what was burned at it, by its terms. */
static int64_t
pays(const struct ledger *l, const struct shadow_partner *row, int side)
{
	const struct funding_config *terms = ledger_funding_find(l, row->partner);
	const int64_t issued = row->issued_points[side];
	const int64_t redeemed = row->redeemed_points[side];
	const struct programme_config *programme = ledger_programme(l);
	int64_t point_micro = MICRO * programme->point_value_num / programme->point_value_den;
	__int128 micro;

	if (terms != NULL)
		micro = (__int128)issued * (terms->issue_price_micro + terms->issue_fee_micro) -
			(__int128)redeemed * (terms->redeem_price_micro - terms->redeem_fee_micro) +
			(__int128)row->transactions[side] * terms->transaction_fee_micro;
	else
		micro = (__int128)(issued - redeemed) * point_micro;
	return (int64_t)(micro / MICRO - (micro % MICRO < 0 ? 1 : 0));
}

bool
shadow_partner_at(const struct shadow *s, uint32_t nth, struct shadow_partner *ret_row)
{
	if (nth >= s->partner_count)
		return false;
	*ret_row = s->partners[nth];
	for (int side = 0; side < SIDES; side++)
		ret_row->pays[side] = pays(s->ledgers[side], &s->partners[nth], side);
	return true;
}

uint32_t
shadow_left_out(const struct shadow *s, uint8_t kind)
{
	return s->left_out[kind];
}
