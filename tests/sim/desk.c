/*
 * desk.c - what operators do.
 */
#include "tests/sim/desk.h"

#include <stdio.h>
#include <string.h>

#include "gateway/identifier.h"
#include "ledger/request.h"
#include "tests/sim/coalition.h"
#include "tests/sim/model.h"
#include "tests/sim/node.h"
#include "tests/sim/office.h"
#include "tests/sim/sim.h"

void
desk_ask(struct sim *sim, struct ledger_request *q, const char *what)
{
	int status;

	if (!sim->node->is_up || sim->node->is_dead)
		return;
	status = node_ask(sim, q);
	sim_tell(sim, "an operator: %s, %s", what,
		 status < 0 ? "no answer" : tg_status_name((enum tg_status)status));
	if (status > 0 && status < SIM_STATUSES)
		sim->figures->statuses[status]++;
}

static void
set_partner(struct sim *sim)
{
	uint32_t number = (uint32_t)chance_between(&sim->chance, 1, COALITION_PARTNERS);
	struct ledger_request q = { .kind = REQUEST_SET_PARTNER };

	coalition_draw_partner(&sim->chance, number, &q.partner_image);
	if (chance_once_in(&sim->chance, 10))
		q.partner_image.flags |= PARTNER_BLOCKED;
	desk_ask(sim, &q, "a partner is set");
}

static void
add_rule(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_ADD_RULE };

	/* Now and then of a partner that there is not. */
	coalition_draw_rule(&sim->chance,
			    (uint32_t)chance_between(&sim->chance, 1, COALITION_PARTNERS + 1) %
					    (COALITION_PARTNERS + 2),
			    &q.rule);
	desk_ask(sim, &q, "a rule is added");
}

static void
set_store(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_SET_STORE };

	q.store_image = sim->coalition->stores[chance_below(&sim->chance, COALITION_PARTNERS)];
	q.store_image.flags = chance_once_in(&sim->chance, 5) ? STORE_BLOCKED : 0;
	desk_ask(sim, &q, "a store is set");
}

static void
set_terminal(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_SET_TERMINAL };

	q.terminal_image = sim->coalition->terminals[chance_below(&sim->chance, COALITION_TILLS)];
	if (chance_once_in(&sim->chance, 6))
		q.terminal_image.flags |= TERMINAL_BLOCKED;
	else if (chance_once_in(&sim->chance, 6))
		q.terminal_image.rights &= (uint32_t)chance_below(&sim->chance, 1024);
	desk_ask(sim, &q, "a terminal is set");
}

static void
set_programme(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_SET_PROGRAMME };

	q.programme = sim->coalition->programme;
	if (chance_once_in(&sim->chance, 5))
		q.programme.flags |= PROGRAMME_BURN_OFF;
	if (chance_once_in(&sim->chance, 2))
		q.programme.declines_per_terminal_day = (int32_t)chance_below(&sim->chance, 20);
	desk_ask(sim, &q, "the programme is set");
}

uint64_t
desk_draw_member(struct sim *sim)
{
	struct model_balances balances;
	uint64_t reference, found = 0;
	uint32_t count = 0;

	while (model_member(sim->model, count, 0, &reference, &balances))
		count++;
	if (count > 0)
		(void)model_member(sim->model, (uint32_t)chance_below(&sim->chance, count), 0,
				   &found, &balances);
	return found;
}

static void
adjust(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_ADJUST, .member = desk_draw_member(sim) };

	if (q.member == 0)
		return;
	q.points = chance_between(&sim->chance, 1, 300);
	q.has_points = true;
	if (chance_once_in(&sim->chance, 20))
		q.points = TG_AMOUNT_MAX;
	q.is_debit = chance_once_in(&sim->chance, 3);
	q.text_bytes = 4;
	memcpy(q.text, "gift", 4);
	desk_ask(sim, &q, "an adjustment");
}

static void
block_member(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_BLOCK,
				    .block_target = BLOCK_MEMBER,
				    .member = desk_draw_member(sim) };

	q.is_blocked = chance_once_in(&sim->chance, 3);
	if (q.member != 0)
		desk_ask(sim, &q, "a member is blocked or not");
}

