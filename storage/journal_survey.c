/*
 * journal_survey.c - from where to where a journal goes, archive included.
 */
#include "storage/journal_survey.h"

#include <string.h>

#include "storage/segment_list.h"
#include "storage/segment_reader.h"

#define ATTEMPTS_MAX 5 /* the newest segment of a journal at work may change under us */

/* Is the batch read last durable for sure? */
static enum tg_status
is_confirmed(const struct journal_source *source, struct segment_reader *reader, bool *ret_is,
	     struct storage_error *error)
{
	*ret_is = source->is_unconfirmed_wanted || reader->batch.is_mark ||
		  reader->name.is_archived;
	return *ret_is ? TG_OK : segment_reader_peek(reader, ret_is, error);
}

/* Read the newest segment through. */
static enum tg_status
survey_segment(const struct journal_source *source, const struct segment_name *name,
	       struct journal_survey *survey, struct storage_error *error)
{
	const struct segment_place place = { .io = source->io,
					     .directory = source->directory,
					     .archive_directory = source->archive_directory,
					     .instance = source->instance };
	struct segment_reader reader;
	enum segment_found found = SEGMENT_BATCH;
	enum tg_status status = segment_reader_open(&reader, &place, name, error);

	if (status != TG_OK)
		return status;
	survey->incarnation = reader.header.incarnation;
	survey->epoch = reader.header.epoch;
	survey->segment_bytes = reader.header.segment_bytes;
	survey->last_sequence = reader.header.first_sequence - 1;
	survey->chain = reader.header.checksum;
	memcpy(survey->instance, reader.header.instance, sizeof survey->instance);
	while (status == TG_OK && found == SEGMENT_BATCH) {
		bool is_durable;

		status = segment_reader_next(&reader, 0, &found, error);
		if (status != TG_OK || found != SEGMENT_BATCH)
			break;
		status = is_confirmed(source, &reader, &is_durable, error);
		if (status != TG_OK || !is_durable)
			break;
		survey->last_sequence = reader.next_sequence - 1;
		survey->chain = reader.chain;
	}
	segment_reader_close(&reader);
	return status;
}

enum tg_status
journal_survey(const struct journal_source *source, struct journal_survey *ret_survey,
	       struct storage_error *error)
{
	enum tg_status status = TG_OK;

	for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		struct journal_survey survey = { .first_sequence = 0 };
		struct segment_list list;

		status = segment_list_read(source->io, source->directory,
					   source->archive_directory, &list, error);
		if (status != TG_OK)
			return status;
		if (list.count > 0) {
			survey.first_sequence = list.names[0].first_sequence;
			status = survey_segment(source, &list.names[list.count - 1], &survey,
						error);
		}
		segment_list_deinit(&list);
		if (status == TG_OK)
			*ret_survey = survey;
		if (status != TG_IO)
			break;
	}
	return status;
}
