/*
 * ticket.h - the keys under which TLS session tickets are sealed.
 *
 * A period's keys are derived from a secret and the number of the period, so that gateways that
 * share the secret, and a gateway after its restart, open each other's tickets without telling each
 * other.  Tickets of the period before are opened too, and renewed.  What clients are trusted by
 * (authorities and revocation lists) is part of the derivation: after a change no old ticket opens.
 *
 * Any thread may ask; derived keys are cached behind a lock.
 */
#ifndef TG_GATEWAY_TICKET_H
#define TG_GATEWAY_TICKET_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"

#define TICKET_NAME_BYTES 16
#define TICKET_KEY_BYTES 32

/* Keys of one period. */
struct ticket_keys {
	int64_t period;			  /* number of the period; -1: none */
	uint8_t name[TICKET_NAME_BYTES];  /* in front of each ticket */
	uint8_t cipher[TICKET_KEY_BYTES]; /* AES-256-CBC */
	uint8_t mac[TICKET_KEY_BYTES];	  /* HMAC-SHA-256 */
};

struct ticket {
	pthread_mutex_t lock;	      /* over cached */
	uint8_t root[32];	      /* derived from the secret and what is trusted */
	int64_t period_ms;	      /* life of a period's keys */
	struct ticket_keys cached[3]; /* by number of the period modulo 3 */
};

/*
 * secret: borrowed for the call.  trusted: digest of what clients are trusted by, 32 bytes.
 * TG_OK; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status ticket_init(struct ticket *ticket, const uint8_t *secret,
					 size_t secret_bytes, const uint8_t trusted[32],
					 int64_t period_ms);
void ticket_deinit(struct ticket *ticket);

/* The keys to seal with now.  False: no keys, so no ticket. */
TG_MUST_CHECK bool ticket_seal_keys(struct ticket *ticket, int64_t utc_ms,
				    struct ticket_keys *ret_keys);

/*
 * The keys of that name, if their period is the present one or a neighbour.  False: too old or not
 * ours.  ret_is_old: the ticket should be renewed.
 */
TG_MUST_CHECK bool ticket_open_keys(struct ticket *ticket, int64_t utc_ms,
				    const uint8_t name[TICKET_NAME_BYTES],
				    struct ticket_keys *ret_keys, bool *ret_is_old);

#endif
