/*
 * client_queue_drain.c - a queue's requests on their way to the gateway.
 *
 * One at a time, so that the order is kept whatever is answered.  A request that costs its
 * connection may do so because of itself or because of the gateway: before it is sent again a PING
 * must have been answered on the same connection, so that only what is the request's own fault
 * counts against it.
 */
#include "protocol/client_queue.h"

#include <string.h>

#include "protocol/client_internal.h"
#include "protocol/tallygate.h"

/* So often a request may go unanswered; all but the first right after a PING that was. */
#define LOSSES_MAX 4

/* A request that is sent this long after it was stored comes late. */
#define LATE_AFTER_MS 10000

/* Between attempts at a request that is refused for now. */
#define AGAIN_MOST_MS (10 * 60 * 1000)

/* What a client's own call sends at most of what waits before its own request. */
#define TEND_ROWS_MAX 8
#define TEND_PART 4

/* One draining. */
struct drain {
	struct tg_queue *queue;
	struct tg_client *client;
	tg_queue_outcome on_outcome;
	void *context;
	int64_t until_ms;
	uint32_t answered; /* requests that got an answer */
};

/* How sending one request ended. */
enum turn {
	TURN_ON,   /* go on with the next */
	TURN_STOP, /* with the status given */
};

/* Does the id name an earlier request that waits?  Then what names it waits, too. */
static bool
is_behind(const struct tg_queue *queue, uint32_t index, const uint8_t *id)
{
	for (uint32_t i = 0; i < index; i++)
		if (queue->rows[i].told.lane == TG_QUEUE_WAITING &&
		    memcmp(queue->rows[i].told.id, id, TG_TRANSACTION_ID_BYTES) == 0)
			return true;
	return false;
}

/* The next to be sent now; NULL: none. */
static const struct client_queue_row *
next_due(const struct tg_queue *queue)
{
	int64_t now_ms = client_now_ms();

	for (uint32_t i = 0; i < queue->count; i++) {
		const struct client_queue_row *row = &queue->rows[i];

		if (row->told.lane == TG_QUEUE_WAITING && row->not_before_ms <= now_ms &&
		    !(row->has_original && is_behind(queue, i, row->original)) &&
		    !(row->has_burn && is_behind(queue, i, row->burn)))
			return row;
	}
	return NULL;
}

/* Set what differs from one sending to the next. */
static void
mark_sending(const struct client_queue_row *row, struct tg_message *request)
{
	int64_t age_ms = tg_utc_ms() - row->told.stored_at;
	uint32_t sent = row->told.losses + row->told.refusals;

	if (row->is_old || age_ms < 0 || age_ms >= LATE_AFTER_MS)
		tg_message_set_integer(request, TG_FIELD_LATE, 1);
	if (sent == 0 && !row->is_old)
		return;
	tg_message_set_integer(request, TG_FIELD_REPEAT, 1);
	tg_message_set_integer(request, TG_FIELD_ATTEMPT, sent < UINT16_MAX ? sent : UINT16_MAX);
}

/* How long to wait for an answer: the client's time, or what is left. */
static uint32_t
patience_ms(const struct drain *drain)
{
	int64_t left_ms = drain->until_ms - client_now_ms();

	if (left_ms < 1)
		return 1;
	return left_ms < drain->client->answer_timeout_ms ? (uint32_t)left_ms
							  : drain->client->answer_timeout_ms;
}

/* Tell the operator how deep the queue is. */
static enum tg_status
ping(struct drain *drain)
{
	struct tg_message request, answer;

	tg_message_init(&request, 0, TG_OP_PING);
	tg_queue_tell(drain->queue, &request);
	return tg_client_call(drain->client, &request, patience_ms(drain), &answer);
}

/* Report an outcome, then note it: told twice after a crash rather than never. */
static enum tg_status
finish(struct drain *drain, const struct client_queue_row *row, enum tg_queue_lane lane,
       enum tg_status status, const struct tg_message *answer)
{
	struct tg_queue_row told = row->told;

	told.lane = lane;
	told.status = status;
	if (drain->on_outcome != NULL)
		drain->on_outcome(drain->context, &told, answer);
	return lane == TG_QUEUE_DONE ? client_queue_mark_done(drain->queue, told.number, false)
				     : client_queue_mark_aside(drain->queue, told.number, status);
}

/* Has this request reached what it is for? */
static bool
is_fulfilled(enum tg_operation operation, uint32_t status)
{
	if (status == TG_OK)
		return true;
	return operation == TG_OP_REVERSE &&
	       (status == TG_ORIGINAL_UNKNOWN || status == TG_ALREADY_REVERSED);
}

/* It is refused for now: later, and the others meanwhile. */
static void
put_off(struct drain *drain, uint64_t number, const struct tg_message *answer)
{
	struct client_queue_row *row = client_queue_row_of(drain->queue, number);
	int64_t pause_ms = tg_message_integer(answer, TG_FIELD_RETRY_AFTER, 0);

	row->told.refusals++;
	row->told.status = (enum tg_status)answer->code;
	pause_ms += tg_backoff_ms(row->told.refusals);
	row->not_before_ms = client_now_ms() + (pause_ms < 0		   ? 0
						: pause_ms < AGAIN_MOST_MS ? pause_ms
									   : AGAIN_MOST_MS);
}

