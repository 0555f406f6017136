/*
 * sockets.c - takes what was handed over, else opens.
 */
#include "gateway/sockets.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/listener.h"
#include "gateway/supervisor.h"

/* Add one and tell where it is bound: with port 0 the kernel chose one. */
static struct address *
add(struct sockets *sockets, int fd)
{
	struct address *address = &sockets->addresses[sockets->count];

	*address = (struct address){ .bytes = sizeof(address->storage) };
	(void)getsockname(fd, &address->storage.any, &address->bytes);
	sockets->fds[sockets->count++] = fd;
	return address;
}

static bool
is_internet(const struct address *address)
{
	return address->storage.any.sa_family == AF_INET ||
	       address->storage.any.sa_family == AF_INET6;
}

/* Take those of that name. */
static enum tg_status
take(const struct sockets_wish *wish, struct config_error *error, struct sockets *sockets)
{
	int fd;

	while (sockets->count < SOCKETS_MAX &&
	       (fd = supervisor_take(wish->supervisor, wish->name)) >= 0) {
		const struct address *address = add(sockets, fd);

		if (is_internet(address) && (!wish->is_loopback || address_is_loopback(address)))
			continue;
		snprintf(error->text, sizeof(error->text),
			 "%s: socket %s of the service manager is not bound to %s", wish->key,
			 wish->name,
			 is_internet(address) ? "a loopback address" : "an Internet address");
		return TG_CONFIG;
	}
	return TG_OK;
}

static enum tg_status
open_new(const struct sockets_wish *wish, struct config_error *error, struct sockets *sockets)
{
	for (uint32_t i = 0; i < wish->addresses->count; i++) {
		struct address address;
		enum tg_status status = address_parse(wish->addresses->entries[i], &address);
		char why[128] = "no numeric address";
		int fd;

		if (status == TG_OK)
			status = listener_open(&address, wish->backlog, why, sizeof(why), &fd);
		if (status != TG_OK) {
			snprintf(error->text, sizeof(error->text), "%s %s: %s", wish->key,
				 wish->addresses->entries[i], why);
			return TG_CONFIG;
		}
		(void)add(sockets, fd);
	}
	return TG_OK;
}

enum tg_status
sockets_open(const struct sockets_wish *wish, struct config_error *error,
	     struct sockets *ret_sockets)
{
	enum tg_status status = TG_OK;

	ret_sockets->count = 0;
	if (wish->supervisor != NULL)
		status = take(wish, error, ret_sockets);
	if (status == TG_OK && ret_sockets->count == 0)
		status = open_new(wish, error, ret_sockets);
	if (status == TG_OK)
		return TG_OK;
	while (ret_sockets->count > 0)
		close(ret_sockets->fds[--ret_sockets->count]);
	return status;
}
