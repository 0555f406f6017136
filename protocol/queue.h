/*
 * queue.h - store and forward: transactions kept in a file until the gateway has answered them.
 *
 * A till adds what must not be lost before it sends it, goes on whether or not the gateway can be
 * reached, and has the queue drained when it can.  Requests are sent in the order in which they
 * were added, each under its id and with its business time, marked late when they are; so whatever
 * happens on the way, each is booked once.
 *
 * A request that the gateway refuses for good, or that costs every connection it is sent on, is set
 * aside: it stays in the file for people, and the others go on.  One that is refused for now, as an
 * earn for a card that is not registered yet, is tried again later; the others go on, except those
 * that name it as their original.
 *
 * One process has a queue at a time.  Part of tallygate.h.
 */
#ifndef TG_PROTOCOL_QUEUE_H
#define TG_PROTOCOL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/message.h"
#include "protocol/status.h"
#include "protocol/value.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tg_client;
struct tg_queue;

/* Room for a request that is read from a queue. */
#define TG_QUEUE_ROOM_BYTES (17 * 1024)

/* Where a request of a queue stands. */
enum tg_queue_lane {
	TG_QUEUE_WAITING = 1, /* to be sent, or sent and not answered */
	TG_QUEUE_ASIDE = 2,   /* kept for people: tg_queue_retry() or tg_queue_drop() */
	TG_QUEUE_DONE = 3,    /* told to tg_queue_outcome only: it has left the queue */
};

/* A request of a queue. */
struct tg_queue_row {
	uint64_t number;		     /* 1 or more, in the order added */
	uint8_t id[TG_TRANSACTION_ID_BYTES]; /* its TRANSACTION_ID */
	enum tg_operation operation;
	int64_t business_time; /* ms UTC */
	int64_t stored_at;     /* ms UTC, by the clock of this machine */
	enum tg_queue_lane lane;
	enum tg_status status; /* the last answer; TG_CLOSED: none, again and again; else TG_OK */
	uint32_t losses;       /* sendings that were not answered */
	uint32_t refusals;     /* answers since the queue was opened that asked to come later */
};

/*
 * What became of a request: it is done, or set aside.
 *
 * row: borrowed for the call.  answer: as the gateway gave it, borrowed for the call; NULL: there
 * was none, and the outcome is unknown.  May be told again after the process was killed in the
 * middle of it.  The queue and the client must be left alone meanwhile.
 */
typedef void (*tg_queue_outcome)(void *context, const struct tg_queue_row *row,
				 const struct tg_message *answer);

/* Is this an operation that may come late, and so be queued? */
bool tg_queue_takes(uint32_t operation);

/*
 * Open a queue's file, made if it is not there, for this process alone.
 *
 * bytes_max: of the requests in it; 0: 4 MiB, some ten thousand.  The file takes at most twice that
 * and 128 KiB.  error_text: if not NULL, says why not, in at most error_bytes with the NUL.
 *
 * A request that was being added when the power went is cut off: tg_queue_add() had not returned.
 * TG_OK; TG_FENCED: it is open already; TG_CORRUPT: the file is damaged, at a byte that is named,
 * and left as it is; TG_IO; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status tg_queue_open(const char *path, uint64_t bytes_max, char *error_text,
					   size_t error_bytes, struct tg_queue **ret_queue);

/* Close the file and free the queue; detach it from clients first.  NULL is allowed. */
void tg_queue_close(struct tg_queue *queue);

/* What went wrong last with the queue itself, one line; "" if nothing did. */
const char *tg_queue_error(const struct tg_queue *queue);

/*
 * Store a request, with TRANSACTION_ID and BUSINESS_TIME, behind the others.  It is on the disk
 * when this returns.
 *
 * TG_OK, also when the same request is in the queue already; TG_OUT_OF_TURN: an operation that
 * needs the gateway; TG_TABLE_FULL: the queue is full; TG_CONFLICT: another request in it has this
 * id; TG_IO: it cannot be written; or what is wrong with the request: in all these cases it is not
 * stored, and tg_queue_error() says more.
 */
TG_MUST_CHECK enum tg_status tg_queue_add(struct tg_queue *queue, const struct tg_message *request);

/* Requests that wait, and how old the oldest is, s; for QUEUE_DEPTH and QUEUE_AGE of PING. */
uint32_t tg_queue_depth(const struct tg_queue *queue);
uint32_t tg_queue_age_s(const struct tg_queue *queue);

/* Set QUEUE_DEPTH and QUEUE_AGE. */
void tg_queue_tell(const struct tg_queue *queue, struct tg_message *ping);

/*
 * The first request whose number is above after: 0 for the first, then the number of each.  False:
 * there is none.  Those that wait and those that are aside, in the order added.
 */
bool tg_queue_next(const struct tg_queue *queue, uint64_t after, struct tg_queue_row *ret_row);

/* The request with an id; false: it is not in the queue. */
bool tg_queue_find(const struct tg_queue *queue, const uint8_t id[TG_TRANSACTION_ID_BYTES],
		   struct tg_queue_row *ret_row);

/*
 * The request itself, as it was added.  room is borrowed by ret_request.
 * TG_OK; TG_UNKNOWN_TRANSACTION: no such number; TG_IO, TG_CORRUPT.
 */
TG_MUST_CHECK enum tg_status tg_queue_read(struct tg_queue *queue, uint64_t number,
					   uint8_t room[TG_QUEUE_ROOM_BYTES],
					   struct tg_message *ret_request);

/* Let a request that is aside wait again.  TG_OK; TG_UNKNOWN_TRANSACTION: none such; TG_IO. */
TG_MUST_CHECK enum tg_status tg_queue_retry(struct tg_queue *queue, uint64_t number);

/* Take a request that is aside out of the queue for good.  As tg_queue_retry(). */
TG_MUST_CHECK enum tg_status tg_queue_drop(struct tg_queue *queue, uint64_t number);

/*
 * Send what waits until nothing is left that can be sent now, or the time is up.  A PING with depth
 * and age follows if anything was answered.  on_outcome: may be NULL.
 *
 * TG_OK: nothing waits, but what has been refused for now.  TG_TIMEOUT: the time is up, and more
 * waits.  TG_OUT_OF_TURN: the client has requests that are not answered.  TG_IO, TG_AUTH_FAILED,
 * TG_BLOCKED and others: no session, see tg_client_error(); or the file fails, see
 * tg_queue_error().  In each case what is not done waits on.
 */
TG_MUST_CHECK enum tg_status tg_queue_drain(struct tg_queue *queue, struct tg_client *client,
					    uint32_t timeout_ms, tg_queue_outcome on_outcome,
					    void *context);

/*
 * Have the queue drained along with the client's own calls: whenever tg_client_call() or
 * tg_client_transact() has a session, it first sends some of what waits, and each PING tells depth
 * and age.  The queue is borrowed until another, or NULL, is attached, or the client is freed.
 */
void tg_client_attach_queue(struct tg_client *client, struct tg_queue *queue,
			    tg_queue_outcome on_outcome, void *context);

#ifdef __cplusplus
}
#endif

#endif
