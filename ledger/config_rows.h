/*
 * config_rows.h - what the ledger knows of programme, partners, rules, stores and terminals.
 *
 * These structs are set whole by a record (an after-image) and read by the decisions.  They hold no
 * pointers and no unnamed padding; texts are UTF-8, padded with zero bytes, not always terminated.
 */
#ifndef TG_LEDGER_CONFIG_ROWS_H
#define TG_LEDGER_CONFIG_ROWS_H

#include <stdint.h>

#define NAME_BYTES 48

/* No limit, for every field that says "limit". */
#define LIMIT_NONE INT64_MAX

/* programme_config.flags */
#define PROGRAMME_EXPIRES_ON_ANNIVERSARY 0x1u /* last day is the anniversary, not the day before */
#define PROGRAMME_BURN_OFF 0x2u /* nobody burns: an operator's kill switch, kept over restarts */
#define PROGRAMME_SANDBOX 0x4u /* the whole instance is for trying out; from its first record on */
/*
 * Issuers pay redeemers when points are burned, each its own; else all pay a pool when they issue,
 * and it pays who redeems.  From the programme's first record on.
 */
#define PROGRAMME_TRACED 0x8u

/* How regular points end (domain decision 3).  Columns: name, number, word. */
#define EXPIRY_SHAPE_LIST(X) \
	X(ROLLING, 0, "rolling") /* all on one day, counted from the last activity */ \
	X(NEVER, 1, "never") \
	X(VINTAGE, 2, "vintage") /* by the calendar period in which they were given */

enum expiry_shape {
#define EXPIRY_SHAPE_ENUM(name, number, word) EXPIRY_##name = (number),
	EXPIRY_SHAPE_LIST(EXPIRY_SHAPE_ENUM)
#undef EXPIRY_SHAPE_ENUM
};

struct programme_config {
	uint32_t version;		/* counts up with every change, from 1 */
	uint32_t flags;			/* PROGRAMME_* */
	int64_t	 window_ms;		/* how long a transaction id is remembered (W) */
	int64_t	 clock_ahead_ms;	/* business time may lie this far in the future */
	/* a burn's or hold's clock may be off by this, either way */
	int64_t	 burn_clock_ms;
	int64_t	 point_value_num;	/* one point is worth num / den minor units of money */
	int64_t	 point_value_den;
	/* regular points: months after the last activity; VINTAGE: after the end of the period */
	int32_t	 expiry_months;
	int32_t	 hold_seconds_default;	/* for a HOLD that names none */
	int32_t	 hold_seconds_max;
	int32_t	 declines_per_terminal_day; /* recorded declines and tombstones, then LIMITED */
	/* debt is written off when it is so many days old; 0: never */
	int32_t	 debt_days;
	uint8_t	 expiry_shape;		/* enum expiry_shape; fixed once there are members */
	/* VINTAGE: a period is so many months of the year, a divisor of 12; else 0 */
	uint8_t	 vintage_months;
	/* points end on this day of the year only, the next one; month 0: on any */
	uint8_t	 sweep_month;
	uint8_t	 sweep_day;
	/* ... or when so many cycles of the partner have closed since; 0: never */
	int32_t	 debt_cycles;
	uint32_t pad;			/* zero */
	int64_t	 member_day_earn_points;    /* limit over all partners, LIMIT_NONE for none */
	int64_t	 member_day_burn_points;    /* limit over all partners */
	/*
	 * The most of stored value that a member may have, known by name or not, minor units; the
	 * first is not below the second.  0: there is no stored value.
	 */
	int64_t	 value_registered_max;
	int64_t	 value_bearer_max;
	int64_t	 value_day_max;	/* a member pays with it on a business date; LIMIT_NONE for none */
};

/* Flags of a member's stored value. */
#define VALUE_REGISTERED 0x1u	/* known by name: the higher cap */
#define VALUE_FROZEN 0x2u	/* nothing is paid with it, and no top-up given back */

/* partner_config.flags */
#define PARTNER_TEST 0x01u	    /* meets test members only; kept out of totals and figures */
#define PARTNER_BLOCKED 0x02u
#define PARTNER_EARN_OFF 0x04u
#define PARTNER_BURN_OFF 0x08u
#define PARTNER_BASE_GROSS 0x10u    /* what points paid for earns too */
#define PARTNER_REFUND_PRO_RATA 0x20u /* else money comes back first */
#define PARTNER_RETURN_NO_BURN 0x40u  /* burned points are not given back for returned goods */
#define PARTNER_RETURN_LOSES_EXPIRED 0x80u /* ... and those past their day are lost, not re-dated */
/* A member's fractions of base points add up within a day, or a month; one of the two, or none. */
#define PARTNER_CARRY_DAY 0x100u
#define PARTNER_CARRY_MONTH 0x200u

