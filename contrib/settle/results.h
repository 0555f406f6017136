/*
 * results.h - what became of each line: a CSV file that grows with the answers.
 *
 * It is the memory of a run that was broken off: lines that stand in it are not sent again.  Losing
 * it does no harm, since a line sent again has the same transaction id.  One run at a time has it.
 */
#ifndef TG_CONTRIB_SETTLE_RESULTS_H
#define TG_CONTRIB_SETTLE_RESULTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/common/failure.h"
#include "contrib/common/kept.h"
#include "contrib/common/table.h"
#include "contrib/common/totals.h"
#include "contrib/common/upload.h"
#include "contrib/settle/layout.h"

struct results {
	const struct table *table; /* borrowed */
	const char *path;	   /* borrowed */
	char head[KEPT_HEAD_BYTES]; /* says whose results they are */
	struct kept kept;
	FILE *file;		   /* owned */
	uint8_t *marks;		   /* owned; of each line, RESULT_ */
	uint32_t own;		   /* number of the terminal that sends */
	uint32_t known_count, refused_count;
	struct totals totals; /* of all lines that are known */
};

enum { RESULT_NONE, RESULT_DONE, RESULT_REFUSED };

/*
 * Open the results of a table, and read what an earlier run has left; a torn last line is cut off.
 * False with the reason, also when they are another file's, or of another layout.  Close in either
 * case.
 */
bool results_open(struct results *results, const char *path, const struct table *table,
		  const struct layout *layout, uint32_t own, struct failure *failure);

/* Write down an answer. */
void results_add(struct results *results, uint32_t index, const struct upload_item *item,
		 const struct tg_message *answer);

/* Give what was written to the system. */
bool results_flush(struct results *results, struct failure *failure);

/* Make it durable, and close. */
bool results_close(struct results *results, struct failure *failure);

/* Add the sums of a results file. */
bool results_sum(const char *path, struct totals *totals, struct failure *failure);

#endif
