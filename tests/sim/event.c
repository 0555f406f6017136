/*
 * event.c - what a durable record says, in the words of the model.
 */
#include "tests/sim/event.h"

#include <inttypes.h>
#include <string.h>

#include "ledger/ledger.h"
#include "tests/sim/model.h"
#include "tests/sim/node.h"
#include "tests/sim/sim.h"
#include "tests/sim/till.h"

#define CARD_BYTES 96

/* Records that are no operation of the wire. */
static const struct {
	uint8_t kind;
	int model_kind;
} others[] = {
	{ RECORD_EXPIRE, MODEL_EXPIRE },
	{ RECORD_MATURE, MODEL_MATURE },
	{ RECORD_HOLD_EXPIRE, MODEL_HOLD_EXPIRE },
	{ RECORD_ADJUST, MODEL_ADJUST },
	{ RECORD_BLOCK, MODEL_BLOCK },
	{ RECORD_REPLACE, MODEL_REPLACE },
	{ RECORD_FUND, MODEL_FUND },
	{ RECORD_UNFUND, MODEL_FUND },
	{ RECORD_WRITE_OFF, MODEL_WRITE_OFF },
	{ RECORD_MERGE, MODEL_MERGE },
	{ RECORD_UNMERGE, MODEL_UNMERGE },
	{ RECORD_TRANSFER, MODEL_LEND },
	{ RECORD_SET_VALUE, MODEL_SET_VALUE },
};

static int
kind_of(const struct record *r)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i].kind == r->kind)
			return others[i].model_kind;
	}
	return RECORD_HAS(r, TRANSACTION) && r->kind != RECORD_REOPEN ? r->kind : MODEL_IDLE;
}

static void
take_partner(struct sim *sim, const struct partner_config *c)
{
	model_set_partner(
		sim->model,
		&(struct model_partner){
			.number = c->number,
			.group = c->group,
			.is_test = (c->flags & PARTNER_TEST) != 0,
			.is_earn_off = (c->flags & PARTNER_EARN_OFF) != 0,
			.is_burn_off = (c->flags & PARTNER_BURN_OFF) != 0,
			.is_gross = (c->flags & PARTNER_BASE_GROSS) != 0,
			.is_pro_rata = (c->flags & PARTNER_REFUND_PRO_RATA) != 0,
			.no_returned_burns = (c->flags & PARTNER_RETURN_NO_BURN) != 0,
			.loses_expired = (c->flags & PARTNER_RETURN_LOSES_EXPIRED) != 0,
			.pending_days = c->pending_days,
			.return_days = c->return_days,
			.joined_day = c->joined_day,
			.last_earn_day = c->last_earn_day,
			.last_burn_day = c->last_burn_day,
			.restored_days = c->restored_days,
			.burn_minimum = c->burn_minimum_points,
			.burn_step = c->burn_step_points,
			.earn_limit = c->earn_transaction_points,
			.burn_limit = c->burn_transaction_points,
			.till_day_earn_limit = c->terminal_day_earn_points,
			.till_day_burn_limit = c->terminal_day_burn_points,
			.bonus_day_limit = c->bonus_member_day_points,
		});
}

static void
take_config(struct sim *sim, const struct record *r)
{
	if (RECORD_HAS(r, PROGRAMME)) {
		const struct programme_config *c = &r->programme;

		model_set_programme(
			sim->model,
			&(struct model_programme){
				.window_ms = c->window_ms,
				.months = c->expiry_months,
				.debt_days = c->debt_days,
				.debt_cycles = c->debt_cycles,
				.is_endless = c->expiry_shape == EXPIRY_NEVER,
				.on_anniversary =
					(c->flags & PROGRAMME_EXPIRES_ON_ANNIVERSARY) != 0,
				.is_burn_off = (c->flags & PROGRAMME_BURN_OFF) != 0,
				.is_traced = (c->flags & PROGRAMME_TRACED) != 0,
				.hold_seconds = c->hold_seconds_default,
				.point_num = c->point_value_num,
				.point_den = c->point_value_den,
				.member_earn_limit = c->member_day_earn_points,
				.member_burn_limit = c->member_day_burn_points,
				.value_registered_max = c->value_registered_max,
				.value_bearer_max = c->value_bearer_max,
				.value_day_limit = c->value_day_max,
			});
	}
	if (RECORD_HAS(r, PARTNER))
		take_partner(sim, &r->partner_image);
	if (RECORD_HAS(r, RULE)) {
		const struct rule_config *c = &r->rule;

		model_add_rule(sim->model,
			       &(struct model_rule){
				       .partner = c->partner,
				       .version = c->version,
				       .from_ms = r->booked_at_utc_ms,
				       .base_num = c->base_num,
				       .base_den = c->base_den,
				       .bonus_num = c->bonus_num,
				       .bonus_den = c->bonus_den,
				       .threshold = c->bonus_threshold_amount,
				       .fixed = c->bonus_fixed_points,
				       .sponsor = c->bonus_sponsor,
				       .bonus_days = c->bonus_days,
				       .is_at_store = (c->bonus_usable_at & USABLE_AT_STORE) != 0,
				       .usable_at = USABLE_NUMBER(c->bonus_usable_at),
			       });
	}
}

