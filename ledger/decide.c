/*
 * decide.c - one request against the present state.
 *
 * The order is fixed: who asks, is it a duplicate, is its time acceptable, whom does it touch, what
 * has fallen due, and only then the rules of the operation.  A duplicate is answered from what was
 * kept, whatever the state has become since.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/plan.h"

typedef enum tg_status plan_fn(struct plan *p);

/* How a request is treated before its handler runs. */
#define NEEDS_TERMINAL 0x01u	/* asked by a principal, acting for a till */
#define NEEDS_MEMBER 0x02u	/* names a member */
#define HAS_ID 0x04u		/* a transaction: once, within the window */
#define IS_ACTIVITY 0x08u	/* moves the day of regular points (when it succeeds) */
#define NEEDS_CLOCK 0x10u	/* the till's clock must be right: burns and holds */
#define MAY_USE_RESERVE 0x20u	/* gets room when a table is nearly full */
#define IS_LOOK 0x40u		/* changes nothing: what it plans is thrown away */
/* a blocked member gets and spends nothing, but what was begun is finished or undone */
#define FOR_BLOCKED 0x80u

struct request_rule {
	uint8_t kind;
	uint32_t flags;
	plan_fn *handler;
};

static enum tg_status plan_quote(struct plan *p);

#define TILL_WORK (NEEDS_TERMINAL | NEEDS_MEMBER | HAS_ID)

