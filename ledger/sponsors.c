/*
 * sponsors.c - a component's points divided over the partners that pay for it together.
 */
#include "ledger/plan.h"

void
sponsors_divide(int64_t points, const int64_t *weights, uint32_t count,
		int64_t ret_points[SPONSORS_MAX])
{
	int64_t sum = 0, left = points;

	TG_ASSERT(count >= 1 && count <= SPONSORS_MAX && points >= 0);
	for (uint32_t i = 0; i < count; i++) {
		TG_ASSERT(weights[i] >= 0);
		sum += weights[i];
	}
	TG_ASSERT(sum > 0);
	for (uint32_t i = 0; i < count; i++) {
		ret_points[i] = points_mul_div_floor(points, weights[i], sum);
		left -= ret_points[i];
	}
	/* Fewer than count are left.  Furthest behind: the most weight for a point more. */
	for (; left > 0; left--) {
		uint32_t next = 0;

		for (uint32_t i = 1; i < count; i++) {
			if ((__int128)weights[i] * (ret_points[next] + 1) >
			    (__int128)weights[next] * (ret_points[i] + 1))
				next = i;
		}
		ret_points[next]++;
	}
}

static void
divide_by_shares(int64_t points, const struct sponsor_share *shares, uint32_t count,
		 int64_t ret_points[SPONSORS_MAX])
{
	int64_t weights[SPONSORS_MAX] = { 0 };

	TG_ASSERT(count <= SPONSORS_MAX);
	for (uint32_t i = 0; i < count; i++)
		weights[i] = shares[i].weight;
	sponsors_divide(points, weights, count, ret_points);
}

uint32_t
sponsors_of(const struct ledger *l, uint32_t sponsor, uint32_t campaign_row,
	    struct sponsor_share ret_shares[SPONSORS_MAX])
{
	const struct earn_rule *rule;

	if (sponsor != 0) {
		ret_shares[0] = (struct sponsor_share){ sponsor, 1 };
		return 1;
	}
	rule = &ledger_earn_rule_row(l, campaign_row)->rule;
	for (uint32_t i = 0; i < rule->sponsor_count; i++)
		ret_shares[i] = rule->sponsors[i];
	return rule->sponsor_count;
}

int64_t
sponsors_part(const struct earn_rule *rule, uint32_t own, uint32_t partner, int64_t points)
{
	int64_t parts[SPONSORS_MAX];

	if (rule->sponsor_count == 0)
		return partner == (rule->sponsor != 0 ? rule->sponsor : own) ? points : 0;
	divide_by_shares(points, rule->sponsors, rule->sponsor_count, parts);
	for (uint32_t i = 0; i < rule->sponsor_count; i++) {
		if (rule->sponsors[i].partner == partner)
			return parts[i];
	}
	return 0;
}

/* Of one campaign in one record, and to be spent alike? */
static bool
is_beside(const struct view_lot *a, const struct view_lot *b)
{
	return a->campaign != 0 && a->campaign == b->campaign && a->serial >> 8 == b->serial >> 8 &&
	       a->last_day == b->last_day && a->usable_at == b->usable_at;
}

uint32_t
sponsors_share_lots(const struct view *v, uint32_t at, int64_t points,
		    struct lot_share ret_shares[SPONSORS_MAX])
{
	int64_t weights[SPONSORS_MAX] = { 0 }, parts[SPONSORS_MAX];
	int64_t sum = v->lots[at].now;
	uint32_t count = 1;

	ret_shares[0] = (struct lot_share){ at, points_min(points, sum) };
	for (uint32_t i = 0; v->lots[at].campaign != 0 && i < v->lot_count; i++) {
		uint32_t to = count;

		if (i == at || v->lots[i].now == 0 || count == SPONSORS_MAX ||
		    !is_beside(&v->lots[at], &v->lots[i]))
			continue;
		for (; to > 0 && v->lots[ret_shares[to - 1].lot].serial > v->lots[i].serial; to--)
			ret_shares[to] = ret_shares[to - 1];
		ret_shares[to].lot = i;
		sum += v->lots[i].now;
		count++;
	}
	if (count == 1 || sum == 0)
		return count;
	for (uint32_t i = 0; i < count; i++)
		weights[i] = v->lots[ret_shares[i].lot].now;
	sponsors_divide(points_min(points, sum), weights, count, parts);
	for (uint32_t i = 0; i < count; i++)
		ret_shares[i].points = parts[i];
	return count;
}

static bool
is_portion_beside(const struct portion_row *a, const struct portion_row *b)
{
	return a->campaign != 0 && a->campaign == b->campaign && a->serial >> 8 == b->serial >> 8 &&
	       a->last_day == b->last_day && a->usable_at == b->usable_at;
}

uint32_t
sponsors_share_portions(const struct plan *p, const uint32_t *rows, uint32_t count, int64_t points,
			int64_t ret_points[SPONSORS_MAX])
{
	const struct portion_row *first = plan_portion(p, rows[0]);
	int64_t weights[SPONSORS_MAX] = { first->points };
	int64_t sum = first->points;
	uint32_t group = 1;

	while (group < count && group < SPONSORS_MAX &&
	       is_portion_beside(first, plan_portion(p, rows[group]))) {
		weights[group] = plan_portion(p, rows[group])->points;
		sum += weights[group++];
	}
	sponsors_divide(points_min(points, sum), weights, group, ret_points);
	return group;
}

