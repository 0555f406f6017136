/*
 * client_options.h - options of the client library, checked and copied.
 */
#ifndef TG_PROTOCOL_CLIENT_OPTIONS_H
#define TG_PROTOCOL_CLIENT_OPTIONS_H

#include "protocol/client_error.h"
#include "protocol/status.h"
#include "protocol/tallygate.h"

/*
 * Check options and copy them with their strings.
 *
 * ret_options: free with client_options_deinit().  TG_OK; TG_CONFIG; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status client_options_copy(const struct tg_options *options,
						 struct client_error *error,
						 struct tg_options *ret_options);

/* Free the strings and overwrite the key.  All zero is allowed. */
void client_options_deinit(struct tg_options *options);

#endif
