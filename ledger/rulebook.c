/*
 * rulebook.c - which rates and campaigns of the rulebook a purchase meets, and what each gives.
 *
 * What a purchase is judged by is the version that held at its time.  A rate takes the place of the
 * partner's own for the lines that it fits; a campaign adds a component.  Caps and budgets refuse a
 * campaign's component whole, never the base (domain decision 15).
 */
#include "ledger/plan.h"

#define CANDIDATES_MAX 64
#define GROUPS_MAX 6

/* The part of a receipt that one rate applies to. */
struct group {
	uint32_t rate_row;		/* 0: the partner's own rule */
	const struct earn_rule *rate;	/* NULL: the partner's own */
	int64_t	 amount;		/* base amount, minor units */
};

/* A receipt's line as far as the rules see it. */
struct goods {
	uint32_t category;
	uint32_t group;
	int64_t	 amount;
};

struct judging {
	struct plan *plan;
	const struct rule_config *own;
	int64_t	 base_amount;
	uint32_t candidate_count;
	uint32_t candidates[CANDIDATES_MAX]; /* rows of rules that fit but for the goods */
	uint32_t group_count;
	struct group groups[GROUPS_MAX];
	/* Only where a rule asks for a category; amounts scaled to the base amount. */
	bool	 has_goods;
	uint32_t goods_count;
	struct goods goods[TG_LINES_MAX];
};

/* What rules are compared with, looked up once for all of them. */
struct moment {
	const struct plan *plan;
	uint32_t partner, store;
	uint32_t tender;
	int32_t	 day;
	uint32_t minute;		/* of the day */
	uint32_t weekday;		/* its bit */
	int64_t	 base_amount;
	bool	 is_first;		/* the member's first purchase: no activity so far */
};

static struct moment
moment_of(const struct plan *p, int64_t base_amount)
{
	return (struct moment){
		.plan = p,
		.partner = p->partner->number,
		.store = p->store,
		.tender = p->request->tender,
		.day = p->judged_day,
		.minute = p->is_judged_late ? p->request->business_minute : p->now->minute,
		/* 1970-01-01 was a Thursday. */
		.weekday = 1u << ((p->judged_day + 3) % 7 + 7) % 7,
		.base_amount = base_amount,
		.is_first = p->view.regular_last_day_before == 0,
	};
}

static bool
is_in_group(const struct moment *m, uint32_t group)
{
	uint32_t store = state_find_store(m->plan->ledger, m->store);

	return store != TABLE_NONE &&
	       (ledger_store_row(m->plan->ledger, store)->config.groups >> (group - 1) & 1) != 0;
}

static bool
is_at_hour(const struct moment *m, const struct earn_rule *rule)
{
	if (rule->from_minute <= rule->until_minute)
		return m->minute >= rule->from_minute && m->minute < rule->until_minute;
	return m->minute >= rule->from_minute || m->minute < rule->until_minute;
}

/* On the day of the purchase, of which a late one is judged, too. */
static bool
is_birthday(const struct moment *m)
{
	const uint32_t birthday = MEMBER_BIRTHDAY(m->plan->view.flags);

	return birthday != 0 && calendar_is_anniversary(m->day, birthday);
}

/* Is the member one that the rule is for?  Tiers and tags have no values yet. */
static bool
is_of_member(const struct moment *m, const struct earn_rule *rule)
{
	return ((rule->flags & EARN_RULE_FIRST) == 0 || m->is_first) &&
	       ((rule->flags & EARN_RULE_BIRTHDAY) == 0 || is_birthday(m)) && rule->tier == 0 &&
	       rule->tag == 0;
}

/* Does everything fit but the goods?  What most rules fail by comes first. */
static inline bool
is_candidate(const struct moment *m, const struct earn_rule *rule)
{
	if ((rule->partner != 0 && rule->partner != m->partner) ||
	    (rule->store != 0 && rule->store != m->store) ||
	    (rule->tender != 0 && rule->tender != m->tender) || m->day < rule->from_day ||
	    m->day > rule->until_day || rule->threshold_amount > m->base_amount ||
	    (rule->weekdays & m->weekday) == 0)
		return false;
	return is_at_hour(m, rule) && is_of_member(m, rule) &&
	       (rule->store_group == 0 || is_in_group(m, rule->store_group));
}

