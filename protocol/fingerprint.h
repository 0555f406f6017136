/*
 * fingerprint.h - tells whether two requests with one transaction id ask the same thing.
 */
#ifndef TG_PROTOCOL_FINGERPRINT_H
#define TG_PROTOCOL_FINGERPRINT_H

#include <stdint.h>

#include "protocol/value.h"

#define TG_FINGERPRINT_BYTES 16

/*
 * The fingerprint of a decoded request: XXH3-128 over the operation, the table's version and every
 * printed field that is present, in number order, by value and not by encoding.  The same on every
 * machine.  Not a secret and no protection against someone who looks for collisions.
 */
void tg_fingerprint(const struct tg_message *request,
		    uint8_t ret_fingerprint[TG_FINGERPRINT_BYTES]);

#endif
