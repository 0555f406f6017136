/*
 * rows.h - the layout of every row of ledger state.
 *
 * Each struct begins with its key, then come canonical fields, then from LINKS on what other rows
 * name it by: chains and positions that can be laid differently for the same state, and so stay out
 * of the state hash.  Snapshots keep these bytes with the table's version: a change of layout is a
 * new version.  All padding is named and zero.
 */
#ifndef TG_LEDGER_ROWS_H
#define TG_LEDGER_ROWS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/calendar.h"
#include "ledger/config_rows.h"
#include "protocol/message.h"

/*
 * Tables.  Columns: member of struct ledger, id (never re-used), version of the layout, row struct,
 * rows at most (of `const struct ledger_limits *limits`).
 */
/* clang-format off */
#define LEDGER_TABLE_LIST(X) \
	X(state,         1, 1, state_row,        1) \
	X(partners,      2, 1, partner_row,      limits->partners_max) \
	X(rules,         3, 1, rule_row,         limits->rules_max) \
	X(stores,        4, 1, store_row,        limits->stores_max) \
	X(terminals,     5, 1, terminal_row,     limits->terminals_max) \
	X(members,       6, 1, member_row,       limits->members_max) \
	X(identifiers,   7, 1, identifier_row,   limits->identifiers_max) \
	X(lots,          8, 1, lot_row,          limits->lots_max) \
	X(pendings,      9, 1, pending_row,      limits->pendings_max) \
	X(debts,        10, 1, debt_row,         limits->debts_max) \
	X(holds,        11, 1, hold_row,         limits->holds_max) \
	X(portions,     12, 1, portion_row,      limits->portions_max) \
	X(transactions, 13, 1, transaction_row,  limits->transactions_max) \
	X(totals,       14, 1, total_row,        limits->totals_max) \
	X(accounts,     15, 1, account_row,      16 + 11 * limits->partners_max) \
	X(activations,  16, 1, activation_row,   limits->terminals_max) \
	X(rulebooks,    17, 1, rulebook_row,     limits->rules_max) \
	X(earn_rules,   18, 1, earn_rule_row,    limits->rules_max) \
	X(budgets,      19, 1, budget_row,       limits->rules_max) \
	X(components,   20, 1, component_row,    limits->portions_max) \
	X(counters,     21, 1, counter_row,      limits->lots_max) \
	X(fundings,     22, 1, funding_row,      limits->partners_max) \
	X(covers,       23, 1, cover_row,        64 + 8 * limits->partners_max) \
	X(details,      24, 1, detail_row,       limits->transactions_max) \
	X(extensions,   25, 1, extension_row,    EXTENSION_ROWS(limits)) \
	X(cycles,       26, 1, cycle_row,        limits->partners_max) \
	X(holidays,     27, 1, holiday_row,      HOLIDAYS_MAX) \
	X(statements,   28, 1, statement_row,    STATEMENTS_KEPT * (1 + limits->partners_max)) \
	X(proofs,       29, 1, proof_row,        PROOF_ROWS(limits)) \
	X(proposals,    30, 1, proposal_row,     PROPOSALS_MAX) \
	X(disputes,     31, 1, dispute_row,      DISPUTES_MAX) \
	X(values,       32, 1, value_row,        limits->members_max)
/* clang-format on */

/* By business date and by the till's day. */
#define PROOF_ROWS(limits) \
	(2 * ((limits)->partners_max + (limits)->stores_max + (limits)->terminals_max))
/* Few members have any. */
#define EXTENSION_ROWS(limits) (16 + (limits)->members_max / 16)
#define PROPOSALS_MAX 256	/* open at once */
#define DISPUTES_MAX 4096	/* open at once */

#define HOLIDAYS_MAX 8192	/* of all calendars */
/* Closed cycles of a partner that are remembered; older statements change no more. */
#define STATEMENTS_KEPT 64

