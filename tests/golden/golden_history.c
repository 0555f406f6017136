/*
 * golden_history.c - a fixed history that makes every kind of record.
 *
 * Once a form is released with it, this file only grows at its end: what it made before is kept in
 * the golden folders.
 */
#include "tests/golden/golden_history.h"

#include <stdio.h>
#include <string.h>

#include "protocol/assert.h"

#define MS_PER_DAY INT64_C(86400000)
#define FIRST_DAY 19814 /* 2024-04-01 */

struct player {
	struct ledger *ledger;
	struct decision *decision;
	golden_record_fn *on_record;
	void *context;
	struct ledger_now now;
	unsigned count;		/* of requests, for ids */
	uint64_t members[3];
};

struct ledger_limits
golden_limits(void)
{
	struct ledger_limits limits = ledger_limits_small();

	limits.members_max = 2000;
	limits.transactions_max = 4000;
	limits.totals_max = 8000;
	return limits;
}

static const struct ledger_answer *
ask(struct player *p, const struct ledger_request *q)
{
	ledger_decide(p->ledger, q, &p->now, p->decision);
	for (uint32_t i = 0; i < p->decision->record_count; i++) {
		p->on_record(p->context, &p->decision->records[i]);
		ledger_apply(p->ledger, &p->decision->records[i]);
	}
	return &p->decision->answer;
}

static void
set_id(uint8_t id[16], unsigned number)
{
	memset(id, 0, 16);
	snprintf((char *)id, 16, "golden-%u", number);
}

/* A request of terminal 101 for a member, with an id and fingerprint of its own. */
static struct ledger_request
till(struct player *p, uint8_t kind, unsigned member)
{
	struct ledger_request q = {
		.kind = kind,
		.principal = 101,
		.business_time_utc_ms = p->now.utc_ms,
		.business_day = p->now.day,
		.till_day = DAY_NONE,
		.member = p->members[member],
	};

	set_id(q.transaction_id, ++p->count);
	memcpy(q.fingerprint, &p->count, sizeof(p->count));
	return q;
}

static struct identifier_hash
card(uint8_t key, const char *name)
{
	struct identifier_hash identifier = { .type = 1, .key = key };

	memcpy(identifier.hash, name, strlen(name));
	identifier.hash[15] = key;
	return identifier;
}

static void
move_time(struct player *p, int64_t ms)
{
	p->now.utc_ms += ms;
	p->now.day = (int32_t)(p->now.utc_ms / MS_PER_DAY);
}

static void
next_day(struct player *p)
{
	struct ledger_request q = { .kind = REQUEST_CUTOVER };

	move_time(p, MS_PER_DAY);
	ask(p, &q);
	q.kind = REQUEST_TICK;
	do {
		ask(p, &q);
	} while (p->decision->answer.has_more);
}

static void
set_up_partner(struct player *p, uint32_t number)
{
	struct ledger_request q = {
		.operator_name = "golden",
		.origin = "history",
		.partner_image = {
			.number = number,
			.return_days = INT32_MAX,
			.restored_days = 30,
			.earn_transaction_points = LIMIT_NONE,
			.burn_transaction_points = LIMIT_NONE,
			.terminal_day_earn_points = LIMIT_NONE,
			.terminal_day_burn_points = LIMIT_NONE,
			.bonus_member_day_points = LIMIT_NONE,
			.name = "partner",
		},
		.rule = {
			.partner = number,
			.base_num = 1,
			.base_den = 100,
			.bonus_num = 1,
			.bonus_den = 200,
			.bonus_days = number == 1 ? 5 : 0,
		},
		.store_image = { .number = number * 10 + 1, .partner = number, .name = "store" },
		.terminal_image = {
			.number = number * 100 + 1,
			.partner = number,
			.store = number * 10 + 1,
			.key_generation = 1,
			.rights = 0x3ff,
			.name = "till",
		},
	};

	q.kind = REQUEST_SET_PARTNER;
	ask(p, &q);
	q.kind = REQUEST_ADD_RULE;
	ask(p, &q);
	q.kind = REQUEST_SET_STORE;
	ask(p, &q);
	q.kind = REQUEST_SET_TERMINAL;
	ask(p, &q);
}

