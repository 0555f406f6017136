/*
 * journal_reader.h - for journal_file.c: a reader bound by its writer's durable sequence.
 */
#ifndef TG_STORAGE_JOURNAL_READER_H
#define TG_STORAGE_JOURNAL_READER_H

#include "storage/journal_file.h"

/*
 * As journal_file_read_from(), but follows writer, in this process: its durable sequence tells how
 * far, and what is missing or unsound up to there is damage.
 */
TG_MUST_CHECK enum tg_status journal_reader_open(const struct journal_source *source,
						 const struct journal *writer, uint64_t sequence,
						 struct journal_reader **ret_reader,
						 struct storage_error *error);

#endif
