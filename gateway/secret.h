/*
 * secret.h - the bytes of a key file, kept out of core dumps and wiped at the end.
 *
 * A key file is taken as it is, every byte of it, a final newline too; it may be readable by its
 * owner and group only.
 */
#ifndef TG_GATEWAY_SECRET_H
#define TG_GATEWAY_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/config.h"
#include "protocol/status.h"

#define SECRET_BYTES_MIN 32
#define SECRET_BYTES_MAX 4096

/* Owned memory; base NULL: empty. */
struct secret {
	uint8_t *base;
	size_t bytes; /* SECRET_BYTES_MIN..SECRET_BYTES_MAX when not empty */
};

/*
 * Read a key file.  Blocks.  secret: empty before.
 * TG_OK; TG_CONFIG with *error filled: no such file, too short or long, or others may read it.
 */
TG_MUST_CHECK enum tg_status secret_read(const char *path, struct config_error *error,
					 struct secret *ret_secret);

/* Make a random one.  TG_OK; TG_NO_MEMORY: no memory or no random numbers. */
TG_MUST_CHECK enum tg_status secret_make(struct secret *ret_secret);

/* Wipe and free; empty afterwards.  An empty one is fine. */
void secret_deinit(struct secret *secret);

#endif
