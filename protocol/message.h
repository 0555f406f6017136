/*
 * message.h - the message table: every operation and every field on the wire.
 *
 * A request is [request id, operation, body], an answer [request id, status, body], a message of
 * the server's own [0, operation, body].  A body is a map from field number to value.  Encoder,
 * decoder, protocol reference, client library and fuzz dictionary come from the lists below; which
 * operation has which fields stands in message.c.  Numbers are never re-used.  Fields below 64 must
 * be understood by the receiver of a request; fields from 64 may be ignored.
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
#define TG_ITEM_BYTES_MAX 32
#define TG_ENTRIES_MAX 20
#define TG_EXPIRIES_MAX 64
#define TG_TOTALS_MAX 64
#define TG_COMPONENTS_MAX 16
#define TG_BUCKETS_MAX 336			/* 24 hours of 14 kinds, or 256 parts */
#define TG_PREFIX_BYTES_MAX 8
#define TG_DOCUMENT_BYTES_MAX 12288
#define TG_DIGEST_BYTES 16
#define TG_HISTORY_MAX 90			/* so many of the longest fit into a frame */
#define TG_DAY_MAX 2932896			/* 9999-12-31 */
#define TG_TIME_MS_MAX INT64_C(253402300799999) /* its last millisecond */

/* Version of the set of printed fields; part of every fingerprint. */
#define TG_TABLE_VERSION 1

/* Fields below this number must be understood by the receiver of a request. */
#define TG_FIELD_NUMBER_IGNORABLE 64

/* A larger key in a body is a malformed frame. */
#define TG_FIELD_NUMBER_MAX 255

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
	X(ACTIVATE, 5, 0,                 false, "get a terminal's key for its one-time code; over TLS, before AUTH") \
	X(ENROLL,  10, TG_RIGHT_ENROLL,   true,  "make a member with one or two identifiers") \
	X(LINK,    11, TG_RIGHT_ENROLL,   true,  "give a member another identifier") \
	X(UNLINK,  12, TG_RIGHT_ENROLL,   true,  "take an identifier from a member") \
	X(INQUIRY, 13, TG_RIGHT_INQUIRY,  false, "balances, next expiries and last entries of a member") \
	X(QUOTE,   14, TG_RIGHT_INQUIRY,  false, "what an earn, burn or exchange would do, without doing it") \
	X(EARN,    20, TG_RIGHT_EARN,     true,  "points for a purchase") \
	X(BURN,    21, TG_RIGHT_BURN,     true,  "pay with points") \
	X(HOLD,    22, TG_RIGHT_BURN,     true,  "reserve points") \
	X(CAPTURE, 23, TG_RIGHT_BURN,     true,  "burn from a hold; the rest is released") \
	X(RELEASE, 24, TG_RIGHT_BURN,     true,  "give a hold back") \
	X(REFUND,  25, TG_RIGHT_REFUND,   true,  "goods come back: restore burned points, take earned ones") \
	X(REVERSE, 26, TG_RIGHT_REVERSE,  true,  "undo a transaction whole: outcome unknown, or voided at the till") \
	X(CONFIRM, 27, TG_RIGHT_EARN,     true,  "make the pending points of an earn available") \
	X(EXCHANGE, 28, TG_RIGHT_EXCHANGE, true, "points for the partner's own currency, or the other way") \
	X(STATUS,  30, TG_RIGHT_INQUIRY,  false, "what became of a transaction id") \
	X(TOTALS,  31, TG_RIGHT_INQUIRY,  false, "counts and sums of a day by kind") \
	X(HISTORY, 33, TG_RIGHT_INQUIRY,  false, "a member's entries of all times, by pages") \
	X(ENTRIES, 34, TG_RIGHT_INQUIRY,  false, "a partner's entries of a business date, by pages") \
	X(DAY_END, 35, TG_RIGHT_INQUIRY,  false, "compare a day's totals with those of the gateway") \
	X(BUCKETS, 36, TG_RIGHT_INQUIRY,  false, "divide a day's transactions, to find those that differ") \
	X(PART,    37, TG_RIGHT_INQUIRY,  false, "a part of a day's transactions, by pages") \
	X(COUNTERSIGN, 38, TG_RIGHT_INQUIRY, false, "sign a day's digest") \
	X(DISPUTE, 39, TG_RIGHT_INQUIRY,  false, "say that an entry is wrong") \
	X(STATEMENT, 41, TG_RIGHT_INQUIRY, false, "a partner's statement, or a list of all, as a text by pieces") \
	X(ACKNOWLEDGE, 42, TG_RIGHT_INQUIRY, false, "say that a statement is right") \
	X(DISPUTES, 43, TG_RIGHT_INQUIRY, false, "a partner's disputes, as a text by pieces") \
	X(BATCH,   40, TG_RIGHT_BATCH,    false, "many transactions in one frame, an outcome each") \
	X(TOP_UP,  50, TG_RIGHT_VALUE,    true,  "take a member's money as stored value") \
	X(PAY,     51, TG_RIGHT_VALUE,    true,  "pay with stored value")
