/*
 * request.h - what the ledger is asked, and what it answers, in plain structs.
 *
 * The gateway translates wire messages and console commands into struct ledger_request and struct
 * ledger_answer into replies.  Nothing here knows msgpack, sockets, clocks or time zones: days and
 * times, identifier hashes and fingerprints arrive computed.
 */
#ifndef TG_LEDGER_REQUEST_H
#define TG_LEDGER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/config_rows.h"
#include "ledger/record.h"
#include "protocol/message.h"
#include "protocol/proof.h"
#include "protocol/status.h"

/* Not told. */
#define DAY_NONE INT32_MIN

/* The time of a decision, fixed by the gateway when a journal batch opens. */
struct ledger_now {
	int64_t utc_ms;			/* never falls */
	int32_t day;			/* utc_ms in the programme's zone, days since 1970-01-01 */
	uint16_t minute;		/* ... and the minute of that day */
};

/* Columns: name, number, text.  Numbers of wire operations equal enum tg_operation. */
/* clang-format off */
#define LEDGER_REQUEST_LIST(X) \
	X(AUTH,      2, "tell partner, store, rights and blocks of a principal") \
	X(ACTIVATE,  5, "let a terminal use its one-time code") \
	X(ENROLL,   10, "make a member") \
	X(LINK,     11, "link an identifier") \
	X(UNLINK,   12, "unlink an identifier") \
	X(INQUIRY,  13, "look at a member") \
	X(QUOTE,    14, "decide without recording") \
	X(EARN,     20, "earn") \
	X(BURN,     21, "burn") \
	X(HOLD,     22, "hold") \
	X(CAPTURE,  23, "capture") \
	X(RELEASE,  24, "release") \
	X(REFUND,   25, "refund") \
	X(REVERSE,  26, "reverse") \
	X(CONFIRM,  27, "confirm pending points") \
	X(EXCHANGE, 28, "exchange points for a partner's own currency, or back") \
	X(TOP_UP,   50, "top up stored value") \
	X(PAY,      51, "pay with stored value") \
	X(STATUS,   30, "what became of a transaction") \
	X(TOTALS,   31, "totals of a day") \
	X(HISTORY,  33, "a member's entries, out of the archive") \
	X(ENTRIES,  34, "a partner's entries of a day, out of the archive") \
	X(DAY_END,  35, "compare totals of a day") \
	X(BUCKETS,  36, "divide a day's transactions, out of the archive") \
	X(PART,     37, "a part of a day's transactions, out of the archive") \
	X(COUNTERSIGN, 38, "countersign a day") \
	X(DISPUTE,  39, "dispute an entry") \
	X(STATEMENT, 41, "a statement, or a list of them, out of the archive") \
	X(ACKNOWLEDGE, 42, "acknowledge a statement") \
	X(DISPUTES, 43, "a partner's disputes, out of the archive") \
	X(TICK,    100, "a bounded slice of what has fallen due") \
	X(CUTOVER, 101, "move the business date by one day") \
	X(SET_PROGRAMME, 102, "set the programme") \
	X(SET_PARTNER,   103, "add or change a partner") \
	X(ADD_RULE,      104, "add a version of a partner's earning rule") \
	X(SET_STORE,     105, "add or change a store") \
	X(SET_TERMINAL,  106, "add or change a terminal") \
	X(CLOCK,         107, "note a clock accepted or stepped by an operator") \
	X(SHOW_MEMBER,      108, "console: a member with everything about it") \
	X(SHOW_TRANSACTION, 109, "console: a transaction by partner and id") \
	X(NOTE,             110, "console: record a command that is none of the ledger's") \
	X(ADJUST,           111, "console: give a member points or take them") \
	X(BLOCK,            112, "console: block or unblock a member or an identifier") \
	X(LINK_FOR,         113, "console: link an identifier to a member") \
	X(UNLINK_FOR,       114, "console: unlink the identifier that is named") \
	X(REPLACE,          115, "console: block a lost identifier and link another in its place") \
	X(MERGE,            116, "console: join two members of one person") \
	X(UNMERGE,          117, "console: part two joined members, of which one is named") \
	X(SET_VALUE,        152, "console: register, freeze or free a member's stored value") \
	X(SET_EARN_RULE,    120, "set a rate or campaign of the rulebook's next version") \
	X(START_RULEBOOK,   121, "let the next version of the rulebook hold from a time on") \
	X(BUDGET,           122, "ask for points of a budget, approve, release, stop") \
	X(SET_BIRTHDAY,     158, "console: set a member's birthday") \
	X(SET_CYCLE,        176, "set how a partner is settled") \
	X(SET_HOLIDAY,      177, "set a day of a calendar of holidays") \
	X(CLOSE_CYCLE,      178, "console: close a partner's cycle before its end") \
	X(SET_STATEMENT,    179, "console: say what became of a statement") \
	X(ADD_ITEM,         180, "console: what one partner owes another besides points") \
	X(SET_FUNDING,      140, "set a partner's funding terms") \
	X(FUND,             141, "console: add to a partner's cover, or release what is unused") \
	X(PROPOSE,          184, "console: propose a command to a second operator") \
	X(END_PROPOSAL,     185, "console: reject a proposal") \
	X(END_DISPUTE,      186, "console: decide a dispute")
