/*
 * model.c - members, cards, what speaks against a request, and the end of every event.
 */
#include "tests/sim/model.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/message.h"
#include "protocol/status.h"
#include "tests/sim/model_private.h"

#define DAY_MS INT64_C(86400000)

struct model *
model_new(void)
{
	struct model *m = calloc(1, sizeof(*m));

	TG_ASSERT(m != NULL);
	return m;
}

void
model_free(struct model *m)
{
	free(m->deals);
	free(m->counters);
	free(m->shares);
	free(m->cycle_ends);
	free(m);
}

bool
model_object(struct model *m, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(m->why, m->why_bytes, format, arguments);
	va_end(arguments);
	return false;
}

bool
model_same(struct model *m, const char *what, int64_t told, int64_t right)
{
	if (told == right)
		return true;
	return model_object(m, "%s is %" PRId64 ", by the rules %" PRId64, what, told, right);
}

int64_t
model_least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
model_most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
model_share(int64_t amount, int64_t num, int64_t den)
{
	return (int64_t)((unsigned __int128)amount * (unsigned __int128)num /
			 (unsigned __int128)den);
}

/* ---- configuration ---- */

void
model_set_programme(struct model *m, const struct model_programme *programme)
{
	m->programme = *programme;
}

void
model_close_cycle(struct model *m, uint32_t partner, int32_t last_day)
{
	size_t count = (size_t)m->cycle_end_count++;

	m->cycle_ends = realloc(m->cycle_ends, (count + 1) * sizeof(*m->cycle_ends));
	TG_ASSERT(m->cycle_ends != NULL);
	m->cycle_ends[count] = (struct cycle_end){ partner, last_day };
}

static struct model_partner *
find_partner(struct model *m, uint32_t number)
{
	for (int i = 0; i < m->partner_count; i++) {
		if (m->partners[i].number == number)
			return &m->partners[i];
	}
	return NULL;
}

void
model_set_partner(struct model *m, const struct model_partner *partner)
{
	struct model_partner *place = find_partner(m, partner->number);

	if (place == NULL) {
		TG_ASSERT(m->partner_count < MODEL_PARTNERS);
		place = &m->partners[m->partner_count++];
	}
	*place = *partner;
}

void
model_add_rule(struct model *m, const struct model_rule *rule)
{
	TG_ASSERT(m->rule_count < MODEL_RULES);
	m->rules[m->rule_count++] = *rule;
}

/* ---- members and cards ---- */

struct member *
model_find_member(struct model *m, uint64_t reference)
{
	for (int i = 0; i < m->member_count; i++) {
		if (m->members[i].reference == reference)
			return &m->members[i];
	}
	return NULL;
}

static struct card *
find_card(struct model *m, const char *text)
{
	for (int i = 0; text != NULL && i < m->card_count; i++) {
		if (strcmp(m->cards[i].text, text) == 0)
			return &m->cards[i];
	}
	return NULL;
}

static void
add_card(struct model *m, const char *text, uint64_t member)
{
	struct card *card;

	if (text == NULL)
		return;
	TG_ASSERT(m->card_count < MODEL_CARDS && strlen(text) < MODEL_CARD_BYTES);
	card = &m->cards[m->card_count++];
	memcpy(card->text, text, strlen(text) + 1);
	card->member = member;
	card->is_blocked = false;
}

/* ---- what is remembered ---- */

struct deal *
model_remember(struct model *m)
{
	const struct model_event *e = m->event;
	struct deal *deal;

	if (m->deal_count == m->deal_capacity) {
		m->deal_capacity = 2 * m->deal_capacity + 64;
		m->deals = realloc(m->deals, (size_t)m->deal_capacity * sizeof(*m->deals));
		TG_ASSERT(m->deals != NULL);
	}
	deal = &m->deals[m->deal_count++];
	*deal = (struct deal){
		.kind = e->kind,
		.partner = e->partner,
		.sequence = e->sequence,
		.member = e->member,
		.status = e->outcome.status,
		.booked_ms = e->utc_ms,
		.till_ms = e->till_ms,
		.date = e->date,
		.is_late = e->is_late,
		.is_of_value = e->is_of_value,
		.amount = e->amount,
		.covered = e->covered,
		.points = e->points,
	};
	memcpy(deal->id, e->id, sizeof(deal->id));
	return deal;
}

