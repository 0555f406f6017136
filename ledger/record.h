/*
 * record.h - the one form of everything that ever changes.
 *
 * A request is decided into records, records are journalled, then applied.  Recovery, a standby,
 * the reply, the sink, the console's tail and the auditor read the same struct.  No reader asks the
 * rules again: a record says what happened, row by row.
 *
 * struct record is the form in memory; record_encode() and record_decode() turn it into the bytes
 * of the journal, field by field, little endian.  Sections that a record does not have take no
 * bytes.
 */
#ifndef TG_LEDGER_RECORD_H
#define TG_LEDGER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/config_rows.h"
#include "protocol/message.h"
#include "protocol/status.h"

#define RECORD_VERSION 1
#define RECORD_BYTES_MAX 24576	/* of one encoded record, lines and moves at their maxima */
#define RECORD_HEADER_BYTES 32	/* length, kind, version, sections, sequence, times, status */
#define RECORD_POSTINGS_MAX 64
#define RECORD_MOVES_MAX 255
#define OPERATOR_BYTES 32
#define ORIGIN_BYTES 48
#define RECORD_TEXT_BYTES_MAX 96 /* an operator's reason, or the command of a NOTE */

/* Columns: name, number (never re-used), text.  20-28 equal the operation on the wire. */
/* clang-format off */
#define RECORD_KIND_LIST(X) \
	X(PROGRAMME,   1, "programme set") \
	X(PARTNER,     2, "partner set") \
	X(RULE,        3, "earning rule of a partner added") \
	X(STORE,       4, "store set") \
	X(TERMINAL,    5, "terminal set") \
	X(CLOCK,       6, "clock accepted or stepped by an operator") \
	X(CUTOVER,     7, "business date moved") \
	X(SWEEP,       8, "slice of the daily sweep done") \
	X(FORGET,      9, "transactions past their window dropped") \
	X(ENROLL,     10, "member made") \
	X(LINK,       11, "identifier linked") \
	X(UNLINK,     12, "identifier unlinked") \
	X(EARN,       20, "points earned") \
	X(BURN,       21, "points burned") \
	X(HOLD,       22, "points reserved") \
	X(CAPTURE,    23, "hold captured") \
	X(RELEASE,    24, "hold released") \
	X(REFUND,     25, "purchase refunded") \
	X(REVERSE,    26, "transaction reversed") \
	X(CONFIRM,    27, "pending points confirmed") \
	X(EXCHANGE,   28, "points exchanged for a partner's own currency, or back") \
	X(REPLACE,    44, "lost identifier blocked, another linked in its place") \
	X(MERGE,      45, "two members of one person joined") \
	X(UNMERGE,    46, "joined members parted") \
	X(TRANSFER,   47, "points lent by one of two joined members to the other, which spends them") \
	X(TOP_UP,     50, "stored value topped up") \
	X(PAY,        51, "paid with stored value") \
	X(SET_VALUE,  52, "stored value registered, frozen or set free") \
	X(EXPIRE,     30, "points expired") \
	X(MATURE,     31, "pending points became available") \
	X(HOLD_EXPIRE, 32, "hold passed its deadline") \
	X(REOPEN,     33, "archived transaction opened again") \
	X(RELINK,     34, "identifier stored under the newer key") \
	X(NOTE,       35, "operator's command without effect on the ledger") \
	X(ADJUST,     36, "points given or taken by an operator") \
	X(BLOCK,      37, "member or identifier blocked or unblocked") \
	X(EARN_RULE,  60, "rate, campaign or exchange rate of a version of the rulebook set") \
	X(RULEBOOK,   61, "version of the rulebook holds from a time on") \
	X(BUDGET,     62, "points budget asked for, approved, released or stopped") \
	X(BIRTHDAY,   63, "birthday of a member set") \
	X(CYCLE,      76, "settlement of a partner set") \
	X(HOLIDAY,    77, "holiday set") \
	X(CYCLE_CLOSED, 78, "cycle of a partner closed") \
	X(STATEMENT,  79, "state of a statement set") \
	X(ITEM,       80, "item between partners added") \
	X(FUNDING,    68, "funding terms of a partner set") \
	X(FUND,       69, "cover added to a partner") \
	X(UNFUND,     70, "unused cover of a partner released") \
	X(WRITE_OFF,  71, "debt of a member given up") \
	X(DAY_PROOF,  84, "day countersigned by who traded") \
	X(PROPOSAL,   85, "command proposed to a second operator") \
	X(PROPOSAL_END, 86, "proposal rejected or expired") \
	X(DISPUTE,    87, "entry disputed by its partner") \
	X(DISPUTE_END, 88, "dispute decided")
