/*
 * message.c - which operation has which fields, and look-ups in the message table.
 *
 * The USES_ lists below are the table: one row for each field of each operation.  All else here is
 * made from them and from the lists in message.h at compile time.
 */
#include "protocol/message.h"

#include <assert.h>
#include <strings.h>

#include "protocol/assert.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* How a row's second column reads: requests need or may have a field, answers tell it. */
enum {
	NEED = TG_USE_REQUIRED | TG_USE_PRINTED,
	NEED_UNPRINTED = TG_USE_REQUIRED,
	MAY = TG_USE_OPTIONAL | TG_USE_PRINTED,
	MAY_UNPRINTED = TG_USE_OPTIONAL,
	TELL = TG_USE_REPLY,
	ASKED = TG_USE_REQUIRED | TG_USE_OPTIONAL,
};

/* clang-format off */

/* Groups of rows that several operations share. */

/* Every answer may carry these. */
#define ANSWER(X) \
	X(FIELD,            TELL) \
	X(RETRY_AFTER,      TELL) \
	X(MESSAGE,          TELL) \
	X(SANDBOX,          TELL)

/* For whom a partner's system acts. */
#define ACTS_FOR(X) \
	X(TERMINAL,         MAY_UNPRINTED) \
	X(STORE,            MAY_UNPRINTED)

/* What makes a request a transaction. */
#define TRANSACTION(X) \
	ACTS_FOR(X) \
	X(TRANSACTION_ID,   NEED_UNPRINTED) \
	X(BUSINESS_TIME,    NEED) \
	X(LATE,             MAY_UNPRINTED) \
	X(REPEAT,           MAY_UNPRINTED) \
	X(ATTEMPT,          MAY_UNPRINTED)

/* The member: exactly one of MEMBER, and IDENTIFIER with its type. */
#define NAMES_MEMBER(X) \
	X(MEMBER,           MAY) \
	X(IDENTIFIER_TYPE,  MAY) \
	X(IDENTIFIER,       MAY)

/* Where on the receipt it stands. */
#define RECEIPT_OF(X) \
	X(RECEIPT,          MAY) \
	X(TILL,             MAY) \
	X(TILL_DAY,         MAY) \
	X(LINES,            MAY) \
	X(TENDER,           MAY) \
	X(CHANNEL,          MAY) \
	X(CAMPAIGN,         MAY)

/* An earlier transaction of the same partner. */
#define NAMES_ORIGINAL(X) \
	X(ORIGINAL,         NEED) \
	X(ORIGINAL_TIME,    NEED)

/* The member as it stands after the request. */
#define BALANCES(X) \
	X(MEMBER,           TELL) \
	X(AVAILABLE,        TELL) \
	X(PENDING,          TELL) \
	X(HELD,             TELL) \
	X(DEBT,             TELL) \
	X(EXPIRES_DAY,      TELL) \
	X(EXPIRES_POINTS,   TELL) \
	X(BUSINESS_DATE,    TELL)

/* The record that the request became. */
#define BOOKED(X) \
	ANSWER(X) \
	BALANCES(X) \
	X(SEQUENCE,         TELL) \
	X(BOOKED_AT,        TELL) \
	X(REPLAY,           TELL) \
	X(OFFERS,           TELL)

#define EARN_RESULT(X) \
	X(COMPONENTS,       TELL) \
	X(POINTS,           TELL) \
	X(BASE_POINTS,      TELL) \
	X(BONUS_POINTS,     TELL) \
	X(CAPPED,           TELL) \
	X(PAID_DEBT,        TELL)

#define RETURN_RESULT(X) \
	X(TAKEN_POINTS,     TELL) \
	X(RESTORED_POINTS,  TELL) \
	X(LOST_POINTS,      TELL) \
	X(PAID_DEBT,        TELL) \
	X(MONEY_RETURNED,   TELL)

#define STORED_VALUE(X) \
	X(VALUE,            TELL) \
	X(VALUE_CHANGE,     TELL)

/* The operations. */

