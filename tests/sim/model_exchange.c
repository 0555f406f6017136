/*
 * model_exchange.c - points for a partner's own currency, and the other way.
 */
#include "protocol/assert.h"
#include "protocol/message.h"
#include "protocol/status.h"
#include "tests/sim/model_private.h"

void
model_add_rate(struct model *m, const struct model_rate *rate)
{
	int at = 0;

	while (at < m->rate_count && (m->rates[at].version != rate->version ||
				      m->rates[at].position != rate->position))
		at++;
	TG_ASSERT(at < MODEL_RATES);
	m->rates[at] = *rate;
	/* A rule that stood there is none any more. */
	for (int i = 0; i < m->campaign_count; i++) {
		if (m->campaigns[i].version == rate->version &&
		    m->campaigns[i].position == rate->position)
			m->campaigns[i].version = 0;
	}
	m->rate_count += at == m->rate_count;
}

void
model_start_rulebook(struct model *m, uint32_t version, uint32_t count, int64_t from_ms)
{
	TG_ASSERT(m->rulebook_count < MODEL_RULEBOOKS);
	m->rulebooks[m->rulebook_count++] = (struct rulebook_start){ version, count, from_ms };
}

const struct rulebook_start *
model_rulebook(const struct model *m)
{
	for (int i = m->rulebook_count - 1; i >= 0; i--) {
		if (m->rulebooks[i].from_ms <= m->judged_ms)
			return &m->rulebooks[i];
	}
	return NULL;
}

/* The first rate in that direction that is valid on the day.  NULL: a reason is noted. */
static const struct model_rate *
find_rate(struct model *m)
{
	const struct model_event *e = m->event;
	const struct rulebook_start *rulebook = model_rulebook(m);
	const struct model_rate *found = NULL;
	bool is_any = false;

	for (int i = 0; rulebook != NULL && i < m->rate_count; i++) {
		const struct model_rate *rate = &m->rates[i];

		if (rate->version != rulebook->version || rate->position >= rulebook->count ||
		    rate->partner != e->partner || rate->is_out != e->is_out)
			continue;
		is_any = true;
		if (rate->from_day <= m->judged_day && m->judged_day <= rate->until_day &&
		    (found == NULL || rate->position < found->position))
			found = rate;
	}
	if (found == NULL)
		m->reasons[is_any ? TG_NO_RATE : TG_EXCHANGE_OFF] = true;
	return found;
}

/* The least that gives as much. */
static int64_t
least_for(const struct model_rate *rate, int64_t got, int64_t given)
{
	int64_t low = 0, high = given;

	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (model_share(middle, rate->num, rate->den) >= got)
			high = middle;
		else
			low = middle;
	}
	return high;
}

static bool
exchange_in(struct model *m, struct deal *deal, int64_t got, int64_t taken)
{
	const struct model_event *e = m->event;
	int64_t paid;

	if (!model_may_issue(m, e->partner, got))
		m->reasons[model_refuse_issue(m, e->partner, got)] = true;
	m->reasons[TG_LIMIT_TRANSACTION] = got > TG_AMOUNT_MAX || got > m->partner->earn_limit;
	model_check_days(m, got, 0);
	if (e->outcome.status != TG_OK)
		return true;
	deal->points = got;
	deal->own_units = taken;
	model_issue(m, e->partner, got);
	m->books[e->partner].own -= taken;
	paid = model_pay_debt(m, got);
	model_renew(m, m->judged_day);
	m->member->regular += got - paid;
	model_count_day(m, got, 0);
	return model_same(m, "points", e->outcome.points, got) &&
	       model_same(m, "own units", e->outcome.own_units, taken) &&
	       model_same(m, "the debt paid", e->outcome.paid_debt, paid);
}

static bool
exchange_out(struct model *m, struct deal *deal, int64_t got, int64_t taken)
{
	const struct model_event *e = m->event;

	model_check_spending(m, taken);
	m->reasons[TG_LIMIT_TRANSACTION] |= got > TG_AMOUNT_MAX;
	if (e->outcome.status != TG_OK)
		return true;
	deal->points = taken;
	deal->own_units = got;
	m->books[e->partner].redeemed += taken;
	m->books[e->partner].own += got;
	model_take_points(m, taken, e->day, deal);
	model_renew(m, e->day);
	model_count_day(m, 0, taken);
	return model_same(m, "points", e->outcome.points, taken) &&
	       model_same(m, "own units", e->outcome.own_units, got);
}

bool
model_exchange(struct model *m)
{
	const struct model_event *e = m->event;
	struct deal *deal = model_remember(m);
	int64_t given = e->is_out ? e->points : e->own_units;
	int64_t expected = e->is_out ? e->own_units : e->has_points ? e->points : MODEL_UNTOLD;
	const struct model_rate *rate;
	int64_t got, taken;

	deal->is_out = e->is_out;
	m->reasons[TG_BURN_OFF] = e->is_out && !model_may_burn(m);
	m->reasons[TG_EARN_OFF] = !e->is_out && m->partner->is_earn_off;
	rate = find_rate(m);
	if (rate == NULL)
		return true;
	got = model_share(given, rate->num, rate->den);
	m->reasons[TG_EXCHANGE_STEP] = given < rate->least || got == 0 ||
				       (rate->step > 1 && given % rate->step != 0);
	m->reasons[TG_RATE_DIFFERS] = expected != MODEL_UNTOLD && expected != got;
	if (m->reasons[TG_EXCHANGE_STEP])
		return true;
	taken = least_for(rate, got, given);
	return e->is_out ? exchange_out(m, deal, got, taken) : exchange_in(m, deal, got, taken);
}
