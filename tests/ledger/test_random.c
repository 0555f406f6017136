/*
 * test_random.c - long random histories against the ledger.
 *
 * One test compares balances with a model that shares no code with the ledger and knows regular
 * points only; the other lets everything happen at once and watches what must always hold.
 * A failing run names its seed; TEST_SEED runs that one again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/state.h"
#include "tests/ledger/fixture.h"

#define MEMBERS 20
#define REMEMBERED 64
#define MODEL_STEPS 60000
#define CHAOS_STEPS 60000
#define MS_PER_DAY INT64_C(86400000)

/* xorshift64*: the same history for the same seed everywhere. */
static uint64_t
draw(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(2685821657736338717);
}

static int64_t
draw_below(uint64_t *seed, int64_t bound)
{
	return (int64_t)(draw(seed) % (uint64_t)bound);
}

/* What a member has, said as plainly as possible. */
struct model_member {
	uint64_t reference;
	int64_t available, held, debt;
};

struct model_purchase {
	char id[16];
	int member;
	int64_t amount; /* 0: nothing to undo (any more) */
	int64_t returned;
	int64_t taken;
};

struct model_burn {
	char id[16];
	int member;
	int64_t points; /* 0: nothing to undo (any more) */
	bool is_hold;
};

struct model {
	struct ledger_fixture ledger;
	struct model_member members[MEMBERS];
	struct model_purchase purchases[REMEMBERED];
	struct model_burn burns[REMEMBERED];
	uint64_t seed;
	unsigned step;
	int member_of[REMEMBERED]; /* chaos: whom the step was about */
	uint8_t lines[200];		/* of the request's receipt */
	bool are_parts_taken;		/* some of a part was once taken back */
	bool are_parts_refused;		/* a budget once refused a campaign's part */
};

static struct ledger_request
request(struct model *m, uint8_t kind, int member, char id[16])
{
	struct ledger_request q;

	snprintf(id, 16, "%u", m->step);
	q = fixture_request(&m->ledger, kind, id);
	q.member = m->members[member].reference;
	memcpy(q.fingerprint, &m->step, sizeof(m->step));
	return q;
}

/* Ask, ask again under the same id, and compare the member with the model. */
static void
ask(struct model *m, struct ledger_request *q, enum tg_status status, int member)
{
	const struct model_member *expected = &m->members[member];
	const struct ledger_answer *a = fixture_ask(&m->ledger, q);

	if (a->status != status || a->available_points != expected->available ||
	    a->held_points != expected->held || a->debt_points != expected->debt)
		fail_msg("step %u kind %u: status %s, available %lld, held %lld, debt %lld; model "
			 "%s "
			 "%lld %lld %lld",
			 m->step, q->kind, tg_status_name((enum tg_status)a->status),
			 (long long)a->available_points, (long long)a->held_points,
			 (long long)a->debt_points, tg_status_name(status),
			 (long long)expected->available, (long long)expected->held,
			 (long long)expected->debt);
	if (draw_below(&m->seed, 5) == 0) {
		a = fixture_ask(&m->ledger, q);
		assert_int_equal(a->status, status);
		assert_true(a->is_replay);
		assert_int_equal(m->ledger.decision->record_count, 0);
		assert_true(a->available_points == expected->available);
	}
}

static void
model_earn(struct model *m, int member)
{
	struct model_purchase *p = &m->purchases[m->step % REMEMBERED];
	struct model_member *who = &m->members[member];
	int64_t amount = draw_below(&m->seed, 20000);
	int64_t points = amount / 100;
	int64_t paid = points < who->debt ? points : who->debt;
	struct ledger_request q = request(m, REQUEST_EARN, member, p->id);

	q.amount = amount;
	who->debt -= paid;
	who->available += points - paid;
	p->member = member;
	p->amount = amount;
	p->returned = p->taken = 0;
	ask(m, &q, TG_OK, member);
}

static void
model_burn_or_hold(struct model *m, int member, bool is_hold)
{
	struct model_burn *b = &m->burns[m->step % REMEMBERED];
	struct model_member *who = &m->members[member];
	int64_t points = 1 + draw_below(&m->seed, 300);
	struct ledger_request q = request(m, is_hold ? REQUEST_HOLD : REQUEST_BURN, member, b->id);

	q.points = points;
	q.covered = points;
	b->points = 0;
	if (points > who->available) {
		ask(m, &q, TG_NO_POINTS, member);
		return;
	}
	who->available -= points;
	who->held += is_hold ? points : 0;
	b->member = member;
	b->points = points;
	b->is_hold = is_hold;
	ask(m, &q, TG_OK, member);
}

