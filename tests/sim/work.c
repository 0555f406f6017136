/*
 * work.c - what tills ask.
 *
 * A row of the list below is an operation, how often it is asked, and what fills in its fields so
 * that they often make sense.  After that chance adds what may stand there, too, and now and then
 * something that may not.
 */
#include "tests/sim/work.h"

#include <stdio.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/encode.h"
#include "protocol/rows.h"
#include "tests/sim/archive.h"
#include "tests/sim/coalition.h"
#include "tests/sim/node.h"
#include "tests/sim/sim.h"
#include "tests/sim/till.h"

#define CARD_BYTES 24
#define RECENT 60 /* requests that later ones may name */
#define HOUR_MS INT64_C(3600000)
#define LINES_MAX 4
#define LINES_BYTES 200

static int64_t
below(struct sim *sim, int64_t bound)
{
	return chance_below(&sim->chance, bound);
}

static bool
once_in(struct sim *sim, int64_t times)
{
	return chance_once_in(&sim->chance, times);
}

static void
set(struct asked *asked, enum tg_field field, int64_t integer)
{
	tg_message_set_integer(&asked->message, field, integer);
}

/* Card number n, of the coalition's own or, from SIM_MEMBERS on, of nobody. */
static void
add_card(struct asked *asked, enum tg_field type, enum tg_field text, int64_t number)
{
	char card[CARD_BYTES];
	int bytes = snprintf(card, sizeof(card), "49025300%06d", (int)number);

	set(asked, type, 1);
	tg_message_set_bytes(&asked->message, text, asked_keep(asked, card, (size_t)bytes),
			     (size_t)bytes);
}

/* Members of the partner for trying out have cards of their own. */
static int64_t
draw_card(struct sim *sim, const struct till *till)
{
	bool is_test = (till->partner == COALITION_PARTNERS) != once_in(sim, 60);

	return below(sim, SIM_MEMBERS) + (is_test ? 1000 : 0);
}

static void
add_member(struct sim *sim, struct till *till, struct asked *asked)
{
	add_card(asked, TG_FIELD_IDENTIFIER_TYPE, TG_FIELD_IDENTIFIER, draw_card(sim, till));
}

/* The same member as in another request. */
static void
add_member_of(struct asked *asked, const struct asked *other)
{
	const struct tg_message *m = &other->message;

	if (tg_message_has(m, TG_FIELD_MEMBER)) {
		set(asked, TG_FIELD_MEMBER, m->values[TG_FIELD_MEMBER].integer);
	} else if (tg_message_has(m, TG_FIELD_IDENTIFIER)) {
		const struct tg_value *text = &m->values[TG_FIELD_IDENTIFIER];

		set(asked, TG_FIELD_IDENTIFIER_TYPE, m->values[TG_FIELD_IDENTIFIER_TYPE].integer);
		tg_message_set_bytes(&asked->message, TG_FIELD_IDENTIFIER,
				     asked_keep(asked, text->data, text->bytes), text->bytes);
	}
}

/* A recent request of the till's partner, of one of two operations; NULL: none. */
static const struct asked *
find_recent(struct sim *sim, const struct till *till, uint32_t operation, uint32_t or_operation)
{
	const struct asked *found = NULL;
	uint32_t first = sim->asked_count > RECENT ? sim->asked_count - RECENT : 0;
	bool wants_done = !once_in(sim, 4);
	int64_t seen = 0;

	/* Or any: those that have left the window come from the database. */
	if (once_in(sim, 8))
		first = 0;
	for (uint32_t i = first; i < sim->asked_count; i++) {
		const struct asked *asked = sim->asked[i];

		if (asked->message.code != operation && asked->message.code != or_operation)
			continue;
		if (sim->tills[asked->till].partner != till->partner && !once_in(sim, 12))
			continue;
		/* Most of them of something that was done. */
		if (wants_done && !(asked->is_booked && asked->booked.status == TG_OK))
			continue;
		if (asked->has_id && once_in(sim, ++seen))
			found = asked;
	}
	return found;
}