/* What the daily sweep is looking through. */
enum sweep_phase {
	SWEEP_IDLE = 0,
	/* points past their last day become breakage, pending ones mature */
	SWEEP_MEMBERS = 1,
	SWEEP_HOLDS = 2,	/* holds resolved before the window are dropped */
	SWEEP_TOTALS = 3,	/* totals of days before the window are dropped */
	SWEEP_CYCLES = 4,	/* before the others: cycles that ended are closed */
	SWEEP_COUNTERS = 5,	/* what members got from campaigns that are over is dropped */
	SWEEP_RULEBOOKS = 6,	/* versions that nothing can be judged by any more are dropped */
};

/* The one row of what there is only one of. */
struct state_row {
	uint64_t key;			/* 1 */
	uint64_t sequence;		/* of the last record applied */
	int64_t	 booked_at_utc_ms;	/* of the last record applied */
	int32_t	 business_date;		/* DAY_NONE before the first CUTOVER */
	int32_t	 sweep_day;		/* the sweep under way expires up to this day */
	uint32_t sweep_row;		/* next row it looks at */
	uint32_t sweep_phase;		/* enum sweep_phase */
	/* transactions of business times before this may be forgotten, however wide the window */
	int64_t	 window_floor_utc_ms;
	struct programme_config programme;
	uint8_t	 links[0];
	uint32_t oldest_transaction;	/* queue of transaction rows by the time they entered */
	uint32_t newest_transaction;
	uint32_t newest_rulebook;	/* chain of versions, newest first */
	uint32_t pad;
};

struct partner_row {
	uint64_t key;			/* number */
	struct partner_config config;
	uint8_t	 links[0];
	uint32_t newest_rule;		/* chain of rule rows, newest first */
	uint32_t funding;		/* row of its terms; TABLE_NONE: none, it issues freely */
};

/* What a partner pays and may issue.  Not in its row: partners without such terms take none. */
struct funding_row {
	uint64_t key;			/* number of the partner */
	struct funding_config config;
	/*
	 * Booked-at time of the first earn that met the stop since cover was last added; 0: none.
	 * What happened later and arrives late is refused as it would have been there and then.
	 */
	int64_t	 stopped_utc_ms;
	uint8_t	 links[0];
	uint32_t oldest_cover;		/* chain of blocks, as they were bought */
	uint32_t pad;
};

/* Blocks kept for a partner: buying another one drops the oldest that is used up. */
#define PARTNER_COVERS_MAX 32

/*
 * A block of points bought ahead: used oldest first, given back newest first.  What is left of it
 * is bought - used - released.
 */
struct cover_row {
	uint64_t sequence;		/* key: of the record that sold it */
	int64_t	 bought_points;		/* > 0 */
	int64_t	 used_points;		/* >= 0 */
	int64_t	 released_points;	/* >= 0, paid back to the partner */
	int64_t	 price_micro;		/* paid for a point of it */
	int32_t	 bought_day;		/* business date */
	uint32_t partner;
	uint8_t	 links[0];
	uint32_t next;			/* of the partner, bought later */
	uint32_t pad;
};

struct rule_row {
	uint64_t key;			/* partner << 32 | version */
	int64_t	 valid_from_utc_ms;	/* booked_at of its record */
	struct rule_config config;
	uint8_t	 links[0];
	uint32_t older_rule;
	uint32_t pad2;
};

/*
 * How long what campaigns left behind is kept: counters after the last purchase, and versions of
 * the rulebook, for late refunds, after the next one began.
 */
#define RULEBOOK_KEPT_DAYS 400

/* A version of the rulebook. */
struct rulebook_row {
	uint64_t key;			/* version */
	struct rulebook rulebook;
	uint8_t	 links[0];
	uint32_t first_rule;		/* chain of its rates and campaigns in their order */
	uint32_t older_rulebook;
	uint32_t first_exchange;	/* ... and of its exchange rates: no purchase meets them */
	uint32_t pad;
};

