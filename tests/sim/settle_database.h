/*
 * settle_database.h - a database in memory that does what the sink asks of MariaDB.
 *
 * Linked in place of the functions of storage/database.h and database_bulk.h that speak to a
 * server; what looks after the schema is left out.  A transaction is staged, and is there for good
 * with its COMMIT, whether the answer arrives or not.
 */
#ifndef TG_TESTS_SIM_SETTLE_DATABASE_H
#define TG_TESTS_SIM_SETTLE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/sink_columns.h"
#include "storage/sink_table.h"

struct settle_database;
struct sim;

struct settle_database *settle_database_new(struct sim *sim);
void settle_database_free(struct settle_database *database);

/* Nobody answers until then. */
void settle_database_leave(struct settle_database *database, int64_t until_us);

/* Is it so now? */
bool settle_database_is_away(const struct settle_database *database);

/* What was committed. */
uint64_t settle_database_next_sequence(const struct settle_database *database);
uint64_t settle_database_rows(const struct settle_database *database, enum sink_table_index table);
/* The nth row, from 0: a struct sink_..._row. */
const void *settle_database_row(const struct settle_database *database,
				enum sink_table_index table, uint64_t nth);
int64_t settle_database_posted(const struct settle_database *database, uint8_t account,
			       uint32_t partner);
const struct sink_member_row *settle_database_member(const struct settle_database *database,
						     uint64_t member);

#endif