static void
model_resolve(struct model *m, struct model_burn *b)
{
	struct model_member *who = &m->members[b->member];
	char id[16];
	bool is_capture = draw_below(&m->seed, 2) == 0;
	int64_t captured = is_capture ? 1 + draw_below(&m->seed, b->points) : 0;
	struct ledger_request q =
		request(m, is_capture ? REQUEST_CAPTURE : REQUEST_RELEASE, b->member, id);

	fixture_id(q.original_id, b->id);
	q.has_original = true;
	q.points = captured;
	who->held -= b->points;
	who->available += b->points - captured;
	b->points = 0;
	ask(m, &q, TG_OK, b->member);
}

static void
model_reverse_burn(struct model *m, struct model_burn *b)
{
	struct model_member *who = &m->members[b->member];
	int64_t paid = b->points < who->debt ? b->points : who->debt;
	char id[16];
	struct ledger_request q = request(m, REQUEST_REVERSE, b->member, id);

	fixture_id(q.original_id, b->id);
	q.has_original = true;
	q.original_time_utc_ms = m->ledger.now.utc_ms;
	q.reason = 2;
	who->debt -= paid;
	who->available += b->points - paid;
	b->points = 0;
	ask(m, &q, TG_OK, b->member);
}

/* Part of a purchase comes back: what it would have earned on the rest stays. */
static void
model_refund(struct model *m, struct model_purchase *p)
{
	struct model_member *who = &m->members[p->member];
	int64_t left = p->amount - p->returned;
	int64_t value = draw_below(&m->seed, 3) == 0 ? left : draw_below(&m->seed, left + 1);
	int64_t taken = p->amount / 100 - (p->amount - p->returned - value) / 100 - p->taken;
	int64_t from_available = taken < who->available ? taken : who->available;
	char id[16];
	struct ledger_request q = request(m, REQUEST_REFUND, p->member, id);

	fixture_id(q.original_id, p->id);
	q.has_original = true;
	q.original_time_utc_ms = m->ledger.now.utc_ms;
	q.amount = value;
	who->available -= from_available;
	who->debt += taken - from_available;
	p->returned += value;
	p->taken += taken;
	ask(m, &q, TG_OK, p->member);
}

static void
model_step(struct model *m)
{
	int member = (int)draw_below(&m->seed, MEMBERS);
	struct model_purchase *p = &m->purchases[draw_below(&m->seed, REMEMBERED)];
	struct model_burn *b = &m->burns[draw_below(&m->seed, REMEMBERED)];
	struct model_burn *oldest;

	oldest = &m->burns[++m->step % REMEMBERED];
	fixture_set_time(&m->ledger, m->ledger.now.utc_ms + 1);
	if (oldest->points > 0 && oldest->is_hold) {
		/* Its place is about to be used again, and an open hold is not to be forgotten. */
		model_resolve(m, oldest);
		return;
	}
	switch (draw_below(&m->seed, 8)) {
	case 0:
	case 1:
	case 2:
		model_earn(m, member);
		break;
	case 3:
		model_burn_or_hold(m, member, false);
		break;
	case 4:
		model_burn_or_hold(m, member, true);
		break;
	case 5:
		if (b->points > 0 && b->is_hold)
			model_resolve(m, b);
		break;
	case 6:
		if (b->points > 0 && !b->is_hold)
			model_reverse_burn(m, b);
		break;
	default:
		if (p->amount > p->returned)
			model_refund(m, p);
		break;
	}
}

/*
 * A wide window would fill the small table: time goes on, and what is past the window is dropped.
 */
static void
next_days(struct model *m)
{
	struct ledger_request q = { .kind = REQUEST_CUTOVER };

	for (int i = 0; i < REMEMBERED; i++) {
		if (m->burns[i].points > 0 && m->burns[i].is_hold)
			m->members[m->burns[i].member].available += m->burns[i].points;
		if (m->burns[i].points > 0 && m->burns[i].is_hold)
			m->members[m->burns[i].member].held -= m->burns[i].points;
	}
	memset(m->purchases, 0, sizeof(m->purchases));
	memset(m->burns, 0, sizeof(m->burns));
	fixture_set_time(&m->ledger, m->ledger.now.utc_ms + 4 * MS_PER_DAY);
	fixture_ask(&m->ledger, &q);
	fixture_tick(&m->ledger);
}