/* clang-format on */

/* Rights of a principal.  Columns: name, word for console and CSV files, bit, text. */
/* clang-format off */
#define TG_RIGHT_LIST(X) \
	X(ENROLL,  enroll,  0x0001, "make members, link and unlink identifiers") \
	X(INQUIRY, inquiry, 0x0002, "inquire, quote, ask for status and totals") \
	X(EARN,    earn,    0x0004, "earn") \
	X(BURN,    burn,    0x0008, "burn, hold, capture, release") \
	X(REFUND,  refund,  0x0010, "refund") \
	X(REVERSE, reverse, 0x0020, "reverse") \
	X(BATCH,   batch,   0x0040, "send batches and large frames") \
	X(ACT_FOR, act_for, 0x0080, "a partner's system: may name stores and terminals of its partner") \
	X(EXCHANGE, exchange, 0x0100, "exchange points for the partner's own currency, both ways") \
	X(VALUE,   value,   0x0200, "top up stored value and pay with it")
/* clang-format on */

enum tg_right {
#define TG_RIGHT_ENUM(name, word, bit, text) TG_RIGHT_##name = (bit),
	TG_RIGHT_LIST(TG_RIGHT_ENUM)
#undef TG_RIGHT_ENUM
};

enum tg_operation {
#define TG_OPERATION_ENUM(name, number, right, has_id, text) TG_OP_##name = (number),
	TG_OPERATION_LIST(TG_OPERATION_ENUM)
#undef TG_OPERATION_ENUM
};

/*
 * What a field's bytes are.  Columns: name, text.  Bounds are of the value for integers, of the
 * bytes for BIN and STR, of the number of rows for the array types after them.
 */
/* clang-format off */
#define TG_TYPE_LIST(X) \
	X(INT,      "integer of any width") \
	X(BOOL,     "true or false") \
	X(BIN,      "bytes") \
	X(STR,      "UTF-8 text without control characters") \
	X(LINES,    "array of receipt lines") \
	X(ITEMS,    "array of [operation, body]; in an answer of [status, body]") \
	X(EXPIRIES, "array of last days with points") \
	X(ENTRIES,  "array of a member's entries") \
	X(TOTALS,   "array of counts and sums by kind") \
	X(HISTORY,  "array of entries, each with all that it is about") \
	X(BUCKETS,  "array of counts, sums and digests of a day's transactions") \
	X(COMPONENTS, "array of the parts of an earn, each with a rule of its own")
/* clang-format on */

enum tg_type {
#define TG_TYPE_ENUM(name, text) TG_TYPE_##name,
	TG_TYPE_LIST(TG_TYPE_ENUM)
#undef TG_TYPE_ENUM
};

/*
 * Rows of the array types: each is an array of exactly these values, in this order.  Columns: name,
 * type, lower bound, upper bound, unit and meaning.
 */
