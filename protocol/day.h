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
	int64_t lag_records;	   /* booked when first divided, not in what was divided last */
	bool is_complete;	   /* the business date is over, and all of it was divided */
	bool is_divided;	   /* parts were asked for; lag_records and is_complete are told */
};

/* Ask one question and wait for its answer; as tg_client_call(). */
typedef enum tg_status tg_day_ask_fn(void *context, const struct tg_message *request,
				     struct tg_message *ret_answer);

/* Let some time pass, in which the archive may come further.  False: there is none left. */
typedef bool tg_day_wait_fn(void *context);

/* All callbacks get context. */
struct tg_day_callbacks {
	tg_day_ask_fn *ask;
	tg_difference_fn *on_difference;
	void *context;
	tg_day_wait_fn *wait; /* NULL: compare with whatever the archive has */
};

/*
 * Compare totals; where they are out of balance, find what differs.
 *
 * The archive is always some records behind a gateway that is at work.  What matters is what was
 * booked when it was first asked: it is waited until the archive has that, and no longer.  For a
 * business date that is over and divided whole nothing is waited.
 * ret_result: on failure what had come by then.
 * TG_OK; TG_TIMEOUT: the archive did not come so far, see lag_records, and nothing was compared;
 * TG_NO_MEMORY; TG_BAD_FRAME: an answer without what it must have; as asked.
 */
TG_MUST_CHECK enum tg_status tg_day_end(const struct tg_day *day,
					const struct tg_day_callbacks *callbacks,
					struct tg_day_result *ret_result);

/*
 * The same over a client.  timeout_ms: of each question, which is asked again as long as the
 * gateway says that this may help, and of the wait for the archive.  As tg_client_transact().
 */
TG_MUST_CHECK enum tg_status tg_client_day_end(struct tg_client *client, const struct tg_day *day,
					       uint32_t timeout_ms, tg_difference_fn *on_difference,
					       void *context, struct tg_day_result *ret_result);

/* The day's digest over all its items: what a COUNTERSIGN signs. */
void tg_day_digest(const struct tg_day *day, uint8_t ret_digest[TG_DIGEST_BYTES]);

#endif