/* clang-format on */

enum record_kind {
#define RECORD_KIND_ENUM(name, number, text) RECORD_##name = (number),
	RECORD_KIND_LIST(RECORD_KIND_ENUM)
#undef RECORD_KIND_ENUM
};

/*
 * Accounts.  Columns: name, number, lowest sign allowed (-1, 0, 1: <= 0, any, >= 0), per partner?,
 * text.
 */
/* clang-format off */
#define ACCOUNT_LIST(X) \
	X(AVAILABLE,   1,  1, false, "member.available") \
	X(PENDING,     2,  1, false, "member.pending") \
	X(HELD,        3,  1, false, "member.held") \
	X(DEBT,        4, -1, true,  "member.debt, by the partner that caused it") \
	X(ISSUED,      5, -1, true,  "partner.issued") \
	X(REDEEMED,    6,  0, true,  "partner.redeemed") \
	X(BREAKAGE,    7,  1, false, "operator.breakage") \
	X(WRITTEN_OFF, 8, -1, false, "operator.written_off") \
	X(ADJUSTMENTS, 9,  0, true,  "operator.adjustments, by the partner that bears them; 0: none") \
	X(COVER,      10,  0, true,  "partner.cover, points that it may still issue") \
	X(COVER_USED, 11,  1, true,  "partner.cover_used, points issued out of it") \
	X(COVER_SOLD, 12, -1, true,  "operator.cover_sold, by the partner that has it") \
	X(OWN,        13,  0, true,  "partner.own, units of its own currency that exchanges made") \
	X(OWN_TAKEN,  14,  0, true,  "partner.own_taken, units given for points, less those got for them") \
	X(VALUE,      15,  1, false, "member.value, money topped up and not yet paid with") \
	X(VALUE_TAKEN, 16, 0, true,  "partner.value_taken, money that it took for top-ups: negative, it owes it") \
	X(VALUE_PAID, 17,  0, true,  "partner.value_paid, what was paid with stored value there: it is owed it") \
	X(VALUE_HELD, 18,  1, false, "member.value_held, stored value in holds")
/* clang-format on */

enum account {
#define ACCOUNT_ENUM(name, number, sign, per_partner, text) ACCOUNT_##name = (number),
	ACCOUNT_LIST(ACCOUNT_ENUM)
#undef ACCOUNT_ENUM
};

/*
 * What a posting counts.  COVER is the right to issue a point: a unit of its own, because it is no
 * point of anybody's, and is paid for before or after.  OWN is a partner's own currency, each
 * partner's another: its two accounts sum to zero partner by partner.  VALUE is stored value:
 * money, in minor units of the programme's currency.
 */
enum unit { UNIT_POINTS = 1, UNIT_COVER = 2, UNIT_OWN = 3, UNIT_VALUE = 4 };

/* What an account counts. */
static inline enum unit
account_unit(enum account account)
{
	return account < ACCOUNT_COVER ? UNIT_POINTS :
	       account < ACCOUNT_OWN   ? UNIT_COVER :
	       account < ACCOUNT_VALUE ? UNIT_OWN :
					 UNIT_VALUE;
}

/* One leg of a record.  The postings of a record sum to zero for each unit. */
struct posting {
	uint8_t	 account;		/* enum account */
	uint8_t	 unit;			/* enum unit */
	uint32_t partner;		/* number, where the account is per partner; else 0 */
	int64_t	 points;		/* signed */
};

