/*
 * coalition.h - who takes part in a run: programme, partners, rules, stores, terminals.
 */
#ifndef TG_TESTS_SIM_COALITION_H
#define TG_TESTS_SIM_COALITION_H

#include <stdint.h>

#include "ledger/config_rows.h"
#include "ledger/ledger.h"
#include "tests/sim/chance.h"

#define COALITION_PARTNERS 4
#define COALITION_TILLS 9

/* What is set first; a run changes it later on. */
struct coalition {
	struct ledger_limits limits; /* of the tables; small ones fill */
	struct programme_config programme;
	struct partner_config partners[COALITION_PARTNERS];
	struct rule_config rules[COALITION_PARTNERS];
	struct store_config stores[COALITION_PARTNERS];
	struct terminal_config terminals[COALITION_TILLS]; /* a partner's system is the last one */
};

/* Draw one. */
void coalition_draw(struct coalition *coalition, struct chance *chance);

/* Draw another shape of a partner, and another version of its rule. */
void coalition_draw_partner(struct chance *chance, uint32_t number, struct partner_config *partner);
void coalition_draw_rule(struct chance *chance, uint32_t partner, struct rule_config *rule);

#endif
