/*
 * counters.c - what a member or a terminal did on a day: for the limits.
 *
 * A request counts for the business date, a late one for the day it happened (domain decision 11);
 * what is undone whole counts no more.
 * A member's row has the counters of one day; an earlier day is summed over its transactions.
 */
#include "ledger/state.h"

static bool
is_earn(uint8_t kind)
{
	return kind == RECORD_EARN;
}

static bool
is_burn(uint8_t kind)
{
	return kind == RECORD_BURN || kind == RECORD_CAPTURE;
}

/* Points of the member's transactions of these kinds that count for the day. */
static int64_t
sum_chain(const struct ledger *l, uint32_t member, int32_t day, bool (*is_wanted)(uint8_t kind))
{
	uint32_t at = ledger_member_row(l, member)->newest_transaction;
	uint64_t newer = UINT64_MAX;
	int64_t sum = 0;

	while (table_is_live(&l->transactions, at)) {
		const struct transaction_row *t = ledger_transaction_row(l, at);

		if (t->member_row != member || t->sequence >= newer)
			break;
		if (is_wanted(t->kind) && t->status == TG_OK && t->state != STATE_REVERSED &&
		    t->business_date - t->days_late == day)
			sum += t->points;
		newer = t->sequence;
		at = t->older_of_member;
	}
	return sum;
}

int64_t
state_member_bonus(const struct ledger *l, uint32_t member, uint32_t partner, int32_t day)
{
	uint32_t at = ledger_member_row(l, member)->newest_transaction;
	uint64_t newer = UINT64_MAX;
	int64_t sum = 0;

	while (table_is_live(&l->transactions, at)) {
		const struct transaction_row *t = ledger_transaction_row(l, at);

		/* What is booked before the day counts for no later one. */
		if (t->member_row != member || t->sequence >= newer || t->business_date < day)
			break;
		if (t->partner == partner && is_earn(t->kind) && t->status == TG_OK &&
		    t->state != STATE_REVERSED && t->business_date - t->days_late == day)
			sum += t->bonus_points;
		newer = t->sequence;
		at = t->older_of_member;
	}
	return sum;
}

int64_t
state_member_earned(const struct ledger *l, uint32_t member, int32_t day)
{
	const struct member_row *row = ledger_member_row(l, member);

	if (row->counters_day == day)
		return row->earned_today_points;
	return row->counters_day < day ? 0 : sum_chain(l, member, day, is_earn);
}

int64_t
state_member_burned(const struct ledger *l, uint32_t member, int32_t day)
{
	const struct member_row *row = ledger_member_row(l, member);

	if (row->counters_day == day)
		return row->burned_today_points;
	return row->counters_day < day ? 0 : sum_chain(l, member, day, is_burn);
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