/* Until confirmed, instead of a number of days. */
#define PENDING_UNTIL_CONFIRMED INT32_MAX

struct partner_config {
	uint32_t number;		/* the partner's number, >= 1 */
	/* partners of one group take each other's refunds; 0: none */
	uint32_t group;
	uint32_t flags;			/* PARTNER_* */
	int32_t	 pending_days;		/* earned points become available after these; 0: at once */
	/* burned points come back within these days; INT32_MAX: always */
	int32_t	 return_days;
	/* new life of restored points that are past their last day */
	int32_t	 restored_days;
	/*
	 * The partner's life, in business dates, each inclusive; 0: not bounded.  It issues and
	 * takes points from the first on, and each until its own last day.
	 */
	int32_t	 joined_day;
	int32_t	 last_earn_day;
	int32_t	 last_burn_day;
	uint32_t pad;			/* zero */
	int64_t	 burn_minimum_points;	/* smallest burn, 0 for none */
	int64_t	 burn_step_points;	/* a burn is a multiple of this, 0 or 1 for any */
	int64_t	 earn_transaction_points; /* limits, LIMIT_NONE for none */
	int64_t	 burn_transaction_points;
	int64_t	 terminal_day_earn_points;
	int64_t	 terminal_day_burn_points;
	/* cap on a member's bonus here in a day: beyond it the bonus is refused, never the base */
	int64_t	 bonus_member_day_points;
	uint8_t	 name[NAME_BYTES];
};

/*
 * Prices and fees are in millionths of the programme's minor unit of money, so that half a cent for
 * a point is exact; a sum of them is rounded once, on a statement's line.
 */
#define MICRO_PER_MINOR INT64_C(1000000)

/* funding_config.flags */
#define FUNDING_PREPAID 0x1u	/* cover is bought in blocks; else raised as bills are paid */

/*
 * What a partner pays and how much it may issue.  Points that it issues take from its cover; where
 * cover less what is to be issued would fall below -overdraft_points, it issues no more.  Prices
 * and fees hold for records after the one that set them.
 */
struct funding_config {
	uint32_t partner;		/* whose */
	uint32_t version;		/* counts up per partner, from 1 */
	uint32_t flags;			/* FUNDING_* */
	uint32_t pad;			/* zero */
	int64_t	 issue_price_micro;	/* it pays for a point that it issues */
	int64_t	 redeem_price_micro;	/* it is paid for a point that is burned at it */
	int64_t	 issue_fee_micro;	/* operator's fees: for a point issued, */
	int64_t	 redeem_fee_micro;	/* ... a point burned at it, */
	int64_t	 transaction_fee_micro; /* ... an earn, burn or capture that was done, */
	int64_t	 month_fee_micro;	/* ... a month */
	/* postpaid: the limit; prepaid: the overdraft; LIMIT_NONE: it is never stopped */
	int64_t	 overdraft_points;
	/* soft alert: no more than these are left to issue; 0: none */
	int64_t	 alert_points;
};

/*
 * How a partner's purchases earn.  A rule is never changed: a new version is a new row, and a
 * transaction keeps the version it was decided under, so that a refund applies the same one.
 *
 * base  = floor(base amount * base_num / base_den)
 * bonus = base amount >= bonus_threshold_amount ?
 *         floor(base amount * bonus_num / bonus_den) + bonus_fixed_points : 0
 */
struct rule_config {
	uint32_t partner;		/* whose purchases */
	uint32_t version;		/* counts up per partner, from 1 */
	int64_t	 base_num;		/* points per minor unit of money, as a ratio */
	/* > 0; num and den <= 10^12, so that products fit 128 bits */
	int64_t	 base_den;
	int64_t	 bonus_num;		/* 0 and no fixed points: no bonus component */
	int64_t	 bonus_den;		/* > 0 */
	int64_t	 bonus_threshold_amount; /* minor units of money */
	int64_t	 bonus_fixed_points;
	uint32_t bonus_sponsor;		/* partner that issues the bonus; 0: the partner itself */
	int32_t	 bonus_days;		/* life of the bonus as a limited lot; 0: regular points */
	uint32_t bonus_usable_at;	/* USABLE_ANYWHERE, or where */
	uint32_t pad;			/* zero */
};

