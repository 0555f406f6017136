/*
 * tick.c - bounded slices of what falls due by itself: holds past their deadline, transactions past
 * their window, the daily sweep; and the move of the business date.
 *
 * One call does one slice of one kind, so that it stays short; the answer says whether more is due.
 */
#include "ledger/plan.h"

#define FORGET_PER_TICK 256
#define MEMBERS_PER_SLICE 8192	/* rows looked at */
#define MEMBERS_PER_TICK 6	/* members with something due */
#define ROWS_PER_SLICE 4096
/* Points mature, expire, mature; debts are written off.  Only the first may have holds as well. */
#define RECORDS_PER_MEMBER 4

static_assert(2 * RECORDS_PER_MEMBER + MEMBER_HOLDS_MAX + 1 <= DECISION_RECORDS_MAX,
	      "records of a slice");

/*
 * What has fallen due for a member, as far as the tables have room: what cannot be done today waits
 * for the next sweep, and holds up nobody else.
 */
static bool
settle_if_possible(struct plan *p)
{
	uint32_t before = p->decision->record_count;

	if (plan_due(p, false) != TG_OK)
		p->record = NULL;
	return p->decision->record_count > before;
}

/*
 * The hold with the earliest deadline, with all that is due for its member.  The heap changes only
 * when the record is applied, so a tick takes one member.
 */
static bool
expire_first_hold(struct plan *p)
{
	uint32_t hold = state_heap_first(p->ledger);

	if (hold == TABLE_NONE ||
	    ledger_hold_row(p->ledger, hold)->deadline_utc_ms > p->now->utc_ms)
		return false;
	view_load(&p->view, p->ledger, ledger_hold_row(p->ledger, hold)->member_row);
	if (settle_if_possible(p))
		return true;
	p->view.member_row = TABLE_NONE;
	return false;
}

/* Until a copy of it could still be accepted, also when clocks might be further ahead before. */
static int64_t
kept_until(const struct plan *p, const struct transaction_row *t)
{
	int64_t from = points_max(t->kept_from_utc_ms + p->programme->clock_ahead_ms,
				  t->business_time_utc_ms);

	return from + p->programme->window_ms;
}

/* How many of the oldest transactions are past their window, up to FORGET_PER_TICK. */
static uint32_t
count_forgettable(const struct plan *p)
{
	uint32_t at = ledger_state(p->ledger)->oldest_transaction;
	uint32_t count = 0;

	while (at != TABLE_NONE && count < FORGET_PER_TICK) {
		const struct transaction_row *t = ledger_transaction_row(p->ledger, at);

		if (kept_until(p, t) >= p->now->utc_ms)
			break;
		count++;
		at = t->next_entered;
	}
	return count;
}

static enum tg_status
forget(struct plan *p, uint32_t count)
{
	struct record *r = plan_begin(p, RECORD_FORGET);

	r->sections |= RECORD_HAS_BIT(SWEEP);
	r->sweep_day = 0;
	r->sweep_phase = SWEEP_IDLE;
	r->sweep_row = 0;
	r->sweep_before_utc_ms = 0;
	r->forget_count = count;
	return plan_finish(p);
}

static enum tg_status
note_sweep(struct plan *p, uint32_t phase, uint32_t row)
{
	struct record *r;

	p->view.member_row = TABLE_NONE;
	r = plan_begin(p, RECORD_SWEEP);
	r->sections |= RECORD_HAS_BIT(SWEEP);
	r->sweep_day = ledger_state(p->ledger)->sweep_day;
	r->sweep_phase = (uint8_t)phase;
	r->sweep_row = row;
	r->sweep_before_utc_ms = p->now->utc_ms - p->programme->window_ms -
				 p->programme->clock_ahead_ms;
	r->forget_count = 0;
	return plan_finish(p);
}

/* Could anything of this member be due?  Cheap, and never wrong in saying no. */
static bool
may_be_due(const struct plan *p, const struct member_row *m, int32_t sweep_day)
{
	if (m->first_lot != TABLE_NONE || m->first_pending != TABLE_NONE ||
	    m->first_hold != TABLE_NONE ||
	    (m->first_debt != TABLE_NONE &&
	     (p->programme->debt_days > 0 || p->programme->debt_cycles > 0)))
		return true;
	return m->regular_points > 0 && m->regular_last_day <= sweep_day &&
	       p->now->day > m->regular_last_day;
}

static enum tg_status
sweep_members(struct plan *p)
{
	const struct ledger *l = p->ledger;
	uint32_t row = ledger_state(l)->sweep_row;
	uint32_t end = (uint32_t)points_min((int64_t)l->members.rows_used + 1,
					    (int64_t)row + MEMBERS_PER_SLICE);
	int32_t sweep_day = plan_sweep_day(p);
	uint32_t touched = 0;

	for (; row < end && touched < MEMBERS_PER_TICK; row++) {
		uint32_t before = p->decision->record_count;

		if (!table_is_live(&l->members, row) ||
		    !may_be_due(p, ledger_member_row(l, row), sweep_day))
			continue;
		/* Holds go by the heap: a member with one due now is met again on the next day. */
		view_load(&p->view, l, row);
		if (p->view.hold_count > 0 && p->decision->record_count > 0)
			break;
		(void)settle_if_possible(p);
		touched += p->decision->record_count > before ? 1 : 0;
		if (p->decision->record_count + RECORDS_PER_MEMBER + 1 > DECISION_RECORDS_MAX)
			end = row + 1;
	}
	if (row > l->members.rows_used)
		return note_sweep(p, SWEEP_HOLDS, 1);
	return note_sweep(p, SWEEP_MEMBERS, row);
}