/* clang-format off */
#define TG_LINE_COLUMNS(X) \
	X(item,         STR, 0, TG_ITEM_BYTES_MAX, "item number or text, may be empty") \
	X(category,     INT, 0, UINT32_MAX, "category of goods, 0 for none") \
	X(quantity,     INT, 0, UINT32_MAX, "thousandths of a piece or unit") \
	X(amount,       INT, -TG_AMOUNT_MAX, TG_AMOUNT_MAX, "money of the whole line, minor units; a discount is negative")
#define TG_EXPIRY_COLUMNS(X) \
	X(day,          INT, 0, TG_DAY_MAX, "last day the points can be used") \
	X(points,       INT, 0, TG_BALANCE_MAX, "points that expire after it")
#define TG_ENTRY_COLUMNS(X) \
	X(sequence,     INT, 1, INT64_MAX, "number of the record in the ledger") \
	X(kind,         INT, 0, 255, "the operation; 30 expired, 31 matured, 32 hold past its deadline") \
	X(status,       INT, 0, 65535, "status it was answered with") \
	X(booked_at,    INT, 0, INT64_MAX, "when it was booked, ms UTC") \
	X(partner,      INT, 0, UINT32_MAX, "partner number, 0 for the programme itself") \
	X(store,        INT, 0, UINT32_MAX, "store number, 0 for none") \
	X(points,       INT, -TG_BALANCE_MAX, TG_BALANCE_MAX, "change of the member's points")
#define TG_TOTAL_COLUMNS(X) \
	X(kind,         INT, 0, 255, "operation") \
	X(is_declined,  BOOL, 0, 1, "those declined, or those that succeeded") \
	X(count,        INT, 0, INT64_MAX, "how many transactions") \
	X(points,       INT, -TG_BALANCE_MAX, TG_BALANCE_MAX, "sum of their points") \
	X(amount,       INT, -TG_BALANCE_MAX, TG_BALANCE_MAX, "sum of their amounts, minor units")
#define TG_HISTORY_COLUMNS(X) \
	X(sequence,     INT, 1, INT64_MAX, "number of the record in the ledger") \
	X(date,         INT, 0, TG_DAY_MAX, "business date it carries") \
	X(booked_at,    INT, 0, INT64_MAX, "when it was booked, ms UTC") \
	X(kind,         INT, 0, 255, "the operation") \
	X(status,       INT, 0, 65535, "status it was answered with") \
	X(member,       INT, 0, INT64_MAX, "member reference, 0 for none") \
	X(store,        INT, 0, UINT32_MAX, "store number, 0 for none") \
	X(terminal,     INT, 0, UINT32_MAX, "terminal number, 0 for none") \
	X(id,           BIN, 0, 16, "transaction id, empty for none") \
	X(time,         INT, 0, TG_TIME_MS_MAX, "business time, ms UTC, 0 for none") \
	X(original,     BIN, 0, 16, "id of the original that it names, empty for none") \
	X(till,         INT, 0, UINT32_MAX, "till number within the store, 0 for none") \
	X(till_day,     INT, 0, TG_DAY_MAX, "the till's own business day, 0 for none") \
	X(receipt,      STR, 0, TG_RECEIPT_BYTES_MAX, "receipt number, may be empty") \
	X(amount,       INT, 0, TG_AMOUNT_MAX, "its AMOUNT, minor units") \
	X(covered,      INT, 0, TG_AMOUNT_MAX, "its COVERED, minor units") \
	X(points,       INT, -TG_BALANCE_MAX, TG_BALANCE_MAX, "points as TOTALS counts them") \
	X(change,       INT, -TG_BALANCE_MAX, TG_BALANCE_MAX, "change of the member's points") \
	X(is_test,      BOOL, 0, 1, "of a test member: in no total")
