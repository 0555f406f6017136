/*
 * identity.h - as whom tally speaks: settings made options of the client library.
 */
#ifndef TG_CONTRIB_TALLY_IDENTITY_H
#define TG_CONTRIB_TALLY_IDENTITY_H

#include <stdbool.h>

#include "contrib/common/failure.h"
#include "contrib/tally/settings.h"
#include "protocol/tallygate.h"

/*
 * Fill options, which hold a key afterwards.  False with the reason when the terminal is not
 * named, or has neither key nor certificate, or a file cannot be used.
 */
bool identity_options(const struct settings *settings, struct tg_options *ret_options,
		      struct failure *failure);

#endif