static void
set_up(struct player *p)
{
	struct ledger_request q = {
		.kind = REQUEST_SET_PROGRAMME,
		.programme = {
			.window_ms = 3 * MS_PER_DAY,
			.clock_ahead_ms = 600000,
			.burn_clock_ms = 300000,
			.point_value_num = 1,
			.point_value_den = 1,
			.expiry_months = 12,
			.hold_seconds_default = 300,
			.hold_seconds_max = 3024000,
			.declines_per_terminal_day = 100,
			.debt_days = 2,
			.debt_cycles = 7,
			.member_day_earn_points = INT64_MAX / 2,
			.member_day_burn_points = INT64_MAX / 2,
		},
	};

	ask(p, &q);
	q.kind = REQUEST_CUTOVER;
	ask(p, &q);
	q.kind = REQUEST_CLOCK;
	q.clock_utc_ms = p->now.utc_ms;
	ask(p, &q);
	set_up_partner(p, 1);
	set_up_partner(p, 2);
}

static void
enroll(struct player *p, unsigned member, const char *name)
{
	struct ledger_request q = till(p, REQUEST_ENROLL, member);

	q.member = 0;
	q.identifier = card(1, name);
	TG_ASSERT(ask(p, &q)->status == TG_OK);
	p->members[member] = p->decision->answer.member;
	q = till(p, REQUEST_LINK, member);
	q.new_identifier = card(1, member == 0 ? "phone-a" : member == 1 ? "phone-b" : "phone-c");
	ask(p, &q);
	if (member > 0)
		return;
	q = (struct ledger_request){ .kind = REQUEST_REPLACE, .operator_name = "golden" };
	q.identifier = card(1, "phone-a");
	q.new_identifier = card(1, "phone-d");
	ask(p, &q);
}

/* An earn with a receipt and two lines; returns its number, to name it by. */
static unsigned
buy(struct player *p, unsigned member, int64_t amount)
{
	static uint8_t lines[2 * LINE_BYTES_MAX];
	struct purchase_line line = { (const uint8_t *)"tea", 3, 7, 2000, amount / 2 };
	struct ledger_request q = till(p, REQUEST_EARN, member);
	size_t bytes = record_line_append(lines, sizeof(lines), &line);

	bytes += record_line_append(lines + bytes, sizeof(lines) - bytes, &line);
	q.amount = amount;
	q.lines = lines;
	q.lines_bytes = (uint16_t)bytes;
	q.line_count = 2;
	q.till = 4;
	q.till_day = p->now.day;
	q.receipt_bytes = (uint8_t)snprintf((char *)q.receipt, sizeof(q.receipt), "R%u", p->count);
	ask(p, &q);
	return p->count;
}

static unsigned
spend(struct player *p, uint8_t kind, unsigned member, int64_t points)
{
	struct ledger_request q = till(p, kind, member);

	q.points = points;
	q.covered = kind == REQUEST_BURN ? points : 0;
	ask(p, &q);
	return p->count;
}

/* Own units in, or points out. */
static unsigned
exchange(struct player *p, unsigned member, uint8_t direction, int64_t given)
{
	struct ledger_request q = till(p, REQUEST_EXCHANGE, member);

	q.direction = direction;
	q.has_points = direction == TG_DIRECTION_OUT;
	q.has_own_units = direction == TG_DIRECTION_IN;
	q.points = q.has_points ? given : 0;
	q.own_units = q.has_own_units ? given : 0;
	ask(p, &q);
	return p->count;
}

/* Of member 1. */
static unsigned
move_value(struct player *p, uint8_t kind, int64_t amount)
{
	struct ledger_request q = till(p, kind, 1);

	q.amount = amount;
	ask(p, &q);
	return p->count;
}

static void
undo(struct player *p, uint8_t kind, unsigned member, unsigned original, int64_t amount)
{
	struct ledger_request q = till(p, kind, member);

	set_id(q.original_id, original);
	q.has_original = true;
	q.original_time_utc_ms = p->now.utc_ms;
	q.amount = amount;
	q.reason = 1;
	ask(p, &q);
}

