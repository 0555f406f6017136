/*
 * schema_page.h - the schema as a page for people, printed from the comments in MariaDB.
 */
#ifndef TG_STORAGE_SCHEMA_PAGE_H
#define TG_STORAGE_SCHEMA_PAGE_H

#include <stdio.h>

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"

/*
 * Print every table and view of the database with its columns, as Markdown: storage/SCHEMA.md.
 * TG_OK; TG_DATABASE, TG_CORRUPT as database_run().
 */
TG_MUST_CHECK enum tg_status schema_page_print(struct database *database, FILE *file,
					       struct storage_error *error);

#endif