static void
take_campaign(struct sim *sim, const struct earn_rule *c)
{
	struct model_campaign campaign = {
		.version = c->version,
		.position = c->position,
		.number = c->number,
		.partner = c->partner,
		.store = c->store,
		.tender = c->tender,
		.from_day = c->from_day,
		.until_day = c->until_day,
		.from_minute = c->from_minute,
		.until_minute = c->until_minute,
		.weekdays = c->weekdays,
		.has_category = c->category_to != 0,
		.is_multiplier = (c->flags & EARN_RULE_MULTIPLIER) != 0,
		.is_exclusive = (c->flags & EARN_RULE_EXCLUSIVE) != 0,
		.is_first = (c->flags & EARN_RULE_FIRST) != 0,
		.threshold = c->threshold_amount,
		.num = c->rate_num,
		.den = c->rate_den,
		.fixed = c->fixed_points,
		.sponsor = c->sponsor,
		.sponsor_count = c->sponsor_count,
		.days = c->days,
		.is_at_store = (c->usable_at & USABLE_AT_STORE) != 0,
		.usable_at = USABLE_NUMBER(c->usable_at),
		.budget = c->budget,
		.member_times = c->member_times,
		.member_points = c->member_points,
		.member_day_points = c->member_day_points,
	};

	for (int i = 0; i < campaign.sponsor_count; i++) {
		campaign.sponsors[i].partner = c->sponsors[i].partner;
		campaign.sponsors[i].weight = c->sponsors[i].weight;
	}
	model_add_campaign(sim->model, &campaign);
}

/* Rates of exchange, and what partners may issue. */
static void
take_clearing(struct sim *sim, const struct record *r)
{
	const struct earn_rule *c = &r->earn_rule;

	if (RECORD_HAS(r, EARN_RULE) && (c->flags & EARN_RULE_EXCHANGE) != 0)
		model_add_rate(sim->model,
			       &(struct model_rate){
				       .version = c->version,
				       .position = c->position,
				       .partner = c->partner,
				       .is_out = (c->flags & EARN_RULE_EXCHANGE_OUT) != 0,
				       .from_day = c->from_day,
				       .until_day = c->until_day,
				       .least = c->threshold_amount,
				       .step = c->step,
				       .num = c->rate_num,
				       .den = c->rate_den,
			       });
	else if (RECORD_HAS(r, EARN_RULE))
		take_campaign(sim, c);
	for (uint32_t i = 0; RECORD_HAS(r, BUDGET) && i < r->budget_count; i++)
		model_set_budget(sim->model,
				 &(struct model_budget){
					 .number = r->budgets[i].number,
					 .is_stopped = (r->budgets[i].flags & BUDGET_STOPPED) != 0,
					 .granted = r->budgets[i].granted_points,
					 .passed = r->budgets[i].passed_points,
				 });
	if (RECORD_HAS(r, RULEBOOK))
		model_start_rulebook(sim->model, r->rulebook.version, r->rulebook.rule_count,
				     r->rulebook.starts_at_utc_ms);
	if (RECORD_HAS(r, CLOSED))
		model_close_cycle(sim->model, r->closed.partner, r->closed.last_day);
	if (RECORD_HAS(r, FUNDING))
		model_set_funding(sim->model, &(struct model_funding){
						      .partner = r->funding.partner,
						      .overdraft = r->funding.overdraft_points,
					      });
}

