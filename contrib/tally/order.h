/*
 * order.h - what the person at the keyboard asks for: a command with its words, made a request.
 *
 * A member is named by a card number, by TYPE:IDENTIFIER (card:, phone:, app:, or a number), or by
 * member:REFERENCE.  An earlier transaction is named as it was printed: its id, @, its time in
 * milliseconds.
 */
#ifndef TG_CONTRIB_TALLY_ORDER_H
#define TG_CONTRIB_TALLY_ORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/common/failure.h"
#include "contrib/common/transaction_id.h"
#include "contrib/tally/settings.h"
#include "protocol/rows.h"
#include "protocol/value.h"

/* "0123456789abcdef0123456789abcdef@1714557600123" with its final zero. */
#define ORDER_TOKEN_BYTES (TRANSACTION_ID_TEXT_BYTES + 1 + 20)

/*
 * Commands.  Columns: word, operation, words that follow (in brackets: may be left out), help.
 */
/* clang-format off */
#define COMMAND_LIST(X) \
	X(enroll,  ENROLL,  "IDENTIFIER",               "make a member with a card or other identifier") \
	X(link,    LINK,    "MEMBER IDENTIFIER",        "give a member another identifier") \
	X(unlink,  UNLINK,  "MEMBER IDENTIFIER",        "take an identifier from a member") \
	X(inquiry, INQUIRY, "MEMBER",                   "balances, next expiries, last entries") \
	X(quote,   QUOTE,   "MEMBER EARN|BURN|IN|OUT NUMBER", "what an earn, burn or exchange would do") \
	X(earn,    EARN,    "MEMBER AMOUNT",            "points for a purchase") \
	X(burn,    BURN,    "MEMBER POINTS",            "pay with points") \
	X(hold,    HOLD,    "MEMBER POINTS",            "reserve points") \
	X(capture, CAPTURE, "MEMBER TRANSACTION POINTS", "burn from a hold; the rest is released") \
	X(release, RELEASE, "MEMBER TRANSACTION",       "give a hold back") \
	X(refund,  REFUND,  "MEMBER TRANSACTION AMOUNT", "goods of an earlier purchase come back") \
	X(reverse, REVERSE, "MEMBER TRANSACTION",       "undo a transaction whole") \
	X(confirm, CONFIRM, "MEMBER TRANSACTION",       "make pending points of an earn available") \
	X(exchange, EXCHANGE, "MEMBER IN|OUT GIVEN",    "own currency becomes points, or points own currency") \
	X(topup,   TOP_UP,  "MEMBER AMOUNT",            "take a member's money as stored value") \
	X(pay,     PAY,     "MEMBER AMOUNT",            "pay with stored value") \
	X(status,  STATUS,  "MEMBER TRANSACTION",       "what became of a transaction") \
	X(history, HISTORY, "MEMBER",                   "a page of a member's entries of all times") \
	X(entries, ENTRIES, "[DAY]",                    "a page of the partner's entries of a day") \
	X(totals,  TOTALS,  "[DAY]",                    "counts and sums of a day; without DAY of today") \
	X(ping,    PING,    "",                         "is the gateway there?")
/* clang-format on */

/* Memory that a request points into. */
struct order_room {
	uint8_t	transaction_id[TG_TRANSACTION_ID_BYTES];
	uint8_t original[TG_TRANSACTION_ID_BYTES];
	uint8_t original_burn[TG_TRANSACTION_ID_BYTES];
	uint8_t lines[TG_LINES_MAX * 64];
};

/* A command that was understood. */
struct order {
	enum tg_operation operation;
	bool		  is_transaction; /* has an id */
	bool		  is_repeat;	  /* id and time were given */
	int64_t		  time_ms;	  /* business time that was given; -1: now */
	struct tg_message request;	  /* without transaction id and business time */
	struct order_room room;
};

/* Understand words and settings.  False with the reason, which names what is wrong. */
bool order_read(struct order *order, int word_count, char *const words[],
		const struct settings *settings, struct failure *failure);

/* Give it its id, unless it repeats one, and its time; day: the gateway's, for TOTALS. */
bool order_finish(struct order *order, int64_t now_ms, int32_t day, struct failure *failure);

/* The transaction as it is printed, and named later. */
void order_token(const struct order *order, char ret_text[ORDER_TOKEN_BYTES]);

/* Print the commands. */
void order_help(FILE *file);

#endif
