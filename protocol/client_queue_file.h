/*
 * client_queue_file.h - the file of a queue: entries appended, found again after a loss of power.
 *
 * An entry is a request, or a mark about an earlier request.  A request is on the disk when
 * appending returns; most marks may be lost with the power, and are no more than a saving.  So what
 * cannot be read at the end of the file, with no request behind it, is a tail that was never
 * promised to anybody, and is cut off.  Anything else that cannot be read is damage, and is named.
 * Marks are synced before a request is written behind them, so that the order in which the disk
 * takes pages cannot make the one look like the other.
 *
 *	file	magic 8 "TGQUEUE1", salt 8, checksum 8 of both; then entries
 *	entry	magic 4 "entr", payload bytes 4, kind 4, number 8, checksum 8, payload
 *
 * Numbers are little endian.  Checksums are XXH3-64 with a seed made of the salt and the place in
 * the file, so that bytes of an older file that show up there do not pass.  A mark has the number
 * of the request that it is about.
 */
#ifndef TG_PROTOCOL_CLIENT_QUEUE_FILE_H
#define TG_PROTOCOL_CLIENT_QUEUE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/client_error.h"
#include "protocol/queue.h"
#include "protocol/status.h"

/* Payload of the longest entry: a request of the longest frame and some numbers. */
#define CLIENT_QUEUE_PAYLOAD_MAX TG_QUEUE_ROOM_BYTES

/* Bytes of an entry before its payload. */
#define CLIENT_QUEUE_HEAD_BYTES 28

/* Numbers in the file, never re-used. */
enum client_queue_kind {
	CLIENT_QUEUE_REQUEST = 1, /* when it was stored, ms UTC, 8 bytes; then the request */
	CLIENT_QUEUE_DONE = 2,	  /* it has its final answer */
	CLIENT_QUEUE_ASIDE = 3,	  /* it is kept for people; its status, 4 bytes */
	CLIENT_QUEUE_LOST = 4,	  /* it was sent and not answered */
	CLIENT_QUEUE_AGAIN = 5,	  /* it was aside and waits again */
};

struct client_queue_entry {
	enum client_queue_kind kind;
	uint64_t number;	/* of the request, 1 or more */
	const uint8_t *payload; /* borrowed */
	size_t payload_bytes;	/* at most CLIENT_QUEUE_PAYLOAD_MAX */
	int64_t payload_at;	/* where in the file it begins */
	bool is_synced;		/* appended: on the disk before that returns */
};

/* Invariant: entries lie between the file's head and end_bytes, without gaps. */
struct client_queue_file {
	char *path;	   /* owned */
	int fd;		   /* owned and locked, -1: none */
	uint64_t salt;	   /* of this file */
	int64_t end_bytes; /* where the next entry goes */
	bool is_unsynced;  /* marks at the end may not be on the disk yet */
	bool is_draft;	   /* synced when it takes another's place, not before */
	bool is_broken;	   /* a sync has failed: nobody knows what is on the disk */
};

/* An entry that was found; TG_OK, or why the file cannot be used, with error set. */
typedef enum tg_status (*client_queue_visit)(void *context, const struct client_queue_entry *entry,
					     struct client_error *error);

/*
 * Open a file, made if it is not there, lock it, and visit its entries in order.
 *
 * TG_OK; TG_FENCED: it is open already, here or in another process; TG_CORRUPT: it is damaged, or
 * no queue; TG_IO, TG_NO_MEMORY.  In any case client_queue_file_close() may follow.
 */
TG_MUST_CHECK enum tg_status client_queue_file_open(struct client_queue_file *file,
						    const char *path, client_queue_visit visit,
						    void *context, struct client_error *error);

/* Unlock and close.  Closed already, or all zero but for fd -1, is allowed. */
void client_queue_file_close(struct client_queue_file *file);

/*
 * Append an entry; its payload_at is set.  TG_OK; TG_IO: it is not there, and if that cannot be
 * told for sure, nothing can be appended any more.
 */
TG_MUST_CHECK enum tg_status client_queue_file_append(struct client_queue_file *file,
						      struct client_queue_entry *entry,
						      struct client_error *error);

/* See that all marks are on the disk.  TG_OK; TG_IO: nothing can be appended any more. */
TG_MUST_CHECK enum tg_status client_queue_file_sync(struct client_queue_file *file,
						    struct client_error *error);

/* Read a payload again.  TG_OK; TG_IO. */
TG_MUST_CHECK enum tg_status client_queue_file_read(const struct client_queue_file *file,
						    int64_t payload_at, void *ret_payload,
						    size_t bytes, struct client_error *error);

/*
 * Begin a file that takes the place of another when it is complete: append what is still of use,
 * then client_queue_file_replace().  To give up, close it: the old one is as it was.
 */
TG_MUST_CHECK enum tg_status client_queue_file_begin(struct client_queue_file *fresh,
						     const struct client_queue_file *old,
						     struct client_error *error);

/* Put the fresh file in the old one's place; fresh is closed, old is the new one. */
TG_MUST_CHECK enum tg_status client_queue_file_replace(struct client_queue_file *fresh,
						       struct client_queue_file *old,
						       struct client_error *error);

#endif
