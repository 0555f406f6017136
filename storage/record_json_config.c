/*
 * record_json_config.c - what records set of the configuration, and what a rulebook made of it.
 */
#include "storage/record_json_object.h"

static void
put_programme(struct object *o, const struct programme_config *c)
{
	put_number(o, "version", c->version);
	put_number(o, "flags", c->flags);
	put_int(o, "window_ms", c->window_ms);
	put_int(o, "clock_ahead_ms", c->clock_ahead_ms);
	put_int(o, "burn_clock_ms", c->burn_clock_ms);
	put_int(o, "point_value_num", c->point_value_num);
	put_int(o, "point_value_den", c->point_value_den);
	put_int(o, "expiry_months", c->expiry_months);
	put_number(o, "expiry_shape", c->expiry_shape);
	put_number(o, "vintage_months", c->vintage_months);
	put_number(o, "sweep_month", c->sweep_month);
	put_number(o, "sweep_day", c->sweep_day);
	put_int(o, "hold_seconds_default", c->hold_seconds_default);
	put_int(o, "hold_seconds_max", c->hold_seconds_max);
	put_int(o, "declines_per_terminal_day", c->declines_per_terminal_day);
	put_int(o, "debt_days", c->debt_days);
	put_int(o, "debt_cycles", c->debt_cycles);
	put_limit(o, "member_day_earn_points", c->member_day_earn_points);
	put_limit(o, "member_day_burn_points", c->member_day_burn_points);
	put_int(o, "value_registered_max", c->value_registered_max);
	put_int(o, "value_bearer_max", c->value_bearer_max);
	put_limit(o, "value_day_max", c->value_day_max);
}

static void
put_partner(struct object *o, const struct partner_config *c)
{
	put_number(o, "number", c->number);
	record_json_put_text(o, "name", c->name, sizeof c->name);
	put_number(o, "group", c->group);
	put_number(o, "flags", c->flags);
	put_int(o, "pending_days", c->pending_days);
	put_int(o, "return_days", c->return_days);
	put_int(o, "restored_days", c->restored_days);
	put_int(o, "joined_day", c->joined_day);
	put_int(o, "last_earn_day", c->last_earn_day);
	put_int(o, "last_burn_day", c->last_burn_day);
	put_int(o, "burn_minimum_points", c->burn_minimum_points);
	put_int(o, "burn_step_points", c->burn_step_points);
	put_limit(o, "earn_transaction_points", c->earn_transaction_points);
	put_limit(o, "burn_transaction_points", c->burn_transaction_points);
	put_limit(o, "terminal_day_earn_points", c->terminal_day_earn_points);
	put_limit(o, "terminal_day_burn_points", c->terminal_day_burn_points);
	put_limit(o, "bonus_member_day_points", c->bonus_member_day_points);
}

static void
put_rule(struct object *o, const struct rule_config *c)
{
	put_number(o, "partner", c->partner);
	put_number(o, "version", c->version);
	put_int(o, "base_num", c->base_num);
	put_int(o, "base_den", c->base_den);
	put_int(o, "bonus_num", c->bonus_num);
	put_int(o, "bonus_den", c->bonus_den);
	put_int(o, "bonus_threshold_amount", c->bonus_threshold_amount);
	put_int(o, "bonus_fixed_points", c->bonus_fixed_points);
	put_number(o, "bonus_sponsor", c->bonus_sponsor);
	put_int(o, "bonus_days", c->bonus_days);
	put_number(o, "bonus_usable_at", c->bonus_usable_at);
}

static void
put_store(struct object *o, const struct store_config *c)
{
	put_number(o, "number", c->number);
	record_json_put_text(o, "name", c->name, sizeof c->name);
	put_number(o, "partner", c->partner);
	put_number(o, "flags", c->flags);
	put_number(o, "groups", c->groups);
}