/* One of its rules, from its record on; it counts once the version has its row. */
struct earn_rule_row {
	uint64_t key;			/* version << 32 | position */
	struct earn_rule rule;
	uint8_t	 links[0];
	uint32_t next;			/* of the version */
	uint32_t pad;
};

struct budget_row {
	uint64_t key;			/* number */
	struct budget budget;
	int64_t	 used_points;		/* given by campaigns, less what was taken back */
	uint8_t	 links[0];
};

/*
 * A part of an earn with a rule of its own, kept with the earn for its refunds.  Base: of the rate
 * rate_row; where a rate took a part of the receipt, the partner's own is a part, too.
 */
struct component_row {
	uint64_t serial;		/* key: sequence of the earn << 8 | number in it */
	int64_t	 amount;		/* money that it counted, minor units */
	int64_t	 kept_amount;		/* ... of which not returned */
	int64_t	 points;		/* given */
	int64_t	 taken_points;		/* ... of which taken back */
	uint32_t campaign;		/* its number; 0: base */
	uint32_t sponsor;
	uint32_t refusal;		/* enum component_refusal */
	uint32_t rulebook_version;	/* that the earn was judged by; 0: there was none */
	/* base by the partner's own rule, where it carries: see struct carried */
	int64_t	 carried;
	int32_t	 carried_day;		/* 0: it does not */
	uint32_t pad;
	uint8_t	 links[0];
	uint32_t campaign_row;		/* earn rule that gave it; 0: base */
	uint32_t rate_row;		/* earn rule whose rate is meant; 0: the partner's own */
	uint32_t budget_row;		/* 0: none */
	uint32_t counter_row;		/* 0: none; perhaps another's by now: see its key */
	uint32_t next;			/* of the earn */
	uint32_t pad2;
};

/*
 * What a member got from a campaign: for its caps.  With COUNTER_CARRY and a partner's number in
 * place of the campaign's, what is carried there to the member's next purchase: points is the
 * fraction as in struct carried, day the first of its period, times the version of the rule.
 */
#define COUNTER_CARRY UINT32_C(0x80000000)
struct counter_row {
	uint64_t key;			/* member row << 32 | campaign, or partner with the bit */
	int64_t	 points;
	int64_t	 day_points;		/* on day */
	int32_t	 day;
	uint32_t times;
	uint8_t	 links[0];
};

struct store_row {
	uint64_t key;			/* number */
	struct store_config config;
	uint8_t	 links[0];
};

/* What a terminal did on one day. */
struct terminal_day {
	int32_t	 day;
	uint32_t pad;
	int64_t	 earned_points;
	int64_t	 burned_points;
};

/* Days whose limits are still kept, the present one included; older ones have no limit. */
#define TERMINAL_DAYS 8

struct terminal_row {
	uint64_t key;			/* number */
	struct terminal_config config;
	int32_t	 declines_day;		/* business date of declines_today */
	uint32_t declines_today;	/* recorded declines and tombstones */
	/* by day modulo their number: late requests count for a day gone by */
	struct terminal_day days[TERMINAL_DAYS];
	uint8_t	 links[0];
};

/* Not in the terminal's row: few terminals have one, and none for long. */
struct activation_row {
	uint64_t key;			/* the terminal's number */
	struct activation activation;
	uint8_t	 links[0];
};

/* A partner's settlement, and its open cycle. */
struct cycle_row {
	uint64_t key;			/* the partner's number */
	struct cycle_config config;
	struct cycle open;
	uint8_t	 links[0];
};

struct holiday_row {
	uint64_t key;			/* calendar << 32 | day */
	uint32_t is_rest;		/* as in struct holiday */
	uint32_t pad;
	uint8_t	 links[0];
};

/* A closed cycle's statement; what it says stands in MariaDB and follows from the journal. */
struct statement_row {
	uint64_t key;			/* partner << 32 | number of the cycle */
	int32_t	 first_day;
	int32_t	 last_day;
	uint32_t state;			/* enum statement_state */
	uint32_t pad;
	uint64_t closed_sequence;	/* of the record that closed it */
	uint8_t	 links[0];
};