/* "type:text", or NULL. */
static const char *
card_of(const struct tg_message *q, enum tg_field type, enum tg_field text, char card[CARD_BYTES])
{
	if (!tg_message_has(q, text))
		return NULL;
	(void)snprintf(card, CARD_BYTES, "%d:%.*s", (int)q->values[type].integer,
		       (int)q->values[text].bytes, (const char *)q->values[text].data);
	return card;
}

static void
copy_id(const struct tg_message *q, enum tg_field field, bool *has, uint8_t id[MODEL_ID_BYTES])
{
	*has = tg_message_has(q, field);
	if (*has)
		memcpy(id, q->values[field].data, MODEL_ID_BYTES);
}

/* What the till asked for. */
static void
add_request(struct model_event *e, const struct asked *asked)
{
	const struct tg_message *q = &asked->message;

	memcpy(e->id, asked->id, sizeof(e->id));
	e->till_ms = tg_message_integer(q, TG_FIELD_BUSINESS_TIME, 0);
	e->is_late = tg_message_integer(q, TG_FIELD_LATE, 0) != 0;
	e->named_member = (uint64_t)tg_message_integer(q, TG_FIELD_MEMBER, 0);
	e->amount = tg_message_integer(q, TG_FIELD_AMOUNT, 0);
	e->covered = tg_message_integer(q, TG_FIELD_COVERED, 0);
	e->points = tg_message_integer(q, TG_FIELD_POINTS, 0);
	e->has_points = tg_message_has(q, TG_FIELD_POINTS);
	e->is_of_value = tg_message_has(q, TG_FIELD_VALUE_HELD);
	if (e->is_of_value)
		e->amount = tg_message_integer(q, TG_FIELD_VALUE_HELD, 0);
	e->skip_limited = tg_message_integer(q, TG_FIELD_SKIP_LIMITED, 0) != 0;
	copy_id(q, TG_FIELD_ORIGINAL, &e->has_original, e->original);
	copy_id(q, TG_FIELD_ORIGINAL_BURN, &e->has_burn, e->burn);
	e->original_ms = tg_message_integer(q, TG_FIELD_ORIGINAL_TIME, 0);
	e->reason = (int)tg_message_integer(q, TG_FIELD_REASON, 0);
	if (tg_message_has(q, TG_FIELD_RECEIPT)) {
		e->receipt = q->values[TG_FIELD_RECEIPT].data;
		e->receipt_bytes = q->values[TG_FIELD_RECEIPT].bytes;
	}
	e->till = (uint32_t)tg_message_integer(q, TG_FIELD_TILL, 0);
	e->till_day = (int32_t)tg_message_integer(q, TG_FIELD_TILL_DAY, INT32_MIN);
	e->hold_seconds = (int32_t)tg_message_integer(q, TG_FIELD_HOLD_SECONDS, 0);
	e->is_out = tg_message_integer(q, TG_FIELD_DIRECTION, 0) == TG_DIRECTION_OUT;
	e->own_units = tg_message_integer(q, TG_FIELD_OWN_UNITS, MODEL_UNTOLD);
	e->tender = (uint32_t)tg_message_integer(q, TG_FIELD_TENDER, 0);
	e->has_lines = tg_message_has(q, TG_FIELD_LINES);
}

static void
add_parts(struct model_outcome *out, const struct record *r)
{
	if (!RECORD_HAS(r, COMPONENTS) || r->status != TG_OK)
		return;
	out->rulebook = r->rulebook_version;
	out->part_count = r->component_count;
	for (uint32_t i = 0; i < r->component_count; i++) {
		const struct record_component *c = &r->components[i];

		out->parts[i] = (struct model_part){
			.campaign = c->campaign,
			.campaign_position = c->campaign_position == EARN_RULE_NONE ?
						     -1 :
						     c->campaign_position,
			.rate_position =
				c->rate_position == EARN_RULE_NONE ? -1 : c->rate_position,
			.sponsor = c->sponsor,
			.refusal = c->refusal,
			.amount = c->amount,
			.points = c->points,
		};
	}
}