/* A card of the coalition's by its number, as tills read it.  False: not hashed. */
static bool
hash_card(struct sim *sim, int number, char ret_card[SIM_CARD_BYTES],
	  struct identifier_hash *ret_hash)
{
	struct identifier_hasher hasher;
	char text[24];
	int bytes = snprintf(text, sizeof(text), "49025300%06d", number);
	enum tg_status status = identifier_hasher_init(&hasher, &sim->node->identifier_keys);

	if (status == TG_OK)
		status = identifier_hash(&hasher, 1, (const uint8_t *)text, (size_t)bytes,
					 ret_hash);
	identifier_hasher_deinit(&hasher);
	(void)snprintf(ret_card, SIM_CARD_BYTES, "1:%s", text);
	return status == TG_OK;
}

static void
block_card(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_BLOCK, .block_target = BLOCK_IDENTIFIER };

	if (!hash_card(sim, (int)chance_below(&sim->chance, SIM_MEMBERS), sim->blocked_card,
		       &q.identifier))
		return;
	q.is_blocked = chance_once_in(&sim->chance, 2);
	desk_ask(sim, &q, "a card is blocked or not");
}

/* By the second card that tills link to members, by one in use, or by itself. */
static void
replace_card(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_REPLACE };
	const int lost = (int)chance_below(&sim->chance, SIM_MEMBERS);
	const int card = chance_once_in(&sim->chance, 4) ?
				 (int)chance_below(&sim->chance, SIM_MEMBERS) :
				 lost + 2000;

	if (hash_card(sim, lost, sim->blocked_card, &q.identifier) &&
	    hash_card(sim, card, sim->replacing_card, &q.new_identifier))
		desk_ask(sim, &q, "a lost card is replaced");
}

/* Known by name or not; frozen, and free again sooner. */
static void
set_value(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_SET_VALUE, .member = desk_draw_member(sim) };
	const uint8_t flag = chance_once_in(&sim->chance, 2) ? VALUE_REGISTERED : VALUE_FROZEN;

	if (chance_once_in(&sim->chance, 3))
		q.value_flags_on = flag;
	else
		q.value_flags_off = flag;
	if (q.member != 0)
		desk_ask(sim, &q, "stored value is registered or frozen, or not");
}

static void
merge_members(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_MERGE,
				    .member = desk_draw_member(sim),
				    .other_member = desk_draw_member(sim) };

	if (q.member != 0)
		desk_ask(sim, &q, "two members are merged");
}

static void
unmerge_member(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_UNMERGE, .member = desk_draw_member(sim) };

	if (q.member != 0)
		desk_ask(sim, &q, "a merged member is parted");
}

static void
note(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_NOTE, .text_bytes = 2, .text = "hm" };

	desk_ask(sim, &q, "a note");
}

void
desk_act(struct sim *sim)
{
	static void (*const acts[])(struct sim *) = {
		set_partner,   add_rule,      set_store,      set_terminal, set_programme,
		adjust,	       adjust,	      block_member,   block_card,   replace_card,
		merge_members, merge_members, unmerge_member, note,
		set_value,
	};

	if (chance_once_in(&sim->chance, 2)) {
		office_act(sim);
		return;
	}
	acts[chance_below(&sim->chance, sizeof(acts) / sizeof(acts[0]))](sim);
}

void
desk_restore(struct sim *sim)
{
	const struct coalition *c = sim->coalition;
	struct ledger_request q = { .kind = REQUEST_SET_PROGRAMME };

	q.programme = c->programme;
	desk_ask(sim, &q, "the programme is restored");
	for (uint32_t i = 0; i < COALITION_PARTNERS; i++) {
		q.kind = REQUEST_SET_PARTNER;
		q.partner_image = c->partners[i];
		desk_ask(sim, &q, "a partner is restored");
		q.kind = REQUEST_SET_STORE;
		q.store_image = c->stores[i];
		desk_ask(sim, &q, "a store is restored");
	}
	for (uint32_t i = 0; i < COALITION_TILLS; i++) {
		q.kind = REQUEST_SET_TERMINAL;
		q.terminal_image = c->terminals[i];
		desk_ask(sim, &q, "a terminal is restored");
	}
}

void
desk_accept_clock(struct sim *sim)
{
	struct ledger_request q = { .kind = REQUEST_CLOCK };

	if (sim->node->is_up && !sim->node->is_dead &&
	    clock_alarm(&sim->node->clock) != CLOCK_FINE)
		desk_ask(sim, &q, "the clock is accepted");
}
