/*
 * clearing.h - what records mean for settlement, summed by business date.
 *
 * A line is what one partner did on one business date under one item: so many records, so many
 * points.  `clearing` in MariaDB holds the same lines, made by SQL over its postings.  Test
 * members are left out.  Pure.
 */
#ifndef TG_STORAGE_CLEARING_H
#define TG_STORAGE_CLEARING_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/record.h"
#include "protocol/status.h"
#include "storage/io.h"

/*
 * Items, as the column `item` lists them.  Columns: name, number, word, sign of the money where all
 * pay a pool, the same where issuers pay redeemers (1: the partner owes), what is paid for each:
 * CLEARING_BY_*, text.
 */
/* clang-format off */
#define CLEARING_ITEM_LIST(X) \
	X(ISSUED,     1, issued,      1,  0, ISSUED, "points put into the world") \
	X(TAKEN,      2, taken,      -1,  0, ISSUED, "of these, taken back by refunds and reversals") \
	X(REDEEMED,   3, redeemed,   -1,  0, REDEEMED, "points that came back") \
	X(RESTORED,   4, restored,    1,  0, REDEEMED, "of these, given back to members") \
	X(DEBT,       5, debt,        1,  0, DEBT, "points taken back that had been spent, owed by members") \
	X(DEBT_PAID,  6, debt_paid,  -1,  0, DEBT, "of these, paid since") \
	X(OWES,       7, owes,        0,  1, ISSUED, "points of the partner that others redeemed") \
	X(DUE,        8, due,         0, -1, REDEEMED, "points of others that the partner redeemed") \
	X(EXPIRED,    9, expired,     0,  0, ISSUED, "points of the partner that expired") \
	X(CORRECTION, 10, correction, 1,  1, SAID, "items besides points") \
	X(WRITTEN_OFF, 11, written_off, 0, 0, ISSUED, "debts of members that were given up") \
	X(TRANSACTION, 12, transaction, 1, 1, TRANSACTION, "fee for earns, burns and captures") \
	X(MONTH,      13, month,      1,  1, MONTH, "fee for months that ended") \
	X(ISSUE_FEE,  14, issue_fee,  1,  1, ISSUE_FEE, "fee for points issued") \
	X(REDEEM_FEE, 15, redeem_fee, 1,  1, REDEEM_FEE, "fee for points redeemed") \
	X(EXCHANGED_IN, 16, exchanged_in, 0, 0, ISSUED, "of the points issued, those given for its own currency") \
	X(EXCHANGED_OUT, 17, exchanged_out, 0, 0, REDEEMED, "of the points redeemed, those exchanged into its own currency") \
	X(BLOCK,      18, block,      1,  1, SAID, "points bought ahead, less those paid back unused") \
	X(ADJUSTED,   19, adjusted,    1,  0, DEBT, "points that operators gave for the partner, less those taken") \
	X(TOPPED_UP,  20, topped_up,   1,  1, MONEY, "stored value topped up there, less that given back in money") \
	X(PAID_VALUE, 21, paid_value, -1, -1, MONEY, "paid with stored value there, less that given back to it")
/* clang-format on */

enum clearing_item {
#define CLEARING_ITEM_ENUM(name, number, word, pooled, traced, by, text)                           \
	CLEARING_##name = (number),
	CLEARING_ITEM_LIST(CLEARING_ITEM_ENUM)
#undef CLEARING_ITEM_ENUM
};

#define CLEARING_ITEMS 21

/* What the money of an item is reckoned by. */
enum clearing_by {
	CLEARING_BY_ISSUED,	/* the price of a point issued; prepaid: nothing, it is paid */
	CLEARING_BY_DEBT,	/* that price, of a prepaid one, too: its block has all again */
	CLEARING_BY_REDEEMED,	/* the price of a point redeemed */
	CLEARING_BY_SAID,	/* it says the money itself */
	CLEARING_BY_TRANSACTION, /* a fee for each record */
	CLEARING_BY_MONTH,	/* a fee for each record */
	CLEARING_BY_ISSUE_FEE,	/* a fee for each point */
	CLEARING_BY_REDEEM_FEE,	/* a fee for each point */
	CLEARING_BY_MONEY,	/* its points are money, minor units */
};

