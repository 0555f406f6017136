/*
 * setup.c - programme, partners, rules, stores and terminals, as an operator sets them.
 *
 * Checked for bounds here, so that no later decision has to: ratios stay within 10^12, so that
 * amount x numerator fits 128 bits.
 */
#include "ledger/calendar.h"
#include "ledger/plan.h"

#define RATIO_MAX INT64_C(1000000000000)
#define MS_PER_DAY INT64_C(86400000)
#define WINDOW_MS_MAX (366 * MS_PER_DAY)
#define HOLD_SECONDS_MAX (35 * 86400) /* domain decision 8 */
#define DAYS_MAX 36525		      /* a century: sums of days stay far from the ends of int32 */

/* The row found, or the next free one; TABLE_NONE when the table is full. */
static uint32_t
row_to_set(const struct table *table, uint32_t found)
{
	return found != TABLE_NONE ? found : table_free_peek(table, 0);
}

/*
 * Business times from which on nothing has been forgotten: ids are kept as long as the window was
 * when they were dropped, so a wider one does not reach back behind the old.
 */
static int64_t
window_floor(const struct plan *p)
{
	int64_t floor = ledger_state(p->ledger)->window_floor_utc_ms;

	if (p->programme->version == 0 ||
	    p->request->programme.window_ms <= p->programme->window_ms)
		return floor;
	return points_max(floor, p->now->utc_ms - p->programme->window_ms);
}

/* Each is a lot of the member: as many as limited points leave it. */
#define VINTAGES_MAX (MEMBER_LOTS_MAX - MEMBER_LOTS_NEW)

/* Does the way in which regular points end hang together? */
static bool
is_expiry_sound(const struct programme_config *c)
{
	/* A leap year: 29 February is a day of the year. */
	const bool has_sweep = points_within(c->sweep_month, 1, 12) && c->sweep_day >= 1 &&
			       c->sweep_day <= calendar_month_days(2024, c->sweep_month);

	/* Vintages of different last days that live at once. */
	const int32_t apart_months = has_sweep ? 12 : c->vintage_months;

	if (c->expiry_shape == EXPIRY_VINTAGE)
		return c->vintage_months > 0 && 12 % c->vintage_months == 0 &&
		       c->expiry_months / apart_months < VINTAGES_MAX &&
		       (has_sweep || (c->sweep_month == 0 && c->sweep_day == 0));
	return c->expiry_shape <= EXPIRY_NEVER && c->vintage_months == 0 && c->sweep_month == 0 &&
	       c->sweep_day == 0;
}

static enum tg_status
set_programme(struct plan *p)
{
	const struct programme_config *c = &p->request->programme;
	struct record *r;

	if (!points_within(c->window_ms, 1, WINDOW_MS_MAX) ||
	    !points_within(c->clock_ahead_ms, 0, MS_PER_DAY) ||
	    !points_within(c->burn_clock_ms, 0, MS_PER_DAY) ||
	    !points_within(c->point_value_num, 1, RATIO_MAX) ||
	    !points_within(c->point_value_den, 1, RATIO_MAX) ||
	    !points_within(c->expiry_months, 1, 1200) || !is_expiry_sound(c) ||
	    !points_within(c->hold_seconds_max, 1, HOLD_SECONDS_MAX) ||
	    !points_within(c->hold_seconds_default, 1, c->hold_seconds_max) ||
	    c->declines_per_terminal_day < 0 || c->member_day_earn_points < 0 ||
	    c->member_day_burn_points < 0 || !points_within(c->debt_days, 0, DAYS_MAX) ||
	    !points_within(c->debt_cycles, 0, STATEMENTS_KEPT) ||
	    !points_within(c->value_registered_max, 0, TG_AMOUNT_MAX) ||
	    !points_within(c->value_bearer_max, 0, c->value_registered_max) ||
	    c->value_day_max < 0)
		return TG_BAD_FIELD;
	/*
	 * What was live stays live, and what was tried out never becomes so; and what was paid for
	 * when it was issued is not paid for again.
	 */
	if (p->programme->version != 0 &&
	    ((c->flags ^ p->programme->flags) & (PROGRAMME_SANDBOX | PROGRAMME_TRACED)) != 0)
		return TG_BAD_FIELD;
	/* Members keep what they were told of their points' end. */
	if (p->ledger->members.live_count > 0 && c->expiry_shape != p->programme->expiry_shape)
		return TG_BAD_FIELD;
	r = plan_begin_order(p, RECORD_PROGRAMME);
	r->sections |= RECORD_HAS_BIT(PROGRAMME);
	r->programme = *c;
	r->programme.version = p->programme->version + 1;
	r->programme.pad = 0;
	r->window_floor_utc_ms = window_floor(p);
	return plan_finish(p);
}