/* Name an original, or now and then one that never was.  True: it was. */
static bool
add_original(struct sim *sim, struct till *till, struct asked *asked, const struct asked *original)
{
	if (original == NULL || once_in(sim, 25)) {
		uint64_t id[2] = { chance_next(&sim->chance) | UINT32_MAX, 1 };

		tg_message_set_bytes(&asked->message, TG_FIELD_ORIGINAL,
				     asked_keep(asked, id, sizeof(id)), sizeof(id));
		set(asked, TG_FIELD_ORIGINAL_TIME, till_time_ms(sim, till));
		add_member(sim, till, asked);
		return false;
	}
	tg_message_set_bytes(&asked->message, TG_FIELD_ORIGINAL, original->id,
			     sizeof(original->id));
	set(asked, TG_FIELD_ORIGINAL_TIME,
	    original->message.values[TG_FIELD_BUSINESS_TIME].integer);
	if (once_in(sim, 20))
		add_member(sim, till, asked);
	else
		add_member_of(asked, original);
	return true;
}

/* A few goods. */
static void
add_lines(struct sim *sim, struct asked *asked)
{
	struct tg_line lines[LINES_MAX];
	uint32_t count = (uint32_t)chance_between(&sim->chance, 1, LINES_MAX);
	uint8_t bytes[LINES_BYTES];
	struct tg_writer writer;
	struct tg_value *value = &asked->message.values[TG_FIELD_LINES];
	bool is_written;

	for (uint32_t i = 0; i < count; i++)
		lines[i] = (struct tg_line){
			.item = "tea",
			.item_bytes = 3,
			.category = (uint32_t)below(sim, 4),
			.quantity = 1000,
			.amount = below(sim, 8000) - (once_in(sim, 6) ? 4000 : 0),
		};
	tg_writer_init(&writer, bytes, sizeof(bytes));
	is_written = tg_lines_write(&writer, lines, count, &asked->message);
	TG_ASSERT(is_written);
	value->data = asked_keep(asked, value->data, value->bytes);
}

/* What stands on a receipt. */
static void
add_receipt(struct sim *sim, struct till *till, struct asked *asked)
{
	char number = (char)('a' + below(sim, 26));

	if (once_in(sim, 6)) {
		tg_message_set_bytes(&asked->message, TG_FIELD_RECEIPT,
				     asked_keep(asked, &number, 1), 1);
		set(asked, TG_FIELD_TILL, 1 + below(sim, 2));
	}
	if (once_in(sim, 8))
		set(asked, TG_FIELD_TILL_DAY,
		    till_time_ms(sim, till) / SIM_DAY_MS - below(sim, 2));
	if (once_in(sim, 8))
		set(asked, TG_FIELD_TENDER, below(sim, 5));
	if (once_in(sim, 8))
		set(asked, TG_FIELD_CHANNEL, below(sim, 4));
	if (once_in(sim, 8))
		set(asked, TG_FIELD_CAMPAIGN, 1 + below(sim, 9));
	if (once_in(sim, 3))
		add_lines(sim, asked);
}

static void
ask_enroll(struct sim *sim, struct till *till, struct asked *asked)
{
	int64_t card = draw_card(sim, till);

	add_card(asked, TG_FIELD_IDENTIFIER_TYPE, TG_FIELD_IDENTIFIER, card);
	if (once_in(sim, 6))
		add_card(asked, TG_FIELD_NEW_TYPE, TG_FIELD_NEW_IDENTIFIER, card + 2000);
	if (once_in(sim, 3))
		set(asked, TG_FIELD_CHANNEL, below(sim, 10));
}

static void
ask_link(struct sim *sim, struct till *till, struct asked *asked)
{
	int64_t card = draw_card(sim, till);

	add_card(asked, TG_FIELD_IDENTIFIER_TYPE, TG_FIELD_IDENTIFIER, card);
	add_card(asked, TG_FIELD_NEW_TYPE, TG_FIELD_NEW_IDENTIFIER,
		 once_in(sim, 6) ? draw_card(sim, till) : card + 2000);
}

