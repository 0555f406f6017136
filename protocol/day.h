/*
 * day.h - the end of a day, from the side of the till: does the gateway have the same?
 *
 * Knows the exchange that PROTOCOL.md tells under "The end of a day", and no connection: questions
 * are asked through a function.  tg_client_day_end() asks them over a client.
 */
#ifndef TG_PROTOCOL_DAY_H
#define TG_PROTOCOL_DAY_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/message.h"
#include "protocol/proof.h"
#include "protocol/rows.h"
#include "protocol/status.h"
#include "protocol/value.h"

struct tg_client;

/* A day, and what the asker has of it.  Everything borrowed. */
struct tg_day {
	int32_t day;			   /* days since 1970-01-01 */
	enum tg_basis basis;		   /* business date, or the till's own day */
	enum tg_scope scope;		   /* the terminal's, the store's or the partner's */
	uint32_t store;			   /* a partner's system: acts for this store; 0: none */
	uint32_t terminal;		   /* ... for this terminal; 0: itself */
	const struct tg_proof_item *items; /* those that succeeded; ids differ */
	uint32_t item_count;
	bool is_divided; /* divide even if the totals agree, or are no longer kept */
};

/* How a transaction differs. */
enum tg_difference {
	TG_DIFFERENCE_ONLY_HERE = 1,  /* never arrived: send it, late */
	TG_DIFFERENCE_ONLY_THERE = 2, /* booked, and lost here */
	TG_DIFFERENCE_FIGURES = 3,    /* kind, business time, points or amount */
};

/*
 * Called for each transaction that differs.  here: of the day's items, NULL with ONLY_THERE.
 * there: for the call only, NULL with ONLY_HERE.
 */
typedef void tg_difference_fn(void *context, enum tg_difference difference,
			      const struct tg_proof_item *here, const struct tg_history *there);

/* What came of it. */
struct tg_day_result {
	enum tg_result result;	   /* of the totals; 0: they are no longer kept there */
	uint32_t question_count;   /* sent, each with one answer */
	uint32_t difference_count; /* told */
	int64_t lag_records;	   /* booked, and not yet in what was divided */
	bool is_complete;	   /* the business date is over, and all of it was divided */
	bool is_divided;	   /* parts were asked for; lag_records and is_complete are told */
};

/* Ask one question and wait for its answer; as tg_client_call(). */
typedef enum tg_status tg_day_ask_fn(void *context, const struct tg_message *request,
				     struct tg_message *ret_answer);

/* Both callbacks get context. */
struct tg_day_callbacks {
	tg_day_ask_fn *ask;
	tg_difference_fn *on_difference;
	void *context;
};

/*
 * Compare totals; where they are out of balance, find what differs.
 * ret_result: on failure what had come by then.
 * TG_OK; TG_NO_MEMORY; TG_BAD_FRAME: an answer without what it must have; as asked.
 */
TG_MUST_CHECK enum tg_status tg_day_end(const struct tg_day *day,
					const struct tg_day_callbacks *callbacks,
					struct tg_day_result *ret_result);

/*
 * The same over a client.  timeout_ms: of each question, which is asked again as long as the
 * gateway says that this may help.  As tg_client_transact().
 */
TG_MUST_CHECK enum tg_status tg_client_day_end(struct tg_client *client, const struct tg_day *day,
					       uint32_t timeout_ms, tg_difference_fn *on_difference,
					       void *context, struct tg_day_result *ret_result);

/* The day's digest over all its items: what a COUNTERSIGN signs. */
void tg_day_digest(const struct tg_day *day, uint8_t ret_digest[TG_DIGEST_BYTES]);

#endif
