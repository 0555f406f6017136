/*
 * funding.c - what partners may issue: terms, blocks bought ahead, the stop.
 *
 * Cover is a unit of its own: the operator sells it (COVER_SOLD falls, COVER rises), what a partner
 * issues moves it to COVER_USED, what is taken back moves it back.  A partner's three accounts sum
 * to zero.  Of the cover, what no block has left is loose: above zero it was paid for otherwise and
 * is used first, below zero it is the overdraft and is given back first.
 *
 * Taken is from the oldest block on, given back to the newest used one: last taken first, with
 * nothing remembered for each transaction.
 */
#include <string.h>

#include "ledger/plan.h"

#define MICRO_MAX INT64_C(1000000000000) /* a million minor units a point, or a fee */

/* A partner's blocks as they were bought, and what of its cover is in none. */
struct cover_list {
	uint32_t rows[PARTNER_COVERS_MAX];
	uint32_t count;
	int64_t	 cover_points;		/* balance of COVER */
	int64_t	 loose_points;		/* signed */
};

static int64_t
left_points(const struct cover_row *cover)
{
	return cover->bought_points - cover->used_points - cover->released_points;
}

static void
list_covers(const struct ledger *l, const struct funding_row *funding, struct cover_list *ret_list)
{
	ret_list->count = 0;
	ret_list->cover_points = ledger_account_points(l, ACCOUNT_COVER, UNIT_COVER,
						       funding->config.partner);
	ret_list->loose_points = ret_list->cover_points;
	for (uint32_t at = funding->oldest_cover; at != TABLE_NONE;
	     at = ledger_cover_row(l, at)->next) {
		TG_ASSERT(ret_list->count < PARTNER_COVERS_MAX);
		ret_list->rows[ret_list->count++] = at;
		ret_list->loose_points -= left_points(ledger_cover_row(l, at));
	}
}

/* points: signed change of what is left of the block. */
static struct move *
move_cover(struct plan *p, uint32_t row, int64_t points)
{
	const struct cover_row *cover = ledger_cover_row(p->ledger, row);
	struct move *m = plan_move(p, MOVE_COVER);

	m->row = row;
	m->serial = cover->sequence;
	m->partner = cover->partner;
	m->points = points;
	return m;
}

/* Would issuing so many go past the stop? */
static bool
is_past_stop(const struct funding_row *funding, int64_t cover_points, int64_t points)
{
	return funding->config.overdraft_points != LIMIT_NONE &&
	       cover_points - points < -funding->config.overdraft_points;
}

/* Did the request happen before anybody could know of the stop?  Only what comes late did. */
static bool
is_before_stop(const struct plan *p, const struct funding_row *funding)
{
	return p->is_judged_late && (funding->stopped_utc_ms == 0 ||
				     p->request->business_time_utc_ms < funding->stopped_utc_ms);
}

enum tg_status
plan_may_issue(const struct plan *p, const struct partner_row *partner, int64_t points)
{
	const struct partner_config *c = &partner->config;
	const struct funding_row *funding;
	int64_t cover_points;

	if (!plan_is_alive(p, c->joined_day, c->last_earn_day))
		return TG_EARN_OFF;
	if (partner->funding == TABLE_NONE || points == 0)
		return TG_OK;
	funding = ledger_funding_row(p->ledger, partner->funding);
	cover_points = ledger_account_points(p->ledger, ACCOUNT_COVER, UNIT_COVER, c->number);
	return is_past_stop(funding, cover_points, points) && !is_before_stop(p, funding) ?
		       TG_NO_COVER :
		       TG_OK;
}

static void
stop(struct plan *p, const struct partner_row *partner)
{
	struct move *m;

	if (partner->funding == TABLE_NONE ||
	    ledger_funding_row(p->ledger, partner->funding)->stopped_utc_ms != 0)
		return;
	m = plan_move(p, MOVE_STOPPED);
	m->row = partner->funding;
}

void
plan_note_stop(struct plan *p)
{
	stop(p, p->partner_row);
}

