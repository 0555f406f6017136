/*
 * programme.h - the programme's rules and sizes, from the configuration's words to the ledger's.
 */
#ifndef TG_GATEWAY_PROGRAMME_H
#define TG_GATEWAY_PROGRAMME_H

#include "gateway/config.h"
#include "ledger/config_rows.h"
#include "ledger/ledger.h"

/* What the configuration says of the programme, as the ledger keeps it; version 0. */
struct programme_config programme_of(const struct config *config);

/* Do points end as members were told?  What there is no member for can be chosen anew. */
bool programme_fits_members(const struct config *config, const struct ledger *ledger);

/* How many rows each table may hold. */
struct ledger_limits ledger_limits_of(const struct config *config);

#endif
