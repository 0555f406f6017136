/*
 * model_rulebook.c - rates and campaigns, and what goes back of them.
 *
 * Which money a rule counts is worked out where it is all of the purchase.  Where rules ask for
 * goods the ledger's division is taken, within its bounds, and all that follows is worked out.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "protocol/assert.h"
#include "protocol/message.h"
#include "protocol/status.h"
#include "tests/sim/model_private.h"

#define DAY_MINUTES 1440
#define MINUTE_MS 60000

enum refusal { GIVEN, MEMBER_CAP, PARTNER_CAP, BUDGET, NO_ROOM, NO_COVER };

void
model_add_campaign(struct model *m, const struct model_campaign *campaign)
{
	int at = 0;

	while (at < m->campaign_count && (m->campaigns[at].version != campaign->version ||
					  m->campaigns[at].position != campaign->position))
		at++;
	TG_ASSERT(at < MODEL_CAMPAIGNS);
	m->campaigns[at] = *campaign;
	/* A rate of exchange that stood there is none any more. */
	for (int i = 0; i < m->rate_count; i++) {
		if (m->rates[i].version == campaign->version &&
		    m->rates[i].position == campaign->position)
			m->rates[i].version = 0;
	}
	m->campaign_count += at == m->campaign_count;
}

static struct budget *
find_budget(struct model *m, uint32_t number)
{
	for (int i = 0; i < m->budget_count; i++) {
		if (m->budgets[i].budget.number == number)
			return &m->budgets[i];
	}
	return NULL;
}

void
model_set_budget(struct model *m, const struct model_budget *budget)
{
	struct budget *place = find_budget(m, budget->number);

	if (place == NULL) {
		TG_ASSERT(m->budget_count < MODEL_BUDGETS);
		place = &m->budgets[m->budget_count++];
		place->used = 0;
	}
	place->budget = *budget;
}

/* What the member has had of a campaign. */
static struct share *
find_share(struct model *m, uint64_t member, uint32_t campaign)
{
	for (int i = 0; i < m->share_count; i++) {
		if (m->shares[i].member == member && m->shares[i].campaign == campaign)
			return &m->shares[i];
	}
	if (m->share_count == m->share_capacity) {
		m->share_capacity = 2 * m->share_capacity + 64;
		m->shares =
			realloc(m->shares, (size_t)m->share_capacity * sizeof(*m->shares));
		TG_ASSERT(m->shares != NULL);
	}
	m->shares[m->share_count] =
		(struct share){ .member = member, .campaign = campaign, .day = INT32_MIN };
	return &m->shares[m->share_count++];
}

/* ---- which rules fit ---- */

/* 1970-01-01 was a Thursday. */
static bool
is_on_weekday(const struct model_campaign *c, int32_t day)
{
	int weekday = ((day % 7 + 7) % 7 + 3) % 7;

	return (c->weekdays >> weekday & 1) != 0;
}

static bool
is_at_hour(const struct model_campaign *c, int64_t ms)
{
	int minute = (int)(ms / MINUTE_MS % DAY_MINUTES);
	bool is_overnight = c->until_minute < c->from_minute;

	if (is_overnight)
		return minute >= c->from_minute || minute < c->until_minute;
	return minute >= c->from_minute && minute < c->until_minute;
}

/* Does everything fit but, perhaps, the goods? */
static bool
fits(const struct model *m, const struct model_campaign *c, int64_t amount, bool is_first)
{
	const struct model_event *e = m->event;

	return (c->partner == 0 || c->partner == e->partner) &&
	       (c->store == 0 || c->store == e->store) &&
	       (c->tender == 0 || c->tender == e->tender) && c->from_day <= m->judged_day &&
	       m->judged_day <= c->until_day && c->threshold <= amount &&
	       is_on_weekday(c, m->judged_day) && is_at_hour(c, m->judged_ms) &&
	       (!c->is_first || is_first);
}