static uint64_t
pick_seed(uint64_t fallback)
{
	const char *text = getenv("TEST_SEED");

	return text != NULL ? strtoull(text, NULL, 10) : fallback;
}

static struct model *
model_new(uint64_t seed)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->seed = seed;
	fixture_init(&m->ledger);
	for (int i = 0; i < MEMBERS; i++) {
		char name[16];
		struct ledger_request q;
		const struct ledger_answer *a;

		snprintf(name, sizeof(name), "m%d", i);
		q = fixture_request(&m->ledger, REQUEST_ENROLL, name);
		q.identifier = fixture_identifier(name);
		a = fixture_ask(&m->ledger, &q);
		assert_int_equal(a->status, TG_OK);
		m->members[i].reference = a->member;
	}
	return m;
}

/* What: balances are those of a model written apart.
 * How:  random earns, burns, holds, captures, refunds, reversals, repeats on 20 members. */
static void
balances_agree_with_a_plain_model(void **state)
{
	struct model *m = model_new(pick_seed(20261122));

	(void)state;
	for (unsigned i = 1; i <= MODEL_STEPS; i++) {
		model_step(m);
		if (i % 1200 == 0)
			next_days(m);
		if (i % 5000 == 0)
			fixture_audit(&m->ledger);
	}
	fixture_deinit(&m->ledger);
	free(m);
}

static const uint8_t chaos_kinds[] = {
	REQUEST_EARN,	 REQUEST_EARN,	  REQUEST_EARN,	   REQUEST_BURN,   REQUEST_BURN,
	REQUEST_HOLD,	 REQUEST_CAPTURE, REQUEST_RELEASE, REQUEST_REFUND, REQUEST_REVERSE,
	REQUEST_CONFIRM, REQUEST_INQUIRY, REQUEST_QUOTE,   REQUEST_STATUS, REQUEST_EXCHANGE,
	REQUEST_TOP_UP,	 REQUEST_PAY,
};

/* Anything: rates, lives, pending days and bindings that a partner could have. */
static void
chaos_config(struct model *m)
{
	struct ledger_request q = { .kind = REQUEST_SET_PARTNER, .operator_name = "test" };
	uint32_t number = (uint32_t)(1 + draw_below(&m->seed, 2));

	q.partner_image = fixture_partner(number);
	q.partner_image.flags = (uint32_t)draw_below(&m->seed, 16) << 4 |
				(uint32_t)draw_below(&m->seed, 3) * PARTNER_CARRY_DAY;
	q.partner_image.group = (uint32_t)draw_below(&m->seed, 2);
	q.partner_image.pending_days =
		draw_below(&m->seed, 4) == 0 ? (int32_t)draw_below(&m->seed, 5) : 0;
	if (draw_below(&m->seed, 9) == 0)
		q.partner_image.pending_days = PENDING_UNTIL_CONFIRMED;
	assert_int_equal(fixture_ask(&m->ledger, &q)->status, TG_OK);
	if (draw_below(&m->seed, 4) != 0)
		return;
	q.kind = REQUEST_ADD_RULE;
	q.rule = fixture_rule(number);
	q.rule.bonus_num = draw_below(&m->seed, 3);
	q.rule.bonus_den = 50;
	q.rule.bonus_days = (int32_t)draw_below(&m->seed, 12);
	q.rule.bonus_threshold_amount = draw_below(&m->seed, 3000);
	q.rule.bonus_sponsor = (uint32_t)draw_below(&m->seed, 3);
	q.rule.bonus_usable_at = (uint32_t[]){ 0, 1, 2, USABLE_AT_STORE | 11,
					       USABLE_AT_STORE | 21 }[draw_below(&m->seed, 5)];
	if (ledger_rule_newest(m->ledger.ledger, number)->version < 1000)
		assert_int_equal(fixture_ask(&m->ledger, &q)->status, TG_OK);
}

/* Terms of any kind, blocks, payments, releases: now and then. */
static void
chaos_funding(struct model *m)
{
	struct ledger_request q = { .kind = REQUEST_SET_FUNDING, .operator_name = "test" };

	q.partner = (uint32_t)(1 + draw_below(&m->seed, 2));
	q.funding.partner = q.partner;
	q.funding.flags = draw_below(&m->seed, 2) == 0 ? FUNDING_PREPAID : 0;
	q.funding.overdraft_points =
		draw_below(&m->seed, 4) == 0 ? LIMIT_NONE : draw_below(&m->seed, 300);
	q.funding.alert_points = draw_below(&m->seed, 100);
	if (draw_below(&m->seed, 5) == 0)
		assert_int_equal(fixture_ask(&m->ledger, &q)->status, TG_OK);
	q.kind = REQUEST_FUND;
	q.price_micro = -1;
	q.is_debit = draw_below(&m->seed, 6) == 0;
	q.points = q.is_debit ? 0 : 1 + draw_below(&m->seed, 1500);
	(void)fixture_ask(&m->ledger, &q);
}