static void
ask_earn(struct sim *sim, struct till *till, struct asked *asked)
{
	static const int64_t scales[] = { 300, 20000, 20000, 20000, 200000, TG_AMOUNT_MAX };
	int64_t amount = below(sim, scales[below(sim, 6)]);

	if (amount > 1000000 && !once_in(sim, 40))
		amount %= 1000000;
	add_member(sim, till, asked);
	add_receipt(sim, till, asked);
	set(asked, TG_FIELD_AMOUNT, amount);
	if (once_in(sim, 5))
		set(asked, TG_FIELD_COVERED, below(sim, 12000));
}

static void
ask_burn(struct sim *sim, struct till *till, struct asked *asked)
{
	add_member(sim, till, asked);
	add_receipt(sim, till, asked);
	set(asked, TG_FIELD_POINTS,
	    once_in(sim, 3) ? 5 * (1 + below(sim, 60)) : 1 + below(sim, 150));
	if (once_in(sim, 3))
		set(asked, TG_FIELD_COVERED, below(sim, 400));
	if (once_in(sim, 8))
		set(asked, TG_FIELD_SKIP_LIMITED, 1);
}

/* Of points, or of the stored value of somebody that topped up. */
static void
ask_hold(struct sim *sim, struct till *till, struct asked *asked)
{
	const struct asked *top_up = find_recent(sim, till, TG_OP_TOP_UP, TG_OP_TOP_UP);

	if (top_up != NULL && once_in(sim, 3)) {
		add_member_of(asked, top_up);
		add_receipt(sim, till, asked);
		set(asked, TG_FIELD_POINTS, once_in(sim, 50));
		set(asked, TG_FIELD_VALUE_HELD, 1 + below(sim, 300));
	} else {
		ask_burn(sim, till, asked);
	}
	if (once_in(sim, 2))
		set(asked, TG_FIELD_HOLD_SECONDS, 1 + below(sim, once_in(sim, 3) ? 900000 : 400));
}

static void
ask_capture(struct sim *sim, struct till *till, struct asked *asked)
{
	const struct asked *hold = find_recent(sim, till, TG_OP_HOLD, TG_OP_HOLD);
	int64_t points = 20, value = 0;

	if (add_original(sim, till, asked, hold)) {
		points = hold->message.values[TG_FIELD_POINTS].integer;
		value = tg_message_integer(&hold->message, TG_FIELD_VALUE_HELD, 0);
	}
	if (value != 0 && !once_in(sim, 50)) {
		set(asked, TG_FIELD_POINTS, 0);
		set(asked, TG_FIELD_VALUE_HELD,
		    once_in(sim, 3) ? value : 1 + below(sim, value + 2));
		return;
	}
	set(asked, TG_FIELD_POINTS, once_in(sim, 3) ? points : 1 + below(sim, points + 2));
}

static void
ask_release(struct sim *sim, struct till *till, struct asked *asked)
{
	(void)add_original(sim, till, asked, find_recent(sim, till, TG_OP_HOLD, TG_OP_HOLD));
}

static void
ask_refund(struct sim *sim, struct till *till, struct asked *asked)
{
	const struct asked *earn = find_recent(sim, till, TG_OP_EARN, TG_OP_EARN);
	const struct asked *burn = find_recent(sim, till, TG_OP_BURN, TG_OP_CAPTURE);
	int64_t amount = 500;

	if (once_in(sim, 4))
		earn = find_recent(sim, till, TG_OP_BURN, TG_OP_EARN);
	else if (once_in(sim, 4))
		earn = find_recent(sim, till, TG_OP_TOP_UP, TG_OP_PAY);
	if (add_original(sim, till, asked, earn))
		amount = tg_message_integer(&earn->message, TG_FIELD_AMOUNT, 100);
	if (burn != NULL && once_in(sim, 2)) {
		tg_message_set_bytes(&asked->message, TG_FIELD_ORIGINAL_BURN, burn->id,
				     sizeof(burn->id));
		amount += tg_message_integer(&burn->message, TG_FIELD_COVERED, 10);
		if (once_in(sim, 2))
			set(asked, TG_FIELD_POINTS, below(sim, 60));
	}
	set(asked, TG_FIELD_AMOUNT, once_in(sim, 3) ? amount : below(sim, amount + 2));
	set(asked, TG_FIELD_REASON, 3);
	if (once_in(sim, 3))
		add_lines(sim, asked);
}

