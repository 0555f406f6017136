/*
 * mailbox.c - a locked list and an eventfd.
 */
#include "gateway/mailbox.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mail_item {
	STAILQ_ENTRY(mail_item) link;
	struct mail mail;
};

enum tg_status
mailbox_init(struct mailbox *mailbox)
{
	STAILQ_INIT(&mailbox->queue);
	mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mailbox->fd < 0)
		return TG_IO;
	if (pthread_mutex_init(&mailbox->lock, NULL) != 0) {
		close(mailbox->fd);
		return TG_NO_MEMORY;
	}
	return TG_OK;
}

void
mailbox_deinit(struct mailbox *mailbox)
{
	struct mail mail;

	while (mailbox_take(mailbox, &mail)) {
		if (mail.kind == MAIL_CONNECTION)
			close(mail.fd);
	}
	pthread_mutex_destroy(&mailbox->lock);
	close(mailbox->fd);
}

enum tg_status
mailbox_send(struct mailbox *mailbox, const struct mail *mail)
{
	struct mail_item *item = malloc(sizeof(*item));

	if (item == NULL)
		return TG_NO_MEMORY;
	item->mail = *mail;
	pthread_mutex_lock(&mailbox->lock);
	STAILQ_INSERT_TAIL(&mailbox->queue, item, link);
	pthread_mutex_unlock(&mailbox->lock);
	mailbox_wake(mailbox);
	return TG_OK;
}

void
mailbox_wake(struct mailbox *mailbox)
{
	uint64_t one = 1;
	ssize_t written = write(mailbox->fd, &one, sizeof(one));

	(void)written; /* full means readable, which is what was wanted */
}

void
mailbox_clear(struct mailbox *mailbox)
{
	uint64_t count;
	ssize_t got = read(mailbox->fd, &count, sizeof(count));

	(void)got; /* nothing there: woken for nothing */
}

bool
mailbox_take(struct mailbox *mailbox, struct mail *ret_mail)
{
	struct mail_item *item;

	pthread_mutex_lock(&mailbox->lock);
	item = STAILQ_FIRST(&mailbox->queue);
	if (item != NULL)
		STAILQ_REMOVE_HEAD(&mailbox->queue, link);
	pthread_mutex_unlock(&mailbox->lock);
	if (item == NULL)
		return false;
	*ret_mail = item->mail;
	free(item);
	return true;
}
