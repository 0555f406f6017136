/*
 * ledger.h - members, points, holds, transactions and partners: decide and apply.
 *
 * Owns all ledger state in memory.  Does no I/O, reads no clock and no random source, starts no
 * thread: the same calls give the same state everywhere.  One thread calls it.
 */
#ifndef TG_LEDGER_LEDGER_H
#define TG_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/record.h"
#include "ledger/request.h"
#include "ledger/table.h"
#include "protocol/status.h"

struct ledger;

/* How many rows each table may hold at once; address space is reserved, memory taken as used. */
struct ledger_limits {
	uint32_t members_max;
	uint32_t identifiers_max;
	uint32_t lots_max;
	uint32_t pendings_max;
	uint32_t debts_max;
	uint32_t holds_max;
	uint32_t portions_max;
	uint32_t transactions_max;
	uint32_t partners_max;
	uint32_t rules_max;
	uint32_t stores_max;
	uint32_t terminals_max;
	uint32_t totals_max;
	uint16_t shard;			/* in the high bits of member references */
};

/* Sizes for a small programme: tests and demonstrations. */
struct ledger_limits ledger_limits_small(void);

/* NULL when address space cannot be reserved. */
struct ledger *ledger_new(const struct ledger_limits *limits);
void ledger_free(struct ledger *ledger);

/* What one request comes to: zero or more records, and the answer. */
#define DECISION_RECORDS_MAX 24
struct decision {
	struct ledger_answer answer;
	uint32_t record_count;		/* 0: nothing to journal, answer from present state */
	struct record *records;		/* owned by the decision, DECISION_RECORDS_MAX of them */
};

/* Room for one decision, used over and over.  NULL when out of memory. */
struct decision *decision_new(void);
void decision_free(struct decision *decision);

/*
 * Decide request against the present state.  Pure: changes nothing but *decision.
 *
 * Records come numbered from ledger_sequence() + 1 and must be journalled and applied in order, all
 * or none, before the next call.  They point into the request (lines).  Every refusal is a status
 * in the answer; the last record, if any, is the request's own outcome unless the answer's status
 * is not a recorded one.
 */
void ledger_decide(const struct ledger *ledger, const struct ledger_request *request,
		   const struct ledger_now *now, struct decision *decision);

/*
 * What a request will read first is found by a chain of look-ups, each of them a wait for memory in
 * a large ledger.  Asking for its links while the requests before it are decided hides that: stage
 * 0 some requests ahead, each further stage a request later.  Changes nothing and decides nothing;
 * a request may be decided without.
 */
#define LEDGER_PREFETCH_STAGES 4
void ledger_prefetch(const struct ledger *ledger, const struct ledger_request *request,
		     unsigned stage);

/*
 * The same for a record that will be applied without having been decided, at recovery: stage after
 * stage, with other records between them and before ledger_apply().
 */
#define LEDGER_PREFETCH_RECORD_STAGES 2
void ledger_prefetch_record(const struct ledger *ledger, const struct record *record,
			    unsigned stage);

/* Bring a record about.  Total: it cannot fail, for records of decide or of a verified journal. */
void ledger_apply(struct ledger *ledger, const struct record *record);

/* Sequence of the last applied record, 0 at birth. */
uint64_t ledger_sequence(const struct ledger *ledger);

/* booked_at of the last applied record, INT64_MIN at birth. */
int64_t ledger_booked_at_utc_ms(const struct ledger *ledger);

/* Present business date; DAY_NONE until the first CUTOVER sets it. */
int32_t ledger_business_date(const struct ledger *ledger);

/* The programme in force; version 0 before the first SET_PROGRAMME. */
const struct programme_config *ledger_programme(const struct ledger *ledger);

/* Members that there are. */
uint32_t ledger_member_count(const struct ledger *ledger);

/* State hash now (settles rows changed since the last call). */
struct state_hash ledger_state_hash(struct ledger *ledger);

/* The tables, for snapshot and metrics. */
struct table_set *ledger_tables(struct ledger *ledger);

/*
 * After a snapshot's rows were loaded into the tables: rebuild indexes, heaps and lists from them.
 */
void ledger_rebuild(struct ledger *ledger);

/* Sum over all accounts of the unit: zero, always. */
int64_t ledger_conservation(const struct ledger *ledger, enum unit unit);

/*
 * Compare accounts with the rows they stand for (members, lots, pendings, holds, debts).
 * Walks everything: for tests and tools.  On a difference false, with a text in why.
 */