/* The nth rule of the version that fits, in the version's order.  NULL: there are fewer. */
static const struct model_campaign *
nth_fitting(const struct model *m, const struct rulebook_start *rulebook, int64_t amount, int nth)
{
	bool is_first = m->member->regular_last_day == 0;

	for (uint32_t position = 0; position < rulebook->count; position++) {
		for (int i = 0; i < m->campaign_count; i++) {
			const struct model_campaign *c = &m->campaigns[i];

			if (c->version == rulebook->version && c->position == position &&
			    fits(m, c, amount, is_first) && nth-- == 0)
				return c;
		}
	}
	return NULL;
}

static const struct model_campaign *
at_position(const struct model *m, uint32_t version, int position)
{
	for (int i = 0; position >= 0 && i < m->campaign_count; i++) {
		if (m->campaigns[i].version == version &&
		    m->campaigns[i].position == (uint32_t)position)
			return &m->campaigns[i];
	}
	return NULL;
}

/* ---- what they give ---- */

/* floor(amount * what the base is worth * (times - 1)), or floor(amount * rate) and the gift. */
static int64_t
points_of(const struct model_campaign *c, const struct model_campaign *rate,
	  const struct model_rule *own, int64_t amount)
{
	int64_t num = rate != NULL ? rate->num : own->base_num;
	int64_t den = rate != NULL ? rate->den : own->base_den;

	if (amount <= 0)
		return 0;
	if (c == NULL)
		return model_share(amount, num, den);
	if (!c->is_multiplier)
		return model_share(amount, c->num, c->den) + c->fixed;
	return (int64_t)((unsigned __int128)amount * (unsigned __int128)num *
			 (unsigned __int128)(c->num - c->den) / (unsigned __int128)den /
			 (unsigned __int128)c->den);
}

/* Each one's floor, the rest point by point to whoever is furthest behind its weight. */
static void
divide(int64_t points, const int64_t *weights, int count, int64_t shares[MODEL_SPONSORS])
{
	int64_t sum = 0, left = points;

	for (int i = 0; i < count; i++)
		sum += weights[i];
	for (int i = 0; i < count; i++)
		left -= shares[i] = points > 0 ? model_share(points, weights[i], sum) : 0;
	while (left-- > 0) {
		int next = 0;

		for (int i = 1; i < count; i++) {
			if ((__int128)weights[i] * (shares[next] + 1) >
			    (__int128)weights[next] * (shares[i] + 1))
				next = i;
		}
		shares[next]++;
	}
}

/*
 * What sponsors have issued of a part goes from so many points to so many; of what goes back they
 * do not get what has expired.
 */
static void
issue_part(struct model *m, const struct deal_part *part, uint32_t partner, int64_t before,
	   int64_t now, int64_t expired)
{
	int64_t weights[MODEL_SPONSORS], had[MODEL_SPONSORS], have[MODEL_SPONSORS],
		gone[MODEL_SPONSORS];
	const struct model_campaign *c = part->campaign;

	if (c->sponsor_count == 0) {
		model_issue(m, c->sponsor != 0 ? c->sponsor : partner, now - before + expired);
		return;
	}
	for (int i = 0; i < c->sponsor_count; i++)
		weights[i] = c->sponsors[i].weight;
	divide(before, weights, c->sponsor_count, had);
	divide(now, weights, c->sponsor_count, have);
	for (int i = 0; i < c->sponsor_count; i++)
		weights[i] = had[i] - have[i];
	divide(expired, weights, c->sponsor_count, gone);
	for (int i = 0; i < c->sponsor_count; i++)
		model_issue(m, c->sponsors[i].partner, have[i] - had[i] + gone[i]);
}

/* ---- a purchase ---- */