/*
 * What blocks have left, and what is in none, is the partner's cover; it was sold to it or used.
 * Of a partner's own currency nothing comes or goes but by exchange.
 */
static void
check_covers(const struct ledger *l)
{
	for (uint32_t number = 1; number <= 2; number++) {
		const struct funding_state s = ledger_funding_state(l, number);
		const int64_t sold =
			ledger_account_points(l, ACCOUNT_COVER_SOLD, UNIT_COVER, number);

		assert_true(s.cover_points + s.used_points + sold == 0);
		assert_true(s.used_points >= 0 && sold <= 0);
		assert_true(s.left_points >= 0);
	}
	assert_true(ledger_conservation(l, UNIT_COVER) == 0);
	for (uint32_t number = 1; number <= 2; number++)
		assert_true(ledger_account_points(l, ACCOUNT_OWN, UNIT_OWN, number) +
				    ledger_account_points(l, ACCOUNT_OWN_TAKEN, UNIT_OWN, number) ==
			    0);
}

/* Two operators for a budget of any size, now and then stopped. */
static void
chaos_budget(struct model *m, uint32_t number)
{
	struct ledger_request q = { .kind = REQUEST_BUDGET, .operator_name = "test" };

	q.budget.number = number;
	q.budget.parent = number > 1 ? 1 : 0;
	q.budget_action = BUDGET_ASK;
	q.points = 1 + draw_below(&m->seed, number > 1 ? 300 : 5000);
	assert_int_equal(fixture_ask(&m->ledger, &q)->status, TG_OK);
	q.budget_action = BUDGET_APPROVE;
	q.operator_name[0] = 'b';
	(void)fixture_ask(&m->ledger, &q);
	q.budget_action = draw_below(&m->seed, 5) == 0 ? BUDGET_STOP : BUDGET_RESUME;
	assert_int_equal(fixture_ask(&m->ledger, &q)->status, TG_OK);
}

/* A rate of exchange, in or out, that is valid or has ended. */
static void
make_exchange_rate(struct model *m, struct earn_rule *rule)
{
	rule->flags = draw_below(&m->seed, 2) == 0 ? EARN_RULE_EXCHANGE_IN : EARN_RULE_EXCHANGE_OUT;
	rule->category_from = rule->category_to = 0;
	rule->tender = 0;
	rule->rate_num = 1 + draw_below(&m->seed, 4);
	rule->rate_den = 1 + draw_below(&m->seed, 4);
	rule->threshold_amount = draw_below(&m->seed, 3) * 10;
	rule->step = (uint32_t)draw_below(&m->seed, 3);
	if (draw_below(&m->seed, 4) == 0)
		rule->until_day = m->ledger.now.day - 1;
}