static void
take_cover(struct plan *p, const struct partner_row *partner, int64_t points)
{
	const struct funding_row *funding = ledger_funding_row(p->ledger, partner->funding);
	struct cover_list list;
	int64_t left;

	list_covers(p->ledger, funding, &list);
	left = points - points_min(points, points_max(list.loose_points, 0));
	for (uint32_t i = 0; i < list.count && left > 0; i++) {
		int64_t part =
			points_min(left, left_points(ledger_cover_row(p->ledger, list.rows[i])));

		if (part > 0)
			move_cover(p, list.rows[i], -part);
		left -= part;
	}
	plan_post(p, ACCOUNT_COVER, funding->config.partner, -points);
	plan_post(p, ACCOUNT_COVER_USED, funding->config.partner, points);
	if (is_past_stop(funding, list.cover_points, points)) {
		p->record->flags |= RECORD_PAST_STOP;
		stop(p, partner);
	}
}

/* No more than was ever taken: what was issued before there were terms took no cover. */
static void
give_cover(struct plan *p, const struct partner_row *partner, int64_t points)
{
	const struct funding_row *funding = ledger_funding_row(p->ledger, partner->funding);
	const uint32_t number = funding->config.partner;
	struct cover_list list;
	int64_t left;

	points = points_min(points, ledger_account_points(p->ledger, ACCOUNT_COVER_USED, UNIT_COVER,
							  number));
	list_covers(p->ledger, funding, &list);
	left = points - points_min(points, points_max(-list.loose_points, 0));
	for (uint32_t i = list.count; i > 0 && left > 0; i--) {
		const struct cover_row *cover = ledger_cover_row(p->ledger, list.rows[i - 1]);
		int64_t part = points_min(left, cover->used_points);

		if (part > 0)
			move_cover(p, list.rows[i - 1], part);
		left -= part;
	}
	plan_post(p, ACCOUNT_COVER, number, points);
	plan_post(p, ACCOUNT_COVER_USED, number, -points);
}

static bool
is_traced(const struct plan *p)
{
	return (p->programme->flags & PROGRAMME_TRACED) != 0;
}

enum tg_status
plan_may_bear(const struct plan *p, const struct partner_row *partner, int64_t points)
{
	const struct funding_row *funding;

	if (!is_traced(p) || partner->funding == TABLE_NONE)
		return TG_OK;
	funding = ledger_funding_row(p->ledger, partner->funding);
	return is_past_stop(funding,
			    ledger_account_points(p->ledger, ACCOUNT_COVER, UNIT_COVER,
						  partner->config.number),
			    points) ?
		       TG_NO_COVER :
		       TG_OK;
}

/* What a record takes from its partners' cover, and gives back. */
struct covering {
	int64_t	 spent_points;		/* of what is taken back: had been spent, not yet met */
	uint32_t debtor;		/* partner to whom members owe them; 0: nobody */
	int64_t	 owed_points;		/* of these, those of others: the debtor owes the issuers */
};

/* What had been spent its issuers have paid for to who redeemed it. */
static void
begin_covering(const struct plan *p, struct covering *ret_covering)
{
	const struct record *r = p->record;

	*ret_covering = (struct covering){ .debtor = 0 };
	if (!is_traced(p))
		return;
	if (RECORD_HAS(r, REFUNDED))
		ret_covering->spent_points = r->debt_points;
	for (uint32_t i = 0; i < r->posting_count; i++) {
		if (r->postings[i].account == ACCOUNT_DEBT && r->postings[i].points < 0)
			ret_covering->debtor = r->postings[i].partner;
	}
}

/* Cover moves only where the partner has terms. */
static void
change_cover(struct plan *p, uint32_t number, int64_t taken, int64_t given)
{
	const struct partner_row *partner =
		ledger_partner_row(p->ledger, state_find_partner(p->ledger, number));

	if (partner->funding == TABLE_NONE)
		return;
	if (taken > 0)
		take_cover(p, partner, taken);
	if (given > 0)
		give_cover(p, partner, given);
}