#define USES_HELLO(X) \
	ANSWER(X) \
	X(VERSION,          NEED_UNPRINTED | TELL) \
	X(CLIENT_NONCE,     NEED_UNPRINTED) \
	X(SOFTWARE,         MAY_UNPRINTED) \
	X(SERVER_NONCE,     TELL) \
	X(INSTANCE,         TELL) \
	X(FRAME_BYTES_MAX,  TELL) \
	X(BATCH_BYTES_MAX,  TELL) \
	X(IN_FLIGHT_MAX,    TELL) \
	X(SERVER_TIME,      TELL) \
	X(BUSINESS_DATE,    TELL) \
	X(STEPPED_CLOCK,    TELL)

#define USES_AUTH(X) \
	ANSWER(X) \
	X(TERMINAL,         NEED_UNPRINTED | TELL) \
	X(KEY_GENERATION,   MAY_UNPRINTED) \
	X(PROOF,            MAY_UNPRINTED | TELL) \
	X(PARTNER,          TELL) \
	X(STORE,            TELL) \
	X(RIGHTS,           TELL) \
	X(FRAME_BYTES_MAX,  TELL) \
	X(IN_FLIGHT_MAX,    TELL) \
	X(SERVER_TIME,      TELL) \
	X(BUSINESS_DATE,    TELL)

#define USES_PING(X) \
	ANSWER(X) \
	X(BUSINESS_TIME,    MAY_UNPRINTED) \
	X(SOFTWARE,         MAY_UNPRINTED) \
	X(QUEUE_DEPTH,      MAY_UNPRINTED) \
	X(QUEUE_AGE,        MAY_UNPRINTED) \
	X(SETTLED_DAY,      MAY_UNPRINTED) \
	X(COUNTED_DAY,      MAY_UNPRINTED) \
	X(COUNTED_TRANSACTIONS, MAY_UNPRINTED) \
	X(COUNTED_POINTS,   MAY_UNPRINTED) \
	X(SERVER_TIME,      TELL) \
	X(BUSINESS_DATE,    TELL)

#define USES_NOTICE(X) \
	X(OUTCOME,          TELL) \
	X(RETRY_AFTER,      TELL) \
	X(MESSAGE,          TELL) \
	X(SANDBOX,          TELL)

#define USES_ACTIVATE(X) \
	ANSWER(X) \
	X(TERMINAL,         NEED_UNPRINTED | TELL) \
	X(ACTIVATION_CODE,  NEED_UNPRINTED) \
	X(ACTIVATION_NONCE, NEED_UNPRINTED) \
	X(KEY,              TELL) \
	X(KEY_GENERATION,   TELL) \
	X(INSTANCE,         TELL) \
	X(PARTNER,          TELL) \
	X(STORE,            TELL) \
	X(REPLAY,           TELL) \
	X(SERVER_TIME,      TELL)

#define USES_ENROLL(X) \
	TRANSACTION(X) \
	X(IDENTIFIER_TYPE,  NEED) \
	X(IDENTIFIER,       NEED) \
	X(NEW_TYPE,         MAY) \
	X(NEW_IDENTIFIER,   MAY) \
	X(CHANNEL,          MAY) \
	X(CAMPAIGN,         MAY) \
	BOOKED(X)

#define USES_LINK(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	X(NEW_TYPE,         NEED) \
	X(NEW_IDENTIFIER,   NEED) \
	X(CHANNEL,          MAY) \
	BOOKED(X)

#define USES_UNLINK(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	X(NEW_TYPE,         NEED) \
	X(NEW_IDENTIFIER,   NEED) \
	X(CHANNEL,          MAY) \
	BOOKED(X)

#define USES_INQUIRY(X) \
	ACTS_FOR(X) \
	NAMES_MEMBER(X) \
	X(ENTRIES_WANTED,   MAY_UNPRINTED) \
	ANSWER(X) \
	BALANCES(X) \
	X(USABLE,           TELL) \
	X(VALUE,            TELL) \
	X(EXPIRIES,         TELL) \
	X(ENTRIES,          TELL) \
	X(OFFERS,           TELL)

#define USES_QUOTE(X) \
	ACTS_FOR(X) \
	NAMES_MEMBER(X) \
	RECEIPT_OF(X) \
	X(BUSINESS_TIME,    MAY) \
	X(QUOTED_OPERATION, NEED) \
	X(AMOUNT,           MAY) \
	X(COVERED,          MAY) \
	X(POINTS,           MAY) \
	X(SKIP_LIMITED,     MAY) \
	X(DIRECTION,        MAY | TELL) \
	X(OWN_UNITS,        MAY | TELL) \
	ANSWER(X) \
	BALANCES(X) \
	EARN_RESULT(X) \
	X(RATE_NUM,         TELL) \
	X(RATE_DEN,         TELL) \
	X(OFFERS,           TELL)