#define TG_COMPONENT_COLUMNS(X) \
	X(campaign,     INT, 0, UINT32_MAX, "campaign that gives it; 0: part of the base, with a rate of its own") \
	X(sponsor,      INT, 0, UINT32_MAX, "partner that issues it; 0: several, by the campaign's shares") \
	X(amount,       INT, 0, TG_AMOUNT_MAX, "money that it counts, minor units") \
	X(points,       INT, 0, TG_BALANCE_MAX, "points that it gives") \
	X(refusal,      INT, 0, 255, "0: it gives; why not: 1 member's cap, 2 partner's, 3 budget, 4 no room, 5 sponsor's cover") \
	X(rate,         INT, 0, UINT16_MAX, "rate that counts: which of the file's `rates`, from 1; 0: the partner's own, or none")
#define TG_BUCKET_COLUMNS(X) \
	X(hour,         INT, 0, 23, "hour of the business time, UTC; 0 when divided by part") \
	X(kind,         INT, 0, 255, "operation; 0 when divided by part") \
	X(part,         INT, 0, 255, "next byte of the place; 0 when divided by hour and kind") \
	X(count,        INT, 1, UINT32_MAX, "how many transactions") \
	X(points,       INT, -TG_BALANCE_MAX, TG_BALANCE_MAX, "sum of their points, as TOTALS counts them") \
	X(amount,       INT, -TG_BALANCE_MAX, TG_BALANCE_MAX, "sum of their amounts, minor units") \
	X(digest,       BIN, TG_DIGEST_BYTES, TG_DIGEST_BYTES, "sum of their digests")
