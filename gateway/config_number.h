/*
 * config_number.h - numbers that libconfig would cut without a word.
 *
 * libconfig 1.5 keeps the low 32 bits of an integer that does not end in L.  A segment size of
 * 4294967396 would become 100; so such a number is an error here.
 */
#ifndef TG_GATEWAY_CONFIG_NUMBER_H
#define TG_GATEWAY_CONFIG_NUMBER_H

#include "gateway/config.h"
#include "protocol/status.h"

/*
 * Look for integers beyond 32 bits without a final L, and ones beyond 64 bits.
 * name stands for the file in *error.  TG_OK; TG_CONFIG with *error filled.
 */
TG_MUST_CHECK enum tg_status config_number_check(const char *text, const char *name,
						 struct config_error *error);

/* The same for the text of a file.  TG_CONFIG also when it cannot be read; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status config_number_check_file(const char *path, struct config_error *error);

#endif