/* earn_rule.flags */
#define EARN_RULE_RATE 0x1u	/* takes the place of the partner's own rate; else it adds */
#define EARN_RULE_MULTIPLIER 0x2u /* rate_num / rate_den multiplies the rate; else it is a rate */
#define EARN_RULE_EXCLUSIVE 0x4u /* where it gives, no campaign after it does */
#define EARN_RULE_FIRST 0x8u	/* only for the member's first purchase in the programme */
#define EARN_RULE_BIRTHDAY 0x10u /* only on the member's birthday */
#define EARN_RULE_EXCHANGE_IN 0x20u /* rate at which a partner's own currency becomes points */
#define EARN_RULE_EXCHANGE_OUT 0x40u /* ... and points its own currency */
#define EARN_RULE_EXCHANGE (EARN_RULE_EXCHANGE_IN | EARN_RULE_EXCHANGE_OUT)
#define EARN_RULE_MONEY_FLAGS 0x7fu

#define EARN_RULE_NAME_BYTES 32
#define SPONSORS_MAX 8	/* partners that share a campaign */
#define MINUTES_PER_DAY 1440
#define WEEKDAYS_ALL 0x7fu	/* bit 0 is Monday */
#define STORE_GROUP_MAX 64u

/* What one partner of several pays of a campaign: its weight among the weights of all. */
struct sponsor_share {
	uint32_t partner;		/* number */
	uint32_t weight;		/* > 0 */
};

/*
 * A rate or a campaign of a version of the rulebook (the programme file).  It is never changed: a
 * new version has new rows.  0 is "any" where nothing else is said.
 *
 * Rates: of those that fit a line of the receipt the first gives its base; where none fits, the
 * partner's own rule does.  Campaigns: each that fits gives its own component, in this order, until
 * one is exclusive.
 *
 * rate:       floor(amount * rate_num / rate_den) in place of the partner's
 * campaign:   floor(amount * rate_num / rate_den) + fixed_points, or as a MULTIPLIER
 *             floor(amount * rate of the base * (rate_num - rate_den) / rate_den)
 *
 * Exchange rates are of no purchase: floor(given * rate_num / rate_den) is got, and of what is
 * given no more is taken than that needs.  They have a partner, days, threshold_amount and step.
 */
struct earn_rule {
	uint32_t version;		/* of the rulebook */
	uint32_t position;		/* in it, from 0 */
	uint32_t number;		/* the campaign's, the same in every version; rates: 0 */
	uint32_t flags;			/* EARN_RULE_* */
	/* whose purchases, where */
	uint32_t partner;
	uint32_t store;
	uint32_t store_group;		/* 1..64, of store_config.groups */
	/* of which goods, by the lines of the receipt; both 0: any */
	uint32_t category_from;
	uint32_t category_to;		/* inclusive */
	/* when, in the programme's zone */
	int32_t	 from_day;
	int32_t	 until_day;		/* inclusive */
	uint16_t from_minute;		/* of the day */
	uint16_t until_minute;		/* exclusive; below from_minute: over midnight */
	uint8_t	 weekdays;		/* bit 0 is Monday */
	uint8_t	 tender;		/* means of payment, as on the wire */
	uint8_t	 tier;			/* lowest tier of the member */
	uint8_t	 sponsor_count;		/* of a joint promotion: of sponsors below; else 0 */
	uint32_t tag;			/* that the member has */
	/* who issues it, and how it lives */
	uint32_t sponsor;		/* 0: the partner itself, or several */
	int32_t	 days;			/* as a limited lot; 0: regular points */
	uint32_t usable_at;		/* USABLE_* */
	uint32_t budget;		/* number of the budget that it spends; 0: none */
	/* how often one member gets it; 0: no cap */
	uint32_t member_times;
	uint32_t step;			/* exchange: given in multiples of it; 0: any */
	int64_t	 member_points;		/* cap over all times; LIMIT_NONE */
	int64_t	 member_day_points;	/* ... and on one day */
	/* of what fits, minor units: below it nothing; exchange: the least that is given */
	int64_t	 threshold_amount;
	int64_t	 rate_num;		/* 0: none */
	int64_t	 rate_den;		/* > 0 */
	int64_t	 fixed_points;
	uint8_t	 name[EARN_RULE_NAME_BYTES];
	struct sponsor_share sponsors[SPONSORS_MAX];
};

/* A version of the rulebook: its rules hold from a time on, until those of a later one do. */
struct rulebook {
	uint32_t version;		/* counts up, from 1 */
	uint32_t rule_count;
	int64_t	 starts_at_utc_ms;
};

/* budget.flags */
#define BUDGET_STOPPED 0x1u	/* nothing is given out of it, whatever is left */

/*
 * Points that may be given away: of the coalition, of a unit, of a campaign.  A budget gets its
 * points from the one above it, so that what campaigns give never passes what was approved.
 */
