/*
 * sink_source.c - durable records read by a reader that follows the journal.
 */
#include "storage/sink_source.h"

static enum tg_status
journal_seek(void *context, uint64_t sequence, struct storage_error *error)
{
	struct sink_journal *state = context;

	journal_reader_close(state->reader);
	state->reader = NULL;
	return journal_read_from(state->journal, sequence, &state->reader, error);
}

static enum tg_status
journal_next(void *context, const uint8_t **ret_bytes, size_t *ret_bytes_count,
	     struct storage_error *error)
{
	struct sink_journal *state = context;
	struct journal_item item;
	enum tg_status status;

	do {
		status = journal_reader_next(state->reader, &item, error);
		if (status != TG_OK)
			return status;
	} while (item.kind == JOURNAL_MARK);
	*ret_bytes = item.kind == JOURNAL_RECORD ? item.bytes : NULL;
	*ret_bytes_count = item.kind == JOURNAL_RECORD ? item.bytes_count : 0;
	return TG_OK;
}

static uint64_t
journal_durable(void *context)
{
	struct sink_journal *state = context;

	return journal_durable_sequence(state->journal);
}

void
sink_journal_init(struct sink_journal *state, struct journal *journal,
		  struct sink_source *ret_source)
{
	*state = (struct sink_journal){ .journal = journal };
	*ret_source = (struct sink_source){
		.context = state,
		.seek = journal_seek,
		.next = journal_next,
		.durable_sequence = journal_durable,
	};
}

void
sink_journal_deinit(struct sink_journal *state)
{
	journal_reader_close(state->reader);
	state->reader = NULL;
}
