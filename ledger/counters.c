/*
 * counters.c - what a member or a terminal did on a day: for the limits.
 *
 * A request counts for the business date, a late one for the day it happened (domain decision 11);
 * what is undone whole counts no more.
 * A member's row has the counters of one day; an earlier day is summed over its transactions.
 */
#include "ledger/state.h"

/* What a transaction adds to a sum; partner: whose alone counts, where that matters. */
typedef int64_t points_fn(const struct transaction_row *t, uint32_t partner);

static int64_t
earned_points(const struct transaction_row *t, uint32_t partner)
{
	(void)partner;
	return t->kind == RECORD_EARN ||
			       (t->kind == RECORD_EXCHANGE && (t->flags & RECORD_OUT) == 0) ?
		       t->points :
		       0;
}

static int64_t
burned_points(const struct transaction_row *t, uint32_t partner)
{
	(void)partner;
	return t->kind == RECORD_BURN || t->kind == RECORD_CAPTURE || (t->flags & RECORD_OUT) != 0 ?
		       t->points :
		       0;
}

static int64_t
paid_value(const struct transaction_row *t, uint32_t partner)
{
	(void)partner;
	return t->kind == RECORD_PAY ||
			       (t->kind == RECORD_CAPTURE && (t->flags & RECORD_OF_VALUE) != 0) ?
		       t->amount :
		       0;
}

static int64_t
bonus_points(const struct transaction_row *t, uint32_t partner)
{
	return t->kind == RECORD_EARN && t->partner == partner ? t->bonus_points : 0;
}

/* Over the member's transactions that count for the day. */
static int64_t
sum_of_day(const struct ledger *l, uint32_t member, int32_t day, points_fn *points,
	   uint32_t partner)
{
	int64_t sum = 0;
	uint32_t row;

	/* What is booked before the day counts for no later one. */
	for (const struct transaction_row *t = state_newest_of_member(l, member, &row);
	     t != NULL && t->business_date >= day; t = state_older_of_member(l, t, &row)) {
		if (t->status == TG_OK && t->state != STATE_REVERSED &&
		    t->business_date - t->days_late == day)
			sum += points(t, partner);
	}
	return sum;
}

int64_t
state_member_bonus(const struct ledger *l, uint32_t member, uint32_t partner, int32_t day)
{
	return sum_of_day(l, member, day, bonus_points, partner);
}

int64_t
state_member_earned(const struct ledger *l, uint32_t member, int32_t day)
{
	const struct member_row *row = ledger_member_row(l, member);

	if (row->counters_day == day)
		return row->earned_today_points;
	return row->counters_day < day ? 0 : sum_of_day(l, member, day, earned_points, 0);
}

int64_t
state_member_burned(const struct ledger *l, uint32_t member, int32_t day)
{
	const struct member_row *row = ledger_member_row(l, member);

	if (row->counters_day == day)
		return row->burned_today_points;
	return row->counters_day < day ? 0 : sum_of_day(l, member, day, burned_points, 0);
}

int64_t
state_member_paid_value(const struct ledger *l, uint32_t member, int32_t day)
{
	return sum_of_day(l, member, day, paid_value, 0);
}

int64_t
state_terminal_earned(const struct terminal_row *terminal, int32_t day)
{
	const struct terminal_day *counters = &terminal->days[state_terminal_day(day)];

	return counters->day == day ? counters->earned_points : 0;
}

int64_t
state_terminal_burned(const struct terminal_row *terminal, int32_t day)
{
	const struct terminal_day *counters = &terminal->days[state_terminal_day(day)];

	return counters->day == day ? counters->burned_points : 0;
}