struct deal *
model_find_deal(struct model *m, const uint8_t *id, bool is_refund)
{
	const struct model_partner *other;
	struct deal *found = NULL;

	for (int i = m->deal_count - 1; i >= 0; i--) {
		if (m->deals[i].partner == m->event->partner &&
		    memcmp(m->deals[i].id, id, MODEL_ID_BYTES) == 0)
			return &m->deals[i];
	}
	for (int i = m->deal_count - 1; is_refund && m->partner->group != 0 && i >= 0; i--) {
		other = find_partner(m, m->deals[i].partner);
		if (other->group == m->partner->group &&
		    m->deals[i].member == m->event->member &&
		    memcmp(m->deals[i].id, id, MODEL_ID_BYTES) == 0 &&
		    (found == NULL || m->deals[i].partner < found->partner))
			found = &m->deals[i];
	}
	return found;
}

/* The day whose limits the event counts for. */
static int32_t
counted_day(const struct model *m)
{
	return m->is_judged_late && m->judged_day < m->event->date ? m->judged_day
								   : m->event->date;
}

static bool
is_alive(const struct model *m, int32_t first_day, int32_t last_day)
{
	int32_t day = counted_day(m);

	if (first_day == 0 && last_day == 0)
		return true;
	return first_day <= day && (last_day == 0 || day <= last_day);
}

bool
model_may_earn(const struct model *m, const struct model_partner *partner)
{
	return is_alive(m, partner->joined_day, partner->last_earn_day);
}

bool
model_may_burn(const struct model *m)
{
	return !m->partner->is_burn_off && !m->programme.is_burn_off &&
	       is_alive(m, m->partner->joined_day, m->partner->last_burn_day);
}

const struct model_partner *
model_partner_of(const struct model *m, uint32_t number)
{
	for (int i = 0; i < m->partner_count; i++) {
		if (m->partners[i].number == number)
			return &m->partners[i];
	}
	return NULL;
}

static struct counter *
find_counter(struct model *m, uint64_t who, bool is_till)
{
	int32_t day = counted_day(m);

	for (int i = 0; i < m->counter_count; i++) {
		if (m->counters[i].who == who && m->counters[i].is_till == is_till &&
		    m->counters[i].day == day)
			return &m->counters[i];
	}
	if (m->counter_count == m->counter_capacity) {
		m->counter_capacity = 2 * m->counter_capacity + 64;
		m->counters =
			realloc(m->counters, (size_t)m->counter_capacity * sizeof(*m->counters));
		TG_ASSERT(m->counters != NULL);
	}
	m->counters[m->counter_count] =
		(struct counter){ .who = who, .is_till = is_till, .day = day };
	return &m->counters[m->counter_count++];
}

/* Is a sum over its limit?  Where the sum is blurred, perhaps. */
static void
check_limit(struct model *m, int status, bool is_blurred, bool is_over)
{
	if (is_blurred || m->is_judged_late)
		m->excuses[status] |= is_over;
	else
		m->reasons[status] |= is_over;
}

void
model_check_days(struct model *m, int64_t earned, int64_t burned)
{
	const struct counter *of_till = find_counter(m, m->event->terminal, true);
	const struct counter till = *of_till;
	const struct counter *who = find_counter(m, m->event->member, false);

	if (earned > 0) {
		check_limit(m, TG_LIMIT_MEMBER_DAY, who->is_blurred,
			    who->earned > m->programme.member_earn_limit - earned);
		check_limit(m, TG_LIMIT_TERMINAL_DAY, till.is_blurred,
			    till.earned > m->partner->till_day_earn_limit - earned);
	}
	if (burned > 0) {
		check_limit(m, TG_LIMIT_MEMBER_DAY, who->is_blurred,
			    who->burned + m->member->held >
				    m->programme.member_burn_limit - burned);
		check_limit(m, TG_LIMIT_TERMINAL_DAY, till.is_blurred,
			    till.burned > m->partner->till_day_burn_limit - burned);
	}
}