static void
put_terminal(struct object *o, const struct terminal_config *c)
{
	put_number(o, "number", c->number);
	record_json_put_text(o, "name", c->name, sizeof c->name);
	put_number(o, "partner", c->partner);
	put_number(o, "store", c->store);
	put_number(o, "flags", c->flags);
	put_number(o, "key_generation", c->key_generation);
	put_number(o, "key_generation_old", c->key_generation_old);
	if (c->old_key_until_utc_ms != 0)
		record_json_put_time(o, "old_key_until", c->old_key_until_utc_ms);
	put_number(o, "rights", c->rights);
}

/* Prices and fees in millionths of a minor unit. */
static void
put_funding(struct object *o, const struct funding_config *c)
{
	put_number(o, "partner", c->partner);
	put_number(o, "version", c->version);
	put_number(o, "flags", c->flags);
	put_int(o, "issue_price_micro", c->issue_price_micro);
	put_int(o, "redeem_price_micro", c->redeem_price_micro);
	put_int(o, "issue_fee_micro", c->issue_fee_micro);
	put_int(o, "redeem_fee_micro", c->redeem_fee_micro);
	put_int(o, "transaction_fee_micro", c->transaction_fee_micro);
	put_int(o, "month_fee_micro", c->month_fee_micro);
	put_int(o, "overdraft_points", c->overdraft_points);
	put_int(o, "alert_points", c->alert_points);
}

void
record_json_put_funded(struct object *o, const struct record *r)
{
	if (!RECORD_HAS(r, FUNDED))
		return;
	put_number(o, "funded_partner", r->funded_partner);
	put_number(o, "cover_row", r->cover_row);
	put_int(o, "funded_points", r->funded_points);
	put_int(o, "funded_price_micro", r->funded_price_micro);
}

static void
put_sponsors(struct object *o, const struct earn_rule *c)
{
	json_t *array = json_array();

	for (uint8_t i = 0; i < c->sponsor_count; i++) {
		struct object element = { .json = json_object() };

		put_number(&element, "partner", c->sponsors[i].partner);
		put_number(&element, "share", c->sponsors[i].weight);
		record_json_append(o, array, &element);
	}
	put(o, "sponsors", array);
}

static void
put_earn_rule(struct object *o, const struct earn_rule *c)
{
	put_number(o, "version", c->version);
	put_number(o, "position", c->position);
	put_number(o, "number", c->number);
	record_json_put_text(o, "name", c->name, sizeof c->name);
	put_number(o, "flags", c->flags);
	put_number(o, "partner", c->partner);
	put_number(o, "store", c->store);
	put_number(o, "store_group", c->store_group);
	put_number(o, "category_from", c->category_from);
	put_number(o, "category_to", c->category_to);
	put_int(o, "from_day", c->from_day);
	put_int(o, "until_day", c->until_day);
	put_number(o, "from_minute", c->from_minute);
	put_number(o, "until_minute", c->until_minute);
	put_number(o, "weekdays", c->weekdays);
	put_number(o, "tender", c->tender);
	put_number(o, "tier", c->tier);
	put_number(o, "tag", c->tag);
	put_number(o, "sponsor", c->sponsor);
	if (c->sponsor_count > 0)
		put_sponsors(o, c);
	put_int(o, "days", c->days);
	put_number(o, "usable_at", c->usable_at);
	put_number(o, "budget", c->budget);
	put_number(o, "member_times", c->member_times);
	put_limit(o, "member_points", c->member_points);
	put_limit(o, "member_day_points", c->member_day_points);
	put_int(o, "threshold_amount", c->threshold_amount);
	put_int(o, "rate_num", c->rate_num);
	put_int(o, "rate_den", c->rate_den);
	put_int(o, "fixed_points", c->fixed_points);
	put_number(o, "step", c->step);
}

static void
put_rulebook(struct object *o, const struct rulebook *c)
{
	put_number(o, "version", c->version);
	put_number(o, "rule_count", c->rule_count);
	record_json_put_time(o, "starts_at", c->starts_at_utc_ms);
}

