/*
 * config_value.h - the value of one key in a struct config: set, compare, copy, print.
 *
 * Private to config*.c.  Everything goes by the row of the table, nothing by the key's name.
 */
#ifndef TG_GATEWAY_CONFIG_VALUE_H
#define TG_GATEWAY_CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "gateway/config.h"
#include "protocol/status.h"

/* Set by integer, boolean or text.  TG_OK; TG_CONFIG: wrong type or out of bounds; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status config_value_set_int(struct config *config,
						  const struct config_key *key, int64_t value);
TG_MUST_CHECK enum tg_status config_value_set_bool(struct config *config,
						   const struct config_key *key, bool value);
TG_MUST_CHECK enum tg_status config_value_set_text(struct config *config,
						   const struct config_key *key, const char *text);

/* Empty a LIST, and add an entry to it.  Statuses as above. */
void config_value_clear_list(struct config *config, const struct config_key *key);
TG_MUST_CHECK enum tg_status config_value_add_entry(struct config *config,
						    const struct config_key *key, const char *text);

/* Set to the default.  TG_OK; TG_NO_MEMORY.  A default that does not fit its own row is a bug. */
TG_MUST_CHECK enum tg_status config_value_set_default(struct config *config,
						      const struct config_key *key);

/* Free what the value owns; the value is then empty. */
void config_value_clear(struct config *config, const struct config_key *key);

/* Have both the same value? */
bool config_value_is_equal(const struct config *a, const struct config *b,
			   const struct config_key *key);

/* Give to the value that from has.  TG_OK; TG_NO_MEMORY, to is then unchanged or empty. */
TG_MUST_CHECK enum tg_status config_value_copy(struct config *to, const struct config *from,
					       const struct config_key *key);

/* Print it as it stands in a file. */
void config_value_print(const struct config *config, const struct config_key *key, FILE *file);

/* Write what a value must be, in English: "0..600000 ms", "inline or own". */
void config_value_print_bounds(const struct config_key *key, FILE *file);

#endif