/* What a move changes.  Rows are named by number. */
enum move_kind {
	MOVE_REGULAR = 1,	/* the member's regular points */
	MOVE_LOT,		/* a limited lot of the member */
	MOVE_PENDING,		/* pending points of the member */
	/* a debt of the member; points signed as the account: debt falls by +p */
	MOVE_DEBT,
	MOVE_PORTION,		/* what this burn or hold took from a lot, kept for its reversal */
	/* a block of a partner's cover: the change of what is left; its serial is always told */
	MOVE_COVER,
	MOVE_STOPPED,		/* a partner's funding row: it met its stop at this record */
};

#define RECORD_COMPONENTS_MAX 16

/* Why a campaign that fits gave nothing. */
enum component_refusal {
	COMPONENT_GIVEN = 0,
	COMPONENT_MEMBER_CAP,		/* the member has had its share of it */
	COMPONENT_PARTNER_CAP,		/* of the partner's bonuses on this day */
	COMPONENT_BUDGET,		/* its budget is spent, stopped or not there */
	COMPONENT_NO_ROOM,		/* a table is full, or the purchase has too many parts */
	COMPONENT_NO_COVER,		/* its sponsor may issue no more, or not on this day */
};

/*
 * A part of an earn with a rule of its own: of the base where a rate took the place of the
 * partner's own, or a campaign.  In a refund or reversal what goes back of it.
 */
struct record_component {
	uint32_t row;			/* in the table of components */
	uint32_t campaign_row;		/* earn rule; 0: a part of the base */
	uint32_t campaign;		/* its number; 0: a part of the base */
	uint32_t rate_row;		/* earn rule whose rate is meant; 0: the partner's own */
	uint32_t sponsor;		/* partner that issues it; 0: several, by its campaign */
	uint32_t budget_row;		/* budget that it spends; 0: none */
	uint32_t budget;		/* its number */
	uint32_t counter_row;		/* of the member's share; 0: no cap */
	uint8_t	 refusal;		/* enum component_refusal: with one, no points */
	int64_t	 amount;		/* money that it counts, minor units; refund: returned */
	int64_t	 points;		/* given; refund: taken; >= 0 */
	/* places of the two rules in the version; EARN_RULE_NONE: there is none */
	uint16_t campaign_position;
	uint16_t rate_position;
};

#define EARN_RULE_NONE UINT16_MAX

/* What had been done to a component before its earn left the window. */
struct component_undone {
	int64_t	 amount;		/* returned, minor units */
	int64_t	 points;		/* taken */
};

/*
 * Fractions of a point that a member's purchases at a partner leave within a period: base amounts
 * times base_num, less base_den for each point given.  Refunds may leave it below 0, or base_den
 * and more, until the next purchase.
 */
struct carried {
	uint32_t partner;		/* number */
	uint32_t row;			/* counter that keeps it; 0: it is not kept any more */
	int32_t	 day;			/* first day of the period */
	uint32_t rule_version;		/* of the partner's rule, whose fractions they are */
	int64_t	 before;		/* EARN, REOPEN: what the earn began with */
	int64_t	 after;
};

/*
 * Whose limited points the move adds to what the member has, held ones included, or takes from it;
 * 0: nobody's.  What a burn keeps for its reversal is not the member's.
 */
#define MOVE_LIMITED_ISSUER(m)                                                                     \
	((m)->kind == MOVE_LOT ||                                                                  \
			 ((m)->kind == MOVE_PENDING &&                                             \
			  (((m)->flags & MOVE_NEW) == 0 || (m)->life_days > 0)) ||                 \
			 ((m)->kind == MOVE_PORTION && ((m)->flags & MOVE_OF_HOLD) != 0) ?         \
		 (m)->partner :                                                                    \
		 0)

