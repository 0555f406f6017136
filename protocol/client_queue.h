/*
 * client_queue.h - what the files of a queue share: its rows in memory, and how they change.
 */
#ifndef TG_PROTOCOL_CLIENT_QUEUE_H
#define TG_PROTOCOL_CLIENT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/client_error.h"
#include "protocol/client_queue_file.h"
#include "protocol/queue.h"

/* A request of the queue that has not left it. */
struct client_queue_row {
	struct tg_queue_row told;
	uint8_t original[TG_TRANSACTION_ID_BYTES]; /* its ORIGINAL */
	uint8_t burn[TG_TRANSACTION_ID_BYTES];	   /* its ORIGINAL_BURN */
	bool has_original;
	bool has_burn;
	bool is_old;		/* found in the file: it may have been sent before */
	int64_t payload_at;	/* in the file */
	uint32_t payload_bytes; /* in the file */
	int64_t not_before_ms;	/* on the clock of client_now_ms(): tried again then */
};

struct tg_queue {
	struct client_queue_file file;
	struct client_error error;
	struct client_queue_row *rows; /* owned; by number, which is the order added */
	uint32_t count;
	uint32_t capacity;
	uint64_t last_number;
	uint64_t bytes_max;
	uint64_t live_bytes; /* of the entries of rows */
	bool is_draining;    /* calls that drain it are under way */
};

/* The row of a number; NULL: none. */
struct client_queue_row *client_queue_row_of(struct tg_queue *queue, uint64_t number);

/* A row as a request; room is borrowed by it. */
TG_MUST_CHECK enum tg_status client_queue_request(struct tg_queue *queue,
						  const struct client_queue_row *row,
						  uint8_t room[CLIENT_QUEUE_PAYLOAD_MAX],
						  struct tg_message *ret_request);

/* Note in the file and in memory: it was sent and not answered; it is kept for people. */
TG_MUST_CHECK enum tg_status client_queue_mark_lost(struct tg_queue *queue, uint64_t number);
TG_MUST_CHECK enum tg_status client_queue_mark_aside(struct tg_queue *queue, uint64_t number,
						     enum tg_status status);

/* It leaves the queue.  is_synced: for good, whatever the power does; else it may come back. */
TG_MUST_CHECK enum tg_status client_queue_mark_done(struct tg_queue *queue, uint64_t number,
						    bool is_synced);

#endif