static void
ask_reverse(struct sim *sim, struct till *till, struct asked *asked)
{
	static const uint32_t reversed[] = { TG_OP_EARN, TG_OP_BURN, TG_OP_HOLD, TG_OP_CAPTURE,
					     TG_OP_REFUND, TG_OP_RELEASE, TG_OP_EXCHANGE,
					     TG_OP_TOP_UP, TG_OP_PAY };
	uint32_t operation = reversed[below(sim, 9)];

	(void)add_original(sim, till, asked, find_recent(sim, till, operation, operation));
	set(asked, TG_FIELD_REASON, 1 + below(sim, 2));
}

static void
ask_exchange(struct sim *sim, struct till *till, struct asked *asked)
{
	bool is_out = once_in(sim, 2);
	int64_t given = once_in(sim, 3) ? 5 * (1 + below(sim, 60)) : below(sim, 200);

	add_member(sim, till, asked);
	set(asked, TG_FIELD_DIRECTION, is_out ? TG_DIRECTION_OUT : TG_DIRECTION_IN);
	set(asked, is_out ? TG_FIELD_POINTS : TG_FIELD_OWN_UNITS, given);
	if (once_in(sim, 8))
		set(asked, is_out ? TG_FIELD_OWN_UNITS : TG_FIELD_POINTS, given);
	if (once_in(sim, 8))
		set(asked, TG_FIELD_SKIP_LIMITED, 1);
}

/* Some before there is any, and more than there is room for. */
static void
ask_top_up(struct sim *sim, struct till *till, struct asked *asked)
{
	add_member(sim, till, asked);
	add_receipt(sim, till, asked);
	set(asked, TG_FIELD_AMOUNT, below(sim, once_in(sim, 4) ? 3000 : 500));
}

static void
ask_pay(struct sim *sim, struct till *till, struct asked *asked)
{
	const struct asked *top_up = find_recent(sim, till, TG_OP_TOP_UP, TG_OP_TOP_UP);

	if (top_up != NULL && !once_in(sim, 4))
		add_member_of(asked, top_up);
	else
		add_member(sim, till, asked);
	add_receipt(sim, till, asked);
	set(asked, TG_FIELD_AMOUNT, below(sim, 300));
}

static void
ask_confirm(struct sim *sim, struct till *till, struct asked *asked)
{
	(void)add_original(sim, till, asked, find_recent(sim, till, TG_OP_EARN, TG_OP_EARN));
}

static void
ask_inquiry(struct sim *sim, struct till *till, struct asked *asked)
{
	add_member(sim, till, asked);
	if (once_in(sim, 2))
		set(asked, TG_FIELD_ENTRIES_WANTED, below(sim, 21));
}

static void
ask_quote(struct sim *sim, struct till *till, struct asked *asked)
{
	bool is_burn = once_in(sim, 2);

	if (once_in(sim, 4)) {
		ask_exchange(sim, till, asked);
		set(asked, TG_FIELD_QUOTED_OPERATION, TG_OP_EXCHANGE);
		return;
	}
	add_member(sim, till, asked);
	set(asked, TG_FIELD_QUOTED_OPERATION, is_burn ? TG_OP_BURN : TG_OP_EARN);
	set(asked, is_burn ? TG_FIELD_POINTS : TG_FIELD_AMOUNT, 1 + below(sim, 2000));
}