/* What it posts to the accounts of partners. */
static void
add_books(struct model_outcome *out, const struct record *r)
{
	for (uint32_t i = 0; RECORD_HAS(r, POSTINGS) && i < r->posting_count; i++) {
		const struct posting *p = &r->postings[i];
		struct model_books *books = &out->books[p->partner % MODEL_BOOKS];

		books->issued += p->account == ACCOUNT_ISSUED ? p->points : 0;
		books->redeemed += p->account == ACCOUNT_REDEEMED ? p->points : 0;
		books->cover += p->account == ACCOUNT_COVER ? p->points : 0;
		books->cover_used += p->account == ACCOUNT_COVER_USED ? p->points : 0;
		books->own += p->account == ACCOUNT_OWN ? p->points : 0;
		books->value_taken += p->account == ACCOUNT_VALUE_TAKEN ? p->points : 0;
		books->value_paid += p->account == ACCOUNT_VALUE_PAID ? p->points : 0;
	}
}

static void
add_outcome(struct model_outcome *out, const struct record *r)
{
	out->status = r->status;
	out->points = RECORD_HAS(r, AMOUNT) ? r->points : 0;
	if (RECORD_HAS(r, DETAILS)) {
		out->base = r->base_points;
		out->bonus = r->bonus_points;
	}
	if (RECORD_HAS(r, REFUNDED)) {
		out->taken = r->taken_points;
		out->restored = r->restored_points;
		out->lost = r->lost_points;
		out->paid_debt = r->paid_debt_points;
		out->money = r->returned_money;
	}
	if (RECORD_HAS(r, HOLD))
		out->deadline_ms = r->hold_deadline_utc_ms;
	out->has_balances = RECORD_HAS(r, AFTER);
	if (out->has_balances) {
		out->available = r->available_points;
		out->next_day = r->next_expiry_day;
		out->next_points = r->next_expiry_points;
	}
	if (RECORD_HAS(r, AFTER_OTHER)) {
		out->pending = r->pending_points;
		out->held = r->held_points;
		out->debt = r->debt_after_points;
	}
	out->has_other = RECORD_HAS(r, SHARED);
	if (out->has_other) {
		out->other_available = r->shared.available_points;
		out->other_pending = r->shared.pending_points;
		out->other_held = r->shared.held_points;
		out->other_debt = r->shared.debt_points;
	}
	if (RECORD_HAS(r, EXCHANGE))
		out->own_units = r->exchange.own_units;
	if (RECORD_HAS(r, VALUE)) {
		out->value_change = r->value.change;
		out->value_after = r->value.after;
		out->value_lent = r->value.lent;
		out->value_shared = r->value.shared;
	}
	add_books(out, r);
	add_parts(out, r);
	if (!RECORD_HAS(r, POSTINGS))
		return;
	out->moved_available = record_posted_points(r, ACCOUNT_AVAILABLE);
	out->moved_pending = record_posted_points(r, ACCOUNT_PENDING);
	out->moved_held = record_posted_points(r, ACCOUNT_HELD);
	out->moved_debt = record_posted_points(r, ACCOUNT_DEBT);
	out->moved_breakage = record_posted_points(r, ACCOUNT_BREAKAGE);
}

/* Tell the model, and the story. */
static void
tell(struct sim *sim, const struct record *r, const struct asked *asked,
     const struct model_event *e)
{
	const int index = asked != NULL ? (int)asked->index : -1;
	char why[400];

	sim_tell(sim, "record %" PRIu64 ": %s of #%d for %" PRIu64 ", %s, leaves %" PRId64
		      " %" PRId64 " %" PRId64 " %" PRId64,
		 r->sequence, record_kind_name(r->kind), index, e->member,
		 tg_status_name((enum tg_status)r->status), e->outcome.available,
		 e->outcome.pending, e->outcome.held, e->outcome.debt);
	if (!model_take(sim->model, e, why, sizeof(why)))
		sim_fail(sim, "record %" PRIu64 ", %s of #%d: %s", r->sequence,
			 record_kind_name(r->kind), index, why);
}

/* What every record says. */
static struct model_event
begin(const struct record *r)
{
	return (struct model_event){
		.kind = kind_of(r),
		.sequence = r->sequence,
		.utc_ms = r->booked_at_utc_ms,
		.day = (int32_t)(r->booked_at_utc_ms / SIM_DAY_MS),
		.date = r->business_date,
		.till_day = INT32_MIN,
		.own_units = MODEL_UNTOLD,
		.is_capped = (r->flags & RECORD_CAPPED) != 0,
		.is_test = (r->flags & RECORD_TEST) != 0,
		.member = RECORD_HAS(r, MEMBER) ? r->member : 0,
		.other_member = RECORD_HAS(r, OTHER) ? r->other_member : 0,
	};
}

