/*
 * archive.h - what a run's database tells of the past: originals, and pages of entries.
 *
 * In place of the SQL of storage/archive_query.c, archive_page.c and archive_proof.c, over the
 * rows that were committed.
 */
#ifndef TG_TESTS_SIM_ARCHIVE_H
#define TG_TESTS_SIM_ARCHIVE_H

#include "gateway/pipeline.h"

/* Every byte of what covers a statement. */
#define ARCHIVE_CHAIN 7

/* For pipeline_config.archive and .page; context: the simulation. */
enum tg_status archive_original(void *context, const struct pipeline_question *question,
				struct archived_transaction *ret_found);
enum tg_status archive_pages(void *context, const struct pipeline_page_question *question,
			     struct archived_page *ret_page);

#endif