#define USES_EARN(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	RECEIPT_OF(X) \
	X(AMOUNT,           NEED) \
	X(COVERED,          MAY) \
	BOOKED(X) \
	EARN_RESULT(X)

#define USES_BURN(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	RECEIPT_OF(X) \
	X(POINTS,           NEED | TELL) \
	X(AMOUNT,           MAY) \
	X(COVERED,          MAY) \
	X(SKIP_LIMITED,     MAY) \
	BOOKED(X)

#define USES_HOLD(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	RECEIPT_OF(X) \
	X(POINTS,           NEED | TELL) \
	X(AMOUNT,           MAY) \
	X(COVERED,          MAY) \
	X(HOLD_SECONDS,     MAY) \
	X(SKIP_LIMITED,     MAY) \
	X(VALUE_HELD,       MAY) \
	BOOKED(X) \
	X(DEADLINE,         TELL) \
	STORED_VALUE(X)

#define USES_CAPTURE(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	NAMES_ORIGINAL(X) \
	RECEIPT_OF(X) \
	X(POINTS,           NEED | TELL) \
	X(AMOUNT,           MAY) \
	X(COVERED,          MAY) \
	X(VALUE_HELD,       MAY) \
	BOOKED(X) \
	X(RESTORED_POINTS,  TELL) \
	STORED_VALUE(X)

#define USES_RELEASE(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	NAMES_ORIGINAL(X) \
	X(REASON,           MAY) \
	BOOKED(X) \
	X(RESTORED_POINTS,  TELL) \
	STORED_VALUE(X)

#define USES_REFUND(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	RECEIPT_OF(X) \
	X(ORIGINAL,         MAY) \
	X(ORIGINAL_TIME,    NEED) \
	X(ORIGINAL_BURN,    MAY) \
	X(AMOUNT,           NEED) \
	X(POINTS,           MAY) \
	X(REASON,           MAY) \
	BOOKED(X) \
	RETURN_RESULT(X) \
	STORED_VALUE(X)

#define USES_REVERSE(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	NAMES_ORIGINAL(X) \
	X(REASON,           NEED) \
	X(RECEIPT,          MAY) \
	X(TILL,             MAY) \
	X(TILL_DAY,         MAY) \
	BOOKED(X) \
	X(TAKEN_POINTS,     TELL) \
	X(RESTORED_POINTS,  TELL) \
	X(PAID_DEBT,        TELL) \
	X(MONEY_RETURNED,   TELL) \
	X(OWN_UNITS,        TELL) \
	STORED_VALUE(X)

#define USES_CONFIRM(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	NAMES_ORIGINAL(X) \
	BOOKED(X) \
	X(POINTS,           TELL)

/* What is exchanged; in a request beside the points of OUT, or what is expected of it. */
#define EXCHANGES(X) \
	X(DIRECTION,        TELL) \
	X(OWN_UNITS,        TELL) \
	X(RATE_NUM,         TELL) \
	X(RATE_DEN,         TELL)

#define USES_EXCHANGE(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	X(RECEIPT,          MAY) \
	X(TILL,             MAY) \
	X(TILL_DAY,         MAY) \
	X(CHANNEL,          MAY) \
	X(DIRECTION,        NEED | TELL) \
	X(OWN_UNITS,        MAY | TELL) \
	X(POINTS,           MAY | TELL) \
	X(SKIP_LIMITED,     MAY) \
	BOOKED(X) \
	X(RATE_NUM,         TELL) \
	X(RATE_DEN,         TELL) \
	X(PAID_DEBT,        TELL)

#define USES_TOP_UP(X) \
	TRANSACTION(X) \
	NAMES_MEMBER(X) \
	RECEIPT_OF(X) \
	X(AMOUNT,           NEED) \
	BOOKED(X) \
	STORED_VALUE(X)

#define USES_PAY(X) \
	USES_TOP_UP(X)

