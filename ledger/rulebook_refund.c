/*
 * rulebook_refund.c - what goes back of an earn's parts when goods do.
 *
 * Goods that a refund names leave the parts that they counted for; the rest of what it returns
 * leaves all parts by their shares.  Of each part its own rule is applied to what is kept: so any
 * refunds in any order end exactly (domain decision 6).
 */
#include "ledger/plan.h"

/* An earn's parts on the way from before a refund to after it. */
struct keeping {
	const struct plan *plan;
	uint32_t count;
	uint32_t rows[RECORD_COMPONENTS_MAX];
	const struct component_row *parts[RECORD_COMPONENTS_MAX];
	int64_t	 kept[RECORD_COMPONENTS_MAX]; /* money of each that still counts, minor units */
	bool	 has_base;		/* some are parts of the base: all of it, then */
};

static struct keeping
keep_all(const struct plan *p, const struct transaction_row *earn)
{
	struct keeping k = { .plan = p };

	for (uint32_t at = earn->first_component; at != TABLE_NONE; at = plan_part(p, at)->next) {
		const struct component_row *part = plan_part(p, at);

		k.rows[k.count] = at;
		k.parts[k.count] = part;
		k.kept[k.count++] = part->kept_amount;
		k.has_base |= part->campaign == 0;
	}
	return k;
}

static const struct earn_rule *
rule_of(const struct keeping *k, uint32_t row)
{
	return row == TABLE_NONE ? NULL : &ledger_earn_rule_row(k->plan->ledger, row)->rule;
}

/*
 * The part of the base that goods of a category are in: of the first rate in the rulebook that fits
 * them, else the partner's own; count: there is none.
 */
static uint32_t
base_of(const struct keeping *k, uint32_t category)
{
	const struct earn_rule *best = NULL;
	uint32_t found = k->count;

	for (uint32_t i = 0; i < k->count; i++) {
		const struct earn_rule *rate = rule_of(k, k->parts[i]->rate_row);

		if (k->parts[i]->campaign != 0)
			continue;
		if (rate == NULL && best == NULL)
			found = i;
		if (rate != NULL && rulebook_fits_category(rate, category) &&
		    (best == NULL || rate->position < best->position)) {
			best = rate;
			found = i;
		}
	}
	return found;
}

static void
drop(struct keeping *k, uint32_t nth, int64_t amount)
{
	k->kept[nth] -= points_min(amount, k->kept[nth]);
}

/* Goods leave the base part that they are in, and the campaigns that counted them. */
static int64_t
return_goods(struct keeping *k, uint32_t category, int64_t amount)
{
	const uint32_t base = base_of(k, category);
	const uint32_t rate_row = base < k->count ? k->parts[base]->rate_row : TABLE_NONE;
	const struct earn_rule *rate = rule_of(k, rate_row);

	if (k->has_base && base == k->count)
		return 0;
	if (k->has_base) {
		amount = points_min(amount, k->kept[base]);
		drop(k, base, amount);
	}
	for (uint32_t i = 0; i < k->count; i++) {
		const struct earn_rule *campaign = rule_of(k, k->parts[i]->campaign_row);

		if (campaign == NULL || !rulebook_fits_category(campaign, category))
			continue;
		/* A multiplier has a part for each rate; others count what any rate does. */
		if ((campaign->flags & EARN_RULE_MULTIPLIER) != 0 ?
			    k->parts[i]->rate_row == rate_row :
			    rate == NULL || rate->rate_num > 0)
			drop(k, i, amount);
	}
	return amount;
}

/*
 * What the refund's lines name, of the base amount that goes back: lines that come to more than the
 * value returned are scaled down to it, as in the purchase.  Returns how much it was.
 */
static int64_t
return_named(struct keeping *k, int64_t returned)
{
	const struct ledger_request *q = k->plan->request;
	struct record lines = { .lines = q->lines, .lines_bytes = q->lines_bytes };
	struct purchase_line line;
	size_t offset = 0;
	int64_t sum = 0, named = 0;

	if (q->kind != REQUEST_REFUND || q->line_count == 0)
		return 0;
	while (record_line_next(&lines, &offset, &line))
		sum += points_max(line.amount, 0);
	sum = points_max(sum, q->amount);
	for (offset = 0; sum > 0 && record_line_next(&lines, &offset, &line);) {
		if (line.amount > 0)
			named += return_goods(k, line.category,
					      points_mul_div_floor(line.amount, returned, sum));
	}
	return named;
}

/* The rest leaves all parts alike: each keeps its share, rounded down, nothing in the end. */
static void
return_rest(struct keeping *k, int64_t before, int64_t now)
{
	for (uint32_t i = 0; i < k->count; i++)
		k->kept[i] = before > 0 ? points_mul_div_floor(k->kept[i], now, before) : 0;
}

/* Does what is kept of a campaign, over all its parts, still reach its threshold? */
static bool
reaches_threshold(const struct keeping *k, const struct component_row *part)
{
	int64_t amount = 0;

	for (uint32_t i = 0; i < k->count; i++) {
		if (k->parts[i]->campaign_row == part->campaign_row)
			amount += k->kept[i];
	}
	return amount >= rule_of(k, part->campaign_row)->threshold_amount;
}

/* Base by the partner's own rule. */
static bool
is_own(const struct component_row *c)
{
	return c->campaign == 0 && c->rate_row == TABLE_NONE;
}

/* What goes back of a part, as the record says it. */
static struct record_component
taken_part(const struct keeping *k, uint32_t nth, const struct rule_config *own)
{
	const struct ledger *l = k->plan->ledger;
	const struct component_row *c = k->parts[nth];
	const struct earn_rule *campaign = rule_of(k, c->campaign_row);
	int64_t points = is_own(c) ?
				 carry_points(c->carried, k->kept[nth], own) :
				 rulebook_points(campaign, rule_of(k, c->rate_row), own,
						 k->kept[nth]);

	if (campaign != NULL && !reaches_threshold(k, c))
		points = 0;
	return (struct record_component){
		.row = k->rows[nth],
		.campaign_row = c->campaign_row,
		.campaign_position = rulebook_position(l, c->campaign_row),
		.campaign = c->campaign,
		.rate_row = c->rate_row,
		.rate_position = rulebook_position(l, c->rate_row),
		.sponsor = c->sponsor,
		.budget_row = c->budget_row,
		.budget = c->budget_row == TABLE_NONE ?
				  0 :
				  ledger_budget_row(l, c->budget_row)->budget.number,
		.counter_row = c->counter_row,
		.refusal = (uint8_t)c->refusal,
		.amount = c->kept_amount - k->kept[nth],
		.points = points_max(c->points - points - c->taken_points, 0),
	};
}

void
rulebook_take_back(struct plan *p, const struct transaction_row *earn,
		   const struct rule_config *own, int64_t before, int64_t now,
		   struct components *taken)
{
	struct keeping k = keep_all(p, earn);
	struct record *r = p->record;

	return_rest(&k, before - return_named(&k, before - now), now);
	r->sections |= RECORD_HAS_BIT(COMPONENTS);
	r->rulebook_version = k.parts[0]->rulebook_version;
	r->component_count = (uint8_t)k.count;
	if (k.has_base)
		taken->base_points = 0;
	for (uint32_t i = 0; i < k.count; i++) {
		r->components[i] = taken_part(&k, i, own);
		if (is_own(k.parts[i]))
			carry_take_back(p, earn, k.parts[i], own, &r->components[i]);
		if (k.parts[i]->campaign != 0)
			taken->campaign_points += r->components[i].points;
		else
			taken->base_points += r->components[i].points;
	}
}