/* Another version of the rulebook, of any rates and campaigns. */
static void
chaos_rulebook(struct model *m)
{
	struct ledger_request q = { .kind = REQUEST_SET_EARN_RULE, .operator_name = "test" };

	chaos_budget(m, 1);
	chaos_budget(m, 2);
	while (draw_below(&m->seed, 7) != 0) {
		struct earn_rule *rule = &q.earn_rule;

		*rule = (struct earn_rule){ .position = q.rulebook.rule_count++,
					    .until_day = INT32_MAX,
					    .until_minute = MINUTES_PER_DAY,
					    .weekdays = WEEKDAYS_ALL,
					    .member_points = LIMIT_NONE,
					    .member_day_points = LIMIT_NONE,
					    .rate_num = draw_below(&m->seed, 4),
					    .rate_den = 100 };
		rule->category_to = (uint32_t)draw_below(&m->seed, 3);
		rule->category_from = rule->category_to;
		rule->tender = (uint8_t)draw_below(&m->seed, 2);
		rule->partner = 1 + rule->tender;
		if (draw_below(&m->seed, 4) == 0) {
			make_exchange_rate(m, rule);
			assert_int_equal(fixture_ask(&m->ledger, &q)->status, TG_OK);
			continue;
		}
		if (draw_below(&m->seed, 3) == 0) {
			rule->flags = EARN_RULE_RATE;
			assert_int_equal(fixture_ask(&m->ledger, &q)->status, TG_OK);
			continue;
		}
		rule->number = rule->position + 1;
		rule->partner = (uint32_t)draw_below(&m->seed, 3);
		rule->fixed_points = draw_below(&m->seed, 40);
		rule->threshold_amount = draw_below(&m->seed, 2) * 2500;
		rule->sponsor = (uint32_t)draw_below(&m->seed, 3);
		if (rule->sponsor == 0 && draw_below(&m->seed, 2) == 0) {
			rule->sponsor_count = 2;
			for (uint32_t i = 0; i < 2; i++)
				rule->sponsors[i] = (struct sponsor_share){
					2 - i, 1 + (uint32_t)draw_below(&m->seed, 3)
				};
		}
		rule->days = (int32_t)draw_below(&m->seed, 9);
		rule->budget = (uint32_t)draw_below(&m->seed, 3);
		rule->member_times = (uint32_t)draw_below(&m->seed, 4) * 2;
		if (draw_below(&m->seed, 3) == 0) {
			rule->flags = EARN_RULE_MULTIPLIER;
			rule->fixed_points = 0;
			rule->rate_num = 3;
			rule->rate_den = 2;
		}
		assert_int_equal(fixture_ask(&m->ledger, &q)->status, TG_OK);
	}
	q.kind = REQUEST_START_RULEBOOK;
	assert_int_equal(fixture_ask(&m->ledger, &q)->status, TG_OK);
}

/* A budget never gives more than it has; of an earn no more is taken than its parts gave. */
static void
check_rulebook(struct model *m)
{
	const struct ledger *l = m->ledger.ledger;
	int64_t used;

	for (uint32_t i = 0; i < 2; i++) {
		const struct budget *b = ledger_budget_at(l, i, &used);

		assert_true(b == NULL ||
			    (used >= 0 && used + b->passed_points <= b->granted_points));
	}
	for (uint32_t row = 1; row <= l->components.rows_used; row++) {
		const struct component_row *c = ledger_component_row(l, row);

		if (!table_is_live(&l->components, row))
			continue;
		assert_true(c->kept_amount >= 0 && c->kept_amount <= c->amount);
		assert_true(c->taken_points >= 0 && c->taken_points <= c->points);
		/* Nothing kept, nothing left; what gave nothing has nothing to take. */
		assert_true(c->kept_amount > 0 || c->taken_points == c->points);
		assert_true(c->refusal == COMPONENT_GIVEN || c->points == 0);
		m->are_parts_taken |= c->taken_points > 0 && c->kept_amount > 0;
		m->are_parts_refused |= c->refusal == COMPONENT_BUDGET;
	}
}

/* A receipt of up to three lines, of goods with and without a rate of their own. */
static void
chaos_goods(struct model *m, struct ledger_request *q)
{
	q->tender = (uint8_t)draw_below(&m->seed, 2);
	q->lines = m->lines;
	while (q->line_count < 3 && draw_below(&m->seed, 3) != 0) {
		const struct purchase_line line = {
			.item = m->lines,
			.category = (uint32_t)draw_below(&m->seed, 3),
			.quantity = 1000,
			.amount = draw_below(&m->seed, 3000) - 500,
		};

		q->lines_bytes = (uint16_t)(q->lines_bytes +
					    record_line_append(m->lines + q->lines_bytes,
							       sizeof(m->lines) - q->lines_bytes,
							       &line));
		q->line_count++;
	}
}