#define USES_STATUS(X) \
	ACTS_FOR(X) \
	NAMES_MEMBER(X) \
	NAMES_ORIGINAL(X) \
	ANSWER(X) \
	BALANCES(X) \
	X(SEQUENCE,         TELL) \
	X(BOOKED_AT,        TELL) \
	X(OFFERS,           TELL) \
	EARN_RESULT(X) \
	RETURN_RESULT(X) \
	EXCHANGES(X) \
	STORED_VALUE(X) \
	X(OUTCOME,          TELL) \
	X(KIND,             TELL) \
	X(STATE,            TELL) \
	X(DEADLINE,         TELL)

#define USES_TOTALS(X) \
	ACTS_FOR(X) \
	X(DAY,              NEED) \
	X(BASIS,            NEED) \
	X(SCOPE,            NEED) \
	ANSWER(X) \
	X(BUSINESS_DATE,    TELL) \
	X(TOTALS,           TELL)

/* How far the archive is. */
#define ARCHIVED(X) \
	X(HELD_SEQUENCE,    TELL) \
	X(LAG_RECORDS,      TELL) \
	X(LAG,              TELL)

/* A page of entries, and how far the archive is that it comes from. */
#define PAGE(X) \
	X(ROWS_WANTED,      MAY_UNPRINTED) \
	ANSWER(X) \
	X(BUSINESS_DATE,    TELL) \
	X(HISTORY,          TELL) \
	X(MORE,             TELL) \
	ARCHIVED(X)

#define USES_HISTORY(X) \
	ACTS_FOR(X) \
	NAMES_MEMBER(X) \
	X(MEMBER,           TELL) \
	X(BEFORE,           MAY_UNPRINTED) \
	PAGE(X)

#define USES_ENTRIES(X) \
	X(DAY,              NEED) \
	X(AFTER,            MAY_UNPRINTED) \
	PAGE(X) \
	X(COMPLETE,         TELL)

#define USES_DAY_END(X) \
	ACTS_FOR(X) \
	X(DAY,              NEED) \
	X(BASIS,            NEED) \
	X(SCOPE,            NEED) \
	X(CLAIMED,          MAY_UNPRINTED) \
	ANSWER(X) \
	X(BUSINESS_DATE,    TELL) \
	X(RESULT,           TELL) \
	X(TOTALS,           TELL)

/* A part of a day's transactions. */
#define PART_OF_DAY(X) \
	ACTS_FOR(X) \
	X(DAY,              NEED) \
	X(BASIS,            NEED) \
	X(SCOPE,            NEED) \
	X(OF_HOUR,          MAY) \
	X(OF_KIND,          MAY) \
	X(PREFIX,           MAY)

#define USES_BUCKETS(X) \
	PART_OF_DAY(X) \
	X(DIVIDE,           NEED) \
	ANSWER(X) \
	X(BUSINESS_DATE,    TELL) \
	X(BUCKETS,          TELL) \
	ARCHIVED(X) \
	X(COMPLETE,         TELL)

#define USES_PART(X) \
	PART_OF_DAY(X) \
	X(AFTER,            MAY_UNPRINTED) \
	PAGE(X) \
	X(COMPLETE,         TELL)

#define USES_COUNTERSIGN(X) \
	ACTS_FOR(X) \
	X(DAY,              NEED) \
	X(BASIS,            NEED) \
	X(SCOPE,            NEED) \
	X(DIGEST,           NEED) \
	ANSWER(X) \
	X(BUSINESS_DATE,    TELL) \
	X(SEQUENCE,         TELL) \
	X(BOOKED_AT,        TELL) \
	X(REPLAY,           TELL) \
	X(CHAIN,            TELL)

#define USES_DISPUTE(X) \
	ACTS_FOR(X) \
	NAMES_ORIGINAL(X) \
	X(DISPUTE_REASON,   NEED) \
	X(AMOUNT,           MAY) \
	ANSWER(X) \
	X(BUSINESS_DATE,    TELL) \
	X(SEQUENCE,         TELL) \
	X(BOOKED_AT,        TELL) \
	X(REPLAY,           TELL)

/* A piece of a text, and what the whole is. */
#define TEXT_PIECE(X) \
	X(OFFSET,           MAY_UNPRINTED) \
	ANSWER(X) \
	X(DOCUMENT,         TELL) \
	X(MORE,             TELL) \
	X(DIGEST,           TELL) \
	ARCHIVED(X)

#define USES_STATEMENT(X) \
	X(CYCLE,            MAY) \
	X(FORM,             MAY) \
	TEXT_PIECE(X) \
	X(CHAIN,            TELL) \
	X(STATEMENT_STATE,  TELL)

