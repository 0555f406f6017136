/*
 * original.c - the transaction that a request is about, in the window or out of the archive.
 */
#include <string.h>

#include "ledger/apply.h"
#include "ledger/plan.h"

static_assert(ARCHIVED_PORTIONS_MAX >= MEMBER_PORTIONS_MAX, "a burn takes from each lot once");

/* Do these two take each other's refunds? */
static bool
is_of_one_group(const struct plan *p, const struct partner_config *other)
{
	return p->partner->group != 0 && other->group == p->partner->group;
}

/* The member's transaction of this id at another partner of the group: of the lowest number. */
static uint32_t
find_in_group(const struct plan *p, const uint8_t *id)
{
	const struct ledger *l = p->ledger;
	uint32_t found = TABLE_NONE;
	uint32_t lowest = UINT32_MAX;

	for (uint32_t at = 1; p->partner->group != 0 && at <= l->partners.rows_used; at++) {
		const struct partner_config *other = &ledger_partner_row(l, at)->config;
		uint32_t row;

		if (!table_is_live(&l->partners, at) || !is_of_one_group(p, other) ||
		    other->number >= lowest)
			continue;
		row = state_find_transaction(l, other->number, id);
		if (row == TABLE_NONE ||
		    ledger_transaction_row(l, row)->member_row != p->view.member_row)
			continue;
		found = row;
		lowest = other->number;
	}
	return found;
}

/* Is the evidence about a transaction that the asking partner may see?  As find_in_group(), of the
 * others' only what is of the same member. */
static bool
is_in_reach(const struct plan *p, const struct archived_transaction *a)
{
	uint32_t row = state_find_partner(p->ledger, a->partner);

	if (a->partner == p->partner->number)
		return true;
	return p->request->kind == REQUEST_REFUND && row != TABLE_NONE &&
	       state_find_member(p->ledger, a->member) == p->view.member_row &&
	       is_of_one_group(p, &ledger_partner_row(p->ledger, row)->config);
}

static bool
is_amount(int64_t amount)
{
	return amount >= 0 && amount <= TG_AMOUNT_MAX;
}

/* Points that came from limited lots; -1: the evidence contradicts itself. */
static int64_t
portioned_points(const struct archived_transaction *a)
{
	bool is_burn = a->kind == RECORD_BURN || a->kind == RECORD_CAPTURE;
	int64_t points = 0;

	if (a->portion_count > (is_burn ? ARCHIVED_PORTIONS_MAX : 0))
		return -1;
	for (uint32_t i = 0; i < a->portion_count; i++) {
		if (a->portions[i].points == 0 || !is_amount(a->portions[i].points))
			return -1;
		points += a->portions[i].points;
	}
	return points <= a->points ? points : -1;
}

/* A rule that the evidence names, *ret_row: TABLE_NONE where it names none.  False: unknown. */
static bool
find_rule_of(const struct ledger *l, uint32_t version, uint16_t position, uint32_t *ret_row)
{
	*ret_row = TABLE_NONE;
	if (position != EARN_RULE_NONE)
		*ret_row = state_find_earn_rule(l, version, position);
	return position == EARN_RULE_NONE || *ret_row != TABLE_NONE;
}

static bool
is_of_campaign(const struct archived_component *c, const struct earn_rule *rule)
{
	return rule->number == c->campaign && (rule->sponsor_count > 0) == (c->sponsor == 0);
}

static bool
is_component_sound(const struct ledger *l, const struct archived_component *c, uint32_t version)
{
	uint32_t campaign, rate;

	if (!find_rule_of(l, version, c->campaign_position, &campaign) ||
	    !find_rule_of(l, version, c->rate_position, &rate) ||
	    (campaign == TABLE_NONE) != (c->campaign == 0) ||
	    (c->sponsor != 0 && state_find_partner(l, c->sponsor) == TABLE_NONE))
		return false;
	/* 0: several sponsors, which the campaign names. */
	if (campaign == TABLE_NONE ? c->sponsor == 0 :
				     !is_of_campaign(c, &ledger_earn_rule_row(l, campaign)->rule))
		return false;
	return is_amount(c->amount) && is_amount(c->points) && c->undone.amount >= 0 &&
	       c->undone.amount <= c->amount && c->undone.points >= 0 &&
	       c->undone.points <= c->points;
}