static bool
has_category(const struct earn_rule *rule)
{
	return (rule->category_from | rule->category_to) != 0;
}

bool
rulebook_fits_category(const struct earn_rule *rule, uint32_t category)
{
	return !has_category(rule) ||
	       (category >= rule->category_from && category <= rule->category_to);
}

uint32_t
rulebook_find(const struct plan *p)
{
	uint32_t at = ledger_state(p->ledger)->newest_rulebook;

	while (at != TABLE_NONE) {
		const struct rulebook_row *row = ledger_rulebook_row(p->ledger, at);

		if (row->rulebook.starts_at_utc_ms <= p->judged_utc_ms)
			break;
		at = row->older_rulebook;
	}
	return at;
}

/* The rules that may apply, in their order. */
static void
find_candidates(struct judging *j, const struct rulebook_row *rulebook)
{
	const struct table *rules = &j->plan->ledger->earn_rules;
	const struct moment moment = moment_of(j->plan, j->base_amount);
	uint32_t at = rulebook->first_rule;

	while (at != TABLE_NONE && j->candidate_count < CANDIDATES_MAX) {
		/* Each earn walks the whole chain, whose rows were live when it was made. */
		const struct earn_rule_row *row = (const void *)table_bytes(rules, at);

		if (is_candidate(&moment, &row->rule)) {
			j->candidates[j->candidate_count++] = at;
			j->has_goods |= has_category(&row->rule);
		}
		at = row->next;
	}
}

static const struct earn_rule *
candidate(const struct judging *j, uint32_t nth)
{
	return &ledger_earn_rule_row(j->plan->ledger, j->candidates[nth])->rule;
}

/* The group of the first rate that fits goods of a category; has_lines false: of any goods. */
static uint32_t
group_of(struct judging *j, uint32_t category, bool has_lines)
{
	uint32_t i, at;

	for (i = 0; i < j->candidate_count; i++) {
		const struct earn_rule *rule = candidate(j, i);

		if ((rule->flags & EARN_RULE_RATE) != 0 &&
		    (has_lines ? rulebook_fits_category(rule, category) : !has_category(rule)))
			break;
	}
	if (i == j->candidate_count)
		return 0;
	for (at = 1; at < j->group_count; at++) {
		if (j->groups[at].rate_row == j->candidates[i])
			return at;
	}
	if (at == GROUPS_MAX)
		return 0;
	j->groups[at] = (struct group){
		.rate_row = j->candidates[i],
		.rate = candidate(j, i),
	};
	j->group_count++;
	return at;
}

/*
 * Lines into goods of their groups.  What the lines do not tell is of no category; lines that come
 * to more than the amount are scaled down to it, all to what is left after points paid a part.
 */
static void
sort_lines(struct judging *j)
{
	const struct ledger_request *q = j->plan->request;
	struct record lines = { .lines = q->lines, .lines_bytes = q->lines_bytes };
	struct purchase_line line;
	size_t offset = 0;
	int64_t sum = 0;
	int64_t whole, left = j->base_amount;

	while (j->goods_count < TG_LINES_MAX && record_line_next(&lines, &offset, &line)) {
		j->goods[j->goods_count++] = (struct goods){
			.category = line.category,
			.group = group_of(j, line.category, true),
			.amount = line.amount,
		};
		sum += line.amount;
	}
	whole = points_max(sum, q->amount);
	for (uint32_t i = 0; i < j->goods_count; i++) {
		struct goods *g = &j->goods[i];
		int64_t size = g->amount < 0 ? -g->amount : g->amount;

		size = whole > 0 ? points_mul_div_floor(size, j->base_amount, whole) : 0;
		g->amount = g->amount < 0 ? -size : size;
		j->groups[g->group].amount += g->amount;
		left -= g->amount;
	}
	j->groups[group_of(j, 0, true)].amount += left;
}

static void
make_groups(struct judging *j)
{
	int64_t left = j->base_amount;

	j->group_count = 1;
	j->groups[0] = (struct group){ 0 };
	if (j->has_goods && j->plan->request->line_count > 0)
		sort_lines(j);
	else
		j->groups[group_of(j, 0, false)].amount = j->base_amount;
	/* A discount larger than its goods is taken from the others. */
	for (uint32_t i = 0; i < j->group_count; i++) {
		j->groups[i].amount = points_min(points_max(j->groups[i].amount, 0), left);
		left -= j->groups[i].amount;
	}
}

