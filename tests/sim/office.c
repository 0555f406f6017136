/*
 * office.c - what operators do about money.
 *
 * Two operators, so that one may approve what the other asked for.  Numbers are few: what is named
 * is often there, and often not.
 */
#include "tests/sim/office.h"

#include <string.h>

#include "ledger/ledger.h"
#include "ledger/request.h"
#include "tests/sim/coalition.h"
#include "tests/sim/desk.h"
#include "tests/sim/node.h"
#include "tests/sim/sim.h"

#define DAY_MS INT64_C(86400000)
#define BUDGETS 4
#define RULES_MAX 6
#define POUR_ONCE_IN 8000 /* it takes seconds */

static int64_t
below(struct sim *sim, int64_t bound)
{
	return chance_below(&sim->chance, bound);
}

static bool
once_in(struct sim *sim, int64_t times)
{
	return chance_once_in(&sim->chance, times);
}

/* Now and then one that there is not. */
static uint32_t
draw_partner(struct sim *sim)
{
	return (uint32_t)(once_in(sim, 20) ? 77 : 1 + below(sim, COALITION_PARTNERS));
}

static int32_t
today(const struct sim *sim)
{
	return (int32_t)(sim_wall_ms(sim) / DAY_MS);
}

static void
name_operator(struct sim *sim, struct ledger_request *q)
{
	memcpy(q->operator_name, once_in(sim, 2) ? "anna" : "bert", 5);
}

static void
add_text(struct ledger_request *q)
{
	q->text_bytes = 3;
	memcpy(q->text, "why", 3);
}

/* ---- cover ---- */

static void
set_funding(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_SET_FUNDING };

	q.funding = (struct funding_config){
		.partner = draw_partner(sim),
		.flags = once_in(sim, 2) ? FUNDING_PREPAID : 0,
		.issue_price_micro = below(sim, 2000000),
		.redeem_price_micro = below(sim, 2000000),
		.issue_fee_micro = below(sim, 10000),
		.redeem_fee_micro = below(sim, 10000),
		.transaction_fee_micro = below(sim, 100000),
		.month_fee_micro = below(sim, 100000000),
		.overdraft_points = once_in(sim, 3) ? LIMIT_NONE : below(sim, 3000),
		.alert_points = below(sim, 500),
	};
	if (once_in(sim, 20))
		q.funding.overdraft_points = -1;
	desk_ask(sim, &q, "funding is set");
}

static void
fund(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_FUND,
				    .partner = draw_partner(sim),
				    .points = below(sim, 4000),
				    .price_micro = once_in(sim, 2) ? -1 : below(sim, 2000000) };

	q.is_debit = once_in(sim, 4);
	if (q.is_debit && once_in(sim, 2))
		q.points = 0; /* all of it */
	desk_ask(sim, &q, q.is_debit ? "cover is released" : "cover is sold");
}

/* ---- rates ---- */

static void
draw_rate(struct sim *sim, struct earn_rule *rate)
{
	rate->partner = draw_partner(sim);
	rate->flags = once_in(sim, 2) ? EARN_RULE_EXCHANGE_IN : EARN_RULE_EXCHANGE_OUT;
	rate->rate_num = 1 + below(sim, 5);
	rate->rate_den = 1 + below(sim, 5);
	rate->step = once_in(sim, 4) ? 5 : 0;
	rate->threshold_amount = once_in(sim, 4) ? 10 : 0;
	if (once_in(sim, 4))
		rate->until_day = today(sim) + (int32_t)below(sim, 5) - 1;
}

static void
draw_earn_rate(struct sim *sim, struct earn_rule *rate)
{
	rate->flags = EARN_RULE_RATE;
	rate->partner = draw_partner(sim);
	rate->rate_num = below(sim, 4);
	rate->rate_den = 100 * (1 + below(sim, 2));
	rate->tender = (uint8_t)below(sim, 3);
	if (once_in(sim, 3))
		rate->category_from = rate->category_to = (uint32_t)(1 + below(sim, 3));
}

