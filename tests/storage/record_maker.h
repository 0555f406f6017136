/*
 * record_maker.h - random records of every kind, sound but without sense.
 *
 * The same seed gives the same records.  They name few members, partners and days, so that rows
 * meet, and take numbers and texts from the edges of what a record can hold.
 */
#ifndef TG_TESTS_STORAGE_RECORD_MAKER_H
#define TG_TESTS_STORAGE_RECORD_MAKER_H

#include <stdint.h>

#include "ledger/record.h"

#define MAKER_PARTNERS 6
#define MAKER_MEMBERS 500

struct record_maker {
	uint64_t random;		/* state of the generator */
	uint64_t sequence;		/* of the last record */
	int64_t	 booked_at_utc_ms;	/* of the last record */
	int32_t	 business_date;		/* DAY_NONE before the first cut-off */
	uint32_t members;		/* different members, MAKER_MEMBERS or set by the test */
	uint32_t records_per_day;	/* a cut-off after about so many; 0: none */
	uint8_t	 lines[TG_LINES_MAX * LINE_BYTES_MAX]; /* of the last record */
};

/* Begin before sequence 1, on 2026-11-22. */
void record_maker_init(struct record_maker *maker, uint64_t seed);

/* A number below bound. */
uint64_t record_maker_random(struct record_maker *maker, uint64_t bound);

/* The next record, of a kind. */
void record_maker_make(struct record_maker *maker, enum record_kind kind,
		       struct record *ret_record);

/* The next record, of a random kind: more than half are earns and burns. */
void record_maker_next(struct record_maker *maker, struct record *ret_record);

/* The next record: a plain earn, as most are. */
void record_maker_earn(struct record_maker *maker, struct record *ret_record);

/* For record_maker.c: what such records are about (record_maker_matters.c). */
void record_maker_make_matter(struct record_maker *maker, struct record *record);

/* Two members joined or parted, or one lending the other; in the same file. */
void record_maker_make_merge(struct record_maker *maker, struct record *record);

/* A member beside the record's own, and what it has; in the same file. */
void record_maker_other(struct record_maker *maker, struct record *record);

/* All kinds there are, for loops; ends with 0. */
extern const uint8_t record_maker_kinds[];

#endif