static void
cover_issue(struct plan *p, const struct posting *posting, struct covering *c)
{
	int64_t back = posting->points;

	if (posting->points <= 0) {
		change_cover(p, posting->partner, -posting->points, 0);
		return;
	}
	/* First what was spent, as provenance has it. */
	back -= points_min(posting->points, c->spent_points);
	c->spent_points -= posting->points - back;
	if (posting->partner != c->debtor)
		c->owed_points += posting->points - back;
	change_cover(p, posting->partner, 0, back);
}

void
plan_cover_issued(struct plan *p)
{
	const struct record *r = p->record;
	const uint32_t count = r->posting_count;
	struct covering c;

	if (p->ledger->fundings.live_count == 0)
		return;
	begin_covering(p, &c);
	for (uint32_t i = 0; i < count; i++) {
		const struct posting *posting = &r->postings[i];

		if (posting->account == ACCOUNT_ISSUED)
			cover_issue(p, posting, &c);
		else if (posting->account == ACCOUNT_ADJUSTMENTS && posting->partner != 0 &&
			 posting->points < 0 && is_traced(p))
			change_cover(p, posting->partner, -posting->points, 0);
	}
	if (c.debtor != 0 && c.owed_points > 0)
		change_cover(p, c.debtor, c.owed_points, 0);
}

static bool
is_micro(int64_t value)
{
	return value >= 0 && value <= MICRO_MAX;
}

enum tg_status
plan_set_funding(struct plan *p)
{
	const struct funding_config *c = &p->request->funding;
	const uint32_t partner = state_find_partner(p->ledger, c->partner);
	uint32_t row;
	struct record *r;

	if (partner == TABLE_NONE)
		return TG_UNKNOWN_PARTNER;
	if ((c->flags & ~FUNDING_PREPAID) != 0 || !is_micro(c->issue_price_micro) ||
	    !is_micro(c->redeem_price_micro) || !is_micro(c->issue_fee_micro) ||
	    !is_micro(c->redeem_fee_micro) || !is_micro(c->transaction_fee_micro) ||
	    c->month_fee_micro < 0 || c->month_fee_micro > MICRO_MAX * MICRO_PER_MINOR ||
	    c->overdraft_points < 0 ||
	    (c->overdraft_points > TG_AMOUNT_MAX && c->overdraft_points != LIMIT_NONE) ||
	    c->alert_points < 0 || c->alert_points > TG_AMOUNT_MAX)
		return TG_BAD_FIELD;
	row = ledger_partner_row(p->ledger, partner)->funding;
	r = plan_begin_order(p, RECORD_FUNDING);
	r->sections |= RECORD_HAS_BIT(FUNDING);
	r->funding = *c;
	r->funding.pad = 0;
	r->funding.version =
		row == TABLE_NONE ? 1 : ledger_funding_row(p->ledger, row)->config.version + 1;
	r->config_row = row != TABLE_NONE ? row : table_free_peek(&p->ledger->fundings, 0);
	return r->config_row == TABLE_NONE ? TG_TABLE_FULL : plan_finish(p);
}

static struct record *
begin_funds(struct plan *p, enum record_kind kind, const struct partner_row *partner,
	    int64_t points)
{
	struct record *r = plan_begin_order(p, kind);

	if ((partner->config.flags & PARTNER_TEST) != 0)
		r->flags |= RECORD_TEST;
	r->sections |= RECORD_HAS_BIT(FUNDED);
	r->funded_partner = partner->config.number;
	r->cover_row = TABLE_NONE;
	r->funded_points = points;
	r->funded_price_micro = 0;
	return r;
}

/* What a block costs, or is paid back for, is an item of the partner's open cycle. */
static void
add_item(struct plan *p, const struct partner_row *partner, int64_t amount)
{
	struct record *r = p->record;

	if (amount == 0 || (partner->config.flags & PARTNER_TEST) != 0)
		return;
	r->sections |= RECORD_HAS_BIT(ITEM);
	r->item = (struct settlement_item){ .partner = partner->config.number, .amount = amount };
}

/* Money for points of a block, minor units, rounded down. */
static int64_t
cost_of(int64_t points, int64_t price_micro)
{
	return points_mul_div_floor(points, price_micro, MICRO_PER_MINOR);
}

