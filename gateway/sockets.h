/*
 * sockets.h - the listening sockets that one key of the configuration asks for.
 *
 * They are those that the service manager hands over under the key's name, else new ones at the
 * key's addresses.  Nothing is accepted here.
 */
#ifndef TG_GATEWAY_SOCKETS_H
#define TG_GATEWAY_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/address.h"
#include "gateway/config.h"
#include "protocol/status.h"

struct supervisor;

#define SOCKETS_MAX CONFIG_LIST_ENTRIES_MAX

/* All borrowed for the call. */
struct sockets_wish {
	const char *key;	/* "listen.tls", for errors */
	const char *name;	/* "tls", under which a service manager hands them over */
	const struct config_list *addresses; /* checked already; of at least one */
	struct supervisor *supervisor; /* NULL: there is none */
	bool is_loopback;	/* what is handed over must be of this machine only */
	int backlog;		/* of new ones */
};

struct sockets {
	uint32_t count;
	int fds[SOCKETS_MAX];	/* non-blocking; owned by whoever asked for them */
	struct address addresses[SOCKETS_MAX]; /* where they are bound */
};

/*
 * TG_OK; TG_CONFIG with *error filled: an address cannot be listened on, or what was handed over
 * does not fit the key; *ret_sockets is empty then.
 */
TG_MUST_CHECK enum tg_status sockets_open(const struct sockets_wish *wish,
					  struct config_error *error, struct sockets *ret_sockets);

#endif