static const struct request_rule request_rules[] = {
	{REQUEST_AUTH, NEEDS_TERMINAL | IS_LOOK, answer_auth},
	{REQUEST_ACTIVATE, 0, plan_activate},
	{REQUEST_ENROLL, NEEDS_TERMINAL | HAS_ID, plan_enroll},
	{REQUEST_LINK, TILL_WORK, plan_link},
	{REQUEST_UNLINK, TILL_WORK, plan_unlink},
	{REQUEST_INQUIRY, NEEDS_TERMINAL | NEEDS_MEMBER | IS_LOOK | FOR_BLOCKED, answer_inquiry},
	{REQUEST_QUOTE, NEEDS_TERMINAL | NEEDS_MEMBER | IS_ACTIVITY | IS_LOOK, plan_quote},
	{REQUEST_EARN, TILL_WORK | IS_ACTIVITY, plan_earn},
	{REQUEST_BURN, TILL_WORK | IS_ACTIVITY | NEEDS_CLOCK, plan_burn},
	{REQUEST_HOLD, TILL_WORK | NEEDS_CLOCK, plan_hold},
	{REQUEST_CAPTURE, TILL_WORK | IS_ACTIVITY | MAY_USE_RESERVE | FOR_BLOCKED, plan_capture},
	{REQUEST_RELEASE, TILL_WORK | MAY_USE_RESERVE | FOR_BLOCKED, plan_release},
	{REQUEST_REFUND, TILL_WORK | FOR_BLOCKED, plan_refund},
	{REQUEST_REVERSE, TILL_WORK | MAY_USE_RESERVE | FOR_BLOCKED, plan_reverse},
	{REQUEST_CONFIRM, TILL_WORK | FOR_BLOCKED, plan_confirm},
	{REQUEST_EXCHANGE, TILL_WORK | IS_ACTIVITY, plan_exchange},
	{REQUEST_TOP_UP, TILL_WORK, plan_top_up},
	{REQUEST_PAY, TILL_WORK | NEEDS_CLOCK, plan_pay},
	{REQUEST_STATUS, NEEDS_TERMINAL | IS_LOOK, answer_status},
	{REQUEST_TOTALS, NEEDS_TERMINAL | IS_LOOK, answer_totals},
	{REQUEST_HISTORY, NEEDS_TERMINAL | NEEDS_MEMBER | IS_LOOK | FOR_BLOCKED, answer_history},
	{REQUEST_ENTRIES, NEEDS_TERMINAL | IS_LOOK, answer_entries},
	{REQUEST_DAY_END, NEEDS_TERMINAL | IS_LOOK, answer_day_end},
	{REQUEST_BUCKETS, NEEDS_TERMINAL | IS_LOOK, answer_buckets},
	{REQUEST_PART, NEEDS_TERMINAL | IS_LOOK, answer_buckets},
	{REQUEST_COUNTERSIGN, NEEDS_TERMINAL, plan_countersign},
	{REQUEST_DISPUTE, NEEDS_TERMINAL, plan_dispute},
	{REQUEST_STATEMENT, NEEDS_TERMINAL | IS_LOOK, answer_document},
	{REQUEST_ACKNOWLEDGE, NEEDS_TERMINAL, plan_acknowledge},
	{REQUEST_DISPUTES, NEEDS_TERMINAL | IS_LOOK, answer_document},
	{REQUEST_PROPOSE, 0, plan_propose},
	{REQUEST_END_PROPOSAL, 0, plan_end_proposal},
	{REQUEST_END_DISPUTE, 0, plan_end_dispute},
	{REQUEST_TICK, 0, plan_tick},
	{REQUEST_CUTOVER, 0, plan_cutover},
	{REQUEST_SET_PROGRAMME, 0, plan_setup},
	{REQUEST_SET_PARTNER, 0, plan_setup},
	{REQUEST_ADD_RULE, 0, plan_setup},
	{REQUEST_SET_STORE, 0, plan_setup},
	{REQUEST_SET_TERMINAL, 0, plan_setup},
	{REQUEST_CLOCK, 0, plan_setup},
	{REQUEST_LINK_FOR, NEEDS_MEMBER, plan_link},
	{REQUEST_UNLINK_FOR, NEEDS_MEMBER, plan_unlink},
	{REQUEST_REPLACE, NEEDS_MEMBER, plan_replace},
	{REQUEST_MERGE, NEEDS_MEMBER, plan_merge},
	{REQUEST_UNMERGE, NEEDS_MEMBER, plan_unmerge},
	{REQUEST_SET_EARN_RULE, 0, plan_set_earn_rule},
	{REQUEST_START_RULEBOOK, 0, plan_start_rulebook},
	{REQUEST_BUDGET, 0, plan_budget},
	{REQUEST_NOTE, 0, plan_note},
	{REQUEST_ADJUST, NEEDS_MEMBER, plan_adjust},
	{REQUEST_BLOCK, NEEDS_MEMBER, plan_block},
	{REQUEST_SET_VALUE, NEEDS_MEMBER, plan_set_value},
	{REQUEST_SET_BIRTHDAY, NEEDS_MEMBER, plan_set_birthday},
	{REQUEST_SET_CYCLE, 0, plan_settlement},
	{REQUEST_SET_HOLIDAY, 0, plan_settlement},
	{REQUEST_CLOSE_CYCLE, 0, plan_settlement},
	{REQUEST_SET_STATEMENT, 0, plan_settlement},
	{REQUEST_ADD_ITEM, 0, plan_settlement},
	{REQUEST_SET_FUNDING, 0, plan_set_funding},
	{REQUEST_FUND, 0, plan_fund},
	{REQUEST_SHOW_MEMBER, NEEDS_MEMBER | IS_LOOK, answer_show_member},
	{REQUEST_SHOW_TRANSACTION, IS_LOOK, answer_status},
};

static const struct request_rule *
find_rule(uint8_t kind)
{
	for (size_t i = 0; i < sizeof(request_rules) / sizeof(request_rules[0]); i++) {
		if (request_rules[i].kind == kind)
			return &request_rules[i];
	}
	return NULL;
}

