/*
 * day_command.h - the command that moves the gateway's clock and date before a day is replayed.
 */
#ifndef TG_CONTRIB_LOAD_DAY_COMMAND_H
#define TG_CONTRIB_LOAD_DAY_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contrib/common/failure.h"

/*
 * Put the day into the command: %d becomes YYYY-MM-DD, %t its noon in milliseconds of UTC, %% a
 * per cent sign.  False with the reason when another letter follows a per cent sign, or when the
 * result is longer than bytes.
 */
bool day_command_expand(const char *command, int32_t day, char *ret_text, size_t bytes,
			struct failure *failure);

/* Run the command for a day with /bin/sh, and wait.  False with the reason when it fails. */
bool day_command_run(const char *command, int32_t day, struct failure *failure);

#endif