/* Days, or the one number that stands for something else. */
static bool
is_days(int32_t days, int32_t other)
{
	return days == other || points_within(days, 0, DAYS_MAX);
}

/* Has the partner ever had points?  Then test and live ones would mix, were it to change sides. */
static bool
has_accounts(const struct ledger *l, uint32_t partner)
{
	static const uint8_t accounts[] = { ACCOUNT_ISSUED, ACCOUNT_REDEEMED, ACCOUNT_DEBT };

	for (size_t i = 0; i < sizeof(accounts); i++) {
		if (state_find_account(l, state_account_key(accounts[i], UNIT_POINTS, partner)) !=
		    TABLE_NONE)
			return true;
	}
	return false;
}

/* Issuing ends before, or with, taking: else points would be sold that nobody redeems. */
static bool
is_life(const struct partner_config *c)
{
	return c->joined_day >= 0 && c->last_earn_day >= 0 && c->last_burn_day >= 0 &&
	       (c->last_burn_day == 0 ||
		(c->last_earn_day != 0 && c->last_earn_day <= c->last_burn_day)) &&
	       (c->last_earn_day == 0 || c->joined_day <= c->last_earn_day);
}

#define CARRY_FLAGS (PARTNER_CARRY_DAY | PARTNER_CARRY_MONTH)

static enum tg_status
set_partner(struct plan *p)
{
	const struct partner_config *c = &p->request->partner_image;
	struct record *r;
	uint32_t found = state_find_partner(p->ledger, c->number);
	uint32_t row = row_to_set(&p->ledger->partners, found);

	if (c->number == 0 || !is_days(c->pending_days, PENDING_UNTIL_CONFIRMED) ||
	    !is_days(c->return_days, INT32_MAX) || !points_within(c->restored_days, 0, DAYS_MAX) ||
	    c->burn_minimum_points < 0 || c->burn_step_points < 0 ||
	    c->earn_transaction_points < 0 || c->burn_transaction_points < 0 ||
	    c->terminal_day_earn_points < 0 || c->terminal_day_burn_points < 0 ||
	    c->bonus_member_day_points < 0 || !is_life(c) ||
	    (c->flags & CARRY_FLAGS) == CARRY_FLAGS)
		return TG_BAD_FIELD;
	if (found != TABLE_NONE && has_accounts(p->ledger, c->number) &&
	    ((ledger_partner_row(p->ledger, found)->config.flags ^ c->flags) & PARTNER_TEST) != 0)
		return TG_BAD_FIELD;
	if (row == TABLE_NONE)
		return TG_TABLE_FULL;
	r = plan_begin_order(p, RECORD_PARTNER);
	r->sections |= RECORD_HAS_BIT(PARTNER);
	r->config_row = row;
	r->partner_image = *c;
	r->partner_image.pad = 0;
	return plan_finish(p);
}

/* Who pays the bonus and where it can be spent: known, and on the same side of test and live. */
static enum tg_status
check_bonus_partners(const struct ledger *l, const struct rule_config *c)
{
	uint32_t partner = state_find_partner(l, c->partner);
	uint32_t sponsor =
	    c->bonus_sponsor != 0 ? state_find_partner(l, c->bonus_sponsor) : partner;

	if (sponsor == TABLE_NONE)
		return TG_UNKNOWN_PARTNER;
	if (((ledger_partner_row(l, sponsor)->config.flags ^
	      ledger_partner_row(l, partner)->config.flags) &
	     PARTNER_TEST) != 0)
		return TG_TEST_MISMATCH;
	if (c->bonus_usable_at == USABLE_ANYWHERE)
		return TG_OK;
	if ((c->bonus_usable_at & USABLE_AT_STORE) != 0)
		return state_find_store(l, USABLE_NUMBER(c->bonus_usable_at)) != TABLE_NONE ?
			       TG_OK :
			       TG_UNKNOWN_STORE;
	return state_find_partner(l, c->bonus_usable_at) != TABLE_NONE ? TG_OK : TG_UNKNOWN_PARTNER;
}

