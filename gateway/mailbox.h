/*
 * mailbox.h - messages from any thread to one I/O thread.
 *
 * Owns the messages that wait and an eventfd that is readable while there are any, or when the
 * owner was woken for something else.  For what happens seldom: connections, questions of the
 * console.  Requests and answers go by the pipeline's queues instead.
 */
#ifndef TG_GATEWAY_MAILBOX_H
#define TG_GATEWAY_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "gateway/address.h"
#include "protocol/status.h"

struct roll_call;

enum mail_kind {
	MAIL_CONNECTION, /* fd, peer, is_tls */
	MAIL_KILL,	    /* session: an operator ends it */
	MAIL_ROLL_CALL,	 /* roll_call: tell the sessions */
};

/* One message, by value. */
struct mail {
	enum mail_kind kind;
	int fd;
	struct address peer;
	bool is_tls;
	uint64_t session;
	struct roll_call *roll_call;
};

struct mail_item;
STAILQ_HEAD(mail_queue, mail_item);

struct mailbox {
	pthread_mutex_t lock; /* over queue */
	struct mail_queue queue;
	int fd; /* eventfd */
};

/* TG_OK; TG_IO: no descriptor; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status mailbox_init(struct mailbox *mailbox);

/* Messages that wait are dropped; of a connection the fd is closed. */
void mailbox_deinit(struct mailbox *mailbox);

/* Any thread.  TG_OK; TG_NO_MEMORY: not sent. */
TG_MUST_CHECK enum tg_status mailbox_send(struct mailbox *mailbox, const struct mail *mail);

/* Any thread: make the fd readable, without a message.  Cannot fail. */
void mailbox_wake(struct mailbox *mailbox);

/* The owner: make the fd unreadable; before taking messages. */
void mailbox_clear(struct mailbox *mailbox);

/* The owner: the oldest message.  False: none. */
TG_MUST_CHECK bool mailbox_take(struct mailbox *mailbox, struct mail *ret_mail);

#endif
