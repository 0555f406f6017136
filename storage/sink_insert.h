/*
 * sink_insert.h - the INSERTs of one table: which columns a batch has no value for is left out.
 *
 * Most columns of a wide table are for few kinds of records, and each costs time on both sides of
 * the connection, also where it is NULL.  So rows go by a statement that has the columns in which
 * any of them has a value, and hardly more.
 */
#ifndef TG_STORAGE_SINK_INSERT_H
#define TG_STORAGE_SINK_INSERT_H

#include <stdint.h>

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/database_bulk.h"
#include "storage/io.h"
#include "storage/sink_table.h"

#define SINK_INSERT_SHAPES_MAX 6 /* statements kept beside that of all columns */

struct sink_insert_shape {
	uint64_t columns;		/* which it has: bits by their places in the table */
	struct database_bulk *bulk;	/* owned; NULL: none yet */
};

/* All zero: closed. */
struct sink_insert {
	struct database *database;	/* borrowed */
	const struct sink_table *table;	/* borrowed */
	struct sink_insert_shape whole;	/* all columns */
	struct sink_insert_shape shapes[SINK_INSERT_SHAPES_MAX];
	uint32_t next_shape;		/* the one that the next new one takes the place of */
};

/*
 * Prepare the statement of all columns: a schema that lacks one is noticed here.
 * Results as database_bulk_prepare(); after failures, too, to be closed.
 */
TG_MUST_CHECK enum tg_status sink_insert_open(struct sink_insert *insert,
					      struct database *database,
					      const struct sink_table *table,
					      struct storage_error *error);

/* Best after the database was closed: then nothing more is sent.  A closed one is fine. */
void sink_insert_close(struct sink_insert *insert);

/*
 * Write the rows, of which there are some.  Results as database_bulk_run() and
 * database_bulk_prepare(); TG_CORRUPT also when the server took fewer.
 */
TG_MUST_CHECK enum tg_status sink_insert_run(struct sink_insert *insert,
					     const struct sink_rows *rows,
					     struct storage_error *error);

#endif
