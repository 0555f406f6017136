/*
 * journal_survey.h - from where to where a journal goes, archive included.
 */
#ifndef TG_STORAGE_JOURNAL_SURVEY_H
#define TG_STORAGE_JOURNAL_SURVEY_H

#include "storage/journal_file.h"

struct journal_survey {
	uint64_t first_sequence; /* of the first record there is, or could be; 0: no segment */
	uint64_t last_sequence;	 /* of the last durable record; 0: none */
	uint64_t incarnation;	 /* of the newest segment */
	uint64_t epoch;		 /* of the newest segment */
	uint64_t chain;		 /* checksum of its last batch, or of its header */
	uint64_t segment_bytes;	 /* size it was made with */
	char	 instance[JOURNAL_INSTANCE_BYTES_MAX + 1]; /* as the newest segment has it */
};

/*
 * Look: lists the segments and reads the newest one through.  What lies between is not looked at.
 * A directory without segments gives zeros.  Results as journal_file_read_from().
 */
TG_MUST_CHECK enum tg_status journal_survey(const struct journal_source *source,
					    struct journal_survey *ret_survey,
					    struct storage_error *error);

#endif
