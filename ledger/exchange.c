/*
 * exchange.c - points for a partner's own currency, and the other way.
 *
 * The partner's own currency is a unit of its own: what becomes points leaves it, in the same
 * record.  floor(given * rate) is got; of what is given no more is taken than that needs, so that
 * what comes to no whole unit stays what it was.  Points that come in are issued by the partner,
 * points that go out are redeemed at it.
 */
#include <string.h>

#include "ledger/plan.h"

#define NOT_EXPECTED (-1)

/* A bargain: so much is taken of what is given, so much is got for it. */
struct bargain {
	const struct earn_rule *rate;
	int64_t	 taken;
	int64_t	 got;
};

static bool
is_out(const struct plan *p)
{
	return p->request->direction == TG_DIRECTION_OUT;
}

static int64_t
given(const struct plan *p)
{
	return is_out(p) ? p->request->points : p->request->own_units;
}

static int64_t
expected(const struct plan *p)
{
	const struct ledger_request *q = p->request;

	if (is_out(p))
		return q->has_own_units ? q->own_units : NOT_EXPECTED;
	return q->has_points ? q->points : NOT_EXPECTED;
}

void
plan_add_exchange(struct plan *p)
{
	struct record *r = p->record;

	r->sections |= RECORD_HAS_BIT(EXCHANGE);
	r->flags |= is_out(p) ? RECORD_OUT : 0;
	r->exchange = (struct exchange){
		.direction = p->request->direction,
		.given = given(p),
		.expected = expected(p),
	};
	/* A decline says what was asked for, as others do. */
	r->points = is_out(p) ? given(p) : 0;
}

/* Units of the partner's own currency that exchanges make, > 0, or use up, < 0. */
static void
post_own_units(struct plan *p, uint32_t partner, int64_t units)
{
	plan_post(p, ACCOUNT_OWN, partner, units);
	plan_post(p, ACCOUNT_OWN_TAKEN, partner, -units);
	TG_ASSERT(record_posting_sum(p->record, UNIT_OWN) == 0);
}

void
plan_return_own_units(struct plan *p, const struct transaction_row *exchange)
{
	const bool was_out = (exchange->flags & RECORD_OUT) != 0;
	const int64_t units = plan_detail(p, exchange)->own_units;

	p->record->sections |= RECORD_HAS_BIT(EXCHANGE);
	p->record->exchange = (struct exchange){
		.direction = was_out ? TG_DIRECTION_OUT : TG_DIRECTION_IN,
		.given = was_out ? exchange->points : units,
		.expected = NOT_EXPECTED,
		.own_units = units,
	};
	post_own_units(p, exchange->partner, was_out ? -units : units);
}

/* The first rate that is valid on the day the request is judged by. */
static enum tg_status
find_rate(const struct plan *p, struct bargain *b)
{
	const uint32_t wanted = is_out(p) ? EARN_RULE_EXCHANGE_OUT : EARN_RULE_EXCHANGE_IN;
	const uint32_t rulebook = rulebook_find(p);
	uint32_t at = TABLE_NONE;
	enum tg_status status = TG_EXCHANGE_OFF;

	if (rulebook != TABLE_NONE)
		at = ledger_rulebook_row(p->ledger, rulebook)->first_exchange;
	for (; at != TABLE_NONE; at = ledger_earn_rule_row(p->ledger, at)->next) {
		const struct earn_rule *rate = &ledger_earn_rule_row(p->ledger, at)->rule;

		if (rate->partner != p->partner->number || rate->flags != wanted)
			continue;
		status = TG_NO_RATE;
		if (p->judged_day < rate->from_day || p->judged_day > rate->until_day)
			continue;
		b->rate = rate;
		return TG_OK;
	}
	return status;
}

/* ceil(got * den / num): what `got` needs at the least; got came of rounding down. */
static int64_t
needed(const struct earn_rule *rate, int64_t got)
{
	const unsigned __int128 product =
		(unsigned __int128)got * (unsigned __int128)rate->rate_den;
	const unsigned __int128 num = (unsigned __int128)rate->rate_num;

	return (int64_t)((product + num - 1) / num);
}