/* Is the version that the earn was judged by still kept? */
static bool
has_rulebook(const struct plan *p, const struct archived_transaction *a)
{
	uint32_t row = state_find_rulebook(p->ledger, a->rulebook_version);

	/* 0: parts by the partner's own rule only. */
	if (a->rulebook_version == 0)
		return true;
	return row != TABLE_NONE && state_is_rulebook_kept(p->ledger, row, p->now->utc_ms);
}

/* The parts of an earn: all of them where there were any, none where not. */
static bool
are_components_sound(const struct plan *p, const struct archived_transaction *a)
{
	int64_t points = 0;

	if ((a->kind == RECORD_EARN && (a->flags & RECORD_PARTS) != 0) !=
	    (a->component_count > 0))
		return false;
	if (a->component_count > RECORD_COMPONENTS_MAX)
		return false;
	if (!has_rulebook(p, a))
		return true;
	for (uint32_t i = 0; i < a->component_count; i++) {
		if (!is_component_sound(p->ledger, &a->components[i], a->rulebook_version))
			return false;
		points += a->components[i].points;
	}
	return points <= a->points;
}

/* Evidence is what somebody may have changed by hand: it must at least not contradict itself. */
static bool
is_sound(const struct plan *p, const struct archived_transaction *a)
{
	return is_amount(a->amount) && is_amount(a->covered) && is_amount(a->points) &&
	       is_amount(a->returned_money) && is_amount(a->returned_covered) &&
	       is_amount(a->taken_points) && is_amount(a->restored_points) &&
	       is_amount(a->lost_points) && is_amount(a->expired_points) &&
	       /* of an earn no more than was paid: what is left is judged again */
	       (a->kind != RECORD_EARN ||
		a->returned_money <= points_max(a->amount - a->covered, 0)) &&
	       a->absorbed_points >= 0 &&
	       a->absorbed_points <= a->taken_points &&
	       (a->kind == RECORD_EARN || a->restored_points + a->lost_points <= a->points) &&
	       portioned_points(a) >= 0 && are_components_sound(p, a);
}

/*
 * What limited lots gave and has not gone back hangs on the row again.  Regular points go back
 * first, then what was taken last (plan_give_back()).
 */
static enum tg_status
reopen_portions(struct plan *p, const struct archived_transaction *a, uint32_t *ret_first)
{
	int64_t regular = a->points - portioned_points(a);
	int64_t undone = points_max(a->restored_points + a->lost_points - regular, 0);
	int64_t kept = portioned_points(a) - undone;

	*ret_first = TABLE_NONE;
	for (uint32_t i = 0; i < a->portion_count && kept > 0; i++) {
		const struct archived_portion *from = &a->portions[i];
		const struct view_lot lot = {
			.serial = from->serial,
			.last_day = from->last_day,
			.usable_at = from->usable_at,
			.issuer = from->issuer,
			.lot_flags = from->lot_flags,
			.campaign = from->campaign,
		};
		uint32_t nth = p->reopened_portion_count++;
		int64_t points = points_min(from->points, kept);

		TG_ASSERT(nth < ARCHIVED_PORTIONS_MAX);
		if (plan_keep_portion(p, &lot, points, 0) != TG_OK)
			return TG_TABLE_FULL;
		kept -= points;
		p->reopened_portions[nth] = (struct portion_row){
			.serial = lot.serial,
			.points = points,
			.last_day = lot.last_day,
			.usable_at = lot.usable_at,
			.issuer = lot.issuer,
			.lot_flags = lot.lot_flags,
			.campaign = lot.campaign,
			.next = *ret_first,
		};
		*ret_first = p->record->moves[p->record->move_count - 1].row;
		p->reopened_portion_rows[nth] = *ret_first;
	}
	return TG_OK;
}

