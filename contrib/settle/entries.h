/*
 * entries.h - a partner's entries of a business date, fetched into a CSV file.
 *
 * The file grows page by page and holds all that is needed to go on: its last sequence.  A run that
 * was broken off, and one of a day that was not over, is gone on with by the same command.
 */
#ifndef TG_CONTRIB_SETTLE_ENTRIES_H
#define TG_CONTRIB_SETTLE_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/common/failure.h"
#include "contrib/common/gauge.h"
#include "contrib/common/kept.h"
#include "contrib/common/totals.h"
#include "protocol/tallygate.h"

struct entries {
	int32_t day;		    /* business date */
	char head[KEPT_HEAD_BYTES]; /* says whose entries they are */
	struct kept kept;
	FILE *file;		/* owned */
	uint64_t last_sequence; /* in the file; 0: none */
	uint64_t known_count;	/* entries that were there before */
	uint64_t count;		/* entries in the file */
	struct totals totals;	/* of all that are not of test members */
	/* As the last page told it. */
	bool is_complete;      /* the day is closed, and this is all of it */
	int64_t held_sequence; /* the archive has every record up to this one */
	int64_t lag_records;   /* booked, but not in the archive */
	int64_t lag_ms;	       /* age of the oldest of them */
	int32_t business_date; /* of the programme now */
};

/*
 * Open the file of a day, and read what an earlier run has left; a torn last line is cut off.
 *
 * session: whose entries they are.  path: borrowed.  False with the reason, also when it is a file
 * of another day, partner or coalition.  Close in either case.
 */
bool entries_open(struct entries *entries, const char *path, int32_t day,
		  const struct tg_session *session, struct failure *failure);

/*
 * Fetch what is missing, page by page; waits and asks again when the gateway or its archive does
 * not answer, up to timeout_ms for each page.  False with the reason; what was fetched stays.
 */
bool entries_fetch(struct entries *entries, struct tg_client *client, uint32_t timeout_ms,
		   struct gauge *gauge, struct failure *failure);

/* Make it durable, and close. */
bool entries_close(struct entries *entries, struct failure *failure);

#endif