void
model_count_day(struct model *m, int64_t earned, int64_t burned)
{
	struct counter *counter = find_counter(m, m->event->terminal, true);

	counter->earned += earned;
	counter->burned += burned;
	counter = find_counter(m, m->event->member, false);
	counter->earned += earned;
	counter->burned += burned;
	counter->is_blurred |= m->is_judged_late;
}

void
model_blur_day(struct model *m)
{
	for (int i = 0; i < m->counter_count; i++) {
		if (m->counters[i].is_till || m->counters[i].who == m->event->member)
			m->counters[i].is_blurred = true;
	}
}

bool
model_member(const struct model *m, uint32_t nth, int32_t day, uint64_t *ret_reference,
	     struct model_balances *ret_balances)
{
	const struct member *who = &m->members[nth];

	if (nth >= (uint32_t)m->member_count)
		return false;
	*ret_reference = who->reference;
	*ret_balances = (struct model_balances){
		.available = model_available(who, day),
		.pending = model_pending(who),
		.held = who->held,
		.debt = model_debt(who),
	};
	return true;
}

/* ---- operations ---- */

static bool
enroll(struct model *m)
{
	const struct model_event *e = m->event;
	struct member *who;

	(void)model_remember(m);
	if (e->outcome.status != TG_OK)
		return model_object(m, "an enrolment was recorded as refused");
	if (model_find_member(m, e->member) != NULL)
		return model_object(m, "member %" PRIu64 " was there already", e->member);
	if (find_card(m, e->card) != NULL || find_card(m, e->new_card) != NULL)
		return model_object(m, "a card in use was given again");
	TG_ASSERT(m->member_count < MODEL_MEMBERS);
	who = &m->members[m->member_count++];
	*who = (struct member){ .reference = e->member, .is_test = m->partner->is_test };
	m->member = who;
	add_card(m, e->card, e->member);
	add_card(m, e->new_card, e->member);
	return true;
}

static bool
link_card(struct model *m)
{
	const struct model_event *e = m->event;
	const struct card *card = find_card(m, e->new_card);

	(void)model_remember(m);
	if (e->outcome.status != TG_OK)
		return true;
	if (card == NULL)
		add_card(m, e->new_card, e->member);
	else if (card->member != e->member)
		return model_object(m, "the card of another was linked");
	return true;
}

static bool
unlink_card(struct model *m)
{
	const struct model_event *e = m->event;
	struct card *card = find_card(m, e->new_card);
	int left = 0;

	(void)model_remember(m);
	if (e->outcome.status != TG_OK)
		return true;
	if (card == NULL || card->member != e->member)
		return model_object(m, "a card was taken that was not the member's");
	card->text[0] = '\0';
	for (int i = 0; i < m->card_count; i++)
		left += m->cards[i].text[0] != '\0' && m->cards[i].member == e->member;
	return left > 0 || model_object(m, "the last card was taken");
}

/* An operator's correction: no activity of the member. */
static bool
adjust(struct model *m)
{
	const struct model_event *e = m->event;

	if (e->is_debit) {
		if (model_available(m->member, e->day) < e->points)
			return model_object(m, "more was taken than there was");
		model_take_points(m, e->points, e->day, NULL);
		return true;
	}
	m->adjusted += e->points;
	if (m->member->regular_last_day < e->day) {
		int64_t paid = model_pay_debt(m, e->points);

		model_renew(m, e->day);
		m->member->regular += e->points - paid;
		return true;
	}
	m->member->regular += e->points - model_pay_debt(m, e->points);
	return true;
}