struct decision *
decision_new(void)
{
	struct decision *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->records = calloc(DECISION_RECORDS_MAX, sizeof(*d->records));
	if (d->records == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void
decision_free(struct decision *d)
{
	if (d == NULL)
		return;
	free(d->records);
	free(d);
}

/* The store where it happens: the till's own, or one that a partner's system names. */
static enum tg_status
find_place(struct plan *p)
{
	const struct ledger_request *q = p->request;
	uint32_t row;

	p->store = p->terminal->config.store;
	if (q->store != 0 && q->store != p->store) {
		row = state_find_store(p->ledger, q->store);
		if (row == TABLE_NONE ||
		    ledger_store_row(p->ledger, row)->config.partner != p->partner->number)
			return TG_UNKNOWN_STORE;
		if (p->store != 0)
			return TG_UNKNOWN_STORE;
		p->store = q->store;
	}
	row = state_find_store(p->ledger, p->store);
	if (row != TABLE_NONE &&
	    (ledger_store_row(p->ledger, row)->config.flags & STORE_BLOCKED) != 0)
		return TG_BLOCKED;
	return TG_OK;
}

/* Partner, till and store of the principal; another partner's till is as if it were not there. */
static enum tg_status
find_asker(struct plan *p)
{
	const struct ledger *l = p->ledger;
	const struct ledger_request *q = p->request;
	uint32_t row = state_find_terminal(l, q->principal);
	const struct terminal_row *principal;
	uint32_t partner;

	if (row == TABLE_NONE)
		return TG_UNKNOWN_TERMINAL;
	principal = p->terminal = ledger_terminal_row(l, row);
	partner = state_find_partner(l, principal->config.partner);
	TG_ASSERT(partner != TABLE_NONE);
	p->partner_row = ledger_partner_row(l, partner);
	p->partner = &p->partner_row->config;
	if ((principal->config.flags & TERMINAL_BLOCKED) != 0 ||
	    (p->partner->flags & PARTNER_BLOCKED) != 0)
		return TG_BLOCKED;
	if (q->terminal != 0 && q->terminal != q->principal) {
		row = state_find_terminal(l, q->terminal);
		if (row == TABLE_NONE ||
		    ledger_terminal_row(l, row)->config.partner != p->partner->number)
			return TG_UNKNOWN_TERMINAL;
		p->terminal = ledger_terminal_row(l, row);
		if ((p->terminal->config.flags & TERMINAL_BLOCKED) != 0)
			return TG_BLOCKED;
	}
	return find_place(p);
}

static enum tg_status
find_member(struct plan *p)
{
	const struct ledger_request *q = p->request;
	const struct ledger *l = p->ledger;
	uint32_t member;

	if (q->member != 0) {
		member = state_find_member(l, q->member);
	} else {
		uint32_t row = state_find_identifier(l, q->identifier.hash);

		if (row == TABLE_NONE && q->identifier.key_old != 0) {
			row = state_find_identifier(l, q->identifier.hash_old);
			p->is_old_key = row != TABLE_NONE;
		}
		p->identifier_row = row;
		member = row == TABLE_NONE ? TABLE_NONE : ledger_identifier_row(l, row)->member_row;
	}
	if (member == TABLE_NONE)
		return TG_UNKNOWN_MEMBER;
	view_load(&p->view, l, member);
	return TG_OK;
}

/* An identifier found under the older key is stored under the newer one from now on. */
static enum tg_status
relink(struct plan *p)
{
	struct record *r;

	if (!p->is_old_key)
		return TG_OK;
	r = plan_begin(p, RECORD_RELINK);
	r->sections |= RECORD_HAS_BIT(IDENTIFIERS);
	r->identifier_count = 1;
	r->identifiers[0].row = p->identifier_row;
	r->identifiers[0].type = p->request->identifier.type;
	r->identifiers[0].key = p->request->identifier.key;
	memcpy(r->identifiers[0].hash, p->request->identifier.hash, 16);
	return plan_finish(p);
}

static enum tg_status
check_time(const struct plan *p, const struct request_rule *rule)
{
	int64_t time = p->request->business_time_utc_ms;
	int64_t now = p->now->utc_ms;
	const struct programme_config *c = p->programme;

	if (time < plan_window_start(p))
		return TG_TOO_OLD;
	if (time > now + c->clock_ahead_ms)
		return TG_CLOCK_AHEAD;
	if ((rule->flags & NEEDS_CLOCK) != 0 &&
	    (time < now - c->burn_clock_ms || time > now + c->burn_clock_ms))
		return TG_CLOCK_OFF;
	return TG_OK;
}

/* Rows that every transaction may need: its own, and a tombstone or two originals opened again. */
#define TRANSACTION_ROWS 3
/* Of the day's totals: terminal, store and partner, by business date and by the till's day. */
#define TOTAL_ROWS 6
#define ACCOUNT_ROWS 12

static enum tg_status
check_room(const struct plan *p)
{
	const struct ledger *l = p->ledger;

	if (!plan_has_room(p, &l->transactions, TRANSACTION_ROWS - 1))
		return TG_WINDOW_FULL;
	if (table_free_count(&l->totals) < TOTAL_ROWS ||
	    table_free_count(&l->accounts) < ACCOUNT_ROWS)
		return TG_TABLE_FULL;
	return TG_OK;
}

static bool
is_same_request(const struct plan *p, const struct transaction_row *t)
{
	return memcmp(t->fingerprint, p->request->fingerprint, sizeof(t->fingerprint)) == 0;
}

/* The id was seen before: the first outcome again, or a conflict. */
static enum tg_status
answer_duplicate(struct plan *p, uint32_t row)
{
	const struct transaction_row *t = ledger_transaction_row(p->ledger, row);

	if (t->kind != TRANSACTION_TOMBSTONE && !is_same_request(p, t))
		return TG_CONFLICT;
	/* Opened again for what is done to it, but past its window all the same. */
	if (t->kept_from_utc_ms != t->booked_at_utc_ms)
		return TG_TOO_OLD;
	answer_from_row(&p->decision->answer, p->ledger, row);
	return (enum tg_status)t->status;
}

/* A till's own day far from the calendar's is a broken clock, and each takes rows of totals. */
#define TILL_DAYS_OFF_MAX 31

static bool
is_near(int32_t till_day, int32_t business_day)
{
	return till_day == DAY_NONE || (till_day >= business_day - TILL_DAYS_OFF_MAX &&
					till_day <= business_day + TILL_DAYS_OFF_MAX);
}

/* Fields that no till may send as they are, whatever the state. */
static enum tg_status
check_fields(const struct plan *p, const struct request_rule *rule)
{
	const struct ledger_request *q = p->request;
	bool is_burn = q->kind == REQUEST_BURN || q->kind == REQUEST_HOLD ||
		       (q->kind == REQUEST_QUOTE && q->quoted_kind == REQUEST_BURN);
	bool is_of_itself =
	    (rule->flags & HAS_ID) != 0 && q->has_original &&
	    memcmp(q->original_id, q->transaction_id, sizeof(q->original_id)) == 0;

	if (q->is_of_value && q->amount == 0)
		p->decision->answer.field = TG_FIELD_VALUE_HELD;
	else if (q->is_of_value ? q->points != 0 :
				  q->points == 0 && (is_burn || (q->kind == REQUEST_CAPTURE &&
								 q->has_points)))
		p->decision->answer.field = TG_FIELD_POINTS;
	else if (q->amount == 0 && value_is_kind(q->kind))
		p->decision->answer.field = TG_FIELD_AMOUNT;
	else if (is_of_itself)
		p->decision->answer.field = TG_FIELD_ORIGINAL;
	else if ((rule->flags & HAS_ID) != 0 && !is_near(q->till_day, q->business_day))
		p->decision->answer.field = TG_FIELD_TILL_DAY;
	else
		return TG_OK;
	return TG_BAD_FIELD;
}

/* Test members meet test partners only, and a test till of a live partner meets nobody. */
static enum tg_status
check_member(const struct plan *p, const struct request_rule *rule)
{
	bool is_test_till, is_test_partner;

	if (p->partner == NULL || (rule->flags & (HAS_ID | NEEDS_MEMBER)) == 0)
		return TG_OK;
	is_test_partner = (p->partner->flags & PARTNER_TEST) != 0;
	is_test_till = (p->terminal->config.flags & TERMINAL_TEST) != 0;
	if (is_test_till && !is_test_partner)
		return TG_TEST_MISMATCH;
	if (p->view.member_row == TABLE_NONE)
		return TG_OK;
	if (((p->view.flags & MEMBER_TEST) != 0) != is_test_partner)
		return TG_TEST_MISMATCH;
	if ((p->view.flags & MEMBER_BLOCKED) != 0 && (rule->flags & FOR_BLOCKED) == 0)
		return TG_MEMBER_BLOCKED;
	return TG_OK;
}

/* With a blocked card nothing begins; what it began may be finished or undone. */
static enum tg_status
check_identifier(const struct plan *p)
{
	const uint8_t kind = p->request->kind;

	if (p->partner == NULL || p->request->member != 0 || p->view.member_row == TABLE_NONE ||
	    kind == REQUEST_CAPTURE || kind == REQUEST_RELEASE || kind == REQUEST_REFUND ||
	    kind == REQUEST_REVERSE)
		return TG_OK;
	if ((ledger_identifier_row(p->ledger, p->identifier_row)->flags & IDENTIFIER_BLOCKED) != 0)
		return TG_MEMBER_BLOCKED;
	return TG_OK;
}

/* A late capture's own hold is not expired under its hands. */
static void
keep_hold(struct plan *p)
{
	uint32_t row;

	if (p->request->kind != REQUEST_CAPTURE || !p->request->is_late)
		return;
	row = state_find_hold(p->ledger, p->partner->number, p->request->original_id);
	if (row != TABLE_NONE &&
	    ledger_hold_row(p->ledger, row)->deadline_utc_ms > p->judged_utc_ms)
		p->kept_hold = row;
}

/* What has fallen due; relinking comes first, as it touches the identifier only. */
static enum tg_status
settle_member(struct plan *p, bool is_activity)
{
	enum tg_status status = relink(p);

	return status == TG_OK ? plan_due(p, is_activity) : status;
}

/* Forget what was planned so far. */
static void
begin_anew(struct plan *p)
{
	p->decision->record_count = 0;
	p->record = NULL;
	p->lots_planned = p->pendings_planned = p->debts_planned = p->portions_planned = 0;
	p->transactions_planned = 0;
	p->reopened_count = p->reopened_portion_count = p->reopened_component_count = 0;
	p->rulebook_version = p->part_count = 0;
	p->has_carried = false;
	p->is_campaign_capped = false;
	p->has_shared = false;
	p->lacking_points = 0;
	if (p->view.member_row != TABLE_NONE)
		view_load(&p->view, p->ledger, p->view.member_row);
}

/* Replace what the handler built by a record of its refusal, after what was due. */
static enum tg_status
decline(struct plan *p, const struct request_rule *rule, enum tg_status refusal)
{
	enum tg_status status;
	struct record *r;

	if (!plan_may_decline(p))
		return TG_LIMITED;
	begin_anew(p);
	if (p->view.member_row != TABLE_NONE) {
		/* A declined activity is none: it does not end points early. */
		status = settle_member(p, false);
		if (status != TG_OK)
			return status;
	}
	r = plan_begin(p, (enum record_kind)rule->kind);
	plan_add_request(p);
	r->status = (uint16_t)refusal;
	if (p->request->kind == REQUEST_REVERSE)
		r->points = 0;
	if (p->request->kind == REQUEST_EXCHANGE)
		plan_add_exchange(p);
	if (refusal == TG_NO_COVER)
		plan_note_stop(p);
	status = plan_finish(p);
	return status == TG_OK ? refusal : status;
}

static enum tg_status
plan_quote(struct plan *p)
{
	const uint8_t kind = p->request->quoted_kind;
	enum tg_status status = kind == REQUEST_BURN	   ? plan_burn(p) :
				kind == REQUEST_EXCHANGE ? plan_exchange(p) :
							   plan_earn(p);

	if (status == TG_OK)
		answer_from_record(&p->decision->answer,
				   &p->decision->records[p->decision->record_count - 1]);
	p->decision->answer.sequence = 0;
	return status;
}

/* Everything before the rules of the operation; *ret_is_answered: nothing more to do. */
static enum tg_status
prepare(struct plan *p, const struct request_rule *rule, bool *ret_is_answered)
{
	enum tg_status status = TG_OK;

	*ret_is_answered = false;
	p->may_use_reserve = (rule->flags & MAY_USE_RESERVE) != 0;
	if ((rule->flags & NEEDS_TERMINAL) != 0)
		status = find_asker(p);
	else if (p->request->approves != 0)
		status = plan_check_approval(p);
	if (status == TG_OK && (rule->flags & HAS_ID) != 0) {
		uint32_t row = state_find_transaction(p->ledger, p->partner->number,
						      p->request->transaction_id);

		if (row != TABLE_NONE) {
			*ret_is_answered = true;
			return answer_duplicate(p, row);
		}
		status = check_time(p, rule);
		if (status == TG_OK)
			status = check_room(p);
	}
	if (status == TG_OK)
		status = check_fields(p, rule);
	if (status == TG_OK && (rule->flags & NEEDS_MEMBER) != 0)
		status = find_member(p);
	/* What never came can be buried for a card that is not known yet: it may be tomorrow. */
	if (status == TG_UNKNOWN_MEMBER && rule->kind == REQUEST_REVERSE && plan_is_burial(p))
		status = TG_OK;
	return status;
}

/* Is this request judged at the till's own time?  Only what may come late is. */
static bool
is_judged_late(const struct ledger_request *q)
{
	return q->is_late &&
	       (q->kind == REQUEST_EARN || q->kind == REQUEST_REVERSE ||
		q->kind == REQUEST_CAPTURE || q->kind == REQUEST_CONFIRM ||
		q->kind == REQUEST_REFUND ||
		(q->kind == REQUEST_EXCHANGE && q->direction == TG_DIRECTION_IN));
}

static void
init_plan(struct plan *p, const struct ledger *l, const struct ledger_request *q,
	  const struct ledger_now *now, struct decision *d)
{
	/*
	 * The view's arrays are filled as needed: clearing them would cost more than the decision.
	 */
	memset(p, 0, offsetof(struct plan, view));
	p->view.member_row = TABLE_NONE;
	memset(&p->partner, 0, sizeof(*p) - offsetof(struct plan, partner));
	p->ledger = l;
	p->request = q;
	p->now = now;
	p->programme = ledger_programme(l);
	p->decision = d;
	p->is_judged_late = is_judged_late(q);
	p->judged_utc_ms = p->is_judged_late ? q->business_time_utc_ms : now->utc_ms;
	p->judged_day = p->is_judged_late ? q->business_day : now->day;
	d->record_count = 0;
	memset(&d->answer, 0, offsetof(struct ledger_answer, expiries));
	d->answer.kind = q->kind;
	d->answer.next_expiry_day = INT32_MAX;
}

/* Only then the view's flags say anything. */
static bool
is_merged(const struct plan *p)
{
	return p->view.member_row != TABLE_NONE && (p->view.flags & MEMBER_MERGED) != 0;
}

/* What has fallen due, then the rules of the operation. */
static enum tg_status
attempt(struct plan *p, const struct request_rule *rule, bool is_activity)
{
	enum tg_status status = settle_member(p, is_activity);

	if (status == TG_OK)
		status = check_identifier(p);
	if (status == TG_OK)
		status = check_member(p, rule);
	if (status == TG_OK)
		status = rule->handler(p);
	if (status == TG_NO_POINTS && is_merged(p)) {
		status = plan_borrow(p);
		if (status == TG_OK)
			status = rule->handler(p);
	}
	return status;
}

static bool
is_of_another(enum tg_status status)
{
	return status == TG_OTHER_MEMBER || status == TG_UNKNOWN_ORIGINAL;
}

/* What a request is about may be the other's of two merged members: then it is decided on that. */
static enum tg_status
attempt_other(struct plan *p, const struct request_rule *rule, bool is_activity,
	      enum tg_status refusal)
{
	const uint32_t named = p->view.member_row;
	const bool is_old_key = p->is_old_key;
	enum tg_status status;

	p->view.member_row = state_merged_with(p->ledger, named);
	p->is_old_key = false;
	begin_anew(p);
	status = attempt(p, rule, is_activity);
	if (!is_of_another(status))
		return status;
	p->view.member_row = named;
	p->is_old_key = is_old_key;
	begin_anew(p);
	return refusal;
}

/*
 * An earn of nothing is no activity (domain decision 3), nor is anything done with stored value,
 * which shows only when it is decided.
 */
static bool
is_no_activity(const struct plan *p)
{
	const struct decision *d = p->decision;
	const struct record *r = d->records;

	if (d->record_count == 0)
		return false;
	r += d->record_count - 1;
	return (r->kind == RECORD_EARN && r->points == 0) || (r->flags & RECORD_OF_VALUE) != 0;
}

static enum tg_status
run(struct plan *p, const struct request_rule *rule)
{
	bool is_activity = (rule->flags & IS_ACTIVITY) != 0;
	bool is_answered;
	enum tg_status status = prepare(p, rule, &is_answered);

	if (is_answered || status != TG_OK)
		return status;
	keep_hold(p);
	status = attempt(p, rule, is_activity);
	if (status == TG_OK && is_activity && is_no_activity(p)) {
		begin_anew(p);
		status = attempt(p, rule, false);
	}
	if (is_of_another(status) && is_merged(p))
		status = attempt_other(p, rule, is_activity, status);
	if (tg_status_is_recorded(status) && status != TG_OK && status != TG_ORIGINAL_UNKNOWN &&
	    (rule->flags & HAS_ID) != 0)
		status = decline(p, rule, status);
	return status;
}

/* The record that answers: the last one; but a cut-off has the begin of its sweep behind it. */
static const struct record *
outcome_of(const struct decision *d)
{
	const bool is_cutover = d->records[0].kind == RECORD_CUTOVER;

	return &d->records[is_cutover ? 0 : d->record_count - 1];
}

void
ledger_decide(const struct ledger *l, const struct ledger_request *q, const struct ledger_now *now,
	      struct decision *d)
{
	const struct request_rule *rule = find_rule(q->kind);
	struct plan p;
	enum tg_status status;
	bool is_kept;

	init_plan(&p, l, q, now, d);
	if (rule == NULL) {
		d->answer.status = TG_UNKNOWN_OPERATION;
		return;
	}
	status = run(&p, rule);
	d->answer.status = (uint16_t)status;
	if (p.partner != NULL && (p.partner->flags & PARTNER_TEST) != 0)
		d->answer.marks |= MARK_TEST_PARTNER;
	if (p.terminal != NULL && (p.terminal->config.flags & TERMINAL_TEST) != 0)
		d->answer.marks |= MARK_TEST_TERMINAL;
	is_kept = status == TG_OK || status == TG_ORIGINAL_UNKNOWN ||
		  ((rule->flags & HAS_ID) != 0 && tg_status_is_recorded(status));
	if ((rule->flags & IS_LOOK) != 0 || !is_kept)
		d->record_count = 0;
	if (d->record_count > 0 && !d->answer.has_more)
		answer_from_record(&d->answer, outcome_of(d));
}