static void
one_day(struct player *p, unsigned day)
{
	unsigned earn = buy(p, day % 3, 10000 + 37 * day);
	unsigned burn = spend(p, REQUEST_BURN, day % 3, 20 + day);
	unsigned hold = spend(p, REQUEST_HOLD, (day + 1) % 3, 15);

	spend(p, REQUEST_BURN, (day + 2) % 3, 100000000);
	undo(p, day % 2 == 0 ? REQUEST_CAPTURE : REQUEST_RELEASE, (day + 1) % 3, hold, 0);
	undo(p, REQUEST_REFUND, day % 3, earn, 2500);
	if (day % 4 == 1)
		undo(p, REQUEST_REVERSE, day % 3, burn, 0);
	if (day % 5 == 2)
		undo(p, REQUEST_REVERSE, day % 3, 900000 + day, 0);
	spend(p, REQUEST_HOLD, day % 3, 5);
	move_time(p, 400000);
	buy(p, (day + 1) % 3, 99);
}

/* Pending points, confirmed and matured; an identifier under a newer key; one taken away. */
static void
rare_kinds(struct player *p)
{
	struct ledger_request q = { .kind = REQUEST_SET_PARTNER, .operator_name = "golden" };
	struct archived_transaction archived = {
		.is_found = true,
		.as_of_utc_ms = p->now.utc_ms,
		.sequence = 30,
		.kind = RECORD_EARN,
		.partner = 1,
		.store = 11,
		.terminal = 101,
		.member = p->members[0],
		.amount = 10000,
		.points = 150,
		.rule_version = 1,
	};
	unsigned earn;

	q.partner_image = *ledger_partner_find(p->ledger, 1);
	q.partner_image.pending_days = 2;
	ask(p, &q);
	earn = buy(p, 0, 8000);
	undo(p, REQUEST_CONFIRM, 0, earn, 0);
	buy(p, 1, 8000);
	q = till(p, REQUEST_EARN, 2);
	q.member = 0;
	q.amount = 500;
	q.identifier = card(2, "phone-c");
	q.identifier.key_old = 1;
	memcpy(q.identifier.hash_old, card(1, "phone-c").hash, sizeof(q.identifier.hash_old));
	ask(p, &q);
	q = till(p, REQUEST_UNLINK, 1);
	q.new_identifier = card(1, "phone-b");
	ask(p, &q);
	q = till(p, REQUEST_REFUND, 0);
	set_id(q.original_id, 777777);
	q.has_original = true;
	q.original_time_utc_ms = p->now.utc_ms - 20 * MS_PER_DAY;
	q.amount = 100;
	q.archived = &archived;
	ask(p, &q);
}

/* Terms, a block, an earn past the stop, a postpaid partner, cover released, a debt given up. */
static void
funding_kinds(struct player *p)
{
	struct ledger_request q = {
		.kind = REQUEST_SET_FUNDING,
		.operator_name = "golden",
		.partner = 1,
		.points = 500,
		.price_micro = -1,
		.funding = {
			.partner = 1,
			.flags = FUNDING_PREPAID,
			.issue_price_micro = 1000000,
			.redeem_price_micro = 900000,
			.issue_fee_micro = 20000,
			.month_fee_micro = 5000 * MICRO_PER_MINOR,
			.overdraft_points = 20,
			.alert_points = 100,
		},
	};
	unsigned earn;

	ask(p, &q);
	q.kind = REQUEST_SET_PARTNER;
	q.partner_image = *ledger_partner_find(p->ledger, 1);
	q.partner_image.pending_days = 0;
	ask(p, &q);
	q.kind = REQUEST_FUND;
	ask(p, &q);
	earn = buy(p, 2, 20000);
	spend(p, REQUEST_BURN, 2, p->decision->answer.available_points);
	undo(p, REQUEST_REFUND, 2, earn, 15000);
	buy(p, 2, 9000000);
	q.is_debit = true;
	q.points = 50;
	ask(p, &q);
	q.is_debit = false;
	q.points = 1000000;
	ask(p, &q);
	q.kind = REQUEST_SET_FUNDING;
	q.funding.partner = 2;
	q.funding.flags = 0;
	q.funding.overdraft_points = LIMIT_NONE;
	ask(p, &q);
}

