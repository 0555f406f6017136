/*
 * terminals.h - the terminals that the load plays, from a file.
 *
 * CSV.  A first line with names says which column is which (others are passed over): number (or
 * terminal), store, partner, generation (or key_generation), key (64 hexadecimal digits).  Without
 * such a line the columns are number, store, partner, generation, key.  Only number is required in
 * a file with names; generation is 1 and the key is derived from the master key where they are
 * empty.
 */
#ifndef TG_CONTRIB_LOAD_TERMINALS_H
#define TG_CONTRIB_LOAD_TERMINALS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/common/failure.h"
#include "protocol/auth.h"

#define MASTER_KEY_BYTES_MAX 256

struct terminal {
	uint32_t number;	    /* >= 1 */
	uint32_t store;		    /* 0: not told */
	uint32_t partner;	    /* 0: not told */
	uint16_t generation;	    /* of the key, >= 1 */
	bool	 has_key;	    /* key is set */
	uint8_t	 key[TG_KEY_BYTES]; /* secret */
};

/* Invariant: count >= 1. */
struct terminals {
	struct terminal *items;	       /* owned; partners take turns, so that a few play all */
	uint32_t	 count;	       /* of items */
	uint8_t		 master[MASTER_KEY_BYTES_MAX]; /* secret; keys without one come from it */
	size_t		 master_bytes; /* 0: none */
	bool		 use_certificate; /* the TLS certificate says who speaks; no keys */
};

/*
 * Read terminals from an open file; name is for the reason of a failure.
 * False, with nothing to free, when the file is not as said above.
 */
bool terminals_read(FILE *file, const char *name, struct terminals *ret_terminals,
		    struct failure *failure);

/* Read the master key: the bytes of the file as they are.  False with the reason. */
bool terminals_read_master(struct terminals *terminals, const char *path,
			   struct failure *failure);

/* Clear and free. */
void terminals_deinit(struct terminals *terminals);

/*
 * The key of a terminal of a coalition's instance: its own, or derived from the master key.
 * False with the reason when there is neither.
 */
bool terminals_key(const struct terminals *terminals, const struct terminal *terminal,
		   const char *instance, uint8_t ret_key[TG_KEY_BYTES], struct failure *failure);

#endif