static void
add_principal(struct model_event *e, const struct record *r)
{
	e->partner = r->partner;
	e->store = r->store;
	e->terminal = r->terminal;
}

void
event_take_lent(struct sim *sim, const struct record *r, const struct record *next,
		const struct asked *asked)
{
	struct model_event e = begin(r);

	if (asked == NULL || next->sequence != r->sequence + 1 || next->member != r->member) {
		sim_fail(sim, "record %" PRIu64 " lends points for nothing", r->sequence);
		return;
	}
	add_principal(&e, next);
	e.points = next->points;
	e.skip_limited = tg_message_integer(&asked->message, TG_FIELD_SKIP_LIMITED, 0) != 0;
	add_outcome(&e.outcome, r);
	tell(sim, r, asked, &e);
}

void
event_take(struct sim *sim, const struct record *r, const struct asked *asked)
{
	char card[CARD_BYTES], new_card[CARD_BYTES];
	struct model_event e = begin(r);

	take_config(sim, r);
	take_clearing(sim, r);
	if (RECORD_HAS(r, PRINCIPAL))
		add_principal(&e, r);
	if (asked != NULL) {
		add_request(&e, asked);
		e.card = card_of(&asked->message, TG_FIELD_IDENTIFIER_TYPE, TG_FIELD_IDENTIFIER,
				 card);
		e.new_card = card_of(&asked->message, TG_FIELD_NEW_TYPE, TG_FIELD_NEW_IDENTIFIER,
				     new_card);
	}
	if (r->kind == RECORD_ADJUST) {
		e.points = r->points;
		e.is_debit = record_posted_points(r, ACCOUNT_ADJUSTMENTS) > 0;
	}
	if (r->kind == RECORD_FUND || r->kind == RECORD_UNFUND) {
		e.funded = r->funded_partner;
		e.points = r->funded_points;
		e.is_debit = r->kind == RECORD_UNFUND;
	}
	if (r->kind == RECORD_BLOCK) {
		e.is_of_card = r->block_target == BLOCK_IDENTIFIER;
		e.is_block = r->is_blocked != 0;
		e.card = e.is_of_card ? sim->blocked_card : NULL;
	}
	if (r->kind == RECORD_SET_VALUE) {
		e.is_registered = (r->value.flags & VALUE_REGISTERED) != 0;
		e.is_frozen = (r->value.flags & VALUE_FROZEN) != 0;
	}
	if (r->kind == RECORD_REPLACE) {
		e.card = sim->blocked_card;
		e.new_card = sim->replacing_card;
	}
	add_outcome(&e.outcome, r);
	/* It tells again what became of the original. */
	if (r->kind == RECORD_REOPEN)
		e.outcome.status = TG_OK;
	tell(sim, r, asked, &e);
}

/* One member, as the ledger shows it to an operator. */
static void
compare_member(struct sim *sim, struct decision *decision, uint64_t reference,
	       const struct model_balances *right, const struct ledger_now *now)
{
	const struct ledger_request q = { .kind = REQUEST_SHOW_MEMBER, .member = reference };
	const struct ledger_answer *a = &decision->answer;

	ledger_decide(sim->node->recovery.ledger, &q, now, decision);
	if (a->status != TG_OK)
		sim_fail(sim, "member %" PRIu64 " is gone: %s", reference,
			 tg_status_name((enum tg_status)a->status));
	(void)right;
}

void
event_compare(struct sim *sim)
{
	const struct ledger *ledger = sim->node->recovery.ledger;
	struct decision *decision = decision_new();
	struct ledger_now now = { .utc_ms = ledger_booked_at_utc_ms(ledger) };
	struct model_balances right;
	uint64_t reference;

	if (decision == NULL || now.utc_ms < 0)
		return;
	now.day = (int32_t)(now.utc_ms / SIM_DAY_MS);
	for (uint32_t nth = 0; model_member(sim->model, nth, now.day, &reference, &right); nth++)
		compare_member(sim, decision, reference, &right, &now);
	decision_free(decision);
}