bool ledger_audit(struct ledger *ledger, char *why, size_t why_bytes);

/* Configuration rows for listing: the nth live one (from 0) or NULL at the end. */
const struct partner_config *ledger_partner_at(const struct ledger *ledger, uint32_t nth);
const struct store_config *ledger_store_at(const struct ledger *ledger, uint32_t nth);
/*
 * Groups of stores, bits as in store_config.groups, that rules look at: of the rulebook's version
 * in force, and of those that are to begin later.
 */
uint64_t ledger_groups_in_use(const struct ledger *ledger);
const struct terminal_config *ledger_terminal_at(const struct ledger *ledger, uint32_t nth);
const struct terminal_config *ledger_terminal_find(const struct ledger *ledger, uint32_t number);
/* A terminal's one-time code, used ones too; NULL: it never had one. */
const struct activation *ledger_activation_find(const struct ledger *ledger, uint32_t terminal);
const struct partner_config *ledger_partner_find(const struct ledger *ledger, uint32_t number);
const struct store_config *ledger_store_find(const struct ledger *ledger, uint32_t number);

/*
 * How a partner is settled; NULL: it is not.  ret_open: its open cycle; may be NULL.  By nth as
 * above.
 */
const struct cycle_config *ledger_cycle_find(const struct ledger *ledger, uint32_t partner,
					     struct cycle *ret_open);
const struct cycle_config *ledger_cycle_at(const struct ledger *ledger, uint32_t nth,
					   struct cycle *ret_open);

/* State of a statement, enum statement_state; 0: there is none, or it is long past. */
uint32_t ledger_statement_state(const struct ledger *ledger, uint32_t partner, uint32_t cycle);

/* Versions of the rulebook, newest first, and budgets; the nth or NULL at the end. */
const struct rulebook *ledger_rulebook_at(const struct ledger *ledger, uint32_t nth);
const struct budget *ledger_budget_at(const struct ledger *ledger, uint32_t nth,
				      int64_t *ret_used_points);

/* A partner's rule in force now, or that of a version; NULL when there is none. */
const struct rule_config *ledger_rule_newest(const struct ledger *ledger, uint32_t partner);
const struct rule_config *ledger_rule_find(const struct ledger *ledger, uint32_t partner,
					   uint32_t version);

/*
 * The open proposal, or dispute, with the lowest number above this one: its number, 0 when there
 * is none.  Begin with 0.
 */
uint64_t ledger_proposal_after(const struct ledger *ledger, uint64_t number,
			       struct proposal *ret_proposal);
uint64_t ledger_dispute_after(const struct ledger *ledger, uint64_t number,
			      struct dispute *ret_dispute);

/*
 * What a partner's terminals did on a business date: total says of which kind, done or declined,
 * and gets count, points and amount.  False: nothing.
 */
bool ledger_partner_total(const struct ledger *ledger, int32_t day, uint32_t partner,
			  struct answer_total *total);

/* A partner's funding terms in force; NULL: it has none and issues freely. */
const struct funding_config *ledger_funding_find(const struct ledger *ledger, uint32_t partner);

/* How near a partner is to its stop. */
enum funding_level {
	FUNDING_FREE,			/* it has no terms, or no stop, and no alert */
	FUNDING_GOOD,
	FUNDING_LOW,			/* soft alert: alert_points or less are left to issue */
	FUNDING_STOPPED,		/* nothing is left, or an earn met the stop already */
	FUNDING_LEVEL_COUNT,
};

struct funding_state {
	enum funding_level level;
	int64_t	 cover_points;		/* signed balance: bought less used */
	int64_t	 used_points;
	int64_t	 left_points;		/* that it may still issue, >= 0; LIMIT_NONE: no stop */
	int64_t	 stopped_utc_ms;	/* since when an earn met the stop; 0: none did */
	uint32_t block_count;
};

/* Its state now; all zero, FUNDING_FREE, for a partner without terms. */
struct funding_state ledger_funding_state(const struct ledger *ledger, uint32_t partner);

/* How many partners with terms are at each level. */
void ledger_funding_counts(const struct ledger *ledger,
			   uint32_t ret_counts[FUNDING_LEVEL_COUNT]);

/* Balance of an account; partner is 0 for accounts that are not per partner. */
int64_t ledger_account_points(const struct ledger *ledger, enum account account, enum unit unit,
			      uint32_t partner);

#endif
