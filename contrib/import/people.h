/*
 * people.h - lines of an old system's file as members: identifiers, balance, last day.
 *
 * A map says which column is what: card, phone, app or type:N for an identifier of that type;
 * balance, points; expires, the last day of those points; skip, yes for a line to be left out.
 * Columns that the map does not name, and whose own name is none of these, are passed over.
 */
#ifndef TG_CONTRIB_IMPORT_PEOPLE_H
#define TG_CONTRIB_IMPORT_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/mistakes.h"
#include "contrib/common/table.h"
#include "protocol/message.h"

#define PERSON_IDENTIFIERS_MAX 16
#define PERSON_NO_DAY INT32_MIN

/* A member of the file. */
struct person {
	uint32_t identifier_count;
	uint8_t types[PERSON_IDENTIFIERS_MAX];
	char identifiers[PERSON_IDENTIFIERS_MAX][TG_IDENTIFIER_BYTES_MAX + 1];
	int64_t balance;     /* points, >= 0 */
	int32_t expires_day; /* PERSON_NO_DAY: as the programme's rule says */
	bool is_skipped;
};

struct people {
	const struct table *table;     /* borrowed */
	uint16_t kinds[CSV_CELLS_MAX]; /* what each column is; see people.c */
	uint8_t types[CSV_CELLS_MAX];  /* of an identifier */
	uint64_t skipped_count;
	uint64_t identifier_count;
	uint32_t identifiers_most; /* of one member */
	int64_t sum;		   /* of the balances */
	uint64_t with_day_count;   /* members whose points have a last day */
};

/*
 * Check columns and lines; what is wrong goes into mistakes, an identifier that stands twice, too.
 * map: NAME=COLUMN,...  False, with the reason, when the columns are wrong.
 */
bool people_check(struct people *people, const struct table *table, const char *map,
		  struct mistakes *mistakes, struct failure *failure);

/* The member of a line that people_check() found good. */
void people_get(const struct people *people, uint32_t index, struct person *ret_person);

#endif