#define USES_DISPUTES(X) \
	TEXT_PIECE(X)

#define USES_ACKNOWLEDGE(X) \
	X(CYCLE,            NEED) \
	X(CHAIN,            NEED) \
	ANSWER(X) \
	X(BUSINESS_DATE,    TELL) \
	X(SEQUENCE,         TELL) \
	X(BOOKED_AT,        TELL) \
	X(REPLAY,           TELL)

#define USES_BATCH(X) \
	X(ITEMS,            NEED_UNPRINTED | TELL) \
	ANSWER(X)

/* From rows to sets: the bit of a field in one word of a set, if its use has the flag. */
#define BIT_IF(field, word, is_wanted) \
	| ((is_wanted) ? (uint64_t)((field) / 64 == (word)) << ((field) % 64) : 0)
#define REQUIRED_0(field, use) BIT_IF(TG_FIELD_##field, 0, (use) & TG_USE_REQUIRED)
#define REQUIRED_1(field, use) BIT_IF(TG_FIELD_##field, 1, (use) & TG_USE_REQUIRED)
#define REQUIRED_2(field, use) BIT_IF(TG_FIELD_##field, 2, (use) & TG_USE_REQUIRED)
#define REQUESTED_0(field, use) BIT_IF(TG_FIELD_##field, 0, (use) & ASKED)
#define REQUESTED_1(field, use) BIT_IF(TG_FIELD_##field, 1, (use) & ASKED)
#define REQUESTED_2(field, use) BIT_IF(TG_FIELD_##field, 2, (use) & ASKED)
#define REPLIED_0(field, use) BIT_IF(TG_FIELD_##field, 0, (use) & TG_USE_REPLY)
#define REPLIED_1(field, use) BIT_IF(TG_FIELD_##field, 1, (use) & TG_USE_REPLY)
#define REPLIED_2(field, use) BIT_IF(TG_FIELD_##field, 2, (use) & TG_USE_REPLY)
#define PRINTED_0(field, use) BIT_IF(TG_FIELD_##field, 0, (use) & TG_USE_PRINTED)
#define PRINTED_1(field, use) BIT_IF(TG_FIELD_##field, 1, (use) & TG_USE_PRINTED)
#define PRINTED_2(field, use) BIT_IF(TG_FIELD_##field, 2, (use) & TG_USE_PRINTED)
#define SET_OF(uses, flag) { { 0 uses(flag##_0), 0 uses(flag##_1), 0 uses(flag##_2) } }

/* clang-format on */

static_assert(TG_FIELD_COUNT == 3 * 64, "SET_OF makes all words of a set");

