/*
 * restore_database.h - what MariaDB has of records that the journal has lost, and setting it aside.
 */
#ifndef TG_STORAGE_RESTORE_DATABASE_H
#define TG_STORAGE_RESTORE_DATABASE_H

#include "ledger/record.h"
#include "storage/database.h"
#include "storage/io.h"

/* One lost record, as table entry has it.  Texts live for the call; NULL: the column is. */
struct lost_entry {
	uint64_t sequence;
	const char *kind;
	const char *status;
	const char *booked_at;
	const char *partner;
	const char *terminal;
	const char *transaction_id;	/* hexadecimal */
	const char *member;
	const char *amount;
	const char *points;
};
typedef enum tg_status lost_entry_fn(void *context, const struct lost_entry *entry,
				     struct storage_error *error);

/* Points that lost records posted to the accounts of one member, or over all members (0). */
struct lost_points {
	uint64_t member;
	int64_t	 available;
	int64_t	 pending;
	int64_t	 held;
	int64_t	 debt;
	uint64_t records;
};
typedef enum tg_status lost_points_fn(void *context, const struct lost_points *points,
				      struct storage_error *error);

/*
 * Call each for the entries of sequences from..to that are there, in order.  each may end it by a
 * status.  TG_OK; TG_DATABASE; what each returns.
 */
TG_MUST_CHECK enum tg_status restore_database_entries(struct database *database, uint64_t from,
						      uint64_t to, lost_entry_fn *each,
						      void *context, struct storage_error *error);

/* The same for the members that these name, in order of their numbers. */
TG_MUST_CHECK enum tg_status restore_database_members(struct database *database, uint64_t from,
						      uint64_t to, lost_points_fn *each,
						      void *context, struct storage_error *error);

/*
 * Has MariaDB the record as the journal has it: kind and time of booking?  ret_is: false also when
 * it has none of that sequence.  TG_OK; TG_DATABASE.
 */
TG_MUST_CHECK enum tg_status restore_database_has(struct database *database,
						  const struct record *record, bool *ret_is,
						  struct storage_error *error);

/*
 * Copy the rows of records above sequence to tables lost_<name>, then empty all tables that the
 * sink writes, so that it fills them anew from the first record on.  The rows are copied and the
 * cursor removed in one transaction; without a cursor the copying is done already, and only what
 * is left is emptied: so a call that was cut short is made whole by the next.
 * TG_OK; TG_DATABASE; TG_CORRUPT: the server refused, what it said is in error.
 */
TG_MUST_CHECK enum tg_status restore_database_set_aside(struct database *database, uint16_t shard,
							uint64_t sequence,
							struct storage_error *error);

#endif
