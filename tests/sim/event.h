/*
 * event.h - what a durable record says, in the words of the model.
 *
 * The request is the till's own, not what the record kept of it: so the model also sees what the
 * gateway made of a message on its way.
 */
#ifndef TG_TESTS_SIM_EVENT_H
#define TG_TESTS_SIM_EVENT_H

#include "ledger/record.h"

struct asked;
struct sim;

/* Give a record to the model.  asked: whose it is; NULL: the gateway's own or an operator's. */
void event_take(struct sim *sim, const struct record *record, const struct asked *asked);

/*
 * Give it one by which a member borrows points; next: the record behind it, of asked, which says
 * where and for what.
 */
void event_take_lent(struct sim *sim, const struct record *record, const struct record *next,
		     const struct asked *asked);

/* Compare all members of the model with the ledger. */
void event_compare(struct sim *sim);

#endif
