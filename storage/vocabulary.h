/*
 * vocabulary.h - the tables of names: kinds, statuses and accounts, from the program's own lists.
 */
#ifndef TG_STORAGE_VOCABULARY_H
#define TG_STORAGE_VOCABULARY_H

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"

/*
 * Write a row for every record kind, every status that a record can have and every account; rows
 * that are there get the program's texts.  TG_OK; TG_DATABASE, TG_CORRUPT as database_run().
 */
TG_MUST_CHECK enum tg_status vocabulary_fill(struct database *database,
					     struct storage_error *error);

#endif