/* clang-format on */

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
	X(BUSINESS_TIME,      8, INT,   0, TG_TIME_MS_MAX, "when it happened at the till, ms UTC") \
	X(MEMBER,             9, INT,   1, INT64_MAX, "member reference") \
	X(IDENTIFIER_TYPE,   10, INT,   1, 255, "type of the identifier: 1 card, 2 phone, 3 app, others configured") \
	X(IDENTIFIER,        11, STR,   1, 64, "identifier as read at the till") \
	X(NEW_TYPE,          12, INT,   1, 255, "type of the identifier to link or unlink") \
	X(NEW_IDENTIFIER,    13, STR,   1, 64, "identifier to link or unlink") \
	X(AMOUNT,            14, INT,   0, TG_AMOUNT_MAX, "money, minor units: eligible amount of the purchase, or value returned") \
	X(COVERED,           15, INT,   0, TG_AMOUNT_MAX, "part of the amount that points paid for, minor units") \
	X(POINTS,            16, INT,   0, TG_AMOUNT_MAX, "points asked for") \
	X(ORIGINAL,          17, BIN,   16, 16, "transaction id of the original (in REFUND, the earn)") \
	X(ORIGINAL_TIME,     18, INT,   0, TG_TIME_MS_MAX, "business time of the original, ms UTC") \
	X(ORIGINAL_BURN,     19, BIN,   16, 16, "in REFUND: transaction id of the burn or capture that paid a part") \
	X(REASON,            20, INT,   1, 255, "1 time-out, 2 voided at the till, 3 goods returned, 4 other") \
	X(RECEIPT,           21, STR,   1, 32, "receipt number") \
	X(TILL,              22, INT,   1, UINT32_MAX, "till number within the store") \
	X(TILL_DAY,          23, INT,   0, TG_DAY_MAX, "the till's own business day, days since 1970-01-01") \
	X(LINES,             24, LINES, 1, TG_LINES_MAX, "lines of the receipt") \
	X(TENDER,            25, INT,   0, 255, "means of payment: 1 cash, 2 card, 3 wallet, 4 points, others configured") \
	X(CHANNEL,           26, INT,   0, 255, "1 store, 2 web, 3 app, 4 phone, 5 card, 6 WeChat, 7 Weibo, 8 Wi-Fi, 9 hotline, or own") \
	X(CAMPAIGN,          27, INT,   1, UINT32_MAX, "campaign or touch that led here") \
	X(LATE,              28, BOOL,  0, 1, "sent from store and forward") \
	X(REPEAT,            29, BOOL,  0, 1, "sent before under the same id") \
	X(HOLD_SECONDS,      30, INT,   1, 3024000, "how long the hold may stay open, s") \
	X(SKIP_LIMITED,      31, BOOL,  0, 1, "leave limited points alone") \
	X(QUOTED_OPERATION,  32, INT,   20, 28, "operation to quote: 20 EARN, 21 BURN, 28 EXCHANGE") \
	X(DAY,               33, INT,   0, TG_DAY_MAX, "day to total, days since 1970-01-01") \
	X(BASIS,             34, INT,   1, 2, "1 by business date, 2 by the till's own day") \
	X(SCOPE,             35, INT,   1, 3, "1 terminal, 2 store, 3 partner") \
	X(ITEMS,             36, ITEMS, 1, TG_BATCH_ITEMS_MAX, "transactions of a batch, or their outcomes") \
	X(ENTRIES_WANTED,    37, INT,   0, 20, "how many last entries to tell") \
	X(DIRECTION,         40, INT,   1, 2, "1 in: own currency becomes points, 2 out: points become own currency") \
	X(OWN_UNITS,         41, INT,   0, TG_AMOUNT_MAX, "units of the partner's own currency: those offered, or exchanged") \
	X(CLAIMED,           47, TOTALS, 0, TG_TOTALS_MAX, "the till's own counts and sums by kind; declined ones are passed over") \
	X(DIVIDE,            48, INT,   1, 2, "1 by hour and kind, 2 by the next byte of the place") \
	X(OF_HOUR,           49, INT,   0, 23, "only transactions of this hour of the business time, UTC") \
	X(OF_KIND,           50, INT,   1, 255, "only transactions of this operation") \
	X(PREFIX,            51, BIN,   1, TG_PREFIX_BYTES_MAX, "only transactions whose place begins so") \
	X(DIGEST,            52, BIN,   TG_DIGEST_BYTES, TG_DIGEST_BYTES, "sum of the day's transactions' digests; of a text its SHA-256") \
	X(DISPUTE_REASON,    53, INT,   1, 8, "1 twice, 2 not ours, 3 amount, 4 points, 5 not undone, 6 too late, 7 fraud, 8 other") \
	X(CYCLE,             54, INT,   1, UINT32_MAX, "number of the partner's cycle of settlement, from 1") \
	X(FORM,              55, INT,   1, 3, "1 CSV, 2 JSON, 3 HTML") \
	X(SOFTWARE,          64, STR,   1, 64, "software and version of the terminal") \
	X(ATTEMPT,           65, INT,   0, 65535, "how often this request was sent before") \
	X(QUEUE_DEPTH,       66, INT,   0, UINT32_MAX, "requests waiting in store and forward") \
	X(QUEUE_AGE,         67, INT,   0, UINT32_MAX, "age of the oldest waiting request, s") \
	X(SERVER_NONCE,      80, BIN,   16, 16, "random bytes of the server, new for each connection") \
	X(INSTANCE,          81, STR,   1, 64, "name of the coalition's instance") \
	X(FRAME_BYTES_MAX,   82, INT,   1, UINT32_MAX, "largest frame the session may send, bytes") \
	X(IN_FLIGHT_MAX,     83, INT,   1, 65535, "requests the session may have unanswered") \
	X(SERVER_TIME,       84, INT,   0, INT64_MAX, "the server's time, ms UTC") \
	X(BUSINESS_DATE,     85, INT,   0, TG_DAY_MAX, "business date of the programme, days since 1970-01-01") \
	X(STEPPED_CLOCK,     86, BOOL,  0, 1, "the clock is moved by hand: a demonstration or a test") \
	X(PARTNER,           87, INT,   1, UINT32_MAX, "partner number") \
	X(RIGHTS,            88, INT,   0, 65535, "rights of the principal, bits") \
	X(FIELD,             89, INT,   0, UINT32_MAX, "number of the field at fault") \
	X(RETRY_AFTER,       90, INT,   0, UINT32_MAX, "wait before sending again or reconnecting, ms") \
	X(SEQUENCE,          91, INT,   1, INT64_MAX, "number of the record in the ledger") \
	X(BOOKED_AT,         92, INT,   0, INT64_MAX, "when it was booked, ms UTC") \
	X(REPLAY,            93, BOOL,  0, 1, "this outcome was decided for an earlier copy of the request") \
	X(OUTCOME,           94, INT,   0, 65535, "status of the transaction asked for; in NOTICE, the reason") \
	X(KIND,              95, INT,   0, 255, "operation of the transaction asked for") \
	X(STATE,             96, INT,   0, 255, "0 standing, 1 reversed, 2 open, 3 captured, 4 released, 5 expired") \
	X(AVAILABLE,         97, INT,   -TG_BALANCE_MAX, TG_BALANCE_MAX, "points there to be used, if perhaps not at this store") \
	X(PENDING,           98, INT,   -TG_BALANCE_MAX, TG_BALANCE_MAX, "points not yet usable") \
	X(HELD,              99, INT,   -TG_BALANCE_MAX, TG_BALANCE_MAX, "points in open holds") \
	X(DEBT,             100, INT,   -TG_BALANCE_MAX, TG_BALANCE_MAX, "points owed, shown positive") \
	X(EXPIRES_DAY,      101, INT,   0, TG_DAY_MAX, "last day of the points that expire next") \
	X(EXPIRES_POINTS,   102, INT,   0, TG_BALANCE_MAX, "points that expire next") \
	X(EXPIRIES,         103, EXPIRIES, 0, TG_EXPIRIES_MAX, "last days and points, soonest first") \
	X(ENTRIES,          104, ENTRIES, 0, TG_ENTRIES_MAX, "last entries, newest first") \
	X(TOTALS,           105, TOTALS, 0, TG_TOTALS_MAX, "counts and sums by kind") \
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
	X(OFFERS,           116, STR,   0, 200, "text of an offer for the receipt") \
	X(BATCH_BYTES_MAX,  117, INT,   1, UINT32_MAX, "largest frame of a session with the right to batch, bytes") \
	X(USABLE,           118, INT,   0, TG_BALANCE_MAX, "of the points available, those usable at this store") \
	X(SETTLED_DAY,      119, INT,   0, TG_DAY_MAX, "last till's own day that the terminal has settled, days since 1970-01-01") \
	X(COUNTED_DAY,      120, INT,   0, TG_DAY_MAX, "till's own day of the counts below, days since 1970-01-01") \
	X(COUNTED_TRANSACTIONS, 121, INT, 0, UINT32_MAX, "transactions of that day that the terminal knows as done") \
	X(COUNTED_POINTS,   122, INT,   -TG_BALANCE_MAX, TG_BALANCE_MAX, "sum of their points, as TOTALS counts them") \
	X(BEFORE,           123, INT,   1, INT64_MAX, "only entries before this record; absent: from the newest on") \
	X(AFTER,            124, INT,   0, INT64_MAX, "only entries after this record; absent: from the first on") \
	X(ROWS_WANTED,      125, INT,   1, TG_HISTORY_MAX, "how many entries to tell at most; absent: as many as a page has") \
	X(HISTORY,          126, HISTORY, 0, TG_HISTORY_MAX, "a page of entries") \
	X(MORE,             127, BOOL,  0, 1, "there are more entries beyond the last of this page") \
	X(HELD_SEQUENCE,    128, INT,   0, INT64_MAX, "the archive has every record up to this one") \
	X(LAG_RECORDS,      129, INT,   0, INT64_MAX, "records booked that the archive does not have yet") \
	X(LAG,              130, INT,   0, INT64_MAX, "age of the oldest of them, ms") \
	X(COMPLETE,         131, BOOL,  0, 1, "the day is closed, and the archive has all of it") \
	X(SANDBOX,          132, BOOL,  0, 1, "for trying out: nothing here counts, neither points nor money") \
	X(ACTIVATION_CODE,  133, STR,   1, 32, "one-time code that the operator gave for the terminal") \
	X(ACTIVATION_NONCE, 134, BIN,   16, 16, "random bytes that the till makes and keeps before it first asks") \
	X(KEY,              135, BIN,   32, 32, "the terminal's key, to be kept secret") \
	X(COMPONENTS,       136, COMPONENTS, 0, TG_COMPONENTS_MAX, "which rates and campaigns gave what, in their order") \
	X(RATE_NUM,         145, INT,   0, INT64_MAX, "rate of the exchange: this many of what is given ...") \
	X(RATE_DEN,         146, INT,   1, INT64_MAX, "... for this many of what is taken") \
	X(RESULT,           150, INT,   1, 3, "1 agreed, 2 out of balance, 3 nothing to settle") \
	X(BUCKETS,          151, BUCKETS, 0, TG_BUCKETS_MAX, "parts of the day's transactions that are not empty") \
	X(CHAIN,            152, BIN,   TG_DIGEST_BYTES, TG_DIGEST_BYTES, "over this digest and all that were signed before") \
	X(DOCUMENT,         153, BIN,   0, TG_DOCUMENT_BYTES_MAX, "a piece of the text") \
	X(STATEMENT_STATE,  154, INT,   1, 4, "1 closed, 2 acknowledged, 3 disputed, 4 paid") \
	X(OFFSET,           155, INT,   0, INT64_MAX, "where in the text the piece begins, bytes; absent: 0") \
	X(VALUE,            176, INT,   0, TG_BALANCE_MAX, "the member's stored value after it, minor units") \
	X(VALUE_CHANGE,     177, INT,   -TG_AMOUNT_MAX, TG_AMOUNT_MAX, "what it changed of the stored value, minor units") \
	X(VALUE_HELD,       178, INT,   1, TG_AMOUNT_MAX, "stored value to hold, or to pay of what is held, minor units; then POINTS is 0")
