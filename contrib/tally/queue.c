/*
 * queue.c - a till's queue on the command line.
 */
#include "contrib/tally/queue.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <strings.h>

#include "contrib/common/transaction_id.h"
#include "contrib/common/word.h"
#include "contrib/tally/look.h"

/* Between attempts at a file that another process has open. */
#define LOCK_PAUSE_MS 20

bool
queue_is_command(const char *word)
{
	return strcasecmp(word, "queue") == 0;
}

enum tally_exit
queue_open(struct till_queue *q, const struct settings *settings, bool is_needed,
	   struct failure *failure)
{
	int64_t left_ms = is_needed ? settings->identity.timeout * 1000 : 0;
	enum tg_status status;

	memset(q, 0, sizeof(*q));
	q->settings = settings;
	if (settings->queue == NULL)
		return TALLY_DONE;
	for (;;) {
		status = tg_queue_open(settings->queue, 0, failure->text, sizeof(failure->text),
				       &q->queue);
		if (status != TG_FENCED || left_ms <= 0)
			break;
		(void)poll(NULL, 0, LOCK_PAUSE_MS);
		left_ms -= LOCK_PAUSE_MS;
	}
	if (status == TG_OK || (status == TG_FENCED && !is_needed)) {
		failure->text[0] = '\0';
		return TALLY_DONE;
	}
	return status == TG_FENCED ? TALLY_LATER : TALLY_USAGE;
}

void
queue_close(struct till_queue *q)
{
	tg_queue_close(q->queue);
	q->queue = NULL;
}

bool
queue_wants(const struct till_queue *q, const struct order *order)
{
	return q->queue != NULL && tg_queue_takes((uint32_t)order->operation);
}

/* A request of the queue as it is named everywhere. */
static void
print_row(const struct tg_queue_row *row, FILE *file)
{
	char id[TRANSACTION_ID_TEXT_BYTES], when[LOOK_TEXT_BYTES];

	transaction_id_format(row->id, id);
	look_time(row->stored_at, when);
	fprintf(file, "%s@%" PRId64 "  %-7s  stored %s  %s", id, row->business_time,
		tg_operation_name((uint64_t)row->operation), when,
		row->lane == TG_QUEUE_WAITING ? "waiting"
		: row->lane == TG_QUEUE_ASIDE ? "aside"
					      : "done");
	if (row->status != TG_OK)
		fprintf(file, "  %s", tg_status_name(row->status));
	fputc('\n', file);
}

/* A request is done or set aside: the order whole, any other on a line. */
static void
on_outcome(void *context, const struct tg_queue_row *row, const struct tg_message *answer)
{
	struct till_queue *q = context;
	struct result result = { .order = q->order,
				 .is_open = true,
				 .status = row->status,
				 .answer = answer,
				 .error = "" };

	if (q->order == NULL ||
	    memcmp(row->id, q->order->room.transaction_id, TG_TRANSACTION_ID_BYTES) != 0) {
		/* Not to be taken for a part of the answer to the order. */
		print_row(row, q->order == NULL ? stdout : stderr);
		return;
	}
	answer_show(&result, q->settings->is_json, stdout);
	q->exit = answer_exit(&result);
	q->is_told = true;
}

void
queue_attach(struct till_queue *q, struct tg_client *client)
{
	if (q->queue != NULL)
		tg_client_attach_queue(client, q->queue, on_outcome, q);
}

/* Nothing was stored: why. */
static enum tally_exit
not_stored(struct till_queue *q, enum tg_status status, struct failure *failure)
{
	failure_set(failure, "%s", tg_queue_error(q->queue));
	switch ((int)status) {
	case TG_TABLE_FULL:
	case TG_IO:
	case TG_NO_MEMORY:
		return TALLY_LATER;
	case TG_CONFLICT:
		return TALLY_REFUSED;
	default:
		return TALLY_USAGE;
	}
}

