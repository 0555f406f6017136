/*
 * work.c - what tills ask.
 */
#include "tests/sim/work.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"
#include "tests/sim/till.h"

#define MEMBERS 20
#define CARD_BYTES 24

static void
add_card(struct asked *asked, enum tg_field type, enum tg_field text, int64_t number)
{
	char card[CARD_BYTES];
	int bytes = snprintf(card, sizeof(card), "49025300%06d", (int)number);

	tg_message_set_integer(&asked->message, type, 1);
	tg_message_set_bytes(&asked->message, text, asked_keep(asked, card, (size_t)bytes),
			     (size_t)bytes);
}

static void
add_member(struct sim *sim, struct asked *asked)
{
	add_card(asked, TG_FIELD_IDENTIFIER_TYPE, TG_FIELD_IDENTIFIER,
		 chance_below(&sim->chance, MEMBERS));
}

static void
ask_enroll(struct sim *sim, struct asked *asked)
{
	add_member(sim, asked);
}

static void
ask_earn(struct sim *sim, struct asked *asked)
{
	add_member(sim, asked);
	tg_message_set_integer(&asked->message, TG_FIELD_AMOUNT,
			       chance_below(&sim->chance, 50000));
	if (chance_once_in(&sim->chance, 6))
		tg_message_set_integer(&asked->message, TG_FIELD_COVERED,
				       chance_below(&sim->chance, 20000));
}

static void
ask_burn(struct sim *sim, struct asked *asked)
{
	add_member(sim, asked);
	tg_message_set_integer(&asked->message, TG_FIELD_POINTS,
			       chance_between(&sim->chance, 1, 400));
}

/* How often out of the sum of all. */
static const struct {
	enum tg_operation operation;
	int64_t share;
	void (*fill)(struct sim *sim, struct asked *asked);
} kinds[] = {
	{ TG_OP_ENROLL, 8, ask_enroll },
	{ TG_OP_EARN, 30, ask_earn },
	{ TG_OP_BURN, 20, ask_burn },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

void
work_ask(struct sim *sim, struct till *till)
{
	struct asked *asked;
	int64_t drawn, sum = 0;
	size_t kind = 0;

	for (size_t i = 0; i < KINDS; i++)
		sum += kinds[i].share;
	drawn = chance_below(&sim->chance, sum);
	while (drawn >= kinds[kind].share)
		drawn -= kinds[kind++].share;
	if (till->pending_count == TILL_PENDING_MAX)
		return;
	asked = till_new_request(sim, till, kinds[kind].operation);
	kinds[kind].fill(sim, asked);
	asked_finish(asked);
	sim_tell(sim, "till %u: asks #%u %s", till->terminal, asked->index,
		 tg_operation_name(kinds[kind].operation));
	(void)till_ask(sim, till, asked);
}
