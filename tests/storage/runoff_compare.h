/*
 * runoff_compare.h - run-off and wind-down out of records are what MariaDB's views say.
 */
#ifndef TG_TESTS_STORAGE_RUNOFF_COMPARE_H
#define TG_TESTS_STORAGE_RUNOFF_COMPARE_H

#include "storage/database.h"
#include "storage/runoff.h"

/* Fails unless each row of one is a row of the other.  *ret_rows: as wind-down, freed by caller. */
void runoff_compare(const struct runoff *runoff, struct database *database,
		    struct winddown_row **ret_rows, uint32_t *ret_count);

#endif