/* Rates of exchange, own currency in and out, and both undone. */
static void
exchange_kinds(struct player *p)
{
	struct ledger_request q = { .kind = REQUEST_SET_EARN_RULE, .operator_name = "golden" };
	unsigned in, out;

	q.earn_rule = (struct earn_rule){
		.flags = EARN_RULE_EXCHANGE_IN,
		.partner = 1,
		.from_day = INT32_MIN,
		.until_day = INT32_MAX,
		.until_minute = MINUTES_PER_DAY,
		.weekdays = WEEKDAYS_ALL,
		.member_points = LIMIT_NONE,
		.member_day_points = LIMIT_NONE,
		.threshold_amount = 10,
		.step = 5,
		.rate_num = 3,
		.rate_den = 4,
		.name = "miles",
	};
	ask(p, &q);
	q.earn_rule.position = 1;
	q.earn_rule.flags = EARN_RULE_EXCHANGE_OUT;
	ask(p, &q);
	q.kind = REQUEST_START_RULEBOOK;
	q.rulebook = (struct rulebook){ .rule_count = 2 };
	ask(p, &q);
	in = exchange(p, 0, TG_DIRECTION_IN, 1005);
	exchange(p, 0, TG_DIRECTION_IN, 9);
	out = exchange(p, 0, TG_DIRECTION_OUT, 55);
	exchange(p, 1, TG_DIRECTION_IN, 400);
	undo(p, REQUEST_REVERSE, 0, out, 0);
	undo(p, REQUEST_REVERSE, 0, in, 0);
	/* The version after it has none: what other days earn is as it was. */
	q.rulebook.rule_count = 0;
	ask(p, &q);
}

static struct ledger_request
order(uint8_t kind)
{
	return (struct ledger_request){ .kind = kind, .operator_name = "golden", .text_bytes = 3,
					.text = "why" };
}

/* Two partners are settled, one by a calendar; an item between them; a cycle closed early. */
static void
settlement_kinds(struct player *p)
{
	struct ledger_request q = order(REQUEST_SET_HOLIDAY);

	q.holiday = (struct holiday){ .calendar = 3, .day = p->now.day + 1, .is_rest = 1 };
	ask(p, &q);
	for (uint32_t partner = 1; partner <= 2; partner++) {
		q = order(REQUEST_SET_CYCLE);
		q.cycle_image = (struct cycle_config){
			.partner = partner,
			.period = partner == 1 ? CYCLE_DAILY : CYCLE_WEEKLY,
			.ends_on = partner == 1 ? 0 : 5,
			.calendar = partner == 1 ? 3 : 0,
			.minimum_amount = 5000,
		};
		ask(p, &q);
	}
	q = order(REQUEST_ADD_ITEM);
	q.item = (struct settlement_item){ .partner = 1, .other = 2, .amount = 250 };
	ask(p, &q);
	q = order(REQUEST_CLOSE_CYCLE);
	q.cycle_image.partner = 2;
	ask(p, &q);
	q = order(REQUEST_SET_STATEMENT);
	q.partner = 2;
	q.statement_cycle = 1;
	for (uint8_t state = STATEMENT_ACKNOWLEDGED; state <= STATEMENT_PAID; state++) {
		q.statement_state = state;
		ask(p, &q);
	}
}

/* A day without trade proved; an entry disputed, and money for it; words for a second operator. */
static void
matter_kinds(struct player *p)
{
	static const struct archived_day nothing = { .is_complete = true };
	struct ledger_request q = till(p, REQUEST_COUNTERSIGN, 0);
	unsigned earn;

	q.total_day = p->now.day + 1;
	q.total_basis = TG_BASIS_TILL_DAY;
	q.total_scope = TG_SCOPE_TERMINAL;
	q.archived_day = &nothing;
	ask(p, &q);
	earn = buy(p, 1, 3100);
	q = till(p, REQUEST_DISPUTE, 1);
	set_id(q.original_id, earn);
	q.has_original = true;
	q.original_time_utc_ms = p->now.utc_ms;
	q.dispute_reason = 3;
	q.amount = 31;
	ask(p, &q);
	q = order(REQUEST_END_DISPUTE);
	q.matter = p->decision->answer.sequence;
	q.is_upheld = true;
	q.amount = 31;
	ask(p, &q);
	for (int i = 0; i < 2; i++) {
		q = order(REQUEST_PROPOSE);
		q.proposal_bytes = (uint8_t)snprintf((char *)q.proposal, sizeof q.proposal,
						     "member adjust 1 +%d gift", i);
		q.expires_in_ms = MS_PER_DAY / 2;
		ask(p, &q);
	}
	q = order(REQUEST_END_PROPOSAL);
	q.matter = p->decision->answer.sequence;
	ask(p, &q);
}

