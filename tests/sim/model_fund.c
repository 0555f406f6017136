/*
 * model_fund.c - who issues points, and what of the right to do so is left.
 */
#include <inttypes.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/message.h"
#include "protocol/status.h"
#include "tests/sim/model_private.h"

void
model_set_funding(struct model *m, const struct model_funding *funding)
{
	struct funds *funds = &m->funds[funding->partner];

	TG_ASSERT(funding->partner < MODEL_BOOKS);
	funds->has_terms = true;
	funds->overdraft = funding->overdraft;
	funds->is_stopped = false;
}

/* Would issuing so many leave less than the overdraft allows? */
static bool
is_past_stop(const struct funds *funds, int64_t points)
{
	return funds->has_terms && funds->overdraft != INT64_MAX &&
	       funds->cover - points < -funds->overdraft;
}

int
model_refuse_issue(const struct model *m, uint32_t partner, int64_t points)
{
	const struct funds *funds = &m->funds[partner];

	if (!model_may_earn(m, model_partner_of(m, partner)))
		return TG_EARN_OFF;
	if (points == 0 || !is_past_stop(funds, points))
		return TG_OK;
	/* What happened before anybody could know of the stop was in good faith. */
	return m->is_judged_late && (!funds->is_stopped || m->event->till_ms < funds->stopped_ms) ?
		       TG_OK :
		       TG_NO_COVER;
}

bool
model_may_issue(const struct model *m, uint32_t partner, int64_t points)
{
	return model_refuse_issue(m, partner, points) == TG_OK;
}

void
model_issue(struct model *m, uint32_t partner, int64_t points)
{
	int i = 0;

	TG_ASSERT(partner < MODEL_BOOKS);
	if (points == 0)
		return;
	while (i < m->issuer_count && m->issuers[i] != partner)
		i++;
	if (i == m->issuer_count)
		m->issuers[m->issuer_count++] = partner;
	m->books[partner].issued -= points;
}

void
model_note_stop(struct model *m, uint32_t partner)
{
	struct funds *funds = &m->funds[partner];

	if (!funds->has_terms || funds->is_stopped)
		return;
	funds->is_stopped = true;
	funds->stopped_ms = m->event->utc_ms;
}

static void
change_cover(struct model *m, uint32_t partner, int64_t points)
{
	struct funds *funds = &m->funds[partner];

	if (!funds->has_terms)
		return;
	if (points > 0 && is_past_stop(funds, points))
		model_note_stop(m, partner);
	funds->cover -= points;
	funds->used += points;
	m->books[partner].cover -= points;
	m->books[partner].cover_used += points;
}

/*
 * Points come out of the world again: cover comes back, but for what others were paid for; for
 * so many of others' points the partner of the refund owes them, out of its own cover.
 */
static void
move_cover(struct model *m, uint32_t partner, int64_t *spent, int64_t *owes_others)
{
	int64_t points = -m->books[partner].issued;

	if (points < 0) {
		const int64_t gone = model_least(-points, *spent);

		*spent -= gone;
		if (partner != m->event->partner)
			*owes_others += gone;
		points = -model_least(-points - gone, m->funds[partner].used);
	}
	change_cover(m, partner, points);
}

bool
model_close_books(struct model *m)
{
	const struct model_books *told = m->event->outcome.books;
	int64_t spent = m->programme.is_traced ? m->owed : 0;
	int64_t owes_others = 0;

	for (int i = 0; i < m->issuer_count; i++)
		move_cover(m, m->issuers[i], &spent, &owes_others);
	if (owes_others > 0)
		change_cover(m, m->event->partner, owes_others);
	for (uint32_t i = 0; i < MODEL_BOOKS; i++) {
		const struct model_books *right = &m->books[i];

		if (memcmp(&told[i], right, sizeof(*right)) == 0)
			continue;
		return model_object(
			m,
			"of partner %u: issued %" PRId64 ", redeemed %" PRId64 ", cover %" PRId64
			", used %" PRId64 ", own %" PRId64 ", value taken %" PRId64
			", paid %" PRId64 "; by the rules %" PRId64 ", %" PRId64 ", %" PRId64
			", %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64,
			i, told[i].issued, told[i].redeemed, told[i].cover, told[i].cover_used,
			told[i].own, told[i].value_taken, told[i].value_paid, right->issued,
			right->redeemed, right->cover, right->cover_used, right->own,
			right->value_taken, right->value_paid);
	}
	return true;
}

bool
model_fund(struct model *m)
{
	const struct model_event *e = m->event;
	struct funds *funds = &m->funds[e->funded];

	if (!funds->has_terms)
		return model_object(m, "cover for a partner without terms");
	if (e->is_debit && e->points > funds->cover)
		return model_object(m, "more cover was given back than there was");
	if (!e->is_debit)
		funds->is_stopped = false;
	funds->cover += e->is_debit ? -e->points : e->points;
	m->books[e->funded].cover += e->is_debit ? -e->points : e->points;
	return true;
}
