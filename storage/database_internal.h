/*
 * database_internal.h - what the files of the database connection share.
 *
 * For database.c and database_bulk.c only, the two files that call Connector/C.
 */
#ifndef TG_STORAGE_DATABASE_INTERNAL_H
#define TG_STORAGE_DATABASE_INTERNAL_H

#include <mysql.h>

#include "storage/database.h"

struct database {
	MYSQL	*mysql;			/* owned */
	struct database_cutter *cutter;	/* borrowed; may be NULL */
	enum database_failure failure;	/* of the last call */
};

/* What went wrong in one call, as Connector/C tells it. */
struct database_trouble {
	unsigned int number;		/* of the error; 0: none */
	const char *state;		/* SQLSTATE, five characters */
	const char *text;
};

/*
 * Note the failure, fill error and return the status: TG_CORRUPT for data and duplicates, else
 * TG_DATABASE.  what: the statement or step, for people.
 */
enum tg_status database_fail(struct database *database, const struct database_trouble *trouble,
			     const char *what, struct storage_error *error);

#endif