/* clang-format on */

/*
 * Fields by their numbers on the wire, so that a program built against an older table still means
 * the same.  A message in memory has room for numbers below TG_FIELD_COUNT.
 */
enum tg_field {
#define TG_FIELD_ENUM(name, number, type, low, high, text) TG_FIELD_##name = (number),
	TG_FIELD_LIST(TG_FIELD_ENUM)
#undef TG_FIELD_ENUM
		TG_FIELD_COUNT = 192,
};

/* Which side may send a field of an operation, and how it is treated. */
enum tg_use {
	TG_USE_REQUIRED = 1, /* request: must be there */
	TG_USE_OPTIONAL = 2, /* request: may be there */
	TG_USE_REPLY = 4,    /* answer: may be there */
	TG_USE_PRINTED = 8,  /* request: part of the fingerprint when present */
};

/* Values of REASON, STATE, BASIS, SCOPE, RESULT; wire numbers, never re-used. */
enum tg_reason {
	TG_REASON_TIME_OUT = 1,
	TG_REASON_VOIDED = 2,
	TG_REASON_RETURNED = 3,
	TG_REASON_OTHER = 4,
};

enum tg_state {
	TG_STATE_STANDING = 0,
	TG_STATE_REVERSED = 1,
	TG_STATE_OPEN = 2,
	TG_STATE_CAPTURED = 3,
	TG_STATE_RELEASED = 4,
	TG_STATE_EXPIRED = 5,
};

