/*
 * message.h - the message table: every operation and every field on the wire.
 *
 * A request is [request id, operation, body], an answer [request id, status, body], a message of the
 * server's own [0, operation, body].  A body is a map from field number to value.  Encoder, decoder,
 * protocol reference, client library and fuzz dictionary all come from the three lists below.
 * Numbers are never re-used.  Fields below 64 must be understood by the receiver of a request; fields
 * from 64 may be ignored.
 */
#ifndef TG_PROTOCOL_MESSAGE_H
#define TG_PROTOCOL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"

#define TG_PROTOCOL_VERSION 1

/* A request's amount and points; every balance (exact in JSON and in a double, too). */
#define TG_AMOUNT_MAX INT64_C(1000000000000)
#define TG_BALANCE_MAX INT64_C(9007199254740991)

#define TG_FRAME_HEADER_BYTES 4
#define TG_FRAME_BYTES_MAX (16 * 1024)
#define TG_FRAME_BYTES_MAX_BATCH (2 * 1024 * 1024)
#define TG_BATCH_ITEMS_MAX 8190
#define TG_LINES_MAX 100
#define TG_NONCE_BYTES 16
#define TG_PROOF_BYTES 32
#define TG_TRANSACTION_ID_BYTES 16
#define TG_IDENTIFIER_BYTES_MAX 64
#define TG_RECEIPT_BYTES_MAX 32

/*
 * Operations.  Columns: name, wire number, right needed (a bit of enum tg_right, 0 for none),
 * does it carry a transaction id, text.
 */
/* clang-format off */
#define TG_OPERATION_LIST(X) \
	X(HELLO,    1, 0,                 false, "open a session: versions, nonces and limits") \
	X(AUTH,     2, 0,                 false, "prove who speaks") \
	X(PING,     3, 0,                 false, "keep the session alive; tell the fleet view") \
	X(NOTICE,   4, 0,                 false, "server to client: stopping, reconnect after") \
	X(ENROLL,  10, TG_RIGHT_ENROLL,   true,  "make a member with one or two identifiers") \
	X(LINK,    11, TG_RIGHT_ENROLL,   true,  "give a member another identifier") \
	X(UNLINK,  12, TG_RIGHT_ENROLL,   true,  "take an identifier from a member") \
	X(INQUIRY, 13, TG_RIGHT_INQUIRY,  false, "balances, next expiries and last entries of a member") \
	X(QUOTE,   14, TG_RIGHT_INQUIRY,  false, "what an earn or a burn would do, without doing it") \
	X(EARN,    20, TG_RIGHT_EARN,     true,  "points for a purchase") \
	X(BURN,    21, TG_RIGHT_BURN,     true,  "pay with points") \
	X(HOLD,    22, TG_RIGHT_BURN,     true,  "reserve points") \
	X(CAPTURE, 23, TG_RIGHT_BURN,     true,  "burn from a hold; the rest is released") \
	X(RELEASE, 24, TG_RIGHT_BURN,     true,  "give a hold back") \
	X(REFUND,  25, TG_RIGHT_REFUND,   true,  "goods come back: restore burned points, take earned ones") \
	X(REVERSE, 26, TG_RIGHT_REVERSE,  true,  "undo a transaction whole: outcome unknown, or voided at the till") \
	X(CONFIRM, 27, TG_RIGHT_EARN,     true,  "make the pending points of an earn available") \
	X(STATUS,  30, TG_RIGHT_INQUIRY,  false, "what became of a transaction id") \
	X(TOTALS,  31, TG_RIGHT_INQUIRY,  false, "counts and sums of a day by kind") \
	X(BATCH,   40, TG_RIGHT_BATCH,    false, "many transactions in one frame, an outcome each")
/* clang-format on */

/* Rights of a principal, as bits; the console and CSV files use the names in lower case. */
/* clang-format off */
#define TG_RIGHT_LIST(X) \
	X(ENROLL,  0x0001, "make members, link and unlink identifiers") \
	X(INQUIRY, 0x0002, "inquire, quote, ask for status and totals") \
	X(EARN,    0x0004, "earn") \
	X(BURN,    0x0008, "burn, hold, capture, release") \
	X(REFUND,  0x0010, "refund") \
	X(REVERSE, 0x0020, "reverse") \
	X(BATCH,   0x0040, "send batches and large frames") \
	X(ACT_FOR, 0x0080, "a partner's system: may name stores and terminals of its partner")
/* clang-format on */

enum tg_right {
#define TG_RIGHT_ENUM(name, bit, text) TG_RIGHT_##name = (bit),
	TG_RIGHT_LIST(TG_RIGHT_ENUM)
#undef TG_RIGHT_ENUM
};

enum tg_operation {
#define TG_OPERATION_ENUM(name, number, right, has_id, text) TG_OP_##name = (number),
	TG_OPERATION_LIST(TG_OPERATION_ENUM)
#undef TG_OPERATION_ENUM
};