/* Of a group what a campaign's category lets count. */
static int64_t
counted_amount(const struct judging *j, const struct earn_rule *rule, uint32_t group)
{
	int64_t amount = 0;

	if (!has_category(rule))
		return j->groups[group].amount;
	for (uint32_t i = 0; i < j->goods_count; i++) {
		if (j->goods[i].group == group &&
		    rulebook_fits_category(rule, j->goods[i].category))
			amount += j->goods[i].amount;
	}
	return points_min(points_max(amount, 0), j->groups[group].amount);
}

/* floor(amount * num / den * (times_num - times_den) / times_den), one division. */
static int64_t
multiplied_floor(int64_t amount, int64_t num, int64_t den, const struct earn_rule *times)
{
	unsigned __int128 product =
		(unsigned __int128)amount * (unsigned __int128)num *
		(unsigned __int128)(times->rate_num - times->rate_den);
	unsigned __int128 result =
		product / ((unsigned __int128)den * (unsigned __int128)times->rate_den);

	return result > TG_BALANCE_MAX ? TG_BALANCE_MAX + 1 : (int64_t)result;
}

int64_t
rulebook_points(const struct earn_rule *campaign, const struct earn_rule *rate,
		const struct rule_config *own, int64_t amount)
{
	int64_t num = rate != NULL ? rate->rate_num : own->base_num;
	int64_t den = rate != NULL ? rate->rate_den : own->base_den;

	if (amount <= 0)
		return 0;
	if (campaign == NULL)
		return points_mul_div_floor(amount, num, den);
	if ((campaign->flags & EARN_RULE_MULTIPLIER) != 0)
		return multiplied_floor(amount, num, den, campaign);
	return points_mul_div_floor(amount, campaign->rate_num, campaign->rate_den) +
	       campaign->fixed_points;
}

uint16_t
rulebook_position(const struct ledger *l, uint32_t row)
{
	return row == TABLE_NONE ? EARN_RULE_NONE :
				   (uint16_t)ledger_earn_rule_row(l, row)->rule.position;
}

struct record_component *
rulebook_add_part(struct plan *p)
{
	struct record_component *part;
	uint32_t row = p->part_count < RECORD_COMPONENTS_MAX &&
				       plan_has_room(p, &p->ledger->components, p->part_count) ?
			       table_free_peek(&p->ledger->components, p->part_count) :
			       TABLE_NONE;

	if (row == TABLE_NONE)
		return NULL;
	part = &p->parts[p->part_count++];
	*part = (struct record_component){
		.row = row,
		.campaign_position = EARN_RULE_NONE,
		.rate_position = EARN_RULE_NONE,
	};
	return part;
}

/* The base: one part for each rate, none where the partner's own has it all.  False: no room. */
static bool
judge_base(struct judging *j, struct components *c)
{
	struct plan *p = j->plan;

	if (j->group_count == 1)
		return true;
	c->base_points = 0;
	for (uint32_t i = 0; i < j->group_count; i++) {
		const struct group *g = &j->groups[i];
		struct record_component *part;

		if (g->amount == 0)
			continue;
		part = rulebook_add_part(p);
		if (part == NULL)
			return false;
		part->rate_row = g->rate_row;
		part->rate_position = rulebook_position(p->ledger, g->rate_row);
		part->sponsor = p->partner->number;
		part->amount = g->amount;
		part->points = rulebook_points(NULL, g->rate, j->own, g->amount);
		c->base_points += part->points;
	}
	return true;
}

/* The budget that a campaign spends, has it these points left?  What came before counts. */
static bool
has_budget(const struct plan *p, const struct earn_rule *rule, int64_t points, uint32_t *ret_row)
{
	uint32_t row = state_find_budget(p->ledger, rule->budget);
	const struct budget_row *budget;

	*ret_row = row;
	if (row == TABLE_NONE)
		return rule->budget == 0;
	budget = ledger_budget_row(p->ledger, row);
	for (uint32_t i = 0; i < p->part_count; i++) {
		if (p->parts[i].budget_row == row)
			points += p->parts[i].points;
	}
	return (budget->budget.flags & BUDGET_STOPPED) == 0 &&
	       budget->used_points + budget->budget.passed_points + points <=
		       budget->budget.granted_points;
}


