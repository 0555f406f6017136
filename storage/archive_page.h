/*
 * archive_page.h - entries as MariaDB has them, by pages: of a member, or of a partner's day.
 *
 * A page names the next one by a sequence, so nothing is kept between two.  On the connection of an
 * archive query, between its other questions.
 */
#ifndef TG_STORAGE_ARCHIVE_PAGE_H
#define TG_STORAGE_ARCHIVE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/proof.h"
#include "protocol/rows.h"
#include "protocol/status.h"
#include "storage/archive_document.h"
#include "storage/archive_query.h"
#include "storage/io.h"

/* Of a day's transactions that count: those selected, and how they are told. */
struct archive_proof_question {
	bool	 is_asked;		/* false: this is no such question */
	uint8_t	 divide;		/* enum tg_divide; 0: not, tell the entries */
	uint8_t	 basis;			/* enum tg_basis: of which day's, see business_date */
	uint8_t	 scope;			/* enum tg_scope: of which owner's */
	uint32_t owner;			/* number of the terminal or store; the partner itself */
	struct tg_selection selection;
};

/* What is asked for.  Entries of other partners are not there. */
struct archive_page_question {
	uint32_t partner;		/* whose entries */
	uint64_t member;		/* its entries, newest first; 0: the date's, oldest first */
	int32_t	 business_date;		/* with member 0 */
	uint64_t before;		/* with a member: before this record; 0: the newest */
	uint64_t after;			/* without: entries after this record */
	uint32_t rows_max;		/* 1..TG_HISTORY_MAX */
	uint32_t timeout_ms;		/* of each statement in the server; 0: none */
	struct archive_proof_question proof; /* instead: of the date, or of the till's day */
	struct archive_document_question document; /* instead: a text about the partner */
};

/* How far a proof has come; begun with zeros. */
struct archived_progress {
	bool	 is_begun;
	int32_t	 date;			/* business date being read ... */
	uint64_t after;			/* ... beyond this record */
};

/* A page.  rows point into ids and receipts, so it is not copied. */
struct archived_page {
	uint64_t held_sequence;		/* MariaDB has every record up to this; 0: none */
	int64_t	 held_booked_at_utc_ms;	/* of that one */
	uint64_t lag_records;		/* booked when asked, not in MariaDB; set by who asks */
	int64_t	 lag_ms;		/* age of the oldest of them; set by who asks */
	bool	 has_more;		/* there are entries beyond the last one */
	bool	 is_complete;		/* the date is closed, and all of it is in MariaDB */
	/* a proof: ask again with the same page, others may have their turn between */
	bool	 is_unfinished;
	struct archived_progress progress;
	struct tg_division division;	/* a proof that divides; its digest is that of the whole */
	struct archived_document document; /* a text, if it was asked for */
	uint32_t row_count;
	struct tg_history rows[TG_HISTORY_MAX];
	uint8_t	 ids[TG_HISTORY_MAX][2][TG_TRANSACTION_ID_BYTES]; /* own, original's */
	char	 receipts[TG_HISTORY_MAX][TG_RECEIPT_BYTES_MAX];
};

/*
 * Fetch a page.  One try.  Blocks, for at most the time-outs of the connection.
 * ret_page: anything on failure; for a proof, progress is given and kept.
 * TG_OK; TG_DATABASE: not to be had now, or not in time; TG_CLOSED: the cutter cut; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status archive_query_page(struct archive_query *query,
						const struct archive_page_question *question,
						struct archived_page *ret_page,
						struct storage_error *error);

#endif