/* clang-format on */

enum ledger_request_kind {
#define LEDGER_REQUEST_ENUM(name, number, text) REQUEST_##name = (number),
	LEDGER_REQUEST_LIST(LEDGER_REQUEST_ENUM)
#undef LEDGER_REQUEST_ENUM
};

/*
 * An identifier under the newer and, while keys rotate, the older of the gateway's identifier keys.
 */
struct identifier_hash {
	uint8_t type;			/* 0: none */
	uint8_t key;			/* number of the newer key */
	uint8_t key_old;		/* number of the older key, 0: none */
	uint8_t hash[16];		/* first 8 bytes not all zero */
	uint8_t hash_old[16];
};

/* What an archived burn took from one limited lot; attributes as the lot had them then. */
struct archived_portion {
	uint64_t serial;		/* of the lot */
	int64_t	 points;		/* > 0 */
	int32_t	 last_day;
	uint32_t usable_at;		/* USABLE_* */
	uint32_t issuer;
	uint16_t lot_flags;		/* LOT_* of rows.h */
	uint32_t campaign;		/* that gave it; 0: none */
};

#define ARCHIVED_PORTIONS_MAX 65	/* a member has no more lots, and its regular points */

/* A part of an archived earn, with what refunds did to it; see struct record_component. */
struct archived_component {
	uint32_t campaign;		/* its number; 0: a part of the base */
	uint16_t campaign_position;
	uint16_t rate_position;
	uint32_t sponsor;
	uint8_t	 refusal;		/* enum component_refusal */
	int64_t	 amount, points;	/* as it was given */
	struct component_undone undone;
	int64_t	 carried;		/* base by the partner's own rule: see struct carried */
	int32_t	 carried_day;		/* 0: it does not carry */
};

/*
 * What MariaDB knows of an original that has left the window; see storage's archive query.  From
 * returned_money to is_reversed: sums over the refunds and reversals that name it, as their
 * original or burn.
 */
struct archived_transaction {
	bool	 is_found;
	int64_t	 as_of_utc_ms;		/* all that was booked by then is in it */
	uint64_t sequence;
	uint8_t	 kind;
	uint16_t status;
	uint32_t partner, store, terminal;
	uint64_t member;
	uint8_t	 fingerprint[16];
	int64_t	 booked_at_utc_ms;
	int64_t	 business_time_utc_ms;
	int64_t	 amount, covered, points;
	uint32_t rule_version;
	uint16_t flags;			/* RECORD_* */
	int64_t	 returned_money, returned_covered;
	int64_t	 taken_points, absorbed_points, restored_points, lost_points;
	bool	 is_reversed;
	int64_t	 expired_points;	/* an earn: of its own limited points */
	/* a burn: in the order taken, before anything was undone; the rest was regular points */
	uint32_t portion_count;
	struct archived_portion portions[ARCHIVED_PORTIONS_MAX];
	/* an earn with RECORD_PARTS: all of them, in their order */
	uint32_t rulebook_version;
	uint32_t component_count;
	struct archived_component components[RECORD_COMPONENTS_MAX];
};

/* Counts and sums of a kind. */
struct answer_total {
	uint8_t	 kind;			/* record kind; declines apart, with is_declined */
	bool	 is_declined;
	int64_t	 count;
	int64_t	 points;
	int64_t	 amount;
};