/* How a campaign's points live, and how many there may be. */
static void
draw_bounds(struct sim *sim, struct earn_rule *c)
{
	if (once_in(sim, 3))
		c->days = (int32_t)below(sim, 12);
	if (once_in(sim, 4))
		c->usable_at = once_in(sim, 2) ? draw_partner(sim) :
						 USABLE_AT_STORE | (10 * draw_partner(sim) + 1);
	if (once_in(sim, 3))
		c->budget = (uint32_t)(1 + below(sim, BUDGETS));
	if (once_in(sim, 4))
		c->member_times = (uint32_t)(1 + below(sim, 3));
	if (once_in(sim, 4))
		c->member_points = below(sim, 300);
	if (once_in(sim, 4))
		c->member_day_points = below(sim, 100);
}

static void
draw_campaign(struct sim *sim, struct earn_rule *c)
{
	c->number = c->position + 1;
	c->partner = once_in(sim, 2) ? 0 : draw_partner(sim);
	c->threshold_amount = once_in(sim, 2) ? 0 : below(sim, 15000);
	c->rate_den = 100;
	c->rate_num = below(sim, 3);
	c->fixed_points = below(sim, 20);
	if (once_in(sim, 3)) {
		c->flags |= EARN_RULE_MULTIPLIER;
		c->rate_num = c->rate_den + 50 * (1 + below(sim, 4));
		c->fixed_points = 0;
	}
	if (once_in(sim, 5))
		c->flags |= EARN_RULE_EXCLUSIVE;
	if (once_in(sim, 8))
		c->flags |= EARN_RULE_FIRST;
	if (once_in(sim, 4))
		c->weekdays = (uint8_t)(1 + below(sim, WEEKDAYS_ALL));
	if (once_in(sim, 4)) {
		c->from_minute = (uint16_t)below(sim, MINUTES_PER_DAY);
		c->until_minute = (uint16_t)below(sim, MINUTES_PER_DAY);
	}
	if (once_in(sim, 4))
		c->category_from = c->category_to = (uint32_t)(1 + below(sim, 3));
	if (once_in(sim, 4))
		c->until_day = today(sim) + (int32_t)below(sim, 6);
	draw_bounds(sim, c);
	if (once_in(sim, 3))
		c->sponsor = draw_partner(sim);
	else if (once_in(sim, 3)) {
		c->sponsor_count = 2;
		c->sponsors[0] = (struct sponsor_share){ 1, 1 + (uint32_t)below(sim, 3) };
		c->sponsors[1] = (struct sponsor_share){ 2 + (uint32_t)below(sim, 2),
							 1 + (uint32_t)below(sim, 3) };
	}
}

static void
draw_rule(struct sim *sim, uint32_t position, struct earn_rule *rule)
{
	*rule = (struct earn_rule){
		.position = position,
		.until_day = TG_DAY_MAX,
		.until_minute = MINUTES_PER_DAY,
		.weekdays = WEEKDAYS_ALL,
		.member_points = LIMIT_NONE,
		.member_day_points = LIMIT_NONE,
		.rate_den = 1,
	};
	if (once_in(sim, 3))
		draw_rate(sim, rule);
	else if (once_in(sim, 5))
		draw_earn_rate(sim, rule);
	else
		draw_campaign(sim, rule);
	if (once_in(sim, 40))
		rule->rate_den = 0;
}

/* Another version: a few rules, and from when on they hold. */
static void
set_rulebook(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_SET_EARN_RULE };
	uint32_t count = (uint32_t)chance_between(&sim->chance, 1, RULES_MAX);

	for (uint32_t i = 0; i < count; i++) {
		q.kind = REQUEST_SET_EARN_RULE;
		draw_rule(sim, i, &q.earn_rule);
		desk_ask(sim, &q, "a rule of the rulebook is set");
	}
	q.kind = REQUEST_START_RULEBOOK;
	q.rulebook.rule_count = count;
	q.rulebook.starts_at_utc_ms =
		once_in(sim, 4) ? sim_wall_ms(sim) + below(sim, 2 * DAY_MS) : 0;
	desk_ask(sim, &q, "a rulebook starts");
}

/* ---- budgets ---- */

/* One that there is, if there is any. */
static uint32_t
draw_budget(struct sim *sim)
{
	const struct budget *found = NULL, *budget;
	int64_t used;

	for (uint32_t nth = 0; sim->node->is_up; nth++) {
		budget = ledger_budget_at(sim->node->recovery.ledger, nth, &used);
		if (budget == NULL)
			break;
		if (once_in(sim, nth + 1))
			found = budget;
	}
	return found != NULL ? found->number : 1;
}