struct budget {
	uint32_t number;		/* >= 1 */
	uint32_t parent;		/* 0: the coalition's own */
	uint32_t flags;			/* BUDGET_* */
	uint32_t asked_from;		/* ASK: the budget that is to give; 0: from above all */
	int64_t	 granted_points;	/* approved so far, less what was released */
	int64_t	 passed_points;		/* ... of which given to other budgets */
	int64_t	 asked_points;		/* waiting for a second operator; 0: none */
	uint8_t	 asked_by[32];		/* who asked: OPERATOR_BYTES */
	uint8_t	 name[EARN_RULE_NAME_BYTES];
};

/*
 * Where a limited lot can be spent: 0 anywhere, a partner's number, or a store's with the top bit.
 */
#define USABLE_ANYWHERE UINT32_C(0)
#define USABLE_AT_STORE UINT32_C(0x80000000)
#define USABLE_NUMBER(usable_at) ((usable_at) & UINT32_C(0x7fffffff))

/* store_config.flags and terminal_config.flags */
#define STORE_BLOCKED 0x1u
#define TERMINAL_BLOCKED 0x1u
#define TERMINAL_TEST 0x2u

struct store_config {
	uint32_t number;		/* >= 1, < 2^31 */
	uint32_t partner;
	uint32_t flags;			/* STORE_* */
	uint32_t pad;			/* zero */
	uint64_t groups;		/* bit n - 1: of store group n, for rates and campaigns */
	uint8_t	 name[NAME_BYTES];
};

struct terminal_config {
	uint32_t number;		/* >= 1 */
	uint32_t partner;
	uint32_t store;			/* 0: a partner's system, not in a store */
	uint32_t flags;			/* TERMINAL_* */
	uint16_t key_generation;	/* current generation of the terminal's key, from 1 */
	uint16_t key_generation_old;	/* still accepted besides, 0: none */
	uint32_t rights;		/* bits of enum tg_right */
	int64_t	 old_key_until_utc_ms;	/* the old generation is accepted before; 0: no such end */
	uint8_t	 name[NAME_BYTES];
};

/* When a cycle of settlement ends. */
enum cycle_period {
	CYCLE_DAILY = 1,
	CYCLE_WEEKLY = 2,
	CYCLE_MONTHLY = 3,
};

/* cycle_config.flags: days on which no cycle ends; it goes on to the next one that is none. */
#define CYCLE_SATURDAY_RESTS 0x1u
#define CYCLE_SUNDAY_RESTS 0x2u

/* How a partner is settled.  A change counts from the next cycle on. */
struct cycle_config {
	uint32_t partner;		/* number, >= 1 */
	uint32_t period;		/* enum cycle_period */
	/* WEEKLY: 1 Monday .. 7 Sunday; MONTHLY: 1..31, in shorter months the last day; else 0 */
	uint32_t ends_on;
	uint32_t calendar;		/* whose holidays rest, too; 0: none */
	uint32_t flags;			/* CYCLE_* */
	uint32_t pad;			/* zero */
	/* less than this, either way, is not paid but carried over; minor units of money */
	int64_t	 minimum_amount;
};

/* A run of whole business dates of one partner, settled as one. */
struct cycle {
	uint32_t partner;		/* number */
	uint32_t number;		/* counts up per partner, from 1 */
	int32_t	 first_day;		/* DAY_NONE, of the first one: all that was before */
	int32_t	 last_day;		/* inclusive */
};

/* A day of a calendar of holidays. */
struct holiday {
	uint32_t calendar;		/* number, >= 1 */
	int32_t	 day;
	uint32_t is_rest;		/* 1; 0: it is a holiday no more */
	uint32_t pad;			/* zero */
};

/* What a statement is made with, fixed when the cycle closes. */
struct settlement_terms {
	uint32_t is_traced;		/* 1: PROGRAMME_TRACED */
	uint32_t pad;			/* zero */
	int64_t	 issued_num;		/* minor units for a point that the partner issued */
	int64_t	 issued_den;
	int64_t	 redeemed_num;		/* ... for one that it redeemed */
	int64_t	 redeemed_den;
	int64_t	 minimum_amount;	/* as in cycle_config */
};

/* What has become of a statement.  Columns: name, number, text. */
#define STATEMENT_STATE_LIST(X)                                 \
	X(CLOSED, 1, "closed")                                  \
	X(ACKNOWLEDGED, 2, "acknowledged by the partner")       \
	X(DISPUTED, 3, "disputed")                              \
	X(PAID, 4, "paid")