/* Room for another block: the oldest that is used up goes. */
static bool
make_room(struct plan *p, const struct cover_list *list)
{
	if (list->count < PARTNER_COVERS_MAX)
		return true;
	for (uint32_t i = 0; i < list->count; i++) {
		if (left_points(ledger_cover_row(p->ledger, list->rows[i])) == 0) {
			move_cover(p, list->rows[i], 0)->flags = MOVE_GONE;
			return true;
		}
	}
	return false;
}

/*
 * Prepaid: a block, which first pays what is overdrawn.  Postpaid: a bill was paid, and what was
 * issued for it may be issued again.
 */
static enum tg_status
add_cover(struct plan *p, const struct partner_row *partner, int64_t points)
{
	const struct funding_row *funding = ledger_funding_row(p->ledger, partner->funding);
	const bool is_block = (funding->config.flags & FUNDING_PREPAID) != 0;
	const int64_t price = p->request->price_micro >= 0 ? p->request->price_micro :
							     funding->config.issue_price_micro;
	struct cover_list list;
	struct record *r;
	int64_t overdrawn;

	if (cost_of(points, price) > TG_AMOUNT_MAX)
		return TG_BAD_FIELD;
	r = begin_funds(p, RECORD_FUND, partner, points);
	list_covers(p->ledger, funding, &list);
	r->funded_price_micro = price;
	if (is_block) {
		r->cover_row = table_free_peek(&p->ledger->covers, 0);
		if (r->cover_row == TABLE_NONE || !make_room(p, &list))
			return TG_TABLE_FULL;
		overdrawn = points_min(points, points_max(-list.loose_points, 0));
		if (overdrawn > 0) {
			struct move *m = plan_move(p, MOVE_COVER);

			m->row = r->cover_row;
			m->serial = r->sequence;
			m->partner = partner->config.number;
			m->points = -overdrawn;
		}
		add_item(p, partner, cost_of(points, r->funded_price_micro));
	}
	plan_post(p, ACCOUNT_COVER, partner->config.number, points);
	plan_post(p, ACCOUNT_COVER_SOLD, partner->config.number, -points);
	return plan_finish(p);
}

/*
 * What is unused goes back to the operator: loose cover, which no block was paid for, then the
 * newest block first, each for the price that was paid for it.
 */
static enum tg_status
release_cover(struct plan *p, const struct partner_row *partner, int64_t points)
{
	const struct funding_row *funding = ledger_funding_row(p->ledger, partner->funding);
	struct cover_list list;
	int64_t left, amount = 0;

	list_covers(p->ledger, funding, &list);
	if (points == 0)
		points = list.cover_points;
	if (points <= 0 || points > list.cover_points)
		return TG_NO_COVER;
	begin_funds(p, RECORD_UNFUND, partner, points);
	left = points - points_min(points, points_max(list.loose_points, 0));
	for (uint32_t i = list.count; i > 0 && left > 0; i--) {
		const struct cover_row *cover = ledger_cover_row(p->ledger, list.rows[i - 1]);
		int64_t part = points_min(left, left_points(cover));

		if (part > 0)
			move_cover(p, list.rows[i - 1], -part);
		amount += cost_of(part, cover->price_micro);
		left -= part;
	}
	TG_ASSERT(left == 0);
	add_item(p, partner, -amount);
	plan_post(p, ACCOUNT_COVER, partner->config.number, -points);
	plan_post(p, ACCOUNT_COVER_SOLD, partner->config.number, points);
	return plan_finish(p);
}

enum tg_status
plan_fund(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const uint32_t row = state_find_partner(p->ledger, q->partner);
	const struct partner_row *partner;

	if (row == TABLE_NONE)
		return TG_UNKNOWN_PARTNER;
	partner = ledger_partner_row(p->ledger, row);
	if (partner->funding == TABLE_NONE || q->points < (q->is_debit ? 0 : 1) ||
	    q->points > TG_AMOUNT_MAX || q->price_micro > MICRO_MAX)
		return TG_BAD_FIELD;
	return q->is_debit ? release_cover(p, partner, q->points) :
			     add_cover(p, partner, q->points);
}