#define MOVE_NEW 0x1u	/* the row is claimed and gets the attributes below */
#define MOVE_GONE 0x2u	/* the row is free after this move */
#define MOVE_OF_OTHER 0x8u /* REGULAR, LOT: of the other member, which the record names */
#define MOVE_OF_HOLD 0x4u /* PORTION: hangs on the record's hold, not on its transaction row */

struct move {
	uint8_t	 kind;			/* enum move_kind */
	uint8_t	 flags;			/* MOVE_* */
	uint32_t row;			/* 0 for MOVE_REGULAR */
	int64_t	 points;		/* signed change of the row's points */
	/* With MOVE_NEW only: */
	/* sequence of the record that made the points << 8 | number in it */
	uint64_t serial;
	int32_t	 last_day;		/* LOT, PORTION: last day of the points, inclusive */
	int32_t	 matures_day;		/* PENDING: first day available; DEBT: day it arose */
	/* PENDING: life as a limited lot once available; 0: regular */
	int32_t	 life_days;
	uint32_t usable_at;		/* USABLE_* */
	/*
	 * Issuer of the points, or partner that caused the debt.  Of LOT, PENDING and PORTION
	 * always told, where limited points of a member change; 0: they came as regular ones.
	 */
	uint32_t partner;
	uint16_t lot_flags;		/* LOT_* of rows.h */
	uint32_t campaign;		/* that gave the points, 0: none; not of a DEBT */
};

/* Sections that a record may have; each is encoded after the header in this order. */
/* clang-format off */
#define RECORD_SECTION_LIST(X) \
	X(PRINCIPAL) X(OPERATOR) X(TRANSACTION) X(MEMBER) X(AMOUNT) X(TILL) X(DETAILS) X(ORIGINAL) X(HOLD) \
	X(REFUNDED) X(REGULAR_DAY) X(AFTER) X(AFTER_OTHER) X(POSTINGS) X(MOVES) X(LINES) X(IDENTIFIERS) \
	X(PROGRAMME) X(PARTNER) X(RULE) X(STORE) X(TERMINAL) X(CLOCK) X(DATE) X(SWEEP) X(REOPENED) X(COUNTED) X(LIFE) \
	X(TEXT) X(BLOCK) X(ACTIVATION)
/*
 * What few records have: encoded after those above.  Their bits follow the header, four bytes,
 * where its last bit says so: a record without any of them is not longer for it.
 */
#define RECORD_MORE_SECTION_LIST(X) \
	X(COMPONENTS) X(EARN_RULE) X(RULEBOOK) X(BUDGET) \
	X(CYCLE) X(HOLIDAY) X(CLOSED) X(STATEMENT) X(ITEM) \
	X(FUNDING) X(FUNDED) \
	X(DAY_PROOF) X(PROPOSAL) X(DISPUTE) \
	X(UNDONE) X(EXCHANGE) X(CARRIED) \
	X(OTHER) X(SHARED) X(VALUE) X(BIRTHDAY)
/* clang-format on */

enum record_section_index {
#define RECORD_SECTION_INDEX(name) RECORD_INDEX_##name,
	RECORD_SECTION_LIST(RECORD_SECTION_INDEX)
	RECORD_INDEX_MORE,		/* of the header's bits the last, in the bytes only */
	RECORD_MORE_SECTION_LIST(RECORD_SECTION_INDEX)
#undef RECORD_SECTION_INDEX
	RECORD_INDEX_END,
};

#define RECORD_HAS_BIT(name) (UINT64_C(1) << RECORD_INDEX_##name)
#define RECORD_HAS(record, name) (((record)->sections & RECORD_HAS_BIT(name)) != 0)
/* Every section that there is. */
#define RECORD_SECTIONS_ALL (((UINT64_C(1) << RECORD_INDEX_END) - 1) & ~RECORD_HAS_BIT(MORE))