/* What an answer means for its request. */
static enum turn
judge(struct drain *drain, const struct client_queue_row *row, const struct tg_message *answer,
      enum tg_status *ret_status)
{
	*ret_status = (enum tg_status)answer->code;
	if (client_is_passing(answer->code)) {
		client_queue_row_of(drain->queue, row->told.number)->told.refusals++;
		if (client_wait_out(drain->client, answer, drain->until_ms))
			return TURN_ON;
		*ret_status = TG_TIMEOUT;
		return TURN_STOP;
	}
	drain->answered++;
	if (answer->code == TG_BLOCKED || answer->code == TG_AUTH_REQUIRED)
		return TURN_STOP; /* not the request's fault, and the next would fare no better */
	if (tg_status_is_retryable((enum tg_status)answer->code)) {
		put_off(drain, row->told.number, answer);
		return TURN_ON;
	}
	*ret_status = finish(drain, row,
			     is_fulfilled(row->told.operation, answer->code) ? TG_QUEUE_DONE
									     : TG_QUEUE_ASIDE,
			     (enum tg_status)answer->code, answer);
	return *ret_status == TG_OK ? TURN_ON : TURN_STOP;
}

/* It was sent, and there was no answer. */
static enum turn
lose(struct drain *drain, const struct client_queue_row *row, enum tg_status *ret_status)
{
	uint64_t number = row->told.number;

	*ret_status = client_queue_mark_lost(drain->queue, number);
	row = client_queue_row_of(drain->queue, number);
	if (*ret_status == TG_OK && row->told.losses >= LOSSES_MAX)
		*ret_status = finish(drain, row, TG_QUEUE_ASIDE, TG_CLOSED, NULL);
	return *ret_status == TG_OK ? TURN_ON : TURN_STOP;
}

/* Open a session, and see that it works if the request is one that sessions were lost with. */
static enum tg_status
prepare(struct drain *drain, const struct client_queue_row *row)
{
	enum tg_status status = client_open_until(drain->client, drain->until_ms);

	if (status != TG_OK || row->told.losses == 0)
		return status;
	status = ping(drain);
	return status == TG_TIMEOUT || status == TG_CLOSED ? TG_IO : status;
}

/* Send one request, once. */
static enum turn
send_row(struct drain *drain, const struct client_queue_row *row, enum tg_status *ret_status)
{
	uint8_t room[CLIENT_QUEUE_PAYLOAD_MAX];
	struct tg_message request, answer = { .code = UINT32_MAX };
	uint32_t wait_ms;
	enum tg_status status = client_queue_request(drain->queue, row, room, &request);

	if (status == TG_OK)
		status = prepare(drain, row);
	*ret_status = status;
	if (status != TG_OK)
		return TURN_STOP;
	mark_sending(row, &request);
	wait_ms = patience_ms(drain);
	status = tg_client_call(drain->client, &request, wait_ms, &answer);
	if (answer.code == (uint32_t)status)
		return judge(drain, row, &answer, ret_status);
	*ret_status = status;
	if (status == TG_TIMEOUT && wait_ms < drain->client->answer_timeout_ms)
		return TURN_STOP; /* it had no time: nobody's fault */
	if (status == TG_TIMEOUT || status == TG_CLOSED)
		return lose(drain, row, ret_status);
	if (status == TG_BAD_FIELD || status == TG_MISSING_FIELD || status == TG_UNKNOWN_FIELD ||
	    status == TG_UNKNOWN_OPERATION || status == TG_FRAME_TOO_LARGE) {
		*ret_status = finish(drain, row, TG_QUEUE_ASIDE, status, NULL);
		return *ret_status == TG_OK ? TURN_ON : TURN_STOP;
	}
	return TURN_STOP;
}

/* Send up to so many. */
static enum tg_status
drain_rows(struct drain *drain, uint32_t rows_max)
{
	const struct client_queue_row *row;
	enum tg_status status;

	for (uint32_t i = 0; i < rows_max; i++) {
		row = next_due(drain->queue);
		if (row == NULL)
			return TG_OK;
		if (client_now_ms() >= drain->until_ms)
			return TG_TIMEOUT;
		if (send_row(drain, row, &status) == TURN_STOP)
			return status;
	}
	return TG_TIMEOUT;
}

enum tg_status
tg_queue_drain(struct tg_queue *queue, struct tg_client *client, uint32_t timeout_ms,
	       tg_queue_outcome on_outcome, void *context)
{
	struct drain drain = {
		queue, client, on_outcome, context, client_now_ms() + timeout_ms, 0
	};
	enum tg_status status;

	if (queue->is_draining || tg_client_in_flight(client) > 0) {
		client_error_set(&client->error, "answers to earlier requests are still to come");
		return TG_OUT_OF_TURN;
	}
	queue->is_draining = true;
	status = drain_rows(&drain, UINT32_MAX);
	if (client_queue_file_sync(&queue->file, &queue->error) != TG_OK)
		status = TG_IO; /* told by the next that adds, too */
	if (drain.answered > 0 && tg_client_session(client) != NULL)
		(void)ping(&drain); /* what it says is welcome, and nothing depends on it */
	queue->is_draining = false;
	return status;
}

void
tg_client_attach_queue(struct tg_client *client, struct tg_queue *queue,
		       tg_queue_outcome on_outcome, void *context)
{
	client->queue = queue;
	client->on_outcome = on_outcome;
	client->outcome_context = context;
}

void
client_tend_queue(struct tg_client *client, int64_t until_ms)
{
	struct tg_queue *queue = client->queue;
	int64_t now_ms = client_now_ms();
	struct drain drain = { queue,
			       client,
			       client->on_outcome,
			       client->outcome_context,
			       now_ms + (until_ms - now_ms) / TEND_PART,
			       0 };

	if (queue == NULL || queue->is_draining)
		return;
	queue->is_draining = true;
	(void)drain_rows(&drain, TEND_ROWS_MAX); /* what is not done waits on */
	queue->is_draining = false;
}