/* What an owner countersigned last. */
struct proof_row {
	uint64_t key;			/* scope << 34 | basis << 32 | owner */
	struct day_proof proof;
	uint64_t sequence;		/* of its record */
	uint8_t	 links[0];
};

/* Open ones only: what became of others stands in MariaDB. */
struct proposal_row {
	uint64_t key;			/* its number */
	struct proposal proposal;
	uint8_t	 links[0];
};

struct dispute_row {
	uint64_t key;			/* its number */
	struct dispute dispute;
	uint8_t	 links[0];
};

/* member_row.flags */
#define MEMBER_BLOCKED 0x1u
#define MEMBER_TEST 0x2u	/* meets test partners only; kept out of totals */
#define MEMBER_MERGED 0x4u	/* with the member that its extension names */
/* The highest bits: birthday, as CALENDAR_MONTH_DAY(); 0: not told. */
#define MEMBER_BIRTHDAY_SHIFT 7
#define MEMBER_BIRTHDAY(flags) ((uint32_t)(flags) >> MEMBER_BIRTHDAY_SHIFT)

/* A member with points only: 64 bytes, one cache line.  The row number is in the reference. */
struct member_row {
	uint64_t key;			/* member reference: shard << 48 | row */
	int64_t	 regular_points;	/* >= 0 */
	int64_t	 earned_today_points;	/* on counters_day */
	int64_t	 burned_today_points;	/* on counters_day; holds count when captured */
	/* last day of the regular points; 0 while there never were any */
	int32_t	 regular_last_day;
	int32_t	 counters_day;		/* business date of the counters */
	uint16_t flags;			/* MEMBER_* */
	uint8_t	 identifier_count;
	uint8_t	 regular_life;		/* counts up when regular points begin anew, having ended */
	uint8_t	 links[0];
	uint32_t first_lot;
	uint32_t first_pending;
	uint32_t first_debt;
	uint32_t first_hold;
	uint32_t newest_transaction;	/* chain by transaction_row.older_of_member */
};

enum extension_kind {
	EXTENSION_MERGED = 1,
};

/*
 * What few members have, a row for each feature: 24 bytes and its place in the index.  A flag of
 * the member says that it is there, so that nobody looks for it in vain.
 *
 * MERGED: each of the two has one, which names the other.  The members' own rows stay as they are.
 */
struct extension_row {
	uint64_t key;			/* member row << 8 | enum extension_kind */
	uint64_t sequence;		/* of the record that made it */
	uint32_t other_row;		/* member that it is merged with */
	uint32_t pad;
	uint8_t	 links[0];
};

/* identifier_row.flags */
#define IDENTIFIER_BLOCKED 0x1u	/* a lost card: finds its member for operators only */

struct identifier_row {
	uint8_t	 hash[16];		/* key: the first 8, not all zero */
	uint32_t member_row;
	uint8_t	 type;
	uint8_t	 key;			/* number of the identifier key that made the hash */
	uint16_t flags;			/* IDENTIFIER_* */
	uint8_t	 links[0];
};

/* lot_flags, of lots and portions */
#define LOT_REDATED 0x1u	/* restored past its day with a new one: happens once per lot */

/* lot_row.origin: flags in the top bit, below it the campaign's number, 0 for none. */
#define LOT_ORIGIN(campaign, lot_flags) ((campaign) | (uint32_t)(lot_flags) << 31)
#define LOT_CAMPAIGN(origin) ((origin) & UINT32_C(0x7fffffff))
#define LOT_FLAGS(origin) ((uint16_t)((origin) >> 31))

