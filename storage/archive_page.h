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

#include "protocol/rows.h"
#include "protocol/status.h"
#include "storage/archive_query.h"
#include "storage/io.h"

/* What is asked for.  Entries of other partners are not there. */
struct archive_page_question {
	uint32_t partner;		/* whose entries */
	uint64_t member;		/* its entries, newest first; 0: the date's, oldest first */
	int32_t	 business_date;		/* with member 0 */
	uint64_t before;		/* with a member: before this record; 0: the newest */
	uint64_t after;			/* without: entries after this record */
	uint32_t rows_max;		/* 1..TG_HISTORY_MAX */
	uint32_t timeout_ms;		/* of each statement in the server; 0: none */
};

/* A page.  rows point into ids and receipts, so it is not copied. */
struct archived_page {
	uint64_t held_sequence;		/* MariaDB has every record up to this; 0: none */
	int64_t	 held_booked_at_utc_ms;	/* of that one */
	uint64_t lag_records;		/* booked when asked, not in MariaDB; set by who asks */
	int64_t	 lag_ms;		/* age of the oldest of them; set by who asks */
	bool	 has_more;		/* there are entries beyond the last one */
	bool	 is_complete;		/* the date is closed, and all of it is in MariaDB */
	uint32_t row_count;
	struct tg_history rows[TG_HISTORY_MAX];
	uint8_t	 ids[TG_HISTORY_MAX][2][TG_TRANSACTION_ID_BYTES]; /* own, original's */
	char	 receipts[TG_HISTORY_MAX][TG_RECEIPT_BYTES_MAX];
};

/*
 * Fetch a page.  One try.  Blocks, for at most the time-outs of the connection.
 * ret_page: anything on failure.
 * TG_OK; TG_DATABASE: not to be had now, or not in time; TG_CLOSED: the cutter cut; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status archive_query_page(struct archive_query *query,
						const struct archive_page_question *question,
						struct archived_page *ret_page,
						struct storage_error *error);

#endif