enum tally_exit
queue_order(struct till_queue *q, struct tg_client *client, const struct order *order, bool is_open,
	    struct failure *failure)
{
	uint32_t timeout_ms = (uint32_t)q->settings->identity.timeout * 1000;
	enum tg_status status = tg_queue_add(q->queue, &order->request);
	struct result result = { .order = order, .is_stored = true, .error = "" };
	struct tg_queue_row row;

	if (status != TG_OK)
		return not_stored(q, status, failure);
	q->order = order;
	if (is_open)
		status = tg_queue_drain(q->queue, client, timeout_ms, on_outcome, q);
	if (status != TG_OK)
		fprintf(stderr, "tally: %s\n", tg_client_error(client));
	if (q->is_told)
		return q->exit;
	if (tg_queue_find(q->queue, order->room.transaction_id, &row)) {
		result.status = row.status;
		result.is_stored = row.lane == TG_QUEUE_WAITING;
	}
	answer_show(&result, q->settings->is_json, stdout);
	return result.is_stored ? TALLY_STORED : TALLY_REFUSED;
}

/* Print all that is in the queue. */
static enum tally_exit
list(struct till_queue *q)
{
	struct tg_queue_row row = { .number = 0 };
	uint32_t aside = 0;

	while (tg_queue_next(q->queue, row.number, &row)) {
		print_row(&row, stdout);
		aside += row.lane == TG_QUEUE_ASIDE;
	}
	printf("%u waiting, the oldest for %u s; %u aside\n", tg_queue_depth(q->queue),
	       tg_queue_age_s(q->queue), aside);
	return TALLY_DONE;
}

/* Let a request that is aside wait again, or throw it away. */
static enum tally_exit
change(struct till_queue *q, const char *text, bool is_retry, struct failure *failure)
{
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	struct tg_queue_row row;
	enum tg_status status;
	int64_t time_ms;

	if (!word_transaction(text, id, &time_ms, failure))
		return TALLY_USAGE;
	if (!tg_queue_find(q->queue, id, &row)) {
		failure_set(failure, "%s is not in the queue", text);
		return TALLY_REFUSED;
	}
	status = is_retry ? tg_queue_retry(q->queue, row.number)
			  : tg_queue_drop(q->queue, row.number);
	if (status == TG_OK)
		return TALLY_DONE;
	failure_set(failure, "%s", tg_queue_error(q->queue));
	return TALLY_REFUSED;
}

enum tally_exit
queue_command(struct till_queue *q, int word_count, char *const words[], bool *ret_is_send,
	      struct failure *failure)
{
	const char *verb = word_count > 0 ? words[0] : "list";
	bool is_retry = strcasecmp(verb, "retry") == 0;

	*ret_is_send = word_count == 1 && strcasecmp(verb, "send") == 0;
	if (q->queue == NULL) {
		failure_set(failure, "--queue FILE is needed: the queue's file");
		return TALLY_USAGE;
	}
	if (*ret_is_send)
		return TALLY_DONE;
	if (word_count <= 1 && strcasecmp(verb, "list") == 0)
		return list(q);
	if (word_count == 2 && (is_retry || strcasecmp(verb, "drop") == 0))
		return change(q, words[1], is_retry, failure);
	failure_set(failure, "queue: [list], send, retry TRANSACTION or drop TRANSACTION");
	return TALLY_USAGE;
}

enum tally_exit
queue_send(struct till_queue *q, struct tg_client *client, struct failure *failure)
{
	uint32_t timeout_ms = (uint32_t)q->settings->identity.timeout * 1000;
	enum tg_status status = tg_queue_drain(q->queue, client, timeout_ms, on_outcome, q);

	if (status == TG_OK)
		return tg_queue_depth(q->queue) == 0 ? TALLY_DONE : TALLY_LATER;
	failure_set(failure, "%s",
		    tg_queue_error(q->queue)[0] != '\0' ? tg_queue_error(q->queue)
							: tg_client_error(client));
	return status == TG_TIMEOUT ? TALLY_LATER : TALLY_UNREACHED;
}
