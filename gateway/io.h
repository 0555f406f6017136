/*
 * io.h - an I/O thread from the inside, for the files that make up its sessions.
 *
 * Owns what the sessions of one thread share: loop, table, wheel, scratch memory, the port to the
 * pipeline.  All others use io_thread.h.
 */
#ifndef TG_GATEWAY_IO_H
#define TG_GATEWAY_IO_H

#include <event2/event_struct.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "gateway/failures.h"
#include "gateway/io_thread.h"
#include "gateway/listener.h"
#include "gateway/mailbox.h"
#include "gateway/meter.h"
#include "gateway/session.h"
#include "gateway/translate.h"
#include "gateway/wheel.h"
#include "protocol/message.h"
#include "protocol/value.h"

#define IO_READ_BYTES 32768	 /* of one read */
#define IO_READS_PER_RUN 8	 /* of one session in a turn */
#define IO_WRITES_PER_FLUSH 16	 /* of one session in a turn */
#define IO_ANSWERS_PER_TURN 2048
#define IO_REPLY_BYTES_MAX 16384 /* of one answer that is no batch; every one fits */
#define IO_TIMER_MS 50

TAILQ_HEAD(session_queue, session);
TAILQ_HEAD(batch_queue, batch);

struct io {
	struct io_options options;   /* fixed for life but for config */
	const struct config *config; /* in force; taken over from next_config */
	struct event_base *base;     /* owned */
	struct event port_event;     /* answers or notices wait */
	struct event timer_event;    /* each IO_TIMER_MS */
	struct mailbox mailbox;	     /* messages of other threads */
	struct event mailbox_event;
	/* What other threads want; they set it, then wake the mailbox. */
	const struct config *_Atomic next_config; /* never NULL */
	atomic_bool wants_drain, wants_review, wants_stop;
	struct session_table table;
	struct wheel wheel;
	struct session_queue work, handshake, closed; /* enum session_list */
	struct batch_queue batches; /* those that wait for room at the ledger, the oldest first */
	struct listener listeners[IO_LISTENERS_MAX];
	uint32_t listener_count;
	uint32_t next_io;	  /* who gets the next connection that is accepted */
	struct failures failures; /* of authentication, by address */
	struct translator translator;
	uint64_t session_count; /* since the start; gives their numbers */
	uint64_t random;	/* state of io_random() */
	int64_t now_ms;		/* monotonic; of this turn, when is_now_fresh */
	bool is_now_fresh;
	int64_t turn_us;	/* CLOCK_MONOTONIC; events of this turn were there */
	struct {
		uint32_t operation; /* of the request that is being answered */
		int64_t since_us;   /* its frame was complete */
	} answering;
	struct meter meter;
	bool has_more_answers; /* the turn ended before all were told */
	bool is_draining;
	bool is_stopping;
	struct tg_message request; /* being handled */
	struct tg_message reply;   /* being made */
	uint8_t read_scratch[IO_READ_BYTES];
	uint8_t reply_scratch[IO_REPLY_BYTES_MAX];
	uint8_t rows_scratch[IO_REPLY_BYTES_MAX]; /* array fields of the reply */
};

/* Monotonic ms, read once a turn. */
int64_t io_now_ms(struct io *io);

/* A random number below bound > 0, for spreading load; not for secrets. */
uint32_t io_random(struct io *io, uint32_t bound);

/* Put a session on a list, off the one it is on. */
void io_list(struct io *io, struct session *session, enum session_list list);

#endif