/* By wire number; gaps have no name. */
static const struct tg_operation_info operations[] = {
#define OPERATION_ROW(op_name, op_number, op_right, has_id, op_text) \
	[op_number] = { \
		.name = #op_name, \
		.text = op_text, \
		.number = op_number, \
		.right = op_right, \
		.has_transaction_id = has_id, \
		.required = SET_OF(USES_##op_name, REQUIRED), \
		.requested = SET_OF(USES_##op_name, REQUESTED), \
		.replied = SET_OF(USES_##op_name, REPLIED), \
		.printed = SET_OF(USES_##op_name, PRINTED), \
	},
	TG_OPERATION_LIST(OPERATION_ROW)
#undef OPERATION_ROW
};

/* By wire number; gaps have no name. */
static const struct tg_field_info fields[] = {
#define FIELD_ROW(field_name, field_number, field_type, field_low, field_high, field_text) \
	[TG_FIELD_##field_name] = { #field_name,	  field_text, field_number, \
				    TG_TYPE_##field_type, field_low,  field_high },
	TG_FIELD_LIST(FIELD_ROW)
#undef FIELD_ROW
};

static_assert(LENGTH(fields) <= TG_FIELD_COUNT, "a set and a message have room for each field");

#define COLUMN_ROW(name, type, low, high, text) { #name, text, 0, TG_TYPE_##type, low, high },
static const struct tg_field_info line_columns[] = { TG_LINE_COLUMNS(COLUMN_ROW) };
static const struct tg_field_info expiry_columns[] = { TG_EXPIRY_COLUMNS(COLUMN_ROW) };
static const struct tg_field_info entry_columns[] = { TG_ENTRY_COLUMNS(COLUMN_ROW) };
static const struct tg_field_info total_columns[] = { TG_TOTAL_COLUMNS(COLUMN_ROW) };
static const struct tg_field_info history_columns[] = { TG_HISTORY_COLUMNS(COLUMN_ROW) };
static const struct tg_field_info bucket_columns[] = { TG_BUCKET_COLUMNS(COLUMN_ROW) };
static const struct tg_field_info component_columns[] = { TG_COMPONENT_COLUMNS(COLUMN_ROW) };
#undef COLUMN_ROW

const struct tg_operation_info *
tg_operation_info(uint64_t number)
{
	if (number >= LENGTH(operations) || operations[number].name == NULL)
		return NULL;
	return &operations[number];
}

uint32_t
tg_operation_next(uint32_t number)
{
	while (++number < LENGTH(operations))
		if (operations[number].name != NULL)
			return number;
	return 0;
}

const char *
tg_operation_name(uint64_t number)
{
	const struct tg_operation_info *info = tg_operation_info(number);

	return info != NULL ? info->name : "?";
}

const struct tg_field_info *
tg_field_info(uint64_t number)
{
	if (number >= LENGTH(fields) || fields[number].name == NULL)
		return NULL;
	return &fields[number];
}

uint32_t
tg_field_next(uint32_t number)
{
	while (++number < LENGTH(fields))
		if (fields[number].name != NULL)
			return number;
	return 0;
}

const char *
tg_field_name(uint64_t number)
{
	const struct tg_field_info *info = tg_field_info(number);

	return info != NULL ? info->name : "?";
}

const char *
tg_type_name(enum tg_type type)
{
	static const char *const names[] = {
#define TYPE_NAME(name, text) [TG_TYPE_##name] = #name,
		TG_TYPE_LIST(TYPE_NAME)
#undef TYPE_NAME
	};

	TG_ASSERT((unsigned)type < LENGTH(names));
	return names[type];
}

const char *
tg_type_text(enum tg_type type)
{
	static const char *const texts[] = {
#define TYPE_TEXT(name, text) [TG_TYPE_##name] = text,
		TG_TYPE_LIST(TYPE_TEXT)
#undef TYPE_TEXT
	};

	TG_ASSERT((unsigned)type < LENGTH(texts));
	return texts[type];
}

const struct tg_field_info *
tg_type_columns(enum tg_type type, uint32_t *ret_count)
{
	switch (type) {
	case TG_TYPE_LINES:
		*ret_count = LENGTH(line_columns);
		return line_columns;
	case TG_TYPE_EXPIRIES:
		*ret_count = LENGTH(expiry_columns);
		return expiry_columns;
	case TG_TYPE_ENTRIES:
		*ret_count = LENGTH(entry_columns);
		return entry_columns;
	case TG_TYPE_TOTALS:
		*ret_count = LENGTH(total_columns);
		return total_columns;
	case TG_TYPE_HISTORY:
		*ret_count = LENGTH(history_columns);
		return history_columns;
	case TG_TYPE_BUCKETS:
		*ret_count = LENGTH(bucket_columns);
		return bucket_columns;
	case TG_TYPE_COMPONENTS:
		*ret_count = LENGTH(component_columns);
		return component_columns;
	case TG_TYPE_INT:
	case TG_TYPE_BOOL:
	case TG_TYPE_BIN:
	case TG_TYPE_STR:
	case TG_TYPE_ITEMS:
		break;
	}
	*ret_count = 0;
	return NULL;
}

/* Rights by word. */
static const struct right_row {
	const char *word; /* as console and CSV files write it */
	uint32_t bit;	  /* of enum tg_right */
} rights[] = {
#define RIGHT_ROW(name, word, bit, text) { #word, bit },
	TG_RIGHT_LIST(RIGHT_ROW)
#undef RIGHT_ROW
};

const char *
tg_right_name(uint32_t right)
{
	for (size_t i = 0; i < LENGTH(rights); i++)
		if (rights[i].bit == right)
			return rights[i].word;
	return "?";
}

uint32_t
tg_right_by_name(const char *word)
{
	for (size_t i = 0; i < LENGTH(rights); i++)
		if (strcasecmp(rights[i].word, word) == 0)
			return rights[i].bit;
	return 0;
}
