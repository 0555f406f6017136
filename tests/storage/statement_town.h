/*
 * statement_town.h - a coalition with everything in it that moves points, and its statements as
 * the journal's records make them; its records go to a sink's fixture, too.
 */
#ifndef TG_TESTS_STORAGE_STATEMENT_TOWN_H
#define TG_TESTS_STORAGE_STATEMENT_TOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "storage/runoff.h"
#include "storage/statement.h"
#include "tests/storage/sink_fixture.h"

#define TOWN_PARTNERS 5

/* Where issuers pay redeemers these buy what they issue ahead, from the first day on. */
#define TOWN_IS_PREPAID(partner) ((partner) == 1 || (partner) == 4)

struct town {
	struct sink_fixture *f;
	struct ledger *ledger;		/* owned */
	struct decision *decision;	/* owned */
	struct clearing *clearing;	/* owned */
	struct runoff *runoff;		/* owned; not of a million records */
	bool	 is_traced;
	bool	 is_full;		/* a million records; else some thousands */
	struct ledger_now now;
	uint64_t random;
	uint32_t asked;
	uint32_t member_count;
	uint32_t lent;			/* times that a member lent the one it is merged with */
	uint64_t *members;		/* owned; one more than trade: the debtor */
	/* postings by partner, as records have them */
	int64_t	 posted[TOWN_PARTNERS + 1][CLEARING_ITEMS + 1];
	struct statement *statements;	/* owned; as made of records, in order */
	uint32_t statement_count;
	int64_t	 carried[TOWN_PARTNERS + 1];	/* by partner, of its last statement */
	struct database *database;
};

/* With partners, members and rules, but no cycles; random by TG_SEED, or always the same. */
struct town *town_new(struct sink_fixture *f, bool is_traced, bool is_full);
void town_free(struct town *t);

/* Daily, weekly and monthly cycles, by the partner's number. */
void town_add_cycle(struct town *t, uint32_t number);

/* Trade, day by day, until so many of all its records are there: part of parts. */
void town_live(struct town *t, uint32_t part, uint32_t parts);

/* The day ends, and so does the cycle of each partner. */
void town_close_all(struct town *t);

#endif