static void
ask_status(struct sim *sim, struct till *till, struct asked *asked)
{
	(void)add_original(sim, till, asked, find_recent(sim, till, TG_OP_EARN, TG_OP_BURN));
}

static void
ask_totals(struct sim *sim, struct till *till, struct asked *asked)
{
	set(asked, TG_FIELD_DAY, till_time_ms(sim, till) / SIM_DAY_MS - below(sim, 3));
	set(asked, TG_FIELD_BASIS, 1 + below(sim, 2));
	set(asked, TG_FIELD_SCOPE, 1 + below(sim, 3));
}

static void
ask_history(struct sim *sim, struct till *till, struct asked *asked)
{
	add_member(sim, till, asked);
}

static void
ask_entries(struct sim *sim, struct till *till, struct asked *asked)
{
	set(asked, TG_FIELD_DAY, till_time_ms(sim, till) / SIM_DAY_MS - below(sim, 3));
}

/* Of which day, and whose. */
static void
add_day(struct sim *sim, struct till *till, struct asked *asked)
{
	ask_totals(sim, till, asked);
	if (!once_in(sim, 4))
		set(asked, TG_FIELD_SCOPE, TG_SCOPE_TERMINAL);
}

static void
ask_day_end(struct sim *sim, struct till *till, struct asked *asked)
{
	add_day(sim, till, asked);
}

static void
ask_buckets(struct sim *sim, struct till *till, struct asked *asked)
{
	add_day(sim, till, asked);
	set(asked, TG_FIELD_DIVIDE, 1 + below(sim, 2));
	if (once_in(sim, 4))
		set(asked, TG_FIELD_OF_HOUR, below(sim, 24));
}

static void
ask_part(struct sim *sim, struct till *till, struct asked *asked)
{
	add_day(sim, till, asked);
	if (once_in(sim, 4))
		set(asked, TG_FIELD_OF_KIND, TG_OP_EARN);
}

static void
ask_countersign(struct sim *sim, struct till *till, struct asked *asked)
{
	static const uint8_t zeros[TG_DIGEST_BYTES];

	add_day(sim, till, asked);
	tg_message_set_bytes(&asked->message, TG_FIELD_DIGEST,
			     asked_keep(asked, zeros, sizeof(zeros)), sizeof(zeros));
}

static void
ask_dispute(struct sim *sim, struct till *till, struct asked *asked)
{
	const struct asked *original = find_recent(sim, till, TG_OP_EARN, TG_OP_BURN);

	if (original == NULL)
		return;
	tg_message_set_bytes(&asked->message, TG_FIELD_ORIGINAL, original->id,
			     sizeof(original->id));
	set(asked, TG_FIELD_ORIGINAL_TIME,
	    original->message.values[TG_FIELD_BUSINESS_TIME].integer);
	set(asked, TG_FIELD_DISPUTE_REASON, 1 + below(sim, 8));
	if (once_in(sim, 2))
		set(asked, TG_FIELD_AMOUNT, below(sim, 500));
}

/* Most often the last one that was closed. */
static int64_t
draw_cycle(struct sim *sim, const struct till *till)
{
	struct cycle open;

	if (!sim->node->is_up || once_in(sim, 5) ||
	    ledger_cycle_find(sim->node->recovery.ledger, till->partner, &open) == NULL ||
	    open.number < 2)
		return 1 + below(sim, 4);
	return open.number - 1;
}

static void
ask_statement(struct sim *sim, struct till *till, struct asked *asked)
{
	if (!once_in(sim, 4))
		set(asked, TG_FIELD_CYCLE, draw_cycle(sim, till));
	if (once_in(sim, 2))
		set(asked, TG_FIELD_FORM, 1 + below(sim, 3));
	if (once_in(sim, 4))
		set(asked, TG_FIELD_OFFSET, below(sim, 10));
}

