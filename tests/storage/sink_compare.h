/*
 * sink_compare.h - are the tables what the records say?  Row by row, column by column.
 *
 * Says for itself what each column should hold, in texts, without the sink's own mapping.
 */
#ifndef TG_TESTS_STORAGE_SINK_COMPARE_H
#define TG_TESTS_STORAGE_SINK_COMPARE_H

#include "storage/database.h"

struct made_records;
struct record;

/* Decode each record and hand it on. */
void sink_compare_each(const struct made_records *made,
		       void (*expect)(void *context, const struct record *record), void *context);

/* For sink_compare() only: the tables that show members and configuration as they are now. */
void sink_compare_images(struct database *database, const struct made_records *made);

/* For sink_compare() only: the tables of settlement that a record makes by itself. */
void sink_compare_settlement(struct database *database, const struct made_records *made);

/* For sink_compare() only: countersigned days, proposals, disputes. */
void sink_compare_matters(struct database *database, const struct made_records *made);

/* For sink_compare() only: rulebook, budgets, parts of earns. */
void sink_compare_rulebook(struct database *database, const struct made_records *made);

/* Fail the test at the first difference; also unless all views that check find nothing. */
void sink_compare(const struct database_config *config, const struct made_records *made);

#endif