/* A day of an owner's, out of the archive. */
struct archived_day {
	bool	 is_complete;		/* the business date is over, and all of it is there */
	bool	 is_behind;		/* records booked when it was asked are not there */
	uint8_t	 digest[TG_DIGEST_BYTES];
	struct answer_total totals[TG_PROOF_KINDS]; /* in the order of tg_proof_kinds */
};

/* What the archive has of a statement that is asked for. */
struct archived_statement {
	bool	 is_found;
	uint8_t	 chain[TG_DIGEST_BYTES]; /* first bytes of its digest */
};

/* Entries out of the archive; storage's, the ledger hands it on. */
struct archived_page;

struct ledger_request {
	uint8_t kind;			/* enum ledger_request_kind */

	/* Who asks.  A console command has an operator's name and no terminal. */
	/* number of the authenticated terminal; 0: operator or gateway */
	uint32_t principal;
	/* acts for: 0 or the principal itself, or named by ACT_FOR */
	uint32_t terminal;
	uint32_t store;			/* as named by ACT_FOR; 0: the terminal's own */
	uint8_t	 operator_name[OPERATOR_BYTES];
	uint8_t	 origin[ORIGIN_BYTES];

	/* Transaction */
	uint8_t	 transaction_id[TG_TRANSACTION_ID_BYTES];
	uint8_t	 fingerprint[16];
	int64_t	 business_time_utc_ms;
	int32_t	 business_day;		/* of business_time in the programme's zone */
	uint16_t business_minute;	/* ... and the minute of that day */
	bool	 is_late;
	bool	 is_repeat;

	/* Member: by reference or identifier, exactly one */
	uint64_t member;		/* 0: by identifier */
	struct identifier_hash identifier;
	struct identifier_hash new_identifier; /* LINK, REPLACE; second identifier of ENROLL */

	/* Money and points, >= 0, at most TG_AMOUNT_MAX */
	int64_t	 amount;
	int64_t	 covered;
	int64_t	 points;
	bool	 has_points;		/* stated; if not, CAPTURE takes all, REFUND its share */
	bool	 skip_limited;
	uint8_t	 direction;		/* EXCHANGE: enum tg_direction */
	bool	 has_own_units;		/* stated */
	int64_t	 own_units;		/* EXCHANGE: IN offered, OUT expected, if stated */

	/* Original */
	uint8_t	 original_id[TG_TRANSACTION_ID_BYTES];
	bool	 has_original;
	uint8_t	 original_burn_id[TG_TRANSACTION_ID_BYTES];
	bool	 has_original_burn;
	int64_t	 original_time_utc_ms;
	uint8_t	 reason;		/* 1 time-out, 2 voided, 3 goods returned, 4 other */
	/* evidence fetched for this request, or NULL */
	const struct archived_transaction *archived;
	const struct archived_transaction *archived_burn;

	/* Till and receipt */
	int32_t	 till_day;		/* DAY_NONE: not told */
	uint32_t till;
	uint8_t	 receipt_bytes;
	uint8_t	 receipt[TG_RECEIPT_BYTES_MAX];
	uint8_t	 tender;
	uint8_t	 channel;
	uint32_t campaign;
	uint8_t	 line_count;
	uint16_t lines_bytes;
	/* as record_line_append() makes them; owned by the caller */
	const uint8_t *lines;

	int32_t	 hold_seconds;		/* 0: the programme's default */