static void
ask_acknowledge(struct sim *sim, struct till *till, struct asked *asked)
{
	uint8_t chain[TG_DIGEST_BYTES];

	memset(chain, once_in(sim, 5) ? 0 : ARCHIVE_CHAIN, sizeof(chain));
	set(asked, TG_FIELD_CYCLE, draw_cycle(sim, till));
	tg_message_set_bytes(&asked->message, TG_FIELD_CHAIN,
			     asked_keep(asked, chain, sizeof(chain)), sizeof(chain));
}

static void
ask_disputes(struct sim *sim, struct till *till, struct asked *asked)
{
	(void)till;
	if (once_in(sim, 4))
		set(asked, TG_FIELD_OFFSET, below(sim, 10));
}

/* Of a till that is in already, and over a plain connection: it has to be refused. */
static void
ask_activate(struct sim *sim, struct till *till, struct asked *asked)
{
	static const uint8_t nonce[16] = "nonce of a till";

	(void)sim;
	set(asked, TG_FIELD_TERMINAL, till->terminal);
	tg_message_set_bytes(&asked->message, TG_FIELD_ACTIVATION_CODE, "ABCD-EFGH", 9);
	tg_message_set_bytes(&asked->message, TG_FIELD_ACTIVATION_NONCE, nonce, sizeof(nonce));
}

static void
ask_ping(struct sim *sim, struct till *till, struct asked *asked)
{
	set(asked, TG_FIELD_BUSINESS_TIME, till_time_ms(sim, till));
}