static void
budget(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_BUDGET, .points = below(sim, 3000) };

	name_operator(sim, &q);
	q.budget_action = (uint8_t)(1 + below(sim, once_in(sim, 2) ? 2 : 7));
	q.budget.number = (uint32_t)below(sim, BUDGETS + 1);
	if (once_in(sim, 4)) {
		q.budget_action = BUDGET_RELEASE;
		q.budget.number = draw_budget(sim);
	}
	q.budget.parent = (uint32_t)below(sim, 2);
	if (once_in(sim, 5))
		q.budget.asked_from = (uint32_t)below(sim, BUDGETS + 1);
	memcpy(q.budget.name, "gifts", 5);
	desk_ask(sim, &q, "a budget");
	if (q.budget_action != BUDGET_ASK || once_in(sim, 3))
		return;
	q.budget_action = BUDGET_APPROVE;
	name_operator(sim, &q);
	desk_ask(sim, &q, "a budget's approval");
}

/* ---- settlement ---- */

static void
set_cycle(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_SET_CYCLE };
	struct cycle_config *c = &q.cycle_image;

	c->partner = draw_partner(sim);
	c->period = (uint32_t)(1 + below(sim, 3));
	if (c->period != CYCLE_DAILY)
		c->ends_on = (uint32_t)(1 + below(sim, c->period == CYCLE_WEEKLY ? 7 : 31));
	c->calendar = (uint32_t)below(sim, 2);
	c->flags = (uint32_t)below(sim, 4);
	c->minimum_amount = below(sim, 1000);
	if (once_in(sim, 20))
		c->ends_on = 40;
	desk_ask(sim, &q, "a cycle is set");
}

static void
set_holiday(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_SET_HOLIDAY };

	q.holiday = (struct holiday){
		.calendar = (uint32_t)below(sim, 3),
		.day = today(sim) + (int32_t)below(sim, 20),
		.is_rest = once_in(sim, 4) ? 0 : 1,
	};
	desk_ask(sim, &q, "a holiday");
}

/* Most often a partner that has a cycle. */
static uint32_t
draw_settled(struct sim *sim)
{
	const struct cycle_config *found = NULL, *cycle;

	for (uint32_t nth = 0; sim->node->is_up; nth++) {
		cycle = ledger_cycle_at(sim->node->recovery.ledger, nth, NULL);
		if (cycle == NULL)
			break;
		if (once_in(sim, nth + 1))
			found = cycle;
	}
	return found == NULL || once_in(sim, 5) ? draw_partner(sim) : found->partner;
}

static void
close_cycle(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_CLOSE_CYCLE };

	q.cycle_image.partner = draw_settled(sim);
	desk_ask(sim, &q, "a cycle is closed");
}

static void
set_statement(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_SET_STATEMENT, .partner = draw_settled(sim) };
	struct cycle open;

	if (!sim->node->is_up || sim->node->is_dead)
		return;
	q.statement_cycle = (uint32_t)below(sim, 4);
	if (ledger_cycle_find(sim->node->recovery.ledger, q.partner, &open) != NULL &&
	    !once_in(sim, 4))
		q.statement_cycle = open.number - 1;
	q.statement_state = (uint8_t)(1 + below(sim, 5));
	desk_ask(sim, &q, "a statement's state is set");
	/* Again: it is that already. */
	if (once_in(sim, 3))
		desk_ask(sim, &q, "a statement's state is set");
}

static void
add_item(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_ADD_ITEM };

	q.item = (struct settlement_item){
		.partner = draw_partner(sim),
		.other = (uint32_t)below(sim, COALITION_PARTNERS + 1),
		.amount = below(sim, 20000) - 10000,
		.about = (uint64_t)below(sim, 100),
	};
	if (!once_in(sim, 10))
		add_text(&q);
	desk_ask(sim, &q, "an item is added");
}

/* ---- second operators, disputes ---- */

/* An open proposal, or now and then none. */
static uint64_t
draw_proposal(struct sim *sim)
{
	struct proposal proposal;
	uint64_t from = once_in(sim, 10) ? (uint64_t)below(sim, 500) : 0;

	return ledger_proposal_after(sim->node->recovery.ledger, from, &proposal);
}

