/*
 * enroller.c - a source that enrols members, each once.
 */
#include "contrib/load/enroller.h"

/* The next member that is not enrolled. */
static enum source_next
on_next(void *context, uint32_t slot, struct request *ret_request)
{
	struct enroller *enroller = context;
	const struct members *members = enroller->load->members;

	(void)slot;
	while (enroller->next < members->count && members->items[enroller->next].is_enrolled)
		enroller->next++;
	if (enroller->next == members->count)
		return SOURCE_END;
	request_init(ret_request, TG_OP_ENROLL, enroller->next++);
	request_set_transaction(ret_request, enroller->ids, load_server_time_ms(enroller->load));
	return SOURCE_REQUEST;
}

static void
on_answered(void *context, uint32_t slot, const struct request *request,
	    const struct tg_message *answer)
{
	struct enroller *enroller = context;

	(void)slot;
	(void)request;
	if (answer->code != TG_OK && answer->code != TG_IDENTIFIER_TAKEN)
		enroller->refused_count++;
}

static void
on_lost(void *context, uint32_t slot, const struct request *request)
{
	struct enroller *enroller = context;

	(void)slot;
	(void)request;
	enroller->lost_count++;
}

struct source
enroller_source(struct enroller *enroller)
{
	struct source source = { enroller, on_next, on_answered, on_lost };

	return source;
}