enum tg_basis {
	TG_BASIS_BUSINESS_DATE = 1,
	TG_BASIS_TILL_DAY = 2,
};

enum tg_scope {
	TG_SCOPE_TERMINAL = 1,
	TG_SCOPE_STORE = 2,
	TG_SCOPE_PARTNER = 3,
};

enum tg_result {
	TG_RESULT_AGREED = 1,
	TG_RESULT_OUT_OF_BALANCE = 2,
	TG_RESULT_NOTHING = 3,
};

/* Values of DIRECTION. */
enum tg_direction {
	TG_DIRECTION_IN = 1,
	TG_DIRECTION_OUT = 2,
};

/* Values of FORM. */
enum tg_form {
	TG_FORM_CSV = 1,
	TG_FORM_JSON = 2,
	TG_FORM_HTML = 3,
};

/* Values of DIVIDE. */
enum tg_divide {
	TG_DIVIDE_HOURS = 1,
	TG_DIVIDE_PARTS = 2,
};

/* A set of fields: bit (field % 64) of words[field / 64]. */
#define TG_FIELD_WORDS (TG_FIELD_COUNT / 64)
struct tg_field_set {
	uint64_t words[TG_FIELD_WORDS];
};

/* What the table knows of an operation. */
struct tg_operation_info {
	const char *name;	       /* "EARN" */
	const char *text;	       /* one English sentence part */
	uint32_t number;	       /* on the wire */
	uint32_t right;		       /* bit of enum tg_right that it needs, 0 for none */
	bool has_transaction_id;       /* is recorded under a transaction id; allowed in a batch */
	struct tg_field_set required;  /* request: must be there */
	struct tg_field_set requested; /* request: may be there, the required ones included */
	struct tg_field_set replied;   /* answer: may be there */
	struct tg_field_set printed;   /* request: part of the fingerprint when present */
};

