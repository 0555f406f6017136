/*
 * settlement.h - the gateway's parts that speak to MariaDB, from its configuration.
 *
 * The sink, and who looks up what has left the window.  Without sink.enabled there are none.
 */
#ifndef TG_GATEWAY_SETTLEMENT_H
#define TG_GATEWAY_SETTLEMENT_H

#include <stdint.h>

#include "protocol/status.h"

struct gateway;

/*
 * Before recovery: the sequence that MariaDB is known to have, 0 when it cannot be asked now.
 * Waits a few seconds for it at most.
 */
uint64_t settlement_sequence(struct gateway *gateway);

/*
 * After recovery and before the pipeline: start the sink, make gateway->sink and
 * gateway->originals.  Does not wait for MariaDB.  TG_OK; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status settlement_start(struct gateway *gateway);

#endif