/* May it have been refused for that reason? */
static bool
is_refused_rightly(struct model *m, const struct model_campaign *c, int64_t points, int refusal)
{
	const struct share *share = find_share(m, m->event->member, c->number);
	const struct budget *budget = find_budget(m, c->budget);
	bool is_any = false;

	switch (refusal) {
	case MEMBER_CAP:
		return (c->member_times != 0 && share->times >= c->member_times) ||
		       share->points + points > c->member_points ||
		       share->day_points + points > c->member_day_points;
	case PARTNER_CAP:
		return m->partner->bonus_day_limit != INT64_MAX;
	case BUDGET:
		return budget == NULL || budget->budget.is_stopped ||
		       budget->used + budget->budget.passed + points > budget->budget.granted;
	case NO_COVER:
		for (int i = 0; i < m->partner_count; i++)
			is_any |= m->funds[m->partners[i].number].has_terms ||
				  !model_may_earn(m, &m->partners[i]);
		return is_any;
	default:
		return refusal == NO_ROOM;
	}
}

static bool
is_given_rightly(struct model *m, const struct model_campaign *c, int64_t points)
{
	const struct share *share = find_share(m, m->event->member, c->number);
	const struct budget *budget = find_budget(m, c->budget);

	if (c->member_times != 0 && share->times >= c->member_times)
		return model_object(m, "campaign %u was given once too often", c->number);
	if (share->points + points > c->member_points)
		return model_object(m, "more was given of campaign %u than a member may have",
				    c->number);
	if (c->budget != 0 && (budget == NULL || budget->budget.is_stopped ||
			       budget->used + budget->budget.passed + points >
				       budget->budget.granted))
		return model_object(m, "more was given of budget %u than it has", c->budget);
	return true;
}

/* Points of a campaign are given, or some of them taken. */
static void
count_share(struct model *m, const struct model_campaign *c, int64_t points, bool is_time)
{
	struct share *share = find_share(m, m->event->member, c->number);
	struct budget *budget = find_budget(m, c->budget);

	if (budget != NULL)
		budget->used += points;
	/* What was given without a cap counts for none that comes later. */
	if (c->member_times == 0 && c->member_points == INT64_MAX &&
	    c->member_day_points == INT64_MAX)
		return;
	share->points += points;
	share->times += is_time && points > 0 ? 1 : 0;
	if (share->times > 0 && is_time && points < 0)
		share->times--;
	if (points <= 0)
		return;
	/* Late requests count for their own days: the figure is for refusals, and may be high. */
	share->day_points += points;
}

/* The parts of a rule that come next; how many.  *ret_points: what they give. */
static uint32_t
take_told(struct model *m, struct deal *deal, const struct model_campaign *c, uint32_t from,
	  int64_t *ret_points, int64_t *ret_amount)
{
	const struct model_outcome *out = &m->event->outcome;
	uint32_t at = from;

	*ret_points = *ret_amount = 0;
	while (at < out->part_count && out->parts[at].campaign == (c != NULL ? c->number : 0)) {
		const struct model_part *told = &out->parts[at];

		if (c != NULL && told->campaign_position != (int)c->position)
			break;
		deal->parts[at] = (struct deal_part){
			.campaign = c,
			.rate = at_position(m, out->rulebook, told->rate_position),
			.refusal = told->refusal,
			.kept = told->amount,
			.points = told->points,
		};
		*ret_points += told->points;
		*ret_amount += told->amount;
		at++;
	}
	return at - from;
}

static bool
check_points(struct model *m, const struct deal *deal, const struct model_rule *own,
	     uint32_t from, uint32_t count)
{
	for (uint32_t i = from; i < from + count; i++) {
		const struct deal_part *part = &deal->parts[i];

		if (part->refusal == GIVEN &&
		    !model_same(m, "a part of the earn", part->points,
				points_of(part->campaign, part->rate, own, part->kept)))
			return false;
	}
	return true;
}

/* The base: by the first rate that fits, if any; with goods, by several. */
static bool
judge_base(struct model *m, struct deal *deal, const struct model_rule *own, int64_t amount,
	   const struct model_campaign *rate, bool is_exact, struct judged *judged)
{
	int64_t points, counted;
	uint32_t count = take_told(m, deal, NULL, 0, &points, &counted);

	deal->part_count = count;
	if (is_exact && count != (rate != NULL))
		return model_object(m, "the base has %u parts, by the rules %d", count,
				    rate != NULL);
	if (count > 0 && is_exact && deal->parts[0].rate != rate)
		return model_object(m, "the base has another rate");
	if (count > 0 && counted != amount)
		return model_same(m, "the amount of the base's parts", counted, amount);
	if (!check_points(m, deal, own, 0, count))
		return false;
	if (count > 0)
		judged->base = points;
	return true;
}