static enum tg_status
add_rule(struct plan *p)
{
	const struct rule_config *c = &p->request->rule;
	uint32_t partner = state_find_partner(p->ledger, c->partner);
	uint32_t row = table_free_peek(&p->ledger->rules, 0);
	uint32_t newest;
	struct record *r;
	enum tg_status status;

	if (partner == TABLE_NONE)
		return TG_UNKNOWN_PARTNER;
	status = check_bonus_partners(p->ledger, c);
	if (status != TG_OK)
		return status;
	if (c->base_num < 0 || c->base_num > RATIO_MAX || c->base_den <= 0 ||
	    c->base_den > RATIO_MAX || c->bonus_num < 0 || c->bonus_num > RATIO_MAX ||
	    c->bonus_den <= 0 || c->bonus_den > RATIO_MAX || c->bonus_threshold_amount < 0 ||
	    c->bonus_fixed_points < 0 || c->bonus_fixed_points > TG_AMOUNT_MAX ||
	    !points_within(c->bonus_days, 0, DAYS_MAX))
		return TG_BAD_FIELD;
	if (row == TABLE_NONE)
		return TG_TABLE_FULL;
	newest = ledger_partner_row(p->ledger, partner)->newest_rule;
	r = plan_begin_order(p, RECORD_RULE);
	r->sections |= RECORD_HAS_BIT(RULE);
	r->config_row = row;
	r->rule = *c;
	r->rule.pad = 0;
	r->rule.version =
		newest == TABLE_NONE ? 1 : ledger_rule_row(p->ledger, newest)->config.version + 1;
	return plan_finish(p);
}

static enum tg_status
set_store(struct plan *p)
{
	const struct store_config *c = &p->request->store_image;
	uint32_t found = state_find_store(p->ledger, c->number);
	uint32_t row = row_to_set(&p->ledger->stores, found);
	struct record *r;

	if (c->number == 0 || (c->number & USABLE_AT_STORE) != 0)
		return TG_BAD_FIELD;
	if (state_find_partner(p->ledger, c->partner) == TABLE_NONE)
		return TG_UNKNOWN_PARTNER;
	/* Terminals and lots belong to the partner: a store does not change hands. */
	if (found != TABLE_NONE &&
	    ledger_store_row(p->ledger, found)->config.partner != c->partner)
		return TG_BAD_FIELD;
	if (row == TABLE_NONE)
		return TG_TABLE_FULL;
	r = plan_begin_order(p, RECORD_STORE);
	r->sections |= RECORD_HAS_BIT(STORE);
	r->config_row = row;
	r->store_image = *c;
	return plan_finish(p);
}

static enum tg_status
set_terminal(struct plan *p)
{
	const struct terminal_config *c = &p->request->terminal_image;
	uint32_t found = state_find_terminal(p->ledger, c->number);
	uint32_t row = row_to_set(&p->ledger->terminals, found);
	uint32_t store = state_find_store(p->ledger, c->store);
	struct record *r;

	if (c->number == 0 || c->key_generation == 0 ||
	    (p->request->has_activation &&
	     p->request->activation.key_generation < c->key_generation))
		return TG_BAD_FIELD;
	if (state_find_partner(p->ledger, c->partner) == TABLE_NONE)
		return TG_UNKNOWN_PARTNER;
	if (c->store != 0 && (store == TABLE_NONE ||
			      ledger_store_row(p->ledger, store)->config.partner != c->partner))
		return TG_UNKNOWN_STORE;
	if (found != TABLE_NONE &&
	    ledger_terminal_row(p->ledger, found)->config.partner != c->partner)
		return TG_BAD_FIELD;
	if (row == TABLE_NONE)
		return TG_TABLE_FULL;
	r = plan_begin_order(p, RECORD_TERMINAL);
	r->sections |= RECORD_HAS_BIT(TERMINAL);
	r->config_row = row;
	r->terminal_image = *c;
	if (p->request->has_activation && !plan_add_activation(p, &p->request->activation))
		return TG_TABLE_FULL;
	return plan_finish(p);
}

static enum tg_status
note_clock(struct plan *p)
{
	struct record *r = plan_begin_order(p, RECORD_CLOCK);

	r->sections |= RECORD_HAS_BIT(CLOCK);
	r->clock_utc_ms = p->request->clock_utc_ms;
	return plan_finish(p);
}

enum tg_status
plan_setup(struct plan *p)
{
	switch (p->request->kind) {
	case REQUEST_SET_PROGRAMME:
		return set_programme(p);
	case REQUEST_SET_PARTNER:
		return set_partner(p);
	case REQUEST_ADD_RULE:
		return add_rule(p);
	case REQUEST_SET_STORE:
		return set_store(p);
	case REQUEST_SET_TERMINAL:
		return set_terminal(p);
	case REQUEST_CLOCK:
		return note_clock(p);
	default:
		return TG_UNKNOWN_OPERATION;
	}
}