/* How often out of the sum of all. */
static const struct {
	enum tg_operation operation;
	int64_t share;
	void (*fill)(struct sim *sim, struct till *till, struct asked *asked);
} kinds[] = {
	{ TG_OP_ENROLL, 10, ask_enroll }, { TG_OP_LINK, 2, ask_link },
	{ TG_OP_UNLINK, 2, ask_link },	  { TG_OP_EARN, 40, ask_earn },
	{ TG_OP_BURN, 20, ask_burn },	  { TG_OP_HOLD, 12, ask_hold },
	{ TG_OP_CAPTURE, 12, ask_capture }, { TG_OP_RELEASE, 6, ask_release },
	{ TG_OP_REFUND, 14, ask_refund }, { TG_OP_REVERSE, 10, ask_reverse },
	{ TG_OP_CONFIRM, 4, ask_confirm }, { TG_OP_INQUIRY, 3, ask_inquiry },
	{ TG_OP_QUOTE, 3, ask_quote },	  { TG_OP_STATUS, 3, ask_status },
	{ TG_OP_TOTALS, 2, ask_totals },  { TG_OP_PING, 1, ask_ping },
	{ TG_OP_HISTORY, 2, ask_history }, { TG_OP_ENTRIES, 2, ask_entries },
	{ TG_OP_EXCHANGE, 8, ask_exchange }, { TG_OP_DAY_END, 2, ask_day_end },
	{ TG_OP_BUCKETS, 2, ask_buckets }, { TG_OP_PART, 1, ask_part },
	{ TG_OP_COUNTERSIGN, 2, ask_countersign }, { TG_OP_DISPUTE, 4, ask_dispute },
	{ TG_OP_ACTIVATE, 1, ask_activate }, { TG_OP_STATEMENT, 4, ask_statement },
	{ TG_OP_ACKNOWLEDGE, 4, ask_acknowledge }, { TG_OP_DISPUTES, 2, ask_disputes },
	{ TG_OP_TOP_UP, 8, ask_top_up },  { TG_OP_PAY, 8, ask_pay },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* From store and forward: it happened a while ago. */
static void
make_late(struct sim *sim, struct asked *asked)
{
	int64_t *time = &asked->message.values[TG_FIELD_BUSINESS_TIME].integer;

	set(asked, TG_FIELD_LATE, 1);
	*time -= below(sim, once_in(sim, 3) ? 80 * HOUR_MS : 6 * HOUR_MS);
}

/* Something that may not be. */
static void
spoil(struct sim *sim, struct asked *asked)
{
	switch (below(sim, 6)) {
	case 0:
		set(asked, TG_FIELD_BUSINESS_TIME,
		    asked->message.values[TG_FIELD_BUSINESS_TIME].integer + 2 * HOUR_MS);
		break;
	case 1:
		set(asked, TG_FIELD_TILL_DAY, 5);
		break;
	case 2:
		set(asked, TG_FIELD_STORE, 999);
		break;
	case 3:
		set(asked, TG_FIELD_TERMINAL, 1 + below(sim, 500));
		break;
	case 4: /* a field that no request has */
		set(asked, TG_FIELD_VERSION, 1);
		break;
	default:
		set(asked, TG_FIELD_AMOUNT, -1);
		break;
	}
}

/* The same transaction id for another request. */
static void
steal_id(struct sim *sim, struct till *till, struct asked *asked)
{
	const struct asked *other = find_recent(sim, till, TG_OP_EARN, TG_OP_BURN);

	if (other == NULL || !asked->has_id ||
	    sim->tills[other->till].partner != till->partner)
		return;
	memcpy(asked->id, other->id, sizeof(asked->id));
	asked->is_stolen = true;
	asked->buried_by = other->buried_by;
}

static size_t
draw_kind(struct sim *sim)
{
	int64_t sum = 0, drawn;
	size_t kind = 0;

	for (size_t i = 0; i < KINDS; i++)
		sum += kinds[i].share;
	drawn = below(sim, sum);
	while (drawn >= kinds[kind].share)
		drawn -= kinds[kind++].share;
	return kind;
}

/* Of the request that a field names; -1: none. */
static int
index_of(const struct tg_message *message, enum tg_field field)
{
	int32_t index = -1;

	if (tg_message_has(message, field))
		memcpy(&index, message->values[field].data, sizeof(index));
	return index;
}

void
work_ask(struct sim *sim, struct till *till)
{
	/* At first people come to join. */
	size_t kind = sim->asked_count < SIM_MEMBERS && !once_in(sim, 4) ? 0 : draw_kind(sim);
	struct asked *asked;

	/* What a statement says is for the partner's system, which is one till of many. */
	if (kinds[kind].operation >= TG_OP_STATEMENT &&
	    kinds[kind].operation <= TG_OP_DISPUTES && !once_in(sim, 3))
		till = &sim->tills[COALITION_TILLS - 1];
	if (till->pending_count == TILL_PENDING_MAX)
		return;
	if (once_in(sim, 150))
		till_babble(sim, till);
	asked = till_new_request(sim, till, kinds[kind].operation);
	kinds[kind].fill(sim, till, asked);
	if (asked->has_id && once_in(sim, 12))
		make_late(sim, asked);
	if (asked->has_id && once_in(sim, 40))
		spoil(sim, asked);
	if (once_in(sim, 80))
		steal_id(sim, till, asked);
	asked_finish(asked);
	sim_tell(sim, "till %u: asks #%u %s of #%d and #%d%s", till->terminal, asked->index,
		 tg_operation_name(kinds[kind].operation),
		 index_of(&asked->message, TG_FIELD_ORIGINAL),
		 index_of(&asked->message, TG_FIELD_ORIGINAL_BURN),
		 asked->is_stolen ? ", under a stolen id" : "");
	(void)till_ask(sim, till, asked);
}

void
work_ask_again(struct sim *sim, struct till *till)
{
	struct asked *asked;

	if (sim->asked_count == 0 || till->pending_count == TILL_PENDING_MAX)
		return;
	asked = sim->asked[below(sim, sim->asked_count)];
	if (asked->till != till->index || !asked->has_id)
		return;
	for (uint32_t i = 0; i < till->pending_count; i++) {
		if (till->pending[i] == asked)
			return;
	}
	asked->refusals = 0;
	sim_tell(sim, "till %u: asks #%u again", till->terminal, asked->index);
	(void)till_ask(sim, till, asked);
}