/* record.flags */
#define RECORD_LATE 0x01u	/* sent from store and forward */
#define RECORD_REPEAT 0x02u	/* the terminal says it was sent before */
#define RECORD_TEST 0x04u	/* test member: kept out of totals and figures */
#define RECORD_CAPPED 0x08u	/* a cap refused the bonus */
#define RECORD_TOMBSTONE 0x10u	/* REVERSE of an original never seen */
#define RECORD_GROSS 0x20u	/* the base was not reduced by what points paid for */
#define RECORD_SKIP_LIMITED 0x40u /* the request left limited points alone */
#define RECORD_CAMPAIGN_CAPPED 0x80u /* a campaign that fits gave nothing: see its component */
#define RECORD_PARTS 0x100u	/* an earn with components, which its refunds need */
#define RECORD_PAST_STOP 0x200u	/* a late earn, taken though its issuer's cover is used up */
#define RECORD_OUT 0x400u	/* an exchange of points into the partner's own currency */
#define RECORD_OF_VALUE 0x800u	/* a hold or capture of stored value, not of points */

/* An identifier as the ledger knows it: never in clear. */
struct identifier_image {
	uint32_t row;			/* row in the identifier table */
	uint8_t	 type;			/* as on the wire */
	uint8_t	 key;			/* which of the gateway's identifier keys made the hash */
	/* HMAC-SHA-256, first 16 bytes; the first 8 are not all zero */
	uint8_t	 hash[16];
};

enum budget_action {
	BUDGET_ASK = 1,			/* points from above or from another budget */
	BUDGET_APPROVE,			/* ... by another operator */
	BUDGET_REFUSE,
	BUDGET_RELEASE,			/* what is not used goes back to where budgets come from */
	BUDGET_STOP,
	BUDGET_RESUME,
};

/* What is exchanged: points for units of the partner's own currency, or the other way. */
struct exchange {
	uint32_t version;		/* of the rulebook that it was decided under; 0: none */
	uint32_t position;		/* of the rate in it */
	uint8_t	 direction;		/* enum tg_direction */
	uint8_t	 pad[7];
	/* IN: own units, OUT: points, as offered: at most so many are taken */
	int64_t	 given;
	int64_t	 expected;		/* of the other, as quoted before; -1: not told */
	int64_t	 own_units;		/* exchanged; of a reversal, given back; >= 0 */
	int64_t	 rate_num;		/* of what is got, for rate_den of what is given; 0: none */
	int64_t	 rate_den;
};

/* What a member has, as replies tell it. */
struct member_sums {
	int64_t	 available_points;	/* usable anywhere on that day, limited lots included */
	int64_t	 regular_points;	/* ... of which regular ones, and those past their day */
	int64_t	 pending_points;
	int64_t	 held_points;
	int64_t	 debt_points;		/* >= 0 */
	int64_t	 next_expiry_points;
	int32_t	 next_expiry_day;	/* INT32_MAX: none */
	uint32_t pad;
};

/* What a record makes of its member's stored value. */
struct record_value {
	uint32_t row;			/* in the table of values */
	uint32_t other_row;		/* of the member that lends; 0: nothing is lent */
	uint8_t	 is_new;		/* 1: the row is made */
	uint8_t	 flags;			/* VALUE_* of config_rows.h, from now on */
	uint8_t	 other_flags;		/* of the member that lends */
	uint8_t	 pad[5];
	int64_t	 change;		/* minor units of its own, signed */
	int64_t	 after;			/* >= 0 */
	int64_t	 lent;			/* PAY, HOLD: what other_member gave of it, >= 0 */
	int64_t	 shared;		/* what the member that it is merged with has after it */
};

enum block_target { BLOCK_MEMBER = 1, BLOCK_IDENTIFIER = 2 };

struct record {
	/* header: always there */
	uint64_t sequence;		/* >= 1, consecutive */
	int64_t	 booked_at_utc_ms;	/* never falls from one record to the next */
	int32_t	 business_date;		/* programme's date at deciding, days since 1970-01-01 */
	uint8_t	 kind;			/* enum record_kind */
	/* RECORD_VERSION when made; older ones are lifted by decode */
	uint8_t	 version;
	uint16_t status;		/* enum tg_status */
	uint16_t flags;			/* RECORD_LATE ... */
	uint64_t sections;		/* bits RECORD_HAS_BIT(), never that of MORE */