/* What the table knows of a field, or of a column of an array type's rows. */
struct tg_field_info {
	const char *name;  /* "AMOUNT"; columns in lower case */
	const char *text;  /* unit and meaning */
	uint32_t number;   /* on the wire; of a column, 0 */
	enum tg_type type; /* of the value */
	int64_t low;	   /* smallest value, or fewest bytes or rows */
	int64_t high;	   /* largest value, or most bytes or rows */
};

/* What the table knows of an operation; NULL when the number is not in the list.  Static memory. */
const struct tg_operation_info *tg_operation_info(uint64_t number);

/* The lowest number of an operation above this one, 0 when there is none.  Begin with 0. */
uint32_t tg_operation_next(uint32_t number);

/* The operation's name, "?" for a number that is not in the list. */
const char *tg_operation_name(uint64_t number);

/* What the table knows of a field; NULL when the number is not in the list.  Static memory. */
const struct tg_field_info *tg_field_info(uint64_t number);

/* The lowest number of a field above this one, 0 when there is none.  Begin with 0. */
uint32_t tg_field_next(uint32_t number);

/* The field's name, "?" for a number that is not in the list. */
const char *tg_field_name(uint64_t number);

/* The type's name in upper case, and its description. */
const char *tg_type_name(enum tg_type type);
const char *tg_type_text(enum tg_type type);

/*
 * The columns of an array type's rows, in order.  ret_count: how many.  NULL with a count of 0 for
 * types without rows, and for ITEMS, whose rows are messages themselves.
 */
const struct tg_field_info *tg_type_columns(enum tg_type type, uint32_t *ret_count);

/* The word for a right's single bit ("act_for"), "?" for anything else. */
const char *tg_right_name(uint32_t right);

/* The bit of a right by its word in any case, 0 when there is none. */
uint32_t tg_right_by_name(const char *word);

/* Is the field in the set? */
static inline bool
tg_field_set_has(const struct tg_field_set *set, enum tg_field field)
{
	return (set->words[(unsigned)field / 64] >> ((unsigned)field % 64)) & 1;
}

/* Put the field into the set. */
static inline void
tg_field_set_add(struct tg_field_set *set, enum tg_field field)
{
	set->words[(unsigned)field / 64] |= UINT64_C(1) << ((unsigned)field % 64);
}

/*
 * The first field of the set at or after from, in number order; TG_FIELD_COUNT when there is none.
 * for (f = tg_field_set_next(&s, 0); f < TG_FIELD_COUNT; f = tg_field_set_next(&s, f + 1)) ...
 */
static inline enum tg_field
tg_field_set_next(const struct tg_field_set *set, unsigned from)
{
	for (unsigned word = from / 64; word < TG_FIELD_WORDS; word++) {
		uint64_t bits = set->words[word] >> (from % 64) << (from % 64);

		if (bits != 0)
			return (enum tg_field)(word * 64 + (unsigned)__builtin_ctzll(bits));
		from = 0;
	}
	return TG_FIELD_COUNT;
}

#endif