/* By days, or by cycles of the partner that have closed, that of the debt among them. */
static bool
is_given_up(const struct model *m, const struct debt *debt)
{
	const struct model_programme *rules = &m->programme;
	int left = rules->debt_cycles;

	if (rules->debt_days != 0 && debt->since_day <= m->event->date - rules->debt_days)
		return true;
	for (int i = m->cycle_end_count - 1; left > 0 && i >= 0; i--) {
		const struct cycle_end *end = &m->cycle_ends[i];

		if (end->partner == debt->partner && --left == 0)
			return end->last_day >= debt->since_day;
	}
	return false;
}

/* Debts that are old enough, whole. */
static bool
write_off(struct model *m)
{
	struct member *who = m->member;
	int64_t points = 0;
	int kept = 0;

	for (int i = 0; i < who->debt_count; i++) {
		if (is_given_up(m, &who->debts[i]))
			points += who->debts[i].points;
		else
			who->debts[kept++] = who->debts[i];
	}
	who->debt_count = kept;
	return model_same(m, "debt given up", m->event->outcome.moved_debt, points);
}

static bool
block(struct model *m)
{
	const struct model_event *e = m->event;
	struct card *card = find_card(m, e->card);

	if (e->is_of_card && card != NULL)
		card->is_blocked = e->is_block;
	else if (!e->is_of_card)
		m->member->is_blocked = e->is_block;
	return true;
}

static bool
replace_card(struct model *m)
{
	const struct model_event *e = m->event;
	struct card *lost = find_card(m, e->card);
	const struct card *card = find_card(m, e->new_card);

	lost->is_blocked = true;
	if (card == NULL)
		add_card(m, e->new_card, e->member);
	else if (card->member != e->member)
		return model_object(m, "a lost card was replaced by another's");
	return true;
}

static const struct {
	int kind;
	bool (*take)(struct model *m);
} operations[] = {
	{ TG_OP_ENROLL, enroll },
	{ TG_OP_LINK, link_card },
	{ TG_OP_UNLINK, unlink_card },
	{ TG_OP_EARN, model_earn },
	{ TG_OP_BURN, model_burn },
	{ TG_OP_HOLD, model_hold },
	{ TG_OP_CAPTURE, model_capture },
	{ TG_OP_RELEASE, model_release },
	{ TG_OP_REFUND, model_refund },
	{ TG_OP_REVERSE, model_reverse },
	{ TG_OP_CONFIRM, model_confirm },
	{ TG_OP_EXCHANGE, model_exchange },
	{ TG_OP_TOP_UP, model_top_up },
	{ TG_OP_PAY, model_pay },
	{ MODEL_EXPIRE, model_expire },
	{ MODEL_MATURE, model_mature },
	{ MODEL_HOLD_EXPIRE, model_hold_expire },
	{ MODEL_ADJUST, adjust },
	{ MODEL_BLOCK, block },
	{ MODEL_REPLACE, replace_card },
	{ MODEL_FUND, model_fund },
	{ MODEL_WRITE_OFF, write_off },
	{ MODEL_MERGE, model_merge },
	{ MODEL_UNMERGE, model_unmerge },
	{ MODEL_LEND, model_lend },
	{ MODEL_SET_VALUE, model_set_value },
};

/* ---- one event ---- */

/* Whom is it about?  The ledger and the till's card must mean the same. */
static bool
name_member(struct model *m)
{
	const struct model_event *e = m->event;
	const struct card *card = find_card(m, e->card);

	m->member = NULL;
	if (e->member == 0 || e->kind == TG_OP_ENROLL)
		return true;
	m->member = model_find_member(m, e->member);
	if (m->member == NULL)
		return model_object(m, "member %" PRIu64 " was never enrolled", e->member);
	if (e->named_member != 0 && e->named_member != e->member &&
	    !model_is_of_other(m, e->named_member))
		return model_object(m, "asked of member %" PRIu64 ", booked for another",
				    e->named_member);
	if (e->card != NULL && (card == NULL || (card->member != e->member &&
						 !model_is_of_other(m, card->member))))
		return model_object(m, "booked for a member to whom the card does not lead");
	return true;
}

