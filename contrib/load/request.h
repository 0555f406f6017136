/*
 * request.h - one request from the first idea of it to its final answer, over all its sendings.
 *
 * What is asked is fixed once, by the source, so that every sending under the same transaction id
 * says the same.  Fields that are -1, 0 or false where that is said are not sent.
 */
#ifndef TG_CONTRIB_LOAD_REQUEST_H
#define TG_CONTRIB_LOAD_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/transaction_id.h"
#include "contrib/load/members.h"
#include "protocol/message.h"
#include "protocol/value.h"

#define MEMBER_NONE UINT32_MAX

/* What a message needs besides the request and the members that it points to. */
struct request_room {
	char	receipt[24];
	uint8_t lines[96]; /* msgpack of one line */
};

/* Whether and how the same request is sent again although it was answered, or may yet be. */
enum repeat_kind {
	REPEAT_NONE,
	REPEAT_NOW,	  /* right behind it on the same connection */
	REPEAT_OTHER,	  /* at the same time on another connection of the partner */
	REPEAT_RECONNECT, /* after its answer, on a new connection */
};

struct request {
	/* what is asked; the source's */
	uint8_t	 operation;	     /* enum tg_operation */
	uint8_t	 reason;	     /* enum tg_reason, or 0 */
	uint8_t	 quoted_operation;   /* in QUOTE */
	uint8_t	 direction;	     /* enum tg_direction; 0: not sent */
	bool	 by_reference;	     /* name the member by reference; only if that is known */
	bool	 has_original;	     /* original is set; original_time_ms with it */
	bool	 has_original_burn;  /* original_burn is set */
	bool	 is_transaction;     /* has transaction_id and business_time_ms */
	uint8_t	 transaction_id[TG_TRANSACTION_ID_BYTES];
	uint8_t	 original[TG_TRANSACTION_ID_BYTES];
	uint8_t	 original_burn[TG_TRANSACTION_ID_BYTES];
	uint32_t member;	     /* index in members, or MEMBER_NONE */
	int32_t	 hold_seconds;	     /* 0: not sent */
	int32_t	 till_day;	     /* days since 1970-01-01; -1: not sent */
	uint32_t till;		     /* 0: not sent */
	uint64_t receipt;	     /* number; 0: not sent */
	uint32_t piece_count;	     /* pieces in the receipt's one line; 0: no lines are sent */
	int64_t	 business_time_ms;   /* ms UTC */
	int64_t	 original_time_ms;   /* ms UTC */
	int64_t	 amount, covered, points; /* -1: not sent */
	int64_t	 own_units;	     /* -1: not sent */
	int32_t	 total_day;	     /* in TOTALS, which is by business date and partner */
	uint32_t tag;		     /* the source's own */
	uint64_t cookie;	     /* the source's own */

	/* its way; the slot's */
	enum repeat_kind repeat;
	bool		 is_copy;      /* a repetition; the source does not hear of it */
	uint16_t	 attempt;      /* sendings before this one */
	uint64_t	 due_ns;       /* when it should have been sent first */
	uint64_t	 sent_ns;      /* when it was sent last */
	struct request	*next;	       /* in a queue */
};

/* Make a request that asks nothing yet. */
void request_init(struct request *request, enum tg_operation operation, uint32_t member);

/* Make it a transaction: give it an id of its own, and its business time. */
void request_set_transaction(struct request *request, struct transaction_ids *ids,
			     int64_t business_time_ms);

/* Name the earlier transaction that it is about. */
void request_set_original(struct request *request, const uint8_t id[TG_TRANSACTION_ID_BYTES],
			  int64_t business_time_ms);

/*
 * Say it on the wire.  message points into room, request and members, until it is encoded.
 * request_id: 0 for an item of a batch.
 */
void request_to_message(const struct request *request, const struct members *members,
			uint32_t request_id, struct request_room *room,
			struct tg_message *message);

/* A first-in-first-out queue of requests.  All zero is empty. */
struct request_queue {
	struct request *first;
	struct request *last;
	uint32_t	count;
};

void request_queue_push(struct request_queue *queue, struct request *request);

/* NULL when the queue is empty. */
struct request *request_queue_pop(struct request_queue *queue);

/* Put all of front before what queue holds, and leave front empty. */
void request_queue_prepend(struct request_queue *queue, struct request_queue *front);

#endif