	/* PRINCIPAL: who asked and for which till */
	uint32_t partner;
	uint32_t store;			/* 0: a partner's system for no store */
	uint32_t terminal;

	/* OPERATOR: zero-padded UTF-8 */
	uint8_t operator_name[OPERATOR_BYTES];
	uint8_t origin[ORIGIN_BYTES];

	/* TRANSACTION */
	uint8_t	 transaction_id[TG_TRANSACTION_ID_BYTES];
	uint8_t	 fingerprint[16];
	int64_t	 business_time_utc_ms;
	uint32_t transaction_row;	/* row in the transaction table */

	/* MEMBER */
	uint64_t member;		/* member reference */

	/* AMOUNT */
	int64_t	 amount;		/* money, minor units; see message.h */
	int64_t	 points;		/* asked for, or granted in an earn; >= 0 */
	uint32_t rule_version;		/* of the partner's rule; 0: none applied */

	/* TILL */
	int32_t	 till_day;		/* INT32_MIN: not told */
	uint32_t till;			/* 0: not told */
	uint8_t	 receipt_bytes;		/* length of receipt */
	uint8_t	 receipt[TG_RECEIPT_BYTES_MAX];
	/* hash over partner, store, till, till's day, receipt; 0: none */
	uint8_t	 receipt_key[16];

	/* DETAILS: of the request, for the record */
	int64_t	 covered;		/* part of amount that points paid for, minor units */
	int64_t	 base_points;		/* components of an earn */
	int64_t	 bonus_points;
	uint32_t bonus_sponsor;
	uint32_t campaign;
	uint8_t	 tender;
	uint8_t	 channel;
	uint8_t	 reason;

	/* ORIGINAL: the earn, burn, hold or unknown transaction that this one is about */
	uint8_t	 original_id[TG_TRANSACTION_ID_BYTES];
	int64_t	 original_time_utc_ms;
	/* transaction row of an earn; tombstone: the row it gets; 0: none */
	uint32_t original_row;
	uint8_t	 original_burn_id[TG_TRANSACTION_ID_BYTES]; /* REFUND; zero: none */
	uint32_t original_burn_row;	/* transaction row of a burn or capture; 0: none */

	/* HOLD */
	uint32_t hold_row;
	int64_t	 hold_deadline_utc_ms;
	int64_t	 captured_points;

	/* REFUNDED: what refund or reversal did; each >= 0 */
	int64_t	 returned_money;	/* added to the earn's returned money, minor units */
	/* added to the burn's returned covered amount, minor units */
	int64_t	 returned_covered;
	int64_t	 taken_points;		/* earned points taken back (absorbed included) */
	int64_t	 absorbed_points;	/* ... of which had expired before: taken from nobody */
	int64_t	 debt_points;		/* ... of which became debt */
	int64_t	 restored_points;	/* burned points given back (debt payment included) */
	int64_t	 restored_regular_points; /* ... of which count against the burn's regular part */
	/* burned points past their day, not given back; REOPEN of an earn: expired of its own */
	int64_t	 lost_points;
	int64_t	 paid_debt_points;	/* also in an earn: part that paid debt */

	/* REGULAR_DAY */
	int32_t regular_last_day;	/* the member's regular points' new last day */

	/* AFTER and AFTER_OTHER: what reply and MariaDB show of the member */
	int64_t	 available_points;	/* usable anywhere at the booking, limited lots included */
	int64_t	 regular_points;
	int32_t	 next_expiry_day;	/* INT32_MAX: none */
	int64_t	 next_expiry_points;
	int64_t	 pending_points;	/* AFTER_OTHER; zero when absent */
	int64_t	 held_points;
	int64_t	 debt_after_points;	/* shown positive */