/* Who is blocked begins nothing; what was begun is finished or undone. */
static void
check_blocks(struct model *m)
{
	const struct model_event *e = m->event;
	const struct card *card = find_card(m, e->card);
	bool is_begun = e->kind == TG_OP_CAPTURE || e->kind == TG_OP_RELEASE ||
			e->kind == TG_OP_REFUND || e->kind == TG_OP_REVERSE;

	if (m->member == NULL || m->partner == NULL || e->kind == TG_OP_ENROLL ||
	    e->kind == MODEL_IDLE)
		return;
	if (card != NULL && card->is_blocked && !is_begun)
		m->reasons[TG_MEMBER_BLOCKED] = true;
	if (m->member->is_blocked && !is_begun && e->kind != TG_OP_CONFIRM)
		m->reasons[TG_MEMBER_BLOCKED] = true;
	if (m->member->is_test != m->partner->is_test)
		m->reasons[TG_TEST_MISMATCH] = true;
}

/* A refusal has one of the reasons, an acceptance none. */
static bool
check_reasons(struct model *m)
{
	int status = m->event->outcome.status;

	if (status != TG_OK && status != TG_ORIGINAL_UNKNOWN) {
		if (m->reasons[status] || m->excuses[status])
			return true;
		return model_object(m, "refused %s without a reason",
				    tg_status_name((enum tg_status)status));
	}
	for (int i = 0; i < MODEL_STATUSES; i++) {
		if (m->reasons[i])
			return model_object(m, "accepted in spite of %s",
					    tg_status_name((enum tg_status)i));
	}
	return true;
}

static bool
check_balances(struct model *m)
{
	const struct model_outcome *out = &m->event->outcome;
	const struct member *who = m->member;
	int64_t next_points;
	int32_t next_day;

	if (who == NULL || !out->has_balances)
		return true;
	next_day = model_next_expiry(who, m->event->day, &next_points);
	return model_same(m, "available", out->available,
			  model_available(who, m->event->day)) &&
	       model_same(m, "pending", out->pending, model_pending(who)) &&
	       model_same(m, "held", out->held, who->held) &&
	       model_same(m, "debt", out->debt, model_debt(who)) &&
	       model_same(m, "the next day of expiry", out->next_day, next_day) &&
	       (next_day == MODEL_NEVER ||
		model_same(m, "what expires then", out->next_points, next_points)) &&
	       model_check_other(m);
}

bool
model_take(struct model *m, const struct model_event *e, char *why, size_t why_bytes)
{
	bool is_right;

	m->event = e;
	m->why = why;
	m->why_bytes = why_bytes;
	memset(m->reasons, 0, sizeof(m->reasons));
	m->partner = find_partner(m, e->partner);
	memset(m->excuses, 0, sizeof(m->excuses));
	m->excuses[TG_LIMIT_BALANCE] = m->adjusted > TG_BALANCE_MAX - 3 * TG_AMOUNT_MAX;
	memset(m->books, 0, sizeof(m->books));
	m->issuer_count = 0;
	m->owed = 0;
	m->is_judged_late = e->is_late && e->kind != TG_OP_BURN && e->kind != TG_OP_HOLD &&
			    e->kind != TG_OP_RELEASE && !(e->kind == TG_OP_EXCHANGE && e->is_out);
	m->judged_ms = m->is_judged_late ? e->till_ms : e->utc_ms;
	m->judged_day = model_day(m->judged_ms);
	is_right = name_member(m);
	if (is_right)
		check_blocks(m);
	if (is_right && e->outcome.status != TG_OK && m->reasons[e->outcome.status]) {
		(void)model_remember(m);
		return check_balances(m);
	}
	for (size_t i = 0; is_right && i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (operations[i].kind == e->kind)
			is_right = operations[i].take(m);
	}
	if (e->outcome.status == TG_NO_COVER)
		model_note_stop(m, e->partner);
	return is_right && check_reasons(m) && check_balances(m) && model_close_books(m);
}
