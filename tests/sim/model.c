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

int32_t
model_day(int64_t utc_ms)
{
	return (int32_t)(utc_ms / DAY_MS);
}

int64_t
model_least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
model_share(int64_t amount, int64_t num, int64_t den)
{
	return (int64_t)((unsigned __int128)amount * (unsigned __int128)num /
			 (unsigned __int128)den);
}

/* ---- the calendar ---- */

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month] + (month == 1 && is_leap(year) ? 1 : 0);
}

/* Walked month by month: plain, and slow enough for a model. */
int32_t
model_last_day(const struct model *m, int32_t day)
{
	int year = 1970, month = 0;
	int32_t first = 0;
	int32_t of_month;

	while (first + days_of_month(year, month) <= day) {
		first += days_of_month(year, month);
		year += month == 11;
		month = (month + 1) % 12;
	}
	of_month = day - first;
	for (int i = 0; i < m->programme.months; i++) {
		first += days_of_month(year, month);
		year += month == 11;
		month = (month + 1) % 12;
	}
	if (of_month >= days_of_month(year, month))
		of_month = days_of_month(year, month) - 1;
	return first + of_month - (m->programme.on_anniversary ? 0 : 1);
}

/* ---- configuration ---- */

void
model_set_programme(struct model *m, const struct model_programme *programme)
{
	m->programme = *programme;
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

static struct member *
find_member(struct model *m, uint64_t reference)
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

/* ---- what a member has ---- */

static int64_t
available(const struct member *who, int32_t day)
{
	int64_t sum = who->regular_last_day >= day ? who->regular : 0;

	for (int i = 0; i < who->lot_count; i++)
		sum += who->lots[i].last_day >= day ? who->lots[i].points : 0;
	return sum;
}

static int64_t
pending(const struct member *who)
{
	int64_t sum = 0;

	for (int i = 0; i < who->pending_count; i++)
		sum += who->pendings[i].points;
	return sum;
}

static int64_t
debt(const struct member *who)
{
	int64_t sum = 0;

	for (int i = 0; i < who->debt_count; i++)
		sum += who->debts[i].points;
	return sum;
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
		.available = available(who, day),
		.pending = pending(who),
		.held = who->held,
		.debt = debt(who),
	};
	return true;
}

/* ---- operations ---- */

static void
activity(struct model *m)
{
	struct member *who = m->member;
	int32_t last_day = model_last_day(m, m->judged_day);

	if (who->regular_last_day != 0 && who->regular_last_day < m->judged_day)
		who->regular_life++;
	if (last_day > who->regular_last_day)
		who->regular_last_day = last_day;
}

static bool
enroll(struct model *m)
{
	const struct model_event *e = m->event;
	struct member *who;

	if (e->outcome.status != TG_OK)
		return model_object(m, "an enrolment was recorded as refused");
	if (find_member(m, e->member) != NULL)
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

static const struct model_rule *
rule_at(const struct model *m)
{
	const struct model_rule *found = NULL;

	for (int i = m->rule_count - 1; i >= 0; i--) {
		if (m->rules[i].partner != m->partner->number)
			continue;
		found = &m->rules[i];
		if (found->from_ms <= m->judged_ms)
			break;
	}
	return found;
}

static bool
earn(struct model *m)
{
	const struct model_event *e = m->event;
	const struct model_rule *rule = rule_at(m);
	int64_t base = e->amount > e->covered ? e->amount - e->covered : 0;
	int64_t points;

	m->reasons[TG_EARN_OFF] = m->partner->is_earn_off || rule == NULL;
	if (e->outcome.status != TG_OK || rule == NULL)
		return true;
	points = model_share(base, rule->base_num, rule->base_den);
	m->member->regular += points;
	if (points > 0)
		activity(m);
	return model_same(m, "points", e->outcome.points, points);
}

static bool
burn(struct model *m)
{
	const struct model_event *e = m->event;

	m->reasons[TG_NO_POINTS] = available(m->member, e->day) < e->points;
	if (e->outcome.status != TG_OK)
		return true;
	m->member->regular -= e->points;
	activity(m);
	return true;
}

static bool
expire(struct model *m)
{
	m->member->regular += m->event->outcome.moved_available;
	return true;
}

static const struct {
	int kind;
	bool (*take)(struct model *m);
} operations[] = {
	{ TG_OP_ENROLL, enroll },
	{ TG_OP_EARN, earn },
	{ TG_OP_BURN, burn },
	{ MODEL_EXPIRE, expire },
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
	m->member = find_member(m, e->member);
	if (m->member == NULL)
		return model_object(m, "member %" PRIu64 " was never enrolled", e->member);
	if (e->named_member != 0 && e->named_member != e->member)
		return model_object(m, "asked of member %" PRIu64 ", booked for another",
				    e->named_member);
	if (e->card != NULL && (card == NULL || card->member != e->member))
		return model_object(m, "booked for a member to whom the card does not lead");
	return true;
}

/* A refusal has one of the reasons, an acceptance none. */
static bool
check_reasons(struct model *m)
{
	int status = m->event->outcome.status;

	if (status != TG_OK && status != TG_ORIGINAL_UNKNOWN) {
		if (m->reasons[status])
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

	if (who == NULL || !out->has_balances)
		return true;
	return model_same(m, "available", out->available, available(who, m->event->day)) &&
	       model_same(m, "pending", out->pending, pending(who)) &&
	       model_same(m, "held", out->held, who->held) &&
	       model_same(m, "debt", out->debt, debt(who));
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
	m->judged_ms = e->is_late ? e->till_ms : e->utc_ms;
	m->judged_day = model_day(m->judged_ms);
	is_right = name_member(m);
	for (size_t i = 0; is_right && i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (operations[i].kind == e->kind)
			is_right = operations[i].take(m);
	}
	return is_right && check_reasons(m) && check_balances(m);
}
