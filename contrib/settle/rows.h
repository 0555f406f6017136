/*
 * rows.h - lines of a partner's file as transactions.
 *
 * The columns are fields of the protocol by their names, but for those below.  The transaction id
 * of a line follows from the digest of the file and the number of the line, so that the same file
 * gives the same ids however often it is read; or, where there is a column reference, from that
 * alone.
 *
 *	operation	earn, burn, ...: what carries a transaction id; needed
 *	time		business time, see common/when.h; needed
 *	member		see word_member()
 *	new_identifier	for enroll, link and unlink, see word_identifier()
 *	original, original_burn	ID@TIME, or line:N, an earlier line of the file
 *	original_time	business time of the original, where that is named by
 *	original_reference	the reference that its line had, in this or another file
 *	reference	the partner's own unique name for the line
 */
#ifndef TG_CONTRIB_SETTLE_ROWS_H
#define TG_CONTRIB_SETTLE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/mistakes.h"
#include "contrib/common/table.h"
#include "contrib/common/upload.h"
#include "contrib/settle/layout.h"

/* What is kept of a line. */
struct row_facts {
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	int64_t time_ms;
	bool is_good;
};

struct rows {
	const struct table *table;   /* borrowed */
	const struct layout *layout; /* borrowed */
	struct row_facts *facts;     /* owned; of each line */
	uint32_t bad_count;
	uint16_t kinds[CSV_CELLS_MAX]; /* what each column of the layout is; see rows.c */
	uint32_t reference_column;     /* the layout's column_count: none */
};

/*
 * Check the columns and every line; what is wrong goes into mistakes.  False, with the reason, when
 * the columns are wrong.  Deinit in either case.
 */
bool rows_check(struct rows *rows, const struct layout *layout, const struct table *table,
		struct mistakes *mistakes, struct failure *failure);

void rows_deinit(struct rows *rows);

/*
 * The line of the file that a cell line:N of a column of originals names; NULL: it names none.
 * column: of the table.
 */
const struct row_facts *rows_named(const struct rows *rows, uint32_t column, const char *cell);

/* Make the transaction of a good line. */
void rows_make(const struct rows *rows, uint32_t index, struct upload_item *item);

#endif
