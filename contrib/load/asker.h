/*
 * asker.h - sources that put the questions of a proof: STATUS, INQUIRY, TOTALS.
 */
#ifndef TG_CONTRIB_LOAD_ASKER_H
#define TG_CONTRIB_LOAD_ASKER_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/load/load.h"
#include "contrib/load/logbook.h"
#include "contrib/load/source.h"

/* What INQUIRY told of one account. */
struct inquiry {
	bool	 is_answered;
	uint16_t status;
	int64_t	 at_ms; /* the server's time, ms UTC */
	int64_t	 available, pending, held, debt;
};

/* Transactions of one kind of one partner, as counted here and there. */
#define ASKER_KINDS 32
struct partner_totals {
	uint32_t partner;
	int32_t	 first_date, last_date; /* business dates that the log tells of */
	int32_t	 next_date;		/* to be asked next */
	uint32_t open_count;		/* asked, not answered */
	bool	 is_refused;		/* a question was refused */
	uint64_t told_count[ASKER_KINDS]; /* by operation, as TOTALS tells */
	int64_t	 told_points[ASKER_KINDS]; /* of those that succeeded */
	uint64_t logged_count[ASKER_KINDS];
	int64_t	 logged_points[ASKER_KINDS];
};

struct asker {
	const struct load *load;
	struct logbook	  *logbook;
	int64_t		   oldest_ms; /* STATUS is not asked of older transactions */
	/* STATUS: transactions to ask about, those of one partner together. */
	uint32_t *queue; /* owned */
	uint32_t  queue_count;
	struct asker_partner {
		uint32_t partner, next, end; /* part of queue not yet asked */
	} *partners;			     /* owned */
	uint32_t partner_count;
	uint64_t found_count, absent_count;	 /* of the unknown ones */
	uint64_t checked_count;			 /* acknowledged ones that were asked about */
	uint64_t unanswered_count;		 /* STATUS could not tell */
	uint64_t old_count;			 /* too old to be asked about */
	/* INQUIRY */
	struct inquiry *inquiries; /* owned; by account */
	uint32_t	next_account;
	/* TOTALS */
	struct partner_totals *totals; /* owned */
	uint32_t	       totals_count;
};

/* Prepare; load has sessions ready.  Both must outlive the asker. */
void asker_init(struct asker *asker, const struct load *load, struct logbook *logbook,
		int64_t oldest_ms);

void asker_deinit(struct asker *asker);

/* STATUS of every transaction that is not too old; outcomes found go into the logbook. */
struct source asker_status_source(struct asker *asker);

/* INQUIRY of every account. */
struct source asker_inquiry_source(struct asker *asker);

/*
 * TOTALS of every partner and business date of the log.  Sums what the log tells first, so it
 * comes after STATUS.
 */
struct source asker_totals_source(struct asker *asker);

#endif