/* Holds and totals: apply drops what the slice's limits say; here only the slice is cut. */
static enum tg_status
sweep_rows(struct plan *p, const struct table *table, uint32_t phase, uint32_t next_phase)
{
	uint32_t row = ledger_state(p->ledger)->sweep_row;
	uint32_t end = (uint32_t)points_min((int64_t)table->rows_used + 1,
					    (int64_t)row + ROWS_PER_SLICE);

	if (row > table->rows_used)
		return note_sweep(p, next_phase, 1);
	return note_sweep(p, phase, end);
}

/* Cycles first, as statements are waited for. */
static enum tg_status
sweep_cycles(struct plan *p)
{
	uint32_t next;
	enum tg_status status = plan_close_cycles(p, ledger_state(p->ledger)->sweep_row, &next);

	if (status != TG_OK)
		return status;
	if (next == 0)
		return note_sweep(p, SWEEP_MEMBERS, 1);
	return note_sweep(p, SWEEP_CYCLES, next);
}

/*
 * Is the oldest version of the rulebook of no use any more?  Nothing can be judged by it, or opened
 * again, and all transactions that the window has came when that was so.
 */
static bool
may_drop_rulebook(const struct plan *p)
{
	const struct ledger *l = p->ledger;
	uint32_t row = state_oldest_rulebook(l);
	uint32_t transaction = ledger_state(l)->oldest_transaction;
	int64_t utc_ms = p->now->utc_ms - p->programme->window_ms;

	if (transaction != TABLE_NONE)
		utc_ms = points_min(utc_ms,
				    ledger_transaction_row(l, transaction)->kept_from_utc_ms);
	return row != TABLE_NONE && !state_is_rulebook_kept(l, row, utc_ms);
}

/* One version a record. */
static enum tg_status
sweep_rulebooks(struct plan *p)
{
	if (may_drop_rulebook(p))
		return note_sweep(p, SWEEP_RULEBOOKS, ledger_state(p->ledger)->sweep_row + 1);
	return note_sweep(p, SWEEP_IDLE, 1);
}

/* What comes after the totals: nothing where neither rulebook nor counters are. */
static uint32_t
phase_after_totals(const struct plan *p)
{
	return p->ledger->rulebooks.live_count + p->ledger->counters.live_count > 0 ?
		       SWEEP_COUNTERS :
		       SWEEP_IDLE;
}

static enum tg_status
sweep(struct plan *p)
{
	switch ((enum sweep_phase)ledger_state(p->ledger)->sweep_phase) {
	case SWEEP_CYCLES:
		return sweep_cycles(p);
	case SWEEP_MEMBERS:
		return sweep_members(p);
	case SWEEP_HOLDS:
		return sweep_rows(p, &p->ledger->holds, SWEEP_HOLDS, SWEEP_TOTALS);
	case SWEEP_TOTALS:
		return sweep_rows(p, &p->ledger->totals, SWEEP_TOTALS, phase_after_totals(p));
	case SWEEP_COUNTERS:
		return sweep_rows(p, &p->ledger->counters, SWEEP_COUNTERS, SWEEP_RULEBOOKS);
	case SWEEP_RULEBOOKS:
		return sweep_rulebooks(p);
	case SWEEP_IDLE:
		break;
	}
	return TG_OK;
}

enum tg_status
plan_tick(struct plan *p)
{
	struct ledger_answer *answer = &p->decision->answer;
	uint32_t forgettable;

	if (expire_first_hold(p)) {
		answer->has_more = true;
		return TG_OK;
	}
	if (p->ledger->proposals.live_count > 0 && plan_expire_proposal(p)) {
		answer->has_more = true;
		return plan_finish(p);
	}
	forgettable = count_forgettable(p);
	if (forgettable > 0) {
		answer->has_more = true;
		return forget(p, forgettable);
	}
	if (ledger_state(p->ledger)->sweep_phase == SWEEP_IDLE)
		return TG_OK;
	answer->has_more = true;
	return sweep(p);
}

/* Days after the window on which totals can still be asked for. */
#define TOTALS_DAYS_MORE 4

enum tg_status
plan_cutover(struct plan *p)
{
	const struct state_row *state = ledger_state(p->ledger);
	bool is_first = state->business_date == DAY_NONE;
	int32_t next = is_first ? p->now->day : state->business_date + 1;
	struct record *r = plan_begin(p, RECORD_CUTOVER);
	enum tg_status status;

	r->sections |= RECORD_HAS_BIT(DATE);
	plan_add_operator(p);
	r->next_business_date = next;
	status = plan_finish(p);
	if (status != TG_OK || is_first)
		return status;
	/* The day's sweep begins: totals go by the day, points by the time of each slice. */
	status = note_sweep(
		p,
		plan_due_cycle(p->ledger, 1, next) != TABLE_NONE ? SWEEP_CYCLES : SWEEP_MEMBERS, 1);
	p->decision->records[p->decision->record_count - 1].sweep_day =
	    next - (int32_t)(p->programme->window_ms / 86400000) - TOTALS_DAYS_MORE;
	return status;
}