/* One campaign that fits.  *ret_is_last: it is exclusive, and gave something. */
static bool
judge_campaign(struct model *m, struct deal *deal, const struct model_rule *own, int64_t amount,
	       const struct model_campaign *c, const struct model_campaign *rate, bool is_exact,
	       struct judged *judged, bool *ret_is_last)
{
	uint32_t first = deal->part_count;
	int64_t points, counted, right;
	uint32_t count = take_told(m, deal, c, first, &points, &counted);
	bool is_refused = count > 0 && deal->parts[first].refusal != GIVEN;

	*ret_is_last = false;
	deal->part_count += count;
	right = rate != NULL && rate->num == 0 ? 0 :
						 points_of(c, c->is_multiplier ? rate : NULL, own,
							   amount);
	if (is_exact && (count > 0) != (right > 0))
		return model_object(m, "campaign %u has %u parts of %" PRId64 " points",
				    c->number, count, right);
	if (count == 0)
		return true;
	if (counted > amount || (is_exact && counted != amount) || counted < c->threshold)
		return model_same(m, "the amount that a campaign counts", counted, amount);
	if (is_refused) {
		if (is_exact &&
		    !is_refused_rightly(m, c, right, deal->parts[first].refusal))
			return model_object(m, "campaign %u was refused for reason %d",
					    c->number, deal->parts[first].refusal);
		return model_same(m, "points of a refused campaign", points, 0);
	}
	if (!check_points(m, deal, own, first, count) || !is_given_rightly(m, c, points))
		return false;
	count_share(m, c, points, true);
	judged->campaigns += points;
	*ret_is_last = c->is_exclusive;
	return true;
}

/* Of a refused earn nothing is told: the most that campaigns may have come to. */
static void
judge_most(const struct model *m, const struct rulebook_start *rulebook,
	   const struct model_rule *own, int64_t amount, struct judged *judged)
{
	const struct model_campaign *c;
	bool has_rate = false;

	for (int i = 0; (c = nth_fitting(m, rulebook, amount, i)) != NULL; i++) {
		if (c->number != 0) {
			judged->campaigns_most += points_of(c, NULL, own, amount);
		} else if (!has_rate && !c->has_category) {
			judged->base = points_of(NULL, c, own, amount);
			has_rate = true;
		}
	}
}

bool
model_judge(struct model *m, struct deal *deal, const struct model_rule *own, int64_t amount,
	    struct judged *judged)
{
	const struct rulebook_start *rulebook = model_rulebook(m);
	const struct model_outcome *out = &m->event->outcome;
	const struct model_campaign *rate = NULL, *c;
	bool is_exact = true, is_last = false;

	*judged = (struct judged){ .base = model_share(amount, own->base_num, own->base_den) };
	if (out->status != TG_OK && rulebook != NULL)
		judge_most(m, rulebook, own, amount, judged);
	if (out->status != TG_OK)
		return true;
	if (!model_same(m, "the version of the rulebook", out->rulebook,
			rulebook != NULL ? rulebook->version : 0))
		return false;
	for (int i = 0; rulebook != NULL && (c = nth_fitting(m, rulebook, amount, i)) != NULL;
	     i++) {
		is_exact = is_exact && !(c->has_category && m->event->has_lines);
		if (rate == NULL && c->number == 0 && !c->has_category)
			rate = c;
	}
	if (amount == 0)
		rate = NULL;
	if (!judge_base(m, deal, own, amount, rate, is_exact, judged))
		return false;
	for (int i = 0; rulebook != NULL && amount > 0 && !is_last &&
			(c = nth_fitting(m, rulebook, amount, i)) != NULL;
	     i++) {
		/* Without lines there are no goods of a category. */
		if (c->number == 0 || (c->has_category && !m->event->has_lines))
			continue;
		if (!judge_campaign(m, deal, own, amount, c, rate, is_exact, judged, &is_last))
			return false;
	}
	judged->campaigns_most = judged->campaigns;
	return deal->part_count == out->part_count ||
	       model_object(m, "the earn has %u parts, by the rules %u", out->part_count,
			    deal->part_count);
}