static enum tg_status
strike(const struct plan *p, struct bargain *b)
{
	const int64_t offered = given(p);
	enum tg_status status = find_rate(p, b);

	if (status != TG_OK)
		return status;
	if (offered < b->rate->threshold_amount ||
	    (b->rate->step > 1 && offered % b->rate->step != 0))
		return TG_EXCHANGE_STEP;
	b->got = points_mul_div_floor(offered, b->rate->rate_num, b->rate->rate_den);
	if (b->got == 0)
		return TG_EXCHANGE_STEP;
	if (b->got > TG_AMOUNT_MAX)
		return TG_LIMIT_TRANSACTION;
	if (expected(p) != NOT_EXPECTED && expected(p) != b->got)
		return TG_RATE_DIFFERS;
	b->taken = needed(b->rate, b->got);
	TG_ASSERT(b->taken >= 1 && b->taken <= offered);
	return TG_OK;
}

static struct record *
begin_exchange(struct plan *p, const struct bargain *b)
{
	struct record *r = plan_begin(p, RECORD_EXCHANGE);

	plan_add_request(p);
	plan_add_exchange(p);
	r->points = is_out(p) ? b->taken : b->got;
	r->exchange.version = b->rate->version;
	r->exchange.position = b->rate->position;
	r->exchange.own_units = is_out(p) ? b->got : b->taken;
	r->exchange.rate_num = b->rate->rate_num;
	r->exchange.rate_den = b->rate->rate_den;
	return r;
}

static enum tg_status
exchange_in(struct plan *p, const struct bargain *b)
{
	struct record *r;
	enum tg_status status = plan_may_issue(p, p->partner_row, b->got);
	int64_t paid;

	if (status == TG_OK)
		status = plan_check_earn_limits(p, b->got);
	if (status != TG_OK)
		return status;
	r = begin_exchange(p, b);
	plan_post(p, ACCOUNT_ISSUED, p->partner->number, -b->got);
	paid = plan_pay_debt(p, b->got);
	if (paid > 0) {
		r->sections |= RECORD_HAS_BIT(REFUNDED);
		r->paid_debt_points = paid;
	}
	status = plan_renew_regular(p, p->judged_day);
	if (status != TG_OK)
		return status;
	plan_post(p, ACCOUNT_AVAILABLE, 0, b->got - paid);
	p->view.regular += b->got - paid;
	post_own_units(p, p->partner->number, -b->taken);
	return plan_finish(p);
}

/* As with a burn the till's clock must be right: nothing that leaves is sent later. */
static bool
is_clock_off(const struct plan *p)
{
	const struct ledger_request *q = p->request;
	const int64_t off = q->business_time_utc_ms - p->now->utc_ms;

	return q->kind == REQUEST_EXCHANGE &&
	       (off < -p->programme->burn_clock_ms || off > p->programme->burn_clock_ms);
}

static enum tg_status
exchange_out(struct plan *p, const struct bargain *b)
{
	enum tg_status status = plan_check_burn_limits(p, b->taken);

	if (status != TG_OK)
		return status;
	begin_exchange(p, b);
	status = plan_take(p, b->taken, 0);
	if (status != TG_OK)
		return status;
	plan_post(p, ACCOUNT_AVAILABLE, 0, -b->taken);
	plan_post(p, ACCOUNT_REDEEMED, p->partner->number, b->taken);
	post_own_units(p, p->partner->number, b->got);
	plan_activity(p);
	return plan_finish(p);
}

enum tg_status
plan_exchange(struct plan *p)
{
	struct bargain b = { .rate = NULL };
	enum tg_status status = TG_OK;

	if (is_out(p) && is_clock_off(p))
		return TG_CLOCK_OFF;
	if (is_out(p))
		status = plan_may_burn(p);
	else if ((p->partner->flags & PARTNER_EARN_OFF) != 0)
		status = TG_EARN_OFF;
	if (status == TG_OK)
		status = strike(p, &b);
	if (status != TG_OK)
		return status;
	return is_out(p) ? exchange_out(p, &b) : exchange_in(p, &b);
}