/* Two members joined; one spends what both have; parted again. */
static void
merge_kinds(struct player *p)
{
	struct ledger_request q = order(REQUEST_MERGE);

	buy(p, 0, 9000);
	buy(p, 1, 9000);
	q.member = p->members[0];
	q.other_member = p->members[1];
	ask(p, &q);
	q = till(p, REQUEST_INQUIRY, 0);
	TG_ASSERT(ask(p, &q)->merged_with == p->members[1]);
	spend(p, REQUEST_BURN, 0, p->decision->answer.usable_points - 10);
	q = order(REQUEST_UNMERGE);
	q.member = p->members[1];
	ask(p, &q);
}

/* Held, and some of it paid; held, and left to end by itself. */
static void
hold_value(struct player *p)
{
	struct ledger_request q = till(p, REQUEST_HOLD, 1);

	q.is_of_value = true;
	q.amount = 900;
	ask(p, &q);
	q = till(p, REQUEST_CAPTURE, 1);
	q.is_of_value = true;
	q.amount = 850;
	set_id(q.original_id, p->count - 1);
	q.has_original = true;
	q.original_time_utc_ms = p->now.utc_ms;
	TG_ASSERT(ask(p, &q)->status == TG_OK);
	q = till(p, REQUEST_HOLD, 1);
	q.is_of_value = true;
	q.amount = 50;
	TG_ASSERT(ask(p, &q)->status == TG_OK);
}

/* Joined with member 1 for a payment, which that one makes. */
static void
lend_value(struct player *p)
{
	struct ledger_request q = order(REQUEST_MERGE);

	q.member = p->members[0];
	q.other_member = p->members[1];
	ask(p, &q);
	q = till(p, REQUEST_PAY, 0);
	q.amount = 777;
	TG_ASSERT(ask(p, &q)->status == TG_OK);
	q = order(REQUEST_UNMERGE);
	q.member = p->members[0];
	ask(p, &q);
}

/* Stored value: caps, a top-up and one too large, paid with, undone, named and frozen. */
static void
value_kinds(struct player *p)
{
	struct ledger_request q = order(REQUEST_SET_PROGRAMME);
	unsigned topped_up, paid;

	q.programme = *ledger_programme(p->ledger);
	q.programme.value_registered_max = 500000;
	q.programme.value_bearer_max = 100000;
	q.programme.value_day_max = LIMIT_NONE;
	ask(p, &q);
	topped_up = move_value(p, REQUEST_TOP_UP, 60000);
	move_value(p, REQUEST_TOP_UP, 50000);
	q = order(REQUEST_SET_VALUE);
	q.member = p->members[1];
	q.value_flags_on = VALUE_REGISTERED;
	ask(p, &q);
	paid = move_value(p, REQUEST_TOP_UP, 50000);
	undo(p, REQUEST_REVERSE, 1, paid, 0);
	paid = move_value(p, REQUEST_PAY, 12345);
	undo(p, REQUEST_REFUND, 1, paid, 2345);
	hold_value(p);
	undo(p, REQUEST_REFUND, 1, topped_up, 1000);
	lend_value(p);
	q.value_flags_on = VALUE_FROZEN;
	ask(p, &q);
	move_value(p, REQUEST_PAY, 1);
}

void
golden_play(struct ledger *ledger, golden_record_fn *on_record, void *context)
{
	struct player p = {
		.ledger = ledger,
		.decision = decision_new(),
		.on_record = on_record,
		.context = context,
	};

	TG_ASSERT(p.decision != NULL);
	move_time(&p, FIRST_DAY * MS_PER_DAY + MS_PER_DAY / 2);
	set_up(&p);
	enroll(&p, 0, "card-a");
	enroll(&p, 1, "card-b");
	enroll(&p, 2, "card-c");
	for (unsigned day = 0; day < 24; day++) {
		one_day(&p, day);
		if (day == 10)
			rare_kinds(&p);
		if (day == 12)
			funding_kinds(&p);
		if (day == 14)
			exchange_kinds(&p);
		if (day == 15)
			settlement_kinds(&p);
		if (day == 16)
			matter_kinds(&p);
		if (day == 17) {
			merge_kinds(&p);
			value_kinds(&p);
		}
		if (day == 18)
			move_time(&p, 400 * MS_PER_DAY);
		next_day(&p);
	}
	decision_free(p.decision);
}
