/*
 * rows.h - reads and writes fields that are arrays: lines, expiries, entries, totals, history,
 * items.
 *
 * A decoded message keeps such a field as msgpack bytes that the decoder has checked; here they are
 * read row by row, and here an encoder's are made.  Nothing is allocated.
 */
#ifndef TG_PROTOCOL_ROWS_H
#define TG_PROTOCOL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/cursor.h"
#include "protocol/message.h"
#include "protocol/status.h"
#include "protocol/value.h"
#include "protocol/writer.h"

/* One line of a receipt. */
struct tg_line {
	const char *item;    /* UTF-8 without NUL at its end, borrowed; may be NULL if empty */
	uint32_t item_bytes; /* 0 to TG_ITEM_BYTES_MAX */
	uint32_t category;   /* of goods, 0 for none */
	uint32_t quantity;   /* thousandths of a piece or unit */
	int64_t amount;	     /* money of the whole line, minor units; a discount is negative */
};

/* Points that expire after one day. */
struct tg_expiry {
	int32_t day;	/* last day they can be used, days since 1970-01-01 */
	int64_t points; /* >= 0 */
};

/* One of a member's entries. */
struct tg_entry {
	int64_t sequence;	  /* of the record */
	uint32_t kind;		  /* operation, or what happened by itself */
	uint32_t status;	  /* answered */
	int64_t booked_at_utc_ms; /* when it was booked */
	uint32_t partner;	  /* number, 0 for the programme itself */
	uint32_t store;		  /* number, 0 for none */
	int64_t points;		  /* change of the member's points */
};

/* Count and sums of one kind. */
struct tg_total {
	uint32_t kind;	  /* operation */
	bool is_declined; /* of those declined; else of those that succeeded */
	int64_t count;	  /* transactions */
	int64_t points;	  /* their sum */
	int64_t amount;	  /* their sum, minor units */
};

/* One entry with all that it is about. */
struct tg_history {
	int64_t sequence;	     /* of the record */
	int32_t business_date;	     /* days since 1970-01-01 */
	int64_t booked_at_utc_ms;    /* when it was booked */
	uint32_t kind;		     /* operation */
	uint32_t status;	     /* answered */
	int64_t member;		     /* reference, 0 for none */
	uint32_t store;		     /* number, 0 for none */
	uint32_t terminal;	     /* number, 0 for none */
	const uint8_t *id;	     /* transaction id, borrowed; may be NULL if there is none */
	uint32_t id_bytes;	     /* 0 or TG_TRANSACTION_ID_BYTES */
	int64_t business_time_utc_ms; /* by the till's clock, 0 for none */
	const uint8_t *original;     /* id of the original named, as id */
	uint32_t original_bytes;
	uint32_t till;		     /* number, 0 for none */
	int32_t till_day;	     /* days since 1970-01-01, 0 for none */
	const char *receipt;	     /* as tg_line's item */
	uint32_t receipt_bytes;	     /* 0 to TG_RECEIPT_BYTES_MAX */
	int64_t amount;		     /* minor units */
	int64_t covered;	     /* part of it that points paid for, minor units */
	int64_t points;		     /* as TOTALS counts them */
	int64_t change;		     /* of the member's points */
	bool is_test;		     /* of a test member: in no total */
};

/* A part of a day's transactions. */
struct tg_bucket {
	uint32_t hour;	/* of the business time, UTC; 0 when divided by part */
	uint32_t kind;	/* operation; 0 when divided by part */
	uint32_t part;	/* next byte of the place; 0 when divided by hour and kind */
	int64_t count;	/* transactions, > 0 */
	int64_t points; /* their sum */
	int64_t amount; /* their sum, minor units */
	uint8_t digest[TG_DIGEST_BYTES]; /* their sum, see proof.h */
};

/* A part of an earn. */
struct tg_component {
	uint32_t campaign; /* number; 0: part of the base */
	uint32_t sponsor;  /* partner that issues it; 0: several */
	int64_t amount;	   /* money that it counts, minor units */
	int64_t points;	   /* given */
	uint32_t refusal;  /* why a campaign gives nothing; 0: it gives */
	uint32_t rate;	   /* which of the programme's, from 1; 0: the partner's own, or none */
};

/* Rows not yet read. */
struct tg_rows {
	struct tg_cursor cursor; /* at the next row */
	uint32_t left;		 /* rows still to come */
};

/* Begin to read a field of an array type.  value: of a decoded message, or made by tg_*_write(). */
void tg_rows_start(const struct tg_value *value, struct tg_rows *ret_rows);

/*
 * Read the next row of a field of the type that the name says.
 * False, with *ret_ untouched, at the end.  Strings point into the field's bytes.
 */
bool tg_rows_next_line(struct tg_rows *rows, struct tg_line *ret_line);
bool tg_rows_next_expiry(struct tg_rows *rows, struct tg_expiry *ret_expiry);
bool tg_rows_next_entry(struct tg_rows *rows, struct tg_entry *ret_entry);
bool tg_rows_next_total(struct tg_rows *rows, struct tg_total *ret_total);
bool tg_rows_next_history(struct tg_rows *rows, struct tg_history *ret_history);
bool tg_rows_next_bucket(struct tg_rows *rows, struct tg_bucket *ret_bucket);
bool tg_rows_next_component(struct tg_rows *rows, struct tg_component *ret_component);

/*
 * Find where the next item of a batch begins and ends; decode it with tg_decode_item_request() or
 * tg_decode_item_answer().  *ret_item points into the field's bytes.  False at the end.
 */
bool tg_rows_next_item(struct tg_rows *rows, struct tg_cursor *ret_item);

/*
 * Write an array field's rows into writer and set the field of message to them.
 *
 * The bytes stay in the writer's buffer and must live until message is encoded, by another writer.
 * Values out of the bounds of the table are the caller's bug.
 * False, with message untouched, when the writer is full.
 */
TG_MUST_CHECK bool tg_lines_write(struct tg_writer *writer, const struct tg_line *lines,
				  uint32_t count, struct tg_message *message);
TG_MUST_CHECK bool tg_expiries_write(struct tg_writer *writer, const struct tg_expiry *expiries,
				     uint32_t count, struct tg_message *message);
TG_MUST_CHECK bool tg_entries_write(struct tg_writer *writer, const struct tg_entry *entries,
				    uint32_t count, struct tg_message *message);
TG_MUST_CHECK bool tg_totals_write(struct tg_writer *writer, const struct tg_total *totals,
				   uint32_t count, struct tg_message *message);
/* The same as CLAIMED. */
TG_MUST_CHECK bool tg_claimed_write(struct tg_writer *writer, const struct tg_total *totals,
				    uint32_t count, struct tg_message *message);
TG_MUST_CHECK bool tg_components_write(struct tg_writer *writer,
				       const struct tg_component *components, uint32_t count,
				       struct tg_message *message);
TG_MUST_CHECK bool tg_buckets_write(struct tg_writer *writer, const struct tg_bucket *buckets,
				    uint32_t count, struct tg_message *message);
TG_MUST_CHECK bool tg_history_write(struct tg_writer *writer, const struct tg_history *history,
				    uint32_t count, struct tg_message *message);

#endif
