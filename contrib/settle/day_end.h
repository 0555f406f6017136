/*
 * day_end.h - proves a till's own log of a day against the gateway, and signs it.
 */
#ifndef TG_CONTRIB_SETTLE_DAY_END_H
#define TG_CONTRIB_SETTLE_DAY_END_H

#include "contrib/common/failure.h"
#include "contrib/settle/settings.h"
#include "contrib/settle/settle.h"
#include "protocol/tallygate.h"

/*
 * Compare the log with what the gateway has of the day, print what differs as CSV, and sign the day
 * if nothing does and that was asked for.  client: with an open session.  Nothing is changed but by
 * signing, which is done once: it may be run again at any time.
 */
enum settle_exit day_end_run(const struct settle_settings *settings, struct tg_client *client,
			     const char *day, const char *path, struct failure *failure);

#endif