static bool
is_capped(const struct earn_rule *rule)
{
	return rule->member_times != 0 || rule->member_points != LIMIT_NONE ||
	       rule->member_day_points != LIMIT_NONE;
}

uint32_t
rulebook_planned_counters(const struct plan *p)
{
	uint32_t planned = 0;

	for (uint32_t i = 0; i < p->part_count; i++) {
		uint32_t row = p->parts[i].counter_row;

		if (row != TABLE_NONE && !table_is_live(&p->ledger->counters, row) &&
		    (i == 0 || p->parts[i - 1].counter_row != row))
			planned++;
	}
	return planned;
}

/* May the member have so many points more?  *ret_row: its counter, or the row of a new one. */
static enum component_refusal
check_caps(const struct plan *p, const struct earn_rule *rule, int64_t points, uint32_t *ret_row)
{
	const struct table *table = &p->ledger->counters;
	const struct counter_row *counter;
	uint32_t row;
	int64_t day_points = 0;

	*ret_row = TABLE_NONE;
	if (!is_capped(rule))
		return COMPONENT_GIVEN;
	row = state_find_counter(p->ledger, p->view.member_row, rule->number);
	if (row == TABLE_NONE) {
		uint32_t planned = rulebook_planned_counters(p);

		if (!plan_has_room(p, table, planned))
			return COMPONENT_NO_ROOM;
		*ret_row = table_free_peek(table, planned);
		return points <= rule->member_points && points <= rule->member_day_points ?
			       COMPONENT_GIVEN :
			       COMPONENT_MEMBER_CAP;
	}
	*ret_row = row;
	counter = ledger_counter_row(p->ledger, row);
	if (counter->day == plan_counted_day(p))
		day_points = counter->day_points;
	if ((rule->member_times != 0 && counter->times >= rule->member_times) ||
	    counter->points + points > rule->member_points ||
	    day_points + points > rule->member_day_points)
		return COMPONENT_MEMBER_CAP;
	return COMPONENT_GIVEN;
}

/* What a campaign would give for each group, and the sum of the money that counts. */
struct offer {
	int64_t amount;
	int64_t points;
	uint32_t count;			/* of the groups below */
	uint32_t groups[GROUPS_MAX];
	int64_t amounts[GROUPS_MAX];
	int64_t gains[GROUPS_MAX];	/* points of each */
};

static void
make_offer(const struct judging *j, const struct earn_rule *rule, struct offer *ret_offer)
{
	const bool is_multiplier = (rule->flags & EARN_RULE_MULTIPLIER) != 0;
	struct offer *o = ret_offer;

	o->amount = o->points = 0;
	o->count = 0;
	for (uint32_t i = 0; i < j->group_count; i++) {
		const struct earn_rule *rate = j->groups[i].rate;
		int64_t amount = counted_amount(j, rule, i);

		/* What a rate leaves out counts for no campaign. */
		if (amount <= 0 || (rate != NULL && rate->rate_num == 0))
			continue;
		o->amount += amount;
		if (!is_multiplier)
			continue;
		o->groups[o->count] = i;
		o->amounts[o->count] = amount;
		o->gains[o->count] = rulebook_points(rule, rate, j->own, amount);
		o->points += o->gains[o->count++];
	}
	if (is_multiplier)
		return;
	o->count = 1;
	o->groups[0] = 0;
	o->amounts[0] = o->amount;
	o->gains[0] = o->points = rulebook_points(rule, NULL, j->own, o->amount);
}

/* Who issues a campaign's part; 0: several, by its shares. */
static uint32_t
sponsor_of(const struct plan *p, const struct earn_rule *rule)
{
	if (rule->sponsor_count > 0)
		return 0;
	return rule->sponsor != 0 ? rule->sponsor : p->partner->number;
}