struct clearing_line {
	int32_t	 business_date;		/* DAY_NONE: before the first one */
	uint32_t partner;
	uint8_t	 item;			/* enum clearing_item */
	/* OWES, DUE, CORRECTION, BLOCK: the other party; 0: operator */
	uint32_t other;
	/* in force for its records; version 0: none, the programme's value of a point counts */
	struct funding_config terms;
	uint64_t records;		/* postings, or matched parts of them */
	int64_t	 points;		/* as the item says, mostly >= 0 */
	int64_t	 amount;		/* CORRECTION, BLOCK: minor units, > 0: the partner owes */
};

struct clearing;
struct provenance;
struct provenance_leg;

/* NULL: out of memory. */
struct clearing *clearing_new(void);
void clearing_free(struct clearing *clearing);

/*
 * Add what a record did.  is_traced: obligations between partners, too.
 * TG_OK; TG_NO_MEMORY; TG_CORRUPT: it does not follow from the records before it.
 */
TG_MUST_CHECK enum tg_status clearing_add(struct clearing *clearing, const struct record *record,
					  bool is_traced, struct storage_error *error);

/*
 * Only the obligations that one record of a member makes, by its legs, of which those of prepaid
 * partners are marked; results as clearing_add() without a text.
 */
TG_MUST_CHECK enum tg_status clearing_trace(struct clearing *clearing, int32_t business_date,
					    uint64_t member, struct provenance_leg *legs,
					    uint32_t count);

/* The same of a record by which one member lends another; see provenance_lend(). */
TG_MUST_CHECK enum tg_status clearing_lend(struct clearing *clearing, uint64_t from, uint64_t to,
					   int64_t points, const struct provenance_leg *legs,
					   uint32_t count);

/* A partner's terms from now on, for clearing_trace() alone; else records tell.  TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status clearing_set_terms(struct clearing *clearing,
						const struct funding_config *terms);

/* A partner's terms in force after the records added; version 0: none. */
const struct funding_config *clearing_terms(const struct clearing *clearing, uint32_t partner);

/*
 * Call each, from now on, with every part of a line as it is added: the record's sequence, and the
 * line with what that record adds to it.  What it returns other than TG_OK is the adding's result.
 */
typedef enum tg_status clearing_part_fn(void *context, uint64_t sequence,
					const struct clearing_line *part);
void clearing_watch(struct clearing *clearing, clearing_part_fn *each, void *context);

/* The members' queues, as far as they were told. */
struct provenance *clearing_provenance(struct clearing *clearing);

/* Every line there is, in no order. */
typedef enum tg_status clearing_line_fn(void *context, const struct clearing_line *line);
TG_MUST_CHECK enum tg_status clearing_each(const struct clearing *clearing, clearing_line_fn *each,
					   void *context);

/*
 * Take out the lines of a partner up to a business date, by date, item and other party: those of
 * its oldest cycle that has no statement.  ret_lines: freed by the caller.  TG_OK; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status clearing_take(struct clearing *clearing, uint32_t partner,
					   int32_t last, struct clearing_line **ret_lines,
					   uint32_t *ret_count);

/* The item that a posting counts for; 0: none. */
uint8_t clearing_item_of(uint8_t account, int64_t points);

/* The word of an item, as MariaDB's column has it; its number, 0 for no word of an item. */
const char *clearing_item_word(uint8_t item);
uint8_t clearing_item_by_word(const char *word);

/* Money of a line under the terms of its statement, minor units, rounded towards zero. */
int64_t clearing_amount(const struct clearing_line *line, const struct settlement_terms *terms);

#endif