enum statement_state {
#define STATEMENT_STATE_ENUM(name, number, text) STATEMENT_##name = (number),
	STATEMENT_STATE_LIST(STATEMENT_STATE_ENUM)
#undef STATEMENT_STATE_ENUM
};

/* Money that one party owes another besides points: a correction.  Enters the open cycle. */
struct settlement_item {
	uint32_t partner;		/* who owes, with amount > 0 */
	uint32_t other;			/* to whom; 0: the operator */
	int64_t	 amount;		/* minor units of money, not 0 */
	uint64_t about;			/* record that it corrects, 0: none */
};

/* A terminal's one-time code, from its making until the next one is made. */
struct activation {
	uint32_t terminal;		/* number */
	uint16_t key_generation;	/* of the key that the code gives */
	uint16_t is_used;		/* 1: it has given it, to the till with this nonce */
	int64_t	 expires_utc_ms;	/* from then on it gives nothing, not again either */
	/* keyed hash; the code itself is kept nowhere.  All zero: there is none any more */
	uint8_t	 code_hash[16];
	uint8_t	 nonce[16];		/* of the till that used it; zero before */
};

/* A day that its owner has countersigned. */
struct day_proof {
	uint32_t owner;			/* number of the terminal, store or partner */
	int32_t	 day;
	uint8_t	 scope;			/* enum tg_scope: of what owner is the number */
	uint8_t	 basis;			/* enum tg_basis: of which day's */
	uint8_t	 pad[6];
	int64_t	 count;			/* transactions that it has */
	uint8_t	 digest[16];		/* of them, see protocol's proof.h */
	uint8_t	 chain[16];		/* over it and all that the owner signed before */
};

/* Columns: name, number, text. */
#define PROPOSAL_STATE_LIST(X) \
	X(OPEN,     1, "waits for a second operator") \
	X(APPROVED, 2, "approved: the record did it") \
	X(REJECTED, 3, "rejected") \
	X(EXPIRED,  4, "expired")

enum proposal_state {
#define PROPOSAL_STATE_ENUM(name, number, text) PROPOSAL_##name = (number),
	PROPOSAL_STATE_LIST(PROPOSAL_STATE_ENUM)
#undef PROPOSAL_STATE_ENUM
};

#define PROPOSAL_TEXT_BYTES 248

/* A command that needs a second operator. */
struct proposal {
	uint64_t number;		/* sequence of the record that made it */
	int64_t	 expires_utc_ms;	/* approved before then, or not at all */
	uint8_t	 proposer[32];		/* name of the operator, zero-padded UTF-8 */
	uint8_t	 state;			/* enum proposal_state */
	uint8_t	 text_bytes;		/* 1..PROPOSAL_TEXT_BYTES */
	uint8_t	 pad[6];
	uint8_t	 text[PROPOSAL_TEXT_BYTES]; /* the command, as it is run again; zero-padded */
};

/* Columns: name, number (as on the wire), text. */
#define DISPUTE_REASON_LIST(X) \
	X(DUPLICATE,  1, "booked twice") \
	X(NOT_OURS,   2, "not made by this partner") \
	X(AMOUNT,     3, "amount differs") \
	X(POINTS,     4, "points differ") \
	X(NOT_UNDONE, 5, "refund or reversal is missing") \
	X(TOO_LATE,   6, "past a time limit") \
	X(FRAUD,      7, "fraud") \
	X(OTHER,      8, "other")

#define DISPUTE_STATE_LIST(X) \
	X(OPEN,     1, "open") \
	X(UPHELD,   2, "upheld") \
	X(REJECTED, 3, "rejected")

enum dispute_reason {
#define DISPUTE_REASON_ENUM(name, number, text) DISPUTE_REASON_##name = (number),
	DISPUTE_REASON_LIST(DISPUTE_REASON_ENUM)
#undef DISPUTE_REASON_ENUM
};

enum dispute_state {
#define DISPUTE_STATE_ENUM(name, number, text) DISPUTE_##name = (number),
	DISPUTE_STATE_LIST(DISPUTE_STATE_ENUM)
#undef DISPUTE_STATE_ENUM
};

/* What a partner says is wrong. */
struct dispute {
	uint64_t number;		/* sequence of the record that opened it */
	uint64_t about;			/* sequence of the entry */
	uint64_t member;		/* of the entry; 0: none */
	int64_t	 amount;		/* money claimed, minor units; 0: none */
	uint32_t partner;		/* that opened it, and whose entry it is */
	uint8_t	 reason;		/* enum dispute_reason */
	uint8_t	 state;			/* enum dispute_state */
	uint8_t	 pad[2];
	uint8_t	 original_id[16];	/* transaction id of the entry */
};

#endif