/* A campaign's part of one group, or of all. */
static bool
add_campaign_part(struct judging *j, const struct earn_rule *rule, uint32_t row,
		  const struct offer *offer, uint32_t nth)
{
	struct record_component *part = rulebook_add_part(j->plan);

	if (part == NULL)
		return false;
	part->campaign_row = row;
	part->campaign_position = (uint16_t)rule->position;
	part->campaign = rule->number;
	if ((rule->flags & EARN_RULE_MULTIPLIER) != 0) {
		part->rate_row = j->groups[offer->groups[nth]].rate_row;
		part->rate_position = rulebook_position(j->plan->ledger, part->rate_row);
	}
	part->sponsor = sponsor_of(j->plan, rule);
	part->amount = offer->amounts[nth];
	part->points = offer->gains[nth];
	return true;
}

/* A campaign that fits but gives nothing, and why. */
static void
refuse(struct judging *j, const struct earn_rule *rule, uint32_t row, const struct offer *offer,
       enum component_refusal refusal)
{
	struct record_component *part = rulebook_add_part(j->plan);

	j->plan->is_campaign_capped = true;
	if (part == NULL)
		return;
	part->campaign_row = row;
	part->campaign_position = (uint16_t)rule->position;
	part->campaign = rule->number;
	part->sponsor = sponsor_of(j->plan, rule);
	part->amount = offer->amount;
	part->refusal = (uint8_t)refusal;
}

/* True: it gave something. */
static bool
judge_campaign(struct judging *j, uint32_t row, int64_t bonus_left, struct components *c)
{
	struct plan *p = j->plan;
	const struct earn_rule *rule = &ledger_earn_rule_row(p->ledger, row)->rule;
	struct offer offer;
	uint32_t first = p->part_count;
	uint32_t budget_row = TABLE_NONE, counter_row = TABLE_NONE;
	enum component_refusal refusal;

	make_offer(j, rule, &offer);
	if (offer.amount == 0 || offer.amount < rule->threshold_amount || offer.points == 0)
		return false;
	refusal = check_caps(p, rule, offer.points, &counter_row);
	if (refusal == COMPONENT_GIVEN && offer.points > bonus_left)
		refusal = COMPONENT_PARTNER_CAP;
	if (refusal == COMPONENT_GIVEN && !has_budget(p, rule, offer.points, &budget_row))
		refusal = COMPONENT_BUDGET;
	if (refusal == COMPONENT_GIVEN)
		refusal = sponsors_check(p, j->own, rule, offer.gains, offer.count, c);
	for (uint32_t i = 0; refusal == COMPONENT_GIVEN && i < offer.count; i++) {
		if (!add_campaign_part(j, rule, row, &offer, i)) {
			p->part_count = first;
			refusal = COMPONENT_NO_ROOM;
		}
	}
	if (refusal != COMPONENT_GIVEN) {
		refuse(j, rule, row, &offer, refusal);
		return false;
	}
	for (uint32_t i = first; i < p->part_count; i++) {
		p->parts[i].budget_row = budget_row;
		p->parts[i].budget = rule->budget;
		p->parts[i].counter_row = counter_row;
	}
	c->campaign_points += offer.points;
	return true;
}

void
rulebook_judge(struct plan *p, const struct rule_config *own, int64_t base_amount,
	       int64_t bonus_left, struct components *c)
{
	uint32_t found = rulebook_find(p);
	struct judging j;

	if (found == TABLE_NONE)
		return;
	p->rulebook_version = ledger_rulebook_row(p->ledger, found)->rulebook.version;
	j.plan = p;
	j.own = own;
	j.base_amount = base_amount;
	j.candidate_count = j.goods_count = 0;
	j.has_goods = false;
	find_candidates(&j, ledger_rulebook_row(p->ledger, found));
	if (j.candidate_count == 0 || base_amount == 0)
		return;
	make_groups(&j);
	if (!judge_base(&j, c)) {
		p->part_count = 0;
		p->is_out_of_room = true;
		return;
	}
	for (uint32_t i = 0; i < j.candidate_count; i++) {
		const struct earn_rule *rule = candidate(&j, i);

		if ((rule->flags & EARN_RULE_RATE) == 0 &&
		    judge_campaign(&j, j.candidates[i], bonus_left - c->campaign_points, c) &&
		    (rule->flags & EARN_RULE_EXCLUSIVE) != 0)
			break;
	}
}