	/* POSTINGS, MOVES */
	uint32_t posting_count;
	uint32_t move_count;
	struct posting postings[RECORD_POSTINGS_MAX];
	struct move moves[RECORD_MOVES_MAX];

	/* LINES: as record_lines_append() made them; borrowed */
	uint8_t	 line_count;
	uint16_t lines_bytes;
	const uint8_t *lines;

	/* IDENTIFIERS: of ENROLL, LINK, UNLINK, RELINK, REPLACE */
	uint8_t	 identifier_count;	/* 0..2 */
	struct identifier_image identifiers[2];

	/* configuration rows, set whole; row is the table's row */
	uint32_t config_row;		/* with each of PARTNER, RULE, STORE, TERMINAL */
	struct programme_config programme;
	/* PROGRAMME: business times before it are TOO_OLD for good */
	int64_t	 window_floor_utc_ms;
	struct partner_config partner_image;
	struct rule_config rule;
	struct store_config store_image;
	struct terminal_config terminal_image;

	/* CLOCK */
	int64_t	 clock_utc_ms;		/* time accepted or stepped to */

	/* DATE: CUTOVER */
	int32_t	 next_business_date;

	/* SWEEP, FORGET */
	int32_t	 sweep_day;		/* the sweep expires what ended on this day or before */
	uint8_t	 sweep_phase;		/* which table: enum sweep_phase of rows.h */
	uint32_t sweep_row;		/* next row to look at */
	int64_t	 sweep_before_utc_ms;	/* holds resolved before this are dropped */
	/* FORGET: how many of the oldest transaction rows are dropped */
	uint32_t forget_count;

	/* REOPENED: an archived transaction as evidence made it again */
	uint64_t reopened_sequence;
	uint8_t	 reopened_kind;
	int64_t	 reopened_booked_at_utc_ms;

	/* LIFE */
	uint8_t	 regular_life;		/* counts up when regular points begin anew, having ended */

	/* COUNTED: of a late request the day whose limits it counts for; else the business date */
	int32_t	 counted_day;

	/* TEXT: UTF-8 */
	uint8_t	 text_bytes;
	uint8_t	 text[RECORD_TEXT_BYTES_MAX];

	/* BLOCK: of the record's member */
	uint8_t	 block_target;		/* enum block_target */
	uint8_t	 is_blocked;		/* 1, or 0: unblocked */
	uint32_t blocked_row;		/* of the identifier */

	/* BIRTHDAY: of the record's member, as CALENDAR_MONTH_DAY(); 0: not told */
	uint16_t birthday;

	/* ACTIVATION: of the record's terminal; set whole, by an operator or by the till's use */
	uint32_t activation_row;
	struct activation activation;

	/* COMPONENTS, in the order of the earn */
	uint32_t rulebook_version;	/* that the earn was judged by */
	uint8_t	 component_count;
	struct record_component components[RECORD_COMPONENTS_MAX];

	/* UNDONE: of a REOPEN's components, one by one */
	uint8_t	 undone_count;
	struct component_undone undone[RECORD_COMPONENTS_MAX];

	/* CARRIED: of the component that is base by the partner's own rule */
	struct carried carried;

	/* EARN_RULE, RULEBOOK; row is config_row */
	struct earn_rule earn_rule;
	struct rulebook rulebook;

	/* BUDGET: one, or two between which points went; set whole but for what was used */
	uint8_t	 budget_action;		/* enum budget_action */
	uint8_t	 budget_count;		/* 1..2 */
	uint32_t budget_rows[2];
	struct budget budgets[2];

	/* CYCLE: a partner's settlement, set whole, and its open cycle from now on */
	uint32_t cycle_row;
	struct cycle_config cycle_image;
	struct cycle cycle_open;

	/* HOLIDAY */
	uint32_t holiday_row;
	struct holiday holiday;

	/* CLOSED: the cycle that ended, and what its statement is made with */
	uint32_t statement_row;		/* with STATEMENT, too */
	struct cycle closed;
	struct settlement_terms terms;