/* A part as it was given, with the rows that it names. */
static struct record_component
reopened_component(const struct plan *p, const struct archived_component *from, uint32_t version)
{
	struct record_component c = {
		.campaign = from->campaign,
		.sponsor = from->sponsor,
		.refusal = from->refusal,
		.amount = from->amount,
		.points = from->points,
		.campaign_position = from->campaign_position,
		.rate_position = from->rate_position,
	};

	(void)find_rule_of(p->ledger, version, from->campaign_position, &c.campaign_row);
	(void)find_rule_of(p->ledger, version, from->rate_position, &c.rate_row);
	if (c.campaign_row != TABLE_NONE) {
		const struct earn_rule *rule =
			&ledger_earn_rule_row(p->ledger, c.campaign_row)->rule;

		c.budget_row = state_find_budget(p->ledger, rule->budget);
		c.budget = c.budget_row == TABLE_NONE ? 0 : rule->budget;
		c.counter_row = state_find_counter(p->ledger, p->view.member_row, c.campaign);
	}
	return c;
}

/* The fraction that the earn began with; what there is now goes on without it. */
static void
reopen_carried(struct record *r, const struct archived_transaction *a,
	       const struct archived_component *from)
{
	if (from->carried_day == 0)
		return;
	r->sections |= RECORD_HAS_BIT(CARRIED);
	r->carried = (struct carried){
		.partner = a->partner,
		.day = from->carried_day,
		.rule_version = a->rule_version,
		.before = from->carried,
	};
}

/*
 * The parts of an earn hang on the row again, as far as refunds left them.  Of a version of the
 * rulebook that is no longer kept there are none: nothing can be refunded by its rules.
 */
static enum tg_status
reopen_components(struct plan *p, const struct archived_transaction *a, uint32_t *ret_first)
{
	struct record *r = p->record;

	*ret_first = TABLE_NONE;
	if (a->component_count == 0 || !has_rulebook(p, a))
		return TG_OK;
	TG_ASSERT(p->reopened_component_count == 0);
	r->sections |= RECORD_HAS_BIT(COMPONENTS) | RECORD_HAS_BIT(UNDONE);
	r->rulebook_version = a->rulebook_version;
	r->component_count = r->undone_count = (uint8_t)a->component_count;
	for (uint32_t i = a->component_count; i > 0; i--) {
		const struct archived_component *from = &a->components[i - 1];
		struct component_row *row = &p->reopened_components[i - 1];
		struct record_component *c = &r->components[i - 1];

		if (!plan_has_room(p, &p->ledger->components, i - 1))
			return TG_TABLE_FULL;
		*c = reopened_component(p, from, a->rulebook_version);
		c->row = table_free_peek(&p->ledger->components, i - 1);
		reopen_carried(r, a, from);
		r->undone[i - 1] = from->undone;
		fill_component(row, r, i - 1);
		row->next = *ret_first;
		p->reopened_component_rows[i - 1] = *ret_first = c->row;
	}
	p->reopened_component_count = a->component_count;
	return TG_OK;
}

