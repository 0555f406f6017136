/*
 * upload.c - many transactions, in batches, with a gauge.
 */
#include "contrib/common/upload.h"

#include <stdlib.h>

#include "protocol/assert.h"

/* The batch under way. */
struct batch {
	struct upload_item *items; /* owned, UPLOAD_BATCH_MAX */
	const struct tg_message *requests[UPLOAD_BATCH_MAX];
	uint32_t indexes[UPLOAD_BATCH_MAX]; /* of the items */
	uint32_t count;
	const struct upload_source *source;
	uint32_t answered_count;
};

static void
on_answer(void *context, uint32_t index, const struct tg_message *answer)
{
	struct batch *batch = context;

	if (answer == NULL)
		return;
	batch->answered_count++;
	batch->source->took(batch->source->context, batch->indexes[index], &batch->items[index],
			    answer);
}

/* Fill the batch with what comes at or after next; returns the first index that is not in it. */
static uint32_t
fill(struct batch *batch, uint32_t next, uint32_t count)
{
	batch->count = 0;
	for (; next < count && batch->count < UPLOAD_BATCH_MAX; next++) {
		struct upload_item *item = &batch->items[batch->count];

		if (!batch->source->make(batch->source->context, next, item))
			continue;
		batch->requests[batch->count] = &item->request;
		batch->indexes[batch->count++] = next;
	}
	return next;
}

bool
upload_run(struct tg_client *client, const struct upload_source *source, uint32_t count,
	   uint32_t timeout_ms, struct gauge *gauge, struct upload_end *ret_end,
	   struct failure *failure)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	uint32_t next = 0;
	bool is_ok = true;

	*ret_end = (struct upload_end){ .status = TG_OK };
	TG_ASSERT(batch != NULL);
	batch->source = source;
	batch->items = calloc(UPLOAD_BATCH_MAX, sizeof(*batch->items));
	TG_ASSERT(batch->items != NULL);
	while (is_ok && ret_end->status == TG_OK && next < count) {
		next = fill(batch, next, count);
		if (batch->count == 0)
			continue;
		ret_end->status = tg_client_batch(client, batch->requests, batch->count, timeout_ms,
						  on_answer, batch);
		ret_end->sent_count += batch->count;
		ret_end->answered_count = batch->answered_count;
		is_ok = source->kept(source->context, failure);
		gauge_set(gauge, gauge->first + batch->answered_count);
	}
	free(batch->items);
	free(batch);
	if (is_ok && ret_end->status != TG_OK) {
		const char *why = tg_client_error(client);

		is_ok = failure_set(failure, "%s",
				    why[0] != '\0' ? why : tg_status_text(ret_end->status));
	}
	return is_ok;
}