	/* STATEMENT */
	uint32_t statement_partner;
	uint32_t statement_cycle;
	uint8_t	 statement_state;	/* enum statement_state */

	/* ITEM */
	struct settlement_item item;

	/* FUNDING: with config_row */
	struct funding_config funding;

	/* FUNDED: of FUND and UNFUND; what was bought, or given back for money */
	uint32_t funded_partner;
	uint32_t cover_row;		/* FUND: the block's row; 0: no block, a bill was paid */
	int64_t	 funded_points;		/* > 0 */
	int64_t	 funded_price_micro;	/* FUND: of a point */

	/* DAY_PROOF */
	uint32_t proof_row;
	struct day_proof day_proof;

	/* PROPOSAL: with the state it has from now on; in the record of what was approved, too */
	uint32_t proposal_row;
	struct proposal proposal;

	/* DISPUTE: with the state it has from now on */
	uint32_t dispute_row;
	struct dispute dispute;

	/* EXCHANGE: of an exchange, and of its reversal */
	struct exchange exchange;

	/* OTHER: of MERGE, UNMERGE and TRANSFER, and of PAY or HOLD of value lent */
	uint64_t other_member;		/* reference of the one that joins, parts or lends */
	uint32_t extension_rows[2];	/* of the member and the other; 0 if they lend */

	/* SHARED: what the member that this one is merged with has after it */
	struct member_sums shared;

	/* VALUE: of TOP_UP, PAY, holds of it and what undoes or ends them, of SET_VALUE */
	struct record_value value;
};

/* Both together; of two that expire next the earlier, or both on one day. */
struct member_sums member_sums_add(struct member_sums a, struct member_sums b);

/* What replies tell of the record's member: what it has, and what the one has that shares it. */
struct member_sums record_shown(const struct record *record);

/*
 * Set the header to zero and every count to 0; other members are undefined until their section is.
 */
void record_init(struct record *record);

/*
 * Encode into bytes[0..capacity).  Returns the length (<= RECORD_BYTES_MAX, a multiple of 8), or 0
 * when it does not fit.
 */
size_t record_encode(const struct record *record, uint8_t *bytes, size_t capacity);

/*
 * Decode one record from the front of bytes.  ret_record->lines points into bytes.  Every version
 * ever released is lifted to the present form.
 *
 * TG_OK; TG_CORRUPT: not a whole record; TG_TOO_NEW: version above RECORD_VERSION.
 */
TG_MUST_CHECK enum tg_status record_decode(const uint8_t *bytes, size_t size,
					   struct record *ret_record, size_t *ret_bytes);

/* Length of the record at bytes, from its header; 0 if fewer than RECORD_HEADER_BYTES are there. */
size_t record_peek_bytes(const uint8_t *bytes, size_t size);

/* Sum of the postings in unit: zero for a sound record. */
int64_t record_posting_sum(const struct record *record, enum unit unit);

/* What a record posts to an account, over all partners. */
int64_t record_posted_points(const struct record *record, enum account account);

/* Names for people, tools and tables: "EARN", "member.available"; "?" when not in the list. */
const char *record_kind_name(uint8_t kind);
const char *account_name(uint8_t account);

/* One line of a receipt. */
struct purchase_line {
	const uint8_t *item;		/* UTF-8, borrowed */
	uint8_t	 item_bytes;		/* 0..32 */
	uint32_t category;
	uint32_t quantity;		/* thousandths of a piece or unit */
	int64_t	 amount;		/* money, minor units; negative for a discount */
};

#define LINE_ITEM_BYTES_MAX 32
#define LINE_BYTES_MAX (1 + LINE_ITEM_BYTES_MAX + 4 + 4 + 8)

/* Append a line in the record's form; returns its length, 0 when it does not fit. */
size_t record_line_append(uint8_t *bytes, size_t capacity, const struct purchase_line *line);

/* Read the line at *offset and move on.  False at the end or when the bytes are not a line. */
bool record_line_next(const struct record *record, size_t *offset, struct purchase_line *ret_line);

#endif