void
model_give_parts(struct model *m, const struct deal *deal, int64_t paid)
{
	for (uint32_t i = 0; i < deal->part_count; i++) {
		const struct deal_part *part = &deal->parts[i];
		const struct model_campaign *c = part->campaign;
		int64_t to_debt = model_least(paid, part->points);

		if (c == NULL || part->points == 0)
			continue;
		issue_part(m, part, m->event->partner, 0, part->points, 0);
		paid -= to_debt;
		model_give(m,
			   &(struct gift){ 16 + (int)i, c->days, c->usable_at, c->is_at_store },
			   part->points - to_debt);
	}
}

/* ---- a return ---- */

/* Does what is kept of a campaign, in all its parts, still reach its threshold? */
static bool
reaches(const struct deal *deal, const struct model_campaign *c)
{
	int64_t kept = 0;

	for (uint32_t i = 0; i < deal->part_count; i++)
		kept += deal->parts[i].campaign == c ? deal->parts[i].kept : 0;
	return kept >= c->threshold;
}

/* How much of the money that each part counts goes back. */
static bool
return_money(struct model *m, struct deal *deal, int64_t before, int64_t now)
{
	const struct model_outcome *out = &m->event->outcome;

	for (uint32_t i = 0; i < deal->part_count; i++) {
		struct deal_part *part = &deal->parts[i];
		int64_t kept = part->kept - out->parts[i].amount;
		int64_t right = before > 0 ? model_share(part->kept, now, before) : 0;

		if (kept < 0 || kept > part->kept || (now == 0 && kept != 0) ||
		    (!m->event->has_lines && kept != right))
			return model_same(m, "what a part keeps", kept, right);
		part->kept = kept;
	}
	return true;
}

bool
model_take_parts(struct model *m, struct deal *deal, int64_t before, int64_t now,
		 struct parts *taken)
{
	const struct model_outcome *out = &m->event->outcome;
	bool has_base = deal->part_count > 0 && deal->parts[0].campaign == NULL;

	if (!model_same(m, "parts of the return", out->part_count, deal->part_count) ||
	    !return_money(m, deal, before, now))
		return false;
	if (has_base)
		taken->base = 0;
	for (uint32_t i = 0; i < deal->part_count; i++) {
		struct deal_part *part = &deal->parts[i];
		const struct model_campaign *c = part->campaign;
		int64_t rest = c == NULL || reaches(deal, c) ?
				       points_of(c, part->rate, deal->rule, part->kept) :
				       0;
		int64_t points = model_most(part->points - rest - part->taken, 0);
		bool is_first = i == 0 || deal->parts[i - 1].campaign != c;

		if (!model_same(m, "what goes back of a part", out->parts[i].points, points))
			return false;
		part->taken += points;
		if (c != NULL && part->refusal == GIVEN)
			count_share(m, c, -points, is_first && m->event->kind == TG_OP_REVERSE);
		taken->base += c == NULL ? points : 0;
		taken->campaigns += c != NULL ? points : 0;
	}
	return true;
}

void
model_return_parts(struct model *m, const struct deal *deal, int64_t absorbed)
{
	for (uint32_t i = 0; i < deal->part_count; i++) {
		const struct deal_part *part = &deal->parts[i];
		int64_t points = m->event->outcome.parts[i].points;
		int64_t kept = part->points - part->taken;
		int64_t gone = model_least(absorbed, points);

		if (part->campaign == NULL)
			continue;
		issue_part(m, part, deal->partner, kept + points, kept, gone);
		absorbed -= gone;
	}
}