static void
chaos_request(struct model *m, unsigned seen[])
{
	uint8_t kind = chaos_kinds[draw_below(&m->seed, (int64_t)sizeof(chaos_kinds))];
	unsigned original = m->step - 1 - (unsigned)draw_below(&m->seed, 20);
	bool is_new = kind == REQUEST_EARN || kind == REQUEST_BURN || kind == REQUEST_HOLD ||
		      kind == REQUEST_EXCHANGE ||
		      draw_below(&m->seed, 30) == 0;
	int member =
		is_new ? (int)draw_below(&m->seed, MEMBERS) : m->member_of[original % REMEMBERED];
	char id[16];
	struct ledger_request q = request(m, kind, member, id);

	m->member_of[m->step % REMEMBERED] = member;
	q.principal = draw_below(&m->seed, 4) == 0 ? 201 : 101;
	q.quoted_kind = draw_below(&m->seed, 2) == 0 ? REQUEST_EARN : REQUEST_BURN;
	q.amount = draw_below(&m->seed, 6000);
	q.covered = draw_below(&m->seed, 3) == 0 ? draw_below(&m->seed, 2000) : 0;
	q.points = 1 + draw_below(&m->seed, 120);
	q.has_points = draw_below(&m->seed, 4) == 0;
	q.direction = (uint8_t)(1 + draw_below(&m->seed, 2));
	if (kind == REQUEST_EXCHANGE) {
		q.has_points = q.direction == TG_DIRECTION_OUT;
		q.has_own_units = !q.has_points;
		q.own_units = 1 + draw_below(&m->seed, 120);
	}
	q.hold_seconds = (int32_t)draw_below(&m->seed, 4000);
	q.reason = (uint8_t)(1 + draw_below(&m->seed, 3));
	q.skip_limited = draw_below(&m->seed, 8) == 0;
	q.entries_wanted = 20;
	if (kind == REQUEST_EARN || kind == REQUEST_QUOTE || kind == REQUEST_REFUND)
		chaos_goods(m, &q);
	q.is_late = draw_below(&m->seed, 6) == 0;
	if (q.is_late) {
		q.business_time_utc_ms -= draw_below(&m->seed, 4 * MS_PER_DAY);
		q.business_day = (int32_t)(q.business_time_utc_ms / MS_PER_DAY);
	}
	if (draw_below(&m->seed, 9) == 0) {
		q.receipt_bytes = 1;
		q.receipt[0] = (uint8_t)('a' + draw_below(&m->seed, 26));
	}
	snprintf(id, sizeof(id), "%u", original);
	fixture_id(q.original_id, id);
	q.has_original = kind != REQUEST_REFUND || draw_below(&m->seed, 3) != 0;
	snprintf(id, sizeof(id), "%u", original - (unsigned)draw_below(&m->seed, 3));
	fixture_id(q.original_burn_id, id);
	q.has_original_burn = kind == REQUEST_REFUND && draw_below(&m->seed, 2) == 0;
	q.original_time_utc_ms = m->ledger.now.utc_ms - draw_below(&m->seed, MS_PER_DAY);
	seen[fixture_ask(&m->ledger, &q)->status]++;
}

/* What: whatever happens, postings sum to zero, rows agree with accounts, and replay agrees.
 * How:  random requests of all kinds with random partners, lots, pending points and days. */
static void
anything_keeps_the_books_straight(void **state)
{
	static const enum tg_status wanted[] = {
		TG_OK,
		TG_NO_POINTS,
		TG_RECEIPT_USED,
		TG_HOLD_CAPTURED,
		TG_HOLD_RELEASED,
		TG_HOLD_EXPIRED,
		TG_HOLD_EXCEEDED,
		TG_ALREADY_REVERSED,
		TG_OVER_REFUND,
		TG_NOT_REVERSIBLE,
		TG_OTHER_MEMBER,
		TG_ORIGINAL_UNKNOWN,
		TG_TOO_OLD,
		TG_UNKNOWN_ORIGINAL,
		TG_NO_COVER,
		TG_EXCHANGE_OFF,
		TG_NO_RATE,
		TG_EXCHANGE_STEP,
	};
	struct model *m = model_new(pick_seed(7));
	unsigned *seen = calloc(256, sizeof(*seen));

	(void)state;
	assert_non_null(seen);
	for (unsigned i = 1; i <= CHAOS_STEPS; i++) {
		m->step++;
		fixture_set_time(&m->ledger, m->ledger.now.utc_ms + draw_below(&m->seed, 400000));
		if (i % 40 == 0)
			chaos_config(m);
		chaos_request(m, seen);
		if (i % 200 == 0) {
			struct ledger_request q = { .kind = REQUEST_CUTOVER };

			fixture_ask(&m->ledger, &q);
			fixture_tick(&m->ledger);
		}
		if (i % 60 == 0)
			chaos_funding(m);
		if (i % 300 == 0)
			chaos_rulebook(m);
		if (i % 100 == 0) {
			check_covers(m->ledger.ledger);
			check_rulebook(m);
		}
		if (i % 2000 == 0)
			fixture_audit(&m->ledger);
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (seen[wanted[i]] == 0)
			fail_msg("no request was ever answered %s", tg_status_name(wanted[i]));
	}
	assert_true(m->are_parts_taken && m->are_parts_refused);
	free(seen);
	fixture_deinit(&m->ledger);
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(balances_agree_with_a_plain_model),
		cmocka_unit_test(anything_keeps_the_books_straight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
