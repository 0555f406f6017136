/*
 * config.c - the key table, defaults, bounds and combinations.
 *
 * Reading the file is config_file.c, printing is config_print.c; both walk the table of this file.
 */
#include "gateway/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config_value.h"
#include "protocol/assert.h"

static const struct config_key config_keys[CONFIG_KEY_COUNT] = {
#define CONFIG_ROW(group_, name_, type_, fallback_, low_, high_, unit_, reloadable_, help_) \
	{ \
		.group = #group_, \
		.name = #name_, \
		.fallback = fallback_, \
		.unit = unit_, \
		.help = help_, \
		.low = low_, \
		.high = high_, \
		.offset = offsetof(struct config, group_##_##name_), \
		.type = CONFIG_OF_##type_, \
		.reloadable = reloadable_, \
	},
	CONFIG_LIST(CONFIG_ROW)
#undef CONFIG_ROW
};

const struct config_key *
config_key(enum config_key_index index)
{
	TG_ASSERT(index < CONFIG_KEY_COUNT);
	return &config_keys[index];
}

struct config *
config_new(void)
{
	struct config *config = calloc(1, sizeof(*config));

	if (config == NULL)
		return NULL;
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		if (config_value_set_default(config, &config_keys[i]) != TG_OK) {
			config_free(config);
			return NULL;
		}
	}
	return config;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		config_value_clear(config, &config_keys[i]);
	free(config->path);
	free(config);
}