/* Limited points: one last day, one issuer.  Each sponsor of a joint promotion has a lot. */
struct lot_row {
	uint64_t serial;		/* key: sequence of the origin record << 8 | number in it */
	int64_t	 points;		/* > 0, not held */
	int32_t	 last_day;		/* inclusive */
	uint32_t usable_at;		/* USABLE_* */
	uint32_t issuer;		/* partner number */
	uint32_t origin;		/* campaign that gave it, and flags: LOT_ORIGIN() */
	uint32_t member_row;
	uint8_t	 links[0];
	uint32_t next;			/* of the member */
};

struct pending_row {
	uint64_t serial;		/* key: sequence of the earn << 8 | number in it */
	int64_t	 points;		/* > 0 */
	int32_t	 matures_day;		/* first day available; INT32_MAX until confirmed */
	int32_t	 life_days;		/* as a limited lot from then on; 0: regular points */
	uint32_t usable_at;
	uint32_t issuer;
	uint32_t campaign;		/* as in a lot */
	uint32_t member_row;
	uint8_t	 links[0];
	uint32_t next;			/* of the member */
	uint32_t pad2;
};

struct debt_row {
	uint64_t key;			/* member row << 32 | partner that caused it */
	int64_t	 points;		/* > 0, owed */
	int32_t	 since_day;		/* business date of its first refund */
	uint32_t pad;
	uint8_t	 links[0];
	uint32_t next;			/* of the member, oldest first */
	uint32_t pad2;
};

struct hold_row {
	uint64_t sequence;		/* key: of the HOLD record */
	uint8_t	 id[TG_TRANSACTION_ID_BYTES];
	uint32_t partner;
	uint32_t store;
	uint32_t terminal;
	uint32_t member_row;
	int64_t	 points;		/* reserved at first */
	int64_t	 regular_points;	/* ... of which from regular points */
	int64_t	 captured_points;	/* once captured */
	int64_t	 restored_points;	/* given back when it was resolved */
	int64_t	 lost_points;		/* past their day then */
	int64_t	 amount;		/* stored value reserved, minor units: then no points are */
	int64_t	 deadline_utc_ms;
	int64_t	 resolved_at_utc_ms;	/* 0 while open */
	/* enum transaction_state: OPEN, CAPTURED, RELEASED, EXPIRED */
	uint8_t	 state;
	uint8_t	 regular_life;		/* the member's when it was made */
	uint8_t	 pad[6];
	uint8_t	 links[0];
	uint32_t first_portion;		/* last taken first */
	uint32_t next;			/* of the member */
	uint32_t heap_index;		/* place among open holds by deadline; 0: not there */
	uint32_t pad2;
};

/* Money that a member has topped up; members that never did have no row. */
struct value_row {
	uint64_t key;			/* member row */
	int64_t	 amount;		/* >= 0, minor units */
	uint32_t flags;			/* VALUE_* of config_rows.h */
	uint32_t pad;
	uint8_t	 links[0];
};

/* What was taken from a limited lot: kept with a hold or burn, so that it can go back. */
struct portion_row {
	uint64_t serial;		/* of the lot */
	int64_t	 points;		/* taken and not yet given back, > 0 */
	int32_t	 last_day;
	uint32_t usable_at;
	uint32_t issuer;
	uint16_t lot_flags;
	uint16_t pad;
	uint32_t campaign;		/* as in a lot */
	uint8_t	 links[0];
	uint32_t next;			/* taken just before this one */
};

/* transaction_row.kind of an original that was reversed before it came. */
#define TRANSACTION_TOMBSTONE 255