void
sponsors_post(struct plan *p, const struct sponsor_share *shares, uint32_t count,
	      int64_t kept_before_points, int64_t kept_now_points)
{
	int64_t before[SPONSORS_MAX], now[SPONSORS_MAX];

	divide_by_shares(kept_before_points, shares, count, before);
	divide_by_shares(kept_now_points, shares, count, now);
	for (uint32_t i = 0; i < count; i++)
		plan_post(p, ACCOUNT_ISSUED, shares[i].partner, before[i] - now[i]);
}

void
sponsors_return(struct plan *p, const struct sponsor_share *shares, uint32_t count,
		int64_t kept_before_points, int64_t kept_now_points, int64_t absorbed_points)
{
	int64_t before[SPONSORS_MAX], now[SPONSORS_MAX], gone[SPONSORS_MAX];

	sponsors_post(p, shares, count, kept_before_points, kept_now_points);
	if (absorbed_points == 0)
		return;
	divide_by_shares(kept_before_points, shares, count, before);
	divide_by_shares(kept_now_points, shares, count, now);
	for (uint32_t i = 0; i < count; i++)
		before[i] -= now[i];
	sponsors_divide(absorbed_points, before, count, gone);
	for (uint32_t i = 0; i < count; i++)
		plan_post(p, ACCOUNT_ISSUED, shares[i].partner, -gone[i]);
}

/* What the purchase has of a sponsor already. */
static int64_t
sponsored_points(const struct plan *p, const struct rule_config *own_rule, uint32_t sponsor,
		 const struct components *c)
{
	const uint32_t own = p->partner->number;
	int64_t points = sponsor == own ? c->base_points : 0;

	points += sponsor == (own_rule->bonus_sponsor != 0 ? own_rule->bonus_sponsor : own) ?
			  c->bonus_points :
			  0;
	for (uint32_t i = 0; i < p->part_count; i++) {
		const struct record_component *part = &p->parts[i];

		if (part->campaign_row == TABLE_NONE || part->points == 0)
			continue;
		if (part->sponsor != 0)
			points += part->sponsor == sponsor ? part->points : 0;
		else
			points += sponsors_part(
				&ledger_earn_rule_row(p->ledger, part->campaign_row)->rule, own,
				sponsor, part->points);
	}
	return points;
}

/* Each issuer costs up to three postings: a purchase has no more of them than a record can tell. */
#define ISSUERS_MAX 16

static void
note_issuer(uint32_t *issuers, uint32_t *count, uint32_t partner)
{
	for (uint32_t i = 0; i < *count; i++) {
		if (issuers[i] == partner)
			return;
	}
	if (*count <= ISSUERS_MAX)
		issuers[(*count)++] = partner;
}

/* With one sponsor a campaign there are never too many: a purchase has 16 parts. */
static bool
has_room_for_sponsors(const struct plan *p, const struct rule_config *own_rule,
		      const struct earn_rule *rule)
{
	uint32_t issuers[ISSUERS_MAX + 1] = { p->partner->number };
	uint32_t count = 1;

	if (own_rule->bonus_sponsor != 0)
		note_issuer(issuers, &count, own_rule->bonus_sponsor);
	for (uint32_t i = 0; i < p->part_count; i++) {
		struct sponsor_share shares[SPONSORS_MAX];
		uint32_t share_count = 0;

		if (p->parts[i].campaign_row != TABLE_NONE)
			share_count = sponsors_of(p->ledger, p->parts[i].sponsor,
						  p->parts[i].campaign_row, shares);
		for (uint32_t k = 0; k < share_count; k++)
			note_issuer(issuers, &count, shares[k].partner);
	}
	for (uint32_t k = 0; k < rule->sponsor_count; k++)
		note_issuer(issuers, &count, rule->sponsors[k].partner);
	return count <= ISSUERS_MAX;
}

enum component_refusal
sponsors_check(const struct plan *p, const struct rule_config *own_rule,
	       const struct earn_rule *rule, const int64_t *gains, uint32_t gain_count,
	       const struct components *c)
{
	const uint32_t own = p->partner->number;
	const struct sponsor_share single = { rule->sponsor != 0 ? rule->sponsor : own, 1 };
	const bool is_joint = rule->sponsor_count > 0;
	const struct sponsor_share *shares = is_joint ? rule->sponsors : &single;

	for (uint32_t i = 0; i < (is_joint ? rule->sponsor_count : 1); i++) {
		const struct partner_row *sponsor = ledger_partner_row(
			p->ledger, state_find_partner(p->ledger, shares[i].partner));
		int64_t points = 0;

		/* How much matters only where cover is counted. */
		if (sponsor->funding != TABLE_NONE) {
			points = sponsored_points(p, own_rule, shares[i].partner, c);
			for (uint32_t k = 0; k < gain_count; k++)
				points += sponsors_part(rule, own, shares[i].partner, gains[k]);
		}
		if (plan_may_issue(p, sponsor, points) != TG_OK)
			return COMPONENT_NO_COVER;
	}
	return is_joint && !has_room_for_sponsors(p, own_rule, rule) ? COMPONENT_NO_ROOM :
								       COMPONENT_GIVEN;
}
