/*
 * shadow.h - a period of the past once more, decided by another programme.
 *
 * Owns two ledgers.  Up to the period both are what the journal says.  In it one goes on so; of the
 * other each request is asked again, as its record tells it, under the programme that is tried.
 * What differs is the answer: points issued and burned, what members hold, what partners pay.
 *
 * Of what no request can be made again (see shadow_left_out()) the other ledger goes without.
 */
#ifndef TG_STORAGE_SHADOW_H
#define TG_STORAGE_SHADOW_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "programme/programme.h"

struct shadow;

/* The programme's calendar: day and minute of the day of a time. */
typedef void shadow_calendar_fn(int64_t utc_ms, int32_t *ret_day, uint16_t *ret_minute);

/* programme: borrowed.  from_utc_ms: records booked then or later are asked again.  NULL: no
 * memory. */
struct shadow *shadow_new(const struct programme_file *programme, int64_t from_utc_ms,
			  shadow_calendar_fn *calendar);
void shadow_free(struct shadow *shadow);

/*
 * The next record of the journal, from the first one on.  TG_OK; others: the programme's rule in
 * line *ret_line was refused with that status (0: it could not be started).
 */
TG_MUST_CHECK enum tg_status shadow_take(struct shadow *shadow, const struct record *record,
					 unsigned *ret_line);

/* One side of the comparison: what was recorded, or what the programme makes of it. */
struct shadow_sums {
	int64_t earns, declines;	/* transactions of the period */
	int64_t issued_points, redeemed_points;
	int64_t held_by_members;	/* at the end: available, pending and held points */
	int64_t debt_points;		/* at the end, >= 0 */
};

/*
 * A partner's share of it.  pays: for issued less redeemed points, with what these and transactions
 * cost in fees; minor units, rounded down.
 */
struct shadow_partner {
	uint32_t partner;
	/* as recorded, as tried */
	int64_t issued_points[2], redeemed_points[2], pays[2];
	int64_t transactions[2];	/* earns, burns and captures that were done */
};

/* [0]: as recorded, [1]: as tried. */
void shadow_result(const struct shadow *shadow, struct shadow_sums ret_sums[2]);

/* The nth partner with points or transactions in the period, false at the end. */
bool shadow_partner_at(const struct shadow *shadow, uint32_t nth, struct shadow_partner *ret_row);

/* How many records of a kind were left out. */
uint32_t shadow_left_out(const struct shadow *shadow, uint8_t kind);

/*
 * The request that a record is the outcome of, but for its day and minute.  False: there is none,
 * or not all of it is in the record.  ret_request borrows the record's lines.
 */
bool shadow_request(const struct record *record, struct ledger_request *ret_request);

#endif
