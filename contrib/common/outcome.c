/*
 * outcome.c - outcomes and operations as files of a partner have them: by name.
 */
#include "contrib/common/outcome.h"

#include <inttypes.h>
#include <string.h>

#include "contrib/common/word.h"
#include "protocol/message.h"
#include "protocol/status.h"

void
outcome_write(FILE *file, uint32_t status)
{
	if (tg_status_is_known(status))
		fputs(tg_status_name((enum tg_status)status), file);
	else
		fprintf(file, "%" PRIu32, status);
}

uint32_t
outcome_read(const char *text)
{
	int64_t number;

	if (word_number(text, 0, 65535, &number))
		return (uint32_t)number;
	for (uint32_t known = 0; known < 256; known++)
		if (tg_status_is_known(known) &&
		    strcmp(tg_status_name((enum tg_status)known), text) == 0)
			return known;
	return OUTCOME_NONE;
}

bool
outcome_is_done(uint32_t status)
{
	return status == TG_OK || status == TG_ORIGINAL_UNKNOWN;
}

uint32_t
outcome_operation(const char *name)
{
	for (uint32_t number = tg_operation_next(0); number != 0;
	     number = tg_operation_next(number))
		if (strcmp(tg_operation_name(number), name) == 0)
			return number;
	return OUTCOME_NONE;
}