	/* QUOTE, INQUIRY, TOTALS, STATUS, HISTORY, ENTRIES */
	uint8_t	 quoted_kind;		/* REQUEST_EARN, REQUEST_BURN or REQUEST_EXCHANGE */
	uint8_t	 entries_wanted;
	int32_t	 total_day;		/* TOTALS, ENTRIES: of this day */
	uint8_t	 total_basis;		/* 1 business date, 2 till's day */
	uint8_t	 total_scope;		/* 1 terminal, 2 store, 3 partner */
	/* DAY_END: the asker's own, those done, a kind once; owned by the caller */
	uint8_t	 claimed_count;
	const struct answer_total *claimed;
	uint8_t	 divide;		/* BUCKETS: enum tg_divide */
	struct tg_selection selection;	/* BUCKETS, PART: of these */
	uint8_t	 digest[TG_DIGEST_BYTES]; /* COUNTERSIGN: of what the asker has; ACKNOWLEDGE */
	const struct archived_day *archived_day; /* ... and what the archive has, or NULL */
	uint32_t document_cycle;	/* STATEMENT, ACKNOWLEDGE: its cycle; 0: a list of all */
	uint8_t	 document_form;		/* STATEMENT: enum tg_form */
	const struct archived_statement *archived_statement; /* ... in the archive, or NULL */
	uint8_t	 dispute_reason;	/* DISPUTE: enum dispute_reason */
	uint64_t approves;		/* any console command: number of the proposal, 0: none */
	uint32_t partner;		/* console: whose transaction; ADJUST: who bears it */
	uint64_t page_before;		/* HISTORY: entries before this record; 0: the newest */
	uint64_t page_after;		/* ENTRIES: after this record; texts: from this byte */
	uint8_t	 page_rows;		/* HISTORY, ENTRIES: 1..TG_HISTORY_MAX */
	const struct archived_page *page; /* fetched for this request, or NULL */

	bool	 has_activation;	/* SET_TERMINAL: with a one-time code, or the end of one */
	/* SET_TERMINAL: hash, expiry, generation.  ACTIVATE: hash and nonce */
	struct activation activation;
	int64_t	 clock_utc_ms;

	/* NOTE, ADJUST, BLOCK, SET_STATEMENT, ADD_ITEM: what for, UTF-8; an ADJUST needs it */
	uint8_t	 text_bytes;
	uint8_t	 text[RECORD_TEXT_BYTES_MAX];
	bool	 is_debit;		/* ADJUST: points are taken.  FUND: cover is released */
	uint8_t	 block_target;		/* BLOCK: enum block_target */
	bool	 is_blocked;		/* BLOCK: from now on */
	bool	 is_of_value;		/* HOLD, CAPTURE: amount of stored value, not points */
	/* SET_VALUE: VALUE_* of config_rows.h, set and taken off */
	uint8_t	 value_flags_on, value_flags_off;

	/*
	 * Configuration: what only the console and the gateway itself set, never a terminal's
	 * request.  Last, so that a request of a terminal is made without touching it.
	 */
	struct programme_config programme;
	struct partner_config partner_image;
	struct rule_config rule;
	struct store_config store_image;
	struct terminal_config terminal_image;
	struct earn_rule earn_rule;	/* SET_EARN_RULE; its version is the next one's */
	struct rulebook rulebook;	/* START_RULEBOOK: count and start */
	struct budget budget;		/* BUDGET: number, parent, asked_from, name */
	uint8_t	 budget_action;		/* BUDGET: enum budget_action; points: how many */
	struct funding_config funding;
	int64_t	 price_micro;		/* FUND: paid for a point; < 0: as the terms say */

	/* Settlement, by the console and the gateway, too */
	struct cycle_config cycle_image; /* SET_CYCLE; CLOSE_CYCLE: whose */
	struct holiday holiday;
	uint32_t statement_cycle;	/* SET_STATEMENT: of `partner` */
	uint8_t	 statement_state;	/* enum statement_state */
	struct settlement_item item;

	uint16_t birthday;		/* SET_BIRTHDAY: CALENDAR_MONTH_DAY(); 0: not told */

	/* Second operators and disputes */
	uint64_t matter;		/* END_PROPOSAL, END_DISPUTE: its number */
	uint64_t other_member;		/* MERGE: reference; 0: new_identifier names it */
	bool	 is_upheld;		/* END_DISPUTE: with amount as the correction */
	int64_t	 expires_in_ms;		/* PROPOSE: from now, > 0 */
	uint8_t	 proposal_bytes;	/* PROPOSE: 1..PROPOSAL_TEXT_BYTES */
	uint8_t	 proposal[PROPOSAL_TEXT_BYTES];
};

/* So many bytes at the beginning are all that a terminal's request has. */
#define LEDGER_REQUEST_TERMINAL_BYTES offsetof(struct ledger_request, programme)

#define ANSWER_EXPIRIES_MAX 64
#define ANSWER_ENTRIES_MAX 20
#define ANSWER_TOTALS_MAX 28