/* Make the archived original a row again, for another window. */
static enum tg_status
reopen(struct plan *p, const uint8_t *id, const struct archived_transaction *a, uint32_t *ret_row)
{
	uint32_t nth = p->reopened_count;
	uint32_t first_portion, first_component;
	struct record *r;
	enum tg_status status;

	if (state_find_member(p->ledger, a->member) != p->view.member_row)
		return TG_OTHER_MEMBER;
	r = plan_begin(p, RECORD_REOPEN);
	r->flags |= a->flags;
	r->status = a->status;
	r->sections |= RECORD_HAS_BIT(PRINCIPAL) | RECORD_HAS_BIT(TRANSACTION) |
		       RECORD_HAS_BIT(AMOUNT) | RECORD_HAS_BIT(DETAILS) | RECORD_HAS_BIT(REFUNDED) |
		       RECORD_HAS_BIT(REOPENED);
	r->partner = a->partner;
	r->store = a->store;
	r->terminal = a->terminal;
	memcpy(r->transaction_id, id, sizeof(r->transaction_id));
	memcpy(r->fingerprint, a->fingerprint, sizeof(r->fingerprint));
	r->business_time_utc_ms = a->business_time_utc_ms;
	r->transaction_row = table_free_peek(&p->ledger->transactions, p->transactions_planned++);
	r->amount = a->amount;
	r->points = a->points;
	r->rule_version = a->rule_version;
	memset(&r->covered, 0,
	       offsetof(struct record, original_id) - offsetof(struct record, covered));
	r->covered = a->covered;
	r->returned_money = a->returned_money;
	r->returned_covered = a->returned_covered;
	r->taken_points = a->taken_points;
	r->absorbed_points = a->absorbed_points;
	r->restored_points = a->restored_points;
	/* Of an earn nothing is given back; what of its points has expired stands here. */
	r->lost_points = a->kind == RECORD_EARN ? a->expired_points : a->lost_points;
	r->reopened_sequence = a->sequence;
	r->reopened_kind = a->kind;
	r->reopened_booked_at_utc_ms = a->booked_at_utc_ms;
	if (r->transaction_row == TABLE_NONE)
		return TG_WINDOW_FULL;
	status = reopen_portions(p, a, &first_portion);
	if (status == TG_OK)
		status = reopen_components(p, a, &first_component);
	if (status == TG_OK)
		status = plan_finish(p);
	if (status != TG_OK)
		return status;
	TG_ASSERT(nth < sizeof(p->reopened) / sizeof(p->reopened[0]));
	memset(&p->reopened[nth], 0, sizeof(p->reopened[nth]));
	memset(&p->reopened_details[nth], 0, sizeof(p->reopened_details[nth]));
	fill_reopened(&p->reopened[nth], &p->reopened_details[nth], r);
	p->reopened[nth].first_portion = first_portion;
	p->reopened[nth].first_component = first_component;
	p->reopened_rows[nth] = r->transaction_row;
	p->reopened_count++;
	*ret_row = r->transaction_row;
	return TG_OK;
}

const struct transaction_row *
plan_original(const struct plan *p, uint32_t row)
{
	for (uint32_t i = 0; i < p->reopened_count; i++) {
		if (p->reopened_rows[i] == row)
			return &p->reopened[i];
	}
	return ledger_transaction_row(p->ledger, row);
}

const struct detail_row *
plan_detail(const struct plan *p, const struct transaction_row *t)
{
	for (uint32_t i = 0; i < p->reopened_count; i++) {
		if (t == &p->reopened[i])
			return &p->reopened_details[i];
	}
	return state_detail(p->ledger, t);
}

const struct portion_row *
plan_portion(const struct plan *p, uint32_t row)
{
	for (uint32_t i = 0; i < p->reopened_portion_count; i++) {
		if (p->reopened_portion_rows[i] == row)
			return &p->reopened_portions[i];
	}
	return ledger_portion_row(p->ledger, row);
}

const struct component_row *
plan_part(const struct plan *p, uint32_t row)
{
	for (uint32_t i = 0; i < p->reopened_component_count; i++) {
		if (p->reopened_component_rows[i] == row)
			return &p->reopened_components[i];
	}
	return ledger_component_row(p->ledger, row);
}

enum tg_status
plan_find_original(struct plan *p, const uint8_t *id, const struct archived_transaction *archived,
		   uint32_t *ret_row)
{
	uint32_t row = state_find_transaction(p->ledger, p->partner->number, id);

	if (row == TABLE_NONE && p->request->kind == REQUEST_REFUND)
		row = find_in_group(p, id);
	*ret_row = row;
	if (row != TABLE_NONE)
		return TG_OK;
	if (p->request->original_time_utc_ms >= plan_window_start(p))
		return TG_UNKNOWN_ORIGINAL;
	/* What was opened again since the evidence was made may have been forgotten since, too. */
	if (archived == NULL || archived->as_of_utc_ms < plan_window_start(p)) {
		p->decision->answer.wants_archive = true;
		return TG_ORIGINAL_ARCHIVED;
	}
	if (!archived->is_found || !is_in_reach(p, archived))
		return TG_UNKNOWN_ORIGINAL;
	if (!is_sound(p, archived))
		return TG_ORIGINAL_ARCHIVED;
	/* What was declined is reversed without effect, as often as is asked. */
	if (archived->is_reversed && archived->status == TG_OK)
		return TG_ALREADY_REVERSED;
	/* The partner's own books have settled it: what is still wrong is corrected there. */
	if (archived->kind == RECORD_EXCHANGE && archived->status == TG_OK)
		return TG_NOT_REVERSIBLE;
	return reopen(p, id, archived, ret_row);
}