struct transaction_row {
	/* key: of its record; tombstone: of the REVERSE, top bit set */
	uint64_t sequence;
	uint8_t	 id[TG_TRANSACTION_ID_BYTES];
	uint8_t	 fingerprint[16];
	uint8_t	 receipt_key[16];	/* zero: no receipt, or reversed since */
	uint32_t partner;
	uint32_t store;
	uint32_t terminal;
	uint32_t member_row;		/* 0: none */
	int64_t	 booked_at_utc_ms;
	/* dropped a window after this: booked_at, or when reopened */
	int64_t	 kept_from_utc_ms;
	int64_t	 business_time_utc_ms;
	int32_t	 business_date;
	uint32_t rule_version;
	uint16_t status;		/* enum tg_status: the outcome */
	uint16_t flags;			/* RECORD_* */
	uint8_t	 kind;			/* enum record_kind or TRANSACTION_TOMBSTONE */
	uint8_t	 state;			/* enum transaction_state */
	uint16_t days_late;		/* business date less the day whose limits it counts for */
	/* the outcome, for duplicates */
	int64_t	 amount;
	int64_t	 points;
	int64_t	 base_points;
	int64_t	 bonus_points;
	int64_t	 available_points;	/* after it */
	int64_t	 next_expiry_points;
	int32_t	 next_expiry_day;
	uint8_t	 links[0];
	uint32_t detail;		/* row of the rest; TABLE_NONE: all of that is 0 */
	uint32_t first_portion;		/* last taken first */
	uint32_t older_of_member;	/* valid while that row has the same member and is older */
	uint32_t next_entered;		/* queue of state_row */
	uint32_t first_component;	/* of an earn, in their order */
};

/*
 * What most earns have nothing of: the rest of an outcome, and what was undone.  Not in the
 * transaction's row: thirty million of those stand in the window of a large coalition.
 */
struct detail_row {
	uint64_t sequence;		/* key: as in the transaction's row */
	int64_t	 covered;
	int64_t	 paid_debt_points;
	int64_t	 pending_points;	/* after it, like the next two */
	int64_t	 held_points;
	int64_t	 debt_points;
	int64_t	 deadline_utc_ms;	/* HOLD */
	/* an earn: what was undone so far; a refund or reversal: what it did */
	int64_t	 returned_money;
	int64_t	 taken_points;
	int64_t	 absorbed_points;
	int64_t	 expired_points;	/* an earn: of its own lots and pending points */
	/* a burn or capture: what was undone so far; a refund or reversal: what it did */
	int64_t	 returned_covered;
	int64_t	 restored_points;
	int64_t	 lost_points;
	int64_t	 regular_points;	/* burn: taken from regular points and not yet given back */
	/* an exchange, or its reversal: of the partner's own currency */
	int64_t	 own_units;
	/* stored value: what it changed, and what there was after it */
	int64_t	 value_change;
	int64_t	 value_after;
	uint32_t hold_row;		/* HOLD: its row while that is kept */
	/* EXCHANGE: of its rate in version rule_version of the rulebook */
	uint32_t rate_position;
	uint8_t	 links[0];
};

/* total_row.key: day, basis, scope, declined, kind and owner in one number. */
#define TOTAL_BASIS_TILL 0x1u
#define TOTAL_SCOPE_PARTNER 0x2u
#define TOTAL_DECLINED 0x4u
#define TOTAL_SCOPE_STORE 0x8u /* neither: of a terminal */

struct total_row {
	/* day << 42 | TOTAL_* bits << 38 | kind << 32 | owner; never 0 */
	uint64_t key;
	int64_t	 count;
	int64_t	 points;
	int64_t	 amount;
	uint8_t	 links[0];
};

struct account_row {
	uint64_t key;			/* account << 40 | unit << 32 | partner */
	int64_t	 balance_points;
	uint8_t	 links[0];
};

static_assert(MEMBER_BIRTHDAY_SHIFT + CALENDAR_MONTH_DAY_BITS == 16, "the flags have room for it");
static_assert(sizeof(struct member_row) == 64, "one cache line, see the memory budget");
static_assert(sizeof(struct lot_row) == 40, "two of them in a member's 200 bytes");
static_assert(sizeof(struct identifier_row) == 24, "1.3 of them in a member's 200 bytes");
static_assert(sizeof(struct extension_row) == 24, "two of them a merge, see ledger/README.md");
static_assert(sizeof(struct transaction_row) == 184, "see the memory budget");
static_assert(sizeof(struct pending_row) % 8 == 0, "table rows are multiples of 8");

#endif