/* The second operator runs what was proposed, a correction. */
static void
approve(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_ADJUST, .member = desk_draw_member(sim) };

	if (!sim->node->is_up || sim->node->is_dead || q.member == 0)
		return;
	q.approves = once_in(sim, 8) ? 1 : draw_proposal(sim);
	q.points = chance_between(&sim->chance, 1, 300);
	q.has_points = true;
	name_operator(sim, &q);
	add_text(&q);
	if (q.approves != 0)
		desk_ask(sim, &q, "a proposal is approved");
}

static void
propose(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_PROPOSE,
				    .expires_in_ms = below(sim, 2 * DAY_MS),
				    .proposal_bytes = 4 };
	bool is_late = once_in(sim, 4);

	if (is_late)
		q.expires_in_ms = 1;

	name_operator(sim, &q);
	memcpy(q.proposal, "give", 4);
	desk_ask(sim, &q, "something is proposed");
	/* Before the gateway notices, which it does each second. */
	if (is_late) {
		sim_pass(sim, 5);
		approve(sim);
	}
}

static void
end_proposal(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_END_PROPOSAL };

	if (!sim->node->is_up || sim->node->is_dead)
		return;
	q.matter = draw_proposal(sim);
	name_operator(sim, &q);
	desk_ask(sim, &q, "a proposal is rejected");
}

static void
end_dispute(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_END_DISPUTE };
	struct dispute dispute;

	if (!sim->node->is_up || sim->node->is_dead)
		return;
	q.matter = ledger_dispute_after(sim->node->recovery.ledger, 0, &dispute);
	q.is_upheld = once_in(sim, 2);
	q.amount = q.is_upheld ? below(sim, 500) : 0;
	if (!once_in(sim, 10))
		add_text(&q);
	desk_ask(sim, &q, "a dispute is decided");
}

/* A one-time code is made for a till, of the key that it has. */
static void
make_code(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_SET_TERMINAL, .has_activation = true };

	q.terminal_image = sim->coalition->terminals[below(sim, COALITION_TILLS)];
	q.activation = (struct activation){
		.key_generation = 1,
		.expires_utc_ms = sim_wall_ms(sim) + below(sim, 2 * DAY_MS),
		.code_hash = { 7 },
	};
	desk_ask(sim, &q, "a one-time code is made");
}

/* A till uses it.  On the wire that takes TLS: this is what is behind. */
static void
use_code(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_ACTIVATE };

	q.principal = sim->coalition->terminals[below(sim, COALITION_TILLS)].number;
	q.activation.code_hash[0] = once_in(sim, 10) ? 8 : 7;
	q.activation.nonce[0] = (uint8_t)(1 + below(sim, 2));
	desk_ask(sim, &q, "a one-time code is used");
}

/* A mistake, thousands of times: until the balance would leave its bounds. */
static void
pour(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_ADJUST,
				    .member = desk_draw_member(sim),
				    .points = TG_AMOUNT_MAX };
	int status = TG_OK;

	add_text(&q);
	for (int64_t i = 0; q.member != 0 && status == TG_OK && sim->node->is_up &&
			    !sim->node->is_dead && i <= TG_BALANCE_MAX / TG_AMOUNT_MAX;
	     i++)
		status = node_ask(sim, &q);
	sim_tell(sim, "an operator pours points out: %d", status);
	if (status > 0 && status < SIM_STATUSES)
		sim->figures->statuses[status]++;
}

void
office_act(struct sim *sim)
{
	static void (*const acts[])(struct sim *) = {
		set_funding, fund,	fund,	   set_rulebook, set_rulebook, set_rulebook,
		budget,	     budget,	set_cycle, set_holiday,	 close_cycle,  set_statement,
		add_item,    propose,	approve,   approve,	 end_proposal, end_dispute,
		end_dispute, make_code, use_code,  use_code,	 set_cycle,    close_cycle,
		set_statement,
	};

	if (once_in(sim, POUR_ONCE_IN)) {
		pour(sim);
		return;
	}
	acts[below(sim, sizeof(acts) / sizeof(acts[0]))](sim);
}