/* The budgets of a record: the one that is meant, and the one that points came from or went to. */
void
record_json_put_budgets(struct object *o, const struct record *r)
{
	json_t *array = json_array();

	put_number(o, "budget_action", r->budget_action);
	for (uint8_t i = 0; i < r->budget_count; i++) {
		const struct budget *c = &r->budgets[i];
		struct object element = { .json = json_object() };

		put_number(&element, "row", r->budget_rows[i]);
		put_number(&element, "number", c->number);
		record_json_put_text(&element, "name", c->name, sizeof c->name);
		put_number(&element, "parent", c->parent);
		put_number(&element, "flags", c->flags);
		put_int(&element, "granted_points", c->granted_points);
		put_int(&element, "passed_points", c->passed_points);
		put_int(&element, "asked_points", c->asked_points);
		put_number(&element, "asked_from", c->asked_from);
		record_json_put_text(&element, "asked_by", c->asked_by, sizeof c->asked_by);
		record_json_append(o, array, &element);
	}
	put(o, "budgets", array);
}

void
record_json_put_components(struct object *o, const struct record *r)
{
	json_t *array = json_array();

	put_number(o, "rulebook_version", r->rulebook_version);
	if (RECORD_HAS(r, CARRIED)) {
		put_number(o, "carried_partner", r->carried.partner);
		put_number(o, "carried_row", r->carried.row);
		put_int(o, "carried_day", r->carried.day);
		put_number(o, "carried_rule_version", r->carried.rule_version);
		put_int(o, "carried_before", r->carried.before);
		put_int(o, "carried_after", r->carried.after);
	}
	for (uint8_t i = 0; i < r->component_count; i++) {
		const struct record_component *c = &r->components[i];
		struct object element = { .json = json_object() };

		put_number(&element, "row", c->row);
		put_number(&element, "campaign_row", c->campaign_row);
		put_number(&element, "campaign", c->campaign);
		put_number(&element, "rate_row", c->rate_row);
		put_number(&element, "sponsor", c->sponsor);
		put_number(&element, "budget_row", c->budget_row);
		put_number(&element, "budget", c->budget);
		put_number(&element, "counter_row", c->counter_row);
		put_number(&element, "refusal", c->refusal);
		put_int(&element, "amount", c->amount);
		put_int(&element, "points", c->points);
		if (c->campaign_position != EARN_RULE_NONE)
			put_number(&element, "campaign_position", c->campaign_position);
		if (c->rate_position != EARN_RULE_NONE)
			put_number(&element, "rate_position", c->rate_position);
		if (RECORD_HAS(r, UNDONE) && i < r->undone_count) {
			put_int(&element, "undone_amount", r->undone[i].amount);
			put_int(&element, "undone_points", r->undone[i].points);
		}
		record_json_append(o, array, &element);
	}
	put(o, "components", array);
}

void
record_json_put_config(struct object *o, const struct record *r)
{
	struct object row = { .json = json_object() };
	const char *name = NULL;

	if (RECORD_HAS(r, PROGRAMME)) {
		name = "programme_set";
		put_programme(&row, &r->programme);
	} else if (RECORD_HAS(r, PARTNER)) {
		name = "partner_set";
		put_partner(&row, &r->partner_image);
	} else if (RECORD_HAS(r, RULE)) {
		name = "rule_set";
		put_rule(&row, &r->rule);
	} else if (RECORD_HAS(r, STORE)) {
		name = "store_set";
		put_store(&row, &r->store_image);
	} else if (RECORD_HAS(r, TERMINAL)) {
		name = "terminal_set";
		put_terminal(&row, &r->terminal_image);
	} else if (RECORD_HAS(r, EARN_RULE)) {
		name = "earn_rule_set";
		put_earn_rule(&row, &r->earn_rule);
	} else if (RECORD_HAS(r, RULEBOOK)) {
		name = "rulebook_started";
		put_rulebook(&row, &r->rulebook);
	} else if (RECORD_HAS(r, FUNDING)) {
		name = "funding_set";
		put_funding(&row, &r->funding);
	}
	if (name == NULL) {
		json_decref(row.json);
		return;
	}
	if (!RECORD_HAS(r, PROGRAMME))
		put_number(&row, "row", r->config_row);
	o->has_failed |= row.has_failed;
	put(o, name, row.json);
}