/* States of a transaction or hold, as field STATE on the wire. */
enum transaction_state {
	STATE_STANDING = 0,
	STATE_REVERSED = 1,
	STATE_OPEN = 2,
	STATE_CAPTURED = 3,
	STATE_RELEASED = 4,
	STATE_EXPIRED = 5,
};

struct answer_expiry {
	int32_t last_day;
	int64_t points;
};

struct answer_entry {
	uint64_t sequence;
	uint8_t	 kind;
	uint16_t status;
	int64_t	 booked_at_utc_ms;
	uint32_t partner, store;
	int64_t	 points;		/* signed change of the member's points, held ones too */
};

/* A part of an earn: enum component_refusal says why a campaign gave nothing. */
struct answer_component {
	uint32_t campaign;		/* 0: a part of the base */
	uint32_t sponsor;
	uint8_t	 refusal;
	uint16_t rate;			/* place in its rulebook, from 1; 0: the partner's own */
	int64_t	 amount;		/* money that it counts, minor units */
	int64_t	 points;
};

/* ledger_answer.marks */
#define MARK_TEST_PARTNER 0x1u
#define MARK_TEST_TERMINAL 0x2u

/* What there is to tell; members that an operation does not set are zero. */
struct ledger_answer {
	uint16_t status;		/* enum tg_status */
	uint8_t	 kind;			/* of the request */
	uint8_t	 field;			/* enum tg_field at fault, 0: none */
	bool	 is_replay;		/* stored outcome of an earlier copy */
	bool	 is_capped;
	uint8_t	 marks;			/* MARK_*: why what is asked does not count */
	bool	 has_member;		/* member and balances below are set */
	bool	 has_more;		/* TICK, SWEEP: ask again, more is due */
	/* SHOW_MEMBER: of the member, and of the identifier by which it was found */
	bool	 is_member_blocked;
	bool	 is_identifier_blocked;
	uint8_t	 identifier_count;	/* that lead to the member */
	uint8_t	 identifier_key;	/* number of the key that made its hash; 0: by reference */
	bool	 wants_archive;		/* fetch evidence, or the page, and ask again */
	uint64_t sequence;		/* of the record; 0: none */
	int64_t	 booked_at_utc_ms;
	int32_t	 business_date;
	uint64_t member;
	uint64_t merged_with;		/* SHOW_MEMBER: reference of the other one; 0: none */
	int64_t	 points;		/* granted, burned, held, captured, released */
	int64_t	 base_points, bonus_points;
	int64_t	 taken_points, restored_points, lost_points, paid_debt_points, money_returned;
	/* EXCHANGE, its reversal: enum tg_direction, units, rate: of what is got for the given */
	uint8_t	 direction;
	int64_t	 own_units, rate_num, rate_den;
	/* stored value, minor units: what the request changed, and what there is */
	bool	 has_value;
	uint8_t	 value_flags;		/* SHOW_MEMBER: VALUE_* of config_rows.h */
	int64_t	 value_change, value_after;
	int64_t	 available_points, pending_points, held_points, debt_points;
	int64_t	 usable_points;		/* INQUIRY: of the available, usable at this store */
	int32_t	 next_expiry_day;	/* INT32_MAX: none */
	int64_t	 next_expiry_points;
	int64_t	 deadline_utc_ms;
	/* STATUS */
	uint16_t outcome;
	uint8_t	 outcome_kind;
	uint8_t	 outcome_state;		/* enum transaction_state */
	/* AUTH */
	uint32_t partner, store, rights;
	uint16_t key_generation, key_generation_old;
	const struct archived_page *page; /* HISTORY, ENTRIES, BUCKETS: the request's */
	uint8_t	 result;		/* DAY_END: enum tg_result */
	uint8_t	 chain[TG_DIGEST_BYTES]; /* COUNTERSIGN: all zero unless done */
	/* BUCKETS, PART, COUNTERSIGN: number of terminal, store or partner */
	uint32_t proof_owner;
	/* lists */
	uint8_t	 expiry_count, entry_count, total_count, component_count;
	struct answer_expiry expiries[ANSWER_EXPIRIES_MAX];
	struct answer_entry entries[ANSWER_ENTRIES_MAX];
	struct answer_total totals[ANSWER_TOTALS_MAX];
	struct answer_component components[RECORD_COMPONENTS_MAX];
};

#endif