/* What a field's bytes are.  Bounds are of the value for integers, of the bytes or elements else. */
enum tg_type {
	TG_TYPE_INT,	   /* integer of any width, within bounds */
	TG_TYPE_BOOL,	   /* true or false */
	TG_TYPE_BIN,	   /* bytes */
	TG_TYPE_STR,	   /* UTF-8 text without control characters */
	TG_TYPE_LINES,	   /* array of [item text, category, quantity, amount] */
	TG_TYPE_ITEMS,	   /* array of [operation, body]; in an answer of [status, body] */
	TG_TYPE_EXPIRIES,  /* array of [last day, points] */
	TG_TYPE_ENTRIES,   /* array of [sequence, kind, status, booked at, partner, store, points] */
	TG_TYPE_TOTALS,	   /* array of [kind, count, points, amount] */
};

/*
 * Fields.  Columns: name, wire number, type, lower bound, upper bound, unit and meaning.
 * Days count from 1970-01-01 in the programme's zone; times are milliseconds of UTC since then.
 */
/* clang-format off */
#define TG_FIELD_LIST(X) \
	X(VERSION,            1, INT,   1, 255, "protocol version") \
	X(CLIENT_NONCE,       2, BIN,   16, 16, "random bytes of the client, new for each connection") \
	X(TERMINAL,           3, INT,   1, UINT32_MAX, "terminal number (the principal in AUTH; else who a partner's system acts for)") \
	X(STORE,              4, INT,   1, UINT32_MAX, "store number") \
	X(KEY_GENERATION,     5, INT,   1, 65535, "generation of the terminal's key") \
	X(PROOF,              6, BIN,   32, 32, "HMAC-SHA-256 that proves the key") \
	X(TRANSACTION_ID,     7, BIN,   16, 16, "made and kept by the terminal before the first send") \
	X(BUSINESS_TIME,      8, INT,   0, INT64_C(253402300799999), "when it happened at the till, ms UTC") \
	X(MEMBER,             9, INT,   1, INT64_MAX, "member reference") \
	X(IDENTIFIER_TYPE,   10, INT,   1, 255, "type of the identifier: 1 card, 2 phone, 3 app, others configured") \
	X(IDENTIFIER,        11, STR,   1, 64, "identifier as read at the till") \
	X(NEW_TYPE,          12, INT,   1, 255, "type of the identifier to link") \
	X(NEW_IDENTIFIER,    13, STR,   1, 64, "identifier to link") \
	X(AMOUNT,            14, INT,   0, TG_AMOUNT_MAX, "money, minor units: eligible amount of the purchase, or value returned") \
	X(COVERED,           15, INT,   0, TG_AMOUNT_MAX, "part of the amount that points paid for, minor units") \
	X(POINTS,            16, INT,   0, TG_AMOUNT_MAX, "points asked for") \
	X(ORIGINAL,          17, BIN,   16, 16, "transaction id of the original (in REFUND, the earn)") \
	X(ORIGINAL_TIME,     18, INT,   0, INT64_C(253402300799999), "business time of the original, ms UTC") \
	X(ORIGINAL_BURN,     19, BIN,   16, 16, "in REFUND: transaction id of the burn or capture that paid a part") \
	X(REASON,            20, INT,   1, 255, "1 time-out, 2 voided at the till, 3 goods returned, 4 other") \
	X(RECEIPT,           21, STR,   1, 32, "receipt number") \
	X(TILL,              22, INT,   1, UINT32_MAX, "till number within the store") \
	X(TILL_DAY,          23, INT,   0, 2932896, "the till's own business day, days since 1970-01-01") \
	X(LINES,             24, LINES, 1, 100, "lines of the receipt") \
	X(TENDER,            25, INT,   0, 255, "means of payment: 1 cash, 2 card, 3 wallet, 4 points, others configured") \
	X(CHANNEL,           26, INT,   0, 255, "channel: 1 store, 2 web, 3 app, 4 phone, others configured") \
	X(CAMPAIGN,          27, INT,   1, UINT32_MAX, "campaign or touch that led here") \
	X(LATE,              28, BOOL,  0, 1, "sent from store and forward") \
	X(REPEAT,            29, BOOL,  0, 1, "sent before under the same id") \
	X(HOLD_SECONDS,      30, INT,   1, 3024000, "how long the hold may stay open, s") \
	X(SKIP_LIMITED,      31, BOOL,  0, 1, "leave limited points alone") \
	X(QUOTED_OPERATION,  32, INT,   20, 21, "operation to quote: 20 EARN, 21 BURN") \
	X(DAY,               33, INT,   0, 2932896, "day to total, days since 1970-01-01") \
	X(BASIS,             34, INT,   1, 2, "1 by business date, 2 by the till's own day") \
	X(SCOPE,             35, INT,   1, 3, "1 terminal, 2 store, 3 partner") \
	X(ITEMS,             36, ITEMS, 1, TG_BATCH_ITEMS_MAX, "transactions of a batch, or their outcomes") \
	X(ENTRIES_WANTED,    37, INT,   0, 20, "how many last entries to tell") \
	X(SOFTWARE,          64, STR,   1, 64, "software and version of the terminal") \
	X(ATTEMPT,           65, INT,   0, 65535, "how often this request was sent before") \
	X(QUEUE_DEPTH,       66, INT,   0, UINT32_MAX, "requests waiting in store and forward") \
	X(QUEUE_AGE,         67, INT,   0, UINT32_MAX, "age of the oldest waiting request, s") \
	X(SERVER_NONCE,      80, BIN,   16, 16, "random bytes of the server, new for each connection") \
	X(INSTANCE,          81, STR,   1, 64, "name of the coalition's instance") \
	X(FRAME_BYTES_MAX,   82, INT,   1, UINT32_MAX, "largest frame the session may send, bytes") \
	X(IN_FLIGHT_MAX,     83, INT,   1, 65535, "requests the session may have unanswered") \
	X(SERVER_TIME,       84, INT,   0, INT64_MAX, "the server's time, ms UTC") \
	X(BUSINESS_DATE,     85, INT,   0, 2932896, "business date of the programme, days since 1970-01-01") \
	X(STEPPED_CLOCK,     86, BOOL,  0, 1, "the clock is moved by hand: a demonstration or a test") \
	X(PARTNER,           87, INT,   1, UINT32_MAX, "partner number") \
	X(RIGHTS,            88, INT,   0, 65535, "rights of the principal, bits") \
	X(FIELD,             89, INT,   0, UINT32_MAX, "number of the field at fault") \
	X(RETRY_AFTER,       90, INT,   0, UINT32_MAX, "wait before sending again or reconnecting, ms") \
	X(SEQUENCE,          91, INT,   1, INT64_MAX, "number of the record in the ledger") \
	X(BOOKED_AT,         92, INT,   0, INT64_MAX, "when it was booked, ms UTC") \
	X(REPLAY,            93, BOOL,  0, 1, "this outcome was decided for an earlier copy of the request") \
	X(OUTCOME,           94, INT,   0, 65535, "status of the transaction asked for") \
	X(KIND,              95, INT,   0, 255, "operation of the transaction asked for") \
	X(STATE,             96, INT,   0, 255, "0 standing, 1 reversed, 2 open, 3 captured, 4 released, 5 expired") \
	X(AVAILABLE,         97, INT,   -TG_BALANCE_MAX, TG_BALANCE_MAX, "points usable here and now") \
	X(PENDING,           98, INT,   -TG_BALANCE_MAX, TG_BALANCE_MAX, "points not yet usable") \
	X(HELD,              99, INT,   -TG_BALANCE_MAX, TG_BALANCE_MAX, "points in open holds") \
	X(DEBT,             100, INT,   -TG_BALANCE_MAX, TG_BALANCE_MAX, "points owed, shown positive") \
	X(EXPIRES_DAY,      101, INT,   0, 2932896, "last day of the points that expire next") \
	X(EXPIRES_POINTS,   102, INT,   0, TG_BALANCE_MAX, "points that expire next") \
	X(EXPIRIES,         103, EXPIRIES, 0, 64, "last days and points, soonest first") \
	X(ENTRIES,          104, ENTRIES, 0, 20, "last entries, newest first") \
	X(TOTALS,           105, TOTALS, 0, 64, "counts and sums by kind") \
	X(BASE_POINTS,      106, INT,   0, TG_BALANCE_MAX, "points of the base component") \
	X(BONUS_POINTS,     107, INT,   0, TG_BALANCE_MAX, "points of the bonus component") \
	X(CAPPED,           108, BOOL,  0, 1, "a cap cut the bonus") \
	X(TAKEN_POINTS,     109, INT,   0, TG_BALANCE_MAX, "earned points taken back") \
	X(RESTORED_POINTS,  110, INT,   0, TG_BALANCE_MAX, "burned points given back") \
	X(LOST_POINTS,      111, INT,   0, TG_BALANCE_MAX, "burned points not given back: past their last day") \
	X(PAID_DEBT,        112, INT,   0, TG_BALANCE_MAX, "points that went to pay debt") \
	X(DEADLINE,         113, INT,   0, INT64_MAX, "until when the hold stays open, ms UTC") \
	X(MONEY_RETURNED,   114, INT,   0, TG_AMOUNT_MAX, "money to give back, minor units") \
	X(MESSAGE,          115, STR,   0, 200, "text for the receipt or the operator") \
	X(OFFERS,           116, STR,   0, 200, "text of an offer for the receipt")
/* clang-format on */

/* Indexes into the field table, dense from 0; the wire number is tg_field_number(). */
enum tg_field {
#define TG_FIELD_ENUM(name, number, type, low, high, text) TG_FIELD_##name,
	TG_FIELD_LIST(TG_FIELD_ENUM)
#undef TG_FIELD_ENUM
	TG_FIELD_COUNT,
};

/* Which side may send a field of an operation, and how it is treated. */
enum tg_use {
	TG_USE_REQUIRED = 1,	/* request: must be there */
	TG_USE_OPTIONAL = 2,	/* request: may be there */
	TG_USE_REPLY = 4,	/* answer: may be there */
	TG_USE_PRINTED = 8,	/* request: part of the fingerprint when present */
};

#endif
